/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate before every virtual directory: who is calling, by the methods
 * that the virtual directory accepts (Basic, NTLM, Negotiate, bearer tokens),
 * and what a caller who is nobody yet is asked.
 *
 * NTLM and Negotiate take several requests.  What lies between them, and the
 * caller that they end with, belongs to the connection (HTTP_CONN_AUTH, see
 * http/server.h): it is there for as long as the connection, for later
 * requests without an Authorization header, and for no other connection.  A
 * request that brings a new Authorization header begins anew.
 *
 * Passwords, GSSAPI and winbind are the work of helper processes; no function
 * here blocks.  The gate belongs to an I/O thread's request, as in
 * http/server.h: gate_check is called there, and its answer comes there.
 */
#ifndef AUTH_GATE_H
#define AUTH_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/auth.h"
#include "base/guid.h"
#include "directory/directory.h"
#include "http/server.h"

struct gate;
struct gate_policy;

/* One bit a method, as a set in IISAuthenticationMethods. */
enum gate_method {
	GATE_BASIC = 1,           /* RFC 7617 */
	GATE_NTLM = 2,            /* [MS-NTHT] */
	GATE_NEGOTIATE = 4,       /* RFC 4559, [MS-SPNG] */
	GATE_OAUTH = 8,           /* RFC 6750 */
};

/* "Basic", "NTLM", "Negotiate", "Bearer": as in WWW-Authenticate. */
const char *gate_method_name(enum gate_method method);

/* --- The service ------------------------------------------------------ */

/*
 * A check that failed, for the administrator's log.  Without secrets: cause
 * says what was wrong in words ("wrong password", "key version 3 of
 * HTTP/mx1.example.test is not in the keytab"), user is what the caller
 * claimed to be, NULL when that is not known.
 */
struct gate_failure {
	const char *peer, *user, *cause;
	enum gate_method method;
	enum auth_result result;
};

struct gate_config {
	struct auth *auth;        /* Basic, the helpers, the directory */
	struct directory *dir;
	struct bearer *bearer;    /* auth/bearer.h; NULL: bearer tokens are
				   * refused */
	void (*failed)(void *ctx, const struct gate_failure *failure);
	void *ctx;                /* of failed: any thread; NULL: none */
};

/* auth, dir and bearer must outlive the gate. */
struct gate *gate_new(const struct gate_config *config);
void gate_free(struct gate *gate);                /* NULL is allowed */

/* --- Policies --------------------------------------------------------- */

/* Which virtual directory a listener's requests come through. */
enum gate_listener {
	GATE_FRONT_END,           /* [http] listen: "Default Web Site" */
	GATE_BACK_END,            /* [http] listen_backend: "Exchange Back
				   * End"; servers of the organisation too */
};

struct gate_policy_config {
	enum gate_listener listener;
	/* Of the virtual directory; null GUID: the server that this process
	 * is (directory_this_server). */
	struct guid server;
	const char *realm;        /* of Basic: the host's FQDN; copied */
};

/*
 * The policy of a virtual directory.  It follows the directory: a changed
 * method or Extended Protection holds from the next request on, also for
 * connections that have been authenticated already.  A server without a
 * virtual directory accepts Basic alone.  Free it before the gate and after
 * the HTTP server.
 */
struct gate_policy *gate_policy_new(struct gate *gate,
				    const struct gate_policy_config *config);
void gate_policy_free(struct gate_policy *policy);        /* NULL: none */

/* The methods it accepts now, a set of enum gate_method. */
unsigned gate_policy_methods(struct gate_policy *policy);

/* --- Checking --------------------------------------------------------- */

enum gate_status {
	GATE_OK,                  /* who or server is set */
	GATE_UNAUTHORIZED,        /* answer 401 with gate_put_headers */
	GATE_UNAVAILABLE,         /* answer 503: helpers are down or full */
};

/* All of it is borrowed, and valid until done returns. */
struct gate_result {
	enum gate_status status;
	const struct identity *who;       /* a user: identity_ref to keep it;
					   * NULL: none */
	/* A server of the organisation, which speaks for itself (its machine
	 * account, or its principal HOST/ or HTTP/); NULL: none.  Only on
	 * GATE_BACK_END. */
	const struct dir_server *server;
	enum gate_method method;          /* of who or server */
	/* "Basic", "NTLM", "Negotiate/Kerberos", "Negotiate/NTLM", "Bearer":
	 * for the log. */
	const char *how;
	bool persistent;          /* the connection stays authenticated */
	/* Why not, in words for the log; NULL when OK, and for a request that
	 * simply had no credentials yet or is in the middle of a handshake. */
	const char *cause;
};

typedef void gate_done(void *ctx, struct http_request *req,
		       const struct gate_result *result);

/*
 * Who calls with req?  done is called once, on the connection's I/O thread:
 * before this returns, or later (then req must stay alive: it must not be
 * ended before, also when its client has gone).
 */
void gate_check(struct gate_policy *policy, struct http_request *req,
		gate_done *done, void *ctx);

/*
 * The values of WWW-Authenticate on a 401 that begins nothing, in the order
 * in which they are sent: one for each method.  In the arena.
 */
size_t gate_challenges(struct gate_policy *policy, struct arena *arena,
		       const char *const **out);

/*
 * Put what the gate has to say into the answer's head, before http_start or
 * http_respond: on GATE_UNAUTHORIZED one WWW-Authenticate for each method,
 * or the next token of the handshake under way; after GATE_OK the last token
 * of a handshake that this request ended (so that the client can be sure of
 * the server too) and "Persistent-Auth: true" where it holds.  On the
 * request's I/O thread, at any time before its end.
 */
void gate_put_headers(struct gate_policy *policy, struct http_request *req,
		      enum gate_status status);

/*
 * Who the connection is authenticated as, without a check; NULL: nobody.
 * Borrowed until the callback on the I/O thread returns.
 */
const struct identity *gate_connection_user(const struct http_request *req);

struct gate_stats {
	uint64_t checks, ok, asked, denied, throttled, unavailable;
	uint64_t handshakes, handshakes_lost;     /* begun; a helper died */
	uint64_t persistent;      /* requests on authenticated connections */
	/* Of those that ended well, by method. */
	uint64_t basic, ntlm, negotiate_kerberos, negotiate_ntlm, bearer;
};

void gate_stats(struct gate *gate, struct gate_stats *out);

#endif
