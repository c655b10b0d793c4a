/* SPDX-License-Identifier: Apache-2.0 */
/* Tables over a mailbox on disk: messages, folders, attachments, searches. */
#include "test.h"

#include <unistd.h>

#include "mapi/id.h"
#include "mapi/restriction.h"
#include "mapi/sort.h"
#include "store/db.h"
#include "store/folder.h"
#include "store/message.h"
#include "store/pool.h"
#include "store/search.h"
#include "store/table.h"

struct fixture {
	char dir[64];
	struct store_pool *pool;
	struct store *store;
	struct arena *arena;
	uint64_t inbox;
	struct table *table;
	char log[8192];           /* what table_on_event told */
};

static struct fixture *fx(void **state)
{
	return *state;
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);
	struct store_pool_config config = { .staging_dir = f->dir };
	struct store_create_params params = {
		.mailbox_guid = guid_new(), .lcid = 0x0409,
		.display_name = "Test",
	};
	char path[128];
	struct err err;

	strcpy(f->dir, "/tmp/posthouse-table-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(path, sizeof path, "%s/mailbox", f->dir);
	f->pool = store_pool_new(&config, &err);
	assert_non_null(f->pool);
	if (!store_create(f->pool, path, &params, &err))
		fail_msg("%s", err.text);
	assert_int_equal(store_get(f->pool, path, &f->store, &err),
			 EC_SUCCESS);
	assert_int_equal(store_lock(f->store), EC_SUCCESS);
	f->inbox = store_special(f->store, SPECIAL_INBOX);
	f->arena = arena_new(0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char command[128];

	table_free(f->table);
	store_unlock(f->store);
	store_put(f->store);
	store_pool_free(f->pool);
	arena_free(f->arena);
	snprintf(command, sizeof command, "rm -rf %s", f->dir);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

/* ---- making things ---- */

static void set(struct message *m, struct prop_value v)
{
	assert_int_equal(message_set_prop(m, &v), EC_SUCCESS);
}

static struct message *draft(struct fixture *f, uint64_t folder,
			     bool associated, const char *subject,
			     uint64_t time)
{
	struct message *m;

	assert_int_equal(message_create(f->store, folder, associated, 1252, 0,
					&m), EC_SUCCESS);
	set(m, (struct prop_value){ .tag = PID_TAG_SUBJECT, .str = subject });
	set(m, (struct prop_value){ .tag = PID_TAG_MESSAGE_DELIVERY_TIME,
				    .time = time });
	set(m, (struct prop_value){ .tag = PID_TAG_MESSAGE_CLASS,
				    .str = "IPM.Note" });
	return m;
}

static uint64_t finish(struct message *m)
{
	uint64_t id;

	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	id = message_id(m);
	message_close(m);
	return id;
}

static uint64_t message(struct fixture *f, const char *subject, uint64_t time)
{
	return finish(draft(f, f->inbox, false, subject, time));
}

static void change_subject(struct fixture *f, uint64_t id, const char *s)
{
	struct message *m;

	assert_int_equal(message_open(f->store, f->inbox, id,
		MESSAGE_READ_WRITE, false, &m), EC_SUCCESS);
	set(m, (struct prop_value){ .tag = PID_TAG_SUBJECT, .str = s });
	finish(m);
}

static void delete(struct fixture *f, uint64_t id, bool hard)
{
	bool partial;

	assert_int_equal(messages_delete(f->store, f->inbox, &id, 1, hard,
					 &partial), EC_SUCCESS);
	assert_false(partial);
}

static uint64_t folder(struct fixture *f, uint64_t parent, const char *name,
		       enum folder_type type)
{
	struct folder_create c = { .name = name, .type = type };
	uint64_t id;
	bool existed;

	assert_int_equal(folder_create(f->store, parent, &c, &id, &existed),
			 EC_SUCCESS);
	return id;
}

/* ---- reading ---- */

static const uint32_t subject_column[] = { PID_TAG_SUBJECT };
static const uint32_t name_column[] = { PID_TAG_DISPLAY_NAME };

static void open_contents(struct fixture *f, uint64_t id, unsigned flags)
{
	uint32_t rows;

	table_free(f->table);
	f->table = NULL;
	assert_int_equal(table_open_contents(f->store, id, flags, 0x0409,
					     &f->table, &rows), EC_SUCCESS);
	assert_int_equal(table_set_columns(f->table, (struct prop_tags){
		1, subject_column }), EC_SUCCESS);
}

static bool take(void *ctx, const struct prop_value *v, uint32_t n)
{
	char *text = ctx;

	strcat(text, prop_tag_type(v[0].tag) == PTYP_STRING ? v[0].str : "-");
	strcat(text, " ");
	return true;
}

static void check_rows(struct fixture *f, const char *want)
{
	char text[4096] = "";
	uint32_t n;
	uint8_t origin;
	bool less;
	int32_t sought;

	assert_int_equal(table_seek_row(f->table, BOOKMARK_BEGINNING, 0,
					&less, &sought), EC_SUCCESS);
	assert_int_equal(table_query_rows(f->table, 0, true, 100, take, text,
					  &n, &origin), EC_SUCCESS);
	assert_string_equal(text, want);
}

static void check_position(struct fixture *f, uint32_t num, uint32_t den)
{
	uint32_t n, d;

	assert_int_equal(table_query_position(f->table, &n, &d), EC_SUCCESS);
	assert_int_equal(n, num);
	assert_int_equal(d, den);
}

static void sort_by(struct fixture *f, uint32_t tag, uint8_t order)
{
	struct sort_order o = { tag, order };

	assert_int_equal(table_sort(f->table, &o, 1, 0, 0), EC_SUCCESS);
}

/* ---- contents ---- */

static void test_contents(void **state)
{
	struct fixture *f = fx(state);
	uint64_t b;

	message(f, "one", 30);
	b = message(f, "Two", 20);
	message(f, "three", 10);
	finish(draft(f, f->inbox, true, "fai", 1));
	open_contents(f, f->inbox, TABLE_USE_UNICODE);
	assert_int_equal(table_kind(f->table), TABLE_CONTENTS);
	assert_int_equal(table_folder_id(f->table), f->inbox);
	check_rows(f, "one Two three ");
	check_position(f, 3, 3);
	sort_by(f, PID_TAG_MESSAGE_DELIVERY_TIME, SORT_ASCENDING);
	check_rows(f, "three Two one ");
	sort_by(f, PID_TAG_SUBJECT, SORT_ASCENDING);
	check_rows(f, "one three Two ");
	message(f, "Zwei", 40);
	change_subject(f, b, "alpha");
	check_rows(f, "alpha one three Zwei ");
	delete(f, b, false);
	check_rows(f, "one three Zwei ");
	open_contents(f, f->inbox, TABLE_ASSOCIATED);
	check_rows(f, "fai ");
	open_contents(f, f->inbox, TABLE_SOFT_DELETES);
	check_rows(f, "alpha ");
}

static void test_contents_follow_in_default_order(void **state)
{
	struct fixture *f = fx(state);
	uint64_t ids[6], sent = store_special(f->store, SPECIAL_SENT_ITEMS);
	char name[8];
	bool less, partial;
	int32_t sought;

	for (int i = 0; i < 6; i++) {
		snprintf(name, sizeof name, "m%d", i);
		ids[i] = message(f, name, 1);
	}
	open_contents(f, f->inbox, 0);
	assert_int_equal(table_seek_row(f->table, BOOKMARK_BEGINNING, 4,
					&less, &sought), EC_SUCCESS);
	check_position(f, 4, 6);
	delete(f, ids[1], true);
	check_position(f, 3, 5);
	message(f, "m6", 1);
	check_position(f, 3, 6);
	assert_int_equal(messages_move(f->store, f->inbox, &ids[0], 1, sent,
				       &partial), EC_SUCCESS);
	check_position(f, 2, 5);
	assert_int_equal(messages_copy(f->store, f->inbox, &ids[5], 1,
				       f->inbox, &partial), EC_SUCCESS);
	check_position(f, 2, 6);
	check_rows(f, "m2 m3 m4 m5 m6 m5 ");
}

/* Every column is what the message itself says. */
static bool compare_row(void *ctx, const struct prop_value *v, uint32_t n)
{
	struct fixture *f = ctx;
	struct prop_tags tags = table_columns(f->table);
	struct message *m;
	struct prop_value want;
	enum ec ec;

	assert_int_equal(message_open(f->store, 0, (uint64_t)v[0].i64,
		MESSAGE_READ_ONLY, false, &m), EC_SUCCESS);
	for (uint32_t i = 0; i < n; i++) {
		if (tags.v[i] == PID_TAG_INSTANCE_KEY ||
		    tags.v[i] == PID_TAG_ROW_TYPE ||
		    tags.v[i] == PID_TAG_DEPTH ||
		    tags.v[i] == PID_TAG_CONTENT_COUNT ||
		    tags.v[i] == PID_TAG_CONTENT_UNREAD_COUNT)
			continue;         /* of tables alone */
		ec = message_get_prop(m, tags.v[i], f->arena, &want);
		if (ec != EC_SUCCESS) {
			if (prop_tag_type(v[i].tag) != PTYP_ERROR_CODE)
				fail_msg("%08x is in the row", tags.v[i]);
			continue;
		}
		if (!prop_value_equal(&v[i], &want))
			fail_msg("%08x differs", tags.v[i]);
	}
	message_close(m);
	return true;
}

static void test_columns_are_properties(void **state)
{
	struct fixture *f = fx(state);
	struct message *m = draft(f, f->inbox, false, "RE: a subject", 99);
	struct prop_tags all;
	uint32_t *tags, n;
	uint8_t origin;
	struct attachment *at;

	set(m, (struct prop_value){ .tag = PID_TAG_BODY, .str = "the text" });
	set(m, (struct prop_value){ .tag = PID_TAG_IMPORTANCE, .i32 = 2 });
	set(m, (struct prop_value){ .tag = PID_TAG_SENDER_NAME,
				    .str = "Zoë" });
	set(m, (struct prop_value){ .tag = PID_TAG_FLAG_STATUS, .i32 = 2 });
	assert_int_equal(attachment_create(m, &at), EC_SUCCESS);
	assert_int_equal(attachment_save(at), EC_SUCCESS);
	attachment_close(at);
	finish(m);
	message(f, "plain", 5);
	open_contents(f, f->inbox, 0);
	assert_int_equal(table_query_columns_all(f->table, f->arena, &all),
			 EC_SUCCESS);
	assert_true(all.n > 40);
	tags = arena_array(f->arena, all.n + 1, sizeof *tags);
	tags[0] = PID_TAG_MID;
	memcpy(tags + 1, all.v, all.n * sizeof *tags);
	for (int sorted = 0; sorted < 2; sorted++) {
		assert_int_equal(table_set_columns(f->table,
			(struct prop_tags){ all.n + 1, tags }), EC_SUCCESS);
		assert_int_equal(table_query_rows(f->table, 0, true, 10,
			compare_row, f, &n, &origin), EC_SUCCESS);
		assert_int_equal(n, 2);
		sort_by(f, PID_TAG_SUBJECT, SORT_ASCENDING);
	}
}

static bool take_long(void *ctx, const struct prop_value *v, uint32_t n)
{
	assert_int_equal(strlen(v[0].str), 254);
	assert_int_equal(strlen(v[1].str), 254);
	assert_int_equal(v[2].bin.len, 510);
	*(int *)ctx += 1;
	return true;
}

/* [MS-OXCTABL] 2.2.2.5.2, of values in the row, the blob and in chunks */
static void test_long_values(void **state)
{
	struct fixture *f = fx(state);
	static const uint32_t tags[] = { PID_TAG_SUBJECT, PID_TAG_BODY,
					 PID_TAG_HTML };
	struct message *m = draft(f, f->inbox, false, "x", 1);
	char *text = arena_alloc(f->arena, 70001);
	uint32_t n;
	uint8_t origin;
	int rows = 0;

	memset(text, 'a', 70000);
	text[70000] = '\0';
	set(m, (struct prop_value){ .tag = PID_TAG_BODY, .str = text });
	set(m, (struct prop_value){ .tag = PID_TAG_HTML,
		.bin = { (const uint8_t *)text, 9000 } });
	set(m, (struct prop_value){ .tag = PID_TAG_SUBJECT,
				    .str = text + 69000 });
	finish(m);
	open_contents(f, f->inbox, 0);
	assert_int_equal(table_set_columns(f->table, (struct prop_tags){
		3, tags }), EC_SUCCESS);
	assert_int_equal(table_query_rows(f->table, 0, true, 10, take_long,
		&rows, &n, &origin), EC_SUCCESS);
	assert_int_equal(rows, 1);
}

/* ---- restrictions on what is not in the row ---- */

static const struct restriction *contains(struct fixture *f, uint32_t tag,
					  const char *text)
{
	struct restriction r = {
		.type = RES_CONTENT,
		.content = { FL_SUBSTRING, FL_IGNORE_CASE, tag,
			     { .tag = tag, .str = text } },
	};

	return arena_memdup(f->arena, &r, sizeof r);
}

static void test_restrict_body_and_recipients(void **state)
{
	struct fixture *f = fx(state);
	struct message *m = draft(f, f->inbox, false, "long", 1);
	struct prop_value name = { .tag = PID_TAG_DISPLAY_NAME,
				   .str = "Bert" };
	struct recipient bert = { .row_id = 0, .type = 1,
				  .props = { 1, &name } };
	struct restriction of = {
		.type = RES_SUB_OBJECT,
		.sub_object = { PID_TAG_MESSAGE_RECIPIENTS,
				contains(f, PID_TAG_DISPLAY_NAME, "BER") },
	};
	char *text = arena_alloc(f->arena, 30001);

	memset(text, '.', 30000);
	strcpy(text + 29980, "Needle");
	set(m, (struct prop_value){ .tag = PID_TAG_BODY, .str = text });
	finish(m);
	m = draft(f, f->inbox, false, "short", 1);
	assert_int_equal(message_set_recipient(m, &bert), EC_SUCCESS);
	set(m, (struct prop_value){ .tag = PID_TAG_BODY, .str = "a needle" });
	finish(m);
	message(f, "none", 1);
	open_contents(f, f->inbox, 0);
	assert_int_equal(table_restrict(f->table,
		contains(f, PID_TAG_BODY, "NEEDLE")), EC_SUCCESS);
	check_rows(f, "long short ");
	assert_int_equal(table_restrict(f->table, &of), EC_SUCCESS);
	check_rows(f, "short ");
	/* PidTagNormalizedSubject as PtypString8 */
	assert_int_equal(table_restrict(f->table,
		contains(f, 0x0e1d001e, "ON")), EC_SUCCESS);
	check_rows(f, "long none ");
}

/* ---- finding a known message ---- */

static bool take_all(void *ctx, const struct prop_value *v, uint32_t n)
{
	struct prop_value *out = ctx;

	for (uint32_t i = 0; i < n; i++)
		out[i] = v[i];
	return true;
}

static enum ec find_by(struct fixture *f, const struct prop_value *v,
		       unsigned origin, bool backward, uint32_t *position)
{
	struct restriction r = {
		.type = RES_PROPERTY,
		.property = { REL_OP_EQ, v->tag, *v },
	};
	struct prop_value row[4];
	uint32_t den;
	bool gone, has;
	enum ec ec = table_find_row(f->table, backward, &r, origin,
		(struct bin){ NULL, 0 }, take_all, row, &gone, &has);

	if (ec == EC_SUCCESS)
		assert_int_equal(table_query_position(f->table, position,
						      &den), EC_SUCCESS);
	return ec;
}

static void find_known(struct fixture *f, const struct prop_value *names,
		       uint32_t want)
{
	uint32_t at = 0;

	for (int i = 0; i < 4; i++) {
		assert_int_equal(find_by(f, &names[i], BOOKMARK_BEGINNING,
			false, &at), EC_SUCCESS);
		assert_int_equal(at, want);
		/* the cursor is on it: not before it, and not behind */
		assert_int_equal(find_by(f, &names[i], BOOKMARK_CURRENT, true,
			&at), EC_NOT_FOUND);
		assert_int_equal(find_by(f, &names[i], BOOKMARK_CURRENT,
			false, &at), EC_SUCCESS);
		assert_int_equal(find_by(f, &names[i], BOOKMARK_END, true,
			&at), EC_SUCCESS);
		assert_int_equal(find_by(f, &names[i], BOOKMARK_END, false,
			&at), EC_NOT_FOUND);
	}
}

static void test_find_known_message(void **state)
{
	struct fixture *f = fx(state);
	static const uint32_t tags[] = { PID_TAG_MID, PID_TAG_INST_ID,
		PID_TAG_INSTANCE_KEY, PID_TAG_ENTRY_ID };
	struct prop_value row[4], names[4];
	uint32_t n, at;
	uint8_t origin;
	bool less;
	int32_t sought;
	uint64_t b;
	uint8_t key[16], entry[70];
	struct wire_w w = wire_w(key, sizeof key);
	struct message *m;
	struct prop_value v;

	message(f, "c", 1);
	b = message(f, "b", 1);
	message(f, "a", 1);
	message(f, "d", 1);
	open_contents(f, f->inbox, 0);
	assert_int_equal(table_set_columns(f->table, (struct prop_tags){
		4, tags }), EC_SUCCESS);
	table_seek_row(f->table, BOOKMARK_BEGINNING, 1, &less, &sought);
	assert_int_equal(table_query_rows(f->table, 0, true, 1, take_all, row,
					  &n, &origin), EC_SUCCESS);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(row[i].i64, b);
		names[i] = row[i];
	}
	/* the bytes of the row are no longer there */
	names[2] = (struct prop_value){ .tag = PID_TAG_INSTANCE_KEY };
	names[3] = (struct prop_value){ .tag = PID_TAG_ENTRY_ID };
	wire_put_u64(&w, f->inbox);
	wire_put_u64(&w, b);
	names[2].bin = (struct bin){ key, sizeof key };
	assert_int_equal(message_open(f->store, f->inbox, b,
		MESSAGE_READ_ONLY, false, &m), EC_SUCCESS);
	assert_int_equal(message_get_prop(m, PID_TAG_ENTRY_ID, f->arena, &v),
			 EC_SUCCESS);
	message_close(m);
	assert_int_equal(v.bin.len, sizeof entry);
	memcpy(entry, v.bin.data, sizeof entry);
	names[3].bin = (struct bin){ entry, sizeof entry };
	find_known(f, names, 1);
	sort_by(f, PID_TAG_SUBJECT, SORT_DESCENDING);
	find_known(f, names, 2);
	/* the same message in another mailbox, folder: not this one */
	entry[10] ^= 1;
	assert_int_equal(find_by(f, &names[3], BOOKMARK_BEGINNING, false,
		&at), EC_NOT_FOUND);
	key[5] ^= 1;
	assert_int_equal(find_by(f, &names[2], BOOKMARK_BEGINNING, false,
		&at), EC_NOT_FOUND);
	/* not among those that the restriction lets through */
	assert_int_equal(table_restrict(f->table,
		contains(f, PID_TAG_SUBJECT, "a")), EC_SUCCESS);
	assert_int_equal(find_by(f, &names[0], BOOKMARK_BEGINNING, false,
		&at), EC_NOT_FOUND);
}

/* ---- opening ---- */

static void test_open_refused(void **state)
{
	struct fixture *f = fx(state);
	uint64_t root = store_special(f->store, SPECIAL_ROOT);
	struct table *t = NULL;
	uint32_t rows;

	assert_int_equal(table_open_contents(f->store, id_make(1, 0xfffff), 0,
		0x0409, &t, &rows), EC_NOT_FOUND);
	assert_int_equal(table_open_hierarchy(f->store, id_make(1, 0xfffff),
		0, 0x0409, &t, &rows), EC_NOT_FOUND);
	/* R330, R314 */
	assert_int_equal(table_open_contents(f->store, f->inbox, 0x04, 0x0409,
		&t, &rows), EC_INVALID_PARAM);
	assert_int_equal(table_open_hierarchy(f->store, f->inbox, 0x02,
		0x0409, &t, &rows), EC_NOT_SUPPORTED);
	/* R1024, R1025 */
	assert_int_equal(table_open_contents(f->store, f->inbox, 0x80, 0x0409,
		&t, &rows), EC_INVALID_PARAM);
	assert_int_equal(table_open_contents(f->store, root, 0x80 | 0x02,
		0x0409, &t, &rows), EC_INVALID_PARAM);
	assert_null(t);
	message(f, "a", 1);
	finish(draft(f, store_special(f->store, SPECIAL_OUTBOX), false, "b",
		     1));
	assert_int_equal(table_open_contents(f->store, root, 0x80 | 0x40,
		0x0409, &f->table, &rows), EC_SUCCESS);
	assert_int_equal(rows, 2);
	assert_int_equal(table_set_columns(f->table, (struct prop_tags){
		1, subject_column }), EC_SUCCESS);
	check_rows(f, "a b ");
}

/* ---- hierarchy ---- */

static void open_hierarchy(struct fixture *f, uint64_t id, unsigned flags,
			   uint32_t want)
{
	uint32_t rows;

	table_free(f->table);
	f->table = NULL;
	assert_int_equal(table_open_hierarchy(f->store, id, flags, 0x0409,
					      &f->table, &rows), EC_SUCCESS);
	assert_int_equal(rows, want);
	assert_int_equal(table_set_columns(f->table, (struct prop_tags){
		1, name_column }), EC_SUCCESS);
}

static bool take_depth(void *ctx, const struct prop_value *v, uint32_t n)
{
	char *text = ctx;

	sprintf(text + strlen(text), "%s:%d:%d ", v[0].str, v[1].i32,
		v[2].i32);
	return true;
}

static void test_hierarchy(void **state)
{
	struct fixture *f = fx(state);
	uint64_t a = folder(f, f->inbox, "a", FOLDER_GENERIC), b, c;
	static const uint32_t columns[] = { PID_TAG_DISPLAY_NAME,
		PID_TAG_DEPTH, PID_TAG_CONTENT_COUNT };
	char text[256] = "";
	uint32_t n;
	uint8_t origin;
	bool partial;

	b = folder(f, a, "b", FOLDER_GENERIC);
	folder(f, f->inbox, "c", FOLDER_GENERIC);
	open_hierarchy(f, f->inbox, 0, 2);
	check_rows(f, "a c ");
	finish(draft(f, b, false, "x", 1));
	open_hierarchy(f, f->inbox, TABLE_DEPTH, 3);
	assert_int_equal(table_set_columns(f->table, (struct prop_tags){
		3, columns }), EC_SUCCESS);
	assert_int_equal(table_query_rows(f->table, 0, true, 9, take_depth,
		text, &n, &origin), EC_SUCCESS);
	assert_string_equal(text, "a:1:0 b:2:1 c:1:0 ");
	/* it keeps up with what is made, deleted and moved */
	open_hierarchy(f, f->inbox, 0, 2);
	check_rows(f, "a c ");
	c = folder(f, f->inbox, "d", FOLDER_GENERIC);
	check_rows(f, "a c d ");
	assert_int_equal(folder_move(f->store, b, f->inbox, NULL),
			 EC_SUCCESS);
	check_rows(f, "a b c d ");
	assert_int_equal(folder_delete(f->store, f->inbox, c, 0, &partial),
			 EC_SUCCESS);
	check_rows(f, "a b c ");
	assert_int_equal(folder_move(f->store, a, c = store_special(f->store,
		SPECIAL_OUTBOX), "renamed"), EC_SUCCESS);
	check_rows(f, "b c ");
	assert_int_equal(table_restrict(f->table, contains(f,
		PID_TAG_DISPLAY_NAME, "C")), EC_SUCCESS);
	check_rows(f, "c ");
	open_hierarchy(f, f->inbox, TABLE_SOFT_DELETES, 1);
	check_rows(f, "d ");
	assert_int_equal(table_query_columns_all(f->table, f->arena,
		&(struct prop_tags){ 0 }), EC_SUCCESS);
}

/* ---- attachments ---- */

static void attach(struct message *m, const char *name)
{
	struct prop_value v = { .tag = PID_TAG_DISPLAY_NAME, .str = name };
	struct attachment *at;

	assert_int_equal(attachment_create(m, &at), EC_SUCCESS);
	assert_int_equal(attachment_set_prop(at, &v), EC_SUCCESS);
	assert_int_equal(attachment_save(at), EC_SUCCESS);
	attachment_close(at);
}

static void test_attachments(void **state)
{
	struct fixture *f = fx(state);
	struct message *m = draft(f, f->inbox, false, "x", 1);
	uint32_t rows;

	attach(m, "first");
	assert_int_equal(table_open_attachments(m, 0, 0x0409, &f->table,
						&rows), EC_SUCCESS);
	assert_int_equal(rows, 1);
	assert_int_equal(table_set_columns(f->table, (struct prop_tags){
		1, name_column }), EC_SUCCESS);
	check_rows(f, "first ");
	attach(m, "second");
	check_rows(f, "first second ");
	assert_int_equal(message_delete_attachment(m, 0), EC_SUCCESS);
	check_rows(f, "second ");
	assert_int_equal(table_sort(f->table, NULL, 0, 0, 0),
			 EC_NOT_SUPPORTED);
	assert_int_equal(table_restrict(f->table, NULL), EC_NOT_SUPPORTED);
	table_free(f->table);
	f->table = NULL;
	message_close(m);
}

/* ---- notifications ---- */

static bool on_table(void *ctx, struct table *t, const struct table_event *ev)
{
	struct fixture *f = ctx;
	static const char *const names[] = {
		[TABLE_CHANGED] = "changed", [TABLE_ROW_ADDED] = "added",
		[TABLE_ROW_DELETED] = "deleted",
		[TABLE_ROW_MODIFIED] = "modified" };
	size_t len = strlen(f->log);

	assert_ptr_equal(t, f->table);
	assert_true(ev->message);
	snprintf(f->log + len, sizeof f->log - len, "%s(%s after %d) ",
		 names[ev->type], ev->row != NULL ? ev->row[0].str : "",
		 (int)id_counter(ev->after_message_id) % 1000);
	if (ev->type != TABLE_CHANGED) {
		assert_int_equal(ev->row_folder_id, f->inbox);
		assert_int_not_equal(ev->row_message_id, 0);
	}
	return true;
}

static void expect(struct fixture *f, const char *format, uint64_t a,
		   uint64_t b)
{
	char want[512];

	snprintf(want, sizeof want, format, (int)id_counter(a) % 1000,
		 (int)id_counter(b) % 1000);
	assert_string_equal(f->log, want);
	f->log[0] = '\0';
}

static void test_notifications(void **state)
{
	struct fixture *f = fx(state);
	uint64_t a = message(f, "aa", 1), c = message(f, "cc", 2), b, d;

	open_contents(f, f->inbox, 0);
	table_on_event(f->table, on_table, f);
	delete(f, message(f, "early", 1), true);
	expect(f, "", 0, 0);      /* no view yet: [MS-OXCNOTIF] 3.1.4.3 */
	check_rows(f, "aa cc ");
	d = message(f, "bb", 3);
	expect(f, "added(bb after %d) ", c, 0);
	change_subject(f, a, "zz");
	expect(f, "modified(zz after 0) ", 0, 0);
	delete(f, c, false);
	expect(f, "deleted( after 0) ", 0, 0);
	sort_by(f, PID_TAG_SUBJECT, SORT_ASCENDING);
	message(f, "unseen", 1);
	expect(f, "", 0, 0);      /* the sorted view is not made yet */
	check_rows(f, "bb unseen zz ");
	b = message(f, "cc", 4);
	expect(f, "added(cc after %d) ", d, 0);
	change_subject(f, b, "aa");
	expect(f, "modified(aa after 0) ", 0, 0);
	change_subject(f, d, "yy");
	delete(f, b, true);
	assert_non_null(strstr(f->log, "modified(yy after "));
	assert_non_null(strstr(f->log, "deleted( after 0) "));
	f->log[0] = '\0';
	/* none after a reset, until it is used again */
	assert_int_equal(table_reset(f->table), EC_SUCCESS);
	message(f, "ww", 1);
	expect(f, "", 0, 0);
}

static bool on_folders(void *ctx, struct table *t,
		       const struct table_event *ev)
{
	struct fixture *f = ctx;
	size_t len = strlen(f->log);

	assert_false(ev->message);
	assert_int_equal(ev->row_message_id, 0);
	snprintf(f->log + len, sizeof f->log - len, "%d(%s after %d) ",
		 ev->type, ev->row != NULL ? ev->row[0].str : "",
		 (int)id_counter(ev->after_folder_id) % 1000);
	return true;
}

static void test_hierarchy_notifications(void **state)
{
	struct fixture *f = fx(state);
	uint64_t a = folder(f, f->inbox, "a", FOLDER_GENERIC), b;
	bool partial;

	open_hierarchy(f, f->inbox, 0, 1);
	table_on_event(f->table, on_folders, f);
	check_rows(f, "a ");
	b = folder(f, f->inbox, "b", FOLDER_GENERIC);
	assert_non_null(strstr(f->log, "3(b after "));
	f->log[0] = '\0';
	/* its counts change */
	finish(draft(f, b, false, "x", 1));
	expect(f, "5(b after %d) ", a, 0);
	assert_int_equal(folder_delete(f->store, f->inbox, a, 0, &partial),
			 EC_SUCCESS);
	expect(f, "4( after 0) ", 0, 0);
	table_on_event(f->table, NULL, NULL);
	folder(f, f->inbox, "c", FOLDER_GENERIC);
	expect(f, "", 0, 0);
}

/* Too many changes: one TABLE_CHANGED, and more after the next ROP. */
static void test_notifications_limited(void **state)
{
	struct fixture *f = fx(state);
	uint32_t num, den;
	const char *p;
	int n = 0;

	open_contents(f, f->inbox, 0);
	table_on_event(f->table, on_table, f);
	check_rows(f, "");
	for (int i = 0; i < 300; i++)
		message(f, "m", 1);
	for (p = f->log; (p = strstr(p, "added(")) != NULL; p++)
		n++;
	assert_int_equal(n, 256);
	assert_non_null(strstr(f->log, "changed("));
	f->log[0] = '\0';
	assert_int_equal(table_query_position(f->table, &num, &den),
			 EC_SUCCESS);
	assert_int_equal(den, 300);
	message(f, "m", 1);
	assert_non_null(strstr(f->log, "added("));
}

/* ---- search folders ---- */

static uint64_t search(struct fixture *f, const char *name, uint64_t scope,
		       const char *text, uint32_t flags)
{
	uint64_t id = folder(f, store_special(f->store, SPECIAL_SEARCH), name,
			     FOLDER_SEARCH);
	struct wire_w w = wire_w(arena_alloc(f->arena, 1024), 1024);
	struct prop_ctx ctx = prop_ctx_rop(f->arena, 0);
	struct search_criteria c = { .n_folders = 1, .folders = &scope,
				     .flags = flags };

	restriction_encode(&w, &ctx, contains(f, PID_TAG_SUBJECT, text));
	c.restriction = (struct bin){ w.base, w.len };
	assert_int_equal(folder_set_search(f->store, id, &c), EC_SUCCESS);
	return id;
}

static void check_counts(struct fixture *f, uint64_t id, uint32_t total,
			 uint32_t unread)
{
	struct folder_info info;

	assert_int_equal(folder_stat(f->store, id, false, &info), EC_SUCCESS);
	assert_int_equal(info.total, total);
	assert_int_equal(info.unread, unread);
}

static void test_search_dynamic(void **state)
{
	struct fixture *f = fx(state);
	uint64_t sub = folder(f, f->inbox, "sub", FOLDER_GENERIC), a, id, m;
	uint64_t outside = store_special(f->store, SPECIAL_SENT_ITEMS);
	struct search_criteria got;
	bool partial;

	a = message(f, "red one", 1);
	message(f, "blue", 1);
	finish(draft(f, sub, false, "Red two", 1));
	finish(draft(f, outside, false, "red three", 1));
	id = search(f, "s", f->inbox, "red", 2 | 4);
	open_contents(f, id, 0);
	check_rows(f, "red one Red two ");
	check_counts(f, id, 2, 0);
	assert_int_equal(folder_get_search(f->store, id, f->arena, &got),
			 EC_SUCCESS);
	assert_int_equal(got.state, SEARCH_COMPLETE | SEARCH_RECURSIVE |
			 TWIR_TOTALLY);
	/* R1096: begin and cease to match */
	change_subject(f, a, "green");
	check_rows(f, "Red two ");
	check_counts(f, id, 1, 0);
	change_subject(f, a, "infrared");
	check_rows(f, "infrared Red two ");
	/* R1095: in and out of the scope */
	assert_int_equal(messages_move(f->store, f->inbox, &a, 1, outside,
				       &partial), EC_SUCCESS);
	check_rows(f, "Red two ");
	assert_int_equal(messages_move(f->store, outside, &a, 1, sub,
				       &partial), EC_SUCCESS);
	check_rows(f, "infrared Red two ");
	m = message(f, "reds", 1);
	check_counts(f, id, 3, 0);
	assert_int_equal(messages_set_read(f->store, f->inbox, &m, 1,
		READ_FLAG_CLEAR, &partial, NULL), EC_SUCCESS);
	check_counts(f, id, 3, 1);
	delete(f, m, false);
	check_counts(f, id, 2, 0);
	assert_int_equal(folder_move(f->store, sub, outside, NULL),
			 EC_SUCCESS);
	check_rows(f, "");
	check_counts(f, id, 0, 0);
}

static void test_search_static(void **state)
{
	struct fixture *f = fx(state);
	uint64_t id, a = message(f, "red one", 1);
	struct search_criteria again = { .flags = 2 | 0x40000 };

	id = search(f, "s", f->inbox, "red", 2 | 0x40000);
	open_contents(f, id, 0);
	check_rows(f, "red one ");
	message(f, "red two", 1);             /* R1093 */
	check_rows(f, "red one ");
	change_subject(f, a, "blue");
	check_rows(f, "blue ");
	/* R551, R1241 */
	assert_int_equal(folder_set_search(f->store, id, &again), EC_SUCCESS);
	check_rows(f, "red two ");
}

/* A dynamic search goes on after the mailbox was closed and opened. */
static void test_search_after_opening(void **state)
{
	struct fixture *f = fx(state);
	uint64_t id = search(f, "s", f->inbox, "red", 2);
	char path[128];
	struct err err;

	snprintf(path, sizeof path, "%s", store_path(f->store));
	store_unlock(f->store);
	store_put(f->store);
	assert_int_equal(store_pool_close(f->pool, path), EC_SUCCESS);
	assert_int_equal(store_get(f->pool, path, &f->store, &err),
			 EC_SUCCESS);
	assert_int_equal(store_lock(f->store), EC_SUCCESS);
	message(f, "red", 1);
	open_contents(f, id, 0);
	check_rows(f, "red ");
}

static void test_search_refused(void **state)
{
	struct fixture *f = fx(state);
	uint64_t id = folder(f, f->inbox, "s", FOLDER_SEARCH);
	struct search_criteria c = { .n_folders = 1, .folders = &f->inbox,
				     .restriction = {
		(const uint8_t *)"\x04\x06\x1f\x00\x37\x00\x1f\x00\x37\x00"
		"a\0\0\0", 14 } };

	assert_int_equal(search_start(f->store, id), EC_NOT_INITIALIZED);
	/* a regular expression */
	assert_int_equal(folder_set_search(f->store, id, &c), EC_TOO_COMPLEX);
	assert_int_equal(search_start(f->store, id), EC_NOT_INITIALIZED);
	c.restriction.len = 3;
	assert_int_equal(folder_set_search(f->store, id, &c),
			 EC_CORRUPT_DATA);
	assert_int_equal(search_start(f->store, f->inbox),
			 EC_NOT_SEARCH_FOLDER);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_contents),
		T(test_contents_follow_in_default_order),
		T(test_columns_are_properties),
		T(test_long_values),
		T(test_restrict_body_and_recipients),
		T(test_find_known_message),
		T(test_open_refused),
		T(test_hierarchy),
		T(test_attachments),
		T(test_notifications),
		T(test_hierarchy_notifications),
		T(test_notifications_limited),
		T(test_search_dynamic),
		T(test_search_static),
		T(test_search_after_opening),
		T(test_search_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
