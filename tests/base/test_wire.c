/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/wire.h"

static void reads_little_endian(void **state)
{
	static const uint8_t in[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
				      13, 14, 15 };
	struct wire_r r = wire_r(in, sizeof in);

	assert_int_equal(wire_u8(&r), 1);
	assert_int_equal(wire_u16(&r), 0x0302);
	assert_int_equal(wire_u32(&r), 0x07060504);
	assert_true(wire_u64(&r) == 0x0f0e0d0c0b0a0908);
	assert_true(wire_done(&r));
}

static void a_short_read_sticks(void **state)
{
	static const uint8_t in[] = { 1, 2, 3 };
	struct wire_r r = wire_r(in, sizeof in);

	assert_int_equal(wire_u32(&r), 0);
	assert_false(wire_ok(&r));
	assert_int_equal(wire_u8(&r), 0);
	assert_int_equal(wire_left(&r), 3);
}

static void counts_are_bounded(void **state)
{
	static const uint8_t in[] = { 3, 0, 1, 2, 3, 4 };
	struct wire_r r = wire_r(in, sizeof in);

	assert_int_equal(wire_count16(&r, 2), 0);
	assert_false(wire_ok(&r));
	r = wire_r(in, sizeof in);
	assert_int_equal(wire_count16(&r, 1), 3);
	r = wire_r(in, sizeof in);
	assert_int_equal(wire_count(&r, UINT64_MAX, 8), 0);
	assert_false(wire_ok(&r));
}

static void a_sub_reader_is_confined(void **state)
{
	static const uint8_t in[] = { 1, 2, 3, 4 };
	struct wire_r r = wire_r(in, sizeof in), sub = wire_sub(&r, 2);

	assert_int_equal(wire_u16(&sub), 0x0201);
	assert_int_equal(wire_u8(&sub), 0);
	assert_false(wire_ok(&sub));
	assert_true(wire_ok(&r));
	sub = wire_sub(&r, 3);
	assert_false(wire_ok(&sub));
	assert_false(wire_ok(&r));
}

static void writes_and_rewinds(void **state)
{
	uint8_t out[8];
	struct wire_w w = wire_w(out, sizeof out);
	size_t mark;

	wire_put_u16(&w, 0x0201);
	mark = w.len;
	wire_put_u32(&w, 0x06050403);
	wire_put_u32(&w, 0);
	assert_true(w.full);
	assert_int_equal(w.len, 6);
	wire_rewind(&w, mark);
	wire_put_u8(&w, 9);
	wire_patch_u16(&w, 0, 0x0807);
	wire_patch_u16(&w, 2, 0xffff);          /* past what was written */
	assert_hex(out, w.len, "07 08 09");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_little_endian),
		cmocka_unit_test(a_short_read_sticks),
		cmocka_unit_test(counts_are_bounded),
		cmocka_unit_test(a_sub_reader_is_confined),
		cmocka_unit_test(writes_and_rewinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
