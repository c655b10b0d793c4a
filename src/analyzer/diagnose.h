/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The diagnosis: rules over what was observed (observe.h).  Each has a name, a
 * condition, what it means, the evidence, the cure and a confidence.  A rule
 * is a row of a table and a function of at most a few lines; it never asks the
 * network.
 */
#ifndef ANALYZER_DIAGNOSE_H
#define ANALYZER_DIAGNOSE_H

#include <jansson.h>
#include <stdio.h>

#include "analyzer/observe.h"

enum confidence { CONFIDENCE_POSSIBLE, CONFIDENCE_LIKELY, CONFIDENCE_CERTAIN };

/* What a rule found.  Strings lie in the arena of what was observed. */
struct finding {
	const char *rule;         /* "session-limit" */
	const char *meaning;      /* a sentence or two for people */
	const char *cure;         /* what to do; a command on its own line */
	enum confidence confidence;
	bool warning;             /* nothing failed for it */
	const char **evidence;    /* what was seen, a line each */
	size_t n_evidence;
	/* Rank among findings: causes before what follows from them. */
	unsigned rank;
};

/* Findings, the cause that explains most first; at most FINDINGS_MAX. */
enum { FINDINGS_MAX = 32, EVIDENCE_MAX = 8 };

struct diagnosis {
	size_t n;
	struct finding v[FINDINGS_MAX];
};

/*
 * Run all rules.  A finding that another one explains (wrong credentials where
 * the front end told of a mismatch of methods) is left out.
 */
void diagnose(const struct observed *o, struct diagnosis *out);

/* The finding of a rule; NULL. */
const struct finding *diagnosis_find(const struct diagnosis *d,
				     const char *rule);

/* "certain", "likely", "possible" */
const char *confidence_name(enum confidence c);

/* One of the rules, for documentation and tests. */
struct rule_info {
	const char *name, *summary;
};
/* The nth; NULL at the end. */
const struct rule_info *diagnose_rule(size_t n);

/*
 * For people: the meaning, the evidence and the cure of each finding, indented
 * below a heading; nothing for no findings.
 */
void diagnosis_print(FILE *out, const struct diagnosis *d, bool color);

/* An array of objects: rule, meaning, cure, confidence, evidence. */
json_t *diagnosis_json(const struct diagnosis *d);

#endif
