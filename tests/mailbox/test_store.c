/* SPDX-License-Identifier: Apache-2.0 */
/* Receive folders and IDs ([MS-OXCSTOR] 3.2.5.2 to 3.2.5.9). */
#include "harness.h"

#include "mapi/id.h"

struct fixture {
	struct harness *h;
	uint32_t logon;
	struct store *store;
	uint64_t inbox;
};

static int setup(void **state)
{
	struct fixture *f = test_calloc(1, sizeof *f);

	f->h = harness_new();
	f->logon = harness_logon(f->h, f->h->alice, 0, ALICE_DN);
	f->store = harness_store(f->h, ALICE_DN);
	f->inbox = store_special(f->store, SPECIAL_INBOX);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_put(f->store);
	harness_free(f->h);
	test_free(f);
	return 0;
}

static enum ec call(struct fixture *f, uint8_t id, const union rop_req *req,
		    union rop_rsp *rsp)
{
	return rop(f->h, f->h->alice, id, f->logon, req, rsp, NULL);
}

static enum ec get_class(struct fixture *f, const char *class,
			 union rop_rsp *rsp)
{
	return call(f, ROP_ID_get_receive_folder, &(union rop_req){
		.get_receive_folder = { .message_class = class } }, rsp);
}

static enum ec set_class(struct fixture *f, const char *class, uint64_t id)
{
	return call(f, ROP_ID_set_receive_folder, &(union rop_req){
		.set_receive_folder = { .folder_id = id,
					.message_class = class } }, NULL);
}

/* 3.2.5.2 with its examples (R3115 to R3122) */
static void test_get_receive_folder(void **state)
{
	struct fixture *f = *state;
	union rop_rsp rsp;
	uint64_t drafts = store_special(f->store, SPECIAL_DRAFTS);

	assert_int_equal(get_class(f, "MY.Class", &rsp), EC_SUCCESS);
	assert_string_equal(rsp.get_receive_folder.explicit_message_class, "");
	assert_int_equal(rsp.get_receive_folder.folder_id, f->inbox);
	assert_int_equal(get_class(f, "", &rsp), EC_SUCCESS);
	assert_string_equal(rsp.get_receive_folder.explicit_message_class, "");
	assert_int_equal(get_class(f, "IPM.MY.Class", &rsp), EC_SUCCESS);
	assert_string_equal(rsp.get_receive_folder.explicit_message_class,
			    "IPM");
	assert_int_equal(rsp.get_receive_folder.folder_id, f->inbox);
	assert_int_equal(set_class(f, "MY.Class", drafts), EC_SUCCESS);
	assert_int_equal(get_class(f, "my.class.SOMETHING", &rsp),
			 EC_SUCCESS);
	assert_string_equal(rsp.get_receive_folder.explicit_message_class,
			    "MY.Class");
	assert_int_equal(rsp.get_receive_folder.folder_id, drafts);
}

/* 2.2.1.2.1: what a message class may look like */
static void test_bad_classes(void **state)
{
	static const char *const bad[] = {
		".IPM", "IPM.", "IPM..Note", "IPM.\x01", "IPM.\x7f",
	};
	struct fixture *f = *state;
	char longest[257];

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(get_class(f, bad[i], NULL),
				 EC_INVALID_PARAM);
		assert_int_equal(set_class(f, bad[i], f->inbox),
				 EC_INVALID_PARAM);
	}
	memset(longest, 'a', sizeof longest);
	longest[254] = '\0';
	assert_int_equal(get_class(f, longest, NULL), EC_SUCCESS);
	longest[254] = 'a';
	longest[255] = '\0';
	assert_int_equal(get_class(f, longest, NULL), EC_INVALID_PARAM);
}

/* 3.2.5.3 */
static void test_set_receive_folder(void **state)
{
	struct fixture *f = *state;
	uint64_t drafts = store_special(f->store, SPECIAL_DRAFTS);
	union rop_rsp rsp;

	assert_int_equal(set_class(f, "ipm", drafts), EC_ACCESS_DENIED);
	assert_int_equal(set_class(f, "REPORT.IPM", drafts),
			 EC_ACCESS_DENIED);
	assert_int_equal(set_class(f, "", 0), EC_ERROR);
	assert_int_equal(set_class(f, "My.Class", drafts), EC_SUCCESS);
	assert_int_equal(set_class(f, "MY.CLASS", f->inbox), EC_SUCCESS);
	assert_int_equal(get_class(f, "My.Class", &rsp), EC_SUCCESS);
	assert_int_equal(rsp.get_receive_folder.folder_id, f->inbox);
	assert_int_equal(set_class(f, "My.Class", 0), EC_SUCCESS);
	assert_int_equal(get_class(f, "My.Class", &rsp), EC_SUCCESS);
	assert_string_equal(rsp.get_receive_folder.explicit_message_class, "");
	/* It must be a folder of the mailbox (R871). */
	assert_int_not_equal(set_class(f, "My.Class", id_make(1, 0x777777)),
			     EC_SUCCESS);
}

/* 3.2.5.4: all rows, three columns each */
static void test_receive_folder_table(void **state)
{
	struct fixture *f = *state;
	struct rop_codec codec = {
		.prop = prop_ctx_rop(f->h->arena, 1252),
	};
	const struct prop_values *rows;
	bool note = false, everything = false;
	union rop_rsp rsp;
	uint32_t n;

	assert_int_equal(set_class(f, "Some.Class", f->inbox), EC_SUCCESS);
	assert_int_equal(call(f, ROP_ID_get_receive_folder_table, NULL, &rsp),
			 EC_SUCCESS);
	n = rsp.get_receive_folder_table.row_count;
	assert_true(rop_rows_decode(&codec, &rop_receive_folder_columns,
				    &rsp.get_receive_folder_table.rows, n,
				    &rows));
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(rows[i].n, 3);
		assert_int_equal(rows[i].v[0].tag, 0x67480014);
		note |= strcasecmp(rows[i].v[1].str, "Some.Class") == 0 &&
			(uint64_t)rows[i].v[0].i64 == f->inbox;
		everything |= rows[i].v[1].str[0] == '\0';
		assert_true(rows[i].v[2].time > 0);
	}
	assert_true(note && everything);
}

/* 3.2.5.5, 3.2.5.7, and 3.2.5.6, which may fail in a private mailbox */
static void test_others(void **state)
{
	struct fixture *f = *state;
	union rop_rsp rsp;

	assert_int_equal(call(f, ROP_ID_get_store_state, NULL, NULL),
			 EC_NOT_IMPLEMENTED);
	assert_int_equal(call(f, ROP_ID_public_folder_is_ghosted,
			      &(union rop_req){ .public_folder_is_ghosted =
			      { f->inbox } }, &rsp), EC_SUCCESS);
	assert_false(rsp.public_folder_is_ghosted.is_ghosted);
	assert_int_equal(call(f, ROP_ID_get_owning_servers, &(union rop_req){
			      .get_owning_servers = { f->inbox } }, NULL),
			 EC_NOT_SUPPORTED);
}

static enum ec to_long(struct fixture *f, uint64_t id, union rop_rsp *rsp)
{
	return call(f, ROP_ID_long_term_id_from_id, &(union rop_req){
		.long_term_id_from_id = { .object_id = id } }, rsp);
}

static enum ec to_short(struct fixture *f, const struct long_term_id *id,
			union rop_rsp *rsp)
{
	return call(f, ROP_ID_id_from_long_term_id, &(union rop_req){
		.id_from_long_term_id = { .long_term_id = *id } }, rsp);
}

/* 3.2.5.8, 3.2.5.9 */
static void test_ids(void **state)
{
	struct fixture *f = *state;
	struct guid own = store_replica_guid(f->store);
	struct long_term_id id;
	union rop_rsp rsp;
	uint64_t foreign;

	assert_int_equal(to_long(f, f->inbox, &rsp), EC_SUCCESS);
	id = rsp.long_term_id_from_id.long_term_id;
	assert_true(guid_equal(&id.database_guid, &own));
	assert_int_equal(id.counter, id_counter(f->inbox));
	assert_int_equal(to_short(f, &id, &rsp), EC_SUCCESS);
	assert_int_equal(rsp.id_from_long_term_id.object_id, f->inbox);
	/* Replicas that are not known: 0, and one that was not given out */
	assert_int_equal(to_long(f, id_make(0, 5), NULL), EC_NOT_FOUND);
	assert_int_equal(to_long(f, id_make(0x7f00, 5), NULL), EC_NOT_FOUND);
	/* A new one is registered, and stays what it is (R950, R952). */
	id.database_guid = guid_new();
	id.counter = 0x123456789abc;
	assert_int_equal(to_short(f, &id, &rsp), EC_SUCCESS);
	foreign = rsp.id_from_long_term_id.object_id;
	assert_int_not_equal(id_replid(foreign), STORE_REPLID);
	assert_int_equal(id_counter(foreign), id.counter);
	assert_int_equal(to_short(f, &id, &rsp), EC_SUCCESS);
	assert_int_equal(rsp.id_from_long_term_id.object_id, foreign);
	assert_int_equal(to_long(f, foreign, &rsp), EC_SUCCESS);
	assert_true(guid_equal(
		&rsp.long_term_id_from_id.long_term_id.database_guid,
		&id.database_guid));
	/* No replica (R94801) */
	memset(&id.database_guid, 0, sizeof id.database_guid);
	assert_int_equal(to_short(f, &id, NULL), EC_INVALID_PARAM);
}

/* [MS-OXCFXICS] 3.2.5.9.4.7: ranges that never come twice */
static void test_local_replica_ids(void **state)
{
	struct fixture *f = *state;
	const union rop_req req = {
		.get_local_replica_ids = { .id_count = 100 },
	};
	struct guid own = store_replica_guid(f->store);
	union rop_rsp first, second;
	uint64_t a, b;

	assert_int_equal(call(f, ROP_ID_get_local_replica_ids, &req, &first),
			 EC_SUCCESS);
	assert_int_equal(call(f, ROP_ID_get_local_replica_ids, &req, &second),
			 EC_SUCCESS);
	assert_true(guid_equal(&first.get_local_replica_ids.repl_guid, &own));
	a = globcnt_get(first.get_local_replica_ids.global_count.b);
	b = globcnt_get(second.get_local_replica_ids.global_count.b);
	assert_true(b >= a + 100 || a >= b + 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_get_receive_folder,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_classes, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_set_receive_folder,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_receive_folder_table,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ids, setup, teardown),
		cmocka_unit_test_setup_teardown(test_local_replica_ids, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
