/* SPDX-License-Identifier: Apache-2.0 */
/* The front-end role of the daemon. */
#ifndef CMD_POSTHOUSED_FRONTING_H
#define CMD_POSTHOUSED_FRONTING_H

#include <jansson.h>

#include "base/log.h"
#include "base/metrics.h"
#include "cmd/posthoused/callers.h"
#include "cmd/posthoused/tokens.h"
#include "directory/config.h"
#include "frontend/frontend.h"

struct endpoint_service;

/* What it stands on; all of it outlives it, but the HTTP server. */
struct fronting {
	const struct config *config;
	struct http_server *http;
	struct directory *directory;
	const struct callers *callers;
	const struct tokens *tokens;
	struct endpoint_service *endpoint;        /* NULL: no mailbox role */
	struct log *log;
};

/*
 * Make the front end and put it before what is attached to the HTTP server
 * already.  *out is for frontend_free, after the HTTP server's end.
 */
bool fronting_start(const struct fronting *with, struct frontend **out,
		    struct err *err);

/* frontend_check for a configuration, without a daemon; 0 if the directory
 * can't be opened (yet). */
unsigned fronting_check(const struct config *config,
			void (*problem)(void *ctx, const char *text),
			void *ctx);

/* For "posthouse daemon status": counters, and each back end's state. */
void fronting_status(struct frontend *frontend, json_t *into);

/* For /metrics; m and frontend must outlive each other's use. */
void fronting_metrics(struct frontend *frontend, struct metrics *m);

#endif
