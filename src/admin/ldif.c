/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/ldif.h"

#include <string.h>
#include <strings.h>

#include "auth/base64.h"

enum { FIELDS_MAX = 65536, COLUMNS_MAX = 256, WIDTH = 76 };

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ" "0123456789-._"

/* The fields of a record while it grows. */
struct growing {
	struct ldif_field *v;
	size_t n, cap;
};

static bool fail(const struct ldif_reader *r, struct err *err,
		 const char *what)
{
	return err_set(err, EC_INVALID_PARAM, "line %u: %s", r->line, what);
}

static bool add(struct ldif_reader *r, struct growing *g, const char *name,
		const void *value, size_t len, struct err *err)
{
	char *copy;

	if (g->n == FIELDS_MAX)
		return fail(r, err, "this record has too many values");
	if (g->n == g->cap) {
		struct ldif_field *v;

		g->cap = g->cap != 0 ? 2 * g->cap : 16;
		v = arena_array(r->arena, g->cap, sizeof *v);
		if (g->n > 0)
			memcpy(v, g->v, g->n * sizeof *v);
		g->v = v;
	}
	copy = arena_alloc(r->arena, len + 1);
	if (len > 0)
		memcpy(copy, value, len);
	copy[len] = '\0';
	g->v[g->n++] = (struct ldif_field){ name,
		{ (const uint8_t *)copy, len } };
	return true;
}

/* --- LDIF ------------------------------------------------------------- */

void ldif_begin(struct ldif_reader *r, const void *data, size_t len,
		struct arena *arena)
{
	*r = (struct ldif_reader){ .at = data, .end = (const char *)data + len,
				   .line = 1, .arena = arena };
	/* The byte order mark of some editors. */
	if (len >= 3 && memcmp(r->at, "\xef\xbb\xbf", 3) == 0)
		r->at += 3;
}

/* The next physical line, without its end; false if there is none. */
static bool take_line(struct ldif_reader *r, const char **line, size_t *len)
{
	const char *end;

	if (r->at == r->end)
		return false;
	end = memchr(r->at, '\n', (size_t)(r->end - r->at));
	*line = r->at;
	*len = (size_t)((end != NULL ? end : r->end) - r->at);
	r->at = end != NULL ? end + 1 : r->end;
	r->line++;
	if (*len > 0 && (*line)[*len - 1] == '\r')
		--*len;
	return true;
}

/* A line with those that go on with it, which begin with a space. */
static bool take_folded(struct ldif_reader *r, struct buf *out)
{
	const char *line;
	size_t len;

	buf_clear(out);
	if (!take_line(r, &line, &len))
		return false;
	buf_add(out, line, len);
	while (len > 0 && r->at < r->end && *r->at == ' ' &&
	       take_line(r, &line, &len))
		buf_add(out, line + 1, len - 1);
	return true;
}

static bool take_base64(struct ldif_reader *r, struct growing *g,
			const char *name, const char *text, struct err *err)
{
	size_t len = strlen(text), size = len / 4 * 3 + 3;
	uint8_t *data = arena_alloc(r->arena, size);

	if (!base64_decode(text, len, data, size, &size))
		return fail(r, err, "this is not base64");
	return add(r, g, name, data, size, err);
}

/* "name;options: value", "name:: base64" */
static bool take_field(struct ldif_reader *r, struct growing *g,
		       const struct buf *text, struct err *err)
{
	const char *line = buf_str(text), *colon = strchr(line, ':');
	size_t len = strspn(line, NAME_CHARACTERS);
	const char *name, *value;

	if (strlen(line) != text->len)
		return fail(r, err, "there is a NUL in this line");
	if (colon == NULL || len == 0 || strchr(";:", line[len]) == NULL)
		return fail(r, err, "this is not \"attribute: value\"");
	name = arena_strndup(r->arena, line, len);
	if (colon[1] == '<')
		return fail(r, err, "values from a URL are not supported");
	if (colon[1] == ':')
		return take_base64(r, g, name, colon + 2 +
				   strspn(colon + 2, " "), err);
	value = colon + 1 + strspn(colon + 1, " ");
	if (strcasecmp(name, "changetype") == 0)
		return strcasecmp(value, "add") == 0 ||
			fail(r, err, "of changes only \"add\" can be "
			     "imported");
	return add(r, g, name, value, strlen(value), err);
}

static bool ldif_record(struct ldif_reader *r, struct growing *g,
			struct ldif_record *out, struct buf *line,
			struct err *err)
{
	while (take_folded(r, line)) {
		const char *text = buf_str(line);

		if (line->len == 0 && g->n > 0)
			return true;
		if (line->len == 0 || *text == '#' ||
		    (g->n == 0 && strncasecmp(text, "version:", 8) == 0))
			continue;
		if (g->n == 0)
			out->line = r->line - 1;
		if (!take_field(r, g, line, err))
			return false;
		if (strcasecmp(g->n > 0 ? g->v[0].name : "", "dn") != 0)
			return fail(r, err, "a record begins with \"dn:\"");
	}
	return g->n > 0 || err_set(err, EC_NOT_FOUND, "no more records");
}

/* --- CSV -------------------------------------------------------------- */

/* A cell into out; *last: the line ends behind it. */
static bool take_cell(struct ldif_reader *r, struct buf *out, bool *last,
		      struct err *err)
{
	bool quoted = r->at < r->end && *r->at == '"';

	buf_clear(out);
	if (quoted)
		r->at++;
	while (r->at < r->end) {
		char c = *r->at;

		if (quoted && c == '"' && r->at + 1 < r->end &&
		    r->at[1] == '"') {
			r->at++;
		} else if (quoted && c == '"') {
			r->at++;
			quoted = false;
			break;
		} else if (!quoted && (c == ',' || c == '\n' || c == '\r')) {
			break;
		}
		if (c == '\0')
			return fail(r, err, "there is a NUL in this line");
		r->line += c == '\n';
		buf_add(out, &c, 1);
		r->at++;
	}
	if (quoted)
		return fail(r, err, "a quote is not closed");
	if (r->at < r->end && *r->at == ',') {
		r->at++;
		*last = false;
		return true;
	}
	*last = true;
	if (r->at < r->end && *r->at == '\r')
		r->at++;
	if (r->at < r->end && *r->at != '\n')
		return fail(r, err, "there is text behind a quoted cell");
	if (r->at < r->end) {
		r->at++;
		r->line++;
	}
	return true;
}

bool csv_begin(struct ldif_reader *r, const void *data, size_t len,
	       struct arena *arena, struct err *err)
{
	struct buf cell = BUF_INIT;
	bool last = false, ok = true;

	ldif_begin(r, data, len, arena);
	r->csv = true;
	r->names = arena_array(arena, COLUMNS_MAX, sizeof *r->names);
	while (ok && !last) {
		ok = take_cell(r, &cell, &last, err) &&
			(r->columns < COLUMNS_MAX ||
			 fail(r, err, "there are too many columns"));
		if (ok)
			r->names[r->columns++] =
				arena_strdup(arena, buf_str(&cell));
	}
	buf_free(&cell);
	return ok;
}

/* The values of a cell; one that is empty has none. */
static bool take_values(struct ldif_reader *r, struct growing *g,
			const char *name, const char *text, struct err *err)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "|");

		if (len > 0 && !add(r, g, name, text, len, err))
			return false;
		text += len + (text[len] == '|');
	}
	return true;
}

static bool csv_record(struct ldif_reader *r, struct growing *g,
		       struct ldif_record *out, struct buf *cell,
		       struct err *err)
{
	/* Lines with nothing in them are passed over. */
	while (g->n == 0) {
		bool last = false;

		if (r->at == r->end)
			return err_set(err, EC_NOT_FOUND, "no more records");
		out->line = r->line;
		for (size_t i = 0; !last; i++) {
			if (!take_cell(r, cell, &last, err))
				return false;
			if (i >= r->columns && cell->len > 0)
				return fail(r, err, "there are more cells "
					    "than columns");
			if (i < r->columns &&
			    !take_values(r, g, r->names[i], buf_str(cell),
					 err))
				return false;
		}
	}
	return true;
}

bool ldif_next(struct ldif_reader *r, struct ldif_record *out,
	       struct err *err)
{
	struct growing g = { 0 };
	struct buf b = BUF_INIT;
	bool ok = r->csv ? csv_record(r, &g, out, &b, err) :
		ldif_record(r, &g, out, &b, err);

	buf_free(&b);
	out->n = g.n;
	out->v = g.v;
	return ok;
}

/* --- Writing ---------------------------------------------------------- */

/* SAFE-STRING of RFC 2849. */
static bool is_safe(const char *text, size_t len)
{
	if (len > 0 && (strchr(" :<", text[0]) != NULL ||
			text[len - 1] == ' '))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] >= 0x80 || text[i] == '\0' ||
		    text[i] == '\n' || text[i] == '\r')
			return false;
	return true;
}

static void put_folded(struct buf *b, const char *line)
{
	size_t len = strlen(line), part = len < WIDTH ? len : WIDTH;

	buf_add(b, line, part);
	for (size_t at = part; at < len; at += part) {
		part = len - at < WIDTH - 1 ? len - at : WIDTH - 1;
		buf_puts(b, "\n ");
		buf_add(b, line + at, part);
	}
	buf_puts(b, "\n");
}

void ldif_put(struct buf *b, const char *name, const void *value, size_t len)
{
	struct buf line = BUF_INIT;
	size_t size = base64_size(len);
	char *text;

	if (is_safe(value, len)) {
		buf_printf(&line, "%s: %.*s", name, (int)len,
			   (const char *)value);
	} else {
		buf_printf(&line, "%s:: ", name);
		text = (char *)buf_room(&line, size + 1);
		base64_encode(value, len, text);
		line.len += size;
		buf_add(&line, "===", (4 - size % 4) % 4);
	}
	put_folded(b, buf_str(&line));
	buf_free(&line);
}

void csv_put(struct buf *b, const char *text)
{
	if (text[strcspn(text, ",\"\r\n")] == '\0') {
		buf_puts(b, text);
		return;
	}
	buf_puts(b, "\"");
	for (; *text != '\0'; text++) {
		if (*text == '"')
			buf_puts(b, "\"");
		buf_add(b, text, 1);
	}
	buf_puts(b, "\"");
}
