/* SPDX-License-Identifier: Apache-2.0 */
#include "http/chars.h"

#include <string.h>

enum {
	T = CHAR_TOKEN, V = CHAR_VALUE, U = CHAR_TARGET, H = CHAR_HOST,
	VU = V | U, TVU = T | V | U, VUH = V | U | H, ALL = T | V | U | H,
};

const uint8_t http_chars[256] = {
	['\t'] = V, [' '] = V,
	['!'] = ALL, ['"'] = VU, ['#'] = T | V, ['$'] = ALL, ['%'] = ALL,
	['&'] = ALL, ['\''] = ALL, ['('] = VUH, [')'] = VUH, ['*'] = ALL,
	['+'] = ALL, [','] = VUH, ['-'] = ALL, ['.'] = ALL, ['/'] = VU,
	['0' ... '9'] = ALL, [':'] = VUH, [';'] = VUH, ['<'] = VU,
	['='] = VUH, ['>'] = VU, ['?'] = VU, ['@'] = VU, ['A' ... 'Z'] = ALL,
	['['] = VUH, ['\\'] = VU, [']'] = VUH, ['^'] = TVU, ['_'] = ALL,
	['`'] = TVU, ['a' ... 'z'] = ALL, ['{'] = VU, ['|'] = TVU,
	['}'] = VU, ['~'] = ALL, [0x80 ... 0xff] = V,
};

bool http_equal(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (http_lower(a[i]) != http_lower(b[i]))
			return false;
	return true;
}

bool http_percent_decode(const char *src, size_t len, bool plus_is_space,
			 char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = src[i];

		if (c == '%') {
			bool whole = len - i > 2;
			int high = whole ? http_hex_digit(src[i + 1]) : -1;
			int low = whole ? http_hex_digit(src[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
			if ((uint8_t)c < ' ' || c == 0x7f)
				return false;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		out[n++] = c;
	}
	out[n] = '\0';
	return true;
}

bool http_query_find(const char *query, const char *name, char *out)
{
	size_t name_len = strlen(name), value_len = 0;
	const char *value = NULL, *end;

	for (;; query = end + 1) {
		size_t len;

		end = query + strcspn(query, "&");
		len = (size_t)(end - query);
		if (len >= name_len && http_equal(query, name, name_len) &&
		    (len == name_len || query[name_len] == '=')) {
			if (value != NULL)
				return false;
			value = query + name_len + (len > name_len);
			value_len = (size_t)(end - value);
		}
		if (*end == '\0')
			break;
	}
	return value != NULL &&
		http_percent_decode(value, value_len, true, out);
}

const char *http_cookie_find(const char *field, const char *name,
			     size_t *len)
{
	size_t name_len = strlen(name);
	const char *found = NULL;

	while (*field != '\0') {
		const char *end;

		field += strspn(field, " \t;");
		end = field + strcspn(field, ";");
		if ((size_t)(end - field) > name_len &&
		    memcmp(field, name, name_len) == 0 &&
		    field[name_len] == '=') {
			const char *value = field + name_len + 1, *last = end;

			while (last > value &&
			       (last[-1] == ' ' || last[-1] == '\t'))
				last--;
			if (last - value >= 2 && *value == '"' &&
			    last[-1] == '"') {
				value++;
				last--;
			}
			found = value;
			*len = (size_t)(last - value);
		}
		field = end;
	}
	return found;
}
