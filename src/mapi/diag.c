/* SPDX-License-Identifier: Apache-2.0 */
#include "mapi/diag.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"

static const struct lid_info lids[] = {
#define LID(lid, name, kind, origin, meaning, parameters, cure) \
	{ lid, #name, kind, origin, meaning, parameters, cure },
#include "mapi/lids.def"
#undef LID
};
enum { LIDS = sizeof lids / sizeof *lids, LINES_FIRST = 16 };

const struct lid_info *lid_at(size_t n)
{
	return n < LIDS ? &lids[n] : NULL;
}

const struct lid_info *lid_find(uint32_t lid)
{
	for (size_t i = 0; i < LIDS; i++)
		if (lids[i].lid == lid)
			return &lids[i];
	return NULL;
}

/* ---- a list that grows ---- */

static struct diag_line *next_line(struct diag *d)
{
	struct diag_line *line;

	if (d->n == d->cap) {
		uint32_t cap = d->cap > 0 ? 2 * d->cap : LINES_FIRST;

		line = arena_array(d->arena, cap, sizeof *line);
		if (d->n > 0)
			memcpy(line, d->v, d->n * sizeof *line);
		d->v = line;
		d->cap = cap;
	}
	line = &d->v[d->n++];
	*line = (struct diag_line){ .text = "" };
	return line;
}

static struct diag_line *add(struct diag *d, uint32_t lid)
{
	const struct lid_info *info = lid_find(lid);
	struct diag_line *line = next_line(d);

	line->lid = lid;
	line->kind = info != NULL ? info->kind : DIAG_BARE;
	return line;
}

void diag_add(struct diag *d, uint32_t lid, uint32_t value, const char *text)
{
	struct diag_line *line = add(d, lid);

	line->value = value;
	if (text != NULL)
		line->text = arena_strdup(d->arena, text);
}

void diag_add_line(struct diag *d, const struct diag_line *line)
{
	*next_line(d) = *line;
}

void diag_add_guid(struct diag *d, uint32_t lid, const struct guid *guid)
{
	add(d, lid)->guid = *guid;
}

void diag_add_qword(struct diag *d, uint32_t lid, uint64_t qword)
{
	add(d, lid)->qword = qword;
}

const struct diag_line *diag_find(const struct diag_context *c, uint32_t lid)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->v[i].lid == lid)
			return &c->v[i];
	return NULL;
}

/* ---- writing ---- */

/* Text of one line: what would end it becomes a blank. */
static void put_text(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++)
		buf_add(b, (unsigned char)*text < 0x20 ? " " : text, 1);
}

void diag_line_print(struct buf *b, const struct diag_line *line)
{
	char guid[GUID_TEXT_SIZE];

	buf_printf(b, "    Lid: %-7" PRIu32, line->lid);
	switch (line->kind) {
	case DIAG_BARE:
		break;
	case DIAG_STORE_EC:
		buf_printf(b, " StoreEc: 0x%" PRIX32, line->value);
		break;
	case DIAG_ERROR:
		buf_printf(b, " Error: 0x%" PRIX32, line->value);
		break;
	case DIAG_DWPARAM:
		buf_printf(b, " dwParam: 0x%" PRIX32, line->value);
		break;
	case DIAG_DWPARAM_MSG:
		buf_printf(b, " dwParam: 0x%" PRIX32 " Msg: ", line->value);
		put_text(b, line->text);
		break;
	case DIAG_QDWPARAM:
		buf_printf(b, " qdwParam: 0x%" PRIX64, line->qword);
		break;
	case DIAG_GUID:
		guid_format(&line->guid, guid);
		buf_printf(b, " Guid: %s", guid);
		break;
	case DIAG_STORE_EC_TAG:
		buf_printf(b, " StoreEc: 0x%" PRIX32 " PropTag: 0x%08" PRIX32,
			   line->value, line->tag);
		break;
	case DIAG_SENTENCE:
		buf_puts(b, " ");
		put_text(b, line->text);
		break;
	}
	buf_puts(b, "\r\n");
}

void diag_print(struct buf *b, const struct diag_context *c)
{
	buf_puts(b, "Diagnostic context:\r\n");
	for (uint32_t i = 0; i < c->n; i++)
		diag_line_print(b, &c->v[i]);
}

/* ---- reading ---- */

/* A piece of text that has no NUL behind it. */
struct text {
	const char *p, *end;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What separates; control characters are shown as blanks. */
static bool is_blank(char c)
{
	return c == ' ' || c == 0x7f ||
		((unsigned char)c < 0x20 && c != '\r' && c != '\n' &&
		 c != '\0');
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static void skip_blanks(struct text *t)
{
	/* U+00A0 in UTF-8, as web pages have it, is one, too. */
	for (; t->p < t->end; t->p++)
		if (!is_blank(*t->p) && *t->p != '\xc2' && *t->p != '\xa0')
			return;
}

/* Move past word, whatever its case; false if it isn't there. */
static bool take_word(struct text *t, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(t->end - t->p) < len ||
	    strncasecmp(t->p, word, len) != 0)
		return false;
	t->p += len;
	return true;
}

static int digit_of(char c)
{
	if (is_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "0x4DE", or decimal digits; false if there is no number or it is too big. */
static bool take_number(struct text *t, uint64_t *out)
{
	struct text at = *t;
	unsigned base = take_word(&at, "0x") ? 16 : 10;
	uint64_t n = 0;
	bool any = false;

	for (; at.p < at.end; at.p++) {
		int digit = digit_of(*at.p);

		if (digit < 0 || digit >= (int)base)
			break;
		if (n > (UINT64_MAX - (unsigned)digit) / base)
			return false;
		n = n * base + (unsigned)digit;
		any = true;
	}
	if (!any)
		return false;
	*t = at;
	*out = n;
	return true;
}

static bool take_u32(struct text *t, uint32_t *out)
{
	struct text at = *t;
	uint64_t n;

	skip_blanks(&at);
	if (!take_number(&at, &n) || n > UINT32_MAX)
		return false;
	*t = at;
	*out = (uint32_t)n;
	return true;
}

/* Up to the end of the line, without blanks around, cut to what is kept. */
static const char *rest_of(struct text t, struct arena *a)
{
	size_t len;
	char *text;

	skip_blanks(&t);
	len = (size_t)(t.end - t.p);
	if (len > DIAG_TEXT_MAX) {
		len = DIAG_TEXT_MAX;
		/* Not within a character. */
		while (len > 0 && ((unsigned char)t.p[len] & 0xc0) == 0x80)
			len--;
	}
	while (len > 0 && (is_blank(t.p[len - 1]) ||
			   is_control(t.p[len - 1])))
		len--;
	text = arena_strndup(a, t.p, len);
	for (char *c = text; *c != '\0'; c++)
		if (is_control(*c))
			*c = ' ';
	return text;
}

static bool take_guid(struct text *t, struct guid *out)
{
	char text[GUID_TEXT_SIZE];

	skip_blanks(t);
	if (t->end - t->p < GUID_TEXT_SIZE - 1)
		return false;
	memcpy(text, t->p, GUID_TEXT_SIZE - 1);
	text[GUID_TEXT_SIZE - 1] = '\0';
	return guid_parse(text, out);
}

static bool take_param(struct text t, struct arena *a, struct diag_line *line)
{
	if (!take_word(&t, "dwParam:") || !take_u32(&t, &line->value))
		return false;
	line->kind = DIAG_DWPARAM;
	skip_blanks(&t);
	if (take_word(&t, "Msg:")) {
		line->kind = DIAG_DWPARAM_MSG;
		line->text = rest_of(t, a);
	}
	return true;
}

static bool take_store_ec(struct text t, struct diag_line *line)
{
	if (!take_word(&t, "StoreEc:") || !take_u32(&t, &line->value))
		return false;
	line->kind = DIAG_STORE_EC;
	skip_blanks(&t);
	if (take_word(&t, "PropTag:") && take_u32(&t, &line->tag))
		line->kind = DIAG_STORE_EC_TAG;
	return true;
}

/* What follows the number, up to the end of the line. */
static void take_value(struct text t, struct arena *a, struct diag_line *line)
{
	struct text at;

	skip_blanks(&t);
	at = t;
	if (take_param(t, a, line) || take_store_ec(t, line))
		return;
	if (take_word(&at, "Error:") && take_u32(&at, &line->value)) {
		line->kind = DIAG_ERROR;
		return;
	}
	at = t;
	if (take_word(&at, "qdwParam:")) {
		skip_blanks(&at);
		if (take_number(&at, &line->qword)) {
			line->kind = DIAG_QDWPARAM;
			return;
		}
	}
	at = t;
	if (take_word(&at, "Guid:") && take_guid(&at, &line->guid)) {
		line->kind = DIAG_GUID;
		return;
	}
	line->text = rest_of(t, a);
	line->kind = *line->text != '\0' ? DIAG_SENTENCE : DIAG_BARE;
	if (line->kind == DIAG_SENTENCE)
		diag_sentence(line);
}

static bool is_letter(char c)
{
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'z';
}

/* Where the next "Lid: n" begins ("FailureLID: n" is another matter), or the
 * end. */
static const char *next_lid(const char *p, const char *end)
{
	const char *begin = p;

	for (; end - p >= 5; p++) {
		struct text t = { p, end };

		if (!take_word(&t, "Lid:") || (p > begin && is_letter(p[-1])))
			continue;
		skip_blanks(&t);
		if (t.p < end && is_digit(*t.p))
			return p;
	}
	return end;
}

/* A line ends with the text's line, at a tag, or where the next begins. */
static const char *line_end(const char *p, const char *end)
{
	const char *next = next_lid(p, end);

	for (; p < next; p++)
		if (*p == '\n' || *p == '\r' || *p == '\0' || *p == '<')
			return p;
	return next;
}

bool diag_parse(const char *text, size_t len, struct arena *a,
		struct diag_context *out)
{
	const char *end = text + len;
	struct diag d = diag_begin(a);
	struct text t = { text, end };
	uint32_t lid;

	while (d.n < DIAG_LINES_MAX) {
		t.p = next_lid(t.p, end);
		if (t.p == end)
			break;
		t.p += 4;
		if (!take_u32(&t, &lid))
			continue;
		t.end = line_end(t.p, end);
		next_line(&d)->lid = lid;
		take_value(t, a, &d.v[d.n - 1]);
		t.p = t.end;
		t.end = end;
	}
	*out = diag_end(&d);
	return d.n > 0;
}

/* ---- sentences ---- */

/* The number behind a word of a sentence. */
static bool number_behind(const char *text, const char *word, uint32_t *out)
{
	const char *at = strstr(text, word);
	struct text t;

	if (at == NULL)
		return false;
	at += strlen(word);
	t = (struct text){ at, at + strlen(at) };
	return take_u32(&t, out);
}

/* "15.0.847.30" */
static uint64_t version_of(const char *text)
{
	struct text t = { text, text + strlen(text) };
	uint64_t version = 0, part;

	skip_blanks(&t);
	for (int i = 0; i < 4; i++) {
		if (!take_number(&t, &part) || part > UINT16_MAX)
			return 0;
		version = version << 16 | part;
		if (t.p < t.end && *t.p == '.')
			t.p++;
	}
	return version;
}

void diag_sentence(struct diag_line *line)
{
	const char *text = line->text;

	if (strncasecmp(text, "ClientVersion:", 14) == 0 ||
	    strncasecmp(text, "ServerVersion:", 14) == 0)
		line->qword = version_of(text + 14);
	else if (strncmp(text, "ROP:", 4) == 0)
		(void)number_behind(text, "[", &line->value);
	else if (!number_behind(text, "ROP Error:", &line->value) &&
		 !number_behind(text, "ROP Failure:", &line->value) &&
		 !number_behind(text, "[ec=", &line->value))
		(void)number_behind(text, "[length=", &line->value);
}
