/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "mapi/ext_buffer.h"
#include "mapi/lz77.h"
#include "mapi/rop_payload.h"

static struct arena *arena;

static int setup(void **state)
{
	arena = arena_new(0);
	return 0;
}

static int teardown(void **state)
{
	arena_free(arena);
	return 0;
}

/* ---- LZ77 ---- */

/* The two examples of [MS-XCA] 3.1. */
static void test_lz77_examples(void **state)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz";
	uint8_t abc[300], out[64], back[300];
	size_t n = lz77_compress(arena, (const uint8_t *)alphabet, 26, out,
				 sizeof out);

	assert_hex(out, n, "3f000000 6162636465666768696a6b6c6d6e6f70"
		   "7172737475767778797a");
	for (size_t i = 0; i < sizeof abc; i++)
		abc[i] = (uint8_t)('a' + i % 3);
	n = lz77_compress(arena, abc, sizeof abc, out, sizeof out);
	assert_hex(out, n, "ffffff1f 61626317000fff2601");
	assert_true(lz77_decompress(out, n, back, sizeof back));
	assert_memory_equal(back, abc, sizeof abc);
}

/* [MS-OXCRPC] 3.1.4.1.1.2.2.1: the end is marked, if need be in a new mask. */
static void test_lz77_end_bit(void **state)
{
	uint8_t in[32], out[64], back[32];
	size_t n;

	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)i;
	n = lz77_compress(arena, in, sizeof in, out, sizeof out);
	assert_int_equal(n, 4 + 32 + 4);
	assert_memory_equal(out + 36, "\xff\xff\xff\xff", 4);
	assert_true(lz77_decompress(out, n, back, sizeof back));
	/* without the second mask it can be read as well */
	assert_true(lz77_decompress(out, 36, back, sizeof back));
}

/* [MS-OXCRPC] 3.1.4.1.1.2.2.4: the lengths whose forms differ. */
static void test_lz77_lengths(void **state)
{
	static const struct {
		size_t length;
		const char *hex;          /* after the flags and "x" */
	} cases[] = {
		{ 3, "00 00" }, { 9, "06 00" }, { 10, "07 00 00" },
		{ 24, "07 00 0e" }, { 25, "07 00 0f 00" },
		{ 26, "07 00 0f 01" }, { 279, "07 00 0f fe" },
		{ 280, "07 00 0f ff 15 01" }, { 281, "07 00 0f ff 16 01" },
		{ 65000, "07 00 0f ff e5 fd" },
	};
	uint8_t *in = xmalloc(65536), *back = xmalloc(65536), out[64];

	memset(in, 'x', 65536);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t len = 1 + cases[i].length;
		size_t n = lz77_compress(arena, in, len, out, sizeof out);

		assert_hex(out + 5, n - 5, cases[i].hex);
		assert_memory_equal(out, "\xff\xff\xff\x7fx", 5);
		assert_true(lz77_decompress(out, n, back, len));
		assert_memory_equal(back, in, len);
		/* any other size is wrong */
		assert_false(lz77_decompress(out, n, back, len - 1));
		assert_false(lz77_decompress(out, n, back, len + 1));
	}
	free(in);
	free(back);
}

/* The two nibbles of a shared byte go to two long matches. */
static void test_lz77_shared_nibble(void **state)
{
	static const char in[] = "0123456789abcdef" "0123456789abcdef"
		"ghijklmnopqrstuv" "ghijklmnopqrstuv";
	uint8_t out[128], back[64];
	size_t n = lz77_compress(arena, (const uint8_t *)in, 64, out,
				 sizeof out);

	/* 16 literals, match 16 (nibble 6), 16 literals, match 16 */
	assert_int_equal(n, 4 + 16 + 3 + 15 + 4 + 1 + 2);
	assert_memory_equal(out + 20, "\x7f\x00\x66", 3);
	assert_true(lz77_decompress(out, n, back, 64));
	assert_memory_equal(back, in, 64);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Text of few symbols, so that there are matches of all kinds. */
static void fill(uint8_t *data, size_t len, uint32_t seed, unsigned symbols)
{
	for (size_t i = 0; i < len;) {
		uint32_t r = next_random(&seed);
		size_t n = r % 700, back = next_random(&seed) % 20000;

		if (r % 3 == 0 && back > 0 && back <= i)
			for (; n > 0 && i < len; n--, i++)
				data[i] = data[i - back];
		else
			data[i++] = (uint8_t)(r % symbols);
	}
}

static void test_lz77_round_trips(void **state)
{
	enum { MAX = 65535 };
	uint8_t *in = xmalloc(MAX), *out = xmalloc(2 * MAX);
	uint8_t *back = xmalloc(MAX);
	uint32_t seed = 1;

	for (unsigned i = 0; i < 300; i++) {
		size_t len = i == 0 ? 0 : i == 1 ? MAX :
			next_random(&seed) % (i % 4 == 0 ? MAX : 3000);
		struct arena *scratch = arena_new(0);
		size_t n;

		fill(in, len, i, i % 5 == 0 ? 256 : 4);
		n = lz77_compress(scratch, in, len, out, 2 * MAX);
		assert_true(n > 0);
		assert_true(lz77_decompress(out, n, back, len));
		assert_memory_equal(back, in, len);
		if (n > 4)
			assert_int_equal(lz77_compress(scratch, in, len, out,
						       n - 1), 0);
		arena_free(scratch);
	}
	free(in);
	free(out);
	free(back);
}

static void test_lz77_malformed(void **state)
{
	static const struct {
		const char *hex;
		size_t size;
	} bad[] = {
		{ "", 1 },                        /* nothing there */
		{ "00 00", 1 },                   /* half a mask */
		{ "00000000", 1 },                /* no literal */
		{ "00000080 00", 3 },             /* half a match */
		{ "00000080 0000", 3 },           /* before the start */
		{ "ffffff7f 61 0800", 4 },        /* two back, one there */
		{ "ffffff7f 61 0700", 14 },       /* no nibble */
		{ "ffffff7f 61 0700 0f", 30 },    /* no byte */
		{ "ffffff7f 61 0700 0f ff", 300 }, /* no word */
		{ "ffffff7f 61 0700 0f ff 15", 300 },
		{ "ffffff7f 61 0700 0f ff 1500", 25 }, /* too short a form */
		{ "ffffff7f 61 0700 0f ff 0000", 4 },
		{ "ffffff7f 61 0000", 3 },        /* longer than the output */
		{ "ffffff3f 61 62", 1 },
		{ "ffffff3f 61 62", 3 },          /* shorter */
	};
	uint8_t in[16], out[512];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(lz77_decompress(in, unhex(bad[i].hex, in), out,
					     bad[i].size));
}

/* ---- extended buffers ---- */

static void test_plain(void **state)
{
	uint8_t out[64];
	struct wire_w w = wire_w(out, sizeof out);
	struct bin buffer;
	struct ext_payloads got;

	ext_buffer_put(&w, "\x01\x02\x03", 3, EXT_LAST, arena);
	assert_hex(out, w.len, "0000 0400 0300 0300 010203");
	buffer = (struct bin){ out, w.len };
	assert_true(ext_buffer_decode(&buffer, arena, 1, &got));
	assert_int_equal(got.n, 1);
	/* not copied */
	assert_ptr_equal(got.v[0].data.data, out + EXT_HEADER_SIZE);
	assert_int_equal(got.v[0].data.len, 3);
}

/* [MS-OXCRPC] 3.1.4.1.1.3 */
static void test_xor_magic(void **state)
{
	uint8_t out[64];
	struct wire_w w = wire_w(out, sizeof out);
	struct bin buffer;
	struct ext_payloads got;

	ext_buffer_put(&w, "\x00\xa5\xff", 3, EXT_LAST | EXT_XOR_MAGIC, arena);
	assert_hex(out, w.len, "0000 0600 0300 0300 a5005a");
	buffer = (struct bin){ out, w.len };
	assert_true(ext_buffer_decode(&buffer, arena, 1, &got));
	assert_memory_equal(got.v[0].data.data, "\x00\xa5\xff", 3);
}

static void test_compressed(void **state)
{
	uint8_t in[2000], out[2100];
	struct wire_w w = wire_w(out, sizeof out);
	struct bin buffer;
	struct ext_payloads got;

	memset(in, 0, sizeof in);
	for (unsigned flags = 0; flags < 8; flags++) {
		w = wire_w(out, sizeof out);
		ext_buffer_put(&w, in, sizeof in, flags | EXT_LAST, arena);
		assert_false(w.full);
		if ((flags & EXT_COMPRESSED) != 0)
			assert_in_range(w.len, EXT_HEADER_SIZE + 5, 30);
		buffer = (struct bin){ out, w.len };
		assert_true(ext_buffer_decode(&buffer, arena, 1, &got));
		assert_int_equal(got.v[0].flags, flags | EXT_LAST);
		assert_int_equal(got.v[0].data.len, sizeof in);
		assert_memory_equal(got.v[0].data.data, in, sizeof in);
	}
}

/* Compression that does not pay is left out, and so is the flag. */
static void test_not_compressed(void **state)
{
	uint8_t in[1500], out[1600];
	struct wire_w w = wire_w(out, sizeof out);
	uint32_t seed = 7;

	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)next_random(&seed);
	ext_buffer_put(&w, in, sizeof in, EXT_LAST | EXT_COMPRESSED, arena);
	assert_int_equal(out[2], EXT_LAST);
	w = wire_w(out, sizeof out);
	memset(in, 0, sizeof in);
	ext_buffer_put(&w, in, EXT_COMPRESS_MIN - 1, EXT_LAST | EXT_COMPRESSED,
		       arena);
	assert_int_equal(out[2], EXT_LAST);
}

static void test_chain(void **state)
{
	uint8_t out[64];
	struct wire_w w = wire_w(out, sizeof out);
	struct bin buffer;
	struct ext_payloads got;
	size_t second;

	ext_buffer_put(&w, "a", 1, EXT_XOR_MAGIC, arena);
	second = ext_buffer_begin(&w);
	wire_put(&w, "bc", 2);
	ext_buffer_end(&w, second, 0, arena);
	buffer = (struct bin){ out, w.len };
	/* none is the last */
	assert_false(ext_buffer_decode(&buffer, arena, 9, &got));
	ext_buffer_set_last(&w, second, true);
	assert_true(ext_buffer_decode(&buffer, arena, 9, &got));
	assert_int_equal(got.n, 2);
	assert_memory_equal(got.v[0].data.data, "a", 1);
	assert_memory_equal(got.v[1].data.data, "bc", 2);
	assert_false(ext_buffer_decode(&buffer, arena, 1, &got));
	/* the first is the last: what follows is left over */
	ext_buffer_set_last(&w, 0, true);
	assert_false(ext_buffer_decode(&buffer, arena, 9, &got));
}

static void test_no_room(void **state)
{
	uint8_t out[16];

	for (size_t cap = 0; cap < 11; cap++) {
		struct wire_w w = wire_w(out, cap);

		ext_buffer_put(&w, "abc", 3, EXT_LAST, arena);
		assert_true(w.full);
	}
}

static void test_malformed_headers(void **state)
{
	static const char *const bad[] = {
		"", "0000 0400 0100 01",
		"0100 0400 0100 0100 00",         /* version */
		"0000 0c00 0100 0100 00",         /* flags */
		"0000 0400 0200 0200 00",         /* too short */
		"0000 0400 0100 0200 00",         /* sizes differ */
		"0000 0500 0100 0100 00",         /* not smaller */
		"0000 0500 0500 0600 ffffff7f 61", /* not what it says */
		"0000 0400 0100 0100 00 00",      /* left over */
		"0000 0000 0100 0100 00",         /* no last */
	};
	uint8_t in[32];
	struct ext_payloads got = { 7, NULL };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct bin buffer = { in, unhex(bad[i], in) };

		assert_false(ext_buffer_decode(&buffer, arena, 9, &got));
		assert_int_equal(got.n, 7);
	}
}

static void test_max(void **state)
{
	uint8_t in[32];
	struct wire_r r = wire_r(in, unhex("0000 0400 0200 0200 0000", in));
	struct ext_payload got;

	assert_false(ext_buffer_next(&r, arena, 1, &got));
	r = wire_r(in, 10);
	assert_true(ext_buffer_next(&r, arena, 2, &got));
	assert_true(wire_done(&r));
}

/* ---- the payload, [MS-OXCROPS] 2.2.1 ---- */

static void test_rop_payload(void **state)
{
	static const char hex[] = "0500 01 00 00 ffffffff 02000000";
	static const uint32_t handles[] = { 0xffffffff, 2 };
	uint8_t in[32], out[32];
	struct bin payload = { in, unhex(hex, in) };
	struct wire_w w = wire_w(out, sizeof out);
	struct rop_payload got;
	uint32_t *mine = NULL;
	size_t begin;

	assert_true(rop_payload_decode(&payload, arena, &got, &mine));
	assert_int_equal(got.rops.len, 3);
	assert_ptr_equal(got.rops.data, in + 2);
	assert_int_equal(got.handle_count, 2);
	assert_int_equal(got.handles[0], ROP_HANDLE_NONE);
	assert_ptr_equal(mine, got.handles);
	begin = rop_payload_begin(&w);
	wire_put(&w, in + 2, 3);
	rop_payload_end(&w, begin, handles, 2);
	assert_hex(out, w.len, hex);
	assert_int_equal(w.len, 3 + rop_payload_overhead(2));
	/* no ROPs at all */
	payload.len = unhex("0200", in);
	assert_true(rop_payload_decode(&payload, arena, &got, NULL));
	assert_int_equal(got.rops.len + got.handle_count, 0);
}

static void test_bad_rop_payload(void **state)
{
	static const char *const bad[] = {
		"", "02", "0000", "0100", "0300", "0200 000000",
		"0200 00000000 00",
	};
	uint8_t in[16];
	struct rop_payload got;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct bin payload = { in, unhex(bad[i], in) };

		assert_false(rop_payload_decode(&payload, arena, &got, NULL));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lz77_examples),
		cmocka_unit_test(test_lz77_end_bit),
		cmocka_unit_test(test_lz77_lengths),
		cmocka_unit_test(test_lz77_shared_nibble),
		cmocka_unit_test(test_lz77_round_trips),
		cmocka_unit_test(test_lz77_malformed),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_xor_magic),
		cmocka_unit_test(test_compressed),
		cmocka_unit_test(test_not_compressed),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_malformed_headers),
		cmocka_unit_test(test_max),
		cmocka_unit_test(test_rop_payload),
		cmocka_unit_test(test_bad_rop_payload),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
