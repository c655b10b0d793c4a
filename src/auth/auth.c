/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/auth_impl.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/base64.h"
#include "auth/helper.h"
#include "auth/password.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/utf.h"

enum { CREDENTIALS_MAX = 2048 };

/* Whoever waits for a check: several requests may bring the same header. */
struct waiter {
	struct waiter *next;
	auth_done *done;
	void *ctx;
};

struct check {
	struct pool_job job;      /* first: the pool knows no more */
	struct auth *auth;
	struct check *next, *prev;        /* of those under way */
	struct waiter *waiters;
	struct mac mac;
	uint64_t pair, address;   /* keys of the throttle */
	struct guid user;
	bool hopeless;            /* unknown or disabled: denied anyway */
	char *hash;
	uint8_t ask[HELPER_PASSWORD_MAX]; /* for the helper: a secret */
};

const char *auth_result_name(enum auth_result result)
{
	static const char *const names[] = { "ok", "denied", "malformed",
					     "throttled", "unavailable" };

	return (size_t)result < 5 ? names[result] : "unknown";
}

/* The header (RFC 7617) ------------------------------------------------ */

struct credentials {
	char name[AUTH_NAME_SIZE];
	char password[PASSWORD_MAX_SIZE];
};

/* Where the token of "Basic <token>" begins; NULL: another scheme. */
static const char *basic_token(const char *header)
{
	if (strncasecmp(header, "Basic", 5) != 0 || header[5] != ' ')
		return NULL;
	header += 5;
	return header + strspn(header, " ");
}

/*
 * Text as clients send it: UTF-8, or ISO-8859-1 from those that know no
 * better (RFC 7617 2.1 leaves it open).
 */
static bool to_utf8(const char *text, size_t len, char *out, size_t size)
{
	bool utf8 = utf8_valid(text, len);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)text[i];

		if (c < 0x20 || c == 0x7f || n + 3 > size)
			return false;
		if (utf8 || c < 0x80) {
			out[n++] = (char)c;
		} else {
			out[n++] = (char)(0xc0 | c >> 6);
			out[n++] = (char)(0x80 | (c & 0x3f));
		}
	}
	out[n] = '\0';
	return true;
}

static bool decode(const char *token, struct credentials *out)
{
	uint8_t text[CREDENTIALS_MAX];
	const char *name = (const char *)text, *colon;
	size_t len;
	bool ok;

	if (!base64_decode(token, strlen(token), text, sizeof text, &len))
		return false;
	colon = memchr(text, ':', len);
	ok = colon != NULL && colon != name &&
		to_utf8(name, (size_t)(colon - name), out->name,
			sizeof out->name) &&
		to_utf8(colon + 1, len - (size_t)(colon - name) - 1,
			out->password, sizeof out->password);
	OPENSSL_cleanse(text, sizeof text);
	return ok;
}

/* Checks --------------------------------------------------------------- */

static void add_waiter(struct check *c, auth_done *done, void *ctx)
{
	struct waiter *w = xmalloc(sizeof *w);

	*w = (struct waiter){ .next = c->waiters, .done = done, .ctx = ctx };
	c->waiters = w;
}

static void link_check(struct auth *auth, struct check *c)
{
	c->next = auth->under_way;
	if (c->next != NULL)
		c->next->prev = c;
	auth->under_way = c;
}

static void unlink_check(struct auth *auth, struct check *c)
{
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		auth->under_way = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
}

static void free_check(struct check *c)
{
	OPENSSL_cleanse(c->ask, sizeof c->ask);
	free(c->hash);
	free(c);
}

/*
 * Who it is now: the user may have changed while the password was checked.
 * NULL: disabled, removed or given another password meanwhile.  *change is
 * the directory's before the look, so that a later change is noticed.
 */
static const struct identity *identify(const struct check *c,
				       uint64_t *change)
{
	struct arena *arena = arena_new(0);
	const struct identity *id = NULL;
	struct dir_user user;

	*change = directory_change(c->auth->dir);
	if (directory_user(c->auth->dir, &c->user, arena, &user) &&
	    !user.disabled && strcmp(user.password, c->hash) == 0)
		id = identity_new(&user);
	arena_free(arena);
	return id;
}

/* Keep count of how it ended.  The lock is held. */
static void record(struct auth *auth, struct check *c,
		   enum auth_result result, const struct identity *id,
		   uint64_t change)
{
	uint64_t now = clock_ms();

	if (result == AUTH_OK) {
		remember_add(auth->remember, &c->mac, now, id, change);
		throttle_clear(auth->pairs, c->pair);
	} else if (result == AUTH_DENIED) {
		throttle_add(auth->addresses, c->address, now);
		auth->stats.denied++;
	} else {
		auth->stats.unavailable++;
	}
	unlink_check(auth, c);
}

static void job_done(struct pool_job *job, enum pool_result outcome,
		     const uint8_t *answer, size_t len)
{
	struct check *c = (struct check *)job;
	enum auth_result result = AUTH_DENIED;
	const struct identity *id = NULL;
	struct waiter *w, *next;
	uint64_t change = 0;

	if (outcome != POOL_ANSWERED || len != 1 || answer[0] == 'f')
		result = AUTH_UNAVAILABLE;
	else if (answer[0] == 'y' && !c->hopeless &&
		 (id = identify(c, &change)) != NULL)
		result = AUTH_OK;
	pthread_mutex_lock(&c->auth->lock);
	record(c->auth, c, result, id, change);
	pthread_mutex_unlock(&c->auth->lock);
	for (w = c->waiters; w != NULL; w = next) {
		next = w->next;
		w->done(w->ctx, result, id);
		free(w);
	}
	identity_unref(id);
	free_check(c);
}

/*
 * What the password is compared with.  For a user who doesn't exist, is
 * disabled or has no password that is a hash of nothing, so that the answer
 * takes as long.
 */
static void look_up(struct check *c, const char *name)
{
	struct arena *arena = arena_new(0);
	struct dir_user user;

	if (directory_user_by_name(c->auth->dir, name, arena, &user) &&
	    !user.disabled && user.password[0] != '\0') {
		c->user = user.guid;
		c->hash = xstrdup(user.password);
	} else {
		c->hopeless = true;
		c->hash = xstrdup(c->auth->options.unknown_password != NULL ?
				  c->auth->options.unknown_password :
				  password_dummy());
	}
	arena_free(arena);
}

static struct check *new_check(struct auth *auth, const struct mac *mac,
			       const struct credentials *cred,
			       const char *address)
{
	struct check *c = xcalloc(1, sizeof *c);

	c->auth = auth;
	c->mac = *mac;
	c->pair = auth_throttle_key(auth, cred->name, address);
	c->address = auth_throttle_key(auth, "", address);
	look_up(c, cred->name);
	c->job.ask = c->ask;
	c->job.ask_len = helper_password(cred->password, c->hash, c->ask);
	c->job.deadline = clock_ms() + auth->options.deadline;
	c->job.done = job_done;
	return c;
}

/* Begin a check, unless there were too many failures.  The lock is held. */
static enum auth_result admit(struct auth *auth, struct check *c)
{
	uint64_t now = clock_ms();

	if (throttle_is_full(auth->pairs, c->pair, now) ||
	    throttle_is_full(auth->addresses, c->address, now)) {
		auth->stats.throttled++;
		return AUTH_THROTTLED;
	}
	if (c->job.ask_len == 0)
		return AUTH_DENIED;
	link_check(auth, c);
	if (!pool_submit(auth->pool, &c->job)) {
		unlink_check(auth, c);
		auth->stats.unavailable++;
		return AUTH_UNAVAILABLE;
	}
	/* Counted before it is known: many at once are many.  A success takes
	 * it back. */
	throttle_add(auth->pairs, c->pair, now);
	return AUTH_OK;
}

/* The way without the cache: true if it was answered at once. */
static bool check_slowly(struct auth *auth, const char *token,
			 const struct mac *mac, const char *address,
			 auth_done *done, void *ctx)
{
	struct credentials cred;
	enum auth_result result;
	struct check *c;

	if (!decode(token, &cred)) {
		done(ctx, AUTH_MALFORMED, NULL);
		return true;
	}
	c = new_check(auth, mac, &cred, address);
	OPENSSL_cleanse(&cred, sizeof cred);
	add_waiter(c, done, ctx);
	pthread_mutex_lock(&auth->lock);
	result = admit(auth, c);
	pthread_mutex_unlock(&auth->lock);
	if (result == AUTH_OK)
		return false;
	free(c->waiters);
	free_check(c);
	done(ctx, result, NULL);
	return true;
}

/* Wait with whoever asks the same already.  The lock is held. */
static bool join(struct auth *auth, const struct mac *mac, auth_done *done,
		 void *ctx)
{
	for (struct check *c = auth->under_way; c != NULL; c = c->next)
		if (memcmp(c->mac.b, mac->b, MAC_SIZE) == 0) {
			add_waiter(c, done, ctx);
			return true;
		}
	return false;
}

bool auth_check_basic(struct auth *auth, const char *header,
		      const char *address, auth_done *done, void *ctx)
{
	const char *token = basic_token(header);
	const struct identity *id;
	bool joined = false;
	struct mac mac;

	if (token == NULL) {
		done(ctx, AUTH_MALFORMED, NULL);
		return true;
	}
	mac_compute(auth->key, token, strlen(token), &mac);
	pthread_mutex_lock(&auth->lock);
	auth->stats.checks++;
	id = remember_find(auth->remember, &mac, clock_ms(), auth->dir);
	if (id != NULL) {
		identity_ref(id);
		auth->stats.remembered++;
	} else {
		joined = join(auth, &mac, done, ctx);
	}
	pthread_mutex_unlock(&auth->lock);
	if (joined)
		return false;
	if (id == NULL)
		return check_slowly(auth, token, &mac, address, done, ctx);
	done(ctx, AUTH_OK, id);
	identity_unref(id);
	return true;
}
