/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of tags and of problems ([MS-OXCDATA] 2.7 and 2.10), sort orders. */
#include "base/buf.h"
#include "mapi/prop_codec.h"
#include "mapi/sort.h"

bool prop_tags_list_decode(struct wire_r *r, struct arena *a, size_t n,
			   struct prop_tags *out)
{
	size_t count = wire_count(r, n, 4);
	uint32_t *v;

	if (!wire_ok(r))
		return false;
	v = arena_array(a, count, sizeof *v);
	for (size_t i = 0; i < count; i++)
		v[i] = wire_u32(r);
	*out = (struct prop_tags){ (uint32_t)count, v };
	return true;
}

bool prop_tags_decode(struct wire_r *r, struct arena *a, struct prop_tags *out)
{
	uint16_t n = wire_u16(r);

	return prop_tags_list_decode(r, a, n, out);
}

void prop_tags_encode(struct wire_w *w, const struct prop_tags *tags)
{
	if (tags->n > UINT16_MAX) {
		w->full = true;
		return;
	}
	wire_put_u16(w, (uint16_t)tags->n);
	for (uint32_t i = 0; i < tags->n; i++)
		wire_put_u32(w, tags->v[i]);
}

enum { PROBLEM_SIZE = 10 };

bool prop_problems_decode(struct wire_r *r, struct arena *a,
			  struct prop_problems *out)
{
	size_t n = wire_count16(r, PROBLEM_SIZE);
	struct prop_problem *v;

	if (!wire_ok(r))
		return false;
	v = arena_array(a, n, sizeof *v);
	for (size_t i = 0; i < n; i++) {
		v[i].index = wire_u16(r);
		v[i].tag = wire_u32(r);
		v[i].error = (enum ec)wire_u32(r);
	}
	*out = (struct prop_problems){ (uint32_t)n, v };
	return true;
}

void prop_problems_encode(struct wire_w *w,
			  const struct prop_problems *problems)
{
	if (problems->n > UINT16_MAX) {
		w->full = true;
		return;
	}
	wire_put_u16(w, (uint16_t)problems->n);
	for (uint32_t i = 0; i < problems->n; i++) {
		wire_put_u16(w, problems->v[i].index);
		wire_put_u32(w, problems->v[i].tag);
		wire_put_u32(w, (uint32_t)problems->v[i].error);
	}
}

/* [MS-OXCDATA] 2.13.1 */
enum { SORT_ORDER_SIZE = 5 };

bool sort_orders_decode(struct wire_r *r, struct arena *a, size_t n,
			const struct sort_order **out)
{
	size_t count = wire_count(r, n, SORT_ORDER_SIZE);
	struct sort_order *v;

	if (!wire_ok(r))
		return false;
	v = arena_array(a, count, sizeof *v);
	for (size_t i = 0; i < count; i++) {
		v[i].tag = wire_u32(r);
		v[i].order = wire_u8(r);
	}
	*out = v;
	return true;
}

void sort_orders_encode(struct wire_w *w, const struct sort_order *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		wire_put_u32(w, v[i].tag);
		wire_put_u8(w, v[i].order);
	}
}

/* [MS-OXCDATA] 2.13.2 */
bool sort_order_set_decode(struct wire_r *r, struct arena *a,
			   struct sort_order_set *out)
{
	struct sort_order_set set;

	set.n = wire_u16(r);
	set.category_count = wire_u16(r);
	set.expanded_count = wire_u16(r);
	if (set.category_count > set.n ||
	    set.expanded_count > set.category_count)
		r->bad = true;
	if (!sort_orders_decode(r, a, set.n, &set.v))
		return false;
	*out = set;
	return true;
}

void sort_order_set_encode(struct wire_w *w, const struct sort_order_set *set)
{
	wire_put_u16(w, set->n);
	wire_put_u16(w, set->category_count);
	wire_put_u16(w, set->expanded_count);
	sort_orders_encode(w, set->v, set->n);
}

void sort_order_set_print(struct buf *b, const struct sort_order_set *set)
{
	for (unsigned i = 0; i < set->n; i++) {
		uint8_t order = set->v[i].order;

		buf_puts(b, i > 0 ? ", " : "");
		if (i < set->category_count)
			buf_puts(b, i < set->expanded_count ?
				 "expanded category " : "category ");
		prop_tag_print(b, set->v[i].tag);
		buf_puts(b, (order & SORT_DESCENDING) != 0 ? " descending" :
			 " ascending");
		if ((order & SORT_MAXIMUM_CATEGORY) != 0)
			buf_puts(b, " by its greatest");
	}
}
