/* SPDX-License-Identifier: Apache-2.0 */
/* ROPs on a mailbox as a whole: receive folders, IDs ([MS-OXCSTOR] 3.2.5). */
#include "mailbox/rop_handler.h"
#include "store/store.h"

/* [MS-OXCSTOR] 3.2.5.2 */
enum ec rop_get_receive_folder(struct rop_call *call,
			       const struct rop_get_receive_folder_req *req,
			       struct rop_get_receive_folder_rsp *rsp)
{
	char *class = arena_alloc(call->arena, MESSAGE_CLASS_SIZE);

	rsp->explicit_message_class = class;
	return store_get_receive_folder(rop_call_store(call),
					req->message_class, &rsp->folder_id,
					class);
}

/* [MS-OXCSTOR] 3.2.5.3; the store has all its conditions. */
enum ec rop_set_receive_folder(struct rop_call *call,
			       const struct rop_set_receive_folder_req *req,
			       struct rop_set_receive_folder_rsp *rsp)
{
	return store_set_receive_folder(rop_call_store(call),
					req->message_class, req->folder_id);
}

/* The columns of [MS-OXCSTOR] 2.2.1.4.2, in the order given there. */
static void receive_folder_row(const struct receive_folder *folder,
			       struct prop_value out[static 3])
{
	const uint32_t *tags = rop_receive_folder_columns.v;

	out[0] = (struct prop_value){ .tag = tags[0],
				      .i64 = (int64_t)folder->folder_id };
	out[1] = (struct prop_value){ .tag = tags[1],
				      .str = folder->message_class };
	out[2] = (struct prop_value){ .tag = tags[2],
				      .time = folder->modified };
}

/* [MS-OXCSTOR] 3.2.5.4 */
enum ec rop_get_receive_folder_table(struct rop_call *call,
		const struct rop_get_receive_folder_table_req *req,
		struct rop_get_receive_folder_table_rsp *rsp)
{
	const struct receive_folder *folders;
	struct prop_value row[3];
	size_t n = store_receive_folders(rop_call_store(call), call->arena,
					 &folders);
	/* A row: flag, ID, time, class */
	size_t cap = n * (1 + 8 + 8 + MESSAGE_CLASS_SIZE);
	struct wire_w w = wire_w(arena_alloc(call->arena, cap), cap);

	if (n == 0)
		return EC_NO_RECEIVE_FOLDER;
	for (size_t i = 0; i < n; i++) {
		receive_folder_row(&folders[i], row);
		prop_row_encode(&w, &call->codec->prop,
				&rop_receive_folder_columns, row);
	}
	rsp->row_count = (uint32_t)n;
	rsp->rows = (struct bin){ w.base, w.len };
	return w.full ? EC_ERROR : EC_SUCCESS;
}

/* [MS-OXCSTOR] 3.2.5.5: "Servers SHOULD NOT implement this ROP." */
enum ec rop_get_store_state(struct rop_call *call,
			    const struct rop_get_store_state_req *req,
			    struct rop_get_store_state_rsp *rsp)
{
	return EC_NOT_IMPLEMENTED;
}

/* [MS-OXCSTOR] 3.2.5.7: in a private mailbox nothing is ghosted. */
enum ec rop_public_folder_is_ghosted(struct rop_call *call,
		const struct rop_public_folder_is_ghosted_req *req,
		struct rop_public_folder_is_ghosted_rsp *rsp)
{
	rsp->is_ghosted = false;
	return EC_SUCCESS;
}

/* [MS-OXCSTOR] 3.2.5.8 */
enum ec rop_long_term_id_from_id(struct rop_call *call,
				 const struct rop_long_term_id_from_id_req *req,
				 struct rop_long_term_id_from_id_rsp *rsp)
{
	rsp->long_term_id.counter = id_counter(req->object_id);
	return store_replguid(rop_call_store(call), id_replid(req->object_id),
			      &rsp->long_term_id.database_guid);
}

/* [MS-OXCSTOR] 3.2.5.9 */
enum ec rop_id_from_long_term_id(struct rop_call *call,
				 const struct rop_id_from_long_term_id_req *req,
				 struct rop_id_from_long_term_id_rsp *rsp)
{
	const struct long_term_id *id = &req->long_term_id;
	uint16_t replid;
	enum ec ec;

	if (guid_is_null(&id->database_guid))
		return EC_INVALID_PARAM;
	ec = store_replid(rop_call_store(call), &id->database_guid, &replid);
	if (ec != EC_SUCCESS)
		return ec;
	rsp->object_id = id_make(replid, id->counter);
	return EC_SUCCESS;
}

/* [MS-OXCFXICS] 3.2.5.9.4.7 */
enum ec rop_get_local_replica_ids(
	struct rop_call *call, const struct rop_get_local_replica_ids_req *req,
	struct rop_get_local_replica_ids_rsp *rsp)
{
	struct store *store = rop_call_store(call);
	uint64_t first;
	enum ec ec = store_reserve_ids(store, req->id_count, &first);

	if (ec != EC_SUCCESS)
		return ec;
	rsp->repl_guid = store_replica_guid(store);
	globcnt_put(id_counter(first), rsp->global_count.b);
	return EC_SUCCESS;
}

/*
 * [MS-OXCFXICS] 3.2.5.9.4.8: IDs that the client set aside and never used.
 * The server need not do anything with them but believe it.
 */
enum ec rop_set_local_replica_midset_deleted(struct rop_call *call,
		const struct rop_set_local_replica_midset_deleted_req *req,
		struct rop_set_local_replica_midset_deleted_rsp *rsp)
{
	struct guid own = store_replica_guid(rop_call_store(call));

	for (uint32_t i = 0; i < req->long_term_id_ranges.n; i++) {
		const struct rop_id_range *r = &req->long_term_id_ranges.v[i];

		if (!guid_equal(&r->min_long_term_id.database_guid, &own) ||
		    !guid_equal(&r->max_long_term_id.database_guid, &own) ||
		    r->min_long_term_id.counter > r->max_long_term_id.counter)
			return EC_INVALID_PARAM;
	}
	return EC_SUCCESS;
}
