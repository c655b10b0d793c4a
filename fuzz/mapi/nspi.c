/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Address book bodies: the first byte says which, its highest bit whether a
 * response.  What is decoded is printed and encoded; decoded and encoded
 * again it must give the same bytes.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "mapi/nspi.h"

enum { OUT_MAX = 4 << 20, CODE_PAGE = 1252 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t first[OUT_MAX], second[OUT_MAX];

/* Bytes written; 0 if the body is malformed or too large once written. */
static size_t request_trip(struct arena *arena, enum request_type type,
			   struct bin body, uint8_t *out)
{
	struct nspi_codec c = { prop_ctx_address_book(arena, CODE_PAGE) };
	struct nspi_codec e = { prop_ctx_address_book(arena, CODE_PAGE) };
	struct wire_w w = wire_w(out, OUT_MAX);
	struct buf text = BUF_INIT;
	union nspi_req req;
	struct bin aux;

	if (!nspi_request_decode(&c, type, &body, &req, &aux))
		return 0;
	nspi_request_print(&text, type, &req);
	buf_free(&text);
	nspi_request_encode(&e, &w, type, &req, &aux);
	return w.full ? 0 : w.len;
}

static size_t response_trip(struct arena *arena, enum request_type type,
			    struct bin body, uint8_t *out)
{
	struct nspi_codec c = { prop_ctx_address_book(arena, CODE_PAGE) };
	struct nspi_codec e = { prop_ctx_address_book(arena, CODE_PAGE) };
	struct wire_w w = wire_w(out, OUT_MAX);
	struct nspi_answer answer;
	struct buf text = BUF_INIT;
	union nspi_rsp rsp;

	if (!nspi_response_decode(&c, type, &body, &answer, &rsp))
		return 0;
	nspi_response_print(&text, type, &answer, &rsp);
	buf_free(&text);
	nspi_response_encode(&e, &w, type, &answer, &rsp);
	return w.full ? 0 : w.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t (*trip)(struct arena *, enum request_type, struct bin,
		       uint8_t *);
	enum request_type type;
	struct arena *arena;
	size_t n, m;

	if (len == 0 || len > 1 << 16)
		return 0;
	trip = (data[0] & 0x80) != 0 ? response_trip : request_trip;
	type = (enum request_type)(REQUEST_TYPE_BIND + (data[0] & 0x7f) %
				   (REQUEST_TYPE_COUNT - REQUEST_TYPE_BIND));
	arena = arena_new(1 << 16);
	n = trip(arena, type, (struct bin){ data + 1, len - 1 }, first);
	if (n > 0) {
		m = trip(arena, type, (struct bin){ first, n }, second);
		if (m != n || memcmp(first, second, n) != 0)
			abort();
	}
	arena_free(arena);
	return 0;
}
