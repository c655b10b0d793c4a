/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of messages, attachments and contents. */
#include <stdlib.h>
#include <string.h>

#include "store/folder_row.h"
#include "store/messages_impl.h"

/* ---- messages ---- */

/* The streams of the row that is there, but for those of keep. */
enum ec message_row_streams(struct store *store, int64_t id,
			    const struct packed *unsaved,
			    const struct packed *keep)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT props FROM messages WHERE id=?1 /* streams */");
	enum ec ec;
	bool row;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, id);
	ec = db_step(store, stmt, &row);
	if (ec == EC_SUCCESS && row && unsaved != NULL &&
	    !packed_within(unsaved, sqlite3_column_blob(stmt, 0),
			   (size_t)sqlite3_column_bytes(stmt, 0)))
		ec = EC_OBJECT_MODIFIED;
	if (ec == EC_SUCCESS && row)
		ec = packed_drop_streams(store,
			sqlite3_column_blob(stmt, 0),
			(size_t)sqlite3_column_bytes(stmt, 0), keep);
	db_done(stmt);
	return ec;
}

enum ec message_row_write(struct store *store, int64_t id, bool is_new,
			  uint64_t folder, struct bin pcl,
			  const struct packed *props,
			  const struct recipients *recipients)
{
	struct sqlite3_stmt *stmt = is_new ? db_stmt(store,
		"INSERT INTO messages(id, folder, pcl, props, recipients) "
		"VALUES(?1, ?2, ?3, ?4, ?5)") : db_stmt(store,
		"UPDATE messages SET folder=?2, pcl=?3, props=?4, "
		"recipients=?5 WHERE id=?1");
	struct buf stored = BUF_INIT;
	enum ec ec;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, id);
	sqlite3_bind_int64(stmt, 2, (int64_t)folder);
	if (pcl.len > 0)
		sqlite3_bind_blob64(stmt, 3, pcl.data, pcl.len,
				    SQLITE_STATIC);
	sqlite3_bind_blob64(stmt, 4, props->data, props->blob.len,
			    SQLITE_STATIC);
	if (recipients->n > 0) {
		recipients_store(recipients, &stored);
		sqlite3_bind_blob64(stmt, 5, stored.data, stored.len,
				    SQLITE_STATIC);
	}
	ec = db_run(store, stmt);
	buf_free(&stored);
	return ec;
}

enum ec message_row_delete(struct store *store, int64_t id)
{
	struct sqlite3_stmt *stmt;
	enum ec ec = attachments_delete(store, id);

	if (ec == EC_SUCCESS)
		ec = message_row_streams(store, id, NULL, NULL);
	if (ec != EC_SUCCESS)
		return ec;
	stmt = db_stmt(store, "DELETE FROM messages WHERE id=?1");
	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, id);
	return db_run(store, stmt);
}

enum ec message_row_pcl(struct store *store, uint64_t id, struct arena *a,
			struct bin *out)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT pcl FROM messages WHERE id=?1");
	enum ec ec;
	bool row;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)id);
	ec = db_step(store, stmt, &row);
	if (ec == EC_SUCCESS && !row)
		ec = db_damaged(store, "message", (int64_t)id);
	if (ec == EC_SUCCESS) {
		out->len = (size_t)sqlite3_column_bytes(stmt, 0);
		out->data = arena_memdup(a, sqlite3_column_blob(stmt, 0),
					 out->len);
	}
	db_done(stmt);
	return ec;
}

/* ---- contents ---- */

/* Ascending by ID.  Tables read these without the message's own row. */
const uint32_t content_row_tags[] = {
	PID_TAG_IMPORTANCE, PID_TAG_MESSAGE_CLASS, PID_TAG_PRIORITY,
	PID_TAG_SENSITIVITY, PID_TAG_SUBJECT, PID_TAG_CLIENT_SUBMIT_TIME,
	PID_TAG_SUBJECT_PREFIX, PID_TAG_SENT_REPRESENTING_NAME,
	PID_TAG_MESSAGE_TO_ME, PID_TAG_MESSAGE_CC_ME,
	PID_TAG_SENT_REPRESENTING_EMAIL_ADDRESS, PID_TAG_CONVERSATION_TOPIC,
	PID_TAG_SENDER_NAME, PID_TAG_SENDER_EMAIL_ADDRESS,
	PID_TAG_DISPLAY_CC, PID_TAG_DISPLAY_TO,
	PID_TAG_MESSAGE_DELIVERY_TIME, PID_TAG_ICON_INDEX,
	PID_TAG_LAST_VERB_EXECUTED, PID_TAG_FLAG_STATUS,
	PID_TAG_FOLLOWUP_ICON, PID_TAG_CREATION_TIME,
	PID_TAG_LAST_MODIFICATION_TIME, PID_TAG_CONVERSATION_ID,
};
const size_t content_row_tags_n =
	sizeof content_row_tags / sizeof content_row_tags[0];

enum { ROW_TAGS = sizeof content_row_tags / sizeof content_row_tags[0] };
enum { ROW_STRING_MAX = 255 };

bool content_row_has(uint32_t tag)
{
	for (size_t i = 0; i < ROW_TAGS; i++)
		if (content_row_tags[i] >> 16 == tag >> 16)
			return true;
	return false;
}

/* At most 255 characters, not cut inside of one. */
static const char *cut(const char *s, struct arena *a)
{
	size_t len = strlen(s), chars = 0, i = 0;

	if (len <= ROW_STRING_MAX)
		return s;
	for (; i < len && chars <= ROW_STRING_MAX; i++)
		chars += ((unsigned char)s[i] & 0xc0) != 0x80;
	return chars > ROW_STRING_MAX ? arena_strndup(a, s, i - 1) : s;
}

struct bin content_row_build(struct bag *bag, struct arena *a)
{
	struct prop_value values[ROW_TAGS];
	size_t n = 0;

	for (size_t i = 0; i < ROW_TAGS; i++) {
		struct prop_value *v = &values[n];

		if (bag_get(bag, content_row_tags[i], a, v) != EC_SUCCESS)
			continue;
		if ((v->tag & 0xffff) == PTYP_STRING)
			v->str = cut(v->str, a);
		n++;
	}
	return blob_build(a, values, n);
}

static void read_content(struct sqlite3_stmt *stmt,
			 struct content_state *out)
{
	*out = (struct content_state){
		.read = sqlite3_column_int(stmt, 1),
		.flags = (uint32_t)sqlite3_column_int64(stmt, 2),
		.status = (uint32_t)sqlite3_column_int64(stmt, 3),
		.cn = (uint64_t)sqlite3_column_int64(stmt, 4),
		.read_cn = (uint64_t)sqlite3_column_int64(stmt, 5),
		.size = (uint64_t)sqlite3_column_int64(stmt, 6),
		.delivered = (uint64_t)sqlite3_column_int64(stmt, 7),
		.modified = (uint64_t)sqlite3_column_int64(stmt, 8),
		.deleted = (uint64_t)sqlite3_column_int64(stmt, 9),
	};
}

enum ec content_in(struct store *store, uint64_t folder, uint64_t id,
		   bool deleted, enum content_kind *kind,
		   struct content_state *out)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT kind, read, flags, status, cn, read_cn, size, "
		"delivered, modified, deleted FROM contents WHERE folder=?1 "
		"AND kind IN (0, 1, ?3, ?4) AND id=?2 LIMIT 1");
	enum ec ec;
	bool row;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)folder);
	sqlite3_bind_int64(stmt, 2, (int64_t)id);
	sqlite3_bind_int(stmt, 3, deleted ? CONTENT_DELETED : 0);
	sqlite3_bind_int(stmt, 4, deleted ? CONTENT_DELETED_ASSOCIATED : 0);
	ec = db_step(store, stmt, &row);
	if (ec == EC_SUCCESS && !row)
		ec = EC_NOT_FOUND;
	if (ec == EC_SUCCESS) {
		*kind = (enum content_kind)sqlite3_column_int(stmt, 0);
		read_content(stmt, out);
	}
	db_done(stmt);
	return ec;
}

/* The folder that the message's own row names. */
static enum ec find_folder(struct store *store, uint64_t id, uint64_t *out)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT folder FROM messages WHERE id=?1");
	enum ec ec;
	bool row;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)id);
	ec = db_step(store, stmt, &row);
	if (ec == EC_SUCCESS && !row)
		ec = EC_NOT_FOUND;
	if (ec == EC_SUCCESS)
		*out = (uint64_t)sqlite3_column_int64(stmt, 0);
	db_done(stmt);
	return ec;
}

enum ec content_find(struct store *store, uint64_t *folder, uint64_t id,
		     bool deleted, enum content_kind *kind,
		     struct content_state *out)
{
	uint64_t home;
	enum ec ec = EC_NOT_FOUND;

	if (id == 0)
		return EC_NOT_FOUND;
	if (*folder != 0)
		ec = content_in(store, *folder, id, deleted, kind, out);
	if (ec != EC_NOT_FOUND)
		return ec;
	ec = find_folder(store, id, &home);
	if (ec == EC_SUCCESS && home == *folder)
		ec = EC_NOT_FOUND;
	if (ec == EC_SUCCESS)
		ec = content_in(store, home, id, deleted, kind, out);
	if (ec == EC_SUCCESS)
		*folder = home;
	return ec;
}

enum ec content_write(struct store *store, uint64_t folder,
		      enum content_kind kind, uint64_t id, bool is_new,
		      const struct content_state *c, struct bin row)
{
	struct sqlite3_stmt *stmt = is_new ? db_stmt(store,
		"INSERT INTO contents(folder, kind, id, read, flags, status, "
		"cn, read_cn, size, delivered, modified, deleted, row) "
		"VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
		"?13)") : db_stmt(store,
		"UPDATE contents SET read=?4, flags=?5, status=?6, cn=?7, "
		"read_cn=?8, size=?9, delivered=?10, modified=?11, "
		"deleted=?12, row=?13 WHERE folder=?1 AND kind=?2 AND "
		"id=?3");

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)folder);
	sqlite3_bind_int(stmt, 2, (int)kind);
	sqlite3_bind_int64(stmt, 3, (int64_t)id);
	sqlite3_bind_int(stmt, 4, c->read);
	sqlite3_bind_int64(stmt, 5, c->flags);
	sqlite3_bind_int64(stmt, 6, c->status);
	sqlite3_bind_int64(stmt, 7, (int64_t)c->cn);
	sqlite3_bind_int64(stmt, 8, (int64_t)c->read_cn);
	sqlite3_bind_int64(stmt, 9, (int64_t)c->size);
	sqlite3_bind_int64(stmt, 10, (int64_t)c->delivered);
	sqlite3_bind_int64(stmt, 11, (int64_t)c->modified);
	sqlite3_bind_int64(stmt, 12, (int64_t)c->deleted);
	sqlite3_bind_blob64(stmt, 13, row.data, row.len, SQLITE_STATIC);
	return db_run(store, stmt);
}

/* mfEverRead comes and goes with mfRead: R1141, R1142. */
enum ec content_set_read(struct store *store, const struct one *one,
			 bool read, uint64_t cn)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"UPDATE contents SET read=?4, read_cn=?5, flags=?6 "
		"WHERE folder=?1 AND kind=?2 AND id=?3");
	uint32_t flags = (one->c.flags & ~(uint32_t)MF_EVER_READ) |
		(read ? MF_EVER_READ : 0);

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)one->folder);
	sqlite3_bind_int(stmt, 2, (int)one->kind);
	sqlite3_bind_int64(stmt, 3, (int64_t)one->id);
	sqlite3_bind_int(stmt, 4, read);
	sqlite3_bind_int64(stmt, 5, (int64_t)cn);
	sqlite3_bind_int64(stmt, 6, flags);
	return db_run(store, stmt);
}

void content_delta(struct folder_delta *d, enum content_kind kind,
		   const struct content_state *c, int sign)
{
	int64_t size = sign * (int64_t)c->size;

	switch (kind) {
	case CONTENT_NORMAL:
		d->total += sign;
		d->unread += c->read ? 0 : sign;
		d->size += size;
		break;
	case CONTENT_ASSOCIATED:
		d->associated += sign;
		d->associated_size += size;
		break;
	case CONTENT_DELETED:
		d->deleted += sign;
		d->deleted_size += size;
		break;
	case CONTENT_DELETED_ASSOCIATED:
		d->deleted_associated += sign;
		d->deleted_size += size;
		break;
	}
}
