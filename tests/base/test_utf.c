/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/utf.h"

static const struct {
	const char *utf16, *utf8;
} pairs[] = {
	{ "", "" },
	{ "4100 7a00", "41 7a" },
	{ "e900 ac20", "c3a9 e282ac" },
	{ "3dd8 00de", "f09f9880" },            /* a surrogate pair */
	{ "3dd8 4100", "eda0bd 41" },           /* a lone high surrogate */
	{ "00de", "edb880" },                   /* a lone low surrogate */
	{ "ffff", "efbfbf" },
};

static void both_ways(void **state)
{
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		uint8_t u16[16], u8[16], out[16];
		size_t n16 = unhex(pairs[i].utf16, u16);
		size_t n8 = unhex(pairs[i].utf8, u8);

		assert_int_equal(utf16_to_utf8_size(u16, n16), n8);
		utf16_to_utf8(u16, n16, (char *)out);
		assert_memory_equal(out, u8, n8);
		assert_int_equal(utf8_to_utf16_size((char *)u8, n8), n16);
		utf8_to_utf16((char *)u8, n8, out);
		assert_memory_equal(out, u16, n16);
	}
}

static void bad_bytes_become_the_replacement(void **state)
{
	static const char *const bad[] = { "ff", "c0", "c3", "e282", "80" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		uint8_t u8[8], out[16];
		size_t n = unhex(bad[i], u8);

		assert_int_equal(utf8_to_utf16_size((char *)u8, n), 2 * n);
		utf8_to_utf16((char *)u8, n, out);
		assert_hex(out, 2, "fdff");
		assert_false(utf8_valid((char *)u8, n));
	}
}

static void an_overlong_form_is_not_valid(void **state)
{
	assert_false(utf8_valid("\xc0\x80", 2));
	assert_false(utf8_valid("\xe0\x80\x80", 3));
	assert_false(utf8_valid("\xed\xa0\xbd", 3));
	assert_true(utf8_valid("\xef\xbf\xbd", 3));
	assert_true(utf8_valid("gr\xc3\xbc\xc3\x9f", 6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(bad_bytes_become_the_replacement),
		cmocka_unit_test(an_overlong_form_is_not_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
