/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code pages of PtypString8 values ([MS-UCODEREF] 2.2.1 numbers), converted
 * with the C library's iconv.  Pure ASCII, the usual case, takes no look-up.
 */
#ifndef MAPI_CODE_PAGE_H
#define MAPI_CODE_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/wire.h"

enum { CODE_PAGE_WINDOWS_1252 = 1252, CODE_PAGE_UTF8 = 65001 };

/* Whether strings can be converted; else ecUnknownCodePage is the answer. */
bool code_page_known(uint32_t code_page);

/* The name that MIME and iconv know it by, "windows-1252"; NULL if unknown. */
const char *code_page_charset(uint32_t code_page);

/* The number for a charset name in any case; 0 if there is none. */
uint32_t code_page_number(const char *charset);

/*
 * len bytes in a code page to UTF-8 in the arena, and back (NUL-terminated,
 * its length without it in *out_len).  What cannot be converted becomes
 * U+FFFD, or '?'.  An unknown code page is taken for windows-1252.
 */
const char *code_page_to_utf8(struct arena *a, uint32_t code_page,
			      const char *s, size_t len);
const char *code_page_from_utf8(struct arena *a, uint32_t code_page,
				const char *utf8, size_t *out_len);

/*
 * UTF-8 written in a code page, and bytes in a code page written as UTF-16LE;
 * both with a terminator and without memory of their own.
 */
void code_page_put(struct wire_w *w, uint32_t code_page, const char *utf8);
void code_page_put_utf16(struct wire_w *w, uint32_t code_page, const char *s);

#endif
