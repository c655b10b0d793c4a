/* SPDX-License-Identifier: Apache-2.0 */
/* Property values from the wire ([MS-OXCDATA] 2.11.1). */
#include <string.h>

#include "mapi/prop_codec.h"
#include "mapi/restriction.h"
#include "mapi/rule.h"

bool prop_type_is_known(unsigned type)
{
	switch (type) {
	case PTYP_NULL:
	case PTYP_INTEGER16: case PTYP_INTEGER32: case PTYP_FLOATING32:
	case PTYP_FLOATING64: case PTYP_CURRENCY: case PTYP_FLOATING_TIME:
	case PTYP_ERROR_CODE: case PTYP_BOOLEAN: case PTYP_OBJECT:
	case PTYP_INTEGER64: case PTYP_STRING8: case PTYP_STRING:
	case PTYP_TIME: case PTYP_GUID: case PTYP_SERVER_ID:
	case PTYP_RESTRICTION: case PTYP_RULE_ACTION: case PTYP_BINARY:
	case PTYP_MULTIPLE_INTEGER16: case PTYP_MULTIPLE_INTEGER32:
	case PTYP_MULTIPLE_FLOATING32: case PTYP_MULTIPLE_FLOATING64:
	case PTYP_MULTIPLE_CURRENCY: case PTYP_MULTIPLE_FLOATING_TIME:
	case PTYP_MULTIPLE_INTEGER64: case PTYP_MULTIPLE_STRING8:
	case PTYP_MULTIPLE_STRING: case PTYP_MULTIPLE_TIME:
	case PTYP_MULTIPLE_GUID: case PTYP_MULTIPLE_BINARY:
		return true;
	default:
		return false;
	}
}

static float to_f32(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof f);
	return f;
}

static double to_f64(uint64_t bits)
{
	double f;

	memcpy(&f, &bits, sizeof f);
	return f;
}

static struct bin bin_decode(struct wire_r *r, bool wide)
{
	size_t len = wide ? wire_count32(r, 1) : wire_count16(r, 1);

	return (struct bin){ wire_bytes(r, len), len };
}

static const struct guid *guid_decode(struct wire_r *r, struct arena *a)
{
	struct guid g = wire_guid(r);

	return wire_ok(r) ? arena_memdup(a, &g, sizeof g) : NULL;
}

static const struct restriction *restriction_value(struct wire_r *r,
						   struct prop_ctx *c)
{
	struct restriction res;

	if (!restriction_decode(r, c, &res))
		return NULL;
	return arena_memdup(c->arena, &res, sizeof res);
}

static const struct rule_actions *actions_value(struct wire_r *r,
						struct prop_ctx *c)
{
	struct rule_actions actions;

	if (!rule_actions_decode(r, c, &actions))
		return NULL;
	return arena_memdup(c->arena, &actions, sizeof actions);
}

/* Code-page strings become Unicode ones when the context says which page. */
static uint32_t string8_tag(const struct prop_ctx *c, uint32_t tag)
{
	return c->code_page != 0 ? tag ^ (PTYP_STRING8 ^ PTYP_STRING) : tag;
}

static void decode_single(struct wire_r *r, struct prop_ctx *c,
			  struct prop_value *v)
{
	switch (prop_tag_type(v->tag)) {
	case PTYP_NULL:
		break;
	case PTYP_INTEGER16:
		v->i16 = (int16_t)wire_u16(r);
		break;
	case PTYP_INTEGER32:
		v->i32 = (int32_t)wire_u32(r);
		break;
	case PTYP_ERROR_CODE:
		v->error = (enum ec)wire_u32(r);
		break;
	case PTYP_FLOATING32:
		v->f32 = to_f32(wire_u32(r));
		break;
	case PTYP_FLOATING64:
	case PTYP_FLOATING_TIME:
		v->f64 = to_f64(wire_u64(r));
		break;
	case PTYP_CURRENCY:
	case PTYP_INTEGER64:
		v->i64 = (int64_t)wire_u64(r);
		break;
	case PTYP_TIME:
		v->time = wire_u64(r);
		break;
	case PTYP_BOOLEAN:
		v->b = wire_u8(r) != 0;
		break;
	case PTYP_GUID:
		v->guid = guid_decode(r, c->arena);
		break;
	case PTYP_STRING:
		v->str = wire_utf16z(r, c->arena);
		break;
	case PTYP_STRING8:
		v->str = wire_string8z(r, c);
		v->tag = string8_tag(c, v->tag);
		break;
	case PTYP_BINARY:
	case PTYP_OBJECT:
		v->bin = bin_decode(r, c->wide);
		break;
	case PTYP_SERVER_ID:              /* 16 bits in every context */
		v->bin = bin_decode(r, false);
		break;
	case PTYP_RESTRICTION:
		v->restriction = restriction_value(r, c);
		break;
	case PTYP_RULE_ACTION:
		v->actions = actions_value(r, c);
		break;
	default:
		r->bad = true;
	}
}

static const void *array16(struct wire_r *r, struct arena *a, uint32_t *n)
{
	size_t count = wire_count32(r, 2);
	uint16_t *v = arena_array(a, count, sizeof *v);

	for (size_t i = 0; i < count; i++)
		v[i] = wire_u16(r);
	*n = (uint32_t)count;
	return v;
}

/* Integers and floating-point numbers alike: the bits are what counts. */
static const void *array32(struct wire_r *r, struct arena *a, uint32_t *n)
{
	size_t count = wire_count32(r, 4);
	uint32_t *v = arena_array(a, count, sizeof *v);

	for (size_t i = 0; i < count; i++)
		v[i] = wire_u32(r);
	*n = (uint32_t)count;
	return v;
}

static const void *array64(struct wire_r *r, struct arena *a, uint32_t *n)
{
	size_t count = wire_count32(r, 8);
	uint64_t *v = arena_array(a, count, sizeof *v);

	for (size_t i = 0; i < count; i++)
		v[i] = wire_u64(r);
	*n = (uint32_t)count;
	return v;
}

static const struct guid *array_guid(struct wire_r *r, struct arena *a,
				     uint32_t *n)
{
	size_t count = wire_count32(r, sizeof(struct guid));
	struct guid *v = arena_array(a, count, sizeof *v);

	for (size_t i = 0; i < count; i++)
		v[i] = wire_guid(r);
	*n = (uint32_t)count;
	return v;
}

/*
 * [MS-OXCMAPIHTTP] 2.2.1.1, HasValue: whether a value follows.  Other bytes
 * than TRUE and FALSE are malformed.
 */
static bool has_value(struct wire_r *r, const struct prop_ctx *c)
{
	uint8_t has = c->has_value ? wire_u8(r) : HAS_VALUE_TRUE;

	if (has != HAS_VALUE_TRUE && has != HAS_VALUE_FALSE)
		r->bad = true;
	return has == HAS_VALUE_TRUE && wire_ok(r);
}

static const char *const *array_string(struct wire_r *r, struct prop_ctx *c,
				       bool unicode, uint32_t *n)
{
	size_t count = wire_count32(r, unicode && !c->has_value ? 2 : 1);
	const char **v = arena_array(c->arena, count, sizeof *v);

	for (size_t i = 0; i < count; i++)
		if (has_value(r, c))
			v[i] = unicode ? wire_utf16z(r, c->arena) :
				wire_string8z(r, c);
	*n = (uint32_t)count;
	return v;
}

static const struct bin *array_bin(struct wire_r *r, struct prop_ctx *c,
				   uint32_t *n)
{
	size_t count = wire_count32(r, c->has_value ? 1 : c->wide ? 4 : 2);
	struct bin *v = arena_array(c->arena, count, sizeof *v);

	for (size_t i = 0; i < count; i++)
		if (has_value(r, c))
			v[i] = bin_decode(r, c->wide);
	*n = (uint32_t)count;
	return v;
}

static void decode_multiple(struct wire_r *r, struct prop_ctx *c,
			    struct prop_value *v)
{
	switch (prop_tag_type(v->tag)) {
	case PTYP_MULTIPLE_INTEGER16:
		v->mv_i16 = array16(r, c->arena, &v->n);
		break;
	case PTYP_MULTIPLE_INTEGER32:
	case PTYP_MULTIPLE_FLOATING32:
		v->mv_i32 = array32(r, c->arena, &v->n);
		break;
	case PTYP_MULTIPLE_FLOATING64:
	case PTYP_MULTIPLE_CURRENCY:
	case PTYP_MULTIPLE_FLOATING_TIME:
	case PTYP_MULTIPLE_INTEGER64:
	case PTYP_MULTIPLE_TIME:
		v->mv_i64 = array64(r, c->arena, &v->n);
		break;
	case PTYP_MULTIPLE_GUID:
		v->mv_guid = array_guid(r, c->arena, &v->n);
		break;
	case PTYP_MULTIPLE_STRING:
		v->mv_str = array_string(r, c, true, &v->n);
		break;
	case PTYP_MULTIPLE_STRING8:
		v->mv_str = array_string(r, c, false, &v->n);
		v->tag = string8_tag(c, v->tag);
		break;
	case PTYP_MULTIPLE_BINARY:
		v->mv_bin = array_bin(r, c, &v->n);
		break;
	default:
		r->bad = true;
	}
}

/* Types that have a HasValue byte: [MS-OXCMAPIHTTP] 2.2.1.1. */
static bool may_lack_value(uint32_t tag)
{
	unsigned type = prop_tag_type(tag);

	return type == PTYP_STRING || type == PTYP_STRING8 ||
		type == PTYP_BINARY || (type & PTYP_MULTIPLE) != 0;
}

bool prop_value_decode(struct wire_r *r, struct prop_ctx *c, uint32_t tag,
		       struct prop_value *out)
{
	struct prop_value v = { .tag = tag };

	if ((tag & PTYP_INSTANCE) != 0)
		v.tag = tag & ~(uint32_t)(PTYP_INSTANCE | PTYP_MULTIPLE);
	if (may_lack_value(v.tag) && !has_value(r, c)) {
		if (!prop_type_is_known(prop_tag_type(v.tag)))
			r->bad = true;
	} else if ((v.tag & PTYP_MULTIPLE) != 0) {
		decode_multiple(r, c, &v);
	} else {
		decode_single(r, c, &v);
	}
	if (!wire_ok(r))
		return false;
	*out = v;
	return true;
}

bool prop_typed_decode(struct wire_r *r, struct prop_ctx *c, unsigned id,
		       struct prop_value *out)
{
	unsigned type = wire_u16(r);

	return prop_value_decode(r, c, prop_tag_make(id, type), out);
}

bool prop_tagged_decode(struct wire_r *r, struct prop_ctx *c,
			struct prop_value *out)
{
	uint32_t tag = wire_u32(r);

	return prop_value_decode(r, c, tag, out);
}

bool prop_tagged_list_decode(struct wire_r *r, struct prop_ctx *c, size_t n,
			     struct prop_values *out)
{
	size_t count = wire_count(r, n, 4);
	struct prop_value *v = arena_array(c->arena, count, sizeof *v);

	for (size_t i = 0; i < count; i++)
		if (!prop_tagged_decode(r, c, &v[i]))
			return false;
	if (!wire_ok(r))
		return false;
	*out = (struct prop_values){ (uint32_t)count, v };
	return true;
}
