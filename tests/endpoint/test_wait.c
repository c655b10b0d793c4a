/* SPDX-License-Identifier: Apache-2.0 */
/* What takes time: slow requests, waits, expiry, draining, many at once. */
#include "world.h"

static void expiry(void **state)
{
	struct endpoint_config config = { .expiration_ms = 300 };
	struct session_cookies k, busy;
	struct world w;
	struct client c;
	struct answer a;
	char out[256];

	world_open(&w, &config);
	k = connected(&w);
	busy = connected(&w);
	c = client_open(w.port);
	/* A request under way keeps its context; so does a PING. */
	send_execute(&c, &busy, "slow 700");
	for (int i = 0; i < 4; i++) {
		pause_ms(150);
		assert_int_equal(request(&w.c, "PING", &k, "", 0), 0);
	}
	read_answer(&c, &a);
	assert_string_equal(header(&a, "X-ExpirationInfo", out), "300");
	take_cookies(&a, &busy);
	answer_free(&a);
	assert_int_equal(execute(&c, &busy, "inline"), 0);
	assert_int_equal(counters(&w).contexts, 2);
	pause_ms(600);
	assert_int_equal(counters(&w).contexts, 0);
	assert_int_equal(counters(&w).expired, 2);
	assert_int_equal(fake.disconnected, 2);
	assert_int_equal(execute(&c, &busy, "inline"), 10);
	assert_int_equal(connect_with(&c, &k, &k), 10);
	client_close(&c);
	world_close(&w);
}

/* PROCESSING at once, PENDING while it takes, DONE (3.2.5.2). */
static void pending_while_slow(void **state)
{
	struct endpoint_config config = { .pending_ms = 100 };
	struct session_cookies k;
	struct world w;
	struct answer a;
	bool last = false;
	char out[256];
	uint64_t start;

	world_open(&w, &config);
	k = connected(&w);
	start = clock_ms();
	send_execute(&w.c, &k, "slow 450");
	assert_true(client_head(&w.c, &a));
	assert_string_equal(header(&a, "X-PendingPeriod", out), "100");
	assert_true(client_chunk(&w.c, &a, &last));
	assert_string_equal(a.body, "PROCESSING\r\n");
	assert_true(clock_ms() - start < 100);
	while (!last)
		assert_true(client_chunk(&w.c, &a, &last));
	assert_memory_equal(a.body, "PROCESSING\r\nPENDING\r\nPENDING\r\n"
			    "PENDING\r\n", 39);
	assert_non_null(strstr(a.body, "PENDING\r\nDONE\r\nX-StartTime: "));
	assert_non_null(strstr(a.body, "\r\nX-ElapsedTime: 4"));
	answer_free(&a);
	world_close(&w);
}

static uint32_t event_pending(const struct answer *a)
{
	struct notification_wait_rsp rsp;
	struct bin bin;

	bin.data = (const uint8_t *)body_of(a, &bin.len);
	assert_true(notification_wait_rsp_decode(&bin, &rsp));
	assert_int_equal(rsp.status_code, 0);
	assert_int_equal(rsp.error_code, 0);
	return rsp.event_pending;
}

static void notification_wait(void **state)
{
	struct endpoint_config config = { .pending_ms = 100,
		.expiration_ms = 200, .wait_ms = 450 };
	struct session_cookies k, before;
	struct world w;
	struct client c;
	struct answer a;
	bool last = false;

	world_open(&w, &config);
	k = before = connected(&w);
	c = client_open(w.port);
	send_wait(&c, &k);
	assert_true(client_head(&c, &a));
	assert_null(strstr(a.head, "MapiSequence"));
	assert_non_null(strstr(a.head, "MapiContext"));
	assert_true(client_chunk(&c, &a, &last));
	assert_string_equal(a.body, "PROCESSING\r\n");
	assert_true(client_chunk(&c, &a, &last));
	assert_string_equal(a.body, "PROCESSING\r\nPENDING\r\n");
	assert_int_equal(counters(&w).waiting, 1);
	/* Other requests are served beside it, another wait is not. */
	assert_int_equal(execute(&w.c, &k, "inline"), 0);
	assert_int_equal(execute(&w.c, &k, "worker"), 0);
	assert_int_equal(wait_now(&w.c, &k), 15);
	fake_event();
	while (!last)
		assert_true(client_chunk(&c, &a, &last));
	assert_int_equal(event_pending(&a), 1);
	answer_free(&a);
	/* It is still pending: the next wait ends at once. */
	send_wait(&c, &k);
	read_answer(&c, &a);
	assert_int_equal(a.chunks, 1);
	assert_int_equal(event_pending(&a), 1);
	answer_free(&a);
	assert_int_equal(execute(&w.c, &k, "inline"), 0);
	/* Nothing happens; the context outlives its own time (R1260). */
	send_wait(&c, &k);
	read_answer(&c, &a);
	assert_int_equal(event_pending(&a), 0);
	assert_true(a.chunks >= 5);
	answer_free(&a);
	assert_int_equal(execute(&w.c, &k, "inline"), 0);
	assert_int_equal(counters(&w).waiting, 0);
	client_close(&c);
	world_close(&w);
}

/* An event in the session's own Execute wakes its wait. */
static void event_of_an_execute(void **state)
{
	struct session_cookies k;
	struct world w;
	struct client c;
	struct answer a;

	world_open(&w, NULL);
	k = connected(&w);
	c = client_open(w.port);
	for (int i = 0; i < 20; i++) {
		send_wait(&c, &k);
		assert_true(client_head(&c, &a));
		assert_int_equal(execute(&w.c, &k, "event"), 0);
		bool last = false;
		while (!last)
			assert_true(client_chunk(&c, &a, &last));
		assert_int_equal(event_pending(&a), 1);
		answer_free(&a);
		assert_int_equal(execute(&w.c, &k, "inline"), 0);
	}
	client_close(&c);
	world_close(&w);
}

/* A failure after PROCESSING: a second X-ResponseCode (R2229 … R2232). */
static void late_failure(void **state)
{
	struct session_cookies k;
	struct world w;
	struct client c;
	struct answer a;
	bool last = false;

	world_open(&w, NULL);
	k = connected(&w);
	c = client_open(w.port);
	send_wait(&c, &k);
	assert_true(client_head(&c, &a));
	assert_int_equal(code_of(&a), 0);
	assert_true(client_chunk(&c, &a, &last));
	assert_int_equal(disconnect(&w.c, &k), 0);
	while (!last)
		assert_true(client_chunk(&c, &a, &last));
	assert_memory_equal(a.body, "PROCESSING\r\nDONE\r\nX-StartTime: ", 31);
	assert_non_null(strstr(a.body, "\r\nX-ResponseCode: 10\r\n"
			       "Content-Type: text/html\r\n\r\n<html>"));
	answer_free(&a);
	pause_ms(100);
	assert_int_equal(fake.disconnected, 1);
	client_close(&c);
	world_close(&w);
}

static void client_leaves(void **state)
{
	struct session_cookies k;
	struct world w;
	struct client c;

	world_open(&w, NULL);
	k = connected(&w);
	c = client_open(w.port);
	send_wait(&c, &k);
	pause_ms(100);
	assert_int_equal(counters(&w).waiting, 1);
	client_close(&c);
	pause_ms(100);
	assert_int_equal(counters(&w).waiting, 0);
	fake_event();
	assert_int_equal(wait_now(&w.c, &k), 0);
	world_close(&w);
}

static void drains(void **state)
{
	struct session_cookies k, slow;
	struct world w;
	struct client c, d;
	struct answer a;

	world_open(&w, NULL);
	k = connected(&w);
	slow = connected(&w);
	c = client_open(w.port);
	d = client_open(w.port);
	send_wait(&c, &k);
	send_execute(&d, &slow, "slow 300");
	pause_ms(100);
	endpoint_drain(w.service);
	assert_int_equal(execute(&w.c, &k, "inline"), 18);
	assert_int_equal(connect_with(&w.c, NULL, &slow), 18);
	assert_int_equal(status_for(&w, "GET /mapi/healthcheck.htm HTTP/1.1"
				    "\r\nHost: h\r\n\r\n", &a), 503);
	answer_free(&a);
	read_answer(&c, &a);
	assert_int_equal(event_pending(&a), 0);
	answer_free(&a);
	read_answer(&d, &a);
	assert_int_equal(code_of(&a), 0);
	answer_free(&a);
	http_server_drain(w.server);
	client_close(&c);
	client_close(&d);
	client_close(&w.c);
	assert_true(http_server_wait(w.server, 5000));
	world_close(&w);
}

struct hammer {
	int port;
	int bad;
};

/* A client of many: connect, work, wait, go, in changing order. */
static void *hammer_main(void *arg)
{
	struct hammer *h = arg;
	struct client c = client_open(h->port), d = client_open(h->port);

	for (int i = 0; i < 20; i++) {
		struct session_cookies k = { "", "" };
		struct answer a;

		h->bad += connect_with(&c, NULL, &k) != 0;
		send_wait(&d, &k);
		for (int j = 0; j < 5; j++)
			h->bad += execute(&c, &k, j % 2 ? "inline" : "event")
				!= 0;
		if (i % 3 == 0)
			h->bad += connect_with(&c, &k, &k) != 0;
		if (i % 3 != 2)
			h->bad += disconnect(&c, &k) != 0;
		h->bad += !client_read(&d, &a, false);
		answer_free(&a);
		if (i % 3 == 2)
			h->bad += disconnect(&c, &k) != 0;
	}
	client_close(&c);
	client_close(&d);
	return NULL;
}

/* For the thread sanitizer above all. */
static void many_at_once(void **state)
{
	struct hammer h[4] = { 0 };
	pthread_t threads[4];
	struct world w;

	world_open(&w, NULL);
	for (int i = 0; i < 4; i++) {
		h[i].port = w.port;
		pthread_create(&threads[i], NULL, hammer_main, &h[i]);
	}
	for (int i = 0; i < 50; i++) {
		fake_event();
		pause_ms(2);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(h[i].bad, 0);
	}
	assert_int_equal(counters(&w).contexts, 0);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expiry),
		cmocka_unit_test(pending_while_slow),
		cmocka_unit_test(notification_wait),
		cmocka_unit_test(event_of_an_execute),
		cmocka_unit_test(late_failure),
		cmocka_unit_test(client_leaves),
		cmocka_unit_test(drains),
		cmocka_unit_test(many_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
