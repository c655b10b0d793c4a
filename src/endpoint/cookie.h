/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two cookies of a session context ([MS-OXCMAPIHTTP] 3.2.5.1), which are
 * opaque to clients.
 *
 * MapiContext is "MAPI" and the base64 of the process's epoch and 128 random
 * bits: after a restart an old one is known without a look-up.  MapiSequence
 * is "<n>-<base64 of 4 random bytes>", n counting the requests from 0.
 */
#ifndef ENDPOINT_COOKIE_H
#define ENDPOINT_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TOKEN_SIZE = 16, CONTEXT_COOKIE_SIZE = 4 + 32 + 1,
       SEQUENCE_COOKIE_SIZE = 10 + 1 + 8 + 1 };

struct context_cookie {
	uint64_t epoch;
	uint8_t token[TOKEN_SIZE];
};

void context_cookie_format(const struct context_cookie *cookie,
			   char text[static CONTEXT_COOKIE_SIZE]);

/* False, *out untouched, for anything that context_cookie_format does not
 * write. */
bool context_cookie_parse(const char *text, struct context_cookie *out);

void sequence_cookie_format(uint32_t n, const uint8_t random[static 4],
			    char text[static SEQUENCE_COOKIE_SIZE]);

/*
 * The MailboxId of a query: "guid@domain" or "guid", braces allowed
 * ([MS-OXCMAPIHTTP] 2.2.2, [MS-OXDSCLI]).  It is a key to look up, so only its
 * form is checked.
 */
bool mailbox_id_valid(const char *text);

/*
 * X-RequestId: a GUID, with or without braces, ":" and a decimal counter
 * ([MS-OXCMAPIHTTP] 2.2.3.3.2).
 */
bool request_id_valid(const char *text);

#endif
