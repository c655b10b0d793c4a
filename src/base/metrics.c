/* SPDX-License-Identifier: Apache-2.0 */
#include "base/metrics.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/arena.h"

struct collector {
	void (*collect)(void *ctx, struct metrics_text *t);
	void *ctx;
};

struct metrics {
	pthread_mutex_t lock;     /* guards both, and held while collecting */
	struct collector *collectors;
	unsigned n;
};

struct metrics_text {
	struct buf *out;
	const char *family;
};

struct metrics *metrics_new(void)
{
	struct metrics *m = xcalloc(1, sizeof *m);

	pthread_mutex_init(&m->lock, NULL);
	return m;
}

void metrics_free(struct metrics *m)
{
	if (m == NULL)
		return;
	pthread_mutex_destroy(&m->lock);
	free(m->collectors);
	free(m);
}

void metrics_add(struct metrics *m,
		 void (*collect)(void *ctx, struct metrics_text *t),
		 void *ctx)
{
	pthread_mutex_lock(&m->lock);
	m->collectors = xrealloc(m->collectors,
				 (m->n + 1) * sizeof *m->collectors);
	m->collectors[m->n++] = (struct collector){ collect, ctx };
	pthread_mutex_unlock(&m->lock);
}

void metrics_write(struct metrics *m, struct buf *out)
{
	struct metrics_text t = { .out = out };

	pthread_mutex_lock(&m->lock);
	for (unsigned i = 0; i < m->n; i++)
		m->collectors[i].collect(m->collectors[i].ctx, &t);
	pthread_mutex_unlock(&m->lock);
}

/* --- The text --------------------------------------------------------- */

/* Backslash and newline are escaped, in labels double quotes as well. */
static void put_escaped(struct buf *out, const char *text, bool label)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			buf_puts(out, "\\n");
		else if (*text == '\\' || (label && *text == '"'))
			buf_printf(out, "\\%c", *text);
		else
			buf_add(out, text, 1);
	}
}

#define WHOLE_MAX 9007199254740992.0      /* 2^53 */

/* A whole number as such: counters keep all their digits up to 2^53. */
static void put_value(struct buf *out, double value)
{
	if (isnan(value))
		buf_puts(out, " NaN\n");
	else if (isinf(value))
		buf_puts(out, value > 0 ? " +Inf\n" : " -Inf\n");
	else if (value > -WHOLE_MAX && value < WHOLE_MAX &&
		 value == (double)(int64_t)value)
		buf_printf(out, " %" PRId64 "\n", (int64_t)value);
	else
		buf_printf(out, " %.9g\n", value);
}

void metric_family(struct metrics_text *t, enum metric_type type,
		   const char *name, const char *help)
{
	t->family = name;
	buf_printf(t->out, "# HELP %s ", name);
	put_escaped(t->out, help, false);
	buf_printf(t->out, "\n# TYPE %s %s\n", name,
		   type == METRIC_COUNTER ? "counter" : "gauge");
}

void metric_sample(struct metrics_text *t, const struct metric_label *labels,
		   unsigned n, double value)
{
	buf_puts(t->out, t->family);
	for (unsigned i = 0; i < n; i++) {
		buf_printf(t->out, "%s%s=\"", i == 0 ? "{" : ",",
			   labels[i].name);
		put_escaped(t->out, labels[i].value, true);
		buf_puts(t->out, i + 1 == n ? "\"}" : "\"");
	}
	put_value(t->out, value);
}

void metric_sample1(struct metrics_text *t, const char *label,
		    const char *value, double n)
{
	metric_sample(t, &(struct metric_label){ label, value }, 1, n);
}

void metric(struct metrics_text *t, enum metric_type type, const char *name,
	    const char *help, double value)
{
	metric_family(t, type, name, help);
	metric_sample(t, NULL, 0, value);
}
