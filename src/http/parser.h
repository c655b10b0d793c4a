/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strict incremental parser of HTTP/1.1 requests, and of responses (RFC
 * 9112).  It does no I/O: bytes are fed as they come, in any pieces, and the
 * outcome does not depend on where they were cut.
 *
 * What two parties could read in two ways is refused, since a proxy would
 * smuggle it: a repeated, signed or listed Content-Length, one beside
 * Transfer-Encoding, space before a colon, folded lines, LF without CR, NUL
 * and other controls, a missing or repeated Host.
 */
#ifndef HTTP_PARSER_H
#define HTTP_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum { HTTP_FIELDS_MAX = 200 };   /* what fields_max is cut to */

struct http_text_field {
	const char *name, *value; /* NUL-terminated, in the head's memory */
	uint32_t name_len;
};

/* The head of a request or response, its text in the parser's arena. */
struct http_head {
	int status;               /* of a response: 100 to 599 */
	const char *method;       /* of a request, as are the next three */
	const char *path;         /* decoded, begins with "/"; or "*" */
	const char *query;        /* raw, "" if none */
	const char *host;         /* Host, or the authority of the target;
				   * NULL in HTTP/1.0 without one */
	const struct http_text_field *fields;
	unsigned n_fields;
	uint64_t content_length;  /* 0 when chunked or absent */
	bool has_length, chunked, http10, keep_alive, expects_continue;
	bool no_body;             /* of a response: to HEAD, 1xx, 204, 304 */
};

enum http_parser_state {
	HTTP_PARSER_IDLE,         /* nothing of a request has come */
	HTTP_PARSER_IN_HEAD,
	HTTP_PARSER_HEAD,         /* head is there: http_parser_body next */
	HTTP_PARSER_IN_BODY,
	HTTP_PARSER_DONE,         /* the request is whole */
	HTTP_PARSER_BAD,          /* status and reason say why */
};

struct http_parser {
	enum http_parser_state state;
	int status;               /* when BAD: 400, 413, 417, 431, 501, 505 */
	const char *reason;       /* a few words, a constant */
	struct http_head head;
	uint8_t *body;            /* never NULL once DONE */
	size_t body_len;          /* also when streaming: what has come */
	const uint8_t *piece;     /* when streaming: what the last feed */
	size_t piece_len;         /* found, in its data; 0: nothing */

	/* The parser's own. */
	struct arena *arena;
	size_t head_max, line_max, body_max;
	char *text;               /* the head so far, when it came in pieces */
	size_t text_len, text_cap;
	size_t scanned, line;     /* in text: looked through, start of line */
	unsigned lines, fields_max;
	uint64_t left;            /* of the body or of the chunk */
	size_t body_cap, extra;   /* extra: bytes of extension or trailer */
	uint8_t chunk_state, blank;
	bool response, head_request, streaming, to_eof;
};

/*
 * Ready for a request whose memory comes from arena, which is reset by the
 * caller between requests and must outlive the use of what was parsed.
 */
void http_parser_init(struct http_parser *p, struct arena *arena,
		      size_t head_max, size_t line_max, unsigned fields_max);

/*
 * The same for a response; head_request: to a HEAD request.  A status 1xx
 * comes in state HEAD like any other; init again for what follows it.
 */
void http_parser_init_response(struct http_parser *p, struct arena *arena,
			       size_t head_max, size_t line_max,
			       unsigned fields_max, bool head_request);

/*
 * Take bytes; returns how many were used.  It stops at a change of state to
 * HEAD, DONE or BAD, when streaming also behind each piece, and otherwise uses
 * all.  In those three states it uses none.
 */
size_t http_parser_feed(struct http_parser *p, const void *data, size_t len);

/*
 * In state HEAD: go on to the body, of at most max bytes.  The state is then
 * IN_BODY, DONE (there is none) or BAD (413: it is known to be too large).
 */
void http_parser_body(struct http_parser *p, size_t max);

/*
 * The same, but the body is not kept: each feed leaves what it found of it in
 * piece.  Can be changed while nothing of the body has come.
 */
void http_parser_stream(struct http_parser *p, size_t max);

/* The peer has ended its side: true, and DONE, for a response that its end
 * delimits; else false. */
bool http_parser_eof(struct http_parser *p);

/* The first field of that name, in any case; NULL if none.  name is
 * len bytes. */
const struct http_text_field *http_head_find(const struct http_head *head,
					     const char *name, size_t len);

/* --- For the parser's two files, and tests ---------------------------- */

/* Mark p BAD; returns false. */
bool http_parser_refuse(struct http_parser *p, int status,
			const char *reason);

/*
 * Parse a head of len bytes, from the request line to the empty line's CRLF,
 * in place into p->head.  False: refused.
 */
bool http_head_parse(struct http_parser *p, char *text, size_t len);

/* Take bytes of a chunked body, up to the state's change. */
size_t http_chunked_feed(struct http_parser *p, const uint8_t *data,
			 size_t len);

/* Add to p->body, which grows up to body_max, or make it the piece.  False:
 * refused (413). */
bool http_parser_body_add(struct http_parser *p, const uint8_t *data,
			  size_t len);

#endif
