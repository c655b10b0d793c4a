/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A MAPI over HTTP client ([MS-OXCMAPIHTTP] 3.1): one session context on one
 * connection.  It is exact about what it sends and tolerant of what it gets;
 * what came back is kept as it was, so that a report can show it.
 */
#ifndef ANALYZER_MAPI_CLIENT_H
#define ANALYZER_MAPI_CLIENT_H

#include "base/guid.h"
#include "http/client.h"
#include "mapi/diag.h"
#include "mapi/http_body.h"
#include "mapi/rop.h"
#include "mapi/rop_payload.h"

struct mapi_client_config {
	const char *url;          /* of the endpoint, MailboxId included */
	struct http_client_config http;
	unsigned timeout_ms;      /* of one request; 0: 60 s */
};

struct mapi_client;

/* Everything is copied.  Never NULL. */
struct mapi_client *mapi_client_new(const struct mapi_client_config *config);
void mapi_client_free(struct mapi_client *c);     /* NULL is allowed */

/* What one request brought. */
struct mapi_answer {
	struct http_response http;
	enum http_failure failure;
	const char *request_type, *request_id;
	/*
	 * Response codes as the headers have them, -1 where there is none:
	 * that of the HTTP header, and that of the late failure after DONE.
	 */
	int response_code, late_code;
	unsigned pendings;        /* PENDING lines */
	bool processing, done;    /* those lines were there */
	const char *start_time, *elapsed_time;    /* after DONE, or NULL */
	struct bin body;          /* after the additional headers */
	double first_chunk;       /* s from the request to PROCESSING */
	/* Why it failed, as the auxiliary buffer of Connect or Execute tells
	 * (mapi/diag.h); no lines if it doesn't. */
	struct diag_context diag;
};

/*
 * Send a request of this type and take its answer apart.  False and err when
 * there is none or it breaks the framing of 2.2.2.2.  An answer with an error
 * status or X-ResponseCode is true: look at it.
 */
bool mapi_client_call(struct mapi_client *c, const char *request_type,
		      const void *body, size_t len, struct arena *arena,
		      struct mapi_answer *out, struct err *err);

/* The same, and false unless status is 200 and both codes are 0. */
bool mapi_client_must(struct mapi_client *c, const char *request_type,
		      const void *body, size_t len, struct arena *arena,
		      struct mapi_answer *out, struct err *err);

/* For what sends bodies itself: note what an auxiliary buffer tells. */
void mapi_client_diag(struct mapi_client *c, struct mapi_answer *answer,
		      const struct bin *auxiliary, struct arena *arena);

/*
 * The answer to the last request, whichever function sent it; all zero before
 * the first.  It lies in the arena of that request.
 */
const struct mapi_answer *mapi_client_last(const struct mapi_client *c);

/* GET the endpoint, with or without credentials as configured. */
bool mapi_client_get(struct mapi_client *c, struct arena *arena,
		     struct mapi_answer *out, struct err *err);

/*
 * Connect as user_dn; 2.2.4.1.  False with err->ec the MAPI error, if there is
 * one.  rsp (NULL allowed) lies in arena.
 */
bool mapi_client_connect(struct mapi_client *c, const char *user_dn,
			 uint32_t flags, struct arena *arena,
			 struct mapi_answer *answer, struct connect_rsp *rsp,
			 struct err *err);
bool mapi_client_disconnect(struct mapi_client *c, struct arena *arena,
			    struct mapi_answer *answer, struct err *err);

/* *event: whether something is there to be fetched; 2.2.4.4. */
bool mapi_client_wait(struct mapi_client *c, unsigned timeout_ms,
		      struct arena *arena, struct mapi_answer *answer,
		      bool *event, struct err *err);
bool mapi_client_ping(struct mapi_client *c, struct arena *arena,
		      struct mapi_answer *answer, struct err *err);

/* The cookies that the server has set: "name=value; name=value". */
const char *mapi_client_cookies(struct mapi_client *c, struct arena *arena);
void mapi_client_set_cookie(struct mapi_client *c, const char *name,
			    const char *value);
const char *mapi_client_cookie(const struct mapi_client *c,
			       const char *name);        /* NULL if none */

/* ---- ROPs ---- */

enum { ROP_BATCH_HANDLES = 64, ROP_BATCH_BYTES = 0x7e00 };

/* ROPs to be sent together. */
struct rop_batch {
	struct arena *arena;
	struct rop_codec codec;
	struct wire_w rops;
	uint32_t handles[ROP_BATCH_HANDLES];
	uint8_t n_handles;
	uint32_t flags;           /* EXECUTE_*, 0 from rop_batch_init */
};

void rop_batch_init(struct rop_batch *b, struct arena *arena);

/* The index of a handle that is there, or of one that a ROP will make. */
uint8_t rop_batch_handle(struct rop_batch *b, uint32_t handle);
uint8_t rop_batch_output(struct rop_batch *b);

/* Add a ROP; out is ignored where the ROP makes no handle. */
void rop_batch_add(struct rop_batch *b, uint8_t rop_id, uint8_t logon_id,
		   uint8_t in, uint8_t out, const union rop_req *req);

/*
 * The body of an Execute with the batch, in its arena.  False if the batch
 * became too large.
 */
bool rop_batch_encode(const struct rop_batch *b, struct bin *body,
		      struct err *err);

/* What came of a batch. */
struct rop_results {
	struct wire_r rops;
	struct rop_codec codec;
	const uint32_t *handles;
	uint32_t n_handles;
	const struct ext_payload *more;   /* chained payloads */
	uint32_t n_more;
};

/* Take the body of an Execute's answer apart; false as of an Execute. */
bool rop_results_decode(const struct rop_batch *b, const struct bin *body,
			struct rop_results *results, struct err *err);

/*
 * Execute; 2.2.4.2.  False with err->ec if the whole call failed.  Handles are
 * read from results->handles by index.
 */
bool mapi_client_execute(struct mapi_client *c, const struct rop_batch *batch,
			 struct mapi_answer *answer,
			 struct rop_results *results, struct err *err);

/*
 * The next answer.  False and err->ec EC_NOT_FOUND at the end, EC_RPC_FORMAT
 * if it is malformed.  Set results->codec.columns before rows.
 */
bool rop_results_next(struct rop_results *results, struct rop_answer *answer,
		      union rop_rsp *rsp, struct err *err);

/*
 * The next answer, which has to be of this ROP and successful; RopNotify and
 * RopPending before it are passed over.  err->ec is the ROP's error.
 */
bool rop_results_expect(struct rop_results *results, uint8_t rop_id,
			union rop_rsp *rsp, struct err *err);

/* One ROP alone: batch, execute, expect.  *out: its output handle. */
bool mapi_client_rop(struct mapi_client *c, struct arena *arena,
		     uint8_t rop_id, uint8_t logon_id, uint32_t in,
		     const union rop_req *req, uint32_t *out,
		     union rop_rsp *rsp, struct err *err);

#endif
