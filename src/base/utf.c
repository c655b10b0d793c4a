/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf.h"

static bool is_high(uint32_t c)
{
	return c >= 0xd800 && c < 0xdc00;
}

static bool is_low(uint32_t c)
{
	return c >= 0xdc00 && c < 0xe000;
}

static uint32_t unit_at(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

/* The next code point or lone surrogate; moves *p. */
static uint32_t utf16_next(const uint8_t **p, const uint8_t *end)
{
	uint32_t c = unit_at(*p), low;

	*p += 2;
	if (!is_high(c) || end - *p < 2)
		return c;
	low = unit_at(*p);
	if (!is_low(low))
		return c;
	*p += 2;
	return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

static size_t utf8_len(uint32_t c)
{
	return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

static char *utf8_put(char *out, uint32_t c)
{
	static const uint8_t lead[5] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = utf8_len(c);

	if (n == 1) {
		*out = (char)c;
		return out + 1;
	}
	for (size_t i = n - 1; i > 0; i--) {
		out[i] = (char)(uint8_t)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	out[0] = (char)(uint8_t)(lead[n] | c);
	return out + n;
}

size_t utf16_to_utf8_size(const uint8_t *utf16, size_t len)
{
	const uint8_t *end = utf16 + (len & ~(size_t)1);
	size_t n = 0;

	while (utf16 < end)
		n += utf8_len(utf16_next(&utf16, end));
	return n;
}

void utf16_to_utf8(const uint8_t *utf16, size_t len, char *out)
{
	const uint8_t *end = utf16 + (len & ~(size_t)1);

	while (utf16 < end)
		out = utf8_put(out, utf16_next(&utf16, end));
}

static bool is_tail(const char *s, size_t n)
{
	for (size_t i = 1; i <= n; i++)
		if (((uint8_t)s[i] & 0xc0) != 0x80)
			return false;
	return true;
}

/* Length of a multi-byte sequence by its first byte; 0 if it is none. */
static size_t sequence_len(uint8_t lead)
{
	if (lead >= 0xc2 && lead < 0xe0)
		return 2;
	if (lead >= 0xe0 && lead < 0xf0)
		return 3;
	if (lead >= 0xf0 && lead < 0xf5)
		return 4;
	return 0;
}

uint32_t utf8_next(const char **at, const char *end)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	const char *s = *at;
	uint8_t lead = (uint8_t)*s;
	size_t n = sequence_len(lead);
	uint32_t c;

	*at = s + 1;
	if (lead < 0x80)
		return lead;
	if (n == 0 || (size_t)(end - s) < n || !is_tail(s, n - 1))
		return 0xfffd;
	c = lead & (0x7fu >> n);
	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((uint8_t)s[i] & 0x3f);
	if (c < least[n] || c > 0x10ffff)
		return 0xfffd;
	*at = s + n;
	return c;
}

size_t utf8_to_utf16_size(const char *utf8, size_t len)
{
	const char *end = utf8 + len;
	size_t n = 0;

	while (utf8 < end)
		n += utf8_next(&utf8, end) >= 0x10000 ? 4 : 2;
	return n;
}

static uint8_t *unit_put(uint8_t *out, uint32_t unit)
{
	out[0] = (uint8_t)unit;
	out[1] = (uint8_t)(unit >> 8);
	return out + 2;
}

void utf8_to_utf16(const char *utf8, size_t len, uint8_t *out)
{
	const char *end = utf8 + len;

	while (utf8 < end) {
		uint32_t c = utf8_next(&utf8, end);

		if (c >= 0x10000) {
			out = unit_put(out, 0xd7c0 + (c >> 10));
			c = 0xdc00 + (c & 0x3ff);
		}
		out = unit_put(out, c);
	}
}

bool utf8_valid(const char *s, size_t len)
{
	const char *end = s + len;

	while (s < end) {
		const char *was = s;
		uint32_t c = utf8_next(&s, end);

		if (is_high(c) || is_low(c) || (c == 0xfffd && s - was == 1))
			return false;
	}
	return true;
}
