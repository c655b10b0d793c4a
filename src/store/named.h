/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Named properties ([MS-OXCPRPT] 3.2.5.9, 3.2.5.10): names to IDs above 0x8000,
 * and back.  A mapping, once given out, never changes.  All functions
 * need the mailbox's lock.
 */
#ifndef STORE_NAMED_H
#define STORE_NAMED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ec.h"
#include "mapi/prop.h"

struct store;

/* [MS-OXCPRPT] 3.2.5.10: above 0x8000, and never 0xffff */
enum { NAMED_ID_FIRST = 0x8001, NAMED_ID_LAST = 0xfffe };
enum { NAMED_NAME_MAX = 254 };            /* characters, UTF-16 */

/*
 * The ID of a name; with create a new one if need be, else *id = 0 and
 * EC_NOT_FOUND.  PS_MAPI with a LID below 0x8000 is that LID itself; names in
 * PS_INTERNET_HEADERS are lower-cased.  EC_INVALID_PARAM,
 * EC_NOT_ENOUGH_MEMORY (all IDs are taken).
 */
enum ec named_id(struct store *store, const struct prop_name *name,
		 bool create, uint16_t *id);

/* As named_id for n of them in one transaction; 0 where there is none. */
enum ec named_ids(struct store *store, const struct prop_name *names,
		  size_t n, bool create, uint16_t *ids);

/*
 * The name of an ID, in a.  Below 0x8000: PS_MAPI and the ID as LID.
 * EC_NOT_FOUND for an ID that was not given out (kind PROP_NAME_NONE).
 */
enum ec named_name(struct store *store, uint16_t id, struct arena *a,
		   struct prop_name *out);

/*
 * All mappings, or those of a property set (guid NULL: all); in a, in order
 * of ID.  ids and names may be NULL.
 */
enum ec named_list(struct store *store, const struct guid *set,
		   struct arena *a, size_t *n, const uint16_t **ids,
		   const struct prop_name **names);

#endif
