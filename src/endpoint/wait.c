/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NotificationWait ([MS-OXCMAPIHTTP] 2.2.4.4, 3.2.5.5).  A wait is a request
 * that is suspended and a timer; no thread is spent on it.
 */
#include "base/clock.h"
#include "endpoint/call.h"

enum { WAIT_RSP_SIZE = 16 };

static void set_timer(struct call *call);

static void encode(struct call *call, bool event)
{
	struct notification_wait_rsp rsp = { .event_pending = event };
	uint8_t *out = arena_alloc(http_arena(call->req), WAIT_RSP_SIZE);
	struct wire_w w = wire_w(out, WAIT_RSP_SIZE);

	notification_wait_rsp_encode(&w, &rsp);
	call->out = (struct bin){ w.base, w.len };
}

/* Nobody may wake it any more; then it is like any other call. */
static void stop_waiting(struct call *call)
{
	mailbox_notify_set(context_session(call->context), NULL, NULL);
	context_clear_wait(call->context);
	atomic_fetch_sub_explicit(&call->service->n.waiting, 1,
				  memory_order_relaxed);
}

static void complete(struct call *call, bool event)
{
	stop_waiting(call);
	encode(call, event);
	call_finish(call);
}

static void on_timer(void *ctx, struct http_request *req)
{
	struct call *call = ctx;

	if (clock_ms() >= call->deadline) {
		complete(call, false);
		return;
	}
	call_send_pending(call);
	set_timer(call);
}

static void set_timer(struct call *call)
{
	uint64_t now = clock_ms();
	uint64_t left = call->deadline > now ? call->deadline - now : 0;
	unsigned ms = call->service->config.pending_ms;

	http_timer(call->req, left < ms ? (unsigned)left : ms, on_timer, call);
}

static void on_event(void *ctx, struct http_request *req)
{
	if (req != NULL)
		complete(ctx, true);
}

/* On any thread, with the mailbox's locks held. */
static void wake(void *ctx)
{
	struct call *call = ctx;

	http_post(call->req, on_event, call);
}

/* Its context is destroyed, or the server is about to end. */
static void on_cancel(void *ctx, struct http_request *req)
{
	struct call *call = ctx;

	if (req == NULL)
		return;
	if (context_is_destroyed(call->context))
		call->late_code = RESPONSE_CONTEXT_NOT_FOUND;
	complete(call, false);
}

static void on_gone(void *ctx, struct http_request *req)
{
	struct call *call = ctx;

	call->gone = true;
	complete(call, false);
}

static void wait_long(struct call *call)
{
	call->deadline = clock_ms() + call->service->config.wait_ms;
	set_timer(call);
	http_on_gone(call->req, on_gone, call);
}

void call_notification_wait(struct call *call)
{
	struct endpoint_service *service = call->service;
	struct bin body = call_body(call);

	bump(&service->n.notification_wait);
	if (!call_begin_context(call, CONTEXT_WAIT))
		return;
	if (!notification_wait_req_decode(&body, &call->in.wait)) {
		call_fail(call, RESPONSE_INVALID_REQUEST_BODY);
		return;
	}
	bump(&service->n.waiting);
	if (mailbox_notify_pending(context_session(call->context))) {
		complete(call, true);
		return;
	}
	call_start(call);
	call = call_keep(call);
	if (mailbox_notify_set(context_session(call->context), wake, call))
		complete(call, true);
	else if (!context_set_wait(call->context, call->req, on_cancel, call))
		complete(call, false);
	else
		wait_long(call);
}
