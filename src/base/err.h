/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors for people: what failed, where, and what to do about it.
 *
 * Functions that a person's command or the start of the daemon can reach
 * return bool and fill a struct err on failure; those that answer a client
 * return enum ec (ec.h).  Both may be had: struct err carries a code.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

#include "base/ec.h"

struct err {
	enum ec ec;               /* what a client would be told */
	char text[512];           /* one sentence, no newline */
};

/*
 * Fill err (NULL is allowed) and return false, so that a failing function
 * ends with "return err_set(err, EC_NOT_FOUND, "cannot open %s: %s …", …);".
 */
bool err_set(struct err *err, enum ec ec, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Put "format: " before the text that is there.  Returns false. */
bool err_prefix(struct err *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
