/* SPDX-License-Identifier: Apache-2.0 */
/* Expanding and collapsing categories ([MS-OXCTABL] 3.2.5.17 to 3.2.5.20). */
#include <stdlib.h>
#include <string.h>

#include "base/wire.h"
#include "store/table_impl.h"

/*
 * The collapse state as bytes: a magic number, the sort order it is of, the
 * IDs of the categories that are not in their initial state, and the row that
 * was asked to be kept: header or leaf, ID, instance, key.
 */
enum { STATE_MAGIC = 0x31534350 };

static enum ec use_categories(struct table *t)
{
	if (t->kind != TABLE_CONTENTS)
		return EC_NOT_SUPPORTED;
	return t->n_columns == 0 ? EC_NULL_OBJECT : table_use(t);
}

static enum ec find_category(struct table *t, uint64_t id, struct group **g)
{
	enum ec ec = use_categories(t);

	if (ec != EC_SUCCESS)
		return ec;
	*g = t->mode == MODE_GROUPED ? group_find(t->groups, id) : NULL;
	return *g != NULL ? EC_SUCCESS : EC_NOT_FOUND;
}

/*
 * The rows that became visible, from the one behind the header on.  Only leaf
 * rows count against max_row_count, and those alone are given
 * ([MS-OXCTABL] 2.2.2.17.1); a category of categories gives its headers.
 */
static enum ec expanded_rows(struct table *t, const struct group *g,
			     uint32_t max, uint32_t visible, table_row_fn fn,
			     void *ctx, uint32_t *n)
{
	const struct prop_value *cells;
	struct place p = { .key = BUF_INIT };
	struct table_row row = { .header = g, .id = g->id };
	enum ec ec;

	place_set(t, &p, &row, PLACE_AFTER);
	ec = list_walk(t, &p, true);
	for (*n = 0; ec == EC_SUCCESS && *n < max && *n < visible; ++*n) {
		ec = list_next(t, &row);
		if (ec == EC_SUCCESS)
			ec = table_cells(t, &row, &cells);
		if (ec == EC_SUCCESS && !fn(ctx, cells, t->n_columns))
			break;
	}
	list_done(t);
	place_free(&p);
	return ec == EC_NOT_FOUND ? EC_SUCCESS : ec;
}

enum ec table_expand_row(struct table *t, uint32_t max_row_count,
			 uint64_t category_id, table_row_fn fn, void *ctx,
			 uint32_t *expanded_row_count, uint32_t *n)
{
	struct group *g;
	enum ec ec = find_category(t, category_id, &g);
	uint32_t visible, given = 0;

	if (ec != EC_SUCCESS)
		return ec;
	if (g->expanded)
		return EC_NOT_COLLAPSED;
	visible = group_set_expanded(g, true);
	if (max_row_count > 0 && group_visible(g))
		ec = expanded_rows(t, g, max_row_count, visible, fn, ctx,
				   &given);
	if (ec != EC_SUCCESS)
		return ec;
	*expanded_row_count = visible;
	*n = given;
	return EC_SUCCESS;
}

enum ec table_collapse_row(struct table *t, uint64_t category_id,
			   uint32_t *collapsed_row_count)
{
	struct group *g;
	enum ec ec = find_category(t, category_id, &g);

	if (ec != EC_SUCCESS)
		return ec;
	if (!g->expanded)
		return EC_NOT_EXPANDED;
	*collapsed_row_count = group_set_expanded(g, false);
	return EC_SUCCESS;
}

/* ---- collapse state ---- */

struct gather {
	const struct table *t;
	struct buf *ids;
};

static void gather_changed(void *ctx, struct group *g)
{
	struct gather *s = ctx;

	if (g->expanded != (g->level <= s->t->expanded_count))
		buf_add(s->ids, &g->id, sizeof g->id);
}

void categories_changed(const struct table *t, struct buf *ids)
{
	struct gather s = { t, ids };

	group_each(t->groups, gather_changed, &s);
}

static void put_u32(struct buf *b, uint32_t v)
{
	uint8_t bytes[4];
	struct wire_w w = wire_w(bytes, sizeof bytes);

	wire_put_u32(&w, v);
	buf_add(b, bytes, sizeof bytes);
}

static void put_u64(struct buf *b, uint64_t v)
{
	put_u32(b, (uint32_t)v);
	put_u32(b, (uint32_t)(v >> 32));
}

static void put_sorts(const struct table *t, struct buf *b)
{
	put_u32(b, t->spec.category_count);
	put_u32(b, t->expanded_count);
	put_u32(b, t->spec.n_sorts);
	for (uint32_t i = 0; i < t->spec.n_sorts; i++) {
		put_u32(b, t->spec.sorts[i].tag);
		put_u32(b, t->spec.sorts[i].order);
	}
}

/* The row to keep; one that is not there is kept as "the beginning". */
static void put_row(struct table *t, uint64_t id, uint32_t instance,
		    struct buf *b)
{
	const struct group *g = t->mode == MODE_GROUPED ?
		group_find(t->groups, id) : NULL;
	const struct row_entry *e = NULL;

	if (g == NULL && t->mode != MODE_KEYED)
		e = row_index_find(t->index, id, instance);
	put_u32(b, g != NULL ? g->level : 0);
	put_u64(b, id);
	put_u32(b, instance);
	if (g != NULL) {
		put_u32(b, (uint32_t)g->prefix.len);
		buf_add(b, g->prefix.data, g->prefix.len);
	} else {
		put_u32(b, e != NULL ? e->key_len : 0);
		if (e != NULL)
			buf_add(b, e->key, e->key_len);
	}
}

enum ec table_get_collapse_state(struct table *t, uint64_t row_id,
				 uint32_t row_instance_number,
				 struct arena *a, struct bin *collapse_state)
{
	struct buf b = BUF_INIT, ids = BUF_INIT;
	enum ec ec = use_categories(t);

	if (ec != EC_SUCCESS)
		return ec;
	if (t->mode == MODE_GROUPED)
		categories_changed(t, &ids);
	put_u32(&b, STATE_MAGIC);
	put_sorts(t, &b);
	put_row(t, row_id, row_instance_number, &b);
	put_u32(&b, (uint32_t)(ids.len / 8));
	buf_add(&b, ids.data, ids.len);
	collapse_state->data = arena_memdup(a, b.data, b.len);
	collapse_state->len = b.len;
	/* CollapseStateSize has 16 bits. */
	ec = b.len <= UINT16_MAX ? EC_SUCCESS : EC_TOO_BIG;
	buf_free(&b);
	buf_free(&ids);
	return ec;
}

/* What was expanded at first, *expanded, may differ: it is undone. */
static bool same_sorts(const struct table *t, struct wire_r *r,
		       uint32_t *expanded)
{
	const struct view_spec *s = &t->spec;
	bool same = wire_u32(r) == s->category_count;

	*expanded = wire_u32(r);
	same = wire_u32(r) == s->n_sorts && same;
	for (uint32_t i = 0; same && i < s->n_sorts; i++) {
		same = wire_u32(r) == s->sorts[i].tag;
		same = wire_u32(r) == s->sorts[i].order && same;
	}
	return same && wire_ok(r);
}

static bool get_place(struct wire_r *r, struct place *p)
{
	uint32_t len;
	const uint8_t *key;

	p->where = PLACE_AT;
	p->level = wire_u32(r);
	p->header = p->level > 0;
	p->id = wire_u64(r);
	p->instance = wire_u32(r);
	p->ordinal = -1;
	len = wire_u32(r);
	key = wire_bytes(r, len);
	if (!wire_ok(r))
		return false;
	buf_add(&p->key, key, len);
	return true;
}

static void initial_state(void *ctx, struct group *g)
{
	const uint32_t *expanded = ctx;

	group_set_expanded(g, g->level <= *expanded);
}

/* Every category as it was when the state was taken. */
static bool set_categories(struct table *t, struct wire_r *r,
			   uint32_t expanded)
{
	size_t n = wire_count32(r, 8);
	struct group *g;
	uint64_t id;

	if (!wire_ok(r) || wire_left(r) != 8 * n)
		return false;
	if (t->mode != MODE_GROUPED)
		return true;
	group_each(t->groups, initial_state, &expanded);
	for (size_t i = 0; i < n; i++) {
		id = wire_u64(r);
		g = group_find(t->groups, id);
		if (g != NULL)
			group_set_expanded(g, !g->expanded);
	}
	return true;
}

/* The key of a leaf is only as good as the table that it came from. */
static void find_again(struct table *t, struct place *p)
{
	const struct row_entry *e;
	struct table_row row = { .id = 0 };

	if (t->mode == MODE_KEYED || p->header)
		return;
	e = row_index_find(t->index, p->id, p->instance);
	if (e == NULL) {
		place_begin(p);
		return;
	}
	row = (struct table_row){ .entry = e, .id = e->id,
				  .instance = e->instance };
	place_set(t, p, &row, PLACE_AT);
}

enum ec table_set_collapse_state(struct table *t, struct bin collapse_state,
				 struct arena *a, struct bin *bookmark)
{
	struct wire_r r = wire_r(collapse_state.data, collapse_state.len);
	struct place p = { .key = BUF_INIT };
	uint32_t expanded;
	enum ec ec = use_categories(t);

	if (ec != EC_SUCCESS)
		return ec;
	if (wire_u32(&r) != STATE_MAGIC || !same_sorts(t, &r, &expanded) ||
	    !get_place(&r, &p) || !set_categories(t, &r, expanded))
		ec = EC_INVALID_PARAM;
	if (ec == EC_SUCCESS) {
		find_again(t, &p);
		place_copy(&t->cursor, &p);
		ec = bookmark_new(t, &p, a, bookmark);
	}
	place_free(&p);
	return ec;
}
