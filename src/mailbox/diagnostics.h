/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client is told beside its answers, in auxiliary blocks
 * ([MS-OXCRPC] 2.2.2.2).
 */
#ifndef MAILBOX_DIAGNOSTICS_H
#define MAILBOX_DIAGNOSTICS_H

#include "base/arena.h"
#include "base/ec.h"
#include "mapi/prop.h"

/*
 * Our own LIDs of diagnostic contexts.  Exchange's are below 65536: these
 * begin at 70000, so that one decoder reads both.
 */
enum {
	LID_WHAT = 70000,         /* dwParam: index of the ROP; Msg: the ROP,
				   * or the request type */
	LID_CODE = 70001,         /* StoreEc: what it returned */
	LID_MEANING = 70002,      /* Msg: the code's name, and its meaning */
};

/* The auxiliary buffer of a Connect that succeeded ([MS-OXCRPC] 3.1.4.1.2.1);
 * in the arena, as is the next. */
struct bin aux_at_connect(struct arena *arena);

/*
 * AUX_TYPE_EXCEPTION_TRACE: why a Connect (rop_index 0) or a RopLogon was
 * refused, in the grammar of Exchange's diagnostic contexts.
 */
struct bin aux_trace(struct arena *arena, uint32_t rop_index,
		     const char *what, enum ec ec);

#endif
