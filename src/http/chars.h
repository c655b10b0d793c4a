/* SPDX-License-Identifier: Apache-2.0 */
/* The character classes of RFC 9110 5.6.2 and 5.5, RFC 3986 2. */
#ifndef HTTP_CHARS_H
#define HTTP_CHARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CHAR_TOKEN = 1,           /* tchar: methods and field names */
	CHAR_VALUE = 2,           /* HTAB, SP, VCHAR, obs-text */
	CHAR_TARGET = 4,          /* VCHAR but "#": request targets */
	CHAR_HOST = 8,            /* of a host with its port */
};

extern const uint8_t http_chars[256];

static inline bool http_char_is(char c, uint8_t class)
{
	return http_chars[(uint8_t)c] & class;
}

/* 0 … 15, or -1 */
static inline int http_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline char http_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Whether len bytes are equal without regard to ASCII case. */
bool http_equal(const char *a, const char *b, size_t len);

/*
 * Percent-decode len bytes of src to out (which may be src; room for len + 1
 * bytes), plus_is_space as in forms.  False, with out undefined, if an escape
 * is bad or stands for a control character.
 */
bool http_percent_decode(const char *src, size_t len, bool plus_is_space,
			 char *out);

/*
 * The value of a parameter in a raw query, decoded into out (room for
 * strlen(query) + 1 bytes).  False if it is not there, there twice or badly
 * encoded.  The name is compared without case, undecoded.
 */
bool http_query_find(const char *query, const char *name, char *out);

/*
 * The last value of a cookie in one Cookie field (RFC 6265 5.4), without
 * surrounding quotes; its length to *len.  NULL if it is not there.
 */
const char *http_cookie_find(const char *field, const char *name,
			     size_t *len);

#endif
