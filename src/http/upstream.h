/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections to other HTTP/1.1 servers, for a proxy.  They live on the I/O
 * loops of an http_server: a client's connection and the one that its request
 * goes on share a thread, and nothing crosses threads.
 *
 * An upstream connection is opened for a request (http/server.h), or taken
 * from the pool of that request's thread.  Then, any number of times:
 *
 *	http_upstream_request, http_upstream_send …, http_upstream_finish
 *	→ events: head, body …, done
 *
 * and in the end http_upstream_give (back to the pool) or _close.  What is
 * written before the connection is there waits for it.  After failed nothing
 * else comes, and the connection is to be closed.
 *
 * Answers are read as strictly as requests are (parser.h): what two parties
 * could frame in two ways fails with HTTP_UPSTREAM_MALFORMED.
 *
 * Everything here belongs to the I/O thread of the request, as do all events,
 * but where it says otherwise.
 */
#ifndef HTTP_UPSTREAM_H
#define HTTP_UPSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/err.h"
#include "http/server.h"

struct http_upstreams;            /* settings, trust and pools */
struct http_upstream;             /* one connection */

/* 0 in a number means the default beside it. */
struct http_upstreams_config {
	const char *ca_file;      /* PEM, copied; NULL: the system's, read
				   * for the first connection with TLS */
	unsigned connect_ms;      /* name and TCP: 5 s */
	unsigned handshake_ms;    /* TLS: 5 s */
	unsigned head_ms;         /* request sent to head of answer: 60 s */
	unsigned body_ms;         /* between pieces of an answer: 120 s */
	unsigned write_ms;        /* requests must move in this: 30 s */
	unsigned idle_ms;         /* in the pool, then closed: 50 s */
	unsigned pool_max;        /* idle ones of a key and thread: 64 */
};

/*
 * server must not have been started; it outlives what is made here.  NULL and
 * err when the CA file cannot be read.
 */
struct http_upstreams *http_upstreams_new(struct http_server *server,
		const struct http_upstreams_config *config, struct err *err);

/* After http_server_free.  NULL is allowed. */
void http_upstreams_free(struct http_upstreams *ups);

/* Read the CA file again (SIGHUP); on failure the old one stays.  Any
 * thread. */
bool http_upstreams_reload(struct http_upstreams *ups, struct err *err);

/* Where to: from "https://host:port/path" with a port of its own or 443, 80. */
struct http_origin {
	const char *host;         /* without brackets */
	const char *path;         /* "/mapi"; "" if there is none */
	uint16_t port;
	bool tls;
	bool literal;             /* host is an IP address */
};

/* Strings of *out are in arena.  False: not such a URL (also one with a
 * user, a query or a fragment).  Any thread. */
bool http_origin_parse(const char *url, struct arena *arena,
		       struct http_origin *out);

/* Why there is no whole answer. */
enum http_upstream_failure {
	HTTP_UPSTREAM_RESOURCES,          /* no sockets left here */
	HTTP_UPSTREAM_RESOLVE,            /* the name has no address */
	HTTP_UPSTREAM_CONNECT,            /* refused, unreachable */
	HTTP_UPSTREAM_CONNECT_TIMEOUT,
	HTTP_UPSTREAM_TLS,                /* no TLS, or none in time */
	HTTP_UPSTREAM_CERTIFICATE,        /* expired, untrusted, wrong name */
	HTTP_UPSTREAM_STALE,              /* a kept connection had been closed
					   * by the peer: nothing of the
					   * request was answered */
	HTTP_UPSTREAM_WRITE_TIMEOUT,
	HTTP_UPSTREAM_HEAD_TIMEOUT,
	HTTP_UPSTREAM_BODY_TIMEOUT,
	HTTP_UPSTREAM_MALFORMED,          /* not HTTP/1.1, or ambiguous */
	HTTP_UPSTREAM_CLOSED,             /* before the answer's head */
	HTTP_UPSTREAM_BROKEN,             /* within the answer */
	HTTP_UPSTREAM_FAILURES,
};

/* "connect", "certificate" …: for logs and metrics. */
const char *http_upstream_failure_name(enum http_upstream_failure failure);

/* The head of an answer, valid until done, failed or the next request. */
struct http_answer {
	int status;               /* never 1xx: those are passed over */
	const struct http_text_field *fields;     /* http/parser.h */
	unsigned n_fields;
	bool has_length, chunked; /* neither: up to the connection's end */
	bool no_body;             /* to HEAD; 204 and 304 */
	uint64_t length;
};

/* The first field of that name, in any case; NULL if there is none. */
const char *http_answer_field(const struct http_answer *answer,
			      const char *name);

/*
 * What comes.  Each may close the connection, or send the next request in
 * done.  What the events of one read send to the client whose request the
 * connection belongs to leaves in one write.
 */
struct http_upstream_events {
	void (*head)(void *ctx, struct http_upstream *u,
		     const struct http_answer *answer);
	void (*body)(void *ctx, struct http_upstream *u, const void *data,
		     size_t len);
	void (*done)(void *ctx, struct http_upstream *u);
	/* text: one sentence for the log, valid until it returns. */
	void (*failed)(void *ctx, struct http_upstream *u,
		       enum http_upstream_failure failure, const char *text);
	/* All that was written has left, after http_upstream_unsent was above
	 * 0; NULL: not wanted. */
	void (*drained)(void *ctx, struct http_upstream *u);
};

/*
 * Open a connection on req's thread.  Never NULL; also what fails at once is
 * told by an event, not before this returns.  events must outlive it.
 */
struct http_upstream *http_upstream_open(struct http_upstreams *ups,
		struct http_request *req, const struct http_origin *origin,
		const struct http_upstream_events *events, void *ctx);

/* An idle one of req's thread that was given under this key, for req from now
 * on; NULL if there is none. */
struct http_upstream *http_upstream_take(struct http_upstreams *ups,
		struct http_request *req, const char *key,
		const struct http_upstream_events *events, void *ctx);

/* Back to the pool, after done; closed if it cannot be used again. */
void http_upstream_give(struct http_upstream *u, const char *key);

/* From request to request of one client connection: u stays alive between
 * them and belongs to nobody (req NULL: its end is told by failed all the
 * same), or to req from now on. */
void http_upstream_bind(struct http_upstream *u, struct http_request *req,
			const struct http_upstream_events *events, void *ctx);

/* Close it, at any time; no event comes any more. */
void http_upstream_close(struct http_upstream *u);

/* --- Sending ---------------------------------------------------------- */

enum { HTTP_BODY_CHUNKED = -1 };

/*
 * A request's head: fields are whole lines, each ended by CRLF, without Host
 * (which is made of the origin) and those that frame the message.  target is
 * the raw path and query.  length is that of the body, 0 for none, or
 * HTTP_BODY_CHUNKED.
 */
void http_upstream_request(struct http_upstream *u, const char *method,
			   const char *target, const void *fields, size_t len,
			   int64_t length);
void http_upstream_send(struct http_upstream *u, const void *data, size_t len);
/* The request is whole.  Writes at once. */
void http_upstream_finish(struct http_upstream *u);

/* Bytes that the peer has not taken yet. */
size_t http_upstream_unsent(const struct http_upstream *u);

/* Stop reading the answer, or go on. */
void http_upstream_pause(struct http_upstream *u, bool pause);

/* --- About it --------------------------------------------------------- */

/* Whether another request may follow, once done has come. */
bool http_upstream_reusable(const struct http_upstream *u);
/* Requests that were sent on it, the present one included. */
unsigned http_upstream_requests(const struct http_upstream *u);

/* tls-server-end-point of the peer's certificate (as in http/server.h); 0
 * before the handshake's end and without TLS. */
size_t http_upstream_binding(const struct http_upstream *u,
			     uint8_t out[static HTTP_BINDING_MAX]);
/* Call fn(ctx, u) when it is connected and TLS is up, at once if it is. */
void http_upstream_when_ready(struct http_upstream *u,
			      void (*fn)(void *ctx, struct http_upstream *u));

struct http_upstream_counters {
	uint64_t opened, failed, closed, requests, taken;
	uint64_t idle;            /* in the pools now */
};

/* Any thread. */
void http_upstreams_counters(const struct http_upstreams *ups,
			     struct http_upstream_counters *out);

#endif
