/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting, reading and writing, without blocking; time-outs. */
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <string.h>
#include <unistd.h>

#include "http/upstream_impl.h"

/* --- Time-outs, as in conn.c ------------------------------------------ */

void upstream_deadline(struct http_upstream *u, unsigned ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	if (ms == 0) {
		u->deadline = 0;
		return;
	}
	u->deadline = clock_ms() + ms;
	if (u->armed != 0 && u->armed <= u->deadline)
		return;
	u->armed = u->deadline;
	event_add(&u->timer, &tv);
}

void upstream_rearm(struct http_upstream *u)
{
	const struct http_upstreams_config *c = &u->ups->config;

	if (u->state < UPSTREAM_HANDSHAKE)
		return;           /* one deadline for name and connection */
	if (u->state == UPSTREAM_HANDSHAKE)
		upstream_deadline(u, c->handshake_ms);
	else if (u->out_at < u->out.len)
		upstream_deadline(u, c->write_ms);
	else if (u->phase == UPSTREAM_WAITING)
		upstream_deadline(u, c->head_ms);
	else if (u->phase == UPSTREAM_BODY && !u->paused)
		upstream_deadline(u, c->body_ms);
	else if (u->pool != NULL)
		upstream_deadline(u, c->idle_ms);
	else
		upstream_deadline(u, 0);
}

static void timed_out(struct http_upstream *u)
{
	const char *host = u->host;

	if (u->state < UPSTREAM_HANDSHAKE)
		upstream_fail(u, HTTP_UPSTREAM_CONNECT_TIMEOUT, "no "
			      "connection to %s:%u in %u ms", host, u->port,
			      u->ups->config.connect_ms);
	else if (u->state == UPSTREAM_HANDSHAKE)
		upstream_fail(u, HTTP_UPSTREAM_TLS, "no TLS with %s:%u in %u "
			      "ms", host, u->port,
			      u->ups->config.handshake_ms);
	else if (u->out_at < u->out.len)
		upstream_fail(u, HTTP_UPSTREAM_WRITE_TIMEOUT, "%s:%u takes no "
			      "data", host, u->port);
	else if (u->phase == UPSTREAM_WAITING)
		upstream_fail(u, HTTP_UPSTREAM_HEAD_TIMEOUT, "no answer of "
			      "%s:%u in %u ms", host, u->port,
			      u->ups->config.head_ms);
	else if (u->phase == UPSTREAM_BODY)
		upstream_fail(u, HTTP_UPSTREAM_BODY_TIMEOUT, "the answer of "
			      "%s:%u stopped for %u ms", host, u->port,
			      u->ups->config.body_ms);
	else
		upstream_destroy(u);
}

void upstream_timer(evutil_socket_t fd, short what, void *arg)
{
	struct http_upstream *u = arg;
	uint64_t now = clock_ms();

	u->armed = 0;
	if (u->deadline == 0)
		return;
	if (now < u->deadline) {
		upstream_deadline(u, (unsigned)(u->deadline - now));
		return;
	}
	u->deadline = 0;
	upstream_enter(u);
	timed_out(u);
	upstream_leave(u);
}

/* --- Writing ---------------------------------------------------------- */

static void on_write(evutil_socket_t fd, short what, void *arg);

void upstream_want_write(struct http_upstream *u, bool want)
{
	if (want == u->writing || u->dead)
		return;
	u->writing = want;
	if (want)
		event_add(&u->write, NULL);
	else
		event_del(&u->write);
}

static ssize_t send_some(struct http_upstream *u, bool *again)
{
	const uint8_t *data = u->out.data + u->out_at;
	size_t len = u->out.len - u->out_at;
	ssize_t n;
	int error;

	if (u->ssl == NULL) {
		do
			n = send(u->fd, data, len, MSG_NOSIGNAL);
		while (n < 0 && errno == EINTR);
		*again = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
		return n;
	}
	n = SSL_write(u->ssl, data, (int)(len < IN_SIZE ? len : IN_SIZE));
	if (n > 0)
		return n;
	error = SSL_get_error(u->ssl, (int)n);
	*again = error == SSL_ERROR_WANT_READ ||
		error == SSL_ERROR_WANT_WRITE;
	ERR_clear_error();
	return -1;
}

static void give_back_out(struct http_upstream *u)
{
	if (u->loop->spare_out.data == NULL && u->out.cap <= SPARE_OUT_MAX) {
		u->out.len = 0;
		u->loop->spare_out = u->out;
		u->out = (struct buf)BUF_INIT;
	} else {
		buf_free(&u->out);
	}
	u->out_at = 0;
}

/* A peer that takes no more may have said why: the answer is read first. */
static void write_failed(struct http_upstream *u)
{
	u->broken = true;
	buf_free(&u->out);
	u->out_at = 0;
	upstream_want_write(u, false);
	event_active(&u->read, EV_READ, 0);
}

void upstream_flush(struct http_upstream *u)
{
	bool had = u->out_at < u->out.len, again = false;

	if (u->state != UPSTREAM_READY || u->dead)
		return;
	while (u->out_at < u->out.len) {
		ssize_t n = send_some(u, &again);

		if (n <= 0 && !again) {
			write_failed(u);
			return;
		}
		if (n <= 0)
			break;
		u->out_at += (size_t)n;
	}
	upstream_want_write(u, u->out_at < u->out.len);
	if (u->out_at >= u->out.len && u->out.data != NULL)
		give_back_out(u);
	if (had || u->phase != UPSTREAM_IDLE)
		upstream_rearm(u);
}

/* Also when all left at the first try, but later than it was written. */
static void tell_drained(struct http_upstream *u)
{
	if (!u->dead && u->out_at >= u->out.len && u->events != NULL &&
	    u->events->drained != NULL && u->phase == UPSTREAM_SENDING)
		u->events->drained(u->ctx, u);
}

/* --- Reading ---------------------------------------------------------- */

static ssize_t recv_some(struct http_upstream *u, bool *again, bool *clean)
{
	uint8_t *in = u->loop->in;
	ssize_t n;
	int error;

	*clean = true;
	if (u->ssl == NULL) {
		do
			n = recv(u->fd, in, IN_SIZE, 0);
		while (n < 0 && errno == EINTR);
		*again = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
		return n;
	}
	n = SSL_read(u->ssl, in, IN_SIZE);
	if (n > 0)
		return n;
	error = SSL_get_error(u->ssl, (int)n);
	*again = error == SSL_ERROR_WANT_READ ||
		error == SSL_ERROR_WANT_WRITE;
	*clean = error == SSL_ERROR_ZERO_RETURN;
	ERR_clear_error();
	return *clean ? 0 : -1;
}

static void read_all(struct http_upstream *u)
{
	bool again = false, clean = true;
	ssize_t n;

	do {
		if (u->paused)
			return;
		n = recv_some(u, &again, &clean);
		if (n > 0) {
			upstream_took(u, u->loop->in, (size_t)n);
			if (!u->dead && u->phase == UPSTREAM_BODY)
				upstream_rearm(u);
		} else if (!again) {
			upstream_eof(u, clean && n == 0);
			return;
		}
	} while (n > 0 && !u->dead && u->ssl != NULL &&
		 SSL_has_pending(u->ssl) == 1);
}

/* --- Connecting ------------------------------------------------------- */

static void ready(struct http_upstream *u)
{
	void (*fn)(void *, struct http_upstream *) = u->ready_fn;

	u->state = UPSTREAM_READY;
	upstream_want_write(u, false);
	upstream_deadline(u, 0);
	u->ready_fn = NULL;
	if (fn != NULL)
		fn(u->ctx, u);
	if (!u->dead) {
		upstream_flush(u);
		tell_drained(u);
	}
}

static void handshake(struct http_upstream *u)
{
	if (upstream_tls_handshake(u) == 1)
		ready(u);
}

static void connected(struct http_upstream *u)
{
	event_add(&u->read, NULL);
	if (!u->tls) {
		ready(u);
		return;
	}
	if (!upstream_tls_begin(u)) {
		upstream_fail(u, HTTP_UPSTREAM_TLS, "cannot begin TLS with "
			      "%s:%u", u->host, u->port);
		return;
	}
	u->state = UPSTREAM_HANDSHAKE;
	upstream_rearm(u);
	handshake(u);
}

static void on_read(evutil_socket_t fd, short what, void *arg)
{
	struct http_upstream *u = arg;

	upstream_enter(u);
	if (u->state == UPSTREAM_HANDSHAKE)
		handshake(u);
	else if (u->state == UPSTREAM_READY)
		read_all(u);
	upstream_leave(u);
}

static bool try_address(struct http_upstream *u,
			const struct sockaddr_storage *addr)
{
	socklen_t len = addr->ss_family == AF_INET6 ?
		sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	int one = 1;

	u->fd = socket(addr->ss_family, SOCK_STREAM | SOCK_NONBLOCK |
		       SOCK_CLOEXEC, 0);
	if (u->fd < 0)
		return false;
	setsockopt(u->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(u->fd, (const struct sockaddr *)addr, len) == 0 ||
	    errno == EINPROGRESS)
		return true;
	one = errno;
	close(u->fd);
	u->fd = -1;
	errno = one;
	return false;
}

/* This machine's fault, not the peer's. */
static bool is_ours(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
		error == ENOMEM || error == EADDRNOTAVAIL;
}

static void try_next(struct http_upstream *u)
{
	int error = ECONNREFUSED;

	while (u->at_address < u->addresses.n) {
		if (try_address(u, &u->addresses.addr[u->at_address++])) {
			u->state = UPSTREAM_CONNECTING;
			event_assign(&u->read, u->loop->base, u->fd, EV_READ |
				     EV_PERSIST, on_read, u);
			event_assign(&u->write, u->loop->base, u->fd,
				     EV_WRITE | EV_PERSIST, on_write, u);
			upstream_want_write(u, true);
			return;
		}
		error = errno;
	}
	upstream_fail(u, is_ours(error) ? HTTP_UPSTREAM_RESOURCES :
		      HTTP_UPSTREAM_CONNECT, "cannot connect to %s:%u: %s",
		      u->host, u->port, strerror(error));
}

static void finish_connect(struct http_upstream *u)
{
	socklen_t len = sizeof(int);
	int error = 0;

	upstream_want_write(u, false);
	getsockopt(u->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error == 0) {
		connected(u);
		return;
	}
	close(u->fd);
	u->fd = -1;
	if (u->at_address < u->addresses.n)
		try_next(u);
	else
		upstream_fail(u, HTTP_UPSTREAM_CONNECT, "cannot connect to "
			      "%s:%u: %s", u->host, u->port, strerror(error));
}

static void on_write(evutil_socket_t fd, short what, void *arg)
{
	struct http_upstream *u = arg;

	upstream_enter(u);
	if (u->state == UPSTREAM_CONNECTING) {
		finish_connect(u);
	} else if (u->state == UPSTREAM_HANDSHAKE) {
		handshake(u);
	} else {
		upstream_flush(u);
		tell_drained(u);
	}
	upstream_leave(u);
}

static void resolved(void *ctx, const struct addresses *found)
{
	struct http_upstream *u = ctx;

	upstream_enter(u);
	u->resolving = NULL;
	u->addresses = *found;
	if (found->n == 0)
		upstream_fail(u, HTTP_UPSTREAM_RESOLVE, "%s has no address: "
			      "%s", u->host, found->why);
	else
		try_next(u);
	upstream_leave(u);
}

static void start(struct http_upstream *u)
{
	u->state = UPSTREAM_RESOLVING;
	upstream_deadline(u, u->ups->config.connect_ms);
	if (resolver_look_up(u->ups->resolver, u->loop, u->host, u->port,
			     &u->addresses, &u->resolving, resolved, u))
		resolved(u, &u->addresses);
}

/* What was put off to the loop: the start, what is to be written, the end. */
void upstream_kick(evutil_socket_t fd, short what, void *arg)
{
	struct http_upstream *u = arg;

	upstream_enter(u);
	if (u->failure_text != NULL)
		upstream_fail(u, u->failure, NULL);
	else if (u->state == UPSTREAM_NEW)
		start(u);
	else
		upstream_flush(u);
	if (u->state == UPSTREAM_READY)
		tell_drained(u);
	upstream_leave(u);
}
