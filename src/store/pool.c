/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pool.h"

#include <stdlib.h>
#include <string.h>

#include "store/impl.h"
#include "store/table_view.h"

/* Sorted views that mailboxes nobody uses may keep, all together. */
#define IDLE_VIEWS_BYTES ((size_t)128 << 20)

struct store_pool *store_pool_new(const struct store_pool_config *config,
				  struct err *err)
{
	struct staging *staging = staging_new(config->staging_dir, err);
	struct store_pool *pool;

	if (staging == NULL)
		return NULL;
	pool = xcalloc(1, sizeof *pool);
	pool->staging = staging;
	pool->vfs = vfs_new();
	pool->max_open = config->max_open ? config->max_open : 256;
	pool->max_waiters = config->max_waiters ? config->max_waiters : 10;
	pthread_mutex_init(&pool->mutex, NULL);
	pthread_cond_init(&pool->opened_one, NULL);
	return pool;
}

struct store_vfs *store_pool_vfs(struct store_pool *pool)
{
	return pool->vfs;
}

/* ---- The list, most recently used first; under the pool's mutex ---- */

static void list_add(struct store_pool *pool, struct store *s)
{
	s->prev = NULL;
	s->next = pool->first;
	if (pool->first != NULL)
		pool->first->prev = s;
	else
		pool->last = s;
	pool->first = s;
}

static void list_remove(struct store_pool *pool, struct store *s)
{
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		pool->first = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	else
		pool->last = s->prev;
}

static struct store *list_find(struct store_pool *pool, const char *path)
{
	struct store *s;

	for (s = pool->first; s != NULL; s = s->next)
		if (strcmp(s->path, path) == 0)
			break;
	return s;
}

static struct store *store_new(struct store_pool *pool, const char *path)
{
	struct store *s = xcalloc(1, sizeof *s);

	s->pool = pool;
	s->path = xstrdup(path);
	s->lock_fd = -1;
	s->refs = 1;
	pthread_mutex_init(&s->mutex, NULL);
	for (size_t i = 0; i < STORE_TURNS; i++)
		pthread_cond_init(&s->turns[i], NULL);
	pthread_mutex_init(&s->fault_mutex, NULL);
	pthread_mutex_init(&s->cache_mutex, NULL);
	return s;
}

static void store_free(struct store *s)
{
	store_close_db(s);
	pthread_mutex_destroy(&s->mutex);
	for (size_t i = 0; i < STORE_TURNS; i++)
		pthread_cond_destroy(&s->turns[i]);
	pthread_mutex_destroy(&s->fault_mutex);
	pthread_mutex_destroy(&s->cache_mutex);
	free(s->path);
	free(s);
}

/* Closing may checkpoint, so it happens without the pool's mutex. */
static void evict(struct store_pool *pool)
{
	struct store *s = pool->last;

	while (pool->n_open > pool->max_open && s != NULL) {
		struct store *victim = s;

		s = s->prev;
		if (victim->refs > 0 || victim->opening)
			continue;
		victim->opening = true;
		pthread_mutex_unlock(&pool->mutex);
		store_close_db(victim);
		pthread_mutex_lock(&pool->mutex);
		list_remove(pool, victim);
		pool->n_open--;
		pool->evicted++;
		pthread_cond_broadcast(&pool->opened_one);
		store_free(victim);
		s = pool->last;
	}
}

void store_pool_free(struct store_pool *pool)
{
	if (pool == NULL)
		return;
	while (pool->first != NULL) {
		struct store *s = pool->first;

		list_remove(pool, s);
		store_free(s);
	}
	pthread_mutex_destroy(&pool->mutex);
	pthread_cond_destroy(&pool->opened_one);
	vfs_free(pool->vfs);
	staging_free(pool->staging);
	free(pool);
}

/* ---- Getting ---- */

static enum ec open_new(struct store_pool *pool, const char *path,
			struct store **out, struct err *err)
{
	struct store *s = store_new(pool, path);
	enum ec ec;

	s->opening = true;
	list_add(pool, s);
	pool->n_open++;
	pool->n_used++;
	pthread_mutex_unlock(&pool->mutex);
	ec = store_open_db(s, err);
	pthread_mutex_lock(&pool->mutex);
	s->opening = false;
	pthread_cond_broadcast(&pool->opened_one);
	if (ec == EC_SUCCESS) {
		pool->opened++;
		*out = s;
		evict(pool);
		return EC_SUCCESS;
	}
	list_remove(pool, s);
	pool->n_open--;
	pool->n_used--;
	store_free(s);
	return ec;
}

enum ec store_get(struct store_pool *pool, const char *path,
		  struct store **out, struct err *err)
{
	enum ec ec = EC_SUCCESS;
	struct store *s;

	pthread_mutex_lock(&pool->mutex);
	while ((s = list_find(pool, path)) != NULL && s->opening)
		pthread_cond_wait(&pool->opened_one, &pool->mutex);
	if (s == NULL) {
		ec = open_new(pool, path, out, err);
	} else {
		pool->n_used += s->refs++ == 0;
		list_remove(pool, s);
		list_add(pool, s);
		*out = s;
	}
	pthread_mutex_unlock(&pool->mutex);
	return ec;
}

struct store *store_ref(struct store *s)
{
	pthread_mutex_lock(&s->pool->mutex);
	s->refs++;
	pthread_mutex_unlock(&s->pool->mutex);
	return s;
}

void store_put(struct store *s)
{
	struct store_pool *pool;

	if (s == NULL)
		return;
	pool = s->pool;
	pthread_mutex_lock(&pool->mutex);
	if (--s->refs == 0) {
		pool->n_used--;
		views_trim(s->events, IDLE_VIEWS_BYTES / pool->n_open);
		evict(pool);
	}
	pthread_mutex_unlock(&pool->mutex);
}

enum ec store_pool_close(struct store_pool *pool, const char *path)
{
	enum ec ec = EC_SUCCESS;
	struct store *s;

	pthread_mutex_lock(&pool->mutex);
	s = list_find(pool, path);
	if (s != NULL && (s->refs > 0 || s->opening)) {
		ec = EC_SERVER_BUSY;
	} else if (s != NULL) {
		list_remove(pool, s);
		pool->n_open--;
		store_free(s);
	}
	pthread_mutex_unlock(&pool->mutex);
	return ec;
}

void store_pool_stats(struct store_pool *pool, struct store_pool_stats *out)
{
	struct vfs_counts counts;

	vfs_counts(pool->vfs, &counts);
	pthread_mutex_lock(&pool->mutex);
	*out = (struct store_pool_stats){
		.open = pool->n_open,
		.in_use = pool->n_used,
		.opened = pool->opened,
		.evicted = pool->evicted,
		.reads = counts.reads,
		.writes = counts.writes,
		.syncs = counts.syncs,
		.read_bytes = counts.read_bytes,
		.written_bytes = counts.written_bytes,
		.staged_bytes = staging_bytes(pool->staging),
	};
	pthread_mutex_unlock(&pool->mutex);
}

/* ---- The mailbox's lock: tickets, so that waiting is fair ---- */

static pthread_cond_t *turn_of(struct store *s, uint64_t ticket)
{
	return &s->turns[ticket % STORE_TURNS];
}

enum ec store_lock(struct store *s)
{
	return store_lock_as(s, NULL);
}

enum ec store_lock_as(struct store *s, const void *actor)
{
	enum ec ec = EC_SUCCESS;
	uint64_t mine;

	pthread_mutex_lock(&s->mutex);
	if (s->ticket - s->serving > s->pool->max_waiters) {
		ec = EC_SERVER_BUSY;
	} else {
		mine = s->ticket++;
		while (s->serving != mine)
			pthread_cond_wait(turn_of(s, mine), &s->mutex);
		s->actor = actor;
	}
	pthread_mutex_unlock(&s->mutex);
	return ec;
}

const void *store_actor(const struct store *s)
{
	return s->actor;
}

/*
 * The next one alone is woken, and after the mutex, into which it would run:
 * to wake a thread costs more than most of what is done under the lock.
 */
void store_unlock(struct store *s)
{
	uint64_t next;
	bool waits;

	pthread_mutex_lock(&s->mutex);
	next = ++s->serving;
	waits = s->ticket > next;
	pthread_mutex_unlock(&s->mutex);
	if (waits)
		pthread_cond_broadcast(turn_of(s, next));
}
