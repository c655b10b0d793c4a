/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bearer tokens (RFC 6750): JSON Web Tokens (RFC 7519) of the organisation's
 * identity provider, in "Authorization: Bearer …".
 *
 * A token is good if its signature is by one of the provider's keys
 * (jwks_source.h), it names one of the configured issuers and audiences, it
 * is valid now, and its claims lead to exactly one user of the directory.
 * The key's type alone decides the algorithm: RSA keys take RS256, P-256 keys
 * ES256, and there is nothing else.  Keys that a token brings along (jwk, jku,
 * x5c, x5u) are not looked at.
 *
 * A token that was good is remembered until it expires, at most 5 minutes.
 */
#ifndef AUTH_BEARER_H
#define AUTH_BEARER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/auth.h"
#include "base/err.h"
#include "directory/directory.h"

struct bearer;

/* Strings and lists are copied. */
struct bearer_options {
	/* Where the keys come from: one of the two. */
	const char *jwks_file;
	const char *jwks_url;             /* https; http on loopback alone */
	const char *ca_file;              /* of jwks_url; NULL: the system's */
	const char *fetch;                /* path of posthouse-fetch */
	unsigned refresh;                 /* ms between fetches; 0: 1 h */
	unsigned refetch;                 /* ms at least between two fetches
					   * for unknown keys; 0: 30 s */

	const char *const *issuers;       /* at least one */
	size_t n_issuers;
	const char *const *audiences;     /* at least one */
	size_t n_audiences;
	unsigned skew;                    /* s that clocks may differ */
	/*
	 * The claims that name the user, such as "upn" and "oid"; none: these
	 * two.  Those that a token has must lead to the same user, at least
	 * one.  "sub" and "oid" are compared with users' object ids, the
	 * others with the names and addresses that a user logs on with.
	 */
	const char *const *claims;
	size_t n_claims;

	/* For the challenge; NULL: left out. */
	const char *authorization_uri;
	const char *trusted_issuers;
	const char *client_id;            /* NULL: Exchange's own */

	/* Told, from any thread, when keys could not be read (NULL: never);
	 * text is one sentence. */
	void (*failed)(void *ctx, const char *text);
	void *ctx;
};

/*
 * Start to serve; begins to read the keys, without waiting for a URL.  dir
 * must outlive it.  False and err for options that cannot work, and for a
 * file that holds no usable key.
 */
bool bearer_new(struct directory *dir, const struct bearer_options *options,
		struct bearer **out, struct err *err);

/* Answer what waits with AUTH_UNAVAILABLE, and free.  NULL is allowed. */
void bearer_free(struct bearer *bearer);

/* Read the keys again, soon (SIGHUP).  Any thread. */
void bearer_reload(struct bearer *bearer);

/* Borrowed, valid until done returns. */
struct bearer_result {
	enum auth_result result;  /* OK; MALFORMED; DENIED; UNAVAILABLE: no
				   * keys yet, or the provider is silent */
	const struct identity *id;        /* NULL unless OK */
	bool empty;               /* "Bearer" without a token: the client
				   * asks for the challenge */
	const char *cause;        /* in words for the log; NULL when OK */
	const char *user;         /* whom the token names, unverified unless
				   * OK; NULL: not known */
};

typedef void bearer_done(void *ctx, const struct bearer_result *result);

/*
 * Check the value of an Authorization header ("Bearer …").  Never blocks:
 * done is called once, either before this returns (true) or later from a
 * thread of bearer (false), where it must not block either: then the keys are
 * being fetched anew, since the token's is unknown.  header needn't outlive
 * the call.
 */
bool bearer_check(struct bearer *bearer, const char *header,
		  bearer_done *done, void *ctx);

/*
 * The parameters of "WWW-Authenticate: Bearer …", without the scheme, as
 * Exchange writes them; "" when bearer is NULL.  Owned by bearer.
 */
const char *bearer_challenge(const struct bearer *bearer);

struct bearer_stats {
	uint64_t checks, ok, remembered, denied, malformed, unavailable;
	uint64_t fetches, fetch_failures;
	unsigned keys;            /* usable ones, now */
	unsigned waiting;         /* checks that wait for a fetch */
};

void bearer_stats(struct bearer *bearer, struct bearer_stats *out);

#endif
