/* SPDX-License-Identifier: Apache-2.0 */
/* A request's way to its type: authentication, then the common headers. */
#include "endpoint/call.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/hop.h"
#include "base/clock.h"

enum { HEADER_TEXT_MAX = 256, LOG_TEXT_MAX = 160 };

/* --- request-id ------------------------------------------------------- */

/* Unique by a counter in a random GUID: the kernel need not be asked. */
static void make_id(struct endpoint_service *service,
		    char id[static GUID_TEXT_SIZE])
{
	uint64_t n = atomic_fetch_add_explicit(&service->next_id, 1,
					       memory_order_relaxed);
	struct guid g = service->id_base;

	for (size_t i = 0; i < 6; i++)
		g.b[10 + i] ^= (uint8_t)(n >> (8 * (5 - i)));
	guid_format(&g, id);
}

/* --- The end ---------------------------------------------------------- */

/*
 * The line of a request is put together by hand: printf would be the largest
 * single cost of a PING.
 */
static char *put_number(char *at, const char *name, uint64_t n, unsigned base)
{
	char digits[20];
	size_t len = 0;

	at = stpcpy(at, name);
	do
		digits[len++] = "0123456789abcdef"[n % base];
	while ((n /= base) > 0);
	while (len > 0)
		*at++ = digits[--len];
	return at;
}

/* Text from outside, quoted and cut; "-" for none. */
static char *put_text(char *at, const char *name, const char *text)
{
	at = stpcpy(at, name);
	if (text == NULL)
		return stpcpy(at, "-");
	log_quote(text, at, LOG_TEXT_MAX);
	return at + strlen(at);
}

static void log_call(const struct call *call)
{
	struct log *log = call->service->config.log;
	uint64_t us = (clock_ns() - http_received_ns(call->req)) / 1000;
	char line[512 + 4 * LOG_TEXT_MAX], *at = line;

	if (!log_enabled(log, LOG_LEVEL_INFO))
		return;
	at = stpcpy(stpcpy(at, "id="), call->id);
	at = stpcpy(stpcpy(at, " peer="), http_peer(call->req));
	at = put_text(at, " user=", call->who != NULL ? call->who->upn : NULL);
	at = put_text(at, " mailbox=", call->mailbox_id);
	at = put_text(at, " client=", call->request_id);
	at = put_text(at, " type=", call->type != REQUEST_TYPE_UNKNOWN ?
		      request_type_name(call->type) : http_method(call->req));
	at = put_number(at, " status=", (unsigned)call->status, 10);
	at = put_number(at, " code=", (unsigned)call->code, 10);
	at = put_number(at, " error=0x", call->error_code, 16);
	at = put_number(at, " us=", us, 10);
	at = put_number(at, " out=", call->out.len, 10);
	at = stpcpy(at, call->off_thread ? " worker=1" : "");
	at = stpcpy(at, call->gone ? " gone=1" : "");
	if (call->cause != NULL)
		put_text(at, " cause=", call->cause);
	log_event(log, LOG_LEVEL_INFO, "request", "%s", line);
}

void call_ended(struct call *call)
{
	log_call(call);
	if (call->context != NULL)
		context_end(call->context, call->use);
	identity_unref(call->who);
	call->who = NULL;
	if (call->kept)
		free(call);
}

/* text in *at, which moves past it; NULL stays NULL. */
static const char *keep_text(char **at, const char *text)
{
	const char *kept = *at;

	if (text == NULL)
		return NULL;
	*at = stpcpy(*at, text) + 1;
	return kept;
}

static size_t text_size(const char *text)
{
	return text != NULL ? strlen(text) + 1 : 0;
}

struct call *call_keep(struct call *call)
{
	struct call *kept = xmalloc(sizeof *kept + text_size(call->request_id) +
				    text_size(call->mailbox_id));
	char *at = (char *)(kept + 1);

	*kept = *call;
	kept->kept = true;
	kept->request_id = keep_text(&at, call->request_id);
	kept->mailbox_id = keep_text(&at, call->mailbox_id);
	kept->type_text = kept->client_info = NULL;
	memset(&kept->in, 0, sizeof kept->in);
	http_forget(call->req);
	return kept;
}

/* --- Headers ---------------------------------------------------------- */

struct bin call_body(const struct call *call)
{
	struct bin body;

	body.data = http_body(call->req, &body.len);
	return body;
}

/* A header that must be there, once, and not absurdly long. */
static enum response_code required(const struct call *call, const char *name,
				   const char **out)
{
	*out = http_field(call->req, name);
	if (*out == NULL)
		return RESPONSE_MISSING_HEADER;
	if (strlen(*out) > HEADER_TEXT_MAX ||
	    http_field_count(call->req, name) != 1)
		return RESPONSE_INVALID_HEADER;
	return RESPONSE_SUCCESS;
}

/*
 * [MS-OXCMAPIHTTP] 2.2.3.2.2; Microsoft's own connectivity test sends
 * application/octet-stream.
 */
static bool content_type_valid(const char *type)
{
	static const char *const types[] = { "application/mapi-http",
		"application/octet-stream" };

	for (size_t i = 0; i < 2; i++) {
		size_t len = strlen(types[i]);

		if (strncasecmp(type, types[i], len) == 0 &&
		    (type[len] == '\0' || strchr("; \t", type[len]) != NULL))
			return true;
	}
	return false;
}

/*
 * 2.2.2.1.  X-ClientInfo and X-ClientApplication are not in its list of what
 * a request must contain: without them it is served.
 */
static enum response_code check_headers(struct call *call)
{
	const char *type, *application;
	enum response_code code;

	code = required(call, "X-RequestType", &call->type_text);
	if (code == RESPONSE_SUCCESS)
		code = required(call, "X-RequestId", &call->request_id);
	if (code == RESPONSE_SUCCESS)
		code = required(call, "Content-Type", &type);
	if (code != RESPONSE_SUCCESS)
		return code;
	if (http_field(call->req, "Content-Length") == NULL &&
	    http_field(call->req, "Transfer-Encoding") == NULL)
		return RESPONSE_MISSING_HEADER;
	if (!request_id_valid(call->request_id) || !content_type_valid(type) ||
	    required(call, "X-ClientInfo", &call->client_info) ==
	    RESPONSE_INVALID_HEADER ||
	    required(call, "X-ClientApplication", &application) ==
	    RESPONSE_INVALID_HEADER)
		return RESPONSE_INVALID_HEADER;
	call->type = request_type_parse(call->type_text);
	return RESPONSE_SUCCESS;
}

/* The mailbox that the URL names: a key for the directory, so only its form
 * counts here. */
static enum response_code check_query(struct call *call)
{
	if (*http_query(call->req) == '\0')
		return RESPONSE_SUCCESS;
	call->mailbox_id = http_query_get(call->req, "MailboxId");
	if (call->mailbox_id == NULL)
		return strcasestr(http_query(call->req), "MailboxId=") != NULL
			? RESPONSE_INVALID_PATH : RESPONSE_SUCCESS;
	return mailbox_id_valid(call->mailbox_id) ? RESPONSE_SUCCESS :
		RESPONSE_INVALID_PATH;
}

static enum response_code check_path(const struct call *call)
{
	const char *path = http_path(call->req);
	size_t len = strlen(call->vdir->path);

	/* With or without the last slash. */
	if (strncasecmp(path, call->vdir->path, len - 1) == 0 &&
	    (path[len - 1] == '\0' || strcmp(path + len - 1, "/") == 0))
		return RESPONSE_SUCCESS;
	return RESPONSE_INVALID_PATH;
}

static enum response_code check(struct call *call)
{
	struct endpoint_service *service = call->service;
	enum response_code code;
	size_t len;

	/* For the answer, whatever else is wrong. */
	call->type_text = http_field(call->req, "X-RequestType");
	call->request_id = http_field(call->req, "X-RequestId");
	call->client_info = http_field(call->req, "X-ClientInfo");
	if (atomic_load_explicit(&service->draining, memory_order_relaxed))
		return RESPONSE_ENDPOINT_SHUTTING_DOWN;
	if ((code = check_path(call)) != RESPONSE_SUCCESS)
		return code;
	if (strcmp(http_method(call->req), "POST") != 0)
		return RESPONSE_INVALID_VERB;
	if ((code = check_query(call)) != RESPONSE_SUCCESS ||
	    (code = check_headers(call)) != RESPONSE_SUCCESS)
		return code;
	if (call->vdir->disabled)
		return RESPONSE_ENDPOINT_DISABLED;
	http_body(call->req, &len);
	return len > service->config.body_max ? RESPONSE_TOO_LARGE :
		RESPONSE_SUCCESS;
}

static void serve(struct call *call)
{
	enum response_code code = check(call);

	if (code != RESPONSE_SUCCESS) {
		call_fail(call, code);
		return;
	}
	/* Each endpoint has its own; PING is both's (2.2.5, 2.2.6). */
	if (call->type != REQUEST_TYPE_PING &&
	    (nspi_desc(call->type) != NULL) != is_nspi(call)) {
		call_fail(call, RESPONSE_INVALID_REQUEST_TYPE);
		return;
	}
	if (call->type != REQUEST_TYPE_PING && is_nspi(call)) {
		call_nspi(call);
		return;
	}
	switch (call->type) {
	case REQUEST_TYPE_PING:
		call_ping(call);
		break;
	case REQUEST_TYPE_CONNECT:
		call_connect(call);
		break;
	case REQUEST_TYPE_EXECUTE:
		call_execute(call);
		break;
	case REQUEST_TYPE_DISCONNECT:
		call_disconnect(call);
		break;
	case REQUEST_TYPE_NOTIFICATION_WAIT:
		call_notification_wait(call);
		break;
	default:
		call_fail(call, RESPONSE_INVALID_REQUEST_TYPE);
		break;
	}
}

/* --- Authentication --------------------------------------------------- */

static bool is_get(const struct call *call)
{
	const char *method = http_method(call->req);

	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static void authenticated(struct call *call)
{
	if (is_get(call) && check_path(call) != RESPONSE_SUCCESS)
		call_refuse(call, 404);
	else if (is_get(call))
		call_page(call);
	else
		serve(call);
}

/*
 * A server of the organisation says whom it speaks for; for itself it has
 * nothing to do here.
 */
static void take_asserted(struct call *call, const struct dir_server *peer)
{
	const struct identity *who = NULL;
	const char *cause = NULL;
	bool stale = false;

	if (call->service->config.hop == NULL ||
	    hop_identity(call->service->config.hop, call->req, peer, &who,
			 &cause, &stale) != AUTH_OK || who == NULL) {
		if (stale)
			http_header(call->req, HOP_ASSERTION_HEADER, "stale");
		call->cause = cause != NULL ? cause : "no user is asserted";
		call_refuse(call, 403);
		return;
	}
	call->who = who;
	authenticated(call);
}

static void gate_answered(void *ctx, struct http_request *req,
			  const struct gate_result *result)
{
	struct call *call = ctx;

	if (result->status == GATE_UNAVAILABLE) {
		call_refuse(call, 503);
	} else if (result->status != GATE_OK) {
		call_refuse(call, 401);
	} else if (result->server != NULL) {
		take_asserted(call, result->server);
	} else {
		call->who = identity_ref(result->who);
		authenticated(call);
	}
}

static struct call *new_call(const struct vdir *vdir,
			     struct http_request *req)
{
	struct call *call = arena_zalloc(http_arena(req), sizeof *call);

	call->service = vdir->service;
	call->vdir = vdir;
	call->req = req;
	call->status = 200;
	if (!is_get(call))
		bump(&call->service->n.requests);
	return call;
}

/* The one that the front end gave it, or a new one. */
static void take_id(struct call *call, const char *id)
{
	if (id == NULL || strlen(id) >= sizeof call->id)
		make_id(call->service, call->id);
	else
		strcpy(call->id, id);
}

void call_handle(void *ctx, struct http_request *req)
{
	const struct vdir *vdir = ctx;
	const struct endpoint_config *config = &vdir->service->config;
	struct call *call = new_call(vdir, req);

	take_id(call, hop_request_id(req));
	call->policy = http_listener_kind(req) == HTTP_LISTENER_BACKEND ?
		config->back_end_policy : config->policy;
	gate_check(call->policy, req, gate_answered, call);
}

void call_handle_known(const struct vdir *vdir, struct http_request *req,
		       const struct endpoint_caller *caller)
{
	struct call *call = new_call(vdir, req);

	take_id(call, caller->id);
	call->policy = caller->policy;
	call->fronted = true;
	call->who = identity_ref(caller->who);
	authenticated(call);
}
