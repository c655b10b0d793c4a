/* SPDX-License-Identifier: Apache-2.0 */
/* Cookies of Exchange, decoded. */
#include "analyzer/explain_impl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/base64.h"
#include "base/wire.h"

enum { VALUE_MAX = 2048, PIECES = 8 };

/* What is between Base64 and bytes. */
static bool decode(struct arena *a, const char *text, size_t len,
		   uint8_t **out, size_t *out_len)
{
	uint8_t *bytes;

	if (len == 0 || len > VALUE_MAX)
		return false;
	bytes = arena_alloc(a, len);
	if (!base64_decode(text, len, bytes, len, out_len))
		return false;
	*out = bytes;
	return true;
}

static bool is_text(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] < 0x20 || bytes[i] > 0x7e)
			return false;
	return len > 0;
}

/*
 * "<mailbox GUID>=<Base64>", each byte XOR 0xFF, of
 * "Database~<GUID>~<domain>~<expiry>[~<forest>~<n>]" or "Server~…".
 */
static const char *back_end_cookie(struct arena *a, const char *value)
{
	const char *equals = strchr(value, '='), *at;
	const char *pieces[PIECES] = { "", "", "", "", "", "", "", "" };
	uint8_t *bytes;
	size_t len, n = 0;

	if (equals == NULL || !decode(a, equals + 1, strlen(equals + 1),
				      &bytes, &len))
		return NULL;
	for (size_t i = 0; i < len; i++)
		bytes[i] ^= 0xff;
	if (!is_text(bytes, len))
		return NULL;
	at = arena_strndup(a, (const char *)bytes, len);
	while (n < PIECES) {
		size_t piece = strcspn(at, "~");

		pieces[n++] = arena_strndup(a, at, piece);
		if (at[piece] == '\0')
			break;
		at += piece + 1;
	}
	if (n < 4)
		return NULL;
	return arena_printf(a, "the front end found the mailbox %.*s in the "
		"%s %s%s%s; the hint is good until %s", (int)(equals - value),
		value, strcasecmp(pieces[0], "Database") == 0 ?
		"mailbox database" : pieces[0], pieces[1],
		*pieces[2] != '\0' ? ", domain " : "", pieces[2], pieces[3]);
}

/*
 * "MAPI<Base64>": 4 zero bytes, a running XOR with the seed 0xA5 of
 * "HOST#<start of the process>#<number>", and a counter of 64 bits.
 */
static const char *map_context(struct arena *a, const char *value)
{
	const char *text, *start, *number;
	uint8_t *bytes, last = 0xa5;
	size_t len, n = 0;
	struct wire_r r;

	if (strncmp(value, "MAPI", 4) != 0 ||
	    !decode(a, value + 4, strlen(value + 4), &bytes, &len) ||
	    len < 13 || memcmp(bytes, "\0\0\0", 4) != 0)
		return NULL;
	r = wire_r(bytes + len - 8, 8);
	for (size_t i = 4; i < len - 8; i++) {
		uint8_t byte = bytes[i];

		bytes[n++] = byte ^ last;
		last = byte;
	}
	if (!is_text(bytes, n))
		return NULL;
	text = arena_strndup(a, (const char *)bytes, n);
	start = strchr(text, '#');
	number = start != NULL ? strchr(start + 1, '#') : NULL;
	if (number == NULL)
		return NULL;
	return arena_printf(a, "a session context on the server %.*s, whose "
		"process started at %.*s (number %s); context %" PRIu64 ". "
		"After a restart of that process the server answers "
		"X-ResponseCode 10 (Context Not Found)",
		(int)(start - text), text, (int)(number - start - 1),
		start + 1, number + 1, wire_u64(&r));
}

static const char *sequence(struct arena *a, const char *value)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (end == value || *end != '-')
		return NULL;
	return arena_printf(a, "request %lu of the session, counted from 0; "
			    "the next one must bring this cookie back", n);
}

const char *explain_cookie(struct arena *arena, const char *name,
			   const char *value)
{
	if (strcasecmp(name, "X-BackEndCookie") == 0)
		return back_end_cookie(arena, value);
	if (strcasecmp(name, "MapiContext") == 0)
		return map_context(arena, value);
	if (strcasecmp(name, "MapiSequence") == 0)
		return sequence(arena, value);
	return NULL;
}

void explain_cookies(struct arena *arena, const char *text,
		     void (*found)(void *ctx, const char *name,
				   const char *words), void *ctx)
{
	static const char *const names[] = { "X-BackEndCookie",
		"MapiContext", "MapiSequence" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *at = text;
		size_t len = strlen(names[i]);

		while ((at = strcasestr(at, names[i])) != NULL) {
			const char *value = at + len, *words;

			at = value;
			if (*value != '=')
				continue;
			value++;
			words = explain_cookie(arena, names[i],
				arena_strndup(arena, value,
					      strcspn(value, "; \t\r\n\"'")));
			if (words != NULL)
				found(ctx, names[i], words);
		}
	}
}
