/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mailbox server behind the EMSMDB endpoint: sessions, and what a client
 * does in them ([MS-OXCMAPIHTTP] 2.2.4, [MS-OXCROPS]).  It knows no HTTP: the
 * endpoint keeps cookies and sequences, and calls these functions with
 * decoded bodies.
 *
 * Threads: any number of sessions are served at once from any threads; one
 * session has at most one call at a time, which the endpoint sees to.
 * mailbox_notify_pending and mailbox_notify_set may be called at any time.
 */
#ifndef MAILBOX_MAILBOX_H
#define MAILBOX_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ec.h"
#include "base/err.h"

struct directory;                 /* directory/directory.h */
struct store_pool;                /* store/pool.h */
struct identity;                  /* auth/auth.h */
struct connect_req;               /* mapi/http_body.h */
struct connect_rsp;
struct execute_req;
struct execute_rsp;

/* How much one client may have; 0 in a field means the default beside it. */
struct mailbox_limits {
	/*
	 * Sessions of a user on a mailbox database, which a session counts
	 * for from its first logon there (seats.h): MAPI over HTTP 32, other
	 * client types 16, an administrator's of any type 64,000.
	 */
	uint32_t sessions_user, sessions_other, sessions_admin;
	/*
	 * Session contexts of a user, logged on or not: 256.  It is never
	 * below sessions_user; an administrator's are sessions_admin.
	 */
	uint32_t contexts_user;
	/* Objects open in a session. */
	uint32_t folders;         /* 500 */
	uint32_t messages;        /* 250 */
	uint32_t streams;         /* 250 */
	uint32_t attachments;     /* 500 */
	uint32_t tables;          /* 500 */
	uint32_t subscriptions;   /* 500,000 */
	uint32_t queued;          /* notifications waiting: 10,000 */
	/* Logons to a mailbox that is not here, in 10 s: 5 */
	uint32_t foreign_logons;
	/* Who may wait for a mailbox, to be told of: 10 (the store's pool
	 * has the limit itself) */
	uint32_t lock_waiters;
};

/* What happened, for the log of the program: once for each event. */
enum mailbox_event_type {
	MAILBOX_FAULT,            /* the store failed: err says what and why */
	MAILBOX_ADMIN_LOGON,      /* an administrator opened a mailbox */
	MAILBOX_LOGON_REFUSED,    /* no permission, or elsewhere, or unknown */
	MAILBOX_SESSION_LIMIT,    /* ecMaxObjsExceeded at RopLogon; or at
				   * Connect: too many contexts */
};

struct mailbox_event {
	enum mailbox_event_type type;
	const char *user;         /* legacy DN of the caller, never NULL */
	const char *mailbox;      /* legacy DN of the mailbox, or "" */
	const struct err *err;    /* never NULL */
};

struct mailbox_options {
	struct directory *directory;
	struct store_pool *pool;
	struct mailbox_limits limits;
	/* Name of this server in the directory; copied. */
	const char *server;
	/* Called from whichever thread serves the session; NULL: nobody. */
	void (*event)(void *ctx, const struct mailbox_event *event);
	void *event_ctx;
};

struct mailbox_service;

/*
 * The service; one a process.  directory and pool stay the caller's and must
 * outlive it.  All sessions must be disconnected before it is freed.
 */
struct mailbox_service *mailbox_service_new(const struct mailbox_options *);
void mailbox_service_free(struct mailbox_service *svc);

/* Sessions that are open now, for /metrics and tests. */
size_t mailbox_service_sessions(const struct mailbox_service *svc);

struct session;

/*
 * Connect ([MS-OXCMAPIHTTP] 2.2.4.1, [MS-OXCRPC] 3.1.4.1): check the user DN
 * and the flags against who the caller is, and make a session.
 *
 * rsp is filled in both cases, its strings and auxiliary buffer in arena:
 * status_code is 0, error_code what is returned here.  On success *out is the
 * session, freed by mailbox_disconnect; else it is untouched.  who is copied.
 *
 * EC_ACCESS_DENIED (no user DN, or another's without being administrator),
 * EC_UNKNOWN_USER, EC_LOGIN_PERM (administrative access asked for by someone
 * who is none), EC_MAX_OBJS_EXCEEDED (too many contexts: the limits of
 * sessions are looked at by RopLogon), EC_RPC_FAILED.
 */
enum ec mailbox_connect(struct mailbox_service *svc,
			const struct identity *who,
			const struct connect_req *req, struct arena *arena,
			struct connect_rsp *rsp, struct session **out);

/* Release all that the session has open, and the session.  NULL allowed. */
void mailbox_disconnect(struct session *session);

/* Whether mailbox_disconnect needs no mailbox's lock, and so may be called on
 * an I/O thread. */
bool mailbox_disconnect_is_inline(const struct session *session);

/*
 * Sessions with the same key would wait for the same mailbox's lock (that of
 * the first logon); NULL: there is none yet.  A pointer to compare, no more.
 * Not while an Execute of the session is under way.
 */
const void *mailbox_queue_key(const struct session *session);

/* The service that the session belongs to. */
struct mailbox_service *mailbox_session_service(const struct session *session);

/*
 * Execute ([MS-OXCMAPIHTTP] 2.2.4.2, [MS-OXCRPC] 3.1.4.2): unpack the ROPs of
 * req, run them in order, and fill rsp with their packed answers, allocated
 * in arena.
 *
 * EC_SUCCESS: the answers are in rsp, whatever each ROP returned.  Anything
 * else fails the whole call: EC_RPC_FORMAT (the request cannot be parsed),
 * EC_RPC_FAILED (a size out of range), EC_BUFFER_TOO_SMALL (an answer does
 * not even fit the largest buffer), EC_SERVER_BUSY (more than 10 wait for the
 * mailbox).  rsp then has error_code set and an empty ROP buffer.
 */
enum ec mailbox_execute(struct session *session,
			const struct execute_req *req, struct arena *arena,
			struct execute_rsp *rsp);

/*
 * Whether every ROP of req is memory-only for what its handle refers to: then
 * mailbox_execute takes microseconds and never waits for a lock or a disk,
 * and the endpoint may call it on an I/O thread.  False when in doubt, also
 * for a malformed request.
 */
bool mailbox_is_inline(const struct session *session,
		       const struct execute_req *req);

/*
 * Call wake(ctx) once, from any thread and with locks held (it must only post
 * to the caller's own loop), when a notification is queued for the session;
 * it is disarmed then.  If some are waiting already, nothing is armed and
 * true is returned.  wake NULL disarms; after the return no call is under way
 * any more ([MS-OXCMAPIHTTP] 2.2.4.4, [MS-OXCNOTIF] 3.1.5.7).
 */
bool mailbox_notify_set(struct session *session, void (*wake)(void *ctx),
			void *ctx);

/* Whether notifications wait to be fetched by an Execute. */
bool mailbox_notify_pending(struct session *session);

/* Bytes of memory that the session holds, without its messages' staging. */
size_t mailbox_session_size(const struct session *session);

#endif
