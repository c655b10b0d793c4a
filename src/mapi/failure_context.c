/* SPDX-License-Identifier: Apache-2.0 */
#include "mapi/failure_context.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIELDS = 7, TEXT_MAX = 8192 };

static const char *const names[FAILURE_CODES] = {
	[FAILURE_NONE] = "",
	[FAILURE_NO_MAILBOX] = "NoMailbox",
	[FAILURE_NO_ROUTE] = "NoRoute",
	[FAILURE_NO_VDIR] = "NoVdir",
	[FAILURE_LOOP] = "Loop",
	[FAILURE_DOWN] = "Down",
	[FAILURE_RESOLVE] = "Resolve",
	[FAILURE_CONNECT] = "Connect",
	[FAILURE_TLS] = "Tls",
	[FAILURE_CERTIFICATE] = "Certificate",
	[FAILURE_TIMEOUT] = "Timeout",
	[FAILURE_MALFORMED] = "Malformed",
	[FAILURE_BROKEN] = "Broken",
	[FAILURE_HOP_METHOD] = "HopMethod",
	[FAILURE_HOP_REFUSED] = "HopRefused",
	[FAILURE_HOP_ACCOUNT] = "HopAccount",
	[FAILURE_NEEDS_MAILBOX_ID] = "NeedsMailboxId",
	[FAILURE_UNAVAILABLE] = "Unavailable",
};

const char *failure_code_name(enum failure_code code)
{
	return code < FAILURE_CODES ? names[code] : "";
}

enum failure_code failure_code_of(const char *name)
{
	for (unsigned i = FAILURE_NONE + 1; i < FAILURE_CODES; i++)
		if (strcasecmp(names[i], name) == 0)
			return (enum failure_code)i;
	return FAILURE_NONE;
}

static char printable(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f ? ' ' : c;
}

/* Base64 (RFC 4648 4); "" for what is none. */
static const char *decode(struct arena *a, const char *text)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strnlen(text, TEXT_MAX);
	char *out = arena_alloc(a, len + 1), *at = out;
	uint32_t bits = 0;
	unsigned n = 0;

	for (; len > 0 && *text != '=' && *text != '\0'; text++, len--) {
		const char *digit = strchr(alphabet, *text);

		if (digit == NULL)
			return "";
		bits = bits << 6 | (uint32_t)(digit - alphabet);
		n += 6;
		if (n < 8)
			continue;
		n -= 8;
		*at++ = printable((char)(bits >> n & 0xff));
	}
	*at = '\0';
	return out;
}

/* Up to the next ';', which is passed. */
static char *take_field(struct arena *a, const char **at)
{
	const char *end = strchrnul(*at, ';');
	char *field = arena_strndup(a, *at, (size_t)(end - *at));

	for (char *c = field; *c != '\0'; c++)
		*c = printable(*c);
	*at = *end == ';' ? end + 1 : end;
	return field;
}

static bool is_status(const char *text)
{
	return strlen(text) == 3 && text[0] >= '1' && text[0] <= '9' &&
		strspn(text, "0123456789") == 3;
}

bool failure_context_parse(const char *text, struct arena *a,
			   struct failure_context *out)
{
	const char *at = arena_strndup(a, text, strnlen(text, TEXT_MAX));
	struct failure_context c = { .point = take_field(a, &at),
		.reason = "", .back_end = "", .details = "", .error = "",
		.web_error = "" };
	const char *status = take_field(a, &at), *third;

	if (!is_status(status))
		return false;
	c.status = atoi(status);
	third = take_field(a, &at);
	c.code = failure_code_of(third);
	if (c.code != FAILURE_NONE) {
		c.back_end = take_field(a, &at);
		c.details = at;
	} else {
		c.reason = decode(a, third);
		c.details = decode(a, take_field(a, &at));
		c.error = take_field(a, &at);
		c.web_error = take_field(a, &at);
	}
	*out = c;
	return true;
}

const char *failure_context_get(const struct failure_context *c,
				const char *key, struct arena *a)
{
	size_t len = strlen(key);
	const char *at = c->details;

	while (*at != '\0') {
		const char *pair = take_field(a, &at);

		pair += strspn(pair, " ");
		if (strncasecmp(pair, key, len) == 0 && pair[len] == '=')
			return pair + len + 1;
	}
	return NULL;
}
