/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/jwks_source.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "auth/jwks_fetch.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"

enum { STACK_SIZE = 256 * 1024 };

struct jwks_source {
	char *file, *url, *ca_file, *fetch;
	unsigned refresh, refetch;
	void (*failed)(void *ctx, const char *text);
	void *ctx;
	int stop_fd;              /* an eventfd: readable once it stops */
	char last_error[512];     /* the thread's: told once */

	pthread_t thread;
	pthread_mutex_t lock;     /* guards all below */
	pthread_cond_t wake;
	struct jwks *keys;        /* NULL: none yet */
	uint64_t generation;
	struct jwks_waiter *waiters;
	unsigned waiting;
	bool wanted, busy, stop;
	uint64_t read_at;         /* clock_ms() of the last reading's end; 0 */
	uint64_t fetches, failures;
};

/* --- Reading ---------------------------------------------------------- */

static bool read_keys(struct jwks_source *s, struct jwks **out,
		      struct err *err)
{
	struct buf text = BUF_INIT;
	bool ok = s->file != NULL ? jwks_read_file(s->file, &text, err) :
		jwks_fetch_url(s->fetch, s->url, s->ca_file, s->stop_fd,
			       &text, err);

	if (ok) {
		ok = jwks_parse(buf_str(&text), text.len, out, err);
		if (!ok)
			err_prefix(err, "the key set of %s", s->file != NULL ?
				   s->file : s->url);
	}
	buf_free(&text);
	return ok;
}

/* Old keys stay in use when there are no new ones. */
static void take_keys(struct jwks_source *s, struct jwks *keys)
{
	s->busy = false;
	s->read_at = clock_ms();
	s->fetches++;
	if (keys == NULL) {
		s->failures++;
		return;
	}
	jwks_unref(s->keys);
	s->keys = keys;
	s->generation++;
}

static bool stops(struct jwks_source *s)
{
	bool stop;

	pthread_mutex_lock(&s->lock);
	stop = s->stop;
	pthread_mutex_unlock(&s->lock);
	return stop;
}

static void tell(struct jwks_source *s, const struct err *err)
{
	const char *text = err != NULL ? err->text : "";

	if (strcmp(text, s->last_error) == 0)
		return;
	memcpy(s->last_error, text, strlen(text) + 1);
	if (err != NULL && s->failed != NULL && !stops(s))
		s->failed(s->ctx, text);
}

static void call_waiters(struct jwks_waiter *waiters)
{
	while (waiters != NULL) {
		struct jwks_waiter *waiter = waiters;

		waiters = waiter->next;
		waiter->done(waiter);
	}
}

/* --- The thread ------------------------------------------------------- */

/* When the next reading is due, clock_ms(): sooner after a failure. */
static uint64_t due_at(const struct jwks_source *s)
{
	if (s->read_at == 0)
		return 0;
	return s->read_at + (s->keys != NULL && s->last_error[0] == '\0' ?
			     s->refresh : s->refetch < s->refresh ?
			     s->refetch : s->refresh);
}

static struct timespec from_now(uint64_t ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)(ms / 1000);
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

/* Locked.  False: it is time to stop. */
static bool wait_until_due(struct jwks_source *s)
{
	while (!s->stop && !s->wanted) {
		uint64_t due = due_at(s), now = clock_ms();
		struct timespec until;

		if (now >= due)
			break;
		until = from_now(due - now);
		pthread_cond_timedwait(&s->wake, &s->lock, &until);
	}
	return !s->stop;
}

static void *run(void *arg)
{
	struct jwks_source *s = arg;

	pthread_mutex_lock(&s->lock);
	while (wait_until_due(s)) {
		struct jwks_waiter *waiters;
		struct jwks *keys = NULL;
		struct err err;
		bool ok;

		s->wanted = false;
		s->busy = true;
		pthread_mutex_unlock(&s->lock);
		ok = read_keys(s, &keys, &err);
		tell(s, ok ? NULL : &err);
		pthread_mutex_lock(&s->lock);
		take_keys(s, keys);
		waiters = s->waiters;
		s->waiters = NULL;
		s->waiting = 0;
		pthread_mutex_unlock(&s->lock);
		call_waiters(waiters);
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static bool start_thread(struct jwks_source *s, struct err *err)
{
	pthread_attr_t attr;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	rc = pthread_create(&s->thread, &attr, run, s);
	pthread_attr_destroy(&attr);
	return rc == 0 || err_set(err, EC_ERROR, "cannot start a thread: %s",
				  strerror(rc));
}

/* --- Life ------------------------------------------------------------- */

static char *copy(const char *text)
{
	return text != NULL ? xstrdup(text) : NULL;
}

static struct jwks_source *new_source(const struct jwks_source_options *o)
{
	struct jwks_source *s = xcalloc(1, sizeof *s);
	pthread_condattr_t attr;

	s->file = copy(o->file);
	s->url = copy(o->url);
	s->ca_file = copy(o->ca_file);
	s->fetch = copy(o->fetch != NULL ? o->fetch : "posthouse-fetch");
	s->refresh = o->refresh;
	s->refetch = o->refetch;
	s->failed = o->failed;
	s->ctx = o->ctx;
	s->stop_fd = eventfd(0, EFD_CLOEXEC);
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &attr);
	pthread_condattr_destroy(&attr);
	return s;
}

static void free_source(struct jwks_source *s)
{
	jwks_unref(s->keys);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	if (s->stop_fd >= 0)
		close(s->stop_fd);
	free(s->file);
	free(s->url);
	free(s->ca_file);
	free(s->fetch);
	free(s);
}

bool jwks_source_start(const struct jwks_source_options *options,
		       struct jwks_source **out, struct err *err)
{
	struct jwks_source *s = new_source(options);
	struct jwks *keys = NULL;
	bool ok = s->file == NULL || read_keys(s, &keys, err);

	if (ok && keys != NULL)
		take_keys(s, keys);
	if (!ok || !start_thread(s, err)) {
		free_source(s);
		return false;
	}
	*out = s;
	return true;
}

void jwks_source_stop(struct jwks_source *source)
{
	if (source == NULL)
		return;
	if (source->stop_fd >= 0)
		eventfd_write(source->stop_fd, 1);
	pthread_mutex_lock(&source->lock);
	source->stop = true;
	pthread_cond_signal(&source->wake);
	pthread_mutex_unlock(&source->lock);
	pthread_join(source->thread, NULL);
	call_waiters(source->waiters);
	free_source(source);
}

/* --- For requests ----------------------------------------------------- */

struct jwks *jwks_source_keys(struct jwks_source *source)
{
	struct jwks *keys;

	pthread_mutex_lock(&source->lock);
	keys = source->keys != NULL ? jwks_ref(source->keys) : NULL;
	pthread_mutex_unlock(&source->lock);
	return keys;
}

uint64_t jwks_source_generation(struct jwks_source *source)
{
	uint64_t generation;

	pthread_mutex_lock(&source->lock);
	generation = source->generation;
	pthread_mutex_unlock(&source->lock);
	return generation;
}

bool jwks_source_wait(struct jwks_source *source, struct jwks_waiter *waiter)
{
	bool may;

	pthread_mutex_lock(&source->lock);
	may = source->busy || source->wanted || source->read_at == 0 ||
		clock_ms() - source->read_at >= source->refetch;
	may = may && !source->stop && source->waiting < JWKS_WAITING_MAX;
	if (may) {
		waiter->next = source->waiters;
		source->waiters = waiter;
		source->waiting++;
		source->wanted = source->wanted || !source->busy;
		pthread_cond_signal(&source->wake);
	}
	pthread_mutex_unlock(&source->lock);
	return may;
}

void jwks_source_reload(struct jwks_source *source)
{
	pthread_mutex_lock(&source->lock);
	source->wanted = true;
	pthread_cond_signal(&source->wake);
	pthread_mutex_unlock(&source->lock);
}

void jwks_source_stats(struct jwks_source *source,
		       struct jwks_source_stats *out)
{
	pthread_mutex_lock(&source->lock);
	out->fetches = source->fetches;
	out->failures = source->failures;
	out->keys = source->keys != NULL ? jwks_count(source->keys) : 0;
	out->waiting = source->waiting;
	pthread_mutex_unlock(&source->lock);
}
