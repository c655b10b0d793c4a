/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "auth/auth.h"
#include "base/err.h"
#include "mailbox/diagnostics.h"
#include "mailbox/logon.h"
#include "mailbox/notify.h"
#include "mailbox/service.h"
#include "mailbox/session.h"
#include "mapi/aux.h"
#include "mapi/http_body.h"

enum {
	/* Small: most sessions hold a logon and a few objects. */
	SESSION_BLOCK = 640,
	/*
	 * What clients are told about polling and about trying again: they
	 * have NotificationWait, so that polling is a last resort
	 * ([MS-OXCRPC] 3.1.4.1; implementation-dependent).
	 */
	POLLS_MAX_MS = 60000,
	RETRY_COUNT = 6,
	RETRY_DELAY_MS = 10000,
	/* [MS-OXCRPC] 3.1.4.1: cbAuxIn */
	AUX_MAX = 0x1008,
	AUX_MIN = 8,
};

struct logon *session_logon(const struct session *session, uint8_t logon_id)
{
	struct logon *logon = session->logons;

	while (logon != NULL && logon->logon_id != logon_id)
		logon = logon->next;
	return logon;
}

struct mailbox_service *mailbox_session_service(const struct session *session)
{
	return session->svc;
}

static enum ec because(struct diag *why, uint32_t lid, uint32_t value,
		       enum ec ec)
{
	diag_add(why, lid, value, NULL);
	return ec;
}

/* [MS-OXCRPC] 3.1.4.1, Return Values */
static enum ec connect_allowed(const struct mailbox_service *svc,
			       const struct identity *who,
			       const struct connect_req *req,
			       struct diag *why, struct dir_user *user)
{
	bool as_admin = (req->flags & CONNECT_USE_ADMIN_PRIVILEGE) != 0;

	if (req->auxiliary_buffer.len > AUX_MAX ||
	    (req->auxiliary_buffer.len > 0 &&
	     req->auxiliary_buffer.len < AUX_MIN))
		return because(why, LID_AUX_SIZE,
			       (uint32_t)req->auxiliary_buffer.len,
			       EC_RPC_FAILED);
	if (req->user_dn[0] == '\0')
		return because(why, LID_NO_USER_DN, 0, EC_ACCESS_DENIED);
	if (!directory_user_by_dn(service_directory(svc), req->user_dn,
				  why->arena, user) || user->disabled)
		return because(why, LID_UNKNOWN_USER, 0, EC_UNKNOWN_USER);
	if (as_admin && !who->is_admin)
		return because(why, LID_NO_ADMINISTRATOR, 0, EC_LOGIN_PERM);
	/* Without administrator privilege one must have a mailbox. */
	if (guid_is_null(&user->mailbox) && !as_admin)
		return because(why, LID_NO_MAILBOX, 0, EC_UNKNOWN_USER);
	if (!guid_equal(&user->guid, &who->user) && !who->is_admin)
		return because(why, LID_OTHER_USER, 0, EC_ACCESS_DENIED);
	return EC_SUCCESS;
}

/*
 * What the client says of itself is informational ([MS-OXCRPC] 3.1.4.1.2.2):
 * blocks that cannot be read say nothing.
 */
static bool says_cached_mode(const struct connect_req *req,
			     struct arena *arena)
{
	const struct aux_block *block;
	struct aux_blocks blocks;

	if (!aux_buffer_decode(&req->auxiliary_buffer, arena, &blocks))
		return false;
	block = aux_find(&blocks, AUX_TYPE_PERF_CLIENTINFO);
	return block != NULL && !block->is_raw &&
		block->perf_clientinfo.client_mode == CLIENTMODE_CACHED;
}

static struct session *session_new(struct mailbox_service *svc,
				   const struct identity *who,
				   const struct connect_req *req,
				   struct arena *scratch)
{
	struct arena *arena = arena_new(SESSION_BLOCK);
	struct session *session = arena_zalloc(arena, sizeof *session);

	session->svc = svc;
	session->arena = arena;
	session->who = identity_ref(who);
	session->client_type = CLIENT_MOMT;
	session->admin_connect =
		(req->flags & CONNECT_USE_ADMIN_PRIVILEGE) != 0;
	session->cached_mode = says_cached_mode(req, scratch);
	session->code_page = req->default_code_page;
	session->lcid_string = req->lcid_string;
	session->lcid_sort = req->lcid_sort;
	notify_queue_init(&session->queue);
	return session;
}

static void session_free(struct session *session)
{
	struct arena *arena = session->arena;

	notify_queue_free(&session->queue);
	identity_unref(session->who);
	arena_free(arena);
}

static void connect_answer(struct mailbox_service *svc,
			   struct connect_rsp *rsp, enum ec ec,
			   const struct dir_user *user, const struct diag *why)
{
	*rsp = (struct connect_rsp){
		.error_code = (uint32_t)ec,
		.polls_max = POLLS_MAX_MS,
		.retry_count = RETRY_COUNT,
		.retry_delay = RETRY_DELAY_MS,
		/*
		 * Nothing: rows of recipients then hold whole DNs, in both
		 * directions ([MS-OXCDATA] 2.8.3.2, AddressPrefixUsed).
		 */
		.dn_prefix = "",
		.display_name = ec == EC_SUCCESS ? user->display_name : "",
	};
	rsp->auxiliary_buffer = ec == EC_SUCCESS ?
		aux_at_connect(why->arena) : aux_connect_failed(svc, why, ec);
}

static void connect_refused(struct mailbox_service *svc, enum ec ec,
			    const struct identity *who,
			    const struct connect_req *req)
{
	struct err err;

	if (ec == EC_MAX_OBJS_EXCEEDED) {
		err_set(&err, ec, "%s has too many session contexts: close "
			"some, or raise contexts_user", who->upn);
		service_event(svc, MAILBOX_SESSION_LIMIT, who->legacy_dn, "",
			      &err);
		return;
	}
	err_set(&err, ec, "Connect was refused with %s (%s)", ec_name(ec),
		ec_text(ec));
	service_event(svc, MAILBOX_LOGON_REFUSED, who->legacy_dn,
		      req->user_dn, &err);
}

enum ec mailbox_connect(struct mailbox_service *svc,
			const struct identity *who,
			const struct connect_req *req, struct arena *arena,
			struct connect_rsp *rsp, struct session **out)
{
	const struct mailbox_limits *limits = service_limits(svc);
	uint32_t max = who->is_admin ? limits->sessions_admin :
		limits->contexts_user;
	struct dir_user user = { .display_name = "" };
	struct diag why = diag_begin(arena);
	struct session *session = NULL;
	enum ec ec = connect_allowed(svc, who, req, &why, &user);

	if (ec == EC_SUCCESS) {
		session = session_new(svc, who, req, arena);
		if (!service_add(svc, session, &who->user, max)) {
			diag_add(&why, LID_CONTEXT_LIMIT, max,
				 client_type_name(session->client_type));
			diag_add(&why, LID_CONTEXT_COUNT, max + 1, NULL);
			session_free(session);
			ec = EC_MAX_OBJS_EXCEEDED;
		}
	}
	connect_answer(svc, rsp, ec, &user, &why);
	if (ec != EC_SUCCESS) {
		connect_refused(svc, ec, who, req);
		return ec;
	}
	*out = session;
	return EC_SUCCESS;
}

void mailbox_disconnect(struct session *session)
{
	if (session == NULL)
		return;
	mailbox_notify_set(session, NULL, NULL);
	/* [MS-OXCROPS] 3.2.7.1 */
	while (session->logons != NULL)
		logon_release(session->logons);
	service_remove(session->svc, session);
	session_free(session);
}

bool mailbox_disconnect_is_inline(const struct session *session)
{
	for (const struct logon *l = session->logons; l != NULL; l = l->next)
		if (l->object != NULL && object_needs_lock(l->object))
			return false;
	return true;
}

const void *mailbox_queue_key(const struct session *session)
{
	return session->logons != NULL ? session->logons->store : NULL;
}

size_t mailbox_session_size(const struct session *session)
{
	size_t size = arena_size(session->arena);

	for (const struct logon *l = session->logons; l != NULL; l = l->next)
		size += arena_size(l->arena) +
			l->cap_slots * sizeof l->slots[0];
	return size;
}
