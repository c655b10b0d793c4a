/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of users and mailboxes. */
#include <string.h>

#include "directory/check.h"
#include "directory/transaction.h"

/* Users ---------------------------------------------------------------- */

enum { OBJECT_ID_MAX = 255 };

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
	if (!dir_check_address(user->upn, err))
		return err_prefix(err, "user principal name");
	for (size_t i = 0; i < user->address_count; i++) {
		if (!dir_check_address(user->addresses[i], err))
			return false;
		if (!in_domains(org, user->addresses[i]))
			return err_set(err, EC_INVALID_PARAM, "%s is not in a "
				       "domain of the organisation; add it "
				       "with \"org set --add-domain\"",
				       user->addresses[i]);
	}
	return true;
}

static const char *object_id_of(const struct dir_user *u)
{
	return u->object_id != NULL ? u->object_id : "";
}

static bool check_user(const struct dir_org *org, const struct dir_user *user,
		       struct err *err)
{
	if (!dir_check_account(user->account, err) ||
	    !dir_check_name("the display name", user->display_name, err) ||
	    !dir_check_name("the legacy DN", user->legacy_dn, err))
		return false;
	if (strlen(object_id_of(user)) > OBJECT_ID_MAX)
		return err_set(err, EC_INVALID_PARAM, "the object id is longer"
			       " than %d bytes", OBJECT_ID_MAX);
	if (user->legacy_dn[0] != '/')
		return err_set(err, EC_INVALID_PARAM, "the legacy DN \"%s\" "
			       "doesn't begin with /o=", user->legacy_dn);
	return check_addresses(org, user, err);
}

/*
 * Whoever may log on by a name must be one: a UPN can't be another's e-mail
 * address.
 */
static bool check_owner(struct txn *t, const struct dir_user *user)
{
	const struct guid *guid = &user->guid;
	struct directory *dir = t->dir;
	struct err *err = t->err;
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

static bool write_addresses(struct txn *t, const struct dir_user *user)
{
	sqlite3 *db = t->dir->db;

	if (!sql_do(db, t->err, "DELETE FROM address WHERE user = ?", "g",
		    &user->guid))
		return false;
	for (size_t i = 0; i < user->address_count; i++)
		if (!sql_do(db, t->err, "INSERT INTO address (address, user, "
			    "position) VALUES (?, ?, ?)", "sgi",
			    user->addresses[i], &user->guid, (int64_t)i))
			return err_prefix(t->err, "%s", user->addresses[i]);
	return true;
}

static bool insert_user(struct txn *t, const struct dir_user *u)
{
	return sql_do(t->dir->db, t->err, "INSERT INTO user (guid, account, "
		      "upn, display_name, legacy_dn, password, is_admin, "
		      "disabled, nt_hash, object_id, changed) "
		      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		      "gsssssiibsi", &u->guid, u->account, u->upn,
		      u->display_name, u->legacy_dn, u->password,
		      (int64_t)u->is_admin, (int64_t)u->disabled, u->nt_hash,
		      u->nt_hash_size, object_id_of(u), t->change);
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

static bool new_user(struct txn *t, const struct dir_user *u)
{
	return check_owner(t, u) && insert_user(t, u) &&
		write_addresses(t, u) &&
		audit_record(t, &audit_user, &u->guid, NULL);
}

bool directory_new_user(struct directory *dir, struct dir_user *user,
			struct err *err)
{
	struct arena *arena = arena_new(0);
	struct dir_user u = *user;
	struct dir_org org;
	struct txn t;
	bool ok;

	directory_org(dir, arena, &org);
	complete_user(&org, arena, &u);
	ok = check_user(&org, &u, err) && txn_begin(&t, dir, err) &&
		txn_end(&t, new_user(&t, &u));
	if (ok)
		user->guid = u.guid;
	arena_free(arena);
	return ok;
}

static bool update_user(struct txn *t, const struct dir_user *u)
{
	return sql_do(t->dir->db, t->err, "UPDATE user SET account = ?, "
		      "upn = ?, display_name = ?, legacy_dn = ?, "
		      "password = ?, is_admin = ?, disabled = ?, "
		      "nt_hash = ?, object_id = ?, changed = ? "
		      "WHERE guid = ?", "sssssiibsig", u->account, u->upn,
		      u->display_name, u->legacy_dn, u->password,
		      (int64_t)u->is_admin, (int64_t)u->disabled, u->nt_hash,
		      u->nt_hash_size, object_id_of(u), t->change,
		      &u->guid) && txn_hit(t, "user");
}

static bool set_user(struct txn *t, const struct dir_user *u)
{
	struct audit_row before;

	return txn_ours(t, &u->guid) &&
		audit_read(t, &audit_user, &u->guid, &before) &&
		check_owner(t, u) && update_user(t, u) &&
		write_addresses(t, u) &&
		audit_record(t, &audit_user, &u->guid, &before);
}

bool directory_set_user(struct directory *dir, const struct dir_user *user,
			struct err *err)
{
	struct arena *arena = arena_new(0);
	struct dir_org org;
	struct txn t;
	bool ok;

	directory_org(dir, arena, &org);
	ok = check_user(&org, user, err) && txn_begin(&t, dir, err) &&
		txn_end(&t, set_user(&t, user));
	arena_free(arena);
	return ok;
}

static bool remove_user(struct txn *t, const struct guid *guid)
{
	struct audit_row before;

	return txn_ours(t, guid) &&
		txn_unused(t, "SELECT count(*) FROM mailbox WHERE user = ?",
			   guid, "the user has %d mailbox; remove it first") &&
		audit_read(t, &audit_user, guid, &before) &&
		sql_do(t->dir->db, t->err, "DELETE FROM user WHERE guid = ?",
		       "g", guid) && txn_hit(t, "user") &&
		audit_record(t, &audit_user, guid, &before);
}

bool directory_remove_user(struct directory *dir, const struct guid *guid,
			   struct err *err)
{
	struct txn t;

	return txn_begin(&t, dir, err) && txn_end(&t, remove_user(&t, guid));
}

/* Mailboxes ------------------------------------------------------------ */

/* The owner's identity depends on its mailbox. */
static bool touch_user(struct txn *t, const struct guid *user)
{
	return sql_do(t->dir->db, t->err, "UPDATE user SET changed = ? "
		      "WHERE guid = ?", "ig", t->change, user) &&
		txn_hit(t, "user");
}

static bool insert_mailbox(struct txn *t, const struct dir_mailbox *m)
{
	return touch_user(t, &m->user) &&
		sql_do(t->dir->db, t->err, "INSERT INTO mailbox (guid, user, "
		       "database, lcid, disabled, quota_warn, quota_no_send, "
		       "quota_no_receive, changed) "
		       "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", "gggiiiiii",
		       &m->guid, &m->user, &m->database,
		       (int64_t)(m->lcid != 0 ? m->lcid : 0x0409),
		       (int64_t)m->disabled, (int64_t)m->quota.warn,
		       (int64_t)m->quota.no_send,
		       (int64_t)m->quota.no_receive, t->change) &&
		audit_record(t, &audit_mailbox, &m->guid, NULL);
}

bool directory_new_mailbox(struct directory *dir, struct dir_mailbox *mailbox,
			   struct err *err)
{
	struct dir_mailbox m = *mailbox;
	struct txn t;

	if (guid_is_null(&m.guid))
		m.guid = guid_new();
	if (!txn_begin(&t, dir, err) || !txn_end(&t, insert_mailbox(&t, &m)))
		return false;
	mailbox->guid = m.guid;
	return true;
}

static bool update_mailbox(struct txn *t, const struct dir_mailbox *m)
{
	struct audit_row before;

	return audit_read(t, &audit_mailbox, &m->guid, &before) &&
		touch_user(t, &m->user) &&
		sql_do(t->dir->db, t->err, "UPDATE mailbox SET user = ?, "
		       "database = ?, lcid = ?, disabled = ?, quota_warn = ?, "
		       "quota_no_send = ?, quota_no_receive = ?, changed = ? "
		       "WHERE guid = ?", "ggiiiiiig", &m->user, &m->database,
		       (int64_t)m->lcid, (int64_t)m->disabled,
		       (int64_t)m->quota.warn, (int64_t)m->quota.no_send,
		       (int64_t)m->quota.no_receive, t->change, &m->guid) &&
		txn_hit(t, "mailbox") &&
		audit_record(t, &audit_mailbox, &m->guid, &before);
}

bool directory_set_mailbox(struct directory *dir,
			   const struct dir_mailbox *mailbox, struct err *err)
{
	struct txn t;

	return txn_begin(&t, dir, err) &&
		txn_end(&t, update_mailbox(&t, mailbox));
}

static bool remove_mailbox(struct txn *t, const struct guid *guid)
{
	struct audit_row before;

	return audit_read(t, &audit_mailbox, guid, &before) &&
		sql_do(t->dir->db, t->err, "UPDATE user SET changed = ? "
		       "WHERE guid = (SELECT user FROM mailbox WHERE "
		       "guid = ?)", "ig", t->change, guid) &&
		sql_do(t->dir->db, t->err, "DELETE FROM mailbox WHERE "
		       "guid = ?", "g", guid) && txn_hit(t, "mailbox") &&
		audit_record(t, &audit_mailbox, guid, &before);
}

bool directory_remove_mailbox(struct directory *dir, const struct guid *guid,
			      struct err *err)
{
	struct txn t;

	return txn_begin(&t, dir, err) &&
		txn_end(&t, remove_mailbox(&t, guid));
}
