/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "analyzer/analyze_impl.h"
#include "base/buf.h"

/* ---- what was observed ---- */

/* Whether the request got as far as a MAPI error: what err->ec then is. */
static bool is_mapi_error(const struct mapi_answer *answer,
			  const struct err *err)
{
	return answer->http.status == 200 && answer->response_code == 0 &&
		answer->late_code <= 0 && err->ec != EC_RPC_FORMAT &&
		err->ec != EC_SUCCESS;
}

void note_answer(struct analysis *a, const struct mapi_client *client,
		 enum observed_op op, const struct err *err)
{
	const struct mapi_answer *answer = mapi_client_last(client);
	struct observed_exchange *x = observed_add(a->seen, op);

	observed_headers(a->seen, x, &answer->http);
	x->auth = a->auth;
	x->failure = answer->failure;
	if (answer->late_code > 0)
		x->response_code = answer->late_code;
	if (err == NULL)
		return;
	x->error = arena_strdup(a->arena, err->text);
	x->has_ec = is_mapi_error(answer, err);
	x->ec = (uint32_t)err->ec;
	observed_diag(a->seen, &answer->diag);
}

void detail_servers(struct analysis *a, const struct http_response *rsp)
{
	static const char *const names[] = { "X-FEServer", "X-BEServer",
		"X-CalculatedBETarget", "X-FailureContext", "X-DiagInfo",
		"request-id" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *value = http_response_field(rsp, names[i], 0);

		if (value != NULL)
			report_detail(a->r, "%s: %s", names[i], value);
	}
}

void detail_diag(struct analysis *a, const struct diag_context *diag)
{
	struct buf b = BUF_INIT;

	for (uint32_t i = 0; i < diag->n; i++) {
		const char *text;

		buf_clear(&b);
		diag_line_print(&b, &diag->v[i]);
		text = buf_str(&b) + strspn(buf_str(&b), " ");
		report_detail(a->r, "%.*s", (int)strcspn(text, "\r\n"), text);
	}
	buf_free(&b);
}

bool step_failed(struct analysis *a, const struct err *err)
{
	if (a->client != NULL) {
		const struct mapi_answer *last = mapi_client_last(a->client);

		note_answer(a, a->client, a->op, err);
		detail_servers(a, &last->http);
		detail_diag(a, &last->diag);
	}
	return report_end(a->r, STEP_ERROR, "%s", err->text);
}

/* ---- the run ---- */

static bool run_steps(struct analysis *a)
{
	const char *because = "An earlier step failed.";
	bool ok, store;

	if (!step_resolve(a) || !step_port(a) || !step_tls(a)) {
		report_skip(a->r, "Testing the MAPI Mail Store endpoint on "
			    "the Exchange server.", because);
		return false;
	}
	if (!a->o->logon_only)
		step_health(a);
	if (!step_auth(a)) {
		report_skip(a->r, "Testing the MAPI Mail Store endpoint on "
			    "the Exchange server.", because);
		return false;
	}
	ok = a->o->logon_only || step_autodiscover(a);
	store = step_mail_store(a);
	ok = store && ok;
	if (store && !a->o->logon_only)
		ok = step_address_book(a) && ok;
	else if (!store)
		report_skip(a->r, STEP_ADDRESS_BOOK, because);
	if (a->o->sessions > 0)
		ok = step_sessions(a) && ok;
	return ok;
}

static struct observed *new_observed(const struct analysis *a)
{
	struct observed *o = observed_new(a->arena);

	o->url = a->o->url;
	o->host = a->host != NULL ? a->host : "";
	o->user = a->o->user;
	o->mailbox = a->o->email;
	o->tls_wanted = a->tls;
	o->insecure = a->o->insecure;
	o->has_password = a->o->password != NULL;
	o->has_token = a->o->token != NULL;
	return o;
}

bool analyze_run(struct report *r, const struct analyze_options *options,
		 struct observed **seen)
{
	struct analysis a = { .r = r, .o = options,
			      .arena = report_arena(r), .op = OP_EXECUTE };
	struct err err;
	bool ok = analyze_url(&a, &err);

	a.seen = new_observed(&a);
	if (seen != NULL)
		*seen = a.seen;
	if (!ok) {
		report_begin(r, "Testing MAPI over HTTP connectivity to %s",
			     options->url);
		return step_failed(&a, &err);
	}
	report_begin(r, "Testing MAPI over HTTP connectivity to server %s",
		     a.host);
	ok = run_steps(&a);
	return report_end(r, ok ? STEP_SUCCESS : STEP_ERROR, "%s", ok ?
			  "MAPI over HTTP connectivity was verified "
			  "successfully." :
			  "MAPI over HTTP connectivity failed.");
}
