/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A restriction; the first byte says which context.  It is copied, compared,
 * printed and encoded; that must decode again to the same bytes.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "mapi/restriction.h"

enum { OUT_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void encode_again(struct prop_ctx *c, const struct restriction *res)
{
	static uint8_t first[OUT_MAX], second[OUT_MAX];
	struct wire_w w = wire_w(first, sizeof first);
	struct wire_w again = wire_w(second, sizeof second);
	struct restriction back;
	struct wire_r r;

	restriction_encode(&w, c, res);
	if (w.full)
		return;
	r = wire_r(first, w.len);
	if (!restriction_decode(&r, c, &back) || !wire_done(&r))
		abort();
	restriction_encode(&again, c, &back);
	if (again.len != w.len || memcmp(first, second, w.len) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new(0);
	struct wire_r r = wire_r(data, len);
	unsigned how = wire_u8(&r);
	struct prop_ctx c = prop_ctx_rop(arena, (how & 2) != 0 ? 1252 : 0);
	const struct restriction *copy;
	struct buf b = BUF_INIT;
	struct restriction res;

	c.wide = (how & 1) != 0;
	if (restriction_decode(&r, &c, &res)) {
		copy = restriction_copy(arena, &res);
		if (!restriction_equal(&res, copy))
			abort();
		restriction_print(&b, copy);
		encode_again(&c, copy);
	}
	if (c.depth != 0)
		abort();
	buf_free(&b);
	arena_free(arena);
	return 0;
}
