/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations at random, with fixed seeds, on a mailbox and on a simple model
 * in memory; now and then both must say the same.
 */
#include "store_env.h"

enum { FOLDERS = 12, MESSAGES = 400 };

struct model_folder {
	uint64_t id;              /* 0: none */
	int parent;               /* -1: the inbox */
};

struct model_message {
	uint64_t id;              /* 0: none */
	int folder;
	bool deleted, read, associated;
	unsigned subject, body;   /* body: length */
};

struct model {
	struct env *e;
	struct model_folder folders[FOLDERS];
	struct model_message messages[MESSAGES];
	uint64_t seed;
	unsigned names;
};

static unsigned pick(struct model *m, unsigned n)
{
	m->seed ^= m->seed << 13;
	m->seed ^= m->seed >> 7;
	m->seed ^= m->seed << 17;
	return (unsigned)(m->seed >> 33) % n;
}

static uint64_t folder_id(struct model *m, int f)
{
	return f < 0 ? inbox(m->e) : m->folders[f].id;
}

/* A folder that is there, or -1 for the inbox. */
static int any_folder(struct model *m)
{
	int f = (int)pick(m, FOLDERS);

	return m->folders[f].id != 0 ? f : -1;
}

static struct model_message *any_message(struct model *m)
{
	struct model_message *msg = &m->messages[pick(m, MESSAGES)];

	return msg->id != 0 && !msg->deleted ? msg : NULL;
}

static struct model_message *free_message(struct model *m)
{
	for (int i = 0; i < MESSAGES; i++)
		if (m->messages[i].id == 0)
			return &m->messages[i];
	return NULL;
}

static void set_text(struct model_message *msg, struct message *m)
{
	char subject[32], *body = malloc(msg->body + 1);

	snprintf(subject, sizeof subject, "subject %u", msg->subject);
	memset(body, 'b', msg->body);
	body[msg->body] = '\0';
	set_str(m, PID_TAG_SUBJECT, subject);
	set_str(m, PID_TAG_BODY, body);
	free(body);
}

/* ---- Operations ---- */

static void op_create(struct model *m)
{
	static const unsigned sizes[] = { 0, 10, 2000, 9000, 80000 };
	struct model_message *msg = free_message(m);
	struct message *obj;
	struct prop_value flags = { .tag = PID_TAG_MESSAGE_FLAGS };

	if (msg == NULL)
		return;
	msg->folder = any_folder(m);
	msg->associated = pick(m, 8) == 0;
	msg->read = pick(m, 2);
	msg->deleted = false;
	msg->subject = pick(m, 1000);
	msg->body = sizes[pick(m, 5)];
	assert_int_equal(message_create(m->e->store,
			folder_id(m, msg->folder), msg->associated, 0, 0,
			&obj), EC_SUCCESS);
	flags.i32 = msg->read;
	assert_int_equal(message_set_prop(obj, &flags), EC_SUCCESS);
	set_text(msg, obj);
	assert_int_equal(message_save(obj, 0), EC_SUCCESS);
	msg->id = message_id(obj);
	message_close(obj);
}

static void op_change(struct model *m)
{
	struct model_message *msg = any_message(m);
	struct message *obj;

	if (msg == NULL)
		return;
	msg->subject = pick(m, 1000);
	msg->body = pick(m, 20000);
	assert_int_equal(message_open(m->e->store, 0, msg->id,
				      MESSAGE_READ_WRITE, false, &obj),
			 EC_SUCCESS);
	set_text(msg, obj);
	assert_int_equal(message_save(obj, 0), EC_SUCCESS);
	message_close(obj);
}

static void op_read(struct model *m)
{
	struct model_message *msg = any_message(m);
	bool partial;

	if (msg == NULL)
		return;
	msg->read = !msg->read;
	assert_int_equal(messages_set_read(m->e->store,
		folder_id(m, msg->folder), &msg->id, 1,
		msg->read ? 0 : READ_FLAG_CLEAR, &partial, NULL),
		EC_SUCCESS);
	assert_false(partial);
}

static void op_read_all(struct model *m)
{
	int f = any_folder(m);
	bool partial;

	assert_int_equal(messages_set_read(m->e->store, folder_id(m, f),
					   NULL, 0, 0, &partial, NULL),
			 EC_SUCCESS);
	for (int i = 0; i < MESSAGES; i++)
		if (m->messages[i].folder == f && !m->messages[i].deleted &&
		    !m->messages[i].associated)
			m->messages[i].read = true;
}

static void op_move(struct model *m)
{
	struct model_message *msg = any_message(m);
	int to = any_folder(m);
	bool partial;

	if (msg == NULL)
		return;
	assert_int_equal(messages_move(m->e->store,
		folder_id(m, msg->folder), &msg->id, 1, folder_id(m, to),
		&partial), EC_SUCCESS);
	assert_false(partial);
	msg->folder = to;
}

static void op_copy(struct model *m)
{
	struct model_message *msg = any_message(m), *copy = free_message(m);
	uint64_t before[MESSAGES], after[MESSAGES + 1];
	int to = any_folder(m);
	bool partial;
	size_t n, k;

	if (msg == NULL || copy == NULL)
		return;
	n = messages_list(m->e->store, folder_id(m, to), msg->associated,
			  false, 0, before, MESSAGES);
	assert_int_equal(messages_copy(m->e->store,
		folder_id(m, msg->folder), &msg->id, 1, folder_id(m, to),
		&partial), EC_SUCCESS);
	k = messages_list(m->e->store, folder_id(m, to), msg->associated,
			  false, 0, after, MESSAGES + 1);
	assert_int_equal(k, n + 1);
	*copy = *msg;
	copy->folder = to;
	copy->id = after[n];      /* IDs grow */
}

static void op_delete(struct model *m)
{
	struct model_message *msg = any_message(m);
	bool hard = pick(m, 2), partial;

	if (msg == NULL)
		return;
	assert_int_equal(messages_delete(m->e->store,
		folder_id(m, msg->folder), &msg->id, 1, hard, &partial),
		EC_SUCCESS);
	assert_false(partial);
	if (hard)
		msg->id = 0;
	else
		msg->deleted = true;
}

static void op_folder(struct model *m)
{
	int f = (int)pick(m, FOLDERS);
	char name[32];

	if (m->folders[f].id != 0)
		return;
	m->folders[f].parent = any_folder(m);
	snprintf(name, sizeof name, "folder %u", m->names++);
	m->folders[f].id = make_folder(m->e,
		folder_id(m, m->folders[f].parent), name);
}

static bool is_below(struct model *m, int f, int ancestor)
{
	for (; f >= 0; f = m->folders[f].parent)
		if (f == ancestor)
			return true;
	return false;
}

static void op_move_folder(struct model *m)
{
	int f = any_folder(m), to = any_folder(m);
	enum ec ec;

	if (f < 0)
		return;
	ec = folder_move(m->e->store, folder_id(m, f), folder_id(m, to),
			 NULL);
	if (is_below(m, to, f)) {
		assert_int_equal(ec, EC_FOLDER_CYCLE);
		return;
	}
	assert_int_equal(ec, EC_SUCCESS);
	m->folders[f].parent = to;
}

static void forget_folder(struct model *m, int f)
{
	for (int i = 0; i < MESSAGES; i++)
		if (m->messages[i].folder == f)
			m->messages[i].id = 0;
	m->folders[f].id = 0;
}

static void op_delete_folder(struct model *m)
{
	int f = any_folder(m), gone[FOLDERS], n = 0;
	bool partial;

	if (f < 0)
		return;
	assert_int_equal(folder_delete(m->e->store, 0, folder_id(m, f),
		DEL_FOLDERS | DEL_MESSAGES |
		(pick(m, 2) ? DELETE_HARD_DELETE : 0), &partial),
		EC_SUCCESS);
	assert_false(partial);
	for (int i = 0; i < FOLDERS; i++)
		if (m->folders[i].id != 0 && is_below(m, i, f))
			gone[n++] = i;
	while (n > 0)
		forget_folder(m, gone[--n]);
}

static void op_purge(struct model *m)
{
	uint32_t purged;

	assert_int_equal(store_purge(m->e->store, UINT64_MAX >> 1, 0,
				     &purged), EC_SUCCESS);
	for (int i = 0; i < MESSAGES; i++)
		if (m->messages[i].deleted)
			m->messages[i] = (struct model_message){ .id = 0 };
}

/* A write that fails somewhere changes nothing. */
static void op_failing(struct model *m)
{
	struct store_vfs *vfs = store_pool_vfs(m->e->pool);
	struct model_message *msg = any_message(m);
	struct message *obj;
	struct err err;
	enum ec ec;

	if (msg == NULL)
		return;
	assert_int_equal(message_open(m->e->store, 0, msg->id,
				      MESSAGE_READ_WRITE, false, &obj),
			 EC_SUCCESS);
	set_str(obj, PID_TAG_SUBJECT, "must not be seen");
	vfs_fail(vfs, 1 + pick(m, 3), SQLITE_FULL, true);
	ec = message_save(obj, 0);
	vfs_fail(vfs, 0, 0, false);
	if (ec == EC_SUCCESS) {
		/* it needed fewer writes than that */
		set_text(msg, obj);
		assert_int_equal(message_save(obj, 0), EC_SUCCESS);
	} else {
		assert_int_equal(ec, EC_DISK_ERROR);
		assert_true(store_fault(m->e->store, &err));
	}
	message_close(obj);
}

/* ---- Comparing ---- */

static void compare_folder(struct model *m, int f)
{
	struct folder_info info = stat_folder(m->e, folder_id(m, f));
	unsigned total = 0, unread = 0, associated = 0, deleted = 0;
	unsigned deleted_associated = 0, subfolders = 0;

	for (int i = 0; i < MESSAGES; i++) {
		const struct model_message *msg = &m->messages[i];

		if (msg->id == 0 || msg->folder != f)
			continue;
		total += !msg->deleted && !msg->associated;
		unread += !msg->deleted && !msg->associated && !msg->read;
		associated += !msg->deleted && msg->associated;
		deleted += msg->deleted && !msg->associated;
		deleted_associated += msg->deleted && msg->associated;
	}
	for (int i = 0; i < FOLDERS; i++)
		subfolders += m->folders[i].id != 0 &&
			m->folders[i].parent == f;
	assert_int_equal(info.total, total);
	assert_int_equal(info.unread, unread);
	assert_int_equal(info.associated, associated);
	assert_int_equal(info.deleted, deleted);
	assert_int_equal(info.deleted_associated, deleted_associated);
	assert_int_equal(info.subfolders, subfolders);
	if (f >= 0)
		assert_int_equal(info.parent_id,
				 folder_id(m, m->folders[f].parent));
}

static void compare_message(struct model *m, const struct model_message *msg)
{
	struct message *obj;
	struct prop_value v;
	char subject[32];
	uint64_t size;

	assert_int_equal(message_open(m->e->store, folder_id(m, msg->folder),
				      msg->id, MESSAGE_READ_ONLY, true, &obj),
			 EC_SUCCESS);
	snprintf(subject, sizeof subject, "subject %u", msg->subject);
	assert_str(m->e, obj, PID_TAG_SUBJECT, subject);
	assert_int_equal(message_prop_size(obj, PID_TAG_BODY, &size),
			 EC_SUCCESS);
	assert_int_equal(size, msg->body + 1 > BLOB_INLINE_MAX ?
			 msg->body * 2 : msg->body + 1);
	assert_int_equal(message_get_prop(obj, PID_TAG_READ, m->e->a, &v),
			 EC_SUCCESS);
	assert_int_equal(v.b, msg->read);
	assert_int_equal(message_folder_id(obj), folder_id(m, msg->folder));
	message_close(obj);
}

static void compare(struct model *m)
{
	compare_folder(m, -1);
	for (int f = 0; f < FOLDERS; f++)
		if (m->folders[f].id != 0)
			compare_folder(m, f);
	for (int i = 0; i < MESSAGES; i++)
		if (m->messages[i].id != 0)
			compare_message(m, &m->messages[i]);
	assert_healthy(m->e);
	arena_reset(m->e->a);
}

static void step(struct model *m)
{
	static const struct { void (*op)(struct model *); unsigned weight; }
	ops[] = {
		{ op_create, 30 }, { op_change, 15 }, { op_read, 10 },
		{ op_read_all, 1 }, { op_move, 15 }, { op_copy, 10 },
		{ op_delete, 12 }, { op_folder, 6 }, { op_move_folder, 4 },
		{ op_delete_folder, 1 }, { op_purge, 1 }, { op_failing, 5 },
	};
	unsigned n = pick(m, 110);

	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
		if (n < ops[i].weight) {
			ops[i].op(m);
			return;
		}
		n -= ops[i].weight;
	}
}

static void run(struct env *e, uint64_t seed, int steps)
{
	struct model *m = calloc(1, sizeof *m);

	m->e = e;
	m->seed = seed;
	for (int i = 0; i < steps; i++) {
		step(m);
		if (i % 250 == 249)
			compare(m);
		if (i % 400 == 399)
			env_reopen(e);
	}
	compare(m);
	free(m);
}

static void test_seed_1(void **state)
{
	run(*state, 0x9e3779b97f4a7c15, 1200);
}

static void test_seed_2(void **state)
{
	run(*state, 0xdeadbeefcafef00d, 1200);
}

static void test_seed_3(void **state)
{
	run(*state, 20261122, 1200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, env_setup, \
						   env_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_seed_1), TEST(test_seed_2), TEST(test_seed_3),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
