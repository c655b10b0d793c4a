/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of a mailbox.  IDs are counters (the replica ID is always 1),
 * times are FILETIMEs.  The version is SQLite's user_version; a change of the
 * schema adds a row to migrations[], and says in the row what it does.
 */
#include <stdio.h>

#include "store/impl.h"

static const char schema_1[] =
	"CREATE TABLE vars("
	"name TEXT PRIMARY KEY, value) WITHOUT ROWID;"

	/* deleted: when soft-deleted, else 0.  pcl NULL: the own change key
	 * alone.  contents_cn: the last change number in the folder. */
	"CREATE TABLE folders("
	"id INTEGER PRIMARY KEY, parent INTEGER NOT NULL,"
	"type INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0,"
	"name TEXT NOT NULL, cn INTEGER NOT NULL, pcl BLOB,"
	"created INTEGER NOT NULL, modified INTEGER NOT NULL,"
	"hierarchy_changed INTEGER NOT NULL,"
	"contents_changed INTEGER NOT NULL,"
	"hierarchy_cn INTEGER NOT NULL DEFAULT 0,"
	"contents_cn INTEGER NOT NULL DEFAULT 0,"
	"next_article INTEGER NOT NULL DEFAULT 1,"
	"subfolders INTEGER NOT NULL DEFAULT 0,"
	"total INTEGER NOT NULL DEFAULT 0,"
	"unread INTEGER NOT NULL DEFAULT 0,"
	"associated INTEGER NOT NULL DEFAULT 0,"
	"n_deleted INTEGER NOT NULL DEFAULT 0,"
	"n_deleted_associated INTEGER NOT NULL DEFAULT 0,"
	"size INTEGER NOT NULL DEFAULT 0,"
	"associated_size INTEGER NOT NULL DEFAULT 0,"
	"deleted_size INTEGER NOT NULL DEFAULT 0,"
	"deleted_total INTEGER NOT NULL DEFAULT 0,"
	"props BLOB NOT NULL DEFAULT x'');"
	"CREATE INDEX folders_parent ON folders(parent);"

	/* id < 0: embedded, of an attachment; folder 0 */
	"CREATE TABLE messages("
	"id INTEGER PRIMARY KEY, folder INTEGER NOT NULL, pcl BLOB,"
	"props BLOB NOT NULL, recipients BLOB);"

	"CREATE TABLE contents("
	"folder INTEGER NOT NULL, kind INTEGER NOT NULL,"
	"id INTEGER NOT NULL,"
	"read INTEGER NOT NULL, flags INTEGER NOT NULL,"
	"status INTEGER NOT NULL, cn INTEGER NOT NULL,"
	"read_cn INTEGER NOT NULL, size INTEGER NOT NULL,"
	"delivered INTEGER NOT NULL, modified INTEGER NOT NULL,"
	"deleted INTEGER NOT NULL, row BLOB NOT NULL,"
	"PRIMARY KEY(folder, kind, id)) WITHOUT ROWID;"

	/* embedded: the messages row of the message in it, or 0 */
	"CREATE TABLE attachments("
	"message INTEGER NOT NULL, num INTEGER NOT NULL,"
	"embedded INTEGER NOT NULL, size INTEGER NOT NULL,"
	"props BLOB NOT NULL,"
	"PRIMARY KEY(message, num)) WITHOUT ROWID;"

	"CREATE TABLE chunks(id INTEGER PRIMARY KEY, data BLOB NOT NULL);"

	"CREATE TABLE named("
	"id INTEGER PRIMARY KEY, guid BLOB NOT NULL, kind INTEGER NOT NULL,"
	"lid INTEGER NOT NULL, name TEXT NOT NULL);"
	"CREATE UNIQUE INDEX named_name ON named(guid, kind, lid, name);"

	"CREATE TABLE replicas("
	"id INTEGER PRIMARY KEY, guid BLOB NOT NULL UNIQUE);"
	"CREATE TABLE reserved("
	"first INTEGER PRIMARY KEY, count INTEGER NOT NULL);"

	/* class in lower case; shown is as it was set */
	"CREATE TABLE receive_folders("
	"class TEXT PRIMARY KEY, shown TEXT NOT NULL,"
	"folder INTEGER NOT NULL, modified INTEGER NOT NULL) WITHOUT ROWID;"

	"CREATE TABLE per_user("
	"folder BLOB PRIMARY KEY, replica BLOB NOT NULL,"
	"modified INTEGER NOT NULL, data BLOB NOT NULL);"

	"CREATE TABLE searches("
	"folder INTEGER PRIMARY KEY, flags INTEGER NOT NULL,"
	"state INTEGER NOT NULL, folders BLOB NOT NULL,"
	"restriction BLOB NOT NULL);"
	"CREATE TABLE found("
	"folder INTEGER NOT NULL, kind INTEGER NOT NULL,"
	"id INTEGER NOT NULL, home INTEGER NOT NULL,"
	"PRIMARY KEY(folder, kind, id)) WITHOUT ROWID;"
	"CREATE INDEX found_id ON found(id);";

/* migrations[v] brings version v to v + 1. */
static const char *const migrations[] = {
	schema_1,
};

enum { SCHEMA_VERSION = sizeof migrations / sizeof migrations[0] };

static enum ec user_version(struct store *store, int *out)
{
	struct sqlite3_stmt *stmt = db_stmt(store, "PRAGMA user_version");
	bool row;
	enum ec ec = db_step(store, stmt, &row);

	if (ec == EC_SUCCESS)
		*out = sqlite3_column_int(stmt, 0);
	db_done(stmt);
	return ec;
}

static enum ec migrate(struct store *store, int version)
{
	char pragma[64];

	if (sqlite3_exec(store->db, migrations[version], NULL, NULL, NULL) !=
	    SQLITE_OK)
		return db_fail(store, "cannot bring the schema up to date");
	snprintf(pragma, sizeof pragma, "PRAGMA user_version=%d", version + 1);
	if (sqlite3_exec(store->db, pragma, NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(store, "cannot set the schema's version");
	return EC_SUCCESS;
}

/* Within the caller's transaction. */
enum ec schema_create(struct store *store)
{
	enum ec ec = EC_SUCCESS;

	for (int v = 0; v < SCHEMA_VERSION && ec == EC_SUCCESS; v++)
		ec = migrate(store, v);
	return ec;
}

enum ec schema_update(struct store *store)
{
	int version = 0;
	enum ec ec = user_version(store, &version);

	if (ec != EC_SUCCESS)
		return ec;
	if (version == 0)
		return EC_CORRUPT_STORE;
	if (version > SCHEMA_VERSION)
		return EC_INVALID_VERSION;
	for (; version < SCHEMA_VERSION && ec == EC_SUCCESS; version++) {
		ec = db_begin(store);
		if (ec == EC_SUCCESS)
			ec = db_end(store, migrate(store, version));
	}
	return ec;
}

/* ---- vars ---- */

enum ec var_get_int(struct store *store, const char *name, int64_t *out)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT value FROM vars WHERE name=?1 /* int */");
	enum ec ec;
	bool row;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	ec = db_step(store, stmt, &row);
	if (ec == EC_SUCCESS && !row)
		ec = EC_NOT_FOUND;
	if (ec == EC_SUCCESS)
		*out = sqlite3_column_int64(stmt, 0);
	db_done(stmt);
	return ec;
}

enum ec var_set_int(struct store *store, const char *name, int64_t value)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"INSERT OR REPLACE INTO vars VALUES(?1, ?2) /* int */");

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, value);
	return db_run(store, stmt);
}

/* Exactly len bytes. */
enum ec var_get_blob(struct store *store, const char *name, void *out,
		     size_t len)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT value FROM vars WHERE name=?1 /* blob */");
	enum ec ec;
	bool row;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	ec = db_step(store, stmt, &row);
	if (ec == EC_SUCCESS && !row)
		ec = EC_NOT_FOUND;
	if (ec == EC_SUCCESS &&
	    (size_t)sqlite3_column_bytes(stmt, 0) != len)
		ec = EC_CORRUPT_STORE;
	if (ec == EC_SUCCESS)
		memcpy(out, sqlite3_column_blob(stmt, 0), len);
	db_done(stmt);
	return ec;
}

enum ec var_set_blob(struct store *store, const char *name, const void *data,
		     size_t len)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"INSERT OR REPLACE INTO vars VALUES(?1, ?2) /* blob */");

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_blob64(stmt, 2, data, len, SQLITE_STATIC);
	return db_run(store, stmt);
}
