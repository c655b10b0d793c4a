/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of ROP requests, as a server reads it.  The first byte says what the
 * logon is.  What was decoded is printed, and encoded; that must decode again
 * and encode to the same bytes.
 */
#include <stdlib.h>

#include "mapi/rop.h"

enum { OUT_MAX = 1 << 18 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void encode_again(struct rop_codec *c, const struct rop_header *h,
			 const union rop_req *req)
{
	static uint8_t first[OUT_MAX], second[OUT_MAX];
	struct wire_w w = wire_w(first, sizeof first);
	struct wire_w again = wire_w(second, sizeof second);
	struct rop_header h2;
	union rop_req req2;
	struct wire_r r;

	rop_request_encode(c, &w, h, req);
	if (w.full)
		return;
	r = wire_r(first, w.len);
	if (!rop_header_decode(&r, &h2) ||
	    !rop_request_decode(c, &r, &h2, &req2) || !wire_done(&r))
		abort();
	rop_request_encode(c, &again, &h2, &req2);
	if (again.full || again.len != w.len ||
	    memcmp(first, second, w.len) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new(0);
	struct rop_codec c = { .prop = prop_ctx_rop(arena, 1252) };
	struct wire_r r = wire_r(data, len);
	struct buf text = BUF_INIT;
	struct rop_header h;
	union rop_req req;

	c.public_logon = (wire_u8(&r) & 1) != 0;
	while (wire_left(&r) > 0) {
		if (!rop_header_decode(&r, &h) ||
		    !rop_request_decode(&c, &r, &h, &req))
			break;
		rop_request_print(&text, &c, &h, &req);
		encode_again(&c, &h, &req);
		(void)rop_response_bound(&h, &req);
	}
	buf_free(&text);
	arena_free(arena);
	return 0;
}
