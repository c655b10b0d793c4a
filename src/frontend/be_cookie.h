/* SPDX-License-Identifier: Apache-2.0 */
/*
 * X-BackEndCookie: where a front end found a mailbox, as Exchange writes it.
 * Each byte XOR 0xFF, in Base64, of
 *
 *	Database~<database GUID>~<domain>~<expiry, UTC>
 *
 * to which later servers add ~<forest>~<number>.  The whole cookie is
 * "<mailbox GUID>=<that>".  It is a hint that the client keeps: nothing is
 * believed of it that the directory does not say as well.
 */
#ifndef FRONTEND_BE_COOKIE_H
#define FRONTEND_BE_COOKIE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/guid.h"

#define BE_COOKIE_NAME "X-BackEndCookie"

enum { BE_COOKIE_DAYS = 30 };

struct be_cookie {
	struct guid mailbox, database;
	const char *domain;       /* "" if none */
	int64_t expiry;           /* Unix time */
};

/* The cookie's value, in arena. */
char *be_cookie_format(struct arena *arena, const struct be_cookie *cookie);

/* False: malformed.  Strings of *out are in arena. */
bool be_cookie_parse(struct arena *arena, const char *text,
		     struct be_cookie *out);

#endif
