/* SPDX-License-Identifier: Apache-2.0 */
/* What was read in public folders: [MS-OXCSTOR] 3.2.5.10 to 3.2.5.13. */
#include "base/clock.h"
#include "store/impl.h"

enum { FOLDER_SIZE = LONG_TERM_ID_SIZE };

enum ec store_per_user_get(struct store *store, const uint8_t folder[24],
			   struct arena *a, struct bin *out)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT data FROM per_user WHERE folder=?1");
	bool row;
	enum ec ec;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_blob(stmt, 1, folder, FOLDER_SIZE, SQLITE_STATIC);
	ec = db_step(store, stmt, &row);
	if (ec == EC_SUCCESS && row) {
		out->len = (size_t)sqlite3_column_bytes(stmt, 0);
		out->data = arena_memdup(a, sqlite3_column_blob(stmt, 0),
					 out->len);
	} else if (ec == EC_SUCCESS) {
		*out = (struct bin){ NULL, 0 };
	}
	db_done(stmt);
	return ec;
}

static enum ec set(struct store *store, const uint8_t *folder,
		   const struct guid *replica, struct bin data)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"INSERT OR REPLACE INTO per_user VALUES(?1, ?2, ?3, ?4)");

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_blob(stmt, 1, folder, FOLDER_SIZE, SQLITE_STATIC);
	sqlite3_bind_blob(stmt, 2, replica->b, 16, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 3, (int64_t)filetime_now());
	sqlite3_bind_blob64(stmt, 4, data.len > 0 ? (const void *)data.data :
			    "", data.len, SQLITE_STATIC);
	return db_run(store, stmt);
}

enum ec store_per_user_set(struct store *store, const uint8_t folder[24],
			   const struct guid *replica, struct bin data)
{
	enum ec ec = db_begin(store);

	if (ec != EC_SUCCESS)
		return ec;
	return db_end(store, set(store, folder, replica, data));
}

enum ec store_per_user_list(struct store *store, const struct guid *replica,
			    struct arena *a, size_t *n,
			    const uint8_t (**out)[24])
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT folder, count(*) OVER () FROM per_user "
		"WHERE replica=?1");
	uint8_t (*ids)[FOLDER_SIZE] = NULL;
	size_t found = 0;
	enum ec ec;
	bool row;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_blob(stmt, 1, replica->b, 16, SQLITE_STATIC);
	while ((ec = db_step(store, stmt, &row)) == EC_SUCCESS && row) {
		if (ids == NULL)
			ids = arena_array(a,
				(size_t)sqlite3_column_int64(stmt, 1),
				sizeof *ids);
		if (sqlite3_column_bytes(stmt, 0) == FOLDER_SIZE)
			memcpy(ids[found++], sqlite3_column_blob(stmt, 0),
			       FOLDER_SIZE);
	}
	db_done(stmt);
	if (ec == EC_SUCCESS) {
		*n = found;
		*out = (const uint8_t (*)[24])ids;
	}
	return ec;
}

enum ec store_per_user_guid(struct store *store, const uint8_t folder[24],
			    struct guid *out)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT replica FROM per_user WHERE folder=?1");
	bool row;
	enum ec ec;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_blob(stmt, 1, folder, FOLDER_SIZE, SQLITE_STATIC);
	ec = db_step(store, stmt, &row);
	if (ec == EC_SUCCESS && !row)
		ec = EC_NOT_FOUND;
	else if (ec == EC_SUCCESS && sqlite3_column_bytes(stmt, 0) != 16)
		ec = EC_CORRUPT_STORE;
	if (ec == EC_SUCCESS)
		memcpy(out->b, sqlite3_column_blob(stmt, 0), 16);
	db_done(stmt);
	return ec;
}
