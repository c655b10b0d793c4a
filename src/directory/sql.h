/* SPDX-License-Identifier: Apache-2.0 */
/* The directory's database file: opening, schema, statements. */
#ifndef DIRECTORY_SQL_H
#define DIRECTORY_SQL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/guid.h"

/* The newest schema: how many steps sql_migrate knows. */
enum { SQL_SCHEMA = 7 };

/*
 * Open path with the settings that every user of the file must have.  It must
 * exist.  *out is the caller's.
 */
bool sql_open(const char *path, sqlite3 **out, struct err *err);

/* Which schema it has; 0: an empty file. */
bool sql_schema(sqlite3 *db, int *out, struct err *err);

/* Bring it from the schema it has up to target, in one transaction. */
bool sql_migrate(sqlite3 *db, int target, struct err *err);

/* Statements without parameters. */
bool sql_run(sqlite3 *db, const char *text, struct err *err);

/*
 * One statement with parameters, described by a letter each: 's' text, 'i'
 * int64_t, 'g' const struct guid *, 'b' const void * and size_t (NULL: NULL).
 * sql_query leaves it ready to step.
 */
bool sql_do(sqlite3 *db, struct err *err, const char *text,
	    const char *types, ...);
bool sql_query(sqlite3 *db, sqlite3_stmt **out, struct err *err,
	       const char *text, const char *types, ...);

/* The next row: true; at the end false, with *ok telling a failure. */
bool sql_next(sqlite3_stmt *q, bool *ok, struct err *err);

/* The first column of the first row; absent when there is none. */
bool sql_number(sqlite3 *db, int64_t absent, int64_t *out, struct err *err,
		const char *text, const char *types, ...);

struct guid sql_guid(sqlite3_stmt *q, int column);
const char *sql_text(sqlite3_stmt *q, int column, struct arena *arena);

/* NULL, size 0: the column is NULL. */
const uint8_t *sql_blob(sqlite3_stmt *q, int column, struct arena *arena,
			size_t *size);

/* What SQLite says was wrong, in our words.  Returns false. */
bool sql_fail(sqlite3 *db, struct err *err);

#endif
