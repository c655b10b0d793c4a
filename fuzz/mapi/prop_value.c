/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tagged values, one after another.  The first byte says which context. What
 * was decoded is copied, printed and encoded; that must decode again and
 * encode to the same bytes.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "mapi/prop_codec.h"

enum { OUT_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void encode_again(struct prop_ctx *c, const struct prop_value *v)
{
	static uint8_t first[OUT_MAX], second[OUT_MAX];
	struct wire_w w = wire_w(first, sizeof first);
	struct wire_w again = wire_w(second, sizeof second);
	struct prop_value back;
	struct wire_r r;

	prop_tagged_encode(&w, c, v);
	if (w.full)
		return;
	r = wire_r(first, w.len);
	if (!prop_tagged_decode(&r, c, &back) || !wire_done(&r))
		abort();
	prop_tagged_encode(&again, c, &back);
	if (again.full || again.len != w.len ||
	    memcmp(first, second, w.len) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint32_t code_pages[] = { 0, 1252, 932, 65001 };
	struct arena *arena = arena_new(0);
	struct wire_r r = wire_r(data, len);
	unsigned how = wire_u8(&r);
	struct prop_ctx c = prop_ctx_rop(arena, code_pages[how >> 1 & 3]);
	struct buf b = BUF_INIT;
	struct prop_value v, copy;

	c.wide = (how & 1) != 0;
	while (wire_left(&r) > 0 && prop_tagged_decode(&r, &c, &v)) {
		copy = prop_value_copy(arena, &v);
		prop_value_equal(&v, &copy);
		if (prop_value_size(&v) != prop_value_size(&copy))
			abort();
		prop_value_print(&b, &copy, 32);
		buf_clear(&b);
		encode_again(&c, &copy);
	}
	if (c.depth != 0)
		abort();
	buf_free(&b);
	arena_free(arena);
	return 0;
}
