/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of the messages of a contents table. */
#include "store/table_contents.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf.h"
#include "store/big.h"
#include "store/entry.h"
#include "store/message.h"
#include "store/message_impl.h"

/* Body text of more bytes than this is not searched further. */
enum { SEARCH_MAX = 4 << 20 };

/* Bytes of a large value that a cell may need: units of UTF-16. */
enum { CELL_READ = 1024 };

enum { OBJECT_MESSAGE = 5 };              /* PidTagObjectType */

/* PidTagAccess: modify, read, delete ([MS-OXCPRPT] 2.2.1.1) */
enum { ACCESS_OWNER = 7 };

enum getter contents_getter(uint32_t tag)
{
	switch (tag) {
	case 0: return GET_OBJECT_TYPE;   /* anything: it is not looked at */
	case PID_TAG_MESSAGE_FLAGS: return GET_FLAGS;
	case PID_TAG_READ: return GET_READ;
	case PID_TAG_MESSAGE_STATUS: return GET_STATUS;
	case PID_TAG_MESSAGE_SIZE: return GET_SIZE;
	case PID_TAG_MESSAGE_SIZE_EXTENDED: return GET_SIZE_EXTENDED;
	case PID_TAG_MESSAGE_DELIVERY_TIME: return GET_DELIVERED;
	case PID_TAG_LAST_MODIFICATION_TIME: return GET_MODIFIED;
	case PID_TAG_DELETED_ON: return GET_DELETED;
	case PID_TAG_HAS_ATTACHMENTS: return GET_HAS_ATTACHMENTS;
	case PID_TAG_MID:
	case PID_TAG_INST_ID: return GET_MID;
	case PID_TAG_FOLDER_ID:
	case PID_TAG_PARENT_FOLDER_ID: return GET_FOLDER_ID;
	case PID_TAG_CHANGE_NUMBER: return GET_CHANGE_NUMBER;
	case PID_TAG_RECORD_KEY:
	case PID_TAG_ENTRY_ID: return GET_ENTRY_ID;
	case PID_TAG_PARENT_ENTRY_ID: return GET_PARENT_ENTRY_ID;
	case PID_TAG_INSTANCE_KEY: return GET_INSTANCE_KEY;
	case PID_TAG_ASSOCIATED: return GET_ASSOCIATED;
	case PID_TAG_OBJECT_TYPE: return GET_OBJECT_TYPE;
	case PID_TAG_ACCESS: return GET_ACCESS;
	case PID_TAG_ACCESS_LEVEL: return GET_ACCESS_LEVEL;
	case PID_TAG_STORE_RECORD_KEY: return GET_STORE_RECORD_KEY;
	case PID_TAG_MAPPING_SIGNATURE: return GET_MAPPING_SIGNATURE;
	case PID_TAG_PARENT_SOURCE_KEY: return GET_PARENT_SOURCE_KEY;
	case PID_TAG_SOURCE_KEY: return GET_SOURCE_KEY;
	case PID_TAG_CHANGE_KEY: return GET_CHANGE_KEY;
	case PID_TAG_NORMALIZED_SUBJECT: return GET_NORMALIZED_SUBJECT;
	default:
		return content_row_has(tag) ? GET_ROW : GET_OTHER;
	}
}

void contents_forget(struct contents_source *c)
{
	db_done(c->props_stmt);
	c->props_stmt = NULL;
	message_close(c->message);
	c->message = NULL;
	c->row_open = false;
	if (c->arena_used)
		arena_reset(c->arena);
	c->arena_used = false;
}

static struct arena *values(struct contents_source *c)
{
	c->arena_used = true;
	return c->arena;
}

static int64_t column(const struct contents_source *c, int i)
{
	return sqlite3_column_int64(c->stmt, i);
}

/* ---- blobs ---- */

static bool open_row(struct contents_source *c)
{
	if (!c->row_open)
		c->row_open = blob_open(sqlite3_column_blob(c->stmt, COL_ROW),
			(size_t)sqlite3_column_bytes(c->stmt, COL_ROW),
			&c->row);
	return c->row_open;
}

static enum ec open_props(struct contents_source *c)
{
	struct sqlite3_stmt *stmt;
	bool row;
	enum ec ec;

	if (c->props_stmt != NULL)
		return EC_SUCCESS;
	stmt = db_stmt(c->store,
		"SELECT props FROM messages WHERE id=?1 /* tables */");
	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)c->id);
	ec = db_step(c->store, stmt, &row);
	if (ec == EC_SUCCESS && !row)
		ec = EC_NOT_FOUND;
	if (ec == EC_SUCCESS &&
	    !blob_open(sqlite3_column_blob(stmt, 0),
		       (size_t)sqlite3_column_bytes(stmt, 0), &c->props))
		ec = EC_CORRUPT_STORE;
	if (ec != EC_SUCCESS)
		db_done(stmt);
	else
		c->props_stmt = stmt;
	return ec;
}

/* A large value is kept as the bytes of its stream: text as UTF-16. */
static enum ec external_value(struct contents_source *c,
			      const struct blob_entry *e, bool whole,
			      struct prop_value *out)
{
	size_t max = whole ? SEARCH_MAX : CELL_READ, got = 0, len;
	struct big *big = big_stored(c->store, e->stream, e->size);
	uint8_t *data;
	char *text;
	enum ec ec;

	if (e->size < max)
		max = (size_t)e->size;
	data = arena_alloc(values(c), max + 1);
	ec = big_read(big, 0, data, max, &got);
	big_unref(big);
	if (ec != EC_SUCCESS)
		return ec;
	*out = (struct prop_value){ .tag = e->tag };
	if (prop_tag_type(e->tag) != PTYP_STRING) {
		out->bin = (struct bin){ data, got };
		return EC_SUCCESS;
	}
	len = utf16_to_utf8_size(data, got);
	text = arena_alloc(values(c), len + 1);
	utf16_to_utf8(data, got, text);
	text[len] = '\0';
	out->str = text;
	return EC_SUCCESS;
}

static enum ec entry_value(struct contents_source *c,
			   const struct blob_entry *e, bool whole,
			   struct prop_value *out)
{
	if (e->external)
		return external_value(c, e, whole, out);
	return blob_value(e, values(c), out);
}

static enum ec from_row(struct contents_source *c, uint32_t tag,
			struct prop_value *out)
{
	struct blob_entry e;

	if (!open_row(c))
		return EC_CORRUPT_STORE;
	if (!blob_find(&c->row, tag, &e))
		return EC_NOT_FOUND;
	return entry_value(c, &e, false, out);
}

/* What neither the row nor the blob has may be computed. */
static enum ec from_message(struct contents_source *c, uint32_t tag,
			    struct prop_value *out)
{
	enum ec ec = EC_SUCCESS;

	if (c->message == NULL)
		ec = message_open(c->store, db_id(c->home), db_id(c->id),
				  MESSAGE_READ_ONLY,
				  (c->kind & CONTENT_DELETED) != 0,
				  &c->message);
	if (ec == EC_SUCCESS)
		ec = message_get_prop(c->message, tag, values(c), out);
	return ec;
}

/* Tags that a message without them may still have, computed or derived. */
static bool may_be_computed(uint32_t tag)
{
	unsigned id = prop_tag_id(tag);

	return !prop_id_is_named(id) && (message_tag_read_only(tag) ||
		id == prop_tag_id(PID_TAG_BODY) ||
		id == prop_tag_id(PID_TAG_HTML) ||
		id == prop_tag_id(PID_TAG_NATIVE_BODY) ||
		id == prop_tag_id(PID_TAG_RTF_IN_SYNC) ||
		id == prop_tag_id(PID_TAG_LOCALE_ID));
}

static enum ec from_props(struct contents_source *c, uint32_t tag, bool whole,
			  struct prop_value *out)
{
	struct blob_entry e;
	enum ec ec = open_props(c);

	if (ec != EC_SUCCESS)
		return ec;
	if (blob_find(&c->props, tag, &e))
		return entry_value(c, &e, whole, out);
	return may_be_computed(tag) ? from_message(c, tag, out) : EC_NOT_FOUND;
}

/* [MS-OXCMSG] 2.2.1.10: the subject less its prefix */
static enum ec normalized_subject(struct contents_source *c,
				  struct prop_value *out)
{
	struct prop_value prefix;
	size_t len;
	enum ec ec = from_row(c, PID_TAG_SUBJECT, out);

	if (ec != EC_SUCCESS)
		return ec;
	out->tag = PID_TAG_NORMALIZED_SUBJECT;
	if (from_row(c, PID_TAG_SUBJECT_PREFIX, &prefix) != EC_SUCCESS)
		return EC_SUCCESS;
	len = strlen(prefix.str);
	if (strncmp(out->str, prefix.str, len) == 0)
		out->str += len;
	return EC_SUCCESS;
}

/* ---- columns of the row ---- */

static int32_t flags(const struct contents_source *c)
{
	int64_t f = column(c, COL_FLAGS);

	return (int32_t)(f | (column(c, COL_READ) ? MF_READ : 0) |
			 (c->kind & CONTENT_ASSOCIATED ? MF_FAI : 0));
}

/* Eight bytes that name the row for the client ([MS-OXCPRPT] 2.2.1.x). */
static struct bin instance_key(struct contents_source *c)
{
	uint8_t *key = arena_alloc(values(c), 16);
	struct wire_w w = wire_w(key, 16);

	wire_put_u64(&w, db_id(c->folder));
	wire_put_u64(&w, db_id(c->id));
	return (struct bin){ key, 16 };
}

static struct bin guid_bin(struct contents_source *c, struct guid g)
{
	return (struct bin){ arena_memdup(values(c), g.b, sizeof g.b),
			     sizeof g.b };
}

/* What is the same for all rows, or made of the IDs. */
static void from_store(struct contents_source *c, enum getter getter,
		       struct prop_value *v)
{
	switch (getter) {
	case GET_ACCESS: v->i32 = ACCESS_OWNER; break;
	case GET_ACCESS_LEVEL: v->i32 = 0; break;
	case GET_STORE_RECORD_KEY:
		v->bin = guid_bin(c, store_mailbox_guid(c->store));
		break;
	case GET_MAPPING_SIGNATURE:
		v->bin = guid_bin(c, store_mapping_signature(c->store));
		break;
	case GET_PARENT_SOURCE_KEY:
		v->bin = entry_gid(c->store, c->home, values(c));
		break;
	case GET_SOURCE_KEY:
		v->bin = entry_gid(c->store, c->id, values(c));
		break;
	case GET_CHANGE_KEY:
		v->bin = entry_gid(c->store, (uint64_t)column(c, COL_CN),
				   values(c));
		break;
	default: v->i32 = OBJECT_MESSAGE; break;
	}
}

static enum ec time_value(uint64_t time, struct prop_value *out)
{
	out->time = time;
	return time != 0 ? EC_SUCCESS : EC_NOT_FOUND;
}

static enum ec from_columns(struct contents_source *c, enum getter getter,
			    struct prop_value *v)
{
	switch (getter) {
	case GET_FLAGS: v->i32 = flags(c); break;
	case GET_READ: v->b = column(c, COL_READ) != 0; break;
	case GET_STATUS: v->i32 = (int32_t)column(c, COL_STATUS); break;
	case GET_SIZE:
		v->i64 = column(c, COL_SIZE);
		v->i32 = v->i64 > INT32_MAX ? INT32_MAX : (int32_t)v->i64;
		break;
	case GET_SIZE_EXTENDED: v->i64 = column(c, COL_SIZE); break;
	case GET_DELIVERED:
		return time_value((uint64_t)column(c, COL_DELIVERED), v);
	case GET_MODIFIED:
		return time_value((uint64_t)column(c, COL_MODIFIED), v);
	case GET_DELETED:
		return time_value((uint64_t)column(c, COL_DELETED), v);
	case GET_HAS_ATTACHMENTS: v->b = flags(c) & MF_HAS_ATTACH; break;
	case GET_MID: v->i64 = (int64_t)db_id(c->id); break;
	case GET_FOLDER_ID: v->i64 = (int64_t)db_id(c->home); break;
	case GET_CHANGE_NUMBER:
		v->i64 = (int64_t)db_id((uint64_t)column(c, COL_CN));
		break;
	case GET_ENTRY_ID:
		v->bin = entry_message_bin(c->store, c->home, c->id,
					   values(c));
		break;
	case GET_PARENT_ENTRY_ID:
		v->bin = entry_folder_bin(c->store, c->home, values(c));
		break;
	case GET_INSTANCE_KEY: v->bin = instance_key(c); break;
	case GET_ASSOCIATED:
		v->b = (c->kind & CONTENT_ASSOCIATED) != 0;
		break;
	default: from_store(c, getter, v); break;
	}
	return EC_SUCCESS;
}

/* The key that came with an imported message, or the store's own. */
static enum ec key_value(struct contents_source *c, enum getter getter,
			 uint32_t tag, struct prop_value *out)
{
	struct blob_entry e;
	enum ec ec = open_props(c);

	if (ec != EC_SUCCESS)
		return ec;
	if (blob_find(&c->props, tag, &e))
		return entry_value(c, &e, false, out);
	*out = (struct prop_value){ .tag = tag };
	from_store(c, getter, out);
	return EC_SUCCESS;
}

/* A string that was cut for the row, when all of it is wanted. */
static bool maybe_cut(const struct prop_value *v)
{
	return prop_tag_type(v->tag) == PTYP_STRING && strlen(v->str) >= 255;
}

enum ec contents_value(struct contents_source *c, enum getter getter,
		       uint32_t tag, bool whole, struct prop_value *out)
{
	enum ec ec;

	switch (getter) {
	case GET_OTHER:
		return from_props(c, tag, whole, out);
	case GET_ROW:
		ec = from_row(c, tag, out);
		if (ec == EC_SUCCESS && whole && maybe_cut(out))
			ec = from_props(c, tag, true, out);
		return ec;
	case GET_NORMALIZED_SUBJECT:
		return normalized_subject(c, out);
	case GET_SOURCE_KEY:
	case GET_CHANGE_KEY:
		return key_value(c, getter, tag, out);
	default:
		*out = (struct prop_value){ .tag = tag };
		return from_columns(c, getter, out);
	}
}

/* ---- for restrictions ---- */

static struct contents_source *of_row(const struct match_row *row)
{
	return (struct contents_source *)
		((char *)row - offsetof(struct row_source, row));
}

const struct prop_value *contents_get(const struct match_row *row,
				      uint32_t tag)
{
	struct contents_source *c = of_row(row);

	return contents_value(c, contents_getter(tag), tag, true,
			      &c->value) == EC_SUCCESS ? &c->value : NULL;
}

/* An attachment as a row. */
struct attachment_row {
	struct match_row row;
	struct contents_source *c;
	uint32_t number;
	struct prop_value value;
};

static const struct prop_value *attachment_row_get(const struct match_row *row,
						   uint32_t tag)
{
	struct attachment_row *r = (struct attachment_row *)row;

	return message_attachment_prop(r->c->message, r->number, tag,
		values(r->c), &r->value) == EC_SUCCESS ? &r->value : NULL;
}

static bool each_attachment(struct contents_source *c,
			    bool (*fn)(void *ctx, const struct match_row *sub),
			    void *ctx)
{
	const uint32_t *numbers;
	size_t n = message_attachments(c->message, values(c), &numbers);

	for (size_t i = 0; i < n; i++) {
		struct attachment_row r = {
			.row = { .get = attachment_row_get }, .c = c,
			.number = numbers[i],
		};

		if (fn(ctx, &r.row))
			return true;
	}
	return false;
}

static bool each_recipient(struct contents_source *c,
			   bool (*fn)(void *ctx, const struct match_row *sub),
			   void *ctx)
{
	size_t n = message_recipient_count(c->message);
	struct recipient r;

	for (size_t i = 0; i < n; i++) {
		struct match_values v;

		if (message_recipient(c->message, i, values(c), &r) !=
		    EC_SUCCESS)
			return false;
		v = match_values(r.props);
		if (fn(ctx, &v.row))
			return true;
	}
	return false;
}

bool contents_each(const struct match_row *row, uint32_t tag,
		   bool (*fn)(void *ctx, const struct match_row *sub),
		   void *ctx)
{
	struct contents_source *c = of_row(row);
	struct prop_value ignored;

	if (c->message == NULL)
		from_message(c, PID_TAG_MID, &ignored);
	if (c->message == NULL)
		return false;
	if (tag == PID_TAG_MESSAGE_ATTACHMENTS)
		return each_attachment(c, fn, ctx);
	return tag == PID_TAG_MESSAGE_RECIPIENTS &&
		each_recipient(c, fn, ctx);
}
