/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables: what they show, and where the cursor is ([MS-OXCTABL] 3.2.5.2 to
 * 3.2.5.16).  Everything is done at once, and the asynchronous flags are
 * ignored (3.2.5.1).
 */
#include "mailbox/props.h"
#include "mailbox/rop_handler.h"
#include "mailbox/table_object.h"
#include "store/table.h"

static struct table *table_of(const struct rop_call *call)
{
	return call->in->table->table;
}

/* [MS-OXCTABL] 3.2.5.2 */
enum ec rop_set_columns(struct rop_call *call,
			const struct rop_set_columns_req *req,
			struct rop_set_columns_rsp *rsp)
{
	const struct prop_tags none = { .n = 0 };
	const struct prop_tags *tags = &req->property_tags;
	uint32_t *v = arena_array(call->arena, tags->n, sizeof *v);
	enum ec ec;

	for (uint32_t i = 0; i < tags->n; i++)
		v[i] = props_tag_unicode(tags->v[i]);
	ec = table_set_columns(table_of(call),
			       (struct prop_tags){ tags->n, v });
	table_object_set_columns(call->in->table,
				 ec == EC_SUCCESS ? tags : &none);
	rsp->table_status = TBLSTAT_COMPLETE;
	return ec;
}

/* [MS-OXCTABL] 3.2.5.3 */
enum ec rop_sort_table(struct rop_call *call,
		       const struct rop_sort_table_req *req,
		       struct rop_sort_table_rsp *rsp)
{
	const struct sort_order_set *set = &req->sort_orders;
	struct sort_order *v = arena_array(call->arena, set->n, sizeof *v);

	for (uint16_t i = 0; i < set->n; i++) {
		v[i] = set->v[i];
		v[i].tag = props_tag_unicode(v[i].tag);
	}
	rsp->table_status = TBLSTAT_COMPLETE;
	return table_sort(table_of(call), v, set->n, set->category_count,
			  set->expanded_count);
}

/* Which conversation a table of ConversationMembers is to show. */
static bool names_conversation(const struct rop_call *call,
			       const struct restriction *r)
{
	return r != NULL && r->type == RES_PROPERTY &&
		prop_tag_id(r->property.tag) ==
		prop_tag_id(PID_TAG_CONVERSATION_ID) &&
		(table_flags(table_of(call)) & TABLE_CONVERSATION_MEMBERS) != 0;
}

/* [MS-OXCTABL] 3.2.5.4 */
enum ec rop_restrict_table(struct rop_call *call,
			   const struct rop_restrict_table_req *req,
			   struct rop_restrict_table_rsp *rsp)
{
	uint32_t at, n;
	enum ec ec = table_restrict(table_of(call), req->restriction);

	rsp->table_status = TBLSTAT_COMPLETE;
	if (ec != EC_SUCCESS || !names_conversation(call, req->restriction))
		return ec;
	ec = table_query_position(table_of(call), &at, &n);
	return ec == EC_SUCCESS && n == 0 ? EC_CONVERSATION_NOT_FOUND : ec;
}

/* [MS-OXCTABL] 3.2.5.6 */
enum ec rop_abort(struct rop_call *call, const struct rop_abort_req *req,
		  struct rop_abort_rsp *rsp)
{
	return table_abort(table_of(call));
}

/* [MS-OXCTABL] 3.2.5.7 */
enum ec rop_get_status(struct rop_call *call,
		       const struct rop_get_status_req *req,
		       struct rop_get_status_rsp *rsp)
{
	return table_get_status(table_of(call), &rsp->table_status);
}

/* [MS-OXCTABL] 3.2.5.8 */
enum ec rop_query_position(struct rop_call *call,
			   const struct rop_query_position_req *req,
			   struct rop_query_position_rsp *rsp)
{
	return table_query_position(table_of(call), &rsp->numerator,
				    &rsp->denominator);
}

/* [MS-OXCTABL] 3.2.5.9 */
enum ec rop_seek_row(struct rop_call *call, const struct rop_seek_row_req *req,
		     struct rop_seek_row_rsp *rsp)
{
	return table_seek_row(table_of(call), req->origin, req->row_count,
			      &rsp->has_sought_less, &rsp->rows_sought);
}

/* [MS-OXCTABL] 3.2.5.10 */
enum ec rop_seek_row_bookmark(struct rop_call *call,
			      const struct rop_seek_row_bookmark_req *req,
			      struct rop_seek_row_bookmark_rsp *rsp)
{
	return table_seek_row_bookmark(table_of(call), req->bookmark,
				       req->row_count,
				       &rsp->row_no_longer_visible,
				       &rsp->has_sought_less,
				       &rsp->rows_sought);
}

/* [MS-OXCTABL] 3.2.5.11 */
enum ec rop_seek_row_fractional(struct rop_call *call,
				const struct rop_seek_row_fractional_req *req,
				struct rop_seek_row_fractional_rsp *rsp)
{
	return table_seek_row_fractional(table_of(call), req->numerator,
					 req->denominator);
}

/* [MS-OXCTABL] 3.2.5.12 */
enum ec rop_create_bookmark(struct rop_call *call,
			    const struct rop_create_bookmark_req *req,
			    struct rop_create_bookmark_rsp *rsp)
{
	return table_create_bookmark(table_of(call), call->arena,
				     &rsp->bookmark);
}

/* [MS-OXCTABL] 3.2.5.13 */
enum ec rop_query_columns_all(struct rop_call *call,
			      const struct rop_query_columns_all_req *req,
			      struct rop_query_columns_all_rsp *rsp)
{
	return table_query_columns_all(table_of(call), call->arena,
				       &rsp->property_tags);
}

/* [MS-OXCTABL] 3.2.5.15 */
enum ec rop_free_bookmark(struct rop_call *call,
			  const struct rop_free_bookmark_req *req,
			  struct rop_free_bookmark_rsp *rsp)
{
	return table_free_bookmark(table_of(call), req->bookmark);
}

/* [MS-OXCTABL] 3.2.5.16 */
enum ec rop_reset_table(struct rop_call *call,
			const struct rop_reset_table_req *req,
			struct rop_reset_table_rsp *rsp)
{
	const struct prop_tags none = { .n = 0 };
	enum ec ec = table_reset(table_of(call));

	if (ec == EC_SUCCESS)
		table_object_set_columns(call->in->table, &none);
	return ec;
}
