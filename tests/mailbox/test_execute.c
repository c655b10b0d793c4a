/* SPDX-License-Identifier: Apache-2.0 */
/* Execute: buffers, handles, room, chains ([MS-OXCRPC] 3.1.4.2). */
#include "harness.h"

#include <unistd.h>

#include "mapi/ext_buffer.h"

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

static const union rop_req class_note = {
	.get_receive_folder = { .message_class = "IPM.Note" },
};

static enum ec run(struct harness *h, const struct execute_req *req,
		   struct execute_rsp *rsp)
{
	return mailbox_execute(h->alice, req, h->arena, rsp);
}

/* Sizes out of range fail the call (cbIn, pcbOut, cbAuxIn). */
static void test_sizes(void **state)
{
	struct harness *h = *state;
	uint8_t *big = arena_zalloc(h->arena, 0x40001);
	struct execute_rsp rsp;
	struct rops b;
	struct execute_req req, bad;

	rops_begin(&b, h, h->alice);
	req = rops_request(&b);
	assert_int_equal(run(h, &req, &rsp), EC_SUCCESS);
	bad = req;
	bad.rop_buffer = (struct bin){ big, 0x40001 };
	assert_int_equal(run(h, &bad, &rsp), EC_BAD_STUB_DATA);
	assert_int_equal(rsp.status_code, EC_BAD_STUB_DATA);
	bad.rop_buffer.len = 7;
	assert_int_equal(run(h, &bad, &rsp), EC_RPC_FAILED);
	assert_int_equal(rsp.error_code, (uint32_t)EC_RPC_FAILED);
	bad.rop_buffer.len = 0;
	assert_int_equal(run(h, &bad, &rsp), EC_RPC_FAILED);
	bad = req;
	bad.max_rop_out = 7;
	assert_int_equal(run(h, &bad, &rsp), EC_RPC_FAILED);
	bad.max_rop_out = 0x40001;
	assert_int_equal(run(h, &bad, &rsp), EC_BAD_STUB_DATA);
	bad.max_rop_out = 9;
	assert_int_equal(run(h, &bad, &rsp), EC_BUFFER_TOO_SMALL);
	assert_int_equal(rsp.status_code, EC_BUFFER_TOO_SMALL);
	bad = req;
	bad.auxiliary_buffer = (struct bin){ big, 0x1009 };
	assert_int_equal(run(h, &bad, &rsp), EC_BAD_STUB_DATA);
}

/* Compressed and obfuscated, each way ([MS-OXCRPC] 3.1.4.2.1.1) */
static void test_packing(void **state)
{
	struct harness *h = *state;
	uint32_t logon = harness_logon(h, h->alice, 0, ALICE_DN);
	union rop_rsp plain, packed;
	unsigned flags;

	assert_int_equal(rop(h, h->alice, ROP_ID_get_receive_folder_table,
			     logon, NULL, &plain, NULL), EC_SUCCESS);
	for (flags = 0; flags < 4; flags++) {
		h->execute_flags = flags;
		assert_int_equal(rop(h, h->alice,
				     ROP_ID_get_receive_folder_table, logon,
				     NULL, &packed, NULL), EC_SUCCESS);
		assert_int_equal(
			packed.get_receive_folder_table.row_count,
			plain.get_receive_folder_table.row_count);
	}
}

/* A buffer that ends anywhere but at its end fails as a whole. */
static void test_truncated(void **state)
{
	struct harness *h = *state;
	uint32_t logon = harness_logon(h, h->alice, 0, ALICE_DN);
	struct execute_req req;
	struct execute_rsp rsp;
	struct rops b;

	rops_begin(&b, h, h->alice);
	(void)rops_handle(&b, logon);
	rops_add(&b, ROP_ID_get_receive_folder, 0, 0, 0, &class_note);
	rops_add(&b, ROP_ID_get_store_state, 0, 0, 0, NULL);
	req = rops_request(&b);
	for (size_t n = 8; n < req.rop_buffer.len; n++) {
		struct execute_req cut = req;

		cut.rop_buffer.len = n;
		assert_int_equal(run(h, &cut, &rsp), EC_RPC_FORMAT);
		assert_false(mailbox_is_inline(h->alice, &cut));
		assert_int_equal(rsp.rop_buffer.len, 0);
	}
	assert_int_equal(run(h, &req, &rsp), EC_SUCCESS);
}

/* RopSize that ends within each ROP: ecRpcFormat, and nothing was done. */
static void test_malformed(void **state)
{
	static const uint8_t cut[] = { ROP_ID_get_receive_folder, 0, 0, 'I' };
	static const uint8_t release[] = { ROP_ID_release, 0, 0 };
	struct harness *h = *state;
	uint32_t logon = harness_logon(h, h->alice, 0, ALICE_DN);
	struct rops b;

	for (size_t n = 1; n <= sizeof cut; n++) {
		rops_begin(&b, h, h->alice);
		(void)rops_handle(&b, logon);
		rops_raw(&b, release, sizeof release);
		rops_raw(&b, cut, n);
		assert_int_equal(rops_run(&b), EC_RPC_FORMAT);
	}
	/* The RopRelease before it did not happen. */
	assert_int_equal(rop(h, h->alice, ROP_ID_get_receive_folder, logon,
			     &class_note, NULL, NULL), EC_SUCCESS);
}

/* [MS-OXCROPS] 2.2.2: reserved RopIds, and those of the server alone */
static void test_reserved(void **state)
{
	struct harness *h = *state;
	struct rops b;
	unsigned known = 0;

	for (unsigned id = 0; id < 256; id++) {
		const uint8_t bytes[] = { (uint8_t)id, 0, 0 };
		const struct rop_desc *desc = rop_desc((uint8_t)id);

		if (desc != NULL && desc->layout != ROP_RSP_ONLY) {
			known++;
			continue;
		}
		rops_begin(&b, h, h->alice);
		(void)rops_handle(&b, ROP_HANDLE_NONE);
		rops_raw(&b, bytes, sizeof bytes);
		assert_int_equal(rops_run(&b), EC_RPC_FORMAT);
	}
	assert_true(known > 100);
}

/* A ROP that the server does not do says so, and the next one runs. */
static void test_unsupported(void **state)
{
	struct harness *h = *state;
	uint32_t logon = harness_logon(h, h->alice, 0, ALICE_DN);
	struct rops b;

	rops_begin(&b, h, h->alice);
	(void)rops_handle(&b, logon);
	rops_add(&b, ROP_ID_get_address_types, 0, 0, 0, NULL);
	rops_add(&b, ROP_ID_get_receive_folder, 0, 0, 0, &class_note);
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	assert_int_equal(b.n, 2);
	assert_int_equal(b.answers[0].return_value, EC_NOT_SUPPORTED);
	assert_int_equal(b.answers[1].return_value, EC_SUCCESS);
}

/* [MS-OXCROPS] 3.2.5.1, 3.2.5.4 */
static void test_handles(void **state)
{
	struct harness *h = *state;
	uint32_t logon = harness_logon(h, h->alice, 0, ALICE_DN);
	uint32_t second = harness_logon(h, h->alice, 1, ALICE_DN);
	uint32_t inbox = open_special(h, h->alice, logon, SPECIAL_INBOX);
	struct rops b;

	assert_int_equal(logon, 0);
	assert_int_equal(second, 0x01000000);
	assert_int_equal(inbox, 1);
	rops_begin(&b, h, h->alice);
	(void)rops_handle(&b, logon);
	/* An index beyond the table (R4712) */
	rops_add(&b, ROP_ID_get_receive_folder, 0, 1, 0, &class_note);
	/* Never given out: unused, of no logon, none */
	rops_add(&b, ROP_ID_get_contents_table, 0,
		  0, 9, NULL);
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	assert_int_equal(b.answers[0].return_value, EC_NULL_OBJECT);
	assert_int_equal(b.answers[1].return_value, EC_NULL_OBJECT);
	assert_int_equal(rop(h, h->alice, ROP_ID_get_receive_folder,
			     0x00000063, &class_note, NULL, NULL),
			 EC_NULL_OBJECT);
	assert_int_equal(rop(h, h->alice, ROP_ID_get_receive_folder,
			     0x07000000, &class_note, NULL, NULL),
			 EC_NULL_OBJECT);
	assert_int_equal(rop(h, h->alice, ROP_ID_get_receive_folder,
			     ROP_HANDLE_NONE, &class_note, NULL, NULL),
			 EC_NULL_OBJECT);
	/* Of another logon than the ROP says */
	rops_begin(&b, h, h->alice);
	(void)rops_handle(&b, logon);
	rops_add(&b, ROP_ID_get_receive_folder, 1, 0, 0, &class_note);
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	assert_int_equal(b.answers[0].return_value, EC_ACCESS_DENIED);
	/* Not of a kind that the ROP is for */
	assert_int_equal(rop(h, h->alice, ROP_ID_get_receive_folder, inbox,
			     &class_note, NULL, NULL), EC_NOT_SUPPORTED);
	assert_int_equal(rop(h, h->alice, ROP_ID_query_position, inbox,
			     NULL, NULL, NULL), EC_NOT_SUPPORTED);
	/* Released */
	rop_release_handle(h, h->alice, inbox);
	assert_int_equal(rop(h, h->alice, ROP_ID_get_contents_table, inbox,
			     NULL, NULL, NULL), EC_INVALID_OBJECT);
}

/* Numbers go up, and are used again when many are free, oldest first. */
static void test_handle_numbers(void **state)
{
	struct harness *h = *state;
	uint32_t logon = harness_logon(h, h->alice, 0, ALICE_DN);
	uint32_t handle, first = 0, highest = 0;

	for (int i = 0; i < 500; i++) {
		handle = open_special(h, h->alice, logon, SPECIAL_INBOX);
		if (i < 60)
			assert_int_equal(handle, 1 + i);
		if (i == 0)
			first = handle;
		if (handle > highest)
			highest = handle;
		rop_release_handle(h, h->alice, handle);
	}
	assert_int_equal(first, 1);
	assert_in_range(highest, 60, 80);
	assert_true(mailbox_session_size(h->alice) < 8192);
}

/* RopRelease: no answer, no error, its place in the table is cleared. */
static void test_release(void **state)
{
	struct harness *h = *state;
	uint32_t logon = harness_logon(h, h->alice, 0, ALICE_DN);
	uint32_t inbox = open_special(h, h->alice, logon, SPECIAL_INBOX);
	struct rops b;

	rops_begin(&b, h, h->alice);
	(void)rops_handle(&b, inbox);
	(void)rops_handle(&b, 0x00001234);
	rops_add(&b, ROP_ID_release, 0, 0, 0, NULL);
	rops_add(&b, ROP_ID_release, 0, 1, 0, NULL);
	rops_add(&b, ROP_ID_release, 0, 9, 0, NULL);
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	assert_int_equal(b.n, 0);
	assert_int_equal(b.handles[0], ROP_HANDLE_NONE);
	assert_int_equal(b.handles[1], 0x00001234);
}

/* A handle opened by one ROP is used by the next of the same buffer. */
static void test_batch(void **state)
{
	struct harness *h = *state;
	struct store *store;
	uint32_t logon = harness_logon(h, h->alice, 0, ALICE_DN);
	union rop_req open;
	struct rops b;

	store = harness_store(h, ALICE_DN);
	open.open_folder = (struct rop_open_folder_req){
		.folder_id = store_special(store, SPECIAL_INBOX),
	};
	store_put(store);
	rops_begin(&b, h, h->alice);
	(void)rops_handle(&b, logon);
	(void)rops_handle(&b, ROP_HANDLE_NONE);
	(void)rops_handle(&b, ROP_HANDLE_NONE);
	rops_add(&b, ROP_ID_open_folder, 0, 0, 1, &open);
	rops_add(&b, ROP_ID_get_contents_table, 0, 1, 2, NULL);
	rops_add(&b, ROP_ID_release, 0, 1, 0, NULL);
	rops_add(&b, ROP_ID_query_position, 0, 2, 0, NULL);
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	assert_int_equal(b.n, 3);
	assert_int_equal(b.answers[1].return_value, EC_SUCCESS);
	/* The table outlives the folder's handle. */
	assert_int_equal(b.answers[2].return_value, EC_SUCCESS);
	assert_int_equal(b.handles[1], ROP_HANDLE_NONE);
	assert_int_equal(b.handles[2], 2);
}

/* An output handle that was not filled is none, whatever stood there. */
static void test_failed_output(void **state)
{
	static const union rop_req nothing = {
		.open_folder = { .folder_id = 0x7777770000000001 },
	};
	struct harness *h = *state;
	uint32_t logon = harness_logon(h, h->alice, 0, ALICE_DN);
	struct rops b;

	rops_begin(&b, h, h->alice);
	(void)rops_handle(&b, logon);
	(void)rops_handle(&b, logon);
	rops_add(&b, ROP_ID_open_folder, 0, 0, 1, &nothing);
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	assert_int_equal(b.answers[0].return_value, EC_NOT_FOUND);
	assert_int_equal(b.handles[1], ROP_HANDLE_NONE);
}

/*
 * [MS-OXCROPS] 3.2.4.3: what did not fit comes back, and can be sent again
 * until all is done.
 */
static void test_too_small(void **state)
{
	struct harness *h = *state;
	uint32_t logon = harness_logon(h, h->alice, 0, ALICE_DN);
	struct bin rest;
	unsigned answers = 0, calls = 0;
	struct rops b;

	rops_begin(&b, h, h->alice);
	(void)rops_handle(&b, logon);
	for (int i = 0; i < 20; i++)
		rops_add(&b, ROP_ID_get_receive_folder, 0, 0, 0,
			  &class_note);
	h->max_rop_out = 8 + 2 + 4 + 3 + 20 * 12 + 30;
	for (;;) {
		calls++;
		assert_int_equal(rops_run(&b), EC_SUCCESS);
		answers += b.n;
		if (b.answers[b.n - 1].rop_id != ROP_ID_buffer_too_small)
			break;
		answers--;
		assert_true(b.n > 1);
		rest = b.rsps[b.n - 1].buffer_too_small.request_buffers;
		assert_int_equal(rest.len % 12, 0);
		assert_true(b.rsps[b.n - 1].buffer_too_small.size_needed > 0);
		rops_begin(&b, h, h->alice);
		(void)rops_handle(&b, logon);
		rops_raw(&b, rest.data, rest.len);
	}
	assert_int_equal(answers, 20);
	assert_true(calls > 1);
}

/*
 * A row that only reads is found out when it has run; the whole of it comes
 * back, and nothing was written in between.
 */
static void test_too_small_after(void **state)
{
	struct harness *h = *state;
	uint32_t logon = harness_logon(h, h->alice, 0, ALICE_DN);
	struct rops b;

	rops_begin(&b, h, h->alice);
	(void)rops_handle(&b, logon);
	rops_add(&b, ROP_ID_get_receive_folder_table, 0, 0, 0, NULL);
	h->max_rop_out = 8 + 2 + 4 + 30;
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	assert_int_equal(b.n, 1);
	assert_int_equal(b.answers[0].rop_id, ROP_ID_buffer_too_small);
	assert_hex(b.rsps[0].buffer_too_small.request_buffers.data,
		   b.rsps[0].buffer_too_small.request_buffers.len, "680000");
	h->max_rop_out = b.rsps[0].buffer_too_small.size_needed;
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	assert_int_equal(b.answers[0].return_value, EC_SUCCESS);
}

/* What may run on an I/O thread: nothing that waits. */
static void test_inline(void **state)
{
	static const struct {
		uint8_t rop_id;
		bool on_logon, inline_;
	} rows[] = {
		{ ROP_ID_get_receive_folder, true, true },
		{ ROP_ID_get_receive_folder_table, true, true },
		{ ROP_ID_get_store_state, true, true },
		{ ROP_ID_get_properties_specific, true, true },
		{ ROP_ID_get_properties_specific, false, false },
		{ ROP_ID_set_receive_folder, true, false },
		{ ROP_ID_open_folder, true, false },
		{ ROP_ID_release, false, true },
		{ ROP_ID_release, true, false },
		{ ROP_ID_set_properties, true, false },
	};
	struct harness *h = *state;
	uint32_t logon = harness_logon(h, h->alice, 0, ALICE_DN);
	uint32_t inbox = open_special(h, h->alice, logon, SPECIAL_INBOX);
	union rop_req req;
	struct execute_req execute;
	struct rops b;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		memset(&req, 0, sizeof req);
		if (rows[i].rop_id == ROP_ID_get_receive_folder)
			req = class_note;
		if (rows[i].rop_id == ROP_ID_set_receive_folder)
			req.set_receive_folder.message_class = "IPM.X";
		rops_begin(&b, h, h->alice);
		(void)rops_handle(&b, rows[i].on_logon ? logon : inbox);
		rops_add(&b, rows[i].rop_id, 0, 0, 0, &req);
		execute = rops_request(&b);
		assert_int_equal(mailbox_is_inline(h->alice, &execute),
				 rows[i].inline_);
	}
	/* RopLogon, and no ROPs at all */
	rops_begin(&b, h, h->alice);
	execute = rops_request(&b);
	assert_true(mailbox_is_inline(h->alice, &execute));
	(void)rops_handle(&b, ROP_HANDLE_NONE);
	req.logon = (struct rop_logon_req){ .logon_flags = 1,
					    .essdn = ALICE_DN };
	rops_add(&b, ROP_ID_logon, 0, 0, 0, &req);
	execute = rops_request(&b);
	assert_false(mailbox_is_inline(h->alice, &execute));
}

/*
 * And it does not wait: somebody else has the mailbox's lock all the while.
 * (This thread does, and the lock is not recursive: to wait would be for
 * ever.)
 */
static void test_inline_waits_for_nobody(void **state)
{
	static const uint8_t ids[] = {
		ROP_ID_get_receive_folder, ROP_ID_get_receive_folder_table,
		ROP_ID_get_store_state, ROP_ID_get_properties_specific,
		ROP_ID_public_folder_is_ghosted, ROP_ID_get_address_types,
	};
	static const uint32_t tags[] = {
		PID_TAG_MAILBOX_OWNER_NAME, PID_TAG_DISPLAY_NAME,
		PID_TAG_MESSAGE_SIZE_EXTENDED, PID_TAG_CONTENT_COUNT,
		PID_TAG_STORE_STATE, PID_TAG_PROHIBIT_SEND_QUOTA,
		PID_TAG_OUT_OF_OFFICE_STATE, PID_TAG_LOCALE_ID, 0x0fff0102,
	};
	struct harness *h = *state;
	uint32_t logon = harness_logon(h, h->alice, 0, ALICE_DN);
	uint32_t inbox = open_special(h, h->alice, logon, SPECIAL_INBOX);
	struct store *store = harness_store(h, ALICE_DN);
	union rop_req req;
	struct execute_req execute;
	struct rops b;

	alarm(60);
	assert_int_equal(store_lock(store), EC_SUCCESS);
	rops_begin(&b, h, h->alice);
	(void)rops_handle(&b, logon);
	(void)rops_handle(&b, inbox);
	for (size_t i = 0; i < sizeof ids; i++) {
		memset(&req, 0, sizeof req);
		if (ids[i] == ROP_ID_get_receive_folder)
			req = class_note;
		if (ids[i] == ROP_ID_get_properties_specific)
			req.get_properties_specific.property_tags =
				(struct prop_tags){ 9, tags };
		rops_add(&b, ids[i], 0, 0, 0, &req);
	}
	rops_add(&b, ROP_ID_release, 0, 1, 0, NULL);
	execute = rops_request(&b);
	assert_true(mailbox_is_inline(h->alice, &execute));
	h->columns = (struct prop_tags){ 9, tags };
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	h->columns.n = 0;
	assert_int_equal(b.n, sizeof ids);
	store_unlock(store);
	store_put(store);
	alarm(0);
}

/* Limits on what is open */
static void test_object_limit(void **state)
{
	struct harness *h = harness_new_limits(&(struct mailbox_limits){
		.folders = 3, .subscriptions = 2, .tables = 1 });
	const union rop_req reg = { .register_notification = {
		.notification_types = 4, .want_whole_store = true,
	} };
	uint32_t logon = harness_logon(h, h->alice, 0, ALICE_DN);
	struct store *store = harness_store(h, ALICE_DN);
	const union rop_req open = { .open_folder = {
		.folder_id = store_special(store, SPECIAL_INBOX),
	} };
	uint32_t inbox, handle, table;

	store_put(store);
	inbox = open_special(h, h->alice, logon, SPECIAL_INBOX);
	for (int i = 0; i < 2; i++)
		handle = open_special(h, h->alice, logon, SPECIAL_INBOX);
	assert_int_equal(rop(h, h->alice, ROP_ID_open_folder, logon, &open,
			     NULL, NULL), EC_MAX_OBJS_EXCEEDED);
	rop_release_handle(h, h->alice, handle);
	assert_int_equal(rop(h, h->alice, ROP_ID_open_folder, logon, &open,
			     NULL, NULL), EC_SUCCESS);
	for (int i = 0; i < 2; i++)
		assert_int_equal(rop(h, h->alice,
				     ROP_ID_register_notification, logon,
				     &reg, NULL, NULL), EC_SUCCESS);
	assert_int_equal(rop(h, h->alice, ROP_ID_register_notification,
			     logon, &reg, NULL, NULL), EC_MAX_OBJS_EXCEEDED);
	assert_int_equal(rop(h, h->alice, ROP_ID_get_contents_table, inbox,
			     NULL, NULL, &table), EC_SUCCESS);
	/* Tables of folders are counted for themselves. */
	assert_int_equal(rop(h, h->alice, ROP_ID_get_hierarchy_table, inbox,
			     NULL, NULL, NULL), EC_SUCCESS);
	assert_int_equal(rop(h, h->alice, ROP_ID_get_contents_table, inbox,
			     NULL, NULL, NULL), EC_MAX_OBJS_EXCEEDED);
	harness_free(h);
}

/* Rows of a table in several payloads ([MS-OXCRPC] 3.1.4.2.1.2.2) */
static void test_chain(void **state)
{
	enum { MESSAGES = 160 };
	static const uint32_t columns[] = {
		PID_TAG_MID, PID_TAG_SUBJECT,
	};
	struct harness *h = *state;
	uint32_t logon = harness_logon(h, h->alice, 0, ALICE_DN), table;
	uint32_t inbox = open_special(h, h->alice, logon, SPECIAL_INBOX);
	struct store *store = harness_store(h, ALICE_DN);
	uint64_t id = store_special(store, SPECIAL_INBOX);
	union rop_req req = { .set_columns = {
		.property_tags = { .n = 2, .v = columns },
	} };
	char subject[250];
	unsigned rows = 0;
	struct rops b;

	store_put(store);
	memset(subject, 's', sizeof subject - 1);
	subject[sizeof subject - 1] = '\0';
	for (int i = 0; i < MESSAGES; i++)
		(void)make_message(h, h->alice, logon, id, subject);
	assert_int_equal(rop(h, h->alice, ROP_ID_get_contents_table, inbox,
			     NULL, NULL, &table), EC_SUCCESS);
	assert_int_equal(rop(h, h->alice, ROP_ID_set_columns, table, &req,
			     NULL, NULL), EC_SUCCESS);
	h->columns = req.set_columns.property_tags;
	h->execute_flags |= EXECUTE_CHAIN;
	h->max_rop_out = 0x40000;
	memset(&req, 0, sizeof req);
	req.query_rows = (struct rop_query_rows_req){
		.query_rows_flags = 0x02, .forward_read = true,
		.row_count = MESSAGES - 10,
	};
	rops_begin(&b, h, h->alice);
	(void)rops_handle(&b, table);
	rops_add(&b, ROP_ID_query_rows, 0, 0, 0, &req);
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	assert_true(b.payloads > 2);
	assert_int_equal(b.payloads, b.n);
	for (unsigned i = 0; i < b.n; i++)
		rows += b.rsps[i].query_rows.row_count;
	assert_int_equal(rows, MESSAGES - 10);
	/* Without the flag of the ROP there is one; the rest is left. */
	req.query_rows.query_rows_flags = 0;
	req.query_rows.row_count = 0xffff;
	rops_begin(&b, h, h->alice);
	(void)rops_handle(&b, table);
	rops_add(&b, ROP_ID_query_rows, 0, 0, 0, &req);
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	assert_int_equal(b.payloads, 1);
	assert_int_equal(b.rsps[0].query_rows.row_count, 10);
	h->columns.n = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_packing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_truncated, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_malformed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_reserved, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_unsupported, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_handles, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_handle_numbers, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_release, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_batch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failed_output, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_too_small, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_too_small_after, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_inline, setup, teardown),
		cmocka_unit_test_setup_teardown(test_inline_waits_for_nobody,
						setup, teardown),
		cmocka_unit_test(test_object_limit),
		cmocka_unit_test_setup_teardown(test_chain, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
