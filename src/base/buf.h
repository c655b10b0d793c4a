/* SPDX-License-Identifier: Apache-2.0 */
/* A growing byte buffer on the heap, for text and bodies of unknown length. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *data;            /* always followed by a NUL once non-NULL */
	size_t len, cap;
};

#define BUF_INIT { NULL, 0, 0 }

void buf_free(struct buf *b);             /* and make it empty again */
void buf_clear(struct buf *b);            /* len 0, memory kept */
void buf_add(struct buf *b, const void *src, size_t len);
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* Make room for len more bytes and return where they go; len is not moved. */
uint8_t *buf_room(struct buf *b, size_t len);

/* The text so far; "" when empty.  Valid until the buffer next changes. */
const char *buf_str(const struct buf *b);

#endif
