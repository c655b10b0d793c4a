/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded little-endian reader and writer for the MAPI wire formats.
 *
 * The error is sticky: the first read past the end marks the reader bad, and
 * every later read yields zero and moves nothing.  So a decoder reads all its
 * fields in a row and looks at wire_ok() once, before it uses any of them.
 * The writer is alike: the first write that does not fit marks it full.
 */
#ifndef BASE_WIRE_H
#define BASE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/guid.h"

struct wire_r {
	const uint8_t *p, *end;   /* next byte, one past the last */
	bool bad;
};

static inline struct wire_r wire_r(const void *data, size_t len)
{
	const uint8_t *d = data;

	return (struct wire_r){ .p = d, .end = len > 0 ? d + len : d };
}

static inline bool wire_ok(const struct wire_r *r)
{
	return !r->bad;
}

static inline size_t wire_left(const struct wire_r *r)
{
	return (size_t)(r->end - r->p);
}

/* True when all was read and nothing is left over. */
static inline bool wire_done(const struct wire_r *r)
{
	return !r->bad && r->p == r->end;
}

/* Borrow len bytes of the input; NULL (and bad) if there are fewer. */
static inline const uint8_t *wire_bytes(struct wire_r *r, size_t len)
{
	const uint8_t *at = r->p;

	if (r->bad || len > wire_left(r)) {
		r->bad = true;
		return NULL;
	}
	if (len > 0)
		r->p += len;
	return at;
}

static inline uint8_t wire_u8(struct wire_r *r)
{
	const uint8_t *b = wire_bytes(r, 1);

	return b ? b[0] : 0;
}

static inline uint16_t wire_u16(struct wire_r *r)
{
	const uint8_t *b = wire_bytes(r, 2);

	return (uint16_t)(b != NULL ? b[0] | b[1] << 8 : 0);
}

static inline uint32_t wire_u32(struct wire_r *r)
{
	const uint8_t *b = wire_bytes(r, 4);

	return b ? (uint32_t)b[0] | (uint32_t)b[1] << 8 |
		(uint32_t)b[2] << 16 | (uint32_t)b[3] << 24 : 0;
}

static inline uint64_t wire_u64(struct wire_r *r)
{
	const uint8_t *b = wire_bytes(r, 8);
	uint64_t v = 0;

	if (b != NULL)
		for (int i = 7; i >= 0; i--)
			v = v << 8 | b[i];
	return v;
}

static inline struct guid wire_guid(struct wire_r *r)
{
	const uint8_t *b = wire_bytes(r, sizeof(struct guid));
	struct guid g = { { 0 } };

	if (b != NULL)
		memcpy(g.b, b, sizeof g.b);
	return g;
}

/* A reader of the next len bytes alone; the parent moves past them. */
static inline struct wire_r wire_sub(struct wire_r *r, size_t len)
{
	const uint8_t *at = wire_bytes(r, len);

	if (at == NULL && (r->bad || len > 0))
		return (struct wire_r){ r->p, r->p, true };
	return wire_r(at, len);
}

/*
 * An element count already read, refused (0, and bad) when that many elements
 * of at least min bytes cannot be in what is left: no allocation is ever
 * larger than the request warrants.
 */
static inline size_t wire_count(struct wire_r *r, uint64_t n, size_t min)
{
	if (!r->bad && min > 0 && n > wire_left(r) / min)
		r->bad = true;
	return r->bad ? 0 : (size_t)n;
}

static inline size_t wire_count16(struct wire_r *r, size_t min)
{
	return wire_count(r, wire_u16(r), min);
}

static inline size_t wire_count32(struct wire_r *r, size_t min)
{
	return wire_count(r, wire_u32(r), min);
}

struct wire_w {
	uint8_t *base;
	size_t len, cap;          /* cap: the limit, not ours to grow */
	bool full;
};

static inline struct wire_w wire_w(void *base, size_t cap)
{
	return (struct wire_w){ .base = base, .cap = cap };
}

static inline size_t wire_room(const struct wire_w *w)
{
	return w->full ? 0 : w->cap - w->len;
}

/* Claim len bytes to be filled in by the caller; NULL (and full) if none. */
static inline uint8_t *wire_claim(struct wire_w *w, size_t len)
{
	uint8_t *at;

	if (w->full || len > w->cap - w->len) {
		w->full = true;
		return NULL;
	}
	at = w->base + w->len;
	w->len += len;
	return at;
}

static inline void wire_put(struct wire_w *w, const void *src, size_t len)
{
	uint8_t *at = wire_claim(w, len);

	if (at != NULL && len > 0)
		memcpy(at, src, len);
}

static inline void wire_put_u8(struct wire_w *w, uint8_t v)
{
	wire_put(w, &v, 1);
}

static inline void wire_put_u16(struct wire_w *w, uint16_t v)
{
	uint8_t b[2] = { (uint8_t)v, (uint8_t)(v >> 8) };

	wire_put(w, b, sizeof b);
}

static inline void wire_put_u32(struct wire_w *w, uint32_t v)
{
	uint8_t b[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
			 (uint8_t)(v >> 24) };

	wire_put(w, b, sizeof b);
}

static inline void wire_put_u64(struct wire_w *w, uint64_t v)
{
	uint8_t b[8];

	for (size_t i = 0; i < sizeof b; i++)
		b[i] = (uint8_t)(v >> (8 * i));
	wire_put(w, b, sizeof b);
}

static inline void wire_put_guid(struct wire_w *w, const struct guid *g)
{
	wire_put(w, g->b, sizeof g->b);
}

/* Overwrite a number written before, at an offset from the base. */
static inline void wire_patch_u16(struct wire_w *w, size_t at, uint16_t v)
{
	struct wire_w here = wire_w(w->base + at, 2);

	if (!w->full && at + 2 <= w->len)
		wire_put_u16(&here, v);
}

static inline void wire_patch_u32(struct wire_w *w, size_t at, uint32_t v)
{
	struct wire_w here = wire_w(w->base + at, 4);

	if (!w->full && at + 4 <= w->len)
		wire_put_u32(&here, v);
}

/* Take back what was written after mark, and the overflow with it. */
static inline void wire_rewind(struct wire_w *w, size_t mark)
{
	w->len = mark;
	w->full = false;
}

#endif
