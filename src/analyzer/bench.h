/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load generator: measures any MAPI over HTTP server, one kind of
 * operation at a time, from a number of sessions that each have a thread and
 * a connection.
 */
#ifndef ANALYZER_BENCH_H
#define ANALYZER_BENCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "analyzer/bench_http.h"
#include "base/err.h"

struct bench_options {
	struct bench_target_config target;
	const char *user_dn;      /* legacyExchangeDN of the mailbox */
	const char *folder;       /* below the top; NULL: "posthouse bench" */
	const char *sort;         /* sweep: "time", "subject", "sender" or
				   * "size"; NULL: the default order */
	unsigned concurrency;     /* sessions at work; 0: 1 */
	unsigned seconds;         /* 0: 5, unless there is a count */
	uint64_t count;           /* operations, of hold: sessions; 0: as
				   * many as there is time for */
	const pid_t *pids;        /* of the server; their children count */
	size_t n_pids;
};

/* A mode, for help. */
struct bench_mode;
const struct bench_mode *bench_mode_find(const char *name);       /* NULL */
const struct bench_mode *bench_mode_at(size_t i);         /* NULL: no more */
const char *bench_mode_name(const struct bench_mode *mode);
const char *bench_mode_summary(const struct bench_mode *mode);

struct bench_result {
	const char *mode;
	const char *unit;         /* what is counted: "operation", "row" */
	unsigned concurrency;
	bool tls;
	uint64_t operations, units;
	double seconds;
	double p50, p99;          /* of one operation, µs */
	bool has_usage;           /* there were pids */
	double cpu;               /* µs of the server for one unit */
	double busy;              /* processors' worth of it, 2.0 = two */
	uint64_t pss_before, pss_after;   /* bytes; 0: not to be known */
	uint64_t pss_children;    /* part of pss_after */
	/* Of hold: sessions and memory, in bytes. */
	uint64_t sessions, pss_first, pss_sessions, pss_waits;
	uint64_t ended_early;     /* waits that did not last */
};

/* False and err when something fails: the server answers with an error too. */
bool bench_run(const struct bench_mode *mode, const struct bench_options *o,
	       struct bench_result *out, struct err *err);

/* A new object. */
json_t *bench_result_json(const struct bench_result *r);

#endif
