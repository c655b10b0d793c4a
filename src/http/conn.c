/* SPDX-License-Identifier: Apache-2.0 */
/* A connection: reading requests one after another, time-outs, closing. */
#include "http/conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "http/listen.h"

/* --- Time-outs -------------------------------------------------------------
 *
 * A deadline is moved by writing a number; the event is set again only when
 * it fires early or the deadline comes nearer.
 */

static void set_deadline(struct conn *c, unsigned ms)
{
	uint64_t now;
	struct timeval tv;

	if (ms == 0) {
		c->deadline = 0;
		return;
	}
	now = clock_ms();
	c->deadline = now + ms;
	if (c->armed != 0 && c->armed <= c->deadline)
		return;
	c->armed = c->deadline;
	tv = (struct timeval){ ms / 1000, ms % 1000 * 1000 };
	event_add(&c->timer, &tv);
}

static unsigned phase_ms(const struct conn *c)
{
	const struct http_limits *limits = server_limits(c->loop->server);

	switch (c->phase) {
	case PHASE_PROXY:
	case PHASE_HANDSHAKE:
		return limits->handshake_ms;
	case PHASE_IDLE:
		return c->fresh ? limits->header_ms : limits->idle_ms;
	case PHASE_HEAD:
		return limits->header_ms;
	case PHASE_BODY:
		return limits->body_ms;
	case PHASE_LINGER:
		return limits->linger_ms;
	default:
		return 0;
	}
}

static void set_phase(struct conn *c, enum conn_phase phase)
{
	c->phase = phase;
	c->window = 0;
	set_deadline(c, phase_ms(c));
}

/* --- Refusals --------------------------------------------------------- */

/* Answer what never becomes a request, and close. */
static void refuse(struct conn *c, int status, const char *reason)
{
	static const char type[] = "Content-Type: text/plain\r\n";
	struct head_line head = { .status = status, .has_length = true,
		.close = true, .length = strlen(reason) + 1 };

	count(&c->loop->n.refused, 1);
	server_refused(c->loop->server, c->peer, status, reason);
	head_write(c, &head, type, sizeof type - 1);
	conn_out(c, reason, strlen(reason));
	conn_out(c, "\n", 1);
	c->closing = true;
}

/* A body that comes to no good: its handler is told that the client has
 * gone, unless an answer is under way: then it has. */
void conn_body_failed(struct conn *c, int status, const char *reason)
{
	struct http_request *req = c->req;

	if (c->skip != NULL || (req != NULL && req->state == REQ_STARTED)) {
		conn_destroy(c);
		return;
	}
	if (req != NULL && req->state == REQ_IN_HAND) {
		c->req = NULL;
		request_gone(req);
	}
	refuse(c, status, reason);
}

static void body_progress(struct conn *c)
{
	if (c->window >= server_limits(c->loop->server)->body_min) {
		c->window = 0;
		set_deadline(c, phase_ms(c));
	} else {
		count(&c->loop->n.timed_out, 1);
		conn_body_failed(c, 408, "request body too slow");
	}
}

static void timed_out(struct conn *c)
{
	if (c->out_at < c->out.len) {
		count(&c->loop->n.timed_out, 1);
		conn_destroy(c);
		return;
	}
	switch (c->phase) {
	case PHASE_HEAD:
		count(&c->loop->n.timed_out, 1);
		refuse(c, 408, "request headers too slow");
		break;
	case PHASE_BODY:
		body_progress(c);
		break;
	case PHASE_IN_HAND:
		break;
	case PHASE_PROXY:
	case PHASE_HANDSHAKE:
		count(&c->loop->n.timed_out, 1);
		conn_destroy(c);
		break;
	default:
		conn_shutdown_write(c);
		conn_destroy(c);
		break;
	}
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	uint64_t now = clock_ms();

	c->armed = 0;
	if (c->deadline == 0)
		return;
	if (now < c->deadline) {
		set_deadline(c, (unsigned)(c->deadline - now));
		return;
	}
	c->deadline = 0;
	conn_enter(c);
	timed_out(c);
	conn_leave(c);
}

/* --- Reading requests ------------------------------------------------- */

static bool in_hand(const struct conn *c)
{
	return c->req != NULL && c->req->state != REQ_READING;
}

static struct http_request *begin_request(struct conn *c)
{
	const struct http_limits *limits = server_limits(c->loop->server);
	struct http_request *req = request_new(c->loop);

	req->conn = c;
	req->conn_id = c->id;
	req->kind = c->kind;
	req->tls = c->ssl != NULL;
	memcpy(req->peer, c->peer, sizeof req->peer);
	http_parser_init(&req->parser, req->arena, limits->head_max,
			 limits->line_max, limits->fields_max);
	c->req = req;
	set_phase(c, PHASE_HEAD);
	return req;
}

static void say_continue(struct conn *c, struct http_request *req)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (req->parser.head.expects_continue && !req->continued)
		conn_out(c, go_on, sizeof go_on - 1);
	req->continued = true;
}

static void got_request(struct conn *c, struct http_request *req)
{
	unsigned max = server_limits(c->loop->server)->requests_max;

	c->fresh = false;
	c->served++;
	req->close = !req->parser.head.keep_alive || c->loop->draining ||
		(max > 0 && c->served >= max);
	set_phase(c, PHASE_IN_HAND);
	request_dispatch(req);
}

/* The head is there: choose who serves it, and let the body come, at once or
 * when it is asked for. */
static void got_head(struct conn *c, struct http_request *req, bool more)
{
	struct http_parser *p = &req->parser;

	req->mount = server_mount(c->loop->server, c->kind, p->head.path);
	http_parser_body(p, req->mount->body_max);
	if (p->state == HTTP_PARSER_BAD)
		return;
	if (req->mount->at_head) {
		got_request(c, req);
	} else if (p->state == HTTP_PARSER_IN_BODY) {
		set_phase(c, PHASE_BODY);
		if (!more)
			say_continue(c, req);
	}
}

static bool reads_body(const struct http_request *req)
{
	return (req->body_fn != NULL || req->whole_fn != NULL) &&
		!req->body_paused;
}

void conn_want_body(struct conn *c)
{
	say_continue(c, c->req);
	set_phase(c, PHASE_BODY);
}

void conn_pause_body(struct conn *c, bool pause)
{
	set_phase(c, pause ? PHASE_IN_HAND : PHASE_BODY);
}

bool conn_can_skip(const struct http_parser *p, bool continued)
{
	if (p->head.expects_continue && !continued)
		return false;     /* it may come, or not */
	return p->head.chunked || p->left <= SKIP_MAX;
}

void conn_skip_body(struct conn *c, const struct http_parser *p)
{
	c->skip = xmalloc(sizeof *c->skip);
	*c->skip = *p;
	http_parser_stream(c->skip, SKIP_MAX);
	c->skip->body_max = c->skip->body_len + SKIP_MAX;
	c->skip->piece_len = 0;
}

/* The next request waits for an answer in the making, and for the client to
 * take those that are made. */
static bool must_wait(const struct conn *c)
{
	if (in_hand(c))
		return !reads_body(c->req);
	return c->out.len - c->out_at > UNSENT_MAX;
}

/* What came too early is kept. */
static void stash(struct conn *c, const uint8_t *data, size_t len)
{
	buf_add(&c->in, data, len);
	if (c->in.len >= STASH_MAX && !c->paused) {
		c->paused = true;
		event_del(&c->read);
	}
}

/* Of a body that nobody wants. */
static size_t feed_skip(struct conn *c, const uint8_t *data, size_t len)
{
	size_t n = http_parser_feed(c->skip, data, len);

	c->window += n;
	if (c->skip->state == HTTP_PARSER_BAD) {
		conn_destroy(c);
	} else if (c->skip->state == HTTP_PARSER_DONE) {
		free(c->skip);
		c->skip = NULL;
		set_phase(c, PHASE_IDLE);
	}
	return n;
}

/* Of the body of a request that its handler has already. */
static size_t feed_in_hand(struct conn *c, struct http_request *req,
			   const uint8_t *data, size_t len)
{
	struct http_parser *p = &req->parser;
	size_t n = http_parser_feed(p, data, len);

	c->window += n;
	if (p->state == HTTP_PARSER_BAD) {
		conn_body_failed(c, p->status, p->reason);
		return n;
	}
	if (p->state == HTTP_PARSER_DONE)
		set_phase(c, PHASE_IN_HAND);
	if (p->piece_len > 0 || p->state == HTTP_PARSER_DONE)
		request_body(req, p->piece, p->piece_len,
			     p->state == HTTP_PARSER_DONE);
	return n;
}

/* Of a request that is still being read. */
static size_t feed_request(struct conn *c, struct http_request *req,
			   const uint8_t *data, size_t len)
{
	struct http_parser *p = &req->parser;
	size_t n = http_parser_feed(p, data, len);

	if (c->phase == PHASE_BODY)
		c->window += n;
	if (p->state == HTTP_PARSER_HEAD)
		got_head(c, req, len > n);
	/* Its handler may have it, and have ended it. */
	if (c->dead || c->req != req || in_hand(c))
		return n;
	if (p->state == HTTP_PARSER_DONE)
		got_request(c, req);
	else if (p->state == HTTP_PARSER_BAD)
		refuse(c, p->status, p->reason);
	return n;
}

static void process(struct conn *c, const uint8_t *data, size_t len)
{
	while (len > 0 && !c->closing && !c->dead) {
		size_t n;

		if (must_wait(c)) {
			stash(c, data, len);
			return;
		}
		if (c->skip != NULL)
			n = feed_skip(c, data, len);
		else if (in_hand(c))
			n = feed_in_hand(c, c->req, data, len);
		else
			n = feed_request(c, c->req != NULL ? c->req :
					 begin_request(c), data, len);
		data += n;
		len -= n;
	}
}

static void run_stash(struct conn *c)
{
	while (c->in.len > 0 && !must_wait(c) && !c->closing && !c->dead) {
		struct buf in = c->in;

		c->in = (struct buf)BUF_INIT;
		process(c, in.data, in.len);
		buf_free(&in);
	}
	if (c->paused && c->in.len < STASH_MAX && !c->dead && !c->eof) {
		c->paused = false;
		event_add(&c->read, NULL);
		if (conn_has_pending(c))
			event_active(&c->read, EV_READ, 0);
	}
}

/*
 * The client has closed its side.  One that still waits for its answer has
 * left: there is no way to tell it from one that would read on.
 */
static void got_eof(struct conn *c)
{
	if (in_hand(c) || c->out_at >= c->out.len) {
		conn_destroy(c);
		return;
	}
	c->eof = true;
	c->closing = true;
	event_del(&c->read);
}

static void took_bytes(struct conn *c, size_t n)
{
	if (c->phase == PHASE_LINGER || c->closing)
		return;
	if (c->phase == PHASE_HANDSHAKE)
		set_phase(c, PHASE_IDLE);
	process(c, c->loop->in, n);
}

/* "127.0.0.1:51234" */
static void format_peer(const struct sockaddr *addr, char out[PEER_SIZE])
{
	char text[INET6_ADDRSTRLEN] = "";
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (addr->sa_family == AF_INET) {
		memcpy(&in, addr, sizeof in);
		inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
		snprintf(out, PEER_SIZE, "%s:%u", text, ntohs(in.sin_port));
	} else if (addr->sa_family == AF_INET6) {
		memcpy(&in6, addr, sizeof in6);
		inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof text);
		snprintf(out, PEER_SIZE, "[%s]:%u", text,
			 ntohs(in6.sin6_port));
	}
}

/* --- The header of a load balancer ------------------------------------ */

/* The first byte of the connection proper comes next. */
static void begin_proper(struct conn *c)
{
	set_phase(c, c->ssl != NULL ? PHASE_HANDSHAKE : PHASE_IDLE);
}

/*
 * Looked at before it is taken, so that not a byte behind the header is: what
 * follows may be TLS.
 */
static void read_proxy(struct conn *c)
{
	struct proxy_parser *p = c->proxy;
	ssize_t n = recv(c->fd, c->loop->in, PROXY_V2_HEAD + PROXY_V2_MAX,
			 MSG_PEEK);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		n = recv(c->fd, c->loop->in,
			 proxy_parser_feed(p, c->loop->in, (size_t)n), 0);
	if (n <= 0 || p->state == PROXY_BAD) {
		count(&c->loop->n.refused, 1);
		server_refused(c->loop->server, c->peer, 0,
			       n <= 0 ? "no PROXY header" : p->reason);
		conn_destroy(c);
		return;
	}
	count(&c->loop->n.bytes_in, n);
	if (p->state != PROXY_DONE)
		return;
	if (p->client.ss_family != AF_UNSPEC)
		format_peer((const struct sockaddr *)&p->client, c->peer);
	free(p);
	c->proxy = NULL;
	begin_proper(c);
}

void conn_on_read(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	bool again = false;

	conn_enter(c);
	if (c->phase == PHASE_PROXY)
		read_proxy(c);
	while (!c->dead && !c->paused && c->phase != PHASE_PROXY) {
		ssize_t n = conn_recv(c, c->loop->in, IN_SIZE, &again);

		if (n > 0) {
			took_bytes(c, (size_t)n);
			if (!c->dead && conn_has_pending(c))
				continue;
		} else if (n == 0) {
			got_eof(c);
		} else if (!again) {
			conn_destroy(c);
		} else if (c->phase == PHASE_HANDSHAKE &&
			   SSL_is_init_finished(c->ssl)) {
			set_phase(c, PHASE_IDLE);
		}
		break;
	}
	conn_leave(c);
}

/* --- Life ------------------------------------------------------------- */

void conn_out(struct conn *c, const void *data, size_t len)
{
	if (c->out.data == NULL) {
		c->out = c->loop->spare_out;
		c->loop->spare_out = (struct buf)BUF_INIT;
		c->out_at = 0;
	}
	buf_add(&c->out, data, len);
}

void conn_request_ended(struct conn *c, bool close)
{
	c->req = NULL;
	if (close || c->loop->draining)
		c->closing = true;
	else
		set_phase(c, c->skip != NULL ? PHASE_BODY : PHASE_IDLE);
}

/* The client has taken all that there was for it. */
static void tell_drained(struct conn *c)
{
	struct http_request *req = c->req;
	void (*fn)(void *, struct http_request *);

	if (req == NULL || req->drained_fn == NULL)
		return;
	fn = req->drained_fn;
	req->drained_fn = NULL;
	fn(req->drained_ctx, req);
}

/*
 * All is sent and we close: say so, then read on for a while, because closing
 * over unread bytes would reset the connection and lose the answer.
 */
static void begin_linger(struct conn *c)
{
	if (c->eof || c->phase <= PHASE_HANDSHAKE) {
		conn_destroy(c);
		return;
	}
	buf_free(&c->in);
	conn_shutdown_write(c);
	set_phase(c, PHASE_LINGER);
	if (c->paused) {
		c->paused = false;
		event_add(&c->read, NULL);
	}
}

void conn_enter(struct conn *c)
{
	c->depth++;
}

/* The next requests, and one write for all that they and the callback had to
 * say.  False: the connection is gone. */
static bool run_and_flush(struct conn *c)
{
	do {
		if (c->in.len > 0)
			run_stash(c);
		if (!c->dead && c->out.data != NULL && !conn_flush(c))
			conn_destroy(c);
		if (!c->dead && c->out.data == NULL)
			tell_drained(c);
	} while (!c->dead && ((c->out.data != NULL && !c->writing) ||
		 (!c->closing && c->in.len > 0 && !must_wait(c))));
	return !c->dead;
}

/* What is done once after each callback. */
static void settle(struct conn *c)
{
	size_t before = c->out_at;

	if (!run_and_flush(c))
		return;
	if (c->out_at < c->out.len) {
		if (c->out_at > before || !c->unsent)
			set_deadline(c, server_limits(c->loop->server)
				     ->write_ms);
		c->unsent = true;
		return;
	}
	if (c->unsent) {
		c->unsent = false;
		set_deadline(c, phase_ms(c));
	}
	if (c->closing && c->phase != PHASE_LINGER && !in_hand(c))
		begin_linger(c);
	else if (c->phase == PHASE_IN_HAND)
		c->deadline = 0;
}

void conn_leave(struct conn *c)
{
	if (c->depth == 1 && !c->dead)
		settle(c);
	if (--c->depth == 0 && c->dead)
		free(c);
}

bool conn_is_idle(const struct conn *c)
{
	return c->req == NULL && c->out_at >= c->out.len && c->in.len == 0;
}

void conn_destroy(struct conn *c)
{
	struct http_request *req = c->req;

	if (c->dead)
		return;
	conn_want_write(c, false);
	c->dead = true;
	event_del(&c->read);
	event_del(&c->timer);
	*c->link = c->next;
	if (c->next != NULL)
		c->next->link = c->link;
	c->req = NULL;
	if (req != NULL && req->state == REQ_READING)
		request_unref(req);
	else if (req != NULL)
		request_gone(req);
	for (unsigned i = 0; i < 2; i++)
		if (c->bound[i].drop != NULL)
			c->bound[i].drop(c->bound[i].data);
	SSL_free(c->ssl);
	free(c->proxy);
	free(c->skip);
	close(c->fd);
	buf_free(&c->in);
	buf_free(&c->out);
	count(&c->loop->n.closed, 1);
	server_closed(c->loop->server);
}

/* Whether addr may connect; if not, the log has it. */
static bool is_allowed(struct loop *loop, const struct listener *listener,
		       const struct sockaddr *addr)
{
	char peer[PEER_SIZE] = "";

	if (listener_allows(listener, addr))
		return true;
	format_peer(addr, peer);
	count(&loop->n.refused, 1);
	server_refused(loop->server, peer, 0, "address not allowed");
	return false;
}

void conn_new(struct loop *loop, int fd, const struct listener *listener,
	      const struct sockaddr *addr)
{
	struct tls *tls = listener->tls;
	bool allowed = is_allowed(loop, listener, addr);
	SSL *ssl = tls != NULL && allowed ? tls_accept(tls, fd) : NULL;
	struct conn *c;

	if ((tls != NULL && ssl == NULL) || !allowed || loop->draining ||
	    loop->stopping) {
		SSL_free(ssl);
		close(fd);
		count(&loop->n.accepted, 1);
		count(&loop->n.closed, 1);
		server_closed(loop->server);
		return;
	}
	c = xcalloc(1, sizeof *c);
	c->loop = loop;
	c->fd = fd;
	c->ssl = ssl;
	c->kind = listener->kind;
	c->fresh = true;
	c->id = server_conn_id(loop->server);
	format_peer(addr, c->peer);
	c->next = loop->conns;
	c->link = &loop->conns;
	if (c->next != NULL)
		c->next->link = &c->next;
	loop->conns = c;
	event_assign(&c->read, loop->base, fd, EV_READ | EV_PERSIST,
		     conn_on_read, c);
	event_assign(&c->timer, loop->base, -1, 0, on_timer, c);
	event_add(&c->read, NULL);
	count(&loop->n.accepted, 1);
	if (net_contains(listener->proxies, listener->n_proxies, addr)) {
		c->proxy = xmalloc(sizeof *c->proxy);
		proxy_parser_init(c->proxy);
		set_phase(c, PHASE_PROXY);
	} else {
		begin_proper(c);
	}
}
