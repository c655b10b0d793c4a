/* SPDX-License-Identifier: Apache-2.0 */
/* The entry IDs of what is in a mailbox; inside the store alone. */
#ifndef STORE_ENTRY_H
#define STORE_ENTRY_H

#include "store/db.h"

enum { FOLDER_ENTRY_SIZE = 46, MESSAGE_ENTRY_SIZE = 70 };

/* [MS-OXCDATA] 2.2.4.1 */
void entry_folder(const struct store *store, uint64_t folder,
		  uint8_t out[static FOLDER_ENTRY_SIZE]);

/* [MS-OXCDATA] 2.2.4.2; folder and message are counters */
void entry_message(const struct store *store, uint64_t folder,
		   uint64_t message, uint8_t out[static MESSAGE_ENTRY_SIZE]);

/* The same as values in an arena. */
struct bin entry_folder_bin(const struct store *store, uint64_t folder,
			    struct arena *a);
struct bin entry_message_bin(const struct store *store, uint64_t folder,
			     uint64_t message, struct arena *a);

/* GID of a counter: change keys and source keys of the store's own. */
struct bin entry_gid(const struct store *store, uint64_t counter,
		     struct arena *a);

/*
 * PidTagPredecessorChangeList of a row: the bytes of its pcl column, or the
 * change key of cn alone when that is NULL.
 */
struct bin entry_pcl(const struct store *store, const void *pcl, size_t len,
		     uint64_t cn, struct arena *a);

#endif
