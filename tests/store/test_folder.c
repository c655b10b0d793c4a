/* SPDX-License-Identifier: Apache-2.0 */
#include "store_env.h"

#include "store/event.h"

static uint64_t ipm(struct env *e)
{
	return store_special(e->store, SPECIAL_IPM_SUBTREE);
}

/* [MS-OXCFOLD] 3.2.5.2 */
static void test_create(void **state)
{
	struct env *e = *state;
	struct folder_create params = { .name = "Projekte \u00c4",
		.comment = "all", .type = FOLDER_GENERIC };
	struct folder_info info;
	struct prop_value v;
	uint32_t before = stat_folder(e, ipm(e)).subfolders;
	uint32_t tag = PID_TAG_COMMENT;
	uint64_t id, again;
	bool existed;

	assert_int_equal(folder_create(e->store, ipm(e), &params, &id,
				       &existed), EC_SUCCESS);
	assert_false(existed);
	assert_int_equal(stat_folder(e, ipm(e)).subfolders, before + 1);
	/* siblings have unique names, whatever the case */
	params.name = "PROJEKTE \u00e4";
	assert_int_equal(folder_create(e->store, ipm(e), &params, &again,
				       &existed), EC_DUPLICATE_NAME);
	params.open_existing = true;
	assert_int_equal(folder_create(e->store, ipm(e), &params, &again,
				       &existed), EC_SUCCESS);
	assert_true(existed);
	assert_int_equal(id, again);
	params.name = "Projekte A";
	assert_int_equal(folder_create(e->store, ipm(e), &params, &again,
				       &existed), EC_SUCCESS);
	assert_false(existed);
	env_reopen(e);
	info = stat_folder(e, id);
	assert_int_equal(info.parent_id, ipm(e));
	assert_int_equal(info.type, FOLDER_GENERIC);
	assert_int_equal(folder_get_props(e->store, id, &tag, 1, e->a, &v),
			 EC_SUCCESS);
	assert_string_equal(v.str, "all");
	assert_healthy(e);
}

static void test_create_errors(void **state)
{
	struct env *e = *state;
	struct folder_create params = { .name = "x", .type = FOLDER_SEARCH };
	uint64_t search, id;
	bool existed;
	char name[300];

	assert_int_equal(folder_create(e->store, ipm(e), &params, &search,
				       &existed), EC_SUCCESS);
	assert_true(store_has_searches(e->store));
	params.type = FOLDER_GENERIC;
	assert_int_equal(folder_create(e->store, search, &params, &id,
				       &existed), EC_NOT_SUPPORTED);
	assert_int_equal(folder_create(e->store, db_id(0xfffff), &params,
				       &id, &existed), EC_NOT_FOUND);
	assert_int_equal(folder_create(e->store, ipm(e) ^ 7, &params, &id,
				       &existed), EC_NOT_FOUND);
	params.type = FOLDER_ROOT;
	assert_int_equal(folder_create(e->store, ipm(e), &params, &id,
				       &existed), EC_INVALID_PARAM);
	params.type = FOLDER_GENERIC;
	params.name = "";
	assert_int_equal(folder_create(e->store, ipm(e), &params, &id,
				       &existed), EC_INVALID_PARAM);
	memset(name, 'x', sizeof name);
	name[256] = '\0';
	params.name = name;
	assert_int_equal(folder_create(e->store, ipm(e), &params, &id,
				       &existed), EC_INVALID_PARAM);
	name[255] = '\0';
	assert_int_equal(folder_create(e->store, ipm(e), &params, &id,
				       &existed), EC_SUCCESS);
	params.name = "reserved";
	params.id = db_id(UINT64_C(1) << 40);
	assert_int_equal(folder_create(e->store, ipm(e), &params, &id,
				       &existed), EC_INVALID_PARAM);
	assert_int_equal(store_reserve_ids(e->store, 1, &params.id),
			 EC_SUCCESS);
	assert_int_equal(folder_create(e->store, ipm(e), &params, &id,
				       &existed), EC_SUCCESS);
	assert_int_equal(id, params.id);
}

/* [MS-OXCFOLD] 3.2.5.3: R497, R498, R371, R1079, R817, R1081 */
static void test_delete(void **state)
{
	struct env *e = *state;
	uint64_t parent = make_folder(e, ipm(e), "parent");
	uint64_t child = make_folder(e, parent, "child");
	uint32_t before = stat_folder(e, ipm(e)).subfolders;
	uint64_t id = make_message(e, parent, "x");
	struct folder_info info;
	struct message *m;
	bool partial;

	make_message(e, child, "y");
	assert_int_equal(folder_delete(e->store, ipm(e), parent, DEL_MESSAGES,
				       &partial), EC_SUCCESS);
	assert_true(partial);
	assert_int_equal(folder_delete(e->store, ipm(e), parent, DEL_FOLDERS,
				       &partial), EC_SUCCESS);
	assert_true(partial);
	assert_int_equal(stat_folder(e, parent).total, 1);
	assert_int_equal(stat_folder(e, child).total, 1);
	assert_int_equal(folder_delete(e->store, ipm(e), parent,
				       DEL_FOLDERS | DEL_MESSAGES, &partial),
			 EC_SUCCESS);
	assert_false(partial);
	assert_int_equal(stat_folder(e, ipm(e)).subfolders, before - 1);
	assert_int_equal(folder_stat(e->store, parent, false, &info),
			 EC_NOT_FOUND);
	assert_int_equal(folder_stat(e->store, parent, true, &info),
			 EC_SUCCESS);
	assert_true(info.soft_deleted);
	assert_int_equal(info.deleted, 1);
	assert_int_equal(message_open(e->store, parent, id,
				      MESSAGE_READ_ONLY, false, &m),
			 EC_NOT_FOUND);
	/* the name is free again */
	parent = make_folder(e, ipm(e), "parent");
	make_message(e, parent, "z");
	assert_int_equal(folder_delete(e->store, ipm(e), parent,
				       DELETE_HARD_DELETE | DEL_MESSAGES,
				       &partial), EC_SUCCESS);
	assert_false(partial);
	assert_int_equal(folder_stat(e->store, parent, true, &info),
			 EC_NOT_FOUND);
	assert_healthy(e);
}

static void test_delete_errors(void **state)
{
	struct env *e = *state;
	uint64_t folder = make_folder(e, ipm(e), "f");
	bool partial;

	assert_int_equal(folder_delete(e->store, 0, store_special(e->store,
			SPECIAL_ROOT), 0, &partial), EC_NOT_SUPPORTED);
	assert_int_equal(folder_delete(e->store, 0, inbox(e), 0, &partial),
			 EC_ACCESS_DENIED);
	assert_int_equal(folder_delete(e->store, inbox(e), folder, 0,
				       &partial), EC_NOT_FOUND);
	assert_int_equal(folder_delete(e->store, ipm(e), db_id(0xfffff), 0,
				       &partial), EC_NOT_FOUND);
	assert_int_equal(folder_delete(e->store, ipm(e), folder, 0x02,
				       &partial), EC_INVALID_PARAM);
	assert_int_equal(folder_delete(e->store, ipm(e), folder, 0,
				       &partial), EC_SUCCESS);
	assert_int_equal(folder_delete(e->store, ipm(e), folder, 0,
				       &partial), EC_NOT_FOUND);
}

static void test_empty(void **state)
{
	struct env *e = *state;
	uint64_t folder = make_folder(e, ipm(e), "f");
	uint64_t sub = make_folder(e, folder, "sub");
	struct message *m;
	bool partial;

	for (int i = 0; i < 250; i++)
		make_message(e, folder, "x");
	assert_int_equal(message_create(e->store, folder, true, 0, 0, &m),
			 EC_SUCCESS);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	message_close(m);
	assert_int_equal(stat_folder(e, folder).associated, 1);
	assert_int_equal(folder_empty(e->store, folder, false, false, false,
				      &partial), EC_SUCCESS);
	assert_false(partial);
	assert_int_equal(stat_folder(e, folder).total, 0);
	assert_int_equal(stat_folder(e, folder).deleted, 250);
	assert_int_equal(stat_folder(e, folder).associated, 1);
	assert_int_equal(stat_folder(e, folder).subfolders, 1);
	assert_healthy(e);
	assert_int_equal(folder_empty(e->store, folder, true, true, true,
				      &partial), EC_SUCCESS);
	assert_int_equal(stat_folder(e, folder).deleted, 0);
	assert_int_equal(stat_folder(e, folder).associated, 0);
	assert_int_equal(stat_folder(e, folder).subfolders, 0);
	assert_int_equal(stat_folder(e, folder).deleted_total, 251);
	assert_int_equal(stat_folder(e, folder).size, 0);
	(void)sub;
	/* the special folders below stay */
	assert_int_equal(folder_empty(e->store, ipm(e), true, true, true,
				      &partial), EC_SUCCESS);
	assert_true(partial);
	assert_int_equal(folder_empty(e->store, db_id(0xfffff), true, true,
				      true, &partial), EC_NOT_FOUND);
	assert_healthy(e);
}

static void test_move(void **state)
{
	struct env *e = *state;
	uint64_t a = make_folder(e, ipm(e), "a"), b = make_folder(e, a, "b");
	uint64_t c = make_folder(e, b, "c"), d = make_folder(e, ipm(e), "d");
	struct folder_info info, before = stat_folder(e, b);

	make_folder(e, d, "B");
	assert_int_equal(folder_move(e->store, a, c, NULL), EC_FOLDER_CYCLE);
	assert_int_equal(folder_move(e->store, a, a, NULL), EC_FOLDER_CYCLE);
	assert_int_equal(folder_move(e->store, b, d, NULL),
			 EC_DUPLICATE_NAME);
	assert_int_equal(folder_move(e->store, inbox(e), d, NULL),
			 EC_ACCESS_DENIED);
	assert_int_equal(folder_move(e->store, b, db_id(0xfffff), NULL),
			 EC_NOT_FOUND);
	assert_int_equal(folder_move(e->store, db_id(0xfffff), d, NULL),
			 EC_NOT_FOUND);
	assert_int_equal(folder_move(e->store, b, d, "bb"), EC_SUCCESS);
	env_reopen(e);
	info = stat_folder(e, b);
	assert_int_equal(info.parent_id, d);
	assert_int_not_equal(info.change_number, before.change_number);
	assert_int_equal(stat_folder(e, a).subfolders, 0);
	assert_int_equal(stat_folder(e, d).subfolders, 2);
	assert_int_equal(stat_folder(e, c).parent_id, b);
	/* to where it is, under another name; then only the case differs */
	assert_int_equal(folder_move(e->store, b, d, "other"), EC_SUCCESS);
	assert_int_equal(folder_move(e->store, b, d, "OTHER"), EC_SUCCESS);
	assert_int_equal(stat_folder(e, d).subfolders, 2);
	assert_healthy(e);
}

static void test_copy(void **state)
{
	struct env *e = *state;
	uint64_t a = make_folder(e, ipm(e), "a"), b = make_folder(e, a, "b");
	uint64_t d = make_folder(e, ipm(e), "d"), copy, id;
	struct prop_value v = str_value(PID_TAG_COMMENT, "kept"), got;
	uint64_t ids[8], first;
	struct message *m;
	char body[20001];
	bool partial;

	memset(body, 'x', 20000);
	body[20000] = '\0';
	first = make_message(e, a, "in a");
	message_open(e->store, a, first, MESSAGE_READ_WRITE, false, &m);
	set_str(m, PID_TAG_BODY, body);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	message_close(m);
	make_message(e, b, "in b");
	folder_set_props(e->store, a, &v, 1, NULL);
	assert_int_equal(folder_copy(e->store, a, b, NULL, true, &copy,
				     &partial), EC_FOLDER_CYCLE);
	assert_int_equal(folder_copy(e->store, a, ipm(e), NULL, true, &copy,
				     &partial), EC_DUPLICATE_NAME);
	assert_int_equal(folder_copy(e->store, a, d, "copied", true, &copy,
				     &partial), EC_SUCCESS);
	assert_false(partial);
	assert_int_equal(stat_folder(e, copy).total, 1);
	assert_int_equal(stat_folder(e, copy).subfolders, 1);
	assert_int_equal(stat_folder(e, a).total, 1);
	folder_get_props(e->store, copy, &v.tag, 1, e->a, &got);
	assert_string_equal(got.str, "kept");
	assert_int_equal(messages_list(e->store, copy, false, false, 0, ids,
				       8), 1);
	assert_int_not_equal(ids[0], first);
	/* what the copy has is its own */
	assert_int_equal(folder_delete(e->store, ipm(e), a, DEL_FOLDERS |
				       DEL_MESSAGES | DELETE_HARD_DELETE,
				       &partial), EC_SUCCESS);
	assert_int_equal(message_open(e->store, copy, ids[0],
				      MESSAGE_READ_ONLY, false, &m),
			 EC_SUCCESS);
	assert_str(e, m, PID_TAG_SUBJECT, "in a");
	assert_str(e, m, PID_TAG_BODY, body);
	message_close(m);
	assert_healthy(e);
	assert_int_equal(folder_copy(e->store, copy, copy, "inner", false,
				     &id, &partial), EC_SUCCESS);
	assert_int_equal(stat_folder(e, id).subfolders, 0);
	assert_healthy(e);
}

static void test_props(void **state)
{
	struct env *e = *state;
	uint64_t folder = make_folder(e, ipm(e), "f");
	const struct prop_value set[] = {
		{ .tag = PID_TAG_CONTAINER_CLASS, .str = "IPF.Note" },
		{ .tag = PID_TAG_DISPLAY_NAME, .str = "renamed" },
		{ .tag = PID_TAG_CONTENT_COUNT, .i32 = 7 },
		{ .tag = 0x6600001e, .str = "x" },
	};
	const uint32_t tags[] = {
		PID_TAG_DISPLAY_NAME, PID_TAG_CONTAINER_CLASS,
		PID_TAG_FOLDER_TYPE, PID_TAG_ENTRY_ID, PID_TAG_FOLDER_ID,
		PID_TAG_SUBFOLDERS, PID_TAG_CHANGE_KEY, 0x66ff0003,
		PID_TAG_CONTENT_COUNT & 0xffff0000, PID_TAG_FOLDER_FLAGS,
		PID_TAG_SOURCE_KEY,
	};
	struct prop_value v[11];
	struct prop_tags list;
	struct folder_info before = stat_folder(e, folder);
	enum ec errors[4];

	assert_int_equal(folder_set_props(e->store, folder, set, 4, errors),
			 EC_SUCCESS);
	assert_int_equal(errors[0], EC_SUCCESS);
	assert_int_equal(errors[1], EC_SUCCESS);
	assert_int_equal(errors[2], EC_COMPUTED);
	assert_int_equal(errors[3], EC_INVALID_TYPE);
	assert_int_not_equal(stat_folder(e, folder).change_number,
			     before.change_number);
	env_reopen(e);
	assert_int_equal(folder_get_props(e->store, folder, tags, 11, e->a,
					  v), EC_SUCCESS);
	assert_string_equal(v[0].str, "renamed");
	assert_string_equal(v[1].str, "IPF.Note");
	assert_int_equal(v[2].i32, FOLDER_GENERIC);
	assert_int_equal(v[3].bin.len, 46);
	assert_int_equal((uint64_t)v[4].i64, folder);
	assert_false(v[5].b);
	assert_int_equal(v[6].bin.len, 22);
	assert_int_equal(v[7].tag, 0x66ff000a);
	assert_int_equal(v[7].error, EC_NOT_FOUND);
	assert_int_equal(v[8].tag, PID_TAG_CONTENT_COUNT);
	assert_int_equal(v[9].i32, 1 | 4);
	assert_int_equal(v[10].bin.len, 22);
	assert_int_equal(folder_list_props(e->store, folder, e->a, &list),
			 EC_SUCCESS);
	for (uint32_t i = 0; i < list.n; i++) {
		assert_int_equal(folder_get_props(e->store, folder,
						  &list.v[i], 1, e->a, v),
				 EC_SUCCESS);
		assert_int_equal(v[0].tag, list.v[i]);
	}
	assert_int_equal(folder_delete_props(e->store, folder, tags, 3,
					     errors), EC_SUCCESS);
	assert_int_equal(errors[0], EC_COMPUTED);
	assert_int_equal(errors[1], EC_SUCCESS);
	folder_get_props(e->store, folder, &tags[1], 1, e->a, v);
	assert_int_equal(v[0].error, EC_NOT_FOUND);
	assert_int_equal(folder_get_props(e->store, db_id(0xfffff), tags, 1,
					  e->a, v), EC_NOT_FOUND);
	make_folder(e, ipm(e), "taken");
	v[0] = str_value(PID_TAG_DISPLAY_NAME, "Taken");
	folder_set_props(e->store, folder, v, 1, errors);
	assert_int_equal(errors[0], EC_DUPLICATE_NAME);
	assert_healthy(e);
}

/* [MS-OXCFOLD] 3.2.5.4: R1240 to R1242, R116 */
static void test_search(void **state)
{
	struct env *e = *state;
	struct folder_create params = { .name = "s", .type = FOLDER_SEARCH };
	struct search_criteria c = { .flags = 0x02 | 0x08 }, got;
	uint64_t folder, scope[2] = { inbox(e), 0 };
	bool existed, partial;

	assert_int_equal(folder_create(e->store, store_special(e->store,
			SPECIAL_SEARCH), &params, &folder, &existed),
			EC_SUCCESS);
	assert_int_equal(folder_get_search(e->store, inbox(e), e->a, &got),
			 EC_NOT_SEARCH_FOLDER);
	assert_int_equal(folder_get_search(e->store, folder, e->a, &got),
			 EC_NOT_INITIALIZED);
	c.restriction = (struct bin){
		(const uint8_t *)"\x08\x00\x00\x37\x00", 5 };
	assert_int_equal(folder_set_search(e->store, folder, &c),
			 EC_NOT_INITIALIZED);
	c.n_folders = 1;
	c.folders = scope;
	scope[0] = folder;
	assert_int_equal(folder_set_search(e->store, folder, &c),
			 EC_SEARCH_FOLDER_SCOPE);
	scope[0] = db_id(0xfffff);
	assert_int_equal(folder_set_search(e->store, folder, &c),
			 EC_NOT_FOUND);
	scope[0] = inbox(e);
	c.flags |= 0x100;
	assert_int_equal(folder_set_search(e->store, folder, &c),
			 EC_INVALID_PARAM);
	assert_int_equal(folder_set_search(e->store, inbox(e), &c),
			 EC_NOT_SEARCH_FOLDER);
	assert_true(store_has_searches(e->store));
	assert_int_equal(folder_delete(e->store, 0, folder, 0, &partial),
			 EC_SUCCESS);
	assert_false(store_has_searches(e->store));
	assert_healthy(e);
}

/* ---- Events ---- */

struct seen {
	unsigned n;
	struct store_event ev[32];
};

static void record(void *ctx, const struct store_event *ev)
{
	struct seen *s = ctx;

	if (s->n < 32)
		s->ev[s->n++] = *ev;
}

static const struct store_event *find_event(const struct seen *s,
					    unsigned type, bool message)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->ev[i].type == type &&
		    (s->ev[i].message_id != 0) == message)
			return &s->ev[i];
	return NULL;
}

static void test_events(void **state)
{
	struct env *e = *state;
	struct seen s = { .n = 0 };
	struct event_subscription *sub = event_subscribe(
		store_events(e->store), EVENT_ALL, record, &s);
	const struct store_event *ev;
	uint64_t folder = make_folder(e, ipm(e), "f"), id, copy;
	bool partial;

	ev = find_event(&s, EVENT_OBJECT_CREATED, false);
	assert_int_equal(ev->folder_id, folder);
	assert_int_equal(ev->parent_id, ipm(e));
	/* its parent has another subfolder */
	ev = find_event(&s, EVENT_OBJECT_MODIFIED, false);
	assert_int_equal(ev->folder_id, ipm(e));
	assert_int_equal(ev->parent_id, store_special(e->store,
						      SPECIAL_ROOT));
	s.n = 0;
	id = make_message(e, folder, "x");
	ev = find_event(&s, EVENT_OBJECT_CREATED, true);
	assert_int_equal(ev->message_id, id);
	assert_int_equal(ev->folder_id, folder);
	ev = find_event(&s, EVENT_OBJECT_MODIFIED, false);
	assert_int_equal(ev->folder_id, folder);
	assert_true(ev->has_total);
	assert_int_equal(ev->total, 1);
	s.n = 0;
	assert_int_equal(messages_set_read(e->store, folder, &id, 1,
			READ_FLAG_CLEAR, &partial, NULL), EC_SUCCESS);
	ev = find_event(&s, EVENT_OBJECT_MODIFIED, true);
	assert_true(ev->is_unread);
	ev = find_event(&s, EVENT_OBJECT_MODIFIED, false);
	assert_true(ev->has_unread);
	assert_false(ev->has_total);
	assert_int_equal(ev->unread, 1);
	s.n = 0;
	assert_int_equal(messages_copy(e->store, folder, &id, 1, inbox(e),
				       &partial), EC_SUCCESS);
	ev = find_event(&s, EVENT_OBJECT_COPIED, true);
	assert_int_equal(ev->old_message_id, id);
	assert_int_equal(ev->folder_id, inbox(e));
	copy = ev->message_id;
	s.n = 0;
	assert_int_equal(messages_move(e->store, inbox(e), &copy, 1, folder,
				       &partial), EC_SUCCESS);
	ev = find_event(&s, EVENT_OBJECT_MOVED, true);
	assert_int_equal(ev->old_folder_id, inbox(e));
	assert_int_equal(ev->folder_id, folder);
	s.n = 0;
	assert_int_equal(messages_delete(e->store, folder, &copy, 1, false,
					 &partial), EC_SUCCESS);
	ev = find_event(&s, EVENT_OBJECT_DELETED, true);
	assert_true(ev->soft);
	s.n = 0;
	assert_int_equal(folder_move(e->store, folder, inbox(e), NULL),
			 EC_SUCCESS);
	ev = find_event(&s, EVENT_OBJECT_MOVED, false);
	assert_int_equal(ev->old_parent_id, ipm(e));
	assert_int_equal(ev->parent_id, inbox(e));
	/* what fails tells nothing */
	s.n = 0;
	assert_int_equal(folder_move(e->store, inbox(e), folder, NULL),
			 EC_ACCESS_DENIED);
	assert_int_equal(s.n, 0);
	event_unsubscribe(sub);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, env_setup, \
						   env_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create), TEST(test_create_errors),
		TEST(test_delete), TEST(test_delete_errors),
		TEST(test_empty), TEST(test_move), TEST(test_copy),
		TEST(test_props), TEST(test_search), TEST(test_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
