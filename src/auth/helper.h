/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A helper process, posthouse-auth: its standard input is one end of a
 * SOCK_SEQPACKET pair; each message is a password and the hash to compare it
 * with, each answered by one byte.  It keeps nothing, reads no files, and
 * leaves when the pair is closed.
 */
#ifndef AUTH_HELPER_H
#define AUTH_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum helper_answer { HELPER_MATCH = 'y', HELPER_NO_MATCH = 'n',
		     HELPER_FAILED = 'f' };

/* Start one; *fd (non-blocking, close-on-exec) and *pid are the caller's. */
bool helper_spawn(const char *path, int *fd, pid_t *pid, struct err *err);

/* End it, at once, and wait for it. */
void helper_kill(int fd, pid_t pid);

/* Ask; false: it is gone. */
bool helper_ask(int fd, const char *password, const char *hash);

/* Its answer; false: it is gone or says nonsense. */
bool helper_answer(int fd, enum helper_answer *out);

/* What the process does: answer on fd until it is closed.  Exit status. */
int helper_main(int fd);

#endif
