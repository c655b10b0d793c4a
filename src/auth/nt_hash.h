/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NT hashes ([MS-NLMP] 3.3.1, NTOWFv1): what NTLM is checked with when there
 * is no domain.  They are as good as the password itself, so they are kept
 * only where the administrator asked for NTLM, and encrypted: AES-256-GCM
 * under a key in a file of its own (mode 0600), bound to whose hash it is.
 */
#ifndef AUTH_NT_HASH_H
#define AUTH_NT_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/guid.h"

enum {
	NT_HASH_LEN = 16,
	/* A version, a nonce, the hash, a tag. */
	NT_HASH_SEALED_SIZE = 1 + 12 + NT_HASH_LEN + 16,
};

struct nt_key;                    /* immutable */

/*
 * Read the key at path, or make one there, mode 0600, when there is none.  A
 * file that others may read is refused, as is one of another size.
 */
bool nt_key_load(const char *path, struct nt_key **out, struct err *err);
void nt_key_free(struct nt_key *key);             /* NULL is allowed */

/*
 * MD4 of the password in UTF-16LE.  Fails when the password is not UTF-8, and
 * when OpenSSL has no MD4 (its legacy provider is missing).
 */
bool nt_hash(const char *password, uint8_t out[static NT_HASH_LEN],
	     struct err *err);

/* A random one: of an account that no person types a password for. */
void nt_hash_random(uint8_t out[static NT_HASH_LEN]);

/* owner: the GUID of the user or server whose hash it is. */
bool nt_hash_seal(const struct nt_key *key, const struct guid *owner,
		  const uint8_t hash[static NT_HASH_LEN],
		  uint8_t out[static NT_HASH_SEALED_SIZE], struct err *err);

/* False, out untouched: of another key or owner, or damaged. */
bool nt_hash_open(const struct nt_key *key, const struct guid *owner,
		  const uint8_t *sealed, size_t len,
		  uint8_t out[static NT_HASH_LEN]);

#endif
