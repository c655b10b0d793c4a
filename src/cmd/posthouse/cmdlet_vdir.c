/* SPDX-License-Identifier: Apache-2.0 */
/* Get-, New- and Remove-MapiVirtualDirectory, and the table of all four. */
#include <string.h>
#include <strings.h>

#include "cmd/posthouse/cmdlet_vdir.h"
#include "cmd/posthouse/cmdlets.h"

/* Get ------------------------------------------------------------------ */

static int get_in_scope(struct cmdlet_call *call, const struct scope *scope)
{
	bool all = cmdlet_switch(call, "ShowMailboxVirtualDirectories");
	const char *identity = scope->identity;
	struct dir_vdir *vdirs, *list;
	size_t count, n;

	if (!vdir_list(call, scope->server, &vdirs, &count))
		return CLI_FAILED;
	list = arena_array(cmdlet_arena(call), count + 1, sizeof *list);
	n = match_vdirs(vdirs, count, identity == NULL ? "*" :
			vdir_identity(call, identity), all, list, 0);
	if (n == 0 && identity != NULL)
		return vdir_not_found(call, identity);
	for (size_t i = 0; i < n; i++)
		cmdlet_put(call, object_vdir(cmdlet_arena(call), &list[i]));
	return CLI_OK;
}

static int get_vdir(struct cmdlet_call *call)
{
	return cmdlet_each_scope(call, get_in_scope);
}

/* New ------------------------------------------------------------------ */

/* "ClientAccess" (front end) or "Mailbox" (back end). */
static bool take_role(struct cmdlet_call *call, bool *back_end)
{
	const char *role = cmdlet_text(call, "Role");

	*back_end = role != NULL && strcasecmp(role, "Mailbox") == 0;
	if (role == NULL || *back_end || strcasecmp(role, "ClientAccess") == 0)
		return true;
	vdir_bad_value(call, "Role", role, "VirtualDirectoryRole",
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
	    !target_server(call, &server) || !vdir_take_params(call, &v))
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

	if (!vdir_chosen(call, &list, &count))
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
	  "-IISAuthenticationMethods Ntlm, OAuth, Negotiate", vdir_set },
	{ "New-MapiVirtualDirectory", "Make a MAPI virtual directory.",
	  new_params, CMDLET_CHANGES, NULL, "New-MapiVirtualDirectory -Server "
	  "MX1 -ExternalUrl https://mail.example.test", new_vdir },
	{ "Remove-MapiVirtualDirectory", "Remove MAPI virtual directories.",
	  remove_params, CMDLET_CHANGES | CMDLET_ASKS | CMDLET_PIPE, NULL,
	  "Remove-MapiVirtualDirectory 'MX1\\mapi (Default Web Site)'",
	  remove_vdir },
	{ .name = NULL },
};
