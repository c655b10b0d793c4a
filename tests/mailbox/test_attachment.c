/* SPDX-License-Identifier: Apache-2.0 */
/* [MS-OXCMSG] 3.2.5.12 to 3.2.5.17, 2.2.3.18 */
#include "mailbox/content.h"

enum { READ_ONLY = 0, READ_WRITE = 1, BEST_ACCESS = 3 };
enum { KEEP_READ_ONLY = 0x09, KEEP_READ_WRITE = 0x0a, FORCE = 0x0c };
enum { EMBED_READ_ONLY = 0, EMBED_READ_WRITE = 1, EMBED_CREATE = 2 };

static uint32_t new_attachment(struct content *c, uint32_t m, uint32_t *number)
{
	uint32_t at;

	OK(CALL(c, create_attachment, m, &at));
	*number = c->rsp.create_attachment.attachment_id;
	return at;
}

static void save_attachment(struct content *c, uint32_t at)
{
	OK(CALL(c, save_changes_attachment, at, NULL,
		.save_flags = KEEP_READ_WRITE));
}

/* A saved message with one attachment of some bytes; its ID. */
static uint64_t with_attachment(struct content *c)
{
	const struct prop_value data = { .tag = PID_TAG_ATTACH_DATA_BINARY,
		.bin = { (const uint8_t *)"data", 4 } };
	uint32_t m = new_message(c), number, at = new_attachment(c, m,
								 &number);
	uint64_t id;

	set_i32(c, at, PID_TAG_ATTACH_METHOD, 1);
	set_text(c, at, PID_TAG_ATTACH_LONG_FILENAME, "a.txt");
	set_props(c, at, &data, 1);
	save_attachment(c, at);
	id = save_message(c, m);
	release(c, m);
	return id;
}

/* 3.2.5.13: what a new attachment has */
static void test_initial_properties(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c), first, second;
	uint32_t a = new_attachment(c, m, &first);
	uint32_t b = new_attachment(c, m, &second);
	struct prop_value created, modified;

	assert_int_not_equal(first, second);
	assert_i32(c, a, PID_TAG_ATTACH_NUMBER, (int32_t)first);
	assert_i32(c, b, PID_TAG_ATTACH_NUMBER, (int32_t)second);
	assert_i32(c, a, PID_TAG_RENDERING_POSITION, -1);
	assert_int_equal(get_error(c, a, PID_TAG_ATTACH_SIZE), EC_SUCCESS);
	assert_int_equal(get_error(c, a, PID_TAG_ACCESS_LEVEL), EC_SUCCESS);
	created = get_prop(c, a, PID_TAG_CREATION_TIME);
	modified = get_prop(c, a, PID_TAG_LAST_MODIFICATION_TIME);
	assert_int_equal(created.tag, PID_TAG_CREATION_TIME);
	assert_int_equal(created.time, modified.time);
}

/* 3.2.5.13, 3.2.5.14: two saves until others see it */
static void test_two_saves(void **state)
{
	struct content *c = *state;
	uint64_t id = make_message(c->h, c->h->alice, c->logon, c->inbox_id,
				   "m");
	uint32_t m = open_message(c, id, READ_WRITE), number, other;
	uint32_t at = new_attachment(c, m, &number);

	set_text(c, at, PID_TAG_DISPLAY_NAME, "x");
	OK(CALL(c, get_valid_attachments, m, NULL));
	assert_int_equal(
		c->rsp.get_valid_attachments.attachment_id_array.n, 0);
	assert_false(get_prop(c, m, PID_TAG_HAS_ATTACHMENTS).b);
	save_attachment(c, at);
	OK(CALL(c, get_valid_attachments, m, NULL));
	assert_int_equal(
		c->rsp.get_valid_attachments.attachment_id_array.n, 1);
	assert_int_equal(
		c->rsp.get_valid_attachments.attachment_id_array.v[0], number);
	assert_true(get_prop(c, m, PID_TAG_HAS_ATTACHMENTS).b);
	other = open_message(c, id, READ_ONLY);
	OK(CALL(c, get_valid_attachments, other, NULL));
	assert_int_equal(
		c->rsp.get_valid_attachments.attachment_id_array.n, 0);
	release(c, other);
	save_message(c, m);
	other = open_message(c, id, READ_ONLY);
	OK(CALL(c, open_attachment, other, &at, .attachment_id = number));
	assert_text(c, at, PID_TAG_DISPLAY_NAME, "x");
	assert_int_equal(get_prop(c, other, PID_TAG_MESSAGE_FLAGS).i32 & 0x10,
			 0x10);
}

static void test_open(void **state)
{
	struct content *c = *state;
	uint64_t id = with_attachment(c);
	uint32_t m = open_message(c, id, READ_ONLY), at;
	struct prop_value v;

	OK(CALL(c, open_attachment, m, &at, .attachment_id = 0));
	assert_text(c, at, PID_TAG_ATTACH_LONG_FILENAME, "a.txt");
	v = get_prop(c, at, PID_TAG_ATTACH_DATA_BINARY);
	assert_int_equal(v.bin.len, 4);
	assert_memory_equal(v.bin.data, "data", 4);
	/* 3.2.5.12 */
	assert_int_equal(CALL(c, open_attachment, m, &at,
			      .attachment_id = 99), EC_NOT_FOUND);
	assert_int_equal(CALL(c, open_attachment, m, &at, .attachment_id = 0,
			      .open_attachment_flags = READ_WRITE),
			 EC_ACCESS_DENIED);
	OK(CALL(c, open_attachment, m, &at, .attachment_id = 0,
		.open_attachment_flags = BEST_ACCESS));
	assert_int_equal(CALL(c, open_attachment, m, &at, .attachment_id = 0,
			      .open_attachment_flags = 2), EC_INVALID_PARAM);
	assert_int_equal(CALL(c, open_attachment, c->inbox, &at,
			      .attachment_id = 0), EC_NULL_OBJECT);
	assert_int_equal(CALL(c, create_attachment, c->inbox, &at),
			 EC_NULL_OBJECT);
	assert_int_equal(CALL(c, create_attachment, m, &at),
			 EC_ACCESS_DENIED);
	assert_int_equal(CALL(c, delete_attachment, m, NULL,
			      .attachment_id = 0), EC_ACCESS_DENIED);
}

/* 3.2.5.15 */
static void test_delete(void **state)
{
	struct content *c = *state;
	uint64_t id = with_attachment(c);
	uint32_t m = open_message(c, id, READ_WRITE), other, at;

	assert_int_equal(CALL(c, delete_attachment, m, NULL,
			      .attachment_id = 99), EC_NOT_FOUND);
	OK(CALL(c, delete_attachment, m, NULL, .attachment_id = 0));
	assert_false(get_prop(c, m, PID_TAG_HAS_ATTACHMENTS).b);
	assert_int_equal(CALL(c, open_attachment, m, &at, .attachment_id = 0),
			 EC_NOT_FOUND);
	other = open_message(c, id, READ_ONLY);
	OK(CALL(c, open_attachment, other, &at, .attachment_id = 0));
	release(c, other);
	save_message(c, m);
	other = open_message(c, id, READ_ONLY);
	assert_int_equal(CALL(c, open_attachment, other, &at,
			      .attachment_id = 0), EC_NOT_FOUND);
	assert_int_equal(CALL(c, delete_attachment, c->inbox, NULL,
			      .attachment_id = 0), EC_NULL_OBJECT);
}

/* 3.2.5.14, ecNotSupported */
static void test_save_flags(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c), number, at = new_attachment(c, m,
								 &number);
	const struct prop_value name = { .tag = PID_TAG_DISPLAY_NAME,
					 .str = "no" };

	assert_int_equal(CALL(c, save_changes_attachment, at, NULL,
			      .save_flags = 0x03), EC_NOT_SUPPORTED);
	assert_int_equal(CALL(c, save_changes_attachment, m, NULL,
			      .save_flags = KEEP_READ_WRITE),
			 EC_NOT_SUPPORTED);
	OK(CALL(c, save_changes_attachment, at, NULL, .save_flags = FORCE));
	OK(CALL(c, save_changes_attachment, at, NULL,
		.save_flags = KEEP_READ_ONLY));
	/* 2.2.3.3.1: read-only from here on */
	OK(CALL(c, set_properties, at, NULL,
		.property_values = { .n = 1, .v = &name }));
	assert_int_equal(c->rsp.set_properties.property_problems.n, 1);
	assert_int_equal(c->rsp.set_properties.property_problems.v[0].error,
			 EC_ACCESS_DENIED);
	assert_int_equal(CALL(c, save_changes_attachment, at, NULL,
			      .save_flags = KEEP_READ_WRITE), EC_ERROR);
}

/* 3.2.5.16 */
static void test_embedded(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c), number, at = new_attachment(c, m,
								 &number);
	uint32_t inner, other;
	uint64_t id;

	set_i32(c, at, PID_TAG_ATTACH_METHOD, 5);
	assert_int_equal(CALL(c, open_embedded_message, at, &inner,
			      .code_page_id = 0x0fff,
			      .open_mode_flags = EMBED_READ_WRITE),
			 EC_NOT_FOUND);
	assert_int_equal(CALL(c, open_embedded_message, at, &inner,
			      .code_page_id = 0x0fff, .open_mode_flags = 9),
			 EC_INVALID_PARAM);
	assert_int_equal(CALL(c, open_embedded_message, at, &inner,
			      .code_page_id = 3,
			      .open_mode_flags = EMBED_CREATE),
			 EC_UNKNOWN_CODE_PAGE);
	OK(CALL(c, open_embedded_message, at, &inner, .code_page_id = 0x0fff,
		.open_mode_flags = EMBED_CREATE));
	assert_int_equal(c->rsp.open_embedded_message.reserved, 0);
	set_text(c, inner, PID_TAG_SUBJECT, "inside");
	save_message(c, inner);
	release(c, inner);
	save_attachment(c, at);
	id = save_message(c, m);
	release(c, m);

	m = open_message(c, id, READ_ONLY);
	OK(CALL(c, open_attachment, m, &at, .attachment_id = number));
	OK(CALL(c, open_embedded_message, at, &inner, .code_page_id = 0x0fff,
		.open_mode_flags = EMBED_READ_ONLY));
	assert_string_equal(c->rsp.open_embedded_message.normalized_subject,
			    "inside");
	assert_text(c, inner, PID_TAG_SUBJECT, "inside");
	assert_int_equal(CALL(c, save_changes_message, inner, NULL,
			      .save_flags = KEEP_READ_WRITE), EC_ERROR);
	assert_int_equal(CALL(c, open_embedded_message, m, &other,
			      .code_page_id = 0x0fff), EC_NULL_OBJECT);
	/* ecAccessDenied: through a message that is open read-only */
	release(c, inner);
	assert_int_equal(CALL(c, open_embedded_message, at, &other,
			      .code_page_id = 0x0fff,
			      .open_mode_flags = EMBED_READ_WRITE),
			 EC_ACCESS_DENIED);
	OK(CALL(c, open_embedded_message, at, &inner, .code_page_id = 0x0fff,
		.open_mode_flags = EMBED_READ_ONLY));
	/* What it was opened from takes it along. */
	release(c, m);
	assert_int_equal(CALL(c, get_properties_list, inner, NULL),
			 EC_INVALID_OBJECT);
	assert_int_equal(CALL(c, get_properties_list, at, NULL),
			 EC_INVALID_OBJECT);
}

/* 3.2.5.16: nothing of the embedded one counts before its save */
static void test_embedded_unsaved(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c), number, at = new_attachment(c, m,
								 &number);
	uint32_t inner;
	uint64_t id;

	set_i32(c, at, PID_TAG_ATTACH_METHOD, 5);
	OK(CALL(c, open_embedded_message, at, &inner, .code_page_id = 0x0fff,
		.open_mode_flags = EMBED_CREATE));
	set_text(c, inner, PID_TAG_SUBJECT, "lost");
	release(c, inner);
	save_attachment(c, at);
	id = save_message(c, m);
	release(c, m);
	m = open_message(c, id, READ_ONLY);
	OK(CALL(c, open_attachment, m, &at, .attachment_id = number));
	assert_int_equal(CALL(c, open_embedded_message, at, &inner,
			      .code_page_id = 0x0fff,
			      .open_mode_flags = EMBED_READ_ONLY),
			 EC_NOT_FOUND);
}

/* 3.2.5.17: unsaved changes included */
static void test_table(void **state)
{
	static const uint32_t tags[] = { PID_TAG_ATTACH_NUMBER,
					 PID_TAG_ATTACH_LONG_FILENAME };
	struct content *c = *state;
	uint64_t id = with_attachment(c);
	uint32_t m = open_message(c, id, READ_WRITE), number, table, at;
	const struct rop_codec codec = {
		.prop = prop_ctx_rop(c->h->arena, 1252) };
	const struct prop_values *rows;

	at = new_attachment(c, m, &number);
	set_text(c, at, PID_TAG_ATTACH_LONG_FILENAME, "b.txt");
	save_attachment(c, at);
	OK(CALL(c, get_attachment_table, m, &table, .table_flags = 0x40));
	OK(CALL(c, set_columns, table, NULL, .property_tags = { 2, tags }));
	c->h->columns = (struct prop_tags){ 2, tags };
	OK(CALL(c, query_rows, table, NULL, .forward_read = true,
		.row_count = 10));
	assert_int_equal(c->rsp.query_rows.row_count, 2);
	assert_true(rop_rows_decode(&codec, &c->h->columns,
				    &c->rsp.query_rows.row_data, 2, &rows));
	assert_int_equal(rows[0].v[0].i32, 0);
	assert_string_equal(rows[0].v[1].str, "a.txt");
	assert_int_equal(rows[1].v[0].i32, number);
	assert_string_equal(rows[1].v[1].str, "b.txt");
	assert_int_equal(CALL(c, get_attachment_table, c->inbox, NULL),
			 EC_NULL_OBJECT);
	/* The message takes its table along. */
	release(c, m);
	assert_int_equal(CALL(c, get_status, table, NULL),
			 EC_INVALID_OBJECT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONTENT_TEST(test_initial_properties),
		CONTENT_TEST(test_two_saves),
		CONTENT_TEST(test_open),
		CONTENT_TEST(test_delete),
		CONTENT_TEST(test_save_flags),
		CONTENT_TEST(test_embedded),
		CONTENT_TEST(test_embedded_unsaved),
		CONTENT_TEST(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
