/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session over a measuring connection (bench_http.h): cookies, frames of
 * [MS-OXCMAPIHTTP] 2.2.2, Connect, Logon, Execute.  Blocking.
 */
#ifndef ANALYZER_BENCH_SESSION_H
#define ANALYZER_BENCH_SESSION_H

#include "analyzer/bench_http.h"
#include "analyzer/mapi_client.h"

struct bench_session;

/* On a connection of its own, from 127.0.0.source (0: any). */
struct bench_session *bench_session_new(const struct bench_target *t,
					unsigned source, struct err *err);
void bench_session_free(struct bench_session *s); /* NULL is allowed */

/*
 * A session on the connection of before, which has none from then on; and a
 * connection for a session that has lost its own.
 */
struct bench_session *bench_session_after(struct bench_session *before);
bool bench_session_dial(struct bench_session *s, unsigned source,
			struct err *err);

/*
 * Send a request, read its answer.  False and err unless the status is 200
 * and both response codes are 0.  *body, if not NULL, is the session's until
 * the next call: what is behind the additional headers.
 */
bool bench_session_call(struct bench_session *s, const char *request_type,
			const struct bin *request, struct bin *body,
			struct err *err);

/* The two halves of it. */
bool bench_session_send(struct bench_session *s, const char *request_type,
			const struct bin *request, struct err *err);
bool bench_session_receive(struct bench_session *s, struct bin *body,
			   struct err *err);

/* Take the body of an answer out of its frame; false: it is none. */
bool bench_frame(const uint8_t *data, size_t len, struct bin *body,
		 int *late_code);

/* Arenas: what a session allocates for one call lies in the caller's. */

bool bench_session_connect(struct bench_session *s, const char *user_dn,
			   struct arena *arena, struct err *err);
/* The cookies are forgotten: another Connect may follow. */
bool bench_session_disconnect(struct bench_session *s, struct err *err);
void bench_session_forget(struct bench_session *s);       /* the cookies */

/* Log on to the private mailbox; *rsp lies in arena. */
bool bench_session_logon(struct bench_session *s, const char *user_dn,
			 struct arena *arena, uint32_t *handle,
			 struct rop_logon_rsp *rsp, struct err *err);

/* The body of an Execute that logs on, to be prepared once. */
bool bench_logon_body(const char *user_dn, struct rop_batch *b,
		      struct bin *body, struct err *err);

/* Execute a batch. */
bool bench_session_execute(struct bench_session *s, const struct rop_batch *b,
			   struct rop_results *results, struct err *err);

/* A batch with the flags that cost least: neither packed nor obfuscated. */
void bench_batch_init(struct rop_batch *b, struct arena *arena);

/* One ROP alone, as mapi_client_rop does it. */
bool bench_session_rop(struct bench_session *s, struct arena *arena,
		       uint8_t rop_id, uint32_t in, const union rop_req *req,
		       uint32_t *out, union rop_rsp *rsp, struct err *err);

/* Give buffers back while the session only waits. */
void bench_session_shrink(struct bench_session *s);
/* Of a wait: whether it has ended. */
bool bench_session_ended(struct bench_session *s);

#endif
