/* SPDX-License-Identifier: Apache-2.0 */
#include "mailbox/folder_copy.h"

#include "mapi/prop.h"
#include "store/folder.h"
#include "store/table.h"

enum { BATCH = 256, DEPTH_MAX = 1000 };

/* Whether the folder is src or below it. */
static enum ec check_cycle(struct store *store, uint64_t src, uint64_t folder)
{
	struct folder_info info;
	enum ec ec;

	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		if (folder == src)
			return EC_FOLDER_CYCLE;
		ec = folder_stat(store, folder, true, &info);
		if (ec != EC_SUCCESS)
			return ec;
		if (info.parent_id == folder)
			return EC_SUCCESS;
		folder = info.parent_id;
	}
	return EC_FOLDER_CYCLE;
}

struct folder_list {
	uint64_t *v;
	uint32_t n, max;
};

static bool add_folder(void *ctx, const struct prop_value *row, uint32_t n)
{
	struct folder_list *list = ctx;

	if (list->n == list->max)
		return false;
	list->v[list->n++] = (uint64_t)row[0].i64;
	return true;
}

static enum ec list_subfolders(struct rop_call *call, uint64_t folder,
			       struct folder_list *out)
{
	static const uint32_t column = PID_TAG_FOLDER_ID;
	struct folder_list list = { .n = 0 };
	struct table *table;
	uint8_t origin;
	uint32_t n;
	enum ec ec;

	ec = table_open_hierarchy(rop_call_store(call), folder, 0,
				  call->session->lcid_sort, &table, &list.max);
	if (ec != EC_SUCCESS)
		return ec;
	list.v = arena_array(call->arena, list.max, sizeof list.v[0]);
	ec = table_set_columns(table, (struct prop_tags){ 1, &column });
	if (ec == EC_SUCCESS && list.max > 0)
		ec = table_query_rows(table, 0, true, list.max, add_folder,
				      &list, &n, &origin);
	table_free(table);
	if (ec == EC_SUCCESS)
		*out = list;
	return ec;
}

static enum ec copy_subfolders(struct rop_call *call, uint64_t src,
			       uint64_t dst, bool *partial)
{
	struct folder_list list;
	uint64_t id;
	bool some;
	enum ec ec = list_subfolders(call, src, &list);

	for (uint32_t i = 0; ec == EC_SUCCESS && i < list.n; i++) {
		some = false;
		ec = folder_copy(rop_call_store(call), list.v[i], dst, NULL,
				 true, &id, &some);
		*partial |= some;
	}
	return ec;
}

static enum ec copy_messages(struct rop_call *call, uint64_t src, uint64_t dst,
			     bool associated, bool *partial)
{
	struct store *store = rop_call_store(call);
	uint64_t ids[BATCH], after = 0;
	bool some;
	size_t n;
	enum ec ec = EC_SUCCESS;

	while (ec == EC_SUCCESS &&
	       (n = messages_list(store, src, associated, false, after, ids,
				  BATCH)) > 0) {
		after = ids[n - 1];
		some = false;
		ec = messages_copy(store, src, ids, n, dst, &some);
		*partial |= some;
	}
	return ec;
}

enum ec folder_copy_contents(struct rop_call *call, uint64_t src, uint64_t dst,
			     const struct folder_copy_what *what)
{
	bool partial = false;
	enum ec ec = check_cycle(rop_call_store(call), src, dst);

	if (ec == EC_SUCCESS && what->subfolders)
		ec = copy_subfolders(call, src, dst, &partial);
	if (ec == EC_SUCCESS && what->messages)
		ec = copy_messages(call, src, dst, false, &partial);
	if (ec == EC_SUCCESS && what->associated)
		ec = copy_messages(call, src, dst, true, &partial);
	return ec == EC_SUCCESS && partial ? EC_PARTIAL_COMPLETION : ec;
}

/* ---- Into another mailbox ---- */

static enum ec carry_subfolders(struct rop_call *call, uint64_t src,
				struct store *to, uint64_t dst, bool *partial)
{
	struct store *from = rop_call_store(call);
	struct folder_list list;
	uint64_t id;
	bool some;
	enum ec ec = rop_call_lock(call, from);

	if (ec == EC_SUCCESS)
		ec = list_subfolders(call, src, &list);
	rop_call_unlock(call);
	for (uint32_t i = 0; ec == EC_SUCCESS && i < list.n; i++) {
		ec = folder_transfer(from, list.v[i], to, dst, NULL, true,
				     false, &id, &some);
		*partial |= some;
	}
	return ec;
}

static enum ec carry_messages(struct rop_call *call, uint64_t src,
			      struct store *to, uint64_t dst, bool associated,
			      bool *partial)
{
	struct store *from = rop_call_store(call);
	uint64_t ids[BATCH], after = 0;
	size_t n = BATCH;
	bool some;
	enum ec ec = EC_SUCCESS;

	while (ec == EC_SUCCESS && n == BATCH) {
		ec = rop_call_lock(call, from);
		if (ec != EC_SUCCESS)
			break;
		n = messages_list(from, src, associated, false, after, ids,
				  BATCH);
		rop_call_unlock(call);
		if (n == 0)
			break;
		after = ids[n - 1];
		ec = messages_transfer(from, src, ids, n, to, dst, false,
				       &some);
		*partial |= some;
	}
	return ec;
}

enum ec folder_copy_across(struct rop_call *call, uint64_t src,
			   struct store *to, uint64_t dst,
			   const struct folder_copy_what *what)
{
	bool partial = false;
	enum ec ec = EC_SUCCESS;

	if (what->subfolders)
		ec = carry_subfolders(call, src, to, dst, &partial);
	if (ec == EC_SUCCESS && what->messages)
		ec = carry_messages(call, src, to, dst, false, &partial);
	if (ec == EC_SUCCESS && what->associated)
		ec = carry_messages(call, src, to, dst, true, &partial);
	return ec == EC_SUCCESS && partial ? EC_PARTIAL_COMPLETION : ec;
}
