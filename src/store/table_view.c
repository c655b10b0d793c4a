/* SPDX-License-Identifier: Apache-2.0 */
#include "store/table_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "store/match.h"
#include "store/table_impl.h"

struct view {
	struct view *next;                /* of the mailbox, or unlinked */
	struct views *views;              /* NULL: not shared */
	struct source_key key;
	struct view_spec spec;
	struct arena *arena;              /* the restriction */
	struct row_source *source;
	struct collator *collator;
	struct match *match;
	struct row_index *index;          /* NULL: not built */
	struct event_subscription *sub;
	struct view_listener *listeners;
	uint64_t used;                    /* views->clock when last released */
	unsigned refs;
	struct buf scratch;
};

/* The views of a mailbox: what hangs on its hub. */
struct views {
	struct view *first;
	uint64_t clock;
	unsigned random_access;           /* tables that read so */
};

/* ---- keys ---- */

static bool is_mv_sort(const struct view *v, const struct sort_order *s)
{
	return v->spec.mv_tag != 0 &&
		prop_tag_id(s->tag) == prop_tag_id(v->spec.mv_tag);
}

/*
 * Of long values only what a table shows counts for the order: keys stay
 * short, however long a body is that someone sorts by.
 */
enum { KEY_UNITS = 255, KEY_BYTES = 510 };

static void add_value_key(struct view *v, const struct prop_value *value,
			  bool descending, struct buf *key)
{
	struct prop_value cut;
	unsigned type = value != NULL ? prop_tag_type(value->tag) : PTYP_NULL;
	size_t len;
	char *text;

	if (type == PTYP_STRING && strlen(value->str) > KEY_UNITS) {
		cut = *value;
		len = text_cut(value->str, KEY_UNITS);
		text = xmalloc(len + 1);
		memcpy(text, value->str, len);
		text[len] = '\0';
		cut.str = text;
		collate_value_key(v->collator, &cut, descending, key);
		free(text);
	} else if (type == PTYP_BINARY && value->bin.len > KEY_BYTES) {
		cut = *value;
		cut.bin.len = KEY_BYTES;
		collate_value_key(v->collator, &cut, descending, key);
	} else {
		collate_value_key(v->collator, value, descending, key);
	}
}

static void add_key(struct view *v, const struct match_row *row,
		    uint32_t instance, const struct sort_order *s,
		    struct buf *key)
{
	uint32_t tag = s->tag & ~(uint32_t)PTYP_INSTANCE;
	const struct prop_value *value = row->get(row, tag);
	struct prop_value element;

	if (is_mv_sort(v, s) && value != NULL &&
	    (prop_tag_type(value->tag) & PTYP_MULTIPLE)) {
		if (instance < value->n) {
			element = prop_element(value, instance);
			value = &element;
		} else {
			value = NULL;
		}
	}
	add_value_key(v, value, s->order == SORT_DESCENDING, key);
}

static void add_u16(struct buf *key, size_t n)
{
	uint8_t b[2] = { (uint8_t)(n >> 8), (uint8_t)n };

	buf_add(key, b, sizeof b);
}

/*
 * The keys of the columns; of a categorised view also, behind them where they
 * do not disturb the order, the aggregated column's key and the lengths that
 * view_group_len and view_aggregate go by.
 */
static void make_key(struct view *v, const struct match_row *row,
		     uint32_t instance, struct buf *key)
{
	const struct view_spec *s = &v->spec;
	size_t lens[VIEW_MAX_CATEGORIES], start;

	for (uint32_t i = 0; i < s->n_sorts; i++) {
		if (s->maximum && i == s->category_count)
			continue;
		add_key(v, row, instance, &s->sorts[i], key);
		if (i < s->category_count)
			lens[i] = key->len;
	}
	if (s->category_count == 0)
		return;
	start = key->len;
	if (s->maximum)
		add_key(v, row, instance, &s->sorts[s->category_count], key);
	add_u16(key, key->len - start);
	for (uint32_t i = 0; i < s->category_count; i++)
		add_u16(key, lens[i]);
}

void view_row_key(struct view *v, struct row_source *s, uint32_t instance,
		  struct buf *key)
{
	make_key(v, &s->row, instance, key);
}

static size_t u16_at(const uint8_t *p)
{
	return (size_t)p[0] << 8 | p[1];
}

size_t view_group_len(const struct view *v, const struct row_entry *e,
		      uint32_t level)
{
	size_t from_end = 2 * (size_t)(v->spec.category_count - level + 1);

	return u16_at(e->key + e->key_len - from_end);
}

struct bin view_aggregate(const struct view *v, const struct row_entry *e)
{
	size_t tail = 2 * (size_t)v->spec.category_count + 2;
	size_t len = u16_at(e->key + e->key_len - tail);

	return (struct bin){ e->key + e->key_len - tail - len, len };
}

/* How many rows the current row of the source makes. */
static uint32_t instances(const struct view *v, const struct match_row *row)
{
	const struct prop_value *value;

	if (v->spec.mv_tag == 0)
		return 1;
	value = row->get(row, v->spec.mv_tag);
	return value != NULL && (prop_tag_type(value->tag) & PTYP_MULTIPLE) &&
		value->n > 0 ? value->n : 1;
}

/* ---- telling ---- */

static void tell(struct view *v, const struct view_change *change)
{
	struct view_listener *l, *next;

	for (l = v->listeners; l != NULL; l = next) {
		next = l->next;
		l->changed(l, change);
	}
}

void view_invalidate(struct view *v)
{
	struct view_change change = { .type = VIEW_RELOADED };

	if (v->index == NULL)
		return;
	row_index_free(v->index);
	v->index = NULL;
	tell(v, &change);
}

/* ---- building ---- */

static struct row_new current_row(struct view *v, uint64_t id,
				  uint32_t instance)
{
	buf_clear(&v->scratch);
	make_key(v, &v->source->row, instance, &v->scratch);
	return (struct row_new){
		.id = id, .instance = instance,
		.unread = v->source->ops->unread(v->source),
		.key = { v->scratch.data, v->scratch.len },
	};
}

static enum ec read_rows(struct view *v, struct row_index *index)
{
	struct row_source *s = v->source;
	enum ec ec = s->ops->walk(s, 0, true, true, 0);
	struct row_new row;
	uint64_t id;
	uint32_t n;

	while (ec == EC_SUCCESS) {
		ec = s->ops->next(s, &id);
		if (ec != EC_SUCCESS || !match_row(v->match, &s->row))
			continue;
		n = instances(v, &s->row);
		for (uint32_t i = 0; i < n; i++) {
			row = current_row(v, id, i);
			row_index_append(index, &row);
		}
	}
	s->ops->done(s);
	return ec == EC_NOT_FOUND ? EC_SUCCESS : ec;
}

enum ec view_build(struct view *v, struct row_index **index)
{
	struct row_index *x;
	enum ec ec;

	if (v->index == NULL) {
		x = row_index_new();
		ec = read_rows(v, x);
		if (ec != EC_SUCCESS) {
			row_index_free(x);
			return ec;
		}
		row_index_sort(x);
		v->index = x;
	}
	*index = v->index;
	return EC_SUCCESS;
}

/* ---- following events ---- */

static void remove_row(struct view *v, uint64_t id, uint32_t instance)
{
	struct row_entry *old = row_index_take(v->index, id, instance);
	struct view_change change = {
		.type = VIEW_ROW_REMOVED, .old = old,
	};

	tell(v, &change);
	free(old);
}

/* From an instance on: those before stay. */
static void remove_rows(struct view *v, uint64_t id, uint32_t instance)
{
	uint32_t n = instance;

	while (row_index_find(v->index, id, n) != NULL)
		n++;
	while (n-- > instance && v->index != NULL)
		remove_row(v, id, n);
}

static void add_row(struct view *v, const struct row_new *row)
{
	struct view_change change = { .type = VIEW_ROW_ADDED };

	change.now = row_index_insert(v->index, row);
	tell(v, &change);
}

static void modify_row(struct view *v, const struct row_entry *e,
		       const struct row_new *row)
{
	struct view_change change = {
		.type = VIEW_ROW_MODIFIED, .now = e, .was_unread = e->unread,
	};
	struct row_entry *old = NULL;

	if (e->key_len == row->key.len && (e->key_len == 0 ||
	    memcmp(e->key, row->key.data, e->key_len) == 0)) {
		row_index_set_unread(v->index, e, row->unread);
	} else {
		old = row_index_take(v->index, row->id, row->instance);
		change.old = old;
		change.now = row_index_insert(v->index, row);
	}
	tell(v, &change);
	free(old);
}

/* The rows that the source's row with this ID makes now; keys in a. */
static enum ec load_rows(struct view *v, uint64_t id, struct arena *a,
			 struct row_new **rows, uint32_t *n)
{
	struct row_source *s = v->source;
	enum ec ec = s->ops->load(s, id);

	*n = 0;
	if (ec == EC_SUCCESS && match_row(v->match, &s->row)) {
		*n = instances(v, &s->row);
		*rows = arena_array(a, *n, sizeof **rows);
		for (uint32_t i = 0; i < *n; i++) {
			(*rows)[i] = current_row(v, id, i);
			(*rows)[i].key.data = arena_memdup(a,
				v->scratch.data, v->scratch.len);
		}
	}
	s->ops->done(s);
	return ec == EC_NOT_FOUND ? EC_SUCCESS : ec;
}

/* All is read before anyone is told: who is told may load other rows. */
static void put_row(struct view *v, uint64_t id)
{
	struct arena *a = arena_new(256);
	struct row_new *rows = NULL;
	const struct row_entry *e;
	uint32_t n;
	enum ec ec = load_rows(v, id, a, &rows, &n);

	for (uint32_t i = 0; i < n && v->index != NULL; i++) {
		e = row_index_find(v->index, id, i);
		if (e != NULL)
			modify_row(v, e, &rows[i]);
		else
			add_row(v, &rows[i]);
	}
	arena_free(a);
	if (ec != EC_SUCCESS)
		view_invalidate(v);
	else if (v->index != NULL)
		remove_rows(v, id, n);
}

static void on_event(void *ctx, const struct store_event *ev)
{
	struct view *v = ctx;
	uint64_t id;

	if (v->index == NULL)
		return;
	switch (v->source->ops->change(v->source, ev, &id)) {
	case ROW_NO_CHANGE:
		break;
	case ROW_ADDED:
	case ROW_CHANGED:
		put_row(v, id);
		break;
	case ROW_GONE:
		remove_rows(v, id, 0);
		break;
	case ROW_ALL_CHANGED:
		view_invalidate(v);
		break;
	}
}

/* ---- life ---- */

static void view_free(struct view *v)
{
	event_unsubscribe(v->sub);
	row_index_free(v->index);
	match_free(v->match);
	collator_free(v->collator);
	row_source_free(v->source);
	arena_free(v->arena);
	buf_free(&v->scratch);
	free(v);
}

static void views_free(void *data)
{
	struct views *views = data;
	struct view *v, *next;

	for (v = views->first; v != NULL; v = next) {
		next = v->next;
		view_free(v);
	}
	free(views);
}

static struct views *views_of(struct event_hub *hub)
{
	struct views *views = event_hub_data(hub, EVENT_HUB_VIEWS);

	if (views == NULL) {
		views = xcalloc(1, sizeof *views);
		event_hub_set_data(hub, EVENT_HUB_VIEWS, views, views_free);
	}
	return views;
}

static void unlink_view(struct views *views, struct view *v)
{
	struct view **at = &views->first;

	while (*at != v)
		at = &(*at)->next;
	*at = v->next;
}

/* Free unused views, the longest unused first, until few are left. */
static void trim(struct views *views, size_t max_bytes, unsigned max_n)
{
	struct view *oldest, *v;
	size_t bytes;
	unsigned n;

	for (;;) {
		oldest = NULL;
		bytes = n = 0;
		for (v = views->first; v != NULL; v = v->next) {
			if (v->refs > 0)
				continue;
			n++;
			bytes += v->index != NULL ?
				row_index_memory(v->index) : 0;
			if (oldest == NULL || v->used < oldest->used)
				oldest = v;
		}
		if (oldest == NULL || (bytes <= max_bytes && n <= max_n))
			return;
		unlink_view(views, oldest);
		view_free(oldest);
	}
}

void views_trim(struct event_hub *hub, size_t bytes)
{
	struct views *views = event_hub_data(hub, EVENT_HUB_VIEWS);

	if (views != NULL)
		trim(views, bytes, bytes > 0 ? VIEWS_KEPT : 0);
}

static bool same_restriction(const struct restriction *a,
			     const struct restriction *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return restriction_equal(a, b);
}

static bool same_spec(const struct view_spec *a, const struct view_spec *b)
{
	if (a->n_sorts != b->n_sorts || a->mv_tag != b->mv_tag ||
	    a->category_count != b->category_count || a->lcid != b->lcid ||
	    a->maximum != b->maximum)
		return false;
	for (uint32_t i = 0; i < a->n_sorts; i++)
		if (a->sorts[i].tag != b->sorts[i].tag ||
		    a->sorts[i].order != b->sorts[i].order)
			return false;
	return same_restriction(a->restriction, b->restriction);
}

static struct view *find_view(struct views *views,
			      const struct source_key *key,
			      const struct view_spec *spec)
{
	for (struct view *v = views->first; v != NULL; v = v->next)
		if (v->key.type == key->type && v->key.kind == key->kind &&
		    v->key.folder_id == key->folder_id &&
		    same_spec(&v->spec, spec))
			return v;
	return NULL;
}

static enum ec view_new(struct row_source *source,
			const struct source_key *key,
			const struct view_spec *spec, struct view **out)
{
	struct view *v = xcalloc(1, sizeof *v);
	enum ec ec;

	v->source = source;
	v->key = *key;
	v->spec = *spec;
	v->arena = arena_new(256);
	if (spec->restriction != NULL)
		v->spec.restriction = restriction_copy(v->arena,
						       spec->restriction);
	v->collator = collator_new(spec->lcid, NULL);
	ec = v->collator == NULL ? EC_ERROR :
		match_new(spec->restriction, v->collator, &v->match);
	if (ec != EC_SUCCESS) {
		view_free(v);
		return ec;
	}
	if (source->hub != NULL && source->ops->change != NULL)
		v->sub = event_subscribe_first(source->hub, EVENT_ALL,
					       on_event, v);
	*out = v;
	return EC_SUCCESS;
}

static void listen(struct view *v, struct view_listener *listener)
{
	v->refs++;
	listener->next = v->listeners;
	v->listeners = listener;
}

enum ec view_acquire(struct row_source *source, const struct source_key *key,
		     const struct view_spec *spec,
		     struct view_listener *listener, struct view **out)
{
	bool shared = source->hub != NULL && key->type != 0;
	struct views *views = shared ? views_of(source->hub) : NULL;
	struct view *v = shared ? find_view(views, key, spec) : NULL;
	enum ec ec;

	if (v != NULL) {
		row_source_free(source);
	} else {
		ec = view_new(source, key, spec, &v);
		if (ec != EC_SUCCESS)
			return ec;
		if (shared) {
			v->views = views;
			v->next = views->first;
			views->first = v;
		}
	}
	listen(v, listener);
	*out = v;
	return EC_SUCCESS;
}

void view_release(struct view *v, struct view_listener *listener)
{
	struct view_listener **at = &v->listeners;

	while (*at != listener)
		at = &(*at)->next;
	*at = listener->next;
	if (--v->refs > 0)
		return;
	if (v->views == NULL || v->index == NULL) {
		if (v->views != NULL)
			unlink_view(v->views, v);
		view_free(v);
		return;
	}
	v->used = ++v->views->clock;
	trim(v->views, VIEWS_KEPT_BYTES, VIEWS_KEPT);
}

void view_random_access(struct row_source *source, bool begin)
{
	struct views *views;

	if (source->hub == NULL || source->ops->random_access == NULL)
		return;
	views = views_of(source->hub);
	if (begin && views->random_access++ == 0)
		source->ops->random_access(source, true);
	else if (!begin && --views->random_access == 0)
		source->ops->random_access(source, false);
}

const struct view_spec *view_spec(const struct view *v)
{
	return &v->spec;
}

uint32_t view_limit(const struct view *v)
{
	return match_limit(v->match);
}

const struct collator *view_collator(const struct view *v)
{
	return v->collator;
}
