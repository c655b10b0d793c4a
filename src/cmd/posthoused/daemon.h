/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the daemon, put together and taken apart in order. */
#ifndef CMD_POSTHOUSED_DAEMON_H
#define CMD_POSTHOUSED_DAEMON_H

#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"
#include "directory/config.h"

struct daemon;

/*
 * Listen (as root, for ports and keys), drop to the configured user, open the
 * directory and the mailboxes, and serve.  config and log must outlive it.
 */
bool daemon_start(const struct config *config, struct log *log,
		  struct daemon **out, struct err *err);

/* SIGHUP: certificates and log file.  What fails is logged; the old stays. */
void daemon_reload(struct daemon *d);

/* Let no more in.  True once all have left, or after ms without. */
void daemon_drain(struct daemon *d);
bool daemon_wait(struct daemon *d, unsigned ms);

/* Also what was started in part.  NULL is allowed. */
void daemon_stop(struct daemon *d);

#endif
