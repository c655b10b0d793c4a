/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/sql.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

/* "PHdr", in the file's header: tells it from other SQLite files. */
enum { APPLICATION_ID = 0x50486472, BUSY_MS = 10000 };

/*
 * Each step brings the schema from its index to the next number.  They stay
 * as they are once released; a change is a new step.
 */
static const char *const steps[SQL_SCHEMA] = {
	"CREATE TABLE organisation ("
	" id INTEGER PRIMARY KEY CHECK (id = 1),"
	" guid BLOB NOT NULL, name TEXT NOT NULL,"
	" change INTEGER NOT NULL);"
	"CREATE TABLE domain ("
	" name TEXT PRIMARY KEY COLLATE NOCASE,"
	" position INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE server ("
	" guid BLOB PRIMARY KEY,"
	" name TEXT NOT NULL UNIQUE COLLATE NOCASE,"
	" fqdn TEXT NOT NULL UNIQUE COLLATE NOCASE,"
	" version TEXT NOT NULL, make TEXT NOT NULL,"
	" changed INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE database ("
	" guid BLOB PRIMARY KEY,"
	" name TEXT NOT NULL UNIQUE COLLATE NOCASE,"
	" server BLOB NOT NULL REFERENCES server (guid),"
	" path TEXT NOT NULL UNIQUE,"
	" changed INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE user ("
	" guid BLOB PRIMARY KEY,"
	" account TEXT NOT NULL UNIQUE COLLATE NOCASE,"
	" upn TEXT NOT NULL UNIQUE COLLATE NOCASE,"
	" display_name TEXT NOT NULL,"
	" legacy_dn TEXT NOT NULL UNIQUE COLLATE NOCASE,"
	" password TEXT NOT NULL,"
	" is_admin INTEGER NOT NULL, disabled INTEGER NOT NULL,"
	" changed INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE address ("
	" address TEXT PRIMARY KEY COLLATE NOCASE,"
	" user BLOB NOT NULL REFERENCES user (guid) ON DELETE CASCADE,"
	" position INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE mailbox ("
	" guid BLOB PRIMARY KEY,"
	" user BLOB NOT NULL UNIQUE REFERENCES user (guid),"
	" database BLOB NOT NULL REFERENCES database (guid),"
	" lcid INTEGER NOT NULL, disabled INTEGER NOT NULL,"
	" quota_warn INTEGER NOT NULL, quota_no_send INTEGER NOT NULL,"
	" quota_no_receive INTEGER NOT NULL,"
	" changed INTEGER NOT NULL) WITHOUT ROWID;",

	"CREATE INDEX address_user ON address (user, position);"
	"CREATE INDEX mailbox_database ON mailbox (database);"
	"CREATE INDEX database_server ON database (server);",

	/* Until now Basic was all that a server of ours accepted. */
	"ALTER TABLE server ADD COLUMN site TEXT NOT NULL "
	" DEFAULT 'Default-First-Site-Name';"
	"ALTER TABLE server ADD COLUMN roles INTEGER NOT NULL DEFAULT 3;"
	"ALTER TABLE server ADD COLUMN assertion_key BLOB;"
	"ALTER TABLE server ADD COLUMN account_hash BLOB;"
	"CREATE TABLE vdir ("
	" guid BLOB PRIMARY KEY,"
	" server BLOB NOT NULL REFERENCES server (guid),"
	" back_end INTEGER NOT NULL,"
	" name TEXT NOT NULL, website TEXT NOT NULL,"
	" internal_url TEXT NOT NULL, external_url TEXT NOT NULL,"
	" methods INTEGER,"
	" ep_checking INTEGER NOT NULL, ep_flags INTEGER NOT NULL,"
	" when_created INTEGER NOT NULL, when_changed INTEGER NOT NULL,"
	" UNIQUE (server, back_end)) WITHOUT ROWID;"
	"CREATE TABLE vdir_spn ("
	" vdir BLOB NOT NULL REFERENCES vdir (guid) ON DELETE CASCADE,"
	" position INTEGER NOT NULL, spn TEXT NOT NULL,"
	" PRIMARY KEY (vdir, position)) WITHOUT ROWID;"
	"INSERT INTO vdir SELECT randomblob(16), guid, b.back_end, 'mapi', "
	" CASE b.back_end WHEN 1 THEN 'Exchange Back End' "
	"  ELSE 'Default Web Site' END, "
	" 'https://' || fqdn || CASE WHEN b.back_end = 1 AND "
	"  lower(make) != 'gromox' THEN ':444' ELSE '' END || '/mapi', '', "
	" CASE WHEN b.back_end = 1 THEN NULL "
	"  WHEN lower(make) IN ('posthouse', '') THEN 1 "
	"  WHEN version LIKE 'Version 15.0%' THEN 4 ELSE 14 END, 0, 0, "
	" (unixepoch() + 11644473600) * 10000000, "
	" (unixepoch() + 11644473600) * 10000000 "
	" FROM server, (SELECT 0 AS back_end UNION SELECT 1) b;"
	"CREATE TABLE change ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL,"
	" who TEXT NOT NULL, cmdlet TEXT NOT NULL, operation TEXT NOT NULL,"
	" class TEXT NOT NULL, object TEXT NOT NULL, guid BLOB NOT NULL);"
	"CREATE TABLE change_property ("
	" change INTEGER NOT NULL REFERENCES change (id) ON DELETE CASCADE,"
	" name TEXT NOT NULL, before TEXT, after TEXT);"
	"CREATE INDEX change_property_change ON change_property (change);",

	"ALTER TABLE user ADD COLUMN nt_hash BLOB;",

	/* Recipients beside users, what recipients have, address lists. */
	"ALTER TABLE user ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE organisation ADD COLUMN lists_changed INTEGER NOT NULL "
	" DEFAULT 0;"
	"ALTER TABLE organisation ADD COLUMN self_attributes TEXT NOT NULL "
	" DEFAULT 'telephoneNumber,homePhone,mobile,userSMIMECertificate,"
	"userCertificate,thumbnailPhoto,publicDelegates';"
	"CREATE TABLE recipient ("
	" guid BLOB PRIMARY KEY, kind INTEGER NOT NULL,"
	" alias TEXT NOT NULL UNIQUE COLLATE NOCASE,"
	" display_name TEXT NOT NULL,"
	" legacy_dn TEXT NOT NULL UNIQUE COLLATE NOCASE,"
	" hidden INTEGER NOT NULL, filter TEXT NOT NULL,"
	" changed INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE recipient_address ("
	" address TEXT PRIMARY KEY COLLATE NOCASE,"
	" recipient BLOB NOT NULL REFERENCES recipient (guid) "
	"  ON DELETE CASCADE,"
	" position INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX recipient_address_recipient ON recipient_address "
	" (recipient, position);"
	"CREATE TABLE attribute ("
	" owner BLOB NOT NULL, tag INTEGER NOT NULL,"
	" position INTEGER NOT NULL, value NOT NULL,"
	" PRIMARY KEY (owner, tag, position)) WITHOUT ROWID;"
	"CREATE INDEX attribute_link ON attribute (value) "
	" WHERE length(value) = 16;"
	"CREATE TABLE address_list ("
	" guid BLOB PRIMARY KEY,"
	" name TEXT NOT NULL UNIQUE COLLATE NOCASE,"
	" filter TEXT NOT NULL, parent BLOB) WITHOUT ROWID;"
	"CREATE TABLE removed ("
	" guid BLOB PRIMARY KEY, changed INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX removed_changed ON removed (changed);"
	"CREATE INDEX user_changed ON user (changed);"
	"CREATE INDEX recipient_changed ON recipient (changed);"
	"CREATE TRIGGER user_removed AFTER DELETE ON user BEGIN"
	" DELETE FROM attribute WHERE owner = OLD.guid OR "
	"  (length(value) = 16 AND value = OLD.guid);"
	" INSERT OR REPLACE INTO removed SELECT OLD.guid, change "
	"  FROM organisation; END;"
	"CREATE TRIGGER recipient_removed AFTER DELETE ON recipient BEGIN"
	" DELETE FROM attribute WHERE owner = OLD.guid OR "
	"  (length(value) = 16 AND value = OLD.guid);"
	" INSERT OR REPLACE INTO removed SELECT OLD.guid, change "
	"  FROM organisation; END;"
	"CREATE TRIGGER address_taken BEFORE INSERT ON address "
	" WHEN EXISTS (SELECT 1 FROM recipient_address "
	"  WHERE address = NEW.address) BEGIN"
	" SELECT RAISE(ABORT, 'address.address'); END;"
	"CREATE TRIGGER recipient_address_taken "
	" BEFORE INSERT ON recipient_address "
	" WHEN EXISTS (SELECT 1 FROM address WHERE address = NEW.address) "
	" BEGIN SELECT RAISE(ABORT, 'address.address'); END;"
	"CREATE TRIGGER account_taken BEFORE INSERT ON user "
	" WHEN EXISTS (SELECT 1 FROM recipient WHERE alias = NEW.account) "
	" BEGIN SELECT RAISE(ABORT, 'recipient.alias'); END;"
	"CREATE TRIGGER alias_taken BEFORE INSERT ON recipient "
	" WHEN EXISTS (SELECT 1 FROM user WHERE account = NEW.alias) "
	" BEGIN SELECT RAISE(ABORT, 'recipient.alias'); END;",

	/* What another directory's objects are kept as: mirror.h. */
	"CREATE TABLE mirror ("
	" guid BLOB PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE,"
	" digest BLOB NOT NULL, pass INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX mirror_name ON mirror (name);"
	"CREATE TABLE mirror_state ("
	" id INTEGER PRIMARY KEY CHECK (id = 1), pass INTEGER NOT NULL,"
	" source TEXT NOT NULL, cookie TEXT NOT NULL,"
	" synchronised INTEGER NOT NULL, full INTEGER NOT NULL,"
	" tried INTEGER NOT NULL, error TEXT NOT NULL);"
	"INSERT INTO mirror_state VALUES (1, 0, '', '', 0, 0, 0, '');",

	"ALTER TABLE user ADD COLUMN object_id TEXT NOT NULL DEFAULT '' "
	" COLLATE NOCASE;"
	"CREATE UNIQUE INDEX user_object_id ON user (object_id) "
	" WHERE object_id != '';",
};

/* "UNIQUE constraint failed: user.account" and the like, for people. */
static const char *const taken[][2] = {
	{ "domain.name", "the domain is there already" },
	{ "server.guid", "a server with this GUID is there already" },
	{ "server.name", "a server of this name is there already; choose "
	  "another" },
	{ "server.fqdn", "a server with this FQDN is there already" },
	{ "database.guid", "a mailbox database with this GUID is there "
	  "already" },
	{ "database.name", "a mailbox database of this name is there already; "
	  "choose another" },
	{ "database.path", "another mailbox database uses this path; choose "
	  "another" },
	{ "recipient.guid", "a recipient with this GUID is there already" },
	{ "recipient.alias", "the alias is taken; choose another" },
	{ "recipient.legacy_dn", "the legacy DN is taken; choose another" },
	{ "address_list.guid", "an address list with this GUID is there "
	  "already" },
	{ "address_list.name", "an address list of this name is there "
	  "already; choose another" },
	{ "user.guid", "a user with this GUID is there already" },
	{ "user.account", "the account is taken; choose another" },
	{ "user.upn", "the user principal name is taken; choose another" },
	{ "user.object_id", "the object id is another user's" },
	{ "user.legacy_dn", "the legacy DN is taken; choose another" },
	{ "address.address", "the e-mail address belongs to another user, or "
	  "was given twice" },
	{ "mailbox.guid", "a mailbox with this GUID is there already" },
	{ "mailbox.user", "the user has a mailbox already" },
};

static bool fail_constraint(sqlite3 *db, struct err *err)
{
	const char *text = sqlite3_errmsg(db);

	for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
		if (strstr(text, taken[i][0]) != NULL)
			return err_set(err, EC_DUPLICATE_NAME, "%s",
				       taken[i][1]);
	if (strstr(text, "FOREIGN KEY") != NULL)
		return err_set(err, EC_NOT_FOUND, "what it refers to is not "
			       "there, or something still refers to it");
	return err_set(err, EC_INVALID_PARAM, "%s", text);
}

bool sql_fail(sqlite3 *db, struct err *err)
{
	const char *file = sqlite3_db_filename(db, NULL);

	switch (sqlite3_errcode(db) & 0xff) {
	case SQLITE_CONSTRAINT:
		return fail_constraint(db, err);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(err, EC_SERVER_BUSY, "%s: another process has "
			       "held the directory for %d s; try again", file,
			       BUSY_MS / 1000);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return err_set(err, EC_CORRUPT_STORE, "%s is damaged or not a "
			       "directory: %s; restore it from a backup", file,
			       sqlite3_errmsg(db));
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return err_set(err, EC_ACCESS_DENIED, "%s: %s; run this as "
			       "root or as the daemon's user", file,
			       sqlite3_errmsg(db));
	default:
		return err_set(err, EC_DISK_ERROR, "%s: %s", file,
			       sqlite3_errmsg(db));
	}
}

bool sql_run(sqlite3 *db, const char *text, struct err *err)
{
	if (sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK)
		return true;
	return sql_fail(db, err);
}

static bool prepare(sqlite3 *db, sqlite3_stmt **out, struct err *err,
		    const char *text, const char *types, va_list ap)
{
	sqlite3_stmt *q;
	const struct guid *g;
	const void *blob;
	size_t size;

	if (sqlite3_prepare_v2(db, text, -1, &q, NULL) != SQLITE_OK)
		return sql_fail(db, err);
	for (int i = 1; *types != '\0'; types++, i++)
		switch (*types) {
		case 's':
			sqlite3_bind_text(q, i, va_arg(ap, const char *), -1,
					  SQLITE_TRANSIENT);
			break;
		case 'i':
			sqlite3_bind_int64(q, i, va_arg(ap, int64_t));
			break;
		case 'b':
			blob = va_arg(ap, const void *);
			size = va_arg(ap, size_t);
			sqlite3_bind_blob64(q, i, blob, size,
					    SQLITE_TRANSIENT);
			break;
		default:
			g = va_arg(ap, const struct guid *);
			sqlite3_bind_blob(q, i, g->b, sizeof g->b,
					  SQLITE_TRANSIENT);
		}
	*out = q;
	return true;
}

bool sql_query(sqlite3 *db, sqlite3_stmt **out, struct err *err,
	       const char *text, const char *types, ...)
{
	va_list ap;
	bool ok;

	va_start(ap, types);
	ok = prepare(db, out, err, text, types, ap);
	va_end(ap);
	return ok;
}

bool sql_do(sqlite3 *db, struct err *err, const char *text,
	    const char *types, ...)
{
	sqlite3_stmt *q = NULL;
	va_list ap;
	bool ok;

	va_start(ap, types);
	ok = prepare(db, &q, err, text, types, ap);
	va_end(ap);
	if (!ok)
		return false;
	if (sqlite3_step(q) != SQLITE_DONE)
		ok = sql_fail(db, err);
	sqlite3_finalize(q);
	return ok;
}

bool sql_next(sqlite3_stmt *q, bool *ok, struct err *err)
{
	int rc = sqlite3_step(q);

	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		*ok = sql_fail(sqlite3_db_handle(q), err);
	return rc == SQLITE_ROW;
}

bool sql_number(sqlite3 *db, int64_t absent, int64_t *out, struct err *err,
		const char *text, const char *types, ...)
{
	sqlite3_stmt *q = NULL;
	va_list ap;
	bool ok;

	va_start(ap, types);
	ok = prepare(db, &q, err, text, types, ap);
	va_end(ap);
	if (!ok)
		return false;
	if (sql_next(q, &ok, err))
		absent = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	if (ok)
		*out = absent;
	return ok;
}

struct guid sql_guid(sqlite3_stmt *q, int column)
{
	struct guid g = { { 0 } };
	const void *b = sqlite3_column_blob(q, column);

	if (b != NULL && sqlite3_column_bytes(q, column) == sizeof g.b)
		memcpy(g.b, b, sizeof g.b);
	return g;
}

const char *sql_text(sqlite3_stmt *q, int column, struct arena *arena)
{
	const unsigned char *s = sqlite3_column_text(q, column);

	return s == NULL ? "" : arena_strdup(arena, (const char *)s);
}

const uint8_t *sql_blob(sqlite3_stmt *q, int column, struct arena *arena,
			size_t *size)
{
	const void *b = sqlite3_column_blob(q, column);

	*size = b != NULL ? (size_t)sqlite3_column_bytes(q, column) : 0;
	return b != NULL ? arena_memdup(arena, b, *size) : NULL;
}

/* SQLite tells no difference; what is to be done does. */
static void fail_open(const char *path, sqlite3 *db, struct err *err)
{
	if (access(path, R_OK | W_OK) != 0 && errno == EACCES)
		err_set(err, EC_ACCESS_DENIED, "cannot open the directory %s: "
			"%s; run this as root or as the daemon's user", path,
			strerror(EACCES));
	else
		err_set(err, EC_NOT_FOUND, "cannot open the directory %s: %s; "
			"make one with \"posthouse org init\"", path,
			db != NULL ? sqlite3_errmsg(db) : "no memory");
}

/*
 * A rollback journal, not WAL: the file is written rarely and read into
 * memory, several processes would checkpoint (SQLite's WAL-reset bug), and a
 * WAL can't be shared over a network file system.
 */
bool sql_open(const char *path, sqlite3 **out, struct err *err)
{
	sqlite3 *db = NULL;

	/* The first to use SQLite sets what all share (store/vfs.c): no
	 * count of memory, which takes a lock each time.  Later it is
	 * refused, and was done. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE |
			    SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		fail_open(path, db, err);
		sqlite3_close(db);
		return false;
	}
	sqlite3_busy_timeout(db, BUSY_MS);
	sqlite3_extended_result_codes(db, 1);
	if (!sql_run(db, "PRAGMA journal_mode=TRUNCATE;"
		     "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
		     "PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF;",
		     err)) {
		sqlite3_close(db);
		return false;
	}
	*out = db;
	return true;
}

bool sql_schema(sqlite3 *db, int *out, struct err *err)
{
	int64_t id, version;

	if (!sql_number(db, 0, &id, err, "PRAGMA application_id", "") ||
	    !sql_number(db, 0, &version, err, "PRAGMA user_version", ""))
		return false;
	if (version != 0 && id != APPLICATION_ID)
		return err_set(err, EC_CORRUPT_STORE, "%s is not a directory "
			       "of Posthouse", sqlite3_db_filename(db, NULL));
	if (version > SQL_SCHEMA)
		return err_set(err, EC_INVALID_VERSION, "%s was made by a "
			       "newer Posthouse (schema %d; this one knows up "
			       "to %d); update this one",
			       sqlite3_db_filename(db, NULL), (int)version,
			       SQL_SCHEMA);
	*out = (int)version;
	return true;
}

static bool run_steps(sqlite3 *db, int target, struct err *err)
{
	char *text;
	int have;
	bool ok;

	/* Another process may have migrated while we waited for the lock. */
	if (!sql_schema(db, &have, err))
		return false;
	for (int i = have; i < target; i++)
		if (!sql_run(db, steps[i], err))
			return false;
	if (have >= target)
		return true;
	text = sqlite3_mprintf("PRAGMA application_id=%d;"
			       "PRAGMA user_version=%d;", APPLICATION_ID,
			       target);
	ok = sql_run(db, text, err);
	sqlite3_free(text);
	return ok;
}

bool sql_migrate(sqlite3 *db, int target, struct err *err)
{
	if (!sql_run(db, "BEGIN IMMEDIATE", err))
		return false;
	if (run_steps(db, target, err) && sql_run(db, "COMMIT", err))
		return true;
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return false;
}
