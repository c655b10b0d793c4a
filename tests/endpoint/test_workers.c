/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <pthread.h>
#include <stdlib.h>

#include "endpoint/workers.h"

enum { THREADS = 3, QUEUE = 1000, MANY = 200 };

/* What the jobs of a test write down. */
struct log {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int order[MANY], n;
	int running, together;    /* now, and at most */
	bool open;                /* the gate of those that wait */
};

struct task {
	struct job job;           /* first */
	struct log *log;
	int number;
	bool waits;               /* for the gate */
	bool alone;               /* counted among those that run */
};

struct fix {
	struct workers *workers;
	struct log log;
	struct task tasks[MANY];
};

static int setup(void **state)
{
	struct fix *f = calloc(1, sizeof *f);
	struct err err;

	pthread_mutex_init(&f->log.lock, NULL);
	pthread_cond_init(&f->log.changed, NULL);
	f->workers = workers_new(THREADS, QUEUE, &err);
	assert_non_null(f->workers);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	workers_free(f->workers);
	pthread_cond_destroy(&f->log.changed);
	pthread_mutex_destroy(&f->log.lock);
	free(f);
	return 0;
}

static void run(struct job *job)
{
	struct task *t = (struct task *)job;
	struct log *log = t->log;

	pthread_mutex_lock(&log->lock);
	log->order[log->n++] = t->number;
	log->running += t->alone;
	if (log->running > log->together)
		log->together = log->running;
	pthread_cond_broadcast(&log->changed);
	while (t->waits && !log->open)
		pthread_cond_wait(&log->changed, &log->lock);
	log->running -= t->alone;
	pthread_mutex_unlock(&log->lock);
}

static void submit(struct fix *f, int number, const void *key, bool waits)
{
	struct task *t = &f->tasks[number];

	*t = (struct task){ .job = { .run = run, .key = key },
			    .log = &f->log, .number = number, .waits = waits,
			    .alone = true };
	assert_true(workers_reserve(f->workers));
	workers_submit(f->workers, &t->job);
}

static void wait_for(struct fix *f, int n)
{
	pthread_mutex_lock(&f->log.lock);
	while (f->log.n < n)
		pthread_cond_wait(&f->log.changed, &f->log.lock);
	pthread_mutex_unlock(&f->log.lock);
}

static void open_gate(struct fix *f)
{
	pthread_mutex_lock(&f->log.lock);
	f->log.open = true;
	pthread_cond_broadcast(&f->log.changed);
	pthread_mutex_unlock(&f->log.lock);
}

static void test_one_key(void **state)
{
	struct fix *f = *state;

	for (int i = 0; i < MANY; i++)
		submit(f, i, f, i == 0);
	open_gate(f);
	wait_for(f, MANY);
	assert_int_equal(f->log.together, 1);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(f->log.order[i], i);
}

/* Each of them waits until all of them run: they have a thread each. */
static void test_keys_beside(void **state)
{
	struct fix *f = *state;

	submit(f, 0, &f->tasks[0], true);
	submit(f, 1, &f->tasks[1], true);
	submit(f, 2, NULL, true);
	wait_for(f, THREADS);
	open_gate(f);
}

static void test_no_key(void **state)
{
	struct fix *f = *state;

	for (int i = 0; i < THREADS; i++)
		submit(f, i, NULL, true);
	wait_for(f, THREADS);
	open_gate(f);
}

/* A mailbox that is kept busy leaves the other threads to others. */
static void test_busy_key(void **state)
{
	struct fix *f = *state;

	for (int i = 0; i < 50; i++)
		submit(f, i, f, true);
	wait_for(f, 1);
	submit(f, 50, &f->log, false);
	submit(f, 51, NULL, false);
	wait_for(f, 3);
	assert_int_equal(f->log.order[0], 0);
	assert_int_equal(workers_waiting(f->workers), 49);
	open_gate(f);
	wait_for(f, 52);
}

/* And where all threads are busy, it lets others in between. */
static void test_turns(void **state)
{
	struct fix *f = *state;
	int at = 0;

	submit(f, 0, &f->tasks[0], true);
	submit(f, 1, &f->tasks[1], true);
	wait_for(f, 2);
	for (int i = 2; i < 102; i++)
		submit(f, i, f, true);
	wait_for(f, 3);
	submit(f, 102, NULL, false);
	/* The two keep their threads: one thread serves the rest. */
	pthread_mutex_lock(&f->log.lock);
	for (int i = 2; i < 102; i++)
		f->tasks[i].waits = false;
	pthread_cond_broadcast(&f->log.changed);
	pthread_mutex_unlock(&f->log.lock);
	wait_for(f, 103);
	open_gate(f);
	while (f->log.order[at] != 102)
		at++;
	assert_in_range(at, 3, 40);
	for (int i = 1, last = 1; i < 103; i++) {
		if (f->log.order[i] < 2 || f->log.order[i] == 102)
			continue;
		assert_int_equal(f->log.order[i], last + 1);
		last = f->log.order[i];
	}
}

/* Behind a job that goes on and on nobody has to wait, nor come to wait. */
static void test_relieve(void **state)
{
	struct fix *f = *state;

	submit(f, 0, f, true);
	submit(f, 1, f, false);
	submit(f, 2, f, false);
	wait_for(f, 1);
	workers_relieve(f->workers, &f->log);     /* another's */
	workers_relieve(f->workers, NULL);
	while (workers_waiting(f->workers) > 0)
		workers_relieve(f->workers, f);
	wait_for(f, 3);
	submit(f, 3, f, false);
	wait_for(f, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(f->log.order[i], i);
	open_gate(f);
	/* and then they are one after the other again */
	for (int i = 4; i < MANY; i++)
		submit(f, i, f, false);
	wait_for(f, MANY);
}

/* What is queued is run before the threads end. */
static void test_end(void **state)
{
	struct fix *f = *state;
	struct err err;

	for (int i = 0; i < MANY; i++)
		submit(f, i, i % 3 == 0 ? NULL : &f->tasks[i % 7], false);
	workers_free(f->workers);
	assert_int_equal(f->log.n, MANY);
	f->workers = workers_new(1, 2, &err);
	assert_true(workers_reserve(f->workers));
	assert_true(workers_reserve(f->workers));
	assert_false(workers_reserve(f->workers));
	assert_int_equal(workers_waiting(f->workers), 2);
	workers_release(f->workers);
	assert_true(workers_reserve(f->workers));
	workers_release(f->workers);
	workers_release(f->workers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_one_key), T(test_keys_beside), T(test_no_key),
		T(test_busy_key), T(test_turns), T(test_relieve),
		T(test_end),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
