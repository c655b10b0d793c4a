/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A view: the rows of a source that match a restriction, in a sort order, as
 * an index that is built once and then kept up to date by events.  Tables
 * that want the same share it, and it stays for a while when the last of
 * them is closed, so that opening a folder again costs nothing.
 *
 * Inside the store only.
 */
#ifndef STORE_TABLE_VIEW_H
#define STORE_TABLE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "mapi/restriction.h"
#include "mapi/sort.h"
#include "store/collate.h"
#include "store/table_index.h"
#include "store/table_source.h"

enum {
	VIEW_MAX_SORTS = 16,
	VIEW_MAX_CATEGORIES = 8,
	VIEWS_KEPT = 8,                   /* unused ones, a mailbox */
	VIEWS_KEPT_BYTES = 160 << 20,
};

/* What a view shows of its source. */
struct view_spec {
	struct sort_order sorts[VIEW_MAX_SORTS];
	uint32_t n_sorts;
	uint32_t category_count;
	bool maximum;             /* sorts[category_count] is aggregated: it
				   * orders the last level of categories */
	uint32_t mv_tag;          /* expanded into instances, with
				   * PTYP_MULTIPLE, less PTYP_INSTANCE; 0 */
	const struct restriction *restriction;    /* NULL: none */
	uint32_t lcid;
};

/* Sources with equal keys have the same rows. */
struct source_key {
	uint64_t folder_id;
	int type;                 /* 0: nobody else's rows, not shared */
	int kind;
};

struct view;

enum view_change_type {
	VIEW_ROW_ADDED,
	VIEW_ROW_REMOVED,
	VIEW_ROW_MODIFIED,
	VIEW_RELOADED,            /* all may be different */
};

struct view_change {
	enum view_change_type type;
	/*
	 * Removed, or modified with another key: the row as it stood, no
	 * longer in the index; valid during the call.
	 */
	const struct row_entry *old;
	bool was_unread;                  /* modified */
	const struct row_entry *now;      /* added, modified */
};

/* Embedded in who listens; changed is called after the index was changed. */
struct view_listener {
	struct view_listener *next;
	void (*changed)(struct view_listener *listener,
			const struct view_change *change);
};

/*
 * The view of this source and spec: a new one, to which source then belongs,
 * or one that there is (source is freed).  The spec is copied.  Errors: those
 * of match_new, EC_ERROR (no collation data); source is freed then too.
 */
enum ec view_acquire(struct row_source *source, const struct source_key *key,
		     const struct view_spec *spec,
		     struct view_listener *listener, struct view **out);
void view_release(struct view *v, struct view_listener *listener);

/*
 * Read the rows if that was not done yet.  The index is valid until the
 * mailbox changes or the lock is given up; it may be another one after a
 * VIEW_RELOADED.
 */
enum ec view_build(struct view *v, struct row_index **index);

/*
 * Rows are going to be read in the order of a view through source, or no
 * longer: row_source_ops.random_access, once for all tables of a mailbox.
 */
void view_random_access(struct row_source *source, bool begin);

/* Forget the rows: they are read anew when next asked for. */
void view_invalidate(struct view *v);

const struct view_spec *view_spec(const struct view *v);
uint32_t view_limit(const struct view *v);        /* rows at most */
const struct collator *view_collator(const struct view *v);

/*
 * Bytes of the entry's key that make its category of a level (from 1), and
 * the key of its aggregated column (len 0 without one).
 */
size_t view_group_len(const struct view *v, const struct row_entry *e,
		      uint32_t level);
struct bin view_aggregate(const struct view *v, const struct row_entry *e);

/* The key that a row of the source would have now: the current row's. */
void view_row_key(struct view *v, struct row_source *s, uint32_t instance,
		  struct buf *key);

/* Free the views of a mailbox that no table uses, down to so many bytes. */
void views_trim(struct event_hub *hub, size_t bytes);

#endif
