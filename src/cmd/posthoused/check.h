/* SPDX-License-Identifier: Apache-2.0 */
/* What posthoused --check looks at besides config_check: what layers above
 * the configuration read and make. */
#ifndef CMD_POSTHOUSED_CHECK_H
#define CMD_POSTHOUSED_CHECK_H

#include "directory/config.h"

/*
 * The keys of bearer tokens (those of a URL are fetched), this server's
 * assertion key and the audit log.  Every failure is reported through problem;
 * returns how many there were.
 */
unsigned check_services(const struct config *config,
			void (*problem)(void *ctx, const char *text),
			void *ctx);

#endif
