/* SPDX-License-Identifier: Apache-2.0 */
/* "posthouse org": the organisation as a whole. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/posthouse/certificate.h"
#include "cmd/posthouse/commands.h"

/* Making --------------------------------------------------------------- */

/* The data folder, the daemon's own, with its parents. */
static bool make_folder(struct cli *cli, const char *path, mode_t mode)
{
	char *copy = arena_strdup(cli_arena(cli), path);

	for (char *slash = copy + 1; (slash = strchr(slash, '/')) != NULL;
	     *slash++ = '/') {
		*slash = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			break;
	}
	if (mkdir(path, mode) == 0 || errno == EEXIST)
		return true;
	cli_failf(cli, "cannot make the folder %s: %s", path,
		  strerror(errno));
	return false;
}

static bool make_data(struct cli *cli)
{
	const struct config *c = cli_config(cli);
	const struct passwd *pw = NULL;

	if (!make_folder(cli, c->data, 0700))
		return false;
	if (c->user != NULL && geteuid() == 0)
		pw = getpwnam(c->user);
	if (pw == NULL || chown(c->data, pw->pw_uid, pw->pw_gid) == 0)
		return true;
	cli_failf(cli, "cannot give the folder %s to %s: %s", c->data,
		  c->user, strerror(errno));
	return false;
}

static void collect_domains(struct cli *cli, struct dir_org *org)
{
	const char **domains;
	unsigned n = 0;

	while (cli_get_nth(cli, "domain", n) != NULL)
		n++;
	domains = arena_array(cli_arena(cli), n, sizeof *domains);
	for (unsigned i = 0; i < n; i++)
		domains[i] = cli_get_nth(cli, "domain", i);
	org->domains = domains;
	org->domain_count = n;
}

static bool make_directory(struct cli *cli)
{
	const char *name = cli_get(cli, "name");
	struct dir_org org = { .name = name != NULL ? name :
			       "First Organization" };
	char *path = config_directory_path(cli_config(cli));
	struct err err;
	bool ok;

	collect_domains(cli, &org);
	ok = directory_create(path, &org, &err);
	if (!ok)
		cli_fail(cli, &err);
	free(path);
	return ok;
}

/* "mail.example.test" is called MAIL, as Exchange would. */
static const char *short_name(struct cli *cli, const char *name)
{
	char *out = arena_strndup(cli_arena(cli), name, strcspn(name, "."));

	for (char *c = out; *c != '\0'; c++)
		*c = (char)toupper((unsigned char)*c);
	return out;
}

/* "Ntlm,OAuth" as a set; false if a word is no method. */
static bool parse_methods(struct arena *arena, const char *text,
			  unsigned *out)
{
	enum dir_method method;
	unsigned set = 0;

	while (text += strspn(text, ", "), *text != '\0') {
		size_t len = strcspn(text, ", ");

		if (!dir_method_parse(arena_strndup(arena, text, len),
				      &method))
			return false;
		set |= method;
		text += len;
	}
	*out = set;
	return set != 0;
}

/*
 * Alone, without a domain, passwords are the directory's own, and Basic is
 * what can be checked against them: the defaults of the version would lock
 * everyone out.
 */
static bool set_methods(struct cli *cli, const struct dir_server *server,
			struct err *err)
{
	const char *text = cli_get(cli, "methods");
	struct dir_vdir v;

	if (text != NULL && strcasecmp(text, "default") == 0)
		return true;
	if (!directory_vdir(cli_directory(cli), &server->guid, false,
			    cli_arena(cli), &v))
		return err_set(err, EC_NOT_FOUND, "the server has no virtual "
			       "directory");
	if (!parse_methods(cli_arena(cli), text != NULL ? text : "Basic",
			   &v.methods))
		return err_set(err, EC_INVALID_PARAM, "--methods is \"%s\"; "
			       "write \"default\" or some of Basic, Ntlm, "
			       "OAuth and Negotiate", text);
	return directory_set_vdirs(cli_directory(cli), &v, 1, err);
}

static bool make_server(struct cli *cli, struct dir_server *out)
{
	const char *own = cli_config(cli)->server_name;
	const char *server = cli_get(cli, "server");
	const char *fqdn = cli_get(cli, "fqdn");
	struct err err;

	if (fqdn == NULL)
		fqdn = strchr(own, '.') != NULL ? own :
			arena_printf(cli_arena(cli), "%s.%s", own,
				     cli_get(cli, "domain"));
	*out = (struct dir_server){ .fqdn = fqdn, .make = "Posthouse",
		.version = cli_get(cli, "version"),
		.site = cli_get(cli, "site"), .name = server != NULL ?
		server : short_name(cli, own) };
	if (directory_new_server(cli_directory(cli), out, &err) &&
	    set_methods(cli, out, &err))
		return true;
	cli_fail(cli, &err);
	return false;
}

static bool make_database(struct cli *cli, const struct dir_server *server)
{
	const char *name = cli_get(cli, "database");
	const char *path = cli_get(cli, "database-path");
	struct dir_database db = { .server = server->guid };
	struct err err;

	db.name = name != NULL ? name : "Mailbox Database 1";
	db.path = path != NULL ? path : "mailboxes";
	if (path == NULL)
		path = arena_printf(cli_arena(cli), "%s/%s",
				    cli_config(cli)->data, db.path);
	if (!make_folder(cli, path, 0700))
		return false;
	if (directory_new_database(cli_directory(cli), &db, &err))
		return true;
	cli_fail(cli, &err);
	return false;
}

/* A server that doesn't find itself in the directory serves nothing. */
static bool check_names(struct cli *cli, const struct dir_server *server)
{
	struct dir_server self;

	if (directory_this_server(cli_directory(cli), cli_arena(cli), &self))
		return true;
	cli_failf(cli, "the name %s in %s is neither %s nor %s; make them "
		  "agree", cli_config(cli)->server_name,
		  cli_config(cli)->path, server->name, server->fqdn);
	return false;
}

static int org_init(struct cli *cli)
{
	struct dir_server server;

	if (cli_get(cli, "domain") == NULL)
		return cli_usage(cli, "--domain is missing: the domain of "
				 "the e-mail addresses");
	/* The certificate may lie where only root can write. */
	if (!make_data(cli) ||
	    (cli_flag(cli, "test-ca") && !certificate_make(cli)) ||
	    !cli_act_as_daemon(cli) || !make_directory(cli) ||
	    cli_directory(cli) == NULL || !make_server(cli, &server) ||
	    !make_database(cli, &server) || !check_names(cli, &server))
		return CLI_FAILED;
	cli_say(cli, "Made the organisation %s in %s, with the server %s.",
		cli_get(cli, "domain"), cli_config(cli)->data, server.name);
	return CLI_OK;
}

/* Showing and changing ------------------------------------------------- */

static int org_show(struct cli *cli)
{
	json_t *domains = json_array();
	char guid[GUID_TEXT_SIZE];
	struct dir_org org;

	if (cli_directory(cli) == NULL)
		return CLI_FAILED;
	directory_org(cli_directory(cli), cli_arena(cli), &org);
	for (size_t i = 0; i < org.domain_count; i++)
		json_array_append_new(domains, json_string(org.domains[i]));
	guid_format(&org.guid, guid);
	return cli_show(cli, json_pack("{s:s,s:o,s:s}", "name", org.name,
				       "domains", domains, "guid", guid));
}

static bool is_removed(struct cli *cli, const char *domain)
{
	const char *removed;

	for (unsigned i = 0; (removed = cli_get_nth(cli, "remove-domain", i))
	     != NULL; i++)
		if (strcasecmp(removed, domain) == 0)
			return true;
	return false;
}

/* The domains that stay, then those that are added. */
static void change_domains(struct cli *cli, struct dir_org *org)
{
	const char **list, *added;
	size_t n = 0;
	unsigned more = 0;

	while (cli_get_nth(cli, "add-domain", more) != NULL)
		more++;
	list = arena_array(cli_arena(cli), org->domain_count + more,
			   sizeof *list);
	for (size_t i = 0; i < org->domain_count; i++)
		if (!is_removed(cli, org->domains[i]))
			list[n++] = org->domains[i];
	for (unsigned i = 0; (added = cli_get_nth(cli, "add-domain", i))
	     != NULL; i++)
		list[n++] = added;
	org->domains = list;
	org->domain_count = n;
}

static int org_set(struct cli *cli)
{
	const char *name = cli_get(cli, "name");
	struct dir_org org;
	struct err err;

	if (cli_directory(cli) == NULL)
		return CLI_FAILED;
	directory_org(cli_directory(cli), cli_arena(cli), &org);
	change_domains(cli, &org);
	if (name != NULL)
		org.name = name;
	if (!directory_set_org(cli_directory(cli), &org, &err))
		return cli_fail(cli, &err);
	return CLI_OK;
}

static const struct cli_option init_options[] = {
	{ "domain", "DOMAIN", "domain of e-mail addresses; the first is the "
	  "default", true },
	{ "name", "NAME", "of the organisation; default: First Organization",
	  false },
	{ "server", "NAME", "short name of this server; default: from the "
	  "configuration", false },
	{ "fqdn", "HOST", "full name of this server; default: from the "
	  "configuration", false },
	{ "version", "TEXT", "AdminDisplayVersion of this server; default: "
	  DIR_POSTHOUSE_VERSION, false },
	{ "site", "NAME", "Active Directory site of this server; default: "
	  DIR_DEFAULT_SITE, false },
	{ "methods", "LIST", "authentication methods of its virtual "
	  "directory, or \"default\" for those of the version; default: "
	  "Basic, which local passwords need", false },
	{ "database", "NAME", "of the first mailbox database; default: "
	  "Mailbox Database 1", false },
	{ "database-path", "FOLDER", "its folder; default: mailboxes in the "
	  "data folder", false },
	{ "test-ca", NULL, "also make a certificate from a test CA, as "
	  "\"certificate new\" does", false },
	{ NULL, NULL, NULL, false },
};

static const struct cli_option set_options[] = {
	{ "name", "NAME", "a new name", false },
	{ "add-domain", "DOMAIN", "accept one more domain", true },
	{ "remove-domain", "DOMAIN", "no longer accept a domain", true },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cmd_org[] = {
	{ "org", "init", "", "Make the data folder and a new organisation.",
	  init_options, 0, 0, false, org_init },
	{ "org", "show", "", "Show the organisation.", NULL, 0, 0, false,
	  org_show },
	{ "org", "set", "", "Change its name or domains.", set_options, 0, 0,
	  false, org_set },
	{ .noun = NULL },
};
