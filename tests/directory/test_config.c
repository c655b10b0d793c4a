/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "directory/config.h"

#define HEAD "[server]\nname = mx1\ndata = data\n"
#define PLAIN "[http]\nlisten = 127.0.0.1:8080 plain\n"

static bool parse(const char *text, struct config **out, struct err *err)
{
	return config_parse("/etc/ph/posthouse.conf", text, strlen(text), out,
			    err);
}

static void test_defaults(void **state)
{
	struct config *c = NULL;
	struct err err;

	(void)state;
	if (!parse(HEAD PLAIN, &c, &err))
		fail_msg("%s", err.text);
	assert_string_equal(c->path, "/etc/ph/posthouse.conf");
	assert_string_equal(c->server_name, "mx1");
	assert_string_equal(c->data, "/etc/ph/data");
	assert_null(c->user);
	assert_null(c->certificate);
	assert_int_equal(c->listener_count, 1);
	assert_string_equal(c->listeners[0].address, "127.0.0.1");
	assert_int_equal(c->listeners[0].port, 8080);
	assert_false(c->listeners[0].tls);
	assert_int_equal(c->listeners[0].line, 5);
	assert_int_equal(c->log_level, LOG_LEVEL_INFO);
	/* The defaults are those of Exchange. */
	assert_int_equal(c->limits.sessions_user, 32);
	assert_int_equal(c->limits.sessions_other, 16);
	assert_int_equal(c->limits.sessions_admin, 64000);
	assert_int_equal(c->limits.contexts_user, 256);
	assert_int_equal(c->limits.foreign_logons, 5);
	assert_int_equal(c->limits.folders, 500);
	assert_int_equal(c->limits.messages, 250);
	assert_int_equal(c->limits.streams, 250);
	assert_int_equal(c->limits.attachments, 500);
	assert_int_equal(c->limits.tables, 500);
	assert_int_equal(c->limits.notifications, 500000);
	assert_int_equal(c->limits.lock_waiters, 10);
	assert_int_equal(c->limits.pending_period, 30000);
	assert_int_equal(c->limits.expiration, 900000);
	assert_int_equal(c->limits.notification_wait, 300000);
	config_free(c);
}

static void test_all_forms(void **state)
{
	struct config *c = NULL;
	struct err err;

	(void)state;
	if (!parse("\xef\xbb\xbf# a comment\r\n"
		   "\t; another\n"
		   "[ server ]\n"
		   "name=\"mx1.example.test\"\n"
		   "  data =   /var/lib/p  \n"
		   "user = posthouse\n"
		   "workers = 12\n"
		   "[http]\n"
		   "listen = [::]:443\n"
		   "listen = 0.0.0.0:443 tls\n"
		   "listen = [::1]:81   plain\n"
		   "[tls]\n"
		   "certificate = cert.pem\n"
		   "key = /k/key.pem\n"
		   "[log]\n"
		   "level = debug\n"
		   "file = \"/var/log/a b.log\"\n"
		   "[limits]\n"
		   "pending_period = 15 s\n"
		   "expiration = 1h\n"
		   "idle_timeout = 500 ms\n"
		   "body_size = 2 MiB\n"
		   "header_size = 4096\n"
		   "[server]\n"
		   "io_threads = 3", &c, &err))
		fail_msg("%s", err.text);
	assert_string_equal(c->server_name, "mx1.example.test");
	assert_string_equal(c->data, "/var/lib/p");
	assert_string_equal(c->user, "posthouse");
	assert_int_equal(c->workers, 12);
	assert_int_equal(c->io_threads, 3);
	assert_int_equal(c->listener_count, 3);
	assert_string_equal(c->listeners[0].address, "::");
	assert_true(c->listeners[0].tls);
	assert_true(c->listeners[1].tls);
	assert_string_equal(c->listeners[2].address, "::1");
	assert_false(c->listeners[2].tls);
	assert_string_equal(c->certificate, "/etc/ph/cert.pem");
	assert_string_equal(c->key, "/k/key.pem");
	assert_string_equal(c->log_file, "/var/log/a b.log");
	assert_int_equal(c->log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(c->limits.pending_period, 15000);
	assert_int_equal(c->limits.expiration, 3600000);
	assert_int_equal(c->limits.idle_timeout, 500);
	assert_int_equal(c->limits.body_size, 2 << 20);
	assert_int_equal(c->limits.header_size, 4096);
	config_free(c);
}

/* Where the organisation is: in the data folder, or shared by servers. */
static void test_directory(void **state)
{
	struct config *c = NULL;
	struct err err;
	char *path;

	(void)state;
	if (!parse(HEAD PLAIN, &c, &err))
		fail_msg("%s", err.text);
	path = config_directory_path(c);
	assert_string_equal(path, "/etc/ph/data/organisation.db");
	free(path);
	config_free(c);
	if (!parse(HEAD "directory = ../org.db\n" PLAIN, &c, &err))
		fail_msg("%s", err.text);
	path = config_directory_path(c);
	assert_string_equal(path, "/etc/ph/../org.db");
	free(path);
	path = config_socket_path(c);
	assert_string_equal(path, "/etc/ph/data/admin.sock");
	free(path);
	config_free(c);
}

/* Each names the file, the line, what is wrong and what to write. */
static const struct {
	const char *text, *where, *says;
} bad[] = {
	{ "", ".conf: ", "name is missing; add it under [server]" },
	{ "[server]\nname = x\n", ".conf: ", "data is missing" },
	{ HEAD, ".conf: ", "no listener; add a line such as" },
	{ "name = x\n", ":1: ", "before the first [section]" },
	{ "[server\n", ":1: ", "closing bracket" },
	{ "[", ":1: ", "closing bracket" },
	{ "[]\n", ":1: ", "there is no section []" },
	{ "[sever]\n", ":1: ", "did you mean [server]?" },
	{ "[server]\nnaem = x\n", ":2: ", "did you mean \"name\"?" },
	{ "[server]\nlisten = x\n", ":2: ", "move it to [http]" },
	{ "[server]\nname\n", ":2: ", "neither a [section] nor a key" },
	{ "[server]\nname =\n", ":2: ", "name has no value" },
	{ "[server]\nname = \"\"\n", ":2: ", "name has no value" },
	{ "[server]\nname = \"x\n", ":2: ", "quotes" },
	{ "[server]\nname = \"x\"y\"\n", ":2: ", "quotes" },
	{ "[server]\nname = x\n\nname = y\n", ":4: ",
	  "given in line 2 already" },
	{ "[server]\nworkers = many\n", ":2: ", "write a number" },
	{ "[server]\nworkers = -1\n", ":2: ", "write a number" },
	{ "[server]\nworkers = 5000\n", ":2: ", "from 0 to 1024" },
	{ "[server]\nworkers = 99999999999999999999\n", ":2: ",
	  "write a number" },
	{ "[server]\nworkers = 0x10\n", ":2: ", "write a number" },
	{ "[limits]\nexpiration = 15\n", ":2: ", "with a unit" },
	{ "[limits]\nexpiration = 15 days\n", ":2: ", "ms, s, min or h" },
	{ "[limits]\nexpiration = 4294967295 h\n", ":2: ", "range" },
	{ "[limits]\nbody_size = 1 KB\n", ":2: ", "KiB, MiB or GiB" },
	{ "[limits]\nbody_size = 1 KiB\n", ":2: ", "outside its range" },
	{ "[log]\nlevel = loud\n", ":2: ", "error, warning, info or debug" },
	{ "[http]\nlisten = 8080\n", ":2: ", "an IP address and a port" },
	{ "[http]\nlisten = :8080\n", ":2: ", "an IP address and a port" },
	{ "[http]\nlisten = localhost:80 plain\n", ":2: ", "an IP address" },
	{ "[http]\nlisten = ::1:80 plain\n", ":2: ", "an IP address" },
	{ "[http]\nlisten = [127.0.0.1]:80\n", ":2: ", "an IP address" },
	{ "[http]\nlisten = [::1:80\n", ":2: ", "an IP address" },
	{ "[http]\nlisten = 127.0.0.1:65536\n", ":2: ", "an IP address" },
	{ "[http]\nlisten = 127.0.0.1:80 http\n", ":2: ", "tls or plain" },
	{ "[http]\nlisten = 0.0.0.0:80 plain\n", ":2: ", "use tls" },
	{ "[http]\nlisten = 192.0.2.1:80 plain\n", ":2: ", "use tls" },
	{ "[http]\nlisten = [::]:80 plain\n", ":2: ", "use tls" },
	{ "[http]\nlisten = [::ffff:127.0.0.1]:80 plain\n", ":2: ",
	  "use tls" },
	{ "[http]\nlisten = 127.0.0.1:80 plain\nlisten = 127.0.0.1:80\n",
	  ":3: ", "twice" },
	{ HEAD "[http]\nlisten = 0.0.0.0:443\n", ":5: ",
	  "needs a certificate" },
	{ HEAD PLAIN "[tls]\nkey = k\n", ".conf: ", "add certificate" },
	{ HEAD PLAIN "[tls]\ncertificate = k\n", ".conf: ", "add key" },
	{ "[server]\nname = \xff\xfe\n", ":2: ", "UTF-8" },
};

/* Listeners for servers and for metrics, PROXY, tokens, the audit log. */
static void test_listeners_and_tokens(void **state)
{
	struct config *c = NULL;
	struct err err;

	(void)state;
	if (!parse(HEAD PLAIN
		   "listen_backend = 192.0.2.1:444\n"
		   "proxy_from = 10.0.0.0/8, fd00::/8\n"
		   "[tls]\ncertificate = c\nkey = k\n"
		   "[metrics]\n"
		   "listen = 127.0.0.1:9898\n"
		   "listen = 192.0.2.1:9898\n"
		   "listen = 192.0.2.1:9899 tls\n"
		   "allow = 192.0.2.0/24\n"
		   "[log]\naudit = audit.log\n"
		   "[oauth]\n"
		   "jwks_url = https://idp.example.test/keys\n"
		   "ca_file = ca.pem\n"
		   "issuer = https://a.test/ https://b.test/\n"
		   "audience = x\n"
		   "skew = 30 s\n", &c, &err))
		fail_msg("%s", err.text);
	assert_int_equal(c->listener_count, 5);
	assert_int_equal(c->listeners[0].kind, CONFIG_LISTEN_CLIENT);
	assert_int_equal(c->listeners[1].kind, CONFIG_LISTEN_BACKEND);
	assert_true(c->listeners[1].tls);
	assert_int_equal(c->listeners[2].kind, CONFIG_LISTEN_METRICS);
	assert_false(c->listeners[2].tls);
	assert_false(c->listeners[3].tls);
	assert_true(c->listeners[4].tls);
	assert_string_equal(c->proxy_from, "10.0.0.0/8, fd00::/8");
	assert_string_equal(c->metrics_allow, "192.0.2.0/24");
	assert_string_equal(c->audit_file, "/etc/ph/audit.log");
	assert_null(c->oauth.jwks_file);
	assert_string_equal(c->oauth.jwks_url, "https://idp.example.test/keys");
	assert_string_equal(c->oauth.ca_file, "/etc/ph/ca.pem");
	assert_string_equal(c->oauth.issuer,
			    "https://a.test/ https://b.test/");
	assert_string_equal(c->oauth.claims, "upn oid");
	assert_int_equal(c->oauth.skew, 30000);
	assert_int_equal(c->oauth.refresh, 3600000);
	assert_int_equal(c->oauth.refetch, 30000);
	config_free(c);
}

#define OAUTH "[oauth]\nissuer = a\naudience = b\n"

static void test_bad_tokens(void **state)
{
	static const struct {
		const char *text, *complaint;
	} cases[] = {
		{ HEAD "[metrics]\nlisten = 127.0.0.1:1\n", "no listener" },
		{ HEAD "[http]\nlisten_backend = 127.0.0.1:444\n",
		  "needs a certificate" },
		{ HEAD "[http]\nlisten_backend = 0.0.0.0:444 plain\n",
		  "use tls" },
		{ HEAD "[http]\nlisten_backend = 127.0.0.1:444 odd\n",
		  "listen_backend ends in \"odd\"" },
		{ HEAD PLAIN "listen_backend = 127.0.0.1:8080 plain\n",
		  "listened on twice" },
		{ HEAD PLAIN "proxy_from = host\n", "proxy_from: \"host\"" },
		{ HEAD PLAIN "[metrics]\nlisten = 0.0.0.0:1\n",
		  "set allow under [metrics]" },
		{ HEAD PLAIN "[metrics]\nallow = 10.0.0.1/8\n",
		  "clear the bits" },
		{ HEAD PLAIN "[oauth]\nissuer = a\n", "audience is missing" },
		{ HEAD PLAIN "[oauth]\njwks_file = a\n",
		  "issuer is missing" },
		{ HEAD PLAIN OAUTH, "jwks_file or jwks_url is missing" },
		{ HEAD PLAIN OAUTH "jwks_file = a\njwks_url = https://b/\n",
		  "exclude each other" },
		{ HEAD PLAIN OAUTH "jwks_url = http://idp.test/\n",
		  "begins with https://" },
		{ HEAD PLAIN OAUTH "jwks_url = http://127.0.0.1.test/\n",
		  "begins with https://" },
		{ HEAD PLAIN OAUTH "jwks_file = a\nskew = 1 h\n",
		  "outside its range" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct config *c = NULL;
		struct err err;

		if (parse(cases[i].text, &c, &err))
			fail_msg("accepted: %s", cases[i].text);
		if (strstr(err.text, cases[i].complaint) == NULL)
			fail_msg("\"%s\" without \"%s\"", err.text,
				 cases[i].complaint);
	}
}

static void test_bad(void **state)
{
	struct config *c = NULL;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (parse(bad[i].text, &c, &err))
			fail_msg("accepted: %s", bad[i].text);
		if (strstr(err.text, "posthouse.conf") == NULL ||
		    strstr(err.text, bad[i].where) == NULL ||
		    strstr(err.text, bad[i].says) == NULL)
			fail_msg("case %zu: \"%s\" lacks \"%s\" or \"%s\"", i,
				 err.text, bad[i].where, bad[i].says);
	}
	assert_null(c);
}

static void test_odd_bytes(void **state)
{
	static const char nul[] = "[server]\nname = a\0b\n";
	char *line = xcalloc(1, 3000);
	struct config *c = NULL;
	struct err err;

	(void)state;
	assert_false(config_parse("f", nul, sizeof nul - 1, &c, &err));
	assert_non_null(strstr(err.text, "f:2: "));
	memset(line, '#', 2000);
	assert_false(config_parse("f", line, 2000, &c, &err));
	assert_non_null(strstr(err.text, "longer than"));
	free(line);
}

static void test_load(void **state)
{
	struct config *c = NULL;
	struct err err;

	(void)state;
	assert_false(config_load("/nonexistent/ph.conf", &c, &err));
	assert_non_null(strstr(err.text, "/nonexistent/ph.conf"));
	assert_non_null(strstr(err.text, "--config"));
	assert_false(config_load("/", &c, &err));
}

/* --check -------------------------------------------------------------- */

static void collect(void *ctx, const char *text)
{
	buf_printf(ctx, "%s\n", text);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	chmod(path, mode);
}

static void test_check(void **state)
{
	char dir[] = "/tmp/phconfig.XXXXXX", path[100];
	struct buf b = BUF_INIT, said = BUF_INIT;
	struct config *c = NULL;
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(dir));
	buf_printf(&b, "[server]\nname = x\ndata = %s/data\n"
		   "user = no-such-user-here\nauth_helper = /nonexistent\n"
		   "[http]\nlisten = 192.0.2.77:8443\n"
		   "[tls]\ncertificate = %s/c.pem\nkey = %s/k.pem\n"
		   "[log]\nfile = %s/nowhere/x.log\n", dir, dir, dir, dir);
	assert_true(parse(buf_str(&b), &c, &err));
	assert_int_equal(config_check(c, collect, &said), 6);
	assert_non_null(strstr(buf_str(&said), "no user no-such-user-here"));
	assert_non_null(strstr(buf_str(&said), "/data: "));
	assert_non_null(strstr(buf_str(&said), "auth_helper"));
	assert_non_null(strstr(buf_str(&said), "c.pem"));
	assert_non_null(strstr(buf_str(&said), "192.0.2.77"));
	assert_non_null(strstr(buf_str(&said), "nowhere"));
	/* Files that are there but no certificate; a key open to all. */
	snprintf(path, sizeof path, "%s/c.pem", dir);
	write_file(path, "no certificate\n", 0644);
	snprintf(path, sizeof path, "%s/k.pem", dir);
	write_file(path, "no key\n", 0644);
	buf_clear(&said);
	assert_int_equal(config_check(c, collect, &said), 7);
	assert_non_null(strstr(buf_str(&said), "is not a PEM certificate"));
	assert_non_null(strstr(buf_str(&said), "chmod 600"));
	config_free(c);
	buf_free(&b);
	buf_free(&said);
}

static void test_check_fine(void **state)
{
	char dir[] = "/tmp/phconfig.XXXXXX";
	struct buf b = BUF_INIT, said = BUF_INIT;
	struct config *c = NULL;
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(dir));
	buf_printf(&b, "[server]\nname = x\ndata = %s\n[http]\n"
		   "listen = 127.0.0.1:0 plain\nlisten = [::1]:0 plain\n",
		   dir);
	assert_true(parse(buf_str(&b), &c, &err));
	if (config_check(c, collect, &said) != 0)
		fail_msg("%s", buf_str(&said));
	config_free(c);
	buf_free(&b);
	buf_free(&said);
	rmdir(dir);
}

static void test_auth(void **state)
{
	static const char *const words[] = { "off", "local", "WinBind" };
	char dir[] = "/tmp/phconfig.XXXXXX", path[64];
	struct buf b = BUF_INIT, said = BUF_INIT;
	struct config *c = NULL;
	struct err err;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		buf_clear(&b);
		buf_printf(&b, HEAD PLAIN "[auth]\nntlm = %s\nkeytab = k\n"
			   "domain = EX\nhelpers = 3\n", words[i]);
		assert_true(parse(buf_str(&b), &c, &err));
		assert_int_equal(c->auth.ntlm, i);
		assert_string_equal(c->auth.keytab, "/etc/ph/k");
		assert_string_equal(c->auth.domain, "EX");
		assert_null(c->auth.realm);
		assert_int_equal(c->auth.helpers, 3);
		config_free(c);
	}
	assert_false(parse(HEAD PLAIN "[auth]\nntlm = samba\n", &c, &err));
	assert_non_null(strstr(err.text, "off, local or winbind"));
	/* A keytab that is not there, then one that is open to all. */
	assert_non_null(mkdtemp(dir));
	buf_clear(&b);
	buf_printf(&b, "[server]\nname = x\ndata = %s\n[http]\n"
		   "listen = 127.0.0.1:0 plain\n[auth]\nkeytab = %s/k\n",
		   dir, dir);
	assert_true(parse(buf_str(&b), &c, &err));
	assert_int_equal(config_check(c, collect, &said), 1);
	assert_non_null(strstr(buf_str(&said), "/k: "));
	snprintf(path, sizeof path, "%s/k", dir);
	write_file(path, "k", 0644);
	buf_clear(&said);
	assert_int_equal(config_check(c, collect, &said), 1);
	assert_non_null(strstr(buf_str(&said), "chmod 600"));
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(config_check(c, collect, &said), 0);
	config_free(c);
	buf_free(&b);
	buf_free(&said);
	unlink(path);
	rmdir(dir);
}

static void test_paths(void **state)
{
	struct config *c = NULL;
	char *p;

	(void)state;
	assert_true(parse(HEAD PLAIN, &c, NULL));
	p = config_directory_path(c);
	assert_string_equal(p, "/etc/ph/data/organisation.db");
	free(p);
	p = config_socket_path(c);
	assert_string_equal(p, "/etc/ph/data/admin.sock");
	free(p);
	p = config_nt_key_path(c);
	assert_string_equal(p, "/etc/ph/data/nt.key");
	free(p);
	config_free(c);
	config_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all_forms),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_listeners_and_tokens),
		cmocka_unit_test(test_bad_tokens),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_odd_bytes),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_check_fine),
		cmocka_unit_test(test_auth),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
