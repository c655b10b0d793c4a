/* SPDX-License-Identifier: Apache-2.0 */
/* The parser's table of good and bad requests, cut at every place. */
#include "test.h"

#include "http/chars.h"
#include "http/parser.h"

enum { HEAD_LIMIT = 2048, LINE_LIMIT = 512, FIELDS_LIMIT = 20,
       BODY_LIMIT = 64 };

/* Feed data in two pieces, cut at split, or byte by byte if split is -1. */
static void feed(struct http_parser *p, struct arena *a, const char *data,
		 size_t len, long split)
{
	size_t at = 0;

	arena_reset(a);
	http_parser_init(p, a, HEAD_LIMIT, LINE_LIMIT, FIELDS_LIMIT);
	while (at < len) {
		size_t end = split < 0 ? at + 1 :
			at < (size_t)split ? (size_t)split : len;
		/* Of the exact size, so that ASan sees a read past it. */
		char *piece = malloc(end - at);
		size_t used;

		memcpy(piece, data + at, end - at);
		used = http_parser_feed(p, piece, end - at);
		free(piece);
		at += used;
		if (p->state == HTTP_PARSER_HEAD)
			http_parser_body(p, BODY_LIMIT);
		if (p->state == HTTP_PARSER_BAD || p->state == HTTP_PARSER_DONE)
			return;
		assert_true(used > 0 || p->state != HTTP_PARSER_IN_HEAD);
	}
}

#define H "Host: h\r\n"
#define P "POST /p HTTP/1.1\r\n" H
#define C P "Transfer-Encoding: chunked\r\n\r\n"

struct parse_case {
	const char *data;
	int status;               /* 0: must be DONE; -1: must want more */
	const char *body;
	size_t len;               /* 0: strlen(data) */
};

static const struct parse_case cases[] = {
	{ "GET / HTTP/1.1\r\n" H "\r\n", 0, "", 0 },
	{ "\r\nGET / HTTP/1.1\r\n" H "\r\n", 0, "", 0 },
	{ "\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "\rGET / HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "\nGET / HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.0\r\n\r\n", 0, "", 0 },
	{ P "Content-Length: 3\r\n\r\nabc", 0, "abc", 0 },
	{ P "content-length:3 \t\r\n\r\nabc", 0, "abc", 0 },
	{ P "Content-Length: 0\r\n\r\n", 0, "", 0 },
	{ P "Content-Length: 000\r\n\r\n", 0, "", 0 },
	{ P "Content-Length: 64\r\n\r\n", -1, NULL, 0 },
	{ P "Content-Length: 65\r\n\r\n", 413, NULL, 0 },
	{ P "Content-Length: 104857600\r\n\r\n", 413, NULL, 0 },
	{ P "Content-Length: 999999999999999999\r\n\r\n", 413, NULL, 0 },
	{ P "Content-Length: 18446744073709551619\r\n\r\n", 413, NULL, 0 },
	/* RFC 9112 6.3: what cannot be read in one way alone */
	{ P "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400, NULL, 0 },
	{ P "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400, NULL, 0 },
	{ P "Content-Length: 3, 3\r\n\r\nabc", 400, NULL, 0 },
	{ P "Content-Length: +3\r\n\r\nabc", 400, NULL, 0 },
	{ P "Content-Length: -3\r\n\r\nabc", 400, NULL, 0 },
	{ P "Content-Length: 0x3\r\n\r\nabc", 400, NULL, 0 },
	{ P "Content-Length: 3 3\r\n\r\nabc", 400, NULL, 0 },
	{ P "Content-Length: \r\n\r\n", 400, NULL, 0 },
	{ P "Content-Length : 3\r\n\r\nabc", 400, NULL, 0 },
	{ P "Content-Length\t: 3\r\n\r\nabc", 400, NULL, 0 },
	{ P " Content-Length: 3\r\n\r\nabc", 400, NULL, 0 },
	{ P "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	  400, NULL, 0 },
	{ P "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
	  400, NULL, 0 },
	{ "POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	  400, NULL, 0 },
	{ P "Transfer-Encoding: gzip\r\n\r\n", 400, NULL, 0 },
	{ P "Transfer-Encoding: identity\r\n\r\n", 400, NULL, 0 },
	{ P "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, NULL, 0 },
	{ P "Transfer-Encoding: xchunked\r\n\r\n", 400, NULL, 0 },
	{ P "Transfer-Encoding: chunked, chunked\r\n\r\n", 400, NULL, 0 },
	{ P "Transfer-Encoding: chunked, gzip\r\n\r\n", 400, NULL, 0 },
	{ P "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
	  400, NULL, 0 },
	{ P "Transfer-Encoding: \"chunked\"\r\n\r\n", 400, NULL, 0 },
	{ P "Transfer-Encoding: \r\n\r\n", 400, NULL, 0 },
	{ P "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n", 0, "", 0 },
	{ P "Transfer_Encoding: chunked\r\n\r\n", 0, "", 0 },
	/* Lines */
	{ "GET / HTTP/1.1\n" H "\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.1\r\nHost: h\n\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.1\r\nHost: h\r\n\n", 400, NULL, 0 },
	{ "GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.1\rHost: h\r\n\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.1\r\n" H "A: b\r\n c\r\n\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.1\r\n" H "A: b\r\n\tc\r\n\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.1\r\n folded\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.1\r\n" H "A: b\0c\r\n\r\n", 400, NULL, 35 },
	{ "GET / HTTP/1.1\r\n" H "A\0: bc\r\n\r\n", 400, NULL, 35 },
	{ "GET /\0 HTTP/1.1\r\n" H "\r\n", 400, NULL, 28 },
	{ "GET / HTTP/1.1\0\r\n" H "\r\n", 400, NULL, 28 },
	{ "GET / HTTP/1.1\r\n" H "A: b\x01\r\n\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.1\r\n" H "A: b\x7f\r\n\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.1\r\n" H "A: b\xc3\xa9\tc\r\n\r\n", 0, "", 0 },
	{ "GET / HTTP/1.1\r\n" H "\xc3\xa9: b\r\n\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.1\r\n" H ": b\r\n\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.1\r\n" H "no colon\r\n\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.1\r\n" H "A(b: c\r\n\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.1\r\n" H "A:\r\n\r\n", 0, "", 0 },
	/* Host */
	{ "GET / HTTP/1.1\r\n\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.1\r\n" H H "\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.0\r\n" H H "\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.1\r\nHost: [::1]:443\r\n\r\n", 0, "", 0 },
	{ "GET http://h/x HTTP/1.1\r\n\r\n", 400, NULL, 0 },
	/* Request line */
	{ "GET  / HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET /  HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.1 \r\n" H "\r\n", 400, NULL, 0 },
	{ "GET\t/\tHTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ " GET / HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GE(T / HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET /\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.2\r\n" H "\r\n", 505, NULL, 0 },
	{ "GET / HTTP/2.0\r\n" H "\r\n", 505, NULL, 0 },
	{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, NULL, 0 },
	{ "GET / http/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET / HTTP/1.10\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET / HTTP/11\r\n" H "\r\n", 400, NULL, 0 },
	{ "\x16\x03\x01\x02", 400, NULL, 0 },
	{ "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGH / HTTP/1.1\r\n" H "\r\n", 400,
	  NULL, 0 },
	/* Targets */
	{ "GET x HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET * HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "OPTIONS * HTTP/1.1\r\n" H "\r\n", 0, "", 0 },
	{ "CONNECT h:443 HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET http://h/x HTTP/1.1\r\n" H "\r\n", 0, "", 0 },
	{ "GET http://h HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET http:///x HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET http://u@h/x HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET ftp://h/x HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET /a#b HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET /a%2 HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET /a% HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET /a%zz HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET /a%00 HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET /a%0a HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET /a%2fb HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET /a%5Cb HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET /a\\b HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET /a/../b HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET /a/%2e%2E HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET /./a HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	{ "GET /a/..b/... HTTP/1.1\r\n" H "\r\n", 0, "", 0 },
	{ "GET /\xc3\xa9 HTTP/1.1\r\n" H "\r\n", 400, NULL, 0 },
	/* Expect */
	{ P "Expect: 100-Continue\r\n\r\n", 0, "", 0 },
	{ P "Expect: 200-ok\r\n\r\n", 417, NULL, 0 },
	/* Chunks (RFC 9112 7.1) */
	{ C "0\r\n\r\n", 0, "", 0 },
	{ C "3\r\nabc\r\n0\r\n\r\n", 0, "abc", 0 },
	{ C "003;x=y;z=\"q\"\r\nabc\r\n1\r\nd\r\n000\r\nT: v\r\nU:\r\n\r\n", 0,
	  "abcd", 0 },
	{ C "40\r\n", -1, NULL, 0 },
	{ C "41\r\n", 413, NULL, 0 },
	{ C "3f\r\n0123456789012345678901234567890123456789"
	    "01234567890123456789012\r\n2\r\n", 413, NULL, 0 },
	{ C "ffffffffffffffff\r\n", 413, NULL, 0 },
	{ C "-1\r\n", 400, NULL, 0 },
	{ C "+3\r\nabc\r\n0\r\n\r\n", 400, NULL, 0 },
	{ C "0x3\r\nabc\r\n0\r\n\r\n", 400, NULL, 0 },
	{ C " 3\r\nabc\r\n0\r\n\r\n", 400, NULL, 0 },
	{ C "3 \r\nabc\r\n0\r\n\r\n", 400, NULL, 0 },
	{ C "\r\nabc\r\n0\r\n\r\n", 400, NULL, 0 },
	{ C ";x\r\n", 400, NULL, 0 },
	{ C "3\nabc\r\n0\r\n\r\n", 400, NULL, 0 },
	{ C "3\r\nabcd\r\n0\r\n\r\n", 400, NULL, 0 },
	{ C "3\r\nabc\n0\r\n\r\n", 400, NULL, 0 },
	{ C "3\r\nabc\rx0\r\n\r\n", 400, NULL, 0 },
	{ C "3\rxabc\r\n0\r\n\r\n", 400, NULL, 0 },
	{ C "3;a\nb\r\nabc\r\n0\r\n\r\n", 400, NULL, 0 },
	{ C "0\r\n\n", 400, NULL, 0 },
	{ C "0\r\n\rx", 400, NULL, 0 },
	{ C "0\r\nT v\r\n\r\n", 400, NULL, 0 },
	{ C "0\r\n folded: x\r\n\r\n", 400, NULL, 0 },
	{ C "0\r\nT: v\n\r\n", 400, NULL, 0 },
	{ C "0\r\nT: v\rx\r\n", 400, NULL, 0 },
	/* Not whole */
	{ P "Content-Length: 3\r\n\r\nab", -1, NULL, 0 },
	{ P, -1, NULL, 0 },
	{ C "3\r\nabc\r\n", -1, NULL, 0 },
};

static void check(const struct parse_case *t, struct arena *a, long split)
{
	size_t len = t->len > 0 ? t->len : strlen(t->data);
	struct http_parser p;

	feed(&p, a, t->data, len, split);
	if (t->status == 0) {
		if (p.state != HTTP_PARSER_DONE)
			fail_msg("refused (%d %s) at %ld: %s", p.status,
				 p.reason, split, t->data);
		assert_int_equal(p.body_len, strlen(t->body));
		assert_memory_equal(p.body, t->body, p.body_len);
	} else if (t->status < 0) {
		assert_int_not_equal(p.state, HTTP_PARSER_DONE);
		assert_int_not_equal(p.state, HTTP_PARSER_BAD);
	} else if (p.state != HTTP_PARSER_BAD || p.status != t->status) {
		fail_msg("%d instead of %d at %ld: %s", p.status, t->status,
			 split, t->data);
	}
}

static void table_at_every_split(void **state)
{
	struct arena *a = arena_new(0);

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct parse_case *t = &cases[i];
		size_t len = t->len > 0 ? t->len : strlen(t->data);

		for (long split = -1; split < (long)len; split++)
			check(t, a, split);
	}
	arena_free(a);
}

static void head_fields(void **state)
{
	static const char data[] =
		"POST https://Host.Example:8443/Mapi/Emsmdb%2D/?MailboxId={a}"
		" HTTP/1.1\r\nHost: other\r\nX-RequestId:  {b}:1 \r\n"
		"X-Twice: 1\r\nx-twice: 2\r\nExpect: 100-continue\r\n"
		"Connection: TE, Close\r\nContent-Length: 5\r\n\r\nhello";
	struct arena *a = arena_new(0);
	struct http_parser p;
	const struct http_text_field *field;

	for (long split = -1; split < (long)sizeof data - 1; split++) {
		feed(&p, a, data, sizeof data - 1, split);
		assert_int_equal(p.state, HTTP_PARSER_DONE);
		assert_string_equal(p.head.method, "POST");
		assert_string_equal(p.head.path, "/Mapi/Emsmdb-/");
		assert_string_equal(p.head.query, "MailboxId={a}");
		assert_string_equal(p.head.host, "Host.Example:8443");
		assert_int_equal(p.head.n_fields, 7);
		assert_false(p.head.keep_alive);
		assert_true(p.head.expects_continue);
		field = http_head_find(&p.head, "x-requestid", 11);
		assert_non_null(field);
		assert_string_equal(field->value, "{b}:1");
		field = http_head_find(&p.head, "X-TWICE", 7);
		assert_string_equal(field->value, "1");
		assert_null(http_head_find(&p.head, "X-None", 6));
	}
	arena_free(a);
}

static bool keeps_alive(struct arena *a, const char *data)
{
	struct http_parser p;

	feed(&p, a, data, strlen(data), 0);
	assert_int_equal(p.state, HTTP_PARSER_DONE);
	return p.head.keep_alive;
}

/* RFC 9112 9.3 */
static void keep_alive(void **state)
{
	struct arena *a = arena_new(0);

	assert_true(keeps_alive(a, "GET / HTTP/1.1\r\n" H "\r\n"));
	assert_false(keeps_alive(a, "GET / HTTP/1.0\r\n" H "\r\n"));
	assert_true(keeps_alive(a, "GET / HTTP/1.0\r\n"
				"Connection: Keep-Alive\r\n\r\n"));
	assert_false(keeps_alive(a, "GET / HTTP/1.1\r\n" H
				 "Connection: keep-alive\r\n"
				 "Connection: close\r\n\r\n"));
	assert_true(keeps_alive(a, "GET / HTTP/1.1\r\n" H
				"Connection: closed\r\n\r\n"));
	arena_free(a);
}

/* A request whose first header line is n bytes long, with CRLF. */
static int status_of_line(struct arena *a, size_t n, unsigned lines, long cut)
{
	char data[8192] = "GET / HTTP/1.1\r\n" H;
	struct http_parser p;
	size_t len = strlen(data);

	for (unsigned i = 0; i < lines; i++) {
		memset(data + len, 'a', n);
		data[len + 1] = ':';
		memcpy(data + len + n, "\r\n", 2);
		len += n + 2;
	}
	memcpy(data + len, "\r\n", 2);
	len += 2;
	feed(&p, a, data, len, cut);
	if (p.state == HTTP_PARSER_DONE)
		return (int)len;
	return -p.status;
}

static void limits(void **state)
{
	struct arena *a = arena_new(0);

	for (long cut = -1; cut < 600; cut++) {
		assert_true(status_of_line(a, LINE_LIMIT, 1, cut) > 0);
		assert_int_equal(status_of_line(a, LINE_LIMIT + 1, 1, cut),
				 -431);
		assert_true(status_of_line(a, 3, FIELDS_LIMIT - 1, cut) > 0);
		assert_int_equal(status_of_line(a, 3, FIELDS_LIMIT, cut), -431);
		/* 16 + 9 + 4 × (500 + 2) + 2 = 2035; 507: 2047 … 2048 */
		assert_int_equal(status_of_line(a, 503, 4, cut), 2047);
		assert_int_equal(status_of_line(a, 504, 4, cut), -431);
	}
	arena_free(a);
}

/* Which of its two faults is named does not depend on how it was cut. */
static void a_long_line_with_a_bare_lf(void **state)
{
	static const char rest[] = "b\r\n\r\n";
	struct arena *a = arena_new(0);
	char data[4 * LINE_LIMIT] = "GET / HTTP/1.1\r\n" H;
	size_t len = strlen(data);
	struct http_parser p;

	memset(data + len, 'a', 2 * LINE_LIMIT);
	data[len + 1] = ':';
	len += 2 * LINE_LIMIT;
	data[len++] = '\n';
	memcpy(data + len, rest, strlen(rest));
	len += strlen(rest);
	for (long cut = -1; cut < (long)len; cut++) {
		feed(&p, a, data, len, cut);
		assert_int_equal(p.status, 431);
	}
	arena_free(a);
}

static void pipelined_bytes_are_left(void **state)
{
	static const char data[] = P "Content-Length: 3\r\n\r\nabcGET /";
	struct arena *a = arena_new(0);
	struct http_parser p;
	size_t used;

	http_parser_init(&p, a, HEAD_LIMIT, LINE_LIMIT, FIELDS_LIMIT);
	used = http_parser_feed(&p, data, sizeof data - 1);
	assert_int_equal(p.state, HTTP_PARSER_HEAD);
	assert_int_equal(http_parser_feed(&p, "x", 1), 0);
	http_parser_body(&p, 3);
	used += http_parser_feed(&p, data + used, sizeof data - 1 - used);
	assert_int_equal(p.state, HTTP_PARSER_DONE);
	assert_int_equal(sizeof data - 1 - used, 5);
	assert_int_equal(http_parser_feed(&p, data + used, 5), 0);
	arena_free(a);
}

static void queries(void **state)
{
	char out[64];

	assert_true(http_query_find("a=1&MailboxId=%7bx%7D&b", "mailboxid",
				    out));
	assert_string_equal(out, "{x}");
	assert_true(http_query_find("a=1&b", "b", out));
	assert_string_equal(out, "");
	assert_true(http_query_find("a=x+y%2B", "a", out));
	assert_string_equal(out, "x y+");
	assert_true(http_query_find("ab=1&a=2", "a", out));
	assert_string_equal(out, "2");
	assert_false(http_query_find("", "a", out));
	assert_false(http_query_find("ab=1", "a", out));
	assert_false(http_query_find("a=1&A=1", "a", out));
	assert_false(http_query_find("a=%0", "a", out));
	assert_false(http_query_find("a=%", "a", out));
	assert_false(http_query_find("a=%00", "a", out));
	assert_false(http_query_find("a=%gg", "a", out));
}

static void assert_cookie(const char *field, const char *want)
{
	size_t len = 0;
	const char *got = http_cookie_find(field, "c", &len);

	if (want == NULL) {
		assert_null(got);
		return;
	}
	assert_non_null(got);
	assert_int_equal(len, strlen(want));
	assert_memory_equal(got, want, len);
}

static void cookies(void **state)
{
	assert_cookie("c=1", "1");
	assert_cookie("a=2; c=x=y; b=3", "x=y");
	assert_cookie("c=\"q\"", "q");
	assert_cookie("c=\"", "\"");
	assert_cookie("c=", "");
	assert_cookie("c=1;c=2 ;", "2");
	assert_cookie("cc=1; xc=2; c", NULL);
	assert_cookie("C=1", NULL);
	assert_cookie("", NULL);
	assert_cookie("; ;", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_at_every_split),
		cmocka_unit_test(head_fields),
		cmocka_unit_test(keep_alive),
		cmocka_unit_test(limits),
		cmocka_unit_test(a_long_line_with_a_bare_lf),
		cmocka_unit_test(pipelined_bytes_are_left),
		cmocka_unit_test(queries),
		cmocka_unit_test(cookies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
