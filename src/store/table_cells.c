/* SPDX-License-Identifier: Apache-2.0 */
/* Columns, and the cells of rows ([MS-OXCTABL] 2.2.1, 2.2.2.5.2, 3.2.5.2). */
#include <stdlib.h>
#include <string.h>

#include "base/utf.h"
#include "mapi/prop_codec.h"
#include "store/table_impl.h"

/* ---- columns ---- */

void columns_clear(struct table *t)
{
	free(t->columns);
	free(t->tags);
	free(t->source_tags);
	free(t->cells);
	t->columns = NULL;
	t->tags = t->source_tags = NULL;
	t->cells = NULL;
	t->n_columns = 0;
	t->columns_mv_tag = 0;
	t->source->ops->set_columns(t->source, (struct prop_tags){ 0, NULL });
}

static unsigned bare_type(uint32_t tag)
{
	return prop_tag_type(tag) & ~(unsigned)PTYP_INSTANCE;
}

/* [MS-OXCTABL] 3.2.5.2 */
static bool column_valid(uint32_t tag)
{
	unsigned type = prop_tag_type(tag);

	if (type & PTYP_INSTANCE)
		return (type & PTYP_MULTIPLE) &&
			prop_type_is_known(bare_type(tag));
	return type != PTYP_UNSPECIFIED && type != PTYP_NULL &&
		type != PTYP_ERROR_CODE && prop_type_is_known(type);
}

/* What the table itself knows of a row, whatever its source. */
static enum cell_kind special_kind(const struct table *t, uint32_t tag)
{
	bool contents = t->kind == TABLE_CONTENTS;

	switch (tag) {
	case PID_TAG_INST_ID: return CELL_INST_ID;
	case PID_TAG_INSTANCE_NUM: return CELL_INSTANCE_NUM;
	case PID_TAG_ROW_TYPE: return CELL_ROW_TYPE;
	case PID_TAG_DEPTH: return contents ? CELL_DEPTH : CELL_PLAIN;
	case PID_TAG_CONTENT_COUNT:
		return contents ? CELL_CONTENT_COUNT : CELL_PLAIN;
	case PID_TAG_CONTENT_UNREAD_COUNT:
		return contents ? CELL_CONTENT_UNREAD : CELL_PLAIN;
	default: return CELL_PLAIN;
	}
}

static enum cell_kind kind_of(const struct table *t, uint32_t tag)
{
	unsigned type = prop_tag_type(tag);
	enum cell_kind special = special_kind(t, tag);

	if (special != CELL_PLAIN)
		return special;
	if (type & PTYP_INSTANCE)
		return CELL_INSTANCE;
	if (type & PTYP_MULTIPLE)
		return CELL_MULTIPLE;
	if (type == PTYP_STRING || type == PTYP_STRING8)
		return CELL_TEXT;
	if (type == PTYP_BINARY || type == PTYP_SERVER_ID ||
	    type == PTYP_OBJECT)
		return CELL_BINARY;
	return CELL_PLAIN;
}

/* Sources have text as PTYP_STRING. */
static uint32_t source_tag(uint32_t tag)
{
	unsigned type = bare_type(tag);

	if (type == PTYP_STRING8)
		type = PTYP_STRING;
	else if (type == PTYP_MULTIPLE_STRING8)
		type = PTYP_MULTIPLE_STRING;
	return prop_tag_make(prop_tag_id(tag), type);
}

/* Of one property at most can the values be rows of their own. */
static enum ec check_columns(struct prop_tags columns, uint32_t *mv_tag)
{
	uint32_t tag;

	if (columns.n == 0)
		return EC_INVALID_PARAM;
	*mv_tag = 0;
	for (uint32_t i = 0; i < columns.n; i++) {
		tag = columns.v[i];
		if (!column_valid(tag))
			return EC_INVALID_PARAM;
		if (!(prop_tag_type(tag) & PTYP_INSTANCE))
			continue;
		if (*mv_tag != 0 && *mv_tag != source_tag(tag))
			return EC_TOO_COMPLEX;
		*mv_tag = source_tag(tag);
	}
	return EC_SUCCESS;
}

static void columns_take(struct table *t, struct prop_tags columns)
{
	t->n_columns = columns.n;
	t->columns = xcalloc(columns.n, sizeof *t->columns);
	t->tags = xcalloc(columns.n, sizeof *t->tags);
	t->source_tags = xcalloc(columns.n, sizeof *t->source_tags);
	t->cells = xcalloc(columns.n, sizeof *t->cells);
	for (uint32_t i = 0; i < columns.n; i++) {
		t->columns[i].tag = t->tags[i] = columns.v[i];
		t->columns[i].kind = (uint8_t)kind_of(t, columns.v[i]);
		/* What the table knows itself, the source need not find. */
		t->source_tags[i] = special_kind(t, columns.v[i]) !=
			CELL_PLAIN ? 0 : source_tag(columns.v[i]);
	}
	t->source->ops->set_columns(t->source, (struct prop_tags){
		columns.n, t->source_tags });
}

enum ec table_set_columns(struct table *t, struct prop_tags columns)
{
	uint32_t mv_tag = 0;

	columns_clear(t);
	t->columns_ec = check_columns(columns, &mv_tag);
	if (t->columns_ec == EC_SUCCESS && mv_tag != 0 &&
	    t->sort_mv_tag != 0 && mv_tag != t->sort_mv_tag)
		t->columns_ec = EC_TOO_COMPLEX;
	if (t->columns_ec != EC_SUCCESS)
		return t->columns_ec;
	columns_take(t, columns);
	t->columns_mv_tag = mv_tag;
	table_set_mv_tag(t);
	return EC_SUCCESS;
}

struct prop_tags table_columns(const struct table *t)
{
	return (struct prop_tags){ t->n_columns, t->tags };
}

/* ---- cutting ---- */

size_t text_cut(const char *text, size_t units)
{
	size_t len = strlen(text), used = 0;
	const char *p = text, *end = text + len, *before;

	if (len <= units)
		return len;
	while (p < end) {
		before = p;
		used += utf8_next(&p, end) > 0xffff ? 2 : 1;
		if (used > units)
			return (size_t)(before - text);
	}
	return len;
}

/* With its terminator a string takes TABLE_CELL_MAX bytes at most. */
enum { CELL_UNITS = TABLE_CELL_MAX / 2 - 1 };

static const char *cut_text(struct table *t, const char *text)
{
	size_t len = text_cut(text, CELL_UNITS);

	return text[len] == '\0' ? text : arena_strndup(t->scratch, text, len);
}

static size_t element_size(unsigned type)
{
	switch (type) {
	case PTYP_INTEGER16: return 2;
	case PTYP_INTEGER32: case PTYP_FLOATING32: return 4;
	case PTYP_GUID: return 16;
	default: return 8;
	}
}

/*
 * Each value is cut, and of all of them so many kept as fit: the whole value
 * must not be longer than a single one may be.
 */
static void cut_strings(struct table *t, struct prop_value *v)
{
	const char **out = arena_array(t->scratch, v->n, sizeof *out);
	size_t left = TABLE_CELL_MAX, size;
	uint32_t n = 0;

	for (; n < v->n; n++) {
		out[n] = cut_text(t, v->mv_str[n]);
		size = utf8_to_utf16_size(out[n], strlen(out[n])) + 2;
		if (size > left)
			break;
		left -= size;
	}
	v->n = n;
	v->mv_str = out;
}

static void cut_binaries(struct table *t, struct prop_value *v)
{
	struct bin *out = arena_array(t->scratch, v->n, sizeof *out);
	size_t left = TABLE_CELL_MAX;
	uint32_t n = 0;

	for (; n < v->n; n++) {
		out[n] = v->mv_bin[n];
		if (out[n].len > left) {
			if (n > 0)
				break;
			out[n].len = left;
		}
		left -= out[n].len;
	}
	v->n = n;
	v->mv_bin = out;
}

static void cut_multiple(struct table *t, struct prop_value *v)
{
	unsigned type = prop_tag_type(v->tag) & ~(unsigned)PTYP_MULTIPLE;
	uint32_t max = (uint32_t)(TABLE_CELL_MAX / element_size(type));

	if (type == PTYP_STRING || type == PTYP_STRING8)
		cut_strings(t, v);
	else if (type == PTYP_BINARY)
		cut_binaries(t, v);
	else if (v->n > max)
		v->n = max;
}

/* ---- cells ---- */

static bool is_error(const struct prop_value *v)
{
	return prop_tag_type(v->tag) == PTYP_ERROR_CODE;
}

/* A PTYP_STRING8 column has its text under that type. */
static void retag(struct prop_value *v, uint32_t tag)
{
	v->tag = tag;
}

static void set_i32(struct prop_value *v, uint32_t tag, uint32_t n)
{
	*v = (struct prop_value){ .tag = tag, .i32 = (int32_t)n };
}

static uint32_t row_type(const struct table_row *row)
{
	if (row->header == NULL)
		return TBL_LEAF_ROW;
	if (row->header->leaves == 0)
		return TBL_EMPTY_CATEGORY;
	return row->header->expanded ? TBL_EXPANDED_CATEGORY :
		TBL_COLLAPSED_CATEGORY;
}

static uint32_t row_depth(const struct table *t, const struct table_row *row)
{
	return row->header != NULL ? row->header->level - 1 :
		t->spec.category_count;
}

static bool special_cell(struct table *t, const struct table_row *row,
			 const struct column *c, struct prop_value *v)
{
	switch (c->kind) {
	case CELL_INST_ID:
		*v = (struct prop_value){ .tag = c->tag,
					  .i64 = (int64_t)row->id };
		return true;
	case CELL_INSTANCE_NUM:
		set_i32(v, c->tag, row->instance);
		return true;
	case CELL_ROW_TYPE:
		set_i32(v, c->tag, row_type(row));
		return true;
	case CELL_DEPTH:
		set_i32(v, c->tag, row_depth(t, row));
		return true;
	case CELL_CONTENT_COUNT:
		set_i32(v, c->tag, row->header ? row->header->leaves : 0);
		return true;
	case CELL_CONTENT_UNREAD:
		set_i32(v, c->tag, row->header ? row->header->unread : 0);
		return true;
	default:
		return false;
	}
}

/* The value of this row's instance, or of all values, none. */
static void instance_cell(const struct table_row *row, uint32_t tag,
			  struct prop_value *v)
{
	if (!is_error(v) && row->instance < v->n)
		*v = prop_element(v, row->instance);
	else if (!is_error(v))
		*v = prop_error(v->tag, EC_NOT_FOUND);
	if (is_error(v))
		v->tag = prop_tag_make(prop_tag_id(tag), PTYP_ERROR_CODE);
}

static void cut_single(struct table *t, struct prop_value *v)
{
	unsigned type = prop_tag_type(v->tag);

	if (type == PTYP_STRING || type == PTYP_STRING8)
		v->str = cut_text(t, v->str);
	else if ((type == PTYP_BINARY || type == PTYP_SERVER_ID ||
		  type == PTYP_OBJECT) && v->bin.len > TABLE_CELL_MAX)
		v->bin.len = TABLE_CELL_MAX;
}

static void finish_cell(struct table *t, const struct table_row *row,
			const struct column *c, struct prop_value *v)
{
	if (special_cell(t, row, c, v))
		return;
	if (c->kind == CELL_INSTANCE) {
		unsigned single = prop_tag_type(c->tag) &
			~(unsigned)(PTYP_INSTANCE | PTYP_MULTIPLE);

		instance_cell(row, c->tag, v);
		if (!is_error(v)) {
			cut_single(t, v);
			retag(v, prop_tag_make(prop_tag_id(c->tag), single));
		}
		return;
	}
	if (is_error(v) || c->kind == CELL_PLAIN)
		return;
	if (c->kind == CELL_MULTIPLE)
		cut_multiple(t, v);
	else
		cut_single(t, v);
	retag(v, c->tag);
}

/* ---- header rows ---- */

/* A header shows the columns that make its category and those outside. */
static bool of_category(const struct table *t, const struct group *g,
			uint32_t tag)
{
	uint32_t n = g->level;

	for (uint32_t i = 0; i < n; i++)
		if (prop_tag_id(t->spec.sorts[i].tag) == prop_tag_id(tag))
			return true;
	return false;
}

/* The values of a header's columns are those of its first row. */
static enum ec header_cells(struct table *t, const struct table_row *row)
{
	const struct row_entry *e =
		row_index_at(t->index, group_first(t->groups, row->header));
	struct table_row first = { .entry = e };
	struct table_row as_header = *row;
	enum ec ec;

	if (e == NULL)
		return EC_NOT_FOUND;
	first.id = e->id;
	ec = table_load(t, &first);
	if (ec != EC_SUCCESS)
		return ec;
	t->source->ops->cells(t->source, t->cells);
	as_header.instance = e->instance;
	for (uint32_t i = 0; i < t->n_columns; i++) {
		const struct column *c = &t->columns[i];
		struct prop_value *v = &t->cells[i];

		if (special_cell(t, row, c, v))
			continue;
		if (of_category(t, row->header, c->tag))
			finish_cell(t, &as_header, c, v);
		else if (c->tag == PID_TAG_FOLDER_ID && !is_error(v))
			v->i64 = (int64_t)t->folder_id;
		else
			*v = prop_error(c->tag, EC_NOT_FOUND);
	}
	return EC_SUCCESS;
}

enum ec table_load(struct table *t, const struct table_row *row)
{
	return row->header != NULL ? EC_SUCCESS :
		t->source->ops->load(t->source, row->id);
}

enum ec table_cells(struct table *t, const struct table_row *row,
		    const struct prop_value **cells)
{
	enum ec ec = EC_SUCCESS;

	arena_reset(t->scratch);
	if (row->header != NULL) {
		ec = header_cells(t, row);
	} else {
		t->source->ops->cells(t->source, t->cells);
		for (uint32_t i = 0; i < t->n_columns; i++)
			if (t->columns[i].kind != CELL_PLAIN)
				finish_cell(t, row, &t->columns[i],
					    &t->cells[i]);
	}
	*cells = t->cells;
	return ec;
}
