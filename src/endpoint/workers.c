/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job *first, **last;
	unsigned reserved, max, n_threads;
	bool stop;
	pthread_t threads[];
};

static void *thread_main(void *arg)
{
	struct workers *workers = arg;

	pthread_mutex_lock(&workers->lock);
	for (;;) {
		struct job *job = workers->first;

		if (job == NULL) {
			if (workers->stop)
				break;
			pthread_cond_wait(&workers->wake, &workers->lock);
			continue;
		}
		workers->first = job->next;
		if (workers->first == NULL)
			workers->last = &workers->first;
		workers->reserved--;
		pthread_mutex_unlock(&workers->lock);
		job->run(job);
		pthread_mutex_lock(&workers->lock);
	}
	pthread_mutex_unlock(&workers->lock);
	return NULL;
}

struct workers *workers_new(unsigned threads, unsigned queue, struct err *err)
{
	struct workers *workers = xcalloc(1, sizeof *workers + threads *
					  sizeof workers->threads[0]);
	int error;

	workers->last = &workers->first;
	workers->max = queue;
	pthread_mutex_init(&workers->lock, NULL);
	pthread_cond_init(&workers->wake, NULL);
	while (workers->n_threads < threads) {
		error = pthread_create(&workers->threads[workers->n_threads],
				       NULL, thread_main, workers);
		if (error != 0) {
			err_set(err, EC_ERROR, "cannot start worker threads: "
				"%s", strerror(error));
			workers_free(workers);
			return NULL;
		}
		workers->n_threads++;
	}
	return workers;
}

void workers_free(struct workers *workers)
{
	if (workers == NULL)
		return;
	pthread_mutex_lock(&workers->lock);
	workers->stop = true;
	pthread_cond_broadcast(&workers->wake);
	pthread_mutex_unlock(&workers->lock);
	for (unsigned i = 0; i < workers->n_threads; i++)
		pthread_join(workers->threads[i], NULL);
	pthread_cond_destroy(&workers->wake);
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

void workers_submit(struct workers *workers, struct job *job)
{
	pthread_mutex_lock(&workers->lock);
	job->next = NULL;
	*workers->last = job;
	workers->last = &job->next;
	pthread_mutex_unlock(&workers->lock);
	/* After the lock, into which the worker would run at once. */
	pthread_cond_signal(&workers->wake);
}

unsigned workers_waiting(struct workers *workers)
{
	unsigned n;

	pthread_mutex_lock(&workers->lock);
	n = workers->reserved;
	pthread_mutex_unlock(&workers->lock);
	return n;
}
