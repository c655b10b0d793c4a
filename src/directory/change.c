/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of the organisation, servers and mailbox databases. */
#include <string.h>

#include "directory/check.h"
#include "directory/transaction.h"
#include "directory/vdir_impl.h"

/* The organisation ----------------------------------------------------- */

static bool write_domains(struct txn *t, const struct dir_org *org)
{
	if (!sql_run(t->dir->db, "DELETE FROM domain", t->err))
		return false;
	for (size_t i = 0; i < org->domain_count; i++)
		if (!sql_do(t->dir->db, t->err, "INSERT INTO domain (name, "
			    "position) VALUES (?, ?)", "si", org->domains[i],
			    (int64_t)i))
			return false;
	return true;
}

bool dir_check_org(const struct dir_org *org, struct err *err)
{
	if (!dir_check_name("the organisation's name", org->name, err))
		return false;
	if (org->domain_count == 0)
		return err_set(err, EC_INVALID_PARAM, "an organisation needs "
			       "at least one domain");
	for (size_t i = 0; i < org->domain_count; i++)
		if (!dir_check_domain(org->domains[i], err))
			return false;
	return true;
}

static bool update_org(struct txn *t, const struct dir_org *org,
		       const struct guid *guid)
{
	struct audit_row before;

	return audit_read(t, &audit_org, guid, &before) &&
		sql_do(t->dir->db, t->err, "UPDATE organisation SET name = ?",
		       "s", org->name) &&
		write_domains(t, org) &&
		audit_record(t, &audit_org, guid, &before);
}

bool directory_set_org(struct directory *dir, const struct dir_org *org,
		       struct err *err)
{
	struct guid guid = org->guid;
	struct txn t;

	if (guid_is_null(&guid)) {
		guid = snapshot_enter(dir)->org.guid;
		snapshot_leave(dir);
	}
	return dir_check_org(org, err) && txn_begin(&t, dir, err) &&
		txn_end(&t, update_org(&t, org, &guid));
}

/* Servers -------------------------------------------------------------- */

static bool check_server(const struct dir_server *s, struct err *err)
{
	if (!dir_check_name("the server's name", s->name, err) ||
	    !dir_check_domain(s->fqdn, err) ||
	    !dir_check_name("the site", s->site, err))
		return false;
	if (strpbrk(s->name, "/=\\ *") != NULL)
		return err_set(err, EC_INVALID_PARAM, "\"%s\" can't be a "
			       "server's name: leave out spaces and / = \\ *",
			       s->name);
	if (s->roles == 0 || s->roles & ~(unsigned)DIR_ROLES_ALL)
		return err_set(err, EC_INVALID_PARAM, "a server needs a role: "
			       "mailbox, frontend or both");
	return true;
}

/* A make as it is written, whatever the case. */
static bool complete_make(struct dir_server *s, struct err *err)
{
	static const char *const makes[] = { "Posthouse", "Exchange",
					     "gromox" };

	if (s->make == NULL || *s->make == '\0')
		s->make = makes[0];
	for (size_t i = 0; i < sizeof makes / sizeof makes[0]; i++)
		if (dir_same(makes[i], s->make)) {
			s->make = makes[i];
			return true;
		}
	return err_set(err, EC_INVALID_PARAM, "\"%s\" is no make of server; "
		       "write Posthouse, Exchange or gromox", s->make);
}

static bool complete_version(struct arena *arena, struct dir_server *s,
			     struct err *err)
{
	unsigned v[4];

	if (s->version == NULL || *s->version == '\0') {
		s->version = dir_same(s->make, "Posthouse") ?
			DIR_POSTHOUSE_VERSION : "";
		return true;
	}
	if (!dir_version_parse(s->version, &v[0], &v[1], &v[2], &v[3]))
		return err_set(err, EC_INVALID_PARAM, "\"%s\" is not a "
			       "version; write one as Exchange does, such as "
			       "\"Version 15.1 (Build 2507.6)\" or 15.1.2507.6",
			       s->version);
	s->version = dir_version_format(arena, v[0], v[1], v[2], v[3]);
	return true;
}

/* What was not given, and all in the form that is kept. */
static bool complete_server(struct arena *arena, struct dir_server *s,
			    struct err *err)
{
	if (guid_is_null(&s->guid))
		s->guid = guid_new();
	if (s->site == NULL || *s->site == '\0')
		s->site = DIR_DEFAULT_SITE;
	if (s->roles == 0)
		s->roles = DIR_ROLES_ALL;
	return complete_make(s, err) && complete_version(arena, s, err) &&
		check_server(s, err);
}

static bool insert_server(struct txn *t, const struct dir_server *s)
{
	return sql_do(t->dir->db, t->err, "INSERT INTO server (guid, name, "
		      "fqdn, version, make, site, roles, assertion_key, "
		      "account_hash, changed) "
		      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", "gsssssibbi",
		      &s->guid, s->name, s->fqdn, s->version, s->make, s->site,
		      (int64_t)s->roles, s->assertion_key,
		      (size_t)DIR_ASSERTION_KEY_SIZE, s->account_hash,
		      s->account_hash_size, t->change) &&
		audit_record(t, &audit_server, &s->guid, NULL) &&
		vdir_add_defaults(t, s);
}

bool directory_new_server(struct directory *dir, struct dir_server *server,
			  struct err *err)
{
	struct arena *arena = arena_new(0);
	struct dir_server s = *server;
	struct txn t;
	bool ok;

	ok = complete_server(arena, &s, err) && txn_begin(&t, dir, err) &&
		txn_end(&t, insert_server(&t, &s));
	arena_free(arena);
	if (ok)
		server->guid = s.guid;
	return ok;
}

/* As it is in the file: what its virtual directories follow from. */
static bool stored_server(struct txn *t, const struct guid *guid,
			  struct dir_server *out)
{
	sqlite3_stmt *q;
	bool ok = true;

	*out = (struct dir_server){ .guid = *guid, .fqdn = "", .make = "" };
	if (!sql_query(t->dir->db, &q, t->err, "SELECT fqdn, make, roles FROM "
		       "server WHERE guid = ?", "g", guid))
		return false;
	if (sql_next(q, &ok, t->err)) {
		out->fqdn = sql_text(q, 0, t->arena);
		out->make = sql_text(q, 1, t->arena);
		out->roles = (unsigned)sqlite3_column_int(q, 2);
	}
	sqlite3_finalize(q);
	return ok;
}

static bool update_server(struct txn *t, const struct dir_server *s)
{
	struct audit_row before;
	struct dir_server was;

	if (!stored_server(t, &s->guid, &was) ||
	    !audit_read(t, &audit_server, &s->guid, &before))
		return false;
	if (!(s->roles & DIR_ROLE_MAILBOX) &&
	    !txn_unused(t, "SELECT count(*) FROM database WHERE server = ?",
			&s->guid, "%d mailbox databases are active on the "
			"server; give them another one before it loses the "
			"mailbox role"))
		return false;
	return sql_do(t->dir->db, t->err, "UPDATE server SET name = ?, "
		      "fqdn = ?, version = ?, make = ?, site = ?, roles = ?, "
		      "assertion_key = ?, account_hash = ?, changed = ? "
		      "WHERE guid = ?", "sssssibbig", s->name, s->fqdn,
		      s->version, s->make, s->site, (int64_t)s->roles,
		      s->assertion_key, (size_t)DIR_ASSERTION_KEY_SIZE,
		      s->account_hash, s->account_hash_size, t->change,
		      &s->guid) &&
		txn_hit(t, "server") && vdir_follow_server(t, &was, s) &&
		audit_record(t, &audit_server, &s->guid, &before);
}

bool directory_set_server(struct directory *dir,
			  const struct dir_server *server, struct err *err)
{
	struct arena *arena = arena_new(0);
	struct dir_server s = *server;
	struct txn t;
	bool ok;

	ok = complete_server(arena, &s, err) && txn_begin(&t, dir, err) &&
		txn_end(&t, update_server(&t, &s));
	arena_free(arena);
	return ok;
}

static bool remove_server(struct txn *t, const struct guid *guid)
{
	struct audit_row before;

	return txn_unused(t, "SELECT count(*) FROM database WHERE server = ?",
			  guid, "%d mailbox databases are active on the "
			  "server; remove them first or give them another "
			  "server") &&
		vdir_remove_all(t, guid) &&
		audit_read(t, &audit_server, guid, &before) &&
		sql_do(t->dir->db, t->err, "DELETE FROM server WHERE guid = ?",
		       "g", guid) && txn_hit(t, "server") &&
		audit_record(t, &audit_server, guid, &before);
}

bool directory_remove_server(struct directory *dir, const struct guid *guid,
			     struct err *err)
{
	struct txn t;

	return txn_begin(&t, dir, err) && txn_end(&t, remove_server(&t, guid));
}

/* Mailbox databases ---------------------------------------------------- */

/* As it is stored: relative when below the directory's own folder. */
static const char *stored_path(const struct directory *dir, const char *path)
{
	size_t len = strlen(dir->base);

	if (strncmp(path, dir->base, len) == 0 && path[len] == '/' &&
	    path[len + 1] != '\0')
		return path + len + 1;
	return path;
}

static bool check_database(const struct dir_database *db, struct err *err)
{
	return dir_check_name("the mailbox database's name", db->name, err) &&
		dir_check_name("the mailbox database's path", db->path, err);
}

/* Where it is active must have the mailbox role. */
static bool check_active(struct txn *t, const struct guid *server)
{
	int64_t roles;

	if (!sql_number(t->dir->db, -1, &roles, t->err, "SELECT roles FROM "
			"server WHERE guid = ?", "g", server))
		return false;
	if (roles < 0)
		return err_set(t->err, EC_NOT_FOUND, "the server for the "
			       "mailbox database is not there");
	if (!(roles & DIR_ROLE_MAILBOX))
		return err_set(t->err, EC_INVALID_PARAM, "the server has no "
			       "mailbox role; choose another, or give it the "
			       "role with \"server set --roles\"");
	return true;
}

static bool insert_database(struct txn *t, const struct guid *guid,
			    const struct dir_database *db)
{
	return check_active(t, &db->server) &&
		sql_do(t->dir->db, t->err, "INSERT INTO database (guid, name, "
		       "server, path, changed) VALUES (?, ?, ?, ?, ?)",
		       "gsgsi", guid, db->name, &db->server,
		       stored_path(t->dir, db->path), t->change) &&
		audit_record(t, &audit_database, guid, NULL);
}

bool directory_new_database(struct directory *dir, struct dir_database *db,
			    struct err *err)
{
	struct guid guid = db->guid;
	struct txn t;

	if (guid_is_null(&guid))
		guid = guid_new();
	if (!check_database(db, err) || !txn_begin(&t, dir, err) ||
	    !txn_end(&t, insert_database(&t, &guid, db)))
		return false;
	db->guid = guid;
	return true;
}

static bool update_database(struct txn *t, const struct dir_database *db)
{
	struct audit_row before;

	return check_active(t, &db->server) &&
		audit_read(t, &audit_database, &db->guid, &before) &&
		sql_do(t->dir->db, t->err, "UPDATE database SET name = ?, "
		       "server = ?, path = ?, changed = ? WHERE guid = ?",
		       "sgsig", db->name, &db->server,
		       stored_path(t->dir, db->path), t->change, &db->guid) &&
		txn_hit(t, "mailbox database") &&
		audit_record(t, &audit_database, &db->guid, &before);
}

bool directory_set_database(struct directory *dir,
			    const struct dir_database *db, struct err *err)
{
	struct txn t;

	return check_database(db, err) && txn_begin(&t, dir, err) &&
		txn_end(&t, update_database(&t, db));
}

static bool remove_database(struct txn *t, const struct guid *guid)
{
	struct audit_row before;

	return txn_unused(t, "SELECT count(*) FROM mailbox WHERE "
			  "database = ?", guid, "%d mailboxes are in the "
			  "mailbox database; remove them first") &&
		audit_read(t, &audit_database, guid, &before) &&
		sql_do(t->dir->db, t->err, "DELETE FROM database WHERE "
		       "guid = ?", "g", guid) &&
		txn_hit(t, "mailbox database") &&
		audit_record(t, &audit_database, guid, &before);
}

bool directory_remove_database(struct directory *dir, const struct guid *guid,
			       struct err *err)
{
	struct txn t;

	return txn_begin(&t, dir, err) &&
		txn_end(&t, remove_database(&t, guid));
}
