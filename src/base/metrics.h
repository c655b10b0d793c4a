/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers for Prometheus, in its text format 0.0.4.
 *
 * Layers count by themselves; the daemon adds a collector for each, which is
 * called when the numbers are asked for.  Names are posthouse_<layer>_<what>
 * in snake_case; counters end in _total, units are base units and part of the
 * name (_seconds, _bytes).
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include <stdint.h>

#include "base/buf.h"

struct metrics;
struct metrics_text;              /* what is being written */

struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);             /* NULL is allowed */

/*
 * Have collect called, in the order of these calls, whenever the numbers are
 * asked for: on an I/O thread, so it must not block.  Thread-safe.
 */
void metrics_add(struct metrics *m,
		 void (*collect)(void *ctx, struct metrics_text *t),
		 void *ctx);

/* Write them all behind what out holds.  Thread-safe. */
void metrics_write(struct metrics *m, struct buf *out);

/* --- For collectors --------------------------------------------------- */

enum metric_type { METRIC_COUNTER, METRIC_GAUGE };

/* A number without labels: its HELP, its TYPE and its value. */
void metric(struct metrics_text *t, enum metric_type type, const char *name,
	    const char *help, double value);

/*
 * Numbers with labels: metric_family once, then metric_sample for each, with
 * n pairs of a label's name and its value (any text).  A name may be begun
 * only once in all.
 */
struct metric_label {
	const char *name, *value;
};

void metric_family(struct metrics_text *t, enum metric_type type,
		   const char *name, const char *help);
void metric_sample(struct metrics_text *t, const struct metric_label *labels,
		   unsigned n, double value);

/* The usual case of one label. */
void metric_sample1(struct metrics_text *t, const char *label,
		    const char *value, double n);

#endif
