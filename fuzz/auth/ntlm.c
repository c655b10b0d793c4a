/* SPDX-License-Identifier: Apache-2.0 */
/* NTLM messages as bytes, alone and inside other tokens. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/ntlm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len + 1), *room;
	const uint8_t *inside;
	struct ntlm_names names, again;
	size_t n;

	memcpy(copy, data, len);
	inside = ntlm_find(copy, len);
	if (inside != NULL)
		ntlm_names(inside, len - (size_t)(inside - copy), &names);
	if (ntlm_names(copy, len, &names)) {
		/* A repair changes neither names nor length. */
		room = malloc(len);
		memcpy(room, data, len);
		n = ntlm_repair(room, len, len);
		if (n != len || !ntlm_names(room, n, &again) ||
		    strcmp(names.user, again.user) != 0 ||
		    strcmp(names.target, again.target) != 0)
			abort();
		free(room);
	}
	free(copy);
	return 0;
}
