/* SPDX-License-Identifier: Apache-2.0 */
/* [MS-OXCTABL] 3.2.5: what the handlers make of tables */
#include "mailbox/content.h"
#include "mapi/restriction.h"

enum { BEGINNING = 0, CURRENT = 1, AT_END = 2, CUSTOM = 3 };
enum { N = 10 };

static const uint32_t tags[] = { PID_TAG_MID, PID_TAG_SUBJECT,
				 PID_TAG_IMPORTANCE };
static const struct prop_tags columns = { 3, tags };

/* Messages "m0" … in the Inbox, of importance i % 3. */
static void fill(struct content *c, uint32_t n)
{
	char name[16];

	for (uint32_t i = 0; i < n; i++) {
		uint32_t m = new_message(c);

		snprintf(name, sizeof name, "m%u", i);
		set_text(c, m, PID_TAG_SUBJECT, name);
		set_i32(c, m, PID_TAG_IMPORTANCE, (int32_t)i % 3);
		save_message(c, m);
		release(c, m);
	}
}

static uint32_t open_table(struct content *c, const struct prop_tags *set)
{
	uint32_t table;

	OK(CALL(c, get_contents_table, c->inbox, &table));
	if (set != NULL) {
		OK(CALL(c, set_columns, table, NULL, .property_tags = *set));
		assert_int_equal(c->rsp.set_columns.table_status, 0);
		c->h->columns = *set;
	}
	return table;
}

static void sort_by(struct content *c, uint32_t table, uint32_t tag,
		    uint8_t order)
{
	const struct sort_order v = { tag, order };

	OK(CALL(c, sort_table, table, NULL, .sort_orders = { 1, 0, 0, &v }));
	assert_int_equal(c->rsp.sort_table.table_status, 0);
}

/* The rows of the last RopQueryRows. */
static const struct prop_values *rows_of(struct content *c,
					 const struct bin *data, size_t n)
{
	const struct rop_codec codec = {
		.prop = prop_ctx_rop(c->h->arena, 0) };
	const struct prop_values *rows = NULL;

	assert_true(rop_rows_decode(&codec, &c->h->columns, data, n, &rows));
	return rows;
}

static const struct prop_values *query(struct content *c, uint32_t table,
				       uint8_t flags, bool forward,
				       uint16_t max, uint16_t want)
{
	OK(CALL(c, query_rows, table, NULL, .query_rows_flags = flags,
		.forward_read = forward, .row_count = max));
	assert_int_equal(c->rsp.query_rows.row_count, want);
	return rows_of(c, &c->rsp.query_rows.row_data, want);
}

static void expect_position(struct content *c, uint32_t table, uint32_t at,
			    uint32_t of)
{
	OK(CALL(c, query_position, table, NULL));
	assert_int_equal(c->rsp.query_position.numerator, at);
	assert_int_equal(c->rsp.query_position.denominator, of);
}

/* 3.2.5.5 */
static void test_query_rows(void **state)
{
	struct content *c = *state;
	const struct prop_values *rows;
	uint32_t table;

	fill(c, N);
	table = open_table(c, &columns);
	assert_int_equal(c->rsp.set_columns.table_status, 0);
	sort_by(c, table, PID_TAG_SUBJECT, 0);
	rows = query(c, table, 0, true, 4, 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(rows[i].v[1].str[1], '0' + i);
		assert_int_equal(rows[i].v[2].i32, i % 3);
	}
	assert_int_equal(c->rsp.query_rows.origin, CURRENT);
	expect_position(c, table, 4, N);
	/* NoAdvance */
	rows = query(c, table, 1, true, 3, 3);
	assert_string_equal(rows[0].v[1].str, "m4");
	expect_position(c, table, 4, N);
	/* Backward: from three rows before the cursor up to it */
	rows = query(c, table, 0, false, 3, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(rows[i].v[1].str[1], '1' + i);
	expect_position(c, table, 1, N);
	query(c, table, 0, false, 3, 1);
	assert_int_equal(c->rsp.query_rows.origin, BEGINNING);
	query(c, table, 0, false, 3, 0);
	assert_int_equal(c->rsp.query_rows.origin, BEGINNING);
	query(c, table, 0, true, 100, N);
	assert_int_equal(c->rsp.query_rows.origin, AT_END);
	query(c, table, 0, true, 100, 0);
	assert_int_equal(c->rsp.query_rows.origin, AT_END);
}

/* [MS-OXCFOLD] 2.2.1.14.1 ConversationMembers, [MS-OXCTABL] R723 */
static void test_conversation(void **state)
{
	/* MD5 of "TALK OF THE TOWN" in UTF-16LE */
	static const uint8_t key[16] = {
		0x8e, 0x99, 0xac, 0x81, 0x67, 0x1d, 0x48, 0xdc,
		0xd8, 0xbf, 0x17, 0xde, 0xcb, 0x97, 0x2e, 0xf5 };
	struct content *c = *state;
	const struct prop_value id = { .tag = PID_TAG_CONVERSATION_ID,
				       .bin = { key, sizeof key } };
	const struct prop_value topic = { .tag = PID_TAG_CONVERSATION_TOPIC,
					  .str = "Talk of the town" };
	struct restriction r = { .type = RES_PROPERTY, .property = {
		REL_OP_EQ, PID_TAG_CONVERSATION_ID, id } };
	uint32_t root = open_special(c->h, c->h->alice, c->logon,
				     SPECIAL_ROOT);
	uint32_t table, m = new_message(c);

	OK(CALL(c, get_contents_table, root, &table, .table_flags = 0x80));
	assert_int_equal(CALL(c, restrict_table, table, NULL,
			      .restriction = &r),
			 EC_CONVERSATION_NOT_FOUND);
	OK(CALL(c, set_properties, m, NULL, .property_values = { 1, &topic }));
	save_message(c, m);
	(void)save_message(c, new_message(c));
	OK(CALL(c, restrict_table, table, NULL, .restriction = &r));
	expect_position(c, table, 0, 1);
}

/* 3.2.5.2: before RopSetColumns, and after it failed */
static void test_without_columns(void **state)
{
	static const uint32_t bad[] = { PID_TAG_SUBJECT & ~0xffffu };
	struct content *c = *state;
	uint32_t table = open_table(c, NULL), m = new_message(c);
	const struct restriction exist = { .type = RES_EXIST,
		.exist = { PID_TAG_SUBJECT } };

	for (int round = 0; round < 2; round++) {
		assert_int_equal(CALL(c, query_rows, table, NULL,
				      .forward_read = true, .row_count = 1),
				 EC_NULL_OBJECT);
		assert_int_equal(CALL(c, find_row, table, NULL,
				      .restriction = &exist), EC_NULL_OBJECT);
		assert_int_equal(CALL(c, expand_row, table, NULL,
				      .category_id = 1), EC_NULL_OBJECT);
		assert_int_equal(CALL(c, collapse_row, table, NULL,
				      .category_id = 1), EC_NULL_OBJECT);
		assert_int_equal(CALL(c, free_bookmark, table, NULL),
				 EC_NULL_OBJECT);
		assert_int_equal(CALL(c, seek_row_bookmark, table, NULL),
				 EC_NULL_OBJECT);
		assert_int_equal(CALL(c, get_collapse_state, table, NULL),
				 EC_NULL_OBJECT);
		assert_int_equal(CALL(c, set_collapse_state, table, NULL),
				 EC_NULL_OBJECT);
		OK(CALL(c, set_columns, table, NULL,
			.property_tags = columns));
		assert_int_equal(CALL(c, set_columns, table, NULL,
				      .property_tags = { 1, bad }),
				 EC_INVALID_PARAM);
	}
	assert_int_equal(CALL(c, set_columns, m, NULL,
			      .property_tags = columns), EC_NOT_SUPPORTED);
	assert_int_equal(CALL(c, query_rows, m, NULL), EC_NOT_SUPPORTED);
}

/* Rows are as many as fit; and more in further buffers if that is allowed */
static void test_full_buffers(void **state)
{
	enum { ROWS = 300 };
	struct content *c = *state;
	uint32_t table, got = 0;
	struct rops b;

	fill(c, ROWS);
	table = open_table(c, &columns);
	c->h->max_rop_out = 2048;
	while (got < ROWS) {
		OK(CALL(c, query_rows, table, NULL, .forward_read = true,
			.row_count = 1000));
		assert_in_range(c->rsp.query_rows.row_count, 1, ROWS - got);
		rows_of(c, &c->rsp.query_rows.row_data,
			c->rsp.query_rows.row_count);
		got += c->rsp.query_rows.row_count;
	}
	/* EnablePackedBuffers */
	OK(CALL(c, seek_row, table, NULL, .origin = BEGINNING));
	c->h->execute_flags |= 4;
	c->h->max_rop_out = 0x40000;
	rops_begin(&b, c->h, c->h->alice);
	rops_handle(&b, table);
	rops_add(&b, ROP_ID_query_rows, 0, 0, 0, &(union rop_req){
		.query_rows = { .query_rows_flags = 2, .forward_read = true,
				.row_count = ROWS } });
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	got = 0;
	for (unsigned i = 0; i < b.n; i++)
		got += b.rsps[i].query_rows.row_count;
	assert_int_equal(got, ROWS);
	/* Not backward, where what comes later would stand before */
	c->h->max_rop_out = 0x40000;
	rops_begin(&b, c->h, c->h->alice);
	rops_handle(&b, table);
	rops_add(&b, ROP_ID_query_rows, 0, 0, 0, &(union rop_req){
		.query_rows = { .query_rows_flags = 2, .row_count = ROWS } });
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	assert_int_equal(b.n, 1);
}

/* Not even one row: ecBufferTooSmall becomes RopBufferTooSmall, so that the
 * client tries again with more room. */
static void test_no_room(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c), table;
	struct rops b;

	set_text(c, m, PID_TAG_SUBJECT, "a subject of some length, to be "
		 "sure that it needs more than there is");
	save_message(c, m);
	table = open_table(c, &columns);
	c->h->max_rop_out = 80;
	rops_begin(&b, c->h, c->h->alice);
	rops_handle(&b, table);
	rops_add(&b, ROP_ID_query_rows, 0, 0, 0, &(union rop_req){
		.query_rows = { .forward_read = true, .row_count = 5 } });
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	assert_int_equal(b.answers[0].rop_id, ROP_ID_buffer_too_small);
	c->h->max_rop_out = 0x8008;
	expect_position(c, table, 0, 1);
	query(c, table, 0, true, 5, 1);
}

/* PtypString8 columns, in the session's code page */
static void test_string8(void **state)
{
	static const uint32_t t8[] = {
		(PID_TAG_SUBJECT & ~0xffffu) | PTYP_STRING8,
		PID_TAG_SUBJECT,
	};
	const struct prop_tags set = { 2, t8 };
	struct content *c = *state;
	const struct prop_values *rows;
	uint32_t m = new_message(c), table;
	const struct restriction r = { .type = RES_CONTENT, .content = {
		.fuzzy_level_low = FL_SUBSTRING,
		.fuzzy_level_high = FL_IGNORE_CASE, .tag = t8[0],
		.value = { .tag = t8[0], .str = "\xe9" } } };

	set_text(c, m, PID_TAG_SUBJECT, "caf\u00e9 \u4e2d");
	save_message(c, m);
	table = open_table(c, &set);
	sort_by(c, table, t8[0], 0);
	OK(CALL(c, restrict_table, table, NULL, .restriction = &r));
	rows = query(c, table, 0, true, 5, 1);
	assert_int_equal(rows[0].v[0].tag, t8[0]);
	assert_string_equal(rows[0].v[0].str, "caf\xe9 ?");
	assert_string_equal(rows[0].v[1].str, "caf\u00e9 \u4e2d");
}

/* 3.2.5.3, 3.2.5.4, 3.2.5.16 */
static void test_sort_restrict_reset(void **state)
{
	struct content *c = *state;
	const struct restriction r = { .type = RES_PROPERTY, .property = {
		.rel_op = REL_OP_EQ, .tag = PID_TAG_IMPORTANCE,
		.value = { .tag = PID_TAG_IMPORTANCE, .i32 = 1 } } };
	const struct prop_values *rows;
	uint32_t table;

	fill(c, N);
	table = open_table(c, &columns);
	sort_by(c, table, PID_TAG_SUBJECT, 1);
	rows = query(c, table, 0, true, 1, 1);
	assert_string_equal(rows[0].v[1].str, "m9");
	OK(CALL(c, restrict_table, table, NULL, .restriction = &r));
	assert_int_equal(c->rsp.restrict_table.table_status, 0);
	expect_position(c, table, 0, 3);
	rows = query(c, table, 0, true, 10, 3);
	assert_string_equal(rows[0].v[1].str, "m7");
	assert_string_equal(rows[2].v[1].str, "m1");
	/* An empty restriction takes it away. */
	OK(CALL(c, restrict_table, table, NULL, .restriction = NULL));
	expect_position(c, table, 0, N);
	OK(CALL(c, restrict_table, table, NULL, .restriction = &r));
	OK(CALL(c, reset_table, table, NULL));
	expect_position(c, table, 0, N);
	assert_int_equal(CALL(c, query_rows, table, NULL,
			      .forward_read = true, .row_count = 1),
			 EC_NULL_OBJECT);
}

/* 3.2.5.6, 3.2.5.7 */
static void test_status(void **state)
{
	struct content *c = *state;
	uint32_t table = open_table(c, &columns);

	OK(CALL(c, get_status, table, NULL));
	assert_int_equal(c->rsp.get_status.table_status, 0);
	assert_int_equal(CALL(c, abort, table, NULL), EC_UNABLE_TO_ABORT);
	/* The asynchronous flags are ignored. */
	OK(CALL(c, set_columns, table, NULL, .set_columns_flags = 1,
		.property_tags = columns));
	assert_int_equal(c->rsp.set_columns.table_status, 0);
	OK(CALL(c, restrict_table, table, NULL, .restrict_flags = 1));
	assert_int_equal(c->rsp.restrict_table.table_status, 0);
	assert_int_equal(CALL(c, get_status, c->inbox, NULL),
			 EC_NOT_SUPPORTED);
	assert_int_equal(CALL(c, abort, c->inbox, NULL), EC_NOT_SUPPORTED);
}

/* 3.2.5.8 to 3.2.5.11 */
static void test_seek(void **state)
{
	struct content *c = *state;
	uint32_t table;

	fill(c, N);
	table = open_table(c, &columns);
	OK(CALL(c, seek_row, table, NULL, .origin = BEGINNING, .row_count = 4,
		.want_row_moved_count = true));
	assert_false(c->rsp.seek_row.has_sought_less);
	assert_int_equal(c->rsp.seek_row.rows_sought, 4);
	OK(CALL(c, seek_row, table, NULL, .origin = CURRENT, .row_count = 100,
		.want_row_moved_count = true));
	assert_true(c->rsp.seek_row.has_sought_less);
	assert_int_equal(c->rsp.seek_row.rows_sought, 6);
	expect_position(c, table, N, N);
	OK(CALL(c, seek_row, table, NULL, .origin = AT_END, .row_count = -3,
		.want_row_moved_count = true));
	assert_int_equal(c->rsp.seek_row.rows_sought, -3);
	OK(CALL(c, seek_row, table, NULL, .origin = CURRENT,
		.row_count = INT32_MIN, .want_row_moved_count = true));
	assert_true(c->rsp.seek_row.has_sought_less);
	assert_int_equal(c->rsp.seek_row.rows_sought, -7);
	assert_int_equal(CALL(c, seek_row, table, NULL, .origin = 9),
			 EC_INVALID_PARAM);
	OK(CALL(c, seek_row_fractional, table, NULL, .numerator = 1,
		.denominator = 2));
	expect_position(c, table, 5, N);
	OK(CALL(c, seek_row_fractional, table, NULL, .numerator = 9,
		.denominator = 3));
	expect_position(c, table, N, N);
	OK(CALL(c, seek_row_fractional, table, NULL, .numerator = 0,
		.denominator = 7));
	expect_position(c, table, 0, N);
	assert_int_equal(CALL(c, seek_row_fractional, table, NULL),
			 EC_INVALID_PARAM);
	assert_int_equal(CALL(c, seek_row, c->inbox, NULL), EC_NOT_SUPPORTED);
	assert_int_equal(CALL(c, query_position, c->inbox, NULL),
			 EC_NOT_SUPPORTED);
}

/* 3.2.5.10, 3.2.5.12, 3.2.5.15 */
static void test_bookmarks(void **state)
{
	struct content *c = *state;
	const struct prop_values *rows;
	uint32_t table;
	struct bin mark;
	uint64_t id;

	fill(c, N);
	table = open_table(c, &columns);
	sort_by(c, table, PID_TAG_SUBJECT, 0);
	OK(CALL(c, seek_row, table, NULL, .origin = BEGINNING,
		.row_count = 3));
	OK(CALL(c, create_bookmark, table, NULL));
	mark = c->rsp.create_bookmark.bookmark;
	assert_true(mark.len > 0);
	OK(CALL(c, seek_row, table, NULL, .origin = AT_END));
	OK(CALL(c, seek_row_bookmark, table, NULL, .bookmark = mark,
		.row_count = 1, .want_row_moved_count = true));
	assert_false(c->rsp.seek_row_bookmark.row_no_longer_visible);
	assert_int_equal(c->rsp.seek_row_bookmark.rows_sought, 1);
	rows = query(c, table, 1, true, 1, 1);
	assert_string_equal(rows[0].v[1].str, "m4");
	/* Its row goes away: the next one stands for it. */
	OK(CALL(c, seek_row_bookmark, table, NULL, .bookmark = mark));
	rows = query(c, table, 1, true, 1, 1);
	id = (uint64_t)rows[0].v[0].i64;
	OK(CALL(c, delete_messages, c->inbox, NULL,
		.message_ids = { 1, &id }));
	OK(CALL(c, seek_row_bookmark, table, NULL, .bookmark = mark));
	assert_true(c->rsp.seek_row_bookmark.row_no_longer_visible);
	rows = query(c, table, 1, true, 1, 1);
	assert_string_equal(rows[0].v[1].str, "m4");
	OK(CALL(c, free_bookmark, table, NULL, .bookmark = mark));
	assert_int_equal(CALL(c, free_bookmark, table, NULL,
			      .bookmark = mark), EC_INVALID_BOOKMARK);
	assert_int_equal(CALL(c, seek_row_bookmark, table, NULL,
			      .bookmark = mark), EC_INVALID_BOOKMARK);
	/* A sort makes them all invalid. */
	OK(CALL(c, create_bookmark, table, NULL));
	mark = c->rsp.create_bookmark.bookmark;
	sort_by(c, table, PID_TAG_SUBJECT, 1);
	assert_int_equal(CALL(c, seek_row_bookmark, table, NULL,
			      .bookmark = mark), EC_INVALID_BOOKMARK);
	assert_int_equal(CALL(c, create_bookmark, c->inbox, NULL),
			 EC_NOT_SUPPORTED);
}

/* 3.2.5.13 */
static void test_query_columns_all(void **state)
{
	struct content *c = *state;
	uint32_t table = open_table(c, NULL);
	const struct prop_tags *all =
		&c->rsp.query_columns_all.property_tags;
	bool found = false;

	OK(CALL(c, query_columns_all, table, NULL));
	for (uint32_t i = 0; i < all->n; i++)
		found |= all->v[i] == PID_TAG_SUBJECT;
	assert_true(found);
	assert_int_equal(CALL(c, query_columns_all, c->inbox, NULL),
			 EC_NOT_SUPPORTED);
}

/* 3.2.5.14 */
static void test_find_row(void **state)
{
	struct content *c = *state;
	const struct restriction r = { .type = RES_PROPERTY, .property = {
		.rel_op = REL_OP_EQ, .tag = PID_TAG_IMPORTANCE,
		.value = { .tag = PID_TAG_IMPORTANCE, .i32 = 2 } } };
	const struct restriction no = { .type = RES_PROPERTY, .property = {
		.rel_op = REL_OP_EQ, .tag = PID_TAG_IMPORTANCE,
		.value = { .tag = PID_TAG_IMPORTANCE, .i32 = 99 } } };
	const struct prop_values *rows;
	const struct rop_find_row_rsp *rsp = &c->rsp.find_row;
	uint32_t table;

	fill(c, N);
	table = open_table(c, &columns);
	sort_by(c, table, PID_TAG_SUBJECT, 0);
	OK(CALL(c, find_row, table, NULL, .restriction = &r,
		.origin = BEGINNING));
	assert_true(rsp->has_row_data);
	assert_false(rsp->row_no_longer_visible);
	rows = rows_of(c, &rsp->row_data, 1);
	assert_string_equal(rows[0].v[1].str, "m2");
	expect_position(c, table, 2, N);
	/* Backward, from the end */
	OK(CALL(c, find_row, table, NULL, .find_row_flags = 1,
		.restriction = &r, .origin = AT_END));
	rows = rows_of(c, &rsp->row_data, 1);
	assert_string_equal(rows[0].v[1].str, "m8");
	assert_int_equal(CALL(c, find_row, table, NULL, .restriction = &no,
			      .origin = BEGINNING), EC_NOT_FOUND);
	assert_int_equal(CALL(c, find_row, table, NULL, .restriction = &r,
			      .origin = CUSTOM,
			      .bookmark = { (const uint8_t *)"x", 1 }),
			 EC_INVALID_BOOKMARK);
	/* From a bookmark */
	OK(CALL(c, seek_row, table, NULL, .origin = BEGINNING,
		.row_count = 3));
	OK(CALL(c, create_bookmark, table, NULL));
	OK(CALL(c, find_row, table, NULL, .restriction = &r, .origin = CUSTOM,
		.bookmark = c->rsp.create_bookmark.bookmark));
	rows = rows_of(c, &rsp->row_data, 1);
	assert_string_equal(rows[0].v[1].str, "m5");
}

/* 3.2.5.17 to 3.2.5.20 */
static void test_categories(void **state)
{
	static const uint32_t ct[] = { PID_TAG_INST_ID, PID_TAG_ROW_TYPE,
				       PID_TAG_SUBJECT, PID_TAG_IMPORTANCE,
				       PID_TAG_INSTANCE_NUM };
	static const struct sort_order orders[] = {
		{ PID_TAG_IMPORTANCE, 0 }, { PID_TAG_SUBJECT, 0 } };
	const struct prop_tags set = { 5, ct };
	struct content *c = *state;
	const struct prop_values *rows;
	struct bin saved;
	uint32_t table;
	uint64_t id;

	fill(c, 6);
	table = open_table(c, &set);
	OK(CALL(c, sort_table, table, NULL,
		.sort_orders = { 2, 1, 0, orders }));
	rows = query(c, table, 0, true, 20, 3);
	assert_int_equal(rows[0].v[1].i32, 4);          /* collapsed */
	id = (uint64_t)rows[1].v[0].i64;
	assert_int_equal(CALL(c, expand_row, table, NULL,
			      .category_id = 0x7777), EC_NOT_FOUND);
	assert_int_equal(CALL(c, collapse_row, table, NULL,
			      .category_id = id), EC_NOT_EXPANDED);
	OK(CALL(c, expand_row, table, NULL, .max_row_count = 1,
		.category_id = id));
	assert_int_equal(c->rsp.expand_row.expanded_row_count, 2);
	assert_int_equal(c->rsp.expand_row.row_count, 1);
	rows = rows_of(c, &c->rsp.expand_row.row_data, 1);
	assert_string_equal(rows[0].v[2].str, "m1");
	assert_int_equal(CALL(c, expand_row, table, NULL,
			      .category_id = id), EC_NOT_COLLAPSED);
	OK(CALL(c, query_position, table, NULL));
	assert_int_equal(c->rsp.query_position.denominator, 5);

	/* The state, and back to it */
	OK(CALL(c, get_collapse_state, table, NULL, .row_id = id,
		.row_instance_number = 0));
	saved = c->rsp.get_collapse_state.collapse_state;
	OK(CALL(c, collapse_row, table, NULL, .category_id = id));
	assert_int_equal(c->rsp.collapse_row.collapsed_row_count, 2);
	OK(CALL(c, set_collapse_state, table, NULL,
		.collapse_state = saved));
	assert_true(c->rsp.set_collapse_state.bookmark.len > 0);
	OK(CALL(c, seek_row_bookmark, table, NULL,
		.bookmark = c->rsp.set_collapse_state.bookmark));
	OK(CALL(c, query_position, table, NULL));
	assert_int_equal(c->rsp.query_position.numerator, 1);
	assert_int_equal(c->rsp.query_position.denominator, 5);
	assert_int_not_equal(CALL(c, set_collapse_state, table, NULL,
		.collapse_state = { (const uint8_t *)"xx", 2 }), EC_SUCCESS);
}

/* A hierarchy table takes the same ROPs but for sorting and categories. */
static void test_hierarchy(void **state)
{
	static const uint32_t ht[] = { PID_TAG_FOLDER_ID,
				       PID_TAG_DISPLAY_NAME };
	static const struct sort_order order = { PID_TAG_DISPLAY_NAME, 0 };
	const struct prop_tags set = { 2, ht };
	struct content *c = *state;
	uint32_t table, root = open_special(c->h, c->h->alice, c->logon,
					    SPECIAL_IPM_SUBTREE);

	OK(CALL(c, get_hierarchy_table, root, &table));
	OK(CALL(c, set_columns, table, NULL, .property_tags = set));
	c->h->columns = set;
	OK(CALL(c, query_rows, table, NULL, .forward_read = true,
		.row_count = 100));
	assert_true(c->rsp.query_rows.row_count >= 4);
	rows_of(c, &c->rsp.query_rows.row_data, c->rsp.query_rows.row_count);
	assert_int_equal(CALL(c, sort_table, table, NULL,
			      .sort_orders = { 1, 0, 0, &order }),
			 EC_NOT_SUPPORTED);
	assert_int_equal(CALL(c, expand_row, table, NULL, .category_id = 1),
			 EC_NOT_SUPPORTED);
}

/* The next RopNotify for alice; NULL if nothing waits. */
static const struct rop_notify_rsp *next_notify(struct content *c,
						uint32_t table)
{
	struct rops *b = arena_zalloc(c->h->arena, sizeof *b);

	rops_begin(b, c->h, c->h->alice);
	rops_handle(b, table);
	assert_int_equal(rops_run(b), EC_SUCCESS);
	for (unsigned i = 0; i < b->n; i++)
		if (b->answers[i].rop_id == ROP_ID_notify)
			return &b->rsps[i].notify;
	return NULL;
}

/* [MS-OXCNOTIF] 3.1.4.3: what another session changes, with the columns */
static void test_notification(void **state)
{
	struct content *c = *state;
	uint32_t table = open_table(c, &columns), silent, logon;
	const struct rop_notify_rsp *n;
	const struct prop_values *rows;
	struct session *other;
	uint64_t id;
	enum ec ec;

	query(c, table, 0, true, 10, 0);
	OK(CALL(c, get_contents_table, c->inbox, &silent,
		.table_flags = 0x10));                  /* NoNotifications */
	OK(CALL(c, set_columns, silent, NULL, .property_tags = columns));
	query(c, silent, 0, true, 10, 0);
	c->h->columns = (struct prop_tags){ 0, NULL };
	other = harness_connect(c->h, c->h->alice_id, ALICE_DN, 0, &ec);
	logon = harness_logon(c->h, other, 0, ALICE_DN);
	id = make_message(c->h, other, logon, c->inbox_id, "new\u4e2d");

	n = next_notify(c, table);
	assert_non_null(n);
	assert_int_equal(n->notification_handle, table);
	assert_int_equal(n->notification_flags, 0x8100);
	assert_int_equal(n->table_event_type, 3);        /* TableRowAdded */
	assert_int_equal(n->table_row_message_id, id);
	assert_int_equal(n->insert_after_table_row_id, 0);
	c->h->columns = columns;
	rows = rows_of(c, &n->table_row_data, 1);
	assert_string_equal(rows[0].v[1].str, "new\u4e2d");
	c->h->columns = (struct prop_tags){ 0, NULL };
	assert_null(next_notify(c, table));
	/* None before the table is looked at again ([MS-OXCTABL] 3.2.5.16) */
	OK(CALL(c, reset_table, table, NULL));
	make_message(c->h, other, logon, c->inbox_id, "unseen");
	assert_null(next_notify(c, table));
	mailbox_disconnect(other);
}

/* 3.2.5.9, 3.2.5.10, 3.2.5.12: after these failures the rest is not run */
static void test_failure_ends_buffer(void **state)
{
	static const uint8_t ends[] = {
		ROP_ID_seek_row, ROP_ID_seek_row_bookmark,
		ROP_ID_create_bookmark };
	struct content *c = *state;
	struct rops b;

	for (size_t i = 0; i < sizeof ends; i++) {
		rops_begin(&b, c->h, c->h->alice);
		rops_handle(&b, c->inbox);
		rops_add(&b, ROP_ID_get_properties_list, 0, 0, 0, NULL);
		rops_add(&b, ends[i], 0, 0, 0, NULL);
		rops_add(&b, ROP_ID_get_properties_list, 0, 0, 0, NULL);
		assert_int_equal(rops_run(&b), EC_SUCCESS);
		assert_int_equal(b.n, 2);
		assert_int_equal(b.answers[1].return_value, EC_NOT_SUPPORTED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONTENT_TEST(test_query_rows),
		CONTENT_TEST(test_conversation),
		CONTENT_TEST(test_without_columns),
		CONTENT_TEST(test_full_buffers),
		CONTENT_TEST(test_no_room),
		CONTENT_TEST(test_string8),
		CONTENT_TEST(test_sort_restrict_reset),
		CONTENT_TEST(test_status),
		CONTENT_TEST(test_seek),
		CONTENT_TEST(test_bookmarks),
		CONTENT_TEST(test_query_columns_all),
		CONTENT_TEST(test_find_row),
		CONTENT_TEST(test_categories),
		CONTENT_TEST(test_hierarchy),
		CONTENT_TEST(test_notification),
		CONTENT_TEST(test_failure_ends_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
