/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folders ([MS-OXCFOLD]) and what is done to many messages at a time.
 *
 * Folders have no object in memory: they are named by ID, and each change is
 * a transaction of its own.  All functions need the mailbox's lock, the
 * transfers between two mailboxes neither's: they take one at a time.
 */
#ifndef STORE_FOLDER_H
#define STORE_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ec.h"
#include "mapi/prop.h"
#include "store/store.h"

enum folder_type { FOLDER_ROOT = 0, FOLDER_GENERIC = 1, FOLDER_SEARCH = 2 };

/* What is kept of a folder beside its properties. */
struct folder_info {
	uint64_t id, parent_id;           /* the root's parent is itself */
	enum folder_type type;
	bool soft_deleted;
	uint32_t total, unread;           /* normal messages */
	uint32_t associated;              /* FAI messages */
	uint32_t deleted, deleted_associated;     /* soft-deleted, kept */
	uint32_t subfolders;              /* direct, not soft-deleted */
	uint64_t size, associated_size, deleted_size;     /* bytes */
	uint64_t change_number;
	uint64_t created, modified;       /* FILETIME */
	uint64_t hierarchy_changed;       /* FILETIME: a subfolder changed */
	uint64_t contents_changed;        /* PidTagLocalCommitTimeMax */
	uint64_t deleted_total;           /* PidTagDeletedCountTotal */
};

/*
 * EC_NOT_FOUND: there is no such folder (or it is soft-deleted and
 * with_deleted is false).
 */
enum ec folder_stat(struct store *store, uint64_t folder_id,
		    bool with_deleted, struct folder_info *out);

struct folder_create {
	const char *name, *comment;       /* comment may be NULL or "" */
	enum folder_type type;            /* generic or search */
	bool open_existing;
	uint64_t id;                      /* 0: the store chooses; else an ID
					   * that was reserved */
};

/*
 * [MS-OXCFOLD] 3.2.5.2.  *existed: it was there and open_existing was set.
 * EC_DUPLICATE_NAME, EC_NOT_FOUND (parent), EC_NOT_SUPPORTED (below a search
 * folder), EC_INVALID_PARAM (type, name), EC_ACCESS_DENIED.
 */
enum ec folder_create(struct store *store, uint64_t parent_id,
		      const struct folder_create *params,
		      uint64_t *id, bool *existed);

/* [MS-OXCFOLD] 2.2.1.3.1, DeleteFolderFlags */
enum { DEL_MESSAGES = 0x01, DEL_FOLDERS = 0x04, DELETE_HARD_DELETE = 0x10 };

/*
 * [MS-OXCFOLD] 3.2.5.3.  parent_id 0: not looked at.  *partial: something
 * stayed.  EC_NOT_FOUND, EC_ACCESS_DENIED (special folders),
 * EC_NOT_SUPPORTED (the root), EC_INVALID_PARAM (flags).  When it has
 * messages or subfolders and no flag says to delete them: EC_SUCCESS with
 * *partial.
 */
enum ec folder_delete(struct store *store, uint64_t parent_id,
		      uint64_t folder_id, unsigned flags, bool *partial);

/*
 * Delete the messages and, with DEL_FOLDERS, the subfolders
 * ([MS-OXCFOLD] 3.2.5.9 EmptyFolder, 3.2.5.10 the hard one).
 */
enum ec folder_empty(struct store *store, uint64_t folder_id,
		     bool associated_too, bool subfolders, bool hard,
		     bool *partial);

/*
 * [MS-OXCFOLD] 3.2.5.7, within one mailbox.  new_name NULL: keep it.
 * EC_FOLDER_CYCLE, EC_DUPLICATE_NAME, EC_ACCESS_DENIED (special folders).
 */
enum ec folder_move(struct store *store, uint64_t folder_id,
		    uint64_t new_parent_id, const char *new_name);

/* [MS-OXCFOLD] 3.2.5.8, within one mailbox; *id is the new folder. */
enum ec folder_copy(struct store *store, uint64_t folder_id,
		    uint64_t new_parent_id, const char *new_name,
		    bool recursive, uint64_t *id, bool *partial);

/*
 * Between two mailboxes: copy, commit, then (move) delete the source softly.
 * Neither lock is held; they are taken one at a time.
 */
enum ec folder_transfer(struct store *src, uint64_t folder_id,
			struct store *dst, uint64_t new_parent_id,
			const char *new_name, bool recursive, bool move,
			uint64_t *id, bool *partial);

/* ---- Properties ([MS-OXCFOLD] 2.2.2) ---- */

/*
 * n values into out[0 … n-1], in the order of tags; one that cannot be had is
 * prop_error(tag, EC_NOT_FOUND …).  A tag of type PTYP_UNSPECIFIED gets the
 * type that there is.  Values live in a.  Computed ones included: counts,
 * sizes, entry IDs, change key, PCL, PidTagSubfolders, rights.
 */
enum ec folder_get_props(struct store *store, uint64_t folder_id,
			 const uint32_t *tags, size_t n, struct arena *a,
			 struct prop_value *out);
enum ec folder_list_props(struct store *store, uint64_t folder_id,
			  struct arena *a, struct prop_tags *out);
enum ec folder_set_props(struct store *store, uint64_t folder_id,
			 const struct prop_value *values, size_t n,
			 enum ec *errors);
enum ec folder_delete_props(struct store *store, uint64_t folder_id,
			    const uint32_t *tags, size_t n,
			    enum ec *errors);

/* ---- Search folders ([MS-OXCFOLD] 3.2.5.4, 3.2.5.5) ---- */

struct search_criteria {
	struct bin restriction;           /* encoded, [MS-OXCDATA] 2.12 */
	size_t n_folders;
	const uint64_t *folders;
	uint32_t flags;                   /* request: SearchFlags */
	uint32_t state;                   /* answer: SEARCH_RUNNING … */
};

/*
 * EC_NOT_SEARCH_FOLDER, EC_NOT_INITIALIZED (no criteria yet and an empty
 * field asks to keep them), EC_SEARCH_FOLDER_SCOPE.  The caller has checked
 * the restriction; filling the folder is store/search.h's.
 */
enum ec folder_set_search(struct store *store, uint64_t folder_id,
			  const struct search_criteria *criteria);
enum ec folder_get_search(struct store *store, uint64_t folder_id,
			  struct arena *a, struct search_criteria *out);

/* ---- Many messages ([MS-OXCFOLD] 3.2.5.6, 3.2.5.9, [MS-OXCMSG]) ---- */

/*
 * Each works through all n messages, in transactions of bounded length.
 * *partial: some were not there, or not allowed.  An internal failure ends it
 * with its code; what was done before stays.
 */
enum ec messages_delete(struct store *store, uint64_t folder_id,
			const uint64_t *ids, size_t n, bool hard,
			bool *partial);

/*
 * Within one mailbox.  A move keeps the messages' IDs, with new change
 * numbers.  EC_SEARCH_FOLDER: the destination is one.
 */
enum ec messages_move(struct store *store, uint64_t folder_id,
		      const uint64_t *ids, size_t n, uint64_t dst_folder_id,
		      bool *partial);
enum ec messages_copy(struct store *store, uint64_t folder_id,
		      const uint64_t *ids, size_t n, uint64_t dst_folder_id,
		      bool *partial);

/* Between mailboxes; neither lock is held. */
enum ec messages_transfer(struct store *src, uint64_t folder_id,
			  const uint64_t *ids, size_t n,
			  struct store *dst, uint64_t dst_folder_id,
			  bool move, bool *partial);

/* [MS-OXCMSG] 2.2.3.11.1, ReadFlags; the other bits are the caller's. */
enum { READ_FLAG_SUPPRESS_RECEIPT = 0x01, READ_FLAG_CLEAR = 0x04,
       READ_FLAG_GENERATE_RECEIPT_ONLY = 0x10,
       READ_FLAG_CLEAR_NOTIFY_READ = 0x20,
       READ_FLAG_CLEAR_NOTIFY_UNREAD = 0x40 };

/*
 * n 0: all messages of the folder ([MS-OXCMSG] 2.2.3.10.1).  *changed (NULL
 * allowed) counts those whose flag changed.  No receipts are sent.
 */
enum ec messages_set_read(struct store *store, uint64_t folder_id,
			  const uint64_t *ids, size_t n, unsigned flags,
			  bool *partial, uint32_t *changed);

/* [MS-OXCMSG] 2.2.3.8: bits of mask become those of status. */
enum ec message_set_status(struct store *store, uint64_t folder_id,
			   uint64_t message_id, uint32_t status,
			   uint32_t mask, uint32_t *old);
enum ec message_get_status(struct store *store, uint64_t folder_id,
			   uint64_t message_id, uint32_t *out);

/*
 * The next IDs in the folder above after (0: from the start), in order of ID;
 * up to max.  deleted: the soft-deleted ones instead.  Returns how many.
 */
size_t messages_list(struct store *store, uint64_t folder_id,
		     bool associated, bool deleted, uint64_t after,
		     uint64_t *ids, size_t max);

#endif
