/* SPDX-License-Identifier: Apache-2.0 */
/* Networks in CIDR notation (RFC 4632), of IPv4 and IPv6. */
#ifndef BASE_NET_H
#define BASE_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

struct net {
	uint8_t address[16];      /* IPv4 as ::ffff:a.b.c.d */
	uint8_t bits;             /* that count: 0 to 128 */
};

/*
 * Read "10.0.0.0/8", "fd00::/8" or a single address.  False and err, with
 * *out untouched, for anything else, also for bits set behind the prefix.
 */
bool net_parse(const char *text, struct net *out, struct err *err);

/*
 * Read a list, separated by spaces or commas, into *out (to be freed) and
 * *count.
 */
bool net_parse_list(const char *text, struct net **out, size_t *count,
		    struct err *err);

/* Whether addr is in one of them; an IPv4 address that came over an IPv6
 * socket counts as IPv4. */
bool net_contains(const struct net *nets, size_t count,
		  const struct sockaddr *addr);

#endif
