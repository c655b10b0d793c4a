/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "directory/sql.h"

/* Comparing ------------------------------------------------------------ */

static uint8_t lower(char c)
{
	return (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool dir_same(const char *a, const char *b)
{
	while (lower(*a) == lower(*b)) {
		if (*a == '\0')
			return true;
		a++;
		b++;
	}
	return false;
}

/* FNV-1a: names come from administrators, not from whoever connects. */
static uint32_t hash_text(const char *s)
{
	uint32_t h = 2166136261U;

	for (; *s != '\0'; s++)
		h = (h ^ lower(*s)) * 16777619U;
	return h ^ h >> 15;
}

static uint32_t hash_guid(const struct guid *g)
{
	uint32_t h;

	memcpy(&h, g->b, sizeof h);
	return h ^ h >> 15;
}

/* Indexes -------------------------------------------------------------- */

static void index_new(struct arena *arena, size_t n, struct snapshot_index *ix)
{
	uint32_t slots = 16;

	while (slots < n * 2)
		slots *= 2;
	ix->slots = arena_array(arena, slots, sizeof *ix->slots);
	ix->mask = slots - 1;
}

static void index_add(struct snapshot_index *ix, uint32_t hash, uint32_t entry)
{
	uint32_t at = hash & ix->mask;

	while (ix->slots[at] != 0)
		at = (at + 1) & ix->mask;
	ix->slots[at] = entry + 1;
}

typedef const char *user_text(const struct dir_user *user);

static const char *text_account(const struct dir_user *user)
{
	return user->account;
}

static const char *text_upn(const struct dir_user *user)
{
	return user->upn;
}

static const char *text_dn(const struct dir_user *user)
{
	return user->legacy_dn;
}

static const char *text_object_id(const struct dir_user *user)
{
	return user->object_id;
}

static const struct dir_user *find_text(const struct snapshot *snap,
					const struct snapshot_index *ix,
					const char *key, user_text *text)
{
	uint32_t at = hash_text(key) & ix->mask;

	for (; ix->slots[at] != 0; at = (at + 1) & ix->mask) {
		const struct dir_user *u = &snap->users[ix->slots[at] - 1];

		if (dir_same(text(u), key))
			return u;
	}
	return NULL;
}

const struct dir_user *snapshot_account(const struct snapshot *snap,
					const char *account)
{
	return find_text(snap, &snap->by_account, account, text_account);
}

const struct dir_user *snapshot_upn(const struct snapshot *snap,
				    const char *upn)
{
	return find_text(snap, &snap->by_upn, upn, text_upn);
}

const struct dir_user *snapshot_dn(const struct snapshot *snap,
				   const char *legacy_dn)
{
	return find_text(snap, &snap->by_dn, legacy_dn, text_dn);
}

const struct dir_user *snapshot_object_id(const struct snapshot *snap,
					  const char *object_id)
{
	return find_text(snap, &snap->by_object_id, object_id,
			 text_object_id);
}

const struct dir_user *snapshot_address(const struct snapshot *snap,
					const char *address)
{
	const struct snapshot_index *ix = &snap->by_address;
	uint32_t at = hash_text(address) & ix->mask;

	for (; ix->slots[at] != 0; at = (at + 1) & ix->mask) {
		const struct dir_user *u = &snap->users[ix->slots[at] - 1];

		for (size_t i = 0; i < u->address_count; i++)
			if (dir_same(u->addresses[i], address))
				return u;
	}
	return NULL;
}

const struct dir_user *snapshot_user(const struct snapshot *snap,
				     const struct guid *guid)
{
	const struct snapshot_index *ix = &snap->by_user_guid;
	uint32_t at = hash_guid(guid) & ix->mask;

	for (; ix->slots[at] != 0; at = (at + 1) & ix->mask)
		if (guid_equal(&snap->users[ix->slots[at] - 1].guid, guid))
			return &snap->users[ix->slots[at] - 1];
	return NULL;
}

const struct dir_mailbox *snapshot_mailbox(const struct snapshot *snap,
					   const struct guid *guid)
{
	const struct snapshot_index *ix = &snap->by_mailbox_guid;
	uint32_t at = hash_guid(guid) & ix->mask;

	for (; ix->slots[at] != 0; at = (at + 1) & ix->mask)
		if (guid_equal(&snap->mailboxes[ix->slots[at] - 1].guid, guid))
			return &snap->mailboxes[ix->slots[at] - 1];
	return NULL;
}

const struct dir_server *snapshot_server(const struct snapshot *snap,
					 const struct guid *guid)
{
	for (uint32_t i = 0; i < snap->server_count; i++)
		if (guid_equal(&snap->servers[i].guid, guid))
			return &snap->servers[i];
	return NULL;
}

const struct dir_vdir *snapshot_vdir(const struct snapshot *snap,
				     const struct guid *server, bool back_end)
{
	for (uint32_t i = 0; i < snap->vdir_count; i++)
		if (snap->vdirs[i].back_end == back_end &&
		    guid_equal(&snap->vdirs[i].server, server))
			return &snap->vdirs[i];
	return NULL;
}

/* Databases are few, but each mailbox asks: they are ordered by GUID. */
static int compare_database(const void *key, const void *entry)
{
	const struct dir_database *d = entry;

	return guid_compare(key, &d->guid);
}

const struct dir_database *snapshot_database(const struct snapshot *snap,
					     const struct guid *guid)
{
	if (snap->database_count == 0)
		return NULL;
	return bsearch(guid, snap->databases, snap->database_count,
		       sizeof *snap->databases, compare_database);
}

/* Loading -------------------------------------------------------------- */

struct loader {
	sqlite3 *db;
	struct snapshot *snap;
	const char *base;
	const char *server_name;
	struct err *err;
};

/*
 * Room for all rows of a table and the query over them.  The table is from
 * this file, never from outside.
 */
static bool load_begin(struct loader *l, const char *table, size_t size,
		       void **out, uint32_t *capacity)
{
	char *text = sqlite3_mprintf("SELECT count(*) FROM %s", table);
	int64_t n = 0;
	bool ok = sql_number(l->db, 0, &n, l->err, text, "");

	sqlite3_free(text);
	if (!ok)
		return false;
	*out = arena_array(l->snap->arena, (size_t)n, size);
	*capacity = (uint32_t)n;
	return true;
}

static bool load_org(struct loader *l)
{
	struct snapshot *s = l->snap;
	sqlite3_stmt *q = NULL;
	bool ok = true;

	if (!sql_query(l->db, &q, l->err, "SELECT guid, name, change FROM "
		       "organisation", ""))
		return false;
	if (sql_next(q, &ok, l->err)) {
		s->org.guid = sql_guid(q, 0);
		s->org.name = sql_text(q, 1, s->arena);
		s->change = (uint64_t)sqlite3_column_int64(q, 2);
	} else if (ok) {
		ok = err_set(l->err, EC_CORRUPT_STORE, "%s holds no "
			     "organisation; make one with \"posthouse org "
			     "init\"", sqlite3_db_filename(l->db, NULL));
	}
	sqlite3_finalize(q);
	return ok;
}

static bool load_domains(struct loader *l)
{
	struct dir_org *org = &l->snap->org;
	const char **names;
	uint32_t cap;
	void *room;
	sqlite3_stmt *q;
	bool ok = true;

	if (!load_begin(l, "domain", sizeof *names, &room, &cap) ||
	    !sql_query(l->db, &q, l->err, "SELECT name FROM domain "
		       "ORDER BY position, name", ""))
		return false;
	names = room;
	while (org->domain_count < cap && sql_next(q, &ok, l->err))
		names[org->domain_count++] = sql_text(q, 0, l->snap->arena);
	sqlite3_finalize(q);
	org->domains = names;
	org->domain = org->domain_count > 0 ? names[0] : "";
	return ok;
}

static bool is_named(const struct dir_server *server, const char *name)
{
	return dir_same(server->name, name) || dir_same(server->fqdn, name);
}

static void read_server(sqlite3_stmt *q, struct arena *a,
			struct dir_server *e)
{
	size_t size;

	e->guid = sql_guid(q, 0);
	e->name = sql_text(q, 1, a);
	e->fqdn = sql_text(q, 2, a);
	e->version = sql_text(q, 3, a);
	e->make = sql_text(q, 4, a);
	e->site = sql_text(q, 5, a);
	e->roles = (unsigned)sqlite3_column_int(q, 6) & DIR_ROLES_ALL;
	e->assertion_key = sql_blob(q, 7, a, &size);
	if (size != DIR_ASSERTION_KEY_SIZE)
		e->assertion_key = NULL;
	e->account_hash = sql_blob(q, 8, a, &e->account_hash_size);
}

static bool load_servers(struct loader *l)
{
	struct snapshot *s = l->snap;
	uint32_t cap;
	void *room;
	sqlite3_stmt *q;
	bool ok = true;

	if (!load_begin(l, "server", sizeof *s->servers, &room, &cap) ||
	    !sql_query(l->db, &q, l->err, "SELECT guid, name, fqdn, version, "
		       "make, site, roles, assertion_key, account_hash "
		       "FROM server ORDER BY name", ""))
		return false;
	s->servers = room;
	while (s->server_count < cap && sql_next(q, &ok, l->err)) {
		struct dir_server *e = &s->servers[s->server_count++];

		read_server(q, s->arena, e);
		if (l->server_name != NULL && is_named(e, l->server_name))
			s->this_server = s->server_count;
	}
	sqlite3_finalize(q);
	return ok;
}

/* The front-end one of the server, which comes before, lends its methods. */
static void inherit_methods(const struct snapshot *s,
			    const struct dir_server *server,
			    struct dir_vdir *e)
{
	const struct dir_vdir *front = snapshot_vdir(s, &e->server, false);

	e->methods_inherited = true;
	e->methods = front != NULL ? front->methods :
		dir_version_methods(server->version);
}

static void read_vdir(struct loader *l, sqlite3_stmt *q, struct dir_vdir *e)
{
	struct snapshot *s = l->snap;
	const struct dir_server *server;

	e->guid = sql_guid(q, 0);
	e->server = sql_guid(q, 1);
	server = snapshot_server(s, &e->server);
	e->back_end = sqlite3_column_int(q, 2) != 0;
	e->name = sql_text(q, 3, s->arena);
	e->website = sql_text(q, 4, s->arena);
	e->internal_url = sql_text(q, 5, s->arena);
	e->external_url = sql_text(q, 6, s->arena);
	if (sqlite3_column_type(q, 7) == SQLITE_NULL)
		inherit_methods(s, server, e);
	else
		e->methods = (unsigned)sqlite3_column_int(q, 7);
	e->ep_checking = (enum dir_ep)sqlite3_column_int(q, 8);
	e->ep_flags = (unsigned)sqlite3_column_int(q, 9);
	e->when_created = (uint64_t)sqlite3_column_int64(q, 10);
	e->when_changed = (uint64_t)sqlite3_column_int64(q, 11);
	e->server_name = server->name;
	e->server_version = server->version;
	e->identity = arena_printf(s->arena, "%s\\%s (%s)", server->name,
				   e->name, e->website);
}

static bool load_vdirs(struct loader *l)
{
	struct snapshot *s = l->snap;
	uint32_t cap;
	void *room;
	sqlite3_stmt *q;
	bool ok = true;

	if (!load_begin(l, "vdir", sizeof *s->vdirs, &room, &cap) ||
	    !sql_query(l->db, &q, l->err, "SELECT v.guid, v.server, "
		       "v.back_end, v.name, v.website, v.internal_url, "
		       "v.external_url, v.methods, v.ep_checking, v.ep_flags, "
		       "v.when_created, v.when_changed FROM vdir v "
		       "JOIN server s ON s.guid = v.server "
		       "ORDER BY s.name, v.back_end", ""))
		return false;
	s->vdirs = room;
	while (s->vdir_count < cap && sql_next(q, &ok, l->err)) {
		read_vdir(l, q, &s->vdirs[s->vdir_count]);
		/* Not before: it is looked for among those read. */
		s->vdir_count++;
	}
	sqlite3_finalize(q);
	return ok;
}

static struct dir_vdir *find_vdir(struct snapshot *s, const struct guid *guid)
{
	for (uint32_t i = 0; i < s->vdir_count; i++)
		if (guid_equal(&s->vdirs[i].guid, guid))
			return &s->vdirs[i];
	return NULL;
}

/* Those of one lie side by side in one array of all. */
static bool load_spns(struct loader *l)
{
	struct snapshot *s = l->snap;
	const char **all;
	uint32_t cap, n = 0;
	void *room;
	sqlite3_stmt *q;
	bool ok = true;

	if (!load_begin(l, "vdir_spn", sizeof *all, &room, &cap) ||
	    !sql_query(l->db, &q, l->err, "SELECT vdir, spn FROM vdir_spn "
		       "ORDER BY vdir, position", ""))
		return false;
	all = room;
	for (; n < cap && sql_next(q, &ok, l->err); n++) {
		struct guid guid = sql_guid(q, 0);
		struct dir_vdir *e = find_vdir(s, &guid);

		all[n] = sql_text(q, 1, s->arena);
		if (e != NULL && e->ep_spn_count++ == 0)
			e->ep_spns = &all[n];
	}
	sqlite3_finalize(q);
	return ok;
}

static bool load_databases(struct loader *l)
{
	struct snapshot *s = l->snap;
	uint32_t cap;
	void *room;
	sqlite3_stmt *q;
	bool ok = true;

	if (!load_begin(l, "database", sizeof *s->databases, &room, &cap) ||
	    !sql_query(l->db, &q, l->err, "SELECT guid, name, server, path "
		       "FROM database ORDER BY guid", ""))
		return false;
	s->databases = room;
	while (s->database_count < cap && sql_next(q, &ok, l->err)) {
		struct dir_database *e = &s->databases[s->database_count++];
		const char *path = (const char *)sqlite3_column_text(q, 3);

		e->guid = sql_guid(q, 0);
		e->name = sql_text(q, 1, s->arena);
		e->server = sql_guid(q, 2);
		e->path = arena_printf(s->arena, "%s%s%s",
				       path[0] == '/' ? "" : l->base,
				       path[0] == '/' ? "" : "/", path);
	}
	sqlite3_finalize(q);
	return ok;
}

static void read_user(struct loader *l, sqlite3_stmt *q, struct dir_user *e)
{
	struct arena *a = l->snap->arena;

	e->guid = sql_guid(q, 0);
	e->account = sql_text(q, 1, a);
	e->upn = sql_text(q, 2, a);
	e->display_name = sql_text(q, 3, a);
	e->legacy_dn = sql_text(q, 4, a);
	e->password = sql_text(q, 5, a);
	e->is_admin = sqlite3_column_int(q, 6) != 0;
	e->disabled = sqlite3_column_int(q, 7) != 0;
	e->changed = (uint64_t)sqlite3_column_int64(q, 8);
	e->nt_hash = sql_blob(q, 9, a, &e->nt_hash_size);
	e->object_id = sql_text(q, 10, a);
}

static bool load_users(struct loader *l)
{
	struct snapshot *s = l->snap;
	uint32_t cap;
	void *room;
	sqlite3_stmt *q;
	bool ok = true;

	if (!load_begin(l, "user", sizeof *s->users, &room, &cap) ||
	    !sql_query(l->db, &q, l->err, "SELECT guid, account, upn, "
		       "display_name, legacy_dn, password, is_admin, disabled, "
		       "changed, nt_hash, object_id FROM user "
		       "ORDER BY account", ""))
		return false;
	s->users = room;
	index_new(s->arena, cap, &s->by_user_guid);
	index_new(s->arena, cap, &s->by_account);
	index_new(s->arena, cap, &s->by_upn);
	index_new(s->arena, cap, &s->by_dn);
	index_new(s->arena, cap, &s->by_object_id);
	while (s->user_count < cap && sql_next(q, &ok, l->err)) {
		struct dir_user *e = &s->users[s->user_count];

		read_user(l, q, e);
		index_add(&s->by_user_guid, hash_guid(&e->guid),
			  s->user_count);
		index_add(&s->by_account, hash_text(e->account),
			  s->user_count);
		index_add(&s->by_upn, hash_text(e->upn), s->user_count);
		index_add(&s->by_dn, hash_text(e->legacy_dn), s->user_count);
		if (*e->object_id != '\0')
			index_add(&s->by_object_id, hash_text(e->object_id),
				  s->user_count);
		s->user_count++;
	}
	sqlite3_finalize(q);
	return ok;
}

/*
 * Addresses come ordered by user and position, so those of a user lie side by
 * side in one array of all.
 */
static bool load_addresses(struct loader *l)
{
	struct snapshot *s = l->snap;
	const char **all;
	uint32_t cap, n = 0;
	void *room;
	sqlite3_stmt *q;
	bool ok = true;

	if (!load_begin(l, "address", sizeof *all, &room, &cap) ||
	    !sql_query(l->db, &q, l->err, "SELECT user, address FROM address "
		       "ORDER BY user, position", ""))
		return false;
	all = room;
	index_new(s->arena, cap, &s->by_address);
	for (; n < cap && sql_next(q, &ok, l->err); n++) {
		struct guid guid = sql_guid(q, 0);
		const struct dir_user *found = snapshot_user(s, &guid);
		struct dir_user *e;

		all[n] = sql_text(q, 1, s->arena);
		if (found == NULL)
			continue;
		e = &s->users[found - s->users];
		if (e->address_count++ == 0)
			e->addresses = &all[n];
		index_add(&s->by_address, hash_text(all[n]),
			  (uint32_t)(found - s->users));
	}
	sqlite3_finalize(q);
	return ok;
}

/* What a mailbox is told from its owner, database and server. */
static void join_mailbox(struct snapshot *s, struct dir_mailbox *e)
{
	const struct dir_user *user = snapshot_user(s, &e->user);
	const struct dir_database *db = snapshot_database(s, &e->database);
	const struct dir_server *server = db == NULL ? NULL :
		snapshot_server(s, &db->server);
	char guid[GUID_TEXT_SIZE];

	e->legacy_dn = user != NULL ? user->legacy_dn : "";
	e->display_name = user != NULL ? user->display_name : "";
	e->address = user != NULL && user->address_count > 0 ?
		user->addresses[0] : "";
	if (user != NULL)
		s->users[user - s->users].mailbox = e->guid;
	e->database_name = db != NULL ? db->name : "";
	guid_format(&e->guid, guid);
	e->path = arena_printf(s->arena, "%s/%s.db",
			       db != NULL ? db->path : "", guid);
	e->server_fqdn = server != NULL ? server->fqdn : "";
	if (server != NULL) {
		e->server = server->guid;
		e->local = s->this_server != 0 &&
			server == &s->servers[s->this_server - 1];
	}
}

static void read_mailbox(sqlite3_stmt *q, struct dir_mailbox *e)
{
	e->guid = sql_guid(q, 0);
	e->user = sql_guid(q, 1);
	e->database = sql_guid(q, 2);
	e->lcid = (uint32_t)sqlite3_column_int64(q, 3);
	e->disabled = sqlite3_column_int(q, 4) != 0;
	e->quota.warn = (uint64_t)sqlite3_column_int64(q, 5);
	e->quota.no_send = (uint64_t)sqlite3_column_int64(q, 6);
	e->quota.no_receive = (uint64_t)sqlite3_column_int64(q, 7);
	e->changed = (uint64_t)sqlite3_column_int64(q, 8);
}

static bool load_mailboxes(struct loader *l)
{
	struct snapshot *s = l->snap;
	uint32_t cap;
	void *room;
	sqlite3_stmt *q;
	bool ok = true;

	if (!load_begin(l, "mailbox", sizeof *s->mailboxes, &room, &cap) ||
	    !sql_query(l->db, &q, l->err, "SELECT m.guid, m.user, m.database, "
		       "m.lcid, m.disabled, m.quota_warn, m.quota_no_send, "
		       "m.quota_no_receive, m.changed FROM mailbox m "
		       "JOIN user u ON u.guid = m.user ORDER BY u.account", ""))
		return false;
	s->mailboxes = room;
	index_new(s->arena, cap, &s->by_mailbox_guid);
	while (s->mailbox_count < cap && sql_next(q, &ok, l->err)) {
		struct dir_mailbox *e = &s->mailboxes[s->mailbox_count];

		read_mailbox(q, e);
		join_mailbox(s, e);
		index_add(&s->by_mailbox_guid, hash_guid(&e->guid),
			  s->mailbox_count++);
	}
	sqlite3_finalize(q);
	return ok;
}

static bool load_all(struct loader *l)
{
	return load_org(l) && load_domains(l) && load_servers(l) &&
		load_vdirs(l) && load_spns(l) &&
		load_databases(l) && load_users(l) && load_addresses(l) &&
		load_mailboxes(l);
}

bool snapshot_load(sqlite3 *db, const char *base, const char *server_name,
		   struct snapshot **out, struct err *err)
{
	struct arena *arena = arena_new(8192);
	struct loader l = { .db = db, .base = base, .err = err,
			    .server_name = server_name };
	bool ok;

	l.snap = arena_zalloc(arena, sizeof *l.snap);
	l.snap->arena = arena;
	ok = sql_run(db, "BEGIN", err) && load_all(&l);
	sqlite3_exec(db, ok ? "COMMIT" : "ROLLBACK", NULL, NULL, NULL);
	if (!ok) {
		arena_free(arena);
		return false;
	}
	*out = l.snap;
	return true;
}

void snapshot_free(struct snapshot *snap)
{
	if (snap != NULL)
		arena_free(snap->arena);
}
