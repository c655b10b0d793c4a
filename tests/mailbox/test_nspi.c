/* SPDX-License-Identifier: Apache-2.0 */
/* The address book server ([MS-OXNSPI]): what is read. */
#include "mailbox/nspi_fixture.h"

/* --- Bind, Unbind: 3.1.4.1.1, 3.1.4.1.2 -------------------------------- */

static void test_bind(void **state)
{
	struct fix *f = *state;
	union nspi_req req = { .bind = { .flags = NSPI_ANONYMOUS_LOGIN,
		.has_state = true, .state = stat_of(0, 0) } };
	union nspi_rsp rsp;
	struct guid guid = nspi_server_guid(f->svc);

	nspi_session_free(f->session);
	f->session = NULL;
	/* R668, R671, R697: flags don't matter. */
	assert_int_equal(call(f, REQUEST_TYPE_BIND, &req, &rsp), EC_SUCCESS);
	assert_true(guid_equal(&rsp.bind.server_guid, &guid));
	nspi_session_free(f->session);
	f->session = NULL;
	/* R680, R696 */
	req.bind.state.code_page = CP_WINUNICODE;
	assert_int_equal(call(f, REQUEST_TYPE_BIND, &req, &rsp),
			 EC_INVALID_CODE_PAGE);
	req.bind.state.code_page = 4711;
	assert_int_equal(call(f, REQUEST_TYPE_BIND, &req, &rsp),
			 EC_INVALID_CODE_PAGE);
	/* R440: the Teletex code page has to be there. */
	req.bind.state.code_page = CP_TELETEX;
	assert_int_equal(call(f, REQUEST_TYPE_BIND, &req, &rsp), EC_SUCCESS);
	nspi_session_free(f->session);
	f->session = NULL;
	/* R687: whoever is no recipient, and no administrator. */
	PEOPLE_OK(directory_remove_mailbox(f->p.dir, &f->bob->mailbox, err));
	f->who = f->bob;
	req.bind.state.code_page = 1252;
	assert_int_equal(call(f, REQUEST_TYPE_BIND, &req, &rsp),
			 EC_LOGIN_FAILURE);
	assert_null(f->session);
}

/* R712 */
static void test_unbind(void **state)
{
	union nspi_req req = { .unbind = { .reserved = 7 } };
	union nspi_rsp rsp;

	assert_int_equal(call(*state, REQUEST_TYPE_UNBIND, &req, &rsp),
			 NSPI_UNBIND_SUCCESS);
}

/* --- GetSpecialTable: 3.1.4.1.3 ---------------------------------------- */

static uint32_t special(struct fix *f, uint32_t flags, struct nspi_stat stat,
			bool has_version, uint32_t version,
			union nspi_rsp *rsp)
{
	union nspi_req req = { .get_special_table = { .flags = flags,
		.has_state = true, .state = stat, .has_version = has_version,
		.version = version } };

	return call(f, REQUEST_TYPE_GET_SPECIAL_TABLE, &req, rsp);
}

static void test_hierarchy(void **state)
{
	static const char *const names[] = { "Global Address List",
		"All Users", "All Groups", "All Contacts", "All Rooms",
		"Public Folders", "North" };
	static const uint32_t tags[] = { PID_TAG_ENTRY_ID,
		PID_TAG_CONTAINER_FLAGS, PID_TAG_DEPTH,
		PID_TAG_ADDRESS_BOOK_CONTAINER_ID, PID_TAG_DISPLAY_NAME,
		PID_TAG_ADDRESS_BOOK_IS_MASTER };
	struct fix *f = *state;
	union nspi_rsp rsp;
	const struct nspi_value_rows *rows = &rsp.get_special_table.rows;
	struct address_book_entry_id id;
	uint32_t version;

	assert_int_equal(special(f, NSPI_UNICODE_STRINGS, stat_of(0, 0),
				 false, 0, &rsp), EC_SUCCESS);
	assert_true(rsp.get_special_table.has_version);
	version = rsp.get_special_table.version;
	assert_int_equal(rows->n, 7);
	for (uint32_t i = 0; i < rows->n; i++) {
		const struct prop_values *row = &rows->v[i];

		/* R1863, R1864 */
		assert_int_equal(row->n, 6);
		for (uint32_t j = 0; j < 6; j++)
			assert_int_equal(row->v[j].tag, tags[j]);
		assert_string_equal(row->v[4].str, names[i]);
		/* R1865, R1866 */
		assert_true(address_book_entry_id_parse(&row->v[0].bin,
							f->arena, &id));
		assert_int_equal(id.type, DT_CONTAINER);
		if (i == 0)
			assert_string_equal(id.x500_dn, "/");
		else
			assert_memory_equal(id.x500_dn, "/guid=", 6);
		/* Each can be opened by its ID. */
		assert_int_equal(query(f, stat_of((uint32_t)row->v[3].i32,
						  0), 9, &(union nspi_rsp){
						  0 }), EC_SUCCESS);
	}
	/* R748: the client has it already; R750 */
	assert_int_equal(special(f, NSPI_UNICODE_STRINGS, stat_of(0, 0), true,
				 version, &rsp), EC_SUCCESS);
	assert_false(rsp.get_special_table.has_rows);
	assert_int_equal(rsp.get_special_table.version, version);
}

static void test_hierarchy_string8(void **state)
{
	struct fix *f = *state;
	struct nspi_stat stat = stat_of(0, 0);
	struct recipient_list l = { .name = "Größe", .filter = "(sn=*)",
				    .parent = f->p.north };
	union nspi_rsp rsp;
	const struct nspi_value_rows *rows = &rsp.get_special_table.rows;

	PEOPLE_OK(directory_new_list(f->p.dir, &l, err));
	assert_int_equal(special(f, 0, stat, false, 0, &rsp), EC_SUCCESS);
	assert_int_equal(rsp.get_special_table.code_page, 1252);
	assert_int_equal(rows->n, 8);
	/* R762: of 8 bits, which the codec made Unicode on its way here. */
	assert_string_equal(rows->v[7].v[4].str, "Größe");
	/* Under another list: depth, parent as the seventh column. */
	assert_int_equal(rows->v[7].v[2].i32, 1);
	assert_int_equal(rows->v[7].n, 7);
	assert_int_equal(rows->v[7].v[6].tag,
			 PID_TAG_ADDRESS_BOOK_PARENT_ENTRY_ID);
	assert_int_equal(rows->v[6].v[1].i32 & 2, 2);
	/* R732 */
	stat.code_page = CP_WINUNICODE;
	assert_int_equal(special(f, 0, stat, false, 0, &rsp),
			 EC_NOT_SUPPORTED);
	assert_false(rsp.get_special_table.has_rows);
	assert_int_equal(special(f, NSPI_UNICODE_STRINGS, stat, false, 0,
				 &rsp), EC_SUCCESS);
}

/* R752 … R758 */
static void test_creation_table(void **state)
{
	struct fix *f = *state;
	struct nspi_stat stat = stat_of(0, 0);
	union nspi_rsp rsp;
	const struct nspi_value_rows *rows = &rsp.get_special_table.rows;

	assert_int_equal(special(f, NSPI_ADDRESS_CREATION_TEMPLATES |
				 NSPI_UNICODE_STRINGS, stat, false, 0, &rsp),
			 EC_SUCCESS);
	assert_int_equal(rows->n, 1);
	assert_string_equal(rows->v[0].v[1].str, "SMTP");
	stat.template_locale = 0xffff;
	assert_int_equal(special(f, NSPI_ADDRESS_CREATION_TEMPLATES, stat,
				 false, 0, &rsp), EC_SUCCESS);
	assert_int_equal(rows->n, 0);
}

/* --- UpdateStat: 3.1.4.1.4, 3.1.4.5 ------------------------------------ */

static uint32_t update(struct fix *f, struct nspi_stat stat,
		       union nspi_rsp *rsp)
{
	union nspi_req req = { .update_stat = { .reserved = 1,
		.has_state = true, .state = stat, .delta_requested = true } };

	return call(f, REQUEST_TYPE_UPDATE_STAT, &req, rsp);
}

static void expect_move(struct fix *f, uint32_t current, int32_t delta,
			uint32_t num_pos, int32_t moved)
{
	struct nspi_stat stat = stat_of(0, current);
	union nspi_rsp rsp;
	const struct nspi_stat *out = &rsp.update_stat.state;

	stat.delta = delta;
	assert_int_equal(update(f, stat, &rsp), EC_SUCCESS);
	assert_int_equal(out->num_pos, num_pos);
	assert_int_equal(out->total_recs, 10);
	assert_int_equal(out->delta, 0);
	assert_true(rsp.update_stat.has_delta);
	assert_int_equal(rsp.update_stat.delta, moved);
	/* R1704, R556 */
	if (num_pos == 10)
		assert_int_equal(out->current_rec, MID_END_OF_TABLE);
	else
		assert_true(out->current_rec >= MID_FIRST);
}

/* R540 … R561: absolute positions, in both directions and beyond. */
static void test_update_stat(void **state)
{
	struct fix *f = *state;
	uint32_t carol = mid_of(f, &f->p.carol);

	expect_move(f, MID_BEGINNING_OF_TABLE, 0, 0, 0);
	expect_move(f, MID_BEGINNING_OF_TABLE, 3, 3, 3);
	expect_move(f, MID_BEGINNING_OF_TABLE, -3, 0, 0);
	expect_move(f, MID_BEGINNING_OF_TABLE, 100, 10, 10);
	expect_move(f, MID_END_OF_TABLE, 0, 10, 0);
	expect_move(f, MID_END_OF_TABLE, -2, 8, -2);
	expect_move(f, MID_END_OF_TABLE, INT32_MIN, 0, -10);
	expect_move(f, carol, 0, 2, 0);
	expect_move(f, carol, -1, 1, -1);
	expect_move(f, carol, INT32_MAX, 10, 8);
}

/* R577 … R580 */
static void test_fractional(void **state)
{
	struct fix *f = *state;
	struct nspi_stat stat = stat_of(0, MID_CURRENT);
	union nspi_rsp rsp;

	stat.num_pos = 50;
	stat.total_recs = 100;
	assert_int_equal(update(f, stat, &rsp), EC_SUCCESS);
	assert_int_equal(rsp.update_stat.state.num_pos, 5);
	stat.num_pos = 59;
	assert_int_equal(update(f, stat, &rsp), EC_SUCCESS);
	assert_int_equal(rsp.update_stat.state.num_pos, 5);
	stat.num_pos = 4000;
	assert_int_equal(update(f, stat, &rsp), EC_SUCCESS);
	assert_int_equal(rsp.update_stat.state.num_pos, 10);
	stat.total_recs = 0;
	assert_int_equal(update(f, stat, &rsp), EC_SUCCESS);
	assert_int_equal(rsp.update_stat.state.num_pos, 0);
}

static void test_update_stat_errors(void **state)
{
	struct fix *f = *state;
	struct nspi_stat stat = stat_of(0x4711, 0);
	union nspi_req none = { .update_stat = { 0 } };
	union nspi_rsp rsp;

	/* R789, R784 */
	assert_int_equal(update(f, stat, &rsp), EC_INVALID_BOOKMARK);
	assert_false(rsp.update_stat.has_state);
	/* R792 */
	assert_int_equal(update(f, stat_of(0, 0x7fffffff), &rsp),
			 EC_NOT_FOUND);
	/* R780 */
	stat = stat_of(0, 0);
	stat.code_page = CP_WINUNICODE;
	assert_int_equal(update(f, stat, &rsp), EC_NOT_SUPPORTED);
	assert_int_equal(call(f, REQUEST_TYPE_UPDATE_STAT, &none, &rsp),
			 EC_INVALID_PARAM);
}

/* --- QueryRows: 3.1.4.1.8 ---------------------------------------------- */

static void test_query_rows(void **state)
{
	struct fix *f = *state;
	struct nspi_stat stat = stat_of(0, 0);
	union nspi_rsp rsp;
	const struct nspi_stat *out = &rsp.query_rows.state;

	assert_int_equal(query(f, stat, 3, &rsp), EC_SUCCESS);
	expect_names(&rsp.query_rows.rows,
		     "Alice Ångström, Bob Smith, Carol Smithers");
	/* R988, R1701 */
	assert_int_equal(out->num_pos, 3);
	assert_int_equal(out->total_recs, 10);
	assert_int_equal(query(f, *out, 3, &rsp), EC_SUCCESS);
	expect_names(&rsp.query_rows.rows, "News, Printer, Quote of the Day");
	/* R969: the delta counts. */
	stat = *out;
	stat.delta = -5;
	assert_int_equal(query(f, stat, 1, &rsp), EC_SUCCESS);
	expect_names(&rsp.query_rows.rows, "Bob Smith");
	assert_int_equal(out->delta, 0);
	/* R986: no rows is no error. */
	assert_int_equal(query(f, stat_of(0, MID_END_OF_TABLE), 5, &rsp),
			 EC_SUCCESS);
	assert_int_equal(rsp.query_rows.rows.n, 0);
	assert_int_equal(out->current_rec, MID_END_OF_TABLE);
	/* R948, R943 */
	assert_int_equal(query(f, stat_of(5, 0), 5, &rsp),
			 EC_INVALID_BOOKMARK);
	assert_false(rsp.query_rows.has_columns_and_rows);
	assert_false(rsp.query_rows.has_state);
	/* R939 */
	assert_int_equal(query(f, stat_of(0, 0), 0, &rsp), EC_INVALID_PARAM);
}

/* R957 … R985: an explicit table; rows of what is gone have errors. */
static void test_explicit_table(void **state)
{
	struct fix *f = *state;
	uint32_t mids[] = { mid_of(f, &f->p.room), 0x7fffffff, MID_CURRENT,
			    mid_of(f, &f->p.bob) };
	union nspi_req req = { .query_rows = { .has_state = true,
		.state = stat_of(0x4711, 0), .explicit_table = { 4, mids },
		.row_count = 9 } };
	union nspi_rsp rsp;
	const struct nspi_rows *rows = &rsp.query_rows.rows;

	assert_int_equal(call(f, REQUEST_TYPE_QUERY_ROWS, &req, &rsp),
			 EC_SUCCESS);
	assert_int_equal(rows->n, 4);
	/* R1627: the default columns, and their order. */
	assert_int_equal(rows->columns.n, 7);
	assert_int_equal(rows->columns.v[3], NAME8);
	assert_string_equal(rows->v[0].v[3].str, "Room 1");
	assert_string_equal(rows->v[3].v[3].str, "Bob Smith");
	assert_string_equal(rows->v[3].v[5].str, "Sales");
	for (uint32_t i = 0; i < 7; i++) {
		assert_int_equal(prop_tag_type(rows->v[1].v[i].tag),
				 PTYP_ERROR_CODE);
		/* R84: MID_CURRENT is no object. */
		assert_int_equal(rows->v[2].v[i].error, EC_NOT_FOUND);
	}
}

static void test_containers(void **state)
{
	struct fix *f = *state;
	union nspi_rsp table, rsp;
	static const char *const expected[] = { NULL,
		"Alice Ångström, Bob Smith, Carol Smithers", "Sales, Staff",
		"Zoë Supplier", "Room 1", "News", "Alice Ångström" };

	special(f, NSPI_UNICODE_STRINGS, stat_of(0, 0), false, 0, &table);
	for (uint32_t i = 1; i < 7; i++) {
		const struct prop_values *row =
			&table.get_special_table.rows.v[i];

		assert_int_equal(query(f, stat_of((uint32_t)row->v[3].i32,
						  0), 99, &rsp), EC_SUCCESS);
		expect_names(&rsp.query_rows.rows, expected[i]);
	}
}

/* --- GetProps, GetPropList, QueryColumns ------------------------------- */

static void test_get_props(void **state)
{
	static const uint32_t v[] = { PID_TAG_DISPLAY_NAME, NAME8,
		PID_TAG_SMTP_ADDRESS, PID_TAG_OBJECT_TYPE, PID_TAG_ENTRY_ID,
		PID_TAG_DISPLAY_NAME, PID_TAG_TITLE, 0x12340003,
		PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES, 0x30010000,
		PID_TAG_ADDRESS_BOOK_MANAGER, 0x8005001e,
		PID_TAG_INSTANCE_KEY, 0x30010102 };
	static const struct prop_tags tags = { 14, v };
	struct fix *f = *state;
	union nspi_rsp rsp;
	const struct prop_value *p;
	struct address_book_entry_id id;
	struct ephemeral_entry_id eid;
	uint32_t mid = mid_of(f, &f->p.bob);

	/* R909 … R913: errors in their places, doubles doubled. */
	assert_int_equal(get_props(f, mid, 0, &tags, &rsp),
			 EC_WARN_WITH_ERRORS);
	assert_int_equal(rsp.get_props.code_page, 1252);
	assert_int_equal(rsp.get_props.property_values.n, 14);
	p = rsp.get_props.property_values.v;
	assert_string_equal(p[0].str, "Bob Smith");
	assert_string_equal(p[1].str, "Bob Smith");
	assert_string_equal(p[2].str, "bob@example.test");
	assert_int_equal(p[3].i32, 6);
	assert_true(address_book_entry_id_parse(&p[4].bin, f->arena, &id));
	assert_string_equal(id.x500_dn, dn_of(f, &f->p.bob));
	assert_string_equal(p[5].str, "Bob Smith");
	assert_int_equal(p[6].tag, 0x3a17000a);
	assert_int_equal(p[6].error, EC_NOT_FOUND);
	assert_int_equal(p[7].error, EC_NOT_FOUND);
	assert_string_equal(p[8].mv_str[0], "SMTP:bob@example.test");
	/* R36, R37: any type will do. */
	assert_int_equal(p[9].tag, PID_TAG_DISPLAY_NAME);
	assert_int_equal(p[10].tag, PID_TAG_ADDRESS_BOOK_MANAGER);
	assert_string_equal(p[11].str, dn_of(f, &f->p.alice));
	assert_int_equal(p[12].bin.len, 4);
	assert_int_equal(p[13].error, EC_NOT_FOUND);
	/* R899, R105 */
	assert_int_equal(get_props(f, mid, NSPI_EPH_ID, &tags, &rsp),
			 EC_WARN_WITH_ERRORS);
	p = rsp.get_props.property_values.v;
	assert_true(ephemeral_entry_id_parse(&p[4].bin, &eid));
	assert_int_equal(eid.minimal_id, mid);
	assert_int_equal(eid.display_type, DT_MAILUSER);
}

static void test_get_props_errors(void **state)
{
	struct fix *f = *state;
	union nspi_req req = { .get_props = { .has_state = true,
		.state = stat_of(0x4711, 0x10), .has_property_tags = true,
		.property_tags = name_column } };
	uint32_t *many = arena_array(f->arena, 2000, sizeof *many);
	struct prop_tags tags = { 2000, many };
	union nspi_rsp rsp;

	/* R882, R877 */
	assert_int_equal(call(f, REQUEST_TYPE_GET_PROPS, &req, &rsp),
			 EC_INVALID_BOOKMARK);
	assert_false(rsp.get_props.has_property_values);
	/* R907: as if it had no values. */
	assert_int_equal(get_props(f, 0x7fffffff, 0, &name_column, &rsp),
			 EC_WARN_WITH_ERRORS);
	assert_int_equal(rsp.get_props.property_values.v[0].error,
			 EC_NOT_FOUND);
	/* R896 */
	for (int i = 0; i < 2000; i++)
		many[i] = PID_TAG_DISPLAY_NAME;
	assert_int_equal(get_props(f, 0x10, 0, &tags, &rsp),
			 EC_TABLE_TOO_BIG);
	/* R873: PtypString8 alone. */
	req.get_props.state = stat_of(0, mid_of(f, &f->p.bob));
	req.get_props.state.code_page = CP_WINUNICODE;
	assert_int_equal(call(f, REQUEST_TYPE_GET_PROPS, &req, &rsp),
			 EC_SUCCESS);
	req.get_props.property_tags = (struct prop_tags){ 1,
		(const uint32_t[]){ NAME8 } };
	assert_int_equal(call(f, REQUEST_TYPE_GET_PROPS, &req, &rsp),
			 EC_NOT_SUPPORTED);
}

static bool has_tag(const struct prop_tags *tags, uint32_t tag)
{
	for (uint32_t i = 0; i < tags->n; i++)
		if (tags->v[i] == tag)
			return true;
	return false;
}

/* 3.1.4.2: R1721 … R1738 */
static const uint32_t everywhere[] = { PID_TAG_OBJECT_TYPE,
	PID_TAG_INITIAL_DETAILS_PANE, 0x39ff001e,
	PID_TAG_ADDRESS_BOOK_CONTAINER_ID, PID_TAG_ENTRY_ID,
	PID_TAG_INSTANCE_KEY, PID_TAG_SEARCH_KEY, PID_TAG_RECORD_KEY,
	0x3002001e, 0x3003001e, PID_TAG_DISPLAY_TYPE, PID_TAG_TEMPLATEID,
	0x3a20001e, NAME8, PID_TAG_MAPPING_SIGNATURE, 0x803c001e };

static void test_prop_list(void **state)
{
	struct fix *f = *state;
	const struct guid *all[] = { &f->p.alice, &f->p.staff, &f->p.sales,
		&f->p.supplier, &f->p.room, &f->p.folder_guid, &f->p.agent,
		&f->p.printer };
	union nspi_req req = { .get_prop_list = { .code_page = 1252 } };
	union nspi_rsp rsp, props;
	const struct prop_tags *tags = &rsp.get_prop_list.property_tags;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		req.get_prop_list.minimal_id = mid_of(f, all[i]);
		req.get_prop_list.flags = 0;
		assert_int_equal(call(f, REQUEST_TYPE_GET_PROP_LIST, &req,
				      &rsp), EC_SUCCESS);
		for (size_t j = 0; j < sizeof everywhere /
		     sizeof *everywhere; j++)
			assert_true(has_tag(tags, everywhere[j]));
		/* R852: no PtypString. */
		for (uint32_t j = 0; j < tags->n; j++)
			assert_true((tags->v[j] & 0xfff) != PTYP_STRING);
		/* R1693: GetProps without a list has these, and all. */
		assert_int_equal(get_props(f, req.get_prop_list.minimal_id,
					   0, NULL, &props), EC_SUCCESS);
		assert_int_equal(props.get_props.property_values.n, tags->n);
	}
	/* R1737, R1738, R848 */
	req.get_prop_list.minimal_id = mid_of(f, &f->p.staff);
	call(f, REQUEST_TYPE_GET_PROP_LIST, &req, &rsp);
	assert_true(has_tag(tags, PID_TAG_CONTAINER_CONTENTS));
	assert_true(has_tag(tags, PID_TAG_CONTAINER_FLAGS));
	assert_true(has_tag(tags, PID_TAG_ADDRESS_BOOK_MEMBER));
	req.get_prop_list.flags = NSPI_SKIP_OBJECTS;
	call(f, REQUEST_TYPE_GET_PROP_LIST, &req, &rsp);
	for (uint32_t j = 0; j < tags->n; j++)
		assert_true(prop_tag_type(tags->v[j]) != PTYP_OBJECT);
	req.get_prop_list.minimal_id = 3;
	assert_int_equal(call(f, REQUEST_TYPE_GET_PROP_LIST, &req, &rsp),
			 EC_ERROR);
	assert_false(rsp.get_prop_list.has_property_tags);
}

/* R820, R822 */
static void test_query_columns(void **state)
{
	struct fix *f = *state;
	union nspi_req req = { .query_columns = { 0 } };
	union nspi_rsp rsp;
	const struct prop_tags *tags = &rsp.query_columns.columns;

	assert_int_equal(call(f, REQUEST_TYPE_QUERY_COLUMNS, &req, &rsp),
			 EC_SUCCESS);
	assert_true(has_tag(tags, NAME8));
	for (uint32_t i = 0; i < tags->n; i++)
		assert_true((tags->v[i] & 0xfff) != PTYP_STRING);
	req.query_columns.mapi_flags = NSPI_UNICODE_PROPTYPES;
	call(f, REQUEST_TYPE_QUERY_COLUMNS, &req, &rsp);
	assert_true(has_tag(tags, PID_TAG_DISPLAY_NAME));
	for (uint32_t i = 0; i < tags->n; i++)
		assert_true((tags->v[i] & 0xfff) != PTYP_STRING8);
}

static void test_object_types(void **state)
{
	struct fix *f = *state;
	static const uint32_t v[] = { PID_TAG_OBJECT_TYPE,
				      PID_TAG_DISPLAY_TYPE };
	static const struct prop_tags tags = { 2, v };
	const struct {
		const struct guid *guid;
		int32_t object, display;
	} all[] = { { &f->p.alice, 6, DT_MAILUSER },
		{ &f->p.staff, 8, DT_DISTLIST }, { &f->p.sales, 8, DT_AGENT },
		{ &f->p.supplier, 6, DT_REMOTE_MAILUSER },
		{ &f->p.room, 6, DT_MAILUSER },
		{ &f->p.folder_guid, 3, DT_FORUM },
		{ &f->p.agent, 6, DT_AGENT } };
	union nspi_rsp rsp;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		assert_int_equal(get_props(f, mid_of(f, all[i].guid), 0,
					   &tags, &rsp), EC_SUCCESS);
		assert_int_equal(rsp.get_props.property_values.v[0].i32,
				 all[i].object);
		assert_int_equal(rsp.get_props.property_values.v[1].i32,
				 all[i].display);
	}
}

/* Certificates and pictures come from the back end. */
static void test_large(void **state)
{
	static const uint32_t v[] = { PID_TAG_THUMBNAIL_PHOTO,
				      PID_TAG_USER_X509_CERTIFICATE };
	static const struct prop_tags tags = { 2, v };
	struct fix *f = *state;
	union nspi_req req = { .get_props = { .has_state = true,
		.state = stat_of(0, 0x10), .has_property_tags = true,
		.property_tags = tags } };
	union nspi_rsp rsp;

	people_set(&f->p, f->p.bob, PID_TAG_THUMBNAIL_PHOTO, "\xff\xd8", 2);
	people_set(&f->p, f->p.bob, PID_TAG_USER_X509_CERTIFICATE, "cert", 4);
	assert_false(nspi_is_inline(f->svc, REQUEST_TYPE_GET_PROPS, &req));
	assert_int_equal(get_props(f, mid_of(f, &f->p.bob), 0, &tags, &rsp),
			 EC_SUCCESS);
	assert_int_equal(rsp.get_props.property_values.v[0].bin.len, 2);
	assert_int_equal(rsp.get_props.property_values.v[1].n, 1);
}

/* --- SeekEntries: 3.1.4.1.9 -------------------------------------------- */

static union nspi_req seek_req(const char *text)
{
	return (union nspi_req){ .seek_entries = { .has_state = true,
		.state = stat_of(0, 0), .has_target = true,
		.target = { .tag = PID_TAG_DISPLAY_NAME, .str = text },
		.has_columns = true, .columns = name_column } };
}

static void test_seek(void **state)
{
	struct fix *f = *state;
	union nspi_req req = seek_req("q");
	union nspi_rsp rsp;
	const struct nspi_stat *out = &rsp.seek_entries.state;

	/* R1047, R1050 … R1055, R1075 */
	assert_int_equal(call(f, REQUEST_TYPE_SEEK_ENTRIES, &req, &rsp),
			 EC_SUCCESS);
	assert_int_equal(out->num_pos, 5);
	assert_int_equal(out->total_recs, 10);
	assert_int_equal(out->current_rec, mid_of(f, &f->p.agent));
	expect_names(&rsp.seek_entries.rows,
		     "Quote of the Day, Room 1, Sales, Staff, Zoë Supplier");
	req = seek_req("zz");
	assert_int_equal(call(f, REQUEST_TYPE_SEEK_ENTRIES, &req, &rsp),
			 EC_NOT_FOUND);
	assert_false(rsp.seek_entries.has_state);
	/* R1039, R1043 */
	req = seek_req("a");
	req.seek_entries.state.sort_type = SORT_TYPE_PHONETIC_DISPLAY_NAME;
	assert_int_equal(call(f, REQUEST_TYPE_SEEK_ENTRIES, &req, &rsp),
			 EC_ERROR);
	req = seek_req("a");
	req.seek_entries.target.tag = PID_TAG_SURNAME;
	assert_int_equal(call(f, REQUEST_TYPE_SEEK_ENTRIES, &req, &rsp),
			 EC_ERROR);
	req = seek_req("a");
	req.seek_entries.state.container_id = 0x4711;
	assert_int_equal(call(f, REQUEST_TYPE_SEEK_ENTRIES, &req, &rsp),
			 EC_INVALID_BOOKMARK);
	req = seek_req("a");
	req.seek_entries.has_target = false;
	assert_int_equal(call(f, REQUEST_TYPE_SEEK_ENTRIES, &req, &rsp),
			 EC_INVALID_PARAM);
}

/* R1037, R1052: positions of the explicit table. */
static void test_seek_explicit(void **state)
{
	struct fix *f = *state;
	uint32_t mids[] = { mid_of(f, &f->p.alice), mid_of(f, &f->p.bob),
			    mid_of(f, &f->p.staff) };
	union nspi_req req = seek_req("c");
	union nspi_rsp rsp;

	req.seek_entries.has_explicit_table = true;
	req.seek_entries.explicit_table = (struct nspi_mids){ 3, mids };
	assert_int_equal(call(f, REQUEST_TYPE_SEEK_ENTRIES, &req, &rsp),
			 EC_SUCCESS);
	assert_int_equal(rsp.seek_entries.state.num_pos, 2);
	assert_int_equal(rsp.seek_entries.state.total_recs, 3);
	expect_names(&rsp.seek_entries.rows, "Staff");
	req.seek_entries.target.str = "x";
	assert_int_equal(call(f, REQUEST_TYPE_SEEK_ENTRIES, &req, &rsp),
			 EC_NOT_FOUND);
}

/* --- GetMatches: 3.1.4.1.10 -------------------------------------------- */

static uint32_t matches(struct fix *f, const struct restriction *r,
			uint32_t max, union nspi_rsp *rsp)
{
	union nspi_req req = { .get_matches = { .has_state = true,
		.state = stat_of(0, 0x1234), .has_filter = true, .filter = r,
		.row_count = max, .has_columns = true,
		.columns = name_column } };

	return call(f, REQUEST_TYPE_GET_MATCHES, &req, rsp);
}

static struct restriction content(uint32_t tag, uint16_t level,
				  const char *text)
{
	return (struct restriction){ .type = RES_CONTENT, .content = {
		level, FL_IGNORE_CASE, tag, { .tag = tag, .str = text } } };
}

static void expect_matches(struct fix *f, struct restriction r,
			   const char *names)
{
	union nspi_rsp rsp;

	assert_int_equal(matches(f, &r, 100, &rsp), EC_SUCCESS);
	expect_names(&rsp.get_matches.rows, names);
	/* R1146, R1147 */
	assert_int_equal(rsp.get_matches.state.container_id, 0x1234);
	assert_int_equal(rsp.get_matches.minimal_ids.n,
			 rsp.get_matches.rows.n);
}

/* R1908 … R1914: each kind of restriction. */
static void test_matches(void **state)
{
	struct fix *f = *state;
	struct restriction smith = content(PID_TAG_SURNAME, FL_PREFIX, "SMI");
	struct restriction group = { .type = RES_PROPERTY, .property = {
		REL_OP_EQ, PID_TAG_DISPLAY_TYPE,
		{ .tag = PID_TAG_DISPLAY_TYPE, .i32 = DT_DISTLIST } } };
	struct restriction both[] = { smith, group };
	struct restriction anr = { .type = RES_PROPERTY, .property = {
		REL_OP_EQ, PID_TAG_ANR, { .tag = PID_TAG_ANR,
		.str = "smith" } } };
	struct restriction not_user[2] = { { .type = RES_NOT, .not = &group },
		content(PID_TAG_DISPLAY_NAME, FL_PREFIX, "s") };

	expect_matches(f, smith, "Bob Smith, Carol Smithers");
	expect_matches(f, group, "Staff");
	expect_matches(f, (struct restriction){ .type = RES_OR,
		.list = { 2, both } }, "Bob Smith, Carol Smithers, Staff");
	expect_matches(f, (struct restriction){ .type = RES_AND,
		.list = { 2, both } }, "");
	expect_matches(f, (struct restriction){ .type = RES_AND,
		.list = { 2, not_user } }, "Sales");
	expect_matches(f, (struct restriction){ .type = RES_EXIST,
		.exist = { PID_TAG_OFFICE_LOCATION } }, "Alice Ångström");
	expect_matches(f, content(PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES &
		~(uint32_t)PTYP_MULTIPLE, FL_SUBSTRING, "supplier@"),
		"Zoë Supplier");
	/* PidTagAnr: names to be resolved. */
	expect_matches(f, anr, "Bob Smith, Carol Smithers");
	anr.property.value.str = "car smi";
	expect_matches(f, anr, "Carol Smithers");
}

static void test_matches_errors(void **state)
{
	struct fix *f = *state;
	struct restriction all = { .type = RES_EXIST,
		.exist = { PID_TAG_DISPLAY_NAME } };
	union nspi_req req = { .get_matches = { .has_state = true,
		.state = stat_of(0, 0), .has_filter = true, .filter = &all,
		.row_count = 100 } };
	struct restriction *deep = arena_array(f->arena, 100, sizeof *deep);
	union nspi_rsp rsp;

	/* R1149 */
	assert_int_equal(matches(f, &all, 9, &rsp), EC_TABLE_TOO_BIG);
	assert_false(rsp.get_matches.has_minimal_ids);
	assert_false(rsp.get_matches.has_state);
	assert_int_equal(matches(f, &all, 10, &rsp), EC_SUCCESS);
	/* Without columns no rows. */
	assert_int_equal(call(f, REQUEST_TYPE_GET_MATCHES, &req, &rsp),
			 EC_SUCCESS);
	assert_false(rsp.get_matches.has_columns_and_rows);
	/* R1122 */
	req.get_matches.state.container_id = 77;
	assert_int_equal(call(f, REQUEST_TYPE_GET_MATCHES, &req, &rsp),
			 EC_INVALID_BOOKMARK);
	/* R1105 */
	req.get_matches.state = stat_of(0, 0);
	req.get_matches.state.sort_type = SORT_TYPE_DISPLAY_NAME_RO;
	assert_int_equal(call(f, REQUEST_TYPE_GET_MATCHES, &req, &rsp),
			 EC_ERROR);
	/* R1125 */
	for (int i = 0; i < 99; i++)
		deep[i] = (struct restriction){ .type = RES_NOT,
						.not = &deep[i + 1] };
	deep[99] = all;
	assert_int_equal(matches(f, deep, 100, &rsp), EC_TOO_COMPLEX);
}

/* R1130 … R1145: members, lists, reports, manager, owned, delegates. */
static void test_links(void **state)
{
	enum { RO = SORT_TYPE_DISPLAY_NAME_RO, W = SORT_TYPE_DISPLAY_NAME_W };
	struct fix *f = *state;
	union nspi_rsp rsp;
	const struct {
		const struct guid *guid;
		uint32_t tag;
		const char *names;
	} all[] = {
		{ &f->p.staff, PID_TAG_ADDRESS_BOOK_MEMBER,
		  "Bob Smith, Carol Smithers" },
		{ &f->p.bob, 0x8008000d, "Staff" },
		{ &f->p.alice, PID_TAG_ADDRESS_BOOK_REPORTS,
		  "Bob Smith, Carol Smithers" },
		{ &f->p.bob, PID_TAG_ADDRESS_BOOK_MANAGER, "Alice Ångström" },
		{ &f->p.staff, PID_TAG_ADDRESS_BOOK_OWNER, "Alice Ångström" },
		{ &f->p.alice, PID_TAG_ADDRESS_BOOK_OWNER_BACK_LINK, "Staff" },
		{ &f->p.alice, PID_TAG_ADDRESS_BOOK_PUBLIC_DELEGATES, "" },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		assert_int_equal(linked(f, all[i].guid, all[i].tag, RO, &rsp),
				 EC_SUCCESS);
		expect_names(&rsp.get_matches.rows, all[i].names);
		assert_int_equal(rsp.get_matches.state.container_id,
				 mid_of(f, all[i].guid));
	}
	/* R1139 */
	assert_int_equal(linked(f, &f->p.staff, PID_TAG_ADDRESS_BOOK_MEMBER,
				W, &rsp), EC_SUCCESS);
	assert_int_equal(linked(f, &f->p.bob, PID_TAG_ADDRESS_BOOK_MANAGER, W,
				&rsp), EC_NOT_SUPPORTED);
	/* R1140, R1138 */
	assert_int_equal(linked(f, &f->p.bob, PID_TAG_SURNAME, RO, &rsp),
			 EC_NOT_SUPPORTED);
	assert_int_equal(linked(f, NULL, PID_TAG_ADDRESS_BOOK_MEMBER, RO,
				&rsp), EC_ERROR);
}

/* --- ResortRestriction, CompareMIds, DNToMId --------------------------- */

static void test_resort(void **state)
{
	struct fix *f = *state;
	uint32_t mids[] = { mid_of(f, &f->p.staff), 0x7ffffff0,
			    mid_of(f, &f->p.bob), mid_of(f, &f->p.alice) };
	union nspi_req req = { .resort_restriction = { .has_state = true,
		.state = stat_of(0, mids[2]), .has_minimal_ids = true,
		.minimal_ids = { 4, mids } } };
	union nspi_rsp rsp;
	const struct nspi_stat *out = &rsp.resort_restriction.state;

	/* R1197, R1199, R1204 */
	assert_int_equal(call(f, REQUEST_TYPE_RESORT_RESTRICTION, &req, &rsp),
			 EC_SUCCESS);
	assert_int_equal(rsp.resort_restriction.minimal_ids.n, 3);
	assert_int_equal(rsp.resort_restriction.minimal_ids.v[0], mids[3]);
	assert_int_equal(rsp.resort_restriction.minimal_ids.v[2], mids[0]);
	assert_int_equal(out->total_recs, 3);
	assert_int_equal(out->num_pos, 1);
	assert_int_equal(out->current_rec, mids[2]);
	/* R1205, R1759 */
	req.resort_restriction.state.current_rec = mid_of(f, &f->p.room);
	call(f, REQUEST_TYPE_RESORT_RESTRICTION, &req, &rsp);
	assert_int_equal(out->num_pos, 0);
	assert_int_equal(out->current_rec, MID_BEGINNING_OF_TABLE);
	/* R1194, R1189 */
	req.resort_restriction.state.sort_type = 3;
	assert_int_equal(call(f, REQUEST_TYPE_RESORT_RESTRICTION, &req, &rsp),
			 EC_ERROR);
	assert_false(rsp.resort_restriction.has_minimal_ids);
}

static uint32_t compare(struct fix *f, uint32_t container, uint32_t one,
			uint32_t two, int32_t *result)
{
	union nspi_req req = { .compare_mids = { .has_state = true,
		.state = stat_of(container, 0), .minimal_id1 = one,
		.minimal_id2 = two } };
	union nspi_rsp rsp;
	uint32_t error = call(f, REQUEST_TYPE_COMPARE_MIDS, &req, &rsp);

	*result = rsp.compare_mids.result;
	return error;
}

/* R1230 … R1240 */
static void test_compare(void **state)
{
	struct fix *f = *state;
	uint32_t a = mid_of(f, &f->p.alice), b = mid_of(f, &f->p.bob);
	int32_t result;

	assert_int_equal(compare(f, 0, a, b, &result), EC_SUCCESS);
	assert_true(result < 0);
	assert_int_equal(compare(f, 0, b, a, &result), EC_SUCCESS);
	assert_true(result > 0);
	assert_int_equal(compare(f, 0, b, b, &result), EC_SUCCESS);
	assert_int_equal(result, 0);
	assert_int_equal(compare(f, 1, a, b, &result), EC_INVALID_BOOKMARK);
	assert_int_equal(compare(f, 0, a, 1, &result), EC_ERROR);
	/* Rooms: neither is in it. */
	assert_int_equal(compare(f, 0xc0000004, a, b, &result), EC_ERROR);
}

/* R1260 … R1264 */
static void test_dn_to_mid(void **state)
{
	struct fix *f = *state;
	const char *dns[] = { "/o=nowhere", dn_of(f, &f->p.bob), "",
		"/guid=506f73746 not", dn_of(f, &f->p.staff) };
	union nspi_req req = { .dn_to_mid = { .has_names = true,
		.names = { 5, dns } } };
	union nspi_rsp rsp;
	const uint32_t *v;

	assert_int_equal(call(f, REQUEST_TYPE_DN_TO_MID, &req, &rsp),
			 EC_SUCCESS);
	v = rsp.dn_to_mid.minimal_ids.v;
	assert_int_equal(rsp.dn_to_mid.minimal_ids.n, 5);
	assert_int_equal(v[0], 0);
	assert_int_equal(v[1], mid_of(f, &f->p.bob));
	assert_int_equal(v[2], 0);
	assert_int_equal(v[3], 0);
	assert_int_equal(v[4], mid_of(f, &f->p.staff));
}

/* --- ResolveNames: 3.1.4.1.16, 3.1.4.7 --------------------------------- */

static uint32_t resolve(struct fix *f, uint32_t container,
			const char *const *names, uint32_t n,
			union nspi_rsp *rsp)
{
	union nspi_req req = { .resolve_names = { .has_state = true,
		.state = stat_of(container, 0), .has_property_tags = true,
		.property_tags = name_column, .has_names = true,
		.names = { n, names } } };

	return call(f, REQUEST_TYPE_RESOLVE_NAMES, &req, rsp);
}

static void test_resolve(void **state)
{
	static const char *const names[] = { "bob", "smith", "nobody", "",
		"=smith", "alice@example.test" };
	static const uint32_t expected[] = { MID_RESOLVED, MID_AMBIGUOUS,
		MID_UNRESOLVED, MID_UNRESOLVED, MID_RESOLVED, MID_RESOLVED };
	struct fix *f = *state;
	union nspi_rsp rsp;

	/* R618 … R624, R1374 … R1379 */
	assert_int_equal(resolve(f, 0, names, 6, &rsp), EC_SUCCESS);
	assert_int_equal(rsp.resolve_names.minimal_ids.n, 6);
	for (int i = 0; i < 6; i++)
		assert_int_equal(rsp.resolve_names.minimal_ids.v[i],
				 expected[i]);
	expect_names(&rsp.resolve_names.rows,
		     "Bob Smith, Bob Smith, Alice Ångström");
	assert_int_equal(rsp.resolve_names.code_page, 1252);
	/* R612: in the container alone. */
	assert_int_equal(resolve(f, 0xc0000004, names, 1, &rsp), EC_SUCCESS);
	assert_int_equal(rsp.resolve_names.minimal_ids.v[0], MID_UNRESOLVED);
	/* R1372, R1367 */
	assert_int_equal(resolve(f, 0x55, names, 1, &rsp),
			 EC_INVALID_BOOKMARK);
	assert_false(rsp.resolve_names.has_minimal_ids);
	assert_false(rsp.resolve_names.has_rows_and_cols);
}

/* --- GetTemplateInfo: 3.1.4.1.18 --------------------------------------- */

static uint32_t template(struct fix *f, uint32_t flags, uint32_t type,
			 const char *dn, uint32_t page, uint32_t lcid,
			 union nspi_rsp *rsp)
{
	union nspi_req req = { .get_template_info = { .flags = flags,
		.display_type = type, .has_template_dn = dn != NULL,
		.template_dn = dn, .code_page = page, .locale_id = lcid } };

	return call(f, REQUEST_TYPE_GET_TEMPLATE_INFO, &req, rsp);
}

/* Every row within, every text within, and ended. */
static void check_rowset(const struct bin *data)
{
	struct wire_r r = wire_r(data->data, data->len);
	uint32_t n;

	assert_int_equal(wire_u32(&r), 1);
	n = wire_u32(&r);
	assert_true(n > 3 && 8 + 36 * n < data->len);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at, v[9];

		for (int j = 0; j < 9; j++)
			v[j] = wire_u32(&r);
		at = v[8];
		assert_true(v[4] <= 12);
		assert_in_range(at, 8 + 36 * n, data->len - 1);
		assert_non_null(memchr(data->data + at, 0, data->len - at));
	}
}

static void test_templates(void **state)
{
	struct fix *f = *state;
	static const uint32_t types[] = { DT_MAILUSER, DT_DISTLIST, DT_FORUM,
		DT_AGENT, DT_REMOTE_MAILUSER };
	struct address_book_entry_id id;
	union nspi_rsp rsp, table;
	const struct prop_values *row = &rsp.get_template_info.row;

	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(template(f, TI_TEMPLATE | TI_SCRIPT, types[i],
					  NULL, 1252, 0x409, &rsp),
				 EC_SUCCESS);
		assert_int_equal(row->n, 2);
		assert_int_equal(row->v[0].tag, PID_TAG_TEMPLATE_DATA);
		check_rowset(&row->v[0].bin);
		assert_int_equal(row->v[1].tag, PID_TAG_SCRIPT_DATA);
	}
	/* R1474 … R1983: by the DN of the creation table. */
	special(f, NSPI_ADDRESS_CREATION_TEMPLATES, stat_of(0, 0), false, 0,
		&table);
	assert_true(address_book_entry_id_parse(
		&table.get_special_table.rows.v[0].v[6].bin, f->arena, &id));
	assert_int_equal(id.type, DT_ADDRESS_TEMPLATE);
	assert_int_equal(template(f, TI_TEMPLATE, 77, id.x500_dn, 1252,
				  0xffff, &rsp), EC_SUCCESS);
	check_rowset(&row->v[0].bin);
	/* R1467, R1469, R1476, R1462 */
	assert_int_equal(template(f, TI_TEMPLATE, 0, NULL, CP_WINUNICODE,
				  0x409, &rsp), EC_INVALID_CODE_PAGE);
	assert_int_equal(template(f, TI_TEMPLATE, 0, NULL, 4711, 0x409,
				  &rsp), EC_INVALID_CODE_PAGE);
	assert_int_equal(template(f, TI_TEMPLATE, 77, NULL, 1252, 0x409,
				  &rsp), EC_INVALID_LOCALE);
	assert_int_equal(template(f, TI_TEMPLATE, 0, NULL, 1252, 0xffff,
				  &rsp), EC_INVALID_LOCALE);
	assert_int_equal(template(f, TI_TEMPLATE, 0, "/o=x", 1252, 0x409,
				  &rsp), EC_INVALID_LOCALE);
	assert_false(rsp.get_template_info.has_row);
}

/* --- Threads, and what is quick ----------------------------------------- */

static void test_inline(void **state)
{
	struct fix *f = *state;
	struct restriction exist = { .type = RES_EXIST,
		.exist = { PID_TAG_SURNAME } };
	union nspi_req req = { .query_rows = { .has_state = true,
		.state = stat_of(0, 0), .row_count = 50 } };

	assert_true(nspi_is_inline(f->svc, REQUEST_TYPE_QUERY_ROWS, &req));
	req.query_rows.state.sort_locale = 0x041d;
	assert_false(nspi_is_inline(f->svc, REQUEST_TYPE_QUERY_ROWS, &req));
	req = (union nspi_req){ .get_matches = { .has_state = true,
		.state = stat_of(0, 0), .has_filter = true,
		.filter = &exist } };
	assert_false(nspi_is_inline(f->svc, REQUEST_TYPE_GET_MATCHES, &req));
	req = (union nspi_req){ .mod_props = { 0 } };
	assert_false(nspi_is_inline(f->svc, REQUEST_TYPE_MOD_PROPS, &req));
	/* Something is new: it has to be read first. */
	req = (union nspi_req){ .unbind = { 0 } };
	assert_true(nspi_is_inline(f->svc, REQUEST_TYPE_UNBIND, &req));
	people_text(&f->p, f->p.bob, PID_TAG_TITLE, "Clerk");
	assert_false(nspi_is_inline(f->svc, REQUEST_TYPE_UNBIND, &req));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_bind), TEST(test_unbind), TEST(test_hierarchy),
		TEST(test_hierarchy_string8), TEST(test_creation_table),
		TEST(test_update_stat), TEST(test_fractional),
		TEST(test_update_stat_errors), TEST(test_query_rows),
		TEST(test_explicit_table), TEST(test_containers),
		TEST(test_get_props), TEST(test_get_props_errors),
		TEST(test_prop_list), TEST(test_query_columns),
		TEST(test_object_types), TEST(test_large), TEST(test_seek),
		TEST(test_seek_explicit), TEST(test_matches),
		TEST(test_matches_errors), TEST(test_links),
		TEST(test_resort), TEST(test_compare), TEST(test_dn_to_mid),
		TEST(test_resolve), TEST(test_templates), TEST(test_inline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
