/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Plain LZ77 variant of [MS-XCA] 2.3 and 2.4, which [MS-OXCRPC] 3.1.4.1.1.2
 * calls DIRECT2: 32 flag bits, each saying literal or match, metadata of 13
 * bits of offset and 3 of length, with longer lengths in nibbles, bytes and
 * words.
 */
#ifndef MAPI_LZ77_H
#define MAPI_LZ77_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/*
 * Compress len bytes (at most 65535 are looked at; more: 0) into out.  Returns
 * the size, or 0 when it would exceed cap: then send the plain bytes.  The
 * tables, 32 KB, come from scratch.
 */
size_t lz77_compress(struct arena *scratch, const uint8_t *in, size_t len,
		     uint8_t *out, size_t cap);

/*
 * Decompress into exactly size bytes.  False when the input is malformed,
 * reaches before the start, ends early, or yields more or less than size.
 */
bool lz77_decompress(const uint8_t *in, size_t len, uint8_t *out, size_t size);

#endif
