/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mailboxes of this process: opened when asked for, kept open while room
 * lasts, one process a mailbox.
 *
 * A mailbox is one SQLite database.  It is open in one process at a time: an
 * exclusive lock (flock) on PATH.lock is held for as long as it is open.  It
 * has ONE connection, which writes, reads and checkpoints, and is used by the
 * thread that holds the mailbox's lock.  (Further read connections may come
 * later; they must be query_only and never checkpoint: SQLite's WAL-reset
 * bug.)  Memory of an open mailbox that nobody uses stays below 512 KB.
 *
 * Only the VFS (vfs.c) and the lock file know that a mailbox is a local file.
 */
#ifndef STORE_POOL_H
#define STORE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ec.h"
#include "base/err.h"

struct store;
struct store_pool;

struct store_pool_config {
	const char *staging_dir;  /* of large unsaved values; swept at start */
	unsigned max_open;        /* open mailboxes kept; 0: 256 */
	unsigned max_waiters;     /* on one mailbox's lock; 0: 10 */
};

/*
 * NULL and err when the staging directory cannot be used.  The strings are
 * copied.  Functions of the pool may be called from any thread.
 */
struct store_pool *store_pool_new(const struct store_pool_config *config,
				  struct err *err);

/* Closes all mailboxes; none may be in use.  NULL is allowed. */
void store_pool_free(struct store_pool *pool);

/*
 * The mailbox of a database file, opened and brought to the present schema if
 * need be.  Each store_get is paired with a store_put, at which the mailbox
 * stays open until the budget is exceeded.
 *
 * EC_NOT_FOUND: no such file.  EC_WRONG_SERVER: another process has it open.
 * EC_CORRUPT_STORE, EC_INVALID_VERSION (made by a newer Posthouse),
 * EC_DISK_ERROR; err (NULL allowed) says it for people.
 */
enum ec store_get(struct store_pool *pool, const char *path,
		  struct store **out, struct err *err);
void store_put(struct store *store);      /* NULL is allowed */

/* One more reference, for a second owner. */
struct store *store_ref(struct store *store);

/*
 * The lock of the mailbox: needed for all calls on the store and its objects
 * unless they say otherwise.  Not recursive.  EC_SERVER_BUSY at once, without
 * the lock, if max_waiters threads wait for it already; waiting is fair.
 */
enum ec store_lock(struct store *store);
void store_unlock(struct store *store);

/*
 * The same, saying who it is that will act: any pointer, only compared.
 * store_actor tells it to those who are told of the changes, who hold the
 * lock therefore; NULL if nobody said.
 */
enum ec store_lock_as(struct store *store, const void *actor);
const void *store_actor(const struct store *store);

/*
 * What went wrong inside (disk full, I/O, damage) since the last call: true
 * once for each failure, so that it is logged once.  Needs no lock; out may
 * be NULL.
 */
bool store_fault(struct store *store, struct err *out);

/*
 * Close the mailbox of path if it is open and unused, so that another process
 * can have it.  EC_SERVER_BUSY if it is in use.
 */
enum ec store_pool_close(struct store_pool *pool, const char *path);

/* What the pool does, for /metrics and tests. */
struct store_pool_stats {
	unsigned open, in_use;
	uint64_t opened, evicted;         /* since start */
	uint64_t reads, writes, syncs;    /* of database and WAL files */
	uint64_t read_bytes, written_bytes;
	uint64_t staged_bytes;            /* in the staging file now */
};

void store_pool_stats(struct store_pool *pool, struct store_pool_stats *out);

#endif
