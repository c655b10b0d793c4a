/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of rules and what their functions share. */
#ifndef ANALYZER_DIAGNOSE_IMPL_H
#define ANALYZER_DIAGNOSE_IMPL_H

#include "analyzer/diagnose.h"

/*
 * One rule.  check says whether it holds, and may fill meaning, cure,
 * confidence and evidence of the finding, which are those of the row before.
 * key is for functions that serve several rows: a code.
 */
struct rule {
	struct rule_info info;
	unsigned rank;            /* low: a cause; high: what follows */
	enum confidence confidence;
	bool warning;
	/* Names of rules that this one explains, with blanks between. */
	const char *explains;
	bool (*check)(const struct rule *rule, const struct observed *o,
		      struct finding *f);
	long key;
	const char *meaning, *cure;
};

/* Ranks. */
enum { RANK_NETWORK = 10, RANK_TLS = 20, RANK_HOP = 30, RANK_AUTH = 40,
       RANK_LIMIT = 50, RANK_MAILBOX = 60, RANK_PROTOCOL = 70,
       RANK_ADVICE = 90 };

/* Tables; each ends in a row without a name. */
extern const struct rule rules_network[], rules_auth[], rules_hop[],
	rules_mailbox[], rules_protocol[];

/* Add a line of evidence. */
void evidence(const struct observed *o, struct finding *f,
	      const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Fill meaning or cure. */
const char *say(const struct observed *o, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "the answer to Connect", for evidence. */
const char *op_name(enum observed_op op);

/* The first exchange that ended with this; NULL. */
const struct observed_exchange *with_status(const struct observed *o,
					    int status);
const struct observed_exchange *with_response_code(const struct observed *o,
						   int code);
const struct observed_exchange *with_ec(const struct observed *o, uint32_t ec);
const struct observed_exchange *with_failure(const struct observed *o,
					     enum http_failure failure);
const struct observed_exchange *with_failure_code(const struct observed *o,
						  enum failure_code code);

/* A line of either LID: ours or Exchange's. */
const struct diag_line *diag_either(const struct observed *o, uint32_t ours,
				    uint32_t exchanges);

/* Who answered: "MX1", or "the server". */
const char *server_of(const struct observed *o,
		      const struct observed_exchange *x);

#endif
