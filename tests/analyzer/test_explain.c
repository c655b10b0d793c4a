/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that people have in hand: the story's trace, headers, cookies. */
#include "test.h"

#include "analyzer/explain_impl.h"
#include "auth/base64.h"
#include "base/buf.h"
#include "base/wire.h"

static struct arena *arena;

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

static struct observed *observe(const char *text, size_t *n)
{
	struct observed *o = observed_new(arena);

	*n = explain_observe(text, strlen(text), o);
	return o;
}

/* What is said of a text, in the arena; NULL for nothing. */
static const char *explain(const char *text)
{
	char *said = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&said, &len);
	bool ok = diag_explain(text, strlen(text), out, false);
	const char *kept;

	fclose(out);
	kept = arena_strdup(arena, said);
	free(said);
	return ok ? kept : NULL;
}

static void expect(const char *text, const char *part)
{
	if (text == NULL || strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in: %s", part,
			 text != NULL ? text : "nothing");
}

static char *read_file(const char *path)
{
	char *text = arena_alloc(arena, 1 << 16);
	FILE *f = fopen(path, "rb");
	size_t len;

	if (f == NULL)
		fail_msg("cannot open %s", path);
	len = fread(text, 1, (1 << 16) - 1, f);
	fclose(f);
	text[len] = '\0';
	return text;
}

/* 33 of 32, client type MoMT, and not an authentication failure */
static void check_story(const char *text)
{
	struct diagnosis d;
	struct observed *o;
	size_t n;

	o = observe(text, &n);
	assert_true(n > 20);
	assert_int_equal(diag_find(&o->diag, 57936)->value, 32);
	assert_string_equal(diag_find(&o->diag, 57936)->text, "MoMT");
	assert_int_equal(diag_find(&o->diag, 33360)->value, 33);
	diagnose(o, &d);
	assert_int_equal(d.n, 1);
	assert_string_equal(d.v[0].rule, "session-limit");
	expect(d.v[0].meaning,
	       "33 sessions of a limit of 32 (client type MoMT)");
	expect(d.v[0].meaning, "credentials are not the reason");
}

static void test_story(void **state)
{
	char *text = read_file(STORY);
	struct buf html = BUF_INIT;

	check_story(text);
	expect(explain(text), "Lid: 56872   dwParam: 0xFE\n      The RopId "
	       "that failed in the store. [RopLogon] (inferred)");
	expect(explain(text), "front end MX2016, back end MX2013");
	/* As a web page shows it */
	buf_puts(&html, "<html><body><p>");
	for (const char *c = text; *c != '\0'; c++)
		if (*c == '\n')
			buf_puts(&html, "<br />");
		else if (*c == '>')
			buf_puts(&html, "&gt;");
		else if (*c == '"')
			buf_puts(&html, "&quot;");
		else
			buf_add(&html, c, 1);
	check_story(buf_str(&html));
	/* As the analyzer of Microsoft exports it: in attributes */
	buf_clear(&html);
	buf_puts(&html, "<?xml version=\"1.0\"?><testresult status=\"Error\" "
		 "additionaldetails=\"");
	for (const char *c = text; *c != '\0'; c++)
		if (*c == '\n')
			buf_puts(&html, "&#xD;&#xA;");
		else if (*c == '"')
			buf_puts(&html, "&quot;");
		else
			buf_add(&html, c, 1);
	buf_puts(&html, "\" elapsedMilliseconds=\"5\"/>");
	check_story(buf_str(&html));
	buf_free(&html);
	/* All on one line */
	for (char *c = text; *c != '\0'; c++)
		if (*c == '\n')
			*c = ' ';
	{
		struct diagnosis d;
		size_t n;

		diagnose(observe(text, &n), &d);
		assert_non_null(diagnosis_find(&d, "session-limit"));
	}
}

/* A dump of the 401 that started it all */
static void test_unauthorized(void **state)
{
	static const char text[] =
		"POST /mapi/nspi/?mailboxId=1 HTTP/1.1\r\n"
		"X-RequestType: Bind\r\n"
		"Authorization: Negotiate [truncated]\r\n\r\n"
		"###### RESPONSE [+0.709] ######\r\n"
		"HTTP/1.1 401 Unauthorized\r\n"
		"X-FailureContext: FrontEnd;401;VW5hdXRob3JpemVk;;;;\r\n"
		"WWW-Authenticate: Negotiate,NTLM\r\n"
		"X-CalculatedBETarget: mx2013.example.test\r\n"
		"X-FEServer: MX2016\r\n";
	struct observed *o;
	struct diagnosis d;
	size_t n;

	o = observe(text, &n);
	assert_int_equal(o->first->status, 401);
	assert_int_equal(o->first->op, OP_CONNECT);
	assert_int_equal(o->first->auth, HTTP_AUTH_NEGOTIATE);
	assert_string_equal(o->first->failure_context.reason,
			    "Unauthorized");
	assert_int_equal(o->offered, HTTP_AUTH_NTLM | HTTP_AUTH_NEGOTIATE);
	diagnose(o, &d);
	assert_int_equal(d.n, 1);
	assert_string_equal(d.v[0].rule, "hop-unauthorized");
	expect(explain(text), "Methods offered: Ntlm, Negotiate");
}

static void test_headers_alone(void **state)
{
	size_t n;
	struct observed *o = observe("X-FailureContext: FrontEnd;503;Down;"
				     "mx1.example.test;no route to host", &n);
	struct diagnosis d;

	assert_int_equal(n, 2);
	diagnose(o, &d);
	assert_string_equal(d.v[0].rule, "back-end-down");
	o = observe("HTTP/1.1 200 OK\nX-RequestType: Execute\n"
		    "X-ResponseCode: 10\n", &n);
	diagnose(o, &d);
	assert_string_equal(d.v[0].rule, "context-not-found");
	assert_int_equal(o->first->op, OP_EXECUTE);
	/* Of a web page: the value on a line of its own */
	o = observe("X-FailureContext:\n\nFrontEnd;401;VW5hdXRob3JpemVk;;;;",
		    &n);
	assert_int_equal(o->first->status, 401);
	o = observe("HttpStatusCode: 401, FailureLID: 47372, x", &n);
	assert_int_equal(o->first->status, 401);
	assert_int_equal(o->diag.v[0].lid, 47372);
}

static void test_exceptions(void **state)
{
	size_t n;
	struct observed *o = observe("MapiExceptionNoSupport: Unable to open "
		"message store. (hr=0x80040102, ec=-2147221246)", &n);

	assert_int_equal(o->first->ec, 0x80040102);
	assert_int_equal(o->first->op, OP_LOGON);
	expect(explain("(hr=0x80004005, ec=1244)"), "(1244)");
	o = observe("ec= ec=x ec=0 ec=99999999999 ec=-99999999999", &n);
	assert_int_equal(n, 0);
}

static void test_nothing(void **state)
{
	assert_null(explain(""));
	assert_null(explain("Dear administrator,\nOutlook does not work."));
	assert_null(explain("<p>&nbsp;<"));
}

/* ---- cookies ---- */

/* Each byte XOR 0xFF */
static const char *back_end_cookie(const char *text)
{
	size_t len = strlen(text);
	uint8_t bytes[256];
	char *out = arena_alloc(arena, 512);

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(text[i] ^ 0xff);
	base64_encode(bytes, len, out);
	return arena_printf(arena, "11111111-2222-3333-4444-555555555555=%s",
			    out);
}

/* Zeros, the running XOR, a counter */
static const char *context_cookie(const char *text, uint8_t counter)
{
	size_t len = strlen(text);
	uint8_t bytes[256] = { 0 }, last = 0xa5;
	char *out = arena_alloc(arena, 512);

	for (size_t i = 0; i < len; i++)
		last = bytes[4 + i] = (uint8_t)(text[i] ^ last);
	bytes[4 + len] = counter;
	base64_encode(bytes, 4 + len + 8, out);
	return arena_printf(arena, "MAPI%s", out);
}

static void test_cookies(void **state)
{
	const char *words = explain_cookie(arena, "X-BackEndCookie",
		back_end_cookie("Database~6ed8da90-450b-101b-98da-"
				"00aa003f1305~~2016-10-14T08:31:02"));

	expect(words, "the mailbox 11111111-2222-3333-4444-555555555555 in "
	       "the mailbox database 6ed8da90-450b-101b-98da-00aa003f1305; "
	       "the hint is good until 2016-10-14T08:31:02");
	words = explain_cookie(arena, "x-backendcookie",
		back_end_cookie("Database~g~example.test~2016~forest~0"));
	expect(words, "domain example.test");
	words = explain_cookie(arena, "MapiContext", context_cookie(
		"MX2013#2016-09-14T06:00:00#17", 42));
	expect(words, "server MX2013, whose process started at "
	       "2016-09-14T06:00:00 (number 17); context 42");
	expect(explain_cookie(arena, "MapiSequence", "7-AAAAAA=="),
	       "request 7");
	expect(explain(arena_printf(arena, "Cookie: a=b; MapiContext=%s; "
				    "MapiSequence=3-AAAAAA==",
				    context_cookie("H#t#1", 1))),
	       "MapiContext: a session context on the server H");
}

static void test_bad_cookies(void **state)
{
	static const char *const bad[][2] = {
		{ "X-BackEndCookie", "" }, { "X-BackEndCookie", "a=b" },
		{ "X-BackEndCookie", "none" }, { "MapiContext", "MAPI" },
		{ "MapiContext", "MAPIAAAA" }, { "MapiContext", "x" },
		{ "MapiSequence", "x" }, { "MapiSequence", "5" },
		{ "other", "value" },
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_null(explain_cookie(arena, bad[i][0], bad[i][1]));
	/* Three pieces, and what is no text */
	assert_null(explain_cookie(arena, "X-BackEndCookie",
				   back_end_cookie("Database~x~y")));
	assert_null(explain_cookie(arena, "X-BackEndCookie",
				   back_end_cookie("a~b~\001~d")));
	assert_null(explain_cookie(arena, "MapiContext",
				   context_cookie("no number", 1)));
}

static void test_json(void **state)
{
	const char *text = read_file(STORY);
	json_t *all = diag_explain_json(text, strlen(text));
	json_t *one = json_array_get(json_object_get(all, "diagnosis"), 0);

	assert_string_equal(json_string_value(json_object_get(one, "rule")),
			    "session-limit");
	assert_true(json_array_size(json_object_get(all, "lines")) > 20);
	assert_true(json_array_size(json_object_get(all, "answers")) >= 2);
	json_decref(all);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_story), TEST(test_unauthorized),
		TEST(test_headers_alone), TEST(test_exceptions),
		TEST(test_nothing), TEST(test_cookies),
		TEST(test_bad_cookies), TEST(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
