/* SPDX-License-Identifier: Apache-2.0 */
#include "mapi/prop.h"

#include <string.h>

#include "base/utf.h"
#include "mapi/restriction.h"
#include "mapi/rule.h"

/* In the order of the tags, which tools/gen-prop-tags keeps. */
static const struct tag_name {
	uint32_t tag;
	const char *name;
} tag_names[] = {
#define PROP(constant, tag, name) { tag, name },
#include "mapi/prop_tags.def"
#undef PROP
};

/* Of several names of a tag, the first of the table. */
static const char *name_of(uint32_t tag)
{
	size_t count = sizeof tag_names / sizeof *tag_names;
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (tag_names[middle].tag < tag)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && tag_names[low].tag == tag ?
		tag_names[low].name : NULL;
}

const char *prop_tag_name(uint32_t tag)
{
	const char *name = name_of(tag);

	/* The 8-bit form of a string has the name of the Unicode form. */
	if (name == NULL && (tag & 0xefff) == PTYP_STRING8)
		name = name_of(tag ^ (PTYP_STRING8 ^ PTYP_STRING));
	return name;
}

struct prop_value prop_error(uint32_t tag, enum ec error)
{
	return (struct prop_value){
		.tag = prop_tag_make(prop_tag_id(tag), PTYP_ERROR_CODE),
		.error = error,
	};
}

const struct prop_value *prop_find(const struct prop_values *values,
				   uint32_t tag)
{
	for (uint32_t i = 0; i < values->n; i++)
		if (prop_tag_id(values->v[i].tag) == prop_tag_id(tag))
			return &values->v[i];
	return NULL;
}

static struct bin bin_copy(struct arena *a, const struct bin *bin)
{
	return (struct bin){ arena_memdup(a, bin->data, bin->len), bin->len };
}

static const struct bin *bins_copy(struct arena *a, const struct bin *v,
				   uint32_t n)
{
	struct bin *copy = arena_array(a, n, sizeof *copy);

	for (uint32_t i = 0; i < n; i++)
		copy[i] = bin_copy(a, &v[i]);
	return copy;
}

static const char *const *strings_copy(struct arena *a, const char *const *v,
				       uint32_t n)
{
	const char **copy = arena_array(a, n, sizeof *copy);

	for (uint32_t i = 0; i < n; i++)
		copy[i] = arena_strdup(a, v[i]);
	return copy;
}

/* Bytes of one element of an array of fixed-size elements; 0: of no such. */
static size_t element_size(unsigned type)
{
	switch (type) {
	case PTYP_MULTIPLE_INTEGER16:
		return 2;
	case PTYP_MULTIPLE_INTEGER32:
	case PTYP_MULTIPLE_FLOATING32:
		return 4;
	case PTYP_MULTIPLE_FLOATING64:
	case PTYP_MULTIPLE_CURRENCY:
	case PTYP_MULTIPLE_FLOATING_TIME:
	case PTYP_MULTIPLE_INTEGER64:
	case PTYP_MULTIPLE_TIME:
		return 8;
	case PTYP_MULTIPLE_GUID:
		return sizeof(struct guid);
	default:
		return 0;
	}
}

struct prop_value prop_value_copy(struct arena *a,
				  const struct prop_value *value)
{
	struct prop_value copy = *value;
	unsigned type = prop_tag_type(value->tag);
	size_t each = element_size(type);

	if (each > 0) {
		copy.mv_i16 = arena_memdup(a, value->mv_i16, value->n * each);
		return copy;
	}
	switch (type) {
	case PTYP_STRING:
	case PTYP_STRING8:
		copy.str = arena_strdup(a, value->str);
		break;
	case PTYP_BINARY:
	case PTYP_SERVER_ID:
	case PTYP_OBJECT:
		copy.bin = bin_copy(a, &value->bin);
		break;
	case PTYP_GUID:
		copy.guid = arena_memdup(a, value->guid, sizeof *value->guid);
		break;
	case PTYP_RESTRICTION:
		copy.restriction = restriction_copy(a, value->restriction);
		break;
	case PTYP_RULE_ACTION:
		copy.actions = rule_actions_copy(a, value->actions);
		break;
	case PTYP_MULTIPLE_STRING:
	case PTYP_MULTIPLE_STRING8:
		copy.mv_str = strings_copy(a, value->mv_str, value->n);
		break;
	case PTYP_MULTIPLE_BINARY:
		copy.mv_bin = bins_copy(a, value->mv_bin, value->n);
		break;
	}
	return copy;
}

static size_t string_size(unsigned type, const char *s)
{
	size_t len = strlen(s);

	if ((type & ~(unsigned)PTYP_MULTIPLE) == PTYP_STRING8)
		return len + 1;
	return utf8_to_utf16_size(s, len) + 2;
}

static size_t single_size(const struct prop_value *value, unsigned type)
{
	switch (type) {
	case PTYP_INTEGER16:
		return 2;
	case PTYP_BOOLEAN:
		return 1;
	case PTYP_INTEGER32:
	case PTYP_FLOATING32:
	case PTYP_ERROR_CODE:
		return 4;
	case PTYP_FLOATING64:
	case PTYP_CURRENCY:
	case PTYP_FLOATING_TIME:
	case PTYP_INTEGER64:
	case PTYP_TIME:
		return 8;
	case PTYP_GUID:
		return sizeof(struct guid);
	case PTYP_STRING:
	case PTYP_STRING8:
		return string_size(type, value->str);
	case PTYP_BINARY:
	case PTYP_SERVER_ID:
	case PTYP_OBJECT:
		return value->bin.len;
	default:
		return 0;
	}
}

size_t prop_value_size(const struct prop_value *value)
{
	unsigned type = prop_tag_type(value->tag);
	size_t size = 0;

	if ((type & PTYP_MULTIPLE) == 0)
		return single_size(value, type);
	for (uint32_t i = 0; i < value->n; i++)
		if (type == PTYP_MULTIPLE_BINARY)
			size += value->mv_bin[i].len;
		else if (element_size(type) > 0)
			size += element_size(type);
		else
			size += string_size(type, value->mv_str[i]);
	return size;
}

static bool bin_equal(const struct bin *a, const struct bin *b)
{
	return a->len == b->len &&
		(a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static bool multiple_equal(const struct prop_value *a,
			   const struct prop_value *b)
{
	unsigned type = prop_tag_type(a->tag);
	size_t each = element_size(type);

	if (a->n != b->n)
		return false;
	if (each > 0)
		return a->n == 0 ||
			memcmp(a->mv_i16, b->mv_i16, a->n * each) == 0;
	for (uint32_t i = 0; i < a->n; i++)
		if (type == PTYP_MULTIPLE_BINARY ?
		    !bin_equal(&a->mv_bin[i], &b->mv_bin[i]) :
		    strcmp(a->mv_str[i], b->mv_str[i]) != 0)
			return false;
	return true;
}

bool prop_value_equal(const struct prop_value *a, const struct prop_value *b)
{
	if (a->tag != b->tag)
		return false;
	if ((prop_tag_type(a->tag) & PTYP_MULTIPLE) != 0)
		return multiple_equal(a, b);
	switch (prop_tag_type(a->tag)) {
	case PTYP_STRING:
	case PTYP_STRING8:
		return strcmp(a->str, b->str) == 0;
	case PTYP_BINARY:
	case PTYP_SERVER_ID:
	case PTYP_OBJECT:
		return bin_equal(&a->bin, &b->bin);
	case PTYP_GUID:
		return guid_equal(a->guid, b->guid);
	case PTYP_RESTRICTION:
		return restriction_equal(a->restriction, b->restriction);
	case PTYP_RULE_ACTION:
		return rule_actions_equal(a->actions, b->actions);
	case PTYP_BOOLEAN:
		return a->b == b->b;
	case PTYP_INTEGER16:
		return a->i16 == b->i16;
	case PTYP_INTEGER32:
	case PTYP_FLOATING32:             /* by bits, as the bytes are */
	case PTYP_ERROR_CODE:
		return a->i32 == b->i32;
	case PTYP_NULL:
		return true;
	default:
		return a->i64 == b->i64;
	}
}
