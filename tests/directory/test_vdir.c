/* SPDX-License-Identifier: Apache-2.0 */
/* Servers' virtual directories, and the record of changes. */
#include "test.h"

#include <sys/wait.h>
#include <unistd.h>

#include "directory/audit.h"
#include "directory/sql.h"

struct fix {
	char folder[64], path[96];
	struct directory *dir;
	struct arena *arena;
};

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

static int setup(void **state)
{
	static const char *const domains[] = { "example.test" };
	struct dir_org org = { .name = "First Organization",
			       .domains = domains, .domain_count = 1 };
	struct fix *f = calloc(1, sizeof *f);

	strcpy(f->folder, "/tmp/phvdir.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof f->path, "%s/organisation.db", f->folder);
	OK(directory_create(f->path, &org, err));
	OK(directory_open(f->path, "mx1", &f->dir, err));
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

static struct guid add_server(struct fix *f, const char *name,
			      const char *version, unsigned roles)
{
	struct dir_server s = { .name = name, .version = version,
		.roles = roles, .fqdn = arena_printf(f->arena,
						     "%s.example.test", name) };

	OK(directory_new_server(f->dir, &s, err));
	return s.guid;
}

static struct dir_vdir vdir_of(struct fix *f, const struct guid *server,
			       bool back_end)
{
	struct dir_vdir v = { .identity = NULL };

	if (!directory_vdir(f->dir, server, back_end, f->arena, &v))
		fail_msg("there is none");
	return v;
}

/* Versions and names --------------------------------------------------- */

static void test_versions(void **state)
{
	static const struct {
		const char *text;
		unsigned v[4];
	} good[] = {
		{ "Version 15.1 (Build 2507.6)", { 15, 1, 2507, 6 } },
		{ "Version 15.0 (Build 1210.3)", { 15, 0, 1210, 3 } },
		{ "version 15.2 (build 986)", { 15, 2, 986, 0 } },
		{ "Version 15.1", { 15, 1, 0, 0 } },
		{ "15.1", { 15, 1, 0, 0 } },
		{ "15.1.2507.6", { 15, 1, 2507, 6 } },
		{ "15.01.2507.006", { 15, 1, 2507, 6 } },
		{ "Exchange/15.00.1210.002", { 15, 0, 1210, 2 } },
	};
	static const char *const bad[] = { "", "15", "15.", "Version",
		"Version 15.1 (Build 2507.6", "Version 15.1 Build 2507.6",
		"15.1 (Build 2507.6)", "15.1.2507.6.1", "15.1x", "-15.1",
		"15.999999", "Version  15.1", "15.1.", "15.1 " };
	struct fix *f = *state;
	unsigned v[4];

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		if (!dir_version_parse(good[i].text, &v[0], &v[1], &v[2],
				       &v[3]))
			fail_msg("%s is none", good[i].text);
		assert_memory_equal(v, good[i].v, sizeof v);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (dir_version_parse(bad[i], &v[0], &v[1], &v[2], &v[3]))
			fail_msg("%s is one", bad[i]);
	assert_string_equal(dir_version_format(f->arena, 15, 1, 2507, 6),
			    "Version 15.1 (Build 2507.6)");
}

static void test_default_methods(void **state)
{
	const unsigned all = DIR_METHOD_NTLM | DIR_METHOD_OAUTH |
		DIR_METHOD_NEGOTIATE;

	assert_int_equal(dir_version_methods("Version 15.0 (Build 1210.3)"),
			 DIR_METHOD_NEGOTIATE);
	assert_int_equal(dir_version_methods("Version 14.3 (Build 123.4)"),
			 DIR_METHOD_NEGOTIATE);
	assert_int_equal(dir_version_methods("Version 15.1 (Build 2507.6)"),
			 all);
	assert_int_equal(dir_version_methods("Version 15.2 (Build 986.5)"),
			 all);
	assert_int_equal(dir_version_methods(""), all);
}

static void test_names(void **state)
{
	struct fix *f = *state;
	enum dir_method m;
	enum dir_ep ep;
	enum dir_ep_flag flag;

	assert_true(dir_method_parse("NTLM", &m));
	assert_int_equal(m, DIR_METHOD_NTLM);
	assert_string_equal(dir_method_name(m), "Ntlm");
	assert_true(dir_method_parse("oauth", &m));
	assert_string_equal(dir_method_name(m), "OAuth");
	assert_false(dir_method_parse("Kerberos", &m));
	assert_false(dir_method_parse("", &m));
	assert_int_equal(m, DIR_METHOD_OAUTH);
	assert_string_equal(dir_methods_text(f->arena, DIR_METHODS_ALL),
			    "Basic, Ntlm, OAuth, Negotiate");
	assert_string_equal(dir_methods_text(f->arena, 0), "");
	assert_true(dir_ep_parse("require", &ep));
	assert_string_equal(dir_ep_name(ep), "Require");
	assert_false(dir_ep_parse("Demand", &ep));
	assert_true(dir_ep_flag_parse("allowdotlessspn", &flag));
	assert_string_equal(dir_ep_flag_name(flag), "AllowDotlessSPN");
	assert_false(dir_ep_flag_parse("None", &flag));
	assert_int_equal(dir_method_at(0), DIR_METHOD_BASIC);
	assert_int_equal(dir_method_at(4), 0);
}

/* External ones are null on 2013 until there is an external URL. */
static void test_derived(void **state)
{
	struct dir_vdir v = { .external_url = "", .methods = 4,
			      .server_version = "Version 15.0 (Build 1.0)" };

	assert_int_equal(dir_vdir_internal_methods(&v), 4);
	assert_int_equal(dir_vdir_external_methods(&v), 0);
	v.external_url = "https://mail.example.test/mapi";
	assert_int_equal(dir_vdir_external_methods(&v), 4);
	v.external_url = "";
	v.server_version = "Version 15.1 (Build 1.0)";
	assert_int_equal(dir_vdir_external_methods(&v), 4);
}

/* With their server ---------------------------------------------------- */

static void test_defaults(void **state)
{
	struct fix *f = *state;
	struct guid old = add_server(f, "MX1", "15.0.1210.3", 0);
	struct guid new = add_server(f, "MX2", "15.1.2507.6", 0);
	struct dir_vdir v = vdir_of(f, &old, false), *list;
	struct dir_server s;

	assert_string_equal(v.identity, "MX1\\mapi (Default Web Site)");
	assert_string_equal(v.name, "mapi");
	assert_string_equal(v.internal_url, "https://MX1.example.test/mapi");
	assert_string_equal(v.external_url, "");
	assert_int_equal(v.methods, DIR_METHOD_NEGOTIATE);
	assert_false(v.methods_inherited);
	assert_int_equal(v.ep_checking, DIR_EP_NONE);
	assert_int_equal(v.ep_spn_count, 0);
	assert_true(v.when_created > 0);
	assert_string_equal(v.server_version, "Version 15.0 (Build 1210.3)");
	v = vdir_of(f, &old, true);
	assert_string_equal(v.identity, "MX1\\mapi (Exchange Back End)");
	assert_string_equal(v.internal_url,
			    "https://MX1.example.test:444/mapi");
	assert_int_equal(v.methods, DIR_METHOD_NEGOTIATE);
	assert_true(v.methods_inherited);
	v = vdir_of(f, &new, false);
	assert_int_equal(v.methods, 14);
	assert_int_equal(directory_vdirs(f->dir, f->arena, &list), 4);
	assert_string_equal(list[1].identity, "MX1\\mapi (Exchange Back End)");
	assert_string_equal(list[2].identity, "MX2\\mapi (Default Web Site)");
	assert_true(directory_server(f->dir, &old, f->arena, &s));
	assert_string_equal(s.site, "Default-First-Site-Name");
	assert_int_equal(s.roles, DIR_ROLES_ALL);
	assert_string_equal(s.make, "Posthouse");
	assert_null(s.assertion_key);
	assert_null(s.account_hash);
}

static void test_other_makes(void **state)
{
	struct fix *f = *state;
	struct dir_server s = { .name = "GX", .fqdn = "gx.example.test",
				.make = "GROMOX" };
	struct dir_server got;

	OK(directory_new_server(f->dir, &s, err));
	assert_true(directory_server(f->dir, &s.guid, f->arena, &got));
	assert_string_equal(got.make, "gromox");
	assert_string_equal(got.version, "");
	assert_string_equal(vdir_of(f, &s.guid, true).internal_url,
			    "https://gx.example.test/mapi");
	s = (struct dir_server){ .name = "EX", .fqdn = "ex.example.test",
				 .make = "Exchange", .version = "2016" };
	REFUSED(directory_new_server(f->dir, &s, err), "is not a version");
	s.version = "15.1";
	s.make = "Domino";
	REFUSED(directory_new_server(f->dir, &s, err), "no make of server");
	s.make = "Exchange";
	s.roles = 8;
	REFUSED(directory_new_server(f->dir, &s, err), "needs a role");
	s.roles = DIR_ROLE_FRONTEND;
	s.site = "\n";
	REFUSED(directory_new_server(f->dir, &s, err), "the site");
	s.site = "Berlin";
	OK(directory_new_server(f->dir, &s, err));
	assert_true(directory_server(f->dir, &s.guid, f->arena, &got));
	assert_string_equal(got.version, "Version 15.1 (Build 0.0)");
	assert_string_equal(got.site, "Berlin");
}

/* The back-end one comes and goes with the mailbox role. */
static void test_roles(void **state)
{
	struct fix *f = *state;
	struct guid guid = add_server(f, "FE", "15.1", DIR_ROLE_FRONTEND);
	struct dir_database db = { .name = "DB", .path = "p",
				   .server = guid };
	struct dir_server s;
	struct dir_vdir v;

	assert_false(directory_vdir(f->dir, &guid, true, f->arena, &v));
	REFUSED(directory_new_database(f->dir, &db, err), "no mailbox role");
	assert_true(directory_server(f->dir, &guid, f->arena, &s));
	s.roles = DIR_ROLES_ALL;
	OK(directory_set_server(f->dir, &s, err));
	v = vdir_of(f, &guid, true);
	assert_true(v.methods_inherited);
	OK(directory_new_database(f->dir, &db, err));
	s.roles = DIR_ROLE_FRONTEND;
	REFUSED(directory_set_server(f->dir, &s, err), "loses the mailbox");
	assert_true(directory_vdir(f->dir, &guid, true, f->arena, &v));
	OK(directory_remove_database(f->dir, &db.guid, err));
	OK(directory_set_server(f->dir, &s, err));
	assert_false(directory_vdir(f->dir, &guid, true, f->arena, &v));
	OK(directory_remove_server(f->dir, &guid, err));
	assert_false(directory_vdir(f->dir, &guid, false, f->arena, &v));
}

/* Default URLs follow a new FQDN, others don't. */
static void test_new_fqdn(void **state)
{
	struct fix *f = *state;
	struct guid guid = add_server(f, "MX1", "15.1", 0);
	struct dir_vdir v = vdir_of(f, &guid, false);
	struct dir_server s;

	v.internal_url = "https://mail.example.test/mapi";
	OK(directory_set_vdirs(f->dir, &v, 1, err));
	assert_true(directory_server(f->dir, &guid, f->arena, &s));
	s.fqdn = "new.example.test";
	OK(directory_set_server(f->dir, &s, err));
	assert_string_equal(vdir_of(f, &guid, false).internal_url,
			    "https://mail.example.test/mapi");
	assert_string_equal(vdir_of(f, &guid, true).internal_url,
			    "https://new.example.test:444/mapi");
}

static void test_server_keys(void **state)
{
	struct fix *f = *state;
	struct guid guid = add_server(f, "MX1", "15.1", 0);
	uint8_t key[DIR_ASSERTION_KEY_SIZE], hash[40];
	struct dir_server s, got;

	memset(key, 7, sizeof key);
	memset(hash, 9, sizeof hash);
	assert_true(directory_server(f->dir, &guid, f->arena, &s));
	s.assertion_key = key;
	s.account_hash = hash;
	s.account_hash_size = sizeof hash;
	OK(directory_set_server(f->dir, &s, err));
	assert_true(directory_server(f->dir, &guid, f->arena, &got));
	assert_memory_equal(got.assertion_key, key, sizeof key);
	assert_int_equal(got.account_hash_size, sizeof hash);
	assert_memory_equal(got.account_hash, hash, sizeof hash);
	s.assertion_key = NULL;
	s.account_hash = NULL;
	s.account_hash_size = 0;
	OK(directory_set_server(f->dir, &s, err));
	assert_true(directory_server(f->dir, &guid, f->arena, &got));
	assert_null(got.assertion_key);
	assert_null(got.account_hash);
	assert_int_equal(got.account_hash_size, 0);
}

/* Changes -------------------------------------------------------------- */

/* What the front-end one is set to governs the hop, until it is its own. */
static void test_inheritance(void **state)
{
	struct fix *f = *state;
	struct guid guid = add_server(f, "MX1", "15.0", 0);
	struct dir_vdir front = vdir_of(f, &guid, false), back;

	front.methods = DIR_METHOD_NTLM | DIR_METHOD_NEGOTIATE;
	OK(directory_set_vdirs(f->dir, &front, 1, err));
	back = vdir_of(f, &guid, true);
	assert_int_equal(back.methods, front.methods);
	assert_true(back.methods_inherited);
	/* A change of something else leaves it inheriting. */
	back.internal_url = "https://10.0.0.1:8444/mapi/";
	OK(directory_set_vdirs(f->dir, &back, 1, err));
	back = vdir_of(f, &guid, true);
	assert_true(back.methods_inherited);
	assert_string_equal(back.internal_url, "https://10.0.0.1:8444/mapi");
	back.methods_inherited = false;
	back.methods = DIR_METHOD_BASIC;
	OK(directory_set_vdirs(f->dir, &back, 1, err));
	front.methods = DIR_METHOD_OAUTH;
	OK(directory_set_vdirs(f->dir, &front, 1, err));
	assert_int_equal(vdir_of(f, &guid, true).methods, DIR_METHOD_BASIC);
	back.methods_inherited = true;
	OK(directory_set_vdirs(f->dir, &back, 1, err));
	assert_int_equal(vdir_of(f, &guid, true).methods, DIR_METHOD_OAUTH);
	/* Without a front-end one: the version's. */
	OK(directory_remove_vdirs(f->dir, &front.guid, 1, err));
	assert_int_equal(vdir_of(f, &guid, true).methods,
			 DIR_METHOD_NEGOTIATE);
}

static void test_settings(void **state)
{
	static const char *const spns[] = { "HTTP/mail.example.test",
					    "HTTP/mail" };
	struct fix *f = *state;
	struct guid guid = add_server(f, "MX1", "15.1", 0);
	struct guid other = add_server(f, "MX2", "15.1", 0);
	struct dir_vdir v = vdir_of(f, &guid, false);

	v.external_url = "https://mail.example.test/mapi";
	v.methods = 0;
	v.ep_checking = DIR_EP_REQUIRE;
	v.ep_flags = DIR_EP_PROXY | DIR_EP_ALLOW_DOTLESS_SPN;
	v.ep_spns = spns;
	v.ep_spn_count = 2;
	OK(directory_set_vdirs(f->dir, &v, 1, err));
	v = vdir_of(f, &guid, false);
	assert_string_equal(v.external_url, "https://mail.example.test/mapi");
	assert_int_equal(v.methods, 0);
	assert_int_equal(v.ep_checking, DIR_EP_REQUIRE);
	assert_int_equal(v.ep_flags, 5);
	assert_int_equal(v.ep_spn_count, 2);
	assert_string_equal(v.ep_spns[0], "HTTP/mail.example.test");
	assert_string_equal(v.ep_spns[1], "HTTP/mail");
	assert_true(v.when_changed >= v.when_created);
	assert_int_equal(vdir_of(f, &other, false).ep_spn_count, 0);
	v.ep_spn_count = 0;
	OK(directory_set_vdirs(f->dir, &v, 1, err));
	assert_int_equal(vdir_of(f, &guid, false).ep_spn_count, 0);
}

static void test_urls(void **state)
{
	static const char *const good[] = { "https://a/mapi", "http://a",
		"HTTPS://mail.example.test:8443/mapi", "https://[::1]:444/x",
		"https://127.0.0.1/", "" };
	static const char *const bad[] = { "mail.example.test", "ftp://a/b",
		"https://", "https:///mapi", "https://a:0/", "https://a:/",
		"https://a:65536/", "https://a:8x/", "https://u@a/",
		"https://a/?x", "https://a/#x", "https://a/ b",
		"https://a b/", "https://[::1/", "https://[zz]/",
		"https://.a/", "https://a\n/", "https://a:44444444444/" };
	struct fix *f = *state;
	struct guid guid = add_server(f, "MX1", "15.1", 0);
	struct dir_vdir v = vdir_of(f, &guid, false);

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		v.external_url = good[i];
		OK(directory_set_vdirs(f->dir, &v, 1, err));
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		v.external_url = bad[i];
		REFUSED(directory_set_vdirs(f->dir, &v, 1, err),
			"is not a URL");
	}
	v = vdir_of(f, &guid, true);
	v.internal_url = "";
	REFUSED(directory_set_vdirs(f->dir, &v, 1, err),
		"needs an internal URL");
}

static void test_bad_settings(void **state)
{
	static const char *const bad[] = { "mail", "/mail", "HTTP/", "",
					   "HTTP/a b", "HTTP/a,b" };
	static const char *const twice[] = { "HTTP/a", "http/A" };
	struct fix *f = *state;
	struct guid guid = add_server(f, "MX1", "15.1", 0);
	struct dir_vdir v = vdir_of(f, &guid, false);

	v.methods = 16;
	REFUSED(directory_set_vdirs(f->dir, &v, 1, err), "is unknown");
	v = vdir_of(f, &guid, false);
	v.ep_flags = 8;
	REFUSED(directory_set_vdirs(f->dir, &v, 1, err), "is unknown");
	v = vdir_of(f, &guid, false);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		v.ep_spns = &bad[i];
		v.ep_spn_count = 1;
		REFUSED(directory_set_vdirs(f->dir, &v, 1, err),
			"service principal name");
	}
	v.ep_spns = twice;
	v.ep_spn_count = 2;
	REFUSED(directory_set_vdirs(f->dir, &v, 1, err), "given twice");
}

/* Of several, all or none are written, removed and recorded. */
static void test_all_or_none(void **state)
{
	struct fix *f = *state;
	struct guid one = add_server(f, "MX1", "15.0", 0);
	struct guid two = add_server(f, "MX2", "15.0", 0);
	struct dir_vdir v[2] = { vdir_of(f, &one, false),
				 vdir_of(f, &two, false) };
	struct guid guids[2] = { v[0].guid, guid_new() };
	struct dir_change_filter set = { .object = "MX*" };
	struct dir_change *list;
	size_t before, after;

	OK(directory_changes(f->dir, &set, f->arena, &list, &before, err));
	v[0].methods = v[1].methods = DIR_METHOD_BASIC;
	v[1].guid = guid_new();
	REFUSED(directory_set_vdirs(f->dir, v, 2, err),
		"MX2\\mapi (Default Web Site): there is no such");
	assert_int_equal(vdir_of(f, &one, false).methods,
			 DIR_METHOD_NEGOTIATE);
	REFUSED(directory_remove_vdirs(f->dir, guids, 2, err),
		"there is no such");
	assert_true(directory_vdir(f->dir, &one, false, f->arena, &v[0]));
	OK(directory_changes(f->dir, &set, f->arena, &list, &after, err));
	assert_int_equal(before, after);
}

static void test_new_vdir(void **state)
{
	struct fix *f = *state;
	struct guid guid = add_server(f, "MX1", "15.1", 0);
	struct guid front = add_server(f, "FE", "15.1", DIR_ROLE_FRONTEND);
	struct dir_vdir v = vdir_of(f, &guid, false);
	struct dir_vdir n = { .server = guid };

	REFUSED(directory_new_vdir(f->dir, &n, err), "The virtual directory "
		"'mapi' already exists under 'MX1/Default Web Site'.");
	OK(directory_remove_vdirs(f->dir, &v.guid, 1, err));
	assert_false(directory_vdir(f->dir, &guid, false, f->arena, &v));
	OK(directory_new_vdir(f->dir, &n, err));
	v = vdir_of(f, &guid, false);
	assert_true(guid_equal(&v.guid, &n.guid));
	assert_int_equal(v.methods, 14);
	assert_string_equal(v.internal_url, "https://MX1.example.test/mapi");
	n = (struct dir_vdir){ .server = front, .back_end = true };
	REFUSED(directory_new_vdir(f->dir, &n, err), "no mailbox role");
	n = (struct dir_vdir){ .server = guid_new() };
	REFUSED(directory_new_vdir(f->dir, &n, err), "no such server");
	v = vdir_of(f, &guid, true);
	OK(directory_remove_vdirs(f->dir, &v.guid, 1, err));
	n = (struct dir_vdir){ .server = guid, .back_end = true,
		.website = "Other", .methods = DIR_METHOD_NTLM,
		.internal_url = "https://be.example.test/mapi" };
	OK(directory_new_vdir(f->dir, &n, err));
	v = vdir_of(f, &guid, true);
	assert_string_equal(v.identity, "MX1\\mapi (Other)");
	assert_int_equal(v.methods, DIR_METHOD_NTLM);
	assert_false(v.methods_inherited);
}

/* Organisations of before ---------------------------------------------- */

static void test_migration(void **state)
{
	struct fix *f = *state;
	struct dir_server s;
	char path[128];
	sqlite3 *db;

	directory_close(f->dir);
	f->dir = NULL;
	snprintf(path, sizeof path, "%s/old.db", f->folder);
	fclose(fopen(path, "w"));
	OK(sql_open(path, &db, err));
	OK(sql_migrate(db, 2, err));
	OK(sql_run(db, "INSERT INTO organisation VALUES "
		   "(1, zeroblob(16), 'Old', 5);"
		   "INSERT INTO server VALUES (x'01010101010101010101010101"
		   "010101', 'MX1', 'mx1.old.test', "
		   "'Version 15.0 (Build 1210.2)', 'Posthouse', 1),"
		   "(x'02020202020202020202020202020202', 'EX1', "
		   "'ex1.old.test', 'Version 15.0 (Build 1.1)', 'Exchange', 1),"
		   "(x'03030303030303030303030303030303', 'EX2', "
		   "'ex2.old.test', 'Version 15.1 (Build 1.1)', 'Exchange', 1)",
		   err));
	sqlite3_close(db);
	OK(directory_open(path, NULL, &f->dir, err));
	assert_true(directory_server_named(f->dir, "mx1", f->arena, &s));
	assert_string_equal(s.site, "Default-First-Site-Name");
	assert_int_equal(s.roles, DIR_ROLES_ALL);
	/* It accepted Basic, and goes on doing so. */
	assert_int_equal(vdir_of(f, &s.guid, false).methods,
			 DIR_METHOD_BASIC);
	assert_string_equal(vdir_of(f, &s.guid, true).identity,
			    "MX1\\mapi (Exchange Back End)");
	assert_string_equal(vdir_of(f, &s.guid, true).internal_url,
			    "https://mx1.old.test:444/mapi");
	assert_true(vdir_of(f, &s.guid, true).methods_inherited);
	assert_true(directory_server_named(f->dir, "ex1", f->arena, &s));
	assert_int_equal(vdir_of(f, &s.guid, false).methods,
			 DIR_METHOD_NEGOTIATE);
	assert_true(directory_server_named(f->dir, "ex2", f->arena, &s));
	assert_int_equal(vdir_of(f, &s.guid, false).methods, 14);
}

/* The record ----------------------------------------------------------- */

static const struct dir_property_change *
property(const struct dir_change *c, const char *name)
{
	for (size_t i = 0; i < c->property_count; i++)
		if (strcmp(c->properties[i].name, name) == 0)
			return &c->properties[i];
	fail_msg("%s is not recorded", name);
	return NULL;
}

/* The only change that the filter lets through. */
static struct dir_change only(struct fix *f, struct dir_change_filter filter)
{
	struct dir_change *list = NULL;
	size_t n = 0;

	OK(directory_changes(f->dir, &filter, f->arena, &list, &n, err));
	assert_int_equal(n, 1);
	return list[0];
}

static void test_record(void **state)
{
	struct fix *f = *state;
	struct guid guid = add_server(f, "MX1", "15.0", 0);
	struct dir_vdir v = vdir_of(f, &guid, false);
	struct dir_change c = only(f, (struct dir_change_filter){
			.object_class = "Server" });

	assert_string_equal(c.operation, "New");
	assert_string_equal(c.object, "MX1");
	assert_true(guid_equal(&c.guid, &guid));
	assert_null(property(&c, "Fqdn")->before);
	assert_string_equal(property(&c, "Fqdn")->after, "MX1.example.test");
	directory_set_actor(f->dir, "alice", "Set-MapiVirtualDirectory");
	v.methods = 14;
	OK(directory_set_vdirs(f->dir, &v, 1, err));
	c = only(f, (struct dir_change_filter){ .who = "ALICE" });
	assert_string_equal(c.who, "alice");
	assert_string_equal(c.cmdlet, "Set-MapiVirtualDirectory");
	assert_string_equal(c.operation, "Set");
	assert_string_equal(c.object_class, "MapiVirtualDirectory");
	assert_string_equal(c.object, "MX1\\mapi (Default Web Site)");
	assert_int_equal(c.property_count, 1);
	assert_string_equal(property(&c, "IISAuthenticationMethods")->before,
			    "Negotiate");
	assert_string_equal(property(&c, "IISAuthenticationMethods")->after,
			    "Ntlm, OAuth, Negotiate");
	assert_true(c.when > 0);
	/* What changes nothing is not recorded. */
	OK(directory_set_vdirs(f->dir, &v, 1, err));
	only(f, (struct dir_change_filter){ .who = "alice" });
	OK(directory_remove_vdirs(f->dir, &v.guid, 1, err));
	c = only(f, (struct dir_change_filter){ .after_id = c.id });
	assert_string_equal(c.operation, "Remove");
	assert_null(property(&c, "InternalUrl")->after);
}

static void test_filter(void **state)
{
	struct fix *f = *state;
	struct guid one = add_server(f, "MX1", "15.0", DIR_ROLE_FRONTEND);
	struct dir_server odd = { .name = "M[X]?", .roles = DIR_ROLE_FRONTEND,
				  .fqdn = "odd.example.test" };
	struct dir_change_filter filter = { .object = "m[x]?" };
	struct dir_change *list;
	struct dir_change c;
	size_t n;

	OK(directory_new_server(f->dir, &odd, err));
	/* Only the asterisk is special. */
	c = only(f, filter);
	assert_true(guid_equal(&c.guid, &odd.guid));
	filter = (struct dir_change_filter){ .object = "*" };
	OK(directory_changes(f->dir, &filter, f->arena, &list, &n, err));
	assert_int_equal(n, 4);
	assert_true(guid_equal(&list[0].guid, &one));
	assert_true(list[0].id < list[1].id);
	filter.limit = 1;
	c = only(f, filter);
	assert_string_equal(c.object, "M[X]?\\mapi (Default Web Site)");
	filter = (struct dir_change_filter){ .from = c.when + 1 };
	OK(directory_changes(f->dir, &filter, f->arena, &list, &n, err));
	assert_int_equal(n, 0);
	filter = (struct dir_change_filter){ .until = 1 };
	OK(directory_changes(f->dir, &filter, f->arena, &list, &n, err));
	assert_int_equal(n, 0);
	filter = (struct dir_change_filter){ .cmdlet = "none" };
	OK(directory_changes(f->dir, &filter, f->arena, &list, &n, err));
	assert_int_equal(n, 0);
}

/* Secrets are recorded as changed, without their value. */
static void test_secrets(void **state)
{
	struct fix *f = *state;
	struct dir_user u = { .account = "alice", .password = "$first" };
	struct dir_change *list;
	struct dir_change_filter filter = { .object_class = "User" };
	struct dir_user got;
	size_t n;

	OK(directory_new_user(f->dir, &u, err));
	assert_true(directory_user(f->dir, &u.guid, f->arena, &got));
	got.password = "$second";
	OK(directory_set_user(f->dir, &got, err));
	OK(directory_remove_user(f->dir, &u.guid, err));
	OK(directory_changes(f->dir, &filter, f->arena, &list, &n, err));
	assert_int_equal(n, 3);
	assert_string_equal(property(&list[0], "Password")->after, "(secret)");
	assert_int_equal(list[1].property_count, 1);
	assert_string_equal(property(&list[1], "Password")->before,
			    "(secret)");
	assert_string_equal(property(&list[1], "Password")->after, "(secret)");
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < list[i].property_count; k++) {
			const struct dir_property_change *p =
				&list[i].properties[k];

			assert_false(p->before != NULL &&
				     strchr(p->before, '$') != NULL);
			assert_false(p->after != NULL &&
				     strchr(p->after, '$') != NULL);
		}
}

/* All other classes, once. */
static void test_record_rest(void **state)
{
	struct fix *f = *state;
	struct guid guid = add_server(f, "MX1", "15.0", 0);
	struct guid other = add_server(f, "MX2", "15.0", 0);
	struct dir_database db = { .name = "DB1", .path = "p",
				   .server = guid };
	struct dir_user u = { .account = "alice" };
	struct dir_mailbox m = { .lcid = 0x0409 };
	struct dir_change c;
	struct dir_org org;

	OK(directory_new_database(f->dir, &db, err));
	OK(directory_new_user(f->dir, &u, err));
	m.user = u.guid;
	m.database = db.guid;
	OK(directory_new_mailbox(f->dir, &m, err));
	directory_set_actor(f->dir, NULL, "Move-ActiveMailboxDatabase");
	db.server = other;
	OK(directory_set_database(f->dir, &db, err));
	c = only(f, (struct dir_change_filter){
			.cmdlet = "move-activemailboxdatabase" });
	assert_string_equal(property(&c, "Server")->before, "MX1");
	assert_string_equal(property(&c, "Server")->after, "MX2");
	directory_set_actor(f->dir, NULL, "mailbox set");
	m.quota.warn = 1024;
	OK(directory_set_mailbox(f->dir, &m, err));
	c = only(f, (struct dir_change_filter){ .cmdlet = "mailbox set" });
	assert_string_equal(c.object, "alice");
	assert_string_equal(property(&c, "IssueWarningQuota")->after, "1024");
	directory_set_actor(f->dir, NULL, "org set");
	directory_org(f->dir, f->arena, &org);
	org.name = "Second Organization";
	OK(directory_set_org(f->dir, &org, err));
	c = only(f, (struct dir_change_filter){ .cmdlet = "org set" });
	assert_string_equal(c.object_class, "Organization");
	assert_string_equal(property(&c, "Name")->before,
			    "First Organization");
}

/* Another process ------------------------------------------------------ */

/* Follow, and write the methods as soon as they change. */
static void follow(const char *path, int out)
{
	struct directory *dir;
	struct dir_server s;
	struct dir_vdir v;
	struct arena *arena = arena_new(0);
	unsigned methods = DIR_METHOD_NEGOTIATE;

	if (!directory_open(path, NULL, &dir, NULL) ||
	    !directory_follow(dir, NULL, NULL, NULL) ||
	    write(out, "", 1) != 1)
		_exit(1);
	while (methods == DIR_METHOD_NEGOTIATE) {
		if (!directory_server_named(dir, "MX1", arena, &s) ||
		    !directory_vdir(dir, &s.guid, true, arena, &v))
			_exit(2);
		methods = v.methods;
		usleep(10000);
	}
	directory_close(dir);
	arena_free(arena);
	_exit(write(out, &methods, sizeof methods) < 0);
}

static void test_followed(void **state)
{
	struct fix *f = *state;
	struct guid guid = add_server(f, "MX1", "15.0", 0);
	struct dir_vdir v = vdir_of(f, &guid, false);
	unsigned methods = 0;
	int fds[2], status;
	pid_t pid;
	char c;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0)
		follow(f->path, fds[1]);
	close(fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 1);
	v.methods = 14;
	OK(directory_set_vdirs(f->dir, &v, 1, err));
	assert_int_equal(read(fds[0], &methods, sizeof methods),
			 sizeof methods);
	assert_int_equal(methods, 14);
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_versions),
		TEST(test_default_methods),
		TEST(test_names),
		TEST(test_derived),
		TEST(test_defaults),
		TEST(test_other_makes),
		TEST(test_roles),
		TEST(test_new_fqdn),
		TEST(test_server_keys),
		TEST(test_inheritance),
		TEST(test_settings),
		TEST(test_urls),
		TEST(test_bad_settings),
		TEST(test_all_or_none),
		TEST(test_new_vdir),
		TEST(test_migration),
		TEST(test_record),
		TEST(test_filter),
		TEST(test_secrets),
		TEST(test_record_rest),
		TEST(test_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
