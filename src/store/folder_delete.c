/* SPDX-License-Identifier: Apache-2.0 */
/* Deleting and emptying folders ([MS-OXCFOLD] 3.2.5.3, 3.2.5.9). */
#include <string.h>

#include "base/clock.h"
#include "store/folder_impl.h"
#include "store/messages_impl.h"

enum { BATCH = 100, FOLDER_DEPTH_MAX = 1000 };

/* ---- Messages ---- */

static enum ec empty_kind(struct store *store, uint64_t folder,
			  bool associated, bool deleted, bool hard,
			  bool *partial)
{
	uint64_t ids[BATCH], after = 0;
	enum ec ec = EC_SUCCESS;
	bool some;
	size_t n;

	do {
		n = messages_list(store, db_id(folder), associated, deleted,
				  after, ids, BATCH);
		if (n > 0) {
			after = ids[n - 1];
			ec = messages_delete(store, db_id(folder), ids, n,
					     hard, &some);
			*partial = *partial || some;
		}
	} while (n == BATCH && ec == EC_SUCCESS);
	return ec;
}

/* The hard way takes what was soft-deleted before along. */
static enum ec empty_messages(struct store *store, uint64_t folder,
			      bool associated_too, bool hard, bool *partial)
{
	enum ec ec = empty_kind(store, folder, false, false, hard, partial);

	if (ec == EC_SUCCESS && associated_too)
		ec = empty_kind(store, folder, true, false, hard, partial);
	if (ec == EC_SUCCESS && hard)
		ec = empty_kind(store, folder, false, true, true, partial);
	if (ec == EC_SUCCESS && hard && associated_too)
		ec = empty_kind(store, folder, true, true, true, partial);
	return ec;
}

/* ---- The folder itself ---- */

static enum ec mark_deleted(struct store *store, uint64_t folder)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"UPDATE folders SET deleted=?2 WHERE id=?1");

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)folder);
	sqlite3_bind_int64(stmt, 2, (int64_t)filetime_now());
	return db_run(store, stmt);
}

static enum ec run_id(struct store *store, struct sqlite3_stmt *stmt,
		      uint64_t folder)
{
	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)folder);
	return db_run(store, stmt);
}

static enum ec drop_streams(struct store *store, uint64_t folder)
{
	struct arena *a = arena_new(0);
	struct folder_row row;
	enum ec ec = folder_row_get(store, folder, a, &row);

	if (ec == EC_SUCCESS)
		ec = packed_drop_streams(store, row.props.data, row.props.len,
					 NULL);
	arena_free(a);
	return ec;
}

static enum ec delete_rows(struct store *store, uint64_t folder)
{
	enum ec ec = drop_streams(store, folder);

	if (ec == EC_SUCCESS)
		ec = run_id(store, db_stmt(store,
			"DELETE FROM searches WHERE folder=?1"), folder);
	if (ec == EC_SUCCESS)
		ec = run_id(store, db_stmt(store,
			"DELETE FROM found WHERE folder=?1"), folder);
	if (ec == EC_SUCCESS)
		ec = run_id(store, db_stmt(store,
			"DELETE FROM folders WHERE id=?1"), folder);
	return ec;
}

/* Its classes fall back to what the shorter prefix says. */
static enum ec drop_receive(struct store *store, uint64_t folder)
{
	return run_id(store, db_stmt(store,
		"DELETE FROM receive_folders WHERE folder=?1"), folder);
}

/* Searches that look only there find nothing any more: that is fine. */
static enum ec remove_row(struct store *store, const struct folder_row *row,
			  bool hard)
{
	struct store_event ev = {
		.type = EVENT_OBJECT_DELETED,
		.soft = !hard,
		.folder_id = db_id(row->id),
		.parent_id = db_id(row->parent),
	};
	enum ec ec = hard ? delete_rows(store, row->id) :
		mark_deleted(store, row->id);

	if (ec == EC_SUCCESS)
		ec = drop_receive(store, row->id);
	if (ec != EC_SUCCESS || row->deleted != 0)
		return ec;
	if (row->type == FOLDER_SEARCH)
		store_add_searches(store, -1);
	ec = folder_hierarchy_changed(store, row->parent, -1);
	if (ec == EC_SUCCESS) {
		db_emit(store, &ev);
		folder_emit(store, EVENT_OBJECT_MODIFIED, row->parent, 0);
	}
	return ec;
}

static enum ec remove_folder(struct store *store, uint64_t folder, bool hard)
{
	struct folder_row row;
	enum ec ec = folder_row_get(store, folder, NULL, &row);

	if (ec == EC_SUCCESS)
		ec = db_begin(store);
	if (ec != EC_SUCCESS)
		return ec;
	ec = db_end(store, remove_row(store, &row, hard));
	return ec == EC_SUCCESS ? receive_load(store) : ec;
}

/* ---- Trees ---- */

static enum ec delete_tree(struct store *store, uint64_t folder, bool hard,
			   unsigned depth, bool *partial);

static enum ec delete_children(struct store *store, uint64_t folder,
			       bool deleted, bool hard, unsigned depth,
			       bool *partial)
{
	struct arena *a = arena_new(0);
	uint64_t *ids;
	size_t n = 0;
	enum ec ec = folder_children(store, folder, deleted, a, &n, &ids);

	for (size_t i = 0; i < n && ec == EC_SUCCESS; i++)
		ec = delete_tree(store, ids[i], hard, depth + 1, partial);
	arena_free(a);
	return ec;
}

/* Special folders stay, and so do those above them. */
static enum ec delete_tree(struct store *store, uint64_t folder, bool hard,
			   unsigned depth, bool *partial)
{
	bool stays = false;
	enum ec ec;

	if (depth > FOLDER_DEPTH_MAX)
		return EC_TOO_COMPLEX;
	if (store_special_of(store, db_id(folder)) != SPECIAL_COUNT) {
		*partial = true;
		return EC_SUCCESS;
	}
	ec = delete_children(store, folder, false, hard, depth, &stays);
	if (ec == EC_SUCCESS && hard)
		ec = delete_children(store, folder, true, true, depth,
				     &stays);
	if (ec == EC_SUCCESS)
		ec = empty_messages(store, folder, true, hard, &stays);
	if (ec == EC_SUCCESS && !stays)
		ec = remove_folder(store, folder, hard);
	*partial = *partial || stays;
	return ec;
}

static enum ec check_delete(struct store *store, uint64_t parent_id,
			    const struct folder_row *row)
{
	if (row->deleted != 0)
		return EC_NOT_FOUND;
	if (parent_id != 0 && row->parent != db_counter(parent_id))
		return EC_NOT_FOUND;
	switch (store_special_of(store, db_id(row->id))) {
	case SPECIAL_COUNT:
		return EC_SUCCESS;
	case SPECIAL_ROOT:
		return EC_NOT_SUPPORTED;
	default:
		return EC_ACCESS_DENIED;
	}
}

enum ec folder_delete(struct store *store, uint64_t parent_id,
		      uint64_t folder_id, unsigned flags, bool *partial)
{
	const unsigned known = DEL_MESSAGES | DEL_FOLDERS |
		DELETE_HARD_DELETE;
	struct folder_row row;
	enum ec ec;

	if (flags & ~known)
		return EC_INVALID_PARAM;
	ec = folder_row_get(store, db_counter(folder_id), NULL, &row);
	if (ec == EC_SUCCESS)
		ec = check_delete(store, parent_id, &row);
	if (ec != EC_SUCCESS)
		return ec;
	*partial = (row.subfolders > 0 && !(flags & DEL_FOLDERS)) ||
		(row.type != FOLDER_SEARCH && !(flags & DEL_MESSAGES) &&
		 row.total + row.associated > 0);
	if (*partial)
		return EC_SUCCESS;
	return delete_tree(store, row.id, flags & DELETE_HARD_DELETE, 0,
			   partial);
}

enum ec folder_empty(struct store *store, uint64_t folder_id,
		     bool associated_too, bool subfolders, bool hard,
		     bool *partial)
{
	uint64_t folder = db_counter(folder_id);
	enum ec ec = folder_takes_messages(store, folder_id);

	*partial = false;
	if (ec == EC_SEARCH_FOLDER)
		return EC_NOT_SUPPORTED;
	if (ec == EC_SUCCESS)
		ec = empty_messages(store, folder, associated_too, hard,
				    partial);
	if (ec == EC_SUCCESS && subfolders)
		ec = delete_children(store, folder, false, hard, 0, partial);
	return ec;
}

/* A soft-deleted folder, for good: purge's. */
enum ec folder_purge(struct store *store, uint64_t folder)
{
	bool partial = false;

	return delete_tree(store, folder, true, 0, &partial);
}
