/* SPDX-License-Identifier: Apache-2.0 */
/* ROPs of a client: batches out, results in. */
#include <string.h>

#include "analyzer/mapi_client.h"
#include "mapi/ext_buffer.h"

enum { MAX_ROP_OUT = 0x10008, MORE_MAX = 64 };

void rop_batch_init(struct rop_batch *b, struct arena *arena)
{
	memset(b, 0, sizeof *b);
	b->arena = arena;
	b->codec.prop = prop_ctx_rop(arena, 1252);
	b->rops = wire_w(arena_alloc(arena, ROP_BATCH_BYTES),
			 ROP_BATCH_BYTES);
}

uint8_t rop_batch_handle(struct rop_batch *b, uint32_t handle)
{
	if (handle != ROP_HANDLE_NONE)
		for (uint8_t i = 0; i < b->n_handles; i++)
			if (b->handles[i] == handle)
				return i;
	if (b->n_handles == ROP_BATCH_HANDLES) {
		b->rops.full = true;
		return 0;
	}
	b->handles[b->n_handles] = handle;
	return b->n_handles++;
}

uint8_t rop_batch_output(struct rop_batch *b)
{
	return rop_batch_handle(b, ROP_HANDLE_NONE);
}

void rop_batch_add(struct rop_batch *b, uint8_t rop_id, uint8_t logon_id,
		   uint8_t in, uint8_t out, const union rop_req *req)
{
	const struct rop_desc *desc = rop_desc(rop_id);
	struct rop_header h = {
		.rop_id = rop_id, .logon_id = logon_id,
		.input_handle_index = in,
		.output_handle_index = desc->layout == ROP_OUT ? in : out,
		.dest_handle_index = out, .response_handle_index = in,
	};

	rop_request_encode(&b->codec, &b->rops, &h, req);
}

static bool pack(const struct rop_batch *b, struct wire_w *w)
{
	size_t ext = ext_buffer_begin(w), begin = rop_payload_begin(w);
	unsigned flags = EXT_LAST;

	if ((b->flags & EXECUTE_NO_XOR_MAGIC) == 0)
		flags |= EXT_XOR_MAGIC;
	wire_put(w, b->rops.base, b->rops.len);
	rop_payload_end(w, begin, b->handles, b->n_handles);
	ext_buffer_end(w, ext, flags, b->arena);
	return !w->full && !b->rops.full;
}

bool rop_batch_encode(const struct rop_batch *b, struct bin *body,
		      struct err *err)
{
	size_t cap = b->rops.len + 4 * ROP_BATCH_HANDLES + 64;
	struct wire_w rops = wire_w(arena_alloc(b->arena, cap), cap);
	struct execute_req req = { .flags = b->flags,
				   .max_rop_out = MAX_ROP_OUT };
	struct wire_w w;

	if (!pack(b, &rops))
		return err_set(err, EC_TOO_BIG, "too many ROPs for a batch");
	req.rop_buffer = (struct bin){ rops.base, rops.len };
	cap = execute_req_size(&req);
	w = wire_w(arena_alloc(b->arena, cap), cap);
	execute_req_encode(&w, &req);
	*body = (struct bin){ w.base, w.len };
	return true;
}

static bool unpack(const struct rop_batch *b, const struct bin *buffer,
		   struct rop_results *results, struct err *err)
{
	struct ext_payloads all;
	struct rop_payload payload;

	if (!ext_buffer_decode(buffer, b->arena, MORE_MAX, &all) ||
	    all.n == 0 ||
	    !rop_payload_decode(&all.v[0].data, b->arena, &payload, NULL))
		return err_set(err, EC_RPC_FORMAT, "the ROP buffer of the "
			       "answer cannot be decoded");
	results->rops = wire_r(payload.rops.data, payload.rops.len);
	results->codec = b->codec;
	results->handles = payload.handles;
	results->n_handles = payload.handle_count;
	results->more = all.v + 1;
	results->n_more = all.n - 1;
	return true;
}

bool rop_results_decode(const struct rop_batch *b, const struct bin *body,
			struct rop_results *results, struct err *err)
{
	struct execute_rsp rsp;

	if (!execute_rsp_decode(body, &rsp))
		return err_set(err, EC_RPC_FORMAT, "the body of the answer "
			       "to Execute cannot be decoded");
	if (rsp.status_code != 0)
		return err_set(err, EC_ERROR,
			       "Execute failed with StatusCode %u",
			       rsp.status_code);
	if (rsp.error_code != 0)
		return err_set(err, (enum ec)rsp.error_code,
			       "Execute failed with %s (0x%08x): %s",
			       ec_name((enum ec)rsp.error_code),
			       rsp.error_code,
			       ec_text((enum ec)rsp.error_code));
	return unpack(b, &rsp.rop_buffer, results, err);
}

bool mapi_client_execute(struct mapi_client *c, const struct rop_batch *b,
			 struct mapi_answer *answer,
			 struct rop_results *results, struct err *err)
{
	struct execute_rsp rsp;
	struct bin body;

	if (!rop_batch_encode(b, &body, err) ||
	    !mapi_client_must(c, "Execute", body.data, body.len, b->arena,
			      answer, err))
		return false;
	if (execute_rsp_decode(&answer->body, &rsp) &&
	    rsp.auxiliary_buffer.len > 0)
		mapi_client_diag(c, answer, &rsp.auxiliary_buffer, b->arena);
	return rop_results_decode(b, &answer->body, results, err);
}

bool rop_results_next(struct rop_results *results, struct rop_answer *answer,
		      union rop_rsp *rsp, struct err *err)
{
	if (wire_left(&results->rops) == 0)
		return err_set(err, EC_NOT_FOUND, "there is no answer to a "
			       "ROP of the batch");
	memset(rsp, 0, sizeof *rsp);
	if (!rop_response_decode(&results->codec, &results->rops, answer,
				 rsp))
		return err_set(err, EC_RPC_FORMAT, "the answer of a ROP "
			       "cannot be decoded");
	return true;
}

bool rop_results_expect(struct rop_results *results, uint8_t rop_id,
			union rop_rsp *rsp, struct err *err)
{
	struct rop_answer answer;

	do {
		if (!rop_results_next(results, &answer, rsp, err))
			return err_prefix(err, "%s", rop_name(rop_id));
	} while (answer.rop_id == ROP_ID_notify ||
		 answer.rop_id == ROP_ID_pending);
	if (answer.rop_id != rop_id)
		return err_set(err, EC_RPC_FORMAT,
			       "%s was answered with %s", rop_name(rop_id),
			       rop_name(answer.rop_id));
	if (answer.return_value != EC_SUCCESS)
		return err_set(err, answer.return_value,
			       "%s failed with %s (0x%08x): %s",
			       rop_name(rop_id), ec_name(answer.return_value),
			       (unsigned)answer.return_value,
			       ec_text(answer.return_value));
	return true;
}

bool mapi_client_rop(struct mapi_client *c, struct arena *arena,
		     uint8_t rop_id, uint8_t logon_id, uint32_t in,
		     const union rop_req *req, uint32_t *out,
		     union rop_rsp *rsp, struct err *err)
{
	struct rop_batch b;
	struct rop_results results;
	struct mapi_answer answer;
	union rop_rsp mine;
	uint8_t in_index, out_index = 0;

	rop_batch_init(&b, arena);
	in_index = rop_batch_handle(&b, in);
	if (out != NULL && in != ROP_HANDLE_NONE)
		out_index = rop_batch_output(&b);
	rop_batch_add(&b, rop_id, logon_id, in_index, out_index, req);
	if (!mapi_client_execute(c, &b, &answer, &results, err) ||
	    !rop_results_expect(&results, rop_id, rsp != NULL ? rsp : &mine,
				err))
		return false;
	if (out != NULL && out_index < results.n_handles)
		*out = results.handles[out_index];
	return true;
}
