/* SPDX-License-Identifier: Apache-2.0 */
/* "posthouse user". */
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "auth/nt_hash.h"
#include "auth/password.h"
#include "cmd/posthouse/commands.h"
#include "cmd/posthouse/entry.h"
#include "cmd/posthouse/people.h"

/*
 * NTLM from the directory needs the NT hash, which can be had now and not
 * later.  It is kept only where the administrator wants that; elsewhere one
 * of an earlier password is removed.  user has its GUID.
 */
static bool take_nt_hash(struct cli *cli, const char *password,
			 struct dir_user *user, struct err *err)
{
	uint8_t hash[NT_HASH_LEN], sealed[NT_HASH_SEALED_SIZE];
	struct nt_key *key;
	char *path;
	bool ok;

	user->nt_hash = NULL;
	user->nt_hash_size = 0;
	if (cli_config(cli)->auth.ntlm != AUTH_NTLM_LOCAL)
		return true;
	path = config_nt_key_path(cli_config(cli));
	ok = nt_key_load(path, &key, err);
	free(path);
	if (!ok)
		return false;
	ok = nt_hash(password, hash, err) &&
		nt_hash_seal(key, &user->guid, hash, sealed, err);
	if (ok) {
		user->nt_hash = arena_memdup(cli_arena(cli), sealed,
					     sizeof sealed);
		user->nt_hash_size = sizeof sealed;
	}
	explicit_bzero(hash, sizeof hash);
	nt_key_free(key);
	return ok;
}

/* Hash the password that was given into user; false after saying why. */
static bool take_password(struct cli *cli, struct dir_user *user)
{
	char hash[PASSWORD_HASH_SIZE];
	const char *password;
	struct err err;

	if (!cli_has_password(cli))
		return true;
	password = cli_password(cli);
	if (password == NULL)
		return false;
	if (guid_is_null(&user->guid))
		user->guid = guid_new();
	if (!password_hash(password, NULL, hash, &err) ||
	    !take_nt_hash(cli, password, user, &err)) {
		cli_fail(cli, &err);
		return false;
	}
	user->password = arena_strdup(cli_arena(cli), hash);
	return true;
}

/* The addresses given, when any are: the first is the primary one. */
static void take_addresses(struct cli *cli, struct dir_user *user)
{
	const char **list;
	unsigned n = 0;

	while (cli_get_nth(cli, "address", n) != NULL)
		n++;
	if (n == 0)
		return;
	list = arena_array(cli_arena(cli), n, sizeof *list);
	for (unsigned i = 0; i < n; i++)
		list[i] = cli_get_nth(cli, "address", i);
	user->addresses = list;
	user->address_count = n;
}

/* yes or no options; false after saying that both can't be. */
static bool take_switch(struct cli *cli, const char *on, const char *off,
			bool *out)
{
	if (cli_flag(cli, on) && cli_flag(cli, off)) {
		cli_usage(cli, "--%s and --%s exclude each other", on, off);
		return false;
	}
	*out = cli_flag(cli, on) || (*out && !cli_flag(cli, off));
	return true;
}

/* What the address book says of the user. */
static int set_recipient(struct cli *cli, const struct guid *guid)
{
	bool hidden = cli_flag(cli, "hidden");
	struct err err;

	if ((hidden || cli_flag(cli, "shown")) &&
	    !directory_set_hidden(cli_directory(cli), guid, hidden, &err))
		return cli_fail(cli, &err);
	return people_apply(cli, guid);
}

static int user_new(struct cli *cli)
{
	struct dir_user user = { .account = cli_arg(cli, 0),
		.display_name = cli_get(cli, "display-name"),
		.upn = cli_get(cli, "upn"),
		.object_id = cli_get(cli, "object-id"),
		.is_admin = cli_flag(cli, "admin"),
		.disabled = cli_flag(cli, "disabled") };
	struct err err;
	int status;

	take_addresses(cli, &user);
	if (cli_directory(cli) == NULL || !take_password(cli, &user))
		return CLI_FAILED;
	if (!directory_new_user(cli_directory(cli), &user, &err))
		return cli_fail(cli, &err);
	status = set_recipient(cli, &user.guid);
	if (status != CLI_OK)
		return status;
	if (user.password == NULL)
		cli_say(cli, "Made without a password: nobody can log on as "
			"%s yet. \"posthouse user set %s --password-stdin\" "
			"sets one.", user.account, user.account);
	if (!cli_json(cli))
		return CLI_OK;
	directory_user(cli_directory(cli), &user.guid, cli_arena(cli), &user);
	return cli_show(cli, entry_user_json(&user));
}

static int user_list(struct cli *cli)
{
	static const struct cli_column columns[] = {
		{ "account", "ACCOUNT" }, { "display_name", "NAME" },
		{ "addresses", "ADDRESSES" }, { "is_admin", "ADMIN" },
		{ "disabled", "DISABLED" }, { NULL, NULL },
	};
	json_t *rows = json_array();
	struct dir_user *list;
	size_t n;

	if (cli_directory(cli) == NULL) {
		json_decref(rows);
		return CLI_FAILED;
	}
	n = directory_users(cli_directory(cli), cli_arena(cli), &list);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(rows, entry_user_json(&list[i]));
	return cli_list(cli, rows, columns);
}

static int user_show(struct cli *cli)
{
	struct dir_user user;

	if (!entry_user(cli, cli_arg(cli, 0), &user))
		return CLI_FAILED;
	return cli_show(cli, entry_user_json(&user));
}

static int user_set(struct cli *cli)
{
	const char *name = cli_get(cli, "display-name");
	const char *upn = cli_get(cli, "upn");
	const char *account = cli_get(cli, "account");
	struct dir_user user;
	struct err err;

	if (!entry_user(cli, cli_arg(cli, 0), &user))
		return CLI_FAILED;
	if (!take_switch(cli, "admin", "no-admin", &user.is_admin) ||
	    !take_switch(cli, "disabled", "enabled", &user.disabled))
		return CLI_USAGE;
	take_addresses(cli, &user);
	user.account = account != NULL ? account : user.account;
	user.display_name = name != NULL ? name : user.display_name;
	user.upn = upn != NULL ? upn : user.upn;
	if (cli_get(cli, "object-id") != NULL)
		user.object_id = cli_get(cli, "object-id");
	if (!take_password(cli, &user))
		return CLI_FAILED;
	if (!directory_set_user(cli_directory(cli), &user, &err))
		return cli_fail(cli, &err);
	return set_recipient(cli, &user.guid);
}

static int user_remove(struct cli *cli)
{
	struct dir_user user;
	struct err err;

	if (!entry_user(cli, cli_arg(cli, 0), &user))
		return CLI_FAILED;
	if (!directory_remove_user(cli_directory(cli), &user.guid, &err))
		return cli_fail(cli, &err);
	return CLI_OK;
}

static const struct cli_option new_options[] = {
	{ "display-name", "NAME", "as others see it; default: the account",
	  false },
	{ "upn", "NAME", "user principal name; default: account@domain",
	  false },
	{ "address", "ADDRESS", "e-mail address, the primary one first; "
	  "default: the UPN", true },
	{ "admin", NULL, "an administrator of the organisation", false },
	{ "disabled", NULL, "may not log on", false },
	{ "object-id", "ID", "what bearer tokens name the user by (oid, sub); "
	  "default: the GUID", false },
	PEOPLE_NAME_OPTIONS, PEOPLE_ATTRIBUTE_OPTIONS,
	CLI_PASSWORD_OPTIONS,
	{ NULL, NULL, NULL, false },
};

static const struct cli_option set_options[] = {
	{ "account", "NAME", "a new account name", false },
	{ "display-name", "NAME", "as others see it", false },
	{ "upn", "NAME", "user principal name", false },
	{ "address", "ADDRESS", "all e-mail addresses anew, the primary one "
	  "first", true },
	{ "admin", NULL, "an administrator of the organisation", false },
	{ "no-admin", NULL, "no administrator any more", false },
	{ "disabled", NULL, "may not log on", false },
	{ "enabled", NULL, "may log on again", false },
	{ "object-id", "ID", "what bearer tokens name the user by (oid, sub)",
	  false },
	PEOPLE_NAME_OPTIONS, PEOPLE_ATTRIBUTE_OPTIONS,
	CLI_PASSWORD_OPTIONS,
	{ NULL, NULL, NULL, false },
};

const struct cli_command cmd_user[] = {
	{ "user", "new", "ACCOUNT", "Add a user.", new_options, 1, 1, false,
	  user_new },
	{ "user", "list", "", "List the users.", NULL, 0, 0, false,
	  user_list },
	{ "user", "show", "USER", "Show a user.", NULL, 1, 1, false,
	  user_show },
	{ "user", "set", "USER", "Change a user, or the password.",
	  set_options, 1, 1, false, user_set },
	{ "user", "remove", "USER", "Remove a user without a mailbox.", NULL,
	  1, 1, false, user_remove },
	{ .noun = NULL },
};
