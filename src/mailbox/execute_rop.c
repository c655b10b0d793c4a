/* SPDX-License-Identifier: Apache-2.0 */
/* One ROP of an Execute: its objects, its lock, its handler, its answer. */
#include <string.h>
#include <time.h>

#include "auth/auth.h"
#include "mailbox/execute.h"
#include "mailbox/logon.h"
#include "mailbox/service.h"
#include "mapi/ext_buffer.h"
#include "store/pool.h"

/* Bytes of data that RopReadStream is given at least. */
enum { READ_STREAM_MIN = 16 };

void rop_call_unlock(struct rop_call *call)
{
	if (call->locked != NULL)
		store_unlock(call->locked);
	call->locked = NULL;
}

/* Kept from one ROP to the next as long as they are about one mailbox. */
enum ec rop_call_lock(struct rop_call *call, struct store *store)
{
	enum ec ec;

	if (call->locked == store)
		return EC_SUCCESS;
	rop_call_unlock(call);
	ec = store_lock_as(store, call->session);
	if (ec == EC_SUCCESS)
		call->locked = store;
	return ec;
}

static enum object_view view_of(const struct rop_call *call)
{
	switch (call->header->rop_id) {
	case ROP_ID_get_hierarchy_table:
		return VIEW_FOLDERS;
	case ROP_ID_get_contents_table:
		return VIEW_MESSAGES;
	case ROP_ID_get_attachment_table:
		return VIEW_ATTACHMENTS;
	default:
		return VIEW_OTHER;
	}
}

enum ec rop_call_new(struct rop_call *call, enum object_kind kind,
		     struct object *owner, struct object **out)
{
	enum ec ec = kind == OBJECT_TABLE ?
		object_new_table(call->logon, view_of(call), owner, out) :
		object_new(call->logon, kind, owner, out);

	if (ec == EC_SUCCESS)
		call->made = *out;
	return ec;
}

enum ec rop_call_dest(const struct rop_call *call, unsigned kinds,
		      struct object **out)
{
	uint8_t index = call->header->dest_handle_index;
	struct object *o;

	/* Its logon is the handle's own: a move may go between mailboxes. */
	if (index >= call->n_handles ||
	    object_find(call->session, (uint8_t)(call->handles[index] >> 24),
			call->handles[index], &o) != EC_SUCCESS)
		return EC_DST_NULL_OBJECT;
	if ((o->kind & kinds) == 0)
		return EC_NOT_SUPPORTED;
	*out = o;
	return EC_SUCCESS;
}

static bool has_output(const struct rop_desc *desc)
{
	return desc->layout == ROP_IN_OUT || desc->layout == ROP_OUT;
}

/* [MS-OXCROPS] 3.2.5.1, 3.2.5.4: what the handles of the ROP refer to. */
static enum ec find_objects(struct execution *x, const struct rop_desc *desc)
{
	struct rop_call *call = &x->call;
	uint8_t index = x->header.input_handle_index;
	struct object *o;
	enum ec ec;

	call->in = NULL;
	call->logon = NULL;
	if (has_output(desc) &&
	    x->header.output_handle_index >= x->in.handle_count)
		return EC_NULL_OBJECT;
	if (desc->layout == ROP_OUT)      /* RopLogon */
		return EC_SUCCESS;
	if (index >= x->in.handle_count)
		return EC_NULL_OBJECT;
	ec = object_find(x->session, x->header.logon_id, x->handles[index],
			 &o);
	if (ec != EC_SUCCESS)
		return ec;
	if ((desc->objects & o->kind) == 0)
		return (desc->flags & ROP_NULL) != 0 ? EC_NULL_OBJECT :
			EC_NOT_SUPPORTED;
	call->in = o;
	call->logon = o->logon;
	return EC_SUCCESS;
}

void execute_report_fault(struct execution *x)
{
	const struct logon *logon = x->call.logon;
	struct err err;

	while (logon != NULL && store_fault(logon->store, &err))
		service_event(x->session->svc, MAILBOX_FAULT,
			      x->session->who->legacy_dn,
			      logon->mailbox.legacy_dn, &err);
}

/* [MS-OXCROPS] 3.2.5.3; errors are not told. */
enum ec rop_release(struct rop_call *call, const struct rop_release_req *req,
		    struct rop_release_rsp *rsp)
{
	call->handles[call->header->input_handle_index] = ROP_HANDLE_NONE;
	if (call->in->kind != OBJECT_LOGON) {
		object_release(call->in);
		return EC_SUCCESS;
	}
	/* Its store is put, and must not be locked by then. */
	rop_call_unlock(call);
	logon_release(call->logon);
	call->logon = NULL;
	return EC_SUCCESS;
}

/* A release is done whoever else waits; a logon's takes its lock itself. */
static enum ec lock_for(struct execution *x, const struct rop_desc *desc)
{
	struct rop_call *call = &x->call;
	enum ec ec;

	if (rop_is_memory_only(desc, call->in) || call->logon == NULL)
		return EC_SUCCESS;
	if (desc->layout == ROP_NO_RSP && call->in->kind == OBJECT_LOGON)
		return EC_SUCCESS;
	while ((ec = rop_call_lock(call, call->logon->store)) ==
	       EC_SERVER_BUSY && desc->layout == ROP_NO_RSP)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	return ec;
}

/* The object that was opened goes into the table of handles, or away. */
static void settle_output(struct execution *x, const struct rop_desc *desc,
			  bool ok)
{
	struct object *made = x->call.made;
	uint8_t index = x->header.output_handle_index;

	x->call.made = NULL;
	if (made != NULL && !ok)
		object_release(made);
	if (has_output(desc) && index < x->in.handle_count)
		x->handles[index] = made != NULL && ok ? made->handle :
			ROP_HANDLE_NONE;
}

static enum ec run(struct execution *x, const struct rop_desc *desc)
{
	struct rop_call *call = &x->call;
	enum ec ec = find_objects(x, desc);

	call->diag = diag_begin(x->arena);
	if (ec == EC_SUCCESS)
		ec = lock_for(x, desc);
	if (ec != EC_SUCCESS)
		return ec;
	call->logon_id = x->header.logon_id;
	call->header = &x->header;
	call->bulk = rop_bulk_writer(&x->w, x->header.rop_id);
	call->made = NULL;
	ec = rop_dispatch(call, &x->last_req, &x->last_rsp);
	if (ec != EC_SUCCESS)
		execute_report_fault(x);
	return ec;
}

/*
 * Whether the answer is sure to fit in room, or need not be: rows that only
 * read may be run again, and what a row opens is released again.
 */
static bool fits(const struct execution *x, const struct rop_desc *desc,
		 size_t room, size_t *needed)
{
	size_t bound = desc->rsp_min;

	if ((desc->flags & ROP_WRITES) != 0) {
		bound = rop_response_bound(&x->header, &x->last_req);
		if (bound == SIZE_MAX)
			bound = desc->rsp_min;
	}
	/* No bytes at all would be the end of the stream. */
	if (desc->id == ROP_ID_read_stream)
		bound += READ_STREAM_MIN;
	*needed = bound;
	return bound <= room;
}

bool execute_rop(struct execution *x, size_t reserve, size_t *needed)
{
	const struct rop_desc *desc = rop_desc(x->header.rop_id);
	size_t mark = x->w.len, room = x->limit - mark;

	*needed = reserve;
	if (reserve > room || !fits(x, desc, room - reserve, needed))
		return false;
	x->w.cap = x->limit - reserve;
	memset(&x->last_rsp, 0, sizeof x->last_rsp);
	x->last_ec = run(x, desc);
	rop_response_encode(&x->codec, &x->w, &x->header, x->last_ec,
			    &x->last_rsp);
	/* A table that has no room for a single row says so itself. */
	if (!x->w.full && x->last_ec != EC_BUFFER_TOO_SMALL) {
		settle_output(x, desc, x->last_ec == EC_SUCCESS);
		return true;
	}
	settle_output(x, desc, false);
	wire_rewind(&x->w, mark);
	*needed = EXT_PAYLOAD_MAX;
	return false;
}
