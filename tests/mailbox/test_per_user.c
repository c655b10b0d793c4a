/* SPDX-License-Identifier: Apache-2.0 */
/* Per-user data ([MS-OXCSTOR] 3.2.5.10 to 3.2.5.13) and its check. */
#include "harness.h"

#include "mailbox/globset.h"

struct fixture {
	struct harness *h;
	uint32_t logon;
};

static int setup(void **state)
{
	struct fixture *f = test_calloc(1, sizeof *f);

	f->h = harness_new();
	f->logon = harness_logon(f->h, f->h->alice, 0, ALICE_DN);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	harness_free(f->h);
	test_free(f);
	return 0;
}

static const struct long_term_id folder = {
	.database_guid = { { 1, 2, 3 } }, .counter = 0x1234,
};
static const struct long_term_id other = {
	.database_guid = { { 1, 2, 3 } }, .counter = 0x1235,
};
static const struct guid replica = { { 9, 8, 7 } };

/* A REPLGUID, then ranges of whole GLOBCNTs, then End */
static struct bin make_set(struct arena *a, unsigned ranges)
{
	size_t len = 16 + (size_t)ranges * 13 + 1;
	struct wire_w w = wire_w(arena_alloc(a, len), len);
	uint8_t cnt[6] = { 0 };

	wire_put_guid(&w, &replica);
	for (unsigned i = 0; i < ranges; i++) {
		cnt[4] = (uint8_t)(i >> 8);
		cnt[5] = (uint8_t)i;
		wire_put_u8(&w, 0x52);
		wire_put(&w, cnt, 6);
		wire_put(&w, cnt, 6);
	}
	wire_put_u8(&w, 0);
	return (struct bin){ w.base, w.len };
}

static enum ec put(struct fixture *f, const struct long_term_id *id,
		   uint32_t offset, struct bin data, bool finished)
{
	return rop(f->h, f->h->alice, ROP_ID_write_per_user_information,
		   f->logon, &(union rop_req){
		.write_per_user_information = {
			.folder_id = *id, .has_finished = finished,
			.data_offset = offset, .data = data,
			.repl_guid = replica,
		} }, NULL, NULL);
}

static enum ec get(struct fixture *f, const struct long_term_id *id,
		   uint32_t offset, uint16_t max, union rop_rsp *rsp)
{
	return rop(f->h, f->h->alice, ROP_ID_read_per_user_information,
		   f->logon, &(union rop_req){
		.read_per_user_information = {
			.folder_id = *id, .data_offset = offset,
			.max_data_size = max,
		} }, rsp, NULL);
}

/* Written in pieces, read in pieces */
static void test_pieces(void **state)
{
	struct fixture *f = *state;
	struct bin set = make_set(f->h->arena, 1000);
	uint8_t *back = arena_alloc(f->h->arena, set.len);
	size_t at;
	union rop_rsp rsp;

	for (at = 0; at < set.len; at += 5000) {
		size_t n = set.len - at < 5000 ? set.len - at : 5000;

		assert_int_equal(put(f, &folder, (uint32_t)at,
				     (struct bin){ set.data + at, n },
				     at + n == set.len), EC_SUCCESS);
	}
	for (at = 0; at < set.len;) {
		assert_int_equal(get(f, &folder, (uint32_t)at, 3000, &rsp),
				 EC_SUCCESS);
		assert_true(rsp.read_per_user_information.data.len <= 3000);
		memcpy(back + at, rsp.read_per_user_information.data.data,
		       rsp.read_per_user_information.data.len);
		at += rsp.read_per_user_information.data.len;
		assert_int_equal(rsp.read_per_user_information.has_finished,
				 at == set.len);
	}
	assert_memory_equal(back, set.data, set.len);
	/* 0: a size of the server's (R992) */
	assert_int_equal(get(f, &folder, 0, 0, &rsp), EC_SUCCESS);
	assert_true(rsp.read_per_user_information.data.len > 0);
	assert_int_equal(get(f, &folder, (uint32_t)set.len + 1, 0, NULL),
			 EC_ERROR);
	assert_int_equal(get(f, &folder, 0x80000000, 0, NULL), EC_ERROR);
	/* No row: an empty array (R1255) */
	assert_int_equal(get(f, &other, 0, 0, &rsp), EC_SUCCESS);
	assert_int_equal(rsp.read_per_user_information.data.len, 0);
	assert_true(rsp.read_per_user_information.has_finished);
}

/* 3.2.5.13.1: what aborts a write, and what it fails with */
static void test_write_errors(void **state)
{
	struct fixture *f = *state;
	struct bin set = make_set(f->h->arena, 3);
	struct bin head = { set.data, 20 };
	struct bin tail = { set.data + 20, set.len - 20 };

	/* Nothing before it, another folder, another offset */
	assert_int_equal(put(f, &folder, 20, tail, true), EC_ERROR);
	assert_int_equal(put(f, &folder, 0, head, false), EC_SUCCESS);
	assert_int_equal(put(f, &other, 20, tail, true), EC_ERROR);
	assert_int_equal(put(f, &folder, 20, tail, true), EC_ERROR);
	assert_int_equal(put(f, &folder, 0, head, false), EC_SUCCESS);
	assert_int_equal(put(f, &folder, 19, tail, true), EC_ERROR);
	/* Not a set */
	assert_int_equal(put(f, &folder, 0, head, true), EC_CORRUPT_DATA);
	/* One that begins anew */
	assert_int_equal(put(f, &folder, 0, head, false), EC_SUCCESS);
	assert_int_equal(put(f, &folder, 0, set, true), EC_SUCCESS);
	/* Left unfinished when the logon goes */
	assert_int_equal(put(f, &folder, 0, head, false), EC_SUCCESS);
}

/* 3.2.5.10, 3.2.5.11 */
static void test_lookups(void **state)
{
	struct fixture *f = *state;
	const struct guid unknown = { { 5 } };
	union rop_req req = { .get_per_user_guid = { folder } };
	struct rop_long_term_ids *ids;
	union rop_rsp rsp;

	assert_int_equal(rop(f->h, f->h->alice, ROP_ID_get_per_user_guid,
			     f->logon, &req, &rsp, NULL), EC_NOT_FOUND);
	assert_int_equal(put(f, &folder, 0, make_set(f->h->arena, 1), true),
			 EC_SUCCESS);
	assert_int_equal(put(f, &other, 0, make_set(f->h->arena, 1), true),
			 EC_SUCCESS);
	assert_int_equal(rop(f->h, f->h->alice, ROP_ID_get_per_user_guid,
			     f->logon, &req, &rsp, NULL), EC_SUCCESS);
	assert_true(guid_equal(&rsp.get_per_user_guid.database_guid,
			       &replica));
	req.get_per_user_long_term_ids.database_guid = replica;
	assert_int_equal(rop(f->h, f->h->alice,
			     ROP_ID_get_per_user_long_term_ids, f->logon,
			     &req, &rsp, NULL), EC_SUCCESS);
	ids = &rsp.get_per_user_long_term_ids.long_term_ids;
	assert_int_equal(ids->n, 2);
	assert_int_equal(ids->v[0].counter + ids->v[1].counter,
			 folder.counter + other.counter);
	req.get_per_user_long_term_ids.database_guid = unknown;
	assert_int_equal(rop(f->h, f->h->alice,
			     ROP_ID_get_per_user_long_term_ids, f->logon,
			     &req, &rsp, NULL), EC_SUCCESS);
	assert_int_equal(rsp.get_per_user_long_term_ids.long_term_ids.n, 0);
}

static bool valid(const char *hex)
{
	uint8_t bytes[512];
	struct bin data = { bytes, unhex(hex, bytes) };

	return idset_valid(&data);
}

#define GUID_1 "01000000000000000000000000000000"
#define GUID_2 "02000000000000000000000000000000"

/* [MS-OXCFXICS] 2.2.2.4.2, 2.2.2.6 */
static void test_globset(void **state)
{
	assert_true(valid(""));
	assert_true(valid(GUID_1 "00"));
	/* Push of a whole GLOBCNT: a range of one, which is not kept */
	assert_true(valid(GUID_1 "06 000000000001 06 000000000003 00"));
	assert_true(valid(GUID_1 "05 0000000000 52 01 04 50 00"));
	assert_true(valid(GUID_1 "05 0000000000 42 01 ff 50 00"));
	assert_true(valid(GUID_1 "02 0000 03 000000 52 01 02 50 50 00"));
	assert_true(valid(GUID_1 "52 000000000001 000000000002 00"
			  GUID_2 "00"));
	/* The end is missing; bytes are; guids out of order or twice */
	assert_false(valid(GUID_1));
	assert_false(valid(GUID_1 "05 0000000000 52 01 04 50"));
	assert_false(valid(GUID_1 "05 000000"));
	assert_false(valid("0102"));
	assert_false(valid(GUID_2 "00" GUID_1 "00"));
	assert_false(valid(GUID_1 "00" GUID_1 "00"));
	/* Unknown command; too many common bytes; nothing to pop */
	assert_false(valid(GUID_1 "07 00000000000000 00"));
	assert_false(valid(GUID_1 "04 00000000 03 000000 00"));
	assert_false(valid(GUID_1 "50 00"));
	/* Bitmask without five common bytes; low above high */
	assert_false(valid(GUID_1 "42 01 ff 00"));
	assert_false(valid(GUID_1 "05 0000000000 52 04 01 50 00"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write_errors, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_lookups, setup,
						teardown),
		cmocka_unit_test(test_globset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
