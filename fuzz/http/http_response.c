/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parser of responses: whatever the bytes, and wherever they are cut (the
 * first byte says where), the same head and the same body come of them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "http/parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void feed(struct http_parser *p, struct arena *a, struct buf *body,
		 const uint8_t *data, size_t len, size_t step)
{
	http_parser_init_response(p, a, 4096, 1024, 50, false);
	for (size_t at = 0; at < len;) {
		size_t n = step < len - at ? step : len - at;

		at += http_parser_feed(p, data + at, n);
		if (p->piece_len > 0)
			buf_add(body, p->piece, p->piece_len);
		if (p->state == HTTP_PARSER_HEAD)
			http_parser_stream(p, SIZE_MAX);
		if (p->state == HTTP_PARSER_BAD ||
		    p->state == HTTP_PARSER_DONE)
			return;
	}
	http_parser_eof(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *a = arena_new(0), *b = arena_new(0);
	struct buf one = BUF_INIT, two = BUF_INIT;
	struct http_parser whole, cut;

	if (len > 0) {
		feed(&whole, a, &one, data + 1, len - 1, len);
		feed(&cut, b, &two, data + 1, len - 1, (size_t)data[0] + 1);
		if (whole.state != cut.state || whole.status != cut.status ||
		    (whole.state != HTTP_PARSER_BAD &&
		     (one.len != two.len || (one.len > 0 &&
		      memcmp(one.data, two.data, one.len) != 0))))
			abort();
	}
	buf_free(&one);
	buf_free(&two);
	arena_free(a);
	arena_free(b);
	return 0;
}
