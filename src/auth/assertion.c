/* SPDX-License-Identifier: Apache-2.0 */
/* Making assertions. */
#include "auth/assertion.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/assertion_impl.h"
#include "auth/base64url.h"
#include "base/arena.h"

enum { RENEW_AFTER = ASSERTION_LIFE / 2 };

/* The grant in use towards one back end. */
struct grant {
	struct grant *next;
	struct assertion_peer to;
	uint8_t bytes[GRANT_SIZE];
	int64_t issued;
	uint64_t number;          /* of the last assertion */
	EVP_MAC_CTX *tag_key;     /* NULL: make a new grant */
};

struct assertion_signer {
	const struct assertion_key *key;
	struct guid self;
	pthread_mutex_t lock;     /* guards the grants */
	struct grant *grants;     /* one a back end of the organisation */
};

const char *assertion_result_name(enum assertion_result result)
{
	static const char *const names[] = {
		"ok", "malformed", "unknown version", "wrong issuer",
		"wrong audience", "bad signature", "stale grant", "expired",
		"bad tag", "replayed",
	};

	return (size_t)result < sizeof names / sizeof names[0] ?
		names[result] : "unknown";
}

struct assertion_signer *assertion_signer_new(const struct assertion_key *key,
					      const struct guid *self)
{
	struct assertion_signer *signer = xcalloc(1, sizeof *signer);

	signer->key = key;
	signer->self = *self;
	pthread_mutex_init(&signer->lock, NULL);
	return signer;
}

void assertion_signer_free(struct assertion_signer *signer)
{
	if (signer == NULL)
		return;
	while (signer->grants != NULL) {
		struct grant *grant = signer->grants;

		signer->grants = grant->next;
		EVP_MAC_CTX_free(grant->tag_key);
		free(grant);
	}
	pthread_mutex_destroy(&signer->lock);
	free(signer);
}

/* --- Grants ----------------------------------------------------------- */

static bool fill(struct assertion_signer *signer, struct grant *grant,
		 const struct assertion_peer *to, int64_t now)
{
	EVP_PKEY *point = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	size_t len = POINT_SIZE;
	uint8_t *b = grant->bytes;
	bool ok;

	grant->to = *to;
	grant->issued = now;
	grant->number = 0;
	EVP_MAC_CTX_free(grant->tag_key);
	grant->tag_key = NULL;
	b[0] = ASSERTION_VERSION_1;
	memcpy(b + AT_ISSUER, signer->self.b, sizeof signer->self.b);
	memcpy(b + AT_AUDIENCE, to->guid.b, sizeof to->guid.b);
	put_be64(b + AT_ISSUED, (uint64_t)now);
	ok = point != NULL &&
		EVP_PKEY_get_raw_public_key(point, b + AT_POINT, &len) == 1 &&
		assertion_sign(signer->key, b);
	if (ok)
		grant->tag_key = assertion_tag_key_of_point(b, point, to->key);
	EVP_PKEY_free(point);
	return grant->tag_key != NULL;
}

static struct grant *find(const struct assertion_signer *signer,
			  const struct guid *to)
{
	struct grant *grant = signer->grants;

	while (grant != NULL && !guid_equal(&grant->to.guid, to))
		grant = grant->next;
	return grant;
}

static bool is_fresh(const struct grant *grant,
		     const struct assertion_peer *to, int64_t now)
{
	return grant->tag_key != NULL && now >= grant->issued &&
		now - grant->issued < RENEW_AFTER &&
		memcmp(grant->to.key, to->key, sizeof to->key) == 0;
}

/* A grant that is good for a while, made anew where it must be.  Locked. */
static struct grant *get(struct assertion_signer *signer,
			 const struct assertion_peer *to, int64_t now)
{
	struct grant *grant = find(signer, &to->guid);

	if (grant == NULL) {
		grant = xcalloc(1, sizeof *grant);
		grant->to.guid = to->guid;
		grant->next = signer->grants;
		signer->grants = grant;
	}
	if (is_fresh(grant, to, now) || fill(signer, grant, to, now))
		return grant;
	return NULL;
}

void assertion_renew(struct assertion_signer *signer, const struct guid *to)
{
	struct grant *grant;

	pthread_mutex_lock(&signer->lock);
	grant = find(signer, to);
	/* At most one a second, however many requests ask for it. */
	if (grant != NULL && grant->issued != (int64_t)time(NULL)) {
		EVP_MAC_CTX_free(grant->tag_key);
		grant->tag_key = NULL;
	}
	pthread_mutex_unlock(&signer->lock);
}

/* --- Assertions ------------------------------------------------------- */

/* All but the tag; the length is returned. */
static size_t put_assertion(const struct assertion_user *user, uint64_t number,
			    int64_t now, uint8_t *token)
{
	uint8_t *b = token + GRANT_SIZE;

	put_be64(b + AT_EXPIRY, (uint64_t)(now + RENEW_AFTER));
	put_be64(b + AT_NUMBER, number);
	memcpy(b + AT_USER, user->guid.b, sizeof user->guid.b);
	b[AT_SID_LEN] = user->sid_len;
	memcpy(b + AT_SID, user->sid, user->sid_len);
	return (size_t)GRANT_SIZE + AT_SID + user->sid_len;
}

bool assertion_make(struct assertion_signer *signer,
		    const struct assertion_peer *to,
		    const struct assertion_user *user,
		    const struct assertion_request *request,
		    char out[static ASSERTION_TEXT_SIZE], struct err *err)
{
	uint8_t token[TOKEN_MAX];
	EVP_MAC_CTX *tag_key = NULL;
	struct grant *grant;
	int64_t now = time(NULL);
	size_t len = 0;
	bool ok;

	if (user->sid_len > ASSERTION_SID_MAX)
		return err_set(err, EC_INVALID_PARAM, "the user's SID is "
			       "longer than a SID can be");
	pthread_mutex_lock(&signer->lock);
	grant = get(signer, to, now);
	if (grant != NULL) {
		memcpy(token, grant->bytes, GRANT_SIZE);
		len = put_assertion(user, ++grant->number, now, token);
		tag_key = EVP_MAC_CTX_dup(grant->tag_key);
	}
	pthread_mutex_unlock(&signer->lock);
	ok = tag_key != NULL &&
		assertion_tag(tag_key, token, len, request, token + len);
	EVP_MAC_CTX_free(tag_key);
	if (!ok)
		return err_set(err, EC_ERROR, "no key can be agreed with the "
			       "back end: the assertion key of its row in the "
			       "directory is none; start the daemon there, "
			       "which writes it");
	base64url_encode(token, len + TAG_SIZE, out);
	return true;
}
