/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request to an endpoint, from its arrival to its line in the log.  What
 * the files of this layer share.
 *
 * A call lives in its request's arena, or by itself if it waits (call_keep).
 * It belongs to the I/O thread but for the time that its job is with the
 * workers; then only its in, out, error_code and late_code are the worker's.
 */
#ifndef ENDPOINT_CALL_H
#define ENDPOINT_CALL_H

#include <stdatomic.h>

#include "auth/gate.h"
#include "base/log.h"
#include "endpoint/context.h"
#include "endpoint/endpoint.h"
#include "endpoint/workers.h"
#include "http/server.h"
#include "mailbox/mailbox.h"
#include "mapi/http_body.h"
#include "mapi/nspi.h"

/* What a mount leads to. */
struct vdir {
	struct endpoint_service *service;
	const char *path;         /* "/mapi/emsmdb/" */
	bool disabled;            /* X-ResponseCode 16 */
};

struct endpoint_stats {
	atomic_uint_least64_t requests, ping, connect, execute,
		execute_inline, disconnect, notification_wait, nspi,
		response_code[RESPONSE_ENDPOINT_SHUTTING_DOWN + 1],
		unauthorized, pending, busy, waiting;
};

struct endpoint_service {
	struct endpoint_config config;    /* strings are the service's own */
	char *server_application;         /* "Exchange/15.00.1210.002" */
	char *host_short;                 /* the first label of host */
	char *lines;                      /* of success, always the same */
	size_t lines_len;
	char *expiration, *pending_period;        /* as text */
	struct vdir emsmdb, nspi;
	struct contexts *contexts;
	struct workers *workers;
	struct endpoint_stats n;
	atomic_bool draining;
	struct guid id_base;              /* of request-ids */
	atomic_uint_least64_t next_id;
};

struct call {
	struct job job;                   /* first: a job is its call */
	struct endpoint_service *service;
	const struct vdir *vdir;
	struct http_request *req;
	struct gate_policy *policy;
	const struct identity *who;       /* NULL before authentication */
	enum request_type type;
	const char *type_text, *request_id, *client_info;  /* NULL: not sent */
	const char *mailbox_id;           /* NULL: the caller's own */
	struct context *context, *old;    /* old: Connect replaces it */
	enum context_use use;
	bool streaming;                   /* PROCESSING is out */
	bool off_thread, gone;            /* for the log */
	bool kept;                        /* on the heap: call_keep */
	bool fronted;                     /* by a front end of this process */
	int status;
	const char *cause;                /* of a refusal, a constant; NULL */
	enum response_code code, late_code;
	uint32_t error_code;              /* of the body */
	uint64_t deadline;                /* of a wait, clock_ms */
	unsigned waited;                  /* ms, before the first PENDING */
	union {
		struct connect_req connect;
		struct execute_req execute;
		struct disconnect_req disconnect;
		struct notification_wait_req wait;
		const union nspi_req *nspi;       /* mapi/nspi.h */
	} in;
	struct bin out;                   /* the body of the answer */
	char id[GUID_TEXT_SIZE];          /* request-id */
};

/* call.c: a request comes in; ctx is its struct vdir.  The latter: of a
 * caller who is known already. */
void call_handle(void *ctx, struct http_request *req);
void call_handle_known(const struct vdir *vdir, struct http_request *req,
		       const struct endpoint_caller *caller);

/* --- answer.c: how calls are answered.  I/O thread. ------------------- */

/* Fail with an X-ResponseCode: a page, or behind DONE.  Ends the call. */
void call_fail(struct call *call, enum response_code code);

/* PROCESSING goes out now, and PENDING from time to time. */
void call_start(struct call *call);

/* DONE and the body, with the head and PROCESSING before if they are not out
 * yet.  Ends the call. */
void call_finish(struct call *call);

/* Other statuses, with an empty body: 401, 403, 404, 503.  Ends the call. */
void call_refuse(struct call *call, int status);

/* The GET page of an endpoint.  Ends the call. */
void call_page(struct call *call);

/* The health page; ctx is the service. */
void health_handle(void *ctx, struct http_request *req);

/* A PENDING now; the caller sets the timer. */
void call_send_pending(struct call *call);

/* --- The request types: types.c and wait.c ---------------------------- */

/* Each takes over a call whose headers are in order, and ends it. */
void call_ping(struct call *call);
void call_connect(struct call *call);
void call_execute(struct call *call);
void call_disconnect(struct call *call);
void call_notification_wait(struct call *call);

/* nspi.c: any of the address book's. */
void call_nspi(struct call *call);

/*
 * Take the context of the call's cookies into use.  False: the call has been
 * failed.
 */
bool call_begin_context(struct call *call, enum context_use use);

/* --- call.c ----------------------------------------------------------- */

/*
 * Move the call and what it will be logged with to memory of their size, and
 * give back the request's: for what waits long.  Returns the call's new place;
 * the old one is gone.
 */
struct call *call_keep(struct call *call);

/* The body of the request. */
struct bin call_body(const struct call *call);

/* Release what the call holds, log it, and free it if it is kept: the caller
 * may use it no more.  Its request is ended by the caller, which does both in
 * one callback. */
void call_ended(struct call *call);

/* Whether the call came to the address book endpoint. */
static inline bool is_nspi(const struct call *call)
{
	return call->vdir == &call->service->nspi;
}

static inline void bump(atomic_uint_least64_t *n)
{
	atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
}

#endif
