/* SPDX-License-Identifier: Apache-2.0 */
/* What a mailbox's administrator does: purge, backup. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "store/folder_impl.h"
#include "store/messages_impl.h"

enum { PURGE_BATCH = 100 };

/* ---- Purging ---- */

/* The next soft-deleted messages that are old enough: folder and ID. */
static enum ec old_messages(struct store *store, uint64_t before,
			    uint64_t *folder, uint64_t *ids, size_t max,
			    size_t *n)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT c.folder, c.id FROM folders f JOIN contents c ON "
		"c.folder=f.id AND c.kind IN (2, 3) WHERE "
		"f.n_deleted+f.n_deleted_associated>0 AND c.deleted<?1 "
		"LIMIT ?2");
	enum ec ec;
	bool row;

	*n = 0;
	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)before);
	sqlite3_bind_int64(stmt, 2, (int64_t)max);
	while ((ec = db_step(store, stmt, &row)) == EC_SUCCESS && row) {
		uint64_t f = (uint64_t)sqlite3_column_int64(stmt, 0);

		if (*n > 0 && f != *folder)
			break;
		*folder = f;
		ids[(*n)++] = db_id((uint64_t)sqlite3_column_int64(stmt, 1));
	}
	db_done(stmt);
	return ec;
}

/* Folders whose parents stay: the others go with them. */
static enum ec old_folder(struct store *store, uint64_t before,
			  uint64_t *folder)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT id FROM folders WHERE deleted<>0 AND deleted<?1 AND "
		"NOT EXISTS (SELECT 1 FROM folders c WHERE "
		"c.parent=folders.id) LIMIT 1");
	enum ec ec;
	bool row;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)before);
	ec = db_step(store, stmt, &row);
	if (ec == EC_SUCCESS && !row)
		ec = EC_NOT_FOUND;
	if (ec == EC_SUCCESS)
		*folder = (uint64_t)sqlite3_column_int64(stmt, 0);
	db_done(stmt);
	return ec;
}

static enum ec purge_messages(struct store *store, uint64_t before,
			      uint32_t limit, uint32_t *purged)
{
	uint64_t ids[PURGE_BATCH], folder = 0;
	enum ec ec = EC_SUCCESS;
	bool partial;
	size_t n;

	while (ec == EC_SUCCESS && *purged < limit) {
		size_t max = limit - *purged < PURGE_BATCH ?
			limit - *purged : PURGE_BATCH;

		ec = old_messages(store, before, &folder, ids, max, &n);
		if (ec != EC_SUCCESS || n == 0)
			break;
		ec = messages_purge(store, folder, ids, n, &partial);
		*purged += (uint32_t)n;
	}
	return ec;
}

enum ec store_purge(struct store *store, uint64_t before, uint32_t limit,
		    uint32_t *purged)
{
	uint32_t n = 0, max = limit == 0 ? UINT32_MAX : limit;
	uint64_t folder;
	enum ec ec = purge_messages(store, before, max, &n);

	while (ec == EC_SUCCESS && n < max) {
		ec = old_folder(store, before, &folder);
		if (ec == EC_SUCCESS)
			ec = folder_purge(store, folder);
		n += ec == EC_SUCCESS;
	}
	*purged = n;
	return ec == EC_NOT_FOUND ? EC_SUCCESS : ec;
}

/* ---- Backup and restoration ---- */

/* All pages of one database over another. */
static bool copy_pages(struct sqlite3 *from, struct sqlite3 *to)
{
	struct sqlite3_backup *b = sqlite3_backup_init(to, "main", from,
						       "main");
	int rc;

	if (b == NULL)
		return false;
	rc = sqlite3_backup_step(b, -1);
	return sqlite3_backup_finish(b) == SQLITE_OK && rc == SQLITE_DONE;
}

static struct sqlite3 *make_file(struct store_pool *pool, const char *path,
				 struct err *err)
{
	struct sqlite3 *db = NULL;

	int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0) {
		err_set(err, errno == EEXIST ? EC_DUPLICATE_NAME :
			EC_DISK_ERROR, "cannot copy the mailbox to %s: %s",
			path, strerror(errno));
		return NULL;
	}
	close(fd);
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE |
			    SQLITE_OPEN_CREATE,
			    vfs_name(pool->vfs)) == SQLITE_OK)
		return db;
	err_set(err, EC_DISK_ERROR, "cannot make %s: %s", path,
		sqlite3_errmsg(db));
	sqlite3_close(db);
	unlink(path);
	return NULL;
}

bool store_backup(struct store *store, const char *dst, struct err *err)
{
	struct sqlite3 *to = make_file(store->pool, dst, err);
	bool ok;

	if (to == NULL)
		return false;
	ok = copy_pages(store->db, to);
	if (!ok)
		err_set(err, EC_DISK_ERROR, "cannot copy the mailbox %s to "
			"%s: %s", store->path, dst, sqlite3_errmsg(to));
	sqlite3_close(to);
	if (!ok)
		unlink(dst);
	return ok;
}

/* More than a mailbox gives out between two backups. */
static const char move_counter[] =
	"UPDATE vars SET value=value+(1<<32) WHERE name='counter_limit'";

static bool restore(struct sqlite3 *from, struct sqlite3 *to,
		    const char *backup, struct err *err)
{
	if (!copy_pages(from, to))
		return err_set(err, EC_DISK_ERROR, "cannot read the backup "
			       "%s: %s", backup, sqlite3_errmsg(to));
	if (sqlite3_exec(to, move_counter, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_changes(to) != 1)
		return err_set(err, EC_CORRUPT_STORE, "cannot use the backup "
			       "%s: it is no mailbox", backup);
	return true;
}

bool store_restore(struct store_pool *pool, const char *backup,
		   const char *dst, struct err *err)
{
	struct sqlite3 *from = NULL, *to = NULL;
	bool ok;

	if (sqlite3_open_v2(backup, &from, SQLITE_OPEN_READONLY,
			    vfs_name(pool->vfs)) != SQLITE_OK)
		ok = err_set(err, EC_NOT_FOUND, "cannot open the backup %s: "
			     "%s", backup, sqlite3_errmsg(from));
	else
		ok = (to = make_file(pool, dst, err)) != NULL &&
			restore(from, to, backup, err);
	sqlite3_close(from);
	if (sqlite3_close(to) != SQLITE_OK)
		ok = false;
	if (!ok && to != NULL)
		unlink(dst);
	return ok;
}
