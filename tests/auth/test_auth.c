/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/auth_impl.h"
#include "auth/base64.h"
#include "auth/password.h"
#include "base/arena.h"
#include "base/clock.h"

/* Fast enough for tests; the format is the same. */
static const struct password_cost cheap = { .ln = 4, .r = 8, .p = 1 };

struct fix {
	char folder[64], path[96];
	struct directory *dir;
	struct auth *auth;
	struct auth_options options;
	struct arena *arena;
	struct guid alice;
};

/* An answer to wait for. */
struct answer {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	int count;
	enum auth_result result;
	const struct identity *id;
};

#define ANSWER { .lock = PTHREAD_MUTEX_INITIALIZER, \
		 .wake = PTHREAD_COND_INITIALIZER }

static void on_done(void *ctx, enum auth_result result,
		    const struct identity *id)
{
	struct answer *a = ctx;

	pthread_mutex_lock(&a->lock);
	a->count++;
	a->result = result;
	identity_unref(a->id);
	a->id = id != NULL ? identity_ref(id) : NULL;
	pthread_cond_broadcast(&a->wake);
	pthread_mutex_unlock(&a->lock);
}

static void wait_for(struct answer *a, int count)
{
	pthread_mutex_lock(&a->lock);
	while (a->count < count)
		pthread_cond_wait(&a->wake, &a->lock);
	pthread_mutex_unlock(&a->lock);
}

static void header_of(const char *user, const char *password, char *out)
{
	char text[1400];

	snprintf(text, sizeof text, "%s:%s", user, password);
	strcpy(out, "Basic ");
	base64_encode((const uint8_t *)text, strlen(text), out + 6);
	while (strlen(out + 6) % 4 != 0)
		strcat(out, "=");
}

/* Ask and wait; *at_once tells whether it was answered in the call. */
static enum auth_result ask(struct fix *f, const char *user,
			    const char *password, const char *address,
			    bool *at_once, const struct identity **id)
{
	struct answer a = ANSWER;
	char header[2000];
	bool inline_answer;

	header_of(user, password, header);
	inline_answer = auth_check_basic(f->auth, header, address, on_done,
					 &a);
	if (inline_answer)
		assert_int_equal(a.count, 1);
	wait_for(&a, 1);
	if (at_once != NULL)
		*at_once = inline_answer;
	if (id != NULL)
		*id = a.id;
	else
		identity_unref(a.id);
	return a.result;
}

static enum auth_result ask_simply(struct fix *f, const char *user,
				   const char *password)
{
	return ask(f, user, password, "192.0.2.1", NULL, NULL);
}

static void set_password(struct dir_user *u, const char *password,
			 struct arena *arena)
{
	char hash[PASSWORD_HASH_SIZE];

	assert_true(password_hash(password, &cheap, hash, NULL));
	u->password = arena_strdup(arena, hash);
}

static void start(struct fix *f)
{
	struct err err;

	if (!auth_start(f->dir, &f->options, &f->auth, &err))
		fail_msg("%s", err.text);
}

static int setup(void **state)
{
	static const char *const domains[] = { "example.test" };
	const struct dir_org org = { .name = "Org", .domains = domains,
				     .domain_count = 1 };
	struct fix *f = calloc(1, sizeof *f);
	struct dir_user u = { .account = "alice", .is_admin = true,
			      .display_name = "Alice" };

	f->arena = arena_new(0);
	strcpy(f->folder, "/tmp/phauth.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof f->path, "%s/o.db", f->folder);
	assert_true(directory_create(f->path, &org, NULL));
	assert_true(directory_open(f->path, NULL, &f->dir, NULL));
	set_password(&u, "secret", f->arena);
	assert_true(directory_new_user(f->dir, &u, NULL));
	f->alice = u.guid;
	u = (struct dir_user){ .account = "off", .disabled = true };
	set_password(&u, "secret", f->arena);
	assert_true(directory_new_user(f->dir, &u, NULL));
	u = (struct dir_user){ .account = "nopw" };
	assert_true(directory_new_user(f->dir, &u, NULL));
	f->options.helper = getenv("POSTHOUSE_AUTH");
	assert_non_null(f->options.helper);
	start(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;
	char command[128];

	auth_stop(f->auth);
	directory_close(f->dir);
	arena_free(f->arena);
	snprintf(command, sizeof command, "rm -rf %s", f->folder);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

static void restart(struct fix *f)
{
	auth_stop(f->auth);
	start(f);
}

/* Right and wrong ------------------------------------------------------ */

static void test_right(void **state)
{
	static const char *const names[] = { "alice", "ALICE",
		"alice@example.test", "EXAMPLE\\alice" };
	struct fix *f = *state;
	const struct identity *id;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_int_equal(ask_simply(f, names[i], "secret"), AUTH_OK);
	assert_int_equal(ask(f, "alice", "secret", "x", NULL, &id), AUTH_OK);
	assert_true(guid_equal(&id->user, &f->alice));
	assert_true(guid_is_null(&id->mailbox));
	assert_string_equal(id->account, "alice");
	assert_string_equal(id->upn, "alice@example.test");
	assert_string_equal(id->display_name, "Alice");
	assert_memory_equal(id->legacy_dn, "/o=Org/ou=", 10);
	assert_true(id->is_admin);
	identity_unref(id);
}

static void test_denied(void **state)
{
	struct fix *f = *state;
	struct auth_stats stats;

	assert_int_equal(ask_simply(f, "alice", "Secret"), AUTH_DENIED);
	assert_int_equal(ask_simply(f, "alice", ""), AUTH_DENIED);
	assert_int_equal(ask_simply(f, "bob", "secret"), AUTH_DENIED);
	assert_int_equal(ask_simply(f, "off", "secret"), AUTH_DENIED);
	assert_int_equal(ask_simply(f, "nopw", "secret"), AUTH_DENIED);
	assert_int_equal(ask_simply(f, "OTHER\\alice", "secret"),
			 AUTH_DENIED);
	auth_stats(f->auth, &stats);
	assert_int_equal(stats.denied, 6);
	assert_int_equal(stats.waiting, 0);
	assert_int_equal(stats.helpers_lost, 0);
}

/* RFC 7617 2 */
static void test_malformed(void **state)
{
	static const char *const headers[] = { "", "Basic", "Basic ",
		"Bearer x", "Negotiate YII=", "Basic !!!!", "Basic YWxpY2U=",
		"Basic OnNlY3JldA==" /* no user */, "BasicYTpi",
		"Basic YQA6Yg==" /* NUL */, "Basic YTpi=", "Basic YTpiYw=" };
	struct fix *f = *state;

	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
		struct answer a = ANSWER;

		assert_true(auth_check_basic(f->auth, headers[i], "x",
					     on_done, &a));
		assert_int_equal(a.count, 1);
		if (a.result != AUTH_MALFORMED)
			fail_msg("\"%s\": %d", headers[i], a.result);
	}
	{
		char *header = malloc(20000);
		struct answer a = ANSWER;

		memset(header, 'A', 19999);
		memcpy(header, "Basic ", 6);
		header[19998] = '\0';
		assert_true(auth_check_basic(f->auth, header, "x", on_done,
					     &a));
		assert_int_equal(a.result, AUTH_MALFORMED);
		free(header);
	}
}

/* Colons in a password, letters beyond ASCII, ISO-8859-1 from old clients. */
static void test_odd_passwords(void **state)
{
	struct fix *f = *state;
	struct answer a = ANSWER;
	struct dir_user u;

	assert_true(directory_user(f->dir, &f->alice, f->arena, &u));
	set_password(&u, "pa:ss:wörd", f->arena);
	assert_true(directory_set_user(f->dir, &u, NULL));
	assert_int_equal(ask_simply(f, "alice", "pa:ss:wörd"), AUTH_OK);
	assert_int_equal(ask_simply(f, "alice", "pa:ss:w\xf6rd"), AUTH_OK);
	/* The scheme in any case, several spaces. */
	auth_check_basic(f->auth, "bASIC   YWxpY2U6cGE6c3M6d8O2cmQ=", "x",
			 on_done, &a);
	wait_for(&a, 1);
	assert_int_equal(a.result, AUTH_OK);
	identity_unref(a.id);
}

/* Remembering ---------------------------------------------------------- */

static void test_remembered(void **state)
{
	struct fix *f = *state;
	struct auth_stats stats;
	bool at_once;

	assert_int_equal(ask(f, "alice", "secret", "a", &at_once, NULL),
			 AUTH_OK);
	assert_false(at_once);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(ask(f, "alice", "secret", "b", &at_once,
				     NULL), AUTH_OK);
		assert_true(at_once);
	}
	/* Another spelling is another header; a failure isn't remembered. */
	ask(f, "Alice", "secret", "a", &at_once, NULL);
	assert_false(at_once);
	for (int i = 0; i < 2; i++) {
		ask(f, "alice", "wrong", "a", &at_once, NULL);
		assert_false(at_once);
	}
	auth_stats(f->auth, &stats);
	assert_int_equal(stats.remembered, 5);
}

static void test_dropped_on_change(void **state)
{
	struct fix *f = *state;
	const struct identity *id;
	struct dir_user u;
	bool at_once;

	assert_int_equal(ask_simply(f, "alice", "secret"), AUTH_OK);
	assert_true(directory_user(f->dir, &f->alice, f->arena, &u));
	u.is_admin = false;
	assert_true(directory_set_user(f->dir, &u, NULL));
	assert_int_equal(ask(f, "alice", "secret", "a", &at_once, &id),
			 AUTH_OK);
	assert_false(at_once);
	assert_false(id->is_admin);
	identity_unref(id);
	/* Somebody else's change doesn't matter. */
	assert_true(directory_user_by_name(f->dir, "nopw", f->arena, &u));
	u.display_name = "x";
	assert_true(directory_set_user(f->dir, &u, NULL));
	ask(f, "alice", "secret", "a", &at_once, NULL);
	assert_true(at_once);
	assert_true(directory_user(f->dir, &f->alice, f->arena, &u));
	set_password(&u, "other", f->arena);
	assert_true(directory_set_user(f->dir, &u, NULL));
	assert_int_equal(ask_simply(f, "alice", "secret"), AUTH_DENIED);
	assert_int_equal(ask_simply(f, "alice", "other"), AUTH_OK);
	u.disabled = true;
	assert_true(directory_set_user(f->dir, &u, NULL));
	assert_int_equal(ask_simply(f, "alice", "other"), AUTH_DENIED);
	assert_true(directory_remove_user(f->dir, &f->alice, NULL));
	assert_int_equal(ask_simply(f, "alice", "other"), AUTH_DENIED);
}

static void test_forgotten(void **state)
{
	struct fix *f = *state;
	bool at_once;

	f->options.remember = 1500;
	f->options.remembered = 2;
	restart(f);
	ask_simply(f, "alice", "secret");
	ask(f, "alice", "secret", "a", &at_once, NULL);
	assert_true(at_once);
	usleep(1600000);
	ask(f, "alice", "secret", "a", &at_once, NULL);
	assert_false(at_once);
	/* The oldest goes when there are too many. */
	f->options.remember = 100000;
	restart(f);
	ask_simply(f, "alice", "secret");
	ask_simply(f, "Alice", "secret");
	ask_simply(f, "aLice", "secret");
	ask(f, "aLice", "secret", "a", &at_once, NULL);
	assert_true(at_once);
	ask(f, "Alice", "secret", "a", &at_once, NULL);
	assert_true(at_once);
	ask(f, "alice", "secret", "a", &at_once, NULL);
	assert_false(at_once);
}

static void test_fast(void **state)
{
	enum { TIMES = 20000 };
	struct fix *f = *state;
	struct answer a = ANSWER;
	char header[200];
	uint64_t start_ns;

	header_of("alice", "secret", header);
	auth_check_basic(f->auth, header, "x", on_done, &a);
	wait_for(&a, 1);
	start_ns = clock_ns();
	for (int i = 0; i < TIMES; i++)
		assert_true(auth_check_basic(f->auth, header, "192.0.2.1",
					     on_done, &a));
	/* Loosely: sanitizers and a busy machine cost ten times. */
	print_message("remembered check: %llu ns\n", (unsigned long long)
		      ((clock_ns() - start_ns) / TIMES));
	assert_true((clock_ns() - start_ns) / TIMES < 100000);
	identity_unref(a.id);
}

/* Several requests with one header cost one check. */
static void test_joined(void **state)
{
	struct fix *f = *state;
	struct answer a = ANSWER;
	struct auth_stats stats;
	struct dir_user u;
	char hash[PASSWORD_HASH_SIZE], header[200];

	assert_true(directory_user(f->dir, &f->alice, f->arena, &u));
	assert_true(password_hash("secret", &(struct password_cost){
			.ln = 15, .r = 8, .p = 1 }, hash, NULL));
	u.password = hash;
	assert_true(directory_set_user(f->dir, &u, NULL));
	f->options.queue = 1;
	restart(f);
	header_of("alice", "secret", header);
	for (int i = 0; i < 20; i++)
		auth_check_basic(f->auth, header, "x", on_done, &a);
	wait_for(&a, 20);
	assert_int_equal(a.result, AUTH_OK);
	identity_unref(a.id);
	auth_stats(f->auth, &stats);
	assert_int_equal(stats.helpers_started, 1);
	assert_int_equal(stats.unavailable, 0);
}

/* Too many ------------------------------------------------------------- */

static void test_throttle(void **state)
{
	struct fix *f = *state;
	bool at_once;

	f->options.failures = 3;
	f->options.failure_window = 3000;
	restart(f);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(f, "alice", "wrong", "192.0.2.9", NULL,
				     NULL), AUTH_DENIED);
	/* Not even the right one now, in any spelling, and at once … */
	assert_int_equal(ask(f, "alice", "secret", "192.0.2.9", &at_once,
			     NULL), AUTH_THROTTLED);
	assert_true(at_once);
	assert_int_equal(ask(f, "ALICE", "secret", "192.0.2.9", NULL, NULL),
			 AUTH_THROTTLED);
	/* … but from elsewhere, or as another user. */
	assert_int_equal(ask(f, "alice", "secret", "192.0.2.8", NULL, NULL),
			 AUTH_OK);
	assert_int_equal(ask(f, "bob", "x", "192.0.2.9", NULL, NULL),
			 AUTH_DENIED);
	usleep(3100000);
	assert_int_equal(ask(f, "ALICE", "secret", "192.0.2.9", NULL, NULL),
			 AUTH_OK);
}

static void test_success_clears(void **state)
{
	struct fix *f = *state;

	f->options.failures = 3;
	restart(f);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(ask_simply(f, "alice", "wrong"),
				 AUTH_DENIED);
		assert_int_equal(ask_simply(f, "alice", "wrong"),
				 AUTH_DENIED);
		assert_int_equal(ask_simply(f, i % 2 ? "alice" : "ALICE",
					    "secret"), AUTH_OK);
		restart(f);
	}
}

static void test_address_throttle(void **state)
{
	struct fix *f = *state;
	char name[32];

	f->options.address_failures = 5;
	restart(f);
	for (int i = 0; i < 5; i++) {
		snprintf(name, sizeof name, "guess%d", i);
		assert_int_equal(ask_simply(f, name, "x"), AUTH_DENIED);
	}
	assert_int_equal(ask_simply(f, "guess9", "x"), AUTH_THROTTLED);
	assert_int_equal(ask(f, "guess9", "x", "2001:db8::1", NULL, NULL),
			 AUTH_DENIED);
}

/* Helpers -------------------------------------------------------------- */

/* The pids of our children, by /proc; only helpers are. */
static int children(pid_t *out, int max)
{
	char path[64], line[512];
	int n = 0;
	FILE *f;
	DIR *d = opendir("/proc");
	const struct dirent *e;

	while ((e = readdir(d)) != NULL) {
		int pid = atoi(e->d_name), parent = 0;

		if (pid <= 0)
			continue;
		snprintf(path, sizeof path, "/proc/%d/stat", pid);
		f = fopen(path, "r");
		if (f == NULL)
			continue;
		if (fgets(line, sizeof line, f) != NULL &&
		    strrchr(line, ')') != NULL)
			sscanf(strrchr(line, ')') + 4, "%d", &parent);
		fclose(f);
		if (parent == getpid() && n < max)
			out[n++] = pid;
	}
	closedir(d);
	return n;
}

static void slow_alice(struct fix *f)
{
	char hash[PASSWORD_HASH_SIZE];
	struct dir_user u;

	assert_true(directory_user(f->dir, &f->alice, f->arena, &u));
	assert_true(password_hash("secret", &(struct password_cost){
			.ln = 15, .r = 8, .p = 4 }, hash, NULL));
	u.password = hash;
	assert_true(directory_set_user(f->dir, &u, NULL));
}

/* A helper that dies idle is replaced; one that dies busy, its check too. */
static void test_helper_killed(void **state)
{
	struct fix *f = *state;
	struct answer a = ANSWER;
	struct auth_stats stats;
	char header[200];
	pid_t pids[4];

	assert_int_equal(ask_simply(f, "alice", "secret"), AUTH_OK);
	assert_int_equal(children(pids, 4), 1);
	kill(pids[0], SIGKILL);
	assert_int_equal(ask_simply(f, "Alice", "secret"), AUTH_OK);
	slow_alice(f);
	header_of("alice", "secret", header);
	assert_false(auth_check_basic(f->auth, header, "x", on_done, &a));
	usleep(20000);
	assert_int_equal(children(pids, 4), 1);
	kill(pids[0], SIGKILL);
	wait_for(&a, 1);
	assert_int_equal(a.result, AUTH_OK);
	identity_unref(a.id);
	auth_stats(f->auth, &stats);
	assert_int_equal(stats.helpers_lost, 2);
	assert_true(stats.helpers_started >= 3);
}

static void test_deadline(void **state)
{
	struct fix *f = *state;
	uint64_t start_ms;

	slow_alice(f);
	f->options.deadline = 30;
	restart(f);
	start_ms = clock_ms();
	assert_int_equal(ask_simply(f, "alice", "secret"), AUTH_UNAVAILABLE);
	assert_true(clock_ms() - start_ms < 2000);
}

static void test_queue_full(void **state)
{
	struct fix *f = *state;
	struct answer a = ANSWER;
	char header[200], password[16];
	int at_once = 0;

	slow_alice(f);
	f->options.queue = 2;
	f->options.helpers = 1;
	f->options.failures = 1000;
	restart(f);
	for (int i = 0; i < 20; i++) {
		snprintf(password, sizeof password, "%d", i);
		header_of("alice", password, header);
		at_once += auth_check_basic(f->auth, header, "x", on_done,
					    &a);
	}
	assert_true(at_once >= 15);
	assert_int_equal(a.result, AUTH_UNAVAILABLE);
	wait_for(&a, 20);
	assert_null(a.id);
}

static void test_recycled(void **state)
{
	struct fix *f = *state;
	struct auth_stats stats;

	f->options.helper_checks = 2;
	f->options.failures = 1000;
	restart(f);
	for (int i = 0; i < 6; i++)
		assert_int_equal(ask_simply(f, "alice", "wrong"),
				 AUTH_DENIED);
	auth_stats(f->auth, &stats);
	assert_int_equal(stats.helpers_started, 3);
	assert_int_equal(stats.helpers_lost, 0);
}

static void test_no_helper(void **state)
{
	struct fix *f = *state;
	const char *was = f->options.helper;

	f->options.helper = "/nonexistent/posthouse-auth";
	f->options.deadline = 200;
	restart(f);
	assert_int_equal(ask_simply(f, "alice", "secret"), AUTH_UNAVAILABLE);
	/* A program that leaves at once. */
	f->options.helper = "/bin/true";
	restart(f);
	assert_int_equal(ask_simply(f, "alice", "secret"), AUTH_UNAVAILABLE);
	f->options.helper = was;
}

/* What waits when it stops is answered. */
static void test_stop(void **state)
{
	struct fix *f = *state;
	struct answer a = ANSWER;
	char header[200], password[16];

	slow_alice(f);
	for (int i = 0; i < 5; i++) {
		snprintf(password, sizeof password, "%d", i);
		header_of("alice", password, header);
		auth_check_basic(f->auth, header, "x", on_done, &a);
	}
	auth_stop(f->auth);
	f->auth = NULL;
	assert_int_equal(a.count, 5);
	assert_int_equal(a.result, AUTH_UNAVAILABLE);
	auth_stop(NULL);
}

/* A user who doesn't exist takes as long as one who does. */
static void test_same_time(void **state)
{
	struct fix *f = *state;
	uint64_t known, unknown, t;
	char hash[PASSWORD_HASH_SIZE];
	struct dir_user u;

	assert_true(directory_user(f->dir, &f->alice, f->arena, &u));
	assert_true(password_hash("secret", NULL, hash, NULL));
	u.password = hash;
	assert_true(directory_set_user(f->dir, &u, NULL));
	ask_simply(f, "warm", "up");
	known = unknown = UINT64_MAX;
	for (int i = 0; i < 3; i++) {
		t = clock_ns();
		ask_simply(f, "alice", "wrong");
		t = clock_ns() - t;
		known = t < known ? t : known;
		t = clock_ns();
		ask_simply(f, "nobody", "wrong");
		t = clock_ns() - t;
		unknown = t < unknown ? t : unknown;
	}
	print_message("known %llu us, unknown %llu us\n",
		      (unsigned long long)known / 1000,
		      (unsigned long long)unknown / 1000);
	assert_true(known < unknown * 2 && unknown < known * 2);
}

/*
 * "info@example.test" is an address of alice's, but an account "info" that
 * the KDC or a domain controller knows is not she.
 */
static void test_names_of_others(void **state)
{
	static const char *const addresses[] = { "alice@example.test",
						 "info@example.test" };
	struct fix *f = *state;
	struct auth_party party;
	struct dir_user u;

	assert_true(directory_user(f->dir, &f->alice, f->arena, &u));
	u.addresses = addresses;
	u.address_count = 2;
	assert_true(directory_set_user(f->dir, &u, NULL));
	auth_kerberos_party(f->auth, "info@EXAMPLE.TEST", f->arena, &party);
	assert_false(party.is_user);
	auth_kerberos_party(f->auth, "info\\@example.test@EXAMPLE.TEST",
			    f->arena, &party);
	assert_false(party.is_user);
	auth_kerberos_party(f->auth, "Alice\\@example.test@EXAMPLE.TEST",
			    f->arena, &party);
	assert_true(party.is_user);
	auth_kerberos_party(f->auth, "alice@EXAMPLE.TEST", f->arena, &party);
	assert_true(party.is_user);
	auth_ntlm_name_party(f->auth, "info@example.test", f->arena, &party);
	assert_false(party.is_user);
	auth_ntlm_name_party(f->auth, "EXAMPLE\\info@example.test", f->arena,
			     &party);
	assert_false(party.is_user);
	auth_ntlm_name_party(f->auth, "EXAMPLE\\alice", f->arena, &party);
	assert_true(party.is_user);
	/* Who shows alice's own password is alice. */
	auth_ntlm_party(f->auth, "", "info@example.test", f->arena, &party);
	assert_true(party.is_user);
}

/* Who has a network of IPv6 has no more tries for that. */
static void test_networks(void **state)
{
	struct fix *f = *state;
	uint64_t key = auth_throttle_key(f->auth, "alice", "2001:db8::1");

	assert_true(auth_throttle_key(f->auth, "ALICE", "2001:db8::ffff:1") ==
		    key);
	assert_true(auth_throttle_key(f->auth, "alice", "2001:db8:0:1::1") !=
		    key);
	assert_true(auth_throttle_key(f->auth, "bob", "2001:db8::1") != key);
	assert_true(auth_throttle_key(f->auth, "", "::ffff:192.0.2.1") !=
		    auth_throttle_key(f->auth, "", "::ffff:192.0.2.2"));
	assert_true(auth_throttle_key(f->auth, "", "192.0.2.1") !=
		    auth_throttle_key(f->auth, "", "192.0.2.2"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_right),
		TEST(test_names_of_others), TEST(test_networks),
		TEST(test_denied),
		TEST(test_malformed),
		TEST(test_odd_passwords),
		TEST(test_remembered),
		TEST(test_dropped_on_change),
		TEST(test_forgotten),
		TEST(test_fast),
		TEST(test_joined),
		TEST(test_throttle),
		TEST(test_success_clears),
		TEST(test_address_throttle),
		TEST(test_helper_killed),
		TEST(test_deadline),
		TEST(test_queue_full),
		TEST(test_recycled),
		TEST(test_no_helper),
		TEST(test_stop),
		TEST(test_same_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
