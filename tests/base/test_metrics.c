/* SPDX-License-Identifier: Apache-2.0 */
/* Networks, and numbers in Prometheus' text format 0.0.4. */
#include "test.h"

#include <arpa/inet.h>
#include <math.h>
#include <netinet/in.h>

#include "base/metrics.h"
#include "base/net.h"

/* --- Metrics ---------------------------------------------------------- */

static void collect_first(void *ctx, struct metrics_text *t)
{
	const struct metric_label two[] = { { "a", "x\"y\\z\nw" },
					    { "b", "ü" } };

	metric(t, METRIC_COUNTER, "posthouse_one_total", "One \\ and\nmore.",
	       *(double *)ctx);
	metric_family(t, METRIC_GAUGE, "posthouse_two", "Two.");
	metric_sample(t, two, 2, -1.5);
	metric_sample1(t, "a", "plain", 18014398509481984.0);
}

static void collect_second(void *ctx, struct metrics_text *t)
{
	metric(t, METRIC_GAUGE, "posthouse_nan", "Not a number.", NAN);
	metric(t, METRIC_GAUGE, "posthouse_inf", "Infinite.", INFINITY);
	metric(t, METRIC_GAUGE, "posthouse_minus_inf", "Infinite.",
	       -INFINITY);
	metric(t, METRIC_GAUGE, "posthouse_large", "2^53 - 1.",
	       9007199254740991.0);
}

static void text_format(void **state)
{
	struct metrics *m = metrics_new();
	struct buf out = BUF_INIT;
	double value = 42;

	metrics_write(m, &out);
	assert_string_equal(buf_str(&out), "");
	metrics_add(m, collect_first, &value);
	metrics_add(m, collect_second, NULL);
	metrics_write(m, &out);
	assert_string_equal(buf_str(&out),
		"# HELP posthouse_one_total One \\\\ and\\nmore.\n"
		"# TYPE posthouse_one_total counter\n"
		"posthouse_one_total 42\n"
		"# HELP posthouse_two Two.\n"
		"# TYPE posthouse_two gauge\n"
		"posthouse_two{a=\"x\\\"y\\\\z\\nw\",b=\"ü\"} -1.5\n"
		"posthouse_two{a=\"plain\"} 1.80143985e+16\n"
		"# HELP posthouse_nan Not a number.\n"
		"# TYPE posthouse_nan gauge\n"
		"posthouse_nan NaN\n"
		"# HELP posthouse_inf Infinite.\n"
		"# TYPE posthouse_inf gauge\n"
		"posthouse_inf +Inf\n"
		"# HELP posthouse_minus_inf Infinite.\n"
		"# TYPE posthouse_minus_inf gauge\n"
		"posthouse_minus_inf -Inf\n"
		"# HELP posthouse_large 2^53 - 1.\n"
		"# TYPE posthouse_large gauge\n"
		"posthouse_large 9007199254740991\n");
	buf_free(&out);
	metrics_free(m);
	metrics_free(NULL);
}

/* --- Networks --------------------------------------------------------- */

static bool has(const char *list, const char *address)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	const struct sockaddr *addr = (const struct sockaddr *)&in;
	struct net *nets;
	struct err err;
	size_t n;
	bool found;

	if (inet_pton(AF_INET, address, &in.sin_addr) != 1) {
		assert_int_equal(inet_pton(AF_INET6, address, &in6.sin6_addr),
				 1);
		addr = (const struct sockaddr *)&in6;
	}
	if (!net_parse_list(list, &nets, &n, &err))
		fail_msg("%s", err.text);
	found = net_contains(nets, n, addr);
	free(nets);
	return found;
}

static void networks(void **state)
{
	assert_true(has("10.0.0.0/8", "10.255.0.1"));
	assert_false(has("10.0.0.0/8", "11.0.0.1"));
	assert_true(has("10.0.0.0/9", "10.127.255.255"));
	assert_false(has("10.0.0.0/9", "10.128.0.0"));
	assert_true(has("192.0.2.7", "192.0.2.7"));
	assert_false(has("192.0.2.7", "192.0.2.6"));
	assert_true(has("0.0.0.0/0", "203.0.113.9"));
	/* All of IPv4 is not all there is. */
	assert_false(has("0.0.0.0/0", "2001:db8::1"));
	assert_true(has("::/0", "203.0.113.9"));
	assert_true(has("fd00::/8", "fdff::1"));
	assert_false(has("fd00::/8", "fe80::1"));
	assert_true(has("::1", "::1"));
	/* IPv4 over an IPv6 socket. */
	assert_true(has("10.0.0.0/8", "::ffff:10.1.2.3"));
	assert_true(has("192.0.2.0/31, 10.0.0.0/8\t::1", "10.9.9.9"));
	assert_false(has("", "10.9.9.9"));
}

static void no_networks(void **state)
{
	static const char *const bad[] = { "10.0.0.0/33", "10.0.0.1/8",
		"10.0.0/8", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.0/-1",
		"::/129", "fd00::1/8", "host", "10.0.0.0/0008", "1.2.3.4:5",
		"[::1]", "10.0.0.0/8 junk",
		("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		 "aaaaaaaaaaaaaaaa") };
	struct net *nets = (struct net *)&nets;
	struct err err;
	size_t n = 7;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_false(net_parse_list(bad[i], &nets, &n, &err));
		assert_ptr_equal(nets, &nets);
		assert_int_equal(n, 7);
	}
	assert_false(net_parse_list("10.0.0.1/8", &nets, &n, &err));
	assert_non_null(strstr(err.text, "clear the bits"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_format),
		cmocka_unit_test(networks),
		cmocka_unit_test(no_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
