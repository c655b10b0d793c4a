/* SPDX-License-Identifier: Apache-2.0 */
/* The request line and the header fields (RFC 9112 3, 5; RFC 9110 5). */
#include <string.h>

#include "http/chars.h"
#include "http/parser.h"

enum { METHOD_MAX = 32, LENGTH_DIGITS_MAX = 18 };

/* What the fields that frame the message have said so far. */
struct framing {
	bool host, length, encoding;
	bool close, keep_alive;
};

/* The run of characters of a class at s; never moves past end. */
static char *skip_class(char *s, const char *end, uint8_t class)
{
	while (s < end && http_char_is(*s, class))
		s++;
	return s;
}

/* --- Request line ----------------------------------------------------- */

/* A segment that is "." or "..", which a file or a router would resolve. */
static bool has_dot_segment(const char *path)
{
	while (*path == '/') {
		size_t len = strcspn(++path, "/");

		if ((len == 1 && path[0] == '.') ||
		    (len == 2 && path[0] == '.' && path[1] == '.'))
			return true;
		path += len;
	}
	return false;
}

/* Slashes that were written as escapes would be read in two ways. */
static bool has_hidden_slash(const char *path, size_t len)
{
	for (size_t i = 0; i + 2 < len; i++)
		if (path[i] == '%' &&
		    ((path[i + 1] == '2' && (path[i + 2] | 0x20) == 'f') ||
		     (path[i + 1] == '5' && (path[i + 2] | 0x20) == 'c')))
			return true;
	return memchr(path, '\\', len) != NULL;
}

/* RFC 9112 3.2.1 */
static bool parse_origin(struct http_parser *p, char *target)
{
	size_t len = strcspn(target, "?");

	p->head.query = target[len] == '?' ? target + len + 1 : "";
	target[len] = '\0';
	if (has_hidden_slash(target, len) ||
	    !http_percent_decode(target, len, false, target) ||
	    has_dot_segment(target))
		return http_parser_refuse(p, 400, "bad path");
	p->head.path = target;
	return true;
}

static bool is_host(const char *s, size_t len)
{
	if (len == 0)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!http_char_is(s[i], CHAR_HOST))
			return false;
	return true;
}

/* "http://host/path": proxies send it, servers must take it (3.2.2). */
static bool parse_absolute(struct http_parser *p, char *target)
{
	size_t scheme = strlen(target) > 8 && http_equal(target, "http://", 7)
		? 7 : strlen(target) > 8 && http_equal(target, "https://", 8)
		? 8 : 0;
	size_t host = strcspn(target + scheme, "/?");

	if (scheme == 0 || !is_host(target + scheme, host))
		return http_parser_refuse(p, 400, "bad request target");
	if (target[scheme + host] != '/')
		return http_parser_refuse(p, 400, "request target has no path");
	p->head.host = arena_strndup(p->arena, target + scheme, host);
	return parse_origin(p, target + scheme + host);
}

static bool parse_target(struct http_parser *p, char *target)
{
	if (target[0] == '/')
		return parse_origin(p, target);
	if (strcmp(target, "*") == 0 &&
	    strcmp(p->head.method, "OPTIONS") == 0) {
		p->head.path = "*";
		p->head.query = "";
		return true;
	}
	return parse_absolute(p, target);
}

static bool parse_version(struct http_parser *p, const char *s)
{
	if (strcmp(s, "HTTP/1.1") == 0)
		return true;
	if (strcmp(s, "HTTP/1.0") == 0) {
		p->head.http10 = true;
		return true;
	}
	if (strlen(s) == 8 && memcmp(s, "HTTP/", 5) == 0 && s[6] == '.' &&
	    s[5] >= '0' && s[5] <= '9' && s[7] >= '0' && s[7] <= '9')
		return http_parser_refuse(p, 505, "unsupported HTTP version");
	return http_parser_refuse(p, 400, "bad HTTP version");
}

/* RFC 9112 3: single spaces, nothing else between the three parts. */
static bool parse_request_line(struct http_parser *p, char *line, char *end)
{
	char *target = skip_class(line, end, CHAR_TOKEN), *version;

	if (target == line || target - line > METHOD_MAX || *target != ' ')
		return http_parser_refuse(p, 400, "bad method");
	*target++ = '\0';
	p->head.method = line;
	version = skip_class(target, end, CHAR_TARGET);
	if (version == target || *version != ' ')
		return http_parser_refuse(p, 400, "bad request target");
	*version++ = '\0';
	if (memchr(version, '\0', (size_t)(end - version)) != NULL)
		return http_parser_refuse(p, 400, "bad HTTP version");
	*end = '\0';
	return parse_version(p, version) && parse_target(p, target);
}

/* --- Status line ------------------------------------------------------ */

/* RFC 9112 4; some servers leave out the space before an empty reason. */
static bool parse_status_line(struct http_parser *p, const char *line,
			      const char *end)
{
	struct http_head *head = &p->head;
	int status = 0;

	if (end - line < 12 || (memcmp(line, "HTTP/1.1 ", 9) != 0 &&
				memcmp(line, "HTTP/1.0 ", 9) != 0))
		return http_parser_refuse(p, 502, "bad HTTP version");
	for (int i = 9; i < 12; i++) {
		if (line[i] < '0' || line[i] > '9')
			return http_parser_refuse(p, 502, "bad status");
		status = status * 10 + line[i] - '0';
	}
	if (status < 100 || status > 599 || (end > line + 12 &&
					     line[12] != ' '))
		return http_parser_refuse(p, 502, "bad status");
	for (const char *at = line + 12; at < end; at++)
		if (!http_char_is(*at, CHAR_VALUE))
			return http_parser_refuse(p, 502, "bad reason phrase");
	head->http10 = line[7] == '0';
	head->status = status;
	head->no_body = p->head_request || status < 200 || status == 204 ||
		status == 304;
	return true;
}

static bool parse_first_line(struct http_parser *p, char *line, char *end)
{
	return p->response ? parse_status_line(p, line, end) :
		parse_request_line(p, line, end);
}

/* --- Fields that frame the message ------------------------------------ */

static bool take_host(struct http_parser *p, struct framing *f,
		      const char *value)
{
	if (f->host)
		return http_parser_refuse(p, 400, "repeated Host");
	f->host = true;
	if (!is_host(value, strlen(value)))
		return http_parser_refuse(p, 400, "bad Host");
	if (p->head.host == NULL)
		p->head.host = value;
	return true;
}

/* RFC 9112 6.2: digits, once. */
static bool take_length(struct http_parser *p, struct framing *f,
			const char *value)
{
	size_t digits = strspn(value, "0123456789");
	uint64_t n = 0;

	if (f->length)
		return http_parser_refuse(p, 400, "repeated Content-Length");
	f->length = true;
	if (digits == 0 || value[digits] != '\0')
		return http_parser_refuse(p, 400, "bad Content-Length");
	if (digits > LENGTH_DIGITS_MAX)
		return http_parser_refuse(p, 413, "absurd Content-Length");
	for (size_t i = 0; i < digits; i++)
		n = n * 10 + (uint64_t)(value[i] - '0');
	p->head.content_length = n;
	p->head.has_length = true;
	return true;
}

/*
 * RFC 9112 6.1: chunked alone.  Another coding before it is one that we don't
 * know; anything that does not end in chunked leaves the length open.
 */
static bool take_encoding(struct http_parser *p, struct framing *f,
			  const char *value)
{
	size_t len = strlen(value);

	if (f->encoding)
		return http_parser_refuse(p, 400, "repeated Transfer-Encoding");
	f->encoding = true;
	if (len == 7 && http_equal(value, "chunked", 7)) {
		p->head.chunked = true;
		return true;
	}
	if (len > 7 && http_equal(value + len - 7, "chunked", 7) &&
	    strchr(", \t", value[len - 8]) != NULL &&
	    !http_equal(value, "chunked", 7))
		return http_parser_refuse(p, 501, "unknown transfer coding");
	return http_parser_refuse(p, 400, "bad Transfer-Encoding");
}

/* The members of a list, such as "close, TE" (RFC 9110 5.6.1). */
static void take_connection(struct framing *f, const char *value)
{
	while (*value != '\0') {
		size_t len;

		value += strspn(value, ", \t");
		len = strcspn(value, ", \t");
		if (len == 5 && http_equal(value, "close", 5))
			f->close = true;
		if (len == 10 && http_equal(value, "keep-alive", 10))
			f->keep_alive = true;
		value += len;
	}
}

static bool take_expect(struct http_parser *p, const char *value)
{
	if (strlen(value) != 12 || !http_equal(value, "100-continue", 12))
		return http_parser_refuse(p, 417, "unknown expectation");
	p->head.expects_continue = true;
	return true;
}

static bool field_is(const struct http_text_field *field, const char *name,
		     size_t len)
{
	return field->name_len == len && http_equal(field->name, name, len);
}

static bool take_field(struct http_parser *p, struct framing *f,
		       const struct http_text_field *field)
{
	switch (field->name_len) {
	case 4:
		return p->response || !field_is(field, "host", 4) ||
			take_host(p, f, field->value);
	case 6:
		return p->response || !field_is(field, "expect", 6) ||
			take_expect(p, field->value);
	case 10:
		if (field_is(field, "connection", 10))
			take_connection(f, field->value);
		return true;
	case 14:
		return !field_is(field, "content-length", 14) ||
			take_length(p, f, field->value);
	case 17:
		return !field_is(field, "transfer-encoding", 17) ||
			take_encoding(p, f, field->value);
	default:
		return true;
	}
}

/* What can only be said when all fields are known. */
static bool check_framing(struct http_parser *p, const struct framing *f)
{
	struct http_head *head = &p->head;

	if (f->length && f->encoding)
		return http_parser_refuse(p, 400, "Content-Length beside "
					  "Transfer-Encoding");
	if (f->encoding && head->http10)
		return http_parser_refuse(p, 400, "Transfer-Encoding in "
					  "HTTP/1.0");
	if (!f->host && !head->http10 && !p->response)
		return http_parser_refuse(p, 400, "missing Host");
	head->keep_alive = !f->close && (!head->http10 || f->keep_alive);
	if (head->http10)
		head->expects_continue = false;
	return true;
}

/* --- Field lines ------------------------------------------------------ */

/* RFC 9112 5: name ":" OWS value OWS, in place. */
static bool parse_field(struct http_parser *p, char *line, char *end,
			struct http_text_field *out)
{
	char *colon = skip_class(line, end, CHAR_TOKEN), *value;

	if (*line == ' ' || *line == '\t')
		return http_parser_refuse(p, 400, "folded header line");
	if (colon == line || *colon != ':')
		return http_parser_refuse(p, 400, "bad header name");
	value = colon + 1;
	if (skip_class(value, end, CHAR_VALUE) != end)
		return http_parser_refuse(p, 400, "control character in a "
					  "header");
	while (*value == ' ' || *value == '\t')
		value++;
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*colon = '\0';
	*end = '\0';
	*out = (struct http_text_field){ .name = line, .value = value,
		.name_len = (uint32_t)(colon - line) };
	return true;
}

bool http_head_parse(struct http_parser *p, char *text, size_t len)
{
	struct http_text_field *fields =
		arena_alloc(p->arena, p->lines * sizeof *fields);
	struct framing framing = { 0 };
	char *end = text + len - 2, *line, *eol;
	unsigned n = 0;

	memset(&p->head, 0, sizeof p->head);
	eol = memchr(text, '\r', len);
	line = eol + 2;
	if (eol[1] != '\n' || !parse_first_line(p, text, eol))
		return p->state != HTTP_PARSER_BAD ?
			http_parser_refuse(p, 400, "CR without LF") : false;
	for (; line < end; line = eol + 2) {
		eol = memchr(line, '\n', len - (size_t)(line - text));
		eol--;
		if (!parse_field(p, line, eol, &fields[n]) ||
		    !take_field(p, &framing, &fields[n]))
			return false;
		n++;
	}
	p->head.fields = fields;
	p->head.n_fields = n;
	return check_framing(p, &framing);
}

const struct http_text_field *http_head_find(const struct http_head *head,
					     const char *name, size_t len)
{
	for (unsigned i = 0; i < head->n_fields; i++)
		if (field_is(&head->fields[i], name, len))
			return &head->fields[i];
	return NULL;
}
