/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a key set is read from: a file, or a URL, which a short-lived process
 * (posthouse-fetch) gets, so that the daemon does not load an HTTP client.
 * Blocking: not for I/O threads.
 */
#ifndef AUTH_JWKS_FETCH_H
#define AUTH_JWKS_FETCH_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

enum { JWKS_FETCH_MS = 15000 };   /* then the process is ended */

/* Read a file of at most JWKS_TEXT_MAX bytes behind what out holds. */
bool jwks_read_file(const char *path, struct buf *out, struct err *err);

/*
 * Have program get url, checked with ca_file (NULL: the system's).  It is
 * given up as soon as stop_fd (-1: none) can be read.
 */
bool jwks_fetch_url(const char *program, const char *url, const char *ca_file,
		    int stop_fd, struct buf *out, struct err *err);

#endif
