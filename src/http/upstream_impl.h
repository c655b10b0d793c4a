/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of upstream connections share.  Not for other layers. */
#ifndef HTTP_UPSTREAM_IMPL_H
#define HTTP_UPSTREAM_IMPL_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "http/conn.h"
#include "http/resolve.h"
#include "http/upstream.h"

/* Idle connections of one key, of one loop; there is none without any. */
struct upstream_pool {
	struct upstream_pool *next;
	struct http_upstreams *ups;
	struct http_upstream *idle;       /* the last given first */
	unsigned n;
	char key[];
};

struct upstream_stats {
	atomic_uint_least64_t opened, failed, closed, requests, taken, idle;
};

struct http_upstreams {
	struct http_upstreams_config config;
	struct resolver *resolver;
	pthread_mutex_t lock;             /* guards ctx */
	SSL_CTX *ctx;                     /* NULL: not needed yet */
	struct upstream_stats n;
};

enum upstream_state { UPSTREAM_NEW, UPSTREAM_RESOLVING, UPSTREAM_CONNECTING,
		      UPSTREAM_HANDSHAKE, UPSTREAM_READY };

/* What is under way on it. */
enum upstream_phase { UPSTREAM_IDLE, UPSTREAM_SENDING, UPSTREAM_WAITING,
		      UPSTREAM_BODY };

struct http_upstream {
	struct http_upstreams *ups;
	struct loop *loop;
	struct http_upstream *next, **link;       /* in loop->upstreams */
	struct http_upstream *next_idle, **idle_link;
	struct upstream_pool *pool;       /* where it lies idle */
	struct http_request *owner;       /* NULL: nobody's */
	const struct http_upstream_events *events;
	void *ctx;
	void (*ready_fn)(void *ctx, struct http_upstream *u);
	enum upstream_state state;
	enum upstream_phase phase;
	unsigned depth;                   /* callbacks under way */
	struct conn *entered;             /* its owner's, meanwhile */
	unsigned requests, interim;
	bool dead, writing, paused, broken, finished, chunked, said;
	int fd;
	SSL *ssl;
	struct addresses addresses;
	unsigned at_address;
	struct resolve_wait *resolving;
	struct arena *arena;              /* of the head; NULL between */
	struct http_parser parser;
	struct buf out;
	size_t out_at;
	uint64_t deadline, armed;
	struct event read, write, timer, kick;
	enum http_upstream_failure failure;       /* told by kick */
	const char *failure_text;         /* on the heap; NULL: none */
	char *host, *host_field;
	uint16_t port;
	bool tls, literal, no_head;       /* no_head: to a HEAD request */
};

/* Around everything that is done to it; leave may free it. */
void upstream_enter(struct http_upstream *u);
void upstream_leave(struct http_upstream *u);

/* Tell its owner, and let go of it: now; or when the loop next runs. */
void upstream_fail(struct http_upstream *u, enum http_upstream_failure why,
		   const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void upstream_fail_later(struct http_upstream *u,
			 enum http_upstream_failure why, const char *text);
void upstream_destroy(struct http_upstream *u);

/* upstream_io.c */
void upstream_kick(evutil_socket_t fd, short what, void *arg);
void upstream_timer(evutil_socket_t fd, short what, void *arg);
void upstream_deadline(struct http_upstream *u, unsigned ms);
/* The time-out of what is under way. */
void upstream_rearm(struct http_upstream *u);
void upstream_flush(struct http_upstream *u);
void upstream_want_write(struct http_upstream *u, bool want);

/* upstream_read.c: n bytes of the peer's; its end. */
void upstream_took(struct http_upstream *u, const uint8_t *data, size_t n);
void upstream_eof(struct http_upstream *u, bool clean);

/* upstream_tls.c; ca_file NULL: the system's. */
SSL_CTX *upstream_tls_context(const char *ca_file, struct err *err);
bool upstream_tls_begin(struct http_upstream *u);
/* 1: done; 0: wait; -1: failed, and told. */
int upstream_tls_handshake(struct http_upstream *u);

static inline void up_count(atomic_uint_least64_t *n, int64_t by)
{
	atomic_fetch_add_explicit(n, (uint64_t)by, memory_order_relaxed);
}

#endif
