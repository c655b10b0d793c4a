/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's side of an acceptance: a handshake of NTLM or Negotiate that a
 * client begins, step by step, in one helper process.
 */
#ifndef AUTH_ACCEPT_H
#define AUTH_ACCEPT_H

#include "auth/auth.h"
#include "auth/handshake.h"

struct accept;

enum accept_status {
	ACCEPT_CONTINUE,          /* send the token, and wait for the next */
	ACCEPT_OK,
	ACCEPT_DENIED,            /* cause says why, for the log alone */
	ACCEPT_LOST,              /* the helper is gone: begin anew */
	ACCEPT_UNAVAILABLE,       /* no helper, or too late */
};

/* Borrowed, valid until done returns. */
struct accept_result {
	enum accept_status status;
	struct bytes token;       /* for the client; len 0: none */
	const struct identity *who;       /* one of these two when OK */
	const struct dir_server *server;
	enum handshake_mech mech;
	bool bound;               /* the client named our TLS channel */
	const char *target;       /* the service that it meant; "": unsaid */
	const char *user;         /* whom it claims to be; "": not known */
	const char *cause;
	bool throttled;
};

typedef void accept_done(void *ctx, const struct accept_result *result);

/* One reference, the caller's.  address is the peer's, without a port. */
struct accept *accept_new(struct auth *auth, enum handshake_scheme scheme,
			  const char *address);
/* A step under way goes on, and is answered; NULL is allowed. */
void accept_unref(struct accept *a);

/*
 * The client's next token (binding: the channel's application data, len 0:
 * not looked at).  done is called once, before this returns (queue full) or
 * from the thread of the helpers; it must not block.  One step at a time.
 */
void accept_step(struct accept *a, const struct bytes *token,
		 const struct bytes *binding, accept_done *done, void *ctx);

#endif
