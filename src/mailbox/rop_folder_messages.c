/* SPDX-License-Identifier: Apache-2.0 */
/* Folder ROPs on many messages, and search folders ([MS-OXCFOLD] 3.2.5). */
#include "mailbox/rop_handler.h"
#include "mapi/restriction.h"
#include "store/folder.h"

enum {                                    /* [MS-OXCFOLD] 2.2.1.4.1 */
	STOP_SEARCH = 0x00000001,
	RESTART_SEARCH = 0x00000002,
	RECURSIVE_SEARCH = 0x00000004,
	SHALLOW_SEARCH = 0x00000008,
	CONTENT_INDEXED_SEARCH = 0x00010000,
	NON_CONTENT_INDEXED_SEARCH = 0x00020000,
	STATIC_SEARCH = 0x00040000,
	SEARCH_FLAGS_ALL = 0x0007000f,
};

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

static bool both(uint32_t flags, uint32_t a, uint32_t b)
{
	return (flags & a) != 0 && (flags & b) != 0;
}

/* [MS-OXCFOLD] 2.2.1.4.1: unknown bits, and pairs that exclude each other */
static bool search_flags_valid(uint32_t flags)
{
	return (flags & ~(uint32_t)SEARCH_FLAGS_ALL) == 0 &&
		!both(flags, STOP_SEARCH, RESTART_SEARCH) &&
		!both(flags, RECURSIVE_SEARCH, SHALLOW_SEARCH) &&
		!both(flags, CONTENT_INDEXED_SEARCH,
		      NON_CONTENT_INDEXED_SEARCH);
}

/* The restriction as it is stored: bytes, with strings of Unicode. */
static struct bin encode_restriction(struct rop_call *call,
				     const struct restriction *r)
{
	struct prop_ctx ctx = prop_ctx_rop(call->arena, 0);
	struct wire_w w = wire_w(arena_alloc(call->arena, UINT16_MAX),
				 UINT16_MAX);

	restriction_encode(&w, &ctx, r);
	return w.full ? (struct bin){ NULL, 0 } : (struct bin){ w.base, w.len };
}

/* [MS-OXCFOLD] 3.2.5.4 */
enum ec rop_set_search_criteria(struct rop_call *call,
				const struct rop_set_search_criteria_req *req,
				struct rop_set_search_criteria_rsp *rsp)
{
	struct search_criteria criteria = {
		.n_folders = req->folder_ids.n,
		.folders = req->folder_ids.v,
		.flags = req->search_flags,
	};

	if (!search_flags_valid(req->search_flags))
		return EC_INVALID_PARAM;
	for (uint32_t i = 0; i < req->folder_ids.n; i++)
		if (req->folder_ids.v[i] == call->in->folder_id)
			return EC_SEARCH_FOLDER_SCOPE;
	if (req->restriction != NULL) {
		criteria.restriction = encode_restriction(call,
							  req->restriction);
		if (criteria.restriction.data == NULL)
			return EC_TOO_COMPLEX;
	}
	return folder_set_search(rop_call_store(call), call->in->folder_id,
				 &criteria);
}

/* [MS-OXCFOLD] 3.2.5.5 */
enum ec rop_get_search_criteria(struct rop_call *call,
				const struct rop_get_search_criteria_req *req,
				struct rop_get_search_criteria_rsp *rsp)
{
	struct prop_ctx ctx = prop_ctx_rop(call->arena, 0);
	struct search_criteria criteria;
	struct restriction *r = arena_alloc(call->arena, sizeof *r);
	struct wire_r in;
	enum ec ec = folder_get_search(rop_call_store(call),
				       call->in->folder_id, call->arena,
				       &criteria);

	if (ec != EC_SUCCESS)
		return ec;
	rsp->logon_id = call->logon_id;
	rsp->search_flags = criteria.state;
	if (req->include_folders)
		rsp->folder_ids = (struct rop_ids){
			.n = (uint32_t)criteria.n_folders,
			.v = criteria.folders,
		};
	if (!req->include_restriction || criteria.restriction.len == 0)
		return EC_SUCCESS;
	in = wire_r(criteria.restriction.data, criteria.restriction.len);
	if (!restriction_decode(&in, &ctx, r))
		return EC_CORRUPT_DATA;
	rsp->restriction = r;
	return EC_SUCCESS;
}
