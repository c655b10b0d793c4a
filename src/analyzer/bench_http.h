/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A light HTTP/1.1 client for measuring: blocking sockets, one connection
 * each, one request at a time, answers read into one buffer.  The client and
 * the server share the processor, so it does as little as it can; for tests
 * of what a server says there is http/client.h.
 */
#ifndef ANALYZER_BENCH_HTTP_H
#define ANALYZER_BENCH_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* ---- answers, as they come in ---- */

enum { BENCH_ANSWER_MAX = 4 << 20 };      /* bytes */

enum bench_parse { BENCH_MORE, BENCH_DONE, BENCH_BAD };

/*
 * An answer in the making.  Begin with all zero; free in with buf_free.
 * Chunks are put together where they are, so that body and head are always
 * pieces of in.
 */
struct bench_answer {
	struct buf in;            /* what has been received */
	size_t head_len;          /* with the empty line; 0: not there yet */
	size_t at;                /* what is before has been taken */
	size_t body_at, body_len;
	uint64_t left;            /* of the body, or of this chunk */
	int status;
	uint8_t state;
	bool chunked, close;      /* the connection ends with this answer */
};

/* Forget the answer, and keep the memory. */
void bench_answer_reset(struct bench_answer *a);

/* Take what has come into in; eof: nothing more will. */
enum bench_parse bench_answer_parse(struct bench_answer *a, bool eof);

/*
 * The nth field of that name (whatever its case), from 0: false if there is
 * none.  *value is borrowed from the answer, without spaces around it.
 */
bool bench_answer_field(const struct bench_answer *a, const char *name,
			size_t nth, const char **value, size_t *len);

/* ---- the server ---- */

struct bench_target_config {
	const char *url;          /* http://host:port/path?query, or https */
	const char *user, *password;      /* Basic; NULL: none */
	const char *ca_file;      /* NULL: the system's */
	const char *address;      /* connect here; NULL: resolve the host */
	bool insecure;            /* do not check the certificate */
	unsigned timeout_ms;      /* of one request; 0: 60 s */
};

/* Resolved once, then shared by threads. */
struct bench_target;

/* NULL and err when the URL, the name or the CA file is no good. */
struct bench_target *bench_target_new(const struct bench_target_config *config,
				      struct err *err);
void bench_target_free(struct bench_target *t);   /* NULL is allowed */
bool bench_target_is_tls(const struct bench_target *t);

/* "POST /path HTTP/1.1\r\nHost: …\r\nAuthorization: …\r\n" */
const char *bench_target_head(const struct bench_target *t);

/* ---- a connection ---- */

struct bench_conn;

/*
 * Connect.  source: the last part of a loopback address to connect from,
 * 127.0.0.source, so that ports do not run out; 0: any.  NULL and err.
 */
struct bench_conn *bench_conn_open(const struct bench_target *t,
				   unsigned source, struct err *err);
void bench_conn_close(struct bench_conn *c);      /* NULL is allowed */

/* Send a whole request. */
bool bench_conn_send(struct bench_conn *c, const void *data, size_t len,
		     struct err *err);

/* Read an answer; *out is the connection's, until the next. */
bool bench_conn_receive(struct bench_conn *c,
			const struct bench_answer **out, struct err *err);

/* Give the buffer back while the connection only waits. */
void bench_conn_shrink(struct bench_conn *c);

/*
 * Take what has come without waiting: whether it is a whole answer, or none
 * will come whole any more.
 */
bool bench_conn_ended(struct bench_conn *c);

#endif
