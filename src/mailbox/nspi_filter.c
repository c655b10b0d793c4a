/* SPDX-License-Identifier: Apache-2.0 */
#include "mailbox/nspi_filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/collate.h"
#include "store/match.h"

/*
 * A comparison with PidTagAnr ([MS-OXOABK]: a name to be resolved) becomes
 * the existence of a property that only those have whom the name finds.
 */
enum { ANR_NAMES = 8, ANR_ID = 0x7e00 };

struct nspi_filter {
	struct match_row row;
	struct nspi_call call;    /* with an arena for one row at a time */
	struct arena *arena;
	struct match *match;
	const struct recipient *r;
	struct prop_value value;
	uint8_t *names[ANR_NAMES];
	unsigned n_names;
};

void nspi_guid_hex(const struct guid *guid, char out[static 33])
{
	/* As a number, the way it is written: 4-2-2 swapped. */
	char text[GUID_TEXT_SIZE], *at = out;

	guid_format(guid, text);
	for (const char *c = text; *c != '\0'; c++)
		if (*c != '-')
			*at++ = *c;
	*at = '\0';
}

static bool is_anr(const struct restriction *r, const char **name)
{
	const struct prop_value *v;
	uint32_t tag;

	if (r->type == RES_PROPERTY) {
		tag = r->property.tag;
		v = &r->property.value;
	} else if (r->type == RES_CONTENT) {
		tag = r->content.tag;
		v = &r->content.value;
	} else {
		return false;
	}
	if (prop_tag_id(tag) != prop_tag_id(PID_TAG_ANR) ||
	    prop_tag_type(v->tag) != PTYP_STRING || v->str == NULL)
		return false;
	*name = v->str;
	return true;
}

bool nspi_filter_is_anr(const struct restriction *r)
{
	const char *name;

	return r != NULL && is_anr(r, &name);
}

/* The objects that a name finds, as a bit a slot. */
static uint8_t *resolve(const struct nspi_call *call, const char *name)
{
	uint32_t n = recipients_slots(call->s);
	uint32_t *found = xmalloc((n + 1) * sizeof *found);
	uint8_t *bits = xcalloc(n / 8 + 1, 1);
	size_t count = recipients_anr(call->s, name, found, n);

	for (size_t i = 0; i < count; i++)
		bits[found[i] / 8] |= (uint8_t)(1 << found[i] % 8);
	free(found);
	return bits;
}

static bool replace(struct nspi_filter *f, struct restriction *r);

static bool replace_list(struct nspi_filter *f, struct restriction *r)
{
	struct restriction *v = (struct restriction *)r->list.v;

	for (uint32_t i = 0; i < r->list.n; i++)
		if (!replace(f, &v[i]))
			return false;
	return true;
}

/* In a copy; its depth was limited when it was decoded. */
static bool replace(struct nspi_filter *f, struct restriction *r)
{
	const char *name;

	switch (r->type) {
	case RES_AND:
	case RES_OR:
		return replace_list(f, r);
	case RES_NOT:
		return replace(f, (struct restriction *)r->not);
	case RES_PROPERTY:
	case RES_CONTENT:
		if (!is_anr(r, &name))
			return true;
		if (f->n_names == ANR_NAMES)
			return false;
		f->names[f->n_names] = resolve(&f->call, name);
		*r = (struct restriction){ .type = RES_EXIST, .exist = {
			prop_tag_make(ANR_ID + f->n_names++, PTYP_BOOLEAN) } };
		return true;
	default:
		return true;
	}
}

static const struct prop_value *row_get(const struct match_row *row,
					uint32_t tag)
{
	struct nspi_filter *f = (struct nspi_filter *)row;
	unsigned id = prop_tag_id(tag), type = prop_tag_type(tag);
	uint32_t slot = f->r->slot;

	if (id >= ANR_ID && id < ANR_ID + f->n_names) {
		f->value = (struct prop_value){ .tag = tag, .b = true };
		return (f->names[id - ANR_ID][slot / 8] >> slot % 8 & 1) != 0
			? &f->value : NULL;
	}
	if ((type & ~(unsigned)PTYP_MULTIPLE) == PTYP_STRING8)
		tag ^= PTYP_STRING ^ PTYP_STRING8;
	/* A single value is held against each of several. */
	f->value = nspi_value(&f->call, f->r, tag, false);
	if (prop_tag_type(f->value.tag) == PTYP_ERROR_CODE && type ==
	    PTYP_STRING)
		f->value = nspi_value(&f->call, f->r, tag | PTYP_MULTIPLE,
				      false);
	return prop_tag_type(f->value.tag) == PTYP_ERROR_CODE ? NULL :
		&f->value;
}

enum ec nspi_filter_new(struct nspi_call *call, const struct restriction *r,
			struct nspi_filter **out)
{
	struct nspi_filter *f = xcalloc(1, sizeof *f);
	struct restriction *copy;
	enum ec ec = EC_TOO_COMPLEX;

	f->row.get = row_get;
	f->call = *call;
	f->arena = f->call.arena = arena_new(0);
	copy = (struct restriction *)restriction_copy(call->arena, r);
	if (replace(f, copy))
		ec = match_new(copy, nspi_collator(call->svc), &f->match);
	if (ec != EC_SUCCESS) {
		nspi_filter_free(f);
		return EC_TOO_COMPLEX;
	}
	*out = f;
	return EC_SUCCESS;
}

bool nspi_filter_has(struct nspi_filter *f, const struct recipient *r)
{
	bool has;

	f->r = r;
	has = match_row(f->match, &f->row);
	arena_reset(f->arena);
	return has;
}

void nspi_filter_free(struct nspi_filter *f)
{
	if (f == NULL)
		return;
	for (unsigned i = 0; i < f->n_names; i++)
		free(f->names[i]);
	match_free(f->match);
	arena_free(f->arena);
	free(f);
}
