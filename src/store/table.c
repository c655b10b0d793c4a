/* SPDX-License-Identifier: Apache-2.0 */
/* Opening tables, and what they show ([MS-OXCTABL] 3.2.5.1 to 3.2.5.7). */
#include "store/table.h"

#include <stdlib.h>
#include <string.h>

#include "mapi/restriction.h"
#include "mapi/sort.h"
#include "store/table_impl.h"

/* ---- life ---- */

struct table *table_new(enum table_kind kind, unsigned flags,
			uint64_t folder_id, uint32_t lcid,
			const struct source_key *key,
			struct row_source *source)
{
	struct table *t = xcalloc(1, sizeof *t);

	t->kind = kind;
	t->flags = flags;
	t->folder_id = folder_id;
	t->source = source;
	t->key = *key;
	t->spec.lcid = lcid;
	t->scratch = arena_new(512);
	place_begin(&t->cursor);
	return t;
}

void table_free(struct table *t)
{
	if (t == NULL)
		return;
	list_drop(t);
	if (t->random_access)
		view_random_access(t->source, false);
	bookmarks_free(t);
	columns_clear(t);
	place_free(&t->cursor);
	buf_free(&t->expanded);
	arena_free(t->spec_arena);
	arena_free(t->scratch);
	row_source_free(t->source);
	free(t);
}

enum table_kind table_kind(const struct table *t)
{
	return t->kind;
}

unsigned table_flags(const struct table *t)
{
	return t->flags;
}

uint64_t table_folder_id(const struct table *t)
{
	return t->folder_id;
}

enum ec table_open_rows(enum table_kind kind, struct prop_tags columns,
			const struct prop_values *rows, uint32_t n,
			uint32_t lcid, struct table **out)
{
	static const struct source_key nobodys = { 0, 0, 0 };

	*out = table_new(kind, TABLE_USE_UNICODE, 0, lcid, &nobodys,
			 row_source_memory(columns, rows, n));
	return EC_SUCCESS;
}

enum ec table_set_rows(struct table *t, const struct prop_values *rows,
		       uint32_t n)
{
	struct table_event ev = { .type = TABLE_CHANGED };
	bool used = t->ready;

	row_source_memory_set(t->source, rows, n);
	list_drop(t);
	if (used && t->on_event != NULL)
		t->on_event(t->on_event_ctx, t, &ev);
	return EC_SUCCESS;
}

/* ---- what the ROPs share ---- */

void table_restart(struct table *t)
{
	list_drop(t);
	bookmarks_free(t);
	place_begin(&t->cursor);
	buf_clear(&t->expanded);
}

void table_set_mv_tag(struct table *t)
{
	uint32_t tag = t->sort_mv_tag != 0 ? t->sort_mv_tag :
		t->columns_mv_tag;

	if (tag == t->spec.mv_tag)
		return;
	t->spec.mv_tag = tag;
	table_restart(t);
}

enum ec table_use(struct table *t)
{
	t->pending = 0;
	/* Nothing tells of the changes of an open message: look again. */
	if (t->kind == TABLE_ATTACHMENTS && t->view != NULL)
		view_invalidate(t->view);
	return list_ready(t);
}

/* ---- sorting ---- */

static enum ec check_sort(const struct sort_order *o, bool first_category,
			  bool may_be_maximum, uint32_t *mv_tag)
{
	unsigned type = prop_tag_type(o->tag);
	bool instance = (type & PTYP_INSTANCE) != 0;

	if (o->order != SORT_ASCENDING && o->order != SORT_DESCENDING &&
	    (o->order != SORT_MAXIMUM_CATEGORY || !may_be_maximum))
		return EC_INVALID_PARAM;
	/* [MS-OXCDATA] 2.13.1: one bit only with the other */
	if (instance != ((type & PTYP_MULTIPLE) != 0))
		return EC_INVALID_PARAM;
	if (!collate_type_ordered(type))
		return EC_TOO_COMPLEX;
	if (instance) {
		if (*mv_tag != 0)
			return EC_INVALID_PARAM;
		type &= ~(unsigned)PTYP_INSTANCE;
		if (type == PTYP_MULTIPLE_STRING8)
			type = PTYP_MULTIPLE_STRING;
		*mv_tag = prop_tag_make(prop_tag_id(o->tag), type);
	}
	return EC_SUCCESS;
}

static enum ec check_sorts(const struct sort_order *orders, uint32_t n,
			   uint32_t category_count, uint32_t expanded_count,
			   uint32_t *mv_tag)
{
	enum ec ec = EC_SUCCESS;

	if (category_count > n || expanded_count > category_count)
		return EC_INVALID_PARAM;
	if (n > VIEW_MAX_SORTS || category_count > VIEW_MAX_CATEGORIES)
		return EC_TOO_COMPLEX;
	*mv_tag = 0;
	for (uint32_t i = 0; i < n && ec == EC_SUCCESS; i++)
		ec = check_sort(&orders[i], i < category_count,
				category_count > 0 && i == category_count,
				mv_tag);
	return ec;
}

static void take_sorts(struct table *t, const struct sort_order *orders,
		       uint32_t n, uint32_t category_count)
{
	struct view_spec *s = &t->spec;

	for (uint32_t i = 0; i < n; i++)
		s->sorts[i] = orders[i];
	s->n_sorts = n;
	s->category_count = category_count;
	s->maximum = category_count > 0 && n > category_count &&
		orders[category_count].order == SORT_MAXIMUM_CATEGORY;
}

enum ec table_sort(struct table *t, const struct sort_order *orders,
		   uint32_t n, uint32_t category_count,
		   uint32_t expanded_count)
{
	uint32_t mv_tag = 0;

	if (t->kind != TABLE_CONTENTS)
		return EC_NOT_SUPPORTED;
	table_restart(t);
	take_sorts(t, NULL, 0, 0);
	t->sort_mv_tag = 0;
	t->sort_ec = check_sorts(orders, n, category_count, expanded_count,
				 &mv_tag);
	if (t->sort_ec == EC_SUCCESS && mv_tag != 0 &&
	    t->columns_mv_tag != 0 && mv_tag != t->columns_mv_tag)
		t->sort_ec = EC_TOO_COMPLEX;
	if (t->sort_ec == EC_SUCCESS) {
		take_sorts(t, orders, n, category_count);
		t->sort_mv_tag = mv_tag;
		t->expanded_count = expanded_count;
	}
	table_set_mv_tag(t);
	return t->sort_ec;
}

/* ---- restricting ---- */

/* An empty And is how clients say that there is no restriction. */
static bool is_all(const struct restriction *r)
{
	return r == NULL || (r->type == RES_AND && r->list.n == 0);
}

static enum ec take_restriction(struct table *t, const struct restriction *r)
{
	struct collator *c;
	struct match *m;
	enum ec ec;

	if (is_all(r))
		return EC_SUCCESS;
	c = collator_new(t->spec.lcid, NULL);
	if (c == NULL)
		return EC_ERROR;
	ec = match_new(r, c, &m);
	if (ec == EC_SUCCESS) {
		match_free(m);
		t->spec_arena = arena_new(256);
		t->spec.restriction = restriction_copy(t->spec_arena, r);
	}
	collator_free(c);
	return ec;
}

enum ec table_restrict(struct table *t, const struct restriction *r)
{
	/* Exchange restricts permission tables too; no harm in it. */
	if (t->kind == TABLE_ATTACHMENTS)
		return EC_NOT_SUPPORTED;
	table_restart(t);
	t->spec.restriction = NULL;
	arena_free(t->spec_arena);
	t->spec_arena = NULL;
	t->restrict_ec = take_restriction(t, r);
	return t->restrict_ec;
}

/* ---- state ---- */

enum ec table_reset(struct table *t)
{
	if (t->kind != TABLE_CONTENTS)
		return EC_NOT_SUPPORTED;
	columns_clear(t);
	take_sorts(t, NULL, 0, 0);
	t->sort_mv_tag = 0;
	t->spec.mv_tag = 0;
	t->spec.restriction = NULL;
	arena_free(t->spec_arena);
	t->spec_arena = NULL;
	t->columns_ec = t->sort_ec = t->restrict_ec = EC_SUCCESS;
	table_restart(t);
	return EC_SUCCESS;
}

enum ec table_get_status(struct table *t, uint8_t *table_status)
{
	*table_status = t->sort_ec != EC_SUCCESS ? TBLSTAT_SORT_ERROR :
		t->restrict_ec != EC_SUCCESS ? TBLSTAT_RESTRICT_ERROR :
		t->columns_ec != EC_SUCCESS ? TBLSTAT_SETCOL_ERROR :
		TBLSTAT_COMPLETE;
	return EC_SUCCESS;
}

enum ec table_abort(struct table *t)
{
	return t->kind == TABLE_CONTENTS || t->kind == TABLE_HIERARCHY ?
		EC_UNABLE_TO_ABORT : EC_NOT_SUPPORTED;
}

enum ec table_query_columns_all(struct table *t, struct arena *a,
				struct prop_tags *columns)
{
	enum ec ec = table_use(t);

	if (ec == EC_SUCCESS)
		ec = t->source->ops->columns_all(t->source, a, columns);
	t->source->ops->done(t->source);
	return ec;
}
