/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces of explain.h. */
#ifndef ANALYZER_EXPLAIN_IMPL_H
#define ANALYZER_EXPLAIN_IMPL_H

#include "analyzer/explain.h"

/*
 * What a cookie or header that Exchange encodes says, in words; NULL if it is
 * none of those (X-BackEndCookie, MapiContext, MapiSequence) or malformed.
 */
const char *explain_cookie(struct arena *arena, const char *name,
			   const char *value);

/* Text without tags and entities, if it is HTML or XML; else itself. */
const char *explain_plain(struct arena *arena, const char *text, size_t len,
			  size_t *out_len);

/* What a line of a diagnostic context says, in words; "" if not known. */
const char *explain_line(struct arena *arena, const struct diag_line *line);

/* Cookies that stand in a text: calls found for each that was decoded. */
void explain_cookies(struct arena *arena, const char *text,
		     void (*found)(void *ctx, const char *name,
				   const char *words), void *ctx);

#endif
