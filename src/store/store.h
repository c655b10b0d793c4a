/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mailbox as a whole: making one, its identity, its own properties, its
 * IDs and change numbers ([MS-OXCSTOR], [MS-OXCDATA] 2.2.1), receive folders,
 * per-user data, quotas, and what its administrator does with it.
 *
 * IDs (folder, message, change number) are in wire form, mapi/id.h.  Unless
 * said otherwise a function needs the mailbox's lock (pool.h); those marked
 * "any time" answer from memory, without it.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ec.h"
#include "base/err.h"
#include "base/guid.h"
#include "mapi/prop.h"
#include "store/pool.h"

struct event_hub;                 /* store/event.h */

/*
 * The folders that each mailbox has from the start.  The first thirteen are
 * those of the logon's answer, in its order ([MS-OXCSTOR] 2.2.1.1.3).
 */
enum special_folder {
	SPECIAL_ROOT,             /* not visible to people */
	SPECIAL_DEFERRED_ACTION,
	SPECIAL_SPOOLER_QUEUE,
	SPECIAL_IPM_SUBTREE,      /* "Top of Information Store" */
	SPECIAL_INBOX,
	SPECIAL_OUTBOX,
	SPECIAL_SENT_ITEMS,
	SPECIAL_DELETED_ITEMS,
	SPECIAL_COMMON_VIEWS,
	SPECIAL_SCHEDULE,
	SPECIAL_SEARCH,           /* "Finder" */
	SPECIAL_VIEWS,
	SPECIAL_SHORTCUTS,
	SPECIAL_LOGON_COUNT,      /* the number of those above */
	SPECIAL_CALENDAR = SPECIAL_LOGON_COUNT,
	SPECIAL_CONTACTS,
	SPECIAL_DRAFTS,
	SPECIAL_JOURNAL,
	SPECIAL_NOTES,
	SPECIAL_TASKS,
	SPECIAL_JUNK,
	SPECIAL_FREEBUSY,         /* "Freebusy Data" below the root */
	SPECIAL_COUNT
};

struct store_create_params {
	struct guid mailbox_guid;
	uint32_t lcid;            /* language of the folder names; 0: 0x0409 */
	const char *display_name; /* of the owner; NULL: "" */
};

/*
 * Make the database file path with all special folders.  Atomic: on failure
 * no file is left.  False if there is one already.  No lock needed.
 */
bool store_create(struct store_pool *pool, const char *path,
		  const struct store_create_params *params, struct err *err);

/* Identity.  Any time. */
struct guid store_mailbox_guid(const struct store *store);
struct guid store_replica_guid(const struct store *store);  /* REPLGUID of 1 */
struct guid store_mapping_signature(const struct store *store);
enum { STORE_REPLID = 1 };        /* replica ID of the store's own IDs */

/* The ID of a special folder.  Any time. */
uint64_t store_special(const struct store *store, enum special_folder which);

/* Which special folder it is; SPECIAL_COUNT if none.  Any time. */
enum special_folder store_special_of(const struct store *store,
				     uint64_t folder_id);

/* The localised name that a special folder is given in a new mailbox. */
const char *special_folder_name(enum special_folder which, uint32_t lcid);

/* Where the store tells of its changes (event.h); lives as long as it. */
struct event_hub *store_events(struct store *store);

const char *store_path(const struct store *store);        /* any time */
uint32_t store_lcid(const struct store *store);           /* any time */

/*
 * Properties of the mailbox ([MS-OXCSTOR] 2.2.2.1): those that are stored,
 * and those computed from it (sizes, quotas, GUIDs, entry IDs of folders).
 * What depends on who is logged on (names, server) is the caller's.
 * store_get_prop may be called any time; the value lives in a.
 * EC_NOT_FOUND if there is none.
 */
enum ec store_get_prop(struct store *store, uint32_t tag, struct arena *a,
		       struct prop_value *out);
enum ec store_list_props(struct store *store, struct arena *a,
			 struct prop_tags *out);

/*
 * Set or delete n properties in one transaction; errors[i] (NULL allowed)
 * says why one was refused: EC_COMPUTED, EC_INVALID_TYPE ….
 */
enum ec store_set_props(struct store *store, const struct prop_value *values,
			size_t n, enum ec *errors);
enum ec store_delete_props(struct store *store, const uint32_t *tags,
			   size_t n, enum ec *errors);

/* ---- Replicas and IDs ([MS-OXCSTOR] 3.2.5.8, 3.2.5.9, [MS-OXCFXICS]) ---- */

enum { STORE_REPLID_MAX = 32768 };        /* replica IDs that can be had */

/*
 * The replica ID of a GUID, registered if new.  EC_PARAMETER_OVERFLOW (0x450)
 * when all are taken; EC_INVALID_PARAM for the null GUID.
 */
enum ec store_replid(struct store *store, const struct guid *replica,
		     uint16_t *out);

/* The GUID of a replica ID; EC_NOT_FOUND. */
enum ec store_replguid(struct store *store, uint16_t replid,
		       struct guid *out);

/*
 * Set aside count IDs for the client ([MS-OXCFXICS] 3.2.5.9.4.7,
 * RopGetLocalReplicaIds): *first is the first, the others follow.
 */
enum ec store_reserve_ids(struct store *store, uint32_t count,
			  uint64_t *first);

/* Whether the ID was ever handed out or reserved by this mailbox. */
bool store_id_issued(const struct store *store, uint64_t id);

/* The last change number given out. */
uint64_t store_last_change_number(struct store *store);

/* ---- Receive folders ([MS-OXCSTOR] 3.2.5.2 to 3.2.5.4) ---- */

/* MessageClass as [MS-OXCSTOR] 2.2.1.2.1 demands. */
bool message_class_valid(const char *message_class);

/*
 * The folder of the longest prefix of message_class and that prefix, copied
 * into explicit_class.  Any time: from memory.  EC_INVALID_PARAM.
 */
enum { MESSAGE_CLASS_SIZE = 256 };
enum ec store_get_receive_folder(struct store *store,
				 const char *message_class,
				 uint64_t *folder_id,
				 char explicit_class[MESSAGE_CLASS_SIZE]);

/* folder_id 0 removes the entry.  Errors as [MS-OXCSTOR] 3.2.5.3. */
enum ec store_set_receive_folder(struct store *store,
				 const char *message_class,
				 uint64_t folder_id);

struct receive_folder {
	const char *message_class;
	uint64_t folder_id;
	uint64_t modified;                /* FILETIME */
};

/* All rows, in the arena.  Any time.  Never empty. */
size_t store_receive_folders(struct store *store, struct arena *a,
			     const struct receive_folder **out);

/* ---- Per-user data ([MS-OXCSTOR] 3.2.5.12, 3.2.5.13) ---- */

/*
 * folder is the 24 byte long-term ID.  Absent data is an empty value.
 * Gathering the pieces of a write is the caller's.
 */
struct long_term_id;              /* mapi/id.h */
enum ec store_per_user_get(struct store *store, const uint8_t folder[24],
			   struct arena *a, struct bin *out);
enum ec store_per_user_set(struct store *store, const uint8_t folder[24],
			   const struct guid *replica, struct bin data);

/* The long-term IDs of folders with data from replica, 24 bytes each. */
enum ec store_per_user_list(struct store *store, const struct guid *replica,
			    struct arena *a, size_t *n,
			    const uint8_t (**out)[24]);

/* The replica GUID of a folder's row; EC_NOT_FOUND. */
enum ec store_per_user_guid(struct store *store, const uint8_t folder[24],
			    struct guid *out);

/* Whether there is a search folder ([MS-OXCSTOR] 3.2.5.5).  Any time. */
bool store_has_searches(struct store *store);

/* ---- Quotas ---- */

struct store_quota {              /* bytes; 0: no limit */
	uint64_t warn, no_send, no_receive;
};

enum store_quota_state { QUOTA_OK, QUOTA_WARN, QUOTA_NO_SEND,
			 QUOTA_NO_RECEIVE };

enum ec store_set_quota(struct store *store, const struct store_quota *quota);
void store_get_quota(struct store *store, struct store_quota *out);
uint64_t store_size(struct store *store);                 /* any time */
enum store_quota_state store_quota_state(struct store *store); /* any time */

/* ---- Administration ---- */

/*
 * Delete for good what was soft-deleted before the time; *purged counts
 * messages and folders.  At most limit a call (0: all).
 */
enum ec store_purge(struct store *store, uint64_t before, uint32_t limit,
		    uint32_t *purged);

/* A copy of the mailbox, consistent, at dst (made; must not exist). */
bool store_backup(struct store *store, const char *dst, struct err *err);

/*
 * Make the mailbox dst (which must not exist) from a backup.  IDs and change
 * numbers that were given out after the backup was made are not given out
 * again ([MS-OXCSTOR] 3.2.3): the counter is moved far ahead.
 */
bool store_restore(struct store_pool *pool, const char *backup,
		   const char *dst, struct err *err);

/*
 * Look for damage: SQLite's own check, all property blobs, counts against
 * rows.  Each finding goes to report(ctx, text) (NULL allowed).  repair
 * corrects counts.  *problems is the number of findings left.
 */
typedef void (*store_report_fn)(void *ctx, const char *text);
bool store_check(struct store *store, bool repair, store_report_fn report,
		 void *ctx, uint32_t *problems, struct err *err);

#endif
