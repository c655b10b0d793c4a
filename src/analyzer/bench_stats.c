/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/bench_stats.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"

/* ---- times ---- */

void bench_times_add(struct bench_times *t, uint64_t ns)
{
	if (t->n == t->cap) {
		t->cap = t->cap > 0 ? 2 * t->cap : 4096;
		t->v = xrealloc(t->v, t->cap * sizeof *t->v);
	}
	t->v[t->n++] = ns;
	t->sorted = false;
}

void bench_times_merge(struct bench_times *t, const struct bench_times *from)
{
	for (size_t i = 0; i < from->n; i++)
		bench_times_add(t, from->v[i]);
}

void bench_times_free(struct bench_times *t)
{
	free(t->v);
	memset(t, 0, sizeof *t);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

uint64_t bench_times_percentile(struct bench_times *t, double p)
{
	double exact = p / 100 * (double)t->n;
	size_t rank = (size_t)exact;

	if (t->n == 0)
		return 0;
	if (!t->sorted)
		qsort(t->v, t->n, sizeof *t->v, compare);
	t->sorted = true;
	if ((double)rank < exact || rank == 0)
		rank++;
	return t->v[rank <= t->n ? rank - 1 : t->n - 1];
}

/* ---- processes ---- */

/* The beginning of a file, NUL-terminated; false if it cannot be read. */
static bool read_file(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n;

	if (f == NULL)
		return false;
	n = fread(text, 1, size - 1, f);
	text[n] = '\0';
	fclose(f);
	return n > 0;
}

/* The fields of stat after the name, which may have anything in it. */
static const char *after_name(const char *stat)
{
	const char *end = strrchr(stat, ')');

	return end != NULL && end[1] == ' ' ? end + 2 : NULL;
}

static bool cpu_of_threads(const char *proc, pid_t pid, uint64_t *ns)
{
	char path[512], text[128];
	struct dirent *entry;
	uint64_t total = 0;
	bool any = false;
	DIR *dir;

	snprintf(path, sizeof path, "%s/%d/task", proc, (int)pid);
	dir = opendir(path);
	if (dir == NULL)
		return false;
	while ((entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof path, "%s/%d/task/%.20s/schedstat",
			 proc, (int)pid, entry->d_name);
		if (entry->d_name[0] == '.' ||
		    !read_file(path, text, sizeof text))
			continue;
		total += strtoull(text, NULL, 10);
		any = true;
	}
	closedir(dir);
	if (any)
		*ns = total;
	return any;
}

/* utime and stime are the 14th and 15th field, see proc(5). */
static bool cpu_of_stat(const char *proc, pid_t pid, uint64_t *ns)
{
	char path[512], text[1024];
	const char *fields;
	unsigned long long user, system;

	snprintf(path, sizeof path, "%s/%d/stat", proc, (int)pid);
	if (!read_file(path, text, sizeof text))
		return false;
	fields = after_name(text);
	if (fields == NULL ||
	    sscanf(fields, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
		   "%llu %llu", &user, &system) != 2)
		return false;
	*ns = (user + system) * (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK));
	return true;
}

bool proc_cpu(const char *proc, pid_t pid, uint64_t *ns)
{
	return cpu_of_threads(proc, pid, ns) || cpu_of_stat(proc, pid, ns);
}

bool proc_pss(const char *proc, pid_t pid, uint64_t *bytes)
{
	char path[512], text[4096];
	const char *line;

	snprintf(path, sizeof path, "%s/%d/smaps_rollup", proc, (int)pid);
	if (!read_file(path, text, sizeof text))
		return false;
	line = strstr(text, "\nPss:");
	if (line == NULL)
		return false;
	*bytes = strtoull(line + 5, NULL, 10) * 1024;
	return true;
}

size_t proc_children(const char *proc, pid_t pid, pid_t *out, size_t max)
{
	char path[512], text[1024];
	struct dirent *entry;
	const char *fields;
	size_t n = 0;
	DIR *dir = opendir(proc);
	int parent;

	if (dir == NULL)
		return 0;
	while (n < max && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof path, "%s/%.20s/stat", proc,
			 entry->d_name);
		if (!read_file(path, text, sizeof text))
			continue;
		fields = after_name(text);
		if (fields != NULL &&
		    sscanf(fields, "%*c %d", &parent) == 1 && parent == pid)
			out[n++] = (pid_t)atoi(entry->d_name);
	}
	closedir(dir);
	return n;
}

void proc_name(const char *proc, pid_t pid, char name[static 32])
{
	char path[512];

	snprintf(path, sizeof path, "%s/%d/comm", proc, (int)pid);
	if (!read_file(path, name, 32))
		name[0] = '\0';
	name[strcspn(name, "\n")] = '\0';
}

/* ---- a server ---- */

void server_processes_find(struct server_processes *s)
{
	s->n = s->n_named;
	for (size_t i = 0; i < s->n; i++) {
		pid_t found[SERVER_PROCESSES_MAX];
		size_t n = proc_children(s->proc, s->pid[i], found,
					 SERVER_PROCESSES_MAX);

		for (size_t k = 0; k < n; k++) {
			bool known = false;

			for (size_t j = 0; j < s->n; j++)
				known = known || s->pid[j] == found[k];
			if (!known && s->n < SERVER_PROCESSES_MAX)
				s->pid[s->n++] = found[k];
		}
	}
}

bool server_usage_read(const struct server_processes *s,
		       struct server_usage *out)
{
	struct server_usage u = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		uint64_t cpu = 0, pss = 0;

		if (!proc_cpu(s->proc, s->pid[i], &cpu) && i < s->n_named)
			return false;
		proc_pss(s->proc, s->pid[i], &pss);
		u.cpu += cpu;
		if (i < s->n_named)
			u.pss_named += pss;
		else
			u.pss_children += pss;
	}
	*out = u;
	return true;
}
