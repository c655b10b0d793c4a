/* SPDX-License-Identifier: Apache-2.0 */
/* The framing of answers ([MS-OXCMAPIHTTP] 2.2.2.2, 2.2.7), cookies, ROPs. */
#include "fake_server.h"

#include "analyzer/mapi_client.h"
#include "mapi/ext_buffer.h"

struct fixture {
	struct fake_server server;
	struct mapi_client *client;
	struct arena *arena;
	struct mapi_answer answer;
	struct err err;
};

static void begin(struct fixture *f, const struct fake_answer *answers,
		  size_t n)
{
	struct mapi_client_config config = { .timeout_ms = 5000,
		.http = { .user = "alice", .password = "secret",
			  .auth = HTTP_AUTH_BASIC } };

	memset(f, 0, sizeof *f);
	fake_start(&f->server, answers, n);
	config.url = f->server.url;
	f->client = mapi_client_new(&config);
	f->arena = arena_new(0);
}

static void end(struct fixture *f)
{
	mapi_client_free(f->client);
	fake_stop(&f->server);
	arena_free(f->arena);
}

/* One answer with this HTTP body, to a PING. */
static bool ping(struct fixture *f, const char *body)
{
	char text[4096];
	struct fake_answer a = { .data = fake_mapi(text, sizeof text,
						   "X-ResponseCode: 0\r\n",
						   body) };
	bool ok;

	begin(f, &a, 1);
	ok = mapi_client_ping(f->client, f->arena, &f->answer, &f->err);
	return ok;
}

static void test_frame(void **state)
{
	struct fixture f;

	assert_true(ping(&f, "PROCESSING\r\nPENDING\r\nPENDING\r\nDONE\r\n"
			 "X-ElapsedTime: 12\r\nX-StartTime: now\r\n\r\nbody"));
	assert_true(f.answer.processing);
	assert_true(f.answer.done);
	assert_int_equal(f.answer.pendings, 2);
	assert_int_equal(f.answer.response_code, 0);
	assert_int_equal(f.answer.late_code, -1);
	assert_string_equal(f.answer.elapsed_time, "12");
	assert_string_equal(f.answer.start_time, "now");
	assert_int_equal(f.answer.body.len, 4);
	assert_memory_equal(f.answer.body.data, "body", 4);
	end(&f);
}

/* Without the additional headers, and in whatever case. */
static void test_frame_variants(void **state)
{
	struct fixture f;

	assert_true(ping(&f, "PROCESSING\r\nDONE\r\n\r\n"));
	assert_int_equal(f.answer.pendings, 0);
	assert_null(f.answer.elapsed_time);
	assert_int_equal(f.answer.body.len, 0);
	end(&f);
	assert_true(ping(&f, "PROCESSING\r\nDONE\r\n"
			 "x-responsecode:   0\r\nUnknown: x\r\n\r\n"));
	assert_int_equal(f.answer.late_code, 0);
	end(&f);
}

/* 3.2.5.2: the request failed after PROCESSING had gone out. */
static void test_late_failure(void **state)
{
	struct fixture f;

	assert_false(ping(&f, "PROCESSING\r\nPENDING\r\nDONE\r\n"
			  "X-ResponseCode: 10\r\n\r\n<html>"));
	assert_int_equal(f.answer.response_code, 0);
	assert_int_equal(f.answer.late_code, 10);
	assert_non_null(strstr(f.err.text, "X-ResponseCode 10"));
	assert_int_equal(f.answer.body.len, 6);
	end(&f);
}

static void test_broken_frames(void **state)
{
	static const struct {
		const char *body, *text;
	} cases[] = {
		{ "", "ends before DONE" },
		{ "PROCESSING\r\n", "ends before DONE" },
		{ "PROCESSING\r\nPENDING\r\n", "ends before DONE" },
		{ "PROCESSING\r\nDONE", "ends before DONE" },
		{ "PROCESSING\r\nDONE\r\n", "have no end" },
		{ "PROCESSING\r\nDONE\r\nX-ElapsedTime: 1\r\n",
		  "have no end" },
		{ "PROCESSING\r\nWAITING\r\nDONE\r\n\r\n", "WAITING" },
		{ "<html>an error page</html>\r\n", "<html>" },
		{ "PROCESSING\nDONE\n\n", "ends before DONE" },
		{ "\r\nDONE\r\n\r\n", "has the line \"\"" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;

		assert_false(ping(&f, cases[i].body));
		assert_int_equal(f.err.ec, EC_RPC_FORMAT);
		if (strstr(f.err.text, cases[i].text) == NULL)
			fail_msg("case %zu: %s", i, f.err.text);
		end(&f);
	}
}

/* Headers without end do not keep the client for ever. */
static void test_many_headers(void **state)
{
	struct fixture f;
	char body[4096] = "PROCESSING\r\nDONE\r\n";

	for (int i = 0; i < 150; i++)
		strcat(body, "a: b\r\n");
	strcat(body, "\r\n");
	assert_false(ping(&f, body));
	assert_non_null(strstr(f.err.text, "more than 100 headers"));
	end(&f);
}

static void must_fail(const char *answer, const char *text)
{
	struct fake_answer a = { .data = answer, .close = true };
	struct fixture f;

	begin(&f, &a, 1);
	assert_false(mapi_client_ping(f.client, f.arena, &f.answer, &f.err));
	if (strstr(f.err.text, text) == NULL)
		fail_msg("%s", f.err.text);
	end(&f);
}

static void test_refusals(void **state)
{
	must_fail("HTTP/1.1 503 Service Unavailable\r\n"
		  "Content-Length: 0\r\n\r\n", "HTTP status 503");
	must_fail("HTTP/1.1 200 OK\r\nX-ResponseCode: 5\r\n"
		  "Content-Type: text/html\r\nContent-Length: 2\r\n\r\nno",
		  "X-ResponseCode 5");
	must_fail("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
		  "Content-Length: 2\r\n\r\nhi", "no X-ResponseCode");
	must_fail("HTTP/1.1 200 OK\r\nX-ResponseCode: 0\r\n"
		  "Content-Type: text/html\r\nContent-Length: 2\r\n\r\nhi",
		  "not of type application/mapi-http");
}

static void test_cut_off(void **state)
{
	struct fake_answer a = { .close = true,
		.data = "HTTP/1.1 200 OK\r\nX-ResponseCode: 0\r\n"
			"Content-Type: application/mapi-http\r\n"
			"Content-Length: 100\r\n\r\nPROCESSING\r\n" };
	struct fixture f;

	begin(&f, &a, 1);
	assert_false(mapi_client_ping(f.client, f.arena, &f.answer, &f.err));
	assert_int_not_equal(f.answer.failure, HTTP_FAILURE_NONE);
	end(&f);
}

/* Chunks that come byte by byte, as a slow server sends them. */
static void test_chunked(void **state)
{
	struct fake_answer a = { .piece = 7,
		.data = "HTTP/1.1 200 OK\r\nX-ResponseCode: 0\r\n"
			"Content-Type: application/mapi-http\r\n"
			"Transfer-Encoding: chunked\r\n\r\n"
			"c\r\nPROCESSING\r\n\r\n9\r\nPENDING\r\n\r\n"
			"6\r\nDONE\r\n\r\n2\r\n\r\n\r\n0\r\n\r\n" };
	struct fixture f;

	begin(&f, &a, 1);
	assert_true(mapi_client_ping(f.client, f.arena, &f.answer, &f.err));
	assert_int_equal(f.answer.pendings, 1);
	end(&f);
}

/* What a request must have (2.2.3.1), and cookies that come and go. */
static void test_request(void **state)
{
	char text[3][1024];
	const struct fake_answer answers[] = {
		{ .data = fake_mapi(text[0], sizeof text[0],
			"X-ResponseCode: 0\r\nSet-Cookie: MapiContext=one; "
			"path=/mapi\r\nSet-Cookie: MapiSequence=1\r\n",
			"PROCESSING\r\nDONE\r\n\r\n") },
		{ .data = fake_mapi(text[1], sizeof text[1],
			"X-ResponseCode: 0\r\nSet-Cookie: MapiSequence=2\r\n",
			"PROCESSING\r\nDONE\r\n\r\n") },
		{ .data = fake_mapi(text[2], sizeof text[2],
			"X-ResponseCode: 0\r\n",
			"PROCESSING\r\nDONE\r\n\r\n") },
	};
	struct fixture f;
	struct fake_server *s = &f.server;

	begin(&f, answers, 3);
	for (int i = 0; i < 3; i++)
		assert_true(mapi_client_ping(f.client, f.arena, &f.answer,
					     &f.err));
	fake_join(s);
	assert_int_equal(s->n_requests, 3);
	assert_int_equal(s->connections, 1);
	assert_int_equal(strncmp(s->requests[0], "POST /mapi/emsmdb/"
		"?MailboxId=x@example.test HTTP/1.1\r\n", 54), 0);
	assert_non_null(strstr(s->requests[0],
			       "\r\nX-RequestType: PING\r\n"));
	assert_non_null(strstr(s->requests[0],
			       "\r\nContent-Type: application/mapi-http\r\n"));
	assert_non_null(strstr(s->requests[0], "\r\nX-RequestId: {"));
	assert_non_null(strstr(s->requests[0], "}:1\r\n"));
	assert_non_null(strstr(s->requests[2], "}:3\r\n"));
	assert_null(strstr(s->requests[0], "\r\nCookie:"));
	assert_non_null(strstr(s->requests[1], "\r\nCookie: MapiContext=one; "
			       "MapiSequence=1\r\n"));
	assert_non_null(strstr(s->requests[2], "\r\nCookie: MapiContext=one; "
			       "MapiSequence=2\r\n"));
	assert_string_equal(mapi_client_cookie(f.client, "MapiSequence"),
			    "2");
	assert_null(mapi_client_cookie(f.client, "Other"));
	end(&f);
}

/* ---- bodies and ROPs ---- */

/* An answer with the frame and these bytes. */
static size_t framed(uint8_t *out, size_t size, const void *body, size_t len)
{
	static const char frame[] = "PROCESSING\r\nDONE\r\n\r\n";
	int n = snprintf((char *)out, size,
			 "HTTP/1.1 200 OK\r\nX-ResponseCode: 0\r\n"
			 "Content-Type: application/mapi-http\r\n"
			 "Content-Length: %zu\r\n\r\n%s",
			 len + sizeof frame - 1, frame);

	assert_true((size_t)n + len < size);
	memcpy(out + n, body, len);
	return (size_t)n + len;
}

static bool wait_for(const void *body, size_t len, struct fixture *f,
		     bool *event)
{
	uint8_t bytes[1024];
	struct fake_answer a = { .data = bytes };

	a.len = framed(bytes, sizeof bytes, body, len);
	begin(f, &a, 1);
	return mapi_client_wait(f->client, 5000, f->arena, &f->answer, event,
				&f->err);
}

static void test_wait(void **state)
{
	/* StatusCode, ErrorCode, EventPending, AuxiliaryBufferSize */
	uint8_t body[16] = { [8] = 1 };
	bool event = false;
	struct fixture f;

	assert_true(wait_for(body, sizeof body, &f, &event));
	assert_true(event);
	end(&f);
	body[8] = 0;
	assert_true(wait_for(body, sizeof body, &f, &event));
	assert_false(event);
	end(&f);
	assert_false(wait_for(body, sizeof body - 1, &f, &event));
	assert_int_equal(f.err.ec, EC_RPC_FORMAT);
	end(&f);
	body[4] = 0x05, body[5] = 0x00, body[6] = 0x07, body[7] = 0x80;
	assert_false(wait_for(body, sizeof body, &f, &event));
	assert_int_equal(f.err.ec, EC_ACCESS_DENIED);
	end(&f);
}

/* The body of an answer to Execute whose payload has these ROPs. */
static size_t execute_body(struct arena *arena, uint8_t *out, size_t size,
			   const void *rops, size_t len, uint32_t handle)
{
	uint8_t *ext = arena_alloc(arena, 4096);
	struct wire_w w = wire_w(ext, 4096), body = wire_w(out, size);
	size_t at = ext_buffer_begin(&w), begin = rop_payload_begin(&w);
	struct execute_rsp rsp = { 0 };

	wire_put(&w, rops, len);
	rop_payload_end(&w, begin, &handle, 1);
	ext_buffer_end(&w, at, EXT_LAST | EXT_XOR_MAGIC, arena);
	rsp.rop_buffer = (struct bin){ w.base, w.len };
	execute_rsp_encode(&body, &rsp);
	assert_false(body.full);
	return body.len;
}

static bool open_folder(struct fixture *f, const void *rops, size_t len,
			union rop_rsp *rsp)
{
	uint8_t body[4096], bytes[8192];
	struct arena *arena = arena_new(0);
	struct fake_answer a = { .data = bytes };
	union rop_req req = { .open_folder = { .folder_id = 1 } };
	uint32_t out = 0;
	bool ok;

	a.len = framed(bytes, sizeof bytes, body,
		       execute_body(arena, body, sizeof body, rops, len, 7));
	begin(f, &a, 1);
	ok = mapi_client_rop(f->client, f->arena, ROP_ID_open_folder, 0, 3,
			     &req, &out, rsp, &f->err);
	arena_free(arena);
	return ok;
}

static void test_rop(void **state)
{
	/* RopOpenFolder, success, HasRules, IsGhosted */
	static const uint8_t good[] = { 0x02, 1, 0, 0, 0, 0, 1, 0 };
	/* RopPending and RopNotify may stand before it */
	static const uint8_t pending[] = { 0x6e, 0, 0,
					   0x02, 1, 0, 0, 0, 0, 0, 0 };
	static const uint8_t denied[] = { 0x02, 1, 0x05, 0x00, 0x07, 0x80 };
	static const uint8_t other[] = { 0x0c, 1, 0x05, 0x00, 0x07, 0x80 };
	static const uint8_t cut[] = { 0x02, 1, 0, 0, 0, 0, 1 };
	union rop_rsp rsp;
	struct fixture f;

	assert_true(open_folder(&f, good, sizeof good, &rsp));
	assert_true(rsp.open_folder.has_rules);
	end(&f);
	assert_true(open_folder(&f, pending, sizeof pending, &rsp));
	assert_false(rsp.open_folder.has_rules);
	end(&f);
	assert_false(open_folder(&f, denied, sizeof denied, &rsp));
	assert_int_equal(f.err.ec, EC_ACCESS_DENIED);
	end(&f);
	assert_false(open_folder(&f, other, sizeof other, &rsp));
	assert_int_equal(f.err.ec, EC_RPC_FORMAT);
	end(&f);
	assert_false(open_folder(&f, cut, sizeof cut, &rsp));
	assert_int_equal(f.err.ec, EC_RPC_FORMAT);
	end(&f);
	assert_false(open_folder(&f, good, 0, &rsp));
	assert_int_equal(f.err.ec, EC_NOT_FOUND);
	end(&f);
}

static void test_batch(void **state)
{
	struct arena *arena = arena_new(0);
	struct rop_batch b;
	struct execute_req req;
	struct bin body;
	struct err err;
	union rop_req open = { .open_folder = { .folder_id = 1 } };

	rop_batch_init(&b, arena);
	assert_int_equal(rop_batch_handle(&b, 5), 0);
	assert_int_equal(rop_batch_handle(&b, 6), 1);
	assert_int_equal(rop_batch_handle(&b, 5), 0);
	assert_int_equal(rop_batch_output(&b), 2);
	assert_int_equal(rop_batch_output(&b), 3);
	rop_batch_add(&b, ROP_ID_open_folder, 0, 0, 2, &open);
	b.flags = EXECUTE_NO_COMPRESSION | EXECUTE_NO_XOR_MAGIC;
	assert_true(rop_batch_encode(&b, &body, &err));
	assert_true(execute_req_decode(&body, &req));
	assert_int_equal(req.flags, 3);
	/* RPC_HEADER_EXT, RopSize, RopOpenFolder, four handles */
	assert_int_equal(req.rop_buffer.len, 8 + 2 + 13 + 16);
	assert_int_equal(req.rop_buffer.data[2], EXT_LAST);
	assert_int_equal(req.rop_buffer.data[8], 2 + 13);
	assert_int_equal(req.rop_buffer.data[10], 0x02);
	/* Too many handles are said, not written past the end. */
	for (uint32_t i = 0; i < 100; i++)
		rop_batch_handle(&b, 1000 + i);
	assert_false(rop_batch_encode(&b, &body, &err));
	assert_int_equal(err.ec, EC_TOO_BIG);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frame),
		cmocka_unit_test(test_frame_variants),
		cmocka_unit_test(test_late_failure),
		cmocka_unit_test(test_broken_frames),
		cmocka_unit_test(test_many_headers),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_chunked),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_rop),
		cmocka_unit_test(test_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
