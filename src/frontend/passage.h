/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request on its way through the front end, from its head to its line in
 * the log.  What the files of this layer share.
 *
 * A passage lives in its request's arena and belongs to its I/O thread.
 * While it waits for the gate or for a handshake's helper (waiting), its
 * request must not be ended, also when the client has gone.
 */
#ifndef FRONTEND_PASSAGE_H
#define FRONTEND_PASSAGE_H

#include <stdatomic.h>

#include "auth/assertion.h"
#include "auth/gate.h"
#include "auth/initiate.h"
#include "base/buf.h"
#include "base/log.h"
#include "frontend/backend.h"
#include "frontend/frontend.h"
#include "frontend/meta.h"
#include "frontend/route.h"
#include "http/server.h"
#include "http/upstream.h"

/* What a mount leads to. */
struct frontend_mount {
	struct frontend *frontend;
	enum frontend_service service;
	const char *prefix;       /* "/mapi/emsmdb/" */
	const char *back;         /* what stands for it behind the path of the
				   * target's URL: "/emsmdb/" */
};

struct frontend_stats {
	atomic_uint_least64_t requests, local, proxied, passed_through,
		unauthorized, pending, late_failures, cut_off, bytes_up,
		bytes_down, handshakes, failures[FRONTEND_FAILURES];
};

struct prober;

struct frontend {
	struct frontend_config config;    /* strings are its own */
	struct http_upstreams *ups;
	struct backends *backends;
	struct prober *prober;
	struct frontend_mount mounts[FRONTEND_SERVICES];
	struct frontend_stats n;
	struct guid self;                 /* this server */
	char *host_short;
	atomic_bool draining;
	struct guid id_base;              /* of request-ids */
	atomic_uint_least64_t next_id;
};

/* The handshake of a hop; hop_auth.c's own. */
struct hop_auth {
	struct initiate *handshake;
	enum initiate_method methods[2];
	unsigned n_methods, at;           /* tried in turn */
	enum initiate_status status;
	enum initiate_reason reason;
	char *token, *cause;              /* of the last step; on the heap */
	char challenge[4096];             /* of the last answer */
	bool has_challenge, stale, renewed, probing, other_offered;
	int answer;                       /* status of the last answer */
	char offered[64];
};

struct passage {
	struct frontend *frontend;
	const struct frontend_mount *mount;
	struct http_request *req;
	const struct identity *who;       /* NULL: not known (yet) */
	const char *how;                  /* the gate's word; "-" */
	const char *mailbox_id;           /* NULL: the caller's own */
	struct target target;
	struct http_upstream *u;
	const char *key;                  /* of the pool; NULL: bound to the
					   * client's connection */
	struct hop_auth *hop;             /* NULL: no handshake */
	struct meta_scan meta;
	unsigned hops;                    /* front ends before this one */
	bool waiting, gone, gated, mapi, started, counted, early;
	bool sized;                       /* the answer that has started */
	bool passes;                      /* the client's own credentials */
	int status;                       /* that the client got; 0: none */
	enum frontend_failure failure;
	uint64_t up, down;                /* bytes of bodies */
	uint64_t change;                  /* directory_change, when looked */
	char id[GUID_TEXT_SIZE];
};

/* passage.c: a request comes in; ctx is its struct frontend_mount. */
void passage_handle(void *ctx, struct http_request *req);

/* Log it and release what it holds: the caller ends the request in the same
 * callback, and uses the passage no more. */
void passage_ended(struct passage *p);

/* proxy.c: the hop may be used: send the request, pass the answer on. */
void proxy_begin(struct passage *p);
void proxy_send(struct passage *p);
/* Close, give back or keep the connection. */
void proxy_let_go(struct passage *p, bool well);

/* hop_auth.c: p->target is authenticated to server to server or by
 * delegation, on a new connection; ends in proxy_send or passage_fail. */
void hop_auth_begin(struct passage *p);
/* Of a passage that ends in the middle of it. */
void hop_auth_free(struct passage *p);

/* The lines of a request's head that only servers say to each other: the hop
 * count, the request-id, the asserted user. */
void hop_put_fields(struct passage *p, const char *method, const char *path,
		    const char *query, struct buf *out);

/* fail.c: answer for the back end; text is for people, details for the
 * header (NULL: none).  Ends the passage. */
void passage_fail(struct passage *p, enum frontend_failure failure,
		  const char *text, const char *details);
enum frontend_failure failure_of(enum http_upstream_failure failure);
/* 401 with what the gate asks, or 503.  Ends the passage. */
void passage_refuse(struct passage *p, enum gate_status status);
/* X-FEServer, and what belongs before it. */
void passage_put_last(struct passage *p);

/* probe.c: looks at the back ends' health pages. */
struct prober *prober_new(struct frontend *f);
void prober_free(struct prober *prober);

static inline void bump(atomic_uint_least64_t *n, int64_t by)
{
	atomic_fetch_add_explicit(n, (uint64_t)by, memory_order_relaxed);
}

#endif
