/* SPDX-License-Identifier: Apache-2.0 */
/* "posthouse cmdlets": which there are, and links under their names. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/posthouse/cmdlets.h"
#include "cmd/posthouse/commands.h"

/* As administrators write it, too; names are the same in any case, but those
 * of files are not. */
static const char *const other_names[] = { "Set-MAPIVirtualDirectory", NULL };

static int cmdlets_list(struct cli *cli)
{
	static const struct cli_column columns[] = {
		{ "name", "NAME" }, { "summary", "SUMMARY" }, { NULL, NULL },
	};
	json_t *rows = json_array();

	for (size_t t = 0; cmdlet_tables[t] != NULL; t++)
		for (const struct cmdlet *c = cmdlet_tables[t];
		     c->name != NULL; c++)
			json_array_append_new(rows, json_pack("{s:s,s:s}",
				"name", c->name, "summary", c->summary));
	return cli_list(cli, rows, columns);
}

/* A link that is there already is replaced, anything else is not. */
static bool make_link(struct cli *cli, const char *self, const char *name)
{
	const char *path = arena_printf(cli_arena(cli), "%s/%s",
					cli_arg(cli, 0), name);
	char old[PATH_MAX];

	if (readlink(path, old, sizeof old) >= 0)
		unlink(path);
	if (symlink(self, path) == 0)
		return true;
	cli_failf(cli, "cannot make the link %s: %s", path, strerror(errno));
	return false;
}

static int cmdlets_link(struct cli *cli)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);

	if (len < 0)
		return cli_failf(cli, "cannot find this program: %s",
				 strerror(errno));
	self[len] = '\0';
	if (!cli_mkdir(cli, cli_arg(cli, 0)))
		return CLI_FAILED;
	for (size_t t = 0; cmdlet_tables[t] != NULL; t++)
		for (const struct cmdlet *c = cmdlet_tables[t];
		     c->name != NULL; c++)
			if (!make_link(cli, self, c->name))
				return CLI_FAILED;
	for (size_t i = 0; other_names[i] != NULL; i++)
		if (!make_link(cli, self, other_names[i]))
			return CLI_FAILED;
	return CLI_OK;
}

const struct cli_command cmd_cmdlets[] = {
	{ .noun = "cmdlets", .verb = "list", .args = "",
	  .summary = "List the cmdlets.", .no_config = true,
	  .run = cmdlets_list },
	{ .noun = "cmdlets", .verb = "link", .args = "FOLDER",
	  .summary = "Make links to this program under their names.",
	  .min_args = 1, .max_args = 1, .no_config = true,
	  .run = cmdlets_link },
	{ .noun = NULL },
};
