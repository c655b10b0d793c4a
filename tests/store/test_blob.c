/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "store/blob.h"

static void test_empty(void **state)
{
	struct prop_value v;
	struct blob_entry entry;
	struct blob b;

	assert_true(blob_open(NULL, 0, &b));
	assert_int_equal(b.n, 0);
	assert_false(blob_find(&b, PID_TAG_SUBJECT, &entry));
	assert_int_equal(blob_get(&b, PID_TAG_SUBJECT, NULL, &v),
			 EC_NOT_FOUND);
}

/* The bytes are the format that mailboxes on disk have: they don't change. */
static void test_format(void **state)
{
	static const int16_t shorts[] = { 1, -1 };
	const struct prop_value values[] = {
		{ .tag = 0x0037001f, .str = "hi" },
		{ .tag = 0x00170003, .i32 = 2 },
		{ .tag = 0x66001002, .n = 2, .mv_i16 = shorts },
		{ .tag = 0x0037001f, .str = "ho" },
		{ .tag = 0x0e69000b, .b = true },
	};
	struct arena *a = arena_new(0);
	struct prop_value v;
	struct bin bin = blob_build(a, values, 5);
	struct blob b;

	assert_hex(bin.data, bin.len,
		   "0400 0000"
		   "03001700 28000000"
		   "1f003700 2b000000"
		   "0b00690e 2c000000"
		   "02100066 30000000"
		   "02000000 686f00 01 0100ffff");
	assert_true(blob_open(bin.data, bin.len, &b));
	assert_int_equal(blob_get(&b, 0x0037001f, NULL, &v), EC_SUCCESS);
	assert_string_equal(v.str, "ho");
	assert_int_equal(blob_get(&b, 0x66001002, NULL, &v), EC_NOT_FOUND);
	assert_int_equal(blob_get(&b, 0x66001002, a, &v), EC_SUCCESS);
	assert_int_equal(v.n, 2);
	assert_int_equal(v.mv_i16[1], -1);
	assert_int_equal(blob_get(&b, 0x00370000, NULL, &v), EC_SUCCESS);
	assert_int_equal(v.tag, 0x0037001f);
	assert_int_equal(blob_get(&b, 0x00370102, NULL, &v), EC_NOT_FOUND);
	arena_free(a);
}

/* Damage is seen at blob_open or blob_value, never by reading outside. */
static void test_damage(void **state)
{
	static const struct bin bins[] = { { (const uint8_t *)"ab", 2 } };
	static const char *const strings[] = { "x", "yz" };
	const struct prop_value values[] = {
		{ .tag = 0x0017001f, .str = "hello" },
		{ .tag = 0x00370003, .i32 = 7 },
		{ .tag = 0x66001102, .n = 1, .mv_bin = bins },
		{ .tag = 0x6601101f, .n = 2, .mv_str = strings },
	};
	struct arena *a = arena_new(0);
	struct bin bin = blob_build(a, values, 4);
	struct blob_entry entry;
	struct prop_value v;
	struct blob b;

	for (size_t len = 1; len < bin.len; len++) {
		uint8_t *cut = malloc(len);

		memcpy(cut, bin.data, len);
		assert_false(blob_open(cut, len, &b));
		free(cut);
	}
	for (size_t i = 0; i < bin.len * 8; i++) {
		uint8_t *flipped = malloc(bin.len);

		memcpy(flipped, bin.data, bin.len);
		flipped[i / 8] = (uint8_t)(flipped[i / 8] ^ 1 << i % 8);
		if (blob_open(flipped, bin.len, &b))
			for (size_t k = 0; k < b.n; k++) {
				blob_at(&b, k, &entry);
				blob_value(&entry, a, &v);
			}
		free(flipped);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
