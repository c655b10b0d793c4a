/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to many messages at a time ([MS-OXCFOLD], [MS-OXCMSG]). */
#include <string.h>

#include "base/clock.h"
#include "store/message_impl.h"
#include "store/messages_impl.h"

/* Messages a transaction: others wait for the lock meanwhile. */
enum { BATCH = 100 };

/* ---- One at a time, within a transaction ---- */

static enum ec contents_delete(struct store *store, uint64_t folder,
			       enum content_kind kind, uint64_t id)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"DELETE FROM contents WHERE folder=?1 AND kind=?2 AND id=?3");

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)folder);
	sqlite3_bind_int(stmt, 2, (int)kind);
	sqlite3_bind_int64(stmt, 3, (int64_t)id);
	return db_run(store, stmt);
}

/* The row under another key, as a new row. */
static enum ec contents_copy(struct store *store, const struct one *from,
			     const struct one *to)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"INSERT INTO contents SELECT ?4, ?5, ?6, read, flags, "
		"status, ?7, ?8, size, delivered, modified, ?9, row "
		"FROM contents WHERE folder=?1 AND kind=?2 AND id=?3");

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)from->folder);
	sqlite3_bind_int(stmt, 2, (int)from->kind);
	sqlite3_bind_int64(stmt, 3, (int64_t)from->id);
	sqlite3_bind_int64(stmt, 4, (int64_t)to->folder);
	sqlite3_bind_int(stmt, 5, (int)to->kind);
	sqlite3_bind_int64(stmt, 6, (int64_t)to->id);
	sqlite3_bind_int64(stmt, 7, (int64_t)to->c.cn);
	sqlite3_bind_int64(stmt, 8, (int64_t)to->c.read_cn);
	sqlite3_bind_int64(stmt, 9, (int64_t)to->c.deleted);
	return db_run(store, stmt);
}

static enum ec find_in(struct store *store, uint64_t folder, uint64_t id,
		       bool deleted, struct one *out)
{
	out->folder = folder;
	out->id = id;
	return content_in(store, folder, id, deleted, &out->kind, &out->c);
}

static void emit_message(struct store *store, unsigned type,
			 const struct one *one, bool soft)
{
	struct store_event ev = {
		.type = (uint16_t)type,
		.associated = one->kind & CONTENT_ASSOCIATED,
		.soft = soft,
		.unread_known = true,
		.was_unread = !one->c.read,
		.folder_id = db_id(one->folder),
		.message_id = db_id(one->id),
		.parent_id = db_id(one->folder),
	};

	db_emit(store, &ev);
}

enum ec message_delete_soft(struct store *store, const struct one *from,
			    struct folder_delta *delta)
{
	struct one to = *from;
	enum ec ec;

	to.kind = (enum content_kind)(from->kind | CONTENT_DELETED);
	to.c.deleted = filetime_now();
	ec = contents_copy(store, from, &to);
	if (ec == EC_SUCCESS)
		ec = contents_delete(store, from->folder, from->kind,
				     from->id);
	if (ec != EC_SUCCESS)
		return ec;
	content_delta(delta, from->kind, &from->c, -1);
	content_delta(delta, to.kind, &to.c, 1);
	delta->deleted_total++;
	emit_message(store, EVENT_OBJECT_DELETED, from, true);
	return EC_SUCCESS;
}

enum ec message_delete_hard(struct store *store, const struct one *one,
			    struct folder_delta *delta)
{
	enum ec ec = message_row_delete(store, (int64_t)one->id);

	if (ec == EC_SUCCESS)
		ec = contents_delete(store, one->folder, one->kind, one->id);
	if (ec != EC_SUCCESS)
		return ec;
	content_delta(delta, one->kind, &one->c, -1);
	if (!(one->kind & CONTENT_DELETED)) {
		delta->deleted_total++;
		emit_message(store, EVENT_OBJECT_DELETED, one, false);
	}
	return EC_SUCCESS;
}

static void emit_two(struct store *store, unsigned type,
		     const struct one *from, const struct one *to)
{
	struct store_event ev = {
		.type = (uint16_t)type,
		.associated = to->kind & CONTENT_ASSOCIATED,
		.unread_known = true,
		.was_unread = !from->c.read,
		.is_unread = !to->c.read,
		.folder_id = db_id(to->folder),
		.message_id = db_id(to->id),
		.parent_id = db_id(to->folder),
		.old_folder_id = db_id(from->folder),
		.old_message_id = db_id(from->id),
		.old_parent_id = db_id(from->folder),
	};

	db_emit(store, &ev);
}

/* The message's own row: its folder, and the PCL after the change. */
static enum ec rehome(struct store *store, const struct one *to)
{
	struct arena *a = arena_new(0);
	struct bin pcl = { NULL, 0 };
	struct sqlite3_stmt *stmt;
	enum ec ec = message_row_pcl(store, to->id, a, &pcl);

	pcl = pcl_next(store, pcl, to->c.cn, a);
	stmt = db_stmt(store, "UPDATE messages SET folder=?2, pcl=?3 "
		       "WHERE id=?1");
	if (ec == EC_SUCCESS && stmt == NULL)
		ec = EC_DISK_ERROR;
	if (ec == EC_SUCCESS) {
		sqlite3_bind_int64(stmt, 1, (int64_t)to->id);
		sqlite3_bind_int64(stmt, 2, (int64_t)to->folder);
		if (pcl.len > 0)
			sqlite3_bind_blob64(stmt, 3, pcl.data, pcl.len,
					    SQLITE_STATIC);
		ec = db_run(store, stmt);
	}
	arena_free(a);
	return ec;
}

static enum ec move_one(struct batch *b, const struct one *from)
{
	struct one to = *from;
	enum ec ec;

	to.folder = b->dst;
	ec = db_new_counter(b->store, &to.c.cn);
	if (ec == EC_SUCCESS)
		ec = contents_copy(b->store, from, &to);
	if (ec == EC_SUCCESS)
		ec = contents_delete(b->store, from->folder, from->kind,
				     from->id);
	if (ec == EC_SUCCESS)
		ec = rehome(b->store, &to);
	if (ec != EC_SUCCESS)
		return ec;
	content_delta(&b->src_delta, from->kind, &from->c, -1);
	content_delta(&b->dst_delta, to.kind, &to.c, 1);
	b->src_delta.deleted_total++;
	b->dst_delta.cn = to.c.cn;
	emit_two(b->store, EVENT_OBJECT_MOVED, from, &to);
	return EC_SUCCESS;
}

static enum ec copy_one(struct batch *b, const struct one *from)
{
	struct one to = *from;
	enum ec ec = db_new_counter(b->store, &to.id);

	to.folder = b->dst;
	if (ec == EC_SUCCESS)
		ec = db_new_counter(b->store, &to.c.cn);
	to.c.read_cn = 0;
	if (ec == EC_SUCCESS)
		ec = contents_copy(b->store, from, &to);
	if (ec == EC_SUCCESS)
		ec = message_row_clone(b->store, (int64_t)from->id,
				       (int64_t)to.id, to.folder, 0);
	if (ec != EC_SUCCESS)
		return ec;
	content_delta(&b->dst_delta, to.kind, &to.c, 1);
	b->dst_delta.cn = to.c.cn;
	emit_two(b->store, EVENT_OBJECT_COPIED, from, &to);
	return EC_SUCCESS;
}

static enum ec read_one(struct batch *b, const struct one *one)
{
	bool read = !(b->flags & READ_FLAG_CLEAR);
	static const uint32_t tags[] = { PID_TAG_MESSAGE_FLAGS,
					 PID_TAG_READ };
	struct store_event ev = {
		.type = EVENT_OBJECT_MODIFIED,
		.associated = one->kind & CONTENT_ASSOCIATED,
		.unread_known = true,
		.was_unread = !one->c.read,
		.is_unread = !read,
		.folder_id = db_id(one->folder),
		.message_id = db_id(one->id),
		.parent_id = db_id(one->folder),
		.tags = { 2, tags },
	};
	uint64_t cn;
	enum ec ec;

	if (one->c.read == read)
		return EC_SUCCESS;
	ec = db_new_counter(b->store, &cn);
	if (ec == EC_SUCCESS)
		ec = content_set_read(b->store, one, read, cn);
	if (ec != EC_SUCCESS)
		return ec;
	if (one->kind == CONTENT_NORMAL)
		b->src_delta.unread += read ? -1 : 1;
	b->src_delta.cn = cn;
	b->changed++;
	db_emit(b->store, &ev);
	return EC_SUCCESS;
}

static enum ec soft_one(struct batch *b, const struct one *one)
{
	return message_delete_soft(b->store, one, &b->src_delta);
}

static enum ec hard_one(struct batch *b, const struct one *one)
{
	return message_delete_hard(b->store, one, &b->src_delta);
}

/* ---- Batches ---- */

static bool delta_is_zero(const struct folder_delta *d)
{
	static const struct folder_delta zero;

	return memcmp(d, &zero, sizeof zero) == 0;
}

static enum ec run_some(struct batch *b, const uint64_t *ids, size_t n,
			batch_fn fn)
{
	struct one one;
	enum ec ec = EC_SUCCESS;

	b->src_delta = b->dst_delta = (struct folder_delta){ 0 };
	for (size_t i = 0; i < n && ec == EC_SUCCESS; i++) {
		ec = find_in(b->store, b->src, db_counter(ids[i]),
			     b->deleted_too, &one);
		if (ec == EC_NOT_FOUND) {
			b->partial = true;
			ec = EC_SUCCESS;
		} else if (ec == EC_SUCCESS) {
			ec = fn(b, &one);
		}
	}
	if (ec == EC_SUCCESS && !delta_is_zero(&b->src_delta))
		ec = folder_count(b->store, b->src, &b->src_delta);
	if (ec == EC_SUCCESS && !delta_is_zero(&b->dst_delta))
		ec = folder_count(b->store, b->dst, &b->dst_delta);
	return ec;
}

/*
 * The messages that a search folder shows lie in other folders, and are dealt
 * with there, one by one.
 */
static enum ec run_found(struct batch *b, const uint64_t *ids, size_t n,
			 batch_fn fn)
{
	struct content_state c;
	enum content_kind kind;
	enum ec ec = EC_SUCCESS;

	b->search = false;
	for (size_t i = 0; i < n && ec == EC_SUCCESS; i++) {
		b->src = 0;
		ec = content_find(b->store, &b->src, db_counter(ids[i]),
				  false, &kind, &c);
		if (ec == EC_SUCCESS && b->src != b->dst)
			ec = batch_run(b, &ids[i], 1, fn);
		if (ec == EC_NOT_FOUND) {
			b->partial = true;
			ec = EC_SUCCESS;
		}
	}
	return ec;
}

enum ec batch_run(struct batch *b, const uint64_t *ids, size_t n,
		  batch_fn fn)
{
	enum ec ec = EC_SUCCESS;

	if (b->search)
		return run_found(b, ids, n, fn);
	for (size_t at = 0; at < n && ec == EC_SUCCESS; at += BATCH) {
		uint32_t changed = b->changed;
		size_t some = n - at < BATCH ? n - at : BATCH;

		ec = db_begin(b->store);
		if (ec != EC_SUCCESS)
			break;
		ec = db_end(b->store, run_some(b, ids + at, some, fn));
		if (ec != EC_SUCCESS)
			b->changed = changed;
	}
	return ec;
}

/* The folder that the messages are named in. */
static enum ec source(struct store *store, uint64_t folder_id,
		      struct batch *out)
{
	struct folder_row row;
	enum ec ec = folder_row_get(store, db_counter(folder_id), NULL,
				    &row);

	if (ec != EC_SUCCESS)
		return ec;
	*out = (struct batch){ .store = store, .src = row.id,
			       .search = row.type == FOLDER_SEARCH };
	return row.deleted != 0 ? EC_NOT_FOUND : EC_SUCCESS;
}

enum ec messages_delete(struct store *store, uint64_t folder_id,
			const uint64_t *ids, size_t n, bool hard,
			bool *partial)
{
	struct batch b = { .partial = false };
	enum ec ec = source(store, folder_id, &b);

	b.deleted_too = hard;

	if (ec == EC_SUCCESS)
		ec = batch_run(&b, ids, n, hard ? hard_one : soft_one);
	*partial = b.partial;
	return ec;
}

enum ec messages_purge(struct store *store, uint64_t folder,
		       const uint64_t *ids, size_t n, bool *partial)
{
	struct batch b = { .store = store, .src = folder,
			   .deleted_too = true };
	enum ec ec = batch_run(&b, ids, n, hard_one);

	*partial = b.partial;
	return ec;
}

static enum ec move_or_copy(struct store *store, uint64_t folder_id,
			    const uint64_t *ids, size_t n,
			    uint64_t dst_folder_id, bool *partial,
			    batch_fn fn)
{
	struct batch b = { .partial = false };
	enum ec ec = source(store, folder_id, &b);

	b.dst = db_counter(dst_folder_id);
	if (ec == EC_SUCCESS)
		ec = folder_takes_messages(store, dst_folder_id);
	/* into the folder they are in: nothing to do */
	if (ec == EC_SUCCESS && !(fn == move_one && b.src == b.dst))
		ec = batch_run(&b, ids, n, fn);
	*partial = b.partial;
	return ec;
}

enum ec messages_move(struct store *store, uint64_t folder_id,
		      const uint64_t *ids, size_t n, uint64_t dst_folder_id,
		      bool *partial)
{
	return move_or_copy(store, folder_id, ids, n, dst_folder_id, partial,
			    move_one);
}

enum ec messages_copy(struct store *store, uint64_t folder_id,
		      const uint64_t *ids, size_t n, uint64_t dst_folder_id,
		      bool *partial)
{
	return move_or_copy(store, folder_id, ids, n, dst_folder_id, partial,
			    copy_one);
}

/* ---- Read flags and status ---- */

static enum ec set_read_all(struct batch *b)
{
	uint64_t ids[BATCH], after = 0;
	enum ec ec = EC_SUCCESS;
	size_t n;

	do {
		n = messages_list(b->store, db_id(b->src), false, false,
				  after, ids, BATCH);
		if (n > 0)
			after = ids[n - 1];
		ec = batch_run(b, ids, n, read_one);
	} while (n == BATCH && ec == EC_SUCCESS);
	return ec;
}

enum ec messages_set_read(struct store *store, uint64_t folder_id,
			  const uint64_t *ids, size_t n, unsigned flags,
			  bool *partial, uint32_t *changed)
{
	struct batch b = { .partial = false };
	const unsigned none = READ_FLAG_GENERATE_RECEIPT_ONLY |
		READ_FLAG_CLEAR_NOTIFY_READ | READ_FLAG_CLEAR_NOTIFY_UNREAD;
	enum ec ec = source(store, folder_id, &b);

	b.flags = flags;
	/* receipts are not sent yet, and nothing else is asked for */
	if (ec == EC_SUCCESS && !(flags & none))
		ec = n == 0 ? set_read_all(&b) :
			batch_run(&b, ids, n, read_one);
	*partial = b.partial;
	if (changed != NULL)
		*changed = b.changed;
	return ec;
}

enum ec message_get_status(struct store *store, uint64_t folder_id,
			   uint64_t message_id, uint32_t *out)
{
	struct one one;
	enum ec ec = find_in(store, db_counter(folder_id),
			     db_counter(message_id), false, &one);

	if (ec == EC_SUCCESS)
		*out = one.c.status;
	return ec;
}

static enum ec write_status(struct store *store, const struct one *one,
			    uint32_t status)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"UPDATE contents SET status=?4, read_cn=?5 WHERE folder=?1 "
		"AND kind=?2 AND id=?3");
	static const uint32_t tags[] = { PID_TAG_MESSAGE_STATUS };
	struct store_event ev = {
		.type = EVENT_OBJECT_MODIFIED,
		.associated = one->kind & CONTENT_ASSOCIATED,
		.folder_id = db_id(one->folder),
		.message_id = db_id(one->id),
		.parent_id = db_id(one->folder),
		.tags = { 1, tags },
	};
	enum ec ec;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)one->folder);
	sqlite3_bind_int(stmt, 2, (int)one->kind);
	sqlite3_bind_int64(stmt, 3, (int64_t)one->id);
	sqlite3_bind_int64(stmt, 4, status);
	sqlite3_bind_int64(stmt, 5, (int64_t)one->c.read_cn);
	ec = db_run(store, stmt);
	if (ec == EC_SUCCESS)
		db_emit(store, &ev);
	return ec;
}

/* R416, R1500: the bits of the mask become those of the status. */
enum ec message_set_status(struct store *store, uint64_t folder_id,
			   uint64_t message_id, uint32_t status,
			   uint32_t mask, uint32_t *old)
{
	uint32_t before, after;
	struct one one;
	enum ec ec = find_in(store, db_counter(folder_id),
			     db_counter(message_id), false, &one);

	if (ec != EC_SUCCESS)
		return ec;
	before = one.c.status;
	after = (before & ~mask) | (status & mask);
	if (after != before) {
		ec = db_begin(store);
		if (ec == EC_SUCCESS)
			ec = db_end(store, write_status(store, &one, after));
	}
	if (ec == EC_SUCCESS)
		*old = before;
	return ec;
}

size_t messages_list(struct store *store, uint64_t folder_id,
		     bool associated, bool deleted, uint64_t after,
		     uint64_t *ids, size_t max)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT id FROM contents WHERE folder=?1 AND kind=?2 AND "
		"id>?3 ORDER BY id LIMIT ?4");
	size_t n = 0;
	bool row;

	if (stmt == NULL)
		return 0;
	sqlite3_bind_int64(stmt, 1, db_key(folder_id));
	sqlite3_bind_int(stmt, 2, (associated ? CONTENT_ASSOCIATED : 0) |
			 (deleted ? CONTENT_DELETED : 0));
	sqlite3_bind_int64(stmt, 3, db_key(after));
	sqlite3_bind_int64(stmt, 4, (int64_t)max);
	while (n < max && db_step(store, stmt, &row) == EC_SUCCESS && row)
		ids[n++] = db_id((uint64_t)sqlite3_column_int64(stmt, 0));
	db_done(stmt);
	return n;
}
