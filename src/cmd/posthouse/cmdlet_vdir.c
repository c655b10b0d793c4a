/* SPDX-License-Identifier: Apache-2.0 */
/* Get-, Set-, New- and Remove-MapiVirtualDirectory. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "cmd/posthouse/cmdlet_object.h"
#include "cmd/posthouse/cmdlets.h"

#define LIST_VDIRS "Get-MapiVirtualDirectory -ShowMailboxVirtualDirectories"

/* Which ones ----------------------------------------------------------- */

/* All there are, those of -Server if it was given. */
static bool all_vdirs(struct cmdlet_call *call, struct dir_vdir **out,
		      size_t *count)
{
	struct directory *dir = cli_directory(cmdlet_cli(call));
	const char *name = cmdlet_text(call, "Server");
	struct dir_server server;
	struct dir_vdir *list;
	size_t n, kept = 0;

	if (dir == NULL ||
	    (name != NULL && !find_server(call, name, &server)))
		return false;
	n = directory_vdirs(dir, cmdlet_arena(call), &list);
	for (size_t i = 0; i < n; i++)
		if (name == NULL || guid_equal(&list[i].server, &server.guid))
			list[kept++] = list[i];
	*out = list;
	*count = kept;
	return true;
}

/* By the FQDN, too: "mx1.example.test\mapi*". */
static const char *short_identity(struct cmdlet_call *call,
				  const char *identity)
{
	size_t len = strcspn(identity, "\\/");
	struct dir_server s;

	if (identity[len] == '\0' ||
	    !directory_server_named(cli_directory(cmdlet_cli(call)),
				    arena_strndup(cmdlet_arena(call), identity,
						  len),
				    cmdlet_arena(call), &s))
		return identity;
	return arena_printf(cmdlet_arena(call), "%s\\%s", s.name,
			    identity + len + 1);
}

/* "MX1mapi": the shell took the backslash. */
static bool lost_backslash(struct cmdlet_call *call, const char *identity)
{
	struct dir_server *list;
	size_t n = directory_servers(cli_directory(cmdlet_cli(call)),
				     cmdlet_arena(call), &list);

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(list[i].name);

		if (strncasecmp(identity, list[i].name, len) == 0 &&
		    strncasecmp(identity + len, "mapi", 4) == 0)
			return true;
	}
	return false;
}

static int not_found(struct cmdlet_call *call, const char *identity)
{
	if (lost_backslash(call, identity))
		return cmdlet_error(call, "The operation couldn't be "
				    "performed because object '%s' couldn't "
				    "be found. The shell took its backslash: "
				    "write the identity in single quotes.",
				    identity);
	return no_such_object(call, identity, LIST_VDIRS);
}

/* What of text an object of the pipe says under name; NULL: nothing. */
static const char *member(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* Exactly one, which is added to list. */
static bool add_one(struct cmdlet_call *call, const struct dir_vdir *vdirs,
		    size_t count, const char *identity, struct dir_vdir *list,
		    size_t *n)
{
	struct dir_vdir *found = arena_array(cmdlet_arena(call), count + 1,
					     sizeof *found);
	size_t have = match_vdirs(vdirs, count, short_identity(call, identity),
				  false, found, 0);

	if (have == 0) {
		not_found(call, identity);
		return false;
	}
	if (have > 1) {
		cmdlet_error(call, "The operation couldn't be performed "
			     "because '%s' matches multiple entries: %s, %s%s.",
			     identity, found[0].identity, found[1].identity,
			     have > 2 ? " …" : "");
		return false;
	}
	/* What comes twice through a pipe is changed once. */
	for (size_t i = 0; i < *n; i++)
		if (guid_equal(&list[i].guid, &found[0].guid))
			return true;
	list[(*n)++] = found[0];
	return true;
}

/* Those of the objects in the pipe: by GUID, else by identity. */
static bool add_piped(struct cmdlet_call *call, const struct dir_vdir *vdirs,
		      size_t count, const json_t *input,
		      struct dir_vdir *list, size_t *n)
{
	const json_t *object;
	size_t i;

	json_array_foreach(input, i, object) {
		const char *key = member(object, "Guid");

		if (key == NULL)
			key = member(object, "Identity");
		if (key == NULL) {
			cmdlet_error(call, "object %zu of the pipe has no "
				     "Identity: pipe in what "
				     "Get-MapiVirtualDirectory writes", i + 1);
			return false;
		}
		if (!add_one(call, vdirs, count, key, list, n))
			return false;
	}
	return true;
}

/* What -Identity names, else what comes through the pipe. */
static bool chosen_vdirs(struct cmdlet_call *call, struct dir_vdir **out,
			 size_t *count)
{
	const char *identity = cmdlet_text(call, "Identity");
	struct dir_vdir *vdirs, *list;
	json_t *input = NULL;
	size_t total, n = 0;
	bool ok;

	if (identity == NULL) {
		/* The writer may be waiting for the directory's lock. */
		input = cmdlet_input(call);
		if (input == NULL)
			return false;
	}
	ok = all_vdirs(call, &vdirs, &total);
	if (ok) {
		list = arena_array(cmdlet_arena(call), total + 1,
				   sizeof *list);
		ok = identity != NULL ?
			add_one(call, vdirs, total, identity, list, &n) :
			add_piped(call, vdirs, total, input, list, &n);
	}
	json_decref(input);
	if (ok) {
		*out = list;
		*count = n;
	}
	return ok;
}

/* Get ------------------------------------------------------------------ */

static int get_vdir(struct cmdlet_call *call)
{
	const char *identity = cmdlet_text(call, "Identity");
	bool all = cmdlet_switch(call, "ShowMailboxVirtualDirectories");
	struct dir_vdir *vdirs, *list;
	size_t count, n;

	if (!all_vdirs(call, &vdirs, &count))
		return CLI_FAILED;
	list = arena_array(cmdlet_arena(call), count + 1, sizeof *list);
	n = match_vdirs(vdirs, count, identity == NULL ? "*" :
			short_identity(call, identity), all, list, 0);
	if (n == 0 && identity != NULL)
		return not_found(call, identity);
	for (size_t i = 0; i < n; i++)
		cmdlet_put(call, object_vdir(cmdlet_arena(call), &list[i]));
	return CLI_OK;
}

/* Parameters into a virtual directory ---------------------------------- */

static int bad_value(struct cmdlet_call *call, const char *param,
		     const char *value, const char *type, const char *names)
{
	return cmdlet_error(call, "Cannot process argument transformation on "
			    "parameter '%s'. Cannot convert value \"%s\" to "
			    "type \"%s\". Unable to match the identifier name "
			    "%s to a valid enumerator name. Specify one of "
			    "the following enumerator names and try again: %s",
			    param, value, type, value, names);
}

static unsigned edited(enum cmdlet_edit edit, unsigned was, unsigned given)
{
	return edit == CMDLET_ADD ? was | given :
		edit == CMDLET_REMOVE ? was & ~given : given;
}

static bool parse_methods(struct cmdlet_call *call, const char *const *list,
			  size_t n, unsigned *out)
{
	enum dir_method method;
	unsigned set = 0;

	for (size_t i = 0; i < n; i++) {
		if (!dir_method_parse(list[i], &method)) {
			bad_value(call, "IISAuthenticationMethods", list[i],
				  "AuthenticationMethod", dir_methods_text(
				  cmdlet_arena(call), DIR_METHODS_ALL));
			return false;
		}
		set |= method;
	}
	*out = set;
	return true;
}

/*
 * An empty list locks everyone out: a known trap of Exchange 2016 CU2, where
 * editing a URL wrote one.  It must be meant.
 */
static bool take_methods(struct cmdlet_call *call, struct dir_vdir *v)
{
	const char *const *list;
	size_t n = cmdlet_list(call, "IISAuthenticationMethods", &list);
	unsigned set;

	if (list == NULL)
		return true;
	if (n == 1 && v->back_end && strcasecmp(list[0], "Inherit") == 0) {
		v->methods_inherited = true;
		return true;
	}
	if (!parse_methods(call, list, n, &set))
		return false;
	set = edited(cmdlet_edit(call, "IISAuthenticationMethods"),
		     v->methods, set);
	if (set == 0 && !cmdlet_switch(call, "Force")) {
		cmdlet_error(call, "IISAuthenticationMethods would be empty "
			     "on %s, and nobody could log on any more. Name "
			     "at least one of %s, or add -Force if that is "
			     "what you want.", v->identity, dir_methods_text(
			     cmdlet_arena(call), DIR_METHODS_ALL));
		return false;
	}
	v->methods = set;
	v->methods_inherited = false;
	return true;
}

static void take_urls(struct cmdlet_call *call, struct dir_vdir *v)
{
	const char *internal = cmdlet_text(call, "InternalUrl");
	const char *external = cmdlet_text(call, "ExternalUrl");

	if (internal != NULL)
		v->internal_url = internal;
	if (external != NULL)
		v->external_url = external;
}

static bool take_flags(struct cmdlet_call *call, struct dir_vdir *v)
{
	const char *const *list;
	size_t n = cmdlet_list(call, "ExtendedProtectionFlags", &list);
	enum dir_ep_flag flag;
	unsigned set = 0;

	if (list == NULL)
		return true;
	for (size_t i = 0; i < n; i++) {
		if (strcasecmp(list[i], "None") == 0)
			continue;
		if (!dir_ep_flag_parse(list[i], &flag)) {
			bad_value(call, "ExtendedProtectionFlags", list[i],
				  "ExtendedProtectionFlag", "None, Proxy, "
				  "NoServiceNameCheck, AllowDotlessSPN, "
				  "ProxyCoHosting");
			return false;
		}
		set |= flag;
	}
	v->ep_flags = edited(cmdlet_edit(call, "ExtendedProtectionFlags"),
			     v->ep_flags, set);
	return true;
}

static bool in_list(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(list[i], s) == 0)
			return true;
	return false;
}

static void take_spns(struct cmdlet_call *call, struct dir_vdir *v)
{
	const char *const *list;
	size_t n = cmdlet_list(call, "ExtendedProtectionSPNList", &list);
	enum cmdlet_edit edit = cmdlet_edit(call, "ExtendedProtectionSPNList");
	const char **out;
	size_t have = 0;

	if (list == NULL)
		return;
	out = arena_array(cmdlet_arena(call), n + v->ep_spn_count + 1,
			  sizeof *out);
	for (size_t i = 0; edit != CMDLET_REPLACE && i < v->ep_spn_count; i++)
		if (!in_list(v->ep_spns[i], list, n))
			out[have++] = v->ep_spns[i];
	for (size_t i = 0; edit != CMDLET_REMOVE && i < n; i++)
		out[have++] = list[i];
	v->ep_spns = out;
	v->ep_spn_count = have;
}

static bool take_checking(struct cmdlet_call *call, struct dir_vdir *v)
{
	const char *text = cmdlet_text(call,
				       "ExtendedProtectionTokenChecking");

	if (text == NULL || dir_ep_parse(text, &v->ep_checking))
		return true;
	bad_value(call, "ExtendedProtectionTokenChecking", text,
		  "ExtendedProtectionTokenCheckingMode",
		  "None, Allow, Require");
	return false;
}

static bool take_params(struct cmdlet_call *call, struct dir_vdir *v)
{
	take_urls(call, v);
	take_spns(call, v);
	return take_methods(call, v) && take_flags(call, v) &&
		take_checking(call, v);
}

/* Set ------------------------------------------------------------------ */

static void add_difference(struct buf *b, const char *name,
			   const char *before, const char *after)
{
	if (strcmp(before, after) != 0)
		buf_printf(b, "%s %s {%s} -> {%s}", b->len > 0 ? "," : "",
			   name, before, after);
}

static const char *joined(struct arena *arena, const char *const *list,
			  size_t n)
{
	char *out = arena_strdup(arena, "");

	for (size_t i = 0; i < n; i++)
		out = arena_printf(arena, "%s%s%s", out, i > 0 ? ", " : "",
				   list[i]);
	return out;
}

static const char *methods_shown(struct arena *arena,
				 const struct dir_vdir *v)
{
	return v->methods_inherited ? "Inherited" :
		dir_methods_text(arena, v->methods);
}

static const char *flags_shown(struct arena *arena, unsigned flags)
{
	char *out = arena_strdup(arena, "");

	for (unsigned bit = 1; bit <= DIR_EP_FLAGS_ALL; bit <<= 1)
		if (flags & bit)
			out = arena_printf(arena, "%s%s%s", out,
				*out != '\0' ? ", " : "",
				dir_ep_flag_name((enum dir_ep_flag)bit));
	return out;
}

/* What changes from was to now, for people, in the arena; "": nothing. */
static const char *difference(struct arena *a, const struct dir_vdir *was,
			      const struct dir_vdir *now)
{
	struct buf b = BUF_INIT;
	const char *text;

	add_difference(&b, "InternalUrl", was->internal_url,
		       now->internal_url);
	add_difference(&b, "ExternalUrl", was->external_url,
		       now->external_url);
	add_difference(&b, "IISAuthenticationMethods", methods_shown(a, was),
		       methods_shown(a, now));
	add_difference(&b, "ExtendedProtectionTokenChecking",
		       dir_ep_name(was->ep_checking),
		       dir_ep_name(now->ep_checking));
	add_difference(&b, "ExtendedProtectionFlags",
		       flags_shown(a, was->ep_flags),
		       flags_shown(a, now->ep_flags));
	add_difference(&b, "ExtendedProtectionSPNList",
		       joined(a, was->ep_spns, was->ep_spn_count),
		       joined(a, now->ep_spns, now->ep_spn_count));
	text = arena_strdup(a, buf_str(&b));
	buf_free(&b);
	return text;
}

/* With the parameters, those that are to be written moved to the front. */
static bool prepare(struct cmdlet_call *call, struct dir_vdir *list,
		    size_t count, size_t *writing)
{
	struct arena *a = cmdlet_arena(call);
	size_t n = 0;
	int rc = CLI_OK;

	/* All are looked at before anybody is asked. */
	for (size_t i = 0; i < count; i++) {
		struct dir_vdir v = list[i];

		if (!take_params(call, &v))
			return false;
	}
	for (size_t i = 0; i < count && rc == CLI_OK; i++) {
		struct dir_vdir v = list[i];
		const char *changes;

		take_params(call, &v);
		changes = difference(a, &list[i], &v);
		if (*changes == '\0') {
			cmdlet_warning(call, "The command completed "
				       "successfully but no settings of '%s' "
				       "have been modified.", v.identity);
			continue;
		}
		if (cmdlet_should(call, arena_printf(a, "Setting MAPI virtual "
				  "directory \"%s\":%s.", v.identity, changes),
				  &rc))
			list[n++] = v;
	}
	*writing = n;
	return rc == CLI_OK;
}

static int set_vdir(struct cmdlet_call *call)
{
	struct dir_vdir *list;
	struct err err;
	size_t count, n;

	if (!chosen_vdirs(call, &list, &count) ||
	    !prepare(call, list, count, &n))
		return CLI_FAILED;
	if (n > 0 && !directory_set_vdirs(cli_directory(cmdlet_cli(call)),
					  list, n, &err))
		return cmdlet_error(call, "%s", err.text);
	return CLI_OK;
}

/* New ------------------------------------------------------------------ */

/* "ClientAccess" (front end) or "Mailbox" (back end). */
static bool take_role(struct cmdlet_call *call, bool *back_end)
{
	const char *role = cmdlet_text(call, "Role");

	*back_end = role != NULL && strcasecmp(role, "Mailbox") == 0;
	if (role == NULL || *back_end || strcasecmp(role, "ClientAccess") == 0)
		return true;
	bad_value(call, "Role", role, "VirtualDirectoryRole",
		  "ClientAccess, Mailbox");
	return false;
}

/* -Server, else the one that the configuration says we are. */
static bool target_server(struct cmdlet_call *call, struct dir_server *out)
{
	const char *name = cmdlet_text(call, "Server");

	return find_server(call, name != NULL ? name :
			   cli_config(cmdlet_cli(call))->server_name, out);
}

static int new_vdir(struct cmdlet_call *call)
{
	struct directory *dir = cli_directory(cmdlet_cli(call));
	struct arena *arena = cmdlet_arena(call);
	struct dir_vdir v = { .identity = "the new virtual directory",
			      .website = cmdlet_text(call, "WebSiteName") };
	struct dir_server server;
	struct err err;
	int rc = CLI_OK;

	if (dir == NULL || !take_role(call, &v.back_end) ||
	    !target_server(call, &server) || !take_params(call, &v))
		return CLI_FAILED;
	v.server = server.guid;
	if (!cmdlet_should(call, arena_printf(arena, "Creating a MAPI virtual "
			   "directory on the server \"%s\".", server.name),
			   &rc))
		return rc;
	if (!directory_new_vdir(dir, &v, &err))
		return cmdlet_error(call, "%s", err.text);
	if (directory_vdir(dir, &server.guid, v.back_end, arena, &v))
		cmdlet_put(call, object_vdir(arena, &v));
	return CLI_OK;
}

/* Remove --------------------------------------------------------------- */

static int remove_vdir(struct cmdlet_call *call)
{
	struct dir_vdir *list;
	struct guid *guids;
	struct err err;
	size_t count, n = 0;
	int rc = CLI_OK;

	if (!chosen_vdirs(call, &list, &count))
		return CLI_FAILED;
	guids = arena_array(cmdlet_arena(call), count, sizeof *guids);
	for (size_t i = 0; i < count && rc == CLI_OK; i++)
		if (cmdlet_should(call, arena_printf(cmdlet_arena(call),
				  "Removing MAPI virtual directory \"%s\".",
				  list[i].identity), &rc))
			guids[n++] = list[i].guid;
	if (rc == CLI_OK && n > 0 &&
	    !directory_remove_vdirs(cli_directory(cmdlet_cli(call)), guids, n,
				    &err))
		return cmdlet_error(call, "%s", err.text);
	return rc;
}

/* The table ------------------------------------------------------------ */

#define IDENTITY(help) \
	{ "Identity", CMDLET_TEXT, "<VirtualDirectoryIdParameter>", help, \
	  false, true, NULL }

#define SETTINGS \
	{ "IISAuthenticationMethods", CMDLET_LIST, "<MultiValuedProperty>", \
	  "what clients may log on with: Basic, Ntlm, OAuth, Negotiate, " \
	  "parted by commas; @{Add=…} and @{Remove=…} change the list; on a " \
	  "back-end one Inherit follows the front-end one again", false, \
	  false, NULL }, \
	{ "InternalUrl", CMDLET_URL, "<Uri>", "where it is reached from the " \
	  "internal network; of a back-end one: where front ends reach the " \
	  "server", false, false, NULL }, \
	{ "ExternalUrl", CMDLET_URL, "<Uri>", "where it is reached from " \
	  "outside; \"\" or $null: nowhere", false, false, NULL }, \
	{ "ExtendedProtectionTokenChecking", CMDLET_TEXT, \
	  "<ExtendedProtectionTokenCheckingMode>", "whether NTLM and " \
	  "Negotiate must be bound to the TLS connection: None, Allow, " \
	  "Require", false, false, NULL }, \
	{ "ExtendedProtectionFlags", CMDLET_LIST, "<MultiValuedProperty>", \
	  "None, Proxy, ProxyCoHosting, AllowDotlessSPN, " \
	  "NoServiceNameCheck", false, false, NULL }, \
	{ "ExtendedProtectionSPNList", CMDLET_LIST, "<MultiValuedProperty>", \
	  "service principal names that a client may have meant, such as " \
	  "HTTP/mail.example.test; \"\" or $null: none", false, false, NULL }

#define DOMAIN_CONTROLLER \
	{ "DomainController", CMDLET_TEXT, "<Fqdn>", "of no use here: the " \
	  "directory is Posthouse's own", false, false, NULL }

static const struct cmdlet_param get_params[] = {
	IDENTITY("\"SERVER\\mapi (Default Web Site)\", or with * for "
		 "anything, or a GUID; in single quotes, for the shell takes "
		 "backslashes"),
	{ "Server", CMDLET_TEXT, "<ServerIdParameter>", "those of this server",
	  false, false, NULL },
	{ "ShowMailboxVirtualDirectories", CMDLET_SWITCH, NULL, "the back-end "
	  "ones, too", false, false, NULL },
	{ "ADPropertiesOnly", CMDLET_SWITCH, NULL, "makes no difference here",
	  false, false, NULL },
	DOMAIN_CONTROLLER,
	{ .name = NULL },
};

static const struct cmdlet_param set_params[] = {
	IDENTITY("the one to change; not given: those that come through the "
		 "pipe, all or none of them"),
	SETTINGS,
	{ "Force", CMDLET_SWITCH, NULL, "take an empty list of methods",
	  false, false, NULL },
	DOMAIN_CONTROLLER,
	{ .name = NULL },
};

static const struct cmdlet_param new_params[] = {
	{ "Server", CMDLET_TEXT, "<ServerIdParameter>", "where; default: this "
	  "server", false, false, NULL },
	{ "Role", CMDLET_TEXT, "<VirtualDirectoryRole>", "ClientAccess: the "
	  "front-end one (the default); Mailbox: the back-end one", false,
	  false, NULL },
	{ "WebSiteName", CMDLET_TEXT, "<String>", "default: Default Web Site, "
	  "or Exchange Back End", false, false, NULL },
	SETTINGS,
	DOMAIN_CONTROLLER,
	{ .name = NULL },
};

static const struct cmdlet_param remove_params[] = {
	IDENTITY("the one to remove; not given: those that come through the "
		 "pipe"),
	{ "Force", CMDLET_SWITCH, NULL, "don't ask", false, false, NULL },
	DOMAIN_CONTROLLER,
	{ .name = NULL },
};

const struct cmdlet cmdlets_vdir[] = {
	{ "Get-MapiVirtualDirectory", "Show MAPI virtual directories.",
	  get_params, 0, NULL, "Get-MapiVirtualDirectory -Server MX1",
	  get_vdir },
	{ "Set-MapiVirtualDirectory", "Change MAPI virtual directories.",
	  set_params, CMDLET_CHANGES | CMDLET_PIPE, NULL,
	  "Get-MapiVirtualDirectory | Set-MapiVirtualDirectory "
	  "-IISAuthenticationMethods Ntlm, OAuth, Negotiate", set_vdir },
	{ "New-MapiVirtualDirectory", "Make a MAPI virtual directory.",
	  new_params, CMDLET_CHANGES, NULL, "New-MapiVirtualDirectory -Server "
	  "MX1 -ExternalUrl https://mail.example.test", new_vdir },
	{ "Remove-MapiVirtualDirectory", "Remove MAPI virtual directories.",
	  remove_params, CMDLET_CHANGES | CMDLET_ASKS | CMDLET_PIPE, NULL,
	  "Remove-MapiVirtualDirectory 'MX1\\mapi (Default Web Site)'",
	  remove_vdir },
	{ .name = NULL },
};
