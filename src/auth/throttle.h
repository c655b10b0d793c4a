/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failures counted by a key (a user and an address, or an address), each
 * within a window of time.  Fixed memory: when it is full, the entry with the
 * fewest failures makes room.  Not thread-safe: auth.c locks.
 */
#ifndef AUTH_THROTTLE_H
#define AUTH_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

struct throttle;

/* More than limit failures in window milliseconds are too many. */
struct throttle *throttle_new(unsigned limit, unsigned window);
void throttle_free(struct throttle *t);

/* Whether the key has used up its failures. */
bool throttle_is_full(struct throttle *t, uint64_t key, uint64_t now);

void throttle_add(struct throttle *t, uint64_t key, uint64_t now);
void throttle_clear(struct throttle *t, uint64_t key);

#endif
