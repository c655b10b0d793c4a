/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property values and rows onto the wire ([MS-OXCDATA] 2.8.1 and 2.11).  Rows
 * of contents tables come through here by the ten thousand: straight into the
 * writer, nothing allocated.
 */
#include <string.h>

#include "mapi/code_page.h"
#include "mapi/prop_codec.h"
#include "mapi/restriction.h"
#include "mapi/rule.h"

static void put_bin(struct wire_w *w, bool wide, const struct bin *bin)
{
	if (wide ? bin->len > UINT32_MAX : bin->len > UINT16_MAX) {
		w->full = true;
		return;
	}
	if (wide)
		wire_put_u32(w, (uint32_t)bin->len);
	else
		wire_put_u16(w, (uint16_t)bin->len);
	wire_put(w, bin->data, bin->len);
}

static void put_f32(struct wire_w *w, float f)
{
	uint32_t bits;

	memcpy(&bits, &f, sizeof bits);
	wire_put_u32(w, bits);
}

static void put_f64(struct wire_w *w, double f)
{
	uint64_t bits;

	memcpy(&bits, &f, sizeof bits);
	wire_put_u64(w, bits);
}

/* A string that is in memory as type from, onto the wire as type to. */
static void put_string(struct wire_w *w, const struct prop_ctx *c,
		       unsigned from, unsigned to, const char *s)
{
	bool raw = (from & PTYP_STRING) == PTYP_STRING8;

	if ((to & PTYP_STRING) == PTYP_STRING8) {
		if (raw)
			wire_put_asciiz(w, s);
		else
			code_page_put(w, c->code_page, s != NULL ? s : "");
	} else if (raw) {
		code_page_put_utf16(w, c->code_page, s != NULL ? s : "");
	} else {
		wire_put_utf16z(w, s);
	}
}

/* [MS-OXCMAPIHTTP] 2.2.1.1, HasValue; whether the value is to follow. */
static bool put_has_value(struct wire_w *w, const struct prop_ctx *c,
			  const void *value)
{
	if (!c->has_value)
		return true;
	wire_put_u8(w, value != NULL ? HAS_VALUE_TRUE : HAS_VALUE_FALSE);
	return value != NULL;
}

static void put_single(struct wire_w *w, const struct prop_ctx *c,
		       unsigned type, const struct prop_value *v)
{
	switch (type) {
	case PTYP_NULL:
		break;
	case PTYP_INTEGER16:
		wire_put_u16(w, (uint16_t)v->i16);
		break;
	case PTYP_INTEGER32:
		wire_put_u32(w, (uint32_t)v->i32);
		break;
	case PTYP_ERROR_CODE:
		wire_put_u32(w, (uint32_t)v->error);
		break;
	case PTYP_FLOATING32:
		put_f32(w, v->f32);
		break;
	case PTYP_FLOATING64:
	case PTYP_FLOATING_TIME:
		put_f64(w, v->f64);
		break;
	case PTYP_CURRENCY:
	case PTYP_INTEGER64:
		wire_put_u64(w, (uint64_t)v->i64);
		break;
	case PTYP_TIME:
		wire_put_u64(w, v->time);
		break;
	case PTYP_BOOLEAN:
		wire_put_u8(w, v->b);
		break;
	case PTYP_GUID:
		wire_put_guid(w, v->guid);
		break;
	case PTYP_STRING:
	case PTYP_STRING8:
		if (put_has_value(w, c, v->str))
			put_string(w, c, prop_tag_type(v->tag), type, v->str);
		break;
	case PTYP_BINARY:
		if (put_has_value(w, c, v->bin.data))
			put_bin(w, c->wide, &v->bin);
		break;
	case PTYP_OBJECT:
		put_bin(w, c->wide, &v->bin);
		break;
	case PTYP_SERVER_ID:
		put_bin(w, false, &v->bin);
		break;
	case PTYP_RESTRICTION:
		restriction_encode(w, c, v->restriction);
		break;
	case PTYP_RULE_ACTION:
		rule_actions_encode(w, c, v->actions);
		break;
	default:
		w->full = true;
	}
}

static void put_element(struct wire_w *w, const struct prop_ctx *c,
			unsigned type, const struct prop_value *v, size_t i)
{
	switch (type) {
	case PTYP_MULTIPLE_INTEGER16:
		wire_put_u16(w, (uint16_t)v->mv_i16[i]);
		break;
	case PTYP_MULTIPLE_INTEGER32:
		wire_put_u32(w, (uint32_t)v->mv_i32[i]);
		break;
	case PTYP_MULTIPLE_FLOATING32:
		put_f32(w, v->mv_f32[i]);
		break;
	case PTYP_MULTIPLE_FLOATING64:
	case PTYP_MULTIPLE_FLOATING_TIME:
		put_f64(w, v->mv_f64[i]);
		break;
	case PTYP_MULTIPLE_CURRENCY:
	case PTYP_MULTIPLE_INTEGER64:
		wire_put_u64(w, (uint64_t)v->mv_i64[i]);
		break;
	case PTYP_MULTIPLE_TIME:
		wire_put_u64(w, v->mv_time[i]);
		break;
	case PTYP_MULTIPLE_GUID:
		wire_put_guid(w, &v->mv_guid[i]);
		break;
	case PTYP_MULTIPLE_STRING:
	case PTYP_MULTIPLE_STRING8:
		if (put_has_value(w, c, v->mv_str[i]))
			put_string(w, c, prop_tag_type(v->tag), type,
				   v->mv_str[i]);
		break;
	case PTYP_MULTIPLE_BINARY:
		if (put_has_value(w, c, v->mv_bin[i].data))
			put_bin(w, c->wide, &v->mv_bin[i]);
		break;
	default:
		w->full = true;
	}
}

/* The value as bytes of type, which is its own or the other string type. */
static void put_as(struct wire_w *w, const struct prop_ctx *c, unsigned type,
		   const struct prop_value *v)
{
	if ((type & PTYP_MULTIPLE) == 0) {
		put_single(w, c, type, v);
		return;
	}
	if (!put_has_value(w, c, v->mv_str))
		return;
	wire_put_u32(w, v->n);
	for (uint32_t i = 0; i < v->n && !w->full; i++)
		put_element(w, c, type, v, i);
}

void prop_value_encode(struct wire_w *w, const struct prop_ctx *c,
		       const struct prop_value *value)
{
	put_as(w, c, prop_tag_type(value->tag), value);
}

void prop_typed_encode(struct wire_w *w, const struct prop_ctx *c,
		       const struct prop_value *value)
{
	wire_put_u16(w, prop_tag_type(value->tag));
	prop_value_encode(w, c, value);
}

void prop_tagged_encode(struct wire_w *w, const struct prop_ctx *c,
			const struct prop_value *value)
{
	wire_put_u32(w, value->tag);
	prop_value_encode(w, c, value);
}

void prop_tagged_list_encode(struct wire_w *w, const struct prop_ctx *c,
			     const struct prop_values *values)
{
	for (uint32_t i = 0; i < values->n && !w->full; i++)
		prop_tagged_encode(w, c, &values->v[i]);
}

/* ---- rows ---- */

/* [MS-OXCDATA] 2.11.5, Flag */
enum { FLAG_VALUE = 0x00, FLAG_ABSENT = 0x01, FLAG_ERROR = 0x0a };

/* The type that a column's values have on the wire; 0: any. */
static unsigned column_type(uint32_t column)
{
	unsigned type = prop_tag_type(column);

	if ((type & PTYP_INSTANCE) != 0)
		type &= ~(unsigned)(PTYP_INSTANCE | PTYP_MULTIPLE);
	return type;
}

static bool is_string(unsigned type)
{
	type &= ~(unsigned)PTYP_MULTIPLE;
	return type == PTYP_STRING || type == PTYP_STRING8;
}

/* Whether the value can stand in a column of this type. */
static bool type_fits(unsigned column, unsigned type)
{
	if (type == column)
		return true;
	if (column == PTYP_UNSPECIFIED)
		return type != PTYP_ERROR_CODE && type != PTYP_NULL;
	return is_string(type) && is_string(column) &&
		((type ^ column) & PTYP_MULTIPLE) == 0;
}

static void put_flagged(struct wire_w *w, const struct prop_ctx *c,
			unsigned column, const struct prop_value *v)
{
	unsigned type = prop_tag_type(v->tag);
	bool fits = type_fits(column, type);

	if (column == PTYP_UNSPECIFIED)
		wire_put_u16(w, (uint16_t)type);
	if (fits) {
		wire_put_u8(w, FLAG_VALUE);
		put_as(w, c, column == PTYP_UNSPECIFIED ? type : column, v);
	} else if (type == PTYP_NULL) {
		wire_put_u8(w, FLAG_ABSENT);
	} else {
		wire_put_u8(w, FLAG_ERROR);
		wire_put_u32(w, type == PTYP_ERROR_CODE ? v->error :
			     EC_UNEXPECTED_TYPE);
	}
}

void prop_flagged_encode(struct wire_w *w, const struct prop_ctx *c,
			 uint32_t column, const struct prop_value *value)
{
	put_flagged(w, c, column_type(column), value);
}

void prop_row_encode(struct wire_w *w, const struct prop_ctx *c,
		     const struct prop_tags *columns,
		     const struct prop_value *values)
{
	bool flagged = false;

	for (uint32_t i = 0; i < columns->n && !flagged; i++)
		flagged = !type_fits(column_type(columns->v[i]),
				     prop_tag_type(values[i].tag));
	wire_put_u8(w, flagged);
	for (uint32_t i = 0; i < columns->n && !w->full; i++) {
		unsigned type = column_type(columns->v[i]);

		if (flagged)
			put_flagged(w, c, type, &values[i]);
		else if (type == PTYP_UNSPECIFIED)
			prop_typed_encode(w, c, &values[i]);
		else
			put_as(w, c, type, &values[i]);
	}
}

bool prop_flagged_decode(struct wire_r *r, struct prop_ctx *c, uint32_t column,
			 struct prop_value *out)
{
	unsigned id = prop_tag_id(column), type = column_type(column);
	struct prop_value v = { .tag = prop_tag_make(id, PTYP_NULL) };

	if (type == PTYP_UNSPECIFIED)
		type = wire_u16(r);
	switch (wire_u8(r)) {
	case FLAG_VALUE:
		prop_value_decode(r, c, prop_tag_make(id, type), &v);
		break;
	case FLAG_ABSENT:
		break;
	case FLAG_ERROR:
		v = prop_error(column, (enum ec)wire_u32(r));
		break;
	default:
		r->bad = true;
	}
	if (!wire_ok(r))
		return false;
	*out = v;
	return true;
}

static bool row_value_decode(struct wire_r *r, struct prop_ctx *c,
			     uint32_t column, struct prop_value *out)
{
	if (column_type(column) == PTYP_UNSPECIFIED)
		return prop_typed_decode(r, c, prop_tag_id(column), out);
	return prop_value_decode(r, c, column, out);
}

bool prop_row_decode(struct wire_r *r, struct prop_ctx *c,
		     const struct prop_tags *columns, struct prop_values *out)
{
	unsigned flag = wire_u8(r);
	struct prop_value *v;

	if (!wire_ok(r) || flag > 1) {
		r->bad = true;
		return false;
	}
	v = arena_array(c->arena, columns->n, sizeof *v);
	for (uint32_t i = 0; i < columns->n; i++) {
		uint32_t column = columns->v[i];

		if (!(flag ? prop_flagged_decode(r, c, column, &v[i]) :
		      row_value_decode(r, c, column, &v[i])))
			return false;
	}
	*out = (struct prop_values){ columns->n, v };
	return true;
}
