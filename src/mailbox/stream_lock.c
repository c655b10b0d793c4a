/* SPDX-License-Identifier: Apache-2.0 */
#include "mailbox/stream_lock.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"

struct region {
	struct region *next;
	struct stream_key key;
	struct stream_owner owner;
	uint64_t active_ms, offset, end;
	bool exclusive, expired;
};

struct stream_locks {
	pthread_mutex_t mutex;
	struct region *first;
	uint32_t n;               /* read without the mutex: mostly 0 */
};

struct stream_locks *stream_locks_new(void)
{
	struct stream_locks *locks = xcalloc(1, sizeof *locks);

	pthread_mutex_init(&locks->mutex, NULL);
	return locks;
}

void stream_locks_free(struct stream_locks *locks)
{
	struct region *r;

	if (locks == NULL)
		return;
	while ((r = locks->first) != NULL) {
		locks->first = r->next;
		free(r);
	}
	pthread_mutex_destroy(&locks->mutex);
	free(locks);
}

static uint64_t end_of(uint64_t offset, uint64_t size)
{
	return size < UINT64_MAX - offset ? offset + size : UINT64_MAX;
}

static bool is_about(const struct region *r, const struct stream_key *key,
		     uint64_t offset, uint64_t end)
{
	return r->key.store == key->store && r->key.object == key->object &&
		r->key.path == key->path && r->key.tag == key->tag &&
		r->offset < end && offset < r->end;
}

static void unlink_at(struct stream_locks *locks, struct region **at)
{
	struct region *r = *at;

	*at = r->next;
	__atomic_store_n(&locks->n, locks->n - 1, __ATOMIC_RELAXED);
	free(r);
}

bool stream_locks_none(const struct stream_locks *locks)
{
	return __atomic_load_n(&locks->n, __ATOMIC_RELAXED) == 0;
}

void stream_locks_touch(struct stream_locks *locks, const void *session,
			uint64_t now_ms)
{
	pthread_mutex_lock(&locks->mutex);
	for (struct region *r = locks->first; r != NULL; r = r->next)
		if (r->owner.session == session)
			r->active_ms = now_ms;
	pthread_mutex_unlock(&locks->mutex);
}

enum ec stream_locks_add(struct stream_locks *locks,
			 const struct stream_key *key,
			 const struct stream_owner *owner, uint64_t offset,
			 uint64_t size, bool exclusive, uint64_t now_ms)
{
	uint64_t end = end_of(offset, size);
	struct region *r;
	enum ec ec = EC_SUCCESS;

	pthread_mutex_lock(&locks->mutex);
	for (r = locks->first; r != NULL; r = r->next) {
		if (!is_about(r, key, offset, end) || r->expired ||
		    r->owner.session == owner->session)
			continue;
		if (now_ms - r->active_ms <= STREAM_LOCK_IDLE_MS)
			ec = EC_ACCESS_DENIED;
		else
			r->expired = true;
	}
	if (ec == EC_SUCCESS) {
		r = xmalloc(sizeof *r);
		*r = (struct region){ .next = locks->first, .key = *key,
			.owner = *owner, .active_ms = now_ms,
			.offset = offset, .end = end,
			.exclusive = exclusive };
		locks->first = r;
		__atomic_store_n(&locks->n, locks->n + 1, __ATOMIC_RELAXED);
	}
	pthread_mutex_unlock(&locks->mutex);
	return ec;
}

void stream_locks_remove(struct stream_locks *locks,
			 const struct stream_key *key,
			 const struct stream_owner *owner, uint64_t offset,
			 uint64_t size)
{
	uint64_t end = end_of(offset, size);
	struct region **at;

	pthread_mutex_lock(&locks->mutex);
	for (at = &locks->first; *at != NULL;)
		if (is_about(*at, key, offset, end) && !(*at)->expired &&
		    (*at)->owner.session == owner->session)
			unlink_at(locks, at);
		else
			at = &(*at)->next;
	pthread_mutex_unlock(&locks->mutex);
}

void stream_locks_close(struct stream_locks *locks, const void *stream)
{
	struct region **at;

	if (stream_locks_none(locks))
		return;
	pthread_mutex_lock(&locks->mutex);
	for (at = &locks->first; *at != NULL;)
		if ((*at)->owner.stream == stream)
			unlink_at(locks, at);
		else
			at = &(*at)->next;
	pthread_mutex_unlock(&locks->mutex);
}

enum ec stream_locks_check(struct stream_locks *locks,
			   const struct stream_key *key,
			   const struct stream_owner *owner, uint64_t offset,
			   uint64_t size, bool write)
{
	uint64_t end = end_of(offset, size);
	struct region **at;
	enum ec ec = EC_SUCCESS;

	if (stream_locks_none(locks))
		return EC_SUCCESS;
	pthread_mutex_lock(&locks->mutex);
	for (at = &locks->first; *at != NULL;) {
		struct region *r = *at;
		bool own = r->owner.session == owner->session;

		if (is_about(r, key, offset, end) && own && r->expired) {
			unlink_at(locks, at);
			ec = EC_RPC_FAILED;
			continue;
		}
		if (is_about(r, key, offset, end) && !own && !r->expired &&
		    (write || r->exclusive) && ec == EC_SUCCESS)
			ec = EC_ACCESS_DENIED;
		at = &r->next;
	}
	pthread_mutex_unlock(&locks->mutex);
	return ec;
}
