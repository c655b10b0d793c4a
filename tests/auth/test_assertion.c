/* SPDX-License-Identifier: Apache-2.0 */
/* Assertions between servers: what is believed, and all that is not. */
#include "test.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "auth/assertion_impl.h"
#include "auth/base64url.h"
#include "base/clock.h"

static char folder[] = "/tmp/posthouse-assertion-XXXXXX";

struct world {
	struct assertion_key *front, *back;
	struct assertion_peer front_peer, back_peer;
	struct assertion_signer *signer;
	struct assertion_verifier *verifier;
	int64_t now;
};

static const struct assertion_request request = {
	"POST", "/mapi/emsmdb/", "MailboxId=a@b", "6ed8da90-450b",
};

static const struct assertion_user user = {
	.guid = { { 1, 2, 3, 4, 5 } }, .sid_len = 12,
	.sid = { 1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0 },
};

static struct assertion_key *load(const char *name)
{
	struct assertion_key *key;
	struct err err;
	char path[128];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	if (!assertion_key_load(path, &key, &err))
		fail_msg("%s", err.text);
	return key;
}

static void begin(struct world *w)
{
	memset(w, 0, sizeof *w);
	w->front = load("front");
	w->back = load("back");
	w->front_peer.guid.b[0] = 0xf0;
	w->back_peer.guid.b[0] = 0xb0;
	assertion_key_public(w->front, w->front_peer.key);
	assertion_key_public(w->back, w->back_peer.key);
	w->signer = assertion_signer_new(w->front, &w->front_peer.guid);
	w->now = time(NULL);
	w->verifier = assertion_verifier_new(w->back, &w->back_peer.guid,
					     w->now - 1);
}

static void end(struct world *w)
{
	assertion_signer_free(w->signer);
	assertion_verifier_free(w->verifier);
	assertion_key_free(w->front);
	assertion_key_free(w->back);
}

static void make(struct world *w, char *text)
{
	struct err err;

	if (!assertion_make(w->signer, &w->back_peer, &user, &request, text,
			    &err))
		fail_msg("%s", err.text);
}

static enum assertion_result check(struct world *w, const char *text)
{
	struct assertion_user got;

	return assertion_verify(w->verifier, text, &w->front_peer, &request,
				w->now, &got);
}

#define assert_result(got, want) \
	assert_string_equal(assertion_result_name(got), \
			    assertion_result_name(want))

static void good(void **state)
{
	char text[ASSERTION_TEXT_SIZE], again[ASSERTION_TEXT_SIZE];
	struct assertion_user got;
	struct world w;

	begin(&w);
	make(&w, text);
	memset(&got, 0xff, sizeof got);
	assert_result(assertion_verify(w.verifier, text, &w.front_peer,
				       &request, w.now, &got), ASSERTION_OK);
	assert_memory_equal(&got.guid, &user.guid, 16);
	assert_int_equal(got.sid_len, 12);
	assert_memory_equal(got.sid, user.sid, 12);
	/* The next is another, under the same grant. */
	make(&w, again);
	assert_string_not_equal(text, again);
	assert_memory_equal(text, again, GRANT_SIZE * 4 / 3);
	assert_result(check(&w, again), ASSERTION_OK);
	end(&w);
}

static void replayed(void **state)
{
	char text[3][ASSERTION_TEXT_SIZE];
	struct world w;

	begin(&w);
	for (int i = 0; i < 3; i++)
		make(&w, text[i]);
	/* In any order, but each once. */
	assert_result(check(&w, text[2]), ASSERTION_OK);
	assert_result(check(&w, text[0]), ASSERTION_OK);
	assert_result(check(&w, text[2]), ASSERTION_REPLAYED);
	assert_result(check(&w, text[1]), ASSERTION_OK);
	for (int i = 0; i < 3; i++)
		assert_result(check(&w, text[i]), ASSERTION_REPLAYED);
	end(&w);
}

static void window_of_numbers(void **state)
{
	char first[ASSERTION_TEXT_SIZE], text[ASSERTION_TEXT_SIZE];
	char second[ASSERTION_TEXT_SIZE], late[ASSERTION_TEXT_SIZE];
	struct world w;

	begin(&w);
	make(&w, first);
	make(&w, second);
	for (int i = 2; i < 65536; i++)
		make(&w, text);
	/* A slow machine may have made a new grant meanwhile. */
	if (memcmp(first, text, GRANT_SIZE * 4 / 3) == 0) {
		assert_result(check(&w, text), ASSERTION_OK);
		assert_result(check(&w, first), ASSERTION_OK);
		make(&w, late);
		assert_result(check(&w, late), ASSERTION_OK);
		/* Number 1 has left the window: refused unseen or not. */
		assert_result(check(&w, first), ASSERTION_REPLAYED);
		assert_result(check(&w, second), ASSERTION_OK);
		assert_result(check(&w, second), ASSERTION_REPLAYED);
	}
	end(&w);
}

static void other_requests(void **state)
{
	static const struct assertion_request others[] = {
		{ "GET", "/mapi/emsmdb/", "MailboxId=a@b", "6ed8da90-450b" },
		{ "POST", "/mapi/nspi/", "MailboxId=a@b", "6ed8da90-450b" },
		{ "POST", "/mapi/emsmdb/", "MailboxId=c@b", "6ed8da90-450b" },
		{ "POST", "/mapi/emsmdb/", "MailboxId=a@b", "6ed8da90-450c" },
		{ "POST", "/mapi/emsmdb/M", "ailboxId=a@b", "6ed8da90-450b" },
	};
	char text[ASSERTION_TEXT_SIZE];
	struct assertion_user got;
	struct world w;

	begin(&w);
	make(&w, text);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_result(assertion_verify(w.verifier, text,
					       &w.front_peer, &others[i],
					       w.now, &got),
			      ASSERTION_BAD_TAG);
	/* None of this used it up. */
	assert_result(check(&w, text), ASSERTION_OK);
	end(&w);
}

static void times(void **state)
{
	char text[ASSERTION_TEXT_SIZE];
	struct world w;
	int64_t now;

	begin(&w);
	make(&w, text);
	now = w.now;
	w.now = now - ASSERTION_SKEW - 2;
	assert_result(check(&w, text), ASSERTION_EXPIRED);
	w.now = now + ASSERTION_LIFE / 2 + ASSERTION_SKEW + 2;
	assert_result(check(&w, text), ASSERTION_EXPIRED);
	w.now = now;
	assert_result(check(&w, text), ASSERTION_OK);
	/* Restarted: what was made before is not believed again. */
	assertion_verifier_free(w.verifier);
	w.verifier = assertion_verifier_new(w.back, &w.back_peer.guid,
					    now + 2);
	assert_result(check(&w, text), ASSERTION_STALE);
	end(&w);
}

static void others_servers(void **state)
{
	char text[ASSERTION_TEXT_SIZE];
	struct assertion_user got;
	struct assertion_peer peer;
	struct world w;

	begin(&w);
	make(&w, text);
	/* Somebody else connected, and shows a front end's assertion. */
	peer = w.front_peer;
	peer.guid.b[0]++;
	assert_result(assertion_verify(w.verifier, text, &peer, &request,
				       w.now, &got), ASSERTION_WRONG_ISSUER);
	/* The front end's row has another key by now. */
	peer = w.front_peer;
	memcpy(peer.key, w.back_peer.key, sizeof peer.key);
	assert_result(assertion_verify(w.verifier, text, &peer, &request,
				       w.now, &got), ASSERTION_BAD_SIGNATURE);
	assert_result(check(&w, text), ASSERTION_OK);
	assert_result(assertion_verify(w.verifier, text, &peer, &request,
				       w.now, &got), ASSERTION_BAD_SIGNATURE);
	/* For one back end, shown to another. */
	peer = w.back_peer;
	peer.guid.b[0]++;
	assert_true(assertion_make(w.signer, &peer, &user, &request, text,
				   NULL));
	assert_result(check(&w, text), ASSERTION_WRONG_AUDIENCE);
	/* The right name with a third server's key. */
	peer = w.back_peer;
	memcpy(peer.key, w.front_peer.key, sizeof peer.key);
	assert_true(assertion_make(w.signer, &peer, &user, &request, text,
				   NULL));
	assert_result(check(&w, text), ASSERTION_BAD_TAG);
	end(&w);
}

/* Each bit of a token counts. */
static void every_bit(void **state)
{
	char text[ASSERTION_TEXT_SIZE], changed[ASSERTION_TEXT_SIZE];
	uint8_t token[TOKEN_MAX], copy[TOKEN_MAX];
	struct world w;
	size_t len;

	begin(&w);
	make(&w, text);
	assert_true(base64url_decode(text, strlen(text), token, sizeof token,
				     &len));
	for (size_t bit = 0; bit < len * 8; bit++) {
		memcpy(copy, token, len);
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		base64url_encode(copy, len, changed);
		if (check(&w, changed) == ASSERTION_OK)
			fail_msg("bit %zu does not count", bit);
	}
	for (size_t i = 0; i < len; i++) {
		base64url_encode(token, i, changed);
		assert_int_not_equal(check(&w, changed), ASSERTION_OK);
	}
	assert_result(check(&w, text), ASSERTION_OK);
	end(&w);
}

static void malformed(void **state)
{
	char text[ASSERTION_TEXT_SIZE + 64];
	char huge[4 * ASSERTION_TEXT_SIZE];
	uint8_t token[TOKEN_MAX];
	struct world w;
	size_t len;

	begin(&w);
	assert_result(check(&w, ""), ASSERTION_MALFORMED);
	assert_result(check(&w, "AQ=="), ASSERTION_MALFORMED);
	assert_result(check(&w, "Ag"), ASSERTION_VERSION);
	assert_result(check(&w, "AQ"), ASSERTION_MALFORMED);
	memset(huge, 'A', sizeof huge);
	huge[sizeof huge - 1] = '\0';
	assert_result(check(&w, huge), ASSERTION_MALFORMED);
	make(&w, text);
	assert_true(base64url_decode(text, strlen(text), token, sizeof token,
				     &len));
	strcat(text, "AAAA");
	assert_result(check(&w, text), ASSERTION_MALFORMED);
	token[GRANT_SIZE + AT_SID] = 2;   /* the SID's revision */
	base64url_encode(token, len, text);
	assert_result(check(&w, text), ASSERTION_MALFORMED);
	end(&w);
}

/* A server that makes grants without end gets no further than 16. */
static void bounded_grants(void **state)
{
	char text[ASSERTION_TEXT_SIZE];
	struct assertion_signer *signer;
	struct world w;

	begin(&w);
	for (int i = 0; i < 20; i++) {
		signer = assertion_signer_new(w.front, &w.front_peer.guid);
		assert_true(assertion_make(signer, &w.back_peer, &user,
					   &request, text, NULL));
		assert_result(check(&w, text), i < 16 ? ASSERTION_OK :
			      ASSERTION_STALE);
		assertion_signer_free(signer);
	}
	end(&w);
}

static void renewed(void **state)
{
	char text[ASSERTION_TEXT_SIZE], again[ASSERTION_TEXT_SIZE];
	struct assertion_peer peer;
	struct world w;

	begin(&w);
	make(&w, text);
	/* The back end has a new key: its row is enough. */
	peer = w.back_peer;
	memcpy(peer.key, w.front_peer.key, sizeof peer.key);
	assert_true(assertion_make(w.signer, &peer, &user, &request, again,
				   NULL));
	assert_memory_not_equal(text, again, GRANT_SIZE * 4 / 3);
	make(&w, again);
	assert_memory_not_equal(text, again, GRANT_SIZE * 4 / 3);
	assert_result(check(&w, again), ASSERTION_OK);
	assertion_renew(w.signer, &w.back_peer.guid);
	assertion_renew(w.signer, &w.front_peer.guid);
	make(&w, again);
	assert_result(check(&w, again), ASSERTION_OK);
	/* A row with a key that is none: 1 has no image. */
	memset(peer.key, 0, sizeof peer.key);
	peer.key[0] = 1;
	assert_false(assertion_make(w.signer, &peer, &user, &request, again,
				    NULL));
	memset(peer.key, 0xff, sizeof peer.key);
	assert_false(assertion_make(w.signer, &peer, &user, &request, again,
				    NULL));
	end(&w);
}

static void keys(void **state)
{
	struct assertion_key *key, *same;
	uint8_t a[ASSERTION_KEY_SIZE], b[ASSERTION_KEY_SIZE];
	struct err err;
	struct stat st;
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, "%s/key", folder);
	assert_true(assertion_key_load(path, &key, &err));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(assertion_key_load(path, &same, &err));
	assertion_key_public(key, a);
	assertion_key_public(same, b);
	assert_memory_equal(a, b, sizeof a);
	assertion_key_free(key);
	assertion_key_free(same);
	assert_int_equal(chmod(path, 0640), 0);
	assert_false(assertion_key_load(path, &key, &err));
	assert_non_null(strstr(err.text, "chmod 600"));
	unlink(path);
	file = fopen(path, "w");
	fputs("nonsense\n", file);
	fclose(file);
	chmod(path, 0600);
	assert_false(assertion_key_load(path, &key, &err));
	assert_non_null(strstr(err.text, "not an Ed25519 key"));
	assert_false(assertion_key_load("/nowhere/key", &key, &err));
	assert_non_null(strstr(err.text, "No such file"));
	unlink(path);
}

/* --- Threads ---------------------------------------------------------- */

static void *make_and_check(void *arg)
{
	char text[ASSERTION_TEXT_SIZE];
	struct world *w = arg;

	for (int i = 0; i < 500; i++) {
		make(w, text);
		if (check(w, text) != ASSERTION_OK ||
		    check(w, text) != ASSERTION_REPLAYED)
			return arg;
	}
	return NULL;
}

static void many_threads(void **state)
{
	pthread_t threads[4];
	struct world w;
	void *failed;

	begin(&w);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, make_and_check, &w);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	end(&w);
}

/* Not a test of time: it prints what doc/performance.md says. */
static void cost(void **state)
{
	enum { N = 2000 };
	static char text[N][ASSERTION_TEXT_SIZE];
	uint64_t start, made, checked;
	struct world w;

	begin(&w);
	make(&w, text[0]);
	check(&w, text[0]);
	start = clock_ns();
	for (int i = 0; i < N; i++)
		make(&w, text[i]);
	made = clock_ns();
	for (int i = 0; i < N; i++)
		assert_result(check(&w, text[i]), ASSERTION_OK);
	checked = clock_ns();
	print_message("make %.1f us, check %.1f us\n",
		      (double)(made - start) / N / 1000,
		      (double)(checked - made) / N / 1000);
	end(&w);
}

static int make_folder(void **state)
{
	return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
	char command[128];

	snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(replayed),
		cmocka_unit_test(window_of_numbers),
		cmocka_unit_test(other_requests),
		cmocka_unit_test(times),
		cmocka_unit_test(others_servers),
		cmocka_unit_test(every_bit),
		cmocka_unit_test(malformed),
		cmocka_unit_test(bounded_grants),
		cmocka_unit_test(renewed),
		cmocka_unit_test(keys),
		cmocka_unit_test(many_threads),
		cmocka_unit_test(cost),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
