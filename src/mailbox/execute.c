/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Execute: from extended buffers to ROPs, one after another, and back
 * ([MS-OXCMAPIHTTP] 2.2.4.2, [MS-OXCRPC] 3.1.4.2, [MS-OXCROPS] 3.2).
 */
#include <string.h>

#include "base/clock.h"
#include "mailbox/execute.h"
#include "mailbox/notify.h"
#include "mailbox/service.h"
#include "mailbox/stream_lock.h"
#include "mapi/ext_buffer.h"
#include "store/pool.h"

/* RopBufferTooSmall: RopId, SizeNeeded */
enum { TOO_SMALL_SIZE = 3 };

/* Buffers larger than this are never run on an I/O thread. */
enum { INLINE_MAX = 1024 };

/* Sizes out of range ([MS-OXCRPC] 3.1.4.2, cbIn, pcbOut, cbAuxIn). */
static enum ec check_sizes(const struct execute_req *req)
{
	if (req->rop_buffer.len > EXECUTE_BUFFER_MAX ||
	    req->max_rop_out > EXECUTE_BUFFER_MAX ||
	    req->auxiliary_buffer.len > EXECUTE_AUX_MAX)
		return EC_BAD_STUB_DATA;
	if (req->rop_buffer.len < EXT_HEADER_SIZE ||
	    req->max_rop_out < EXT_HEADER_SIZE)
		return EC_RPC_FAILED;
	return EC_SUCCESS;
}

/*
 * One payload: packed requests are for clients that were told of them
 * ([MS-OXCRPC] 3.1.4.2.1.1.1), which this server does not.
 */
static bool unpack(struct execution *x)
{
	struct ext_payloads payloads;

	if (!ext_buffer_decode(&x->req->rop_buffer, x->arena, 1, &payloads) ||
	    !rop_payload_decode(&payloads.v[0].data, x->arena, &x->in,
				&x->handles))
		return false;
	x->r = wire_r(x->in.rops.data, x->in.rops.len);
	return true;
}

/*
 * Whether all ROPs can be read, before any of them acts: a malformed buffer
 * changes nothing.
 */
static bool all_parse(struct execution *x)
{
	struct rop_codec codec = { .prop = prop_ctx_rop(x->arena, 0) };
	struct wire_r r = x->r;
	struct rop_header header;
	union rop_req req;

	while (wire_left(&r) > 0)
		if (!rop_header_decode(&r, &header) ||
		    !rop_request_decode(&codec, &r, &header, &req))
			return false;
	return true;
}

bool execute_payload_begin(struct execution *x)
{
	size_t room = wire_room(&x->w);
	size_t overhead = EXT_HEADER_SIZE +
		rop_payload_overhead(x->in.handle_count);

	if (room > EXT_HEADER_SIZE + EXT_PAYLOAD_MAX)
		room = EXT_HEADER_SIZE + EXT_PAYLOAD_MAX;
	if (room < overhead)
		return false;
	x->limit = x->w.len + room - 4 * (size_t)x->in.handle_count;
	x->ext_begin = ext_buffer_begin(&x->w);
	x->payload_begin = rop_payload_begin(&x->w);
	return true;
}

void execute_payload_end(struct execution *x)
{
	unsigned flags = EXT_LAST;

	if (!(x->req->flags & EXECUTE_NO_COMPRESSION))
		flags |= EXT_COMPRESSED;
	if (!(x->req->flags & EXECUTE_NO_XOR_MAGIC))
		flags |= EXT_XOR_MAGIC;
	rop_payload_end(&x->w, x->payload_begin, x->handles,
			x->in.handle_count);
	ext_buffer_end(&x->w, x->ext_begin, flags, x->arena);
}

/*
 * The answer to the ROP at start, and those after it, don't fit: give them
 * back ([MS-OXCROPS] 3.2.4.3).  If even the largest buffer is too small for
 * one answer, the call fails.
 */
static enum ec too_small(struct execution *x, const uint8_t *start,
			 size_t needed)
{
	const struct rop_header header = { .rop_id = ROP_ID_buffer_too_small };
	size_t rest = (size_t)(x->in.rops.data + x->in.rops.len - start);
	size_t room = x->limit - x->w.len;
	union rop_rsp rsp;

	if (x->done == 0 &&
	    x->req->max_rop_out >= EXT_HEADER_SIZE + EXT_PAYLOAD_MAX)
		return EC_BUFFER_TOO_SMALL;
	if (room < TOO_SMALL_SIZE)
		return EC_BUFFER_TOO_SMALL;
	needed += x->w.len + TOO_SMALL_SIZE + 4 * (size_t)x->in.handle_count;
	if (needed > EXT_HEADER_SIZE + EXT_PAYLOAD_MAX)
		needed = EXT_HEADER_SIZE + EXT_PAYLOAD_MAX;
	if (rest > room - TOO_SMALL_SIZE)
		rest = room - TOO_SMALL_SIZE;
	rsp.buffer_too_small = (struct rop_buffer_too_small_rsp){
		.size_needed = (uint16_t)needed,
		.request_buffers = { .data = start, .len = rest },
	};
	x->w.cap = x->limit;
	rop_response_encode(&x->codec, &x->w, &header, EC_SUCCESS, &rsp);
	return EC_SUCCESS;
}

/* The code page of the object that the ROP is about ([MS-OXCROPS] 3.1.5.4) */
static uint32_t code_page_of(const struct execution *x,
			     const struct rop_header *header)
{
	struct object *o;

	if (header->input_handle_index >= x->in.handle_count ||
	    object_find(x->session, header->logon_id,
			x->handles[header->input_handle_index],
			&o) != EC_SUCCESS)
		return x->session->code_page;
	for (; o != NULL; o = o->owner)
		if (o->code_page != 0)
			return o->code_page;
	return x->session->code_page;
}

static bool next_request(struct execution *x)
{
	if (!rop_header_decode(&x->r, &x->header))
		return false;
	x->codec.prop = prop_ctx_rop(x->arena, code_page_of(x, &x->header));
	return rop_request_decode(&x->codec, &x->r, &x->header, &x->last_req);
}

/* All ROPs in order ([MS-OXCROPS] 3.2.5.1). */
static enum ec run_all(struct execution *x)
{
	while (wire_left(&x->r) > 0) {
		const uint8_t *start = x->r.p;
		size_t rest, needed = 0;

		if (!next_request(x))
			return EC_RPC_FORMAT;
		/* Later ones may have to be handed back. */
		rest = wire_left(&x->r);
		if (!execute_rop(x, rest > 0 ? TOO_SMALL_SIZE + rest : 0,
				 &needed))
			return too_small(x, start, needed);
		if (x->last_ec != EC_SUCCESS)
			aux_rop_failed(&x->traces, &x->call, x->header.rop_id,
				       x->done, x->last_ec);
		if (x->done == 0 && x->last_ec == EC_SERVER_BUSY)
			return EC_SERVER_BUSY;
		x->done++;
		if (x->last_ec != EC_SUCCESS &&
		    (rop_desc(x->header.rop_id)->flags & ROP_ENDS) != 0)
			break;
	}
	x->w.cap = x->limit;
	notify_flush(x->session, &x->w, &x->codec);
	return EC_SUCCESS;
}

static void prepare(struct execution *x, struct session *session,
		    const struct execute_req *req, struct arena *arena)
{
	x->session = session;
	x->req = req;
	x->arena = arena;
	x->codec = (struct rop_codec){
		.prop = prop_ctx_rop(arena, session->code_page),
	};
	x->call = (struct rop_call){
		.session = session,
		.arena = arena,
		.codec = &x->codec,
	};
	x->done = 0;
	x->traces.n = 0;
	x->last_ec = EC_SUCCESS;
}

static enum ec execute(struct execution *x)
{
	size_t cap = EXT_HEADER_SIZE + EXT_PAYLOAD_MAX;
	enum ec ec = check_sizes(x->req);

	if (ec != EC_SUCCESS)
		return ec;
	if (!unpack(x) || !all_parse(x))
		return EC_RPC_FORMAT;
	x->call.handles = x->handles;
	x->call.n_handles = x->in.handle_count;
	if (cap > x->req->max_rop_out)
		cap = x->req->max_rop_out;
	x->w = wire_w(arena_alloc(x->arena, cap), cap);
	if (!execute_payload_begin(x))
		return EC_BUFFER_TOO_SMALL;
	ec = run_all(x);
	if (ec != EC_SUCCESS)
		return ec;
	x->w.cap = cap;
	/* Nobody waits while the answer is packed, if it is all there is. */
	if (!execute_may_chain(x)) {
		rop_call_unlock(&x->call);
		execute_payload_end(x);
		return EC_SUCCESS;
	}
	execute_payload_end(x);
	execute_chain(x);
	return EC_SUCCESS;
}

enum ec mailbox_execute(struct session *session,
			const struct execute_req *req, struct arena *arena,
			struct execute_rsp *rsp)
{
	struct stream_locks *locks = service_stream_locks(session->svc);
	struct execution x;
	enum ec ec;

	if (!stream_locks_none(locks))
		stream_locks_touch(locks, session, clock_ms());
	prepare(&x, session, req, arena);
	ec = execute(&x);
	rop_call_unlock(&x.call);
	*rsp = (struct execute_rsp){
		.auxiliary_buffer = aux_traces_encode(&x.traces, arena) };
	switch (ec) {
	case EC_SUCCESS:
		rsp->rop_buffer = (struct bin){ x.w.base, x.w.len };
		break;
	case EC_BUFFER_TOO_SMALL:         /* [MS-OXCROPS] 3.2.4.3 */
	case EC_BAD_STUB_DATA:            /* an RPC status, not an answer */
		rsp->status_code = (uint32_t)ec;
		break;
	default:
		rsp->error_code = (uint32_t)ec;
	}
	return ec;
}

static bool next_is_inline(struct execution *x)
{
	struct object *o = NULL;
	const struct rop_desc *desc;

	if (!next_request(x))
		return false;
	desc = rop_desc(x->header.rop_id);
	if (x->header.input_handle_index < x->in.handle_count)
		(void)object_find(x->session, x->header.logon_id,
				  x->handles[x->header.input_handle_index],
				  &o);
	return rop_is_memory_only(desc, o);
}

bool mailbox_is_inline(const struct session *session,
		       const struct execute_req *req)
{
	struct execution x;
	struct arena *arena;
	bool ok;

	if (check_sizes(req) != EC_SUCCESS ||
	    req->rop_buffer.len > INLINE_MAX)
		return false;
	arena = arena_new(0);
	/* Nothing is changed: the session is only read. */
	prepare(&x, (struct session *)session, req, arena);
	ok = unpack(&x);
	while (ok && wire_left(&x.r) > 0)
		ok = next_is_inline(&x);
	arena_free(arena);
	return ok;
}
