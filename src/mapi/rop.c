/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The codec of every ROP, made from rops.def and rop_fields.h: for each a
 * function that decodes its request, one that encodes it, and the two of its
 * response; all in one table by RopId.
 */
#include "mapi/rop.h"

#include "mapi/rop_codec.h"

typedef void get_req_fn(struct rop_codec *c, struct wire_r *r,
			union rop_req *out);
typedef void put_req_fn(const struct rop_codec *c, struct wire_w *w,
			const union rop_req *req);
typedef void get_rsp_fn(struct rop_codec *c, struct wire_r *r, enum ec ec,
			union rop_rsp *out);
typedef void put_rsp_fn(const struct rop_codec *c, struct wire_w *w,
			enum ec ec, const union rop_rsp *rsp);

/* Missing fields are zero: the struct is cleared before. */
#define GET_F(kind, field) rop_get_##kind(c, r, &v->field);
#define GET_C(present, kind, field) if (present) GET_F(kind, field)
#define GET_S(present, unicode, field) \
	if (present) \
		v->field = rop_get_string(c, r, unicode);
#define GET_R(present, n, columns, field) \
	if (present) \
		v->field = rop_get_rows(c, r, n, columns);

#define PUT_F(kind, field) rop_put_##kind(c, w, &v->field);
#define PUT_C(present, kind, field) if (present) PUT_F(kind, field)
#define PUT_S(present, unicode, field) \
	if (present) \
		rop_put_string(c, w, unicode, v->field);
#define PUT_R(present, n, columns, field) \
	if (present) \
		rop_put_bulk(w, &v->field);

#define ROP(id, n, spec, layout, objects, flags, section, handler) \
static void get_req_##n(struct rop_codec *c, struct wire_r *r, \
			union rop_req *out) \
{ \
	struct rop_##n##_req *v = &out->n; \
	\
	memset(v, 0, sizeof *v); \
	REQ_##n(GET_F, GET_C, GET_S, GET_R) \
} \
static void put_req_##n(const struct rop_codec *c, struct wire_w *w, \
			const union rop_req *req) \
{ \
	const struct rop_##n##_req *v = &req->n; \
	\
	(void)v; \
	REQ_##n(PUT_F, PUT_C, PUT_S, PUT_R) \
} \
static void get_rsp_##n(struct rop_codec *c, struct wire_r *r, enum ec ec, \
			union rop_rsp *out) \
{ \
	struct rop_##n##_rsp *v = &out->n; \
	\
	memset(v, 0, sizeof *v); \
	if (ec == EC_SUCCESS || ((flags) & ROP_ALWAYS)) { \
		RSP_##n(GET_F, GET_C, GET_S, GET_R) \
	} \
} \
static void put_rsp_##n(const struct rop_codec *c, struct wire_w *w, \
			enum ec ec, const union rop_rsp *rsp) \
{ \
	const struct rop_##n##_rsp *v = &rsp->n; \
	\
	(void)v; \
	if (ec == EC_SUCCESS || ((flags) & ROP_ALWAYS)) { \
		RSP_##n(PUT_F, PUT_C, PUT_S, PUT_R) \
	} \
}
#include "mapi/rops.def"
#undef ROP

/* Bytes before the fields: 1 for RopId, 1 for the handle index, 4. */
#define HEADER(layout) \
	((layout) == ROP_NO_RSP ? 0 : (layout) == ROP_RSP_ONLY ? 1 : 6)
#define MIN_F(kind, field) + ROP_MIN_##kind
#define MAX_F(kind, field) + ROP_MAX_##kind
#define MIN_C(present, kind, field)
#define MAX_C(present, kind, field) + ROP_MAX_##kind
#define MIN_S(present, unicode, field)
#define MAX_S(present, unicode, field) + ROP_UNBOUNDED
#define MIN_R(present, n, columns, field)
#define MAX_R(present, n, columns, field) + ROP_UNBOUNDED
#define MAX(layout, rsp) \
	(HEADER(layout) + rsp >= ROP_UNBOUNDED ? SIZE_MAX : \
	 (size_t)(HEADER(layout) + rsp))

static const struct rop_row {
	struct rop_desc desc;
	get_req_fn *get_req;
	put_req_fn *put_req;
	get_rsp_fn *get_rsp;
	put_rsp_fn *put_rsp;
} rows[256] = {
#define ROP(id, n, spec, layout, objects, flags, section, handler) \
	[id] = { { id, layout, flags, objects, "Rop" #spec, section, \
		   HEADER(layout) RSP_##n(MIN_F, MIN_C, MIN_S, MIN_R), \
		   MAX(layout, (0 RSP_##n(MAX_F, MAX_C, MAX_S, MAX_R))) }, \
		 get_req_##n, put_req_##n, get_rsp_##n, put_rsp_##n },
#include "mapi/rops.def"
#undef ROP
};

static const uint32_t receive_folder_tags[] = {
	PID_TAG_FOLDER_ID,
	(PID_TAG_MESSAGE_CLASS & 0xffff0000) | PTYP_STRING8,
	PID_TAG_LAST_MODIFICATION_TIME,
};

const struct prop_tags rop_receive_folder_columns = {
	sizeof receive_folder_tags / sizeof *receive_folder_tags,
	receive_folder_tags
};

const struct rop_desc *rop_desc(uint8_t id)
{
	return rows[id].get_req != NULL ? &rows[id].desc : NULL;
}

const char *rop_name(uint8_t id)
{
	return rows[id].get_req != NULL ? rows[id].desc.name : "reserved ROP";
}

/* ---- requests ---- */

bool rop_header_decode(struct wire_r *r, struct rop_header *out)
{
	struct rop_header h = { .rop_id = wire_u8(r) };
	const struct rop_desc *d = rop_desc(h.rop_id);

	if (r->bad || d == NULL || d->layout == ROP_RSP_ONLY) {
		r->bad = true;
		return false;
	}
	h.logon_id = wire_u8(r);
	if (d->layout == ROP_RSP_IN)
		h.response_handle_index = wire_u8(r);
	if (d->layout != ROP_OUT)
		h.input_handle_index = wire_u8(r);
	if (d->layout == ROP_OUT || d->layout == ROP_IN_OUT)
		h.output_handle_index = wire_u8(r);
	if (d->layout == ROP_SRC_DEST)
		h.dest_handle_index = wire_u8(r);
	if (wire_ok(r))
		*out = h;
	return wire_ok(r);
}

bool rop_request_decode(struct rop_codec *c, struct wire_r *r,
			const struct rop_header *header, union rop_req *out)
{
	get_req_fn *get = rows[header->rop_id].get_req;

	if (get == NULL)
		r->bad = true;
	else
		get(c, r, out);
	return wire_ok(r);
}

static void put_header(struct wire_w *w, const struct rop_header *h,
		       const struct rop_desc *d)
{
	wire_put_u8(w, h->rop_id);
	wire_put_u8(w, h->logon_id);
	if (d->layout == ROP_RSP_IN)
		wire_put_u8(w, h->response_handle_index);
	if (d->layout != ROP_OUT)
		wire_put_u8(w, h->input_handle_index);
	if (d->layout == ROP_OUT || d->layout == ROP_IN_OUT)
		wire_put_u8(w, h->output_handle_index);
	if (d->layout == ROP_SRC_DEST)
		wire_put_u8(w, h->dest_handle_index);
}

void rop_request_encode(const struct rop_codec *c, struct wire_w *w,
			const struct rop_header *header,
			const union rop_req *req)
{
	const struct rop_row *row = &rows[header->rop_id];

	if (row->put_req == NULL || row->desc.layout == ROP_RSP_ONLY) {
		w->full = true;
		return;
	}
	put_header(w, header, &row->desc);
	row->put_req(c, w, req);
}

/* ---- responses ---- */

/* The handle index that a response gives back ([MS-OXCROPS] 2.2.3 ff.). */
static uint8_t answer_index(const struct rop_header *h,
			    const struct rop_desc *d)
{
	switch (d->layout) {
	case ROP_OUT:
	case ROP_IN_OUT:
		return h->output_handle_index;
	case ROP_RSP_IN:
		return h->response_handle_index;
	default:
		return h->input_handle_index;
	}
}

void rop_response_encode(const struct rop_codec *c, struct wire_w *w,
			 const struct rop_header *header, enum ec ec,
			 const union rop_rsp *rsp)
{
	static const union rop_rsp nothing;
	const struct rop_row *row = &rows[header->rop_id];
	size_t fields;

	if (row->put_rsp == NULL) {
		w->full = true;
		return;
	}
	if (row->desc.layout == ROP_NO_RSP)
		return;
	wire_put_u8(w, header->rop_id);
	if (row->desc.layout != ROP_RSP_ONLY) {
		wire_put_u8(w, answer_index(header, &row->desc));
		wire_put_u32(w, (uint32_t)ec);
	}
	fields = w->len;
	row->put_rsp(c, w, ec, rsp != NULL ? rsp : &nothing);
	/* It comes first in all: [MS-OXCROPS] 2.2.4.6.3, 2.2.8.11.3 … */
	if (row->desc.layout == ROP_SRC_DEST && ec == EC_DST_NULL_OBJECT)
		wire_patch_u32(w, fields, header->dest_handle_index);
}

bool rop_response_decode(struct rop_codec *c, struct wire_r *r,
			 struct rop_answer *answer, union rop_rsp *out)
{
	struct rop_answer a = { .rop_id = wire_u8(r) };
	const struct rop_row *row = &rows[a.rop_id];

	if (r->bad || row->get_rsp == NULL ||
	    row->desc.layout == ROP_NO_RSP) {
		r->bad = true;
		return false;
	}
	if (row->desc.layout != ROP_RSP_ONLY) {
		a.handle_index = wire_u8(r);
		a.return_value = (enum ec)wire_u32(r);
	}
	if (c->columns_for != NULL)
		c->columns = c->columns_for(c->context, &a);
	row->get_rsp(c, r, a.return_value, out);
	if (wire_ok(r))
		*answer = a;
	return wire_ok(r);
}

struct wire_w rop_bulk_writer(const struct wire_w *out, uint8_t rop_id)
{
	struct wire_w w = *out;

	wire_claim(&w, rows[rop_id].desc.rsp_min);
	/* The size of TransferBuffer is conditional, so not in the least. */
	if (rop_id == ROP_ID_fast_transfer_source_get_buffer)
		wire_claim(&w, 2);
	if (w.full)
		return (struct wire_w){ .full = true };
	return wire_w(w.base + w.len, w.cap - w.len);
}

/* Bytes of a response with as many PropertyProblems ([MS-OXCDATA] 2.7). */
static size_t problems_bound(size_t n)
{
	return 6 + 2 + n * (2 + 4 + 4);
}

size_t rop_response_bound(const struct rop_header *header,
			  const union rop_req *req)
{
	switch (header->rop_id) {
	case ROP_ID_set_properties:
		return problems_bound(req->set_properties.property_values.n);
	case ROP_ID_set_properties_no_replicate:
		return problems_bound(req->set_properties_no_replicate
				      .property_values.n);
	case ROP_ID_delete_properties:
		return problems_bound(req->delete_properties.property_tags.n);
	case ROP_ID_delete_properties_no_replicate:
		return problems_bound(req->delete_properties_no_replicate
				      .property_tags.n);
	case ROP_ID_copy_properties:
		return problems_bound(req->copy_properties.property_tags.n);
	case ROP_ID_get_property_ids_from_names:
		/* None asks for all. */
		if (req->get_property_ids_from_names.property_names.n == 0)
			return SIZE_MAX;
		return 6 + 2 + 2 * (size_t)req->get_property_ids_from_names
			.property_names.n;
	case ROP_ID_create_folder:
		/* Private mailboxes have no ghosted folders. */
		return 6 + 8 + 1 + 1 + 1;
	default:
		return rows[header->rop_id].desc.rsp_max;
	}
}

bool rop_rows_decode(const struct rop_codec *c,
		     const struct prop_tags *columns, const struct bin *data,
		     size_t n, const struct prop_values **out)
{
	struct prop_ctx ctx = c->prop;
	struct wire_r r = wire_r(data->data, data->len);
	size_t count = wire_count(&r, n, 1);
	struct prop_values *v = arena_array(ctx.arena, count, sizeof *v);

	for (size_t i = 0; i < count; i++)
		if (!prop_row_decode(&r, &ctx, columns, &v[i]))
			return false;
	if (!wire_done(&r))
		return false;
	*out = v;
	return true;
}
