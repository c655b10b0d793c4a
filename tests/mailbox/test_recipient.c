/* SPDX-License-Identifier: Apache-2.0 */
/* [MS-OXCMSG] 3.2.5.1, 3.2.5.4 to 3.2.5.6 */
#include "mailbox/content.h"
#include "mapi/recipient_row.h"

static const uint32_t column_tags[] = {
	PID_TAG_OBJECT_TYPE, PID_TAG_SMTP_ADDRESS, PID_TAG_DISPLAY_TYPE,
};
static const struct prop_tags columns = { 3, column_tags };

/* A row as Outlook sends it: an address of the organisation, or SMTP. */
static struct rop_recipient make_row(struct content *c, uint32_t row_id,
				     uint8_t type, const char *name, bool smtp)
{
	const struct prop_ctx ctx = prop_ctx_rop(c->h->arena, 1252);
	const struct prop_value values[] = {
		{ .tag = PID_TAG_OBJECT_TYPE, .i32 = 6 },
		{ .tag = PID_TAG_SMTP_ADDRESS, .str = name },
		{ .tag = PID_TAG_DISPLAY_TYPE, .i32 = 0 },
	};
	struct recipient_row row = {
		.display_name = name, .simple_display_name = name,
		.transmittable_display_name = name,
		.properties = { 3, values },
	};
	size_t cap = 1024 + 16 * strlen(name);
	struct wire_w w = wire_w(arena_alloc(c->h->arena, cap), cap);

	if (smtp)
		row.email_address = name;
	else
		row.x500_dn = "/o=Test/cn=x";
	row.recipient_flags = recipient_row_flags(&row, smtp ? "SMTP" : "EX");
	recipient_row_encode(&w, &ctx, &columns, &row);
	assert_false(w.full);
	return (struct rop_recipient){ .row_id = row_id,
		.recipient_type = type, .row = { w.base, w.len } };
}

static void modify(struct content *c, uint32_t m,
		   const struct rop_recipient *rows, uint32_t n)
{
	OK(CALL(c, modify_recipients, m, NULL, .recipient_columns = columns,
		.recipient_rows = { n, rows }));
}

static struct recipient_row decode(struct content *c,
				   const struct rop_recipient *r,
				   const struct prop_tags *tags)
{
	struct prop_ctx ctx = prop_ctx_rop(c->h->arena, r->code_page_id);
	struct recipient_row row;

	assert_true(recipient_row_decode(&r->row, &ctx, tags, &row));
	return row;
}

static const struct prop_value *column(const struct recipient_row *row,
				       uint32_t tag)
{
	const struct prop_value *v = prop_find(&row->properties, tag);

	assert_non_null(v);
	assert_int_equal(v->tag, tag);
	return v;
}

/* All fields of a row come back, from OpenMessage and ReadRecipients. */
static void test_fields(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c);
	struct rop_recipient rows[] = {
		make_row(c, 0, 1, "to\u4e2d@example.test", true),
		make_row(c, 1, 2, "Bob", false),
		make_row(c, 7, 3 | 0x80, "bcc@example.test", true),
	};
	struct recipient_row row;
	struct prop_tags told;
	uint64_t id;

	modify(c, m, rows, 3);
	id = save_message(c, m);
	assert_text(c, m, PID_TAG_DISPLAY_TO, "to\u4e2d@example.test");
	assert_text(c, m, PID_TAG_DISPLAY_CC, "Bob");
	release(c, m);

	m = open_message(c, id, 0);
	assert_int_equal(c->rsp.open_message.recipient_count, 3);
	assert_int_equal(c->rsp.open_message.recipient_rows.n, 3);
	told = c->rsp.open_message.recipient_columns;
	assert_true(told.n >= 3);
	row = decode(c, &c->rsp.open_message.recipient_rows.v[0], &told);
	assert_int_equal(recipient_row_type(&row), RECIPIENT_SMTP);
	assert_string_equal(row.email_address, "to\u4e2d@example.test");
	assert_string_equal(row.display_name, "to\u4e2d@example.test");
	assert_int_equal(column(&row, PID_TAG_OBJECT_TYPE)->i32, 6);
	row = decode(c, &c->rsp.open_message.recipient_rows.v[1], &told);
	assert_int_equal(recipient_row_type(&row), RECIPIENT_X500_DN);
	assert_string_equal(row.x500_dn, "/o=Test/cn=x");
	assert_string_equal(column(&row, PID_TAG_SMTP_ADDRESS)->str, "Bob");
	assert_int_equal(c->rsp.open_message.recipient_rows.v[2]
			 .recipient_type, 0x83);

	OK(CALL(c, read_recipients, m, NULL, .row_id = 0));
	assert_int_equal(c->rsp.read_recipients.recipient_rows.n, 3);
	assert_int_equal(c->rsp.read_recipients.recipient_rows.v[2].row_id, 7);
	row = decode(c, &c->rsp.read_recipients.recipient_rows.v[2], &told);
	assert_string_equal(row.simple_display_name, "bcc@example.test");
	assert_string_equal(column(&row, PID_TAG_SMTP_ADDRESS)->str,
			    "bcc@example.test");
}

/* [MS-OXCDATA] 2.8.3.2: a list is named by its entry ID, in fields */
static void test_distribution_list(void **state)
{
	static const uint32_t tags[] = { PID_TAG_OBJECT_TYPE };
	const struct prop_tags sent = { 1, tags };
	struct content *c = *state;
	const struct prop_ctx ctx = prop_ctx_rop(c->h->arena, 1252);
	const struct prop_value type = { .tag = PID_TAG_OBJECT_TYPE,
					 .i32 = 8 };
	const struct recipient_row list = {
		.recipient_flags = RECIPIENT_PERSONAL_DISTRIBUTION_LIST_1 |
			RECIPIENT_D | RECIPIENT_U | RECIPIENT_R | RECIPIENT_N,
		.entry_id = { (const uint8_t *)"entry", 5 },
		.search_key = { (const uint8_t *)"key", 3 },
		.display_name = "Friends", .properties = { 1, &type },
	};
	uint32_t m = new_message(c);
	struct wire_w w = wire_w(arena_alloc(c->h->arena, 256), 256);
	struct rop_recipient r;
	struct recipient_row row;
	uint64_t id;

	recipient_row_encode(&w, &ctx, &sent, &list);
	r = (struct rop_recipient){ .recipient_type = 1,
				    .row = { w.base, w.len } };
	OK(CALL(c, modify_recipients, m, NULL, .recipient_columns = sent,
		.recipient_rows = { 1, &r }));
	id = save_message(c, m);
	release(c, m);
	open_message(c, id, 0);
	assert_int_equal(c->rsp.open_message.recipient_columns.n, 1);
	assert_int_equal(c->rsp.open_message.recipient_columns.v[0], tags[0]);
	row = decode(c, &c->rsp.open_message.recipient_rows.v[0],
		     &c->rsp.open_message.recipient_columns);
	assert_int_equal(row.recipient_flags, list.recipient_flags);
	assert_int_equal(row.entry_id.len, 5);
	assert_memory_equal(row.search_key.data, "key", 3);
	assert_string_equal(row.display_name, "Friends");
}

/* 3.2.5.5: replace, delete, and only on this handle before the save */
static void test_modify(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c), other;
	struct rop_recipient rows[] = {
		make_row(c, 0, 1, "a", true), make_row(c, 1, 1, "b", true),
	};
	uint64_t id;

	modify(c, m, rows, 2);
	id = save_message(c, m);
	rows[0] = make_row(c, 1, 2, "changed", true);
	rows[1] = (struct rop_recipient){ .row_id = 0, .recipient_type = 1 };
	modify(c, m, rows, 2);
	OK(CALL(c, read_recipients, m, NULL, .row_id = 0));
	assert_int_equal(c->rsp.read_recipients.recipient_rows.n, 1);
	assert_int_equal(c->rsp.read_recipients.recipient_rows.v[0].row_id, 1);
	assert_int_equal(c->rsp.read_recipients.recipient_rows.v[0]
			 .recipient_type, 2);
	other = open_message(c, id, 0);
	assert_int_equal(c->rsp.open_message.recipient_count, 2);
	release(c, other);
	save_message(c, m);
	other = open_message(c, id, 0);
	assert_int_equal(c->rsp.open_message.recipient_count, 1);
	/* Deleting one that isn't there is no failure. */
	rows[0] = (struct rop_recipient){ .row_id = 77 };
	modify(c, m, rows, 1);
	release(c, other);
}

/* 3.2.5.4 */
static void test_remove_all(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c);
	struct rop_recipient row = make_row(c, 0, 1, "a", true);

	OK(CALL(c, remove_all_recipients, m, NULL, .reserved = 0x1234));
	modify(c, m, &row, 1);
	OK(CALL(c, remove_all_recipients, m, NULL));
	assert_int_equal(CALL(c, read_recipients, m, NULL, .row_id = 0),
			 EC_NOT_FOUND);
	assert_int_equal(CALL(c, remove_all_recipients, c->inbox, NULL),
			 EC_NULL_OBJECT);
}

static void test_errors(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c);
	struct rop_recipient rows[] = {
		make_row(c, 3, 1, "a", true), make_row(c, 4, 1, "b", true),
	};

	assert_int_equal(CALL(c, read_recipients, m, NULL, .row_id = 0),
			 EC_NOT_FOUND);
	/* A malformed row changes nothing, not even the ones before it. */
	rows[1].row.len--;
	assert_int_equal(CALL(c, modify_recipients, m, NULL,
			      .recipient_columns = columns,
			      .recipient_rows = { 2, rows }), EC_RPC_FORMAT);
	assert_int_equal(CALL(c, read_recipients, m, NULL, .row_id = 0),
			 EC_NOT_FOUND);
	modify(c, m, rows, 1);
	/* RowId 0 stands for the first; others have to be there. */
	OK(CALL(c, read_recipients, m, NULL, .row_id = 0));
	assert_int_equal(c->rsp.read_recipients.recipient_rows.v[0].row_id, 3);
	assert_int_equal(CALL(c, read_recipients, m, NULL, .row_id = 2),
			 EC_NOT_FOUND);
	assert_int_equal(CALL(c, modify_recipients, c->inbox, NULL,
			      .recipient_columns = columns), EC_NULL_OBJECT);
	assert_int_equal(CALL(c, read_recipients, c->inbox, NULL),
			 EC_NULL_OBJECT);
}

/* 3.2.5.1, 3.2.5.6: more than one answer holds */
static void test_many(void **state)
{
	enum { N = 700, STEP = 100 };
	struct content *c = *state;
	uint32_t m = new_message(c), next = 0;
	struct rop_recipient rows[STEP];
	char name[64];
	uint64_t id;

	for (uint32_t i = 0; i < N; i += STEP) {
		for (uint32_t k = 0; k < STEP; k++) {
			snprintf(name, sizeof name, "user%u@example.test",
				 i + k);
			rows[k] = make_row(c, i + k, 1,
					   arena_strdup(c->h->arena, name),
					   true);
		}
		modify(c, m, rows, STEP);
	}
	id = save_message(c, m);
	release(c, m);
	m = open_message(c, id, 0);
	assert_int_equal(c->rsp.open_message.recipient_count, N);
	assert_in_range(c->rsp.open_message.recipient_rows.n, 1, 254);
	while (next < N) {
		const struct rop_recipients *r =
			&c->rsp.read_recipients.recipient_rows;

		OK(CALL(c, read_recipients, m, NULL, .row_id = next));
		assert_in_range(r->n, 1, 254);
		for (uint32_t i = 0; i < r->n; i++)
			assert_int_equal(r->v[i].row_id, next++);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONTENT_TEST(test_fields),
		CONTENT_TEST(test_distribution_list),
		CONTENT_TEST(test_modify),
		CONTENT_TEST(test_remove_all),
		CONTENT_TEST(test_errors),
		CONTENT_TEST(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
