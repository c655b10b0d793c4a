/* SPDX-License-Identifier: Apache-2.0 */
/* Answers, as their bytes come. */
#include "http/upstream_impl.h"

enum { HEAD_MAX = 64 * 1024, LINE_MAX_BYTES = 16 * 1024, INTERIM_MAX = 8 };

static void begin_answer(struct http_upstream *u)
{
	if (u->arena == NULL)
		u->arena = arena_new(REQUEST_BLOCK);
	http_parser_init_response(&u->parser, u->arena, HEAD_MAX,
				  LINE_MAX_BYTES, HTTP_FIELDS_MAX,
				  u->no_head);
	u->said = true;
}

/* The head has been used: what waits long holds no memory for it. */
static void drop_head(struct http_upstream *u)
{
	struct http_head *head = &u->parser.head;

	arena_free(u->arena);
	u->arena = NULL;
	head->fields = NULL;
	head->n_fields = 0;
	u->parser.text = NULL;
}

static void got_head(struct http_upstream *u)
{
	const struct http_head *head = &u->parser.head;
	struct http_answer answer = { .status = head->status,
		.fields = head->fields, .n_fields = head->n_fields,
		.has_length = head->has_length, .chunked = head->chunked,
		.no_body = head->no_body, .length = head->content_length };

	if (head->status < 200) {
		if (head->status == 101 || ++u->interim > INTERIM_MAX)
			upstream_fail(u, HTTP_UPSTREAM_MALFORMED, "%s:%u "
				      "answered with status %d", u->host,
				      u->port, head->status);
		else
			begin_answer(u);
		return;
	}
	http_parser_stream(&u->parser, SIZE_MAX);
	u->phase = UPSTREAM_BODY;
	u->events->head(u->ctx, u, &answer);
	if (!u->dead)
		drop_head(u);
}

static void got_all(struct http_upstream *u)
{
	u->phase = UPSTREAM_IDLE;
	u->said = false;
	u->broken = u->broken || !u->parser.head.keep_alive || !u->finished ||
		u->out_at < u->out.len;
	upstream_deadline(u, 0);
	u->events->done(u->ctx, u);
}

/* One feed; returns the bytes used. */
static size_t feed(struct http_upstream *u, const uint8_t *data, size_t len)
{
	struct http_parser *p = &u->parser;
	size_t n = http_parser_feed(p, data, len);

	switch (p->state) {
	case HTTP_PARSER_BAD:
		upstream_fail(u, HTTP_UPSTREAM_MALFORMED, "the answer of "
			      "%s:%u is malformed: %s", u->host, u->port,
			      p->reason);
		break;
	case HTTP_PARSER_HEAD:
		got_head(u);
		break;
	default:
		if (p->piece_len > 0)
			u->events->body(u->ctx, u, p->piece, p->piece_len);
		break;
	}
	return n;
}

void upstream_took(struct http_upstream *u, const uint8_t *data, size_t len)
{
	while (len > 0 && !u->dead) {
		size_t n;

		if (u->phase == UPSTREAM_IDLE) {
			/* Nobody asked: what follows can't be told apart
			 * from the answer to the next request. */
			u->broken = true;
			if (u->pool != NULL)
				upstream_destroy(u);
			return;
		}
		if (!u->said)
			begin_answer(u);
		n = feed(u, data, len);
		data += n;
		len -= n;
		if (!u->dead && u->phase == UPSTREAM_BODY &&
		    u->parser.state == HTTP_PARSER_DONE) {
			u->broken = u->broken || len > 0;
			got_all(u);
		}
	}
}

void upstream_eof(struct http_upstream *u, bool clean)
{
	if (u->phase == UPSTREAM_IDLE) {
		if (u->pool != NULL)
			upstream_destroy(u);
		else
			upstream_fail(u, HTTP_UPSTREAM_CLOSED, "%s:%u closed "
				      "the connection", u->host, u->port);
	} else if (clean && u->said && http_parser_eof(&u->parser)) {
		got_all(u);
	} else if (u->phase == UPSTREAM_BODY) {
		upstream_fail(u, HTTP_UPSTREAM_BROKEN, "%s:%u broke off within "
			      "its answer", u->host, u->port);
	} else {
		upstream_fail(u, u->requests > 1 && !u->said ?
			      HTTP_UPSTREAM_STALE : HTTP_UPSTREAM_CLOSED,
			      "%s:%u closed the connection without an answer",
			      u->host, u->port);
	}
}
