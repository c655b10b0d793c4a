/* SPDX-License-Identifier: Apache-2.0 */
/* /metrics: what the layers count, for Prometheus. */
#ifndef CMD_POSTHOUSED_NUMBERS_H
#define CMD_POSTHOUSED_NUMBERS_H

#include "base/metrics.h"
#include "http/server.h"

struct auth;
struct autodiscover_service;
struct gate;
struct endpoint_service;
struct mailbox_service;
struct store_pool;
struct tokens;

/* What numbers are had of; NULL: it does not run. */
struct numbers {
	struct http_server *http;
	struct auth *auth;
	struct gate *gate;
	struct tokens *tokens;
	struct endpoint_service *endpoint;
	struct autodiscover_service *autodiscover;
	struct mailbox_service *mailboxes;
	struct store_pool *pool;
	const char *version;
};

/*
 * Add the collectors of all that is there and serve /metrics on the listener
 * for it.  n and m must outlive http.  Before http_server_start.
 */
void numbers_attach(const struct numbers *n, struct metrics *m);

#endif
