/* SPDX-License-Identifier: Apache-2.0 */
#include "store/named.h"

#include <string.h>

#include "base/utf.h"
#include "store/impl.h"

static const struct guid ps_mapi = { {
	0x28, 0x03, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00,
	0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46 } };
static const struct guid ps_internet_headers = { {
	0x86, 0x03, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00,
	0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46 } };

/* ---- Names to IDs ---- */

static void bind(struct sqlite3_stmt *stmt, const struct prop_name *name,
		 const char *text)
{
	sqlite3_bind_blob(stmt, 1, name->guid.b, 16, SQLITE_STATIC);
	sqlite3_bind_int(stmt, 2, name->kind);
	sqlite3_bind_int64(stmt, 3,
			   name->kind == PROP_NAME_LID ? name->lid : 0);
	sqlite3_bind_text(stmt, 4, text, -1, SQLITE_STATIC);
}

static enum ec find(struct store *store, const struct prop_name *name,
		    const char *text, uint16_t *id)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT id FROM named "
		"WHERE guid=?1 AND kind=?2 AND lid=?3 AND name=?4");
	enum ec ec;
	bool row;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	bind(stmt, name, text);
	ec = db_step(store, stmt, &row);
	if (ec == EC_SUCCESS && !row)
		ec = EC_NOT_FOUND;
	if (ec == EC_SUCCESS)
		*id = (uint16_t)sqlite3_column_int(stmt, 0);
	db_done(stmt);
	return ec;
}

static enum ec add(struct store *store, const struct prop_name *name,
		   const char *text, uint16_t *id)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"INSERT INTO named(id, guid, kind, lid, name) SELECT "
		"coalesce(max(id) + 1, ?5), ?1, ?2, ?3, ?4 FROM named "
		"HAVING coalesce(max(id), 0) < ?6 RETURNING id");
	enum ec ec;
	bool row;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	bind(stmt, name, text);
	sqlite3_bind_int(stmt, 5, NAMED_ID_FIRST);
	sqlite3_bind_int(stmt, 6, NAMED_ID_LAST);
	ec = db_step(store, stmt, &row);
	if (ec == EC_SUCCESS && !row)
		ec = EC_NOT_ENOUGH_MEMORY;
	if (ec == EC_SUCCESS)
		*id = (uint16_t)sqlite3_column_int(stmt, 0);
	db_done(stmt);
	return ec;
}

/* The name as it is kept: R529, headers in lower case. */
static enum ec fold(const struct prop_name *name, char *out, size_t size)
{
	bool header = guid_equal(&name->guid, &ps_internet_headers);
	size_t len;

	out[0] = '\0';
	if (name->kind == PROP_NAME_LID)
		return EC_SUCCESS;
	if (name->kind != PROP_NAME_STRING || name->name == NULL)
		return EC_INVALID_PARAM;
	len = strlen(name->name);
	if (len == 0 || len >= size ||
	    utf8_to_utf16_size(name->name, len) / 2 > NAMED_NAME_MAX)
		return EC_INVALID_PARAM;
	for (size_t i = 0; i <= len; i++) {
		char c = name->name[i];

		out[i] = (char)(header && c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	return EC_SUCCESS;
}

/* In a transaction already, if it may have to write. */
static enum ec get(struct store *store, const struct prop_name *name,
		   bool create, uint16_t *id)
{
	char text[NAMED_NAME_MAX * 3 + 1];
	enum ec ec = fold(name, text, sizeof text);

	if (ec != EC_SUCCESS)
		return ec;
	if (guid_equal(&name->guid, &ps_mapi)) {
		/* R642: the ID is the LID */
		if (name->kind != PROP_NAME_LID || name->lid >= 0x8000)
			return EC_NOT_FOUND;
		*id = (uint16_t)name->lid;
		return EC_SUCCESS;
	}
	ec = find(store, name, text, id);
	if (ec == EC_NOT_FOUND && create)
		ec = add(store, name, text, id);
	return ec;
}

enum ec named_id(struct store *store, const struct prop_name *name,
		 bool create, uint16_t *id)
{
	bool begun = false;
	enum ec ec;

	*id = 0;
	ec = get(store, name, false, id);
	if (ec != EC_NOT_FOUND || !create)
		return ec;
	if (!store->in_transaction) {
		ec = db_begin(store);
		if (ec != EC_SUCCESS)
			return ec;
		begun = true;
	}
	ec = get(store, name, true, id);
	return begun ? db_end(store, ec) : ec;
}

/* Look first: most requests name what is there, and needn't write. */
enum ec named_ids(struct store *store, const struct prop_name *names,
		  size_t n, bool create, uint16_t *ids)
{
	bool missing = false;
	enum ec ec = EC_SUCCESS;

	for (size_t i = 0; i < n && ec == EC_SUCCESS; i++) {
		ids[i] = 0;
		ec = get(store, &names[i], false, &ids[i]);
		missing = missing || ec == EC_NOT_FOUND;
		if (ec == EC_NOT_FOUND || ec == EC_INVALID_PARAM)
			ec = EC_SUCCESS;
	}
	if (ec != EC_SUCCESS || !missing || !create)
		return ec;
	ec = db_begin(store);
	if (ec != EC_SUCCESS)
		return ec;
	for (size_t i = 0; i < n && ec == EC_SUCCESS; i++) {
		if (ids[i] == 0)
			ec = get(store, &names[i], true, &ids[i]);
		if (ec == EC_NOT_FOUND || ec == EC_INVALID_PARAM)
			ec = EC_SUCCESS;
	}
	return db_end(store, ec);
}

/* ---- IDs to names ---- */

static bool read_name(struct sqlite3_stmt *stmt, struct arena *a,
		      struct prop_name *out)
{
	if (sqlite3_column_bytes(stmt, 1) != 16)
		return false;
	memcpy(out->guid.b, sqlite3_column_blob(stmt, 1), 16);
	out->kind = (uint8_t)sqlite3_column_int(stmt, 2);
	out->lid = (uint32_t)sqlite3_column_int64(stmt, 3);
	out->name = out->kind == PROP_NAME_STRING ? arena_strdup(a,
		(const char *)sqlite3_column_text(stmt, 4)) : NULL;
	return true;
}

enum ec named_name(struct store *store, uint16_t id, struct arena *a,
		   struct prop_name *out)
{
	struct sqlite3_stmt *stmt;
	enum ec ec;
	bool row;

	if (!prop_id_is_named(id)) {
		*out = (struct prop_name){ .kind = PROP_NAME_LID,
					   .guid = ps_mapi, .lid = id };
		return EC_SUCCESS;
	}
	stmt = db_stmt(store, "SELECT id, guid, kind, lid, name FROM named "
		       "WHERE id=?1");
	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int(stmt, 1, id);
	ec = db_step(store, stmt, &row);
	if (ec == EC_SUCCESS && !row)
		ec = EC_NOT_FOUND;
	else if (ec == EC_SUCCESS && !read_name(stmt, a, out))
		ec = EC_CORRUPT_STORE;
	if (ec == EC_NOT_FOUND)
		out->kind = PROP_NAME_NONE;
	db_done(stmt);
	return ec;
}

static enum ec count(struct store *store, size_t *n)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT count(*) FROM named");
	bool row;
	enum ec ec = db_step(store, stmt, &row);

	if (ec == EC_SUCCESS)
		*n = (size_t)sqlite3_column_int64(stmt, 0);
	db_done(stmt);
	return ec;
}

enum ec named_list(struct store *store, const struct guid *set,
		   struct arena *a, size_t *n, const uint16_t **ids,
		   const struct prop_name **names)
{
	struct sqlite3_stmt *stmt;
	struct prop_name *name_list;
	uint16_t *id_list;
	size_t max = 0, found = 0;
	enum ec ec = count(store, &max);
	bool row;

	if (ec != EC_SUCCESS)
		return ec;
	id_list = arena_array(a, max, sizeof *id_list);
	name_list = arena_array(a, max, sizeof *name_list);
	stmt = db_stmt(store, "SELECT id, guid, kind, lid, name FROM named "
		       "WHERE ?1 IS NULL OR guid=?1 ORDER BY id");
	if (stmt != NULL && set != NULL)
		sqlite3_bind_blob(stmt, 1, set->b, 16, SQLITE_STATIC);
	while ((ec = db_step(store, stmt, &row)) == EC_SUCCESS && row) {
		id_list[found] = (uint16_t)sqlite3_column_int(stmt, 0);
		if (read_name(stmt, a, &name_list[found]))
			found++;
	}
	db_done(stmt);
	if (ec != EC_SUCCESS)
		return ec;
	*n = found;
	if (ids != NULL)
		*ids = id_list;
	if (names != NULL)
		*names = name_list;
	return EC_SUCCESS;
}
