/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/posthoused/system.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"

enum { FILES_WANTED = 1 << 20 };

void system_raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	if (geteuid() == 0 && limit.rlim_max < FILES_WANTED) {
		struct rlimit more = { FILES_WANTED, FILES_WANTED };

		if (setrlimit(RLIMIT_NOFILE, &more) == 0)
			return;
	}
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

bool system_drop(const char *user, const char *const *files, struct err *err)
{
	const struct passwd *pw;

	if (user == NULL || geteuid() != 0)
		return true;
	pw = getpwnam(user);
	if (pw == NULL)
		return err_set(err, EC_NOT_FOUND, "there is no user %s; make "
			       "it with \"adduser --system --group %s\", or "
			       "change user under [server]", user, user);
	for (; *files != NULL; files++)
		if (chown(*files, pw->pw_uid, pw->pw_gid) < 0)
			return err_set(err, EC_ERROR, "cannot give %s to %s: "
				       "%s", *files, user, strerror(errno));
	if (initgroups(user, pw->pw_gid) < 0 || setgid(pw->pw_gid) < 0 ||
	    setuid(pw->pw_uid) < 0)
		return err_set(err, EC_ERROR, "cannot become the user %s: %s",
			       user, strerror(errno));
	/* Nothing that we start can get them back. */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#ifdef __SANITIZE_ADDRESS__
	prctl(PR_SET_DUMPABLE, 1);        /* the leak check's need */
#endif
	return true;
}

bool system_pid_write(const char *path, struct err *err)
{
	char text[32];
	int fd, len;
	bool ok;

	if (path == NULL)
		return true;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_set(err, EC_ERROR, "cannot make the pid file %s: "
			       "%s", path, strerror(errno));
	len = snprintf(text, sizeof text, "%d\n", (int)getpid());
	ok = write(fd, text, (size_t)len) == len;
	close(fd);
	return ok || err_set(err, EC_ERROR, "cannot write the pid file %s: %s",
			     path, strerror(errno));
}

void system_pid_remove(const char *path)
{
	if (path != NULL && unlink(path) < 0 && truncate(path, 0) < 0)
		return;           /* its folder isn't ours, nor is it */
}

void system_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = path != NULL ? strlen(path) : 0;
	int fd;

	if (len < 2 || len >= sizeof addr.sun_path ||
	    (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(addr.sun_path, path, len);
	if (path[0] == '@')
		addr.sun_path[0] = '\0';  /* the abstract name space */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, state, strlen(state), MSG_NOSIGNAL,
	       (const struct sockaddr *)&addr,
	       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

char *system_helper_path(const char *configured)
{
	struct buf b = BUF_INIT;
	char self[4096];
	ssize_t len;
	char *slash;

	if (configured != NULL)
		return xstrdup(configured);
	len = readlink("/proc/self/exe", self, sizeof self - 1);
	if (len > 0) {
		self[len] = '\0';
		slash = strrchr(self, '/');
		*slash = '\0';
		buf_printf(&b, "%s/posthouse-auth", self);
		if (access(buf_str(&b), X_OK) == 0)
			return (char *)b.data;
		buf_clear(&b);
	}
	buf_puts(&b, POSTHOUSE_LIBEXECDIR "/posthouse-auth");
	return (char *)b.data;
}

char *system_beside(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	struct buf b = BUF_INIT;

	if (slash != NULL)
		buf_add(&b, path, (size_t)(slash + 1 - path));
	buf_puts(&b, name);
	return (char *)b.data;
}

static unsigned processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned)n : 1;
}

unsigned system_io_threads(unsigned asked)
{
	unsigned n = processors();

	return asked != 0 ? asked : n < 4 ? n : 4;
}

unsigned system_workers(unsigned asked)
{
	unsigned n = processors() * 2;

	return asked != 0 ? asked : n > 4 ? n : 4;
}
