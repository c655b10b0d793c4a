/* SPDX-License-Identifier: Apache-2.0 */
#include "mapi/restriction.h"

/* The least bytes of a restriction: an empty RES_AND in a narrow context. */
enum { RESTRICTION_SIZE_MIN = 3 };

static size_t count_decode(struct wire_r *r, const struct prop_ctx *c,
			   size_t min)
{
	return c->wide ? wire_count32(r, min) : wire_count16(r, min);
}

static const struct restriction *sub_decode(struct wire_r *r,
					    struct prop_ctx *c)
{
	struct restriction *res = arena_zalloc(c->arena, sizeof *res);

	return restriction_decode(r, c, res) ? res : NULL;
}

/* [MS-OXCDATA] 2.12.1 and 2.12.2 */
static void list_decode(struct wire_r *r, struct prop_ctx *c,
			struct restriction *out)
{
	size_t n = count_decode(r, c, RESTRICTION_SIZE_MIN);
	struct restriction *v = arena_array(c->arena, n, sizeof *v);

	for (size_t i = 0; i < n && wire_ok(r); i++)
		restriction_decode(r, c, &v[i]);
	out->list.n = (uint32_t)n;
	out->list.v = v;
}

/*
 * The TaggedValue of 2.12.4 and 2.12.5.  In address book bodies a HasValue
 * byte stands before it, though [MS-OXCMAPIHTTP] 2.2.5.5.1 doesn't say so; a
 * tag never begins with either of its two values, so one without is read too.
 */
static void tagged_decode(struct wire_r *r, struct prop_ctx *c, uint32_t tag,
			  struct prop_value *out)
{
	if (c->has_value && wire_left(r) > 0 && *r->p == HAS_VALUE_FALSE) {
		wire_u8(r);
		out->tag = prop_tag_make(prop_tag_id(tag), PTYP_NULL);
		return;
	}
	if (c->has_value && wire_left(r) > 0 && *r->p == HAS_VALUE_TRUE)
		wire_u8(r);
	prop_tagged_decode(r, c, out);
}

static void tagged_encode(struct wire_w *w, const struct prop_ctx *c,
			  const struct prop_value *value)
{
	bool has = prop_tag_type(value->tag) != PTYP_NULL;

	if (c->has_value)
		wire_put_u8(w, has ? HAS_VALUE_TRUE : HAS_VALUE_FALSE);
	if (has || !c->has_value)
		prop_tagged_encode(w, c, value);
}

/* 2.12.4 */
static void content_decode(struct wire_r *r, struct prop_ctx *c,
			   struct restriction *out)
{
	out->content.fuzzy_level_low = wire_u16(r);
	out->content.fuzzy_level_high = wire_u16(r);
	out->content.tag = wire_u32(r);
	tagged_decode(r, c, out->content.tag, &out->content.value);
}

/* 2.12.5 */
static void property_decode(struct wire_r *r, struct prop_ctx *c,
			    struct restriction *out)
{
	out->property.rel_op = wire_u8(r);
	out->property.tag = wire_u32(r);
	tagged_decode(r, c, out->property.tag, &out->property.value);
}

/* 2.12.11: the count of values takes one byte in every context. */
static void comment_decode(struct wire_r *r, struct prop_ctx *c,
			   struct restriction *out)
{
	prop_tagged_list_decode(r, c, wire_u8(r), &out->comment.values);
	if (wire_u8(r) != 0)
		out->comment.restriction = sub_decode(r, c);
}

static void body_decode(struct wire_r *r, struct prop_ctx *c,
			struct restriction *out)
{
	switch (out->type) {
	case RES_AND:
	case RES_OR:
		list_decode(r, c, out);
		break;
	case RES_NOT:
		out->not = sub_decode(r, c);
		break;
	case RES_CONTENT:
		content_decode(r, c, out);
		break;
	case RES_PROPERTY:
		property_decode(r, c, out);
		break;
	case RES_COMPARE_PROPS:
		out->compare_props.rel_op = wire_u8(r);
		out->compare_props.tag1 = wire_u32(r);
		out->compare_props.tag2 = wire_u32(r);
		break;
	case RES_BIT_MASK:
		out->bit_mask.bit_map_rel_op = wire_u8(r);
		out->bit_mask.tag = wire_u32(r);
		out->bit_mask.mask = wire_u32(r);
		break;
	case RES_SIZE:
		out->size.rel_op = wire_u8(r);
		out->size.tag = wire_u32(r);
		out->size.size = wire_u32(r);
		break;
	case RES_EXIST:
		out->exist.tag = wire_u32(r);
		break;
	case RES_SUB_OBJECT:
		out->sub_object.subobject = wire_u32(r);
		out->sub_object.restriction = sub_decode(r, c);
		break;
	case RES_COMMENT:
		comment_decode(r, c, out);
		break;
	case RES_COUNT:
		out->count.count = wire_u32(r);
		out->count.restriction = sub_decode(r, c);
		break;
	default:
		r->bad = true;
	}
}

bool restriction_decode(struct wire_r *r, struct prop_ctx *c,
			struct restriction *out)
{
	struct restriction res = { .type = wire_u8(r) };

	if (!wire_ok(r) || c->depth >= PROP_DEPTH_MAX) {
		r->bad = true;
		return false;
	}
	c->depth++;
	body_decode(r, c, &res);
	c->depth--;
	if (!wire_ok(r))
		return false;
	*out = res;
	return true;
}

static void list_encode(struct wire_w *w, const struct prop_ctx *c,
			const struct restriction *res)
{
	if (c->wide)
		wire_put_u32(w, res->list.n);
	else if (res->list.n <= UINT16_MAX)
		wire_put_u16(w, (uint16_t)res->list.n);
	else
		w->full = true;
	for (uint32_t i = 0; i < res->list.n && !w->full; i++)
		restriction_encode(w, c, &res->list.v[i]);
}

static void comment_encode(struct wire_w *w, const struct prop_ctx *c,
			   const struct restriction *res)
{
	if (res->comment.values.n > UINT8_MAX) {
		w->full = true;
		return;
	}
	wire_put_u8(w, (uint8_t)res->comment.values.n);
	prop_tagged_list_encode(w, c, &res->comment.values);
	wire_put_u8(w, res->comment.restriction != NULL);
	if (res->comment.restriction != NULL)
		restriction_encode(w, c, res->comment.restriction);
}

void restriction_encode(struct wire_w *w, const struct prop_ctx *c,
			const struct restriction *res)
{
	wire_put_u8(w, res->type);
	switch (res->type) {
	case RES_AND:
	case RES_OR:
		list_encode(w, c, res);
		break;
	case RES_NOT:
		restriction_encode(w, c, res->not);
		break;
	case RES_CONTENT:
		wire_put_u16(w, res->content.fuzzy_level_low);
		wire_put_u16(w, res->content.fuzzy_level_high);
		wire_put_u32(w, res->content.tag);
		tagged_encode(w, c, &res->content.value);
		break;
	case RES_PROPERTY:
		wire_put_u8(w, res->property.rel_op);
		wire_put_u32(w, res->property.tag);
		tagged_encode(w, c, &res->property.value);
		break;
	case RES_COMPARE_PROPS:
		wire_put_u8(w, res->compare_props.rel_op);
		wire_put_u32(w, res->compare_props.tag1);
		wire_put_u32(w, res->compare_props.tag2);
		break;
	case RES_BIT_MASK:
		wire_put_u8(w, res->bit_mask.bit_map_rel_op);
		wire_put_u32(w, res->bit_mask.tag);
		wire_put_u32(w, res->bit_mask.mask);
		break;
	case RES_SIZE:
		wire_put_u8(w, res->size.rel_op);
		wire_put_u32(w, res->size.tag);
		wire_put_u32(w, res->size.size);
		break;
	case RES_EXIST:
		wire_put_u32(w, res->exist.tag);
		break;
	case RES_SUB_OBJECT:
		wire_put_u32(w, res->sub_object.subobject);
		restriction_encode(w, c, res->sub_object.restriction);
		break;
	case RES_COMMENT:
		comment_encode(w, c, res);
		break;
	case RES_COUNT:
		wire_put_u32(w, res->count.count);
		restriction_encode(w, c, res->count.restriction);
		break;
	default:
		w->full = true;
	}
}

static const struct restriction *list_copy(struct arena *a,
					   const struct restriction *res);

static struct prop_values values_copy(struct arena *a,
				      const struct prop_values *values)
{
	struct prop_value *v = arena_array(a, values->n, sizeof *v);

	for (uint32_t i = 0; i < values->n; i++)
		v[i] = prop_value_copy(a, &values->v[i]);
	return (struct prop_values){ values->n, v };
}

static struct restriction copy_of(struct arena *a,
				  const struct restriction *res)
{
	struct restriction copy = *res;

	switch (res->type) {
	case RES_AND:
	case RES_OR:
		copy.list.v = list_copy(a, res);
		break;
	case RES_NOT:
		copy.not = restriction_copy(a, res->not);
		break;
	case RES_CONTENT:
		copy.content.value = prop_value_copy(a, &res->content.value);
		break;
	case RES_PROPERTY:
		copy.property.value = prop_value_copy(a, &res->property.value);
		break;
	case RES_SUB_OBJECT:
		copy.sub_object.restriction =
			restriction_copy(a, res->sub_object.restriction);
		break;
	case RES_COMMENT:
		copy.comment.values = values_copy(a, &res->comment.values);
		copy.comment.restriction =
			restriction_copy(a, res->comment.restriction);
		break;
	case RES_COUNT:
		copy.count.restriction =
			restriction_copy(a, res->count.restriction);
		break;
	}
	return copy;
}

static const struct restriction *list_copy(struct arena *a,
					   const struct restriction *res)
{
	struct restriction *v = arena_array(a, res->list.n, sizeof *v);

	for (uint32_t i = 0; i < res->list.n; i++)
		v[i] = copy_of(a, &res->list.v[i]);
	return v;
}

const struct restriction *restriction_copy(struct arena *a,
					   const struct restriction *res)
{
	struct restriction copy;

	if (res == NULL)
		return NULL;
	copy = copy_of(a, res);
	return arena_memdup(a, &copy, sizeof copy);
}

static bool list_equal(const struct restriction *a,
		       const struct restriction *b)
{
	if (a->list.n != b->list.n)
		return false;
	for (uint32_t i = 0; i < a->list.n; i++)
		if (!restriction_equal(&a->list.v[i], &b->list.v[i]))
			return false;
	return true;
}

static bool comment_equal(const struct restriction *a,
			  const struct restriction *b)
{
	const struct prop_values *x = &a->comment.values;
	const struct prop_values *y = &b->comment.values;

	if (x->n != y->n)
		return false;
	for (uint32_t i = 0; i < x->n; i++)
		if (!prop_value_equal(&x->v[i], &y->v[i]))
			return false;
	return restriction_equal(a->comment.restriction,
				 b->comment.restriction);
}

bool restriction_equal(const struct restriction *a,
		       const struct restriction *b)
{
	if (a == NULL || b == NULL || a->type != b->type)
		return a == b;
	switch (a->type) {
	case RES_AND:
	case RES_OR:
		return list_equal(a, b);
	case RES_NOT:
		return restriction_equal(a->not, b->not);
	case RES_CONTENT:
		return a->content.fuzzy_level_low ==
			b->content.fuzzy_level_low &&
			a->content.fuzzy_level_high ==
			b->content.fuzzy_level_high &&
			a->content.tag == b->content.tag &&
			prop_value_equal(&a->content.value, &b->content.value);
	case RES_PROPERTY:
		return a->property.rel_op == b->property.rel_op &&
			a->property.tag == b->property.tag &&
			prop_value_equal(&a->property.value,
					 &b->property.value);
	case RES_COMPARE_PROPS:
		return a->compare_props.rel_op == b->compare_props.rel_op &&
			a->compare_props.tag1 == b->compare_props.tag1 &&
			a->compare_props.tag2 == b->compare_props.tag2;
	case RES_BIT_MASK:
		return a->bit_mask.bit_map_rel_op ==
			b->bit_mask.bit_map_rel_op &&
			a->bit_mask.tag == b->bit_mask.tag &&
			a->bit_mask.mask == b->bit_mask.mask;
	case RES_SIZE:
		return a->size.rel_op == b->size.rel_op &&
			a->size.tag == b->size.tag &&
			a->size.size == b->size.size;
	case RES_EXIST:
		return a->exist.tag == b->exist.tag;
	case RES_SUB_OBJECT:
		return a->sub_object.subobject == b->sub_object.subobject &&
			restriction_equal(a->sub_object.restriction,
					  b->sub_object.restriction);
	case RES_COMMENT:
		return comment_equal(a, b);
	case RES_COUNT:
		return a->count.count == b->count.count &&
			restriction_equal(a->count.restriction,
					  b->count.restriction);
	default:
		return false;
	}
}
