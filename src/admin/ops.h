/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations on mailboxes, which the daemon carries out for commands that
 * come through its socket, and a command by itself when no daemon runs.
 */
#ifndef ADMIN_OPS_H
#define ADMIN_OPS_H

#include "admin/admin.h"
#include "directory/directory.h"
#include "store/pool.h"

/* What admin_context gives to these operations. */
struct admin_daemon {
	struct directory *directory;
	struct store_pool *pool;
	void (*status)(void *ctx, json_t *into);  /* more for "status"; NULL */
	void *status_ctx;
};

/*
 * mailbox.create {mailbox}               make its file
 * mailbox.check {mailbox, repair}        progress: findings; {problems}
 * mailbox.backup {mailbox, path}         a copy at an absolute path
 * mailbox.status {mailbox}               {size, open …}
 * mailbox.close {mailbox}                so that another process may open it
 * mailbox.purge {mailbox, days}          {purged}
 * mailbox.quota {mailbox}                take them over from the directory
 * status {}                              of the daemon
 */
extern const struct admin_op admin_mailbox_ops[];

/*
 * message.append {mailbox, folder, create}  items: messages (mail_tree.h);
 *     progress: {failed: number of the message, text}; {imported, failed}
 * message.export {mailbox, folder, deep}    items: messages, each after
 *     progress {folder, subject, number}; {exported}
 */
extern const struct admin_op admin_mail_ops[];

/* All tables of operations, for admin_serve: add yours to ops.c. */
extern const struct admin_op *const admin_tables[];

/*
 * The mailbox that args names by its GUID ("mailbox"): of the directory as it
 * is now, in arena.  Refused if it is another server's.
 */
bool admin_find_mailbox(struct admin_daemon *daemon, const json_t *args,
			struct arena *arena, struct dir_mailbox *out,
			struct err *err);

/* The same, opened; *out is paired with store_put. */
bool admin_open_mailbox(struct admin_daemon *daemon, const json_t *args,
			struct store **out, struct err *err);

#endif
