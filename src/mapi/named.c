/* SPDX-License-Identifier: Apache-2.0 */
#include "mapi/named.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf.h"

#define NAMED_SET(constant, name, ...) \
	const struct guid constant = { { __VA_ARGS__ } };
#define NAMED_PROP(constant, set, lid, type, name)
#include "mapi/named_props.def"
#undef NAMED_SET
#undef NAMED_PROP

static const struct {
	const struct guid *set;
	const char *name;
} sets[] = {
#define NAMED_SET(constant, name, ...) { &constant, name },
#define NAMED_PROP(constant, set, lid, type, name)
#include "mapi/named_props.def"
#undef NAMED_SET
#undef NAMED_PROP
};

/* In the order of set and LID, which tools/gen-named-props keeps. */
static const struct named_prop props[] = {
#define NAMED_SET(constant, name, ...)
#define NAMED_PROP(constant, set, lid, type, name) { &set, lid, type, name },
#include "mapi/named_props.def"
#undef NAMED_SET
#undef NAMED_PROP
};

enum {
	SETS = sizeof sets / sizeof *sets,
	PROPS = sizeof props / sizeof *props,
};

static bool is_before(const struct named_prop *prop, const struct guid *set,
		      uint32_t lid)
{
	int order = guid_compare(prop->set, set);

	return order != 0 ? order < 0 : prop->lid < lid;
}

const struct named_prop *named_prop_find(const struct guid *set, uint32_t lid)
{
	size_t low = 0, high = PROPS;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (is_before(&props[middle], set, lid))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == PROPS || props[low].lid != lid ||
	    !guid_equal(props[low].set, set))
		return NULL;
	return &props[low];
}

const struct named_prop *named_prop_by_name(const char *name)
{
	for (size_t i = 0; i < PROPS; i++)
		if (strcmp(props[i].name, name) == 0)
			return &props[i];
	return NULL;
}

const char *named_set_name(const struct guid *set)
{
	for (size_t i = 0; i < SETS; i++)
		if (guid_equal(sets[i].set, set))
			return sets[i].name;
	return NULL;
}

/* NameSize counts the bytes of the name with its terminator. */
static const char *string_decode(struct wire_r *r, struct prop_ctx *c)
{
	struct wire_r in = wire_sub(r, wire_u8(r));
	const char *name = wire_utf16z(&in, c->arena);

	if (!wire_done(&in))
		r->bad = true;
	return name;
}

bool prop_name_decode(struct wire_r *r, struct prop_ctx *c,
		      struct prop_name *out)
{
	struct prop_name name = { .kind = wire_u8(r) };

	name.guid = wire_guid(r);
	switch (name.kind) {
	case PROP_NAME_LID:
		name.lid = wire_u32(r);
		break;
	case PROP_NAME_STRING:
		name.name = string_decode(r, c);
		break;
	case PROP_NAME_NONE:
		break;
	default:
		r->bad = true;
	}
	if (!wire_ok(r))
		return false;
	*out = name;
	return true;
}

static void string_encode(struct wire_w *w, const char *name)
{
	size_t size = utf8_to_utf16_size(name, strlen(name)) + 2;

	if (size > UINT8_MAX) {
		w->full = true;
		return;
	}
	wire_put_u8(w, (uint8_t)size);
	wire_put_utf16z(w, name);
}

void prop_name_encode(struct wire_w *w, const struct prop_name *name)
{
	wire_put_u8(w, name->kind);
	wire_put_guid(w, &name->guid);
	if (name->kind == PROP_NAME_LID)
		wire_put_u32(w, name->lid);
	else if (name->kind == PROP_NAME_STRING)
		string_encode(w, name->name);
}

bool prop_name_equal(const struct prop_name *a, const struct prop_name *b)
{
	if (a->kind != b->kind || !guid_equal(&a->guid, &b->guid))
		return false;
	if (a->kind == PROP_NAME_STRING)
		return strcmp(a->name, b->name) == 0;
	return a->kind != PROP_NAME_LID || a->lid == b->lid;
}

struct prop_name prop_name_copy(struct arena *a, const struct prop_name *name)
{
	struct prop_name copy = *name;

	if (name->kind == PROP_NAME_STRING)
		copy.name = arena_strdup(a, name->name);
	return copy;
}

static void print_set(struct buf *b, const struct guid *set)
{
	const char *name = named_set_name(set);
	char text[GUID_TEXT_SIZE];

	if (name != NULL) {
		buf_puts(b, name);
		return;
	}
	guid_format(set, text);
	buf_printf(b, "{%s}", text);
}

void prop_name_print(struct buf *b, const struct prop_name *name)
{
	const struct named_prop *known = NULL;

	if (name->kind == PROP_NAME_LID)
		known = named_prop_find(&name->guid, name->lid);
	if (known != NULL) {
		buf_puts(b, known->name);
		return;
	}
	print_set(b, &name->guid);
	if (name->kind == PROP_NAME_LID)
		buf_printf(b, ":0x%04" PRIx32, name->lid);
	else if (name->kind == PROP_NAME_STRING)
		buf_printf(b, ":\"%s\"", name->name);
	else
		buf_puts(b, ": no name");
}
