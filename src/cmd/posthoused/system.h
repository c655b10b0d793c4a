/* SPDX-License-Identifier: Apache-2.0 */
/* What a daemon needs of the system: user, limits, pid file, systemd. */
#ifndef CMD_POSTHOUSED_SYSTEM_H
#define CMD_POSTHOUSED_SYSTEM_H

#include <stdbool.h>

#include "base/err.h"

/* As many open files as the system allows this process. */
void system_raise_files(void);

/*
 * When root and user is not NULL: become that user for good, after giving it
 * the files named (NULL ends the list; NULL entries can't be).  Nothing when
 * not root.
 */
bool system_drop(const char *user, const char *const *files, struct err *err);

/* Write our pid into path; NULL: nothing. */
bool system_pid_write(const char *path, struct err *err);
void system_pid_remove(const char *path);

/* Tell systemd, when it asked to be told (sd_notify(3)): "READY=1". */
void system_notify(const char *state);

/*
 * The program that checks passwords: configured (NULL: not), else beside this
 * one, else where it is installed.  To be freed by the caller.
 */
char *system_helper_path(const char *configured);

/*
 * The program or file name in the folder of path, name alone if path has no
 * folder.  To be freed by the caller.
 */
char *system_beside(const char *path, const char *name);

/* How many threads to use: asked, or one that fits the processors. */
unsigned system_io_threads(unsigned asked);
unsigned system_workers(unsigned asked);

#endif
