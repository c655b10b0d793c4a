/* SPDX-License-Identifier: Apache-2.0 */
/* Requests, cookies and the framing of answers. */
#include "analyzer/mapi_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "mapi/aux.h"

enum { COOKIES_MAX = 16, LINES_MAX = 100 };

struct cookie {
	char *name, *value;
};

struct mapi_client {
	struct http_client *http;
	char *url;
	unsigned timeout_ms;
	char guid[GUID_TEXT_SIZE];        /* of X-RequestId and X-ClientInfo */
	unsigned requests;
	struct mapi_answer last;
	struct cookie cookies[COOKIES_MAX];
	size_t n_cookies;
};

struct mapi_client *mapi_client_new(const struct mapi_client_config *config)
{
	struct mapi_client *c = xcalloc(1, sizeof *c);
	struct guid g = guid_new();

	c->http = http_client_new(&config->http);
	c->url = xstrdup(config->url);
	c->timeout_ms = config->timeout_ms;
	guid_format(&g, c->guid);
	return c;
}

void mapi_client_free(struct mapi_client *c)
{
	if (c == NULL)
		return;
	http_client_free(c->http);
	for (size_t i = 0; i < c->n_cookies; i++) {
		free(c->cookies[i].name);
		free(c->cookies[i].value);
	}
	free(c->url);
	free(c);
}

/* ---- cookies (RFC 6265 5, for one path of one host) ---- */

void mapi_client_set_cookie(struct mapi_client *c, const char *name,
			    const char *value)
{
	struct cookie *cookie = NULL;

	for (size_t i = 0; i < c->n_cookies; i++)
		if (strcmp(c->cookies[i].name, name) == 0)
			cookie = &c->cookies[i];
	if (cookie == NULL) {
		if (c->n_cookies == COOKIES_MAX)
			return;
		cookie = &c->cookies[c->n_cookies++];
		cookie->name = xstrdup(name);
	} else {
		free(cookie->value);
	}
	cookie->value = xstrdup(value);
}

const char *mapi_client_cookie(const struct mapi_client *c, const char *name)
{
	for (size_t i = 0; i < c->n_cookies; i++)
		if (strcmp(c->cookies[i].name, name) == 0)
			return c->cookies[i].value;
	return NULL;
}

const char *mapi_client_cookies(struct mapi_client *c, struct arena *arena)
{
	const char *all = "";

	for (size_t i = 0; i < c->n_cookies; i++)
		all = arena_printf(arena, "%s%s%s=%s", all,
				   *all != '\0' ? "; " : "",
				   c->cookies[i].name, c->cookies[i].value);
	return all;
}

static void take_cookies(struct mapi_client *c, struct arena *arena,
			 const struct http_response *rsp)
{
	const char *field;

	for (size_t i = 0; (field = http_response_field(rsp, "Set-Cookie",
							i)) != NULL; i++) {
		const char *end = strchrnul(field, ';');
		const char *equals = memchr(field, '=',
					    (size_t)(end - field));

		if (equals != NULL)
			mapi_client_set_cookie(c,
				arena_strndup(arena, field,
					      (size_t)(equals - field)),
				arena_strndup(arena, equals + 1,
					      (size_t)(end - equals - 1)));
	}
}

/* ---- framing (2.2.2.2, 2.2.7) ---- */

/* The next CRLF line of a body; NULL if there is none. */
static const char *take_line(struct wire_r *r, struct arena *arena)
{
	const uint8_t *end = memmem(r->p, wire_left(r), "\r\n", 2);
	const char *line;

	if (end == NULL)
		return NULL;
	line = arena_strndup(arena, (const char *)r->p,
			     (size_t)(end - r->p));
	r->p = end + 2;
	return line;
}

static void take_additional_header(struct mapi_answer *a, const char *line)
{
	const char *value = strchr(line, ':');

	if (value == NULL)
		return;
	value += 1 + strspn(value + 1, " ");
	if (strncasecmp(line, "X-ResponseCode:", 15) == 0)
		a->late_code = atoi(value);
	else if (strncasecmp(line, "X-StartTime:", 12) == 0)
		a->start_time = value;
	else if (strncasecmp(line, "X-ElapsedTime:", 14) == 0)
		a->elapsed_time = value;
}

static bool take_frame(struct mapi_answer *a, struct arena *arena,
		       struct err *err)
{
	struct wire_r r = wire_r(a->http.body, a->http.body_len);
	const char *line;

	while (!a->done) {
		line = take_line(&r, arena);
		if (line == NULL)
			return err_set(err, EC_RPC_FORMAT, "the answer ends "
				       "before DONE: the server or a proxy "
				       "broke off");
		if (strcmp(line, "PROCESSING") == 0)
			a->processing = true;
		else if (strcmp(line, "PENDING") == 0)
			a->pendings++;
		else if (strcmp(line, "DONE") == 0)
			a->done = true;
		else
			return err_set(err, EC_RPC_FORMAT, "the answer has "
				       "the line \"%.40s\" where PROCESSING, "
				       "PENDING or DONE belongs", line);
	}
	for (int n = 0; n < LINES_MAX; n++) {
		line = take_line(&r, arena);
		if (line == NULL)
			return err_set(err, EC_RPC_FORMAT, "the additional "
				       "headers after DONE have no end");
		if (*line == '\0') {
			a->body = (struct bin){ r.p, wire_left(&r) };
			return true;
		}
		take_additional_header(a, line);
	}
	return err_set(err, EC_RPC_FORMAT,
		       "more than %d headers after DONE", LINES_MAX);
}

static int code_of(const struct http_response *rsp)
{
	const char *text = http_response_field(rsp, "X-ResponseCode", 0);

	return text != NULL && *text >= '0' && *text <= '9' ? atoi(text) : -1;
}

static bool is_mapi(const struct http_response *rsp)
{
	const char *type = http_response_field(rsp, "Content-Type", 0);

	return type != NULL && strncasecmp(type, "application/mapi-http",
					   21) == 0;
}

/* ---- requests ---- */

const struct mapi_answer *mapi_client_last(const struct mapi_client *c)
{
	return &c->last;
}

void mapi_client_diag(struct mapi_client *c, struct mapi_answer *answer,
		      const struct bin *auxiliary, struct arena *arena)
{
	struct diag all = diag_begin(arena);
	struct aux_blocks blocks = { 0, NULL };
	struct diag_context one;

	if (!aux_buffer_decode(auxiliary, arena, &blocks))
		return;
	for (uint32_t i = 0; i < blocks.n; i++) {
		const struct aux_block *b = &blocks.v[i];

		if (b->is_raw || aux_block_type(b) != AUX_TYPE_EXCEPTION_TRACE
		    || !diag_parse(b->exception_trace.trace,
				   strlen(b->exception_trace.trace), arena,
				   &one))
			continue;
		for (uint32_t k = 0; k < one.n; k++)
			diag_add_line(&all, &one.v[k]);
	}
	answer->diag = c->last.diag = diag_end(&all);
}

static bool call(struct mapi_client *c, const struct http_request *rq,
		 struct arena *arena, struct mapi_answer *out,
		 struct err *err)
{
	if (!http_client_send(c->http, rq, arena, &out->http, &out->failure,
			      err))
		return false;
	take_cookies(c, arena, &out->http);
	out->response_code = code_of(&out->http);
	out->first_chunk = out->http.times.first_byte;
	if (out->http.status != 200 || out->response_code != 0 ||
	    !is_mapi(&out->http))
		return true;
	return take_frame(out, arena, err);
}

bool mapi_client_call(struct mapi_client *c, const char *request_type,
		      const void *body, size_t len, struct arena *arena,
		      struct mapi_answer *out, struct err *err)
{
	const char *id = arena_printf(arena, "{%s}:%u", c->guid,
				      ++c->requests);
	const char *cookies = mapi_client_cookies(c, arena);
	struct http_field fields[] = {
		{ "Content-Type", "application/mapi-http" },
		{ "Accept", "application/mapi-http" },
		{ "User-Agent", "Posthouse" },
		{ "X-RequestType", request_type },
		{ "X-RequestId", id },
		{ "X-ClientInfo", arena_printf(arena, "{%s}", c->guid) },
		{ "X-ClientApplication", "Posthouse/0.1.0.0" },
		{ "client-request-id", c->guid },
		{ "Cookie", cookies },
	};
	struct http_request rq = {
		.method = "POST", .url = c->url, .fields = fields,
		.n_fields = sizeof fields / sizeof *fields -
			(*cookies == '\0'),
		.body = body != NULL ? body : "", .body_len = len,
		.timeout_ms = c->timeout_ms,
	};
	bool ok;

	memset(out, 0, sizeof *out);
	out->response_code = out->late_code = -1;
	out->request_type = request_type;
	out->request_id = id;
	ok = call(c, &rq, arena, out, err);
	c->last = *out;
	return ok;
}

bool mapi_client_must(struct mapi_client *c, const char *request_type,
		      const void *body, size_t len, struct arena *arena,
		      struct mapi_answer *out, struct err *err)
{
	int code;

	if (!mapi_client_call(c, request_type, body, len, arena, out, err))
		return false;
	if (out->http.status != 200)
		return err_set(err, EC_ERROR, "%s was answered with HTTP "
			       "status %d", request_type, out->http.status);
	code = out->response_code != 0 ? out->response_code : out->late_code;
	if (code > 0)
		return err_set(err, EC_ERROR,
			       "%s was answered with X-ResponseCode %d (%s)",
			       request_type, code,
			       response_code_name((unsigned)code));
	if (out->response_code < 0)
		return err_set(err, EC_ERROR, "the answer to %s has no "
			       "X-ResponseCode: this is no MAPI over HTTP "
			       "endpoint", request_type);
	if (!is_mapi(&out->http))
		return err_set(err, EC_ERROR, "the answer to %s is not of "
			       "type application/mapi-http", request_type);
	return true;
}

bool mapi_client_get(struct mapi_client *c, struct arena *arena,
		     struct mapi_answer *out, struct err *err)
{
	struct http_request rq = { .method = "GET", .url = c->url,
				   .timeout_ms = c->timeout_ms };
	bool ok;

	memset(out, 0, sizeof *out);
	out->response_code = out->late_code = -1;
	out->request_type = "GET";
	out->request_id = "";
	ok = http_client_send(c->http, &rq, arena, &out->http, &out->failure,
			      err);
	c->last = *out;
	return ok;
}

/* ---- bodies ---- */

static bool malformed(struct err *err, const char *request_type)
{
	return err_set(err, EC_RPC_FORMAT, "the body of the answer to %s "
		       "cannot be decoded", request_type);
}

/* What a status or error code in the body says (2.2.4). */
static bool body_failed(struct err *err, const char *request_type,
			uint32_t status, uint32_t error)
{
	if (status != 0)
		return err_set(err, EC_ERROR, "%s failed with StatusCode %u",
			       request_type, status);
	return err_set(err, (enum ec)error, "%s failed with %s (0x%08x): %s",
		       request_type, ec_name((enum ec)error), error,
		       ec_text((enum ec)error));
}

bool mapi_client_connect(struct mapi_client *c, const char *user_dn,
			 uint32_t flags, struct arena *arena,
			 struct mapi_answer *answer, struct connect_rsp *rsp,
			 struct err *err)
{
	struct connect_req req = { .user_dn = user_dn, .flags = flags,
		.default_code_page = 1252, .lcid_sort = 0x0409,
		.lcid_string = 0x0409 };
	uint8_t buf[1024];
	struct wire_w w = wire_w(buf, sizeof buf);
	struct connect_rsp mine;

	connect_req_encode(&w, &req);
	if (w.full)
		return err_set(err, EC_INVALID_PARAM,
			       "the user DN is too long");
	if (!mapi_client_must(c, "Connect", buf, w.len, arena, answer, err))
		return false;
	if (!connect_rsp_decode(&answer->body, arena, &mine))
		return malformed(err, "Connect");
	mapi_client_diag(c, answer, &mine.auxiliary_buffer, arena);
	if (rsp != NULL)
		*rsp = mine;
	if (mine.status_code != 0 || mine.error_code != 0)
		return body_failed(err, "Connect", mine.status_code,
				   mine.error_code);
	return true;
}

bool mapi_client_disconnect(struct mapi_client *c, struct arena *arena,
			    struct mapi_answer *answer, struct err *err)
{
	struct disconnect_req req = { { NULL, 0 } };
	struct disconnect_rsp rsp;
	uint8_t buf[16];
	struct wire_w w = wire_w(buf, sizeof buf);

	disconnect_req_encode(&w, &req);
	if (!mapi_client_must(c, "Disconnect", buf, w.len, arena, answer,
			      err))
		return false;
	if (!disconnect_rsp_decode(&answer->body, &rsp))
		return malformed(err, "Disconnect");
	if (rsp.status_code != 0 || rsp.error_code != 0)
		return body_failed(err, "Disconnect", rsp.status_code,
				   rsp.error_code);
	return true;
}

bool mapi_client_wait(struct mapi_client *c, unsigned timeout_ms,
		      struct arena *arena, struct mapi_answer *answer,
		      bool *event, struct err *err)
{
	struct notification_wait_req req = { 0 };
	struct notification_wait_rsp rsp;
	uint8_t buf[16];
	struct wire_w w = wire_w(buf, sizeof buf);
	unsigned was = c->timeout_ms;
	bool ok;

	notification_wait_req_encode(&w, &req);
	c->timeout_ms = timeout_ms;
	ok = mapi_client_must(c, "NotificationWait", buf, w.len, arena,
			      answer, err);
	c->timeout_ms = was;
	if (!ok)
		return false;
	if (!notification_wait_rsp_decode(&answer->body, &rsp))
		return malformed(err, "NotificationWait");
	if (rsp.status_code != 0 || rsp.error_code != 0)
		return body_failed(err, "NotificationWait", rsp.status_code,
				   rsp.error_code);
	*event = rsp.event_pending != 0;
	return true;
}

bool mapi_client_ping(struct mapi_client *c, struct arena *arena,
		      struct mapi_answer *answer, struct err *err)
{
	return mapi_client_must(c, "PING", NULL, 0, arena, answer, err);
}
