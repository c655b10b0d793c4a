/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "mapi/id.h"
#include "store/table_impl.h"

/* ---- places ---- */

void place_begin(struct place *p)
{
	p->where = PLACE_BEGIN;
	p->ordinal = 0;
}

void place_end(struct place *p)
{
	p->where = PLACE_END;
	p->ordinal = -1;
}

void place_free(struct place *p)
{
	buf_free(&p->key);
}

void place_copy(struct place *to, const struct place *from)
{
	struct buf key = to->key;

	if (to == from)
		return;
	*to = *from;
	to->key = key;
	buf_clear(&to->key);
	buf_add(&to->key, from->key.data, from->key.len);
}

void place_set(struct table *t, struct place *p, const struct table_row *row,
	       enum place_where where)
{
	p->where = where;
	p->id = row->id;
	p->instance = row->instance;
	p->header = row->header != NULL;
	p->level = p->header ? row->header->level : 0;
	p->ordinal = -1;
	buf_clear(&p->key);
	if (p->header)
		buf_add(&p->key, row->header->prefix.data,
			row->header->prefix.len);
	else if (row->entry != NULL)
		buf_add(&p->key, row->entry->key, row->entry->key_len);
}

static struct bin place_key(const struct place *p)
{
	return (struct bin){ p->key.data, p->key.len };
}

/* ---- getting ready ---- */

void list_drop(struct table *t)
{
	group_tree_free(t->groups);
	t->groups = NULL;
	t->index = NULL;
	if (t->view != NULL)
		view_release(t->view, &t->listener);
	t->view = NULL;
	t->ready = false;
	notify_stop(t);
}

static bool needs_view(const struct table *t)
{
	return t->source->small || t->spec.n_sorts > 0 ||
		t->spec.restriction != NULL || t->spec.mv_tag != 0;
}

static enum ec choose_mode(struct table *t)
{
	enum ec ec = EC_SUCCESS;

	t->mode = MODE_KEYED;
	if (needs_view(t)) {
		t->mode = t->spec.category_count > 0 ? MODE_GROUPED :
			MODE_VIEW;
		t->listener.changed = notify_view_changed;
		ec = view_acquire(t->source->ops->clone(t->source), &t->key,
				  &t->spec, &t->listener, &t->view);
	}
	if (ec == EC_SUCCESS) {
		t->ready = true;
		notify_listen(t);
	}
	return ec;
}

static void restore_expanded(struct table *t)
{
	const uint64_t *ids = (const void *)t->expanded.data;
	size_t n = t->expanded.len / sizeof *ids;
	struct group *g;

	for (size_t i = 0; i < n; i++) {
		g = group_find(t->groups, ids[i]);
		if (g != NULL)
			group_set_expanded(g, !g->expanded);
	}
	buf_clear(&t->expanded);
}

enum ec list_ready(struct table *t)
{
	enum ec ec = t->sort_ec != EC_SUCCESS ? t->sort_ec : t->restrict_ec;

	if (ec == EC_SUCCESS && !t->ready)
		ec = choose_mode(t);
	if (ec != EC_SUCCESS || t->mode == MODE_KEYED)
		return ec;
	ec = view_build(t->view, &t->index);
	if (ec == EC_SUCCESS && t->mode == MODE_GROUPED && t->groups == NULL) {
		t->groups = group_tree_new(t->view, t->index,
					   t->expanded_count);
		restore_expanded(t);
	}
	return ec;
}

/* ---- positions ---- */

enum ec list_count(struct table *t, uint32_t *n)
{
	uint32_t limit;

	switch (t->mode) {
	case MODE_KEYED:
		return t->source->ops->count(t->source, n);
	case MODE_VIEW:
		limit = view_limit(t->view);
		*n = row_index_count(t->index);
		if (*n > limit)
			*n = limit;
		return EC_SUCCESS;
	default:
		*n = group_tree_rows(t->groups);
		return EC_SUCCESS;
	}
}

/* Where it was last known to be; counted only when events lost track. */
static enum ec keyed_position(struct table *t, const struct place *p,
			      uint32_t *position)
{
	struct row_source *s = t->source;
	uint64_t id, limit = id_counter(p->id);
	enum ec ec;

	if (p->ordinal >= 0) {
		*position = (uint32_t)p->ordinal;
		return EC_SUCCESS;
	}
	*position = 0;
	ec = s->ops->walk(s, 0, true, true, 0);
	while (ec == EC_SUCCESS) {
		ec = s->ops->next(s, &id);
		if (ec != EC_SUCCESS || id_counter(id) > limit ||
		    (id_counter(id) == limit && p->where == PLACE_AT))
			break;
		++*position;
	}
	s->ops->done(s);
	return ec == EC_NOT_FOUND ? EC_SUCCESS : ec;
}

static enum ec keyed_exact(struct table *t, const struct place *p, bool *exact)
{
	enum ec ec = t->source->ops->load(t->source, p->id);

	t->source->ops->done(t->source);
	*exact = ec == EC_SUCCESS;
	return ec == EC_NOT_FOUND ? EC_SUCCESS : ec;
}

static bool view_find(struct table *t, const struct place *p,
		      uint32_t *position)
{
	const struct row_entry *e;

	*position = row_index_lower(t->index, place_key(p), p->id,
				    p->instance);
	e = row_index_at(t->index, *position);
	return e != NULL && e->id == p->id && e->instance == p->instance;
}

/*
 * A leaf of a category: visible if all its categories are expanded; else the
 * place is behind the collapsed header.
 */
static bool leaf_position(struct table *t, const struct place *p,
			  uint32_t *position)
{
	const struct row_entry *e;
	struct row_entry *copy;
	struct group *g;
	uint32_t at;
	bool exact = view_find(t, p, &at);

	/* The entry itself may be gone: its key tells the category. */
	copy = xmalloc(sizeof *copy + p->key.len);
	copy->key_len = (uint32_t)p->key.len & 0x7fffffff;
	memcpy(copy->key, p->key.data, p->key.len);
	g = group_of_key(t->groups, copy);
	e = copy;
	if (g == NULL) {
		struct bin prefix = { e->key, view_group_len(t->view, e,
			view_spec(t->view)->category_count) };

		*position = group_lower(t->groups, prefix, 0);
		exact = false;
	} else if (group_visible(g) && g->expanded) {
		*position = group_position(g) + 1 + at -
			group_first(t->groups, g);
	} else {
		while (!group_visible(g))
			g = g->parent;
		*position = group_position(g) + 1;
		exact = false;
	}
	free(copy);
	return exact;
}

static bool grouped_find(struct table *t, const struct place *p,
			 uint32_t *position)
{
	struct group *g;

	if (!p->header)
		return leaf_position(t, p, position);
	g = group_of_prefix(t->groups, place_key(p), p->level);
	if (g == NULL) {
		*position = group_lower(t->groups, place_key(p), p->level);
		return false;
	}
	if (group_visible(g)) {
		*position = group_position(g);
		return true;
	}
	while (!group_visible(g))
		g = g->parent;
	*position = group_position(g) + 1;
	return false;
}

/* Of a row that need not be there; *after: where AFTER it is. */
static enum ec row_position(struct table *t, const struct place *p,
			    uint32_t *position, bool *exact)
{
	if (t->mode == MODE_VIEW)
		*exact = view_find(t, p, position);
	else
		*exact = grouped_find(t, p, position);
	if (p->where == PLACE_AFTER && *exact)
		++*position;
	return EC_SUCCESS;
}

enum ec list_position(struct table *t, const struct place *p,
		      uint32_t *position, bool *exact)
{
	uint32_t n;
	bool found = true;
	enum ec ec = list_count(t, &n);

	if (ec != EC_SUCCESS)
		return ec;
	if (p->where == PLACE_BEGIN) {
		*position = 0;
	} else if (p->where == PLACE_END) {
		*position = n;
	} else if (t->mode == MODE_KEYED) {
		ec = keyed_position(t, p, position);
		if (ec == EC_SUCCESS && exact != NULL)
			ec = keyed_exact(t, p, &found);
	} else {
		ec = row_position(t, p, position, &found);
	}
	if (*position > n)
		*position = n;
	if (exact != NULL)
		*exact = found;
	return ec;
}

/* ---- walking ---- */

static enum ec keyed_walk(struct table *t, const struct place *p, bool forward)
{
	const struct row_source_ops *ops = t->source->ops;

	switch (p->where) {
	case PLACE_BEGIN:
		if (!forward)
			return EC_NOT_FOUND;
		return ops->walk(t->source, 0, true, true, 0);
	case PLACE_END:
		if (forward)
			return EC_NOT_FOUND;
		return ops->walk(t->source, 0, true, false, 0);
	default:
		return ops->walk(t->source, p->id,
				 (p->where == PLACE_AT) == forward, forward, 0);
	}
}

enum ec list_walk(struct table *t, const struct place *p, bool forward)
{
	uint32_t position;
	enum ec ec;

	t->forward = forward;
	if (t->mode == MODE_KEYED) {
		ec = keyed_walk(t, p, forward);
		t->walking = ec == EC_SUCCESS;
		return ec == EC_NOT_FOUND ? EC_SUCCESS : ec;
	}
	ec = list_position(t, p, &position, NULL);
	if (ec != EC_SUCCESS)
		return ec;
	if (!t->random_access)
		view_random_access(t->source, true);
	t->random_access = true;
	t->walking = true;
	t->walk_at = position;
	if (t->mode == MODE_VIEW)
		t->walk = row_walk_at(t->index, position);
	else
		t->group_walk = group_walk_at(t->groups, position);
	return EC_SUCCESS;
}

static bool next_in_view(struct table *t, struct table_row *row)
{
	if (t->forward) {
		if (t->walk_at >= view_limit(t->view))
			return false;
		t->walk_at++;
		row->entry = row_walk_next(&t->walk);
	} else {
		row->entry = row_walk_prev(&t->walk);
	}
	return row->entry != NULL;
}

static enum ec next_by_index(struct table *t, struct table_row *row)
{
	bool any;

	*row = (struct table_row){ .id = 0 };
	if (t->mode == MODE_VIEW)
		any = next_in_view(t, row);
	else if (t->forward)
		any = group_walk_next(&t->group_walk, &row->header,
				      &row->entry);
	else
		any = group_walk_prev(&t->group_walk, &row->header,
				      &row->entry);
	if (!any)
		return EC_NOT_FOUND;
	if (row->entry != NULL) {
		row->header = NULL;
		row->id = row->entry->id;
		row->instance = row->entry->instance;
	} else {
		row->id = row->header->id;
	}
	return EC_SUCCESS;
}

enum ec list_next(struct table *t, struct table_row *row)
{
	enum ec ec;

	if (!t->walking)
		return EC_NOT_FOUND;
	if (t->mode == MODE_KEYED) {
		*row = (struct table_row){ .id = 0 };
		return t->source->ops->next(t->source, &row->id);
	}
	do {      /* past rows that are gone, though no event said so */
		ec = next_by_index(t, row);
		if (ec != EC_SUCCESS)
			return ec;
		ec = table_load(t, row);
	} while (ec == EC_NOT_FOUND);
	return ec;
}

void list_done(struct table *t)
{
	t->source->ops->done(t->source);
	t->walking = false;
}

enum ec list_at_end(struct table *t, const struct place *p, bool forward,
		    bool *at_end)
{
	uint32_t position, n;
	struct table_row row;
	enum ec ec;

	if (t->mode == MODE_KEYED) {
		ec = list_walk(t, p, forward);
		if (ec == EC_SUCCESS)
			ec = list_next(t, &row);
		list_done(t);
		*at_end = ec == EC_NOT_FOUND;
		return ec == EC_NOT_FOUND ? EC_SUCCESS : ec;
	}
	ec = list_position(t, p, &position, NULL);
	if (ec == EC_SUCCESS)
		ec = list_count(t, &n);
	if (ec == EC_SUCCESS)
		*at_end = forward ? position >= n : position == 0;
	return ec;
}

/* ---- moving ---- */

static enum ec place_by_index(struct table *t, struct place *p,
			      uint32_t position)
{
	struct table_row row = { .id = 0 };
	struct group_walk w;

	if (t->mode == MODE_VIEW) {
		row.entry = row_index_at(t->index, position);
	} else {
		w = group_walk_at(t->groups, position);
		if (!group_walk_next(&w, &row.header, &row.entry))
			return EC_NOT_FOUND;
	}
	if (row.entry != NULL) {
		row.header = NULL;
		row.id = row.entry->id;
		row.instance = row.entry->instance;
	} else {
		row.id = row.header->id;
	}
	place_set(t, p, &row, PLACE_AT);
	return EC_SUCCESS;
}

/* From the nearest of the beginning, the end and where it is now. */
static enum ec place_by_key(struct table *t, struct place *p, uint32_t from,
			    uint32_t to, uint32_t n)
{
	struct row_source *s = t->source;
	uint32_t away = from < to ? to - from : from - to;
	bool known = p->where == PLACE_AT || p->where == PLACE_AFTER;
	struct table_row row = { .id = 0 };
	enum ec ec;

	if (known && away <= to && away <= n - 1 - to) {
		bool forward = to >= from;

		ec = s->ops->walk(s, p->id, (p->where == PLACE_AT) == forward,
				  forward, forward ? away : away - 1);
	} else if (to <= n - 1 - to) {
		ec = s->ops->walk(s, 0, true, true, to);
	} else {
		ec = s->ops->walk(s, 0, true, false, n - 1 - to);
	}
	if (ec == EC_SUCCESS)
		ec = s->ops->next(s, &row.id);
	s->ops->done(s);
	if (ec == EC_SUCCESS) {
		place_set(t, p, &row, PLACE_AT);
		p->ordinal = to;
	}
	return ec;
}

enum ec list_move(struct table *t, struct place *p, int64_t rows,
		  int64_t *moved)
{
	uint32_t from = 0, n = 0;
	int64_t to;
	enum ec ec = list_position(t, p, &from, NULL);

	if (ec == EC_SUCCESS)
		ec = list_count(t, &n);
	if (ec != EC_SUCCESS)
		return ec;
	to = (int64_t)from + rows;
	to = to < 0 ? 0 : to > n ? n : to;
	if (to == 0)
		place_begin(p);
	else if (to == n)
		place_end(p);
	else if (rows != 0 && t->mode == MODE_KEYED)
		ec = place_by_key(t, p, from, (uint32_t)to, n);
	else if (rows != 0)
		ec = place_by_index(t, p, (uint32_t)to);
	if (ec == EC_NOT_FOUND) {         /* fewer rows than were counted */
		place_end(p);
		ec = EC_SUCCESS;
	}
	*moved = to - from;
	return ec;
}
