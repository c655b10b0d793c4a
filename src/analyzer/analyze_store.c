/* SPDX-License-Identifier: Apache-2.0 */
/* The mail store endpoint: Connect, Logon, what is below, Disconnect. */
#include <string.h>

#include "analyzer/analyze_impl.h"

struct mapi_client *new_client(const struct analysis *a)
{
	struct mapi_client_config config = {
		.url = a->o->url, .timeout_ms = a->o->timeout_ms,
		.http = { .user = a->o->user, .password =
			  a->auth == HTTP_AUTH_BEARER ? a->o->token :
			  a->o->password,
			  .auth = a->auth, .ca_file = a->o->ca_file,
			  .address = a->o->address,
			  .insecure = a->o->insecure } };

	return mapi_client_new(&config);
}

bool logon_with(struct analysis *a, struct mapi_client *client,
		uint32_t *logon, struct rop_logon_rsp *rsp, struct err *err)
{
	union rop_req req = { .logon = { .logon_flags = 0x01, /* Private */
		/* TAKE_OWNERSHIP | NO_MAIL | HOME_LOGON */
		.open_flags = 0x01000000 | 0x00000004 | 0x00000002,
		.essdn = a->o->user_dn } };
	union rop_rsp mine;
	bool ok;

	memset(&mine, 0, sizeof mine);
	ok = mapi_client_rop(client, a->arena, ROP_ID_logon, 0,
			     ROP_HANDLE_NONE, &req, logon, &mine, err);
	/* A redirect names the server. */
	if (rsp != NULL)
		*rsp = mine.logon;
	return ok;
}

bool read_table(struct analysis *a, uint32_t table,
		const struct prop_tags *columns, uint32_t max,
		const struct prop_values **rows, uint32_t *n, struct err *err)
{
	union rop_req set = { .set_columns = { .property_tags = *columns } };
	union rop_req query = { .query_rows = { .forward_read = true,
		.row_count = (uint16_t)max } };
	struct rop_batch b;
	struct rop_results results;
	struct mapi_answer answer;
	union rop_rsp rsp;
	uint8_t in;

	rop_batch_init(&b, a->arena);
	in = rop_batch_handle(&b, table);
	rop_batch_add(&b, ROP_ID_set_columns, 0, in, 0, &set);
	rop_batch_add(&b, ROP_ID_query_rows, 0, in, 0, &query);
	if (!mapi_client_execute(a->client, &b, &answer, &results, err) ||
	    !rop_results_expect(&results, ROP_ID_set_columns, &rsp, err))
		return false;
	results.codec.columns = columns;
	if (!rop_results_expect(&results, ROP_ID_query_rows, &rsp, err))
		return false;
	*n = rsp.query_rows.row_count;
	if (!rop_rows_decode(&results.codec, columns,
			     &rsp.query_rows.row_data, *n, rows))
		return err_set(err, EC_RPC_FORMAT, "the rows of a table "
			       "cannot be decoded");
	return true;
}

static void detail_header(struct analysis *a, const struct mapi_answer *answer,
			  const char *name)
{
	const char *value = http_response_field(&answer->http, name, 0);

	if (value != NULL)
		report_detail(a->r, "%s: %s", name, value);
}

static bool step_connect(struct analysis *a)
{
	struct mapi_answer answer;
	struct connect_rsp rsp;
	struct err err;

	report_begin(a->r, "Connecting to the mail store (Connect).");
	a->op = OP_CONNECT;
	if (!mapi_client_connect(a->client, a->o->user_dn, 0, a->arena,
				 &answer, &rsp, &err))
		return step_failed(a, &err);
	note_answer(a, a->client, OP_CONNECT, NULL);
	detail_header(a, &answer, "X-FEServer");
	detail_header(a, &answer, "X-CalculatedBETarget");
	detail_header(a, &answer, "X-ServerApplication");
	detail_header(a, &answer, "X-BEServer");
	detail_header(a, &answer, "X-ExpirationInfo");
	detail_header(a, &answer, "X-PendingPeriod");
	report_detail(a->r, "User: %s", rsp.display_name);
	if (mapi_client_cookie(a->client, "MapiContext") == NULL)
		report_detail(a->r, "The answer set no cookie MapiContext.");
	return report_end(a->r, STEP_SUCCESS, "A session was made.");
}

static bool step_logon(struct analysis *a)
{
	struct rop_logon_rsp rsp;
	char guid[GUID_TEXT_SIZE];
	struct err err;

	report_begin(a->r, "Attempting to log on to the Mailbox.");
	a->op = OP_LOGON;
	if (!logon_with(a, a->client, &a->logon, &rsp, &err)) {
		if (err.ec == EC_WRONG_SERVER)
			report_detail(a->r, "The mailbox is on server %s.",
				      rsp.server_name != NULL ?
				      rsp.server_name : "(not named)");
		return step_failed(a, &err);
	}
	guid_format(&rsp.mailbox_guid, guid);
	report_detail(a->r, "Mailbox GUID: %s", guid);
	a->top = rsp.folder_ids.v[3];
	a->inbox = rsp.folder_ids.v[4];
	return report_end(a->r, STEP_SUCCESS,
			  "The logon was successful.");
}

static bool step_disconnect(struct analysis *a)
{
	struct mapi_answer answer;
	struct err err;

	report_begin(a->r, "Disconnecting.");
	a->op = OP_DISCONNECT;
	if (!mapi_client_disconnect(a->client, a->arena, &answer, &err))
		return step_failed(a, &err);
	return report_end(a->r, STEP_SUCCESS, "The session was ended.");
}

static bool step_session(struct analysis *a)
{
	bool ok;

	if (!step_connect(a))
		return false;
	ok = step_logon(a);
	a->op = OP_EXECUTE;
	if (ok && !a->o->logon_only) {
		ok = step_folders(a) && ok;
		ok = step_newest(a) && ok;
		ok = step_open_message(a) && ok;
		if (a->o->write)
			ok = step_write(a) && ok;
	}
	return step_disconnect(a) && ok;
}

bool step_mail_store(struct analysis *a)
{
	bool ok;

	report_begin(a->r, "Testing the MAPI Mail Store endpoint on the "
		     "Exchange server.");
	a->client = new_client(a);
	ok = step_session(a);
	mapi_client_free(a->client);
	a->client = NULL;
	return report_end(a->r, ok ? STEP_SUCCESS : STEP_ERROR, "%s", ok ?
			  "The MAPI Mail Store endpoint was tested "
			  "successfully." :
			  "An error occurred while testing the MAPI Mail "
			  "Store endpoint.");
}
