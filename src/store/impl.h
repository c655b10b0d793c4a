/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct store and struct store_pool: for the files that make up the mailbox
 * itself.  Others see db.h.
 */
#ifndef STORE_IMPL_H
#define STORE_IMPL_H

#include <stdatomic.h>

#include "store/db.h"
#include "store/pool.h"
#include "store/staging.h"
#include "store/vfs.h"

/* Statements remembered a store: about 3 KB each, of the 512 KB there are. */
enum { DB_STMTS = 56 };

/* IDs 1 … 255 are for special folders. */
enum { COUNTER_FIRST = 0x100 };

/* Counters are set aside on disk so many at a time. */
enum { COUNTER_BLOCK = 1024 };

/* Waiters on a mailbox's lock that are woken one by one. */
enum { STORE_TURNS = 16 };

struct db_stmt {
	const char *sql;
	struct sqlite3_stmt *stmt;
	uint64_t used;            /* the store's tick then */
};

struct receive_row {
	char *message_class;
	size_t len;
	uint64_t folder_id, modified;
};

/*
 * What is kept in memory of what is in the database, and must go back with a
 * transaction that fails.
 */
struct store_state {
	uint64_t counter_limit;   /* on disk: none at or above was given out */
	uint64_t size;            /* bytes of all folders */
	uint64_t messages;        /* normal ones in all folders */
	uint32_t searches;        /* search folders that are not deleted */
	struct store_quota quota;
};

struct event_item {
	struct event_item *next;
	struct store_event ev;
};

struct store {
	struct store_pool *pool;
	char *path;
	int lock_fd;              /* of the lock file */

	/* the pool's, under its mutex */
	unsigned refs;
	struct store *next, *prev;        /* most recently used first */
	bool opening;

	/* the mailbox's lock */
	pthread_mutex_t mutex;
	pthread_cond_t turns[STORE_TURNS];        /* by ticket */
	uint64_t ticket, serving;

	/* the fault, under fault_mutex */
	pthread_mutex_t fault_mutex;
	struct err fault;
	bool faulty;

	/* under the mailbox's lock */
	const void *actor;        /* who holds it */
	struct sqlite3 *db;
	struct db_stmt stmts[DB_STMTS];
	uint64_t tick;
	struct event_hub *events;
	struct arena *event_arena;
	struct event_item *event_first, **event_last;
	struct event_item **event_mark;   /* event_last at db_begin */
	bool in_transaction, emitting;
	uint64_t next_counter;    /* in memory: of the block on disk */

	/* read any time: under cache_mutex, written with both locks held */
	pthread_mutex_t cache_mutex;
	struct store_state state, saved;  /* saved: before the transaction */
	struct guid mailbox_guid, replica_guid, mapping_signature;
	uint32_t lcid;
	uint8_t *props;           /* blob of the mailbox's properties */
	size_t props_len;
	struct receive_row *receive;
	size_t n_receive;
};

struct store_pool {
	struct store_vfs *vfs;
	struct staging *staging;
	unsigned max_open, max_waiters;

	pthread_mutex_t mutex;
	pthread_cond_t opened_one;
	struct store *first, *last;       /* most recently used first */
	unsigned n_open, n_used;
	uint64_t opened, evicted;
};

/* Set up and tear down what is above (open.c). */
enum ec store_open_db(struct store *store, struct err *err);
void store_close_db(struct store *store);

/* The schema (schema.c): make it, or bring an old one up to date. */
enum ec schema_create(struct store *store);
enum ec schema_update(struct store *store);

/* Values of the table vars. */
enum ec var_get_int(struct store *store, const char *name, int64_t *out);
enum ec var_set_int(struct store *store, const char *name, int64_t value);
enum ec var_get_blob(struct store *store, const char *name, void *out,
		     size_t len);
enum ec var_set_blob(struct store *store, const char *name, const void *data,
		     size_t len);

/* Read what is kept in memory (store.c, receive.c). */
enum ec store_load(struct store *store);
enum ec store_load_sums(struct store *store);
enum ec receive_load(struct store *store);
enum ec receive_insert(struct store *store, const char *message_class,
		       uint64_t folder_id);
void receive_unload(struct store *store);

/* The special folders and first receive folders of a new mailbox. */
enum ec special_create(struct store *store, uint32_t lcid,
		       const char *display_name);

/* The connection of an open file with the right settings (open.c). */
bool db_open_file(struct store *store, int flags, struct err *err);

/* Changes of the numbers in struct store_state, within a transaction. */
void store_add_size(struct store *store, int64_t size, int64_t messages);
void store_add_searches(struct store *store, int delta);

/* EC_SUCCESS when values of this type and form can be stored. */
enum ec prop_storable(const struct prop_value *value);

/* Properties of the mailbox and of recipients have no streams. */
enum { PROP_GET_LIMIT = 0x10000 };

/*
 * The PCL after the store's own change cn: empty as long as it is that change
 * alone; in a.
 */
struct bin pcl_next(struct store *store, struct bin old, uint64_t cn,
		    struct arena *a);

/* Drop all prepared statements, for closing. */
void db_forget(struct store *store);

/* The pool's VFS, for tests. */
struct store_vfs *store_pool_vfs(struct store_pool *pool);

#endif
