/* SPDX-License-Identifier: Apache-2.0 */
/* posthoused: options, signals, and how it ends. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/posthoused/check.h"
#include "cmd/posthoused/daemon.h"
#include "cmd/posthoused/fronting.h"
#include "cmd/posthoused/system.h"

#define DEFAULT_CONFIG "/etc/posthouse/posthouse.conf"

enum { DRAIN_STEP_MS = 100 };

static void print_help(void)
{
	printf("usage: posthoused [--config FILE] [--check]\n\n"
	       "Serve mailboxes over MAPI over HTTP.\n\n"
	       "  --config FILE  the configuration; default:\n"
	       "                 " DEFAULT_CONFIG "\n"
	       "  --check        look whether it would start, and exit\n"
	       "  --version      show the version and exit\n"
	       "  --help         show this and exit\n\n"
	       "SIGTERM lets running requests end, then stops; SIGHUP reads "
	       "the certificates\nand opens the log file anew.\n");
}

/* Checking ------------------------------------------------------------- */

static void print_problem(void *ctx, const char *text)
{
	fprintf(stderr, "%s: %s\n", (const char *)ctx, text);
}

static int check(const struct config *config)
{
	unsigned n = config_check(config, print_problem, config->path) +
		check_services(config, print_problem, config->path) +
		fronting_check(config, print_problem, config->path);

	if (n > 0) {
		fprintf(stderr, "%s: %u problem%s\n", config->path, n,
			n == 1 ? "" : "s");
		return 1;
	}
	printf("%s: fine\n", config->path);
	return 0;
}

/* Serving -------------------------------------------------------------- */

/* All threads inherit the mask: signals come to wait_for_signal alone. */
static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	sigprocmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* A second SIGTERM ends the patience. */
static bool is_impatient(const sigset_t *set)
{
	const struct timespec now = { 0, 0 };
	int sig = sigtimedwait(set, NULL, &now);

	return sig == SIGTERM || sig == SIGINT;
}

static void drain(struct daemon *d, const struct config *config,
		  const sigset_t *set, struct log *log)
{
	uint64_t until = clock_ms() + config->limits.drain_timeout;
	bool done = false;

	log_event(log, LOG_LEVEL_INFO, "draining", "timeout_ms=%u",
		  config->limits.drain_timeout);
	system_notify("STOPPING=1");
	daemon_drain(d);
	while (!done && clock_ms() < until && !is_impatient(set))
		done = daemon_wait(d, DRAIN_STEP_MS);
	if (!done)
		log_event(log, LOG_LEVEL_WARNING, "drained", "text=\"some "
			  "requests were cut off\"");
}

static void serve_until_told(struct daemon *d, const struct config *config,
			     const sigset_t *set, struct log *log)
{
	int sig;

	log_event(log, LOG_LEVEL_INFO, "ready", "pid=%d version=%s",
		  (int)getpid(), POSTHOUSE_VERSION);
	system_notify("READY=1");
	while ((sig = sigwaitinfo(set, NULL)) != SIGTERM && sig != SIGINT)
		if (sig == SIGHUP)
			daemon_reload(d);
	drain(d, config, set, log);
}

static int serve(const struct config *config)
{
	struct daemon *d = NULL;
	struct log *log;
	struct err err;
	sigset_t set;
	bool ok;

	block_signals(&set);
	log = log_open(config->log_file, (enum log_level)config->log_level,
		       &err);
	if (log == NULL) {
		fprintf(stderr, "posthoused: %s\n", err.text);
		return 1;
	}
	ok = daemon_start(config, log, &d, &err);
	if (ok) {
		serve_until_told(d, config, &set, log);
	} else {
		char text[600];

		fprintf(stderr, "posthoused: %s\n", err.text);
		if (config->log_file != NULL)
			log_event(log, LOG_LEVEL_ERROR, "start", "error=%s",
				  log_quote(err.text, text, sizeof text));
	}
	daemon_stop(d);
	log_event(log, LOG_LEVEL_INFO, "stopped", "pid=%d", (int)getpid());
	log_close(log);
	return ok ? 0 : 1;
}

/* Options -------------------------------------------------------------- */

static int run(const char *path, bool only_check)
{
	struct config *config;
	struct err err;
	int rc;

	if (!config_load(path, &config, &err)) {
		fprintf(stderr, "posthoused: %s\n", err.text);
		return 1;
	}
	rc = only_check ? check(config) : serve(config);
	config_free(config);
	return rc;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'k' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = DEFAULT_CONFIG;
	bool only_check = false;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'c') {
			path = optarg;
		} else if (c == 'k') {
			only_check = true;
		} else if (c == 'v') {
			printf("posthoused %s\n", POSTHOUSE_VERSION);
			return 0;
		} else if (c == 'h') {
			print_help();
			return 0;
		} else {
			fprintf(stderr, "Try \"posthoused --help\".\n");
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "posthoused: \"%s\" is too much\nTry "
			"\"posthoused --help\".\n", argv[optind]);
		return 2;
	}
	return run(path, only_check);
}
