/* SPDX-License-Identifier: Apache-2.0 */
/* RopLogon to a private mailbox ([MS-OXCSTOR] 2.2.1.1, 3.2.5.1). */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/auth.h"
#include "base/clock.h"
#include "base/err.h"
#include "mailbox/logon.h"
#include "mailbox/rop_handler.h"
#include "mailbox/service.h"
#include "mailbox/session.h"
#include "mapi/code_page.h"
#include "store/pool.h"
#include "store/store.h"

enum {                            /* LogonFlags, [MS-OXCSTOR] 2.2.1.1.1 */
	LOGON_PRIVATE = 0x01,
	LOGON_UNDERCOVER = 0x02,
	LOGON_GHOSTED = 0x04,
	LOGON_SPOOLER = 0x08,
	LOGON_FLAGS_ALL = 0x0f,
	/* Those that come back in the answer (2.2.1.1.3). */
	LOGON_FLAGS_ANSWERED = LOGON_PRIVATE | LOGON_UNDERCOVER |
		LOGON_GHOSTED,
};

enum {                            /* OpenFlags, [MS-OXCSTOR] 2.2.1.1.1 */
	OPEN_USE_ADMIN_PRIVILEGE = 0x00000001,
	OPEN_USE_PER_MDB_REPLID_MAPPING = 0x01000000,
	OPEN_FLAGS_ALL = 0x2100070f,
};

enum {                            /* ResponseFlags, 2.2.1.1.3 */
	RESPONSE_RESERVED_FLAG = 0x01,
	RESPONSE_OWNER_RIGHT = 0x02,
	RESPONSE_SEND_AS_RIGHT = 0x04,
	RESPONSE_OOF = 0x10,
};

enum {
	LOGON_BLOCK = 512,
	/*
	 * "Tracks the currency of the Gateway Address Routing Table": there
	 * is none, so that it never changes.
	 */
	GWART_TIME = 1,
};

static enum ec because(struct rop_call *call, uint32_t lid, uint32_t value,
		       enum ec ec)
{
	diag_add(&call->diag, lid, value, NULL);
	return ec;
}

/* What can be said before anything is looked up. */
static enum ec check_request(struct rop_call *call,
			     const struct rop_logon_req *req)
{
	uint32_t code_page = call->session->code_page;
	uint32_t undefined = req->open_flags & ~(uint32_t)OPEN_FLAGS_ALL;

	/* 3.2.5.1.1, 3.2.5.1.2: undefined flags */
	if ((req->logon_flags & ~LOGON_FLAGS_ALL) != 0 || undefined != 0)
		return because(call, LID_LOGON_FLAGS,
			       (uint32_t)req->logon_flags << 24 |
			       (undefined & 0xffffff), EC_ERROR);
	/* 3.2.5.1.2: this server has no public folders. */
	if (!(req->logon_flags & LOGON_PRIVATE))
		return because(call, LID_PUBLIC_LOGON, 0, EC_LOGIN_FAILURE);
	if (!code_page_known(code_page))
		return because(call, LID_CODE_PAGE, code_page,
			       EC_UNKNOWN_CODE_PAGE);
	return EC_SUCCESS;
}

/* The server that has it, in the answer ([MS-OXCSTOR] 2.2.1.1.2). */
static enum ec elsewhere(struct rop_call *call,
			 const struct dir_mailbox *mailbox,
			 struct rop_logon_rsp *rsp)
{
	struct mailbox_service *svc = call->session->svc;
	struct directory *dir = service_directory(svc);
	struct dir_server server = { .name = mailbox->server_fqdn };
	struct dir_org org;

	if (!service_foreign_logon(svc, call->session)) {
		diag_add(&call->diag, LID_LOGON_ATTEMPTS,
			 service_limits(svc)->foreign_logons,
			 mailbox->server_fqdn);
		return EC_SERVER_PAUSED;
	}
	diag_add(&call->diag, LID_ELSEWHERE, 0, mailbox->server_fqdn);
	directory_server(dir, &mailbox->server, call->arena, &server);
	directory_org(dir, call->arena, &org);
	rsp->server_name = directory_server_dn(call->arena, org.name,
					       server.name);
	return EC_WRONG_SERVER;
}

static bool as_admin(const struct session *session,
		     const struct rop_logon_req *req)
{
	return session->admin_connect ||
		(req->open_flags & OPEN_USE_ADMIN_PRIVILEGE) != 0;
}

/*
 * Until mailboxes have permissions: the owner, and administrators of the
 * organisation who ask for it.
 */
static enum ec check_rights(struct rop_call *call,
			    const struct rop_logon_req *req,
			    const struct dir_mailbox *mailbox)
{
	const struct session *session = call->session;
	bool owner = guid_equal(&mailbox->user, &session->who->user);

	if ((req->open_flags & OPEN_USE_ADMIN_PRIVILEGE) != 0 &&
	    !session->who->is_admin)
		return because(call, LID_NO_ADMINISTRATOR, 0, EC_LOGIN_PERM);
	if (owner || (session->who->is_admin && as_admin(session, req)))
		return EC_SUCCESS;
	return because(call, LID_NO_PERMISSION, 0, EC_LOGIN_PERM);
}

/*
 * 3.2.5.1.1: replica IDs of two mailboxes may stand side by side in one
 * session only if the client says that it can tell them apart.
 */
static enum ec check_mapping(struct rop_call *call,
			     const struct rop_logon_req *req,
			     const struct dir_mailbox *mailbox)
{
	const struct logon *first = call->session->logons;

	if (first == NULL ||
	    (req->open_flags & OPEN_USE_PER_MDB_REPLID_MAPPING) != 0)
		return EC_SUCCESS;
	while (first->next != NULL)       /* the latest stands first */
		first = first->next;
	return guid_equal(&first->mailbox.guid, &mailbox->guid) ? EC_SUCCESS :
		because(call, LID_REPLID_MAPPING, 0, EC_INVALID_PARAM);
}

/* ---- the session limit ---- */

/* Whether the session has a logon on the database, and so is counted. */
static bool has_seat(const struct session *session,
		     const struct guid *database)
{
	for (const struct logon *l = session->logons; l != NULL; l = l->next)
		if (guid_equal(&l->mailbox.database, database))
			return true;
	return false;
}

/* The session's limit of its user and the database. */
static enum ec take_seat(struct rop_call *call,
			 const struct dir_mailbox *mailbox)
{
	struct session *session = call->session;
	const char *type = client_type_name(session->client_type);
	uint32_t max = client_type_limit(service_limits(session->svc),
					 session->client_type,
					 session->who->is_admin);
	uint32_t count;
	struct err err;

	if (has_seat(session, &mailbox->database) ||
	    service_take_seat(session->svc, session, &mailbox->database, max,
			      &count))
		return EC_SUCCESS;
	diag_add(&call->diag, LID_SESSION_LIMIT, max, type);
	diag_add(&call->diag, LID_SESSION_COUNT, count, NULL);
	diag_add_guid(&call->diag, LID_SESSION_DATABASE, &mailbox->database);
	err_set(&err, EC_MAX_OBJS_EXCEEDED, "%s would have %u sessions of a "
		"limit of %u (client type %s) on the mailbox database %s: "
		"close some, or raise sessions_user", session->who->upn,
		count, max, type, mailbox->database_name);
	service_event(session->svc, MAILBOX_SESSION_LIMIT,
		      session->who->legacy_dn, mailbox->legacy_dn, &err);
	return EC_MAX_OBJS_EXCEEDED;
}

/* When a logon is gone, or did not come about. */
static void give_seat(struct session *session, const struct guid *database)
{
	if (!has_seat(session, database))
		service_give_seat(session->svc, session, database);
}

static void refused(struct rop_call *call, const char *essdn, enum ec ec)
{
	struct session *session = call->session;
	struct err err;

	err_set(&err, ec, "%s may not open the mailbox %s: %s (%s)",
		session->who->upn, essdn, ec_name(ec), ec_text(ec));
	service_event(session->svc, MAILBOX_LOGON_REFUSED,
		      session->who->legacy_dn, essdn, &err);
}

/* Find the mailbox and see whether the caller may have it here. */
static enum ec find_mailbox(struct rop_call *call,
			    const struct rop_logon_req *req,
			    struct dir_mailbox *out,
			    struct rop_logon_rsp *rsp)
{
	struct directory *dir = service_directory(call->session->svc);
	enum ec ec;

	/* A user without a mailbox, and a disabled one: ecUnknownUser */
	if (!directory_mailbox_by_dn(dir, req->essdn, call->arena, out))
		return because(call, LID_UNKNOWN_MAILBOX, 0, EC_UNKNOWN_USER);
	if (out->disabled)
		return because(call, LID_MAILBOX_DISABLED, 0,
			       EC_UNKNOWN_USER);
	if (!out->local)
		return elsewhere(call, out, rsp);
	ec = check_rights(call, req, out);
	return ec != EC_SUCCESS ? ec : check_mapping(call, req, out);
}

static void open_failed(struct rop_call *call, struct err *err,
			const struct dir_mailbox *mailbox)
{
	err_prefix(err, "cannot open the mailbox %s", mailbox->path);
	service_event(call->session->svc, MAILBOX_FAULT,
		      call->session->who->legacy_dn, mailbox->legacy_dn, err);
}

/*
 * The store of the mailbox.  One whose file isn't there yet is made, for its
 * owner only (3.2.5.1.1).
 */
static enum ec open_store(struct rop_call *call,
			  const struct dir_mailbox *mailbox,
			  struct store **out)
{
	struct store_pool *pool = service_pool(call->session->svc);
	const struct store_create_params params = {
		.mailbox_guid = mailbox->guid,
		.lcid = mailbox->lcid,
		.display_name = mailbox->display_name,
	};
	struct err err = { .ec = EC_SUCCESS };
	enum ec ec = store_get(pool, mailbox->path, out, &err);

	if (ec == EC_NOT_FOUND) {
		if (!guid_equal(&mailbox->user, &call->session->who->user))
			return because(call, LID_NOT_CREATED, 0,
				       EC_ACCESS_DENIED);
		/* Two who make it at once: the second finds it there. */
		(void)store_create(pool, mailbox->path, &params, &err);
		ec = store_get(pool, mailbox->path, out, &err);
	}
	if (ec == EC_SUCCESS)
		return EC_SUCCESS;
	open_failed(call, &err, mailbox);
	return because(call, LID_STORE_UNAVAILABLE, (uint32_t)ec,
		       EC_LOGIN_FAILURE);
}

/* The directory's quota, in KiB, is the store's from the next logon on. */
static enum ec apply_quota(struct rop_call *call, struct store *store,
			   const struct dir_quota *quota)
{
	const struct store_quota want = {
		.warn = quota->warn * 1024,
		.no_send = quota->no_send * 1024,
		.no_receive = quota->no_receive * 1024,
	};
	struct store_quota have;
	enum ec ec = rop_call_lock(call, store);

	if (ec != EC_SUCCESS)
		return ec;
	store_get_quota(store, &have);
	if (have.warn != want.warn || have.no_send != want.no_send ||
	    have.no_receive != want.no_receive)
		ec = store_set_quota(store, &want);
	rop_call_unlock(call);
	return ec;
}

/* The strings of the entry, in the logon's arena. */
static void keep_mailbox(struct logon *logon, const struct dir_mailbox *from)
{
	struct dir_mailbox *to = &logon->mailbox;
	struct arena *a = logon->arena;

	*to = *from;
	to->path = "";
	to->legacy_dn = arena_strdup(a, from->legacy_dn);
	to->display_name = arena_strdup(a, from->display_name);
	to->address = arena_strdup(a, from->address);
	to->database_name = arena_strdup(a, from->database_name);
	to->server_fqdn = arena_strdup(a, from->server_fqdn);
}

static struct logon *logon_new(struct rop_call *call,
			       const struct rop_logon_req *req,
			       const struct dir_mailbox *mailbox,
			       struct store *store)
{
	struct arena *arena = arena_new(LOGON_BLOCK);
	struct logon *logon = arena_zalloc(arena, sizeof *logon);
	struct session *session = call->session;

	logon->session = session;
	logon->arena = arena;
	logon->store = store;
	logon->logon_id = call->logon_id;
	logon->logon_flags = req->logon_flags;
	logon->open_flags = req->open_flags;
	logon->is_owner = guid_equal(&mailbox->user, &session->who->user);
	keep_mailbox(logon, mailbox);
	logon->next = session->logons;
	session->logons = logon;
	return logon;
}

void logon_release(struct logon *logon)
{
	struct session *session = logon->session;
	struct logon **at = &session->logons;
	struct guid database = logon->mailbox.database;
	struct store *store = logon->store;
	bool locked = false;

	if (logon->object != NULL && object_needs_lock(logon->object)) {
		/* Others' work on it ends sooner or later. */
		while (store_lock(store) == EC_SERVER_BUSY)
			nanosleep(&(struct timespec){ .tv_nsec = 1000000 },
				  NULL);
		locked = true;
	}
	if (logon->object != NULL)
		object_release(logon->object);
	if (locked)
		store_unlock(store);
	while (*at != logon)
		at = &(*at)->next;
	*at = logon->next;
	give_seat(session, &database);
	per_user_write_free(logon);
	free(logon->slots);
	arena_free(logon->arena);
	store_put(store);
}

static uint8_t response_flags(const struct logon *logon, struct arena *arena)
{
	uint8_t flags = RESPONSE_RESERVED_FLAG | RESPONSE_OWNER_RIGHT;
	struct prop_value oof;

	if (logon->is_owner)
		flags |= RESPONSE_SEND_AS_RIGHT;
	if (store_get_prop(logon->store, PID_TAG_OUT_OF_OFFICE_STATE, arena,
			   &oof) == EC_SUCCESS && oof.b)
		flags |= RESPONSE_OOF;
	return flags;
}

/* [MS-OXCROPS] 2.2.3.1.2.1 */
static struct rop_logon_time logon_time(time_t now)
{
	struct tm tm;

	gmtime_r(&now, &tm);
	return (struct rop_logon_time){
		.seconds = (uint8_t)tm.tm_sec,
		.minutes = (uint8_t)tm.tm_min,
		.hour = (uint8_t)tm.tm_hour,
		.day_of_week = (uint8_t)tm.tm_wday,
		.day = (uint8_t)tm.tm_mday,
		.month = (uint8_t)(tm.tm_mon + 1),
		.year = (uint16_t)(tm.tm_year + 1900),
	};
}

static void answer(const struct logon *logon, struct arena *arena,
		   struct rop_logon_rsp *rsp)
{
	const struct store *store = logon->store;

	for (int i = 0; i < SPECIAL_LOGON_COUNT; i++)
		rsp->folder_ids.v[i] = store_special(store,
						     (enum special_folder)i);
	rsp->response_flags = response_flags(logon, arena);
	rsp->mailbox_guid = store_mailbox_guid(store);
	rsp->repl_id = STORE_REPLID;
	rsp->repl_guid = store_replica_guid(store);
	rsp->logon_time = logon_time(time(NULL));
	rsp->gwart_time = GWART_TIME;
	rsp->store_state = 0;
}

static void tell_admin_logon(const struct logon *logon)
{
	const struct identity *who = logon->session->who;
	struct err err;

	err_set(&err, EC_SUCCESS, "the administrator %s opened the mailbox "
		"of %s", who->upn, logon->mailbox.address);
	service_event(logon->session->svc, MAILBOX_ADMIN_LOGON,
		      who->legacy_dn, logon->mailbox.legacy_dn, &err);
}

enum ec rop_logon(struct rop_call *call, const struct rop_logon_req *req,
		  struct rop_logon_rsp *rsp)
{
	struct session *session = call->session;
	struct dir_mailbox mailbox;
	struct store *store;
	struct logon *logon, *old;
	enum ec ec = check_request(call, req);

	rsp->logon_flags = req->logon_flags & LOGON_FLAGS_ANSWERED;
	rop_call_unlock(call);
	if (ec == EC_SUCCESS)
		ec = find_mailbox(call, req, &mailbox, rsp);
	if (ec != EC_SUCCESS) {
		refused(call, req->essdn, ec);
		return ec;
	}
	ec = take_seat(call, &mailbox);
	if (ec != EC_SUCCESS)
		return ec;
	ec = open_store(call, &mailbox, &store);
	if (ec != EC_SUCCESS) {
		give_seat(session, &mailbox.database);
		return ec;
	}
	ec = apply_quota(call, store, &mailbox.quota);
	if (ec != EC_SUCCESS) {
		store_put(store);
		give_seat(session, &mailbox.database);
		return ec;
	}
	/*
	 * [MS-OXCROPS] 3.1.4.2: a LogonId in use is taken over.  The old one
	 * goes last: the session may be counted for both.
	 */
	old = session_logon(session, call->logon_id);
	logon = logon_new(call, req, &mailbox, store);
	if (old != NULL)
		logon_release(old);
	/* An object limit of logons is one of LogonIds: it is never met. */
	ec = object_new(logon, OBJECT_LOGON, NULL, &logon->object);
	call->made = logon->object;
	answer(logon, call->arena, rsp);
	if (!logon->is_owner)
		tell_admin_logon(logon);
	return ec;
}
