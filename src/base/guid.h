/* SPDX-License-Identifier: Apache-2.0 */
/* GUIDs, kept in their wire form ([MS-DTYP] 2.3.4.2). */
#ifndef BASE_GUID_H
#define BASE_GUID_H

#include <stdbool.h>
#include <stdint.h>

struct guid {
	uint8_t b[16];            /* as on the wire: 4-2-2 little-endian, 8 */
};

enum { GUID_TEXT_SIZE = 37 };     /* 36 characters and the NUL */

/* A new random GUID (version 4), from the kernel's generator. */
struct guid guid_new(void);

bool guid_equal(const struct guid *a, const struct guid *b);
bool guid_is_null(const struct guid *g);

/* Order of the bytes: <0, 0 or >0. */
int guid_compare(const struct guid *a, const struct guid *b);

/* Write "6ed8da90-450b-101b-98da-00aa003f1305" (lower case) into text. */
void guid_format(const struct guid *g, char text[static GUID_TEXT_SIZE]);

/*
 * Read a GUID in either case, with or without braces, that fills the whole
 * string.  False, with *out untouched, if text is none.
 */
bool guid_parse(const char *text, struct guid *out);

#endif
