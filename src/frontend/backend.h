/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this front end knows of its back ends: whether they can be reached,
 * from the requests that went there and from probes of their health page.
 * Thread-safe.
 */
#ifndef FRONTEND_BACKEND_H
#define FRONTEND_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/guid.h"
#include "frontend/frontend.h"

enum { BACKEND_TEXT = 256 };

struct backend_state {
	struct guid server;
	bool up;
	uint64_t since;           /* clock_ms */
	uint64_t requests, failures, probes, probe_failures;
	enum frontend_failure last_failure;
	char last_text[BACKEND_TEXT];
	char offered[64];         /* in its last 401; "" */
};

struct backends;

struct backends *backends_new(unsigned probe_ms);
void backends_free(struct backends *b);

/*
 * Whether a request may go there: false if it is known to be down, and why in
 * text; one each second may, to see whether that still holds.  changed is the
 * virtual directory's when_changed: what was known of another URL is known no
 * more.
 */
bool backends_allow(struct backends *b, const struct guid *server,
		    uint64_t changed, char text[static BACKEND_TEXT]);

/* Whether a failure says that the server cannot be reached. */
bool backend_is_unreachable(enum frontend_failure failure);

/* How a request ended: FRONTEND_OK when an answer came; probe: it was ours.
 * True: it has just become up, or down. */
bool backends_tell(struct backends *b, const struct guid *server, bool probe,
		   enum frontend_failure failure, const char *text);

/* What it offered in a 401. */
void backends_offered(struct backends *b, const struct guid *server,
		      const char *offered);

/* Whether it is time to probe the server; if so, the next time is set. */
bool backends_probe_due(struct backends *b, const struct guid *server,
			uint64_t changed);

/* What is known; a server that was never heard of is up. */
void backends_get(struct backends *b, const struct guid *server,
		  struct backend_state *out);

#endif
