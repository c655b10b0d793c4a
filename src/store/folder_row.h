/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the table folders; inside the store alone.  IDs are counters. */
#ifndef STORE_FOLDER_ROW_H
#define STORE_FOLDER_ROW_H

#include "store/db.h"
#include "store/folder.h"

struct folder_row {
	uint64_t id, parent;
	enum folder_type type;
	uint64_t deleted;                 /* when; 0: not */
	const char *name;
	struct bin pcl, props;            /* pcl empty: cn alone */
	uint64_t cn, created, modified;
	uint64_t hierarchy_changed, contents_changed;
	uint64_t hierarchy_cn, contents_cn;
	uint64_t next_article;
	uint64_t subfolders, total, unread, associated;
	uint64_t n_deleted, n_deleted_associated;
	uint64_t size, associated_size, deleted_size, deleted_total;
};

/* EC_NOT_FOUND.  Strings and blobs in a; a NULL: without them. */
enum ec folder_row_get(struct store *store, uint64_t id, struct arena *a,
		       struct folder_row *out);

/*
 * Add a folder within a transaction: id (0: a new one, set), parent, type,
 * name and props are taken; the rest is made.  The parent's count of
 * subfolders is raised.
 */
enum ec folder_row_insert(struct store *store, struct folder_row *row);

/*
 * Store name, props and parent of the row with a new change number (set in
 * it) and time, within a transaction.
 */
enum ec folder_row_update(struct store *store, struct folder_row *row);

/* Changes of the numbers that are kept of a folder. */
struct folder_delta {
	int64_t total, unread, associated, deleted, deleted_associated;
	int64_t size, associated_size, deleted_size, deleted_total;
	uint64_t cn;              /* the last change in it; 0: none */
};

/*
 * Apply them within a transaction, and queue the event that tells of the
 * folder's new counts.
 */
enum ec folder_count(struct store *store, uint64_t folder,
		     const struct folder_delta *delta);

/* A subfolder came (+1), went (-1) or changed (0). */
enum ec folder_hierarchy_changed(struct store *store, uint64_t parent,
				 int delta);

/*
 * The direct subfolders that are not deleted (deleted: only those that are),
 * in a.
 */
enum ec folder_children(struct store *store, uint64_t parent, bool deleted,
			struct arena *a, size_t *n, uint64_t **out);

/* 1 to 255 characters (of UTF-16). */
bool folder_name_valid(const char *name);

/* EC_DUPLICATE_NAME if a sibling other than self has the name. *id is it. */
enum ec folder_name_free(struct store *store, uint64_t parent,
			 const char *name, uint64_t self, uint64_t *id);

/* EC_SUCCESS, or EC_NOT_FOUND when it is not there or deleted. */
enum ec folder_exists(struct store *store, uint64_t folder_id);

/* EC_SUCCESS when messages can be put into it. */
enum ec folder_takes_messages(struct store *store, uint64_t folder_id);

/* Whether id is ancestor itself or below it. */
enum ec folder_is_below(struct store *store, uint64_t id, uint64_t ancestor,
			bool *below);

/*
 * Whether row can come to lie in new_parent under the name: EC_NOT_FOUND,
 * EC_SEARCH_FOLDER, EC_INVALID_PARAM (name), EC_DUPLICATE_NAME.
 */
enum ec folder_check_target(struct store *store, const struct folder_row *row,
			    uint64_t new_parent, const char *name);

/* Queue an event of a folder; parent 0: look it up. */
void folder_emit(struct store *store, unsigned type, uint64_t id,
		 uint64_t parent);

#endif
