/* SPDX-License-Identifier: Apache-2.0 */
/* The listeners of the configuration, for clients, servers and metrics. */
#ifndef CMD_POSTHOUSED_LISTEN_H
#define CMD_POSTHOUSED_LISTEN_H

#include "base/log.h"
#include "directory/config.h"
#include "http/server.h"

/* Listen on all of them; each is logged.  Before privileges are dropped. */
bool listen_all(struct http_server *http, const struct config *config,
		struct log *log, struct err *err);

#endif
