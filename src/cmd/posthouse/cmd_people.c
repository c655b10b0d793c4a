/* SPDX-License-Identifier: Apache-2.0 */
/* "posthouse group", "contact", "room" and "recipient". */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/posthouse/commands.h"
#include "cmd/posthouse/people.h"

/* A recipient of a database as its command changes it. */
static void take_addresses(struct cli *cli, struct dir_recipient *r)
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
	r->addresses = list;
	r->address_count = n;
}

/* The one that the first argument names, of one of the kinds; false after
 * saying why. */
static bool find(struct cli *cli, unsigned kinds, struct dir_recipient *out)
{
	const char *name = cli_arg(cli, 0);
	const struct recipient *r;
	struct people people;

	if (!people_open(cli, &people))
		return false;
	r = people_find(&people, name);
	if (r != NULL && (kinds >> r->kind & 1) != 0)
		people_read(cli, r, out);
	else
		r = NULL;
	people_close(&people);
	if (r == NULL)
		cli_failf(cli, "there is no such recipient: %s", name);
	return r != NULL;
}

static int make(struct cli *cli, enum recipient_kind kind)
{
	struct dir_recipient r = { .kind = kind, .alias = cli_arg(cli, 0),
		.display_name = cli_get(cli, "display-name"),
		.filter = cli_get(cli, "filter"),
		.hidden = cli_flag(cli, "hidden") };
	struct err err;

	take_addresses(cli, &r);
	if (cli_directory(cli) == NULL)
		return CLI_FAILED;
	if (!directory_new_recipient(cli_directory(cli), &r, &err))
		return cli_fail(cli, &err);
	return people_apply(cli, &r.guid);
}

static int change(struct cli *cli, unsigned kinds)
{
	const char *name = cli_get(cli, "display-name");
	const char *alias = cli_get(cli, "alias");
	const char *filter = cli_get(cli, "filter");
	struct dir_recipient r;
	struct err err;

	if (!find(cli, kinds, &r))
		return CLI_FAILED;
	take_addresses(cli, &r);
	r.display_name = name != NULL ? name : r.display_name;
	r.alias = alias != NULL ? alias : r.alias;
	r.filter = filter != NULL ? filter : r.filter;
	r.hidden = cli_flag(cli, "hidden") ||
		(r.hidden && !cli_flag(cli, "shown"));
	if (!directory_set_recipient(cli_directory(cli), &r, &err))
		return cli_fail(cli, &err);
	return people_apply(cli, &r.guid);
}

static int show(struct cli *cli, unsigned kinds)
{
	const char *name = cli_arg(cli, 0);
	const struct recipient *r;
	json_t *o = NULL;
	struct people people;

	if (!people_open(cli, &people))
		return CLI_FAILED;
	r = people_find(&people, name);
	if (r != NULL && (kinds >> r->kind & 1) != 0)
		o = people_json(&people, r);
	people_close(&people);
	return o != NULL ? cli_show(cli, o) :
		cli_failf(cli, "there is no such recipient: %s", name);
}

static int list(struct cli *cli, unsigned kinds)
{
	static const struct cli_column columns[] = {
		{ "mailNickname", "ALIAS" }, { "displayName", "NAME" },
		{ "kind", "KIND" }, { "mail", "ADDRESS" },
		{ "hidden", "HIDDEN" }, { NULL, NULL },
	};
	json_t *rows = json_array();
	struct recipients_view view;
	struct people people;
	const struct recipient *r;

	if (!people_open(cli, &people)) {
		json_decref(rows);
		return CLI_FAILED;
	}
	/* In their order, then those that are in no view. */
	view = recipients_view(people.s, CONTAINER_GAL, 0x0409,
			       SORT_DISPLAY_NAME);
	for (uint32_t i = 0; i < view.count; i++) {
		r = recipients_slot(people.s, view.slots[i]);
		if ((kinds >> r->kind & 1) != 0)
			json_array_append_new(rows, people_json(&people, r));
	}
	for (uint32_t i = 0; i < recipients_slots(people.s); i++) {
		r = recipients_slot(people.s, i);
		if (r != NULL && r->hidden && (kinds >> r->kind & 1) != 0)
			json_array_append_new(rows, people_json(&people, r));
	}
	people_close(&people);
	return cli_list(cli, rows, columns);
}

static int take_out(struct cli *cli, unsigned kinds)
{
	struct dir_recipient r;
	struct err err;

	if (!find(cli, kinds, &r))
		return CLI_FAILED;
	if (!directory_remove_recipient(cli_directory(cli), &r.guid, &err))
		return cli_fail(cli, &err);
	return CLI_OK;
}

/* --- The nouns -------------------------------------------------------- */

enum {
	GROUPS = 1 << RECIPIENT_GROUP | 1 << RECIPIENT_DYNAMIC_GROUP,
	CONTACTS = 1 << RECIPIENT_CONTACT,
	ROOMS = 1 << RECIPIENT_ROOM | 1 << RECIPIENT_EQUIPMENT,
	OTHERS = ~(1 << RECIPIENT_MAILBOX), ALL = ~0,
};

#define VERBS(noun, kinds) \
static int noun##_set(struct cli *cli) { return change(cli, kinds); } \
static int noun##_show(struct cli *cli) { return show(cli, kinds); } \
static int noun##_list(struct cli *cli) { return list(cli, kinds); } \
static int noun##_remove(struct cli *cli) { return take_out(cli, kinds); }
VERBS(group, GROUPS)
VERBS(contact, CONTACTS)
VERBS(room, ROOMS)
#undef VERBS

static int group_new(struct cli *cli)
{
	return make(cli, cli_get(cli, "filter") != NULL ?
		    RECIPIENT_DYNAMIC_GROUP : RECIPIENT_GROUP);
}

static int contact_new(struct cli *cli)
{
	return make(cli, RECIPIENT_CONTACT);
}

static int room_new(struct cli *cli)
{
	return make(cli, cli_flag(cli, "equipment") ? RECIPIENT_EQUIPMENT :
		    RECIPIENT_ROOM);
}

static int recipient_new(struct cli *cli)
{
	const char *name = cli_get(cli, "kind");
	enum recipient_kind kind;

	if (name == NULL || !recipient_kind_parse(name, &kind))
		return cli_usage(cli, "--kind is group, \"dynamic group\", "
				 "contact, \"public folder\", agent, room or "
				 "equipment");
	return make(cli, kind);
}

static int recipient_list_all(struct cli *cli)
{
	return list(cli, (unsigned)ALL);
}

static int recipient_show(struct cli *cli)
{
	return show(cli, (unsigned)ALL);
}

static int recipient_set(struct cli *cli)
{
	return change(cli, (unsigned)OTHERS);
}

static int recipient_remove(struct cli *cli)
{
	return take_out(cli, (unsigned)OTHERS);
}

#define COMMON \
	{ "display-name", "NAME", "as others see it; default: the alias", \
	  false }, \
	{ "address", "ADDRESS", "e-mail address, the primary one first", \
	  true }
#define END { NULL, NULL, NULL, false }
#define RENAME { "alias", "ALIAS", "a new alias", false }

static const struct cli_option group_options[] = {
	COMMON, RENAME,
	{ "member", "RECIPIENT", "one more member", true },
	{ "remove-member", "RECIPIENT", "one member less", true },
	{ "owner", "RECIPIENT", "who may change its members", true },
	{ "filter", "FILTER", "a dynamic group of those that an LDAP filter "
	  "names: (department=Sales)", false },
	PEOPLE_ATTRIBUTE_OPTIONS, END
};

static const struct cli_option contact_options[] = {
	COMMON, RENAME, PEOPLE_NAME_OPTIONS, PEOPLE_ATTRIBUTE_OPTIONS, END
};

static const struct cli_option room_options[] = {
	COMMON, RENAME,
	{ "capacity", "N", "how many it holds", false },
	{ "room-description", "TEXT", "what it has", false },
	{ "office", "TEXT", "where it is", false },
	{ "equipment", NULL, "no room, but something to be booked", false },
	PEOPLE_ATTRIBUTE_OPTIONS, END
};

static const struct cli_option recipient_options[] = {
	COMMON, RENAME,
	{ "kind", "KIND", "group, \"dynamic group\", contact, \"public "
	  "folder\", agent, room or equipment", false },
	{ "filter", "FILTER", "of a dynamic group", false },
	PEOPLE_NAME_OPTIONS, PEOPLE_ATTRIBUTE_OPTIONS, END
};

#define NOUN(noun, what, options) \
	{ #noun, "new", "ALIAS", "Add " what ".", options, 1, 1, false, \
	  noun##_new }, \
	{ #noun, "list", "", "List them.", NULL, 0, 0, false, \
	  noun##_list }, \
	{ #noun, "show", "ALIAS", "Show " what ".", NULL, 1, 1, false, \
	  noun##_show }, \
	{ #noun, "set", "ALIAS", "Change " what ".", options, 1, 1, false, \
	  noun##_set }, \
	{ #noun, "remove", "ALIAS", "Remove " what ".", NULL, 1, 1, false, \
	  noun##_remove }

const struct cli_command cmd_people[] = {
	NOUN(group, "a distribution list", group_options),
	NOUN(contact, "a mail contact", contact_options),
	NOUN(room, "a room, or equipment", room_options),
	{ "recipient", "new", "ALIAS", "Add a recipient of any kind.",
	  recipient_options, 1, 1, false, recipient_new },
	{ "recipient", "list", "", "List all recipients, users too.", NULL,
	  0, 0, false, recipient_list_all },
	{ "recipient", "show", "ALIAS", "Show a recipient.", NULL, 1, 1,
	  false, recipient_show },
	{ "recipient", "set", "ALIAS", "Change a recipient that is no user.",
	  recipient_options, 1, 1, false, recipient_set },
	{ "recipient", "remove", "ALIAS", "Remove one that is no user.",
	  NULL, 1, 1, false, recipient_remove },
	{ .noun = NULL },
};
