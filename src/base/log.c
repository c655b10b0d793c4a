/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"

enum { LINE_MAX_SIZE = 4096 };

struct log {
	enum log_level level;
	int fd;                   /* never changes: see log_reopen */
	char *path;               /* NULL: standard error */
};

static int open_file(const char *path, struct err *err)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);

	if (fd < 0)
		err_set(err, EC_ERROR, "cannot open the log file %s: %s", path,
			strerror(errno));
	return fd;
}

struct log *log_open(const char *path, enum log_level level, struct err *err)
{
	struct log *log;
	int fd = STDERR_FILENO;

	if (path != NULL && (fd = open_file(path, err)) < 0)
		return NULL;
	log = xcalloc(1, sizeof *log);
	log->level = level;
	log->fd = fd;
	log->path = path != NULL ? xstrdup(path) : NULL;
	return log;
}

void log_close(struct log *log)
{
	if (log == NULL)
		return;
	if (log->path != NULL)
		close(log->fd);
	free(log->path);
	free(log);
}

/*
 * The new file takes the descriptor's number over in one step, so that
 * log_event needs no lock: writers of one line each do not wait for another.
 */
bool log_reopen(struct log *log, struct err *err)
{
	int fd, result;

	if (log == NULL || log->path == NULL)
		return true;
	fd = open_file(log->path, err);
	if (fd < 0)
		return false;
	while ((result = dup3(fd, log->fd, O_CLOEXEC)) < 0 &&
	       (errno == EINTR || errno == EBUSY))
		;
	if (result < 0)
		err_set(err, EC_ERROR, "cannot use the log file %s: %s",
			log->path, strerror(errno));
	close(fd);
	return result >= 0;
}

bool log_enabled(const struct log *log, enum log_level level)
{
	return log != NULL && level <= log->level;
}

void log_event(struct log *log, enum log_level level, const char *event,
	       const char *format, ...)
{
	static const char *const names[] = { "error", "warning", "info",
					     "debug" };
	char line[LINE_MAX_SIZE], when[ISO_DATE_SIZE];
	va_list ap;
	int n;
	size_t len;

	if (!log_enabled(log, level))
		return;
	iso_date_format(filetime_now(), when);
	n = snprintf(line, sizeof line, "%s %s %s ", when, names[level], event);
	len = n > 0 ? (size_t)n : 0;
	va_start(ap, format);
	n = vsnprintf(line + len, sizeof line - len, format, ap);
	va_end(ap);
	len += n > 0 ? (size_t)n : 0;
	if (len > sizeof line - 1)
		len = sizeof line - 1;
	line[len++] = '\n';
	while (write(log->fd, line, len) < 0 && errno == EINTR)
		;
}

static bool is_plain(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
		if ((unsigned char)*text <= ' ' || *text == '"' ||
		    *text == '\\' || *text == '=' || *text == 0x7f)
			return false;
	return true;
}

const char *log_quote(const char *text, char *out, size_t size)
{
	size_t n = 0;

	if (is_plain(text) && strlen(text) < size)
		return strcpy(out, text);
	out[n++] = '"';
	for (; *text != '\0' && n + 6 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c == 0x7f) {
			n += (size_t)snprintf(out + n, size - n, "\\x%02x", c);
			continue;
		}
		if (c == '"' || c == '\\')
			out[n++] = '\\';
		out[n++] = (char)c;
	}
	out[n++] = '"';
	out[n] = '\0';
	return out;
}
