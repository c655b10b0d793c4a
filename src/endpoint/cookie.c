/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/cookie.h"

#include <stdio.h>
#include <string.h>

#include "base/guid.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	"abcdefghijklmnopqrstuvwxyz0123456789+/";

/* --- Base64 (RFC 4648 4) ---------------------------------------------- */

static char *encode3(const uint8_t in[3], char *out)
{
	*out++ = alphabet[in[0] >> 2];
	*out++ = alphabet[(in[0] & 3) << 4 | in[1] >> 4];
	*out++ = alphabet[(in[1] & 15) << 2 | in[2] >> 6];
	*out++ = alphabet[in[2] & 63];
	return out;
}

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four digits at a time, without padding. */
static bool decode(const char *text, size_t len, uint8_t *out)
{
	for (size_t i = 0; i < len; i += 4) {
		uint32_t v = 0;

		for (size_t k = 0; k < 4; k++) {
			int d = digit(text[i + k]);

			if (d < 0)
				return false;
			v = v << 6 | (uint32_t)d;
		}
		*out++ = (uint8_t)(v >> 16);
		*out++ = (uint8_t)(v >> 8);
		*out++ = (uint8_t)v;
	}
	return true;
}

/* --- Cookies ---------------------------------------------------------- */

void context_cookie_format(const struct context_cookie *cookie,
			   char text[static CONTEXT_COOKIE_SIZE])
{
	uint8_t bytes[8 + TOKEN_SIZE];
	char *at = text + 4;

	memcpy(text, "MAPI", 4);
	for (size_t i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(cookie->epoch >> (8 * i));
	memcpy(bytes + 8, cookie->token, TOKEN_SIZE);
	for (size_t i = 0; i < sizeof bytes; i += 3)
		at = encode3(bytes + i, at);
	*at = '\0';
}

bool context_cookie_parse(const char *text, struct context_cookie *out)
{
	uint8_t bytes[8 + TOKEN_SIZE];
	uint64_t epoch = 0;

	if (strlen(text) != CONTEXT_COOKIE_SIZE - 1 ||
	    memcmp(text, "MAPI", 4) != 0 ||
	    !decode(text + 4, CONTEXT_COOKIE_SIZE - 5, bytes))
		return false;
	for (size_t i = 8; i-- > 0;)
		epoch = epoch << 8 | bytes[i];
	out->epoch = epoch;
	memcpy(out->token, bytes + 8, TOKEN_SIZE);
	return true;
}

void sequence_cookie_format(uint32_t n, const uint8_t random[static 4],
			    char text[static SEQUENCE_COOKIE_SIZE])
{
	const uint8_t last[3] = { random[3], 0, 0 };
	char digits[10];
	size_t len = 0;

	do
		digits[len++] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	while (len > 0)
		*text++ = digits[--len];
	*text++ = '-';
	text = encode3(random, text);
	encode3(last, text);
	memcpy(text + 2, "==", 3);
}

/* --- What queries and headers carry ----------------------------------- */

/* A GUID at the start of text, braces allowed; where it ends, or NULL. */
static const char *pass_guid(const char *text)
{
	bool braced = *text == '{';
	size_t len = GUID_TEXT_SIZE - 1 + (braced ? 2 : 0);
	char copy[GUID_TEXT_SIZE + 2];
	struct guid g;

	if (strlen(text) < len)
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return guid_parse(copy, &g) ? text + len : NULL;
}

bool mailbox_id_valid(const char *text)
{
	const char *end = pass_guid(text);
	size_t domain;

	if (end == NULL)
		return false;
	if (*end == '\0')
		return true;
	domain = strspn(end + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			"abcdefghijklmnopqrstuvwxyz0123456789.-_");
	return *end == '@' && domain > 0 && domain < 256 &&
		end[1 + domain] == '\0';
}

bool request_id_valid(const char *text)
{
	const char *end = pass_guid(text);
	size_t digits;

	if (end == NULL || *end != ':')
		return false;
	digits = strspn(end + 1, "0123456789");
	return digits > 0 && digits <= 20 && end[1 + digits] == '\0';
}
