/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of steps that an analysis is, and its shapes for people and
 * programs.  Descriptions and results follow Microsoft's Remote Connectivity
 * Analyzer where it has such a step, so that people recognise them.
 */
#ifndef ANALYZER_REPORT_H
#define ANALYZER_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"

enum step_status { STEP_RUNNING, STEP_SUCCESS, STEP_WARNING, STEP_ERROR,
		   STEP_SKIPPED };

/* One step.  Everything lies in the report's arena. */
struct step {
	const char *description;  /* "Testing TCP port 443 …" */
	const char *result;       /* "The port was opened successfully." */
	const char **details;     /* lines */
	size_t n_details;
	enum step_status status;
	double started, elapsed;  /* ms; started: since the report began */
	struct step *parent, *first, *last, *next;
};

struct report;

/*
 * live: where the tree is printed while it grows (NULL: nowhere); color: with
 * colours.
 */
struct report *report_new(FILE *live, bool color);
void report_free(struct report *r);
struct arena *report_arena(struct report *r);
const struct step *report_root(const struct report *r);

/* Begin a step below the one that runs; the first is the root. */
struct step *report_begin(struct report *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Add a line of detail to the step that runs. */
void report_detail(struct report *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * End the step that runs.  A step whose child failed is an error, and one
 * with a warning below it has at least a warning, whatever status says.
 * Returns whether it is no error.
 */
bool report_end(struct report *r, enum step_status status, const char *format,
		...) __attribute__((format(printf, 3, 4)));

/* A step that was not done, and why. */
void report_skip(struct report *r, const char *description,
		 const char *reason);

/* "Success", "SuccessWithWarnings", "Error", "Skipped" */
const char *step_status_name(enum step_status status);

/*
 * Text of a server as a JSON string: bytes that are no UTF-8 become '?'.  A
 * new reference, never NULL.
 */
json_t *report_string(const char *text);

/* The whole tree.  A new reference. */
json_t *report_json(const struct report *r);

#endif
