/* SPDX-License-Identifier: Apache-2.0 */
/* The mailbox itself: identity, its own properties, size and quotas. */
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#include "store/entry.h"
#include "store/impl.h"

/* ---- Identity ---- */

struct guid store_mailbox_guid(const struct store *store)
{
	return store->mailbox_guid;
}

struct guid store_replica_guid(const struct store *store)
{
	return store->replica_guid;
}

struct guid store_mapping_signature(const struct store *store)
{
	return store->mapping_signature;
}

struct event_hub *store_events(struct store *store)
{
	return store->events;
}

const char *store_path(const struct store *store)
{
	return store->path;
}

uint32_t store_lcid(const struct store *store)
{
	return store->lcid;
}

/* ---- Loading ---- */

static enum ec load_props(struct store *store)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT value FROM vars WHERE name='props'");
	struct blob blob;
	bool row;
	enum ec ec = db_step(store, stmt, &row);

	if (ec == EC_SUCCESS && !row)
		ec = EC_CORRUPT_STORE;
	if (ec == EC_SUCCESS) {
		store->props_len = (size_t)sqlite3_column_bytes(stmt, 0);
		store->props = xmalloc(store->props_len + 1);
		if (store->props_len > 0)
			memcpy(store->props, sqlite3_column_blob(stmt, 0),
			       store->props_len);
		if (!blob_open(store->props, store->props_len, &blob))
			ec = EC_CORRUPT_STORE;
	}
	db_done(stmt);
	return ec;
}

enum ec store_load_sums(struct store *store)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT sum(CASE type WHEN 2 THEN 0 ELSE "
		"size + associated_size + deleted_size END), "
		"sum(type=2 AND deleted=0), "
		"sum(CASE type WHEN 2 THEN 0 ELSE total END) FROM folders");
	bool row;
	enum ec ec = db_step(store, stmt, &row);

	if (ec == EC_SUCCESS && row) {
		pthread_mutex_lock(&store->cache_mutex);
		store->state.size = (uint64_t)sqlite3_column_int64(stmt, 0);
		store->state.searches =
			(uint32_t)sqlite3_column_int64(stmt, 1);
		store->state.messages =
			(uint64_t)sqlite3_column_int64(stmt, 2);
		pthread_mutex_unlock(&store->cache_mutex);
	}
	db_done(stmt);
	return ec;
}

static enum ec load_quota(struct store *store)
{
	static const char *const names[] = { "quota_warn", "quota_no_send",
					     "quota_no_receive" };
	uint64_t *const fields[] = { &store->state.quota.warn,
				     &store->state.quota.no_send,
				     &store->state.quota.no_receive };
	int64_t value;
	enum ec ec;

	for (int i = 0; i < 3; i++) {
		ec = var_get_int(store, names[i], &value);
		if (ec == EC_SUCCESS)
			*fields[i] = (uint64_t)value;
		else if (ec != EC_NOT_FOUND)
			return ec;
	}
	return EC_SUCCESS;
}

enum ec store_load(struct store *store)
{
	int64_t limit = 0, lcid = 0;
	enum ec ec = var_get_blob(store, "mailbox_guid",
				  store->mailbox_guid.b, 16);

	if (ec == EC_SUCCESS)
		ec = var_get_blob(store, "replica_guid",
				  store->replica_guid.b, 16);
	if (ec == EC_SUCCESS)
		ec = var_get_blob(store, "mapping_signature",
				  store->mapping_signature.b, 16);
	if (ec == EC_SUCCESS)
		ec = var_get_int(store, "lcid", &lcid);
	if (ec == EC_SUCCESS)
		ec = var_get_int(store, "counter_limit", &limit);
	if (ec == EC_SUCCESS)
		ec = load_props(store);
	if (ec == EC_SUCCESS)
		ec = store_load_sums(store);
	if (ec == EC_SUCCESS)
		ec = load_quota(store);
	store->lcid = (uint32_t)lcid;
	store->state.counter_limit = (uint64_t)limit;
	store->next_counter = (uint64_t)limit;
	return ec == EC_NOT_FOUND ? EC_CORRUPT_STORE : ec;
}

/* ---- Size and quotas ---- */

uint64_t store_size(struct store *store)
{
	uint64_t size;

	pthread_mutex_lock(&store->cache_mutex);
	size = store->state.size;
	pthread_mutex_unlock(&store->cache_mutex);
	return size;
}

void store_add_size(struct store *store, int64_t size, int64_t messages)
{
	pthread_mutex_lock(&store->cache_mutex);
	store->state.size += (uint64_t)size;
	store->state.messages += (uint64_t)messages;
	pthread_mutex_unlock(&store->cache_mutex);
}

void store_add_searches(struct store *store, int delta)
{
	pthread_mutex_lock(&store->cache_mutex);
	store->state.searches += (uint32_t)delta;
	pthread_mutex_unlock(&store->cache_mutex);
}

bool store_has_searches(struct store *store)
{
	bool has;

	pthread_mutex_lock(&store->cache_mutex);
	has = store->state.searches > 0;
	pthread_mutex_unlock(&store->cache_mutex);
	return has;
}

void store_get_quota(struct store *store, struct store_quota *out)
{
	pthread_mutex_lock(&store->cache_mutex);
	*out = store->state.quota;
	pthread_mutex_unlock(&store->cache_mutex);
}

enum store_quota_state store_quota_state(struct store *store)
{
	uint64_t size = store_size(store);
	struct store_quota q;

	store_get_quota(store, &q);
	if (q.no_receive != 0 && size >= q.no_receive)
		return QUOTA_NO_RECEIVE;
	if (q.no_send != 0 && size >= q.no_send)
		return QUOTA_NO_SEND;
	if (q.warn != 0 && size >= q.warn)
		return QUOTA_WARN;
	return QUOTA_OK;
}

enum ec store_set_quota(struct store *store, const struct store_quota *quota)
{
	enum ec ec = db_begin(store);

	if (ec != EC_SUCCESS)
		return ec;
	ec = var_set_int(store, "quota_warn", (int64_t)quota->warn);
	if (ec == EC_SUCCESS)
		ec = var_set_int(store, "quota_no_send",
				 (int64_t)quota->no_send);
	if (ec == EC_SUCCESS)
		ec = var_set_int(store, "quota_no_receive",
				 (int64_t)quota->no_receive);
	pthread_mutex_lock(&store->cache_mutex);
	store->state.quota = *quota;
	pthread_mutex_unlock(&store->cache_mutex);
	return db_end(store, ec);
}

/* ---- Properties of the mailbox ---- */

static const struct {
	uint32_t tag;
	enum special_folder which;
} folder_pointers[] = {
	{ PID_TAG_IPM_SUBTREE_ENTRY_ID, SPECIAL_IPM_SUBTREE },
	{ PID_TAG_IPM_OUTBOX_ENTRY_ID, SPECIAL_OUTBOX },
	{ PID_TAG_IPM_WASTEBASKET_ENTRY_ID, SPECIAL_DELETED_ITEMS },
	{ PID_TAG_IPM_SENT_MAIL_ENTRY_ID, SPECIAL_SENT_ITEMS },
	{ PID_TAG_VIEWS_ENTRY_ID, SPECIAL_VIEWS },
	{ PID_TAG_COMMON_VIEWS_ENTRY_ID, SPECIAL_COMMON_VIEWS },
	{ PID_TAG_FINDER_ENTRY_ID, SPECIAL_SEARCH },
};

static const uint32_t computed_tags[] = {
	PID_TAG_MAPPING_SIGNATURE, PID_TAG_RECORD_KEY,
	PID_TAG_STORE_RECORD_KEY, PID_TAG_MESSAGE_SIZE,
	PID_TAG_MESSAGE_SIZE_EXTENDED, PID_TAG_PROHIBIT_RECEIVE_QUOTA,
	PID_TAG_PROHIBIT_SEND_QUOTA, PR_STORAGE_QUOTA_LIMIT,
	PID_TAG_OBJECT_TYPE, PID_TAG_LOCALE_ID, PID_TAG_CONTENT_COUNT,
	PID_TAG_IPM_SUBTREE_ENTRY_ID, PID_TAG_IPM_OUTBOX_ENTRY_ID,
	PID_TAG_IPM_WASTEBASKET_ENTRY_ID, PID_TAG_IPM_SENT_MAIL_ENTRY_ID,
	PID_TAG_VIEWS_ENTRY_ID, PID_TAG_COMMON_VIEWS_ENTRY_ID,
	PID_TAG_FINDER_ENTRY_ID,
};

enum { COMPUTED = sizeof computed_tags / sizeof computed_tags[0] };
enum { OBJECT_TYPE_STORE = 1 };   /* [MS-OXCPRPT] 2.2.1.7 */

static bool is_computed(uint32_t tag)
{
	for (size_t i = 0; i < COMPUTED; i++)
		if (computed_tags[i] >> 16 == tag >> 16)
			return true;
	return false;
}

static int32_t clamp32(uint64_t v)
{
	return v > INT32_MAX ? INT32_MAX : (int32_t)v;
}

/* Quotas are told in KB; without one there is no property. */
static enum ec get_quota(struct store *store, uint32_t tag,
			 struct prop_value *out)
{
	struct store_quota q;
	uint64_t bytes;

	store_get_quota(store, &q);
	bytes = tag == PID_TAG_PROHIBIT_RECEIVE_QUOTA ? q.no_receive :
		tag == PID_TAG_PROHIBIT_SEND_QUOTA ? q.no_send : q.warn;
	if (bytes == 0)
		return EC_NOT_FOUND;
	out->i32 = clamp32(bytes / 1024);
	return EC_SUCCESS;
}

/* [MS-OXCSTOR] 2.2.2.1.1.6: those in all folders, FAI messages left out */
static uint64_t store_messages(struct store *store)
{
	uint64_t n;

	pthread_mutex_lock(&store->cache_mutex);
	n = store->state.messages;
	pthread_mutex_unlock(&store->cache_mutex);
	return n;
}

static enum ec get_folder_pointer(struct store *store, uint32_t tag,
				  struct arena *a, struct prop_value *out)
{
	for (size_t i = 0; i < 7; i++)
		if (folder_pointers[i].tag == tag) {
			out->bin = entry_folder_bin(store, id_counter(
				store_special(store,
					      folder_pointers[i].which)), a);
			return EC_SUCCESS;
		}
	return EC_NOT_FOUND;
}

static enum ec get_computed(struct store *store, uint32_t tag,
			    struct arena *a, struct prop_value *out)
{
	switch (tag) {
	case PID_TAG_MAPPING_SIGNATURE:
		out->bin = (struct bin){ store->mapping_signature.b, 16 };
		return EC_SUCCESS;
	case PID_TAG_RECORD_KEY:
	case PID_TAG_STORE_RECORD_KEY:
		out->bin = (struct bin){ store->mailbox_guid.b, 16 };
		return EC_SUCCESS;
	case PID_TAG_MESSAGE_SIZE:
		out->i32 = clamp32(store_size(store));
		return EC_SUCCESS;
	case PID_TAG_MESSAGE_SIZE_EXTENDED:
		out->i64 = (int64_t)store_size(store);
		return EC_SUCCESS;
	case PID_TAG_CONTENT_COUNT:
		out->i32 = clamp32(store_messages(store));
		return EC_SUCCESS;
	case PID_TAG_PROHIBIT_RECEIVE_QUOTA:
	case PID_TAG_PROHIBIT_SEND_QUOTA:
	case PR_STORAGE_QUOTA_LIMIT:
		return get_quota(store, tag, out);
	case PID_TAG_OBJECT_TYPE:
		out->i32 = OBJECT_TYPE_STORE;
		return EC_SUCCESS;
	case PID_TAG_LOCALE_ID:
		out->i32 = (int32_t)store->lcid;
		return EC_SUCCESS;
	default:
		return get_folder_pointer(store, tag, a, out);
	}
}

/* The tag that is there for an ID asked for without a type. */
static uint32_t full_tag(uint32_t tag)
{
	for (size_t i = 0; i < COMPUTED; i++)
		if ((tag & 0xffff) == PTYP_UNSPECIFIED &&
		    computed_tags[i] >> 16 == tag >> 16)
			return computed_tags[i];
	return tag;
}

enum ec store_get_prop(struct store *store, uint32_t tag, struct arena *a,
		       struct prop_value *out)
{
	struct prop_value v = { .tag = full_tag(tag) };
	struct blob blob;
	enum ec ec;

	if (is_computed(tag)) {
		ec = get_computed(store, v.tag, a, &v);
		if (ec == EC_SUCCESS)
			*out = v;
		return ec;
	}
	pthread_mutex_lock(&store->cache_mutex);
	blob_open(store->props, store->props_len, &blob);
	ec = blob_get(&blob, tag, a, &v);
	if (ec == EC_SUCCESS)
		*out = prop_value_copy(a, &v);
	pthread_mutex_unlock(&store->cache_mutex);
	return ec;
}

enum ec store_list_props(struct store *store, struct arena *a,
			 struct prop_tags *out)
{
	struct prop_value ignored;
	struct blob_entry e;
	struct blob blob;
	uint32_t *tags, n = 0;

	pthread_mutex_lock(&store->cache_mutex);
	blob_open(store->props, store->props_len, &blob);
	tags = arena_array(a, blob.n + COMPUTED, sizeof *tags);
	for (size_t i = 0; i < blob.n; i++) {
		blob_at(&blob, i, &e);
		tags[n++] = e.tag;
	}
	pthread_mutex_unlock(&store->cache_mutex);
	for (size_t i = 0; i < COMPUTED; i++)
		if (get_computed(store, computed_tags[i], a, &ignored) ==
		    EC_SUCCESS)
			tags[n++] = computed_tags[i];
	*out = (struct prop_tags){ n, tags };
	return EC_SUCCESS;
}

static enum ec save_props(struct store *store, struct bin blob)
{
	uint8_t *copy = xmalloc(blob.len + 1);
	enum ec ec = db_begin(store);

	if (ec == EC_SUCCESS)
		ec = db_end(store, var_set_blob(store, "props", blob.data,
						blob.len));
	if (ec != EC_SUCCESS) {
		free(copy);
		return ec;
	}
	memcpy(copy, blob.data, blob.len);
	pthread_mutex_lock(&store->cache_mutex);
	free(store->props);
	store->props = copy;
	store->props_len = blob.len;
	pthread_mutex_unlock(&store->cache_mutex);
	return EC_SUCCESS;
}

/* The mailbox's own values with those set that may be. */
enum ec store_set_props(struct store *store, const struct prop_value *values,
			size_t n, enum ec *errors)
{
	struct arena *a = arena_new(0);
	struct prop_value *all;
	struct blob_entry e;
	struct blob blob;
	size_t count = 0;
	enum ec ec;

	blob_open(store->props, store->props_len, &blob);
	all = arena_array(a, blob.n + n, sizeof *all);
	for (size_t i = 0; i < blob.n; i++) {
		blob_at(&blob, i, &e);
		if (blob_value(&e, a, &all[count]) == EC_SUCCESS)
			count++;
	}
	for (size_t i = 0; i < n; i++) {
		ec = is_computed(values[i].tag) ? EC_COMPUTED :
			prop_storable(&values[i]);
		if (ec == EC_SUCCESS &&
		    blob_value_size(&values[i]) > PROP_GET_LIMIT)
			ec = EC_NOT_ENOUGH_MEMORY;
		if (ec == EC_SUCCESS)
			all[count++] = values[i];
		if (errors != NULL)
			errors[i] = ec;
	}
	ec = save_props(store, blob_build(a, all, count));
	arena_free(a);
	return ec;
}

enum ec store_delete_props(struct store *store, const uint32_t *tags,
			   size_t n, enum ec *errors)
{
	struct arena *a = arena_new(0);
	struct prop_value *all;
	struct blob_entry e;
	struct blob blob;
	size_t count = 0;
	enum ec ec;

	blob_open(store->props, store->props_len, &blob);
	all = arena_array(a, blob.n, sizeof *all);
	for (size_t i = 0; i < blob.n; i++) {
		bool gone = false;

		blob_at(&blob, i, &e);
		for (size_t k = 0; k < n; k++)
			gone = gone || tags[k] >> 16 == e.tag >> 16;
		if (!gone && blob_value(&e, a, &all[count]) == EC_SUCCESS)
			count++;
	}
	for (size_t k = 0; k < n && errors != NULL; k++)
		errors[k] = is_computed(tags[k]) ? EC_COMPUTED : EC_SUCCESS;
	ec = save_props(store, blob_build(a, all, count));
	arena_free(a);
	return ec;
}

/* What can be stored at all, of whatever object. */
enum ec prop_storable(const struct prop_value *value)
{
	switch (value->tag & 0xffff) {
	case PTYP_UNSPECIFIED:
	case PTYP_NULL:
	case PTYP_ERROR_CODE:
	case PTYP_STRING8:
	case PTYP_MULTIPLE_STRING8:
	case PTYP_RESTRICTION:
	case PTYP_RULE_ACTION:
		return EC_INVALID_TYPE;
	case PTYP_OBJECT:
		return EC_NOT_SUPPORTED;
	default:
		return (value->tag & PTYP_INSTANCE) ? EC_INVALID_TYPE :
			EC_SUCCESS;
	}
}
