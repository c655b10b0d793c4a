/* SPDX-License-Identifier: Apache-2.0 */
#include "store_env.h"

static void test_create(void **state)
{
	struct env *e = *state;
	struct store_create_params params = { .mailbox_guid = guid_new() };
	struct folder_info info;
	struct prop_value v;
	struct err err;

	/* [MS-OXCSTOR] 2.2.1.1.3: all folders are there, below the root */
	for (int i = 0; i < SPECIAL_COUNT; i++) {
		uint64_t id = store_special(e->store, (enum special_folder)i);

		assert_int_equal(folder_stat(e->store, id, false, &info),
				 EC_SUCCESS);
		assert_int_equal(store_special_of(e->store, id), i);
		assert_int_equal(info.total, 0);
	}
	assert_int_equal(store_special_of(e->store, db_id(0x1000)),
			 SPECIAL_COUNT);
	assert_int_equal(store_get_prop(e->store, PID_TAG_DISPLAY_NAME, e->a,
					&v), EC_SUCCESS);
	assert_string_equal(v.str, "Alice");
	assert_false(store_create(e->pool, e->path, &params, &err));
	assert_int_equal(err.ec, EC_DUPLICATE_NAME);
	assert_healthy(e);
}

static void test_names(void **state)
{
	assert_string_equal(special_folder_name(SPECIAL_INBOX, 0x0407),
			    "Posteingang");
	assert_string_equal(special_folder_name(SPECIAL_INBOX, 0x0c07),
			    "Posteingang");
	assert_string_equal(special_folder_name(SPECIAL_INBOX, 0x0409),
			    "Inbox");
	assert_string_equal(special_folder_name(SPECIAL_DRAFTS, 0x0404),
			    "草稿");
	assert_string_equal(special_folder_name(SPECIAL_OUTBOX, 0x0804),
			    "发件箱");
	assert_string_equal(special_folder_name(SPECIAL_OUTBOX, 0x0816),
			    "A Enviar");
	assert_string_equal(special_folder_name(SPECIAL_OUTBOX, 0x0416),
			    "Caixa de Saída");
	assert_string_equal(special_folder_name(SPECIAL_SHORTCUTS, 0x0407),
			    "Shortcuts");
	assert_string_equal(special_folder_name(SPECIAL_INBOX, 0x1234),
			    "Inbox");
}

static void test_one_process(void **state)
{
	struct env *e = *state;
	struct env other = { .store = NULL };
	struct store *s;
	struct err err;

	/* another pool stands for another process: flock is per open file */
	strcpy(other.dir, e->dir);
	env_pool(&other);
	assert_int_equal(store_get(other.pool, e->path, &s, &err),
			 EC_WRONG_SERVER);
	assert_non_null(strstr(err.text, "another process"));
	env_close(e);
	assert_int_equal(store_pool_close(e->pool, e->path), EC_SUCCESS);
	assert_int_equal(store_get(other.pool, e->path, &s, &err),
			 EC_SUCCESS);
	store_put(s);
	store_pool_free(other.pool);
	env_open(e, "alice");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_create, env_setup,
						env_teardown),
		cmocka_unit_test(test_names),
		cmocka_unit_test_setup_teardown(test_one_process, env_setup,
						env_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
