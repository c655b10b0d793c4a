/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces of one Execute; internal to execute*.c. */
#ifndef MAILBOX_EXECUTE_H
#define MAILBOX_EXECUTE_H

#include "base/wire.h"
#include "mailbox/diagnostics.h"
#include "mailbox/rop_handler.h"
#include "mapi/http_body.h"
#include "mapi/rop_payload.h"

enum {
	/* [MS-OXCRPC] 3.1.4.2 */
	EXECUTE_BUFFER_MAX = 0x40000,
	EXECUTE_AUX_MAX = 0x1008,
	/* [MS-OXCRPC] 3.1.4.2.1.2.2: payloads in one answer */
	EXECUTE_PAYLOADS_MAX = 96,
};

struct execution {
	struct session *session;
	const struct execute_req *req;
	struct arena *arena;
	struct rop_codec codec;
	struct rop_call call;
	struct rop_payload in;
	uint32_t *handles;        /* in's, changed as objects are opened */
	struct wire_r r;          /* the ROPs of in */
	struct wire_w w;          /* extended buffers */
	size_t ext_begin, payload_begin;  /* of the payload being written */
	size_t limit;             /* of w.len while ROPs are written */
	/* The ROP that ran last, for what may follow in further payloads. */
	struct rop_header header;
	union rop_req last_req;
	union rop_rsp last_rsp;
	enum ec last_ec;
	unsigned done;            /* ROPs that ran */
	struct aux_traces traces; /* why ROPs failed */
};

/*
 * Run the ROP of x->header and x->last_req, and write its answer, which must
 * leave reserve bytes of the payload.  False: the answer does not fit, and
 * nothing was done; *needed are the bytes it takes, as far as that is known.
 */
bool execute_rop(struct execution *x, size_t reserve, size_t *needed);

/* Begin a payload at the end of x->w; false if there is no room for one. */
bool execute_payload_begin(struct execution *x);
void execute_payload_end(struct execution *x);

/*
 * After the last ROP: further payloads with more of the same answer
 * ([MS-OXCRPC] 3.1.4.2.1.2.2), the lock still held; and whether that is for
 * this client and this ROP at all.
 */
bool execute_may_chain(const struct execution *x);
void execute_chain(struct execution *x);

/* Log what went wrong inside the store of the ROP that failed. */
void execute_report_fault(struct execution *x);

#endif
