/* SPDX-License-Identifier: Apache-2.0 */
/* Search-AdminAuditLog, and the same as "posthouse changes list". */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "cmd/posthouse/cmdlet_object.h"
#include "cmd/posthouse/cmdlets.h"
#include "cmd/posthouse/commands.h"
#include "directory/audit.h"

/* What was recorded ---------------------------------------------------- */

static json_t *value_json(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

static json_t *properties_json(const struct dir_change *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->property_count; i++) {
		const struct dir_property_change *p = &c->properties[i];

		json_array_append_new(list, json_pack("{s:s,s:o,s:o}", "Name",
			p->name, "OldValue", value_json(p->before),
			"NewValue", value_json(p->after)));
	}
	return list;
}

static json_t *change_json(const struct dir_change *c)
{
	return json_pack("{s:o,s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:b,s:I}",
			 "RunDate", object_time(c->when), "Caller", c->who,
			 "CmdletName", c->cmdlet, "Operation", c->operation,
			 "ObjectClass", c->object_class, "ObjectModified",
			 c->object, "ObjectGuid", object_guid(&c->guid),
			 "ModifiedProperties", properties_json(c),
			 "Succeeded", true, "Id", (json_int_t)c->id);
}

/*
 * "2026-11-22", "2026-11-22 13:00", "2026-11-22T13:00:00" in local time, with
 * a Z in UTC.  days: what a date without a time stands for.
 */
static bool parse_time(const char *text, int days, uint64_t *out)
{
	static const char *const forms[] = { "%Y-%m-%dT%H:%M:%S",
		"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M",
		"%Y-%m-%d" };

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *end = strptime(text, forms[i], &tm);
		bool utc = end != NULL && strcmp(end, "Z") == 0;
		time_t t;

		if (end == NULL || (*end != '\0' && !utc))
			continue;
		if (strlen(forms[i]) == strlen("%Y-%m-%d"))
			tm.tm_mday += days;
		t = utc ? timegm(&tm) : mktime(&tm);
		if (t == (time_t)-1)
			return false;
		*out = filetime_from_unix(t);
		return true;
	}
	return false;
}

static bool one_of(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (cmdlet_like(list[i], s))
			return true;
	return list == NULL;
}

/* Search-AdminAuditLog ------------------------------------------------- */

static bool take_time(struct cmdlet_call *call, const char *param, int days,
		      uint64_t *out)
{
	const char *text = cmdlet_text(call, param);

	if (text == NULL || parse_time(text, days, out))
		return true;
	cmdlet_error(call, "Cannot process argument transformation on "
		     "parameter '%s'. Cannot convert value \"%s\" to type "
		     "\"ExDateTime\": write one such as 2026-11-22 or "
		     "2026-11-22T13:00:00.", param, text);
	return false;
}

static bool take_size(struct cmdlet_call *call, size_t *out)
{
	const char *text = cmdlet_text(call, "ResultSize");
	char *end;

	*out = 1000;
	if (text == NULL)
		return true;
	if (strcasecmp(text, "Unlimited") == 0) {
		*out = SIZE_MAX;
		return true;
	}
	*out = strtoul(text, &end, 10);
	if (*end == '\0' && *out > 0 && text[0] >= '0' && text[0] <= '9')
		return true;
	cmdlet_error(call, "Cannot process argument transformation on "
		     "parameter 'ResultSize'. Cannot convert value \"%s\": "
		     "write a number or Unlimited.", text);
	return false;
}

/* The newest that match, in order of time. */
static void put_matches(struct cmdlet_call *call,
			const struct dir_change *list, size_t n, size_t limit)
{
	const char *const *cmdlets, *const *objects, *const *users;
	size_t n_cmdlets = cmdlet_list(call, "Cmdlets", &cmdlets);
	size_t n_objects = cmdlet_list(call, "ObjectIds", &objects);
	size_t n_users = cmdlet_list(call, "UserIds", &users);
	size_t *keep = arena_array(cmdlet_arena(call), n, sizeof *keep);
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (one_of(list[i].cmdlet, cmdlets, n_cmdlets) &&
		    one_of(list[i].object, objects, n_objects) &&
		    one_of(list[i].who, users, n_users))
			keep[kept++] = i;
	for (size_t i = kept > limit ? kept - limit : 0; i < kept; i++)
		cmdlet_put(call, change_json(&list[keep[i]]));
}

static int search_audit_log(struct cmdlet_call *call)
{
	struct directory *dir = cli_directory(cmdlet_cli(call));
	struct dir_change_filter filter = { .from = 0 };
	struct dir_change *list;
	size_t n, limit;
	struct err err;

	if (dir == NULL ||
	    !take_time(call, "StartDate", 0, &filter.from) ||
	    !take_time(call, "EndDate", 1, &filter.until) ||
	    !take_size(call, &limit))
		return CLI_FAILED;
	if (!directory_changes(dir, &filter, cmdlet_arena(call), &list, &n,
			       &err))
		return cmdlet_error(call, "%s", err.text);
	put_matches(call, list, n, limit);
	return CLI_OK;
}

static const struct cmdlet_param search_params[] = {
	{ "StartDate", CMDLET_TEXT, "<ExDateTime>", "from this time on: "
	  "2026-11-22, or with T13:00:00 for an hour, Z for UTC", false,
	  false, NULL },
	{ "EndDate", CMDLET_TEXT, "<ExDateTime>", "up to this time; a date "
	  "means its end", false, false, NULL },
	{ "Cmdlets", CMDLET_LIST, "<MultiValuedProperty>", "made with these, "
	  "with * for anything", false, false, NULL },
	{ "ObjectIds", CMDLET_LIST, "<MultiValuedProperty>", "of these "
	  "objects, with * for anything", false, false, NULL },
	{ "UserIds", CMDLET_LIST, "<MultiValuedProperty>", "made by these",
	  false, false, NULL },
	{ "ResultSize", CMDLET_TEXT, "<Int32>", "the newest so many: 1000, a "
	  "number or Unlimited", false, false, NULL },
	{ .name = NULL },
};

const struct cmdlet cmdlets_audit[] = {
	{ "Search-AdminAuditLog", "Show who changed what in the organisation.",
	  search_params, 0, NULL, "Search-AdminAuditLog -Cmdlets "
	  "Set-MapiVirtualDirectory -StartDate 2026-11-22",
	  search_audit_log },
	{ .name = NULL },
};

/* posthouse changes list ----------------------------------------------- */

static bool changes_filter(struct cli *cli, struct dir_change_filter *out)
{
	const char *since = cli_get(cli, "since");
	uint64_t limit = 100;

	if (!cli_number(cli, "limit", 0, 1000000000, &limit))
		return false;
	*out = (struct dir_change_filter){ .who = cli_get(cli, "by"),
		.object = cli_get(cli, "object"), .limit = (size_t)limit };
	if (since == NULL || parse_time(since, 0, &out->from))
		return true;
	cli_usage(cli, "--since is \"%s\"; write a date such as 2026-11-22 or "
		  "2026-11-22T13:00:00", since);
	return false;
}

/* One row a change, for people: what became of what. */
static json_t *change_row(struct cli *cli, const struct dir_change *c)
{
	json_t *row = change_json(c);
	char *text = arena_strdup(cli_arena(cli), "");

	if (cli_json(cli))
		return row;
	for (size_t i = 0; i < c->property_count; i++) {
		const struct dir_property_change *p = &c->properties[i];

		text = arena_printf(cli_arena(cli), "%s%s%s: %s%s%s", text,
			i > 0 ? "; " : "", p->name,
			p->before != NULL ? p->before : "",
			p->before != NULL ? " -> " : "",
			p->after != NULL ? p->after : "(none)");
	}
	json_object_set_new(row, "text", json_string(text));
	return row;
}

static int changes_list(struct cli *cli)
{
	static const struct cli_column columns[] = {
		{ "RunDate", "WHEN" }, { "Caller", "WHO" },
		{ "CmdletName", "WITH" }, { "Operation", "WHAT" },
		{ "ObjectModified", "OBJECT" }, { "text", "CHANGES" },
		{ NULL, NULL },
	};
	struct dir_change_filter filter;
	struct dir_change *list;
	json_t *rows;
	struct err err;
	size_t n;

	if (!changes_filter(cli, &filter))
		return CLI_USAGE;
	if (cli_directory(cli) == NULL)
		return CLI_FAILED;
	if (!directory_changes(cli_directory(cli), &filter, cli_arena(cli),
			       &list, &n, &err))
		return cli_fail(cli, &err);
	rows = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(rows, change_row(cli, &list[i]));
	return cli_list(cli, rows, columns);
}

static const struct cli_option changes_options[] = {
	{ "since", "TIME", "from this time on: 2026-11-22, or with T13:00:00",
	  false },
	{ "by", "NAME", "made by this person", false },
	{ "object", "NAME", "of this object, with * for anything", false },
	{ "limit", "N", "the newest so many; default: 100, 0: all", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cmd_changes[] = {
	{ "changes", "list", "", "List who changed what in the organisation.",
	  changes_options, 0, 0, false, changes_list },
	{ .noun = NULL },
};
