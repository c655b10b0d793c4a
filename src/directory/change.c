/* SPDX-License-Identifier: Apache-2.0 */
/* Changes: checked here, written in one transaction each. */
#include <stdio.h>
#include <string.h>

#include "base/utf.h"
#include "directory/impl.h"
#include "directory/sql.h"

enum { ACCOUNT_MAX = 64, ADDRESS_MAX = 254, NAME_MAX_LEN = 256 };

/* Transactions --------------------------------------------------------- */

/* Begin; *change is the number that this transaction's rows get. */
static bool begin(struct directory *dir, int64_t *change, struct err *err)
{
	pthread_mutex_lock(&dir->db_lock);
	if (sql_run(dir->db, "BEGIN IMMEDIATE", err) &&
	    sql_run(dir->db, "UPDATE organisation SET change = change + 1",
		    err) &&
	    sql_number(dir->db, 0, change, err,
		       "SELECT change FROM organisation", "")) {
		dir->writing = (uint64_t)*change;
		return true;
	}
	sqlite3_exec(dir->db, "ROLLBACK", NULL, NULL, NULL);
	pthread_mutex_unlock(&dir->db_lock);
	return false;
}

/* Commit if ok, else roll back.  Returns whether it is written. */
static bool end(struct directory *dir, bool ok, struct err *err)
{
	ok = ok && sql_run(dir->db, "COMMIT", err);
	if (ok) {
		atomic_store(&dir->stale, true);
		atomic_store(&dir->change, dir->writing);
	} else {
		sqlite3_exec(dir->db, "ROLLBACK", NULL, NULL, NULL);
	}
	pthread_mutex_unlock(&dir->db_lock);
	return ok;
}

/* An UPDATE or DELETE that must have hit its row. */
static bool hit(struct directory *dir, const char *what, struct err *err)
{
	if (sqlite3_changes(dir->db) > 0)
		return true;
	return err_set(err, EC_NOT_FOUND, "there is no such %s (any more)",
		       what);
}

/* Refuse to remove what something refers to; text has one ? for the GUID. */
static bool unused(struct directory *dir, const char *count,
		   const struct guid *guid, const char *why, struct err *err)
{
	int64_t n;

	if (!sql_number(dir->db, 0, &n, err, count, "g", guid))
		return false;
	if (n > 0)
		return err_set(err, EC_INVALID_PARAM, why, (int)n);
	return true;
}

/* Checks of text ------------------------------------------------------- */

static bool is_clean(const char *s, const char *refused)
{
	if (!utf8_valid(s, strlen(s)))
		return false;
	for (; *s != '\0'; s++)
		if ((uint8_t)*s < 0x20 || *s == 0x7f ||
		    strchr(refused, *s) != NULL)
			return false;
	return true;
}

static bool check_name(const char *what, const char *name, struct err *err)
{
	if (name == NULL || *name == '\0')
		return err_set(err, EC_INVALID_PARAM, "%s is empty", what);
	if (strlen(name) > NAME_MAX_LEN)
		return err_set(err, EC_INVALID_PARAM, "%s is longer than %d "
			       "bytes", what, NAME_MAX_LEN);
	if (!is_clean(name, ""))
		return err_set(err, EC_INVALID_PARAM, "%s contains control "
			       "characters or is not UTF-8", what);
	return true;
}

/* ':' ends the user in Basic (RFC 7617), '\' and '@' part it from a domain. */
static bool check_account(const char *account, struct err *err)
{
	if (!check_name("the account", account, err))
		return false;
	if (strlen(account) > ACCOUNT_MAX || !is_clean(account, " :@\\/\"<>,;"))
		return err_set(err, EC_INVALID_PARAM, "\"%s\" can't be an "
			       "account: use up to %d characters without "
			       "spaces and : @ \\ / \" < > , ;", account,
			       ACCOUNT_MAX);
	return true;
}

static bool is_host(const char *s)
{
	return *s != '\0' && *s != '.' && s[strlen(s) - 1] != '.' &&
		strstr(s, "..") == NULL && is_clean(s, " @:\\/\"<>,;()[]");
}

static bool check_domain(const char *domain, struct err *err)
{
	if (domain == NULL || strlen(domain) > 253 || !is_host(domain))
		return err_set(err, EC_INVALID_PARAM, "\"%s\" is not a domain "
			       "name; write one such as example.test",
			       domain != NULL ? domain : "");
	return true;
}

static bool check_address(const char *address, struct err *err)
{
	const char *at = strrchr(address, '@');

	if (at == NULL || at == address || strlen(address) > ADDRESS_MAX ||
	    !is_clean(address, " \"<>,;\\()") || !is_host(at + 1) ||
	    memchr(address, '@', (size_t)(at - address)) != NULL)
		return err_set(err, EC_INVALID_PARAM, "\"%s\" is not an e-mail "
			       "address; write one such as alice@example.test",
			       address);
	return true;
}

/* The organisation ----------------------------------------------------- */

static bool write_domains(struct directory *dir, const struct dir_org *org,
			  struct err *err)
{
	if (!sql_run(dir->db, "DELETE FROM domain", err))
		return false;
	for (size_t i = 0; i < org->domain_count; i++)
		if (!sql_do(dir->db, err, "INSERT INTO domain (name, position)"
			    " VALUES (?, ?)", "si", org->domains[i],
			    (int64_t)i))
			return false;
	return true;
}

bool dir_check_org(const struct dir_org *org, struct err *err)
{
	if (!check_name("the organisation's name", org->name, err))
		return false;
	if (org->domain_count == 0)
		return err_set(err, EC_INVALID_PARAM, "an organisation needs "
			       "at least one domain");
	for (size_t i = 0; i < org->domain_count; i++)
		if (!check_domain(org->domains[i], err))
			return false;
	return true;
}

bool directory_set_org(struct directory *dir, const struct dir_org *org,
		       struct err *err)
{
	int64_t change;
	bool ok;

	if (!dir_check_org(org, err) || !begin(dir, &change, err))
		return false;
	ok = sql_do(dir->db, err, "UPDATE organisation SET name = ?", "s",
		    org->name) && write_domains(dir, org, err);
	return end(dir, ok, err);
}

/* Servers -------------------------------------------------------------- */

static bool check_server(const struct dir_server *s, struct err *err)
{
	if (!check_name("the server's name", s->name, err) ||
	    !check_domain(s->fqdn, err))
		return false;
	if (strpbrk(s->name, "/=\\ ") != NULL)
		return err_set(err, EC_INVALID_PARAM, "\"%s\" can't be a "
			       "server's name: leave out spaces and / = \\",
			       s->name);
	return true;
}

bool directory_new_server(struct directory *dir, struct dir_server *server,
			  struct err *err)
{
	struct guid guid = server->guid;
	int64_t change;
	bool ok;

	if (guid_is_null(&guid))
		guid = guid_new();
	if (!check_server(server, err) || !begin(dir, &change, err))
		return false;
	ok = sql_do(dir->db, err, "INSERT INTO server (guid, name, fqdn, "
		    "version, make, changed) VALUES (?, ?, ?, ?, ?, ?)",
		    "gssssi", &guid, server->name, server->fqdn,
		    server->version, server->make, change);
	if (!end(dir, ok, err))
		return false;
	server->guid = guid;
	return true;
}

bool directory_set_server(struct directory *dir,
			  const struct dir_server *server, struct err *err)
{
	int64_t change;
	bool ok;

	if (!check_server(server, err) || !begin(dir, &change, err))
		return false;
	ok = sql_do(dir->db, err, "UPDATE server SET name = ?, fqdn = ?, "
		    "version = ?, make = ?, changed = ? WHERE guid = ?",
		    "ssssig", server->name, server->fqdn, server->version,
		    server->make, change, &server->guid) &&
		hit(dir, "server", err);
	return end(dir, ok, err);
}

bool directory_remove_server(struct directory *dir, const struct guid *guid,
			     struct err *err)
{
	int64_t change;
	bool ok;

	if (!begin(dir, &change, err))
		return false;
	ok = unused(dir, "SELECT count(*) FROM database WHERE server = ?",
		    guid, "%d mailbox databases are active on the server; "
		    "remove them first or give them another server", err) &&
		sql_do(dir->db, err, "DELETE FROM server WHERE guid = ?", "g",
		       guid) && hit(dir, "server", err);
	return end(dir, ok, err);
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
	return check_name("the mailbox database's name", db->name, err) &&
		check_name("the mailbox database's path", db->path, err);
}

bool directory_new_database(struct directory *dir, struct dir_database *db,
			    struct err *err)
{
	struct guid guid = db->guid;
	int64_t change;
	bool ok;

	if (guid_is_null(&guid))
		guid = guid_new();
	if (!check_database(db, err) || !begin(dir, &change, err))
		return false;
	ok = sql_do(dir->db, err, "INSERT INTO database (guid, name, server, "
		    "path, changed) VALUES (?, ?, ?, ?, ?)", "gsgsi", &guid,
		    db->name, &db->server, stored_path(dir, db->path), change);
	if (!end(dir, ok, err))
		return false;
	db->guid = guid;
	return true;
}

bool directory_set_database(struct directory *dir,
			    const struct dir_database *db, struct err *err)
{
	int64_t change;
	bool ok;

	if (!check_database(db, err) || !begin(dir, &change, err))
		return false;
	ok = sql_do(dir->db, err, "UPDATE database SET name = ?, server = ?, "
		    "path = ?, changed = ? WHERE guid = ?", "sgsig", db->name,
		    &db->server, stored_path(dir, db->path), change,
		    &db->guid) && hit(dir, "mailbox database", err);
	return end(dir, ok, err);
}

bool directory_remove_database(struct directory *dir, const struct guid *guid,
			       struct err *err)
{
	int64_t change;
	bool ok;

	if (!begin(dir, &change, err))
		return false;
	ok = unused(dir, "SELECT count(*) FROM mailbox WHERE database = ?",
		    guid, "%d mailboxes are in the mailbox database; remove "
		    "them first", err) &&
		sql_do(dir->db, err, "DELETE FROM database WHERE guid = ?",
		       "g", guid) && hit(dir, "mailbox database", err);
	return end(dir, ok, err);
}

/* Users ---------------------------------------------------------------- */

static bool in_domains(const struct dir_org *org, const char *address)
{
	const char *domain = strrchr(address, '@') + 1;

	for (size_t i = 0; i < org->domain_count; i++)
		if (dir_same(org->domains[i], domain))
			return true;
	return false;
}

static bool check_addresses(const struct dir_org *org,
			    const struct dir_user *user, struct err *err)
{
	if (!check_address(user->upn, err))
		return err_prefix(err, "user principal name");
	for (size_t i = 0; i < user->address_count; i++) {
		if (!check_address(user->addresses[i], err))
			return false;
		if (!in_domains(org, user->addresses[i]))
			return err_set(err, EC_INVALID_PARAM, "%s is not in a "
				       "domain of the organisation; add it "
				       "with \"org set --add-domain\"",
				       user->addresses[i]);
	}
	return true;
}

static bool check_user(const struct dir_org *org, const struct dir_user *user,
		       struct err *err)
{
	if (!check_account(user->account, err) ||
	    !check_name("the display name", user->display_name, err) ||
	    !check_name("the legacy DN", user->legacy_dn, err))
		return false;
	if (user->legacy_dn[0] != '/')
		return err_set(err, EC_INVALID_PARAM, "the legacy DN \"%s\" "
			       "doesn't begin with /o=", user->legacy_dn);
	return check_addresses(org, user, err);
}

/*
 * Whoever may log on by a name must be one: a UPN can't be another's e-mail
 * address.
 */
static bool check_owner(struct directory *dir, const struct guid *guid,
			const struct dir_user *user, struct err *err)
{
	int64_t n;

	if (!sql_number(dir->db, 0, &n, err, "SELECT count(*) FROM user "
			"WHERE account = ? AND guid != ?", "sg",
			user->account, guid))
		return false;
	if (n > 0)
		return err_set(err, EC_DUPLICATE_NAME, "the account %s is "
			       "taken; choose another", user->account);
	if (!sql_number(dir->db, 0, &n, err, "SELECT count(*) FROM address "
			"WHERE address = ? AND user != ?", "sg", user->upn,
			guid))
		return false;
	for (size_t i = 0; n == 0 && i < user->address_count; i++)
		if (!sql_number(dir->db, 0, &n, err, "SELECT count(*) FROM "
				"user WHERE upn = ? AND guid != ?", "sg",
				user->addresses[i], guid))
			return false;
	if (n > 0)
		return err_set(err, EC_DUPLICATE_NAME, "the user principal "
			       "name or an e-mail address of %s belongs to "
			       "another user", user->account);
	return true;
}

static bool write_addresses(struct directory *dir, const struct guid *guid,
			    const struct dir_user *user, struct err *err)
{
	if (!sql_do(dir->db, err, "DELETE FROM address WHERE user = ?", "g",
		    guid))
		return false;
	for (size_t i = 0; i < user->address_count; i++)
		if (!sql_do(dir->db, err, "INSERT INTO address (address, user,"
			    " position) VALUES (?, ?, ?)", "sgi",
			    user->addresses[i], guid, (int64_t)i))
			return err_prefix(err, "%s", user->addresses[i]);
	return true;
}

static bool insert_user(struct directory *dir, const struct dir_user *u,
			int64_t change, struct err *err)
{
	return sql_do(dir->db, err, "INSERT INTO user (guid, account, upn, "
		      "display_name, legacy_dn, password, is_admin, disabled, "
		      "changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		      "gsssssiii", &u->guid, u->account, u->upn,
		      u->display_name, u->legacy_dn, u->password,
		      (int64_t)u->is_admin, (int64_t)u->disabled, change);
}

static bool is_empty(const char *s)
{
	return s == NULL || *s == '\0';
}

/* Fill in what a new user was not given; strings in the arena. */
static void complete_user(const struct dir_org *org, struct arena *arena,
			  struct dir_user *u)
{
	if (guid_is_null(&u->guid))
		u->guid = guid_new();
	if (u->account == NULL)
		u->account = "";
	if (is_empty(u->display_name))
		u->display_name = u->account;
	if (u->password == NULL)
		u->password = "";
	if (is_empty(u->upn))
		u->upn = arena_printf(arena, "%s@%s", u->account, org->domain);
	if (is_empty(u->legacy_dn))
		u->legacy_dn = directory_user_dn(arena, org->name, &u->guid,
						 u->account);
	if (u->address_count == 0) {
		u->addresses = arena_memdup(arena, &u->upn, sizeof u->upn);
		u->address_count = 1;
	}
}

bool directory_new_user(struct directory *dir, struct dir_user *user,
			struct err *err)
{
	struct arena *arena = arena_new(0);
	struct dir_user u = *user;
	struct dir_org org;
	int64_t change;
	bool ok;

	directory_org(dir, arena, &org);
	complete_user(&org, arena, &u);
	ok = check_user(&org, &u, err) && begin(dir, &change, err);
	if (ok)
		ok = end(dir, check_owner(dir, &u.guid, &u, err) &&
			 insert_user(dir, &u, change, err) &&
			 write_addresses(dir, &u.guid, &u, err), err);
	if (ok)
		user->guid = u.guid;
	arena_free(arena);
	return ok;
}

static bool update_user(struct directory *dir, const struct dir_user *u,
			int64_t change, struct err *err)
{
	return sql_do(dir->db, err, "UPDATE user SET account = ?, upn = ?, "
		      "display_name = ?, legacy_dn = ?, password = ?, "
		      "is_admin = ?, disabled = ?, changed = ? WHERE guid = ?",
		      "sssssiiig", u->account, u->upn, u->display_name,
		      u->legacy_dn, u->password, (int64_t)u->is_admin,
		      (int64_t)u->disabled, change, &u->guid) &&
		hit(dir, "user", err);
}

bool directory_set_user(struct directory *dir, const struct dir_user *user,
			struct err *err)
{
	struct arena *arena = arena_new(0);
	struct dir_org org;
	int64_t change;
	bool ok;

	directory_org(dir, arena, &org);
	ok = check_user(&org, user, err) && begin(dir, &change, err);
	if (ok)
		ok = end(dir, check_owner(dir, &user->guid, user, err) &&
			 update_user(dir, user, change, err) &&
			 write_addresses(dir, &user->guid, user, err), err);
	arena_free(arena);
	return ok;
}

bool directory_remove_user(struct directory *dir, const struct guid *guid,
			   struct err *err)
{
	int64_t change;
	bool ok;

	if (!begin(dir, &change, err))
		return false;
	ok = unused(dir, "SELECT count(*) FROM mailbox WHERE user = ?", guid,
		    "the user has %d mailbox; remove it first", err) &&
		sql_do(dir->db, err, "DELETE FROM user WHERE guid = ?", "g",
		       guid) && hit(dir, "user", err);
	return end(dir, ok, err);
}

/* Mailboxes ------------------------------------------------------------ */

/* The owner's identity depends on its mailbox. */
static bool touch_user(struct directory *dir, const struct guid *user,
		       int64_t change, struct err *err)
{
	return sql_do(dir->db, err, "UPDATE user SET changed = ? "
		      "WHERE guid = ?", "ig", change, user) &&
		hit(dir, "user", err);
}

bool directory_new_mailbox(struct directory *dir, struct dir_mailbox *m,
			   struct err *err)
{
	struct guid guid = m->guid;
	int64_t change;
	bool ok;

	if (guid_is_null(&guid))
		guid = guid_new();
	if (!begin(dir, &change, err))
		return false;
	ok = touch_user(dir, &m->user, change, err) &&
		sql_do(dir->db, err, "INSERT INTO mailbox (guid, user, "
		       "database, lcid, disabled, quota_warn, quota_no_send, "
		       "quota_no_receive, changed) "
		       "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", "gggiiiiii",
		       &guid, &m->user, &m->database,
		       (int64_t)(m->lcid != 0 ? m->lcid : 0x0409),
		       (int64_t)m->disabled, (int64_t)m->quota.warn,
		       (int64_t)m->quota.no_send,
		       (int64_t)m->quota.no_receive, change);
	if (!end(dir, ok, err))
		return false;
	m->guid = guid;
	return true;
}

bool directory_set_mailbox(struct directory *dir, const struct dir_mailbox *m,
			   struct err *err)
{
	int64_t change;
	bool ok;

	if (!begin(dir, &change, err))
		return false;
	ok = touch_user(dir, &m->user, change, err) &&
		sql_do(dir->db, err, "UPDATE mailbox SET user = ?, "
		       "database = ?, lcid = ?, disabled = ?, quota_warn = ?, "
		       "quota_no_send = ?, quota_no_receive = ?, changed = ? "
		       "WHERE guid = ?", "ggiiiiiig", &m->user, &m->database,
		       (int64_t)m->lcid, (int64_t)m->disabled,
		       (int64_t)m->quota.warn, (int64_t)m->quota.no_send,
		       (int64_t)m->quota.no_receive, change, &m->guid) &&
		hit(dir, "mailbox", err);
	return end(dir, ok, err);
}

bool directory_remove_mailbox(struct directory *dir, const struct guid *guid,
			      struct err *err)
{
	int64_t change;
	bool ok;

	if (!begin(dir, &change, err))
		return false;
	ok = sql_do(dir->db, err, "UPDATE user SET changed = ? WHERE guid = "
		    "(SELECT user FROM mailbox WHERE guid = ?)", "ig", change,
		    guid) &&
		sql_do(dir->db, err, "DELETE FROM mailbox WHERE guid = ?", "g",
		       guid) && hit(dir, "mailbox", err);
	return end(dir, ok, err);
}

/* Names in Exchange's form --------------------------------------------- */

/* The administrative group that every Exchange organisation has. */
static const char group[] = "Exchange Administrative Group (FYDIBOHF23SPDLT)";

/* Keep what a distinguished name of [MS-OXOABK] may hold: ASCII, no "/=". */
static char *dn_part(struct arena *arena, const char *text, size_t max)
{
	char *out = arena_strndup(arena, text, strnlen(text, max));

	for (char *c = out; *c != '\0'; c++)
		if ((uint8_t)*c < 0x20 || (uint8_t)*c >= 0x7f ||
		    strchr("/=", *c) != NULL)
			*c = '_';
	return out;
}

char *directory_user_dn(struct arena *arena, const char *org,
			const struct guid *guid, const char *name)
{
	char hex[33];

	for (size_t i = 0; i < sizeof guid->b; i++)
		snprintf(hex + 2 * i, 3, "%02x", guid->b[i]);
	return arena_printf(arena, "/o=%s/ou=%s/cn=Recipients/cn=%s-%s",
			    dn_part(arena, org, 64), group, hex,
			    dn_part(arena, name, 31));
}

char *directory_server_dn(struct arena *arena, const char *org,
			  const char *server)
{
	return arena_printf(arena, "/o=%s/ou=%s/cn=Configuration/cn=Servers/"
			    "cn=%s", dn_part(arena, org, 64), group,
			    dn_part(arena, server, 64));
}
