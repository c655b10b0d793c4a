/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's side of NTLM and Negotiate, for the hop to a back end: as this
 * server itself, or on behalf of a user by constrained delegation ([MS-SFU]:
 * S4U2Self, then S4U2Proxy).  GSSAPI runs in the helper processes; nothing
 * here blocks.
 *
 *	begin → token → (sent, answered by 401 with a token) → step → … → ok
 */
#ifndef AUTH_INITIATE_H
#define AUTH_INITIATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/auth.h"

/* One handshake; pinned to one helper. */
struct initiate;

enum initiate_method {
	INITIATE_NTLM,            /* "NTLM", raw */
	INITIATE_KERBEROS,        /* "Negotiate" with Kerberos, nothing else */
	INITIATE_NEGOTIATE,       /* "Negotiate": Kerberos, else NTLM inside */
};

/* Strings and binding are copied. */
struct initiate_options {
	enum initiate_method method;
	/* Of the back end, without a scheme: "mx2.example.test".  The service
	 * principal is HTTP/ and this. */
	const char *host;
	/* On whose behalf: a principal, "alice" or "alice@EXAMPLE.TEST", not a
	 * UPN (INITIATE_KERBEROS only); NULL: this server's own account. */
	const char *user;
	/*
	 * Channel binding: the hash of the back end's certificate (RFC 5929,
	 * tls-server-end-point), without the prefix.  len 0: none.
	 */
	const uint8_t *binding;
	size_t binding_len;
	unsigned deadline;        /* ms for each step; 0: that of auth */
};

enum initiate_status {
	INITIATE_CONTINUE,        /* send token, then step with the answer */
	INITIATE_OK,              /* done; send token if there is one */
	INITIATE_FAILED,          /* reason and cause say why */
};

/* For metrics and for deciding what to try next; cause is for people. */
enum initiate_reason {
	INITIATE_NO_REASON,
	INITIATE_NO_ACCOUNT,      /* this server has no key or password */
	INITIATE_NO_SPN,          /* the KDC does not know the target */
	INITIATE_CLOCK_SKEW,
	INITIATE_KDC_UNREACHABLE,
	INITIATE_KEY_REFUSED,     /* the KDC refuses this server's own key */
	INITIATE_NOT_DELEGATED,   /* S4U refused: not allowed to delegate to
				   * the target, or the user is protected */
	INITIATE_NO_USER,         /* S4U: the KDC does not know the user */
	INITIATE_REFUSED,         /* the back end turned the handshake down or
				   * sent a token that makes no sense */
	INITIATE_LOST,            /* the helper died or was full: begin anew */
	INITIATE_TIMED_OUT,
	INITIATE_OTHER,
};

/* "no account", "clock skew" … */
const char *initiate_reason_name(enum initiate_reason reason);

/* Borrowed, valid until done returns. */
struct initiate_result {
	enum initiate_status status;
	/* What goes behind "NTLM " or "Negotiate " in the Authorization
	 * header, base64; NULL: nothing. */
	const char *token;
	enum initiate_reason reason;
	const char *cause;        /* in words, with names; "" if not failed */
};

typedef void initiate_done(void *ctx, const struct initiate_result *result);

/*
 * Begin.  done is called once, either before this returns (queue full) or
 * later from a thread of auth, where it must not block.  The handshake is the
 * caller's, to be freed with initiate_free whatever comes of it.
 */
struct initiate *initiate_begin(struct auth *auth,
				const struct initiate_options *options,
				initiate_done *done, void *ctx);

/*
 * The next step, with what stood behind the scheme's name in the back end's
 * WWW-Authenticate (base64; "" or NULL: nothing, which ends the handshake:
 * refused).  Only after done was called for the step before.
 */
void initiate_step(struct initiate *handshake, const char *token,
		   initiate_done *done, void *ctx);

/*
 * Free, and let the helper forget it.  Allowed in done and after it, not
 * while a step is under way, nor in a done that is called before
 * initiate_begin has returned.  NULL is allowed.
 */
void initiate_free(struct initiate *handshake);

#endif
