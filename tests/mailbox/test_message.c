/* SPDX-License-Identifier: Apache-2.0 */
/* [MS-OXCMSG] 3.2.5.1 to 3.2.5.3, 3.2.5.7 to 3.2.5.11 */
#include "mailbox/content.h"

enum { READ_ONLY = 0, READ_WRITE = 1, BEST_ACCESS = 3, SOFT_DELETED = 4 };
enum { KEEP_READ_ONLY = 0x09, KEEP_READ_WRITE = 0x0a, FORCE = 0x0c };

static void test_create_and_open(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c), again;
	uint64_t id;

	assert_false(c->rsp.create_message.has_message_id);
	set_text(c, m, PID_TAG_SUBJECT_PREFIX, "RE: ");
	set_text(c, m, PID_TAG_NORMALIZED_SUBJECT, "Gr\u00fc\u00dfe");
	id = save_message(c, m);
	assert_int_not_equal(id, 0);
	release(c, m);

	again = open_message(c, id, READ_ONLY);
	assert_string_equal(c->rsp.open_message.subject_prefix, "RE: ");
	assert_string_equal(c->rsp.open_message.normalized_subject,
			    "Gr\u00fc\u00dfe");
	assert_false(c->rsp.open_message.has_named_properties);
	assert_int_equal(c->rsp.open_message.recipient_count, 0);
	assert_int_equal(c->rsp.open_message.recipient_rows.n, 0);
	assert_text(c, again, PID_TAG_SUBJECT, "RE: Gr\u00fc\u00dfe");
}

/* 3.2.5.2: what a new message has before anything is set */
static void test_initial_properties(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c);
	struct prop_value created, modified;

	assert_i32(c, m, PID_TAG_IMPORTANCE, 1);
	assert_text(c, m, PID_TAG_MESSAGE_CLASS, "IPM.Note");
	assert_i32(c, m, PID_TAG_SENSITIVITY, 0);
	assert_text(c, m, PID_TAG_DISPLAY_TO, "");
	assert_text(c, m, PID_TAG_DISPLAY_CC, "");
	assert_text(c, m, PID_TAG_DISPLAY_BCC, "");
	assert_int_equal(get_prop(c, m, PID_TAG_MESSAGE_FLAGS).i32 & ~0x400,
			 0x09);
	assert_false(get_prop(c, m, PID_TAG_HAS_ATTACHMENTS).b);
	assert_i32(c, m, PID_TAG_TRUST_SENDER, 1);
	assert_int_equal(get_prop(c, m, PID_TAG_ACCESS).i32 & 3, 3);
	assert_i32(c, m, PID_TAG_ACCESS_LEVEL, 1);
	assert_int_equal(get_error(c, m, PID_TAG_SEARCH_KEY), EC_SUCCESS);
	assert_int_equal(get_error(c, m, PID_TAG_MESSAGE_SIZE), EC_SUCCESS);
	created = get_prop(c, m, PID_TAG_CREATION_TIME);
	modified = get_prop(c, m, PID_TAG_LAST_MODIFICATION_TIME);
	assert_int_equal(created.tag, PID_TAG_CREATION_TIME);
	assert_int_equal(modified.tag, PID_TAG_LAST_MODIFICATION_TIME);
	assert_int_equal(created.time, modified.time);
}

/* 3.2.5.2: who made it, in which language; read-only ([MS-OXCPRPT] 2.2.1) */
static void test_creator(void **state)
{
	struct content *c = *state;
	const struct prop_value name = { .tag = PID_TAG_CREATOR_NAME,
					 .str = "Mallory" };
	uint32_t m = new_message(c), again;
	struct prop_value v = get_prop(c, m, PID_TAG_CREATOR_ENTRY_ID);
	uint64_t id;

	/* The address book provider's entry ID ends with the DN. */
	assert_true(v.bin.len > sizeof ALICE_DN);
	assert_string_equal((const char *)v.bin.data + v.bin.len -
			    sizeof ALICE_DN, ALICE_DN);
	assert_string_equal(get_prop(c, m, PID_TAG_CREATOR_NAME).str,
			    c->h->alice_id->display_name);
	assert_i32(c, m, PID_TAG_LOCALE_ID,
		   get_prop(c, m, PID_TAG_MESSAGE_LOCALE_ID).i32);
	OK(CALL(c, set_properties, m, NULL, .property_values = { 1, &name }));
	assert_int_equal(c->rsp.set_properties.property_problems.n, 1);
	assert_int_equal(c->rsp.set_properties.property_problems.v[0].error,
			 EC_COMPUTED);
	id = save_message(c, m);
	again = open_message(c, id, READ_ONLY);
	assert_string_equal(get_prop(c, again, PID_TAG_LAST_MODIFIER_NAME).str,
			    c->h->alice_id->display_name);
	assert_string_equal(get_prop(c, again, PID_TAG_CREATOR_NAME).str,
			    c->h->alice_id->display_name);
}

/* [MS-OXCMSG] 2.2.1.6, R31: three flags are the client's until the save. */
static void test_flags_until_saved(void **state)
{
	const struct prop_value unread = { .tag = PID_TAG_MESSAGE_FLAGS,
					   .i32 = 0x0002 | 0x0020 | 0x0080 };
	const struct prop_problems *p;
	struct content *c = *state;
	uint32_t m = new_message(c);

	OK(CALL(c, set_properties, m, NULL, .property_values = { 1, &unread }));
	p = &c->rsp.set_properties.property_problems;
	assert_int_equal(p->n, 0);
	assert_i32(c, m, PID_TAG_MESSAGE_FLAGS, 0x0080);
	save_message(c, m);
	assert_i32(c, c->inbox, PID_TAG_CONTENT_UNREAD_COUNT, 1);
	OK(CALL(c, set_properties, m, NULL, .property_values = { 1, &unread }));
	p = &c->rsp.set_properties.property_problems;
	assert_int_equal(p->n, 1);
	assert_int_equal(p->v[0].error, EC_COMPUTED);
}

/* 3.2.5.2: "MUST NOT commit the new Message object until …" */
static void test_unsaved_is_nowhere(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c);

	set_text(c, m, PID_TAG_SUBJECT, "never saved");
	assert_i32(c, c->inbox, PID_TAG_CONTENT_COUNT, 0);
	release(c, m);
	assert_i32(c, c->inbox, PID_TAG_CONTENT_COUNT, 0);
}

static void test_associated(void **state)
{
	struct content *c = *state;
	uint32_t m;

	OK(CALL(c, create_message, c->inbox, &m, .code_page_id = 0x0fff,
		.folder_id = c->inbox_id, .associated_flag = true));
	save_message(c, m);
	assert_i32(c, c->inbox, PID_TAG_CONTENT_COUNT, 0);
	assert_i32(c, c->inbox, PID_TAG_ASSOCIATED_CONTENT_COUNT, 1);
	assert_int_equal(get_prop(c, m, PID_TAG_MESSAGE_FLAGS).i32 & 0x40,
			 0x40);
}

static void test_open_errors(void **state)
{
	struct content *c = *state;
	uint64_t id = make_message(c->h, c->h->alice, c->logon, c->inbox_id,
				   "one");
	struct store *store = harness_store(c->h, ALICE_DN);
	uint64_t outbox = store_special(store, SPECIAL_OUTBOX);
	uint32_t m = open_message(c, id, READ_ONLY), out;

	store_put(store);
	/* No such message; not in that folder; no such folder */
	assert_int_equal(CALL(c, open_message, c->logon, &out,
			      .code_page_id = 0x0fff,
			      .folder_id = c->inbox_id,
			      .message_id = id_make(1, 0x7fffff)),
			 EC_NOT_FOUND);
	assert_int_equal(CALL(c, open_message, c->logon, &out,
			      .code_page_id = 0x0fff, .folder_id = outbox,
			      .message_id = id), EC_NOT_FOUND);
	assert_int_equal(CALL(c, open_message, c->logon, &out,
			      .code_page_id = 0x0fff,
			      .folder_id = id_make(1, 0x7fffff),
			      .message_id = id), EC_NOT_FOUND);
	assert_int_equal(out, ROP_HANDLE_NONE);
	/* On something that is neither folder nor store */
	assert_int_equal(CALL(c, open_message, m, &out,
			      .code_page_id = 0x0fff,
			      .folder_id = c->inbox_id, .message_id = id),
			 EC_NULL_OBJECT);
	assert_int_equal(CALL(c, open_message, c->logon, &out,
			      .code_page_id = 12345,
			      .folder_id = c->inbox_id, .message_id = id),
			 EC_UNKNOWN_CODE_PAGE);
	/* 2.2.3.1: any folder of the same store will do */
	OK(CALL(c, open_message, c->inbox, &out, .code_page_id = 1252,
		.folder_id = c->inbox_id, .message_id = id,
		.open_mode_flags = BEST_ACCESS));
}

static void test_create_errors(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c), out;

	assert_int_equal(CALL(c, create_message, c->logon, &out,
			      .code_page_id = 0x0fff,
			      .folder_id = id_make(1, 0x7fffff)),
			 EC_NOT_FOUND);
	assert_int_equal(CALL(c, create_message, c->logon, &out,
			      .code_page_id = 3, .folder_id = c->inbox_id),
			 EC_UNKNOWN_CODE_PAGE);
	assert_int_equal(CALL(c, create_message, m, &out,
			      .code_page_id = 0x0fff,
			      .folder_id = c->inbox_id), EC_NOT_SUPPORTED);
}

/* 3.2.5.1, 3.2.5.3: a transaction a handle */
static void test_transactions(void **state)
{
	struct content *c = *state;
	uint64_t id = make_message(c->h, c->h->alice, c->logon, c->inbox_id,
				   "before");
	uint32_t a = open_message(c, id, READ_WRITE);
	uint32_t b = open_message(c, id, READ_WRITE);

	assert_int_not_equal(a, b);
	set_text(c, a, PID_TAG_SUBJECT, "from a");
	set_text(c, b, PID_TAG_SUBJECT, "from b");
	assert_text(c, a, PID_TAG_SUBJECT, "from a");
	assert_text(c, b, PID_TAG_SUBJECT, "from b");
	save_message(c, a);
	assert_int_equal(CALL(c, save_changes_message, b, NULL,
			      .save_flags = KEEP_READ_WRITE),
			 EC_OBJECT_MODIFIED);
	/* ForceSave overwrites */
	OK(CALL(c, save_changes_message, b, NULL, .save_flags = FORCE));
	assert_int_equal(c->rsp.save_changes_message.message_id, id);
	release(c, a);
	release(c, b);
	a = open_message(c, id, READ_ONLY);
	assert_text(c, a, PID_TAG_SUBJECT, "from b");
}

/* 2.2.3.3.1 and 3.2.5.3, ecError */
static void test_read_only(void **state)
{
	struct content *c = *state;
	uint64_t id = make_message(c->h, c->h->alice, c->logon, c->inbox_id,
				   "x");
	uint32_t m = open_message(c, id, READ_ONLY);

	assert_i32(c, m, PID_TAG_ACCESS_LEVEL, 0);
	assert_int_equal(CALL(c, save_changes_message, m, NULL,
			      .save_flags = KEEP_READ_WRITE), EC_ERROR);
	release(c, m);

	m = open_message(c, id, READ_WRITE);
	set_text(c, m, PID_TAG_SUBJECT, "y");
	OK(CALL(c, save_changes_message, m, NULL,
		.save_flags = KEEP_READ_ONLY));
	assert_i32(c, m, PID_TAG_ACCESS_LEVEL, 0);
	assert_int_equal(CALL(c, save_changes_message, m, NULL,
			      .save_flags = KEEP_READ_WRITE), EC_ERROR);
	release(c, m);
	m = open_message(c, id, BEST_ACCESS);
	assert_text(c, m, PID_TAG_SUBJECT, "y");
	save_message(c, m);
}

/* 2.2.3.3.1: other flags are ignored */
static void test_save_flags(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c);

	OK(CALL(c, save_changes_message, m, NULL, .save_flags = 0xf0));
	OK(CALL(c, save_changes_message, m, NULL, .save_flags = 0x80));
	assert_int_equal(CALL(c, save_changes_message, c->inbox, NULL,
			      .save_flags = KEEP_READ_WRITE),
			 EC_NOT_SUPPORTED);
}

static void test_soft_deleted(void **state)
{
	struct content *c = *state;
	uint64_t id = make_message(c->h, c->h->alice, c->logon, c->inbox_id,
				   "gone");
	uint32_t m;

	OK(CALL(c, delete_messages, c->inbox, NULL,
		.message_ids = { .n = 1, .v = &id }));
	assert_int_equal(CALL(c, open_message, c->logon, &m,
			      .code_page_id = 0x0fff,
			      .folder_id = c->inbox_id, .message_id = id),
			 EC_NOT_FOUND);
	m = open_message(c, id, SOFT_DELETED);
	assert_text(c, m, PID_TAG_SUBJECT, "gone");
}

/* 3.2.5.1: the open message's code page is that of its 8-bit strings */
static void test_code_page(void **state)
{
	struct content *c = *state;
	const uint32_t tag = (PID_TAG_SUBJECT & ~0xffffu) | PTYP_STRING8;
	const struct prop_value values[] = {
		{ .tag = tag, .str = "\xcf\xf0\xe8" },    /* При */
	};
	uint32_t m;

	OK(CALL(c, create_message, c->logon, &m, .code_page_id = 1251,
		.folder_id = c->inbox_id));
	set_props(c, m, values, 1);
	assert_text(c, m, PID_TAG_SUBJECT, "\u041f\u0440\u0438");
}

/* 2.2.3.1.2, HasNamedProperties */
static void test_named_properties(void **state)
{
	struct content *c = *state;
	const struct prop_name name = { .kind = PROP_NAME_LID,
		.guid = { { 9 } }, .lid = 0x8501 };
	uint32_t m = new_message(c), tag;
	uint64_t id;

	OK(CALL(c, get_property_ids_from_names, m, NULL, .flags = 2,
		.property_names = { 1, &name }));
	tag = prop_tag_make(c->rsp.get_property_ids_from_names
			    .property_ids.v[0], PTYP_INTEGER32);
	set_i32(c, m, tag, 15);
	id = save_message(c, m);
	release(c, m);
	m = open_message(c, id, READ_ONLY);
	assert_true(c->rsp.open_message.has_named_properties);
	assert_i32(c, m, tag, 15);
}

/* A subject that is longer than an answer may be */
static void test_long_subject(void **state)
{
	enum { CHARS = 15000 };
	struct content *c = *state;
	uint32_t m = new_message(c);
	char *subject = arena_alloc(c->h->arena, CHARS * 2 + 1);
	size_t len;
	uint64_t id;

	for (size_t i = 0; i < CHARS; i++)
		memcpy(subject + 2 * i, "\u00e9", 2);
	subject[2 * CHARS] = '\0';
	set_text(c, m, PID_TAG_NORMALIZED_SUBJECT, subject);
	id = save_message(c, m);
	release(c, m);
	open_message(c, id, READ_ONLY);
	len = strlen(c->rsp.open_message.normalized_subject);
	assert_int_equal(len, 4096);
	assert_memory_equal(c->rsp.open_message.normalized_subject, subject,
			    len);
}

/* 3.2.5.7 */
static void test_reload(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c);

	set_text(c, m, PID_TAG_SUBJECT, "unsaved");
	OK(CALL(c, reload_cached_information, m, NULL));
	assert_string_equal(
		c->rsp.reload_cached_information.normalized_subject,
		"unsaved");
	assert_int_equal(CALL(c, reload_cached_information, c->inbox, NULL),
			 EC_NULL_OBJECT);
}

/* 3.2.5.8, 3.2.5.9 */
static void test_status(void **state)
{
	struct content *c = *state;
	uint64_t id = make_message(c->h, c->h->alice, c->logon, c->inbox_id,
				   "status");
	uint32_t m = open_message(c, id, READ_ONLY);
	struct prop_value before = get_prop(c, m, PID_TAG_CHANGE_KEY), after;

	OK(CALL(c, set_message_status, c->inbox, NULL, .message_id = id,
		.message_status_flags = 0x3000, .message_status_mask = 0x3000));
	assert_int_equal(c->rsp.set_message_status.message_status_flags, 0);
	OK(CALL(c, set_message_status, c->inbox, NULL, .message_id = id,
		.message_status_flags = 0x0800, .message_status_mask = 0x2800));
	assert_int_equal(c->rsp.set_message_status.message_status_flags,
			 0x3000);
	/* msInConflict (0x800) is read-only, 2.2.1.8 */
	OK(CALL(c, get_message_status, c->inbox, NULL, .message_id = id));
	assert_int_equal(c->rsp.get_message_status.message_status_flags,
			 0x1000);
	release(c, m);
	m = open_message(c, id, READ_ONLY);
	after = get_prop(c, m, PID_TAG_CHANGE_KEY);
	assert_int_equal(before.bin.len, after.bin.len);
	assert_memory_equal(before.bin.data, after.bin.data, after.bin.len);

	assert_int_equal(CALL(c, get_message_status, c->inbox, NULL,
			      .message_id = id_make(1, 0x7fffff)),
			 EC_NOT_FOUND);
	assert_int_equal(CALL(c, set_message_status, c->inbox, NULL,
			      .message_id = id_make(1, 0x7fffff)),
			 EC_NOT_FOUND);
	assert_int_equal(CALL(c, get_message_status, m, NULL,
			      .message_id = id), EC_NULL_OBJECT);
	assert_int_equal(CALL(c, set_message_status, m, NULL,
			      .message_id = id), EC_NULL_OBJECT);
}

static int32_t flags_of(struct content *c, uint64_t id)
{
	uint32_t m = open_message(c, id, READ_ONLY);
	int32_t flags = get_prop(c, m, PID_TAG_MESSAGE_FLAGS).i32;

	release(c, m);
	return flags;
}

/* 3.2.5.10 */
static void test_set_read_flags(void **state)
{
	struct content *c = *state;
	uint64_t ids[3];
	uint32_t m;

	ids[0] = make_message(c->h, c->h->alice, c->logon, c->inbox_id, "0");
	ids[1] = make_message(c->h, c->h->alice, c->logon, c->inbox_id, "1");
	ids[2] = id_make(1, 0x7fffff);
	OK(CALL(c, set_read_flags, c->inbox, NULL, .read_flags = 0x04,
		.message_ids = { .n = 2, .v = ids }));
	assert_false(c->rsp.set_read_flags.partial_completion);
	assert_int_equal(flags_of(c, ids[0]) & 0x401, 0);
	assert_i32(c, c->inbox, PID_TAG_CONTENT_UNREAD_COUNT, 2);

	/* WantAsynchronous is done at once all the same */
	OK(CALL(c, set_read_flags, c->inbox, NULL, .want_asynchronous = true,
		.read_flags = 0x01, .message_ids = { .n = 1, .v = ids }));
	assert_int_equal(flags_of(c, ids[0]) & 0x401, 0x401);
	assert_int_equal(flags_of(c, ids[1]) & 0x401, 0);
	assert_i32(c, c->inbox, PID_TAG_CONTENT_UNREAD_COUNT, 1);

	/* One that is not there */
	OK(CALL(c, set_read_flags, c->inbox, NULL, .read_flags = 0,
		.message_ids = { .n = 3, .v = ids }));
	assert_true(c->rsp.set_read_flags.partial_completion);
	assert_i32(c, c->inbox, PID_TAG_CONTENT_UNREAD_COUNT, 0);

	m = open_message(c, ids[0], READ_ONLY);
	assert_int_equal(CALL(c, set_read_flags, m, NULL,
			      .message_ids = { .n = 1, .v = ids }),
			 EC_NULL_OBJECT);
}

/* 3.2.5.11: at once, saved or not, also on a read-only handle */
static void test_set_message_read_flag(void **state)
{
	struct content *c = *state;
	uint64_t id = make_message(c->h, c->h->alice, c->logon, c->inbox_id,
				   "0");
	uint32_t m = open_message(c, id, READ_ONLY);

	OK(CALL(c, set_message_read_flag, m, NULL, .read_flags = 0x04));
	assert_false(c->rsp.set_message_read_flag.read_status_changed);
	assert_int_equal(flags_of(c, id) & 0x401, 0);
	assert_int_equal(get_prop(c, m, PID_TAG_MESSAGE_FLAGS).i32 & 1, 0);
	OK(CALL(c, set_message_read_flag, m, NULL, .read_flags = 0x01));
	assert_int_equal(flags_of(c, id) & 0x401, 0x401);
	assert_int_equal(CALL(c, set_message_read_flag, c->inbox, NULL,
			      .read_flags = 0x01), EC_NULL_OBJECT);
}

/* Deleted by another while it is open. */
static void test_deleted_meanwhile(void **state)
{
	struct content *c = *state;
	uint64_t id = make_message(c->h, c->h->alice, c->logon, c->inbox_id,
				   "0");
	uint32_t m = open_message(c, id, READ_WRITE);

	OK(CALL(c, hard_delete_messages, c->inbox, NULL,
		.message_ids = { .n = 1, .v = &id }));
	set_text(c, m, PID_TAG_SUBJECT, "changed");
	assert_int_equal(CALL(c, save_changes_message, m, NULL,
			      .save_flags = KEEP_READ_WRITE),
			 EC_OBJECT_DELETED);
	release(c, m);
}

static void test_limit(void **state)
{
	struct content *c = *state;
	uint32_t out = 0;
	enum ec ec = EC_SUCCESS;

	for (int i = 0; i < 300 && ec == EC_SUCCESS; i++)
		ec = CALL(c, create_message, c->logon, &out,
			  .code_page_id = 0x0fff, .folder_id = c->inbox_id);
	assert_int_equal(ec, EC_MAX_OBJS_EXCEEDED);
	assert_int_equal(out, ROP_HANDLE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONTENT_TEST(test_create_and_open),
		CONTENT_TEST(test_initial_properties),
		CONTENT_TEST(test_creator),
		CONTENT_TEST(test_flags_until_saved),
		CONTENT_TEST(test_unsaved_is_nowhere),
		CONTENT_TEST(test_associated),
		CONTENT_TEST(test_open_errors),
		CONTENT_TEST(test_create_errors),
		CONTENT_TEST(test_transactions),
		CONTENT_TEST(test_read_only),
		CONTENT_TEST(test_save_flags),
		CONTENT_TEST(test_soft_deleted),
		CONTENT_TEST(test_code_page),
		CONTENT_TEST(test_named_properties),
		CONTENT_TEST(test_long_subject),
		CONTENT_TEST(test_reload),
		CONTENT_TEST(test_status),
		CONTENT_TEST(test_set_read_flags),
		CONTENT_TEST(test_set_message_read_flag),
		CONTENT_TEST(test_deleted_meanwhile),
		CONTENT_TEST(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
