/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the HTTP server share.  Not for other layers. */
#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/clock.h"
#include "http/parser.h"
#include "http/proxy.h"
#include "http/server.h"
#include "http/tls.h"

enum {
	PEER_SIZE = 64,
	IN_SIZE = 64 * 1024,      /* of the buffer a loop reads into */
	STASH_MAX = 64 * 1024,    /* pipelined bytes kept; then reading stops */
	UNSENT_MAX = 256 * 1024,  /* answers kept; then requests wait */
	SKIP_MAX = 256 * 1024,    /* of a body that nobody wants */
	REQUEST_BLOCK = 2048,     /* first block of a request's arena */
	SPARE_REQUESTS = 64,      /* kept by a loop */
	SPARE_OUT_MAX = 512 * 1024,
};

struct conn;
struct listener;
struct loop;

/* --- Loops: one I/O thread each --------------------------------------- */

/* A call brought to a loop's thread; freed when it was run. */
struct post {
	struct post *next;
	void (*run)(struct loop *loop, struct post *post);
	struct http_request *req; /* holds a reference; NULL: none */
	void (*fn)(void *ctx, struct http_request *req);
	void *ctx;
	int number;               /* a status, or a socket */
	size_t len;
	uint8_t data[];
};

/* Written by the loop's thread alone, read by any. */
struct loop_counters {
	atomic_uint_least64_t accepted, closed, requests, in_hand, refused,
		timed_out, tls_failed, bytes_in, bytes_out;
};

struct loop {
	struct http_server *server;
	struct event_base *base;
	pthread_t thread;
	bool started, draining, stopping;
	struct conn *conns;
	struct http_request *tasks;       /* http_server_task */
	struct http_upstream *upstreams;  /* all, also idle ones */
	struct upstream_pool *pools;
	struct http_request *spare;       /* requests to be used again */
	unsigned n_spare;
	struct buf spare_out, spare_fields;
	uint8_t *in;                      /* IN_SIZE bytes */
	char date[HTTP_DATE_SIZE];        /* of the second date_at */
	time_t date_at;
	struct loop_counters n;
	atomic_uint_least64_t given;      /* connections; the acceptor's */

	pthread_mutex_t lock;             /* guards the posts */
	struct post *posts, **posts_end;
	atomic_uint posting;              /* threads in loop_post */
	int wake_fd;
	struct event *wake;
};

struct loop *loop_new(struct http_server *server, struct err *err);
bool loop_start(struct loop *loop, struct err *err);
/* Ends the thread, once all requests in hand have been ended, and frees. */
void loop_free(struct loop *loop);

/* A post with room for len bytes; loop_post gives it to the loop. */
struct post *post_new(size_t len);
void loop_post(struct loop *loop, struct post *post);

static inline bool on_loop(const struct loop *loop)
{
	return pthread_equal(pthread_self(), loop->thread);
}

/* Close what is idle, and everything, on the loop's own thread. */
void loop_drain(struct loop *loop);
void loop_stop(struct loop *loop);

static inline void count(atomic_uint_least64_t *n, int64_t by)
{
	atomic_store_explicit(n, atomic_load_explicit(n, memory_order_relaxed)
			      + (uint64_t)by, memory_order_relaxed);
}

/* --- Connections ------------------------------------------------------ */

enum conn_phase {
	PHASE_PROXY, PHASE_HANDSHAKE, PHASE_IDLE, PHASE_HEAD, PHASE_BODY,
	PHASE_IN_HAND, PHASE_LINGER,
};

struct conn {
	struct loop *loop;
	struct conn *next, **link;        /* in loop->conns */
	struct http_request *req;         /* being read or in hand */
	SSL *ssl;                         /* NULL: plain */
	int fd;
	unsigned depth;                   /* callbacks under way */
	enum conn_phase phase;
	enum http_listener_kind kind;
	bool dead, closing, eof, paused, writing, retry_read, fresh, unsent;
	unsigned served;
	uint64_t id;
	uint64_t deadline, armed;         /* clock_ms; 0: none */
	size_t window;                    /* body bytes since it was set */
	struct proxy_parser *proxy;       /* in PHASE_PROXY */
	struct buf in, out;               /* stash; unsent from out_at on */
	size_t out_at;
	struct http_parser *skip;         /* a body that nobody wants */
	struct {                          /* http_conn_set */
		void *data;
		void (*drop)(void *data);
	} bound[2];                       /* by enum http_conn_slot */
	struct event read, timer, *write; /* write: only while needed */
	char peer[PEER_SIZE];
};

/* Take over fd, which listener accepted.  Closes it on failure. */
void conn_new(struct loop *loop, int fd, const struct listener *listener,
	      const struct sockaddr *addr);

/* Around everything that is done to a connection; leave may free it. */
void conn_enter(struct conn *c);
void conn_leave(struct conn *c);

/* Cut it off now; memory is kept until conn_leave. */
void conn_destroy(struct conn *c);

/* Idle, so that a drain may close it. */
bool conn_is_idle(const struct conn *c);

/* Queue output; it is written when the outermost conn_leave comes. */
void conn_out(struct conn *c, const void *data, size_t len);

/* The request in hand has been answered: on to the next, or close. */
void conn_request_ended(struct conn *c, bool close);

/* Of a body that has not been read: whether the rest may be read and dropped
 * (else close), and do so. */
bool conn_can_skip(const struct http_parser *p, bool continued);
void conn_skip_body(struct conn *c, const struct http_parser *p);

/* The body of the request in hand is wanted: ask the client for it. */
void conn_want_body(struct conn *c);
void conn_pause_body(struct conn *c, bool pause);

/* It comes to no good. */
void conn_body_failed(struct conn *c, int status, const char *reason);

/* conn_io.c: bytes or 0 (end), or -1: *again tells whether to wait. */
ssize_t conn_recv(struct conn *c, void *data, size_t len, bool *again);
/* Write what is queued; false: the connection is broken. */
bool conn_flush(struct conn *c);
bool conn_has_pending(const struct conn *c);
void conn_shutdown_write(struct conn *c);
void conn_want_write(struct conn *c, bool want);
void conn_on_read(evutil_socket_t fd, short what, void *arg);

/* upstream.c: close all of this loop's. */
void upstreams_stop(struct loop *loop);

/* --- Requests --------------------------------------------------------- */

enum request_state { REQ_READING, REQ_IN_HAND, REQ_STARTED, REQ_ENDED };

struct http_request {
	struct loop *loop;
	struct conn *conn;                /* NULL: gone, or ended */
	struct http_request *next;        /* in loop->spare */
	atomic_uint refs;                 /* the handler's, and posts' */
	enum request_state state;
	bool gone, head_only, chunked, close, tls, has_timer;
	bool body_paused, continued;      /* continued: 100 was sent */
	const struct http_mount *mount;
	struct arena *arena;
	struct http_parser parser;
	struct buf fields;                /* header lines of the answer */
	struct buf last_fields;           /* those that come last */
	void (*body_fn)(void *ctx, struct http_request *req,
			const void *data, size_t len, bool last);
	void (*whole_fn)(void *ctx, struct http_request *req);
	void *body_ctx;                   /* of either */
	void (*drained_fn)(void *ctx, struct http_request *req);
	void *drained_ctx;
	struct http_request *next_task, **task_link;
	uint64_t received_ns, conn_id;
	enum http_listener_kind kind;
	void (*gone_fn)(void *ctx, struct http_request *req);
	void *gone_ctx;
	void (*timer_fn)(void *ctx, struct http_request *req);
	void *timer_ctx;
	struct event timer;
	char peer[PEER_SIZE];
};

struct http_request *request_new(struct loop *loop);
void request_unref(struct http_request *req);     /* loop's thread */
void request_free(struct http_request *req);      /* for good */

/* A request, or its head, to its mount. */
void request_dispatch(struct http_request *req);
/* A piece of its body has come; last: it was the last. */
void request_body(struct http_request *req, const void *data, size_t len,
		  bool last);
/* Out of its loop's list of tasks, if it is one. */
void request_unlink_task(struct http_request *req);
/* The connection has closed under it. */
void request_gone(struct http_request *req);

/* "Not Found"; "" for a status that we never send. */
const char *status_text(int status);

/* Write a status line, framing, fields and the end of a head to out. */
struct head_line {
	int status;
	bool chunked, has_length, close, keep_alive;
	size_t length;
};

void head_write(struct conn *c, const struct head_line *head,
		const void *fields, size_t len);

/* --- The server ------------------------------------------------------- */

const struct http_limits *server_limits(const struct http_server *server);
const struct http_mount *server_mount(const struct http_server *server,
				      enum http_listener_kind kind,
				      const char *path);
void server_refused(struct http_server *server, const char *peer, int status,
		    const char *reason);
uint64_t server_conn_id(struct http_server *server);
struct loop *server_first_loop(struct http_server *server);
/* Call fn(ctx) when the server is about to stop its threads. */
void server_on_stop(struct http_server *server, void (*fn)(void *ctx),
		    void *ctx);
void server_closed(struct http_server *server);

#endif
