/* SPDX-License-Identifier: Apache-2.0 */
/* Attachments and embedded messages ([MS-OXCMSG] 3.2.5.12 to 3.2.5.17). */
#include "mailbox/message_object.h"
#include "mailbox/rop_handler.h"
#include "mailbox/stream_object.h"
#include "mailbox/table_object.h"
#include "store/message.h"
#include "store/table.h"

/* OpenAttachmentFlags: [MS-OXCMSG] 2.2.3.12.1 */
enum { ATTACH_READ_ONLY = 0x00, ATTACH_READ_WRITE = 0x01,
       ATTACH_BEST_ACCESS = 0x03 };

/* SaveFlags: [MS-OXCMSG] 2.2.3.3.1 */
enum { KEEP_OPEN_READ_ONLY = 0x01, SAVE_FLAGS = 0x07 };

static void close_attachment(struct object *object)
{
	attachment_close(object->attachment);
}

/* Takes the attachment over. */
static enum ec attachment_object_open(struct rop_call *call,
				      struct attachment *at)
{
	struct object *object;
	enum ec ec = rop_call_new(call, OBJECT_ATTACHMENT, call->in, &object);

	if (ec != EC_SUCCESS) {
		attachment_close(at);
		return ec;
	}
	object->attachment = at;
	object->close = close_attachment;
	object->close_locked = true;
	/* [MS-OXCPRPT] 3.2.5.1: that of the parent message */
	object->code_page = call->in->code_page;
	return EC_SUCCESS;
}

/* [MS-OXCMSG] 3.2.5.12 */
enum ec rop_open_attachment(struct rop_call *call,
			    const struct rop_open_attachment_req *req,
			    struct rop_open_attachment_rsp *rsp)
{
	struct message *m = call->in->message;
	bool writable = message_mode(m) == MESSAGE_READ_WRITE, write;
	struct attachment *at;
	enum ec ec;

	switch (req->open_attachment_flags) {
	case ATTACH_READ_ONLY:
		write = false;
		break;
	case ATTACH_READ_WRITE:
		if (!writable)
			return EC_ACCESS_DENIED;
		write = true;
		break;
	case ATTACH_BEST_ACCESS:
		write = writable;
		break;
	default:
		return EC_INVALID_PARAM;
	}
	ec = attachment_open(m, req->attachment_id,
			     write ? MESSAGE_READ_WRITE : MESSAGE_READ_ONLY,
			     &at);
	return ec == EC_SUCCESS ? attachment_object_open(call, at) : ec;
}

/* [MS-OXCMSG] 3.2.5.13 */
enum ec rop_create_attachment(struct rop_call *call,
			      const struct rop_create_attachment_req *req,
			      struct rop_create_attachment_rsp *rsp)
{
	struct attachment *at;
	enum ec ec;

	if (message_mode(call->in->message) == MESSAGE_READ_ONLY)
		return EC_ACCESS_DENIED;
	ec = attachment_create(call->in->message, &at);
	if (ec != EC_SUCCESS)
		return ec;
	rsp->attachment_id = attachment_number(at);
	return attachment_object_open(call, at);
}

/* [MS-OXCMSG] 3.2.5.15 */
enum ec rop_delete_attachment(struct rop_call *call,
			      const struct rop_delete_attachment_req *req,
			      struct rop_delete_attachment_rsp *rsp)
{
	if (message_mode(call->in->message) == MESSAGE_READ_ONLY)
		return EC_ACCESS_DENIED;
	return message_delete_attachment(call->in->message,
					 req->attachment_id);
}

/* [MS-OXCMSG] 3.2.5.14 */
enum ec rop_save_changes_attachment(struct rop_call *call,
		const struct rop_save_changes_attachment_req *req,
		struct rop_save_changes_attachment_rsp *rsp)
{
	unsigned flags = req->save_flags & SAVE_FLAGS;
	enum ec ec;

	/* What to keep open as is one thing, or left out. */
	if ((flags & (flags - 1)) != 0)
		return EC_NOT_SUPPORTED;
	if ((call->in->flags & OBJECT_READ_ONLY) != 0)
		return EC_ERROR;
	ec = stream_objects_flush(call->in);
	if (ec == EC_SUCCESS)
		ec = attachment_save(call->in->attachment);
	if (ec == EC_SUCCESS && flags == KEEP_OPEN_READ_ONLY)
		call->in->flags |= OBJECT_READ_ONLY;
	return ec;
}

/* [MS-OXCMSG] 3.2.5.16 */
enum ec rop_open_embedded_message(struct rop_call *call,
		const struct rop_open_embedded_message_req *req,
		struct rop_open_embedded_message_rsp *rsp)
{
	struct message_summary s;
	struct message *m;
	uint32_t code_page;
	enum ec ec = message_code_page(req->code_page_id, &code_page);

	if (ec != EC_SUCCESS)
		return ec;
	if (req->open_mode_flags > EMBEDDED_CREATE)
		return EC_INVALID_PARAM;
	ec = attachment_open_embedded(call->in->attachment,
				      (enum embedded_mode)
				      req->open_mode_flags,
				      code_page != 0 ? code_page :
				      call->session->code_page, &m);
	if (ec != EC_SUCCESS)
		return ec;
	if (message_is_new(m))
		ec = message_stamp(call, m, true);
	if (ec == EC_SUCCESS)
		ec = message_summary(call, m, code_page, &s);
	if (ec != EC_SUCCESS) {
		message_close(m);
		return ec;
	}
	*rsp = (struct rop_open_embedded_message_rsp){
		.message_id = message_id(m),
		.has_named_properties = s.has_named_properties,
		.subject_prefix = s.subject_prefix,
		.normalized_subject = s.normalized_subject,
		.recipient_count = s.recipient_count,
		.recipient_columns = s.recipient_columns,
		.recipient_rows = s.recipient_rows,
	};
	ec = message_object_open(call, m, call->in, code_page);
	if (ec == EC_SUCCESS)
		message_object_set_columns(call->made, &s.recipient_columns);
	return ec;
}

/* [MS-OXCMSG] 3.2.5.17 */
enum ec rop_get_attachment_table(struct rop_call *call,
				 const struct rop_get_attachment_table_req *req,
				 struct rop_get_attachment_table_rsp *rsp)
{
	struct table *table;
	uint32_t rows;
	enum ec ec = table_open_attachments(call->in->message,
					    req->table_flags,
					    call->session->lcid_sort, &table,
					    &rows);

	return ec == EC_SUCCESS ? table_object_open(call, table, call->in) :
		ec;
}

/* [MS-OXCMSG] 2.2.3.18 */
enum ec rop_get_valid_attachments(struct rop_call *call,
		const struct rop_get_valid_attachments_req *req,
		struct rop_get_valid_attachments_rsp *rsp)
{
	const uint32_t *numbers;
	size_t n = message_attachments(call->in->message, call->arena,
				       &numbers);

	rsp->attachment_id_array = (struct rop_u32s){ (uint32_t)n, numbers };
	return EC_SUCCESS;
}
