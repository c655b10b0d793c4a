/* SPDX-License-Identifier: Apache-2.0 */
/* A request: its life, reading it, waiting with it. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "http/chars.h"
#include "http/conn.h"

/* --- Life ------------------------------------------------------------- */

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct http_request *req = arg;
	void (*fn)(void *, struct http_request *) = req->timer_fn;
	struct conn *c = req->conn;

	req->timer_fn = NULL;
	if (c != NULL)
		conn_enter(c);
	if (fn != NULL)
		fn(req->timer_ctx, req);
	if (c != NULL)
		conn_leave(c);
}

struct http_request *request_new(struct loop *loop)
{
	struct http_request *req = loop->spare;
	struct arena *arena;

	if (req != NULL) {
		loop->spare = req->next;
		loop->n_spare--;
		arena = req->arena;
	} else {
		req = xmalloc(sizeof *req);
		arena = arena_new(REQUEST_BLOCK);
	}
	memset(req, 0, sizeof *req);
	req->loop = loop;
	req->arena = arena;
	atomic_init(&req->refs, 1);
	return req;
}

void request_free(struct http_request *req)
{
	arena_free(req->arena);
	free(req);
}

/* The buffer of header lines is soon wanted again, by the next answer. */
static void give_back_fields(struct http_request *req)
{
	struct loop *loop = req->loop;

	if (loop->spare_fields.data == NULL && req->fields.cap < IN_SIZE) {
		req->fields.len = 0;
		loop->spare_fields = req->fields;
		req->fields = (struct buf)BUF_INIT;
	} else {
		buf_free(&req->fields);
	}
}

void request_unref(struct http_request *req)
{
	struct loop *loop = req->loop;

	if (atomic_fetch_sub(&req->refs, 1) != 1)
		return;
	if (req->has_timer)
		event_del(&req->timer);
	if (req->fields.data != NULL)
		give_back_fields(req);
	if (req->last_fields.data != NULL)
		buf_free(&req->last_fields);
	if (loop->n_spare >= SPARE_REQUESTS) {
		request_free(req);
		return;
	}
	arena_reset(req->arena);
	req->next = loop->spare;
	loop->spare = req;
	loop->n_spare++;
}

void request_dispatch(struct http_request *req)
{
	struct loop *loop = req->loop;

	req->state = REQ_IN_HAND;
	req->received_ns = clock_ns();
	req->head_only = strcmp(req->parser.head.method, "HEAD") == 0;
	if (loop->spare_fields.data != NULL) {
		req->fields = loop->spare_fields;
		loop->spare_fields = (struct buf)BUF_INIT;
	}
	count(&loop->n.requests, 1);
	count(&loop->n.in_hand, 1);
	req->mount->handle(req->mount->ctx, req);
}

static void call_gone(struct http_request *req)
{
	void (*fn)(void *, struct http_request *) = req->gone_fn;

	req->gone_fn = NULL;
	if (fn != NULL)
		fn(req->gone_ctx, req);
}

void request_gone(struct http_request *req)
{
	req->conn = NULL;
	req->gone = true;
	call_gone(req);
}

void http_server_task(struct http_server *server,
		      void (*fn)(void *ctx, struct http_request *task),
		      void *ctx)
{
	struct loop *loop = server_first_loop(server);
	struct http_request *req = request_new(loop);

	req->state = REQ_IN_HAND;
	req->next_task = loop->tasks;
	req->task_link = &loop->tasks;
	if (req->next_task != NULL)
		req->next_task->task_link = &req->next_task;
	loop->tasks = req;
	count(&loop->n.in_hand, 1);
	http_post(req, fn, ctx);
}

void request_unlink_task(struct http_request *req)
{
	if (req->task_link == NULL)
		return;
	*req->task_link = req->next_task;
	if (req->next_task != NULL)
		req->next_task->task_link = req->task_link;
	req->task_link = NULL;
}

/* --- The body, as it comes -------------------------------------------- */

void request_body(struct http_request *req, const void *data, size_t len,
		  bool last)
{
	void (*whole)(void *, struct http_request *) = req->whole_fn;
	void (*fn)(void *, struct http_request *, const void *, size_t, bool) =
		req->body_fn;

	if (last) {
		req->whole_fn = NULL;
		req->body_fn = NULL;
	}
	if (fn != NULL)
		fn(req->body_ctx, req, data, len, last);
	else if (whole != NULL && last)
		whole(req->body_ctx, req);
}

int64_t http_body_length(const struct http_request *req)
{
	const struct http_head *head = &req->parser.head;

	return head->chunked ? -1 : (int64_t)head->content_length;
}

static void want_body(struct http_request *req)
{
	struct conn *c = req->conn;

	conn_enter(c);
	conn_want_body(c);
	conn_leave(c);
}

void http_read_body(struct http_request *req,
		    void (*fn)(void *ctx, struct http_request *req,
			       const void *data, size_t len, bool last),
		    void *ctx)
{
	if (req->parser.state == HTTP_PARSER_DONE) {
		fn(ctx, req, req->parser.body, req->parser.body_len, true);
		return;
	}
	if (req->conn == NULL)
		return;           /* the gone callback tells */
	req->body_fn = fn;
	req->body_ctx = ctx;
	http_parser_stream(&req->parser, req->mount->body_max);
	want_body(req);
}

void http_pause_body(struct http_request *req, bool pause)
{
	struct conn *c = req->conn;

	if (c == NULL || req->body_fn == NULL || req->body_paused == pause)
		return;
	req->body_paused = pause;
	conn_enter(c);
	conn_pause_body(c, pause);
	conn_leave(c);
}

void http_read_whole(struct http_request *req, size_t max,
		     void (*fn)(void *ctx, struct http_request *req),
		     void *ctx)
{
	struct http_parser *p = &req->parser;
	struct conn *c = req->conn;

	if (p->state == HTTP_PARSER_DONE) {
		fn(ctx, req);
		return;
	}
	if (c == NULL)
		return;
	if (p->body_max > max)
		p->body_max = max;
	req->whole_fn = fn;
	req->body_ctx = ctx;
	if (!p->head.chunked && p->left > p->body_max) {
		conn_enter(c);
		conn_body_failed(c, 413, "body too large");
		conn_leave(c);
		return;
	}
	want_body(req);
}

/* --- Reading ---------------------------------------------------------- */

const char *http_method(const struct http_request *req)
{
	return req->parser.head.method;
}

const char *http_path(const struct http_request *req)
{
	return req->parser.head.path;
}

const char *http_query(const struct http_request *req)
{
	return req->parser.head.query;
}

const char *http_query_get(struct http_request *req, const char *name)
{
	const char *query = req->parser.head.query;
	char *out;

	if (*query == '\0')
		return NULL;
	out = arena_alloc(req->arena, strlen(query) + 1);
	return http_query_find(query, name, out) ? out : NULL;
}

const char *http_field(const struct http_request *req, const char *name)
{
	const struct http_text_field *field =
		http_head_find(&req->parser.head, name, strlen(name));

	return field != NULL ? field->value : NULL;
}

unsigned http_field_count(const struct http_request *req, const char *name)
{
	const struct http_head *head = &req->parser.head;
	size_t len = strlen(name);
	unsigned n = 0;

	for (unsigned i = 0; i < head->n_fields; i++)
		n += head->fields[i].name_len == len &&
			http_equal(head->fields[i].name, name, len);
	return n;
}

bool http_field_at(const struct http_request *req, unsigned i,
		   const char **name, const char **value)
{
	const struct http_head *head = &req->parser.head;

	if (i >= head->n_fields)
		return false;
	*name = head->fields[i].name;
	*value = head->fields[i].value;
	return true;
}

const char *http_cookie(struct http_request *req, const char *name)
{
	const struct http_head *head = &req->parser.head;
	const char *value = NULL;
	size_t len = 0;

	for (unsigned i = 0; i < head->n_fields; i++) {
		const struct http_text_field *field = &head->fields[i];
		const char *found;

		if (field->name_len != 6 ||
		    !http_equal(field->name, "cookie", 6))
			continue;
		found = http_cookie_find(field->value, name, &len);
		if (found != NULL)
			value = arena_strndup(req->arena, found, len);
	}
	return value;
}

const uint8_t *http_body(const struct http_request *req, size_t *len)
{
	*len = req->parser.body_len;
	return req->parser.body;
}

const char *http_peer(const struct http_request *req)
{
	return req->peer;
}

bool http_is_tls(const struct http_request *req)
{
	return req->tls;
}

enum http_listener_kind http_listener_kind(const struct http_request *req)
{
	return req->kind;
}

uint64_t http_received_ns(const struct http_request *req)
{
	return req->received_ns;
}

struct arena *http_arena(struct http_request *req)
{
	return req->arena;
}

uint64_t http_conn_id(const struct http_request *req)
{
	return req->conn_id;
}

void http_conn_set(struct http_request *req, enum http_conn_slot slot,
		   void *data, void (*drop)(void *data))
{
	struct conn *c = req->conn;
	void *old;
	void (*old_drop)(void *data);

	if (c == NULL) {
		if (drop != NULL)
			drop(data);
		return;
	}
	old = c->bound[slot].data;
	old_drop = c->bound[slot].drop;
	c->bound[slot].data = data;
	c->bound[slot].drop = drop;
	if (old_drop != NULL && old != data)
		old_drop(old);
}

void *http_conn_get(const struct http_request *req, enum http_conn_slot slot)
{
	return req->conn != NULL ? req->conn->bound[slot].data : NULL;
}

size_t http_tls_endpoint_binding(const struct http_request *req,
				 uint8_t out[static HTTP_BINDING_MAX])
{
	if (req->conn == NULL || req->conn->ssl == NULL)
		return 0;
	return tls_endpoint_binding(req->conn->ssl, out);
}

void http_forget(struct http_request *req)
{
	struct http_head *head = &req->parser.head;

	arena_free(req->arena);
	req->arena = arena_new(REQUEST_BLOCK);
	head->method = head->path = head->query = "";
	head->host = NULL;
	head->fields = NULL;
	head->n_fields = 0;
	req->parser.text = NULL;
	req->parser.body = (uint8_t *)"";
	req->parser.body_len = 0;
}

/* --- Waiting ---------------------------------------------------------- */

void http_on_drained(struct http_request *req,
		     void (*fn)(void *ctx, struct http_request *req),
		     void *ctx)
{
	req->drained_fn = fn;
	req->drained_ctx = ctx;
}

static void run_call(struct loop *loop, struct post *post)
{
	struct http_request *req = post->req;
	struct conn *c = req->conn;

	if (c != NULL)
		conn_enter(c);
	post->fn(post->ctx, req->state != REQ_ENDED ? req : NULL);
	if (c != NULL)
		conn_leave(c);
}

void http_post(struct http_request *req,
	       void (*fn)(void *ctx, struct http_request *req), void *ctx)
{
	struct post *post = post_new(0);

	atomic_fetch_add(&req->refs, 1);
	post->req = req;
	post->run = run_call;
	post->fn = fn;
	post->ctx = ctx;
	loop_post(req->loop, post);
}

static void gone_before(void *ctx, struct http_request *req)
{
	if (req != NULL)
		call_gone(req);
}

void http_on_gone(struct http_request *req,
		  void (*fn)(void *ctx, struct http_request *req), void *ctx)
{
	req->gone_fn = fn;
	req->gone_ctx = ctx;
	if (req->gone && fn != NULL)
		http_post(req, gone_before, NULL);
}

void http_timer(struct http_request *req, unsigned ms,
		void (*fn)(void *ctx, struct http_request *req), void *ctx)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	if (!req->has_timer) {
		if (fn == NULL)
			return;
		event_assign(&req->timer, req->loop->base, -1, 0, on_timer,
			     req);
		req->has_timer = true;
	}
	req->timer_fn = fn;
	req->timer_ctx = ctx;
	if (fn != NULL)
		event_add(&req->timer, &tv);
	else
		event_del(&req->timer);
}
