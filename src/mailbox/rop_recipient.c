/* SPDX-License-Identifier: Apache-2.0 */
/* The recipients of a message ([MS-OXCMSG] 3.2.5.4 to 3.2.5.6). */
#include "mailbox/message_object.h"
#include "mailbox/recipients.h"
#include "mailbox/rop_handler.h"
#include "store/message.h"

/* [MS-OXCMSG] 3.2.5.4 */
enum ec rop_remove_all_recipients(struct rop_call *call,
		const struct rop_remove_all_recipients_req *req,
		struct rop_remove_all_recipients_rsp *rsp)
{
	return message_remove_recipients(call->in->message);
}

static enum ec apply(struct message *m, const struct rop_recipient *row,
		     const struct recipient *r)
{
	enum ec ec;

	if (row->row.len > 0)
		return message_set_recipient(m, r);
	/* One that isn't there needs no removing. */
	ec = message_remove_recipient(m, row->row_id);
	return ec == EC_NOT_FOUND ? EC_SUCCESS : ec;
}

/* [MS-OXCMSG] 3.2.5.5.  All rows are read before the first one counts. */
enum ec rop_modify_recipients(struct rop_call *call,
			      const struct rop_modify_recipients_req *req,
			      struct rop_modify_recipients_rsp *rsp)
{
	const struct rop_recipients *rows = &req->recipient_rows;
	struct recipient *r = arena_array(call->arena, rows->n, sizeof *r);
	enum ec ec = EC_SUCCESS;

	for (uint32_t i = 0; ec == EC_SUCCESS && i < rows->n; i++)
		if (rows->v[i].row.len > 0)
			ec = recipient_from_row(&rows->v[i],
						&req->recipient_columns,
						call->codec->prop.code_page,
						call->arena, &r[i]);
	for (uint32_t i = 0; ec == EC_SUCCESS && i < rows->n; i++)
		ec = apply(call->in->message, &rows->v[i], &r[i]);
	return ec;
}

/* The index of the first recipient whose row ID is not below row_id. */
static enum ec find_row(struct rop_call *call, uint32_t row_id, size_t *index,
			bool *exact)
{
	struct message *m = call->in->message;
	size_t low = 0, high = message_recipient_count(m), mid;
	struct recipient r;
	enum ec ec;

	*exact = false;
	while (low < high) {
		mid = low + (high - low) / 2;
		ec = message_recipient(m, mid, call->arena, &r);
		if (ec != EC_SUCCESS)
			return ec;
		*exact |= r.row_id == row_id;
		if (r.row_id < row_id)
			low = mid + 1;
		else
			high = mid;
	}
	*index = low;
	return EC_SUCCESS;
}

/* [MS-OXCMSG] 3.2.5.6.  RowId 0 is the first one, whatever its ID. */
enum ec rop_read_recipients(struct rop_call *call,
			    const struct rop_read_recipients_req *req,
			    struct rop_read_recipients_rsp *rsp)
{
	struct message *m = call->in->message;
	size_t count = message_recipient_count(m), i;
	struct recipient_writer rw;
	struct prop_tags columns;
	bool exact;
	enum ec ec = find_row(call, req->row_id, &i, &exact);

	if (ec != EC_SUCCESS)
		return ec;
	if (count == 0 || (req->row_id != 0 && !exact))
		return EC_NOT_FOUND;
	ec = message_object_columns(call, call->in, &columns);
	if (ec != EC_SUCCESS)
		return ec;
	recipient_writer_init(&rw, call->arena, &columns,
			      call->codec->prop.code_page,
			      READ_RECIPIENT_ROW_SIZE,
			      wire_room(&call->bulk));
	for (; ec == EC_SUCCESS && i < count; i++)
		ec = recipient_writer_add(&rw, m, i);
	rsp->recipient_rows = recipient_writer_rows(&rw);
	return ec == EC_BUFFER_TOO_SMALL && rw.n > 0 ? EC_SUCCESS : ec;
}
