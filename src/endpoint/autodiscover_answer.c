/* SPDX-License-Identifier: Apache-2.0 */
/* What Autodiscover says, from the directory.  No HTTP. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "endpoint/autodiscover.h"

/* [MS-OXDSCLI] 2.2.2.1, 3.2.5.1 */
unsigned autodiscover_capability(const char *header)
{
	unsigned long value;
	char *end;

	if (header == NULL || *header < '0' || *header > '9')
		return 0;
	value = strtoul(header, &end, 10);
	return *end == '\0' && value <= 0xffff ? (unsigned)value : 0;
}

/* Where the mailbox is reached ----------------------------------------- */

static bool same_version(const char *a, const char *b)
{
	unsigned major[2] = { 0 }, minor[2] = { 0 }, build, revision;

	return dir_version_parse(a, &major[0], &minor[0], &build,
				 &revision) &&
		dir_version_parse(b, &major[1], &minor[1], &build,
				  &revision) &&
		major[0] == major[1] && minor[0] == minor[1];
}

/* How well a server does as the client's way in; 0: not at all. */
static unsigned fitness(const struct dir_server *server,
			const struct dir_server *home)
{
	bool near = strcasecmp(server->site, home->site) == 0;

	if ((server->roles & DIR_ROLE_FRONTEND) == 0)
		return 0;
	if (guid_equal(&server->guid, &home->guid))
		return 5;
	/* A hop between versions is one more thing that can fail. */
	return (near ? 3 : 1) + (same_version(server->version,
					      home->version) ? 1 : 0);
}

/*
 * The front-end virtual directory for a mailbox that is active on home: that
 * server's own, else one of its site, else any; among these one of its
 * version.
 */
static bool way_in(struct directory *dir, const struct dir_server *home,
		   struct arena *arena, struct dir_vdir *out)
{
	struct dir_server *servers;
	size_t n = directory_servers(dir, arena, &servers);
	unsigned best = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned fit = fitness(&servers[i], home);
		struct dir_vdir vdir;

		if (fit <= best || !directory_vdir(dir, &servers[i].guid,
						   false, arena, &vdir) ||
		    (*vdir.internal_url == '\0' && *vdir.external_url == '\0'))
			continue;
		*out = vdir;
		best = fit;
	}
	return best > 0;
}

static const char *domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	return at != NULL ? at + 1 : "";
}

/* "https://host/mapi" + "/emsmdb/?MailboxId=guid@domain"; "" of "". */
static const char *endpoint_url(struct arena *arena, const char *base,
				const char *endpoint,
				const struct dir_mailbox *mailbox)
{
	char guid[GUID_TEXT_SIZE];
	size_t len = strlen(base);

	if (len == 0)
		return "";
	while (len > 0 && base[len - 1] == '/')
		len--;
	guid_format(&mailbox->guid, guid);
	return arena_printf(arena, "%.*s/%s/?MailboxId=%s@%s", (int)len, base,
			    endpoint, guid, domain_of(mailbox->address));
}

/* 2.2.4.1.1.2.6, version 1 */
static void map_mapi_http(struct arena *arena, const struct dir_vdir *vdir,
			  const struct dir_mailbox *m,
			  struct autodiscover_protocol *p)
{
	p->type = "mapiHttp";
	p->version = 1;
	p->mail_store_internal = endpoint_url(arena, vdir->internal_url,
					      "emsmdb", m);
	p->mail_store_external = endpoint_url(arena, vdir->external_url,
					      "emsmdb", m);
	p->address_book_internal = endpoint_url(arena, vdir->internal_url,
						"nspi", m);
	p->address_book_external = endpoint_url(arena, vdir->external_url,
						"nspi", m);
}

/* For clients without MAPI over HTTP ----------------------------------- */

/* ServerVersion: 73C0834F is 15.0.847, as Exchange packs it. */
static const char *packed_version(struct arena *arena, const char *version)
{
	unsigned major = 15, minor = 0, build = 0, revision;

	dir_version_parse(version, &major, &minor, &build, &revision);
	return arena_printf(arena, "%08X", 0x70008000U | (major & 63) << 22 |
			    (minor & 63) << 16 | (build & 0x7fff));
}

static const char *host_of(struct arena *arena, const char *url)
{
	const char *at = strstr(url, "://");

	if (at == NULL)
		return "";
	return arena_strndup(arena, at + 3, strcspn(at + 3, "/:"));
}

static const char *auth_package(unsigned methods)
{
	if ((methods & DIR_METHOD_NEGOTIATE) != 0)
		return "Negotiate";
	return (methods & DIR_METHOD_NTLM) != 0 ? "Ntlm" : "Basic";
}

/*
 * The mailbox's own names, in the elements of RPC: 2.2.4.1.1.2.6.  The URLs
 * of services that do not exist here (address book download, availability,
 * web mail) are left out, and WEB is empty.
 */
static size_t map_rpc(struct directory *dir, struct arena *arena,
		      const struct dir_vdir *vdir, const struct dir_mailbox *m,
		      struct autodiscover_protocol *p)
{
	char guid[GUID_TEXT_SIZE];
	struct dir_org org;
	const char *url = *vdir->external_url != '\0' ? vdir->external_url :
		vdir->internal_url;

	directory_org(dir, arena, &org);
	guid_format(&m->guid, guid);
	p[0].type = "EXCH";
	p[0].server = arena_printf(arena, "%s@%s", guid,
				   domain_of(m->address));
	p[0].server_dn = directory_server_dn(arena, org.name, p[0].server);
	p[0].server_version = packed_version(arena, vdir->server_version);
	p[0].mdb_dn = arena_printf(arena, "%s/cn=Microsoft Private MDB",
				   p[0].server_dn);
	p[0].auth_package = auth_package(vdir->methods);
	p[1].type = "EXPR";
	p[1].server = host_of(arena, url);
	p[1].ssl = strncasecmp(url, "https:", 6) == 0 ? "On" : "Off";
	p[1].auth_package = p[0].auth_package;
	p[1].cert_principal_name = arena_printf(arena, "msstd:%s",
						p[1].server);
	p[2].type = "WEB";
	return 3;
}

/* Redirects ------------------------------------------------------------ */

static bool parse_pair(char *text, struct autodiscover_redirect *out,
		       struct err *err)
{
	char *rest, *domain = strtok_r(text, " \t", &rest);
	char *to = strtok_r(NULL, " \t", &rest);

	if (domain == NULL || to == NULL ||
	    strtok_r(NULL, " \t", &rest) != NULL ||
	    strpbrk(domain, "@/") != NULL || strchr(to, '@') != NULL ||
	    (strchr(to, '/') != NULL && strncasecmp(to, "https://", 8) != 0))
		return err_set(err, EC_INVALID_PARAM, "a redirect of "
			       "Autodiscover is \"DOMAIN DOMAIN\" or \"DOMAIN "
			       "https://HOST/autodiscover/autodiscover.xml\", "
			       "several with commas between; \"%.80s\" is "
			       "neither", domain != NULL ? domain : "");
	*out = (struct autodiscover_redirect){ domain, to };
	return true;
}

bool autodiscover_parse_redirects(const char *text, struct arena *arena,
				  struct autodiscover_redirect **out,
				  size_t *count, struct err *err)
{
	char *copy = arena_strdup(arena, text != NULL ? text : "");
	struct autodiscover_redirect *list;
	size_t n = 0, max = 1;
	char *rest, *pair;

	for (const char *p = copy; *p != '\0'; p++)
		max += *p == ',';
	list = arena_array(arena, max, sizeof *list);
	for (pair = strtok_r(copy, ",", &rest); pair != NULL;
	     pair = strtok_r(NULL, ",", &rest))
		if (!parse_pair(pair, &list[n++], err))
			return false;
	*out = list;
	*count = n;
	return true;
}

/* The answer ----------------------------------------------------------- */

static void fail(struct autodiscover_rsp *out, enum autodiscover_error error)
{
	*out = (struct autodiscover_rsp){ .error = error,
		.message = autodiscover_error_text(error), .debug_data = "" };
}

/* Addresses of other organisations, or of another part of this one. */
static bool redirect(const struct autodiscover_config *config,
		     const char *email, struct arena *arena,
		     struct autodiscover_rsp *out)
{
	const char *domain = domain_of(email), *to;

	for (size_t i = 0; i < config->redirect_count; i++) {
		if (strcasecmp(config->redirects[i].domain, domain) != 0)
			continue;
		to = config->redirects[i].to;
		*out = (struct autodiscover_rsp){ .error = AUTODISCOVER_OK };
		if (strncasecmp(to, "https://", 8) == 0) {
			out->action = AUTODISCOVER_REDIRECT_URL;
			out->redirect = to;
		} else {
			out->action = AUTODISCOVER_REDIRECT_ADDR;
			out->redirect = arena_printf(arena, "%.*s%s",
					(int)(domain - email), email, to);
		}
		return true;
	}
	return false;
}

/* Of a mailbox that is active on home; false: there is no way in. */
static bool compose(const struct autodiscover_config *config,
		    const struct dir_user *user,
		    const struct dir_mailbox *mailbox,
		    const struct dir_server *home, unsigned capability,
		    struct arena *arena, struct autodiscover_rsp *out)
{
	struct autodiscover_protocol *p = arena_array(arena, 3, sizeof *p);
	char *deployment = arena_alloc(arena, GUID_TEXT_SIZE);
	struct dir_vdir vdir;
	struct dir_org org;

	if (!way_in(config->dir, home, arena, &vdir))
		return false;
	directory_org(config->dir, arena, &org);
	guid_format(&org.guid, deployment);
	*out = (struct autodiscover_rsp){
		.error = AUTODISCOVER_OK, .action = AUTODISCOVER_SETTINGS,
		.display_name = user->display_name,
		.legacy_dn = user->legacy_dn,
		.smtp_address = mailbox->address,
		.deployment_id = deployment, .protocols = p };
	if (capability > 0) {
		map_mapi_http(arena, &vdir, mailbox, p);
		out->protocol_count = 1;
	} else {
		out->protocol_count = map_rpc(config->dir, arena, &vdir,
					      mailbox, p);
	}
	return true;
}

static bool settings(const struct autodiscover_config *config,
		     const struct dir_user *user, unsigned capability,
		     struct arena *arena, struct autodiscover_rsp *out)
{
	struct dir_mailbox mailbox;
	struct dir_server home;

	return directory_mailbox(config->dir, &user->mailbox, arena,
				 &mailbox) &&
		directory_server(config->dir, &mailbox.server, arena, &home) &&
		compose(config, user, &mailbox, &home, capability, arena, out);
}

/* The same steps for nobody, so that time does not tell who exists. */
static void take_as_long(const struct autodiscover_config *config,
			 const char *email, unsigned capability,
			 struct arena *arena)
{
	struct dir_user user = { .display_name = email, .legacy_dn = "" };
	struct dir_mailbox mailbox = { .address = email };
	struct autodiscover_rsp nobody;
	struct dir_server home;

	if (directory_this_server(config->dir, arena, &home))
		compose(config, &user, &mailbox, &home, capability, arena,
			&nobody);
}

void autodiscover_answer(const struct autodiscover_config *config,
			 const struct autodiscover_req *req,
			 unsigned capability, struct arena *arena,
			 struct autodiscover_rsp *out)
{
	struct dir_user user;
	bool found;

	if (*req->email != '\0' && redirect(config, req->email, arena, out))
		return;
	found = *req->email != '\0' ?
		directory_user_by_address(config->dir, req->email, arena,
					  &user) :
		directory_user_by_dn(config->dir, req->legacy_dn, arena,
				     &user);
	if (!found || user.disabled || guid_is_null(&user.mailbox)) {
		take_as_long(config, req->email, capability, arena);
		fail(out, AUTODISCOVER_NOT_FOUND);
	} else if (!settings(config, &user, capability, arena, out)) {
		/* No front end, or none with a URL. */
		fail(out, AUTODISCOVER_MISCONFIGURED);
	}
}

/* The JSON form -------------------------------------------------------- */

/* text as a JSON string, with its quotes. */
static void put_json(struct buf *b, const char *text)
{
	buf_puts(b, "\"");
	for (; *text != '\0'; text++)
		if (*text == '"' || *text == '\\')
			buf_printf(b, "\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			buf_printf(b, "\\u%04x", (unsigned)*text);
		else
			buf_add(b, text, 1);
	buf_puts(b, "\"");
}

static void answer_json(struct arena *arena, int status, const char *name1,
			const char *value1, const char *name2,
			const char *value2, struct autodiscover_json *out)
{
	struct buf b = BUF_INIT;

	buf_printf(&b, "{\"%s\":", name1);
	put_json(&b, value1);
	buf_printf(&b, ",\"%s\":", name2);
	put_json(&b, value2);
	buf_puts(&b, "}");
	out->status = status;
	out->body = arena_strndup(arena, (const char *)b.data, b.len);
	buf_free(&b);
}

static bool is_ours(const struct autodiscover_config *config,
		    const char *email, struct arena *arena)
{
	struct dir_org org;

	directory_org(config->dir, arena, &org);
	for (size_t i = 0; i < org.domain_count; i++)
		if (strcasecmp(domain_of(email), org.domains[i]) == 0)
			return true;
	return false;
}

/* The host that answers the XML form: that of a front end near this one. */
static const char *xml_url(const struct autodiscover_config *config,
			   struct arena *arena)
{
	const char *host = config->host, *url;
	struct dir_server home;
	struct dir_vdir vdir;

	if (directory_this_server(config->dir, arena, &home) &&
	    way_in(config->dir, &home, arena, &vdir)) {
		url = *vdir.external_url != '\0' ? vdir.external_url :
			vdir.internal_url;
		return arena_printf(arena, "%.*s/autodiscover/"
				    "autodiscover.xml", (int)(strcspn(url +
				    strlen("https://"), "/") +
				    strlen("https://")), url);
	}
	return arena_printf(arena, "https://%s/autodiscover/autodiscover.xml",
			    host);
}

void autodiscover_json_answer(const struct autodiscover_config *config,
			      const char *email, const char *protocol,
			      struct arena *arena,
			      struct autodiscover_json *out)
{
	if (email == NULL || strchr(email, '@') == NULL)
		answer_json(arena, 400, "ErrorCode",
			    "MandatoryParameterMissing", "ErrorMessage",
			    "A valid smtp address must be provided", out);
	else if (protocol == NULL || *protocol == '\0')
		answer_json(arena, 400, "ErrorCode",
			    "MandatoryParameterMissing", "ErrorMessage",
			    "A valid value must be provided for the query "
			    "parameter 'Protocol'", out);
	else if (strcasecmp(protocol, "AutodiscoverV1") != 0)
		answer_json(arena, 400, "ErrorCode", "InvalidProtocol",
			    "ErrorMessage", arena_printf(arena, "The given "
			    "protocol value '%.64s' is invalid. Supported "
			    "values are 'AutodiscoverV1'", protocol), out);
	else if (!is_ours(config, email, arena))
		answer_json(arena, 404, "ErrorCode", "UserNotFound",
			    "ErrorMessage", "The given user is not found",
			    out);
	else
		answer_json(arena, 200, "Protocol", "AutodiscoverV1", "Url",
			    xml_url(config, arena), out);
}
