/* SPDX-License-Identifier: Apache-2.0 */
/* The back end over the organisation's own database: reading. */
#include "directory/recipients_local.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory/impl.h"
#include "directory/recipients_impl.h"
#include "directory/sql.h"

struct local {
	struct directory *dir;
	pthread_mutex_t lock;     /* db */
	sqlite3 *db;              /* a connection of our own: reading takes
				   * a while, changes must not wait for it */
};

/* A read under way. */
struct reader {
	sqlite3 *db;
	struct err *err;
	const struct recipients_sink *sink;
	struct recipient_builder *b;
	int64_t since;
	sqlite3_stmt *attributes;
};

static uint64_t local_changed(void *ctx)
{
	struct local *l = ctx;

	return directory_change(l->dir);
}

/* --- One recipient ---------------------------------------------------- */

static void add_proxy(struct recipient_builder *b, bool first,
		      const char *address)
{
	char text[300];

	snprintf(text, sizeof text, "%s:%s", first ? "SMTP" : "smtp",
		 address);
	recipient_add_text(b, PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES, text);
}

static bool add_addresses(struct reader *r, sqlite3_stmt *q,
			  const struct guid *guid)
{
	bool ok = true, first = true;

	sqlite3_reset(q);
	sqlite3_bind_blob(q, 1, guid->b, sizeof guid->b, SQLITE_STATIC);
	for (; sql_next(q, &ok, r->err); first = false)
		add_proxy(r->b, first,
			  (const char *)sqlite3_column_text(q, 0));
	return ok;
}

/* Of a large value only that there is one. */
static void add_attribute(struct recipient_builder *b, sqlite3_stmt *q)
{
	uint32_t tag = (uint32_t)sqlite3_column_int64(q, 0);
	const struct recipient_attr *attr = recipient_attr(tag);
	const void *value;

	if (attr == NULL)
		return;
	if ((attr->flags & ATTR_LARGE) != 0) {
		recipient_add(b, attr->tag, "", 0);
	} else if (sqlite3_column_type(q, 1) == SQLITE_INTEGER) {
		recipient_add_number(b, attr->tag, sqlite3_column_int64(q, 1));
	} else {
		value = sqlite3_column_blob(q, 1);
		recipient_add(b, attr->tag, value != NULL ? value : "",
			      (size_t)sqlite3_column_bytes(q, 1));
	}
}

static bool add_attributes(struct reader *r, const struct guid *guid)
{
	sqlite3_stmt *q = r->attributes;
	bool ok = true;

	sqlite3_reset(q);
	sqlite3_bind_blob(q, 1, guid->b, sizeof guid->b, SQLITE_STATIC);
	while (sql_next(q, &ok, r->err))
		add_attribute(r->b, q);
	return ok;
}

/* guid, kind, alias, display_name, legacy_dn, hidden, changed, filter; a kind
 * of NULL: a user that has no mailbox. */
static bool read_one(struct reader *r, sqlite3_stmt *q,
		     sqlite3_stmt *addresses)
{
	struct guid guid = sql_guid(q, 0);

	if (sqlite3_column_type(q, 1) == SQLITE_NULL) {
		r->sink->remove(r->sink->ctx, &guid);
		return true;
	}
	recipient_begin(r->b, &guid,
			(enum recipient_kind)sqlite3_column_int(q, 1),
			sqlite3_column_int(q, 5) != 0,
			(uint64_t)sqlite3_column_int64(q, 6));
	recipient_add_text(r->b, PID_TAG_DISPLAY_NAME,
			   (const char *)sqlite3_column_text(q, 3));
	recipient_add_text(r->b, PID_TAG_ACCOUNT,
			   (const char *)sqlite3_column_text(q, 2));
	recipient_add_text(r->b, PID_TAG_EMAIL_ADDRESS,
			   (const char *)sqlite3_column_text(q, 4));
	recipient_add_text(r->b, RECIPIENT_TAG_FILTER,
			   (const char *)sqlite3_column_text(q, 7));
	if (!add_addresses(r, addresses, &guid) || !add_attributes(r, &guid))
		return false;
	r->sink->put(r->sink->ctx, recipient_end(r->b));
	return true;
}

static bool read_table(struct reader *r, const char *select,
		       const char *select_addresses)
{
	sqlite3_stmt *q = NULL, *addresses = NULL;
	bool ok = sql_query(r->db, &q, r->err, select, "i", r->since) &&
		sql_query(r->db, &addresses, r->err, select_addresses, "");

	while (ok && sql_next(q, &ok, r->err))
		ok = read_one(r, q, addresses);
	sqlite3_finalize(q);
	sqlite3_finalize(addresses);
	return ok;
}

/* --- All -------------------------------------------------------------- */

static bool read_removed(struct reader *r)
{
	sqlite3_stmt *q = NULL;
	bool ok = sql_query(r->db, &q, r->err, "SELECT guid FROM removed "
			    "WHERE changed > ?", "i", r->since);

	while (ok && sql_next(q, &ok, r->err)) {
		struct guid guid = sql_guid(q, 0);

		r->sink->remove(r->sink->ctx, &guid);
	}
	sqlite3_finalize(q);
	return ok;
}

static bool read_lists(struct reader *r)
{
	struct arena *arena = arena_new(0);
	struct recipient_list *v = NULL;
	sqlite3_stmt *q = NULL;
	int64_t changed, n = 0;
	size_t count = 0;
	bool ok = sql_number(r->db, 0, &changed, r->err,
			     "SELECT lists_changed FROM organisation", "");

	if (ok && r->since > 0 && changed <= r->since) {
		arena_free(arena);
		return true;
	}
	ok = ok && sql_number(r->db, 0, &n, r->err,
			      "SELECT count(*) FROM address_list", "") &&
		sql_query(r->db, &q, r->err, "SELECT guid, name, filter, "
			  "parent FROM address_list ORDER BY name", "");
	v = arena_array(arena, (size_t)n, sizeof *v);
	while (ok && count < (size_t)n && sql_next(q, &ok, r->err)) {
		v[count].guid = sql_guid(q, 0);
		v[count].name = sql_text(q, 1, arena);
		v[count].filter = sql_text(q, 2, arena);
		v[count++].parent = sql_guid(q, 3);
	}
	sqlite3_finalize(q);
	if (ok)
		r->sink->lists(r->sink->ctx, v, count);
	arena_free(arena);
	return ok;
}

static bool read_all(struct reader *r, uint64_t *out)
{
	int64_t change;
	bool ok = sql_number(r->db, 0, &change, r->err,
			     "SELECT change FROM organisation", "") &&
		sql_query(r->db, &r->attributes, r->err, "SELECT tag, value "
			  "FROM attribute WHERE owner = ? "
			  "ORDER BY tag, position", "") &&
		read_removed(r) &&
		read_table(r, "SELECT u.guid, CASE WHEN m.guid IS NULL THEN "
			   "NULL ELSE 0 END, u.account, u.display_name, "
			   "u.legacy_dn, u.hidden, u.changed, '' FROM user u "
			   "LEFT JOIN mailbox m ON m.user = u.guid "
			   "WHERE u.changed > ?",
			   "SELECT address FROM address WHERE user = ? "
			   "ORDER BY position") &&
		read_table(r, "SELECT guid, kind, alias, display_name, "
			   "legacy_dn, hidden, changed, filter FROM recipient "
			   "WHERE changed > ?",
			   "SELECT address FROM recipient_address "
			   "WHERE recipient = ? ORDER BY position") &&
		read_lists(r);

	sqlite3_finalize(r->attributes);
	if (ok)
		*out = (uint64_t)change;
	return ok;
}

static bool local_read(void *ctx, uint64_t since,
		       const struct recipients_sink *sink, uint64_t *out,
		       struct err *err)
{
	struct local *l = ctx;
	struct reader r = { .db = l->db, .err = err, .sink = sink,
			    .since = (int64_t)since };
	bool ok;

	r.b = recipient_builder_new();
	pthread_mutex_lock(&l->lock);
	ok = sql_run(l->db, "BEGIN", err) && read_all(&r, out);
	sqlite3_exec(l->db, ok ? "COMMIT" : "ROLLBACK", NULL, NULL, NULL);
	pthread_mutex_unlock(&l->lock);
	recipient_builder_free(r.b);
	return ok;
}

static bool local_fetch(void *ctx, const struct guid *guid, uint32_t tag,
			struct arena *arena, uint32_t *n,
			const struct bin **out, struct err *err)
{
	const struct recipient_attr *attr = recipient_attr(tag);
	struct local *l = ctx;
	struct bin *v = arena_array(arena, 64, sizeof *v);
	uint32_t count = 0;
	sqlite3_stmt *q = NULL;
	bool ok;

	pthread_mutex_lock(&l->lock);
	ok = sql_query(l->db, &q, err, "SELECT value FROM attribute WHERE "
		       "owner = ? AND tag = ? ORDER BY position LIMIT 64",
		       "gi", guid, (int64_t)(attr != NULL ? attr->tag : tag));
	while (ok && sql_next(q, &ok, err)) {
		const void *value = sqlite3_column_blob(q, 0);
		size_t len = (size_t)sqlite3_column_bytes(q, 0);

		v[count++] = (struct bin){ arena_memdup(arena, value != NULL ?
					   value : "", len), len };
	}
	sqlite3_finalize(q);
	pthread_mutex_unlock(&l->lock);
	if (ok) {
		*n = count;
		*out = v;
	}
	return ok;
}

static bool local_modify(void *ctx, const struct guid *guid,
			 const struct recipient_change *changes, size_t count,
			 const char *who, struct err *err)
{
	struct local *l = ctx;

	return directory_set_attributes_as(l->dir, guid, changes, count, who,
					   err);
}

static void local_free(void *ctx)
{
	struct local *l = ctx;

	sqlite3_close(l->db);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

bool recipients_local(struct directory *dir, struct recipients_backend *out,
		      struct err *err)
{
	struct local *l = xcalloc(1, sizeof *l);
	const char *path;

	l->dir = dir;
	pthread_mutex_init(&l->lock, NULL);
	pthread_mutex_lock(&dir->db_lock);
	path = sqlite3_db_filename(dir->db, "main");
	pthread_mutex_unlock(&dir->db_lock);
	if (!sql_open(path, &l->db, err)) {
		local_free(l);
		return false;
	}
	*out = (struct recipients_backend){
		.name = "local", .ctx = l, .changed = local_changed,
		.read = local_read, .fetch = local_fetch,
		.modify = local_modify, .free = local_free };
	return true;
}
