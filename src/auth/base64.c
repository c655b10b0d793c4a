/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	"abcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const uint8_t *data, size_t len, char *out)
{
	uint32_t bits = 0;
	unsigned n = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | data[i];
		for (n += 8; n >= 6; n -= 6)
			*out++ = alphabet[bits >> (n - 6) & 63];
	}
	if (n > 0)
		*out++ = alphabet[bits << (6 - n) & 63];
	*out = '\0';
}

static int value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_decode(const char *text, size_t len, uint8_t *out, size_t size,
		   size_t *out_len)
{
	size_t padded = len, n = 0;
	uint32_t bits = 0;
	unsigned have = 0;

	while (len > 0 && text[len - 1] == '=' && padded - len < 2)
		len--;
	if (len % 4 == 1 || (padded != len && padded % 4 != 0))
		return false;
	for (size_t i = 0; i < len; i++) {
		int v = value(text[i]);

		if (v < 0)
			return false;
		bits = bits << 6 | (uint32_t)v;
		have += 6;
		if (have < 8)
			continue;
		if (n == size)
			return false;
		have -= 8;
		out[n++] = (uint8_t)(bits >> have);
	}
	if ((bits & ((1U << have) - 1)) != 0)
		return false;
	*out_len = n;
	return true;
}
