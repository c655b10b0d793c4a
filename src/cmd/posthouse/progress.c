/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/posthouse/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"

enum { WIDTH = 40, EVERY_MS = 100 };

struct progress {
	const char *what;
	uint64_t total, shown_ms;
	bool terminal;
};

struct progress *progress_new(const char *what, uint64_t total)
{
	struct progress *p = xcalloc(1, sizeof *p);

	p->what = what;
	p->total = total;
	p->terminal = isatty(STDERR_FILENO) == 1;
	return p;
}

static void show(const struct progress *p, uint64_t done)
{
	unsigned filled = p->total > 0 ?
		(unsigned)(done * WIDTH / p->total) : 0;

	if (filled > WIDTH)
		filled = WIDTH;
	if (p->total == 0) {
		fprintf(stderr, "\r%s %llu", p->what,
			(unsigned long long)done);
		return;
	}
	fprintf(stderr, "\r%s [", p->what);
	for (unsigned i = 0; i < WIDTH; i++)
		fputc(i < filled ? '#' : ' ', stderr);
	fprintf(stderr, "] %3u %%", (unsigned)(done >= p->total ? 100 :
					       done * 100 / p->total));
}

void progress_to(struct progress *p, uint64_t done)
{
	uint64_t now = clock_ms();

	if (!p->terminal || now - p->shown_ms < EVERY_MS)
		return;
	p->shown_ms = now;
	show(p, done);
	fflush(stderr);
}

void progress_free(struct progress *p, bool done)
{
	if (p == NULL)
		return;
	if (p->terminal) {
		if (done && p->total > 0)
			show(p, p->total);
		fputc('\n', stderr);
	}
	free(p);
}
