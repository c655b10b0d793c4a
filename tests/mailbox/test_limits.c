/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits, and what a client is told of them: sessions of a user and database
 * by client type, objects of a session, logons elsewhere, the queue for a
 * mailbox's lock.
 */
#include "harness.h"

#include <pthread.h>
#include <sched.h>

#include "mailbox/seats.h"
#include "mapi/aux.h"
#include "mapi/diag.h"
#include "store/pool.h"

static int setup(void **state)
{
	*state = harness_new();
	return 0;
}

static int teardown(void **state)
{
	harness_free(*state);
	return 0;
}

/* The lines that came with an answer. */
static struct diag_context context_of(struct harness *h,
				      const struct bin *auxiliary)
{
	struct diag_context c = { 0, NULL };
	const struct aux_block *trace;
	struct aux_blocks blocks;
	const char *text;

	assert_true(aux_buffer_decode(auxiliary, h->arena, &blocks));
	trace = aux_find(&blocks, AUX_TYPE_EXCEPTION_TRACE);
	if (trace == NULL)
		return c;
	text = trace->exception_trace.trace;
	assert_true(diag_parse(text, strlen(text), h->arena, &c));
	return c;
}

static enum ec logon(struct harness *h, struct session *s, uint8_t logon_id,
		     const char *dn, struct diag_context *why)
{
	const union rop_req req = { .logon = { .logon_flags = 0x01,
		.open_flags = 0x01000000, .essdn = dn } };
	struct rops b;

	rops_begin(&b, h, s);
	(void)rops_handle(&b, ROP_HANDLE_NONE);
	rops_add(&b, ROP_ID_logon, logon_id, 0, 0, &req);
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	assert_int_equal(b.n, 1);
	*why = context_of(h, &b.execute.auxiliary_buffer);
	return b.answers[0].return_value;
}

static uint32_t value_of(const struct diag_context *c, uint32_t lid)
{
	const struct diag_line *line = diag_find(c, lid);

	assert_non_null(line);
	return line->value;
}

/* ---- sessions ---- */

/* 33 sessions of a limit of 32: Connect is let in, RopLogon is not. */
static void test_sessions(void **state)
{
	struct harness *h = *state;
	struct session *s[33];
	struct diag_context why;
	enum ec ec;

	for (int i = 0; i < 33; i++) {
		s[i] = harness_connect(h, h->bob_id, BOB_DN, 0, &ec);
		assert_int_equal(ec, EC_SUCCESS);
	}
	for (int i = 0; i < 32; i++)
		assert_int_equal(logon(h, s[i], 0, BOB_DN, &why), EC_SUCCESS);
	assert_int_equal(why.n, 0);
	assert_int_equal(logon(h, s[32], 0, BOB_DN, &why),
			 EC_MAX_OBJS_EXCEEDED);
	assert_int_equal(EC_MAX_OBJS_EXCEEDED, 1246);
	assert_int_equal(h->events[h->n_events - 1], MAILBOX_SESSION_LIMIT);
	assert_int_equal(value_of(&why, LID_SESSION_LIMIT), 32);
	assert_string_equal(diag_find(&why, LID_SESSION_LIMIT)->text, "MoMT");
	assert_int_equal(value_of(&why, LID_SESSION_COUNT), 33);
	assert_int_equal(value_of(&why, LID_ROP_ERROR), 1246);
	assert_int_equal(value_of(&why, LID_ROP), 254);
	assert_non_null(diag_find(&why, LID_SESSION_DATABASE));
	/* Others are not held back: another user, and an administrator. */
	assert_int_equal(logon(h, h->alice, 0, ALICE_DN, &why), EC_SUCCESS);
	/* One that ends makes room. */
	mailbox_disconnect(s[7]);
	assert_int_equal(logon(h, s[32], 0, BOB_DN, &why), EC_SUCCESS);
	for (int i = 0; i < 33; i++)
		if (i != 7)
			mailbox_disconnect(s[i]);
}

static int setup_two(void **state)
{
	*state = harness_new_limits(&(struct mailbox_limits){
		.sessions_user = 2, .sessions_admin = 3 });
	return 0;
}

/* A session counts once, from its first logon to the release of its last. */
static void test_logons_of_a_session(void **state)
{
	struct harness *h = *state;
	struct session *s[3];
	struct diag_context why;
	enum ec ec;

	for (int i = 0; i < 3; i++)
		s[i] = harness_connect(h, h->bob_id, BOB_DN, 0, &ec);
	for (uint8_t id = 0; id < 5; id++)
		assert_int_equal(logon(h, s[0], id, BOB_DN, &why),
				 EC_SUCCESS);
	assert_int_equal(logon(h, s[1], 0, BOB_DN, &why), EC_SUCCESS);
	assert_int_equal(logon(h, s[2], 0, BOB_DN, &why),
			 EC_MAX_OBJS_EXCEEDED);
	/* Four of five are released, and the fifth is taken over. */
	for (uint8_t id = 1; id < 5; id++)
		rop_release_handle(h, s[0], (uint32_t)id << 24);
	assert_int_equal(logon(h, s[0], 0, BOB_DN, &why), EC_SUCCESS);
	assert_int_equal(logon(h, s[2], 0, BOB_DN, &why),
			 EC_MAX_OBJS_EXCEEDED);
	rop_release_handle(h, s[0], 0);
	assert_int_equal(logon(h, s[2], 0, BOB_DN, &why), EC_SUCCESS);
	/* The session that gave its place up is one too many now. */
	assert_int_equal(logon(h, s[0], 0, BOB_DN, &why),
			 EC_MAX_OBJS_EXCEEDED);
	/* A logon that fails for another reason does not count. */
	mailbox_disconnect(s[2]);
	assert_int_equal(logon(h, s[0], 0, ALICE_DN, &why), EC_LOGIN_PERM);
	assert_int_equal(logon(h, s[0], 0, BOB_DN, &why), EC_SUCCESS);
	mailbox_disconnect(s[0]);
	mailbox_disconnect(s[1]);
}

/* Whose mailbox it is does not matter, but who logs on. */
static void test_administrators(void **state)
{
	struct harness *h = *state;
	struct session *s[4];
	struct diag_context why;
	enum ec ec;

	assert_int_equal(logon(h, h->alice, 0, ALICE_DN, &why), EC_SUCCESS);
	s[3] = NULL;
	for (int i = 0; i < 3; i++) {
		s[i] = harness_connect(h, h->admin_id, ADMIN_DN, 1, &ec);
		assert_int_equal(logon(h, s[i], 0, ALICE_DN, &why),
				 EC_SUCCESS);
	}
	/* Contexts of an administrator have the same limit. */
	s[3] = harness_connect(h, h->admin_id, ADMIN_DN, 1, &ec);
	assert_int_equal(ec, EC_MAX_OBJS_EXCEEDED);
	for (int i = 0; i < 3; i++)
		mailbox_disconnect(s[i]);
}

/* The table of client types, and counting by database and type */
static void test_types(void **state)
{
	const struct mailbox_limits limits = { .sessions_user = 32,
		.sessions_other = 16, .sessions_admin = 64000 };
	struct guid db1 = { { 1 } }, db2 = { { 2 } };
	struct seat *seats = NULL;
	uint32_t count;

	assert_int_equal(client_type_limit(&limits, CLIENT_MOMT, false), 32);
	for (int type = CLIENT_MOMT + 1; type < CLIENT_TYPES; type++)
		assert_int_equal(client_type_limit(&limits,
			(enum client_type)type, false), 16);
	for (int type = 0; type < CLIENT_TYPES; type++)
		assert_int_equal(client_type_limit(&limits,
			(enum client_type)type, true), 64000);
	assert_string_equal(client_type_name(CLIENT_MOMT), "MoMT");
	for (unsigned i = 1; i <= 16; i++) {
		assert_true(seats_take(&seats, &db1, CLIENT_OWA, 16, &count));
		assert_int_equal(count, i);
	}
	assert_false(seats_take(&seats, &db1, CLIENT_OWA, 16, &count));
	assert_int_equal(count, 17);
	assert_true(seats_take(&seats, &db2, CLIENT_OWA, 16, &count));
	assert_int_equal(count, 1);
	assert_true(seats_take(&seats, &db1, CLIENT_MOMT, 32, &count));
	assert_int_equal(count, 1);
	seats_give(&seats, &db1, CLIENT_OWA);
	assert_true(seats_take(&seats, &db1, CLIENT_OWA, 16, &count));
	for (unsigned i = 0; i < 16; i++)
		seats_give(&seats, &db1, CLIENT_OWA);
	/* More than there are does nothing. */
	seats_give(&seats, &db1, CLIENT_OWA);
	assert_true(seats_take(&seats, &db1, CLIENT_OWA, 1, &count));
	assert_int_equal(count, 1);
	seats_free(&seats);
	assert_null(seats);
	assert_false(seats_take(&seats, &db1, CLIENT_OWA, 0, &count));
	assert_null(seats);
}

/* ---- objects ---- */

static int setup_objects(void **state)
{
	*state = harness_new_limits(&(struct mailbox_limits){
		.folders = 3, .messages = 2, .streams = 2, .attachments = 1,
		.tables = 2, .subscriptions = 2 });
	return 0;
}

/* One ROP whose answer is too many objects: which, and how many. */
static void expect_limit(struct harness *h, uint32_t handle, uint8_t rop_id,
			 const union rop_req *req, uint32_t limit,
			 const char *type)
{
	struct diag_context why;
	struct rops b;
	uint8_t in, out;

	rops_begin(&b, h, h->alice);
	in = rops_handle(&b, handle);
	out = rops_handle(&b, ROP_HANDLE_NONE);
	rops_add(&b, rop_id, 0, in, out, req);
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	assert_int_equal(b.answers[0].return_value, EC_MAX_OBJS_EXCEEDED);
	why = context_of(h, &b.execute.auxiliary_buffer);
	assert_int_equal(value_of(&why, LID_OBJECT_LIMIT), limit);
	assert_string_equal(diag_find(&why, LID_OBJECT_LIMIT)->text, type);
	assert_int_equal(value_of(&why, LID_OBJECT_COUNT), limit + 1);
	assert_int_equal(value_of(&why, LID_ROP), rop_id);
}

/* As many of a ROP as are allowed, and one more. */
static void fill(struct harness *h, uint32_t handle, uint8_t rop_id,
		 const union rop_req *req, uint32_t n, uint32_t limit,
		 const char *type, uint32_t *first)
{
	uint32_t out;

	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(rop(h, h->alice, rop_id, handle, req, NULL,
				     &out), EC_SUCCESS);
		if (i == 0 && first != NULL)
			*first = out;
	}
	expect_limit(h, handle, rop_id, req, limit, type);
}

static void test_objects(void **state)
{
	struct harness *h = *state;
	uint32_t l = harness_logon(h, h->alice, 0, ALICE_DN);
	struct store *store = harness_store(h, ALICE_DN);
	uint64_t inbox_id = store_special(store, SPECIAL_INBOX);
	const union rop_req folder = { .open_folder = {
		.folder_id = inbox_id } };
	const union rop_req contents = { .get_contents_table = { 0 } };
	const union rop_req folders = { .get_hierarchy_table = { 0 } };
	const union rop_req attachments = { .get_attachment_table = { 0 } };
	const union rop_req message = { .create_message = {
		.code_page_id = 0x0fff, .folder_id = inbox_id } };
	const union rop_req stream = { .open_stream = {
		.property_tag = PID_TAG_BODY, .open_mode_flags = 2 } };
	const union rop_req notify = { .register_notification = {
		.notification_types = 2, .want_whole_store = true } };
	uint32_t inbox, msg, view;

	store_put(store);
	fill(h, l, ROP_ID_open_folder, &folder, 3, 3, "objtFolder", &inbox);
	/* Each kind of table for itself */
	fill(h, inbox, ROP_ID_get_contents_table, &contents, 2, 2,
	     "objtMessageView", NULL);
	fill(h, inbox, ROP_ID_get_hierarchy_table, &folders, 2, 2,
	     "objtFolderView", &view);
	rop_release_handle(h, h->alice, view);
	assert_int_equal(rop(h, h->alice, ROP_ID_get_hierarchy_table, inbox,
			     &folders, NULL, &view), EC_SUCCESS);
	fill(h, l, ROP_ID_create_message, &message, 2, 2, "objtMessage",
	     &msg);
	fill(h, msg, ROP_ID_create_attachment, NULL, 1, 1,
	     "objtAttachment", NULL);
	fill(h, msg, ROP_ID_get_attachment_table, &attachments, 2, 2,
	     "objtAttachmentView", NULL);
	fill(h, msg, ROP_ID_open_stream, &stream, 2, 2, "objtStream", NULL);
	fill(h, l, ROP_ID_register_notification, &notify, 2, 2, "objtNotify",
	     NULL);
	/* One that is released makes room. */
	rop_release_handle(h, h->alice, msg);
	assert_int_equal(rop(h, h->alice, ROP_ID_create_message, l, &message,
			     NULL, &msg), EC_SUCCESS);
}

/* ---- elsewhere ---- */

/* [MS-OXCSTOR] 3.2.5.1.1, R3103 */
static void test_paused(void **state)
{
	struct harness *h = *state;
	struct diag_context why;

	for (int i = 0; i < 5; i++)
		assert_int_equal(logon(h, h->alice, 0, CAROL_DN, &why),
				 EC_WRONG_SERVER);
	assert_string_equal(diag_find(&why, LID_ELSEWHERE)->text,
			    "mx2.example.test");
	assert_int_equal(logon(h, h->alice, 0, CAROL_DN, &why),
			 EC_SERVER_PAUSED);
	assert_int_equal(EC_SERVER_PAUSED, 0x47f);
	assert_int_equal(value_of(&why, LID_LOGON_ATTEMPTS), 5);
	assert_string_equal(diag_find(&why, LID_LOGON_ATTEMPTS)->text,
			    "mx2.example.test");
}

static int setup_foreign(void **state)
{
	*state = harness_new_limits(&(struct mailbox_limits){
		.foreign_logons = 1 });
	return 0;
}

/* The attempts are the user's, not the session's. */
static void test_paused_setting(void **state)
{
	struct harness *h = *state;
	struct diag_context why;
	struct session *s;
	enum ec ec;

	assert_int_equal(logon(h, h->alice, 0, CAROL_DN, &why),
			 EC_WRONG_SERVER);
	s = harness_connect(h, h->alice_id, ALICE_DN, 0, &ec);
	assert_int_equal(logon(h, s, 0, CAROL_DN, &why), EC_SERVER_PAUSED);
	mailbox_disconnect(s);
	s = harness_connect(h, h->bob_id, BOB_DN, 0, &ec);
	assert_int_equal(logon(h, s, 0, CAROL_DN, &why), EC_WRONG_SERVER);
	mailbox_disconnect(s);
}

/* ---- the queue for a mailbox ---- */

enum { WAITERS = 11 };

struct waiter {
	struct store *store;
	_Atomic int busy;
};

static void *wait_for(void *arg)
{
	struct waiter *w = arg;

	if (store_lock(w->store) == EC_SUCCESS)
		store_unlock(w->store);
	else
		w->busy++;
	return NULL;
}

/* Ten wait; one more is refused at once, with 0x80040401. */
static void test_lock_queue(void **state)
{
	struct harness *h = *state;
	uint32_t l = harness_logon(h, h->alice, 0, ALICE_DN);
	struct store *store = harness_store(h, ALICE_DN);
	struct waiter waiter = { .store = store };
	const union rop_req folder = { .open_folder = {
		.folder_id = store_special(store, SPECIAL_INBOX) } };
	pthread_t threads[WAITERS];
	struct diag_context why = { 0, NULL };
	enum ec ec = EC_SUCCESS;
	struct rops b;

	assert_int_equal(store_lock(store), EC_SUCCESS);
	for (int i = 0; i < WAITERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, wait_for,
						&waiter), 0);
	/* The eleventh of them has come back: ten are there. */
	while (waiter.busy == 0)
		sched_yield();
	rops_begin(&b, h, h->alice);
	rops_add(&b, ROP_ID_open_folder, 0, rops_handle(&b, l),
		 rops_handle(&b, ROP_HANDLE_NONE), &folder);
	ec = rops_run(&b);
	store_unlock(store);
	for (int i = 0; i < WAITERS; i++)
		pthread_join(threads[i], NULL);
	store_put(store);
	assert_int_equal((uint32_t)ec, 0x80040401);
	assert_int_equal(b.execute.error_code, 0x80040401);
	why = context_of(h, &b.execute.auxiliary_buffer);
	assert_int_equal(value_of(&why, LID_LOCK_WAITERS), 10);
	assert_int_equal(diag_find(&why, LID_MAILBOX)->kind, DIAG_GUID);
	assert_int_equal(value_of(&why, LID_ROP_ERROR), 0x80040401);
}

/* Many failures in one buffer: as many traces as have room. */
static void test_many_traces(void **state)
{
	struct harness *h = *state;
	const union rop_req req = { .logon = { .logon_flags = 0x01,
		.essdn = USER_DN("nobody") } };
	struct aux_blocks blocks;
	struct rops b;

	rops_begin(&b, h, h->alice);
	(void)rops_handle(&b, ROP_HANDLE_NONE);
	for (int i = 0; i < 30; i++)
		rops_add(&b, ROP_ID_logon, 0, 0, 0, &req);
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	assert_true(aux_buffer_decode(&b.execute.auxiliary_buffer, h->arena,
				      &blocks));
	assert_int_equal(blocks.n, 8);
	for (uint32_t i = 0; i < blocks.n; i++)
		assert_int_equal(blocks.v[i].exception_trace.rop_index, i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sessions, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_logons_of_a_session,
						setup_two, teardown),
		cmocka_unit_test_setup_teardown(test_administrators,
						setup_two, teardown),
		cmocka_unit_test(test_types),
		cmocka_unit_test_setup_teardown(test_objects, setup_objects,
						teardown),
		cmocka_unit_test_setup_teardown(test_paused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_paused_setting,
						setup_foreign, teardown),
		cmocka_unit_test_setup_teardown(test_lock_queue, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_many_traces, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
