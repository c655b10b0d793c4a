/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/pool.h"

#include <errno.h>
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
	struct pool_job *job;     /* NULL: idle */
	unsigned checks;
	uint64_t idle_since;      /* clock_ms() */
};

struct pool {
	struct pool_options options;
	pthread_t thread;
	int wake;                 /* eventfd */

	pthread_mutex_t lock;     /* guards the queue, stop and stats */
	struct pool_job *first, **last;
	unsigned queued;
	bool stop;
	struct pool_stats stats;

	/* The thread's own. */
	struct helper helpers[HELPERS_MAX];
	uint64_t next_spawn;      /* not before: after a failure */
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

static struct pool_job *take(struct pool *pool)
{
	struct pool_job *job;

	pthread_mutex_lock(&pool->lock);
	job = pool->first;
	if (job != NULL) {
		pool->first = job->next;
		if (pool->first == NULL)
			pool->last = &pool->first;
		pool->queued--;
	}
	pthread_mutex_unlock(&pool->lock);
	return job;
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
		   enum pool_result result)
{
	pthread_mutex_lock(&pool->lock);
	pool->stats.waiting--;
	pthread_mutex_unlock(&pool->lock);
	job->done(job, result);
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
	if (!retry || job->tried) {
		finish(pool, job, POOL_FAILED);
		return;
	}
	job->tried = true;
	put_back(pool, job);
}

static bool start_helper(struct pool *pool, struct helper *h, uint64_t now)
{
	if (now < pool->next_spawn)
		return false;
	if (!helper_spawn(pool->options.helper, &h->fd, &h->pid, NULL)) {
		h->fd = -1;
		pool->next_spawn = now + RESPAWN_MS;
		return false;
	}
	h->job = NULL;
	h->checks = 0;
	h->idle_since = now;
	pthread_mutex_lock(&pool->lock);
	pool->stats.started++;
	pthread_mutex_unlock(&pool->lock);
	return true;
}

/* One that is idle, started if need be; NULL: all are busy. */
static struct helper *idle_helper(struct pool *pool, uint64_t now)
{
	struct helper *none = NULL;

	for (unsigned i = 0; i < pool->options.helpers; i++) {
		struct helper *h = &pool->helpers[i];

		if (h->fd >= 0 && h->job == NULL)
			return h;
		if (h->fd < 0 && none == NULL)
			none = h;
	}
	return none != NULL && start_helper(pool, none, now) ? none : NULL;
}

static void give_work(struct pool *pool, uint64_t now)
{
	struct helper *h;

	while (has_work(pool) && (h = idle_helper(pool, now)) != NULL) {
		h->job = take(pool);
		if (!helper_ask(h->fd, h->job->password, h->job->hash))
			lose(pool, h, true);
	}
}

static void read_answer(struct pool *pool, struct helper *h, uint64_t now)
{
	struct pool_job *job = h->job;
	enum helper_answer answer;

	if (!helper_answer(h->fd, &answer) || job == NULL) {
		lose(pool, h, true);
		return;
	}
	h->job = NULL;
	h->idle_since = now;
	if (++h->checks >= pool->options.checks)
		retire(h);
	finish(pool, job, answer == HELPER_MATCH ? POOL_MATCH :
	       answer == HELPER_NO_MATCH ? POOL_NO_MATCH : POOL_FAILED);
}

/* Time ----------------------------------------------------------------- */

static void expire_helpers(struct pool *pool, uint64_t now)
{
	for (unsigned i = 0; i < pool->options.helpers; i++) {
		struct helper *h = &pool->helpers[i];

		if (h->fd < 0)
			continue;
		if (h->job != NULL && h->job->deadline <= now)
			lose(pool, h, false);
		else if (h->job == NULL && h->idle_since + IDLE_MS <= now)
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
		finish(pool, job, POOL_FAILED);
	}
}

/* Milliseconds until something must be looked at; -1: only when woken. */
static int time_to_wait(struct pool *pool)
{
	bool busy = has_work(pool), any = busy;

	for (unsigned i = 0; i < pool->options.helpers; i++) {
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
	for (unsigned i = 0; i < pool->options.helpers; i++)
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
	free(pool);
	return err_set(err, EC_ERROR, "cannot start the thread that checks "
		       "passwords: %s", strerror(rc));
}

static void end_all(struct pool *pool)
{
	struct pool_job *job;

	for (unsigned i = 0; i < pool->options.helpers; i++) {
		struct helper *h = &pool->helpers[i];

		if (h->fd < 0)
			continue;
		job = h->job;
		retire(h);
		if (job != NULL)
			finish(pool, job, POOL_FAILED);
	}
	while ((job = take(pool)) != NULL)
		finish(pool, job, POOL_FAILED);
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
	close(pool->wake);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

void pool_stats(struct pool *pool, struct pool_stats *out)
{
	pthread_mutex_lock(&pool->lock);
	*out = pool->stats;
	pthread_mutex_unlock(&pool->lock);
}
