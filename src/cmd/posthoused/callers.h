/* SPDX-License-Identifier: Apache-2.0 */
/* Who may come in: authentication, and the gates of the listeners. */
#ifndef CMD_POSTHOUSED_CALLERS_H
#define CMD_POSTHOUSED_CALLERS_H

#include "auth/auth.h"
#include "auth/gate.h"
#include "base/log.h"
#include "directory/config.h"
#include "directory/directory.h"

struct callers {
	struct auth *auth;
	struct gate *gate;
	struct gate_policy *front_end, *back_end; /* of this server's virtual
						   * directories */
	struct log *log;
	char *nt_key;
	struct arena *arena;
	const char *unknown;      /* for users who don't exist */
};

/*
 * Fill c, which is zeroed, and which stays where it is.  Where NTLM is served
 * from the directory, this server gets an account password of its own, a
 * random one.  helper is the path of posthouse-auth.  After a failure
 * c holds what was made; callers_stop in any case.
 */
bool callers_start(struct callers *c, const struct config *config,
		   struct directory *dir, const char *helper,
		   struct bearer *bearer, struct log *log, struct err *err);
void callers_stop(struct callers *c);

#endif
