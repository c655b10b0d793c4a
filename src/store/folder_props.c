/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of folders ([MS-OXCFOLD] 2.2.2): each change is saved at once. */
#include <string.h>

#include "store/entry.h"
#include "store/folder_impl.h"
#include "store/impl.h"
#include "store/message.h"

/* [MS-OXCFOLD] 2.2.2.2.1.5 */
enum { FOLDER_FLAG_IPM = 1, FOLDER_FLAG_SEARCH = 2, FOLDER_FLAG_NORMAL = 4 };
/* [MS-OXCPERM] 2.2.7: all rights but the free/busy ones */
enum { RIGHTS_OWNER = 0x7fb };
/* [MS-OXCPRPT] 2.2.1.1: modify, read, delete, create each kind of table */
enum { ACCESS_ALL = 0x3f };

static const uint32_t computed_tags[] = {
	PID_TAG_MESSAGE_SIZE, PID_TAG_PARENT_ENTRY_ID, PID_TAG_ACCESS,
	PID_TAG_MAPPING_SIGNATURE, PID_TAG_RECORD_KEY,
	PID_TAG_STORE_RECORD_KEY, PID_TAG_ENTRY_ID, PID_TAG_DISPLAY_NAME,
	PID_TAG_CREATION_TIME, PID_TAG_LAST_MODIFICATION_TIME,
	PID_TAG_FOLDER_TYPE, PID_TAG_CONTENT_COUNT,
	PID_TAG_CONTENT_UNREAD_COUNT, PID_TAG_SUBFOLDERS,
	PID_TAG_ASSOCIATED_CONTENT_COUNT, PID_TAG_HIER_REV,
	PID_TAG_SOURCE_KEY, PID_TAG_PARENT_SOURCE_KEY, PID_TAG_CHANGE_KEY,
	PID_TAG_PREDECESSOR_CHANGE_LIST, PID_TAG_RIGHTS,
	PID_TAG_HIERARCHY_CHANGE_NUMBER, PID_TAG_HAS_RULES,
	PID_TAG_DELETED_ON, PID_TAG_FOLDER_FLAGS,
	PID_TAG_NORMAL_MESSAGE_SIZE, PID_TAG_LOCAL_COMMIT_TIME,
	PID_TAG_LOCAL_COMMIT_TIME_MAX, PID_TAG_DELETED_COUNT_TOTAL,
	PID_TAG_FOLDER_ID, PID_TAG_PARENT_FOLDER_ID, PID_TAG_CHANGE_NUMBER,
	PID_TAG_MESSAGE_SIZE_EXTENDED, PR_NORMAL_MESSAGE_SIZE_EXTENDED,
	PR_FOLDER_CHILD_COUNT,
};

enum { COMPUTED = sizeof computed_tags / sizeof computed_tags[0] };

bool folder_tag_computed(uint32_t tag)
{
	for (size_t i = 0; i < COMPUTED; i++)
		if (computed_tags[i] >> 16 == tag >> 16)
			return true;
	return false;
}

/* ---- Reading ---- */

static int32_t clamp32(uint64_t v)
{
	return v > INT32_MAX ? INT32_MAX : (int32_t)v;
}

static enum ec compute_count(const struct folder_row *row, uint32_t tag,
			     struct prop_value *v)
{
	uint64_t size = row->size + row->associated_size;

	switch (tag) {
	case PID_TAG_MESSAGE_SIZE:
		v->i32 = clamp32(size);
		break;
	case PID_TAG_MESSAGE_SIZE_EXTENDED:
		v->i64 = (int64_t)size;
		break;
	case PID_TAG_NORMAL_MESSAGE_SIZE:
		v->i32 = clamp32(row->size);
		break;
	case PR_NORMAL_MESSAGE_SIZE_EXTENDED:
		v->i64 = (int64_t)row->size;
		break;
	case PID_TAG_CONTENT_COUNT:
		v->i32 = clamp32(row->total);
		break;
	case PID_TAG_CONTENT_UNREAD_COUNT:
		v->i32 = clamp32(row->unread);
		break;
	case PID_TAG_ASSOCIATED_CONTENT_COUNT:
		v->i32 = clamp32(row->associated);
		break;
	case PID_TAG_SUBFOLDERS:
		v->b = row->subfolders > 0;
		break;
	case PR_FOLDER_CHILD_COUNT:
		v->i32 = clamp32(row->subfolders);
		break;
	case PID_TAG_HIERARCHY_CHANGE_NUMBER:
		v->i32 = (int32_t)(row->hierarchy_cn & INT32_MAX);
		break;
	case PID_TAG_DELETED_COUNT_TOTAL:
		v->i32 = clamp32(row->deleted_total);
		break;
	default:
		return EC_NOT_FOUND;
	}
	return EC_SUCCESS;
}

static enum ec compute_time(const struct folder_row *row, uint32_t tag,
			    struct prop_value *v)
{
	switch (tag) {
	case PID_TAG_CREATION_TIME:
		v->time = row->created;
		break;
	case PID_TAG_LAST_MODIFICATION_TIME:
	case PID_TAG_LOCAL_COMMIT_TIME:
		v->time = row->modified;
		break;
	case PID_TAG_LOCAL_COMMIT_TIME_MAX:
		v->time = row->contents_changed;
		break;
	case PID_TAG_HIER_REV:
		v->time = row->hierarchy_changed;
		break;
	case PID_TAG_DELETED_ON:
		if (row->deleted == 0)
			return EC_NOT_FOUND;
		v->time = row->deleted;
		break;
	default:
		return EC_NOT_FOUND;
	}
	return EC_SUCCESS;
}

static enum ec compute_key(struct store *s, const struct folder_row *row,
			   uint32_t tag, struct arena *a,
			   struct prop_value *v)
{
	switch (tag) {
	case PID_TAG_ENTRY_ID:
	case PID_TAG_RECORD_KEY:
		v->bin = entry_folder_bin(s, row->id, a);
		break;
	case PID_TAG_PARENT_ENTRY_ID:
		v->bin = entry_folder_bin(s, row->parent, a);
		break;
	case PID_TAG_SOURCE_KEY:
		v->bin = entry_gid(s, row->id, a);
		break;
	case PID_TAG_PARENT_SOURCE_KEY:
		v->bin = entry_gid(s, row->parent, a);
		break;
	case PID_TAG_CHANGE_KEY:
		v->bin = entry_gid(s, row->cn, a);
		break;
	case PID_TAG_PREDECESSOR_CHANGE_LIST:
		v->bin = entry_pcl(s, row->pcl.data, row->pcl.len, row->cn,
				   a);
		break;
	case PID_TAG_MAPPING_SIGNATURE:
		v->bin = (struct bin){ s->mapping_signature.b, 16 };
		break;
	case PID_TAG_STORE_RECORD_KEY:
		v->bin = (struct bin){ s->mailbox_guid.b, 16 };
		break;
	default:
		return EC_NOT_FOUND;
	}
	return EC_SUCCESS;
}

static enum ec compute_flags(struct store *s, const struct folder_row *row,
			     struct prop_value *v)
{
	bool ipm = false;
	enum ec ec = folder_is_below(s, row->id, id_counter(
			store_special(s, SPECIAL_IPM_SUBTREE)), &ipm);

	v->i32 = (ipm ? FOLDER_FLAG_IPM : 0) |
		(row->type == FOLDER_SEARCH ? FOLDER_FLAG_SEARCH :
		 FOLDER_FLAG_NORMAL);
	return ec;
}

static enum ec compute(struct store *s, const struct folder_row *row,
		       uint32_t tag, struct arena *a, struct prop_value *v)
{
	enum ec ec;

	switch (tag) {
	case PID_TAG_DISPLAY_NAME:
		v->str = row->name;
		return EC_SUCCESS;
	case PID_TAG_FOLDER_TYPE:
		v->i32 = row->type;
		return EC_SUCCESS;
	case PID_TAG_FOLDER_ID:
		v->i64 = (int64_t)db_id(row->id);
		return EC_SUCCESS;
	case PID_TAG_PARENT_FOLDER_ID:
		v->i64 = (int64_t)db_id(row->parent);
		return EC_SUCCESS;
	case PID_TAG_CHANGE_NUMBER:
		v->i64 = (int64_t)db_id(row->cn);
		return EC_SUCCESS;
	case PID_TAG_RIGHTS:
		v->i32 = RIGHTS_OWNER;
		return EC_SUCCESS;
	case PID_TAG_ACCESS:
		v->i32 = ACCESS_ALL;
		return EC_SUCCESS;
	case PID_TAG_HAS_RULES:
		v->b = false;
		return EC_SUCCESS;
	case PID_TAG_FOLDER_FLAGS:
		return compute_flags(s, row, v);
	default:
		ec = compute_count(row, tag, v);
		if (ec == EC_NOT_FOUND)
			ec = compute_time(row, tag, v);
		return ec == EC_NOT_FOUND ?
			compute_key(s, row, tag, a, v) : ec;
	}
}

static uint32_t full_tag(uint32_t tag)
{
	for (size_t i = 0; i < COMPUTED; i++)
		if (prop_tag_type(tag) == PTYP_UNSPECIFIED &&
		    computed_tags[i] >> 16 == tag >> 16)
			return computed_tags[i];
	return tag;
}

static enum ec get_one(struct store *store, const struct folder_row *row,
		       struct bag *bag, uint32_t tag, struct arena *a,
		       struct prop_value *out)
{
	struct prop_value v = { .tag = full_tag(tag) };
	enum ec ec = folder_tag_computed(tag) ?
		compute(store, row, v.tag, a, &v) : bag_get(bag, tag, a, &v);

	if (ec == EC_SUCCESS)
		*out = folder_tag_computed(tag) ? v : prop_value_copy(a, &v);
	return ec;
}

/* The row and its properties; the bag is to be freed. */
static enum ec load(struct store *store, uint64_t folder_id, struct arena *a,
		    struct folder_row *row, struct bag *bag)
{
	struct packed *p;
	enum ec ec = folder_row_get(store, db_counter(folder_id), a, row);

	if (ec != EC_SUCCESS)
		return ec;
	p = packed_new(row->props.data, row->props.len);
	if (p == NULL)
		return db_damaged(store, "folder", (int64_t)row->id);
	bag_init(bag, store, p);
	packed_unref(p);
	return EC_SUCCESS;
}

enum ec folder_get_props(struct store *store, uint64_t folder_id,
			 const uint32_t *tags, size_t n, struct arena *a,
			 struct prop_value *out)
{
	struct folder_row row;
	struct bag bag = { 0 };
	enum ec ec = load(store, folder_id, a, &row, &bag);

	if (ec != EC_SUCCESS)
		return ec;
	for (size_t i = 0; i < n; i++) {
		ec = get_one(store, &row, &bag, tags[i], a, &out[i]);
		if (ec != EC_SUCCESS)
			out[i] = prop_error(tags[i], ec);
	}
	bag_free(&bag);
	return EC_SUCCESS;
}

enum ec folder_list_props(struct store *store, uint64_t folder_id,
			  struct arena *a, struct prop_tags *out)
{
	struct prop_value ignored;
	struct bag_entry entry;
	struct folder_row row;
	struct bag bag = { 0 };
	size_t i = 0, k = 0;
	uint32_t *tags, n = 0;
	enum ec ec = load(store, folder_id, a, &row, &bag);

	if (ec != EC_SUCCESS)
		return ec;
	tags = arena_array(a, bag_count(&bag) + COMPUTED, sizeof *tags);
	while (bag_next(&bag, &i, &k, &entry))
		tags[n++] = entry.e.tag;
	for (i = 0; i < COMPUTED; i++)
		if (compute(store, &row, computed_tags[i], a, &ignored) ==
		    EC_SUCCESS)
			tags[n++] = computed_tags[i];
	*out = (struct prop_tags){ n, tags };
	bag_free(&bag);
	return EC_SUCCESS;
}

/* ---- Changing ---- */

/* Pack, write chunk rows, and drop those no longer used. */
static enum ec write_back(struct store *store, struct folder_row *row,
			  struct bag *bag, const struct prop_tags *tags)
{
	struct store_event ev = {
		.type = EVENT_OBJECT_MODIFIED,
		.folder_id = db_id(row->id),
		.parent_id = db_id(row->parent),
		.tags = *tags,
	};
	struct packed *packed = NULL, *stored = NULL;
	struct bin old = row->props;
	enum ec ec = bag_pack(bag, &packed, NULL);

	if (ec == EC_SUCCESS)
		ec = packed_save(store, packed, &stored);
	if (ec == EC_SUCCESS)
		ec = packed_drop_streams(store, old.data, old.len, stored);
	if (ec == EC_SUCCESS) {
		row->props = (struct bin){ stored->data, stored->blob.len };
		ec = folder_row_update(store, row);
		row->props = old;
	}
	if (ec == EC_SUCCESS)
		db_emit(store, &ev);
	packed_unref(packed);
	packed_unref(stored);
	return ec;
}

enum ec folder_save_bag(struct store *store, struct folder_row *row,
			struct bag *bag, const struct prop_tags *tags)
{
	enum ec ec = db_begin(store);

	if (ec != EC_SUCCESS)
		return ec;
	return db_end(store, write_back(store, row, bag, tags));
}

/* Special folders keep their place, but may be given another name. */
static enum ec set_name(struct store *store, struct folder_row *row,
			const struct prop_value *value)
{
	enum ec ec;

	if (value->tag != PID_TAG_DISPLAY_NAME)
		return EC_INVALID_TYPE;
	if (row->id == id_counter(store_special(store, SPECIAL_ROOT)))
		return EC_ACCESS_DENIED;
	if (!folder_name_valid(value->str))
		return EC_INVALID_PARAM;
	ec = folder_name_free(store, row->parent, value->str, row->id, NULL);
	if (ec == EC_SUCCESS)
		row->name = value->str;
	return ec;
}

static enum ec set_one(struct store *store, struct folder_row *row,
		       struct bag *bag, const struct prop_value *value)
{
	enum ec ec = prop_storable(value);

	if (ec != EC_SUCCESS)
		return ec;
	if (prop_tag_id(value->tag) == prop_tag_id(PID_TAG_DISPLAY_NAME))
		return set_name(store, row, value);
	if (folder_tag_computed(value->tag))
		return EC_COMPUTED;
	return bag_set(bag, value);
}

enum ec folder_set_props(struct store *store, uint64_t folder_id,
			 const struct prop_value *values, size_t n,
			 enum ec *errors)
{
	struct arena *a = arena_new(0);
	uint32_t *tags = arena_array(a, n, sizeof *tags), done = 0;
	struct folder_row row;
	struct bag bag = { 0 };
	enum ec one, ec = load(store, folder_id, a, &row, &bag);

	for (size_t i = 0; i < n && ec == EC_SUCCESS; i++) {
		one = set_one(store, &row, &bag, &values[i]);
		if (one == EC_SUCCESS)
			tags[done++] = values[i].tag;
		if (errors != NULL)
			errors[i] = one;
	}
	if (ec == EC_SUCCESS && done > 0)
		ec = folder_save_bag(store, &row, &bag,
				     &(struct prop_tags){ done, tags });
	bag_free(&bag);
	arena_free(a);
	return ec;
}

enum ec folder_delete_props(struct store *store, uint64_t folder_id,
			    const uint32_t *tags, size_t n,
			    enum ec *errors)
{
	struct arena *a = arena_new(0);
	uint32_t *gone = arena_array(a, n, sizeof *gone), done = 0;
	struct folder_row row;
	struct bag bag = { 0 };
	enum ec one, ec = load(store, folder_id, a, &row, &bag);

	for (size_t i = 0; i < n && ec == EC_SUCCESS; i++) {
		one = folder_tag_computed(tags[i]) ? EC_COMPUTED :
			bag_delete(&bag, tags[i]) ? EC_SUCCESS :
			EC_NOT_FOUND;
		if (one == EC_SUCCESS)
			gone[done++] = tags[i];
		if (errors != NULL)
			errors[i] = one;
	}
	if (ec == EC_SUCCESS && done > 0)
		ec = folder_save_bag(store, &row, &bag,
				     &(struct prop_tags){ done, gone });
	bag_free(&bag);
	arena_free(a);
	return ec;
}
