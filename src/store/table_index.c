/* SPDX-License-Identifier: Apache-2.0 */
#include "store/table_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "mapi/id.h"

/*
 * Two levels: chunks of pointers to rows, and beside them their counts, close
 * together so that adding them up is quick.  A full chunk is split, an empty
 * one removed; a million rows make some 5,000 chunks.
 */
enum { CHUNK_ROWS = 256 };

struct chunk {
	struct row_entry *v[CHUNK_ROWS];
};

/*
 * ID and instance to row, made when it is first needed: tables that are only
 * read never pay for it.  Open addressing, linear, at most half full.
 */
struct row_hash {
	struct row_entry **v;
	size_t size;              /* a power of two; 0: not made */
};

struct row_index {
	struct chunk **chunks;
	uint32_t *counts;
	size_t n_chunks, cap_chunks;
	uint32_t count;
	size_t bytes;             /* of the rows */
	struct row_hash hash;
};

/* ---- order ---- */

static int compare_keys(struct bin a, struct bin b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n > 0 ? memcmp(a.data, b.data, n) : 0;

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

int row_compare(struct bin key_a, uint64_t id_a, uint32_t instance_a,
		struct bin key_b, uint64_t id_b, uint32_t instance_b)
{
	int order = compare_keys(key_a, key_b);
	uint64_t a = id_counter(id_a), b = id_counter(id_b);

	if (order != 0)
		return order;
	if (a != b)
		return a < b ? -1 : 1;
	return (instance_a > instance_b) - (instance_a < instance_b);
}

static int compare_rows(const struct row_entry *a, const struct row_entry *b)
{
	return row_compare(row_key(a), a->id, a->instance,
			   row_key(b), b->id, b->instance);
}

/* ---- hash ---- */

static size_t hash_of(uint64_t id, uint32_t instance)
{
	/* What tells IDs apart is in their high bytes: id.h. */
	uint64_t h = (id_counter(id) << 8 ^ instance) *
		UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(h >> 32 ^ h >> 13);
}

static size_t hash_slot(const struct row_hash *h, uint64_t id,
			uint32_t instance)
{
	size_t i = hash_of(id, instance) & (h->size - 1);

	while (h->v[i] != NULL &&
	       (h->v[i]->id != id || h->v[i]->instance != instance))
		i = (i + 1) & (h->size - 1);
	return i;
}

static void hash_make(struct row_index *x)
{
	struct row_walk w = row_walk_at(x, 0);
	const struct row_entry *e;
	size_t size = 64;

	while (size < 4 * (size_t)x->count)
		size *= 2;
	free(x->hash.v);
	x->hash.v = xcalloc(size, sizeof *x->hash.v);
	x->hash.size = size;
	while ((e = row_walk_next(&w)) != NULL)
		x->hash.v[hash_slot(&x->hash, e->id, e->instance)] =
			(struct row_entry *)e;
}

static void hash_put(struct row_index *x, struct row_entry *e)
{
	if (x->hash.size == 0)
		return;
	if (2 * (size_t)x->count >= x->hash.size)
		hash_make(x);             /* e is in its chunk already */
	else
		x->hash.v[hash_slot(&x->hash, e->id, e->instance)] = e;
}

/* Without tombstones: what follows is moved up to where it can be found. */
static void hash_drop(struct row_hash *h, uint64_t id, uint32_t instance)
{
	size_t hole, i, home, mask = h->size - 1;

	if (h->size == 0)
		return;
	hole = i = hash_slot(h, id, instance);
	h->v[hole] = NULL;
	for (;;) {
		i = (i + 1) & mask;
		if (h->v[i] == NULL)
			return;
		home = hash_of(h->v[i]->id, h->v[i]->instance) & mask;
		if (((i - home) & mask) < ((i - hole) & mask))
			continue;         /* its home is behind the hole */
		h->v[hole] = h->v[i];
		h->v[i] = NULL;
		hole = i;
	}
}

const struct row_entry *row_index_find(struct row_index *x, uint64_t id,
				       uint32_t instance)
{
	if (x->hash.size == 0)
		hash_make(x);
	return x->hash.v[hash_slot(&x->hash, id, instance)];
}

/* ---- life ---- */

struct row_index *row_index_new(void)
{
	return xcalloc(1, sizeof(struct row_index));
}

void row_index_free(struct row_index *x)
{
	if (x == NULL)
		return;
	for (size_t c = 0; c < x->n_chunks; c++) {
		for (uint32_t i = 0; i < x->counts[c]; i++)
			free(x->chunks[c]->v[i]);
		free(x->chunks[c]);
	}
	free(x->chunks);
	free(x->counts);
	free(x->hash.v);
	free(x);
}

uint32_t row_index_count(const struct row_index *x)
{
	return x->count;
}

size_t row_index_memory(const struct row_index *x)
{
	return sizeof *x + x->bytes + x->n_chunks * sizeof(struct chunk) +
		x->hash.size * sizeof *x->hash.v;
}

static size_t entry_size(size_t key_len)
{
	return sizeof(struct row_entry) + key_len;
}

static struct row_entry *entry_new(struct row_index *x,
				   const struct row_new *row)
{
	struct row_entry *e = xmalloc(entry_size(row->key.len));

	*e = (struct row_entry){
		.id = row->id, .instance = row->instance,
		.unread = row->unread,
		.key_len = (uint32_t)row->key.len & 0x7fffffff,
	};
	if (row->key.len > 0)
		memcpy(e->key, row->key.data, row->key.len);
	x->bytes += entry_size(row->key.len) + 8;     /* malloc's own */
	return e;
}

/* Room for a new chunk at c; the ones from there on move up. */
static struct chunk *chunk_insert(struct row_index *x, size_t c)
{
	struct chunk *chunk = xmalloc(sizeof *chunk);

	if (x->n_chunks == x->cap_chunks) {
		x->cap_chunks = x->cap_chunks > 0 ? 2 * x->cap_chunks : 8;
		x->chunks = xrealloc(x->chunks,
				     x->cap_chunks * sizeof *x->chunks);
		x->counts = xrealloc(x->counts,
				     x->cap_chunks * sizeof *x->counts);
	}
	memmove(x->chunks + c + 1, x->chunks + c,
		(x->n_chunks - c) * sizeof *x->chunks);
	memmove(x->counts + c + 1, x->counts + c,
		(x->n_chunks - c) * sizeof *x->counts);
	x->chunks[c] = chunk;
	x->counts[c] = 0;
	x->n_chunks++;
	return chunk;
}

static void chunk_remove(struct row_index *x, size_t c)
{
	free(x->chunks[c]);
	x->n_chunks--;
	memmove(x->chunks + c, x->chunks + c + 1,
		(x->n_chunks - c) * sizeof *x->chunks);
	memmove(x->counts + c, x->counts + c + 1,
		(x->n_chunks - c) * sizeof *x->counts);
}

/* ---- filling ---- */

void row_index_append(struct row_index *x, const struct row_new *row)
{
	size_t last = x->n_chunks - 1;

	if (x->n_chunks == 0 || x->counts[last] == CHUNK_ROWS) {
		chunk_insert(x, x->n_chunks);
		last = x->n_chunks - 1;
	}
	x->chunks[last]->v[x->counts[last]++] = entry_new(x, row);
	x->count++;
}

/* The first bytes of the key beside the row: most comparisons end there. */
struct sort_item {
	uint64_t prefix;
	struct row_entry *e;
};

static uint64_t key_prefix(const struct row_entry *e)
{
	uint64_t v = 0;

	for (uint32_t i = 0; i < 8; i++)
		v = v << 8 | (i < e->key_len ? e->key[i] : 0);
	return v;
}

static int compare_items(const void *a, const void *b)
{
	const struct sort_item *x = a, *y = b;

	if (x->prefix != y->prefix)
		return x->prefix < y->prefix ? -1 : 1;
	return compare_rows(x->e, y->e);
}

/* Whether it is in order as it came: the usual case of the default order. */
static bool is_sorted(const struct sort_item *v, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		if (compare_items(&v[i - 1], &v[i]) > 0)
			return false;
	return true;
}

/*
 * Chunks are filled to three quarters, so that the first insertions do not
 * split one after the other.
 */
void row_index_sort(struct row_index *x)
{
	struct sort_item *v = xcalloc(x->count, sizeof *v);
	uint32_t n = 0, fill = CHUNK_ROWS / 4 * 3;
	struct chunk *chunk = NULL;

	for (size_t c = 0; c < x->n_chunks; c++) {
		for (uint32_t i = 0; i < x->counts[c]; i++, n++)
			v[n] = (struct sort_item){
				key_prefix(x->chunks[c]->v[i]),
				x->chunks[c]->v[i] };
		free(x->chunks[c]);
	}
	x->n_chunks = 0;
	if (!is_sorted(v, n))
		qsort(v, n, sizeof *v, compare_items);
	for (uint32_t i = 0; i < n; i++) {
		if (i % fill == 0)
			chunk = chunk_insert(x, x->n_chunks);
		chunk->v[i % fill] = v[i].e;
		x->counts[x->n_chunks - 1]++;
	}
	free(v);
}

/* ---- finding ---- */

/* Where (key, id, instance) is or would be: chunk *c, *at within it. */
static void locate(const struct row_index *x, struct bin key, uint64_t id,
		   uint32_t instance, size_t *c, uint32_t *at)
{
	size_t lo = 0, hi = x->n_chunks, mid;
	uint32_t l = 0, h, m;
	const struct row_entry *e;

	while (lo < hi) {                 /* first chunk whose last is >= */
		mid = lo + (hi - lo) / 2;
		e = x->chunks[mid]->v[x->counts[mid] - 1];
		if (row_compare(row_key(e), e->id, e->instance,
				key, id, instance) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*c = lo;
	h = lo < x->n_chunks ? x->counts[lo] : 0;
	while (l < h) {
		m = l + (h - l) / 2;
		e = x->chunks[lo]->v[m];
		if (row_compare(row_key(e), e->id, e->instance,
				key, id, instance) < 0)
			l = m + 1;
		else
			h = m;
	}
	*at = l;
}

static uint32_t rows_before(const struct row_index *x, size_t c)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < c; i++)
		sum += x->counts[i];
	return sum;
}

uint32_t row_index_lower(const struct row_index *x, struct bin key,
			 uint64_t id, uint32_t instance)
{
	size_t c;
	uint32_t at;

	locate(x, key, id, instance, &c, &at);
	return rows_before(x, c) + at;
}

uint32_t row_index_position(const struct row_index *x,
			    const struct row_entry *row)
{
	return row_index_lower(x, row_key(row), row->id, row->instance);
}

struct row_walk row_walk_at(const struct row_index *x, uint32_t position)
{
	struct row_walk w = { .x = x };

	while (w.chunk < x->n_chunks && position >= x->counts[w.chunk])
		position -= x->counts[w.chunk++];
	w.at = w.chunk < x->n_chunks ? position : 0;
	return w;
}

const struct row_entry *row_walk_next(struct row_walk *w)
{
	if (w->chunk >= w->x->n_chunks)
		return NULL;
	if (w->at == w->x->counts[w->chunk]) {
		w->chunk++;
		w->at = 0;
		if (w->chunk >= w->x->n_chunks)
			return NULL;
	}
	return w->x->chunks[w->chunk]->v[w->at++];
}

const struct row_entry *row_walk_prev(struct row_walk *w)
{
	if (w->at == 0) {
		if (w->chunk == 0)
			return NULL;
		w->chunk--;
		w->at = w->x->counts[w->chunk];
	}
	return w->x->chunks[w->chunk]->v[--w->at];
}

const struct row_entry *row_index_at(const struct row_index *x,
				     uint32_t position)
{
	struct row_walk w = row_walk_at(x, position);

	return row_walk_next(&w);
}

/* ---- changing ---- */

void row_index_set_unread(struct row_index *x, const struct row_entry *row,
			  bool unread)
{
	((struct row_entry *)row)->unread = unread;
}

static void split(struct row_index *x, size_t c)
{
	struct chunk *right = chunk_insert(x, c + 1);
	uint32_t half = CHUNK_ROWS / 2;

	memcpy(right->v, x->chunks[c]->v + half,
	       (CHUNK_ROWS - half) * sizeof right->v[0]);
	x->counts[c + 1] = CHUNK_ROWS - half;
	x->counts[c] = half;
}

const struct row_entry *row_index_insert(struct row_index *x,
					 const struct row_new *row)
{
	struct row_entry *e = entry_new(x, row), **v;
	size_t c;
	uint32_t at;

	locate(x, row_key(e), e->id, e->instance, &c, &at);
	if (c == x->n_chunks && c > 0)
		at = x->counts[--c];      /* behind all: into the last */
	else if (x->n_chunks == 0)
		chunk_insert(x, 0);
	if (x->counts[c] == CHUNK_ROWS) {
		split(x, c);
		if (at > x->counts[c])
			at -= x->counts[c++];
	}
	v = x->chunks[c]->v;
	memmove(v + at + 1, v + at, (x->counts[c] - at) * sizeof *v);
	v[at] = e;
	x->counts[c]++;
	x->count++;
	hash_put(x, e);
	return e;
}

struct row_entry *row_index_take(struct row_index *x, uint64_t id,
				 uint32_t instance)
{
	struct row_entry *e =
		(struct row_entry *)row_index_find(x, id, instance), **v;
	size_t c;
	uint32_t at;

	if (e == NULL)
		return NULL;
	locate(x, row_key(e), e->id, e->instance, &c, &at);
	v = x->chunks[c]->v;
	x->counts[c]--;
	memmove(v + at, v + at + 1, (x->counts[c] - at) * sizeof *v);
	if (x->counts[c] == 0)
		chunk_remove(x, c);
	x->count--;
	x->bytes -= entry_size(e->key_len) + 8;
	hash_drop(&x->hash, id, instance);
	return e;
}
