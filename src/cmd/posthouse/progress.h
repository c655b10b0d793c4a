/* SPDX-License-Identifier: Apache-2.0 */
/* A progress bar on standard error, when that is a terminal. */
#ifndef CMD_POSTHOUSE_PROGRESS_H
#define CMD_POSTHOUSE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress;

/* total 0: unknown, and only the count is shown. */
struct progress *progress_new(const char *what, uint64_t total);
void progress_to(struct progress *p, uint64_t done);

/* Take the bar away; done: it had come to its end. */
void progress_free(struct progress *p, bool done);

#endif
