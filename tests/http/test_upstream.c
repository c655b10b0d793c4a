/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A proxy in small: bodies of requests as they come, connections to another
 * server, pools.  The test is both the client and the server behind.
 */
#include "raw_client.h"

#include <pthread.h>
#include <stdatomic.h>

#include "http/upstream.h"

#define H "Host: h\r\n"

struct world {
	struct http_server *server;
	struct http_upstreams *ups;
	int port, listener, back_port;
	bool pooled, tls;
	const char *host;
	atomic_uint gone, failed;
};

struct hop {
	struct world *w;
	struct http_request *req;
	struct http_upstream *u;
	bool started;
};

/* --- The proxy -------------------------------------------------------- */

static void on_head(void *ctx, struct http_upstream *u,
		    const struct http_answer *answer)
{
	struct hop *hop = ctx;
	const char *x = http_answer_field(answer, "X-From");

	http_header(hop->req, "X-From", x != NULL ? x : "-");
	hop->started = true;
	if (answer->has_length || answer->no_body)
		http_start_sized(hop->req, answer->status, answer->length);
	else
		http_start(hop->req, answer->status);
}

static void client_took_all(void *ctx, struct http_request *req)
{
	struct hop *hop = ctx;

	if (hop->u != NULL)
		http_upstream_pause(hop->u, false);
}

static void on_piece(void *ctx, struct http_upstream *u, const void *data,
		     size_t len)
{
	struct hop *hop = ctx;

	http_send(hop->req, &(struct iovec){ (void *)data, len }, 1);
	if (http_unsent(hop->req) > 65536) {
		http_upstream_pause(u, true);
		http_on_drained(hop->req, client_took_all, hop);
	}
}

static void on_done(void *ctx, struct http_upstream *u)
{
	struct hop *hop = ctx;

	hop->u = NULL;
	if (hop->w->pooled)
		http_upstream_give(u, "key");
	else
		http_upstream_close(u);
	http_finish(hop->req);
}

static void on_failed(void *ctx, struct http_upstream *u,
		      enum http_upstream_failure failure, const char *text)
{
	struct hop *hop = ctx;
	const char *name = http_upstream_failure_name(failure);

	hop->u = NULL;
	atomic_fetch_add(&hop->w->failed, 1);
	assert_true(strlen(text) > 10);
	if (hop->started)
		http_abort(hop->req);
	else
		http_respond(hop->req, 502, name, strlen(name));
}

static void on_up_drained(void *ctx, struct http_upstream *u)
{
	struct hop *hop = ctx;

	http_pause_body(hop->req, false);
}

static const struct http_upstream_events events = {
	.head = on_head, .body = on_piece, .done = on_done,
	.failed = on_failed, .drained = on_up_drained };

static void on_body(void *ctx, struct http_request *req, const void *data,
		    size_t len, bool last)
{
	struct hop *hop = ctx;

	if (hop->u == NULL)
		return;
	http_upstream_send(hop->u, data, len);
	if (last)
		http_upstream_finish(hop->u);
	else if (http_upstream_unsent(hop->u) > 65536)
		http_pause_body(req, true);
}

static void on_gone(void *ctx, struct http_request *req)
{
	struct hop *hop = ctx;

	atomic_fetch_add(&hop->w->gone, 1);
	if (hop->u != NULL)
		http_upstream_close(hop->u);
	http_abort(req);
}

static void proxy(void *ctx, struct http_request *req)
{
	struct world *w = ctx;
	struct hop *hop = arena_zalloc(http_arena(req), sizeof *hop);
	const struct http_origin origin = { .host = w->host, .path = "",
		.port = (uint16_t)w->back_port, .tls = w->tls,
		.literal = w->host[0] == '1' };

	hop->w = w;
	hop->req = req;
	http_on_gone(req, on_gone, hop);
	if (w->pooled)
		hop->u = http_upstream_take(w->ups, req, "key", &events, hop);
	if (hop->u == NULL)
		hop->u = http_upstream_open(w->ups, req, &origin, &events,
					    hop);
	http_upstream_request(hop->u, http_method(req), http_path(req),
			      "X-Via: p\r\n", 10, http_body_length(req));
	http_read_body(req, on_body, hop);
}

/* --- Handlers that don't proxy ---------------------------------------- */

/* Answered without the body being asked for. */
static void early(void *ctx, struct http_request *req)
{
	http_respond(req, 401, "no", 2);
}

static void whole(void *ctx, struct http_request *req)
{
	size_t len;
	const uint8_t *body = http_body(req, &len);

	http_respond(req, 200, body, len);
}

static void give_up(void *ctx, struct http_request *req)
{
	http_abort(req);
}

static void asks_late(void *ctx, struct http_request *req)
{
	http_on_gone(req, give_up, ctx);
	http_read_whole(req, 1000, whole, ctx);
}

static void wait_then_ask(void *ctx, struct http_request *req)
{
	http_timer(req, 20, asks_late, ctx);
}

static void last_fields(void *ctx, struct http_request *req)
{
	http_last_header(req, "X-Last", "2");
	http_header(req, "X-First", "1");
	http_respond(req, 200, "", 0);
}

/* --- The world -------------------------------------------------------- */

static int listen_any(int *port)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof addr;

	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof addr), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	*port = ntohs(addr.sin_port);
	return fd;
}

static void mount(struct world *w, const char *prefix,
		  void (*handle)(void *, struct http_request *))
{
	http_server_mount(w->server, &(struct http_mount){ .prefix = prefix,
		.body_max = 8 << 20, .handle = handle, .ctx = w,
		.at_head = true });
}

static void world_open_with(struct world *w, const char *ca)
{
	struct http_server_config config = { .threads = 1 };
	struct http_upstreams_config ups = { .ca_file = ca,
		.connect_ms = 2000, .handshake_ms = 2000, .head_ms = 300,
		.body_ms = 300 };
	struct err err = { 0 };

	memset(w, 0, sizeof *w);
	w->host = "127.0.0.1";
	w->listener = listen_any(&w->back_port);
	w->server = http_server_new(&config, &err);
	assert_non_null(w->server);
	w->ups = http_upstreams_new(w->server, &ups, &err);
	if (w->ups == NULL)
		fail_msg("%s", err.text);
	mount(w, "/", proxy);
	mount(w, "/early", early);
	mount(w, "/whole", asks_late);
	mount(w, "/late", wait_then_ask);
	mount(w, "/last", last_fields);
	w->port = http_server_listen(w->server, "127.0.0.1:0", NULL, NULL,
				     &err);
	assert_true(w->port > 0);
	assert_true(http_server_start(w->server, &err));
}

static void world_open(struct world *w)
{
	world_open_with(w, NULL);
}

static void world_close(struct world *w)
{
	http_server_free(w->server);
	http_upstreams_free(w->ups);
	close(w->listener);
}

/* The server behind: what has connected. */
static struct client back_accept(struct world *w)
{
	struct timeval tv = { 10, 0 };
	struct client c = { .fd = -1 };

	setsockopt(w->listener, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	c.fd = accept(w->listener, NULL, NULL);
	assert_true(c.fd >= 0);
	setsockopt(c.fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	return c;
}

/* Read up to and with text; what came before is returned, on the heap. */
static char *back_read(struct client *c, const char *text)
{
	char *end, *out;
	size_t len;

	while (c->len == 0 || (end = strstr(c->data, text)) == NULL)
		if (!client_more(c))
			fail_msg("the proxy sent no \"%s\"", text);
	len = (size_t)(end - c->data) + strlen(text);
	out = calloc(1, len + 1);
	memcpy(out, c->data, len);
	client_drop(c, len);
	return out;
}

static void back_expect(struct client *c, const char *text)
{
	free(back_read(c, text));
}

/* --- Tests: the hop --------------------------------------------------- */

static void passes(void **state)
{
	struct world w;
	struct client c, b;
	char *head;

	world_open(&w);
	c = client_open(w.port);
	client_puts(&c, "POST /a HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\n"
		    "hello");
	b = back_accept(&w);
	head = back_read(&b, "hello");
	assert_non_null(strstr(head, "POST /a HTTP/1.1\r\nHost: 127.0.0.1:"));
	assert_non_null(strstr(head, "\r\nX-Via: p\r\nContent-Length: 5\r\n"
			       "\r\nhello"));
	free(head);
	client_puts(&b, "HTTP/1.1 200 OK\r\nX-From: b\r\nContent-Length: 3\r\n"
		    "\r\nabc");
	client_expect(&c, 200, "abc");
	client_close(&c);
	client_close(&b);
	world_close(&w);
}

/* Each chunk is passed on before the next one comes. */
static void chunks_at_once(void **state)
{
	struct world w;
	struct client c, b;
	struct answer a;
	bool last;

	world_open(&w);
	c = client_open(w.port);
	client_puts(&c, "POST /a HTTP/1.1\r\n" H
		    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
	b = back_accept(&w);
	back_expect(&b, "\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
	client_puts(&c, "2\r\nde\r\n0\r\n\r\n");
	back_expect(&b, "2\r\nde\r\n0\r\n\r\n");
	client_puts(&b, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
		    "\r\nc\r\nPROCESSING\r\n\r\n");
	assert_true(client_head(&c, &a));
	assert_int_equal(a.status, 200);
	assert_true(client_chunk(&c, &a, &last));
	assert_string_equal(a.body, "PROCESSING\r\n");
	client_puts(&b, "9\r\nPENDING\r\n\r\n");
	assert_true(client_chunk(&c, &a, &last));
	assert_string_equal(a.body, "PROCESSING\r\nPENDING\r\n");
	client_puts(&b, "0\r\n\r\n");
	assert_true(client_chunk(&c, &a, &last) && last);
	answer_free(&a);
	client_close(&c);
	client_close(&b);
	world_close(&w);
}

static void interim_and_to_eof(void **state)
{
	struct world w;
	struct client c, b;

	world_open(&w);
	c = client_open(w.port);
	client_puts(&c, "GET /a HTTP/1.1\r\n" H "\r\n");
	b = back_accept(&w);
	back_expect(&b, "X-Via: p\r\n\r\n");
	client_puts(&b, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"
		    "up to the end");
	client_close(&b);
	client_expect(&c, 200, "up to the end");
	client_close(&c);
	world_close(&w);
}

static void one_round(struct client *c, struct client *b, const char *body)
{
	char text[128];

	client_puts(c, "GET /a HTTP/1.1\r\n" H "\r\n");
	back_expect(b, "X-Via: p\r\n\r\n");
	snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %zu"
		 "\r\n\r\n%s", strlen(body), body);
	client_puts(b, text);
	client_expect(c, 200, body);
}

static struct http_upstream_counters counters(const struct world *w)
{
	struct http_upstream_counters n;

	http_upstreams_counters(w->ups, &n);
	return n;
}

/* A kept connection serves one request after another, of any client. */
static void pool(void **state)
{
	struct world w;
	struct client c, d, b;

	world_open(&w);
	w.pooled = true;
	c = client_open(w.port);
	d = client_open(w.port);
	client_puts(&c, "GET /a HTTP/1.1\r\n" H "\r\n");
	b = back_accept(&w);
	back_expect(&b, "\r\n\r\n");
	client_puts(&b, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	client_expect(&c, 200, "");
	one_round(&d, &b, "two");
	one_round(&c, &b, "three");
	assert_int_equal(counters(&w).opened, 1);
	assert_int_equal(counters(&w).taken, 2);
	assert_int_equal(counters(&w).idle, 1);
	/* The peer closes it: the next request goes on another. */
	client_close(&b);
	client_puts(&c, "GET /a HTTP/1.1\r\n" H "\r\n");
	b = back_accept(&w);
	back_expect(&b, "\r\n\r\n");
	client_puts(&b, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	client_expect(&c, 200, "");
	client_close(&c);
	client_close(&d);
	client_close(&b);
	world_close(&w);
}

/* Bytes that nobody asked for must not become the answer to the next one. */
static void stray_bytes(void **state)
{
	struct world w;
	struct client c, b, b2;

	world_open(&w);
	w.pooled = true;
	c = client_open(w.port);
	client_puts(&c, "GET /a HTTP/1.1\r\n" H "\r\n");
	b = back_accept(&w);
	back_expect(&b, "\r\n\r\n");
	client_puts(&b, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"
		    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong");
	client_expect(&c, 200, "a");
	client_puts(&c, "GET /a HTTP/1.1\r\n" H "\r\n");
	b2 = back_accept(&w);
	back_expect(&b2, "\r\n\r\n");
	client_puts(&b2, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nright");
	client_expect(&c, 200, "right");
	client_close(&c);
	client_close(&b);
	client_close(&b2);
	world_close(&w);
}

/* --- Tests: failures -------------------------------------------------- */

static void fails(struct world *w, const char *answer, bool close_it,
		  const char *failure)
{
	struct client c = client_open(w->port), b;

	client_puts(&c, "GET /a HTTP/1.1\r\n" H "\r\n");
	b = back_accept(w);
	back_expect(&b, "X-Via: p\r\n\r\n");
	client_puts(&b, answer);
	if (close_it)
		client_close(&b);
	client_expect(&c, 502, failure);
	client_close(&c);
	if (!close_it)
		client_close(&b);
}

static void failures(void **state)
{
	struct world w;

	world_open(&w);
	fails(&w, "", true, "closed");
	fails(&w, "HTTP/1.1 200 O", true, "closed");
	fails(&w, "HTTP/1.1 101 No\r\n\r\n", false, "malformed");
	fails(&w, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2"
	      "\r\n\r\n", false, "malformed");
	fails(&w, "SSH-2.0-x\r\n", false, "malformed");
	fails(&w, "", false, "head_timeout");
	world_close(&w);
}

static void breaks_off(void **state)
{
	struct world w;
	struct client c, b;
	struct answer a;
	bool last;

	world_open(&w);
	c = client_open(w.port);
	client_puts(&c, "GET /a HTTP/1.1\r\n" H "\r\n");
	b = back_accept(&w);
	back_expect(&b, "\r\n\r\n");
	client_puts(&b, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
		    "\r\n3\r\nabc\r\n");
	assert_true(client_head(&c, &a));
	assert_true(client_chunk(&c, &a, &last));
	client_close(&b);
	assert_false(client_chunk(&c, &a, &last));
	answer_free(&a);
	client_close(&c);
	assert_int_equal(atomic_load(&w.failed), 1);
	world_close(&w);
}

static void unreachable(void **state)
{
	struct world w;
	struct client c;

	world_open(&w);
	close(w.listener);
	c = client_open(w.port);
	client_puts(&c, "GET /a HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, 502, "connect");
	w.host = "nowhere.invalid";
	client_puts(&c, "GET /a HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, 502, "resolve");
	w.listener = listen_any(&w.back_port);
	w.host = "127.0.0.1";
	w.tls = true;
	client_puts(&c, "GET /a HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, 502, "tls");
	client_close(&c);
	world_close(&w);
}

/* A client that leaves takes its connection with it. */
static void client_leaves(void **state)
{
	struct world w;
	struct client c, b;

	world_open(&w);
	c = client_open(w.port);
	client_puts(&c, "GET /a HTTP/1.1\r\n" H "\r\n");
	b = back_accept(&w);
	back_expect(&b, "\r\n\r\n");
	client_close(&c);
	assert_false(client_more(&b));
	assert_int_equal(atomic_load(&w.gone), 1);
	client_close(&b);
	world_close(&w);
}

/* --- Tests: back-pressure --------------------------------------------- */

struct pump {
	struct client *c;
	size_t left;
};

static void *pump_main(void *arg)
{
	struct pump *pump = arg;
	static char block[65536];

	while (pump->left > 0) {
		size_t n = pump->left < sizeof block ? pump->left :
			sizeof block;

		client_send(pump->c, block, n);
		pump->left -= n;
	}
	return NULL;
}

static void large_bodies(void **state)
{
	enum { SIZE = 6 << 20 };
	struct world w;
	struct client c, b;
	struct pump up = { &c, SIZE }, down = { &b, SIZE };
	struct answer a;
	pthread_t thread;

	world_open(&w);
	c = client_open(w.port);
	client_puts(&c, "POST /a HTTP/1.1\r\n" H "Content-Length: 6291456\r\n"
		    "\r\n");
	pthread_create(&thread, NULL, pump_main, &up);
	b = back_accept(&w);
	back_expect(&b, "\r\n\r\n");
	while (b.len < SIZE)
		assert_true(client_more(&b));
	assert_int_equal(b.len, SIZE);
	pthread_join(thread, NULL);
	client_puts(&b, "HTTP/1.1 200 OK\r\nContent-Length: 6291456\r\n\r\n");
	pthread_create(&thread, NULL, pump_main, &down);
	assert_true(client_read(&c, &a, false));
	assert_int_equal(a.len, SIZE);
	pthread_join(thread, NULL);
	answer_free(&a);
	client_close(&c);
	client_close(&b);
	world_close(&w);
}

/* --- Tests: bodies that are asked for late, or not -------------------- */

static void answered_early(void **state)
{
	struct world w;
	struct client c;

	world_open(&w);
	c = client_open(w.port);
	for (int i = 0; i < 2; i++) {
		client_puts(&c, "POST /early HTTP/1.1\r\n" H
			    "Content-Length: 5\r\n\r\nhello");
		client_expect(&c, 401, "no");
		client_puts(&c, "POST /early HTTP/1.1\r\n" H
			    "Transfer-Encoding: chunked\r\n\r\n3\r\nab");
		client_expect(&c, 401, "no");
		client_puts(&c, "c\r\n0\r\n\r\n");
	}
	/* What is too much to read on for. */
	client_puts(&c, "POST /early HTTP/1.1\r\n" H
		    "Content-Length: 1000000\r\n\r\n");
	client_expect(&c, 401, "no");
	client_expect_end(&c);
	client_close(&c);
	/* A client that waits to be asked may send it, or not. */
	c = client_open(w.port);
	client_puts(&c, "POST /early HTTP/1.1\r\n" H "Content-Length: 5\r\n"
		    "Expect: 100-continue\r\n\r\n");
	client_expect(&c, 401, "no");
	client_expect_end(&c);
	client_close(&c);
	world_close(&w);
}

static void asked_late(void **state)
{
	struct world w;
	struct client c;

	world_open(&w);
	c = client_open(w.port);
	client_puts(&c, "POST /late HTTP/1.1\r\n" H "Content-Length: 5\r\n"
		    "\r\nhelloPOST /whole HTTP/1.1\r\n" H
		    "Content-Length: 2\r\n\r\nabGET /late HTTP/1.1\r\n" H
		    "\r\n");
	client_expect(&c, 200, "hello");
	client_expect(&c, 200, "ab");
	client_expect(&c, 200, "");
	client_puts(&c, "POST /late HTTP/1.1\r\n" H "Content-Length: 5\r\n"
		    "Expect: 100-continue\r\n\r\n");
	back_expect(&c, "HTTP/1.1 100 Continue\r\n\r\n");
	client_puts(&c, "hello");
	client_expect(&c, 200, "hello");
	/* More than it wants, and what cannot be read. */
	client_puts(&c, "POST /whole HTTP/1.1\r\n" H
		    "Content-Length: 1001\r\n\r\n");
	client_expect(&c, 413, NULL);
	client_close(&c);
	c = client_open(w.port);
	client_puts(&c, "POST /late HTTP/1.1\r\n" H
		    "Transfer-Encoding: chunked\r\n\r\nx");
	client_expect(&c, 400, NULL);
	client_close(&c);
	world_close(&w);
}

static void order_of_fields(void **state)
{
	struct world w;
	struct client c;
	struct answer a;

	world_open(&w);
	c = client_open(w.port);
	client_puts(&c, "GET /last HTTP/1.1\r\n" H "\r\n");
	assert_true(client_read(&c, &a, false));
	assert_non_null(strstr(a.head, "X-First: 1\r\nX-Last: 2\r\nDate: "));
	answer_free(&a);
	client_close(&c);
	world_close(&w);
}

/* --- Tests: a body that breaks on its way ----------------------------- */

static void bad_body(void **state)
{
	struct world w;
	struct client c, b;

	world_open(&w);
	c = client_open(w.port);
	client_puts(&c, "POST /a HTTP/1.1\r\n" H
		    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
	b = back_accept(&w);
	back_expect(&b, "abc\r\n");
	client_puts(&c, "zz\r\n");
	client_expect(&c, 400, NULL);
	assert_false(client_more(&b));    /* no end is made up for it */
	client_close(&c);
	client_close(&b);
	world_close(&w);
}

/* --- Tests: TLS ------------------------------------------------------- */

static SSL_CTX *back_context(const char *folder)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	char path[128];

	snprintf(path, sizeof path, "%s/cert.pem", folder);
	assert_int_equal(SSL_CTX_use_certificate_chain_file(ctx, path), 1);
	snprintf(path, sizeof path, "%s/key.pem", folder);
	assert_int_equal(SSL_CTX_use_PrivateKey_file(ctx, path,
						     SSL_FILETYPE_PEM), 1);
	return ctx;
}

struct tls_back {
	struct world *w;
	SSL_CTX *ctx;
	bool refused;
};

/* Accept, with TLS, one request. */
static void *tls_back_main(void *arg)
{
	struct tls_back *back = arg;
	struct client b = back_accept(back->w);

	b.ssl = SSL_new(back->ctx);
	SSL_set_fd(b.ssl, b.fd);
	back->refused = SSL_accept(b.ssl) != 1 || !client_more(&b);
	if (!back->refused)
		client_puts(&b, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
			    "\r\nok");
	client_close(&b);
	return NULL;
}

static void tls_round(struct world *w, SSL_CTX *ctx, int status,
		      const char *body)
{
	struct tls_back back = { w, ctx, false };
	struct client c = client_open(w->port);
	pthread_t thread;

	pthread_create(&thread, NULL, tls_back_main, &back);
	client_puts(&c, "GET /a HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, status, body);
	pthread_join(thread, NULL);
	assert_int_equal(back.refused, status != 200);
	client_close(&c);
}

static void tls(void **state)
{
	char folder[] = "/tmp/posthouse-upstream-XXXXXX", path[128];
	struct world w;
	SSL_CTX *ctx;

	assert_non_null(mkdtemp(folder));
	make_certificate(folder, "localhost");
	snprintf(path, sizeof path, "%s/cert.pem", folder);
	ctx = back_context(folder);
	world_open_with(&w, path);
	w.tls = true;
	w.host = "localhost";
	tls_round(&w, ctx, 200, "ok");
	w.host = "127.0.0.1";             /* not its name */
	tls_round(&w, ctx, 502, "certificate");
	world_close(&w);
	world_open_with(&w, NULL);        /* not a CA of the system's */
	w.tls = true;
	w.host = "localhost";
	tls_round(&w, ctx, 502, "certificate");
	world_close(&w);
	SSL_CTX_free(ctx);
	snprintf(path, sizeof path, "rm -r %s", folder);
	assert_int_equal(system(path), 0);
}

static void no_ca_file(void **state)
{
	struct http_server_config config = { .threads = 1 };
	struct http_upstreams_config ups = { .ca_file = "/nonexistent" };
	struct err err = { 0 };
	struct http_server *server = http_server_new(&config, &err);

	assert_null(http_upstreams_new(server, &ups, &err));
	assert_non_null(strstr(err.text, "/nonexistent"));
	http_server_free(server);
}

/* --- Tests: URLs ------------------------------------------------------ */

static void origins(void **state)
{
	static const struct {
		const char *url, *host, *path;
		unsigned port;
		bool tls, literal;
	} good[] = {
		{ "https://mx1.example.test/mapi", "mx1.example.test", "/mapi",
		  443, true, false },
		{ "https://mx1:444/mapi/", "mx1", "/mapi", 444, true, false },
		{ "http://127.0.0.2", "127.0.0.2", "", 80, false, true },
		{ "HTTPS://[::1]:8443/a/b//", "::1", "/a/b", 8443, true, true },
	};
	static const char *const bad[] = { "", "mx1", "ftp://a/", "https://",
		"https://a:0/", "https://a:65536/", "https://a:x/",
		"https://u@a/", "https://a/?q", "https://a/#f", "https://a b/",
		"https://[::1/", "https://a:/", "https:///mapi" };
	struct arena *a = arena_new(0);
	struct http_origin o;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(http_origin_parse(good[i].url, a, &o));
		assert_string_equal(o.host, good[i].host);
		assert_string_equal(o.path, good[i].path);
		assert_int_equal(o.port, good[i].port);
		assert_int_equal(o.tls, good[i].tls);
		assert_int_equal(o.literal, good[i].literal);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (http_origin_parse(bad[i], a, &o))
			fail_msg("taken: %s", bad[i]);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes), cmocka_unit_test(chunks_at_once),
		cmocka_unit_test(interim_and_to_eof), cmocka_unit_test(pool),
		cmocka_unit_test(stray_bytes), cmocka_unit_test(failures),
		cmocka_unit_test(breaks_off), cmocka_unit_test(unreachable),
		cmocka_unit_test(client_leaves),
		cmocka_unit_test(large_bodies),
		cmocka_unit_test(answered_early), cmocka_unit_test(asked_late),
		cmocka_unit_test(order_of_fields), cmocka_unit_test(bad_body),
		cmocka_unit_test(tls), cmocka_unit_test(no_ca_file),
		cmocka_unit_test(origins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
