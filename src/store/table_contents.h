/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the source of messages: the row it is on, and how its properties
 * are had.  Most come from the row of contents, which is at hand; the next
 * from the message's blob; the rest from the opened message.
 */
#ifndef STORE_TABLE_CONTENTS_H
#define STORE_TABLE_CONTENTS_H

#include "store/db.h"
#include "store/table_source.h"

/* Columns of the statements of table_source_contents.c. */
enum {
	COL_ID, COL_FOLDER, COL_READ, COL_FLAGS, COL_STATUS, COL_CN, COL_SIZE,
	COL_DELIVERED, COL_MODIFIED, COL_DELETED, COL_ROW,
};

/* How a property of a message is had. */
enum getter {
	GET_OTHER,                /* blob of the message, then the message */
	GET_ROW,                  /* blob of the row */
	GET_NORMALIZED_SUBJECT,
	GET_FLAGS, GET_READ, GET_STATUS, GET_SIZE, GET_SIZE_EXTENDED,
	GET_DELIVERED, GET_MODIFIED, GET_DELETED, GET_HAS_ATTACHMENTS,
	GET_MID, GET_FOLDER_ID, GET_CHANGE_NUMBER, GET_ENTRY_ID,
	GET_PARENT_ENTRY_ID, GET_INSTANCE_KEY, GET_ASSOCIATED,
	GET_OBJECT_TYPE, GET_ACCESS, GET_ACCESS_LEVEL, GET_STORE_RECORD_KEY,
	GET_MAPPING_SIGNATURE, GET_PARENT_SOURCE_KEY,
	GET_SOURCE_KEY, GET_CHANGE_KEY,   /* of the blob, or computed */
};

struct contents_source {
	struct row_source base;
	struct store *store;
	uint64_t folder;                  /* counter */
	int kind;                         /* enum content_kind */
	const struct contents_sql *sql;
	struct prop_tags columns;
	uint8_t *getters;                 /* enum getter, one a column */

	/* The current row. */
	struct sqlite3_stmt *stmt;
	struct sqlite3_stmt *hold;        /* keeps the read transaction open
					   * from one load to the next */
	bool loading;                     /* stmt is that of load */
	uint64_t id, home;                /* counters */
	bool row_open;                    /* row is valid */
	struct blob row;
	struct sqlite3_stmt *props_stmt;  /* holds props; NULL: not loaded */
	struct blob props;
	struct message *message;          /* opened, or NULL */
	struct arena *arena;              /* values */
	bool arena_used;
	struct prop_value value;          /* the last that get gave */
};

enum getter contents_getter(uint32_t tag);

/*
 * The value of the current row; EC_NOT_FOUND.  In a table's cells large
 * values come cut (whole false).
 */
enum ec contents_value(struct contents_source *c, enum getter getter,
		       uint32_t tag, bool whole, struct prop_value *out);

/* Let go of what was loaded for the current row. */
void contents_forget(struct contents_source *c);

/* For match_row. */
const struct prop_value *contents_get(const struct match_row *row,
				      uint32_t tag);
bool contents_each(const struct match_row *row, uint32_t tag,
		   bool (*fn)(void *ctx, const struct match_row *sub),
		   void *ctx);

#endif
