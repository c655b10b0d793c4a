/* SPDX-License-Identifier: Apache-2.0 */
/* posthouse bench: put load on a server, and say what it costs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/bench.h"
#include "cmd/posthouse/commands.h"
#include "cmd/posthouse/entry.h"

enum { PIDS_MAX = 16 };

/* ---- options ---- */

static bool take_pids(struct cli *cli, struct bench_options *o)
{
	pid_t *pids = arena_array(cli_arena(cli), PIDS_MAX, sizeof *pids);
	const char *given;

	for (unsigned i = 0;
	     i < PIDS_MAX && (given = cli_get_nth(cli, "pid", i)) != NULL;
	     i++) {
		char *end;
		long pid = strtol(given, &end, 10);

		if (pid <= 0 || pid > INT32_MAX || *end != '\0') {
			cli_usage(cli, "--pid is the number of a process, "
				  "not %s", given);
			return false;
		}
		pids[o->n_pids++] = (pid_t)pid;
	}
	o->pids = pids;
	return true;
}

static bool take_sort(struct cli *cli, const char **sort)
{
	static const char *const names[] = { "time", "subject", "sender",
					     "size" };

	*sort = cli_get(cli, "sort");
	for (size_t i = 0; *sort != NULL && i < 4; i++)
		if (strcmp(*sort, names[i]) == 0)
			return true;
	if (*sort == NULL)
		return true;
	cli_usage(cli, "--sort is time, subject, sender or size, not %s",
		  *sort);
	return false;
}

static bool take_options(struct cli *cli, struct bench_options *o)
{
	uint64_t concurrency = 1, seconds = 0, timeout = 60;

	o->target.url = cli_get(cli, "url");
	o->target.user = cli_get(cli, "user");
	o->target.ca_file = cli_get(cli, "ca-file");
	o->target.address = cli_get(cli, "address");
	o->target.insecure = cli_flag(cli, "insecure");
	o->user_dn = cli_get(cli, "user-dn");
	o->folder = cli_get(cli, "folder");
	if (!cli_number(cli, "concurrency", 1, 1024, &concurrency) ||
	    !cli_number(cli, "seconds", 1, 86400, &seconds) ||
	    !cli_number(cli, "count", 1, UINT32_MAX, &o->count) ||
	    !cli_number(cli, "timeout", 1, 3600, &timeout) ||
	    !take_sort(cli, &o->sort) || !take_pids(cli, o))
		return false;
	o->concurrency = (unsigned)concurrency;
	o->seconds = (unsigned)seconds;
	o->target.timeout_ms = (unsigned)timeout * 1000;
	return true;
}

/* Who logs on to what. */
static bool take_mailbox(struct cli *cli, struct bench_options *o)
{
	const char *email = cli_get(cli, "email");

	if (o->target.user == NULL)
		o->target.user = email;
	if (cli_has_password(cli)) {
		o->target.password = cli_password(cli);
		if (o->target.password == NULL)
			return false;
	}
	return ((o->target.url != NULL && o->user_dn != NULL) ||
		entry_endpoint(cli, email, &o->target.url, &o->user_dn)) &&
		cli_act_as_person(cli);
}

/* ---- results ---- */

static void say_hold(struct cli *cli, const struct bench_result *r)
{
	double n = (double)(r->sessions > 1 ? r->sessions - 1 : 1);
	double per = ((double)r->pss_sessions - (double)r->pss_first) / n;
	double wait = ((double)r->pss_waits - (double)r->pss_sessions) /
		(double)r->sessions;

	cli_say(cli, "hold%s: %llu sessions, %llu waits ended early",
		r->tls ? " (TLS)" : "", (unsigned long long)r->sessions,
		(unsigned long long)r->ended_early);
	if (r->pss_before == 0)
		return;
	cli_say(cli, "  PSS before %.1f MB, with the first session %.1f MB, "
		"with all %.1f MB, all waiting %.1f MB",
		(double)r->pss_before / 1e6, (double)r->pss_first / 1e6,
		(double)r->pss_sessions / 1e6, (double)r->pss_waits / 1e6);
	cli_say(cli, "  a further session %.1f KB, its connection and wait "
		"%.1f KB", per / 1024, wait / 1024);
}

static void say_result(struct cli *cli, const struct bench_result *r)
{
	if (r->sessions > 0) {
		say_hold(cli, r);
		return;
	}
	cli_say(cli, "%s%s c=%u: %.0f %ss/s, p50 %.0f us, p99 %.0f us "
		"(%llu operations in %.1f s)", r->mode,
		r->tls ? " (TLS)" : "", r->concurrency,
		(double)r->units / r->seconds, r->unit, r->p50, r->p99,
		(unsigned long long)r->operations, r->seconds);
	if (!r->has_usage)
		return;
	cli_say(cli, "  server: %.2f us of CPU for one %s, %.2f processors "
		"busy", r->cpu, r->unit, r->busy);
	if (r->pss_after > 0)
		cli_say(cli, "  PSS %.1f MB before, %.1f MB after (%.1f MB "
			"of it child processes)",
			(double)r->pss_before / 1e6,
			(double)r->pss_after / 1e6,
			(double)r->pss_children / 1e6);
}

/* ---- the command ---- */

static bool take_modes(struct cli *cli, const struct bench_mode **modes)
{
	for (unsigned i = 0; i < cli_arg_count(cli); i++) {
		modes[i] = bench_mode_find(cli_arg(cli, i));
		if (modes[i] == NULL) {
			cli_usage(cli, "there is no mode %s",
				  cli_arg(cli, i));
			return false;
		}
	}
	return true;
}

static int run(struct cli *cli)
{
	const struct bench_mode **modes = arena_array(cli_arena(cli),
		cli_arg_count(cli), sizeof *modes);
	struct bench_options o = { 0 };
	json_t *all;

	if (!take_modes(cli, modes) || !take_options(cli, &o))
		return CLI_USAGE;
	if (cli_get(cli, "email") == NULL &&
	    (o.target.url == NULL || o.user_dn == NULL))
		return cli_usage(cli, "--email ADDRESS is missing: whose "
				 "mailbox?");
	if (!take_mailbox(cli, &o))
		return CLI_FAILED;
	all = json_array();
	for (unsigned i = 0; i < cli_arg_count(cli); i++) {
		struct bench_result r;
		struct err err;

		if (!bench_run(modes[i], &o, &r, &err)) {
			json_decref(all);
			return cli_fail(cli, &err);
		}
		say_result(cli, &r);
		fflush(stdout);
		json_array_append_new(all, bench_result_json(&r));
	}
	if (cli_json(cli))
		return cli_list(cli, all, NULL);
	json_decref(all);
	return CLI_OK;
}

static const struct cli_option options[] = {
	{ "email", "ADDRESS", "whose mailbox to log on to", false },
	{ "url", "URL", "of the mail store endpoint (default: from the "
	  "directory)", false },
	{ "user", "NAME", "log on as this user (default: the address)",
	  false },
	{ "user-dn", "DN", "the legacyExchangeDN of the mailbox (default: "
	  "from the directory)", false },
	CLI_PASSWORD_OPTIONS,
	{ "concurrency", "N", "sessions at work at a time (default: 1)",
	  false },
	{ "seconds", "N", "how long (default: 5, unless there is a count)",
	  false },
	{ "count", "N", "how many operations; of hold: how many sessions",
	  false },
	{ "folder", "NAME", "the folder of fill, sweep, page and open, made "
	  "if it is not there (default: \"posthouse bench\")", false },
	{ "sort", "BY", "sort the table by time, subject, sender or size "
	  "(default: as it is)", false },
	{ "pid", "PID", "a process of the server, whose CPU time and memory "
	  "to tell, with its children", true },
	{ "ca-file", "FILE", "trust the certificates of this file", false },
	{ "insecure", NULL, "take any certificate", false },
	{ "address", "IP", "connect to this address instead of resolving "
	  "the name", false },
	{ "timeout", "SECONDS", "of one request (default: 60)", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cmd_bench[] = {
	{ .noun = "bench",
	  .args = "ping|release|receive-folder|properties|cycle|fill|sweep|"
		  "page|open|hold|nspi-bind|nspi-resolve|nspi-page …",
	  .summary = "Measure a MAPI over HTTP server: speed, CPU time and "
		     "memory.",
	  .options = options, .min_args = 1, .max_args = 16,
	  .no_config = true, .run = run },
	{ .noun = NULL },
};
