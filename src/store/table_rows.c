/* SPDX-License-Identifier: Apache-2.0 */
/* Reading rows and moving about ([MS-OXCTABL] 3.2.5.5, 3.2.5.8 to .11). */
#include <stdlib.h>
#include <string.h>

#include "mapi/restriction.h"
#include "store/table_impl.h"

enum ec table_need_columns(const struct table *t)
{
	return t->n_columns > 0 ? EC_SUCCESS : EC_NULL_OBJECT;
}

/* ---- query rows ---- */

/* What a run over rows does to the cursor. */
struct run {
	struct table_row last;
	uint32_t n;
	bool refused, ended;      /* fn had no room; no more rows */
	int64_t ordinal;          /* where the walk began; keyed */
};

static enum ec run_rows(struct table *t, uint32_t max, table_row_fn fn,
			void *ctx, struct run *run)
{
	const struct prop_value *cells;
	struct table_row row;
	enum ec ec = EC_SUCCESS;

	while (run->n < max) {
		ec = list_next(t, &row);
		if (ec == EC_SUCCESS)
			ec = table_cells(t, &row, &cells);
		if (ec != EC_SUCCESS)
			break;
		if (!fn(ctx, cells, t->n_columns)) {
			run->refused = true;
			return EC_SUCCESS;
		}
		run->last = row;
		run->n++;
	}
	if (ec == EC_SUCCESS && max > 0)
		ec = list_next(t, &row);
	if (ec == EC_NOT_FOUND) {
		run->ended = true;
		ec = EC_SUCCESS;
	}
	return ec;
}

static void advance(struct table *t, const struct run *run, bool forward)
{
	if (run->n == 0)
		return;
	place_set(t, &t->cursor, &run->last, forward ? PLACE_AFTER : PLACE_AT);
	if (t->mode == MODE_KEYED && run->ordinal >= 0)
		t->cursor.ordinal = run->ordinal +
			(forward ? (int64_t)run->n : -(int64_t)run->n);
}

enum ec table_ordinal(struct table *t, const struct place *p,
		      int64_t *ordinal)
{
	bool on_row = p->where == PLACE_AT || p->where == PLACE_AFTER;
	uint32_t position = 0;
	enum ec ec = EC_SUCCESS;

	if (t->mode == MODE_KEYED && on_row) {
		*ordinal = p->ordinal;
		return EC_SUCCESS;
	}
	if (t->mode == MODE_KEYED)
		ec = list_position(t, p, &position, NULL);
	*ordinal = position;
	return ec;
}

enum ec table_query_rows(struct table *t, unsigned flags, bool forward,
			 uint32_t max, table_row_fn fn, void *ctx,
			 uint32_t *n, uint8_t *origin)
{
	struct run run = { .n = 0 };
	enum ec ec = table_need_columns(t);

	if (ec == EC_SUCCESS)
		ec = table_use(t);
	if (ec == EC_SUCCESS)
		ec = table_ordinal(t, &t->cursor, &run.ordinal);
	if (ec == EC_SUCCESS)
		ec = list_walk(t, &t->cursor, forward);
	if (ec != EC_SUCCESS)
		return ec;
	ec = run_rows(t, max, fn, ctx, &run);
	list_done(t);
	if (ec != EC_SUCCESS)
		return ec;
	if (run.refused && run.n == 0)
		return EC_BUFFER_TOO_SMALL;
	if (!(flags & QUERY_ROWS_NO_ADVANCE))
		advance(t, &run, forward);
	*n = run.n;
	*origin = !run.ended ? BOOKMARK_CURRENT :
		forward ? BOOKMARK_END : BOOKMARK_BEGINNING;
	return EC_SUCCESS;
}

/* ---- positions ---- */

enum ec table_query_position(struct table *t, uint32_t *numerator,
			     uint32_t *denominator)
{
	enum ec ec = table_use(t);
	uint32_t position, n;

	if (ec == EC_SUCCESS)
		ec = list_position(t, &t->cursor, &position, NULL);
	if (ec == EC_SUCCESS)
		ec = list_count(t, &n);
	if (ec != EC_SUCCESS)
		return ec;
	*numerator = position < n ? position : n;
	*denominator = n;
	return EC_SUCCESS;
}

static enum ec seek_from(struct table *t, const struct place *from,
			 int32_t rows, bool *has_sought_less,
			 int32_t *rows_sought)
{
	struct place p = { .key = BUF_INIT };
	int64_t moved;
	enum ec ec;

	place_copy(&p, from);
	ec = list_move(t, &p, rows, &moved);
	if (ec == EC_SUCCESS) {
		place_copy(&t->cursor, &p);
		*has_sought_less = moved != rows;
		*rows_sought = (int32_t)moved;
	}
	place_free(&p);
	return ec;
}

enum ec table_seek_row(struct table *t, unsigned origin, int32_t rows,
		       bool *has_sought_less, int32_t *rows_sought)
{
	struct place from = { .key = BUF_INIT };
	enum ec ec = origin <= BOOKMARK_END ? table_use(t) : EC_INVALID_PARAM;

	if (ec != EC_SUCCESS)
		return ec;
	if (origin == BOOKMARK_CURRENT)
		return seek_from(t, &t->cursor, rows, has_sought_less,
				 rows_sought);
	if (origin == BOOKMARK_BEGINNING)
		place_begin(&from);
	else
		place_end(&from);
	return seek_from(t, &from, rows, has_sought_less, rows_sought);
}

static bool bookmarks_supported(const struct table *t)
{
	return t->kind == TABLE_CONTENTS || t->kind == TABLE_HIERARCHY;
}

void place_follow(struct table *t, struct place *p)
{
	const struct row_entry *e;
	struct table_row row = { .id = 0 };

	if (t->mode == MODE_KEYED || p->header ||
	    (p->where != PLACE_AT && p->where != PLACE_AFTER))
		return;
	e = row_index_find(t->index, p->id, p->instance);
	if (e == NULL)
		return;
	row.entry = e;
	row.id = e->id;
	row.instance = e->instance;
	place_set(t, p, &row, p->where);
}

enum ec table_seek_row_bookmark(struct table *t, struct bin bookmark,
				int32_t rows, bool *row_no_longer_visible,
				bool *has_sought_less, int32_t *rows_sought)
{
	struct bookmark *b;
	uint32_t position;
	bool visible;
	enum ec ec = bookmarks_supported(t) ? table_need_columns(t) :
		EC_NOT_SUPPORTED;

	if (ec == EC_SUCCESS)
		ec = bookmark_find(t, bookmark, &b);
	if (ec == EC_SUCCESS)
		ec = table_use(t);
	if (ec != EC_SUCCESS)
		return ec;
	place_follow(t, &b->place);
	ec = list_position(t, &b->place, &position, &visible);
	if (ec == EC_SUCCESS)
		ec = seek_from(t, &b->place, rows, has_sought_less,
			       rows_sought);
	if (ec == EC_SUCCESS)
		*row_no_longer_visible = !visible;
	return ec;
}

/*
 * In keyed mode the place is where such a share of the IDs is, which is near
 * enough and costs one look-up; its position is taken as exact from then on.
 */
static enum ec guess(struct table *t, uint32_t position, uint32_t n)
{
	struct table_row row = { .id = 0 };
	enum ec ec = t->source->ops->guess(t->source,
					   (double)position / n, &row.id);

	t->source->ops->done(t->source);
	if (ec != EC_SUCCESS)
		return ec == EC_NOT_FOUND ? EC_SUCCESS : ec;
	place_set(t, &t->cursor, &row, PLACE_AT);
	t->cursor.ordinal = position;
	return EC_SUCCESS;
}

/* Skipping over so many rows is still quick. */
enum { SKIP_MAX = 4096 };

enum ec table_seek_row_fractional(struct table *t, uint32_t numerator,
				  uint32_t denominator)
{
	enum ec ec = denominator > 0 ? table_use(t) : EC_INVALID_PARAM;
	struct place from = { .key = BUF_INIT };
	uint32_t n, position;
	bool less;
	int32_t sought;

	if (ec == EC_SUCCESS)
		ec = list_count(t, &n);
	if (ec != EC_SUCCESS)
		return ec;
	if (numerator >= denominator) {
		place_end(&t->cursor);
		return EC_SUCCESS;
	}
	position = (uint32_t)((uint64_t)n * numerator / denominator);
	if (t->mode == MODE_KEYED && t->source->ops->guess != NULL &&
	    position > SKIP_MAX && n - position > SKIP_MAX)
		return guess(t, position, n);
	place_begin(&from);
	return seek_from(t, &from, (int32_t)position, &less, &sought);
}
