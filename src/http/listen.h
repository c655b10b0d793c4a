/* SPDX-License-Identifier: Apache-2.0 */
/* A listening socket.  Accepted by the first loop, spread over all. */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include "http/conn.h"

struct listener {
	struct listener *next;
	struct http_server *server;
	struct tls *tls;                  /* NULL: plain */
	enum http_listener_kind kind;
	struct net *proxies;              /* that send PROXY headers */
	size_t n_proxies;
	struct net *allowed;              /* none: everybody */
	size_t n_allowed;
	int fd;                           /* -1: stopped */
	struct loop *loop;                /* that accepts */
	struct event *accept, *retry;     /* NULL before the start */
};

struct listener *listener_new(struct http_server *server, const char *address,
			      const struct http_listen_options *options,
			      int *port, struct err *err);
void listener_free(struct listener *listener);

/* Before the loop runs; and on its thread. */
void listener_start(struct listener *listener, struct loop *loop);
void listener_stop(struct listener *listener);

/* Whether a connection from addr is to be served. */
bool listener_allows(const struct listener *listener,
		     const struct sockaddr *addr);

/* server.c: count one connection more, if the limit allows it; and choose
 * the loop with the fewest. */
bool server_opened(struct http_server *server);
struct loop *server_quiet_loop(struct http_server *server);

#endif
