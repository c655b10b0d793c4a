/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/password.h"

extern char **environ;

enum { HASH_MAX = 512 };

/* Its end becomes standard input; signals are as in a fresh process. */
static int spawn(const char *path, int end, pid_t *pid)
{
	char *argv[] = { (char *)(uintptr_t)path, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, end, STDIN_FILENO);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
				 POSIX_SPAWN_SETSIGDEF);
	rc = strchr(path, '/') != NULL ?
		posix_spawn(pid, path, &files, &attr, argv, environ) :
		posix_spawnp(pid, path, &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

bool helper_spawn(const char *path, int *fd, pid_t *pid, struct err *err)
{
	int pair[2], rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(err, EC_ERROR, "cannot make a socket pair for "
			       "%s: %s", path, strerror(errno));
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	rc = spawn(path, pair[1], pid);
	close(pair[1]);
	if (rc != 0) {
		close(pair[0]);
		return err_set(err, EC_ERROR, "cannot start %s, which checks "
			       "passwords: %s; set auth_helper under [server]",
			       path, strerror(rc));
	}
	*fd = pair[0];
	return true;
}

void helper_kill(int fd, pid_t pid)
{
	close(fd);
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

bool helper_send(int fd, const uint8_t *message, size_t len)
{
	return send(fd, message, len, MSG_NOSIGNAL) == (ssize_t)len;
}

bool helper_recv(int fd, uint8_t *message, size_t size, size_t *len)
{
	ssize_t n = recv(fd, message, size, 0);

	if (n <= 0)
		return false;
	*len = (size_t)n;
	return true;
}

size_t helper_password(const char *password, const char *hash,
		       uint8_t out[static HELPER_PASSWORD_MAX])
{
	size_t password_size = strlen(password) + 1;
	size_t hash_size = strlen(hash) + 1;

	if (password_size > PASSWORD_MAX_SIZE || hash_size > HASH_MAX)
		return 0;
	out[0] = HELPER_PASSWORD;
	memcpy(out + 1, password, password_size);
	memcpy(out + 1 + password_size, hash, hash_size);
	return 1 + password_size + hash_size;
}
