/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Explaining what people have in hand: the text of a diagnostic context, an
 * analyzer's report, headers, cookies.
 */
#ifndef ANALYZER_EXPLAIN_H
#define ANALYZER_EXPLAIN_H

#include "analyzer/diagnose.h"

/*
 * Take everything out of a text that the rules can use, into o: headers
 * (X-FailureContext, WWW-Authenticate, X-FEServer …), HTTP statuses, response
 * codes, exceptions with their codes ("ec=1246") and diagnostic contexts.
 * Returns how many things were recognised.
 */
size_t explain_observe(const char *text, size_t len, struct observed *o);

/*
 * Say in words what text of len bytes is, line by line and LID by LID, and
 * then what it means (diagnosis_print).  False if nothing in it was
 * recognised.
 */
bool diag_explain(const char *text, size_t len, FILE *out, bool color);

/* The same for programs: a new reference. */
json_t *diag_explain_json(const char *text, size_t len);

#endif
