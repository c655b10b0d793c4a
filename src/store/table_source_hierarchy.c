/* SPDX-License-Identifier: Apache-2.0 */
/* The subfolders of a folder as a source of a table. */
#include <stdlib.h>
#include <string.h>

#include "store/folder.h"
#include "store/folder_row.h"
#include "store/table_source.h"

struct hierarchy_source {
	struct row_source base;
	struct store *store;
	uint64_t folder;                  /* counter */
	bool depth, deleted;
	struct prop_tags columns;

	uint64_t *list;                   /* the walk: counters, ascending */
	size_t n, at;
	bool forward;

	uint64_t id;                      /* current row, counter; 0: none */
	uint32_t level;                   /* its PidTagDepth */
	struct arena *arena;              /* values */
	struct prop_value value;
};

static struct hierarchy_source *hierarchy(struct row_source *s)
{
	return (struct hierarchy_source *)s;
}

/* ---- which folders ---- */

struct gather {
	uint64_t *v;
	size_t n, cap;
};

static void add(struct gather *g, uint64_t id)
{
	if (g->n == g->cap) {
		g->cap = g->cap > 0 ? 2 * g->cap : 32;
		g->v = xrealloc(g->v, g->cap * sizeof *g->v);
	}
	g->v[g->n++] = id;
}

static enum ec add_children(struct hierarchy_source *h, uint64_t parent,
			    struct gather *g)
{
	struct arena *a = arena_new(0);
	uint64_t *ids = NULL;
	size_t n = 0;
	enum ec ec = folder_children(h->store, parent, h->deleted, a, &n,
				     &ids);

	for (size_t i = 0; i < n && ec == EC_SUCCESS; i++)
		if (ids[i] != parent)     /* the root is its own parent */
			add(g, ids[i]);
	arena_free(a);
	return ec;
}

static int compare_ids(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Level by level: what was added last is looked into next. */
static enum ec gather_all(struct hierarchy_source *h, struct gather *g)
{
	enum ec ec = add_children(h, h->folder, g);

	for (size_t i = 0; h->depth && i < g->n && ec == EC_SUCCESS; i++)
		ec = add_children(h, g->v[i], g);
	if (g->n > 0)
		qsort(g->v, g->n, sizeof *g->v, compare_ids);
	return ec;
}

/*
 * Levels below the table's folder: 1 for a child; 0: it is not one of the
 * table's.
 */
static enum ec level_of(struct hierarchy_source *h, uint64_t id,
			uint32_t *level)
{
	struct folder_row row;
	enum ec ec = EC_SUCCESS;
	uint32_t n = 0;

	*level = 0;
	while (id != h->folder) {
		ec = folder_row_get(h->store, id, NULL, &row);
		if (ec != EC_SUCCESS)
			return ec == EC_NOT_FOUND ? EC_SUCCESS : ec;
		if (n == 0 && (row.deleted != 0) != h->deleted)
			return EC_SUCCESS;
		if (row.parent == id || ++n > 1000)
			return EC_SUCCESS;
		id = row.parent;
	}
	if (n == 1 || h->depth)
		*level = n;
	return EC_SUCCESS;
}

/* ---- walking ---- */

static void hierarchy_done(struct row_source *s)
{
	hierarchy(s)->id = 0;
	arena_reset(hierarchy(s)->arena);
}

static enum ec hierarchy_count(struct row_source *s, uint32_t *n)
{
	struct gather g = { NULL, 0, 0 };
	enum ec ec = gather_all(hierarchy(s), &g);

	if (ec == EC_SUCCESS)
		*n = (uint32_t)g.n;
	free(g.v);
	return ec;
}

/* Tables of folders always have an index, so that from is not asked for but
 * to be complete. */
static enum ec hierarchy_walk(struct row_source *s, uint64_t from,
			      bool include, bool forward, uint32_t skip)
{
	struct hierarchy_source *h = hierarchy(s);
	struct gather g = { NULL, 0, 0 };
	uint64_t edge = db_counter(from);
	size_t i = 0;
	enum ec ec = gather_all(h, &g);

	hierarchy_done(s);
	free(h->list);
	h->list = g.v;
	h->n = g.n;
	h->forward = forward;
	while (from != 0 && i < g.n && (g.v[i] < edge ||
	       (g.v[i] == edge && include != forward)))
		i++;
	if (forward)
		h->at = i + skip;
	else
		h->at = (from == 0 ? g.n : i) - skip;     /* rows before it */
	if (!forward && skip > (from == 0 ? g.n : i))
		h->at = 0;
	return ec;
}

static enum ec hierarchy_load(struct row_source *s, uint64_t id)
{
	struct hierarchy_source *h = hierarchy(s);
	uint64_t counter = db_counter(id);
	uint32_t level = 0;
	enum ec ec = EC_SUCCESS;

	hierarchy_done(s);
	if (counter != 0)
		ec = level_of(h, counter, &level);
	if (ec == EC_SUCCESS && level == 0)
		ec = EC_NOT_FOUND;
	if (ec == EC_SUCCESS) {
		h->id = counter;
		h->level = level;
	}
	return ec;
}

static enum ec hierarchy_next(struct row_source *s, uint64_t *id)
{
	struct hierarchy_source *h = hierarchy(s);
	enum ec ec = EC_NOT_FOUND;

	while (ec == EC_NOT_FOUND) {
		if (h->forward ? h->at >= h->n : h->at == 0)
			return EC_NOT_FOUND;
		*id = db_id(h->list[h->forward ? h->at++ : --h->at]);
		ec = hierarchy_load(s, *id);
	}
	return ec;
}

/* ---- values ---- */

static void hierarchy_set_columns(struct row_source *s,
				  struct prop_tags columns)
{
	hierarchy(s)->columns = columns;
}

/* A folder's own depth is nothing to itself: only the table knows it. */
static bool own_value(const struct hierarchy_source *h, uint32_t tag,
		      struct prop_value *out)
{
	if (tag != PID_TAG_DEPTH)
		return false;
	*out = (struct prop_value){ .tag = tag, .i32 = (int32_t)h->level };
	return true;
}

static const struct prop_value *hierarchy_get(const struct match_row *row,
					      uint32_t tag)
{
	struct hierarchy_source *h = (struct hierarchy_source *)
		((char *)row - offsetof(struct row_source, row));

	if (own_value(h, tag, &h->value))
		return &h->value;
	if (folder_get_props(h->store, db_id(h->id), &tag, 1, h->arena,
			     &h->value) != EC_SUCCESS ||
	    prop_tag_type(h->value.tag) == PTYP_ERROR_CODE)
		return NULL;
	return &h->value;
}

static void hierarchy_cells(struct row_source *s, struct prop_value *out)
{
	struct hierarchy_source *h = hierarchy(s);
	enum ec ec;

	arena_reset(h->arena);
	ec = folder_get_props(h->store, db_id(h->id), h->columns.v,
			      h->columns.n, h->arena, out);
	for (uint32_t i = 0; i < h->columns.n; i++)
		if (!own_value(h, h->columns.v[i], &out[i]) &&
		    ec != EC_SUCCESS)
			out[i] = prop_error(h->columns.v[i], ec);
}

static bool hierarchy_unread(struct row_source *s)
{
	return false;
}

static uint64_t hierarchy_folder_id(struct row_source *s)
{
	return db_id(hierarchy(s)->id);
}

static enum ec hierarchy_columns_all(struct row_source *s, struct arena *a,
				     struct prop_tags *out)
{
	static const uint32_t others[] = {
		PID_TAG_DEPTH, PID_TAG_INST_ID, PID_TAG_INSTANCE_NUM,
		PID_TAG_ROW_TYPE,
	};
	struct hierarchy_source *h = hierarchy(s);
	struct prop_tags of_folder;
	enum ec ec = folder_list_props(h->store, db_id(h->folder), a,
				       &of_folder);
	uint32_t *tags;

	if (ec != EC_SUCCESS)
		return ec;
	tags = arena_array(a, of_folder.n + 4, sizeof *tags);
	if (of_folder.n > 0)
		memcpy(tags, of_folder.v, of_folder.n * sizeof *tags);
	memcpy(tags + of_folder.n, others, sizeof others);
	*out = (struct prop_tags){ of_folder.n + 4, tags };
	return EC_SUCCESS;
}

/* ---- events ---- */

/* Below a folder that came, went or moved there may be others. */
static enum row_change hierarchy_change(struct row_source *s,
					const struct store_event *ev,
					uint64_t *id)
{
	struct hierarchy_source *h = hierarchy(s);

	if (ev->message_id != 0 || ev->search_folder)
		return ROW_NO_CHANGE;
	*id = ev->folder_id;
	switch (ev->type) {
	case EVENT_OBJECT_CREATED:
	case EVENT_OBJECT_MODIFIED:
		return ROW_CHANGED;
	case EVENT_OBJECT_DELETED:
	case EVENT_OBJECT_MOVED:
	case EVENT_OBJECT_COPIED:
		return h->depth ? ROW_ALL_CHANGED : ROW_CHANGED;
	default:
		return ROW_NO_CHANGE;
	}
}

/* ---- life ---- */

static void hierarchy_free(struct row_source *s)
{
	struct hierarchy_source *h = hierarchy(s);

	free(h->list);
	arena_free(h->arena);
	free(h);
}

static struct row_source *hierarchy_clone(struct row_source *s)
{
	struct hierarchy_source *h = hierarchy(s);

	return row_source_hierarchy(h->store, db_id(h->folder), h->depth,
				    h->deleted);
}

struct row_source *row_source_hierarchy(struct store *store,
					uint64_t folder_id, bool depth,
					bool deleted)
{
	static const struct row_source_ops ops = {
		.count = hierarchy_count, .walk = hierarchy_walk,
		.next = hierarchy_next, .load = hierarchy_load,
		.done = hierarchy_done,
		.set_columns = hierarchy_set_columns,
		.cells = hierarchy_cells, .unread = hierarchy_unread,
		.folder_id = hierarchy_folder_id,
		.columns_all = hierarchy_columns_all,
		.change = hierarchy_change, .clone = hierarchy_clone,
		.free = hierarchy_free,
	};
	struct hierarchy_source *h = xcalloc(1, sizeof *h);

	h->base.ops = &ops;
	h->base.row.get = hierarchy_get;
	h->base.hub = store_events(store);
	h->base.small = true;
	h->store = store;
	h->folder = db_counter(folder_id);
	h->depth = depth;
	h->deleted = deleted;
	h->arena = arena_new(1024);
	return &h->base;
}
