/* SPDX-License-Identifier: Apache-2.0 */
/* The process that keeps the mirror of an LDAP directory up to date. */
#ifndef CMD_POSTHOUSED_MIRRORING_H
#define CMD_POSTHOUSED_MIRRORING_H

#include "base/log.h"
#include "directory/config.h"

struct mirroring;

/*
 * Start posthouse-ldap, which lies beside helper, and start it again when it
 * ends.  *out is NULL when the configuration has no [ldap] section.
 */
bool mirroring_start(const struct config *config, const char *helper,
		     struct log *log, struct mirroring **out,
		     struct err *err);
void mirroring_stop(struct mirroring *m);         /* NULL is allowed */

#endif
