/* SPDX-License-Identifier: Apache-2.0 */
/* Connections for measuring: sockets and TLS. */
#include "analyzer/bench_http.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/arena.h"

enum { READ_SIZE = 16384, TIMEOUT_MS = 60000 };

struct bench_target {
	struct arena *arena;
	const char *host, *port, *path, *head;
	struct sockaddr_storage addr;
	socklen_t addr_len;
	SSL_CTX *tls;             /* NULL: plain */
	bool insecure;
	unsigned timeout_ms;
};

struct bench_conn {
	const struct bench_target *target;
	int fd;
	SSL *ssl;
	struct bench_answer answer;
};

/* ---- the server ---- */

static bool take_url(struct bench_target *t, const char *url, bool *tls,
		     struct err *err)
{
	const char *rest, *end, *colon;

	*tls = strncasecmp(url, "https://", 8) == 0;
	if (!*tls && strncasecmp(url, "http://", 7) != 0)
		return err_set(err, EC_INVALID_PARAM, "%s is no URL of http "
			       "or https", url);
	rest = url + (*tls ? 8 : 7);
	end = rest + strcspn(rest, "/?#");
	colon = *rest == '[' ? memchr(rest, ']', (size_t)(end - rest)) : rest;
	if (colon == NULL || end == rest)
		return err_set(err, EC_INVALID_PARAM, "%s names no host",
			       url);
	colon = memchr(colon, ':', (size_t)(end - colon));
	t->port = *tls ? "443" : "80";
	if (colon != NULL)
		t->port = arena_strndup(t->arena, colon + 1,
					(size_t)(end - colon - 1));
	else
		colon = end;
	if (*rest == '[')
		t->host = arena_strndup(t->arena, rest + 1,
					(size_t)(colon - rest - 2));
	else
		t->host = arena_strndup(t->arena, rest,
					(size_t)(colon - rest));
	t->path = *end == '/' ? arena_strdup(t->arena, end) : "/";
	return true;
}

static bool resolve(struct bench_target *t, const char *address,
		    struct err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	const char *name = address != NULL ? address : t->host;
	int rc = getaddrinfo(name, t->port, &hints, &list);

	if (rc != 0)
		return err_set(err, EC_NOT_FOUND, "cannot resolve %s: %s",
			       name, gai_strerror(rc));
	memcpy(&t->addr, list->ai_addr, list->ai_addrlen);
	t->addr_len = list->ai_addrlen;
	freeaddrinfo(list);
	return true;
}

static bool make_tls(struct bench_target *t,
		     const struct bench_target_config *config,
		     struct err *err)
{
	t->tls = SSL_CTX_new(TLS_client_method());
	/* Ten thousand idle connections are held by one client. */
	SSL_CTX_set_mode(t->tls, SSL_MODE_RELEASE_BUFFERS |
			 SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_session_cache_mode(t->tls, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(t->tls, config->insecure ? SSL_VERIFY_NONE :
			   SSL_VERIFY_PEER, NULL);
	if (config->ca_file == NULL)
		SSL_CTX_set_default_verify_paths(t->tls);
	else if (SSL_CTX_load_verify_locations(t->tls, config->ca_file,
					       NULL) != 1)
		return err_set(err, EC_NOT_FOUND, "cannot read certificates "
			       "from %s", config->ca_file);
	return true;
}

static const char *make_head(struct bench_target *t, const char *user,
			     const char *password)
{
	const char *authorization = "";

	if (user != NULL) {
		const char *pair = arena_printf(t->arena, "%s:%s", user,
			password != NULL ? password : "");
		size_t len = strlen(pair);
		unsigned char *text = arena_alloc(t->arena, len * 4 / 3 + 8);

		EVP_EncodeBlock(text, (const unsigned char *)pair, (int)len);
		authorization = arena_printf(t->arena,
			"Authorization: Basic %s\r\n", (char *)text);
	}
	return arena_printf(t->arena, strchr(t->host, ':') != NULL ?
			    "POST %s HTTP/1.1\r\nHost: [%s]:%s\r\n%s" :
			    "POST %s HTTP/1.1\r\nHost: %s:%s\r\n%s",
			    t->path, t->host, t->port, authorization);
}

struct bench_target *bench_target_new(const struct bench_target_config *config,
				      struct err *err)
{
	struct bench_target *t = xcalloc(1, sizeof *t);
	bool tls;

	t->arena = arena_new(0);
	t->insecure = config->insecure;
	t->timeout_ms = config->timeout_ms != 0 ? config->timeout_ms :
		TIMEOUT_MS;
	if (!take_url(t, config->url, &tls, err) ||
	    !resolve(t, config->address, err) ||
	    (tls && !make_tls(t, config, err))) {
		bench_target_free(t);
		return NULL;
	}
	t->head = make_head(t, config->user, config->password);
	return t;
}

void bench_target_free(struct bench_target *t)
{
	if (t == NULL)
		return;
	SSL_CTX_free(t->tls);
	arena_free(t->arena);
	free(t);
}

bool bench_target_is_tls(const struct bench_target *t)
{
	return t->tls != NULL;
}

const char *bench_target_head(const struct bench_target *t)
{
	return t->head;
}

/* ---- a connection ---- */

static bool bind_source(int fd, unsigned source, struct err *err)
{
	struct sockaddr_in from = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK - 1 + source) } };
	int on = 1;

	/* The port is chosen at connect, from all that are free for the
	 * pair of addresses. */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&from, sizeof from) != 0)
		return err_set(err, EC_ERROR, "cannot connect from "
			       "127.0.0.%u: %s", source, strerror(errno));
	return true;
}

static int open_socket(const struct bench_target *t, unsigned source,
		       struct err *err)
{
	struct timeval tv = { t->timeout_ms / 1000,
			      t->timeout_ms % 1000 * 1000 };
	int fd = socket(t->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0) {
		err_set(err, EC_ERROR, "cannot make a socket: %s",
			strerror(errno));
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (source != 0 && t->addr.ss_family == AF_INET &&
	    !bind_source(fd, source, err)) {
		close(fd);
		return -1;
	}
	if (connect(fd, (const struct sockaddr *)&t->addr,
		    t->addr_len) != 0) {
		err_set(err, EC_ERROR, "cannot connect to %s port "
			"%s: %s", t->host, t->port, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

static bool handshake(struct bench_conn *c, struct err *err)
{
	const struct bench_target *t = c->target;
	long verified;

	c->ssl = SSL_new(t->tls);
	SSL_set_fd(c->ssl, c->fd);
	SSL_set_tlsext_host_name(c->ssl, t->host);
	if (!t->insecure)
		SSL_set1_host(c->ssl, t->host);
	if (SSL_connect(c->ssl) == 1)
		return true;
	verified = SSL_get_verify_result(c->ssl);
	return err_set(err, EC_ERROR, "no TLS with %s port %s: %s",
		       t->host, t->port, verified != X509_V_OK ?
		       X509_verify_cert_error_string(verified) :
		       "the handshake failed");
}

struct bench_conn *bench_conn_open(const struct bench_target *t,
				   unsigned source, struct err *err)
{
	struct bench_conn *c;
	int fd = open_socket(t, source, err);

	if (fd < 0)
		return NULL;
	c = xcalloc(1, sizeof *c);
	c->target = t;
	c->fd = fd;
	if (t->tls != NULL && !handshake(c, err)) {
		bench_conn_close(c);
		return NULL;
	}
	return c;
}

void bench_conn_close(struct bench_conn *c)
{
	if (c == NULL)
		return;
	SSL_free(c->ssl);
	close(c->fd);
	buf_free(&c->answer.in);
	free(c);
}

bool bench_conn_send(struct bench_conn *c, const void *data, size_t len,
		     struct err *err)
{
	const uint8_t *at = data;

	while (len > 0) {
		ssize_t n = c->ssl != NULL ?
			SSL_write(c->ssl, at, (int)len) :
			send(c->fd, at, len, MSG_NOSIGNAL);

		if (n <= 0)
			return err_set(err, EC_ERROR, "cannot send: "
				       "%s", errno == EAGAIN ? "timed out" :
				       strerror(errno));
		at += n;
		len -= (size_t)n;
	}
	return true;
}

bool bench_conn_receive(struct bench_conn *c,
			const struct bench_answer **out, struct err *err)
{
	struct bench_answer *a = &c->answer;
	enum bench_parse result;
	ssize_t n;

	bench_answer_reset(a);
	do {
		uint8_t *room = buf_room(&a->in, READ_SIZE);

		n = c->ssl != NULL ? SSL_read(c->ssl, room, READ_SIZE) :
			recv(c->fd, room, READ_SIZE, 0);
		if (n < 0 && errno == EAGAIN)
			return err_set(err, EC_ERROR, "no answer "
				       "within %u s",
				       c->target->timeout_ms / 1000);
		if (n > 0)
			a->in.len += (size_t)n;
		result = bench_answer_parse(a, n <= 0);
	} while (result == BENCH_MORE);
	if (result == BENCH_BAD)
		return err_set(err, EC_ERROR, n <= 0 ?
			       "the server closed the connection" :
			       "the answer is not well-formed HTTP/1.1");
	*out = a;
	return true;
}

void bench_conn_shrink(struct bench_conn *c)
{
	bench_answer_reset(&c->answer);
	buf_free(&c->answer.in);
}

bool bench_conn_ended(struct bench_conn *c)
{
	struct bench_answer *a = &c->answer;
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	enum bench_parse result = BENCH_MORE;

	while (result == BENCH_MORE &&
	       ((c->ssl != NULL && SSL_pending(c->ssl) > 0) ||
		poll(&p, 1, 0) > 0)) {
		uint8_t *room = buf_room(&a->in, READ_SIZE);
		ssize_t n = c->ssl != NULL ?
			SSL_read(c->ssl, room, READ_SIZE) :
			recv(c->fd, room, READ_SIZE, 0);

		if (n > 0)
			a->in.len += (size_t)n;
		result = bench_answer_parse(a, n <= 0);
	}
	return result != BENCH_MORE;
}
