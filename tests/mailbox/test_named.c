/* SPDX-License-Identifier: Apache-2.0 */
/* Named properties ([MS-OXCPRPT] 3.2.5.6, 3.2.5.9, 3.2.5.10). */
#include "harness.h"

enum { CREATE = 0x02, NO_STRINGS = 0x01, NO_IDS = 0x02 };

static const struct guid ps_mapi = { {
	0x28, 0x03, 0x02, 0x00, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46 } };
static const struct guid ps_internet_headers = { {
	0x86, 0x03, 0x02, 0x00, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46 } };
static const struct guid set_a = { { 0xaa, 1, 2, 3 } };
static const struct guid set_b = { { 0xbb, 1, 2, 3 } };

struct fixture {
	struct harness *h;
	uint32_t logon;
};

static int setup(void **state)
{
	struct fixture *f = test_calloc(1, sizeof *f);

	f->h = harness_new();
	f->logon = harness_logon(f->h, f->h->alice, 0, ALICE_DN);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	harness_free(f->h);
	test_free(f);
	return 0;
}

static const uint16_t *ids(struct fixture *f, uint8_t flags,
			   const struct prop_name *names, uint32_t n)
{
	const union rop_req req = { .get_property_ids_from_names = {
		.flags = flags,
		.property_names = { .n = n, .v = names },
	} };
	union rop_rsp rsp;

	assert_int_equal(rop(f->h, f->h->alice,
			     ROP_ID_get_property_ids_from_names, f->logon,
			     &req, &rsp, NULL), EC_SUCCESS);
	if (n > 0)
		assert_int_equal(
			rsp.get_property_ids_from_names.property_ids.n, n);
	return rsp.get_property_ids_from_names.property_ids.v;
}

static struct prop_name lid(const struct guid *set, uint32_t n)
{
	return (struct prop_name){ .kind = PROP_NAME_LID, .guid = *set,
				   .lid = n };
}

static struct prop_name text(const struct guid *set, const char *name)
{
	return (struct prop_name){ .kind = PROP_NAME_STRING, .guid = *set,
				   .name = name };
}

/* 3.2.5.10 */
static void test_ids(void **state)
{
	struct fixture *f = *state;
	const struct prop_name names[] = {
		lid(&set_a, 0x8001), text(&set_a, "Color"),
		text(&set_b, "Color"), lid(&ps_mapi, 0x0037),
		text(&ps_internet_headers, "X-Mailer"),
		text(&ps_internet_headers, "x-mailer"),
	};
	const uint16_t *before = ids(f, 0, names, 6), *made, *again;
	uint16_t unknown[6];

	memcpy(unknown, before, sizeof unknown);
	assert_int_equal(unknown[0], 0);
	assert_int_equal(unknown[1], 0);
	assert_int_equal(unknown[3], 0x0037);
	made = ids(f, CREATE, names, 6);
	for (int i = 0; i < 6; i++)
		if (i != 3)
			assert_in_range(made[i], 0x8001, 0xfffe);
	assert_int_not_equal(made[0], made[1]);
	assert_int_not_equal(made[1], made[2]);
	assert_int_equal(made[4], made[5]);
	again = ids(f, 0, names, 6);
	assert_memory_equal(made, again, sizeof unknown);
}

/* Kind 1 in PS_MAPI cannot be mapped (R225): 0, the others can. */
static void test_unmappable(void **state)
{
	struct fixture *f = *state;
	const struct prop_name names[] = {
		text(&ps_mapi, "Name"), text(&set_a, "Name"),
	};
	const uint16_t *v = ids(f, CREATE, names, 2);

	assert_int_equal(v[0], 0);
	assert_true(v[1] >= 0x8000);
}

/* 3.2.5.9 */
static void test_names(void **state)
{
	struct fixture *f = *state;
	const struct prop_name wanted[] = {
		lid(&set_a, 77), text(&set_b, "N\xc3\xa4me"),
	};
	const uint16_t *made = ids(f, CREATE, wanted, 2);
	const uint16_t asked[] = { made[0], made[1], 0x0037, 0xfff0 };
	const union rop_req req = { .get_names_from_property_ids = {
		.property_ids = { .n = 4, .v = asked },
	} };
	const struct prop_name *v;
	union rop_rsp rsp;

	assert_int_equal(rop(f->h, f->h->alice,
			     ROP_ID_get_names_from_property_ids, f->logon,
			     &req, &rsp, NULL), EC_SUCCESS);
	assert_int_equal(rsp.get_names_from_property_ids.property_names.n, 4);
	v = rsp.get_names_from_property_ids.property_names.v;
	assert_int_equal(v[0].kind, PROP_NAME_LID);
	assert_int_equal(v[0].lid, 77);
	assert_true(guid_equal(&v[0].guid, &set_a));
	assert_int_equal(v[1].kind, PROP_NAME_STRING);
	assert_string_equal(v[1].name, "N\xc3\xa4me");
	assert_int_equal(v[2].kind, PROP_NAME_LID);
	assert_int_equal(v[2].lid, 0x0037);
	assert_true(guid_equal(&v[2].guid, &ps_mapi));
	assert_int_equal(v[3].kind, PROP_NAME_NONE);
}

static uint32_t query(struct fixture *f, uint8_t flags,
		      const struct guid *set)
{
	union rop_req req = { .query_named_properties = {
		.query_flags = flags, .has_guid = set != NULL,
	} };
	union rop_rsp rsp;

	if (set != NULL)
		req.query_named_properties.property_guid = *set;
	assert_int_equal(rop(f->h, f->h->alice,
			     ROP_ID_query_named_properties, f->logon, &req,
			     &rsp, NULL), EC_SUCCESS);
	for (uint32_t i = 0; i < rsp.query_named_properties.properties.n; i++)
		if (set != NULL)
			assert_true(guid_equal(&rsp.query_named_properties.
					       properties.names[i].guid, set));
	return rsp.query_named_properties.properties.n;
}

/* 3.2.5.6; and no names at all on a logon: every ID (R526) */
static void test_query(void **state)
{
	struct fixture *f = *state;
	const struct prop_name names[] = {
		lid(&set_a, 1), lid(&set_a, 2), text(&set_a, "a"),
		text(&set_b, "b"),
	};
	uint32_t all = query(f, 0, NULL);

	(void)ids(f, CREATE, names, 4);
	assert_int_equal(query(f, 0, NULL), all + 4);
	assert_int_equal(query(f, 0, &set_a), 3);
	assert_int_equal(query(f, NO_STRINGS, &set_a), 2);
	assert_int_equal(query(f, NO_IDS, &set_a), 1);
	assert_int_equal(query(f, NO_IDS | NO_STRINGS, &set_a), 0);
	/* Invalid bits are ignored (R87801). */
	assert_int_equal(query(f, 0xf0, &set_a), 3);
	assert_non_null(ids(f, 0, NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ids, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unmappable, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_query, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
