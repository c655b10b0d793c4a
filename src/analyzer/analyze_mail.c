/* SPDX-License-Identifier: Apache-2.0 */
/* Reading: the folder tree, the newest messages, one message whole. */
#include <string.h>

#include "analyzer/analyze_impl.h"
#include "base/clock.h"

enum { FOLDERS_MAX = 1000, NEWEST = 10, BODY_PIECE = 0x7000,
       BODY_LIMIT = 64 << 20 };

/* A cell as a number or text, when it has that type. */
static int32_t cell_i32(const struct prop_value *v)
{
	return prop_tag_type(v->tag) == PTYP_INTEGER32 ? v->i32 : 0;
}

static const char *cell_str(const struct prop_value *v)
{
	return prop_tag_type(v->tag) == PTYP_STRING ? v->str : "";
}

bool open_folder(struct analysis *a, uint64_t id, uint32_t *handle,
		 struct err *err)
{
	union rop_req req = { .open_folder = { .folder_id = id } };

	return mapi_client_rop(a->client, a->arena, ROP_ID_open_folder, 0,
			       a->logon, &req, handle, NULL, err);
}

void release(struct analysis *a, uint32_t handle)
{
	union rop_req req;
	struct rop_results results;
	struct mapi_answer answer;
	struct rop_batch b;
	struct err err;

	memset(&req, 0, sizeof req);
	rop_batch_init(&b, a->arena);
	rop_batch_add(&b, ROP_ID_release, 0, rop_batch_handle(&b, handle), 0,
		      &req);
	mapi_client_execute(a->client, &b, &answer, &results, &err);
}

/* ---- the folder tree ---- */

static bool list_folders(struct analysis *a, struct err *err)
{
	static const uint32_t tags[] = { PID_TAG_DISPLAY_NAME,
		PID_TAG_CONTENT_COUNT, PID_TAG_CONTENT_UNREAD_COUNT,
		PID_TAG_DEPTH, PID_TAG_FOLDER_ID };
	static const struct prop_tags columns = { 5, tags };
	union rop_req req = { .get_hierarchy_table = {
		.table_flags = 0x04 } };        /* Depth */
	const struct prop_values *rows;
	uint32_t root, table, n;

	if (!open_folder(a, a->top, &root, err) ||
	    !mapi_client_rop(a->client, a->arena, ROP_ID_get_hierarchy_table,
			     0, root, &req, &table, NULL, err) ||
	    !read_table(a, table, &columns, FOLDERS_MAX, &rows, &n, err))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		const struct prop_value *row = rows[i].v;

		report_detail(a->r, "%*s%s (%d, %d unread)",
			      2 * (cell_i32(&row[3]) - 1), "",
			      cell_str(&row[0]), cell_i32(&row[1]),
			      cell_i32(&row[2]));
	}
	release(a, table);
	release(a, root);
	return true;
}

bool step_folders(struct analysis *a)
{
	struct err err;

	report_begin(a->r, "Reading the folder tree.");
	if (!list_folders(a, &err))
		return step_failed(a, &err);
	return report_end(a->r, STEP_SUCCESS, "The folders were listed.");
}

/* ---- the newest messages ---- */

static bool sort_newest(struct analysis *a, uint32_t table, struct err *err)
{
	static const struct sort_order by_time = {
		.tag = PID_TAG_MESSAGE_DELIVERY_TIME,
		.order = SORT_DESCENDING };
	union rop_req req = { .sort_table = { .sort_orders = {
		.n = 1, .v = &by_time } } };

	return mapi_client_rop(a->client, a->arena, ROP_ID_sort_table, 0,
			       table, &req, NULL, NULL, err);
}

/* The newest with attachments is opened, else the newest. */
static void choose(struct analysis *a, const struct prop_value *row,
		   bool *attached)
{
	bool has = prop_tag_type(row[4].tag) == PTYP_BOOLEAN && row[4].b;

	if (prop_tag_type(row[0].tag) != PTYP_INTEGER64 ||
	    (a->message != 0 && (*attached || !has)))
		return;
	a->message = (uint64_t)row[0].i64;
	*attached = has;
}

static bool list_newest(struct analysis *a, uint32_t *shown, struct err *err)
{
	static const uint32_t tags[] = { PID_TAG_MID, PID_TAG_SUBJECT,
		PID_TAG_SENT_REPRESENTING_NAME,
		PID_TAG_MESSAGE_DELIVERY_TIME, PID_TAG_HAS_ATTACHMENTS };
	static const struct prop_tags columns = { 5, tags };
	union rop_req req = { .get_contents_table = { .table_flags = 0 } };
	const struct prop_values *rows;
	union rop_rsp rsp;
	uint32_t inbox, table, n;
	bool attached = false;

	if (!open_folder(a, a->inbox, &inbox, err) ||
	    !mapi_client_rop(a->client, a->arena, ROP_ID_get_contents_table,
			     0, inbox, &req, &table, &rsp, err))
		return false;
	a->total = rsp.get_contents_table.row_count;
	if (!sort_newest(a, table, err) ||
	    !read_table(a, table, &columns, NEWEST, &rows, &n, err))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		const struct prop_value *row = rows[i].v;
		char when[ISO_DATE_SIZE] = "";

		if (prop_tag_type(row[3].tag) == PTYP_TIME)
			iso_date_format(row[3].time, when);
		choose(a, row, &attached);
		report_detail(a->r, "%.16s  %s: %s", when, cell_str(&row[2]),
			      cell_str(&row[1]));
	}
	*shown = n;
	release(a, table);
	release(a, inbox);
	return true;
}

bool step_newest(struct analysis *a)
{
	uint32_t shown;
	struct err err;

	report_begin(a->r, "Reading the newest messages of the Inbox.");
	if (!list_newest(a, &shown, &err))
		return step_failed(a, &err);
	return report_end(a->r, STEP_SUCCESS,
			  "%u of %u messages are shown.", shown, a->total);
}

/* ---- one message ---- */

/* Read a property by stream to its end; *size is how long it was. */
static bool read_stream(struct analysis *a, uint32_t object, uint32_t tag,
			uint64_t *size, struct err *err)
{
	union rop_req open = { .open_stream = { .property_tag = tag,
		.open_mode_flags = 0 } };
	union rop_req read = { .read_stream = {
		.byte_count = BODY_PIECE } };
	union rop_rsp rsp;
	uint32_t stream;

	*size = 0;
	if (!mapi_client_rop(a->client, a->arena, ROP_ID_open_stream, 0,
			     object, &open, &stream, NULL, err))
		return false;
	do {
		if (!mapi_client_rop(a->client, a->arena, ROP_ID_read_stream,
				     0, stream, &read, NULL, &rsp, err))
			return false;
		*size += rsp.read_stream.data.len;
	} while (rsp.read_stream.data.len > 0 && *size < BODY_LIMIT);
	release(a, stream);
	return true;
}

static bool read_body(struct analysis *a, uint32_t message, struct err *err)
{
	uint64_t size;

	if (read_stream(a, message, PID_TAG_BODY, &size, err)) {
		report_detail(a->r, "Plain body: %llu characters",
			      (unsigned long long)size / 2);
		return true;
	}
	if (err->ec != EC_NOT_FOUND)
		return false;
	if (read_stream(a, message, PID_TAG_HTML, &size, err)) {
		report_detail(a->r, "HTML body: %llu bytes",
			      (unsigned long long)size);
		return true;
	}
	if (err->ec != EC_NOT_FOUND)
		return false;
	report_detail(a->r, "The message has no body.");
	return true;
}

static bool read_attachment(struct analysis *a, uint32_t message,
			    const struct prop_value *row, struct err *err)
{
	union rop_req req = { .open_attachment = {
		.attachment_id = (uint32_t)cell_i32(&row[0]) } };
	uint32_t attachment;
	uint64_t size = 0;

	if (!mapi_client_rop(a->client, a->arena, ROP_ID_open_attachment, 0,
			     message, &req, &attachment, NULL, err))
		return false;
	if (cell_i32(&row[2]) == 1 &&
	    !read_stream(a, attachment, PID_TAG_ATTACH_DATA_BINARY, &size,
			 err))
		return false;
	report_detail(a->r, "Attachment %d: %s (%s, %llu bytes)",
		      cell_i32(&row[0]), cell_str(&row[1]),
		      cell_i32(&row[2]) == 5 ? "message" : "file",
		      (unsigned long long)size);
	release(a, attachment);
	return true;
}

static bool read_attachments(struct analysis *a, uint32_t message,
			     struct err *err)
{
	static const uint32_t tags[] = { PID_TAG_ATTACH_NUMBER,
		PID_TAG_ATTACH_LONG_FILENAME, PID_TAG_ATTACH_METHOD };
	static const struct prop_tags columns = { 3, tags };
	union rop_req req = { .get_attachment_table = { .table_flags = 0 } };
	const struct prop_values *rows;
	uint32_t table, n;

	if (!mapi_client_rop(a->client, a->arena,
			     ROP_ID_get_attachment_table, 0, message, &req,
			     &table, NULL, err) ||
	    !read_table(a, table, &columns, 100, &rows, &n, err))
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (!read_attachment(a, message, rows[i].v, err))
			return false;
	release(a, table);
	return true;
}

static bool read_message(struct analysis *a, struct err *err)
{
	union rop_req req = { .open_message = { .code_page_id = 0x0fff,
		.folder_id = a->inbox, .message_id = a->message } };
	union rop_rsp rsp;
	uint32_t message;

	if (!mapi_client_rop(a->client, a->arena, ROP_ID_open_message, 0,
			     a->logon, &req, &message, &rsp, err))
		return false;
	report_detail(a->r, "Subject: %s%s",
		      rsp.open_message.subject_prefix != NULL ?
		      rsp.open_message.subject_prefix : "",
		      rsp.open_message.normalized_subject != NULL ?
		      rsp.open_message.normalized_subject : "");
	report_detail(a->r, "Recipients: %u",
		      rsp.open_message.recipient_count);
	if (!read_body(a, message, err) ||
	    !read_attachments(a, message, err))
		return false;
	release(a, message);
	return true;
}

bool step_open_message(struct analysis *a)
{
	static const char description[] =
		"Opening a message, with its body and attachments.";
	struct err err;

	if (a->message == 0) {
		report_skip(a->r, description, "The Inbox is empty.");
		return true;
	}
	report_begin(a->r, "%s", description);
	if (!read_message(a, &err))
		return step_failed(a, &err);
	return report_end(a->r, STEP_SUCCESS, "The message was read.");
}
