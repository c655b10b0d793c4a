/* SPDX-License-Identifier: Apache-2.0 */
/* [MS-OXCPRPT] 3.2.5.21, 3.2.5.22, with a clock of the test's own */
#include "test.h"

#include "mailbox/stream_lock.h"

static const int sessions[2], streams[2];
static const struct stream_owner a = { &sessions[0], &streams[0] };
static const struct stream_owner b = { &sessions[1], &streams[1] };
static const struct stream_key key = { .object = 1, .tag = 0x66000102 };
static const struct stream_key other = { .object = 2, .tag = 0x66000102 };

static int setup(void **state)
{
	*state = stream_locks_new();
	return 0;
}

static int teardown(void **state)
{
	stream_locks_free(*state);
	return 0;
}

static void test_regions(void **state)
{
	struct stream_locks *l = *state;

	assert_true(stream_locks_none(l));
	assert_int_equal(stream_locks_add(l, &key, &a, 10, 10, true, 0),
			 EC_SUCCESS);
	assert_false(stream_locks_none(l));
	/* Next to it, and on another object */
	assert_int_equal(stream_locks_check(l, &key, &b, 0, 10, true),
			 EC_SUCCESS);
	assert_int_equal(stream_locks_check(l, &key, &b, 20, 10, true),
			 EC_SUCCESS);
	assert_int_equal(stream_locks_check(l, &other, &b, 10, 10, true),
			 EC_SUCCESS);
	/* Within, around, up to the end of everything */
	assert_int_equal(stream_locks_check(l, &key, &b, 12, 1, false),
			 EC_ACCESS_DENIED);
	assert_int_equal(stream_locks_check(l, &key, &b, 0, 100, true),
			 EC_ACCESS_DENIED);
	assert_int_equal(stream_locks_check(l, &key, &b, 19, UINT64_MAX,
					    true), EC_ACCESS_DENIED);
	assert_int_equal(stream_locks_check(l, &key, &a, 0, 100, true),
			 EC_SUCCESS);
}

static void test_shared(void **state)
{
	struct stream_locks *l = *state;

	assert_int_equal(stream_locks_add(l, &key, &a, 0, 10, false, 0),
			 EC_SUCCESS);
	assert_int_equal(stream_locks_check(l, &key, &b, 0, 5, false),
			 EC_SUCCESS);
	assert_int_equal(stream_locks_check(l, &key, &b, 0, 5, true),
			 EC_ACCESS_DENIED);
	/* There are no two locks on one region, whatever their flags. */
	assert_int_equal(stream_locks_add(l, &key, &b, 5, 10, false, 0),
			 EC_ACCESS_DENIED);
}

static void test_expiry(void **state)
{
	struct stream_locks *l = *state;

	assert_int_equal(stream_locks_add(l, &key, &a, 0, 10, true, 1000),
			 EC_SUCCESS);
	assert_int_equal(stream_locks_add(l, &key, &b, 0, 10, true, 31000),
			 EC_ACCESS_DENIED);
	stream_locks_touch(l, &sessions[0], 20000);
	assert_int_equal(stream_locks_add(l, &key, &b, 0, 10, true, 50000),
			 EC_ACCESS_DENIED);
	assert_int_equal(stream_locks_add(l, &key, &b, 5, 10, true, 50001),
			 EC_SUCCESS);
	/* The first owner is told once, and is then like any other. */
	assert_int_equal(stream_locks_check(l, &key, &a, 0, 1, false),
			 EC_RPC_FAILED);
	assert_int_equal(stream_locks_check(l, &key, &a, 0, 1, false),
			 EC_SUCCESS);
	assert_int_equal(stream_locks_check(l, &key, &a, 5, 1, false),
			 EC_ACCESS_DENIED);
}

static void test_remove(void **state)
{
	struct stream_locks *l = *state;

	assert_int_equal(stream_locks_add(l, &key, &a, 0, 10, true, 0),
			 EC_SUCCESS);
	assert_int_equal(stream_locks_add(l, &key, &a, 20, 10, true, 0),
			 EC_SUCCESS);
	stream_locks_remove(l, &key, &b, 0, 100);
	assert_int_equal(stream_locks_check(l, &key, &b, 0, 1, false),
			 EC_ACCESS_DENIED);
	stream_locks_remove(l, &key, &a, 5, 1);
	assert_int_equal(stream_locks_check(l, &key, &b, 0, 10, true),
			 EC_SUCCESS);
	assert_int_equal(stream_locks_check(l, &key, &b, 20, 10, true),
			 EC_ACCESS_DENIED);
	stream_locks_close(l, &streams[1]);
	assert_false(stream_locks_none(l));
	stream_locks_close(l, &streams[0]);
	assert_true(stream_locks_none(l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_regions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shared, setup, teardown),
		cmocka_unit_test_setup_teardown(test_expiry, setup, teardown),
		cmocka_unit_test_setup_teardown(test_remove, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
