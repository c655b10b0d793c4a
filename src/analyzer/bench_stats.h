/* SPDX-License-Identifier: Apache-2.0 */
/* What a measurement counts: times of operations, and what a process used. */
#ifndef ANALYZER_BENCH_STATS_H
#define ANALYZER_BENCH_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Times of operations in ns.  Begin with all zero. */
struct bench_times {
	uint64_t *v;
	size_t n, cap;
	bool sorted;
};

void bench_times_add(struct bench_times *t, uint64_t ns);
void bench_times_merge(struct bench_times *t, const struct bench_times *from);
void bench_times_free(struct bench_times *t);

/*
 * The percentile p, 0 < p <= 100, by nearest rank: the least time that p % of
 * all are not above.  0 if there are none.
 */
uint64_t bench_times_percentile(struct bench_times *t, double p);

/* ---- processes; proc is "/proc", or what stands for it in tests ---- */

/*
 * CPU time of all threads in ns: their schedstat, which counts in ns, or
 * where there is none, stat, which counts in ticks.  Threads that have ended
 * count in neither.  False if there is no such process.
 */
bool proc_cpu(const char *proc, pid_t pid, uint64_t *ns);

/* Proportional set size in bytes.  False without the right to know. */
bool proc_pss(const char *proc, pid_t pid, uint64_t *bytes);

/* The processes whose parent is pid; how many there are, at most max. */
size_t proc_children(const char *proc, pid_t pid, pid_t *out, size_t max);

/* The name of a process; "" if it is not there. */
void proc_name(const char *proc, pid_t pid, char name[static 32]);

/* ---- a server: processes that were named, and their children ---- */

enum { SERVER_PROCESSES_MAX = 64 };

struct server_processes {
	const char *proc;
	size_t n, n_named;        /* the named ones come first */
	pid_t pid[SERVER_PROCESSES_MAX];
};

/* Find the children of those in pid[0 … n_named), and theirs. */
void server_processes_find(struct server_processes *s);

/* What all of them used.  cpu: ns; pss: bytes, 0 if it cannot be known. */
struct server_usage {
	uint64_t cpu;
	uint64_t pss_named, pss_children;
};

/* False if one that was named is gone. */
bool server_usage_read(const struct server_processes *s,
		       struct server_usage *out);

#endif
