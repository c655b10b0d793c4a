/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/audit.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "directory/transaction.h"

/* What is recorded of each class --------------------------------------- */

const struct audit_class audit_org = {
	"Organization", "SELECT o.name, o.name AS Name, "
	"(SELECT group_concat(name, ', ') FROM (SELECT name FROM domain "
	"ORDER BY position)) AS AcceptedDomains "
	"FROM organisation o WHERE o.guid = ?"
};

const struct audit_class audit_server = {
	"Server", "SELECT name, name AS Name, fqdn AS Fqdn, "
	"version AS AdminDisplayVersion, site AS Site, "
	"ph_roles(roles) AS ServerRole, make AS Make, "
	"lower(hex(assertion_key)) AS AssertionKey, "
	"hex(account_hash) AS \"*AccountHash\" FROM server WHERE guid = ?"
};

const struct audit_class audit_database = {
	"MailboxDatabase", "SELECT d.name, d.name AS Name, "
	"s.name AS Server, d.path AS Path "
	"FROM database d JOIN server s ON s.guid = d.server WHERE d.guid = ?"
};

const struct audit_class audit_vdir = {
	"MapiVirtualDirectory", "SELECT s.name || '\\' || v.name || ' (' || "
	"v.website || ')', v.internal_url AS InternalUrl, "
	"v.external_url AS ExternalUrl, "
	"ph_methods(v.methods) AS IISAuthenticationMethods, "
	"ph_ep(v.ep_checking) AS ExtendedProtectionTokenChecking, "
	"ph_ep_flags(v.ep_flags) AS ExtendedProtectionFlags, "
	"(SELECT group_concat(spn, ', ') FROM (SELECT spn FROM vdir_spn "
	"WHERE vdir = v.guid ORDER BY position)) AS "
	"ExtendedProtectionSPNList "
	"FROM vdir v JOIN server s ON s.guid = v.server WHERE v.guid = ?"
};

const struct audit_class audit_user = {
	"User", "SELECT u.account, u.account AS Account, "
	"u.upn AS UserPrincipalName, u.display_name AS DisplayName, "
	"u.legacy_dn AS LegacyExchangeDN, "
	"(SELECT group_concat(address, ', ') FROM (SELECT address FROM "
	"address WHERE user = u.guid ORDER BY position)) AS EmailAddresses, "
	"u.password AS \"*Password\", hex(u.nt_hash) AS \"*NtHash\", "
	"u.object_id AS ObjectId, "
	"ph_flag(u.is_admin) AS Administrator, "
	"ph_flag(u.disabled) AS Disabled FROM user u WHERE u.guid = ?"
};

const struct audit_class audit_mailbox = {
	"Mailbox", "SELECT u.account, d.name AS Database, m.lcid AS Lcid, "
	"ph_flag(m.disabled) AS Disabled, "
	"m.quota_warn AS IssueWarningQuota, "
	"m.quota_no_send AS ProhibitSendQuota, "
	"m.quota_no_receive AS ProhibitSendReceiveQuota "
	"FROM mailbox m JOIN user u ON u.guid = m.user "
	"JOIN database d ON d.guid = m.database WHERE m.guid = ?"
};

/* SQL functions: sets of bits as their names --------------------------- */

static void give(sqlite3_context *c, const char *text)
{
	sqlite3_result_text(c, text, -1, SQLITE_TRANSIENT);
}

static void sql_methods(sqlite3_context *c, int argc, sqlite3_value **argv)
{
	struct arena *arena;

	if (sqlite3_value_type(argv[0]) == SQLITE_NULL) {
		give(c, "Inherited");
		return;
	}
	arena = arena_new(256);
	give(c, dir_methods_text(arena,
				 (unsigned)sqlite3_value_int(argv[0])));
	arena_free(arena);
}

static void sql_ep(sqlite3_context *c, int argc, sqlite3_value **argv)
{
	give(c, dir_ep_name((enum dir_ep)sqlite3_value_int(argv[0])));
}

static void sql_ep_flags(sqlite3_context *c, int argc, sqlite3_value **argv)
{
	unsigned flags = (unsigned)sqlite3_value_int(argv[0]);
	char text[128] = "";

	for (unsigned bit = 1; bit <= DIR_EP_FLAGS_ALL; bit <<= 1) {
		size_t len = strlen(text);

		if (flags & bit)
			snprintf(text + len, sizeof text - len, "%s%s",
				 len > 0 ? ", " : "",
				 dir_ep_flag_name((enum dir_ep_flag)bit));
	}
	give(c, text);
}

static void sql_roles(sqlite3_context *c, int argc, sqlite3_value **argv)
{
	static const char *const names[] = { "", "Mailbox", "ClientAccess",
					     "Mailbox, ClientAccess" };

	give(c, names[sqlite3_value_int(argv[0]) & DIR_ROLES_ALL]);
}

static void sql_flag(sqlite3_context *c, int argc, sqlite3_value **argv)
{
	give(c, sqlite3_value_int(argv[0]) != 0 ? "True" : "False");
}

bool audit_functions(sqlite3 *db, struct err *err)
{
	static const struct {
		const char *name;
		void (*call)(sqlite3_context *, int, sqlite3_value **);
	} functions[] = {
		{ "ph_methods", sql_methods }, { "ph_ep", sql_ep },
		{ "ph_ep_flags", sql_ep_flags }, { "ph_roles", sql_roles },
		{ "ph_flag", sql_flag },
	};

	for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
		if (sqlite3_create_function(db, functions[i].name, 1,
				SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
				functions[i].call, NULL, NULL) != SQLITE_OK)
			return sql_fail(db, err);
	return true;
}

/* Recording ------------------------------------------------------------ */

bool audit_read(struct txn *t, const struct audit_class *class,
		const struct guid *guid, struct audit_row *out)
{
	struct audit_row row = { .present = false };
	sqlite3_stmt *q;
	bool ok = true;

	if (!sql_query(t->dir->db, &q, t->err, class->select, "g", guid))
		return false;
	if (sql_next(q, &ok, t->err)) {
		row.present = true;
		row.object = sql_text(q, 0, t->arena);
		for (int i = 1; i < sqlite3_column_count(q) &&
		     row.count < AUDIT_COLUMNS; i++, row.count++) {
			row.names[row.count] = arena_strdup(t->arena,
					sqlite3_column_name(q, i));
			if (sqlite3_column_type(q, i) != SQLITE_NULL)
				row.values[row.count] = sql_text(q, i,
								 t->arena);
		}
	}
	sqlite3_finalize(q);
	if (ok)
		*out = row;
	return ok;
}

/* NULL and "" are the same: there is nothing. */
static bool differ(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") != 0;
}

static const char *shown(bool secret, const char *value)
{
	return secret && value != NULL && *value != '\0' ? "(secret)" : value;
}

static bool record_property(struct txn *t, int64_t id, const char *name,
			    const char *before, const char *after)
{
	bool secret = name[0] == '*';

	if (!differ(before, after))
		return true;
	return sql_do(t->dir->db, t->err, "INSERT INTO change_property "
		      "(change, name, before, after) VALUES (?, ?, ?, ?)",
		      "isss", id, name + secret, shown(secret, before),
		      shown(secret, after));
}

static bool record_entry(struct txn *t, const struct audit_class *class,
			 const char *operation, const char *object,
			 const struct guid *guid, int64_t *id)
{
	if (!sql_do(t->dir->db, t->err, "INSERT INTO change (time, who, "
		    "cmdlet, operation, class, object, guid) "
		    "VALUES (?, ?, ?, ?, ?, ?, ?)", "isssssg",
		    (int64_t)filetime_now(), t->dir->who, t->dir->cmdlet,
		    operation, class->name, object, guid))
		return false;
	*id = sqlite3_last_insert_rowid(t->dir->db);
	return true;
}

static bool has_changed(const struct audit_row *before,
			const struct audit_row *after)
{
	if (before->present != after->present)
		return true;
	for (size_t i = 0; i < after->count; i++)
		if (differ(before->values[i], after->values[i]))
			return true;
	return false;
}

bool audit_record(struct txn *t, const struct audit_class *class,
		  const struct guid *guid, const struct audit_row *before)
{
	static const struct audit_row none;
	struct audit_row after;
	const struct audit_row *any;
	int64_t id;

	if (before == NULL)
		before = &none;
	if (!audit_read(t, class, guid, &after))
		return false;
	if (!has_changed(before, &after))
		return true;
	any = after.present ? &after : before;
	if (!record_entry(t, class, !before->present ? "New" :
			  after.present ? "Set" : "Remove", any->object, guid,
			  &id))
		return false;
	for (size_t i = 0; i < any->count; i++)
		if (!record_property(t, id, any->names[i], before->values[i],
				     after.values[i]))
			return false;
	return true;
}

/* Who ------------------------------------------------------------------ */

static void set_text(char **at, const char *text)
{
	if (text == NULL)
		return;
	free(*at);
	*at = xstrdup(text);
}

void directory_set_actor(struct directory *dir, const char *who,
			 const char *cmdlet)
{
	pthread_mutex_lock(&dir->db_lock);
	set_text(&dir->who, who);
	set_text(&dir->cmdlet, cmdlet);
	pthread_mutex_unlock(&dir->db_lock);
}

char *audit_process_user(void)
{
	struct passwd pw, *found = NULL;
	char room[4096], text[32];

	if (getpwuid_r(getuid(), &pw, room, sizeof room, &found) == 0 &&
	    found != NULL)
		return xstrdup(pw.pw_name);
	snprintf(text, sizeof text, "uid %u", (unsigned)getuid());
	return xstrdup(text);
}

/* Listing -------------------------------------------------------------- */

static char *glob_of(struct arena *arena, const char *pattern)
{
	char *out = arena_alloc(arena, 3 * strlen(pattern) + 1), *o = out;

	/* Only '*' is special: "?" and "[" stand for themselves. */
	for (; *pattern != '\0'; pattern++)
		if (*pattern == '?' || *pattern == '[') {
			*o++ = '[';
			*o++ = *pattern;
			*o++ = ']';
		} else {
			*o++ = *pattern;
		}
	*o = '\0';
	return out;
}

static bool query_changes(struct directory *dir,
			  const struct dir_change_filter *f,
			  struct arena *arena, sqlite3_stmt **out,
			  struct err *err)
{
	const char *object = f->object != NULL ? f->object : "*";

	return sql_query(dir->db, out, err, "SELECT * FROM (SELECT id, time, "
		"who, cmdlet, operation, class, object, guid FROM change "
		"WHERE id > ?1 AND time >= ?2 AND (?3 = 0 OR time <= ?3) "
		"AND (?4 = '' OR who = ?4 COLLATE NOCASE) "
		"AND (?5 = '' OR cmdlet = ?5 COLLATE NOCASE) "
		"AND (?6 = '' OR class = ?6 COLLATE NOCASE) "
		"AND lower(object) GLOB lower(?7) "
		"ORDER BY id DESC LIMIT ?8) ORDER BY id", "iiissssi",
		(int64_t)f->after_id, (int64_t)f->from, (int64_t)f->until,
		f->who != NULL ? f->who : "",
		f->cmdlet != NULL ? f->cmdlet : "",
		f->object_class != NULL ? f->object_class : "",
		glob_of(arena, object),
		f->limit != 0 ? (int64_t)f->limit : INT64_C(-1));
}

static void read_change(sqlite3_stmt *q, struct arena *arena,
			struct dir_change *out)
{
	*out = (struct dir_change){
		.id = (uint64_t)sqlite3_column_int64(q, 0),
		.when = (uint64_t)sqlite3_column_int64(q, 1),
		.who = sql_text(q, 2, arena), .cmdlet = sql_text(q, 3, arena),
		.operation = sql_text(q, 4, arena),
		.object_class = sql_text(q, 5, arena),
		.object = sql_text(q, 6, arena), .guid = sql_guid(q, 7),
	};
}

static const char *text_or_null(sqlite3_stmt *q, int column,
				struct arena *arena)
{
	return sqlite3_column_type(q, column) == SQLITE_NULL ? NULL :
		sql_text(q, column, arena);
}

static bool read_properties(struct directory *dir, struct arena *arena,
			    struct dir_change *change, struct err *err)
{
	struct dir_property_change list[AUDIT_COLUMNS];
	sqlite3_stmt *q;
	bool ok = true;
	size_t n = 0;

	if (!sql_query(dir->db, &q, err, "SELECT name, before, after FROM "
		       "change_property WHERE change = ? ORDER BY rowid", "i",
		       (int64_t)change->id))
		return false;
	while (n < AUDIT_COLUMNS && sql_next(q, &ok, err))
		list[n++] = (struct dir_property_change){
			.name = sql_text(q, 0, arena),
			.before = text_or_null(q, 1, arena),
			.after = text_or_null(q, 2, arena),
		};
	sqlite3_finalize(q);
	change->properties = arena_memdup(arena, list, n * sizeof list[0]);
	change->property_count = n;
	return ok;
}

static bool read_changes(struct directory *dir,
			 const struct dir_change_filter *filter,
			 struct arena *arena, struct dir_change **out,
			 size_t *count, struct err *err)
{
	struct dir_change *list = NULL, *grown;
	size_t n = 0, room = 0;
	sqlite3_stmt *q;
	bool ok = true;

	if (!query_changes(dir, filter, arena, &q, err))
		return false;
	while (sql_next(q, &ok, err)) {
		if (n == room) {
			room = room > 0 ? room * 2 : 64;
			grown = arena_array(arena, room, sizeof *grown);
			if (n > 0)
				memcpy(grown, list, n * sizeof *list);
			list = grown;
		}
		read_change(q, arena, &list[n++]);
	}
	sqlite3_finalize(q);
	for (size_t i = 0; ok && i < n; i++)
		ok = read_properties(dir, arena, &list[i], err);
	if (ok) {
		*out = list;
		*count = n;
	}
	return ok;
}

bool directory_changes(struct directory *dir,
		       const struct dir_change_filter *filter,
		       struct arena *arena, struct dir_change **out,
		       size_t *count, struct err *err)
{
	bool ok;

	pthread_mutex_lock(&dir->db_lock);
	ok = read_changes(dir, filter, arena, out, count, err);
	pthread_mutex_unlock(&dir->db_lock);
	return ok;
}
