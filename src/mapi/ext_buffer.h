/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended buffers ([MS-OXCRPC] 2.2.2.1, 3.1.4.1.1, 3.1.4.2.1): payloads
 * behind an RPC_HEADER_EXT, compressed, obfuscated, or as they are; several in
 * a chain.
 */
#ifndef MAPI_EXT_BUFFER_H
#define MAPI_EXT_BUFFER_H

#include "base/arena.h"
#include "base/wire.h"
#include "mapi/prop.h"

enum { EXT_HEADER_SIZE = 8 };

enum {                                    /* Flags of RPC_HEADER_EXT */
	EXT_COMPRESSED = 0x0001,          /* LZ77 (lz77.h) */
	EXT_XOR_MAGIC = 0x0002,           /* every byte XOR 0xA5 */
	EXT_LAST = 0x0004,                /* no other header follows */
};

/* [MS-OXCRPC] 3.1.4.2.1.2.1: a payload has at most 32 KB. */
enum { EXT_PAYLOAD_MAX = 0x8000 };

/*
 * Smaller payloads are not worth compressing, which is ours to choose
 * ([MS-OXCRPC] 3.1.4.2.1.1).
 */
enum { EXT_COMPRESS_MIN = 1025 };

/* One payload, unpacked. */
struct ext_payload {
	struct bin data;
	unsigned flags;                   /* as they were on the wire */
};

/*
 * The next payload of a chain.  It is borrowed from the input when it needed
 * no unpacking, else it lies in the arena.  max bounds the unpacked size
 * (0xffff at most can be said).  False, the reader bad and *out untouched,
 * when a header or its payload is malformed.
 */
bool ext_buffer_next(struct wire_r *r, struct arena *a, size_t max,
		     struct ext_payload *out);

/*
 * All payloads of a buffer, up to the one marked EXT_LAST, which must end the
 * buffer.  More than limit of them are malformed.
 */
struct ext_payloads {
	uint32_t n;
	const struct ext_payload *v;
};

bool ext_buffer_decode(const struct bin *buffer, struct arena *a, size_t limit,
		       struct ext_payloads *out);

/*
 * Writing in place: ext_buffer_begin claims the header and returns its
 * offset; the caller writes the payload after it; ext_buffer_end packs it
 * (EXT_COMPRESSED if that makes it smaller, EXT_XOR_MAGIC) where it is, and
 * fills in the header.  The compressor's tables come from scratch.  EXT_LAST
 * is set by flags, or later by ext_buffer_set_last.  A writer that became
 * full is left alone.  The payload must not exceed 0xffff bytes (full if so).
 */
size_t ext_buffer_begin(struct wire_w *w);
void ext_buffer_end(struct wire_w *w, size_t begin, unsigned flags,
		    struct arena *scratch);
void ext_buffer_set_last(struct wire_w *w, size_t begin, bool last);

/* begin, payload and end in one. */
void ext_buffer_put(struct wire_w *w, const void *payload, size_t len,
		    unsigned flags, struct arena *scratch);

#endif
