/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of bearer.h share. */
#ifndef AUTH_BEARER_IMPL_H
#define AUTH_BEARER_IMPL_H

#include "auth/bearer.h"
#include "auth/jwt.h"
#include "auth/remember.h"

/* --- bearer_user.c: whom a token means -------------------------------- */

enum bearer_user { BEARER_USER, BEARER_NOBODY, BEARER_AMBIGUOUS,
		   BEARER_DISABLED };

/*
 * The user that the n claims lead to.  *id is the caller's reference, on
 * BEARER_USER alone.
 */
enum bearer_user bearer_find_user(struct directory *dir, const struct jwt *jwt,
				  const char *const *claims, size_t n,
				  const struct identity **id);

/* Whom the token names, for the log: the first of the claims that it has. */
const char *bearer_claimed(const struct jwt *jwt, const char *const *claims,
			   size_t n);

/* --- bearer_cache.c: tokens that were good ---------------------------- */

/* Not thread-safe. */
struct bearer_cache;

struct bearer_cache *bearer_cache_new(void);
void bearer_cache_free(struct bearer_cache *cache);

/* Who was kept under mac, borrowed until the next call; NULL: nobody, or not
 * any more at now (clock_ms). */
const struct identity *bearer_cache_find(struct bearer_cache *cache,
					 const struct mac *mac, uint64_t now,
					 struct directory *dir);

/* Takes a reference of its own. */
void bearer_cache_add(struct bearer_cache *cache, const struct mac *mac,
		      uint64_t until, const struct identity *id);

#endif
