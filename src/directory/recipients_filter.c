/* SPDX-License-Identifier: Apache-2.0 */
/* Filters of address lists and dynamic groups: RFC 4515 into restrictions,
 * and restrictions over recipients. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "directory/recipients_impl.h"
#include "mapi/restriction.h"
#include "store/match.h"

enum { DEPTH_MAX = 32, PARTS_MAX = 16, VALUES_MAX = 64 };

/* --- Over recipients -------------------------------------------------- */

struct recipient_row {
	struct match_row row;
	const struct recipient *r;
	struct prop_value value;
	const char *texts[VALUES_MAX];
};

static const struct prop_value *give_number(struct recipient_row *row,
					    uint32_t tag)
{
	int64_t n = tag == RECIPIENT_TAG_KIND ? row->r->kind :
		recipient_number(row->r, tag, INT64_MIN);

	if (n == INT64_MIN)
		return NULL;
	row->value = (struct prop_value){ .tag = tag };
	if (prop_tag_type(tag) == PTYP_BOOLEAN)
		row->value.b = n != 0;
	else
		row->value.i32 = (int32_t)n;
	return &row->value;
}

static const struct prop_value *give_texts(struct recipient_row *row,
					   uint32_t tag)
{
	uint32_t n = 0;
	struct bin v;

	for (size_t at = 0; n < VALUES_MAX &&
	     recipient_next(row->r, tag, &at, &v);)
		row->texts[n++] = (const char *)v.data;
	if (n == 0)
		return NULL;
	row->value = (struct prop_value){
		.tag = prop_tag_make(prop_tag_id(tag), PTYP_MULTIPLE_STRING),
		.n = n, .mv_str = row->texts };
	return &row->value;
}

static const struct prop_value *row_get(const struct match_row *base,
					uint32_t tag)
{
	struct recipient_row *row = (struct recipient_row *)base;
	unsigned type = prop_tag_type(tag) & ~(unsigned)PTYP_MULTIPLE;
	const char *text;

	if (type == PTYP_INTEGER32 || type == PTYP_BOOLEAN)
		return give_number(row, tag);
	if (type != PTYP_STRING && type != PTYP_STRING8)
		return NULL;
	if (prop_tag_id(tag) ==
	    prop_tag_id(PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES) ||
	    (tag & PTYP_MULTIPLE) != 0)
		return give_texts(row, tag);
	text = recipient_text(row->r, tag);
	if (*text == '\0')
		return NULL;
	row->value = (struct prop_value){
		.tag = prop_tag_make(prop_tag_id(tag), PTYP_STRING),
		.str = text };
	return &row->value;
}

bool recipient_matches(const struct match *m, const struct recipient *r)
{
	struct recipient_row row = { .row = { .get = row_get }, .r = r };

	return match_row(m, &row.row);
}

bool container_has_kind(uint32_t container, unsigned kind)
{
	switch (container) {
	case CONTAINER_GAL:
		return true;
	case CONTAINER_USERS:
		return kind == RECIPIENT_MAILBOX;
	case CONTAINER_GROUPS:
		return kind == RECIPIENT_GROUP ||
			kind == RECIPIENT_DYNAMIC_GROUP;
	case CONTAINER_CONTACTS:
		return kind == RECIPIENT_CONTACT;
	case CONTAINER_ROOMS:
		return kind == RECIPIENT_ROOM;
	case CONTAINER_PUBLIC_FOLDERS:
		return kind == RECIPIENT_PUBLIC_FOLDER;
	default:
		return false;
	}
}

/* --- Reading a filter ------------------------------------------------- */

struct parser {
	const char *start, *at;
	struct arena *arena;
	struct err *err;
	unsigned depth;
};

static bool fail(const struct parser *p, const char *what)
{
	return err_set(p->err, EC_INVALID_PARAM, "the filter %s can't be read "
		       "at \"%.20s\": %s", p->start, p->at, what);
}

static bool parse_filter(struct parser *p, struct restriction *out);

static bool parse_list(struct parser *p, uint8_t type,
		       struct restriction *out)
{
	struct restriction *v = NULL, one;
	uint32_t n = 0, cap = 0;

	p->at++;
	while (*p->at == '(') {
		if (!parse_filter(p, &one))
			return false;
		if (n == cap) {
			struct restriction *more;

			cap = cap > 0 ? cap * 2 : 4;
			more = arena_array(p->arena, cap, sizeof *more);
			if (n > 0)
				memcpy(more, v, n * sizeof *v);
			v = more;
		}
		v[n++] = one;
	}
	if (n == 0)
		return fail(p, "a part in parentheses belongs here");
	*out = (struct restriction){ .type = type, .list = { n, v } };
	return true;
}

static bool parse_not(struct parser *p, struct restriction *out)
{
	struct restriction *sub = arena_zalloc(p->arena, sizeof *sub);

	p->at++;
	if (*p->at != '(')
		return fail(p, "a part in parentheses belongs here");
	if (!parse_filter(p, sub))
		return false;
	*out = (struct restriction){ .type = RES_NOT, .not = sub };
	return true;
}

/* The value up to ')', in parts between stars, escapes resolved. */
static bool parse_value(struct parser *p, const char **parts, size_t *n)
{
	char *to = arena_alloc(p->arena, strlen(p->at) + 1);

	*n = 1;
	parts[0] = to;
	for (; *p->at != ')' && *p->at != '\0' && *p->at != '('; p->at++) {
		unsigned c = (unsigned char)*p->at;

		if (c == '\\') {
			if (sscanf(p->at + 1, "%2x", &c) != 1 || c == 0 ||
			    !isxdigit((unsigned char)p->at[2]))
				return fail(p, "\\ and two hexadecimal digits "
					    "stand for a character");
			p->at += 2;
		} else if (c == '*') {
			if (*n == PARTS_MAX)
				return fail(p, "there are too many stars");
			*to++ = '\0';
			parts[(*n)++] = to;
			continue;
		}
		*to++ = (char)c;
	}
	*to = '\0';
	return *p->at == ')' || fail(p, "a ) is missing");
}

static struct restriction content(uint32_t tag, uint16_t level,
				  const char *text)
{
	uint32_t single = prop_tag_make(prop_tag_id(tag), PTYP_STRING);

	return (struct restriction){ .type = RES_CONTENT, .content = {
		level, FL_IGNORE_CASE | FL_IGNORE_NON_SPACE, single,
		{ .tag = single, .str = text } } };
}

static bool substrings(struct parser *p, uint32_t tag,
		       const char *const *parts, size_t n,
		       struct restriction *out)
{
	struct restriction *v = arena_array(p->arena, n, sizeof *v);
	uint32_t count = 0;

	if (*parts[n - 1] != '\0')
		return fail(p, "only beginnings and middles of values can be "
			    "looked for: end it with a *");
	for (size_t i = 0; i < n; i++)
		if (*parts[i] != '\0')
			v[count++] = content(tag, i == 0 ? FL_PREFIX :
					     FL_SUBSTRING, parts[i]);
	if (count == 0)
		*out = (struct restriction){ .type = RES_EXIST,
					     .exist = { tag } };
	else
		*out = (struct restriction){ .type = RES_AND,
					     .list = { count, v } };
	return true;
}

/* The kinds that an objectClass means. */
static const struct {
	const char *name;
	uint8_t kind;
} classes[] = {
	{ "user", RECIPIENT_MAILBOX }, { "person", RECIPIENT_MAILBOX },
	{ "inetOrgPerson", RECIPIENT_MAILBOX },
	{ "group", RECIPIENT_GROUP }, { "groupOfNames", RECIPIENT_GROUP },
	{ "msExchDynamicDistributionList", RECIPIENT_DYNAMIC_GROUP },
	{ "contact", RECIPIENT_CONTACT },
	{ "publicFolder", RECIPIENT_PUBLIC_FOLDER },
	{ "agent", RECIPIENT_AGENT }, { "room", RECIPIENT_ROOM },
	{ "equipment", RECIPIENT_EQUIPMENT },
};

static struct restriction is_kind(uint8_t kind)
{
	return (struct restriction){ .type = RES_PROPERTY, .property = {
		REL_OP_EQ, RECIPIENT_TAG_KIND,
		{ .tag = RECIPIENT_TAG_KIND, .i32 = kind } } };
}

static bool object_class(struct parser *p, const char *name,
			 struct restriction *out)
{
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		if (strcasecmp(classes[i].name, name) == 0) {
			*out = is_kind(classes[i].kind);
			return true;
		}
	return fail(p, "objectClass is user, group, contact, room, "
		    "equipment, publicFolder, agent or "
		    "msExchDynamicDistributionList");
}

static bool number(struct parser *p, uint32_t tag, uint8_t op,
		   const char *text, struct restriction *out)
{
	struct prop_value v = { .tag = tag };
	char *end;

	v.i32 = (int32_t)strtol(text, &end, 10);
	if (prop_tag_type(tag) == PTYP_BOOLEAN) {
		v.i32 = 0;
		v.b = strcasecmp(text, "TRUE") == 0;
		if (!v.b && strcasecmp(text, "FALSE") != 0)
			return fail(p, "the value is TRUE or FALSE");
	} else if (*end != '\0' || end == text) {
		return fail(p, "the value is a number");
	}
	*out = (struct restriction){ .type = RES_PROPERTY,
				     .property = { op, tag, v } };
	return true;
}

static bool compare(struct parser *p, const struct recipient_attr *attr,
		    uint8_t op, struct restriction *out)
{
	unsigned type = prop_tag_type(attr->tag);
	const char *parts[PARTS_MAX];
	size_t n;

	if (!parse_value(p, parts, &n))
		return false;
	if (n > 1 && op != REL_OP_EQ)
		return fail(p, "a star can't stand there");
	if (n > 1 && (type == PTYP_INTEGER32 || type == PTYP_BOOLEAN)) {
		*out = (struct restriction){ .type = RES_EXIST,
					     .exist = { attr->tag } };
		return true;
	}
	if (type == PTYP_INTEGER32 || type == PTYP_BOOLEAN)
		return number(p, attr->tag, op, parts[0], out);
	if (n > 1)
		return substrings(p, attr->tag, parts, n, out);
	if (op != REL_OP_EQ)
		return fail(p, "only numbers can be compared by >= and <=");
	*out = content(attr->tag, FL_FULL_STRING, parts[0]);
	return true;
}

static bool parse_item(struct parser *p, struct restriction *out)
{
	size_t len = strcspn(p->at, "=<>~()");
	char *name = arena_strndup(p->arena, p->at, len);
	const struct recipient_attr *attr = recipient_attr_named(name);
	const char *parts[PARTS_MAX];
	uint8_t op = REL_OP_EQ;
	size_t n;

	if (strcasecmp(name, "objectClass") == 0 && p->at[len] == '=') {
		p->at += len + 1;
		return parse_value(p, parts, &n) &&
			object_class(p, parts[0], out);
	}
	if (attr == NULL || (attr->flags & (ATTR_LINK | ATTR_LARGE)) != 0)
		return fail(p, "that is no attribute that can be compared");
	p->at += len;
	if (*p->at == '<' || *p->at == '>')
		op = *p->at++ == '<' ? REL_OP_LE : REL_OP_GE;
	if (*p->at != '=')
		return fail(p, "=, >= or <= belongs here");
	p->at++;
	return compare(p, attr, op, out);
}

static bool parse_filter(struct parser *p, struct restriction *out)
{
	bool ok;

	if (*p->at != '(')
		return fail(p, "it begins with (");
	if (++p->depth > DEPTH_MAX)
		return fail(p, "it is nested too deeply");
	p->at++;
	switch (*p->at) {
	case '&':
		ok = parse_list(p, RES_AND, out);
		break;
	case '|':
		ok = parse_list(p, RES_OR, out);
		break;
	case '!':
		ok = parse_not(p, out);
		break;
	default:
		ok = parse_item(p, out);
	}
	p->depth--;
	if (!ok)
		return false;
	if (*p->at != ')')
		return fail(p, "a ) is missing");
	p->at++;
	return true;
}

bool recipient_filter_parse(const char *filter, struct arena *arena,
			    const struct restriction **out, struct err *err)
{
	struct parser p = { filter, filter, arena, err, 0 };
	struct restriction *r = arena_zalloc(arena, sizeof *r);

	if (!parse_filter(&p, r))
		return false;
	if (*p.at != '\0')
		return fail(&p, "nothing belongs behind the last )");
	*out = r;
	return true;
}

struct match *recipient_filter_match(const char *filter, struct err *err)
{
	struct arena *arena = arena_new(0);
	const struct restriction *r;
	struct match *m = NULL;

	/* Texts are compared by folding them: no collator is needed. */
	if (recipient_filter_parse(filter, arena, &r, err)) {
		enum ec ec = match_new(r, NULL, &m);

		if (ec != EC_SUCCESS)
			err_set(err, ec, "the filter %s is too complex",
				filter);
	}
	arena_free(arena);
	return m;
}
