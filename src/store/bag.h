/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The properties of an open object: a packed blob, which is shared and never
 * changed, and what was set or deleted since.  Inside the store alone.
 */
#ifndef STORE_BAG_H
#define STORE_BAG_H

#include "base/buf.h"
#include "store/big.h"
#include "store/blob.h"

/*
 * A blob in memory with counted references.  An external value whose stream
 * has PACKED_BIG set is bigs[stream & ~PACKED_BIG]; else it is in chunk rows.
 */
#define PACKED_BIG (UINT64_C(1) << 63)

struct packed {
	unsigned refs;
	struct blob blob;
	uint8_t *data;
	struct big **bigs;
	size_t n_bigs;
};

/* A copy of the bytes; NULL if they are no blob. */
struct packed *packed_new(const void *data, size_t len);
struct packed *packed_ref(struct packed *p);
void packed_unref(struct packed *p);              /* NULL is allowed */

/* The value of an external entry, referenced. */
struct big *packed_big(struct store *store, const struct packed *p,
		       const struct blob_entry *e);

/*
 * A copy of p in which all values are chunk rows, written now, within a
 * transaction.
 */
enum ec packed_save(struct store *store, const struct packed *p,
		    struct packed **out);

/*
 * A copy for another object or mailbox: no chunk rows, and property IDs
 * mapped by map (NULL: as they are; 0: leave the property out).
 */
typedef enum ec (*packed_map_fn)(void *ctx, uint16_t id, uint16_t *out);
enum ec packed_copy(struct store *src, const struct packed *p,
		    struct store *dst, packed_map_fn map, void *ctx,
		    struct packed **out);

/*
 * Delete the chunk rows of old (a stored blob) that keep (NULL: none) does
 * not have, within a transaction.
 */
enum ec packed_drop_streams(struct store *store, const void *old, size_t len,
			    const struct packed *keep);

/* Whether all chunk rows that p names are those that the row has, too. */
bool packed_within(const struct packed *p, const void *row, size_t len);

struct bag_item {
	uint32_t tag;
	bool deleted;
	size_t offset, len;       /* in data, as in a blob */
	struct big *big;          /* or this */
};

struct bag {
	struct store *store;
	struct packed *base;
	struct bag_item *items;   /* ordered by ID */
	size_t n, cap;
	struct buf data;
	size_t garbage;           /* bytes of data no longer used */
};

/* base is referenced; NULL: empty. */
void bag_init(struct bag *bag, struct store *store, struct packed *base);
void bag_free(struct bag *bag);

/* Forget the changes; base is referenced. */
void bag_reset(struct bag *bag, struct packed *base);

/*
 * The property with the ID of tag.  big (borrowed) is set when the value is
 * large and unsaved; e->external without it is in chunk rows.
 */
struct bag_entry {
	struct blob_entry e;
	struct big *big;
	const struct packed *packed;      /* where an external one is */
};

bool bag_find(const struct bag *bag, uint32_t tag, struct bag_entry *out);

/*
 * The value: as message_get_prop.  EC_NOT_ENOUGH_MEMORY above PROP_GET_MAX.
 */
enum ec bag_get(struct bag *bag, uint32_t tag, struct arena *a,
		struct prop_value *out);
enum ec bag_entry_value(struct bag *bag, const struct bag_entry *entry,
			struct arena *a, struct prop_value *out);

/*
 * Whether a value of tag have is what is asked for with want: the same type,
 * or none given; and PtypObject and PtypBinary are bytes alike, which an
 * attachment's data is asked for as either.
 */
bool bag_type_fits(uint32_t want, uint32_t have);

/* The value's large form, referenced (small ones are made into one). */
enum ec bag_get_big(struct bag *bag, const struct bag_entry *entry,
		    struct big **out);

enum ec bag_set(struct bag *bag, const struct prop_value *value);

/* Takes over the reference. */
void bag_set_big(struct bag *bag, uint32_t tag, struct big *big);

/* False: it was not there. */
bool bag_delete(struct bag *bag, uint32_t tag);

/* All properties in order of ID: start with *i = *k = 0. */
bool bag_next(const struct bag *bag, size_t *i, size_t *k,
	      struct bag_entry *out);

/* How many there may be at most. */
size_t bag_count(const struct bag *bag);

/* Base and changes as one blob in memory.  *size: bytes of all values. */
enum ec bag_pack(struct bag *bag, struct packed **out, uint64_t *size);

#endif
