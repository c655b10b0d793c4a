/* SPDX-License-Identifier: Apache-2.0 */
/* Mailboxes used by several threads: for ThreadSanitizer above all. */
#include "store_env.h"

#include <sched.h>

enum { WRITERS = 3, READERS = 2, OPENERS = 2, ROUNDS = 25, MAILBOXES = 4 };

struct shared {
	struct env *e;
	_Atomic int busy, running;
};

static void *writer(void *arg)
{
	struct shared *s = arg;
	struct store *store = s->e->store;
	struct message *m;

	for (int i = 0; i < ROUNDS; i++) {
		while (store_lock(store) != EC_SUCCESS)
			s->busy++;
		if (message_create(store, store_special(store, SPECIAL_INBOX),
				   false, 0, 0, &m) != EC_SUCCESS)
			abort();
		if (message_save(m, 0) != EC_SUCCESS)
			abort();
		message_close(m);
		store_unlock(store);
	}
	s->running--;
	return NULL;
}

/* What may be asked any time, without the lock. */
static void *reader(void *arg)
{
	struct shared *s = arg;
	struct store *store = s->e->store;
	struct arena *a = arena_new(0);
	const struct receive_folder *rows;
	char class[MESSAGE_CLASS_SIZE];
	struct prop_value v;
	struct err err;
	uint64_t id, last = 0, size;

	while (s->running > 0) {
		store_get_receive_folder(store, "IPM.Note", &id, class);
		store_receive_folders(store, a, &rows);
		store_get_prop(store, PID_TAG_DISPLAY_NAME, a, &v);
		store_get_prop(store, PID_TAG_MESSAGE_SIZE_EXTENDED, a, &v);
		size = store_size(store);
		if (size < last || strcmp(class, "IPM") != 0)
			abort();
		last = size;
		store_quota_state(store);
		store_has_searches(store);
		store_fault(store, &err);
		arena_reset(a);
	}
	arena_free(a);
	return NULL;
}

/* More mailboxes than may be open: each use may push another out. */
static void *opener(void *arg)
{
	struct shared *s = arg;
	struct store *store;
	char path[128];
	struct err err;

	for (int i = 0; i < ROUNDS; i++) {
		snprintf(path, sizeof path, "%s/m%d.db", s->e->dir,
			 i % MAILBOXES);
		if (store_get(s->e->pool, path, &store, &err) != EC_SUCCESS)
			abort();
		if (store_lock(store) == EC_SUCCESS) {
			struct folder_info info;

			if (folder_stat(store, store_special(store,
					SPECIAL_INBOX), false, &info) !=
			    EC_SUCCESS)
				abort();
			store_unlock(store);
		}
		store_put(store);
	}
	return NULL;
}

static void test_all(void **state)
{
	struct env *e = *state;
	struct shared s = { .e = e, .running = WRITERS };
	pthread_t t[WRITERS + READERS + OPENERS];
	struct store_pool_stats stats;
	char name[16];
	int n = 0;

	e->pool->max_open = 2;
	for (int i = 0; i < MAILBOXES; i++) {
		snprintf(name, sizeof name, "m%d", i);
		env_create(e, name, 0);
	}
	store_unlock(e->store);
	for (int i = 0; i < WRITERS; i++)
		pthread_create(&t[n++], NULL, writer, &s);
	for (int i = 0; i < READERS; i++)
		pthread_create(&t[n++], NULL, reader, &s);
	for (int i = 0; i < OPENERS; i++)
		pthread_create(&t[n++], NULL, opener, &s);
	while (n > 0)
		pthread_join(t[--n], NULL);
	assert_int_equal(store_lock(e->store), EC_SUCCESS);
	assert_int_equal(stat_folder(e, inbox(e)).total, WRITERS * ROUNDS);
	assert_healthy(e);
	store_pool_stats(e->pool, &stats);
	assert_int_equal(stats.in_use, 1);
	assert_true(stats.evicted > 0);
	assert_true(stats.open <= 2);
}

/* More wait than there are turns; the last one too many is sent away. */
enum { WAITERS = 2 * STORE_TURNS + 3 };

struct queue {
	struct store *store;
	int order[WAITERS], n;    /* under the mailbox's lock */
};

struct waiter {
	struct queue *queue;
	int number;
};

static void *wait_turn(void *arg)
{
	struct waiter *w = arg;

	if (store_lock(w->queue->store) != EC_SUCCESS)
		abort();
	w->queue->order[w->queue->n++] = w->number;
	store_unlock(w->queue->store);
	return NULL;
}

static uint64_t tickets(struct store *store)
{
	uint64_t n;

	pthread_mutex_lock(&store->mutex);
	n = store->ticket;
	pthread_mutex_unlock(&store->mutex);
	return n;
}

static void test_turns(void **state)
{
	struct env *e = *state;
	struct queue queue = { .store = e->store };
	struct waiter waiters[WAITERS];
	pthread_t t[WAITERS];

	e->pool->max_waiters = WAITERS;
	for (int i = 0; i < WAITERS; i++) {
		uint64_t before = tickets(e->store);

		waiters[i] = (struct waiter){ &queue, i };
		pthread_create(&t[i], NULL, wait_turn, &waiters[i]);
		while (tickets(e->store) == before)
			sched_yield();
	}
	assert_int_equal(store_lock(e->store), EC_SERVER_BUSY);
	assert_int_equal(queue.n, 0);
	store_unlock(e->store);
	for (int i = 0; i < WAITERS; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(store_lock(e->store), EC_SUCCESS);
	assert_int_equal(queue.n, WAITERS);
	for (int i = 0; i < WAITERS; i++)
		assert_int_equal(queue.order[i], i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all, env_setup,
						env_teardown),
		cmocka_unit_test_setup_teardown(test_turns, env_setup,
						env_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
