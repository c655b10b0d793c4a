/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handlers of all ROPs, declared from the table of mapi/rops.def.  What
 * is checked before a handler runs: the input handle is of an object of a
 * kind that the row allows, the indexes are within the table of handles, and
 * the answer fits if the row writes.
 */
#ifndef MAILBOX_ROP_HANDLER_H
#define MAILBOX_ROP_HANDLER_H

#include "mailbox/object.h"
#include "mailbox/session.h"
#include "mapi/rop.h"

/* Messages of the server alone (ROP_RSP_ONLY) have no handler. */
#define ROP_DECLARE_ROP_IN(n) \
	enum ec rop_##n(struct rop_call *call, \
			const struct rop_##n##_req *req, \
			struct rop_##n##_rsp *rsp);
#define ROP_DECLARE_ROP_IN_OUT ROP_DECLARE_ROP_IN
#define ROP_DECLARE_ROP_SRC_DEST ROP_DECLARE_ROP_IN
#define ROP_DECLARE_ROP_RSP_IN ROP_DECLARE_ROP_IN
#define ROP_DECLARE_ROP_OUT ROP_DECLARE_ROP_IN
#define ROP_DECLARE_ROP_NO_RSP ROP_DECLARE_ROP_IN
#define ROP_DECLARE_ROP_RSP_ONLY(n)
#define ROP(id, n, spec, layout, objects, flags, section, handler) \
	ROP_DECLARE_##layout(n)
#include "mapi/rops.def"
#undef ROP

/* ROPs that this server does not do: EC_NOT_SUPPORTED. */
enum ec rop_unsupported(struct rop_call *call, const void *req, void *rsp);

/* Run the handler of call->header->rop_id. */
enum ec rop_dispatch(struct rop_call *call, const union rop_req *req,
		     union rop_rsp *rsp);

/*
 * Whether the ROP on this object (NULL: none) needs no lock and no disk:
 * always on the handler's part, or for objects of that kind.
 */
bool rop_is_memory_only(const struct rop_desc *desc,
			const struct object *object);

#endif
