/* SPDX-License-Identifier: Apache-2.0 */
/* The connectivity analysis: steps in a report (report.h). */
#ifndef ANALYZER_ANALYZE_H
#define ANALYZER_ANALYZE_H

#include "analyzer/observe.h"
#include "analyzer/report.h"
#include "base/err.h"

struct analyze_options {
	const char *url;          /* of the mail store endpoint */
	const char *email;        /* whose mailbox */
	const char *user_dn;      /* legacyExchangeDN of email */
	const char *user, *password;
	const char *token;        /* a bearer token */
	unsigned auth;            /* enum http_auth; 0: what is offered */
	const char *ca_file;      /* NULL: the system's */
	const char *address;      /* connect here instead of resolving */
	bool insecure;            /* go on with a bad certificate */
	bool write;               /* make, announce and delete a message */
	bool logon_only;          /* end after RopLogon */
	unsigned sessions;        /* open so many at once; 0: none */
	unsigned timeout_ms;      /* of one request; 0: 60 s */
};

/*
 * Run the steps, in the order in which a client meets them; what depends on
 * a step that failed is skipped.  False if a step was an error.  *seen (NULL
 * allowed) is what was observed, for diagnose; it lies in the report's arena.
 */
bool analyze_run(struct report *r, const struct analyze_options *options,
		 struct observed **seen);

/*
 * Find the mail store endpoint by Autodiscover, as a step of its own: at
 * autodiscover_url, or, when that is NULL, in the places where a client
 * looks.  *url, and *user_dn if that is NULL, are set in the report's arena.
 */
bool analyze_find(struct report *r, const struct analyze_options *options,
		  const char *autodiscover_url, const char **url,
		  const char **user_dn);

#endif
