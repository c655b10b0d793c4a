/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client is told beside its answers, in auxiliary blocks
 * ([MS-OXCRPC] 2.2.2.2).
 */
#ifndef MAILBOX_DIAGNOSTICS_H
#define MAILBOX_DIAGNOSTICS_H

#include "base/arena.h"
#include "base/ec.h"
#include "mapi/aux.h"
#include "mapi/diag.h"

struct session;
struct rop_call;
struct mailbox_service;

/* Why the ROPs of one Execute failed: as many blocks as are told of. */
enum { AUX_TRACES_MAX = 8 };

struct aux_traces {
	uint32_t n;
	struct aux_block v[AUX_TRACES_MAX];
};

/* The auxiliary buffer of a Connect that succeeded ([MS-OXCRPC] 3.1.4.1.2.1);
 * in the arena, as is all that follows. */
struct bin aux_at_connect(struct arena *arena);

/*
 * The auxiliary buffer of a Connect that failed: an AUX_TYPE_EXCEPTION_TRACE
 * with what is known of it in why.
 */
struct bin aux_connect_failed(struct mailbox_service *svc,
			      const struct diag *why, enum ec ec);

/*
 * Add the AUX_TYPE_EXCEPTION_TRACE of the ROP with this index, which failed:
 * what call->diag says, and what the code itself tells (object limits, the
 * queue for the mailbox).  Nothing is added for what needs no more words than
 * its code: only logons that were refused and limits that were met have more.
 */
void aux_rop_failed(struct aux_traces *traces, struct rop_call *call,
		    uint8_t rop_id, uint32_t index, enum ec ec);

/* The auxiliary buffer with the traces that have room; empty for none. */
struct bin aux_traces_encode(const struct aux_traces *traces,
			     struct arena *arena);

#endif
