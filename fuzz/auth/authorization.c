/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An Authorization header: parsed, its token decoded, repaired and searched
 * for names, as on the way to a helper.  What is accepted is one token.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/authorization.h"
#include "auth/base64.h"
#include "auth/ntlm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void look(const char *token, size_t len)
{
	uint8_t *room = malloc(len + NTLM_MIN_NEGOTIATE);
	const uint8_t *inside;
	struct ntlm_names names;
	size_t n;

	if (base64_decode(token, len, room, len, &n)) {
		n = ntlm_repair(room, n, len + NTLM_MIN_NEGOTIATE);
		inside = ntlm_find(room, n);
		if (inside != NULL && ntlm_names(inside, n - (size_t)
						 (inside - room), &names) &&
		    memchr(names.user, '\0', sizeof names.user) == NULL)
			abort();
	}
	free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *header = malloc(len + 1);
	struct authorization a;

	memcpy(header, data, len);
	header[len] = '\0';
	if (authorization_parse(header, &a)) {
		if (a.token < header || a.len != strlen(a.token) ||
		    strpbrk(a.token, " ,\"\t\r\n") != NULL)
			abort();
		look(a.token, a.len);
	}
	free(header);
	return 0;
}
