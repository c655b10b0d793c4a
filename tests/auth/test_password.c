/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/base64.h"
#include "auth/helper.h"
#include "auth/password.h"
#include "auth/remember.h"

/* RFC 4648 10, without and with padding */
static void test_base64(void **state)
{
	static const char *const cases[][3] = {
		{ "", "", "" }, { "f", "Zg", "Zg==" }, { "fo", "Zm8", "Zm8=" },
		{ "foo", "Zm9v", "Zm9v" }, { "foob", "Zm9vYg", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
	};
	static const char *const bad[] = { "Z", "Zg=", "Zg===", "=", "====",
		"Zh==" /* bits left over */, "Zm9", "Z g=", "Zm-v", "Zm_v",
		"Zg==Zg==", "Zm9v=" };
	uint8_t out[16];
	char text[16];
	size_t len = 0;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = strlen(cases[i][0]);

		base64_encode((const uint8_t *)cases[i][0], n, text);
		assert_string_equal(text, cases[i][1]);
		assert_int_equal(strlen(text), base64_size(n));
		for (int form = 1; form < 3; form++) {
			assert_true(base64_decode(cases[i][form],
				strlen(cases[i][form]), out, sizeof out,
				&len));
			assert_int_equal(len, n);
			assert_memory_equal(out, cases[i][0], n);
		}
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (base64_decode(bad[i], strlen(bad[i]), out, sizeof out,
				  &len))
			fail_msg("\"%s\" is accepted", bad[i]);
	assert_false(base64_decode("Zm9vYmFy", 8, out, 5, &len));
	assert_true(base64_decode("Zm9vYmFy", 8, out, 6, &len));
}

/* RFC 7914 12: scrypt("pleaseletmein", "SodiumChloride", 16384, 8, 1, 64) */
static void test_vector(void **state)
{
	static const char hash[] = "$scrypt$ln=14,r=8,p=1"
		"$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+"
		"qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw";
	bool match = false;
	struct err err;

	(void)state;
	if (!password_verify("pleaseletmein", hash, &match, &err))
		fail_msg("%s", err.text);
	assert_true(match);
	assert_true(password_verify("pleaseletmeIn", hash, &match, &err));
	assert_false(match);
}

static void test_round(void **state)
{
	const struct password_cost cost = { .ln = 5, .r = 4, .p = 2 };
	char a[PASSWORD_HASH_SIZE], b[PASSWORD_HASH_SIZE];
	char longest[PASSWORD_MAX_SIZE + 1];
	bool match = false;

	(void)state;
	assert_true(password_hash("pä ss", &cost, a, NULL));
	assert_true(password_hash("pä ss", &cost, b, NULL));
	assert_string_not_equal(a, b);    /* each its own salt */
	assert_memory_equal(a, "$scrypt$ln=5,r=4,p=2$", 21);
	assert_true(password_verify("pä ss", a, &match, NULL));
	assert_true(match);
	assert_true(password_verify("", a, &match, NULL));
	assert_false(match);
	assert_false(password_hash("", &cost, a, NULL));
	assert_false(password_hash("\xff", &cost, a, NULL));
	memset(longest, 'x', sizeof longest);
	longest[PASSWORD_MAX_SIZE] = '\0';
	assert_false(password_hash(longest, &cost, a, NULL));
	longest[PASSWORD_MAX_SIZE - 1] = '\0';
	assert_true(password_hash(longest, &cost, a, NULL));
}

static void test_bad_hashes(void **state)
{
	static const char *const bad[] = { "", "secret", "$scrypt$",
		"$scrypt$ln=5,r=4,p=2$", "$scrypt$ln=5,r=4,p=2$c2FsdHNhbHQ$",
		"$scrypt$ln=5,r=4,p=2$c2FsdHNhbHQ$!!!!",
		"$scrypt$ln=0,r=4,p=2$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
		"$scrypt$ln=25,r=4,p=2$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
		"$scrypt$ln=5,r=0,p=2$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
		"$scrypt$ln=5,r=4,p=99$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
		"$scrypt$ln=5,r=4,p=2$c2Fs$c2FsdHNhbHRzYWx0c2FsdA",
		"$scrypt$ln=5,r=4,p=2$c2FsdHNhbHQ$c2Fs",
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$x" };
	bool match = true;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (password_verify("x", bad[i], &match, &err))
			fail_msg("\"%s\" is accepted", bad[i]);
		assert_non_null(strstr(err.text, "set the password again"));
	}
	assert_true(match);
	assert_true(password_verify("x", password_dummy(), &match, &err));
	assert_false(match);
}

/* RFC 4231 needs a given key; the properties of an HMAC are checked here. */
static void test_mac(void **state)
{
	struct mac_key *a = mac_key_new(), *b = mac_key_new();
	struct mac x, y;

	(void)state;
	mac_compute(a, "text", 4, &x);
	mac_compute(a, "text", 4, &y);
	assert_memory_equal(x.b, y.b, sizeof x.b);
	mac_compute(a, "texu", 4, &y);
	assert_memory_not_equal(x.b, y.b, sizeof x.b);
	mac_compute(b, "text", 4, &y);
	assert_memory_not_equal(x.b, y.b, sizeof x.b);
	mac_compute(a, "", 0, &y);
	mac_key_free(a);
	mac_key_free(b);
	mac_key_free(NULL);
}

/* What is said of a message of len bytes; HELPER_FAILED also for none. */
static uint8_t said(int fd, const void *message, size_t len)
{
	uint8_t answer = HELPER_FAILED;

	assert_true(helper_send(fd, message, len));
	assert_true(helper_recv(fd, &answer, 1, &len));
	return answer;
}

static uint8_t ask(int fd, const char *password, const char *hash)
{
	uint8_t message[HELPER_PASSWORD_MAX];

	return said(fd, message, helper_password(password, hash, message));
}

/* The helper's loop, in a thread's place: a child that we fork. */
static void test_helper(void **state)
{
	char hash[PASSWORD_HASH_SIZE];
	int pair[2], status;
	uint8_t byte;
	size_t len;
	pid_t pid;

	(void)state;
	assert_true(password_hash("secret", &(struct password_cost){
			.ln = 4, .r = 8, .p = 1 }, hash, NULL));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		_exit(helper_main(pair[1]));
	}
	close(pair[1]);
	assert_int_equal(ask(pair[0], "secret", hash), HELPER_MATCH);
	assert_int_equal(ask(pair[0], "Secret", hash), HELPER_NO_MATCH);
	assert_int_equal(ask(pair[0], "secret", "no hash"), HELPER_FAILED);
	/* No end of the password; no hash. */
	assert_int_equal(said(pair[0], "Px", 2), HELPER_FAILED);
	assert_int_equal(said(pair[0], "Px", 3), HELPER_FAILED);
	/* What is no message at all ends it. */
	assert_true(helper_send(pair[0], (const uint8_t *)"x", 1));
	assert_false(helper_recv(pair[0], &byte, 1, &len));
	close(pair[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_vector),
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_bad_hashes),
		cmocka_unit_test(test_mac),
		cmocka_unit_test(test_helper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
