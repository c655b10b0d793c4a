/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table operations as a client may send them: each byte of input names one,
 * what follows is its fields.  The rows are fixed.  After every step the
 * position lies within the table, and reading on gives no more rows than are
 * left.
 */
#include <stdlib.h>

#include "mapi/restriction.h"
#include "mapi/sort.h"
#include "store/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { ROWS = 40, STEPS = 64 };

struct run {
	struct wire_r in;
	struct arena *arena;
	struct table *table;
	struct bin bookmark, state;       /* the last that were given */
	uint64_t header;                  /* the last seen */
};

static const char *const words[] = { "alpha", "Beta", "gämma", "", "BETA" };

static struct prop_values make_row(struct arena *a, uint32_t i)
{
	struct prop_value *v = arena_array(a, 6, sizeof *v);
	struct guid *g = arena_zalloc(a, sizeof *g);

	g->b[0] = (uint8_t)(i % 4);
	v[0] = (struct prop_value){ .tag = PID_TAG_SUBJECT,
				    .str = words[i % 5] };
	v[1] = (struct prop_value){ .tag = PID_TAG_IMPORTANCE,
				    .i32 = (int32_t)(i % 3) };
	v[2] = (struct prop_value){ .tag = 0x8001101f, .n = i % 4,
				    .mv_str = words };
	v[3] = (struct prop_value){ .tag = PID_TAG_READ, .b = i % 2 };
	v[4] = (struct prop_value){ .tag = 0x80020048, .guid = g };
	v[5] = (struct prop_value){ .tag = PID_TAG_MESSAGE_DELIVERY_TIME,
				    .time = i * 7 % 11 };
	return (struct prop_values){ i % 7 == 0 ? 3 : 6, v };
}

static struct table *make_table(struct arena *a)
{
	struct prop_values *rows = arena_array(a, ROWS, sizeof *rows);
	struct table *t;

	for (uint32_t i = 0; i < ROWS; i++)
		rows[i] = make_row(a, i);
	if (table_open_rows(TABLE_CONTENTS, (struct prop_tags){ 0, NULL },
			    rows, ROWS, 0x0409, &t) != EC_SUCCESS)
		abort();
	return t;
}

/* Tags that the rows have, and such as the client makes up. */
static uint32_t some_tag(struct run *r)
{
	static const uint32_t tags[] = {
		PID_TAG_SUBJECT, PID_TAG_IMPORTANCE, 0x8001301f, 0x8001101f,
		PID_TAG_READ, 0x80020048, PID_TAG_MESSAGE_DELIVERY_TIME,
		PID_TAG_INST_ID, PID_TAG_ROW_TYPE, PID_TAG_DEPTH, 0x0037001e,
		PID_TAG_CONTENT_COUNT };
	uint8_t i = wire_u8(&r->in);

	return i < sizeof tags / sizeof tags[0] ? tags[i] :
		wire_u32(&r->in);
}

static bool take(void *ctx, const struct prop_value *row, uint32_t n)
{
	struct run *r = ctx;

	for (uint32_t i = 0; i < n; i++)
		if (row[i].tag == PID_TAG_INST_ID)
			r->header = (uint64_t)row[i].i64;
	return true;
}

static void set_columns(struct run *r)
{
	uint32_t tags[16], n = wire_u8(&r->in) % 16;

	for (uint32_t i = 0; i < n; i++)
		tags[i] = some_tag(r);
	table_set_columns(r->table, (struct prop_tags){ n, tags });
}

static void sort(struct run *r)
{
	struct sort_order orders[20];
	uint32_t n = wire_u8(&r->in) % 20, how = wire_u8(&r->in);

	for (uint32_t i = 0; i < n; i++)
		orders[i] = (struct sort_order){ some_tag(r),
						 wire_u8(&r->in) % 6 };
	table_sort(r->table, orders, n, how % 4, how / 4 % 4);
}

static const struct restriction *restriction(struct run *r)
{
	struct prop_ctx ctx = prop_ctx_rop(r->arena, 1252);
	struct wire_r in = wire_sub(&r->in, wire_u8(&r->in));
	struct restriction *out = arena_alloc(r->arena, sizeof *out);

	return restriction_decode(&in, &ctx, out) ? out : NULL;
}

static void query(struct run *r)
{
	uint8_t how = wire_u8(&r->in), origin;
	uint32_t n;

	table_query_rows(r->table, how & 1, how & 2, how / 4, take, r, &n,
			 &origin);
}

static struct bin bookmark(struct run *r)
{
	return wire_u8(&r->in) % 4 ? r->bookmark : (struct bin){
		r->in.p, wire_left(&r->in) < 4 ? wire_left(&r->in) : 4 };
}

static void seek(struct run *r)
{
	uint8_t how = wire_u8(&r->in);
	int32_t rows = (int8_t)wire_u8(&r->in), sought;
	bool x;

	switch (how % 4) {
	case 3:
		table_seek_row_bookmark(r->table, bookmark(r), rows, &x, &x,
					&sought);
		break;
	case 2:
		table_seek_row_fractional(r->table, how, (uint8_t)rows);
		break;
	default:
		table_seek_row(r->table, how / 4 % 4, rows, &x, &sought);
	}
}

static void find(struct run *r)
{
	uint8_t how = wire_u8(&r->in);
	bool gone, has;

	table_find_row(r->table, how & 1, restriction(r), how / 2 % 4,
		       bookmark(r), take, r, &gone, &has);
}

static void marks(struct run *r)
{
	if (wire_u8(&r->in) % 2)
		table_create_bookmark(r->table, r->arena, &r->bookmark);
	else
		table_free_bookmark(r->table, bookmark(r));
}

static void categories(struct run *r)
{
	uint8_t how = wire_u8(&r->in);
	uint32_t rows, n;

	if (how & 1)
		table_expand_row(r->table, how / 2, r->header, take, r, &rows,
				 &n);
	else
		table_collapse_row(r->table, r->header, &rows);
}

static void states(struct run *r)
{
	uint8_t how = wire_u8(&r->in);
	struct bin state = how & 2 ? r->state : (struct bin){
		r->in.p, wire_left(&r->in) };

	if (how & 1)
		table_get_collapse_state(r->table, r->header, how / 4,
					 r->arena, &r->state);
	else
		table_set_collapse_state(r->table, state, r->arena,
					 &r->bookmark);
}

static void restrict_to(struct run *r)
{
	table_restrict(r->table, restriction(r));
}

static void reset(struct run *r)
{
	table_reset(r->table);
}

static void check(struct run *r)
{
	uint32_t num, den, n = 0;
	uint8_t origin;

	if (table_query_position(r->table, &num, &den) != EC_SUCCESS)
		return;
	if (num > den)
		abort();
	if (table_query_rows(r->table, QUERY_ROWS_NO_ADVANCE, true, den + 1,
			     take, r, &n, &origin) == EC_SUCCESS &&
	    n != den - num)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static void (*const steps[])(struct run *r) = {
		set_columns, sort, restrict_to, query, seek, find, marks,
		categories, states, reset };
	struct run r = { .in = wire_r(data, len), .arena = arena_new(0) };

	r.table = make_table(r.arena);
	for (int i = 0; i < STEPS && wire_left(&r.in) > 0; i++) {
		steps[wire_u8(&r.in) % 10](&r);
		check(&r);
	}
	table_free(r.table);
	arena_free(r.arena);
	return 0;
}
