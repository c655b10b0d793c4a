/* SPDX-License-Identifier: Apache-2.0 */
/* Custom bookmarks ([MS-OXCTABL] 3.2.5.12, 3.2.5.15). */
#include <stdlib.h>
#include <string.h>

#include "base/wire.h"
#include "store/table_impl.h"

/* The bytes of a bookmark: its number in the table. */
enum { BOOKMARK_SIZE = 4 };

static void bookmark_free(struct bookmark *b)
{
	place_free(&b->place);
	free(b);
}

void bookmarks_free(struct table *t)
{
	struct bookmark *b;

	while ((b = t->bookmarks) != NULL) {
		t->bookmarks = b->next;
		bookmark_free(b);
	}
	t->n_bookmarks = 0;
}

static struct bookmark **bookmark_at(struct table *t, struct bin bytes)
{
	struct wire_r r = wire_r(bytes.data, bytes.len);
	uint32_t number = wire_u32(&r);
	struct bookmark **at = &t->bookmarks;

	if (!wire_done(&r))
		return NULL;
	while (*at != NULL && (*at)->number != number)
		at = &(*at)->next;
	return *at != NULL ? at : NULL;
}

enum ec bookmark_find(struct table *t, struct bin bytes,
		      struct bookmark **out)
{
	struct bookmark **at = bookmark_at(t, bytes);

	if (at == NULL)
		return EC_INVALID_BOOKMARK;
	*out = *at;
	return EC_SUCCESS;
}

enum ec bookmark_new(struct table *t, const struct place *p, struct arena *a,
		     struct bin *out)
{
	uint8_t *bytes = arena_alloc(a, BOOKMARK_SIZE);
	struct wire_w w = wire_w(bytes, BOOKMARK_SIZE);
	struct bookmark *b;

	if (t->n_bookmarks >= TABLE_MAX_BOOKMARKS)
		return EC_MAX_OBJS_EXCEEDED;
	b = xcalloc(1, sizeof *b);
	b->number = ++t->next_bookmark;   /* those of before a sort are not
					   * valid again: never reset */
	place_copy(&b->place, p);
	b->next = t->bookmarks;
	t->bookmarks = b;
	t->n_bookmarks++;
	wire_put_u32(&w, b->number);
	*out = (struct bin){ bytes, BOOKMARK_SIZE };
	return EC_SUCCESS;
}

/*
 * A bookmark is on a row: the one that would be read next, or the end.  The
 * cursor may be behind the row before it instead.
 */
static enum ec place_on_row(struct table *t, struct place *p)
{
	struct table_row row;
	int64_t ordinal;
	enum ec ec;

	if (p->where == PLACE_AT || p->where == PLACE_END)
		return EC_SUCCESS;
	ec = table_ordinal(t, p, &ordinal);
	if (ec == EC_SUCCESS)
		ec = list_walk(t, p, true);
	if (ec != EC_SUCCESS)
		return ec;
	ec = list_next(t, &row);
	if (ec == EC_SUCCESS) {
		place_set(t, p, &row, PLACE_AT);
		p->ordinal = ordinal;
	} else if (ec == EC_NOT_FOUND) {
		place_end(p);
		ec = EC_SUCCESS;
	}
	list_done(t);
	return ec;
}

enum ec table_create_bookmark(struct table *t, struct arena *a,
			      struct bin *bookmark)
{
	struct place p = { .key = BUF_INIT };
	enum ec ec = t->kind == TABLE_CONTENTS || t->kind == TABLE_HIERARCHY ?
		table_use(t) : EC_NOT_SUPPORTED;

	if (ec != EC_SUCCESS)
		return ec;
	place_copy(&p, &t->cursor);
	ec = place_on_row(t, &p);
	if (ec == EC_SUCCESS)
		ec = bookmark_new(t, &p, a, bookmark);
	place_free(&p);
	return ec;
}

enum ec table_free_bookmark(struct table *t, struct bin bookmark)
{
	struct bookmark **at, *b;

	if (t->kind != TABLE_CONTENTS && t->kind != TABLE_HIERARCHY)
		return EC_NOT_SUPPORTED;
	if (t->n_columns == 0)
		return EC_NULL_OBJECT;
	at = bookmark_at(t, bookmark);
	if (at == NULL)
		return EC_INVALID_BOOKMARK;
	b = *at;
	*at = b->next;
	t->n_bookmarks--;
	bookmark_free(b);
	return EC_SUCCESS;
}
