/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP request parser: whatever the bytes, and wherever they are cut (the
 * first byte says where), it must come to the same end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { BODY_MAX = 4096 };

static void feed(struct http_parser *p, struct arena *a, const uint8_t *data,
		 size_t len, size_t step)
{
	http_parser_init(p, a, 4096, 1024, 50);
	for (size_t at = 0; at < len;) {
		size_t n = step < len - at ? step : len - at;

		at += http_parser_feed(p, data + at, n);
		if (p->state == HTTP_PARSER_HEAD)
			http_parser_body(p, BODY_MAX);
		if (p->state == HTTP_PARSER_BAD ||
		    p->state == HTTP_PARSER_DONE)
			return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *a = arena_new(0), *b = arena_new(0);
	struct http_parser whole, cut;

	if (len > 0) {
		feed(&whole, a, data + 1, len - 1, len);
		feed(&cut, b, data + 1, len - 1, (size_t)data[0] + 1);
		if (whole.state != cut.state || whole.status != cut.status ||
		    whole.body_len != cut.body_len ||
		    (whole.body_len > 0 &&
		     memcmp(whole.body, cut.body, cut.body_len) != 0))
			abort();
	}
	arena_free(a);
	arena_free(b);
	return 0;
}
