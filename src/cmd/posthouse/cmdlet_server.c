/* SPDX-License-Identifier: Apache-2.0 */
/* Get-ExchangeServer, Get-, Set-MailboxDatabase,
 * Move-ActiveMailboxDatabase and Get-Mailbox. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/posthouse/cmdlet_object.h"
#include "cmd/posthouse/cmdlets.h"

/* Servers -------------------------------------------------------------- */

static bool server_matches(const struct dir_server *s, const char *identity)
{
	struct guid guid;

	if (guid_parse(identity, &guid))
		return guid_equal(&guid, &s->guid);
	return cmdlet_like(identity, s->name) ||
		cmdlet_like(identity, s->fqdn);
}

static int server_in_scope(struct cmdlet_call *call, const struct scope *scope)
{
	struct directory *dir = cli_directory(cmdlet_cli(call));
	const char *identity = scope->identity != NULL ? scope->identity :
		scope->server;
	struct dir_server *list;
	size_t n, shown = 0;

	n = directory_servers(dir, cmdlet_arena(call), &list);
	for (size_t i = 0; i < n; i++) {
		if (identity != NULL && !server_matches(&list[i], identity))
			continue;
		cmdlet_put(call, object_server(call, &list[i]));
		shown++;
	}
	return shown > 0 || identity == NULL ? CLI_OK :
		no_such_object(call, identity, "Get-ExchangeServer");
}

static int get_server(struct cmdlet_call *call)
{
	return cmdlet_each_scope(call, server_in_scope);
}

/* Mailbox databases ---------------------------------------------------- */

static bool database_matches(const struct dir_database *db,
			     const char *identity)
{
	struct guid guid;

	if (guid_parse(identity, &guid))
		return guid_equal(&guid, &db->guid);
	return cmdlet_like(identity, db->name);
}

static int database_in_scope(struct cmdlet_call *call,
			     const struct scope *scope)
{
	const char *identity = scope->identity != NULL ? scope->identity :
		scope->database;
	struct dir_database *list;
	struct dir_server server;
	size_t n, shown = 0;

	if (scope->server != NULL &&
	    !find_server(call, scope->server, &server))
		return CLI_FAILED;
	n = directory_databases(cli_directory(cmdlet_cli(call)),
				cmdlet_arena(call), &list);
	for (size_t i = 0; i < n; i++) {
		if ((identity != NULL &&
		     !database_matches(&list[i], identity)) ||
		    (scope->server != NULL &&
		     !guid_equal(&list[i].server, &server.guid)))
			continue;
		cmdlet_put(call, object_database(call, &list[i]));
		shown++;
	}
	return shown > 0 || identity == NULL ? CLI_OK :
		no_such_object(call, identity, "Get-MailboxDatabase");
}

static int get_database(struct cmdlet_call *call)
{
	return cmdlet_each_scope(call, database_in_scope);
}

static bool find_database(struct cmdlet_call *call, struct dir_database *out)
{
	struct directory *dir = cli_directory(cmdlet_cli(call));
	const char *identity = cmdlet_text(call, "Identity");
	struct dir_database *list;
	size_t n;

	if (dir == NULL)
		return false;
	n = directory_databases(dir, cmdlet_arena(call), &list);
	for (size_t i = 0; i < n; i++)
		if (strchr(identity, '*') == NULL &&
		    database_matches(&list[i], identity)) {
			*out = list[i];
			return true;
		}
	no_such_object(call, identity, "Get-MailboxDatabase");
	return false;
}

static int set_database(struct cmdlet_call *call)
{
	const char *name = cmdlet_text(call, "Name");
	const char *path = cmdlet_text(call, "EdbFilePath");
	struct dir_database db;
	struct err err;
	int rc = CLI_OK;

	if (!find_database(call, &db))
		return CLI_FAILED;
	if (name == NULL && path == NULL) {
		cmdlet_warning(call, "The command completed successfully but "
			       "no settings of '%s' have been modified.",
			       db.name);
		return CLI_OK;
	}
	if (!cmdlet_should(call, arena_printf(cmdlet_arena(call), "Setting "
			   "mailbox database \"%s\".", db.name), &rc))
		return rc;
	db.name = name != NULL ? name : db.name;
	db.path = path != NULL ? path : db.path;
	if (!directory_set_database(cli_directory(cmdlet_cli(call)), &db,
				    &err))
		return cmdlet_error(call, "%s", err.text);
	return CLI_OK;
}

static json_t *moved(const struct dir_database *db, const char *from,
		     const char *to)
{
	return json_pack("{s:s,s:s,s:s,s:s}", "Identity", db->name,
			 "ActiveServerAtStart", from, "ActiveServerAtEnd", to,
			 "Status", "Succeeded");
}

static int move_database(struct cmdlet_call *call)
{
	struct arena *arena = cmdlet_arena(call);
	struct dir_server from = { .name = "" }, to;
	struct dir_database db;
	struct err err;
	int rc = CLI_OK;

	if (!find_database(call, &db) ||
	    !find_server(call, cmdlet_text(call, "ActivateOnServer"), &to))
		return CLI_FAILED;
	directory_server(cli_directory(cmdlet_cli(call)), &db.server, arena,
			 &from);
	if (guid_equal(&db.server, &to.guid)) {
		cmdlet_warning(call, "Mailbox database \"%s\" is active on "
			       "server \"%s\" already.", db.name, to.name);
		return CLI_OK;
	}
	if (!cmdlet_should(call, arena_printf(arena, "Moving mailbox database "
			   "\"%s\" from server \"%s\" to server \"%s\".",
			   db.name, from.name, to.name), &rc))
		return rc;
	db.server = to.guid;
	if (!directory_set_database(cli_directory(cmdlet_cli(call)), &db,
				    &err))
		return cmdlet_error(call, "%s", err.text);
	cmdlet_put(call, moved(&db, from.name, to.name));
	return CLI_OK;
}

/* Mailboxes ------------------------------------------------------------ */

static bool has_address(const struct dir_user *u, const char *pattern)
{
	for (size_t i = 0; i < u->address_count; i++)
		if (cmdlet_like(pattern, u->addresses[i]))
			return true;
	return false;
}

/* An alias, name, address, UPN, DOMAIN\account, legacy DN or GUID. */
static bool mailbox_matches(struct cmdlet_call *call,
			    const struct dir_mailbox *m, const char *identity)
{
	struct directory *dir = cli_directory(cmdlet_cli(call));
	struct dir_user u, named;
	struct guid guid;

	if (guid_parse(identity, &guid))
		return guid_equal(&guid, &m->guid) ||
			guid_equal(&guid, &m->user);
	if (!directory_user(dir, &m->user, cmdlet_arena(call), &u))
		return false;
	if (directory_user_by_name(dir, identity, cmdlet_arena(call), &named))
		return guid_equal(&named.guid, &u.guid);
	return cmdlet_like(identity, u.account) ||
		cmdlet_like(identity, m->display_name) ||
		cmdlet_like(identity, u.upn) ||
		cmdlet_like(identity, m->legacy_dn) ||
		has_address(&u, identity);
}

struct mailbox_filter {
	const struct scope *scope;
	struct dir_server server; /* of the scope, found */
	size_t limit;
};

static bool wanted(struct cmdlet_call *call, const struct dir_mailbox *m,
		   const struct mailbox_filter *f)
{
	const struct dir_database db = { .guid = m->database,
					 .name = m->database_name };

	return (f->scope->database == NULL ||
		database_matches(&db, f->scope->database)) &&
		(f->scope->server == NULL ||
		 guid_equal(&m->server, &f->server.guid)) &&
		(f->scope->identity == NULL ||
		 mailbox_matches(call, m, f->scope->identity));
}

/* -ResultSize: 1000 as in Exchange, a number or Unlimited. */
static bool take_limit(struct cmdlet_call *call, size_t *out)
{
	const char *text = cmdlet_text(call, "ResultSize");
	char *end;

	if (text == NULL) {
		*out = 1000;
		return true;
	}
	if (strcasecmp(text, "Unlimited") == 0) {
		*out = SIZE_MAX;
		return true;
	}
	*out = strtoul(text, &end, 10);
	if (*end == '\0' && text[0] >= '0' && text[0] <= '9')
		return true;
	cmdlet_error(call, "Cannot process argument transformation on "
		     "parameter 'ResultSize'. Cannot convert value \"%s\": "
		     "write a number or Unlimited.", text);
	return false;
}

static int mailbox_in_scope(struct cmdlet_call *call,
			    const struct scope *scope)
{
	struct mailbox_filter f = { .scope = scope };
	struct dir_mailbox *list;
	size_t n, shown = 0;

	if (!take_limit(call, &f.limit) ||
	    (scope->server != NULL &&
	     !find_server(call, scope->server, &f.server)))
		return CLI_FAILED;
	n = directory_mailboxes(cli_directory(cmdlet_cli(call)),
				cmdlet_arena(call), &list);
	for (size_t i = 0; i < n; i++) {
		if (!wanted(call, &list[i], &f))
			continue;
		if (shown == f.limit) {
			cmdlet_warning(call, "By default, only the first %zu "
				       "items are returned. Use the "
				       "ResultSize parameter to specify the "
				       "number of items returned.", f.limit);
			break;
		}
		cmdlet_put(call, object_mailbox(call, &list[i]));
		shown++;
	}
	return shown > 0 || scope->identity == NULL ? CLI_OK :
		no_such_object(call, scope->identity, "Get-Mailbox");
}

static int get_mailbox(struct cmdlet_call *call)
{
	return cmdlet_each_scope(call, mailbox_in_scope);
}

/* The table ------------------------------------------------------------ */

static const struct cmdlet_param server_params[] = {
	{ "Identity", CMDLET_TEXT, "<ServerIdParameter>", "a name, FQDN or "
	  "GUID, with * for anything", false, true, NULL },
	{ "Status", CMDLET_SWITCH, NULL, "makes no difference here", false,
	  false, NULL },
	{ .name = NULL },
};

static const struct cmdlet_param get_database_params[] = {
	{ "Identity", CMDLET_TEXT, "<DatabaseIdParameter>", "a name or GUID, "
	  "with * for anything", false, true, NULL },
	{ "Server", CMDLET_TEXT, "<ServerIdParameter>", "those that are "
	  "active on this server", false, false, NULL },
	{ "Status", CMDLET_SWITCH, NULL, "makes no difference here", false,
	  false, NULL },
	{ .name = NULL },
};

static const struct cmdlet_param set_database_params[] = {
	{ "Identity", CMDLET_TEXT, "<DatabaseIdParameter>", "a name or GUID",
	  true, true, NULL },
	{ "Name", CMDLET_TEXT, "<String>", "its new name", false, false,
	  NULL },
	{ "EdbFilePath", CMDLET_TEXT, "<EdbFilePath>", "the folder of its "
	  "mailboxes, absolute or below the directory's own; the files are "
	  "not moved", false, false, NULL },
	{ .name = NULL },
};

static const struct cmdlet_param move_params[] = {
	{ "Identity", CMDLET_TEXT, "<DatabaseIdParameter>", "a name or GUID",
	  true, true, NULL },
	{ "ActivateOnServer", CMDLET_TEXT, "<MailboxServerIdParameter>",
	  "where it is active from now on; that server must be able to reach "
	  "its folder", true, false, NULL },
	{ "Force", CMDLET_SWITCH, NULL, "don't ask", false, false, NULL },
	{ .name = NULL },
};

static const struct cmdlet_param mailbox_params[] = {
	{ "Identity", CMDLET_TEXT, "<MailboxIdParameter>", "an alias, name, "
	  "address, UPN, 'DOMAIN\\account', legacy DN or GUID, with * for "
	  "anything", false, true, NULL },
	{ "Database", CMDLET_TEXT, "<DatabaseIdParameter>", "those in this "
	  "database", false, false, NULL },
	{ "Server", CMDLET_TEXT, "<ServerIdParameter>", "those whose database "
	  "is active on this server", false, false, NULL },
	{ "ResultSize", CMDLET_TEXT, "<Unlimited>", "how many at most: 1000, "
	  "a number or Unlimited", false, false, NULL },
	{ .name = NULL },
};

static const char *const server_columns[] = { "Name", "Site", "ServerRole",
	"Make", "AdminDisplayVersion", NULL };
static const char *const database_columns[] = { "Name", "Server",
	"EdbFilePath", NULL };
static const char *const mailbox_columns[] = { "Name", "Alias", "Database",
	"ServerName", "ProhibitSendQuota", NULL };
static const char *const move_columns[] = { "Identity", "ActiveServerAtStart",
	"ActiveServerAtEnd", "Status", NULL };

const struct cmdlet cmdlets_server[] = {
	{ "Get-ExchangeServer", "Show the servers of the organisation.",
	  server_params, 0, server_columns, NULL, get_server },
	{ "Get-MailboxDatabase", "Show mailbox databases.",
	  get_database_params, 0, database_columns, NULL, get_database },
	{ "Set-MailboxDatabase", "Change a mailbox database.",
	  set_database_params, CMDLET_CHANGES, NULL, NULL, set_database },
	{ "Move-ActiveMailboxDatabase", "Make a mailbox database active on "
	  "another server.", move_params, CMDLET_CHANGES | CMDLET_ASKS,
	  move_columns, "Move-ActiveMailboxDatabase DB1 -ActivateOnServer MX2 "
	  "-Confirm:$false", move_database },
	{ "Get-Mailbox", "Show mailboxes.", mailbox_params, 0,
	  mailbox_columns, "Get-Mailbox alice@example.test", get_mailbox },
	{ .name = NULL },
};
