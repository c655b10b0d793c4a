/* SPDX-License-Identifier: Apache-2.0 */
/* Messages: opened, made and saved ([MS-OXCMSG] 3.2.5.1 to 3.2.5.3). */
#include "mailbox/message_object.h"
#include "mailbox/rop_handler.h"
#include "mailbox/stream_object.h"
#include "store/folder.h"
#include "store/message.h"

/* OpenModeFlags: [MS-OXCMSG] 2.2.3.1.1.  Other bits are ignored.  BestAccess
 * (3) is read-write: who may open a mailbox may write to it. */
enum { OPEN_READ_WRITE = 0x01, OPEN_SOFT_DELETED = 0x04 };

/* SaveFlags: [MS-OXCMSG] 2.2.3.3.1.  Other bits are ignored. */
enum { KEEP_OPEN_READ_ONLY = 0x01, KEEP_OPEN_READ_WRITE = 0x02,
       FORCE_SAVE = 0x04 };

/*
 * Whether a message may be had through a folder: the one that it is in, or a
 * search folder ([MS-OXCMSG] 3.2.5.1, ecNotFound).
 */
static enum ec check_folder(struct rop_call *call, struct message *message,
			    uint64_t folder_id)
{
	struct folder_info info;
	enum ec ec;

	if (message_folder_id(message) == folder_id)
		return EC_SUCCESS;
	ec = folder_stat(rop_call_store(call), folder_id, false, &info);
	if (ec == EC_SUCCESS && info.type != FOLDER_SEARCH)
		ec = EC_NOT_FOUND;
	return ec;
}

/* [MS-OXCMSG] 3.2.5.1 */
enum ec rop_open_message(struct rop_call *call,
			 const struct rop_open_message_req *req,
			 struct rop_open_message_rsp *rsp)
{
	bool write = (req->open_mode_flags & OPEN_READ_WRITE) != 0;
	struct message_summary s;
	struct message *m;
	uint32_t code_page;
	enum ec ec = message_code_page(req->code_page_id, &code_page);

	if (ec != EC_SUCCESS)
		return ec;
	ec = message_open(rop_call_store(call), req->folder_id,
			  req->message_id,
			  write ? MESSAGE_READ_WRITE : MESSAGE_READ_ONLY,
			  (req->open_mode_flags & OPEN_SOFT_DELETED) != 0, &m);
	if (ec != EC_SUCCESS)
		return ec;
	ec = check_folder(call, m, req->folder_id);
	if (ec == EC_SUCCESS)
		ec = message_summary(call, m, code_page, &s);
	if (ec != EC_SUCCESS) {
		message_close(m);
		return ec;
	}
	*rsp = (struct rop_open_message_rsp){
		.has_named_properties = s.has_named_properties,
		.subject_prefix = s.subject_prefix,
		.normalized_subject = s.normalized_subject,
		.recipient_count = s.recipient_count,
		.recipient_columns = s.recipient_columns,
		.recipient_rows = s.recipient_rows,
	};
	ec = message_object_open(call, m, NULL, code_page);
	if (ec == EC_SUCCESS)
		message_object_set_columns(call->made, &s.recipient_columns);
	return ec;
}

/* [MS-OXCMSG] 3.2.5.2 */
enum ec rop_create_message(struct rop_call *call,
			   const struct rop_create_message_req *req,
			   struct rop_create_message_rsp *rsp)
{
	struct message *m;
	uint32_t code_page;
	enum ec ec = message_code_page(req->code_page_id, &code_page);

	if (ec == EC_SUCCESS)
		ec = message_create(rop_call_store(call), req->folder_id,
				    req->associated_flag,
				    code_page != 0 ? code_page :
				    call->session->code_page, 0, &m);
	if (ec != EC_SUCCESS)
		return ec;
	ec = message_stamp(call, m, true);
	if (ec != EC_SUCCESS) {
		message_close(m);
		return ec;
	}
	/* The ID comes with the first save. */
	rsp->has_message_id = false;
	return message_object_open(call, m, NULL, code_page);
}

/* [MS-OXCMSG] 3.2.5.3 */
enum ec rop_save_changes_message(struct rop_call *call,
				 const struct rop_save_changes_message_req *req,
				 struct rop_save_changes_message_rsp *rsp)
{
	struct message *m = call->in->message;
	enum ec ec;

	if (message_mode(m) == MESSAGE_READ_ONLY)
		return EC_ERROR;
	ec = stream_objects_flush(call->in);
	if (ec == EC_SUCCESS && message_is_dirty(m))
		ec = message_stamp(call, m, false);
	if (ec != EC_SUCCESS)
		return ec;
	ec = message_save(m, (req->save_flags & FORCE_SAVE) != 0 ?
			  MESSAGE_SAVE_FORCE : 0);
	if (ec != EC_SUCCESS)
		return ec;
	if ((req->save_flags & KEEP_OPEN_READ_ONLY) != 0 &&
	    (req->save_flags & (KEEP_OPEN_READ_WRITE | FORCE_SAVE)) == 0)
		message_set_mode(m, MESSAGE_READ_ONLY);
	rsp->input_handle_index = call->header->input_handle_index;
	rsp->message_id = message_id(m);
	return EC_SUCCESS;
}

/* [MS-OXCMSG] 3.2.5.7 */
enum ec rop_reload_cached_information(struct rop_call *call,
		const struct rop_reload_cached_information_req *req,
		struct rop_reload_cached_information_rsp *rsp)
{
	struct message_summary s;
	enum ec ec = message_summary(call, call->in->message,
				     call->in->code_page, &s);

	if (ec != EC_SUCCESS)
		return ec;
	message_object_set_columns(call->in, &s.recipient_columns);
	*rsp = (struct rop_reload_cached_information_rsp){
		.has_named_properties = s.has_named_properties,
		.subject_prefix = s.subject_prefix,
		.normalized_subject = s.normalized_subject,
		.recipient_count = s.recipient_count,
		.recipient_columns = s.recipient_columns,
		.recipient_rows = s.recipient_rows,
	};
	return EC_SUCCESS;
}
