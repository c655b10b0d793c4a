/* SPDX-License-Identifier: Apache-2.0 */
/* Base64url (RFC 4648 section 5) without padding, as JOSE has it (RFC 7515
 * section 2). */
#ifndef AUTH_BASE64URL_H
#define AUTH_BASE64URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Write len bytes and a NUL; out has room for base64_size(len) and it. */
void base64url_encode(const uint8_t *data, size_t len, char *out);

/*
 * Read len characters into out of size bytes.  False, with *out_len
 * untouched, for other characters, padding, bits left over (an encoding that
 * isn't the only one) or lack of room.
 */
bool base64url_decode(const char *text, size_t len, uint8_t *out, size_t size,
		      size_t *out_len);

#endif
