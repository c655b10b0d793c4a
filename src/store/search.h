/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Search folders: finding the messages, and keeping them found
 * ([MS-OXCFOLD] 3.2.5.4).
 *
 * What a search folder shows are links: rows of the table found, each a
 * message and the folder that it is in.  A search is run at once, when its
 * criteria are set, by reading the messages of its scope; a dynamic one then
 * follows the events of the mailbox, a static one stays as it is.
 *
 * Needs the mailbox's lock; inside the store but for search_start.
 */
#ifndef STORE_SEARCH_H
#define STORE_SEARCH_H

#include <stdint.h>

#include "base/ec.h"

struct store;

/* [MS-OXCFOLD] 2.2.1.4.1, SearchFlags of a request */
enum {
	SEARCH_STOP = 0x01, SEARCH_RESTART = 0x02,
	SEARCH_RECURSIVE_REQUEST = 0x04, SEARCH_STATIC_REQUEST = 0x40000,
};

/* [MS-OXCFOLD] 2.2.1.5.2, SearchFlags of an answer */
enum {
	SEARCH_RUNNING = 0x0001, SEARCH_REBUILD = 0x0002,
	SEARCH_RECURSIVE = 0x0004, SEARCH_COMPLETE = 0x1000,
	SEARCH_STATIC = 0x10000, TWIR_TOTALLY = 0x8000000,
};

/*
 * Act on the criteria that a search folder has: find its messages anew unless
 * they say SEARCH_STOP, and follow events from then on unless they say
 * static.  When done the folder's state is set and EVENT_SEARCH_COMPLETE is
 * told.  Errors: EC_NOT_INITIALIZED (no criteria), EC_TOO_COMPLEX and others
 * of match_new, EC_CORRUPT_DATA (a restriction that cannot be read).
 */
enum ec search_start(struct store *store, uint64_t folder_id);

/*
 * Whether a search could be run with this restriction (encoded, as in struct
 * search_criteria): before it replaces one that could.  The same errors.
 */
struct bin;
enum ec search_check(struct store *store, const struct bin *restriction);

/* The mailbox was opened: follow events for its dynamic searches. */
void search_attach(struct store *store);

#endif
