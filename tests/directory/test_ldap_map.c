/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of Active Directory and OpenLDAP, and what becomes of them. */
#include "directory/ldap_map.h"

#include "test.h"

enum { ATTRIBUTES = 32, VALUES = 8 };

static struct arena *arena;
static struct ldap_values attributes[ATTRIBUTES];
static struct bin values[ATTRIBUTES][VALUES];
static struct ldap_entry entry;

static int setup(void **state)
{
	arena = arena_new(0);
	return 0;
}

static int teardown(void **state)
{
	arena_free(arena);
	return 0;
}

static void begin(const char *dn)
{
	entry = (struct ldap_entry){ .dn = dn, .attributes = attributes };
}

static void add_bytes(const char *name, const void *data, size_t len)
{
	size_t i;

	for (i = 0; i < entry.count; i++)
		if (strcmp(attributes[i].name, name) == 0)
			break;
	if (i == entry.count)
		attributes[entry.count++] = (struct ldap_values){ name,
			values[i], 0 };
	values[i][attributes[i].count++] = (struct bin){ data,
		(uint32_t)len };
}

static void add(const char *name, const char *text)
{
	add_bytes(name, text, strlen(text));
}

static const uint8_t guid_bytes[16] = { 0x90, 0xda, 0xd8, 0x6e, 0x0b, 0x45,
	0x1b, 0x10, 0x98, 0xda, 0x00, 0xaa, 0x00, 0x3f, 0x13, 0x05 };

static struct ldap_map map_of(enum ldap_schema schema, const char *renamed,
			      const char *databases)
{
	struct ldap_map map;
	struct err err;

	if (!ldap_map_make(schema, renamed, databases, arena, &map, &err))
		fail_msg("%s", err.text);
	return map;
}

static struct mirror_object taken(const struct ldap_map *map)
{
	struct mirror_object o;
	const char *why = NULL;

	if (!ldap_map_entry(map, &entry, arena, &o, &why))
		fail_msg("not taken: %s", why != NULL ? why : "-");
	return o;
}

static void add_user(void)
{
	begin("CN=Alice,CN=Users,DC=example,DC=test");
	add("objectClass", "top");
	add("objectClass", "person");
	add("objectClass", "user");
	add_bytes("objectGUID", guid_bytes, 16);
	add("sAMAccountName", "alice");
	add("userPrincipalName", "alice@example.test");
	add("mail", "alice@example.test");
	add("displayName", "Alice");
	add("userAccountControl", "512");
}

static const struct recipient_change *find(const struct mirror_object *o,
					   uint32_t tag)
{
	for (size_t i = 0; i < o->attribute_count; i++)
		if (o->attributes[i].tag == tag)
			return &o->attributes[i];
	return NULL;
}

static void test_ad_user(void **state)
{
	struct ldap_map map = map_of(LDAP_SCHEMA_AD, NULL, NULL);
	const struct recipient_change *title;
	struct mirror_object o;

	add_user();
	add("title", "Chief");
	add("manager", "CN=Bob,CN=Users,DC=example,DC=test");
	o = taken(&map);
	assert_memory_equal(o.guid.b, guid_bytes, 16);
	assert_memory_equal(o.mailbox.b, guid_bytes, 16);
	assert_true(o.is_user && o.has_mailbox && !o.disabled && !o.hidden);
	assert_string_equal(o.account, "alice");
	assert_string_equal(o.upn, "alice@example.test");
	assert_string_equal(o.legacy_dn, "");
	title = find(&o, PID_TAG_TITLE);
	assert_non_null(title);
	assert_memory_equal(title->values[0].data, "Chief", 5);
	assert_int_equal(o.link_count, 1);
	assert_int_equal(o.links[0].tag, PID_TAG_ADDRESS_BOOK_MANAGER);
}

static void test_disabled(void **state)
{
	struct ldap_map map = map_of(LDAP_SCHEMA_AD, NULL, NULL);

	add_user();
	values[6][0] = (struct bin){ (const uint8_t *)"514", 3 };
	assert_true(taken(&map).disabled);
}

/* "SMTP:" is the primary address, whatever mail says. */
static void test_addresses(void **state)
{
	struct ldap_map map = map_of(LDAP_SCHEMA_AD, NULL, NULL);
	const struct recipient_change *other;
	struct mirror_object o;

	add_user();
	add("proxyAddresses", "smtp:a.smith@example.test");
	add("proxyAddresses", "SMTP:smith@example.test");
	add("proxyAddresses", "smtp:ALICE@example.test");
	add("proxyAddresses", "X500:/o=Old/cn=Recipients/cn=alice");
	o = taken(&map);
	assert_int_equal(o.address_count, 3);
	assert_string_equal(o.addresses[0], "smith@example.test");
	other = find(&o, PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES);
	assert_non_null(other);
	assert_int_equal(other->n, 1);
}

/* With Exchange's schema a mailbox is what has a mailbox's GUID. */
static void test_exchange_schema(void **state)
{
	struct ldap_map map = map_of(LDAP_SCHEMA_AD_EXCHANGE, NULL, "DB9");
	static const uint8_t mailbox[16] = { 1, 2, 3 };
	struct mirror_object o;

	add_user();
	o = taken(&map);
	assert_false(o.has_mailbox);
	add_bytes("msExchMailboxGuid", mailbox, 16);
	add("homeMDB", "CN=DB2,CN=Databases,CN=Configuration");
	add("legacyExchangeDN", "/o=Contoso/cn=Recipients/cn=alice");
	add("msExchHideFromAddressLists", "TRUE");
	add("extensionAttribute3", "x");
	o = taken(&map);
	assert_true(o.has_mailbox && o.hidden);
	assert_memory_equal(o.mailbox.b, mailbox, 16);
	assert_string_equal(o.database, "DB2");
	assert_string_equal(o.legacy_dn, "/o=Contoso/cn=Recipients/cn=alice");
	assert_non_null(find(&o, PID_TAG_ADDRESS_BOOK_EXTENSION_ATTRIBUTE3));
	add("msExchRecipientDisplayType", "7");
	o = taken(&map);
	assert_false(o.is_user);
	assert_int_equal(o.kind, RECIPIENT_ROOM);
}

static void test_databases_and_admins(void **state)
{
	struct ldap_map map = map_of(LDAP_SCHEMA_AD, "", "CN=Sales,DC=x: DB2; "
				     "DB1");
	struct mirror_object o;

	map.admins = "CN=Admins,DC=x";
	add_user();
	o = taken(&map);
	assert_string_equal(o.database, "DB1");
	assert_false(o.is_admin);
	add("memberOf", "cn=sales,dc=x");
	add("memberOf", "CN=ADMINS,DC=X");
	o = taken(&map);
	assert_string_equal(o.database, "DB2");
	assert_true(o.is_admin);
}

static void test_groups_and_contacts(void **state)
{
	struct ldap_map map = map_of(LDAP_SCHEMA_AD, NULL, NULL);
	struct mirror_object o;
	const char *why;

	begin("CN=Sales,DC=example,DC=test");
	add("objectClass", "group");
	add_bytes("objectGUID", guid_bytes, 16);
	add("sAMAccountName", "Sales Team");
	assert_false(ldap_map_entry(&map, &entry, arena, &o, &why));
	assert_null(why);
	add("mail", "sales@example.test");
	add("member", "CN=Alice,DC=example,DC=test");
	add("member", "CN=Bob,DC=example,DC=test");
	o = taken(&map);
	assert_int_equal(o.kind, RECIPIENT_GROUP);
	assert_false(o.is_user || o.has_mailbox);
	/* What an address begins with can be an alias; a name need not. */
	assert_string_equal(o.account, "sales");
	assert_int_equal(o.link_count, 2);

	begin("CN=Carol,DC=example,DC=test");
	add("objectClass", "contact");
	add_bytes("objectGUID", guid_bytes, 16);
	add("mail", "carol@elsewhere.test");
	assert_int_equal(taken(&map).kind, RECIPIENT_CONTACT);
}

static void test_openldap(void **state)
{
	struct ldap_map map = map_of(LDAP_SCHEMA_OPENLDAP,
				     "title=jobTitle, account = cn", NULL);
	const struct recipient_change *department;
	struct mirror_object o;
	char guid[GUID_TEXT_SIZE];

	begin("uid=dave,dc=example,dc=test");
	add("objectClass", "inetOrgPerson");
	add("entryUUID", "6ed8da90-450b-101b-98da-00aa003f1305");
	add("uid", "d1234");
	add("cn", "dave");
	add("mail", "dave@example.test");
	add("mailAlternateAddress", "d@example.test");
	add("ou", "Sales");
	add("jobTitle", "Clerk");
	o = taken(&map);
	guid_format(&o.guid, guid);
	assert_string_equal(guid, "6ed8da90-450b-101b-98da-00aa003f1305");
	assert_string_equal(o.account, "dave");
	assert_string_equal(o.upn, "dave@example.test");
	assert_string_equal(o.display_name, "dave");
	assert_int_equal(o.address_count, 2);
	department = find(&o, PID_TAG_DEPARTMENT_NAME);
	assert_non_null(department);
	assert_memory_equal(department->values[0].data, "Sales", 5);
	assert_non_null(find(&o, PID_TAG_TITLE));
}

/* What a peer may send and nobody wants. */
static void test_hostile(void **state)
{
	struct ldap_map map = map_of(LDAP_SCHEMA_AD, NULL, NULL);
	static char large[5000];
	struct mirror_object o;
	const char *why;

	memset(large, 'x', sizeof large);
	add_user();
	add_bytes("title", "a\0b", 3);
	add_bytes("department", "\xff\xfe", 2);
	add_bytes("company", large, sizeof large);
	add_bytes("givenName", "", 0);
	add("msExchResourceCapacity", "12x");
	o = taken(&map);
	assert_null(find(&o, PID_TAG_TITLE));
	assert_null(find(&o, PID_TAG_DEPARTMENT_NAME));
	assert_null(find(&o, PID_TAG_COMPANY_NAME));
	assert_null(find(&o, PID_TAG_GIVEN_NAME));
	assert_null(find(&o, PID_TAG_ADDRESS_BOOK_ROOM_CAPACITY));

	add("objectClass", "computer");
	assert_false(ldap_map_entry(&map, &entry, arena, &o, &why));
	add_user();
	values[1][0].len = 15;
	assert_false(ldap_map_entry(&map, &entry, arena, &o, &why));
	assert_non_null(strstr(why, "GUID"));
	add_user();
	values[2][0].len = 0;
	assert_false(ldap_map_entry(&map, &entry, arena, &o, &why));
	assert_non_null(strstr(why, "account"));
}

static void test_settings(void **state)
{
	enum ldap_schema schema;
	struct ldap_map map;
	struct err err;

	assert_true(ldap_schema_parse("AD-Exchange", &schema));
	assert_int_equal(schema, LDAP_SCHEMA_AD_EXCHANGE);
	assert_false(ldap_schema_parse("nds", &schema));
	assert_false(ldap_map_make(LDAP_SCHEMA_AD, "title", NULL, arena, &map,
				   &err));
	assert_false(ldap_map_make(LDAP_SCHEMA_AD, "shoeSize=x", NULL, arena,
				   &map, &err));
	assert_non_null(strstr(err.text, "shoeSize"));
	assert_false(ldap_map_make(LDAP_SCHEMA_AD, NULL, "CN=A,DC=x: ", arena,
				   &map, &err));
}

static void test_attributes(void **state)
{
	struct ldap_map map = map_of(LDAP_SCHEMA_AD, "title=jobTitle", NULL);
	char **names = ldap_map_attributes(&map, arena);
	bool job = false, title = false;

	for (; *names != NULL; names++) {
		job = job || strcmp(*names, "jobTitle") == 0;
		title = title || strcmp(*names, "title") == 0;
	}
	assert_true(job && !title);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ad_user),
		cmocka_unit_test(test_disabled),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_exchange_schema),
		cmocka_unit_test(test_databases_and_admins),
		cmocka_unit_test(test_groups_and_contacts),
		cmocka_unit_test(test_openldap),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_attributes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
