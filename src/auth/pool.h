/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The helper processes and the queue before them, minded by one thread.
 * Knows nothing of users, passwords or handshakes: a job is a message for a
 * helper, and ends with the helper's answer.
 *
 * A job can be pinned to the helper that answered an earlier one, which keeps
 * something for it; when that process is gone, so is what it kept.
 */
#ifndef AUTH_POOL_H
#define AUTH_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum pool_result {
	POOL_ANSWERED,
	POOL_FAILED,              /* too late, or no helper can be started */
	POOL_LOST,                /* the helper died over it, or before */
};

/* A helper process; life 0: any. */
struct pool_pin {
	unsigned slot;
	uint64_t life;
};

/* A message of a helper that begins with this is no answer: see asked. */
enum { POOL_QUERY = 'Q', POOL_MESSAGE_MAX = 72 * 1024 };

/* Filled by whoever submits it; embedded in what it needs more. */
struct pool_job {
	struct pool_job *next;    /* these two are the pool's */
	bool tried;               /* a helper died over it already */
	bool once;                /* then it is lost, not tried again */
	uint64_t deadline;        /* clock_ms() */
	const uint8_t *ask;       /* stays until done */
	size_t ask_len;
	struct pool_pin pin;      /* when done: who answered */
	/*
	 * The helper asks back while it works: write the reply and return its
	 * length.  NULL: it may not.  From the pool's thread.
	 */
	size_t (*asked)(struct pool_job *job, const uint8_t *query,
			size_t len, uint8_t *reply, size_t size);
	/* Called once, from the pool's thread or from pool_stop; answer is
	 * NULL unless POOL_ANSWERED. */
	void (*done)(struct pool_job *job, enum pool_result result,
		     const uint8_t *answer, size_t len);
};

struct pool_options {
	const char *helper;
	unsigned helpers;         /* processes at most */
	unsigned checks;          /* of one process, then it is replaced … */
	unsigned grace;           /* … and still serves pinned jobs for this
				   * many ms */
	unsigned queue;           /* jobs waiting at most */
	const uint8_t *hello;     /* sent to each new process; len 0: none.
				   * Must outlive the pool. */
	size_t hello_len;
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

/* Send a message that has no answer to a helper, if it is still there. */
void pool_tell(struct pool *pool, const struct pool_pin *pin,
	       const uint8_t *message, size_t len);

void pool_stats(struct pool *pool, struct pool_stats *out);

#endif
