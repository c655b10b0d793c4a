/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "endpoint/cookie.h"

#define GUID "2EF33C39-49C8-421C-B876-CDF7F2AC3AA0"

static void context_cookies_round(void **state)
{
	struct context_cookie in = { .epoch = 0x0123456789abcdef }, out;
	char text[CONTEXT_COOKIE_SIZE], bad[CONTEXT_COOKIE_SIZE + 1];

	for (size_t i = 0; i < TOKEN_SIZE; i++)
		in.token[i] = (uint8_t)(i * 37);
	context_cookie_format(&in, text);
	assert_int_equal(strlen(text), CONTEXT_COOKIE_SIZE - 1);
	assert_memory_equal(text, "MAPI782riWdFIwE", 15);
	assert_true(context_cookie_parse(text, &out));
	assert_memory_equal(&in, &out, sizeof in);
	for (size_t i = 0; i < sizeof text - 1; i++) {
		strcpy(bad, text);
		bad[i] = '=';
		assert_false(context_cookie_parse(bad, &out));
		bad[i] = '\0';
		assert_false(context_cookie_parse(bad, &out));
	}
	strcpy(bad, text);
	strcat(bad, "A");
	assert_false(context_cookie_parse(bad, &out));
	assert_false(context_cookie_parse("", &out));
}

/* As Exchange writes it: "<n>-<base64 of 4 bytes>". */
static void sequence_cookies(void **state)
{
	static const uint8_t random[4] = { 0x20, 0x42, 0x8a, 0x90 };
	char text[SEQUENCE_COOKIE_SIZE];

	sequence_cookie_format(0, random, text);
	assert_string_equal(text, "0-IEKKkA==");
	sequence_cookie_format(4294967295u, random, text);
	assert_string_equal(text, "4294967295-IEKKkA==");
	assert_int_equal(strlen(text), SEQUENCE_COOKIE_SIZE - 1);
}

static void mailbox_ids(void **state)
{
	assert_true(mailbox_id_valid(GUID "@example.test"));
	assert_true(mailbox_id_valid("{" GUID "}@example.test"));
	assert_true(mailbox_id_valid(GUID));
	assert_true(mailbox_id_valid("{" GUID "}"));
	assert_false(mailbox_id_valid(""));
	assert_false(mailbox_id_valid("alice@example.test"));
	assert_false(mailbox_id_valid(GUID "@"));
	assert_false(mailbox_id_valid(GUID "x"));
	assert_false(mailbox_id_valid("{" GUID));
	assert_false(mailbox_id_valid(GUID "}"));
	assert_false(mailbox_id_valid(GUID "@a b"));
	assert_false(mailbox_id_valid(GUID "@a/b"));
	assert_false(mailbox_id_valid("ZEF33C39-49C8-421C-B876-CDF7F2AC3AA0"));
}

/* [MS-OXCMAPIHTTP] 2.2.3.3.2 */
static void request_ids(void **state)
{
	assert_true(request_id_valid("E2EA6C1C-E61B-49E9-9CFB-38184F907552"
				     ":123456"));
	assert_true(request_id_valid("{" GUID "}:1"));
	assert_false(request_id_valid(GUID));
	assert_false(request_id_valid(GUID ":"));
	assert_false(request_id_valid(GUID ":x"));
	assert_false(request_id_valid(GUID ":1 "));
	assert_false(request_id_valid("{" GUID ":1"));
	assert_false(request_id_valid("1:1"));
	assert_false(request_id_valid(""));
	assert_false(request_id_valid(GUID ":123456789012345678901"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(context_cookies_round),
		cmocka_unit_test(sequence_cookies),
		cmocka_unit_test(mailbox_ids),
		cmocka_unit_test(request_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
