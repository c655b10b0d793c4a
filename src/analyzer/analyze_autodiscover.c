/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Autodiscover ([MS-OXDSCLI]) as Outlook asks it, and whether what comes back
 * fits together: the mailbox's endpoints, its address and legacyExchangeDN.
 */
#include <string.h>
#include <strings.h>

#include "analyzer/analyze_impl.h"
#include "mapi/autodiscover.h"

/* An answer; its strings lie in the analysis's arena. */
struct found {
	struct http_response http;
	struct autodiscover_rsp rsp;
};

static struct http_client *new_http(const struct analysis *a)
{
	return http_client_new(&(struct http_client_config){
		.user = a->o->user, .password =
			a->auth == HTTP_AUTH_BEARER ? a->o->token :
			a->o->password,
		.auth = a->auth, .ca_file = a->o->ca_file,
		.address = a->o->address, .insecure = a->o->insecure });
}

/* POST the request to url; false and err when there is no answer of use. */
static bool ask(struct analysis *a, const char *url, struct found *out,
		struct err *err)
{
	static const struct http_field fields[] = {
		{ "Content-Type", "text/xml; charset=utf-8" },
		{ "X-MapiHttpCapability", "1" },
		{ "User-Agent", "MapiHttpClient" } };
	struct http_client *client = new_http(a);
	struct observed_exchange *x;
	enum http_failure failure;
	struct buf body = BUF_INIT;
	bool ok;

	autodiscover_req_encode(&(struct autodiscover_req){
		.email = a->o->email }, &body);
	ok = http_client_send(client, &(struct http_request){
		.method = "POST", .url = url, .fields = fields,
		.n_fields = sizeof fields / sizeof *fields,
		.body = body.data, .body_len = body.len,
		.timeout_ms = a->o->timeout_ms,
		.max_body = AUTODISCOVER_MAX }, a->arena, &out->http,
		&failure, err);
	buf_free(&body);
	http_client_free(client);
	x = observed_add(a->seen, OP_AUTODISCOVER);
	x->auth = a->auth;
	x->failure = failure;
	if (!ok) {
		x->error = arena_strdup(a->arena, err->text);
		return false;
	}
	observed_headers(a->seen, x, &out->http);
	if (out->http.status != 200)
		return err_set(err, EC_ERROR, "%s answered with HTTP status "
			       "%d.", url, out->http.status);
	return autodiscover_rsp_decode(out->http.body, out->http.body_len,
				       a->arena, &out->rsp, err);
}

static const struct autodiscover_protocol *
mapi_http(const struct autodiscover_rsp *rsp)
{
	for (size_t i = 0; i < rsp->protocol_count; i++)
		if (strcmp(rsp->protocols[i].type, "mapiHttp") == 0)
			return &rsp->protocols[i];
	return NULL;
}

static void detail_url(struct analysis *a, const char *what, const char *url)
{
	if (*url != '\0')
		report_detail(a->r, "%s: %s", what, url);
}

static void detail_answer(struct analysis *a,
			  const struct autodiscover_rsp *rsp)
{
	const struct autodiscover_protocol *p = mapi_http(rsp);

	report_detail(a->r, "DisplayName: %s, LegacyDN: %s",
		      rsp->display_name, rsp->legacy_dn);
	if (p == NULL)
		return;
	detail_url(a, "MailStore, internal", p->mail_store_internal);
	detail_url(a, "MailStore, external", p->mail_store_external);
	detail_url(a, "AddressBook, internal", p->address_book_internal);
	detail_url(a, "AddressBook, external", p->address_book_external);
}

/* Whether the settings are those of this mailbox, and usable. */
static bool judge(struct analysis *a, const struct autodiscover_rsp *rsp)
{
	const struct autodiscover_protocol *p = mapi_http(rsp);

	if (rsp->error != AUTODISCOVER_OK)
		return report_end(a->r, STEP_ERROR, "Autodiscover answered "
				  "with error %d: %s", (int)rsp->error,
				  rsp->message);
	if (rsp->action != AUTODISCOVER_SETTINGS)
		return report_end(a->r, STEP_WARNING, "Autodiscover sends the "
				  "client on to %s.", rsp->redirect);
	detail_answer(a, rsp);
	if (p == NULL)
		return report_end(a->r, STEP_ERROR, "The answer has no "
				  "mapiHttp protocol: MAPI over HTTP is off "
				  "for the organisation or the mailbox, or "
				  "the server has no URL for it.");
	if (*p->mail_store_internal == '\0' && *p->mail_store_external == '\0')
		return report_end(a->r, STEP_ERROR, "The mapiHttp protocol "
				  "names no mail store.");
	if (a->o->user_dn != NULL && *rsp->legacy_dn != '\0' &&
	    strcasecmp(rsp->legacy_dn, a->o->user_dn) != 0)
		return report_end(a->r, STEP_WARNING, "Autodiscover has "
				  "another legacyExchangeDN than the mailbox, "
				  "%s.", a->o->user_dn);
	return report_end(a->r, STEP_SUCCESS, "The Autodiscover settings were "
			  "retrieved successfully.");
}

static const char *url_on(struct analysis *a, const char *endpoint)
{
	const char *host = strstr(endpoint, "://") + 3;
	size_t len = (size_t)(host - endpoint) + strcspn(host, "/?#");

	return arena_printf(a->arena, "%.*s/autodiscover/autodiscover.xml",
			    (int)len, endpoint);
}

bool step_autodiscover(struct analysis *a)
{
	const char *url = url_on(a, a->o->url);
	struct found found = { .rsp = { .error = AUTODISCOVER_OK } };
	struct err err;

	report_begin(a->r, "Attempting to retrieve XML Autodiscover response "
		     "from URL %s for user %s.", url, a->o->email);
	if (ask(a, url, &found, &err)) {
		detail_servers(a, &found.http);
		return judge(a, &found.rsp);
	}
	/* Another server may do that, and this one does its part. */
	report_end(a->r, STEP_WARNING, "%s", err.text);
	return true;
}

/* Finding the endpoint by it ------------------------------------------- */

/* The internal URL, from inside the network: this is where we are. */
static const char *store_url(const struct autodiscover_rsp *rsp)
{
	const struct autodiscover_protocol *p = mapi_http(rsp);

	if (p == NULL)
		return "";
	return *p->mail_store_internal != '\0' ? p->mail_store_internal :
		p->mail_store_external;
}

static bool try_url(struct analysis *a, const char *url,
		    struct autodiscover_rsp *rsp)
{
	struct found found;
	struct err err;

	report_begin(a->r, "Attempting to test potential Autodiscover URL %s",
		     url);
	if (!ask(a, url, &found, &err)) {
		report_end(a->r, STEP_ERROR, "%s", err.text);
		return false;
	}
	*rsp = found.rsp;
	return judge(a, &found.rsp) && *store_url(rsp) != '\0';
}

/* [MS-OXDISCO] 3.1.5: what a client outside a domain tries, in order. */
static bool try_all(struct analysis *a, const char *given,
		    struct autodiscover_rsp *rsp)
{
	const char *domain = strrchr(a->o->email, '@');

	if (given != NULL)
		return try_url(a, given, rsp);
	if (domain == NULL)
		return false;
	return try_url(a, arena_printf(a->arena, "https://%s/autodiscover/"
				       "autodiscover.xml", domain + 1), rsp) ||
		try_url(a, arena_printf(a->arena, "https://autodiscover.%s/"
					"autodiscover/autodiscover.xml",
					domain + 1), rsp);
}

bool analyze_find(struct report *r, const struct analyze_options *options,
		  const char *autodiscover_url, const char **url,
		  const char **user_dn)
{
	struct analysis a = { .r = r, .o = options, .arena = report_arena(r),
			      .auth = options->auth };
	struct autodiscover_rsp rsp;
	bool ok;

	/* libcurl takes the best of what is offered. */
	if (a.auth == 0)
		a.auth = options->token != NULL ? HTTP_AUTH_BEARER :
			HTTP_AUTH_BASIC | HTTP_AUTH_NTLM | HTTP_AUTH_NEGOTIATE;
	a.seen = observed_new(a.arena);
	report_begin(r, "Testing Autodiscover for %s.", options->email);
	ok = try_all(&a, autodiscover_url, &rsp);
	if (!ok)
		return report_end(r, STEP_ERROR, "Testing Autodiscover "
				  "failed.");
	*url = store_url(&rsp);
	if (*user_dn == NULL)
		*user_dn = rsp.legacy_dn;
	return report_end(r, STEP_SUCCESS, "Autodiscover was tested "
			  "successfully.");
}
