/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "store/collate.h"

static struct collator *open_collator(uint32_t lcid)
{
	struct err err;
	struct collator *c = collator_new(lcid, &err);

	if (c == NULL)
		fail_msg("%s", err.text);
	return c;
}

static int key_order(const struct collator *c, const char *a, const char *b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	int order;

	collate_text_key(c, a, strlen(a), &x);
	collate_text_key(c, b, strlen(b), &y);
	order = strcmp(buf_str(&x), buf_str(&y));
	buf_free(&x);
	buf_free(&y);
	return (order > 0) - (order < 0);
}

/* Words in ascending order; each must be before the next in both forms. */
static void check_order(uint32_t lcid, const char *const *words)
{
	struct collator *c = open_collator(lcid);
	int order;

	for (; words[1] != NULL; words++) {
		order = collate_text(c, words[0], words[1]);
		if (order >= 0)
			fail_msg("%04x: %s is not before %s", lcid, words[0],
				 words[1]);
		if (key_order(c, words[0], words[1]) >= 0)
			fail_msg("%04x: key of %s is not before that of %s",
				 lcid, words[0], words[1]);
	}
	collator_free(c);
}

static void check_same(uint32_t lcid, const char *a, const char *b, bool same)
{
	struct collator *c = open_collator(lcid);

	if ((collate_text(c, a, b) == 0) != same)
		fail_msg("%04x: %s and %s", lcid, a, b);
	assert_int_equal(key_order(c, a, b) == 0, same);
	collator_free(c);
}

/* Umlauts stand with their vowels, ß with ss. */
static void test_german(void **state)
{
	static const char *const words[] = {
		"Ahorn", "Ähre", "Apfel", "Äpfel", "Ärger", "Bär", "Masse",
		"Maße", "Ofen", "Öfen", "Zebra", NULL };

	check_order(0x0407, words);
	check_same(0x0407, "STRASSE", "strasse", true);
	check_same(0x0407, "Äpfel", "äPFEL", true);
	check_same(0x0407, "Apfel", "Äpfel", false);
}

/* å, ä, ö are letters of their own, after z. */
static void test_swedish(void **state)
{
	static const char *const words[] = {
		"adel", "orm", "zebra", "ål", "ängel", "öra", NULL };

	check_order(0x041d, words);
	check_same(0x041d, "Ål", "åL", true);
}

/* Dotless i is before dotted i, and their capitals are I and İ. */
static void test_turkish(void **state)
{
	static const char *const words[] = {
		"cam", "çam", "hala", "ısı", "isim", "jant", NULL };

	check_order(0x041f, words);
	check_same(0x041f, "ISI", "ısı", true);
	check_same(0x041f, "İSİM", "isim", true);
	check_same(0x041f, "I", "i", false);
	check_same(0x0409, "I", "i", true);
}

static void test_japanese(void **state)
{
	static const char *const words[] = {
		"あ", "い", "か", "が", "き", "さ", "ん", "亜", "一", NULL };

	check_order(0x0411, words);
	/* katakana and hiragana, half width and full: as case differs */
	check_same(0x0411, "カ", "か", true);
	check_same(0x0411, "ｶ", "カ", true);
	check_same(0x0411, "Ａ", "a", true);
}

static void test_canonical(void **state)
{
	check_same(0x0409, "é", "e\xcc\x81", true);
	check_same(0x0409, "Å", "A\xcc\x8a", true);
	check_same(0xffff, "abc", "ABC", true);   /* no such locale: root */
}

static void test_long_text(void **state)
{
	struct collator *c = open_collator(0x0409);
	char a[3000], b[3000];

	memset(a, 'x', sizeof a);
	memset(b, 'X', sizeof b);
	a[2999] = b[2999] = '\0';
	assert_int_equal(key_order(c, a, b), 0);
	b[2998] = 'y';
	assert_true(key_order(c, a, b) < 0);
	memcpy(b + 1000, "\xc3\xa9", 2);
	assert_true(key_order(c, a, b) > 0);
	collator_free(c);
}

/* ---- values ---- */

static int compare_keys(const struct collator *c, const struct prop_value *a,
			const struct prop_value *b, bool descending)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	size_t n;
	int order;

	collate_value_key(c, a, descending, &x);
	collate_value_key(c, b, descending, &y);
	n = x.len < y.len ? x.len : y.len;
	order = memcmp(x.data, y.data, n);
	if (order == 0)
		order = (x.len > y.len) - (x.len < y.len);
	buf_free(&x);
	buf_free(&y);
	return (order > 0) - (order < 0);
}

static void check_values(const struct collator *c, const struct prop_value *v,
			 size_t n)
{
	int order;

	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			int want = (i > j) - (i < j);

			assert_true(collate_values(c, &v[i], &v[j], &order));
			assert_int_equal((order > 0) - (order < 0), want);
			assert_int_equal(compare_keys(c, &v[i], &v[j], false),
					 want);
			assert_int_equal(compare_keys(c, &v[i], &v[j], true),
					 -want);
		}
		assert_true(compare_keys(c, NULL, &v[i], false) < 0);
		assert_true(compare_keys(c, NULL, &v[i], true) > 0);
	}
}

#define TAG(type) (0x12340000u | (type))
#define COUNT(v) (sizeof (v) / sizeof (v)[0])

static void test_numbers(void **state)
{
	struct collator *c = open_collator(0x0409);
	struct prop_value i16[] = {
		{ .tag = TAG(PTYP_INTEGER16), .i16 = INT16_MIN },
		{ .tag = TAG(PTYP_INTEGER16), .i16 = -1 },
		{ .tag = TAG(PTYP_INTEGER16), .i16 = 0 },
		{ .tag = TAG(PTYP_INTEGER16), .i16 = INT16_MAX } };
	struct prop_value i32[] = {
		{ .tag = TAG(PTYP_INTEGER32), .i32 = INT32_MIN },
		{ .tag = TAG(PTYP_INTEGER32), .i32 = -256 },
		{ .tag = TAG(PTYP_INTEGER32), .i32 = 255 },
		{ .tag = TAG(PTYP_INTEGER32), .i32 = 256 } };
	struct prop_value i64[] = {
		{ .tag = TAG(PTYP_INTEGER64), .i64 = INT64_MIN },
		{ .tag = TAG(PTYP_INTEGER64), .i64 = -5 },
		{ .tag = TAG(PTYP_INTEGER64), .i64 = INT64_MAX } };
	struct prop_value f64[] = {
		{ .tag = TAG(PTYP_FLOATING64), .f64 = -1e300 },
		{ .tag = TAG(PTYP_FLOATING64), .f64 = -0.5 },
		{ .tag = TAG(PTYP_FLOATING64), .f64 = 0 },
		{ .tag = TAG(PTYP_FLOATING64), .f64 = 1e-300 },
		{ .tag = TAG(PTYP_FLOATING64), .f64 = 2 } };
	struct prop_value time[] = {
		{ .tag = TAG(PTYP_TIME), .time = 0 },
		{ .tag = TAG(PTYP_TIME), .time = 1 },
		{ .tag = TAG(PTYP_TIME), .time = UINT64_MAX } };
	struct prop_value b[] = {
		{ .tag = TAG(PTYP_BOOLEAN), .b = false },
		{ .tag = TAG(PTYP_BOOLEAN), .b = true } };

	check_values(c, i16, COUNT(i16));
	check_values(c, i32, COUNT(i32));
	check_values(c, i64, COUNT(i64));
	check_values(c, f64, COUNT(f64));
	check_values(c, time, COUNT(time));
	check_values(c, b, COUNT(b));
	collator_free(c);
}

static void test_text_and_bytes(void **state)
{
	struct collator *c = open_collator(0x0409);
	static const uint8_t zeros[3] = { 0 }, ff[2] = { 0xff, 0 };
	static const char *const ab[] = { "a", "b" }, *const b[] = { "b" };
	struct prop_value text[] = {
		{ .tag = TAG(PTYP_STRING), .str = "" },
		{ .tag = TAG(PTYP_STRING8), .str = "a" },
		{ .tag = TAG(PTYP_STRING), .str = "a b" },
		{ .tag = TAG(PTYP_STRING), .str = "ab" },
		{ .tag = TAG(PTYP_STRING), .str = "B" } };
	struct prop_value bytes[] = {
		{ .tag = TAG(PTYP_BINARY), .bin = { NULL, 0 } },
		{ .tag = TAG(PTYP_BINARY), .bin = { zeros, 1 } },
		{ .tag = TAG(PTYP_BINARY), .bin = { zeros, 3 } },
		{ .tag = TAG(PTYP_BINARY), .bin = { ff, 1 } },
		{ .tag = TAG(PTYP_BINARY), .bin = { ff, 2 } } };
	struct prop_value mv[] = {
		{ .tag = TAG(PTYP_MULTIPLE_STRING), .n = 0 },
		{ .tag = TAG(PTYP_MULTIPLE_STRING), .n = 1, .mv_str = ab },
		{ .tag = TAG(PTYP_MULTIPLE_STRING), .n = 2, .mv_str = ab },
		{ .tag = TAG(PTYP_MULTIPLE_STRING), .n = 1, .mv_str = b } };

	check_values(c, text, COUNT(text));
	check_values(c, bytes, COUNT(bytes));
	check_values(c, mv, COUNT(mv));
	collator_free(c);
}

static void test_not_comparable(void **state)
{
	struct collator *c = open_collator(0x0409);
	struct prop_value i = { .tag = TAG(PTYP_INTEGER32) };
	struct prop_value t = { .tag = TAG(PTYP_TIME) };
	struct prop_value e = { .tag = TAG(PTYP_ERROR_CODE),
				.error = EC_NOT_FOUND };
	int order = 7;

	assert_false(collate_values(c, &i, &t, &order));
	assert_false(collate_values(c, &e, &e, &order));
	assert_int_equal(order, 7);
	assert_false(collate_type_ordered(PTYP_RESTRICTION));
	assert_int_equal(compare_keys(c, &e, NULL, false), 0);
	collator_free(c);
}

/* Keys of several columns one after another: the first decides. */
static void test_keys_end_by_themselves(void **state)
{
	struct collator *c = open_collator(0x0409);
	struct prop_value a = { .tag = TAG(PTYP_STRING), .str = "a" };
	struct prop_value aa = { .tag = TAG(PTYP_STRING), .str = "aa" };
	struct prop_value big = { .tag = TAG(PTYP_INTEGER32), .i32 = 99 };
	struct prop_value small = { .tag = TAG(PTYP_INTEGER32), .i32 = -99 };

	for (int descending = 0; descending < 2; descending++) {
		struct buf x = BUF_INIT, y = BUF_INIT;
		int order;

		collate_value_key(c, &a, descending != 0, &x);
		collate_value_key(c, &big, false, &x);
		collate_value_key(c, &aa, descending != 0, &y);
		collate_value_key(c, &small, false, &y);
		order = memcmp(x.data, y.data, x.len < y.len ? x.len : y.len);
		assert_true(descending ? order > 0 : order < 0);
		buf_free(&x);
		buf_free(&y);
	}
	collator_free(c);
}

static void test_version(void **state)
{
	struct collator *a = open_collator(0x0407);
	struct collator *b = open_collator(0x0407);

	assert_int_not_equal(collator_version(a), 0);
	assert_int_equal(collator_version(a), collator_version(b));
	assert_int_equal(collator_lcid(a), 0x0407);
	collator_free(a);
	collator_free(b);
	collator_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_german),
		cmocka_unit_test(test_swedish),
		cmocka_unit_test(test_turkish),
		cmocka_unit_test(test_japanese),
		cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_long_text),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_text_and_bytes),
		cmocka_unit_test(test_not_comparable),
		cmocka_unit_test(test_keys_end_by_themselves),
		cmocka_unit_test(test_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
