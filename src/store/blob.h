/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packed property blob: all properties of an object in one value.
 *
 *   uint16 count, uint16 0
 *   count times, ordered by property ID:
 *     uint32 tag
 *     uint32 offset of the value's end from the start of the blob; bit 31:
 *            the value is external
 *   values, in that order, unaligned, little-endian:
 *     integers, floats, times, GUIDs  as in [MS-OXCDATA]; boolean 1 byte
 *     strings                         UTF-8 with the NUL
 *     binary, object, server ID       the bytes
 *     multivalued fixed               the values
 *     multivalued string              each with its NUL
 *     multivalued binary              each: uint32 length, the bytes
 *     external                        uint64 stream, uint64 size in bytes;
 *                                     of a string: of its UTF-16LE, which is
 *                                     what the chunks hold
 *
 * An object has one value per property ID.  External values are chunk rows:
 * see db.h.  A value begins where the one before it ends, the first behind
 * the directory.  So a property is found by bisection and read in place.
 */
#ifndef STORE_BLOB_H
#define STORE_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ec.h"
#include "base/wire.h"
#include "mapi/prop.h"

/* A value longer than this is stored outside of the blob. */
enum { BLOB_INLINE_MAX = 8192 };

struct blob {
	const uint8_t *data;
	size_t len;
	size_t n;                         /* properties */
};

/* One property, as it lies there. */
struct blob_entry {
	uint32_t tag;
	bool external;
	const uint8_t *data;
	size_t len;
	uint64_t stream, size;            /* external */
};

/*
 * Look at a blob (borrowed; len 0 is an empty one).  The directory is checked
 * against len, so that the functions below need not.  False: damaged.
 */
bool blob_open(const void *data, size_t len, struct blob *out);

/* The property with the ID of tag, of whatever type. */
bool blob_find(const struct blob *b, uint32_t tag, struct blob_entry *out);
void blob_at(const struct blob *b, size_t i, struct blob_entry *out);

/*
 * The value of an entry.  Strings, binaries and GUIDs point into the blob;
 * a is used for multivalued ones alone (NULL: those give EC_NOT_FOUND).
 * EC_NOT_ENOUGH_MEMORY: external; EC_CORRUPT_STORE.
 */
enum ec blob_value(const struct blob_entry *e, struct arena *a,
		   struct prop_value *out);

/*
 * blob_find and blob_value in one.  type PTYP_UNSPECIFIED matches any type;
 * another type than the stored one is EC_NOT_FOUND.
 */
enum ec blob_get(const struct blob *b, uint32_t tag, struct arena *a,
		 struct prop_value *out);

/* Bytes that the value takes in a blob. */
size_t blob_value_size(const struct prop_value *value);

/* Those bytes. */
void blob_value_write(struct wire_w *w, const struct prop_value *value);

/*
 * A blob of n values in any order, made in the arena; of two with one ID the
 * last counts.  All values inline, whatever their length.
 */
struct bin blob_build(struct arena *a, const struct prop_value *values,
		      size_t n);

#endif
