/* SPDX-License-Identifier: Apache-2.0 */
/* Sort orders of tables ([MS-OXCDATA] 2.13). */
#ifndef MAPI_SORT_H
#define MAPI_SORT_H

#include "mapi/prop_codec.h"

enum {
	SORT_ASCENDING = 0x00,
	SORT_DESCENDING = 0x01,
	SORT_MAXIMUM_CATEGORY = 0x04,     /* by the greatest in the category */
};

/* SortOrder, 2.13.1 */
struct sort_order {
	uint32_t tag;                     /* may have PTYP_INSTANCE */
	uint8_t order;                    /* SORT_* */
};

/*
 * SortOrderSet, 2.13.2: the first category_count orders make categories, of
 * which the first expanded_count begin expanded.
 */
struct sort_order_set {
	uint16_t n, category_count, expanded_count;
	const struct sort_order *v;
};

/*
 * Decode into the arena.  Malformed: expanded_count > category_count > n.
 * What the server makes of the columns is [MS-OXCTABL]'s matter.
 */
bool sort_order_set_decode(struct wire_r *r, struct arena *a,
			   struct sort_order_set *out);
void sort_order_set_encode(struct wire_w *w, const struct sort_order_set *set);

/*
 * The same without the first count field, for RopSortTable, whose counts are
 * fields of its own: n orders of five bytes, n already read.
 */
bool sort_orders_decode(struct wire_r *r, struct arena *a, size_t n,
			const struct sort_order **out);
void sort_orders_encode(struct wire_w *w, const struct sort_order *v, size_t n);

struct buf;
void sort_order_set_print(struct buf *b, const struct sort_order_set *set);

#endif
