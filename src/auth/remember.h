/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was checked with success, under an HMAC-SHA-256 of the header with a
 * key that never leaves the process.  Not thread-safe: auth.c locks.
 */
#ifndef AUTH_REMEMBER_H
#define AUTH_REMEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/auth.h"

enum { MAC_SIZE = 32 };

struct mac {
	uint8_t b[MAC_SIZE];
};

/* The two states of a keyed HMAC, computed once; opaque. */
struct mac_key;
struct mac_key *mac_key_new(void);
void mac_key_free(struct mac_key *key);

/* Thread-safe. */
void mac_compute(const struct mac_key *key, const void *data, size_t len,
		 struct mac *out);

struct remember;

/* At most max entries, each for ttl milliseconds. */
struct remember *remember_new(size_t max, unsigned ttl);
void remember_free(struct remember *r);

/*
 * Who was remembered under mac, borrowed until the next call; NULL: nobody,
 * or not any more.  An entry whose user has changed is dropped.
 */
const struct identity *remember_find(struct remember *r, const struct mac *mac,
				     uint64_t now, struct directory *dir);

/* Takes a reference of its own. */
void remember_add(struct remember *r, const struct mac *mac, uint64_t now,
		  const struct identity *id, uint64_t change);

#endif
