/* SPDX-License-Identifier: Apache-2.0 */
/* [MS-OXCPRPT] 3.2.5.1 to 3.2.5.5 */
#include "mailbox/content.h"

#define STRING8(tag) (((tag) & ~0xffffu) | PTYP_STRING8)
#define ANY(tag) ((tag) & ~0xffffu)

/* RopGetPropertiesSpecific with all of its fields. */
static const struct prop_value *get(struct content *c, uint32_t handle,
				    const uint32_t *tags, uint32_t n,
				    uint16_t limit, bool unicode)
{
	/* Without a code page, 8-bit strings stay as they are. */
	const struct rop_codec codec = {
		.prop = prop_ctx_rop(c->h->arena, 0) };
	const struct prop_values *rows;

	c->h->columns = (struct prop_tags){ n, tags };
	OK(CALL(c, get_properties_specific, handle, NULL,
		.property_size_limit = limit, .want_unicode = unicode,
		.property_tags = { n, tags }));
	assert_true(rop_rows_decode(&codec, &c->h->columns,
		&c->rsp.get_properties_specific.row_data, 1, &rows));
	c->h->columns = (struct prop_tags){ 0, NULL };
	return rows[0].v;
}

static void test_types(void **state)
{
	const struct guid guid = { { 1, 2, 3 } };
	static const int32_t numbers[] = { 1, -2, 3 };
	static const char *const texts[] = { "one", "zw\u00f6lf" };
	static const struct bin bins[] = { { (const uint8_t *)"ab", 2 },
					   { (const uint8_t *)"", 0 } };
	const struct prop_value values[] = {
		{ .tag = 0x66000002, .i16 = -5 },
		{ .tag = 0x66010003, .i32 = 100000 },
		{ .tag = 0x66020004, .f32 = 1.5f },
		{ .tag = 0x66030005, .f64 = -2.25 },
		{ .tag = 0x66040006, .i64 = 10000 },
		{ .tag = 0x6605000b, .b = true },
		{ .tag = 0x66060014, .i64 = -1 },
		{ .tag = 0x6607001f, .str = "t\u00e4xt" },
		{ .tag = 0x66080040, .time = 123456789 },
		{ .tag = 0x66090048, .guid = &guid },
		{ .tag = 0x660a0102, .bin = { (const uint8_t *)"\0x", 2 } },
		{ .tag = 0x660b1003, .n = 3, .mv_i32 = numbers },
		{ .tag = 0x660c101f, .n = 2, .mv_str = texts },
		{ .tag = 0x660d1102, .n = 2, .mv_bin = bins },
	};
	enum { N = sizeof values / sizeof *values };
	struct content *c = *state;
	uint32_t m = new_message(c), tags[N];
	const struct prop_value *got;

	set_props(c, m, values, N);
	for (int i = 0; i < N; i++)
		tags[i] = values[i].tag;
	for (int saved = 0; saved < 2; saved++) {
		got = get_props(c->h, c->h->alice, m, tags, N);
		for (int i = 0; i < N; i++)
			assert_true(prop_value_equal(&got[i], &values[i]));
		save_message(c, m);
	}
}

/* Order of the request; errors; types that are not those of the property */
static void test_errors(void **state)
{
	static const uint32_t tags[] = {
		PID_TAG_SUBJECT, 0x66000003, 0x3007001f, PID_TAG_IMPORTANCE,
	};
	struct content *c = *state;
	uint32_t m = new_message(c);
	const struct prop_value *v;

	set_text(c, m, PID_TAG_SUBJECT, "s");
	v = get(c, m, tags, 4, 0, true);
	assert_string_equal(v[0].str, "s");
	assert_int_equal(v[1].tag, 0x6600000a);
	assert_int_equal(v[1].error, EC_NOT_FOUND);
	assert_int_equal(prop_tag_type(v[2].tag), PTYP_ERROR_CODE);
	assert_int_equal(v[3].i32, 1);
}

/* 3.2.5.1: WantUnicode, the string types, the code page of the object */
static void test_strings(void **state)
{
	static const uint32_t tags[] = {
		PID_TAG_SUBJECT, STRING8(PID_TAG_SUBJECT),
		ANY(PID_TAG_SUBJECT), ANY(PID_TAG_IMPORTANCE),
	};
	struct content *c = *state;
	const struct prop_value *v;
	uint32_t m, at;
	uint64_t id;

	m = new_message(c);
	set_text(c, m, PID_TAG_SUBJECT, "\u041f\u0440\u0438");
	id = save_message(c, m);
	v = get(c, m, tags, 4, 0, true);
	assert_string_equal(v[0].str, "\u041f\u0440\u0438");
	assert_string_equal(v[1].str, "???");           /* 1252, the logon's */
	assert_int_equal(v[2].tag, PID_TAG_SUBJECT);
	assert_string_equal(v[2].str, "\u041f\u0440\u0438");
	assert_int_equal(v[3].tag, PID_TAG_IMPORTANCE);
	release(c, m);

	OK(CALL(c, open_message, c->logon, &m, .code_page_id = 1251,
		.folder_id = c->inbox_id, .message_id = id,
		.open_mode_flags = 1));
	v = get(c, m, tags, 4, 0, false);
	assert_string_equal(v[0].str, "\u041f\u0440\u0438");
	assert_string_equal(v[1].str, "\xcf\xf0\xe8");
	assert_int_equal(v[2].tag, STRING8(PID_TAG_SUBJECT));
	assert_string_equal(v[2].str, "\xcf\xf0\xe8");
	/* An attachment has its message's code page. */
	OK(CALL(c, create_attachment, m, &at));
	set_text(c, at, PID_TAG_DISPLAY_NAME, "\u041f");
	v = get(c, at, (const uint32_t[]){ ANY(PID_TAG_DISPLAY_NAME) }, 1, 0,
		false);
	assert_string_equal(v[0].str, "\xcf");
}

/* What is set in 8 bits is text like any other. */
static void test_set_string8(void **state)
{
	static const char *const texts[] = { "\xe9", "x" };
	const struct prop_value values[] = {
		{ .tag = STRING8(PID_TAG_SUBJECT), .str = "caf\xe9" },
		{ .tag = 0x660c101e, .n = 2, .mv_str = texts },
	};
	struct content *c = *state;
	uint32_t m = new_message(c);
	struct prop_value v;

	set_props(c, m, values, 2);
	assert_text(c, m, PID_TAG_SUBJECT, "caf\u00e9");
	v = get_prop(c, m, 0x660c101f);
	assert_int_equal(v.tag, 0x660c101f);
	assert_string_equal(v.mv_str[0], "\u00e9");
}

/* NotEnoughMemory for what doesn't fit; the rest comes all the same */
static void test_too_large(void **state)
{
	enum { LARGE = 20000 };
	static const uint32_t tags[] = { 0x66000102, 0x66010102, 0x66020102,
					 PID_TAG_SUBJECT };
	struct content *c = *state;
	uint8_t *data = arena_alloc(c->h->arena, LARGE);
	uint32_t m = new_message(c);
	const struct prop_value *v;
	unsigned errors = 0;

	memset(data, 7, LARGE);
	set_text(c, m, PID_TAG_SUBJECT, "small");
	for (int i = 0; i < 3; i++) {
		const struct prop_value value = { .tag = tags[i],
						  .bin = { data, LARGE } };

		set_props(c, m, &value, 1);
	}
	v = get(c, m, tags, 4, 0, true);
	for (int i = 0; i < 3; i++)
		if (prop_tag_type(v[i].tag) == PTYP_ERROR_CODE) {
			assert_int_equal(v[i].error, EC_NOT_ENOUGH_MEMORY);
			errors++;
		} else {
			assert_int_equal(v[i].bin.len, LARGE);
		}
	assert_int_equal(errors, 2);
	assert_string_equal(v[3].str, "small");

	/* 2.2.3.2 */
	OK(CALL(c, get_properties_all, m, NULL, .want_unicode = 1));
	errors = 0;
	for (uint32_t i = 0; i < c->rsp.get_properties_all.property_values.n;
	     i++)
		errors += prop_tag_type(c->rsp.get_properties_all
					.property_values.v[i].tag) ==
			PTYP_ERROR_CODE;
	assert_int_equal(errors, 2);
}

/* 3.2.5.1 ignores PropertySizeLimit, 2.2.3.2 doesn't */
static void test_size_limit(void **state)
{
	static const uint32_t tags[] = { PID_TAG_SUBJECT };
	struct content *c = *state;
	uint32_t m = new_message(c);
	const struct prop_values *all;
	const struct prop_value *v;

	set_text(c, m, PID_TAG_SUBJECT, "longer than ten bytes");
	v = get(c, m, tags, 1, 10, true);
	assert_int_equal(v[0].tag, PID_TAG_SUBJECT);
	OK(CALL(c, get_properties_all, m, NULL, .property_size_limit = 10,
		.want_unicode = 1));
	all = &c->rsp.get_properties_all.property_values;
	v = prop_find(all, PID_TAG_SUBJECT);
	assert_non_null(v);
	assert_int_equal(prop_tag_type(v->tag), PTYP_ERROR_CODE);
	assert_int_equal(v->error, EC_NOT_ENOUGH_MEMORY);
	/* Numbers have no length. */
	v = prop_find(all, PID_TAG_CREATION_TIME);
	assert_non_null(v);
	assert_int_equal(v->tag, PID_TAG_CREATION_TIME);
}

/* 3.2.5.2, 3.2.5.3, on everything that has properties */
static void test_all_and_list(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c), at, handles[4];
	const struct prop_values *all;
	const struct prop_tags *list;
	uint32_t n;

	OK(CALL(c, create_attachment, m, &at));
	handles[0] = c->logon;
	handles[1] = c->inbox;
	handles[2] = m;
	handles[3] = at;
	set_text(c, m, PID_TAG_SUBJECT, "s\u4e2d");
	for (int i = 0; i < 4; i++) {
		OK(CALL(c, get_properties_list, handles[i], NULL));
		list = &c->rsp.get_properties_list.property_tags;
		n = list->n;
		assert_true(n > 0);
		OK(CALL(c, get_properties_all, handles[i], NULL,
			.want_unicode = 1));
		all = &c->rsp.get_properties_all.property_values;
		assert_true(all->n > 0 && all->n <= n);
	}
	OK(CALL(c, get_properties_all, m, NULL, .want_unicode = 1));
	all = &c->rsp.get_properties_all.property_values;
	assert_int_equal(prop_find(all, PID_TAG_SUBJECT)->tag,
			 PID_TAG_SUBJECT);
	OK(CALL(c, get_properties_all, m, NULL));
	all = &c->rsp.get_properties_all.property_values;
	/* The harness's codec makes Unicode of 8 bits. */
	assert_string_equal(prop_find(all, PID_TAG_SUBJECT)->str, "s?");
}

/* 3.2.5.4: read-only properties are refused one by one */
static void test_read_only_props(void **state)
{
	const struct prop_value values[] = {
		{ .tag = PID_TAG_SUBJECT, .str = "set" },
		{ .tag = PID_TAG_MESSAGE_SIZE, .i32 = 1 },
		{ .tag = PID_TAG_HAS_ATTACHMENTS, .b = true },
		{ .tag = PID_TAG_IMPORTANCE, .i32 = 2 },
	};
	struct content *c = *state;
	uint32_t m = new_message(c);
	const struct prop_problems *p;

	OK(CALL(c, set_properties, m, NULL, .property_values = { 4, values }));
	p = &c->rsp.set_properties.property_problems;
	assert_int_equal(p->n, 2);
	assert_int_equal(p->v[0].index, 1);
	assert_int_equal(p->v[0].tag, PID_TAG_MESSAGE_SIZE);
	assert_int_equal(p->v[0].error, EC_COMPUTED);
	assert_int_equal(p->v[1].index, 2);
	assert_text(c, m, PID_TAG_SUBJECT, "set");
	assert_i32(c, m, PID_TAG_IMPORTANCE, 2);
	assert_false(get_prop(c, m, PID_TAG_HAS_ATTACHMENTS).b);
	OK(CALL(c, set_properties_no_replicate, m, NULL,
		.property_values = { 4, values }));
	assert_int_equal(
		c->rsp.set_properties_no_replicate.property_problems.n, 2);
}

/* [MS-OXCMSG] 2.2.1.6: which flags are the client's, and until when */
static void test_message_flags(void **state)
{
	const struct prop_value read = { .tag = PID_TAG_MESSAGE_FLAGS,
					 .i32 = 0x01 };
	const struct prop_value more = { .tag = PID_TAG_MESSAGE_FLAGS,
					 .i32 = 0x7f76 };
	struct content *c = *state;
	uint32_t m = new_message(c);

	set_props(c, m, &read, 1);
	assert_int_equal(get_prop(c, m, PID_TAG_MESSAGE_FLAGS).i32 & ~0x400,
			 0x01);
	set_props(c, m, &more, 1);
	assert_int_equal(get_prop(c, m, PID_TAG_MESSAGE_FLAGS).i32, 0);
	set_props(c, m, &read, 1);
	save_message(c, m);
	OK(CALL(c, set_properties, m, NULL, .property_values = { 1, &more }));
	assert_int_equal(c->rsp.set_properties.property_problems.n, 1);
	assert_int_equal(get_prop(c, m, PID_TAG_MESSAGE_FLAGS).i32 & ~0x402,
			 0x01);
}

/* [MS-OXCMSG] 2.2.1.3 */
static void test_message_class(void **state)
{
	char long_class[257];
	const char *bad[] = { "", "IPM.Note.", "IPM.\u00e9", "IPM\t",
			      long_class };
	struct content *c = *state;
	uint32_t m = new_message(c);

	memset(long_class, 'x', 256);
	long_class[256] = '\0';
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const struct prop_value v = { .tag = PID_TAG_MESSAGE_CLASS,
					      .str = bad[i] };

		OK(CALL(c, set_properties, m, NULL,
			.property_values = { 1, &v }));
		assert_int_equal(c->rsp.set_properties.property_problems.n,
				 1);
	}
	set_text(c, m, PID_TAG_MESSAGE_CLASS, "IPM.Note.{own} 1");
	assert_text(c, m, PID_TAG_MESSAGE_CLASS, "IPM.Note.{own} 1");
}

/* [MS-OXCMSG] 2.2.1.44 */
static void test_store_entry_id(void **state)
{
	struct content *c = *state;
	struct prop_value v = get_prop(c, new_message(c),
				       PID_TAG_STORE_ENTRY_ID);

	assert_int_equal(v.tag, PID_TAG_STORE_ENTRY_ID);
	assert_true(v.bin.len > sizeof ALICE_DN);
	assert_string_equal((const char *)v.bin.data + v.bin.len -
			    sizeof ALICE_DN, ALICE_DN);
}

static void test_set_on_read_only_message(void **state)
{
	const struct prop_value value = { .tag = PID_TAG_SUBJECT, .str = "n" };
	const uint32_t tag = PID_TAG_SUBJECT;
	struct content *c = *state;
	uint64_t id = make_message(c->h, c->h->alice, c->logon, c->inbox_id,
				   "o");
	uint32_t m = open_message(c, id, 0);

	OK(CALL(c, set_properties, m, NULL, .property_values = { 1, &value }));
	assert_int_equal(c->rsp.set_properties.property_problems.n, 1);
	assert_int_equal(c->rsp.set_properties.property_problems.v[0].error,
			 EC_ACCESS_DENIED);
	OK(CALL(c, delete_properties, m, NULL, .property_tags = { 1, &tag }));
	assert_int_equal(c->rsp.delete_properties.property_problems.n, 1);
	assert_text(c, m, PID_TAG_SUBJECT, "o");
}

/* 3.2.5.5 */
static void test_delete(void **state)
{
	static const uint32_t tags[] = { 0x66010003, 0x6602001f, 0x6603001f,
					 PID_TAG_MESSAGE_SIZE };
	const struct prop_value values[] = {
		{ .tag = 0x66010003, .i32 = 1 },
		{ .tag = 0x6602001f, .str = "x" },
	};
	struct content *c = *state;
	const struct prop_problems *p;
	uint32_t m = new_message(c), other;
	uint64_t id;

	set_props(c, m, values, 2);
	id = save_message(c, m);
	OK(CALL(c, delete_properties, m, NULL, .property_tags = { 4, tags }));
	p = &c->rsp.delete_properties.property_problems;
	assert_int_equal(p->n, 1);
	assert_int_equal(p->v[0].index, 3);
	assert_int_equal(get_error(c, m, tags[0]), EC_NOT_FOUND);
	assert_int_equal(get_error(c, m, tags[1]), EC_NOT_FOUND);
	/* Not persisted before the save */
	other = open_message(c, id, 0);
	assert_i32(c, other, tags[0], 1);
	release(c, other);
	save_message(c, m);
	other = open_message(c, id, 0);
	assert_int_equal(get_error(c, other, tags[0]), EC_NOT_FOUND);
	OK(CALL(c, delete_properties_no_replicate, m, NULL,
		.property_tags = { 4, tags }));
	assert_int_equal(
		c->rsp.delete_properties_no_replicate.property_problems.n, 1);
}

/* 3.2.5.4, 3.2.5.5: folders at once, for everyone */
static void test_folder(void **state)
{
	const uint32_t tag = PID_TAG_COMMENT;
	struct content *c = *state;
	uint32_t again = open_special(c->h, c->h->alice, c->logon,
				      SPECIAL_INBOX);

	set_text(c, c->inbox, tag, "a comment");
	assert_text(c, again, tag, "a comment");
	OK(CALL(c, delete_properties, c->inbox, NULL,
		.property_tags = { 1, &tag }));
	assert_int_equal(c->rsp.delete_properties.property_problems.n, 0);
	assert_int_equal(get_error(c, again, tag), EC_NOT_FOUND);
}

static void test_wrong_objects(void **state)
{
	const uint32_t tag = PID_TAG_SUBJECT;
	struct content *c = *state;
	uint32_t table;

	OK(CALL(c, get_contents_table, c->inbox, &table));
	assert_int_equal(CALL(c, get_properties_specific, table, NULL,
			      .property_tags = { 1, &tag }),
			 EC_NOT_SUPPORTED);
	assert_int_equal(CALL(c, get_properties_all, table, NULL),
			 EC_NOT_SUPPORTED);
	assert_int_equal(CALL(c, get_properties_list, table, NULL),
			 EC_NOT_SUPPORTED);
	assert_int_equal(CALL(c, set_properties, table, NULL),
			 EC_NOT_SUPPORTED);
	assert_int_equal(CALL(c, delete_properties, table, NULL),
			 EC_NOT_SUPPORTED);
}

/* A row that is too large even as errors: RopBufferTooSmall */
static void test_buffer_too_small(void **state)
{
	enum { N = 4000 };
	struct content *c = *state;
	uint32_t m = new_message(c), *tags;
	struct rops b;

	tags = arena_array(c->h->arena, N, sizeof *tags);
	for (uint32_t i = 0; i < N; i++)
		tags[i] = prop_tag_make(0x6600 + i, PTYP_INTEGER32);
	c->h->max_rop_out = 4096;
	rops_begin(&b, c->h, c->h->alice);
	rops_handle(&b, m);
	rops_add(&b, ROP_ID_get_properties_specific, 0, 0, 0,
		  &(union rop_req){ .get_properties_specific = {
			.property_tags = { N, tags } } });
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	assert_int_equal(b.n, 1);
	assert_int_equal(b.answers[0].rop_id, ROP_ID_buffer_too_small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONTENT_TEST(test_types),
		CONTENT_TEST(test_errors),
		CONTENT_TEST(test_strings),
		CONTENT_TEST(test_set_string8),
		CONTENT_TEST(test_too_large),
		CONTENT_TEST(test_size_limit),
		CONTENT_TEST(test_all_and_list),
		CONTENT_TEST(test_read_only_props),
		CONTENT_TEST(test_message_flags),
		CONTENT_TEST(test_message_class),
		CONTENT_TEST(test_store_entry_id),
		CONTENT_TEST(test_set_on_read_only_message),
		CONTENT_TEST(test_delete),
		CONTENT_TEST(test_folder),
		CONTENT_TEST(test_wrong_objects),
		CONTENT_TEST(test_buffer_too_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
