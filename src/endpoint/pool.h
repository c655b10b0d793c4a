/* SPDX-License-Identifier: Apache-2.0 */
/* Threads for what may block, behind a bounded queue. */
#ifndef ENDPOINT_POOL_H
#define ENDPOINT_POOL_H

#include <stdbool.h>

#include "base/err.h"

struct pool;

/* Embedded in what is to be done; the caller's until run is called. */
struct job {
	struct job *next;
	void (*run)(struct job *job);
};

struct pool *pool_new(unsigned threads, unsigned queue, struct err *err);

/* Runs what is queued still, then ends the threads.  NULL is allowed. */
void pool_free(struct pool *pool);

/* Take a place in the queue; false if it is full.  pool_submit must follow,
 * or pool_release. */
bool pool_reserve(struct pool *pool);
void pool_release(struct pool *pool);
void pool_submit(struct pool *pool, struct job *job);

/* Places taken by what has not been begun. */
unsigned pool_waiting(struct pool *pool);

#endif
