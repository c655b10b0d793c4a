/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source of table rows without a database, for tests of tables alone: an
 * array of messages that tests change, telling a hub of it as the store does.
 */
#ifndef TESTS_STORE_FAKE_SOURCE_H
#define TESTS_STORE_FAKE_SOURCE_H

#include "test.h"

#include "mapi/id.h"
#include "store/table_impl.h"

enum { FAKE_MAX = 4096, FAKE_KEYWORDS = 4, FAKE_FOLDER = 7 };

#define FAKE_MV_TAG 0x8001101fu

struct fake_row {
	uint64_t counter;
	char subject[40];         /* "": there is none */
	int32_t importance;
	uint64_t time;
	bool read;
	uint32_t n_keywords;
	const char *keywords[FAKE_KEYWORDS];
};

/* The rows, ascending by counter; shared by all sources over them. */
struct fake {
	struct event_hub *hub;
	uint32_t n;
	struct fake_row rows[FAKE_MAX];
	uint32_t walks;           /* how often rows were walked over */
	enum ec fail;             /* what the next walk or load answers */
};

struct fake_source {
	struct row_source base;
	struct fake *fake;
	struct prop_tags columns;
	int64_t at, walk;
	bool forward;
	struct prop_value value;  /* the last that was got */
};

static inline uint32_t fake_lower(const struct fake *f, uint64_t counter)
{
	uint32_t i = 0;

	while (i < f->n && f->rows[i].counter < counter)
		i++;
	return i;
}

static inline enum ec fake_count(struct row_source *s, uint32_t *n)
{
	*n = ((struct fake_source *)s)->fake->n;
	return EC_SUCCESS;
}

static inline enum ec fake_walk(struct row_source *s, uint64_t from,
				bool include, bool forward, uint32_t skip)
{
	struct fake_source *fs = (struct fake_source *)s;
	struct fake *f = fs->fake;
	uint64_t c = id_counter(from);
	uint32_t i = fake_lower(f, c);
	bool there = i < f->n && f->rows[i].counter == c;

	f->walks++;
	if (f->fail != EC_SUCCESS)
		return f->fail;
	if (from == 0)
		fs->walk = forward ? 0 : (int64_t)f->n - 1;
	else if (forward)
		fs->walk = (int64_t)i + (there && !include);
	else
		fs->walk = there && include ? (int64_t)i : (int64_t)i - 1;
	fs->walk += forward ? (int64_t)skip : -(int64_t)skip;
	fs->forward = forward;
	return EC_SUCCESS;
}

static inline enum ec fake_next(struct row_source *s, uint64_t *id)
{
	struct fake_source *fs = (struct fake_source *)s;

	if (fs->walk < 0 || fs->walk >= fs->fake->n)
		return EC_NOT_FOUND;
	fs->at = fs->walk;
	fs->walk += fs->forward ? 1 : -1;
	*id = id_make(1, fs->fake->rows[fs->at].counter);
	return EC_SUCCESS;
}

static inline enum ec fake_load(struct row_source *s, uint64_t id)
{
	struct fake_source *fs = (struct fake_source *)s;
	uint32_t i = fake_lower(fs->fake, id_counter(id));

	if (fs->fake->fail != EC_SUCCESS)
		return fs->fake->fail;
	if (i >= fs->fake->n || fs->fake->rows[i].counter != id_counter(id))
		return EC_NOT_FOUND;
	fs->at = i;
	return EC_SUCCESS;
}

static inline void fake_done(struct row_source *s)
{
	((struct fake_source *)s)->at = -1;
}

static inline void fake_set_columns(struct row_source *s,
				    struct prop_tags columns)
{
	((struct fake_source *)s)->columns = columns;
}

static inline bool fake_value(const struct fake_row *r, uint32_t tag,
			      struct prop_value *out)
{
	*out = (struct prop_value){ .tag = tag };
	switch (tag) {
	case PID_TAG_MID:
		out->i64 = (int64_t)id_make(1, r->counter);
		return true;
	case PID_TAG_SUBJECT:
		out->str = r->subject;
		return r->subject[0] != '\0';
	case PID_TAG_IMPORTANCE:
		out->i32 = r->importance;
		return true;
	case PID_TAG_MESSAGE_DELIVERY_TIME:
		out->time = r->time;
		return true;
	case PID_TAG_READ:
		out->b = r->read;
		return true;
	case FAKE_MV_TAG:
		out->n = r->n_keywords;
		out->mv_str = r->keywords;
		return r->n_keywords > 0;
	default:
		return false;
	}
}

static inline const struct prop_value *fake_get(const struct match_row *row,
						uint32_t tag)
{
	struct fake_source *fs = (struct fake_source *)
		((char *)row - offsetof(struct row_source, row));

	assert_true(fs->at >= 0);
	return fake_value(&fs->fake->rows[fs->at], tag, &fs->value) ?
		&fs->value : NULL;
}

static inline void fake_cells(struct row_source *s, struct prop_value *out)
{
	struct fake_source *fs = (struct fake_source *)s;

	assert_true(fs->at >= 0);
	for (uint32_t i = 0; i < fs->columns.n; i++)
		if (!fake_value(&fs->fake->rows[fs->at], fs->columns.v[i],
				&out[i]))
			out[i] = prop_error(fs->columns.v[i], EC_NOT_FOUND);
}

static inline bool fake_unread(struct row_source *s)
{
	struct fake_source *fs = (struct fake_source *)s;

	return !fs->fake->rows[fs->at].read;
}

static inline uint64_t fake_folder_id(struct row_source *s)
{
	return id_make(1, FAKE_FOLDER);
}

static inline enum ec fake_columns_all(struct row_source *s, struct arena *a,
				       struct prop_tags *out)
{
	static const uint32_t tags[] = { PID_TAG_MID, PID_TAG_SUBJECT };

	*out = (struct prop_tags){ 2, tags };
	return EC_SUCCESS;
}

static inline enum row_change fake_change(struct row_source *s,
					  const struct store_event *ev,
					  uint64_t *id)
{
	*id = ev->message_id;
	switch (ev->type) {
	case EVENT_OBJECT_CREATED: return ROW_ADDED;
	case EVENT_OBJECT_MODIFIED: return ROW_CHANGED;
	case EVENT_OBJECT_DELETED: return ROW_GONE;
	case EVENT_SEARCH_COMPLETE: return ROW_ALL_CHANGED;
	default: return ROW_NO_CHANGE;
	}
}

static inline enum ec fake_guess(struct row_source *s, double fraction,
				 uint64_t *id)
{
	struct fake *f = ((struct fake_source *)s)->fake;

	*id = id_make(1, f->rows[(uint32_t)(fraction * f->n)].counter);
	return EC_SUCCESS;
}

static inline void fake_free(struct row_source *s)
{
	free(s);
}

static inline struct row_source *fake_source(struct fake *f);

static inline struct row_source *fake_clone(struct row_source *s)
{
	return fake_source(((struct fake_source *)s)->fake);
}

static inline struct row_source *fake_source(struct fake *f)
{
	static const struct row_source_ops ops = {
		.count = fake_count, .walk = fake_walk, .next = fake_next,
		.load = fake_load, .done = fake_done,
		.set_columns = fake_set_columns, .cells = fake_cells,
		.unread = fake_unread, .folder_id = fake_folder_id,
		.columns_all = fake_columns_all, .change = fake_change,
		.guess = fake_guess, .clone = fake_clone, .free = fake_free,
	};
	struct fake_source *fs = xcalloc(1, sizeof *fs);

	fs->base.ops = &ops;
	fs->base.row.get = fake_get;
	fs->base.hub = f->hub;
	fs->fake = f;
	fs->at = -1;
	return &fs->base;
}

static inline struct fake *fake_new(void)
{
	struct fake *f = xcalloc(1, sizeof *f);

	f->hub = event_hub_new();
	return f;
}

static inline void fake_end(struct fake *f)
{
	event_hub_free(f->hub);
	free(f);
}

static inline struct table *fake_table(struct fake *f)
{
	struct source_key key = { .folder_id = id_make(1, FAKE_FOLDER),
				  .type = 99 };

	return table_new(TABLE_CONTENTS, TABLE_USE_UNICODE, key.folder_id,
			 0x0409, &key, fake_source(f));
}

static inline void fake_tell(struct fake *f, uint16_t type, uint64_t counter)
{
	struct store_event ev = {
		.type = type, .folder_id = id_make(1, FAKE_FOLDER),
		.message_id = counter != 0 ? id_make(1, counter) : 0,
	};

	event_emit(f->hub, &ev);
}

static inline void fake_insert(struct fake *f, const struct fake_row *row)
{
	uint32_t i = fake_lower(f, row->counter);

	assert_true(f->n < FAKE_MAX);
	memmove(f->rows + i + 1, f->rows + i, (f->n - i) * sizeof f->rows[0]);
	f->rows[i] = *row;
	f->n++;
	fake_tell(f, EVENT_OBJECT_CREATED, row->counter);
}

static inline void fake_delete(struct fake *f, uint32_t i)
{
	uint64_t counter = f->rows[i].counter;

	f->n--;
	memmove(f->rows + i, f->rows + i + 1, (f->n - i) * sizeof f->rows[0]);
	fake_tell(f, EVENT_OBJECT_DELETED, counter);
}

static inline void fake_modify(struct fake *f, uint32_t i,
			       const struct fake_row *row)
{
	f->rows[i] = *row;
	fake_tell(f, EVENT_OBJECT_MODIFIED, row->counter);
}

#endif
