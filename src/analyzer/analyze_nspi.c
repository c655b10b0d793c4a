/* SPDX-License-Identifier: Apache-2.0 */
/* The address book endpoint: Bind, "Check Name", the containers, Unbind. */
#include <string.h>
#include <strings.h>

#include "analyzer/analyze_impl.h"
#include "analyzer/nspi_client.h"

static const uint32_t tags[] = { PID_TAG_DISPLAY_NAME, PID_TAG_EMAIL_ADDRESS,
	PID_TAG_SMTP_ADDRESS };

static bool call(struct analysis *a, enum request_type type,
		 const union nspi_req *req, union nspi_rsp *rsp,
		 struct err *err)
{
	struct mapi_answer answer;

	return nspi_client_call(a->client, type, req, a->arena, &answer, rsp,
				err);
}

static bool step_bind(struct analysis *a)
{
	union nspi_req req = { .bind = { .has_state = true,
					 .state = nspi_client_stat() } };
	char guid[GUID_TEXT_SIZE];
	union nspi_rsp rsp;
	struct err err;

	report_begin(a->r, "Connecting to the address book (Bind).");
	if (!call(a, REQUEST_TYPE_BIND, &req, &rsp, &err))
		return step_failed(a, &err);
	note_answer(a, a->client, OP_ADDRESS_BOOK, NULL);
	detail_servers(a, &mapi_client_last(a->client)->http);
	guid_format(&rsp.bind.server_guid, guid);
	report_detail(a->r, "Server GUID: %s", guid);
	return report_end(a->r, STEP_SUCCESS, "A session was made.");
}

/* The text that a row has; "" if it has none. */
static const char *text(const struct prop_values *row, uint32_t tag)
{
	for (uint32_t i = 0; i < row->n; i++)
		if (row->v[i].tag == tag)
			return row->v[i].str;
	return "";
}

/* What ResolveNames found: one row, if it was one. */
static bool judge(struct analysis *a, const struct nspi_rows *rows,
		  uint32_t mid)
{
	const struct prop_values *row = rows->v;
	const char *dn;

	if (mid == MID_AMBIGUOUS)
		return report_end(a->r, STEP_ERROR, "Check Name failed: %s "
				  "is ambiguous.", a->o->email);
	if (mid != MID_RESOLVED || rows->n != 1)
		return report_end(a->r, STEP_ERROR, "Check Name failed: %s "
				  "is not in the address book.", a->o->email);
	dn = text(row, PID_TAG_EMAIL_ADDRESS);
	report_detail(a->r, "DisplayName: %s, LegDN: %s",
		      text(row, PID_TAG_DISPLAY_NAME), dn);
	report_detail(a->r, "Address: %s", text(row, PID_TAG_SMTP_ADDRESS));
	if (a->o->user_dn != NULL && strcasecmp(dn, a->o->user_dn) != 0)
		return report_end(a->r, STEP_WARNING, "Check Name found "
				  "another legacyExchangeDN than the "
				  "mailbox's, %s.", a->o->user_dn);
	return report_end(a->r, STEP_SUCCESS, "Check Name succeeded.");
}

static bool step_check_name(struct analysis *a)
{
	union nspi_req req = { .resolve_names = { .has_state = true,
		.state = nspi_client_stat(), .has_property_tags = true,
		.property_tags = { 3, tags }, .has_names = true,
		.names = { 1, &a->o->email } } };
	union nspi_rsp rsp;
	struct err err;

	report_begin(a->r, "Testing the address book \"Check Name\" "
		     "operation for user %s against server %s.",
		     a->o->email, a->host);
	if (!call(a, REQUEST_TYPE_RESOLVE_NAMES, &req, &rsp, &err))
		return step_failed(a, &err);
	note_answer(a, a->client, OP_ADDRESS_BOOK, NULL);
	return judge(a, &rsp.resolve_names.rows,
		     rsp.resolve_names.minimal_ids.n == 1 ?
		     rsp.resolve_names.minimal_ids.v[0] : MID_UNRESOLVED);
}

static bool step_containers(struct analysis *a)
{
	union nspi_req req = { .get_special_table = {
		.flags = NSPI_UNICODE_STRINGS, .has_state = true,
		.state = nspi_client_stat(), .has_version = true } };
	union nspi_rsp rsp;
	struct err err;

	report_begin(a->r, "Reading the containers of the address book.");
	if (!call(a, REQUEST_TYPE_GET_SPECIAL_TABLE, &req, &rsp, &err))
		return step_failed(a, &err);
	for (uint32_t i = 0; i < rsp.get_special_table.rows.n; i++) {
		const char *name = text(&rsp.get_special_table.rows.v[i],
					PID_TAG_DISPLAY_NAME);

		if (*name != '\0')
			report_detail(a->r, "%s", name);
	}
	return report_end(a->r, STEP_SUCCESS, "There are %u.",
			  rsp.get_special_table.rows.n);
}

static bool step_unbind(struct analysis *a)
{
	union nspi_req req = { .unbind = { 0 } };
	union nspi_rsp rsp;
	struct err err;

	report_begin(a->r, "Disconnecting from the address book (Unbind).");
	if (!call(a, REQUEST_TYPE_UNBIND, &req, &rsp, &err))
		return step_failed(a, &err);
	return report_end(a->r, STEP_SUCCESS, "The session was ended.");
}

static struct mapi_client *new_book(const struct analysis *a)
{
	struct analyze_options options = *a->o;
	struct analysis book = *a;

	options.url = nspi_client_url(options.url, a->arena);
	book.o = &options;
	return new_client(&book);
}

static bool step_book(struct analysis *a)
{
	bool ok;

	if (!step_bind(a))
		return false;
	ok = step_check_name(a);
	ok = step_containers(a) && ok;
	return step_unbind(a) && ok;
}

bool step_address_book(struct analysis *a)
{
	bool ok;

	report_begin(a->r, STEP_ADDRESS_BOOK);
	a->op = OP_ADDRESS_BOOK;
	a->client = new_book(a);
	ok = step_book(a);
	mapi_client_free(a->client);
	a->client = NULL;
	return report_end(a->r, ok ? STEP_SUCCESS : STEP_ERROR, "%s", ok ?
			  "The address book endpoint was tested "
			  "successfully." :
			  "An error occurred while testing the address book "
			  "endpoint.");
}
