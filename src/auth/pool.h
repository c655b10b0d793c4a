/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The helper processes and the queue before them, minded by one thread.
 * Knows nothing of users: a job is a password and a hash.
 */
#ifndef AUTH_POOL_H
#define AUTH_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum pool_result { POOL_MATCH, POOL_NO_MATCH, POOL_FAILED };

/* Filled by whoever submits it; embedded in what it needs more. */
struct pool_job {
	struct pool_job *next;    /* these two are the pool's */
	bool tried;               /* a helper died over it already */
	uint64_t deadline;        /* clock_ms() */
	const char *password, *hash;
	/* Called once, from the pool's thread or from pool_stop. */
	void (*done)(struct pool_job *job, enum pool_result result);
};

struct pool_options {
	const char *helper;
	unsigned helpers;         /* processes at most */
	unsigned checks;          /* of one process, then it is replaced */
	unsigned queue;           /* jobs waiting at most */
};

struct pool_stats {
	uint64_t started, lost;
	unsigned waiting;
};

struct pool;

bool pool_start(const struct pool_options *options, struct pool **out,
		struct err *err);

/* Every job that is left is done with POOL_FAILED; then the helpers end. */
void pool_stop(struct pool *pool);                /* NULL is allowed */

/* False: the queue is full, and done is not called. */
bool pool_submit(struct pool *pool, struct pool_job *job);

void pool_stats(struct pool *pool, struct pool_stats *out);

#endif
