/* SPDX-License-Identifier: Apache-2.0 */
/* Folder ROPs: opening, making, deleting, moving ([MS-OXCFOLD] 3.2.5). */
#include "mailbox/rop_handler.h"
#include "store/folder.h"

enum { OPEN_SOFT_DELETED = 0x04 };        /* [MS-OXCFOLD] 2.2.1.1.1 */

enum { DELETE_FLAGS_ALL = DEL_MESSAGES | DEL_FOLDERS | DELETE_HARD_DELETE };

static bool is_root(const struct rop_call *call, uint64_t folder_id)
{
	return folder_id == store_special(rop_call_store(call), SPECIAL_ROOT);
}

static enum ec new_folder(struct rop_call *call, uint64_t folder_id)
{
	struct object *object;
	enum ec ec = rop_call_new(call, OBJECT_FOLDER, NULL, &object);

	if (ec == EC_SUCCESS)
		object->folder_id = folder_id;
	return ec;
}

/* Whether rules stand in the folder ([MS-OXCFOLD] 2.2.1.1.2, HasRules). */
static bool has_rules(struct rop_call *call, uint64_t folder_id)
{
	const uint32_t tag = PID_TAG_HAS_RULES;
	struct prop_value value;

	return folder_get_props(rop_call_store(call), folder_id, &tag, 1,
				call->arena, &value) == EC_SUCCESS &&
		value.tag == tag && value.b;
}

/* [MS-OXCFOLD] 3.2.5.1; other bits of OpenModeFlags are ignored. */
enum ec rop_open_folder(struct rop_call *call,
			const struct rop_open_folder_req *req,
			struct rop_open_folder_rsp *rsp)
{
	struct folder_info info;
	enum ec ec = folder_stat(rop_call_store(call), req->folder_id,
				 (req->open_mode_flags & OPEN_SOFT_DELETED) !=
				 0, &info);

	if (ec != EC_SUCCESS)
		return ec;
	rsp->has_rules = has_rules(call, req->folder_id);
	return new_folder(call, req->folder_id);
}

/*
 * [MS-OXCFOLD] 3.2.5.2.  IsExistingFolder is of public folders alone: in a
 * mailbox it is always zero (2.2.1.2.2).
 */
enum ec rop_create_folder(struct rop_call *call,
			  const struct rop_create_folder_req *req,
			  struct rop_create_folder_rsp *rsp)
{
	const struct folder_create params = {
		.name = req->display_name,
		.comment = req->comment,
		.type = (enum folder_type)req->folder_type,
		.open_existing = req->open_existing,
	};
	bool existed;
	enum ec ec;

	if (req->folder_type != FOLDER_GENERIC &&
	    req->folder_type != FOLDER_SEARCH)
		return EC_INVALID_PARAM;
	/* No folder is made for a handle that there is no room for. */
	ec = new_folder(call, 0);
	if (ec != EC_SUCCESS)
		return ec;
	ec = folder_create(rop_call_store(call), call->in->folder_id, &params,
			   &rsp->folder_id, &existed);
	call->made->folder_id = rsp->folder_id;
	return ec;
}

/* [MS-OXCFOLD] 3.2.5.3 */
enum ec rop_delete_folder(struct rop_call *call,
			  const struct rop_delete_folder_req *req,
			  struct rop_delete_folder_rsp *rsp)
{
	if ((req->delete_folder_flags & ~DELETE_FLAGS_ALL) != 0)
		return EC_INVALID_PARAM;
	if (is_root(call, req->folder_id))
		return EC_NOT_SUPPORTED;
	return folder_delete(rop_call_store(call), call->in->folder_id,
			     req->folder_id, req->delete_folder_flags,
			     &rsp->partial_completion);
}

/* [MS-OXCFOLD] 3.2.5.9: neither the root nor a search folder. */
static enum ec empty(struct rop_call *call, bool associated, bool hard,
		     bool *partial)
{
	struct store *store = rop_call_store(call);
	uint64_t folder_id = call->in->folder_id;
	struct folder_info info;
	enum ec ec = folder_stat(store, folder_id, true, &info);

	if (ec != EC_SUCCESS)
		return ec;
	if (is_root(call, folder_id) || info.type == FOLDER_SEARCH)
		return EC_NOT_SUPPORTED;
	return folder_empty(store, folder_id, associated, true, hard,
			    partial);
}

enum ec rop_empty_folder(struct rop_call *call,
			 const struct rop_empty_folder_req *req,
			 struct rop_empty_folder_rsp *rsp)
{
	return empty(call, req->want_delete_associated, false,
		     &rsp->partial_completion);
}

/* [MS-OXCFOLD] 3.2.5.10 */
enum ec rop_hard_delete_messages_and_subfolders(struct rop_call *call,
		const struct rop_hard_delete_messages_and_subfolders_req *req,
		struct rop_hard_delete_messages_and_subfolders_rsp *rsp)
{
	return empty(call, req->want_delete_associated, true,
		     &rsp->partial_completion);
}

/* The destination's handle index goes into the answer if it is none. */
static enum ec destination(struct rop_call *call, uint32_t *index,
			   struct object **out)
{
	*index = call->header->dest_handle_index;
	return rop_call_dest(call, OBJECT_FOLDER, out);
}

/* A folder to be moved or copied must be in the source folder. */
static enum ec check_parent(struct rop_call *call, uint64_t folder_id)
{
	struct folder_info info;
	enum ec ec = folder_stat(rop_call_store(call), folder_id, false,
				 &info);

	if (ec != EC_SUCCESS)
		return ec;
	return info.parent_id == call->in->folder_id && info.id !=
		info.parent_id ? EC_SUCCESS : EC_NOT_FOUND;
}

static enum ec transfer(struct rop_call *call, const struct object *dest,
			uint64_t folder_id, const char *name, bool recursive,
			bool move, bool *partial)
{
	uint64_t id;

	rop_call_unlock(call);
	return folder_transfer(rop_call_store(call), folder_id,
			       dest->logon->store, dest->folder_id, name,
			       recursive, move, &id, partial);
}

/* [MS-OXCFOLD] 3.2.5.7; done at once, whatever WantAsynchronous says. */
enum ec rop_move_folder(struct rop_call *call,
			const struct rop_move_folder_req *req,
			struct rop_move_folder_rsp *rsp)
{
	struct object *dest;
	enum ec ec = destination(call, &rsp->dest_handle_index, &dest);

	if (ec == EC_SUCCESS)
		ec = check_parent(call, req->folder_id);
	if (ec != EC_SUCCESS)
		return ec;
	if (dest->logon->store != rop_call_store(call))
		return transfer(call, dest, req->folder_id,
				req->new_folder_name, true, true,
				&rsp->partial_completion);
	return folder_move(rop_call_store(call), req->folder_id,
			   dest->folder_id, req->new_folder_name);
}

/* [MS-OXCFOLD] 3.2.5.8 */
enum ec rop_copy_folder(struct rop_call *call,
			const struct rop_copy_folder_req *req,
			struct rop_copy_folder_rsp *rsp)
{
	struct object *dest;
	uint64_t id;
	enum ec ec = destination(call, &rsp->dest_handle_index, &dest);

	if (ec == EC_SUCCESS)
		ec = check_parent(call, req->folder_id);
	if (ec != EC_SUCCESS)
		return ec;
	if (dest->logon->store != rop_call_store(call))
		return transfer(call, dest, req->folder_id,
				req->new_folder_name, req->want_recursive,
				false, &rsp->partial_completion);
	return folder_copy(rop_call_store(call), req->folder_id,
			   dest->folder_id, req->new_folder_name,
			   req->want_recursive, &id,
			   &rsp->partial_completion);
}
