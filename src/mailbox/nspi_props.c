/* SPDX-License-Identifier: Apache-2.0 */
/* The properties of address book objects ([MS-OXOABK] 2.2.3 … 2.2.6). */
#include <stdlib.h>
#include <string.h>

#include "base/utf.h"
#include "mailbox/nspi_impl.h"
#include "mapi/code_page.h"
#include "mapi/entry_id.h"

/* PidTagObjectType, [MS-OXOABK] 2.2.3.10 */
enum { OBJECT_FOLDER = 3, OBJECT_MAIL_USER = 6, OBJECT_DIST_LIST = 8 };

/* PidTagDisplayTypeEx, 2.2.3.12 */
#define DTE_LOCAL UINT32_C(0x40000000)    /* may be in access control lists */
enum { DT_ROOM = 7, DT_EQUIPMENT = 8 };

/* PidTagContainerFlags, 2.2.2.1 */
enum { AB_RECIPIENTS = 1 };

static const struct {
	uint32_t display_type, display_type_ex;
	int32_t object_type;
} kinds[RECIPIENT_KINDS] = {
	[RECIPIENT_MAILBOX] = { DT_MAILUSER, DTE_LOCAL, OBJECT_MAIL_USER },
	[RECIPIENT_GROUP] = { DT_DISTLIST, DT_DISTLIST, OBJECT_DIST_LIST },
	/* Which Exchange shows as agents. */
	[RECIPIENT_DYNAMIC_GROUP] = { DT_AGENT, DT_AGENT, OBJECT_DIST_LIST },
	[RECIPIENT_CONTACT] = { DT_REMOTE_MAILUSER, DT_REMOTE_MAILUSER,
				OBJECT_MAIL_USER },
	[RECIPIENT_PUBLIC_FOLDER] = { DT_FORUM, DT_FORUM, OBJECT_FOLDER },
	[RECIPIENT_AGENT] = { DT_AGENT, DT_AGENT, OBJECT_MAIL_USER },
	[RECIPIENT_ROOM] = { DT_MAILUSER, DT_ROOM, OBJECT_MAIL_USER },
	[RECIPIENT_EQUIPMENT] = { DT_MAILUSER, DT_EQUIPMENT,
				  OBJECT_MAIL_USER },
};

uint32_t nspi_display_type(const struct recipient *r)
{
	return kinds[r->kind].display_type;
}

/* --- Entry IDs, [MS-OXNSPI] 2.2.9 ------------------------------------- */

struct bin nspi_permanent_id(const struct nspi_call *call,
			     const struct recipient *r)
{
	struct address_book_entry_id id = {
		nspi_display_type(r),
		recipient_text(r, PID_TAG_EMAIL_ADDRESS) };

	return address_book_entry_id_format(call->arena, &id);
}

struct bin nspi_ephemeral_id(const struct nspi_call *call,
			     const struct recipient *r)
{
	struct ephemeral_entry_id id = { call->svc->server_guid,
					 nspi_display_type(r), nspi_mid(r) };

	return ephemeral_entry_id_format(call->arena, &id);
}

const struct recipient *nspi_entry_object(const struct nspi_call *call,
					  const struct bin *entry_id)
{
	struct address_book_entry_id permanent;
	struct ephemeral_entry_id ephemeral;

	if (ephemeral_entry_id_parse(entry_id, &ephemeral))
		return guid_equal(&ephemeral.provider_uid,
				  &call->svc->server_guid) ?
			nspi_object(call, ephemeral.minimal_id) : NULL;
	if (address_book_entry_id_parse(entry_id, call->arena, &permanent))
		return recipients_dn(call->s, permanent.x500_dn);
	return NULL;
}

/* --- Values ----------------------------------------------------------- */

struct prop_value nspi_text(const struct nspi_call *call, uint32_t tag,
			    const char *text)
{
	struct prop_value v = { .tag = tag, .str = text };
	size_t len;

	if (prop_tag_type(tag) == PTYP_STRING8)
		v.str = code_page_from_utf8(call->arena, call->code_page,
					    text, &len);
	return v;
}

static struct prop_value texts(const struct nspi_call *call, uint32_t tag,
			       const char *const *v, uint32_t n)
{
	const char **out = arena_array(call->arena, n, sizeof *out);
	uint32_t single = tag & ~(uint32_t)PTYP_MULTIPLE;

	for (uint32_t i = 0; i < n; i++)
		out[i] = nspi_text(call, single, v[i]).str;
	return (struct prop_value){ .tag = tag, .n = n, .mv_str = out };
}

static struct prop_value binary(uint32_t tag, struct bin bin)
{
	return (struct prop_value){ .tag = tag, .bin = bin };
}

static struct prop_value number(uint32_t tag, uint32_t n)
{
	return (struct prop_value){ .tag = tag, .i32 = (int32_t)n };
}

static struct prop_value boolean(uint32_t tag, bool b)
{
	return (struct prop_value){ .tag = tag, .b = b };
}

static struct prop_value none(uint32_t tag)
{
	return prop_error(tag, EC_NOT_FOUND);
}

/* Several texts of the record as a property of either form. */
static struct prop_value record_texts(const struct nspi_call *call,
				      const struct recipient *r, uint32_t tag)
{
	const char **v;
	uint32_t n = 0;
	struct bin value;

	for (size_t at = 0; recipient_next(r, tag, &at, &value);)
		n++;
	if (n == 0)
		return none(tag);
	v = arena_array(call->arena, n, sizeof *v);
	n = 0;
	for (size_t at = 0; recipient_next(r, tag, &at, &value);)
		v[n++] = (const char *)value.data;
	if ((tag & PTYP_MULTIPLE) == 0)
		return nspi_text(call, tag, v[0]);
	return texts(call, tag, v, n);
}

/* Large values, from the back end. */
static struct prop_value fetched(const struct nspi_call *call,
				 const struct recipient *r, uint32_t tag)
{
	const struct nspi_options *o = &call->svc->options;
	const struct bin *v;
	struct err err;
	uint32_t n;

	if (!recipient_has(r, tag))
		return none(tag);
	if (!recipients_fetch(o->recipients, &r->guid, tag, call->arena, &n,
			      &v, &err)) {
		if (o->fault != NULL)
			o->fault(o->fault_ctx, &err);
		return prop_error(tag, EC_ERROR);
	}
	if (n == 0)
		return none(tag);
	if ((tag & PTYP_MULTIPLE) == 0)
		return binary(tag, v[0]);
	return (struct prop_value){ .tag = tag, .n = n, .mv_bin = v };
}

/* "EX:" and the DN in capitals, with its zero. */
static struct prop_value search_key(const struct nspi_call *call,
				    const struct recipient *r, uint32_t tag)
{
	return binary(tag, search_key_format(call->arena, "EX",
		recipient_text(r, PID_TAG_EMAIL_ADDRESS)));
}

/* 2.2.3.7: what a terminal of ASCII can show. */
static struct prop_value printable(const struct nspi_call *call,
				   const struct recipient *r, uint32_t tag)
{
	const char *name = recipient_text(r, tag);
	char *ascii;

	if (*name == '\0')
		name = recipient_text(r, PID_TAG_DISPLAY_NAME);
	ascii = arena_strdup(call->arena, name);
	for (char *in = ascii, *out = ascii;; in++) {
		if ((*in & 0xc0) == 0x80)
			continue;         /* inside a character */
		*out++ = (*in & 0x80) != 0 ? '?' : *in;
		if (*in == '\0')
			break;
	}
	return nspi_text(call, tag, ascii);
}

/* The database that Exchange names by the server's DN. */
static struct prop_value home_mdb(const struct nspi_call *call,
				  const struct recipient *r, uint32_t tag)
{
	struct directory *dir = call->svc->options.directory;
	struct dir_mailbox m;
	struct dir_server server;
	struct dir_org org;

	if (r->kind != RECIPIENT_MAILBOX ||
	    !directory_mailbox_by_dn(dir, recipient_text(r,
		PID_TAG_EMAIL_ADDRESS), call->arena, &m) ||
	    !directory_server(dir, &m.server, call->arena, &server))
		return none(tag);
	directory_org(dir, call->arena, &org);
	return nspi_text(call, tag, arena_printf(call->arena,
		"%s/cn=Microsoft Private MDB", directory_server_dn(
		call->arena, org.name, server.name)));
}

static struct prop_value telephone(const struct nspi_call *call,
				   const struct recipient *r, uint32_t tag)
{
	const char *phone = recipient_text(r,
					   PID_TAG_BUSINESS_TELEPHONE_NUMBER);

	return *phone != '\0' ? nspi_text(call, tag, phone) : none(tag);
}

/* Links as a table to be opened, or as DNs. */
static struct prop_value link_value(const struct nspi_call *call,
				    const struct recipient *r, uint32_t tag)
{
	const struct recipient **to;
	size_t n = nspi_links(call, r, tag, &to);
	unsigned type = prop_tag_type(tag);
	const char **dns;

	if (n == 0)
		return none(tag);
	if (type == PTYP_OBJECT)
		return (struct prop_value){ .tag = tag };
	dns = arena_array(call->arena, n, sizeof *dns);
	for (size_t i = 0; i < n; i++)
		dns[i] = recipient_text(to[i], PID_TAG_EMAIL_ADDRESS);
	if ((type & PTYP_MULTIPLE) != 0)
		return texts(call, tag, dns, (uint32_t)n);
	return nspi_text(call, tag, dns[0]);
}

static bool is_list(const struct recipient *r)
{
	return kinds[r->kind].object_type == OBJECT_DIST_LIST;
}

/* --- The table of properties ------------------------------------------ */

typedef struct prop_value value_fn(const struct nspi_call *call,
				   const struct recipient *r, uint32_t tag);

static struct prop_value v_object_type(const struct nspi_call *call,
				       const struct recipient *r, uint32_t tag)
{
	return number(tag, (uint32_t)kinds[r->kind].object_type);
}

static struct prop_value v_zero(const struct nspi_call *call,
				const struct recipient *r, uint32_t tag)
{
	return number(tag, 0);
}

static struct prop_value v_instance_key(const struct nspi_call *call,
					const struct recipient *r,
					uint32_t tag)
{
	uint32_t mid = nspi_mid(r);

	return binary(tag, (struct bin){ arena_memdup(call->arena, &mid,
						      sizeof mid), 4 });
}

static struct prop_value v_permanent(const struct nspi_call *call,
				     const struct recipient *r, uint32_t tag)
{
	return binary(tag, nspi_permanent_id(call, r));
}

static struct prop_value v_address_type(const struct nspi_call *call,
					const struct recipient *r,
					uint32_t tag)
{
	return nspi_text(call, tag, "EX");
}

static struct prop_value v_dn(const struct nspi_call *call,
			      const struct recipient *r, uint32_t tag)
{
	return nspi_text(call, tag, recipient_text(r, PID_TAG_EMAIL_ADDRESS));
}

static struct prop_value v_display_type(const struct nspi_call *call,
					const struct recipient *r,
					uint32_t tag)
{
	return number(tag, nspi_display_type(r));
}

static struct prop_value v_display_type_ex(const struct nspi_call *call,
					   const struct recipient *r,
					   uint32_t tag)
{
	return number(tag, kinds[r->kind].display_type_ex);
}

static struct prop_value v_name(const struct nspi_call *call,
				const struct recipient *r, uint32_t tag)
{
	return nspi_text(call, tag, recipient_text(r, PID_TAG_DISPLAY_NAME));
}

/* 2.2.3.32: the GUID of the protocol. */
static struct prop_value v_mapping(const struct nspi_call *call,
				   const struct recipient *r, uint32_t tag)
{
	return binary(tag, (struct bin){ PROVIDER_ADDRESS_BOOK.b, 16 });
}

static struct prop_value v_guid(const struct nspi_call *call,
				const struct recipient *r, uint32_t tag)
{
	return binary(tag, (struct bin){ r->guid.b, sizeof r->guid.b });
}

static struct prop_value v_smtp(const struct nspi_call *call,
				const struct recipient *r, uint32_t tag)
{
	const char *address = recipient_address(r);

	return *address != '\0' ? nspi_text(call, tag, address) : none(tag);
}

static struct prop_value v_rich(const struct nspi_call *call,
				const struct recipient *r, uint32_t tag)
{
	return boolean(tag, recipient_number(r, tag,
		r->kind != RECIPIENT_CONTACT) != 0);
}

static struct prop_value v_contents(const struct nspi_call *call,
				    const struct recipient *r, uint32_t tag)
{
	return is_list(r) ? (struct prop_value){ .tag = tag } : none(tag);
}

static struct prop_value v_container_flags(const struct nspi_call *call,
					   const struct recipient *r,
					   uint32_t tag)
{
	return is_list(r) ? number(tag, AB_RECIPIENTS) : none(tag);
}

static struct prop_value v_member_count(const struct nspi_call *call,
					const struct recipient *r,
					uint32_t tag)
{
	const struct recipient **to;

	if (r->kind != RECIPIENT_GROUP)
		return none(tag);
	return number(tag, (uint32_t)nspi_links(call, r,
		PID_TAG_ADDRESS_BOOK_MEMBER, &to));
}

static struct prop_value v_entry_id(const struct nspi_call *call,
				    const struct recipient *r, uint32_t tag)
{
	return binary(tag, nspi_permanent_id(call, r));
}

/*
 * What is computed, which [MS-OXNSPI] 3.1.4.2 begins with; attributes of the
 * record and links beside them.  Their order is that of GetPropList.
 */
static const struct computed {
	uint32_t tag;
	value_fn *value;
} computed[] = {
	{ PID_TAG_OBJECT_TYPE, v_object_type },
	{ PID_TAG_INITIAL_DETAILS_PANE, v_zero },
	{ PID_TAG_ADDRESS_BOOK_DISPLAY_NAME_PRINTABLE, printable },
	{ PID_TAG_ADDRESS_BOOK_CONTAINER_ID, v_zero },
	{ PID_TAG_ENTRY_ID, v_entry_id },
	{ PID_TAG_INSTANCE_KEY, v_instance_key },
	{ PID_TAG_SEARCH_KEY, search_key },
	{ PID_TAG_RECORD_KEY, v_permanent },
	{ PID_TAG_ADDRESS_TYPE, v_address_type },
	{ PID_TAG_EMAIL_ADDRESS, v_dn },
	{ PID_TAG_DISPLAY_TYPE, v_display_type },
	{ PID_TAG_TEMPLATEID, v_permanent },
	{ PID_TAG_TRANSMITTABLE_DISPLAY_NAME, v_name },
	{ PID_TAG_DISPLAY_NAME, v_name },
	{ PID_TAG_MAPPING_SIGNATURE, v_mapping },
	{ PID_TAG_ADDRESS_BOOK_OBJECT_DISTINGUISHED_NAME, v_dn },
	{ PID_TAG_SMTP_ADDRESS, v_smtp },
	{ PID_TAG_DISPLAY_TYPE_EX, v_display_type_ex },
	{ PID_TAG_ADDRESS_BOOK_DISPLAY_TYPE_EXTENDED, v_display_type_ex },
	{ PID_TAG_ADDRESS_BOOK_OBJECT_GUID, v_guid },
	{ PID_TAG_SEND_RICH_INFO, v_rich },
	{ PID_TAG_SEND_INTERNET_ENCODING, v_zero },
	{ PID_TAG_PRIMARY_TELEPHONE_NUMBER, telephone },
	{ PID_TAG_ADDRESS_BOOK_HOME_MESSAGE_DATABASE, home_mdb },
	{ PID_TAG_CONTAINER_CONTENTS, v_contents },
	{ PID_TAG_CONTAINER_FLAGS, v_container_flags },
	{ PID_TAG_ADDRESS_BOOK_DISTRIBUTION_LIST_MEMBER_COUNT,
	  v_member_count },
};

enum { COMPUTED_COUNT = sizeof computed / sizeof *computed };

static const uint32_t link_tags[] = {
	PID_TAG_ADDRESS_BOOK_MANAGER, PID_TAG_ADDRESS_BOOK_MEMBER,
	PID_TAG_ADDRESS_BOOK_OWNER, PID_TAG_ADDRESS_BOOK_PUBLIC_DELEGATES,
	PID_TAG_ADDRESS_BOOK_REPORTS, 0x8008000d,
	PID_TAG_ADDRESS_BOOK_OWNER_BACK_LINK,
};

enum { LINK_COUNT = sizeof link_tags / sizeof *link_tags };

static const struct computed *find_computed(uint32_t tag)
{
	for (size_t i = 0; i < COMPUTED_COUNT; i++)
		if (prop_tag_id(computed[i].tag) == prop_tag_id(tag))
			return &computed[i];
	return NULL;
}

/* --- By tag ----------------------------------------------------------- */

static bool is_string(unsigned type)
{
	type &= ~(unsigned)PTYP_MULTIPLE;
	return type == PTYP_STRING || type == PTYP_STRING8;
}

/*
 * The tag with the type that is answered: the one asked for if the native one
 * can be had as it, the native one if any will do; 0 if neither.
 */
static uint32_t answer_tag(uint32_t native, uint32_t asked)
{
	unsigned from = prop_tag_type(native), to = prop_tag_type(asked);

	if (to == PTYP_UNSPECIFIED || to == from)
		return native;
	if (is_string(from) && is_string(to))
		return asked;
	return 0;
}

static struct prop_value record_value(const struct nspi_call *call,
				      const struct recipient *r,
				      const struct recipient_attr *attr,
				      uint32_t tag)
{
	unsigned type = prop_tag_type(tag);

	if ((attr->flags & ATTR_LARGE) != 0)
		return fetched(call, r, tag);
	if (is_string(type))
		return record_texts(call, r, tag);
	if (!recipient_has(r, tag))
		return none(tag);
	if (type == PTYP_BOOLEAN)
		return boolean(tag, recipient_number(r, tag, 0) != 0);
	return number(tag, (uint32_t)recipient_number(r, tag, 0));
}

/* A link is asked for as a table or as DNs. */
static uint32_t link_tag(uint32_t asked)
{
	unsigned type = prop_tag_type(asked);

	if (type == PTYP_UNSPECIFIED)
		return prop_tag_make(prop_tag_id(asked), PTYP_OBJECT);
	return type == PTYP_OBJECT || is_string(type) ? asked : 0;
}

struct prop_value nspi_value(const struct nspi_call *call,
			     const struct recipient *r, uint32_t tag,
			     bool ephemeral)
{
	const struct recipient_attr *attr = recipient_attr(tag);
	const struct computed *c = find_computed(tag);
	uint32_t as;

	if (r == NULL)
		return none(tag);
	if (nspi_is_link(tag)) {
		as = link_tag(tag);
		return as != 0 ? link_value(call, r, as) : none(tag);
	}
	if (c == NULL && attr == NULL)
		return none(tag);
	as = answer_tag(c != NULL ? c->tag : attr->tag, tag);
	if (as == 0)
		return none(tag);
	if (ephemeral && as == PID_TAG_ENTRY_ID)
		return binary(as, nspi_ephemeral_id(call, r));
	return c != NULL ? c->value(call, r, as) :
		record_value(call, r, attr, as);
}

bool nspi_knows(uint32_t tag)
{
	return find_computed(tag) != NULL || recipient_attr(tag) != NULL ||
		nspi_is_link(tag);
}

bool nspi_any_large(const struct prop_tags *tags)
{
	for (uint32_t i = 0; i < tags->n; i++) {
		const struct recipient_attr *a = recipient_attr(tags->v[i]);

		if (a != NULL && (a->flags & ATTR_LARGE) != 0)
			return true;
	}
	return false;
}

/* --- Lists of tags ---------------------------------------------------- */

/* As PtypString8, or as PtypString. */
static uint32_t string_as(uint32_t tag, bool unicode)
{
	uint32_t bit = PTYP_STRING ^ PTYP_STRING8;

	if (!is_string(prop_tag_type(tag)))
		return tag;
	return unicode ? tag | bit : tag & ~bit;
}

struct prop_tags nspi_columns(struct arena *arena, bool unicode)
{
	size_t n_attrs;
	const struct recipient_attr *attrs = recipient_attrs(&n_attrs);
	uint32_t *v = arena_array(arena, COMPUTED_COUNT + LINK_COUNT +
				  n_attrs, sizeof *v);
	uint32_t n = 0;

	for (size_t i = 0; i < COMPUTED_COUNT; i++)
		v[n++] = string_as(computed[i].tag, unicode);
	for (size_t i = 0; i < LINK_COUNT; i++)
		v[n++] = link_tags[i];
	for (size_t i = 0; i < n_attrs; i++)
		if (find_computed(attrs[i].tag) == NULL &&
		    !nspi_is_link(attrs[i].tag))
			v[n++] = string_as(attrs[i].tag, unicode);
	return (struct prop_tags){ n, v };
}

static bool has(const struct nspi_call *call, const struct recipient *r,
		uint32_t tag)
{
	const struct recipient_attr *attr = recipient_attr(tag);

	if (find_computed(tag) == NULL && attr != NULL &&
	    (attr->flags & ATTR_LARGE) != 0)
		return recipient_has(r, tag);
	return prop_tag_type(nspi_value(call, r, tag, false).tag) !=
		PTYP_ERROR_CODE;
}

struct prop_tags nspi_prop_list(const struct nspi_call *call,
				const struct recipient *r, bool skip_objects)
{
	struct prop_tags all = nspi_columns(call->arena, false);
	uint32_t *v = arena_array(call->arena, all.n, sizeof *v);
	uint32_t n = 0;

	for (uint32_t i = 0; r != NULL && i < all.n; i++) {
		if (skip_objects && prop_tag_type(all.v[i]) == PTYP_OBJECT)
			continue;
		if (has(call, r, all.v[i]))
			v[n++] = all.v[i];
	}
	return (struct prop_tags){ n, v };
}
