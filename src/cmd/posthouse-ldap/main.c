/* SPDX-License-Identifier: Apache-2.0 */
/*
 * posthouse-ldap CONFIG: keeps the mirror of the LDAP directory up to date,
 * for as long as standard input is open.  posthoused starts it; of several
 * daemons that share an organisation, the one whose posthouse-ldap has the
 * lock does the work, and another takes over when it ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.h"
#include "directory/ldap_settings.h"

enum { RETRY_MS = 5000, LOCK_MS = 1000 };

struct mirroring {
	struct config *config;
	struct log *log;
	struct directory *dir;
	struct ldap_config ldap;
	struct ldap_sync *sync;
	struct arena *arena;
	bool failed;              /* the last pass; told once */
};

static void tell(struct mirroring *m, enum log_level level, const char *text)
{
	char quoted[1024];

	log_event(m->log, level, "ldap", "text=%s",
		  log_quote(text, quoted, sizeof quoted));
}

/* Wait; false: whoever started us has ended. */
static bool sleep_unless_over(unsigned ms)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char byte;

	if (poll(&in, 1, (int)ms) <= 0)
		return true;
	return read(STDIN_FILENO, &byte, 1) > 0;
}

/* Have the organisation's lock; false: it is over. */
static bool lead(struct mirroring *m)
{
	char *path = config_directory_path(m->config);
	char *lock = arena_printf(m->arena, "%s.ldap-lock", path);
	int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	free(path);
	if (fd < 0) {
		tell(m, LOG_LEVEL_ERROR, arena_printf(m->arena, "cannot open "
						      "%s: %s", lock,
						      strerror(errno)));
		return false;
	}
	/* Kept until the process ends. */
	while (flock(fd, LOCK_EX | LOCK_NB) < 0)
		if (!sleep_unless_over(LOCK_MS))
			return false;
	return true;
}

static void on_skipped(void *ctx, const char *text)
{
	tell(ctx, LOG_LEVEL_WARNING, text);
}

static void say_done(struct mirroring *m, const struct ldap_result *r)
{
	char server[200];

	if (r->counts.written + r->counts.removed + r->counts.skipped == 0 &&
	    !m->failed)
		return;
	log_event(m->log, LOG_LEVEL_INFO, "ldap", "server=%s full=%d "
		  "seen=%llu written=%llu removed=%llu skipped=%llu",
		  log_quote(r->server, server, sizeof server), (int)r->full,
		  (unsigned long long)r->counts.seen,
		  (unsigned long long)r->counts.written,
		  (unsigned long long)r->counts.removed,
		  (unsigned long long)r->counts.skipped);
}

static unsigned pass(struct mirroring *m)
{
	struct ldap_result result;
	struct err err;

	if (ldap_sync_pass(m->sync, m->dir, false, on_skipped, m, &result,
			   &err)) {
		say_done(m, &result);
		m->failed = false;
		return m->config->ldap.poll;
	}
	if (!m->failed)
		tell(m, LOG_LEVEL_ERROR, err.text);
	m->failed = true;
	return m->config->ldap.poll > RETRY_MS ? m->config->ldap.poll :
		RETRY_MS;
}

static bool begin(struct mirroring *m, const char *path, struct err *err)
{
	char *directory;
	bool ok;

	if (!config_load(path, &m->config, err))
		return false;
	m->log = log_open(m->config->log_file,
			  (enum log_level)m->config->log_level, err);
	if (m->log == NULL)
		return false;
	directory = config_directory_path(m->config);
	ok = ldap_settings(m->config, m->arena, &m->ldap, err) &&
		directory_open(directory, m->config->server_name, &m->dir,
			       err);
	free(directory);
	if (ok)
		m->sync = ldap_sync_new(&m->ldap);
	return ok;
}

static void finish(struct mirroring *m)
{
	ldap_sync_free(m->sync);
	directory_close(m->dir);
	log_close(m->log);
	config_free(m->config);
	arena_free(m->arena);
}

int main(int argc, char **argv)
{
	struct mirroring m = { .arena = arena_new(0) };
	struct err err;

	if (argc != 2) {
		fprintf(stderr, "usage: posthouse-ldap CONFIG\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	if (!begin(&m, argv[1], &err)) {
		fprintf(stderr, "posthouse-ldap: %s\n", err.text);
		finish(&m);
		return 1;
	}
	if (lead(&m))
		while (sleep_unless_over(pass(&m)))
			;
	finish(&m);
	return 0;
}
