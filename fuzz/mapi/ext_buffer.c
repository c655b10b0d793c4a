/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chain of extended buffers, and the payloads of ROPs in it.  What was
 * unpacked is packed again, which must unpack to the same.
 */
#include <stdlib.h>

#include "mapi/ext_buffer.h"
#include "mapi/rop_payload.h"

enum { OUT_MAX = 1 << 17, CHAIN_MAX = 96 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void pack_again(const struct ext_payload *p, struct arena *arena)
{
	static uint8_t out[OUT_MAX];
	struct wire_w w = wire_w(out, sizeof out);
	struct ext_payload back;
	struct wire_r r;

	ext_buffer_put(&w, p->data.data, p->data.len, p->flags, arena);
	if (w.full)
		abort();
	r = wire_r(out, w.len);
	if (!ext_buffer_next(&r, arena, UINT16_MAX, &back) ||
	    !wire_done(&r) || back.data.len != p->data.len ||
	    (back.data.len > 0 &&
	     memcmp(back.data.data, p->data.data, back.data.len) != 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new(0);
	struct bin buffer = { data, len };
	struct rop_payload payload;
	struct ext_payloads got;

	if (ext_buffer_decode(&buffer, arena, CHAIN_MAX, &got))
		for (uint32_t i = 0; i < got.n; i++) {
			pack_again(&got.v[i], arena);
			rop_payload_decode(&got.v[i].data, arena, &payload,
					   NULL);
		}
	arena_free(arena);
	return 0;
}
