/* SPDX-License-Identifier: Apache-2.0 */
#include "store_env.h"

#include "store/message_impl.h"

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

static struct message *open_message(struct env *e, uint64_t id,
				    enum message_mode mode)
{
	struct message *m;

	assert_int_equal(message_open(e->store, 0, id, mode, false, &m),
			 EC_SUCCESS);
	return m;
}

static struct message *new_message(struct env *e)
{
	struct message *m;

	assert_int_equal(message_create(e->store, inbox(e), false, 0, 0, &m),
			 EC_SUCCESS);
	return m;
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

static int chunks(struct env *e)
{
	return count_rows(e, "SELECT count(*) FROM chunks");
}

/* Every type, through the disk. */
static void test_types(void **state)
{
	static const int32_t longs[] = { 1, -2, 3 };
	static const char *const strings[] = { "a", "", "\u00e4" };
	static const struct bin bins[] = { { (const uint8_t *)"x", 1 },
					   { NULL, 0 } };
	static const struct guid guids[2] = { { { 1 } }, { { 2 } } };
	static const uint64_t times[] = { 5, UINT64_MAX };
	const struct prop_value values[] = {
		{ .tag = 0x66000002, .i16 = -7 },
		{ .tag = 0x66010003, .i32 = INT32_MIN },
		{ .tag = 0x66020004, .f32 = 1.5f },
		{ .tag = 0x66030005, .f64 = -2.25 },
		{ .tag = 0x66040006, .i64 = 12345678901 },
		{ .tag = 0x6605000b, .b = true },
		{ .tag = 0x66060014, .i64 = INT64_MIN },
		{ .tag = 0x6607001f, .str = "text \xed\xa0\x80" },
		{ .tag = 0x66080040, .time = 132000000000000000 },
		{ .tag = 0x66090048, .guid = &guids[1] },
		{ .tag = 0x660a0102, .bin = { (const uint8_t *)"\0\1", 2 } },
		{ .tag = 0x660b1003, .n = 3, .mv_i32 = longs },
		{ .tag = 0x660c101f, .n = 3, .mv_str = strings },
		{ .tag = 0x660d1102, .n = 2, .mv_bin = bins },
		{ .tag = 0x660e1048, .n = 2, .mv_guid = guids },
		{ .tag = 0x660f1040, .n = 2, .mv_time = times },
		{ .tag = 0x6610101f, .n = 0 },
		{ .tag = 0x6611001f, .str = "" },
		{ .tag = 0x66120102, .bin = { NULL, 0 } },
		{ .tag = 0x80010003, .i32 = 9 },
	};
	enum { N = sizeof values / sizeof values[0] };
	struct env *e = *state;
	struct message *m = new_message(e);
	struct prop_value v;
	uint64_t id;

	for (int i = 0; i < N; i++)
		assert_int_equal(message_set_prop(m, &values[i]),
				 EC_SUCCESS);
	for (int i = 0; i < N; i++) {
		assert_int_equal(message_get_prop(m, values[i].tag, e->a,
						  &v), EC_SUCCESS);
		assert_true(prop_value_equal(&v, &values[i]));
	}
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	id = message_id(m);
	message_close(m);
	env_reopen(e);
	m = open_message(e, id, MESSAGE_READ_ONLY);
	for (int i = 0; i < N; i++) {
		assert_int_equal(message_get_prop(m, values[i].tag, e->a,
						  &v), EC_SUCCESS);
		assert_true(prop_value_equal(&v, &values[i]));
		/* without a type, and with another */
		assert_int_equal(message_get_prop(m, values[i].tag &
						  0xffff0000, e->a, &v),
				 EC_SUCCESS);
		assert_int_equal(v.tag, values[i].tag);
		assert_int_equal(message_get_prop(m, (values[i].tag &
			0xffff0000) | PTYP_SERVER_ID, e->a, &v),
			EC_NOT_FOUND);
	}
	assert_true(message_has_named_props(m));
	message_close(m);
	assert_healthy(e);
}

static void test_refused(void **state)
{
	struct env *e = *state;
	struct message *m = new_message(e);
	const struct { struct prop_value v; enum ec ec; } rows[] = {
		{ { .tag = PID_TAG_ENTRY_ID }, EC_COMPUTED },
		{ { .tag = PID_TAG_MESSAGE_SIZE }, EC_COMPUTED },
		{ { .tag = PID_TAG_HAS_ATTACHMENTS }, EC_COMPUTED },
		{ { .tag = PID_TAG_DISPLAY_TO, .str = "x" }, EC_COMPUTED },
		{ { .tag = PID_TAG_CHANGE_KEY }, EC_COMPUTED },
		{ { .tag = 0x6600001e, .str = "x" }, EC_INVALID_TYPE },
		{ { .tag = 0x66000000 }, EC_INVALID_TYPE },
		{ { .tag = 0x6600000a }, EC_INVALID_TYPE },
		{ { .tag = 0x660000fd }, EC_INVALID_TYPE },
		{ { .tag = 0x6600000d }, EC_NOT_SUPPORTED },
		{ { .tag = 0x66003003 }, EC_INVALID_TYPE },
	};
	struct prop_value ok = { .tag = PID_TAG_IMPORTANCE, .i32 = 2 };
	uint64_t id;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(message_set_prop(m, &rows[i].v),
				 rows[i].ec);
	assert_true(message_prop_client_read_only(PID_TAG_SEARCH_KEY));
	assert_true(message_prop_client_read_only(PID_TAG_ENTRY_ID));
	assert_false(message_prop_client_read_only(PID_TAG_SUBJECT));
	assert_int_equal(message_delete_prop(m, PID_TAG_ENTRY_ID),
			 EC_COMPUTED);
	assert_int_equal(message_delete_prop(m, 0x66000003), EC_NOT_FOUND);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	id = message_id(m);
	message_close(m);
	m = open_message(e, id, MESSAGE_READ_ONLY);
	assert_int_equal(message_set_prop(m, &ok), EC_ACCESS_DENIED);
	assert_int_equal(message_delete_prop(m, PID_TAG_IMPORTANCE),
			 EC_ACCESS_DENIED);
	assert_int_equal(message_save(m, 0), EC_ACCESS_DENIED);
	message_close(m);
}

/* [MS-OXCMSG] 2.2.1.6: R31, R1141, R1142 */
static void test_flags(void **state)
{
	struct env *e = *state;
	struct message *m = new_message(e);
	struct prop_value v = { .tag = PID_TAG_MESSAGE_FLAGS, .i32 = 0x8 };
	bool changed;

	assert_int_equal(message_set_prop(m, &v), EC_SUCCESS);
	message_get_prop(m, PID_TAG_MESSAGE_FLAGS, e->a, &v);
	assert_int_equal(v.i32, 0x8);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	assert_int_equal(stat_folder(e, inbox(e)).unread, 1);
	v.i32 = 1;
	assert_int_equal(message_set_prop(m, &v), EC_COMPUTED);
	assert_int_equal(message_set_read(m, 0, &changed), EC_SUCCESS);
	assert_true(changed);
	assert_int_equal(stat_folder(e, inbox(e)).unread, 0);
	message_get_prop(m, PID_TAG_MESSAGE_FLAGS, e->a, &v);
	assert_int_equal(v.i32, 0x409);
	assert_int_equal(message_set_read(m, 0, &changed), EC_SUCCESS);
	assert_false(changed);
	assert_int_equal(message_set_read(m, READ_FLAG_CLEAR, &changed),
			 EC_SUCCESS);
	message_get_prop(m, PID_TAG_MESSAGE_FLAGS, e->a, &v);
	assert_int_equal(v.i32, 0x8);
	assert_int_equal(stat_folder(e, inbox(e)).unread, 1);
	/* the read flag is no change of the message: no conflict */
	set_str(m, PID_TAG_SUBJECT, "x");
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	message_close(m);
	assert_healthy(e);
}

static void test_subject(void **state)
{
	static const struct { const char *subject, *prefix; } rows[] = {
		{ "RE: a", "RE: " }, { "a: b", "a: " }, { "abc: d", "abc: " },
		{ "abcd: e", "" }, { "R1: x", "" }, { "RE:x", "" },
		{ ": x", "" }, { "", "" }, { "RE: ", "RE: " },
		{ "\u56de\u590d: x", "\u56de\u590d: " },
	};
	struct env *e = *state;
	struct message *m = new_message(e);

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		set_str(m, PID_TAG_SUBJECT, rows[i].subject);
		assert_str(e, m, PID_TAG_SUBJECT_PREFIX, rows[i].prefix);
		assert_str(e, m, PID_TAG_NORMALIZED_SUBJECT,
			   rows[i].subject + strlen(rows[i].prefix));
	}
	set_str(m, PID_TAG_NORMALIZED_SUBJECT, "news");
	set_str(m, PID_TAG_SUBJECT_PREFIX, "Antwort: ");
	assert_str(e, m, PID_TAG_SUBJECT, "Antwort: news");
	set_str(m, PID_TAG_NORMALIZED_SUBJECT, "old");
	assert_str(e, m, PID_TAG_SUBJECT, "Antwort: old");
	assert_int_equal(message_delete_prop(m, PID_TAG_SUBJECT_PREFIX),
			 EC_SUCCESS);
	assert_str(e, m, PID_TAG_SUBJECT, "old");
	message_close(m);
}

/* [MS-OXCMSG] 3.2.5.3: R704, R705 */
static void test_conflict(void **state)
{
	struct env *e = *state;
	uint64_t id = make_message(e, inbox(e), "first");
	struct message *a = open_message(e, id, MESSAGE_READ_WRITE);
	struct message *b = open_message(e, id, MESSAGE_READ_WRITE);
	struct prop_value cn, later;
	bool partial;

	set_str(a, PID_TAG_SUBJECT, "by a");
	assert_str(e, b, PID_TAG_SUBJECT, "first");
	message_get_prop(a, PID_TAG_CHANGE_NUMBER, e->a, &cn);
	assert_int_equal(message_save(a, 0), EC_SUCCESS);
	message_get_prop(a, PID_TAG_CHANGE_NUMBER, e->a, &later);
	assert_true(id_counter((uint64_t)later.i64) >
		    id_counter((uint64_t)cn.i64));
	/* also with nothing to save, but for who would have it so */
	assert_int_equal(message_save(b, 0), EC_OBJECT_MODIFIED);
	assert_int_equal(message_save(b, MESSAGE_SAVE_FORCE), EC_SUCCESS);
	assert_str(e, b, PID_TAG_SUBJECT, "first");
	assert_int_equal(message_save(a, 0), EC_SUCCESS);
	set_str(b, PID_TAG_SUBJECT, "by b");
	assert_int_equal(message_save(b, 0), EC_OBJECT_MODIFIED);
	assert_int_equal(message_save(b, MESSAGE_SAVE_FORCE), EC_SUCCESS);
	assert_int_equal(message_reload(a), EC_SUCCESS);
	assert_str(e, a, PID_TAG_SUBJECT, "by b");
	set_str(a, PID_TAG_SUBJECT, "again");
	assert_int_equal(message_save(a, 0), EC_SUCCESS);
	assert_int_equal(messages_delete(e->store, inbox(e), &id, 1, false,
					 &partial), EC_SUCCESS);
	assert_int_equal(message_save(a, 0), EC_OBJECT_DELETED);
	set_str(a, PID_TAG_SUBJECT, "too late");
	assert_int_equal(message_save(a, MESSAGE_SAVE_FORCE),
			 EC_OBJECT_DELETED);
	message_close(a);
	message_close(b);
	/* soft-deleted: to be opened only by who asks for it */
	assert_int_equal(message_open(e->store, inbox(e), id,
				      MESSAGE_READ_ONLY, false, &a),
			 EC_NOT_FOUND);
	assert_int_equal(message_open(e->store, inbox(e), id,
				      MESSAGE_READ_ONLY, true, &a),
			 EC_SUCCESS);
	message_close(a);
	assert_healthy(e);
}

static void test_change_keys(void **state)
{
	struct env *e = *state;
	uint64_t id = make_message(e, inbox(e), "x");
	struct message *m = open_message(e, id, MESSAGE_READ_WRITE);
	struct prop_value key, pcl;

	message_get_prop(m, PID_TAG_CHANGE_KEY, e->a, &key);
	message_get_prop(m, PID_TAG_PREDECESSOR_CHANGE_LIST, e->a, &pcl);
	assert_int_equal(key.bin.len, 22);
	assert_int_equal(pcl.bin.len, 23);
	assert_int_equal(pcl.bin.data[0], 22);
	assert_memory_equal(pcl.bin.data + 1, key.bin.data, 22);
	message_close(m);
}

static char *filled(size_t len, unsigned seed)
{
	char *s = malloc(len + 1);

	for (size_t i = 0; i < len; i++)
		s[i] = (char)('a' + (i * 7 + i / 4096 + seed) % 26);
	s[len] = '\0';
	return s;
}

/* Values in the blob, in chunk rows, and beyond what is given at once. */
static void test_large(void **state)
{
	static const size_t sizes[] = { 100, 8191, 8192, 8193, 20000, 32768,
					65535, 65536, 65537, 300000 };
	enum { N = sizeof sizes / sizeof sizes[0] };
	struct env *e = *state;
	struct message *m = new_message(e);
	struct prop_value v;
	uint64_t id, size;
	char *s;

	for (unsigned i = 0; i < N; i++) {
		s = filled(sizes[i], i);
		v = (struct prop_value){ .tag = prop_tag_make(0x6600 + i,
			PTYP_BINARY), .bin = { (uint8_t *)s, sizes[i] } };
		assert_int_equal(message_set_prop(m, &v), EC_SUCCESS);
		v = str_value(prop_tag_make(0x6800 + i, PTYP_STRING), s);
		assert_int_equal(message_set_prop(m, &v), EC_SUCCESS);
		free(s);
	}
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	id = message_id(m);
	message_close(m);
	env_reopen(e);
	assert_healthy(e);
	m = open_message(e, id, MESSAGE_READ_WRITE);
	for (unsigned i = 0; i < N; i++) {
		uint32_t bin_tag = prop_tag_make(0x6600 + i, PTYP_BINARY);
		uint32_t str_tag = prop_tag_make(0x6800 + i, PTYP_STRING);

		s = filled(sizes[i], i);
		assert_int_equal(message_prop_size(m, bin_tag, &size),
				 EC_SUCCESS);
		assert_int_equal(size, sizes[i]);
		if (sizes[i] > PROP_GET_MAX) {
			assert_int_equal(message_get_prop(m, bin_tag, e->a,
							  &v),
					 EC_NOT_ENOUGH_MEMORY);
		} else {
			assert_int_equal(message_get_prop(m, bin_tag, e->a,
							  &v), EC_SUCCESS);
			assert_int_equal(v.bin.len, sizes[i]);
			assert_memory_equal(v.bin.data, s, sizes[i]);
		}
		/* as UTF-16 it is twice as long */
		if (sizes[i] * 2 > PROP_GET_MAX) {
			assert_int_equal(message_get_prop(m, str_tag, e->a,
							  &v),
					 EC_NOT_ENOUGH_MEMORY);
		} else {
			assert_str(e, m, str_tag, s);
		}
		free(s);
		assert_int_equal(message_delete_prop(m, bin_tag),
				 EC_SUCCESS);
		assert_int_equal(message_delete_prop(m, str_tag),
				 EC_SUCCESS);
	}
	assert_int_not_equal(chunks(e), 0);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	assert_int_equal(chunks(e), 0);
	message_close(m);
	assert_healthy(e);
}

/* Setting one value over and over takes no more and more memory. */
static void test_overwrite(void **state)
{
	struct env *e = *state;
	struct message *m = new_message(e);
	char *s = filled(2000, 0);

	for (int i = 0; i < 1000; i++) {
		s[0] = (char)('a' + i % 26);
		set_str(m, PID_TAG_BODY, s);
		set_str(m, PID_TAG_SUBJECT, "short");
	}
	assert_true(m->bag.data.len < 20000);
	assert_str(e, m, PID_TAG_BODY, s);
	assert_str(e, m, PID_TAG_SUBJECT, "short");
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	assert_str(e, m, PID_TAG_BODY, s);
	free(s);
	message_close(m);
}

static void test_list(void **state)
{
	struct env *e = *state;
	uint64_t id = make_message(e, inbox(e), "x");
	struct message *m = open_message(e, id, MESSAGE_READ_ONLY);
	struct prop_tags tags;
	struct prop_value v;

	assert_int_equal(message_list_props(m, e->a, &tags), EC_SUCCESS);
	for (uint32_t i = 0; i < tags.n; i++) {
		assert_int_equal(message_get_prop(m, tags.v[i], e->a, &v),
				 EC_SUCCESS);
		for (uint32_t k = 0; k < i; k++)
			assert_int_not_equal(tags.v[i], tags.v[k]);
	}
	assert_true(tags.n > 30);
	message_close(m);
}

/* ---- Recipients ---- */

static void add_recipient(struct message *m, uint32_t row, uint8_t type,
			  const char *name)
{
	const struct prop_value props[] = {
		{ .tag = PID_TAG_DISPLAY_NAME, .str = name },
		{ .tag = PID_TAG_EMAIL_ADDRESS, .str = "a@example.test" },
	};
	struct recipient r = { .row_id = row, .type = type,
			       .props = { 2, props } };

	assert_int_equal(message_set_recipient(m, &r), EC_SUCCESS);
}

static void test_recipients(void **state)
{
	struct env *e = *state;
	struct message *m = new_message(e);
	struct recipient r;
	uint64_t id;

	add_recipient(m, 2, 1, "Carol");
	add_recipient(m, 0, 1, "Alice");
	add_recipient(m, 1, 2, "Bob");
	add_recipient(m, 7, 3, "Dan");
	add_recipient(m, 2, 1, "Caroline");
	assert_int_equal(message_recipient_count(m), 4);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	id = message_id(m);
	assert_str(e, m, PID_TAG_DISPLAY_TO, "Alice; Caroline");
	assert_str(e, m, PID_TAG_DISPLAY_CC, "Bob");
	assert_str(e, m, PID_TAG_DISPLAY_BCC, "Dan");
	message_close(m);
	env_reopen(e);
	m = open_message(e, id, MESSAGE_READ_WRITE);
	assert_int_equal(message_recipient(m, 2, e->a, &r), EC_SUCCESS);
	assert_int_equal(r.row_id, 2);
	assert_int_equal(r.type, 1);
	assert_int_equal(r.props.n, 2);
	assert_string_equal(prop_find(&r.props, PID_TAG_DISPLAY_NAME)->str,
			    "Caroline");
	assert_int_equal(message_recipient(m, 4, e->a, &r), EC_NOT_FOUND);
	assert_int_equal(message_remove_recipient(m, 2), EC_SUCCESS);
	assert_int_equal(message_remove_recipient(m, 2), EC_NOT_FOUND);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	assert_str(e, m, PID_TAG_DISPLAY_TO, "Alice");
	assert_int_equal(message_remove_recipients(m), EC_SUCCESS);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	assert_str(e, m, PID_TAG_DISPLAY_TO, "");
	message_close(m);
	m = open_message(e, id, MESSAGE_READ_WRITE);
	assert_int_equal(message_recipient_count(m), 0);
	message_close(m);
	assert_healthy(e);
}

static void test_many_recipients(void **state)
{
	struct env *e = *state;
	struct message *m = new_message(e);
	struct recipient r;
	uint64_t id;
	char name[32];

	for (uint32_t i = 0; i < 5000; i++) {
		snprintf(name, sizeof name, "Recipient %u", i);
		add_recipient(m, i, 1, name);
	}
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	id = message_id(m);
	message_close(m);
	m = open_message(e, id, MESSAGE_READ_ONLY);
	assert_int_equal(message_recipient_count(m), 5000);
	assert_int_equal(message_recipient(m, 4999, e->a, &r), EC_SUCCESS);
	assert_string_equal(prop_find(&r.props, PID_TAG_DISPLAY_NAME)->str,
			    "Recipient 4999");
	message_close(m);
	assert_healthy(e);
}

/* ---- Attachments ---- */

static void set_data(struct attachment *at, const char *s)
{
	struct prop_value v = { .tag = PID_TAG_ATTACH_DATA_BINARY,
				.bin = { (const uint8_t *)s, strlen(s) } };

	assert_int_equal(attachment_set_prop(at, &v), EC_SUCCESS);
}

static void add_attachment(struct message *m, const char *s)
{
	struct attachment *at;

	assert_int_equal(attachment_create(m, &at), EC_SUCCESS);
	set_data(at, s);
	assert_int_equal(attachment_save(at), EC_SUCCESS);
	attachment_close(at);
}

static void test_attachments(void **state)
{
	struct env *e = *state;
	struct message *m = new_message(e);
	struct attachment *at;
	struct prop_value v;
	const uint32_t *numbers;
	char *big = filled(200000, 3);
	uint64_t id;

	add_attachment(m, "zero");
	/* closed without a save: not there, its number is not used again */
	assert_int_equal(attachment_create(m, &at), EC_SUCCESS);
	assert_int_equal(attachment_number(at), 1);
	assert_int_equal(attachment_get_prop(at, PID_TAG_RENDERING_POSITION,
					     e->a, &v), EC_SUCCESS);
	assert_int_equal(v.i32, -1);
	attachment_close(at);
	add_attachment(m, big);
	assert_int_equal(message_attachments(m, e->a, &numbers), 2);
	assert_int_equal(numbers[0], 0);
	assert_int_equal(numbers[1], 2);
	assert_int_equal(message_get_prop(m, PID_TAG_HAS_ATTACHMENTS, e->a,
					  &v), EC_SUCCESS);
	assert_true(v.b);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	id = message_id(m);
	message_close(m);
	env_reopen(e);
	assert_healthy(e);
	assert_int_equal(chunks(e), 4);
	m = open_message(e, id, MESSAGE_READ_WRITE);
	message_get_prop(m, PID_TAG_MESSAGE_SIZE, e->a, &v);
	assert_true(v.i32 > 200000);
	assert_int_equal(attachment_open(m, 1, MESSAGE_READ_ONLY, &at),
			 EC_NOT_FOUND);
	assert_int_equal(attachment_open(m, 2, MESSAGE_READ_WRITE, &at),
			 EC_SUCCESS);
	assert_int_equal(attachment_get_prop(at, PID_TAG_ATTACH_DATA_BINARY,
					     e->a, &v),
			 EC_NOT_ENOUGH_MEMORY);
	set_data(at, "smaller");
	/* others see it only after both saves */
	assert_int_equal(message_attachment_prop(m, 2,
			PID_TAG_ATTACH_DATA_BINARY, e->a, &v),
			EC_NOT_ENOUGH_MEMORY);
	assert_int_equal(attachment_save(at), EC_SUCCESS);
	attachment_close(at);
	assert_int_equal(message_attachment_prop(m, 2,
			PID_TAG_ATTACH_DATA_BINARY, e->a, &v), EC_SUCCESS);
	assert_memory_equal(v.bin.data, "smaller", 7);
	assert_int_equal(chunks(e), 4);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	assert_int_equal(chunks(e), 0);
	assert_int_equal(message_delete_attachment(m, 0), EC_SUCCESS);
	assert_int_equal(message_delete_attachment(m, 0), EC_NOT_FOUND);
	assert_int_equal(message_delete_attachment(m, 2), EC_SUCCESS);
	message_get_prop(m, PID_TAG_HAS_ATTACHMENTS, e->a, &v);
	assert_false(v.b);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	message_close(m);
	assert_int_equal(count_rows(e, "SELECT count(*) FROM attachments"),
			 0);
	free(big);
	assert_healthy(e);
}

static void test_attachment_errors(void **state)
{
	struct env *e = *state;
	struct message *m = new_message(e), *emb;
	struct prop_value v = { .tag = PID_TAG_ATTACH_NUMBER, .i32 = 9 };
	struct attachment *at;
	uint64_t id;

	add_attachment(m, "x");
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	id = message_id(m);
	message_close(m);
	m = open_message(e, id, MESSAGE_READ_ONLY);
	assert_int_equal(attachment_create(m, &at), EC_ACCESS_DENIED);
	assert_int_equal(message_delete_attachment(m, 0), EC_ACCESS_DENIED);
	assert_int_equal(attachment_open(m, 0, MESSAGE_READ_WRITE, &at),
			 EC_ACCESS_DENIED);
	assert_int_equal(attachment_open(m, 0, MESSAGE_READ_ONLY, &at),
			 EC_SUCCESS);
	assert_int_equal(attachment_set_prop(at, &v), EC_ACCESS_DENIED);
	assert_int_equal(attachment_delete_prop(at, PID_TAG_ATTACH_METHOD),
			 EC_ACCESS_DENIED);
	assert_int_equal(attachment_save(at), EC_ACCESS_DENIED);
	assert_int_equal(attachment_open_embedded(at, EMBEDDED_READ_ONLY, 0,
						  &emb), EC_NOT_FOUND);
	assert_int_equal(attachment_open_embedded(at, EMBEDDED_CREATE, 0,
						  &emb), EC_ACCESS_DENIED);
	attachment_close(at);
	message_set_mode(m, MESSAGE_READ_WRITE);
	assert_int_equal(attachment_open(m, 0, MESSAGE_READ_WRITE, &at),
			 EC_SUCCESS);
	assert_int_equal(attachment_set_prop(at, &v), EC_COMPUTED);
	set_data(at, "y");
	assert_int_equal(message_delete_attachment(m, 0), EC_SUCCESS);
	assert_int_equal(attachment_save(at), EC_OBJECT_DELETED);
	attachment_close(at);
	message_close(m);
}

/* depth messages in each other, the innermost with the subject "core" */
static void nest(struct env *e, struct message *m, int depth)
{
	struct attachment *at;
	struct message *emb;

	if (depth == 0) {
		set_str(m, PID_TAG_SUBJECT, "core");
		add_recipient(m, 0, 1, "Nested");
		add_attachment(m, "inside");
		return;
	}
	assert_int_equal(attachment_create(m, &at), EC_SUCCESS);
	assert_int_equal(attachment_open_embedded(at, EMBEDDED_CREATE, 0,
						  &emb), EC_SUCCESS);
	assert_true(message_is_embedded(emb));
	nest(e, emb, depth - 1);
	assert_int_equal(message_save(emb, 0), EC_SUCCESS);
	message_close(emb);
	assert_int_equal(attachment_save(at), EC_SUCCESS);
	attachment_close(at);
}

static void assert_nested(struct env *e, struct message *m, int depth,
			  const char *subject)
{
	struct attachment *at;
	struct message *emb;
	struct prop_value v;

	if (depth == 0) {
		assert_str(e, m, PID_TAG_SUBJECT, subject);
		assert_str(e, m, PID_TAG_DISPLAY_TO, "Nested");
		assert_int_equal(message_attachment_prop(m, 0,
			PID_TAG_ATTACH_DATA_BINARY, e->a, &v), EC_SUCCESS);
		assert_memory_equal(v.bin.data, "inside", 6);
		return;
	}
	assert_int_equal(attachment_open(m, 0, MESSAGE_READ_ONLY, &at),
			 EC_SUCCESS);
	assert_int_equal(attachment_get_prop(at, PID_TAG_ATTACH_METHOD, e->a,
					     &v), EC_SUCCESS);
	assert_int_equal(v.i32, 5);
	assert_int_equal(attachment_open_embedded(at, EMBEDDED_READ_ONLY, 0,
						  &emb), EC_SUCCESS);
	assert_nested(e, emb, depth - 1, subject);
	message_close(emb);
	attachment_close(at);
}

static void change_core(struct env *e, struct message *m, int depth)
{
	struct attachment *at;
	struct message *emb;

	if (depth == 0) {
		set_str(m, PID_TAG_SUBJECT, "changed");
		return;
	}
	assert_int_equal(attachment_open(m, 0, MESSAGE_READ_WRITE, &at),
			 EC_SUCCESS);
	assert_int_equal(attachment_open_embedded(at, EMBEDDED_READ_WRITE, 0,
						  &emb), EC_SUCCESS);
	change_core(e, emb, depth - 1);
	assert_int_equal(message_save(emb, 0), EC_SUCCESS);
	message_close(emb);
	assert_int_equal(attachment_save(at), EC_SUCCESS);
	attachment_close(at);
}

static void test_embedded(void **state)
{
	struct env *e = *state;
	struct message *m = new_message(e);
	uint64_t id;
	bool partial;

	nest(e, m, 3);
	assert_nested(e, m, 3, "core");
	assert_int_equal(count_rows(e, "SELECT count(*) FROM messages"), 0);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	id = message_id(m);
	message_close(m);
	env_reopen(e);
	assert_int_equal(count_rows(e, "SELECT count(*) FROM messages"), 4);
	m = open_message(e, id, MESSAGE_READ_WRITE);
	assert_nested(e, m, 3, "core");
	change_core(e, m, 3);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	/* a second save of the same open objects writes no second rows */
	change_core(e, m, 3);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	message_close(m);
	env_reopen(e);
	assert_int_equal(count_rows(e, "SELECT count(*) FROM messages"), 4);
	m = open_message(e, id, MESSAGE_READ_WRITE);
	assert_nested(e, m, 3, "changed");
	message_close(m);
	assert_healthy(e);
	assert_int_equal(messages_delete(e->store, inbox(e), &id, 1, true,
					 &partial), EC_SUCCESS);
	assert_int_equal(count_rows(e, "SELECT count(*) FROM messages"), 0);
	assert_int_equal(count_rows(e, "SELECT count(*) FROM attachments"),
			 0);
	assert_healthy(e);
}

static void test_depth(void **state)
{
	struct env *e = *state;
	struct message *stack[MESSAGE_DEPTH_MAX + 1] = { new_message(e) };
	struct attachment *at[MESSAGE_DEPTH_MAX + 1];
	struct message *none;

	for (int i = 0; i < MESSAGE_DEPTH_MAX; i++) {
		assert_int_equal(attachment_create(stack[i], &at[i]),
				 EC_SUCCESS);
		assert_int_equal(attachment_open_embedded(at[i],
			EMBEDDED_CREATE, 0, &stack[i + 1]), EC_SUCCESS);
	}
	assert_int_equal(attachment_create(stack[MESSAGE_DEPTH_MAX],
					   &at[MESSAGE_DEPTH_MAX]),
			 EC_SUCCESS);
	assert_int_equal(attachment_open_embedded(at[MESSAGE_DEPTH_MAX],
		EMBEDDED_CREATE, 0, &none), EC_TOO_COMPLEX);
	attachment_close(at[MESSAGE_DEPTH_MAX]);
	for (int i = MESSAGE_DEPTH_MAX; i > 0; i--) {
		message_close(stack[i]);
		attachment_close(at[i - 1]);
	}
	message_close(stack[0]);
}

/* The whole save in one transaction: exactly one sync. */
static void test_one_sync(void **state)
{
	struct env *e = *state;
	struct store_pool_stats before, after;
	struct message *m;

	make_message(e, inbox(e), "first");
	m = new_message(e);
	nest(e, m, 1);
	store_pool_stats(e->pool, &before);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	store_pool_stats(e->pool, &after);
	assert_int_equal(after.syncs - before.syncs, 1);
	message_close(m);
}

/* ---- Bodies ([MS-OXCMSG] 3.2.4.1) ---- */

static void test_bodies(void **state)
{
	static const char html[] =
		"<html><head><title>no</title><style>p {}</style></head>"
		"<body><p>One &amp; two</p>\r\n<p>&#228;&#x20ac;&lt;<br>"
		"x  y</p><!-- hidden --></body></html>";
	struct env *e = *state;
	struct message *m = new_message(e);
	struct prop_value v = { .tag = PID_TAG_HTML, .bin = {
		(const uint8_t *)html, sizeof html - 1 } };
	struct prop_value page = { .tag = PID_TAG_INTERNET_CODEPAGE,
				   .i32 = 65001 };

	assert_int_equal(message_get_prop(m, PID_TAG_NATIVE_BODY, e->a, &v),
			 EC_SUCCESS);
	assert_int_equal(v.i32, 0);
	assert_int_equal(message_get_prop(m, PID_TAG_BODY, e->a, &v),
			 EC_NOT_FOUND);
	v = (struct prop_value){ .tag = PID_TAG_HTML, .bin = {
		(const uint8_t *)html, sizeof html - 1 } };
	message_set_prop(m, &page);
	assert_int_equal(message_set_prop(m, &v), EC_SUCCESS);
	assert_str(e, m, PID_TAG_BODY,
		   "One & two\r\n\u00e4\u20ac<\r\nx y\r\n");
	assert_int_equal(message_get_prop(m, PID_TAG_NATIVE_BODY, e->a, &v),
			 EC_SUCCESS);
	assert_int_equal(v.i32, 3);
	message_delete_prop(m, PID_TAG_HTML);
	set_str(m, PID_TAG_BODY, "a <b>\r\n& c");
	assert_int_equal(message_get_prop(m, PID_TAG_HTML, e->a, &v),
			 EC_SUCCESS);
	assert_non_null(strstr((const char *)v.bin.data,
			       "a &lt;b&gt;<br>\r\n&amp; c"));
	message_get_prop(m, PID_TAG_NATIVE_BODY, e->a, &v);
	assert_int_equal(v.i32, 1);
	message_close(m);
}

/* ---- Copies ([MS-OXCPRPT] 3.2.5.7, 3.2.5.8) ---- */

static void test_copy_props(void **state)
{
	struct env *e = *state;
	struct message *src = new_message(e), *dst = new_message(e);
	const uint32_t not_these[] = { PID_TAG_IMPORTANCE,
				       PID_TAG_MESSAGE_ATTACHMENTS };
	const uint32_t these[] = { PID_TAG_MESSAGE_ATTACHMENTS };
	struct prop_tags exclude = { 2, not_these }, only = { 1, these };
	struct prop_value v = { .tag = PID_TAG_IMPORTANCE, .i32 = 2 };
	struct prop_value mine;
	char *big = filled(100000, 1);
	uint64_t size, id;

	set_str(src, PID_TAG_SUBJECT, "FW: copy me");
	set_str(src, PID_TAG_BODY, big);
	message_set_prop(src, &v);
	add_recipient(src, 0, 1, "Alice");
	nest(e, src, 1);
	assert_int_equal(message_save(src, 0), EC_SUCCESS);
	message_get_prop(dst, PID_TAG_SEARCH_KEY, e->a, &mine);
	assert_int_equal(message_copy_props(src, dst, NULL, &exclude, true,
					    false), EC_SUCCESS);
	assert_str(e, dst, PID_TAG_SUBJECT, "FW: copy me");
	assert_str(e, dst, PID_TAG_SUBJECT_PREFIX, "FW: ");
	message_get_prop(dst, PID_TAG_IMPORTANCE, e->a, &v);
	assert_int_equal(v.i32, 1);
	assert_int_equal(message_recipient_count(dst), 1);
	assert_int_equal(message_copy_props(src, dst, &only, NULL, false,
					    false), EC_SUCCESS);
	assert_int_equal(message_save(dst, 0), EC_SUCCESS);
	id = message_id(dst);
	message_close(src);
	message_close(dst);
	env_reopen(e);
	dst = open_message(e, id, MESSAGE_READ_WRITE);
	assert_nested(e, dst, 1, "core");
	assert_int_equal(message_prop_size(dst, PID_TAG_BODY, &size),
			 EC_SUCCESS);
	assert_int_equal(size, 200000);
	/* what is there stays */
	src = new_message(e);
	set_str(src, PID_TAG_SUBJECT, "other");
	set_str(src, 0x6600001f, "new");
	assert_int_equal(message_copy_props(src, dst, NULL, NULL, true,
					    true), EC_SUCCESS);
	assert_str(e, dst, PID_TAG_SUBJECT, "FW: copy me");
	assert_str(e, dst, 0x6600001f, "new");
	assert_nested(e, dst, 1, "core");
	message_close(src);
	message_close(dst);
	free(big);
	assert_healthy(e);
}

/* A value that another replaced meanwhile is an error, not another's bytes. */
static void test_replaced_stream(void **state)
{
	struct env *e = *state;
	char *big = filled(100000, 1), *other = filled(100000, 2);
	struct message *a, *b = new_message(e);
	struct stream *s;
	uint64_t id;
	size_t got;
	char buf[10];

	set_str(b, PID_TAG_BODY, big);
	assert_int_equal(message_save(b, 0), EC_SUCCESS);
	id = message_id(b);
	a = open_message(e, id, MESSAGE_READ_WRITE);
	assert_int_equal(message_open_stream(a, PID_TAG_BODY,
					     STREAM_READ_ONLY, &s),
			 EC_SUCCESS);
	set_str(b, PID_TAG_BODY, other);
	assert_int_equal(message_save(b, 0), EC_SUCCESS);
	assert_int_equal(stream_read(s, buf, sizeof buf, &got),
			 EC_OBJECT_MODIFIED);
	stream_close(s);
	set_str(a, PID_TAG_SUBJECT, "forced");
	assert_int_equal(message_save(a, MESSAGE_SAVE_FORCE),
			 EC_OBJECT_MODIFIED);
	message_close(a);
	message_close(b);
	free(big);
	free(other);
	assert_healthy(e);
}

/* Damage is an error of its own, said once, and no crash. */
static void test_damaged(void **state)
{
	static const char *const damage[] = {
		"UPDATE messages SET props=x'0100'",
		"UPDATE messages SET props=x'01000000370000001f'",
		"UPDATE messages SET props=substr(props, 1, 40)",
		"UPDATE messages SET props=x'', recipients=x'ff'",
	};
	struct env *e = *state;
	uint64_t id = make_message(e, inbox(e), "x");
	struct message *m;
	struct err err;

	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(sqlite3_exec(db_handle(e->store), damage[i],
					      NULL, NULL, NULL), SQLITE_OK);
		assert_int_equal(message_open(e->store, 0, id,
					      MESSAGE_READ_ONLY, false, &m),
				 EC_CORRUPT_STORE);
		assert_true(store_fault(e->store, &err));
		assert_int_equal(err.ec, EC_CORRUPT_STORE);
		assert_non_null(strstr(err.text, "restore"));
		assert_false(store_fault(e->store, &err));
	}
}

static void assert_conversation(struct message *m, struct arena *a,
				const void *id)
{
	struct prop_value v;

	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	assert_int_equal(message_get_prop(m, PID_TAG_CONVERSATION_ID, a, &v),
			 EC_SUCCESS);
	assert_int_equal(v.bin.len, 16);
	assert_memory_equal(v.bin.data, id, 16);
}

/*
 * [MS-OXOMSG] 2.2.1.2.  The digests are MD5 of UTF-16LE, computed elsewhere:
 * of "STRASSE I\xdf \U0001f600" with a small sharp s, of 255 times "A".
 */
static void test_conversation(void **state)
{
	static const uint8_t sharp[16] = {
		0xcf, 0x3e, 0x13, 0xbd, 0x0e, 0x03, 0x1e, 0x67,
		0x6d, 0xda, 0xe1, 0xad, 0x90, 0x6c, 0x74, 0xd7 };
	static const uint8_t many[16] = {
		0x34, 0x4a, 0xec, 0xc0, 0x01, 0xe0, 0x73, 0x00,
		0x49, 0x7e, 0x21, 0xb9, 0x92, 0x63, 0xec, 0xd5 };
	static const uint8_t index[27] = { 1, 2, 3, 4, 5, 6, 'a', 'b', 'c',
		'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
		'p', 9, 9, 9, 9, 9 };
	struct prop_value v = { .tag = PID_TAG_CONVERSATION_INDEX,
				.bin = { index, 21 } };
	struct env *e = *state;
	char long_topic[301];
	struct message *m;

	memset(long_topic, 'a', 300);
	long_topic[300] = '\0';
	assert_int_equal(message_create(e->store, inbox(e), false, 0, 0, &m),
			 EC_SUCCESS);
	/* neither topic nor index */
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	assert_int_equal(message_get_prop(m, PID_TAG_CONVERSATION_ID, e->a,
					  &(struct prop_value){ 0 }),
			 EC_NOT_FOUND);
	set_str(m, PID_TAG_CONVERSATION_TOPIC,
		"Strasse i\xc3\x9f \xf0\x9f\x98\x80");
	assert_conversation(m, e->a, sharp);
	set_str(m, PID_TAG_CONVERSATION_TOPIC, long_topic);
	assert_conversation(m, e->a, many);
	/* an index that is too short, one that isn't to be looked at */
	assert_int_equal(message_set_prop(m, &v), EC_SUCCESS);
	v = (struct prop_value){ .tag = PID_TAG_CONVERSATION_INDEX_TRACKING,
				 .b = true };
	assert_int_equal(message_set_prop(m, &v), EC_SUCCESS);
	assert_conversation(m, e->a, many);
	v.b = false;
	assert_int_equal(message_set_prop(m, &v), EC_SUCCESS);
	v = (struct prop_value){ .tag = PID_TAG_CONVERSATION_INDEX,
				 .bin = { index, sizeof index } };
	assert_int_equal(message_set_prop(m, &v), EC_SUCCESS);
	assert_conversation(m, e->a, many);
	v = (struct prop_value){ .tag = PID_TAG_CONVERSATION_INDEX_TRACKING,
				 .b = true };
	assert_int_equal(message_set_prop(m, &v), EC_SUCCESS);
	assert_conversation(m, e->a, "abcdefghijklmnop");
	message_close(m);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, env_setup, \
						   env_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create),
		TEST(test_roundtrip),
		TEST(test_types),
		TEST(test_refused),
		TEST(test_flags),
		TEST(test_subject),
		TEST(test_conversation),
		TEST(test_conflict),
		TEST(test_change_keys),
		TEST(test_large),
		TEST(test_overwrite),
		TEST(test_list),
		TEST(test_recipients),
		TEST(test_many_recipients),
		TEST(test_attachments),
		TEST(test_attachment_errors),
		TEST(test_embedded),
		TEST(test_depth),
		TEST(test_one_sync),
		TEST(test_bodies),
		TEST(test_copy_props),
		TEST(test_replaced_stream),
		TEST(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
