/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of messages within one mailbox, row by row. */
#include <stdlib.h>
#include <string.h>

#include "store/folder_impl.h"
#include "store/messages_impl.h"

/* The chunk rows of a stream under a new number. */
static enum ec clone_stream(struct store *store, uint64_t from, uint64_t *to)
{
	struct sqlite3_stmt *stmt;
	enum ec ec = db_new_counter(store, to);

	if (ec != EC_SUCCESS)
		return ec;
	stmt = db_stmt(store, "INSERT INTO chunks SELECT id - ?1 + ?2, data "
		       "FROM chunks WHERE id BETWEEN ?1 AND ?3");
	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)(from << CHUNK_BITS));
	sqlite3_bind_int64(stmt, 2, (int64_t)(*to << CHUNK_BITS));
	sqlite3_bind_int64(stmt, 3, (int64_t)(from << CHUNK_BITS |
					      ((1u << CHUNK_BITS) - 1)));
	return db_run(store, stmt);
}

/* The blob with the streams of its external values cloned; in a. */
static enum ec clone_blob(struct store *store, const void *data, size_t len,
			  struct arena *a, struct bin *out)
{
	uint8_t *copy = arena_memdup(a, data, len);
	struct blob_entry e;
	struct blob b;
	struct wire_w w;
	uint64_t stream;
	enum ec ec = EC_SUCCESS;

	if (!blob_open(copy, len, &b))
		return EC_CORRUPT_STORE;
	for (size_t i = 0; i < b.n && ec == EC_SUCCESS; i++) {
		blob_at(&b, i, &e);
		if (!e.external)
			continue;
		ec = clone_stream(store, e.stream, &stream);
		w = wire_w(copy + (e.data - b.data), 8);
		wire_put_u64(&w, stream);
	}
	*out = (struct bin){ copy, len };
	return ec;
}

enum ec folder_clone_props(struct store *store, struct bin props,
			   struct arena *a, struct bin *out)
{
	return clone_blob(store, props.data, props.len, a, out);
}

struct attachment_row {
	int64_t num, embedded, size;
	struct bin props;
	struct attachment_row *next;
};

static enum ec read_attachments(struct store *store, int64_t message,
				struct arena *a, struct attachment_row **out)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT num, embedded, size, props FROM attachments "
		"WHERE message=?1 ORDER BY num /* clone */");
	struct attachment_row *r, **last = out;
	enum ec ec;
	bool row;

	*out = NULL;
	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, message);
	while ((ec = db_step(store, stmt, &row)) == EC_SUCCESS && row) {
		r = arena_zalloc(a, sizeof *r);
		r->num = sqlite3_column_int64(stmt, 0);
		r->embedded = sqlite3_column_int64(stmt, 1);
		r->size = sqlite3_column_int64(stmt, 2);
		r->props.len = (size_t)sqlite3_column_bytes(stmt, 3);
		r->props.data = arena_memdup(a, sqlite3_column_blob(stmt, 3),
					     r->props.len);
		*last = r;
		last = &r->next;
	}
	db_done(stmt);
	return ec;
}

static enum ec embedded_new_id(struct store *store, int64_t *id)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT min(id) FROM messages /* clone */");
	bool row;
	enum ec ec = db_step(store, stmt, &row);

	if (ec == EC_SUCCESS) {
		*id = sqlite3_column_int64(stmt, 0);
		*id = *id < 0 ? *id - 1 : -1;
	}
	db_done(stmt);
	return ec;
}

static enum ec write_attachment(struct store *store, int64_t message,
				const struct attachment_row *r)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"INSERT INTO attachments(message, num, embedded, size, "
		"props) VALUES(?1, ?2, ?3, ?4, ?5)");

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, message);
	sqlite3_bind_int64(stmt, 2, r->num);
	sqlite3_bind_int64(stmt, 3, r->embedded);
	sqlite3_bind_int64(stmt, 4, r->size);
	sqlite3_bind_blob64(stmt, 5, r->props.data, r->props.len,
			    SQLITE_STATIC);
	return db_run(store, stmt);
}

static enum ec clone_attachment(struct store *store, int64_t to,
				struct attachment_row *r, struct arena *a,
				unsigned depth)
{
	int64_t embedded = r->embedded;
	enum ec ec = clone_blob(store, r->props.data, r->props.len, a,
				&r->props);

	if (ec == EC_SUCCESS && embedded != 0) {
		ec = embedded_new_id(store, &r->embedded);
		if (ec == EC_SUCCESS)
			ec = message_row_clone(store, embedded, r->embedded,
					       0, depth + 1);
	}
	return ec == EC_SUCCESS ? write_attachment(store, to, r) : ec;
}

static enum ec write_message(struct store *store, int64_t to,
			     uint64_t folder, struct bin props,
			     struct bin recipients)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"INSERT INTO messages(id, folder, pcl, props, recipients) "
		"VALUES(?1, ?2, NULL, ?3, ?4)");

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, to);
	sqlite3_bind_int64(stmt, 2, (int64_t)folder);
	sqlite3_bind_blob64(stmt, 3, props.data, props.len, SQLITE_STATIC);
	if (recipients.len > 0)
		sqlite3_bind_blob64(stmt, 4, recipients.data, recipients.len,
				    SQLITE_STATIC);
	return db_run(store, stmt);
}

static enum ec read_message(struct store *store, int64_t id, struct arena *a,
			    struct bin *props, struct bin *recipients)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT props, recipients FROM messages WHERE id=?1 "
		"/* clone */");
	struct bin *const out[] = { props, recipients };
	enum ec ec;
	bool row;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, id);
	ec = db_step(store, stmt, &row);
	if (ec == EC_SUCCESS && !row)
		ec = db_damaged(store, "message", id);
	for (int i = 0; i < 2 && ec == EC_SUCCESS; i++) {
		out[i]->len = (size_t)sqlite3_column_bytes(stmt, i);
		out[i]->data = arena_memdup(a, sqlite3_column_blob(stmt, i),
					    out[i]->len);
	}
	db_done(stmt);
	return ec;
}

enum ec message_row_clone(struct store *store, int64_t from, int64_t to,
			  uint64_t folder, unsigned depth)
{
	struct attachment_row *attachments = NULL;
	struct bin props, recipients;
	struct arena *a;
	enum ec ec;

	if (depth > MESSAGE_DEPTH_MAX + 1)
		return EC_CORRUPT_STORE;
	a = arena_new(0);
	ec = read_message(store, from, a, &props, &recipients);
	if (ec == EC_SUCCESS)
		ec = read_attachments(store, from, a, &attachments);
	if (ec == EC_SUCCESS)
		ec = clone_blob(store, props.data, props.len, a, &props);
	if (ec == EC_SUCCESS)
		ec = write_message(store, to, folder, props, recipients);
	for (; attachments != NULL && ec == EC_SUCCESS;
	     attachments = attachments->next)
		ec = clone_attachment(store, to, attachments, a, depth);
	arena_free(a);
	return ec;
}
