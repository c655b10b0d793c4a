/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of ROP responses, as a client reads it.  The first byte says whether
 * the columns of rows are known.  What was decoded is printed, and encoded;
 * that must decode again and encode to the same bytes.
 */
#include <stdlib.h>

#include "mapi/rop.h"

enum { OUT_MAX = 1 << 18 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const uint32_t tags[] = {
	PID_TAG_FOLDER_ID, PID_TAG_SUBJECT, PID_TAG_LAST_MODIFICATION_TIME,
};

static const struct prop_tags columns = { 3, tags };

static void encode_again(struct rop_codec *c, const struct rop_answer *a,
			 const union rop_rsp *rsp)
{
	static uint8_t first[OUT_MAX], second[OUT_MAX];
	const struct rop_header h = {
		.rop_id = a->rop_id,
		.input_handle_index = a->handle_index,
		.output_handle_index = a->handle_index,
		.response_handle_index = a->handle_index,
	};
	struct wire_w w = wire_w(first, sizeof first);
	struct wire_w again = wire_w(second, sizeof second);
	struct rop_answer a2;
	union rop_rsp rsp2;
	struct wire_r r;

	rop_response_encode(c, &w, &h, a->return_value, rsp);
	if (w.full)
		return;
	r = wire_r(first, w.len);
	if (!rop_response_decode(c, &r, &a2, &rsp2) || !wire_done(&r) ||
	    a2.handle_index != a->handle_index)
		abort();
	rop_response_encode(c, &again, &h, a2.return_value, &rsp2);
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
	struct rop_answer a;
	union rop_rsp rsp;

	if ((wire_u8(&r) & 1) != 0)
		c.columns = &columns;
	while (wire_left(&r) > 0) {
		if (!rop_response_decode(&c, &r, &a, &rsp))
			break;
		rop_response_print(&text, &c, &a, &rsp);
		encode_again(&c, &a, &rsp);
	}
	buf_free(&text);
	arena_free(arena);
	return 0;
}
