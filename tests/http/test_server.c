/* SPDX-License-Identifier: Apache-2.0 */
/* The server over plain loopback. */
#include "raw_client.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "http/server.h"

#define H "Host: h\r\n"

struct world {
	struct http_server *server;
	int port;
	pthread_mutex_t lock;
	struct http_request *held[8];     /* handed to the test */
	unsigned n_held;
	sem_t arrived, gone, dropped, fired;
	atomic_int refused;
	atomic_uint requests;
};

/* --- Handlers --------------------------------------------------------- */

static void echo(void *ctx, struct http_request *req)
{
	struct world *w = ctx;
	size_t len;
	const uint8_t *body = http_body(req, &len);
	const char *echo_this = http_field(req, "X-Echo");

	atomic_fetch_add(&w->requests, 1);
	http_header(req, "Content-Type", "text/plain");
	http_headerf(req, "X-Method", "%s", http_method(req));
	http_headerf(req, "X-Path", "%s?%s", http_path(req), http_query(req));
	if (echo_this != NULL)
		http_header(req, "X-Echo", echo_this);
	http_header(req, "X-Split", "a\r\nEvil: b\x01");
	http_respond(req, 200, body, len);
}

static void chunks(void *ctx, struct http_request *req)
{
	struct iovec piece[2] = { { "ab", 2 }, { "cde", 3 } };

	http_header(req, "X-First", "1");
	http_start(req, 200);
	http_send(req, piece, 2);
	http_send(req, piece, 0);
	http_send(req, piece, 1);
	http_finish(req);
}

static void on_gone(void *ctx, struct http_request *req)
{
	struct world *w = ctx;

	sem_post(&w->gone);
}

static void hold(void *ctx, struct http_request *req)
{
	struct world *w = ctx;

	http_on_gone(req, on_gone, w);
	pthread_mutex_lock(&w->lock);
	w->held[w->n_held++] = req;
	pthread_mutex_unlock(&w->lock);
	sem_post(&w->arrived);
}

static void timer_second(void *ctx, struct http_request *req)
{
	http_respond(req, 200, "second", 6);
}

static void timer_first(void *ctx, struct http_request *req)
{
	struct world *w = ctx;

	sem_post(&w->fired);
	http_timer(req, 20, timer_second, w);
}

static void timers(void *ctx, struct http_request *req)
{
	http_timer(req, 60000, timer_second, ctx);
	http_timer(req, 20, timer_first, ctx);
}

static void drop_state(void *data)
{
	struct world *w = data;

	sem_post(&w->dropped);
}

static void bound(void *ctx, struct http_request *req)
{
	const char *had = http_conn_get(req, HTTP_CONN_AUTH) != NULL ?
		"again" : "new";

	http_conn_set(req, HTTP_CONN_AUTH, ctx, drop_state);
	http_respond(req, 200, had, strlen(had));
}

static void big(void *ctx, struct http_request *req)
{
	static char block[65536];
	struct iovec piece = { block, sizeof block };

	memset(block, 'x', sizeof block);
	http_start(req, 200);
	for (int i = 0; i < 128; i++)
		http_send(req, &piece, 1);
	http_finish(req);
}

static void cut(void *ctx, struct http_request *req)
{
	http_start(req, 200);
	http_abort(req);
}

static void no_content(void *ctx, struct http_request *req)
{
	http_respond(req, 204, "never sent", 10);
}

static void close_after(void *ctx, struct http_request *req)
{
	http_close_after(req);
	http_respond(req, 200, "bye", 3);
}

static void called_late(void *ctx, struct http_request *req)
{
	struct world *w = ctx;

	if (req == NULL)
		sem_post(&w->fired);
}

static void post_and_end(void *ctx, struct http_request *req)
{
	http_post(req, called_late, ctx);
	http_respond(req, 200, "ended", 5);
}

static void refused(void *ctx, const char *peer, int status,
		    const char *reason)
{
	struct world *w = ctx;

	assert_non_null(strstr(peer, "127.0.0.1:"));
	atomic_store(&w->refused, status);
}

/* --- The world -------------------------------------------------------- */

static void mount_all(struct world *w)
{
	const struct http_mount mounts[] = {
		{ "/", 1000, echo, w, false },
		{ "/large/", 1 << 20, echo, w, false },
		{ "/chunks", 1000, chunks, w, false },
		{ "/hold", 1000, hold, w, false },
		{ "/timers", 1000, timers, w, false },
		{ "/bound", 1000, bound, w, false },
		{ "/big", 1000, big, w, false },
		{ "/cut", 1000, cut, w, false },
		{ "/none", 1000, no_content, w, false },
		{ "/close", 1000, close_after, w, false },
		{ "/late", 1000, post_and_end, w, false },
	};

	for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++)
		http_server_mount(w->server, &mounts[i]);
}

static void world_open(struct world *w, const struct http_limits *limits)
{
	struct http_server_config config = { .threads = 2,
		.refused = refused, .ctx = w };
	struct err err = { 0 };

	memset(w, 0, sizeof *w);
	pthread_mutex_init(&w->lock, NULL);
	sem_init(&w->arrived, 0, 0);
	sem_init(&w->gone, 0, 0);
	sem_init(&w->dropped, 0, 0);
	sem_init(&w->fired, 0, 0);
	http_limits_default(&config.limits);
	if (limits != NULL)
		config.limits = *limits;
	w->server = http_server_new(&config, &err);
	assert_non_null(w->server);
	mount_all(w);
	w->port = http_server_listen(w->server, "127.0.0.1:0", NULL, NULL,
				     &err);
	assert_true(w->port > 0);
	assert_true(http_server_start(w->server, &err));
}

static void world_close(struct world *w)
{
	http_server_free(w->server);
	pthread_mutex_destroy(&w->lock);
}

static void wait_for(sem_t *sem)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	if (sem_timedwait(sem, &until) != 0)
		fail_msg("waited in vain");
}

static struct http_request *take_held(struct world *w)
{
	struct http_request *req;

	wait_for(&w->arrived);
	pthread_mutex_lock(&w->lock);
	req = w->held[--w->n_held];
	pthread_mutex_unlock(&w->lock);
	return req;
}

/* --- Tests ------------------------------------------------------------ */

static void answers(void **state)
{
	struct world w;
	struct client c;
	struct answer a;

	world_open(&w, NULL);
	c = client_open(w.port);
	for (int i = 0; i < 3; i++) {
		client_puts(&c, "POST /p%20q?x=%7b HTTP/1.1\r\n" H
			    "x-echo:  v w \r\nContent-Length: 5\r\n\r\nhello");
		assert_true(client_read(&c, &a, false));
		assert_int_equal(a.status, 200);
		assert_string_equal(a.body, "hello");
		assert_non_null(strstr(a.head, "HTTP/1.1 200 OK\r\n"
				       "Content-Length: 5\r\n"
				       "Content-Type: text/plain\r\n"
				       "X-Method: POST\r\n"
				       "X-Path: /p q?x=%7b\r\n"
				       "X-Echo: v w\r\n"
				       "X-Split: aEvil: b\r\nDate: "));
		assert_non_null(strstr(a.head, " GMT\r\n\r\n"));
		answer_free(&a);
	}
	client_close(&c);
	world_close(&w);
}

/* A value of any length is whole: tokens of handshakes are long. */
static void long_values(void **state)
{
	static char query[3001], text[3200];
	struct world w;
	struct client c;
	struct answer a;

	memset(query, 'a', sizeof query - 1);
	world_open(&w, NULL);
	c = client_open(w.port);
	snprintf(text, sizeof text, "GET /p?%s HTTP/1.1\r\n" H "\r\n", query);
	client_puts(&c, text);
	assert_true(client_read(&c, &a, false));
	snprintf(text, sizeof text, "X-Path: /p?%s\r\n", query);
	assert_non_null(strstr(a.head, text));
	answer_free(&a);
	client_close(&c);
	world_close(&w);
}

static void chunked_body_and_answer(void **state)
{
	struct world w;
	struct client c;
	struct answer a;

	world_open(&w, NULL);
	c = client_open(w.port);
	client_puts(&c, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked"
		    "\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n");
	client_expect(&c, 200, "abcde");
	client_puts(&c, "GET /chunks HTTP/1.1\r\n" H "\r\n");
	assert_true(client_read(&c, &a, false));
	assert_string_equal(a.body, "abcdeab");
	assert_int_equal(a.chunks, 2);
	assert_non_null(strstr(a.head, "200 OK\r\nTransfer-Encoding: chunked"
			       "\r\nX-First: 1\r\nDate: "));
	answer_free(&a);
	client_close(&c);
	world_close(&w);
}

static void head_and_no_content(void **state)
{
	struct world w;
	struct client c;
	struct answer a;

	world_open(&w, NULL);
	c = client_open(w.port);
	client_puts(&c, "HEAD /x HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\nab"
		    "HEAD /chunks HTTP/1.1\r\n" H "\r\n"
		    "GET /none HTTP/1.1\r\n" H "\r\n"
		    "GET /x HTTP/1.1\r\n" H "\r\n");
	assert_true(client_read(&c, &a, true));
	assert_non_null(strstr(a.head, "Content-Length: 2\r\n"));
	answer_free(&a);
	assert_true(client_read(&c, &a, true));
	assert_non_null(strstr(a.head, "Transfer-Encoding: chunked\r\n"));
	answer_free(&a);
	assert_true(client_read(&c, &a, false));
	assert_int_equal(a.status, 204);
	assert_null(strstr(a.head, "Content-Length"));
	answer_free(&a);
	client_expect(&c, 200, "");
	client_close(&c);
	world_close(&w);
}

static void closing(void **state)
{
	static const char *const requests[] = {
		"GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n",
		"GET / HTTP/1.0\r\n\r\n",
		"GET /close HTTP/1.1\r\n" H "\r\n",
	};
	struct world w;
	struct client c;
	struct answer a;

	world_open(&w, NULL);
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		c = client_open(w.port);
		client_puts(&c, requests[i]);
		client_puts(&c, "GET /late HTTP/1.1\r\n" H "\r\n");
		assert_true(client_read(&c, &a, false));
		assert_non_null(strstr(a.head, "Connection: close\r\n"));
		answer_free(&a);
		client_expect_end(&c);
		client_close(&c);
	}
	c = client_open(w.port);
	client_puts(&c, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	assert_true(client_read(&c, &a, false));
	assert_non_null(strstr(a.head, "Connection: keep-alive\r\n"));
	answer_free(&a);
	client_puts(&c, "GET /chunks HTTP/1.0\r\n"
		    "Connection: keep-alive\r\n\r\n");
	assert_true(client_read(&c, &a, false));
	assert_string_equal(a.body, "abcdeab");
	assert_null(strstr(a.head, "chunked"));
	answer_free(&a);
	client_close(&c);
	world_close(&w);
}

static void pipelined_in_order(void **state)
{
	struct world w;
	struct client c;
	struct http_request *req;
	struct timespec ts = { 0, 50000000 };

	world_open(&w, NULL);
	c = client_open(w.port);
	client_puts(&c, "POST /a HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\n1"
		    "GET /hold HTTP/1.1\r\n" H "\r\n"
		    "POST /b HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\n2"
		    "POST /b HTTP/1.1\r\n" H "Content-Le");
	client_expect(&c, 200, "1");
	req = take_held(&w);
	client_puts(&c, "ngth: 1\r\n\r\n3GET /chunks HTTP/1.1\r\n" H "\r\n");
	nanosleep(&ts, NULL);
	assert_int_equal(atomic_load(&w.requests), 1);
	http_respond(req, 200, "held", 4);
	client_expect(&c, 200, "held");
	client_expect(&c, 200, "2");
	client_expect(&c, 200, "3");
	client_expect(&c, 200, "abcdeab");
	client_close(&c);
	world_close(&w);
}

/* More pipelined bytes than the stash takes: reading stops, none is lost. */
static void pipelined_flood(void **state)
{
	enum { N = 4000 };
	struct world w;
	struct client c;
	char *flood = malloc(N * 64);
	size_t len = 0;

	for (int i = 0; i < N; i++)
		len += (size_t)sprintf(flood + len, "POST / HTTP/1.1\r\n" H
				       "Content-Length: 4\r\n\r\n%04d", i);
	world_open(&w, NULL);
	c = client_open(w.port);
	client_puts(&c, "GET /hold HTTP/1.1\r\n" H "\r\n");
	struct http_request *req = take_held(&w);
	client_send(&c, flood, len);
	http_respond(req, 200, "held", 4);
	client_expect(&c, 200, "held");
	for (int i = 0; i < N; i++) {
		char want[8];

		snprintf(want, sizeof want, "%04d", i);
		client_expect(&c, 200, want);
	}
	free(flood);
	client_close(&c);
	world_close(&w);
}

static void byte_by_byte(void **state)
{
	static const char data[] = "POST / HTTP/1.1\r\n" H
		"Content-Length: 5\r\n\r\nhello";
	struct world w;
	struct client c;

	world_open(&w, NULL);
	c = client_open(w.port);
	setsockopt(c.fd, 6, 1, &(int){ 1 }, sizeof(int));
	for (size_t i = 0; i < sizeof data - 1; i++)
		client_send(&c, data + i, 1);
	client_expect(&c, 200, "hello");
	client_close(&c);
	world_close(&w);
}

static void expect_continue(void **state)
{
	struct world w;
	struct client c;
	struct answer a;

	world_open(&w, NULL);
	c = client_open(w.port);
	client_puts(&c, "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\n"
		    "Expect: 100-continue\r\n\r\n");
	assert_true(client_head(&c, &a));
	assert_string_equal(a.head, "HTTP/1.1 100 Continue\r\n\r\n");
	answer_free(&a);
	client_puts(&c, "hello");
	client_expect(&c, 200, "hello");
	/* The body is there already: no 100. */
	client_puts(&c, "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\n"
		    "Expect: 100-continue\r\n\r\nagain");
	client_expect(&c, 200, "again");
	client_puts(&c, "POST / HTTP/1.1\r\n" H "Content-Length: 1001\r\n"
		    "Expect: 100-continue\r\n\r\n");
	client_expect(&c, 413, NULL);
	client_expect_end(&c);
	client_close(&c);
	world_close(&w);
}

/* Each is refused, told so, and the connection closed. */
static void refusals(void **state)
{
	static const struct {
		const char *data;
		int status;
	} all[] = {
		{ "GET / HTTP/1.1\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\n" H "Content-Length: +1\r\n\r\nx", 400 },
		{ "GET / HTTP/1.1\r\n" H "A: b\r\n c\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\n" H "\n", 400 },
		{ "GET / HTTP/3.0\r\n" H "\r\n", 505 },
		{ "POST / HTTP/1.1\r\n" H "Content-Length: 1001\r\n\r\n", 413 },
		{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
		  "3e9\r\n", 413 },
		{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
		  "x\r\n", 400 },
		{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: br, chunked\r\n"
		  "\r\n", 501 },
		{ "\x16\x03\x01\x02\x03", 400 },
	};
	struct world w;
	struct http_counters n;

	world_open(&w, NULL);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct client c = client_open(w.port);

		client_puts(&c, all[i].data);
		client_expect(&c, all[i].status, NULL);
		client_expect_end(&c);
		client_close(&c);
		assert_int_equal(atomic_load(&w.refused), all[i].status);
	}
	assert_int_equal(atomic_load(&w.requests), 0);
	http_server_counters(w.server, &n);
	assert_int_equal(n.refused, sizeof all / sizeof *all);
	world_close(&w);
}

/* The answer is not lost to a reset while the client is still sending. */
static void refused_while_sending(void **state)
{
	struct world w;
	struct client c;
	char *body = calloc(1, 4 << 20);

	world_open(&w, NULL);
	c = client_open(w.port);
	client_puts(&c, "POST / HTTP/1.1\r\n" H
		    "Content-Length: 104857600\r\n\r\n");
	client_send(&c, body, 4 << 20);
	client_expect(&c, 413, NULL);
	client_expect_end(&c);
	free(body);
	client_close(&c);
	world_close(&w);
}

static void large_headers(void **state)
{
	struct world w;
	struct client c;
	char *line = malloc(40000);

	world_open(&w, NULL);
	memset(line, 'a', 40000);
	c = client_open(w.port);
	client_puts(&c, "GET / HTTP/1.1\r\n" H "X: ");
	client_send(&c, line, 17000);
	client_expect(&c, 431, NULL);
	client_expect_end(&c);
	client_close(&c);
	c = client_open(w.port);
	client_puts(&c, "GET / HTTP/1.1\r\n" H "X: ");
	client_send(&c, line, 16000);
	client_puts(&c, "\r\nY: ");
	client_send(&c, line, 10000);
	client_puts(&c, "\r\n\r\n");
	client_expect(&c, 200, NULL);
	client_close(&c);
	free(line);
	world_close(&w);
}

static void slow_clients(void **state)
{
	struct http_limits limits;
	struct world w;
	struct client head, body, idle, quiet, fine;
	struct http_counters n;

	http_limits_default(&limits);
	limits.header_ms = limits.body_ms = limits.idle_ms = 200;
	limits.body_min = 100;
	world_open(&w, &limits);
	quiet = client_open(w.port);
	head = client_open(w.port);
	client_puts(&head, "GET / HT");
	body = client_open(w.port);
	client_puts(&body, "POST / HTTP/1.1\r\n" H
		    "Content-Length: 900\r\n\r\nx");
	idle = client_open(w.port);
	client_puts(&idle, "GET / HTTP/1.1\r\n" H "\r\n");
	client_expect(&idle, 200, "");
	fine = client_open(w.port);
	client_puts(&fine, "POST / HTTP/1.1\r\n" H
		    "Content-Length: 750\r\n\r\n");
	for (int i = 0; i < 5; i++) {
		char some[150] = { 'x' };
		struct timespec ts = { 0, 120000000 };

		nanosleep(&ts, NULL);
		client_send(&fine, some, sizeof some);
	}
	client_expect(&fine, 200, NULL);
	client_expect(&head, 408, NULL);
	client_expect_end(&head);
	client_expect(&body, 408, NULL);
	client_expect_end(&body);
	client_expect_end(&idle);
	client_expect_end(&quiet);
	http_server_counters(w.server, &n);
	assert_int_equal(n.timed_out, 2);
	client_close(&head);
	client_close(&body);
	client_close(&idle);
	client_close(&quiet);
	client_close(&fine);
	world_close(&w);
}

static void client_leaves_while_suspended(void **state)
{
	struct world w;
	struct client c;
	struct http_request *req;

	world_open(&w, NULL);
	for (int i = 0; i < 4; i++) {
		size_t len;

		c = client_open(w.port);
		client_puts(&c, "POST /hold?a=b HTTP/1.1\r\n" H "X-K: v\r\n"
			    "Content-Length: 2\r\n\r\nhi");
		req = take_held(&w);
		if (i == 3) {
			http_start(req, 200);
			http_send(req, &(struct iovec){ "PROCESSING", 10 }, 1);
		}
		client_close(&c);
		wait_for(&w.gone);
		/* What was read is still there. */
		assert_string_equal(http_field(req, "x-k"), "v");
		assert_memory_equal(http_body(req, &len), "hi", 2);
		assert_non_null(strstr(http_peer(req), "127.0.0.1:"));
		if (i == 0)
			http_respond(req, 200, "late", 4);
		else if (i == 1)
			http_abort(req);
		else
			http_finish(req);
	}
	/* Its thread is asked after the requests have been ended there. */
	http_server_drain(w.server);
	assert_true(http_server_wait(w.server, 5000));
	world_close(&w);
}

struct off_loop {
	struct world *w;
	int calls;
};

static void called(void *ctx, struct http_request *req)
{
	struct off_loop *o = ctx;
	struct iovec piece = { "loop,", 5 };

	o->calls++;
	http_send(req, &piece, 1);
}

/* The test's thread is not the loop's: everything is posted, in order. */
static void from_another_thread(void **state)
{
	struct world w;
	struct client c;
	struct off_loop o = { &w, 0 };
	struct iovec pieces[2] = { { "a", 1 }, { "b,", 2 } };
	struct http_request *req;
	struct answer a;

	world_open(&w, NULL);
	c = client_open(w.port);
	client_puts(&c, "GET /hold HTTP/1.1\r\n" H "\r\n");
	req = take_held(&w);
	http_header(req, "X-Thread", "other");
	http_start(req, 200);
	http_send(req, pieces, 2);
	http_post(req, called, &o);
	http_send(req, pieces, 1);
	http_finish(req);
	assert_true(client_read(&c, &a, false));
	assert_string_equal(a.body, "ab,loop,a");
	assert_non_null(strstr(a.head, "X-Thread: other\r\n"));
	answer_free(&a);
	assert_int_equal(o.calls, 1);
	/* A call that comes after the end is run without the request. */
	client_puts(&c, "GET /late HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, 200, "ended");
	wait_for(&w.fired);
	client_close(&c);
	world_close(&w);
}

static void timers_fire(void **state)
{
	struct world w;
	struct client c;

	world_open(&w, NULL);
	c = client_open(w.port);
	client_puts(&c, "GET /timers HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, 200, "second");
	wait_for(&w.fired);
	client_close(&c);
	world_close(&w);
}

static void connection_state(void **state)
{
	struct world w;
	struct client c;

	world_open(&w, NULL);
	c = client_open(w.port);
	client_puts(&c, "GET /bound HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, 200, "new");
	client_puts(&c, "GET /bound HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, 200, "again");
	client_close(&c);
	wait_for(&w.dropped);
	world_close(&w);
}

static void slow_reader(void **state)
{
	struct world w;
	struct client c;
	struct answer a;
	struct timespec ts = { 0, 100000000 };

	world_open(&w, NULL);
	c = client_open(w.port);
	setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &(int){ 65536 }, sizeof(int));
	client_puts(&c, "GET /big HTTP/1.1\r\n" H "\r\n"
		    "GET /chunks HTTP/1.1\r\n" H "\r\n");
	nanosleep(&ts, NULL);
	assert_true(client_read(&c, &a, false));
	assert_int_equal(a.len, 128 * 65536);
	answer_free(&a);
	client_expect(&c, 200, "abcdeab");
	client_close(&c);
	world_close(&w);
}

enum { FLOOD = 40, FLOOD_BODY = 1 << 20 };

static void *send_flood(void *arg)
{
	struct client *c = arg;
	char *body = calloc(1, FLOOD_BODY);

	for (int i = 0; i < FLOOD; i++) {
		client_puts(c, "POST /large/ HTTP/1.1\r\n" H
			    "Content-Length: 1048576\r\n\r\n");
		client_send(c, body, FLOOD_BODY);
	}
	free(body);
	return NULL;
}

/* Answers that are not taken keep further requests waiting. */
static void sends_without_reading(void **state)
{
	struct world w;
	struct client c;
	pthread_t thread;

	world_open(&w, NULL);
	c = client_open(w.port);
	pthread_create(&thread, NULL, send_flood, &c);
	nanosleep(&(struct timespec){ 0, 500000000 }, NULL);
	assert_true(atomic_load(&w.requests) < FLOOD / 2);
	for (int i = 0; i < FLOOD; i++)
		client_expect(&c, 200, NULL);
	pthread_join(thread, NULL);
	client_close(&c);
	world_close(&w);
}

static void stuck_reader_is_cut_off(void **state)
{
	struct http_limits limits;
	struct world w;
	struct client c;
	struct answer a;

	http_limits_default(&limits);
	limits.write_ms = 200;
	world_open(&w, &limits);
	c = client_open(w.port);
	setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &(int){ 65536 }, sizeof(int));
	client_puts(&c, "GET /big HTTP/1.1\r\n" H "\r\n");
	nanosleep(&(struct timespec){ 1, 0 }, NULL);
	assert_false(client_read(&c, &a, false));
	answer_free(&a);
	client_close(&c);
	world_close(&w);
}

static void aborted(void **state)
{
	struct world w;
	struct client c;
	struct answer a;

	world_open(&w, NULL);
	c = client_open(w.port);
	client_puts(&c, "GET /cut HTTP/1.1\r\n" H "\r\n");
	assert_false(client_read(&c, &a, false));
	answer_free(&a);
	client_close(&c);
	world_close(&w);
}

static void connection_limits(void **state)
{
	struct http_limits limits;
	struct world w;
	struct client c[3];

	http_limits_default(&limits);
	limits.connections_max = 2;
	limits.requests_max = 2;
	world_open(&w, &limits);
	for (int i = 0; i < 3; i++) {
		c[i] = client_open(w.port);
		client_puts(&c[i], "GET / HTTP/1.1\r\n" H "\r\n");
		if (i < 2)
			client_expect(&c[i], 200, "");
	}
	nanosleep(&(struct timespec){ 0, 100000000 }, NULL);
	assert_int_equal(atomic_load(&w.requests), 2);
	client_close(&c[0]);
	client_expect(&c[2], 200, "");
	client_puts(&c[1], "GET / HTTP/1.1\r\n" H "\r\n");
	client_expect(&c[1], 200, "");
	client_expect_end(&c[1]);
	client_close(&c[1]);
	client_close(&c[2]);
	world_close(&w);
}

static void drains(void **state)
{
	struct world w;
	struct client idle, held, partial;
	struct http_request *req;
	struct answer a;

	world_open(&w, NULL);
	idle = client_open(w.port);
	client_puts(&idle, "GET / HTTP/1.1\r\n" H "\r\n");
	client_expect(&idle, 200, "");
	partial = client_open(w.port);
	client_puts(&partial, "GET / HTTP/1.1\r\n" H "\r\nGET / HT");
	client_expect(&partial, 200, "");
	held = client_open(w.port);
	client_puts(&held, "GET /hold HTTP/1.1\r\n" H "\r\n");
	req = take_held(&w);
	http_server_drain(w.server);
	client_expect_end(&idle);
	client_puts(&partial, "TP/1.1\r\n" H "\r\n");
	assert_true(client_read(&partial, &a, false));
	assert_non_null(strstr(a.head, "Connection: close\r\n"));
	answer_free(&a);
	client_expect_end(&partial);
	assert_false(http_server_wait(w.server, 50));
	http_respond(req, 200, "last", 4);
	client_expect(&held, 200, "last");
	client_expect_end(&held);
	client_close(&idle);
	client_close(&held);
	client_close(&partial);
	assert_true(http_server_wait(w.server, 5000));
	world_close(&w);
}

static void *answer_later(void *arg)
{
	struct world *w = arg;
	struct http_request *req = take_held(w);

	wait_for(&w->gone);
	nanosleep(&(struct timespec){ 0, 100000000 }, NULL);
	http_respond(req, 200, "nobody", 6);
	return NULL;
}

/* Freed while a worker still has a request: it waits for the worker. */
static void freed_with_a_request_in_hand(void **state)
{
	struct world w;
	struct client c;
	pthread_t thread;

	world_open(&w, NULL);
	c = client_open(w.port);
	client_puts(&c, "GET /hold HTTP/1.1\r\n" H "\r\n");
	pthread_create(&thread, NULL, answer_later, &w);
	nanosleep(&(struct timespec){ 0, 100000000 }, NULL);
	http_server_free(w.server);
	pthread_join(thread, NULL);
	client_close(&c);
	pthread_mutex_destroy(&w.lock);
}

static void mounts_and_addresses(void **state)
{
	struct world w;
	struct client c;
	struct err err = { 0 };
	char taken[32];

	world_open(&w, NULL);
	c = client_open(w.port);
	client_puts(&c, "GET /CHUNKS HTTP/1.1\r\n" H "\r\n"
		    "POST /LARGE HTTP/1.1\r\n" H "Content-Length: 2000\r\n"
		    "\r\n");
	client_expect(&c, 200, "abcdeab");
	for (int i = 0; i < 20; i++)
		client_puts(&c, "0123456789012345678901234567890123456789"
			    "0123456789012345678901234567890123456789"
			    "01234567890123456789");
	client_expect(&c, 200, NULL);
	client_close(&c);
	snprintf(taken, sizeof taken, "127.0.0.1:%d", w.port);
	assert_int_equal(http_server_listen(w.server, taken, NULL, NULL, &err),
			 0);
	assert_non_null(strstr(err.text, taken));
	assert_int_equal(http_server_listen(w.server, "nonsense", NULL, NULL,
					    &err), 0);
	assert_int_equal(http_server_listen(w.server, "::1:80", NULL, NULL,
					    &err), 0);
	assert_int_equal(http_server_listen(w.server, "127.0.0.1:0",
					    "/nonexistent", "/nonexistent",
					    &err), 0);
	assert_non_null(strstr(err.text, "/nonexistent"));
	assert_true(http_address_is_loopback("127.0.0.1:80"));
	assert_true(http_address_is_loopback("[::1]:80"));
	assert_false(http_address_is_loopback(":80"));
	assert_false(http_address_is_loopback("0.0.0.0:80"));
	assert_false(http_address_is_loopback("192.0.2.1:80"));
	assert_false(http_address_is_loopback("x"));
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(long_values),
		cmocka_unit_test(chunked_body_and_answer),
		cmocka_unit_test(head_and_no_content),
		cmocka_unit_test(closing),
		cmocka_unit_test(pipelined_in_order),
		cmocka_unit_test(pipelined_flood),
		cmocka_unit_test(byte_by_byte),
		cmocka_unit_test(expect_continue),
		cmocka_unit_test(refusals),
		cmocka_unit_test(refused_while_sending),
		cmocka_unit_test(large_headers),
		cmocka_unit_test(slow_clients),
		cmocka_unit_test(client_leaves_while_suspended),
		cmocka_unit_test(from_another_thread),
		cmocka_unit_test(timers_fire),
		cmocka_unit_test(connection_state),
		cmocka_unit_test(slow_reader),
		cmocka_unit_test(sends_without_reading),
		cmocka_unit_test(stuck_reader_is_cut_off),
		cmocka_unit_test(aborted),
		cmocka_unit_test(connection_limits),
		cmocka_unit_test(drains),
		cmocka_unit_test(freed_with_a_request_in_hand),
		cmocka_unit_test(mounts_and_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
