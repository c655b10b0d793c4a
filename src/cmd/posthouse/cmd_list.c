/* SPDX-License-Identifier: Apache-2.0 */
/* "posthouse list": address lists. */
#include <string.h>
#include <strings.h>

#include "cmd/posthouse/commands.h"
#include "cmd/posthouse/people.h"

/* Its container by name; false: there is none. */
static bool find(const struct people *people, const char *name,
		 uint32_t *container, struct recipient_list *out)
{
	size_t n = recipients_containers(people->s);

	for (uint32_t i = CONTAINER_LISTS; i < n; i++)
		if (recipients_container(people->s, i, out) &&
		    strcasecmp(out->name, name) == 0) {
			*container = i;
			return true;
		}
	return false;
}

/* A list by name, its strings in the arena; false after saying why. */
static bool read_list(struct cli *cli, const char *name,
		      struct recipient_list *out)
{
	struct people people;
	uint32_t container;
	bool ok;

	if (!people_open(cli, &people))
		return false;
	ok = find(&people, name, &container, out);
	if (ok) {
		out->name = arena_strdup(cli_arena(cli), out->name);
		out->filter = arena_strdup(cli_arena(cli), out->filter);
	}
	people_close(&people);
	if (!ok)
		cli_failf(cli, "there is no address list %s", name);
	return ok;
}

static bool take_parent(struct cli *cli, struct guid *out)
{
	const char *under = cli_get(cli, "under");
	struct recipient_list parent;

	if (under == NULL)
		return true;
	if (*under == '\0') {
		*out = (struct guid){ { 0 } };
		return true;
	}
	if (!read_list(cli, under, &parent))
		return false;
	*out = parent.guid;
	return true;
}

static int list_new(struct cli *cli)
{
	struct recipient_list list = { .name = cli_arg(cli, 0),
				       .filter = cli_get(cli, "filter") };
	struct err err;

	if (list.filter == NULL)
		return cli_usage(cli, "--filter is missing: \"(l=Kiel)\"");
	if (cli_directory(cli) == NULL || !take_parent(cli, &list.parent))
		return CLI_FAILED;
	if (!directory_new_list(cli_directory(cli), &list, &err))
		return cli_fail(cli, &err);
	return CLI_OK;
}

static int list_set(struct cli *cli)
{
	const char *filter = cli_get(cli, "filter");
	const char *name = cli_get(cli, "name");
	struct recipient_list list;
	struct err err;

	if (!read_list(cli, cli_arg(cli, 0), &list) ||
	    !take_parent(cli, &list.parent))
		return CLI_FAILED;
	list.filter = filter != NULL ? filter : list.filter;
	list.name = name != NULL ? name : list.name;
	if (!directory_set_list(cli_directory(cli), &list, &err))
		return cli_fail(cli, &err);
	return CLI_OK;
}

static json_t *list_json(const struct people *people, uint32_t container,
			 bool members)
{
	struct recipients_view view = recipients_view(people->s, container,
		0x0409, SORT_DISPLAY_NAME);
	json_t *o = json_object(), *names = json_array();
	struct recipient_list list;

	recipients_container(people->s, container, &list);
	json_object_set_new(o, "name", json_string(list.name));
	json_object_set_new(o, "filter", json_string(list.filter));
	json_object_set_new(o, "count", json_integer(view.count));
	for (uint32_t i = 0; members && i < view.count; i++)
		json_array_append_new(names, json_string(recipient_text(
			recipients_slot(people->s, view.slots[i]),
			PID_TAG_ACCOUNT)));
	if (members)
		json_object_set(o, "members", names);
	json_decref(names);
	return o;
}

static int list_show(struct cli *cli)
{
	struct recipient_list list;
	struct people people;
	uint32_t container;
	json_t *o = NULL;

	if (!people_open(cli, &people))
		return CLI_FAILED;
	if (find(&people, cli_arg(cli, 0), &container, &list))
		o = list_json(&people, container, true);
	people_close(&people);
	return o != NULL ? cli_show(cli, o) : cli_failf(cli, "there is no "
		"address list %s", cli_arg(cli, 0));
}

/* Those that every organisation has as well. */
static int list_list(struct cli *cli)
{
	static const struct cli_column columns[] = {
		{ "name", "NAME" }, { "count", "RECIPIENTS" },
		{ "filter", "FILTER" }, { NULL, NULL },
	};
	json_t *rows = json_array();
	struct people people;

	if (!people_open(cli, &people)) {
		json_decref(rows);
		return CLI_FAILED;
	}
	for (uint32_t i = 0; i < recipients_containers(people.s); i++)
		json_array_append_new(rows, list_json(&people, i, false));
	people_close(&people);
	return cli_list(cli, rows, columns);
}

static int list_remove(struct cli *cli)
{
	struct recipient_list list;
	struct err err;

	if (!read_list(cli, cli_arg(cli, 0), &list))
		return CLI_FAILED;
	if (!directory_remove_list(cli_directory(cli), &list.guid, &err))
		return cli_fail(cli, &err);
	return CLI_OK;
}

#define OPTIONS \
	{ "filter", "FILTER", "who is in it, an LDAP filter: (l=Kiel)", \
	  false }, \
	{ "under", "LIST", "the list that it stands under", false }

static const struct cli_option new_options[] = {
	OPTIONS, { NULL, NULL, NULL, false },
};

static const struct cli_option set_options[] = {
	OPTIONS, { "name", "NAME", "a new name", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cmd_list[] = {
	{ "list", "new", "NAME", "Add an address list.", new_options, 1, 1,
	  false, list_new },
	{ "list", "list", "", "List the address lists.", NULL, 0, 0, false,
	  list_list },
	{ "list", "show", "NAME", "Show an address list and who is in it.",
	  NULL, 1, 1, false, list_show },
	{ "list", "set", "NAME", "Change an address list.", set_options, 1,
	  1, false, list_set },
	{ "list", "remove", "NAME", "Remove an address list.", NULL, 1, 1,
	  false, list_remove },
	{ .noun = NULL },
};
