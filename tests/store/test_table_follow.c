/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables that stay open while the mailbox changes at random must show what
 * tables opened afterwards show: every change is told, to the right tables.
 */
#include "store_env.h"

#include "mapi/restriction.h"
#include "mapi/sort.h"
#include "store/table.h"
#include "store/table_view.h"

enum { FOLDERS = 3, TABLES = 8, ROWS = 400 };

/* One way to look at a folder. */
struct look {
	int folder;
	unsigned flags;
	struct sort_order sort;   /* tag 0: default order */
	bool category, restricted;
};

static const struct look looks[TABLES] = {
	{ .folder = 0 },
	{ .folder = 1 },
	{ .folder = 0, .sort = { PID_TAG_SUBJECT, SORT_ASCENDING } },
	{ .folder = 1, .sort = { PID_TAG_IMPORTANCE, SORT_DESCENDING },
	  .category = true },
	{ .folder = 0, .restricted = true },
	{ .folder = 0, .flags = TABLE_ASSOCIATED },
	{ .folder = 0, .flags = TABLE_SOFT_DELETES },
	{ .folder = 0, .flags = TABLE_SOFT_DELETES,
	  .sort = { PID_TAG_SUBJECT, SORT_DESCENDING } },
};

struct world {
	struct env *e;
	uint64_t folders[FOLDERS];
	struct table *tables[TABLES];
};

static uint64_t seed;

static uint32_t rnd(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 11) % n;
}

static const uint32_t columns[] = {
	PID_TAG_INST_ID, PID_TAG_ROW_TYPE, PID_TAG_SUBJECT, PID_TAG_READ,
	PID_TAG_CONTENT_COUNT, PID_TAG_CONTENT_UNREAD_COUNT,
};
enum { N_COLUMNS = sizeof columns / sizeof columns[0] };

static struct table *open_table(struct world *w, const struct look *look)
{
	struct restriction r = {
		.type = RES_PROPERTY,
		.property = { REL_OP_GE, PID_TAG_IMPORTANCE,
			      { .tag = PID_TAG_IMPORTANCE, .i32 = 1 } },
	};
	struct table *t;
	uint32_t rows;

	assert_int_equal(table_open_contents(w->e->store,
		w->folders[look->folder], look->flags, 0x0409, &t, &rows),
		EC_SUCCESS);
	assert_int_equal(table_set_columns(t, (struct prop_tags){
		N_COLUMNS, columns }), EC_SUCCESS);
	if (look->sort.tag != 0)
		assert_int_equal(table_sort(t, &look->sort, 1, look->category,
					    look->category), EC_SUCCESS);
	if (look->restricted)
		assert_int_equal(table_restrict(t, &r), EC_SUCCESS);
	return t;
}

struct text {
	char buf[ROWS * 96];
	size_t len;
};

static bool add_row(void *ctx, const struct prop_value *v, uint32_t n)
{
	struct text *t = ctx;
	bool subject = prop_tag_type(v[2].tag) == PTYP_STRING;
	bool read = prop_tag_type(v[3].tag) == PTYP_BOOLEAN && v[3].b;

	t->len += (size_t)snprintf(t->buf + t->len, sizeof t->buf - t->len,
		"%llx %d %s %d %d %d\n", (unsigned long long)v[0].i64,
		v[1].i32, subject ? v[2].str : "-", read, v[4].i32, v[5].i32);
	assert_true(t->len < sizeof t->buf);
	return true;
}

static void read_all(struct table *t, struct text *out)
{
	bool less;
	int32_t sought;
	uint32_t n, num, den;
	uint8_t origin;

	*out = (struct text){ .len = 0 };
	assert_int_equal(table_seek_row(t, BOOKMARK_BEGINNING, 0, &less,
					&sought), EC_SUCCESS);
	assert_int_equal(table_query_rows(t, 0, true, ROWS, add_row, out, &n,
					  &origin), EC_SUCCESS);
	assert_int_equal(table_query_position(t, &num, &den), EC_SUCCESS);
	assert_int_equal(num, n);
	assert_int_equal(den, n);
}

/* What is kept up to date against what is read now. */
static void compare(struct world *w)
{
	static struct text kept, fresh;
	struct table *t;

	for (int i = 0; i < TABLES; i++) {
		read_all(w->tables[i], &kept);
		views_trim(store_events(w->e->store), 0);
		t = open_table(w, &looks[i]);
		/* not the view that the other shares */
		table_free(w->tables[i]);
		views_trim(store_events(w->e->store), 0);
		read_all(t, &fresh);
		if (strcmp(kept.buf, fresh.buf) != 0)
			fail_msg("table %d\nkept:\n%s\nfresh:\n%s", i,
				 kept.buf, fresh.buf);
		w->tables[i] = t;
	}
}

/* ---- changes ---- */

static uint64_t some_message(struct world *w, uint64_t folder, bool fai)
{
	uint64_t ids[ROWS];
	size_t n = messages_list(w->e->store, folder, fai, false, 0, ids, ROWS);

	return n > 0 ? ids[rnd((uint32_t)n)] : 0;
}

static void fill(struct message *m)
{
	static const char *const words[] = { "a", "B", "c", "ä", "RE: a" };
	struct prop_value v[] = {
		{ .tag = PID_TAG_SUBJECT, .str = words[rnd(5)] },
		{ .tag = PID_TAG_IMPORTANCE, .i32 = (int32_t)rnd(3) },
	};

	for (int i = 0; i < 2; i++)
		assert_int_equal(message_set_prop(m, &v[i]), EC_SUCCESS);
}

static void create(struct world *w, uint64_t folder)
{
	struct message *m;

	assert_int_equal(message_create(w->e->store, folder, rnd(5) == 0, 1252,
					0, &m), EC_SUCCESS);
	fill(m);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	if (rnd(2) == 0) {                /* saved a second time */
		fill(m);
		assert_int_equal(message_save(m, 0), EC_SUCCESS);
	}
	message_close(m);
}

static void modify(struct world *w, uint64_t folder)
{
	uint64_t id = some_message(w, folder, rnd(5) == 0);
	struct message *m;

	if (id == 0)
		return;
	assert_int_equal(message_open(w->e->store, folder, id,
		MESSAGE_READ_WRITE, false, &m), EC_SUCCESS);
	fill(m);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	message_close(m);
}

static void transfer(struct world *w, uint64_t folder)
{
	uint64_t to = w->folders[rnd(FOLDERS)];
	uint64_t ids[2] = { some_message(w, folder, rnd(5) == 0),
			    some_message(w, folder, false) };
	size_t n = ids[0] == ids[1] ? 1 : 2;
	bool partial;

	if (ids[0] == 0 || ids[1] == 0)
		return;
	if (rnd(2) == 0 && to != folder)
		assert_int_equal(messages_move(w->e->store, folder, ids, n, to,
					       &partial), EC_SUCCESS);
	else
		assert_int_equal(messages_copy(w->e->store, folder, ids, n, to,
					       &partial), EC_SUCCESS);
}

static void drop(struct world *w, uint64_t folder)
{
	uint64_t id = some_message(w, folder, rnd(5) == 0);
	bool partial;

	if (id != 0)
		assert_int_equal(messages_delete(w->e->store, folder, &id, 1,
			rnd(2) == 0, &partial), EC_SUCCESS);
}

static void mark_read(struct world *w, uint64_t folder)
{
	uint64_t id = some_message(w, folder, false);
	bool partial;

	if (id != 0)
		assert_int_equal(messages_set_read(w->e->store, folder, &id,
			rnd(8) > 0, rnd(2) == 0 ? READ_FLAG_CLEAR : 0,
			&partial, NULL), EC_SUCCESS);
}

static void empty(struct world *w, uint64_t folder)
{
	bool partial;

	if (rnd(6) == 0)
		assert_int_equal(folder_empty(w->e->store, folder,
			rnd(2) == 0, false, rnd(2) == 0, &partial),
			EC_SUCCESS);
}

static void change(struct world *w)
{
	static void (*const changes[])(struct world *w, uint64_t folder) = {
		create, create, create, modify, modify, transfer, transfer,
		drop, mark_read, mark_read, empty };

	changes[rnd(sizeof changes / sizeof changes[0])](w,
		w->folders[rnd(FOLDERS)]);
}

static void test_follow(void **state)
{
	struct world w = { .e = *state };
	static struct text text;

	seed = 4711;
	w.folders[0] = store_special(w.e->store, SPECIAL_INBOX);
	w.folders[1] = store_special(w.e->store, SPECIAL_DRAFTS);
	w.folders[2] = store_special(w.e->store, SPECIAL_OUTBOX);
	for (int i = 0; i < TABLES; i++) {
		w.tables[i] = open_table(&w, &looks[i]);
		read_all(w.tables[i], &text);
	}
	for (int round = 0; round < 40; round++) {
		for (int i = 0; i < 12; i++)
			change(&w);
		compare(&w);
	}
	for (int i = 0; i < TABLES; i++)
		table_free(w.tables[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_follow, env_setup,
						env_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
