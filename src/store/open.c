/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a mailbox: the lock file, the connection, what is kept in memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "store/impl.h"

/*
 * Each save writes a page of messages, of contents and of folders to the WAL
 * and later to the file: with 16 KB it was 63 KB a message, now 38.  4 KB
 * would leave room for a single message of two pages of text a page.
 */
enum { PAGE_SIZE = 8192, CACHE_KIB = 224, CHECKPOINT_PAGES = 2000 };
enum { LOOKASIDE_SIZE = 384, LOOKASIDE_SLOTS = 64 };

/*
 * One process a mailbox: the lock goes with the process, the file stays, as
 * taking it away would let two processes lock two files of one name.
 */
static enum ec lock_file(struct store *store, struct err *err)
{
	char *path = xmalloc(strlen(store->path) + 6);
	enum ec ec = EC_SUCCESS;

	sprintf(path, "%s.lock", store->path);
	store->lock_fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	if (store->lock_fd < 0) {
		ec = EC_DISK_ERROR;
		err_set(err, ec, "cannot open the lock file %s: %s", path,
			strerror(errno));
	} else if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		ec = errno == EWOULDBLOCK ? EC_WRONG_SERVER : EC_DISK_ERROR;
		err_set(err, ec, "cannot lock %s: %s: is another process "
			"using the mailbox?", path, strerror(errno));
		close(store->lock_fd);
		store->lock_fd = -1;
	}
	free(path);
	return ec;
}

void db_cache(struct store *store, int kib)
{
	char sql[64];

	snprintf(sql, sizeof sql, "PRAGMA cache_size=-%d",
		 kib > CACHE_KIB ? kib : CACHE_KIB);
	sqlite3_exec(store->db, sql, NULL, NULL, NULL);
	if (kib == 0)
		sqlite3_db_release_memory(store->db);
}

static bool set_up(struct store *store)
{
	char sql[512];

	snprintf(sql, sizeof sql,
		 "PRAGMA page_size=%d;"
		 "PRAGMA cache_size=-%d;"
		 "PRAGMA journal_mode=WAL;"
		 "PRAGMA synchronous=FULL;"
		 "PRAGMA wal_autocheckpoint=%d;"
		 "PRAGMA temp_store=MEMORY;"
		 "PRAGMA trusted_schema=OFF;",
		 PAGE_SIZE, CACHE_KIB, CHECKPOINT_PAGES);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_LOOKASIDE, NULL,
			  LOOKASIDE_SIZE, LOOKASIDE_SLOTS);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_extended_result_codes(store->db, 1);
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

bool db_open_file(struct store *store, int flags, struct err *err)
{
	int rc = sqlite3_open_v2(store->path, &store->db,
		flags | SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
		vfs_name(store->pool->vfs));

	if (rc == SQLITE_OK && set_up(store))
		return true;
	db_fail(store, "cannot open the database");
	store_fault(store, err);
	sqlite3_close(store->db);
	store->db = NULL;
	return false;
}

static enum ec check_exists(struct store *store, struct err *err)
{
	if (access(store->path, F_OK) == 0)
		return EC_SUCCESS;
	err_set(err, EC_NOT_FOUND, "cannot open the mailbox %s: %s",
		store->path, strerror(errno));
	return EC_NOT_FOUND;
}

static enum ec load(struct store *store, struct err *err)
{
	enum ec ec = schema_update(store);
	struct err fault;

	if (ec == EC_SUCCESS)
		ec = store_load(store);
	if (ec == EC_SUCCESS)
		ec = receive_load(store);
	if (ec == EC_SUCCESS)
		return EC_SUCCESS;
	if (store_fault(store, &fault))
		err_set(err, ec, "%s", fault.text);
	else
		err_set(err, ec, "cannot open the mailbox %s: %s",
			store->path, ec == EC_INVALID_VERSION ?
			"it was made by a newer version" :
			"it is damaged or no mailbox");
	return ec;
}

enum ec store_open_db(struct store *store, struct err *err)
{
	struct err local = { .ec = EC_DISK_ERROR };
	enum ec ec = check_exists(store, err);

	if (err == NULL)
		err = &local;
	if (ec == EC_SUCCESS)
		ec = lock_file(store, err);
	if (ec != EC_SUCCESS)
		return ec;
	if (!db_open_file(store, 0, err)) {
		store_close_db(store);
		return err->ec;
	}
	store->events = event_hub_new();
	store->event_arena = arena_new(1024);
	store->event_last = &store->event_first;
	ec = load(store, err);
	if (ec != EC_SUCCESS)
		store_close_db(store);
	else
		search_attach(store);
	return ec;
}

void store_close_db(struct store *store)
{
	event_hub_free(store->events);
	store->events = NULL;
	arena_free(store->event_arena);
	store->event_arena = NULL;
	receive_unload(store);
	free(store->props);
	store->props = NULL;
	if (store->db != NULL) {
		db_forget(store);
		sqlite3_close(store->db);
	}
	store->db = NULL;
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	store->lock_fd = -1;
}

/* ---- A new mailbox ---- */

static enum ec fill(struct store *store,
		    const struct store_create_params *params)
{
	struct guid replica = guid_new(), signature = guid_new();
	uint32_t lcid = params->lcid != 0 ? params->lcid : 0x0409;
	enum ec ec = schema_create(store);

	store->mailbox_guid = params->mailbox_guid;
	store->replica_guid = replica;
	store->mapping_signature = signature;
	store->state.counter_limit = COUNTER_FIRST;
	store->next_counter = COUNTER_FIRST;
	if (ec == EC_SUCCESS)
		ec = var_set_blob(store, "mailbox_guid",
				  params->mailbox_guid.b, 16);
	if (ec == EC_SUCCESS)
		ec = var_set_blob(store, "replica_guid", replica.b, 16);
	if (ec == EC_SUCCESS)
		ec = var_set_blob(store, "mapping_signature", signature.b,
				  16);
	if (ec == EC_SUCCESS)
		ec = var_set_int(store, "lcid", lcid);
	if (ec == EC_SUCCESS)
		ec = special_create(store, lcid, params->display_name);
	return ec;
}

static bool make_private(const char *path, struct err *err)
{
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(err, EC_DISK_ERROR, "cannot make %s: %s", path,
			       strerror(errno));
	close(fd);
	return true;
}

static bool create_db(struct store *store,
		      const struct store_create_params *params,
		      struct err *err)
{
	enum ec ec;

	/* mail is nobody else's; the WAL is made with the same mode */
	if (!make_private(store->path, err) ||
	    !db_open_file(store, SQLITE_OPEN_CREATE, err))
		return false;
	store->event_arena = arena_new(1024);
	store->event_last = &store->event_first;
	store->events = event_hub_new();
	ec = db_begin(store);
	if (ec == EC_SUCCESS)
		ec = db_end(store, fill(store, params));
	if (ec == EC_SUCCESS)
		return true;
	if (!store_fault(store, err))
		err_set(err, ec, "cannot make the mailbox %s: %s",
			store->path, ec_text(ec));
	return false;
}

/* All into the one file, which is synced: it is renamed without its WAL. */
static bool finish(struct store *store, struct err *err)
{
	if (sqlite3_wal_checkpoint_v2(store->db, NULL,
				      SQLITE_CHECKPOINT_TRUNCATE, NULL,
				      NULL) == SQLITE_OK)
		return true;
	db_fail(store, "cannot write the database");
	store_fault(store, err);
	return false;
}

/* A name is durable when its directory is. */
static bool sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash == NULL ? xstrdup(".") :
		strndup(path, (size_t)(slash - path) + 1);
	int fd = dir == NULL ? -1 : open(dir, O_RDONLY | O_DIRECTORY |
					 O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	free(dir);
	return ok;
}

static void remove_files(const char *path)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char *name = xmalloc(strlen(path) + 8);

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		sprintf(name, "%s%s", path, ends[i]);
		unlink(name);
	}
	free(name);
}

/*
 * Made under another name and linked into place when complete.  The unfinished
 * one's name is its own, so that nobody opens it.
 */
bool store_create(struct store_pool *pool, const char *path,
		  const struct store_create_params *params, struct err *err)
{
	struct store store = { .pool = pool, .lock_fd = -1 };
	char *part = xmalloc(strlen(path) + 16);
	bool ok = false;

	sprintf(part, "%s.part", path);
	store.path = part;
	pthread_mutex_init(&store.fault_mutex, NULL);
	pthread_mutex_init(&store.cache_mutex, NULL);
	if (access(path, F_OK) == 0) {
		err_set(err, EC_DUPLICATE_NAME, "cannot make the mailbox %s: "
			"the file exists", path);
		goto out;
	}
	if (lock_file(&store, err) != EC_SUCCESS)
		goto out;
	remove_files(part);
	ok = create_db(&store, params, err) && finish(&store, err);
	if (store.db != NULL)
		db_forget(&store);
	sqlite3_close(store.db);
	store.db = NULL;
	if (ok && (rename(part, path) != 0 || !sync_directory(path)))
		ok = err_set(err, EC_DISK_ERROR, "cannot make %s: %s", path,
			     strerror(errno));
	if (!ok)
		remove_files(part);
	sprintf(part, "%s.part.lock", path);
	unlink(part);
	store_close_db(&store);
out:
	pthread_mutex_destroy(&store.fault_mutex);
	pthread_mutex_destroy(&store.cache_mutex);
	free(part);
	return ok;
}
