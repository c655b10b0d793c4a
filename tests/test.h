/* SPDX-License-Identifier: Apache-2.0 */
/* What every cmocka test includes, in the order that cmocka wants. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Bytes from hex as specifications print it; spaces are passed over. */
static inline size_t unhex(const char *text, uint8_t *out)
{
	size_t n = 0;
	unsigned b;

	for (; *text != '\0'; text++) {
		if (*text == ' ' || *text == '\n')
			continue;
		if (sscanf(text, "%2x", &b) != 1)
			fail_msg("not hex: %s", text);
		out[n++] = (uint8_t)b;
		text++;
	}
	return n;
}

#define assert_hex(got, len, text) do { \
	uint8_t want_[4096]; \
	size_t want_len_ = unhex(text, want_); \
	assert_int_equal(len, want_len_); \
	assert_memory_equal(got, want_, want_len_); \
} while (0)

#endif
