/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tokens that callers show: bearer tokens of the identity provider, and
 * assertions between the servers of the organisation.
 */
#ifndef CMD_POSTHOUSED_TOKENS_H
#define CMD_POSTHOUSED_TOKENS_H

#include "auth/assertion.h"
#include "auth/bearer.h"
#include "auth/hop.h"
#include "base/log.h"
#include "directory/config.h"
#include "directory/directory.h"

struct tokens {
	struct bearer *bearer;            /* NULL: [oauth] is not configured */
	struct assertion_key *key;
	struct assertion_signer *signer;  /* for the front end */
	struct hop *hop;                  /* for the back end */
};

/*
 * Fill t, which is zeroed: make this server's assertion key in the data folder
 * if there is none, see that the directory has its public half, and begin to
 * read the identity provider's keys.  helper is the path of posthouse-auth,
 * beside which posthouse-fetch lies.  After a failure t holds what was made;
 * tokens_stop in any case.
 */
bool tokens_start(struct tokens *t, const struct config *config,
		  struct directory *dir, const char *helper, struct log *log,
		  struct err *err);
void tokens_stop(struct tokens *t);

/* SIGHUP */
void tokens_reload(struct tokens *t);

#endif
