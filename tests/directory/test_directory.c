/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "directory/directory.h"
#include "directory/sql.h"

struct fix {
	char folder[64], path[96];
	struct directory *dir;
	struct arena *arena;
	struct guid server, database, alice, mailbox;
};

static const char *const domains[] = { "example.test", "example.org" };

static struct dir_org org_of(void)
{
	return (struct dir_org){ .name = "First Organization",
				 .domains = domains, .domain_count = 2 };
}

#define OK(call) do { \
	struct err err_ = { .text = "" }; \
	struct err *err = &err_; \
	if (!(call)) \
		fail_msg("%s: %s", #call, err_.text); \
} while (0)

#define REFUSED(call, words) do { \
	struct err err_ = { .text = "" }; \
	struct err *err = &err_; \
	if (call) \
		fail_msg("%s succeeded", #call); \
	if (strstr(err_.text, words) == NULL) \
		fail_msg("%s: \"%s\" lacks \"%s\"", #call, err_.text, words); \
} while (0)

static void fill(struct fix *f)
{
	struct dir_server server = { .name = "MX1", .fqdn = "mx1.example.test",
		.version = "Version 15.1 (Build 2507.6)",
		.make = "Posthouse" };
	struct dir_database db = { .name = "DB1", .path = "mailboxes" };
	struct dir_user alice = { .account = "alice",
				  .display_name = "Alice Ångström" };
	struct dir_mailbox mailbox = { .lcid = 0x0407,
		.quota = { .warn = 1024, .no_send = 2048 } };

	OK(directory_new_server(f->dir, &server, err));
	db.server = server.guid;
	OK(directory_new_database(f->dir, &db, err));
	OK(directory_new_user(f->dir, &alice, err));
	mailbox.user = alice.guid;
	mailbox.database = db.guid;
	OK(directory_new_mailbox(f->dir, &mailbox, err));
	f->server = server.guid;
	f->database = db.guid;
	f->alice = alice.guid;
	f->mailbox = mailbox.guid;
}

static int setup(void **state)
{
	struct fix *f = calloc(1, sizeof *f);
	struct dir_org org = org_of();

	strcpy(f->folder, "/tmp/phdirectory.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof f->path, "%s/organisation.db", f->folder);
	OK(directory_create(f->path, &org, err));
	OK(directory_open(f->path, "mx1", &f->dir, err));
	f->arena = arena_new(0);
	fill(f);
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

/* Look-ups ------------------------------------------------------------- */

static void test_org(void **state)
{
	struct fix *f = *state;
	struct dir_org org;

	directory_org(f->dir, f->arena, &org);
	assert_string_equal(org.name, "First Organization");
	assert_string_equal(org.domain, "example.test");
	assert_int_equal(org.domain_count, 2);
	assert_string_equal(org.domains[1], "example.org");
	assert_false(guid_is_null(&org.guid));
}

static void test_user_lookups(void **state)
{
	struct fix *f = *state;
	static const char *const names[] = { "alice", "ALICE",
		"alice@example.test", "Alice@EXAMPLE.Test", "EXAMPLE\\alice",
		"example.test\\Alice", "example.org\\alice" };
	static const char *const none[] = { "", "alic", "alice ", "alicee",
		"alice@example.org", "OTHER\\alice", "\\alice", "example\\",
		"@", "alice@" };
	struct dir_user u;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (!directory_user_by_name(f->dir, names[i], f->arena, &u))
			fail_msg("%s is not found", names[i]);
		assert_true(guid_equal(&u.guid, &f->alice));
	}
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		if (directory_user_by_name(f->dir, none[i], f->arena, &u))
			fail_msg("%s is found", none[i]);
	assert_string_equal(u.account, "alice");
	assert_string_equal(u.display_name, "Alice Ångström");
	assert_string_equal(u.upn, "alice@example.test");
	assert_string_equal(u.password, "");
	assert_int_equal(u.address_count, 1);
	assert_string_equal(u.addresses[0], "alice@example.test");
	assert_true(guid_equal(&u.mailbox, &f->mailbox));
	assert_false(u.is_admin);
}

static void test_legacy_dn(void **state)
{
	static const char prefix[] = "/o=First Organization/ou=Exchange "
		"Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=";
	struct fix *f = *state;
	struct dir_user u, again;
	char upper[256];

	assert_true(directory_user(f->dir, &f->alice, f->arena, &u));
	assert_memory_equal(u.legacy_dn, prefix, sizeof prefix - 1);
	assert_int_equal(strlen(u.legacy_dn), sizeof prefix - 1 + 32 + 6);
	assert_string_equal(u.legacy_dn + sizeof prefix - 1 + 32, "-alice");
	assert_true(directory_user_by_dn(f->dir, u.legacy_dn, f->arena,
					 &again));
	snprintf(upper, sizeof upper, "%s", u.legacy_dn);
	for (char *c = upper; *c != '\0'; c++)
		*c = (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
	assert_true(directory_user_by_dn(f->dir, upper, f->arena, &again));
	upper[20] = '?';
	assert_false(directory_user_by_dn(f->dir, upper, f->arena, &again));
	assert_string_equal(
		directory_server_dn(f->arena, "A/B=C", "MX1"),
		"/o=A_B_C/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)"
		"/cn=Configuration/cn=Servers/cn=MX1");
}

static void test_mailbox_lookups(void **state)
{
	struct fix *f = *state;
	char guid[GUID_TEXT_SIZE], text[200];
	struct dir_mailbox m;
	struct dir_user u;

	assert_true(directory_mailbox(f->dir, &f->mailbox, f->arena, &m));
	guid_format(&f->mailbox, guid);
	snprintf(text, sizeof text, "%s/mailboxes/%s.db", f->folder, guid);
	assert_string_equal(m.path, text);
	assert_string_equal(m.display_name, "Alice Ångström");
	assert_string_equal(m.address, "alice@example.test");
	assert_string_equal(m.database_name, "DB1");
	assert_string_equal(m.server_fqdn, "mx1.example.test");
	assert_true(m.local);
	assert_int_equal(m.lcid, 0x0407);
	assert_int_equal(m.quota.warn, 1024);
	assert_int_equal(m.quota.no_send, 2048);
	assert_int_equal(m.quota.no_receive, 0);
	assert_true(guid_equal(&m.server, &f->server));
	assert_true(directory_user(f->dir, &f->alice, f->arena, &u));
	assert_true(directory_mailbox_by_dn(f->dir, u.legacy_dn, f->arena,
					    &m));
	assert_true(directory_mailbox_by_address(f->dir, "ALICE@example.test",
						 f->arena, &m));
	snprintf(text, sizeof text, "%s@example.test", guid);
	assert_true(directory_mailbox_by_id(f->dir, text, f->arena, &m));
	assert_true(directory_mailbox_by_id(f->dir, guid, f->arena, &m));
	snprintf(text, sizeof text, "{%s}@x", guid);
	assert_true(directory_mailbox_by_id(f->dir, text, f->arena, &m));
	assert_false(directory_mailbox_by_id(f->dir, "", f->arena, &m));
	assert_false(directory_mailbox_by_id(f->dir, "alice@example.test",
					     f->arena, &m));
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_false(directory_mailbox_by_id(f->dir, text, f->arena, &m));
}

static void test_null_guids(void **state)
{
	struct fix *f = *state;
	const struct guid null = { { 0 } };
	struct dir_server s;
	struct dir_database d;
	struct dir_user u;
	struct dir_mailbox m;

	assert_false(directory_server(f->dir, &null, f->arena, &s));
	assert_false(directory_database(f->dir, &null, f->arena, &d));
	assert_false(directory_user(f->dir, &null, f->arena, &u));
	assert_false(directory_mailbox(f->dir, &null, f->arena, &m));
	assert_int_equal(directory_user_changed(f->dir, &null), 0);
}

static void test_servers(void **state)
{
	struct fix *f = *state;
	struct dir_server s, *list;
	struct dir_database d;

	assert_true(directory_this_server(f->dir, f->arena, &s));
	assert_string_equal(s.name, "MX1");
	assert_string_equal(s.version, "Version 15.1 (Build 2507.6)");
	assert_true(directory_server_named(f->dir, "MX1.example.TEST",
					   f->arena, &s));
	assert_false(directory_server_named(f->dir, "mx2", f->arena, &s));
	assert_true(directory_database_named(f->dir, "db1", f->arena, &d));
	assert_true(guid_equal(&d.server, &f->server));
	assert_int_equal(d.path[0], '/');
	s = (struct dir_server){ .name = "MX2", .fqdn = "mx2.example.test",
				 .version = "", .make = "Exchange" };
	OK(directory_new_server(f->dir, &s, err));
	assert_int_equal(directory_servers(f->dir, f->arena, &list), 2);
	assert_string_equal(list[1].make, "Exchange");
	/* The database moves: its mailboxes are no longer here. */
	d.server = s.guid;
	OK(directory_set_database(f->dir, &d, err));
	{
		struct dir_mailbox m;

		assert_true(directory_mailbox(f->dir, &f->mailbox, f->arena,
					      &m));
		assert_false(m.local);
		assert_string_equal(m.server_fqdn, "mx2.example.test");
	}
}

static void test_many(void **state)
{
	struct fix *f = *state;
	struct dir_user u, *users;
	struct dir_mailbox *boxes;
	char name[32];

	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "user%03d", i);
		u = (struct dir_user){ .account = name };
		OK(directory_new_user(f->dir, &u, err));
	}
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "USER%03d@example.test", i);
		assert_true(directory_user_by_address(f->dir, name, f->arena,
						      &u));
	}
	assert_int_equal(directory_users(f->dir, f->arena, &users), 301);
	assert_string_equal(users[0].account, "alice");
	assert_string_equal(users[300].account, "user299");
	assert_int_equal(directory_mailboxes(f->dir, f->arena, &boxes), 1);
}

/* Changes -------------------------------------------------------------- */

static void test_user_changes(void **state)
{
	struct fix *f = *state;
	const char *more[] = { "a.angstrom@example.org",
			       "alice@example.test" };
	uint64_t before = directory_user_changed(f->dir, &f->alice);
	struct dir_user u;

	assert_true(directory_user(f->dir, &f->alice, f->arena, &u));
	assert_int_equal(u.changed, before);
	u.is_admin = true;
	u.disabled = true;
	u.password = "$scrypt$x";
	u.display_name = "A";
	u.addresses = more;
	u.address_count = 2;
	OK(directory_set_user(f->dir, &u, err));
	assert_true(directory_user_changed(f->dir, &f->alice) > before);
	assert_true(directory_user_by_address(f->dir, more[0], f->arena, &u));
	assert_true(u.is_admin && u.disabled);
	assert_string_equal(u.password, "$scrypt$x");
	assert_int_equal(u.address_count, 2);
	assert_string_equal(u.addresses[0], more[0]);
	assert_true(guid_equal(&u.mailbox, &f->mailbox));
}

/* auth depends on it: an identity holds the mailbox's GUID. */
static void test_mailbox_touches_user(void **state)
{
	struct fix *f = *state;
	uint64_t at = directory_user_changed(f->dir, &f->alice);
	struct dir_mailbox m;
	struct dir_user u;

	assert_true(directory_mailbox(f->dir, &f->mailbox, f->arena, &m));
	m.disabled = true;
	m.quota.no_receive = 7;
	OK(directory_set_mailbox(f->dir, &m, err));
	assert_true(directory_mailbox(f->dir, &f->mailbox, f->arena, &m));
	assert_true(m.disabled);
	assert_int_equal(m.quota.no_receive, 7);
	assert_true(directory_user_changed(f->dir, &f->alice) > at);
	at = directory_user_changed(f->dir, &f->alice);
	OK(directory_remove_mailbox(f->dir, &f->mailbox, err));
	assert_true(directory_user_changed(f->dir, &f->alice) > at);
	assert_true(directory_user(f->dir, &f->alice, f->arena, &u));
	assert_true(guid_is_null(&u.mailbox));
	assert_false(directory_mailbox(f->dir, &f->mailbox, f->arena, &m));
	OK(directory_remove_user(f->dir, &f->alice, err));
	assert_int_equal(directory_user_changed(f->dir, &f->alice), 0);
	OK(directory_remove_database(f->dir, &f->database, err));
	OK(directory_remove_server(f->dir, &f->server, err));
}

static void test_in_use(void **state)
{
	struct fix *f = *state;

	REFUSED(directory_remove_server(f->dir, &f->server, err),
		"databases are active");
	REFUSED(directory_remove_database(f->dir, &f->database, err),
		"mailboxes are in");
	REFUSED(directory_remove_user(f->dir, &f->alice, err),
		"remove it first");
}

static void test_taken(void **state)
{
	struct fix *f = *state;
	const char *taken = "alice@example.test";
	const char *other = "bob@example.org";
	struct dir_user u = { .account = "ALICE" };
	struct dir_server s = { .name = "mx1", .fqdn = "other.example.test",
				.version = "", .make = "" };
	struct dir_database d = { .name = "db1", .path = "p",
				  .server = f->server };
	struct dir_mailbox m = { .user = f->alice, .database = f->database };

	REFUSED(directory_new_user(f->dir, &u, err),
		"the account ALICE is taken");
	u = (struct dir_user){ .account = "bob", .addresses = &taken,
			       .address_count = 1 };
	REFUSED(directory_new_user(f->dir, &u, err), "belongs to another");
	u = (struct dir_user){ .account = "bob", .upn = taken,
			       .addresses = &other, .address_count = 1 };
	REFUSED(directory_new_user(f->dir, &u, err), "belongs to another");
	u = (struct dir_user){ .account = "carol", .upn = other,
			       .addresses = &other, .address_count = 1 };
	OK(directory_new_user(f->dir, &u, err));
	u = (struct dir_user){ .account = "bob", .addresses = &other,
			       .address_count = 1 };
	REFUSED(directory_new_user(f->dir, &u, err), "belongs to another");
	assert_true(guid_is_null(&u.guid));
	REFUSED(directory_new_server(f->dir, &s, err), "of this name");
	REFUSED(directory_new_database(f->dir, &d, err), "of this name");
	d.name = "db2";
	d.path = "mailboxes";
	REFUSED(directory_new_database(f->dir, &d, err), "uses this path");
	REFUSED(directory_new_mailbox(f->dir, &m, err), "has a mailbox");
	/* Nothing of a refused change stays: the name is still free. */
	u = (struct dir_user){ .account = "bob" };
	OK(directory_new_user(f->dir, &u, err));
}

static void test_missing(void **state)
{
	struct fix *f = *state;
	struct guid other = guid_new();
	struct dir_database d = { .name = "db2", .path = "p",
				  .server = other };
	struct dir_mailbox m = { .user = other, .database = f->database };
	struct dir_user u;

	REFUSED(directory_new_database(f->dir, &d, err), "not there");
	REFUSED(directory_new_mailbox(f->dir, &m, err), "no such user");
	REFUSED(directory_remove_user(f->dir, &other, err), "no such user");
	assert_true(directory_user(f->dir, &f->alice, f->arena, &u));
	u.guid = other;
	u.account = "x";
	u.upn = "x@example.test";
	u.legacy_dn = "/o=x";
	u.address_count = 0;
	REFUSED(directory_set_user(f->dir, &u, err), "no such user");
}

static void test_bad_text(void **state)
{
	static const char *const accounts[] = { "", "a b", "a:b", "a@b",
		"a\\b", "a/b", "a\nb", "\xff",
		("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"
		 "ggggg") };
	static const char *const addresses[] = { "x", "x@", "@example.test",
		"a b@example.test", "a@b@example.test", "a@.test",
		"a@example..test", "a@example.test.", "a@other.test",
		"\"a\"@example.test" };
	struct fix *f = *state;
	const char *none[1];
	struct dir_org org = org_of();

	for (size_t i = 0; i < sizeof accounts / sizeof accounts[0]; i++) {
		struct dir_user u = { .account = accounts[i],
				      .display_name = "x", .upn =
				      "x@example.test", .legacy_dn = "/o=x" };

		if (directory_new_user(f->dir, &u, NULL))
			fail_msg("account %s is accepted", accounts[i]);
	}
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		struct dir_user u = { .account = "x", .upn = "x@example.test",
				      .addresses = &addresses[i],
				      .address_count = 1 };

		if (directory_new_user(f->dir, &u, NULL))
			fail_msg("address %s is accepted", addresses[i]);
	}
	none[0] = "not a domain";
	org.domains = none;
	org.domain_count = 1;
	REFUSED(directory_set_org(f->dir, &org, err), "not a domain name");
	org.domain_count = 0;
	REFUSED(directory_set_org(f->dir, &org, err), "at least one");
	REFUSED(directory_create(f->path, &org, err), "at least one");
	org = org_of();
	REFUSED(directory_create(f->path, &org, err), "remove it first");
	REFUSED(directory_create("/nonexistent/x.db", &org, err), "No such");
}

/* Files ---------------------------------------------------------------- */

static void test_file(void **state)
{
	struct fix *f = *state;
	struct directory *dir = NULL;
	char path[128];
	struct stat st;
	FILE *other;

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	REFUSED(directory_open("/nonexistent/x.db", NULL, &dir, err),
		"org init");
	snprintf(path, sizeof path, "%s/other", f->folder);
	other = fopen(path, "w");
	for (int i = 0; i < 200; i++)
		fputs("this is no database\n", other);
	fclose(other);
	REFUSED(directory_open(path, NULL, &dir, err), "not a");
	other = fopen(path, "w");
	fclose(other);
	REFUSED(directory_open(path, NULL, &dir, err), "not a directory");
	assert_null(dir);
	directory_close(NULL);
}

static void run_sql(const char *path, const char *text)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	sqlite3_close(db);
}

/* A database of the first schema gets the later ones when it is opened. */
static void test_migration(void **state)
{
	struct fix *f = *state;
	struct directory *dir = NULL;
	struct dir_org org;
	char path[128];
	int64_t n = 0;
	sqlite3 *db;

	snprintf(path, sizeof path, "%s/old.db", f->folder);
	fclose(fopen(path, "w"));
	OK(sql_open(path, &db, err));
	OK(sql_migrate(db, 1, err));
	OK(sql_run(db, "INSERT INTO organisation VALUES "
		   "(1, zeroblob(16), 'Old', 5);"
		   "INSERT INTO domain VALUES ('old.test', 0)", err));
	sqlite3_close(db);
	OK(directory_open(path, NULL, &dir, err));
	directory_org(dir, f->arena, &org);
	assert_string_equal(org.name, "Old");
	assert_string_equal(org.domain, "old.test");
	assert_int_equal(directory_change(dir), 5);
	directory_close(dir);
	OK(sql_open(path, &db, err));
	OK(sql_number(db, 0, &n, err, "PRAGMA user_version", ""));
	assert_int_equal(n, SQL_SCHEMA);
	OK(sql_number(db, 0, &n, err, "SELECT count(*) FROM sqlite_schema "
		      "WHERE name = 'mailbox_database'", ""));
	assert_int_equal(n, 1);
	sqlite3_close(db);
	run_sql(path, "PRAGMA user_version = 99");
	dir = NULL;
	REFUSED(directory_open(path, NULL, &dir, err), "newer Posthouse");
	run_sql(path, "PRAGMA application_id = 1; PRAGMA user_version = 2");
	REFUSED(directory_open(path, NULL, &dir, err), "not a directory");
}

/* Several processes and threads ---------------------------------------- */

static void test_follow(void **state)
{
	struct fix *f = *state;
	struct directory *other = NULL;
	struct dir_user u = { .account = "bob" };
	bool changed = true;

	OK(directory_open(f->path, NULL, &other, err));
	OK(directory_poll(other, &changed, err));
	assert_false(changed);
	OK(directory_new_user(f->dir, &u, err));
	assert_false(directory_user_by_name(other, "bob", f->arena, &u));
	OK(directory_poll(other, &changed, err));
	assert_true(changed);
	assert_true(directory_user_by_name(other, "bob", f->arena, &u));
	/* By itself within a second. */
	OK(directory_follow(other, NULL, NULL, err));
	u.disabled = true;
	OK(directory_set_user(f->dir, &u, err));
	do {
		usleep(10000);
		assert_true(directory_user_by_name(other, "bob", f->arena,
						   &u));
	} while (!u.disabled);
	assert_int_equal(directory_change(other), u.changed);
	directory_close(other);
}

static void add_users(const char *path, int process)
{
	struct directory *dir;
	char name[32];

	if (!directory_open(path, NULL, &dir, NULL))
		_exit(1);
	for (int i = 0; i < 25; i++) {
		struct dir_user u = { .account = name };

		snprintf(name, sizeof name, "p%d-%d", process, i);
		if (!directory_new_user(dir, &u, NULL))
			_exit(2);
	}
	directory_close(dir);
	_exit(0);
}

static void test_processes(void **state)
{
	struct fix *f = *state;
	uint64_t before = directory_change(f->dir);
	struct dir_user *users;
	int status;

	for (int p = 0; p < 4; p++)
		if (fork() == 0)
			add_users(f->path, p);
	for (int p = 0; p < 4; p++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	OK(directory_poll(f->dir, NULL, err));
	assert_int_equal(directory_users(f->dir, f->arena, &users), 101);
	/* Each transaction has a number of its own. */
	assert_true(directory_change(f->dir) >= before + 100);
}

struct hammer {
	struct fix *f;
	atomic_bool stop;
	atomic_uint lookups;
};

static void *look_up(void *arg)
{
	struct hammer *h = arg;
	struct arena *arena = arena_new(0);
	struct dir_user u;

	while (!atomic_load(&h->stop)) {
		if (!directory_user_by_name(h->f->dir, "alice", arena, &u) ||
		    strcmp(u.account, "alice") != 0)
			break;
		arena_reset(arena);
		atomic_fetch_add(&h->lookups, 1);
	}
	arena_free(arena);
	return NULL;
}

static void test_threads(void **state)
{
	struct hammer h = { .f = *state };
	pthread_t threads[3];
	struct dir_user u;

	OK(directory_follow(h.f->dir, NULL, NULL, err));
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, look_up, &h);
	for (int i = 0; i < 50; i++) {
		assert_true(directory_user(h.f->dir, &h.f->alice,
					   h.f->arena, &u));
		u.display_name = i % 2 == 0 ? "A" : "Alice";
		OK(directory_set_user(h.f->dir, &u, err));
	}
	while (atomic_load(&h.lookups) < 1000)
		usleep(1000);
	atomic_store(&h.stop, true);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	assert_true(atomic_load(&h.lookups) >= 1000);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_org),
		TEST(test_user_lookups),
		TEST(test_legacy_dn),
		TEST(test_mailbox_lookups),
		TEST(test_null_guids),
		TEST(test_servers),
		TEST(test_many),
		TEST(test_user_changes),
		TEST(test_mailbox_touches_user),
		TEST(test_in_use),
		TEST(test_taken),
		TEST(test_missing),
		TEST(test_bad_text),
		TEST(test_file),
		TEST(test_migration),
		TEST(test_follow),
		TEST(test_processes),
		TEST(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
