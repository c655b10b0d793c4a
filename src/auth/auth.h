/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is calling.
 *
 * Passwords are checked in helper processes (posthouse-auth), because a slow
 * hash takes tens of milliseconds and megabytes of memory: the queue before
 * them is bounded, a check has a deadline, a helper is replaced after a
 * number of checks, and when one dies its check is tried once more.
 *
 * A check that succeeded is remembered for five minutes under an HMAC of the
 * header with a key of this process, and forgotten when the user changes.
 */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/guid.h"
#include "directory/directory.h"

/* A user, as of the moment of the check.  Immutable and counted. */
struct identity {
	struct guid user;
	struct guid mailbox;      /* null GUID: has none */
	const char *account;
	const char *upn;
	const char *legacy_dn;
	const char *display_name;
	bool is_admin;
	uint64_t changed;         /* dir_user.changed when it was made */
};

const struct identity *identity_ref(const struct identity *id);
void identity_unref(const struct identity *id);   /* NULL is allowed */

/* One reference, the caller's; from a user of the directory. */
const struct identity *identity_new(const struct dir_user *user);

enum auth_result {
	AUTH_OK,
	AUTH_DENIED,              /* wrong password, unknown or disabled user:
				   * 401, not told apart */
	AUTH_MALFORMED,           /* not a Basic header as in RFC 7617: 401 */
	AUTH_THROTTLED,           /* too many failures of late: 401 as well */
	AUTH_UNAVAILABLE,         /* queue full, deadline, helpers: 503 */
};

/* "ok", "denied" …: for the log. */
const char *auth_result_name(enum auth_result result);

struct auth;

/* Where the passwords of NTLM come from: [auth] ntlm. */
enum auth_ntlm {
	AUTH_NTLM_OFF,
	AUTH_NTLM_LOCAL,          /* the directory (auth/nt_hash.h) */
	AUTH_NTLM_WINBIND,        /* the domain, by way of winbind */
};

struct auth_options {
	const char *helper;       /* path of posthouse-auth */
	unsigned helpers;         /* processes at most; 0: 2 */
	/* What the password of a user who doesn't exist is compared with, so
	 * that it takes as long; NULL: a hash like those of users. */
	const char *unknown_password;
	unsigned helper_checks;   /* then it is replaced; 0: 1000 */
	unsigned queue;           /* checks waiting at most; 0: 256 */
	unsigned deadline;        /* ms for a check, queue included; 0: 10000 */
	unsigned remember;        /* ms; 0: 300000 */
	unsigned remembered;      /* entries at most; 0: 65536 */
	unsigned failures;        /* of a user from an address; 0: 10 */
	unsigned address_failures;/* of an address; 0: 100 */
	unsigned failure_window;  /* ms after which they are forgotten; 0:
				   * 60000 */

	/* NTLM and Negotiate: auth/gate.h and auth/initiate.h. */
	enum auth_ntlm ntlm;
	const char *keytab;       /* NULL: the Kerberos library's own */
	const char *principal;    /* this server's as a client; NULL: found in
				   * the keytab */
	const char *host;         /* FQDN of this server; NULL: looked up in
				   * the directory */
	const char *domain;       /* NetBIOS name of the domain; NULL: the
				   * first label of the default accepted one,
				   * in upper case */
	const char *realm;        /* of Kerberos principals that are users;
				   * NULL: the default accepted domain */
	const char *nt_key;       /* key file of NT hashes (AUTH_NTLM_LOCAL) */
	unsigned handshakers;     /* processes for handshakes; 0: 2 */
	unsigned handshakes;      /* steps, then one is replaced; 0: 1000 */
};

/*
 * Start the thread that minds the helpers, which are started when they are
 * needed and leave when idle for a minute.  dir and the strings of options
 * must outlive it.  NULL options: the defaults with helper from PATH.
 */
bool auth_start(struct directory *dir, const struct auth_options *options,
		struct auth **out, struct err *err);

/*
 * Answer what waits with AUTH_UNAVAILABLE (from the calling thread), end the
 * helpers and free.  No auth_check_basic may be running.  NULL is allowed.
 */
void auth_stop(struct auth *auth);

/* id is NULL unless AUTH_OK, and borrowed: identity_ref to keep it. */
typedef void auth_done(void *ctx, enum auth_result result,
		       const struct identity *id);

/*
 * Check the value of an Authorization header ("Basic …").  address is the
 * peer's, without a port, for the throttle.  Never blocks: done is called
 * once, either before this returns (remembered, malformed, throttled, queue
 * full: true is returned) or later from a thread of auth (false), where it
 * must not block either.  The arguments needn't outlive the call.
 */
bool auth_check_basic(struct auth *auth, const char *header,
		      const char *address, auth_done *done, void *ctx);

struct auth_stats {
	uint64_t checks, remembered, denied, throttled, unavailable;
	uint64_t helpers_started, helpers_lost;
	unsigned waiting;         /* checks queued or running now */
};

void auth_stats(struct auth *auth, struct auth_stats *out);

#endif
