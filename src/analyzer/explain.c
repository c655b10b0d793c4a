/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/explain_impl.h"

#include <string.h>

#include "analyzer/report.h"
#include "base/buf.h"
#include "base/ec.h"
#include "mapi/http_body.h"
#include "mapi/rop.h"

/* ---- one line of a diagnostic context ---- */

static const char *code_words(struct arena *a, uint32_t code)
{
	return arena_printf(a, "%s (%u): %s", ec_name((enum ec)code), code,
			    ec_text((enum ec)code));
}

/* What the value says beyond its number. */
static const char *value_words(struct arena *a, const struct diag_line *line)
{
	switch (line->kind) {
	case DIAG_STORE_EC:
	case DIAG_ERROR:
	case DIAG_STORE_EC_TAG:
		return code_words(a, line->value);
	case DIAG_DWPARAM:
		if ((line->lid == LID_EX_ROP_ID ||
		     line->lid == LID_EX_ROP_ID_RUNNING) &&
		    line->value <= UINT8_MAX)
			return rop_name((uint8_t)line->value);
		return arena_printf(a, "%u", line->value);
	case DIAG_DWPARAM_MSG:
		return line->value != 0 ?
			arena_printf(a, "%u", line->value) : "";
	case DIAG_SENTENCE:
		return line->lid == LID_EX_ROP_ERROR ||
			line->lid == LID_EX_ROP_FAILURE ||
			(line->lid == LID_EX_POOL_RETURN &&
			 line->value != 0) ? code_words(a, line->value) : "";
	default:
		return "";
	}
}

const char *explain_line(struct arena *arena, const struct diag_line *line)
{
	const struct lid_info *info = lid_find(line->lid);
	const char *value = value_words(arena, line);

	if (info == NULL)
		return line->kind == DIAG_DWPARAM ? "" : value;
	return arena_printf(arena, "%s%s%s%s%s", info->meaning,
			    *value != '\0' ? " [" : "", value,
			    *value != '\0' ? "]" : "",
			    info->origin == LID_INFERRED ?
			    " (inferred)" : "");
}

static const char *line_text(struct arena *a, const struct diag_line *line)
{
	struct buf b = BUF_INIT;
	const char *text;

	diag_line_print(&b, line);
	text = buf_str(&b) + strspn(buf_str(&b), " ");
	text = arena_strndup(a, text, strcspn(text, "\r\n"));
	buf_free(&b);
	return text;
}

/* ---- for people ---- */

/* A text's bytes may be anything: no control characters to a terminal. */
static void put(FILE *out, const char *text)
{
	for (; *text != '\0'; text++)
		fputc((unsigned char)*text < 0x20 || *text == 0x7f ? ' ' :
		      *text, out);
}

static void print_lines(FILE *out, const struct observed *o)
{
	if (o->diag.n == 0)
		return;
	fprintf(out, "Diagnostic context, %u lines:\n", o->diag.n);
	for (uint32_t i = 0; i < o->diag.n; i++) {
		const char *words = explain_line(o->arena, &o->diag.v[i]);

		fputs("  ", out);
		put(out, line_text(o->arena, &o->diag.v[i]));
		if (*words != '\0') {
			fputs("\n      ", out);
			put(out, words);
		}
		fputc('\n', out);
	}
}

static const char *exchange_words(const struct observed *o,
				  const struct observed_exchange *x)
{
	struct arena *a = o->arena;

	if (x->has_ec)
		return code_words(a, x->ec);
	if (x->response_code > 0)
		return arena_printf(a, "HTTP status %d, X-ResponseCode %d "
				    "(%s)", x->status, x->response_code,
				    response_code_name(
					    (unsigned)x->response_code));
	return arena_printf(a, "HTTP status %d%s%s%s%s", x->status,
			    x->fe_server != NULL ? ", front end " : "",
			    x->fe_server != NULL ? x->fe_server : "",
			    x->be_server != NULL ? ", back end " : "",
			    x->be_server != NULL ? x->be_server : "");
}

static void print_exchanges(FILE *out, const struct observed *o)
{
	if (o->first == NULL)
		return;
	fputs("Answers and errors:\n", out);
	for (const struct observed_exchange *x = o->first; x != NULL;
	     x = x->next) {
		fputs("  ", out);
		put(out, exchange_words(o, x));
		fputc('\n', out);
	}
	if (o->offered != 0)
		fprintf(out, "  Methods offered: %s\n",
			method_names(o->arena, o->offered));
}

struct cookie_out {
	FILE *out;
	json_t *all;
	unsigned n;
};

static void print_cookie(void *ctx, const char *name, const char *words)
{
	struct cookie_out *c = ctx;

	if (c->n++ == 0)
		fputs("Cookies:\n", c->out);
	fprintf(c->out, "  %s: ", name);
	put(c->out, words);
	fputc('\n', c->out);
}

bool diag_explain(const char *text, size_t len, FILE *out, bool color)
{
	struct arena *arena = arena_new(0);
	struct observed *o = observed_new(arena);
	struct cookie_out cookies = { .out = out };
	struct diagnosis d;
	size_t found = explain_observe(text, len, o);

	print_lines(out, o);
	print_exchanges(out, o);
	explain_cookies(arena, arena_strndup(arena, text,
		strnlen(text, len)), print_cookie, &cookies);
	diagnose(o, &d);
	diagnosis_print(out, &d, color);
	arena_free(arena);
	return found + cookies.n > 0;
}

/* ---- for programs ---- */

static json_t *lines_json(const struct observed *o)
{
	json_t *all = json_array();

	for (uint32_t i = 0; i < o->diag.n; i++) {
		const struct diag_line *line = &o->diag.v[i];
		const struct lid_info *info = lid_find(line->lid);

		json_array_append_new(all, json_pack("{s:I, s:s, s:o, s:o}",
			"lid", (json_int_t)line->lid, "name",
			info != NULL ? info->name : "", "text",
			report_string(line_text(o->arena, line)), "meaning",
			report_string(explain_line(o->arena, line))));
	}
	return all;
}

static json_t *exchanges_json(const struct observed *o)
{
	json_t *all = json_array();

	for (const struct observed_exchange *x = o->first; x != NULL;
	     x = x->next)
		json_array_append_new(all, json_pack("{s:i, s:i, s:I, s:o}",
			"status", x->status, "response_code",
			x->response_code, "error",
			(json_int_t)(x->has_ec ? x->ec : 0), "text",
			report_string(exchange_words(o, x))));
	return all;
}

static void cookie_json(void *ctx, const char *name, const char *words)
{
	struct cookie_out *c = ctx;

	json_array_append_new(c->all, json_pack("{s:s, s:o}", "name", name,
		"meaning", report_string(words)));
}

json_t *diag_explain_json(const char *text, size_t len)
{
	struct arena *arena = arena_new(0);
	struct observed *o = observed_new(arena);
	struct cookie_out cookies = { .all = json_array() };
	struct diagnosis d;
	json_t *all;

	(void)explain_observe(text, len, o);
	explain_cookies(arena, arena_strndup(arena, text,
		strnlen(text, len)), cookie_json, &cookies);
	diagnose(o, &d);
	all = json_pack("{s:o, s:o, s:o, s:o}", "lines", lines_json(o),
			"answers", exchanges_json(o), "cookies", cookies.all,
			"diagnosis", diagnosis_json(&d));
	arena_free(arena);
	return all;
}
