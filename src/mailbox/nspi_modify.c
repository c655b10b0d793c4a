/* SPDX-License-Identifier: Apache-2.0 */
/* ModProps and ModLinkAtt ([MS-OXNSPI] 3.1.4.1.14, 3.1.4.1.15): what the
 * members of an organisation may change by themselves. */
#include <string.h>

#include "directory/recipients_local.h"
#include "mailbox/nspi_impl.h"

enum { CHANGES_MAX = 64 };

/* Any failure of the back end is one that "server is unable to apply". */
static enum ec write_changes(struct nspi_call *call,
			     const struct recipient *r,
			     const struct recipient_change *changes, size_t n)
{
	const struct nspi_options *o = &call->svc->options;
	struct err err;

	if (n == 0 || recipients_modify(o->recipients, &r->guid, changes, n,
					call->who->upn, &err))
		return EC_SUCCESS;
	if (o->fault != NULL && err.ec != EC_INVALID_PARAM &&
	    err.ec != EC_NOT_FOUND)
		o->fault(o->fault_ctx, &err);
	return EC_ACCESS_DENIED;
}

/* Whether users may change this about themselves. */
static bool is_own_attribute(struct nspi_call *call, uint32_t tag)
{
	const struct recipient_attr *attr = recipient_attr(tag);
	const char *const *names;
	size_t n = directory_self_attributes(call->svc->options.directory,
					     call->arena, &names, NULL);

	for (size_t i = 0; attr != NULL && i < n; i++)
		if (recipient_attr_named(names[i]) == attr)
			return true;
	return false;
}

static bool is_caller(const struct nspi_call *call, const struct recipient *r)
{
	return guid_equal(&call->who->user, &r->guid);
}

static bool is_owner(const struct nspi_call *call, const struct recipient *r)
{
	const struct recipient **owners;
	size_t n = nspi_links(call, r, PID_TAG_ADDRESS_BOOK_OWNER, &owners);

	for (size_t i = 0; i < n; i++)
		if (is_caller(call, owners[i]))
			return true;
	return false;
}

/* --- ModLinkAtt ------------------------------------------------------- */

static bool may_link(struct nspi_call *call, const struct recipient *r,
		     uint32_t tag)
{
	if (prop_tag_id(tag) == prop_tag_id(PID_TAG_ADDRESS_BOOK_MEMBER))
		return nspi_display_type(r) == DT_DISTLIST &&
			(call->who->is_admin || is_owner(call, r));
	if (prop_tag_id(tag) ==
	    prop_tag_id(PID_TAG_ADDRESS_BOOK_PUBLIC_DELEGATES))
		return nspi_display_type(r) == DT_MAILUSER &&
			(call->who->is_admin || (is_caller(call, r) &&
			 is_own_attribute(call, tag)));
	return false;
}

/* The objects' GUIDs.  False: one that is to be added is not there. */
static bool link_values(struct nspi_call *call,
			const struct nspi_entry_ids *ids, bool removing,
			struct recipient_change *out)
{
	struct bin *v = arena_array(call->arena, ids->n, sizeof *v);
	uint32_t n = 0;

	for (uint32_t i = 0; i < ids->n; i++) {
		const struct recipient *r = nspi_entry_object(call,
							      &ids->v[i]);

		if (r != NULL)
			v[n++] = (struct bin){ r->guid.b, sizeof r->guid.b };
		else if (!removing)
			return false;
	}
	out->n = n;
	out->values = v;
	return true;
}

enum ec nspi_mod_link_att(struct nspi_call *call,
			  const struct nspi_mod_link_att_req *req,
			  struct nspi_mod_link_att_rsp *rsp)
{
	bool removing = (req->flags & NSPI_DELETE) != 0;
	const struct recipient *r = nspi_object(call, req->minimal_id);
	const struct recipient_attr *attr = recipient_attr(req->property_tag);
	struct recipient_change change = {
		.op = removing ? RECIPIENT_REMOVE : RECIPIENT_ADD };

	if (!nspi_knows(req->property_tag))
		return EC_NOT_FOUND;
	if (r == NULL)
		return EC_INVALID_PARAM;
	if (attr == NULL || !may_link(call, r, req->property_tag) ||
	    !link_values(call, &req->entry_ids, removing, &change))
		return EC_ACCESS_DENIED;
	change.tag = attr->tag;
	return write_changes(call, r, &change, change.n > 0 ? 1 : 0);
}

/* --- ModProps --------------------------------------------------------- */

static bool may_set(struct nspi_call *call, const struct recipient *r,
		    uint32_t tag)
{
	const struct recipient_attr *attr = recipient_attr(tag);

	/* Links are a matter of ModLinkAtt. */
	if (attr == NULL || (attr->flags & (ATTR_FIXED | ATTR_LINK)) != 0)
		return false;
	return call->who->is_admin ||
		(is_caller(call, r) && is_own_attribute(call, tag));
}

static bool text_values(struct nspi_call *call, const struct prop_value *v,
			struct recipient_change *out)
{
	bool multiple = (v->tag & PTYP_MULTIPLE) != 0;
	uint32_t n = multiple ? v->n : 1;
	struct bin *values = arena_array(call->arena, n, sizeof *values);

	for (uint32_t i = 0; i < n; i++) {
		const char *text = multiple ? v->mv_str[i] : v->str;

		if (text == NULL)
			return false;
		values[i] = (struct bin){ (const uint8_t *)text,
					  strlen(text) };
	}
	out->n = n;
	out->values = values;
	/* An empty text is none. */
	if (n == 1 && values[0].len == 0)
		out->n = 0;
	return true;
}

/* A value of a request as a change: replace what is there. */
static bool value_change(struct nspi_call *call, const struct prop_value *v,
			 struct recipient_change *out)
{
	const struct recipient_attr *attr = recipient_attr(v->tag);
	unsigned native = prop_tag_type(attr->tag);
	unsigned type = prop_tag_type(v->tag);
	int64_t *number;

	*out = (struct recipient_change){ .op = RECIPIENT_SET,
					  .tag = attr->tag };
	if (type != native)
		return false;
	switch (type) {
	case PTYP_STRING:
	case PTYP_MULTIPLE_STRING:
		return text_values(call, v, out);
	case PTYP_BINARY:
		out->n = 1;
		out->values = &v->bin;
		return v->bin.data != NULL;
	case PTYP_MULTIPLE_BINARY:
		out->n = v->n;
		out->values = v->mv_bin;
		return v->mv_bin != NULL;
	case PTYP_INTEGER32:
	case PTYP_BOOLEAN:
		number = arena_alloc(call->arena, sizeof *number +
				     sizeof(struct bin));
		*number = type == PTYP_BOOLEAN ? v->b : v->i32;
		out->n = 1;
		out->values = arena_memdup(call->arena, &(struct bin){
			(const uint8_t *)number, sizeof *number },
			sizeof(struct bin));
		return true;
	default:
		return false;
	}
}

enum ec nspi_mod_props(struct nspi_call *call,
		       const struct nspi_mod_props_req *req,
		       struct nspi_mod_props_rsp *rsp)
{
	enum ec ec = nspi_check_stat(req->has_state, &req->state);
	struct recipient_change changes[CHANGES_MAX];
	const struct prop_tags *tags = &req->property_tags;
	const struct prop_values *values = &req->property_values;
	const struct recipient *r;
	size_t n = 0;

	if (ec != EC_SUCCESS)
		return ec;
	r = nspi_object(call, req->state.current_rec);
	if (!req->has_property_tags || r == NULL)
		return EC_INVALID_PARAM;
	if (nspi_display_type(r) != DT_MAILUSER)
		return EC_INVALID_OBJECT;
	if (tags->n + values->n > CHANGES_MAX)
		return EC_ACCESS_DENIED;
	for (uint32_t i = 0; i < tags->n; i++) {
		if (!may_set(call, r, tags->v[i]))
			return EC_ACCESS_DENIED;
		changes[n++] = (struct recipient_change){
			.op = RECIPIENT_SET,
			.tag = recipient_attr(tags->v[i])->tag };
	}
	for (uint32_t i = 0; i < values->n; i++)
		if (!may_set(call, r, values->v[i].tag) ||
		    !value_change(call, &values->v[i], &changes[n++]))
			return EC_ACCESS_DENIED;
	return write_changes(call, r, changes, n);
}
