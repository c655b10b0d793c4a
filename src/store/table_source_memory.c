/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in memory as a source of a table. */
#include <stdlib.h>
#include <string.h>

#include "mapi/id.h"
#include "store/table_source.h"

struct memory_source {
	struct row_source base;
	struct arena *arena;              /* the rows */
	struct prop_values *rows;
	uint32_t n;
	uint32_t *all;                    /* the columns there are */
	uint32_t n_all;
	struct prop_tags columns;         /* those asked for */
	int64_t at;                       /* current row */
	int64_t walk;                     /* next row of the walk */
	bool forward;
};

static struct memory_source *memory(struct row_source *s)
{
	return (struct memory_source *)s;
}

static enum ec memory_count(struct row_source *s, uint32_t *n)
{
	*n = memory(s)->n;
	return EC_SUCCESS;
}

static enum ec memory_walk(struct row_source *s, uint64_t from, bool include,
			   bool forward, uint32_t skip)
{
	struct memory_source *m = memory(s);
	int64_t step = forward ? 1 : -1;

	if (from == 0)
		m->walk = forward ? 0 : (int64_t)m->n - 1;
	else
		m->walk = (int64_t)id_counter(from) - 1 + (include ? 0 : step);
	m->walk += step * (int64_t)skip;
	m->forward = forward;
	return EC_SUCCESS;
}

static enum ec memory_next(struct row_source *s, uint64_t *id)
{
	struct memory_source *m = memory(s);

	if (m->walk < 0 || m->walk >= m->n)
		return EC_NOT_FOUND;
	m->at = m->walk;
	m->walk += m->forward ? 1 : -1;
	*id = id_make(1, (uint64_t)m->at + 1);
	return EC_SUCCESS;
}

static enum ec memory_load(struct row_source *s, uint64_t id)
{
	struct memory_source *m = memory(s);
	uint64_t counter = id_counter(id);

	if (counter < 1 || counter > m->n)
		return EC_NOT_FOUND;
	m->at = (int64_t)counter - 1;
	return EC_SUCCESS;
}

static void memory_done(struct row_source *s)
{
	memory(s)->at = -1;
}

static void memory_set_columns(struct row_source *s, struct prop_tags columns)
{
	memory(s)->columns = columns;
}

static const struct prop_value *memory_get(const struct match_row *row,
					   uint32_t tag)
{
	const struct memory_source *m = (const struct memory_source *)
		((const char *)row - offsetof(struct row_source, row));

	return prop_find(&m->rows[m->at], tag);
}

static void memory_cells(struct row_source *s, struct prop_value *out)
{
	struct memory_source *m = memory(s);
	const struct prop_value *v;
	uint32_t tag;

	for (uint32_t i = 0; i < m->columns.n; i++) {
		tag = m->columns.v[i];
		v = prop_find(&m->rows[m->at], tag);
		out[i] = v != NULL ? *v : prop_error(tag, EC_NOT_FOUND);
	}
}

static bool memory_unread(struct row_source *s)
{
	struct memory_source *m = memory(s);
	const struct prop_value *v = prop_find(&m->rows[m->at],
					       PID_TAG_READ);

	return v != NULL && prop_tag_type(v->tag) == PTYP_BOOLEAN && !v->b;
}

static uint64_t memory_folder_id(struct row_source *s)
{
	return 0;
}

static enum ec memory_columns_all(struct row_source *s, struct arena *a,
				  struct prop_tags *out)
{
	struct memory_source *m = memory(s);

	out->n = m->n_all;
	out->v = arena_memdup(a, m->all, m->n_all * sizeof *m->all);
	return EC_SUCCESS;
}

static struct row_source *memory_clone(struct row_source *s)
{
	struct memory_source *m = memory(s);

	return row_source_memory((struct prop_tags){ m->n_all, m->all },
				 m->rows, m->n);
}

static void memory_free(struct row_source *s)
{
	arena_free(memory(s)->arena);
	free(memory(s)->all);
	free(s);
}

static const struct row_source_ops memory_ops = {
	.count = memory_count, .walk = memory_walk, .next = memory_next,
	.load = memory_load, .done = memory_done,
	.set_columns = memory_set_columns, .cells = memory_cells,
	.unread = memory_unread, .folder_id = memory_folder_id,
	.columns_all = memory_columns_all, .clone = memory_clone,
	.free = memory_free,
};

struct row_source *row_source_memory(struct prop_tags columns,
				     const struct prop_values *rows,
				     uint32_t n)
{
	struct memory_source *m = xcalloc(1, sizeof *m);

	m->base.ops = &memory_ops;
	m->base.row.get = memory_get;
	m->base.small = true;
	m->at = -1;
	m->n_all = columns.n;
	m->all = xcalloc(columns.n, sizeof *m->all);
	if (columns.n > 0)
		memcpy(m->all, columns.v, columns.n * sizeof *m->all);
	row_source_memory_set(&m->base, rows, n);
	return &m->base;
}

static struct prop_values copy_row(struct arena *a, struct prop_values row)
{
	struct prop_value *v = arena_array(a, row.n, sizeof *v);

	for (uint32_t i = 0; i < row.n; i++)
		v[i] = prop_value_copy(a, &row.v[i]);
	return (struct prop_values){ row.n, v };
}

void row_source_memory_set(struct row_source *s,
			   const struct prop_values *rows, uint32_t n)
{
	struct memory_source *m = memory(s);
	struct arena *a = arena_new(0);
	struct prop_values *copy = arena_array(a, n, sizeof *copy);

	for (uint32_t i = 0; i < n; i++)
		copy[i] = copy_row(a, rows[i]);
	arena_free(m->arena);             /* rows may have come from there */
	m->arena = a;
	m->rows = copy;
	m->n = n;
	m->at = -1;
}

void row_source_free(struct row_source *s)
{
	if (s != NULL)
		s->ops->free(s);
}
