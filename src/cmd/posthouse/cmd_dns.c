/* SPDX-License-Identifier: Apache-2.0 */
/* "posthouse dns": what lets clients find Autodiscover ([MS-OXDISCO] 3.1.5). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/posthouse/commands.h"

/* A name and a port where clients from outside are served. */
struct host {
	const char *name, *site, *server;
	unsigned port;
};

static bool host_of_url(struct arena *arena, const char *url, struct host *out)
{
	const char *at = strstr(url, "://");
	size_t len;

	if (at == NULL)
		return false;
	at += 3;
	len = strcspn(at, ":/");
	out->name = arena_strndup(arena, at, len);
	out->port = at[len] == ':' ? (unsigned)strtoul(at + len + 1, NULL,
						       10) : 443;
	return len > 0;
}

static bool is_listed(const struct host *hosts, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(hosts[i].name, name) == 0)
			return true;
	return false;
}

/* One a front end; a name that several share counts once, but for SCPs. */
static size_t collect_hosts(struct directory *dir, struct arena *arena,
			    bool all, struct host **out)
{
	struct dir_server *servers;
	size_t n = directory_servers(dir, arena, &servers), count = 0;
	struct host *hosts = arena_array(arena, n, sizeof *hosts);

	for (size_t i = 0; i < n; i++) {
		struct host host = { .site = servers[i].site,
				     .server = servers[i].name };
		struct dir_vdir vdir;

		if ((servers[i].roles & DIR_ROLE_FRONTEND) == 0 ||
		    !directory_vdir(dir, &servers[i].guid, false, arena,
				    &vdir) ||
		    !host_of_url(arena, *vdir.external_url != '\0' && !all ?
				 vdir.external_url : vdir.internal_url, &host))
			continue;
		if (all || !is_listed(hosts, count, host.name))
			hosts[count++] = host;
	}
	*out = hosts;
	return count;
}

/* The zone ------------------------------------------------------------- */

static void put_domain(const char *domain, const struct host *hosts, size_t n)
{
	printf("\n; %s\n", domain);
	if (strcasecmp(hosts[0].name, domain) != 0 && hosts[0].port == 443)
		printf("autodiscover.%s.\t3600\tIN\tCNAME\t%s.\n", domain,
		       hosts[0].name);
	for (size_t i = 0; i < n; i++)
		printf("_autodiscover._tcp.%s.\t3600\tIN\tSRV\t%zu 0 %u "
		       "%s.\n", domain, i * 10, hosts[i].port, hosts[i].name);
}

static void put_zone(const struct dir_org *org, const struct host *hosts,
		     size_t n)
{
	printf("; Outlook asks https://DOMAIN/ and https://autodiscover."
	       "DOMAIN/ first,\n; and takes the SRV record when neither "
	       "answers.  For the CNAME, the\n; certificate of %s must have "
	       "the names that begin\n; with \"autodiscover.\", too; for the "
	       "SRV record alone it need not.\n", hosts[0].name);
	for (size_t i = 0; i < org->domain_count; i++)
		put_domain(org->domains[i], hosts, n);
}

static json_t *zone_json(const struct dir_org *org, const struct host *hosts,
			 size_t n)
{
	json_t *rows = json_array();
	char name[300], data[300];

	for (size_t d = 0; d < org->domain_count; d++)
		for (size_t i = 0; i < n; i++) {
			snprintf(name, sizeof name, "_autodiscover._tcp.%s.",
				 org->domains[d]);
			snprintf(data, sizeof data, "%zu 0 %u %s.", i * 10,
				 hosts[i].port, hosts[i].name);
			json_array_append_new(rows, json_pack(
				"{s:s, s:s, s:s}", "name", name, "type", "SRV",
				"data", data));
			if (i > 0 || hosts[0].port != 443)
				continue;
			snprintf(name, sizeof name, "autodiscover.%s.",
				 org->domains[d]);
			snprintf(data, sizeof data, "%s.", hosts[0].name);
			json_array_append_new(rows, json_pack(
				"{s:s, s:s, s:s}", "name", name, "type",
				"CNAME", "data", data));
		}
	return rows;
}

/* Active Directory ----------------------------------------------------- */

static void put_domain_dn(const char *domain)
{
	while (*domain != '\0') {
		size_t len = strcspn(domain, ".");

		printf(",DC=%.*s", (int)len, domain);
		domain += len + (domain[len] == '.');
	}
}

/*
 * Service connection points, where Outlook in the domain looks first.
 * [MS-OXDISCO] 3.1.5.1: the keyword is the same for all of them.
 */
static void put_scp(const struct dir_org *org, const struct host *hosts,
		    size_t n)
{
	printf("# For ldapadd(1); the container of your organisation under\n"
	       "# CN=Microsoft Exchange must be there.\n");
	for (size_t i = 0; i < n; i++) {
		printf("\ndn: CN=%s,CN=Autodiscover,CN=Protocols,CN=%s,"
		       "CN=Servers,\n CN=Exchange Administrative Group "
		       "(FYDIBOHF23SPDLT),CN=Administrative\n  Groups,CN=%s,"
		       "CN=Microsoft Exchange,CN=Services,CN=Configuration\n ",
		       hosts[i].server, hosts[i].server, org->name);
		put_domain_dn(org->domain);
		printf("\nobjectClass: serviceConnectionPoint\n"
		       "serviceClassName: ms-Exchange-AutoDiscover-Service\n"
		       "serviceDNSName: %s\n"
		       "serviceBindingInformation: https://%s", hosts[i].name,
		       hosts[i].name);
		if (hosts[i].port != 443)
			printf(":%u", hosts[i].port);
		printf("/autodiscover/autodiscover.xml\n"
		       "keywords: 77378F46-2C66-4aa9-A6A6-3E7A48B19596\n"
		       "keywords: Site=%s\n", hosts[i].site);
	}
}

static int run_dns(struct cli *cli)
{
	static const struct cli_column columns[] = {
		{ "name", "NAME" }, { "type", "TYPE" }, { "data", "DATA" },
		{ NULL, NULL } };
	struct directory *dir = cli_directory(cli);
	bool scp = cli_flag(cli, "scp");
	struct dir_org org;
	struct host *hosts;
	size_t n;

	if (dir == NULL)
		return CLI_FAILED;
	directory_org(dir, cli_arena(cli), &org);
	n = collect_hosts(dir, cli_arena(cli), scp, &hosts);
	if (n == 0)
		return cli_failf(cli, "no front end has an internal or "
				 "external URL; set one: Get-MapiVirtual"
				 "Directory | Set-MapiVirtualDirectory "
				 "-ExternalUrl https://mail.%s/mapi",
				 org.domain);
	if (scp)
		put_scp(&org, hosts, n);
	else if (cli_json(cli))
		return cli_list(cli, zone_json(&org, hosts, n), columns);
	else
		put_zone(&org, hosts, n);
	return CLI_OK;
}

static const struct cli_option options[] = {
	{ "scp", NULL, "the entries for Active Directory, as LDIF", false },
	{ NULL, NULL, NULL, false }
};

const struct cli_command cmd_dns[] = {
	{ "dns", NULL, "", "Print the DNS records that let clients find "
	  "Autodiscover.", options, 0, 0, false, run_dns },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, false, NULL }
};
