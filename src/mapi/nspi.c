/* SPDX-License-Identifier: Apache-2.0 */
/* The codec of every address book body, made from nspi.def and nspi_fields.h,
 * all in one table by request type. */
#include "mapi/nspi.h"

#include "mapi/nspi_kind.h"

typedef void get_req_fn(struct nspi_codec *c, struct wire_r *r,
			union nspi_req *out);
typedef void put_req_fn(struct nspi_codec *c, struct wire_w *w,
			const union nspi_req *req);
typedef void get_rsp_fn(struct nspi_codec *c, struct wire_r *r,
			union nspi_rsp *out);
typedef void put_rsp_fn(struct nspi_codec *c, struct wire_w *w,
			const union nspi_rsp *rsp);

/* Missing fields are zero: the struct is cleared before. */
#define GET_F(kind, field) nspi_get_##kind(c, r, &v->field);
#define GET_O(kind, has, field) \
	v->has = wire_u8(r) != 0; \
	if (v->has && wire_ok(r)) \
		nspi_get_##kind(c, r, &v->field);

/* Exchange writes 0xff for TRUE. */
#define PUT_F(kind, field) nspi_put_##kind(c, w, &v->field);
#define PUT_O(kind, has, field) \
	wire_put_u8(w, v->has ? HAS_VALUE_TRUE : HAS_VALUE_FALSE); \
	if (v->has) \
		nspi_put_##kind(c, w, &v->field);

#define NSPI(name, spec, type, section, flags, handler) \
static void get_req_##name(struct nspi_codec *c, struct wire_r *r, \
			   union nspi_req *out) \
{ \
	struct nspi_##name##_req *v = &out->name; \
	\
	memset(v, 0, sizeof *v); \
	NSPI_REQ_##name(GET_F, GET_O) \
} \
static void put_req_##name(struct nspi_codec *c, struct wire_w *w, \
			   const union nspi_req *req) \
{ \
	const struct nspi_##name##_req *v = &req->name; \
	\
	(void)v; \
	NSPI_REQ_##name(PUT_F, PUT_O) \
} \
static void get_rsp_##name(struct nspi_codec *c, struct wire_r *r, \
			   union nspi_rsp *out) \
{ \
	struct nspi_##name##_rsp *v = &out->name; \
	\
	memset(v, 0, sizeof *v); \
	NSPI_RSP_##name(GET_F, GET_O) \
} \
static void put_rsp_##name(struct nspi_codec *c, struct wire_w *w, \
			   const union nspi_rsp *rsp) \
{ \
	const struct nspi_##name##_rsp *v = &rsp->name; \
	\
	(void)v; \
	NSPI_RSP_##name(PUT_F, PUT_O) \
}
#include "mapi/nspi.def"
#undef NSPI

static const struct nspi_row {
	struct nspi_desc desc;
	get_req_fn *get_req;
	put_req_fn *put_req;
	get_rsp_fn *get_rsp;
	put_rsp_fn *put_rsp;
} rows[REQUEST_TYPE_COUNT] = {
#define NSPI(name, spec, type, section, flags, handler) \
	[REQUEST_TYPE_##type] = { { #spec, section, flags }, get_req_##name, \
				  put_req_##name, get_rsp_##name, \
				  put_rsp_##name },
#include "mapi/nspi.def"
#undef NSPI
};

const struct nspi_desc *nspi_desc(enum request_type type)
{
	if ((unsigned)type >= REQUEST_TYPE_COUNT ||
	    rows[type].get_req == NULL)
		return NULL;
	return &rows[type].desc;
}

static struct bin auxiliary_get(struct wire_r *r)
{
	size_t len = wire_count32(r, 1);

	return (struct bin){ wire_bytes(r, len), len };
}

static void auxiliary_put(struct wire_w *w, const struct bin *buffer)
{
	wire_put_u32(w, (uint32_t)buffer->len);
	wire_put(w, buffer->data, buffer->len);
}

bool nspi_request_decode(struct nspi_codec *c, enum request_type type,
			 const struct bin *body, union nspi_req *out,
			 struct bin *auxiliary_buffer)
{
	struct wire_r r = wire_r(body->data, body->len);
	struct bin auxiliary;

	if (nspi_desc(type) == NULL)
		return false;
	rows[type].get_req(c, &r, out);
	auxiliary = auxiliary_get(&r);
	if (!wire_done(&r))
		return false;
	*auxiliary_buffer = auxiliary;
	return true;
}

void nspi_request_encode(struct nspi_codec *c, struct wire_w *w,
			 enum request_type type, const union nspi_req *req,
			 const struct bin *auxiliary_buffer)
{
	if (nspi_desc(type) == NULL) {
		w->full = true;
		return;
	}
	rows[type].put_req(c, w, req);
	auxiliary_put(w, auxiliary_buffer);
}

bool nspi_response_decode(struct nspi_codec *c, enum request_type type,
			  const struct bin *body, struct nspi_answer *answer,
			  union nspi_rsp *out)
{
	struct wire_r r = wire_r(body->data, body->len);
	struct nspi_answer a = { .status_code = wire_u32(&r) };

	if (nspi_desc(type) == NULL)
		return false;
	memset(out, 0, sizeof *out);
	if (a.status_code == 0) {
		a.error_code = wire_u32(&r);
		rows[type].get_rsp(c, &r, out);
	}
	a.auxiliary_buffer = auxiliary_get(&r);
	if (!wire_done(&r))
		return false;
	*answer = a;
	return true;
}

void nspi_response_encode(struct nspi_codec *c, struct wire_w *w,
			  enum request_type type,
			  const struct nspi_answer *answer,
			  const union nspi_rsp *rsp)
{
	if (nspi_desc(type) == NULL) {
		w->full = true;
		return;
	}
	wire_put_u32(w, answer->status_code);
	if (answer->status_code == 0) {
		wire_put_u32(w, answer->error_code);
		rows[type].put_rsp(c, w, rsp);
	}
	auxiliary_put(w, &answer->auxiliary_buffer);
}

/* --- EphemeralEntryID, [MS-OXNSPI] 2.2.9.2 ---------------------------- */

enum { ID_TYPE_EPHEMERAL = 0x87 };

bool ephemeral_entry_id_parse(const struct bin *data,
			      struct ephemeral_entry_id *out)
{
	struct wire_r r = wire_r(data->data, data->len);
	struct ephemeral_entry_id id;

	if (wire_u32(&r) != ID_TYPE_EPHEMERAL)
		return false;
	id.provider_uid = wire_guid(&r);
	if (wire_u32(&r) != 1)
		return false;
	id.display_type = wire_u32(&r);
	id.minimal_id = wire_u32(&r);
	if (!wire_done(&r))
		return false;
	*out = id;
	return true;
}

struct bin ephemeral_entry_id_format(struct arena *a,
				     const struct ephemeral_entry_id *id)
{
	uint8_t *data = arena_alloc(a, EPHEMERAL_ENTRY_ID_SIZE);
	struct wire_w w = wire_w(data, EPHEMERAL_ENTRY_ID_SIZE);

	wire_put_u32(&w, ID_TYPE_EPHEMERAL);
	wire_put_guid(&w, &id->provider_uid);
	wire_put_u32(&w, 1);
	wire_put_u32(&w, id->display_type);
	wire_put_u32(&w, id->minimal_id);
	return (struct bin){ data, w.len };
}
