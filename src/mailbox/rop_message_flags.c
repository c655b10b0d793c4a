/* SPDX-License-Identifier: Apache-2.0 */
/* Read state and status of messages ([MS-OXCMSG] 3.2.5.8 to 3.2.5.11). */
#include "mailbox/rop_handler.h"
#include "store/folder.h"
#include "store/message.h"

/* ReadFlags: [MS-OXCMSG] 2.2.3.10.1.  rfReserved (0x0A) is ignored. */
enum {
	READ_FLAGS = READ_FLAG_SUPPRESS_RECEIPT | READ_FLAG_CLEAR |
		READ_FLAG_GENERATE_RECEIPT_ONLY |
		READ_FLAG_CLEAR_NOTIFY_READ | READ_FLAG_CLEAR_NOTIFY_UNREAD,
};

/* msInConflict, 2.2.1.8, is for the server alone to set. */
enum { STATUS_IN_CONFLICT = 0x0800 };

/* [MS-OXCMSG] 3.2.5.8 */
enum ec rop_set_message_status(struct rop_call *call,
			       const struct rop_set_message_status_req *req,
			       struct rop_set_message_status_rsp *rsp)
{
	return message_set_status(rop_call_store(call), call->in->folder_id,
				  req->message_id, req->message_status_flags,
				  req->message_status_mask &
				  ~(uint32_t)STATUS_IN_CONFLICT,
				  &rsp->message_status_flags);
}

/* [MS-OXCMSG] 3.2.5.9 */
enum ec rop_get_message_status(struct rop_call *call,
			       const struct rop_get_message_status_req *req,
			       struct rop_get_message_status_rsp *rsp)
{
	return message_get_status(rop_call_store(call), call->in->folder_id,
				  req->message_id,
				  &rsp->message_status_flags);
}

/*
 * [MS-OXCMSG] 3.2.5.10.  Done before it is answered, whatever
 * WantAsynchronous says: it is never long enough for RopProgress.
 */
enum ec rop_set_read_flags(struct rop_call *call,
			   const struct rop_set_read_flags_req *req,
			   struct rop_set_read_flags_rsp *rsp)
{
	bool partial = false;
	enum ec ec;

	ec = messages_set_read(rop_call_store(call), call->in->folder_id,
			       req->message_ids.v, req->message_ids.n,
			       req->read_flags & READ_FLAGS, &partial, NULL);
	rsp->partial_completion = partial || ec != EC_SUCCESS;
	return ec;
}

/*
 * [MS-OXCMSG] 3.2.5.11.  ReadStatusChanged tells of public folders alone
 * (2.2.3.11.2).
 */
enum ec rop_set_message_read_flag(struct rop_call *call,
		const struct rop_set_message_read_flag_req *req,
		struct rop_set_message_read_flag_rsp *rsp)
{
	bool changed;

	return message_set_read(call->in->message,
				req->read_flags & READ_FLAGS, &changed);
}
