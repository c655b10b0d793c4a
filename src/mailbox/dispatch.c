/* SPDX-License-Identifier: Apache-2.0 */
/* From a RopId to its handler, by the table of mapi/rops.def. */
#include "mailbox/rop_handler.h"

typedef enum ec run_fn(struct rop_call *call, const union rop_req *req,
		       union rop_rsp *rsp);

#define RUN_ROP_IN(n, handler) \
	static enum ec run_##n(struct rop_call *call, \
			       const union rop_req *req, union rop_rsp *rsp) \
	{ \
		return handler(call, &req->n, &rsp->n); \
	}
#define RUN_ROP_IN_OUT RUN_ROP_IN
#define RUN_ROP_SRC_DEST RUN_ROP_IN
#define RUN_ROP_RSP_IN RUN_ROP_IN
#define RUN_ROP_OUT RUN_ROP_IN
#define RUN_ROP_NO_RSP RUN_ROP_IN
#define RUN_ROP_RSP_ONLY(n, handler)
#define ROP(id, n, spec, layout, objects, flags, section, handler) \
	RUN_##layout(n, handler)
#include "mapi/rops.def"
#undef ROP

#define ROW_ROP_IN(id, n) [id] = run_##n,
#define ROW_ROP_IN_OUT ROW_ROP_IN
#define ROW_ROP_SRC_DEST ROW_ROP_IN
#define ROW_ROP_RSP_IN ROW_ROP_IN
#define ROW_ROP_OUT ROW_ROP_IN
#define ROW_ROP_NO_RSP ROW_ROP_IN
#define ROW_ROP_RSP_ONLY(id, n)
static run_fn *const table[256] = {
#define ROP(id, n, spec, layout, objects, flags, section, handler) \
	ROW_##layout(id, n)
#include "mapi/rops.def"
#undef ROP
};

enum ec rop_unsupported(struct rop_call *call, const void *req, void *rsp)
{
	return EC_NOT_SUPPORTED;
}

enum ec rop_dispatch(struct rop_call *call, const union rop_req *req,
		     union rop_rsp *rsp)
{
	run_fn *run = table[call->header->rop_id];

	return run != NULL ? run(call, req, rsp) : EC_NOT_SUPPORTED;
}

/* Reads that the store answers from memory without its lock. */
static bool logon_memory_only(uint8_t rop_id)
{
	switch (rop_id) {
	case ROP_ID_get_receive_folder:
	case ROP_ID_get_receive_folder_table:
	case ROP_ID_get_store_state:
	case ROP_ID_get_properties_specific:
		return true;
	}
	return false;
}

bool rop_is_memory_only(const struct rop_desc *desc,
			const struct object *object)
{
	if (object == NULL || (desc->objects & object->kind) == 0)
		return desc->layout != ROP_OUT;   /* it fails, but RopLogon */
	if (desc->id == ROP_ID_release)
		return object->kind != OBJECT_LOGON &&
			!object_needs_lock(object);
	/* Tables are moved by what other sessions do. */
	if ((desc->flags & ROP_MEMORY) != 0)
		return object->kind != OBJECT_TABLE;
	return object->kind == OBJECT_LOGON && logon_memory_only(desc->id);
}
