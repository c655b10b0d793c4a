/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A large value: bytes in memory (up to 64 KiB), in the staging file, in
 * chunk rows, or partly here and there.  Counted references; what is shared
 * is not written to.  Inside the store alone, under the mailbox's lock.
 */
#ifndef STORE_BIG_H
#define STORE_BIG_H

#include "store/db.h"

struct big;

/* The largest value that there can be. */
#define BIG_MAX (UINT64_C(1) << 40)

struct big *big_new(struct store *store);         /* empty */
struct big *big_stored(struct store *store, uint64_t stream, uint64_t size);
struct big *big_ref(struct big *b);
void big_unref(struct big *b);                    /* NULL is allowed */

uint64_t big_size(const struct big *b);

/* The chunk rows that hold it unchanged; 0 if there are none. */
uint64_t big_stream(const struct big *b);

/* Up to len bytes at offset; *got is fewer only at the end. */
enum ec big_read(struct big *b, uint64_t offset, void *data, size_t len,
		 size_t *got);

/*
 * Write and resize.  *b is replaced by a copy of its own if it is shared.
 * New bytes between are zeros.  EC_TOO_BIG, EC_DISK_ERROR.
 */
enum ec big_write(struct big **b, uint64_t offset, const void *data,
		  size_t len);
enum ec big_resize(struct big **b, uint64_t size);

/*
 * A value for another object or mailbox, that refers to no chunk rows: a
 * copy, or the same one when it is shared already.
 */
enum ec big_copy(struct big *b, struct store *store, struct big **out);

/* All bytes, in a (one zero byte more behind); for values of bounded size. */
enum ec big_load(struct big *b, struct arena *a, uint8_t **out);

/* Write chunk rows within a transaction; *stream is their number. */
enum ec big_save(struct big *b, uint64_t *stream);

/* Delete the chunk rows of a stream, within a transaction. */
enum ec big_delete(struct store *store, uint64_t stream);

#endif
