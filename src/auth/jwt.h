/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Web Tokens (RFC 7519) signed as JWS in compact form (RFC 7515), with
 * the hardening of RFC 8725: RS256 and ES256 alone, chosen by the type of the
 * key that kid names and not by the token; no nesting, no encryption, no
 * "crit".  No I/O.
 */
#ifndef AUTH_JWT_H
#define AUTH_JWT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/jwks.h"

enum { JWT_TEXT_MAX = 16 * 1024 };

enum jwt_result {
	JWT_OK,
	JWT_MALFORMED,            /* not three parts of base64url and JSON, a
				   * name twice, nested too deep */
	JWT_TOO_LARGE,
	JWT_ALGORITHM,            /* not RS256 or ES256, or not what the key
				   * is for */
	JWT_TYPE,                 /* typ says that it is something else */
	JWT_CRITICAL,             /* has an extension that must be known */
	JWT_UNKNOWN_KEY,          /* kid names no key of the set */
	JWT_BAD_SIGNATURE,
	JWT_ISSUER,               /* not one of those */
	JWT_AUDIENCE,
	JWT_NO_EXPIRY,            /* exp is missing */
	JWT_BAD_TIME,             /* exp, nbf or iat is no sensible number */
	JWT_EXPIRED,
	JWT_NOT_YET_VALID,        /* nbf or iat lies in the future */
};

/* "expired", "wrong issuer" …: for the log. */
const char *jwt_result_name(enum jwt_result result);

struct jwt;

/*
 * Take a token of len bytes apart.  Nothing that it says has been checked but
 * its form, alg, typ and crit.  *out is the caller's, for jwt_free, and
 * borrows text.
 */
enum jwt_result jwt_parse(const char *text, size_t len, struct jwt **out);
void jwt_free(struct jwt *jwt);                   /* NULL is allowed */

/* The kid of its header; NULL: it has none. */
const char *jwt_kid(const struct jwt *jwt);

/* Check the signature by the key of the set that kid names. */
enum jwt_result jwt_verify(const struct jwt *jwt, const struct jwks *keys);

struct jwt_policy {
	const char *const *issuers;
	size_t n_issuers;
	const char *const *audiences;
	size_t n_audiences;
	unsigned skew;            /* s that clocks may differ */
};

/*
 * Check issuer, audience and times at now (Unix time in seconds); *expires is
 * when it stops to be valid, the skew included.  Call jwt_verify before.
 */
enum jwt_result jwt_check(const struct jwt *jwt,
			  const struct jwt_policy *policy, int64_t now,
			  int64_t *expires);

/* A claim that is text; NULL: there is none.  Lives as long as jwt. */
const char *jwt_claim(const struct jwt *jwt, const char *name);

/* Whether a claim is there and false: email_verified. */
bool jwt_claim_is_false(const struct jwt *jwt, const char *name);

#endif
