/* SPDX-License-Identifier: Apache-2.0 */
/* Looking for damage, and putting right what can be. */
#include <stdarg.h>
#include <stdio.h>

#include "store/message_impl.h"

struct check {
	struct store *store;
	bool repair;
	store_report_fn report;
	void *ctx;
	uint32_t problems;
};

__attribute__((format(printf, 2, 3)))
static void found(struct check *c, const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	c->problems++;
	if (c->report != NULL)
		c->report(c->ctx, text);
}

/* ---- SQLite's own check ---- */

static enum ec check_pages(struct check *c)
{
	struct sqlite3_stmt *stmt = db_stmt(c->store,
					    "PRAGMA integrity_check");
	enum ec ec;
	bool row;

	while ((ec = db_step(c->store, stmt, &row)) == EC_SUCCESS && row) {
		const char *text =
			(const char *)sqlite3_column_text(stmt, 0);

		if (text != NULL && strcmp(text, "ok") != 0)
			found(c, "database: %s", text);
	}
	db_done(stmt);
	return ec;
}

/* ---- Blobs, and the chunk rows they name ---- */

static enum ec check_stream(struct check *c, const char *where, int64_t id,
			    const struct blob_entry *e)
{
	struct sqlite3_stmt *stmt = db_stmt(c->store,
		"SELECT sum(length(data)) FROM chunks WHERE id BETWEEN ?1 "
		"AND ?2");
	int64_t first = (int64_t)(e->stream << CHUNK_BITS);
	enum ec ec;
	bool row;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, first);
	sqlite3_bind_int64(stmt, 2, first | ((1 << CHUNK_BITS) - 1));
	ec = db_step(c->store, stmt, &row);
	if (ec == EC_SUCCESS &&
	    (uint64_t)sqlite3_column_int64(stmt, 0) != e->size)
		found(c, "%s %lld: property 0x%08x has %lld bytes, not %llu",
		      where, (long long)id, e->tag,
		      (long long)sqlite3_column_int64(stmt, 0),
		      (unsigned long long)e->size);
	db_done(stmt);
	return ec;
}

static enum ec check_blob(struct check *c, const char *where, int64_t id,
			  const void *data, size_t len)
{
	struct arena *a = arena_new(0);
	struct prop_value v;
	struct blob_entry e;
	struct blob b;
	enum ec ec = EC_SUCCESS;

	if (!blob_open(data, len, &b)) {
		found(c, "%s %lld: the properties are damaged", where,
		      (long long)id);
		b.n = 0;
	}
	for (size_t i = 0; i < b.n && ec == EC_SUCCESS; i++) {
		blob_at(&b, i, &e);
		if (e.external)
			ec = check_stream(c, where, id, &e);
		else if (blob_value(&e, a, &v) != EC_SUCCESS)
			found(c, "%s %lld: property 0x%08x is damaged",
			      where, (long long)id, e.tag);
	}
	arena_free(a);
	return ec;
}

static enum ec check_blobs(struct check *c, const char *where,
			   const char *sql)
{
	struct sqlite3_stmt *stmt = db_stmt(c->store, sql);
	enum ec ec, one = EC_SUCCESS;
	bool row;

	while (one == EC_SUCCESS &&
	       (ec = db_step(c->store, stmt, &row)) == EC_SUCCESS && row)
		one = check_blob(c, where, sqlite3_column_int64(stmt, 0),
				 sqlite3_column_blob(stmt, 1),
				 (size_t)sqlite3_column_bytes(stmt, 1));
	db_done(stmt);
	return one != EC_SUCCESS ? one : ec;
}

/* ---- Rows that belong together ---- */

static enum ec check_pairs(struct check *c, const char *text,
			   const char *sql)
{
	struct sqlite3_stmt *stmt = db_stmt(c->store, sql);
	enum ec ec;
	bool row;

	while ((ec = db_step(c->store, stmt, &row)) == EC_SUCCESS && row)
		found(c, "%s %lld", text,
		      (long long)sqlite3_column_int64(stmt, 0));
	db_done(stmt);
	return ec;
}

static enum ec check_links(struct check *c)
{
	enum ec ec = check_pairs(c, "message without a place in a folder:",
		"SELECT id FROM messages m WHERE id>0 AND NOT EXISTS "
		"(SELECT 1 FROM contents WHERE folder=m.folder AND "
		"kind IN (0, 1, 2, 3) AND id=m.id)");

	if (ec == EC_SUCCESS)
		ec = check_pairs(c, "folder entry without a message:",
			"SELECT id FROM contents c WHERE NOT EXISTS (SELECT "
			"1 FROM messages WHERE id=c.id AND folder=c.folder)");
	if (ec == EC_SUCCESS)
		ec = check_pairs(c, "folder without a parent:",
			"SELECT id FROM folders f WHERE NOT EXISTS "
			"(SELECT 1 FROM folders WHERE id=f.parent)");
	if (ec == EC_SUCCESS)
		ec = check_pairs(c, "attachment without a message:",
			"SELECT message FROM attachments a WHERE NOT EXISTS "
			"(SELECT 1 FROM messages WHERE id=a.message)");
	return ec;
}

/* ---- Counts ---- */

#define SUMS \
	"SELECT folder, sum(kind=0) AS total, " \
	"sum(kind=0 AND read=0) AS unread, sum(kind=1) AS associated, " \
	"sum(kind=2) AS n_deleted, sum(kind=3) AS n_deleted_associated, " \
	"sum(CASE kind WHEN 0 THEN size ELSE 0 END) AS size, " \
	"sum(CASE kind WHEN 1 THEN size ELSE 0 END) AS associated_size, " \
	"sum(CASE WHEN kind>1 THEN size ELSE 0 END) AS deleted_size " \
	"FROM contents GROUP BY folder"

/* Search folders have counts of their own: of what was found. */
static enum ec check_counts(struct check *c)
{
	return check_pairs(c, "counts are wrong of folder",
		"SELECT f.id FROM folders f LEFT JOIN (" SUMS ") s ON "
		"s.folder=f.id WHERE f.type<>2 AND (f.total, f.unread, "
		"f.associated, f.n_deleted, f.n_deleted_associated, f.size, "
		"f.associated_size, f.deleted_size) IS NOT (coalesce(s.total, "
		"0), coalesce(s.unread, 0), coalesce(s.associated, 0), "
		"coalesce(s.n_deleted, 0), coalesce(s.n_deleted_associated, "
		"0), coalesce(s.size, 0), coalesce(s.associated_size, 0), "
		"coalesce(s.deleted_size, 0)) UNION SELECT id FROM folders f "
		"WHERE subfolders<>(SELECT count(*) FROM folders WHERE "
		"parent=f.id AND id<>f.id AND deleted=0)");
}

static enum ec repair_counts(struct check *c)
{
	static const char sql[] =
		"UPDATE folders SET total=coalesce(s.total, 0), "
		"unread=coalesce(s.unread, 0), "
		"associated=coalesce(s.associated, 0), "
		"n_deleted=coalesce(s.n_deleted, 0), "
		"n_deleted_associated=coalesce(s.n_deleted_associated, 0), "
		"size=coalesce(s.size, 0), "
		"associated_size=coalesce(s.associated_size, 0), "
		"deleted_size=coalesce(s.deleted_size, 0), "
		"subfolders=(SELECT count(*) FROM folders k WHERE "
		"k.parent=folders.id AND k.id<>folders.id AND k.deleted=0) "
		"FROM (SELECT x.id AS fid, t.* FROM folders x LEFT JOIN ("
		SUMS ") t ON t.folder=x.id WHERE x.type<>2) s "
		"WHERE s.fid=folders.id";
	enum ec ec = db_begin(c->store);

	if (ec != EC_SUCCESS)
		return ec;
	if (sqlite3_exec(c->store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		ec = db_fail(c->store, "cannot correct the counts");
	ec = db_end(c->store, ec);
	return ec == EC_SUCCESS ? store_load_sums(c->store) : ec;
}

static enum ec check_all(struct check *c)
{
	uint32_t before;
	enum ec ec = check_pages(c);

	if (ec == EC_SUCCESS)
		ec = check_blobs(c, "message",
				 "SELECT id, props FROM messages");
	if (ec == EC_SUCCESS)
		ec = check_blobs(c, "attachment of message",
				 "SELECT message, props FROM attachments");
	if (ec == EC_SUCCESS)
		ec = check_blobs(c, "folder", "SELECT id, props FROM folders");
	if (ec == EC_SUCCESS)
		ec = check_blobs(c, "folder entry of message",
				 "SELECT id, row FROM contents");
	if (ec == EC_SUCCESS)
		ec = check_links(c);
	before = c->problems;
	if (ec == EC_SUCCESS)
		ec = check_counts(c);
	if (ec == EC_SUCCESS && c->repair && c->problems > before) {
		ec = repair_counts(c);
		if (ec == EC_SUCCESS)
			c->problems = before;
	}
	return ec;
}

bool store_check(struct store *store, bool repair, store_report_fn report,
		 void *ctx, uint32_t *problems, struct err *err)
{
	struct check c = { .store = store, .repair = repair,
			   .report = report, .ctx = ctx };
	enum ec ec = check_all(&c);

	if (ec != EC_SUCCESS) {
		if (!store_fault(store, err))
			err_set(err, ec, "cannot check the mailbox %s: %s",
				store->path, ec_text(ec));
		return false;
	}
	*problems = c.problems;
	return true;
}
