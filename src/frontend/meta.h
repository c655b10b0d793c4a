/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in its meta-tags an answer that passes by is ([MS-OXCMAPIHTTP] 2.2.7):
 * while DONE has not come, a failure can still be told behind it.
 */
#ifndef FRONTEND_META_H
#define FRONTEND_META_H

#include <stdbool.h>
#include <stddef.h>

enum { META_LINE_MAX = 16 };

struct meta_scan {
	bool done;                /* DONE has come, or what is no meta-tag */
	unsigned len;             /* of the line so far */
	char line[META_LINE_MAX];
};

/* len bytes have passed. */
void meta_scan(struct meta_scan *scan, const void *data, size_t len);

/* Whether a DONE could be said now: all lines were whole. */
bool meta_is_pending(const struct meta_scan *scan);

#endif
