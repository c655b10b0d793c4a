/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of folders within a mailbox ([MS-OXCFOLD] 3.2.5.8). */
#include <string.h>

#include "store/folder_impl.h"
#include "store/messages_impl.h"

enum { BATCH = 100, FOLDER_DEPTH_MAX = 1000 };

static enum ec copy_kind(struct store *store, uint64_t from, uint64_t to,
			 bool associated, bool *partial)
{
	uint64_t ids[BATCH], after = 0;
	enum ec ec = EC_SUCCESS;
	bool some;
	size_t n;

	do {
		n = messages_list(store, db_id(from), associated, false,
				  after, ids, BATCH);
		if (n > 0) {
			after = ids[n - 1];
			ec = messages_copy(store, db_id(from), ids, n,
					   db_id(to), &some);
			*partial = *partial || some;
		}
	} while (n == BATCH && ec == EC_SUCCESS);
	return ec;
}

static enum ec copy_criteria(struct store *store, uint64_t from, uint64_t to)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"INSERT INTO searches SELECT ?2, flags, state, folders, "
		"restriction FROM searches WHERE folder=?1");

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)from);
	sqlite3_bind_int64(stmt, 2, (int64_t)to);
	return db_run(store, stmt);
}

static enum ec insert_copy(struct store *store, const struct folder_row *from,
			   struct folder_row *to, struct arena *a)
{
	struct store_event ev = {
		.type = EVENT_OBJECT_COPIED,
		.parent_id = db_id(to->parent),
		.old_folder_id = db_id(from->id),
		.old_parent_id = db_id(from->parent),
	};
	enum ec ec = folder_clone_props(store, from->props, a, &to->props);

	if (ec == EC_SUCCESS)
		ec = folder_row_insert(store, to);
	if (ec == EC_SUCCESS && from->type == FOLDER_SEARCH)
		ec = copy_criteria(store, from->id, to->id);
	if (ec == EC_SUCCESS) {
		ev.folder_id = db_id(to->id);
		db_emit(store, &ev);
		folder_emit(store, EVENT_OBJECT_MODIFIED, to->parent, 0);
	}
	return ec;
}

static enum ec copy_tree(struct store *store, uint64_t folder,
			 uint64_t new_parent, const char *name,
			 bool recursive, unsigned depth, uint64_t *id,
			 bool *partial);

static enum ec copy_children(struct store *store, uint64_t from, uint64_t to,
			     unsigned depth, struct arena *a, bool *partial)
{
	uint64_t *ids, ignored;
	size_t n = 0;
	enum ec ec = folder_children(store, from, false, a, &n, &ids);

	for (size_t i = 0; i < n && ec == EC_SUCCESS; i++) {
		ec = copy_tree(store, ids[i], to, NULL, true, depth + 1,
			       &ignored, partial);
		if (ec == EC_DUPLICATE_NAME) {
			*partial = true;
			ec = EC_SUCCESS;
		}
	}
	return ec;
}

static enum ec copy_content(struct store *store, const struct folder_row *from,
			    uint64_t to, bool recursive, unsigned depth,
			    struct arena *a, bool *partial)
{
	enum ec ec = EC_SUCCESS;

	if (from->type != FOLDER_SEARCH) {
		ec = copy_kind(store, from->id, to, false, partial);
		if (ec == EC_SUCCESS)
			ec = copy_kind(store, from->id, to, true, partial);
	}
	if (ec == EC_SUCCESS && recursive)
		ec = copy_children(store, from->id, to, depth, a, partial);
	return ec;
}

static enum ec copy_tree(struct store *store, uint64_t folder,
			 uint64_t new_parent, const char *name,
			 bool recursive, unsigned depth, uint64_t *id,
			 bool *partial)
{
	struct arena *a = arena_new(0);
	struct folder_row from, to = { .parent = new_parent };
	enum ec ec = depth > FOLDER_DEPTH_MAX ? EC_TOO_COMPLEX :
		folder_row_get(store, folder, a, &from);

	if (ec == EC_SUCCESS && from.deleted != 0)
		ec = EC_NOT_FOUND;
	if (ec == EC_SUCCESS) {
		to.name = name != NULL ? name : from.name;
		to.type = from.type == FOLDER_ROOT ? FOLDER_GENERIC :
			from.type;
		ec = folder_name_free(store, new_parent, to.name, 0, NULL);
	}
	if (ec == EC_SUCCESS)
		ec = db_begin(store);
	if (ec == EC_SUCCESS)
		ec = db_end(store, insert_copy(store, &from, &to, a));
	if (ec == EC_SUCCESS) {
		*id = db_id(to.id);
		ec = copy_content(store, &from, to.id, recursive, depth, a,
				  partial);
	}
	arena_free(a);
	return ec;
}

enum ec folder_copy(struct store *store, uint64_t folder_id,
		    uint64_t new_parent_id, const char *new_name,
		    bool recursive, uint64_t *id, bool *partial)
{
	uint64_t folder = db_counter(folder_id);
	uint64_t parent = db_counter(new_parent_id);
	struct arena *a = arena_new(0);
	struct folder_row row;
	bool below = false;
	enum ec ec = folder_row_get(store, folder, a, &row);

	*partial = false;
	row.id = 0;               /* a copy may not have its source's name */
	if (ec == EC_SUCCESS)
		ec = folder_check_target(store, &row, parent,
			new_name != NULL ? new_name : row.name);
	if (ec == EC_SUCCESS && recursive)
		ec = folder_is_below(store, parent, folder, &below);
	if (ec == EC_SUCCESS && below)
		ec = EC_FOLDER_CYCLE;
	if (ec == EC_SUCCESS)
		ec = copy_tree(store, folder, parent, new_name, recursive, 0,
			       id, partial);
	arena_free(a);
	return ec;
}
