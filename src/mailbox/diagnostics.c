/* SPDX-License-Identifier: Apache-2.0 */
#include "mailbox/diagnostics.h"

#include "base/buf.h"
#include "mailbox/service.h"
#include "mailbox/session.h"
#include "mapi/rop.h"

static struct bin encode(const struct aux_blocks *blocks, struct arena *arena)
{
	uint8_t *out = arena_alloc(arena, AUX_BUFFER_MAX);
	struct wire_w w = wire_w(out, AUX_BUFFER_MAX);

	aux_buffer_encode(&w, blocks, 0, arena);
	return w.full ? (struct bin){ NULL, 0 } : (struct bin){ out, w.len };
}

struct bin aux_at_connect(struct arena *arena)
{
	struct aux_block block = aux_block(AUX_TYPE_EXORGINFO);

	/* No public folders: without the block a client looks for them. */
	block.exorginfo.org_flags = 0;
	return encode(&(struct aux_blocks){ 1, &block }, arena);
}

/* What ends every trace: the code, and who says so. */
static void add_end(struct diag *d, struct mailbox_service *svc, enum ec ec)
{
	diag_add(d, LID_ROP_ERROR, (uint32_t)ec, NULL);
	diag_add(d, LID_MEANING, (uint32_t)ec,
		 arena_printf(d->arena, "%s: %s", ec_name(ec), ec_text(ec)));
	diag_add(d, LID_SERVER, 0, service_server(svc));
}

static struct aux_block trace_block(const struct diag *d, uint32_t index)
{
	struct aux_block block = aux_block(AUX_TYPE_EXCEPTION_TRACE);
	const struct diag_context context = diag_end(d);
	struct buf b = BUF_INIT;

	diag_print(&b, &context);
	block.exception_trace.rop_index = index;
	block.exception_trace.trace = arena_strdup(d->arena, buf_str(&b));
	buf_free(&b);
	return block;
}

static void add_all(struct diag *to, const struct diag *from)
{
	for (uint32_t i = 0; i < from->n; i++)
		diag_add_line(to, &from->v[i]);
}

struct bin aux_connect_failed(struct mailbox_service *svc,
			      const struct diag *why, enum ec ec)
{
	struct diag d = diag_begin(why->arena);
	struct aux_block block;

	diag_add(&d, LID_REQUEST, 0, "Request: Connect");
	add_all(&d, why);
	add_end(&d, svc, ec);
	block = trace_block(&d, 0);
	return encode(&(struct aux_blocks){ 1, &block }, why->arena);
}

/* The names of Exchange's object types. */
static const char *kind_name(enum object_kind kind, enum object_view view)
{
	static const char *const views[] = {
		[VIEW_FOLDERS] = "objtFolderView",
		[VIEW_MESSAGES] = "objtMessageView",
		[VIEW_ATTACHMENTS] = "objtAttachmentView",
		[VIEW_OTHER] = "objtView",
	};

	switch (kind) {
	case OBJECT_LOGON:
		return "objtLogon";
	case OBJECT_FOLDER:
		return "objtFolder";
	case OBJECT_MESSAGE:
		return "objtMessage";
	case OBJECT_ATTACHMENT:
		return "objtAttachment";
	case OBJECT_STREAM:
		return "objtStream";
	case OBJECT_TABLE:
		return views[view];
	case OBJECT_SUBSCRIPTION:
		return "objtNotify";
	}
	return "object";
}

/* What was met that no handler tells of. */
static void add_limits(struct rop_call *call, enum ec ec)
{
	struct session *session = call->session;
	const struct mailbox_limits *limits = service_limits(session->svc);
	enum object_kind kind = session->refused;

	if (ec == EC_MAX_OBJS_EXCEEDED && kind != 0) {
		diag_add(&call->diag, LID_OBJECT_LIMIT,
			 object_limit(session, kind),
			 kind_name(kind, session->refused_view));
		diag_add(&call->diag, LID_OBJECT_COUNT,
			 object_count(session, kind, session->refused_view) +
			 1, NULL);
	} else if (ec == EC_SERVER_BUSY) {
		diag_add(&call->diag, LID_LOCK_WAITERS, limits->lock_waiters,
			 NULL);
		if (call->logon != NULL)
			diag_add_guid(&call->diag, LID_MAILBOX,
				      &call->logon->mailbox.guid);
	}
	session->refused = 0;
}

void aux_rop_failed(struct aux_traces *traces, struct rop_call *call,
		    uint8_t rop_id, uint32_t index, enum ec ec)
{
	struct diag d = diag_begin(call->arena);

	add_limits(call, ec);
	if ((call->diag.n == 0 && rop_id != ROP_ID_logon) ||
	    traces->n == AUX_TRACES_MAX)
		return;
	diag_add(&d, LID_ROP, 0, arena_printf(call->arena, "ROP: %s [%u]",
					      rop_name(rop_id), rop_id));
	add_all(&d, &call->diag);
	add_end(&d, call->session->svc, ec);
	traces->v[traces->n++] = trace_block(&d, index);
}

struct bin aux_traces_encode(const struct aux_traces *traces,
			     struct arena *arena)
{
	struct aux_blocks blocks = { traces->n, traces->v };
	struct bin out = { NULL, 0 };

	/* The first are the ones that matter. */
	while (blocks.n > 0) {
		out = encode(&blocks, arena);
		if (out.len > 0)
			break;
		blocks.n--;
	}
	return out;
}
