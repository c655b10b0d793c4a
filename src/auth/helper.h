/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A helper process, posthouse-auth: its standard input is one end of a
 * SOCK_SEQPACKET pair.  It is sent messages, each a question with one answer
 * (but for settings and what it is to forget), and leaves when the pair is
 * closed.  A password's message is HELPER_PASSWORD, the password and the hash
 * to compare it with; those of GSSAPI are in handshake.h.
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

/* One message to it; false: it is gone. */
bool helper_send(int fd, const uint8_t *message, size_t len);

/* One from it, of at most size bytes and never empty; false: it is gone. */
bool helper_recv(int fd, uint8_t *message, size_t size, size_t *len);

enum { HELPER_PASSWORD = 'P', HELPER_PASSWORD_MAX = 2048 };

/* The message that asks whether a password is the one that was hashed; 0 if
 * it is too long.  Holds the password: to be cleansed. */
size_t helper_password(const char *password, const char *hash,
		       uint8_t out[static HELPER_PASSWORD_MAX]);

/* What the process does: answer on fd until it is closed.  Exit status. */
int helper_main(int fd);

#endif
