/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP/1.1 server (RFC 9110, RFC 9112): listeners, plain or TLS 1.2 and
 * later; one event loop an I/O thread; requests are handed whole, with their
 * body, to the handler mounted on the longest prefix of their path.
 *
 * Who may call what, from where:
 *
 * - A handler runs on the connection's I/O thread and must not block.  It
 *   owns the request until it ends it, exactly once, with http_respond,
 *   http_finish or http_abort: in the handler, or later and on any thread.
 *   Until then everything read from the request stays valid, also when the
 *   client has left meanwhile; after it nothing of the request may be used.
 * - The functions that read the request and http_header belong to whoever
 *   handles the request at the moment: one thread at a time.
 * - http_respond, http_start, http_send, http_finish and http_abort may be
 *   called on any thread.  On the connection's own I/O thread they act at
 *   once, elsewhere their arguments are copied and posted to that thread, in
 *   order.  What one callback on the I/O thread sends leaves in one write
 *   when that callback returns.
 * - http_post brings a call onto the connection's I/O thread; timers and the
 *   client-gone callback run there too.
 *
 * A connection has one request in hand at a time: pipelined requests wait,
 * and so are answered in order.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/net.h"

struct http_server;
struct http_request;

/* Limits and time-outs.  http_limits_default fills in what is given here. */
struct http_limits {
	size_t head_max;          /* request line and headers: 32 KiB, or 431 */
	size_t line_max;          /* one line of them: 16 KiB, or 431 */
	unsigned fields_max;      /* header fields: 100 (at most 200), or 431 */
	unsigned connections_max; /* of the server: 20,000; the rest waits */
	unsigned requests_max;    /* of one connection, then close; 0: any */
	unsigned handshake_ms;    /* TLS handshake: 10 s, or closed */
	unsigned header_ms;       /* first byte to end of headers: 30 s, 408 */
	unsigned body_ms;         /* a body must bring body_min bytes … */
	size_t body_min;          /* … in each body_ms: 1 KiB in 10 s, 408 */
	unsigned idle_ms;         /* keep-alive: 120 s, then closed */
	unsigned write_ms;        /* answers must move in this: 60 s */
	unsigned linger_ms;       /* reading on after a refusal: 2 s */
};

void http_limits_default(struct http_limits *limits);

struct http_server_config {
	unsigned threads;         /* I/O threads; 0: 2 */
	struct http_limits limits;
	/*
	 * Called (on I/O threads) for each request that was refused before it
	 * reached a handler, with the status sent (0: none was) and a few
	 * words of reason.  NULL is allowed.
	 */
	void (*refused)(void *ctx, const char *peer, int status,
			const char *reason);
	void *ctx;
};

/* How many, since the start; open and in_hand: now. */
struct http_counters {
	uint64_t accepted, open, requests, in_hand, refused, timed_out;
	uint64_t tls_failed, bytes_in, bytes_out;
};

/*
 * A server that does not listen yet.  The config is copied.  Ignores SIGPIPE
 * for the process.  NULL and err if threads or loops cannot be made.
 */
struct http_server *http_server_new(const struct http_server_config *config,
				    struct err *err);

/*
 * Stop the threads, close every connection (their gone callbacks run) and
 * free the server.  Requests in hand must have been ended or be ended by
 * their gone callback: http_server_drain first.  NULL is allowed.
 */
void http_server_free(struct http_server *server);

/*
 * Listen on address ("127.0.0.1:8443", "[::1]:8443", ":443" for all; port 0
 * lets the kernel choose).  With a certificate chain and a key (PEM files):
 * TLS; with NULL for both: plain.  Before http_server_start only.  The port
 * in use is returned; 0 and err on failure.
 */
int http_server_listen(struct http_server *server, const char *address,
		       const char *certificate, const char *key,
		       struct err *err);

/* What a listener is for. */
enum http_listener_kind {
	HTTP_LISTENER_CLIENT,
	HTTP_LISTENER_BACKEND,    /* for servers of the organisation */
	HTTP_LISTENER_METRICS,    /* for those who watch the server */
};

struct http_listen_options {
	const char *certificate, *key;    /* as in http_server_listen */
	enum http_listener_kind kind;
	/*
	 * Load balancers: a connection from one of these networks begins with
	 * a PROXY header (http/proxy.h), before TLS, or is closed; http_peer
	 * is then the client that it names.  From elsewhere such a header is a
	 * malformed request.  Copied.
	 */
	const struct net *proxies;
	size_t n_proxies;
	/* Who may connect; others are closed at once.  0: everybody. */
	const struct net *allowed;
	size_t n_allowed;
};

/* http_server_listen with all that can be chosen. */
int http_server_listen_as(struct http_server *server, const char *address,
			  const struct http_listen_options *options,
			  struct err *err);

/*
 * Whether address is one that http_server_listen would bind to loopback
 * alone: plain HTTP is for those.
 */
bool http_address_is_loopback(const char *address);

/*
 * Read the certificates and keys again (SIGHUP); new connections use them.
 * On failure the old ones stay.  Any thread.
 */
bool http_server_reload_tls(struct http_server *server, struct err *err);

/*
 * What serves a path.  handle is called with each whole request; it owns the
 * request, as the top of this file says.
 */
struct http_mount {
	const char *prefix;       /* "/mapi/emsmdb/"; matched in any case */
	size_t body_max;          /* bytes of request body, beyond it 413 */
	void (*handle)(void *ctx, struct http_request *req);
	void *ctx;
	/* Call handle at the end of the head; the body is read when
	 * http_read_body or http_read_whole asks for it. */
	bool at_head;
};

/*
 * Before http_server_start only; the struct and its prefix are copied.  A
 * path equal to the prefix without its last "/" matches too.  Paths that no
 * mount matches are answered 404 (of mounts with the longest prefix, the
 * last one wins; "/" takes the rest).
 */
void http_server_mount(struct http_server *server,
		       const struct http_mount *mount);

/*
 * The same for some listeners alone: a set of 1 << enum http_listener_kind.
 * http_server_mount means all but HTTP_LISTENER_METRICS.
 */
void http_server_mount_on(struct http_server *server,
			  const struct http_mount *mount, unsigned listeners);

/*
 * Call fn(ctx, task) on the first I/O thread once it runs, with a request
 * that no client sent, for work that is the server's own: a timer, upstream
 * connections, http_on_gone, which tells that the server is stopping.  Like
 * any request in hand it must be ended, by http_abort.  Before
 * http_server_start only.
 */
void http_server_task(struct http_server *server,
		      void (*fn)(void *ctx, struct http_request *task),
		      void *ctx);

/* Start the I/O threads and accept. */
bool http_server_start(struct http_server *server, struct err *err);

/*
 * Stop accepting, close idle connections, and close the others as soon as
 * their request in hand is answered.  Returns at once; http_server_wait
 * waits up to ms for the last connection and tells whether all have gone.
 */
void http_server_drain(struct http_server *server);
bool http_server_wait(struct http_server *server, unsigned ms);

void http_server_counters(const struct http_server *server,
			  struct http_counters *out);

/* --- Reading a request ------------------------------------------------ */

const char *http_method(const struct http_request *req);    /* "POST" */

/* The path, percent-decoded, without dot segments; and the raw query, ""
 * if there is none.  Neither holds control characters. */
const char *http_path(const struct http_request *req);
const char *http_query(const struct http_request *req);

/*
 * A parameter of the query, its name compared without case, its value
 * percent-decoded into the request's arena.  NULL if there is none, if it is
 * there twice or if it is badly encoded.
 */
const char *http_query_get(struct http_request *req, const char *name);

/*
 * The value of a header field (name in any case), without white space at its
 * ends; NULL if there is none, the first if there are several: then
 * http_field_count tells.
 */
const char *http_field(const struct http_request *req, const char *name);
unsigned http_field_count(const struct http_request *req, const char *name);

/* All of them, in order; false when i is past the last. */
bool http_field_at(const struct http_request *req, unsigned i,
		   const char **name, const char **value);

/*
 * The value of a cookie in the Cookie fields, copied into the request's
 * arena; NULL if there is none.  If it is there several times: the last.
 */
const char *http_cookie(struct http_request *req, const char *name);

/* The body, chunks removed; data is not NULL also when the length is 0. */
const uint8_t *http_body(const struct http_request *req, size_t *len);

/* What the head says of the body: its length, -1 if it comes in chunks. */
int64_t http_body_length(const struct http_request *req);

/*
 * For a mount with at_head: read the body, of at most body_max bytes, and
 * pass it on in pieces as they come, the last one marked (it may be empty).
 * fn may be called before this returns.  What follows it is not read while
 * it is paused, so that the client is slowed down.  A body that is too large
 * or badly framed, or whose client is too slow or leaves, ends with the gone
 * callback.  A request that is answered before its body has come leaves the
 * rest to be read and dropped.  I/O thread only.
 */
void http_read_body(struct http_request *req,
		    void (*fn)(void *ctx, struct http_request *req,
			       const void *data, size_t len, bool last),
		    void *ctx);
void http_pause_body(struct http_request *req, bool pause);

/* The same, but read all of it, for http_body, and then call fn: as a mount
 * without at_head.  max is at most the mount's; beyond it 413. */
void http_read_whole(struct http_request *req, size_t max,
		     void (*fn)(void *ctx, struct http_request *req),
		     void *ctx);

/* "127.0.0.1:51234"; whether over TLS; clock_ns() when it was complete. */
const char *http_peer(const struct http_request *req);
bool http_is_tls(const struct http_request *req);
uint64_t http_received_ns(const struct http_request *req);

/* By which kind of listener it came. */
enum http_listener_kind http_listener_kind(const struct http_request *req);

/*
 * The request's arena, given back when the request has ended.  It belongs to
 * whoever handles the request at the moment.
 */
struct arena *http_arena(struct http_request *req);

/* --- Answering -------------------------------------------------------- */

/*
 * Add a field to the answer, in the order of the calls and with the name as
 * it is given (canonical case: some clients fail on others).  Before
 * http_respond or http_start.  Control characters in value are left out.
 * The server itself adds Transfer-Encoding or Content-Length before them and
 * Connection (where needed) and Date after them.
 */
void http_header(struct http_request *req, const char *name,
		 const char *value);
void http_headerf(struct http_request *req, const char *name,
		  const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for len bytes of whole lines, each ended by CRLF, that the caller
 * made beforehand and vouches for. */
void http_header_lines(struct http_request *req, const char *lines,
		       size_t len);

/* A field that comes behind all others, whoever adds them, before
 * Connection and Date. */
void http_last_header(struct http_request *req, const char *name,
		      const char *value);

/* The time now as in Date (RFC 9110 5.6.7), kept for a second.  I/O thread
 * only; valid until the callback returns. */
const char *http_date_now(struct http_request *req);

/* Answer at once with a body of len bytes, which is copied: ends req. */
void http_respond(struct http_request *req, int status, const void *body,
		  size_t len);

/*
 * Answer in pieces: status and headers now (chunked; to an HTTP/1.0 client
 * up to the closing of the connection), then any number of http_send, each
 * one chunk made of n pieces, then http_finish, which ends req.
 */
void http_start(struct http_request *req, int status);
void http_send(struct http_request *req, const struct iovec *piece,
	       unsigned n);
void http_finish(struct http_request *req);

/* The same with a body whose length is known: the pieces that follow must
 * come to it.  I/O thread only. */
void http_start_sized(struct http_request *req, int status, uint64_t length);

/* Cut the connection off, unanswered or half answered: ends req. */
void http_abort(struct http_request *req);

/* Close the connection after this answer.  Before it is started. */
void http_close_after(struct http_request *req);

/* Bytes of answers that the client has not taken yet.  I/O thread only. */
size_t http_unsent(const struct http_request *req);

/* Call fn when the client has taken all of them, once; NULL takes it back.
 * I/O thread only. */
void http_on_drained(struct http_request *req,
		     void (*fn)(void *ctx, struct http_request *req),
		     void *ctx);

/* --- Waiting ---------------------------------------------------------- */

/*
 * Run fn(ctx, req) on the connection's I/O thread, soon.  It is always run,
 * also when the client has gone; req must not have been ended when http_post
 * is called.  If it has been ended before fn runs, fn gets req NULL.
 */
void http_post(struct http_request *req,
	       void (*fn)(void *ctx, struct http_request *req), void *ctx);

/*
 * Be told on the I/O thread, once, when the client leaves before the answer
 * is finished.  What is sent after that is dropped, and the request must
 * still be ended.  I/O thread only; NULL takes it back.  If the client has
 * gone already, fn is called as soon as the current callback returns.
 */
void http_on_gone(struct http_request *req,
		  void (*fn)(void *ctx, struct http_request *req), void *ctx);

/*
 * The request's one timer: fn after ms on the I/O thread, once; setting it
 * again replaces it, fn NULL stops it, and so does the request's end.  I/O
 * thread only.
 */
void http_timer(struct http_request *req, unsigned ms,
		void (*fn)(void *ctx, struct http_request *req), void *ctx);

/*
 * Give back the request's arena and all that was read from the request, which
 * is not to be used any more, but for its peer and connection: for requests
 * that wait long.  The arena is empty and can be used again.
 */
void http_forget(struct http_request *req);

/* --- State bound to a connection -------------------------------------- */

/* Whose pointer it is: these don't know of each other. */
enum http_conn_slot {
	HTTP_CONN_AUTH,           /* a handshake in several requests, or the
				   * caller that it named */
	HTTP_CONN_UPSTREAM,       /* a proxy's connection on the other side */
};

/*
 * A pointer a connection and slot, for what must live as long as it does.
 * drop is called on the I/O thread when the connection closes or the pointer
 * is replaced.  I/O thread only; also while the client is gone (then drop is
 * called at once and there is nothing to get).
 */
void http_conn_set(struct http_request *req, enum http_conn_slot slot,
		   void *data, void (*drop)(void *data));
void *http_conn_get(const struct http_request *req, enum http_conn_slot slot);

/*
 * What a TLS channel is bound by (RFC 5929, tls-server-end-point): the hash
 * of the certificate that this connection was given, with the hash function
 * of the certificate's signature, SHA-256 in place of MD5 and SHA-1.  At most
 * HTTP_BINDING_MAX bytes; the length is returned, 0 if it is not TLS.  I/O
 * thread only.
 */
enum { HTTP_BINDING_MAX = 64 };
size_t http_tls_endpoint_binding(const struct http_request *req,
				 uint8_t out[static HTTP_BINDING_MAX]);

/* A number for the connection, unique in the life of the server. */
uint64_t http_conn_id(const struct http_request *req);

#endif
