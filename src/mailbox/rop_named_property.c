/* SPDX-License-Identifier: Apache-2.0 */
/* ROPs that map names of properties to IDs and back ([MS-OXCPRPT]). */
#include "mailbox/rop_handler.h"
#include "store/named.h"

enum { NAMES_CREATE = 0x02 };             /* [MS-OXCPRPT] 2.2.12.1 */

enum { QUERY_NO_STRINGS = 0x01, QUERY_NO_IDS = 0x02 };    /* 2.2.9.1 */

/* [MS-OXCPRPT] 3.2.5.10: no names on a logon are all of them. */
static enum ec all_ids(struct rop_call *call, struct rop_prop_ids *out)
{
	size_t n = 0;
	enum ec ec;

	if (call->in->kind != OBJECT_LOGON)
		return EC_SUCCESS;
	ec = named_list(rop_call_store(call), NULL, call->arena, &n, &out->v,
			NULL);
	out->n = (uint32_t)n;
	return ec;
}

/* [MS-OXCPRPT] 3.2.5.10 */
enum ec rop_get_property_ids_from_names(struct rop_call *call,
		const struct rop_get_property_ids_from_names_req *req,
		struct rop_get_property_ids_from_names_rsp *rsp)
{
	uint32_t n = req->property_names.n;
	uint16_t *ids;

	if (n == 0)
		return all_ids(call, &rsp->property_ids);
	ids = arena_array(call->arena, n, sizeof *ids);
	rsp->property_ids = (struct rop_prop_ids){ .n = n, .v = ids };
	return named_ids(rop_call_store(call), req->property_names.v, n,
			 req->flags == NAMES_CREATE, ids);
}

/* [MS-OXCPRPT] 3.2.5.9; an ID without a name has the kind 0xff. */
enum ec rop_get_names_from_property_ids(struct rop_call *call,
		const struct rop_get_names_from_property_ids_req *req,
		struct rop_get_names_from_property_ids_rsp *rsp)
{
	uint32_t n = req->property_ids.n;
	struct prop_name *names = arena_array(call->arena, n, sizeof *names);
	enum ec ec;

	for (uint32_t i = 0; i < n; i++) {
		ec = named_name(rop_call_store(call), req->property_ids.v[i],
				call->arena, &names[i]);
		if (ec == EC_NOT_FOUND)
			names[i] = (struct prop_name){
				.kind = PROP_NAME_NONE,
			};
		else if (ec != EC_SUCCESS)
			return ec;
	}
	rsp->property_names = (struct rop_names){ .n = n, .v = names };
	return EC_SUCCESS;
}

static bool wanted(const struct prop_name *name, unsigned flags)
{
	return name->kind == PROP_NAME_STRING ?
		(flags & QUERY_NO_STRINGS) == 0 :
		(flags & QUERY_NO_IDS) == 0;
}

/* [MS-OXCPRPT] 3.2.5.6; other bits of QueryFlags are ignored. */
enum ec rop_query_named_properties(struct rop_call *call,
		const struct rop_query_named_properties_req *req,
		struct rop_query_named_properties_rsp *rsp)
{
	const struct prop_name *names;
	const uint16_t *ids;
	struct prop_name *kept_names;
	uint16_t *kept_ids;
	uint32_t kept = 0;
	size_t n;
	enum ec ec = named_list(rop_call_store(call), req->has_guid ?
				&req->property_guid : NULL, call->arena, &n,
				&ids, &names);

	if (ec != EC_SUCCESS)
		return ec;
	kept_names = arena_array(call->arena, n, sizeof *names);
	kept_ids = arena_array(call->arena, n, sizeof *ids);
	for (size_t i = 0; i < n; i++)
		if (wanted(&names[i], req->query_flags)) {
			kept_names[kept] = names[i];
			kept_ids[kept++] = ids[i];
		}
	rsp->properties = (struct rop_name_pairs){
		.n = kept, .ids = kept_ids, .names = kept_names,
	};
	return EC_SUCCESS;
}
