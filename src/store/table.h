/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables ([MS-OXCTABL]): a view with columns, an order, a restriction, a
 * cursor and bookmarks over the folders in a folder, the messages in a
 * folder, the attachments of a message, or rows that the caller has.
 *
 * Each function is one table ROP: it takes the fields of the request that
 * count and gives those of the response, and returns what goes into
 * ReturnValue.  All is done at once: asynchronous flags are ignored and the
 * TableStatus of every response is TBLSTAT_COMPLETE ([MS-OXCTABL] 3.2.5.1).
 *
 * The mailbox's lock must be held during every call.  A table belongs to one
 * session.  Rows are those of the moment: a table listens to the store's
 * events and moves its cursor and bookmarks along with what they point to.
 */
#ifndef STORE_TABLE_H
#define STORE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ec.h"
#include "mapi/prop.h"

struct message;                   /* store/message.h */
struct restriction;               /* mapi/restriction.h */
struct sort_order;                /* mapi: [MS-OXCDATA] 2.13.1 */
struct store;                     /* store/store.h */
struct table;

enum table_kind {
	TABLE_HIERARCHY,
	TABLE_CONTENTS,
	TABLE_ATTACHMENTS,
	TABLE_RULES,              /* rows of the caller; */
	TABLE_PERMISSIONS,        /* the kinds differ in which ROPs they */
	TABLE_OTHER,              /* support ([MS-OXCTABL] 3.2.5) */
};

/* TableFlags: [MS-OXCFOLD] 2.2.1.13.1, 2.2.1.14.1 */
enum {
	TABLE_ASSOCIATED            = 0x02,   /* contents: FAI messages */
	TABLE_DEPTH                 = 0x04,   /* hierarchy: all levels */
	TABLE_DEFERRED_ERRORS       = 0x08,
	TABLE_NO_NOTIFICATIONS      = 0x10,
	TABLE_SOFT_DELETES          = 0x20,
	TABLE_USE_UNICODE           = 0x40,
	TABLE_SUPPRESSES_NOTIFICATIONS = 0x80, /* hierarchy */
	TABLE_CONVERSATION_MEMBERS  = 0x80,    /* contents */
};

/* Predefined bookmarks: [MS-OXCTABL] 2.2.2.1.1; custom: 2.2.2.1.2 */
enum {
	BOOKMARK_BEGINNING = 0,
	BOOKMARK_CURRENT   = 1,
	BOOKMARK_END       = 2,
	BOOKMARK_CUSTOM    = 3,
};

/* TableStatus: [MS-OXCTABL] 2.2.2.1.3 */
enum {
	TBLSTAT_COMPLETE       = 0x00,
	TBLSTAT_SORTING        = 0x09,
	TBLSTAT_SORT_ERROR     = 0x0a,
	TBLSTAT_SETTING_COLS   = 0x0b,
	TBLSTAT_SETCOL_ERROR   = 0x0d,
	TBLSTAT_RESTRICTING    = 0x0e,
	TBLSTAT_RESTRICT_ERROR = 0x0f,
};

/* PidTagRowType: [MS-OXCTABL] 2.2.1.3 */
enum {
	TBL_LEAF_ROW           = 1,
	TBL_EMPTY_CATEGORY     = 2,
	TBL_EXPANDED_CATEGORY  = 3,
	TBL_COLLAPSED_CATEGORY = 4,
};

/* QueryRowsFlags: [MS-OXCTABL] 2.2.2.5.1 */
enum {
	QUERY_ROWS_ADVANCE               = 0x00,
	QUERY_ROWS_NO_ADVANCE            = 0x01,
	QUERY_ROWS_ENABLE_PACKED_BUFFERS = 0x02,
};

/* A property value in a row is at most this long ([MS-OXCTABL] 2.2.2.5.2):
 * text at most 254 characters of UTF-16 and the zero that ends it. */
enum { TABLE_CELL_MAX = 510 };

/* How many bookmarks a client may have on a table at once. */
enum { TABLE_MAX_BOOKMARKS = 1024 };

/* ---- opening -------------------------------------------------------- */

/*
 * The hierarchy table of folder_id ([MS-OXCFOLD] 2.2.1.13).  lcid: the
 * logon's locale, for text.  *rows: the RowCount of the response.  Errors:
 * EC_NOT_FOUND (no such folder), EC_NOT_SUPPORTED (flags that are not
 * defined for it).  The table keeps the store: table_free it before the
 * store's last reference is put.
 */
enum ec table_open_hierarchy(struct store *store, uint64_t folder_id,
			     unsigned flags, uint32_t lcid,
			     struct table **out, uint32_t *rows);

/*
 * The contents table of folder_id ([MS-OXCFOLD] 2.2.1.14).  Errors:
 * EC_NOT_FOUND; EC_INVALID_PARAM (undefined flags; ConversationMembers on
 * another folder than the root or with flags that it excludes).
 */
enum ec table_open_contents(struct store *store, uint64_t folder_id,
			    unsigned flags, uint32_t lcid,
			    struct table **out, uint32_t *rows);

/*
 * The attachments of a message as it is in the session, unsaved changes
 * included ([MS-OXCMSG] 2.2.3.17).  The message must outlive the table.
 */
enum ec table_open_attachments(struct message *message, unsigned flags,
			       uint32_t lcid, struct table **out,
			       uint32_t *rows);

/*
 * A table of rows that are given, all at once: rules, permissions and the
 * like.  columns are those that table_query_columns_all answers.  Everything
 * is copied.
 */
enum ec table_open_rows(enum table_kind kind, struct prop_tags columns,
			const struct prop_values *rows, uint32_t n,
			uint32_t lcid, struct table **out);

/* Give other rows to a table of table_open_rows (what it shows changed). */
enum ec table_set_rows(struct table *t, const struct prop_values *rows,
		       uint32_t n);

void table_free(struct table *t);                 /* NULL is allowed */

enum table_kind table_kind(const struct table *t);
unsigned table_flags(const struct table *t);
uint64_t table_folder_id(const struct table *t);  /* 0: has none */

/* The columns of the last table_set_columns; n 0 if there are none. */
struct prop_tags table_columns(const struct table *t);

/* ---- the view ------------------------------------------------------- */

/*
 * [MS-OXCTABL] 3.2.5.2.  Errors: EC_INVALID_PARAM (a type that is not one,
 * PtypUnspecified and PtypErrorCode included; no columns; a
 * MultivalueInstance bit on a type that is not multivalued).  After a failure
 * the table has no columns.
 */
enum ec table_set_columns(struct table *t, struct prop_tags columns);

/*
 * [MS-OXCTABL] 3.2.5.3: n sort keys, of which the first category_count make
 * categories, the first expanded_count of those expanded.  Frees all
 * bookmarks; the cursor goes to the beginning.  Errors: EC_NOT_SUPPORTED (not
 * a contents table), EC_INVALID_PARAM (counts, an unknown Order,
 * MaximumCategory elsewhere than after the categories, a multivalued type
 * without MultivalueInstance or the reverse), EC_TOO_COMPLEX (a type without
 * an order; too many keys).  After a failure no rows can be had (the same
 * error again) until a sort or a reset succeeds.
 */
enum ec table_sort(struct table *t, const struct sort_order *orders,
		   uint32_t n, uint32_t category_count,
		   uint32_t expanded_count);

/*
 * [MS-OXCTABL] 3.2.5.4; NULL takes the restriction away.  Copied.  Frees all
 * bookmarks; the cursor goes to the beginning.  Errors: EC_NOT_SUPPORTED (an
 * attachments table), EC_TOO_COMPLEX, EC_INVALID_PARAM; after a failure as
 * table_sort.
 */
enum ec table_restrict(struct table *t, const struct restriction *r);

/*
 * [MS-OXCTABL] 3.2.5.16: no columns, sort order or restriction, as opened.
 * No table notifications come until the table is used again ([MS-OXCNOTIF]
 * 3.1.4.3).  EC_NOT_SUPPORTED unless it is a contents table.
 */
enum ec table_reset(struct table *t);

/* [MS-OXCTABL] 3.2.5.7: TBLSTAT_COMPLETE, or the error of the last failed
 * sort, restriction or column set. */
enum ec table_get_status(struct table *t, uint8_t *table_status);

/* [MS-OXCTABL] 3.2.5.6: always EC_UNABLE_TO_ABORT, or EC_NOT_SUPPORTED if
 * neither a contents nor a hierarchy table. */
enum ec table_abort(struct table *t);

/* ---- rows ------------------------------------------------------------ */

/*
 * A row: one value a column, in the order of the columns.  The tag of a value
 * is that of its column, or it has the type PTYP_ERROR_CODE (EC_NOT_FOUND: the
 * row has no such property).  A column with MultivalueInstance has the
 * value of its instance, of the single type, under the tag with the type less
 * both flags.  PTYP_STRING8 columns have text in UTF-8 all the same: convert
 * it.  Cells are cut to TABLE_CELL_MAX.  All is borrowed until the function
 * returns.
 *
 * Return false if the row has no room: it is then not taken, and the cursor
 * stays before it.
 */
typedef bool (*table_row_fn)(void *ctx, const struct prop_value *row,
			     uint32_t n);

/*
 * [MS-OXCTABL] 3.2.5.5: at most max rows from the cursor, forward or
 * backward, until fn returns false.  Read backward, the rows come from the
 * cursor towards the beginning, and the cursor moves likewise.  *n: rows
 * taken; *origin: BOOKMARK_CURRENT, or BOOKMARK_END or BOOKMARK_BEGINNING when
 * there are no more rows in that direction.  Errors: EC_NULL_OBJECT (no
 * columns), EC_BUFFER_TOO_SMALL (fn did not take even one row).
 */
enum ec table_query_rows(struct table *t, unsigned flags, bool forward,
			 uint32_t max, table_row_fn fn, void *ctx,
			 uint32_t *n, uint8_t *origin);

/* [MS-OXCTABL] 3.2.5.8: the index of the current row, and how many rows. */
enum ec table_query_position(struct table *t, uint32_t *numerator,
			     uint32_t *denominator);

/*
 * [MS-OXCTABL] 3.2.5.9.  *sought: rows moved, negative when backward; *less:
 * fewer than asked for.  EC_INVALID_PARAM if origin is not predefined.
 */
enum ec table_seek_row(struct table *t, unsigned origin, int32_t rows,
		       bool *has_sought_less, int32_t *rows_sought);

/*
 * [MS-OXCTABL] 3.2.5.10.  Errors: EC_INVALID_BOOKMARK, EC_NULL_OBJECT (no
 * columns), EC_NOT_SUPPORTED (neither contents nor hierarchy).
 */
enum ec table_seek_row_bookmark(struct table *t, struct bin bookmark,
				int32_t rows, bool *row_no_longer_visible,
				bool *has_sought_less, int32_t *rows_sought);

/* [MS-OXCTABL] 3.2.5.11.  EC_INVALID_PARAM if denominator is 0. */
enum ec table_seek_row_fractional(struct table *t, uint32_t numerator,
				  uint32_t denominator);

/*
 * [MS-OXCTABL] 3.2.5.12: the bytes of a bookmark at the cursor, in a.
 * Errors: EC_NOT_SUPPORTED (neither contents nor hierarchy),
 * EC_MAX_OBJS_EXCEEDED (TABLE_MAX_BOOKMARKS).
 */
enum ec table_create_bookmark(struct table *t, struct arena *a,
			      struct bin *bookmark);

/* [MS-OXCTABL] 3.2.5.15.  EC_INVALID_BOOKMARK; EC_NULL_OBJECT (no columns). */
enum ec table_free_bookmark(struct table *t, struct bin bookmark);

/* [MS-OXCTABL] 3.2.5.13: all that can be asked for, in a. */
enum ec table_query_columns_all(struct table *t, struct arena *a,
				struct prop_tags *columns);

/*
 * [MS-OXCTABL] 3.2.5.14: the first row that matches, from a predefined or a
 * custom bookmark on (backward: from the row before it).  The cursor goes to
 * the row, fn is called with it; *has_row_data: fn took it.  Errors:
 * EC_NULL_OBJECT (no columns), EC_NOT_FOUND, EC_INVALID_BOOKMARK,
 * EC_NOT_SUPPORTED (an attachments table), those of match_new.
 * *row_no_longer_visible is also set with EC_NOT_FOUND.
 */
enum ec table_find_row(struct table *t, bool backward,
		       const struct restriction *r, unsigned origin,
		       struct bin bookmark, table_row_fn fn, void *ctx,
		       bool *row_no_longer_visible, bool *has_row_data);

/* ---- categories ------------------------------------------------------- */

/*
 * [MS-OXCTABL] 3.2.5.17: expand the category with this PidTagInstID.
 * *expanded_row_count: rows that became visible; up to max_row_count of them
 * go to fn; *n: those it took.  The cursor stays on its row.  Errors:
 * EC_NOT_FOUND, EC_NOT_COLLAPSED, EC_NULL_OBJECT (no columns),
 * EC_NOT_SUPPORTED (not a contents table).
 */
enum ec table_expand_row(struct table *t, uint32_t max_row_count,
			 uint64_t category_id, table_row_fn fn, void *ctx,
			 uint32_t *expanded_row_count, uint32_t *n);

/* [MS-OXCTABL] 3.2.5.18: as above, with EC_NOT_EXPANDED. */
enum ec table_collapse_row(struct table *t, uint64_t category_id,
			   uint32_t *collapsed_row_count);

/*
 * [MS-OXCTABL] 3.2.5.19: which categories are expanded, and a bookmark on the
 * row with this PidTagInstID and PidTagInstanceNum; bytes in a.
 */
enum ec table_get_collapse_state(struct table *t, uint64_t row_id,
				 uint32_t row_instance_number,
				 struct arena *a, struct bin *collapse_state);

/*
 * [MS-OXCTABL] 3.2.5.20: the reverse; the cursor goes to the row, and
 * *bookmark is a new bookmark there.  EC_INVALID_PARAM: bytes that are not a
 * collapse state, or of a table with another sort order.
 */
enum ec table_set_collapse_state(struct table *t, struct bin collapse_state,
				 struct arena *a, struct bin *bookmark);

/* ---- notifications ---------------------------------------------------- */

/* TableEventType: [MS-OXCNOTIF] 2.2.1.4.1.2 */
enum table_event_type {
	TABLE_CHANGED             = 0x0001,
	TABLE_ROW_ADDED           = 0x0003,
	TABLE_ROW_DELETED         = 0x0004,
	TABLE_ROW_MODIFIED        = 0x0005,
	TABLE_RESTRICTION_CHANGED = 0x0007,
};

/*
 * The fields of NotificationData for a TableModified event.  Rows of a
 * contents table are messages (flag M: message), those of a hierarchy table
 * folders.  The row after which the row now stands: all 0 if it is the first.
 * A header row of a category has its PidTagInstID as message_id.
 */
struct table_event {
	enum table_event_type type;
	bool message;
	uint64_t row_folder_id, row_message_id;
	uint32_t row_instance;
	uint64_t after_folder_id, after_message_id;
	uint32_t after_instance;
	const struct prop_value *row;     /* added, modified: else NULL */
	uint32_t n;
};

/*
 * Called while the store emits an event, after the table has taken it up.
 * False: it was not passed on, and doesn't count among the many.
 */
typedef bool (*table_event_fn)(void *ctx, struct table *t,
			       const struct table_event *ev);

/*
 * Call fn for what changes in the table from now on.  Nothing comes before
 * the table's view is made, that is before the first ROP that looks at rows
 * ([MS-OXCNOTIF] 3.1.4.3), nor after table_reset until the next such ROP.
 * When many rows change at once it is a single TABLE_CHANGED.  fn NULL: stop.
 */
void table_on_event(struct table *t, table_event_fn fn, void *ctx);

#endif
