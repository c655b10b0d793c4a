/* SPDX-License-Identifier: Apache-2.0 */
/* Responses, good and bad, cut at every place; bodies in pieces. */
#include "test.h"

#include "http/parser.h"

enum { HEAD_LIMIT = 2048, LINE_LIMIT = 512, FIELDS_LIMIT = 20 };

struct read {
	struct http_parser p;
	char body[256];
	size_t len, used;
};

/* Feed data cut at split (-1: byte by byte), and the end of the stream. */
static void feed(struct read *r, struct arena *a, const char *data,
		 size_t len, long split, bool head_request)
{
	memset(r, 0, sizeof *r);
	arena_reset(a);
	http_parser_init_response(&r->p, a, HEAD_LIMIT, LINE_LIMIT,
				  FIELDS_LIMIT, head_request);
	while (r->used < len) {
		size_t end = split < 0 ? r->used + 1 :
			r->used < (size_t)split ? (size_t)split : len;
		char *piece = malloc(end - r->used);

		memcpy(piece, data + r->used, end - r->used);
		r->used += http_parser_feed(&r->p, piece, end - r->used);
		if (r->p.piece_len > 0) {
			assert_true(r->len + r->p.piece_len <=
				    sizeof r->body);
			memcpy(r->body + r->len, r->p.piece, r->p.piece_len);
			r->len += r->p.piece_len;
		}
		free(piece);
		if (r->p.state == HTTP_PARSER_HEAD)
			http_parser_stream(&r->p, SIZE_MAX);
		if (r->p.state == HTTP_PARSER_BAD ||
		    r->p.state == HTTP_PARSER_DONE)
			return;
	}
	http_parser_eof(&r->p);
}

#define OK "HTTP/1.1 200 OK\r\n"
#define CH OK "Transfer-Encoding: chunked\r\n\r\n"

static const struct {
	const char *data;
	int status;               /* 0: must be BAD; -1: must want more */
	const char *body;         /* NULL: any */
	bool keep_alive, head;
} cases[] = {
	{ OK "Content-Length: 3\r\n\r\nabc", 200, "abc", true, false },
	{ OK "Content-Length: 0\r\n\r\n", 200, "", true, false },
	{ OK "Content-Length: 3\r\n\r\n", 200, "", true, true },
	{ OK "Content-Length: 3\r\nConnection: close\r\n\r\nabc", 200, "abc",
	  false, false },
	{ OK "\r\nabc", 200, "abc", false, false },
	{ OK "\r\n", 200, "", false, false },
	{ CH "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n", 200, "abcde", true,
	  false },
	{ "HTTP/1.1 204 No Content\r\n\r\n", 204, "", true, false },
	{ "HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", 204, "", true,
	  false },
	{ "HTTP/1.1 304 \r\n\r\n", 304, "", true, false },
	{ "HTTP/1.1 401\r\nContent-Length: 0\r\n\r\n", 401, "", true, false },
	{ "HTTP/1.1 100 Continue\r\n\r\n", 100, "", true, false },
	{ "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", 200, "a", false,
	  false },
	{ "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n"
	  "\r\na", 200, "a", true, false },
	/* not whole */
	{ OK "Content-Length: 3\r\n\r\nab", -1, NULL, false, false },
	{ CH "3\r\nabc\r\n", -1, NULL, false, false },
	{ CH "3\r\nabc\r\n0\r\n", -1, NULL, false, false },
	{ "HTTP/1.1 200 O", -1, NULL, false, false },
	/* RFC 9112 6.3: what two could frame in two ways */
	{ OK "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 0, NULL,
	  false, false },
	{ OK "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 0, NULL,
	  false, false },
	{ OK "Content-Length: 3, 3\r\n\r\nabc", 0, NULL, false, false },
	{ OK "Content-Length: +3\r\n\r\nabc", 0, NULL, false, false },
	{ OK "Content-Length : 3\r\n\r\nabc", 0, NULL, false, false },
	{ OK "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 0, NULL,
	  false, false },
	{ OK "Transfer-Encoding: gzip, chunked\r\n\r\n", 0, NULL, false,
	  false },
	{ OK "Transfer-Encoding: xchunked\r\n\r\n", 0, NULL, false, false },
	{ "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 0, NULL,
	  false, false },
	{ CH "-1\r\n", 0, NULL, false, false },
	{ CH "3\nabc", 0, NULL, false, false },
	{ CH "3\r\nabcd\r\n", 0, NULL, false, false },
	{ CH "ffffffffffffffff\r\n", 0, NULL, false, false },
	/* the status line */
	{ "HTTP/2.0 200 OK\r\n\r\n", 0, NULL, false, false },
	{ "HTTP/1.1  200 OK\r\n\r\n", 0, NULL, false, false },
	{ "HTTP/1.1 20 OK\r\n\r\n", 0, NULL, false, false },
	{ "HTTP/1.1 2000 OK\r\n\r\n", 0, NULL, false, false },
	{ "HTTP/1.1 099 OK\r\n\r\n", 0, NULL, false, false },
	{ "HTTP/1.1 600 OK\r\n\r\n", 0, NULL, false, false },
	{ "HTTP/1.1 2x0 OK\r\n\r\n", 0, NULL, false, false },
	{ "HTTP/1.1 200 O\001K\r\n\r\n", 0, NULL, false, false },
	{ "\r\nHTTP/1.1 200 OK\r\n\r\n", 0, NULL, false, false },
	{ "ICY 200 OK\r\n\r\n", 0, NULL, false, false },
	{ OK "A: b\r\n c\r\n\r\n", 0, NULL, false, false },
	{ OK "A: b\nB: c\r\n\r\n", 0, NULL, false, false },
	{ "HTTP/1.1 200 OK\n\r\n", 0, NULL, false, false },
};

static void check(size_t i, long split)
{
	struct arena *a = arena_new(0);
	struct read r;

	feed(&r, a, cases[i].data, strlen(cases[i].data), split,
	     cases[i].head);
	if (cases[i].status == 0) {
		if (r.p.state != HTTP_PARSER_BAD)
			fail_msg("%zu: not refused", i);
		assert_non_null(r.p.reason);
	} else if (cases[i].status < 0) {
		assert_int_not_equal(r.p.state, HTTP_PARSER_DONE);
		assert_int_not_equal(r.p.state, HTTP_PARSER_BAD);
	} else {
		if (r.p.state != HTTP_PARSER_DONE)
			fail_msg("%zu at %ld: state %d, %s", i, split,
				 r.p.state, r.p.reason);
		assert_int_equal(r.p.head.status, cases[i].status);
		assert_int_equal(r.len, strlen(cases[i].body));
		assert_memory_equal(r.body, cases[i].body, r.len);
		assert_int_equal(r.p.head.keep_alive, cases[i].keep_alive);
	}
	arena_free(a);
}

static void table(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (long split = -1; split < (long)strlen(cases[i].data);
		     split++)
			check(i, split);
}

/* What follows an answer is not taken for a part of it. */
static void stops_at_end(void **state)
{
	static const char two[] = OK "Content-Length: 1\r\n\r\na"
		OK "Content-Length: 1\r\n\r\nb";
	struct arena *a = arena_new(0);
	struct read r;

	feed(&r, a, two, sizeof two - 1, sizeof two - 1, false);
	assert_int_equal(r.p.state, HTTP_PARSER_DONE);
	assert_int_equal(r.used, (sizeof two - 1) / 2);
	arena_free(a);
}

static void fields(void **state)
{
	static const char text[] = OK "X-A: 1\r\nHost: a\r\nHost: b\r\n"
		"Expect: x\r\nContent-Length: 0\r\n\r\n";
	struct arena *a = arena_new(0);
	struct read r;

	/* Nothing to a response, and passed on as it is. */
	feed(&r, a, text, sizeof text - 1, sizeof text - 1, false);
	assert_int_equal(r.p.state, HTTP_PARSER_DONE);
	assert_int_equal(r.p.head.n_fields, 5);
	assert_string_equal(http_head_find(&r.p.head, "x-a", 3)->value, "1");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table), cmocka_unit_test(stops_at_end),
		cmocka_unit_test(fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
