/* SPDX-License-Identifier: Apache-2.0 */
/* PING, Connect, Execute and Disconnect ([MS-OXCMAPIHTTP] 2.2.4, 3.2.5). */
#include "endpoint/call.h"

enum { DISCONNECT_RSP_SIZE = 12 };

/* --- What they share -------------------------------------------------- */

bool call_begin_context(struct call *call, enum context_use use)
{
	struct http_request *req = call->req;
	const char *cookie = http_cookie(req, "MapiContext");
	enum response_code code = RESPONSE_MISSING_COOKIE;
	struct context *context;

	if (cookie != NULL)
		code = context_begin(call->service->contexts, cookie,
				     http_cookie(req, "MapiSequence"),
				     call->who, use, &context);
	if (code != RESPONSE_SUCCESS) {
		call_fail(call, code);
		return false;
	}
	/* A cookie of the other endpoint is none here. */
	if ((context_nspi(context) != NULL) != is_nspi(call)) {
		context_end(context, use);
		call_fail(call, RESPONSE_CONTEXT_NOT_FOUND);
		return false;
	}
	call->use = use;
	call->context = context;
	return true;
}

/* A place with the workers; false: there is none, and the call has ended. */
static bool reserve_worker(struct call *call)
{
	if (workers_reserve(call->service->workers))
		return true;
	call_refuse(call, 503);
	return false;
}

static void worker_done(void *ctx, struct http_request *req)
{
	struct call *call = ctx;

	call_finish(call);
}

/* On the worker's thread: back to the I/O thread with the answer. */
static void hand_back(struct call *call)
{
	http_post(call->req, worker_done, call);
}

static void give_to_worker(struct call *call, struct context *context,
			   void (*run)(struct job *job))
{
	struct session *session = context_session(context);

	call->off_thread = true;
	call->job.run = run;
	call->job.key = session != NULL ? mailbox_queue_key(session) : NULL;
	call_start(call);
	workers_submit(call->service->workers, &call->job);
}

/* The written body, or R153: the response is invalid. */
static void set_body(struct call *call, const struct wire_w *w)
{
	if (w->full)
		call->late_code = RESPONSE_INVALID_RESPONSE;
	else
		call->out = (struct bin){ w->base, w->len };
}

static struct wire_w body_writer(struct call *call, size_t size)
{
	return wire_w(arena_alloc(http_arena(call->req), size), size);
}

/* --- PING (2.2.6, 3.2.5.3) -------------------------------------------- */

void call_ping(struct call *call)
{
	bump(&call->service->n.ping);
	/* Without a context it asks for the endpoint alone. */
	if (http_cookie(call->req, "MapiContext") != NULL &&
	    !call_begin_context(call, CONTEXT_PING))
		return;
	call_finish(call);
}

/* --- Connect (2.2.4.1, 3.2.5.1, 3.2.5.6) ------------------------------ */

/* On either thread.  False: there is no session. */
static bool connect_session(struct call *call)
{
	struct connect_rsp rsp = { 0 };
	struct session *session;
	enum ec ec = mailbox_connect(call->service->config.mailboxes,
				     call->who, &call->in.connect,
				     http_arena(call->req), &rsp, &session);
	struct wire_w w = body_writer(call, connect_rsp_size(&rsp));

	call->error_code = (uint32_t)ec;
	connect_rsp_encode(&w, &rsp);
	set_body(call, &w);
	if (ec == EC_SUCCESS)
		context_set_session(call->context, session);
	return ec == EC_SUCCESS;
}

/* 3.2.5.6: the previous context goes before the new one is made. */
static void run_reconnect(struct job *job)
{
	struct call *call = (struct call *)job;

	context_destroy(call->old);
	mailbox_disconnect(context_take_session(call->old));
	context_end(call->old, CONTEXT_RECONNECT);
	if (!connect_session(call))
		context_destroy(call->context);
	hand_back(call);
}

/* Sessions are made in memory; only ending an old one may wait. */
static void connect_inline(struct call *call)
{
	if (!connect_session(call)) {
		context_destroy(call->context);
		context_end(call->context, call->use);
		call->context = NULL;
	}
	call_finish(call);
}

void call_connect(struct call *call)
{
	struct endpoint_service *service = call->service;
	struct bin body = call_body(call);
	bool again = http_cookie(call->req, "MapiContext") != NULL;

	bump(&service->n.connect);
	if (!connect_req_decode(&body, http_arena(call->req),
				&call->in.connect)) {
		call_fail(call, RESPONSE_INVALID_REQUEST_BODY);
		return;
	}
	if (again && !reserve_worker(call))
		return;
	if (again && !call_begin_context(call, CONTEXT_RECONNECT)) {
		workers_release(service->workers);
		return;
	}
	call->old = call->context;
	call->use = CONTEXT_SEQUENCED;
	call->context = context_new(service->contexts, call->who);
	if (call->context == NULL) {
		if (again) {
			context_end(call->old, CONTEXT_RECONNECT);
			workers_release(service->workers);
		}
		call_fail(call, RESPONSE_UNKNOWN_FAILURE);
		return;
	}
	if (again)
		give_to_worker(call, call->old, run_reconnect);
	else
		connect_inline(call);
}

/* --- Execute (2.2.4.2) ------------------------------------------------ */

static void execute(struct call *call)
{
	struct execute_rsp rsp = { 0 };
	enum ec ec = mailbox_execute(context_session(call->context),
				     &call->in.execute,
				     http_arena(call->req), &rsp);
	struct wire_w w = body_writer(call, execute_rsp_size(&rsp));

	call->error_code = (uint32_t)ec;
	execute_rsp_encode(&w, &rsp);
	set_body(call, &w);
}

static void run_execute(struct job *job)
{
	struct call *call = (struct call *)job;

	execute(call);
	hand_back(call);
}

void call_execute(struct call *call)
{
	struct bin body = call_body(call);
	bool quick;

	bump(&call->service->n.execute);
	if (!call_begin_context(call, CONTEXT_SEQUENCED))
		return;
	if (!execute_req_decode(&body, &call->in.execute)) {
		call_fail(call, RESPONSE_INVALID_REQUEST_BODY);
		return;
	}
	quick = mailbox_is_inline(context_session(call->context),
				  &call->in.execute);
	if (!quick && !reserve_worker(call))
		return;
	context_advance(call->context);
	if (quick) {
		bump(&call->service->n.execute_inline);
		execute(call);
		call_finish(call);
	} else {
		give_to_worker(call, call->context, run_execute);
	}
}

/* --- Disconnect (2.2.4.3, 3.2.5.4) ------------------------------------ */

static void disconnect_session(struct call *call)
{
	struct disconnect_rsp rsp = { 0 };
	struct wire_w w = body_writer(call, DISCONNECT_RSP_SIZE);

	context_destroy(call->context);
	mailbox_disconnect(context_take_session(call->context));
	disconnect_rsp_encode(&w, &rsp);
	set_body(call, &w);
}

static void run_disconnect(struct job *job)
{
	struct call *call = (struct call *)job;

	disconnect_session(call);
	hand_back(call);
}

void call_disconnect(struct call *call)
{
	struct bin body = call_body(call);
	bool quick;

	bump(&call->service->n.disconnect);
	if (!call_begin_context(call, CONTEXT_SEQUENCED))
		return;
	/* 3.1.5.4 has clients send no body, 2.2.4.3.1 an auxiliary buffer. */
	if (body.len > 0 &&
	    !disconnect_req_decode(&body, &call->in.disconnect)) {
		call_fail(call, RESPONSE_INVALID_REQUEST_BODY);
		return;
	}
	quick = mailbox_disconnect_is_inline(context_session(call->context));
	if (!quick && !reserve_worker(call))
		return;
	context_advance(call->context);
	if (quick) {
		disconnect_session(call);
		call_finish(call);
	} else {
		give_to_worker(call, call->context, run_disconnect);
	}
}
