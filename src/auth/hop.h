/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only servers of the organisation may say to each other.
 *
 * A front end names the user of each request in an assertion (assertion.h).
 * It is believed only on the server-to-server listener (HTTP_LISTENER_BACKEND)
 * and only on a connection that the gate has authenticated as the server that
 * made it.  Everywhere else these headers are as if they were not there.
 */
#ifndef AUTH_HOP_H
#define AUTH_HOP_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/assertion.h"
#include "auth/auth.h"
#include "directory/directory.h"
#include "http/server.h"

enum { HOPS_MAX = 4 };            /* a request that came further: refused */

/* Counts the front ends that a request came through. */
#define HOP_COUNT_HEADER "X-Posthouse-Hops"
/* Answer to an assertion that was refused with ASSERTION_STALE: "stale". */
#define HOP_ASSERTION_HEADER "X-Posthouse-Assertion"

/*
 * Whether a header's name (len bytes, any case) is one that only servers of
 * the organisation may send: X-Posthouse-*, X-CalculatedBETarget,
 * X-BackEndCookie, X-IsFromCafe, X-CommonAccessToken and the like.  A front
 * end removes these from what a client sends, and from what a back end
 * answers those that begin with X-Posthouse-.
 */
bool hop_is_internal(const char *name, size_t len);

/*
 * An internal header's value; NULL when it is absent or there twice, and on
 * every listener but HTTP_LISTENER_BACKEND.
 */
const char *hop_field(const struct http_request *req, const char *name);

/*
 * How many front ends the request came through: 0 on a listener for clients,
 * HOPS_MAX + 1 for a count that is none or is too large.  A front end sends
 * this plus 1, and refuses a request that has HOPS_MAX behind it.
 */
unsigned hop_count(const struct http_request *req);

/*
 * The id under which the front end has logged the request (its header
 * request-id), so that one search finds it in both logs; NULL: there is none,
 * or it is not what a front end sends (36 hexadecimal digits and hyphens).
 */
const char *hop_request_id(const struct http_request *req);

struct hop;

/*
 * For the server that this process is (directory_this_server); NULL: the
 * directory does not know it.  dir and key must outlive it.
 */
struct hop *hop_new(struct directory *dir, const struct assertion_key *key);
void hop_free(struct hop *hop);                   /* NULL is allowed */

/*
 * Whom the server "peer", as which req's connection is authenticated, speaks
 * for.  AUTH_OK: *id is the caller's reference, NULL when the request has no
 * assertion: the server speaks for itself.  AUTH_DENIED: *cause says why, a
 * constant; *stale: the front end should make a new grant
 * (HOP_ASSERTION_HEADER).  Never blocks.
 */
enum auth_result hop_identity(struct hop *hop, struct http_request *req,
			      const struct dir_server *peer,
			      const struct identity **id, const char **cause,
			      bool *stale);

struct hop_stats {
	uint64_t accepted, refused, stale;
};

void hop_stats(struct hop *hop, struct hop_stats *out);

#endif
