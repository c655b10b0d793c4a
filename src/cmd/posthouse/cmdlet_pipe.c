/* SPDX-License-Identifier: Apache-2.0 */
/* What comes through the pipe: one JSON object a line. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "cmd/posthouse/cmdlet_impl.h"

enum {
	INPUT_MAX = 64 * 1024 * 1024,
	PIPE_WAIT_MS = 15000,     /* longer than the directory can be busy */
	PIPE_LOOK_MS = 100,
};

/* Nothing can come from a terminal or /dev/null. */
static bool has_pipe(void)
{
	struct stat st;

	return fstat(STDIN_FILENO, &st) == 0 && !S_ISCHR(st.st_mode);
}

static bool add_line(struct cmdlet_call *call, json_t *array,
		     const char *line, size_t len, unsigned number)
{
	json_error_t why;
	json_t *object;

	if (strspn(line, " \t\r") >= len)
		return true;
	object = json_loadb(line, len, JSON_REJECT_DUPLICATES, &why);
	if (json_is_object(object)) {
		json_array_append_new(array, object);
		return true;
	}
	json_decref(object);
	cmdlet_error(call, "line %u of the pipe is not a JSON object (%s); "
		     "nothing was changed. What writes it must be a cmdlet "
		     "such as Get-MapiVirtualDirectory.", number,
		     object != NULL ? "but another value" : why.text);
	return false;
}

static bool add_lines(struct cmdlet_call *call, json_t *array,
		      const char *text, size_t len)
{
	const char *end = text + len, *line = text;

	for (unsigned number = 1; line < end; number++) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		if (stop == NULL)
			stop = end;
		if (!add_line(call, array, line, (size_t)(stop - line),
			      number))
			return false;
		line = stop + 1;
	}
	return true;
}

static bool read_all(struct cmdlet_call *call, struct buf *text)
{
	ssize_t n = 1;

	while (n != 0) {
		n = read(STDIN_FILENO, buf_room(text, 65536), 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || text->len > INPUT_MAX) {
			cmdlet_error(call, "cannot read the pipe: %s", n < 0 ?
				     strerror(errno) : "it is too long");
			return false;
		}
		text->len += (size_t)n;
	}
	return true;
}

json_t *cmdlet_input(struct cmdlet_call *call)
{
	struct buf text = BUF_INIT;
	json_t *array = NULL;

	if (!has_pipe()) {
		cmdlet_error(call, "Cannot process command because of one or "
			     "more missing mandatory parameters: Identity. "
			     "Name an object, or pipe objects in.");
		return NULL;
	}
	array = json_array();
	if (!read_all(call, &text) ||
	    !add_lines(call, array, (const char *)text.data, text.len)) {
		json_decref(array);
		array = NULL;
	} else if (json_array_size(array) == 0) {
		cmdlet_error(call, "nothing came through the pipe, so nothing "
			     "was changed");
		json_decref(array);
		array = NULL;
	}
	buf_free(&text);
	return array;
}

/* Objects that may come ------------------------------------------------ */

/* The first byte of the pipe, which stays in it; 0 if there is none. */
static char peek(void)
{
	int copy[2];
	char c = 0;

	if (pipe2(copy, O_CLOEXEC) != 0)
		return 0;
	if (tee(STDIN_FILENO, copy[1], 1, SPLICE_F_NONBLOCK) != 1 ||
	    read(copy[0], &c, 1) != 1)
		c = 0;
	close(copy[0]);
	close(copy[1]);
	return c;
}

/* Whether a process has the writing end of the pipe: "pipe:[1234]". */
static bool process_writes(const char *process, const char *pipe)
{
	char path[300], target[64];
	const struct dirent *e;
	struct stat st;
	bool found = false;
	ssize_t len;
	DIR *fds;

	snprintf(path, sizeof path, "/proc/%s/fd", process);
	fds = opendir(path);
	while (fds != NULL && !found && (e = readdir(fds)) != NULL) {
		len = readlinkat(dirfd(fds), e->d_name, target,
				 sizeof target - 1);
		if (len <= 0)
			continue;
		target[len] = '\0';
		/* The link's permissions are those of the open file. */
		found = strcmp(target, pipe) == 0 &&
			fstatat(dirfd(fds), e->d_name, &st,
				AT_SYMLINK_NOFOLLOW) == 0 &&
			(st.st_mode & S_IWUSR);
	}
	if (fds != NULL)
		closedir(fds);
	return found;
}

/*
 * Whether somebody here may still write into the pipe.  What a container or
 * a service holds open from outside is not a pipeline.
 */
static bool has_writer(ino_t inode)
{
	const struct dirent *e;
	bool found = false;
	char pipe[32];
	DIR *proc = opendir("/proc");

	snprintf(pipe, sizeof pipe, "pipe:[%llu]", (unsigned long long)inode);
	while (proc != NULL && !found && (e = readdir(proc)) != NULL)
		found = isdigit((uint8_t)e->d_name[0]) &&
			process_writes(e->d_name, pipe);
	if (proc != NULL)
		closedir(proc);
	return found;
}

/* Wait for the first byte or the end; false if only the time has passed. */
static bool wait_for_writer(ino_t inode)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

	for (int waited = 0; waited < PIPE_WAIT_MS; waited += PIPE_LOOK_MS)
		if (poll(&in, 1, waited == 0 ? 0 : PIPE_LOOK_MS) != 0 ||
		    !has_writer(inode))
			return true;
	return false;
}

/*
 * Scripts may come through standard input, or a loop's lines: what is no
 * object is not ours to read.
 */
json_t *cmdlet_piped(struct cmdlet_call *call, bool *ok)
{
	struct stat st;
	json_t *array;

	*ok = true;
	if (fstat(STDIN_FILENO, &st) != 0 || !S_ISFIFO(st.st_mode))
		return NULL;
	if (!wait_for_writer(st.st_ino)) {
		*ok = false;
		cmdlet_error(call, "standard input is a pipe, and nothing "
			     "comes through it: add </dev/null if nothing is "
			     "meant to");
		return NULL;
	}
	if (peek() != '{')
		return NULL;
	array = cmdlet_input(call);
	*ok = array != NULL;
	return array;
}
