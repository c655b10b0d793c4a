/* SPDX-License-Identifier: Apache-2.0 */
/* Format-List and Format-Table: what came through a pipe, for people. */
#include <string.h>

#include "cmd/posthouse/cmdlet_impl.h"
#include "cmd/posthouse/cmdlets.h"

/* -Property as a list that ends in NULL; NULL: all. */
static const char *const *properties(struct cmdlet_call *call)
{
	const char *const *list;
	size_t n = cmdlet_list(call, "Property", &list);
	const char **out;

	if (n == 0)
		return NULL;
	out = arena_array(cmdlet_arena(call), n + 1, sizeof *out);
	memcpy(out, list, n * sizeof *out);
	return out;
}

static int format_list(struct cmdlet_call *call)
{
	json_t *input = cmdlet_input(call);

	if (input == NULL)
		return CLI_FAILED;
	cmdlet_print_list(cmdlet_arena(call), input, properties(call));
	json_decref(input);
	return CLI_OK;
}

static int format_table(struct cmdlet_call *call)
{
	static const char *const usual[] = { "Name", "Identity", "Server",
		"ServerName", "IISAuthenticationMethods",
		"AdminDisplayVersion", NULL };
	const char *const *names = properties(call);
	json_t *input = cmdlet_input(call);

	if (input == NULL)
		return CLI_FAILED;
	cmdlet_print_table(cmdlet_arena(call), input,
			   names != NULL ? names : usual);
	json_decref(input);
	return CLI_OK;
}

static const struct cmdlet_param params[] = {
	{ "Property", CMDLET_LIST, "<Object[]>", "which properties, parted by "
	  "commas, with * for anything in a name", false, true, NULL },
	{ .name = NULL },
};

const struct cmdlet cmdlets_format[] = {
	{ "Format-List", "Show the objects of a pipe as lists.", params,
	  CMDLET_LOCAL, NULL, "Get-MapiVirtualDirectory | Format-List "
	  "Identity, '*Methods'", format_list },
	{ "Format-Table", "Show the objects of a pipe as a table.", params,
	  CMDLET_LOCAL, NULL, "Get-MapiVirtualDirectory | Format-Table "
	  "Server, '*Url'", format_table },
	{ .name = NULL },
};
