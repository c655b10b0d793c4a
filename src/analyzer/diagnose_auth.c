/* SPDX-License-Identifier: Apache-2.0 */
/* Rules: the methods that an endpoint offers, and whether they work. */
#include "analyzer/diagnose_impl.h"

#include <string.h>

/* 401s within one request: NTLM and Negotiate take 2 at most. */
enum { ROUNDS_MAX = 4 };

#define ALL_METHODS "Ntlm, OAuth, Negotiate"

static unsigned in_state(const struct observed *o, enum method_state state)
{
	unsigned found = 0;

	for (unsigned i = 0; i < METHODS; i++)
		if (o->methods[i].state == state)
			found |= 1U << i;
	return found;
}

static const char *set_methods(const struct observed *o)
{
	const struct observed_exchange *x = observed_find(o, OP_ANONYMOUS);
	const char *server = x != NULL && x->fe_server != NULL ?
		x->fe_server : NULL;

	if (server == NULL)
		return "Get-MapiVirtualDirectory | Set-MapiVirtualDirectory "
			"-IISAuthenticationMethods " ALL_METHODS;
	return say(o, "Set-MapiVirtualDirectory -Identity '%s\\mapi (Default "
		   "Web Site)' -IISAuthenticationMethods " ALL_METHODS,
		   server);
}

static bool empty_methods(const struct rule *rule, const struct observed *o,
			  struct finding *f)
{
	if (!o->challenged || o->offered != 0 || o->unknown_methods > 0)
		return false;
	evidence(o, f, "the 401 has no WWW-Authenticate");
	f->cure = set_methods(o);
	return true;
}

static bool basic_only(const struct rule *rule, const struct observed *o,
		       struct finding *f)
{
	if (o->offered != HTTP_AUTH_BASIC)
		return false;
	evidence(o, f, "offered: Basic");
	f->cure = set_methods(o);
	return true;
}

static bool basic_over_plain(const struct rule *rule,
			     const struct observed *o, struct finding *f)
{
	if (o->url == NULL || o->tls_wanted ||
	    (o->offered & HTTP_AUTH_BASIC) == 0)
		return false;
	evidence(o, f, "Basic is offered on %s", o->url);
	return true;
}

/* A 401 after credentials that got there. */
static bool is_refusal(const struct observed *o,
		       const struct observed_exchange *x)
{
	unsigned handshake = HTTP_AUTH_NTLM | HTTP_AUTH_NEGOTIATE;

	return x->auth != 0 && x->status == 401 &&
		(x->ntlm_challenge || o->from_text ||
		 (x->auth & handshake) == 0);
}

/* All that could be tried was refused, with a handshake that went well. */
static bool wrong_credentials(const struct rule *rule,
			      const struct observed *o, struct finding *f)
{
	unsigned refused = in_state(o, METHOD_REFUSED), proper = 0;

	for (const struct observed_exchange *x = o->first; x != NULL;
	     x = x->next)
		if (is_refusal(o, x))
			proper |= x->auth;
	if (refused == 0 || proper == 0 || in_state(o, METHOD_WORKS) != 0)
		return false;
	evidence(o, f, "401 for %s with %s", o->user != NULL ? o->user :
		 "the ticket", method_names(o->arena, proper));
	if (refused == HTTP_AUTH_BEARER) {
		f->meaning = "The server does not take the token.";
		f->cure = "Check its issuer, audience and expiry, and that "
			"the server knows the key.";
	}
	return true;
}

/*
 * A type 1 message (or SPNEGO's first) is answered with a challenge by whoever
 * knows the method; a bare 401 means that the one who answered does not see
 * the handshake: the connection was changed on the way.
 */
static bool handshake_lost(const struct rule *rule, const struct observed *o,
			   struct finding *f)
{
	for (const struct observed_exchange *x = o->first; x != NULL;
	     x = x->next)
		if (x->op == OP_AUTHENTICATE && x->status == 401 &&
		    x->auth == HTTP_AUTH_NTLM && !x->ntlm_challenge) {
			evidence(o, f, "%s was offered and begun, and the "
				 "answer was a 401 without a challenge",
				 method_name(x->auth));
			return true;
		}
	return false;
}

static bool no_ticket(const struct rule *rule, const struct observed *o,
		      struct finding *f)
{
	const struct observed_method *m =
		&o->methods[method_index(HTTP_AUTH_NEGOTIATE)];

	if (m->state != METHOD_NO_TICKET)
		return false;
	if (m->error != NULL)
		evidence(o, f, "%s", m->error);
	if (m->error != NULL && strcasestr(m->error, "not found in Kerberos"))
		f->cure = say(o, "Register the service principal name: "
			      "setspn -S HTTP/%s ACCOUNT, once in the whole "
			      "forest (setspn -X lists duplicates).",
			      o->host != NULL ? o->host : "NAME");
	else if (m->error != NULL && strcasestr(m->error, "skew"))
		f->cure = "Set the clock: Kerberos allows 5 minutes.";
	else if (m->error != NULL && strcasestr(m->error, "encryption type"))
		f->cure = "The service account and the client have no "
			"encryption type in common: allow AES on the account "
			"and renew its keys.";
	return true;
}

/* Offered, tried, broken: while another method took the same credentials. */
static bool method_broken(const struct rule *rule, const struct observed *o,
			  struct finding *f)
{
	unsigned works = in_state(o, METHOD_WORKS);
	unsigned broken = in_state(o, METHOD_REFUSED) |
		in_state(o, METHOD_FAILED);

	if (works == 0 || broken == 0)
		return false;
	evidence(o, f, "%s works with these credentials, %s does not",
		 method_names(o->arena, works),
		 method_names(o->arena, broken));
	for (unsigned i = 0; i < METHODS; i++)
		if ((broken & 1U << i) && o->methods[i].error != NULL)
			evidence(o, f, "%s: %s", method_name(1U << i),
				 o->methods[i].error);
	f->meaning = say(o, "%s is offered but does not work: clients that "
			 "prefer it ask for a password again and again.",
			 method_names(o->arena, broken));
	return true;
}

/* Let in once, refused at the next request. */
static bool auth_loop(const struct rule *rule, const struct observed *o,
		      struct finding *f)
{
	const struct observed_exchange *x = o->first;

	while (x != NULL && (x->auth == 0 || x->rounds < ROUNDS_MAX))
		x = x->next;
	if (x != NULL) {
		evidence(o, f, "%u answers with 401 to one request with %s",
			 x->rounds, method_names(o->arena, x->auth));
		f->meaning = "The handshake begins again and again: the "
			"connection is closed in the middle of it, or each "
			"message of it gets to another server.";
		return true;
	}
	x = o->first;
	if (in_state(o, METHOD_WORKS) == 0)
		return false;
	while (x != NULL && (x->status != 401 || x->op == OP_ANONYMOUS ||
			     x->op == OP_AUTHENTICATE))
		x = x->next;
	if (x == NULL)
		return false;
	evidence(o, f, "GET was let in with %s, %s was answered with 401",
		 method_names(o->arena, in_state(o, METHOD_WORKS)),
		 op_name(x->op));
	return true;
}

static bool nothing_usable(const struct rule *rule, const struct observed *o,
			   struct finding *f)
{
	if (!o->challenged || o->offered == 0 || o->from_text ||
	    in_state(o, METHOD_WORKS) != 0 ||
	    in_state(o, METHOD_REFUSED) != 0 ||
	    in_state(o, METHOD_FAILED) != 0 ||
	    in_state(o, METHOD_NO_TICKET) != 0)
		return false;
	evidence(o, f, "offered: %s", method_names(o->arena, o->offered));
	return true;
}

const struct rule rules_auth[] = {
	{ { "empty-methods", "the 401 offers no method" },
	  RANK_AUTH, CONFIDENCE_CERTAIN, false, "no-usable-method",
	  empty_methods, 0,
	  "The endpoint wants authentication and offers no method: "
	  "IISAuthenticationMethods is empty. Exchange 2016 CU2 writes an "
	  "empty list when a URL of the virtual directory is edited.",
	  "" },
	{ { "wrong-credentials", "the server refuses the credentials" },
	  RANK_AUTH, CONFIDENCE_LIKELY, false, NULL, wrong_credentials, 0,
	  "The handshake went well and the server refused the user name or "
	  "the password.",
	  "Check the user name (try DOMAIN\\user and user@domain), the "
	  "password, and whether the account is locked or disabled." },
	{ { "ntlm-handshake-lost", "NTLM is begun and not continued" },
	  RANK_AUTH, CONFIDENCE_LIKELY, false, "wrong-credentials auth-loop",
	  handshake_lost, 0,
	  "NTLM is offered, but its first message gets no challenge: "
	  "something between splits the connection or sends its requests on "
	  "different ones, or the server offers a method that it can't do.",
	  "Let the proxy or load balancer keep one connection to the server "
	  "for each client connection (haproxy: option prefer-last-server, "
	  "no http-reuse; nginx: ntlm in the upstream block), or end "
	  "authentication at the proxy." },
	{ { "no-kerberos-ticket", "no ticket for the server" },
	  RANK_AUTH, CONFIDENCE_LIKELY, true, NULL, no_ticket, 0,
	  "Negotiate is offered and no Kerberos ticket for the server could "
	  "be had.",
	  "Run kinit, or give --ccache FILE; then see klist." },
	{ { "method-broken", "an offered method does not work" },
	  RANK_AUTH, CONFIDENCE_LIKELY, true, "wrong-credentials",
	  method_broken, 0, "",
	  "Repair the method on the server (Kerberos: keytab and service "
	  "principal name; NTLM: winbind, or the proxies between), or take it "
	  "out of IISAuthenticationMethods." },
	{ { "auth-loop", "let in at first, then 401" },
	  RANK_AUTH, CONFIDENCE_LIKELY, false, NULL, auth_loop, 0,
	  "The credentials are right: a first request was let in and a later "
	  "one was answered with 401. The handshake does not hold for the "
	  "connection, or another server behind the same name refuses it.",
	  "See that the proxy keeps client connections apart and alive, that "
	  "all servers behind the name have the same authentication methods "
	  "(Get-MapiVirtualDirectory | Format-List Server,"
	  "IISAuthenticationMethods), and that the back end takes the "
	  "front end's method:\n"
	  "Get-MapiVirtualDirectory | Set-MapiVirtualDirectory "
	  "-IISAuthenticationMethods " ALL_METHODS },
	{ { "no-usable-method", "no credentials for what is offered" },
	  RANK_AUTH, CONFIDENCE_CERTAIN, false, NULL, nothing_usable, 0,
	  "None of the methods that the endpoint offers can be used with the "
	  "credentials that were given.",
	  "Give a password (--password-file), a token (--token-file) or a "
	  "credential cache (--ccache)." },
	{ { "basic-only", "Basic is the only method" },
	  RANK_ADVICE, CONFIDENCE_CERTAIN, true, NULL, basic_only, 0,
	  "The endpoint offers Basic alone: clients ask for a password and "
	  "send it with each request; domain members can't log on by "
	  "themselves; servers of another version can't proxy to this one.",
	  "" },
	{ { "basic-over-http", "Basic without TLS" },
	  RANK_ADVICE, CONFIDENCE_CERTAIN, true, "plain-http",
	  basic_over_plain, 0,
	  "Basic is offered without TLS: whoever listens on the way reads the "
	  "password.", "Offer it over TLS only." },
	{ { NULL, NULL }, 0, 0, false, NULL, NULL, 0, NULL, NULL },
};
