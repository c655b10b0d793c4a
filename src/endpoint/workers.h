/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads for what may block, behind a bounded queue.
 *
 * Jobs of one key (those of one mailbox, which would wait for its lock) are
 * run one after another, by the same thread while there are any: nobody is
 * woken to wait, and a busy mailbox takes one thread, not all.
 */
#ifndef ENDPOINT_WORKERS_H
#define ENDPOINT_WORKERS_H

#include <stdbool.h>

#include "base/err.h"

struct workers;

/* Embedded in what is to be done; the caller's until run is called. */
struct job {
	struct job *next;
	void (*run)(struct job *job);
	const void *key;          /* NULL: runs beside any other */
};

struct workers *workers_new(unsigned threads, unsigned queue, struct err *err);

/* Runs what is queued still, then ends the threads.  NULL is allowed. */
void workers_free(struct workers *workers);

/* Take a place in the queue; false if it is full.  workers_submit must follow,
 * or workers_release. */
bool workers_reserve(struct workers *workers);
void workers_release(struct workers *workers);
void workers_submit(struct workers *workers, struct job *job);

/*
 * Let what waits behind a job of this key go elsewhere, and what comes
 * later, if that job has run for WORKERS_LONG_MS: a copy of a folder to
 * another mailbox takes the lock again for each message, and others are to
 * have it in between.  To be called when one of the key has waited so long.
 */
enum { WORKERS_LONG_MS = 50 };
void workers_relieve(struct workers *workers, const void *key);

/* Places taken by what has not been begun. */
unsigned workers_waiting(struct workers *workers);

#endif
