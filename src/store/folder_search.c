/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Search criteria ([MS-OXCFOLD] 3.2.5.4, 3.2.5.5).  Kept here; search.c finds
 * the messages.
 */
#include <string.h>

#include "store/folder_row.h"
#include "store/impl.h"
#include "store/search.h"

/* [MS-OXCFOLD] 2.2.1.4.1, SearchFlags */
enum {
	STOP_SEARCH = 0x01, RESTART_SEARCH = 0x02, RECURSIVE_SEARCH = 0x04,
	SHALLOW_SEARCH = 0x08, FOREGROUND_SEARCH = 0x10,
	BACKGROUND_SEARCH = 0x20, CONTENT_INDEXED_SEARCH = 0x10000,
	NON_CONTENT_INDEXED_SEARCH = 0x20000, STATIC_SEARCH = 0x40000,
};

enum { KNOWN_FLAGS = 0x3f | CONTENT_INDEXED_SEARCH |
	NON_CONTENT_INDEXED_SEARCH | STATIC_SEARCH };

static enum ec check_folder(struct store *store, uint64_t folder_id)
{
	struct folder_row row;
	enum ec ec = folder_row_get(store, db_counter(folder_id), NULL,
				    &row);

	if (ec == EC_SUCCESS && row.deleted != 0)
		ec = EC_NOT_FOUND;
	if (ec == EC_SUCCESS && row.type != FOLDER_SEARCH)
		ec = EC_NOT_SEARCH_FOLDER;
	return ec;
}

enum ec folder_get_search(struct store *store, uint64_t folder_id,
			  struct arena *a, struct search_criteria *out)
{
	struct sqlite3_stmt *stmt;
	uint64_t *folders;
	enum ec ec = check_folder(store, folder_id);
	bool row;

	if (ec != EC_SUCCESS)
		return ec;
	stmt = db_stmt(store, "SELECT flags, state, folders, restriction "
		       "FROM searches WHERE folder=?1");
	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, db_key(folder_id));
	ec = db_step(store, stmt, &row);
	if (ec == EC_SUCCESS && !row)
		ec = EC_NOT_INITIALIZED;
	if (ec == EC_SUCCESS) {
		out->flags = (uint32_t)sqlite3_column_int64(stmt, 0);
		out->state = (uint32_t)sqlite3_column_int64(stmt, 1);
		out->n_folders = (size_t)sqlite3_column_bytes(stmt, 2) / 8;
		folders = arena_array(a, out->n_folders, sizeof *folders);
		if (out->n_folders > 0)
			memcpy(folders, sqlite3_column_blob(stmt, 2),
			       out->n_folders * 8);
		out->folders = folders;
		out->restriction.len = (size_t)sqlite3_column_bytes(stmt, 3);
		out->restriction.data = arena_memdup(a,
			sqlite3_column_blob(stmt, 3), out->restriction.len);
	}
	db_done(stmt);
	return ec;
}

static enum ec write(struct store *store, uint64_t folder_id,
		     const struct search_criteria *c)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"INSERT OR REPLACE INTO searches "
		"VALUES(?1, ?2, ?3, ?4, ?5)");

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, db_key(folder_id));
	sqlite3_bind_int64(stmt, 2, c->flags);
	sqlite3_bind_int64(stmt, 3, c->state);
	sqlite3_bind_blob64(stmt, 4, c->n_folders > 0 ?
			    (const void *)c->folders : "",
			    c->n_folders * 8, SQLITE_STATIC);
	sqlite3_bind_blob64(stmt, 5, c->restriction.len > 0 ?
			    (const void *)c->restriction.data : "",
			    c->restriction.len, SQLITE_STATIC);
	return db_run(store, stmt);
}

/* R1241: what a request leaves out stays as it was. */
static enum ec merge(struct store *store, uint64_t folder_id,
		     struct search_criteria *c, struct arena *a)
{
	struct search_criteria old = { .n_folders = 0 };
	enum ec ec = folder_get_search(store, folder_id, a, &old);

	if (ec == EC_NOT_INITIALIZED)
		return c->n_folders == 0 ? EC_NOT_INITIALIZED : EC_SUCCESS;
	if (ec != EC_SUCCESS)
		return ec;
	if (c->n_folders == 0) {
		c->n_folders = old.n_folders;
		c->folders = old.folders;
	}
	if (c->restriction.len == 0)
		c->restriction = old.restriction;
	return EC_SUCCESS;      /* flags: R1239, the defaults */
}

/* R1242; a scope that is not there is refused, too. */
static enum ec check_scope(struct store *store, uint64_t folder_id,
			   const struct search_criteria *c)
{
	enum ec ec = EC_SUCCESS;

	for (size_t i = 0; i < c->n_folders && ec == EC_SUCCESS; i++) {
		if (c->folders[i] == folder_id)
			ec = EC_SEARCH_FOLDER_SCOPE;
		else
			ec = folder_exists(store, c->folders[i]);
	}
	return ec;
}

enum ec folder_set_search(struct store *store, uint64_t folder_id,
			  const struct search_criteria *criteria)
{
	struct search_criteria c = *criteria;
	struct arena *a;
	enum ec ec = check_folder(store, folder_id);

	if (ec == EC_SUCCESS && (c.flags & ~(uint32_t)KNOWN_FLAGS))
		ec = EC_INVALID_PARAM;
	if (ec == EC_SUCCESS)
		ec = check_scope(store, folder_id, &c);
	if (ec != EC_SUCCESS)
		return ec;
	a = arena_new(0);
	ec = merge(store, folder_id, &c, a);
	if (ec == EC_SUCCESS)
		ec = search_check(store, &c.restriction);
	if (ec == EC_SUCCESS)
		ec = db_begin(store);
	if (ec == EC_SUCCESS)
		ec = db_end(store, write(store, folder_id, &c));
	arena_free(a);
	if (ec == EC_SUCCESS)
		ec = search_start(store, folder_id);
	return ec;
}
