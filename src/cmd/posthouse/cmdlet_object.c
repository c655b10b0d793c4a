/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/posthouse/cmdlet_object.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"

/* Values --------------------------------------------------------------- */

json_t *object_text(const char *text)
{
	return *text != '\0' ? json_string(text) : json_null();
}

json_t *object_guid(const struct guid *guid)
{
	char text[GUID_TEXT_SIZE];

	if (guid_is_null(guid))
		return json_null();
	guid_format(guid, text);
	return json_string(text);
}

json_t *object_time(uint64_t filetime)
{
	char text[ISO_DATE_SIZE];

	iso_date_format(filetime, text);
	strcpy(text + strlen("2026-11-22T13:04:53"), "Z");
	return json_string(text);
}

json_t *object_methods(unsigned methods)
{
	json_t *list = json_array();
	enum dir_method m;

	for (size_t i = 0; (m = dir_method_at(i)) != 0; i++)
		if (methods & m)
			json_array_append_new(list,
					      json_string(dir_method_name(m)));
	return list;
}

static json_t *ep_flags(unsigned flags)
{
	json_t *list = json_array();

	for (unsigned bit = 1; bit <= DIR_EP_FLAGS_ALL; bit <<= 1)
		if (flags & bit)
			json_array_append_new(list, json_string(
				dir_ep_flag_name((enum dir_ep_flag)bit)));
	return list;
}

static json_t *texts(const char *const *list, size_t n)
{
	json_t *out = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(out, json_string(list[i]));
	return out;
}

/* Exchange's classes; also what tells objects of a pipe apart. */
static json_t *class_of(const char *a, const char *b, const char *c)
{
	return json_pack("[s,s,s,s*]", "top", a, b, c);
}

/* Virtual directories -------------------------------------------------- */

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

json_t *object_vdir(struct arena *arena, const struct dir_vdir *v)
{
	unsigned external = dir_vdir_external_methods(v);
	json_t *o = json_object();

	set(o, "IISAuthenticationMethods", object_methods(v->methods));
	if (v->back_end)
		set(o, "IISAuthenticationMethodsInherited",
		    json_boolean(v->methods_inherited));
	set(o, "ExtendedProtectionTokenChecking",
	    json_string(dir_ep_name(v->ep_checking)));
	set(o, "ExtendedProtectionFlags", ep_flags(v->ep_flags));
	set(o, "ExtendedProtectionSPNList",
	    texts(v->ep_spns, v->ep_spn_count));
	set(o, "AdminDisplayVersion", object_text(v->server_version));
	set(o, "Server", json_string(v->server_name));
	set(o, "InternalUrl", object_text(v->internal_url));
	set(o, "InternalAuthenticationMethods",
	    object_methods(dir_vdir_internal_methods(v)));
	set(o, "ExternalUrl", object_text(v->external_url));
	set(o, "ExternalAuthenticationMethods",
	    external != 0 ? object_methods(external) : json_null());
	set(o, "Name", json_string(arena_printf(arena, "%s (%s)", v->name,
						v->website)));
	set(o, "Identity", json_string(v->identity));
	set(o, "Guid", object_guid(&v->guid));
	set(o, "ObjectClass", class_of("msExchVirtualDirectory",
				       "msExchMapiVirtualDirectory", NULL));
	set(o, "WhenChanged", object_time(v->when_changed));
	set(o, "WhenCreated", object_time(v->when_created));
	return o;
}

/* How much of an identity is the server's: up to the backslash. */
static const char *rest_of(const char *identity, size_t *server_len)
{
	size_t len = strcspn(identity, "\\/");

	*server_len = identity[len] != '\0' ? len : 0;
	return identity[len] != '\0' ? identity + len + 1 : identity;
}

static bool is_server(const struct dir_vdir *v, const char *name, size_t len)
{
	char text[512];

	if (len >= sizeof text)
		return false;
	memcpy(text, name, len);
	text[len] = '\0';
	return len == 0 || cmdlet_like(text, v->server_name);
}

static bool matches(const struct dir_vdir *v, const char *identity, bool all)
{
	char name[1024];
	struct guid guid;
	size_t len;
	const char *rest;

	if (guid_parse(identity, &guid))
		return guid_equal(&guid, &v->guid);
	rest = rest_of(identity, &len);
	if (!is_server(v, identity, len))
		return false;
	snprintf(name, sizeof name, "%s (%s)", v->name, v->website);
	/* Its own web site names it; "mapi*" means the front end. */
	if (strchr(rest, '(') != NULL)
		return cmdlet_like(rest, name);
	return (all || !v->back_end) &&
		(cmdlet_like(rest, name) || cmdlet_like(rest, v->name));
}

size_t match_vdirs(const struct dir_vdir *vdirs, size_t count,
		   const char *identity, bool all, struct dir_vdir *list,
		   size_t n)
{
	for (size_t i = 0; i < count; i++)
		if (matches(&vdirs[i], identity, all))
			list[n++] = vdirs[i];
	return n;
}

/* Servers, databases, mailboxes ---------------------------------------- */

int no_such_object(struct cmdlet_call *call, const char *name,
		   const char *list)
{
	return cmdlet_error(call, "The operation couldn't be performed "
			    "because object '%s' couldn't be found. %s lists "
			    "what there is.", name, list);
}

bool find_server(struct cmdlet_call *call, const char *name,
		 struct dir_server *out)
{
	struct directory *dir = cli_directory(cmdlet_cli(call));
	struct guid guid;

	if (dir == NULL)
		return false;
	if (directory_server_named(dir, name, cmdlet_arena(call), out) ||
	    (guid_parse(name, &guid) &&
	     directory_server(dir, &guid, cmdlet_arena(call), out)))
		return true;
	no_such_object(call, name, "Get-ExchangeServer");
	return false;
}

json_t *object_server(struct cmdlet_call *call, const struct dir_server *s)
{
	struct directory *dir = cli_directory(cmdlet_cli(call));
	struct dir_org org;
	json_t *o = json_object();

	directory_org(dir, cmdlet_arena(call), &org);
	set(o, "Name", json_string(s->name));
	set(o, "Fqdn", json_string(s->fqdn));
	set(o, "Site", json_string(s->site));
	set(o, "ServerRole", json_string(
		s->roles == DIR_ROLES_ALL ? "Mailbox, ClientAccess" :
		s->roles == DIR_ROLE_MAILBOX ? "Mailbox" : "ClientAccess"));
	set(o, "AdminDisplayVersion", object_text(s->version));
	set(o, "Make", json_string(s->make));
	set(o, "IsClientAccessServer",
	    json_boolean(s->roles & DIR_ROLE_FRONTEND));
	set(o, "IsMailboxServer", json_boolean(s->roles & DIR_ROLE_MAILBOX));
	set(o, "ExchangeLegacyDN", json_string(directory_server_dn(
		cmdlet_arena(call), org.name, s->name)));
	set(o, "ObjectClass", class_of("server", "msExchExchangeServer",
				       NULL));
	set(o, "Identity", json_string(s->name));
	set(o, "Guid", object_guid(&s->guid));
	return o;
}

static const char *server_name(struct cmdlet_call *call,
			       const struct guid *guid)
{
	struct dir_server s;

	return directory_server(cli_directory(cmdlet_cli(call)), guid,
				cmdlet_arena(call), &s) ? s.name : "";
}

json_t *object_database(struct cmdlet_call *call,
			const struct dir_database *db)
{
	const char *server = server_name(call, &db->server);
	json_t *o = json_object();

	set(o, "Name", json_string(db->name));
	set(o, "Server", json_string(server));
	set(o, "MountedOnServer", json_string(server));
	set(o, "EdbFilePath", json_string(db->path));
	set(o, "ObjectClass", class_of("msExchMDB", "msExchPrivateMDB",
				       NULL));
	set(o, "Identity", json_string(db->name));
	set(o, "Guid", object_guid(&db->guid));
	return o;
}

/* Quotas are shown as Exchange does; 0 is none. */
static json_t *quota(struct arena *arena, uint64_t kib)
{
	if (kib == 0)
		return json_string("Unlimited");
	return json_string(arena_printf(arena, "%.4g MB (%llu bytes)",
					(double)kib / 1024,
					(unsigned long long)kib * 1024));
}

static json_t *proxy_addresses(struct arena *arena, const struct dir_user *u)
{
	json_t *list = json_array();

	for (size_t i = 0; i < u->address_count; i++)
		json_array_append_new(list, json_string(arena_printf(arena,
			"%s:%s", i == 0 ? "SMTP" : "smtp", u->addresses[i])));
	return list;
}

json_t *object_mailbox(struct cmdlet_call *call, const struct dir_mailbox *m)
{
	struct directory *dir = cli_directory(cmdlet_cli(call));
	struct arena *a = cmdlet_arena(call);
	struct dir_user u = { .account = "", .upn = "" };
	json_t *o = json_object();

	directory_user(dir, &m->user, a, &u);
	set(o, "Name", json_string(m->display_name));
	set(o, "Alias", json_string(u.account));
	set(o, "SamAccountName", json_string(u.account));
	set(o, "UserPrincipalName", json_string(u.upn));
	set(o, "DisplayName", json_string(m->display_name));
	set(o, "PrimarySmtpAddress", json_string(m->address));
	set(o, "EmailAddresses", proxy_addresses(a, &u));
	set(o, "Database", json_string(m->database_name));
	set(o, "ServerName", json_string(server_name(call, &m->server)));
	set(o, "ExchangeGuid", object_guid(&m->guid));
	set(o, "LegacyExchangeDN", json_string(m->legacy_dn));
	set(o, "IssueWarningQuota", quota(a, m->quota.warn));
	set(o, "ProhibitSendQuota", quota(a, m->quota.no_send));
	set(o, "ProhibitSendReceiveQuota", quota(a, m->quota.no_receive));
	set(o, "AccountDisabled", json_boolean(u.disabled));
	set(o, "IsMailboxEnabled", json_boolean(!m->disabled));
	set(o, "ObjectClass", class_of("person", "organizationalPerson",
				       "user"));
	set(o, "Identity", json_string(u.account));
	set(o, "Guid", object_guid(&m->user));
	return o;
}

/* The pipe ------------------------------------------------------------- */

static bool has_class(const json_t *object, const char *name)
{
	json_t *class;
	size_t i;

	json_array_foreach(json_object_get(object, "ObjectClass"), i, class)
		if (json_is_string(class) &&
		    strcmp(json_string_value(class), name) == 0)
			return true;
	return false;
}

/* Servers and databases say where to look, others what for. */
static bool scope_of(struct cmdlet_call *call, const json_t *object,
		     struct scope *out)
{
	const char *key = json_string_value(json_object_get(object, "Guid"));

	if (key == NULL)
		key = json_string_value(json_object_get(object, "Identity"));
	if (key == NULL) {
		cmdlet_error(call, "an object of the pipe has neither Guid "
			     "nor Identity");
		return false;
	}
	key = arena_strdup(cmdlet_arena(call), key);
	*out = (struct scope){ .identity = NULL };
	if (has_class(object, "msExchExchangeServer"))
		out->server = key;
	else if (has_class(object, "msExchMDB"))
		out->database = key;
	else
		out->identity = key;
	return true;
}

static bool take_scopes(struct cmdlet_call *call, struct scope **out,
			size_t *count)
{
	struct scope given = { cmdlet_text(call, "Identity"),
			       cmdlet_text(call, "Database"),
			       cmdlet_text(call, "Server") }, *list;
	json_t *input = NULL, *object;
	bool ok = true;
	size_t i;

	if (given.identity == NULL && given.database == NULL &&
	    given.server == NULL)
		input = cmdlet_piped(call, &ok);
	if (!ok)
		return false;
	*count = input != NULL ? json_array_size(input) : 1;
	list = arena_array(cmdlet_arena(call), *count, sizeof *list);
	list[0] = given;
	json_array_foreach(input, i, object)
		ok = ok && scope_of(call, object, &list[i]);
	json_decref(input);
	*out = list;
	return ok;
}

int cmdlet_each_scope(struct cmdlet_call *call,
		      int (*get)(struct cmdlet_call *call,
				 const struct scope *scope))
{
	struct scope *scopes;
	size_t n;

	if (!take_scopes(call, &scopes, &n) ||
	    cli_directory(cmdlet_cli(call)) == NULL)
		return CLI_FAILED;
	for (size_t i = 0; i < n; i++)
		if (get(call, &scopes[i]) != CLI_OK) {
			cmdlet_drop(call);
			return CLI_FAILED;
		}
	return CLI_OK;
}
