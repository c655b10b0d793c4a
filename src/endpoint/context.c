/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/context.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "auth/auth.h"
#include "base/arena.h"
#include "base/clock.h"
#include "http/server.h"
#include "mailbox/mailbox.h"
#include "mailbox/nspi.h"

enum { BUCKETS_FIRST = 64, RANDOM_POOL = 1024 };

struct context {
	struct contexts *all;
	struct context *next;             /* in its bucket */
	struct context *older, *newer;    /* in the list of the idle */
	struct context_cookie cookie;
	uint32_t n;                       /* requests so far */
	char sequence[SEQUENCE_COOKIE_SIZE];
	bool busy, waiting, idle, destroyed;
	unsigned uses;
	uint64_t expires;                 /* clock_ms, when idle */
	const struct identity *who;
	struct session *session;
	struct nspi_session *nspi;
	struct http_request *wait;        /* to be told of cancel */
	void (*cancel)(void *ctx, struct http_request *req);
	void *cancel_ctx;
};

struct contexts {
	struct contexts_config config;
	pthread_mutex_t lock;             /* guards all below, and contexts */
	pthread_cond_t wake;              /* of the thread */
	pthread_t thread;
	bool started, stop, no_waits;
	uint64_t epoch, expired;
	struct context **buckets;
	size_t n_buckets, count;
	struct context *oldest, *newest;  /* idle, by expiry */
	struct context *dead;             /* their sessions are to be ended */
	uint8_t random[RANDOM_POOL];
	size_t random_left;
};

/* From the kernel's generator, many at a time. */
static void get_random(struct contexts *all, uint8_t *out, size_t len)
{
	if (all->random_left < len) {
		for (size_t at = 0; at < RANDOM_POOL; at += 256)
			if (getrandom(all->random + at, 256, 0) != 256)
				abort();  /* cannot happen once booted */
		all->random_left = RANDOM_POOL;
	}
	all->random_left -= len;
	memcpy(out, all->random + all->random_left, len);
	memset(all->random + all->random_left, 0, len);
}

/* --- The table -------------------------------------------------------- */

static struct context **bucket_of(struct contexts *all,
				  const uint8_t token[static TOKEN_SIZE])
{
	size_t hash;              /* the token is random already */

	memcpy(&hash, token, sizeof hash);
	return &all->buckets[hash & (all->n_buckets - 1)];
}

static void grow(struct contexts *all)
{
	struct context **old = all->buckets;
	size_t n = all->n_buckets;

	if (all->count < n)
		return;
	all->n_buckets = n * 2;
	all->buckets = xcalloc(n * 2, sizeof *all->buckets);
	for (size_t i = 0; i < n; i++) {
		while (old[i] != NULL) {
			struct context *c = old[i];
			struct context **to = bucket_of(all, c->cookie.token);

			old[i] = c->next;
			c->next = *to;
			*to = c;
		}
	}
	free(old);
}

static void table_add(struct contexts *all, struct context *c)
{
	struct context **to;

	grow(all);
	to = bucket_of(all, c->cookie.token);
	c->next = *to;
	*to = c;
	all->count++;
}

static void table_remove(struct contexts *all, struct context *c)
{
	struct context **at = bucket_of(all, c->cookie.token);

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	all->count--;
}

/* --- The idle --------------------------------------------------------- */

static void idle_add(struct context *c)
{
	struct contexts *all = c->all;

	c->expires = clock_ms() + all->config.expiration_ms;
	c->idle = true;
	c->newer = NULL;
	c->older = all->newest;
	if (all->newest != NULL)
		all->newest->newer = c;
	else
		all->oldest = c;
	all->newest = c;
}

static void idle_remove(struct context *c)
{
	struct contexts *all = c->all;

	if (!c->idle)
		return;
	c->idle = false;
	if (c->older != NULL)
		c->older->newer = c->newer;
	else
		all->oldest = c->newer;
	if (c->newer != NULL)
		c->newer->older = c->older;
	else
		all->newest = c->older;
}

/* Nobody uses it: the thread ends its session, which may take a while. */
static void bury(struct context *c)
{
	c->next = c->all->dead;
	c->all->dead = c;
	pthread_cond_signal(&c->all->wake);
}

static void tell_wait(struct context *c)
{
	if (c->wait != NULL)
		http_post(c->wait, c->cancel, c->cancel_ctx);
	c->wait = NULL;
}

static void destroy(struct context *c)
{
	if (c->destroyed)
		return;
	c->destroyed = true;
	table_remove(c->all, c);
	idle_remove(c);
	tell_wait(c);
	if (c->uses == 0)
		bury(c);
}

/* --- The thread ------------------------------------------------------- */

static void expire(struct contexts *all)
{
	uint64_t now = clock_ms();

	while (all->oldest != NULL && all->oldest->expires <= now) {
		all->expired++;
		destroy(all->oldest);
	}
}

static void free_context(struct context *c)
{
	identity_unref(c->who);
	nspi_session_free(c->nspi);
	free(c);
}

static void free_dead(struct context *c)
{
	while (c != NULL) {
		struct context *next = c->next;

		mailbox_disconnect(c->session);
		free_context(c);
		c = next;
	}
}

static void sleep_until_next(struct contexts *all)
{
	uint64_t now = clock_ms();
	uint64_t ms = all->oldest == NULL ? all->config.expiration_ms :
		all->oldest->expires > now ? all->oldest->expires - now : 0;
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_cond_timedwait(&all->wake, &all->lock, &until);
}

static void *thread_main(void *arg)
{
	struct contexts *all = arg;
	struct context *dead;

	pthread_mutex_lock(&all->lock);
	while (!all->stop) {
		expire(all);
		dead = all->dead;
		all->dead = NULL;
		if (dead == NULL) {
			sleep_until_next(all);
			continue;
		}
		pthread_mutex_unlock(&all->lock);
		free_dead(dead);
		pthread_mutex_lock(&all->lock);
	}
	pthread_mutex_unlock(&all->lock);
	return NULL;
}

/* --- Life ------------------------------------------------------------- */

struct contexts *contexts_new(const struct contexts_config *config,
			      struct err *err)
{
	struct contexts *all = xcalloc(1, sizeof *all);
	pthread_condattr_t attr;
	int error;

	all->config = *config;
	all->epoch = filetime_now();
	all->n_buckets = BUCKETS_FIRST;
	all->buckets = xcalloc(BUCKETS_FIRST, sizeof *all->buckets);
	pthread_mutex_init(&all->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&all->wake, &attr);
	pthread_condattr_destroy(&attr);
	error = pthread_create(&all->thread, NULL, thread_main, all);
	all->started = error == 0;
	if (error != 0) {
		err_set(err, EC_ERROR, "cannot start a thread: %s",
			strerror(error));
		contexts_free(all);
		return NULL;
	}
	return all;
}

static void stop_thread(struct contexts *all)
{
	if (!all->started)
		return;
	pthread_mutex_lock(&all->lock);
	all->stop = true;
	pthread_cond_signal(&all->wake);
	pthread_mutex_unlock(&all->lock);
	pthread_join(all->thread, NULL);
}

void contexts_free(struct contexts *all)
{
	if (all == NULL)
		return;
	stop_thread(all);
	for (size_t i = 0; i < all->n_buckets; i++)
		while (all->buckets[i] != NULL)
			destroy(all->buckets[i]);
	free_dead(all->dead);
	pthread_cond_destroy(&all->wake);
	pthread_mutex_destroy(&all->lock);
	free(all->buckets);
	free(all);
}

size_t contexts_count(struct contexts *all)
{
	size_t n;

	pthread_mutex_lock(&all->lock);
	n = all->count;
	pthread_mutex_unlock(&all->lock);
	return n;
}

uint64_t contexts_expired(struct contexts *all)
{
	uint64_t n;

	pthread_mutex_lock(&all->lock);
	n = all->expired;
	pthread_mutex_unlock(&all->lock);
	return n;
}

/* --- Use -------------------------------------------------------------- */

static void new_sequence(struct context *c)
{
	uint8_t random[4];

	get_random(c->all, random, sizeof random);
	sequence_cookie_format(c->n, random, c->sequence);
}

struct context *context_new(struct contexts *all, const struct identity *who)
{
	struct context *c = NULL;

	pthread_mutex_lock(&all->lock);
	if (all->count < all->config.max) {
		c = xcalloc(1, sizeof *c);
		c->all = all;
		c->who = identity_ref(who);
		c->cookie.epoch = all->epoch;
		c->busy = true;
		c->uses = 1;
		get_random(all, c->cookie.token, TOKEN_SIZE);
		new_sequence(c);
		table_add(all, c);
	}
	pthread_mutex_unlock(&all->lock);
	return c;
}

static struct context *find(struct contexts *all,
			    const struct context_cookie *cookie)
{
	struct context *c = *bucket_of(all, cookie->token);

	while (c != NULL &&
	       memcmp(c->cookie.token, cookie->token, TOKEN_SIZE) != 0)
		c = c->next;
	return c;
}

/* 3.2.5.1: one request at a time, each with the cookie of the one before. */
static enum response_code check_use(const struct context *c,
				    const char *sequence, enum context_use use)
{
	switch (use) {
	case CONTEXT_SEQUENCED:
		if (sequence == NULL)
			return RESPONSE_MISSING_COOKIE;
		break;
	case CONTEXT_WAIT:
		/* Without a session its Connect is still under way. */
		return c->waiting || c->session == NULL ?
			RESPONSE_INVALID_SEQUENCE : RESPONSE_SUCCESS;
	case CONTEXT_RECONNECT:   /* 3.2.5.6: the sequence is ignored */
		return RESPONSE_SUCCESS;
	default:
		break;
	}
	if (c->busy ||
	    (sequence != NULL && strcmp(sequence, c->sequence) != 0))
		return RESPONSE_INVALID_SEQUENCE;
	return RESPONSE_SUCCESS;
}

static void begin_use(struct context *c, enum context_use use)
{
	idle_remove(c);
	c->uses++;
	if (use == CONTEXT_WAIT)
		c->waiting = true;
	else if (use != CONTEXT_RECONNECT)
		c->busy = true;
}

enum response_code context_begin(struct contexts *all, const char *cookie,
				 const char *sequence,
				 const struct identity *who,
				 enum context_use use, struct context **out)
{
	struct context_cookie key;
	enum response_code code;
	struct context *c;

	if (!context_cookie_parse(cookie, &key))
		return RESPONSE_INVALID_CONTEXT_COOKIE;
	if (key.epoch != all->epoch)
		return RESPONSE_CONTEXT_NOT_FOUND;
	pthread_mutex_lock(&all->lock);
	c = find(all, &key);
	if (c == NULL || !guid_equal(&c->who->user, &who->user) ||
	    (c->idle && c->expires <= clock_ms()))
		code = RESPONSE_CONTEXT_NOT_FOUND;
	else
		code = check_use(c, sequence, use);
	if (code == RESPONSE_SUCCESS) {
		begin_use(c, use);
		*out = c;
	}
	pthread_mutex_unlock(&all->lock);
	return code;
}

void context_end(struct context *c, enum context_use use)
{
	struct contexts *all = c->all;
	bool done;

	pthread_mutex_lock(&all->lock);
	if (use == CONTEXT_WAIT)
		c->waiting = false;
	else if (use != CONTEXT_RECONNECT)
		c->busy = false;
	c->uses--;
	done = c->uses == 0 && c->destroyed && c->session == NULL;
	if (c->uses == 0 && !c->destroyed)
		idle_add(c);
	else if (c->uses == 0 && !done)
		bury(c);
	pthread_mutex_unlock(&all->lock);
	if (done)                 /* nothing is left that takes a while */
		free_context(c);
}

void context_advance(struct context *c)
{
	pthread_mutex_lock(&c->all->lock);
	c->n++;
	new_sequence(c);
	pthread_mutex_unlock(&c->all->lock);
}

void context_cookies(struct context *c,
		     char cookie[static CONTEXT_COOKIE_SIZE],
		     char sequence[static SEQUENCE_COOKIE_SIZE])
{
	context_cookie_format(&c->cookie, cookie);
	pthread_mutex_lock(&c->all->lock);
	memcpy(sequence, c->sequence, SEQUENCE_COOKIE_SIZE);
	pthread_mutex_unlock(&c->all->lock);
}

/* Written once, before context_begin lets another request in. */
struct session *context_session(const struct context *c)
{
	return c->session;
}

void context_set_session(struct context *c, struct session *session)
{
	pthread_mutex_lock(&c->all->lock);
	c->session = session;
	pthread_mutex_unlock(&c->all->lock);
}

struct nspi_session *context_nspi(const struct context *c)
{
	return c->nspi;
}

void context_set_nspi(struct context *c, struct nspi_session *session)
{
	pthread_mutex_lock(&c->all->lock);
	c->nspi = session;
	pthread_mutex_unlock(&c->all->lock);
}

void context_destroy(struct context *c)
{
	struct contexts *all = c->all;

	pthread_mutex_lock(&all->lock);
	destroy(c);
	pthread_mutex_unlock(&all->lock);
}

struct session *context_take_session(struct context *c)
{
	struct session *session = NULL;

	pthread_mutex_lock(&c->all->lock);
	if (c->destroyed && c->uses == 1) {
		session = c->session;
		c->session = NULL;
	}
	pthread_mutex_unlock(&c->all->lock);
	return session;
}

/* --- Waits ------------------------------------------------------------ */

bool context_set_wait(struct context *c, struct http_request *req,
		      void (*cancel)(void *ctx, struct http_request *req),
		      void *ctx)
{
	bool set;

	pthread_mutex_lock(&c->all->lock);
	set = !c->destroyed && !c->all->no_waits;
	if (set) {
		c->wait = req;
		c->cancel = cancel;
		c->cancel_ctx = ctx;
	}
	pthread_mutex_unlock(&c->all->lock);
	return set;
}

void context_clear_wait(struct context *c)
{
	pthread_mutex_lock(&c->all->lock);
	c->wait = NULL;
	pthread_mutex_unlock(&c->all->lock);
}

bool context_is_destroyed(const struct context *c)
{
	bool destroyed;

	pthread_mutex_lock(&c->all->lock);
	destroyed = c->destroyed;
	pthread_mutex_unlock(&c->all->lock);
	return destroyed;
}

void contexts_cancel_waits(struct contexts *all)
{
	pthread_mutex_lock(&all->lock);
	all->no_waits = true;
	for (size_t i = 0; i < all->n_buckets; i++)
		for (struct context *c = all->buckets[i]; c; c = c->next)
			tell_wait(c);
	pthread_mutex_unlock(&all->lock);
}
