/* SPDX-License-Identifier: Apache-2.0 */
/* The 401 round: what is offered, and which of it is used. */
#include <string.h>
#include <strings.h>

#include "analyzer/analyze_impl.h"

static const struct {
	const char *scheme;
	enum http_auth auth;
} schemes[] = {
	/* In the order in which they are preferred. */
	{ "Negotiate", HTTP_AUTH_NEGOTIATE }, { "NTLM", HTTP_AUTH_NTLM },
	{ "Bearer", HTTP_AUTH_BEARER }, { "Basic", HTTP_AUTH_BASIC },
};
enum { SCHEMES = sizeof schemes / sizeof *schemes };

static bool begins_with_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	return strncasecmp(text, word, len) == 0 &&
		(text[len] == '\0' || text[len] == ' ');
}

static unsigned offered_by(struct analysis *a, const struct http_response *rsp)
{
	const char *field, *names = "";
	unsigned offered = 0;

	for (size_t i = 0; (field = http_response_field(rsp,
			"WWW-Authenticate", i)) != NULL; i++) {
		names = arena_printf(a->arena, "%s%s%.*s", names,
				     *names != '\0' ? ", " : "",
				     (int)strcspn(field, " "), field);
		for (size_t k = 0; k < SCHEMES; k++)
			if (begins_with_word(field, schemes[k].scheme))
				offered |= schemes[k].auth;
	}
	report_detail(a->r, "Methods offered: %s",
		      *names != '\0' ? names : "(none)");
	return offered;
}

/* Without a ticket or token here, passwords decide: Basic, else NTLM. */
static unsigned choose(const struct analysis *a, unsigned offered)
{
	if (a->o->auth != 0)
		return a->o->auth & offered;
	if (a->o->password != NULL)
		return offered & HTTP_AUTH_BASIC && a->tls ? HTTP_AUTH_BASIC :
			offered & HTTP_AUTH_NTLM ? HTTP_AUTH_NTLM :
			offered & HTTP_AUTH_NEGOTIATE ? HTTP_AUTH_NEGOTIATE :
			offered & HTTP_AUTH_BASIC;
	return offered & HTTP_AUTH_NEGOTIATE;
}

static const char *scheme_name(unsigned auth)
{
	for (size_t i = 0; i < SCHEMES; i++)
		if (schemes[i].auth == auth)
			return schemes[i].scheme;
	return "several";
}

static bool step_offered(struct analysis *a, unsigned *offered)
{
	struct mapi_client_config config = {
		.url = a->o->url, .timeout_ms = a->o->timeout_ms,
		.http = { .ca_file = a->o->ca_file, .address = a->o->address,
			  .insecure = a->o->insecure } };
	struct mapi_client *c = mapi_client_new(&config);
	struct mapi_answer answer;
	struct err err;
	bool ok;

	report_begin(a->r, "Asking which authentication methods the mail "
		     "store endpoint offers.");
	ok = mapi_client_get(c, a->arena, &answer, &err);
	mapi_client_free(c);
	if (!ok)
		return step_failed(a, &err);
	if (answer.http.status != 401)
		return report_end(a->r, STEP_ERROR, "An anonymous request "
				  "was answered with HTTP status %d where "
				  "401 belongs.", answer.http.status);
	*offered = offered_by(a, &answer.http);
	return report_end(a->r, *offered != 0 ? STEP_SUCCESS : STEP_ERROR,
			  *offered != 0 ? "The methods are listed." :
			  "The 401 lists no method that is known.");
}

static bool step_accepted(struct analysis *a)
{
	struct mapi_client *c = new_client(a);
	struct mapi_answer answer;
	struct err err;
	bool ok;

	report_begin(a->r, "Testing HTTP authentication with the %s method.",
		     scheme_name(a->auth));
	ok = mapi_client_get(c, a->arena, &answer, &err);
	mapi_client_free(c);
	if (!ok)
		return step_failed(a, &err);
	if (answer.http.status == 401)
		return report_end(a->r, STEP_ERROR, "The server refused the "
				  "credentials of %s.", a->o->user != NULL ?
				  a->o->user : "the ticket");
	if (answer.http.status != 200)
		return report_end(a->r, STEP_ERROR, "An authenticated "
				  "request was answered with HTTP status %d.",
				  answer.http.status);
	return report_end(a->r, STEP_SUCCESS,
			  "The server accepted the credentials.");
}

bool step_auth(struct analysis *a)
{
	unsigned offered;

	report_begin(a->r, "Testing HTTP authentication on the mail store "
		     "endpoint.");
	if (!step_offered(a, &offered))
		return report_end(a->r, STEP_ERROR,
				  "Authentication can't be tested.");
	a->auth = choose(a, offered);
	if (a->auth == 0)
		return report_end(a->r, STEP_ERROR, "None of the offered "
				  "methods can be used with what was given: "
				  "see --auth and --password-file.");
	if (!step_accepted(a))
		return report_end(a->r, STEP_ERROR,
				  "HTTP authentication failed.");
	return report_end(a->r, STEP_SUCCESS,
			  "HTTP authentication was successful.");
}
