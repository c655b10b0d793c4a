/* SPDX-License-Identifier: Apache-2.0 */
/* Another directory's objects among the organisation's own. */
#include "directory/mirror.h"

#include <unistd.h>

#include "directory/impl.h"
#include "directory/recipients_local.h"
#include "directory/sql.h"
#include "test.h"

struct fix {
	char folder[64], path[96], skipped[1024];
	struct directory *dir;
	struct arena *arena;
	struct guid database;
};

static const char *const domains[] = { "example.test" };

#define OK(call) do { \
	struct err err_ = { .text = "" }; \
	struct err *err = &err_; \
	if (!(call)) \
		fail_msg("%s: %s", #call, err_.text); \
} while (0)

static int setup(void **state)
{
	struct fix *f = calloc(1, sizeof *f);
	struct dir_org org = { .name = "First Organization",
			       .domains = domains, .domain_count = 1 };
	struct dir_server server = { .name = "MX1", .fqdn = "mx1.example.test",
		.make = "Posthouse" };
	struct dir_database db = { .name = "DB1", .path = "mailboxes" };

	strcpy(f->folder, "/tmp/phmirror.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof f->path, "%s/organisation.db", f->folder);
	OK(directory_create(f->path, &org, err));
	OK(directory_open(f->path, "mx1", &f->dir, err));
	OK(directory_new_server(f->dir, &server, err));
	db.server = server.guid;
	OK(directory_new_database(f->dir, &db, err));
	f->database = db.guid;
	f->arena = arena_new(0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;
	char command[128];

	directory_close(f->dir);
	arena_free(f->arena);
	snprintf(command, sizeof command, "rm -rf %s", f->folder);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

static void note_skipped(void *ctx, const char *text)
{
	struct fix *f = ctx;

	snprintf(f->skipped, sizeof f->skipped, "%s", text);
}

static struct mirror *begin(struct fix *f, bool full)
{
	struct mirror *m = NULL;

	f->skipped[0] = '\0';
	OK(mirror_begin(f->dir, full, note_skipped, f, &m, err));
	return m;
}

static struct mirror_counts end(struct mirror *m)
{
	struct mirror_counts counts;

	OK(mirror_end(m, "test", "cookie 1", &counts, err));
	return counts;
}

static struct guid number(uint8_t n)
{
	return (struct guid){ { n, 1, 2, 3 } };
}

static struct mirror_object user(uint8_t n, const char *account)
{
	static char name[8][64], address[8][64];
	static const char *addresses[8];

	snprintf(name[n], 64, "CN=%s,DC=example,DC=test", account);
	snprintf(address[n], 64, "%s@example.test", account);
	addresses[n] = address[n];
	return (struct mirror_object){ .guid = number(n), .name = name[n],
		.is_user = true, .account = account, .upn = "",
		.display_name = "", .legacy_dn = "", .password = "",
		.addresses = &addresses[n], .address_count = 1,
		.has_mailbox = true, .database = "" };
}

static void put(struct mirror *m, const struct mirror_object *o)
{
	OK(mirror_put(m, o, err));
}

/* A group before its members, as the other side may send them. */
static void put_all(struct mirror *m)
{
	struct mirror_object alice = user(1, "alice"), bob = user(2, "bob");
	static const struct mirror_link links[] = {
		{ PID_TAG_ADDRESS_BOOK_MEMBER, "cn=ALICE,dc=example,dc=test" },
		{ PID_TAG_ADDRESS_BOOK_MEMBER, "CN=bob,DC=example,DC=test" } };
	struct mirror_object group = user(3, "sales");
	static struct bin title = { (const uint8_t *)"Chief", 5 };
	static const struct recipient_change changes[] = {
		{ RECIPIENT_SET, PID_TAG_TITLE, 1, &title } };

	group.is_user = group.has_mailbox = false;
	group.kind = RECIPIENT_GROUP;
	group.links = links;
	group.link_count = 2;
	alice.display_name = "Alice";
	alice.attributes = changes;
	alice.attribute_count = 1;
	put(m, &group);
	put(m, &alice);
	put(m, &bob);
}

static void test_first_pass(void **state)
{
	struct fix *f = *state;
	struct mirror *m = begin(f, true);
	struct mirror_counts counts;
	struct recipients_backend backend;
	struct recipients *all;
	const struct recipients_snapshot *s;
	const struct recipient *r;
	struct dir_user alice;
	struct dir_mailbox mailbox;
	struct guid guid;
	struct bin value;
	size_t at = 0, members = 0;

	put_all(m);
	counts = end(m);
	assert_string_equal(f->skipped, "");
	assert_int_equal(counts.seen, 3);
	assert_int_equal(counts.written, 3);
	assert_true(directory_user_by_name(f->dir, "EXAMPLE\\alice", f->arena,
					   &alice));
	assert_string_equal(alice.upn, "alice@example.test");
	assert_non_null(strstr(alice.legacy_dn, "/cn=Recipients/cn="));
	guid = number(1);
	assert_true(directory_mailbox(f->dir, &guid, f->arena, &mailbox));
	assert_true(guid_equal(&mailbox.database, &f->database));

	OK(recipients_local(f->dir, &backend, err));
	all = recipients_new(&backend);
	OK(recipients_refresh(all, 0x0409, err));
	s = recipients_hold(all);
	guid = number(3);
	r = recipients_guid(s, &guid);
	assert_non_null(r);
	assert_int_equal(r->kind, RECIPIENT_GROUP);
	while (recipient_next(r, PID_TAG_ADDRESS_BOOK_MEMBER, &at, &value))
		members++;
	assert_int_equal(members, 2);
	guid = number(1);
	r = recipients_guid(s, &guid);
	assert_string_equal(recipient_text(r, PID_TAG_TITLE), "Chief");
	recipients_release(all);
	recipients_free(all);
}

static void test_unchanged(void **state)
{
	struct fix *f = *state;
	struct mirror *m = begin(f, true);
	struct mirror_counts counts;
	struct mirror_state known;
	struct mirror_object alice;
	struct guid guid = number(1);
	const char *name;

	put_all(m);
	end(m);
	m = begin(f, true);
	put_all(m);
	counts = end(m);
	assert_int_equal(counts.seen, 3);
	assert_int_equal(counts.written, 0);
	assert_int_equal(counts.removed, 0);

	/* Without the group's and bob's: nothing of them is lost. */
	m = begin(f, false);
	alice = user(1, "alice2");
	put(m, &alice);
	counts = end(m);
	assert_int_equal(counts.written, 1);
	OK(mirror_state(f->dir, f->arena, &known, err));
	assert_int_equal(known.objects, 3);
	assert_string_equal(known.cookie, "cookie 1");
	assert_true(known.synchronised > 0);
	assert_true(mirror_owns(f->dir, &guid, f->arena, &name, NULL));
	assert_string_equal(name, "CN=alice2,DC=example,DC=test");
}

/* What has gone: a mailbox's user stays, but nobody can log on as it. */
static void test_removed(void **state)
{
	struct fix *f = *state;
	struct mirror *m = begin(f, true);
	struct mirror_object bob = user(2, "bob"), plain = user(4, "carol");
	struct mirror_counts counts;
	struct dir_user alice;
	struct guid guid = number(1);

	put_all(m);
	plain.has_mailbox = false;
	put(m, &plain);
	end(m);
	m = begin(f, true);
	put(m, &bob);
	counts = end(m);
	assert_int_equal(counts.removed, 3);
	assert_true(directory_user(f->dir, &guid, f->arena, &alice));
	assert_true(alice.disabled);
	guid = number(4);
	assert_false(directory_user(f->dir, &guid, f->arena, &alice));
	guid = number(2);
	assert_true(directory_user(f->dir, &guid, f->arena, &alice));
	assert_false(alice.disabled);

	/* And comes back. */
	m = begin(f, false);
	put_all(m);
	end(m);
	guid = number(1);
	assert_true(directory_user(f->dir, &guid, f->arena, &alice));
	assert_false(alice.disabled);
	assert_true(guid_equal(&alice.mailbox, &guid));
	m = begin(f, false);
	OK(mirror_remove(m, &guid, err));
	guid = number(7);
	OK(mirror_remove(m, &guid, err));
	counts = end(m);
	assert_int_equal(counts.removed, 1);
}

/* What can't be taken is told of, and the others go on. */
static void test_conflicts(void **state)
{
	struct fix *f = *state;
	struct dir_user local = { .account = "alice" };
	struct mirror_counts counts;
	struct mirror_object o;
	struct mirror *m;

	OK(directory_new_user(f->dir, &local, err));
	m = begin(f, true);
	put_all(m);
	counts = end(m);
	assert_int_equal(counts.skipped, 1);
	assert_int_equal(counts.written, 2);
	assert_non_null(strstr(f->skipped, "CN=alice,"));

	m = begin(f, false);
	o = user(5, "no account");
	put(m, &o);
	assert_non_null(strstr(f->skipped, "account"));
	o = user(5, "dave");
	o.database = "DB9";
	put(m, &o);
	assert_non_null(strstr(f->skipped, "DB9"));
	counts = end(m);
	assert_int_equal(counts.skipped, 2);
	assert_false(directory_user_by_name(f->dir, "dave", f->arena,
					    &local));
}

/* Somebody known whose entry has become odd is not put out for that. */
static void test_odd_stays(void **state)
{
	struct fix *f = *state;
	struct mirror *m = begin(f, true);
	struct mirror_object alice = user(1, "alice"), bob = user(2, "bob");
	struct mirror_counts counts;
	struct dir_user found;
	struct guid guid = number(1);

	put(m, &alice);
	put(m, &bob);
	end(m);
	m = begin(f, true);
	alice.upn = "no address";
	put(m, &alice);
	put(m, &bob);
	counts = end(m);
	assert_int_equal(counts.skipped, 1);
	assert_int_equal(counts.removed, 0);
	assert_true(directory_user(f->dir, &guid, f->arena, &found));
	assert_false(found.disabled);
}

static void test_addresses(void **state)
{
	static const char *const addresses[] = { "x@elsewhere.test",
		"not an address", "dave@example.test" };
	struct fix *f = *state;
	struct mirror *m = begin(f, true);
	struct mirror_object o = user(5, "dave");
	struct dir_user dave;

	o.addresses = addresses;
	o.address_count = 3;
	put(m, &o);
	end(m);
	assert_true(directory_user_by_name(f->dir, "dave", f->arena, &dave));
	assert_int_equal(dave.address_count, 1);
	assert_string_equal(dave.addresses[0], "dave@example.test");
}

/* A member that is not there yet is taken when it is. */
static void test_member_later(void **state)
{
	static const struct mirror_link link = {
		PID_TAG_ADDRESS_BOOK_MEMBER, "CN=carol,DC=example,DC=test" };
	struct fix *f = *state;
	struct mirror_object group = user(3, "sales"), carol;
	struct mirror_counts counts;
	struct mirror *m = begin(f, true);
	int64_t n;

	group.is_user = group.has_mailbox = false;
	group.kind = RECIPIENT_GROUP;
	group.links = &link;
	group.link_count = 1;
	put(m, &group);
	end(m);
	m = begin(f, true);
	carol = user(4, "carol");
	put(m, &group);
	put(m, &carol);
	counts = end(m);
	assert_int_equal(counts.written, 2);
	OK(sql_number(f->dir->db, 0, &n, err, "SELECT count(*) FROM attribute "
		      "WHERE owner = ? AND value = ?", "gg", &group.guid,
		      &carol.guid));
	assert_int_equal(n, 1);
	m = begin(f, true);
	put(m, &group);
	put(m, &carol);
	counts = end(m);
	assert_int_equal(counts.written, 0);
}

/* The next pass would undo it. */
static void test_not_ours(void **state)
{
	struct fix *f = *state;
	struct mirror *m = begin(f, true);
	struct guid guid = number(1), sales = number(3);
	struct dir_mailbox mailbox;
	struct bin title = { (const uint8_t *)"Boss", 4 };
	struct recipient_change change = { RECIPIENT_SET, PID_TAG_TITLE, 1,
					   &title };
	struct dir_user alice;
	struct err why;

	put_all(m);
	end(m);
	assert_true(directory_user(f->dir, &guid, f->arena, &alice));
	assert_false(directory_set_user(f->dir, &alice, &why));
	assert_non_null(strstr(why.text, "CN=alice,DC=example,DC=test"));
	assert_false(directory_remove_user(f->dir, &guid, &why));
	assert_false(directory_set_attributes(f->dir, &guid, &change, 1,
					      &why));
	assert_false(directory_set_hidden(f->dir, &guid, true, &why));
	assert_false(directory_remove_recipient(f->dir, &sales, &why));

	/* The mailbox is ours. */
	assert_true(directory_mailbox(f->dir, &guid, f->arena, &mailbox));
	mailbox.quota.warn = 100;
	OK(directory_set_mailbox(f->dir, &mailbox, err));
	m = begin(f, false);
	OK(mirror_remove(m, &guid, err));
	end(m);
	OK(directory_remove_mailbox(f->dir, &guid, err));
	OK(directory_remove_user(f->dir, &guid, err));
}

static void test_abort_and_failure(void **state)
{
	struct fix *f = *state;
	struct mirror *m = begin(f, true);
	struct mirror_state known;

	put_all(m);
	mirror_abort(m);
	OK(mirror_failed(f->dir, "dc1 does not answer", err));
	OK(mirror_state(f->dir, f->arena, &known, err));
	assert_int_equal(known.objects, 0);
	assert_int_equal(known.synchronised, 0);
	assert_true(known.tried > 0);
	assert_string_equal(known.error, "dc1 does not answer");
	m = begin(f, true);
	end(m);
	OK(mirror_state(f->dir, f->arena, &known, err));
	assert_string_equal(known.error, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_first_pass), TEST(test_unchanged),
		TEST(test_removed), TEST(test_conflicts),
		TEST(test_odd_stays),
		TEST(test_addresses),
		TEST(test_member_later), TEST(test_not_ours),
		TEST(test_abort_and_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
