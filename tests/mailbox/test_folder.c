/* SPDX-License-Identifier: Apache-2.0 */
/* Folder ROPs ([MS-OXCFOLD] 3.2.5). */
#include "harness.h"

#include "mapi/id.h"
#include "store/folder.h"

enum { GENERIC = 1, SEARCH = 2 };

struct fixture {
	struct harness *h;
	struct session *s;
	uint32_t logon, root, top;        /* handles */
	struct store *store;
	uint64_t top_id, inbox_id;
};

static int setup(void **state)
{
	struct fixture *f = test_calloc(1, sizeof *f);

	f->h = harness_new();
	f->s = f->h->alice;
	f->logon = harness_logon(f->h, f->s, 0, ALICE_DN);
	f->root = open_special(f->h, f->s, f->logon, SPECIAL_ROOT);
	f->top = open_special(f->h, f->s, f->logon, SPECIAL_IPM_SUBTREE);
	f->store = harness_store(f->h, ALICE_DN);
	f->top_id = store_special(f->store, SPECIAL_IPM_SUBTREE);
	f->inbox_id = store_special(f->store, SPECIAL_INBOX);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_put(f->store);
	harness_free(f->h);
	test_free(f);
	return 0;
}

static enum ec create(struct fixture *f, uint32_t parent, uint8_t type,
		      const char *name, bool open_existing, uint64_t *id,
		      uint32_t *handle)
{
	union rop_rsp rsp;
	enum ec ec = rop(f->h, f->s, ROP_ID_create_folder, parent,
			 &(union rop_req){ .create_folder = {
		.folder_type = type, .use_unicode_strings = true,
		.open_existing = open_existing, .display_name = name,
		.comment = "about it" } }, &rsp, handle);

	if (ec == EC_SUCCESS) {
		assert_false(rsp.create_folder.is_existing_folder);
		if (id != NULL)
			*id = rsp.create_folder.folder_id;
	}
	return ec;
}

static uint32_t made(struct fixture *f, uint32_t parent, const char *name,
		     uint64_t *id)
{
	uint32_t handle;

	assert_int_equal(create(f, parent, GENERIC, name, false, id, &handle),
			 EC_SUCCESS);
	return handle;
}

static enum ec open_id(struct fixture *f, uint64_t id, uint8_t flags,
		       uint32_t *handle)
{
	return rop(f->h, f->s, ROP_ID_open_folder, f->logon,
		   &(union rop_req){ .open_folder = {
			.folder_id = id, .open_mode_flags = flags } },
		   NULL, handle);
}

static enum ec delete(struct fixture *f, uint32_t parent, uint64_t id,
		      uint8_t flags, bool *partial)
{
	union rop_rsp rsp;
	enum ec ec = rop(f->h, f->s, ROP_ID_delete_folder, parent,
			 &(union rop_req){ .delete_folder = {
				.delete_folder_flags = flags,
				.folder_id = id } }, &rsp, NULL);

	*partial = rsp.delete_folder.partial_completion;
	return ec;
}

/* Messages and subfolders that are there now */
static struct folder_info stat_of(struct fixture *f, uint64_t id)
{
	struct folder_info info;

	assert_int_equal(store_lock(f->store), EC_SUCCESS);
	assert_int_equal(folder_stat(f->store, id, false, &info), EC_SUCCESS);
	store_unlock(f->store);
	return info;
}

static const struct prop_value *one_prop(struct fixture *f, uint32_t handle,
					 uint32_t tag)
{
	uint32_t *tags = arena_memdup(f->h->arena, &tag, sizeof tag);

	return get_props(f->h, f->s, handle, tags, 1);
}

/* 3.2.5.1 */
static void test_open(void **state)
{
	struct fixture *f = *state;
	union rop_rsp rsp;
	uint32_t handle;

	assert_int_equal(rop(f->h, f->s, ROP_ID_open_folder, f->top,
			     &(union rop_req){ .open_folder = {
				.folder_id = f->inbox_id } }, &rsp, &handle),
			 EC_SUCCESS);
	assert_false(rsp.open_folder.has_rules);
	assert_false(rsp.open_folder.is_ghosted);
	assert_int_equal(open_id(f, id_make(1, 0x777777), 0, NULL),
			 EC_NOT_FOUND);
	assert_int_equal(open_id(f, 0, 0, NULL), EC_NOT_FOUND);
	/* Invalid bits of OpenModeFlags are ignored (R465). */
	assert_int_equal(open_id(f, f->inbox_id, 0xfb, NULL), EC_SUCCESS);
	assert_string_equal(one_prop(f, handle, PID_TAG_DISPLAY_NAME)->str,
			    "Inbox");
}

/* 3.2.5.2 */
static void test_create(void **state)
{
	struct fixture *f = *state;
	uint64_t id, again;
	uint32_t handle, other;

	assert_int_equal(create(f, f->top, GENERIC, "Projects", false, &id,
				&handle), EC_SUCCESS);
	assert_string_equal(one_prop(f, handle, PID_TAG_DISPLAY_NAME)->str,
			    "Projects");
	assert_string_equal(one_prop(f, handle, PID_TAG_COMMENT)->str,
			    "about it");
	assert_int_equal(one_prop(f, handle, PID_TAG_FOLDER_TYPE)->i32, 1);
	assert_int_equal((uint64_t)one_prop(f, handle,
					    PID_TAG_FOLDER_ID)->i64, id);
	/* The same name: refused, or opened */
	assert_int_equal(create(f, f->top, GENERIC, "projects", false, &again,
				NULL), EC_DUPLICATE_NAME);
	assert_int_equal(create(f, f->top, GENERIC, "Projects", true, &again,
				&other), EC_SUCCESS);
	assert_int_equal(again, id);
	assert_int_not_equal(other, handle);
	/* FolderType */
	assert_int_equal(create(f, f->top, 0, "a", false, NULL, NULL),
			 EC_INVALID_PARAM);
	assert_int_equal(create(f, f->top, 3, "a", false, NULL, NULL),
			 EC_INVALID_PARAM);
	/* A name must be given (R477). */
	assert_int_not_equal(create(f, f->top, GENERIC, "", false, NULL,
				    NULL), EC_SUCCESS);
	/* Only on folders */
	assert_int_equal(create(f, f->logon, GENERIC, "a", false, NULL, NULL),
			 EC_NOT_SUPPORTED);
}

/* 3.2.5.3: R371, R1079, R1234, soft and hard */
static void test_delete(void **state)
{
	struct fixture *f = *state;
	uint64_t id, sub, soft;
	uint32_t handle = made(f, f->top, "Full", &id);
	bool partial;

	(void)made(f, handle, "Sub", &sub);
	(void)made(f, f->top, "Soft", &soft);
	(void)make_message(f->h, f->s, f->logon, id, "one");
	assert_int_equal(delete(f, f->top, id, 0, &partial), EC_SUCCESS);
	assert_true(partial);
	assert_int_equal(delete(f, f->top, id, DEL_MESSAGES, &partial),
			 EC_SUCCESS);
	assert_true(partial);
	assert_int_equal(delete(f, f->top, id, DEL_FOLDERS, &partial),
			 EC_SUCCESS);
	assert_true(partial);
	assert_int_equal(stat_of(f, id).total, 1);
	assert_int_equal(stat_of(f, sub).parent_id, id);
	assert_int_equal(delete(f, f->top, id, 0x02, &partial),
			 EC_INVALID_PARAM);
	assert_int_equal(delete(f, f->top, id, DEL_MESSAGES | DEL_FOLDERS |
				DELETE_HARD_DELETE, &partial), EC_SUCCESS);
	assert_false(partial);
	assert_int_equal(open_id(f, id, 0x04, NULL), EC_NOT_FOUND);
	assert_int_equal(open_id(f, sub, 0x04, NULL), EC_NOT_FOUND);
	/* Soft: only with OpenSoftDeleted (R471) */
	assert_int_equal(delete(f, f->top, soft, 0, &partial), EC_SUCCESS);
	assert_int_equal(open_id(f, soft, 0, NULL), EC_NOT_FOUND);
	assert_int_equal(open_id(f, soft, 0x04, NULL), EC_SUCCESS);
	/* What is not there, and what must stay */
	assert_int_equal(delete(f, f->top, id, 0, &partial), EC_NOT_FOUND);
	assert_int_equal(delete(f, f->top, f->inbox_id, 0, &partial),
			 EC_ACCESS_DENIED);
	assert_int_equal(delete(f, f->root, store_special(f->store,
				SPECIAL_ROOT), 0, &partial),
			 EC_NOT_SUPPORTED);
}

static enum ec empty(struct fixture *f, uint8_t rop_id, uint32_t handle,
		     bool associated, bool *partial)
{
	union rop_rsp rsp;
	enum ec ec = rop(f->h, f->s, rop_id, handle, &(union rop_req){
		.empty_folder = { .want_delete_associated = associated } },
		&rsp, NULL);

	*partial = rsp.empty_folder.partial_completion;
	return ec;
}

/* 3.2.5.9, 3.2.5.10 */
static void test_empty(void **state)
{
	struct fixture *f = *state;
	uint64_t id, sub, search;
	uint32_t handle = made(f, f->top, "Full", &id), search_handle;
	bool partial;

	(void)made(f, handle, "Sub", &sub);
	(void)make_message(f->h, f->s, f->logon, id, "one");
	(void)make_message(f->h, f->s, f->logon, sub, "two");
	assert_int_equal(empty(f, ROP_ID_empty_folder, handle, false,
			       &partial), EC_SUCCESS);
	assert_false(partial);
	assert_int_equal(stat_of(f, id).total, 0);
	assert_int_equal(stat_of(f, id).deleted, 1);
	assert_int_equal(stat_of(f, id).subfolders, 0);
	assert_int_equal(open_id(f, sub, 0, NULL), EC_NOT_FOUND);
	(void)make_message(f->h, f->s, f->logon, id, "three");
	assert_int_equal(empty(f, ROP_ID_hard_delete_messages_and_subfolders,
			       handle, false, &partial), EC_SUCCESS);
	assert_int_equal(stat_of(f, id).total, 0);
	/* Neither the root (R1248) nor a search folder (R1249) */
	assert_int_equal(empty(f, ROP_ID_empty_folder, f->root, false,
			       &partial), EC_NOT_SUPPORTED);
	assert_int_equal(create(f, f->top, SEARCH, "Found", false, &search,
				&search_handle), EC_SUCCESS);
	assert_int_equal(empty(f, ROP_ID_empty_folder, search_handle, false,
			       &partial), EC_NOT_SUPPORTED);
}

static enum ec move(struct fixture *f, uint32_t from, uint32_t to,
		    uint64_t id, const char *name)
{
	return rop2(f->h, f->s, ROP_ID_move_folder, from, to,
		    &(union rop_req){ .move_folder = {
			.use_unicode = true, .folder_id = id,
			.new_folder_name = name } }, NULL);
}

static enum ec copy(struct fixture *f, uint32_t from, uint32_t to,
		    uint64_t id, const char *name, bool recursive)
{
	return rop2(f->h, f->s, ROP_ID_copy_folder, from, to,
		    &(union rop_req){ .copy_folder = {
			.want_recursive = recursive, .use_unicode = true,
			.folder_id = id, .new_folder_name = name } }, NULL);
}

/* 3.2.5.7 */
static void test_move(void **state)
{
	struct fixture *f = *state;
	uint64_t a_id, b_id;
	uint32_t a = made(f, f->top, "A", &a_id);
	uint32_t b = made(f, f->top, "B", &b_id), handle;
	union rop_rsp rsp;

	(void)make_message(f->h, f->s, f->logon, a_id, "one");
	assert_int_equal(move(f, f->top, b, a_id, "A2"), EC_SUCCESS);
	assert_int_equal(stat_of(f, a_id).parent_id, b_id);
	assert_int_equal(stat_of(f, a_id).total, 1);
	assert_int_equal(open_id(f, a_id, 0, &handle), EC_SUCCESS);
	assert_string_equal(one_prop(f, handle, PID_TAG_DISPLAY_NAME)->str,
			    "A2");
	/* It is no longer in the folder it was in. */
	assert_int_equal(move(f, f->top, f->top, a_id, "A"), EC_NOT_FOUND);
	/* Into itself */
	assert_int_not_equal(move(f, f->top, a, b_id, "B"), EC_SUCCESS);
	assert_int_equal(stat_of(f, b_id).parent_id, f->top_id);
	/* No destination: its index comes back */
	assert_int_equal(rop2(f->h, f->s, ROP_ID_move_folder, f->top, 0x4242,
			      &(union rop_req){ .move_folder = {
				.use_unicode = true, .folder_id = b_id,
				.new_folder_name = "x" } }, &rsp),
			 EC_DST_NULL_OBJECT);
	assert_int_equal(rsp.move_folder.dest_handle_index, 1);
	assert_int_equal(move(f, f->top, f->logon, b_id, "x"),
			 EC_NOT_SUPPORTED);
}

/* 3.2.5.8 */
static void test_copy(void **state)
{
	struct fixture *f = *state;
	uint64_t a_id, b_id, sub_id;
	uint32_t a = made(f, f->top, "A", &a_id);
	uint32_t b = made(f, f->top, "B", &b_id);

	(void)made(f, a, "Sub", &sub_id);
	(void)make_message(f->h, f->s, f->logon, a_id, "one");
	(void)make_message(f->h, f->s, f->logon, sub_id, "two");
	assert_int_equal(copy(f, f->top, b, a_id, "Flat", false), EC_SUCCESS);
	assert_int_equal(copy(f, f->top, b, a_id, "Deep", true), EC_SUCCESS);
	assert_int_equal(stat_of(f, b_id).subfolders, 2);
	assert_int_equal(stat_of(f, a_id).subfolders, 1);
	assert_int_equal(stat_of(f, a_id).total, 1);
	/* The names are taken now. */
	assert_int_equal(copy(f, f->top, b, a_id, "Flat", false),
			 EC_DUPLICATE_NAME);
	assert_int_equal(copy(f, f->top, b, id_make(1, 0x777777), "x", true),
			 EC_NOT_FOUND);
	assert_int_equal(copy(f, f->top, 0x4242, a_id, "x", true),
			 EC_DST_NULL_OBJECT);
}

/* Between two mailboxes of one session */
static void test_across(void **state)
{
	struct fixture *f = *state;
	struct session *s;
	uint32_t here, there, from, to;
	uint64_t id, message;
	struct rop_ids ids = { .n = 1, .v = &message };
	struct folder_info info;
	struct store *other;
	union rop_rsp rsp;
	enum ec ec;

	(void)made(f, f->top, "Goes", &id);
	message = make_message(f->h, f->s, f->logon, id, "one");
	s = harness_connect(f->h, f->h->admin_id, ADMIN_DN, 1, &ec);
	here = harness_logon(f->h, s, 0, ADMIN_DN);
	there = harness_logon(f->h, s, 1, ALICE_DN);
	from = open_special(f->h, s, there, SPECIAL_IPM_SUBTREE);
	other = harness_store(f->h, ADMIN_DN);
	assert_int_equal(rop(f->h, s, ROP_ID_open_folder, here,
			     &(union rop_req){ .open_folder = {
				.folder_id = store_special(other,
					SPECIAL_IPM_SUBTREE) } }, NULL, &to),
			 EC_SUCCESS);
	assert_int_equal(rop2(f->h, s, ROP_ID_copy_folder, from, to,
			      &(union rop_req){ .copy_folder = {
				.want_recursive = true, .use_unicode = true,
				.folder_id = id, .new_folder_name = "Came" } },
			      &rsp), EC_SUCCESS);
	assert_int_equal(stat_of(f, id).total, 1);
	assert_int_equal(rop(f->h, s, ROP_ID_open_folder, there,
			     &(union rop_req){ .open_folder = {
				.folder_id = id } }, NULL, &from),
			 EC_SUCCESS);
	assert_int_equal(rop2(f->h, s, ROP_ID_move_copy_messages, from, to,
			      &(union rop_req){ .move_copy_messages = {
				.message_ids = ids } }, &rsp), EC_SUCCESS);
	assert_false(rsp.move_copy_messages.partial_completion);
	assert_int_equal(stat_of(f, id).total, 0);
	assert_int_equal(store_lock(other), EC_SUCCESS);
	assert_int_equal(folder_stat(other, store_special(other,
			 SPECIAL_IPM_SUBTREE), false, &info), EC_SUCCESS);
	store_unlock(other);
	assert_int_equal(info.total, 1);
	store_put(other);
	mailbox_disconnect(s);
}

static enum ec move_copy(struct fixture *f, uint32_t from, uint32_t to,
			 const uint64_t *ids, uint32_t n, bool copying,
			 bool *partial)
{
	union rop_rsp rsp;
	enum ec ec = rop2(f->h, f->s, ROP_ID_move_copy_messages, from, to,
			  &(union rop_req){ .move_copy_messages = {
		.message_ids = { .n = n, .v = ids }, .want_copy = copying } },
		&rsp);

	*partial = rsp.move_copy_messages.partial_completion;
	return ec;
}

/* 3.2.5.6 */
static void test_move_copy_messages(void **state)
{
	struct fixture *f = *state;
	uint64_t a_id, b_id, ids[2];
	uint32_t a = made(f, f->top, "A", &a_id);
	uint32_t b = made(f, f->top, "B", &b_id), search;
	bool partial;

	ids[0] = make_message(f->h, f->s, f->logon, a_id, "one");
	ids[1] = make_message(f->h, f->s, f->logon, a_id, "two");
	assert_int_equal(move_copy(f, a, b, ids, 2, true, &partial),
			 EC_SUCCESS);
	assert_false(partial);
	assert_int_equal(stat_of(f, a_id).total, 2);
	assert_int_equal(stat_of(f, b_id).total, 2);
	assert_int_equal(move_copy(f, a, b, ids, 1, false, &partial),
			 EC_SUCCESS);
	assert_int_equal(stat_of(f, a_id).total, 1);
	assert_int_equal(stat_of(f, b_id).total, 3);
	/* One is not there any more: the other moves (R586) */
	assert_int_equal(move_copy(f, a, b, ids, 2, false, &partial),
			 EC_SUCCESS);
	assert_true(partial);
	assert_int_equal(stat_of(f, a_id).total, 0);
	/* Not into a search folder */
	assert_int_equal(create(f, f->top, SEARCH, "S", false, NULL,
				&search), EC_SUCCESS);
	assert_int_equal(move_copy(f, b, search, ids, 2, true, &partial),
			 EC_SEARCH_FOLDER);
	assert_int_equal(move_copy(f, b, f->logon, ids, 2, true, &partial),
			 EC_NOT_SUPPORTED);
	assert_int_equal(move_copy(f, b, 0x4242, ids, 2, true, &partial),
			 EC_DST_NULL_OBJECT);
}

static enum ec delete_messages(struct fixture *f, uint8_t rop_id,
			       uint32_t handle, const uint64_t *ids,
			       uint32_t n, bool *partial)
{
	union rop_rsp rsp;
	enum ec ec = rop(f->h, f->s, rop_id, handle, &(union rop_req){
		.delete_messages = { .message_ids = { .n = n, .v = ids } } },
		&rsp, NULL);

	*partial = rsp.delete_messages.partial_completion;
	return ec;
}

/* 3.2.5.11, 3.2.5.12 */
static void test_delete_messages(void **state)
{
	struct fixture *f = *state;
	uint64_t id, ids[2];
	uint32_t handle = made(f, f->top, "A", &id);
	bool partial;

	ids[0] = make_message(f->h, f->s, f->logon, id, "one");
	ids[1] = make_message(f->h, f->s, f->logon, id, "two");
	assert_int_equal(delete_messages(f, ROP_ID_delete_messages, handle,
					 ids, 1, &partial), EC_SUCCESS);
	assert_false(partial);
	assert_int_equal(stat_of(f, id).total, 1);
	assert_int_equal(stat_of(f, id).deleted, 1);
	assert_int_equal(delete_messages(f, ROP_ID_hard_delete_messages,
					 handle, ids + 1, 1, &partial),
			 EC_SUCCESS);
	assert_false(partial);
	assert_int_equal(stat_of(f, id).total, 0);
	assert_int_equal(stat_of(f, id).deleted, 1);
	assert_int_equal(delete_messages(f, ROP_ID_delete_messages, handle,
					 ids + 1, 1, &partial), EC_SUCCESS);
	assert_true(partial);
	/* None at all */
	assert_int_equal(delete_messages(f, ROP_ID_delete_messages, handle,
					 ids, 0, &partial), EC_SUCCESS);
	assert_false(partial);
}

/* 3.2.5.13, 3.2.5.14: rows, and flags that are not defined */
static void test_tables(void **state)
{
	struct fixture *f = *state;
	uint64_t id;
	uint32_t handle = made(f, f->top, "A", &id), table;
	union rop_rsp rsp;

	(void)made(f, handle, "Sub", NULL);
	(void)make_message(f->h, f->s, f->logon, id, "one");
	(void)make_message(f->h, f->s, f->logon, id, "two");
	assert_int_equal(rop(f->h, f->s, ROP_ID_get_hierarchy_table, handle,
			     NULL, &rsp, &table), EC_SUCCESS);
	assert_int_equal(rsp.get_hierarchy_table.row_count, 1);
	assert_int_equal(rop(f->h, f->s, ROP_ID_get_contents_table, handle,
			     NULL, &rsp, &table), EC_SUCCESS);
	assert_int_equal(rsp.get_contents_table.row_count, 2);
	assert_int_equal(rop(f->h, f->s, ROP_ID_get_hierarchy_table, handle,
			     &(union rop_req){ .get_hierarchy_table = { 0x01 }
			     }, NULL, NULL), EC_NOT_SUPPORTED);
	assert_int_equal(rop(f->h, f->s, ROP_ID_get_contents_table, handle,
			     &(union rop_req){ .get_contents_table = { 0x01 }
			     }, NULL, NULL), EC_INVALID_PARAM);
}

/* Properties of a folder: set, read, computed, deleted */
static void test_properties(void **state)
{
	struct fixture *f = *state;
	uint32_t handle = made(f, f->top, "A", NULL);
	const uint32_t comment = PID_TAG_COMMENT;
	const struct prop_value values[] = {
		{ .tag = PID_TAG_COMMENT, .str = "new" },
		{ .tag = PID_TAG_CONTENT_COUNT, .i32 = 99 },
		{ .tag = PID_TAG_CONTAINER_CLASS, .str = "IPF.Note" },
	};
	union rop_rsp rsp;

	assert_int_equal(rop(f->h, f->s, ROP_ID_set_properties, handle,
			     &(union rop_req){ .set_properties = {
				.property_values = { .n = 3, .v = values } } },
			     &rsp, NULL), EC_SUCCESS);
	assert_int_equal(rsp.set_properties.property_problems.n, 1);
	assert_int_equal(rsp.set_properties.property_problems.v[0].index, 1);
	assert_string_equal(one_prop(f, handle, PID_TAG_COMMENT)->str, "new");
	assert_string_equal(one_prop(f, handle, 0x3004001e)->str, "new");
	assert_string_equal(one_prop(f, handle, PID_TAG_CONTAINER_CLASS)->str,
			    "IPF.Note");
	assert_int_equal(one_prop(f, handle, PID_TAG_CONTENT_COUNT)->i32, 0);
	assert_int_equal(rop(f->h, f->s, ROP_ID_delete_properties, handle,
			     &(union rop_req){ .delete_properties = {
				.property_tags = { .n = 1, .v = &comment } } },
			     &rsp, NULL), EC_SUCCESS);
	assert_int_equal(rsp.delete_properties.property_problems.n, 0);
	assert_int_equal(prop_tag_type(one_prop(f, handle,
						PID_TAG_COMMENT)->tag),
			 PTYP_ERROR_CODE);
}

static enum ec set_search(struct fixture *f, uint32_t handle,
			  const struct restriction *r, const uint64_t *ids,
			  uint32_t n, uint32_t flags)
{
	return rop(f->h, f->s, ROP_ID_set_search_criteria, handle,
		   &(union rop_req){ .set_search_criteria = {
			.restriction = r,
			.folder_ids = { .n = n, .v = ids },
			.search_flags = flags } }, NULL, NULL);
}

/* 3.2.5.4, 3.2.5.5 */
static void test_search(void **state)
{
	struct fixture *f = *state;
	const struct restriction r = {
		.type = RES_EXIST, .exist = { .tag = PID_TAG_SUBJECT },
	};
	const union rop_req get = { .get_search_criteria = {
		.use_unicode = true, .include_restriction = true,
		.include_folders = true } };
	struct rop_get_search_criteria_rsp *got;
	uint64_t id;
	uint32_t handle;
	union rop_rsp rsp;

	assert_int_equal(create(f, f->top, SEARCH, "Found", false, &id,
				&handle), EC_SUCCESS);
	/* No folders the first time (R1240), itself (R1242), flags (R116) */
	assert_int_equal(set_search(f, handle, &r, NULL, 0, 2),
			 EC_NOT_INITIALIZED);
	assert_int_equal(set_search(f, handle, &r, &id, 1, 2),
			 EC_SEARCH_FOLDER_SCOPE);
	assert_int_equal(set_search(f, handle, &r, &f->inbox_id, 1, 0x80),
			 EC_INVALID_PARAM);
	assert_int_equal(set_search(f, handle, &r, &f->inbox_id, 1, 0x03),
			 EC_INVALID_PARAM);
	assert_int_equal(set_search(f, f->top, &r, &f->inbox_id, 1, 2),
			 EC_NOT_SEARCH_FOLDER);
	assert_int_equal(set_search(f, handle, &r, &f->inbox_id, 1, 2),
			 EC_SUCCESS);
	assert_int_equal(rop(f->h, f->s, ROP_ID_get_search_criteria, handle,
			     &get, &rsp, NULL), EC_SUCCESS);
	got = &rsp.get_search_criteria;
	assert_true(restriction_equal(got->restriction, &r));
	assert_int_equal(got->folder_ids.n, 1);
	assert_int_equal(got->folder_ids.v[0], f->inbox_id);
	assert_int_equal(rop(f->h, f->s, ROP_ID_get_search_criteria, handle,
			     NULL, &rsp, NULL), EC_SUCCESS);
	assert_null(got->restriction);
	assert_int_equal(got->folder_ids.n, 0);
	assert_int_equal(rop(f->h, f->s, ROP_ID_get_search_criteria, f->top,
			     &get, NULL, NULL), EC_NOT_SEARCH_FOLDER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_open, setup, teardown),
		cmocka_unit_test_setup_teardown(test_create, setup, teardown),
		cmocka_unit_test_setup_teardown(test_delete, setup, teardown),
		cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(test_move, setup, teardown),
		cmocka_unit_test_setup_teardown(test_copy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_across, setup, teardown),
		cmocka_unit_test_setup_teardown(test_move_copy_messages,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_delete_messages, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_tables, setup, teardown),
		cmocka_unit_test_setup_teardown(test_properties, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_search, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
