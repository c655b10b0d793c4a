/* SPDX-License-Identifier: Apache-2.0 */
/* Receive folders: [MS-OXCSTOR] 2.2.1.2 to 2.2.1.4, 3.2.5.2 to 3.2.5.4. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "store/folder_row.h"
#include "store/impl.h"

/* [MS-OXCSTOR] 2.2.1.2.1: R202 to R207 */
bool message_class_valid(const char *message_class)
{
	size_t len = strlen(message_class);

	if (len + 1 > 255)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (message_class[i] < 32 || message_class[i] > 126)
			return false;
		if (message_class[i] == '.' &&
		    (i == 0 || i + 1 == len || message_class[i + 1] == '.'))
			return false;
	}
	return true;
}

static void lower(const char *in, char out[static MESSAGE_CLASS_SIZE])
{
	size_t i = 0;

	for (; in[i] != '\0' && i + 1 < MESSAGE_CLASS_SIZE; i++)
		out[i] = (char)(in[i] >= 'A' && in[i] <= 'Z' ? in[i] + 32 :
				in[i]);
	out[i] = '\0';
}

void receive_unload(struct store *store)
{
	for (size_t i = 0; i < store->n_receive; i++)
		free(store->receive[i].message_class);
	free(store->receive);
	store->receive = NULL;
	store->n_receive = 0;
}

static void add_row(struct receive_row **rows, size_t *n,
		    struct sqlite3_stmt *stmt)
{
	const char *shown = (const char *)sqlite3_column_text(stmt, 0);
	struct receive_row *row;

	*rows = xrealloc(*rows, (*n + 1) * sizeof **rows);
	row = &(*rows)[(*n)++];
	row->message_class = xstrdup(shown != NULL ? shown : "");
	row->len = strlen(row->message_class);
	row->folder_id = db_id((uint64_t)sqlite3_column_int64(stmt, 1));
	row->modified = (uint64_t)sqlite3_column_int64(stmt, 2);
}

/* Read the table into memory, where every look-up is answered from. */
enum ec receive_load(struct store *store)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT shown, folder, modified FROM receive_folders "
		"ORDER BY class");
	struct receive_row *rows = NULL;
	size_t n = 0;
	enum ec ec;
	bool row;

	while ((ec = db_step(store, stmt, &row)) == EC_SUCCESS && row)
		add_row(&rows, &n, stmt);
	db_done(stmt);
	pthread_mutex_lock(&store->cache_mutex);
	receive_unload(store);
	store->receive = rows;
	store->n_receive = n;
	pthread_mutex_unlock(&store->cache_mutex);
	return ec;
}

/* Add or replace a row, within a transaction; the cache is the caller's. */
enum ec receive_insert(struct store *store, const char *message_class,
		       uint64_t folder_id)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"INSERT OR REPLACE INTO receive_folders "
		"VALUES(?1, ?2, ?3, ?4)");
	char folded[MESSAGE_CLASS_SIZE];

	if (stmt == NULL)
		return EC_DISK_ERROR;
	lower(message_class, folded);
	sqlite3_bind_text(stmt, 1, folded, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, message_class, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 3, db_key(folder_id));
	sqlite3_bind_int64(stmt, 4, (int64_t)filetime_now());
	return db_run(store, stmt);
}

static enum ec receive_delete(struct store *store, const char *message_class)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"DELETE FROM receive_folders WHERE class=?1");
	char folded[MESSAGE_CLASS_SIZE];

	if (stmt == NULL)
		return EC_DISK_ERROR;
	lower(message_class, folded);
	sqlite3_bind_text(stmt, 1, folded, -1, SQLITE_STATIC);
	return db_run(store, stmt);
}

/*
 * A prefix counts when it ends where a part of the class ends: "IPM.No" is
 * none of "IPM.Note".  The empty string matches everything.
 */
static bool is_prefix(const struct receive_row *row, const char *class)
{
	return row->len == 0 ||
		(strncasecmp(row->message_class, class, row->len) == 0 &&
		 (class[row->len] == '\0' || class[row->len] == '.'));
}

enum ec store_get_receive_folder(struct store *store,
				 const char *message_class,
				 uint64_t *folder_id,
				 char explicit_class[MESSAGE_CLASS_SIZE])
{
	const struct receive_row *best = NULL;

	if (!message_class_valid(message_class))
		return EC_INVALID_PARAM;
	pthread_mutex_lock(&store->cache_mutex);
	for (size_t i = 0; i < store->n_receive; i++) {
		const struct receive_row *row = &store->receive[i];

		if (is_prefix(row, message_class) &&
		    (best == NULL || row->len > best->len))
			best = row;
	}
	*folder_id = best != NULL ? best->folder_id :
		store_special(store, SPECIAL_INBOX);
	strcpy(explicit_class, best != NULL ? best->message_class : "");
	pthread_mutex_unlock(&store->cache_mutex);
	return EC_SUCCESS;
}

static enum ec check_set(struct store *store, const char *message_class,
			 uint64_t folder_id)
{
	if (!message_class_valid(message_class))
		return EC_INVALID_PARAM;
	/* R859, R272 */
	if (strcasecmp(message_class, "IPM") == 0 ||
	    strcasecmp(message_class, "Report.IPM") == 0)
		return EC_ACCESS_DENIED;
	/* R860 */
	if (message_class[0] == '\0' && folder_id == 0)
		return EC_ERROR;
	if (folder_id == 0)
		return EC_SUCCESS;
	return folder_exists(store, folder_id);
}

enum ec store_set_receive_folder(struct store *store,
				 const char *message_class,
				 uint64_t folder_id)
{
	enum ec ec = check_set(store, message_class, folder_id);

	if (ec == EC_SUCCESS)
		ec = db_begin(store);
	if (ec != EC_SUCCESS)
		return ec;
	ec = folder_id == 0 ? receive_delete(store, message_class) :
		receive_insert(store, message_class, folder_id);
	ec = db_end(store, ec);
	return ec == EC_SUCCESS ? receive_load(store) : ec;
}

size_t store_receive_folders(struct store *store, struct arena *a,
			     const struct receive_folder **out)
{
	struct receive_folder *rows;
	size_t n;

	pthread_mutex_lock(&store->cache_mutex);
	n = store->n_receive;
	rows = arena_array(a, n, sizeof *rows);
	for (size_t i = 0; i < n; i++)
		rows[i] = (struct receive_folder){
			.message_class = arena_strdup(a,
				store->receive[i].message_class),
			.folder_id = store->receive[i].folder_id,
			.modified = store->receive[i].modified,
		};
	pthread_mutex_unlock(&store->cache_mutex);
	*out = rows;
	return n;
}
