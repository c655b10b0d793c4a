/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decompress the input into as many bytes as its first two say; and compress
 * the input, which must come back as it was.
 */
#include <stdlib.h>
#include <string.h>

#include "base/wire.h"
#include "mapi/lz77.h"

enum { SIZE_MAX_ = 65535 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void round_trip(const uint8_t *data, size_t len)
{
	/* Nothing compresses to more than this. */
	size_t cap = len + len / 8 + 64, n;
	struct arena *arena = arena_new(0);
	uint8_t *packed = xmalloc(cap), *back = xmalloc(len);

	n = lz77_compress(arena, data, len, packed, cap);
	if (n == 0 || !lz77_decompress(packed, n, back, len) ||
	    (len > 0 && memcmp(back, data, len) != 0))
		abort();
	free(packed);
	free(back);
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct wire_r r = wire_r(data, len);
	size_t size = wire_u16(&r);
	uint8_t *out;

	if (wire_ok(&r)) {
		out = xmalloc(size);
		lz77_decompress(r.p, wire_left(&r), out, size);
		free(out);
	}
	if (len <= SIZE_MAX_)
		round_trip(data, len);
	return 0;
}
