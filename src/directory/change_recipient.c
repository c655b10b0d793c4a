/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of recipients, their attributes, and address lists. */
#include <string.h>
#include <strings.h>

#include "directory/audit.h"
#include "directory/check.h"
#include "directory/recipients_impl.h"
#include "directory/recipients_local.h"
#include "directory/transaction.h"
#include "store/match.h"

enum { TEXT_MAX = 4096, LARGE_MAX = 102400, VALUES_MAX = 64,
       MEMBERS_MAX = 100000 };

/* --- What is recorded ------------------------------------------------- */

/* Values of an owner, as one text; of binaries how long they are. */
#define ATTRIBUTES(owner) \
	"(SELECT group_concat(printf('%08x=%s', tag, " \
	"CASE typeof(value) WHEN 'blob' THEN CASE length(value) WHEN 16 " \
	"THEN lower(hex(value)) ELSE length(value) || ' bytes' END " \
	"ELSE value END), '; ') FROM (SELECT tag, value FROM attribute " \
	"WHERE owner = " owner " ORDER BY tag, position)) AS Attributes"

static const struct audit_class audit_recipient = {
	"Recipient", "SELECT r.alias, r.kind AS RecipientType, "
	"r.alias AS Alias, r.display_name AS DisplayName, "
	"r.legacy_dn AS LegacyExchangeDN, "
	"(SELECT group_concat(address, ', ') FROM (SELECT address FROM "
	"recipient_address WHERE recipient = r.guid ORDER BY position)) "
	"AS EmailAddresses, r.hidden AS HiddenFromAddressListsEnabled, "
	"r.filter AS RecipientFilter, " ATTRIBUTES("r.guid")
	" FROM recipient r WHERE r.guid = ?"
};

static const struct audit_class audit_user_recipient = {
	"User", "SELECT u.account, "
	"u.hidden AS HiddenFromAddressListsEnabled, " ATTRIBUTES("u.guid")
	" FROM user u WHERE u.guid = ?"
};

static const struct audit_class audit_list = {
	"AddressList", "SELECT name, name AS Name, "
	"filter AS RecipientFilter FROM address_list WHERE guid = ?"
};

/* --- Recipients ------------------------------------------------------- */

static bool check_recipient(const struct dir_recipient *r, struct err *err)
{
	if ((unsigned)r->kind >= RECIPIENT_KINDS ||
	    r->kind == RECIPIENT_MAILBOX)
		return err_set(err, EC_INVALID_PARAM, "users are no such "
			       "recipients; use the noun user");
	if (!dir_check_account(r->alias, err) ||
	    !dir_check_name("the display name", r->display_name, err) ||
	    !dir_check_name("the legacy DN", r->legacy_dn, err))
		return false;
	if (r->legacy_dn[0] != '/')
		return err_set(err, EC_INVALID_PARAM, "the legacy DN \"%s\" "
			       "doesn't begin with /o=", r->legacy_dn);
	for (size_t i = 0; i < r->address_count; i++)
		if (!dir_check_address(r->addresses[i], err))
			return false;
	if (r->kind == RECIPIENT_DYNAMIC_GROUP) {
		struct match *m = recipient_filter_match(r->filter, err);

		if (m == NULL)
			return false;
		match_free(m);
	}
	return true;
}

static bool is_empty(const char *s)
{
	return s == NULL || *s == '\0';
}

static void complete(const struct dir_org *org, struct arena *arena,
		     struct dir_recipient *r)
{
	if (guid_is_null(&r->guid))
		r->guid = guid_new();
	if (is_empty(r->display_name))
		r->display_name = r->alias;
	if (is_empty(r->legacy_dn) && r->alias != NULL)
		r->legacy_dn = directory_user_dn(arena, org->name, &r->guid,
						 r->alias);
	if (r->filter == NULL)
		r->filter = "";
	if (r->address_count == 0 && r->alias != NULL) {
		const char **v = arena_array(arena, 1, sizeof *v);

		v[0] = arena_printf(arena, "%s@%s", r->alias, org->domain);
		r->addresses = v;
		r->address_count = 1;
	}
}

static bool write_addresses(struct txn *t, const struct dir_recipient *r)
{
	sqlite3 *db = t->dir->db;

	if (!sql_do(db, t->err, "DELETE FROM recipient_address WHERE "
		    "recipient = ?", "g", &r->guid))
		return false;
	for (size_t i = 0; i < r->address_count; i++)
		if (!sql_do(db, t->err, "INSERT INTO recipient_address "
			    "(address, recipient, position) VALUES (?, ?, ?)",
			    "sgi", r->addresses[i], &r->guid, (int64_t)i))
			return err_prefix(t->err, "%s", r->addresses[i]);
	return true;
}

static bool insert(struct txn *t, const struct dir_recipient *r)
{
	return sql_do(t->dir->db, t->err, "INSERT INTO recipient (guid, kind, "
		      "alias, display_name, legacy_dn, hidden, filter, "
		      "changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", "gisssisi",
		      &r->guid, (int64_t)r->kind, r->alias, r->display_name,
		      r->legacy_dn, (int64_t)r->hidden, r->filter,
		      t->change) && write_addresses(t, r) &&
		audit_record(t, &audit_recipient, &r->guid, NULL);
}

bool directory_new_recipient(struct directory *dir, struct dir_recipient *r,
			     struct err *err)
{
	struct arena *arena = arena_new(0);
	struct dir_recipient n = *r;
	struct dir_org org;
	struct txn t;
	bool ok;

	directory_org(dir, arena, &org);
	complete(&org, arena, &n);
	ok = check_recipient(&n, err) && txn_begin(&t, dir, err) &&
		txn_end(&t, insert(&t, &n));
	if (ok)
		r->guid = n.guid;
	arena_free(arena);
	return ok;
}

static bool update(struct txn *t, const struct dir_recipient *r)
{
	struct audit_row before;

	return txn_ours(t, &r->guid) &&
		audit_read(t, &audit_recipient, &r->guid, &before) &&
		sql_do(t->dir->db, t->err, "UPDATE recipient SET kind = ?, "
		       "alias = ?, display_name = ?, legacy_dn = ?, "
		       "hidden = ?, filter = ?, changed = ? WHERE guid = ?",
		       "isssisig", (int64_t)r->kind, r->alias,
		       r->display_name, r->legacy_dn, (int64_t)r->hidden,
		       r->filter != NULL ? r->filter : "", t->change,
		       &r->guid) && txn_hit(t, "recipient") &&
		write_addresses(t, r) &&
		audit_record(t, &audit_recipient, &r->guid, &before);
}

bool directory_set_recipient(struct directory *dir,
			     const struct dir_recipient *r, struct err *err)
{
	struct txn t;

	return check_recipient(r, err) && txn_begin(&t, dir, err) &&
		txn_end(&t, update(&t, r));
}

static bool take_out(struct txn *t, const struct guid *guid)
{
	struct audit_row before;

	return txn_ours(t, guid) &&
		audit_read(t, &audit_recipient, guid, &before) &&
		sql_do(t->dir->db, t->err, "DELETE FROM recipient WHERE "
		       "guid = ?", "g", guid) && txn_hit(t, "recipient") &&
		audit_record(t, &audit_recipient, guid, &before);
}

bool directory_remove_recipient(struct directory *dir,
				const struct guid *guid, struct err *err)
{
	struct txn t;

	return txn_begin(&t, dir, err) && txn_end(&t, take_out(&t, guid));
}

/* --- Attributes ------------------------------------------------------- */

/* Bind a value by the attribute's type and put it at a position. */
static bool put_value(struct txn *t, const char *sql,
		      const struct guid *owner,
		      const struct recipient_attr *attr,
		      const struct bin *value)
{
	unsigned type = prop_tag_type(attr->tag);
	sqlite3_stmt *q = NULL;
	int64_t number;
	bool ok = true;

	if (!sql_query(t->dir->db, &q, t->err, sql, "gi", owner,
		       (int64_t)attr->tag))
		return false;
	if (type == PTYP_INTEGER32 || type == PTYP_BOOLEAN) {
		memcpy(&number, value->data, sizeof number);
		sqlite3_bind_int64(q, 3, number);
	} else if ((attr->flags & (ATTR_LINK | ATTR_LARGE)) != 0) {
		sqlite3_bind_blob(q, 3, value->data, (int)value->len,
				  SQLITE_STATIC);
	} else {
		sqlite3_bind_text(q, 3, (const char *)value->data,
				  (int)value->len, SQLITE_STATIC);
	}
	if (sqlite3_step(q) != SQLITE_DONE)
		ok = sql_fail(t->dir->db, t->err);
	sqlite3_finalize(q);
	return ok;
}

static bool check_text(struct txn *t, const struct recipient_attr *attr,
		       const struct bin *value)
{
	char *text = arena_strndup(t->arena, (const char *)value->data,
				   value->len);
	const char *p = text;

	/* Notes have lines. */
	if (attr->tag == PID_TAG_COMMENT || attr->tag ==
	    PID_TAG_STREET_ADDRESS)
		for (char *c = text; *c != '\0'; c++)
			if (*c == '\n' || *c == '\r' || *c == '\t')
				*c = ' ';
	if (value->len == 0 || value->len > TEXT_MAX ||
	    strlen(text) != value->len || !dir_clean(p, ""))
		return err_set(t->err, EC_INVALID_PARAM, "a value of %s is "
			       "empty, longer than %d bytes, or no text",
			       attr->ldap, TEXT_MAX);
	if (prop_tag_id(attr->tag) ==
	    prop_tag_id(PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES) &&
	    (strchr(text, ':') == NULL || strncasecmp(text, "smtp:", 5) == 0))
		return err_set(t->err, EC_INVALID_PARAM, "\"%s\" is not an "
			       "address with its type, such as X500:/o=…; SMTP "
			       "addresses are set as such", text);
	return true;
}

static bool check_value(struct txn *t, const struct recipient_attr *attr,
			const struct bin *value)
{
	unsigned type = prop_tag_type(attr->tag);
	struct guid guid;
	int64_t n;

	if ((attr->flags & ATTR_LARGE) != 0) {
		if (value->len > 0 && value->len <= LARGE_MAX)
			return true;
		return err_set(t->err, EC_INVALID_PARAM, "a value of %s is "
			       "empty or larger than %d bytes", attr->ldap,
			       LARGE_MAX);
	}
	if ((attr->flags & ATTR_LINK) != 0) {
		if (value->len != sizeof guid)
			return err_set(t->err, EC_INVALID_PARAM, "a value of "
				       "%s is no recipient", attr->ldap);
		memcpy(&guid, value->data, sizeof guid);
		if (!sql_number(t->dir->db, 0, &n, t->err, "SELECT "
				"(SELECT count(*) FROM user WHERE guid = ?) +"
				" (SELECT count(*) FROM recipient WHERE "
				"guid = ?)", "gg", &guid, &guid))
			return false;
		return n > 0 || err_set(t->err, EC_NOT_FOUND, "a value of %s "
					"is no recipient (any more)",
					attr->ldap);
	}
	if (type == PTYP_INTEGER32 || type == PTYP_BOOLEAN)
		return value->len == sizeof(int64_t) ||
			err_set(t->err, EC_INVALID_PARAM, "a value of %s is "
				"no number", attr->ldap);
	return check_text(t, attr, value);
}

static bool check_change(struct txn *t, const struct recipient_change *c,
			 const struct recipient_attr *attr)
{
	uint32_t max = (attr->flags & ATTR_LINK) != 0 ? MEMBERS_MAX :
		VALUES_MAX;

	if ((attr->flags & ATTR_FIXED) != 0)
		return err_set(t->err, EC_INVALID_PARAM, "%s is not set as an "
			       "attribute", attr->ldap);
	if (c->n > ((attr->flags & ATTR_MULTI) != 0 ? max : 1) ||
	    (c->op != RECIPIENT_SET && (attr->flags & ATTR_MULTI) == 0))
		return err_set(t->err, EC_INVALID_PARAM, "%s has %s",
			       attr->ldap, (attr->flags & ATTR_MULTI) != 0 ?
			       "too many values" : "one value only");
	for (uint32_t i = 0; c->op != RECIPIENT_REMOVE && i < c->n; i++)
		if (!check_value(t, attr, &c->values[i]))
			return false;
	return true;
}

static bool apply(struct txn *t, const struct guid *guid,
		  const struct recipient_change *c)
{
	const struct recipient_attr *attr = recipient_attr(c->tag);
	const char *sql = "INSERT INTO attribute (owner, tag, position, value)"
		" SELECT ?1, ?2, ifnull(max(position), -1) + 1, ?3 "
		"FROM attribute WHERE owner = ?1 AND tag = ?2 HAVING NOT "
		"EXISTS (SELECT 1 FROM attribute WHERE owner = ?1 AND "
		"tag = ?2 AND value = ?3)";

	if (attr == NULL)
		return err_set(t->err, EC_NOT_FOUND, "there is no attribute "
			       "0x%08x", c->tag);
	if (!check_change(t, c, attr))
		return false;
	if (c->op == RECIPIENT_SET &&
	    !sql_do(t->dir->db, t->err, "DELETE FROM attribute WHERE "
		    "owner = ? AND tag = ?", "gi", guid, (int64_t)attr->tag))
		return false;
	if (c->op == RECIPIENT_REMOVE)
		sql = "DELETE FROM attribute WHERE owner = ? AND tag = ? AND "
			"value = ?";
	for (uint32_t i = 0; i < c->n; i++)
		if (!put_value(t, sql, guid, attr, &c->values[i]))
			return false;
	return true;
}

bool txn_write_attributes(struct txn *t, const struct guid *guid,
			  const struct recipient_change *changes,
			  size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!apply(t, guid, &changes[i]))
			return false;
	return true;
}

/* Which of the two tables has it; its change counter moves. */
static bool touch(struct txn *t, const struct guid *guid,
		  const struct audit_class **class)
{
	if (!sql_do(t->dir->db, t->err, "UPDATE user SET changed = ? WHERE "
		    "guid = ?", "ig", t->change, guid))
		return false;
	*class = &audit_user_recipient;
	if (sqlite3_changes(t->dir->db) > 0)
		return true;
	*class = &audit_recipient;
	return sql_do(t->dir->db, t->err, "UPDATE recipient SET changed = ? "
		      "WHERE guid = ?", "ig", t->change, guid) &&
		txn_hit(t, "recipient");
}

static bool set_attributes(struct txn *t, const struct guid *guid,
			   const struct recipient_change *changes,
			   size_t count)
{
	const struct audit_class *class;
	struct audit_row before;

	return txn_ours(t, guid) && touch(t, guid, &class) &&
		audit_read(t, class, guid, &before) &&
		txn_write_attributes(t, guid, changes, count) &&
		audit_record(t, class, guid, &before);
}

bool directory_set_attributes(struct directory *dir, const struct guid *guid,
			      const struct recipient_change *changes,
			      size_t count, struct err *err)
{
	struct txn t;

	return txn_begin(&t, dir, err) &&
		txn_end(&t, set_attributes(&t, guid, changes, count));
}

bool directory_set_attributes_as(struct directory *dir,
				 const struct guid *guid,
				 const struct recipient_change *changes,
				 size_t count, const char *who,
				 struct err *err)
{
	static char address_book[] = "AddressBook";
	char *old_who, *old_cmdlet;
	struct txn t;
	bool ok;

	if (!txn_begin(&t, dir, err))
		return false;
	/* The lock is held until txn_end. */
	old_who = dir->who;
	old_cmdlet = dir->cmdlet;
	dir->who = (char *)who;
	dir->cmdlet = address_book;
	ok = set_attributes(&t, guid, changes, count);
	dir->who = old_who;
	dir->cmdlet = old_cmdlet;
	return txn_end(&t, ok);
}

static bool set_hidden(struct txn *t, const struct guid *guid, bool hidden)
{
	struct audit_row before;

	return txn_ours(t, guid) &&
		audit_read(t, &audit_user_recipient, guid, &before) &&
		sql_do(t->dir->db, t->err, "UPDATE user SET hidden = ?, "
		       "changed = ? WHERE guid = ?", "iig", (int64_t)hidden,
		       t->change, guid) && txn_hit(t, "user") &&
		audit_record(t, &audit_user_recipient, guid, &before);
}

bool directory_set_hidden(struct directory *dir, const struct guid *guid,
			  bool hidden, struct err *err)
{
	struct txn t;

	return txn_begin(&t, dir, err) &&
		txn_end(&t, set_hidden(&t, guid, hidden));
}

/* --- Address lists ---------------------------------------------------- */

static bool check_list(const struct recipient_list *list, struct err *err)
{
	struct match *m;

	if (!dir_check_name("the address list's name", list->name, err))
		return false;
	m = recipient_filter_match(list->filter, err);
	match_free(m);
	return m != NULL;
}

static bool lists_changed(struct txn *t)
{
	return sql_do(t->dir->db, t->err, "UPDATE organisation SET "
		      "lists_changed = change", "");
}

bool directory_new_list(struct directory *dir, struct recipient_list *list,
			struct err *err)
{
	struct guid guid = list->guid;
	struct txn t;
	bool ok;

	if (guid_is_null(&guid))
		guid = guid_new();
	if (!check_list(list, err) || !txn_begin(&t, dir, err))
		return false;
	ok = sql_do(dir->db, err, "INSERT INTO address_list (guid, name, "
		    "filter, parent) VALUES (?, ?, ?, ?)", "gssg", &guid,
		    list->name, list->filter, &list->parent) &&
		lists_changed(&t) && audit_record(&t, &audit_list, &guid,
						  NULL);
	if (!txn_end(&t, ok))
		return false;
	list->guid = guid;
	return true;
}

bool directory_set_list(struct directory *dir,
			const struct recipient_list *list, struct err *err)
{
	struct audit_row before;
	struct txn t;

	if (!check_list(list, err) || !txn_begin(&t, dir, err))
		return false;
	return txn_end(&t, audit_read(&t, &audit_list, &list->guid, &before) &&
		       sql_do(dir->db, err, "UPDATE address_list SET name = "
			      "?, filter = ?, parent = ? WHERE guid = ?",
			      "ssgg", list->name, list->filter, &list->parent,
			      &list->guid) && txn_hit(&t, "address list") &&
		       lists_changed(&t) &&
		       audit_record(&t, &audit_list, &list->guid, &before));
}

bool directory_remove_list(struct directory *dir, const struct guid *guid,
			   struct err *err)
{
	struct audit_row before;
	struct txn t;

	if (!txn_begin(&t, dir, err))
		return false;
	return txn_end(&t, audit_read(&t, &audit_list, guid, &before) &&
		       sql_do(dir->db, err, "DELETE FROM address_list WHERE "
			      "guid = ?", "g", guid) &&
		       txn_hit(&t, "address list") && lists_changed(&t) &&
		       audit_record(&t, &audit_list, guid, &before));
}

/* --- What users may change about themselves --------------------------- */

size_t directory_self_attributes(struct directory *dir, struct arena *arena,
				 const char *const **out, struct err *err)
{
	const char **v = arena_array(arena, VALUES_MAX, sizeof *v);
	sqlite3_stmt *q = NULL;
	char *text = NULL, *save;
	size_t n = 0;
	bool ok;

	pthread_mutex_lock(&dir->db_lock);
	ok = sql_query(dir->db, &q, err, "SELECT self_attributes FROM "
		       "organisation", "");
	if (ok && sql_next(q, &ok, err))
		text = (char *)sql_text(q, 0, arena);
	sqlite3_finalize(q);
	pthread_mutex_unlock(&dir->db_lock);
	for (char *name = text != NULL ? strtok_r(text, ",", &save) : NULL;
	     name != NULL && n < VALUES_MAX; name = strtok_r(NULL, ",", &save))
		v[n++] = name;
	*out = v;
	return n;
}

bool directory_set_self_attributes(struct directory *dir,
				   const char *const *names, size_t count,
				   struct err *err)
{
	char text[2048] = "";
	struct txn t;

	for (size_t i = 0; i < count; i++) {
		const struct recipient_attr *a =
			recipient_attr_named(names[i]);

		if (a == NULL || (a->flags & ATTR_FIXED) != 0 ||
		    strlen(text) + strlen(a->ldap) + 2 > sizeof text)
			return err_set(err, EC_INVALID_PARAM, "\"%s\" is no "
				       "attribute that users can be allowed "
				       "to change", names[i]);
		strcat(strcat(text, *text != '\0' ? "," : ""), a->ldap);
	}
	if (!txn_begin(&t, dir, err))
		return false;
	return txn_end(&t, sql_do(dir->db, err, "UPDATE organisation SET "
				  "self_attributes = ?", "s", text));
}
