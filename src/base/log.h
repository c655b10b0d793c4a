/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: one line an event, "time level event key=value …", to standard
 * error or to a file.  Library code does not log by itself: it is handed a
 * struct log by the program, or returns what happened.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO,
		 LOG_LEVEL_DEBUG };

struct log;

/* A log to path, appended; NULL: standard error.  NULL and err on failure. */
struct log *log_open(const char *path, enum log_level level, struct err *err);
void log_close(struct log *log);

/* Open the file again, after it was rotated away.  Safe with log_event. */
bool log_reopen(struct log *log, struct err *err);

bool log_enabled(const struct log *log, enum log_level level);

/*
 * One line.  event is a word; format makes the "key=value …" after it, where
 * text from outside goes through log_quote.  Safe from any thread; a single
 * write.  log may be NULL: nothing is written.
 */
void log_event(struct log *log, enum log_level level, const char *event,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * text as a value: as it is when it is plain, else in double quotes with
 * control characters, quotes and backslashes escaped, cut to fit.  Returns
 * out.
 */
const char *log_quote(const char *text, char *out, size_t size);

#endif
