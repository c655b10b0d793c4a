/* SPDX-License-Identifier: Apache-2.0 */
/* Batches of messages; inside the store alone. */
#ifndef STORE_MESSAGES_IMPL_H
#define STORE_MESSAGES_IMPL_H

#include "store/message_impl.h"

/* One message: its key in contents and the rest of that row. */
struct one {
	uint64_t folder, id;
	enum content_kind kind;
	struct content_state c;
};

/* A batch: what one and the next share. */
struct batch {
	struct store *store;
	uint64_t src, dst;                /* folders */
	bool search;                      /* src is a search folder */
	bool deleted_too;                 /* soft-deleted ones are found */
	unsigned flags;                   /* of the read flag */
	bool partial;                     /* some were not there */
	uint32_t changed;
	struct folder_delta src_delta, dst_delta;
};

typedef enum ec (*batch_fn)(struct batch *b, const struct one *one);

/* fn for each, in transactions of bounded length; counts are kept. */
enum ec batch_run(struct batch *b, const uint64_t *ids, size_t n,
		  batch_fn fn);

/* Within a transaction; what changes in the folder's counts is added. */
enum ec message_delete_soft(struct store *store, const struct one *from,
			    struct folder_delta *delta);
enum ec message_delete_hard(struct store *store, const struct one *one,
			    struct folder_delta *delta);

/* Delete for good, soft-deleted ones; folder is a counter, ids are IDs. */
enum ec messages_purge(struct store *store, uint64_t folder,
		       const uint64_t *ids, size_t n, bool *partial);

/* content_find, but only in this folder. */
enum ec content_in(struct store *store, uint64_t folder, uint64_t id,
		   bool deleted, enum content_kind *kind,
		   struct content_state *out);
enum ec content_set_read(struct store *store, const struct one *one,
			 bool read, uint64_t cn);

/* The pcl column of a message, in a; empty if NULL. */
enum ec message_row_pcl(struct store *store, uint64_t id, struct arena *a,
			struct bin *out);

/*
 * A copy of row from of messages as row to, attachments, embedded messages
 * and large values included, within a transaction.
 */
enum ec message_row_clone(struct store *store, int64_t from, int64_t to,
			  uint64_t folder, unsigned depth);

#endif
