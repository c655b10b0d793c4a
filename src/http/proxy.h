/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PROXY protocol, versions 1 and 2 (haproxy's doc/proxy-protocol.txt,
 * 2020-03-05): what a load balancer sends before the first byte of a
 * connection about the client behind it.
 *
 * The parser is strict, does no I/O, and takes bytes in any pieces.  It never
 * guesses whether there is a header (section 2): who uses it knows.
 */
#ifndef HTTP_PROXY_H
#define HTTP_PROXY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
	PROXY_V1_MAX = 107,       /* section 2.1, with CRLF */
	PROXY_V2_HEAD = 16,
	PROXY_V2_MAX = 2048,      /* addresses and TLVs: ours, of 65535 */
};

enum proxy_state { PROXY_MORE, PROXY_DONE, PROXY_BAD };

struct proxy_parser {
	enum proxy_state state;
	const char *reason;       /* when BAD: a few words, a constant */
	/* When DONE: the client; ss_family is AF_UNSPEC if the header doesn't
	 * name one (LOCAL, UNKNOWN): then it is the peer itself. */
	struct sockaddr_storage client;

	/* The parser's own. */
	size_t len, want;         /* bytes in data; wanted: version 2 */
	uint8_t data[PROXY_V2_HEAD + PROXY_V2_MAX];
};

void proxy_parser_init(struct proxy_parser *p);

/*
 * Take bytes; returns how many belong to the header.  All do unless the state
 * changes to DONE or BAD.
 */
size_t proxy_parser_feed(struct proxy_parser *p, const void *data,
			 size_t len);

#endif
