/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PropertyTagArray, then a row for it; what follows is read as a
 * RecipientRow for the same columns.  Both are encoded again.
 */
#include <stdlib.h>

#include "mapi/recipient_row.h"

enum { OUT_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t first[OUT_MAX], second[OUT_MAX];

static void row_again(struct prop_ctx *c, const struct prop_tags *columns,
		      const struct prop_value *v)
{
	struct wire_w w = wire_w(first, sizeof first);
	struct wire_w again = wire_w(second, sizeof second);
	struct prop_values back;
	struct wire_r r;

	prop_row_encode(&w, c, columns, v);
	if (w.full)
		return;
	r = wire_r(first, w.len);
	if (!prop_row_decode(&r, c, columns, &back) || !wire_done(&r))
		abort();
	prop_row_encode(&again, c, columns, back.v);
	if (again.len != w.len || memcmp(first, second, w.len) != 0)
		abort();
}

static void recipient_again(struct prop_ctx *c,
			    const struct prop_tags *columns,
			    const struct recipient_row *row)
{
	struct wire_w w = wire_w(first, sizeof first);
	struct wire_w again = wire_w(second, sizeof second);
	struct recipient_row back;
	struct bin data;

	recipient_row_encode(&w, c, columns, row);
	if (w.full)
		return;
	data = (struct bin){ first, w.len };
	if (!recipient_row_decode(&data, c, columns, &back))
		abort();
	recipient_row_encode(&again, c, columns, &back);
	if (again.len != w.len || memcmp(first, second, w.len) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new(0);
	struct wire_r r = wire_r(data, len);
	struct prop_ctx c = prop_ctx_rop(arena, 0);
	struct recipient_row row;
	struct prop_tags columns;
	struct prop_values v;
	struct bin rest;

	c.code_page = wire_u8(&r) % 2 == 0 ? 0 : 1252;
	if (prop_tags_decode(&r, arena, &columns) && columns.n > 0 &&
	    prop_row_decode(&r, &c, &columns, &v)) {
		row_again(&c, &columns, v.v);
		rest = (struct bin){ r.p, wire_left(&r) };
		if (recipient_row_decode(&rest, &c, &columns, &row))
			recipient_again(&c, &columns, &row);
	}
	arena_free(arena);
	return 0;
}
