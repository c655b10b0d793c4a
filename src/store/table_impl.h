/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside a table: its visible rows as one list, whatever they come from.
 *
 * A table is in one of three modes.  Keyed: in the default order without a
 * restriction the source itself is walked by key; nothing is kept in memory,
 * and the first page of a large folder costs what that of a small one does.
 * View: an index (table_view.h).  Grouped: an index under categories.
 *
 * Places (the cursor, bookmarks) are kept as keys, not as positions or
 * pointers, so that rows may come and go beneath them.  In keyed mode, where
 * a position cannot be computed cheaply, it is kept beside the key and moved
 * by events.
 */
#ifndef STORE_TABLE_IMPL_H
#define STORE_TABLE_IMPL_H

#include "base/buf.h"
#include "store/table.h"
#include "store/table_groups.h"
#include "store/table_source.h"
#include "store/table_view.h"

enum place_where { PLACE_BEGIN, PLACE_END, PLACE_AT, PLACE_AFTER };

/* Before (AT) or behind (AFTER) a row, which may be gone meanwhile. */
struct place {
	enum place_where where;
	bool header;              /* of a category; key is its prefix */
	uint32_t level;
	uint64_t id;
	uint32_t instance;
	struct buf key;
	int64_t ordinal;          /* keyed: the position; -1: not known */
};

/* A visible row. */
struct table_row {
	const struct group *header;       /* NULL: a row of the source */
	const struct row_entry *entry;    /* NULL in keyed mode */
	uint64_t id;
	uint32_t instance;
};

struct bookmark {
	struct bookmark *next;
	uint32_t number;
	struct place place;
};

/* How the cells of a column are made. */
enum cell_kind {
	CELL_PLAIN,               /* as the source has it */
	CELL_TEXT,
	CELL_BINARY,
	CELL_MULTIPLE,
	CELL_INSTANCE,            /* of the multivalued property */
	CELL_INST_ID,
	CELL_INSTANCE_NUM,
	CELL_ROW_TYPE,
	CELL_DEPTH,
	CELL_CONTENT_COUNT,
	CELL_CONTENT_UNREAD,
};

struct column {
	uint32_t tag;             /* as the client gave it */
	uint8_t kind;             /* enum cell_kind */
};

enum table_mode { MODE_KEYED, MODE_VIEW, MODE_GROUPED };

struct table {
	enum table_kind kind;
	unsigned flags;
	uint64_t folder_id;
	struct row_source *source;        /* the table's own, for cells */
	struct source_key key;

	/* Columns; n_columns 0: none are set. */
	struct column *columns;
	uint32_t *tags;                   /* as the client gave them */
	uint32_t *source_tags;            /* as the source is asked */
	struct prop_value *cells;
	uint32_t n_columns;
	uint32_t columns_mv_tag;          /* as view_spec.mv_tag */
	uint32_t sort_mv_tag;             /* the same, of the sort order */
	struct arena *scratch;            /* of the row being made */

	/* What it shows. */
	struct view_spec spec;
	struct arena *spec_arena;         /* the restriction */
	uint32_t expanded_count;
	enum ec columns_ec, sort_ec, restrict_ec;

	/* The view, once it is needed. */
	enum table_mode mode;
	bool ready;
	bool random_access;               /* told the mailbox so */
	struct view *view;
	struct view_listener listener;
	struct row_index *index;          /* of view; NULL: to be built */
	struct group_tree *groups;        /* NULL: to be made */
	struct buf expanded;              /* IDs of categories whose state is
					   * not the initial one, while the
					   * groups are made anew */

	struct place cursor;
	struct bookmark *bookmarks;
	uint32_t n_bookmarks, next_bookmark;

	/* The walk under way. */
	bool walking, forward;
	struct row_walk walk;
	uint32_t walk_at;                 /* position, for the limit */
	struct group_walk group_walk;

	/* Notifications. */
	struct event_subscription *sub;   /* keyed mode */
	table_event_fn on_event;
	void *on_event_ctx;
	unsigned pending;                 /* told since the last ROP */
};

/* More row notifications than this between two ROPs: TABLE_CHANGED, once. */
enum { TABLE_MAX_PENDING = 256 };

/* ---- the list of visible rows (table_list.c) ---- */

/* Make it so that rows can be looked at.  The error of a failed sort,
 * restriction, or of the store. */
enum ec list_ready(struct table *t);

/* The view no longer fits what it shows: let it go. */
void list_drop(struct table *t);

enum ec list_count(struct table *t, uint32_t *n);

/* The position of a place; *exact (NULL allowed): its row is visible. */
enum ec list_position(struct table *t, const struct place *p,
		      uint32_t *position, bool *exact);

/*
 * Walk from a place on.  list_next gives the row, loaded in the source unless
 * it is a header, until EC_NOT_FOUND; then, or earlier, list_done.
 */
enum ec list_walk(struct table *t, const struct place *p, bool forward);
enum ec list_next(struct table *t, struct table_row *row);
void list_done(struct table *t);

/* Whether nothing comes after a place in this direction. */
enum ec list_at_end(struct table *t, const struct place *p, bool forward,
		    bool *at_end);

/* Move a place by so many rows, as far as there are any; *moved: how far. */
enum ec list_move(struct table *t, struct place *p, int64_t rows,
		  int64_t *moved);

/* A row that has moved since is found again where it is now. */
void place_follow(struct table *t, struct place *p);

/* Put a place before or behind a row just walked over. */
void place_set(struct table *t, struct place *p, const struct table_row *row,
	       enum place_where where);
void place_copy(struct place *to, const struct place *from);
void place_begin(struct place *p);
void place_end(struct place *p);
void place_free(struct place *p);

/* ---- cells (table_cells.c) ---- */

/* The cells of a visible row that was just walked to, or is loaded now. */
enum ec table_cells(struct table *t, const struct table_row *row,
		    const struct prop_value **cells);

/* Load a row of the source that was not walked to; list_done after it. */
enum ec table_load(struct table *t, const struct table_row *row);

/* Bytes of text that make at most so many units of UTF-16. */
size_t text_cut(const char *text, size_t units);

void columns_clear(struct table *t);

/* ---- notifications (table_notify.c) ---- */

/* Begin or stop to listen to the store, after the mode changed. */
void notify_listen(struct table *t);
void notify_stop(struct table *t);
void notify_view_changed(struct view_listener *l,
			 const struct view_change *change);

/* IDs of the categories that are not in their initial state. */
void categories_changed(const struct table *t, struct buf *ids);

/* ---- what the ROPs share (table.c) ---- */

/* A ROP looks at rows: the view is made, and notifications may come. */
enum ec table_use(struct table *t);

/* EC_NULL_OBJECT without columns ([MS-OXCTABL] 3.2.5.2). */
enum ec table_need_columns(const struct table *t);

/*
 * In keyed mode the position of a place, to count on from; -1: it is not
 * known and would have to be counted.  Else 0.
 */
enum ec table_ordinal(struct table *t, const struct place *p,
		      int64_t *ordinal);

/* What is shown changes: from the beginning, without bookmarks. */
void table_restart(struct table *t);

/* The property whose values are rows, by sort order and columns. */
void table_set_mv_tag(struct table *t);

struct table *table_new(enum table_kind kind, unsigned flags,
			uint64_t folder_id, uint32_t lcid,
			const struct source_key *key,
			struct row_source *source);   /* source is taken */
void bookmarks_free(struct table *t);
enum ec bookmark_find(struct table *t, struct bin bytes,
		      struct bookmark **out);
enum ec bookmark_new(struct table *t, const struct place *p, struct arena *a,
		     struct bin *out);

#endif
