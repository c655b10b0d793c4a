/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the tables of folders and messages ([MS-OXCFOLD] 3.2.5.13, .14). */
#include "store/db.h"
#include "store/folder.h"
#include "store/table_impl.h"

/* struct source_key: what kind of rows. */
enum { SOURCE_PRIVATE, SOURCE_CONTENTS, SOURCE_CONVERSATION };

static enum ec give(struct table *t, struct table **out, uint32_t *rows)
{
	uint32_t n = 0;
	enum ec ec = t->source->ops->count(t->source, &n);

	t->source->ops->done(t->source);
	if (ec != EC_SUCCESS) {
		table_free(t);
		return ec;
	}
	*out = t;
	*rows = n;
	return EC_SUCCESS;
}

enum ec table_open_hierarchy(struct store *store, uint64_t folder_id,
			     unsigned flags, uint32_t lcid,
			     struct table **out, uint32_t *rows)
{
	const unsigned known = TABLE_DEPTH | TABLE_DEFERRED_ERRORS |
		TABLE_NO_NOTIFICATIONS | TABLE_SOFT_DELETES |
		TABLE_USE_UNICODE | TABLE_SUPPRESSES_NOTIFICATIONS;
	struct source_key key = { folder_id, SOURCE_PRIVATE, 0 };
	struct folder_info info;
	enum ec ec;

	if (flags & ~known)
		return EC_NOT_SUPPORTED;
	ec = folder_stat(store, folder_id, false, &info);
	if (ec != EC_SUCCESS)
		return ec;
	return give(table_new(TABLE_HIERARCHY, flags, folder_id, lcid, &key,
		row_source_hierarchy(store, folder_id,
				     (flags & TABLE_DEPTH) != 0,
				     (flags & TABLE_SOFT_DELETES) != 0)),
		    out, rows);
}

static int content_kind(unsigned flags)
{
	return (flags & TABLE_ASSOCIATED ? CONTENT_ASSOCIATED :
		CONTENT_NORMAL) |
		(flags & TABLE_SOFT_DELETES ? CONTENT_DELETED : 0);
}

/* [MS-OXCFOLD] 2.2.1.14.1: valid with UseUnicode and DeferredErrors alone,
 * and on the root */
static enum ec open_conversation(struct store *store, uint64_t folder_id,
				 unsigned flags, uint32_t lcid,
				 struct table **out, uint32_t *rows)
{
	struct source_key key = { folder_id, SOURCE_CONVERSATION, 0 };

	if ((flags & ~(unsigned)(TABLE_CONVERSATION_MEMBERS |
				 TABLE_USE_UNICODE | TABLE_DEFERRED_ERRORS)) ||
	    store_special_of(store, folder_id) != SPECIAL_ROOT)
		return EC_INVALID_PARAM;
	return give(table_new(TABLE_CONTENTS, flags, folder_id, lcid, &key,
			      row_source_conversation(store)), out, rows);
}

enum ec table_open_contents(struct store *store, uint64_t folder_id,
			    unsigned flags, uint32_t lcid,
			    struct table **out, uint32_t *rows)
{
	const unsigned known = TABLE_ASSOCIATED | TABLE_DEFERRED_ERRORS |
		TABLE_NO_NOTIFICATIONS | TABLE_SOFT_DELETES |
		TABLE_USE_UNICODE | TABLE_CONVERSATION_MEMBERS;
	struct source_key key = { folder_id, SOURCE_CONTENTS,
				  content_kind(flags) };
	struct folder_info info;
	enum ec ec;

	if (flags & ~known)
		return EC_INVALID_PARAM;
	ec = folder_stat(store, folder_id, false, &info);
	if (ec != EC_SUCCESS)
		return ec;
	if (flags & TABLE_CONVERSATION_MEMBERS)
		return open_conversation(store, folder_id, flags, lcid, out,
					 rows);
	return give(table_new(TABLE_CONTENTS, flags, folder_id, lcid, &key,
		row_source_contents(store, folder_id, key.kind,
				    info.type == FOLDER_SEARCH)), out, rows);
}

enum ec table_open_attachments(struct message *message, unsigned flags,
			       uint32_t lcid, struct table **out,
			       uint32_t *rows)
{
	struct source_key key = { 0, SOURCE_PRIVATE, 0 };

	return give(table_new(TABLE_ATTACHMENTS, flags, 0, lcid, &key,
			      row_source_attachments(message)), out, rows);
}
