/* SPDX-License-Identifier: Apache-2.0 */
/* Headers, meta-tags and bodies ([MS-OXCMAPIHTTP] 2.2.2.2, 2.2.7, 3.2.5.2). */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/markup.h"
#include "endpoint/call.h"

enum { META_SIZE = 256 };

static const char processing[] = "PROCESSING\r\n";
static const char pending[] = "PENDING\r\n";

/* --- Headers, in the order that Exchange sends them ------------------- */

/* Without "secure" over plain HTTP: clients would not send it back. */
static void put_cookie(struct call *call, const char *name, const char *value)
{
	char line[160], *at = line;

	at = stpcpy(at, "Set-Cookie: ");
	at = stpcpy(at, name);
	at = stpcpy(at, value);
	at = stpcpy(at, is_nspi(call) ? "; path=/mapi/nspi" :
		    "; path=/mapi/emsmdb");
	if (http_is_tls(call->req))
		at = stpcpy(at, "; secure");
	at = stpcpy(at, "; HttpOnly\r\n");
	http_header_lines(call->req, line, (size_t)(at - line));
}

static void put_cookies(struct call *call)
{
	char cookie[CONTEXT_COOKIE_SIZE], sequence[SEQUENCE_COOKIE_SIZE];

	if (call->context == NULL)
		return;
	context_cookies(call->context, cookie, sequence);
	put_cookie(call, "MapiContext=", cookie);
	/*
	 * Not with a NotificationWait, which stands outside the sequence: its
	 * headers could set a client back that has moved on meanwhile.
	 */
	if (call->use != CONTEXT_WAIT)
		put_cookie(call, "MapiSequence=", sequence);
}

static void put_if(struct call *call, const char *name, const char *value)
{
	if (value != NULL)
		http_header(call->req, name, value);
}

static void put_names(struct call *call)
{
	struct endpoint_service *service = call->service;

	http_header(call->req, "request-id", call->id);
	if (call->fronted)
		http_header(call->req, "X-CalculatedBETarget",
			    service->config.host);
	http_header(call->req, "X-ServerApplication",
		    service->server_application);
	put_if(call, "X-RequestId", call->request_id);
	put_if(call, "X-ClientInfo", call->client_info);
	put_if(call, "X-RequestType", call->type_text);
}

static void put_success(struct call *call)
{
	put_names(call);
	http_header_lines(call->req, call->service->lines,
			  call->service->lines_len);
	put_cookies(call);
	gate_put_headers(call->policy, call->req, GATE_OK);
}

static void put_failure(struct call *call)
{
	struct endpoint_service *service = call->service;

	put_names(call);
	http_header(call->req, "X-PendingPeriod", service->pending_period);
	http_header(call->req, "X-ExpirationInfo", service->expiration);
	http_headerf(call->req, "X-ResponseCode", "%d", call->code);
	http_header(call->req, "X-DiagInfo", service->host_short);
	http_header(call->req, "X-BEServer", service->host_short);
	http_header(call->req, "Cache-Control", "private");
	http_header(call->req, "Content-Type", "text/html");
	put_cookies(call);
	gate_put_headers(call->policy, call->req, GATE_OK);
}

/* --- Meta-tags -------------------------------------------------------- */

static size_t put_done(const struct call *call, char out[static META_SIZE])
{
	uint64_t ms = (clock_ns() - http_received_ns(call->req)) / 1000000;
	char start[HTTP_DATE_SIZE], digits[20], *at = out;
	size_t n = 0;

	at = stpcpy(at, "DONE\r\nX-StartTime: ");
	if (ms >= 1000) {
		http_date_format(time(NULL) - (time_t)(ms / 1000), start);
		at = stpcpy(at, start);
	} else {
		at = stpcpy(at, http_date_now(call->req));
	}
	at = stpcpy(at, "\r\nX-ElapsedTime: ");
	do
		digits[n++] = (char)('0' + ms % 10);
	while ((ms /= 10) > 0);
	while (n > 0)
		*at++ = digits[--n];
	at = stpcpy(at, "\r\n");
	return (size_t)(at - out);
}

void call_send_pending(struct call *call)
{
	bump(&call->service->n.pending);
	http_send(call->req, &(struct iovec){ (void *)pending,
		  sizeof pending - 1 }, 1);
}

static void on_pending(void *ctx, struct http_request *req)
{
	struct call *call = ctx;

	call_send_pending(call);
	http_timer(req, call->service->config.pending_ms, on_pending, call);
}

static void wait_on(struct call *call);

/* This request, or the one that it waits for, may take long. */
static void on_long(void *ctx, struct http_request *req)
{
	struct call *call = ctx;

	workers_relieve(call->service->workers, call->job.key);
	call->waited += WORKERS_LONG_MS;
	wait_on(call);
}

/* Until the first PENDING, in steps where a worker may be asked for. */
static void wait_on(struct call *call)
{
	unsigned ms = call->service->config.pending_ms - call->waited;

	if (call->job.key != NULL && ms > WORKERS_LONG_MS)
		http_timer(call->req, WORKERS_LONG_MS, on_long, call);
	else
		http_timer(call->req, ms, on_pending, call);
}

void call_start(struct call *call)
{
	put_success(call);
	http_start(call->req, 200);
	http_send(call->req, &(struct iovec){ (void *)processing,
		  sizeof processing - 1 }, 1);
	wait_on(call);
	call->streaming = true;
}

/* Counted and released before anything leaves: the client's next request may
 * come on another connection. */
static void end(struct call *call)
{
	bump(&call->service->n.response_code[call->code]);
	call_ended(call);
}

void call_finish(struct call *call)
{
	struct http_request *req = call->req;
	struct bin body = call->out;
	char meta[META_SIZE + sizeof processing];
	size_t len = 0;
	struct iovec pieces[2];

	if (call->late_code != RESPONSE_SUCCESS) {
		call_fail(call, call->late_code);
		return;
	}
	if (!call->streaming) {
		put_success(call);
		http_start(req, 200);
		memcpy(meta, processing, sizeof processing - 1);
		len = sizeof processing - 1;
	}
	len += put_done(call, meta + len);
	memcpy(meta + len, "\r\n", 2);
	pieces[0] = (struct iovec){ meta, len + 2 };
	pieces[1] = (struct iovec){ (void *)body.data, body.len };
	end(call);
	http_send(req, pieces, 2);
	http_finish(req);
}

/* --- Failures --------------------------------------------------------- */

static size_t failure_page(const struct call *call, enum response_code code,
			   char *out, size_t size)
{
	int len = snprintf(out, size, "<html><head><title>%s</title></head>"
			   "<body><h2>X-ResponseCode: %d</h2><p>%s</p>"
			   "<p>%s</p><p>Server: %s<br/>Request: %s</p>"
			   "</body></html>\r\n", response_code_name(code),
			   code, response_code_name(code),
			   response_code_text(code),
			   call->service->config.host, call->id);

	return (size_t)len < size ? (size_t)len : size - 1;
}

/* R2229 … R2232: a second X-ResponseCode, and a body of its own type. */
static void fail_late(struct call *call, const char *page, size_t page_len)
{
	struct http_request *req = call->req;
	char meta[META_SIZE];
	size_t len = put_done(call, meta);
	struct iovec pieces[2];

	len += (size_t)snprintf(meta + len, sizeof meta - len,
				"X-ResponseCode: %d\r\n"
				"Content-Type: text/html\r\n\r\n", call->code);
	pieces[0] = (struct iovec){ meta, len };
	pieces[1] = (struct iovec){ (void *)page, page_len };
	end(call);
	http_send(req, pieces, 2);
	http_finish(req);
}

void call_fail(struct call *call, enum response_code code)
{
	struct http_request *req = call->req;
	char page[1024];
	size_t len = failure_page(call, code, page, sizeof page);

	call->code = code;
	if (call->streaming) {
		fail_late(call, page, len);
		return;
	}
	put_failure(call);
	end(call);
	http_respond(req, 200, page, len);
}

/* As front ends write it (mapi/failure_context.h); what is inside is not for
 * those who have not said who they are. */
static void put_unavailable(struct call *call)
{
	bool known = call->who != NULL;

	http_headerf(call->req, "X-FailureContext",
		     "BackEnd;503;Unavailable;%s;%s",
		     known ? call->service->config.host : "",
		     known ? "all workers are busy" : "");
}

void call_refuse(struct call *call, int status)
{
	struct http_request *req = call->req;

	call->status = status;
	http_header(req, "request-id", call->id);
	http_header(req, "X-ServerApplication",
		    call->service->server_application);
	if (status == 401) {
		bump(&call->service->n.unauthorized);
		gate_put_headers(call->policy, req, GATE_UNAUTHORIZED);
	} else if (status == 503) {
		bump(&call->service->n.busy);
		http_header(req, "Retry-After", "1");
		put_unavailable(call);
	}
	http_header(req, "X-DiagInfo", call->service->host_short);
	http_header(req, "X-BEServer", call->service->host_short);
	call_ended(call);
	http_respond(req, status, "", 0);
}

/* --- Pages for people and load balancers ------------------------------ */

static void put_line(struct buf *b, const char *name, const char *value)
{
	buf_puts(b, name);
	buf_puts(b, ": ");
	markup_puts(b, value);
	buf_puts(b, "<br/>\r\n");
}

void call_page(struct call *call)
{
	static const char title[] = "Exchange MAPI/HTTP Connectivity Endpoint";
	struct http_request *req = call->req;
	struct buf b = BUF_INIT;

	buf_printf(&b, "<html><head><title>%s</title></head><body>\r\n"
		   "<h1>%s</h1>\r\n<p>", title, title);
	put_line(&b, "Version", call->service->config.version);
	put_line(&b, "Vdir Path", call->vdir->path);
	buf_puts(&b, "</p>\r\n<p>");
	put_line(&b, "User", call->who->account);
	put_line(&b, "UPN", call->who->upn);
	buf_puts(&b, "</p>\r\n</body></html>\r\n");
	http_header(req, "request-id", call->id);
	http_header(req, "X-ServerApplication",
		    call->service->server_application);
	http_header(req, "Cache-Control", "private");
	http_header(req, "Content-Type", "text/html; charset=utf-8");
	gate_put_headers(call->policy, req, GATE_OK);
	call_ended(call);
	http_respond(req, 200, b.data, b.len);
	buf_free(&b);
}

void health_handle(void *ctx, struct http_request *req)
{
	struct endpoint_service *service = ctx;
	const char *method = http_method(req);
	char text[300];

	http_header(req, "Cache-Control", "no-store");
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		http_header(req, "Allow", "GET, HEAD");
		http_respond(req, 405, "", 0);
		return;
	}
	if (atomic_load(&service->draining)) {
		http_respond(req, 503, "", 0);
		return;
	}
	http_header(req, "Content-Type", "text/html");
	snprintf(text, sizeof text, "200 OK<br/>%s", service->config.host);
	http_respond(req, 200, text, strlen(text));
}
