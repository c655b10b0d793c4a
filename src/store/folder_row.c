/* SPDX-License-Identifier: Apache-2.0 */
#include "store/folder_row.h"

#include <string.h>
#include <unicode/uchar.h>
#include <unicode/ustring.h>

#include "base/clock.h"
#include "base/utf.h"
#include "store/entry.h"
#include "store/impl.h"

#define COLUMNS "id, parent, type, deleted, cn, created, modified, " \
	"hierarchy_changed, contents_changed, hierarchy_cn, contents_cn, " \
	"next_article, subfolders, total, unread, associated, n_deleted, " \
	"n_deleted_associated, size, associated_size, deleted_size, " \
	"deleted_total"

static uint64_t column(struct sqlite3_stmt *stmt, int i)
{
	return (uint64_t)sqlite3_column_int64(stmt, i);
}

static struct bin column_bin(struct sqlite3_stmt *stmt, int i,
			     struct arena *a)
{
	size_t len = (size_t)sqlite3_column_bytes(stmt, i);

	return (struct bin){ arena_memdup(a, sqlite3_column_blob(stmt, i),
					  len), len };
}

static void read_row(struct sqlite3_stmt *stmt, struct arena *a,
		     struct folder_row *out)
{
	*out = (struct folder_row){
		.id = column(stmt, 0),
		.parent = column(stmt, 1),
		.type = (enum folder_type)column(stmt, 2),
		.deleted = column(stmt, 3),
		.cn = column(stmt, 4),
		.created = column(stmt, 5),
		.modified = column(stmt, 6),
		.hierarchy_changed = column(stmt, 7),
		.contents_changed = column(stmt, 8),
		.hierarchy_cn = column(stmt, 9),
		.contents_cn = column(stmt, 10),
		.next_article = column(stmt, 11),
		.subfolders = column(stmt, 12),
		.total = column(stmt, 13),
		.unread = column(stmt, 14),
		.associated = column(stmt, 15),
		.n_deleted = column(stmt, 16),
		.n_deleted_associated = column(stmt, 17),
		.size = column(stmt, 18),
		.associated_size = column(stmt, 19),
		.deleted_size = column(stmt, 20),
		.deleted_total = column(stmt, 21),
		.name = "",
	};
	if (a == NULL)
		return;
	out->name = arena_strdup(a, (const char *)sqlite3_column_text(stmt,
								      22));
	out->pcl = column_bin(stmt, 23, a);
	out->props = column_bin(stmt, 24, a);
}

enum ec folder_row_get(struct store *store, uint64_t id, struct arena *a,
		       struct folder_row *out)
{
	struct sqlite3_stmt *stmt = a == NULL ?
		db_stmt(store, "SELECT " COLUMNS
			" FROM folders WHERE id=?1") :
		db_stmt(store, "SELECT " COLUMNS ", name, pcl, props"
			" FROM folders WHERE id=?1");
	enum ec ec;
	bool row;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)id);
	ec = db_step(store, stmt, &row);
	if (ec == EC_SUCCESS && !row)
		ec = EC_NOT_FOUND;
	if (ec == EC_SUCCESS)
		read_row(stmt, a, out);
	db_done(stmt);
	return ec;
}

static enum ec insert(struct store *store, const struct folder_row *row)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"INSERT INTO folders(id, parent, type, name, cn, pcl, "
		"created, modified, hierarchy_changed, contents_changed, "
		"props) VALUES(?1, ?2, ?3, ?4, ?5, NULL, ?6, ?6, ?6, ?6, "
		"?7)");

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)row->id);
	sqlite3_bind_int64(stmt, 2, (int64_t)row->parent);
	sqlite3_bind_int(stmt, 3, row->type);
	sqlite3_bind_text(stmt, 4, row->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 5, (int64_t)row->cn);
	sqlite3_bind_int64(stmt, 6, (int64_t)row->created);
	if (row->props.len > 0)
		sqlite3_bind_blob64(stmt, 7, row->props.data, row->props.len,
				    SQLITE_STATIC);
	else
		sqlite3_bind_zeroblob(stmt, 7, 0);
	return db_run(store, stmt);
}

enum ec folder_row_insert(struct store *store, struct folder_row *row)
{
	enum ec ec = EC_SUCCESS;

	if (row->id == 0)
		ec = db_new_counter(store, &row->id);
	if (ec == EC_SUCCESS)
		ec = db_new_counter(store, &row->cn);
	if (ec != EC_SUCCESS)
		return ec;
	row->created = row->modified = filetime_now();
	ec = insert(store, row);
	if (ec == EC_SUCCESS && row->type == FOLDER_SEARCH)
		store_add_searches(store, 1);
	if (ec == EC_SUCCESS && row->parent != row->id)
		ec = folder_hierarchy_changed(store, row->parent, 1);
	return ec;
}

/* The list that follows when this store makes the change cn. */
struct bin pcl_next(struct store *store, struct bin old, uint64_t cn,
		    struct arena *a)
{
	struct xid xid = xid_from_gid(&store->replica_guid, cn);
	struct pcl pcl;

	if (old.len == 0 || !pcl_parse(a, &old, &pcl))
		return (struct bin){ NULL, 0 };
	pcl = pcl_add(a, &pcl, &xid);
	return pcl_format(a, &pcl);
}

enum ec folder_row_update(struct store *store, struct folder_row *row)
{
	struct sqlite3_stmt *stmt;
	struct arena *a;
	struct bin pcl;
	enum ec ec = db_new_counter(store, &row->cn);

	if (ec != EC_SUCCESS)
		return ec;
	stmt = db_stmt(store, "UPDATE folders SET parent=?2, name=?3, "
		       "cn=?4, pcl=?5, modified=?6, props=?7 WHERE id=?1");
	if (stmt == NULL)
		return EC_DISK_ERROR;
	a = arena_new(0);
	pcl = pcl_next(store, row->pcl, row->cn, a);
	row->modified = filetime_now();
	sqlite3_bind_int64(stmt, 1, (int64_t)row->id);
	sqlite3_bind_int64(stmt, 2, (int64_t)row->parent);
	sqlite3_bind_text(stmt, 3, row->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 4, (int64_t)row->cn);
	if (pcl.len > 0)
		sqlite3_bind_blob64(stmt, 5, pcl.data, pcl.len,
				    SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 6, (int64_t)row->modified);
	if (row->props.len > 0)
		sqlite3_bind_blob64(stmt, 7, row->props.data, row->props.len,
				    SQLITE_STATIC);
	else
		sqlite3_bind_zeroblob(stmt, 7, 0);
	ec = db_run(store, stmt);
	arena_free(a);
	return ec;
}

/* ---- Counts ---- */

static void bind_delta(struct sqlite3_stmt *stmt, uint64_t folder,
		       const struct folder_delta *d)
{
	const int64_t values[] = {
		d->total, d->unread, d->associated, d->deleted,
		d->deleted_associated, d->size, d->associated_size,
		d->deleted_size, d->deleted_total,
	};

	sqlite3_bind_int64(stmt, 1, (int64_t)folder);
	for (int i = 0; i < 9; i++)
		sqlite3_bind_int64(stmt, 2 + i, values[i]);
	sqlite3_bind_int64(stmt, 11, (int64_t)filetime_now());
	sqlite3_bind_int64(stmt, 12, (int64_t)d->cn);
}

enum ec folder_count(struct store *store, uint64_t folder,
		     const struct folder_delta *d)
{
	struct store_event ev = { .type = EVENT_OBJECT_MODIFIED };
	struct sqlite3_stmt *stmt = db_stmt(store,
		"UPDATE folders SET total=total+?2, unread=unread+?3, "
		"associated=associated+?4, n_deleted=n_deleted+?5, "
		"n_deleted_associated=n_deleted_associated+?6, "
		"size=size+?7, associated_size=associated_size+?8, "
		"deleted_size=deleted_size+?9, "
		"deleted_total=deleted_total+?10, contents_changed=?11, "
		"contents_cn=max(contents_cn, ?12) WHERE id=?1 "
		"RETURNING parent, total, unread, type");
	enum ec ec;
	bool row;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	bind_delta(stmt, folder, d);
	ec = db_step(store, stmt, &row);
	if (ec == EC_SUCCESS && !row)
		ec = EC_NOT_FOUND;
	if (ec == EC_SUCCESS) {
		ev.folder_id = db_id(folder);
		ev.parent_id = db_id(column(stmt, 0));
		ev.has_total = d->total != 0;
		ev.has_unread = d->unread != 0;
		ev.total = (uint32_t)column(stmt, 1);
		ev.unread = (uint32_t)column(stmt, 2);
		db_emit(store, &ev);
		/* what search folders show is in other folders */
		if (column(stmt, 3) != FOLDER_SEARCH)
			store_add_size(store, d->size + d->associated_size +
				       d->deleted_size, d->total);
	}
	db_done(stmt);
	return ec;
}

enum ec folder_hierarchy_changed(struct store *store, uint64_t parent,
				 int delta)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"UPDATE folders SET subfolders=subfolders+?2, "
		"hierarchy_changed=?3, contents_changed=?3, "
		"hierarchy_cn=hierarchy_cn+1 WHERE id=?1");

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)parent);
	sqlite3_bind_int(stmt, 2, delta);
	sqlite3_bind_int64(stmt, 3, (int64_t)filetime_now());
	return db_run(store, stmt);
}

/* ---- The tree ---- */

enum ec folder_children(struct store *store, uint64_t parent, bool deleted,
			struct arena *a, size_t *n, uint64_t **out)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT id FROM folders WHERE parent=?1 AND id<>?1 AND "
		"(deleted<>0)=?2 ORDER BY id");
	uint64_t *ids = NULL;
	size_t found = 0, cap = 0;
	enum ec ec;
	bool row;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)parent);
	sqlite3_bind_int(stmt, 2, deleted);
	while ((ec = db_step(store, stmt, &row)) == EC_SUCCESS && row) {
		if (found == cap) {
			uint64_t *more;

			cap = cap == 0 ? 16 : cap * 2;
			more = arena_array(a, cap, sizeof *more);
			if (found > 0)
				memcpy(more, ids, found * sizeof *ids);
			ids = more;
		}
		ids[found++] = column(stmt, 0);
	}
	db_done(stmt);
	if (ec == EC_SUCCESS) {
		*n = found;
		*out = ids;
	}
	return ec;
}

/* Case counts for nothing, accents do. */
static bool same_name(const char *a, const char *b)
{
	enum { MAX = 256 };
	UChar x[MAX], y[MAX];
	int32_t x_len, y_len;
	UErrorCode status = U_ZERO_ERROR;

	if (strcmp(a, b) == 0)
		return true;
	u_strFromUTF8WithSub(x, MAX, &x_len, a, -1, 0xfffd, NULL, &status);
	u_strFromUTF8WithSub(y, MAX, &y_len, b, -1, 0xfffd, NULL, &status);
	if (U_FAILURE(status))
		return false;
	return u_strCaseCompare(x, x_len, y, y_len, U_FOLD_CASE_DEFAULT,
				&status) == 0 && U_SUCCESS(status);
}

enum ec folder_name_free(struct store *store, uint64_t parent,
			 const char *name, uint64_t self, uint64_t *id)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT id, name FROM folders WHERE parent=?1 AND id<>?1 AND "
		"id<>?2 AND deleted=0");
	enum ec ec;
	bool row;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)parent);
	sqlite3_bind_int64(stmt, 2, (int64_t)self);
	while ((ec = db_step(store, stmt, &row)) == EC_SUCCESS && row)
		if (same_name(name,
			      (const char *)sqlite3_column_text(stmt, 1))) {
			if (id != NULL)
				*id = column(stmt, 0);
			ec = EC_DUPLICATE_NAME;
			break;
		}
	db_done(stmt);
	return ec;
}

enum ec folder_exists(struct store *store, uint64_t folder_id)
{
	struct folder_row row;
	enum ec ec = folder_row_get(store, db_counter(folder_id), NULL,
				    &row);

	return ec == EC_SUCCESS && row.deleted != 0 ? EC_NOT_FOUND : ec;
}

enum ec folder_takes_messages(struct store *store, uint64_t folder_id)
{
	struct folder_row row;
	enum ec ec = folder_row_get(store, db_counter(folder_id), NULL,
				    &row);

	if (ec == EC_SUCCESS && row.deleted != 0)
		ec = EC_NOT_FOUND;
	if (ec == EC_SUCCESS && row.type == FOLDER_SEARCH)
		ec = EC_SEARCH_FOLDER;
	return ec;
}

enum ec folder_is_below(struct store *store, uint64_t id, uint64_t ancestor,
			bool *below)
{
	struct folder_row row = { .parent = id };
	uint64_t last = 0;
	enum ec ec = EC_SUCCESS;

	*below = false;
	while (ec == EC_SUCCESS && row.parent != last) {
		last = row.parent;
		if (last == ancestor) {
			*below = true;
			break;
		}
		ec = folder_row_get(store, last, NULL, &row);
	}
	return ec;
}

void folder_emit(struct store *store, unsigned type, uint64_t id,
		 uint64_t parent)
{
	struct store_event ev = {
		.type = (uint16_t)type,
		.folder_id = db_id(id),
	};
	struct folder_row row = { .parent = parent };

	if (parent == 0)
		folder_row_get(store, id, NULL, &row);
	ev.parent_id = db_id(row.parent);
	db_emit(store, &ev);
}
