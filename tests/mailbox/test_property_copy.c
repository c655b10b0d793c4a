/* SPDX-License-Identifier: Apache-2.0 */
/* [MS-OXCPRPT] 3.2.5.7, 3.2.5.8, 3.2.5.20 */
#include "mailbox/content.h"

enum { MOVE = 0x01, NO_OVERWRITE = 0x02 };

static uint32_t full_message(struct content *c)
{
	const struct prop_value values[] = {
		{ .tag = PID_TAG_SUBJECT, .str = "source" },
		{ .tag = PID_TAG_BODY, .str = "body" },
		{ .tag = PID_TAG_IMPORTANCE, .i32 = 2 },
		{ .tag = 0x66010003, .i32 = 7 },
	};
	uint32_t m = new_message(c), at;

	set_props(c, m, values, 4);
	OK(CALL(c, create_attachment, m, &at));
	set_text(c, at, PID_TAG_ATTACH_LONG_FILENAME, "a.txt");
	OK(CALL(c, save_changes_attachment, at, NULL, .save_flags = 0x0a));
	release(c, at);
	return m;
}

static uint32_t n_attachments(struct content *c, uint32_t m)
{
	OK(CALL(c, get_valid_attachments, m, NULL));
	return c->rsp.get_valid_attachments.attachment_id_array.n;
}

static void test_copy_to(void **state)
{
	static const uint32_t excluded[] = { PID_TAG_BODY };
	struct content *c = *state;
	uint32_t src = full_message(c), dst = new_message(c), other;
	uint64_t id = save_message(c, dst);

	OK(CALL2(c, copy_to, src, dst, .want_sub_objects = true,
		 .excluded_tags = { 1, excluded }));
	assert_int_equal(c->rsp.copy_to.property_problems.n, 0);
	assert_text(c, dst, PID_TAG_SUBJECT, "source");
	assert_i32(c, dst, 0x66010003, 7);
	assert_int_equal(get_error(c, dst, PID_TAG_BODY), EC_NOT_FOUND);
	assert_int_equal(n_attachments(c, dst), 1);
	/* Not persisted before the save */
	other = open_message(c, id, 0);
	assert_int_equal(get_error(c, other, 0x66010003), EC_NOT_FOUND);
	release(c, other);
	save_message(c, dst);
	other = open_message(c, id, 0);
	assert_i32(c, other, 0x66010003, 7);
	assert_int_equal(n_attachments(c, other), 1);
}

/* WantSubObjects, WantAsynchronous, NoOverwrite */
static void test_copy_to_options(void **state)
{
	struct content *c = *state;
	uint32_t src = full_message(c), dst = new_message(c);

	set_text(c, dst, PID_TAG_SUBJECT, "kept");
	OK(CALL2(c, copy_to, src, dst, .want_asynchronous = true,
		 .copy_flags = NO_OVERWRITE));
	assert_text(c, dst, PID_TAG_SUBJECT, "kept");
	assert_text(c, dst, PID_TAG_BODY, "body");
	assert_int_equal(n_attachments(c, dst), 0);
	OK(CALL2(c, copy_to, src, dst, .copy_flags = MOVE));
	assert_text(c, dst, PID_TAG_SUBJECT, "source");
	/* 3.2.5.8: the source MAY lose them; it doesn't. */
	assert_text(c, src, PID_TAG_SUBJECT, "source");
	OK(CALL2(c, copy_to, src, src, .copy_flags = 0));
}

static void test_copy_properties(void **state)
{
	static const uint32_t tags[] = { PID_TAG_BODY, 0x66020003,
					 PID_TAG_MESSAGE_SIZE, 0x66010003 };
	struct content *c = *state;
	uint32_t src = full_message(c), dst = new_message(c);
	const struct prop_problems *p;

	OK(CALL2(c, copy_properties, src, dst, .property_tags = { 4, tags }));
	p = &c->rsp.copy_properties.property_problems;
	assert_int_equal(p->n, 2);
	assert_int_equal(p->v[0].index, 1);
	assert_int_equal(p->v[0].tag, 0x66020003);
	assert_int_equal(p->v[0].error, EC_NOT_FOUND);
	assert_int_equal(p->v[1].index, 2);
	assert_int_equal(p->v[1].error, EC_COMPUTED);
	assert_text(c, dst, PID_TAG_BODY, "body");
	assert_i32(c, dst, 0x66010003, 7);
	assert_int_equal(get_error(c, dst, PID_TAG_SUBJECT) == EC_SUCCESS &&
			 strcmp(get_prop(c, dst, PID_TAG_SUBJECT).str,
				"source") == 0, false);
	set_i32(c, dst, 0x66010003, 8);
	OK(CALL2(c, copy_properties, src, dst, .copy_flags = NO_OVERWRITE,
		 .property_tags = { 4, tags }));
	assert_i32(c, dst, 0x66010003, 8);
}

/* Recipients and attachments by their tags */
static void test_copy_subobjects_by_tag(void **state)
{
	static const uint32_t tags[] = { PID_TAG_MESSAGE_ATTACHMENTS };
	struct content *c = *state;
	uint32_t src = full_message(c), dst = new_message(c);

	OK(CALL2(c, copy_properties, src, dst, .property_tags = { 1, tags }));
	assert_int_equal(c->rsp.copy_properties.property_problems.n, 0);
	assert_int_equal(n_attachments(c, dst), 1);
	OK(CALL2(c, copy_to, src, dst = new_message(c),
		 .want_sub_objects = true, .excluded_tags = { 1, tags }));
	assert_int_equal(n_attachments(c, dst), 0);
}

static void test_null_destination(void **state)
{
	static const uint32_t tags[] = { PID_TAG_BODY };
	struct content *c = *state;
	uint32_t src = full_message(c), dst = new_message(c);

	release(c, dst);
	assert_int_equal(CALL2(c, copy_to, src, dst), EC_DST_NULL_OBJECT);
	assert_int_equal(c->rsp.copy_to.dest_handle_index, 1);
	assert_int_equal(CALL2(c, copy_properties, src, dst,
			       .property_tags = { 1, tags }),
			 EC_DST_NULL_OBJECT);
	assert_int_equal(c->rsp.copy_properties.dest_handle_index, 1);
}

static void test_errors(void **state)
{
	static const uint32_t tags[] = { PID_TAG_COMMENT };
	struct content *c = *state;
	uint64_t id = make_message(c->h, c->h->alice, c->logon, c->inbox_id,
				   "ro");
	uint32_t src = full_message(c), dst = new_message(c), ro, outbox;

	ro = open_message(c, id, 0);
	outbox = open_special(c->h, c->h->alice, c->logon, SPECIAL_OUTBOX);
	/* Not of the same kind */
	assert_int_equal(CALL2(c, copy_to, src, c->inbox), EC_NOT_SUPPORTED);
	assert_int_equal(CALL2(c, copy_properties, c->inbox, dst),
			 EC_NOT_SUPPORTED);
	assert_int_equal(CALL2(c, copy_to, c->logon, c->inbox),
			 EC_NOT_SUPPORTED);
	/* Undefined flags, and the two together (2.2.10.1) */
	assert_int_equal(CALL2(c, copy_to, src, dst, .copy_flags = 4),
			 EC_INVALID_PARAM);
	assert_int_equal(CALL2(c, copy_properties, src, dst,
			       .copy_flags = 3), EC_INVALID_PARAM);
	assert_int_equal(CALL2(c, copy_to, src, ro), EC_ACCESS_DENIED);
	/* 3.2.5.7: folders aren't moved from */
	assert_int_equal(CALL2(c, copy_properties, c->inbox, outbox,
			       .copy_flags = MOVE,
			       .property_tags = { 1, tags }),
			 EC_NOT_SUPPORTED);
	assert_int_equal(CALL(c, progress, src, NULL), EC_NOT_SUPPORTED);
}

/* 3.2.5.8, MessageCycle: into what it contains */
static void test_message_cycle(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c), at, inner, again;
	uint64_t id;

	OK(CALL(c, create_attachment, m, &at));
	set_i32(c, at, PID_TAG_ATTACH_METHOD, 5);
	OK(CALL(c, open_embedded_message, at, &inner, .code_page_id = 0x0fff,
		.open_mode_flags = 2));
	assert_int_equal(CALL2(c, copy_to, m, inner,
			       .want_sub_objects = true), EC_MESSAGE_CYCLE);
	save_message(c, inner);
	OK(CALL(c, save_changes_attachment, at, NULL, .save_flags = 0x0a));
	id = save_message(c, m);
	/* The same through another handle */
	again = open_message(c, id, 1);
	assert_int_equal(CALL2(c, copy_to, again, inner), EC_MESSAGE_CYCLE);
	/* The other way round is allowed. */
	OK(CALL2(c, copy_to, inner, m));
}

static void test_attachments(void **state)
{
	struct content *c = *state;
	uint32_t m = full_message(c), src, dst;

	OK(CALL(c, open_attachment, m, &src, .attachment_id = 0,
		.open_attachment_flags = 1));
	OK(CALL(c, create_attachment, m, &dst));
	OK(CALL2(c, copy_to, src, dst, .want_sub_objects = true));
	assert_text(c, dst, PID_TAG_ATTACH_LONG_FILENAME, "a.txt");
	assert_int_not_equal(get_prop(c, dst, PID_TAG_ATTACH_NUMBER).i32, 0);
}

static uint32_t new_folder(struct content *c, uint32_t parent,
			   const char *name, uint64_t *id)
{
	uint32_t folder;

	OK(CALL(c, create_folder, parent, &folder, .folder_type = 1,
		.use_unicode_strings = true, .display_name = name,
		.comment = ""));
	*id = c->rsp.create_folder.folder_id;
	return folder;
}

static void test_folders(void **state)
{
	static const uint32_t excluded[] = { PID_TAG_DISPLAY_NAME };
	struct content *c = *state;
	uint64_t a_id, b_id, sub_id;
	uint32_t a = new_folder(c, c->inbox, "a", &a_id);
	uint32_t b = new_folder(c, c->inbox, "b", &b_id);
	uint32_t sub = new_folder(c, a, "sub", &sub_id);

	make_message(c->h, c->h->alice, c->logon, a_id, "m");
	set_text(c, a, PID_TAG_COMMENT, "of a");
	/* Properties alone, at once */
	OK(CALL2(c, copy_to, a, b, .excluded_tags = { 1, excluded }));
	assert_text(c, b, PID_TAG_COMMENT, "of a");
	assert_text(c, b, PID_TAG_DISPLAY_NAME, "b");
	assert_i32(c, b, PID_TAG_CONTENT_COUNT, 0);
	/* With what is in it */
	OK(CALL2(c, copy_to, a, b, .want_sub_objects = true,
		 .excluded_tags = { 1, excluded }));
	assert_i32(c, b, PID_TAG_CONTENT_COUNT, 1);
	assert_true(get_prop(c, b, PID_TAG_SUBFOLDERS).b);
	/* 3.2.5.8: CollidingNames, FolderCycle */
	assert_int_equal(CALL2(c, copy_to, a, b, .want_sub_objects = true,
			       .excluded_tags = { 1, excluded }),
			 EC_DUPLICATE_NAME);
	assert_int_equal(CALL2(c, copy_to, a, sub, .want_sub_objects = true,
			       .excluded_tags = { 1, excluded }),
			 EC_FOLDER_CYCLE);
}

/* A body that is read and written through streams only */
static void test_large(void **state)
{
	static const uint32_t tags[] = { PID_TAG_BODY };
	enum { CHUNK = 0x6000, CHUNKS = 8 };
	struct content *c = *state;
	uint32_t src = new_message(c), dst = new_message(c), stream;
	uint8_t *data = arena_alloc(c->h->arena, CHUNK);

	for (int i = 0; i < CHUNK; i++)
		data[i] = i % 2 == 0 ? 'a' : 0;
	OK(CALL(c, open_stream, src, &stream, .property_tag = PID_TAG_BODY,
		.open_mode_flags = 2));
	for (int i = 0; i < CHUNKS; i++)
		OK(CALL(c, write_stream, stream, NULL,
			.data = { data, CHUNK }));
	release(c, stream);
	OK(CALL2(c, copy_properties, src, dst, .property_tags = { 1, tags }));
	assert_int_equal(c->rsp.copy_properties.property_problems.n, 0);
	OK(CALL(c, open_stream, dst, &stream, .property_tag = PID_TAG_BODY));
	assert_int_equal(c->rsp.open_stream.stream_size, CHUNK * CHUNKS);
}

/*
 * Between two mailboxes of one session: named properties by their names, and
 * everything else as within one.
 */
static void test_other_mailbox(void **state)
{
	static const uint32_t body[] = { PID_TAG_BODY };
	struct content *c = *state;
	const struct prop_name name = { .kind = PROP_NAME_STRING,
		.guid = { { 7 } }, .name = "colour" };
	const struct prop_name filler = { .kind = PROP_NAME_STRING,
		.guid = { { 7 } }, .name = "filler" };
	const union rop_req create = { .get_property_ids_from_names = {
		.flags = 2, .property_names = { 1, &name } } };
	const union rop_req fill = { .get_property_ids_from_names = {
		.flags = 2, .property_names = { 1, &filler } } };
	uint32_t alice, bob, src, dst, tag, tag2, at;
	struct session *s;
	struct prop_value v;
	union rop_rsp rsp;
	struct store *store;
	enum ec ec;

	/* A mailbox is made by its owner's first logon. */
	s = harness_connect(c->h, c->h->bob_id, BOB_DN, 0, &ec);
	(void)harness_logon(c->h, s, 0, BOB_DN);
	mailbox_disconnect(s);
	s = harness_connect(c->h, c->h->admin_id, ADMIN_DN, 1, &ec);
	assert_non_null(s);
	alice = harness_logon(c->h, s, 0, ALICE_DN);
	bob = harness_logon(c->h, s, 1, BOB_DN);
	/* Bob's mailbox numbers it otherwise. */
	OK(rop(c->h, s, ROP_ID_get_property_ids_from_names, bob, &fill, NULL,
	       NULL));
	OK(rop(c->h, s, ROP_ID_get_property_ids_from_names, alice, &create,
	       &rsp, NULL));
	tag = prop_tag_make(rsp.get_property_ids_from_names.property_ids.v[0],
			    PTYP_STRING);
	OK(rop(c->h, s, ROP_ID_create_message, alice, &(union rop_req){
		.create_message = { .code_page_id = 0x0fff,
				    .folder_id = c->inbox_id } }, NULL, &src));
	v = (struct prop_value){ .tag = tag, .str = "green" };
	OK(rop(c->h, s, ROP_ID_set_properties, src, &(union rop_req){
		.set_properties = { { 1, &v } } }, NULL, NULL));
	v = (struct prop_value){ .tag = PID_TAG_BODY, .str = "text" };
	OK(rop(c->h, s, ROP_ID_set_properties, src, &(union rop_req){
		.set_properties = { { 1, &v } } }, NULL, NULL));
	OK(rop(c->h, s, ROP_ID_create_attachment, src, NULL, NULL, &at));
	OK(rop(c->h, s, ROP_ID_save_changes_attachment, at, &(union rop_req){
		.save_changes_attachment = { .save_flags = 0x0a } }, NULL,
	       NULL));
	store = harness_store(c->h, BOB_DN);
	OK(rop(c->h, s, ROP_ID_create_message, bob, &(union rop_req){
		.create_message = { .code_page_id = 0x0fff,
			.folder_id = store_special(store, SPECIAL_INBOX) } },
	       NULL, &dst));
	store_put(store);
	OK(rop2(c->h, s, ROP_ID_copy_to, src, dst, &(union rop_req){
		.copy_to = { .want_sub_objects = true,
			     .excluded_tags = { 1, body } } }, &rsp));
	OK(rop(c->h, s, ROP_ID_get_property_ids_from_names, bob, &create,
	       &rsp, NULL));
	tag2 = prop_tag_make(rsp.get_property_ids_from_names.property_ids.v[0],
			     PTYP_STRING);
	assert_int_not_equal(tag, tag2);
	assert_string_equal(get_props(c->h, s, dst, &tag2, 1)->str, "green");
	OK(rop(c->h, s, ROP_ID_get_valid_attachments, dst, NULL, &rsp, NULL));
	assert_int_equal(rsp.get_valid_attachments.attachment_id_array.n, 1);
	OK(rop2(c->h, s, ROP_ID_copy_properties, src, dst, &(union rop_req){
		.copy_properties = { .property_tags = { 1, body } } }, &rsp));
	assert_int_equal(rsp.copy_properties.property_problems.n, 0);
	assert_string_equal(get_props(c->h, s, dst, body, 1)->str, "text");
	mailbox_disconnect(s);
}

/* A folder of this name in the Inbox of a mailbox of the session. */
static uint32_t folder_of(struct content *c, struct session *s,
			  uint32_t logon, const char *dn, const char *name,
			  uint64_t *id)
{
	struct store *store = harness_store(c->h, dn);
	uint32_t inbox, folder;
	union rop_rsp rsp;

	OK(rop(c->h, s, ROP_ID_open_folder, logon, &(union rop_req){
		.open_folder = { .folder_id = store_special(store,
						SPECIAL_INBOX) } },
	       NULL, &inbox));
	store_put(store);
	OK(rop(c->h, s, ROP_ID_create_folder, inbox, &(union rop_req){
		.create_folder = { .folder_type = 1,
			.use_unicode_strings = true, .display_name = name,
			.comment = "" } }, &rsp, &folder));
	*id = rsp.create_folder.folder_id;
	rop_release_handle(c->h, s, inbox);
	return folder;
}

static uint16_t id_of_name(struct content *c, struct session *s,
			   uint32_t logon, const char *text)
{
	const struct prop_name name = { .kind = PROP_NAME_STRING,
		.guid = { { 7 } }, .name = text };
	union rop_rsp rsp;

	OK(rop(c->h, s, ROP_ID_get_property_ids_from_names, logon,
	       &(union rop_req){ .get_property_ids_from_names = {
			.flags = 2, .property_names = { 1, &name } } }, &rsp,
	       NULL));
	return rsp.get_property_ids_from_names.property_ids.v[0];
}

static void set_string(struct content *c, struct session *s, uint32_t handle,
		       uint32_t tag, const char *text)
{
	const struct prop_value v = { .tag = tag, .str = text };

	OK(rop(c->h, s, ROP_ID_set_properties, handle, &(union rop_req){
		.set_properties = { { 1, &v } } }, NULL, NULL));
}

/*
 * Folders between two mailboxes: properties, named ones by their names, and
 * with want_sub_objects messages, FAI messages and subfolders.
 */
static void test_folders_other_mailbox(void **state)
{
	static const uint32_t name_tag = PID_TAG_DISPLAY_NAME;
	static const uint32_t counts[] = { PID_TAG_CONTENT_COUNT,
		PID_TAG_ASSOCIATED_CONTENT_COUNT, PR_FOLDER_CHILD_COUNT };
	const struct prop_tags excluded = { 1, &name_tag };
	struct content *c = *state;
	uint32_t alice, bob, src, dst, sub, m, tag, tag2, comment;
	uint64_t src_id, dst_id, sub_id;
	const struct prop_value *v;
	struct session *s;
	union rop_rsp rsp;
	enum ec ec;

	s = harness_connect(c->h, c->h->bob_id, BOB_DN, 0, &ec);
	(void)harness_logon(c->h, s, 0, BOB_DN);
	mailbox_disconnect(s);
	s = harness_connect(c->h, c->h->admin_id, ADMIN_DN, 1, &ec);
	alice = harness_logon(c->h, s, 0, ALICE_DN);
	bob = harness_logon(c->h, s, 1, BOB_DN);
	src = folder_of(c, s, alice, ALICE_DN, "from", &src_id);
	dst = folder_of(c, s, bob, BOB_DN, "to", &dst_id);
	(void)id_of_name(c, s, bob, "filler");
	tag = prop_tag_make(id_of_name(c, s, alice, "colour"), PTYP_STRING);
	comment = PID_TAG_COMMENT;
	set_string(c, s, src, tag, "green");
	set_string(c, s, src, comment, "of from");
	(void)make_message(c->h, s, alice, src_id, "one");
	(void)make_message(c->h, s, alice, src_id, "two");
	OK(rop(c->h, s, ROP_ID_create_message, alice, &(union rop_req){
		.create_message = { .code_page_id = 0x0fff,
			.folder_id = src_id, .associated_flag = true } },
	       NULL, &m));
	OK(rop(c->h, s, ROP_ID_save_changes_message, m, &(union rop_req){
		.save_changes_message = { .save_flags = 0x0a } }, NULL,
	       NULL));
	OK(rop(c->h, s, ROP_ID_create_folder, src, &(union rop_req){
		.create_folder = { .folder_type = 1,
			.use_unicode_strings = true, .display_name = "sub",
			.comment = "" } }, &rsp, &sub));
	sub_id = rsp.create_folder.folder_id;
	(void)make_message(c->h, s, alice, sub_id, "three");

	/* one property, by its name there */
	OK(rop2(c->h, s, ROP_ID_copy_properties, src, dst, &(union rop_req){
		.copy_properties = { .property_tags = { 1, &tag } } }, &rsp));
	assert_int_equal(rsp.copy_properties.property_problems.n, 0);
	tag2 = prop_tag_make(id_of_name(c, s, bob, "colour"), PTYP_STRING);
	assert_int_not_equal(tag, tag2);
	assert_string_equal(get_props(c->h, s, dst, &tag2, 1)->str, "green");
	/* all, and what is in it */
	OK(rop2(c->h, s, ROP_ID_copy_to, src, dst, &(union rop_req){
		.copy_to = { .want_sub_objects = true,
			     .excluded_tags = excluded } }, &rsp));
	assert_string_equal(get_props(c->h, s, dst, &comment, 1)->str,
			    "of from");
	v = get_props(c->h, s, dst, &name_tag, 1);
	assert_string_equal(v->str, "to");
	v = get_props(c->h, s, dst, counts, 3);
	assert_int_equal(v[0].i32, 2);
	assert_int_equal(v[1].i32, 1);
	assert_int_equal(v[2].i32, 1);
	/* the source is as it was; a second copy finds the subfolder there */
	assert_int_equal(get_props(c->h, s, src, counts, 1)->i32, 2);
	assert_int_equal(rop2(c->h, s, ROP_ID_copy_to, src, dst,
			      &(union rop_req){ .copy_to = {
				.want_sub_objects = true,
				.excluded_tags = excluded } }, &rsp),
			 EC_DUPLICATE_NAME);
	mailbox_disconnect(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONTENT_TEST(test_copy_to),
		CONTENT_TEST(test_copy_to_options),
		CONTENT_TEST(test_copy_properties),
		CONTENT_TEST(test_copy_subobjects_by_tag),
		CONTENT_TEST(test_null_destination),
		CONTENT_TEST(test_errors),
		CONTENT_TEST(test_message_cycle),
		CONTENT_TEST(test_attachments),
		CONTENT_TEST(test_folders),
		CONTENT_TEST(test_large),
		CONTENT_TEST(test_other_mailbox),
		CONTENT_TEST(test_folders_other_mailbox),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
