/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job *first, **last;
	unsigned reserved, max, n_threads;
	bool stop;
	pthread_t threads[];
};

static void *thread_main(void *arg)
{
	struct pool *pool = arg;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		struct job *job = pool->first;

		if (job == NULL) {
			if (pool->stop)
				break;
			pthread_cond_wait(&pool->wake, &pool->lock);
			continue;
		}
		pool->first = job->next;
		if (pool->first == NULL)
			pool->last = &pool->first;
		pool->reserved--;
		pthread_mutex_unlock(&pool->lock);
		job->run(job);
		pthread_mutex_lock(&pool->lock);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

struct pool *pool_new(unsigned threads, unsigned queue, struct err *err)
{
	struct pool *pool = xcalloc(1, sizeof *pool + threads *
				    sizeof pool->threads[0]);

	pool->last = &pool->first;
	pool->max = queue;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->wake, NULL);
	while (pool->n_threads < threads) {
		int error = pthread_create(&pool->threads[pool->n_threads],
					   NULL, thread_main, pool);

		if (error != 0) {
			err_set(err, EC_ERROR, "cannot start worker threads: "
				"%s", strerror(error));
			pool_free(pool);
			return NULL;
		}
		pool->n_threads++;
	}
	return pool;
}

void pool_free(struct pool *pool)
{
	if (pool == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->n_threads; i++)
		pthread_join(pool->threads[i], NULL);
	pthread_cond_destroy(&pool->wake);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

bool pool_reserve(struct pool *pool)
{
	bool room;

	pthread_mutex_lock(&pool->lock);
	room = pool->reserved < pool->max;
	pool->reserved += room;
	pthread_mutex_unlock(&pool->lock);
	return room;
}

void pool_release(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->reserved--;
	pthread_mutex_unlock(&pool->lock);
}

void pool_submit(struct pool *pool, struct job *job)
{
	pthread_mutex_lock(&pool->lock);
	job->next = NULL;
	*pool->last = job;
	pool->last = &job->next;
	pthread_cond_signal(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
}

unsigned pool_waiting(struct pool *pool)
{
	unsigned n;

	pthread_mutex_lock(&pool->lock);
	n = pool->reserved;
	pthread_mutex_unlock(&pool->lock);
	return n;
}
