/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of HTTP/1.1 (RFC 9112), put together as they come in. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "analyzer/bench_http.h"

enum { IN_HEAD, IN_BODY, IN_CHUNK_SIZE, IN_CHUNK, IN_CHUNK_END, IN_TRAILER,
       IN_ALL, AT_END };

void bench_answer_reset(struct bench_answer *a)
{
	struct buf in = a->in;

	buf_clear(&in);
	memset(a, 0, sizeof *a);
	a->in = in;
}

bool bench_answer_field(const struct bench_answer *a, const char *name,
			size_t nth, const char **value, size_t *len)
{
	const char *p = (const char *)a->in.data;
	const char *end = p + a->head_len;
	size_t name_len = strlen(name);

	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		const char *line = ++p;
		const char *stop = memchr(line, '\r', (size_t)(end - line));

		if (stop == NULL)
			return false;
		if ((size_t)(stop - line) <= name_len ||
		    line[name_len] != ':' ||
		    strncasecmp(line, name, name_len) != 0 || nth-- > 0)
			continue;
		line += name_len + 1;
		while (line < stop && (*line == ' ' || *line == '\t'))
			line++;
		while (stop > line && (stop[-1] == ' ' || stop[-1] == '\t'))
			stop--;
		*value = line;
		*len = (size_t)(stop - line);
		return true;
	}
	return false;
}

static bool field_is(const struct bench_answer *a, const char *name,
		     const char *wanted)
{
	const char *value;
	size_t len;

	return bench_answer_field(a, name, 0, &value, &len) &&
		len == strlen(wanted) && strncasecmp(value, wanted, len) == 0;
}

/* Digits alone; false for anything else, or too much. */
static bool take_number(const char *text, size_t len, unsigned base,
			uint64_t *out)
{
	uint64_t n = 0;

	if (len == 0 || len > 12)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned c = (unsigned char)text[i];
		unsigned digit = c - '0' < 10 ? c - '0' :
			(c | 0x20) - 'a' < 6 ? (c | 0x20) - 'a' + 10 : 99;

		if (digit >= base)
			return false;
		n = n * base + digit;
	}
	*out = n;
	return true;
}

/* RFC 9112 6.3: how long the body is. */
static bool take_framing(struct bench_answer *a)
{
	const char *value;
	size_t len;

	a->body_at = a->at = a->head_len;
	a->close = field_is(a, "Connection", "close");
	if (a->status == 204 || a->status == 304) {
		a->state = AT_END;
	} else if (field_is(a, "Transfer-Encoding", "chunked")) {
		a->chunked = true;
		a->state = IN_CHUNK_SIZE;
	} else if (bench_answer_field(a, "Content-Length", 0, &value, &len)) {
		a->state = IN_BODY;
		return take_number(value, len, 10, &a->left) &&
			a->left <= BENCH_ANSWER_MAX;
	} else {
		a->close = true;
		a->state = IN_ALL;
	}
	return true;
}

static enum bench_parse take_head(struct bench_answer *a)
{
	const char *data = (const char *)a->in.data;
	const char *end = a->in.len > 0 ?
		memmem(data, a->in.len, "\r\n\r\n", 4) : NULL;
	uint64_t status;

	if (end == NULL)
		return BENCH_MORE;
	a->head_len = (size_t)(end - data) + 4;
	if (a->head_len < 16 || memcmp(data, "HTTP/1.1 ", 9) != 0 ||
	    !take_number(data + 9, 3, 10, &status))
		return BENCH_BAD;
	a->status = (int)status;
	if (status < 200) {       /* 100: the answer is still to come */
		a->in.len -= a->head_len;
		memmove(a->in.data, a->in.data + a->head_len, a->in.len);
		a->head_len = 0;
		return take_head(a);
	}
	return take_framing(a) ? BENCH_DONE : BENCH_BAD;
}

/* The line from at; moves behind it. */
static bool take_line(struct bench_answer *a, const char **line, size_t *len)
{
	const char *from = (const char *)a->in.data + a->at;
	const char *end = memmem(from, a->in.len - a->at, "\r\n", 2);

	if (end == NULL)
		return false;
	*line = from;
	*len = (size_t)(end - from);
	a->at += *len + 2;
	return true;
}

static enum bench_parse take_chunk_size(struct bench_answer *a)
{
	const char *line, *extension;
	size_t len;

	if (!take_line(a, &line, &len))
		return BENCH_MORE;
	extension = memchr(line, ';', len);
	if (extension != NULL)
		len = (size_t)(extension - line);
	if (!take_number(line, len, 16, &a->left) ||
	    a->body_len + a->left > BENCH_ANSWER_MAX)
		return BENCH_BAD;
	a->state = a->left > 0 ? IN_CHUNK : IN_TRAILER;
	return BENCH_DONE;
}

/* Move what is there of a chunk to the end of the body. */
static enum bench_parse take_chunk(struct bench_answer *a)
{
	size_t n = a->in.len - a->at;

	if (n > a->left)
		n = (size_t)a->left;
	memmove(a->in.data + a->body_at + a->body_len, a->in.data + a->at, n);
	a->body_len += n;
	a->at += n;
	a->left -= n;
	if (a->left > 0)
		return BENCH_MORE;
	a->state = IN_CHUNK_END;
	return BENCH_DONE;
}

static enum bench_parse take_chunk_end(struct bench_answer *a)
{
	if (a->in.len - a->at < 2)
		return BENCH_MORE;
	if (memcmp(a->in.data + a->at, "\r\n", 2) != 0)
		return BENCH_BAD;
	a->at += 2;
	a->state = IN_CHUNK_SIZE;
	return BENCH_DONE;
}

static enum bench_parse take_trailer(struct bench_answer *a)
{
	const char *line;
	size_t len;

	if (!take_line(a, &line, &len))
		return BENCH_MORE;
	if (len == 0)
		a->state = AT_END;
	return BENCH_DONE;
}

static enum bench_parse take_body(struct bench_answer *a)
{
	if (a->in.len - a->body_at < a->left)
		return BENCH_MORE;
	a->body_len = (size_t)a->left;
	a->at = a->body_at + a->body_len;
	a->state = AT_END;
	return BENCH_DONE;
}

static enum bench_parse take_all(struct bench_answer *a, bool eof)
{
	a->at = a->in.len;
	a->body_len = a->in.len - a->body_at;
	if (!eof)
		return BENCH_MORE;
	a->state = AT_END;
	return BENCH_DONE;
}

static enum bench_parse take(struct bench_answer *a, bool eof)
{
	switch (a->state) {
	case IN_HEAD:
		return take_head(a);
	case IN_BODY:
		return take_body(a);
	case IN_CHUNK_SIZE:
		return take_chunk_size(a);
	case IN_CHUNK:
		return take_chunk(a);
	case IN_CHUNK_END:
		return take_chunk_end(a);
	case IN_TRAILER:
		return take_trailer(a);
	default:
		return take_all(a, eof);
	}
}

enum bench_parse bench_answer_parse(struct bench_answer *a, bool eof)
{
	enum bench_parse result = BENCH_DONE;

	while (result == BENCH_DONE && a->state != AT_END)
		result = take(a, eof);
	/* Nothing was asked for that could come behind. */
	if (result == BENCH_DONE && a->at != a->in.len)
		return BENCH_BAD;
	if (result == BENCH_MORE && (eof || a->in.len > BENCH_ANSWER_MAX))
		return BENCH_BAD;
	return result;
}
