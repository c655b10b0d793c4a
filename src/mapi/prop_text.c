/* SPDX-License-Identifier: Apache-2.0 */
/* The strings of the wire formats, with and without terminators. */
#include <string.h>

#include "base/utf.h"
#include "mapi/code_page.h"
#include "mapi/prop_codec.h"

/* Units before the terminator, and all their bits; SIZE_MAX without one. */
static size_t utf16_len(const uint8_t *p, size_t left, unsigned *bits)
{
	unsigned all = 0;

	for (size_t n = 0; n + 1 < left; n += 2) {
		unsigned unit = (unsigned)(p[n] | p[n + 1] << 8);

		if (unit == 0) {
			*bits = all;
			return n / 2;
		}
		all |= unit;
	}
	return SIZE_MAX;
}

const char *wire_utf16z(struct wire_r *r, struct arena *a)
{
	unsigned bits = 0;
	size_t units = r->bad ? SIZE_MAX :
		utf16_len(r->p, wire_left(r), &bits);
	const uint8_t *from = r->p;
	size_t size;
	char *s;

	if (units == SIZE_MAX) {
		r->bad = true;
		return NULL;
	}
	r->p += 2 * units + 2;
	size = bits < 0x80 ? units : utf16_to_utf8_size(from, 2 * units);
	s = arena_alloc(a, size + 1);
	if (bits < 0x80)
		for (size_t i = 0; i < units; i++)
			s[i] = (char)from[2 * i];
	else
		utf16_to_utf8(from, 2 * units, s);
	s[size] = '\0';
	return s;
}

/* The bytes before a zero byte, borrowed; moves past it. */
static const char *bytes_z(struct wire_r *r, size_t *len)
{
	const char *s = (const char *)r->p, *nul = NULL;

	if (!r->bad && wire_left(r) > 0)
		nul = memchr(s, '\0', wire_left(r));
	if (nul == NULL) {
		r->bad = true;
		return NULL;
	}
	*len = (size_t)(nul - s);
	r->p += *len + 1;
	return s;
}

const char *wire_string8z(struct wire_r *r, const struct prop_ctx *c)
{
	size_t len = 0;
	const char *s = bytes_z(r, &len);

	if (s == NULL || c->code_page == 0)
		return s;
	return code_page_to_utf8(c->arena, c->code_page, s, len);
}

const char *wire_asciiz(struct wire_r *r)
{
	size_t len = 0;
	const char *s = bytes_z(r, &len);

	for (size_t i = 0; i < len; i++)
		if ((uint8_t)s[i] >= 0x80) {
			r->bad = true;
			return NULL;
		}
	return s;
}

static bool is_ascii(const char *s, size_t len)
{
	uint64_t all = 0;

	for (; len >= 8; s += 8, len -= 8) {
		uint64_t word;

		memcpy(&word, s, 8);
		all |= word;
	}
	for (; len > 0; s++, len--)
		all |= (uint8_t)*s;
	return (all & UINT64_C(0x8080808080808080)) == 0;
}

void wire_put_utf16z(struct wire_w *w, const char *s)
{
	size_t len = s != NULL ? strlen(s) : 0, size;
	bool ascii = s == NULL || is_ascii(s, len);
	uint8_t *at;

	size = ascii ? 2 * len : utf8_to_utf16_size(s, len);
	at = wire_claim(w, size + 2);
	if (at == NULL)
		return;
	if (ascii)
		for (size_t i = 0; i < len; i++) {
			at[2 * i] = (uint8_t)s[i];
			at[2 * i + 1] = 0;
		}
	else
		utf8_to_utf16(s, len, at);
	at[size] = at[size + 1] = 0;
}

void wire_put_string8z(struct wire_w *w, const struct prop_ctx *c,
		       const char *s)
{
	if (s != NULL && c->code_page != 0)
		code_page_put(w, c->code_page, s);
	else
		wire_put_asciiz(w, s);
}

void wire_put_asciiz(struct wire_w *w, const char *s)
{
	wire_put(w, s != NULL ? s : "", s != NULL ? strlen(s) + 1 : 1);
}

/* TypedString, [MS-OXCDATA] 2.11.7 */
enum { TYPED_NONE, TYPED_EMPTY, TYPED_STRING8, TYPED_REDUCED, TYPED_UNICODE };

/* Reduced Unicode: every second byte, which was zero, is left out. */
static const char *reduced_z(struct wire_r *r, struct arena *a)
{
	size_t len = 0, n = 0;
	const char *s = bytes_z(r, &len);
	char *out;

	if (s == NULL)
		return NULL;
	out = arena_alloc(a, 2 * len + 1);
	for (size_t i = 0; i < len; i++) {
		uint8_t b = (uint8_t)s[i];

		if (b >= 0x80)
			out[n++] = (char)(uint8_t)(0xc0 | b >> 6);
		out[n++] = (char)(b < 0x80 ? b : (uint8_t)(0x80 | (b & 0x3f)));
	}
	out[n] = '\0';
	return out;
}

bool typed_string_decode(struct wire_r *r, const struct prop_ctx *c,
			 const char **out)
{
	const char *s = NULL;

	switch (wire_u8(r)) {
	case TYPED_NONE:
		break;
	case TYPED_EMPTY:
		s = "";
		break;
	case TYPED_STRING8:
		s = wire_string8z(r, c);
		break;
	case TYPED_REDUCED:
		s = reduced_z(r, c->arena);
		break;
	case TYPED_UNICODE:
		s = wire_utf16z(r, c->arena);
		break;
	default:
		r->bad = true;
	}
	if (!wire_ok(r))
		return false;
	*out = s;
	return true;
}

/* Whether every character is below U+0100; *len becomes their number. */
static bool is_latin1(const char *s, size_t *len)
{
	const char *end = s + strlen(s);
	size_t n = 0;

	for (; s < end; n++)
		if (utf8_next(&s, end) > 0xff)
			return false;
	*len = n;
	return true;
}

void typed_string_encode(struct wire_w *w, const char *s)
{
	const char *end;
	size_t len;
	uint8_t *at;

	if (s == NULL || *s == '\0') {
		wire_put_u8(w, s == NULL ? TYPED_NONE : TYPED_EMPTY);
		return;
	}
	if (!is_latin1(s, &len)) {
		wire_put_u8(w, TYPED_UNICODE);
		wire_put_utf16z(w, s);
		return;
	}
	wire_put_u8(w, TYPED_REDUCED);
	at = wire_claim(w, len + 1);
	if (at == NULL)
		return;
	for (end = s + strlen(s); s < end;)
		*at++ = (uint8_t)utf8_next(&s, end);
	*at = 0;
}
