/* SPDX-License-Identifier: Apache-2.0 */
/*
 * More of the last ROP's answer, in payloads of their own
 * ([MS-OXCRPC] 3.1.4.2.1.2.2): as if the client had asked again, for what is
 * left of what it asked for.
 */
#include "mailbox/execute.h"
#include "mapi/ext_buffer.h"
#include "store/table.h"

/* Below this residual room nothing is added. */
enum { RESIDUAL_ROWS = 0x8000, RESIDUAL_STREAM = 0x2000 };

/* RopReadStream with a MaximumByteCount ([MS-OXCROPS] 2.2.9.2.1) */
enum { BYTE_COUNT_LONG = 0xbabe };

/* What is left to be read; false if that is nothing. */
static bool more_rows(struct rop_query_rows_req *req,
		      const struct rop_query_rows_rsp *rsp)
{
	/*
	 * [MS-OXCTABL] 2.2.2.5.1: only if both sides are for it.  More rows of
	 * those before the cursor would have to come first.
	 */
	if (!(req->query_rows_flags & QUERY_ROWS_ENABLE_PACKED_BUFFERS) ||
	    (req->query_rows_flags & QUERY_ROWS_NO_ADVANCE) ||
	    !req->forward_read ||
	    rsp->row_count == 0 || rsp->row_count >= req->row_count ||
	    rsp->origin != BOOKMARK_CURRENT)
		return false;
	req->row_count = (uint16_t)(req->row_count - rsp->row_count);
	return true;
}

static bool more_stream(struct rop_read_stream_req *req,
			const struct rop_read_stream_rsp *rsp)
{
	uint32_t want = req->byte_count == BYTE_COUNT_LONG ?
		req->maximum_byte_count : req->byte_count;

	if (rsp->data.len == 0 || rsp->data.len >= want)
		return false;
	req->byte_count = BYTE_COUNT_LONG;
	req->maximum_byte_count = want - (uint32_t)rsp->data.len;
	return true;
}

/* Whether there is more, and room for it; the request is moved on. */
static bool more(struct execution *x)
{
	size_t residual = x->req->max_rop_out - x->w.len;

	if (x->last_ec != EC_SUCCESS || wire_left(&x->r) > 0)
		return false;
	switch (x->header.rop_id) {
	case ROP_ID_query_rows:
		return residual >= RESIDUAL_ROWS &&
			more_rows(&x->last_req.query_rows,
				  &x->last_rsp.query_rows);
	case ROP_ID_read_stream:
		return residual >= RESIDUAL_STREAM &&
			more_stream(&x->last_req.read_stream,
				    &x->last_rsp.read_stream);
	}
	return false;
}

/* Nothing came after all: the end had been reached. */
static bool empty(const struct execution *x)
{
	if (x->last_ec != EC_SUCCESS)
		return true;
	return x->header.rop_id == ROP_ID_query_rows ?
		x->last_rsp.query_rows.row_count == 0 :
		x->last_rsp.read_stream.data.len == 0;
}

/* Move what is written into a buffer of all the room that there may be. */
static void grow(struct execution *x)
{
	uint8_t *base = arena_alloc(x->arena, x->req->max_rop_out);

	memcpy(base, x->w.base, x->w.len);
	x->w.base = base;
	x->w.cap = x->req->max_rop_out;
}

static bool add_payload(struct execution *x)
{
	size_t mark = x->w.len, before = x->ext_begin, needed;

	x->w.cap = x->req->max_rop_out;
	if (!execute_payload_begin(x))
		return false;
	if (!execute_rop(x, 0, &needed) || empty(x)) {
		wire_rewind(&x->w, mark);
		x->ext_begin = before;
		return false;
	}
	x->w.cap = x->req->max_rop_out;
	execute_payload_end(x);
	ext_buffer_set_last(&x->w, before, false);
	return true;
}

bool execute_may_chain(const struct execution *x)
{
	return (x->req->flags & EXECUTE_CHAIN) != 0 && x->done > 0 &&
		(x->header.rop_id == ROP_ID_query_rows ||
		 x->header.rop_id == ROP_ID_read_stream);
}

void execute_chain(struct execution *x)
{
	unsigned payloads = 1;

	if (!more(x))
		return;
	grow(x);
	while (payloads < EXECUTE_PAYLOADS_MAX && add_payload(x)) {
		payloads++;
		if (!more(x))
			break;
	}
}
