/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/password.h"

extern char **environ;

enum { HASH_MAX = 512, MESSAGE_MAX = PASSWORD_MAX_SIZE + HASH_MAX };

/* The daemon's side ---------------------------------------------------- */

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

bool helper_ask(int fd, const char *password, const char *hash)
{
	char message[MESSAGE_MAX];
	size_t password_size = strlen(password) + 1;
	size_t hash_size = strlen(hash) + 1;
	bool ok;

	if (password_size > PASSWORD_MAX_SIZE || hash_size > HASH_MAX)
		return false;
	memcpy(message, password, password_size);
	memcpy(message + password_size, hash, hash_size);
	ok = send(fd, message, password_size + hash_size, MSG_NOSIGNAL) ==
		(ssize_t)(password_size + hash_size);
	OPENSSL_cleanse(message, sizeof message);
	return ok;
}

bool helper_answer(int fd, enum helper_answer *out)
{
	char answer;

	if (recv(fd, &answer, 1, 0) != 1 || answer == '\0' ||
	    strchr("ynf", answer) == NULL)
		return false;
	*out = (enum helper_answer)answer;
	return true;
}

/* The process's side --------------------------------------------------- */

static char check(const char *message, size_t len)
{
	const char *nul = memchr(message, '\0', len);
	bool match;

	if (nul == NULL || message[len - 1] != '\0' || nul == message + len - 1)
		return HELPER_FAILED;
	if (!password_verify(message, nul + 1, &match, NULL))
		return HELPER_FAILED;
	return match ? HELPER_MATCH : HELPER_NO_MATCH;
}

/* Passwords pass through here: no core files, no debugger of the user. */
static void harden(void)
{
	const struct rlimit none = { 0, 0 };

	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &none);
	signal(SIGINT, SIG_IGN);  /* Ctrl-C is for the daemon, which drains */
}

int helper_main(int fd)
{
	char message[MESSAGE_MAX];
	ssize_t n;

	harden();
	while ((n = recv(fd, message, sizeof message, 0)) > 0) {
		char answer = check(message, (size_t)n);

		OPENSSL_cleanse(message, sizeof message);
		if (send(fd, &answer, 1, MSG_NOSIGNAL) != 1)
			return 1;
	}
	return n == 0 ? 0 : 1;
}
