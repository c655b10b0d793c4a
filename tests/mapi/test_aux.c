/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "mapi/aux.h"
#include "mapi/ext_buffer.h"

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

static struct bin bin_of(const char *hex)
{
	uint8_t *data = arena_alloc(arena, strlen(hex) / 2 + 1);
	size_t len = unhex(hex, data);

	return (struct bin){ data, len };
}

#define G "90dad86e0b451b1098da00aa003f1305"
#define GT "6ed8da90-450b-101b-98da-00aa003f1305"
#define Z4 "00000000"
#define Z16 Z4 Z4 Z4 Z4
#define Z132 Z16 Z16 Z16 Z16 Z16 Z16 Z16 Z16 Z4

/* Every block of [MS-OXCRPC] 2.2.2.2.1 to .23, and 0x49. */
static const struct {
	const char *hex, *text;
} cases[] = {
	{ "0800 01 01 0100 0200",
	  "AUX_TYPE_PERF_REQUESTID session_id=1 request_id=2" },
	{ "1800 01 04 0100 0000 " G,
	  "AUX_TYPE_PERF_SESSIONINFO session_id=1 session_guid=" GT },
	{ "1c00 02 04 0100 0000 " G " 05000000",
	  "AUX_TYPE_PERF_SESSIONINFO_V2 session_id=1 session_guid=" GT
	  " connection_id=0x5" },
	{ "4400 01 02 40420f00 0100 2000 2600 0400 2a00 0400 2e00 3200 0600 "
	  "3e00 0200 0000 4d00 4300 0000 5500 0000 7f000001 ff000000 "
	  "4500 7400 6800 3000 3100 0000 010203040506",
	  "AUX_TYPE_PERF_CLIENTINFO adapter_speed=0xf4240 client_id=1 "
	  "machine_name=\"MC\" user_name=\"U\" client_ip=[4] 7f000001 "
	  "client_ip_mask=[4] ff000000 adapter_name=\"Eth01\" "
	  "mac_address=[6] 010203040506 client_mode=2" },
	{ "1400 01 03 0100 0200 0c00 1000 6100 0000 6200 0000",
	  "AUX_TYPE_PERF_SERVERINFO server_id=1 server_type=2 "
	  "server_dn=\"a\" server_name=\"b\"" },
	{ "2000 01 0b 0100 0000 " G " 1c00 0000 4f00 0000",
	  "AUX_TYPE_PERF_PROCESSINFO process_id=1 process_guid=" GT
	  " process_name=\"O\"" },
	{ "1c00 02 0b 0100 0000 " G " 0000 0000",
	  "AUX_TYPE_PERF_PROCESSINFO_V2 process_id=1 process_guid=" GT
	  " process_name=\"\"" },
	{ "1000 01 05 01000000 02000000 0300 0000",
	  "AUX_TYPE_PERF_DEFMDB_SUCCESS time_since_request=0x1 "
	  "time_to_complete_request=0x2 request_id=3" },
	{ "1400 01 0d 0100 0200 03000000 04000000 05 000000",
	  "AUX_TYPE_PERF_BG_DEFGC_SUCCESS server_id=1 session_id=2 "
	  "time_since_request=0x3 time_to_complete_request=0x4 "
	  "request_operation=5" },
	{ "1400 01 07 0100 0200 0300 0400 05000000 06000000",
	  "AUX_TYPE_PERF_MDB_SUCCESS client_id=1 server_id=2 session_id=3 "
	  "request_id=4 time_since_request=0x5 "
	  "time_to_complete_request=0x6" },
	{ "1800 02 13 0100 0200 0300 0400 0500 0000 06000000 07000000",
	  "AUX_TYPE_PERF_FG_MDB_SUCCESS_V2 process_id=1 client_id=2 "
	  "server_id=3 session_id=4 request_id=5 time_since_request=0x6 "
	  "time_to_complete_request=0x7" },
	{ "1800 01 08 0100 0200 0300 0000 04000000 05000000 06 000000",
	  "AUX_TYPE_PERF_GC_SUCCESS client_id=1 server_id=2 session_id=3 "
	  "time_since_request=0x4 time_to_complete_request=0x5 "
	  "request_operation=6" },
	{ "1800 02 08 0100 0200 0300 0400 05000000 06000000 07 000000",
	  "AUX_TYPE_PERF_GC_SUCCESS_V2 process_id=1 client_id=2 server_id=3 "
	  "session_id=4 time_since_request=0x5 "
	  "time_to_complete_request=0x6 request_operation=7" },
	{ "1c00 01 09 0100 0200 0300 0400 05000000 06000000 07000000 "
	  "08 000000",
	  "AUX_TYPE_PERF_FAILURE client_id=1 server_id=2 session_id=3 "
	  "request_id=4 time_since_request=0x5 time_to_fail_request=0x6 "
	  "result_code=0x7 request_operation=8" },
	{ "2000 02 09 0100 0200 0300 0400 0500 0000 06000000 07000000 "
	  "08000000 09 000000",
	  "AUX_TYPE_PERF_FAILURE_V2 process_id=1 client_id=2 server_id=3 "
	  "session_id=4 request_id=5 time_since_request=0x6 "
	  "time_to_fail_request=0x7 result_code=0x8 request_operation=9" },
	{ "0c00 01 0a 01000000 00ca9a3b",
	  "AUX_TYPE_CLIENT_CONTROL enable_flags=0x1 "
	  "expiry_time=0x3b9aca00" },
	{ "a000 01 16 9c000000 06000000 03000000 80250000 " Z132
	  " 0100 0200 00000000",
	  "AUX_TYPE_OSVERSIONINFO os_version_info_size=0x9c "
	  "major_version=0x6 minor_version=0x3 build_number=0x2580 "
	  "service_pack_major=1 service_pack_minor=2" },
	{ "0800 01 17 01000000", "AUX_TYPE_EXORGINFO org_flags=0x1" },
	{ "1800 01 18 0100 0000 " G,
	  "AUX_TYPE_PERF_ACCOUNTINFO client_id=1 account=" GT },
	{ "0800 01 46 03000000",
	  "AUX_TYPE_SERVER_CAPABILITIES server_capability_flags=0x3" },
	{ "0800 01 48 01000000",
	  "AUX_TYPE_ENDPOINT_CAPABILITIES endpoint_capability_flag=0x1" },
	{ "0c00 01 49 02000000 486921 00",
	  "AUX_TYPE_EXCEPTION_TRACE rop_index=0x2 trace=\"Hi!\"" },
	{ "2400 01 4a " G " 2000 0000 03000000 01000000 6100 0000",
	  "AUX_CLIENT_CONNECTION_INFO connection_guid=" GT
	  " connection_context_info=\"a\" connection_attempts=0x3 "
	  "connection_flags=0x1" },
	{ "0a00 01 4b 0600 6100 0000",
	  "AUX_SERVER_SESSION_INFO server_session_context_info=\"a\"" },
	{ "1600 01 4e 0e00 1200 0000 0000 0000 4d00 0000 4e00 0000",
	  "AUX_PROTOCOL_DEVICE_IDENTIFICATION device_manufacturer=\"M\" "
	  "device_model=\"N\" device_serial_number=\"\" "
	  "device_version=\"\" device_firmware_version=\"\"" },
	{ "0600 01 7f aabb", "version 1 type 0x7f [2] aabb" },
};

static void check(const char *hex, const char *text)
{
	struct bin payload = bin_of(hex);
	uint8_t out[256];
	struct wire_w w = wire_w(out, sizeof out);
	struct aux_blocks blocks;
	struct buf b = BUF_INIT;
	size_t len = payload.len;

	assert_true(aux_blocks_decode(&payload, arena, &blocks));
	assert_int_equal(blocks.n, 1);
	aux_block_print(&b, &blocks.v[0]);
	assert_string_equal(buf_str(&b), text);
	buf_free(&b);
	aux_block_encode(&w, &blocks.v[0]);
	assert_false(w.full);
	assert_hex(out, w.len, hex);
	for (size_t n = 1; n < len; n++) {
		struct bin cut = { memcpy(xmalloc(n), payload.data, n), n };
		struct aux_blocks none;

		assert_false(aux_blocks_decode(&cut, arena, &none));
		w = wire_w(out, n);
		aux_block_encode(&w, &blocks.v[0]);
		assert_true(w.full);
		free((void *)(uintptr_t)cut.data);
	}
}

static void test_blocks(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check(cases[i].hex, cases[i].text);
}

/* A block that does not hold what its type says is kept, not refused. */
static void test_raw(void **state)
{
	static const char *const raw[] = {
		"0600 01 01 0100",                 /* too short */
		"0800 01 4b ff00 0000",            /* offset beyond the block */
		"0800 01 4b 0100 0000",            /* into the header */
		"0800 01 4b 0600 6100",            /* no terminator */
		"0400 01 46",
	};

	for (size_t i = 0; i < sizeof raw / sizeof *raw; i++) {
		struct bin payload = bin_of(raw[i]);
		uint8_t out[64];
		struct wire_w w = wire_w(out, sizeof out);
		struct aux_blocks blocks;

		assert_true(aux_blocks_decode(&payload, arena, &blocks));
		assert_true(blocks.v[0].is_raw);
		aux_block_encode(&w, &blocks.v[0]);
		assert_hex(out, w.len, raw[i]);
		assert_null(aux_find(&blocks, aux_block_type(&blocks.v[0])));
	}
}

static void test_malformed(void **state)
{
	static const char *const bad[] = {
		"00", "0300 01 01", "0000 01 01", "0900 01 01 0100 0200",
		"0800 01 01 0100 0200 00",
	};
	struct aux_blocks blocks = { 7, NULL };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct bin payload = bin_of(bad[i]);

		assert_false(aux_blocks_decode(&payload, arena, &blocks));
		assert_int_equal(blocks.n, 7);
	}
}

static void test_buffer(void **state)
{
	struct aux_block v[2] = { aux_block(AUX_TYPE_EXORGINFO),
				  aux_block(AUX_SERVER_SESSION_INFO) };
	struct aux_blocks blocks = { 2, v }, got;
	uint8_t out[128];
	struct wire_w w = wire_w(out, sizeof out);
	struct bin buffer;

	v[0].exorginfo.org_flags = PUBLIC_FOLDERS_ENABLED;
	v[1].server_session_info.server_session_context_info = "caf\xc3\xa9";
	aux_buffer_encode(&w, &blocks, EXT_XOR_MAGIC, arena);
	assert_false(w.full);
	assert_int_equal(out[2], EXT_XOR_MAGIC | EXT_LAST);
	buffer = (struct bin){ out, w.len };
	assert_true(aux_buffer_decode(&buffer, arena, &got));
	assert_int_equal(got.n, 2);
	assert_int_equal(aux_find(&got, AUX_TYPE_EXORGINFO)->
			 exorginfo.org_flags, PUBLIC_FOLDERS_ENABLED);
	assert_string_equal(aux_find(&got, AUX_SERVER_SESSION_INFO)->
			    server_session_info.server_session_context_info,
			    "caf\xc3\xa9");
	assert_null(aux_find(&got, AUX_TYPE_PERF_REQUESTID));
	buffer.len--;
	assert_false(aux_buffer_decode(&buffer, arena, &got));
	buffer.len = 0;
	assert_true(aux_buffer_decode(&buffer, arena, &got));
	assert_int_equal(got.n, 0);
	w = wire_w(out, sizeof out);
	aux_buffer_encode(&w, &got, 0, arena);
	assert_int_equal(w.len, 0);
}

static void test_buffer_too_large(void **state)
{
	uint8_t *data = xcalloc(1, AUX_BUFFER_MAX + 1);
	struct wire_w w = wire_w(data, AUX_BUFFER_MAX + 1);
	struct aux_block block = { .version = 1, .type = 0x7f,
				   .is_raw = true };
	struct aux_blocks blocks = { 1, &block }, got;
	struct bin buffer;

	for (size_t extra = 0; extra < 2; extra++) {
		uint8_t *raw = xcalloc(1, AUX_BUFFER_MAX);

		block.raw = (struct bin){ raw, AUX_BUFFER_MAX - 12 + extra };
		w = wire_w(data, AUX_BUFFER_MAX + 1);
		aux_buffer_encode(&w, &blocks, 0, arena);
		assert_int_equal(w.len, AUX_BUFFER_MAX + extra);
		buffer = (struct bin){ data, w.len };
		assert_int_equal(aux_buffer_decode(&buffer, arena, &got),
				 extra == 0);
		free(raw);
	}
	free(data);
}

static void test_names(void **state)
{
	assert_string_equal(aux_type_name(AUX_TYPE_PERF_CLIENTINFO),
			    "AUX_TYPE_PERF_CLIENTINFO");
	assert_null(aux_type_name((enum aux_type)0x0301));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_buffer),
		cmocka_unit_test(test_buffer_too_large),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
