/* SPDX-License-Identifier: Apache-2.0 */
/* Notifications ([MS-OXCNOTIF] 3.1.5). */
#include "harness.h"

#include <pthread.h>

#include "mailbox/notify.h"
#include "mapi/aux.h"
#include "store/event.h"

struct fixture {
	struct harness *h;
	struct session *other;            /* hears what h->alice does */
	uint32_t logon, other_logon;
	uint64_t inbox, drafts;
};

static int setup(void **state)
{
	struct fixture *f = test_calloc(1, sizeof *f);
	struct store *store;
	enum ec ec;

	f->h = harness_new();
	f->logon = harness_logon(f->h, f->h->alice, 0, ALICE_DN);
	f->other = harness_connect(f->h, f->h->alice_id, ALICE_DN, 0, &ec);
	f->other_logon = harness_logon(f->h, f->other, 3, ALICE_DN);
	store = harness_store(f->h, ALICE_DN);
	f->inbox = store_special(store, SPECIAL_INBOX);
	f->drafts = store_special(store, SPECIAL_DRAFTS);
	store_put(store);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	mailbox_disconnect(f->other);
	harness_free(f->h);
	test_free(f);
	return 0;
}

static uint32_t subscribe(struct fixture *f, uint16_t types, uint64_t folder,
			  uint64_t message)
{
	uint32_t handle;

	assert_int_equal(rop(f->h, f->other, ROP_ID_register_notification,
			     f->other_logon, &(union rop_req){
		.register_notification = {
			.notification_types = types,
			.want_whole_store = folder == 0,
			.folder_id = folder, .message_id = message,
		} }, NULL, &handle), EC_SUCCESS);
	return handle;
}

/* An Execute without ROPs fetches what waits (R337). */
static void fetch(struct fixture *f, struct rops *b)
{
	rops_begin(b, f->h, f->other);
	assert_int_equal(rops_run(b), EC_SUCCESS);
}

static const struct rop_notify_rsp *find(const struct rops *b, uint16_t type,
					 bool message)
{
	for (unsigned i = 0; i < b->n; i++) {
		const struct rop_notify_rsp *n = &b->rsps[i].notify;

		if (b->answers[i].rop_id == ROP_ID_notify &&
		    (n->notification_flags & 0x0fff) == type &&
		    ((n->notification_flags & 0x8000) != 0) == message)
			return n;
	}
	return NULL;
}

/* Whole store: a message that is made, changed, moved, copied, deleted */
static void test_message_events(void **state)
{
	struct fixture *f = *state;
	uint32_t handle = subscribe(f, 0x00fe, 0, 0), from, to;
	const struct rop_notify_rsp *n;
	uint64_t id;
	struct rops b;

	id = make_message(f->h, f->h->alice, f->logon, f->inbox, "one");
	assert_true(mailbox_notify_pending(f->other));
	fetch(f, &b);
	n = find(&b, EVENT_OBJECT_CREATED, true);
	assert_non_null(n);
	assert_int_equal(n->notification_handle, handle);
	assert_int_equal(n->logon_id, 3);
	assert_int_equal(n->folder_id, f->inbox);
	assert_int_equal(n->message_id, id);
	/* The folder's counts changed with it. */
	n = find(&b, EVENT_OBJECT_MODIFIED, false);
	assert_non_null(n);
	assert_int_equal(n->folder_id, f->inbox);
	assert_true(n->notification_flags & 0x1000);
	assert_int_equal(n->total_message_count, 1);
	assert_false(mailbox_notify_pending(f->other));
	from = open_special(f->h, f->h->alice, f->logon, SPECIAL_INBOX);
	to = open_special(f->h, f->h->alice, f->logon, SPECIAL_DRAFTS);
	assert_int_equal(rop2(f->h, f->h->alice, ROP_ID_move_copy_messages,
			      from, to, &(union rop_req){
		.move_copy_messages = { .message_ids = { 1, &id },
					.want_copy = true } }, NULL),
		EC_SUCCESS);
	fetch(f, &b);
	n = find(&b, EVENT_OBJECT_COPIED, true);
	assert_non_null(n);
	assert_int_equal(n->old_folder_id, f->inbox);
	assert_int_equal(n->old_message_id, id);
	assert_int_equal(n->folder_id, f->drafts);
	assert_int_equal(rop2(f->h, f->h->alice, ROP_ID_move_copy_messages,
			      from, to, &(union rop_req){
		.move_copy_messages = { .message_ids = { 1, &id } } }, NULL),
		EC_SUCCESS);
	fetch(f, &b);
	n = find(&b, EVENT_OBJECT_MOVED, true);
	assert_non_null(n);
	assert_int_equal(n->old_folder_id, f->inbox);
	assert_int_equal(n->folder_id, f->drafts);
	id = n->message_id;
	assert_int_equal(rop(f->h, f->h->alice, ROP_ID_delete_messages, to,
			     &(union rop_req){ .delete_messages = {
				.message_ids = { 1, &id } } }, NULL, NULL),
			 EC_SUCCESS);
	fetch(f, &b);
	n = find(&b, EVENT_OBJECT_DELETED, true);
	assert_non_null(n);
	assert_int_equal(n->message_id, id);
}

/* Of folders: made, renamed, deleted */
static void test_folder_events(void **state)
{
	struct fixture *f = *state;
	uint32_t top, handle;
	const struct rop_notify_rsp *n;
	const struct prop_value name = {
		.tag = PID_TAG_DISPLAY_NAME, .str = "Other",
	};
	union rop_rsp rsp;
	uint64_t id;
	struct rops b;

	(void)subscribe(f, 0x00fe, 0, 0);
	top = open_special(f->h, f->h->alice, f->logon, SPECIAL_IPM_SUBTREE);
	assert_int_equal(rop(f->h, f->h->alice, ROP_ID_create_folder, top,
			     &(union rop_req){ .create_folder = {
				.folder_type = 1, .use_unicode_strings = true,
				.display_name = "New", .comment = "" } },
			     &rsp, &handle), EC_SUCCESS);
	id = rsp.create_folder.folder_id;
	fetch(f, &b);
	n = find(&b, EVENT_OBJECT_CREATED, false);
	assert_non_null(n);
	assert_int_equal(n->folder_id, id);
	assert_int_not_equal(n->parent_folder_id, 0);
	assert_int_equal(rop(f->h, f->h->alice, ROP_ID_set_properties, handle,
			     &(union rop_req){ .set_properties = {
				.property_values = { 1, &name } } }, NULL,
			     NULL), EC_SUCCESS);
	fetch(f, &b);
	n = find(&b, EVENT_OBJECT_MODIFIED, false);
	assert_non_null(n);
	assert_int_equal(n->folder_id, id);
	assert_int_equal(rop(f->h, f->h->alice, ROP_ID_delete_folder, top,
			     &(union rop_req){ .delete_folder = {
				.folder_id = id } }, NULL, NULL), EC_SUCCESS);
	fetch(f, &b);
	assert_non_null(find(&b, EVENT_OBJECT_DELETED, false));
}

/* The scope and the types that were asked for, and no others */
static void test_scope(void **state)
{
	struct fixture *f = *state;
	uint64_t id;
	struct rops b;

	(void)subscribe(f, EVENT_OBJECT_CREATED, f->drafts, 0);
	(void)make_message(f->h, f->h->alice, f->logon, f->inbox, "one");
	fetch(f, &b);
	assert_int_equal(b.n, 0);
	id = make_message(f->h, f->h->alice, f->logon, f->drafts, "two");
	fetch(f, &b);
	assert_int_equal(b.n, 1);
	assert_non_null(find(&b, EVENT_OBJECT_CREATED, true));
	(void)subscribe(f, EVENT_OBJECT_DELETED, f->drafts, id);
	assert_int_equal(rop(f->h, f->h->alice, ROP_ID_hard_delete_messages,
			     open_special(f->h, f->h->alice, f->logon,
					  SPECIAL_DRAFTS),
			     &(union rop_req){ .hard_delete_messages = {
				.message_ids = { 1, &id } } }, NULL, NULL),
			 EC_SUCCESS);
	fetch(f, &b);
	assert_int_equal(b.n, 1);
	assert_non_null(find(&b, EVENT_OBJECT_DELETED, true));
}

/* Released: nothing more, and what waited is gone. */
static void test_release(void **state)
{
	struct fixture *f = *state;
	uint32_t handle = subscribe(f, 0x00fe, 0, 0);
	struct rops b;

	(void)make_message(f->h, f->h->alice, f->logon, f->inbox, "one");
	assert_true(mailbox_notify_pending(f->other));
	rops_begin(&b, f->h, f->other);
	(void)rops_handle(&b, handle);
	rops_add(&b, ROP_ID_release, 3, 0, 0, NULL);
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	assert_int_equal(b.n, 0);
	assert_false(mailbox_notify_pending(f->other));
	(void)make_message(f->h, f->h->alice, f->logon, f->inbox, "two");
	assert_false(mailbox_notify_pending(f->other));
}

/* RopPending when not all fit (3.1.5.6); the session index is right. */
static void test_pending(void **state)
{
	struct fixture *f = *state;
	unsigned notified = 0, pending = 0;
	struct rops b;

	(void)subscribe(f, EVENT_OBJECT_CREATED, f->inbox, 0);
	for (int i = 0; i < 10; i++)
		(void)make_message(f->h, f->h->alice, f->logon, f->inbox,
				   "x");
	f->h->max_rop_out = 10 + 3 * 30;
	while (mailbox_notify_pending(f->other)) {
		fetch(f, &b);
		assert_true(b.n > 0);
		for (unsigned i = 0; i < b.n; i++) {
			if (b.answers[i].rop_id == ROP_ID_notify) {
				notified++;
				continue;
			}
			assert_int_equal(b.answers[i].rop_id, ROP_ID_pending);
			assert_int_equal(i, b.n - 1);
			pending++;
		}
	}
	assert_int_equal(notified, 10);
	assert_true(pending >= 3);
}

static void count(void *ctx)
{
	__atomic_add_fetch((int *)ctx, 1, __ATOMIC_RELAXED);
}

/* The callback of NotificationWait: once, and not when disarmed */
static void test_wake(void **state)
{
	struct fixture *f = *state;
	int woken = 0;
	struct rops b;

	(void)subscribe(f, EVENT_OBJECT_CREATED, f->inbox, 0);
	assert_false(mailbox_notify_set(f->other, count, &woken));
	(void)make_message(f->h, f->h->alice, f->logon, f->inbox, "one");
	assert_int_equal(woken, 1);
	(void)make_message(f->h, f->h->alice, f->logon, f->inbox, "two");
	assert_int_equal(woken, 1);
	/* Something waits already: not armed */
	assert_true(mailbox_notify_set(f->other, count, &woken));
	fetch(f, &b);
	assert_int_equal(b.n, 2);
	assert_false(mailbox_notify_set(f->other, count, &woken));
	assert_false(mailbox_notify_set(f->other, NULL, NULL));
	(void)make_message(f->h, f->h->alice, f->logon, f->inbox, "three");
	assert_int_equal(woken, 1);
}

/* A queue that nobody fetches stays bounded; the oldest go. */
static void test_overflow(void **state)
{
	struct harness *h = harness_new_limits(&(struct mailbox_limits){
		.queued = 5 });
	uint32_t logon = harness_logon(h, h->alice, 0, ALICE_DN);
	struct store *store = harness_store(h, ALICE_DN);
	uint64_t inbox = store_special(store, SPECIAL_INBOX), last = 0;
	struct session *other;
	struct rops b;
	enum ec ec;

	store_put(store);
	other = harness_connect(h, h->alice_id, ALICE_DN, 0, &ec);
	assert_int_equal(rop(h, other, ROP_ID_register_notification,
			     harness_logon(h, other, 0, ALICE_DN),
			     &(union rop_req){ .register_notification = {
				.notification_types = EVENT_OBJECT_CREATED,
				.folder_id = inbox } }, NULL, NULL),
			 EC_SUCCESS);
	for (int i = 0; i < 20; i++)
		last = make_message(h, h->alice, logon, inbox, "x");
	rops_begin(&b, h, other);
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	assert_int_equal(b.n, 5);
	assert_int_equal(b.rsps[b.n - 1].notify.message_id, last);
	mailbox_disconnect(other);
	harness_free(h);
}

/* New rows of a table are announced by the table (3.1.4.3). */
static void test_table(void **state)
{
	static const uint32_t columns[] = { PID_TAG_MID, PID_TAG_SUBJECT };
	struct fixture *f = *state;
	const struct rop_notify_rsp *n;
	struct store *store = harness_store(f->h, ALICE_DN);
	uint32_t inbox, table;
	uint64_t id;
	struct rops b;

	assert_int_equal(rop(f->h, f->other, ROP_ID_open_folder,
			     f->other_logon, &(union rop_req){ .open_folder =
			     { .folder_id = f->inbox } }, NULL, &inbox),
			 EC_SUCCESS);
	assert_int_equal(rop(f->h, f->other, ROP_ID_get_contents_table, inbox,
			     NULL, NULL, &table), EC_SUCCESS);
	assert_int_equal(rop(f->h, f->other, ROP_ID_set_columns, table,
			     &(union rop_req){ .set_columns = {
				.property_tags = { 2, columns } } }, NULL,
			     NULL), EC_SUCCESS);
	/* No view yet: no news */
	(void)make_message(f->h, f->h->alice, f->logon, f->inbox, "one");
	fetch(f, &b);
	assert_int_equal(b.n, 0);
	assert_int_equal(rop(f->h, f->other, ROP_ID_query_position, table,
			     NULL, NULL, NULL), EC_SUCCESS);
	id = make_message(f->h, f->h->alice, f->logon, f->inbox, "two");
	fetch(f, &b);
	n = find(&b, EVENT_TABLE_MODIFIED, true);
	assert_non_null(n);
	assert_int_equal(n->notification_handle, table);
	assert_int_equal(n->table_event_type, 3);
	assert_int_equal(n->table_row_message_id, id);
	assert_true(n->table_row_data.len > 0);
	store_put(store);
}

/* Make a folder; *told is what was answered besides, of the same Execute. */
static void new_folder(struct fixture *f, struct session *who, uint32_t logon,
		       const char *name, struct rops *told)
{
	uint32_t inbox = open_special(f->h, who, logon, SPECIAL_INBOX);
	uint8_t out;

	rops_begin(told, f->h, who);
	out = rops_handle(told, ROP_HANDLE_NONE);
	rops_add(told, ROP_ID_create_folder, (uint8_t)(logon >> 24),
		 rops_handle(told, inbox), out, &(union rop_req){
		.create_folder = { .folder_type = 1,
			.use_unicode_strings = true, .display_name = name,
			.comment = "" } });
	assert_int_equal(rops_run(told), EC_SUCCESS);
	assert_int_equal(told->answers[0].return_value, EC_SUCCESS);
	rop_release_handle(f->h, who, told->handles[out]);
	rop_release_handle(f->h, who, inbox);
}

/* The Inbox's table of folders, with its view made, of f->other. */
static uint32_t folder_table(struct fixture *f, uint8_t flags)
{
	static const uint32_t columns[] = { PID_TAG_DISPLAY_NAME };
	uint32_t table;

	assert_int_equal(rop(f->h, f->other, ROP_ID_get_hierarchy_table,
			     open_special(f->h, f->other, f->other_logon,
					  SPECIAL_INBOX),
			     &(union rop_req){ .get_hierarchy_table = {
				flags } }, NULL, &table), EC_SUCCESS);
	assert_int_equal(rop(f->h, f->other, ROP_ID_set_columns, table,
			     &(union rop_req){ .set_columns = {
				.property_tags = { 1, columns } } }, NULL,
			     NULL), EC_SUCCESS);
	assert_int_equal(rop(f->h, f->other, ROP_ID_query_position, table,
			     NULL, NULL, NULL), EC_SUCCESS);
	return table;
}

/*
 * [MS-OXCFOLD] 2.2.1.13.1, SuppressesNotifications (R809): what the client
 * itself does is not told, however much, what others do is.
 */
static void test_suppressed(void **state)
{
	struct fixture *f = *state;
	uint32_t table = folder_table(f, 0x80), all = folder_table(f, 0);
	const struct rop_notify_rsp *n;
	char name[16];
	struct rops b;

	new_folder(f, f->other, f->other_logon, "own", &b);
	n = find(&b, EVENT_TABLE_MODIFIED, false);
	assert_non_null(n);
	for (unsigned i = 1; i < b.n; i++)
		assert_int_equal(b.rsps[i].notify.notification_handle, all);
	rop_release_handle(f->h, f->other, all);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "own %d", i);
		new_folder(f, f->other, f->other_logon, name, &b);
		assert_int_equal(b.n, 1);
	}
	new_folder(f, f->h->alice, f->logon, "another's", &b);
	fetch(f, &b);
	n = find(&b, EVENT_TABLE_MODIFIED, false);
	assert_non_null(n);
	assert_int_equal(n->notification_handle, table);
	assert_int_equal(n->table_event_type, 3);
	assert_true(n->table_row_data.len > 0);
}

/* A session of a client that says which mode it is in, subscribed. */
static struct session *connect_mode(struct fixture *f, uint16_t mode)
{
	struct aux_block block = aux_block(AUX_TYPE_PERF_CLIENTINFO);
	const struct aux_blocks blocks = { .n = 1, .v = &block };
	uint8_t *aux = arena_alloc(f->h->arena, 512);
	struct wire_w w = wire_w(aux, 512);
	struct connect_req req = {
		.user_dn = ALICE_DN, .default_code_page = 1252,
	};
	struct connect_rsp rsp;
	struct session *s;

	block.perf_clientinfo.client_mode = mode;
	aux_buffer_encode(&w, &blocks, 0, f->h->arena);
	assert_false(w.full);
	req.auxiliary_buffer = (struct bin){ aux, w.len };
	assert_int_equal(mailbox_connect(f->h->svc, f->h->alice_id, &req,
					 f->h->arena, &rsp, &s), EC_SUCCESS);
	assert_int_equal(rop(f->h, s, ROP_ID_register_notification,
			     harness_logon(f->h, s, 0, ALICE_DN),
			     &(union rop_req){ .register_notification = {
				.notification_types = EVENT_NEW_MAIL,
				.want_whole_store = true } }, NULL, NULL),
			 EC_SUCCESS);
	return s;
}

/* New mail; the message class is ASCII for clients in cached mode (R220). */
static void test_new_mail(void **state)
{
	static const uint16_t modes[] = {
		CLIENTMODE_CLASSIC, CLIENTMODE_CACHED,
	};
	struct fixture *f = *state;
	struct store *store = harness_store(f->h, ALICE_DN);
	const struct store_event ev = {
		.type = EVENT_NEW_MAIL, .folder_id = f->inbox,
		.message_id = 0x123450000000001, .message_flags = 0x21,
		.message_class = "IPM.Note",
	};
	const struct rop_notify_rsp *n;
	struct rops b;

	for (int i = 0; i < 2; i++) {
		struct session *s = connect_mode(f, modes[i]);

		assert_int_equal(store_lock(store), EC_SUCCESS);
		event_emit(store_events(store), &ev);
		store_unlock(store);
		rops_begin(&b, f->h, s);
		assert_int_equal(rops_run(&b), EC_SUCCESS);
		n = find(&b, EVENT_NEW_MAIL, true);
		assert_non_null(n);
		assert_int_equal(n->message_id, ev.message_id);
		assert_int_equal(n->message_flags, 0x21);
		assert_string_equal(n->message_class, "IPM.Note");
		assert_int_equal(n->unicode_flag, modes[i] !=
				 CLIENTMODE_CACHED);
		mailbox_disconnect(s);
	}
	store_put(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_message_events, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_folder_events, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_scope, setup, teardown),
		cmocka_unit_test_setup_teardown(test_release, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_pending, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_wake, setup, teardown),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test_setup_teardown(test_table, setup, teardown),
		cmocka_unit_test_setup_teardown(test_suppressed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_new_mail, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
