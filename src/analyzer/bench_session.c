/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/bench_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { COOKIES_MAX = 6, COOKIE_NAME_MAX = 32, FRAME_LINES_MAX = 1000 };

struct cookie {
	char name[COOKIE_NAME_MAX];
	char *value;
	size_t cap;
};

struct bench_session {
	const struct bench_target *target;
	struct bench_conn *conn;
	struct buf out;
	char guid[GUID_TEXT_SIZE];
	unsigned requests;
	struct cookie cookies[COOKIES_MAX];
};

static struct bench_session *new_session(const struct bench_target *t,
					 struct bench_conn *conn)
{
	struct bench_session *s = xcalloc(1, sizeof *s);
	struct guid guid = guid_new();

	s->target = t;
	s->conn = conn;
	guid_format(&guid, s->guid);
	return s;
}

struct bench_session *bench_session_new(const struct bench_target *t,
					unsigned source, struct err *err)
{
	struct bench_conn *conn = bench_conn_open(t, source, err);

	return conn != NULL ? new_session(t, conn) : NULL;
}

struct bench_session *bench_session_after(struct bench_session *before)
{
	struct bench_conn *conn = before->conn;

	before->conn = NULL;
	return new_session(before->target, conn);
}

bool bench_session_dial(struct bench_session *s, unsigned source,
			struct err *err)
{
	s->conn = bench_conn_open(s->target, source, err);
	return s->conn != NULL;
}

void bench_session_free(struct bench_session *s)
{
	if (s == NULL)
		return;
	bench_conn_close(s->conn);
	buf_free(&s->out);
	for (size_t i = 0; i < COOKIES_MAX; i++)
		free(s->cookies[i].value);
	free(s);
}

void bench_session_shrink(struct bench_session *s)
{
	if (s->conn != NULL)
		bench_conn_shrink(s->conn);
	buf_free(&s->out);
}

bool bench_session_ended(struct bench_session *s)
{
	return bench_conn_ended(s->conn);
}

/* ---- cookies ---- */

static bool is_cookie(const struct cookie *c, const char *name, size_t len)
{
	return strlen(c->name) == len && memcmp(c->name, name, len) == 0;
}

/* In its own place, or the first that is free. */
static void keep_cookie(struct bench_session *s, const char *name,
			size_t name_len, const char *value, size_t len)
{
	for (size_t i = 0; i < COOKIES_MAX; i++) {
		struct cookie *c = &s->cookies[i];

		if (c->name[0] != '\0' && !is_cookie(c, name, name_len))
			continue;
		if (len >= c->cap) {
			c->cap = len + 16;
			c->value = xrealloc(c->value, c->cap);
		}
		memcpy(c->name, name, name_len);
		c->name[name_len] = '\0';
		memcpy(c->value, value, len);
		c->value[len] = '\0';
		return;
	}
}

static void take_cookies(struct bench_session *s,
			 const struct bench_answer *a)
{
	const char *value;
	size_t len;

	for (size_t i = 0;
	     bench_answer_field(a, "Set-Cookie", i, &value, &len); i++) {
		const char *end = memchr(value, ';', len);
		const char *equals;

		if (end == NULL)
			end = value + len;
		equals = memchr(value, '=', (size_t)(end - value));
		if (equals != NULL && equals > value &&
		    equals - value < COOKIE_NAME_MAX)
			keep_cookie(s, value, (size_t)(equals - value),
				    equals + 1, (size_t)(end - equals - 1));
	}
}

static void put_cookies(struct bench_session *s)
{
	const char *before = "Cookie: ";

	for (size_t i = 0; i < COOKIES_MAX; i++) {
		const struct cookie *c = &s->cookies[i];

		if (c->name[0] == '\0')
			break;
		buf_puts(&s->out, before);
		buf_puts(&s->out, c->name);
		buf_add(&s->out, "=", 1);
		buf_puts(&s->out, c->value);
		before = "; ";
	}
	if (before[0] == ';')
		buf_puts(&s->out, "\r\n");
}

/* ---- requests ---- */

bool bench_session_send(struct bench_session *s, const char *request_type,
			const struct bin *request, struct err *err)
{
	char line[256];
	size_t len = request != NULL ? request->len : 0;

	buf_clear(&s->out);
	buf_puts(&s->out, bench_target_head(s->target));
	put_cookies(s);
	snprintf(line, sizeof line,
		 "X-RequestType: %s\r\nX-RequestId: {%s}:%u\r\n"
		 "X-ClientInfo: {%s}\r\nContent-Length: %zu\r\n",
		 request_type, s->guid, ++s->requests, s->guid, len);
	buf_puts(&s->out, line);
	buf_puts(&s->out, "Content-Type: application/mapi-http\r\n"
		 "X-ClientApplication: Posthouse/0.1.0.0\r\n\r\n");
	if (len > 0)
		buf_add(&s->out, request->data, len);
	return bench_conn_send(s->conn, s->out.data, s->out.len, err);
}

/* The digits of a header; -1 if there are none. */
static int code_of(const char *value, size_t len)
{
	int code = 0;

	if (len == 0 || len > 6)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (value[i] < '0' || value[i] > '9')
			return -1;
		code = code * 10 + (value[i] - '0');
	}
	return code;
}

bool bench_frame(const uint8_t *data, size_t len, struct bin *body,
		 int *late_code)
{
	const char *p = (const char *)data, *end = p + len, *line;
	bool done = false;

	*late_code = 0;
	for (int n = 0; n < FRAME_LINES_MAX; n++) {
		line = p;
		p = memmem(line, (size_t)(end - line), "\r\n", 2);
		if (p == NULL)
			return false;
		len = (size_t)(p - line);
		p += 2;
		if (!done) {
			done = len == 4 && memcmp(line, "DONE", 4) == 0;
			if (!done && (len != 10 ||
				      memcmp(line, "PROCESSING", 10) != 0) &&
			    (len != 7 || memcmp(line, "PENDING", 7) != 0))
				return false;
		} else if (len == 0) {
			*body = (struct bin){ (const uint8_t *)p,
					      (size_t)(end - p) };
			return true;
		} else if (len > 15 &&
			   strncasecmp(line, "X-ResponseCode:", 15) == 0) {
			line += 15 + strspn(line + 15, " ");
			*late_code = code_of(line,
					     (size_t)(p - 2 - line));
		}
	}
	return false;
}

bool bench_session_receive(struct bench_session *s, struct bin *body,
			   struct err *err)
{
	const struct bench_answer *a;
	struct bin mine;
	const char *value;
	size_t len;
	int code;

	if (!bench_conn_receive(s->conn, &a, err))
		return false;
	if (a->status != 200)
		return err_set(err, EC_ERROR, "HTTP status %d", a->status);
	take_cookies(s, a);
	if (!bench_answer_field(a, "X-ResponseCode", 0, &value, &len))
		return err_set(err, EC_ERROR, "the answer has no "
			       "X-ResponseCode: this is no MAPI over HTTP "
			       "endpoint");
	code = code_of(value, len);
	if (code == 0 && !bench_frame(a->in.data + a->body_at, a->body_len,
				      &mine, &code))
		return err_set(err, EC_RPC_FORMAT, "the answer is not framed "
			       "by PROCESSING and DONE");
	if (code != 0)
		return err_set(err, EC_ERROR, "X-ResponseCode %d (%s)", code,
			       code > 0 ? response_code_name((unsigned)code) :
			       "not a number");
	if (body != NULL)
		*body = mine;
	return true;
}

bool bench_session_call(struct bench_session *s, const char *request_type,
			const struct bin *request, struct bin *body,
			struct err *err)
{
	return (bench_session_send(s, request_type, request, err) &&
		bench_session_receive(s, body, err)) ||
		err_prefix(err, "%s", request_type);
}

/* ---- request types ---- */

static bool failed(const char *request_type, uint32_t status, uint32_t error,
		   struct err *err)
{
	return err_set(err, (enum ec)error, "%s failed with StatusCode %u, "
		       "ErrorCode 0x%08x (%s)", request_type, status, error,
		       ec_name((enum ec)error));
}

bool bench_session_connect(struct bench_session *s, const char *user_dn,
			   struct arena *arena, struct err *err)
{
	struct connect_req req = { .user_dn = user_dn,
		.default_code_page = 1252, .lcid_sort = 0x0409,
		.lcid_string = 0x0409 };
	struct connect_rsp rsp;
	uint8_t buf[1024];
	struct wire_w w = wire_w(buf, sizeof buf);
	struct bin request, body;

	connect_req_encode(&w, &req);
	if (w.full)
		return err_set(err, EC_INVALID_PARAM,
			       "the user DN is too long");
	request = (struct bin){ buf, w.len };
	if (!bench_session_call(s, "Connect", &request, &body, err))
		return false;
	if (!connect_rsp_decode(&body, arena, &rsp))
		return err_set(err, EC_RPC_FORMAT, "the body of the answer "
			       "to Connect cannot be decoded");
	return (rsp.status_code == 0 && rsp.error_code == 0) ||
		failed("Connect", rsp.status_code, rsp.error_code, err);
}

void bench_session_forget(struct bench_session *s)
{
	for (size_t i = 0; i < COOKIES_MAX; i++)
		s->cookies[i].name[0] = '\0';
}

bool bench_session_disconnect(struct bench_session *s, struct err *err)
{
	struct disconnect_rsp rsp;
	static const uint8_t none[4];     /* AuxiliaryBufferSize */
	const struct bin request = { none, sizeof none };
	struct bin body;

	if (!bench_session_call(s, "Disconnect", &request, &body, err))
		return false;
	if (!disconnect_rsp_decode(&body, &rsp))
		return err_set(err, EC_RPC_FORMAT, "the body of the answer "
			       "to Disconnect cannot be decoded");
	bench_session_forget(s);
	return (rsp.status_code == 0 && rsp.error_code == 0) ||
		failed("Disconnect", rsp.status_code, rsp.error_code, err);
}

void bench_batch_init(struct rop_batch *b, struct arena *arena)
{
	rop_batch_init(b, arena);
	b->flags = EXECUTE_NO_COMPRESSION | EXECUTE_NO_XOR_MAGIC;
}

bool bench_session_execute(struct bench_session *s, const struct rop_batch *b,
			   struct rop_results *results, struct err *err)
{
	struct bin request, body;

	return rop_batch_encode(b, &request, err) &&
		bench_session_call(s, "Execute", &request, &body, err) &&
		rop_results_decode(b, &body, results, err);
}

bool bench_session_rop(struct bench_session *s, struct arena *arena,
		       uint8_t rop_id, uint32_t in, const union rop_req *req,
		       uint32_t *out, union rop_rsp *rsp, struct err *err)
{
	struct rop_results results;
	struct rop_batch b;
	union rop_rsp mine;
	uint8_t in_index, out_index = 0;

	bench_batch_init(&b, arena);
	in_index = rop_batch_handle(&b, in);
	if (out != NULL && in != ROP_HANDLE_NONE)
		out_index = rop_batch_output(&b);
	rop_batch_add(&b, rop_id, 0, in_index, out_index, req);
	if (!bench_session_execute(s, &b, &results, err) ||
	    !rop_results_expect(&results, rop_id, rsp != NULL ? rsp : &mine,
				err))
		return false;
	if (out != NULL && out_index < results.n_handles)
		*out = results.handles[out_index];
	return true;
}

/* The Private flag; TAKE_OWNERSHIP | NO_MAIL | HOME_LOGON. */
static union rop_req logon_req(const char *user_dn)
{
	return (union rop_req){ .logon = { .logon_flags = 0x01,
		.open_flags = 0x01000006, .essdn = user_dn } };
}

bool bench_session_logon(struct bench_session *s, const char *user_dn,
			 struct arena *arena, uint32_t *handle,
			 struct rop_logon_rsp *rsp, struct err *err)
{
	union rop_req req = logon_req(user_dn);
	union rop_rsp answer;

	if (!bench_session_rop(s, arena, ROP_ID_logon, ROP_HANDLE_NONE, &req,
			       handle, &answer, err))
		return false;
	*rsp = answer.logon;
	return true;
}

bool bench_logon_body(const char *user_dn, struct rop_batch *b,
		      struct bin *body, struct err *err)
{
	union rop_req req = logon_req(user_dn);

	rop_batch_add(b, ROP_ID_logon, 0,
		      rop_batch_handle(b, ROP_HANDLE_NONE), 0, &req);
	return rop_batch_encode(b, body, err);
}
