/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ROP input and output buffer ([MS-OXCROPS] 2.2.1): RopSize, the ROPs,
 * and the table of server object handles after them.
 */
#ifndef MAPI_ROP_PAYLOAD_H
#define MAPI_ROP_PAYLOAD_H

#include "base/arena.h"
#include "base/wire.h"
#include "mapi/prop.h"

/* A handle that is none: not set, or failed to open. */
#define ROP_HANDLE_NONE UINT32_C(0xffffffff)

struct rop_payload {
	struct bin rops;                  /* the ROPs, one after another */
	uint32_t handle_count;
	const uint32_t *handles;          /* indexed by the ROPs' HandleIndex */
};

/*
 * Split a payload.  The ROPs are borrowed; the handles are copied into the
 * arena, writable through *handles_out when that is not NULL.  False when
 * RopSize is below 2 or beyond the payload, or a part of a handle is left.
 */
bool rop_payload_decode(const struct bin *payload, struct arena *a,
			struct rop_payload *out, uint32_t **handles_out);

/*
 * Writing: begin claims RopSize and returns its offset, the caller writes the
 * ROPs, end patches RopSize and appends the handles.
 */
size_t rop_payload_begin(struct wire_w *w);
void rop_payload_end(struct wire_w *w, size_t begin, const uint32_t *handles,
		     size_t n);

/* Bytes beside the ROPs that a payload with n handles needs. */
static inline size_t rop_payload_overhead(size_t n)
{
	return 2 + 4 * n;
}

#endif
