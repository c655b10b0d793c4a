/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual directories as part of their server; internal to src/directory. */
#ifndef DIRECTORY_VDIR_IMPL_H
#define DIRECTORY_VDIR_IMPL_H

#include "directory/transaction.h"

/* What a server gets when it is made: one, with the mailbox role two. */
bool vdir_add_defaults(struct txn *t, const struct dir_server *server);

/*
 * After a server changed from was to now: default URLs follow its FQDN and
 * make, the back-end one its mailbox role.
 */
bool vdir_follow_server(struct txn *t, const struct dir_server *was,
			const struct dir_server *now);

/* Those of a server that is about to go, recorded as removed. */
bool vdir_remove_all(struct txn *t, const struct guid *server);

#endif
