/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to many messages, within a mailbox and between two. */
#include "store_env.h"

static uint64_t drafts(struct env *e)
{
	return store_special(e->store, SPECIAL_DRAFTS);
}

static int count_rows(struct env *e, const char *sql)
{
	struct sqlite3_stmt *stmt;
	int n;

	assert_int_equal(sqlite3_prepare_v2(db_handle(e->store), sql, -1,
					    &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

static struct prop_value get(struct env *e, uint64_t id, uint32_t tag)
{
	struct prop_value v = { .tag = 0 }, out;
	struct message *m;

	assert_int_equal(message_open(e->store, 0, id, MESSAGE_READ_ONLY,
				      true, &m), EC_SUCCESS);
	assert_int_equal(message_get_prop(m, tag, e->a, &v), EC_SUCCESS);
	out = prop_value_copy(e->a, &v);
	message_close(m);
	return out;
}

/* A message with a large body, an attachment and a message in another. */
static uint64_t make_rich(struct env *e, uint64_t folder)
{
	struct prop_value data = { .tag = PID_TAG_ATTACH_DATA_BINARY };
	const struct prop_value name = { .tag = PID_TAG_DISPLAY_NAME,
					 .str = "Bob" };
	struct recipient r = { .row_id = 0, .type = 1, .props = { 1, &name } };
	uint8_t *bytes = calloc(1, 150000);
	struct attachment *at;
	struct message *m, *emb;
	char body[20001];
	uint64_t id;

	memset(body, 'b', 20000);
	body[20000] = '\0';
	assert_int_equal(message_create(e->store, folder, false, 0, 0, &m),
			 EC_SUCCESS);
	set_str(m, PID_TAG_SUBJECT, "rich");
	set_str(m, PID_TAG_BODY, body);
	assert_int_equal(message_set_recipient(m, &r), EC_SUCCESS);
	memset(bytes, 7, 150000);
	data.bin = (struct bin){ bytes, 150000 };
	assert_int_equal(attachment_create(m, &at), EC_SUCCESS);
	assert_int_equal(attachment_set_prop(at, &data), EC_SUCCESS);
	assert_int_equal(attachment_save(at), EC_SUCCESS);
	attachment_close(at);
	assert_int_equal(attachment_create(m, &at), EC_SUCCESS);
	assert_int_equal(attachment_open_embedded(at, EMBEDDED_CREATE, 0,
						  &emb), EC_SUCCESS);
	set_str(emb, PID_TAG_SUBJECT, "inner");
	set_str(emb, PID_TAG_BODY, body);
	assert_int_equal(message_save(emb, 0), EC_SUCCESS);
	message_close(emb);
	assert_int_equal(attachment_save(at), EC_SUCCESS);
	attachment_close(at);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	id = message_id(m);
	message_close(m);
	free(bytes);
	return id;
}

static void assert_rich(struct env *e, uint64_t id)
{
	struct attachment *at;
	struct message *m, *emb;
	struct prop_value v;
	uint8_t byte;
	struct stream *s;
	size_t got;

	assert_int_equal(message_open(e->store, 0, id, MESSAGE_READ_ONLY,
				      true, &m), EC_SUCCESS);
	assert_str(e, m, PID_TAG_SUBJECT, "rich");
	assert_str(e, m, PID_TAG_DISPLAY_TO, "Bob");
	assert_int_equal(message_get_prop(m, PID_TAG_BODY, e->a, &v),
			 EC_SUCCESS);
	assert_int_equal(strlen(v.str), 20000);
	assert_int_equal(attachment_open(m, 0, MESSAGE_READ_ONLY, &at),
			 EC_SUCCESS);
	assert_int_equal(attachment_open_stream(at,
		PID_TAG_ATTACH_DATA_BINARY, STREAM_READ_ONLY, &s),
		EC_SUCCESS);
	assert_int_equal(stream_size(s), 150000);
	stream_seek(s, STREAM_START, 149999, NULL);
	assert_int_equal(stream_read(s, &byte, 1, &got), EC_SUCCESS);
	assert_int_equal(byte, 7);
	stream_close(s);
	attachment_close(at);
	assert_int_equal(attachment_open(m, 1, MESSAGE_READ_ONLY, &at),
			 EC_SUCCESS);
	assert_int_equal(attachment_open_embedded(at, EMBEDDED_READ_ONLY, 0,
						  &emb), EC_SUCCESS);
	assert_str(e, emb, PID_TAG_SUBJECT, "inner");
	assert_int_equal(message_get_prop(emb, PID_TAG_BODY, e->a, &v),
			 EC_SUCCESS);
	assert_int_equal(strlen(v.str), 20000);
	message_close(emb);
	attachment_close(at);
	message_close(m);
}

static void test_copy(void **state)
{
	struct env *e = *state;
	uint64_t id = make_rich(e, inbox(e)), copy;
	bool partial;

	assert_int_equal(messages_copy(e->store, inbox(e), &id, 1, drafts(e),
				       &partial), EC_SUCCESS);
	assert_false(partial);
	assert_int_equal(messages_list(e->store, drafts(e), false, false, 0,
				       &copy, 1), 1);
	assert_int_not_equal(id, copy);
	assert_memory_equal(get(e, id, PID_TAG_SEARCH_KEY).bin.data,
			    get(e, copy, PID_TAG_SEARCH_KEY).bin.data, 16);
	/* the copy is whole when the original is gone */
	assert_int_equal(messages_delete(e->store, inbox(e), &id, 1, true,
					 &partial), EC_SUCCESS);
	assert_healthy(e);
	env_reopen(e);
	assert_rich(e, copy);
	assert_int_equal(messages_delete(e->store, drafts(e), &copy, 1, true,
					 &partial), EC_SUCCESS);
	assert_int_equal(count_rows(e, "SELECT count(*) FROM chunks"), 0);
	assert_int_equal(count_rows(e, "SELECT count(*) FROM messages"), 0);
	assert_int_equal(count_rows(e, "SELECT count(*) FROM attachments"),
			 0);
	assert_int_equal(store_size(e->store), 0);
}

static void test_move(void **state)
{
	struct env *e = *state;
	uint64_t ids[3] = { make_rich(e, inbox(e)), db_id(0xfffff),
			    make_message(e, inbox(e), "x") };
	int64_t cn = get(e, ids[0], PID_TAG_CHANGE_NUMBER).i64;
	struct prop_value pcl, key;
	bool partial;

	assert_int_equal(messages_move(e->store, inbox(e), ids, 3, drafts(e),
				       &partial), EC_SUCCESS);
	assert_true(partial);
	assert_int_equal(stat_folder(e, inbox(e)).total, 0);
	assert_int_equal(stat_folder(e, drafts(e)).total, 2);
	assert_int_equal(stat_folder(e, inbox(e)).size, 0);
	assert_int_not_equal(get(e, ids[0], PID_TAG_CHANGE_NUMBER).i64, cn);
	pcl = get(e, ids[0], PID_TAG_PREDECESSOR_CHANGE_LIST);
	key = get(e, ids[0], PID_TAG_CHANGE_KEY);
	assert_memory_equal(pcl.bin.data + 1, key.bin.data, 22);
	assert_int_equal((uint64_t)get(e, ids[0], PID_TAG_FOLDER_ID).i64,
			 drafts(e));
	assert_rich(e, ids[0]);
	/* to where they are: nothing happens */
	assert_int_equal(messages_move(e->store, drafts(e), ids, 1,
				       drafts(e), &partial), EC_SUCCESS);
	assert_int_equal(stat_folder(e, drafts(e)).total, 2);
	assert_healthy(e);
}

static void test_errors(void **state)
{
	struct env *e = *state;
	struct folder_create params = { .name = "s", .type = FOLDER_SEARCH };
	uint64_t search, id = make_message(e, inbox(e), "x");
	bool existed, partial;
	uint32_t status;

	folder_create(e->store, inbox(e), &params, &search, &existed);
	assert_int_equal(messages_move(e->store, inbox(e), &id, 1, search,
				       &partial), EC_SEARCH_FOLDER);
	assert_int_equal(messages_copy(e->store, inbox(e), &id, 1,
				       db_id(0xfffff), &partial),
			 EC_NOT_FOUND);
	assert_int_equal(messages_copy(e->store, db_id(0xfffff), &id, 1,
				       inbox(e), &partial), EC_NOT_FOUND);
	assert_int_equal(messages_delete(e->store, db_id(0xfffff), &id, 1,
					 false, &partial), EC_NOT_FOUND);
	/* of another replica */
	id = id_make(7, id_counter(id));
	assert_int_equal(messages_delete(e->store, inbox(e), &id, 1, false,
					 &partial), EC_SUCCESS);
	assert_true(partial);
	assert_int_equal(message_get_status(e->store, inbox(e), id, &status),
			 EC_NOT_FOUND);
	assert_int_equal(stat_folder(e, inbox(e)).total, 1);
}

static void test_delete_and_purge(void **state)
{
	struct env *e = *state;
	uint64_t ids[250], listed[250], folder;
	uint32_t purged;
	bool partial;

	for (int i = 0; i < 250; i++)
		ids[i] = make_message(e, inbox(e), "x");
	assert_int_equal(messages_delete(e->store, inbox(e), ids, 249, false,
					 &partial), EC_SUCCESS);
	assert_false(partial);
	/* once more: they are not there any more */
	assert_int_equal(messages_delete(e->store, inbox(e), ids, 2, false,
					 &partial), EC_SUCCESS);
	assert_true(partial);
	assert_int_equal(stat_folder(e, inbox(e)).total, 1);
	assert_int_equal(stat_folder(e, inbox(e)).deleted, 249);
	assert_int_equal(messages_list(e->store, inbox(e), false, true, 0,
				       listed, 250), 249);
	assert_int_equal(listed[0], ids[0]);
	assert_int_equal(messages_list(e->store, inbox(e), false, true,
				       ids[100], listed, 250), 148);
	folder = make_folder(e, inbox(e), "gone");
	make_message(e, make_folder(e, folder, "below"), "y");
	assert_int_equal(folder_delete(e->store, 0, folder,
				       DEL_FOLDERS | DEL_MESSAGES, &partial),
			 EC_SUCCESS);
	/* nothing is that old */
	assert_int_equal(store_purge(e->store, 1, 0, &purged), EC_SUCCESS);
	assert_int_equal(purged, 0);
	assert_int_equal(store_purge(e->store, UINT64_MAX >> 1, 100,
				     &purged), EC_SUCCESS);
	assert_int_equal(purged, 100);
	assert_int_equal(stat_folder(e, inbox(e)).deleted, 149);
	assert_healthy(e);
	assert_int_equal(store_purge(e->store, UINT64_MAX >> 1, 0, &purged),
			 EC_SUCCESS);
	assert_int_equal(purged, 150 + 2);
	assert_int_equal(count_rows(e, "SELECT count(*) FROM messages"), 1);
	assert_int_equal(count_rows(e, "SELECT count(*) FROM folders WHERE "
				    "deleted<>0"), 0);
	assert_healthy(e);
}

/* [MS-OXCMSG] 2.2.3.10, 2.2.3.11 */
static void test_read(void **state)
{
	struct env *e = *state;
	uint64_t ids[205];
	uint32_t changed;
	int64_t cn;
	bool partial;

	for (int i = 0; i < 205; i++)
		ids[i] = make_message(e, inbox(e), "x");
	cn = get(e, ids[0], PID_TAG_CHANGE_NUMBER).i64;
	assert_int_equal(messages_set_read(e->store, inbox(e), NULL, 0,
			READ_FLAG_CLEAR, &partial, &changed), EC_SUCCESS);
	assert_int_equal(changed, 205);
	assert_int_equal(stat_folder(e, inbox(e)).unread, 205);
	assert_int_equal(messages_set_read(e->store, inbox(e), ids, 3,
			READ_FLAG_SUPPRESS_RECEIPT, &partial, &changed),
			EC_SUCCESS);
	assert_int_equal(changed, 3);
	assert_int_equal(stat_folder(e, inbox(e)).unread, 202);
	assert_int_equal(messages_set_read(e->store, inbox(e), ids, 3,
			READ_FLAG_GENERATE_RECEIPT_ONLY | READ_FLAG_CLEAR,
			&partial, &changed), EC_SUCCESS);
	assert_int_equal(changed, 0);
	/* the read state has change numbers of its own */
	assert_int_equal(get(e, ids[0], PID_TAG_CHANGE_NUMBER).i64, cn);
	assert_int_equal(count_rows(e, "SELECT count(*) FROM contents WHERE "
				    "read_cn > cn"), 205);
	ids[1] = db_id(0xfffff);
	assert_int_equal(messages_set_read(e->store, inbox(e), ids, 2,
			READ_FLAG_CLEAR, &partial, &changed), EC_SUCCESS);
	assert_true(partial);
	assert_int_equal(changed, 1);
	assert_healthy(e);
}

/* [MS-OXCMSG] 3.2.5.8: R416, R1500 */
static void test_status(void **state)
{
	struct env *e = *state;
	uint64_t id = make_message(e, inbox(e), "x");
	uint32_t old, now;

	assert_int_equal(message_set_status(e->store, inbox(e), id, 0x1008,
					    0x1008, &old), EC_SUCCESS);
	assert_int_equal(old, 0);
	assert_int_equal(message_set_status(e->store, inbox(e), id, 0,
					    0x0008, &old), EC_SUCCESS);
	assert_int_equal(old, 0x1008);
	env_reopen(e);
	assert_int_equal(message_get_status(e->store, inbox(e), id, &now),
			 EC_SUCCESS);
	assert_int_equal(now, 0x1000);
	assert_int_equal(message_set_status(e->store, inbox(e),
			db_id(0xfffff), 0, 0, &old), EC_NOT_FOUND);
}

/* ---- Between two mailboxes ---- */

static struct store *other_mailbox(struct env *e)
{
	struct store *s;
	char path[96];
	struct err err;

	env_create(e, "bob", 0x0407);
	snprintf(path, sizeof path, "%s/bob.db", e->dir);
	assert_int_equal(store_get(e->pool, path, &s, &err), EC_SUCCESS);
	return s;
}

static const struct prop_name color = {
	.kind = PROP_NAME_STRING, .guid = { { 9, 9, 9 } }, .name = "color" };
static const struct prop_name unrelated = {
	.kind = PROP_NAME_LID, .guid = { { 8, 8 } }, .lid = 77 };

/* Named properties have other IDs there, and arrive under their names. */
static void test_transfer(void **state)
{
	struct env *e = *state;
	struct store *alice = e->store, *bob = other_mailbox(e);
	uint64_t id = make_rich(e, inbox(e)), target, got;
	uint16_t here, there;
	struct message *m;
	bool partial;

	assert_int_equal(named_id(alice, &color, true, &here), EC_SUCCESS);
	message_open(alice, 0, id, MESSAGE_READ_WRITE, false, &m);
	set_str(m, prop_tag_make(here, PTYP_STRING), "red");
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	message_close(m);
	store_unlock(alice);
	assert_int_equal(store_lock(bob), EC_SUCCESS);
	named_id(bob, &unrelated, true, &there);
	target = store_special(bob, SPECIAL_INBOX);
	store_unlock(bob);

	assert_int_equal(messages_transfer(alice, inbox(e), &id, 1, bob,
					   target, true, &partial),
			 EC_SUCCESS);
	assert_false(partial);
	assert_int_equal(messages_transfer(alice, inbox(e), &id, 1, bob,
					   target, true, &partial),
			 EC_SUCCESS);
	assert_true(partial);
	assert_int_equal(store_lock(bob), EC_SUCCESS);
	e->store = bob;
	assert_int_equal(messages_list(bob, target, false, false, 0, &got,
				       1), 1);
	assert_rich(e, got);
	assert_int_equal(named_id(bob, &color, false, &there), EC_SUCCESS);
	assert_int_not_equal(here, there);
	message_open(bob, 0, got, MESSAGE_READ_ONLY, false, &m);
	assert_str(e, m, prop_tag_make(there, PTYP_STRING), "red");
	message_close(m);
	assert_healthy(e);
	store_unlock(bob);
	store_put(bob);
	e->store = alice;
	assert_int_equal(store_lock(alice), EC_SUCCESS);
	assert_int_equal(stat_folder(e, inbox(e)).total, 0);
	assert_int_equal(stat_folder(e, inbox(e)).deleted, 1);
	assert_healthy(e);
}

static void test_transfer_folder(void **state)
{
	struct env *e = *state;
	struct store *alice = e->store, *bob = other_mailbox(e);
	uint64_t folder = make_folder(e, inbox(e), "f"), copy, moved;
	uint64_t sub = make_folder(e, folder, "sub"), target;
	struct prop_value v = str_value(PID_TAG_CONTAINER_CLASS, "IPF.Note");
	struct prop_value got;
	bool partial;

	folder_set_props(alice, folder, &v, 1, NULL);
	make_rich(e, folder);
	for (int i = 0; i < 60; i++)
		make_message(e, sub, "x");
	store_unlock(alice);
	target = store_special(bob, SPECIAL_INBOX);
	assert_int_equal(folder_transfer(alice, folder, bob, target, "copy",
					 true, false, &copy, &partial),
			 EC_SUCCESS);
	assert_int_equal(folder_transfer(alice, folder, bob, target, "copy",
					 true, false, &copy, &partial),
			 EC_DUPLICATE_NAME);
	assert_int_equal(folder_transfer(alice, folder, bob, target, NULL,
					 true, true, &moved, &partial),
			 EC_SUCCESS);
	assert_false(partial);
	assert_int_equal(folder_transfer(alice, inbox(e), bob, target, NULL,
					 true, true, &moved, &partial),
			 EC_ACCESS_DENIED);
	assert_int_equal(store_lock(bob), EC_SUCCESS);
	e->store = bob;
	assert_int_equal(stat_folder(e, copy).total, 1);
	assert_int_equal(stat_folder(e, copy).subfolders, 1);
	assert_int_equal(stat_folder(e, moved).total, 1);
	folder_get_props(bob, moved, &v.tag, 1, e->a, &got);
	assert_string_equal(got.str, "IPF.Note");
	assert_healthy(e);
	store_unlock(bob);
	store_put(bob);
	e->store = alice;
	assert_int_equal(store_lock(alice), EC_SUCCESS);
	assert_int_equal(folder_stat(alice, folder, false,
				     &(struct folder_info){ 0 }),
			 EC_NOT_FOUND);
	assert_healthy(e);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, env_setup, \
						   env_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_copy), TEST(test_move), TEST(test_errors),
		TEST(test_delete_and_purge), TEST(test_read),
		TEST(test_status), TEST(test_transfer),
		TEST(test_transfer_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
