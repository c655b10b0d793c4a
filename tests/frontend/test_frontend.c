/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the front end that need no network. */
#include "test.h"

#include <time.h>

#include "frontend/backend.h"
#include "frontend/be_cookie.h"
#include "frontend/fields.h"
#include "frontend/meta.h"
#include "frontend/route.h"

/* --- Routes ----------------------------------------------------------- */

static const char cu9[] = "Version 15.0 (Build 1104.5)";
static const char cu13[] = "Version 15.0 (Build 1210.3)";
static const char e2016[] = "Version 15.1 (Build 2507.6)";
static const char e2019[] = "Version 15.2 (Build 1258.12)";
static const char e2010[] = "Version 14.3 (Build 123.4)";

static bool reached(const char *front, const char *back)
{
	const struct route *route = route_find(front, back);

	return route != NULL && route->reached;
}

static void versions(void **state)
{
	const char *const proxies[] = { cu13, e2016, e2019 };

	for (size_t i = 0; i < 3; i++) {
		for (size_t j = 0; j < 3; j++)
			assert_true(reached(proxies[i], proxies[j]));
		assert_false(reached(proxies[i], e2010));
	}
	assert_true(reached(cu9, cu9));
	assert_true(reached(cu9, cu13));
	assert_true(reached(cu13, cu9));
	assert_false(reached(cu9, e2016));
	assert_false(reached(e2016, cu9));
	assert_false(reached(e2016, "nonsense"));
	assert_true(route_same_version(cu9, cu13));
	assert_false(route_same_version(cu13, e2016));
	assert_false(route_same_version("?", "?"));
}

/* doc/routing.md holds the same table. */
static void documented(void **state)
{
	FILE *file = fopen(DOC_FOLDER "/routing.md", "r");
	char line[512], expected[512];
	size_t row = 0;
	bool inside = false;

	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL) {
		const struct route *r = route_at(row);

		if (strcmp(line, "| --- | --- | --- |\n") == 0) {
			inside = true;
			continue;
		}
		if (!inside || line[0] != '|') {
			inside = inside && line[0] == '|';
			continue;
		}
		if (r == NULL)
			fail_msg("not in route.def: %s", line);
		snprintf(expected, sizeof expected, "| %s | %s | %s |\n",
			 r->back, r->front, r->says);
		assert_string_equal(line, expected);
		row++;
	}
	assert_true(row > 0);
	assert_null(route_at(row));
	fclose(file);
}

/* --- X-BackEndCookie -------------------------------------------------- */

static void cookie(void **state)
{
	struct arena *a = arena_new(0);
	struct be_cookie c = { .mailbox = guid_new(), .database = guid_new(),
		.domain = "example.test", .expiry = 1472688000 }, d;
	char *text = be_cookie_format(a, &c);

	assert_int_equal(strcspn(text, "="), 36);
	assert_null(strpbrk(text, "; ,\""));
	assert_true(be_cookie_parse(a, text, &d));
	assert_true(guid_equal(&c.mailbox, &d.mailbox));
	assert_true(guid_equal(&c.database, &d.database));
	assert_string_equal(d.domain, "example.test");
	assert_int_equal(d.expiry, 1472688000);
	arena_free(a);
}

/* Each byte XOR 0xFF: "Database~" begins so in every trace. */
static void cookie_of_exchange(void **state)
{
	static const char text[] = "6ed8da90-450b-101b-98da-00aa003f1305="
		"u56Lnp2ejJqBzc3NzNHNzc3S"
		"zc3NzdLNzc3N0s3NzczSzc3NzM3NzczM"
		"gYHNz83P0s/G0s3Ixc/Fxc/Nxc/H";
	struct arena *a = arena_new(0);
	struct be_cookie c = { .mailbox = guid_new(), .database = guid_new(),
		.domain = "", .expiry = 0 };
	const char *ours = be_cookie_format(a, &c);

	assert_memory_equal(strchr(ours, '=') + 1, "u56Lnp2ejJqB", 12);
	assert_false(be_cookie_parse(a, text, &c));       /* no GUID in it */
	arena_free(a);
}

static void bad_cookies(void **state)
{
	static const char *const bad[] = { "", "=", "x=y",
		"6ed8da90-450b-101b-98da-00aa003f1305=",
		"6ed8da90-450b-101b-98da-00aa003f1305=!!!!",
		"6ed8da90-450b-101b-98da-00aa003f1305=AAAA",
		"6ed8da90-450b-101b-98da-00aa003f1305",
		"6ed8da90-450b-101b-98da-00aa003f13055555555=u56Lnp2ejJqB" };
	struct arena *a = arena_new(0);
	struct be_cookie c;
	char *longer = arena_alloc(a, 5000);

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(be_cookie_parse(a, bad[i], &c));
	memset(longer, 'A', 4999);
	longer[4999] = '\0';
	memcpy(longer, "6ed8da90-450b-101b-98da-00aa003f1305=", 37);
	assert_false(be_cookie_parse(a, longer, &c));
	arena_free(a);
}

/* --- Meta-tags -------------------------------------------------------- */

static bool pending_after(const char *text)
{
	struct meta_scan whole = { 0 }, cut = { 0 };

	meta_scan(&whole, text, strlen(text));
	for (; *text != '\0'; text++)
		meta_scan(&cut, text, 1);
	assert_int_equal(whole.done, cut.done);
	assert_int_equal(meta_is_pending(&whole), meta_is_pending(&cut));
	return meta_is_pending(&whole);
}

static void meta(void **state)
{
	assert_true(pending_after(""));
	assert_true(pending_after("PROCESSING\r\n"));
	assert_true(pending_after("PROCESSING\r\nPENDING\r\nPENDING\r\n"));
	assert_false(pending_after("PROCESSING\r\nPEND"));
	assert_false(pending_after("PROCESSING\r\nDONE\r\n"));
	assert_false(pending_after("DONE\r\nX-ElapsedTime: 1\r\n\r\nbody"));
	assert_false(pending_after("<html>\r\n"));
	assert_false(pending_after("PROCESSING\n"));
	assert_false(pending_after("0123456789abcdef0123456789abcdef"));
}

/* --- What a back end offers ------------------------------------------- */

static void offered(void **state)
{
#define F(name, value) { name, value, sizeof name - 1 }
	static const struct http_text_field fields[] = {
		F("Content-Length", "0"), F("WWW-Authenticate", "Negotiate"),
		F("www-authenticate", "NTLM TlRMTVNTUAAC"),
		F("WWW-Authenticate", "Basic realm=\"x; y\""),
		F("WWW-Authenticate", "\x80\x81"),
	};
	const struct http_answer answer = { .status = 401, .fields = fields,
		.n_fields = sizeof fields / sizeof *fields };
	char text[64], tiny[8];

	fields_offered(&answer, text, sizeof text);
	assert_string_equal(text, "Negotiate, NTLM, Basic");
	fields_offered(&answer, tiny, sizeof tiny);
	assert_true(strlen(tiny) < sizeof tiny);
	assert_string_equal(fields_challenge(&answer, "NTLM"),
			    "TlRMTVNTUAAC");
	assert_string_equal(fields_challenge(&answer, "Negotiate"), "");
	assert_null(fields_challenge(&answer, "Bearer"));
	assert_null(fields_challenge(&answer, "Nego"));
}

/* --- Back ends -------------------------------------------------------- */

static void backends(void **state)
{
	struct backends *b = backends_new(10000);
	struct guid mx = guid_new(), other = guid_new();
	struct backend_state s;
	char why[BACKEND_TEXT] = "";

	assert_true(backends_allow(b, &mx, 1, why));
	/* Slow or broken answers don't say that it is down. */
	assert_false(backends_tell(b, &mx, false, FRONTEND_TIMEOUT, "slow"));
	assert_true(backends_allow(b, &mx, 1, why));
	assert_true(backends_tell(b, &mx, false, FRONTEND_CONNECT, "refused"));
	assert_false(backends_tell(b, &mx, true, FRONTEND_TLS, "no TLS"));
	assert_false(backends_allow(b, &mx, 1, why));
	assert_string_equal(why, "no TLS");
	assert_true(backends_allow(b, &other, 1, why));
	backends_get(b, &mx, &s);
	assert_false(s.up);
	assert_int_equal(s.failures, 2);
	assert_int_equal(s.probe_failures, 1);
	assert_int_equal(s.last_failure, FRONTEND_TLS);
	assert_true(backends_tell(b, &mx, true, FRONTEND_OK, ""));
	assert_true(backends_allow(b, &mx, 1, why));
	/* At once after the start, then not again for a while. */
	assert_true(backends_probe_due(b, &other, 1));
	assert_false(backends_probe_due(b, &other, 1));
	assert_true(backends_probe_due(b, &other, 2));
	/* Under another URL it is another matter. */
	assert_true(backends_tell(b, &mx, false, FRONTEND_CONNECT, "refused"));
	assert_true(backends_allow(b, &mx, 2, why));
	backends_free(b);
}

/* Credentials leave the machine over TLS alone. */
static void private_ways(void **state)
{
	static const struct {
		const char *url;
		bool is_private;
	} all[] = {
		{ "https://mx1.example.test:444/mapi", true },
		{ "http://127.0.0.9:81/mapi", true },
		{ "http://[::1]:81/mapi", true },
		{ "http://localhost/mapi", true },
		{ "http://mx1.example.test/mapi", false },
		{ "http://127.0.0.1.example.test/mapi", false },
		{ "http://localhost.example.test/mapi", false },
		{ "http://192.0.2.1/mapi", false },
		{ "http://[::2]/mapi", false },
	};
	struct arena *arena = arena_new(0);
	struct http_origin origin;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		assert_true(http_origin_parse(all[i].url, arena, &origin));
		if (route_is_private(&origin) != all[i].is_private)
			fail_msg("%s", all[i].url);
	}
	arena_free(arena);
}

static void names(void **state)
{
	for (unsigned i = FRONTEND_OK + 1; i < FRONTEND_FAILURES; i++)
		assert_true(strlen(frontend_failure_name(i)) > 2);
	assert_string_equal(frontend_failure_name(FRONTEND_FAILURES), "");
	assert_string_equal(route_hop_name(FRONTEND_PASS_THROUGH),
			    "pass-through");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions), cmocka_unit_test(documented),
		cmocka_unit_test(cookie), cmocka_unit_test(cookie_of_exchange),
		cmocka_unit_test(bad_cookies), cmocka_unit_test(meta),
		cmocka_unit_test(offered), cmocka_unit_test(backends),
		cmocka_unit_test(private_ways), cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
