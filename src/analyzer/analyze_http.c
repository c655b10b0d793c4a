/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The health page and the 401 round: which methods are offered, and whether
 * each of them works for which there are credentials.
 */
#include <string.h>
#include <strings.h>

#include "analyzer/analyze_impl.h"

/* In the order in which they are preferred. */
static const enum http_auth preferred[] = { HTTP_AUTH_NEGOTIATE,
	HTTP_AUTH_NTLM, HTTP_AUTH_BEARER, HTTP_AUTH_BASIC };
enum { PREFERRED = sizeof preferred / sizeof *preferred };

static struct mapi_client *anonymous(const struct analysis *a,
				     const char *url)
{
	struct mapi_client_config config = {
		.url = url, .timeout_ms = a->o->timeout_ms,
		.http = { .ca_file = a->o->ca_file, .address = a->o->address,
			  .insecure = a->o->insecure } };

	return mapi_client_new(&config);
}

/* ---- the health page ---- */

/* The URL of the page, on the same host and port. */
static const char *health_url(const struct analysis *a)
{
	const char *host = strstr(a->o->url, "://") + 3;
	size_t len = (size_t)(host - a->o->url) + strcspn(host, "/?#");

	return arena_printf(a->arena, "%.*s/mapi/healthcheck.htm", (int)len,
			    a->o->url);
}

void step_health(struct analysis *a)
{
	struct mapi_client *c = anonymous(a, health_url(a));
	struct mapi_answer answer;
	struct err err;
	int status;

	report_begin(a->r, "Testing the health page of the server "
		     "(/mapi/healthcheck.htm).");
	if (!mapi_client_get(c, a->arena, &answer, &err)) {
		note_answer(a, c, OP_HEALTH, &err);
		report_end(a->r, STEP_WARNING, "%s", err.text);
		mapi_client_free(c);
		return;
	}
	mapi_client_free(c);
	status = a->seen->health = answer.http.status;
	if (status == 200)
		report_end(a->r, STEP_SUCCESS, "The server says that it is "
			   "healthy.");
	else
		report_end(a->r, STEP_WARNING, "The health page was answered "
			   "with HTTP status %d.", status);
}

/* ---- what is offered ---- */

static void take_challenge(struct analysis *a, const char *field)
{
	size_t len = strcspn(field, " ,");
	unsigned auth = method_of(field, len);
	struct observed_method *m;

	if (auth == 0) {
		a->seen->unknown_methods++;
		return;
	}
	m = &a->seen->methods[method_index(auth)];
	m->offered = true;
	m->state = METHOD_UNTRIED;
	m->challenge = arena_strdup(a->arena, field);
	a->seen->offered |= auth;
}

/*
 * Exchange behind IIS sends "Negotiate,NTLM" in one field now and then: names
 * without parameters, which a comma separates.
 */
static void take_challenges(struct analysis *a, const char *field)
{
	while (*field != '\0') {
		size_t len = strcspn(field, ",");
		char *one = arena_strndup(a->arena, field, len);
		bool bare = strchr(one, ' ') == NULL;

		take_challenge(a, bare ? one : field);
		if (!bare || field[len] == '\0')
			return;
		field += len + 1;
		field += strspn(field, " ");
	}
}

static void take_offers(struct analysis *a, const struct http_response *rsp)
{
	const char *field;

	a->seen->challenged = true;
	for (size_t i = 0; (field = http_response_field(rsp,
			"WWW-Authenticate", i)) != NULL; i++) {
		report_detail(a->r, "WWW-Authenticate: %s", field);
		take_challenges(a, field);
	}
	report_detail(a->r, "Methods offered: %s",
		      method_names(a->arena, a->seen->offered));
	detail_servers(a, rsp);
}

static bool step_offered(struct analysis *a)
{
	struct mapi_client *c = anonymous(a, a->o->url);
	struct mapi_answer answer;
	struct err err;
	bool ok;

	report_begin(a->r, "Asking how the mail store endpoint lets clients "
		     "authenticate.");
	ok = mapi_client_get(c, a->arena, &answer, &err);
	note_answer(a, c, OP_ANONYMOUS, ok ? NULL : &err);
	mapi_client_free(c);
	if (!ok)
		return report_end(a->r, STEP_ERROR, "%s", err.text);
	if (answer.http.status != 401) {
		detail_servers(a, &answer.http);
		return report_end(a->r, STEP_ERROR, "An anonymous request "
				  "was answered with HTTP status %d where "
				  "401 belongs.", answer.http.status);
	}
	take_offers(a, &answer.http);
	return report_end(a->r, a->seen->offered != 0 ? STEP_SUCCESS :
			  STEP_ERROR, a->seen->offered != 0 ?
			  "The methods are listed." :
			  "The 401 lists no method that is known.");
}

/* ---- whether each works ---- */

static bool has_credentials(const struct analysis *a, enum http_auth auth)
{
	switch (auth) {
	case HTTP_AUTH_BASIC:
	case HTTP_AUTH_NTLM:
		return a->o->password != NULL;
	case HTTP_AUTH_BEARER:
		return a->o->token != NULL;
	case HTTP_AUTH_NEGOTIATE: /* a ticket may be there */
		return true;
	case HTTP_AUTH_NONE:
		break;
	}
	return false;
}

/* Those that are offered, allowed and can be tried. */
static unsigned candidates(const struct analysis *a)
{
	unsigned all = 0;

	for (size_t i = 0; i < PREFERRED; i++)
		if (has_credentials(a, preferred[i]))
			all |= preferred[i];
	all &= a->seen->offered;
	if (a->o->auth != 0)
		return all & a->o->auth;
	/* A password in clear only if there is no other way. */
	if (!a->tls && (all & HTTP_AUTH_NTLM) != 0)
		all &= ~(unsigned)HTTP_AUTH_BASIC;
	return all;
}

/* GSSAPI found no ticket, and nothing was wrong but that. */
static bool lacks_ticket(const char *error)
{
	return strcasestr(error, "No Kerberos credentials") != NULL ||
		strcasestr(error, "No credentials") != NULL ||
		strcasestr(error, "No such file") != NULL;
}

/* The state of the method after its GET, and what the step says. */
static enum step_status judge(struct analysis *a, unsigned auth,
			      const struct http_response *rsp,
			      const char **result)
{
	struct observed_method *m = &a->seen->methods[method_index(auth)];
	const char *who = a->o->user != NULL && auth != HTTP_AUTH_BEARER ?
		a->o->user : "the ticket or token";

	m->state = METHOD_WORKS;
	*result = "The server accepted the credentials.";
	if (rsp->status == 200)
		return STEP_SUCCESS;
	if (rsp->gss_error != NULL) {
		m->state = METHOD_NO_TICKET;
		m->error = *result = arena_strdup(a->arena, rsp->gss_error);
	} else if (rsp->status == 401) {
		m->state = METHOD_REFUSED;
		*result = m->error = arena_printf(a->arena, "The server "
			"refused the credentials of %s.", who);
	} else if (rsp->status == 403 || (rsp->status >= 500 &&
		   http_response_field(rsp, "X-FailureContext", 0) == NULL)) {
		m->state = METHOD_FAILED;
		*result = m->error = arena_printf(a->arena, "An authenticated "
			"request was answered with HTTP status %d.",
			rsp->status);
	} else {
		/* Let in; what comes after the front end is another matter. */
		*result = arena_printf(a->arena, "The server accepted the "
			"credentials, and answered with HTTP status %d.",
			rsp->status);
		return STEP_WARNING;
	}
	return STEP_ERROR;
}

/*
 * One method.  A failure is a warning while another method works or may yet;
 * without a ticket Negotiate is passed over, unless it was asked for.
 */
static void step_method(struct analysis *a, unsigned auth, bool others)
{
	struct mapi_client *c;
	struct mapi_answer answer;
	enum step_status status;
	const char *result;
	struct err err;
	bool ok;

	report_begin(a->r, "Testing HTTP authentication with the %s method.",
		     method_name(auth));
	a->auth = auth;
	c = new_client(a);
	ok = mapi_client_get(c, a->arena, &answer, &err);
	note_answer(a, c, OP_AUTHENTICATE, ok ? NULL : &err);
	mapi_client_free(c);
	if (!ok) {
		a->seen->methods[method_index(auth)].state = METHOD_FAILED;
		a->seen->methods[method_index(auth)].error =
			arena_strdup(a->arena, err.text);
		report_end(a->r, others ? STEP_WARNING : STEP_ERROR, "%s",
			   err.text);
		return;
	}
	status = judge(a, auth, &answer.http, &result);
	if (status != STEP_SUCCESS)
		detail_servers(a, &answer.http);
	if (status == STEP_ERROR && others)
		status = answer.http.gss_error != NULL &&
			lacks_ticket(answer.http.gss_error) ? STEP_SKIPPED :
			STEP_WARNING;
	report_end(a->r, status, "%s", result);
}

/* No ticket is no finding if there was no need of one. */
static void settle_ticket(struct analysis *a)
{
	struct observed_method *m =
		&a->seen->methods[method_index(HTTP_AUTH_NEGOTIATE)];

	if (m->state == METHOD_NO_TICKET && a->auth != 0 &&
	    lacks_ticket(m->error))
		m->state = METHOD_UNTRIED;
}

static void try_methods(struct analysis *a, unsigned left)
{
	unsigned works = 0;

	for (size_t i = 0; i < PREFERRED; i++) {
		unsigned auth = preferred[i];

		if ((left & auth) == 0)
			continue;
		left &= ~auth;
		step_method(a, auth, works != 0 || left != 0);
		if (a->seen->methods[method_index(auth)].state ==
		    METHOD_WORKS)
			works |= auth;
	}
	a->auth = 0;
	for (size_t i = PREFERRED; i-- > 0;)
		if (works & preferred[i])
			a->auth = preferred[i];
}

bool step_auth(struct analysis *a)
{
	unsigned methods;

	report_begin(a->r, "Testing HTTP authentication on the mail store "
		     "endpoint.");
	if (!step_offered(a))
		return report_end(a->r, STEP_ERROR,
				  "Authentication can't be tested.");
	methods = candidates(a);
	if (methods == 0)
		return report_end(a->r, STEP_ERROR, "None of the offered "
				  "methods can be used with what was given: "
				  "see --auth, --password-file, --token-file "
				  "and --ccache.");
	try_methods(a, methods);
	settle_ticket(a);
	if (a->auth == 0)
		return report_end(a->r, STEP_ERROR,
				  "HTTP authentication failed.");
	report_detail(a->r, "Used from here on: %s", method_name(a->auth));
	return report_end(a->r, STEP_SUCCESS,
			  "HTTP authentication was successful.");
}
