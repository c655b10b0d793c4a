/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a folder ([MS-OXCFOLD] 3.2.5.13, 3.2.5.14). */
#include "mailbox/rop_handler.h"
#include "mailbox/table_object.h"
#include "store/store.h"
#include "store/store.h"
#include "store/table.h"

/*
 * The language that a table sorts in: the mailbox's own, if somebody set one
 * ([MS-OXCSTOR] 2.2.2.1.1.14), else the session's (LcidSort of Connect).
 */
static uint32_t sort_lcid(const struct rop_call *call)
{
	struct prop_value value;

	if (store_get_prop(rop_call_store(call), PID_TAG_SORT_LOCALE_ID,
			   call->arena, &value) == EC_SUCCESS)
		return (uint32_t)value.i32;
	return call->session->lcid_sort;
}

enum ec rop_get_hierarchy_table(struct rop_call *call,
				const struct rop_get_hierarchy_table_req *req,
				struct rop_get_hierarchy_table_rsp *rsp)
{
	struct table *table;
	enum ec ec = table_open_hierarchy(rop_call_store(call),
					  call->in->folder_id,
					  req->table_flags, sort_lcid(call),
					  &table, &rsp->row_count);

	return ec != EC_SUCCESS ? ec : table_object_open(call, table, NULL);
}

enum ec rop_get_contents_table(struct rop_call *call,
			       const struct rop_get_contents_table_req *req,
			       struct rop_get_contents_table_rsp *rsp)
{
	struct table *table;
	enum ec ec = table_open_contents(rop_call_store(call),
					 call->in->folder_id,
					 req->table_flags, sort_lcid(call),
					 &table, &rsp->row_count);

	return ec != EC_SUCCESS ? ec : table_object_open(call, table, NULL);
}
