/* SPDX-License-Identifier: Apache-2.0 */
/* Rules: X-ResponseCode ([MS-OXCMAPIHTTP] 2.2.3.3.3), HTTP statuses, form. */
#include "analyzer/diagnose_impl.h"

static bool response_code(const struct rule *rule, const struct observed *o,
			  struct finding *f)
{
	const struct observed_exchange *x =
		with_response_code(o, (int)rule->key);

	if (x == NULL)
		return false;
	evidence(o, f, "%s was answered with X-ResponseCode %ld",
		 op_name(x->op), rule->key);
	return true;
}

static bool http_status(const struct rule *rule, const struct observed *o,
			struct finding *f)
{
	const struct observed_exchange *x = with_status(o, (int)rule->key);

	if (x == NULL)
		return false;
	evidence(o, f, "%s was answered with HTTP status %ld",
		 op_name(x->op), rule->key);
	return true;
}

static bool is_mapi_request(enum observed_op op)
{
	return op == OP_CONNECT || op == OP_LOGON || op == OP_EXECUTE ||
		op == OP_WAIT || op == OP_DISCONNECT;
}

/* 200 for a MAPI request, and not a word of MAPI over HTTP in it */
static bool no_mapi(const struct rule *rule, const struct observed *o,
		    struct finding *f)
{
	const struct observed_exchange *x = o->first;

	while (x != NULL && (x->status != 200 || x->response_code >= 0 ||
			     !is_mapi_request(x->op)))
		x = x->next;
	if (x == NULL || o->from_text)
		return false;
	evidence(o, f, "the answer to %s has no X-ResponseCode",
		 op_name(x->op));
	return true;
}

static bool redirected(const struct rule *rule, const struct observed *o,
		       struct finding *f)
{
	const struct observed_exchange *x = o->first;

	while (x != NULL && (x->status < 300 || x->status > 399))
		x = x->next;
	if (x == NULL)
		return false;
	evidence(o, f, "%s was answered with HTTP status %d", op_name(x->op),
		 x->status);
	return true;
}

/* The anonymous GET was let in. */
static bool open_endpoint(const struct rule *rule, const struct observed *o,
			  struct finding *f)
{
	const struct observed_exchange *x = observed_find(o, OP_ANONYMOUS);

	if (x == NULL || x->status != 200)
		return false;
	evidence(o, f, "GET without credentials was answered with 200");
	return true;
}

static bool lower_case(const struct rule *rule, const struct observed *o,
		       struct finding *f)
{
	const struct observed_exchange *x = o->first;

	while (x != NULL && !x->lower_case)
		x = x->next;
	if (x == NULL)
		return false;
	evidence(o, f, "%s was answered with header names in lower case",
		 op_name(x->op));
	return true;
}

#define CODE(name, summary, code, meaning, cure) \
	{ { name, summary }, RANK_PROTOCOL, CONFIDENCE_CERTAIN, false, NULL, \
	  response_code, code, meaning, cure }
#define STATUS(name, summary, status, meaning, cure) \
	{ { name, summary }, RANK_PROTOCOL, CONFIDENCE_LIKELY, false, NULL, \
	  http_status, status, meaning, cure }

const struct rule rules_protocol[] = {
	CODE("unknown-failure", "X-ResponseCode 1", 1,
	     "The server failed for a reason that it does not tell.",
	     "Its log says more; look for the request-id."),
	CODE("invalid-request", "X-ResponseCode 4", 4,
	     "The server found a header of the request invalid: a proxy "
	     "changes headers, or the server expects others.",
	     "Compare the request as it leaves here with what arrives."),
	CODE("invalid-path", "X-ResponseCode 3", 3,
	     "The server found the URL invalid.",
	     "Check the path and the MailboxId of the URL."),
	CODE("invalid-context-cookie", "X-ResponseCode 6", 6,
	     "The server can't read the context cookie: a proxy changes "
	     "cookies, or another make of server answers.",
	     "Let proxies pass MapiContext and MapiSequence as they are."),
	CODE("missing-header", "X-ResponseCode 7", 7,
	     "A header that MAPI over HTTP needs did not arrive.",
	     "See whether a proxy or filter removes X- headers."),
	CODE("anonymous", "X-ResponseCode 8", 8,
	     "The server sees the request as anonymous: the credentials did "
	     "not get there.",
	     "See whether a proxy removes Authorization, or ends "
	     "authentication without passing the user on."),
	CODE("too-large", "X-ResponseCode 9", 9,
	     "The request is larger than the server allows.",
	     "Compare the limits of the server and of proxies (Posthouse: "
	     "body_size)."),
	CODE("context-not-found", "X-ResponseCode 10", 10,
	     "The server does not know the session any more: it was "
	     "restarted, the session expired, or the request came to another "
	     "server than the one before.",
	     "See whether the server was restarted (the cookie MapiContext "
	     "names the start of its process: posthouse explain); with "
	     "several servers behind one name, see that each request of a "
	     "session gets to the same back end."),
	CODE("no-privilege", "X-ResponseCode 11", 11,
	     "The user lacks the right to use this endpoint or mailbox.",
	     "Compare the account with the mailbox; Set-CASMailbox "
	     "-MapiHttpEnabled."),
	CODE("missing-cookie", "X-ResponseCode 13", 13,
	     "The session's cookies did not arrive.",
	     "See whether a proxy removes or renames cookies."),
	CODE("invalid-sequence", "X-ResponseCode 15", 15,
	     "Requests of the session arrived out of order or twice: a proxy "
	     "repeated one, or two clients share the session's cookies.",
	     "Let proxies not repeat POST requests."),
	CODE("endpoint-disabled", "X-ResponseCode 16", 16,
	     "MAPI over HTTP is disabled: in the organisation, for the "
	     "mailbox, or at this endpoint.",
	     "Set-OrganizationConfig -MapiHttpEnabled $true; "
	     "Set-CASMailbox USER -MapiHttpEnabled $null."),
	CODE("invalid-response", "X-ResponseCode 17", 17,
	     "A server behind the one that answers gave a response that is no "
	     "MAPI over HTTP.",
	     "Look at the log of the back end for the request-id."),
	CODE("shutting-down", "X-ResponseCode 18", 18,
	     "The server is being shut down.",
	     "Try again; see that the load balancer takes it out by its "
	     "health page."),
	STATUS("forbidden", "HTTP status 403", 403,
	       "The server, or a filter before it, forbids the request: IP "
	       "restrictions, client certificates, Extended Protection, or a "
	       "web application firewall.",
	       "The log of IIS has a substatus (403.x); look at what stands "
	       "before the server."),
	STATUS("not-there", "HTTP status 404", 404,
	       "There is no such endpoint: no /mapi virtual directory, or a "
	       "proxy that does not publish it.",
	       "New-MapiVirtualDirectory; publish /mapi on the proxy."),
	STATUS("server-error", "HTTP status 500", 500,
	       "The server failed before MAPI over HTTP had a word.",
	       "The event log or log of the server says why."),
	{ { "no-mapi", "no answer of MAPI over HTTP" },
	  RANK_PROTOCOL, CONFIDENCE_CERTAIN, false, NULL, no_mapi, 0,
	  "What answers speaks no MAPI over HTTP: a web page of a proxy or "
	  "portal, or another URL.",
	  "Check the URL; it ends in /mapi/emsmdb/?MailboxId=…" },
	{ { "redirected", "the endpoint redirects" },
	  RANK_PROTOCOL, CONFIDENCE_LIKELY, false, NULL, redirected, 0,
	  "The endpoint answers with a redirect, which clients of MAPI over "
	  "HTTP don't follow: a log-on page of a proxy, or http to https.",
	  "Publish /mapi without pre-authentication, or with one that knows "
	  "NTLM or Kerberos." },
	{ { "anonymous-let-in", "the endpoint asks for no credentials" },
	  RANK_ADVICE, CONFIDENCE_LIKELY, true, NULL, open_endpoint, 0,
	  "The endpoint answers without authentication: a proxy logs on for "
	  "everybody, or something else answers there.",
	  "Check what authenticates, and as whom." },
	{ { "lower-case-headers", "header names in lower case" },
	  RANK_ADVICE, CONFIDENCE_CERTAIN, true, NULL, lower_case, 0,
	  "A proxy turns header names into lower case; some versions of "
	  "Outlook (16.0.4266) then fail.",
	  "haproxy: h1-case-adjust for the headers of MAPI over HTTP, and "
	  "option h1-case-adjust-bogus-client." },
	{ { NULL, NULL }, 0, 0, false, NULL, NULL, 0, NULL, NULL },
};
