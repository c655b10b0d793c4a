/* SPDX-License-Identifier: Apache-2.0 */
/* Recipients: the local back end, views, look-ups and name resolution. */
#include "test.h"

#include "directory/audit.h"
#include "directory/world_recipients.h"
#include "mapi/restriction.h"

enum { LOCALE = 0x0409, SWEDISH = 0x041d };

static int setup(void **state)
{
	struct people *p = xmalloc(sizeof *p);

	people_new(p);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	people_free(*state);
	free(*state);
	return 0;
}

/* --- Records ---------------------------------------------------------- */

static void test_record(void **state)
{
	struct recipient_builder *b = recipient_builder_new();
	struct guid guid = guid_new();
	struct recipient *r;
	struct bin v;
	size_t at = 0;

	recipient_begin(b, &guid, RECIPIENT_CONTACT, true, 7);
	recipient_add_text(b, PID_TAG_DISPLAY_NAME, "X");
	recipient_add_text(b, PID_TAG_TITLE, "");
	recipient_add_text(b, PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES,
			   "smtp:x@example.org");
	recipient_add_text(b, PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES,
			   "SMTP:x@example.test");
	recipient_add_number(b, PID_TAG_ADDRESS_BOOK_ROOM_CAPACITY, 12);
	r = recipient_end(b);
	assert_string_equal(recipient_text(r, PID_TAG_DISPLAY_NAME), "X");
	assert_string_equal(recipient_address(r), "x@example.test");
	assert_string_equal(recipient_text(r, PID_TAG_SMTP_ADDRESS),
			    "x@example.test");
	assert_false(recipient_has(r, PID_TAG_TITLE));
	assert_string_equal(recipient_text(r, PID_TAG_TITLE), "");
	assert_int_equal(recipient_number(r,
		PID_TAG_ADDRESS_BOOK_ROOM_CAPACITY, 0), 12);
	assert_int_equal(recipient_number(r, PID_TAG_DISPLAY_NAME, -1), -1);
	assert_true(recipient_next(r, PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES,
				   &at, &v));
	assert_int_equal(v.len, strlen("smtp:x@example.org"));
	assert_true(recipient_next(r, PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES,
				   &at, &v));
	assert_false(recipient_next(r, PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES,
				    &at, &v));
	free(r);
	recipient_builder_free(b);
}

static void test_attributes(void **state)
{
	enum recipient_kind kind;
	size_t n;
	const struct recipient_attr *all = recipient_attrs(&n);

	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(recipient_attr(all[i].tag), &all[i]);
		assert_ptr_equal(recipient_attr_named(all[i].ldap), &all[i]);
		assert_ptr_equal(recipient_attr_named(all[i].option),
				 &all[i]);
	}
	for (int i = 0; i < RECIPIENT_KINDS; i++) {
		assert_true(recipient_kind_parse(recipient_kind_name(
			(enum recipient_kind)i), &kind));
		assert_int_equal(kind, i);
	}
	assert_null(recipient_attr_named("no such"));
}

/* --- Look-ups --------------------------------------------------------- */

static void test_lookups(void **state)
{
	struct people *p = *state;
	const struct recipients_snapshot *s = recipients_hold(p->all);
	const struct recipient *r = recipients_guid(s, &p->alice);

	assert_int_equal(recipients_count(s), 10);
	assert_non_null(r);
	assert_int_equal(r->kind, RECIPIENT_MAILBOX);
	assert_string_equal(recipient_text(r, PID_TAG_SURNAME), "Ångström");
	assert_ptr_equal(recipients_slot(s, r->slot), r);
	assert_null(recipients_slot(s, 100000));
	assert_ptr_equal(recipients_dn(s, recipient_text(r,
			 PID_TAG_EMAIL_ADDRESS)), r);
	assert_ptr_equal(recipients_proxy(s, "ALICE@Example.Test"), r);
	assert_ptr_equal(recipients_proxy(s, "smtp:alice@example.test"), r);
	assert_null(recipients_proxy(s, "nobody@example.test"));
	assert_null(recipients_dn(s, "/o=Elsewhere"));
	assert_int_equal(recipients_guid(s, &p->sales)->kind,
			 RECIPIENT_DYNAMIC_GROUP);
	recipients_release(p->all);
}

/* An X500 address is a DN that the recipient once had. */
static void test_x500(void **state)
{
	struct people *p = *state;
	const struct recipients_snapshot *s;

	people_text(p, p->bob, PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES,
		    "X500:/o=Old/cn=bob");
	people_refresh(p, LOCALE);
	s = recipients_hold(p->all);
	assert_ptr_equal(recipients_dn(s, "/O=OLD/cn=Bob"),
			 recipients_guid(s, &p->bob));
	recipients_release(p->all);
}

static void test_backlinks(void **state)
{
	struct people *p = *state;
	const struct recipients_snapshot *s = recipients_hold(p->all);
	const struct recipient **v;

	assert_int_equal(recipients_backlinks(s, &p->alice,
		PID_TAG_ADDRESS_BOOK_MANAGER, p->arena, &v), 2);
	assert_int_equal(recipients_backlinks(s, &p->bob,
		PID_TAG_ADDRESS_BOOK_MEMBER, p->arena, &v), 1);
	assert_true(guid_equal(&v[0]->guid, &p->staff));
	assert_int_equal(recipients_backlinks(s, &p->alice,
		PID_TAG_ADDRESS_BOOK_OWNER, p->arena, &v), 1);
	assert_int_equal(recipients_backlinks(s, &p->alice,
		PID_TAG_ADDRESS_BOOK_MEMBER, p->arena, &v), 0);
	recipients_release(p->all);
}

/* --- Views ------------------------------------------------------------ */

static void expect_view(struct people *p, uint32_t container, uint32_t lcid,
			enum recipients_sort sort, const char *names)
{
	const struct recipients_snapshot *s = recipients_hold(p->all);
	struct recipients_view v = recipients_view(s, container, lcid, sort);
	char text[1024] = "";

	for (uint32_t i = 0; i < v.count; i++) {
		const struct recipient *r = recipients_slot(s, v.slots[i]);

		strcat(strcat(text, i > 0 ? ", " : ""),
		       recipient_text(r, PID_TAG_ACCOUNT));
		assert_int_equal(recipients_position(s, &v, lcid, sort, r),
				 i);
	}
	recipients_release(p->all);
	assert_string_equal(text, names);
}

/* [MS-OXNSPI] 3.1.4.3.6, R494 … R1605 */
static void test_views(void **state)
{
	struct people *p = *state;

	expect_view(p, CONTAINER_GAL, LOCALE, SORT_DISPLAY_NAME,
		    "alice, bob, carol, news, printer, quote, room1, sales, "
		    "staff, supplier");
	expect_view(p, CONTAINER_USERS, LOCALE, SORT_DISPLAY_NAME,
		    "alice, bob, carol");
	expect_view(p, CONTAINER_GROUPS, LOCALE, SORT_DISPLAY_NAME,
		    "sales, staff");
	expect_view(p, CONTAINER_CONTACTS, LOCALE, SORT_DISPLAY_NAME,
		    "supplier");
	expect_view(p, CONTAINER_ROOMS, LOCALE, SORT_DISPLAY_NAME, "room1");
	expect_view(p, CONTAINER_PUBLIC_FOLDERS, LOCALE, SORT_DISPLAY_NAME,
		    "news");
	expect_view(p, CONTAINER_LISTS, LOCALE, SORT_DISPLAY_NAME, "alice");
	expect_view(p, CONTAINER_LISTS + 1, LOCALE, SORT_DISPLAY_NAME, "");
}

/* Locales sort by their own rules: Swedish has Å behind Z. */
static void test_locales(void **state)
{
	struct people *p = *state;
	struct dir_user u;

	PEOPLE_OK(directory_user(p->dir, &p->alice, p->arena, &u));
	u.display_name = "Ångström, Alice";
	PEOPLE_OK(directory_set_user(p->dir, &u, err));
	people_refresh(p, LOCALE);
	assert_true(recipients_stale(p->all, SWEDISH));
	people_refresh(p, SWEDISH);
	assert_false(recipients_stale(p->all, SWEDISH));
	expect_view(p, CONTAINER_USERS, LOCALE, SORT_DISPLAY_NAME,
		    "alice, bob, carol");
	expect_view(p, CONTAINER_USERS, SWEDISH, SORT_DISPLAY_NAME,
		    "bob, carol, alice");
	/* And both are kept up to date. */
	people_user(p, "zed", "Zed");
	people_refresh(p, SWEDISH);
	assert_false(recipients_stale(p->all, LOCALE));
	expect_view(p, CONTAINER_USERS, SWEDISH, SORT_DISPLAY_NAME,
		    "bob, carol, zed, alice");
	expect_view(p, CONTAINER_USERS, LOCALE, SORT_DISPLAY_NAME,
		    "alice, bob, carol, zed");
}

static void test_phonetic(void **state)
{
	struct people *p = *state;

	expect_view(p, CONTAINER_USERS, LOCALE, SORT_PHONETIC,
		    "alice, bob, carol");
	people_text(p, p->alice, PID_TAG_ADDRESS_BOOK_PHONETIC_DISPLAY_NAME,
		    "Zalice");
	people_refresh(p, LOCALE);
	expect_view(p, CONTAINER_USERS, LOCALE, SORT_PHONETIC,
		    "bob, carol, alice");
	people_text(p, p->bob, PID_TAG_ADDRESS_BOOK_PHONETIC_DISPLAY_NAME,
		    "Zz");
	people_refresh(p, LOCALE);
	expect_view(p, CONTAINER_USERS, LOCALE, SORT_PHONETIC,
		    "carol, alice, bob");
	expect_view(p, CONTAINER_USERS, LOCALE, SORT_DISPLAY_NAME,
		    "alice, bob, carol");
}

static void test_seek(void **state)
{
	struct people *p = *state;
	const struct recipients_snapshot *s = recipients_hold(p->all);
	struct recipients_view v = recipients_view(s, CONTAINER_GAL, LOCALE,
						   SORT_DISPLAY_NAME);

	assert_int_equal(recipients_seek(s, &v, LOCALE, SORT_DISPLAY_NAME,
					 ""), 0);
	assert_int_equal(recipients_seek(s, &v, LOCALE, SORT_DISPLAY_NAME,
					 "bob"), 1);
	assert_int_equal(recipients_seek(s, &v, LOCALE, SORT_DISPLAY_NAME,
					 "BOB SMITH"), 1);
	assert_int_equal(recipients_seek(s, &v, LOCALE, SORT_DISPLAY_NAME,
					 "zoe supplier"), 9);
	assert_int_equal(recipients_seek(s, &v, LOCALE, SORT_DISPLAY_NAME,
					 "zz"), 10);
	assert_int_equal(recipients_compare(s, LOCALE, "ANGSTROM",
					    "ångström"), 0);
	recipients_release(p->all);
}

/* --- Changes ---------------------------------------------------------- */

static void test_changes(void **state)
{
	struct people *p = *state;
	const struct recipients_snapshot *s = recipients_hold(p->all);
	uint32_t slot = recipients_guid(s, &p->bob)->slot;
	uint32_t gone = recipients_guid(s, &p->room)->slot;
	struct guid dora;

	recipients_release(p->all);
	assert_false(recipients_stale(p->all, LOCALE));
	people_text(p, p->bob, PID_TAG_TITLE, "Clerk");
	assert_true(recipients_stale(p->all, LOCALE));
	PEOPLE_OK(directory_remove_recipient(p->dir, &p->room, err));
	dora = people_user(p, "dora", "Dora");
	people_refresh(p, LOCALE);
	s = recipients_hold(p->all);
	assert_int_equal(recipients_count(s), 10);
	assert_int_equal(recipients_guid(s, &p->bob)->slot, slot);
	assert_string_equal(recipient_text(recipients_guid(s, &p->bob),
					   PID_TAG_TITLE), "Clerk");
	assert_null(recipients_slot(s, gone));
	assert_null(recipients_guid(s, &p->room));
	assert_true(recipients_guid(s, &dora)->slot != gone);
	recipients_release(p->all);
	expect_view(p, CONTAINER_USERS, LOCALE, SORT_DISPLAY_NAME,
		    "alice, bob, carol, dora");
	expect_view(p, CONTAINER_ROOMS, LOCALE, SORT_DISPLAY_NAME, "");
}

/* A user without a mailbox is no recipient. */
static void test_without_mailbox(void **state)
{
	struct people *p = *state;
	struct dir_user u;

	PEOPLE_OK(directory_user(p->dir, &p->carol, p->arena, &u));
	PEOPLE_OK(directory_remove_mailbox(p->dir, &u.mailbox, err));
	people_refresh(p, LOCALE);
	expect_view(p, CONTAINER_USERS, LOCALE, SORT_DISPLAY_NAME,
		    "alice, bob");
}

static void test_hidden(void **state)
{
	struct people *p = *state;
	const struct recipients_snapshot *s;
	uint32_t found[4];

	PEOPLE_OK(directory_set_hidden(p->dir, &p->bob, true, err));
	people_refresh(p, LOCALE);
	expect_view(p, CONTAINER_USERS, LOCALE, SORT_DISPLAY_NAME,
		    "alice, carol");
	s = recipients_hold(p->all);
	assert_non_null(recipients_guid(s, &p->bob));
	assert_non_null(recipients_proxy(s, "bob@example.test"));
	assert_int_equal(recipients_anr(s, "bob@example.test", found, 4), 0);
	recipients_release(p->all);
	PEOPLE_OK(directory_set_hidden(p->dir, &p->bob, false, err));
	people_refresh(p, LOCALE);
	expect_view(p, CONTAINER_USERS, LOCALE, SORT_DISPLAY_NAME,
		    "alice, bob, carol");
}

static void test_lists(void **state)
{
	struct people *p = *state;
	struct recipient_list l = { .name = "A-Z", .filter =
		"(|(objectClass=group)(!(sn=*)))" };
	const struct recipients_snapshot *s = recipients_hold(p->all);
	uint32_t version = recipients_hierarchy_version(s);

	recipients_release(p->all);
	PEOPLE_OK(directory_new_list(p->dir, &l, err));
	people_text(p, p->bob, PID_TAG_LOCALITY, "kiel-Holtenau");
	people_refresh(p, LOCALE);
	s = recipients_hold(p->all);
	assert_true(recipients_hierarchy_version(s) != version);
	assert_int_equal(recipients_containers(s), CONTAINER_LISTS + 2);
	assert_true(recipients_container(s, CONTAINER_LISTS, &l));
	assert_string_equal(l.name, "A-Z");
	assert_false(recipients_container(s, CONTAINER_LISTS + 2, &l));
	recipients_release(p->all);
	expect_view(p, CONTAINER_LISTS, LOCALE, SORT_DISPLAY_NAME,
		    "news, printer, quote, room1, sales, staff, supplier");
	expect_view(p, CONTAINER_LISTS + 1, LOCALE, SORT_DISPLAY_NAME,
		    "alice, bob");
	PEOPLE_OK(directory_remove_list(p->dir, &p->north, err));
	people_refresh(p, LOCALE);
	expect_view(p, CONTAINER_LISTS + 1, LOCALE, SORT_DISPLAY_NAME, "");
}

/* --- Name resolution -------------------------------------------------- */

static void expect_anr(struct people *p, const char *text, const char *names)
{
	const struct recipients_snapshot *s = recipients_hold(p->all);
	char all[1024] = "";
	uint32_t found[100];
	size_t n = recipients_anr(s, text, found, 100);

	/* In the order of the aliases. */
	for (uint32_t i = 0; i < recipients_slots(s); i++)
		for (size_t j = 0; j < n; j++)
			if (found[j] == i)
				strcat(strcat(all, *all ? ", " : ""),
				       recipient_text(recipients_slot(s, i),
						      PID_TAG_ACCOUNT));
	recipients_release(p->all);
	if (strcmp(all, names) != 0)
		fail_msg("%s: \"%s\", not \"%s\"", text, all, names);
}

/* [MS-OXNSPI] 3.1.4.7; R623, R624 */
static void test_anr(void **state)
{
	struct people *p = *state;

	people_text(p, p->carol, PID_TAG_ADDRESS_BOOK_PHONETIC_SURNAME,
		    "xsmitherz");
	people_text(p, p->supplier, PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES,
		    "X400:c=de;a=x");
	people_refresh(p, LOCALE);
	expect_anr(p, "", "");
	expect_anr(p, "  ", "");
	expect_anr(p, "=", "");
	expect_anr(p, "alice", "alice");
	expect_anr(p, "ALI", "alice");
	expect_anr(p, "angstrom", "alice");       /* no case, no accents */
	expect_anr(p, "Ångst", "alice");
	expect_anr(p, "zoe", "supplier");
	expect_anr(p, "smith", "bob, carol");
	expect_anr(p, "7/1", "alice");            /* office */
	expect_anr(p, "xsmi", "carol");           /* phonetic */
	expect_anr(p, "bob@", "bob");
	expect_anr(p, "nobody", "");
	expect_anr(p, "mith", "");                /* beginnings only */
	/* Two words: the beginnings of both names, in both orders. */
	expect_anr(p, "al ang", "alice");
	expect_anr(p, "smi car", "carol");
	expect_anr(p, "Smithers, Car", "carol");
	expect_anr(p, "al smi", "");
	/* All of an attribute. */
	expect_anr(p, "=smith", "bob");
	expect_anr(p, "= BOB", "bob");
	expect_anr(p, "=bo", "");
	expect_anr(p, "room 1", "room1");
}

/* An address or a DN is one recipient, whatever else begins so. */
static void test_anr_exact(void **state)
{
	struct people *p = *state;
	const struct recipients_snapshot *s;
	char dn[300];
	struct dir_recipient longer = { .kind = RECIPIENT_CONTACT,
		.alias = "bob2", .display_name = "Robert",
		.addresses = (const char *const[]){ "bob@example.test.org" },
		.address_count = 1 };

	PEOPLE_OK(directory_new_recipient(p->dir, &longer, err));
	people_refresh(p, LOCALE);
	expect_anr(p, "bob@example.test", "bob");
	expect_anr(p, "bob@example.test.", "bob2");
	expect_anr(p, "SMTP:bob@example.test", "bob");
	s = recipients_hold(p->all);
	snprintf(dn, sizeof dn, "%s", recipient_text(recipients_guid(s,
		 &p->carol), PID_TAG_EMAIL_ADDRESS));
	recipients_release(p->all);
	expect_anr(p, dn, "carol");
	expect_anr(p, "/o=nowhere", "");
}

static void test_anr_changes(void **state)
{
	struct people *p = *state;
	struct dir_user u;

	PEOPLE_OK(directory_user(p->dir, &p->bob, p->arena, &u));
	u.display_name = "Robert Smith";
	PEOPLE_OK(directory_set_user(p->dir, &u, err));
	people_refresh(p, LOCALE);
	expect_anr(p, "robert", "bob");
	expect_anr(p, "bob sm", "bob");           /* by its two names */
	PEOPLE_OK(directory_remove_recipient(p->dir, &p->supplier, err));
	people_refresh(p, LOCALE);
	expect_anr(p, "zoe", "");
}

/* --- Refusals --------------------------------------------------------- */

#define REFUSED(call, words) do { \
	struct err err_ = { .text = "" }; \
	struct err *err = &err_; \
	if (call) \
		fail_msg("%s succeeded", #call); \
	if (strstr(err_.text, words) == NULL) \
		fail_msg("%s: \"%s\" lacks \"%s\"", #call, err_.text, words); \
} while (0)

static void test_taken(void **state)
{
	struct people *p = *state;
	struct dir_recipient r = { .kind = RECIPIENT_GROUP, .alias = "bob" };
	struct dir_user u = { .account = "staff", .display_name = "S" };

	REFUSED(directory_new_recipient(p->dir, &r, err), "taken");
	r.alias = "new";
	r.addresses = (const char *const[]){ "bob@example.test" };
	r.address_count = 1;
	REFUSED(directory_new_recipient(p->dir, &r, err), "another user");
	REFUSED(directory_new_user(p->dir, &u, err), "taken");
	r.kind = RECIPIENT_MAILBOX;
	REFUSED(directory_new_recipient(p->dir, &r, err), "noun user");
	r.kind = RECIPIENT_DYNAMIC_GROUP;
	r.filter = "(sn=";
	REFUSED(directory_new_recipient(p->dir, &r, err), "missing");
}

static void test_bad_attributes(void **state)
{
	struct people *p = *state;
	struct guid nobody = guid_new();
	struct bin v = { (const uint8_t *)"x", 1 };
	struct bin two[2] = { v, v };
	struct recipient_change c = { RECIPIENT_SET, PID_TAG_TITLE, 1, &v };

	REFUSED(directory_set_attributes(p->dir, &nobody, &c, 1, err),
		"no such recipient");
	c.n = 2;
	c.values = two;
	REFUSED(directory_set_attributes(p->dir, &p->bob, &c, 1, err),
		"one value");
	c.n = 1;
	c.tag = PID_TAG_DISPLAY_NAME;
	REFUSED(directory_set_attributes(p->dir, &p->bob, &c, 1, err),
		"displayName");
	c.tag = PID_TAG_ADDRESS_BOOK_MANAGER;
	REFUSED(directory_set_attributes(p->dir, &p->bob, &c, 1, err),
		"no recipient");
	v = (struct bin){ nobody.b, 16 };
	c.values = &v;
	REFUSED(directory_set_attributes(p->dir, &p->bob, &c, 1, err),
		"any more");
	c.tag = PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES;
	v = (struct bin){ (const uint8_t *)"smtp:x@y.z", 10 };
	REFUSED(directory_set_attributes(p->dir, &p->bob, &c, 1, err),
		"SMTP");
	c.tag = 0x12340003;
	REFUSED(directory_set_attributes(p->dir, &p->bob, &c, 1, err),
		"no attribute");
}

static void test_filters(void **state)
{
	static const char *const bad[] = { "", "sn=x", "(sn=x", "(sn=x))",
		"(&)", "(nothing=x)", "(sn>=x)", "(objectClass=house)",
		"(sn=*x)", "(!x)", "(member=x)", "(sn=\\zz)",
		"(msExchResourceCapacity=many)", "(sn~=x)" };
	static const char *const good[] = { "(sn=*)", "(&(sn=A*b*)(l=Kiel))",
		"(msExchResourceCapacity>=10)", "(mAPIRecipient=TRUE)",
		"(cn=x)", "(!(|(sn=x)(l=y)))" };
	const struct restriction *r;
	struct arena *a = arena_new(0);
	struct err err;
	char deep[200] = "";

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (recipient_filter_parse(bad[i], a, &r, &err))
			fail_msg("%s was read", bad[i]);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (strcmp(good[i], "(cn=x)") != 0 &&
		    !recipient_filter_parse(good[i], a, &r, &err))
			fail_msg("%s: %s", good[i], err.text);
	for (int i = 0; i < 40; i++)
		strcat(deep, "(!");
	assert_false(recipient_filter_parse(deep, a, &r, &err));
	assert_true(recipient_filter_parse("(sn=a\\2ab)", a, &r, &err));
	assert_string_equal(r->content.value.str, "a*b");
	arena_free(a);
}

/* Large values stay with the back end. */
static void test_large(void **state)
{
	struct people *p = *state;
	const struct recipients_snapshot *s;
	const struct bin *v;
	uint8_t photo[5000];
	struct err err;
	struct bin in;
	size_t at = 0;
	uint32_t n;

	memset(photo, 7, sizeof photo);
	people_set(p, p->bob, PID_TAG_THUMBNAIL_PHOTO, photo, sizeof photo);
	people_refresh(p, LOCALE);
	s = recipients_hold(p->all);
	assert_true(recipient_next(recipients_guid(s, &p->bob),
				   PID_TAG_THUMBNAIL_PHOTO, &at, &in));
	assert_int_equal(in.len, 0);
	recipients_release(p->all);
	assert_true(recipients_fetch(p->all, &p->bob, PID_TAG_THUMBNAIL_PHOTO,
				     p->arena, &n, &v, &err));
	assert_int_equal(n, 1);
	assert_int_equal(v[0].len, sizeof photo);
	assert_memory_equal(v[0].data, photo, sizeof photo);
	assert_true(recipients_fetch(p->all, &p->alice,
				     PID_TAG_THUMBNAIL_PHOTO, p->arena, &n, &v,
				     &err));
	assert_int_equal(n, 0);
}

/* Through the set, as the address book does it: recorded as whose it was. */
static void test_modify(void **state)
{
	struct people *p = *state;
	struct bin v = { p->alice.b, 16 };
	struct recipient_change c = { RECIPIENT_ADD,
		PID_TAG_ADDRESS_BOOK_MEMBER, 1, &v };
	struct dir_change_filter f = { .who = "alice@example.test" };
	const struct recipient **links;
	struct dir_change *changes;
	size_t n;

	PEOPLE_OK(recipients_modify(p->all, &p->staff, &c, 1,
				    "alice@example.test", err));
	/* What is there already is let be. */
	PEOPLE_OK(recipients_modify(p->all, &p->staff, &c, 1,
				    "alice@example.test", err));
	people_refresh(p, LOCALE);
	assert_int_equal(recipients_backlinks(recipients_hold(p->all),
		&p->alice, PID_TAG_ADDRESS_BOOK_MEMBER, p->arena, &links), 1);
	recipients_release(p->all);
	c.op = RECIPIENT_REMOVE;
	PEOPLE_OK(recipients_modify(p->all, &p->staff, &c, 1, "x", err));
	people_refresh(p, LOCALE);
	assert_int_equal(recipients_backlinks(recipients_hold(p->all),
		&p->alice, PID_TAG_ADDRESS_BOOK_MEMBER, p->arena, &links), 0);
	recipients_release(p->all);
	PEOPLE_OK(directory_changes(p->dir, &f, p->arena, &changes, &n, err));
	assert_int_equal(n, 1);
	assert_string_equal(changes[0].object, "staff");
	assert_string_equal(changes[0].cmdlet, "AddressBook");
}

static void test_self_attributes(void **state)
{
	struct people *p = *state;
	const char *const *names;
	struct err e;

	assert_true(directory_self_attributes(p->dir, p->arena, &names,
					      &e) >= 5);
	names = (const char *const[]){ "title", "phone" };
	PEOPLE_OK(directory_set_self_attributes(p->dir, names, 2, err));
	assert_int_equal(directory_self_attributes(p->dir, p->arena, &names,
						   &e), 2);
	assert_string_equal(names[1], "telephoneNumber");
	names = (const char *const[]){ "displayName" };
	REFUSED(directory_set_self_attributes(p->dir, names, 1, err),
		"displayName");
}

static void test_memory(void **state)
{
	struct people *p = *state;
	size_t before = recipients_memory(p->all), after;

	for (int i = 0; i < 100; i++) {
		char alias[32];

		snprintf(alias, sizeof alias, "more%d", i);
		people_recipient(p, RECIPIENT_CONTACT, alias, alias, "");
	}
	people_refresh(p, LOCALE);
	after = recipients_memory(p->all);
	assert_true(after > before);
	assert_true((after - before) / 100 <= 1024);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_attributes),
		TEST(test_lookups), TEST(test_x500), TEST(test_backlinks),
		TEST(test_views), TEST(test_locales), TEST(test_phonetic),
		TEST(test_seek), TEST(test_changes),
		TEST(test_without_mailbox), TEST(test_hidden),
		TEST(test_lists), TEST(test_anr), TEST(test_anr_exact),
		TEST(test_anr_changes), TEST(test_taken),
		TEST(test_bad_attributes), cmocka_unit_test(test_filters),
		TEST(test_large), TEST(test_modify),
		TEST(test_self_attributes), TEST(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
