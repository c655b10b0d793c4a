/* SPDX-License-Identifier: Apache-2.0 */
#include "http/resolve.h"

#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "http/conn.h"

enum { KEEP_MS = 30000, KEEP_FAILED_MS = 2000, KEPT_MAX = 256 };

/* One question.  Held by its asker, until it is cancelled or answered, and by
 * the resolver, until it has been posted. */
struct resolve_wait {
	struct resolve_wait *next;
	atomic_uint refs;
	struct loop *loop;
	void (*fn)(void *ctx, const struct addresses *found);
	void *ctx;                /* of the loop's thread; fn NULL: cancelled */
	struct addresses found;
	uint16_t port;
	char host[];
};

struct kept {
	struct kept *next;
	struct addresses found;
	uint64_t until;           /* clock_ms */
	char host[];
};

struct resolver {
	pthread_mutex_t lock;
	pthread_cond_t work;
	pthread_t thread;
	bool started, detached, stopping;
	struct resolve_wait *first, **end;
	struct kept *kept;
	unsigned n_kept;
};

static void wait_unref(struct resolve_wait *wait)
{
	if (atomic_fetch_sub(&wait->refs, 1) == 1)
		free(wait);
}

/* --- What is known ---------------------------------------------------- */

static void set_port(struct addresses *a, uint16_t port)
{
	/* sin_port and sin6_port lie at the same place. */
	for (unsigned i = 0; i < a->n; i++)
		((struct sockaddr_in *)&a->addr[i])->sin_port = htons(port);
}

static void look_up(const char *host, int flags, struct addresses *out)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = flags }, *found = NULL;
	int error = getaddrinfo(host, NULL, &hints, &found);

	memset(out, 0, sizeof *out);
	out->why = error != 0 ? gai_strerror(error) : "";
	for (struct addrinfo *at = found; at != NULL &&
	     out->n < ADDRESSES_MAX; at = at->ai_next)
		if (at->ai_addrlen <= sizeof out->addr[0])
			memcpy(&out->addr[out->n++], at->ai_addr,
			       at->ai_addrlen);
	if (found != NULL)
		freeaddrinfo(found);
}

/* Under the lock. */
static const struct kept *find(const struct resolver *r, const char *host)
{
	uint64_t now = clock_ms();

	for (const struct kept *k = r->kept; k != NULL; k = k->next)
		if (strcmp(k->host, host) == 0)
			return now < k->until ? k : NULL;
	return NULL;
}

static void forget(struct resolver *r, const char *host)
{
	struct kept **at = &r->kept;

	while (*at != NULL) {
		struct kept *k = *at;

		if (strcmp(k->host, host) == 0 ||
		    (k->next == NULL && r->n_kept >= KEPT_MAX)) {
			*at = k->next;
			free(k);
			r->n_kept--;
		} else {
			at = &k->next;
		}
	}
}

static void keep(struct resolver *r, const char *host,
		 const struct addresses *found)
{
	struct kept *k = xmalloc(sizeof *k + strlen(host) + 1);

	forget(r, host);
	k->found = *found;
	k->until = clock_ms() + (found->n > 0 ? KEEP_MS : KEEP_FAILED_MS);
	strcpy(k->host, host);
	k->next = r->kept;
	r->kept = k;
	r->n_kept++;
}

/* --- The thread ------------------------------------------------------- */

static void run_answer(struct loop *loop, struct post *post)
{
	struct resolve_wait *wait = post->ctx;
	void (*fn)(void *, const struct addresses *) = wait->fn;

	wait->fn = NULL;
	if (fn != NULL) {
		fn(wait->ctx, &wait->found);
		wait_unref(wait);         /* the asker's */
	}
	wait_unref(wait);
}

/* Under the lock: the loop is there until the resolver is detached. */
static void answer(struct resolver *r, struct resolve_wait *wait)
{
	struct post *post;

	if (r->detached) {
		wait_unref(wait);
		return;
	}
	post = post_new(0);
	post->run = run_answer;
	post->ctx = wait;
	loop_post(wait->loop, post);
}

static void *resolver_main(void *arg)
{
	struct resolver *r = arg;

	pthread_mutex_lock(&r->lock);
	while (!r->stopping) {
		struct resolve_wait *wait = r->first;
		const struct kept *known;

		if (wait == NULL) {
			pthread_cond_wait(&r->work, &r->lock);
			continue;
		}
		r->first = wait->next;
		if (r->first == NULL)
			r->end = &r->first;
		known = find(r, wait->host);
		if (known != NULL) {
			wait->found = known->found;
		} else {
			pthread_mutex_unlock(&r->lock);
			look_up(wait->host, 0, &wait->found);
			pthread_mutex_lock(&r->lock);
			keep(r, wait->host, &wait->found);
		}
		set_port(&wait->found, wait->port);
		answer(r, wait);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

/* --- Asking ----------------------------------------------------------- */

static bool is_known(struct resolver *r, const char *host, uint16_t port,
		     struct addresses *out)
{
	const struct kept *known;
	bool ok;

	look_up(host, AI_NUMERICHOST, out);
	ok = out->n > 0;
	if (!ok) {
		pthread_mutex_lock(&r->lock);
		known = find(r, host);
		ok = known != NULL || r->detached;
		if (known != NULL)
			*out = known->found;
		pthread_mutex_unlock(&r->lock);
	}
	set_port(out, port);
	return ok;
}

bool resolver_look_up(struct resolver *r, struct loop *loop, const char *host,
		      uint16_t port, struct addresses *out,
		      struct resolve_wait **wait,
		      void (*fn)(void *ctx, const struct addresses *found),
		      void *ctx)
{
	struct resolve_wait *w;

	if (is_known(r, host, port, out))
		return true;
	w = xcalloc(1, sizeof *w + strlen(host) + 1);
	atomic_init(&w->refs, 2);
	w->loop = loop;
	w->fn = fn;
	w->ctx = ctx;
	w->port = port;
	strcpy(w->host, host);
	*wait = w;
	pthread_mutex_lock(&r->lock);
	*r->end = w;
	r->end = &w->next;
	if (!r->started && !r->detached)
		r->started = pthread_create(&r->thread, NULL, resolver_main,
					    r) == 0;
	pthread_cond_signal(&r->work);
	pthread_mutex_unlock(&r->lock);
	return false;
}

void resolve_cancel(struct resolve_wait *wait)
{
	if (wait == NULL)
		return;
	wait->fn = NULL;
	wait_unref(wait);
}

/* --- Life ------------------------------------------------------------- */

struct resolver *resolver_new(void)
{
	struct resolver *r = xcalloc(1, sizeof *r);

	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->work, NULL);
	r->end = &r->first;
	return r;
}

void resolver_detach(struct resolver *r)
{
	pthread_mutex_lock(&r->lock);
	r->detached = true;
	pthread_mutex_unlock(&r->lock);
}

void resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	pthread_mutex_lock(&r->lock);
	r->stopping = r->detached = true;
	pthread_cond_signal(&r->work);
	pthread_mutex_unlock(&r->lock);
	if (r->started)
		pthread_join(r->thread, NULL);
	while (r->first != NULL) {
		struct resolve_wait *wait = r->first;

		r->first = wait->next;
		wait_unref(wait);
	}
	while (r->kept != NULL) {
		struct kept *k = r->kept;

		r->kept = k->next;
		free(k);
	}
	pthread_cond_destroy(&r->work);
	pthread_mutex_destroy(&r->lock);
	free(r);
}
