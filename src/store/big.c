/* SPDX-License-Identifier: Apache-2.0 */
#include "store/big.h"

#include <stdlib.h>
#include <string.h>

#include "store/impl.h"

/*
 * Where a page of CHUNK_SIZE bytes is: nowhere yet (zeros), in a slot of the
 * staging file, or in a chunk row.
 */
enum page_kind { PAGE_ZERO, PAGE_STAGED, PAGE_STORED };

struct page {
	enum page_kind kind;
	uint32_t slot;            /* PAGE_STAGED */
	int64_t chunk;            /* PAGE_STORED: id of the row */
};

struct big {
	unsigned refs;
	struct store *store;
	uint64_t size;
	uint64_t stream;          /* not 0: as these chunk rows have it */
	uint8_t *mem;             /* while neither stream nor pages */
	size_t cap;
	struct page *pages;
	size_t n_pages;
};

static int64_t chunk_id(uint64_t stream, uint64_t number)
{
	return (int64_t)(stream << CHUNK_BITS | number);
}

static size_t pages_for(uint64_t size)
{
	return (size_t)((size + CHUNK_SIZE - 1) / CHUNK_SIZE);
}

struct big *big_new(struct store *store)
{
	struct big *b = xcalloc(1, sizeof *b);

	b->refs = 1;
	b->store = store;
	return b;
}

struct big *big_stored(struct store *store, uint64_t stream, uint64_t size)
{
	struct big *b = big_new(store);

	b->stream = stream;
	b->size = size;
	return b;
}

struct big *big_ref(struct big *b)
{
	b->refs++;
	return b;
}

static void drop_page(struct big *b, struct page *page)
{
	if (page->kind == PAGE_STAGED)
		staging_put(b->store->pool->staging, page->slot);
	page->kind = PAGE_ZERO;
}

void big_unref(struct big *b)
{
	if (b == NULL || --b->refs > 0)
		return;
	for (size_t i = 0; i < b->n_pages; i++)
		drop_page(b, &b->pages[i]);
	free(b->pages);
	free(b->mem);
	free(b);
}

uint64_t big_size(const struct big *b)
{
	return b->size;
}

uint64_t big_stream(const struct big *b)
{
	return b->stream;
}

/* ---- Reading ---- */

static enum ec read_chunk(struct store *store, int64_t id, size_t offset,
			  uint8_t *data, size_t len)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT data FROM chunks WHERE id=?1");
	size_t have;
	enum ec ec;
	bool row;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, id);
	ec = db_step(store, stmt, &row);
	/* another has saved the object meanwhile */
	if (ec == EC_SUCCESS && !row)
		ec = EC_OBJECT_MODIFIED;
	if (ec == EC_SUCCESS) {
		have = (size_t)sqlite3_column_bytes(stmt, 0);
		have = have > offset ? have - offset : 0;
		have = have < len ? have : len;
		if (have > 0)
			memcpy(data, (const uint8_t *)
			       sqlite3_column_blob(stmt, 0) + offset, have);
		memset(data + have, 0, len - have);
	}
	db_done(stmt);
	return ec;
}

/* len bytes within one page. */
static enum ec read_page(struct big *b, size_t number, size_t offset,
			 uint8_t *data, size_t len)
{
	const struct page *page;

	if (b->stream != 0)
		return read_chunk(b->store, chunk_id(b->stream, number),
				  offset, data, len);
	page = &b->pages[number];
	switch (page->kind) {
	case PAGE_STAGED:
		return staging_read(b->store->pool->staging, page->slot,
				    offset, data, len);
	case PAGE_STORED:
		return read_chunk(b->store, page->chunk, offset, data, len);
	default:
		memset(data, 0, len);
		return EC_SUCCESS;
	}
}

enum ec big_read(struct big *b, uint64_t offset, void *data, size_t len,
		 size_t *got)
{
	uint8_t *at = data;
	enum ec ec;

	if (offset >= b->size)
		len = 0;
	else if (len > b->size - offset)
		len = (size_t)(b->size - offset);
	*got = len;
	if (b->stream == 0 && b->pages == NULL) {
		if (len > 0)
			memcpy(data, b->mem + offset, len);
		return EC_SUCCESS;
	}
	while (len > 0) {
		size_t in = (size_t)(offset % CHUNK_SIZE);
		size_t n = CHUNK_SIZE - in < len ? CHUNK_SIZE - in : len;

		ec = read_page(b, (size_t)(offset / CHUNK_SIZE), in, at, n);
		if (ec != EC_SUCCESS)
			return ec;
		at += n;
		offset += n;
		len -= n;
	}
	return EC_SUCCESS;
}

enum ec big_load(struct big *b, struct arena *a, uint8_t **out)
{
	uint8_t *data = arena_alloc(a, (size_t)b->size + 2);
	size_t got;
	enum ec ec = big_read(b, 0, data, (size_t)b->size, &got);

	if (ec != EC_SUCCESS)
		return ec;
	data[got] = data[got + 1] = 0;
	*out = data;
	return EC_SUCCESS;
}

/* ---- Writing ---- */

static void set_pages(struct big *b, size_t n)
{
	for (size_t i = n; i < b->n_pages; i++)
		drop_page(b, &b->pages[i]);
	b->pages = xrealloc(b->pages, (n + 1) * sizeof *b->pages);
	for (size_t i = b->n_pages; i < n; i++)
		b->pages[i] = (struct page){ .kind = PAGE_ZERO };
	b->n_pages = n;
}

/* From chunk rows, or memory, to pages that can be changed one by one. */
static enum ec make_pages(struct big *b)
{
	struct staging *st = b->store->pool->staging;
	enum ec ec = EC_SUCCESS;

	if (b->pages != NULL)
		return EC_SUCCESS;
	set_pages(b, pages_for(b->size));
	for (size_t i = 0; i < b->n_pages && b->stream != 0; i++)
		b->pages[i] = (struct page){ .kind = PAGE_STORED,
			.chunk = chunk_id(b->stream, i) };
	if (b->stream == 0 && b->n_pages > 0) {
		b->pages[0] = (struct page){ .kind = PAGE_STAGED,
					     .slot = staging_get(st) };
		ec = staging_write(st, b->pages[0].slot, 0, b->mem,
				   (size_t)b->size);
	}
	if (ec != EC_SUCCESS) {
		set_pages(b, 0);
		free(b->pages);
		b->pages = NULL;
		return ec;
	}
	free(b->mem);
	b->mem = NULL;
	b->cap = 0;
	b->stream = 0;
	return EC_SUCCESS;
}

static void mem_reserve(struct big *b, size_t len)
{
	size_t cap = b->cap < 4096 ? 4096 : b->cap;

	while (cap < len)
		cap *= 2;
	if (cap == b->cap)
		return;
	b->mem = xrealloc(b->mem, cap);
	b->cap = cap;
}

/* A copy that shares staged pages; chunk rows stay where they are. */
static struct big *big_clone(const struct big *b)
{
	struct big *c = big_new(b->store);

	c->size = b->size;
	c->stream = b->stream;
	if (b->pages != NULL) {
		set_pages(c, b->n_pages);
		memcpy(c->pages, b->pages, b->n_pages * sizeof *b->pages);
		for (size_t i = 0; i < c->n_pages; i++)
			if (c->pages[i].kind == PAGE_STAGED)
				staging_ref(b->store->pool->staging,
					    c->pages[i].slot);
	} else if (b->mem != NULL) {
		mem_reserve(c, (size_t)b->size);
		memcpy(c->mem, b->mem, (size_t)b->size);
	}
	return c;
}

/* Make *b the caller's own, with pages if it will be larger than memory. */
static enum ec make_own(struct big **b, uint64_t size)
{
	if (size > BIG_MAX)
		return EC_TOO_BIG;
	if ((*b)->refs > 1) {
		struct big *own = big_clone(*b);

		big_unref(*b);
		*b = own;
	}
	if ((*b)->stream != 0 || (*b)->pages != NULL || size > CHUNK_SIZE)
		return make_pages(*b);
	return EC_SUCCESS;
}

/* Make a page staged and unshared, with its content kept. */
static enum ec own_page(struct big *b, size_t number, bool keep)
{
	struct staging *st = b->store->pool->staging;
	struct page *page = &b->pages[number];
	uint8_t *content = NULL;
	uint32_t slot;
	enum ec ec = EC_SUCCESS;

	if (page->kind == PAGE_STAGED && !staging_shared(st, page->slot))
		return EC_SUCCESS;
	if (keep) {
		content = xmalloc(CHUNK_SIZE);
		ec = read_page(b, number, 0, content, CHUNK_SIZE);
	}
	if (ec == EC_SUCCESS) {
		slot = staging_get(st);
		if (keep)
			ec = staging_write(st, slot, 0, content, CHUNK_SIZE);
		if (ec != EC_SUCCESS) {
			staging_put(st, slot);
		} else {
			drop_page(b, page);
			*page = (struct page){ .kind = PAGE_STAGED,
					       .slot = slot };
		}
	}
	free(content);
	return ec;
}

static enum ec write_pages(struct big *b, uint64_t offset,
			   const uint8_t *data, size_t len)
{
	struct staging *st = b->store->pool->staging;
	enum ec ec;

	while (len > 0) {
		size_t number = (size_t)(offset / CHUNK_SIZE);
		size_t in = (size_t)(offset % CHUNK_SIZE);
		size_t n = CHUNK_SIZE - in < len ? CHUNK_SIZE - in : len;

		ec = own_page(b, number, n < CHUNK_SIZE);
		if (ec == EC_SUCCESS)
			ec = staging_write(st, b->pages[number].slot, in,
					   data, n);
		if (ec != EC_SUCCESS)
			return ec;
		data += n;
		offset += n;
		len -= n;
	}
	return EC_SUCCESS;
}

/* Bytes behind the end of the last page must be zeros when it grows. */
static enum ec clear_tail(struct big *b, uint64_t size)
{
	static const uint8_t zeros[4096];
	size_t in = (size_t)(size % CHUNK_SIZE);
	uint64_t end = size - in + CHUNK_SIZE;
	enum ec ec = EC_SUCCESS;

	if (in == 0)
		return EC_SUCCESS;
	while (size < end && ec == EC_SUCCESS) {
		size_t n = end - size < sizeof zeros ? (size_t)(end - size) :
			sizeof zeros;

		ec = write_pages(b, size, zeros, n);
		size += n;
	}
	return ec;
}

enum ec big_resize(struct big **at, uint64_t size)
{
	struct big *b;
	enum ec ec;

	if (size == (*at)->size)
		return EC_SUCCESS;
	ec = make_own(at, size > (*at)->size ? size : (*at)->size);
	if (ec != EC_SUCCESS)
		return ec;
	b = *at;
	if (b->pages == NULL) {
		if (size > b->size) {
			mem_reserve(b, (size_t)size);
			memset(b->mem + b->size, 0,
			       (size_t)(size - b->size));
		}
	} else {
		if (size < b->size)
			ec = clear_tail(b, size);
		if (ec != EC_SUCCESS)
			return ec;
		set_pages(b, pages_for(size));
	}
	b->size = size;
	return EC_SUCCESS;
}

enum ec big_write(struct big **at, uint64_t offset, const void *data,
		  size_t len)
{
	uint64_t end = offset + len;
	enum ec ec = EC_SUCCESS;

	if (offset > BIG_MAX || len > BIG_MAX - offset)
		return EC_TOO_BIG;
	if (len == 0)
		return EC_SUCCESS;
	if (end > (*at)->size)
		ec = big_resize(at, end);
	else
		ec = make_own(at, (*at)->size);
	if (ec != EC_SUCCESS)
		return ec;
	if ((*at)->pages != NULL)
		return write_pages(*at, offset, data, len);
	memcpy((*at)->mem + offset, data, len);
	return EC_SUCCESS;
}

/* Whether none of it is in chunk rows, which may go away. */
static bool in_session(const struct big *b)
{
	for (size_t i = 0; i < b->n_pages; i++)
		if (b->pages[i].kind == PAGE_STORED)
			return false;
	return b->stream == 0;
}

enum ec big_copy(struct big *b, struct store *store, struct big **out)
{
	struct big *copy = big_new(store);
	uint8_t *buffer = xmalloc(CHUNK_SIZE);
	uint64_t at = 0;
	size_t got = 1;
	enum ec ec = EC_SUCCESS;

	if (b->store == store && in_session(b)) {
		big_unref(copy);
		free(buffer);
		*out = big_ref(b);
		return EC_SUCCESS;
	}
	while (ec == EC_SUCCESS && at < b->size && got > 0) {
		ec = big_read(b, at, buffer, CHUNK_SIZE, &got);
		if (ec == EC_SUCCESS)
			ec = big_write(&copy, at, buffer, got);
		at += got;
	}
	free(buffer);
	if (ec != EC_SUCCESS) {
		big_unref(copy);
		return ec;
	}
	*out = copy;
	return EC_SUCCESS;
}

/* ---- Chunk rows ---- */

static enum ec save_chunk(struct store *store, int64_t id, const void *data,
			  size_t len)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"INSERT INTO chunks VALUES(?1, ?2)");

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, id);
	sqlite3_bind_blob64(stmt, 2, data, len, SQLITE_STATIC);
	return db_run(store, stmt);
}

/*
 * Streams are numbered from the counters of IDs: a number is never used
 * again, so who still reads a value that was replaced gets an error, and not
 * the bytes of another.
 */
enum ec big_save(struct big *b, uint64_t *stream)
{
	uint8_t *buffer;
	uint64_t number;
	size_t got;
	enum ec ec = db_new_counter(b->store, &number);

	if (ec != EC_SUCCESS)
		return ec;
	if (number >> (63 - CHUNK_BITS) != 0)
		return EC_NOT_ENOUGH_MEMORY;
	buffer = xmalloc(CHUNK_SIZE);
	for (uint64_t i = 0; i < pages_for(b->size) && ec == EC_SUCCESS;
	     i++) {
		ec = big_read(b, i * CHUNK_SIZE, buffer, CHUNK_SIZE, &got);
		if (ec == EC_SUCCESS)
			ec = save_chunk(b->store, chunk_id(number, i), buffer,
					got);
	}
	free(buffer);
	if (ec == EC_SUCCESS)
		*stream = number;
	return ec;
}

enum ec big_delete(struct store *store, uint64_t stream)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"DELETE FROM chunks WHERE id BETWEEN ?1 AND ?2");

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, chunk_id(stream, 0));
	sqlite3_bind_int64(stmt, 2,
			   chunk_id(stream, (1u << CHUNK_BITS) - 1));
	return db_run(store, stmt);
}
