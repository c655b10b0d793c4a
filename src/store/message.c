/* SPDX-License-Identifier: Apache-2.0 */
/* Open messages: opening, making, properties.  Saving is message_save.c's. */
#include "store/message.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf.h"
#include "store/folder_row.h"
#include "store/message_impl.h"

/* ---- Opening ---- */

static struct message *message_new(struct store *store)
{
	struct message *m = xcalloc(1, sizeof *m);

	m->store = store_ref(store);
	m->bag.store = store;
	return m;
}

/* The message's own row. */
static enum ec load_row(struct message *m)
{
	struct sqlite3_stmt *stmt = db_stmt(m->store,
		"SELECT folder, props, recipients, pcl FROM messages "
		"WHERE id=?1");
	struct packed *p = NULL;
	enum ec ec;
	bool row;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)m->id);
	ec = db_step(m->store, stmt, &row);
	if (ec == EC_SUCCESS && !row)
		ec = EC_NOT_FOUND;
	if (ec == EC_SUCCESS) {
		p = packed_new(sqlite3_column_blob(stmt, 1),
			       (size_t)sqlite3_column_bytes(stmt, 1));
		message_recipients_free(&m->recipients);
		if (p == NULL || !recipients_load(&m->recipients,
				sqlite3_column_blob(stmt, 2),
				(size_t)sqlite3_column_bytes(stmt, 2)))
			ec = db_damaged(m->store, "message",
					(int64_t)m->id);
	}
	if (ec == EC_SUCCESS) {
		m->pcl_len = (size_t)sqlite3_column_bytes(stmt, 3);
		m->pcl = xrealloc(m->pcl, m->pcl_len + 1);
		if (m->pcl_len > 0)
			memcpy(m->pcl, sqlite3_column_blob(stmt, 3),
			       m->pcl_len);
		bag_reset(&m->bag, p);
	}
	packed_unref(p);
	db_done(stmt);
	return ec;
}

enum ec message_open(struct store *store, uint64_t folder_id,
		     uint64_t message_id, enum message_mode mode,
		     bool deleted, struct message **out)
{
	uint64_t id = db_counter(message_id);
	struct content_state c;
	enum content_kind kind;
	uint64_t folder = db_counter(folder_id);
	struct message *m;
	enum ec ec = content_find(store, &folder, id, deleted, &kind, &c);

	if (ec != EC_SUCCESS)
		return ec;
	m = message_new(store);
	m->id = id;
	m->folder = folder;
	m->kind = kind;
	m->c = c;
	m->mode = mode;
	ec = load_row(m);
	if (ec == EC_SUCCESS)
		*out = m;
	else
		message_close(m);
	return ec;
}

void message_close(struct message *m)
{
	struct store *store;

	if (m == NULL)
		return;
	store = m->store;
	bag_free(&m->bag);
	message_recipients_free(&m->recipients);
	attach_list_free(&m->attachments);
	free(m->pcl);
	free(m);
	store_put(store);
}

enum ec message_reload(struct message *m)
{
	enum ec ec;

	if (m->parent != NULL || m->is_new)
		return EC_NOT_SUPPORTED;
	ec = content_find(m->store, &m->folder, m->id,
			  m->kind >= CONTENT_DELETED, &m->kind, &m->c);
	if (ec == EC_SUCCESS)
		ec = load_row(m);
	if (ec != EC_SUCCESS)
		return ec == EC_NOT_FOUND ? EC_OBJECT_DELETED : ec;
	attach_list_free(&m->attachments);
	m->attachments_loaded = false;
	m->dirty = m->recipients_dirty = m->attachments_dirty = false;
	m->modified_set = false;
	return EC_SUCCESS;
}

enum ec message_need_attachments(struct message *m)
{
	enum ec ec = EC_SUCCESS;

	if (m->attachments_loaded)
		return EC_SUCCESS;
	if (!m->is_new && m->parent == NULL)
		ec = attach_list_load(m->store, (int64_t)m->id,
				      &m->attachments);
	m->attachments_loaded = ec == EC_SUCCESS;
	return ec;
}

/* ---- Making ([MS-OXCMSG] 3.2.5.2) ---- */

enum { PROP_TRUSTED = 1, DEFAULT_CODE_PAGE = 65001 };

static struct prop_value int32_value(uint32_t tag, int32_t v)
{
	return (struct prop_value){ .tag = tag, .i32 = v };
}

enum ec message_defaults(struct message *m, uint32_t code_page)
{
	uint64_t now = filetime_now();
	struct guid key = guid_new();
	struct arena *a = arena_new(0);
	const struct prop_value values[] = {
		int32_value(PID_TAG_IMPORTANCE, 1),
		{ .tag = PID_TAG_MESSAGE_CLASS, .str = "IPM.Note" },
		int32_value(PID_TAG_SENSITIVITY, 0),
		{ .tag = PID_TAG_DISPLAY_BCC, .str = "" },
		{ .tag = PID_TAG_DISPLAY_CC, .str = "" },
		{ .tag = PID_TAG_DISPLAY_TO, .str = "" },
		int32_value(PID_TAG_TRUST_SENDER, PROP_TRUSTED),
		{ .tag = PID_TAG_CREATION_TIME, .time = now },
		{ .tag = PID_TAG_LAST_MODIFICATION_TIME, .time = now },
		{ .tag = PID_TAG_SEARCH_KEY, .bin = { key.b, 16 } },
		int32_value(PID_TAG_MESSAGE_LOCALE_ID,
			    (int32_t)m->store->lcid),
		int32_value(PID_TAG_MESSAGE_CODEPAGE,
			    (int32_t)(code_page != 0 ? code_page :
				      DEFAULT_CODE_PAGE)),
	};
	struct bin blob = blob_build(a, values,
				     sizeof values / sizeof values[0]);
	struct packed *p = packed_new(blob.data, blob.len);

	bag_reset(&m->bag, p);
	packed_unref(p);
	arena_free(a);
	m->c.read = true;
	m->c.flags = MF_UNSENT | MF_EVER_READ;
	m->c.modified = now;
	return EC_SUCCESS;
}

enum ec message_create(struct store *store, uint64_t folder_id,
		       bool associated, uint32_t code_page,
		       uint64_t message_id, struct message **out)
{
	struct message *m;
	enum ec ec = folder_takes_messages(store, folder_id);

	if (ec != EC_SUCCESS)
		return ec;
	if (message_id != 0 && !store_id_issued(store, message_id))
		return EC_INVALID_PARAM;
	m = message_new(store);
	m->folder = db_counter(folder_id);
	m->wanted_id = db_counter(message_id);
	m->kind = associated ? CONTENT_ASSOCIATED : CONTENT_NORMAL;
	m->mode = MESSAGE_READ_WRITE;
	m->is_new = m->dirty = true;
	m->attachments_loaded = true;
	ec = message_defaults(m, code_page);
	*out = m;
	return ec;
}

/* ---- What it is ---- */

struct store *message_store(const struct message *m)
{
	return m->store;
}

uint64_t message_folder_id(const struct message *m)
{
	return db_id(m->folder);
}

uint64_t message_id(const struct message *m)
{
	return m->is_new || m->parent != NULL ? 0 : db_id(m->id);
}

bool message_is_new(const struct message *m)
{
	return m->is_new;
}

bool message_is_embedded(const struct message *m)
{
	return m->parent != NULL;
}

bool message_is_associated(const struct message *m)
{
	return m->kind & CONTENT_ASSOCIATED;
}

bool message_is_dirty(const struct message *m)
{
	return m->dirty;
}

enum message_mode message_mode(const struct message *m)
{
	return m->mode;
}

void message_set_mode(struct message *m, enum message_mode mode)
{
	m->mode = mode;
}

bool message_has_named_props(const struct message *m)
{
	struct bag_entry entry;
	size_t i = 0, k = 0;

	while (bag_next(&m->bag, &i, &k, &entry))
		if (prop_id_is_named(prop_tag_id(entry.e.tag)))
			return true;
	return false;
}

/* ---- Properties ---- */

enum ec message_get_prop(struct message *m, uint32_t tag, struct arena *a,
			 struct prop_value *out)
{
	struct prop_value v;
	enum ec ec = message_computed(m, tag, a, &v);

	if (ec == EC_NOT_SUPPORTED)
		ec = bag_get(&m->bag, tag, a, &v);
	if (ec == EC_NOT_FOUND)
		ec = message_derived(m, tag, a, &v);
	if (ec == EC_SUCCESS)
		*out = v;
	return ec;
}

enum ec message_prop_size(struct message *m, uint32_t tag, uint64_t *out)
{
	struct bag_entry entry;
	struct prop_value v;
	struct arena *a;
	enum ec ec;

	if (bag_find(&m->bag, tag, &entry) &&
	    bag_type_fits(tag, entry.e.tag)) {
		*out = entry.e.size;
		return EC_SUCCESS;
	}
	a = arena_new(0);
	ec = message_get_prop(m, tag, a, &v);
	if (ec == EC_SUCCESS)
		*out = blob_value_size(&v);
	arena_free(a);
	return ec;
}

/*
 * Subject, prefix and normalized subject are one text and the length of its
 * beginning ([MS-OXCMSG] 2.2.1.46): stored are the subject and the prefix.
 */
static enum ec set_subject(struct message *m, const struct prop_value *value)
{
	struct arena *a = arena_new(0);
	struct prop_value subject = { .tag = PID_TAG_SUBJECT, .str = "" };
	struct prop_value prefix = { .tag = PID_TAG_SUBJECT_PREFIX,
				     .str = "" };
	struct prop_value normalized = { .str = "" };
	enum ec ec;

	bag_get(&m->bag, PID_TAG_SUBJECT_PREFIX, a, &prefix);
	message_get_prop(m, PID_TAG_NORMALIZED_SUBJECT, a, &normalized);
	if (value->tag == PID_TAG_SUBJECT_PREFIX)
		prefix.str = value->str;
	else
		normalized.str = value->str;
	prefix.str = arena_strdup(a, prefix.str);
	subject.str = arena_printf(a, "%s%s", prefix.str, normalized.str);
	ec = bag_set(&m->bag, &subject);
	if (ec == EC_SUCCESS)
		ec = bag_set(&m->bag, &prefix);
	arena_free(a);
	return ec;
}

/*
 * The prefix that a subject begins with ([MS-OXCMSG] 3.1.5.13): one to three
 * characters that are not digits, a colon and a space.
 */
size_t subject_prefix_length(const char *subject)
{
	const char *end = subject + strlen(subject), *at = subject;

	for (int chars = 0; at < end && chars <= 3; chars++) {
		uint32_t c = utf8_next(&at, end);

		if (c == ':' && chars >= 1 && *at == ' ')
			return (size_t)(at + 1 - subject);
		if (c == ':' || c == ' ' || (c >= '0' && c <= '9'))
			break;
	}
	return 0;
}

static enum ec set_whole_subject(struct message *m,
				 const struct prop_value *value)
{
	struct arena *a = arena_new(0);
	struct prop_value prefix = {
		.tag = PID_TAG_SUBJECT_PREFIX,
		.str = arena_strndup(a, value->str,
				     subject_prefix_length(value->str)),
	};
	enum ec ec = bag_set(&m->bag, value);

	if (ec == EC_SUCCESS)
		ec = bag_set(&m->bag, &prefix);
	arena_free(a);
	return ec;
}

/* The flags that a client may set until the first save: R31. */
static enum ec set_flags(struct message *m, uint32_t flags)
{
	const uint32_t mine = MF_UNSENT | MF_RESEND | MF_UNMODIFIED |
		MF_FROM_ME;

	if (!m->is_new)
		return EC_COMPUTED;
	m->c.flags = (m->c.flags & ~mine) | (flags & mine);
	m->c.read = flags & MF_READ;
	m->c.flags = (m->c.flags & ~(uint32_t)MF_EVER_READ) |
		(m->c.read ? MF_EVER_READ : 0);
	return EC_SUCCESS;
}

enum ec message_set_prop(struct message *m, const struct prop_value *value)
{
	enum ec ec = prop_storable(value);

	if (ec != EC_SUCCESS)
		return ec;
	if (m->mode == MESSAGE_READ_ONLY)
		return EC_ACCESS_DENIED;
	switch (value->tag) {
	case PID_TAG_MESSAGE_FLAGS:
		ec = set_flags(m, (uint32_t)value->i32);
		break;
	case PID_TAG_READ:
		if (!m->is_new)
			return EC_COMPUTED;
		m->c.read = value->b;
		break;
	case PID_TAG_SUBJECT:
		ec = set_whole_subject(m, value);
		break;
	case PID_TAG_SUBJECT_PREFIX:
	case PID_TAG_NORMALIZED_SUBJECT:
		ec = set_subject(m, value);
		break;
	default:
		if (message_tag_read_only(value->tag))
			return EC_COMPUTED;
		if (value->tag == PID_TAG_LAST_MODIFICATION_TIME)
			m->modified_set = true;
		ec = bag_set(&m->bag, value);
	}
	if (ec == EC_SUCCESS)
		m->dirty = true;
	return ec;
}

enum ec message_delete_prop(struct message *m, uint32_t tag)
{
	struct prop_value none = { .tag = PID_TAG_NORMALIZED_SUBJECT,
				   .str = "" };
	bool there;

	if (m->mode == MESSAGE_READ_ONLY)
		return EC_ACCESS_DENIED;
	if (message_tag_read_only(tag))
		return EC_COMPUTED;
	if (tag >> 16 == PID_TAG_NORMALIZED_SUBJECT >> 16) {
		m->dirty = true;
		return set_subject(m, &none);
	}
	if (tag >> 16 == PID_TAG_SUBJECT_PREFIX >> 16) {
		none.tag = PID_TAG_SUBJECT_PREFIX;
		m->dirty = true;
		return set_subject(m, &none);
	}
	there = bag_delete(&m->bag, tag);
	if (tag >> 16 == PID_TAG_SUBJECT >> 16)
		bag_delete(&m->bag, PID_TAG_SUBJECT_PREFIX);
	m->dirty = m->dirty || there;
	return there ? EC_SUCCESS : EC_NOT_FOUND;
}
