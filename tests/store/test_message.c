/* SPDX-License-Identifier: Apache-2.0 */
#include "store_env.h"

/* [MS-OXCMSG] 3.2.5.2 */
static void test_create(void **state)
{
	struct env *e = *state;
	struct prop_value v;
	struct message *m;

	assert_int_equal(message_create(e->store, inbox(e), false, 1252, 0,
					&m), EC_SUCCESS);
	assert_int_equal(message_id(m), 0);
	assert_int_equal(message_get_prop(m, PID_TAG_MESSAGE_FLAGS, e->a, &v),
			 EC_SUCCESS);
	assert_int_equal(v.i32, 0x409);
	assert_str(e, m, PID_TAG_MESSAGE_CLASS, "IPM.Note");
	assert_int_equal(message_get_prop(m, PID_TAG_ENTRY_ID, e->a, &v),
			 EC_NOT_FOUND);
	/* nothing is on disk yet */
	assert_int_equal(stat_folder(e, inbox(e)).total, 0);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	assert_int_equal(stat_folder(e, inbox(e)).total, 1);
	assert_int_equal(message_get_prop(m, PID_TAG_ENTRY_ID, e->a, &v),
			 EC_SUCCESS);
	assert_int_equal(v.bin.len, 70);
	message_close(m);
	assert_healthy(e);
}

static void test_roundtrip(void **state)
{
	struct env *e = *state;
	uint64_t id = make_message(e, inbox(e), "RE: hello");
	struct message *m;

	env_reopen(e);
	assert_int_equal(message_open(e->store, inbox(e), id,
				      MESSAGE_READ_ONLY, false, &m),
			 EC_SUCCESS);
	assert_str(e, m, PID_TAG_SUBJECT, "RE: hello");
	assert_str(e, m, PID_TAG_SUBJECT_PREFIX, "RE: ");
	assert_str(e, m, PID_TAG_NORMALIZED_SUBJECT, "hello");
	message_close(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_create, env_setup,
						env_teardown),
		cmocka_unit_test_setup_teardown(test_roundtrip, env_setup,
						env_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
