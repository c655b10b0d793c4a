/* SPDX-License-Identifier: Apache-2.0 */
/* Requests one after another: headers, codes, sequence, pages. */
#include "world.h"

/* --- Tests ------------------------------------------------------------ */

/* The headers in their order, which is that of Exchange, and the meta-tags. */
static void ping(void **state)
{
	static const char *const order[] = {
		"HTTP/1.1 200 OK", "Transfer-Encoding: chunked",
		"request-id: ", "X-ServerApplication: Exchange/15.00.1210.002",
		"X-RequestId: {" GUID "}:7", "X-ClientInfo: {" GUID "}:1",
		"X-RequestType: PING", "X-PendingPeriod: 15000",
		"X-ExpirationInfo: 900000", "X-ResponseCode: 0",
		"X-DiagInfo: mail", "X-BEServer: mail",
		"Cache-Control: private", "Content-Type: application/mapi-http",
		"Date: ",
	};
	struct world w;
	struct answer a;
	const char *at;

	world_open(&w, NULL);
	send_request(&w.c, "PING", NULL, "", 0);
	read_answer(&w.c, &a);
	at = a.head;
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		if (strncmp(at, order[i], strlen(order[i])) != 0)
			fail_msg("%s is not at: %s", order[i], at);
		at = strstr(at, "\r\n") + 2;
	}
	assert_string_equal(at, "\r\n");
	assert_memory_equal(a.body, "PROCESSING\r\nDONE\r\nX-StartTime: ", 31);
	assert_non_null(strstr(a.body, " GMT\r\nX-ElapsedTime: "));
	/* Exchange has 83 bytes, with two digits more. */
	assert_true(a.len >= 82 && a.len < 86);
	assert_string_equal(a.body + a.len - 4, "\r\n\r\n");
	assert_int_equal(a.chunks, 1);
	answer_free(&a);
	assert_int_equal(counters(&w).ping, 1);
	world_close(&w);
}

static void connect_answer(void **state)
{
	struct arena *arena = arena_new(0);
	struct connect_rsp rsp;
	struct session_cookies k;
	struct world w;
	struct answer a;
	struct bin bin;
	uint8_t body[256];

	world_open(&w, NULL);
	send_request(&w.c, "Connect", NULL, body,
		     connect_body("/o=x/cn=alice", body));
	read_answer(&w.c, &a);
	assert_int_equal(code_of(&a), 0);
	take_cookies(&a, &k);
	/* Over plain HTTP without "secure", which a client would not send. */
	assert_non_null(strstr(a.head, "; path=/mapi/emsmdb; HttpOnly\r\n"));
	assert_memory_equal(k.context, "MAPI", 4);
	assert_memory_equal(k.sequence, "0-", 2);
	bin.data = (const uint8_t *)body_of(&a, &bin.len);
	assert_true(connect_rsp_decode(&bin, arena, &rsp));
	assert_int_equal(rsp.error_code, 0);
	assert_string_equal(rsp.display_name, "alice");
	answer_free(&a);
	/* Refused by the mailbox: in the body, without a context. */
	send_request(&w.c, "Connect", NULL, body,
		     connect_body("/refused", body));
	read_answer(&w.c, &a);
	assert_int_equal(code_of(&a), 0);
	assert_null(strstr(a.head, "Set-Cookie"));
	bin.data = (const uint8_t *)body_of(&a, &bin.len);
	assert_true(connect_rsp_decode(&bin, arena, &rsp));
	assert_int_equal(rsp.error_code, EC_ACCESS_DENIED);
	answer_free(&a);
	assert_int_equal(counters(&w).contexts, 1);
	assert_int_equal(request(&w.c, "Connect", NULL, "x", 1), 12);
	arena_free(arena);
	world_close(&w);
}

static void session_of_requests(void **state)
{
	struct session_cookies k, before;
	struct world w;
	struct answer a;
	struct execute_rsp rsp;
	struct bin bin;
	struct endpoint_counters n;

	world_open(&w, NULL);
	k = connected(&w);
	for (int i = 1; i < 12; i++) {
		char want[8];

		before = k;
		assert_int_equal(execute(&w.c, &k, i % 2 ? "inline" :
					 "worker"), 0);
		assert_string_equal(k.context, before.context);
		snprintf(want, sizeof want, "%d-", i);
		assert_memory_equal(k.sequence, want, strlen(want));
	}
	send_execute(&w.c, &k, "echo this");
	read_answer(&w.c, &a);
	take_cookies(&a, &k);
	bin.data = (const uint8_t *)body_of(&a, &bin.len);
	assert_true(execute_rsp_decode(&bin, &rsp));
	assert_int_equal(rsp.rop_buffer.len, 9);
	assert_memory_equal(rsp.rop_buffer.data, "echo this", 9);
	answer_free(&a);
	/* A failed call is an error in the body. */
	send_execute(&w.c, &k, "failed");
	read_answer(&w.c, &a);
	take_cookies(&a, &k);
	bin.data = (const uint8_t *)body_of(&a, &bin.len);
	assert_true(execute_rsp_decode(&bin, &rsp));
	assert_int_equal(rsp.error_code, EC_RPC_FORMAT);
	answer_free(&a);
	/* A PING keeps the sequence. */
	before = k;
	assert_int_equal(request(&w.c, "PING", &k, "", 0), 0);
	assert_string_equal(k.sequence, before.sequence);
	/* 3.2.5.4: cookies come with Disconnect, and are worth nothing. */
	assert_int_equal(disconnect(&w.c, &k), 0);
	assert_string_not_equal(k.sequence, before.sequence);
	assert_int_equal(fake.disconnected, 1);
	assert_int_equal(execute(&w.c, &k, "inline"), 10);
	assert_int_equal(disconnect(&w.c, &k), 10);
	n = counters(&w);
	assert_int_equal(n.execute, 14);
	assert_int_equal(n.execute_inline, 7);
	assert_int_equal(n.contexts, 0);
	assert_int_equal(n.response_code[10], 2);
	world_close(&w);
}

/* What is sent is written out; what X-ResponseCode comes back. */
static int code_for(struct world *w, const char *text)
{
	struct client c = client_open(w->port);
	struct answer a;
	char out[256];
	int code;

	client_puts(&c, text);
	read_answer(&c, &a);
	assert_int_equal(a.status, 200);
	code = code_of(&a);
	if (code != 0) {
		char want[32];

		snprintf(want, sizeof want, "X-ResponseCode: %d<", code);
		assert_string_equal(header(&a, "Content-Type", out),
				    "text/html");
		assert_non_null(header(&a, "X-ServerApplication", out));
		assert_non_null(strstr(a.body, want));
		/* R2040: what was sent comes back. */
		if (strstr(text, "X-RequestId: {" GUID "}:7") != NULL)
			assert_string_equal(header(&a, "X-RequestId", out),
					    "{" GUID "}:7");
		if (strstr(text, "X-RequestType: PING") != NULL)
			assert_string_equal(header(&a, "X-RequestType", out),
					    "PING");
	}
	answer_free(&a);
	client_close(&c);
	return code;
}

#define LINE "POST /mapi/emsmdb/ HTTP/1.1\r\n"
#define AUTH "Host: h\r\nAuthorization: Basic alice\r\n"
#define TYPE "X-RequestType: PING\r\n"
#define ID "X-RequestId: {" GUID "}:7\r\n"
#define CONTENT "Content-Type: application/mapi-http\r\n"
#define END "Content-Length: 0\r\n\r\n"

static void header_codes(void **state)
{
	static const struct {
		const char *text;
		int code;
	} all[] = {
		{ LINE AUTH TYPE ID CONTENT END, 0 },
		{ LINE AUTH TYPE ID CONTENT "Transfer-Encoding: chunked\r\n\r\n"
		  "0\r\n\r\n", 0 },
		{ LINE AUTH TYPE ID "Content-Type: application/octet-stream\r\n"
		  END, 0 },
		{ LINE AUTH TYPE ID "Content-Type: Application/MAPI-http; x=y"
		  "\r\n" END, 0 },
		{ "POST /mapi/emsmdb HTTP/1.1\r\n" AUTH TYPE ID CONTENT END,
		  0 },
		{ "POST /MAPI/Emsmdb/?mailboxId=%7b" GUID "%7d@x.test "
		  "HTTP/1.1\r\n" AUTH TYPE ID CONTENT END, 0 },
		{ "POST /mapi/emsmdb/?other=1 HTTP/1.1\r\n" AUTH TYPE ID
		  CONTENT END, 0 },
		/* 2: the verb */
		{ "PUT /mapi/emsmdb/ HTTP/1.1\r\n" AUTH TYPE ID CONTENT END,
		  2 },
		{ "OPTIONS /mapi/emsmdb/ HTTP/1.1\r\n" AUTH "\r\n", 2 },
		/* 3: the path */
		{ "POST /mapi/emsmdb/x HTTP/1.1\r\n" AUTH TYPE ID CONTENT END,
		  3 },
		{ "POST /mapi/emsmdb/?MailboxId=alice HTTP/1.1\r\n" AUTH TYPE
		  ID CONTENT END, 3 },
		{ "POST /mapi/emsmdb/?MailboxId= HTTP/1.1\r\n" AUTH TYPE ID
		  CONTENT END, 3 },
		{ "POST /mapi/emsmdb/?MailboxId=" GUID "&mailboxid=" GUID
		  " HTTP/1.1\r\n" AUTH TYPE ID CONTENT END, 3 },
		/* 4: a header */
		{ LINE AUTH TYPE "X-RequestId: 7\r\n" CONTENT END, 4 },
		{ LINE AUTH TYPE ID ID CONTENT END, 4 },
		{ LINE AUTH TYPE TYPE ID CONTENT END, 4 },
		{ LINE AUTH TYPE ID "Content-Type: text/plain\r\n" END, 4 },
		{ LINE AUTH TYPE ID "Content-Type: application/mapi-httpx\r\n"
		  END, 4 },
		{ LINE AUTH TYPE ID CONTENT "X-ClientInfo: a\r\n"
		  "X-ClientInfo: b\r\n" END, 4 },
		/* 5: the type */
		{ LINE AUTH "X-RequestType: Nonsense\r\n" ID CONTENT END, 5 },
		{ LINE AUTH "X-RequestType: Bind\r\n" ID CONTENT END, 5 },
		/* 6, 10, 13: the cookie */
		{ LINE AUTH TYPE ID CONTENT "Cookie: MapiContext=x\r\n" END,
		  6 },
		{ LINE AUTH TYPE ID CONTENT "Cookie: MapiContext="
		  "MAPIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n" END, 10 },
		{ LINE AUTH "X-RequestType: Execute\r\n" ID CONTENT END, 13 },
		{ LINE AUTH "X-RequestType: Disconnect\r\n" ID CONTENT END,
		  13 },
		{ LINE AUTH "X-RequestType: NotificationWait\r\n" ID CONTENT
		  END, 13 },
		/* 7: missing */
		{ LINE AUTH ID CONTENT END, 7 },
		{ LINE AUTH TYPE CONTENT END, 7 },
		{ LINE AUTH TYPE ID END, 7 },
		{ LINE AUTH TYPE ID CONTENT "\r\n", 7 },
		/* 16: no address book yet */
		{ "POST /mapi/nspi/ HTTP/1.1\r\n" AUTH TYPE ID CONTENT END,
		  16 },
	};
	struct world w;

	world_open(&w, NULL);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (code_for(&w, all[i].text) != all[i].code)
			fail_msg("not %d: %s", all[i].code, all[i].text);
	world_close(&w);
}

static void bodies(void **state)
{
	struct endpoint_config config = { .body_max = 300 };
	struct session_cookies k;
	struct world w;
	uint8_t body[1000] = { 0 };
	size_t len;

	world_open(&w, &config);
	k = connected(&w);
	len = execute_body("inline", body);
	/* Cut at every byte, the sequence stays. */
	for (size_t n = 0; n < len; n++)
		assert_int_equal(request(&w.c, "Execute", &k, body, n), 12);
	assert_int_equal(request(&w.c, "Execute", &k, body, len + 1), 12);
	assert_int_equal(request(&w.c, "NotificationWait", &k, body, 3), 12);
	assert_int_equal(request(&w.c, "Disconnect", &k, body, 3), 12);
	assert_int_equal(request(&w.c, "Execute", &k, body, len), 0);
	assert_int_equal(request(&w.c, "Execute", &k, body, 301), 9);
	assert_int_equal(fake.executed, 1);
	send_request(&w.c, "Execute", &k, body, 601);
	client_expect(&w.c, 413, NULL);
	client_close(&w.c);
	w.c = client_open(w.port);
	assert_int_equal(disconnect(&w.c, &k), 0);
	world_close(&w);
}

static void sequence(void **state)
{
	struct session_cookies k, old, none;
	struct world w;
	struct client other;

	world_open(&w, NULL);
	k = old = connected(&w);
	assert_int_equal(execute(&w.c, &k, "inline"), 0);
	/* Stale, made up, missing; the context lives on. */
	assert_int_equal(execute(&w.c, &(struct session_cookies){ { 0 },
				 { 0 } }, "inline"), 6);
	assert_int_equal(execute(&w.c, &old, "inline"), 15);
	none = k;
	strcpy(none.sequence, "1-AAAAAA==");
	assert_int_equal(execute(&w.c, &none, "inline"), 15);
	assert_int_equal(request(&w.c, "PING", &none, "", 0), 15);
	/* Two at once on one context (R1228). */
	other = client_open(w.port);
	send_execute(&w.c, &k, "slow 300");
	pause_ms(100);
	old = k;
	assert_int_equal(execute(&other, &old, "inline"), 15);
	old = k;
	assert_int_equal(disconnect(&other, &old), 15);
	assert_int_equal(request(&other, "PING", &old, "", 0), 15);
	{
		struct answer a;

		read_answer(&w.c, &a);
		assert_int_equal(code_of(&a), 0);
		take_cookies(&a, &k);
		answer_free(&a);
	}
	assert_int_equal(execute(&other, &k, "worker"), 0);
	assert_int_equal(disconnect(&other, &k), 0);
	client_close(&other);
	world_close(&w);
}

static void missing_sequence(void **state)
{
	struct session_cookies k;
	struct world w;
	char text[1024];

	world_open(&w, NULL);
	k = connected(&w);
	snprintf(text, sizeof text, LINE AUTH "X-RequestType: Execute\r\n" ID
		 CONTENT "Cookie: MapiContext=%s\r\n" END, k.context);
	assert_int_equal(code_for(&w, text), 13);
	snprintf(text, sizeof text, LINE AUTH TYPE ID CONTENT
		 "Cookie: MapiContext=%s\r\n" END, k.context);
	assert_int_equal(code_for(&w, text), 0);
	world_close(&w);
}

/* R1225: another user's context is not found. */
static void another_users_context(void **state)
{
	struct session_cookies k;
	struct world w;
	char text[1024];

	world_open(&w, NULL);
	k = connected(&w);
	snprintf(text, sizeof text, LINE "Host: h\r\n"
		 "Authorization: Basic bob\r\n" TYPE ID CONTENT
		 "Cookie: MapiContext=%s\r\n" END, k.context);
	assert_int_equal(code_for(&w, text), 10);
	snprintf(text, sizeof text, LINE "Host: h\r\n"
		 "Authorization: Basic bob\r\nX-RequestType: Connect\r\n" ID
		 CONTENT "Cookie: MapiContext=%s\r\nContent-Length: 21\r\n\r\n"
		 "/", k.context);
	{
		struct client c = client_open(w.port);
		struct answer a;
		uint8_t body[256];
		size_t len = connect_body("/", body);

		assert_int_equal(len, 22);
		client_send(&c, text, strlen(text) - 1 - 6);
		client_puts(&c, "22\r\n\r\n");
		client_send(&c, body, len);
		read_answer(&c, &a);
		assert_int_equal(code_of(&a), 10);
		answer_free(&a);
		client_close(&c);
	}
	assert_int_equal(execute(&w.c, &k, "inline"), 0);
	world_close(&w);
}

/* 3.2.5.6 */
static void reconnect(void **state)
{
	struct session_cookies first, second = { "", "" };
	struct world w;

	world_open(&w, NULL);
	first = connected(&w);
	strcpy(first.sequence, "999-ignored");
	assert_int_equal(connect_with(&w.c, &first, &second), 0);
	assert_string_not_equal(first.context, second.context);
	assert_int_equal(fake.connected, 2);
	assert_int_equal(fake.disconnected, 1);
	assert_int_equal(execute(&w.c, &first, "inline"), 10);
	assert_int_equal(execute(&w.c, &second, "inline"), 0);
	/* R1283: the old one is not valid any more. */
	assert_int_equal(connect_with(&w.c, &first, &first), 10);
	assert_int_equal(counters(&w).contexts, 1);
	world_close(&w);
}

/* The client left in the middle of an Execute and comes back. */
static void reconnect_while_busy(void **state)
{
	struct session_cookies first, second = { "", "" };
	struct world w;
	struct client c;

	world_open(&w, NULL);
	first = connected(&w);
	c = client_open(w.port);
	send_execute(&c, &first, "slow 300");
	pause_ms(100);
	client_close(&c);
	assert_int_equal(connect_with(&w.c, &first, &second), 0);
	assert_int_equal(execute(&w.c, &second, "inline"), 0);
	pause_ms(400);
	assert_int_equal(fake.disconnected, 1);
	assert_int_equal(counters(&w).contexts, 1);
	world_close(&w);
}

static void authentication(void **state)
{
	static const char *const denied[] = {
		LINE "Host: h\r\n" TYPE ID CONTENT END,
		LINE "Host: h\r\nAuthorization: Bearer\r\n" TYPE ID CONTENT END,
		LINE "Host: h\r\nAuthorization: Basic nobody\r\n" TYPE ID
		CONTENT END,
		LINE "Host: h\r\nAuthorization: Basic later nobody\r\n" TYPE ID
		CONTENT END,
		LINE AUTH "Authorization: Basic alice\r\n" TYPE ID CONTENT END,
		"GET /mapi/emsmdb/ HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET /mapi/nspi/ HTTP/1.1\r\nHost: h\r\n\r\n",
	};
	struct world w;
	struct answer a;

	world_open(&w, NULL);
	for (size_t i = 0; i < sizeof denied / sizeof *denied; i++) {
		assert_int_equal(status_for(&w, denied[i], &a), 401);
		assert_int_equal(a.len, 0);
		assert_non_null(strstr(a.head, "\r\nWWW-Authenticate: "
				       "Basic realm="
				       "\"mail.example.test\"\r\n"));
		assert_non_null(strstr(a.head, "\r\nContent-Length: 0\r\n"));
		answer_free(&a);
	}
	assert_int_equal(status_for(&w, LINE "Host: h\r\n"
				    "Authorization: Basic down\r\n" TYPE ID
				    CONTENT END, &a), 503);
	answer_free(&a);
	/* Checked elsewhere, answered here. */
	assert_int_equal(code_for(&w, LINE "Host: h\r\nAuthorization: "
				  "Basic later alice\r\n" TYPE ID CONTENT END),
			 0);
	assert_int_equal(counters(&w).unauthorized,
			 sizeof denied / sizeof *denied);
	/* The client leaves while it is being checked. */
	struct client c = client_open(w.port);
	client_puts(&c, LINE "Host: h\r\nAuthorization: Basic later alice\r\n"
		    TYPE ID CONTENT END);
	client_close(&c);
	pause_ms(100);
	world_close(&w);
}

static void pages(void **state)
{
	struct world w;
	struct answer a;

	world_open(&w, NULL);
	assert_int_equal(status_for(&w, "GET /mapi/emsmdb/ HTTP/1.1\r\n"
				    "Host: h\r\nAuthorization: Basic bob\r\n"
				    "\r\n", &a), 200);
	assert_non_null(strstr(a.body, "<h1>Exchange MAPI/HTTP Connectivity "
			       "Endpoint</h1>"));
	assert_non_null(strstr(a.body, "Version: 15.00.1210.002<br/>"));
	assert_non_null(strstr(a.body, "Vdir Path: /mapi/emsmdb/<br/>"));
	assert_non_null(strstr(a.body, "User: bob<br/>"));
	assert_non_null(strstr(a.body, "UPN: &lt;bob&gt;@x.test<br/>"));
	answer_free(&a);
	assert_int_equal(status_for(&w, "HEAD /mapi/nspi/ HTTP/1.1\r\n" AUTH
				    "\r\n", &a), 200);
	answer_free(&a);
	assert_int_equal(status_for(&w, "GET /mapi/emsmdb/x HTTP/1.1\r\n" AUTH
				    "\r\n", &a), 404);
	answer_free(&a);
	assert_int_equal(status_for(&w, "GET /mapi/healthcheck.htm HTTP/1.1"
				    "\r\nHost: h\r\n\r\n", &a), 200);
	assert_string_equal(a.body, "200 OK<br/>mail.example.test");
	answer_free(&a);
	assert_int_equal(status_for(&w, "POST /mapi/healthcheck.htm HTTP/1.1"
				    "\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
				    &a), 405);
	assert_non_null(strstr(a.head, "\r\nAllow: GET, HEAD\r\n"));
	answer_free(&a);
	assert_int_equal(status_for(&w, "GET /mapi/ HTTP/1.1\r\nHost: h\r\n"
				    "\r\n", &a), 404);
	answer_free(&a);
	world_close(&w);
}

static void too_busy(void **state)
{
	struct endpoint_config config = { .workers = 1, .queue = 1,
		.contexts = 3 };
	struct session_cookies k[3], old;
	struct world w;
	struct client c[3];
	struct answer a;

	world_open(&w, &config);
	for (int i = 0; i < 3; i++) {
		k[i] = connected(&w);
		c[i] = client_open(w.port);
	}
	assert_int_equal(connect_with(&w.c, NULL, &old), 1);
	for (int i = 0; i < 3; i++) {
		send_execute(&c[i], &k[i], "slow 300");
		pause_ms(50);
	}
	/* Refused before its sequence moved: it may try again. */
	read_answer(&c[2], &a);
	assert_int_equal(a.status, 503);
	assert_non_null(strstr(a.head, "\r\nRetry-After: 1\r\n"));
	assert_non_null(strstr(a.head, "\r\nX-FailureContext: "
			       "BackEnd;503;Unavailable;"));
	answer_free(&a);
	for (int i = 0; i < 2; i++) {
		read_answer(&c[i], &a);
		assert_int_equal(code_of(&a), 0);
		answer_free(&a);
	}
	assert_int_equal(execute(&c[2], &k[2], "worker"), 0);
	assert_int_equal(counters(&w).busy, 1);
	for (int i = 0; i < 3; i++)
		client_close(&c[i]);
	world_close(&w);
}

static void logged(void **state)
{
	char path[] = "/tmp/posthouse-log-XXXXXX", text[4096] = "";
	struct endpoint_config config = { 0 };
	struct session_cookies k;
	struct world w;
	struct err err;
	int fd = mkstemp(path);

	config.log = log_open(path, LOG_LEVEL_INFO, &err);
	assert_non_null(config.log);
	world_open(&w, &config);
	k = connected(&w);
	assert_int_equal(execute(&w.c, &k, "worker"), 0);
	world_close(&w);
	log_close(config.log);
	assert_true(read(fd, text, sizeof text - 1) > 0);
	assert_non_null(strstr(text, " request id="));
	assert_non_null(strstr(text, " user=alice@example.test mailbox=" GUID
			       "@example.test client={" GUID "}:7 type=Connect"
			       " status=200 code=0 error=0x0 us="));
	assert_non_null(strstr(text, "type=Execute"));
	assert_non_null(strstr(text, " worker=1\n"));
	assert_null(strstr(text, "Basic"));
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ping),
		cmocka_unit_test(connect_answer),
		cmocka_unit_test(session_of_requests),
		cmocka_unit_test(header_codes),
		cmocka_unit_test(bodies),
		cmocka_unit_test(sequence),
		cmocka_unit_test(missing_sequence),
		cmocka_unit_test(another_users_context),
		cmocka_unit_test(reconnect),
		cmocka_unit_test(reconnect_while_busy),
		cmocka_unit_test(authentication),
		cmocka_unit_test(pages),
		cmocka_unit_test(too_busy),
		cmocka_unit_test(logged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
