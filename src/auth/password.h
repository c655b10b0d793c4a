/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords as slow salted hashes: scrypt (RFC 7914) in the form of PHC
 * strings, "$scrypt$ln=15,r=8,p=1$<salt>$<hash>", base64 without padding.
 */
#ifndef AUTH_PASSWORD_H
#define AUTH_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { PASSWORD_HASH_SIZE = 128 };        /* of a PHC string of ours */
enum { PASSWORD_MAX_SIZE = 1024 };        /* of a password, with its NUL */

struct password_cost {
	unsigned ln;              /* log2 of N */
	unsigned r, p;
};

/*
 * Hash a password with a new salt.  cost NULL: the default, which takes
 * 32 MiB and some 100 ms.  Fails for an empty or too long password, or one
 * that is not UTF-8.
 */
bool password_hash(const char *password, const struct password_cost *cost,
		   char out[static PASSWORD_HASH_SIZE], struct err *err);

/*
 * Whether a password is the one that was hashed, in time that doesn't depend
 * on where they differ.  A hash that isn't one of ours fails with err filled,
 * as does a lack of memory; a wrong password is true with *match false.
 */
bool password_verify(const char *password, const char *hash, bool *match,
		     struct err *err);

/*
 * A hash of nothing that anyone knows, at the default cost: what the password
 * of a user who doesn't exist is compared with, so that it takes as long.
 */
const char *password_dummy(void);

#endif
