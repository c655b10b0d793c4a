/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/pool.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "auth/helper.h"
#include "base/arena.h"
#include "base/clock.h"

enum { HELPERS_MAX = 64, IDLE_MS = 60000, RESPAWN_MS = 500 };

struct helper {
	int fd;                   /* -1: none */
	pid_t pid;
	uint64_t life;            /* a number for the process, never 0 */
	struct pool_job *job;     /* NULL: idle */
	unsigned checks;
	uint64_t idle_since;      /* clock_ms() */
	uint64_t leaves;          /* clock_ms(): serves what is pinned till
				   * then; 0: it is not leaving */
};

struct tell {
	struct tell *next;
	struct pool_pin pin;
	size_t len;
	uint8_t message[];
};

struct pool {
	struct pool_options options;
	pthread_t thread;
	int wake;                 /* eventfd */

	pthread_mutex_t lock;     /* guards the queue, tells, stop, stats */
	struct pool_job *first, **last;
	struct tell *tells, **tells_end;
	unsigned queued;
	bool stop;
	struct pool_stats stats;

	/* The thread's own. */
	struct helper helpers[HELPERS_MAX];
	uint64_t next_spawn;      /* not before: after a failure */
	uint64_t lives;
	uint8_t *message;         /* POOL_MESSAGE_MAX bytes, twice */
};

/* The queue ------------------------------------------------------------ */

static void wake(struct pool *pool)
{
	const uint64_t one = 1;
	ssize_t n = write(pool->wake, &one, sizeof one);

	(void)n;                  /* a full counter wakes as well */
}

bool pool_submit(struct pool *pool, struct pool_job *job)
{
	bool room;

	job->next = NULL;
	job->tried = false;
	pthread_mutex_lock(&pool->lock);
	room = !pool->stop && pool->queued < pool->options.queue;
	if (room) {
		*pool->last = job;
		pool->last = &job->next;
		pool->queued++;
		pool->stats.waiting++;
	}
	pthread_mutex_unlock(&pool->lock);
	if (room)
		wake(pool);
	return room;
}

/* The first job after *after (NULL: of all); what is before stays there. */
static struct pool_job *look(struct pool *pool, struct pool_job *after)
{
	struct pool_job *job;

	pthread_mutex_lock(&pool->lock);
	job = after != NULL ? after->next : pool->first;
	pthread_mutex_unlock(&pool->lock);
	return job;
}

/* Out of the queue.  Only the pool's thread takes. */
static void take(struct pool *pool, struct pool_job *job)
{
	struct pool_job **at;

	pthread_mutex_lock(&pool->lock);
	for (at = &pool->first; *at != job; at = &(*at)->next)
		;
	*at = job->next;
	if (pool->last == &job->next)
		pool->last = at;
	pool->queued--;
	pthread_mutex_unlock(&pool->lock);
}

void pool_tell(struct pool *pool, const struct pool_pin *pin,
	       const uint8_t *message, size_t len)
{
	struct tell *tell = xmalloc(sizeof *tell + len);

	tell->next = NULL;
	tell->pin = *pin;
	tell->len = len;
	memcpy(tell->message, message, len);
	pthread_mutex_lock(&pool->lock);
	*pool->tells_end = tell;
	pool->tells_end = &tell->next;
	pthread_mutex_unlock(&pool->lock);
	wake(pool);
}

/* Back to the front, because its helper died. */
static void put_back(struct pool *pool, struct pool_job *job)
{
	pthread_mutex_lock(&pool->lock);
	job->next = pool->first;
	pool->first = job;
	if (job->next == NULL)
		pool->last = &job->next;
	pool->queued++;
	pthread_mutex_unlock(&pool->lock);
}

static bool has_work(struct pool *pool)
{
	bool any;

	pthread_mutex_lock(&pool->lock);
	any = pool->first != NULL;
	pthread_mutex_unlock(&pool->lock);
	return any;
}

static void finish(struct pool *pool, struct pool_job *job,
		   enum pool_result result, const uint8_t *answer, size_t len)
{
	pthread_mutex_lock(&pool->lock);
	pool->stats.waiting--;
	pthread_mutex_unlock(&pool->lock);
	job->done(job, result, answer, len);
}

/* Helpers -------------------------------------------------------------- */

static void retire(struct helper *h)
{
	helper_kill(h->fd, h->pid);
	h->fd = -1;
}

/* A helper died or was ended over its job: once more, then it has failed. */
static void lose(struct pool *pool, struct helper *h, bool retry)
{
	struct pool_job *job = h->job;

	retire(h);
	h->job = NULL;
	pthread_mutex_lock(&pool->lock);
	pool->stats.lost++;
	pthread_mutex_unlock(&pool->lock);
	if (job == NULL)
		return;
	if (!retry || job->tried || job->once) {
		finish(pool, job, retry && job->once ? POOL_LOST : POOL_FAILED,
		       NULL, 0);
		return;
	}
	job->tried = true;
	put_back(pool, job);
}

static bool start_helper(struct pool *pool, struct helper *h, uint64_t now)
{
	const struct pool_options *o = &pool->options;

	if (now < pool->next_spawn)
		return false;
	if (!helper_spawn(o->helper, &h->fd, &h->pid, NULL)) {
		h->fd = -1;
		pool->next_spawn = now + RESPAWN_MS;
		return false;
	}
	*h = (struct helper){ .fd = h->fd, .pid = h->pid, .idle_since = now,
		.life = ++pool->lives };
	pthread_mutex_lock(&pool->lock);
	pool->stats.started++;
	pthread_mutex_unlock(&pool->lock);
	/* If it is gone already, its first job will notice. */
	if (o->hello_len > 0)
		helper_send(h->fd, o->hello, o->hello_len);
	return true;
}

/* One that is idle, started if need be; NULL: all are busy. */
static struct helper *idle_helper(struct pool *pool, uint64_t now)
{
	struct helper *none = NULL;
	unsigned serving = 0;

	for (unsigned i = 0; i < HELPERS_MAX; i++) {
		struct helper *h = &pool->helpers[i];

		if (h->fd < 0) {
			none = none != NULL ? none : h;
			continue;
		}
		if (h->leaves != 0)
			continue;
		if (h->job == NULL)
			return h;
		serving++;
	}
	if (none == NULL || serving >= pool->options.helpers)
		return NULL;
	return start_helper(pool, none, now) ? none : NULL;
}

static struct helper *pinned_helper(struct pool *pool,
				    const struct pool_pin *pin)
{
	struct helper *h = &pool->helpers[pin->slot % HELPERS_MAX];

	return h->fd >= 0 && h->life == pin->life ? h : NULL;
}

static void give(struct pool *pool, struct helper *h, struct pool_job *job)
{
	take(pool, job);
	h->job = job;
	if (!helper_send(h->fd, job->ask, job->ask_len))
		lose(pool, h, true);
}

static void send_tells(struct pool *pool)
{
	struct tell *tell, *next;
	struct helper *h;

	pthread_mutex_lock(&pool->lock);
	tell = pool->tells;
	pool->tells = NULL;
	pool->tells_end = &pool->tells;
	pthread_mutex_unlock(&pool->lock);
	for (; tell != NULL; tell = next) {
		next = tell->next;
		h = pinned_helper(pool, &tell->pin);
		if (h != NULL)
			helper_send(h->fd, tell->message, tell->len);
		free(tell);
	}
}

static void give_work(struct pool *pool, uint64_t now)
{
	struct pool_job *job, *passed = NULL;
	bool none = false;        /* no helper for what isn't pinned */

	while ((job = look(pool, passed)) != NULL) {
		bool pinned = job->pin.life != 0;
		struct helper *h = pinned ? pinned_helper(pool, &job->pin) :
			none ? NULL : idle_helper(pool, now);

		if (pinned && h == NULL) {
			take(pool, job);
			finish(pool, job, POOL_LOST, NULL, 0);
		} else if (h != NULL && h->job == NULL) {
			give(pool, h, job);
		} else {
			none = none || !pinned;
			passed = job;
		}
	}
}

/* The helper asks back in the middle of its job. */
static void read_query(struct pool *pool, struct helper *h, size_t len)
{
	uint8_t *reply = pool->message + POOL_MESSAGE_MAX;
	size_t n;
	bool sent;

	if (h->job->asked == NULL) {
		lose(pool, h, true);
		return;
	}
	n = h->job->asked(h->job, pool->message, len, reply,
			  POOL_MESSAGE_MAX);
	sent = helper_send(h->fd, reply, n);
	OPENSSL_cleanse(reply, n);        /* there may be a hash in it */
	if (!sent)
		lose(pool, h, true);
}

static void read_answer(struct pool *pool, struct helper *h, uint64_t now)
{
	struct pool_job *job = h->job;
	size_t len;

	if (!helper_recv(h->fd, pool->message, POOL_MESSAGE_MAX, &len) ||
	    job == NULL) {
		lose(pool, h, true);
		return;
	}
	if (pool->message[0] == POOL_QUERY) {
		read_query(pool, h, len);
		return;
	}
	h->job = NULL;
	h->idle_since = now;
	job->pin.slot = (unsigned)(h - pool->helpers);
	job->pin.life = h->life;
	if (++h->checks >= pool->options.checks && h->leaves == 0) {
		if (pool->options.grace == 0)
			retire(h);
		else
			h->leaves = now + pool->options.grace;
	}
	finish(pool, job, POOL_ANSWERED, pool->message, len);
}

/* Time ----------------------------------------------------------------- */

static void expire_helpers(struct pool *pool, uint64_t now)
{
	for (unsigned i = 0; i < HELPERS_MAX; i++) {
		struct helper *h = &pool->helpers[i];

		if (h->fd < 0)
			continue;
		if (h->job != NULL && h->job->deadline <= now)
			lose(pool, h, false);
		else if (h->job == NULL &&
			 (h->idle_since + IDLE_MS <= now ||
			  (h->leaves != 0 && h->leaves <= now)))
			retire(h);
	}
}

/* Unlink the jobs that have waited too long, in a list of their own. */
static struct pool_job *take_expired(struct pool *pool, uint64_t now)
{
	struct pool_job *expired = NULL, **at, *job;

	pthread_mutex_lock(&pool->lock);
	for (at = &pool->first; (job = *at) != NULL; ) {
		if (job->deadline > now) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		pool->queued--;
		job->next = expired;
		expired = job;
	}
	pool->last = at;
	pthread_mutex_unlock(&pool->lock);
	return expired;
}

static void expire_jobs(struct pool *pool, uint64_t now)
{
	struct pool_job *job = take_expired(pool, now), *next;

	for (; job != NULL; job = next) {
		next = job->next;
		finish(pool, job, POOL_FAILED, NULL, 0);
	}
}

/* Milliseconds until something must be looked at; -1: only when woken. */
static int time_to_wait(struct pool *pool)
{
	bool busy = has_work(pool), any = busy;

	for (unsigned i = 0; i < HELPERS_MAX; i++) {
		any = any || pool->helpers[i].fd >= 0;
		busy = busy || (pool->helpers[i].fd >= 0 &&
				pool->helpers[i].job != NULL);
	}
	return busy ? 50 : any ? IDLE_MS / 4 : -1;
}

/* The thread ----------------------------------------------------------- */

static void drain_wake(struct pool *pool)
{
	uint64_t n;
	ssize_t got = read(pool->wake, &n, sizeof n);

	(void)got;
}

static void wait_and_read(struct pool *pool)
{
	struct pollfd fds[HELPERS_MAX + 1];
	struct helper *of[HELPERS_MAX + 1];
	nfds_t n = 0;
	uint64_t now;

	fds[n++] = (struct pollfd){ .fd = pool->wake, .events = POLLIN };
	for (unsigned i = 0; i < HELPERS_MAX; i++)
		if (pool->helpers[i].fd >= 0) {
			of[n] = &pool->helpers[i];
			fds[n++] = (struct pollfd){
				.fd = pool->helpers[i].fd, .events = POLLIN };
		}
	if (poll(fds, n, time_to_wait(pool)) <= 0)
		return;
	if (fds[0].revents != 0)
		drain_wake(pool);
	now = clock_ms();
	for (nfds_t i = 1; i < n; i++)
		if (fds[i].revents != 0)
			read_answer(pool, of[i], now);
}

static bool is_stopping(struct pool *pool)
{
	bool stop;

	pthread_mutex_lock(&pool->lock);
	stop = pool->stop;
	pthread_mutex_unlock(&pool->lock);
	return stop;
}

static void *mind(void *arg)
{
	struct pool *pool = arg;

	while (!is_stopping(pool)) {
		uint64_t now = clock_ms();

		expire_jobs(pool, now);
		expire_helpers(pool, now);
		send_tells(pool);
		give_work(pool, now);
		wait_and_read(pool);
	}
	return NULL;
}

/* Signals are for the program's own thread. */
static int start_thread(struct pool *pool)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&pool->thread, NULL, mind, pool);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

bool pool_start(const struct pool_options *options, struct pool **out,
		struct err *err)
{
	struct pool *pool = xcalloc(1, sizeof *pool);
	int rc;

	pool->options = *options;
	if (pool->options.helpers > HELPERS_MAX)
		pool->options.helpers = HELPERS_MAX;
	pool->last = &pool->first;
	pool->tells_end = &pool->tells;
	pool->message = xmalloc(2 * (size_t)POOL_MESSAGE_MAX);
	for (unsigned i = 0; i < HELPERS_MAX; i++)
		pool->helpers[i].fd = -1;
	pthread_mutex_init(&pool->lock, NULL);
	pool->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = pool->wake < 0 ? errno : start_thread(pool);
	if (rc == 0) {
		*out = pool;
		return true;
	}
	if (pool->wake >= 0)
		close(pool->wake);
	pthread_mutex_destroy(&pool->lock);
	free(pool->message);
	free(pool);
	return err_set(err, EC_ERROR, "cannot start the thread that minds "
		       "the helpers: %s", strerror(rc));
}

static void end_all(struct pool *pool)
{
	struct pool_job *job;

	for (unsigned i = 0; i < HELPERS_MAX; i++) {
		struct helper *h = &pool->helpers[i];

		if (h->fd < 0)
			continue;
		job = h->job;
		retire(h);
		if (job != NULL)
			finish(pool, job, POOL_FAILED, NULL, 0);
	}
	while ((job = look(pool, NULL)) != NULL) {
		take(pool, job);
		finish(pool, job, POOL_FAILED, NULL, 0);
	}
}

void pool_stop(struct pool *pool)
{
	if (pool == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
	pthread_mutex_unlock(&pool->lock);
	wake(pool);
	pthread_join(pool->thread, NULL);
	end_all(pool);
	for (struct tell *tell = pool->tells, *next; tell != NULL;
	     tell = next) {
		next = tell->next;
		free(tell);
	}
	close(pool->wake);
	pthread_mutex_destroy(&pool->lock);
	free(pool->message);
	free(pool);
}

void pool_stats(struct pool *pool, struct pool_stats *out)
{
	pthread_mutex_lock(&pool->lock);
	*out = pool->stats;
	pthread_mutex_unlock(&pool->lock);
}
