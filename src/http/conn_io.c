/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes in and out of a connection, plain or TLS, without blocking.
 *
 * A bufferevent would cost three more system calls a request (FIONREAD and
 * two epoll_ctl around each write) and keep its buffers while a long poll
 * waits; here a loop reads into one buffer of its own and writes at once.
 */
#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/conn.h"

static ssize_t tls_result(struct conn *c, int n, bool *again, bool *writing)
{
	int error = SSL_get_error(c->ssl, n);

	*again = error == SSL_ERROR_WANT_READ ||
		error == SSL_ERROR_WANT_WRITE;
	*writing = error == SSL_ERROR_WANT_WRITE;
	if (error == SSL_ERROR_ZERO_RETURN)
		return 0;
	if (!*again && c->phase == PHASE_HANDSHAKE)
		count(&c->loop->n.tls_failed, 1);
	ERR_clear_error();
	return -1;
}

static ssize_t recv_tls(struct conn *c, void *data, size_t len, bool *again)
{
	bool writing = false;
	ssize_t result;
	int n;

	c->retry_read = false;
	n = SSL_read(c->ssl, data, (int)len);
	if (n > 0)
		return n;
	result = tls_result(c, n, again, &writing);
	if (writing) {            /* the handshake's own output */
		c->retry_read = true;
		conn_want_write(c, true);
	}
	return result;
}

ssize_t conn_recv(struct conn *c, void *data, size_t len, bool *again)
{
	ssize_t n;

	*again = false;
	if (c->ssl != NULL) {
		n = recv_tls(c, data, len, again);
	} else {
		do
			n = recv(c->fd, data, len, 0);
		while (n < 0 && errno == EINTR);
		*again = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
	}
	if (n > 0)
		count(&c->loop->n.bytes_in, n);
	return n;
}

bool conn_has_pending(const struct conn *c)
{
	return c->ssl != NULL && SSL_has_pending(c->ssl) == 1;
}

static ssize_t send_some(struct conn *c, const void *data, size_t len,
			 bool *again)
{
	bool writing;
	ssize_t n;

	if (c->ssl != NULL) {
		n = SSL_write(c->ssl, data, (int)(len < IN_SIZE ? len :
						  IN_SIZE));
		return n > 0 ? n : tls_result(c, (int)n, again, &writing);
	}
	do
		n = send(c->fd, data, len, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	*again = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
	return n;
}

/* The buffer goes back to the loop: the next answer, of whichever connection,
 * finds it warm. */
static void give_back_out(struct conn *c)
{
	if (c->loop->spare_out.data == NULL && c->out.cap <= SPARE_OUT_MAX) {
		c->out.len = 0;
		c->loop->spare_out = c->out;
		c->out = (struct buf)BUF_INIT;
	} else {
		buf_free(&c->out);
	}
	c->out_at = 0;
}

bool conn_flush(struct conn *c)
{
	while (c->out_at < c->out.len) {
		bool again = false;
		ssize_t n = send_some(c, c->out.data + c->out_at,
				      c->out.len - c->out_at, &again);

		if (n <= 0) {
			conn_want_write(c, again);
			return again;
		}
		c->out_at += (size_t)n;
		count(&c->loop->n.bytes_out, n);
	}
	if (c->out.data != NULL)
		give_back_out(c);
	if (!c->retry_read)
		conn_want_write(c, false);
	return true;
}

void conn_shutdown_write(struct conn *c)
{
	if (c->ssl != NULL && SSL_is_init_finished(c->ssl)) {
		SSL_shutdown(c->ssl);
		ERR_clear_error();
	}
	shutdown(c->fd, SHUT_WR);
}

static void on_write(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	conn_enter(c);
	if (c->retry_read) {
		conn_want_write(c, false);
		conn_on_read(fd, what, c);
	}
	conn_leave(c);            /* flushes */
}

/* Few connections ever wait for their socket: the event is made for those. */
void conn_want_write(struct conn *c, bool want)
{
	if (want == c->writing || c->dead)
		return;
	c->writing = want;
	if (want) {
		c->write = event_new(c->loop->base, c->fd, EV_WRITE |
				     EV_PERSIST, on_write, c);
		event_add(c->write, NULL);
	} else {
		event_free(c->write);
		c->write = NULL;
	}
}
