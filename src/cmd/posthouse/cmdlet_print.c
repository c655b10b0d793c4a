/* SPDX-License-Identifier: Apache-2.0 */
/* What cmdlets give out: JSON lines into a pipe, tables and lists for people,
 * and help. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cmd/posthouse/cli_impl.h"
#include "cmd/posthouse/cmdlet_impl.h"

enum { COLUMNS_MAX = 24, HELP_COLUMN = 8, SCREEN = 78 };

/* Values --------------------------------------------------------------- */

static void add_value(struct buf *b, const json_t *value);

/* "IISAuthenticationMethods: Negotiate -> Ntlm" of an audit log's entry. */
static void add_object(struct buf *b, const json_t *value)
{
	const json_t *name = json_object_get(value, "Name");
	const json_t *old = json_object_get(value, "OldValue");
	const char *key;
	json_t *item;
	size_t n = 0;

	if (name != NULL && old != NULL) {
		add_value(b, name);
		buf_puts(b, ": ");
		add_value(b, old);
		buf_puts(b, " -> ");
		add_value(b, json_object_get(value, "NewValue"));
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)value, key, item) {
		buf_printf(b, "%s%s: ", n++ > 0 ? "; " : "", key);
		add_value(b, item);
	}
}

static void add_value(struct buf *b, const json_t *value)
{
	json_t *item;
	size_t i;

	switch (value != NULL ? json_typeof(value) : JSON_NULL) {
	case JSON_STRING:
		buf_puts(b, json_string_value(value));
		break;
	case JSON_INTEGER:
		buf_printf(b, "%" JSON_INTEGER_FORMAT,
			   json_integer_value(value));
		break;
	case JSON_REAL:
		buf_printf(b, "%g", json_real_value(value));
		break;
	case JSON_TRUE:
		buf_puts(b, "True");
		break;
	case JSON_FALSE:
		buf_puts(b, "False");
		break;
	case JSON_ARRAY:
		buf_puts(b, "{");
		json_array_foreach(value, i, item) {
			buf_puts(b, i > 0 ? ", " : "");
			add_value(b, item);
		}
		buf_puts(b, "}");
		break;
	case JSON_OBJECT:
		add_object(b, value);
		break;
	case JSON_NULL:
		break;
	}
}

/* As PowerShell shows it: {a, b}, True; nothing for null. */
static const char *as_text(struct arena *arena, const json_t *value)
{
	struct buf b = BUF_INIT;
	const char *text;

	add_value(&b, value);
	text = arena_strdup(arena, buf_str(&b));
	buf_free(&b);
	return text;
}

/* Tables and lists ----------------------------------------------------- */

/* The object's own keys that the names choose, in their order. */
static size_t choose_keys(const json_t *object, const char *const *names,
			  const char *out[COLUMNS_MAX])
{
	const char *key;
	json_t *value;
	size_t n = 0;

	for (; *names != NULL; names++)
		json_object_foreach((json_t *)(uintptr_t)object, key, value) {
			bool have = !cmdlet_like(*names, key);

			for (size_t i = 0; i < n && !have; i++)
				have = strcmp(out[i], key) == 0;
			if (!have && n < COLUMNS_MAX)
				out[n++] = key;
		}
	return n;
}

static void print_cell(const char *text, size_t wide, bool last)
{
	if (last)
		printf("%s\n", text);
	else
		printf("%s%*s", text, (int)(wide - cli_width(text)) + 1, "");
}

static void print_dashes(size_t len, size_t wide, bool last)
{
	for (size_t i = 0; i < wide; i++)
		if (i < len || !last)
			putchar(i < len ? '-' : ' ');
	putchar(last ? '\n' : ' ');
}

void cmdlet_print_table(struct arena *arena, const json_t *objects,
			const char *const *names)
{
	const char *keys[COLUMNS_MAX];
	size_t n = choose_keys(json_array_get(objects, 0), names, keys);
	size_t wide[COLUMNS_MAX], i;
	const json_t *object;

	for (size_t c = 0; c < n; c++) {
		wide[c] = cli_width(keys[c]);
		json_array_foreach(objects, i, object) {
			size_t w = cli_width(as_text(arena,
					json_object_get(object, keys[c])));

			wide[c] = w > wide[c] ? w : wide[c];
		}
	}
	putchar('\n');
	for (size_t c = 0; c < n; c++)
		print_cell(keys[c], wide[c], c + 1 == n);
	for (size_t c = 0; c < n; c++)
		print_dashes(strlen(keys[c]), wide[c], c + 1 == n);
	json_array_foreach(objects, i, object)
		for (size_t c = 0; c < n; c++)
			print_cell(as_text(arena, json_object_get(object,
					keys[c])), wide[c], c + 1 == n);
	putchar('\n');
}

static void print_properties(struct arena *arena, const json_t *object,
			     const char *const *names)
{
	const char *keys[COLUMNS_MAX];
	size_t n = choose_keys(object, names, keys), wide = 0;

	for (size_t i = 0; i < n; i++)
		wide = strlen(keys[i]) > wide ? strlen(keys[i]) : wide;
	for (size_t i = 0; i < n; i++) {
		const char *text = as_text(arena, json_object_get(object,
								  keys[i]));

		printf("%-*s :%s%s\n", (int)wide, keys[i],
		       *text != '\0' ? " " : "", text);
	}
}

void cmdlet_print_list(struct arena *arena, const json_t *objects,
		       const char *const *names)
{
	static const char *const all[] = { "*", NULL };
	const json_t *object;
	size_t i;

	putchar('\n');
	json_array_foreach(objects, i, object) {
		print_properties(arena, object, names != NULL ? names : all);
		putchar('\n');
	}
}

static int print_lines(struct cmdlet_call *call)
{
	json_t *object;
	size_t i;

	json_array_foreach(call->output, i, object) {
		if (json_dumpf(object, stdout, JSON_COMPACT) != 0)
			return cmdlet_error(call, "cannot write the output");
		putchar('\n');
	}
	return CLI_OK;
}

int cmdlet_print(struct cmdlet_call *call)
{
	if (call->json || !isatty(STDOUT_FILENO))
		return print_lines(call);
	if (json_array_size(call->output) == 0)
		return CLI_OK;
	if (call->cmdlet->columns != NULL)
		cmdlet_print_table(call->arena, call->output,
				   call->cmdlet->columns);
	else
		cmdlet_print_list(call->arena, call->output, NULL);
	return CLI_OK;
}

/* Help ----------------------------------------------------------------- */

/* "[-Identity] <Id>", in brackets unless it must be there. */
static void add_syntax(struct buf *b, const struct cmdlet_param *p)
{
	const char *open = p->positional ? "[" : "";
	const char *close = p->positional ? "]" : "";

	buf_printf(b, "%s%s-%s%s", p->mandatory ? "" : "[", open, p->name,
		   close);
	if (p->type != CMDLET_SWITCH)
		buf_printf(b, " %s", p->value);
	buf_puts(b, p->mandatory ? "" : "]");
}

static void print_syntax(const struct cmdlet *c,
			 const struct cmdlet_param *params, size_t *column)
{
	for (; params != NULL && params->name != NULL; params++) {
		struct buf b = BUF_INIT;

		add_syntax(&b, params);
		if (*column + 1 + b.len > SCREEN) {
			printf("\n    ");
			*column = 4;
		}
		printf(" %s", buf_str(&b));
		*column += 1 + b.len;
		buf_free(&b);
	}
}

static void print_params(const struct cmdlet_param *params)
{
	for (; params != NULL && params->name != NULL; params++) {
		printf("    -%s%s%s\n", params->name,
		       params->type != CMDLET_SWITCH ? " " : "",
		       params->type != CMDLET_SWITCH ? params->value : "");
		printf("%*s", HELP_COLUMN, "");
		cli_print_wrapped(params->help, HELP_COLUMN);
	}
}

/* A line that can be pasted, broken after its pipe. */
static void print_example(const char *text)
{
	const char *pipe = strstr(text, " | ");

	printf("\nExample:\n    ");
	if (pipe != NULL) {
		printf("%.*s |\n    ", (int)(pipe - text), text);
		text = pipe + 3;
	}
	printf("%s\n", text);
}

void cmdlet_print_help(const struct cmdlet *c)
{
	const struct cmdlet_param *change = c->flags & CMDLET_CHANGES ?
		cmdlet_common_change : NULL;
	size_t column = strlen(c->name);

	printf("%s", c->name);
	print_syntax(c, c->params, &column);
	print_syntax(c, change, &column);
	print_syntax(c, cmdlet_common, &column);
	printf("\n\n%s\n\n", c->summary);
	print_params(c->params);
	print_params(change);
	print_params(cmdlet_common);
	printf("\nNames of parameters are the same in any case, and may be "
	       "shortened as long as\nthey are clear. The configuration is "
	       "--config FILE, else $POSTHOUSE_CONFIG,\n"
	       "else /etc/posthouse/posthouse.conf.\n");
	if (c->example != NULL)
		print_example(c->example);
}
