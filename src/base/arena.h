/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arenas: memory that is given back all at once.  One per request, another
 * per session.  An arena belongs to one thread at a time.
 *
 * Allocation never returns NULL: what a peer can ask for is bounded before
 * it gets here (wire.h), so running out of memory is the machine's failure,
 * and the process ends with a message (doc/decisions.md).
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* A new arena whose blocks are block bytes (0: 4096).  Owned by the caller. */
struct arena *arena_new(size_t block);
void arena_free(struct arena *a);         /* NULL is allowed */

/* Give back all that was allocated, and keep the first block. */
void arena_reset(struct arena *a);

/* Bytes held from the system; what the session limits are counted by. */
size_t arena_size(const struct arena *a);

/* len bytes, aligned for any type; not zeroed.  len 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t len);
void *arena_zalloc(struct arena *a, size_t len);

/* n elements of size bytes, zeroed; the product is checked. */
void *arena_array(struct arena *a, size_t n, size_t size);

void *arena_memdup(struct arena *a, const void *src, size_t len);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_printf(struct arena *a, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *format, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* malloc and friends that never return NULL, for what arenas don't fit. */
void *xmalloc(size_t len);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t len);
char *xstrdup(const char *s);

#endif
