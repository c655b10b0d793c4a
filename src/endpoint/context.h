/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Session contexts ([MS-OXCMAPIHTTP] 3.2.1, 3.2.5): what a cookie stands for.
 *
 * A context is bound to the identity that made it.  One request at a time may
 * use it, and beside that one NotificationWait; while either is under way it
 * does not expire.  Thread-safe throughout.
 */
#ifndef ENDPOINT_CONTEXT_H
#define ENDPOINT_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "endpoint/cookie.h"
#include "mapi/http_body.h"

struct contexts;
struct context;
struct http_request;
struct identity;
struct nspi_session;
struct session;

struct contexts_config {
	unsigned max;             /* contexts */
	unsigned expiration_ms;
};

/* With a thread of its own that ends what has expired. */
struct contexts *contexts_new(const struct contexts_config *config,
			      struct err *err);
/* Ends every session.  No request may be using any. */
void contexts_free(struct contexts *all);

size_t contexts_count(struct contexts *all);
uint64_t contexts_expired(struct contexts *all);

/* How a request uses its context. */
enum context_use {
	CONTEXT_SEQUENCED,        /* Execute, Disconnect: the sequence counts */
	CONTEXT_WAIT,             /* NotificationWait: beside another request,
				   * outside the sequence */
	CONTEXT_PING,             /* leaves the sequence as it is */
	CONTEXT_RECONNECT,        /* Connect: is about to destroy it */
};

/*
 * Make a context for who, in use by the request that connects; it has no
 * session yet.  NULL if there are too many.
 */
struct context *context_new(struct contexts *all, const struct identity *who);

/*
 * Find the context of the cookie, check who and the sequence, and take it
 * into use: context_end must follow.  sequence is the other cookie, NULL if
 * it did not come.
 *
 * RESPONSE_INVALID_CONTEXT_COOKIE, RESPONSE_CONTEXT_NOT_FOUND (none, expired,
 * another process's or another user's), RESPONSE_MISSING_COOKIE (of the
 * sequence), RESPONSE_INVALID_SEQUENCE (stale, or the context is in use).
 */
enum response_code context_begin(struct contexts *all, const char *cookie,
				 const char *sequence,
				 const struct identity *who,
				 enum context_use use, struct context **out);

/* The use ends; the time to expiry begins anew.  A context that was destroyed
 * ends its session with its last use, not on this thread. */
void context_end(struct context *context, enum context_use use);

/* Move the sequence on: the request is accepted, its answer will carry it. */
void context_advance(struct context *context);

/* The cookies of a context in use. */
void context_cookies(struct context *context,
		     char cookie[static CONTEXT_COOKIE_SIZE],
		     char sequence[static SEQUENCE_COOKIE_SIZE]);

/* Of a context in use. */
struct session *context_session(const struct context *context);
void context_set_session(struct context *context, struct session *session);

/* The address book's session, of a context that has that instead. */
struct nspi_session *context_nspi(const struct context *context);
void context_set_nspi(struct context *context, struct nspi_session *session);

/*
 * Take the context out of the table: its cookies are worth nothing any more,
 * and its NotificationWait is cancelled.  Its user still calls context_end.
 */
void context_destroy(struct context *context);

/*
 * The session of a destroyed context that nobody but the caller uses, to be
 * disconnected by the caller now; NULL if a wait is still under way: then its
 * end does it.
 */
struct session *context_take_session(struct context *context);

/*
 * Let the waiting request be told, through http_post(req, cancel, ctx), when
 * its wait must end.  False, and nothing is set, if it must end at once.
 */
bool context_set_wait(struct context *context, struct http_request *req,
		      void (*cancel)(void *ctx, struct http_request *req),
		      void *ctx);
/* Before the waiting request is ended. */
void context_clear_wait(struct context *context);
bool context_is_destroyed(const struct context *context);

/* Cancel every wait, also those to come. */
void contexts_cancel_waits(struct contexts *all);

#endif
