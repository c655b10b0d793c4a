/* SPDX-License-Identifier: Apache-2.0 */
/* Mail in and out of a mailbox: between mime_message trees and the store. */
#ifndef ADMIN_MAIL_H
#define ADMIN_MAIL_H

#include "mime/message.h"
#include "store/store.h"

/*
 * Save a message into a folder.  Takes and releases the mailbox's lock.
 * *id (NULL allowed) is its message ID.  False and err on failure; nothing is
 * stored then.
 */
bool mail_append(struct store *store, uint64_t folder_id,
		 const struct mime_message *message, uint64_t *id,
		 struct err *err);

/*
 * Read a message out of the store, whole, into arena.  Takes and releases the
 * mailbox's lock.
 */
bool mail_fetch(struct store *store, uint64_t message_id, struct arena *arena,
		struct mime_message **out, struct err *err);

/*
 * The folder of a path below the top of the mailbox, as people see it:
 * "Inbox" or "Projects/2026"; "" is the top itself.  Names are compared
 * without regard to case; the English name of a special folder always works.
 * create: folders that are missing are made.  Takes the lock.
 */
bool mail_folder(struct store *store, const char *path, bool create,
		 uint64_t *id, struct err *err);

/* A folder of a tree: its ID and its path. */
struct mail_folder {
	uint64_t id;
	const char *path;
};

/*
 * The folder and, when deep, all below it, in arena, parents first.  path is
 * what stands for the first.  Takes the lock.
 */
bool mail_folders(struct store *store, uint64_t id, const char *path,
		  bool deep, struct arena *arena, struct mail_folder **out,
		  size_t *n, struct err *err);

#endif
