/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 16, BLOCK_DEFAULT = 4096 };

struct block {
	struct block *next;
	size_t size;              /* of data */
	_Alignas(ALIGN) uint8_t data[];
};

struct arena {
	struct block *first, *current;
	size_t used;              /* in current */
	size_t block, total;
};

static _Noreturn void out_of_memory(size_t len)
{
	fprintf(stderr, "posthouse: out of memory (%zu bytes asked for)\n",
		len);
	abort();
}

void *xmalloc(size_t len)
{
	void *p = malloc(len > 0 ? len : 1);

	if (p == NULL)
		out_of_memory(len);
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n > 0 ? n : 1, size > 0 ? size : 1);

	if (p == NULL)
		out_of_memory(n * size);
	return p;
}

void *xrealloc(void *p, size_t len)
{
	p = realloc(p, len > 0 ? len : 1);
	if (p == NULL)
		out_of_memory(len);
	return p;
}

char *xstrdup(const char *s)
{
	size_t len = strlen(s) + 1;

	return memcpy(xmalloc(len), s, len);
}

static struct block *block_new(struct arena *a, size_t size)
{
	struct block *b = xmalloc(sizeof *b + size);

	b->next = NULL;
	b->size = size;
	a->total += sizeof *b + size;
	return b;
}

struct arena *arena_new(size_t block)
{
	struct arena *a = xcalloc(1, sizeof *a);

	a->block = block > 0 ? block : BLOCK_DEFAULT;
	return a;
}

static void blocks_free(struct arena *a, struct block *b)
{
	while (b != NULL) {
		struct block *next = b->next;

		a->total -= sizeof *b + b->size;
		free(b);
		b = next;
	}
}

void arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	blocks_free(a, a->first);
	free(a);
}

void arena_reset(struct arena *a)
{
	if (a->first == NULL)
		return;
	blocks_free(a, a->first->next);
	a->first->next = NULL;
	if (a->first->size > a->block) {
		blocks_free(a, a->first);
		a->first = NULL;
	}
	a->current = a->first;
	a->used = 0;
}

size_t arena_size(const struct arena *a)
{
	return a->total;
}

void *arena_alloc(struct arena *a, size_t len)
{
	struct block *b = a->current;
	size_t need = (len + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	void *at;

	if (need < len)
		out_of_memory(len);
	if (b == NULL || need > b->size - a->used) {
		b = block_new(a, need > a->block ? need : a->block);
		if (a->current != NULL)
			a->current->next = b;
		else
			a->first = b;
		a->current = b;
		a->used = 0;
	}
	at = b->data + a->used;
	a->used += need;
	return at;
}

void *arena_zalloc(struct arena *a, size_t len)
{
	return memset(arena_alloc(a, len), 0, len);
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	size_t len;

	if (__builtin_mul_overflow(n, size, &len))
		out_of_memory(n);
	return arena_zalloc(a, len);
}

void *arena_memdup(struct arena *a, const void *src, size_t len)
{
	void *p = arena_alloc(a, len);

	if (len > 0)
		memcpy(p, src, len);
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *p = arena_alloc(a, len + 1);

	if (len > 0)
		memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_vprintf(struct arena *a, const char *format, va_list ap)
{
	va_list again;
	char *p;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len < 0)
		return arena_strdup(a, "");
	p = arena_alloc(a, (size_t)len + 1);
	vsnprintf(p, (size_t)len + 1, format, ap);
	return p;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list ap;
	char *p;

	va_start(ap, format);
	p = arena_vprintf(a, format, ap);
	va_end(ap);
	return p;
}
