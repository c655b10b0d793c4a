/* SPDX-License-Identifier: Apache-2.0 */
/* An analysis against servers that answer what they are told. */
#include "fake_server.h"

#include "analyzer/analyze.h"
#include "analyzer/connectivity.h"
#include "analyzer/diagnose.h"

#define END "Content-Length: 0\r\n\r\n"
#define HEALTHY "HTTP/1.1 200 OK\r\n" END
#define UNAUTHORIZED "HTTP/1.1 401 Unauthorized\r\n"
#define OFFER(method) "WWW-Authenticate: " method "\r\n"

struct fixture {
	struct fake_server server;
	struct report *r;
	struct observed *seen;
	struct diagnosis d;
	bool ok;
};

/* A ticket of whoever runs the test is not used. */
static int setup(void **state)
{
	static struct fixture f;

	setenv("KRB5CCNAME", "FILE:/nonexistent/ccache", 1);
	memset(&f, 0, sizeof f);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fake_stop(&f->server);
	report_free(f->r);
	return 0;
}

static void run(struct fixture *f, const char *const *answers, size_t n,
		unsigned auth)
{
	struct fake_answer all[FAKE_ANSWERS_MAX] = { { 0 } };
	struct analyze_options o = {
		.email = "alice@example.test", .user = "alice",
		.user_dn = "/o=x/cn=alice", .password = "secret",
		.token = auth == HTTP_AUTH_BEARER ? "a.b.c" : NULL,
		.auth = auth, .timeout_ms = 5000,
	};

	for (size_t i = 0; i < n; i++)
		all[i] = (struct fake_answer){ .data = answers[i],
					       .close = true };
	/* The port is tried before anything is asked. */
	fake_start(&f->server, all, n);
	o.url = f->server.url;
	f->r = report_new(NULL, false);
	f->ok = analyze_run(f->r, &o, &f->seen);
	diagnose(f->seen, &f->d);
}

#define RUN(f, auth, ...) do { \
	const char *const all_[] = { __VA_ARGS__ }; \
	run(f, all_, sizeof all_ / sizeof *all_, auth); \
} while (0)

static void expect_rule(const struct fixture *f, const char *rule)
{
	if (diagnosis_find(&f->d, rule) == NULL)
		fail_msg("%s was not found; the first of %zu is %s", rule,
			 f->d.n, f->d.n > 0 ? f->d.v[0].rule : "none");
}

static const struct step *find_step(const struct step *s, const char *text)
{
	const struct step *found = NULL;

	if (strstr(s->description, text) != NULL)
		return s;
	for (const struct step *c = s->first; c != NULL && found == NULL;
	     c = c->next)
		found = find_step(c, text);
	return found;
}

/* Which methods are offered, by one header each, or as IIS has it. */
static void test_offers(void **state)
{
	struct fixture *f = *state;

	RUN(f, HTTP_AUTH_BEARER, HEALTHY, UNAUTHORIZED
	    OFFER("Negotiate,NTLM") OFFER("Basic realm=\"a, b\"")
	    OFFER("Bearer authorization_uri=\"x\"") OFFER("Digest x=y")
	    "X-FEServer: FE1\r\n" END, UNAUTHORIZED OFFER("Bearer") END);
	assert_false(f->ok);
	assert_int_equal(f->seen->offered, HTTP_AUTH_BASIC | HTTP_AUTH_NTLM |
			 HTTP_AUTH_NEGOTIATE | HTTP_AUTH_BEARER);
	assert_int_equal(f->seen->unknown_methods, 1);
	assert_string_equal(f->seen->methods[0].challenge,
			    "Basic realm=\"a, b\"");
	assert_string_equal(observed_find(f->seen, OP_ANONYMOUS)->fe_server,
			    "FE1");
	assert_int_equal(f->seen->health, 200);
	expect_rule(f, "wrong-credentials");
	assert_non_null(strstr(f->server.requests[2],
			       "Authorization: Bearer a.b.c"));
}

static void test_empty(void **state)
{
	struct fixture *f = *state;

	RUN(f, 0, HEALTHY, UNAUTHORIZED END);
	assert_false(f->ok);
	expect_rule(f, "empty-methods");
}

/* NTLM's first message, and no challenge: something splits connections. */
static void test_no_challenge(void **state)
{
	struct fixture *f = *state;
	static const char ntlm[] = UNAUTHORIZED OFFER("NTLM") END;

	RUN(f, HTTP_AUTH_NTLM, HEALTHY, ntlm, ntlm, ntlm, ntlm, ntlm, ntlm,
	    ntlm, ntlm, ntlm, ntlm);
	assert_false(f->ok);
	assert_int_equal(f->seen->methods[1].state, METHOD_FAILED);
	assert_non_null(strstr(f->seen->methods[1].error,
			       "again and again"));
	expect_rule(f, "ntlm-handshake-lost");
}

/* Offered and of no use: there is no ticket. */
static void test_no_ticket(void **state)
{
	struct fixture *f = *state;

	RUN(f, HTTP_AUTH_NEGOTIATE, HEALTHY,
	    UNAUTHORIZED OFFER("Negotiate") END,
	    UNAUTHORIZED OFFER("Negotiate") END);
	assert_false(f->ok);
	assert_int_equal(f->seen->methods[2].state, METHOD_NO_TICKET);
	expect_rule(f, "no-kerberos-ticket");
	assert_null(diagnosis_find(&f->d, "wrong-credentials"));
}

/* Let in with Basic; Negotiate is passed over without a word of blame. */
static void test_several(void **state)
{
	struct fixture *f = *state;
	const struct step *s;

	RUN(f, 0, HEALTHY,
	    UNAUTHORIZED OFFER("Negotiate") OFFER("Basic realm=\"x\"") END,
	    UNAUTHORIZED OFFER("Negotiate") END, HEALTHY,
	    "HTTP/1.1 401 Unauthorized\r\n" OFFER("Basic realm=\"x\"") END);
	assert_false(f->ok);
	s = find_step(report_root(f->r), "with the Negotiate method");
	assert_non_null(s);
	assert_int_equal(s->status, STEP_SKIPPED);
	s = find_step(report_root(f->r), "with the Basic method");
	assert_int_equal(s->status, STEP_SUCCESS);
	/* The Connect that follows is refused. */
	expect_rule(f, "auth-loop");
	assert_null(diagnosis_find(&f->d, "no-kerberos-ticket"));
}

/* The front end tells of the hop: the credentials were right. */
static void test_hop(void **state)
{
	static const char failure[] = "HTTP/1.1 500 Internal Server Error\r\n"
		"X-FEServer: FE1\r\nX-CalculatedBETarget: mx1.example.test\r\n"
		"X-FailureContext: FrontEnd;500;HopMethod;mx1.example.test;"
		"hop=fe1.example.test(15.1)->mx1.example.test(15.0);"
		"needed=NTLM;offered=Negotiate\r\n" END;
	struct fixture *f = *state;

	RUN(f, 0, HEALTHY, UNAUTHORIZED OFFER("Basic realm=\"x\"") END,
	    failure, failure);
	assert_false(f->ok);
	assert_int_equal(f->seen->methods[0].state, METHOD_WORKS);
	expect_rule(f, "method-mismatch");
	assert_string_equal(f->d.v[0].rule, "method-mismatch");
	assert_null(diagnosis_find(&f->d, "wrong-credentials"));
	assert_null(diagnosis_find(&f->d, "server-error"));
}

/* A page of a proxy where 401 belongs, and lower-case names */
static void test_portal(void **state)
{
	struct fixture *f = *state;

	RUN(f, 0, "HTTP/1.1 503 Unavailable\r\n" END,
	    "HTTP/1.1 302 Found\r\nx-request-id: a\r\nx-served-by: b\r\n"
	    "location: /login\r\n" END);
	assert_false(f->ok);
	expect_rule(f, "redirected");
	expect_rule(f, "unhealthy");
	expect_rule(f, "lower-case-headers");
}

/* Test-MapiConnectivity: one row, with the reason */
static void test_row(void **state)
{
	struct fixture *f = *state;
	static const struct fake_answer answers[] = {
		{ .data = UNAUTHORIZED OFFER("Basic realm=\"x\"") END,
		  .close = true },
		{ .data = UNAUTHORIZED OFFER("Basic realm=\"x\"") END,
		  .close = true },
	};
	struct connectivity t = { .mailbox_server = "MX1", .database = "DB1",
		.mailbox = "alice@example.test" };
	struct arena *arena = arena_new(0);
	json_t *row;

	fake_start(&f->server, answers, 2);
	t.options = (struct analyze_options){ .url = f->server.url,
		.user = "alice", .password = "x", .user_dn = "/o=x",
		.email = "alice@example.test", .timeout_ms = 5000 };
	assert_false(test_mapi_connectivity(&t, arena));
	row = connectivity_json(&t);
	assert_string_equal(json_string_value(json_object_get(row,
			    "MailboxServer")), "MX1");
	assert_string_equal(json_string_value(json_object_get(row,
			    "Result")), "*FAILURE*");
	assert_non_null(strstr(json_string_value(json_object_get(row,
			       "Error")), "refused the credentials"));
	assert_non_null(json_string_value(json_object_get(row, "Cause")));
	assert_true(json_real_value(json_object_get(row, "Latency")) < 0);
	json_decref(row);
	arena_free(arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_offers), TEST(test_empty), TEST(test_no_challenge),
		TEST(test_no_ticket), TEST(test_several), TEST(test_hop),
		TEST(test_portal), TEST(test_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
