/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The categories of a table ([MS-OXCTABL] 2.2.2.3): header rows over the rows
 * of a view's index, expanded or collapsed.  They are a table's own, while
 * the index is shared.
 *
 * The visible rows of a categorised table are the headers, each followed,
 * when it is expanded, by those of its categories or, on the last level, by
 * its leaf rows.  Leaf rows of a category are neighbours in the index.
 *
 * Inside the store only.
 */
#ifndef STORE_TABLE_GROUPS_H
#define STORE_TABLE_GROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/table_view.h"

struct group {
	uint64_t id;              /* PidTagInstID: made from the prefix, the
				   * same in every table with this order */
	struct group *parent;
	uint32_t level;           /* 1: outermost; the root 0 */
	uint32_t leaves, unread;  /* below it */
	bool expanded;
	struct bin prefix;        /* of the keys of its rows; owned */

	/* Inside. */
	struct group **sub;       /* by prefix */
	struct group **shown;     /* as shown: sub, or an array of its own */
	uint32_t n_sub, cap_sub;
	uint32_t at;              /* in parent's shown */
	uint32_t rows;            /* visible below it, were it expanded */
	struct bin greatest;      /* of the aggregated column; owned */
};

struct group_tree;

/* The categories over the rows of an index. */
struct group_tree *group_tree_new(struct view *v, struct row_index *x,
				  uint32_t expanded_count);
void group_tree_free(struct group_tree *t);       /* NULL is allowed */

uint32_t group_tree_rows(const struct group_tree *t);     /* visible */

/* The category with this ID; NULL. */
struct group *group_find(const struct group_tree *t, uint64_t id);
struct group *group_root(const struct group_tree *t);

/* The category of the last level that a key belongs to; NULL. */
struct group *group_of_key(const struct group_tree *t,
			   const struct row_entry *e);

/* The category on a level with exactly this prefix; NULL. */
struct group *group_of_prefix(const struct group_tree *t, struct bin prefix,
			      uint32_t level);

/* All outer categories are expanded: its header can be seen. */
bool group_visible(const struct group *g);

/* Position of the header among the visible rows; it must be visible. */
uint32_t group_position(const struct group *g);

/*
 * Position where a header with this prefix would be, or the first visible
 * row after it.
 */
uint32_t group_lower(const struct group_tree *t, struct bin prefix,
		     uint32_t level);

/* Position in the index of a last-level category's first row. */
uint32_t group_first(const struct group_tree *t, const struct group *g);

/* Change the state; returns by how many the visible rows grew or shrank. */
uint32_t group_set_expanded(struct group *g, bool expanded);

/*
 * Rows came or went.  group_add returns the outermost category that had to be
 * made (NULL: none), group_remove whether one vanished; *moved is set when a
 * category changed its place (maximum).
 */
struct group *group_add(struct group_tree *t, const struct row_entry *e,
			bool *moved);
bool group_remove(struct group_tree *t, const struct row_entry *e,
		  bool *moved);
void group_set_unread(struct group_tree *t, const struct row_entry *e,
		      bool was_unread);

/* Walking the visible rows: a header (entry NULL) or a leaf row. */
struct group_walk {
	const struct group_tree *t;
	struct group *g;          /* NULL: at the end */
	int64_t leaf;             /* -1: the header */
	struct row_walk rows;     /* at rows_at in the index, UINT32_MAX: not */
	uint32_t rows_at;
};
struct group_walk group_walk_at(const struct group_tree *t,
				uint32_t position);
/* The row at the place, and move on; false at the end. */
bool group_walk_next(struct group_walk *w, const struct group **g,
		     const struct row_entry **entry);
/* Move back, and the row there; false at the beginning. */
bool group_walk_prev(struct group_walk *w, const struct group **g,
		     const struct row_entry **entry);

/* fn for every category, outer ones first. */
void group_each(const struct group_tree *t,
		void (*fn)(void *ctx, struct group *g), void *ctx);

#endif
