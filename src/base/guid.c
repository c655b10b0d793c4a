/* SPDX-License-Identifier: Apache-2.0 */
#include "base/guid.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Where each byte of the text form stands on the wire. */
static const uint8_t text_order[16] = {
	3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15
};

struct guid guid_new(void)
{
	struct guid g;

	if (getrandom(g.b, sizeof g.b, 0) != (ssize_t)sizeof g.b)
		abort();        /* cannot happen for 16 bytes once booted */
	g.b[7] = (uint8_t)((g.b[7] & 0x0f) | 0x40);
	g.b[8] = (uint8_t)((g.b[8] & 0x3f) | 0x80);
	return g;
}

bool guid_equal(const struct guid *a, const struct guid *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

bool guid_is_null(const struct guid *g)
{
	static const struct guid null;

	return guid_equal(g, &null);
}

int guid_compare(const struct guid *a, const struct guid *b)
{
	return memcmp(a->b, b->b, sizeof a->b);
}

void guid_format(const struct guid *g, char text[static GUID_TEXT_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	char *at = text;

	for (size_t i = 0; i < sizeof g->b; i++) {
		uint8_t byte = g->b[text_order[i]];

		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		*at++ = hex[byte >> 4];
		*at++ = hex[byte & 15];
	}
	*at = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool guid_parse(const char *text, struct guid *out)
{
	bool braced = *text == '{';
	struct guid g;

	text += braced;
	for (size_t i = 0; i < sizeof g.b; i++) {
		int high, low;

		if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
			return false;
		high = hex_digit(*text);
		low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0)
			return false;
		g.b[text_order[i]] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	if (strcmp(text, braced ? "}" : "") != 0)
		return false;
	*out = g;
	return true;
}
