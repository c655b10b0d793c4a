/* SPDX-License-Identifier: Apache-2.0 */
#include "mapi/ext_buffer.h"

#include <string.h>

#include "mapi/lz77.h"

enum { XOR_MAGIC = 0xa5, FLAGS_KNOWN = 0x0007 };

/* [MS-OXCRPC] 3.1.4.1.1.3; from and to may be the same. */
static void xor_magic(uint8_t *to, const uint8_t *from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = from[i] ^ XOR_MAGIC;
}

struct header {
	unsigned version, flags;
	size_t size, size_actual;
};

/* [MS-OXCRPC] 2.2.2.1 */
static bool header_decode(struct wire_r *r, size_t max, struct header *out)
{
	struct header h;

	h.version = wire_u16(r);
	h.flags = wire_u16(r);
	h.size = wire_u16(r);
	h.size_actual = wire_u16(r);
	if (!wire_ok(r) || h.version != 0 || (h.flags & ~FLAGS_KNOWN) != 0 ||
	    h.size_actual > max)
		return false;
	if ((h.flags & EXT_COMPRESSED) != 0 ? h.size >= h.size_actual :
	    h.size != h.size_actual)
		return false;
	*out = h;
	return true;
}

static bool payload_unpack(const struct header *h, const uint8_t *from,
			   struct arena *a, struct bin *out)
{
	uint8_t *to;

	if ((h->flags & EXT_XOR_MAGIC) != 0) {
		to = arena_alloc(a, h->size);
		xor_magic(to, from, h->size);
		from = to;
	}
	if ((h->flags & EXT_COMPRESSED) != 0) {
		to = arena_alloc(a, h->size_actual);
		if (!lz77_decompress(from, h->size, to, h->size_actual))
			return false;
		from = to;
	}
	*out = (struct bin){ from, h->size_actual };
	return true;
}

bool ext_buffer_next(struct wire_r *r, struct arena *a, size_t max,
		     struct ext_payload *out)
{
	struct header h = { 0 };
	struct ext_payload payload;
	const uint8_t *from = NULL;

	if (header_decode(r, max, &h))
		from = wire_bytes(r, h.size);
	if (from == NULL || !payload_unpack(&h, from, a, &payload.data)) {
		r->bad = true;
		return false;
	}
	payload.flags = h.flags;
	*out = payload;
	return true;
}

bool ext_buffer_decode(const struct bin *buffer, struct arena *a, size_t limit,
		       struct ext_payloads *out)
{
	struct wire_r r = wire_r(buffer->data, buffer->len);
	size_t most = buffer->len / EXT_HEADER_SIZE, n = 0;
	struct ext_payload *v;
	bool last = false;

	v = arena_array(a, most < limit ? most : limit, sizeof *v);
	while (!last && n < limit) {
		if (!ext_buffer_next(&r, a, UINT16_MAX, &v[n]))
			return false;
		last = (v[n++].flags & EXT_LAST) != 0;
	}
	if (!last || !wire_done(&r))
		return false;
	*out = (struct ext_payloads){ (uint32_t)n, v };
	return true;
}

size_t ext_buffer_begin(struct wire_w *w)
{
	size_t begin = w->len;

	wire_claim(w, EXT_HEADER_SIZE);
	return begin;
}

/* Whether the payload became smaller; then it has moved into its place. */
static bool payload_compress(struct wire_w *w, size_t begin, size_t size,
			     struct arena *scratch)
{
	uint8_t *payload = w->base + begin + EXT_HEADER_SIZE;
	uint8_t *packed;
	size_t n;

	if (size < EXT_COMPRESS_MIN)
		return false;
	packed = arena_alloc(scratch, size - 1);
	n = lz77_compress(scratch, payload, size, packed, size - 1);
	if (n == 0)
		return false;
	memcpy(payload, packed, n);
	w->len = begin + EXT_HEADER_SIZE + n;
	return true;
}

void ext_buffer_end(struct wire_w *w, size_t begin, unsigned flags,
		    struct arena *scratch)
{
	size_t size, size_actual;
	uint8_t *payload;

	if (w->full || w->len - begin - EXT_HEADER_SIZE > UINT16_MAX) {
		w->full = true;
		return;
	}
	payload = w->base + begin + EXT_HEADER_SIZE;
	size_actual = w->len - begin - EXT_HEADER_SIZE;
	if ((flags & EXT_COMPRESSED) != 0 &&
	    !payload_compress(w, begin, size_actual, scratch))
		flags &= ~(unsigned)EXT_COMPRESSED;
	size = w->len - begin - EXT_HEADER_SIZE;
	if ((flags & EXT_XOR_MAGIC) != 0)
		xor_magic(payload, payload, size);
	wire_patch_u16(w, begin, 0);
	wire_patch_u16(w, begin + 2, (uint16_t)flags);
	wire_patch_u16(w, begin + 4, (uint16_t)size);
	wire_patch_u16(w, begin + 6, (uint16_t)size_actual);
}

void ext_buffer_set_last(struct wire_w *w, size_t begin, bool last)
{
	if (w->full)
		return;
	w->base[begin + 2] &= (uint8_t)~EXT_LAST;
	if (last)
		w->base[begin + 2] |= EXT_LAST;
}

void ext_buffer_put(struct wire_w *w, const void *payload, size_t len,
		    unsigned flags, struct arena *scratch)
{
	size_t begin = ext_buffer_begin(w);

	wire_put(w, payload, len);
	ext_buffer_end(w, begin, flags, scratch);
}
