/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/mirror.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "base/wire.h"
#include "directory/check.h"
#include "directory/recipients_local.h"
#include "directory/transaction.h"

enum { DIGEST_SIZE = 32 };

struct link {
	struct guid owner;
	uint32_t tag;
	char *target;
};

struct mirror {
	struct txn t;
	struct err err;           /* of the transaction */
	bool full;
	int64_t pass;
	struct dir_org org;
	struct arena *arena;
	struct link *links;
	size_t link_count, link_max;
	struct mirror_counts counts;
	void (*skipped)(void *ctx, const char *text);
	void *ctx;
};

/* Passes --------------------------------------------------------------- */

bool mirror_begin(struct directory *dir, bool full,
		  void (*skipped)(void *ctx, const char *text), void *ctx,
		  struct mirror **out, struct err *err)
{
	struct mirror *m = xcalloc(1, sizeof *m);

	m->full = full;
	m->skipped = skipped;
	m->ctx = ctx;
	m->arena = arena_new(0);
	directory_org(dir, m->arena, &m->org);
	if (txn_begin(&m->t, dir, &m->err)) {
		if (sql_number(dir->db, 0, &m->pass, &m->err,
			       "SELECT pass + 1 FROM mirror_state", "")) {
			*out = m;
			return true;
		}
		txn_end(&m->t, false);
	}
	if (err != NULL)
		*err = m->err;
	arena_free(m->arena);
	free(m);
	return false;
}

static void mirror_free(struct mirror *m)
{
	for (size_t i = 0; i < m->link_count; i++)
		free(m->links[i].target);
	free(m->links);
	arena_free(m->arena);
	free(m);
}

void mirror_abort(struct mirror *m)
{
	txn_end(&m->t, false);
	mirror_free(m);
}

static void skip(struct mirror *m, const struct mirror_object *o,
		 const char *why)
{
	char text[800];

	m->counts.skipped++;
	snprintf(text, sizeof text, "%.250s: %s", o->name, why);
	if (m->skipped != NULL)
		m->skipped(m->ctx, text);
}

/* Digests: what has not changed is not written ------------------------- */

static void digest_text(EVP_MD_CTX *md, const char *text)
{
	EVP_DigestUpdate(md, text, strlen(text) + 1);
}

static void digest_number(EVP_MD_CTX *md, uint64_t n)
{
	EVP_DigestUpdate(md, &n, sizeof n);
}

static void digest_lists(EVP_MD_CTX *md, const struct mirror_object *o)
{
	for (size_t i = 0; i < o->address_count; i++)
		digest_text(md, o->addresses[i]);
	for (size_t i = 0; i < o->attribute_count; i++) {
		const struct recipient_change *c = &o->attributes[i];

		digest_number(md, (uint64_t)c->tag << 32 | c->n);
		for (uint32_t v = 0; v < c->n; v++) {
			digest_number(md, c->values[v].len);
			EVP_DigestUpdate(md, c->values[v].data,
					 c->values[v].len);
		}
	}
	for (size_t i = 0; i < o->link_count; i++) {
		digest_number(md, o->links[i].tag);
		digest_text(md, o->links[i].target);
	}
}

static void digest(const struct mirror_object *o, uint8_t out[DIGEST_SIZE])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	EVP_DigestInit_ex(md, EVP_sha256(), NULL);
	digest_text(md, o->name);
	digest_text(md, o->account);
	digest_text(md, o->upn);
	digest_text(md, o->display_name);
	digest_text(md, o->legacy_dn);
	digest_text(md, o->password);
	digest_number(md, (uint64_t)o->is_user | (uint64_t)o->disabled << 1 |
		      (uint64_t)o->hidden << 2 | (uint64_t)o->is_admin << 3 |
		      (uint64_t)o->has_mailbox << 4 |
		      (uint64_t)o->kind << 8);
	digest_number(md, o->address_count);
	digest_lists(md, o);
	EVP_DigestFinal_ex(md, out, NULL);
	EVP_MD_CTX_free(md);
}

/* Objects -------------------------------------------------------------- */

static const char *domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	return at != NULL ? at + 1 : "";
}

static bool is_ours(const struct mirror *m, const char *address)
{
	for (size_t i = 0; i < m->org.domain_count; i++)
		if (dir_same(m->org.domains[i], domain_of(address)))
			return true;
	return false;
}

/* The entry as it is written: completed, and addresses that can't be ours
 * left out. */
static bool complete(struct mirror *m, const struct mirror_object *from,
		     struct mirror_object *o, struct err *err)
{
	struct arena *arena = m->t.arena;
	const char **kept = arena_array(arena, from->address_count + 1,
					sizeof *kept);
	struct err ignored;

	*o = *from;
	o->address_count = 0;
	o->addresses = kept;
	for (size_t i = 0; i < from->address_count; i++)
		if (dir_check_address(from->addresses[i], &ignored) &&
		    (!from->is_user || is_ours(m, from->addresses[i])))
			kept[o->address_count++] = from->addresses[i];
	if (*o->upn == '\0')
		o->upn = arena_printf(arena, "%s@%s", o->account,
				      m->org.domain);
	if (*o->display_name == '\0')
		o->display_name = o->account;
	if (*o->legacy_dn != '/')
		o->legacy_dn = directory_user_dn(arena, m->org.name, &o->guid,
						 o->account);
	if (o->address_count == 0) {
		if (o->is_user && !is_ours(m, o->upn))
			o->has_mailbox = false;
		kept[0] = o->upn;
		o->address_count = o->has_mailbox || !o->is_user;
	}
	return dir_check_account(o->account, err) &&
		dir_check_name("the display name", o->display_name, err) &&
		dir_check_address(o->upn, err);
}

static bool write_addresses(struct mirror *m, const struct mirror_object *o,
			    struct err *err)
{
	sqlite3 *db = m->t.dir->db;
	const char *insert = o->is_user ?
		"INSERT INTO address (address, user, position) "
		"VALUES (?, ?, ?)" :
		"INSERT INTO recipient_address (address, recipient, position) "
		"VALUES (?, ?, ?)";

	if (!sql_do(db, err, "DELETE FROM address WHERE user = ?", "g",
		    &o->guid) ||
	    !sql_do(db, err, "DELETE FROM recipient_address WHERE "
		    "recipient = ?", "g", &o->guid))
		return false;
	for (size_t i = 0; i < o->address_count; i++)
		if (!sql_do(db, err, insert, "sgi", o->addresses[i], &o->guid,
			    (int64_t)i))
			return err_prefix(err, "%s", o->addresses[i]);
	return true;
}

static bool write_user(struct mirror *m, const struct mirror_object *o,
		       struct err *err)
{
	return sql_do(m->t.dir->db, err, "INSERT INTO user (guid, account, "
		      "upn, display_name, legacy_dn, password, is_admin, "
		      "disabled, hidden, changed) VALUES "
		      "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (guid) DO "
		      "UPDATE SET account = excluded.account, "
		      "upn = excluded.upn, "
		      "display_name = excluded.display_name, "
		      "legacy_dn = excluded.legacy_dn, "
		      "password = excluded.password, "
		      "is_admin = excluded.is_admin, "
		      "disabled = excluded.disabled, "
		      "hidden = excluded.hidden, changed = excluded.changed",
		      "gsssssiiii", &o->guid, o->account, o->upn,
		      o->display_name, o->legacy_dn, o->password,
		      (int64_t)o->is_admin, (int64_t)o->disabled,
		      (int64_t)o->hidden, m->t.change);
}

static bool write_recipient(struct mirror *m, const struct mirror_object *o,
			    struct err *err)
{
	return sql_do(m->t.dir->db, err, "INSERT INTO recipient (guid, kind, "
		      "alias, display_name, legacy_dn, hidden, filter, "
		      "changed) VALUES (?, ?, ?, ?, ?, ?, '', ?) "
		      "ON CONFLICT (guid) DO UPDATE SET kind = excluded.kind, "
		      "alias = excluded.alias, "
		      "display_name = excluded.display_name, "
		      "legacy_dn = excluded.legacy_dn, "
		      "hidden = excluded.hidden, changed = excluded.changed",
		      "gisssii", &o->guid, (int64_t)o->kind, o->account,
		      o->display_name, o->legacy_dn, (int64_t)o->hidden,
		      m->t.change);
}

/* It keeps the database that it is in. */
static bool write_mailbox(struct mirror *m, const struct mirror_object *o,
			  struct err *err)
{
	sqlite3 *db = m->t.dir->db;
	const struct guid *guid = guid_is_null(&o->mailbox) ? &o->guid :
		&o->mailbox;
	int64_t n;

	if (!o->has_mailbox)
		return true;
	if (!sql_number(db, 0, &n, err, "SELECT count(*) FROM mailbox WHERE "
			"user = ?", "g", &o->guid))
		return false;
	if (n > 0)
		return true;
	if (!sql_do(db, err, "INSERT INTO mailbox (guid, user, database, lcid,"
		    " disabled, quota_warn, quota_no_send, quota_no_receive, "
		    "changed) SELECT ?, ?, guid, 1033, 0, 0, 0, 0, ? "
		    "FROM database WHERE name = ? OR ? = '' "
		    "ORDER BY name LIMIT 1", "ggiss", guid, &o->guid,
		    m->t.change, o->database, o->database))
		return false;
	if (sqlite3_changes(db) > 0)
		return true;
	return err_set(err, EC_NOT_FOUND, "there is no mailbox database "
		       "\"%s\" for its mailbox; make it with \"database "
		       "new\"", o->database);
}

static void keep_links(struct mirror *m, const struct mirror_object *o)
{
	for (size_t i = 0; i < o->link_count; i++) {
		if (m->link_count == m->link_max) {
			m->link_max = m->link_max * 2 + 64;
			m->links = xrealloc(m->links, m->link_max *
					    sizeof *m->links);
		}
		m->links[m->link_count++] = (struct link){ o->guid,
			o->links[i].tag, xstrdup(o->links[i].target) };
	}
}

static bool write_all(struct mirror *m, const struct mirror_object *o,
		      const uint8_t *sum, struct err *err)
{
	sqlite3 *db = m->t.dir->db;
	struct txn t = m->t;

	t.err = err;
	/* A person can become a contact, and the reverse. */
	return sql_do(db, err, o->is_user ? "DELETE FROM recipient WHERE "
		      "guid = ?" : "DELETE FROM user WHERE guid = ? AND NOT "
		      "EXISTS (SELECT 1 FROM mailbox WHERE user = "
		      "user.guid)", "g", &o->guid) &&
		(o->is_user ? write_user(m, o, err) :
		 write_recipient(m, o, err)) &&
		write_addresses(m, o, err) && write_mailbox(m, o, err) &&
		sql_do(db, err, "DELETE FROM attribute WHERE owner = ?", "g",
		       &o->guid) &&
		txn_write_attributes(&t, &o->guid, o->attributes,
				     o->attribute_count) &&
		sql_do(db, err, "INSERT OR REPLACE INTO mirror (guid, name, "
		       "digest, pass) VALUES (?, ?, ?, ?)", "gsbi", &o->guid,
		       o->name, sum, (size_t)DIGEST_SIZE, m->pass) &&
		sql_do(db, err, "DELETE FROM removed WHERE guid = ?", "g",
		       &o->guid);
}

/* Whether the mirror has it just so already; then it is marked as seen. */
static bool is_unchanged(struct mirror *m, const struct guid *guid,
			 const uint8_t *sum, bool *out, struct err *err)
{
	sqlite3 *db = m->t.dir->db;

	if (!sql_do(db, err, "UPDATE mirror SET pass = ? WHERE guid = ? AND "
		    "digest = ?", "igb", m->pass, guid, sum,
		    (size_t)DIGEST_SIZE))
		return false;
	*out = sqlite3_changes(db) > 0;
	return true;
}

/* What was known before and can't be taken now stays as it was. */
static bool mark_seen(struct mirror *m, const struct mirror_object *object,
		      struct err *err)
{
	return sql_do(m->t.dir->db, err, "UPDATE mirror SET pass = ? WHERE "
		      "guid = ?", "ig", m->pass, &object->guid);
}

static bool write_one(struct mirror *m, const struct mirror_object *object,
		      const uint8_t *sum, struct err *err)
{
	sqlite3 *db = m->t.dir->db;
	struct mirror_object o;
	struct err why;

	if (!complete(m, object, &o, &why)) {
		skip(m, object, why.text);
		return mark_seen(m, object, err);
	}
	if (!sql_run(db, "SAVEPOINT object", err))
		return false;
	if (write_all(m, &o, sum, &why)) {
		m->counts.written++;
		keep_links(m, &o);
		return sql_run(db, "RELEASE object", err);
	}
	skip(m, object, why.text);
	return sql_run(db, "ROLLBACK TO object", err) &&
		sql_run(db, "RELEASE object", err) &&
		mark_seen(m, object, err);
}

bool mirror_put(struct mirror *m, const struct mirror_object *object,
		struct err *err)
{
	uint8_t sum[DIGEST_SIZE];
	bool unchanged;

	m->counts.seen++;
	digest(object, sum);
	if (!is_unchanged(m, &object->guid, sum, &unchanged, err))
		return false;
	return unchanged || write_one(m, object, sum, err);
}

/* Removing ------------------------------------------------------------- */

static bool retire(struct mirror *m, const struct guid *guid,
		   struct err *err)
{
	sqlite3 *db = m->t.dir->db;

	m->counts.removed++;
	return sql_do(db, err, "DELETE FROM recipient WHERE guid = ?", "g",
		      guid) &&
		sql_do(db, err, "DELETE FROM user WHERE guid = ? AND NOT "
		       "EXISTS (SELECT 1 FROM mailbox WHERE user = "
		       "user.guid)", "g", guid) &&
		sql_do(db, err, "UPDATE user SET disabled = 1, hidden = 1, "
		       "changed = ? WHERE guid = ?", "ig", m->t.change,
		       guid) &&
		sql_do(db, err, "DELETE FROM mirror WHERE guid = ?", "g",
		       guid);
}

bool mirror_remove(struct mirror *m, const struct guid *guid, struct err *err)
{
	int64_t n;

	if (!sql_number(m->t.dir->db, 0, &n, err, "SELECT count(*) FROM mirror"
			" WHERE guid = ?", "g", guid))
		return false;
	return n == 0 || retire(m, guid, err);
}

static bool retire_unseen(struct mirror *m, struct err *err)
{
	struct guid *gone = NULL;
	size_t n = 0, max = 0;
	sqlite3_stmt *q;
	bool ok = true;

	if (!sql_query(m->t.dir->db, &q, err, "SELECT guid FROM mirror WHERE "
		       "pass != ?", "i", m->pass))
		return false;
	while (sql_next(q, &ok, err)) {
		if (n == max) {
			max = max * 2 + 64;
			gone = xrealloc(gone, max * sizeof *gone);
		}
		gone[n++] = sql_guid(q, 0);
	}
	sqlite3_finalize(q);
	for (size_t i = 0; ok && i < n; i++)
		ok = retire(m, &gone[i], err);
	free(gone);
	return ok;
}

/* The end -------------------------------------------------------------- */

/* Links to what is not mirrored are left out, and looked at again by the next
 * full pass: it may be then. */
static bool write_link(struct mirror *m, const struct link *link,
		       size_t position, struct err *err)
{
	sqlite3 *db = m->t.dir->db;
	int64_t known;

	if (!sql_number(db, 0, &known, err, "SELECT count(*) FROM mirror "
			"WHERE name = ?", "s", link->target))
		return false;
	if (known == 0)
		return sql_do(db, err, "UPDATE mirror SET digest = x'00' "
			      "WHERE guid = ?", "g", &link->owner);
	return sql_do(db, err, "INSERT OR IGNORE INTO attribute (owner, tag, "
		      "position, value) SELECT ?, ?, ?, guid FROM mirror "
		      "WHERE name = ? LIMIT 1", "giis", &link->owner,
		      (int64_t)link->tag, (int64_t)position, link->target);
}

static bool write_links(struct mirror *m, struct err *err)
{
	for (size_t i = 0; i < m->link_count; i++)
		if (!write_link(m, &m->links[i], i, err))
			return false;
	return true;
}

/* Where the next pass goes on, and when this one was. */
static bool write_state(struct mirror *m, sqlite3 *db, const char *source,
			const char *cookie, struct err *err)
{
	int64_t now = (int64_t)time(NULL);

	return sql_do(db, err, "UPDATE mirror_state SET pass = ?, source = ?, "
		      "cookie = ?, synchronised = ?, "
		      "full = CASE ? WHEN 1 THEN ? ELSE full END, tried = ?, "
		      "error = ''", "issiiii", m->pass, source, cookie, now,
		      (int64_t)m->full, now, now);
}

/* Most passes change nothing: nobody should read the directory anew then. */
static bool end_unchanged(struct mirror *m, const char *source,
			  const char *cookie)
{
	struct directory *dir = m->t.dir;
	bool ok;

	txn_end(&m->t, false);
	/* What was marked as seen is not any more. */
	m->pass--;
	pthread_mutex_lock(&dir->db_lock);
	ok = write_state(m, dir->db, source, cookie, &m->err);
	pthread_mutex_unlock(&dir->db_lock);
	return ok;
}

bool mirror_end(struct mirror *m, const char *source, const char *cookie,
		struct mirror_counts *counts, struct err *err)
{
	bool ok = !m->full || retire_unseen(m, &m->err);

	*counts = m->counts;
	if (ok && counts->written == 0 && counts->removed == 0)
		ok = end_unchanged(m, source, cookie);
	else
		ok = txn_end(&m->t, ok && write_links(m, &m->err) &&
			     write_state(m, m->t.dir->db, source, cookie,
					 &m->err));
	if (!ok && err != NULL)
		*err = m->err;
	mirror_free(m);
	return ok;
}

/* State ---------------------------------------------------------------- */

bool mirror_state(struct directory *dir, struct arena *arena,
		  struct mirror_state *out, struct err *err)
{
	sqlite3_stmt *q;
	bool ok;

	pthread_mutex_lock(&dir->db_lock);
	ok = sql_query(dir->db, &q, err, "SELECT source, cookie, synchronised,"
		       " full, tried, error, (SELECT count(*) FROM mirror) "
		       "FROM mirror_state", "");
	if (ok && sql_next(q, &ok, err)) {
		out->source = sql_text(q, 0, arena);
		out->cookie = sql_text(q, 1, arena);
		out->synchronised = sqlite3_column_int64(q, 2);
		out->full = sqlite3_column_int64(q, 3);
		out->tried = sqlite3_column_int64(q, 4);
		out->error = sql_text(q, 5, arena);
		out->objects = (uint64_t)sqlite3_column_int64(q, 6);
		sqlite3_finalize(q);
	}
	pthread_mutex_unlock(&dir->db_lock);
	return ok;
}

bool mirror_failed(struct directory *dir, const char *text, struct err *err)
{
	bool ok;

	pthread_mutex_lock(&dir->db_lock);
	ok = sql_do(dir->db, err, "UPDATE mirror_state SET tried = ?, "
		    "error = ?", "is", (int64_t)time(NULL), text);
	pthread_mutex_unlock(&dir->db_lock);
	return ok;
}

bool mirror_owns(struct directory *dir, const struct guid *guid,
		 struct arena *arena, const char **name, struct err *err)
{
	sqlite3_stmt *q;
	bool ok = true, found = false;

	pthread_mutex_lock(&dir->db_lock);
	if (sql_query(dir->db, &q, err, "SELECT name FROM mirror WHERE "
		      "guid = ?", "g", guid)) {
		found = sql_next(q, &ok, err);
		if (found && name != NULL)
			*name = sql_text(q, 0, arena);
		sqlite3_finalize(q);
	}
	pthread_mutex_unlock(&dir->db_lock);
	return found;
}
