/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The payload of an auxiliary buffer.  The blocks are printed and encoded;
 * that must decode to as many blocks, and encode to the same bytes.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "mapi/aux.h"

enum { OUT_MAX = 1 << 21 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static size_t encode(const struct aux_blocks *blocks, uint8_t *out)
{
	struct wire_w w = wire_w(out, OUT_MAX);

	for (uint32_t i = 0; i < blocks->n; i++)
		aux_block_encode(&w, &blocks->v[i]);
	return w.full ? 0 : w.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t first[OUT_MAX], second[OUT_MAX];
	struct arena *arena = arena_new(0);
	struct bin payload = { data, len };
	struct aux_blocks blocks, back;
	struct buf b = BUF_INIT;

	if (aux_blocks_decode(&payload, arena, &blocks)) {
		for (uint32_t i = 0; i < blocks.n; i++)
			aux_block_print(&b, &blocks.v[i]);
		payload = (struct bin){ first, encode(&blocks, first) };
		if (payload.len > 0 &&
		    (!aux_blocks_decode(&payload, arena, &back) ||
		     back.n != blocks.n ||
		     encode(&back, second) != payload.len ||
		     memcmp(first, second, payload.len) != 0))
			abort();
	}
	buf_free(&b);
	arena_free(arena);
	return 0;
}
