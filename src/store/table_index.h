/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of a table in an order: a sorted sequence that knows positions.
 *
 * Rows are ordered by the bytes of their sort keys (collate_value_key), then
 * by ID (as counters: the order in which they were made), then by instance.
 * Finding a row, the n-th row, and the position of a row take a bisection and
 * a look through the chunk counts; insertion and removal move one chunk.
 *
 * Inside the store only.
 */
#ifndef STORE_TABLE_INDEX_H
#define STORE_TABLE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mapi/prop.h"

/* A row, and where it stands. */
struct row_entry {
	uint64_t id;
	uint32_t instance;        /* of a multivalued property; else 0 */
	uint32_t unread : 1;
	uint32_t key_len : 31;
	uint8_t key[];
};

struct row_index;

struct row_index *row_index_new(void);
void row_index_free(struct row_index *x);         /* NULL is allowed */

uint32_t row_index_count(const struct row_index *x);
size_t row_index_memory(const struct row_index *x);       /* bytes */

/* What is to be put in; the key is copied. */
struct row_new {
	uint64_t id;
	uint32_t instance;
	bool unread;
	struct bin key;
};

/*
 * Filling an empty index: any number of row_index_append, in any order, then
 * row_index_sort.  Nothing else in between.
 */
void row_index_append(struct row_index *x, const struct row_new *row);
void row_index_sort(struct row_index *x);

/* Put a row in; there must be none with its ID and instance. */
const struct row_entry *row_index_insert(struct row_index *x,
					 const struct row_new *row);

/*
 * Take out the row with this ID and instance, and hand it to the caller, who
 * frees it; NULL if there is none.
 */
struct row_entry *row_index_take(struct row_index *x, uint64_t id,
				 uint32_t instance);

/* The row with this ID and instance; NULL if there is none. */
const struct row_entry *row_index_find(struct row_index *x, uint64_t id,
				       uint32_t instance);

/* The row at a position; NULL past the end. */
const struct row_entry *row_index_at(const struct row_index *x,
				     uint32_t position);

/* Note the read state of a row that stays where it is. */
void row_index_set_unread(struct row_index *x, const struct row_entry *row,
			  bool unread);

/*
 * The position of the first row that is not before (key, id, instance):
 * that row itself if it is there.
 */
uint32_t row_index_lower(const struct row_index *x, struct bin key,
			 uint64_t id, uint32_t instance);

/* The position of a row that is in the index. */
uint32_t row_index_position(const struct row_index *x,
			    const struct row_entry *row);

/* Walking: row_walk_at, then row_walk_next or _prev until they give NULL. */
struct row_walk {
	const struct row_index *x;
	size_t chunk, at;
};
struct row_walk row_walk_at(const struct row_index *x, uint32_t position);
const struct row_entry *row_walk_next(struct row_walk *w);
const struct row_entry *row_walk_prev(struct row_walk *w);

/* The order described above: <0, 0, >0. */
int row_compare(struct bin key_a, uint64_t id_a, uint32_t instance_a,
		struct bin key_b, uint64_t id_b, uint32_t instance_b);

static inline struct bin row_key(const struct row_entry *e)
{
	return (struct bin){ e->key, e->key_len };
}

#endif
