/* SPDX-License-Identifier: Apache-2.0 */
/* Folders: what they are, making, moving ([MS-OXCFOLD] 3.2.5). */
#include "store/folder.h"

#include <string.h>

#include "base/utf.h"
#include "store/folder_row.h"
#include "store/impl.h"

enum { NAME_MAX_UNITS = 255 };    /* UTF-16 */

enum ec folder_stat(struct store *store, uint64_t folder_id,
		    bool with_deleted, struct folder_info *out)
{
	struct folder_row row;
	enum ec ec = folder_row_get(store, db_counter(folder_id), NULL,
				    &row);

	if (ec != EC_SUCCESS)
		return ec;
	if (row.deleted != 0 && !with_deleted)
		return EC_NOT_FOUND;
	*out = (struct folder_info){
		.id = db_id(row.id),
		.parent_id = db_id(row.parent),
		.type = row.type,
		.soft_deleted = row.deleted != 0,
		.total = (uint32_t)row.total,
		.unread = (uint32_t)row.unread,
		.associated = (uint32_t)row.associated,
		.deleted = (uint32_t)row.n_deleted,
		.deleted_associated = (uint32_t)row.n_deleted_associated,
		.subfolders = (uint32_t)row.subfolders,
		.size = row.size,
		.associated_size = row.associated_size,
		.deleted_size = row.deleted_size,
		.change_number = db_id(row.cn),
		.created = row.created,
		.modified = row.modified,
		.hierarchy_changed = row.hierarchy_changed,
		.contents_changed = row.contents_changed,
		.deleted_total = row.deleted_total,
	};
	return EC_SUCCESS;
}

bool folder_name_valid(const char *name)
{
	size_t len = strlen(name);

	return len > 0 &&
		utf8_to_utf16_size(name, len) / 2 <= NAME_MAX_UNITS;
}

static enum ec check_create(struct store *store, uint64_t parent_id,
			    const struct folder_create *params)
{
	struct folder_row parent;
	enum ec ec;

	if (params->type != FOLDER_GENERIC && params->type != FOLDER_SEARCH)
		return EC_INVALID_PARAM;
	if (!folder_name_valid(params->name))
		return EC_INVALID_PARAM;
	if (params->id != 0 && !store_id_issued(store, params->id))
		return EC_INVALID_PARAM;
	ec = folder_row_get(store, db_counter(parent_id), NULL, &parent);
	if (ec == EC_SUCCESS && parent.deleted != 0)
		ec = EC_NOT_FOUND;
	/* [MS-OXCFOLD] 2.2.1.2: no folders in search folders */
	if (ec == EC_SUCCESS && parent.type == FOLDER_SEARCH)
		ec = EC_NOT_SUPPORTED;
	return ec;
}

static enum ec insert(struct store *store, struct folder_row *row)
{
	enum ec ec = db_begin(store);

	if (ec != EC_SUCCESS)
		return ec;
	ec = folder_row_insert(store, row);
	if (ec == EC_SUCCESS) {
		folder_emit(store, EVENT_OBJECT_CREATED, row->id,
			    row->parent);
		folder_emit(store, EVENT_OBJECT_MODIFIED, row->parent, 0);
	}
	return db_end(store, ec);
}

enum ec folder_create(struct store *store, uint64_t parent_id,
		      const struct folder_create *params,
		      uint64_t *id, bool *existed)
{
	struct prop_value comment = { .tag = PID_TAG_COMMENT,
				      .str = params->comment };
	struct folder_row row = {
		.id = db_counter(params->id),
		.parent = db_counter(parent_id),
		.type = params->type,
		.name = params->name,
	};
	struct arena *a;
	uint64_t there = 0;
	enum ec ec = check_create(store, parent_id, params);

	if (ec != EC_SUCCESS)
		return ec;
	ec = folder_name_free(store, row.parent, params->name, 0, &there);
	if (ec == EC_DUPLICATE_NAME && params->open_existing) {
		*id = db_id(there);
		*existed = true;
		return EC_SUCCESS;
	}
	if (ec != EC_SUCCESS)
		return ec;
	a = arena_new(0);
	if (params->comment != NULL && params->comment[0] != '\0')
		row.props = blob_build(a, &comment, 1);
	ec = insert(store, &row);
	arena_free(a);
	if (ec == EC_SUCCESS) {
		*id = db_id(row.id);
		*existed = false;
	}
	return ec;
}

/* ---- Moving ---- */

/* What can be moved or copied, and where to. */
enum ec folder_check_target(struct store *store, const struct folder_row *row,
			    uint64_t new_parent, const char *name)
{
	struct folder_row parent;
	enum ec ec = folder_row_get(store, new_parent, NULL, &parent);

	if (ec == EC_SUCCESS && parent.deleted != 0)
		ec = EC_NOT_FOUND;
	if (ec == EC_SUCCESS && parent.type == FOLDER_SEARCH)
		ec = EC_SEARCH_FOLDER;
	if (ec == EC_SUCCESS && !folder_name_valid(name))
		ec = EC_INVALID_PARAM;
	if (ec == EC_SUCCESS)
		ec = folder_name_free(store, new_parent, name, row->id, NULL);
	return ec;
}

static enum ec check_move(struct store *store, const struct folder_row *row,
			  uint64_t new_parent, const char *name)
{
	bool below = false;
	enum ec ec;

	if (store_special_of(store, db_id(row->id)) != SPECIAL_COUNT)
		return EC_ACCESS_DENIED;
	ec = folder_is_below(store, new_parent, row->id, &below);
	if (ec == EC_SUCCESS && below)
		ec = EC_FOLDER_CYCLE;
	if (ec == EC_SUCCESS)
		ec = folder_check_target(store, row, new_parent, name);
	return ec;
}

static enum ec move(struct store *store, struct folder_row *row,
		    uint64_t new_parent, const char *name)
{
	struct store_event ev = {
		.type = EVENT_OBJECT_MOVED,
		.folder_id = db_id(row->id),
		.parent_id = db_id(new_parent),
		.old_folder_id = db_id(row->id),
		.old_parent_id = db_id(row->parent),
	};
	uint64_t old_parent = row->parent;
	enum ec ec;

	row->parent = new_parent;
	row->name = name;
	ec = folder_row_update(store, row);
	if (ec == EC_SUCCESS)
		ec = folder_hierarchy_changed(store, old_parent, -1);
	if (ec == EC_SUCCESS)
		ec = folder_hierarchy_changed(store, new_parent, 1);
	if (ec != EC_SUCCESS)
		return ec;
	db_emit(store, &ev);
	folder_emit(store, EVENT_OBJECT_MODIFIED, old_parent, 0);
	if (new_parent != old_parent)
		folder_emit(store, EVENT_OBJECT_MODIFIED, new_parent, 0);
	return EC_SUCCESS;
}

enum ec folder_move(struct store *store, uint64_t folder_id,
		    uint64_t new_parent_id, const char *new_name)
{
	uint64_t new_parent = db_counter(new_parent_id);
	struct arena *a = arena_new(0);
	struct folder_row row;
	enum ec ec = folder_row_get(store, db_counter(folder_id), a, &row);

	if (ec == EC_SUCCESS && row.deleted != 0)
		ec = EC_NOT_FOUND;
	if (ec == EC_SUCCESS && new_name == NULL)
		new_name = row.name;
	if (ec == EC_SUCCESS)
		ec = check_move(store, &row, new_parent, new_name);
	if (ec == EC_SUCCESS)
		ec = db_begin(store);
	if (ec == EC_SUCCESS)
		ec = db_end(store, move(store, &row, new_parent, new_name));
	arena_free(a);
	return ec;
}
