/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: their rows and categories ([MS-OXCTABL] 3.2.5.5, .14, .17 …). */
#include "mailbox/rop_handler.h"
#include "mailbox/table_object.h"
#include "store/table.h"

/* FindRowFlags: [MS-OXCTABL] 2.2.2.14.1 */
enum { FIND_BACKWARD = 0x01 };

/* Where rows go: straight to their place in the answer. */
struct row_sink {
	const struct table_object *t;
	const struct prop_ctx *ctx;
	struct wire_w w;
};

static struct row_sink row_sink(struct rop_call *call)
{
	return (struct row_sink){ call->in->table, &call->codec->prop,
				  call->bulk };
}

static bool put_row(void *ctx, const struct prop_value *row, uint32_t n)
{
	struct row_sink *sink = ctx;

	return table_object_put_row(sink->t, sink->ctx, &sink->w, row);
}

static struct bin row_data(const struct row_sink *sink)
{
	return (struct bin){ sink->w.base, sink->w.len };
}

/* Reverse the order of len bytes. */
static void reverse(uint8_t *p, size_t len)
{
	for (size_t i = 0, k = len; i + 1 < k; i++) {
		uint8_t b = p[i];

		p[i] = p[--k];
		p[k] = b;
	}
}

/* The sink for rows that are read backward: each with its bytes reversed. */
static bool put_row_backward(void *ctx, const struct prop_value *row,
			     uint32_t n)
{
	struct row_sink *sink = ctx;
	size_t mark = sink->w.len;

	if (!put_row(ctx, row, n))
		return false;
	reverse(sink->w.base + mark, sink->w.len - mark);
	return true;
}

/*
 * [MS-OXCTABL] 3.2.5.5.  Rows before the cursor are read from it towards the
 * beginning, so that those next to it are there if not all have room; they are
 * sent in the order of the table.  Reversing all bytes, after those of each
 * row, puts the rows in order.
 */
enum ec rop_query_rows(struct rop_call *call,
		       const struct rop_query_rows_req *req,
		       struct rop_query_rows_rsp *rsp)
{
	struct row_sink sink = row_sink(call);
	uint32_t n;
	enum ec ec;

	ec = table_query_rows(sink.t->table, req->query_rows_flags,
			      req->forward_read, req->row_count,
			      req->forward_read ? put_row : put_row_backward,
			      &sink, &n, &rsp->origin);
	if (ec != EC_SUCCESS)
		return ec;
	if (!req->forward_read)
		reverse(sink.w.base, sink.w.len);
	rsp->row_count = (uint16_t)n;
	rsp->row_data = row_data(&sink);
	return EC_SUCCESS;
}

/* [MS-OXCTABL] 3.2.5.14 */
enum ec rop_find_row(struct rop_call *call, const struct rop_find_row_req *req,
		     struct rop_find_row_rsp *rsp)
{
	struct row_sink sink = row_sink(call);
	enum ec ec;

	ec = table_find_row(sink.t->table,
			    (req->find_row_flags & FIND_BACKWARD) != 0,
			    req->restriction, req->origin, req->bookmark,
			    put_row, &sink, &rsp->row_no_longer_visible,
			    &rsp->has_row_data);
	if (ec == EC_SUCCESS && rsp->has_row_data)
		rsp->row_data = row_data(&sink);
	return ec;
}

/* [MS-OXCTABL] 3.2.5.17 */
enum ec rop_expand_row(struct rop_call *call,
		       const struct rop_expand_row_req *req,
		       struct rop_expand_row_rsp *rsp)
{
	struct row_sink sink = row_sink(call);
	uint32_t n;
	enum ec ec;

	ec = table_expand_row(sink.t->table, req->max_row_count,
			      req->category_id, put_row, &sink,
			      &rsp->expanded_row_count, &n);
	if (ec != EC_SUCCESS)
		return ec;
	rsp->row_count = (uint16_t)n;
	rsp->row_data = row_data(&sink);
	return EC_SUCCESS;
}

/* [MS-OXCTABL] 3.2.5.18 */
enum ec rop_collapse_row(struct rop_call *call,
			 const struct rop_collapse_row_req *req,
			 struct rop_collapse_row_rsp *rsp)
{
	return table_collapse_row(call->in->table->table, req->category_id,
				  &rsp->collapsed_row_count);
}

/* [MS-OXCTABL] 3.2.5.19 */
enum ec rop_get_collapse_state(struct rop_call *call,
			       const struct rop_get_collapse_state_req *req,
			       struct rop_get_collapse_state_rsp *rsp)
{
	return table_get_collapse_state(call->in->table->table, req->row_id,
					req->row_instance_number,
					call->arena, &rsp->collapse_state);
}

/* [MS-OXCTABL] 3.2.5.20 */
enum ec rop_set_collapse_state(struct rop_call *call,
			       const struct rop_set_collapse_state_req *req,
			       struct rop_set_collapse_state_rsp *rsp)
{
	return table_set_collapse_state(call->in->table->table,
					req->collapse_state, call->arena,
					&rsp->bookmark);
}
