/* SPDX-License-Identifier: Apache-2.0 */
/* Looking for a row ([MS-OXCTABL] 3.2.5.14). */
#include "mapi/id.h"
#include "mapi/restriction.h"
#include "store/table_impl.h"

/* ---- by what names a row ---- */

/* [MS-OXCDATA] 2.2.4.2: where the GLOBCNT of a message's entry ID is. */
enum { ENTRY_ID_SIZE = 70, ENTRY_ID_GLOBCNT = 62, INSTANCE_KEY_SIZE = 16 };

static uint64_t id_in_key(const struct bin *key)
{
	struct wire_r r = wire_r(key->data, key->len);

	wire_u64(&r);                     /* the folder */
	return wire_u64(&r);
}

/*
 * Clients look for the row of a message that they know.  Whether the
 * restriction asks for that, and for which: no other row can match then, and
 * that one still has to.
 */
static bool names_row(const struct table *t, const struct restriction *r,
		      uint64_t *id)
{
	const struct prop_value *v;

	if (t->kind != TABLE_CONTENTS || t->spec.mv_tag != 0 || r == NULL ||
	    r->type != RES_PROPERTY || r->property.rel_op != REL_OP_EQ ||
	    r->property.value.tag != r->property.tag)
		return false;
	v = &r->property.value;
	switch (r->property.tag) {
	case PID_TAG_MID:
	case PID_TAG_INST_ID:             /* or of a header: no replica */
		*id = (uint64_t)v->i64;
		return id_replid(*id) != 0;
	case PID_TAG_INSTANCE_KEY:
		*id = v->bin.len == INSTANCE_KEY_SIZE ? id_in_key(&v->bin) : 0;
		return v->bin.len == INSTANCE_KEY_SIZE;
	case PID_TAG_ENTRY_ID:
		if (v->bin.len != ENTRY_ID_SIZE)
			return false;
		*id = id_make(1, globcnt_get(v->bin.data + ENTRY_ID_GLOBCNT));
		return true;
	default:
		return false;
	}
}

/* Whether the row is on the side of the place that is looked at. */
static enum ec is_ahead(struct table *t, const struct place *from,
			const struct place *row, bool backward, bool *ahead)
{
	uint64_t a = id_counter(row->id), b = id_counter(from->id);
	uint32_t at, origin;
	bool exact, before;
	enum ec ec;

	if (t->mode == MODE_KEYED) {
		before = from->where == PLACE_END ||
			(from->where == PLACE_AT && a < b) ||
			(from->where == PLACE_AFTER && a <= b);
		*ahead = before == backward;
		return EC_SUCCESS;
	}
	ec = list_position(t, row, &at, &exact);
	if (ec == EC_SUCCESS)
		ec = list_position(t, from, &origin, NULL);
	if (ec == EC_SUCCESS)
		*ahead = exact && (backward ? at < origin : at >= origin);
	return ec;
}

/* The row in this view of the table; EC_NOT_FOUND. */
static enum ec known_row(struct table *t, const struct match *m, uint64_t id,
			 struct table_row *row)
{
	enum ec ec;

	*row = (struct table_row){ .id = id };
	if (t->mode != MODE_KEYED) {
		row->entry = row_index_find(t->index, id, 0);
		if (row->entry == NULL)
			return EC_NOT_FOUND;
	}
	ec = table_load(t, row);
	if (ec == EC_SUCCESS && !match_row(m, &t->source->row))
		ec = EC_NOT_FOUND;
	return ec;
}

static enum ec find_known(struct table *t, const struct match *m, uint64_t id,
			  const struct place *from, bool backward,
			  table_row_fn fn, void *ctx, bool *has_row_data)
{
	const struct prop_value *cells;
	struct place p = { .key = BUF_INIT };
	struct table_row row;
	bool ahead = false;
	enum ec ec = known_row(t, m, id, &row);

	if (ec == EC_SUCCESS) {
		place_set(t, &p, &row, PLACE_AT);
		ec = is_ahead(t, from, &p, backward, &ahead);
	}
	if (ec == EC_SUCCESS && !ahead)
		ec = EC_NOT_FOUND;
	if (ec == EC_SUCCESS)
		ec = table_cells(t, &row, &cells);
	if (ec == EC_SUCCESS) {
		*has_row_data = fn(ctx, cells, t->n_columns);
		place_copy(&t->cursor, &p);
	}
	list_done(t);
	place_free(&p);
	return ec;
}

/* ---- by looking at each ---- */

/*
 * A restriction sees a header row as its cells are; of other rows all
 * properties.
 */
static bool row_matches(struct table *t, const struct match *m,
			const struct table_row *row)
{
	const struct prop_value *cells;
	struct match_values values;

	if (row->header == NULL)
		return match_row(m, &t->source->row);
	if (table_cells(t, row, &cells) != EC_SUCCESS)
		return false;
	values = match_values((struct prop_values){ t->n_columns, cells });
	return match_row(m, &values.row);
}

static enum ec find_from(struct table *t, const struct match *m,
			 const struct place *from, bool backward,
			 table_row_fn fn, void *ctx, bool *has_row_data)
{
	const struct prop_value *cells;
	struct table_row row;
	int64_t ordinal;
	enum ec ec = table_ordinal(t, from, &ordinal);

	if (ec == EC_SUCCESS)
		ec = list_walk(t, from, !backward);
	if (ec != EC_SUCCESS)
		return ec;
	for (;; ordinal += ordinal < 0 ? 0 : backward ? -1 : 1) {
		ec = list_next(t, &row);
		if (ec != EC_SUCCESS || row_matches(t, m, &row))
			break;
	}
	if (ec == EC_SUCCESS)
		ec = table_cells(t, &row, &cells);
	if (ec == EC_SUCCESS) {
		*has_row_data = fn(ctx, cells, t->n_columns);
		place_set(t, &t->cursor, &row, PLACE_AT);
		if (t->mode == MODE_KEYED)
			t->cursor.ordinal = backward && ordinal > 0 ?
				ordinal - 1 : ordinal;
	}
	list_done(t);
	return ec;
}

/* The place that a FindRow begins at, in p; *visible: its row is there. */
static enum ec find_place(struct table *t, unsigned origin,
			  struct bin bookmark, struct place *p, bool *visible)
{
	struct bookmark *b;
	uint32_t position;
	enum ec ec = EC_SUCCESS;

	*visible = true;
	switch (origin) {
	case BOOKMARK_BEGINNING:
		place_begin(p);
		break;
	case BOOKMARK_CURRENT:
		place_copy(p, &t->cursor);
		break;
	case BOOKMARK_END:
		place_end(p);
		break;
	case BOOKMARK_CUSTOM:
		ec = bookmark_find(t, bookmark, &b);
		if (ec != EC_SUCCESS)
			break;
		place_follow(t, &b->place);
		place_copy(p, &b->place);
		ec = list_position(t, p, &position, visible);
		break;
	default:
		ec = EC_INVALID_PARAM;
	}
	return ec;
}

static enum ec find(struct table *t, bool backward,
		    const struct restriction *r, const struct match *m,
		    unsigned origin, struct bin bookmark, table_row_fn fn,
		    void *ctx, bool *row_no_longer_visible, bool *has_row_data)
{
	struct place p = { .key = BUF_INIT };
	bool visible = true;
	uint64_t id;
	enum ec ec = find_place(t, origin, bookmark, &p, &visible);

	if (ec == EC_SUCCESS) {
		*row_no_longer_visible = !visible;
		ec = names_row(t, r, &id) ?
			find_known(t, m, id, &p, backward, fn, ctx,
				   has_row_data) :
			find_from(t, m, &p, backward, fn, ctx, has_row_data);
	}
	place_free(&p);
	return ec;
}

enum ec table_find_row(struct table *t, bool backward,
		       const struct restriction *r, unsigned origin,
		       struct bin bookmark, table_row_fn fn, void *ctx,
		       bool *row_no_longer_visible, bool *has_row_data)
{
	struct collator *c = NULL;
	struct match *m = NULL;
	enum ec ec = t->kind == TABLE_ATTACHMENTS ? EC_NOT_SUPPORTED :
		table_need_columns(t);

	if (ec == EC_SUCCESS)
		ec = table_use(t);
	if (ec != EC_SUCCESS)
		return ec;
	c = collator_new(t->spec.lcid, NULL);
	ec = c == NULL ? EC_ERROR : match_new(r, c, &m);
	if (ec == EC_SUCCESS)
		ec = find(t, backward, r, m, origin, bookmark, fn, ctx,
			  row_no_longer_visible, has_row_data);
	match_free(m);
	collator_free(c);
	return ec;
}
