/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf.h"

struct report {
	struct arena *arena;
	FILE *live;
	bool color;
	uint64_t began;           /* clock_ns */
	struct step *root, *current;
	bool open_line;           /* the line of current is not ended yet */
};

struct report *report_new(FILE *live, bool color)
{
	struct report *r = xcalloc(1, sizeof *r);

	r->arena = arena_new(0);
	r->live = live;
	r->color = color;
	r->began = clock_ns();
	return r;
}

void report_free(struct report *r)
{
	if (r == NULL)
		return;
	arena_free(r->arena);
	free(r);
}

struct arena *report_arena(struct report *r)
{
	return r->arena;
}

const struct step *report_root(const struct report *r)
{
	return r->root;
}

const char *step_status_name(enum step_status status)
{
	static const char *const names[] = { "Running", "Success",
		"SuccessWithWarnings", "Error", "Skipped" };

	return names[status];
}

static double now_ms(const struct report *r)
{
	return (double)(clock_ns() - r->began) / 1e6;
}

/* ---- the live tree ---- */

static int depth_of(const struct step *s)
{
	int depth = 0;

	while ((s = s->parent) != NULL)
		depth++;
	return depth;
}

static void live_indent(struct report *r, const struct step *s, int more)
{
	fprintf(r->live, "%*s", 2 * (depth_of(s) + more), "");
}

static void live_begin(struct report *r, const struct step *s)
{
	if (r->live == NULL)
		return;
	if (r->open_line)
		fputc('\n', r->live);
	live_indent(r, s, 0);
	fputs(s->description, r->live);
	fflush(r->live);
	r->open_line = true;
}

static void live_mark(struct report *r, enum step_status status)
{
	static const char *const marks[] = { "…", "ok", "warning", "FAILED",
					     "skipped" };
	static const char *const colors[] = { "", "\033[32m", "\033[33m",
					      "\033[1;31m", "\033[2m" };

	if (r->color)
		fprintf(r->live, "%s%s\033[0m", colors[status],
			marks[status]);
	else
		fputs(marks[status], r->live);
}

/* A leaf ends on its own line; a step with children gets one more. */
static void live_end(struct report *r, const struct step *s)
{
	if (r->live == NULL)
		return;
	if (r->open_line) {
		fputs("  ", r->live);
	} else {
		live_indent(r, s, 0);
		fputs("= ", r->live);
	}
	live_mark(r, s->status);
	fprintf(r->live, " (%.1f ms)", s->elapsed);
	if (s->result != NULL && *s->result != '\0')
		fprintf(r->live, " %s", s->result);
	fputc('\n', r->live);
	for (size_t i = 0; i < s->n_details; i++) {
		live_indent(r, s, 2);
		fprintf(r->live, "%s\n", s->details[i]);
	}
	fflush(r->live);
	r->open_line = false;
}

/* ---- growing ---- */

static struct step *add_step(struct report *r, const char *description)
{
	struct step *s = arena_zalloc(r->arena, sizeof *s);

	s->description = description;
	s->parent = r->current;
	s->started = now_ms(r);
	if (r->current == NULL)
		r->root = s;
	else if (r->current->last == NULL)
		r->current->first = r->current->last = s;
	else
		r->current->last = r->current->last->next = s;
	return s;
}

struct step *report_begin(struct report *r, const char *format, ...)
{
	struct step *s;
	va_list ap;

	va_start(ap, format);
	s = add_step(r, arena_vprintf(r->arena, format, ap));
	va_end(ap);
	live_begin(r, s);
	r->current = s;
	return s;
}

void report_detail(struct report *r, const char *format, ...)
{
	struct step *s = r->current;
	va_list ap;

	/* The array grows at each power of two. */
	if ((s->n_details & (s->n_details - 1)) == 0) {
		size_t cap = s->n_details > 0 ? 2 * s->n_details : 1;
		const char **v = arena_array(r->arena, cap, sizeof *v);

		if (s->n_details > 0)
			memcpy(v, s->details, s->n_details * sizeof *v);
		s->details = v;
	}
	va_start(ap, format);
	s->details[s->n_details++] = arena_vprintf(r->arena, format, ap);
	va_end(ap);
}

static enum step_status worst_below(const struct step *s,
				    enum step_status status)
{
	for (const struct step *c = s->first; c != NULL; c = c->next)
		if (c->status == STEP_ERROR)
			return STEP_ERROR;
		else if (c->status == STEP_WARNING && status == STEP_SUCCESS)
			status = STEP_WARNING;
	return status;
}

bool report_end(struct report *r, enum step_status status, const char *format,
		...)
{
	struct step *s = r->current;
	va_list ap;

	va_start(ap, format);
	s->result = arena_vprintf(r->arena, format, ap);
	va_end(ap);
	s->status = worst_below(s, status);
	s->elapsed = now_ms(r) - s->started;
	live_end(r, s);
	r->current = s->parent;
	return s->status != STEP_ERROR;
}

void report_skip(struct report *r, const char *description,
		 const char *reason)
{
	report_begin(r, "%s", description);
	report_end(r, STEP_SKIPPED, "%s", reason);
}

json_t *report_string(const char *text)
{
	size_t len = strlen(text), at = 0;
	json_t *out;
	char *copy;

	if (utf8_valid(text, len))
		return json_string(text);
	copy = xstrdup(text);
	while (at < len) {
		size_t n = 1;

		/* The longest character that begins here */
		while (n < 4 && at + n < len &&
		       ((unsigned char)copy[at + n] & 0xc0) == 0x80)
			n++;
		if (!utf8_valid(copy + at, n))
			memset(copy + at, '?', n);
		at += n;
	}
	out = json_string(copy);
	free(copy);
	return out;
}

static json_t *step_json(const struct step *s)
{
	json_t *details = json_array(), *children = json_array();

	for (size_t i = 0; i < s->n_details; i++)
		json_array_append_new(details,
				      report_string(s->details[i]));
	for (const struct step *c = s->first; c != NULL; c = c->next)
		json_array_append_new(children, step_json(c));
	return json_pack("{s:o, s:o, s:s, s:o, s:f, s:o}",
			 "description", report_string(s->description),
			 "result", report_string(s->result != NULL ?
						 s->result : ""),
			 "status", step_status_name(s->status),
			 "details", details,
			 "elapsedMilliseconds", s->elapsed,
			 "children", children);
}

json_t *report_json(const struct report *r)
{
	return r->root != NULL ? step_json(r->root) : json_object();
}
