/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "mapi/http_body.h"

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

/* decode(), encode() back, and refuse every truncation and a byte too much */
#define CHECK(type, hex, decode_call) do { \
	struct bin whole = bin_of(hex), body = whole; \
	uint8_t out_[256]; \
	struct wire_w w_ = wire_w(out_, sizeof out_); \
	\
	assert_true(decode_call); \
	type##_encode(&w_, &v); \
	assert_hex(out_, w_.len, hex); \
	for (body.len = 0; body.len < whole.len; body.len++) { \
		uint8_t *exact = memcpy(xmalloc(body.len), whole.data, \
					body.len); \
		\
		body.data = exact; \
		assert_false(decode_call); \
		w_ = wire_w(out_, body.len); \
		type##_encode(&w_, &v); \
		assert_true(w_.full); \
		free(exact); \
	} \
	body = bin_of(hex "00"); \
	assert_false(decode_call); \
} while (0)

/* [MS-OXCMAPIHTTP] 2.2.4.1.1 */
#define CONNECT_REQ "2f6f3d7800 01000000 e4040000 09040000 07040000 " \
	"02000000 aabb"

static void test_connect_req(void **state)
{
	struct connect_req v;

	CHECK(connect_req, CONNECT_REQ,
	      connect_req_decode(&body, arena, &v));
	assert_string_equal(v.user_dn, "/o=x");
	assert_int_equal(v.flags, CONNECT_USE_ADMIN_PRIVILEGE);
	assert_int_equal(v.default_code_page, 1252);
	assert_int_equal(v.lcid_sort, 0x409);
	assert_int_equal(v.lcid_string, 0x407);
	assert_int_equal(v.auxiliary_buffer.len, 2);
}

/* 2.2.4.1.2 */
#define CONNECT_RSP "00000000 00000000 60ea0000 06000000 10270000 " \
	"2f6f3d7800 4100e9000000 01000000 cc"

static void test_connect_rsp(void **state)
{
	struct connect_rsp v;

	CHECK(connect_rsp, CONNECT_RSP,
	      connect_rsp_decode(&body, arena, &v));
	assert_int_equal(v.polls_max, 60000);
	assert_int_equal(v.retry_count, 6);
	assert_int_equal(v.retry_delay, 10000);
	assert_string_equal(v.dn_prefix, "/o=x");
	assert_string_equal(v.display_name, "A\xc3\xa9");
	assert_int_equal(connect_rsp_size(&v), bin_of(CONNECT_RSP).len);
}

/* 2.2.4.1.3 */
static void test_connect_failure(void **state)
{
	struct connect_rsp v;

	CHECK(connect_rsp, "05000000 01000000 cc",
	      connect_rsp_decode(&body, arena, &v));
	assert_int_equal(v.status_code, 5);
	assert_null(v.dn_prefix);
	assert_int_equal(connect_rsp_size(&v), 9);
}

/* 2.2.4.2.1 */
#define EXECUTE_REQ "03000000 02000000 0102 08800000 01000000 cc"

static void test_execute_req(void **state)
{
	struct execute_req v;

	CHECK(execute_req, EXECUTE_REQ, execute_req_decode(&body, &v));
	assert_int_equal(v.flags, EXECUTE_NO_COMPRESSION |
			 EXECUTE_NO_XOR_MAGIC);
	assert_int_equal(v.rop_buffer.len, 2);
	assert_int_equal(v.max_rop_out, 0x8008);
	assert_int_equal(execute_req_size(&v), bin_of(EXECUTE_REQ).len);
}

/* 2.2.4.2.2 and .3 */
static void test_execute_rsp(void **state)
{
	static const char hex[] = "00000000 b6040000 00000000 01000000 aa "
		"00000000";
	struct execute_rsp v;

	CHECK(execute_rsp, "00000000 b6040000 00000000 01000000 aa 00000000",
	      execute_rsp_decode(&body, &v));
	assert_int_equal(v.error_code, EC_RPC_FORMAT);
	assert_int_equal(execute_rsp_size(&v), bin_of(hex).len);
	CHECK(execute_rsp, "01000000 00000000",
	      execute_rsp_decode(&body, &v));
	assert_int_equal(execute_rsp_size(&v), 8);
}

/* 2.2.4.3 */
static void test_disconnect(void **state)
{
	struct disconnect_req v;

	CHECK(disconnect_req, "01000000 aa", disconnect_req_decode(&body, &v));
	assert_int_equal(v.auxiliary_buffer.len, 1);
}

static void test_disconnect_rsp(void **state)
{
	struct disconnect_rsp v;

	CHECK(disconnect_rsp, "00000000 02000000 00000000",
	      disconnect_rsp_decode(&body, &v));
	assert_int_equal(v.error_code, 2);
	CHECK(disconnect_rsp, "02000000 00000000",
	      disconnect_rsp_decode(&body, &v));
}

/* 2.2.4.4 */
static void test_notification_wait(void **state)
{
	struct notification_wait_req v;

	CHECK(notification_wait_req, "00000000 01000000 aa",
	      notification_wait_req_decode(&body, &v));
	assert_int_equal(v.auxiliary_buffer.len, 1);
}

static void test_notification_wait_rsp(void **state)
{
	struct notification_wait_rsp v;

	CHECK(notification_wait_rsp, "00000000 00000000 01000000 00000000",
	      notification_wait_rsp_decode(&body, &v));
	assert_int_equal(v.event_pending, 1);
	CHECK(notification_wait_rsp, "07000000 00000000",
	      notification_wait_rsp_decode(&body, &v));
	assert_int_equal(v.status_code, 7);
}

static void test_absurd_sizes(void **state)
{
	struct bin body = bin_of("00000000 ffffffff 00");
	struct execute_req req = { .flags = 77 };
	struct connect_req connect = { .flags = 77 };

	assert_false(execute_req_decode(&body, &req));
	assert_int_equal(req.flags, 77);
	body = bin_of("");
	assert_false(execute_req_decode(&body, &req));
	body = bin_of("c3a900 00000000 00000000 00000000 00000000 00000000");
	assert_false(connect_req_decode(&body, arena, &connect));
	assert_int_equal(connect.flags, 77);
}

static void test_request_types(void **state)
{
	assert_int_equal(request_type_parse("Connect"), REQUEST_TYPE_CONNECT);
	assert_int_equal(request_type_parse("execute"), REQUEST_TYPE_EXECUTE);
	assert_int_equal(request_type_parse("PING"), REQUEST_TYPE_PING);
	assert_int_equal(request_type_parse("Ping"), REQUEST_TYPE_PING);
	assert_int_equal(request_type_parse("unknown"), REQUEST_TYPE_UNKNOWN);
	assert_int_equal(request_type_parse(""), REQUEST_TYPE_UNKNOWN);
	for (int i = 1; i < REQUEST_TYPE_COUNT; i++)
		assert_int_equal(request_type_parse(request_type_name(
			(enum request_type)i)), i);
	assert_string_equal(request_type_name((enum request_type)99),
			    "unknown");
}

static void test_response_codes(void **state)
{
	assert_string_equal(response_code_name(10), "Context Not Found");
	assert_string_equal(response_code_name(18), "Endpoint Shutting Down");
	assert_string_equal(response_code_name(19), "Unknown");
	for (unsigned i = 0; i <= 18; i++)
		assert_true(strlen(response_code_text(i)) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connect_req),
		cmocka_unit_test(test_connect_rsp),
		cmocka_unit_test(test_connect_failure),
		cmocka_unit_test(test_execute_req),
		cmocka_unit_test(test_execute_rsp),
		cmocka_unit_test(test_disconnect),
		cmocka_unit_test(test_disconnect_rsp),
		cmocka_unit_test(test_notification_wait),
		cmocka_unit_test(test_notification_wait_rsp),
		cmocka_unit_test(test_absurd_sizes),
		cmocka_unit_test(test_request_types),
		cmocka_unit_test(test_response_codes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
