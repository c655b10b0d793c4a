/* SPDX-License-Identifier: Apache-2.0 */
/* Upstream connections: their life, the pools, what is sent on them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "http/chars.h"
#include "http/upstream_impl.h"

enum { FLUSH_AT = 64 * 1024 };

const char *http_upstream_failure_name(enum http_upstream_failure failure)
{
	static const char *const names[] = {
		[HTTP_UPSTREAM_RESOURCES] = "resources",
		[HTTP_UPSTREAM_RESOLVE] = "resolve",
		[HTTP_UPSTREAM_CONNECT] = "connect",
		[HTTP_UPSTREAM_CONNECT_TIMEOUT] = "connect_timeout",
		[HTTP_UPSTREAM_TLS] = "tls",
		[HTTP_UPSTREAM_CERTIFICATE] = "certificate",
		[HTTP_UPSTREAM_STALE] = "stale",
		[HTTP_UPSTREAM_WRITE_TIMEOUT] = "write_timeout",
		[HTTP_UPSTREAM_HEAD_TIMEOUT] = "head_timeout",
		[HTTP_UPSTREAM_BODY_TIMEOUT] = "body_timeout",
		[HTTP_UPSTREAM_MALFORMED] = "malformed",
		[HTTP_UPSTREAM_CLOSED] = "closed",
		[HTTP_UPSTREAM_BROKEN] = "broken",
	};

	return (size_t)failure < sizeof names / sizeof *names ?
		names[failure] : "";
}

const char *http_answer_field(const struct http_answer *answer,
			      const char *name)
{
	size_t len = strlen(name);

	for (unsigned i = 0; i < answer->n_fields; i++)
		if (answer->fields[i].name_len == len &&
		    http_equal(answer->fields[i].name, name, len))
			return answer->fields[i].value;
	return NULL;
}

/* --- Settings --------------------------------------------------------- */

static void set_default(unsigned *value, unsigned otherwise)
{
	if (*value == 0)
		*value = otherwise;
}

static void detach(void *ctx)
{
	struct http_upstreams *ups = ctx;

	resolver_detach(ups->resolver);
}

struct http_upstreams *http_upstreams_new(struct http_server *server,
		const struct http_upstreams_config *config, struct err *err)
{
	struct http_upstreams *ups;
	struct http_upstreams_config *c;
	SSL_CTX *ctx = NULL;

	if (config->ca_file != NULL) {
		ctx = upstream_tls_context(config->ca_file, err);
		if (ctx == NULL)
			return NULL;
	}
	ups = xcalloc(1, sizeof *ups);
	ups->ctx = ctx;
	c = &ups->config;
	*c = *config;
	c->ca_file = config->ca_file != NULL ? xstrdup(config->ca_file) : NULL;
	set_default(&c->connect_ms, 5000);
	set_default(&c->handshake_ms, 5000);
	set_default(&c->head_ms, 60000);
	set_default(&c->body_ms, 120000);
	set_default(&c->write_ms, 30000);
	set_default(&c->idle_ms, 50000);
	set_default(&c->pool_max, 64);
	pthread_mutex_init(&ups->lock, NULL);
	ups->resolver = resolver_new();
	server_on_stop(server, detach, ups);
	return ups;
}

void http_upstreams_free(struct http_upstreams *ups)
{
	if (ups == NULL)
		return;
	resolver_free(ups->resolver);
	SSL_CTX_free(ups->ctx);
	pthread_mutex_destroy(&ups->lock);
	free((char *)ups->config.ca_file);
	free(ups);
}

bool http_upstreams_reload(struct http_upstreams *ups, struct err *err)
{
	SSL_CTX *ctx = NULL, *old;

	/* The system's are read when they are next needed. */
	if (ups->config.ca_file != NULL) {
		ctx = upstream_tls_context(ups->config.ca_file, err);
		if (ctx == NULL)
			return false;
	}
	pthread_mutex_lock(&ups->lock);
	old = ups->ctx;
	ups->ctx = ctx;
	pthread_mutex_unlock(&ups->lock);
	SSL_CTX_free(old);
	return true;
}

static uint64_t get(const atomic_uint_least64_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

void http_upstreams_counters(const struct http_upstreams *ups,
			     struct http_upstream_counters *out)
{
	*out = (struct http_upstream_counters){
		.opened = get(&ups->n.opened), .failed = get(&ups->n.failed),
		.closed = get(&ups->n.closed), .taken = get(&ups->n.taken),
		.requests = get(&ups->n.requests), .idle = get(&ups->n.idle) };
}

/* --- Life ------------------------------------------------------------- */

void upstream_enter(struct http_upstream *u)
{
	if (u->depth++ > 0)
		return;
	u->entered = u->owner != NULL ? u->owner->conn : NULL;
	if (u->entered != NULL)
		conn_enter(u->entered);
}

static void free_upstream(struct http_upstream *u)
{
	free(u->host);
	free(u->host_field);
	free((char *)u->failure_text);
	free(u);
}

void upstream_leave(struct http_upstream *u)
{
	struct conn *c;

	if (--u->depth > 0)
		return;
	c = u->entered;
	u->entered = NULL;
	if (u->dead)
		free_upstream(u);
	if (c != NULL)
		conn_leave(c);
}

/* Keys come and go, with users and settings: nothing is kept for them. */
static void drop_pool(struct loop *loop, struct upstream_pool *pool)
{
	struct upstream_pool **at = &loop->pools;

	while (*at != pool)
		at = &(*at)->next;
	*at = pool->next;
	free(pool);
}

static void leave_pool(struct http_upstream *u)
{
	if (u->pool == NULL)
		return;
	*u->idle_link = u->next_idle;
	if (u->next_idle != NULL)
		u->next_idle->idle_link = u->idle_link;
	if (--u->pool->n == 0)
		drop_pool(u->loop, u->pool);
	u->pool = NULL;
	up_count(&u->ups->n.idle, -1);
}

void upstream_destroy(struct http_upstream *u)
{
	if (u->dead)
		return;
	leave_pool(u);
	upstream_want_write(u, false);
	u->dead = true;
	resolve_cancel(u->resolving);
	event_del(&u->timer);
	event_del(&u->kick);
	if (u->state >= UPSTREAM_CONNECTING)
		event_del(&u->read);
	*u->link = u->next;
	if (u->next != NULL)
		u->next->link = u->link;
	SSL_free(u->ssl);
	if (u->fd >= 0)
		close(u->fd);
	buf_free(&u->out);
	arena_free(u->arena);
	u->arena = NULL;
	up_count(&u->ups->n.closed, 1);
	if (u->depth == 0)
		free_upstream(u);
}

void upstream_fail(struct http_upstream *u, enum http_upstream_failure why,
		   const char *format, ...)
{
	void (*fn)(void *, struct http_upstream *, enum http_upstream_failure,
		   const char *) = u->events != NULL ? u->events->failed :
		NULL;
	char text[400] = "";
	va_list ap;

	if (u->dead)
		return;
	if (format != NULL) {
		va_start(ap, format);
		vsnprintf(text, sizeof text, format, ap);
		va_end(ap);
	} else if (u->failure_text != NULL) {
		snprintf(text, sizeof text, "%s", u->failure_text);
	}
	up_count(&u->ups->n.failed, 1);
	u->broken = true;
	upstream_deadline(u, 0);
	if (fn != NULL)
		fn(u->ctx, u, why, text);
	upstream_destroy(u);
}

void upstream_fail_later(struct http_upstream *u,
			 enum http_upstream_failure why, const char *text)
{
	free((char *)u->failure_text);
	u->failure = why;
	u->failure_text = xstrdup(text);
	event_active(&u->kick, EV_TIMEOUT, 0);
}

void upstreams_stop(struct loop *loop)
{
	while (loop->upstreams != NULL)
		upstream_destroy(loop->upstreams);
}

/* Host of RFC 9112 3.2: with the port unless it is the scheme's own. */
static char *host_field(const struct http_origin *origin)
{
	bool v6 = strchr(origin->host, ':') != NULL;
	struct buf b = BUF_INIT;

	buf_printf(&b, "%s%s%s", v6 ? "[" : "", origin->host, v6 ? "]" : "");
	if (origin->port != (origin->tls ? 443 : 80))
		buf_printf(&b, ":%u", origin->port);
	return (char *)b.data;
}

struct http_upstream *http_upstream_open(struct http_upstreams *ups,
		struct http_request *req, const struct http_origin *origin,
		const struct http_upstream_events *events, void *ctx)
{
	struct http_upstream *u = xcalloc(1, sizeof *u);
	struct loop *loop = req->loop;

	u->ups = ups;
	u->loop = loop;
	u->owner = req;
	u->events = events;
	u->ctx = ctx;
	u->fd = -1;
	u->host = xstrdup(origin->host);
	u->host_field = host_field(origin);
	u->port = origin->port;
	u->tls = origin->tls;
	u->literal = origin->literal;
	u->next = loop->upstreams;
	u->link = &loop->upstreams;
	if (u->next != NULL)
		u->next->link = &u->next;
	loop->upstreams = u;
	event_assign(&u->timer, loop->base, -1, 0, upstream_timer, u);
	event_assign(&u->kick, loop->base, -1, 0, upstream_kick, u);
	event_active(&u->kick, EV_TIMEOUT, 0);
	up_count(&ups->n.opened, 1);
	return u;
}

void http_upstream_bind(struct http_upstream *u, struct http_request *req,
			const struct http_upstream_events *events, void *ctx)
{
	u->owner = req;
	u->events = events;
	u->ctx = ctx;
}

void http_upstream_close(struct http_upstream *u)
{
	u->owner = NULL;
	u->events = NULL;
	upstream_destroy(u);
}

/* --- Pools ------------------------------------------------------------ */

static struct upstream_pool *find_pool(struct loop *loop,
				       const struct http_upstreams *ups,
				       const char *key)
{
	struct upstream_pool *pool = loop->pools;

	while (pool != NULL && (pool->ups != ups ||
				strcmp(pool->key, key) != 0))
		pool = pool->next;
	return pool;
}

/* Whether the peer has closed it, or said what nobody asked for. */
static bool is_quiet(const struct http_upstream *u)
{
	char byte;

	/* What TLS has taken already is not seen in the socket. */
	if (u->ssl != NULL && SSL_has_pending(u->ssl) == 1)
		return false;
	return recv(u->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
}

struct http_upstream *http_upstream_take(struct http_upstreams *ups,
		struct http_request *req, const char *key,
		const struct http_upstream_events *events, void *ctx)
{
	struct upstream_pool *pool;

	while ((pool = find_pool(req->loop, ups, key)) != NULL) {
		struct http_upstream *u = pool->idle;

		if (!is_quiet(u)) {
			upstream_destroy(u);
			continue;
		}
		leave_pool(u);
		upstream_deadline(u, 0);
		http_upstream_bind(u, req, events, ctx);
		up_count(&ups->n.taken, 1);
		return u;
	}
	return NULL;
}

static struct upstream_pool *make_pool(struct http_upstream *u,
				       const char *key)
{
	struct upstream_pool *pool = find_pool(u->loop, u->ups, key);

	if (pool != NULL)
		return pool;
	pool = xcalloc(1, sizeof *pool + strlen(key) + 1);
	pool->ups = u->ups;
	strcpy(pool->key, key);
	pool->next = u->loop->pools;
	u->loop->pools = pool;
	return pool;
}

void http_upstream_give(struct http_upstream *u, const char *key)
{
	struct upstream_pool *pool;

	if (!http_upstream_reusable(u) || u->loop->stopping) {
		http_upstream_close(u);
		return;
	}
	pool = make_pool(u, key);
	http_upstream_bind(u, NULL, NULL, NULL);
	if (pool->n >= u->ups->config.pool_max) {
		upstream_destroy(u);
		return;
	}
	if (u->paused)
		http_upstream_pause(u, false);
	u->pool = pool;
	u->next_idle = pool->idle;
	u->idle_link = &pool->idle;
	if (u->next_idle != NULL)
		u->next_idle->idle_link = &u->next_idle;
	pool->idle = u;
	pool->n++;
	up_count(&u->ups->n.idle, 1);
	upstream_rearm(u);
}

/* --- Sending ---------------------------------------------------------- */

static void put(struct http_upstream *u, const void *data, size_t len)
{
	if (u->out.data == NULL) {
		u->out = u->loop->spare_out;
		u->loop->spare_out = (struct buf)BUF_INIT;
		u->out_at = 0;
	}
	buf_add(&u->out, data, len);
}

static void put_text(struct http_upstream *u, const char *text)
{
	put(u, text, strlen(text));
}

void http_upstream_request(struct http_upstream *u, const char *method,
			   const char *target, const void *fields, size_t len,
			   int64_t length)
{
	char line[48];
	bool bodyless = length == 0 && (strcmp(method, "GET") == 0 ||
					strcmp(method, "HEAD") == 0);

	if (u->broken) {
		upstream_fail_later(u, HTTP_UPSTREAM_CLOSED, "the connection "
				    "cannot be used again");
		return;
	}
	u->phase = UPSTREAM_SENDING;
	u->finished = u->said = false;
	u->chunked = length < 0;
	u->no_head = strcmp(method, "HEAD") == 0;
	u->interim = 0;
	u->requests++;
	up_count(&u->ups->n.requests, 1);
	put_text(u, method);
	put(u, " ", 1);
	put_text(u, target);
	put_text(u, " HTTP/1.1\r\nHost: ");
	put_text(u, u->host_field);
	put(u, "\r\n", 2);
	put(u, fields, len);
	if (u->chunked) {
		put_text(u, "Transfer-Encoding: chunked\r\n");
	} else if (!bodyless) {
		snprintf(line, sizeof line, "Content-Length: %lld\r\n",
			 (long long)length);
		put_text(u, line);
	}
	put(u, "\r\n", 2);
}

/* What is not finished leaves when the loop next runs, in one write. */
static void flush_soon(struct http_upstream *u)
{
	if (u->state != UPSTREAM_READY || u->writing)
		return;
	if (u->out.len - u->out_at >= FLUSH_AT)
		upstream_flush(u);
	else
		event_active(&u->kick, EV_TIMEOUT, 0);
}

void http_upstream_send(struct http_upstream *u, const void *data, size_t len)
{
	char size[24];

	if (len == 0 || u->phase != UPSTREAM_SENDING || u->broken)
		return;
	if (u->chunked) {
		snprintf(size, sizeof size, "%zx\r\n", len);
		put_text(u, size);
	}
	put(u, data, len);
	if (u->chunked)
		put(u, "\r\n", 2);
	flush_soon(u);
}

void http_upstream_finish(struct http_upstream *u)
{
	if (u->phase != UPSTREAM_SENDING)
		return;           /* answered already */
	u->finished = true;
	if (u->chunked && !u->broken)
		put(u, "0\r\n\r\n", 5);
	u->phase = UPSTREAM_WAITING;
	upstream_flush(u);
}

size_t http_upstream_unsent(const struct http_upstream *u)
{
	return u->out.len - u->out_at;
}

void http_upstream_pause(struct http_upstream *u, bool pause)
{
	if (u->paused == pause || u->dead || u->state < UPSTREAM_HANDSHAKE)
		return;
	u->paused = pause;
	if (pause) {
		event_del(&u->read);
	} else {
		event_add(&u->read, NULL);
		if (u->ssl != NULL && SSL_has_pending(u->ssl) == 1)
			event_active(&u->read, EV_READ, 0);
	}
	upstream_rearm(u);
}

/* --- About it --------------------------------------------------------- */

bool http_upstream_reusable(const struct http_upstream *u)
{
	return !u->dead && !u->broken && u->state == UPSTREAM_READY &&
		u->phase == UPSTREAM_IDLE;
}

unsigned http_upstream_requests(const struct http_upstream *u)
{
	return u->requests;
}

size_t http_upstream_binding(const struct http_upstream *u,
			     uint8_t out[static HTTP_BINDING_MAX])
{
	return u->ssl != NULL && u->state == UPSTREAM_READY ?
		tls_peer_endpoint_binding(u->ssl, out) : 0;
}

void http_upstream_when_ready(struct http_upstream *u,
			      void (*fn)(void *ctx, struct http_upstream *u))
{
	if (u->state == UPSTREAM_READY)
		fn(u->ctx, u);
	else
		u->ready_fn = fn;
}
