/* SPDX-License-Identifier: Apache-2.0 */
/* The address book server: what is changed ([MS-OXNSPI]), and its URLs. */
#include "mailbox/nspi_fixture.h"

/* --- ModLinkAtt, ModProps: 3.1.4.1.15, 3.1.4.1.14 ----------------------- */

static struct bin permanent(struct fix *f, const struct guid *guid)
{
	struct address_book_entry_id id = { 0, dn_of(f, guid) };

	return address_book_entry_id_format(f->arena, &id);
}

static struct bin ephemeral(struct fix *f, const struct guid *guid)
{
	struct ephemeral_entry_id id = { nspi_server_guid(f->svc), 0,
					 mid_of(f, guid) };

	return ephemeral_entry_id_format(f->arena, &id);
}

static uint32_t link_att(struct fix *f, const struct identity *who,
			 uint32_t flags, uint32_t tag, uint32_t mid,
			 struct bin id)
{
	union nspi_req req = { .mod_link_att = { .flags = flags,
		.property_tag = tag, .minimal_id = mid, .has_entry_ids = true,
		.entry_ids = { 1, &id } } };
	union nspi_rsp rsp;

	f->who = who;
	return call(f, REQUEST_TYPE_MOD_LINK_ATT, &req, &rsp);
}

static void expect_members(struct fix *f, const struct guid *guid,
			   uint32_t tag, const char *names)
{
	union nspi_rsp rsp;

	assert_int_equal(linked(f, guid, tag, SORT_TYPE_DISPLAY_NAME_RO,
				&rsp), EC_SUCCESS);
	expect_names(&rsp.get_matches.rows, names);
}

static void test_mod_link(void **state)
{
	enum { MEMBER = PID_TAG_ADDRESS_BOOK_MEMBER };
	struct fix *f = *state;
	uint32_t staff = mid_of(f, &f->p.staff);

	/* Who manages it may; both forms of entry IDs. */
	assert_int_equal(link_att(f, f->alice, 0, MEMBER, staff,
				  permanent(f, &f->p.supplier)), EC_SUCCESS);
	assert_int_equal(link_att(f, f->alice, 0, MEMBER, staff,
				  ephemeral(f, &f->p.room)), EC_SUCCESS);
	/* R1336: what is there already is ignored. */
	assert_int_equal(link_att(f, f->alice, 0, MEMBER, staff,
				  ephemeral(f, &f->p.room)), EC_SUCCESS);
	expect_members(f, &f->p.staff, MEMBER,
		       "Bob Smith, Carol Smithers, Room 1, Zoë Supplier");
	/* R1332, R1333 */
	assert_int_equal(link_att(f, f->alice, NSPI_DELETE, MEMBER, staff,
				  permanent(f, &f->p.bob)), EC_SUCCESS);
	assert_int_equal(link_att(f, f->alice, NSPI_DELETE, MEMBER, staff,
				  permanent(f, &f->p.alice)), EC_SUCCESS);
	expect_members(f, &f->p.staff, MEMBER,
		       "Carol Smithers, Room 1, Zoë Supplier");
	/* Nobody else, but for administrators. */
	assert_int_equal(link_att(f, f->bob, 0, MEMBER, staff,
				  permanent(f, &f->p.bob)), EC_ACCESS_DENIED);
	assert_int_equal(link_att(f, f->admin, 0, MEMBER, staff,
				  permanent(f, &f->p.bob)), EC_SUCCESS);
	/* Delegates: one's own. */
	assert_int_equal(link_att(f, f->bob, 0,
		PID_TAG_ADDRESS_BOOK_PUBLIC_DELEGATES, mid_of(f, &f->p.bob),
		permanent(f, &f->p.alice)), EC_SUCCESS);
	expect_members(f, &f->p.bob, PID_TAG_ADDRESS_BOOK_PUBLIC_DELEGATES,
		       "Alice Ångström");
	assert_int_equal(link_att(f, f->bob, 0,
		PID_TAG_ADDRESS_BOOK_PUBLIC_DELEGATES, mid_of(f, &f->p.alice),
		permanent(f, &f->p.bob)), EC_ACCESS_DENIED);
}

static void test_mod_link_errors(void **state)
{
	enum { MEMBER = PID_TAG_ADDRESS_BOOK_MEMBER };
	struct fix *f = *state;
	struct bin bob = permanent(f, &f->p.bob);
	struct bin junk = { (const uint8_t *)"junk", 4 };

	/* R1326, R1328, R1647, R1338 */
	assert_int_equal(link_att(f, f->admin, 0, 0x7777000d,
				  mid_of(f, &f->p.staff), bob), EC_NOT_FOUND);
	assert_int_equal(link_att(f, f->admin, 0, MEMBER, 3, bob),
			 EC_INVALID_PARAM);
	assert_int_equal(link_att(f, f->admin, 0, MEMBER,
				  mid_of(f, &f->p.bob), bob),
			 EC_ACCESS_DENIED);
	assert_int_equal(link_att(f, f->admin, 0, MEMBER,
				  mid_of(f, &f->p.sales), bob),
			 EC_ACCESS_DENIED);
	assert_int_equal(link_att(f, f->admin, 0,
				  PID_TAG_ADDRESS_BOOK_MANAGER,
				  mid_of(f, &f->p.bob), bob),
			 EC_ACCESS_DENIED);
	assert_int_equal(link_att(f, f->admin, 0, MEMBER,
				  mid_of(f, &f->p.staff), junk),
			 EC_ACCESS_DENIED);
	assert_int_equal(link_att(f, f->admin, NSPI_DELETE, MEMBER,
				  mid_of(f, &f->p.staff), junk), EC_SUCCESS);
}

static uint32_t mod_props(struct fix *f, const struct identity *who,
			  const struct guid *guid,
			  const struct prop_tags *tags,
			  const struct prop_values *values)
{
	union nspi_req req = { .mod_props = { .reserved = 5,
		.has_state = true, .state = stat_of(0, guid != NULL ?
		mid_of(f, guid) : 2), .has_property_tags = tags != NULL,
		.has_property_values = values != NULL } };
	union nspi_rsp rsp;

	if (tags != NULL)
		req.mod_props.property_tags = *tags;
	if (values != NULL)
		req.mod_props.property_values = *values;
	f->who = who;
	return call(f, REQUEST_TYPE_MOD_PROPS, &req, &rsp);
}

static void test_mod_props(void **state)
{
	struct fix *f = *state;
	static const struct prop_tags none = { 0, NULL };
	static const uint32_t v[] = { PID_TAG_USER_X509_CERTIFICATE,
		PID_TAG_BUSINESS_TELEPHONE_NUMBER };
	static const struct prop_tags tags = { 2, v };
	struct bin certs[] = { { (const uint8_t *)"one", 3 },
			       { (const uint8_t *)"two", 3 } };
	struct prop_value set[] = {
		{ .tag = PID_TAG_USER_X509_CERTIFICATE, .n = 2,
		  .mv_bin = certs },
		{ .tag = PID_TAG_BUSINESS_TELEPHONE_NUMBER,
		  .str = "+49 431 1" } };
	struct prop_values values = { 2, set };
	struct prop_value title = { .tag = PID_TAG_TITLE, .str = "King" };
	union nspi_rsp rsp;

	/* R1299, R1301 */
	assert_int_equal(mod_props(f, f->bob, &f->p.bob, &none, &values),
			 EC_SUCCESS);
	assert_int_equal(get_props(f, mid_of(f, &f->p.bob), 0, &tags, &rsp),
			 EC_SUCCESS);
	assert_int_equal(rsp.get_props.property_values.v[0].n, 2);
	assert_string_equal(rsp.get_props.property_values.v[1].str,
			    "+49 431 1");
	/* R1297 */
	assert_int_equal(mod_props(f, f->bob, &f->p.bob, &tags, NULL),
			 EC_SUCCESS);
	assert_int_equal(get_props(f, mid_of(f, &f->p.bob), 0, &tags, &rsp),
			 EC_WARN_WITH_ERRORS);
	assert_int_equal(rsp.get_props.property_values.v[0].error,
			 EC_NOT_FOUND);
	/* What the administrator does not allow, and others' attributes. */
	values = (struct prop_values){ 1, &title };
	assert_int_equal(mod_props(f, f->bob, &f->p.bob, &none, &values),
			 EC_ACCESS_DENIED);
	assert_int_equal(mod_props(f, f->admin, &f->p.bob, &none, &values),
			 EC_SUCCESS);
	values.v = &set[1];
	assert_int_equal(mod_props(f, f->bob, &f->p.alice, &none, &values),
			 EC_ACCESS_DENIED);
	/* R1291, R1293, R1295 */
	assert_int_equal(mod_props(f, f->bob, &f->p.bob, NULL, &values),
			 EC_INVALID_PARAM);
	assert_int_equal(mod_props(f, f->bob, NULL, &none, &values),
			 EC_INVALID_PARAM);
	assert_int_equal(mod_props(f, f->admin, &f->p.staff, &none, &values),
			 EC_INVALID_OBJECT);
}

/* --- URLs: [MS-OXCMAPIHTTP] 2.2.5.18, 2.2.5.19 --------------------------- */

static void test_urls(void **state)
{
	struct fix *f = *state;
	char guid[GUID_TEXT_SIZE];
	union nspi_req req;
	union nspi_rsp rsp;
	struct dir_vdir vdir;

	assert_true(directory_vdir(f->p.dir, &f->p.server, false, f->arena,
				   &vdir));
	guid_format(&f->alice->mailbox, guid);
	req.get_mailbox_url.flags = 0;
	req.get_mailbox_url.server_dn = arena_printf(f->arena, "/o=First "
		"Organization/ou=x/cn=Configuration/cn=Servers/cn=%s@"
		"example.test", guid);
	assert_int_equal(call(f, REQUEST_TYPE_GET_MAILBOX_URL, &req, &rsp),
			 EC_SUCCESS);
	assert_string_equal(rsp.get_mailbox_url.server_url,
		arena_printf(f->arena, "%s/emsmdb/?MailboxId=%s@example.test",
			     vdir.internal_url, guid));
	req.get_mailbox_url.server_dn = "/o=x/cn=Servers/cn=MX1";
	assert_int_equal(call(f, REQUEST_TYPE_GET_MAILBOX_URL, &req, &rsp),
			 EC_SUCCESS);
	req.get_mailbox_url.server_dn = "/o=x/cn=Servers/cn=OTHER";
	assert_int_equal(call(f, REQUEST_TYPE_GET_MAILBOX_URL, &req, &rsp),
			 EC_NOT_FOUND);
	req.get_address_book_url.flags = 0;
	req.get_address_book_url.user_dn = dn_of(f, &f->p.alice);
	assert_int_equal(call(f, REQUEST_TYPE_GET_ADDRESS_BOOK_URL, &req,
			      &rsp), EC_SUCCESS);
	assert_string_equal(rsp.get_address_book_url.server_url,
		arena_printf(f->arena, "%s/nspi/?MailboxId=%s@example.test",
			     vdir.internal_url, guid));
	req.get_address_book_url.user_dn = "/o=nobody";
	assert_int_equal(call(f, REQUEST_TYPE_GET_ADDRESS_BOOK_URL, &req,
			      &rsp), EC_NOT_FOUND);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_mod_link), TEST(test_mod_link_errors),
		TEST(test_mod_props), TEST(test_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
