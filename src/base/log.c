/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"

enum { LINE_MAX_SIZE = 4096 };

struct log {
	pthread_mutex_t lock;     /* guards fd against log_reopen */
	enum log_level level;
	int fd;
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
	pthread_mutex_init(&log->lock, NULL);
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
	pthread_mutex_destroy(&log->lock);
	free(log->path);
	free(log);
}

bool log_reopen(struct log *log, struct err *err)
{
	int fd, old;

	if (log == NULL || log->path == NULL)
		return true;
	fd = open_file(log->path, err);
	if (fd < 0)
		return false;
	pthread_mutex_lock(&log->lock);
	old = log->fd;
	log->fd = fd;
	pthread_mutex_unlock(&log->lock);
	close(old);
	return true;
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
	pthread_mutex_lock(&log->lock);
	while (write(log->fd, line, len) < 0 && errno == EINTR)
		;
	pthread_mutex_unlock(&log->lock);
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
