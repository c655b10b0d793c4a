/* SPDX-License-Identifier: Apache-2.0 */
/* What the files behind auth.h, gate.h and initiate.h share. */
#ifndef AUTH_AUTH_IMPL_H
#define AUTH_AUTH_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "auth/auth.h"
#include "auth/handshake.h"
#include "auth/nt_hash.h"
#include "auth/pool.h"
#include "auth/remember.h"
#include "auth/throttle.h"

enum { AUTH_NAME_SIZE = 512 };

struct check;                     /* auth.c */

struct auth {
	struct directory *dir;
	struct auth_options options;      /* strings as given */
	struct mac_key *key;
	struct pool *pool;                /* of passwords */
	struct pool *handshakes;          /* of GSSAPI */
	struct nt_key *nt_key;            /* NULL: no local NTLM */
	char *host, *computer, *domain, *realm;   /* ours; "": unknown */
	uint8_t *hello;                   /* settings for the helpers */
	size_t hello_len;
	atomic_uint_least32_t next_handshake;

	pthread_mutex_t lock;     /* guards all below; never held over done */
	struct remember *remember;
	struct throttle *pairs, *addresses;
	struct check *under_way;
	struct auth_stats stats;
};

/* --- Throttling ------------------------------------------------------- */

/*
 * 64 bits that an outsider can't find a collision of; never 0.  Of a name
 * only the account counts, however the domain is written; name "": the
 * address alone.  Of an IPv6 address its network of 64 bits counts.
 */
uint64_t auth_throttle_key(const struct auth *auth, const char *name,
			   const char *address);

/* Whether an attempt may begin; it counts as a failure until it is not. */
bool auth_attempt(struct auth *auth, uint64_t pair, uint64_t address);
void auth_attempt_ended(struct auth *auth, uint64_t pair, uint64_t address,
			enum auth_result result);

/* --- Names: names.c --------------------------------------------------- */

/* Whom a name means: at most one of the two. */
struct auth_party {
	bool is_user, is_server;
	struct dir_user user;
	struct dir_server server;
};

/*
 * What an NTLM client calls itself: an account, a UPN, a domain and one of
 * these; a server's account is its name and '$'.
 */
void auth_ntlm_party(struct auth *auth, const char *domain, const char *user,
		     struct arena *arena, struct auth_party *out);

/* The same as one text, "DOMAIN\\user". */
void auth_ntlm_name_party(struct auth *auth, const char *name,
			  struct arena *arena, struct auth_party *out);

/*
 * A Kerberos principal: of our realm alone.  A server is HTTP/ or HOST/ and
 * its FQDN, or its name and '$'.
 */
void auth_kerberos_party(struct auth *auth, const char *principal,
			 struct arena *arena, struct auth_party *out);

/*
 * The reverse: a user's account at our realm, in upper case as KDCs write
 * realms; name itself if the directory has no such user.  To be freed.
 */
char *auth_user_principal(struct auth *auth, const char *name);

#endif
