/* SPDX-License-Identifier: Apache-2.0 */
/* Messages in attachments, as their attachment has them. */
#include <stdlib.h>
#include <string.h>

#include "store/message_impl.h"

struct message_state *state_ref(struct message_state *s)
{
	s->refs++;
	return s;
}

void state_unref(struct message_state *s)
{
	if (s == NULL || --s->refs > 0)
		return;
	packed_unref(s->props);
	message_recipients_free(&s->recipients);
	attach_list_free(&s->attachments);
	free(s);
}

static struct message_state *state_new(void)
{
	struct message_state *s = xcalloc(1, sizeof *s);

	s->refs = 1;
	return s;
}

static enum ec load_row(struct store *store, int64_t id,
			struct message_state *s)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT props, recipients FROM messages WHERE id=?1 "
		"/* state */");
	enum ec ec;
	bool row;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, id);
	ec = db_step(store, stmt, &row);
	if (ec == EC_SUCCESS && !row)
		ec = EC_NOT_FOUND;
	if (ec == EC_SUCCESS) {
		s->props = packed_new(sqlite3_column_blob(stmt, 0),
			(size_t)sqlite3_column_bytes(stmt, 0));
		if (s->props == NULL || !recipients_load(&s->recipients,
				sqlite3_column_blob(stmt, 1),
				(size_t)sqlite3_column_bytes(stmt, 1)))
			ec = db_damaged(store, "message", id);
	}
	db_done(stmt);
	return ec;
}

static uint64_t state_size(const struct message_state *s)
{
	struct blob_entry e;
	uint64_t size = recipients_size(&s->recipients) +
		attach_list_size(&s->attachments);

	for (size_t i = 0; i < s->props->blob.n; i++) {
		blob_at(&s->props->blob, i, &e);
		size += e.size + 4;
	}
	return size;
}

enum ec state_load(struct store *store, int64_t id,
		   struct message_state **out)
{
	struct message_state *s = state_new();
	enum ec ec = load_row(store, id, s);

	if (ec == EC_SUCCESS)
		ec = attach_list_load(store, id, &s->attachments);
	if (ec != EC_SUCCESS) {
		state_unref(s);
		return ec;
	}
	s->size = state_size(s);
	*out = s;
	return EC_SUCCESS;
}

/* A new ID below all there are. */
static enum ec new_id(struct store *store, int64_t *id)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT min(id) FROM messages");
	bool row;
	enum ec ec = db_step(store, stmt, &row);

	if (ec == EC_SUCCESS) {
		*id = sqlite3_column_int64(stmt, 0);
		*id = *id < 0 ? *id - 1 : -1;
	}
	db_done(stmt);
	return ec;
}

enum ec state_save(struct store *store, const struct message_state *s,
		   int64_t *id)
{
	struct attach_list saved = { 0 };
	struct packed *stored = NULL;
	bool is_new = *id == 0;
	enum ec ec = EC_SUCCESS;

	if (is_new)
		ec = new_id(store, id);
	if (ec == EC_SUCCESS)
		ec = packed_save(store, s->props, &stored);
	if (ec == EC_SUCCESS && !is_new)
		ec = message_row_streams(store, *id, s->props, stored);
	if (ec == EC_SUCCESS)
		ec = message_row_write(store, *id, is_new, 0,
				       (struct bin){ NULL, 0 }, stored,
				       &s->recipients);
	if (ec == EC_SUCCESS)
		ec = attach_list_save(store, *id, is_new, &s->attachments,
				      &saved);
	attach_list_free(&saved);
	packed_unref(stored);
	return ec;
}

/* ---- Copies ---- */

enum ec node_state(struct store *store, const struct attach_node *node,
		   struct message_state **out)
{
	if (node->embedded != NULL) {
		*out = state_ref(node->embedded);
		return EC_SUCCESS;
	}
	if (node->embedded_id == 0)
		return EC_NOT_FOUND;
	return state_load(store, node->embedded_id, out);
}

static enum ec copy_recipients(struct store *src,
			       const struct recipients *from,
			       struct store *dst, packed_map_fn map,
			       void *ctx, struct recipients *to)
{
	struct packed *p, *mapped;
	enum ec ec = EC_SUCCESS;

	recipients_copy(to, from);
	if (map == NULL)
		return EC_SUCCESS;
	buf_clear(&to->data);
	for (size_t i = 0; i < from->n && ec == EC_SUCCESS; i++) {
		p = packed_new(from->data.data + from->v[i].offset,
			       from->v[i].len);
		if (p == NULL)
			return EC_CORRUPT_STORE;
		ec = packed_copy(src, p, dst, map, ctx, &mapped);
		packed_unref(p);
		if (ec != EC_SUCCESS)
			break;
		to->v[i].offset = to->data.len;
		to->v[i].len = mapped->blob.len;
		buf_add(&to->data, mapped->data, mapped->blob.len);
		packed_unref(mapped);
	}
	return ec;
}

enum ec node_copy(struct store *src, const struct attach_node *node,
		  struct store *dst, packed_map_fn map, void *ctx,
		  unsigned depth, struct attach_node *out)
{
	struct message_state *s;
	enum ec ec = packed_copy(src, node->props, dst, map, ctx,
				 &out->props);

	if (ec != EC_SUCCESS)
		return ec;
	out->size = node->size;
	out->dirty = true;
	ec = node_state(src, node, &s);
	if (ec == EC_NOT_FOUND)
		return EC_SUCCESS;
	if (ec != EC_SUCCESS)
		return ec;
	ec = state_copy(src, s, dst, map, ctx, depth + 1, &out->embedded);
	state_unref(s);
	return ec;
}

enum ec state_copy(struct store *src, const struct message_state *s,
		   struct store *dst, packed_map_fn map, void *ctx,
		   unsigned depth, struct message_state **out)
{
	struct message_state *copy;
	enum ec ec;

	if (depth > MESSAGE_DEPTH_MAX)
		return EC_TOO_COMPLEX;
	copy = state_new();
	copy->size = s->size;
	ec = packed_copy(src, s->props, dst, map, ctx, &copy->props);
	if (ec == EC_SUCCESS)
		ec = copy_recipients(src, &s->recipients, dst, map, ctx,
				     &copy->recipients);
	for (size_t i = 0; i < s->attachments.n && ec == EC_SUCCESS; i++)
		ec = node_copy(src, &s->attachments.v[i], dst, map, ctx,
			       depth, attach_list_add(&copy->attachments,
					s->attachments.v[i].number));
	if (ec == EC_SUCCESS)
		*out = copy;
	else
		state_unref(copy);
	return ec;
}
