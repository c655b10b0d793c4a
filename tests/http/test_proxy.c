/* SPDX-License-Identifier: Apache-2.0 */
/* The PROXY protocol (haproxy's proxy-protocol.txt), the parser and the
 * server; kinds of listeners. */
#include "raw_client.h"

#include <pthread.h>
#include <stdatomic.h>

#include "http/proxy.h"
#include "http/server.h"

#define SIG "\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a"
/* 2.2: PROXY of TCP4 from 192.0.2.1:258 to 192.0.2.2:443 */
#define V2_TCP4 SIG "\x21\x11\x00\x0c\xc0\x00\x02\x01\xc0\x00\x02\x02" \
	"\x01\x02\x01\xbb"

/* --- The parser ------------------------------------------------------- */

/* Feed in pieces of step bytes; how many were used in all. */
static size_t feed(struct proxy_parser *p, const char *data, size_t len,
		   size_t step)
{
	size_t at = 0;

	proxy_parser_init(p);
	while (at < len && p->state == PROXY_MORE)
		at += proxy_parser_feed(p, data + at, step < len - at ? step :
					len - at);
	return at;
}

static const char *client_of(const struct proxy_parser *p)
{
	static char text[INET6_ADDRSTRLEN + 16];
	char address[INET6_ADDRSTRLEN];

	if (p->client.ss_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)&p->client;

		inet_ntop(AF_INET, &in->sin_addr, address, sizeof address);
		snprintf(text, sizeof text, "%s:%u", address,
			 ntohs(in->sin_port));
	} else if (p->client.ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)&p->client;

		inet_ntop(AF_INET6, &in6->sin6_addr, address, sizeof address);
		snprintf(text, sizeof text, "[%s]:%u", address,
			 ntohs(in6->sin6_port));
	} else {
		return "none";
	}
	return text;
}

static void accept_header(const char *data, size_t len, const char *client)
{
	struct proxy_parser p;
	char *more = malloc(len + 5);

	memcpy(more, data, len);
	memcpy(more + len, "GET /", 5);
	for (size_t step = 1; step < len + 5; step += step < 20 ? 1 : 50) {
		/* Not a byte behind the header is taken. */
		assert_int_equal(feed(&p, more, len + 5, step), len);
		assert_int_equal(p.state, PROXY_DONE);
		assert_string_equal(client_of(&p), client);
	}
	for (size_t n = 0; n < len; n++) {
		feed(&p, more, n, 7);
		assert_int_equal(p.state, PROXY_MORE);
	}
	free(more);
}

static void refuse_header(const char *data, size_t len)
{
	struct proxy_parser p;

	for (size_t step = 1; step < 200; step += 13) {
		feed(&p, data, len, step);
		if (p.state != PROXY_BAD)
			fail_msg("accepted: %.60s", data);
		assert_non_null(p.reason);
		assert_int_equal(p.client.ss_family, AF_UNSPEC);
	}
}

#define ACCEPT(text, client) accept_header(text, sizeof text - 1, client)
#define REFUSE(text) refuse_header(text, sizeof text - 1)

/* 2.1 */
static void version_1(void **state)
{
	ACCEPT("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n",
	       "192.0.2.1:56324");
	ACCEPT("PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n",
	       "[2001:db8::1]:1");
	ACCEPT("PROXY TCP4 0.0.0.0 255.255.255.255 0 0\r\n", "0.0.0.0:0");
	ACCEPT("PROXY UNKNOWN\r\n", "none");
	ACCEPT("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n",
	       "none");
	REFUSE("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\n");
	REFUSE("PROXY TCP4 192.0.2.1 192.0.2.2 56324\r\n");
	REFUSE("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443 1\r\n");
	REFUSE("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443 \r\n");
	REFUSE("PROXY TCP4  192.0.2.1 192.0.2.2 56324 443\r\n");
	REFUSE("PROXY TCP4 192.0.2.1 192.0.2.2 65536 443\r\n");
	REFUSE("PROXY TCP4 192.0.2.1 192.0.2.2 056 443\r\n");
	REFUSE("PROXY TCP4 192.0.2.1 192.0.2.2 -1 443\r\n");
	REFUSE("PROXY TCP4 192.0.2.1 192.0.2.2 1 999999\r\n");
	REFUSE("PROXY TCP4 192.0.2.256 192.0.2.2 1 443\r\n");
	REFUSE("PROXY TCP4 192.0.2.1 host 1 443\r\n");
	REFUSE("PROXY TCP4 2001:db8::1 2001:db8::2 1 443\r\n");
	REFUSE("PROXY TCP6 192.0.2.1 192.0.2.2 1 443\r\n");
	REFUSE("PROXY UDP4 192.0.2.1 192.0.2.2 1 443\r\n");
	REFUSE("PROXY UNKNOWNS\r\n");
	REFUSE("PROXY \r\n");
	REFUSE("PROXY TCP4\r\n");
	REFUSE("proxy TCP4 192.0.2.1 192.0.2.2 1 443\r\n");
	REFUSE("GET / HTTP/1.1\r\n");
	REFUSE("\x16\x03\x01\x02\x00");
	REFUSE("PROXY TCP4 192.0.2.1\0 192.0.2.2 1 443\r\n");
	/* 108 bytes without an end */
	REFUSE("PROXY UNKNOWN aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
}

/* 2.2 */
static void version_2(void **state)
{
	ACCEPT(V2_TCP4, "192.0.2.1:258");
	ACCEPT(SIG "\x21\x21\x00\x24\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00"
	       "\x00\x00\x00\x00\x00\x01\x20\x01\x0d\xb8\x00\x00\x00\x00\x00"
	       "\x00\x00\x00\x00\x00\x00\x02\x00\x50\x01\xbb",
	       "[2001:db8::1]:80");
	/* LOCAL, whatever follows; PROXY of an unknown protocol. */
	ACCEPT(SIG "\x20\x00\x00\x00", "none");
	ACCEPT(SIG "\x20\x11\x00\x03xyz", "none");
	ACCEPT(SIG "\x21\x00\x00\x02xy", "none");
	/* A TLV that we don't know, and an empty one. */
	ACCEPT(SIG "\x21\x11\x00\x14\xc0\x00\x02\x01\xc0\x00\x02\x02\x01\x02"
	       "\x01\xbb\xea\x00\x02no\x04\x00\x00", "192.0.2.1:258");
	REFUSE(SIG "\x11\x11\x00\x00");           /* version 1 */
	REFUSE(SIG "\x22\x11\x00\x00");           /* command 2 */
	REFUSE(SIG "\x21\x12\x00\x0c\xc0\x00\x02\x01\xc0\x00\x02\x02\x01\x02"
	       "\x01\xbb");                       /* UDP */
	REFUSE(SIG "\x21\x31\x00\x00");           /* a Unix socket */
	REFUSE(SIG "\x21\x11\x00\x0b\xc0\x00\x02\x01\xc0\x00\x02\x02\x01\x02"
	       "\x01");                           /* too short */
	REFUSE(SIG "\x21\x11\xff\xff");           /* too long */
	/* TLVs that do not fill it. */
	REFUSE(SIG "\x21\x11\x00\x0e\xc0\x00\x02\x01\xc0\x00\x02\x02\x01\x02"
	       "\x01\xbb\xea\x00");
	REFUSE(SIG "\x21\x11\x00\x10\xc0\x00\x02\x01\xc0\x00\x02\x02\x01\x02"
	       "\x01\xbb\xea\x00\x02x");
}

/* 2.2.3: CRC-32C of the header with the field zeroed. */
static void checksum(void **state)
{
	uint8_t header[] = SIG "\x21\x11\x00\x13\xc0\x00\x02\x01\xc0\x00\x02"
		"\x02\x01\x02\x01\xbb\x03\x00\x04\x00\x00\x00\x00";
	size_t len = sizeof header - 1;
	uint32_t crc = 0xffffffff;

	refuse_header((const char *)header, len);
	for (size_t i = 0; i < len; i++) {
		crc ^= header[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82f63b78 :
				crc >> 1;
	}
	crc = ~crc;
	for (int i = 0; i < 4; i++)
		header[len - 4 + (size_t)i] = (uint8_t)(crc >> (24 - 8 * i));
	accept_header((const char *)header, len, "192.0.2.1:258");
	header[20] ^= 1;
	refuse_header((const char *)header, len);
}

/* --- The server ------------------------------------------------------- */

struct world {
	struct http_server *server;
	int trusting, distrusting, tls, backend, metrics, closed;
	atomic_uint refused;
};

static char folder[] = "/tmp/posthouse-proxy-XXXXXX";

static void tell_peer(void *ctx, struct http_request *req)
{
	char text[128];

	snprintf(text, sizeof text, "%s %d", http_peer(req),
		 (int)http_listener_kind(req));
	http_respond(req, 200, text, strlen(text));
}

static void on_refused(void *ctx, const char *peer, int status,
		       const char *reason)
{
	struct world *w = ctx;

	atomic_fetch_add(&w->refused, 1);
}

static int listen_as(struct world *w, const char *address,
		     const struct http_listen_options *options)
{
	struct err err;
	int port = http_server_listen_as(w->server, address, options, &err);

	if (port == 0)
		fail_msg("%s", err.text);
	return port;
}

static void begin(struct world *w)
{
	struct http_server_config config = { .threads = 2,
		.refused = on_refused, .ctx = w };
	struct net loopback, other;
	char cert[64], key[64];
	struct err err;

	memset(w, 0, sizeof *w);
	snprintf(cert, sizeof cert, "%s/cert.pem", folder);
	snprintf(key, sizeof key, "%s/key.pem", folder);
	assert_true(net_parse("127.0.0.0/8", &loopback, &err));
	assert_true(net_parse("192.0.2.0/24", &other, &err));
	http_limits_default(&config.limits);
	config.limits.handshake_ms = 300;
	w->server = http_server_new(&config, &err);
	http_server_mount(w->server, &(struct http_mount){ .prefix = "/",
			  .body_max = 100, .handle = tell_peer });
	http_server_mount_on(w->server, &(struct http_mount){
		.prefix = "/metrics", .body_max = 100, .handle = tell_peer },
		1U << HTTP_LISTENER_METRICS);
	w->trusting = listen_as(w, "127.0.0.1:0",
		&(struct http_listen_options){ .proxies = &loopback,
					       .n_proxies = 1 });
	w->distrusting = listen_as(w, "127.0.0.1:0",
		&(struct http_listen_options){ .proxies = &other,
					       .n_proxies = 1 });
	w->tls = listen_as(w, "127.0.0.1:0",
		&(struct http_listen_options){ .proxies = &loopback,
			.n_proxies = 1, .certificate = cert, .key = key });
	w->backend = listen_as(w, "127.0.0.1:0",
		&(struct http_listen_options){
			.kind = HTTP_LISTENER_BACKEND });
	w->metrics = listen_as(w, "127.0.0.1:0",
		&(struct http_listen_options){ .kind = HTTP_LISTENER_METRICS,
			.allowed = &loopback, .n_allowed = 1 });
	w->closed = listen_as(w, "127.0.0.1:0",
		&(struct http_listen_options){ .allowed = &other,
					       .n_allowed = 1 });
	assert_true(http_server_start(w->server, &err));
}

#define GET "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

static void client_is_behind(void **state)
{
	struct client c;
	struct world w;

	begin(&w);
	c = client_open(w.trusting);
	client_puts(&c, "PROXY TCP4 198.51.100.7 192.0.2.2 4242 443\r\n" GET
		    GET);
	client_expect(&c, 200, "198.51.100.7:4242 0");
	client_expect(&c, 200, "198.51.100.7:4242 0");
	client_close(&c);
	c = client_open(w.trusting);
	client_puts(&c, "PROXY TCP6 2001:db8::7 2001:db8::2 4242 443\r\n");
	client_puts(&c, GET);
	client_expect(&c, 200, "[2001:db8::7]:4242 0");
	client_close(&c);
	/* Byte by byte. */
	c = client_open(w.trusting);
	for (size_t i = 0; i < sizeof V2_TCP4 - 1; i++) {
		client_send(&c, &V2_TCP4[i], 1);
		usleep(200);
	}
	client_puts(&c, GET);
	client_expect(&c, 200, "192.0.2.1:258 0");
	client_close(&c);
	/* Nobody in particular: the peer itself. */
	c = client_open(w.trusting);
	client_send(&c, SIG "\x20\x00\x00\x00" GET, 16 + sizeof GET - 1);
	{
		struct answer a;

		assert_true(client_read(&c, &a, false));
		assert_memory_equal(a.body, "127.0.0.1:", 10);
		answer_free(&a);
	}
	client_close(&c);
	http_server_free(w.server);
}

static void before_tls(void **state)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct client c;
	struct world w;

	begin(&w);
	c = client_open(w.tls);
	client_send(&c, V2_TCP4, sizeof V2_TCP4 - 1);
	assert_true(client_tls(&c, ctx));
	client_puts(&c, GET);
	client_expect(&c, 200, "192.0.2.1:258 0");
	client_close(&c);
	/* Without it there is no handshake. */
	c = client_open(w.tls);
	assert_false(client_tls(&c, ctx));
	client_close(&c);
	SSL_CTX_free(ctx);
	http_server_free(w.server);
}

static void header_is_required(void **state)
{
	struct client c;
	struct world w;

	begin(&w);
	c = client_open(w.trusting);
	client_puts(&c, GET);
	client_expect_end(&c);
	client_close(&c);
	assert_int_equal(atomic_load(&w.refused), 1);
	/* One that never comes, or comes to an end in the middle. */
	c = client_open(w.trusting);
	client_puts(&c, "PROXY TCP4 198.51.100.7");
	client_expect_end(&c);
	client_close(&c);
	c = client_open(w.trusting);
	client_puts(&c, "PROXY TCP4 198.51.100.7");
	shutdown(c.fd, SHUT_WR);
	client_expect_end(&c);
	client_close(&c);
	http_server_free(w.server);
}

/* From elsewhere it is nothing but a malformed request. */
static void untrusted(void **state)
{
	struct client c;
	struct world w;

	begin(&w);
	c = client_open(w.distrusting);
	client_puts(&c, "PROXY TCP4 198.51.100.7 192.0.2.2 1 443\r\n" GET);
	client_expect(&c, 400, NULL);
	client_close(&c);
	c = client_open(w.distrusting);
	client_send(&c, V2_TCP4 GET, sizeof V2_TCP4 - 1 + sizeof GET - 1);
	client_expect(&c, 400, NULL);
	client_close(&c);
	c = client_open(w.distrusting);
	client_puts(&c, "GET / HTTP/1.1\r\nHost: h\r\n"
		    "X-Forwarded-For: 198.51.100.7\r\n\r\n");
	{
		struct answer a;

		assert_true(client_read(&c, &a, false));
		assert_memory_equal(a.body, "127.0.0.1:", 10);
		answer_free(&a);
	}
	client_close(&c);
	http_server_free(w.server);
}

/* The last digit of the answer is the listener's kind. */
static void expect_kind(int port, const char *path, int status, char kind)
{
	struct client c = client_open(port);
	struct answer a;
	char text[128];

	snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n",
		 path);
	client_puts(&c, text);
	assert_true(client_read(&c, &a, false));
	assert_int_equal(a.status, status);
	if (status == 200)
		assert_int_equal(a.body[a.len - 1], kind);
	answer_free(&a);
	client_close(&c);
}

static void kinds(void **state)
{
	struct client c;
	struct world w;

	begin(&w);
	expect_kind(w.distrusting, "/", 200, '0');
	expect_kind(w.backend, "/", 200, '1');
	expect_kind(w.metrics, "/metrics", 200, '2');
	/* What is for one is not on the others. */
	expect_kind(w.metrics, "/", 404, 0);
	expect_kind(w.metrics, "/mapi/emsmdb/", 404, 0);
	expect_kind(w.backend, "/metrics", 200, '1');     /* of "/" */
	c = client_open(w.closed);
	client_puts(&c, GET);
	client_expect_end(&c);
	client_close(&c);
	assert_int_equal(atomic_load(&w.refused), 1);
	http_server_free(w.server);
}

/* Where the machine has IPv6. */
static void over_ipv6(void **state)
{
	struct http_server_config config = { .threads = 1 };
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6,
				     .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct client c = { .fd = socket(AF_INET6, SOCK_STREAM, 0) };
	struct http_server *server;
	struct net loopback;
	struct err err;
	int port;

	if (c.fd < 0 || bind(c.fd, (struct sockaddr *)&addr, sizeof addr)) {
		print_message("this machine has no IPv6\n");
		skip();
	}
	close(c.fd);
	server = http_server_new(&config, &err);
	http_server_mount(server, &(struct http_mount){ .prefix = "/",
			  .body_max = 100, .handle = tell_peer });
	assert_true(net_parse("::1", &loopback, &err));
	port = http_server_listen_as(server, "[::1]:0",
		&(struct http_listen_options){ .proxies = &loopback,
					       .n_proxies = 1 }, &err);
	assert_true(port > 0 && http_server_start(server, &err));
	c.fd = socket(AF_INET6, SOCK_STREAM, 0);
	addr.sin6_port = htons((uint16_t)port);
	assert_int_equal(connect(c.fd, (struct sockaddr *)&addr, sizeof addr),
			 0);
	client_puts(&c, "PROXY TCP6 2001:db8::7 ::1 4242 443\r\n" GET);
	client_expect(&c, 200, "[2001:db8::7]:4242 0");
	client_close(&c);
	http_server_free(server);
}

static int make_folder(void **state)
{
	if (mkdtemp(folder) == NULL)
		return -1;
	make_certificate(folder, "localhost");
	return 0;
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
		cmocka_unit_test(version_1),
		cmocka_unit_test(version_2),
		cmocka_unit_test(checksum),
		cmocka_unit_test(client_is_behind),
		cmocka_unit_test(before_tls),
		cmocka_unit_test(header_is_required),
		cmocka_unit_test(untrusted),
		cmocka_unit_test(kinds),
		cmocka_unit_test(over_ipv6),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
