/* SPDX-License-Identifier: Apache-2.0 */
/* Diagnostic contexts and X-FailureContext, read and written. */
#include "test.h"

#include "base/buf.h"
#include "mapi/diag.h"
#include "mapi/failure_context.h"

static int setup(void **state)
{
	*state = arena_new(0);
	return 0;
}

static int teardown(void **state)
{
	arena_free(*state);
	return 0;
}

static struct diag_context parse(struct arena *a, const char *text)
{
	struct diag_context c;

	assert_true(diag_parse(text, strlen(text), a, &c));
	return c;
}

/* Every kind of line, as Exchange writes them. */
static void test_kinds(void **state)
{
	struct diag_context c = parse(*state,
		"Diagnostic context:\r\n"
		"    Lid: 35180  \r\n"
		"    Lid: 21921   StoreEc: 0x4DE     \r\n"
		"    Lid: 46872   StoreEc: 0x80070005 PropTag: 0x669B0014\r\n"
		"    Lid: 12345   Error: 0x80040111\r\n"
		"    Lid: 33360   dwParam: 0x21\r\n"
		"    Lid: 10786   dwParam: 0x0        Msg: 15.00.1:MX\r\n"
		"    Lid: 40748   qdwParam: 0xB01000000000001\r\n"
		"    Lid: 45434   Guid: 6ED8DA90-450b-101b-98da-00aa003f1305"
		"\r\n"
		"    Lid: 27962   ROP: ropLogon [254]\r\n");
	static const enum diag_kind kinds[] = { DIAG_BARE, DIAG_STORE_EC,
		DIAG_STORE_EC_TAG, DIAG_ERROR, DIAG_DWPARAM,
		DIAG_DWPARAM_MSG, DIAG_QDWPARAM, DIAG_GUID, DIAG_SENTENCE };

	assert_int_equal(c.n, 9);
	for (uint32_t i = 0; i < c.n; i++)
		assert_int_equal(c.v[i].kind, kinds[i]);
	assert_int_equal(c.v[0].lid, 35180);
	assert_string_equal(c.v[0].text, "");
	assert_int_equal(c.v[1].value, 1246);
	assert_int_equal(c.v[2].value, 0x80070005);
	assert_int_equal(c.v[2].tag, 0x669b0014);
	assert_int_equal(c.v[3].value, 0x80040111);
	assert_int_equal(c.v[4].value, 33);
	assert_string_equal(c.v[5].text, "15.00.1:MX");
	assert_true(c.v[6].qword == 0xb01000000000001);
	assert_int_equal(c.v[7].guid.b[0], 0x90);
	assert_int_equal(c.v[8].value, 254);
	assert_string_equal(c.v[8].text, "ROP: ropLogon [254]");
}

static void test_sentences(void **state)
{
	struct diag_context c = parse(*state,
		"Lid: 55847   EMSMDBPOOL.EcPoolSessionDoRpc called "
		"[length=145]\n"
		"Lid: 43559   EMSMDBPOOL.EcPoolSessionDoRpc returned "
		"[ec=0x80040401][length=170][latency=0]\n"
		"Lid: 52176   ClientVersion: 15.0.847.30\n"
		"Lid: 50032   ServerVersion: 15.0.99999.1\n"
		"Lid: 17082   ROP Error: 0x48D     \n"
		"Lid: 21817   ROP Failure: 0x80040401\n"
		"Lid: 1494    ---- Remote Context Beg ----\n");

	assert_int_equal(c.n, 7);
	assert_int_equal(c.v[0].value, 145);
	assert_int_equal(c.v[1].value, 0x80040401);
	assert_true(c.v[2].qword == 0x000f0000034f001e);
	/* A part with more than 16 bits is no version. */
	assert_true(c.v[3].qword == 0);
	assert_int_equal(c.v[4].value, 0x48d);
	assert_int_equal(c.v[5].value, 0x80040401);
	assert_string_equal(c.v[6].text, "---- Remote Context Beg ----");
}

/* Text that went through mail, web pages and people. */
static void test_mangled(void **state)
{
	struct diag_context c = parse(*state,
		"blah Lid: 57936 dwParam: 0x20 Msg: MoMT Lid: 33360 "
		"dwParam: 0x21<br/>Lid: 1494\xc2\xa0---- x ----</p>"
		"lid:17 STOREEC:0x4de lid: lid: 99999999999 lid: x "
		"Lid: 5 dwParam: zz Lid: 6 dwParam: 0x1FFFFFFFF "
		"Lid: 7 Guid: nonsense Lid:");

	assert_int_equal(c.n, 7);
	assert_string_equal(c.v[0].text, "MoMT");
	assert_int_equal(c.v[1].value, 0x21);
	assert_string_equal(c.v[2].text, "---- x ----");
	assert_int_equal(c.v[3].lid, 17);
	assert_int_equal(c.v[3].value, 0x4de);
	/* What is no number is text. */
	assert_int_equal(c.v[4].kind, DIAG_SENTENCE);
	assert_string_equal(c.v[4].text, "dwParam: zz");
	assert_int_equal(c.v[5].kind, DIAG_SENTENCE);
	assert_string_equal(c.v[6].text, "Guid: nonsense Lid:");
}

static void test_none(void **state)
{
	static const char *const texts[] = { "", "Lid", "Lid:", "Lid: ",
		"Lid: abc", "no context here", "Lid : 5", "FailureLID 5" };
	struct diag_context c;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_false(diag_parse(texts[i], strlen(texts[i]), *state,
					&c));
		assert_int_equal(c.n, 0);
	}
}

/* A hostile text is bounded. */
static void test_bounds(void **state)
{
	struct buf b = BUF_INIT;
	struct diag_context c;

	for (int i = 0; i < 3000; i++)
		buf_printf(&b, "Lid: %d\n", i);
	assert_true(diag_parse(buf_str(&b), b.len, *state, &c));
	assert_int_equal(c.n, DIAG_LINES_MAX);
	buf_clear(&b);
	buf_puts(&b, "Lid: 1 ");
	for (int i = 0; i < 2000; i++)
		buf_puts(&b, "é");
	assert_true(diag_parse(buf_str(&b), b.len, *state, &c));
	assert_int_equal(strlen(c.v[0].text), DIAG_TEXT_MAX);
	buf_free(&b);
}

/* Ours, written and read. */
static void test_write(void **state)
{
	struct arena *a = *state;
	struct guid guid = { { 0x90, 0xda, 0xd8, 0x6e } };
	struct diag d = diag_begin(a);
	struct diag_context c, back;
	struct buf b = BUF_INIT;

	diag_add(&d, LID_ROP, 0, "ROP: RopLogon [254]");
	diag_add(&d, LID_SESSION_LIMIT, 32, "Mo\r\nMT");
	diag_add(&d, LID_SESSION_COUNT, 33, NULL);
	diag_add_guid(&d, LID_SESSION_DATABASE, &guid);
	diag_add(&d, LID_NO_PERMISSION, 7, "not shown");
	diag_add(&d, LID_ROP_ERROR, 1246, NULL);
	c = diag_end(&d);
	diag_print(&b, &c);
	assert_string_equal(buf_str(&b),
		"Diagnostic context:\r\n"
		"    Lid: 70000   ROP: RopLogon [254]\r\n"
		"    Lid: 70010   dwParam: 0x20 Msg: Mo  MT\r\n"
		"    Lid: 70011   dwParam: 0x21\r\n"
		"    Lid: 70012   "
		"Guid: 6ed8da90-0000-0000-0000-000000000000\r\n"
		"    Lid: 70033  \r\n"
		"    Lid: 70001   StoreEc: 0x4DE\r\n");
	back = parse(a, buf_str(&b));
	assert_int_equal(back.n, 6);
	assert_int_equal(diag_find(&back, LID_SESSION_LIMIT)->value, 32);
	assert_true(guid_equal(&back.v[3].guid, &guid));
	assert_null(diag_find(&back, LID_OBJECT_LIMIT));
	buf_free(&b);
}

/* Many lines: the list grows. */
static void test_grow(void **state)
{
	struct diag d = diag_begin(*state);

	for (uint32_t i = 0; i < 100; i++)
		diag_add(&d, LID_SESSION_COUNT, i, NULL);
	assert_int_equal(d.n, 100);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(d.v[i].value, i);
	diag_add_qword(&d, LID_SESSION_COUNT, 5);
	assert_int_equal(d.n, 101);
}

/* The table: found by number, ours in their range, none twice. */
static void test_table(void **state)
{
	const struct lid_info *info;
	size_t n = 0;

	for (; (info = lid_at(n)) != NULL; n++) {
		bool ours = info->lid >= LID_POSTHOUSE_FIRST &&
			info->lid <= LID_POSTHOUSE_LAST;

		assert_ptr_equal(lid_find(info->lid), info);
		assert_int_equal(ours, info->origin == LID_POSTHOUSE);
		assert_true(strlen(info->meaning) > 10);
	}
	assert_true(n > 50);
	assert_null(lid_find(1));
}

/* ---- X-FailureContext ---- */

static void test_failure_exchange(void **state)
{
	struct failure_context c;

	assert_true(failure_context_parse("FrontEnd;401;VW5hdXRob3JpemVk;;;;",
					  *state, &c));
	assert_string_equal(c.point, "FrontEnd");
	assert_int_equal(c.status, 401);
	assert_string_equal(c.reason, "Unauthorized");
	assert_string_equal(c.details, "");
	assert_string_equal(c.error, "");
	/* Less than all, and what is no Base64 */
	assert_true(failure_context_parse("BackEnd;503", *state, &c));
	assert_int_equal(c.status, 503);
	assert_string_equal(c.reason, "");
	assert_true(failure_context_parse("X;500;**;QQpC;E;W;;;;;", *state,
					  &c));
	assert_string_equal(c.reason, "");
	assert_string_equal(c.details, "A B");
	assert_string_equal(c.error, "E");
	assert_string_equal(c.web_error, "W");
	assert_false(failure_context_parse("", *state, &c));
	assert_false(failure_context_parse("FrontEnd", *state, &c));
	assert_false(failure_context_parse("FrontEnd;x", *state, &c));
	assert_false(failure_context_parse("FrontEnd;99999", *state, &c));
}

static void test_failure_ours(void **state)
{
	struct failure_context c;

	assert_true(failure_context_parse("FrontEnd;500;HopMethod;"
		"mx1.example.test;hop=fe1.example.test(15.1)->"
		"mx1.example.test(15.0);needed=NTLM;offered=Negotiate",
		*state, &c));
	assert_int_equal(c.code, FAILURE_HOP_METHOD);
	assert_int_equal(c.status, 500);
	assert_string_equal(c.back_end, "mx1.example.test");
	assert_string_equal(failure_context_get(&c, "hop", *state),
		"fe1.example.test(15.1)->mx1.example.test(15.0)");
	assert_string_equal(failure_context_get(&c, "NEEDED", *state),
			    "NTLM");
	assert_string_equal(failure_context_get(&c, "offered", *state),
			    "Negotiate");
	assert_null(failure_context_get(&c, "need", *state));
	/* Four letters could be Base64, too. */
	assert_true(failure_context_parse("FrontEnd;500;loop;;x\r\ny",
					  *state, &c));
	assert_int_equal(c.code, FAILURE_LOOP);
	assert_string_equal(c.back_end, "");
	for (unsigned i = 1; i < FAILURE_CODES; i++) {
		const char *name = failure_code_name((enum failure_code)i);

		assert_true(*name != '\0');
		assert_int_equal(failure_code_of(name), i);
	}
	assert_int_equal(failure_code_of("nonsense"), FAILURE_NONE);
	assert_int_equal(failure_code_of(""), FAILURE_NONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_kinds), TEST(test_sentences), TEST(test_mangled),
		TEST(test_none), TEST(test_bounds), TEST(test_write),
		TEST(test_grow), TEST(test_table),
		TEST(test_failure_exchange), TEST(test_failure_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
