/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/posthoused/mirroring.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "cmd/posthoused/system.h"

enum { AGAIN_S = 5 };

extern char **environ;

struct mirroring {
	struct log *log;
	char *program, *config;
	int line;                 /* our end of its standard input */
	pid_t pid;
	pthread_t thread;
	pthread_mutex_t lock;     /* guards stop, line and pid */
	pthread_cond_t wake;
	bool stop;
};

/* Signals are as in a fresh process, SIGTERM above all, which is blocked in
 * ours; but for those that a terminal sends to all of us. */
static int start(struct mirroring *m, int in)
{
	char *argv[] = { m->program, m->config, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t mask, all;
	int code;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &mask);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
				 POSIX_SPAWN_SETSIGDEF);
	code = posix_spawn(&m->pid, m->program, &actions, &attr, argv,
			   environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return code;
}

/* The lock is held. */
static bool spawn(struct mirroring *m, struct err *err)
{
	int ends[2], code;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, EC_ERROR, "cannot make a pipe: %s",
			       strerror(errno));
	code = start(m, ends[0]);
	close(ends[0]);
	if (code != 0) {
		close(ends[1]);
		return err_set(err, EC_ERROR, "cannot start %s: %s",
			       m->program, strerror(code));
	}
	m->line = ends[1];
	return true;
}

/* It has ended; wait a little, unless it was to.  The lock is held. */
static void wait_to_start(struct mirroring *m)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += AGAIN_S;
	while (!m->stop && pthread_cond_timedwait(&m->wake, &m->lock,
						  &until) == 0)
		;
}

static void *mind(void *arg)
{
	struct mirroring *m = arg;
	char text[600];
	siginfo_t ended;
	struct err err;
	int status;

	for (;;) {
		/* Its number stays its own until the lock is held: nobody
		 * else is to get the SIGTERM. */
		while (waitid(P_PID, (id_t)m->pid, &ended,
			      WEXITED | WNOWAIT) < 0 && errno == EINTR)
			;
		pthread_mutex_lock(&m->lock);
		waitpid(m->pid, &status, 0);
		m->pid = 0;
		if (!m->stop) {
			close(m->line);
			m->line = -1;
			log_event(m->log, LOG_LEVEL_ERROR, "ldap",
				  "text=\"posthouse-ldap ended\" status=%d "
				  "again=%ds", status, AGAIN_S);
		}
		do {
			wait_to_start(m);
			if (m->stop || spawn(m, &err))
				break;
			log_event(m->log, LOG_LEVEL_ERROR, "ldap", "text=%s",
				  log_quote(err.text, text, sizeof text));
		} while (true);
		status = m->stop;
		pthread_mutex_unlock(&m->lock);
		if (status)
			return NULL;
	}
}

static void init_locks(struct mirroring *m)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m->wake, &attr);
	pthread_condattr_destroy(&attr);
}

bool mirroring_start(const struct config *config, const char *helper,
		     struct log *log, struct mirroring **out,
		     struct err *err)
{
	struct mirroring *m;

	*out = NULL;
	if (config->ldap.url == NULL)
		return true;
	m = xcalloc(1, sizeof *m);
	m->log = log;
	m->line = -1;
	m->program = system_beside(helper, "posthouse-ldap");
	m->config = xstrdup(config->path);
	init_locks(m);
	if (spawn(m, err) && pthread_create(&m->thread, NULL, mind, m) == 0) {
		*out = m;
		return true;
	}
	if (m->pid != 0) {
		close(m->line);
		waitpid(m->pid, NULL, 0);
		err_set(err, EC_ERROR, "cannot start a thread");
	}
	free(m->program);
	free(m->config);
	free(m);
	return false;
}

void mirroring_stop(struct mirroring *m)
{
	if (m == NULL)
		return;
	pthread_mutex_lock(&m->lock);
	m->stop = true;
	/* It ends when its standard input does; in the middle of a pass it is
	 * told so: the transaction is rolled back. */
	if (m->line >= 0)
		close(m->line);
	if (m->pid != 0)
		kill(m->pid, SIGTERM);
	pthread_cond_signal(&m->wake);
	pthread_mutex_unlock(&m->lock);
	pthread_join(m->thread, NULL);
	pthread_mutex_destroy(&m->lock);
	pthread_cond_destroy(&m->wake);
	free(m->program);
	free(m->config);
	free(m);
}
