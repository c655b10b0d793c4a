/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/transaction.h"

bool txn_begin(struct txn *t, struct directory *dir, struct err *err)
{
	*t = (struct txn){ .dir = dir, .err = err };
	pthread_mutex_lock(&dir->db_lock);
	if (sql_run(dir->db, "BEGIN IMMEDIATE", err) &&
	    sql_run(dir->db, "UPDATE organisation SET change = change + 1",
		    err) &&
	    sql_number(dir->db, 0, &t->change, err,
		       "SELECT change FROM organisation", "")) {
		t->arena = arena_new(0);
		return true;
	}
	sqlite3_exec(dir->db, "ROLLBACK", NULL, NULL, NULL);
	pthread_mutex_unlock(&dir->db_lock);
	return false;
}

bool txn_end(struct txn *t, bool ok)
{
	struct directory *dir = t->dir;

	ok = ok && sql_run(dir->db, "COMMIT", t->err);
	if (ok) {
		atomic_store(&dir->stale, true);
		atomic_store(&dir->change, (uint64_t)t->change);
	} else {
		sqlite3_exec(dir->db, "ROLLBACK", NULL, NULL, NULL);
	}
	pthread_mutex_unlock(&dir->db_lock);
	arena_free(t->arena);
	return ok;
}

bool txn_hit(struct txn *t, const char *what)
{
	if (sqlite3_changes(t->dir->db) > 0)
		return true;
	return err_set(t->err, EC_NOT_FOUND, "there is no such %s (any more)",
		       what);
}

bool txn_ours(struct txn *t, const struct guid *guid)
{
	sqlite3_stmt *q;
	bool ok = true;

	if (!sql_query(t->dir->db, &q, t->err, "SELECT name FROM mirror WHERE "
		       "guid = ?", "g", guid))
		return false;
	if (sql_next(q, &ok, t->err))
		ok = err_set(t->err, EC_ACCESS_DENIED, "it comes from the LDAP "
			     "directory, as %.200s; change it there",
			     sql_text(q, 0, t->arena));
	sqlite3_finalize(q);
	return ok;
}

bool txn_unused(struct txn *t, const char *count, const struct guid *guid,
		const char *why)
{
	int64_t n;

	if (!sql_number(t->dir->db, 0, &n, t->err, count, "g", guid))
		return false;
	if (n > 0)
		return err_set(t->err, EC_INVALID_PARAM, why, (int)n);
	return true;
}
