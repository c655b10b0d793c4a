/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the rows of a table come from: the messages of a folder, its
 * subfolders, the attachments of a message, rows in memory.
 *
 * A source has an order of its own, the default order: that of the IDs'
 * counters.  It can be walked in that order, and any row be loaded by its ID;
 * the row that was walked to or loaded last is the current one, and what is
 * asked of it is valid until the next step.
 *
 * Inside the store only.
 */
#ifndef STORE_TABLE_SOURCE_H
#define STORE_TABLE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ec.h"
#include "mapi/prop.h"
#include "store/event.h"
#include "store/match.h"

struct message;
struct row_source;
struct store;

/* What an event means for the rows. */
enum row_change {
	ROW_NO_CHANGE,
	ROW_ADDED,
	ROW_CHANGED,              /* or was added: load it and see */
	ROW_GONE,
	ROW_ALL_CHANGED,
};

struct row_source_ops {
	/* How many rows there are, from kept counts. */
	enum ec (*count)(struct row_source *s, uint32_t *n);

	/*
	 * Begin to walk: from the row with this ID (included, or the one
	 * next to it), forward or backward, after skipping some.  from 0:
	 * from the first or last row.  The row need not exist.
	 */
	enum ec (*walk)(struct row_source *s, uint64_t from, bool include,
			bool forward, uint32_t skip);
	/* The next row becomes the current one; EC_NOT_FOUND at the end. */
	enum ec (*next)(struct row_source *s, uint64_t *id);

	/* Make the row with this ID the current one; EC_NOT_FOUND. */
	enum ec (*load)(struct row_source *s, uint64_t id);

	/* After a walk or a load, on all paths: nothing is current. */
	void (*done)(struct row_source *s);

	/* The columns that cells fills in.  The tags stay the caller's. */
	void (*set_columns)(struct row_source *s, struct prop_tags columns);
	/*
	 * The current row's values of the columns: of the tag's type, or an
	 * error.  Text and binary values may be whole or cut.
	 */
	void (*cells)(struct row_source *s, struct prop_value *out);

	bool (*unread)(struct row_source *s);     /* the current row */
	uint64_t (*folder_id)(struct row_source *s);      /* it is in */

	/* All columns that can be asked for, in a. */
	enum ec (*columns_all)(struct row_source *s, struct arena *a,
			       struct prop_tags *out);

	/* NULL: the rows never change. */
	enum row_change (*change)(struct row_source *s,
				  const struct store_event *ev, uint64_t *id);

	/*
	 * The ID to begin at, so that about fraction of the rows are before
	 * it; NULL: positions are cheap.
	 */
	enum ec (*guess)(struct row_source *s, double fraction,
			 uint64_t *id);

	/*
	 * Rows will be loaded out of their order, or no longer: have more of
	 * them at hand for that time.  NULL: there is nothing to gain.
	 */
	void (*random_access)(struct row_source *s, bool begin);

	/* Another source of the same rows. */
	struct row_source *(*clone)(struct row_source *s);
	void (*free)(struct row_source *s);
};

struct row_source {
	const struct row_source_ops *ops;
	struct match_row row;     /* the current row, for restrictions */
	struct event_hub *hub;    /* that tells of changes; NULL: none */
	bool small;               /* so few rows that they are always kept in
				   * an index of their own */
};

/* Rows in memory, copied: row i (from 0) has the ID id_make(1, i + 1). */
struct row_source *row_source_memory(struct prop_tags columns,
				     const struct prop_values *rows,
				     uint32_t n);
void row_source_memory_set(struct row_source *s,
			   const struct prop_values *rows, uint32_t n);

/* kind: enum content_kind.  is_search: of the folder's links. */
struct row_source *row_source_contents(struct store *store,
				       uint64_t folder_id, int kind,
				       bool is_search);

/* All messages of the mailbox, for ConversationMembers. */
struct row_source *row_source_conversation(struct store *store);

struct row_source *row_source_hierarchy(struct store *store,
					uint64_t folder_id, bool depth,
					bool deleted);

struct row_source *row_source_attachments(struct message *message);

void row_source_free(struct row_source *s);       /* NULL is allowed */

#endif
