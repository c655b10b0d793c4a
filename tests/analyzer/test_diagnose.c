/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every rule of the diagnosis, over what was "observed": each is found where
 * it belongs, tells what it should, and none is found where all is well.
 */
#include "test.h"

#include "analyzer/diagnose.h"
#include "base/ec.h"

static struct arena *arena;
static struct diagnosis found;
/* Rules that a test has seen. */
static const char *seen[128];
static size_t n_seen;

static int setup(void **state)
{
	arena = arena_new(0);
	return 0;
}

static int teardown(void **state)
{
	arena_free(arena);
	return 0;
}

/* An organisation in which all is well, on its way to the mailbox. */
static struct observed *healthy(void)
{
	struct observed *o = observed_new(arena);
	static const enum observed_op ops[] = { OP_HEALTH, OP_ANONYMOUS,
		OP_AUTHENTICATE, OP_CONNECT, OP_LOGON };

	o->url = "https://mail.example.test/mapi/emsmdb/";
	o->host = "mail.example.test";
	o->user = "alice";
	o->tls_wanted = o->has_password = true;
	o->addresses_open = 2;
	o->tls.tried = o->tls.ok = o->tls.has_days = true;
	o->tls.days_left = 200;
	o->tls.subject = o->tls.issuer = o->tls.names = "x";
	o->health = 200;
	o->challenged = true;
	o->offered = HTTP_AUTH_NTLM | HTTP_AUTH_NEGOTIATE;
	o->methods[1].offered = o->methods[2].offered = true;
	o->methods[1].state = o->methods[2].state = METHOD_WORKS;
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
		struct observed_exchange *x = observed_add(o, ops[i]);

		x->status = ops[i] == OP_ANONYMOUS ? 401 : 200;
		if (ops[i] >= OP_CONNECT)
			x->response_code = 0;
		x->auth = ops[i] >= OP_AUTHENTICATE ? HTTP_AUTH_NTLM : 0;
		x->ntlm_challenge = x->auth != 0;
		x->fe_server = "FE1";
	}
	return o;
}

/* The finding of a rule, which has to be there and to be complete. */
static const struct finding *expect(const struct observed *o,
				    const char *rule)
{
	const struct finding *f;

	diagnose(o, &found);
	f = diagnosis_find(&found, rule);
	if (f == NULL)
		fail_msg("%s was not found; the first of %zu is %s", rule,
			 found.n, found.n > 0 ? found.v[0].rule : "none");
	assert_true(strlen(f->meaning) > 10);
	assert_true(f->n_evidence > 0);
	seen[n_seen++] = rule;
	return f;
}

static void expect_none(const char *rule)
{
	if (diagnosis_find(&found, rule) != NULL)
		fail_msg("%s was found, too", rule);
}

static void expect_text(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in: %s", part, text);
}

static struct observed_exchange *exchange(struct observed *o,
					  enum observed_op op, int status)
{
	struct observed_exchange *x = observed_add(o, op);

	x->status = status;
	return x;
}

static void failure_context(struct observed_exchange *x, const char *text)
{
	x->has_failure = failure_context_parse(text, arena,
					       &x->failure_context);
	assert_true(x->has_failure);
}

static void diag(struct observed *o, const char *text)
{
	struct diag_context c;

	assert_true(diag_parse(text, strlen(text), arena, &c));
	observed_diag(o, &c);
}

static void test_healthy(void **state)
{
	struct observed *o = healthy();

	diagnose(o, &found);
	if (found.n > 0)
		fail_msg("%s where all is well", found.v[0].rule);
	o->health = 404;          /* an old server has no such page */
	diagnose(o, &found);
	assert_int_equal(found.n, 0);
	/* Nothing at all was observed */
	diagnose(observed_new(arena), &found);
	assert_int_equal(found.n, 0);
}

/* ---- network ---- */

static void test_network(void **state)
{
	struct observed *o = healthy();

	o->resolve_failed = true;
	o->addresses_open = 0;
	o->addresses_closed = 1;
	expect(o, "name-not-resolved");
	expect_none("port-closed");
	o->resolve_failed = false;
	expect(o, "port-closed");
	o->addresses_open = 1;
	assert_true(expect(o, "some-addresses-closed")->warning);
	o = healthy();
	o->url = "http://mail.example.test/";
	o->tls_wanted = false;
	expect(o, "plain-http");
	o->offered |= HTTP_AUTH_BASIC;
	expect(o, "basic-over-http");
	expect_none("plain-http");
	o = healthy();
	observed_add(o, OP_CONNECT)->failure = HTTP_FAILURE_TIMEOUT;
	expect(o, "time-out");
	o = healthy();
	observed_add(o, OP_CONNECT)->failure = HTTP_FAILURE_CLOSED;
	expect(o, "connection-closed");
	o = healthy();
	observed_add(o, OP_CONNECT)->failure = HTTP_FAILURE_TOO_LARGE;
	expect(o, "answer-too-large");
}

static void test_certificate(void **state)
{
	struct observed *o = healthy();
	struct observed_tls *t = &o->tls;

	t->ok = false;
	t->error = "certificate has expired";
	t->expired = true;
	expect(o, "certificate-expired");
	expect_none("tls-failed");
	t->expired = false;
	t->not_yet = true;
	expect(o, "certificate-not-yet-valid");
	t->not_yet = false;
	t->name_mismatch = true;
	t->names = "other.example.test";
	expect_text(expect(o, "certificate-name")->evidence[2],
		    "other.example.test");
	t->name_mismatch = false;
	t->untrusted = t->no_intermediate = true;
	expect(o, "certificate-chain");
	expect_none("certificate-untrusted");
	t->no_intermediate = false;
	expect(o, "certificate-untrusted");
	assert_false(diagnosis_find(&found, "certificate-untrusted")
		     ->warning);
	o->insecure = true;
	assert_true(expect(o, "certificate-untrusted")->warning);
	t->untrusted = false;
	t->self_signed = true;
	expect(o, "certificate-self-signed");
	t->self_signed = false;
	t->error = "wrong version number";
	expect(o, "tls-failed");
	t->ok = true;
	t->days_left = 29;
	assert_true(expect(o, "certificate-expires-soon")->warning);
	t->days_left = 30;
	diagnose(o, &found);
	assert_int_equal(found.n, 0);
}

/* ---- authentication ---- */

static struct observed *refused(unsigned auth, bool challenge)
{
	struct observed *o = healthy();

	o->methods[1].state = o->methods[2].state = METHOD_UNTRIED;
	o->methods[method_index(auth)].offered = true;
	o->methods[method_index(auth)].state = METHOD_REFUSED;
	o->offered |= auth;
	o->first->next->next->status = 401;
	o->first->next->next->auth = auth;
	o->first->next->next->ntlm_challenge = challenge;
	o->first->next->next->next = NULL;
	o->last = o->first->next->next;
	return o;
}

static void test_methods(void **state)
{
	struct observed *o = healthy();

	o->offered = 0;
	memset(o->methods, 0, sizeof o->methods);
	expect_text(expect(o, "empty-methods")->cure,
		    "Set-MapiVirtualDirectory -Identity 'FE1\\mapi (Default "
		    "Web Site)' -IISAuthenticationMethods Ntlm, OAuth, "
		    "Negotiate");
	expect_none("no-usable-method");
	o->unknown_methods = 1;
	diagnose(o, &found);
	expect_none("empty-methods");
	o = healthy();
	o->offered = HTTP_AUTH_BASIC;
	assert_true(expect(o, "basic-only")->warning);
	o = healthy();
	o->methods[1].state = o->methods[2].state = METHOD_UNTRIED;
	expect(o, "no-usable-method");
}

static void test_refused(void **state)
{
	struct observed *o = refused(HTTP_AUTH_NTLM, true);

	expect(o, "wrong-credentials");
	expect_none("ntlm-handshake-lost");
	o = refused(HTTP_AUTH_BASIC, false);
	expect(o, "wrong-credentials");
	o = refused(HTTP_AUTH_BEARER, false);
	expect_text(expect(o, "wrong-credentials")->meaning, "token");
	o = refused(HTTP_AUTH_NTLM, false);
	expect(o, "ntlm-handshake-lost");
	expect_none("wrong-credentials");
	/* Another method took the same credentials. */
	o = refused(HTTP_AUTH_NTLM, true);
	o->methods[0].state = METHOD_WORKS;
	expect_text(expect(o, "method-broken")->meaning, "Ntlm is offered");
	expect_none("wrong-credentials");
}

static void test_tickets(void **state)
{
	static const struct {
		const char *error, *cure;
	} cases[] = {
		{ "gss_init_sec_context() failed: Server not found in "
		  "Kerberos database", "setspn -S HTTP/mail.example.test" },
		{ "Clock skew too great", "clock" },
		{ "KDC has no support for encryption type", "AES" },
		{ "No Kerberos credentials available", "kinit" },
	};
	struct observed *o = refused(HTTP_AUTH_NEGOTIATE, false);

	o->methods[2].state = METHOD_NO_TICKET;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		o->methods[2].error = cases[i].error;
		expect_text(expect(o, "no-kerberos-ticket")->cure,
			    cases[i].cure);
	}
	expect_none("wrong-credentials");
	expect_none("no-usable-method");
}

/* Let in, then 401 */
static void test_loop(void **state)
{
	struct observed *o = healthy();

	exchange(o, OP_CONNECT, 401)->auth = HTTP_AUTH_NTLM;
	expect_text(expect(o, "auth-loop")->evidence[0], "Connect");
	expect_none("wrong-credentials");
	/* A handshake that begins again and again */
	o = refused(HTTP_AUTH_NEGOTIATE, true);
	o->methods[2].state = METHOD_FAILED;
	o->last->rounds = 8;
	expect_text(expect(o, "auth-loop")->meaning, "again and again");
}

/* ---- hops ---- */

/* The story: 15.1 in front of 15.0, with the defaults of 2013 */
static void test_mismatch(void **state)
{
	struct observed *o = healthy();
	struct observed_exchange *x = exchange(o, OP_CONNECT, 500);
	const struct finding *f;

	failure_context(x, "FrontEnd;500;HopMethod;mx1.example.test;"
			"hop=fe1.example.test(15.1)->mx1.example.test(15.0);"
			"needed=NTLM;offered=Negotiate");
	f = expect(o, "method-mismatch");
	assert_ptr_equal(f, &found.v[0]);
	expect_text(f->meaning, "fe1.example.test (15.1)");
	expect_text(f->meaning, "mx1.example.test (15.0)");
	expect_text(f->meaning, "needs NTLM");
	expect_text(f->meaning, "offers Negotiate");
	expect_text(f->cure, "Get-MapiVirtualDirectory | "
		"Set-MAPIVirtualDirectory -IISAuthenticationMethods Ntlm, "
		"OAuth, Negotiate");
	expect_text(f->cure, "-Identity 'MX1\\mapi (Default Web Site)'");
	assert_int_equal(f->confidence, CONFIDENCE_CERTAIN);
	expect_none("server-error");
	expect_none("wrong-credentials");
	/* Without details it is named all the same. */
	failure_context(x, "FrontEnd;500;HopMethod;;");
	expect_text(expect(o, "method-mismatch")->meaning, "(none)");
}

/* Exchange's front end: a 401 from behind it */
static void test_hop_unauthorized(void **state)
{
	struct observed *o = healthy();
	struct observed_exchange *x = exchange(o, OP_CONNECT, 401);

	x->be_target = "mx2013.example.test";
	x->fe_server = "MX2016";
	x->auth = HTTP_AUTH_NTLM;
	failure_context(x, "FrontEnd;401;VW5hdXRob3JpemVk;;;;");
	expect_text(expect(o, "hop-unauthorized")->cure,
		    "'MX2013\\mapi (Default Web Site)'");
	expect_none("auth-loop");
}

static void test_front_end_says(void **state)
{
	static const struct {
		const char *word, *rule;
	} cases[] = {
		{ "HopRefused", "hop-refused" },
		{ "HopAccount", "hop-account" },
		{ "Down", "back-end-down" }, { "Connect", "back-end-down" },
		{ "Resolve", "back-end-down" },
		{ "Timeout", "back-end-timeout" }, { "Tls", "back-end-tls" },
		{ "Certificate", "back-end-certificate" },
		{ "Broken", "back-end-broke-off" },
		{ "Malformed", "back-end-malformed" },
		{ "NoMailbox", "no-mailbox-in-directory" },
		{ "NoRoute", "version-too-old" },
		{ "NoVdir", "no-back-end-url" }, { "Loop", "proxy-loop" },
		{ "NeedsMailboxId", "needs-mailbox-id" },
		{ "Unavailable", "server-busy" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct observed *o = healthy();
		struct observed_exchange *x = exchange(o, OP_CONNECT, 503);

		failure_context(x, arena_printf(arena,
			"FrontEnd;503;%s;mx1.example.test;what happened",
			cases[i].word));
		expect_text(expect(o, cases[i].rule)->meaning,
			    "mx1.example.test");
		assert_int_equal(found.n, 1);
	}
}

static void test_gateways(void **state)
{
	struct observed *o = healthy();
	struct observed_exchange *x = exchange(o, OP_CONNECT, 503);

	expect(o, "server-unavailable");
	x->status = 502;
	expect(o, "server-unavailable");
	/* Exchange's front end says why. */
	failure_context(x, "FrontEnd;503;;VW5yZWFjaGFibGU=;;"
			"ConnectFailure;");
	expect_text(expect(o, "back-end-down")->evidence[0], "Unreachable");
	o = healthy();
	o->health = 503;
	expect(o, "unhealthy");
}

/* ---- the mailbox ---- */

static struct observed *failed_logon(uint32_t ec)
{
	struct observed *o = healthy();
	struct observed_exchange *x = exchange(o, OP_LOGON, 200);

	x->response_code = 0;
	x->has_ec = true;
	x->ec = ec;
	return o;
}

static void test_session_limit(void **state)
{
	struct observed *o = failed_logon(EC_MAX_OBJS_EXCEEDED);
	const struct finding *f;

	f = expect(o, "limit");
	expect_text(f->meaning, "credentials are not the reason");
	o->sessions_asked = 33;
	o->sessions_opened = 32;
	diag(o, "Lid: 70010   dwParam: 0x20 Msg: MoMT\n"
	     "Lid: 70011   dwParam: 0x21\n");
	f = expect(o, "session-limit");
	expect_text(f->meaning, "33 sessions of a limit of 32 (client type "
		    "MoMT)");
	expect_text(f->cure, "sessions_user");
	expect_text(f->evidence[0], "1246");
	assert_int_equal(f->confidence, CONFIDENCE_CERTAIN);
	expect_none("limit");
	/* Exchange's, and without the count */
	o = failed_logon(EC_MAX_OBJS_EXCEEDED);
	diag(o, "Lid: 57936   dwParam: 0x10 Msg: OWA\n");
	f = expect(o, "session-limit");
	expect_text(f->meaning, "17 sessions of a limit of 16 (client type "
		    "OWA)");
	assert_int_equal(f->confidence, CONFIDENCE_LIKELY);
	/* In the lines alone */
	o = healthy();
	diag(o, "Lid: 21921   StoreEc: 0x4DE\n");
	expect(o, "limit");
	o = healthy();
	exchange(o, OP_EXECUTE, 200)->has_ec = true;
	o->last->ec = EC_MAX_OBJS_EXCEEDED;
	expect_text(expect(o, "limit")->meaning, "objects");
}

static void test_other_limits(void **state)
{
	struct observed *o = failed_logon(EC_MAX_OBJS_EXCEEDED);

	diag(o, "Lid: 70013   dwParam: 0x100 Msg: MoMT\n"
	     "Lid: 70014   dwParam: 0x101\n");
	expect_text(expect(o, "context-limit")->meaning,
		    "257 of a limit of 256");
	o = healthy();
	diag(o, "Lid: 70015 dwParam: 0x1F4 Msg: objtFolder\n");
	expect_text(expect(o, "object-limit")->meaning, "objtFolder");
	o = failed_logon(0x80040401);
	assert_int_equal(expect(o, "lock-queue")->confidence,
			 CONFIDENCE_LIKELY);
	diag(o, "Lid: 53152   dwParam: 0xA\n");
	assert_int_equal(expect(o, "lock-queue")->confidence,
			 CONFIDENCE_CERTAIN);
	o = failed_logon(EC_SERVER_PAUSED);
	expect(o, "server-paused");
	diag(o, "Lid: 70019 dwParam: 0x5 Msg: mx2.example.test");
	expect_text(expect(o, "server-paused")->cure, "virtual directory");
}

static void test_lids(void **state)
{
	static const struct {
		uint32_t lid, ec;
		const char *rule;
	} cases[] = {
		{ 70030, EC_UNKNOWN_USER, "unknown-mailbox" },
		{ 70051, EC_UNKNOWN_USER, "no-such-user" },
		{ 70052, EC_UNKNOWN_USER, "no-mailbox" },
		{ 70031, EC_UNKNOWN_USER, "mailbox-disabled" },
		{ 70033, EC_LOGIN_PERM, "no-permission" },
		{ 70053, EC_ACCESS_DENIED, "other-user" },
		{ 70034, EC_LOGIN_PERM, "no-administrator" },
		{ 70040, EC_ACCESS_DENIED, "never-opened" },
		{ 70039, EC_LOGIN_FAILURE, "store-unavailable" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct observed *o = failed_logon(cases[i].ec);

		diag(o, arena_printf(arena, "Lid: %u", cases[i].lid));
		expect(o, cases[i].rule);
		assert_int_equal(found.n, 1);
	}
}

static void test_codes(void **state)
{
	static const struct {
		uint32_t ec;
		const char *rule;
	} cases[] = {
		{ EC_UNKNOWN_USER, "unknown-user" },
		{ EC_LOGIN_PERM, "login-permission" },
		{ EC_ACCESS_DENIED, "access-denied" },
		{ EC_LOGIN_FAILURE, "login-failure" },
		{ EC_WRONG_SERVER, "elsewhere" },
		{ EC_MAILBOX_IN_TRANSIT, "mailbox-in-transit" },
		{ EC_ACCOUNT_DISABLED, "account-disabled" },
		{ EC_QUOTA_EXCEEDED, "no-space" },
		{ EC_SEND_AS_DENIED, "send-as-denied" },
		{ EC_MDB_NOT_INIT, "database-dismounted" },
		{ 1722, "store-unreachable" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		expect(failed_logon(cases[i].ec), cases[i].rule);
		assert_int_equal(found.n, 1);
	}
}

/* ---- the protocol ---- */

static void test_response_codes(void **state)
{
	static const struct {
		int code;
		const char *rule;
	} cases[] = {
		{ 1, "unknown-failure" }, { 3, "invalid-path" },
		{ 4, "invalid-request" }, { 6, "invalid-context-cookie" },
		{ 7, "missing-header" }, { 8, "anonymous" },
		{ 9, "too-large" }, { 10, "context-not-found" },
		{ 11, "no-privilege" }, { 13, "missing-cookie" },
		{ 15, "invalid-sequence" }, { 16, "endpoint-disabled" },
		{ 17, "invalid-response" }, { 18, "shutting-down" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct observed *o = healthy();

		exchange(o, OP_EXECUTE, 200)->response_code = cases[i].code;
		expect(o, cases[i].rule);
		assert_int_equal(found.n, 1);
	}
}

static void test_protocol(void **state)
{
	struct observed *o = healthy();

	exchange(o, OP_CONNECT, 403);
	expect(o, "forbidden");
	o = healthy();
	exchange(o, OP_CONNECT, 404);
	expect(o, "not-there");
	o = healthy();
	exchange(o, OP_CONNECT, 500);
	expect(o, "server-error");
	o = healthy();
	exchange(o, OP_CONNECT, 200);
	expect(o, "no-mapi");
	o = healthy();
	exchange(o, OP_ANONYMOUS, 302);
	expect(o, "redirected");
	o = healthy();
	exchange(o, OP_ANONYMOUS, 200);
	expect(o, "anonymous-let-in");
	o = healthy();
	exchange(o, OP_AUTHENTICATE, 200)->lower_case = true;
	expect(o, "lower-case-headers");
}

/* ---- telling ---- */

static void test_print(void **state)
{
	struct observed *o = failed_logon(EC_MAX_OBJS_EXCEEDED);
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	json_t *all, *one;

	diag(o, "Lid: 70010 dwParam: 0x20 Msg: Mo\033[31mMT\n");
	diagnose(o, &found);
	diagnosis_print(out, &found, false);
	fclose(out);
	expect_text(text, "Diagnosis:\n  session-limit [error, certain]\n");
	expect_text(text, "\n    Seen: RopLogon failed with "
		    "ecMaxObjsExceeded (1246, 0x4DE)\n");
	expect_text(text, "\n    Cure: ");
	/* What a server sent moves no cursor. */
	assert_null(strchr(text, '\033'));
	free(text);
	all = diagnosis_json(&found);
	one = json_array_get(all, 0);
	assert_string_equal(json_string_value(json_object_get(one, "rule")),
			    "session-limit");
	assert_string_equal(json_string_value(json_object_get(one,
			    "severity")), "error");
	assert_int_equal(json_array_size(json_object_get(one, "evidence")),
			 2);
	json_decref(all);
	/* Nothing found, nothing said */
	found.n = 0;
	out = open_memstream(&text, &len);
	diagnosis_print(out, &found, true);
	fclose(out);
	assert_int_equal(len, 0);
	free(text);
}

/* At the end: each rule was found by one of the tests before. */
static void test_all_were_seen(void **state)
{
	const struct rule_info *info;
	size_t n = 0;

	for (; (info = diagnose_rule(n)) != NULL; n++) {
		bool tested = false;

		for (size_t i = 0; i < n_seen; i++)
			tested = tested || strcmp(seen[i], info->name) == 0;
		if (!tested)
			fail_msg("no test finds %s", info->name);
		for (size_t k = 0; k < n; k++)
			assert_string_not_equal(diagnose_rule(k)->name,
						info->name);
	}
	assert_true(n >= 50);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_healthy), TEST(test_network),
		TEST(test_certificate), TEST(test_methods),
		TEST(test_refused), TEST(test_tickets), TEST(test_loop),
		TEST(test_mismatch), TEST(test_hop_unauthorized),
		TEST(test_front_end_says), TEST(test_gateways),
		TEST(test_session_limit), TEST(test_other_limits),
		TEST(test_lids), TEST(test_codes),
		TEST(test_response_codes), TEST(test_protocol),
		TEST(test_print), TEST(test_all_were_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
