/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both sides of NTLM and Negotiate in real helper processes, with MIT's KDC
 * on a port of loopback: all of its state lies in the test's own folder.
 */
#include "test.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "auth/accept.h"
#include "auth/base64.h"
#include "auth/initiate.h"
#include "auth/nt_hash.h"
#include "base/arena.h"
#include "base/clock.h"

#define BINDING "tls-server-end-point:"

/* --- The realm, one for all tests ------------------------------------- */

static char folder[64];
static pid_t kdc;

static void run(const char *format, ...)
{
	char command[1024], text[1200];
	va_list ap;

	va_start(ap, format);
	vsnprintf(command, sizeof command, format, ap);
	va_end(ap);
	snprintf(text, sizeof text, "PATH=$PATH:/usr/sbin:/sbin; %s >>%s/log "
		 "2>&1", command, folder);
	if (system(text) != 0)
		fail_msg("%s; see %s/log", command, folder);
}

static void write_file(const char *name, const char *format, ...)
{
	char path[128];
	va_list ap;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	va_start(ap, format);
	vfprintf(f, format, ap);
	va_end(ap);
	assert_int_equal(fclose(f), 0);
}

static int free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	getsockname(fd, (struct sockaddr *)&a, &len);
	close(fd);
	return ntohs(a.sin_port);
}

static void write_settings(int port)
{
	char path[128];

	write_file("krb5.conf", "[libdefaults]\n default_realm = EXAMPLE.TEST\n"
		   " dns_lookup_kdc = false\n dns_lookup_realm = false\n"
		   " rdns = false\n dns_canonicalize_hostname = false\n"
		   " qualify_shortname = \"\"\n allow_weak_crypto = true\n"
		   "[realms]\n EXAMPLE.TEST = {\n  kdc = 127.0.0.1:%d\n }\n"
		   "[domain_realm]\n .example.test = EXAMPLE.TEST\n", port);
	write_file("kdc.conf", "[kdcdefaults]\n kdc_listen = 127.0.0.1:%d\n"
		   " kdc_tcp_listen = 127.0.0.1:%d\n[realms]\n EXAMPLE.TEST = "
		   "{\n  database_name = %s/principal\n  key_stash_file = "
		   "%s/stash\n  acl_file = %s/acl\n  supported_enctypes = "
		   "aes256-cts:normal arcfour-hmac:normal\n }\n"
		   "[logging]\n kdc = FILE:%s/kdc.log\n", port, port, folder,
		   folder, folder, folder);
	snprintf(path, sizeof path, "%s/krb5.conf", folder);
	setenv("KRB5_CONFIG", path, 1);
	snprintf(path, sizeof path, "%s/kdc.conf", folder);
	setenv("KRB5_KDC_PROFILE", path, 1);
	snprintf(path, sizeof path, "FILE:%s/cc", folder);
	setenv("KRB5CCNAME", path, 1);
	snprintf(path, sizeof path, "file2:%s/rcache", folder);
	setenv("KRB5RCACHENAME", path, 1);
	unsetenv("KRB5_KTNAME");
}

static void start_kdc(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
		.sin_port = htons((uint16_t)port) };
	int fd = -1, tries = 0;

	kdc = fork();
	if (kdc == 0) {
		setenv("PATH", "/usr/sbin:/sbin:/usr/bin:/bin", 1);
		freopen("/dev/null", "w", stdout);
		freopen("/dev/null", "w", stderr);
		execlp("krb5kdc", "krb5kdc", "-n", (char *)NULL);
		_exit(127);
	}
	do {
		if (fd >= 0)
			close(fd);
		assert_true(tries++ < 500);
		nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
		fd = socket(AF_INET, SOCK_STREAM, 0);
	} while (connect(fd, (struct sockaddr *)&a, sizeof a) != 0);
	close(fd);
}

static int realm_up(void **state)
{
	int port = free_port();

	strcpy(folder, "/tmp/phauth-gss.XXXXXX");
	assert_non_null(mkdtemp(folder));
	write_settings(port);
	run("kdb5_util create -s -P master");
	run("kadmin.local -q 'addprinc -pw Secret.1 alice'");
	run("kadmin.local -q 'addprinc -pw Secret.1 eve'");
	for (int i = 1; i <= 2; i++)
		run("kadmin.local -q 'addprinc -randkey HTTP/mx%d.example.test"
		    "'", i);
	run("kadmin.local -q 'addprinc -randkey HTTP/mail.example.test'");
	run("kadmin.local -q 'addprinc -randkey HTTP/other.example.test'");
	run("kadmin.local -q 'ktadd -k %s/mx1.keytab HTTP/mx1.example.test "
	    "HTTP/mail.example.test'", folder);
	run("kadmin.local -q 'ktadd -k %s/mx2.keytab HTTP/mx2.example.test'",
	    folder);
	run("kadmin.local -q 'ktadd -k %s/alice.keytab alice'", folder);
	run("kadmin.local -q 'ktadd -k %s/eve.keytab eve'", folder);
	start_kdc(port);
	return 0;
}

static int realm_down(void **state)
{
	char command[96];

	kill(kdc, SIGKILL);
	waitpid(kdc, NULL, 0);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

/* --- An organisation, its servers MX1 and MX2 ------------------------- */

struct side {
	struct directory *dir;
	struct auth *auth;
	char keytab[128];
};

struct world {
	struct side mx1, mx2;
	char key[128], path[128];
	struct nt_key *nt_key;
	struct arena *arena;
	enum auth_ntlm ntlm;
};

static void start_side(struct world *w, struct side *s, const char *name,
		       const char *keytab)
{
	struct err err;

	snprintf(s->keytab, sizeof s->keytab, "%s/%s", folder, keytab);
	if (s->dir == NULL)
		assert_true(directory_open(w->path, name, &s->dir, NULL));
	if (!auth_start(s->dir, &(struct auth_options){
			.helper = getenv("POSTHOUSE_AUTH"), .ntlm = w->ntlm,
			.keytab = s->keytab, .domain = "EX",
			.nt_key = w->key, .handshakers = 1,
			.failures = 3 }, &s->auth, &err))
		fail_msg("%s", err.text);
}

static const uint8_t *seal(struct world *w, const struct guid *owner,
			   const char *password)
{
	uint8_t hash[NT_HASH_LEN], sealed[NT_HASH_SEALED_SIZE];

	if (password != NULL)
		assert_true(nt_hash(password, hash, NULL));
	else
		nt_hash_random(hash);
	assert_true(nt_hash_seal(w->nt_key, owner, hash, sealed, NULL));
	return arena_memdup(w->arena, sealed, sizeof sealed);
}

static void make_directory(struct world *w)
{
	static const char *const domains[] = { "example.test" };
	static const char *const users[] = { "alice", "bob", "off" };
	const struct dir_org org = { .name = "Org", .domains = domains,
				     .domain_count = 1 };
	struct directory *dir;

	assert_true(directory_create(w->path, &org, NULL));
	assert_true(directory_open(w->path, NULL, &dir, NULL));
	for (int i = 1; i <= 2; i++) {
		struct dir_server s = { .guid = guid_new(),
			.name = i == 1 ? "MX1" : "MX2",
			.fqdn = i == 1 ? "mx1.example.test" :
			"mx2.example.test", .make = "Posthouse" };

		s.account_hash = seal(w, &s.guid, NULL);
		s.account_hash_size = NT_HASH_SEALED_SIZE;
		assert_true(directory_new_server(dir, &s, NULL));
	}
	for (size_t i = 0; i < 3; i++) {
		struct dir_user u = { .guid = guid_new(),
			.account = users[i], .disabled = i == 2 };

		/* bob has no hash: his password was set before. */
		if (i != 1) {
			u.nt_hash = seal(w, &u.guid, "Secret.1");
			u.nt_hash_size = NT_HASH_SEALED_SIZE;
		}
		assert_true(directory_new_user(dir, &u, NULL));
	}
	directory_close(dir);
}

static int setup_as(void **state, enum auth_ntlm ntlm)
{
	struct world *w = calloc(1, sizeof *w);

	w->arena = arena_new(0);
	w->ntlm = ntlm;
	snprintf(w->path, sizeof w->path, "%s/o.db", folder);
	snprintf(w->key, sizeof w->key, "%s/nt.key", folder);
	assert_true(nt_key_load(w->key, &w->nt_key, NULL));
	make_directory(w);
	start_side(w, &w->mx1, "MX1", "mx1.keytab");
	start_side(w, &w->mx2, "MX2", "mx2.keytab");
	*state = w;
	return 0;
}

static int setup(void **state)
{
	return setup_as(state, AUTH_NTLM_LOCAL);
}

static int setup_off(void **state)
{
	return setup_as(state, AUTH_NTLM_OFF);
}

static int teardown(void **state)
{
	struct world *w = *state;
	char command[128];

	auth_stop(w->mx1.auth);
	auth_stop(w->mx2.auth);
	directory_close(w->mx1.dir);
	directory_close(w->mx2.dir);
	nt_key_free(w->nt_key);
	arena_free(w->arena);
	free(w);
	snprintf(command, sizeof command, "rm -f %s/o.db*", folder);
	return system(command);
}

/* --- Steps, waited for ------------------------------------------------ */

struct wait {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool done;
	/* What it came to. */
	int status;
	char token[8192], cause[700], user[300], name[300], target[300];
	enum initiate_reason reason;
	enum handshake_mech mech;
	bool bound, throttled;
};

static void wait_begin(struct wait *w)
{
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	w->done = false;
	w->token[0] = w->cause[0] = w->name[0] = '\0';
}

static void wait_over(struct wait *w)
{
	pthread_mutex_lock(&w->lock);
	w->done = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

static void wait_for(struct wait *w)
{
	pthread_mutex_lock(&w->lock);
	while (!w->done)
		pthread_cond_wait(&w->wake, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

static void on_initiate(void *ctx, const struct initiate_result *r)
{
	struct wait *w = ctx;

	w->status = (int)r->status;
	snprintf(w->token, sizeof w->token, "%s",
		 r->token != NULL ? r->token : "");
	snprintf(w->cause, sizeof w->cause, "%s", r->cause);
	w->reason = r->reason;
	wait_over(w);
}

static void on_accept(void *ctx, const struct accept_result *r)
{
	struct wait *w = ctx;

	w->status = (int)r->status;
	base64_encode(r->token.data, r->token.len, w->token);
	while (strlen(w->token) % 4 != 0)
		strcat(w->token, "=");
	snprintf(w->cause, sizeof w->cause, "%s",
		 r->cause != NULL ? r->cause : "");
	snprintf(w->user, sizeof w->user, "%s", r->user);
	snprintf(w->target, sizeof w->target, "%s", r->target);
	snprintf(w->name, sizeof w->name, "%s", r->who != NULL ?
		 r->who->account : r->server != NULL ? r->server->name : "");
	w->mech = r->mech;
	w->bound = r->bound;
	w->throttled = r->throttled;
	wait_over(w);
}

static void accept_text(struct accept *a, const char *token,
			const char *binding, struct wait *w)
{
	uint8_t data[8192];
	struct bytes t = { data, 0 }, b = { NULL, 0 };
	char text[128];

	assert_true(base64_decode(token, strlen(token), data, sizeof data,
				  &t.len));
	if (binding != NULL) {
		snprintf(text, sizeof text, BINDING "%s", binding);
		b = (struct bytes){ (const uint8_t *)text, strlen(text) };
	}
	wait_begin(w);
	accept_step(a, &t, &b, on_accept, w);
	wait_for(w);
}

/* What a handshake is made of. */
struct shake {
	enum initiate_method method;
	const char *host;         /* NULL: mx1.example.test */
	const char *said, *expected;      /* bindings; NULL: none */
	struct wait initiator, acceptor;
	int steps;
};

static void begin(struct world *w, struct shake *s, struct initiate **out)
{
	const struct initiate_options options = { .method = s->method,
		.host = s->host != NULL ? s->host : "mx1.example.test",
		.binding = (const uint8_t *)s->said,
		.binding_len = s->said != NULL ? strlen(s->said) : 0 };

	wait_begin(&s->initiator);
	*out = initiate_begin(w->mx2.auth, &options, on_initiate,
			      &s->initiator);
	wait_for(&s->initiator);
}

/* The whole: MX2 to MX1, up to where one of them says that it is over. */
static void shake(struct world *w, struct shake *s)
{
	struct accept *a = accept_new(w->mx1.auth, s->method == INITIATE_NTLM ?
				      SCHEME_NTLM : SCHEME_NEGOTIATE,
				      "192.0.2.9");
	struct initiate *i;

	begin(w, s, &i);
	while (s->initiator.status != INITIATE_FAILED) {
		accept_text(a, s->initiator.token, s->expected, &s->acceptor);
		s->steps++;
		if (s->acceptor.status != ACCEPT_CONTINUE)
			break;
		wait_begin(&s->initiator);
		initiate_step(i, s->acceptor.token, on_initiate,
			      &s->initiator);
		wait_for(&s->initiator);
	}
	initiate_free(i);
	accept_unref(a);
}

static void expect_server(struct shake *s, enum handshake_mech mech)
{
	if (s->initiator.status == INITIATE_FAILED)
		fail_msg("%s", s->initiator.cause);
	if (s->acceptor.status != ACCEPT_OK)
		fail_msg("%s", s->acceptor.cause);
	assert_string_equal(s->acceptor.name, "MX2");
	assert_int_equal(s->acceptor.mech, mech);
}

/* --- A server to another ---------------------------------------------- */

static void server_ntlm(void **state)
{
	struct shake s = { .method = INITIATE_NTLM };

	shake(*state, &s);
	expect_server(&s, MECH_NTLM);
	assert_false(s.acceptor.bound);
	assert_int_equal(s.steps, 2);
}

static void server_kerberos(void **state)
{
	struct shake s = { .method = INITIATE_KERBEROS };

	shake(*state, &s);
	expect_server(&s, MECH_KERBEROS);
	assert_string_equal(s.acceptor.target,
			    "HTTP/mx1.example.test@EXAMPLE.TEST");
	/* The back end shows that it is who it is. */
	assert_true(s.acceptor.token[0] != '\0');
	/* A load balancer's name has a key in the same keytab. */
	s = (struct shake){ .method = INITIATE_KERBEROS,
			    .host = "mail.example.test" };
	shake(*state, &s);
	expect_server(&s, MECH_KERBEROS);
}

/* Without a ticket for it Negotiate carries NTLM. */
static void server_negotiate(void **state)
{
	struct shake s = { .method = INITIATE_NEGOTIATE };

	shake(*state, &s);
	expect_server(&s, MECH_KERBEROS);
	s = (struct shake){ .method = INITIATE_NEGOTIATE,
			    .host = "unknown.example.test" };
	shake(*state, &s);
	expect_server(&s, MECH_NTLM);
}

static void bindings(void **state)
{
	static const enum initiate_method methods[] = { INITIATE_NTLM,
		INITIATE_KERBEROS };
	static const char right[] = "0123456789abcdef0123456789abcdef";
	static const char wrong[] = "1123456789abcdef0123456789abcdef";

	for (size_t i = 0; i < 2; i++) {
		struct shake s = { .method = methods[i], .said = right,
				   .expected = right };

		shake(*state, &s);
		assert_int_equal(s.acceptor.status, ACCEPT_OK);
		assert_true(s.acceptor.bound);
		s = (struct shake){ .method = methods[i], .said = wrong,
				    .expected = right };
		shake(*state, &s);
		assert_int_equal(s.acceptor.status, ACCEPT_DENIED);
		assert_non_null(strstr(s.acceptor.cause, "channel binding"));
		s = (struct shake){ .method = methods[i], .expected = right };
		shake(*state, &s);
		assert_int_equal(s.acceptor.status, ACCEPT_OK);
		assert_false(s.acceptor.bound);
		/* Nobody looks: nothing is bound. */
		s = (struct shake){ .method = methods[i], .said = wrong };
		shake(*state, &s);
		assert_int_equal(s.acceptor.status, ACCEPT_OK);
		assert_false(s.acceptor.bound);
	}
}

/* --- What goes wrong, in words ---------------------------------------- */

static void names_the_cause(void **state)
{
	struct world *w = *state;
	struct shake s = { .method = INITIATE_KERBEROS,
			   .host = "nowhere.example.test" };

	shake(w, &s);
	assert_int_equal(s.initiator.status, INITIATE_FAILED);
	assert_int_equal(s.initiator.reason, INITIATE_NO_SPN);
	assert_non_null(strstr(s.initiator.cause,
			       "HTTP/nowhere.example.test"));
	/* A ticket for a key that MX1 has not. */
	s = (struct shake){ .method = INITIATE_KERBEROS,
			    .host = "other.example.test" };
	shake(w, &s);
	assert_int_equal(s.acceptor.status, ACCEPT_DENIED);
	assert_non_null(strstr(s.acceptor.cause, "HTTP/other.example.test"));
	assert_non_null(strstr(s.acceptor.cause, "keytab"));
	/* MX2 without a keytab. */
	auth_stop(w->mx2.auth);
	start_side(w, &w->mx2, "MX2", "none.keytab");
	s = (struct shake){ .method = INITIATE_KERBEROS };
	shake(w, &s);
	assert_int_equal(s.initiator.reason, INITIATE_NO_ACCOUNT);
	assert_non_null(strstr(s.initiator.cause, "none.keytab"));
}

static void kdc_is_down(void **state)
{
	struct shake s = { .method = INITIATE_KERBEROS };

	struct world *w = *state;
	char was[128], path[160];

	/* Another configuration, whose KDC nobody is. */
	snprintf(was, sizeof was, "%s", getenv("KRB5_CONFIG"));
	write_file("down.conf", "[libdefaults]\n default_realm = EXAMPLE.TEST"
		   "\n dns_lookup_kdc = false\n dns_canonicalize_hostname = "
		   "false\n[realms]\n EXAMPLE.TEST = {\n  kdc = "
		   "127.0.0.1:%d\n }\n[domain_realm]\n .example.test = "
		   "EXAMPLE.TEST\n", free_port());
	snprintf(path, sizeof path, "%s/down.conf", folder);
	setenv("KRB5_CONFIG", path, 1);
	auth_stop(w->mx2.auth);
	start_side(w, &w->mx2, "MX2", "mx2.keytab");
	shake(w, &s);
	setenv("KRB5_CONFIG", was, 1);
	assert_int_equal(s.initiator.status, INITIATE_FAILED);
	if (s.initiator.reason != INITIATE_KDC_UNREACHABLE)
		fail_msg("%s", s.initiator.cause);
}

/* A key that the KDC has replaced. */
static void old_key(void **state)
{
	struct world *w = *state;
	struct shake s = { .method = INITIATE_KERBEROS };

	run("cp %s/mx2.keytab %s/old.keytab", folder, folder);
	run("kadmin.local -q 'ktadd -k %s/mx2.keytab HTTP/mx2.example.test'",
	    folder);
	auth_stop(w->mx2.auth);
	start_side(w, &w->mx2, "MX2", "old.keytab");
	shake(w, &s);
	assert_int_equal(s.initiator.status, INITIATE_FAILED);
	if (s.initiator.reason != INITIATE_KEY_REFUSED)
		fail_msg("%s", s.initiator.cause);
}

/* The acceptor's key is replaced: old tickets and new ones are good as long
 * as both versions are in the keytab. */
static void key_versions(void **state)
{
	struct world *w = *state;
	struct shake s = { .method = INITIATE_KERBEROS };

	shake(w, &s);
	expect_server(&s, MECH_KERBEROS);
	run("kadmin.local -q 'ktadd -k %s/mx1.keytab HTTP/mx1.example.test'",
	    folder);
	s = (struct shake){ .method = INITIATE_KERBEROS };
	shake(w, &s);             /* with the ticket from before */
	expect_server(&s, MECH_KERBEROS);
	auth_stop(w->mx2.auth);
	start_side(w, &w->mx2, "MX2", "mx2.keytab");
	s = (struct shake){ .method = INITIATE_KERBEROS };
	shake(w, &s);             /* with a new one */
	expect_server(&s, MECH_KERBEROS);
}

static void ntlm_is_off(void **state)
{
	struct shake s = { .method = INITIATE_NTLM };
	struct accept *a;
	struct world *w = *state;

	/* MX2's keytab has the key that is the NT hash (RFC 4757). */
	shake(w, &s);
	assert_int_equal(s.initiator.status, INITIATE_CONTINUE);
	assert_int_equal(s.acceptor.status, ACCEPT_DENIED);
	a = accept_new(w->mx1.auth, SCHEME_NTLM, "192.0.2.9");
	accept_text(a, "TlRMTVNTUAABAAAABoIIAAAAAAAAAAAAAAAAAAAAAAA=", NULL,
		    &s.acceptor);
	assert_int_equal(s.acceptor.status, ACCEPT_DENIED);
	assert_non_null(strstr(s.acceptor.cause, "set ntlm under [auth]"));
	accept_unref(a);
	s = (struct shake){ .method = INITIATE_KERBEROS };
	shake(w, &s);
	expect_server(&s, MECH_KERBEROS);
}

/* Tokens that are none, in every order: an answer, and no helper lost. */
static void nonsense(void **state)
{
	static const char *const tokens[] = { "AAAA", "YA==", "oQYxMjM0NTY=",
		"TlRMTVNTUAADAAAA", "TlRMTVNTUAABAAAA",
		"YIIFYgYGKwYBBQUCoA==", "YBoGCSqGSIb3EgECAgEAAAAA", "" };
	struct world *w = *state;
	struct auth_stats stats;
	struct wait x;

	for (int scheme = 0; scheme < 2; scheme++)
		for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
			struct accept *a = accept_new(w->mx1.auth,
				(enum handshake_scheme)scheme, "192.0.2.7");

			accept_text(a, tokens[i], NULL, &x);
			assert_int_equal(x.status, ACCEPT_DENIED);
			assert_true(x.cause[0] != '\0');
			accept_unref(a);
		}
	auth_stats(w->mx1.auth, &stats);
	assert_int_equal(stats.helpers_lost, 0);
}

/* --- Users ------------------------------------------------------------ */

/* A person's password as the initiator's own: by way of the account that the
 * client's keytab names. */
static void user_kerberos(void **state)
{
	struct world *w = *state;
	struct shake s = { .method = INITIATE_KERBEROS };

	auth_stop(w->mx2.auth);
	start_side(w, &w->mx2, "MX2", "alice.keytab");
	shake(w, &s);
	if (s.acceptor.status != ACCEPT_OK)
		fail_msg("%s %s", s.initiator.cause, s.acceptor.cause);
	assert_string_equal(s.acceptor.name, "alice");
	assert_string_equal(s.acceptor.user, "alice@EXAMPLE.TEST");
	/* In the realm, but not in the directory. */
	auth_stop(w->mx2.auth);
	start_side(w, &w->mx2, "MX2", "eve.keytab");
	s = (struct shake){ .method = INITIATE_KERBEROS };
	shake(w, &s);
	assert_int_equal(s.acceptor.status, ACCEPT_DENIED);
	assert_non_null(strstr(s.acceptor.cause, "nobody in the directory"));
}

/* NTLM as a user, from a program of its own: file has domain, user and
 * password. */
static void ntlm_as(struct world *w, const char *file, struct wait *x)
{
	char command[400], path[160], token[4096];
	struct accept *a = accept_new(w->mx1.auth, SCHEME_NTLM, "192.0.2.8");
	FILE *to, *from;
	int in[2], out[2];
	pid_t pid;

	snprintf(path, sizeof path, "%s/%s", folder, file);
	snprintf(command, sizeof command, "%s", getenv("NTLM_CLIENT"));
	assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		setenv("NTLM_USER_FILE", path, 1);
		execl(command, command, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	to = fdopen(in[1], "w");
	from = fdopen(out[0], "r");
	for (;;) {
		assert_non_null(fgets(token, sizeof token, from));
		token[strcspn(token, "\n")] = '\0';
		accept_text(a, token, NULL, x);
		if (x->status != ACCEPT_CONTINUE)
			break;
		fprintf(to, "%s\n", x->token);
		fflush(to);
	}
	fclose(to);
	fclose(from);
	waitpid(pid, NULL, 0);
	accept_unref(a);
}

static void user_ntlm(void **state)
{
	struct world *w = *state;
	struct wait x;

	write_file("alice", "EX:alice:Secret.1\n");
	ntlm_as(w, "alice", &x);
	if (x.status != ACCEPT_OK)
		fail_msg("%s", x.cause);
	assert_string_equal(x.name, "alice");
	/* A domain that is not ours; no domain, as a UPN. */
	write_file("elsewhere", "OTHER:alice:Secret.1\n");
	ntlm_as(w, "elsewhere", &x);
	assert_int_equal(x.status, ACCEPT_DENIED);
	write_file("upn", "example.test:alice:Secret.1\n");
	ntlm_as(w, "upn", &x);
	assert_int_equal(x.status, ACCEPT_OK);
	write_file("bob", "EX:bob:Secret.1\n");
	ntlm_as(w, "bob", &x);
	assert_int_equal(x.status, ACCEPT_DENIED);
	assert_non_null(strstr(x.cause, "kept from the next time"));
	write_file("off", "EX:off:Secret.1\n");
	ntlm_as(w, "off", &x);
	if (strstr(x.cause, "disabled") == NULL)
		fail_msg("%s", x.cause);
}

/* Wrong, unknown: the same status; the log knows.  Then too many. */
static void user_throttled(void **state)
{
	struct world *w = *state;
	struct wait x;

	write_file("wrong", "EX:alice:Wrong\n");
	write_file("nobody", "EX:nobody:Wrong\n");
	write_file("alice", "EX:alice:Secret.1\n");
	ntlm_as(w, "nobody", &x);
	assert_int_equal(x.status, ACCEPT_DENIED);
	assert_string_equal(x.cause, "NTLM: unknown user");
	for (int i = 0; i < 3; i++) {
		ntlm_as(w, "wrong", &x);
		assert_int_equal(x.status, ACCEPT_DENIED);
		assert_string_equal(x.cause, "NTLM: wrong password");
		assert_false(x.throttled);
	}
	ntlm_as(w, "alice", &x);  /* the right one comes too late */
	assert_int_equal(x.status, ACCEPT_DENIED);
	assert_true(x.throttled);
	for (int i = 0; i < 3; i++)
		ntlm_as(w, "nobody", &x);
	assert_true(x.throttled); /* as for one who exists */
}

/* --- Helpers ---------------------------------------------------------- */

/* The processes that this one has started, but for the KDC. */
static void kill_helpers(void)
{
	DIR *d = opendir("/proc/self/task");
	struct dirent *e;

	while ((e = readdir(d)) != NULL) {
		char path[300];
		FILE *f;
		int pid;

		snprintf(path, sizeof path, "/proc/self/task/%s/children",
			 e->d_name);
		f = fopen(path, "r");
		while (f != NULL && fscanf(f, "%d", &pid) == 1)
			if (pid != kdc)
				kill(pid, SIGKILL);
		if (f != NULL)
			fclose(f);
	}
	closedir(d);
}

static void helper_dies(void **state)
{
	struct world *w = *state;
	struct accept *a = accept_new(w->mx1.auth, SCHEME_NTLM, "192.0.2.6");
	struct shake s = { .method = INITIATE_NTLM };
	struct auth_stats stats;
	struct initiate *i;
	struct wait x;

	begin(w, &s, &i);
	accept_text(a, s.initiator.token, NULL, &x);
	assert_int_equal(x.status, ACCEPT_CONTINUE);
	kill_helpers();
	/* Both sides lose what the helpers kept. */
	wait_begin(&s.initiator);
	initiate_step(i, x.token, on_initiate, &s.initiator);
	wait_for(&s.initiator);
	assert_int_equal(s.initiator.status, INITIATE_FAILED);
	assert_int_equal(s.initiator.reason, INITIATE_LOST);
	accept_text(a, "TlRMTVNTUAADAAAA", NULL, &x);
	assert_int_equal(x.status, ACCEPT_LOST);
	initiate_free(i);
	accept_unref(a);
	auth_stats(w->mx1.auth, &stats);
	assert_int_equal(stats.helpers_lost, 1);
	/* And go on. */
	s = (struct shake){ .method = INITIATE_NTLM };
	shake(w, &s);
	expect_server(&s, MECH_NTLM);
}

/* Many at once in one helper: each comes to its own end. */
static void many_at_once(void **state)
{
	enum { N = 20 };
	struct world *w = *state;
	struct accept *a[N];
	struct initiate *i[N];
	static struct shake s[N];

	memset(s, 0, sizeof s);
	for (int k = 0; k < N; k++) {
		s[k].method = k % 2 == 0 ? INITIATE_NTLM : INITIATE_NEGOTIATE;
		s[k].host = k % 2 == 0 ? NULL : "unknown.example.test";
		a[k] = accept_new(w->mx1.auth, k % 2 == 0 ? SCHEME_NTLM :
				  SCHEME_NEGOTIATE, "192.0.2.5");
		begin(w, &s[k], &i[k]);
	}
	for (int k = N - 1; k >= 0; k--)
		accept_text(a[k], s[k].initiator.token, NULL, &s[k].acceptor);
	for (int k = 0; k < N; k++) {
		wait_begin(&s[k].initiator);
		initiate_step(i[k], s[k].acceptor.token, on_initiate,
			      &s[k].initiator);
		wait_for(&s[k].initiator);
	}
	for (int k = N - 1; k >= 0; k--) {
		accept_text(a[k], s[k].initiator.token, NULL,
			    &s[k].acceptor);
		expect_server(&s[k], MECH_NTLM);
		initiate_free(i[k]);
		accept_unref(a[k]);
	}
}

/* Helpers are replaced after a number of handshakes; those under way end. */
static void recycled(void **state)
{
	struct world *w = *state;
	struct auth_stats stats;
	struct shake s;
	struct err err;

	auth_stop(w->mx1.auth);
	assert_true(auth_start(w->mx1.dir, &(struct auth_options){
		.helper = getenv("POSTHOUSE_AUTH"), .ntlm = AUTH_NTLM_LOCAL,
		.keytab = w->mx1.keytab, .domain = "EX", .nt_key = w->key,
		.handshakers = 1, .handshakes = 1 }, &w->mx1.auth, &err));
	for (int k = 0; k < 5; k++) {
		s = (struct shake){ .method = INITIATE_NTLM };
		shake(w, &s);
		expect_server(&s, MECH_NTLM);
	}
	auth_stats(w->mx1.auth, &stats);
	assert_int_equal(stats.helpers_started, 5);
	assert_int_equal(stats.helpers_lost, 0);
}

/* How long one takes, for the record. */
static void figures(void **state)
{
	static const enum initiate_method methods[] = { INITIATE_NTLM,
		INITIATE_KERBEROS };
	enum { N = 50 };

	for (size_t m = 0; m < 2; m++) {
		uint64_t begin_ns = clock_ns();

		for (int k = 0; k < N; k++) {
			struct shake s = { .method = methods[m] };

			shake(*state, &s);
			assert_int_equal(s.acceptor.status, ACCEPT_OK);
		}
		printf("%s, both sides: %lu us\n", m == 0 ? "NTLM" :
		       "Kerberos", (unsigned long)((clock_ns() - begin_ns) /
						   N / 1000));
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(server_ntlm),
		TEST(server_kerberos),
		TEST(server_negotiate),
		TEST(bindings),
		TEST(names_the_cause),
		TEST(kdc_is_down),
		TEST(old_key),
		TEST(key_versions),
		cmocka_unit_test_setup_teardown(ntlm_is_off, setup_off,
						teardown),
		TEST(nonsense),
		TEST(user_kerberos),
		TEST(user_ntlm),
		TEST(user_throttled),
		TEST(helper_dies),
		TEST(many_at_once),
		TEST(recycled),
		TEST(figures),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, realm_up, realm_down);
}
