/* SPDX-License-Identifier: Apache-2.0 */
/* The load generator: its arithmetic, its reading of /proc, its client. */
#include "fake_server.h"

#include <sys/stat.h>

#include "analyzer/bench.h"
#include "analyzer/bench_session.h"
#include "analyzer/bench_stats.h"

/* ---- times ---- */

static void test_percentiles(void **state)
{
	struct bench_times t = { 0 };

	assert_int_equal(bench_times_percentile(&t, 50), 0);
	bench_times_add(&t, 7);
	assert_int_equal(bench_times_percentile(&t, 1), 7);
	assert_int_equal(bench_times_percentile(&t, 100), 7);
	bench_times_free(&t);
	/* 100 down to 1: nearest rank is the number itself. */
	for (uint64_t i = 100; i > 0; i--)
		bench_times_add(&t, i);
	assert_int_equal(bench_times_percentile(&t, 50), 50);
	assert_int_equal(bench_times_percentile(&t, 99), 99);
	assert_int_equal(bench_times_percentile(&t, 99.5), 100);
	assert_int_equal(bench_times_percentile(&t, 100), 100);
	assert_int_equal(bench_times_percentile(&t, 0.001), 1);
	/* What comes later is sorted in. */
	bench_times_add(&t, 0);
	assert_int_equal(bench_times_percentile(&t, 0.001), 0);
	bench_times_free(&t);
}

static void test_merge(void **state)
{
	struct bench_times a = { 0 }, b = { 0 };

	for (uint64_t i = 0; i < 5000; i++) {
		bench_times_add(&a, 2 * i);
		bench_times_add(&b, 2 * i + 1);
	}
	bench_times_merge(&a, &b);
	assert_int_equal(a.n, 10000);
	assert_int_equal(bench_times_percentile(&a, 50), 4999);
	assert_int_equal(bench_times_percentile(&a, 99), 9899);
	bench_times_free(&a);
	bench_times_free(&b);
}

/* ---- /proc, made up ---- */

static char proc[] = "/tmp/posthouse-test-proc-XXXXXX";

static void put(const char *path, const char *text)
{
	char full[256];
	FILE *f;

	snprintf(full, sizeof full, "%s/%s", proc, path);
	for (char *p = full + strlen(proc) + 1;
	     (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		mkdir(full, 0755);
		*p = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int make_proc(void **state)
{
	if (mkdtemp(proc) == NULL)
		return -1;
	put("100/stat", "100 (post ) (1 house) S 1 100 100 0 -1 4194304 "
	    "2000 0 0 0 300 200 0 0 20 0 5 0 1000 1 1\n");
	put("100/comm", "posthoused\n");
	put("100/task/100/schedstat", "1000000 500 10\n");
	put("100/task/101/schedstat", "2500000 0 20\n");
	put("100/smaps_rollup", "55d0-7fff ---p 0 00:00 0 [rollup]\n"
	    "Rss:               20000 kB\nPss:               10240 kB\n"
	    "Pss_Dirty:          9000 kB\n");
	/* A child without schedstat, and one of its own. */
	put("200/stat", "200 (helper) S 100 100 100 0 -1 4194304 "
	    "2000 0 0 0 30 20 0 0 20 0 1 0 1000 1 1\n");
	put("200/smaps_rollup", "55d0-7fff ---p 0 00:00 0 [rollup]\n"
	    "Rss:               2000 kB\nPss:               1024 kB\n");
	put("300/stat", "300 (grandchild) S 200 100 100 0 -1 4194304 "
	    "2000 0 0 0 3 2 0 0 20 0 1 0 1000 1 1\n");
	put("400/stat", "400 (stranger) S 1 100 100 0 -1 4194304 "
	    "2000 0 0 0 3 2 0 0 20 0 1 0 1000 1 1\n");
	put("500/stat", "nonsense\n");
	return 0;
}

static int remove_proc(void **state)
{
	char command[128];

	snprintf(command, sizeof command, "rm -r %s", proc);
	return system(command);
}

static void test_proc_cpu(void **state)
{
	uint64_t tick = 1000000000 / (uint64_t)sysconf(_SC_CLK_TCK), ns = 1;

	assert_true(proc_cpu(proc, 100, &ns));
	assert_int_equal(ns, 3500000);
	assert_true(proc_cpu(proc, 200, &ns));
	assert_int_equal(ns, 50 * tick);
	assert_false(proc_cpu(proc, 999, &ns));
	assert_false(proc_cpu(proc, 500, &ns));
	assert_int_equal(ns, 50 * tick);
}

static void test_proc_pss(void **state)
{
	uint64_t bytes = 1;

	assert_true(proc_pss(proc, 100, &bytes));
	assert_int_equal(bytes, 10240 * 1024);
	assert_false(proc_pss(proc, 300, &bytes));
	assert_int_equal(bytes, 10240 * 1024);
}

static void test_proc_name(void **state)
{
	char name[32];

	proc_name(proc, 100, name);
	assert_string_equal(name, "posthoused");
	proc_name(proc, 999, name);
	assert_string_equal(name, "");
}

static void test_server(void **state)
{
	uint64_t tick = 1000000000 / (uint64_t)sysconf(_SC_CLK_TCK);
	struct server_processes s = { .proc = proc, .n_named = 1,
				      .pid = { 100 } };
	struct server_usage u = { 0 };

	server_processes_find(&s);
	assert_int_equal(s.n, 3);
	assert_int_equal(s.pid[1], 200);
	assert_int_equal(s.pid[2], 300);
	assert_true(server_usage_read(&s, &u));
	assert_int_equal(u.cpu, 3500000 + 50 * tick + 5 * tick);
	assert_int_equal(u.pss_named, 10240 * 1024);
	assert_int_equal(u.pss_children, 1024 * 1024);
	/* Found twice, counted once. */
	s.n_named = 2;
	s.pid[1] = 200;
	server_processes_find(&s);
	assert_int_equal(s.n, 3);
	s.n_named = 1;
	s.pid[0] = 999;
	server_processes_find(&s);
	assert_int_equal(s.n, 1);
	assert_false(server_usage_read(&s, &u));
}

/* This process's own, as the kernel has it. */
static void test_own(void **state)
{
	uint64_t before, after, pss;
	volatile unsigned n = 0;

	assert_true(proc_cpu("/proc", getpid(), &before));
	for (unsigned i = 0; i < 20000000; i++)
		n += i;
	assert_int_equal(n, (unsigned)(UINT64_C(20000000) * 19999999 / 2));
	assert_true(proc_cpu("/proc", getpid(), &after));
	assert_true(after > before);
	assert_true(proc_pss("/proc", getpid(), &pss));
	assert_in_range(pss, 100000, UINT64_C(1) << 40);
}

/* ---- answers ---- */

static enum bench_parse feed(struct bench_answer *a, const char *text,
			     bool eof)
{
	bench_answer_reset(a);
	buf_puts(&a->in, text);
	return bench_answer_parse(a, eof);
}

static void assert_body(const struct bench_answer *a, const char *text)
{
	assert_int_equal(a->body_len, strlen(text));
	assert_memory_equal(a->in.data + a->body_at, text, a->body_len);
}

static void test_answer(void **state)
{
	struct bench_answer a = { 0 };
	const char *value;
	size_t len;

	assert_int_equal(feed(&a, "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\n"
			      "Content-Length:  4 \r\nset-cookie: b=2\r\n"
			      "Empty:\r\n\r\nbody", false), BENCH_DONE);
	assert_int_equal(a.status, 200);
	assert_body(&a, "body");
	assert_true(bench_answer_field(&a, "SET-COOKIE", 0, &value, &len));
	assert_int_equal(len, 3);
	assert_memory_equal(value, "a=1", 3);
	assert_true(bench_answer_field(&a, "Set-Cookie", 1, &value, &len));
	assert_memory_equal(value, "b=2", 3);
	assert_false(bench_answer_field(&a, "Set-Cookie", 2, &value, &len));
	assert_false(bench_answer_field(&a, "Cookie", 0, &value, &len));
	assert_false(bench_answer_field(&a, "Content", 0, &value, &len));
	assert_true(bench_answer_field(&a, "Empty", 0, &value, &len));
	assert_int_equal(len, 0);
	buf_free(&a.in);
}

static const char chunked[] =
	"HTTP/1.1 100 Continue\r\n\r\n"
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	"4\r\nWiki\r\n6;name=value\r\npedia \r\n"
	"E\r\nin \r\n\r\nchunks.\r\n0\r\nTrailer: x\r\n\r\n";

static void test_chunks(void **state)
{
	struct bench_answer a = { 0 };

	assert_int_equal(feed(&a, chunked, false), BENCH_DONE);
	assert_body(&a, "Wikipedia in \r\n\r\nchunks.");
	/* Cut anywhere it wants more, and then is whole. */
	for (size_t n = 0; n < sizeof chunked - 1; n++) {
		bench_answer_reset(&a);
		buf_add(&a.in, chunked, n);
		assert_int_equal(bench_answer_parse(&a, false), BENCH_MORE);
		buf_add(&a.in, chunked + n, sizeof chunked - 1 - n);
		assert_int_equal(bench_answer_parse(&a, false), BENCH_DONE);
		assert_body(&a, "Wikipedia in \r\n\r\nchunks.");
		bench_answer_reset(&a);
		buf_add(&a.in, chunked, n);
		assert_int_equal(bench_answer_parse(&a, true), BENCH_BAD);
	}
	/* Byte by byte. */
	bench_answer_reset(&a);
	for (size_t n = 0; n < sizeof chunked - 1; n++) {
		buf_add(&a.in, chunked + n, 1);
		assert_int_equal(bench_answer_parse(&a, false),
				 n + 2 < sizeof chunked ? BENCH_MORE :
				 BENCH_DONE);
	}
	assert_body(&a, "Wikipedia in \r\n\r\nchunks.");
	buf_free(&a.in);
}

static void test_other_ends(void **state)
{
	struct bench_answer a = { 0 };

	assert_int_equal(feed(&a, "HTTP/1.1 204 No\r\n\r\n", false),
			 BENCH_DONE);
	assert_false(a.close);
	assert_int_equal(feed(&a, "HTTP/1.1 200 OK\r\n\r\nto the end",
			      false), BENCH_MORE);
	assert_int_equal(bench_answer_parse(&a, true), BENCH_DONE);
	assert_body(&a, "to the end");
	assert_true(a.close);
	assert_int_equal(feed(&a, "HTTP/1.1 401 No\r\nConnection: close\r\n"
			      "Content-Length: 0\r\n\r\n", false),
			 BENCH_DONE);
	assert_int_equal(a.status, 401);
	assert_true(a.close);
	buf_free(&a.in);
}

static void test_bad_answers(void **state)
{
	static const char *const cases[] = {
		"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
		"FTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\na",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		"1\r\nabc",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		"fffffff\r\n",
	};
	struct bench_answer a = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (feed(&a, cases[i], false) != BENCH_BAD)
			fail_msg("case %zu", i);
	buf_free(&a.in);
}

static void test_frame(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		int code;
		size_t left;
	} cases[] = {
		{ "PROCESSING\r\nDONE\r\n\r\nbody", true, 0, 4 },
		{ "PROCESSING\r\nPENDING\r\nDONE\r\nX-A: b\r\n\r\n", true, 0,
		  0 },
		{ "DONE\r\nx-responsecode: 12\r\n\r\n", true, 12, 0 },
		{ "DONE\r\nX-ResponseCode: zwölf\r\n\r\n", true, -1, 0 },
		{ "", false, 0, 0 },
		{ "PROCESSING\r\n", false, 0, 0 },
		{ "PROCESSING\r\nDONE\r\n", false, 0, 0 },
		{ "WORKING\r\nDONE\r\n\r\n", false, 0, 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bin body = { NULL, 99 };
		int code = 99;

		assert_int_equal(bench_frame((const uint8_t *)cases[i].text,
			strlen(cases[i].text), &body, &code), cases[i].ok);
		if (!cases[i].ok)
			continue;
		assert_int_equal(code, cases[i].code);
		assert_int_equal(body.len, cases[i].left);
	}
}

/* ---- the client against a server ---- */

static struct bench_target *target(struct fake_server *s)
{
	struct bench_target_config config = { .url = s->url,
		.user = "alice@example.test", .password = "secret",
		.timeout_ms = 2000 };
	struct bench_target *t;
	struct err err;

	t = bench_target_new(&config, &err);
	assert_non_null(t);
	assert_false(bench_target_is_tls(t));
	return t;
}

static void test_session(void **state)
{
	char text[2][1024];
	const struct fake_answer answers[] = {
		{ .piece = 5, .data = fake_mapi(text[0], sizeof text[0],
			"X-ResponseCode: 0\r\n"
			"Set-Cookie: MapiContext=long-one; path=/\r\n"
			"Set-Cookie: MapiSequence=1\r\nSet-Cookie: bad\r\n",
			"PROCESSING\r\nDONE\r\n\r\nabc") },
		{ .data = fake_mapi(text[1], sizeof text[1],
			"X-ResponseCode: 0\r\n"
			"Set-Cookie: MapiSequence=1000000\r\n",
			"PROCESSING\r\nDONE\r\n\r\n") },
		{ .data = "HTTP/1.1 200 OK\r\nX-ResponseCode: 10\r\n"
			  "Content-Length: 2\r\n\r\nno" },
		{ .data = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n" },
		{ .data = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" },
		{ .data = "HTTP/1.1 2", .close = true },
	};
	struct fake_server s;
	struct bench_target *t;
	struct bench_session *session;
	struct bin body, request = { (const uint8_t *)"request", 7 };
	struct err err;

	fake_start(&s, answers, 6);
	t = target(&s);
	session = bench_session_new(t, 0, &err);
	assert_non_null(session);
	assert_true(bench_session_call(session, "Connect", &request, &body,
				       &err));
	assert_int_equal(body.len, 3);
	assert_memory_equal(body.data, "abc", 3);
	assert_true(bench_session_call(session, "PING", NULL, NULL, &err));
	assert_false(bench_session_call(session, "PING", NULL, NULL, &err));
	assert_non_null(strstr(err.text, "PING: X-ResponseCode 10"));
	assert_false(bench_session_call(session, "PING", NULL, NULL, &err));
	assert_non_null(strstr(err.text, "HTTP status 503"));
	assert_false(bench_session_call(session, "PING", NULL, NULL, &err));
	assert_non_null(strstr(err.text, "no X-ResponseCode"));
	assert_false(bench_session_call(session, "PING", NULL, NULL, &err));
	assert_non_null(strstr(err.text, "closed the connection"));
	bench_session_free(session);
	bench_target_free(t);
	fake_join(&s);
	assert_int_equal(s.connections, 1);
	/* alice@example.test:secret */
	assert_non_null(strstr(s.requests[0], "\r\nAuthorization: Basic "
		"YWxpY2VAZXhhbXBsZS50ZXN0OnNlY3JldA==\r\n"));
	assert_null(strstr(s.requests[0], "Cookie"));
	assert_memory_equal(s.requests[0] + s.lengths[0] - 11,
			    "\r\n\r\nrequest", 11);
	assert_non_null(strstr(s.requests[1], "\r\nCookie: "
		"MapiContext=long-one; MapiSequence=1\r\n"));
	assert_non_null(strstr(s.requests[2], "\r\nCookie: "
		"MapiContext=long-one; MapiSequence=1000000\r\n"));
	fake_stop(&s);
}

/* A connection is handed on, and made anew. */
static void test_hand_over(void **state)
{
	char text[1024];
	const char *good = fake_mapi(text, sizeof text,
		"X-ResponseCode: 0\r\nSet-Cookie: c=1\r\n",
		"PROCESSING\r\nDONE\r\n\r\n");
	const struct fake_answer answers[] = { { .data = good },
		{ .data = good, .close = true }, { .data = good } };
	struct bench_session *one, *two;
	struct bench_target *t;
	struct fake_server s;
	struct err err;

	fake_start(&s, answers, 3);
	t = target(&s);
	one = bench_session_new(t, 0, &err);
	assert_non_null(one);
	assert_true(bench_session_call(one, "PING", NULL, NULL, &err));
	two = bench_session_after(one);
	assert_true(bench_session_call(two, "PING", NULL, NULL, &err));
	bench_session_shrink(one);
	bench_session_shrink(two);
	/* From another of the loopback's addresses. */
	assert_true(bench_session_dial(one, 3, &err));
	assert_true(bench_session_call(one, "PING", NULL, NULL, &err));
	fake_join(&s);
	assert_null(strstr(s.requests[1], "Cookie: c=1"));
	assert_non_null(strstr(s.requests[2], "Cookie: c=1"));
	bench_session_free(one);
	bench_session_free(two);
	bench_target_free(t);
	assert_int_equal(s.connections, 2);
	fake_stop(&s);
}

static void test_targets(void **state)
{
	static const char *const bad[] = { "ftp://a/", "http://", "http:///x",
		"http://[::1/", "example.test", "" };
	struct bench_target_config config = { 0 };
	struct bench_target *t;
	struct err err;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		config.url = bad[i];
		if (bench_target_new(&config, &err) != NULL)
			fail_msg("%s was taken", bad[i]);
	}
	config.url = "http://[::1]:8080/a?b";
	t = bench_target_new(&config, &err);
	assert_non_null(t);
	assert_string_equal(bench_target_head(t), "POST /a?b HTTP/1.1\r\n"
			    "Host: [::1]:8080\r\n");
	bench_target_free(t);
	config.url = "https://name.invalid";
	config.address = "127.0.0.1";
	t = bench_target_new(&config, &err);
	assert_non_null(t);
	assert_true(bench_target_is_tls(t));
	assert_string_equal(bench_target_head(t), "POST / HTTP/1.1\r\n"
			    "Host: name.invalid:443\r\n");
	bench_target_free(t);
	config.ca_file = "/nonexistent.pem";
	assert_null(bench_target_new(&config, &err));
	assert_non_null(strstr(err.text, "/nonexistent.pem"));
}

/* ---- a run ---- */

static void test_run(void **state)
{
	char text[1024];
	const char *good = fake_mapi(text, sizeof text,
				     "X-ResponseCode: 0\r\n",
				     "PROCESSING\r\nDONE\r\n\r\n");
	struct fake_answer answers[FAKE_ANSWERS_MAX];
	struct fake_server s;
	struct bench_options o = { .count = 10, .concurrency = 1,
				   .user_dn = "/o=x" };
	struct bench_result r;
	pid_t self = getpid();
	struct err err;
	json_t *json;

	/* The warm-up is cut short by the first failure, so a run fails. */
	for (size_t i = 0; i < FAKE_ANSWERS_MAX; i++)
		answers[i] = (struct fake_answer){ .data = good };
	answers[3] = (struct fake_answer){
		.data = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n" };
	fake_start(&s, answers, FAKE_ANSWERS_MAX);
	o.target.url = s.url;
	o.pids = &self;
	o.n_pids = 1;
	assert_false(bench_run(bench_mode_find("ping"), &o, &r, &err));
	assert_string_equal(err.text, "ping: PING: HTTP status 503");
	fake_stop(&s);

	r = (struct bench_result){ .mode = "ping", .unit = "operation",
		.concurrency = 8, .operations = 100, .units = 100,
		.seconds = 2, .p50 = 10, .p99 = 20, .has_usage = true,
		.cpu = 15, .pss_after = 1 << 20 };
	json = bench_result_json(&r);
	assert_true(json_real_value(json_object_get(json,
		"operations_per_second")) == 50.0);
	assert_true(json_real_value(json_object_get(json, "cpu_us")) == 15);
	assert_int_equal(json_integer_value(json_object_get(json,
		"pss_after")), 1 << 20);
	json_decref(json);
}

static void test_no_process(void **state)
{
	pid_t none = 0x7ffffff0;
	struct bench_options o = { .count = 1, .pids = &none, .n_pids = 1,
		.target = { .url = "http://127.0.0.1:1/" } };
	struct bench_result r;
	struct err err;

	assert_false(bench_run(bench_mode_find("ping"), &o, &r, &err));
	assert_non_null(strstr(err.text, "--pid"));
	o.n_pids = 0;
	assert_false(bench_run(bench_mode_find("cycle"), &o, &r, &err));
	assert_non_null(strstr(err.text, "cannot connect"));
}

static void test_modes(void **state)
{
	static const char *const names[] = { "ping", "release",
		"receive-folder", "properties", "cycle", "fill", "sweep",
		"page", "open", "hold", "nspi-bind", "nspi-resolve",
		"nspi-page" };
	size_t n = sizeof names / sizeof *names;

	for (size_t i = 0; i < n; i++) {
		const struct bench_mode *mode = bench_mode_find(names[i]);

		assert_non_null(mode);
		assert_ptr_equal(mode, bench_mode_at(i));
		assert_string_equal(bench_mode_name(mode), names[i]);
		assert_true(strlen(bench_mode_summary(mode)) > 10);
	}
	assert_null(bench_mode_at(n));
	assert_null(bench_mode_find("pings"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_percentiles),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_proc_cpu),
		cmocka_unit_test(test_proc_pss),
		cmocka_unit_test(test_proc_name),
		cmocka_unit_test(test_server),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_other_ends),
		cmocka_unit_test(test_bad_answers),
		cmocka_unit_test(test_frame),
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_hand_over),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_no_process),
		cmocka_unit_test(test_modes),
	};

	return cmocka_run_group_tests(tests, make_proc, remove_proc);
}
