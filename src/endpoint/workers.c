/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"

/* Jobs of one key in a row while others wait for a thread. */
enum { ROW_MAX = 16 };

/* What runs longer than this may well not hold the lock all the time. */
enum { LONG_MS = WORKERS_LONG_MS };

struct queue {
	struct job *first, **last;
};

/* A thread, and what waits for the key of the job that it runs. */
struct worker {
	struct workers *workers;
	const void *key;          /* NULL: none */
	struct queue behind;
	unsigned row;             /* jobs of this key so far */
	uint64_t since;           /* clock_ms, of the job that it runs */
	bool running;
	bool is_long;             /* nobody waits for this job any more */
	struct worker *next_idle;
	pthread_cond_t wake;
	pthread_t thread;
};

struct workers {
	pthread_mutex_t lock;
	struct queue queue;       /* for the first that is free */
	struct worker *idle;      /* last to fall asleep first; none: NULL */
	unsigned reserved, max, n_threads;
	bool stop;
	struct worker worker[];
};

/* ---- Queues; under the lock ---- */

static void push(struct queue *queue, struct job *job)
{
	job->next = NULL;
	*queue->last = job;
	queue->last = &job->next;
}

static struct job *pop(struct queue *queue)
{
	struct job *job = queue->first;

	if (job == NULL)
		return NULL;
	queue->first = job->next;
	if (queue->first == NULL)
		queue->last = &queue->first;
	return job;
}

static struct worker *runs_key(struct workers *workers, const void *key)
{
	for (unsigned i = 0; key != NULL && i < workers->n_threads; i++)
		if (workers->worker[i].key == key &&
		    !workers->worker[i].is_long)
			return &workers->worker[i];
	return NULL;
}

/* The rest of a long row goes to the end of all: others get this thread. */
static void end_row(struct worker *worker)
{
	struct workers *workers = worker->workers;

	if (worker->behind.first == NULL)
		return;
	*workers->queue.last = worker->behind.first;
	workers->queue.last = worker->behind.last;
	worker->behind.first = NULL;
	worker->behind.last = &worker->behind.first;
}

/* Whoever takes a job takes all of its key, in their order. */
static struct job *take(struct worker *worker)
{
	struct queue *queue = &worker->workers->queue;
	struct job *job = pop(queue), *rest = queue->first, *next;

	worker->key = job != NULL ? job->key : NULL;
	if (worker->key == NULL)
		return job;
	queue->first = NULL;
	queue->last = &queue->first;
	for (; rest != NULL; rest = next) {
		next = rest->next;
		push(rest->key == worker->key ? &worker->behind : queue,
		     rest);
	}
	return job;
}

/* What this thread is to run next; NULL: nothing. */
static struct job *next_job(struct worker *worker)
{
	struct job *job;

	if (worker->row >= ROW_MAX && worker->workers->queue.first != NULL)
		end_row(worker);
	worker->row++;
	job = pop(&worker->behind);
	if (job != NULL)
		return job;
	worker->row = 0;
	return take(worker);
}

/* Until workers_submit has put a job behind, or all is to end. */
static void sleep_idle(struct worker *worker)
{
	struct workers *workers = worker->workers;

	worker->next_idle = workers->idle;
	workers->idle = worker;
	while (worker->behind.first == NULL && !workers->stop)
		pthread_cond_wait(&worker->wake, &workers->lock);
}

static void *thread_main(void *arg)
{
	struct worker *worker = arg;
	struct workers *workers = worker->workers;

	pthread_mutex_lock(&workers->lock);
	for (;;) {
		struct job *job = next_job(worker);

		if (job != NULL) {
			workers->reserved--;
			worker->since = clock_ms();
			worker->running = true;
			worker->is_long = false;
			pthread_mutex_unlock(&workers->lock);
			job->run(job);
			pthread_mutex_lock(&workers->lock);
			worker->running = false;
		} else if (!workers->stop) {
			sleep_idle(worker);
		} else {
			break;
		}
	}
	pthread_mutex_unlock(&workers->lock);
	return NULL;
}

/* ---- The pool ---- */

static bool start(struct workers *workers, struct worker *worker,
		  struct err *err)
{
	int error;

	worker->workers = workers;
	worker->behind.last = &worker->behind.first;
	pthread_cond_init(&worker->wake, NULL);
	error = pthread_create(&worker->thread, NULL, thread_main, worker);
	if (error == 0)
		return true;
	pthread_cond_destroy(&worker->wake);
	return err_set(err, EC_ERROR, "cannot start worker threads: %s",
		       strerror(error));
}

struct workers *workers_new(unsigned threads, unsigned queue, struct err *err)
{
	struct workers *workers = xcalloc(1, sizeof *workers + threads *
					  sizeof workers->worker[0]);
	bool ok = true;

	workers->queue.last = &workers->queue.first;
	workers->max = queue;
	pthread_mutex_init(&workers->lock, NULL);
	pthread_mutex_lock(&workers->lock);       /* for n_threads */
	while (ok && workers->n_threads < threads) {
		ok = start(workers, &workers->worker[workers->n_threads], err);
		workers->n_threads += ok;
	}
	pthread_mutex_unlock(&workers->lock);
	if (ok)
		return workers;
	workers_free(workers);
	return NULL;
}

void workers_free(struct workers *workers)
{
	if (workers == NULL)
		return;
	pthread_mutex_lock(&workers->lock);
	workers->stop = true;
	for (unsigned i = 0; i < workers->n_threads; i++)
		pthread_cond_signal(&workers->worker[i].wake);
	pthread_mutex_unlock(&workers->lock);
	for (unsigned i = 0; i < workers->n_threads; i++) {
		pthread_join(workers->worker[i].thread, NULL);
		pthread_cond_destroy(&workers->worker[i].wake);
	}
	pthread_mutex_destroy(&workers->lock);
	free(workers);
}

bool workers_reserve(struct workers *workers)
{
	bool room;

	pthread_mutex_lock(&workers->lock);
	room = workers->reserved < workers->max;
	workers->reserved += room;
	pthread_mutex_unlock(&workers->lock);
	return room;
}

void workers_release(struct workers *workers)
{
	pthread_mutex_lock(&workers->lock);
	workers->reserved--;
	pthread_mutex_unlock(&workers->lock);
}

/* Put the job where it belongs; the thread that it wakes, or NULL.  Locked. */
static struct worker *place(struct workers *workers, struct job *job)
{
	struct worker *worker = runs_key(workers, job->key), *woken = NULL;

	if (worker == NULL && workers->idle != NULL) {
		worker = woken = workers->idle;
		workers->idle = woken->next_idle;
		woken->key = job->key;
		woken->is_long = false;
	}
	push(worker != NULL ? &worker->behind : &workers->queue, job);
	return woken;
}

void workers_submit(struct workers *workers, struct job *job)
{
	struct worker *woken;

	pthread_mutex_lock(&workers->lock);
	woken = place(workers, job);
	pthread_mutex_unlock(&workers->lock);
	/* After the lock, into which the worker would run at once. */
	if (woken != NULL)
		pthread_cond_signal(&woken->wake);
}

void workers_relieve(struct workers *workers, const void *key)
{
	struct worker *busy, *woken;
	struct job *job, *next;

	pthread_mutex_lock(&workers->lock);
	busy = runs_key(workers, key);
	if (busy != NULL && busy->running &&
	    clock_ms() - busy->since >= LONG_MS) {
		busy->is_long = true;
		job = busy->behind.first;
		busy->behind.first = NULL;
		busy->behind.last = &busy->behind.first;
		for (; job != NULL; job = next) {
			next = job->next;
			woken = place(workers, job);
			if (woken != NULL)
				pthread_cond_signal(&woken->wake);
		}
	}
	pthread_mutex_unlock(&workers->lock);
}

unsigned workers_waiting(struct workers *workers)
{
	unsigned n;

	pthread_mutex_lock(&workers->lock);
	n = workers->reserved;
	pthread_mutex_unlock(&workers->lock);
	return n;
}
