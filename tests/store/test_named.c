/* SPDX-License-Identifier: Apache-2.0 */
/* [MS-OXCPRPT] 3.2.5.9, 3.2.5.10 */
#include "store_env.h"

static struct prop_name lid_name(uint8_t set, uint32_t lid)
{
	return (struct prop_name){ .kind = PROP_NAME_LID,
				   .guid = { { set } }, .lid = lid };
}

static struct prop_name string_name(uint8_t set, const char *s)
{
	return (struct prop_name){ .kind = PROP_NAME_STRING,
				   .guid = { { set } }, .name = s };
}

static void test_map(void **state)
{
	struct env *e = *state;
	struct prop_name lid = lid_name(1, 0x8205), got;
	struct prop_name string = string_name(1, "Keywords");
	struct prop_name cased = string_name(1, "keywords");
	uint16_t a, b, c, again;

	assert_int_equal(named_id(e->store, &lid, false, &a), EC_NOT_FOUND);
	assert_int_equal(a, 0);
	assert_int_equal(named_id(e->store, &lid, true, &a), EC_SUCCESS);
	assert_true(a > 0x8000);                  /* R535 */
	assert_int_equal(named_id(e->store, &string, true, &b), EC_SUCCESS);
	assert_int_equal(named_id(e->store, &cased, true, &c), EC_SUCCESS);
	assert_int_not_equal(a, b);
	assert_int_not_equal(b, c);
	env_reopen(e);
	assert_int_equal(named_id(e->store, &string, true, &again),
			 EC_SUCCESS);
	assert_int_equal(again, b);
	assert_int_equal(named_name(e->store, a, e->a, &got), EC_SUCCESS);
	assert_int_equal(got.kind, PROP_NAME_LID);
	assert_int_equal(got.lid, 0x8205);
	assert_true(guid_equal(&got.guid, &lid.guid));
	assert_int_equal(named_name(e->store, b, e->a, &got), EC_SUCCESS);
	assert_string_equal(got.name, "Keywords");
	assert_int_equal(named_name(e->store, 0xabcd, e->a, &got),
			 EC_NOT_FOUND);           /* R523 */
	assert_int_equal(got.kind, PROP_NAME_NONE);
}

/* R518 to R520, R642, R529 */
static void test_special_sets(void **state)
{
	struct env *e = *state;
	struct prop_name mapi = { .kind = PROP_NAME_LID, .lid = 0x37 }, got;
	struct prop_name header = { .kind = PROP_NAME_STRING,
				    .name = "X-Mailer" };
	struct prop_name lower = header;
	uint16_t id, other;

	unhex("2803020000000000c000000000000046", mapi.guid.b);
	unhex("8603020000000000c000000000000046", header.guid.b);
	lower.guid = header.guid;
	lower.name = "x-mailer";
	assert_int_equal(named_id(e->store, &mapi, true, &id), EC_SUCCESS);
	assert_int_equal(id, 0x37);
	mapi.lid = 0x9000;
	assert_int_equal(named_id(e->store, &mapi, true, &id),
			 EC_NOT_FOUND);
	assert_int_equal(named_name(e->store, 0x37, e->a, &got),
			 EC_SUCCESS);
	assert_true(guid_equal(&got.guid, &mapi.guid));
	assert_int_equal(got.lid, 0x37);
	assert_int_equal(got.kind, PROP_NAME_LID);
	assert_int_equal(named_id(e->store, &header, true, &id),
			 EC_SUCCESS);
	assert_int_equal(named_id(e->store, &lower, false, &other),
			 EC_SUCCESS);
	assert_int_equal(id, other);
	named_name(e->store, id, e->a, &got);
	assert_string_equal(got.name, "x-mailer");
}

static void test_many(void **state)
{
	struct env *e = *state;
	struct prop_name names[4] = { lid_name(1, 1), string_name(2, ""),
				      lid_name(2, 5), lid_name(1, 1) };
	const struct prop_name *list;
	const uint16_t *list_ids;
	uint16_t ids[4];
	size_t n;
	char longest[300];

	assert_int_equal(named_ids(e->store, names, 4, false, ids),
			 EC_SUCCESS);
	for (int i = 0; i < 4; i++)
		assert_int_equal(ids[i], 0);
	assert_int_equal(named_ids(e->store, names, 4, true, ids),
			 EC_SUCCESS);
	assert_int_not_equal(ids[0], 0);
	assert_int_equal(ids[1], 0);
	assert_int_equal(ids[3], ids[0]);
	assert_int_equal(named_list(e->store, NULL, e->a, &n, &list_ids,
				    &list), EC_SUCCESS);
	assert_int_equal(n, 2);
	assert_int_equal(list_ids[0], ids[0]);
	assert_int_equal(list[1].lid, 5);
	assert_int_equal(named_list(e->store, &names[2].guid, e->a, &n,
				    NULL, &list), EC_SUCCESS);
	assert_int_equal(n, 1);
	assert_int_equal(list[0].lid, 5);
	memset(longest, 'x', sizeof longest);
	longest[255] = '\0';
	names[0] = string_name(1, longest);
	assert_int_equal(named_id(e->store, &names[0], true, ids),
			 EC_INVALID_PARAM);
	longest[254] = '\0';
	assert_int_equal(named_id(e->store, &names[0], true, ids),
			 EC_SUCCESS);
	names[0].kind = PROP_NAME_NONE;
	assert_int_equal(named_id(e->store, &names[0], true, ids),
			 EC_INVALID_PARAM);
}

/* R53501, R53502: when all are taken */
static void test_full(void **state)
{
	struct env *e = *state;
	struct prop_name last = lid_name(1, 1), none = lid_name(1, 2);
	uint16_t id;

	sqlite3_exec(db_handle(e->store), "INSERT INTO named VALUES(65533, "
		     "x'00', 0, 0, '')", NULL, NULL, NULL);
	assert_int_equal(named_id(e->store, &last, true, &id), EC_SUCCESS);
	assert_int_equal(id, NAMED_ID_LAST);
	assert_int_equal(named_id(e->store, &none, true, &id),
			 EC_NOT_ENOUGH_MEMORY);
	assert_int_equal(named_id(e->store, &last, true, &id), EC_SUCCESS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, env_setup, \
						   env_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_map), TEST(test_special_sets), TEST(test_many),
		TEST(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
