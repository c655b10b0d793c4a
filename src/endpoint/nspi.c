/* SPDX-License-Identifier: Apache-2.0 */
/* The request types of the address book endpoint ([MS-OXCMAPIHTTP] 2.2.5). */
#include "endpoint/call.h"
#include "mailbox/nspi.h"

static struct nspi_service *nspi(const struct call *call)
{
	return call->service->config.nspi;
}

/* Of a request whose body is decoded; on either thread. */
static void run(struct call *call)
{
	struct nspi_session *session = call->context != NULL ?
		context_nspi(call->context) : NULL;
	bool bind = call->type == REQUEST_TYPE_BIND;

	call->error_code = nspi_run(nspi(call), &session, call->who,
				    call->type, call->in.nspi,
				    http_arena(call->req), &call->out);
	if (bind && session != NULL)
		context_set_nspi(call->context, session);
	/* A Bind that failed has no context; Unbind ends it (3.2.5.4). */
	if ((bind && session == NULL) || call->type == REQUEST_TYPE_UNBIND)
		context_destroy(call->context);
}

static void finish(struct call *call)
{
	if (call->type == REQUEST_TYPE_BIND &&
	    context_nspi(call->context) == NULL) {
		context_end(call->context, call->use);
		call->context = NULL;
	}
	call_finish(call);
}

static void worker_done(void *ctx, struct http_request *req)
{
	finish(ctx);
}

static void run_on_worker(struct job *job)
{
	struct call *call = (struct call *)job;

	run(call);
	http_post(call->req, worker_done, call);
}

static void start(struct call *call, bool quick)
{
	if (call->type != REQUEST_TYPE_BIND && call->context != NULL)
		context_advance(call->context);
	if (quick) {
		run(call);
		finish(call);
		return;
	}
	call->off_thread = true;
	call->job.run = run_on_worker;
	call_start(call);
	workers_submit(call->service->workers, &call->job);
}

/* 3.2.5.6: the context that the client had goes before the new one is made.
 * Its session is memory alone. */
static bool drop_old(struct call *call)
{
	if (http_cookie(call->req, "MapiContext") == NULL)
		return true;
	if (!call_begin_context(call, CONTEXT_RECONNECT))
		return false;
	context_destroy(call->context);
	context_end(call->context, CONTEXT_RECONNECT);
	call->context = NULL;
	return true;
}

static bool begin(struct call *call)
{
	if (call->type == REQUEST_TYPE_BIND) {
		if (!drop_old(call))
			return false;
		call->use = CONTEXT_SEQUENCED;
		call->context = context_new(call->service->contexts,
					    call->who);
		if (call->context == NULL)
			call_fail(call, RESPONSE_UNKNOWN_FAILURE);
		return call->context != NULL;
	}
	/* The URLs may be asked for without a session. */
	if ((nspi_desc(call->type)->flags & NSPI_NO_SESSION) != 0 &&
	    http_cookie(call->req, "MapiContext") == NULL)
		return true;
	return call_begin_context(call, CONTEXT_SEQUENCED);
}

void call_nspi(struct call *call)
{
	struct arena *arena = http_arena(call->req);
	struct nspi_codec c = { prop_ctx_address_book(arena, 0) };
	struct bin body = call_body(call), auxiliary;
	union nspi_req *req = arena_alloc(arena, sizeof *req);
	bool quick;

	bump(&call->service->n.nspi);
	call->in.nspi = req;
	if (!nspi_request_decode(&c, call->type, &body, req, &auxiliary)) {
		call_fail(call, RESPONSE_INVALID_REQUEST_BODY);
		return;
	}
	quick = nspi_is_inline(nspi(call), call->type, req);
	if (!quick && !workers_reserve(call->service->workers)) {
		call_refuse(call, 503);
		return;
	}
	if (!begin(call)) {
		if (!quick)
			workers_release(call->service->workers);
		return;
	}
	start(call, quick);
}
