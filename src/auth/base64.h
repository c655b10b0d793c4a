/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648 section 4), strict: as PHC strings and Basic need it. */
#ifndef AUTH_BASE64_H
#define AUTH_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters for len bytes, without padding and NUL. */
static inline size_t base64_size(size_t len)
{
	return (len * 8 + 5) / 6;
}

/* Write len bytes without padding, and a NUL; out has room for both. */
void base64_encode(const uint8_t *data, size_t len, char *out);

/*
 * Read len characters, padded or not, into out of size bytes.  False, with
 * *out_len untouched, for other characters, wrong padding, bits left over or
 * lack of room.
 */
bool base64_decode(const char *text, size_t len, uint8_t *out, size_t size,
		   size_t *out_len);

#endif
