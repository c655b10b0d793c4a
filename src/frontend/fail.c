/* SPDX-License-Identifier: Apache-2.0 */
/* What a client gets when there is no answer to pass on. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "frontend/passage.h"
#include "mapi/http_body.h"

/* One row a failure. */
static const struct row {
	const char *name;
	int status;
	const char *text;         /* for the page */
} rows[] = {
	[FRONTEND_OK] = { "", 200, "" },
	[FRONTEND_NO_MAILBOX] = { "NoMailbox", 200, "Mailbox not found" },
	[FRONTEND_NO_ROUTE] = { "NoRoute", 500, "No way to the mailbox" },
	[FRONTEND_NO_VDIR] = { "NoVdir", 500, "No virtual directory" },
	[FRONTEND_LOOP] = { "Loop", 500, "Too many hops" },
	[FRONTEND_DOWN] = { "Down", 503, "The back end is down" },
	[FRONTEND_RESOLVE] = { "Resolve", 503, "The back end has no address" },
	[FRONTEND_CONNECT] = { "Connect", 503, "No connection to the back "
		"end" },
	[FRONTEND_TLS] = { "Tls", 503, "No TLS with the back end" },
	[FRONTEND_CERTIFICATE] = { "Certificate", 503, "The back end's "
		"certificate is not valid" },
	[FRONTEND_TIMEOUT] = { "Timeout", 503, "The back end is too slow" },
	[FRONTEND_MALFORMED] = { "Malformed", 502, "The back end's answer "
		"cannot be read" },
	[FRONTEND_BROKEN] = { "Broken", 503, "The back end broke off" },
	[FRONTEND_HOP_METHOD] = { "HopMethod", 500, "The back end does not "
		"take the method that servers need" },
	[FRONTEND_HOP_REFUSED] = { "HopRefused", 500, "The back end refused "
		"the front end" },
	[FRONTEND_HOP_ACCOUNT] = { "HopAccount", 500, "The front end cannot "
		"authenticate itself" },
	[FRONTEND_NEEDS_MAILBOX_ID] = { "NeedsMailboxId", 500, "The URL needs "
		"a MailboxId" },
	[FRONTEND_UNAVAILABLE] = { "Unavailable", 503, "The front end is too "
		"busy" },
	[FRONTEND_STOPPING] = { "Stopping", 503, "The front end is stopping" },
	[FRONTEND_MOVED] = { "Moved", 503, "The mailbox is on another server "
		"now" },
};

const char *frontend_failure_name(enum frontend_failure failure)
{
	return (size_t)failure < FRONTEND_FAILURES ? rows[failure].name : "";
}

enum frontend_failure failure_of(enum http_upstream_failure failure)
{
	switch (failure) {
	case HTTP_UPSTREAM_RESOURCES:
		return FRONTEND_UNAVAILABLE;
	case HTTP_UPSTREAM_RESOLVE:
		return FRONTEND_RESOLVE;
	case HTTP_UPSTREAM_CONNECT:
	case HTTP_UPSTREAM_CONNECT_TIMEOUT:
		return FRONTEND_CONNECT;
	case HTTP_UPSTREAM_TLS:
		return FRONTEND_TLS;
	case HTTP_UPSTREAM_CERTIFICATE:
		return FRONTEND_CERTIFICATE;
	case HTTP_UPSTREAM_WRITE_TIMEOUT:
	case HTTP_UPSTREAM_HEAD_TIMEOUT:
	case HTTP_UPSTREAM_BODY_TIMEOUT:
		return FRONTEND_TIMEOUT;
	case HTTP_UPSTREAM_MALFORMED:
		return FRONTEND_MALFORMED;
	default:
		return FRONTEND_BROKEN;
	}
}

/* --- Headers ---------------------------------------------------------- */

void passage_put_last(struct passage *p)
{
	if (p->gated)
		gate_put_headers(p->frontend->config.policy, p->req, GATE_OK);
	http_header(p->req, "X-FEServer", p->frontend->host_short);
}

static void put_names(struct passage *p)
{
	static const char *const echoed[] = { "X-RequestId", "X-ClientInfo",
		"X-RequestType" };

	http_header(p->req, "request-id", p->id);
	if (p->target.server.fqdn != NULL && p->who != NULL)
		http_header(p->req, "X-CalculatedBETarget",
			    p->target.server.fqdn);
	for (size_t i = 0; i < sizeof echoed / sizeof *echoed; i++) {
		const char *value = http_field(p->req, echoed[i]);

		if (value != NULL)
			http_header(p->req, echoed[i], value);
	}
}

/* What is inside is not told to those who have not said who they are. */
static void put_context(struct passage *p, const char *text,
			const char *details, int status)
{
	const char *fqdn = p->target.server.fqdn;

	if (p->who == NULL) {
		text = details = "";
		fqdn = NULL;
	}
	http_header(p->req, "X-FailureContext",
		    arena_printf(http_arena(p->req), "FrontEnd;%d;%s;%s;%s",
				 status, rows[p->failure].name,
				 fqdn != NULL ? fqdn : "",
				 details != NULL ? details : text));
}

/* --- An answer of our own --------------------------------------------- */

/* [MS-OXCMAPIHTTP] 2.2.3.3.3: a URL that leads to no mailbox; a caller who
 * has none. */
static int response_code_of(const struct passage *p)
{
	return p->mailbox_id != NULL || p->who == NULL ?
		RESPONSE_INVALID_PATH : RESPONSE_NO_PRIVILEGE;
}

static int status_of(const struct passage *p)
{
	int status = rows[p->failure].status;
	bool post = strcmp(http_method(p->req), "POST") == 0;

	return status == 200 && !post ? 404 : status;
}

static void answer(struct passage *p, const char *text, const char *details)
{
	struct http_request *req = p->req;
	int status = status_of(p);
	char page[600];
	size_t len;

	p->status = status;
	put_names(p);
	if (status == 200)
		http_headerf(req, "X-ResponseCode", "%d",
			     response_code_of(p));
	put_context(p, text, details, status);
	http_header(req, "X-DiagInfo", p->frontend->host_short);
	if (status == 503)
		http_header(req, "Retry-After", "1");
	http_header(req, "Cache-Control", "private");
	http_header(req, "Content-Type", "text/html");
	passage_put_last(p);
	len = (size_t)snprintf(page, sizeof page, "<html><head><title>%d"
			       "</title></head><body><h2>%s</h2><p>Server: "
			       "%s<br/>Request: %s</p></body></html>\r\n",
			       status, rows[p->failure].text,
			       p->frontend->config.host, p->id);
	passage_ended(p);
	http_respond(req, status, page, len);
}

/* --- Behind an answer that has begun ---------------------------------- */

static int late_code_of(const struct passage *p)
{
	return p->failure == FRONTEND_MOVED ? RESPONSE_CONTEXT_NOT_FOUND :
		p->failure == FRONTEND_STOPPING ?
		RESPONSE_ENDPOINT_SHUTTING_DOWN : RESPONSE_UNKNOWN_FAILURE;
}

/* [MS-OXCMAPIHTTP] R2229 to R2232: a second X-ResponseCode, behind DONE. */
static void fail_late(struct passage *p)
{
	struct http_request *req = p->req;
	uint64_t ms = (clock_ns() - http_received_ns(req)) / 1000000;
	char start[HTTP_DATE_SIZE], text[600];
	int len;

	http_date_format(time(NULL) - (time_t)(ms / 1000), start);
	len = snprintf(text, sizeof text, "DONE\r\nX-StartTime: %s\r\n"
		       "X-ElapsedTime: %llu\r\nX-ResponseCode: %d\r\n"
		       "Content-Type: text/html\r\n\r\n<html><body><h2>%s</h2>"
		       "<p>Server: %s<br/>Request: %s</p></body></html>\r\n",
		       start, (unsigned long long)ms,
		       late_code_of(p),
		       rows[p->failure].text,
		       p->frontend->config.host, p->id);
	bump(&p->frontend->n.late_failures, 1);
	passage_ended(p);
	http_send(req, &(struct iovec){ text, (size_t)len }, 1);
	http_finish(req);
}

static void cut_off(struct passage *p)
{
	struct http_request *req = p->req;

	bump(&p->frontend->n.cut_off, 1);
	passage_ended(p);
	http_abort(req);
}

/* --- Both ------------------------------------------------------------- */

static void log_failure(const struct passage *p, const char *text)
{
	char quoted[512];

	log_event(p->frontend->config.log, LOG_LEVEL_WARNING, "hop_failed",
		  "id=%s backend=%s failure=%s text=%s", p->id,
		  p->target.server.fqdn != NULL ? p->target.server.fqdn : "-",
		  frontend_failure_name(p->failure),
		  log_quote(text, quoted, sizeof quoted));
}

void passage_fail(struct passage *p, enum frontend_failure failure,
		  const char *text, const char *details)
{
	struct frontend *f = p->frontend;

	p->failure = failure;
	bump(&f->n.failures[failure], 1);
	if (failure != FRONTEND_NO_MAILBOX)
		log_failure(p, text);
	if (p->target.vdir.internal_url != NULL && failure != FRONTEND_DOWN &&
	    failure < FRONTEND_UNAVAILABLE &&
	    backends_tell(f->backends, &p->target.server.guid, false, failure,
			  text))
		log_event(f->config.log, LOG_LEVEL_WARNING, "backend",
			  "backend=%s state=down", p->target.server.fqdn);
	if (!p->started)
		answer(p, text, details);
	else if (p->mapi && !p->sized && meta_is_pending(&p->meta))
		fail_late(p);
	else
		cut_off(p);
}

void passage_refuse(struct passage *p, enum gate_status status)
{
	struct http_request *req = p->req;

	p->status = status == GATE_UNAVAILABLE ? 503 : 401;
	http_header(req, "request-id", p->id);
	if (p->status == 503) {
		p->failure = FRONTEND_UNAVAILABLE;
		bump(&p->frontend->n.failures[FRONTEND_UNAVAILABLE], 1);
		put_context(p, "authentication is not available", NULL, 503);
		http_header(req, "Retry-After", "1");
	} else {
		bump(&p->frontend->n.unauthorized, 1);
		gate_put_headers(p->frontend->config.policy, req, status);
	}
	http_header(req, "X-DiagInfo", p->frontend->host_short);
	http_header(req, "X-FEServer", p->frontend->host_short);
	passage_ended(p);
	http_respond(req, p->status, "", 0);
}
