/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "store/impl.h"

struct sqlite3 *db_handle(struct store *store)
{
	return store->db;
}

/* ---- Faults ---- */

static enum ec map_sqlite(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return EC_CORRUPT_STORE;
	case SQLITE_NOMEM:
		return EC_SERVER_OOM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return EC_SERVER_BUSY;
	case SQLITE_TOOBIG:
		return EC_TOO_BIG;
	default:
		return EC_DISK_ERROR;
	}
}

static const char *cure(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return "make room on the disk";
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return "check the mailbox, or restore it from a backup";
	default:
		return "look at the disk and the system's log";
	}
}

enum ec db_fail(struct store *store, const char *what)
{
	int rc = sqlite3_extended_errcode(store->db);
	enum ec ec = map_sqlite(rc);

	pthread_mutex_lock(&store->fault_mutex);
	if (!store->faulty)
		err_set(&store->fault, ec, "mailbox %s: %s: %s (%d): %s",
			store->path, what, sqlite3_errmsg(store->db), rc,
			cure(rc));
	store->faulty = true;
	pthread_mutex_unlock(&store->fault_mutex);
	return ec;
}

enum ec db_damaged(struct store *store, const char *what, int64_t id)
{
	pthread_mutex_lock(&store->fault_mutex);
	if (!store->faulty)
		err_set(&store->fault, EC_CORRUPT_STORE, "mailbox %s: %s %lld "
			"is damaged: check the mailbox, or restore it from a "
			"backup", store->path, what, (long long)id);
	store->faulty = true;
	pthread_mutex_unlock(&store->fault_mutex);
	return EC_CORRUPT_STORE;
}

bool store_fault(struct store *store, struct err *out)
{
	bool faulty;

	pthread_mutex_lock(&store->fault_mutex);
	faulty = store->faulty;
	if (faulty && out != NULL)
		*out = store->fault;
	store->faulty = false;
	pthread_mutex_unlock(&store->fault_mutex);
	return faulty;
}

/* ---- Statements ---- */

/*
 * The slot that has it, else one to have it: an empty one, or the one that was
 * used longest ago.  That nobody holds: who holds a statement uses few others
 * until it is done.
 */
static struct db_stmt *stmt_slot(struct store *store, const char *sql)
{
	size_t start = (size_t)((uintptr_t)sql * UINT64_C(0x9e3779b97f4a7c15)
				>> 32) % DB_STMTS;
	struct db_stmt *oldest = NULL;

	for (size_t i = 0; i < DB_STMTS; i++) {
		struct db_stmt *s = &store->stmts[(start + i) % DB_STMTS];

		if (s->sql == sql)
			return s;
		if (s->stmt != NULL && sqlite3_stmt_busy(s->stmt))
			continue;
		if (oldest == NULL || s->used < oldest->used)
			oldest = s;
	}
	return oldest;
}

struct sqlite3_stmt *db_stmt(struct store *store, const char *sql)
{
	struct db_stmt *slot = stmt_slot(store, sql);

	if (slot == NULL)
		return NULL;
	slot->used = ++store->tick;
	if (slot->sql == sql)
		return slot->stmt;
	sqlite3_finalize(slot->stmt);
	slot->sql = NULL;
	if (sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
			       &slot->stmt, NULL) != SQLITE_OK) {
		db_fail(store, "cannot prepare a statement");
		slot->stmt = NULL;
		slot->used = 0;
		return NULL;
	}
	slot->sql = sql;
	return slot->stmt;
}

/* For closing: nobody holds one any more. */
void db_forget(struct store *store)
{
	for (size_t i = 0; i < DB_STMTS; i++)
		sqlite3_finalize(store->stmts[i].stmt);
	memset(store->stmts, 0, sizeof store->stmts);
}

void db_done(struct sqlite3_stmt *stmt)
{
	if (stmt == NULL)
		return;
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
}

enum ec db_step(struct store *store, struct sqlite3_stmt *stmt, bool *row)
{
	int rc;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	rc = sqlite3_step(stmt);
	*row = rc == SQLITE_ROW;
	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		return EC_SUCCESS;
	return db_fail(store, "cannot read or write");
}

enum ec db_run(struct store *store, struct sqlite3_stmt *stmt)
{
	bool row;
	enum ec ec = db_step(store, stmt, &row);

	db_done(stmt);
	return ec;
}

/* ---- Transactions ---- */

static enum ec run(struct store *store, const char *sql)
{
	return db_run(store, db_stmt(store, sql));
}

enum ec db_begin(struct store *store)
{
	enum ec ec = run(store, "BEGIN IMMEDIATE");

	if (ec != EC_SUCCESS)
		return ec;
	store->in_transaction = true;
	store->saved = store->state;
	store->event_mark = store->event_last;
	return EC_SUCCESS;
}

static void events_drop(struct store *store)
{
	store->event_first = NULL;
	store->event_last = &store->event_first;
	arena_reset(store->event_arena);
}

/*
 * A listener may write (search folders do): its events join the queue, and
 * the outermost call tells them.
 */
static void events_emit(struct store *store)
{
	struct event_item *item;

	if (store->emitting)
		return;
	store->emitting = true;
	while ((item = store->event_first) != NULL) {
		store->event_first = item->next;
		if (item->next == NULL)
			store->event_last = &store->event_first;
		event_emit(store->events, &item->ev);
	}
	store->emitting = false;
	events_drop(store);
}

enum ec db_commit(struct store *store)
{
	enum ec ec = run(store, "COMMIT");

	if (ec != EC_SUCCESS) {
		db_rollback(store);
		return ec;
	}
	store->in_transaction = false;
	events_emit(store);
	return EC_SUCCESS;
}

/* After some failures SQLite has rolled back by itself already. */
void db_rollback(struct store *store)
{
	if (!sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	store->in_transaction = false;
	pthread_mutex_lock(&store->cache_mutex);
	store->state = store->saved;
	pthread_mutex_unlock(&store->cache_mutex);
	if (store->next_counter > store->state.counter_limit)
		store->next_counter = store->state.counter_limit;
	/* those of others, which are being told, stay */
	*store->event_mark = NULL;
	store->event_last = store->event_mark;
	if (!store->emitting)
		events_drop(store);
}

enum ec db_end(struct store *store, enum ec ec)
{
	if (ec == EC_SUCCESS)
		return db_commit(store);
	db_rollback(store);
	return ec;
}

void db_emit(struct store *store, const struct store_event *ev)
{
	struct event_item *item = arena_alloc(store->event_arena,
					      sizeof *item);

	item->next = NULL;
	item->ev = *ev;
	if (ev->tags.n > 0)
		item->ev.tags.v = arena_memdup(store->event_arena, ev->tags.v,
					       ev->tags.n * sizeof *ev->tags.v);
	if (ev->message_class != NULL)
		item->ev.message_class = arena_strdup(store->event_arena,
						      ev->message_class);
	*store->event_last = item;
	store->event_last = &item->next;
}

/* ---- Counters ---- */

/*
 * The limit on disk runs ahead, so that most changes needn't write it; after
 * a crash the rest of the block is skipped, which 2^48 counters allow.
 */
enum ec db_new_counter(struct store *store, uint64_t *counter)
{
	uint64_t limit = store->state.counter_limit;

	if (store->next_counter >= limit) {
		enum ec ec;

		if (limit + COUNTER_BLOCK > GLOBCNT_MAX)
			return EC_NOT_ENOUGH_MEMORY;
		ec = var_set_int(store, "counter_limit",
				 (int64_t)(limit + COUNTER_BLOCK));
		if (ec != EC_SUCCESS)
			return ec;
		store->state.counter_limit = limit + COUNTER_BLOCK;
	}
	*counter = store->next_counter++;
	return EC_SUCCESS;
}
