/* SPDX-License-Identifier: Apache-2.0 */
#include "store/match.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "mapi/restriction.h"
#include "store/match_text.h"

struct node {
	const struct restriction *r;
	struct match_text text;           /* RES_CONTENT of text */
	uint32_t n;
	struct node *sub;
};

struct match {
	struct arena *arena;
	const struct collator *c;
	struct node *root;                /* NULL: matches all */
	uint32_t nodes, limit;
	uint32_t n_tags;
	uint32_t *tags;
};

/* ---- making it ready ---- */

static void add_tag(struct match *m, uint32_t tag)
{
	for (uint32_t i = 0; i < m->n_tags; i++)
		if (m->tags[i] == tag)
			return;
	if ((m->n_tags & (m->n_tags - 1)) == 0)   /* 0, 1, 2, 4, 8 … */
		m->tags = xrealloc(m->tags, sizeof *m->tags *
				   (m->n_tags > 0 ? 2 * m->n_tags : 1));
	m->tags[m->n_tags++] = tag;
}

static unsigned single_type(uint32_t tag)
{
	return prop_tag_type(tag) & ~(unsigned)(PTYP_MULTIPLE | PTYP_INSTANCE);
}

static bool is_text(unsigned type)
{
	return type == PTYP_STRING || type == PTYP_STRING8;
}

static bool is_bytes(unsigned type)
{
	return type == PTYP_BINARY || type == PTYP_SERVER_ID ||
		type == PTYP_OBJECT;
}

static enum ec make_content(struct match *m, struct node *node)
{
	const struct restriction *r = node->r;
	unsigned type = single_type(r->content.value.tag);

	if (r->content.fuzzy_level_low > FL_PREFIX ||
	    (prop_tag_type(r->content.value.tag) & PTYP_MULTIPLE))
		return EC_INVALID_PARAM;
	if (!is_text(type) && !is_bytes(type))
		return EC_TOO_COMPLEX;
	if (is_text(type))
		node->text = match_text_make(m->arena, r->content.value.str,
					     r->content.fuzzy_level_low,
					     r->content.fuzzy_level_high);
	add_tag(m, r->content.tag);
	return EC_SUCCESS;
}

static enum ec check_rel_op(uint8_t rel_op)
{
	if (rel_op <= REL_OP_NE)
		return EC_SUCCESS;
	/* No regular expressions, no distribution lists here. */
	return rel_op == REL_OP_RE || rel_op == REL_OP_MEMBER_OF_DL ?
		EC_TOO_COMPLEX : EC_INVALID_PARAM;
}

static enum ec make_property(struct match *m, const struct restriction *r)
{
	enum ec ec = check_rel_op(r->property.rel_op);

	if (ec != EC_SUCCESS)
		return ec;
	if (!collate_type_ordered(prop_tag_type(r->property.value.tag)))
		return EC_TOO_COMPLEX;
	add_tag(m, r->property.tag);
	return EC_SUCCESS;
}

static enum ec make_leaf(struct match *m, struct node *node)
{
	const struct restriction *r = node->r;

	switch (r->type) {
	case RES_CONTENT:
		return make_content(m, node);
	case RES_PROPERTY:
		return make_property(m, r);
	case RES_COMPARE_PROPS:
		add_tag(m, r->compare_props.tag1);
		add_tag(m, r->compare_props.tag2);
		return check_rel_op(r->compare_props.rel_op);
	case RES_BIT_MASK:
		add_tag(m, r->bit_mask.tag);
		return r->bit_mask.bit_map_rel_op <= BMR_NEZ ? EC_SUCCESS :
			EC_INVALID_PARAM;
	case RES_SIZE:
		add_tag(m, r->size.tag);
		return check_rel_op(r->size.rel_op);
	case RES_EXIST:
		add_tag(m, r->exist.tag);
		return EC_SUCCESS;
	default:
		return EC_INVALID_PARAM;
	}
}

/* The restrictions right below r; none: a leaf. */
static uint32_t below(const struct restriction *r,
		      const struct restriction **sub)
{
	switch (r->type) {
	case RES_AND:
	case RES_OR:
		*sub = r->list.v;
		return r->list.n;
	case RES_NOT:
		*sub = r->not;
		return 1;
	case RES_SUB_OBJECT:
		*sub = r->sub_object.restriction;
		return 1;
	case RES_COMMENT:
		*sub = r->comment.restriction;
		return *sub != NULL;
	case RES_COUNT:
		*sub = r->count.restriction;
		return 1;
	default:
		*sub = NULL;
		return 0;
	}
}

static bool is_leaf(const struct restriction *r)
{
	return r->type >= RES_CONTENT && r->type <= RES_EXIST;
}

static enum ec make(struct match *m, struct node *node,
		    const struct restriction *r, unsigned depth)
{
	const struct restriction *sub;
	enum ec ec = EC_SUCCESS;

	if (depth > MATCH_MAX_DEPTH || ++m->nodes > MATCH_MAX_NODES)
		return EC_TOO_COMPLEX;
	node->r = r;
	if (r->type > RES_COUNT)
		return EC_INVALID_PARAM;
	if (is_leaf(r))
		return make_leaf(m, node);
	if (r->type == RES_SUB_OBJECT)
		add_tag(m, r->sub_object.subobject);
	node->n = below(r, &sub);
	if (node->n > MATCH_MAX_NODES)
		return EC_TOO_COMPLEX;
	node->sub = arena_array(m->arena, node->n, sizeof *node->sub);
	for (uint32_t i = 0; i < node->n && ec == EC_SUCCESS; i++)
		ec = make(m, &node->sub[i], &sub[i], depth + 1);
	return ec;
}

enum ec match_new(const struct restriction *r, const struct collator *c,
		  struct match **out)
{
	struct match *m = xcalloc(1, sizeof *m);
	enum ec ec = EC_SUCCESS;

	m->arena = arena_new(0);
	m->c = c;
	m->limit = UINT32_MAX;
	if (r != NULL) {
		r = restriction_copy(m->arena, r);
		m->root = arena_zalloc(m->arena, sizeof *m->root);
		if (r->type == RES_COUNT)
			m->limit = r->count.count;
		ec = make(m, m->root, r, 1);
	}
	if (ec != EC_SUCCESS) {
		match_free(m);
		return ec;
	}
	*out = m;
	return EC_SUCCESS;
}

void match_free(struct match *m)
{
	if (m == NULL)
		return;
	arena_free(m->arena);
	free(m->tags);
	free(m);
}

struct prop_tags match_tags(const struct match *m)
{
	return (struct prop_tags){ m->n_tags, m->tags };
}

uint32_t match_limit(const struct match *m)
{
	return m->limit;
}

/* ---- evaluating ---- */

/*
 * An instance column is looked at as the property itself, text of 8-bit
 * characters as the Unicode that rows have.
 */
static uint32_t row_tag(uint32_t tag)
{
	tag &= ~(uint32_t)PTYP_INSTANCE;
	if (single_type(tag) == PTYP_STRING8)
		tag += PTYP_STRING - PTYP_STRING8;
	return tag;
}

static const struct prop_value *get(const struct match_row *row, uint32_t tag)
{
	const struct prop_value *v;

	v = row->get(row, row_tag(tag));
	if (v == NULL || prop_tag_type(v->tag) == PTYP_ERROR_CODE ||
	    prop_tag_type(v->tag) == PTYP_NULL)
		return NULL;
	return v;
}

static bool relation(uint8_t rel_op, int order)
{
	switch (rel_op) {
	case REL_OP_LT: return order < 0;
	case REL_OP_LE: return order <= 0;
	case REL_OP_GT: return order > 0;
	case REL_OP_GE: return order >= 0;
	case REL_OP_EQ: return order == 0;
	default: return order != 0;
	}
}

/* An integer of any width, so that a client need not know which it is. */
static bool as_integer(const struct prop_value *v, int64_t *out)
{
	switch (prop_tag_type(v->tag)) {
	case PTYP_INTEGER16: *out = v->i16; return true;
	case PTYP_INTEGER32: *out = v->i32; return true;
	case PTYP_INTEGER64: *out = v->i64; return true;
	case PTYP_BOOLEAN: *out = v->b; return true;
	default: return false;
	}
}

static bool compare(const struct collator *c, const struct prop_value *a,
		    const struct prop_value *b, int *order)
{
	int64_t x, y;

	if (prop_tag_type(a->tag) != prop_tag_type(b->tag) &&
	    as_integer(a, &x) && as_integer(b, &y)) {
		*order = (x > y) - (x < y);
		return true;
	}
	return collate_values(c, a, b, order);
}

/* One value against a multivalued property: NE is that none is equal. */
static bool any_value(const struct match *m, const struct prop_value *mv,
		      uint8_t rel_op, const struct prop_value *b)
{
	bool ne = rel_op == REL_OP_NE;
	int order;

	for (uint32_t i = 0; i < mv->n; i++) {
		struct prop_value v = prop_element(mv, i);

		if (compare(m->c, &v, b, &order) &&
		    relation(ne ? REL_OP_EQ : rel_op, order))
			return !ne;
	}
	return ne;
}

static bool is_multiple(const struct prop_value *v)
{
	return (prop_tag_type(v->tag) & PTYP_MULTIPLE) != 0;
}

static bool eval_property(const struct match *m, const struct restriction *r,
			  const struct match_row *row)
{
	const struct prop_value *v = get(row, r->property.tag);
	int order;

	if (v == NULL)
		return false;
	if (is_multiple(v) && !is_multiple(&r->property.value))
		return any_value(m, v, r->property.rel_op, &r->property.value);
	return compare(m->c, v, &r->property.value, &order) &&
		relation(r->property.rel_op, order);
}

static bool match_bytes(const struct restriction *r, const struct bin *in)
{
	const struct bin *want = &r->content.value.bin;

	if (want->len > in->len)
		return false;
	switch (r->content.fuzzy_level_low) {
	case FL_FULL_STRING:
		return want->len == in->len && (want->len == 0 ||
			memcmp(want->data, in->data, want->len) == 0);
	case FL_PREFIX:
		return want->len == 0 ||
			memcmp(want->data, in->data, want->len) == 0;
	default:
		return want->len == 0 || memmem(in->data, in->len, want->data,
						want->len) != NULL;
	}
}

static bool content_of(const struct node *node, const struct prop_value *v)
{
	unsigned type = single_type(v->tag);
	bool want_text = is_text(single_type(node->r->content.value.tag));

	if (want_text && is_text(type))
		return match_text_in(&node->text, v->str, strlen(v->str));
	return !want_text && is_bytes(type) && match_bytes(node->r, &v->bin);
}

static bool eval_content(const struct node *node, const struct match_row *row)
{
	const struct prop_value *v = get(row, node->r->content.tag);

	if (v == NULL)
		return false;
	if (!is_multiple(v))
		return content_of(node, v);
	for (uint32_t i = 0; i < v->n; i++) {
		struct prop_value one = prop_element(v, i);

		if (content_of(node, &one))
			return true;
	}
	return false;
}

static bool eval_compare_props(const struct match *m,
			       const struct restriction *r,
			       const struct match_row *row)
{
	const struct prop_value *a = get(row, r->compare_props.tag1), *b;
	struct arena *scratch;
	struct prop_value copy;
	int order;
	bool result;

	if (a == NULL)
		return false;
	scratch = arena_new(0);           /* a is borrowed until the next get */
	copy = prop_value_copy(scratch, a);
	b = get(row, r->compare_props.tag2);
	result = b != NULL && compare(m->c, &copy, b, &order) &&
		relation(r->compare_props.rel_op, order);
	arena_free(scratch);
	return result;
}

static bool eval_bit_mask(const struct restriction *r,
			  const struct match_row *row)
{
	const struct prop_value *v = get(row, r->bit_mask.tag);
	int64_t x;

	if (v == NULL || !as_integer(v, &x))
		return false;
	return (((uint32_t)x & r->bit_mask.mask) != 0) ==
		(r->bit_mask.bit_map_rel_op == BMR_NEZ);
}

static bool eval_size(const struct restriction *r, const struct match_row *row)
{
	const struct prop_value *v = get(row, r->size.tag);
	size_t size;

	if (v == NULL)
		return false;
	size = prop_value_size(v);
	return relation(r->size.rel_op,
			(size > r->size.size) - (size < r->size.size));
}

static bool eval(const struct match *m, const struct node *node,
		 const struct match_row *row);

struct sub_ctx {
	const struct match *m;
	const struct node *node;
};

static bool eval_sub(void *ctx, const struct match_row *sub)
{
	const struct sub_ctx *s = ctx;

	return eval(s->m, s->node, sub);
}

static bool eval_list(const struct match *m, const struct node *node,
		      const struct match_row *row)
{
	bool any = node->r->type == RES_OR;

	for (uint32_t i = 0; i < node->n; i++)
		if (eval(m, &node->sub[i], row) == any)
			return any;
	return !any;
}

static bool eval(const struct match *m, const struct node *node,
		 const struct match_row *row)
{
	const struct restriction *r = node->r;
	struct sub_ctx sub = { m, node->sub };

	switch (r->type) {
	case RES_AND:
	case RES_OR:
		return eval_list(m, node, row);
	case RES_NOT:
		return !eval(m, node->sub, row);
	case RES_CONTENT:
		return eval_content(node, row);
	case RES_PROPERTY:
		return eval_property(m, r, row);
	case RES_COMPARE_PROPS:
		return eval_compare_props(m, r, row);
	case RES_BIT_MASK:
		return eval_bit_mask(r, row);
	case RES_SIZE:
		return eval_size(r, row);
	case RES_EXIST:
		return get(row, r->exist.tag) != NULL;
	case RES_SUB_OBJECT:
		return row->each != NULL &&
			row->each(row, r->sub_object.subobject, eval_sub, &sub);
	default:                          /* comment, count */
		return node->n == 0 || eval(m, node->sub, row);
	}
}

bool match_row(const struct match *m, const struct match_row *row)
{
	return m->root == NULL || eval(m, m->root, row);
}

/* ---- rows of values ---- */

static const struct prop_value *values_get(const struct match_row *row,
					   uint32_t tag)
{
	const struct match_values *v = (const struct match_values *)row;

	return prop_find(&v->values, tag);
}

struct match_values match_values(struct prop_values values)
{
	return (struct match_values){
		.row = { .get = values_get }, .values = values,
	};
}
