/* SPDX-License-Identifier: Apache-2.0 */
#include "store_env.h"

static void test_create(void **state)
{
	struct env *e = *state;
	struct store_create_params params = { .mailbox_guid = guid_new() };
	struct folder_info info;
	struct prop_value v;
	struct stat st;
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
	/* readable by its owner alone */
	assert_int_equal(stat(e->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
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

/* [MS-OXCSTOR] 3.2.3, 3.2.5.2: the examples R3115 to R3122 */
static void test_receive_folder(void **state)
{
	struct env *e = *state;
	uint64_t folder = make_folder(e, inbox(e), "mine"), id;
	const struct receive_folder *rows;
	char class[MESSAGE_CLASS_SIZE];

	assert_int_equal(store_receive_folders(e->store, e->a, &rows), 4);
	store_get_receive_folder(e->store, "IPM.MY.Class", &id, class);
	assert_string_equal(class, "IPM");
	assert_int_equal(id, inbox(e));
	store_get_receive_folder(e->store, "MY.Class", &id, class);
	assert_string_equal(class, "");
	assert_int_equal(id, inbox(e));
	store_get_receive_folder(e->store, "IPC.x", &id, class);
	assert_int_equal(id, store_special(e->store, SPECIAL_ROOT));
	store_get_receive_folder(e->store, "report.ipm.note", &id, class);
	assert_string_equal(class, "Report.IPM");

	assert_int_equal(store_set_receive_folder(e->store, "MY.Class",
						  folder), EC_SUCCESS);
	env_reopen(e);
	store_get_receive_folder(e->store, "my.class.SOMETHING", &id, class);
	assert_string_equal(class, "MY.Class");
	assert_int_equal(id, folder);
	/* not a prefix that ends where a part does */
	store_get_receive_folder(e->store, "MY.Classes", &id, class);
	assert_string_equal(class, "");
	assert_int_equal(store_set_receive_folder(e->store, "my.CLASS", 0),
			 EC_SUCCESS);
	store_get_receive_folder(e->store, "MY.Class", &id, class);
	assert_string_equal(class, "");
}

static void test_receive_folder_errors(void **state)
{
	struct env *e = *state;
	char class[MESSAGE_CLASS_SIZE], longest[300];
	uint64_t id;

	memset(longest, 'x', sizeof longest);
	longest[254] = '\0';
	assert_true(message_class_valid(longest));
	longest[254] = 'x';
	longest[255] = '\0';
	assert_false(message_class_valid(longest));
	assert_false(message_class_valid(".IPM"));
	assert_false(message_class_valid("IPM."));
	assert_false(message_class_valid("IPM..Note"));
	assert_false(message_class_valid("IPM\x7f"));
	assert_false(message_class_valid("IPM\t"));
	assert_false(message_class_valid("\xc3\xa4"));
	assert_true(message_class_valid(""));
	assert_int_equal(store_get_receive_folder(e->store, "a..b", &id,
						  class), EC_INVALID_PARAM);
	assert_int_equal(store_set_receive_folder(e->store, "a..b",
						  inbox(e)),
			 EC_INVALID_PARAM);
	assert_int_equal(store_set_receive_folder(e->store, "ipm", inbox(e)),
			 EC_ACCESS_DENIED);
	assert_int_equal(store_set_receive_folder(e->store, "REPORT.IPM",
						  inbox(e)),
			 EC_ACCESS_DENIED);
	assert_int_equal(store_set_receive_folder(e->store, "", 0),
			 EC_ERROR);
	assert_int_equal(store_set_receive_folder(e->store, "x",
						  db_id(0xffff)),
			 EC_NOT_FOUND);
}

static void test_replicas(void **state)
{
	struct env *e = *state;
	struct guid a = guid_new(), b = guid_new(), got, none = { { 0 } };
	struct guid own = store_replica_guid(e->store);
	uint16_t ra, rb, again;

	assert_int_equal(store_replid(e->store, &own, &again), EC_SUCCESS);
	assert_int_equal(again, STORE_REPLID);
	assert_int_equal(store_replid(e->store, &a, &ra), EC_SUCCESS);
	assert_int_equal(store_replid(e->store, &b, &rb), EC_SUCCESS);
	assert_int_not_equal(ra, STORE_REPLID);
	assert_int_not_equal(ra, rb);
	env_reopen(e);
	assert_int_equal(store_replid(e->store, &a, &again), EC_SUCCESS);
	assert_int_equal(ra, again);
	assert_int_equal(store_replguid(e->store, rb, &got), EC_SUCCESS);
	assert_true(guid_equal(&got, &b));
	assert_int_equal(store_replguid(e->store, STORE_REPLID, &got),
			 EC_SUCCESS);
	assert_true(guid_equal(&got, &own));
	assert_int_equal(store_replguid(e->store, 999, &got), EC_NOT_FOUND);
	assert_int_equal(store_replid(e->store, &none, &ra),
			 EC_INVALID_PARAM);
}

static void test_reserved(void **state)
{
	struct env *e = *state;
	uint64_t first, second, id;
	struct message *m;

	assert_int_equal(store_reserve_ids(e->store, 10000, &first),
			 EC_SUCCESS);
	assert_int_equal(store_reserve_ids(e->store, 1, &second),
			 EC_SUCCESS);
	assert_int_equal(id_counter(second), id_counter(first) + 10000);
	assert_int_equal(store_reserve_ids(e->store, 0, &second),
			 EC_INVALID_PARAM);
	/* the store's own never fall into the range */
	id = make_message(e, inbox(e), "own");
	assert_true(id_counter(id) > id_counter(second));
	env_reopen(e);
	id = make_message(e, inbox(e), "own");
	assert_true(id_counter(id) > id_counter(second));
	assert_true(store_id_issued(e->store, first));
	assert_false(store_id_issued(e->store, db_id(UINT64_C(1) << 40)));
	/* a message with one of them */
	first = db_id(id_counter(first) + 5);
	assert_int_equal(message_create(e->store, inbox(e), false, 0, first,
					&m), EC_SUCCESS);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	assert_int_equal(message_id(m), first);
	message_close(m);
	assert_int_equal(message_create(e->store, inbox(e), false, 0,
					db_id(UINT64_C(1) << 40), &m),
			 EC_INVALID_PARAM);
}

static void test_per_user(void **state)
{
	struct env *e = *state;
	uint8_t folder[24] = { 1 }, other[24] = { 2 };
	struct guid replica = guid_new(), got, unknown = guid_new();
	const uint8_t (*list)[24];
	struct bin data;
	size_t n;

	assert_int_equal(store_per_user_get(e->store, folder, e->a, &data),
			 EC_SUCCESS);
	assert_int_equal(data.len, 0);
	assert_int_equal(store_per_user_guid(e->store, folder, &got),
			 EC_NOT_FOUND);
	data = (struct bin){ (const uint8_t *)"abc", 3 };
	assert_int_equal(store_per_user_set(e->store, folder, &replica,
					    data), EC_SUCCESS);
	assert_int_equal(store_per_user_set(e->store, other, &replica,
					    (struct bin){ NULL, 0 }),
			 EC_SUCCESS);
	assert_int_equal(store_per_user_get(e->store, folder, e->a, &data),
			 EC_SUCCESS);
	assert_int_equal(data.len, 3);
	assert_memory_equal(data.data, "abc", 3);
	assert_int_equal(store_per_user_list(e->store, &replica, e->a, &n,
					     &list), EC_SUCCESS);
	assert_int_equal(n, 2);
	assert_memory_equal(list[0], folder, 24);
	assert_int_equal(store_per_user_guid(e->store, other, &got),
			 EC_SUCCESS);
	assert_true(guid_equal(&got, &replica));
	assert_int_equal(store_per_user_list(e->store, &unknown, e->a, &n,
					     &list), EC_SUCCESS);
	assert_int_equal(n, 0);
}

static void test_props(void **state)
{
	struct env *e = *state;
	const struct prop_value set[] = {
		{ .tag = PID_TAG_COMMENT, .str = "mine" },
		{ .tag = PID_TAG_OUT_OF_OFFICE_STATE, .b = true },
		{ .tag = PID_TAG_MESSAGE_SIZE, .i32 = 1 },
	};
	const uint32_t gone[] = { PID_TAG_COMMENT };
	struct guid guid = store_mailbox_guid(e->store);
	struct prop_tags tags;
	struct prop_value v;
	enum ec errors[3];

	assert_int_equal(store_set_props(e->store, set, 3, errors),
			 EC_SUCCESS);
	assert_int_equal(errors[0], EC_SUCCESS);
	assert_int_equal(errors[2], EC_COMPUTED);
	env_reopen(e);
	assert_int_equal(store_get_prop(e->store, PID_TAG_COMMENT, e->a, &v),
			 EC_SUCCESS);
	assert_string_equal(v.str, "mine");
	assert_int_equal(store_get_prop(e->store, PID_TAG_STORE_RECORD_KEY,
					e->a, &v), EC_SUCCESS);
	assert_memory_equal(v.bin.data, guid.b, 16);
	assert_int_equal(store_get_prop(e->store, PID_TAG_IPM_SUBTREE_ENTRY_ID,
					e->a, &v), EC_SUCCESS);
	assert_int_equal(v.bin.len, 46);
	/* [MS-OXCSTOR] 2.2.2.1.1.6 */
	make_message(e, inbox(e), "one");
	make_message(e, store_special(e->store, SPECIAL_DRAFTS), "two");
	assert_int_equal(store_get_prop(e->store, PID_TAG_CONTENT_COUNT,
					e->a, &v), EC_SUCCESS);
	assert_int_equal(v.i32, 2);
	env_reopen(e);
	store_get_prop(e->store, PID_TAG_CONTENT_COUNT, e->a, &v);
	assert_int_equal(v.i32, 2);
	/* no quota, no property */
	assert_int_equal(store_get_prop(e->store,
					PID_TAG_PROHIBIT_SEND_QUOTA, e->a,
					&v), EC_NOT_FOUND);
	assert_int_equal(store_list_props(e->store, e->a, &tags),
			 EC_SUCCESS);
	assert_true(tags.n > 10);
	assert_int_equal(store_delete_props(e->store, gone, 1, errors),
			 EC_SUCCESS);
	assert_int_equal(store_get_prop(e->store, PID_TAG_COMMENT, e->a, &v),
			 EC_NOT_FOUND);
	assert_int_equal(store_get_prop(e->store, PID_TAG_OUT_OF_OFFICE_STATE,
					e->a, &v), EC_SUCCESS);
	assert_true(v.b);
}

static void test_quota(void **state)
{
	struct env *e = *state;
	struct store_quota q = { .warn = 1, .no_send = 1 << 20 }, got;
	struct message *m;
	struct prop_value v;

	assert_int_equal(store_quota_state(e->store), QUOTA_OK);
	assert_int_equal(store_set_quota(e->store, &q), EC_SUCCESS);
	make_message(e, inbox(e), "one");
	assert_true(store_size(e->store) > 100);
	assert_int_equal(store_quota_state(e->store), QUOTA_WARN);
	assert_int_equal(store_get_prop(e->store,
					PID_TAG_PROHIBIT_SEND_QUOTA, e->a,
					&v), EC_SUCCESS);
	assert_int_equal(v.i32, 1024);
	q.no_send = 2;
	assert_int_equal(store_set_quota(e->store, &q), EC_SUCCESS);
	assert_int_equal(store_quota_state(e->store), QUOTA_NO_SEND);
	q.no_receive = 3;
	assert_int_equal(store_set_quota(e->store, &q), EC_SUCCESS);
	env_reopen(e);
	store_get_quota(e->store, &got);
	assert_memory_equal(&got, &q, sizeof q);
	assert_int_equal(store_quota_state(e->store), QUOTA_NO_RECEIVE);
	assert_int_equal(message_create(e->store, inbox(e), false, 0, 0, &m),
			 EC_SUCCESS);
	assert_int_equal(message_save(m, 0), EC_QUOTA_EXCEEDED);
	message_close(m);
}

static void test_backup(void **state)
{
	struct env *e = *state;
	uint64_t id = make_message(e, inbox(e), "kept");
	struct message *m;
	struct err err;
	char copy[128];

	snprintf(copy, sizeof copy, "%s/copy.db", e->dir);
	assert_true(store_backup(e->store, copy, &err));
	assert_false(store_backup(e->store, copy, &err));
	assert_int_equal(err.ec, EC_DUPLICATE_NAME);
	make_message(e, inbox(e), "later");
	env_close(e);
	env_open(e, "copy");
	assert_int_equal(stat_folder(e, inbox(e)).total, 1);
	assert_int_equal(message_open(e->store, inbox(e), id,
				      MESSAGE_READ_ONLY, false, &m),
			 EC_SUCCESS);
	message_close(m);
	assert_healthy(e);
}

static void test_restore(void **state)
{
	struct env *e = *state;
	uint64_t id = make_message(e, inbox(e), "kept"), later, fresh;
	struct message *m;
	struct err err;
	char copy[128], back[128], none[128];

	snprintf(copy, sizeof copy, "%s/copy", e->dir);
	snprintf(back, sizeof back, "%s/back.db", e->dir);
	snprintf(none, sizeof none, "%s/none", e->dir);
	assert_true(store_backup(e->store, copy, &err));
	later = make_message(e, inbox(e), "later");
	assert_true(store_restore(e->pool, copy, back, &err));
	assert_false(store_restore(e->pool, copy, back, &err));
	assert_int_equal(err.ec, EC_DUPLICATE_NAME);
	assert_false(store_restore(e->pool, none, none, &err));
	assert_int_equal(err.ec, EC_NOT_FOUND);
	env_close(e);
	env_open(e, "back");
	assert_int_equal(message_open(e->store, inbox(e), id,
				      MESSAGE_READ_ONLY, false, &m),
			 EC_SUCCESS);
	message_close(m);
	/* what was given out after the backup is not given out again */
	fresh = make_message(e, inbox(e), "fresh");
	assert_true(id_counter(fresh) > id_counter(later));
	assert_healthy(e);
	/* not a mailbox */
	unlink(back);
	fclose(fopen(none, "w"));
	assert_false(store_restore(e->pool, none, back, &err));
	assert_int_equal(access(back, F_OK), -1);
}

static void test_check(void **state)
{
	struct env *e = *state;
	uint32_t problems;
	struct err err;

	make_message(e, inbox(e), "one");
	sqlite3_exec(db_handle(e->store), "UPDATE folders SET total=7, "
		     "unread=3, size=12 WHERE id=5", NULL, NULL, NULL);
	assert_true(store_check(e->store, false, NULL, NULL, &problems,
				&err));
	assert_int_equal(problems, 1);
	assert_true(store_check(e->store, true, NULL, NULL, &problems,
				&err));
	assert_int_equal(problems, 0);
	assert_healthy(e);
	assert_int_equal(stat_folder(e, inbox(e)).total, 1);
	assert_int_equal(store_size(e->store),
			 stat_folder(e, inbox(e)).size);
	sqlite3_exec(db_handle(e->store), "UPDATE messages SET "
		     "props=x'0100ffff'", NULL, NULL, NULL);
	assert_true(store_check(e->store, true, NULL, NULL, &problems,
				&err));
	assert_int_equal(problems, 1);
}

static void test_open_errors(void **state)
{
	struct env *e = *state;
	char path[128];
	struct store *s;
	struct err err;
	FILE *f;

	snprintf(path, sizeof path, "%s/none.db", e->dir);
	assert_int_equal(store_get(e->pool, path, &s, &err), EC_NOT_FOUND);
	f = fopen(path, "w");
	for (int i = 0; i < 10000; i++)
		fputs("not a database", f);
	fclose(f);
	assert_int_equal(store_get(e->pool, path, &s, &err),
			 EC_CORRUPT_STORE);
	assert_non_null(strstr(err.text, path));
	/* an empty file is a database without our tables */
	f = fopen(path, "w");
	fclose(f);
	assert_int_equal(store_get(e->pool, path, &s, &err),
			 EC_CORRUPT_STORE);
	env_close(e);
	assert_int_equal(store_pool_close(e->pool, e->path), EC_SUCCESS);
	/* made by a newer version */
	env_open(e, "alice");
	sqlite3_exec(db_handle(e->store), "PRAGMA user_version=999", NULL,
		     NULL, NULL);
	env_close(e);
	assert_int_equal(store_pool_close(e->pool, e->path), EC_SUCCESS);
	assert_int_equal(store_get(e->pool, e->path, &s, &err),
			 EC_INVALID_VERSION);
}

static void test_lru(void **state)
{
	struct env *e = *state;
	struct store_pool_stats stats;
	struct store *stores[4];
	char name[16], path[128];
	struct err err;

	e->pool->max_open = 2;
	env_close(e);
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof name, "m%d", i);
		env_create(e, name, 0);
		snprintf(path, sizeof path, "%s/%s.db", e->dir, name);
		assert_int_equal(store_get(e->pool, path, &stores[i], &err),
				 EC_SUCCESS);
	}
	store_pool_stats(e->pool, &stats);
	assert_int_equal(stats.open, 4);  /* all in use: alice is gone */
	assert_int_equal(stats.in_use, 4);
	for (int i = 0; i < 4; i++)
		store_put(stores[i]);
	store_pool_stats(e->pool, &stats);
	assert_int_equal(stats.open, 2);
	assert_int_equal(stats.in_use, 0);
	assert_int_equal(stats.evicted, 3);
	env_open(e, "alice");
	assert_int_equal(store_pool_close(e->pool, e->path),
			 EC_SERVER_BUSY);
}

struct waiter {
	struct store *store;
	_Atomic int got, busy;
};

static void *wait_for_lock(void *arg)
{
	struct waiter *w = arg;
	enum ec ec = store_lock(w->store);

	if (ec == EC_SERVER_BUSY) {
		w->busy++;
		return NULL;
	}
	w->got++;
	store_unlock(w->store);
	return NULL;
}

static void test_waiters(void **state)
{
	struct env *e = *state;
	struct waiter w = { .store = e->store };
	pthread_t threads[15];

	for (int i = 0; i < 15; i++)
		pthread_create(&threads[i], NULL, wait_for_lock, &w);
	while (w.busy < 5)
		usleep(1000);
	store_unlock(e->store);
	for (int i = 0; i < 15; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(w.busy, 5);      /* the 11th to the 15th */
	assert_int_equal(w.got, 10);
	assert_int_equal(store_lock(e->store), EC_SUCCESS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, env_setup, \
						   env_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create),
		cmocka_unit_test(test_names),
		TEST(test_one_process),
		TEST(test_receive_folder),
		TEST(test_receive_folder_errors),
		TEST(test_replicas),
		TEST(test_reserved),
		TEST(test_per_user),
		TEST(test_props),
		TEST(test_quota),
		TEST(test_backup),
		TEST(test_restore),
		TEST(test_check),
		TEST(test_open_errors),
		TEST(test_lru),
		TEST(test_waiters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
