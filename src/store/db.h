/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the store: the open mailbox, its statements and transactions.
 * Included by src/store alone.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ec.h"
#include "base/err.h"
#include "mapi/id.h"
#include "mapi/prop.h"
#include "store/blob.h"
#include "store/event.h"
#include "store/store.h"

/*
 * The schema, in short (schema.c has it in full).  In the database an ID is
 * its counter: the replica ID is always STORE_REPLID.
 *
 * folders   id, parent, type, name, props, cn, counts …
 * messages  id, folder, props (blob.h), recipients, …: what opening a message
 *           needs.  Embedded messages are rows with id < 0, folder 0.
 * contents  what tables and counts need, clustered as tables read it:
 *           PRIMARY KEY (folder, kind, id) WITHOUT ROWID, so that the default
 *           order pages by key.
 *             kind       enum content_kind
 *             read       1: read (not in flags)
 *             flags      PidTagMessageFlags as stored, without mfRead and
 *                        without mfFAI
 *             status     PidTagMessageStatus
 *             cn, read_cn  change number, that of the read state (0: none)
 *             size       PidTagMessageSize
 *             delivered  PidTagMessageDeliveryTime (0: none)
 *             modified   PidTagLastModificationTime
 *             deleted    when soft-deleted (0: not)
 *             row        a blob of the properties in content_row_tags that
 *                        the message has, strings cut to 255 characters as
 *                        tables show them
 * found     search folder -> message: PRIMARY KEY (folder, kind, id), with
 *           the folder (home) that the message is in
 * chunks    large values: (stream << 24 | number) -> CHUNK_SIZE bytes each,
 *           the last shorter
 */
enum content_kind {
	CONTENT_NORMAL = 0,
	CONTENT_ASSOCIATED = 1,
	CONTENT_DELETED = 2,              /* soft-deleted; |1: associated */
	CONTENT_DELETED_ASSOCIATED = 3,
};

enum { CHUNK_SIZE = 0x10000, CHUNK_BITS = 24 };

/*
 * The tags of contents.row, ascending by ID; a property that is not in the
 * list must be looked up in messages.props.  One that is in the list and not
 * in the row is not on the message; a string of 255 characters may be cut.
 */
extern const uint32_t content_row_tags[];
extern const size_t content_row_tags_n;
bool content_row_has(uint32_t tag);

/* The mailbox's connection.  For SELECTs of tables; use db_stmt. */
struct sqlite3 *db_handle(struct store *store);

/*
 * The prepared statement of sql, which must be a static string used in one
 * place: statements are remembered by its address.  Reset and with no
 * parameters bound.  NULL, and the fault recorded, when it cannot be had.
 * Call db_done when done with it, on all paths.
 */
struct sqlite3_stmt *db_stmt(struct store *store, const char *sql);
void db_done(struct sqlite3_stmt *stmt);          /* NULL is allowed */

/*
 * sqlite3_step: *row says whether there is one.  A failure is recorded as
 * the store's fault and mapped.
 */
enum ec db_step(struct store *store, struct sqlite3_stmt *stmt, bool *row);

/* For statements without rows: step and db_done. */
enum ec db_run(struct store *store, struct sqlite3_stmt *stmt);

/* Record what SQLite says went wrong; the code for the client. */
enum ec db_fail(struct store *store, const char *what);

/* Record that a row cannot be understood.  Returns EC_CORRUPT_STORE. */
enum ec db_damaged(struct store *store, const char *what, int64_t id);

/*
 * A write transaction.  db_commit makes it durable and then emits the events
 * queued in it, in order; when it fails, or at db_rollback, all is as it was
 * before db_begin, memory included.  Not nested.
 */
enum ec db_begin(struct store *store);
enum ec db_commit(struct store *store);
void db_rollback(struct store *store);

/* Commit if ec is EC_SUCCESS, else roll back; what came out of it. */
enum ec db_end(struct store *store, enum ec ec);

/* Queue an event, copied, for after the commit. */
void db_emit(struct store *store, const struct store_event *ev);

/*
 * Let the page cache grow to so many KiB while it is worth it; 0: what every
 * open mailbox has, and the rest is given back.
 */
void db_cache(struct store *store, int kib);

/* IDs and change numbers, within a transaction: a new counter. */
enum ec db_new_counter(struct store *store, uint64_t *counter);

static inline uint64_t db_id(uint64_t counter)
{
	return counter == 0 ? 0 : id_make(STORE_REPLID, counter);
}

/* The counter of an ID of this store; 0 for one of another replica. */
static inline uint64_t db_counter(uint64_t id)
{
	return id_replid(id) == STORE_REPLID ? id_counter(id) : 0;
}

static inline int64_t db_key(uint64_t id)
{
	return (int64_t)db_counter(id);
}

/*
 * Called after a commit that created, changed, moved or deleted messages or
 * folders, before other subscribers: how search folders stay filled
 * (search.c subscribes with event_subscribe_first).  Called once by the store
 * when a mailbox has been opened.
 */
void search_attach(struct store *store);

#endif
