/* SPDX-License-Identifier: Apache-2.0 */
#include "http/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"

enum { ACCEPT_AT_ONCE = 64, BACKLOG = 1024, RETRY_MS = 50, HOST_SIZE = 256 };

/* --- Addresses -------------------------------------------------------- */

/* "host:port", "[v6]:port" or ":port" in two; NULL host for all addresses. */
static bool split_address(const char *address, char host[HOST_SIZE],
			  const char **port)
{
	const char *colon = strrchr(address, ':');
	size_t len = colon != NULL ? (size_t)(colon - address) : 0;

	if (colon == NULL || colon[1] == '\0' || len >= HOST_SIZE)
		return false;
	if (len >= 2 && address[0] == '[' && colon[-1] == ']') {
		address++;
		len -= 2;
	} else if (memchr(address, ':', len) != NULL) {
		return false;
	}
	memcpy(host, address, len);
	host[len] = '\0';
	*port = colon + 1;
	return true;
}

static struct addrinfo *resolve(const char *address, struct err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV }, *found = NULL;
	char host[HOST_SIZE];
	const char *port;
	int error;

	if (!split_address(address, host, &port)) {
		err_set(err, EC_ERROR, "cannot listen on \"%s\": write it as "
			"address:port, such as 127.0.0.1:8443 or [::1]:8443",
			address);
		return NULL;
	}
	if (host[0] == '\0')
		hints.ai_family = AF_INET6;       /* and IPv4 by mapping */
	error = getaddrinfo(host[0] != '\0' ? host : NULL, port, &hints,
			    &found);
	if (error != 0) {
		err_set(err, EC_ERROR, "cannot listen on \"%s\": %s", address,
			gai_strerror(error));
		return NULL;
	}
	return found;
}

static bool is_loopback(const struct sockaddr *addr)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (addr->sa_family == AF_INET) {
		memcpy(&in, addr, sizeof in);
		return ntohl(in.sin_addr.s_addr) >> 24 == 127;
	}
	if (addr->sa_family != AF_INET6)
		return false;
	memcpy(&in6, addr, sizeof in6);
	return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
}

bool http_address_is_loopback(const char *address)
{
	struct addrinfo *found = resolve(address, NULL);
	bool loopback = found != NULL;

	for (struct addrinfo *at = found; at != NULL; at = at->ai_next)
		loopback = loopback && is_loopback(at->ai_addr);
	if (found != NULL)
		freeaddrinfo(found);
	return loopback;
}

/* --- Sockets ---------------------------------------------------------- */

static int bind_socket(const struct addrinfo *at)
{
	int one = 1, zero = 0;
	int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK |
			SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	/* Inherited by what is accepted: one call less for each. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (at->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
	if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

static int local_port(int fd)
{
	struct sockaddr_in6 addr;
	socklen_t len = sizeof addr;

	if (getsockname(fd, (struct sockaddr *)&addr, &len) != 0)
		return 0;
	return ntohs(addr.sin6_port);     /* where sin_port is, too */
}

static int listen_on(const char *address, int *port, struct err *err)
{
	struct addrinfo *found = resolve(address, err), *at;
	int fd = -1;

	if (found == NULL)
		return -1;
	for (at = found; at != NULL && fd < 0; at = at->ai_next)
		fd = bind_socket(at);
	if (fd < 0)
		err_set(err, EC_ERROR, "cannot listen on %s: %s; see which "
			"program has it with ss -ltnp", address,
			strerror(errno));
	else
		*port = local_port(fd);
	freeaddrinfo(found);
	return fd;
}

static struct net *copy_nets(const struct net *nets, size_t n)
{
	struct net *copy = xmalloc((n + 1) * sizeof *copy);

	if (n > 0)
		memcpy(copy, nets, n * sizeof *copy);
	return copy;
}

bool listener_allows(const struct listener *listener,
		     const struct sockaddr *addr)
{
	return listener->n_allowed == 0 ||
		net_contains(listener->allowed, listener->n_allowed, addr);
}

struct listener *listener_new(struct http_server *server, const char *address,
			      const struct http_listen_options *options,
			      int *port, struct err *err)
{
	struct listener *listener;
	struct tls *tls = NULL;
	int fd;

	if (options->certificate != NULL &&
	    (tls = tls_new(options->certificate, options->key, err)) == NULL)
		return NULL;
	fd = listen_on(address, port, err);
	if (fd < 0) {
		tls_free(tls);
		return NULL;
	}
	listener = xcalloc(1, sizeof *listener);
	listener->server = server;
	listener->tls = tls;
	listener->kind = options->kind;
	listener->n_proxies = options->n_proxies;
	listener->proxies = copy_nets(options->proxies, options->n_proxies);
	listener->n_allowed = options->n_allowed;
	listener->allowed = copy_nets(options->allowed, options->n_allowed);
	listener->fd = fd;
	return listener;
}

void listener_free(struct listener *listener)
{
	if (listener->fd >= 0)
		close(listener->fd);
	tls_free(listener->tls);
	free(listener->proxies);
	free(listener->allowed);
	free(listener);
}

/* --- Accepting -------------------------------------------------------- */

static void run_new(struct loop *loop, struct post *post)
{
	conn_new(loop, post->number, post->ctx,
		 (const struct sockaddr *)post->data);
}

static void give(struct loop *here, struct listener *listener, int fd,
		 const struct sockaddr_storage *addr, socklen_t len)
{
	struct loop *loop = server_quiet_loop(listener->server);
	struct post *post;

	if (loop == here) {
		conn_new(loop, fd, listener,
			 (const struct sockaddr *)addr);
		return;
	}
	post = post_new(len);
	post->run = run_new;
	post->number = fd;
	post->ctx = listener;
	memcpy(post->data, addr, len);
	loop_post(loop, post);
}

/* Full, or out of files: leave the rest in the backlog for a moment. */
static void pause_accepting(struct listener *listener)
{
	struct timeval tv = { 0, RETRY_MS * 1000 };

	event_del(listener->accept);
	event_add(listener->retry, &tv);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct listener *listener = arg;

	event_add(listener->accept, NULL);
}

static void on_accept(evutil_socket_t listening, short what, void *arg)
{
	struct listener *listener = arg;
	struct loop *here = listener->loop;

	for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
		struct sockaddr_storage addr;
		socklen_t len = sizeof addr;
		int fd;

		if (!server_opened(listener->server)) {
			pause_accepting(listener);
			return;
		}
		fd = accept4(listening, (struct sockaddr *)&addr, &len,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			server_closed(listener->server);
			if (errno == EMFILE || errno == ENFILE ||
			    errno == ENOBUFS || errno == ENOMEM)
				pause_accepting(listener);
			return;
		}
		give(here, listener, fd, &addr, len);
	}
}

void listener_start(struct listener *listener, struct loop *loop)
{
	listener->loop = loop;
	listener->accept = event_new(loop->base, listener->fd,
				     EV_READ | EV_PERSIST, on_accept,
				     listener);
	listener->retry = event_new(loop->base, -1, 0, on_retry, listener);
	event_add(listener->accept, NULL);
}

void listener_stop(struct listener *listener)
{
	if (listener->accept == NULL)
		return;
	event_free(listener->accept);
	event_free(listener->retry);
	listener->accept = listener->retry = NULL;
	close(listener->fd);
	listener->fd = -1;
}
