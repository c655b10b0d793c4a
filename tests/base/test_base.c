/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/guid.h"
#include "base/log.h"
#include "base/markup.h"

static void guid_text(void **state)
{
	static const char text[] = "6ed8da90-450b-101b-98da-00aa003f1305";
	char out[GUID_TEXT_SIZE];
	struct guid g, h;

	assert_true(guid_parse(text, &g));
	assert_hex(g.b, 16, "90dad86e 0b45 1b10 98da 00aa003f1305");
	guid_format(&g, out);
	assert_string_equal(out, text);
	assert_true(guid_parse("{6ED8DA90-450B-101B-98DA-00AA003F1305}", &h));
	assert_true(guid_equal(&g, &h));
	assert_false(guid_parse("{6ed8da90-450b-101b-98da-00aa003f1305", &h));
	assert_false(guid_parse("6ed8da90-450b-101b-98da-00aa003f130", &h));
	assert_false(guid_parse("", &h));
	g = guid_new();
	assert_false(guid_is_null(&g));
}

static void arena_grows_and_resets(void **state)
{
	struct arena *a = arena_new(64);
	char *s = arena_printf(a, "%s-%d", "x", 7);

	assert_string_equal(s, "x-7");
	for (int i = 0; i < 100; i++)
		memset(arena_alloc(a, (size_t)i), i, (size_t)i);
	memset(arena_alloc(a, 100000), 1, 100000);
	assert_true(arena_size(a) > 100000);
	assert_string_equal(s, "x-7");
	arena_reset(a);
	assert_true(arena_size(a) < 200);
	assert_non_null(arena_alloc(a, 0));
	arena_free(a);
}

static void markup_escapes(void **state)
{
	struct buf b = BUF_INIT;

	markup_puts(&b, "");
	assert_string_equal(buf_str(&b), "");
	markup_puts(&b, "a<b> & \"c\"'\t\r\n\x01\x1f\x0b d\xc3\xa9");
	assert_string_equal(buf_str(&b),
			    "a&lt;b&gt; &amp; &quot;c&quot;'\t\r\n d\xc3\xa9");
	buf_free(&b);
}

static void buf_formats(void **state)
{
	struct buf b = BUF_INIT;

	assert_string_equal(buf_str(&b), "");
	for (int i = 0; i < 200; i++)
		buf_printf(&b, "%03d", i);
	assert_int_equal(b.len, 600);
	assert_string_equal(buf_str(&b) + 597, "199");
	buf_clear(&b);
	assert_string_equal(buf_str(&b), "");
	buf_free(&b);
}

static void times(void **state)
{
	char text[HTTP_DATE_SIZE], iso[ISO_DATE_SIZE];

	http_date_format(784111777, text);
	assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
	assert_true(filetime_from_unix(0) == 116444736000000000u);
	assert_int_equal(filetime_to_unix(116444736000000000u + 19999999), 1);
	iso_date_format(filetime_from_unix(784111777) + 5, iso);
	assert_string_equal(iso, "1994-11-06T08:49:37.0000005Z");
}

static void errors(void **state)
{
	struct err err = { 0 };

	assert_false(err_set(&err, EC_NOT_FOUND, "no %s", "bed"));
	assert_false(err_prefix(&err, "inn %d", 3));
	assert_string_equal(err.text, "inn 3: no bed");
	assert_int_equal(err.ec, EC_NOT_FOUND);
	assert_string_equal(ec_name(EC_NOT_FOUND), "ecNotFound");
	assert_string_equal(ec_name((enum ec)1), "unknown error");
}

static void log_lines(void **state)
{
	char path[] = "/tmp/posthouse-log-XXXXXX", out[64], line[256];
	int fd = mkstemp(path);
	struct log *log = log_open(path, LOG_LEVEL_INFO, NULL);
	FILE *f;

	assert_non_null(log);
	log_event(log, LOG_LEVEL_DEBUG, "hidden", "x=1");
	log_event(log, LOG_LEVEL_INFO, "seen", "who=%s",
		  log_quote("a \"b\"\n", out, sizeof out));
	log_close(log);
	f = fdopen(fd, "r");
	assert_non_null(fgets(line, sizeof line, f));
	assert_non_null(strstr(line, " info seen who=\"a \\\"b\\\"\\x0a\"\n"));
	assert_null(fgets(line, sizeof line, f));
	fclose(f);
	unlink(path);
	assert_string_equal(log_quote("plain", out, sizeof out), "plain");
	assert_string_equal(log_quote("longer than it", out, 8), "\"l\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guid_text),
		cmocka_unit_test(arena_grows_and_resets),
		cmocka_unit_test(buf_formats),
		cmocka_unit_test(markup_escapes),
		cmocka_unit_test(times),
		cmocka_unit_test(errors),
		cmocka_unit_test(log_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
