/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and responses as lines of a trace, from rop_fields.h. */
#include "mapi/rop_codec.h"

#define SHOW_NAME(field) buf_puts(b, " " #field "=");
#define SHOW_F(kind, field) SHOW_NAME(field) rop_show_##kind(b, &v->field);
#define SHOW_C(present, kind, field) \
	if (present) { \
		SHOW_F(kind, field) \
	}
#define SHOW_S(present, unicode, field) \
	if (present) { \
		SHOW_NAME(field) \
		rop_show_string(b, v->field); \
	}
#define SHOW_R(present, n, columns, field) \
	if (present) { \
		SHOW_NAME(field) \
		rop_show_rows(b, c, n, columns, &v->field); \
	}

#define ROP(id, n, spec, layout, objects, flags, section, handler) \
static void show_req_##n(struct buf *b, const struct rop_codec *c, \
			 const union rop_req *req) \
{ \
	const struct rop_##n##_req *v = &req->n; \
	\
	(void)v; \
	REQ_##n(SHOW_F, SHOW_C, SHOW_S, SHOW_R) \
} \
static void show_rsp_##n(struct buf *b, const struct rop_codec *c, \
			 enum ec ec, const union rop_rsp *rsp) \
{ \
	const struct rop_##n##_rsp *v = &rsp->n; \
	\
	(void)v; \
	if (ec == EC_SUCCESS || ((flags) & ROP_ALWAYS)) { \
		RSP_##n(SHOW_F, SHOW_C, SHOW_S, SHOW_R) \
	} \
}
#include "mapi/rops.def"
#undef ROP

static const struct rop_show {
	void (*req)(struct buf *b, const struct rop_codec *c,
		    const union rop_req *req);
	void (*rsp)(struct buf *b, const struct rop_codec *c, enum ec ec,
		    const union rop_rsp *rsp);
} shows[256] = {
#define ROP(id, n, spec, layout, objects, flags, section, handler) \
	[id] = { show_req_##n, show_rsp_##n },
#include "mapi/rops.def"
#undef ROP
};

void rop_request_print(struct buf *b, const struct rop_codec *c,
		       const struct rop_header *header,
		       const union rop_req *req)
{
	const struct rop_desc *d = rop_desc(header->rop_id);

	buf_puts(b, rop_name(header->rop_id));
	if (d == NULL) {
		buf_printf(b, " id=0x%02x", header->rop_id);
		return;
	}
	buf_printf(b, " logon=%u", header->logon_id);
	if (d->layout == ROP_RSP_IN)
		buf_printf(b, " response=%u", header->response_handle_index);
	if (d->layout != ROP_OUT)
		buf_printf(b, " in=%u", header->input_handle_index);
	if (d->layout == ROP_OUT || d->layout == ROP_IN_OUT)
		buf_printf(b, " out=%u", header->output_handle_index);
	if (d->layout == ROP_SRC_DEST)
		buf_printf(b, " dest=%u", header->dest_handle_index);
	shows[header->rop_id].req(b, c, req);
}

void rop_response_print(struct buf *b, const struct rop_codec *c,
			const struct rop_answer *answer,
			const union rop_rsp *rsp)
{
	const struct rop_desc *d = rop_desc(answer->rop_id);

	buf_puts(b, rop_name(answer->rop_id));
	if (d == NULL) {
		buf_printf(b, " id=0x%02x", answer->rop_id);
		return;
	}
	if (d->layout != ROP_RSP_ONLY)
		buf_printf(b, " handle=%u %s(0x%08x)", answer->handle_index,
			   ec_name(answer->return_value),
			   (unsigned)answer->return_value);
	shows[answer->rop_id].rsp(b, c, answer->return_value, rsp);
}
