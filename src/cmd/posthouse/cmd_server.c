/* SPDX-License-Identifier: Apache-2.0 */
/* "posthouse server" and "posthouse database". */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "cmd/posthouse/commands.h"
#include "cmd/posthouse/entry.h"

static const char *or_was(struct cli *cli, const char *option,
			  const char *was)
{
	const char *value = cli_get(cli, option);

	return value != NULL ? value : was;
}

/* Servers -------------------------------------------------------------- */

/* --version; --version-text is what it was called first. */
static const char *version_or(struct cli *cli, const char *was)
{
	return or_was(cli, "version", or_was(cli, "version-text", was));
}

static unsigned role_named(const char *name, size_t len)
{
	static const struct {
		const char *name;
		unsigned role;
	} roles[] = {
		{ "mailbox", DIR_ROLE_MAILBOX },
		{ "frontend", DIR_ROLE_FRONTEND },
		{ "ClientAccess", DIR_ROLE_FRONTEND },    /* Exchange's word */
	};

	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
		if (strlen(roles[i].name) == len &&
		    strncasecmp(roles[i].name, name, len) == 0)
			return roles[i].role;
	return 0;
}

/* --roles: names parted by commas or spaces; absent: *out is untouched. */
static bool take_roles(struct cli *cli, unsigned *out)
{
	const char *text = cli_get(cli, "roles");
	unsigned roles = 0, role;
	size_t len;

	if (text == NULL)
		return true;
	for (text += strspn(text, ", "); *text != '\0';
	     text += strspn(text, ", ")) {
		len = strcspn(text, ", ");
		role = role_named(text, len);
		if (role == 0)
			break;
		roles |= role;
		text += len;
	}
	if (*text != '\0' || roles == 0) {
		cli_usage(cli, "--roles is \"%s\"; write mailbox, frontend or "
			  "both", cli_get(cli, "roles"));
		return false;
	}
	*out = roles;
	return true;
}

static int server_new(struct cli *cli)
{
	struct dir_server s = { .name = cli_arg(cli, 0),
		.fqdn = cli_get(cli, "fqdn"), .version = version_or(cli, ""),
		.make = or_was(cli, "make", "Posthouse"),
		.site = cli_get(cli, "site") };
	struct err err;

	if (s.fqdn == NULL)
		return cli_usage(cli, "--fqdn is missing: the server's full "
				 "name in DNS");
	if (!take_roles(cli, &s.roles))
		return CLI_USAGE;
	if (cli_directory(cli) == NULL)
		return CLI_FAILED;
	if (!directory_new_server(cli_directory(cli), &s, &err))
		return cli_fail(cli, &err);
	directory_server(cli_directory(cli), &s.guid, cli_arena(cli), &s);
	return cli_json(cli) ? cli_show(cli, entry_server_json(&s)) : CLI_OK;
}

static int server_list(struct cli *cli)
{
	static const struct cli_column columns[] = {
		{ "name", "NAME" }, { "fqdn", "FQDN" }, { "site", "SITE" },
		{ "roles", "ROLES" }, { "make", "MAKE" },
		{ "version", "VERSION" }, { NULL, NULL },
	};
	json_t *rows = json_array();
	struct dir_server *list;
	size_t n;

	if (cli_directory(cli) == NULL) {
		json_decref(rows);
		return CLI_FAILED;
	}
	n = directory_servers(cli_directory(cli), cli_arena(cli), &list);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(rows, entry_server_json(&list[i]));
	return cli_list(cli, rows, columns);
}

static int server_show(struct cli *cli)
{
	struct dir_server s;

	if (!entry_server(cli, cli_arg(cli, 0), &s))
		return CLI_FAILED;
	return cli_show(cli, entry_server_json(&s));
}

static int server_set(struct cli *cli)
{
	struct dir_server s;
	struct err err;

	if (!entry_server(cli, cli_arg(cli, 0), &s))
		return CLI_FAILED;
	s.name = or_was(cli, "name", s.name);
	s.fqdn = or_was(cli, "fqdn", s.fqdn);
	s.version = version_or(cli, s.version);
	s.make = or_was(cli, "make", s.make);
	s.site = or_was(cli, "site", s.site);
	if (!take_roles(cli, &s.roles))
		return CLI_USAGE;
	if (!directory_set_server(cli_directory(cli), &s, &err))
		return cli_fail(cli, &err);
	return CLI_OK;
}

static int server_remove(struct cli *cli)
{
	struct dir_server s;
	struct err err;

	if (!entry_server(cli, cli_arg(cli, 0), &s))
		return CLI_FAILED;
	if (!directory_remove_server(cli_directory(cli), &s.guid, &err))
		return cli_fail(cli, &err);
	return CLI_OK;
}

static const struct cli_option server_options[] = {
	{ "name", "NAME", "short name (set only)", false },
	{ "fqdn", "HOST", "full name in DNS", false },
	{ "version", "TEXT", "AdminDisplayVersion: 15.1.2507.6 or \"Version "
	  "15.1 (Build 2507.6)\"", false },
	{ "version-text", "TEXT", "the same, as it was called before", false },
	{ "site", "NAME", "Active Directory site; default: "
	  DIR_DEFAULT_SITE, false },
	{ "roles", "ROLES", "mailbox, frontend; default: both", false },
	{ "make", "MAKE", "Posthouse, Exchange or gromox", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cmd_server[] = {
	{ "server", "new", "NAME", "Add a server of the organisation.",
	  server_options + 1, 1, 1, false, server_new },
	{ "server", "list", "", "List the servers.", NULL, 0, 0, false,
	  server_list },
	{ "server", "show", "NAME", "Show a server.", NULL, 1, 1, false,
	  server_show },
	{ "server", "set", "NAME", "Change a server.", server_options, 1, 1,
	  false, server_set },
	{ "server", "remove", "NAME", "Remove a server without databases.",
	  NULL, 1, 1, false, server_remove },
	{ .noun = NULL },
};

/* Mailbox databases ---------------------------------------------------- */

/* The named server, else the one that the configuration says we are. */
static bool pick_server(struct cli *cli, struct guid *out)
{
	const char *name = cli_get(cli, "server");
	struct dir_server s;

	if (name != NULL ? !entry_server(cli, name, &s) :
	    !entry_server(cli, cli_config(cli)->server_name, &s))
		return false;
	*out = s.guid;
	return true;
}

/*
 * Its folder, when it is on this server and below an existing one; a folder
 * elsewhere is its administrator's.
 */
static void make_folder(struct cli *cli, const char *name)
{
	struct dir_database db;
	struct dir_server self;

	if (directory_database_named(cli_directory(cli), name, cli_arena(cli),
				     &db) &&
	    directory_this_server(cli_directory(cli), cli_arena(cli), &self) &&
	    guid_equal(&self.guid, &db.server) &&
	    mkdir(db.path, 0700) < 0 && errno != EEXIST)
		cli_failf(cli, "note: cannot make %s: %s; make it before the "
			  "first mailbox", db.path, strerror(errno));
}

static int database_new(struct cli *cli)
{
	struct dir_database db = { .name = cli_arg(cli, 0),
				   .path = cli_get(cli, "path") };
	struct err err;

	if (db.path == NULL)
		db.path = arena_printf(cli_arena(cli), "mailboxes/%s",
				       db.name);
	if (strchr(db.name, '/') != NULL)
		return cli_usage(cli, "a name can't contain a slash");
	if (cli_directory(cli) == NULL || !pick_server(cli, &db.server))
		return CLI_FAILED;
	if (!directory_new_database(cli_directory(cli), &db, &err))
		return cli_fail(cli, &err);
	make_folder(cli, db.name);
	if (!cli_json(cli))
		return CLI_OK;
	return cli_show(cli, entry_database_json(cli, &db));
}

static int database_list(struct cli *cli)
{
	static const struct cli_column columns[] = {
		{ "name", "NAME" }, { "server", "SERVER" },
		{ "path", "PATH" }, { NULL, NULL },
	};
	json_t *rows = json_array();
	struct dir_database *list;
	size_t n;

	if (cli_directory(cli) == NULL) {
		json_decref(rows);
		return CLI_FAILED;
	}
	n = directory_databases(cli_directory(cli), cli_arena(cli), &list);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(rows,
				      entry_database_json(cli, &list[i]));
	return cli_list(cli, rows, columns);
}

static int database_show(struct cli *cli)
{
	struct dir_database db;

	if (!entry_database(cli, cli_arg(cli, 0), &db))
		return CLI_FAILED;
	return cli_show(cli, entry_database_json(cli, &db));
}

static int database_set(struct cli *cli)
{
	struct dir_database db;
	struct err err;

	if (!entry_database(cli, cli_arg(cli, 0), &db))
		return CLI_FAILED;
	if (cli_get(cli, "server") != NULL && !pick_server(cli, &db.server))
		return CLI_FAILED;
	db.name = or_was(cli, "name", db.name);
	db.path = or_was(cli, "path", db.path);
	if (!directory_set_database(cli_directory(cli), &db, &err))
		return cli_fail(cli, &err);
	return CLI_OK;
}

static int database_remove(struct cli *cli)
{
	struct dir_database db;
	struct err err;

	if (!entry_database(cli, cli_arg(cli, 0), &db))
		return CLI_FAILED;
	if (!directory_remove_database(cli_directory(cli), &db.guid, &err))
		return cli_fail(cli, &err);
	cli_say(cli, "Removed. The folder %s is still there.", db.path);
	return CLI_OK;
}

static const struct cli_option database_options[] = {
	{ "name", "NAME", "a new name (set only)", false },
	{ "server", "NAME", "the server where it is active; default for new: "
	  "this one", false },
	{ "path", "FOLDER", "where its mailboxes lie, absolute or below the "
	  "data folder", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cmd_database[] = {
	{ "database", "new", "NAME", "Add a mailbox database.",
	  database_options + 1, 1, 1, false, database_new },
	{ "database", "list", "", "List the mailbox databases.", NULL, 0, 0,
	  false, database_list },
	{ "database", "show", "NAME", "Show a mailbox database.", NULL, 1, 1,
	  false, database_show },
	{ "database", "set", "NAME", "Change a mailbox database.",
	  database_options, 1, 1, false, database_set },
	{ "database", "remove", "NAME", "Remove an empty mailbox database; "
	  "its folder stays.", NULL, 1, 1, false, database_remove },
	{ .noun = NULL },
};
