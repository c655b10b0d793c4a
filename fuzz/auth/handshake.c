/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between daemon and helper: what is read is written the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/handshake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct handshake_message msg;
	uint8_t *out = malloc(len + 1);

	if (handshake_decode(data, len, &msg) &&
	    (handshake_encode(&msg, out, len) != len ||
	     memcmp(out, data, len) != 0))
		abort();
	free(out);
	return 0;
}
