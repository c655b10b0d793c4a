/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property IDs of one mailbox in another: named ones have their own numbers
 * in each.  Inside the store alone.
 */
#ifndef STORE_NAMED_MAP_H
#define STORE_NAMED_MAP_H

#include "store/bag.h"

/* What packed_copy wants as ctx of a map function. */
struct named_map {
	struct store *src, *dst;
	struct arena *a;
	size_t n, cap;
	struct named_pair {
		uint16_t from, to;        /* to 0: not known yet */
		struct prop_name name;
	} *pairs;
};

/* Both mailboxes are locked: the ID in dst, a new one if need be. */
enum ec named_map_both(void *ctx, uint16_t id, uint16_t *out);

/*
 * One lock at a time: with src locked the names are noted and IDs stay as
 * they are; then, with dst locked, named_map_resolve, and IDs change.
 */
enum ec named_map_note(void *ctx, uint16_t id, uint16_t *out);
enum ec named_map_resolve(struct named_map *map);
enum ec named_map_noted(void *ctx, uint16_t id, uint16_t *out);

#endif
