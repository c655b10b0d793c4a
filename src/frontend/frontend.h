/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The front end: it takes the requests of clients for /mapi/emsmdb/ and
 * /mapi/nspi/, finds out who calls and which server holds the mailbox, and
 * proxies to it, piece by piece as they come.
 *
 * Which mailbox: MailboxId of the URL, else the caller's own.  It is only a
 * key: the target is the back-end virtual directory of the server where the
 * directory says that the mailbox's database is active, and nothing that a
 * client sends has a part in it (doc/routing.md).
 *
 * How the hop is authenticated is a matter of the back end's make and of the
 * settings (enum frontend_hop); with which method, of hop_auth and the
 * target's IISAuthenticationMethods (doc/frontend.md).
 *
 *	frontend = frontend_new(&config, &err);
 *	frontend_attach(frontend);      after endpoint_attach: it comes before
 *	http_server_start(server, &err);
 *	…
 *	frontend_drain(frontend);
 *	http_server_drain(server);
 *	http_server_wait(server, 30000);
 *	http_server_free(server);
 *	frontend_free(frontend);        then the gate, auth, the directory
 *
 * What a client gets when there is no answer to pass on: status 503 when the
 * back end cannot be reached, is too slow or broke off, 500 when the hop
 * cannot be authenticated or routed, always with
 *
 *	X-FailureContext: FrontEnd;<status>;<reason>;<back end>;<text>
 *
 * where reason is one word of frontend_failure_name, back end is the target's
 * FQDN ("" if none) and text says in words what failed; when the hop could
 * not be authenticated it is of the form
 *
 *	hop=<front end FQDN>(15.1)-><back end FQDN>(15.0);needed=NTLM;
 *	offered=Negotiate
 *
 * (in one line; methods are those of WWW-Authenticate, comma-separated).  Who
 * has not authenticated gets neither back end nor text.  An answer that has
 * begun is ended by a late X-ResponseCode ([MS-OXCMAPIHTTP] 2.2.7) if it is
 * still pending, and cut off otherwise.
 */
#ifndef FRONTEND_FRONTEND_H
#define FRONTEND_FRONTEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/auth.h"
#include "base/err.h"
#include "base/guid.h"

struct arena;                     /* base/arena.h */
struct assertion_signer;          /* auth/assertion.h */
struct directory;                 /* directory/directory.h */
struct gate;                      /* auth/gate.h */
struct gate_policy;
struct http_request;              /* http/server.h */
struct http_server;
struct log;                       /* base/log.h */

struct frontend;

/* Autodiscover is none of them: every server answers it from the directory. */
enum frontend_service { FRONTEND_EMSMDB, FRONTEND_NSPI, FRONTEND_SERVICES };

/* How the front end presents itself and the user to a back end. */
enum frontend_hop {
	FRONTEND_SERVER,          /* as itself, the user asserted by a signed
				   * token: to Posthouse */
	FRONTEND_DELEGATION,      /* as the user, by S4U2Self, S4U2Proxy */
	FRONTEND_PASS_THROUGH,    /* the client's own credentials, passed */
};

/* Which method server to server needs ([frontend] hop_auth). */
enum frontend_hop_auth {
	FRONTEND_AUTH_VERSION,    /* other version: NTLM; same: Negotiate */
	FRONTEND_AUTH_NTLM,
	FRONTEND_AUTH_NEGOTIATE,
};

/* What is known of a request that is handed to a local mailbox server. */
struct frontend_caller {
	const struct identity *who;       /* borrowed: identity_ref */
	const char *id;                   /* request-id; in the request's
					   * arena, as is target */
	const char *how;                  /* gate_result's; valid during the
					   * call */
	struct gate_policy *policy;       /* for gate_put_headers */
	const char *target;               /* X-CalculatedBETarget; NULL */
};

/*
 * The endpoint of this very process: it gets the request whole, as a mount
 * does, and owns it from then on.  Fields that come last in an answer have
 * been put already (http_last_header).
 */
typedef void frontend_local(void *ctx, struct http_request *req,
			    const struct frontend_caller *caller);

/* 0 in a number means the default beside it; strings are copied. */
struct frontend_config {
	struct http_server *server;
	struct directory *directory;
	struct auth *auth;
	struct gate_policy *policy;       /* of this server's front-end vdir */
	struct assertion_signer *signer;  /* auth/assertion.h; NULL: none */
	struct log *log;                  /* NULL: none */
	const char *host;                 /* FQDN: X-FEServer, loops */
	const char *version;              /* of this server, as in the
					   * directory */
	const char *ca_file;              /* of back ends; NULL: system's */
	enum frontend_hop hop_posthouse, hop_exchange, hop_gromox;
	enum frontend_hop_auth hop_auth;
	unsigned connect_ms;              /* 5 s */
	unsigned answer_ms;               /* to the head of an answer: 60 s */
	unsigned probe_ms;                /* between health probes: 10 s */
	size_t body_max;                  /* of a request: 1 MiB */
	/* Local services; NULL: this process has none. */
	frontend_local *local[FRONTEND_SERVICES];
	void *local_ctx[FRONTEND_SERVICES];
};

struct frontend *frontend_new(const struct frontend_config *config,
			      struct err *err);
void frontend_free(struct frontend *frontend);    /* NULL is allowed */

/*
 * What cannot work of config's hops with the directory as it is now, such as
 * pass-through where Extended Protection is required: each is reported in
 * words for people; returns how many there were.  Of config only directory
 * and the hops are looked at.
 */
unsigned frontend_check(const struct frontend_config *config,
			void (*problem)(void *ctx, const char *text),
			void *ctx);

/*
 * Mount on the server, which has not been started; after what it is to come
 * before.  Without a local mailbox server /mapi/healthcheck.htm as well.
 */
void frontend_attach(struct frontend *frontend);

/* The health page answers 503 from now on, and clients that wait for
 * notifications are told to come back.  Any thread. */
void frontend_drain(struct frontend *frontend);

/* Read the CA file again.  Any thread. */
bool frontend_reload(struct frontend *frontend, struct err *err);

/* --- What went wrong -------------------------------------------------- */

enum frontend_failure {
	FRONTEND_OK,
	FRONTEND_NO_MAILBOX,      /* no such mailbox, or the caller has none */
	FRONTEND_NO_ROUTE,        /* version: doc/routing.md; or no server */
	FRONTEND_NO_VDIR,         /* no back-end virtual directory, no URL */
	FRONTEND_LOOP,            /* went through a front end before */
	FRONTEND_DOWN,            /* known to be down */
	FRONTEND_RESOLVE, FRONTEND_CONNECT, FRONTEND_TLS,
	FRONTEND_CERTIFICATE,
	FRONTEND_TIMEOUT,
	FRONTEND_MALFORMED,
	FRONTEND_BROKEN,
	FRONTEND_HOP_METHOD,      /* the method needed is not offered */
	FRONTEND_HOP_REFUSED,     /* offered, but refused */
	FRONTEND_HOP_ACCOUNT,     /* this server has no key, ticket, … */
	FRONTEND_NEEDS_MAILBOX_ID,/* pass-through without MailboxId */
	FRONTEND_UNAVAILABLE,     /* helpers, sockets */
	FRONTEND_MOVED,           /* the database, during a wait */
	FRONTEND_STOPPING,        /* this front end, during a wait */
	FRONTEND_FAILURES,
};

/* "HopMethod", "Connect" …: in X-FailureContext, logs and metrics. */
const char *frontend_failure_name(enum frontend_failure failure);

/* --- For metrics and status ------------------------------------------- */

struct frontend_counters {        /* since the start, but waiting: now */
	uint64_t requests, local, proxied, passed_through;
	uint64_t unauthorized, pending;   /* 401; proxied and unanswered now */
	uint64_t failures[FRONTEND_FAILURES];
	uint64_t late_failures, cut_off;
	uint64_t bytes_up, bytes_down;
	uint64_t upstream_opened, upstream_failed, upstream_taken,
		upstream_idle;
	uint64_t handshakes;              /* of hops, that ended well */
};

void frontend_counters(struct frontend *frontend,
		       struct frontend_counters *out);

/* A back end, as this front end has seen it. */
struct frontend_backend {
	const char *fqdn, *version, *make, *url;
	bool up;                  /* false: requests fail at once */
	uint64_t since_ms;        /* clock_ms() when that began */
	uint64_t requests, failures, probes, probe_failures;
	enum frontend_failure last_failure;
	const char *last_text;    /* "" if none */
	const char *hop, *needed; /* "server", "NTLM" */
	const char *offered;      /* by the directory: "Negotiate" */
};

/* All of the directory's servers with a back-end virtual directory, in arena;
 * the count is returned.  Any thread. */
size_t frontend_backends(struct frontend *frontend, struct arena *arena,
			 struct frontend_backend **out);

#endif
