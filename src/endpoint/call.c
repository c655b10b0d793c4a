/* SPDX-License-Identifier: Apache-2.0 */
/* A request's way to its type: authentication, then the common headers. */
#include "endpoint/call.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"

enum { HEADER_TEXT_MAX = 256 };

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

static void log_call(const struct call *call)
{
	struct log *log = call->service->config.log;
	char user[160], mailbox[160], client[160];
	const char *type = call->type != REQUEST_TYPE_UNKNOWN ?
		request_type_name(call->type) : http_method(call->req);
	uint64_t us = (clock_ns() - http_received_ns(call->req)) / 1000;

	if (!log_enabled(log, LOG_LEVEL_INFO))
		return;
	log_event(log, LOG_LEVEL_INFO, "request",
		  "id=%s peer=%s user=%s mailbox=%s client=%s type=%s "
		  "status=%d code=%d error=0x%x us=%llu out=%zu%s%s", call->id,
		  http_peer(call->req),
		  call->who == NULL ? "-" :
		  log_quote(call->who->upn, user, sizeof user),
		  call->mailbox_id == NULL ? "-" :
		  log_quote(call->mailbox_id, mailbox, sizeof mailbox),
		  call->request_id == NULL ? "-" :
		  log_quote(call->request_id, client, sizeof client), type,
		  call->status, call->code, call->error_code,
		  (unsigned long long)us, call->out.len,
		  call->off_thread ? " worker=1" : "",
		  call->gone ? " gone=1" : "");
}

void call_ended(struct call *call)
{
	log_call(call);
	if (call->context != NULL)
		context_end(call->context, call->use);
	identity_unref(call->who);
	call->who = NULL;
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

static void authenticated(void *ctx, struct http_request *req)
{
	struct call *call = ctx;

	if (call->auth == AUTH_UNAVAILABLE)
		call_refuse(call, 503);
	else if (call->auth != AUTH_OK)
		call_refuse(call, 401);
	else if (is_get(call) && check_path(call) != RESPONSE_SUCCESS)
		call_refuse(call, 404);
	else if (is_get(call))
		call_page(call);
	else
		serve(call);
}

/* Called on the I/O thread before auth_check_basic returns, or on another. */
static void auth_result(void *ctx, enum auth_result result,
			const struct identity *id)
{
	struct call *call = ctx;

	call->auth = result;
	if (result == AUTH_OK)
		call->who = identity_ref(id);
	if (!pthread_equal(pthread_self(), call->thread))
		http_post(call->req, authenticated, call);
}

/* The peer without its port, for the throttle. */
static void peer_address(const char *peer, char *out, size_t size)
{
	const char *colon = strrchr(peer, ':');
	size_t len = colon != NULL ? (size_t)(colon - peer) : strlen(peer);

	if (len >= 2 && peer[0] == '[') {
		peer++;
		len -= 2;
	}
	if (len >= size)
		len = size - 1;
	memcpy(out, peer, len);
	out[len] = '\0';
}

void call_handle(void *ctx, struct http_request *req)
{
	const struct vdir *vdir = ctx;
	struct call *call = arena_zalloc(http_arena(req), sizeof *call);
	const char *header = http_field(req, "Authorization");
	char address[64];

	call->service = vdir->service;
	call->vdir = vdir;
	call->req = req;
	call->thread = pthread_self();
	call->status = 200;
	make_id(call->service, call->id);
	if (!is_get(call))
		bump(&call->service->n.requests);
	if (header == NULL || http_field_count(req, "Authorization") > 1) {
		call_refuse(call, 401);
		return;
	}
	peer_address(http_peer(req), address, sizeof address);
	if (auth_check_basic(call->service->config.auth, header, address,
			     auth_result, call))
		authenticated(call, req);
}
