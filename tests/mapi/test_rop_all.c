/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for every ROP of rops.def, request and response. */
#include "test.h"

#include "mapi/rop.h"
#include "mapi/rop_fill.h"

enum { SEEDS = 60, WIRE_MAX = 32768 };

static const enum ec codes[] = {
	EC_SUCCESS, EC_NOT_FOUND, EC_DST_NULL_OBJECT, EC_WRONG_SERVER,
	(enum ec)0x480,
};

struct trip {
	struct arena *arena;
	struct rop_codec codec;
	struct rop_fill fill;
	uint8_t first[WIRE_MAX], second[WIRE_MAX];
	struct buf before, after;
};

static void trip_begin(struct trip *t, uint64_t seed)
{
	arena_reset(t->arena);
	t->codec = (struct rop_codec){
		.prop = prop_ctx_rop(t->arena, 1252),
		.public_logon = (seed & 1) != 0,
		.columns = &rop_fill_columns,
	};
	t->fill = (struct rop_fill){ .arena = t->arena, .codec = &t->codec,
				     .state = seed * 77 + 1, .field = "" };
	buf_clear(&t->before);
	buf_clear(&t->after);
}

static struct trip *trip_new(void)
{
	struct trip *t = xcalloc(1, sizeof *t);

	t->arena = arena_new(1 << 16);
	return t;
}

static void trip_free(struct trip *t)
{
	arena_free(t->arena);
	buf_free(&t->before);
	buf_free(&t->after);
	free(t);
}

static struct rop_header header_of(const struct rop_desc *d)
{
	struct rop_header h = { .rop_id = d->id, .logon_id = 7 };

	if (d->layout != ROP_OUT)
		h.input_handle_index = 1;
	if (d->layout == ROP_OUT || d->layout == ROP_IN_OUT)
		h.output_handle_index = 2;
	if (d->layout == ROP_SRC_DEST)
		h.dest_handle_index = ROP_FILL_DEST;
	if (d->layout == ROP_RSP_IN)
		h.response_handle_index = 4;
	return h;
}

/* Whether bytes of data are a whole request; in out what was left. */
static bool decode_request(struct trip *t, const uint8_t *data, size_t len,
			   struct rop_header *h, union rop_req *req,
			   size_t *left)
{
	uint8_t *exact = xmalloc(len + 1);
	struct wire_r r = wire_r(memcpy(exact, data, len), len);
	bool ok = rop_header_decode(&r, h) &&
		rop_request_decode(&t->codec, &r, h, req);

	*left = wire_left(&r);
	free(exact);
	return ok;
}

static void request_trip(struct trip *t, const struct rop_desc *d)
{
	struct rop_header h = header_of(d), got_h;
	struct wire_w w = wire_w(t->first, sizeof t->first);
	struct wire_w again = wire_w(t->second, sizeof t->second);
	struct wire_r r;
	union rop_req req, got;
	size_t left;

	rop_fill_request(&t->fill, d->id, &req);
	rop_request_encode(&t->codec, &w, &h, &req);
	assert_false(w.full);
	r = wire_r(t->first, w.len);
	assert_true(rop_header_decode(&r, &got_h));
	assert_memory_equal(&h, &got_h, sizeof h);
	assert_true(rop_request_decode(&t->codec, &r, &got_h, &got));
	assert_true(wire_done(&r));
	rop_request_encode(&t->codec, &again, &got_h, &got);
	assert_int_equal(w.len, again.len);
	assert_memory_equal(t->first, t->second, w.len);
	rop_request_print(&t->before, &t->codec, &h, &req);
	rop_request_print(&t->after, &t->codec, &got_h, &got);
	assert_string_equal(buf_str(&t->before), buf_str(&t->after));
	assert_non_null(strstr(buf_str(&t->after), d->name));
	/* No prefix is a request, and what follows isn't read. */
	for (size_t n = 0; n < w.len; n++)
		assert_false(decode_request(t, t->first, n, &got_h, &got,
					    &left));
	memset(t->first + w.len, 0xaa, 5);
	assert_true(decode_request(t, t->first, w.len + 5, &got_h, &got,
				   &left));
	assert_int_equal(left, 5);
}

static void test_requests(void **state)
{
	struct trip *t = trip_new();
	int rops = 0;

	for (unsigned id = 0; id < 256; id++) {
		const struct rop_desc *d = rop_desc((uint8_t)id);

		if (d == NULL || d->layout == ROP_RSP_ONLY)
			continue;
		rops++;
		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			trip_begin(t, seed * 256 + id + (seed & 1));
			request_trip(t, d);
		}
	}
	assert_int_equal(rops, 128);
	trip_free(t);
}

static bool decode_response(struct trip *t, const uint8_t *data, size_t len,
			    size_t *left)
{
	uint8_t *exact = xmalloc(len + 1);
	struct wire_r r = wire_r(memcpy(exact, data, len), len);
	struct rop_answer answer;
	union rop_rsp rsp;
	bool ok = rop_response_decode(&t->codec, &r, &answer, &rsp);

	*left = wire_left(&r);
	free(exact);
	return ok;
}

static uint8_t index_of(const struct rop_desc *d)
{
	switch (d->layout) {
	case ROP_OUT:
	case ROP_IN_OUT:
		return 2;
	case ROP_RSP_IN:
		return 4;
	default:
		return d->layout == ROP_RSP_ONLY ? 0 : 1;
	}
}

static void response_trip(struct trip *t, const struct rop_desc *d,
			  enum ec ec)
{
	struct rop_header h = header_of(d);
	struct wire_w w = wire_w(t->first, sizeof t->first);
	struct wire_w again = wire_w(t->second, sizeof t->second);
	struct wire_r r;
	struct rop_answer want = { d->id, index_of(d), ec }, answer;
	union rop_rsp rsp, got;
	size_t left;

	rop_fill_response(&t->fill, d->id, ec, &rsp);
	rop_response_encode(&t->codec, &w, &h, ec, &rsp);
	assert_false(w.full);
	if (ec == EC_SUCCESS)
		assert_in_range(w.len, d->rsp_min, d->rsp_max);
	r = wire_r(t->first, w.len);
	assert_true(rop_response_decode(&t->codec, &r, &answer, &got));
	assert_true(wire_done(&r));
	assert_int_equal(answer.rop_id, want.rop_id);
	assert_int_equal(answer.handle_index, want.handle_index);
	assert_int_equal(answer.return_value, want.return_value);
	rop_response_encode(&t->codec, &again, &h, ec, &got);
	assert_int_equal(w.len, again.len);
	assert_memory_equal(t->first, t->second, w.len);
	rop_response_print(&t->before, &t->codec, &want, &rsp);
	rop_response_print(&t->after, &t->codec, &answer, &got);
	assert_string_equal(buf_str(&t->before), buf_str(&t->after));
	/* RequestBuffers takes what there is: any length is whole. */
	if (d->id == ROP_ID_buffer_too_small)
		return;
	for (size_t n = 0; n < w.len; n++)
		assert_false(decode_response(t, t->first, n, &left));
	memset(t->first + w.len, 0xaa, 5);
	assert_true(decode_response(t, t->first, w.len + 5, &left));
	assert_int_equal(left, 5);
}

static void test_responses(void **state)
{
	struct trip *t = trip_new();
	int rops = 0;

	for (unsigned id = 0; id < 256; id++) {
		const struct rop_desc *d = rop_desc((uint8_t)id);

		if (d == NULL || d->layout == ROP_NO_RSP)
			continue;
		rops++;
		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			trip_begin(t, seed * 256 + id);
			response_trip(t, d, d->layout == ROP_RSP_ONLY ?
				      EC_SUCCESS : codes[seed % 5]);
		}
	}
	assert_int_equal(rops, 131);
	trip_free(t);
}

/*
 * Bytes after the code of a failure: those ROPs that have no failure response
 * of their own in [MS-OXCROPS] 2.2 have their fields then, too.
 */
static size_t failure_size(uint8_t id)
{
	switch (id) {
	case ROP_ID_delete_folder:
	case ROP_ID_move_copy_messages:
	case ROP_ID_move_folder:
	case ROP_ID_copy_folder:
	case ROP_ID_empty_folder:
	case ROP_ID_hard_delete_messages_and_subfolders:
	case ROP_ID_delete_messages:
	case ROP_ID_hard_delete_messages:
	case ROP_ID_set_read_flags:
		return 1;
	case ROP_ID_read_stream:
	case ROP_ID_write_stream:
	case ROP_ID_write_and_commit_stream:
		return 2;
	case ROP_ID_write_stream_extended:
		return 4;
	case ROP_ID_copy_to_stream:
		return 16;
	case ROP_ID_fast_transfer_destination_put_buffer:
	case ROP_ID_fast_transfer_source_get_buffer:
		return 9;
	case ROP_ID_fast_transfer_destination_put_buffer_extended:
		return 13;
	default:
		return 0;
	}
}

static void test_failures(void **state)
{
	struct trip *t = trip_new();

	for (unsigned id = 0; id < 256; id++) {
		const struct rop_desc *d = rop_desc((uint8_t)id);
		struct wire_w w = wire_w(t->first, sizeof t->first);
		struct rop_header h;

		if (d == NULL || d->layout >= ROP_NO_RSP)
			continue;
		h = header_of(d);
		trip_begin(t, id);
		rop_response_encode(&t->codec, &w, &h, EC_NOT_SUPPORTED,
				    NULL);
		assert_int_equal(w.len, 6 + failure_size(d->id));
		assert_int_equal(t->first[0], id);
		assert_memory_equal(t->first + 2, "\x02\x01\x04\x80", 4);
	}
	trip_free(t);
}

/* Encoders say when there is no room, at every length. */
static void test_no_room(void **state)
{
	struct trip *t = trip_new();

	for (unsigned id = 0; id < 256; id++) {
		const struct rop_desc *d = rop_desc((uint8_t)id);
		struct wire_w w = wire_w(t->first, sizeof t->first), small;
		struct rop_header h;
		union rop_rsp rsp;

		if (d == NULL || d->layout == ROP_NO_RSP)
			continue;
		h = header_of(d);
		trip_begin(t, id + 1);
		rop_fill_response(&t->fill, d->id, EC_SUCCESS, &rsp);
		rop_response_encode(&t->codec, &w, &h, EC_SUCCESS, &rsp);
		for (size_t cap = 0; cap < w.len; cap++) {
			uint8_t *exact = xmalloc(cap + 1);

			small = wire_w(exact, cap);
			rop_response_encode(&t->codec, &small, &h, EC_SUCCESS,
					    &rsp);
			free(exact);
			assert_true(small.full);
		}
	}
	trip_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_responses),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
