/* SPDX-License-Identifier: Apache-2.0 */
#include "http/parser.h"

#include <string.h>

#include "http/chars.h"

enum { BODY_FIRST = 256 * 1024, TEXT_FIRST = 1024 };

void http_parser_init(struct http_parser *p, struct arena *arena,
		      size_t head_max, size_t line_max, unsigned fields_max)
{
	memset(p, 0, sizeof *p);
	p->arena = arena;
	p->head_max = head_max;
	p->line_max = line_max;
	p->fields_max = fields_max < HTTP_FIELDS_MAX ? fields_max :
		HTTP_FIELDS_MAX;
}

void http_parser_init_response(struct http_parser *p, struct arena *arena,
			       size_t head_max, size_t line_max,
			       unsigned fields_max, bool head_request)
{
	http_parser_init(p, arena, head_max, line_max, fields_max);
	p->response = true;
	p->head_request = head_request;
}

bool http_parser_refuse(struct http_parser *p, int status,
			const char *reason)
{
	p->state = HTTP_PARSER_BAD;
	p->status = status;
	p->reason = reason;
	return false;
}

/*
 * Look for the empty line in text, from where the last look ended, and count
 * the lines.  Returns the head's length, or 0: not whole yet, or refused.
 */
static size_t scan_head(struct http_parser *p, const char *text, size_t len)
{
	const char *lf;

	while ((lf = memchr(text + p->scanned, '\n', len - p->scanned))) {
		size_t at = (size_t)(lf - text);

		/* First, as it is when the line comes in pieces. */
		if (at - p->line > p->line_max + 1)
			break;
		if (at == p->line || text[at - 1] != '\r') {
			http_parser_refuse(p, 400, "LF without CR");
			return 0;
		}
		p->scanned = at + 1;
		if (at - 1 == p->line)
			return at + 1;
		p->line = at + 1;
		if (++p->lines > p->fields_max + 1) {
			http_parser_refuse(p, 431, "too many header fields");
			return 0;
		}
	}
	p->scanned = lf != NULL ? p->scanned : len;
	if (lf != NULL || len - p->line > p->line_max + 1)
		http_parser_refuse(p, 431, "header line too long");
	return 0;
}

static void grow_text(struct http_parser *p, size_t need)
{
	size_t cap = p->text_cap > 0 ? p->text_cap : TEXT_FIRST;
	char *text;

	if (need <= p->text_cap)
		return;
	while (cap < need)
		cap *= 2;
	text = arena_alloc(p->arena, cap);
	if (p->text_len > 0)
		memcpy(text, p->text, p->text_len);
	p->text = text;
	p->text_cap = cap;
}

/*
 * An empty line before the request line is passed over, once (RFC 9112 2.2),
 * and what cannot begin a method is refused at once: a TLS client that found
 * a plain port need not wait for the time-out.
 */
static size_t feed_idle(struct http_parser *p, const char *data)
{
	if (!p->response && p->blank < 2 && *data == "\r\n"[p->blank]) {
		p->blank++;
		return 1;
	}
	if (p->response && *data != 'H')
		http_parser_refuse(p, 502, "not HTTP");
	else if (p->blank == 1 || !http_char_is(*data, CHAR_TOKEN))
		http_parser_refuse(p, 400, "bad method");
	else
		p->state = HTTP_PARSER_IN_HEAD;
	return 0;
}

static void finish_head(struct http_parser *p, char *text, size_t len)
{
	if (http_head_parse(p, text, len))
		p->state = HTTP_PARSER_HEAD;
}

/*
 * A head that comes whole, the usual case, is copied once, to memory of its
 * size; one in pieces is gathered in memory that grows.
 */
static size_t feed_head(struct http_parser *p, const char *data, size_t len)
{
	size_t before = p->text_len, room = p->head_max + 1 - before, n;

	if (len > room)
		len = room;
	if (before == 0) {
		n = scan_head(p, data, len);
		if (n > 0 && n <= p->head_max) {
			finish_head(p, arena_memdup(p->arena, data, n), n);
			return n;
		}
	}
	if (p->state == HTTP_PARSER_BAD)
		return 0;
	grow_text(p, before + len);
	memcpy(p->text + before, data, len);
	p->text_len += len;
	n = before > 0 ? scan_head(p, p->text, p->text_len) : n;
	if (p->state == HTTP_PARSER_BAD)
		return len;
	if (n > p->head_max || (n == 0 && p->text_len > p->head_max)) {
		http_parser_refuse(p, 431, "headers too long");
		return len;
	}
	if (n == 0)
		return len;
	finish_head(p, p->text, n);
	return n - before;
}

void http_parser_body(struct http_parser *p, size_t max)
{
	static uint8_t none[1];

	p->body_max = max;
	p->body = none;
	p->left = p->head.content_length;
	if (p->response && p->head.no_body) {
		p->left = 0;
		p->state = HTTP_PARSER_DONE;
	} else if (p->head.chunked) {
		p->state = HTTP_PARSER_IN_BODY;
		p->left = 0;
	} else if (p->response && !p->head.has_length) {
		/* RFC 9112 6.3, 8 */
		p->state = HTTP_PARSER_IN_BODY;
		p->to_eof = true;
		p->head.keep_alive = false;
		p->left = UINT64_MAX;
	} else if (p->left > max) {
		http_parser_refuse(p, 413, "body too large");
	} else {
		p->state = p->left > 0 ? HTTP_PARSER_IN_BODY :
			HTTP_PARSER_DONE;
	}
}

void http_parser_stream(struct http_parser *p, size_t max)
{
	if (p->state == HTTP_PARSER_HEAD)
		http_parser_body(p, max);
	p->streaming = true;
}

bool http_parser_eof(struct http_parser *p)
{
	if (p->state != HTTP_PARSER_IN_BODY || !p->to_eof)
		return false;
	p->state = HTTP_PARSER_DONE;
	return true;
}

/* Room as large as what was announced, within reason; else doubled. */
static void grow_body(struct http_parser *p, size_t need)
{
	size_t cap = p->body_cap > 0 ? 2 * p->body_cap :
		p->head.chunked ? TEXT_FIRST :
		p->left < BODY_FIRST ? (size_t)p->left : BODY_FIRST;
	uint8_t *body;

	if (need <= p->body_cap)
		return;
	if (cap < need)
		cap = need;
	if (cap > p->body_max)
		cap = p->body_max;
	body = arena_alloc(p->arena, cap);
	if (p->body_len > 0)
		memcpy(body, p->body, p->body_len);
	p->body = body;
	p->body_cap = cap;
}

bool http_parser_body_add(struct http_parser *p, const uint8_t *data,
			  size_t len)
{
	if (len > p->body_max - p->body_len)
		return http_parser_refuse(p, 413, "body too large");
	if (p->streaming) {
		p->piece = data;
		p->piece_len = len;
	} else {
		grow_body(p, p->body_len + len);
		memcpy(p->body + p->body_len, data, len);
	}
	p->body_len += len;
	return true;
}

static size_t feed_body(struct http_parser *p, const uint8_t *data, size_t len)
{
	if (p->head.chunked)
		return http_chunked_feed(p, data, len);
	if (len > p->left)
		len = (size_t)p->left;
	if (!http_parser_body_add(p, data, len))
		return 0;
	if (p->to_eof)
		return len;
	p->left -= len;
	if (p->left == 0)
		p->state = HTTP_PARSER_DONE;
	return len;
}

size_t http_parser_feed(struct http_parser *p, const void *data, size_t len)
{
	const uint8_t *at = data;
	size_t used = 0;

	p->piece_len = 0;
	while (used < len && p->piece_len == 0) {
		switch (p->state) {
		case HTTP_PARSER_IDLE:
			used += feed_idle(p, (const char *)at + used);
			break;
		case HTTP_PARSER_IN_HEAD:
			used += feed_head(p, (const char *)at + used,
					  len - used);
			break;
		case HTTP_PARSER_IN_BODY:
			used += feed_body(p, at + used, len - used);
			break;
		default:
			return used;
		}
	}
	return used;
}
