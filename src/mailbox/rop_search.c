/* SPDX-License-Identifier: Apache-2.0 */
/* Search folders: what they look for ([MS-OXCFOLD] 3.2.5.4, 3.2.5.5). */
#include "mailbox/rop_handler.h"
#include "mapi/code_page.h"
#include "mapi/restriction.h"
#include "store/folder.h"

enum {                                    /* [MS-OXCFOLD] 2.2.1.4.1 */
	STOP_SEARCH = 0x00000001,
	RESTART_SEARCH = 0x00000002,
	RECURSIVE_SEARCH = 0x00000004,
	SHALLOW_SEARCH = 0x00000008,
	CONTENT_INDEXED_SEARCH = 0x00010000,
	NON_CONTENT_INDEXED_SEARCH = 0x00020000,
	STATIC_SEARCH = 0x00040000,
	SEARCH_FLAGS_ALL = 0x0007000f,
};

static bool both(uint32_t flags, uint32_t a, uint32_t b)
{
	return (flags & a) != 0 && (flags & b) != 0;
}

/* [MS-OXCFOLD] 2.2.1.4.1: unknown bits, and pairs that exclude each other */
static bool search_flags_valid(uint32_t flags)
{
	return (flags & ~(uint32_t)SEARCH_FLAGS_ALL) == 0 &&
		!both(flags, STOP_SEARCH, RESTART_SEARCH) &&
		!both(flags, RECURSIVE_SEARCH, SHALLOW_SEARCH) &&
		!both(flags, CONTENT_INDEXED_SEARCH,
		      NON_CONTENT_INDEXED_SEARCH);
}

/* The restriction as it is stored: bytes, with strings of Unicode. */
static struct bin encode_restriction(struct rop_call *call,
				     const struct restriction *r)
{
	struct prop_ctx ctx = prop_ctx_rop(call->arena, 0);
	struct wire_w w = wire_w(arena_alloc(call->arena, UINT16_MAX),
				 UINT16_MAX);

	restriction_encode(&w, &ctx, r);
	return w.full ? (struct bin){ NULL, 0 } : (struct bin){ w.base, w.len };
}

/* [MS-OXCFOLD] 3.2.5.4 */
enum ec rop_set_search_criteria(struct rop_call *call,
				const struct rop_set_search_criteria_req *req,
				struct rop_set_search_criteria_rsp *rsp)
{
	struct search_criteria criteria = {
		.n_folders = req->folder_ids.n,
		.folders = req->folder_ids.v,
		.flags = req->search_flags,
	};

	if (!search_flags_valid(req->search_flags))
		return EC_INVALID_PARAM;
	for (uint32_t i = 0; i < req->folder_ids.n; i++)
		if (req->folder_ids.v[i] == call->in->folder_id)
			return EC_SEARCH_FOLDER_SCOPE;
	if (req->restriction != NULL) {
		criteria.restriction = encode_restriction(call,
							  req->restriction);
		if (criteria.restriction.data == NULL)
			return EC_TOO_COMPLEX;
	}
	return folder_set_search(rop_call_store(call), call->in->folder_id,
				 &criteria);
}

static uint32_t string8_tag(uint32_t tag)
{
	return prop_tag_type(tag) != PTYP_STRING ? tag :
		prop_tag_make(prop_tag_id(tag), PTYP_STRING8);
}

static void value_to_string8(struct rop_call *call, uint32_t *tag,
			     struct prop_value *value)
{
	size_t len;

	*tag = string8_tag(*tag);
	if (prop_tag_type(value->tag) != PTYP_STRING)
		return;
	value->tag = string8_tag(value->tag);
	value->str = code_page_from_utf8(call->arena,
					 call->session->code_page,
					 value->str, &len);
}

/*
 * UseUnicode was not set: text in the session's code page.  What r points to
 * was just decoded, and is nobody else's; it nests no deeper than the decoder
 * lets it.
 */
static void to_string8(struct rop_call *call, struct restriction *r)
{
	switch (r->type) {
	case RES_AND:
	case RES_OR:
		for (uint32_t i = 0; i < r->list.n; i++)
			to_string8(call, (struct restriction *)&r->list.v[i]);
		break;
	case RES_NOT:
		to_string8(call, (struct restriction *)r->not);
		break;
	case RES_CONTENT:
		value_to_string8(call, &r->content.tag, &r->content.value);
		break;
	case RES_PROPERTY:
		value_to_string8(call, &r->property.tag, &r->property.value);
		break;
	case RES_SUB_OBJECT:
		to_string8(call, (struct restriction *)
			   r->sub_object.restriction);
		break;
	case RES_COMMENT:
		if (r->comment.restriction != NULL)
			to_string8(call, (struct restriction *)
				   r->comment.restriction);
		break;
	case RES_COUNT:
		to_string8(call, (struct restriction *)r->count.restriction);
		break;
	}
}

/* [MS-OXCFOLD] 3.2.5.5 */
enum ec rop_get_search_criteria(struct rop_call *call,
				const struct rop_get_search_criteria_req *req,
				struct rop_get_search_criteria_rsp *rsp)
{
	struct prop_ctx ctx = prop_ctx_rop(call->arena, 0);
	struct search_criteria criteria;
	struct restriction *r = arena_alloc(call->arena, sizeof *r);
	struct wire_r in;
	enum ec ec = folder_get_search(rop_call_store(call),
				       call->in->folder_id, call->arena,
				       &criteria);

	if (ec != EC_SUCCESS)
		return ec;
	rsp->logon_id = call->logon_id;
	rsp->search_flags = criteria.state;
	if (req->include_folders)
		rsp->folder_ids = (struct rop_ids){
			.n = (uint32_t)criteria.n_folders,
			.v = criteria.folders,
		};
	if (!req->include_restriction || criteria.restriction.len == 0)
		return EC_SUCCESS;
	in = wire_r(criteria.restriction.data, criteria.restriction.len);
	if (!restriction_decode(&in, &ctx, r))
		return EC_CORRUPT_DATA;
	if (!req->use_unicode)
		to_string8(call, r);
	rsp->restriction = r;
	return EC_SUCCESS;
}
