/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of folders share with others inside the store. */
#ifndef STORE_FOLDER_IMPL_H
#define STORE_FOLDER_IMPL_H

#include "store/bag.h"
#include "store/folder_row.h"

/* Whether a property of folders is computed or has a column. */
bool folder_tag_computed(uint32_t tag);

/*
 * Store row (its name) and bag in a transaction; tags are those that changed,
 * for the event.
 */
enum ec folder_save_bag(struct store *store, struct folder_row *row,
			struct bag *bag, const struct prop_tags *tags);

/* Delete a folder, with all below, for good. */
enum ec folder_purge(struct store *store, uint64_t folder);

/* A copy of the folder's blob with its streams cloned, in a transaction. */
enum ec folder_clone_props(struct store *store, struct bin props,
			   struct arena *a, struct bin *out);

#endif
