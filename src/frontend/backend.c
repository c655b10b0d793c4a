/* SPDX-License-Identifier: Apache-2.0 */
#include "frontend/backend.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"

enum {
	TRIAL_MS = 1000,          /* between requests that try a dead server */
	BACK_OFF_FIRST = 250,     /* ms between probes of it, doubled … */
	BACK_OFF_MAX = 5000,      /* … up to this */
};

struct backend {
	struct backend *next;
	struct backend_state state;
	uint64_t next_trial, next_probe, changed;
	unsigned back_off;
};

struct backends {
	pthread_mutex_t lock;
	struct backend *first;
	unsigned probe_ms;
};

struct backends *backends_new(unsigned probe_ms)
{
	struct backends *b = xcalloc(1, sizeof *b);

	pthread_mutex_init(&b->lock, NULL);
	b->probe_ms = probe_ms;
	return b;
}

void backends_free(struct backends *b)
{
	if (b == NULL)
		return;
	while (b->first != NULL) {
		struct backend *next = b->first->next;

		free(b->first);
		b->first = next;
	}
	pthread_mutex_destroy(&b->lock);
	free(b);
}

bool backend_is_unreachable(enum frontend_failure failure)
{
	return failure >= FRONTEND_RESOLVE && failure <= FRONTEND_CERTIFICATE;
}

/* Under the lock. */
static struct backend *get(struct backends *b, const struct guid *server)
{
	struct backend *at = b->first;

	while (at != NULL && !guid_equal(&at->state.server, server))
		at = at->next;
	if (at != NULL)
		return at;
	at = xcalloc(1, sizeof *at);
	at->state.server = *server;
	at->state.up = true;
	at->state.since = clock_ms();
	at->next = b->first;
	b->first = at;
	return at;
}

/* Under the lock. */
static struct backend *get_as(struct backends *b, const struct guid *server,
			      uint64_t changed)
{
	struct backend *at = get(b, server);

	if (at->changed == changed)
		return at;
	at->changed = changed;
	at->next_probe = 0;
	if (!at->state.up) {
		at->state.up = true;
		at->state.since = clock_ms();
	}
	return at;
}

bool backends_allow(struct backends *b, const struct guid *server,
		    uint64_t changed, char text[static BACKEND_TEXT])
{
	struct backend *at;
	bool allow = true;

	pthread_mutex_lock(&b->lock);
	at = get_as(b, server, changed);
	at->state.requests++;
	if (!at->state.up) {
		uint64_t now = clock_ms();

		allow = now >= at->next_trial;
		if (allow)
			at->next_trial = now + TRIAL_MS;
		else
			snprintf(text, BACKEND_TEXT, "%s",
				 at->state.last_text);
	}
	pthread_mutex_unlock(&b->lock);
	return allow;
}

static void went_down(struct backend *at, uint64_t now)
{
	if (at->state.up) {
		at->state.up = false;
		at->state.since = now;
		at->back_off = BACK_OFF_FIRST;
	} else {
		at->back_off = at->back_off * 2 < BACK_OFF_MAX ?
			at->back_off * 2 : BACK_OFF_MAX;
	}
	at->next_trial = now + TRIAL_MS;
	at->next_probe = now + at->back_off;
}

bool backends_tell(struct backends *b, const struct guid *server, bool probe,
		   enum frontend_failure failure, const char *text)
{
	uint64_t now = clock_ms();
	struct backend *at;
	bool was_up, changed;

	pthread_mutex_lock(&b->lock);
	at = get(b, server);
	was_up = at->state.up;
	if (probe)
		at->state.probes++;
	if (failure != FRONTEND_OK) {
		if (probe)
			at->state.probe_failures++;
		else
			at->state.failures++;
		at->state.last_failure = failure;
		snprintf(at->state.last_text, BACKEND_TEXT, "%s", text);
	}
	if (backend_is_unreachable(failure)) {
		went_down(at, now);
	} else if (!was_up && failure == FRONTEND_OK) {
		at->state.up = true;
		at->state.since = now;
		at->next_probe = now + b->probe_ms;
	}
	changed = was_up != at->state.up;
	pthread_mutex_unlock(&b->lock);
	return changed;
}

void backends_offered(struct backends *b, const struct guid *server,
		      const char *offered)
{
	struct backend *at;

	pthread_mutex_lock(&b->lock);
	at = get(b, server);
	snprintf(at->state.offered, sizeof at->state.offered, "%s", offered);
	pthread_mutex_unlock(&b->lock);
}

bool backends_probe_due(struct backends *b, const struct guid *server,
			uint64_t changed)
{
	uint64_t now = clock_ms();
	struct backend *at;
	bool due;

	pthread_mutex_lock(&b->lock);
	at = get_as(b, server, changed);
	due = now >= at->next_probe;
	if (due)
		at->next_probe = now + (at->state.up ? b->probe_ms :
					BACK_OFF_MAX);
	pthread_mutex_unlock(&b->lock);
	return due;
}

void backends_get(struct backends *b, const struct guid *server,
		  struct backend_state *out)
{
	pthread_mutex_lock(&b->lock);
	*out = get(b, server)->state;
	pthread_mutex_unlock(&b->lock);
}
