/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for people and JSON for programs, from the same objects. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf.h"
#include "cmd/posthouse/cli_impl.h"

enum { COLUMNS_MAX = 16 };

static int print_json(struct cli *cli, json_t *value)
{
	if (json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY) != 0)
		return cli_failf(cli, "cannot write the output");
	putchar('\n');
	return CLI_OK;
}

static const char *as_text(struct arena *arena, const json_t *value);

/* "a, b" of an array, "x 1, y 2" of an object. */
static const char *list_text(struct arena *arena, const json_t *value)
{
	struct buf b = BUF_INIT;
	const char *key, *text;
	json_t *item;
	size_t i;

	json_array_foreach(value, i, item)
		buf_printf(&b, "%s%s", i > 0 ? ", " : "",
			   as_text(arena, item));
	json_object_foreach((json_t *)(uintptr_t)value, key, item)
		buf_printf(&b, "%s%s %s", b.len > 0 ? ", " : "", key,
			   as_text(arena, item));
	text = arena_strdup(arena, buf_str(&b));
	buf_free(&b);
	return text;
}

/* A value as people read it, in the arena. */
static const char *as_text(struct arena *arena, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return json_string_value(value);
	case JSON_INTEGER:
		return arena_printf(arena, "%" JSON_INTEGER_FORMAT,
				    json_integer_value(value));
	case JSON_TRUE:
		return "yes";
	case JSON_FALSE:
		return "no";
	case JSON_ARRAY:
	case JSON_OBJECT:
		return list_text(arena, value);
	default:
		return "";
	}
}

/* Columns that a text takes: East Asian letters take two. */
size_t cli_width(const char *text)
{
	const char *end = text + strlen(text);
	size_t n = 0;

	while (text < end) {
		uint32_t c = utf8_next(&text, end);

		if (c >= 0x300 && c < 0x370)
			continue;         /* combining marks */
		n += (c >= 0x1100 && c < 0x1160) ||
			(c >= 0x2e80 && c < 0xd7a4) ||
			(c >= 0xf900 && c < 0xfb00) ||
			(c >= 0xff00 && c < 0xff61) ||
			(c >= 0x1f300 && c < 0x1f700) ||
			(c >= 0x20000 && c < 0x30000) ? 2 : 1;
	}
	return n;
}

static void print_cell(const char *text, size_t wide, bool last)
{
	fputs(text, stdout);
	if (last)
		putchar('\n');
	else
		printf("%*s", (int)(wide - cli_width(text)) + 2, "");
}

static const char *cell(struct cli *cli, const json_t *row,
			const struct cli_column *column)
{
	const json_t *value = json_object_get(row, column->key);

	return value != NULL ? as_text(cli->arena, value) : "";
}

static void print_table(struct cli *cli, const json_t *rows,
			const struct cli_column *columns)
{
	size_t wide[COLUMNS_MAX], n = 0, i;
	const json_t *row;

	for (; n < COLUMNS_MAX && columns[n].key != NULL; n++) {
		wide[n] = cli_width(columns[n].title);
		json_array_foreach(rows, i, row) {
			size_t w = cli_width(cell(cli, row, &columns[n]));

			wide[n] = w > wide[n] ? w : wide[n];
		}
	}
	for (size_t c = 0; c < n; c++)
		print_cell(columns[c].title, wide[c], c + 1 == n);
	json_array_foreach(rows, i, row)
		for (size_t c = 0; c < n; c++)
			print_cell(cell(cli, row, &columns[c]), wide[c],
				   c + 1 == n);
}

int cli_list(struct cli *cli, json_t *rows, const struct cli_column *columns)
{
	int rc = CLI_OK;

	if (cli->json)
		rc = print_json(cli, rows);
	else if (json_array_size(rows) > 0)
		print_table(cli, rows, columns);
	json_decref(rows);
	return rc;
}

static void print_pairs(struct cli *cli, json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		char label[64];

		snprintf(label, sizeof label, "%s:", key);
		for (char *c = label; *c != '\0'; c++)
			if (*c == '_')
				*c = ' ';
		printf("%-20s %s\n", label, as_text(cli->arena, value));
	}
}

int cli_show(struct cli *cli, json_t *object)
{
	int rc = CLI_OK;

	if (cli->json)
		rc = print_json(cli, object);
	else
		print_pairs(cli, object);
	json_decref(object);
	return rc;
}
