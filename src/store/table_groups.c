/* SPDX-License-Identifier: Apache-2.0 */
#include "store/table_groups.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

struct group_tree {
	struct view *view;
	struct row_index *index;
	struct group root;
	uint32_t levels, expanded_count;
	bool maximum, descending;         /* order of the last level */
};

/* ---- small things ---- */

static int compare_bytes(struct bin a, struct bin b)
{
	return row_compare(a, 0, 0, b, 0, 0);
}

static bool is_prefix(struct bin prefix, struct bin of)
{
	return prefix.len <= of.len &&
		(prefix.len == 0 ||
		 memcmp(prefix.data, of.data, prefix.len) == 0);
}

static struct bin bytes_copy(struct bin b)
{
	uint8_t *p = xmalloc(b.len + 1);

	if (b.len > 0)
		memcpy(p, b.data, b.len);
	return (struct bin){ p, b.len };
}

static struct bin key_of(const struct group_tree *t,
			 const struct row_entry *e, uint32_t level)
{
	return (struct bin){ e->key, view_group_len(t->view, e, level) };
}

/*
 * FNV-1a over the prefix.  The low 16 bits, where message IDs have their
 * replica ID, are 0: no message has such an ID.
 */
static uint64_t id_of(struct bin prefix)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < prefix.len; i++)
		h = (h ^ prefix.data[i]) * UINT64_C(0x100000001b3);
	h ^= h >> 32;
	return h << 16 != 0 ? h << 16 : UINT64_C(1) << 16;
}

static bool is_last(const struct group_tree *t, const struct group *g)
{
	return g->level == t->levels;
}

/* The children of g are in another order than that of their prefixes. */
static bool by_greatest(const struct group_tree *t, const struct group *g)
{
	return t->maximum && g->level + 1 == t->levels;
}

/* ---- order among siblings ---- */

static int compare_shown(const struct group_tree *t, const struct group *a,
			 const struct group *b)
{
	int order = 0;

	if (by_greatest(t, a->parent)) {
		order = compare_bytes(a->greatest, b->greatest);
		if (t->descending)
			order = -order;
	}
	return order != 0 ? order : compare_bytes(a->prefix, b->prefix);
}

/* The first child whose prefix is not before this one. */
static uint32_t lower_sub(const struct group *g, struct bin prefix)
{
	uint32_t lo = 0, hi = g->n_sub, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (compare_bytes(g->sub[mid]->prefix, prefix) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static uint32_t lower_shown(const struct group_tree *t, const struct group *g,
			    const struct group *child, uint32_t n)
{
	uint32_t lo = 0, hi = n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (compare_shown(t, g->shown[mid], child) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void put_at(struct group **v, uint32_t n, uint32_t at, struct group *g)
{
	memmove(v + at + 1, v + at, (n - at) * sizeof *v);
	v[at] = g;
}

static void cut_at(struct group **v, uint32_t n, uint32_t at)
{
	memmove(v + at, v + at + 1, (n - at - 1) * sizeof *v);
}

static void number(struct group *g, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		g->shown[i]->at = i;
}

static void grow(struct group_tree *t, struct group *g)
{
	bool apart = g->shown != NULL && g->shown != g->sub;

	if (g->n_sub < g->cap_sub)
		return;
	g->cap_sub = g->cap_sub > 0 ? 2 * g->cap_sub : 4;
	g->sub = xrealloc(g->sub, g->cap_sub * sizeof *g->sub);
	if (by_greatest(t, g))
		g->shown = xrealloc(apart ? g->shown : NULL,
				    g->cap_sub * sizeof *g->shown);
	else
		g->shown = g->sub;
}

static void insert_child(struct group_tree *t, struct group *g,
			 struct group *child)
{
	uint32_t at = lower_sub(g, child->prefix);

	grow(t, g);
	put_at(g->sub, g->n_sub, at, child);
	if (g->shown != g->sub) {
		at = lower_shown(t, g, child, g->n_sub);
		put_at(g->shown, g->n_sub, at, child);
	}
	g->n_sub++;
	number(g, at, g->n_sub);
}

static void remove_child(struct group *g, struct group *child)
{
	uint32_t at = lower_sub(g, child->prefix);

	cut_at(g->sub, g->n_sub, at);
	if (g->shown != g->sub) {
		at = child->at;
		cut_at(g->shown, g->n_sub, at);
	}
	g->n_sub--;
	number(g, at, g->n_sub);
}

/* ---- life ---- */

static void free_below(struct group *g)
{
	for (uint32_t i = 0; i < g->n_sub; i++) {
		free_below(g->sub[i]);
		free((void *)g->sub[i]->prefix.data);
		free((void *)g->sub[i]->greatest.data);
		free(g->sub[i]);
	}
	if (g->shown != g->sub)
		free(g->shown);
	free(g->sub);
}

void group_tree_free(struct group_tree *t)
{
	if (t == NULL)
		return;
	free_below(&t->root);
	free(t);
}

static struct group *make_group(struct group_tree *t, struct group *parent,
				struct bin prefix, struct bin greatest)
{
	struct group *g = xcalloc(1, sizeof *g);

	g->parent = parent;
	g->level = parent->level + 1;
	g->id = id_of(prefix);
	g->prefix = bytes_copy(prefix);
	g->expanded = g->level <= t->expanded_count;
	if (by_greatest(t, parent))
		g->greatest = bytes_copy(greatest);
	insert_child(t, parent, g);
	return g;
}

/* n more (or fewer) rows are visible below g, were it expanded. */
static void add_visible(struct group *g, int64_t n)
{
	for (; g != NULL && n != 0; g = g->parent) {
		g->rows = (uint32_t)((int64_t)g->rows + n);
		if (!g->expanded)
			return;
	}
}

/* ---- rows that come and go ---- */

/* The greatest value of the last level has changed: put it in its place. */
static bool reorder(struct group_tree *t, struct group *g, struct bin greatest)
{
	struct group *p = g->parent;
	uint32_t from = g->at, to;

	free((void *)g->greatest.data);
	g->greatest = bytes_copy(greatest);
	cut_at(p->shown, p->n_sub, from);
	to = lower_shown(t, p, g, p->n_sub - 1);
	put_at(p->shown, p->n_sub - 1, to, g);
	number(p, from < to ? from : to, (from < to ? to : from) + 1);
	return from != to;
}

struct group *group_add(struct group_tree *t, const struct row_entry *e,
			bool *moved)
{
	struct group *g = &t->root, *made = NULL, *child;
	struct bin greatest = { NULL, 0 }, key;
	uint32_t i;

	if (t->maximum)
		greatest = view_aggregate(t->view, e);
	for (uint32_t level = 1; level <= t->levels; level++) {
		key = key_of(t, e, level);
		i = lower_sub(g, key);
		if (i < g->n_sub &&
		    compare_bytes(g->sub[i]->prefix, key) == 0) {
			child = g->sub[i];
		} else {
			child = make_group(t, g, key, greatest);
			add_visible(g, 1);
			made = made != NULL ? made : child;
		}
		g = child;
		g->leaves++;
		g->unread += e->unread;
	}
	add_visible(g, 1);
	if (by_greatest(t, g->parent) &&
	    compare_bytes(greatest, g->greatest) > 0 &&
	    reorder(t, g, greatest))
		*moved = true;
	return made;
}

uint32_t group_first(const struct group_tree *t, const struct group *g)
{
	return row_index_lower(t->index, g->prefix, 0, 0);
}

static struct bin find_greatest(const struct group_tree *t,
				const struct group *g)
{
	struct row_walk w = row_walk_at(t->index, group_first(t, g));
	struct bin best = { NULL, 0 }, v;
	const struct row_entry *e;

	/* By prefix, not by count: the index may be a row ahead of us. */
	while ((e = row_walk_next(&w)) != NULL &&
	       is_prefix(g->prefix, row_key(e))) {
		v = view_aggregate(t->view, e);
		if (best.data == NULL || compare_bytes(v, best) > 0)
			best = v;
	}
	return best;
}

static void drop_group(struct group *g)
{
	struct group *p = g->parent;

	remove_child(p, g);
	add_visible(p, -1);
	free((void *)g->prefix.data);
	free((void *)g->greatest.data);
	free(g->sub);
	free(g);
}

bool group_remove(struct group_tree *t, const struct row_entry *e, bool *moved)
{
	struct group *g = group_of_key(t, e), *parent, *last = g;
	bool gone = false;

	if (g == NULL)
		return false;
	add_visible(g, -1);
	for (; g != &t->root; g = parent) {
		parent = g->parent;
		g->leaves--;
		g->unread -= e->unread && g->unread > 0;
		if (g->leaves > 0)
			continue;
		if (g->shown != g->sub)
			free(g->shown);
		if (g == last)
			last = NULL;
		drop_group(g);
		gone = true;
	}
	if (last != NULL && by_greatest(t, last->parent) &&
	    compare_bytes(view_aggregate(t->view, e), last->greatest) == 0 &&
	    reorder(t, last, find_greatest(t, last)))
		*moved = true;
	return gone;
}

void group_set_unread(struct group_tree *t, const struct row_entry *e,
		      bool was_unread)
{
	struct group *g = group_of_key(t, e);

	for (; g != NULL && g != &t->root; g = g->parent)
		g->unread = g->unread + e->unread - was_unread;
}

/*
 * All at once: the rows come in order, so that a new category is always the
 * last of its parent's (by prefix).
 */
struct group_tree *group_tree_new(struct view *v, struct row_index *x,
				  uint32_t expanded_count)
{
	const struct view_spec *spec = view_spec(v);
	struct group_tree *t = xcalloc(1, sizeof *t);
	struct row_walk w = row_walk_at(x, 0);
	const struct row_entry *e;
	bool moved;

	t->view = v;
	t->index = x;
	t->levels = spec->category_count;
	t->expanded_count = expanded_count;
	t->maximum = spec->maximum;
	t->descending = spec->category_count > 0 &&
		spec->sorts[spec->category_count - 1].order == SORT_DESCENDING;
	t->root.expanded = true;
	while ((e = row_walk_next(&w)) != NULL)
		group_add(t, e, &moved);
	return t;
}

/* ---- finding ---- */

uint32_t group_tree_rows(const struct group_tree *t)
{
	return t->root.rows;
}

struct group *group_root(const struct group_tree *t)
{
	return (struct group *)&t->root;
}

struct group *group_of_prefix(const struct group_tree *t, struct bin prefix,
			      uint32_t level)
{
	struct group *g = group_root(t);
	uint32_t i;

	while (g->level < level) {
		i = lower_sub(g, prefix);
		if (i < g->n_sub &&
		    compare_bytes(g->sub[i]->prefix, prefix) == 0)
			g = g->sub[i];
		else if (i > 0 && is_prefix(g->sub[i - 1]->prefix, prefix))
			g = g->sub[i - 1];
		else
			return NULL;
	}
	return compare_bytes(g->prefix, prefix) == 0 ? g : NULL;
}

struct group *group_of_key(const struct group_tree *t,
			   const struct row_entry *e)
{
	return group_of_prefix(t, key_of(t, e, t->levels), t->levels);
}

static struct group *find_below(struct group *g, uint64_t id)
{
	struct group *found = NULL;

	for (uint32_t i = 0; i < g->n_sub && found == NULL; i++)
		found = g->sub[i]->id == id ? g->sub[i] :
			find_below(g->sub[i], id);
	return found;
}

struct group *group_find(const struct group_tree *t, uint64_t id)
{
	return find_below(group_root(t), id);
}

static void each_below(struct group *g,
		       void (*fn)(void *ctx, struct group *g), void *ctx)
{
	for (uint32_t i = 0; i < g->n_sub; i++) {
		fn(ctx, g->shown[i]);
		each_below(g->shown[i], fn, ctx);
	}
}

void group_each(const struct group_tree *t,
		void (*fn)(void *ctx, struct group *g), void *ctx)
{
	each_below(group_root(t), fn, ctx);
}

bool group_visible(const struct group *g)
{
	for (g = g->parent; g != NULL; g = g->parent)
		if (!g->expanded)
			return false;
	return true;
}

/* Visible rows of a category with its header. */
static uint32_t extent(const struct group *g)
{
	return 1 + (g->expanded ? g->rows : 0);
}

/* Position of the first row below g. */
static uint32_t inside(const struct group *g)
{
	return g->parent == NULL ? 0 : group_position(g) + 1;
}

uint32_t group_position(const struct group *g)
{
	uint32_t p = inside(g->parent);

	for (uint32_t i = 0; i < g->at; i++)
		p += extent(g->parent->shown[i]);
	return p;
}

uint32_t group_lower(const struct group_tree *t, struct bin prefix,
		     uint32_t level)
{
	struct group *g = group_root(t), *before;
	uint32_t i;

	for (;;) {
		i = lower_sub(g, prefix);
		if (i < g->n_sub &&
		    compare_bytes(g->sub[i]->prefix, prefix) == 0)
			return group_position(g->sub[i]);
		before = i > 0 ? g->sub[i - 1] : NULL;
		if (before != NULL && is_prefix(before->prefix, prefix)) {
			if (!before->expanded || is_last(t, before))
				return group_position(before) + extent(before);
			g = before;
			continue;
		}
		if (i < g->n_sub)
			return group_position(g->sub[i]);
		return inside(g) + g->rows;
	}
}

uint32_t group_set_expanded(struct group *g, bool expanded)
{
	if (g->expanded == expanded)
		return 0;
	g->expanded = expanded;
	add_visible(g->parent, expanded ? (int64_t)g->rows :
		    -(int64_t)g->rows);
	return g->rows;
}

/* ---- walking ---- */

static void walk_to(struct group_walk *w, uint32_t position)
{
	struct group *g = group_root(w->t);
	uint32_t i = 0;

	w->g = NULL;
	if (position >= g->rows)
		return;
	for (;;) {
		while (position >= extent(g->shown[i]))
			position -= extent(g->shown[i++]);
		g = g->shown[i];
		if (position == 0 || is_last(w->t, g))
			break;
		position--;
		i = 0;
	}
	w->g = g;
	w->leaf = (int64_t)position - 1;
}

struct group_walk group_walk_at(const struct group_tree *t, uint32_t position)
{
	struct group_walk w = { .t = t, .rows_at = UINT32_MAX };

	walk_to(&w, position);
	return w;
}

/* The header that follows all that is below g. */
static struct group *following(struct group *g)
{
	while (g->parent != NULL && g->at + 1 == g->parent->n_sub)
		g = g->parent;
	return g->parent == NULL ? NULL : g->parent->shown[g->at + 1];
}

static const struct row_entry *leaf_entry(struct group_walk *w)
{
	uint32_t at = group_first(w->t, w->g) + (uint32_t)w->leaf;

	if (w->rows_at != at)
		w->rows = row_walk_at(w->t->index, at);
	w->rows_at = at + 1;
	return row_walk_next(&w->rows);
}

static void step(struct group_walk *w)
{
	struct group *g = w->g;

	w->leaf++;
	if (g->expanded && is_last(w->t, g) && w->leaf < g->leaves)
		return;
	if (g->expanded && !is_last(w->t, g) && w->leaf == 0)
		w->g = g->shown[0];
	else
		w->g = following(g);
	w->leaf = -1;
}

bool group_walk_next(struct group_walk *w, const struct group **g,
		     const struct row_entry **entry)
{
	if (w->g == NULL)
		return false;
	*g = w->g;
	*entry = w->leaf >= 0 ? leaf_entry(w) : NULL;
	step(w);
	return true;
}

/* The last visible row of g, its header included. */
static void to_last(struct group_walk *w, struct group *g)
{
	while (g->expanded && !is_last(w->t, g))
		g = g->shown[g->n_sub - 1];
	w->g = g;
	w->leaf = g->expanded ? (int64_t)g->leaves - 1 : -1;
}

bool group_walk_prev(struct group_walk *w, const struct group **g,
		     const struct row_entry **entry)
{
	if (w->g == NULL) {
		if (w->t->root.n_sub == 0)
			return false;
		to_last(w, group_root(w->t));
	} else if (w->leaf >= 0) {
		w->leaf--;
	} else if (w->g->at > 0) {
		to_last(w, w->g->parent->shown[w->g->at - 1]);
	} else if (w->g->parent->parent != NULL) {
		w->g = w->g->parent;
	} else {
		return false;
	}
	*g = w->g;
	*entry = w->leaf >= 0 ? leaf_entry(w) : NULL;
	return true;
}
