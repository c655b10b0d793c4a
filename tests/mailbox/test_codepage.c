/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "mailbox/codepage.h"

struct fixture {
	struct codepages *cp;
	struct arena *a;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	f->cp = codepages_new();
	f->a = arena_new(0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	codepages_free(f->cp);
	arena_free(f->a);
	free(f);
	return 0;
}

/* The same text in each code page, both ways. */
static void test_both_ways(void **state)
{
	static const struct {
		unsigned number;
		const char *utf8, *bytes;
	} cases[] = {
		{ 1252, "Gr\u00fc\u00dfe \u20ac", "Gr\xfc\xdf" "e \x80" },
		{ 1251, "\u041f\u0440\u0438", "\xcf\xf0\xe8" },
		{ 20866, "\u041f\u0440\u0438", "\xf0\xd2\xc9" },
		{ 28605, "\u20ac", "\xa4" },
		{ 932, "\u65e5\u672c", "\x93\xfa\x96\x7b" },
		{ 936, "\u4e2d\u6587", "\xd6\xd0\xce\xc4" },
		{ 949, "\ud55c", "\xc7\xd1" },
		{ 950, "\u4e2d", "\xa4\xa4" },
		{ 874, "\u0e01", "\xa1" },
		{ 437, "\u00e9", "\x82" },
		{ 50220, "\u65e5\u672c", "\x1b$BF|K\\\x1b(B" },
		{ 65001, "\u65e5\U0001f600", "\u65e5\U0001f600" },
		{ 65000, "\u00e9", "+AOk-" },
		{ 37, "A1", "\xc1\xf1" },
		{ 1252, "", "" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned n = cases[i].number;

		assert_true(codepage_known(f->cp, n));
		assert_string_equal(cases[i].bytes,
			codepage_from_utf8(f->cp, n, cases[i].utf8, f->a));
		assert_string_equal(cases[i].utf8,
			codepage_to_utf8(f->cp, n, cases[i].bytes,
					 strlen(cases[i].bytes), f->a));
	}
}

static void test_unknown(void **state)
{
	static const unsigned unknown[] = { 0, 1200, 1201, 12000, 12001, 0xffff,
					    CODEPAGE_DEFAULT, 7 };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
		assert_false(codepage_known(f->cp, unknown[i]));
	/* Then as Windows-1252. */
	assert_string_equal("\xfc",
			    codepage_from_utf8(f->cp, 7, "\u00fc", f->a));
	assert_string_equal("\u00fc",
			    codepage_to_utf8(f->cp, 7, "\xfc", 1, f->a));
}

static void test_what_is_lacking(void **state)
{
	struct fixture *f = *state;

	assert_string_equal("a?b", codepage_from_utf8(f->cp, 1252,
						      "a\u65e5" "b", f->a));
	/* A lone surrogate, as clients may store one (base/utf.h). */
	assert_string_equal("a?b", codepage_from_utf8(f->cp, 1252,
						      "a\xed\xa0\x80" "b",
						      f->a));
	assert_string_equal("\ufffd", codepage_to_utf8(f->cp, 932, "\x81", 1,
						       f->a));
}

static void test_ascii_is_not_copied(void **state)
{
	struct fixture *f = *state;
	const char *text = "plain";

	assert_ptr_equal(text, codepage_from_utf8(f->cp, 1252, text, f->a));
}

/* More code pages than are kept open at once. */
static void test_many(void **state)
{
	struct fixture *f = *state;

	for (int round = 0; round < 3; round++)
		for (unsigned n = 1250; n <= 1258; n++)
			assert_true(codepage_known(f->cp, n));
}

static void test_values(void **state)
{
	struct fixture *f = *state;
	const char *mv[] = { "\xe9", "x" };
	struct prop_value s8 = { .tag = 0x0037001e, .str = "\xe9" };
	struct prop_value mv8 = { .tag = 0x8001101e, .n = 2, .mv_str = mv };
	struct prop_value number = { .tag = 0x00170003, .i32 = 7 };
	struct prop_value v;

	v = codepage_value_in(f->cp, 1252, &s8, f->a);
	assert_int_equal(v.tag, 0x0037001f);
	assert_string_equal(v.str, "\u00e9");
	v = codepage_value_out(f->cp, 1252, &v, f->a);
	assert_int_equal(v.tag, 0x0037001e);
	assert_string_equal(v.str, "\xe9");

	v = codepage_value_in(f->cp, 1252, &mv8, f->a);
	assert_int_equal(v.tag, 0x8001101f);
	assert_int_equal(v.n, 2);
	assert_string_equal(v.mv_str[0], "\u00e9");
	assert_string_equal(v.mv_str[1], "x");
	v = codepage_value_out(f->cp, 1252, &v, f->a);
	assert_int_equal(v.tag, 0x8001101e);
	assert_string_equal(v.mv_str[0], "\xe9");

	v = codepage_value_in(f->cp, 1252, &number, f->a);
	assert_int_equal(v.tag, number.tag);
	v = codepage_value_out(f->cp, 1252, &number, f->a);
	assert_int_equal(v.i32, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_both_ways, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_lacking, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_ascii_is_not_copied,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_values, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
