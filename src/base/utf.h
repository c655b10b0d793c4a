/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text.  Inside, strings are UTF-8, NUL-terminated; on the wire they are
 * UTF-16LE.  A lone surrogate, which clients may store, becomes the three
 * bytes that UTF-8 would give its number (WTF-8), so that it comes back as it
 * was; text from elsewhere (mail, configuration) must be valid UTF-8.
 */
#ifndef BASE_UTF_H
#define BASE_UTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Bytes of UTF-8 for len bytes of UTF-16LE (an odd last byte is dropped),
 * without a NUL; and the conversion, into room for exactly that many.
 */
size_t utf16_to_utf8_size(const uint8_t *utf16, size_t len);
void utf16_to_utf8(const uint8_t *utf16, size_t len, char *out);

/*
 * Bytes of UTF-16LE for len bytes of UTF-8, without a NUL; and the
 * conversion.  Bytes that are not (W)UTF-8 become U+FFFD.
 */
size_t utf8_to_utf16_size(const char *utf8, size_t len);
void utf8_to_utf16(const char *utf8, size_t len, uint8_t *out);

/* Whether len bytes are strict UTF-8 (no surrogates, no overlong forms). */
bool utf8_valid(const char *s, size_t len);

/*
 * The code point at *at (which moves past it), within end; U+FFFD for a bad
 * byte.  Surrogates come out as they are.  *at must be below end.
 */
uint32_t utf8_next(const char **at, const char *end);

#endif
