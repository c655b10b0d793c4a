/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: at once on the loop's thread, posted to it from elsewhere. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "http/chars.h"
#include "http/conn.h"

const char *status_text(int status)
{
	static const struct {
		int status;
		const char *text;
	} all[] = {
		{ 200, "OK" }, { 201, "Created" }, { 204, "No Content" },
		{ 302, "Found" }, { 304, "Not Modified" },
		{ 400, "Bad Request" }, { 401, "Unauthorized" },
		{ 403, "Forbidden" }, { 404, "Not Found" },
		{ 405, "Method Not Allowed" }, { 408, "Request Timeout" },
		{ 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 417, "Expectation Failed" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" }, { 501, "Not Implemented" },
		{ 502, "Bad Gateway" }, { 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i].status == status)
			return all[i].text;
	return "";
}

/* --- The head --------------------------------------------------------- */

static const char *date_now(struct loop *loop)
{
	time_t now = time(NULL);

	if (now != loop->date_at) {
		http_date_format(now, loop->date);
		loop->date_at = now;
	}
	return loop->date;
}

const char *http_date_now(struct http_request *req)
{
	return date_now(req->loop);
}

static void put_date(struct conn *c)
{
	conn_out(c, "Date: ", 6);
	conn_out(c, date_now(c->loop), HTTP_DATE_SIZE - 1);
	conn_out(c, "\r\n\r\n", 4);
}

static void put_text(struct conn *c, const char *text)
{
	conn_out(c, text, strlen(text));
}

static void put_status(struct conn *c, int status)
{
	char line[80];
	int len;

	if (status == 200) {
		put_text(c, "HTTP/1.1 200 OK\r\n");
		return;
	}
	len = snprintf(line, sizeof line, "HTTP/1.1 %d %s\r\n", status,
		       status_text(status));
	conn_out(c, line, (size_t)len);
}

static void put_length(struct conn *c, size_t length)
{
	char line[48];
	int len = snprintf(line, sizeof line, "Content-Length: %zu\r\n",
			   length);

	conn_out(c, line, (size_t)len);
}

void head_write(struct conn *c, const struct head_line *head,
		const void *fields, size_t len)
{
	put_status(c, head->status);
	if (head->chunked)
		put_text(c, "Transfer-Encoding: chunked\r\n");
	else if (head->has_length)
		put_length(c, head->length);
	conn_out(c, fields, len);
	if (head->close)
		put_text(c, "Connection: close\r\n");
	else if (head->keep_alive)
		put_text(c, "Connection: keep-alive\r\n");
	put_date(c);
}

/* RFC 9110 8.6: these have no content at all. */
static bool has_no_content(int status)
{
	return status == 204 || status == 304;
}

/* A body that nobody will read any more: that it is not worth reading on for
 * is told in the head of the answer. */
static void decide_close(struct http_request *req)
{
	if (req->conn != NULL && req->parser.state == HTTP_PARSER_IN_BODY &&
	    req->body_fn == NULL &&
	    !conn_can_skip(&req->parser, req->continued))
		req->close = true;
}

static void write_start(struct http_request *req, int status, bool whole,
			size_t len)
{
	bool http10 = req->parser.head.http10;
	struct head_line head = { .status = status,
		.chunked = !whole && !http10,
		.has_length = whole && !has_no_content(status),
		.length = len };

	if (!whole && http10)
		req->close = true;
	decide_close(req);
	req->state = REQ_STARTED;
	req->chunked = head.chunked;
	head.close = req->close;
	head.keep_alive = http10 && !req->close;
	if (req->conn == NULL)
		return;
	if (req->last_fields.len > 0)
		buf_add(&req->fields, req->last_fields.data,
			req->last_fields.len);
	head_write(req->conn, &head, req->fields.data, req->fields.len);
	/* A long poll need not keep what has been written. */
	if (!whole && req->loop->spare_fields.data == NULL) {
		req->fields.len = 0;
		req->loop->spare_fields = req->fields;
		req->fields = (struct buf)BUF_INIT;
	}
}

/* The size in hexadecimal and CRLF. */
static size_t chunk_size_line(size_t size, char line[static 20])
{
	char digits[16];
	size_t n = 0, len = 0;

	do
		digits[n++] = "0123456789abcdef"[size & 15];
	while ((size >>= 4) > 0);
	while (n > 0)
		line[len++] = digits[--n];
	line[len++] = '\r';
	line[len++] = '\n';
	return len;
}

static void write_chunk(struct http_request *req, const struct iovec *piece,
			unsigned n)
{
	char size[20];
	size_t total = 0;

	for (unsigned i = 0; i < n; i++)
		total += piece[i].iov_len;
	if (total == 0 || req->head_only || req->conn == NULL)
		return;
	if (req->chunked)
		conn_out(req->conn, size, chunk_size_line(total, size));
	for (unsigned i = 0; i < n; i++)
		conn_out(req->conn, piece[i].iov_base, piece[i].iov_len);
	if (req->chunked)
		conn_out(req->conn, "\r\n", 2);
}

/* --- On the loop's thread --------------------------------------------- */

/* The handler's part is over. */
static void end(struct http_request *req)
{
	struct conn *c = req->conn;

	req->state = REQ_ENDED;
	req->conn = NULL;
	req->gone_fn = NULL;
	req->drained_fn = NULL;
	req->body_fn = NULL;
	req->whole_fn = NULL;
	if (req->has_timer)
		event_del(&req->timer);
	request_unlink_task(req);
	count(&req->loop->n.in_hand, -1);
	if (c != NULL && !req->close &&
	    req->parser.state == HTTP_PARSER_IN_BODY)
		conn_skip_body(c, &req->parser);
	if (c != NULL)
		conn_request_ended(c, req->close);
	request_unref(req);
}

static void do_respond(struct http_request *req, int status, const void *body,
		       size_t len)
{
	struct conn *c = req->conn;

	if (c != NULL) {
		conn_enter(c);
		write_start(req, status, true, len);
		if (!req->head_only && !has_no_content(status))
			conn_out(c, body, len);
	}
	end(req);
	if (c != NULL)
		conn_leave(c);
}

static void do_start(struct http_request *req, int status)
{
	struct conn *c = req->conn;

	if (c != NULL)
		conn_enter(c);
	write_start(req, status, false, 0);
	if (c != NULL)
		conn_leave(c);
}

void http_start_sized(struct http_request *req, int status, uint64_t length)
{
	struct conn *c = req->conn;

	if (c != NULL)
		conn_enter(c);
	write_start(req, status, true, length);
	if (c != NULL)
		conn_leave(c);
}

static void do_send(struct http_request *req, const struct iovec *piece,
		    unsigned n)
{
	struct conn *c = req->conn;

	if (c == NULL)
		return;
	conn_enter(c);
	write_chunk(req, piece, n);
	conn_leave(c);
}

static void do_finish(struct http_request *req)
{
	struct conn *c = req->conn;

	if (c != NULL) {
		conn_enter(c);
		if (req->chunked && !req->head_only)
			conn_out(c, "0\r\n\r\n", 5);
	}
	end(req);
	if (c != NULL)
		conn_leave(c);
}

static void do_abort(struct http_request *req)
{
	struct conn *c = req->conn;

	if (c != NULL) {
		conn_enter(c);
		c->req = NULL;
		req->conn = NULL;
		conn_destroy(c);
		conn_leave(c);
	}
	end(req);
}

/* --- On any thread ---------------------------------------------------- */

static struct post *post_for(struct http_request *req, size_t len,
			     void (*run)(struct loop *, struct post *))
{
	struct post *post = post_new(len);

	atomic_fetch_add(&req->refs, 1);
	post->req = req;
	post->run = run;
	return post;
}

static void run_respond(struct loop *loop, struct post *post)
{
	do_respond(post->req, post->number, post->data, post->len);
}

static void run_start(struct loop *loop, struct post *post)
{
	do_start(post->req, post->number);
}

static void run_send(struct loop *loop, struct post *post)
{
	struct iovec piece = { post->data, post->len };

	do_send(post->req, &piece, 1);
}

static void run_finish(struct loop *loop, struct post *post)
{
	do_finish(post->req);
}

static void run_abort(struct loop *loop, struct post *post)
{
	do_abort(post->req);
}

void http_respond(struct http_request *req, int status, const void *body,
		  size_t len)
{
	struct post *post;

	if (on_loop(req->loop)) {
		do_respond(req, status, body, len);
		return;
	}
	post = post_for(req, len, run_respond);
	post->number = status;
	if (len > 0)
		memcpy(post->data, body, len);
	loop_post(req->loop, post);
}

void http_start(struct http_request *req, int status)
{
	struct post *post;

	if (on_loop(req->loop)) {
		do_start(req, status);
		return;
	}
	post = post_for(req, 0, run_start);
	post->number = status;
	loop_post(req->loop, post);
}

void http_send(struct http_request *req, const struct iovec *piece,
	       unsigned n)
{
	size_t len = 0;
	struct post *post;

	if (on_loop(req->loop)) {
		do_send(req, piece, n);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		len += piece[i].iov_len;
	post = post_for(req, len, run_send);
	len = 0;
	for (unsigned i = 0; i < n; i++) {
		if (piece[i].iov_len > 0)
			memcpy(post->data + len, piece[i].iov_base,
			       piece[i].iov_len);
		len += piece[i].iov_len;
	}
	loop_post(req->loop, post);
}

void http_finish(struct http_request *req)
{
	if (on_loop(req->loop))
		do_finish(req);
	else
		loop_post(req->loop, post_for(req, 0, run_finish));
}

void http_abort(struct http_request *req)
{
	if (on_loop(req->loop))
		do_abort(req);
	else
		loop_post(req->loop, post_for(req, 0, run_abort));
}

void http_close_after(struct http_request *req)
{
	req->close = true;
}

size_t http_unsent(const struct http_request *req)
{
	const struct conn *c = req->conn;

	return c != NULL ? c->out.len - c->out_at : 0;
}

/* --- Header fields ---------------------------------------------------- */

/* A value from outside must not end the line. */
static char *put_value(char *at, const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (http_char_is(value[i], CHAR_VALUE))
			*at++ = value[i];
	return at;
}

void http_header(struct http_request *req, const char *name,
		 const char *value)
{
	size_t name_len = strlen(name), len = strlen(value);
	struct buf *b = &req->fields;
	char *at = (char *)buf_room(b, name_len + len + 4);

	memcpy(at, name, name_len);
	at += name_len;
	memcpy(at, ": ", 2);
	at = put_value(at + 2, value, len);
	memcpy(at, "\r\n", 3);
	b->len = (size_t)(at + 2 - (char *)b->data);
}

void http_last_header(struct http_request *req, const char *name,
		      const char *value)
{
	struct buf fields = req->fields;

	req->fields = req->last_fields;
	http_header(req, name, value);
	req->last_fields = req->fields;
	req->fields = fields;
}

void http_header_lines(struct http_request *req, const char *lines,
		       size_t len)
{
	buf_add(&req->fields, lines, len);
}

void http_headerf(struct http_request *req, const char *name,
		  const char *format, ...)
{
	char value[1024], *whole;
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(value, sizeof value, format, ap);
	va_end(ap);
	if (len < (int)sizeof value) {
		http_header(req, name, value);
		return;
	}
	/* A token of a handshake that is cut off is another one. */
	whole = xmalloc((size_t)len + 1);
	va_start(ap, format);
	vsnprintf(whole, (size_t)len + 1, format, ap);
	va_end(ap);
	http_header(req, name, whole);
	free(whole);
}
