/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Categories: headers, expanding and collapsing, the collapse state, and
 * what is told of them ([MS-OXCTABL] 2.2.1, 3.2.5.3, 3.2.5.17 to 3.2.5.20).
 */
#include "fake_source.h"

struct fixture {
	struct fake *fake;
	struct table *table;
	struct arena *arena;
	char log[4096];
};

static struct fixture *fx(void **state)
{
	return *state;
}

static const uint32_t columns[] = {
	PID_TAG_SUBJECT, PID_TAG_INST_ID, PID_TAG_ROW_TYPE, PID_TAG_DEPTH,
	PID_TAG_CONTENT_COUNT, PID_TAG_CONTENT_UNREAD_COUNT,
	PID_TAG_IMPORTANCE,
};

static void add(struct fake *f, uint64_t counter, const char *subject,
		int32_t importance, uint64_t time, bool read)
{
	struct fake_row r = { .counter = counter, .importance = importance,
			      .time = time, .read = read };

	snprintf(r.subject, sizeof r.subject, "%s", subject);
	fake_insert(f, &r);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);

	f->fake = fake_new();
	add(f->fake, 1, "apple", 0, 10, true);
	add(f->fake, 2, "Banana", 1, 20, false);
	add(f->fake, 3, "APPLE", 1, 30, false);
	add(f->fake, 4, "cherry", 0, 5, true);
	add(f->fake, 5, "banana", 0, 40, false);
	f->table = fake_table(f->fake);
	f->arena = arena_new(0);
	assert_int_equal(table_set_columns(f->table, (struct prop_tags){
		sizeof columns / sizeof columns[0], columns }), EC_SUCCESS);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	table_free(f->table);
	fake_end(f->fake);
	arena_free(f->arena);
	free(f);
	return 0;
}

static void sort(struct fixture *f, uint32_t n, uint32_t categories,
		 uint32_t expanded, struct sort_order a, struct sort_order b,
		 struct sort_order c)
{
	struct sort_order o[3] = { a, b, c };

	assert_int_equal(table_sort(f->table, o, n, categories, expanded),
			 EC_SUCCESS);
}

#define ASC(tag) (struct sort_order){ tag, SORT_ASCENDING }
#define DESC(tag) (struct sort_order){ tag, SORT_DESCENDING }
#define MAX(tag) (struct sort_order){ tag, SORT_MAXIMUM_CATEGORY }
#define NONE (struct sort_order){ 0, 0 }

/*
 * Rows as text: leaf rows as their counter; headers as depth, '+' (collapsed)
 * or '-' (expanded), rows, '/', unread ones.
 */
struct rows {
	char text[2048];
	uint64_t headers[32];     /* PidTagInstID */
	uint32_t n_headers, room, n;
};

static bool take(void *ctx, const struct prop_value *v, uint32_t n)
{
	struct rows *r = ctx;
	char *at = r->text + strlen(r->text);

	if (r->room > 0 && r->n == r->room)
		return false;
	r->n++;
	if (v[2].i32 == TBL_LEAF_ROW) {
		sprintf(at, "%d ", (int)id_counter((uint64_t)v[1].i64));
		assert_int_equal(v[4].i32, 0);
		return true;
	}
	sprintf(at, "%d%c%d/%d ", v[3].i32,
		v[2].i32 == TBL_COLLAPSED_CATEGORY ? '+' : '-', v[4].i32,
		v[5].i32);
	r->headers[r->n_headers++] = (uint64_t)v[1].i64;
	return true;
}

static struct rows all_rows(struct fixture *f)
{
	struct rows r = { .n = 0 };
	bool less;
	int32_t sought;
	uint32_t n;
	uint8_t origin;

	assert_int_equal(table_seek_row(f->table, BOOKMARK_BEGINNING, 0,
					&less, &sought), EC_SUCCESS);
	assert_int_equal(table_query_rows(f->table, 0, true, 100, take, &r,
					  &n, &origin), EC_SUCCESS);
	return r;
}

static void check(struct fixture *f, const char *want)
{
	struct rows r = all_rows(f);

	assert_string_equal(r.text, want);
}

static uint64_t header(struct fixture *f, uint32_t i)
{
	return all_rows(f).headers[i];
}

static void expand(struct fixture *f, uint64_t id, uint32_t want)
{
	uint32_t rows, n;

	assert_int_equal(table_expand_row(f->table, 0, id, take, NULL, &rows,
					  &n), EC_SUCCESS);
	assert_int_equal(rows, want);
	assert_int_equal(n, 0);
}

static void collapse(struct fixture *f, uint64_t id, uint32_t want)
{
	uint32_t rows;

	assert_int_equal(table_collapse_row(f->table, id, &rows), EC_SUCCESS);
	assert_int_equal(rows, want);
}

/* ---- headers ---- */

/* Text that differs in case alone is one category. */
static void test_one_level(void **state)
{
	struct fixture *f = fx(state);

	sort(f, 2, 1, 1, ASC(PID_TAG_SUBJECT),
	     DESC(PID_TAG_MESSAGE_DELIVERY_TIME), NONE);
	check(f, "0-2/1 3 1 0-2/2 5 2 0-1/0 4 ");
	sort(f, 2, 1, 0, DESC(PID_TAG_SUBJECT),
	     DESC(PID_TAG_MESSAGE_DELIVERY_TIME), NONE);
	check(f, "0+1/0 0+2/2 0+2/1 ");
}

/* R66, R71: the first ExpandedCount levels are expanded */
static void test_two_levels(void **state)
{
	struct fixture *f = fx(state);

	sort(f, 3, 2, 2, ASC(PID_TAG_IMPORTANCE), ASC(PID_TAG_READ),
	     ASC(PID_TAG_MESSAGE_DELIVERY_TIME));
	check(f, "0-3/1 1-1/1 5 1-2/0 4 1 0-2/2 1-2/2 2 3 ");
	sort(f, 3, 2, 1, ASC(PID_TAG_IMPORTANCE), ASC(PID_TAG_READ),
	     ASC(PID_TAG_MESSAGE_DELIVERY_TIME));
	check(f, "0-3/1 1+1/1 1+2/0 0-2/2 1+2/2 ");
}

/* R80, R81: the greatest value orders the categories */
static void test_maximum(void **state)
{
	struct fixture *f = fx(state);

	sort(f, 3, 1, 1, ASC(PID_TAG_SUBJECT),
	     MAX(PID_TAG_MESSAGE_DELIVERY_TIME),
	     DESC(PID_TAG_MESSAGE_DELIVERY_TIME));
	check(f, "0-1/0 4 0-2/1 3 1 0-2/2 5 2 ");
	sort(f, 3, 1, 1, DESC(PID_TAG_SUBJECT),
	     MAX(PID_TAG_MESSAGE_DELIVERY_TIME),
	     DESC(PID_TAG_MESSAGE_DELIVERY_TIME));
	check(f, "0-2/2 5 2 0-2/1 3 1 0-1/0 4 ");
	/* a new greatest one moves its category */
	add(f->fake, 6, "Cherry", 0, 50, true);
	check(f, "0-2/0 6 4 0-2/2 5 2 0-2/1 3 1 ");
	fake_delete(f->fake, 5);
	check(f, "0-2/2 5 2 0-2/1 3 1 0-1/0 4 ");
}

static bool take_values(void *ctx, const struct prop_value *v, uint32_t n)
{
	/* the column of the category is there, others are not */
	assert_string_equal(v[0].str, "apple");
	assert_int_equal(prop_tag_type(v[6].tag), PTYP_ERROR_CODE);
	return true;
}

static void test_header_values(void **state)
{
	struct fixture *f = fx(state);
	uint32_t n;
	uint8_t origin;

	sort(f, 1, 1, 1, ASC(PID_TAG_SUBJECT), NONE, NONE);
	assert_int_equal(table_query_rows(f->table, 0, true, 1, take_values,
		NULL, &n, &origin), EC_SUCCESS);
}

/* One row a value, each in the category of its value. */
static void test_multivalue_categories(void **state)
{
	struct fixture *f = fx(state);
	struct fake_row r = f->fake->rows[0];

	r.n_keywords = 2;
	r.keywords[0] = "red";
	r.keywords[1] = "blue";
	fake_modify(f->fake, 0, &r);
	r = f->fake->rows[1];
	r.n_keywords = 1;
	r.keywords[0] = "RED";
	fake_modify(f->fake, 1, &r);
	sort(f, 1, 1, 1, ASC(FAKE_MV_TAG | PTYP_INSTANCE), NONE, NONE);
	check(f, "0-3/2 3 4 5 0-1/0 1 0-2/1 1 2 ");
}

/* ---- 3.2.5.17, 3.2.5.18 ---- */

static void test_expand_collapse(void **state)
{
	struct fixture *f = fx(state);
	struct rows r = { .n = 0 };
	uint32_t rows, n;
	uint64_t second;

	sort(f, 2, 1, 0, ASC(PID_TAG_SUBJECT),
	     DESC(PID_TAG_MESSAGE_DELIVERY_TIME), NONE);
	second = header(f, 1);
	assert_int_equal(table_expand_row(f->table, 10, second, take, &r,
					  &rows, &n), EC_SUCCESS);
	assert_int_equal(rows, 2);
	assert_int_equal(n, 2);
	assert_string_equal(r.text, "5 2 ");
	check(f, "0+2/1 0-2/2 5 2 0+1/0 ");
	assert_int_equal(table_expand_row(f->table, 0, second, take, &r,
					  &rows, &n), EC_NOT_COLLAPSED);
	collapse(f, second, 2);
	check(f, "0+2/1 0+2/2 0+1/0 ");
	assert_int_equal(table_collapse_row(f->table, second, &rows),
			 EC_NOT_EXPANDED);
	/* R280, R281: no more than asked for, or than fit */
	r = (struct rows){ .n = 0 };
	assert_int_equal(table_expand_row(f->table, 1, second, take, &r,
					  &rows, &n), EC_SUCCESS);
	assert_int_equal(n, 1);
	collapse(f, second, 2);
	r = (struct rows){ .room = 1, .n = 1 };
	assert_int_equal(table_expand_row(f->table, 5, second, take, &r,
					  &rows, &n), EC_SUCCESS);
	assert_int_equal(rows, 2);
	assert_int_equal(n, 0);
	/* R570, R576 */
	assert_int_equal(table_expand_row(f->table, 0, 77, take, &r, &rows,
					  &n), EC_NOT_FOUND);
	assert_int_equal(table_collapse_row(f->table, id_make(1, 1), &rows),
			 EC_NOT_FOUND);
	sort(f, 0, 0, 0, NONE, NONE, NONE);
	assert_int_equal(table_collapse_row(f->table, second, &rows),
			 EC_NOT_FOUND);
}

static void test_nested(void **state)
{
	struct fixture *f = fx(state);
	uint64_t outer, inner;

	sort(f, 3, 2, 2, ASC(PID_TAG_IMPORTANCE), ASC(PID_TAG_READ),
	     ASC(PID_TAG_MESSAGE_DELIVERY_TIME));
	outer = header(f, 0);
	inner = header(f, 2);
	collapse(f, inner, 2);
	check(f, "0-3/1 1-1/1 5 1+2/0 0-2/2 1-2/2 2 3 ");
	collapse(f, outer, 3);
	check(f, "0+3/1 0-2/2 1-2/2 2 3 ");
	/* within a collapsed one nothing is seen, but the state is kept */
	expand(f, inner, 2);
	check(f, "0+3/1 0-2/2 1-2/2 2 3 ");
	expand(f, outer, 5);
	check(f, "0-3/1 1-1/1 5 1-2/0 4 1 0-2/2 1-2/2 2 3 ");
}

/* The cursor and bookmarks stay on their rows. */
static void test_places_while_collapsing(void **state)
{
	struct fixture *f = fx(state);
	struct rows r = { .n = 0 };
	struct bin b;
	uint64_t first;
	bool less, gone;
	int32_t sought;
	uint32_t n, den;
	uint8_t origin;

	sort(f, 2, 1, 1, ASC(PID_TAG_SUBJECT),
	     DESC(PID_TAG_MESSAGE_DELIVERY_TIME), NONE);
	first = header(f, 0);
	table_seek_row(f->table, BOOKMARK_BEGINNING, 2, &less, &sought);
	assert_int_equal(table_create_bookmark(f->table, f->arena, &b),
			 EC_SUCCESS);
	table_seek_row(f->table, BOOKMARK_BEGINNING, 4, &less, &sought);
	collapse(f, first, 2);
	assert_int_equal(table_query_position(f->table, &n, &den),
			 EC_SUCCESS);
	assert_int_equal(n, 2);
	/* R506: its header is collapsed; the next row is the next header */
	assert_int_equal(table_seek_row_bookmark(f->table, b, 0, &gone, &less,
						 &sought), EC_SUCCESS);
	assert_true(gone);
	table_query_rows(f->table, 0, true, 2, take, &r, &n, &origin);
	assert_string_equal(r.text, "0-2/2 5 ");
	expand(f, first, 2);
	assert_int_equal(table_seek_row_bookmark(f->table, b, 0, &gone, &less,
						 &sought), EC_SUCCESS);
	assert_false(gone);
}

/* ---- 3.2.5.19, 3.2.5.20 ---- */

static void test_collapse_state(void **state)
{
	struct fixture *f = fx(state);
	struct table *other = fake_table(f->fake);
	struct rows r = { .n = 0 };
	struct bin kept, mark;
	uint32_t n;
	uint8_t origin;
	bool gone, less;
	int32_t sought;
	uint64_t second;

	sort(f, 2, 1, 0, ASC(PID_TAG_SUBJECT),
	     DESC(PID_TAG_MESSAGE_DELIVERY_TIME), NONE);
	second = header(f, 1);
	expand(f, second, 2);
	assert_int_equal(table_get_collapse_state(f->table, id_make(1, 2), 0,
		f->arena, &kept), EC_SUCCESS);
	collapse(f, second, 2);
	expand(f, header(f, 0), 2);
	/* R585, R587 */
	assert_int_equal(table_set_collapse_state(f->table, kept, f->arena,
						  &mark), EC_SUCCESS);
	table_query_rows(f->table, 0, true, 1, take, &r, &n, &origin);
	assert_string_equal(r.text, "2 ");
	check(f, "0+2/1 0-2/2 5 2 0+1/0 ");
	assert_int_equal(table_seek_row_bookmark(f->table, mark, -1, &gone,
		&less, &sought), EC_SUCCESS);
	assert_false(gone);
	/* R307: into another table with the same order */
	table_set_columns(other, (struct prop_tags){
		sizeof columns / sizeof columns[0], columns });
	table_free(f->table);
	f->table = other;
	sort(f, 2, 1, 0, ASC(PID_TAG_SUBJECT),
	     DESC(PID_TAG_MESSAGE_DELIVERY_TIME), NONE);
	assert_int_equal(table_set_collapse_state(f->table, kept, f->arena,
						  &mark), EC_SUCCESS);
	check(f, "0+2/1 0-2/2 5 2 0+1/0 ");
	/* R585: with what was expanded at first in another way as well */
	sort(f, 2, 1, 1, ASC(PID_TAG_SUBJECT),
	     DESC(PID_TAG_MESSAGE_DELIVERY_TIME), NONE);
	assert_int_equal(table_set_collapse_state(f->table, kept, f->arena,
						  &mark), EC_SUCCESS);
	check(f, "0+2/1 0-2/2 5 2 0+1/0 ");
	/* R308: not with another */
	sort(f, 1, 1, 0, ASC(PID_TAG_SUBJECT), NONE, NONE);
	assert_int_equal(table_set_collapse_state(f->table, kept, f->arena,
						  &mark), EC_INVALID_PARAM);
}

static void test_collapse_state_damaged(void **state)
{
	struct fixture *f = fx(state);
	struct bin kept, mark;
	uint8_t *bytes;

	sort(f, 2, 1, 0, ASC(PID_TAG_SUBJECT),
	     DESC(PID_TAG_MESSAGE_DELIVERY_TIME), NONE);
	assert_int_equal(table_get_collapse_state(f->table, header(f, 0), 0,
		f->arena, &kept), EC_SUCCESS);
	for (size_t len = 0; len < kept.len; len++) {
		struct bin cut = { kept.data, len };

		assert_int_equal(table_set_collapse_state(f->table, cut,
			f->arena, &mark), EC_INVALID_PARAM);
	}
	bytes = arena_memdup(f->arena, kept.data, kept.len);
	memset(bytes + kept.len - 4, 0xff, 4);
	assert_int_equal(table_set_collapse_state(f->table, (struct bin){
		bytes, kept.len }, f->arena, &mark), EC_INVALID_PARAM);
	assert_int_equal(table_set_collapse_state(f->table, kept, f->arena,
						  &mark), EC_SUCCESS);
}

/* Which categories are open outlives that all is read anew. */
static void test_reload_keeps_state(void **state)
{
	struct fixture *f = fx(state);

	sort(f, 2, 1, 0, ASC(PID_TAG_SUBJECT),
	     DESC(PID_TAG_MESSAGE_DELIVERY_TIME), NONE);
	expand(f, header(f, 1), 2);
	fake_tell(f->fake, EVENT_SEARCH_COMPLETE, 0);
	check(f, "0+2/1 0-2/2 5 2 0+1/0 ");
}

/* ---- notifications ---- */

static bool on_table(void *ctx, struct table *t, const struct table_event *ev)
{
	struct fixture *f = ctx;
	struct rows r = { .n = 0 };
	char *at = f->log;

	switch (ev->type) {
	case TABLE_ROW_ADDED: strcat(at, "added "); break;
	case TABLE_ROW_MODIFIED: strcat(at, "modified "); break;
	case TABLE_ROW_DELETED: strcat(at, "deleted "); break;
	default: strcat(at, "changed "); return true;
	}
	if (ev->row != NULL)
		take(&r, ev->row, ev->n);
	strcat(f->log, r.text);
	return true;
}

static void expect(struct fixture *f, const char *want)
{
	assert_string_equal(f->log, want);
	f->log[0] = '\0';
}

static void test_notifications(void **state)
{
	struct fixture *f = fx(state);

	sort(f, 2, 1, 1, ASC(PID_TAG_SUBJECT),
	     DESC(PID_TAG_MESSAGE_DELIVERY_TIME), NONE);
	collapse(f, header(f, 1), 2);
	check(f, "0-2/1 3 1 0+2/2 0-1/0 4 ");
	table_on_event(f->table, on_table, f);
	/* into an expanded category, a collapsed one, a new one */
	add(f->fake, 6, "apple", 0, 99, false);
	expect(f, "added 6 modified 0-3/2 ");
	add(f->fake, 7, "banana", 0, 99, false);
	expect(f, "modified 0+3/3 ");
	add(f->fake, 8, "date", 0, 99, false);
	expect(f, "added 0-1/1 added 8 ");
	/* from one into another */
	struct fake_row r = f->fake->rows[5];

	strcpy(r.subject, "cherry");
	fake_modify(f->fake, 5, &r);
	expect(f, "modified 6 modified 0-2/1 modified 0-2/1 ");
	/* read: only the unread counts change */
	r.read = true;
	fake_modify(f->fake, 5, &r);
	expect(f, "modified 0-2/0 modified 6 ");
	fake_delete(f->fake, 0);
	expect(f, "deleted modified 0-1/1 ");
	/* a header goes with its last row */
	fake_delete(f->fake, 6);
	expect(f, "changed ");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_one_level),
		T(test_two_levels),
		T(test_maximum),
		T(test_header_values),
		T(test_multivalue_categories),
		T(test_expand_collapse),
		T(test_nested),
		T(test_places_while_collapsing),
		T(test_collapse_state),
		T(test_collapse_state_damaged),
		T(test_reload_keeps_state),
		T(test_notifications),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
