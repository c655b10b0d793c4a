/* SPDX-License-Identifier: Apache-2.0 */
/* The requirements of [MS-OXCTABL] 3.2.5, section by section. */
#include "fake_source.h"

#include "mapi/restriction.h"

struct fixture {
	struct fake *fake;
	struct table *table;
	struct arena *arena;
};

static struct fixture *fx(void **state)
{
	return *state;
}

static const uint32_t columns[] = { PID_TAG_MID, PID_TAG_SUBJECT };

static void set_columns(struct table *t)
{
	assert_int_equal(table_set_columns(t, (struct prop_tags){
		2, columns }), EC_SUCCESS);
}

/* Subjects "m00" … of n messages with counters 1 … n. */
static void fill(struct fake *f, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct fake_row r = { .counter = i + 1, .time = 1000 - i,
				      .importance = (int32_t)(i % 3),
				      .read = i % 2 == 0 };

		snprintf(r.subject, sizeof r.subject, "m%02u", i);
		fake_insert(f, &r);
	}
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);

	f->fake = fake_new();
	fill(f->fake, 10);
	f->table = fake_table(f->fake);
	f->arena = arena_new(0);
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

/* Rows as text: subjects, one after another, "-" for one without. */
struct rows {
	char text[4096];
	uint32_t room;            /* rows that fit; 0: all */
	uint32_t n;
	uint64_t ids[64];
};

static bool take(void *ctx, const struct prop_value *v, uint32_t n)
{
	struct rows *r = ctx;
	bool none = prop_tag_type(v[1].tag) == PTYP_ERROR_CODE;

	assert_int_equal(n, 2);
	if (r->room > 0 && r->n == r->room)
		return false;
	if (r->n < 64)
		r->ids[r->n] = (uint64_t)v[0].i64;
	r->n++;
	strcat(r->text, none ? "-" : v[1].str);
	strcat(r->text, " ");
	return true;
}

/* Read max rows and compare them and where that left the cursor. */
#define assert_rows(t, flags, forward, max, want, want_origin) do { \
	struct rows rows_ = { .n = 0 }; \
	uint32_t n_ = 99; \
	uint8_t origin_ = 99; \
	assert_int_equal(table_query_rows(t, flags, forward, max, take, \
		&rows_, &n_, &origin_), EC_SUCCESS); \
	assert_string_equal(rows_.text, want); \
	assert_int_equal(n_, rows_.n); \
	assert_int_equal(origin_, want_origin); \
} while (0)

static void seek(struct table *t, unsigned origin, int32_t rows)
{
	bool less;
	int32_t sought;

	assert_int_equal(table_seek_row(t, origin, rows, &less, &sought),
			 EC_SUCCESS);
}

static const struct restriction *importance_is(struct arena *a, int32_t n)
{
	struct restriction r = {
		.type = RES_PROPERTY,
		.property = { REL_OP_EQ, PID_TAG_IMPORTANCE,
			      { .tag = PID_TAG_IMPORTANCE, .i32 = n } },
	};

	return arena_memdup(a, &r, sizeof r);
}

static const struct restriction *subject_is(struct arena *a, const char *s)
{
	struct restriction r = {
		.type = RES_PROPERTY,
		.property = { REL_OP_EQ, PID_TAG_SUBJECT,
			      { .tag = PID_TAG_SUBJECT, .str = s } },
	};

	return arena_memdup(a, &r, sizeof r);
}

static enum ec sort_by(struct table *t, uint32_t tag, uint8_t order)
{
	struct sort_order o = { tag, order };

	return table_sort(t, &o, 1, 0, 0);
}

/* ---- 3.2.5.2 set columns ---- */

static enum ec try_column(struct table *t, uint32_t tag)
{
	return table_set_columns(t, (struct prop_tags){ 1, &tag });
}

static void test_set_columns_types(void **state)
{
	struct table *t = fx(state)->table;

	assert_int_equal(try_column(t, 0x00370000), EC_INVALID_PARAM);
	assert_int_equal(try_column(t, 0x0037000a), EC_INVALID_PARAM);
	assert_int_equal(try_column(t, 0x00370001), EC_INVALID_PARAM);
	assert_int_equal(try_column(t, 0x00370099), EC_INVALID_PARAM);
	assert_int_equal(try_column(t, 0x0037201f), EC_INVALID_PARAM);
	assert_int_equal(try_column(t, 0x8001301f), EC_SUCCESS);
	assert_int_equal(table_set_columns(t, (struct prop_tags){ 0, NULL }),
			 EC_INVALID_PARAM);
	assert_int_equal(table_columns(t).n, 0);
	set_columns(t);
	assert_int_equal(table_columns(t).n, 2);
	assert_int_equal(table_columns(t).v[1], PID_TAG_SUBJECT);
}

/* R429: a failed RopSetColumns leaves the table without columns. */
static void test_set_columns_failed(void **state)
{
	struct fixture *f = fx(state);
	struct rows r = { .n = 0 };
	uint32_t n;
	uint8_t origin, status;

	set_columns(f->table);
	try_column(f->table, 0x0037000a);
	assert_int_equal(table_query_rows(f->table, 0, true, 1, take, &r, &n,
					  &origin), EC_NULL_OBJECT);
	table_get_status(f->table, &status);
	assert_int_equal(status, TBLSTAT_SETCOL_ERROR);
	set_columns(f->table);
	table_get_status(f->table, &status);
	assert_int_equal(status, TBLSTAT_COMPLETE);
	assert_rows(f->table, 0, true, 1, "m00 ", BOOKMARK_CURRENT);
}

/* R428, R826, R8261 to R8267 */
static void test_without_columns(void **state)
{
	struct fixture *f = fx(state);
	struct rows r = { .n = 0 };
	struct bin b = { NULL, 0 };
	uint32_t n;
	uint8_t origin;
	bool x;
	int32_t sought;

	assert_int_equal(table_query_rows(f->table, 0, true, 1, take, &r, &n,
					  &origin), EC_NULL_OBJECT);
	assert_int_equal(table_find_row(f->table, false, NULL, 0, b, take, &r,
					&x, &x), EC_NULL_OBJECT);
	assert_int_equal(table_collapse_row(f->table, 1, &n), EC_NULL_OBJECT);
	assert_int_equal(table_expand_row(f->table, 0, 1, take, &r, &n, &n),
			 EC_NULL_OBJECT);
	assert_int_equal(table_free_bookmark(f->table, b), EC_NULL_OBJECT);
	assert_int_equal(table_get_collapse_state(f->table, 1, 0, f->arena,
						  &b), EC_NULL_OBJECT);
	assert_int_equal(table_seek_row_bookmark(f->table, b, 0, &x, &x,
						 &sought), EC_NULL_OBJECT);
	assert_int_equal(table_set_collapse_state(f->table, b, f->arena, &b),
			 EC_NULL_OBJECT);
	/* these need none */
	seek(f->table, BOOKMARK_END, 0);
	assert_int_equal(table_create_bookmark(f->table, f->arena, &b),
			 EC_SUCCESS);
}

/* R433, R448: one row a value, in order of the values */
static void test_multivalue_instances(void **state)
{
	struct fixture *f = fx(state);
	static const uint32_t tags[] = { PID_TAG_INSTANCE_NUM, PID_TAG_MID,
					 FAKE_MV_TAG | PTYP_INSTANCE };
	struct fake_row r = f->fake->rows[0];
	struct sort_order o = { FAKE_MV_TAG | PTYP_INSTANCE, SORT_DESCENDING };
	uint32_t num, den;

	r.n_keywords = 3;
	r.keywords[0] = "blue";
	r.keywords[1] = "red";
	r.keywords[2] = "green";
	fake_modify(f->fake, 0, &r);
	assert_int_equal(table_sort(f->table, &o, 1, 0, 0), EC_SUCCESS);
	assert_int_equal(table_set_columns(f->table, (struct prop_tags){
		3, tags }), EC_SUCCESS);
	assert_int_equal(table_query_position(f->table, &num, &den),
			 EC_SUCCESS);
	assert_int_equal(den, 12);
	/* without the bit it is one row again */
	assert_int_equal(table_sort(f->table, NULL, 0, 0, 0), EC_SUCCESS);
	set_columns(f->table);
	assert_int_equal(table_query_position(f->table, &num, &den),
			 EC_SUCCESS);
	assert_int_equal(den, 10);
	/* by the column alone */
	assert_int_equal(table_set_columns(f->table, (struct prop_tags){
		3, tags }), EC_SUCCESS);
	assert_int_equal(table_query_position(f->table, &num, &den),
			 EC_SUCCESS);
	assert_int_equal(den, 12);
}

static bool take_instance(void *ctx, const struct prop_value *v, uint32_t n)
{
	char *text = ctx;

	strcat(text, prop_tag_type(v[2].tag) == PTYP_STRING ? v[2].str : "-");
	strcat(text, v[0].i32 == 0 ? "0 " : v[0].i32 == 1 ? "1 " : "2 ");
	return true;
}

static void test_multivalue_cells(void **state)
{
	struct fixture *f = fx(state);
	static const uint32_t tags[] = { PID_TAG_INSTANCE_NUM, PID_TAG_INST_ID,
					 FAKE_MV_TAG | PTYP_INSTANCE };
	struct sort_order o = { FAKE_MV_TAG | PTYP_INSTANCE, SORT_DESCENDING };
	struct fake_row r = f->fake->rows[9];
	char text[256] = "";
	uint32_t n;
	uint8_t origin;

	r.n_keywords = 3;
	r.keywords[0] = "blue";
	r.keywords[1] = "red";
	r.keywords[2] = "green";
	fake_modify(f->fake, 9, &r);
	while (f->fake->n > 2)
		fake_delete(f->fake, 1);
	assert_int_equal(table_set_columns(f->table, (struct prop_tags){
		3, tags }), EC_SUCCESS);
	assert_int_equal(table_sort(f->table, &o, 1, 0, 0), EC_SUCCESS);
	assert_int_equal(table_query_rows(f->table, 0, true, 10,
		take_instance, text, &n, &origin), EC_SUCCESS);
	assert_string_equal(text, "red1 green2 blue0 -0 ");
}

/* ---- 3.2.5.3 sort ---- */

static void test_sort(void **state)
{
	struct fixture *f = fx(state);

	set_columns(f->table);
	assert_rows(f->table, 0, true, 3, "m00 m01 m02 ", BOOKMARK_CURRENT);
	assert_int_equal(sort_by(f->table, PID_TAG_MESSAGE_DELIVERY_TIME,
				 SORT_ASCENDING), EC_SUCCESS);
	/* R439: the cursor goes to the beginning */
	assert_rows(f->table, 0, true, 3, "m09 m08 m07 ", BOOKMARK_CURRENT);
	assert_int_equal(sort_by(f->table, PID_TAG_SUBJECT, SORT_DESCENDING),
			 EC_SUCCESS);
	assert_rows(f->table, 0, true, 2, "m09 m08 ", BOOKMARK_CURRENT);
	assert_int_equal(sort_by(f->table, PID_TAG_IMPORTANCE,
				 SORT_DESCENDING), EC_SUCCESS);
	assert_rows(f->table, 0, true, 5, "m02 m05 m08 m01 m04 ",
		    BOOKMARK_CURRENT);
	/* R441: no sort order is the default order again */
	assert_int_equal(table_sort(f->table, NULL, 0, 0, 0), EC_SUCCESS);
	assert_rows(f->table, 0, true, 2, "m00 m01 ", BOOKMARK_CURRENT);
}

static enum ec bad_sort(struct table *t, uint32_t tag, uint8_t order,
			uint32_t n, uint32_t categories, uint32_t expanded)
{
	struct sort_order o[VIEW_MAX_SORTS + 1];

	for (int i = 0; i <= VIEW_MAX_SORTS; i++)
		o[i] = (struct sort_order){ tag, order };
	return table_sort(t, o, n, categories, expanded);
}

static void test_sort_refused(void **state)
{
	struct fixture *f = fx(state);
	struct table *t = f->table;
	struct rows r = { .n = 0 };
	uint32_t n;
	uint8_t origin, status;

	set_columns(t);
	assert_int_equal(bad_sort(t, PID_TAG_SUBJECT, 0, 1, 2, 0),
			 EC_INVALID_PARAM);
	assert_int_equal(bad_sort(t, PID_TAG_SUBJECT, 0, 2, 1, 2),
			 EC_INVALID_PARAM);
	assert_int_equal(bad_sort(t, PID_TAG_SUBJECT, 2, 1, 0, 0),
			 EC_INVALID_PARAM);
	assert_int_equal(bad_sort(t, PID_TAG_SUBJECT, 4, 1, 0, 0),
			 EC_INVALID_PARAM);
	assert_int_equal(bad_sort(t, PID_TAG_SUBJECT, 4, 1, 1, 0),
			 EC_INVALID_PARAM);
	assert_int_equal(bad_sort(t, 0x8001101f, 0, 1, 0, 0),
			 EC_INVALID_PARAM);
	assert_int_equal(bad_sort(t, 0x8001201f, 0, 1, 0, 0),
			 EC_INVALID_PARAM);
	assert_int_equal(bad_sort(t, 0x8001301f, 0, 2, 0, 0),
			 EC_INVALID_PARAM);
	assert_int_equal(bad_sort(t, 0x003700fd, 0, 1, 0, 0),
			 EC_TOO_COMPLEX);
	assert_int_equal(bad_sort(t, PID_TAG_SUBJECT, 0, VIEW_MAX_SORTS + 1,
				  0, 0), EC_TOO_COMPLEX);
	/* R442: invalid until a sort or a reset succeeds */
	assert_int_equal(table_query_rows(t, 0, true, 1, take, &r, &n,
					  &origin), EC_TOO_COMPLEX);
	table_get_status(t, &status);
	assert_int_equal(status, TBLSTAT_SORT_ERROR);
	assert_int_equal(sort_by(t, PID_TAG_SUBJECT, 0), EC_SUCCESS);
	assert_rows(t, 0, true, 1, "m00 ", BOOKMARK_CURRENT);
}

/* ---- 3.2.5.4 restrict ---- */

static void test_restrict(void **state)
{
	struct fixture *f = fx(state);

	set_columns(f->table);
	seek(f->table, BOOKMARK_END, 0);
	assert_int_equal(table_restrict(f->table, importance_is(f->arena, 1)),
			 EC_SUCCESS);
	assert_rows(f->table, 0, true, 20, "m01 m04 m07 ", BOOKMARK_END);
	/* R452 with a sort order */
	assert_int_equal(sort_by(f->table, PID_TAG_SUBJECT, SORT_DESCENDING),
			 EC_SUCCESS);
	assert_rows(f->table, 0, true, 20, "m07 m04 m01 ", BOOKMARK_END);
	assert_int_equal(table_restrict(f->table, NULL), EC_SUCCESS);
	assert_rows(f->table, 0, true, 2, "m09 m08 ", BOOKMARK_CURRENT);
}

static void test_restrict_count(void **state)
{
	struct fixture *f = fx(state);
	struct restriction r = { .type = RES_COUNT,
		.count = { 2, importance_is(f->arena, 1) } };
	uint32_t num, den;

	set_columns(f->table);
	assert_int_equal(table_restrict(f->table, &r), EC_SUCCESS);
	assert_rows(f->table, 0, true, 20, "m01 m04 ", BOOKMARK_END);
	assert_int_equal(table_query_position(f->table, &num, &den),
			 EC_SUCCESS);
	assert_int_equal(num, 2);
	assert_int_equal(den, 2);
	assert_rows(f->table, 0, false, 20, "m04 m01 ", BOOKMARK_BEGINNING);
}

static void test_restrict_refused(void **state)
{
	struct fixture *f = fx(state);
	struct restriction bad = { .type = 0x55 };
	struct rows r = { .n = 0 };
	uint32_t n;
	uint8_t origin, status;

	set_columns(f->table);
	assert_int_equal(table_restrict(f->table, &bad), EC_INVALID_PARAM);
	assert_int_equal(table_query_rows(f->table, 0, true, 1, take, &r, &n,
					  &origin), EC_INVALID_PARAM);
	table_get_status(f->table, &status);
	assert_int_equal(status, TBLSTAT_RESTRICT_ERROR);
	assert_int_equal(table_restrict(f->table, importance_is(f->arena, 0)),
			 EC_SUCCESS);
	assert_rows(f->table, 0, true, 9, "m00 m03 m06 m09 ", BOOKMARK_END);
}

/* ---- 3.2.5.5 query rows ---- */

static void query_everywhere(struct table *t)
{
	assert_rows(t, 0, true, 4, "m00 m01 m02 m03 ", BOOKMARK_CURRENT);
	/* R470 */
	assert_rows(t, QUERY_ROWS_NO_ADVANCE, true, 2, "m04 m05 ",
		    BOOKMARK_CURRENT);
	assert_rows(t, 0, true, 5, "m04 m05 m06 m07 m08 ", BOOKMARK_CURRENT);
	assert_rows(t, 0, true, 5, "m09 ", BOOKMARK_END);
	/* R467 */
	assert_rows(t, 0, true, 5, "", BOOKMARK_END);
	/* R469, R784 */
	assert_rows(t, 0, false, 3, "m09 m08 m07 ", BOOKMARK_CURRENT);
	assert_rows(t, 0, false, 30, "m06 m05 m04 m03 m02 m01 m00 ",
		    BOOKMARK_BEGINNING);
	assert_rows(t, 0, false, 3, "", BOOKMARK_BEGINNING);
	/* exactly all: nothing comes after them */
	assert_rows(t, 0, true, 10,
		    "m00 m01 m02 m03 m04 m05 m06 m07 m08 m09 ", BOOKMARK_END);
}

static void test_query_rows(void **state)
{
	struct fixture *f = fx(state);

	set_columns(f->table);
	query_everywhere(f->table);       /* by key */
	assert_int_equal(sort_by(f->table, PID_TAG_SUBJECT, SORT_ASCENDING),
			 EC_SUCCESS);
	query_everywhere(f->table);       /* by index */
}

/* R464 to R466, R478: whole rows, as many as fit, at least one */
static void test_query_rows_room(void **state)
{
	struct fixture *f = fx(state);
	struct rows r = { .room = 3 };
	uint32_t n;
	uint8_t origin;

	set_columns(f->table);
	assert_int_equal(table_query_rows(f->table, 0, true, 10, take, &r, &n,
					  &origin), EC_SUCCESS);
	assert_string_equal(r.text, "m00 m01 m02 ");
	assert_int_equal(n, 3);
	assert_int_equal(origin, BOOKMARK_CURRENT);
	/* full before the first: the cursor stays */
	assert_int_equal(table_query_rows(f->table, 0, true, 10, take, &r, &n,
					  &origin), EC_BUFFER_TOO_SMALL);
	assert_rows(f->table, 0, true, 2, "m03 m04 ", BOOKMARK_CURRENT);
	/* no room is needed where there is no row */
	seek(f->table, BOOKMARK_END, 0);
	assert_int_equal(table_query_rows(f->table, 0, true, 10, take, &r, &n,
					  &origin), EC_SUCCESS);
	assert_int_equal(n, 0);
}

/* An error of the store is the ROP's; the table works again afterwards. */
static void test_source_fails(void **state)
{
	struct fixture *f = fx(state);
	struct rows r = { .n = 0 };
	uint32_t n;
	uint8_t origin;

	set_columns(f->table);
	f->fake->fail = EC_DISK_ERROR;
	assert_int_equal(table_query_rows(f->table, 0, true, 1, take, &r, &n,
					  &origin), EC_DISK_ERROR);
	assert_int_equal(sort_by(f->table, PID_TAG_SUBJECT, 0), EC_SUCCESS);
	assert_int_equal(table_query_rows(f->table, 0, true, 1, take, &r, &n,
					  &origin), EC_DISK_ERROR);
	f->fake->fail = EC_SUCCESS;
	assert_rows(f->table, 0, true, 1, "m00 ", BOOKMARK_CURRENT);
}

/* ---- 2.2.2.5.2: cells are cut ---- */

static const char *repeat(struct arena *a, const char *s, unsigned n)
{
	char *out = arena_alloc(a, strlen(s) * n + 1);

	out[0] = '\0';
	while (n-- > 0)
		strcat(out, s);
	return out;
}

static bool take_cells(void *ctx, const struct prop_value *v, uint32_t n)
{
	struct prop_value *out = ctx;
	static struct arena *kept;

	arena_free(kept);
	kept = arena_new(0);
	for (uint32_t i = 0; i < n; i++)
		out[i] = prop_value_copy(kept, &v[i]);
	return true;
}

static void test_cells_cut(void **state)
{
	struct fixture *f = fx(state);
	static const uint32_t tags[] = {
		PID_TAG_BODY, PID_TAG_SEARCH_KEY, 0x8001101f, 0x80021102,
		0x0037001e, 0x80031003, PID_TAG_IMPORTANCE };
	const char *ascii = repeat(f->arena, "x", 300);
	const char *wide = repeat(f->arena, "😀", 300);
	const char *const strings[] = { repeat(f->arena, "y", 150),
		repeat(f->arena, "z", 100), repeat(f->arena, "w", 100) };
	const struct bin bins[] = { { (const uint8_t *)ascii, 300 },
				    { (const uint8_t *)ascii, 300 } };
	int32_t numbers[200] = { 1 };
	struct prop_value v[] = {
		{ .tag = PID_TAG_BODY, .str = ascii },
		{ .tag = PID_TAG_SEARCH_KEY,
		  .bin = { (const uint8_t *)wide, 600 } },
		{ .tag = 0x8001101f, .n = 3, .mv_str = strings },
		{ .tag = 0x80021102, .n = 2, .mv_bin = bins },
		{ .tag = 0x0037001f, .str = wide },
		{ .tag = 0x80031003, .n = 200, .mv_i32 = numbers },
	};
	struct prop_values row = { 6, v };
	struct prop_value got[7];
	struct table *t;
	uint32_t n;
	uint8_t origin;

	assert_int_equal(table_open_rows(TABLE_OTHER, (struct prop_tags){
		7, tags }, &row, 1, 0x0409, &t), EC_SUCCESS);
	assert_int_equal(table_set_columns(t, (struct prop_tags){ 7, tags }),
			 EC_SUCCESS);
	assert_int_equal(table_query_rows(t, 0, true, 1, take_cells, got, &n,
					  &origin), EC_SUCCESS);
	assert_int_equal(strlen(got[0].str), 254);
	assert_int_equal(got[1].bin.len, 510);
	assert_int_equal(got[2].n, 2);            /* 302 + 202 bytes */
	assert_int_equal(got[3].n, 1);
	assert_int_equal(got[4].tag, 0x0037001e);
	assert_int_equal(strlen(got[4].str), 127 * 4);    /* two units each */
	assert_int_equal(got[5].n, 127);
	assert_int_equal(got[6].tag, 0x0017000a);
	assert_int_equal(got[6].error, EC_NOT_FOUND);
	table_free(t);
}

/* ---- 3.2.5.6, 3.2.5.7 abort, status ---- */

static void test_abort_and_status(void **state)
{
	struct fixture *f = fx(state);
	uint8_t status = 99;

	assert_int_equal(table_abort(f->table), EC_UNABLE_TO_ABORT);
	assert_int_equal(table_get_status(f->table, &status), EC_SUCCESS);
	assert_int_equal(status, TBLSTAT_COMPLETE);
}

/* ---- 3.2.5.8, 3.2.5.9, 3.2.5.11 position and seeking ---- */

static void check_position(struct table *t, uint32_t num, uint32_t den)
{
	uint32_t n, d;

	assert_int_equal(table_query_position(t, &n, &d), EC_SUCCESS);
	assert_int_equal(n, num);
	assert_int_equal(d, den);
}

static void check_seek(struct table *t, unsigned origin, int32_t rows,
		       int32_t want, uint32_t position)
{
	bool less;
	int32_t sought;

	assert_int_equal(table_seek_row(t, origin, rows, &less, &sought),
			 EC_SUCCESS);
	assert_int_equal(sought, want);
	assert_int_equal(less, want != rows);
	check_position(t, position, 10);
}

static void seek_everywhere(struct table *t)
{
	bool less;
	int32_t sought;

	check_position(t, 0, 10);
	check_seek(t, BOOKMARK_BEGINNING, 3, 3, 3);
	check_seek(t, BOOKMARK_CURRENT, 4, 4, 7);
	check_seek(t, BOOKMARK_CURRENT, -2, -2, 5);
	assert_rows(t, QUERY_ROWS_NO_ADVANCE, true, 1, "m05 ",
		    BOOKMARK_CURRENT);
	check_seek(t, BOOKMARK_CURRENT, 100, 5, 10);      /* R497 */
	check_seek(t, BOOKMARK_CURRENT, -100, -10, 0);
	check_seek(t, BOOKMARK_END, -1, -1, 9);
	assert_rows(t, 0, true, 2, "m09 ", BOOKMARK_END);
	check_seek(t, BOOKMARK_END, 1, 0, 10);
	check_seek(t, BOOKMARK_BEGINNING, -1, 0, 0);
	check_seek(t, BOOKMARK_BEGINNING, INT32_MAX, 10, 10);
	check_seek(t, BOOKMARK_END, INT32_MIN, -10, 0);
	assert_int_equal(table_seek_row(t, BOOKMARK_CUSTOM, 0, &less,
					&sought), EC_INVALID_PARAM);
}

static void test_seek_row(void **state)
{
	struct fixture *f = fx(state);

	set_columns(f->table);
	seek_everywhere(f->table);
	assert_int_equal(sort_by(f->table, PID_TAG_SUBJECT, SORT_ASCENDING),
			 EC_SUCCESS);
	seek_everywhere(f->table);
}

static void test_seek_row_fractional(void **state)
{
	struct fixture *f = fx(state);
	struct table *t = f->table;

	set_columns(t);
	for (int sorted = 0; sorted < 2; sorted++) {
		assert_int_equal(table_seek_row_fractional(t, 1, 2),
				 EC_SUCCESS);
		check_position(t, 5, 10);
		assert_int_equal(table_seek_row_fractional(t, 0, 7),
				 EC_SUCCESS);
		check_position(t, 0, 10);         /* R514 */
		assert_int_equal(table_seek_row_fractional(t, 8, 7),
				 EC_SUCCESS);
		check_position(t, 10, 10);        /* R515 */
		assert_int_equal(table_seek_row_fractional(t, 1, 0),
				 EC_INVALID_PARAM);
		sort_by(t, PID_TAG_SUBJECT, SORT_ASCENDING);
	}
}

/* ---- 3.2.5.10, 3.2.5.12, 3.2.5.15 bookmarks ---- */

static struct bin mark(struct fixture *f, int32_t row)
{
	struct bin b;

	seek(f->table, BOOKMARK_BEGINNING, row);
	assert_int_equal(table_create_bookmark(f->table, f->arena, &b),
			 EC_SUCCESS);
	return b;
}

static void check_mark(struct table *t, struct bin b, int32_t rows,
		       bool want_gone, int32_t want, const char *next)
{
	bool gone, less;
	int32_t sought;
	struct rows r = { .n = 0 };
	uint32_t n;
	uint8_t origin;

	assert_int_equal(table_seek_row_bookmark(t, b, rows, &gone, &less,
						 &sought), EC_SUCCESS);
	assert_int_equal(gone, want_gone);
	assert_int_equal(sought, want);
	assert_int_equal(less, want != rows);
	assert_int_equal(table_query_rows(t, 0, true, 1, take, &r, &n,
					  &origin), EC_SUCCESS);
	assert_string_equal(r.text, next);
}

static void marks_everywhere(struct fixture *f)
{
	struct bin third = mark(f, 3), end = mark(f, 10), first = mark(f, 0);

	check_mark(f->table, third, 0, false, 0, "m03 ");
	check_mark(f->table, third, 2, false, 2, "m05 ");
	check_mark(f->table, third, -9, false, -3, "m00 ");
	check_mark(f->table, end, -1, false, -1, "m09 ");
	check_mark(f->table, end, 4, false, 0, "");
	check_mark(f->table, first, 0, false, 0, "m00 ");
	/* R506: the row goes, the next is where the bookmark is */
	fake_delete(f->fake, 3);
	check_mark(f->table, third, 0, true, 0, "m04 ");
	check_mark(f->table, third, -1, true, -1, "m02 ");
	check_mark(f->table, first, 1, false, 1, "m01 ");
	assert_int_equal(table_free_bookmark(f->table, third), EC_SUCCESS);
	assert_int_equal(table_free_bookmark(f->table, third),
			 EC_INVALID_BOOKMARK);
	/* bring it back for the next */
	struct fake_row r = { .counter = 4, .subject = "m03", .time = 997,
			      .importance = 0 };

	fake_insert(f->fake, &r);
}

static void test_bookmarks(void **state)
{
	struct fixture *f = fx(state);

	set_columns(f->table);
	marks_everywhere(f);
	assert_int_equal(sort_by(f->table, PID_TAG_SUBJECT, SORT_ASCENDING),
			 EC_SUCCESS);
	marks_everywhere(f);
}

/* A bookmark is on a row, wherever that is now. */
static void test_bookmark_follows(void **state)
{
	struct fixture *f = fx(state);
	struct fake_row r = f->fake->rows[3];
	struct bin b;

	set_columns(f->table);
	sort_by(f->table, PID_TAG_SUBJECT, SORT_ASCENDING);
	b = mark(f, 3);
	strcpy(r.subject, "zzz");
	fake_modify(f->fake, 3, &r);
	check_mark(f->table, b, 0, false, 0, "zzz ");
	/* R506: it no longer matches the restriction */
	table_restrict(f->table, importance_is(f->arena, 0));
	b = mark(f, 1);
	check_mark(f->table, b, 0, false, 0, "m06 ");
	r = f->fake->rows[6];
	r.importance = 1;
	fake_modify(f->fake, 6, &r);
	check_mark(f->table, b, 0, true, 0, "m09 ");
}

/* R505, R870, R871, R863 to R865 */
static void test_bookmarks_invalidated(void **state)
{
	struct fixture *f = fx(state);
	struct rows r = { .n = 0 };
	bool x;
	int32_t sought;

	for (int how = 0; how < 3; how++) {
		struct bin b;

		set_columns(f->table);
		b = mark(f, 2);
		if (how == 0)
			sort_by(f->table, PID_TAG_SUBJECT, 0);
		else if (how == 1)
			table_restrict(f->table, NULL);
		else
			table_reset(f->table);
		if (how == 2)
			set_columns(f->table);
		assert_int_equal(table_seek_row_bookmark(f->table, b, 0, &x,
			&x, &sought), EC_INVALID_BOOKMARK);
		assert_int_equal(table_find_row(f->table, false, NULL,
			BOOKMARK_CUSTOM, b, take, &r, &x, &x),
			EC_INVALID_BOOKMARK);
		assert_int_equal(table_free_bookmark(f->table, b),
				 EC_INVALID_BOOKMARK);
		/* nor does a new one take its bytes */
		mark(f, 2);
		assert_int_equal(table_free_bookmark(f->table, b),
				 EC_INVALID_BOOKMARK);
	}
}

static void test_bookmark_bytes(void **state)
{
	struct fixture *f = fx(state);
	struct bin b, bad;

	set_columns(f->table);
	b = mark(f, 2);
	bad = (struct bin){ b.data, b.len - 1 };
	assert_int_equal(table_free_bookmark(f->table, bad),
			 EC_INVALID_BOOKMARK);
	bad = (struct bin){ (const uint8_t *)"\xff\xff\xff\xff", 4 };
	assert_int_equal(table_free_bookmark(f->table, bad),
			 EC_INVALID_BOOKMARK);
	for (int i = 1; i < TABLE_MAX_BOOKMARKS; i++)
		mark(f, 1);
	assert_int_equal(table_create_bookmark(f->table, f->arena, &b),
			 EC_MAX_OBJS_EXCEEDED);
}

/* ---- 3.2.5.13 ---- */

static void test_query_columns_all(void **state)
{
	struct fixture *f = fx(state);
	struct prop_tags tags;

	assert_int_equal(table_query_columns_all(f->table, f->arena, &tags),
			 EC_SUCCESS);
	assert_int_equal(tags.n, 2);
	assert_int_equal(tags.v[0], PID_TAG_MID);
}

/* ---- 3.2.5.14 find row ---- */

static enum ec find(struct fixture *f, bool backward, const char *subject,
		    unsigned origin, struct bin b, bool *gone, char *text)
{
	struct rows r = { .n = 0 };
	bool has = false;
	enum ec ec = table_find_row(f->table, backward,
		subject_is(f->arena, subject), origin, b, take, &r, gone,
		&has);

	strcpy(text, r.text);
	assert_int_equal(has, ec == EC_SUCCESS);
	return ec;
}

static void find_everywhere(struct fixture *f)
{
	struct bin none = { NULL, 0 }, b = mark(f, 5);
	char text[64];
	bool gone = true;

	assert_int_equal(find(f, false, "M07", BOOKMARK_BEGINNING, none,
			      &gone, text), EC_SUCCESS);
	assert_string_equal(text, "m07 ");
	assert_false(gone);
	check_position(f->table, 7, 10);
	/* the current row is looked at forward, not backward */
	assert_int_equal(find(f, false, "m07", BOOKMARK_CURRENT, none, &gone,
			      text), EC_SUCCESS);
	assert_int_equal(find(f, true, "m07", BOOKMARK_CURRENT, none, &gone,
			      text), EC_NOT_FOUND);
	seek(f->table, BOOKMARK_BEGINNING, 7);
	assert_int_equal(find(f, false, "m06", BOOKMARK_CURRENT, none, &gone,
			      text), EC_NOT_FOUND);
	seek(f->table, BOOKMARK_BEGINNING, 7);
	assert_int_equal(find(f, true, "m02", BOOKMARK_CURRENT, none, &gone,
			      text), EC_SUCCESS);
	check_position(f->table, 2, 10);
	assert_int_equal(find(f, true, "m09", BOOKMARK_END, none, &gone,
			      text), EC_SUCCESS);
	assert_int_equal(find(f, false, "m09", BOOKMARK_END, none, &gone,
			      text), EC_NOT_FOUND);
	/* R241: a bookmark's own row is not looked at backward */
	assert_int_equal(find(f, true, "m05", BOOKMARK_CUSTOM, b, &gone,
			      text), EC_NOT_FOUND);
	assert_int_equal(find(f, false, "m05", BOOKMARK_CUSTOM, b, &gone,
			      text), EC_SUCCESS);
	assert_int_equal(find(f, false, "m05", 4, b, &gone, text),
			 EC_INVALID_PARAM);
}

static void test_find_row(void **state)
{
	struct fixture *f = fx(state);

	set_columns(f->table);
	find_everywhere(f);
	sort_by(f->table, PID_TAG_SUBJECT, SORT_ASCENDING);
	find_everywhere(f);
}

/* R538 */
static void test_find_row_from_gone_bookmark(void **state)
{
	struct fixture *f = fx(state);
	struct bin b;
	char text[64];
	bool gone;

	set_columns(f->table);
	b = mark(f, 5);
	fake_delete(f->fake, 5);
	assert_int_equal(find(f, false, "m06", BOOKMARK_CUSTOM, b, &gone,
			      text), EC_SUCCESS);
	assert_true(gone);
	assert_int_equal(find(f, false, "m04", BOOKMARK_CUSTOM, b, &gone,
			      text), EC_NOT_FOUND);
	assert_true(gone);
	assert_int_equal(find(f, true, "m04", BOOKMARK_CUSTOM, b, &gone,
			      text), EC_SUCCESS);
}

/* The row is found even if there is no room for it. */
static void test_find_row_room(void **state)
{
	struct fixture *f = fx(state);
	struct rows r = { .room = 1, .n = 1 };
	struct bin none = { NULL, 0 };
	bool gone, has = true;

	set_columns(f->table);
	assert_int_equal(table_find_row(f->table, false,
		subject_is(f->arena, "m04"), BOOKMARK_BEGINNING, none, take,
		&r, &gone, &has), EC_SUCCESS);
	assert_false(has);
	check_position(f->table, 4, 10);
}

/* ---- 3.2.5.16 reset ---- */

static void test_reset(void **state)
{
	struct fixture *f = fx(state);
	struct rows r = { .n = 0 };
	struct restriction bad = { .type = 0x55 };
	uint32_t n;
	uint8_t origin, status;

	set_columns(f->table);
	sort_by(f->table, PID_TAG_SUBJECT, SORT_DESCENDING);
	table_restrict(f->table, importance_is(f->arena, 1));
	seek(f->table, BOOKMARK_END, 0);
	assert_int_equal(table_reset(f->table), EC_SUCCESS);
	assert_int_equal(table_query_rows(f->table, 0, true, 1, take, &r, &n,
					  &origin), EC_NULL_OBJECT);
	set_columns(f->table);
	assert_rows(f->table, 0, true, 2, "m00 m01 ", BOOKMARK_CURRENT);
	/* R559 */
	table_restrict(f->table, &bad);
	assert_int_equal(table_reset(f->table), EC_SUCCESS);
	table_get_status(f->table, &status);
	assert_int_equal(status, TBLSTAT_COMPLETE);
	set_columns(f->table);
	assert_rows(f->table, 0, true, 1, "m00 ", BOOKMARK_CURRENT);
}

/* ---- which tables have which ROPs ---- */

static void test_not_supported(void **state)
{
	struct fixture *f = fx(state);
	struct prop_value v = { .tag = PID_TAG_SUBJECT, .str = "m" };
	struct prop_values row = { 1, &v };
	struct rows r = { .n = 0 };
	struct bin b = { NULL, 0 };
	struct table *t;
	uint32_t n;
	uint8_t status;
	bool x;
	int32_t sought;

	assert_int_equal(table_open_rows(TABLE_RULES, (struct prop_tags){
		2, columns }, &row, 1, 0x0409, &t), EC_SUCCESS);
	assert_int_equal(table_kind(t), TABLE_RULES);
	set_columns(t);
	assert_int_equal(sort_by(t, PID_TAG_SUBJECT, 0), EC_NOT_SUPPORTED);
	assert_int_equal(table_abort(t), EC_NOT_SUPPORTED);
	assert_int_equal(table_create_bookmark(t, f->arena, &b),
			 EC_NOT_SUPPORTED);
	assert_int_equal(table_free_bookmark(t, b), EC_NOT_SUPPORTED);
	assert_int_equal(table_seek_row_bookmark(t, b, 0, &x, &x, &sought),
			 EC_NOT_SUPPORTED);
	assert_int_equal(table_expand_row(t, 0, 1, take, &r, &n, &n),
			 EC_NOT_SUPPORTED);
	assert_int_equal(table_collapse_row(t, 1, &n), EC_NOT_SUPPORTED);
	assert_int_equal(table_get_collapse_state(t, 1, 0, f->arena, &b),
			 EC_NOT_SUPPORTED);
	assert_int_equal(table_set_collapse_state(t, b, f->arena, &b),
			 EC_NOT_SUPPORTED);
	/* these are for rules tables too */
	assert_int_equal(table_get_status(t, &status), EC_SUCCESS);
	assert_int_equal(table_restrict(t, subject_is(f->arena, "m")),
			 EC_SUCCESS);
	assert_rows(t, 0, true, 2, "m ", BOOKMARK_END);
	seek(t, BOOKMARK_BEGINNING, 0);
	assert_int_equal(table_find_row(t, false, subject_is(f->arena, "m"),
		BOOKMARK_BEGINNING, b, take, &r, &x, &x), EC_SUCCESS);
	table_free(t);
}

static void test_set_rows(void **state)
{
	struct prop_value v[] = { { .tag = PID_TAG_SUBJECT, .str = "a" },
				  { .tag = PID_TAG_SUBJECT, .str = "b" } };
	struct prop_values rows[] = { { 1, &v[0] }, { 1, &v[1] } };
	struct table *t;

	assert_int_equal(table_open_rows(TABLE_PERMISSIONS,
		(struct prop_tags){ 2, columns }, rows, 1, 0x0409, &t),
		EC_SUCCESS);
	set_columns(t);
	assert_rows(t, 0, true, 9, "a ", BOOKMARK_END);
	assert_int_equal(table_set_rows(t, rows, 2), EC_SUCCESS);
	assert_rows(t, 0, true, 9, "b ", BOOKMARK_END);
	seek(t, BOOKMARK_BEGINNING, 0);
	assert_rows(t, 0, true, 9, "a b ", BOOKMARK_END);
	table_free(t);
}

/* ---- sharing ---- */

/* Another table with the same order does not read the rows again. */
static void test_views_shared(void **state)
{
	struct fixture *f = fx(state);
	struct table *other = fake_table(f->fake);
	uint32_t walks;

	set_columns(f->table);
	set_columns(other);
	sort_by(f->table, PID_TAG_SUBJECT, SORT_DESCENDING);
	sort_by(other, PID_TAG_SUBJECT, SORT_DESCENDING);
	assert_rows(f->table, 0, true, 1, "m09 ", BOOKMARK_CURRENT);
	walks = f->fake->walks;
	assert_rows(other, 0, true, 2, "m09 m08 ", BOOKMARK_CURRENT);
	assert_int_equal(f->fake->walks, walks);
	/* nor does one that is opened after they are closed */
	table_free(other);
	table_free(f->table);
	fake_delete(f->fake, 9);
	f->table = fake_table(f->fake);
	set_columns(f->table);
	sort_by(f->table, PID_TAG_SUBJECT, SORT_DESCENDING);
	assert_rows(f->table, 0, true, 2, "m08 m07 ", BOOKMARK_CURRENT);
	assert_int_equal(f->fake->walks, walks);
	/* but for when memory is asked back */
	table_free(f->table);
	views_trim(f->fake->hub, 0);
	f->table = fake_table(f->fake);
	set_columns(f->table);
	sort_by(f->table, PID_TAG_SUBJECT, SORT_DESCENDING);
	assert_rows(f->table, 0, true, 1, "m08 ", BOOKMARK_CURRENT);
	assert_int_equal(f->fake->walks, walks + 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_set_columns_types),
		T(test_set_columns_failed),
		T(test_without_columns),
		T(test_multivalue_instances),
		T(test_multivalue_cells),
		T(test_sort),
		T(test_sort_refused),
		T(test_restrict),
		T(test_restrict_count),
		T(test_restrict_refused),
		T(test_query_rows),
		T(test_query_rows_room),
		T(test_source_fails),
		T(test_cells_cut),
		T(test_abort_and_status),
		T(test_seek_row),
		T(test_seek_row_fractional),
		T(test_bookmarks),
		T(test_bookmark_follows),
		T(test_bookmarks_invalidated),
		T(test_bookmark_bytes),
		T(test_query_columns_all),
		T(test_find_row),
		T(test_find_row_from_gone_bookmark),
		T(test_find_row_room),
		T(test_reset),
		T(test_not_supported),
		T(test_set_rows),
		T(test_views_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
