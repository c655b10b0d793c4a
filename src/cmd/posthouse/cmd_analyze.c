/* SPDX-License-Identifier: Apache-2.0 */
/* "posthouse analyze": log on as Outlook would, and tell what happens. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "analyzer/analyze.h"
#include "analyzer/diagnose.h"
#include "cmd/posthouse/commands.h"
#include "cmd/posthouse/entry.h"
#include "http/client.h"

static bool take_auth(struct cli *cli, unsigned *auth)
{
	static const struct {
		const char *name;
		unsigned auth;
	} names[] = {
		{ "auto", 0 }, { "basic", HTTP_AUTH_BASIC },
		{ "ntlm", HTTP_AUTH_NTLM },
		{ "negotiate", HTTP_AUTH_NEGOTIATE },
		{ "bearer", HTTP_AUTH_BEARER },
	};
	const char *given = cli_get(cli, "auth");

	*auth = 0;
	for (size_t i = 0; given != NULL &&
	     i < sizeof names / sizeof *names; i++)
		if (strcasecmp(given, names[i].name) == 0) {
			*auth = names[i].auth;
			return true;
		}
	if (given == NULL)
		return true;
	cli_usage(cli, "--auth is auto, basic, ntlm, negotiate or bearer, "
		  "not %s", given);
	return false;
}

/* The first line of a file, which the person may read. */
static char *first_line(struct cli *cli, const char *path)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int fd = cli_open(cli, path, O_RDONLY);
	FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;

	if (f == NULL)
		return NULL;
	len = getline(&line, &size, f);
	fclose(f);
	if (len > 0) {
		char *kept = arena_strndup(cli_arena(cli), line,
					   strcspn(line, "\r\n"));

		free(line);
		return kept;
	}
	free(line);
	cli_failf(cli, "%s is empty", path);
	return NULL;
}

/* A cache that is there and can't be read makes libkrb5 1.20 crash. */
static bool check_ccache(struct cli *cli)
{
	const char *name = getenv("KRB5CCNAME");

	if (name != NULL && strncmp(name, "FILE:", 5) == 0)
		name += 5;
	if (name == NULL || *name != '/' || access(name, R_OK) == 0 ||
	    errno == ENOENT)
		return true;
	cli_failf(cli, "the credential cache %s can't be read: %s", name,
		  strerror(errno));
	return false;
}

/* Passwords, tokens and tickets; false after saying why. */
static bool take_credentials(struct cli *cli, struct analyze_options *o)
{
	const char *ccache = cli_get(cli, "ccache");
	const char *token = cli_get(cli, "token-file");

	if (cli_has_password(cli) &&
	    (o->password = cli_password(cli)) == NULL)
		return false;
	if (token != NULL && (o->token = first_line(cli, token)) == NULL)
		return false;
	/* What GSSAPI looks at; nothing else runs in this process yet. */
	if (ccache != NULL)
		setenv("KRB5CCNAME", ccache, 1);
	return check_ccache(cli);
}

static bool take_options(struct cli *cli, struct analyze_options *o)
{
	uint64_t timeout = 60, sessions = 0;

	o->email = cli_get(cli, "email");
	o->url = cli_get(cli, "url");
	o->user = cli_get(cli, "user");
	o->user_dn = cli_get(cli, "user-dn");
	o->ca_file = cli_get(cli, "ca-file");
	o->address = cli_get(cli, "address");
	o->insecure = cli_flag(cli, "insecure");
	o->write = cli_flag(cli, "write");
	if (o->email == NULL) {
		cli_usage(cli, "--email ADDRESS is missing: whose mailbox?");
		return false;
	}
	if (o->user == NULL)
		o->user = o->email;
	if (!take_auth(cli, &o->auth) ||
	    !cli_number(cli, "timeout", 1, 3600, &timeout) ||
	    !cli_number(cli, "sessions", 1, 10000, &sessions))
		return false;
	o->sessions = (unsigned)sessions;
	o->timeout_ms = (unsigned)timeout * 1000;
	return true;
}

static void tell_diagnosis(struct cli *cli, struct report *r,
			   struct report *finding,
			   const struct observed *seen)
{
	struct diagnosis d;
	json_t *tree;

	diagnose(seen, &d);
	if (cli_json(cli)) {
		tree = report_json(r);
		json_object_set_new(tree, "diagnosis", diagnosis_json(&d));
		if (finding != NULL)
			json_object_set_new(tree, "autodiscover",
					    report_json(finding));
		cli_show(cli, tree);
	} else if (!cli_flag(cli, "quiet")) {
		if (d.n > 0)
			putchar('\n');
		diagnosis_print(stdout, &d, isatty(STDOUT_FILENO) == 1);
	}
}

static struct report *make_report(struct cli *cli)
{
	bool live = !cli_json(cli) && !cli_flag(cli, "quiet");

	return report_new(live ? stdout : NULL, isatty(STDOUT_FILENO) == 1);
}

static bool run(struct cli *cli, const struct analyze_options *o,
		struct report *finding)
{
	struct report *r = make_report(cli);
	struct observed *seen;
	bool ok = analyze_run(r, o, &seen);

	tell_diagnosis(cli, r, finding, seen);
	report_free(r);
	return ok;
}

/* The endpoint by Autodiscover, as a client finds it. */
static bool find_and_run(struct cli *cli, struct analyze_options *o)
{
	struct report *finding = make_report(cli);
	bool ok = analyze_find(finding, o, cli_get(cli, "autodiscover-url"),
			       &o->url, &o->user_dn);

	if (ok)
		ok = run(cli, o, finding);
	else if (cli_json(cli))
		cli_show(cli, report_json(finding));
	report_free(finding);
	return ok;
}

static int analyze_run_command(struct cli *cli)
{
	struct analyze_options o = { 0 };

	if (!take_options(cli, &o))
		return CLI_USAGE;
	if (!take_credentials(cli, &o))
		return CLI_FAILED;
	if (cli_flag(cli, "autodiscover") ||
	    cli_get(cli, "autodiscover-url") != NULL)
		return find_and_run(cli, &o) ? CLI_OK : CLI_FAILED;
	if ((o.url == NULL || o.user_dn == NULL) &&
	    !entry_endpoint(cli, o.email, &o.url, &o.user_dn))
		return CLI_FAILED;
	/* Also because libkrb5 1.20 crashes over a ticket it can't read. */
	if (!cli_act_as_person(cli))
		return CLI_FAILED;
	return run(cli, &o, NULL) ? CLI_OK : CLI_FAILED;
}

static const struct cli_option options[] = {
	{ "email", "ADDRESS", "whose mailbox to log on to", false },
	{ "url", "URL", "of the mail store endpoint (default: from the "
	  "directory)", false },
	{ "autodiscover", NULL, "find the endpoint by Autodiscover, as a "
	  "client outside the domain does", false },
	{ "autodiscover-url", "URL", "the same, but ask there", false },
	{ "user", "NAME", "log on as this user (default: the address)",
	  false },
	{ "user-dn", "DN", "the legacyExchangeDN of the mailbox (default: "
	  "from the directory)", false },
	CLI_PASSWORD_OPTIONS,
	{ "auth", "METHOD", "auto (default: each that is offered), basic, "
	  "ntlm, negotiate or bearer", false },
	{ "token-file", "FILE", "a bearer token, on the first line of a file",
	  false },
	{ "ccache", "NAME", "the Kerberos credential cache (default: that of "
	  "the environment)", false },
	{ "sessions", "N", "also open so many sessions at once, to see where "
	  "the limit is", false },
	{ "ca-file", "FILE", "trust the certificates of this file", false },
	{ "insecure", NULL, "go on when the certificate is not valid",
	  false },
	{ "address", "IP", "connect to this address instead of resolving "
	  "the name", false },
	{ "write", NULL, "also make, announce and delete a message", false },
	{ "timeout", "SECONDS", "of one request (default: 60)", false },
	{ "quiet", NULL, "print nothing; the exit status tells", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cmd_analyze[] = {
	{ .noun = "analyze", .args = "",
	  .summary = "Log on to a mailbox, step by step, and tell how it went.",
	  .options = options, .no_config = true,
	  .run = analyze_run_command },
	{ .noun = NULL },
};
