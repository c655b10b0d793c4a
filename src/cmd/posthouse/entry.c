/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/posthouse/entry.h"

#include <string.h>

static bool missing(struct cli *cli, const char *what, const char *name,
		    const char *list)
{
	cli_failf(cli, "there is no %s \"%s\"; \"posthouse %s list\" shows "
		  "them", what, name, list);
	return false;
}

bool entry_server(struct cli *cli, const char *name, struct dir_server *out)
{
	struct directory *dir = cli_directory(cli);
	struct guid guid;

	if (dir == NULL)
		return false;
	return directory_server_named(dir, name, cli_arena(cli), out) ||
		(guid_parse(name, &guid) &&
		 directory_server(dir, &guid, cli_arena(cli), out)) ||
		missing(cli, "server", name, "server");
}

bool entry_database(struct cli *cli, const char *name,
		    struct dir_database *out)
{
	struct directory *dir = cli_directory(cli);
	struct guid guid;

	if (dir == NULL)
		return false;
	return directory_database_named(dir, name, cli_arena(cli), out) ||
		(guid_parse(name, &guid) &&
		 directory_database(dir, &guid, cli_arena(cli), out)) ||
		missing(cli, "mailbox database", name, "database");
}

bool entry_user(struct cli *cli, const char *name, struct dir_user *out)
{
	struct directory *dir = cli_directory(cli);
	struct guid guid;

	if (dir == NULL)
		return false;
	return directory_user_by_name(dir, name, cli_arena(cli), out) ||
		(guid_parse(name, &guid) &&
		 directory_user(dir, &guid, cli_arena(cli), out)) ||
		missing(cli, "user", name, "user");
}

bool entry_mailbox(struct cli *cli, const char *name,
		   struct dir_mailbox *out)
{
	struct directory *dir = cli_directory(cli);
	struct arena *arena = cli_arena(cli);
	struct dir_user user;
	struct guid guid;

	if (dir == NULL)
		return false;
	if (directory_user_by_name(dir, name, arena, &user)) {
		if (directory_mailbox(dir, &user.mailbox, arena, out))
			return true;
		cli_failf(cli, "the user %s has no mailbox; make one with "
			  "\"posthouse mailbox new %s\"", user.account,
			  user.account);
		return false;
	}
	return (guid_parse(name, &guid) &&
		directory_mailbox(dir, &guid, arena, out)) ||
		missing(cli, "mailbox", name, "mailbox");
}

const char *entry_url(struct cli *cli, const struct dir_mailbox *m)
{
	const char *domain = strchr(m->address, '@');
	char guid[GUID_TEXT_SIZE];
	const char *base;
	struct dir_vdir v;

	/* Without an internal URL: where it would be by default. */
	base = directory_vdir(cli_directory(cli), &m->server, false,
			      cli_arena(cli), &v) &&
		v.internal_url[0] != '\0' ? v.internal_url :
		arena_printf(cli_arena(cli), "https://%s/mapi",
			     m->server_fqdn);
	guid_format(&m->guid, guid);
	return arena_printf(cli_arena(cli), "%s/emsmdb/?MailboxId=%s%s", base,
			    guid, domain != NULL ? domain : "");
}

bool entry_endpoint(struct cli *cli, const char *name, const char **url,
		    const char **user_dn)
{
	struct dir_mailbox m;

	if (cli_config(cli) == NULL) {
		cli_failf(cli, "without --config there is no directory to "
			  "look %s up in: give --url and --user-dn", name);
		return false;
	}
	if (!entry_mailbox(cli, name, &m))
		return false;
	if (*user_dn == NULL)
		*user_dn = m.legacy_dn;
	if (*url == NULL)
		*url = entry_url(cli, &m);
	return true;
}

/* JSON ----------------------------------------------------------------- */

static json_t *guid_json(const struct guid *guid)
{
	char text[GUID_TEXT_SIZE];

	if (guid_is_null(guid))
		return json_null();
	guid_format(guid, text);
	return json_string(text);
}

json_t *entry_server_json(const struct dir_server *s)
{
	json_t *roles = json_array();

	if (s->roles & DIR_ROLE_MAILBOX)
		json_array_append_new(roles, json_string("mailbox"));
	if (s->roles & DIR_ROLE_FRONTEND)
		json_array_append_new(roles, json_string("frontend"));
	return json_pack("{s:s,s:s,s:s,s:o,s:s,s:s,s:b,s:o}", "name", s->name,
			 "fqdn", s->fqdn, "site", s->site, "roles", roles,
			 "make", s->make, "version", s->version,
			 "has_assertion_key", s->assertion_key != NULL,
			 "guid", guid_json(&s->guid));
}

json_t *entry_database_json(struct cli *cli, const struct dir_database *d)
{
	struct dir_server server = { .name = "" };

	directory_server(cli_directory(cli), &d->server, cli_arena(cli),
			 &server);
	return json_pack("{s:s,s:s,s:s,s:o}", "name", d->name, "server",
			 server.name, "path", d->path, "guid",
			 guid_json(&d->guid));
}

json_t *entry_user_json(const struct dir_user *u)
{
	json_t *addresses = json_array();

	for (size_t i = 0; i < u->address_count; i++)
		json_array_append_new(addresses,
				      json_string(u->addresses[i]));
	return json_pack("{s:s,s:s,s:s,s:o,s:b,s:b,s:b,s:o,s:s,s:s,s:o}",
			 "account", u->account, "display_name",
			 u->display_name, "upn", u->upn, "addresses",
			 addresses, "is_admin", u->is_admin, "disabled",
			 u->disabled, "has_password", u->password[0] != '\0',
			 "mailbox", guid_json(&u->mailbox), "legacy_dn",
			 u->legacy_dn, "object_id", u->object_id, "guid",
			 guid_json(&u->guid));
}

json_t *entry_mailbox_json(const struct dir_mailbox *m)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:I,s:b,s:I,s:I,s:I,s:s,s:o}",
			 "address", m->address, "display_name",
			 m->display_name, "database", m->database_name,
			 "server", m->server_fqdn, "lcid",
			 (json_int_t)m->lcid, "disabled", m->disabled,
			 "quota_warn", (json_int_t)m->quota.warn,
			 "quota_no_send", (json_int_t)m->quota.no_send,
			 "quota_no_receive", (json_int_t)m->quota.no_receive,
			 "path", m->path, "guid", guid_json(&m->guid));
}
