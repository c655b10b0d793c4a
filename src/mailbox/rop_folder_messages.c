/* SPDX-License-Identifier: Apache-2.0 */
/* Folder ROPs on many messages ([MS-OXCFOLD] 3.2.5). */
#include "mailbox/rop_handler.h"
#include "store/folder.h"

/* [MS-OXCFOLD] 3.2.5.6 */
enum ec rop_move_copy_messages(struct rop_call *call,
			       const struct rop_move_copy_messages_req *req,
			       struct rop_move_copy_messages_rsp *rsp)
{
	struct store *store = rop_call_store(call);
	uint64_t from = call->in->folder_id;
	const struct rop_ids *ids = &req->message_ids;
	struct object *dest;
	struct folder_info info;
	enum ec ec;

	rsp->dest_handle_index = call->header->dest_handle_index;
	ec = rop_call_dest(call, OBJECT_FOLDER, &dest);
	if (ec != EC_SUCCESS)
		return ec;
	if (dest->logon->store != store) {
		rop_call_unlock(call);
		return messages_transfer(store, from, ids->v, ids->n,
					 dest->logon->store, dest->folder_id,
					 !req->want_copy,
					 &rsp->partial_completion);
	}
	ec = folder_stat(store, dest->folder_id, false, &info);
	if (ec != EC_SUCCESS)
		return ec;
	if (info.type == FOLDER_SEARCH)
		return EC_SEARCH_FOLDER;
	return (req->want_copy ? messages_copy : messages_move)(
		store, from, ids->v, ids->n, dest->folder_id,
		&rsp->partial_completion);
}

/*
 * [MS-OXCFOLD] 3.2.5.11.  Non-read receipts (NotifyNonRead) are for the
 * transport, which is not there yet.
 */
enum ec rop_delete_messages(struct rop_call *call,
			    const struct rop_delete_messages_req *req,
			    struct rop_delete_messages_rsp *rsp)
{
	return messages_delete(rop_call_store(call), call->in->folder_id,
			       req->message_ids.v, req->message_ids.n, false,
			       &rsp->partial_completion);
}

/* [MS-OXCFOLD] 3.2.5.12 */
enum ec rop_hard_delete_messages(struct rop_call *call,
		const struct rop_hard_delete_messages_req *req,
		struct rop_hard_delete_messages_rsp *rsp)
{
	return messages_delete(rop_call_store(call), call->in->folder_id,
			       req->message_ids.v, req->message_ids.n, true,
			       &rsp->partial_completion);
}
