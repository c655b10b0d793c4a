/* SPDX-License-Identifier: Apache-2.0 */
/* "posthouse mailbox" and "posthouse daemon". */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/posthouse/commands.h"
#include "cmd/posthouse/entry.h"

static json_t *mailbox_args(const struct dir_mailbox *m)
{
	char guid[GUID_TEXT_SIZE];

	guid_format(&m->guid, guid);
	return json_pack("{s:s}", "mailbox", guid);
}

/* Quotas are given in MiB and kept in KiB. */
static bool take_quota(struct cli *cli, const char *option, uint64_t *kib)
{
	uint64_t mib = *kib / 1024;

	if (cli_get(cli, option) == NULL)
		return true;
	if (!cli_number(cli, option, 0, 1ULL << 40, &mib))
		return false;
	*kib = mib * 1024;
	return true;
}

static bool take_settings(struct cli *cli, struct dir_mailbox *m)
{
	uint64_t lcid = m->lcid;

	if (!take_quota(cli, "quota-warn", &m->quota.warn) ||
	    !take_quota(cli, "quota-no-send", &m->quota.no_send) ||
	    !take_quota(cli, "quota-no-receive", &m->quota.no_receive) ||
	    !cli_number(cli, "lcid", 0x0400, 0xffff, &lcid))
		return false;
	m->lcid = (uint32_t)lcid;
	return true;
}

/* The one that is named, else the only one of this server. */
static bool pick_database(struct cli *cli, struct guid *out)
{
	const char *name = cli_get(cli, "database");
	struct dir_database db, *list;
	struct dir_server self;
	unsigned found = 0;
	size_t n;

	if (name != NULL) {
		if (!entry_database(cli, name, &db))
			return false;
		*out = db.guid;
		return true;
	}
	if (!entry_server(cli, cli_config(cli)->server_name, &self))
		return false;
	n = directory_databases(cli_directory(cli), cli_arena(cli), &list);
	for (size_t i = 0; i < n; i++)
		if (guid_equal(&list[i].server, &self.guid)) {
			*out = list[i].guid;
			found++;
		}
	if (found != 1)
		cli_failf(cli, "%u mailbox databases are active on %s; name "
			  "one with --database", found, self.name);
	return found == 1;
}

/* The entry was made and the file can't be: take the entry back. */
static void take_back(struct cli *cli, const struct dir_mailbox *m)
{
	directory_remove_mailbox(cli_directory(cli), &m->guid, NULL);
}

static int mailbox_new(struct cli *cli)
{
	struct dir_mailbox m = { .lcid = 0x0409 };
	struct dir_user user;
	struct err err;

	if (!take_settings(cli, &m))
		return CLI_USAGE;
	if (!entry_user(cli, cli_arg(cli, 0), &user) ||
	    !pick_database(cli, &m.database))
		return CLI_FAILED;
	m.user = user.guid;
	if (!directory_new_mailbox(cli_directory(cli), &m, &err))
		return cli_fail(cli, &err);
	if (!directory_mailbox(cli_directory(cli), &m.guid, cli_arena(cli),
			       &m))
		return cli_failf(cli, "the mailbox was removed meanwhile");
	if (!m.local) {
		cli_say(cli, "The mailbox's file must be made on its server: "
			"run \"posthouse mailbox create %s\" on %s.",
			user.account, m.server_fqdn);
	} else if (!cli_call(cli, "mailbox.create", mailbox_args(&m), NULL,
			     NULL)) {
		take_back(cli, &m);
		return CLI_FAILED;
	}
	return cli_json(cli) ? cli_show(cli, entry_mailbox_json(&m)) : CLI_OK;
}

/* For mailboxes that were entered on another server. */
static int mailbox_create(struct cli *cli)
{
	struct dir_mailbox m;

	if (!entry_mailbox(cli, cli_arg(cli, 0), &m) ||
	    !cli_call(cli, "mailbox.create", mailbox_args(&m), NULL, NULL))
		return CLI_FAILED;
	cli_say(cli, "Made %s.", m.path);
	return CLI_OK;
}

static int mailbox_list(struct cli *cli)
{
	static const struct cli_column columns[] = {
		{ "address", "ADDRESS" }, { "display_name", "NAME" },
		{ "database", "DATABASE" }, { "server", "SERVER" },
		{ "disabled", "DISABLED" }, { "guid", "GUID" },
		{ NULL, NULL },
	};
	json_t *rows = json_array();
	struct dir_mailbox *list;
	size_t n;

	if (cli_directory(cli) == NULL) {
		json_decref(rows);
		return CLI_FAILED;
	}
	n = directory_mailboxes(cli_directory(cli), cli_arena(cli), &list);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(rows, entry_mailbox_json(&list[i]));
	return cli_list(cli, rows, columns);
}

static int mailbox_show(struct cli *cli)
{
	struct dir_mailbox m;
	json_t *object, *status = NULL;

	if (!entry_mailbox(cli, cli_arg(cli, 0), &m))
		return CLI_FAILED;
	object = entry_mailbox_json(&m);
	if (m.local) {
		if (!cli_call(cli, "mailbox.status", mailbox_args(&m), NULL,
			      &status)) {
			json_decref(object);
			return CLI_FAILED;
		}
		json_object_update(object, status);
		json_decref(status);
	}
	return cli_show(cli, object);
}

static int mailbox_set(struct cli *cli)
{
	struct dir_mailbox m;
	struct dir_quota was;
	struct err err;

	if (!entry_mailbox(cli, cli_arg(cli, 0), &m))
		return CLI_FAILED;
	was = m.quota;
	if (!take_settings(cli, &m))
		return CLI_USAGE;
	if (cli_flag(cli, "disabled") && cli_flag(cli, "enabled"))
		return cli_usage(cli, "--disabled and --enabled exclude each "
				 "other");
	m.disabled = cli_flag(cli, "disabled") ||
		(m.disabled && !cli_flag(cli, "enabled"));
	if (!directory_set_mailbox(cli_directory(cli), &m, &err))
		return cli_fail(cli, &err);
	if (m.local && (was.warn != m.quota.warn ||
			was.no_send != m.quota.no_send ||
			was.no_receive != m.quota.no_receive) &&
	    !cli_call(cli, "mailbox.quota", mailbox_args(&m), NULL, NULL))
		return CLI_FAILED;
	return CLI_OK;
}

/* Removing ------------------------------------------------------------- */

/* The database and what SQLite and the store keep beside it. */
static bool purge_files(struct cli *cli, const char *path)
{
	static const char *const beside[] = { "-wal", "-shm", "-journal",
					      ".lock" };

	if (unlink(path) < 0 && errno != ENOENT) {
		cli_failf(cli, "cannot remove %s: %s", path, strerror(errno));
		return false;
	}
	for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++)
		unlink(arena_printf(cli_arena(cli), "%s%s", path, beside[i]));
	return true;
}

static int mailbox_remove(struct cli *cli)
{
	bool purge = cli_flag(cli, "purge");
	struct dir_mailbox m;
	struct err err;

	if (!entry_mailbox(cli, cli_arg(cli, 0), &m))
		return CLI_FAILED;
	if (purge && !m.local)
		return cli_failf(cli, "the mailbox's file is on %s; purge it "
				 "there", m.server_fqdn);
	if (m.local && !cli_call(cli, "mailbox.close", mailbox_args(&m), NULL,
				 NULL))
		return CLI_FAILED;
	if (!directory_remove_mailbox(cli_directory(cli), &m.guid, &err))
		return cli_fail(cli, &err);
	if (purge)
		return purge_files(cli, m.path) ? CLI_OK : CLI_FAILED;
	cli_say(cli, "Removed. Its messages are still in %s.", m.path);
	return CLI_OK;
}

/* Looking after -------------------------------------------------------- */

static void print_finding(void *ctx, const json_t *progress)
{
	const char *text = json_string_value(json_object_get(progress,
							     "finding"));

	if (text != NULL)
		cli_say(ctx, "%s", text);
}

static int mailbox_check(struct cli *cli)
{
	const struct admin_events events = { .progress = print_finding,
					     .ctx = cli };
	json_int_t problems;
	json_t *args, *result = NULL;
	struct dir_mailbox m;

	if (!entry_mailbox(cli, cli_arg(cli, 0), &m))
		return CLI_FAILED;
	args = mailbox_args(&m);
	json_object_set_new(args, "repair",
			    json_boolean(cli_flag(cli, "repair")));
	if (!cli_call(cli, "mailbox.check", args, &events, &result))
		return CLI_FAILED;
	problems = json_integer_value(json_object_get(result, "problems"));
	if (cli_json(cli))
		cli_show(cli, result);
	else
		json_decref(result);
	cli_say(cli, problems == 0 ? "%s is sound." : "%s is damaged: restore "
		"it from a backup, or repair it with --repair.", m.path);
	return problems == 0 ? CLI_OK : CLI_FAILED;
}

static int mailbox_backup(struct cli *cli)
{
	const char *path = cli_arg(cli, 1);
	char folder[PATH_MAX];
	struct dir_mailbox m;
	json_t *args;

	if (!entry_mailbox(cli, cli_arg(cli, 0), &m))
		return CLI_FAILED;
	if (path[0] != '/') {
		if (getcwd(folder, sizeof folder) == NULL)
			return cli_failf(cli, "which folder is this? %s",
					 strerror(errno));
		path = arena_printf(cli_arena(cli), "%s/%s", folder, path);
	}
	args = mailbox_args(&m);
	json_object_set_new(args, "path", json_string(path));
	if (!cli_call(cli, "mailbox.backup", args, NULL, NULL))
		return CLI_FAILED;
	cli_say(cli, "Wrote %s.", path);
	return CLI_OK;
}

static int mailbox_purge(struct cli *cli)
{
	json_t *args, *result = NULL;
	struct dir_mailbox m;
	uint64_t days = 30;

	if (!cli_number(cli, "days", 0, 36500, &days))
		return CLI_USAGE;
	if (!entry_mailbox(cli, cli_arg(cli, 0), &m))
		return CLI_FAILED;
	args = mailbox_args(&m);
	json_object_set_new(args, "days", json_integer((json_int_t)days));
	if (!cli_call(cli, "mailbox.purge", args, NULL, &result))
		return CLI_FAILED;
	return cli_show(cli, result);
}

#define SETTINGS \
	{ "quota-warn", "MIB", "warn the user from here on; 0: never", \
	  false }, \
	{ "quota-no-send", "MIB", "no sending from here on; 0: no limit", \
	  false }, \
	{ "quota-no-receive", "MIB", "no receiving from here on; 0: no " \
	  "limit", false }, \
	{ "lcid", "NUMBER", "language of the default folders; default: " \
	  "0x0409, English", false }

static const struct cli_option new_options[] = {
	{ "database", "NAME", "the mailbox database; default: this server's "
	  "only one", false },
	SETTINGS,
	{ NULL, NULL, NULL, false },
};

static const struct cli_option set_options[] = {
	SETTINGS,
	{ "disabled", NULL, "nobody may open it", false },
	{ "enabled", NULL, "it may be opened again", false },
	{ NULL, NULL, NULL, false },
};

static const struct cli_option remove_options[] = {
	{ "purge", NULL, "also delete its file, with all messages", false },
	{ NULL, NULL, NULL, false },
};

static const struct cli_option check_options[] = {
	{ "repair", NULL, "correct what can be corrected", false },
	{ NULL, NULL, NULL, false },
};

static const struct cli_option purge_options[] = {
	{ "days", "NUMBER", "keep what was deleted in the last days; default: "
	  "30", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cmd_mailbox[] = {
	{ "mailbox", "new", "USER", "Make a user's mailbox.", new_options, 1,
	  1, false, mailbox_new },
	{ "mailbox", "create", "USER", "Make the file of a mailbox that has "
	  "none yet.", NULL, 1, 1, false, mailbox_create },
	{ "mailbox", "list", "", "List the mailboxes.", NULL, 0, 0, false,
	  mailbox_list },
	{ "mailbox", "show", "USER", "Show a mailbox and its size.", NULL, 1,
	  1, false, mailbox_show },
	{ "mailbox", "set", "USER", "Change a mailbox.", set_options, 1, 1,
	  false, mailbox_set },
	{ "mailbox", "remove", "USER", "Remove a mailbox; its file stays.",
	  remove_options, 1, 1, false, mailbox_remove },
	{ "mailbox", "check", "USER", "Look for damage.", check_options, 1, 1,
	  false, mailbox_check },
	{ "mailbox", "backup", "USER FILE", "Copy a mailbox while it is in "
	  "use.", NULL, 2, 2, false, mailbox_backup },
	{ "mailbox", "purge", "USER", "Delete for good what was deleted.",
	  purge_options, 1, 1, false, mailbox_purge },
	{ .noun = NULL },
};

/* The daemon ----------------------------------------------------------- */

static int daemon_status(struct cli *cli)
{
	struct admin_client *client = NULL;
	json_t *result = NULL;
	struct err err;
	char *path;
	bool ok;

	if (!cli_act_as_daemon(cli))
		return CLI_FAILED;
	path = config_socket_path(cli_config(cli));
	ok = admin_connect(path, &client, &err);
	free(path);
	if (!ok)
		return cli_fail(cli, &err);
	if (client == NULL)
		return cli_failf(cli, "no daemon runs on %s; start it with "
				 "\"posthoused --config %s\"",
				 cli_config(cli)->data, cli_config(cli)->path);
	ok = admin_call(client, "status", NULL, NULL, &result, &err);
	admin_client_close(client);
	return ok ? cli_show(cli, result) : cli_fail(cli, &err);
}

const struct cli_command cmd_daemon[] = {
	{ "daemon", "status", "", "Show what the running daemon does.", NULL,
	  0, 0, false, daemon_status },
	{ .noun = NULL },
};
