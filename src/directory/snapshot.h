/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All of the directory as it was at one change, in memory, with indexes.
 * Immutable once loaded.
 */
#ifndef DIRECTORY_SNAPSHOT_H
#define DIRECTORY_SNAPSHOT_H

#include <sqlite3.h>

#include "directory/directory.h"

/* Open addressing; a slot holds the number of an entry plus one. */
struct snapshot_index {
	uint32_t *slots;
	uint32_t mask;            /* slots - 1 */
};

struct snapshot {
	struct arena *arena;
	uint64_t change;
	struct dir_org org;
	struct dir_server *servers;
	struct dir_vdir *vdirs;   /* as directory_vdirs orders them */
	struct dir_database *databases;
	struct dir_user *users;
	struct dir_mailbox *mailboxes;
	uint32_t server_count, vdir_count;
	uint32_t database_count, user_count, mailbox_count;
	uint32_t this_server;     /* index + 1; 0: not in the directory */
	struct snapshot_index by_user_guid, by_account, by_upn, by_address,
			      by_dn, by_object_id, by_mailbox_guid;
};

/*
 * Read it all in one transaction.  base is the folder for relative database
 * paths, server_name (NULL allowed) who this process is.  *out is freed by
 * snapshot_free.
 */
bool snapshot_load(sqlite3 *db, const char *base, const char *server_name,
		   struct snapshot **out, struct err *err);
void snapshot_free(struct snapshot *snap);        /* NULL is allowed */

/* Entries by what they are known by; NULL if there is none. */
const struct dir_user *snapshot_user(const struct snapshot *snap,
				     const struct guid *guid);
const struct dir_user *snapshot_account(const struct snapshot *snap,
					const char *account);
const struct dir_user *snapshot_upn(const struct snapshot *snap,
				    const char *upn);
const struct dir_user *snapshot_address(const struct snapshot *snap,
					const char *address);
const struct dir_user *snapshot_dn(const struct snapshot *snap,
				   const char *legacy_dn);
const struct dir_user *snapshot_object_id(const struct snapshot *snap,
					  const char *object_id);
const struct dir_mailbox *snapshot_mailbox(const struct snapshot *snap,
					   const struct guid *guid);
const struct dir_server *snapshot_server(const struct snapshot *snap,
					 const struct guid *guid);
const struct dir_vdir *snapshot_vdir(const struct snapshot *snap,
				     const struct guid *server, bool back_end);
const struct dir_database *snapshot_database(const struct snapshot *snap,
					     const struct guid *guid);

/* Equal but for the case of ASCII letters. */
bool dir_same(const char *a, const char *b);

#endif
