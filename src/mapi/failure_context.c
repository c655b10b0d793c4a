/* SPDX-License-Identifier: Apache-2.0 */
#include "mapi/failure_context.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIELDS = 7, TEXT_MAX = 4096 };

static const char *const names[] = {
	[FAILURE_NONE] = "",
	[FAILURE_METHOD_MISMATCH] = "MethodMismatch",
	[FAILURE_BACK_END_REFUSED] = "BackEndRefused",
	[FAILURE_BACK_END_DOWN] = "BackEndDown",
	[FAILURE_BACK_END_TIMEOUT] = "BackEndTimeout",
	[FAILURE_BACK_END_CERTIFICATE] = "BackEndCertificate",
	[FAILURE_BACK_END_BROKE_OFF] = "BackEndBrokeOff",
	[FAILURE_MAILBOX_UNKNOWN] = "MailboxUnknown",
	[FAILURE_VERSION_TOO_OLD] = "VersionTooOld",
	[FAILURE_LOOP] = "Loop",
	[FAILURE_DISABLED] = "Disabled",
	[FAILURE_UNAVAILABLE] = "Unavailable",
	[FAILURE_AUTHENTICATION] = "Authentication",
};
enum { NAMES = sizeof names / sizeof *names };

const char *failure_code_name(enum failure_code code)
{
	return (unsigned)code < NAMES ? names[code] : "";
}

enum failure_code failure_code_of(const char *name)
{
	for (unsigned i = 1; i < NAMES; i++)
		if (strcasecmp(names[i], name) == 0)
			return (enum failure_code)i;
	return FAILURE_NONE;
}

/* ---- Base64 (RFC 4648 4) ---- */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	"abcdefghijklmnopqrstuvwxyz0123456789+/";

static const char *encode(struct arena *a, const char *text)
{
	size_t len = text != NULL ? strnlen(text, TEXT_MAX) : 0;
	char *out = arena_alloc(a, 4 * ((len + 2) / 3) + 1), *at = out;

	for (size_t i = 0; i < len; i += 3) {
		size_t have = len - i < 3 ? len - i : 3;
		uint32_t bits = 0;

		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 |
				(k < have ? (uint8_t)text[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			*at++ = k > have ? '=' :
				alphabet[bits >> (18 - 6 * k) & 63];
	}
	*at = '\0';
	return out;
}

/* "" for what is no Base64; control characters become blanks. */
static const char *decode(struct arena *a, const char *text)
{
	size_t len = strnlen(text, 2 * TEXT_MAX);
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
		*at = (char)(bits >> n & 0xff);
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = ' ';
		at++;
	}
	*at = '\0';
	return out;
}

/* ---- the header ---- */

static const char *or_empty(const char *s)
{
	return s != NULL ? s : "";
}

const char *failure_context_format(struct arena *a,
				   const struct failure_context *c)
{
	return arena_printf(a, "%s;%d;%s;%s;%s;%s;", or_empty(c->point),
			    c->status, encode(a, c->reason),
			    encode(a, c->details), or_empty(c->error),
			    or_empty(c->web_error));
}

bool failure_context_parse(const char *text, struct arena *a,
			   struct failure_context *out)
{
	const char *fields[FIELDS] = { "", "", "", "", "", "", "" };
	unsigned n = 0;

	for (const char *at = text; n < FIELDS; at++) {
		const char *end = strchrnul(at, ';');

		fields[n++] = arena_strndup(a, at, (size_t)(end - at));
		at = end;
		if (*end == '\0')
			break;
	}
	if (n < 2 || fields[1][0] < '1' || fields[1][0] > '9' ||
	    strlen(fields[1]) != 3)
		return false;
	*out = (struct failure_context){
		.point = fields[0],
		.status = atoi(fields[1]),
		.reason = decode(a, fields[2]),
		.details = decode(a, fields[3]),
		.error = fields[4],
		.web_error = fields[5],
	};
	return true;
}

const char *failure_context_get(const struct failure_context *c,
				const char *key, struct arena *a)
{
	size_t len = strlen(key);
	const char *at = c->details;

	while (at != NULL && *at != '\0') {
		const char *end = strstr(at, "; ");
		size_t rest = end != NULL ? (size_t)(end - at) : strlen(at);

		if (rest > len && strncasecmp(at, key, len) == 0 &&
		    at[len] == '=')
			return arena_strndup(a, at + len + 1, rest - len - 1);
		at = end != NULL ? end + 2 : NULL;
	}
	return NULL;
}
