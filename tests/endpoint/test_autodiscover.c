/* SPDX-License-Identifier: Apache-2.0 */
/* [MS-OXDSCLI] 3.2.5: what is answered, from a real directory. */
#include "endpoint/autodiscover.h"

#include <unistd.h>

#include "test.h"

struct fix {
	char folder[64], path[96], guid[GUID_TEXT_SIZE];
	struct directory *dir;
	struct arena *arena;
	struct guid server, alice, mailbox;
	struct autodiscover_config config;
};

static const char *const domains[] = { "example.test", "example.org" };
static const struct autodiscover_redirect redirects[] = {
	{ "moved.test", "https://autodiscover.new.test/autodiscover/"
	  "autodiscover.xml" },
	{ "Renamed.test", "example.test" },
};

#define OK(call) do { \
	struct err err_ = { .text = "" }; \
	struct err *err = &err_; \
	if (!(call)) \
		fail_msg("%s: %s", #call, err_.text); \
} while (0)

static void fill(struct fix *f)
{
	struct dir_server server = { .name = "MX1", .fqdn = "mx1.example.test",
		.version = "Version 15.0 (Build 847.0)",
		.make = "Posthouse" };
	struct dir_database db = { .name = "DB1", .path = "mailboxes" };
	struct dir_user alice = { .account = "alice",
				  .display_name = "Alice Ångström" };
	struct dir_user bob = { .account = "bob", .display_name = "Bob" };
	struct dir_mailbox mailbox = { .lcid = 0x0407 };

	OK(directory_new_server(f->dir, &server, err));
	db.server = server.guid;
	OK(directory_new_database(f->dir, &db, err));
	OK(directory_new_user(f->dir, &alice, err));
	OK(directory_new_user(f->dir, &bob, err));
	mailbox.user = alice.guid;
	mailbox.database = db.guid;
	OK(directory_new_mailbox(f->dir, &mailbox, err));
	f->server = server.guid;
	f->alice = alice.guid;
	f->mailbox = mailbox.guid;
	guid_format(&mailbox.guid, f->guid);
}

static int setup(void **state)
{
	struct fix *f = calloc(1, sizeof *f);
	struct dir_org org = { .name = "First Organization",
			       .domains = domains, .domain_count = 2 };

	strcpy(f->folder, "/tmp/phautodiscover.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof f->path, "%s/organisation.db", f->folder);
	OK(directory_create(f->path, &org, err));
	OK(directory_open(f->path, "mx1", &f->dir, err));
	f->arena = arena_new(0);
	fill(f);
	f->config = (struct autodiscover_config){ .dir = f->dir,
		.host = "mx1.example.test", .redirects = redirects,
		.redirect_count = 2 };
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

static struct autodiscover_rsp ask(struct fix *f, const char *email,
				   unsigned capability)
{
	struct autodiscover_req req = { .email = email, .legacy_dn = "" };
	struct autodiscover_rsp rsp;

	autodiscover_answer(&f->config, &req, capability, f->arena, &rsp);
	return rsp;
}

static void set_urls(struct fix *f, const char *internal,
		     const char *external)
{
	struct dir_vdir vdir;

	assert_true(directory_vdir(f->dir, &f->server, false, f->arena,
				   &vdir));
	vdir.internal_url = internal;
	vdir.external_url = external;
	OK(directory_set_vdirs(f->dir, &vdir, 1, err));
}

/* 2.2.2.1: a positive integer; anything else as if it were not there. */
static void test_capability(void **state)
{
	assert_int_equal(autodiscover_capability("1"), 1);
	assert_int_equal(autodiscover_capability("2"), 2);
	assert_int_equal(autodiscover_capability(NULL), 0);
	assert_int_equal(autodiscover_capability(""), 0);
	assert_int_equal(autodiscover_capability("0"), 0);
	assert_int_equal(autodiscover_capability("-1"), 0);
	assert_int_equal(autodiscover_capability(" 1"), 0);
	assert_int_equal(autodiscover_capability("1 "), 0);
	assert_int_equal(autodiscover_capability("1.5"), 0);
	assert_int_equal(autodiscover_capability("99999999999999999999"), 0);
}

/* 3.2.5.1: one mapiHttp Protocol, and neither EXCH nor EXPR. */
static void test_mapi_http(void **state)
{
	struct fix *f = *state;
	struct autodiscover_rsp rsp;
	char url[256];

	set_urls(f, "https://mx1.example.test/mapi/",
		 "https://mail.example.org/mapi");
	rsp = ask(f, "ALICE@example.test", 1);
	assert_int_equal(rsp.error, AUTODISCOVER_OK);
	assert_string_equal(rsp.display_name, "Alice Ångström");
	assert_string_equal(rsp.smtp_address, "alice@example.test");
	assert_int_equal(strlen(rsp.deployment_id), 36);
	assert_int_equal(rsp.protocol_count, 1);
	assert_string_equal(rsp.protocols[0].type, "mapiHttp");
	assert_int_equal(rsp.protocols[0].version, 1);
	snprintf(url, sizeof url, "https://mx1.example.test/mapi/emsmdb/"
		 "?MailboxId=%s@example.test", f->guid);
	assert_string_equal(rsp.protocols[0].mail_store_internal, url);
	snprintf(url, sizeof url, "https://mail.example.org/mapi/nspi/"
		 "?MailboxId=%s@example.test", f->guid);
	assert_string_equal(rsp.protocols[0].address_book_external, url);
}

/* A capability beyond ours gets the highest version that there is. */
static void test_later_capability(void **state)
{
	struct autodiscover_rsp rsp = ask(*state, "alice@example.test", 7);

	assert_int_equal(rsp.protocols[0].version, 1);
}

static void test_no_external_url(void **state)
{
	struct fix *f = *state;
	struct autodiscover_rsp rsp;

	set_urls(f, "https://mx1.example.test/mapi", "");
	rsp = ask(f, "alice@example.test", 1);
	assert_string_equal(rsp.protocols[0].mail_store_external, "");
	assert_string_not_equal(rsp.protocols[0].mail_store_internal, "");
}

/* Without the header: the elements that older clients expect. */
static void test_without_capability(void **state)
{
	struct fix *f = *state;
	struct autodiscover_rsp rsp;
	char server[128];

	set_urls(f, "https://mx1.example.test/mapi", "");
	rsp = ask(f, "alice@example.test", 0);
	assert_int_equal(rsp.protocol_count, 3);
	assert_string_equal(rsp.protocols[0].type, "EXCH");
	assert_string_equal(rsp.protocols[1].type, "EXPR");
	assert_string_equal(rsp.protocols[2].type, "WEB");
	snprintf(server, sizeof server, "%s@example.test", f->guid);
	assert_string_equal(rsp.protocols[0].server, server);
	assert_non_null(strstr(rsp.protocols[0].server_dn, server));
	/* 15.0.847, as Exchange writes it. */
	assert_string_equal(rsp.protocols[0].server_version, "73C0834F");
	assert_string_equal(rsp.protocols[1].server, "mx1.example.test");
	assert_string_equal(rsp.protocols[1].ssl, "On");
}

/* 2.2.4.1.1.3.1: 500 for nobody, and for somebody without a mailbox. */
static void test_not_found(void **state)
{
	static const char *const nobody[] = { "carol@example.test",
		"bob@example.test", "alice@elsewhere.test", "alice", "@" };
	struct autodiscover_rsp rsp;

	for (size_t i = 0; i < 5; i++) {
		rsp = ask(*state, nobody[i], 1);
		assert_int_equal(rsp.error, AUTODISCOVER_NOT_FOUND);
		assert_string_equal(rsp.message,
				    "The email address can't be found.");
	}
}

static void test_by_dn(void **state)
{
	struct fix *f = *state;
	struct autodiscover_req req = { .email = "" };
	struct autodiscover_rsp rsp;
	struct dir_user alice;

	assert_true(directory_user(f->dir, &f->alice, f->arena, &alice));
	req.legacy_dn = alice.legacy_dn;
	autodiscover_answer(&f->config, &req, 1, f->arena, &rsp);
	assert_int_equal(rsp.error, AUTODISCOVER_OK);
	assert_string_equal(rsp.smtp_address, "alice@example.test");
	req.legacy_dn = "/o=Other/cn=x";
	autodiscover_answer(&f->config, &req, 1, f->arena, &rsp);
	assert_int_equal(rsp.error, AUTODISCOVER_NOT_FOUND);
}

/* No front end to send the client to. */
static void test_misconfigured(void **state)
{
	struct fix *f = *state;

	set_urls(f, "", "");
	assert_int_equal(ask(f, "alice@example.test", 1).error,
			 AUTODISCOVER_MISCONFIGURED);
	assert_int_equal(ask(f, "carol@example.test", 1).error,
			 AUTODISCOVER_NOT_FOUND);
}

/* A mailbox server without the front-end role: another of its site. */
static void test_other_front_end(void **state)
{
	struct fix *f = *state;
	struct dir_server far = { .name = "A", .fqdn = "a.example.test",
		.make = "Posthouse", .site = "Elsewhere",
		.roles = DIR_ROLE_FRONTEND };
	struct dir_server newer = { .name = "B", .fqdn = "b.example.test",
		.version = "Version 15.1 (Build 2507.6)",
		.make = "Posthouse", .roles = DIR_ROLE_FRONTEND };
	struct dir_server same = { .name = "C", .fqdn = "c.example.test",
		.version = "Version 15.0 (Build 1210.3)",
		.make = "Posthouse", .roles = DIR_ROLE_FRONTEND };
	struct dir_server mx1;
	struct autodiscover_rsp rsp;

	OK(directory_new_server(f->dir, &far, err));
	assert_true(directory_server(f->dir, &f->server, f->arena, &mx1));
	mx1.roles = DIR_ROLE_MAILBOX;
	OK(directory_set_server(f->dir, &mx1, err));
	rsp = ask(f, "alice@example.test", 1);
	assert_non_null(strstr(rsp.protocols[0].mail_store_internal,
			       "https://a.example.test/"));
	OK(directory_new_server(f->dir, &newer, err));
	rsp = ask(f, "alice@example.test", 1);
	assert_non_null(strstr(rsp.protocols[0].mail_store_internal,
			       "https://b.example.test/"));
	OK(directory_new_server(f->dir, &same, err));
	rsp = ask(f, "alice@example.test", 1);
	assert_non_null(strstr(rsp.protocols[0].mail_store_internal,
			       "https://c.example.test/"));
}

static void test_redirects(void **state)
{
	struct autodiscover_rsp rsp = ask(*state, "alice@moved.test", 1);

	assert_int_equal(rsp.error, AUTODISCOVER_OK);
	assert_int_equal(rsp.action, AUTODISCOVER_REDIRECT_URL);
	assert_string_equal(rsp.redirect, redirects[0].to);
	rsp = ask(*state, "alice@renamed.test", 1);
	assert_int_equal(rsp.action, AUTODISCOVER_REDIRECT_ADDR);
	assert_string_equal(rsp.redirect, "alice@example.test");
}

static void test_parse_redirects(void **state)
{
	static const char *const bad[] = { "a.test", "a.test b.test c.test",
		"a.test http://b.test/", "x@a.test b.test", ", ",
		"a.test b@c.test", "a.test b.test, c.test" };
	struct arena *arena = arena_new(0);
	struct autodiscover_redirect *list = NULL;
	size_t n = 9;
	struct err failure;

	OK(autodiscover_parse_redirects(" a.test  b.test ,c.test https://d/x",
					arena, &list, &n, err));
	assert_int_equal(n, 2);
	assert_string_equal(list[0].domain, "a.test");
	assert_string_equal(list[0].to, "b.test");
	assert_string_equal(list[1].to, "https://d/x");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(autodiscover_parse_redirects(bad[i], arena, &list,
							  &n, &failure));
	assert_int_equal(n, 2);
	OK(autodiscover_parse_redirects(NULL, arena, &list, &n, err));
	assert_int_equal(n, 0);
	arena_free(arena);
}

static struct autodiscover_json ask_json(struct fix *f, const char *email,
					 const char *protocol)
{
	struct autodiscover_json out;

	autodiscover_json_answer(&f->config, email, protocol, f->arena, &out);
	return out;
}

static void test_json(void **state)
{
	struct fix *f = *state;
	struct autodiscover_json known, unknown;

	set_urls(f, "https://mx1.example.test/mapi",
		 "https://mail.example.org:8443/mapi");
	known = ask_json(f, "alice@example.test", "autodiscoverv1");
	unknown = ask_json(f, "carol@example.test", "AutodiscoverV1");
	assert_int_equal(known.status, 200);
	assert_string_equal(known.body, "{\"Protocol\":\"AutodiscoverV1\","
		"\"Url\":\"https://mail.example.org:8443/autodiscover/"
		"autodiscover.xml\"}");
	assert_int_equal(unknown.status, 200);
	assert_string_equal(unknown.body, known.body);
}

static void test_json_errors(void **state)
{
	struct autodiscover_json out;

	out = ask_json(*state, NULL, "AutodiscoverV1");
	assert_int_equal(out.status, 400);
	assert_non_null(strstr(out.body, "MandatoryParameterMissing"));
	out = ask_json(*state, "alice@example.test", NULL);
	assert_int_equal(out.status, 400);
	assert_non_null(strstr(out.body, "'Protocol'"));
	out = ask_json(*state, "alice@example.test", "E\"ws\\\n");
	assert_int_equal(out.status, 400);
	assert_non_null(strstr(out.body, "'E\\\"ws\\\\\\u000a'"));
	out = ask_json(*state, "alice@elsewhere.test", "AutodiscoverV1");
	assert_int_equal(out.status, 404);
	assert_non_null(strstr(out.body, "UserNotFound"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_capability),
		cmocka_unit_test(test_parse_redirects),
		TEST(test_mapi_http), TEST(test_later_capability),
		TEST(test_no_external_url), TEST(test_without_capability),
		TEST(test_not_found), TEST(test_by_dn),
		TEST(test_misconfigured), TEST(test_other_front_end),
		TEST(test_redirects), TEST(test_json), TEST(test_json_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
