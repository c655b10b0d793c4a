/* SPDX-License-Identifier: Apache-2.0 */
/* A raw, blocking client for the server's tests: it sends what it is told,
 * right or wrong, and reads answers with a time-out. */
#ifndef TESTS_HTTP_RAW_CLIENT_H
#define TESTS_HTTP_RAW_CLIENT_H

#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct client {
	int fd;
	SSL *ssl;
	char *data;               /* what was read and not yet taken */
	size_t len, cap;
};

struct answer {
	int status;
	char head[8192];          /* with the status line, NUL-terminated */
	char *body;               /* chunks removed, NUL-terminated */
	size_t len;
	unsigned chunks;
};

static inline struct client client_open(int port)
{
	struct client c = { .fd = socket(AF_INET, SOCK_STREAM, 0) };
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct timeval tv = { 10, 0 };

	assert_true(c.fd >= 0);
	setsockopt(c.fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	setsockopt(c.fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
	assert_int_equal(connect(c.fd, (struct sockaddr *)&addr, sizeof addr),
			 0);
	return c;
}

static inline bool client_tls(struct client *c, SSL_CTX *ctx)
{
	c->ssl = SSL_new(ctx);
	SSL_set_fd(c->ssl, c->fd);
	return SSL_connect(c->ssl) == 1;
}

static inline void client_close(struct client *c)
{
	SSL_free(c->ssl);
	close(c->fd);
	free(c->data);
	memset(c, 0, sizeof *c);
	c->fd = -1;
}

static inline void client_send(struct client *c, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = c->ssl != NULL ? SSL_write(c->ssl, at, (int)len) :
			send(c->fd, at, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;   /* the server closed: the answer tells */
		at += n;
		len -= (size_t)n;
	}
}

static inline void client_puts(struct client *c, const char *text)
{
	client_send(c, text, strlen(text));
}

/* More bytes; false at the end or on a time-out. */
static inline bool client_more(struct client *c)
{
	ssize_t n;

	if (c->cap - c->len < 65536) {
		c->cap = c->cap * 2 + 131072;
		c->data = realloc(c->data, c->cap);
	}
	n = c->ssl != NULL ?
		SSL_read(c->ssl, c->data + c->len, 65535) :
		recv(c->fd, c->data + c->len, 65535, 0);
	if (n <= 0)
		return false;
	c->len += (size_t)n;
	c->data[c->len] = '\0';
	return true;
}

static inline void client_drop(struct client *c, size_t n)
{
	memmove(c->data, c->data + n, c->len - n + 1);
	c->len -= n;
}

static inline void answer_add(struct answer *a, const char *data, size_t len)
{
	a->body = realloc(a->body, a->len + len + 1);
	memcpy(a->body + a->len, data, len);
	a->len += len;
	a->body[a->len] = '\0';
}

/* One chunk, or false when nothing more comes; *last at the last. */
static inline bool client_chunk(struct client *c, struct answer *a, bool *last)
{
	char *end;
	size_t size, head;

	while (c->data == NULL || c->len == 0 ||
	       (end = strstr(c->data, "\r\n")) == NULL)
		if (!client_more(c))
			return false;
	size = strtoul(c->data, NULL, 16);
	head = (size_t)(end - c->data) + 2;
	while (c->len < head + size + 2)
		if (!client_more(c))
			return false;
	answer_add(a, c->data + head, size);
	client_drop(c, head + size + 2);
	*last = size == 0;
	a->chunks += size > 0;
	return true;
}

/* The head of an answer; false if the connection ended before. */
static inline bool client_head(struct client *c, struct answer *a)
{
	char *end = NULL;
	size_t len;

	memset(a, 0, sizeof *a);
	while (c->len == 0 || (end = strstr(c->data, "\r\n\r\n")) == NULL)
		if (!client_more(c))
			return false;
	len = (size_t)(end - c->data) + 4;
	assert_true(len < sizeof a->head);
	memcpy(a->head, c->data, len);
	a->head[len] = '\0';
	client_drop(c, len);
	assert_int_equal(sscanf(a->head, "HTTP/1.1 %d", &a->status), 1);
	answer_add(a, "", 0);
	return true;
}

/* A whole answer; head_only for HEAD.  False if it did not come whole. */
static inline bool client_read(struct client *c, struct answer *a,
			       bool head_only)
{
	const char *length;
	bool last = false;

	if (!client_head(c, a))
		return false;
	if (head_only || a->status == 204)
		return true;
	length = strstr(a->head, "\r\nContent-Length: ");
	if (length != NULL) {
		size_t n = strtoul(length + 18, NULL, 10);

		while (c->len < n)
			if (!client_more(c))
				return false;
		if (n > 0) {
			answer_add(a, c->data, n);
			client_drop(c, n);
		}
		return true;
	}
	if (strstr(a->head, "\r\nTransfer-Encoding: chunked\r\n") != NULL) {
		while (!last)
			if (!client_chunk(c, a, &last))
				return false;
		return true;
	}
	while (client_more(c))
		;
	if (c->len > 0) {
		answer_add(a, c->data, c->len);
		client_drop(c, c->len);
	}
	return true;
}

static inline void answer_free(struct answer *a)
{
	free(a->body);
	a->body = NULL;
}

/* Read an answer of that status and body (NULL: any). */
static inline void client_expect(struct client *c, int status,
				 const char *body)
{
	struct answer a;

	if (!client_read(c, &a, false))
		fail_msg("no answer");
	assert_int_equal(a.status, status);
	if (body != NULL)
		assert_string_equal(a.body, body);
	answer_free(&a);
}

/* The server closes, having sent nothing more. */
static inline void client_expect_end(struct client *c)
{
	assert_int_equal(c->len, 0);
	assert_false(client_more(c));
	assert_true(errno != EAGAIN);
}

/* Make a test CA's certificate and key in folder; returns nothing: it must. */
static inline void make_certificate(const char *folder, const char *name)
{
	char command[1024];

	snprintf(command, sizeof command,
		 "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:"
		 "prime256v1 -nodes -keyout %s/key.pem -out %s/cert.pem "
		 "-days 2 -subj /CN=%s >/dev/null 2>&1", folder, folder, name);
	assert_int_equal(system(command), 0);
}

#endif
