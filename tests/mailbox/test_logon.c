/* SPDX-License-Identifier: Apache-2.0 */
/* RopLogon ([MS-OXCSTOR] 2.2.1.1, 3.2.5.1) and the logon's properties. */
#include "harness.h"

#include "mapi/aux.h"
#include "mapi/id.h"

enum { ADMIN_PRIVILEGE = 0x01, PER_MDB = 0x01000000 };

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

static enum ec try(struct harness *h, struct session *session, uint8_t id,
		   uint8_t logon_flags, uint32_t open_flags, const char *dn,
		   union rop_rsp *rsp, uint32_t *handle)
{
	const union rop_req req = { .logon = {
		.logon_flags = logon_flags, .open_flags = open_flags,
		.essdn = dn,
	} };
	struct rops b;

	rops_begin(&b, h, session);
	(void)rops_handle(&b, ROP_HANDLE_NONE);
	rops_add(&b, ROP_ID_logon, id, 0, 0, &req);
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	assert_int_equal(b.n, 1);
	/* Why it failed stands in an auxiliary block. */
	assert_int_equal(b.execute.auxiliary_buffer.len > 0,
			 b.answers[0].return_value != EC_SUCCESS);
	if (rsp != NULL)
		*rsp = b.rsps[0];
	if (handle != NULL)
		*handle = b.handles[0];
	if (b.answers[0].return_value != EC_SUCCESS)
		assert_int_equal(b.handles[0], ROP_HANDLE_NONE);
	return b.answers[0].return_value;
}

static enum ec try_dn(struct harness *h, struct session *session,
		      uint32_t open_flags, const char *dn)
{
	return try(h, session, 0, 0x01, open_flags, dn, NULL, NULL);
}

/* 2.2.1.1.3 */
static void test_answer(void **state)
{
	struct harness *h = *state;
	struct store *store;
	union rop_rsp rsp;
	uint32_t handle;
	struct guid guid;

	/* Undercover comes back, SpoolerProcess does not. */
	assert_int_equal(try(h, h->alice, 5, 0x0b, PER_MDB, ALICE_DN, &rsp,
			     &handle), EC_SUCCESS);
	assert_int_equal(handle, 0x05000000);
	assert_int_equal(rsp.logon.logon_flags, 0x03);
	assert_int_equal(rsp.logon.response_flags, 0x07);
	store = harness_store(h, ALICE_DN);
	for (int i = 0; i < 13; i++)
		assert_int_equal(rsp.logon.folder_ids.v[i],
				 store_special(store, (enum special_folder)i));
	guid = store_mailbox_guid(store);
	assert_true(guid_equal(&rsp.logon.mailbox_guid, &guid));
	guid = store_replica_guid(store);
	assert_true(guid_equal(&rsp.logon.repl_guid, &guid));
	assert_int_equal(rsp.logon.repl_id, id_replid(
			 rsp.logon.folder_ids.v[SPECIAL_INBOX]));
	assert_int_equal(rsp.logon.store_state, 0);
	assert_true(rsp.logon.logon_time.year >= 2024);
	assert_in_range(rsp.logon.logon_time.month, 1, 12);
	store_put(store);
}

/* 3.2.5.1.1, in the order of the section */
static void test_refusals(void **state)
{
	struct harness *h = *state;
	struct session *s = h->alice;

	assert_int_equal(try_dn(h, s, 0, USER_DN("nobody")), EC_UNKNOWN_USER);
	assert_int_equal(try_dn(h, s, 0, ""), EC_UNKNOWN_USER);
	assert_int_equal(try_dn(h, s, 0, DAVE_DN), EC_UNKNOWN_USER);
	assert_int_equal(try_dn(h, s, 0, ERIN_DN), EC_UNKNOWN_USER);
	assert_int_equal(try_dn(h, s, 0, BOB_DN), EC_LOGIN_PERM);
	assert_int_equal(try_dn(h, s, ADMIN_PRIVILEGE, BOB_DN), EC_LOGIN_PERM);
	assert_int_equal(try_dn(h, s, ADMIN_PRIVILEGE, ALICE_DN),
			 EC_LOGIN_PERM);
	/* Undefined flags (R1202) */
	assert_int_equal(try_dn(h, s, 0x10, ALICE_DN), EC_ERROR);
	assert_int_equal(try(h, s, 0, 0x11, 0, ALICE_DN, NULL, NULL),
			 EC_ERROR);
	/* Public folders: there are none (3.2.5.1.2) */
	assert_int_equal(try(h, s, 0, 0x00, 0x02, "", NULL, NULL),
			 EC_LOGIN_FAILURE);
	assert_int_equal(h->events[h->n_events - 1], MAILBOX_LOGON_REFUSED);
	/* After all that, one that is right */
	assert_int_equal(try_dn(h, s, 0, ALICE_DN), EC_SUCCESS);
}

/* The trace of a refused logon is a diagnostic context. */
static void test_trace(void **state)
{
	struct harness *h = *state;
	const union rop_req req = { .logon = {
		.logon_flags = 0x01, .essdn = BOB_DN,
	} };
	const struct aux_block *trace;
	struct aux_blocks blocks;
	struct rops b;

	rops_begin(&b, h, h->alice);
	(void)rops_handle(&b, ROP_HANDLE_NONE);
	rops_add(&b, ROP_ID_release, 0, 0, 0, NULL);
	rops_add(&b, ROP_ID_logon, 0, 0, 0, &req);
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	assert_true(aux_buffer_decode(&b.execute.auxiliary_buffer, h->arena,
				      &blocks));
	trace = aux_find(&blocks, AUX_TYPE_EXCEPTION_TRACE);
	assert_non_null(trace);
	assert_int_equal(trace->exception_trace.rop_index, 1);
	assert_string_equal(trace->exception_trace.trace,
		"Diagnostic context:\r\n"
		"    Lid: 70000   ROP: RopLogon [254]\r\n"
		"    Lid: 70033  \r\n"
		"    Lid: 70001   StoreEc: 0x3F2\r\n"
		"    Lid: 70002   dwParam: 0x3F2 Msg: ecLoginPerm: "
		"no permission to open this mailbox\r\n"
		"    Lid: 70004   dwParam: 0x0 Msg: MX1\r\n");
}

/* 2.2.1.1.2: where it is; and R3103: five in ten seconds, then a pause */
static void test_elsewhere(void **state)
{
	struct harness *h = *state;
	union rop_rsp rsp;

	for (int i = 0; i < 5; i++) {
		assert_int_equal(try(h, h->alice, 0, 0x05, 0, CAROL_DN, &rsp,
				     NULL), EC_WRONG_SERVER);
		assert_int_equal(rsp.logon.logon_flags, 0x05);
		assert_string_equal(rsp.logon.server_name,
			"/o=Test/ou=Exchange Administrative Group "
			"(FYDIBOHF23SPDLT)/cn=Configuration/cn=Servers/"
			"cn=MX2");
	}
	assert_int_equal(try_dn(h, h->alice, 0, CAROL_DN), EC_SERVER_PAUSED);
	assert_int_equal(try_dn(h, h->alice, 0, ALICE_DN), EC_SUCCESS);
}

/* Administrators, with the flag of the logon or that of Connect */
static void test_admin(void **state)
{
	struct harness *h = *state;
	struct session *s;
	union rop_rsp rsp;
	enum ec ec;

	/* The owner has been there before: it isn't the administrator who
	 * makes mailboxes (R816, R818). */
	s = harness_connect(h, h->admin_id, ADMIN_DN, 0, &ec);
	assert_int_equal(try_dn(h, s, ADMIN_PRIVILEGE, ALICE_DN),
			 EC_ACCESS_DENIED);
	assert_int_equal(try_dn(h, h->alice, 0, ALICE_DN), EC_SUCCESS);
	assert_int_equal(try_dn(h, s, 0, ALICE_DN), EC_LOGIN_PERM);
	assert_int_equal(try(h, s, 0, 0x01, ADMIN_PRIVILEGE, ALICE_DN, &rsp,
			     NULL), EC_SUCCESS);
	assert_int_equal(rsp.logon.response_flags, 0x03);
	assert_int_equal(h->events[h->n_events - 1], MAILBOX_ADMIN_LOGON);
	mailbox_disconnect(s);
	s = harness_connect(h, h->admin_id, ADMIN_DN, 1, &ec);
	assert_int_equal(try_dn(h, s, 0, ALICE_DN), EC_SUCCESS);
	mailbox_disconnect(s);
}

/* Several logons: handles, the mapping flag (R802), a LogonId taken over */
static void test_several(void **state)
{
	struct harness *h = *state;
	struct session *s;
	uint32_t first, second, other, again, inbox;
	union rop_rsp rsp;
	enum ec ec;

	(void)harness_logon(h, h->alice, 0, ALICE_DN);
	s = harness_connect(h, h->admin_id, ADMIN_DN, 1, &ec);
	first = harness_logon(h, s, 0, ADMIN_DN);
	second = harness_logon(h, s, 1, ADMIN_DN);
	assert_int_equal(first, 0);
	assert_int_equal(second, 0x01000000);
	/* Another mailbox, without saying that IDs are told apart */
	assert_int_equal(try(h, s, 2, 0x01, 0, ALICE_DN, NULL, NULL),
			 EC_INVALID_PARAM);
	other = harness_logon(h, s, 2, ALICE_DN);
	assert_int_equal(other, 0x02000000);
	inbox = open_special(h, s, other, SPECIAL_INBOX);
	assert_int_equal(inbox, 0x02000001);
	/* [MS-OXCROPS] 3.1.4.2: released with all of it, and replaced */
	again = harness_logon(h, s, 2, ALICE_DN);
	assert_int_equal(again, 0x02000000);
	assert_int_equal(rop(h, s, ROP_ID_get_contents_table, inbox, NULL,
			     &rsp, NULL), EC_NULL_OBJECT);
	/* Release of the logon releases all of it. */
	inbox = open_special(h, s, again, SPECIAL_INBOX);
	rop_release_handle(h, s, again);
	assert_int_equal(rop(h, s, ROP_ID_get_contents_table, inbox, NULL,
			     &rsp, NULL), EC_NULL_OBJECT);
	mailbox_disconnect(s);
}

static void test_code_page(void **state)
{
	struct harness *h = *state;
	const struct connect_req req = {
		.user_dn = ALICE_DN, .default_code_page = 12345,
	};
	struct connect_rsp rsp;
	struct session *s;

	assert_int_equal(mailbox_connect(h->svc, h->alice_id, &req, h->arena,
					 &rsp, &s), EC_SUCCESS);
	assert_int_equal(try_dn(h, s, 0, ALICE_DN), EC_UNKNOWN_CODE_PAGE);
	mailbox_disconnect(s);
}

static const uint32_t tags[] = {
	PID_TAG_MAILBOX_OWNER_NAME, PID_TAG_MAILBOX_OWNER_ENTRY_ID,
	PID_TAG_USER_ENTRY_ID, PID_TAG_CODE_PAGE_ID,
	PID_TAG_MAXIMUM_SUBMIT_MESSAGE_SIZE, PID_TAG_STORE_STATE,
	PID_TAG_MESSAGE_SIZE_EXTENDED, PID_TAG_DISPLAY_NAME,
	PID_TAG_SORT_LOCALE_ID, PID_TAG_LOCALE_ID, 0x661c001e, 0x661c0000,
	PID_TAG_SUBJECT, PID_TAG_EXTENDED_RULE_SIZE_LIMIT,
};
enum { N_TAGS = sizeof tags / sizeof tags[0] };

static const struct prop_value *get(struct harness *h, uint32_t handle,
				    const uint32_t *wanted, uint32_t n)
{
	return get_props(h, h->alice, handle, wanted, n);
}

/* [MS-OXCSTOR] 2.2.2.1.1 */
static void test_properties(void **state)
{
	struct harness *h = *state;
	uint32_t logon = harness_logon(h, h->alice, 0, ALICE_DN);
	const struct prop_value *v = get(h, logon, tags, N_TAGS);

	assert_string_equal(v[0].str, "alice");
	assert_int_equal(v[1].bin.len, 28 + sizeof ALICE_DN);
	assert_string_equal((const char *)v[1].bin.data + 28, ALICE_DN);
	assert_memory_equal(v[1].bin.data, v[2].bin.data, v[1].bin.len);
	assert_int_equal(v[3].i32, 1252);
	assert_int_equal(v[4].i32, -1);
	assert_int_equal(v[5].i32 & ~0x01000000, 0);
	assert_int_equal(v[6].tag, PID_TAG_MESSAGE_SIZE_EXTENDED);
	assert_string_equal(v[7].str, "alice");
	/* Not set: ecNotFound (R3105) */
	assert_int_equal(prop_tag_type(v[8].tag), PTYP_ERROR_CODE);
	assert_int_equal(v[8].error, EC_NOT_FOUND);
	assert_int_equal(v[9].i32, 0x0409);
	assert_string_equal(v[10].str, "alice");
	assert_string_equal(v[11].str, "alice");
	assert_int_equal(v[11].tag, PID_TAG_MAILBOX_OWNER_NAME);
	assert_int_equal(v[12].error, EC_NOT_FOUND);
	assert_true(v[13].i32 > 0);
}

/* [MS-OXCSTOR] 2.2.2.1.2: what may be written, and stays */
static void test_set_properties(void **state)
{
	static const uint32_t wanted[] = {
		PID_TAG_OUT_OF_OFFICE_STATE, PID_TAG_SORT_LOCALE_ID,
		PID_TAG_COMMENT,
	};
	const struct prop_value values[] = {
		{ .tag = PID_TAG_MAILBOX_OWNER_NAME, .str = "mallory" },
		{ .tag = PID_TAG_OUT_OF_OFFICE_STATE, .b = true },
		{ .tag = PID_TAG_SORT_LOCALE_ID, .i32 = 0x0407 },
		{ .tag = PID_TAG_COMMENT, .str = "mine" },
	};
	const union rop_req set = { .set_properties = {
		.property_values = { .n = 4, .v = values },
	} };
	const union rop_req del = { .delete_properties = {
		.property_tags = { .n = 2, .v = wanted + 1 },
	} };
	struct harness *h = *state;
	uint32_t logon = harness_logon(h, h->alice, 0, ALICE_DN);
	const struct prop_value *v;
	union rop_rsp rsp;

	assert_int_equal(rop(h, h->alice, ROP_ID_set_properties, logon, &set,
			     &rsp, NULL), EC_SUCCESS);
	assert_int_equal(rsp.set_properties.property_problems.n, 1);
	assert_int_equal(rsp.set_properties.property_problems.v[0].index, 0);
	assert_int_equal(rsp.set_properties.property_problems.v[0].error,
			 EC_COMPUTED);
	v = get(h, logon, wanted, 3);
	assert_true(v[0].b);
	assert_int_equal(v[1].i32, 0x0407);
	assert_string_equal(v[2].str, "mine");
	/* ResponseFlags: OOF */
	assert_int_equal(try(h, h->alice, 1, 0x01, PER_MDB, ALICE_DN, &rsp,
			     NULL), EC_SUCCESS);
	assert_int_equal(rsp.logon.response_flags, 0x17);
	assert_int_equal(rop(h, h->alice, ROP_ID_delete_properties, logon,
			     &del, &rsp, NULL), EC_SUCCESS);
	v = get(h, logon, wanted, 3);
	assert_int_equal(v[1].error, EC_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests_[] = {
		cmocka_unit_test_setup_teardown(test_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_trace, setup, teardown),
		cmocka_unit_test_setup_teardown(test_elsewhere, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_admin, setup, teardown),
		cmocka_unit_test_setup_teardown(test_several, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_code_page, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_properties, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_set_properties, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests_, NULL, NULL);
}
