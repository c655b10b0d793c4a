/* SPDX-License-Identifier: Apache-2.0 */
/* The chunked transfer coding (RFC 9112 7.1), read byte by byte but data. */
#include "http/chars.h"
#include "http/parser.h"

enum {
	EXTRA_MAX = 256,          /* extensions of a chunk */
	TRAILER_MAX = 4096,       /* trailer section, which is passed over */
	SIZE_MAX_DIGITS = 15,
};

enum {
	CHUNK_SIZE_FIRST, CHUNK_SIZE, CHUNK_EXTENSION, CHUNK_SIZE_LF,
	CHUNK_DATA, CHUNK_DATA_CR, CHUNK_DATA_LF,
	TRAILER_START, TRAILER_NAME, TRAILER_VALUE, TRAILER_LF, TRAILER_END,
};

static bool size_digit(struct http_parser *p, char c)
{
	int digit = http_hex_digit(c);

	if (digit < 0)
		return false;
	if (p->extra++ >= SIZE_MAX_DIGITS)
		return http_parser_refuse(p, 413, "absurd chunk size");
	p->left = p->left << 4 | (unsigned)digit;
	p->chunk_state = CHUNK_SIZE;
	return true;
}

static void in_size(struct http_parser *p, char c)
{
	if (p->chunk_state == CHUNK_SIZE_FIRST) {
		p->left = 0;
		p->extra = 0;
	}
	if (size_digit(p, c) || p->state == HTTP_PARSER_BAD)
		return;
	if (p->chunk_state == CHUNK_SIZE && c == '\r')
		p->chunk_state = CHUNK_SIZE_LF;
	else if (p->chunk_state == CHUNK_SIZE && c == ';')
		p->chunk_state = CHUNK_EXTENSION;
	else
		http_parser_refuse(p, 400, "bad chunk size");
	p->extra = 0;
}

static void in_extension(struct http_parser *p, char c)
{
	if (c == '\r')
		p->chunk_state = CHUNK_SIZE_LF;
	else if (!http_char_is(c, CHAR_VALUE) || ++p->extra > EXTRA_MAX)
		http_parser_refuse(p, 400, "bad chunk extension");
}

static void after_size(struct http_parser *p, char c)
{
	p->extra = 0;
	if (c != '\n')
		http_parser_refuse(p, 400, "CR without LF");
	else if (p->left == 0)
		p->chunk_state = TRAILER_START;
	else if (p->left > p->body_max - p->body_len)
		http_parser_refuse(p, 413, "body too large");
	else
		p->chunk_state = CHUNK_DATA;
}

static void in_trailer(struct http_parser *p, char c)
{
	if (++p->extra > TRAILER_MAX) {
		http_parser_refuse(p, 431, "trailers too long");
		return;
	}
	switch (p->chunk_state) {
	case TRAILER_START:
		if (c == '\r') {
			p->chunk_state = TRAILER_END;
			return;
		}
		p->chunk_state = TRAILER_NAME;
		if (http_char_is(c, CHAR_TOKEN))
			return;
		break;
	case TRAILER_NAME:
		if (c == ':')
			p->chunk_state = TRAILER_VALUE;
		if (c == ':' || http_char_is(c, CHAR_TOKEN))
			return;
		break;
	case TRAILER_VALUE:
		if (c == '\r')
			p->chunk_state = TRAILER_LF;
		if (c == '\r' || http_char_is(c, CHAR_VALUE))
			return;
		break;
	default:
		break;
	}
	http_parser_refuse(p, 400, "bad trailer");
}

/* The line ends inside the coding: an LF where it is due. */
static void in_line_end(struct http_parser *p, char c, uint8_t next)
{
	if (c == '\n')
		p->chunk_state = next;
	else
		http_parser_refuse(p, 400, "CR without LF");
}

static void feed_byte(struct http_parser *p, char c)
{
	switch (p->chunk_state) {
	case CHUNK_SIZE_FIRST:
	case CHUNK_SIZE:
		in_size(p, c);
		break;
	case CHUNK_EXTENSION:
		in_extension(p, c);
		break;
	case CHUNK_SIZE_LF:
		after_size(p, c);
		break;
	case CHUNK_DATA_CR:
		if (c == '\r')
			p->chunk_state = CHUNK_DATA_LF;
		else
			http_parser_refuse(p, 400, "chunk longer than said");
		break;
	case CHUNK_DATA_LF:
		in_line_end(p, c, CHUNK_SIZE_FIRST);
		break;
	case TRAILER_LF:
		in_line_end(p, c, TRAILER_START);
		break;
	case TRAILER_END:
		if (c == '\n')
			p->state = HTTP_PARSER_DONE;
		else
			http_parser_refuse(p, 400, "CR without LF");
		break;
	default:
		in_trailer(p, c);
		break;
	}
}

size_t http_chunked_feed(struct http_parser *p, const uint8_t *data,
			 size_t len)
{
	size_t used = 0, n;

	while (used < len && p->state == HTTP_PARSER_IN_BODY) {
		if (p->chunk_state != CHUNK_DATA) {
			feed_byte(p, (char)data[used++]);
			continue;
		}
		n = len - used < p->left ? len - used : (size_t)p->left;
		if (!http_parser_body_add(p, data + used, n))
			return used;
		p->left -= n;
		used += n;
		if (p->left == 0)
			p->chunk_state = CHUNK_DATA_CR;
		if (p->streaming)
			break;
	}
	return used;
}
