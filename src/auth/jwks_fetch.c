/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/jwks_fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/jwks.h"
#include "base/clock.h"

extern char **environ;

enum { COMPLAINT_MAX = 300 };

/* --- Files ------------------------------------------------------------ */

bool jwks_read_file(const char *path, struct buf *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;

	if (fd < 0)
		return err_set(err, EC_NOT_FOUND, "cannot open the key set %s:"
			       " %s; see jwks_file under [oauth]", path,
			       strerror(errno));
	while (n > 0 && out->len <= JWKS_TEXT_MAX) {
		n = read(fd, buf_room(out, 8192), 8192);
		out->len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0)
		err_set(err, EC_ERROR, "cannot read the key set %s: %s", path,
			strerror(errno));
	close(fd);
	return n >= 0;
}

/* --- The process ------------------------------------------------------ */

/* What comes from it: the document, and what it complains of. */
struct child {
	pid_t pid;
	int out, complaints;      /* -1: closed */
};

static int spawn(char *const *argv, int out, int complaints, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null",
					 O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, complaints, STDERR_FILENO);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
				 POSIX_SPAWN_SETSIGDEF);
	rc = strchr(argv[0], '/') != NULL ?
		posix_spawn(pid, argv[0], &files, &attr, argv, environ) :
		posix_spawnp(pid, argv[0], &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

static bool start(char *const *argv, struct child *child, struct err *err)
{
	int out[2], complaints[2], rc;

	if (pipe2(out, O_CLOEXEC) < 0)
		return err_set(err, EC_ERROR, "cannot make a pipe: %s",
			       strerror(errno));
	if (pipe2(complaints, O_CLOEXEC) < 0) {
		close(out[0]);
		close(out[1]);
		return err_set(err, EC_ERROR, "cannot make a pipe: %s",
			       strerror(errno));
	}
	rc = spawn(argv, out[1], complaints[1], &child->pid);
	close(out[1]);
	close(complaints[1]);
	if (rc != 0) {
		close(out[0]);
		close(complaints[0]);
		return err_set(err, EC_ERROR, "cannot start %s, which fetches "
			       "the key set: %s", argv[0], strerror(rc));
	}
	child->out = out[0];
	child->complaints = complaints[0];
	return true;
}

/* Take what has come; at the end or beyond max the file is closed. */
static void take(int *fd, struct buf *into, size_t max)
{
	ssize_t n = read(*fd, buf_room(into, 8192), 8192);

	if (n > 0)
		into->len += (size_t)n;
	if (n == 0 || (n < 0 && errno != EINTR) || into->len > max) {
		close(*fd);
		*fd = -1;
	}
}

/* False: it took too long, or is to stop. */
static bool listen_to(struct child *child, int stop_fd, struct buf *out,
		      struct buf *complaints)
{
	uint64_t until = clock_ms() + JWKS_FETCH_MS;

	while (child->out >= 0 || child->complaints >= 0) {
		struct pollfd fds[3] = { { child->out, POLLIN, 0 },
					 { child->complaints, POLLIN, 0 },
					 { stop_fd, POLLIN, 0 } };
		uint64_t now = clock_ms();

		if (now >= until || poll(fds, 3, (int)(until - now)) == 0 ||
		    fds[2].revents != 0)
			return false;
		if (fds[0].revents != 0)
			take(&child->out, out, JWKS_TEXT_MAX);
		if (fds[1].revents != 0)
			take(&child->complaints, complaints, COMPLAINT_MAX);
	}
	return true;
}

/* Its exit status; -1 if it was ended. */
static int finish(struct child *child, bool in_time)
{
	int status = 0;

	if (child->out >= 0)
		close(child->out);
	if (child->complaints >= 0)
		close(child->complaints);
	if (!in_time)
		kill(child->pid, SIGKILL);
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool jwks_fetch_url(const char *program, const char *url, const char *ca_file,
		    int stop_fd, struct buf *out, struct err *err)
{
	char *argv[] = { (char *)(uintptr_t)program, (char *)(uintptr_t)url,
		(char *)(uintptr_t)ca_file, NULL };
	struct buf complaints = BUF_INIT;
	struct child child;
	bool in_time, ok;
	int status;

	if (!start(argv, &child, err))
		return false;
	in_time = listen_to(&child, stop_fd, out, &complaints);
	status = finish(&child, in_time);
	ok = status == 0 && out->len > 0;
	if (!in_time)
		err_set(err, EC_ERROR, "the key set did not come from %s "
			"within %d s", url, JWKS_FETCH_MS / 1000);
	else if (!ok)
		err_set(err, EC_ERROR, "cannot fetch the key set: %.*s",
			(int)strcspn(buf_str(&complaints), "\n"),
			complaints.len > 0 ? buf_str(&complaints) :
			"posthouse-fetch ended without a word");
	buf_free(&complaints);
	return ok;
}
