/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a front end says to a back end about the user behind a request: "it is
 * user U, in this one request, and I am server A, speaking to server B".
 *
 * The text of the header X-Posthouse-User is base64url (RFC 4648 section 5,
 * unpadded) of:
 *
 *	version          1     1
 *	-- the grant, signed by A; one serves many requests
 *	issuer          16     A's GUID
 *	audience        16     B's GUID
 *	issued           8     Unix time in seconds, big-endian as all numbers
 *	point           32     A's ephemeral X25519 key
 *	signature       64     Ed25519 by A's assertion key over
 *	                       "posthouse grant" NUL and all before it
 *	-- the assertion
 *	expiry           8     Unix time, at most 60 s ahead
 *	number           8     1, 2, 3 … under this grant
 *	user            16     the user's GUID
 *	length           1     of the SID, 0 to 68
 *	sid              *     the user's SID ([MS-DTYP] 2.4.2.2)
 *	tag             32     HMAC-SHA-256 over "posthouse assertion" NUL, all
 *	                       before it, then method, path, query and
 *	                       request-id, each followed by NUL
 *
 * The key of the tag is HKDF-SHA-256 of the X25519 agreement between point
 * and B's assertion key (taken to its Montgomery form, RFC 7748 4.1), with the
 * grant as info: only A, who made the point, and B can have it.  A signature
 * for each request would cost 150 µs to check; a grant is checked once and
 * remembered, and then an assertion costs two hashes.
 *
 * A number is good once: a window of the last 65,536 numbers of each grant is
 * kept.  Grants older than 60 s, and those issued before the verifier was
 * made (by the issuer's clock), are refused, so that what was believed before
 * a restart isn't believed again.
 */
#ifndef AUTH_ASSERTION_H
#define AUTH_ASSERTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/guid.h"

#define ASSERTION_HEADER "X-Posthouse-User"

enum {
	ASSERTION_KEY_SIZE = 32,  /* of a public key */
	ASSERTION_SID_MAX = 68,
	ASSERTION_TEXT_SIZE = 384,        /* room for the longest and a NUL */
	ASSERTION_LIFE = 60,      /* s: of a grant and of an assertion */
	ASSERTION_SKEW = 5,       /* s that the servers' clocks may differ */
};

/* --- Keys ------------------------------------------------------------- */

/* This server's key pair.  Immutable, thread-safe. */
struct assertion_key;

/*
 * Read the private key (PEM, PKCS #8) at path, or make one there with mode
 * 0600 when there is none.  A key that others may read is refused.
 */
bool assertion_key_load(const char *path, struct assertion_key **out,
			struct err *err);
void assertion_key_free(struct assertion_key *key);       /* NULL: none */

/* Its public half: for this server's row in the directory. */
void assertion_key_public(const struct assertion_key *key,
			  uint8_t out[static ASSERTION_KEY_SIZE]);

/* --- What is asserted ------------------------------------------------- */

struct assertion_user {
	struct guid guid;
	uint8_t sid_len;          /* 0: none */
	uint8_t sid[ASSERTION_SID_MAX];
};

/* The request that it is for, as the back end sees it: http_method,
 * http_path, http_query, and the header request-id.  None is NULL. */
struct assertion_request {
	const char *method, *path, *query, *request_id;
};

/* A server of the organisation, from the directory. */
struct assertion_peer {
	struct guid guid;
	uint8_t key[ASSERTION_KEY_SIZE];
};

/* --- Making (front end) ----------------------------------------------- */

struct assertion_signer;

/* key must outlive it; self is this server. */
struct assertion_signer *assertion_signer_new(const struct assertion_key *key,
					      const struct guid *self);
void assertion_signer_free(struct assertion_signer *signer);

/*
 * The header's value for one request to the back end "to", with a NUL.  Each
 * try of a request needs its own.  False and err: the back end's key in the
 * directory is no key.  Thread-safe, 4 µs, and 150 µs each 30 s for a new
 * grant.
 */
bool assertion_make(struct assertion_signer *signer,
		    const struct assertion_peer *to,
		    const struct assertion_user *user,
		    const struct assertion_request *request,
		    char out[static ASSERTION_TEXT_SIZE], struct err *err);

/*
 * The back end answered that it does not take this server's assertions (it
 * was restarted, or has another key now): use a new grant from now on.
 */
void assertion_renew(struct assertion_signer *signer, const struct guid *to);

/* --- Checking (back end) ---------------------------------------------- */

enum assertion_result {
	ASSERTION_OK,
	ASSERTION_MALFORMED,      /* not this format */
	ASSERTION_VERSION,        /* of a version that is not known here */
	ASSERTION_WRONG_ISSUER,   /* not by the server that is connected */
	ASSERTION_WRONG_AUDIENCE, /* for another server */
	ASSERTION_BAD_SIGNATURE,
	ASSERTION_STALE,          /* the grant is too old or from before the
				   * start: the front end makes a new one */
	ASSERTION_EXPIRED,        /* or valid for too long */
	ASSERTION_BAD_TAG,        /* another request, or forged */
	ASSERTION_REPLAYED,
};

/* "ok", "replayed" …: for the log. */
const char *assertion_result_name(enum assertion_result result);

struct assertion_verifier;

/* key must outlive it; self is this server; now as in assertion_verify. */
struct assertion_verifier *assertion_verifier_new(
	const struct assertion_key *key, const struct guid *self,
	int64_t now);
void assertion_verifier_free(struct assertion_verifier *verifier);

/*
 * Check text, which came from peer in request, at now (Unix time in seconds).
 * user is filled on ASSERTION_OK alone.  Thread-safe; 4 µs when the grant is
 * known.  Memory is bounded: 256 grants, 16 of one server.
 */
enum assertion_result assertion_verify(struct assertion_verifier *verifier,
				       const char *text,
				       const struct assertion_peer *peer,
				       const struct assertion_request *request,
				       int64_t now,
				       struct assertion_user *user);

#endif
