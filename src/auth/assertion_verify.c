/* SPDX-License-Identifier: Apache-2.0 */
/* Checking assertions. */
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "auth/assertion_impl.h"
#include "auth/base64url.h"
#include "base/arena.h"

enum {
	GRANTS_MAX = 256, GRANTS_OF_ISSUER = 16,
	WINDOW = 65536,           /* numbers remembered of a grant */
	WORD_BITS = 64,
};

/* A grant whose signature was good. */
struct seen {
	struct seen *next;
	unsigned refs;            /* the list's, and those of checks */
	uint8_t bytes[GRANT_SIZE];
	uint8_t key[ASSERTION_KEY_SIZE];  /* that it was checked with */
	int64_t issued;
	EVP_MAC_CTX *tag_key;
	uint64_t top;             /* the highest number so far */
	uint64_t used[WINDOW / WORD_BITS];
};

struct assertion_verifier {
	const struct assertion_key *key;
	struct guid self;
	int64_t started;
	pthread_mutex_t lock;     /* guards the list and what is in it */
	struct seen *seen;        /* newest first */
	unsigned n;
};

struct assertion_verifier *assertion_verifier_new(
	const struct assertion_key *key, const struct guid *self, int64_t now)
{
	struct assertion_verifier *v = xcalloc(1, sizeof *v);

	v->key = key;
	v->self = *self;
	v->started = now;
	pthread_mutex_init(&v->lock, NULL);
	return v;
}

/* Locked, as are all that follow but for where it says so. */
static void put_back(struct seen *seen)
{
	if (--seen->refs > 0)
		return;
	EVP_MAC_CTX_free(seen->tag_key);
	free(seen);
}

void assertion_verifier_free(struct assertion_verifier *verifier)
{
	if (verifier == NULL)
		return;
	while (verifier->seen != NULL) {
		struct seen *seen = verifier->seen;

		verifier->seen = seen->next;
		put_back(seen);
	}
	pthread_mutex_destroy(&verifier->lock);
	free(verifier);
}

/* --- Grants ----------------------------------------------------------- */

static bool is_over(int64_t issued, int64_t now)
{
	return now - issued > ASSERTION_LIFE + ASSERTION_SKEW;
}

/* Forget those that would be refused anyway: never one that is alive, since
 * its numbers would be good again. */
static void sweep(struct assertion_verifier *v, int64_t now)
{
	struct seen **at = &v->seen;

	while (*at != NULL) {
		struct seen *seen = *at;

		if (is_over(seen->issued, now)) {
			*at = seen->next;
			v->n--;
			put_back(seen);
		} else {
			at = &seen->next;
		}
	}
}

static unsigned count_of(const struct assertion_verifier *v,
			 const uint8_t *issuer)
{
	unsigned n = 0;

	for (const struct seen *s = v->seen; s != NULL; s = s->next)
		n += memcmp(s->bytes + AT_ISSUER, issuer, 16) == 0;
	return n;
}

static struct seen *find(const struct assertion_verifier *v,
			 const uint8_t *grant,
			 const struct assertion_peer *peer)
{
	for (struct seen *s = v->seen; s != NULL; s = s->next)
		if (memcmp(s->bytes, grant, GRANT_SIZE) == 0 &&
		    memcmp(s->key, peer->key, sizeof peer->key) == 0)
			return s;
	return NULL;
}

/* A new one, checked without the lock.  NULL: *result says why. */
static struct seen *check_grant(const struct assertion_verifier *v,
				const uint8_t *grant,
				const struct assertion_peer *peer,
				enum assertion_result *result)
{
	struct seen *seen;
	EVP_MAC_CTX *tag_key;

	*result = ASSERTION_BAD_SIGNATURE;
	if (!assertion_signed(grant, peer->key))
		return NULL;
	tag_key = assertion_tag_key(grant, v->key);
	if (tag_key == NULL)
		return NULL;
	seen = xcalloc(1, sizeof *seen);
	memcpy(seen->bytes, grant, GRANT_SIZE);
	memcpy(seen->key, peer->key, sizeof peer->key);
	seen->issued = (int64_t)get_be64(grant + AT_ISSUED);
	seen->tag_key = tag_key;
	seen->refs = 1;
	return seen;
}

/* Keep it, or one that another thread was faster with.  NULL: too many. */
static struct seen *keep(struct assertion_verifier *v, struct seen *mine,
			 const struct assertion_peer *peer, int64_t now)
{
	struct seen *seen = find(v, mine->bytes, peer);

	sweep(v, now);
	if (seen == NULL && v->n < GRANTS_MAX &&
	    count_of(v, mine->bytes + AT_ISSUER) < GRANTS_OF_ISSUER) {
		mine->next = v->seen;
		v->seen = mine;
		v->n++;
		return mine;
	}
	put_back(mine);
	return seen;
}

/* The grant in token, with a reference; NULL: *result says why.  Takes the
 * lock itself. */
static struct seen *get(struct assertion_verifier *v, const uint8_t *token,
			const struct assertion_peer *peer, int64_t now,
			enum assertion_result *result)
{
	struct seen *seen;

	pthread_mutex_lock(&v->lock);
	seen = find(v, token, peer);
	if (seen == NULL) {
		pthread_mutex_unlock(&v->lock);
		seen = check_grant(v, token, peer, result);
		pthread_mutex_lock(&v->lock);
		if (seen != NULL) {
			*result = ASSERTION_STALE;
			seen = keep(v, seen, peer, now);
		}
	}
	if (seen != NULL)
		seen->refs++;
	pthread_mutex_unlock(&v->lock);
	return seen;
}

/* --- Numbers ---------------------------------------------------------- */

static uint64_t *word_of(struct seen *seen, uint64_t number)
{
	return &seen->used[number % WINDOW / WORD_BITS];
}

/* Make room up to number; what falls out at the other end is too old. */
static void advance(struct seen *seen, uint64_t number)
{
	if (number - seen->top >= WINDOW)
		memset(seen->used, 0, sizeof seen->used);
	else
		for (uint64_t n = seen->top + 1; n <= number; n++)
			*word_of(seen, n) &= ~(1ULL << n % WORD_BITS);
	seen->top = number;
}

static bool use_number(struct seen *seen, uint64_t number)
{
	uint64_t bit = 1ULL << number % WORD_BITS;

	if (number == 0 ||
	    (number <= seen->top && seen->top - number >= WINDOW))
		return false;
	if (number > seen->top)
		advance(seen, number);
	if ((*word_of(seen, number) & bit) != 0)
		return false;
	*word_of(seen, number) |= bit;
	return true;
}

/* --- The whole -------------------------------------------------------- */

/* [MS-DTYP] 2.4.2.2: revision 1, and as many sub-authorities as it says. */
static bool is_sid(const uint8_t *sid, size_t len)
{
	return len == 0 || (len >= 8 && sid[0] == 1 && sid[1] <= 15 &&
			    len == 8 + (size_t)4 * sid[1]);
}

static enum assertion_result parse(const char *text, uint8_t *token,
				   size_t *len)
{
	size_t text_len = strnlen(text, ASSERTION_TEXT_SIZE);
	const uint8_t *b = token + GRANT_SIZE;

	if (!base64url_decode(text, text_len, token, TOKEN_MAX, len) ||
	    *len == 0)
		return ASSERTION_MALFORMED;
	if (token[0] != ASSERTION_VERSION_1)
		return ASSERTION_VERSION;
	if (*len < TOKEN_MIN || b[AT_SID_LEN] > ASSERTION_SID_MAX ||
	    *len != (size_t)TOKEN_MIN + b[AT_SID_LEN] ||
	    !is_sid(b + AT_SID, b[AT_SID_LEN]))
		return ASSERTION_MALFORMED;
	return ASSERTION_OK;
}

/* What can be said before any cryptography. */
static enum assertion_result check_claims(const struct assertion_verifier *v,
					  const uint8_t *token,
					  const struct assertion_peer *peer,
					  int64_t now)
{
	uint64_t issued = get_be64(token + AT_ISSUED);
	uint64_t expiry = get_be64(token + GRANT_SIZE + AT_EXPIRY);

	if (memcmp(token + AT_ISSUER, peer->guid.b, 16) != 0)
		return ASSERTION_WRONG_ISSUER;
	if (memcmp(token + AT_AUDIENCE, v->self.b, 16) != 0)
		return ASSERTION_WRONG_AUDIENCE;
	if (issued > (uint64_t)now + ASSERTION_SKEW ||
	    expiry + ASSERTION_SKEW < (uint64_t)now ||
	    expiry > (uint64_t)now + ASSERTION_LIFE + ASSERTION_SKEW)
		return ASSERTION_EXPIRED;
	if (is_over((int64_t)issued, now) || (int64_t)issued < v->started)
		return ASSERTION_STALE;
	return ASSERTION_OK;
}

/* The tag, then the number: a forged one must not use it up. */
static enum assertion_result check_tag(struct assertion_verifier *v,
				       struct seen *seen, const uint8_t *token,
				       size_t len,
				       const struct assertion_request *request)
{
	size_t signed_len = len - TAG_SIZE;
	uint8_t tag[TAG_SIZE];
	bool fresh;

	if (!assertion_tag(seen->tag_key, token, signed_len, request, tag) ||
	    CRYPTO_memcmp(tag, token + signed_len, TAG_SIZE) != 0)
		return ASSERTION_BAD_TAG;
	pthread_mutex_lock(&v->lock);
	fresh = use_number(seen, get_be64(token + GRANT_SIZE + AT_NUMBER));
	pthread_mutex_unlock(&v->lock);
	return fresh ? ASSERTION_OK : ASSERTION_REPLAYED;
}

enum assertion_result assertion_verify(struct assertion_verifier *verifier,
				       const char *text,
				       const struct assertion_peer *peer,
				       const struct assertion_request *request,
				       int64_t now,
				       struct assertion_user *user)
{
	uint8_t token[TOKEN_MAX];
	const uint8_t *b = token + GRANT_SIZE;
	struct seen *seen;
	enum assertion_result result;
	size_t len = 0;

	result = parse(text, token, &len);
	if (result == ASSERTION_OK)
		result = check_claims(verifier, token, peer, now);
	if (result != ASSERTION_OK)
		return result;
	seen = get(verifier, token, peer, now, &result);
	if (seen == NULL)
		return result;
	result = check_tag(verifier, seen, token, len, request);
	pthread_mutex_lock(&verifier->lock);
	put_back(seen);
	pthread_mutex_unlock(&verifier->lock);
	if (result != ASSERTION_OK)
		return result;
	memcpy(user->guid.b, b + AT_USER, sizeof user->guid.b);
	user->sid_len = b[AT_SID_LEN];
	memcpy(user->sid, b + AT_SID, user->sid_len);
	return ASSERTION_OK;
}
