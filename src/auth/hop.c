/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/hop.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/arena.h"

struct hop {
	struct directory *dir;
	struct assertion_verifier *verifier;
	atomic_uint_least64_t accepted, refused, stale;
};

/* --- Headers ---------------------------------------------------------- */

bool hop_is_internal(const char *name, size_t len)
{
	static const char prefix[] = "X-Posthouse-";
	static const char *const names[] = {
		"X-CalculatedBETarget", "X-BackEndCookie", "X-IsFromCafe",
		"X-IsFromBackend", "X-SourceCafeServer", "X-CommonAccessToken",
		"X-TargetServer", "X-TargetServerVersion", "X-BEResource",
		"X-ProxyTarget", "X-Forwarded-For",
	};

	if (len >= sizeof prefix - 1 &&
	    strncasecmp(name, prefix, sizeof prefix - 1) == 0)
		return true;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strlen(names[i]) == len &&
		    strncasecmp(names[i], name, len) == 0)
			return true;
	return false;
}

const char *hop_field(const struct http_request *req, const char *name)
{
	if (http_listener_kind(req) != HTTP_LISTENER_BACKEND ||
	    http_field_count(req, name) != 1)
		return NULL;
	return http_field(req, name);
}

unsigned hop_count(const struct http_request *req)
{
	const char *text;

	if (http_listener_kind(req) != HTTP_LISTENER_BACKEND ||
	    http_field_count(req, HOP_COUNT_HEADER) == 0)
		return 0;
	text = hop_field(req, HOP_COUNT_HEADER);
	if (text == NULL || text[0] < '0' || text[0] > '0' + HOPS_MAX ||
	    text[1] != '\0')
		return HOPS_MAX + 1;
	return (unsigned)(text[0] - '0');
}

const char *hop_request_id(const struct http_request *req)
{
	const char *id = hop_field(req, "request-id");

	if (id == NULL || strlen(id) != GUID_TEXT_SIZE - 1 ||
	    strspn(id, "0123456789abcdefABCDEF-") != GUID_TEXT_SIZE - 1)
		return NULL;
	return id;
}

/* --- Assertions ------------------------------------------------------- */

struct hop *hop_new(struct directory *dir, const struct assertion_key *key)
{
	struct arena *arena = arena_new(0);
	struct hop *hop = NULL;
	struct dir_server self;

	if (directory_this_server(dir, arena, &self)) {
		hop = xcalloc(1, sizeof *hop);
		hop->dir = dir;
		hop->verifier = assertion_verifier_new(key, &self.guid,
						       time(NULL));
	}
	arena_free(arena);
	return hop;
}

void hop_free(struct hop *hop)
{
	if (hop == NULL)
		return;
	assertion_verifier_free(hop->verifier);
	free(hop);
}

void hop_stats(struct hop *hop, struct hop_stats *out)
{
	out->accepted = atomic_load(&hop->accepted);
	out->refused = atomic_load(&hop->refused);
	out->stale = atomic_load(&hop->stale);
}

static enum auth_result deny(struct hop *hop, const char *why,
			     const char **cause)
{
	atomic_fetch_add(&hop->refused, 1);
	*cause = why;
	return AUTH_DENIED;
}

/* The user as the directory has it now: the assertion only says who. */
static enum auth_result find_user(struct hop *hop, struct http_request *req,
				  const struct assertion_user *asserted,
				  const struct identity **id,
				  const char **cause)
{
	struct dir_user user;

	if (!directory_user(hop->dir, &asserted->guid, http_arena(req),
			    &user))
		return deny(hop, "assertion: no such user", cause);
	if (user.disabled)
		return deny(hop, "assertion: the user is disabled", cause);
	*id = identity_new(&user);
	atomic_fetch_add(&hop->accepted, 1);
	return AUTH_OK;
}

static const char *cause_of(enum assertion_result result)
{
	static const char *const causes[] = {
		[ASSERTION_MALFORMED] = "assertion: malformed",
		[ASSERTION_VERSION] = "assertion: unknown version",
		[ASSERTION_WRONG_ISSUER] = "assertion: by another server than "
			"the one that is connected",
		[ASSERTION_WRONG_AUDIENCE] = "assertion: for another server",
		[ASSERTION_BAD_SIGNATURE] = "assertion: not signed with the "
			"key that the directory has",
		[ASSERTION_STALE] = "assertion: its grant is too old",
		[ASSERTION_EXPIRED] = "assertion: expired, or the clocks "
			"differ",
		[ASSERTION_BAD_TAG] = "assertion: not for this request",
		[ASSERTION_REPLAYED] = "assertion: used before",
	};

	return (size_t)result < sizeof causes / sizeof causes[0] &&
		causes[result] != NULL ? causes[result] : "assertion";
}

static enum assertion_result verify(struct hop *hop, struct http_request *req,
				    const struct dir_server *peer,
				    const char *text,
				    struct assertion_user *user)
{
	const char *request_id = hop_field(req, "request-id");
	const struct assertion_request request = {
		.method = http_method(req), .path = http_path(req),
		.query = http_query(req),
		.request_id = request_id != NULL ? request_id : "",
	};
	struct assertion_peer issuer = { .guid = peer->guid };

	memcpy(issuer.key, peer->assertion_key, sizeof issuer.key);
	return assertion_verify(hop->verifier, text, &issuer, &request,
				time(NULL), user);
}

enum auth_result hop_identity(struct hop *hop, struct http_request *req,
			      const struct dir_server *peer,
			      const struct identity **id, const char **cause,
			      bool *stale)
{
	const char *text = hop_field(req, ASSERTION_HEADER);
	enum assertion_result result;
	struct assertion_user user;

	*stale = false;
	if (http_listener_kind(req) != HTTP_LISTENER_BACKEND)
		return deny(hop, "assertion: on a listener for clients",
			    cause);
	if (http_field_count(req, ASSERTION_HEADER) == 0) {
		*id = NULL;
		return AUTH_OK;
	}
	if (text == NULL)
		return deny(hop, "assertion: there twice", cause);
	if (peer->assertion_key == NULL)
		return deny(hop, "assertion: the directory has no key of the "
			    "server; start its daemon", cause);
	result = verify(hop, req, peer, text, &user);
	if (result == ASSERTION_OK)
		return find_user(hop, req, &user, id, cause);
	*stale = result == ASSERTION_STALE;
	atomic_fetch_add(&hop->stale, *stale);
	return deny(hop, cause_of(result), cause);
}
