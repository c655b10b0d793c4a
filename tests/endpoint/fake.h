/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mailbox service and an authenticator for the endpoint's tests, in the
 * place of the real ones when the test is linked.
 *
 * The ROP buffer of an Execute is a word that says what to do: "inline",
 * "worker", "slow <ms>", "invalid", "event" (queue a notification), "echo …".
 */
#ifndef TESTS_ENDPOINT_FAKE_H
#define TESTS_ENDPOINT_FAKE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "auth/auth.h"
#include "mailbox/mailbox.h"

struct fake_state {
	atomic_int connected, disconnected, executed, checks;
	atomic_bool overlapped;   /* two calls at once in a session */
};

extern struct fake_state fake;

/* Queue a notification in every session, from the caller's thread. */
void fake_event(void);

#endif
