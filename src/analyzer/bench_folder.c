/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on the messages of a folder. */
#include <string.h>

#include "analyzer/bench_impl.h"
#include "base/clock.h"

enum { IPM_SUBTREE = 3,           /* in the answer to RopLogon */
       BODY_CHARACTERS = 2048, ROWS_ASKED = 0x1000, PAGE_ROWS = 50,
       MESSAGES_MAX = 20000, BOOKMARK_END = 2 };

static const uint32_t sweep_tags[] = { PID_TAG_FOLDER_ID, PID_TAG_MID,
	PID_TAG_INST_ID, PID_TAG_INSTANCE_NUM, PID_TAG_MESSAGE_CLASS,
	PID_TAG_SUBJECT, PID_TAG_SENT_REPRESENTING_NAME,
	PID_TAG_MESSAGE_DELIVERY_TIME, PID_TAG_MESSAGE_FLAGS,
	PID_TAG_MESSAGE_SIZE };
static const struct prop_tags sweep_columns = { 10, sweep_tags };

/* Open the folder that was named, made if it is not there. */
bool prepare_folder(struct bench_worker *w, struct err *err)
{
	union rop_req open = { .open_folder = { 0 } };
	union rop_req create = { .create_folder = { .folder_type = 1,
		.use_unicode_strings = true, .open_existing = true,
		.display_name = w->o->folder != NULL ? w->o->folder :
			"posthouse bench",
		.comment = "" } };
	union rop_rsp rsp;
	uint32_t top;

	if (!prepare_logon(w, err))
		return false;
	open.open_folder.folder_id = w->logon_rsp.folder_ids.v[IPM_SUBTREE];
	if (!bench_session_rop(w->session, w->arena, ROP_ID_open_folder,
			       w->logon, &open, &top, NULL, err) ||
	    !bench_session_rop(w->session, w->arena, ROP_ID_create_folder,
			       top, &create, &w->folder, &rsp, err))
		return false;
	w->folder_id = rsp.create_folder.folder_id;
	return true;
}

/* ---- fill ---- */

static const char *body_text(struct bench_worker *w)
{
	static const char words[] = "The post is carried from house to house "
		"by riders who change horses at each. ";
	char *text = arena_alloc(w->scratch, BODY_CHARACTERS + 1);

	for (size_t i = 0; i < BODY_CHARACTERS; i++)
		text[i] = words[i % (sizeof words - 1)];
	text[BODY_CHARACTERS] = '\0';
	return text;
}

/* Subjects and senders in an order that is not that of their making. */
static uint64_t scatter(const struct bench_worker *w)
{
	return (w->turn * 1000 + w->index) * UINT64_C(0x9e3779b97f4a7c15) >>
		40;
}

static void add_message(struct bench_worker *w, struct rop_batch *b)
{
	uint64_t number = scatter(w), now = filetime_now();
	const char *sender = arena_printf(w->scratch, "Sender %u",
					  (unsigned)(number % 97));
	const struct prop_value values[] = {
		{ .tag = PID_TAG_MESSAGE_CLASS, .str = "IPM.Note" },
		{ .tag = PID_TAG_SUBJECT,
		  .str = arena_printf(w->scratch, "Message %07u of many",
				      (unsigned)(number % 10000000)) },
		{ .tag = PID_TAG_BODY, .str = body_text(w) },
		{ .tag = PID_TAG_SENDER_NAME, .str = sender },
		{ .tag = PID_TAG_SENT_REPRESENTING_NAME, .str = sender },
		{ .tag = PID_TAG_IMPORTANCE, .i32 = 1 },
		{ .tag = PID_TAG_MESSAGE_FLAGS, .i32 = 1 },
		{ .tag = PID_TAG_CLIENT_SUBMIT_TIME, .time = now },
		{ .tag = PID_TAG_MESSAGE_DELIVERY_TIME, .time = now },
	};
	union rop_req create = { .create_message = { .code_page_id = 0x0fff,
		.folder_id = w->folder_id } };
	union rop_req set = { .set_properties = { .property_values = {
		.n = sizeof values / sizeof *values, .v = values } } };
	union rop_req save = { .save_changes_message = {
		.save_flags = 0x01 } };
	union rop_req release;
	uint8_t folder, message;

	memset(&release, 0, sizeof release);
	folder = rop_batch_handle(b, w->folder);
	message = rop_batch_output(b);
	rop_batch_add(b, ROP_ID_create_message, 0, folder, message, &create);
	rop_batch_add(b, ROP_ID_set_properties, 0, message, 0, &set);
	rop_batch_add(b, ROP_ID_save_changes_message, 0, message, message,
		      &save);
	rop_batch_add(b, ROP_ID_release, 0, message, 0, &release);
}

bool operate_fill(struct bench_worker *w, uint64_t *units, struct err *err)
{
	struct rop_results results;
	struct rop_batch b;
	union rop_rsp rsp;

	bench_batch_init(&b, w->scratch);
	add_message(w, &b);
	++*units;
	return bench_session_execute(w->session, &b, &results, err) &&
		rop_results_expect(&results, ROP_ID_create_message, &rsp,
				   err) &&
		rop_results_expect(&results, ROP_ID_set_properties, &rsp,
				   err) &&
		rop_results_expect(&results, ROP_ID_save_changes_message,
				   &rsp, err);
}

/* ---- tables ---- */

static uint32_t sort_tag(const char *name)
{
	static const struct {
		const char *name;
		uint32_t tag;
	} tags[] = {
		{ "time", PID_TAG_MESSAGE_DELIVERY_TIME },
		{ "subject", PID_TAG_SUBJECT },
		{ "sender", PID_TAG_SENT_REPRESENTING_NAME },
		{ "size", PID_TAG_MESSAGE_SIZE },
	};

	for (size_t i = 0; name != NULL && i < sizeof tags / sizeof *tags;
	     i++)
		if (strcmp(tags[i].name, name) == 0)
			return tags[i].tag;
	return 0;
}

static void add_rows(struct rop_batch *b, uint8_t table, uint16_t rows)
{
	union rop_req query = { .query_rows = { .forward_read = true,
		.row_count = rows } };

	rop_batch_add(b, ROP_ID_query_rows, 0, table, 0, &query);
}

/* What begins a table, with its first rows. */
static void add_table(struct bench_worker *w, struct rop_batch *b,
		      const struct prop_tags *columns, uint8_t table,
		      uint16_t rows)
{
	const struct sort_order order = { .tag = sort_tag(w->o->sort) };
	union rop_req get = { .get_contents_table = { 0 } };
	union rop_req set = { .set_columns = { .property_tags = *columns } };
	union rop_req sort = { .sort_table = { .sort_orders = {
		.n = 1, .v = &order } } };

	rop_batch_add(b, ROP_ID_get_contents_table, 0,
		      rop_batch_handle(b, w->folder), table, &get);
	rop_batch_add(b, ROP_ID_set_columns, 0, table, 0, &set);
	if (order.tag != 0)
		rop_batch_add(b, ROP_ID_sort_table, 0, table, 0, &sort);
	add_rows(b, table, rows);
}

static bool release_table(struct bench_worker *w, uint32_t table,
			  struct err *err)
{
	struct rop_results results;
	struct rop_batch b;
	union rop_req req;

	memset(&req, 0, sizeof req);
	bench_batch_init(&b, w->scratch);
	rop_batch_add(&b, ROP_ID_release, 0, rop_batch_handle(&b, table), 0,
		      &req);
	return bench_session_execute(w->session, &b, &results, err);
}

/* Rows of the next answers; *end: there are no more. */
static bool expect_rows(struct rop_results *results, union rop_rsp *rsp,
			bool *end, struct err *err)
{
	if (!rop_results_expect(results, ROP_ID_query_rows, rsp, err))
		return false;
	*end = rsp->query_rows.origin == BOOKMARK_END ||
		rsp->query_rows.row_count == 0;
	return true;
}

/* Open a table and take its first rows. */
static bool begin_table(struct bench_worker *w,
			const struct prop_tags *columns, uint16_t rows,
			uint32_t *table, struct rop_results *results,
			union rop_rsp *rsp, bool *end, struct err *err)
{
	struct rop_batch b;
	uint8_t index;

	bench_batch_init(&b, w->scratch);
	index = rop_batch_output(&b);
	add_table(w, &b, columns, index, rows);
	if (!bench_session_execute(w->session, &b, results, err) ||
	    !rop_results_expect(results, ROP_ID_get_contents_table, rsp,
				err) ||
	    !rop_results_expect(results, ROP_ID_set_columns, rsp, err) ||
	    (w->o->sort != NULL &&
	     !rop_results_expect(results, ROP_ID_sort_table, rsp, err)) ||
	    !expect_rows(results, rsp, end, err))
		return false;
	if (index >= results->n_handles)
		return err_set(err, EC_RPC_FORMAT, "the answer has no handle "
			       "of the table");
	*table = results->handles[index];
	return true;
}

static bool more_rows(struct bench_worker *w, uint32_t table,
		      struct rop_results *results, union rop_rsp *rsp,
		      bool *end, struct err *err)
{
	struct rop_batch b;

	bench_batch_init(&b, w->scratch);
	add_rows(&b, rop_batch_handle(&b, table), ROWS_ASKED);
	return bench_session_execute(w->session, &b, results, err) &&
		expect_rows(results, rsp, end, err);
}

bool operate_sweep(struct bench_worker *w, uint64_t *units, struct err *err)
{
	struct rop_results results;
	union rop_rsp rsp;
	uint32_t table;
	bool end;

	if (!begin_table(w, &sweep_columns, ROWS_ASKED, &table, &results,
			 &rsp, &end, err))
		return false;
	*units += rsp.query_rows.row_count;
	while (!end) {
		arena_reset(w->scratch);
		if (!more_rows(w, table, &results, &rsp, &end, err))
			return false;
		*units += rsp.query_rows.row_count;
	}
	return release_table(w, table, err);
}

bool operate_page(struct bench_worker *w, uint64_t *units, struct err *err)
{
	struct rop_results results;
	union rop_rsp rsp;
	uint32_t table;
	bool end;

	++*units;
	return begin_table(w, &sweep_columns, PAGE_ROWS, &table, &results,
			   &rsp, &end, err) && release_table(w, table, err);
}

/* ---- open ---- */

static bool keep_ids(struct bench_worker *w, struct rop_results *results,
		     const struct prop_tags *columns,
		     const union rop_rsp *rsp, struct err *err)
{
	const struct prop_values *rows;
	size_t n = rsp->query_rows.row_count;

	if (!rop_rows_decode(&results->codec, columns,
			     &rsp->query_rows.row_data, n, &rows))
		return err_set(err, EC_RPC_FORMAT, "the rows of a table "
			       "cannot be decoded");
	for (size_t i = 0; i < n && w->n_messages < MESSAGES_MAX; i++)
		if (prop_tag_type(rows[i].v[0].tag) == PTYP_INTEGER64)
			w->messages[w->n_messages++] =
				(uint64_t)rows[i].v[0].i64;
	return true;
}

bool prepare_open(struct bench_worker *w, struct err *err)
{
	static const uint32_t tags[] = { PID_TAG_MID };
	static const struct prop_tags columns = { 1, tags };
	struct rop_results results;
	union rop_rsp rsp;
	uint32_t table;
	bool end;

	if (!prepare_folder(w, err) ||
	    !begin_table(w, &columns, ROWS_ASKED, &table, &results, &rsp,
			 &end, err))
		return false;
	w->messages = arena_array(w->arena, MESSAGES_MAX,
				  sizeof *w->messages);
	do {
		if (!keep_ids(w, &results, &columns, &rsp, err))
			return false;
	} while (!end && w->n_messages < MESSAGES_MAX &&
		 more_rows(w, table, &results, &rsp, &end, err));
	if (w->n_messages == 0)
		return err_set(err, EC_NOT_FOUND, "the folder is empty: run "
			       "fill first");
	return release_table(w, table, err);
}

bool operate_open(struct bench_worker *w, uint64_t *units, struct err *err)
{
	static const uint32_t tags[] = { PID_TAG_MESSAGE_CLASS,
		PID_TAG_SUBJECT, PID_TAG_SENDER_NAME,
		PID_TAG_MESSAGE_DELIVERY_TIME, PID_TAG_MESSAGE_SIZE,
		PID_TAG_BODY };
	/* Each worker goes its own way through the folder. */
	uint64_t nth = (w->turn * 7919 + w->index * 1009) % w->n_messages;
	union rop_req open = { .open_message = { .code_page_id = 0x0fff,
		.folder_id = w->folder_id, .message_id = w->messages[nth] } };
	union rop_req get = { .get_properties_specific = {
		.want_unicode = 1, .property_tags = { 6, tags } } };
	union rop_req release;
	struct rop_results results;
	struct rop_batch b;
	union rop_rsp rsp;
	uint8_t logon, message;

	memset(&release, 0, sizeof release);
	bench_batch_init(&b, w->scratch);
	logon = rop_batch_handle(&b, w->logon);
	message = rop_batch_output(&b);
	rop_batch_add(&b, ROP_ID_open_message, 0, logon, message, &open);
	rop_batch_add(&b, ROP_ID_get_properties_specific, 0, message, 0,
		      &get);
	rop_batch_add(&b, ROP_ID_release, 0, message, 0, &release);
	++*units;
	return bench_session_execute(w->session, &b, &results, err) &&
		rop_results_expect(&results, ROP_ID_open_message, &rsp,
				   err) &&
		rop_results_expect(&results, ROP_ID_get_properties_specific,
				   &rsp, err);
}
