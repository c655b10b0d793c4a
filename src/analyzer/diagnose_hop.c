/* SPDX-License-Identifier: Apache-2.0 */
/* Rules: between the front end and the back end. */
#include "analyzer/diagnose_impl.h"

#include <ctype.h>
#include <string.h>

#define CURE_LINE "Get-MapiVirtualDirectory | Set-MAPIVirtualDirectory " \
	"-IISAuthenticationMethods Ntlm, OAuth, Negotiate"

/* "MX1" of "mx1.example.test(15.0)" */
static const char *short_name(const struct observed *o, const char *fqdn)
{
	char *name = arena_strndup(o->arena, fqdn, strcspn(fqdn, ".( "));

	for (char *c = name; *c != '\0'; c++)
		*c = (char)toupper((unsigned char)*c);
	return name;
}

/* The two ends of "hop=fe(15.1)->be(15.0)", as words. */
struct hop {
	const char *from, *to;    /* "fe1.example.test (15.1)" */
	const char *to_name;      /* "MX1" */
};

static const char *spaced(const struct observed *o, const char *text,
			  size_t len)
{
	const char *bracket = memchr(text, '(', len);
	size_t name = bracket != NULL ? (size_t)(bracket - text) : len;

	return say(o, "%.*s%s%.*s", (int)name, text,
		   bracket != NULL ? " " : "", (int)(len - name),
		   text + name);
}

static struct hop hop_of(const struct observed *o,
			 const struct observed_exchange *x)
{
	const char *to = *x->failure_context.back_end != '\0' ?
		x->failure_context.back_end : server_of(o, x);
	const char *text = failure_context_get(&x->failure_context, "hop",
					       o->arena);
	const char *arrow = text != NULL ? strstr(text, "->") : NULL;
	struct hop hop = {
		.from = x->fe_server != NULL ? x->fe_server : o->host != NULL ?
			o->host : "the front end",
		.to = to, .to_name = short_name(o, to),
	};

	if (arrow != NULL) {
		hop.from = spaced(o, text, (size_t)(arrow - text));
		hop.to = spaced(o, arrow + 2, strlen(arrow + 2));
	}
	return hop;
}

static const char *pair(const struct observed *o,
			const struct observed_exchange *x, const char *key)
{
	const char *value = failure_context_get(&x->failure_context, key,
						o->arena);

	return value != NULL && *value != '\0' ? value : "(none)";
}

/* The front end's own words: it knows which method it needs. */
static bool method_mismatch(const struct rule *rule, const struct observed *o,
			    struct finding *f)
{
	const struct observed_exchange *x =
		with_failure_code(o, FAILURE_HOP_METHOD);
	const char *needed, *offered;
	struct hop hop;

	if (x == NULL)
		return false;
	hop = hop_of(o, x);
	needed = pair(o, x, "needed");
	offered = pair(o, x, "offered");
	f->meaning = say(o, "The front end %s took the client's credentials "
		"and can't pass the request on to the back end %s: this hop "
		"needs %s, and the back end offers %s.", hop.from, hop.to,
		needed, offered);
	f->cure = say(o, CURE_LINE "\nor, for this server alone:\n"
		"Set-MapiVirtualDirectory -Identity '%s\\mapi (Default Web "
		"Site)' -IISAuthenticationMethods Ntlm, OAuth, Negotiate",
		hop.to_name);
	evidence(o, f, "%s was answered with status %d, X-FailureContext %s",
		 op_name(x->op), x->status,
		 failure_code_name(FAILURE_HOP_METHOD));
	evidence(o, f, "hop: %s to %s; needed: %s; offered: %s", hop.from,
		 hop.to, needed, offered);
	return true;
}

/*
 * A front end of another make does not say it: a 401 that comes from behind a
 * front end that has let the client in and has chosen a back end.
 */
static bool hop_unauthorized(const struct rule *rule,
			     const struct observed *o, struct finding *f)
{
	const struct observed_exchange *x = o->first;
	struct hop hop;

	while (x != NULL && (x->status != 401 || x->be_target == NULL ||
			     x->op == OP_ANONYMOUS ||
			     x->response_code == 0))
		x = x->next;
	if (x == NULL)
		return false;
	hop = (struct hop){ .from = x->fe_server != NULL ? x->fe_server :
			    "the front end", .to = x->be_target,
			    .to_name = short_name(o, x->be_target) };
	f->meaning = say(o, "The front end %s chose the back end %s, which "
		"was answered with 401: the back end does not take the "
		"method that the front end uses (between Exchange 2013 and "
		"2016 that is NTLM).", hop.from, hop.to);
	f->cure = say(o, CURE_LINE "\nor, for this server alone:\n"
		"Set-MapiVirtualDirectory -Identity '%s\\mapi (Default Web "
		"Site)' -IISAuthenticationMethods Ntlm, OAuth, Negotiate",
		hop.to_name);
	evidence(o, f, "%s: 401 with X-CalculatedBETarget: %s", op_name(x->op),
		 x->be_target);
	return true;
}

/* Any of the front end's other words; the row has the text. */
static bool front_end_says(const struct rule *rule, const struct observed *o,
			   struct finding *f)
{
	const struct observed_exchange *x =
		with_failure_code(o, (enum failure_code)rule->key);
	struct hop hop;

	if (x == NULL)
		return false;
	hop = hop_of(o, x);
	f->meaning = say(o, "%s Front end: %s; back end: %s.", rule->meaning,
			 hop.from, hop.to);
	evidence(o, f, "%s was answered with status %d, X-FailureContext %s",
		 op_name(x->op), x->status,
		 failure_code_name((enum failure_code)rule->key));
	if (*x->failure_context.details != '\0')
		evidence(o, f, "%s", x->failure_context.details);
	return true;
}

/* Names of .NET's WebExceptionStatus, in Exchange's X-FailureContext. */
static bool is_down_word(const char *word)
{
	static const char *const words[] = { "ConnectFailure",
		"NameResolutionFailure", "Timeout", "ReceiveFailure",
		"SendFailure", "ConnectionClosed", "KeepAliveFailure",
		"TrustFailure", "SecureChannelFailure" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasecmp(words[i], word) == 0)
			return true;
	return false;
}

/* The front end answers for a back end that does not. */
static bool back_end_down(const struct rule *rule, const struct observed *o,
			  struct finding *f)
{
	static const enum failure_code codes[] = { FAILURE_DOWN,
		FAILURE_CONNECT, FAILURE_RESOLVE };
	const struct observed_exchange *x = NULL;
	struct hop hop;

	for (size_t i = 0; i < 3 && x == NULL; i++)
		x = with_failure_code(o, codes[i]);
	for (const struct observed_exchange *e = o->first; x == NULL &&
	     e != NULL; e = e->next)
		if (e->status >= 500 && e->has_failure &&
		    is_down_word(e->failure_context.web_error))
			x = e;
	if (x == NULL)
		return false;
	hop = hop_of(o, x);
	f->meaning = say(o, "The front end %s is well, the back end %s that "
		"has the mailbox is down or can't be reached from it.",
		hop.from, hop.to);
	evidence(o, f, "%s was answered with status %d%s%s", op_name(x->op),
		 x->status, *x->failure_context.details != '\0' ? ": " : "",
		 x->failure_context.details);
	if (o->health == 200)
		evidence(o, f, "the front end's health page says 200 OK");
	return true;
}

/* 502, 503 and 504 of something that says nothing more */
static bool gateway(const struct rule *rule, const struct observed *o,
		    struct finding *f)
{
	const struct observed_exchange *x = o->first;

	while (x != NULL && ((x->status != 502 && x->status != 503 &&
			      x->status != 504) || x->has_failure))
		x = x->next;
	if (x == NULL)
		return false;
	evidence(o, f, "%s was answered with status %d", op_name(x->op),
		 x->status);
	if (o->health == 200)
		evidence(o, f, "the health page says 200 OK");
	return true;
}

static bool unhealthy(const struct rule *rule, const struct observed *o,
		      struct finding *f)
{
	if (o->health == 0 || o->health == 200 || o->health == 404)
		return false;
	evidence(o, f, "/mapi/healthcheck.htm was answered with status %d",
		 o->health);
	return true;
}

const struct rule rules_hop[] = {
	{ { "method-mismatch", "the hop needs a method that is not offered" },
	  RANK_HOP, CONFIDENCE_CERTAIN, false,
	  "hop-unauthorized auth-loop wrong-credentials method-broken "
	  "server-error", method_mismatch, FAILURE_HOP_METHOD, "", "" },
	{ { "hop-unauthorized", "the back end refuses the front end" },
	  RANK_HOP, CONFIDENCE_LIKELY, false,
	  "auth-loop wrong-credentials method-broken", hop_unauthorized, 0,
	  "", "" },
	{ { "hop-refused", "the back end refuses the front end's account" },
	  RANK_HOP, CONFIDENCE_CERTAIN, false,
	  "hop-unauthorized auth-loop server-error", front_end_says,
	  FAILURE_HOP_REFUSED,
	  "The back end offers the method and refused the front end's own "
	  "credentials.",
	  "Check the front end's account: its key (keytab, NT hash) and that "
	  "it is a server of the organisation; clocks; channel binding "
	  "between the two." },
	{ { "hop-account", "the front end has nothing to show" },
	  RANK_HOP, CONFIDENCE_CERTAIN, false, "server-error",
	  front_end_says, FAILURE_HOP_ACCOUNT,
	  "The front end has no key, ticket or hash with which it could log "
	  "on to the back end.",
	  "Give the front end its keytab, or the NT hash of its account." },
	{ { "back-end-down", "the back end is down behind a healthy front "
	    "end" },
	  RANK_HOP, CONFIDENCE_CERTAIN, false, "server-unavailable "
	  "server-error", back_end_down, 0, "",
	  "See on the back end whether the server runs and listens, and "
	  "whether the URL of its back-end virtual directory is right; move "
	  "the database to another server if it stays down." },
	{ { "back-end-timeout", "the back end does not answer the front end" },
	  RANK_HOP, CONFIDENCE_CERTAIN, false, "server-unavailable",
	  front_end_says, FAILURE_TIMEOUT,
	  "The back end takes connections and does not answer in time.",
	  "Look at its load and its log." },
	{ { "back-end-tls", "no TLS between the servers" },
	  RANK_HOP, CONFIDENCE_CERTAIN, false, "server-unavailable",
	  front_end_says, FAILURE_TLS,
	  "The front end got no TLS connection to the back end.",
	  "See what listens on the back end's port." },
	{ { "back-end-certificate", "the back end's certificate is bad" },
	  RANK_HOP, CONFIDENCE_CERTAIN, false, "server-unavailable",
	  front_end_says, FAILURE_CERTIFICATE,
	  "The front end does not trust the back end's certificate: expired, "
	  "another name, or another authority.",
	  "Renew the back end's certificate, or give the front end its "
	  "authority." },
	{ { "back-end-broke-off", "the back end broke off" },
	  RANK_HOP, CONFIDENCE_CERTAIN, false, "server-unavailable",
	  front_end_says, FAILURE_BROKEN,
	  "The back end closed the connection in the middle of an answer.",
	  "See whether it was restarted; its log tells." },
	{ { "back-end-malformed", "the back end does not speak HTTP" },
	  RANK_HOP, CONFIDENCE_CERTAIN, false, "server-unavailable",
	  front_end_says, FAILURE_MALFORMED,
	  "What the back end answered is no HTTP.",
	  "See what listens on the port of its internal URL." },
	{ { "no-mailbox-in-directory", "no mailbox to route to" },
	  RANK_MAILBOX, CONFIDENCE_CERTAIN, false,
	  "server-error not-there invalid-path no-privilege", front_end_says,
	  FAILURE_NO_MAILBOX,
	  "The front end found no mailbox for the user or for the MailboxId "
	  "of the URL.",
	  "Get-Mailbox shows whether the user has one; make one, or correct "
	  "the MailboxId." },
	{ { "version-too-old", "no way between these versions" },
	  RANK_HOP, CONFIDENCE_CERTAIN, false, "server-error",
	  front_end_says, FAILURE_NO_ROUTE,
	  "The front end does not proxy MAPI over HTTP to a server of the "
	  "mailbox's version.",
	  "2013 before CU10 and 2010 are not reached from others: update the "
	  "server, or send clients to a front end of its own version." },
	{ { "no-back-end-url", "the back end has no URL" },
	  RANK_HOP, CONFIDENCE_CERTAIN, false, "server-error",
	  front_end_says, FAILURE_NO_VDIR,
	  "The back-end virtual directory of the mailbox's server is missing "
	  "or has no InternalUrl.",
	  "New-MapiVirtualDirectory, or Set-MapiVirtualDirectory "
	  "-InternalUrl." },
	{ { "proxy-loop", "front ends send the request in a circle" },
	  RANK_HOP, CONFIDENCE_CERTAIN, false, "server-error",
	  front_end_says, FAILURE_LOOP,
	  "The request went through a front end twice.",
	  "The InternalUrl of the back-end virtual directory leads to a front "
	  "end: let it lead to the back end itself." },
	{ { "needs-mailbox-id", "pass-through without MailboxId" },
	  RANK_HOP, CONFIDENCE_CERTAIN, false, "server-error",
	  front_end_says, FAILURE_NEEDS_MAILBOX_ID,
	  "The front end passes credentials through, and so must know the "
	  "mailbox before it knows the user: the URL has no MailboxId.",
	  "Use the URL that Autodiscover gives." },
	{ { "server-busy", "the server has no helper or worker free" },
	  RANK_HOP, CONFIDENCE_CERTAIN, false, "server-unavailable",
	  front_end_says, FAILURE_UNAVAILABLE,
	  "The server's authentication helpers or workers are busy or gone.",
	  "Try again; its log says why. auth_helpers and workers in "
	  "posthouse.conf are how many there are." },
	{ { "server-unavailable", "a gateway or server says 50x" },
	  RANK_HOP, CONFIDENCE_LIKELY, false, NULL, gateway, 0,
	  "The server, or a proxy before it, says that it can't serve now: "
	  "what is behind it is down, starting or busy.",
	  "See whether the server runs; the status page of the load balancer "
	  "tells which member is meant." },
	{ { "unhealthy", "the health page says no" },
	  RANK_HOP, CONFIDENCE_LIKELY, true, NULL, unhealthy, 0,
	  "The server's health page does not say 200: it is being stopped, or "
	  "was taken out of service.",
	  "Exchange: Get-ServerComponentState; Posthouse: see whether it is "
	  "being shut down." },
	{ { NULL, NULL }, 0, 0, false, NULL, NULL, 0, NULL, NULL },
};
