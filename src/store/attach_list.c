/* SPDX-License-Identifier: Apache-2.0 */
/* Attachments as their message has them, and their rows. */
#include <stdlib.h>
#include <string.h>

#include "store/message_impl.h"

/* ---- The list ---- */

void attach_node_clear(struct attach_node *node)
{
	packed_unref(node->props);
	state_unref(node->embedded);
	node->props = NULL;
	node->embedded = NULL;
	node->embedded_id = 0;
}

void attach_list_free(struct attach_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		attach_node_clear(&list->v[i]);
	free(list->v);
	*list = (struct attach_list){ 0 };
}

void attach_list_copy(struct attach_list *dst,
		      const struct attach_list *src)
{
	*dst = *src;
	dst->cap = src->n;
	dst->v = xmalloc((src->n + 1) * sizeof *src->v);
	if (src->n > 0)
		memcpy(dst->v, src->v, src->n * sizeof *src->v);
	for (size_t i = 0; i < dst->n; i++) {
		packed_ref(dst->v[i].props);
		if (dst->v[i].embedded != NULL)
			state_ref(dst->v[i].embedded);
	}
}

struct attach_node *attach_list_find(const struct attach_list *list,
				     uint32_t number)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].number == number)
			return &list->v[i];
	return NULL;
}

/* Numbers only grow, so that the new one is mostly the last. */
struct attach_node *attach_list_add(struct attach_list *list,
				    uint32_t number)
{
	size_t at = list->n;

	if (list->n == list->cap) {
		list->cap = list->cap == 0 ? 4 : list->cap * 2;
		list->v = xrealloc(list->v, list->cap * sizeof *list->v);
	}
	while (at > 0 && list->v[at - 1].number > number)
		at--;
	memmove(&list->v[at + 1], &list->v[at],
		(list->n - at) * sizeof *list->v);
	list->n++;
	list->v[at] = (struct attach_node){ .number = number };
	if (number >= list->next_number)
		list->next_number = number + 1;
	return &list->v[at];
}

void attach_list_remove(struct attach_list *list, uint32_t number)
{
	struct attach_node *node = attach_list_find(list, number);
	size_t at;

	if (node == NULL)
		return;
	at = (size_t)(node - list->v);
	attach_node_clear(node);
	memmove(node, node + 1, (list->n - at - 1) * sizeof *node);
	list->n--;
}

uint64_t attach_list_size(const struct attach_list *list)
{
	uint64_t size = 0;

	for (size_t i = 0; i < list->n; i++)
		size += list->v[i].size;
	return size;
}

/* ---- Rows ---- */

enum ec attach_list_load(struct store *store, int64_t message,
			 struct attach_list *out)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT num, embedded, size, props FROM attachments "
		"WHERE message=?1 ORDER BY num");
	struct attach_node *node;
	enum ec ec;
	bool row;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	*out = (struct attach_list){ 0 };
	sqlite3_bind_int64(stmt, 1, message);
	while ((ec = db_step(store, stmt, &row)) == EC_SUCCESS && row) {
		node = attach_list_add(out, (uint32_t)
				       sqlite3_column_int64(stmt, 0));
		node->embedded_id = sqlite3_column_int64(stmt, 1);
		node->size = (uint64_t)sqlite3_column_int64(stmt, 2);
		node->props = packed_new(sqlite3_column_blob(stmt, 3),
			(size_t)sqlite3_column_bytes(stmt, 3));
		if (node->props == NULL) {
			ec = db_damaged(store, "attachment of message",
					message);
			break;
		}
	}
	db_done(stmt);
	if (ec != EC_SUCCESS)
		attach_list_free(out);
	return ec;
}

static enum ec write_row(struct store *store, int64_t message,
			 const struct attach_node *node)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"INSERT OR REPLACE INTO attachments(message, num, embedded, "
		"size, props) VALUES(?1, ?2, ?3, ?4, ?5)");

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, message);
	sqlite3_bind_int64(stmt, 2, node->number);
	sqlite3_bind_int64(stmt, 3, node->embedded_id);
	sqlite3_bind_int64(stmt, 4, (int64_t)node->size);
	sqlite3_bind_blob64(stmt, 5, node->props->data,
			    node->props->blob.len, SQLITE_STATIC);
	return db_run(store, stmt);
}

static enum ec delete_row(struct store *store, int64_t message,
			  uint32_t number)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"DELETE FROM attachments WHERE message=?1 AND num=?2");

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, message);
	sqlite3_bind_int64(stmt, 2, number);
	return db_run(store, stmt);
}

/* Write one; node becomes what is on disk.  old: its row, if there is one. */
static enum ec save_node(struct store *store, int64_t message,
			 struct attach_node *node,
			 const struct attach_node *old)
{
	int64_t embedded = old != NULL ? old->embedded_id : 0;
	struct packed *stored;
	enum ec ec;

	if (old != NULL && !packed_within(node->props, old->props->data,
					  old->props->blob.len))
		return EC_OBJECT_MODIFIED;
	ec = packed_save(store, node->props, &stored);
	if (ec != EC_SUCCESS)
		return ec;
	packed_unref(node->props);
	node->props = stored;
	if (old != NULL)
		ec = packed_drop_streams(store, old->props->data,
					 old->props->blob.len, stored);
	if (ec == EC_SUCCESS && embedded != 0 && node->embedded == NULL &&
	    node->embedded_id != embedded) {
		ec = message_row_delete(store, embedded);
		embedded = node->embedded_id;
	}
	if (ec == EC_SUCCESS && node->embedded != NULL) {
		ec = state_save(store, node->embedded, &embedded);
		node->embedded_id = embedded;
		state_unref(node->embedded);
		node->embedded = NULL;
	}
	if (ec == EC_SUCCESS)
		ec = write_row(store, message, node);
	node->dirty = false;
	return ec;
}

static enum ec remove_node(struct store *store, int64_t message,
			   const struct attach_node *node)
{
	enum ec ec = packed_drop_streams(store, node->props->data,
					 node->props->blob.len, NULL);

	if (ec == EC_SUCCESS && node->embedded_id != 0)
		ec = message_row_delete(store, node->embedded_id);
	if (ec == EC_SUCCESS)
		ec = delete_row(store, message, node->number);
	return ec;
}

enum ec attach_list_save(struct store *store, int64_t message, bool is_new,
			 const struct attach_list *list,
			 struct attach_list *saved)
{
	struct attach_list old = { 0 };
	enum ec ec = EC_SUCCESS;

	attach_list_copy(saved, list);
	if (!is_new)
		ec = attach_list_load(store, message, &old);
	for (size_t i = 0; i < old.n && ec == EC_SUCCESS; i++)
		if (attach_list_find(list, old.v[i].number) == NULL)
			ec = remove_node(store, message, &old.v[i]);
	for (size_t i = 0; i < saved->n && ec == EC_SUCCESS; i++) {
		struct attach_node *node = &saved->v[i];
		const struct attach_node *was =
			attach_list_find(&old, node->number);

		if (node->dirty)
			ec = save_node(store, message, node, was);
		else if (was == NULL)
			ec = EC_OBJECT_MODIFIED;
	}
	attach_list_free(&old);
	return ec;
}

enum ec attachments_delete(struct store *store, int64_t message)
{
	struct attach_list list;
	enum ec ec = attach_list_load(store, message, &list);

	if (ec != EC_SUCCESS)
		return ec;
	for (size_t i = 0; i < list.n && ec == EC_SUCCESS; i++)
		ec = remove_node(store, message, &list.v[i]);
	attach_list_free(&list);
	return ec;
}
