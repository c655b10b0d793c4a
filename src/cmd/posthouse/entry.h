/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of the directory for commands: finding them, showing them. */
#ifndef CMD_POSTHOUSE_ENTRY_H
#define CMD_POSTHOUSE_ENTRY_H

#include "cmd/posthouse/cli.h"

/*
 * By what a person writes: a name or a GUID; for users also an e-mail address
 * or UPN, for mailboxes those of the owner.  Strings are in the arena of cli.
 * False after saying that there is none.
 */
bool entry_server(struct cli *cli, const char *name, struct dir_server *out);
bool entry_database(struct cli *cli, const char *name,
		    struct dir_database *out);
bool entry_user(struct cli *cli, const char *name, struct dir_user *out);
bool entry_mailbox(struct cli *cli, const char *name,
		   struct dir_mailbox *out);

/*
 * The URL of a mailbox's mail store endpoint: that of its server's front-end
 * virtual directory.  In the arena of cli.
 */
const char *entry_url(struct cli *cli, const struct dir_mailbox *mailbox);

/*
 * The URL of the mail store endpoint of the mailbox of this name, and its
 * legacyExchangeDN; what is not NULL already stays.
 */
bool entry_endpoint(struct cli *cli, const char *name, const char **url,
		    const char **user_dn);

/* New objects, for cli_show and cli_list. */
json_t *entry_server_json(const struct dir_server *server);
json_t *entry_database_json(struct cli *cli, const struct dir_database *db);
json_t *entry_user_json(const struct dir_user *user);
json_t *entry_mailbox_json(const struct dir_mailbox *mailbox);

#endif
