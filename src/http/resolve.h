/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names to addresses without blocking an I/O thread: getaddrinfo runs in a
 * thread of the resolver's own, what it found is kept for a while.  Not for
 * other layers.
 */
#ifndef HTTP_RESOLVE_H
#define HTTP_RESOLVE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { ADDRESSES_MAX = 8 };

struct addresses {
	unsigned n;
	struct sockaddr_storage addr[ADDRESSES_MAX];      /* with the port */
	const char *why;          /* n 0: a constant of gai_strerror */
};

struct loop;
struct resolver;
struct resolve_wait;

/* The thread is started by the first name that needs it. */
struct resolver *resolver_new(void);
/* No answer is given any more, to any loop. */
void resolver_detach(struct resolver *r);
void resolver_free(struct resolver *r);

/*
 * The addresses of host (a name, or an IP address): true and *out if they are
 * known.  Else false, and fn(ctx, addresses) is called on loop later, unless
 * *wait is cancelled before.
 */
bool resolver_look_up(struct resolver *r, struct loop *loop, const char *host,
		      uint16_t port, struct addresses *out,
		      struct resolve_wait **wait,
		      void (*fn)(void *ctx, const struct addresses *found),
		      void *ctx);
void resolve_cancel(struct resolve_wait *wait);   /* NULL is allowed */

#endif
