/* SPDX-License-Identifier: Apache-2.0 */
#include "mapi/lz77.h"

#include <string.h>

enum {
	WINDOW = 8192,            /* 13 bits of offset */
	MATCH_MIN = 3,
	HASH_BITS = 13,
	CHAIN_MAX = 8,            /* candidates looked at for one match */
	MATCH_GOOD = 64,          /* no better one is looked for */
	INPUT_MAX = 65535,
};

/*
 * The positions where each hash was last seen, plus one, and for each
 * position in the window the one before it with the same hash.
 */
struct chains {
	uint16_t head[1 << HASH_BITS];
	uint16_t previous[WINDOW];
};

/* The output with its flags ([MS-XCA] 2.3.4). */
struct writer {
	uint8_t *out;
	size_t len, cap;
	uint32_t flags;
	unsigned flag_count;
	size_t flags_at;          /* where the flags will stand */
	size_t half_at;           /* byte with a free nibble; 0: none */
	bool full;
};

static uint32_t hash3(const uint8_t *p)
{
	uint32_t v = (uint32_t)p[0] | (uint32_t)p[1] << 8 |
		(uint32_t)p[2] << 16;

	return v * UINT32_C(0x9e3779b1) >> (32 - HASH_BITS);
}

static void chains_add(struct chains *c, const uint8_t *in, size_t at)
{
	uint32_t h = hash3(in + at);

	c->previous[at % WINDOW] = c->head[h];
	c->head[h] = (uint16_t)(at + 1);
}

static size_t match_len(const uint8_t *a, const uint8_t *b, size_t max)
{
	size_t n = 0;

	for (; n + 8 <= max; n += 8) {
		uint64_t x, y;

		memcpy(&x, a + n, 8);
		memcpy(&y, b + n, 8);
		if (x != y)
			break;
	}
	while (n < max && a[n] == b[n])
		n++;
	return n;
}

/* The longest match for what begins at at; its length, 0 for none. */
static size_t chains_find(const struct chains *c, const uint8_t *in,
			  size_t len, size_t at, size_t *offset)
{
	size_t best = 0, next = c->head[hash3(in + at)];

	for (unsigned i = 0; i < CHAIN_MAX && next > 0; i++) {
		size_t from = next - 1, n;

		if (at - from > WINDOW)
			break;
		if (best == 0 || in[from + best] == in[at + best]) {
			n = match_len(in + from, in + at, len - at);
			if (n > best) {
				best = n;
				*offset = at - from;
			}
			if (best >= MATCH_GOOD || at + best == len)
				break;
		}
		next = c->previous[from % WINDOW];
		if (next > from)          /* overwritten by a later one */
			break;
	}
	return best >= MATCH_MIN ? best : 0;
}

static void put_u8(struct writer *w, unsigned b)
{
	if (w->len < w->cap)
		w->out[w->len++] = (uint8_t)b;
	else
		w->full = true;
}

static void put_u16(struct writer *w, unsigned v)
{
	put_u8(w, v & 0xff);
	put_u8(w, v >> 8);
}

static void flags_begin(struct writer *w)
{
	w->flags_at = w->len;
	w->flags = 0;
	w->flag_count = 0;
	for (int i = 0; i < 4; i++)
		put_u8(w, 0);
}

static void flags_end(struct writer *w)
{
	if (w->full)
		return;
	for (int i = 0; i < 4; i++)
		w->out[w->flags_at + i] = (uint8_t)(w->flags >> (8 * i));
}

static void flag(struct writer *w, unsigned bit)
{
	w->flags = w->flags << 1 | bit;
	w->flag_count++;
}

/* After an element: a full set of flags makes way for the next. */
static void flags_next(struct writer *w)
{
	if (w->flag_count < 32)
		return;
	flags_end(w);
	flags_begin(w);
}

static void put_literal(struct writer *w, uint8_t b)
{
	flag(w, 0);
	put_u8(w, b);
	flags_next(w);
}

/* What is left of a length after the three bits: nibble, byte, word. */
static void put_long_length(struct writer *w, size_t rest)
{
	unsigned nibble = rest < 15 ? (unsigned)rest : 15;

	if (w->half_at == 0) {
		w->half_at = w->len;
		put_u8(w, nibble);
	} else {
		if (!w->full)
			w->out[w->half_at] |= (uint8_t)(nibble << 4);
		w->half_at = 0;
	}
	if (rest < 15)
		return;
	if (rest - 15 < 255) {
		put_u8(w, (unsigned)(rest - 15));
		return;
	}
	put_u8(w, 255);
	put_u16(w, (unsigned)(rest + 7));
}

static void put_match(struct writer *w, size_t offset, size_t len)
{
	unsigned code = (unsigned)(offset - 1) << 3;
	size_t length = len - MATCH_MIN;

	flag(w, 1);
	put_u16(w, code | (length < 7 ? (unsigned)length : 7));
	if (length >= 7)
		put_long_length(w, length - 7);
	flags_next(w);
}

size_t lz77_compress(struct arena *scratch, const uint8_t *in, size_t len,
		     uint8_t *out, size_t cap)
{
	struct writer w = { .out = out, .cap = cap };
	struct chains *c;
	size_t at = 0;

	if (len > INPUT_MAX)
		return 0;
	c = arena_alloc(scratch, sizeof *c);
	memset(c->head, 0, sizeof c->head);
	flags_begin(&w);
	while (at < len && !w.full) {
		size_t offset = 0, n = 1;

		if (len - at >= MATCH_MIN)
			n = chains_find(c, in, len, at, &offset);
		if (offset > 0 && n >= MATCH_MIN) {
			put_match(&w, offset, n);
		} else {
			put_literal(&w, in[at]);
			n = 1;
		}
		for (; n > 0; n--, at++)
			if (len - at >= MATCH_MIN)
				chains_add(c, in, at);
	}
	/* The flags that are left say "match": that ends the stream. */
	while (w.flag_count < 32)
		flag(&w, 1);
	flags_end(&w);
	return w.full ? 0 : w.len;
}

struct reader {
	const uint8_t *p, *end;
	const uint8_t *half;      /* byte with an unread nibble; NULL: none */
};

/* The rest of a length whose three bits are all set. */
static bool long_length(struct reader *r, size_t *length)
{
	size_t n;

	if (r->half != NULL) {
		n = *r->half >> 4;
		r->half = NULL;
	} else {
		if (r->p == r->end)
			return false;
		r->half = r->p;
		n = *r->p++ & 15;
	}
	if (n < 15) {
		*length = n + 7;
		return true;
	}
	if (r->p == r->end)
		return false;
	n = *r->p++;
	if (n < 255) {
		*length = n + 15 + 7;
		return true;
	}
	if (r->end - r->p < 2)
		return false;
	*length = (size_t)(r->p[0] | r->p[1] << 8);
	r->p += 2;
	/*
	 * Zero would announce 32 bits ([MS-XCA] 2.4.4), for lengths that no
	 * extended buffer can have.
	 */
	return *length >= 15 + 7;
}

/* One match; false when it is malformed or goes beyond the output. */
static bool copy_match(struct reader *r, uint8_t *out, size_t *at, size_t size)
{
	size_t offset, length;
	unsigned code;

	if (r->end - r->p < 2)
		return false;
	code = (unsigned)(r->p[0] | r->p[1] << 8);
	r->p += 2;
	offset = (code >> 3) + 1;
	length = code & 7;
	if (length == 7 && !long_length(r, &length))
		return false;
	length += MATCH_MIN;
	if (offset > *at || length > size - *at)
		return false;
	if (offset >= length) {
		memcpy(out + *at, out + *at - offset, length);
		*at += length;
		return true;
	}
	for (; length > 0; length--, (*at)++)
		out[*at] = out[*at - offset];
	return true;
}

bool lz77_decompress(const uint8_t *in, size_t len, uint8_t *out, size_t size)
{
	struct reader r = { .p = in, .end = in + len };
	uint32_t flags = 0;
	unsigned left = 0;
	size_t at = 0;

	for (; r.p < r.end; left--) {
		if (left == 0) {
			if (r.end - r.p < 4)
				return false;
			flags = (uint32_t)r.p[0] | (uint32_t)r.p[1] << 8 |
				(uint32_t)r.p[2] << 16 |
				(uint32_t)r.p[3] << 24;
			r.p += 4;
			left = 32;
			if (r.p == r.end)
				break;
		}
		if ((flags & 0x80000000) != 0) {
			if (!copy_match(&r, out, &at, size))
				return false;
		} else {
			if (at == size)
				return false;
			out[at++] = *r.p++;
		}
		flags <<= 1;
	}
	return at == size;
}
