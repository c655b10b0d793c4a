/* SPDX-License-Identifier: Apache-2.0 */
/* Disks that fill up and fail, and power that goes. */
#include "store_env.h"

enum { KEPT = 64 };

/* What was acknowledged. */
struct acknowledged {
	uint64_t ids[KEPT * 64];
	unsigned n;
};

static char *body_of(unsigned i)
{
	size_t len = i % 5 == 4 ? 90000 : i % 3 == 2 ? 9000 : 500;
	char *body = malloc(len + 1);

	memset(body, 'a' + (int)(i % 26), len);
	body[len] = '\0';
	return body;
}

static enum ec save_one(struct env *e, unsigned i, uint64_t *id)
{
	struct prop_value data = { .tag = PID_TAG_ATTACH_DATA_BINARY };
	char subject[32], *body = body_of(i);
	struct attachment *at;
	struct message *m;
	enum ec ec;

	snprintf(subject, sizeof subject, "message %u", i);
	assert_int_equal(message_create(e->store, inbox(e), false, 0, 0, &m),
			 EC_SUCCESS);
	set_str(m, PID_TAG_SUBJECT, subject);
	set_str(m, PID_TAG_BODY, body);
	data.bin = (struct bin){ (uint8_t *)body, strlen(body) };
	assert_int_equal(attachment_create(m, &at), EC_SUCCESS);
	assert_int_equal(attachment_set_prop(at, &data), EC_SUCCESS);
	assert_int_equal(attachment_save(at), EC_SUCCESS);
	attachment_close(at);
	free(body);
	ec = message_save(m, 0);
	if (ec == EC_SUCCESS)
		*id = message_id(m);
	message_close(m);
	return ec;
}

static void assert_one(struct env *e, uint64_t id)
{
	struct prop_value subject;
	struct attachment *at;
	struct message *m;
	struct stream *s;
	char *body, *got;
	unsigned i;
	size_t len;

	assert_int_equal(message_open(e->store, inbox(e), id,
				      MESSAGE_READ_ONLY, false, &m),
			 EC_SUCCESS);
	assert_int_equal(message_get_prop(m, PID_TAG_SUBJECT, e->a,
					  &subject), EC_SUCCESS);
	assert_int_equal(sscanf(subject.str, "message %u", &i), 1);
	body = body_of(i);
	got = malloc(strlen(body) + 1);
	assert_int_equal(attachment_open(m, 0, MESSAGE_READ_ONLY, &at),
			 EC_SUCCESS);
	assert_int_equal(attachment_open_stream(at,
		PID_TAG_ATTACH_DATA_BINARY, STREAM_READ_ONLY, &s),
		EC_SUCCESS);
	assert_int_equal(stream_read(s, got, strlen(body) + 1, &len),
			 EC_SUCCESS);
	assert_int_equal(len, strlen(body));
	assert_memory_equal(got, body, len);
	stream_close(s);
	attachment_close(at);
	message_close(m);
	free(got);
	free(body);
}

static void assert_all(struct env *e, const struct acknowledged *ack)
{
	for (unsigned i = 0; i < ack->n; i++)
		assert_one(e, ack->ids[i]);
	assert_healthy(e);
	arena_reset(e->a);
}

/*
 * The nth write, truncation or sync fails, for every n that a save has; what
 * was acknowledged stays, what was refused is not there, and when the disk
 * works again, so does the mailbox.
 */
static void fail_everywhere(struct env *e, int rc, enum ec want, bool stay)
{
	struct store_vfs *vfs = store_pool_vfs(e->pool);
	struct acknowledged ack = { .n = 0 };
	unsigned refused = 0, total;
	struct err err;
	uint64_t id;
	enum ec ec;

	sqlite3_exec(db_handle(e->store), "PRAGMA wal_autocheckpoint=8",
		     NULL, NULL, NULL);
	for (unsigned n = 1; n <= KEPT; n++) {
		assert_int_equal(save_one(e, n, &id), EC_SUCCESS);
		ack.ids[ack.n++] = id;
		vfs_fail(vfs, n % 24 + 1, rc, stay);
		ec = save_one(e, n + 1000, &id);
		vfs_fail(vfs, 0, 0, false);
		if (ec == EC_SUCCESS) {
			ack.ids[ack.n++] = id;
			/* a checkpoint may have failed: that loses nothing */
			store_fault(e->store, &err);
			continue;
		}
		refused++;
		assert_int_equal(ec, want);
		assert_true(store_fault(e->store, &err));
		assert_non_null(strstr(err.text, e->path));
		assert_false(store_fault(e->store, &err));
		total = stat_folder(e, inbox(e)).total;
		assert_int_equal(total, ack.n);
	}
	assert_true(refused > 10);
	assert_all(e, &ack);
	env_reopen(e);
	assert_all(e, &ack);
	assert_int_equal(store_size(e->store),
			 stat_folder(e, inbox(e)).size);
}

static void test_disk_full(void **state)
{
	fail_everywhere(*state, SQLITE_FULL, EC_DISK_ERROR, true);
}

static void test_disk_full_once(void **state)
{
	fail_everywhere(*state, SQLITE_FULL, EC_DISK_ERROR, false);
}

static void test_sync_fails(void **state)
{
	fail_everywhere(*state, SQLITE_IOERR_FSYNC, EC_DISK_ERROR, true);
}

/* Other changes, each failing at each of its writes, then done. */
static void test_operations(void **state)
{
	struct env *e = *state;
	struct store_vfs *vfs = store_pool_vfs(e->pool);
	uint64_t a = make_folder(e, inbox(e), "a"), id = 0;
	uint64_t b = make_folder(e, inbox(e), "b");
	struct folder_info before, after;
	bool partial;
	enum ec ec;

	assert_int_equal(save_one(e, 4, &id), EC_SUCCESS);
	for (unsigned n = 1, op = 0; op < 6; n++) {
		before = stat_folder(e, a);
		vfs_fail(vfs, n, SQLITE_FULL, true);
		switch (op) {
		case 0:
			ec = messages_move(e->store, inbox(e), &id, 1, a,
					   &partial);
			break;
		case 1:
			ec = messages_copy(e->store, a, &id, 1, a, &partial);
			break;
		case 2:
			ec = messages_set_read(e->store, a, NULL, 0,
					       READ_FLAG_CLEAR, &partial,
					       NULL);
			break;
		case 3:
			ec = folder_move(e->store, b, a, NULL);
			break;
		case 4:
			ec = messages_delete(e->store, a, &id, 1, false,
					     &partial);
			break;
		default:
			ec = folder_delete(e->store, 0, a, DEL_MESSAGES |
					   DEL_FOLDERS | DELETE_HARD_DELETE,
					   &partial);
		}
		vfs_fail(vfs, 0, 0, false);
		assert_healthy(e);
		if (ec == EC_SUCCESS) {
			op++;
			n = 0;
			continue;
		}
		assert_int_equal(ec, EC_DISK_ERROR);
		/* but for the last, which is many transactions, nothing is */
		if (op == 5)
			continue;
		after = stat_folder(e, a);
		assert_int_equal(before.total, after.total);
		assert_int_equal(before.unread, after.unread);
		assert_int_equal(before.deleted, after.deleted);
		assert_int_equal(before.subfolders, after.subfolders);
		assert_int_equal(before.size, after.size);
	}
	assert_int_equal(stat_folder(e, inbox(e)).subfolders, 0);
}

/* ---- Power ---- */

/* Open what a power loss at this moment would leave, and look. */
static void lose_power(struct env *e, const struct acknowledged *ack,
		       uint64_t seed)
{
	struct store_vfs *vfs = store_pool_vfs(e->pool);
	char from[128], to[128];
	struct env after = { .store = NULL };

	strcpy(after.dir, e->dir);
	snprintf(to, sizeof to, "%s/after.db", e->dir);
	assert_true(vfs_power_loss(vfs, e->path, to, seed));
	snprintf(from, sizeof from, "%s-wal", e->path);
	snprintf(to, sizeof to, "%s/after.db-wal", e->dir);
	assert_true(vfs_power_loss(vfs, from, to, seed));
	after.a = arena_new(0);
	env_pool(&after);
	env_open(&after, "after");
	assert_all(&after, ack);
	env_close(&after);
	store_pool_free(after.pool);
	arena_free(after.a);
	unlink(to);
	snprintf(to, sizeof to, "%s/after.db", e->dir);
	unlink(to);
}

static void test_power_loss(void **state)
{
	struct env *e = *state;
	struct store_vfs *vfs = store_pool_vfs(e->pool);
	struct acknowledged ack = { .n = 0 };
	uint64_t id;

	vfs_track(vfs, true);
	env_close(e);
	assert_int_equal(store_pool_close(e->pool, e->path), EC_SUCCESS);
	env_open(e, "alice");
	sqlite3_exec(db_handle(e->store), "PRAGMA wal_autocheckpoint=40",
		     NULL, NULL, NULL);
	for (unsigned i = 0; i < 60; i++) {
		assert_int_equal(save_one(e, i, &id), EC_SUCCESS);
		ack.ids[ack.n++] = id;
		if (i % 4 == 3) {
			lose_power(e, &ack, 0);
			lose_power(e, &ack, i * 7919 + 1);
		}
	}
}

/* The same in the middle of a save that does not get through. */
static void test_power_loss_within(void **state)
{
	struct env *e = *state;
	struct store_vfs *vfs = store_pool_vfs(e->pool);
	struct acknowledged ack = { .n = 0 };
	uint64_t id;

	vfs_track(vfs, true);
	env_close(e);
	assert_int_equal(store_pool_close(e->pool, e->path), EC_SUCCESS);
	env_open(e, "alice");
	sqlite3_exec(db_handle(e->store), "PRAGMA wal_autocheckpoint=10",
		     NULL, NULL, NULL);
	for (unsigned i = 0; i < 40; i++) {
		vfs_fail(vfs, i % 20 + 1, SQLITE_IOERR_WRITE, true);
		if (save_one(e, i, &id) == EC_SUCCESS)
			ack.ids[ack.n++] = id;
		vfs_fail(vfs, 0, 0, false);
		lose_power(e, &ack, i % 2 == 0 ? 0 : i * 31 + 7);
	}
	assert_true(ack.n > 0 && ack.n < 40);
}

/* The test's own tools: a sync less is noticed. */
static void test_unsynced_is_lost(void **state)
{
	struct env *e = *state;
	struct store_vfs *vfs = store_pool_vfs(e->pool);
	char from[128], to[128];
	struct env after = { .store = NULL };
	uint64_t id;

	vfs_track(vfs, true);
	env_close(e);
	assert_int_equal(store_pool_close(e->pool, e->path), EC_SUCCESS);
	env_open(e, "alice");
	assert_int_equal(save_one(e, 1, &id), EC_SUCCESS);
	sqlite3_exec(db_handle(e->store), "PRAGMA synchronous=OFF", NULL,
		     NULL, NULL);
	assert_int_equal(save_one(e, 2, &id), EC_SUCCESS);
	strcpy(after.dir, e->dir);
	snprintf(to, sizeof to, "%s/after.db", e->dir);
	assert_true(vfs_power_loss(vfs, e->path, to, 0));
	snprintf(from, sizeof from, "%s-wal", e->path);
	snprintf(to, sizeof to, "%s/after.db-wal", e->dir);
	assert_true(vfs_power_loss(vfs, from, to, 0));
	env_pool(&after);
	env_open(&after, "after");
	assert_int_equal(stat_folder(&after, inbox(&after)).total, 1);
	env_close(&after);
	store_pool_free(after.pool);
}

/* No half-made mailbox is left, wherever making it fails. */
static void test_create_fails(void **state)
{
	struct env *e = *state;
	struct store_vfs *vfs = store_pool_vfs(e->pool);
	struct store_create_params params = { .mailbox_guid = guid_new() };
	char path[128], part[160];
	struct err err;
	unsigned n = 1;
	bool made;

	snprintf(path, sizeof path, "%s/new.db", e->dir);
	snprintf(part, sizeof part, "%s.part", path);
	do {
		vfs_fail(vfs, n++, SQLITE_FULL, true);
		made = store_create(e->pool, path, &params, &err);
		vfs_fail(vfs, 0, 0, false);
		assert_int_equal(access(path, F_OK) == 0, made);
		assert_int_not_equal(access(part, F_OK), 0);
	} while (!made && n < 1000);
	assert_true(made);
	assert_true(n > 3);
	env_close(e);
	env_open(e, "new");
	assert_healthy(e);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, env_setup, \
						   env_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_disk_full), TEST(test_disk_full_once),
		TEST(test_sync_fails), TEST(test_operations),
		TEST(test_power_loss), TEST(test_power_loss_within),
		TEST(test_unsynced_is_lost), TEST(test_create_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
