/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public keys of an identity provider: a JSON Web Key Set (RFC 7517).
 *
 * A key's type decides the one algorithm that it is for (RFC 7518 3.1): RSA of
 * 2048 to 8192 bits RS256, EC on P-256 ES256.  Others (symmetric ones above
 * all), keys for encryption and those whose "alg" says something else are
 * passed over.
 */
#ifndef AUTH_JWKS_H
#define AUTH_JWKS_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum {
	JWKS_TEXT_MAX = 256 * 1024,
	JWKS_KEYS_MAX = 64,
};

enum jwk_type { JWK_RSA, JWK_EC };

struct jwk {
	char *kid;                /* NULL: has none */
	enum jwk_type type;
	EVP_PKEY *key;
};

/* Immutable and counted: threads may share it. */
struct jwks;

/*
 * Read a set of len bytes, one reference of which is the caller's.  False and
 * err if it is not JSON, is too large, or holds no key that can be used, or
 * two with the same kid.
 */
bool jwks_parse(const char *text, size_t len, struct jwks **out,
		struct err *err);

struct jwks *jwks_ref(struct jwks *keys);
void jwks_unref(struct jwks *keys);               /* NULL is allowed */

unsigned jwks_count(const struct jwks *keys);

/*
 * The key with that kid; for NULL the only key there is.  NULL: none.  It
 * lives as long as keys.
 */
const struct jwk *jwks_find(const struct jwks *keys, const char *kid);

#endif
