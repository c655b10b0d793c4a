/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The identity provider's keys, kept up to date by a thread: read at the
 * start, again each refresh, and when a token comes whose key is not known:
 * providers change keys without a word.  Such tokens wait for that reading,
 * and a rate limit keeps forged ones from causing it all the time.
 */
#ifndef AUTH_JWKS_SOURCE_H
#define AUTH_JWKS_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/jwks.h"
#include "base/err.h"

enum { JWKS_WAITING_MAX = 256 };

struct jwks_source;

/* Copied; as in struct bearer_options. */
struct jwks_source_options {
	const char *file, *url, *ca_file, *fetch;
	unsigned refresh, refetch;        /* ms */
	void (*failed)(void *ctx, const char *text);
	void *ctx;
};

/*
 * Start the thread.  A file is read before this returns, and must hold a key;
 * a URL is read by the thread.
 */
bool jwks_source_start(const struct jwks_source_options *options,
		       struct jwks_source **out, struct err *err);

/* End what waits, from the calling thread, and free.  NULL is allowed. */
void jwks_source_stop(struct jwks_source *source);

/* The keys now, with a reference; NULL: none have come yet. */
struct jwks *jwks_source_keys(struct jwks_source *source);

/* Grows with each change of the keys. */
uint64_t jwks_source_generation(struct jwks_source *source);

/* Embedded in what waits for keys. */
struct jwks_waiter {
	struct jwks_waiter *next; /* the source's */
	/* Called once, from the source's thread or jwks_source_stop, when
	 * there may be new keys. */
	void (*done)(struct jwks_waiter *waiter);
};

/*
 * Wait for the reading under way, or begin one.  False, and done is not
 * called: the last is too recent, or too many wait.
 */
bool jwks_source_wait(struct jwks_source *source, struct jwks_waiter *waiter);

/* Read again, soon, whatever the rate limit says. */
void jwks_source_reload(struct jwks_source *source);

struct jwks_source_stats {
	uint64_t fetches, failures;
	unsigned keys, waiting;
};

void jwks_source_stats(struct jwks_source *source,
		       struct jwks_source_stats *out);

#endif
