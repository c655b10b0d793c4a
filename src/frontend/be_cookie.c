/* SPDX-License-Identifier: Apache-2.0 */
#include "frontend/be_cookie.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "auth/base64.h"

enum { TEXT_MAX = 512 };

static void invert(uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		data[i] ^= 0xff;
}

char *be_cookie_format(struct arena *arena, const struct be_cookie *cookie)
{
	char mailbox[GUID_TEXT_SIZE], database[GUID_TEXT_SIZE], when[32];
	time_t expiry = (time_t)cookie->expiry;
	size_t len, prefix, pad;
	struct tm tm;
	char *text, *out;

	guid_format(&cookie->mailbox, mailbox);
	guid_format(&cookie->database, database);
	gmtime_r(&expiry, &tm);
	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
	text = arena_printf(arena, "Database~%s~%s~%s", database,
			    cookie->domain, when);
	len = strlen(text);
	invert((uint8_t *)text, len);
	prefix = strlen(mailbox) + 1;
	pad = (3 - len % 3) % 3;
	out = arena_alloc(arena, prefix + base64_size(len) + pad + 1);
	memcpy(out, mailbox, prefix - 1);
	out[prefix - 1] = '=';
	base64_encode((const uint8_t *)text, len, out + prefix);
	memset(out + prefix + base64_size(len), '=', pad);
	out[prefix + base64_size(len) + pad] = '\0';
	return out;
}

/* The next part of "a~b~c", in place; "" when there is none left. */
static char *part(char **at)
{
	char *begin = *at, *tilde = strchr(begin, '~');

	if (tilde != NULL) {
		*tilde = '\0';
		*at = tilde + 1;
	} else {
		*at = begin + strlen(begin);
	}
	return begin;
}

static bool parse_time(const char *text, int64_t *out)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	/* Fractions of a second and "Z" may follow. */
	if (end == NULL || end[strspn(end, ".0123456789Z")] != '\0')
		return false;
	*out = (int64_t)timegm(&tm);
	return true;
}

static bool parse_text(struct arena *arena, char *text, struct be_cookie *out)
{
	char *at = text, *domain;

	if (strcmp(part(&at), "Database") != 0 ||
	    !guid_parse(part(&at), &out->database))
		return false;
	domain = part(&at);
	if (!parse_time(part(&at), &out->expiry))
		return false;
	out->domain = arena_strdup(arena, domain);
	return true;
}

bool be_cookie_parse(struct arena *arena, const char *text,
		     struct be_cookie *out)
{
	const char *equals = strchr(text, '=');
	struct be_cookie cookie = { 0 };
	uint8_t data[TEXT_MAX + 1];
	char mailbox[GUID_TEXT_SIZE];
	size_t len;

	if (equals == NULL || (size_t)(equals - text) >= sizeof mailbox)
		return false;
	memcpy(mailbox, text, (size_t)(equals - text));
	mailbox[equals - text] = '\0';
	if (!guid_parse(mailbox, &cookie.mailbox))
		return false;
	len = strlen(++equals);
	while (len > 0 && equals[len - 1] == '=')
		len--;
	if (!base64_decode(equals, len, data, TEXT_MAX, &len))
		return false;
	invert(data, len);
	data[len] = '\0';
	if (strlen((char *)data) != len ||
	    !parse_text(arena, (char *)data, &cookie))
		return false;
	*out = cookie;
	return true;
}
