/* SPDX-License-Identifier: Apache-2.0 */
/* "posthouse ldap": the mirror of an LDAP directory. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cmd/posthouse/commands.h"
#include "directory/ldap_settings.h"

/* Settings and connection of a command; NULL after saying why. */
static struct ldap_sync *open_sync(struct cli *cli, struct ldap_config *ldap)
{
	struct err err;

	if (ldap_settings(cli_config(cli), cli_arena(cli), ldap, &err))
		return ldap_sync_new(ldap);
	cli_fail(cli, &err);
	return NULL;
}

static const char *time_text(struct cli *cli, int64_t when)
{
	time_t t = (time_t)when;
	char text[32];
	struct tm tm;

	if (when == 0)
		return "never";
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
	return arena_strdup(cli_arena(cli), text);
}

/* How old what we know is: from the last pass that went well. */
static int run_status(struct cli *cli)
{
	struct directory *dir = cli_directory(cli);
	struct mirror_state s;
	struct err err;
	json_t *out;

	if (dir == NULL)
		return CLI_FAILED;
	if (!mirror_state(dir, cli_arena(cli), &s, &err))
		return cli_fail(cli, &err);
	out = json_pack("{s:I, s:s, s:s, s:s, s:s, s:s}",
			"objects", (json_int_t)s.objects,
			"synchronised", time_text(cli, s.synchronised),
			"full", time_text(cli, s.full),
			"tried", time_text(cli, s.tried), "source", s.source,
			"error", s.error);
	if (s.synchronised != 0)
		json_object_set_new(out, "age_seconds", json_integer(
			(json_int_t)(time(NULL) - (time_t)s.synchronised)));
	cli_show(cli, out);
	return *s.error == '\0' ? CLI_OK : CLI_FAILED;
}

static void say_skipped(void *ctx, const char *text)
{
	fprintf(stderr, "skipped: %s\n", text);
}

static int run_sync(struct cli *cli)
{
	struct directory *dir = cli_directory(cli);
	struct ldap_result r;
	struct ldap_config ldap;
	struct ldap_sync *sync;
	struct err err;
	bool ok;

	if (dir == NULL)
		return CLI_FAILED;
	sync = open_sync(cli, &ldap);
	if (sync == NULL)
		return CLI_FAILED;
	ok = ldap_sync_pass(sync, dir, cli_flag(cli, "full"), say_skipped,
			    cli, &r, &err);
	if (ok)
		cli_show(cli, json_pack("{s:s, s:b, s:I, s:I, s:I, s:I}",
			"server", r.server, "full", (int)r.full,
			"seen", (json_int_t)r.counts.seen,
			"written", (json_int_t)r.counts.written,
			"removed", (json_int_t)r.counts.removed,
			"skipped", (json_int_t)r.counts.skipped));
	ldap_sync_free(sync);
	return ok ? CLI_OK : cli_fail(cli, &err);
}

static void collect_seen(void *ctx, const struct mirror_object *o,
			 const char *why)
{
	const char *kind = why != NULL ? "skipped" : o->is_user ? "user" :
		recipient_kind_name(o->kind);

	json_array_append_new(ctx, json_pack("{s:s, s:s, s:s, s:s, s:s}",
		"kind", kind, "account", o->account != NULL ? o->account : "",
		"address", o->address_count > 0 ? o->addresses[0] : "",
		"mailbox", why == NULL && o->has_mailbox ?
		*o->database != '\0' ? o->database : "(first)" : "-",
		"name", why != NULL ? why : o->name));
}

static int run_look(struct cli *cli)
{
	static const struct cli_column columns[] = {
		{ "kind", "KIND" }, { "account", "ACCOUNT" },
		{ "address", "ADDRESS" }, { "mailbox", "DATABASE" },
		{ "name", "NAME" }, { NULL, NULL } };
	json_t *rows = json_array();
	struct ldap_config ldap;
	struct ldap_sync *sync;
	uint64_t max = 20;
	struct err err;
	bool ok;

	if (!cli_number(cli, "max", 1, 100000, &max))
		return CLI_USAGE;
	sync = open_sync(cli, &ldap);
	if (sync == NULL)
		return CLI_FAILED;
	ok = ldap_sync_look(sync, (unsigned)max, collect_seen, rows, &err);
	ldap_sync_free(sync);
	if (ok)
		return cli_list(cli, rows, columns);
	json_decref(rows);
	return cli_fail(cli, &err);
}

static const struct cli_option sync_options[] = {
	{ "full", NULL, "read everything, not what has changed", false },
	{ NULL, NULL, NULL, false }
};

static const struct cli_option look_options[] = {
	{ "max", "N", "how many (default: 20)", false },
	{ NULL, NULL, NULL, false }
};

const struct cli_command cmd_ldap[] = {
	{ "ldap", "status", "", "Say how old the mirror of the LDAP directory "
	  "is, and what was wrong.", NULL, 0, 0, false, run_status },
	{ "ldap", "look", "", "Read some objects and show what they would "
	  "become.", look_options, 0, 0, false, run_look },
	{ "ldap", "sync", "", "Bring the mirror up to date now.",
	  sync_options, 0, 0, false, run_sync },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, false, NULL }
};
