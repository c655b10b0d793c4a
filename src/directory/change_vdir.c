/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of virtual directories. */
#include <string.h>

#include "base/clock.h"
#include "directory/check.h"
#include "directory/vdir_impl.h"

/* Defaults ------------------------------------------------------------- */

/*
 * A server that serves MAPI over HTTP on one site alone is reached there;
 * others have their back-end site on port 444.
 */
static const char *default_url(struct arena *arena, const char *fqdn,
			       const char *make, bool back_end)
{
	bool one_site = dir_same(make, "gromox");

	return arena_printf(arena, "https://%s%s/mapi", fqdn,
			    back_end && !one_site ? ":444" : "");
}

static const char *default_site(bool back_end)
{
	return back_end ? "Exchange Back End" : "Default Web Site";
}

/* Writing -------------------------------------------------------------- */

static bool write_spns(struct txn *t, const struct dir_vdir *v)
{
	if (!sql_do(t->dir->db, t->err, "DELETE FROM vdir_spn WHERE vdir = ?",
		    "g", &v->guid))
		return false;
	for (size_t i = 0; i < v->ep_spn_count; i++)
		if (!sql_do(t->dir->db, t->err, "INSERT INTO vdir_spn (vdir, "
			    "position, spn) VALUES (?, ?, ?)", "gis",
			    &v->guid, (int64_t)i, v->ep_spns[i]))
			return false;
	return true;
}

/* methods -1: inherited. */
static int64_t stored_methods(const struct dir_vdir *v)
{
	return v->back_end && v->methods_inherited ? -1 : (int64_t)v->methods;
}

static bool insert_vdir(struct txn *t, const struct dir_vdir *v)
{
	int64_t now = (int64_t)filetime_now();

	return sql_do(t->dir->db, t->err, "INSERT INTO vdir (guid, server, "
		      "back_end, name, website, internal_url, external_url, "
		      "methods, ep_checking, ep_flags, when_created, "
		      "when_changed) VALUES (?, ?, ?, 'mapi', ?, ?, ?, "
		      "nullif(?, -1), ?, ?, ?, ?)", "ggisssiiiii", &v->guid,
		      &v->server, (int64_t)v->back_end, v->website,
		      v->internal_url, v->external_url, stored_methods(v),
		      (int64_t)v->ep_checking, (int64_t)v->ep_flags, now,
		      now) &&
		write_spns(t, v) &&
		audit_record(t, &audit_vdir, &v->guid, NULL);
}

static bool update_vdir(struct txn *t, const struct dir_vdir *v)
{
	struct audit_row before;

	return audit_read(t, &audit_vdir, &v->guid, &before) &&
		sql_do(t->dir->db, t->err, "UPDATE vdir SET internal_url = ?, "
		       "external_url = ?, methods = nullif(?, -1), "
		       "ep_checking = ?, ep_flags = ?, when_changed = ? "
		       "WHERE guid = ?", "ssiiiig", v->internal_url,
		       v->external_url, stored_methods(v),
		       (int64_t)v->ep_checking, (int64_t)v->ep_flags,
		       (int64_t)filetime_now(), &v->guid) &&
		txn_hit(t, "virtual directory") && write_spns(t, v) &&
		audit_record(t, &audit_vdir, &v->guid, &before);
}

static bool remove_vdir(struct txn *t, const struct guid *guid)
{
	struct audit_row before;

	return audit_read(t, &audit_vdir, guid, &before) &&
		sql_do(t->dir->db, t->err, "DELETE FROM vdir WHERE guid = ?",
		       "g", guid) && txn_hit(t, "virtual directory") &&
		audit_record(t, &audit_vdir, guid, &before);
}

/* With their server ---------------------------------------------------- */

static bool add_default(struct txn *t, const struct dir_server *s,
			bool back_end)
{
	struct dir_vdir v = { .guid = guid_new(), .server = s->guid,
		.back_end = back_end, .website = default_site(back_end),
		.internal_url = default_url(t->arena, s->fqdn, s->make,
					    back_end),
		.external_url = "", .methods_inherited = back_end,
		.methods = dir_version_methods(s->version) };

	return insert_vdir(t, &v);
}

bool vdir_add_defaults(struct txn *t, const struct dir_server *s)
{
	return add_default(t, s, false) &&
		(!(s->roles & DIR_ROLE_MAILBOX) || add_default(t, s, true));
}

/* The GUIDs of a server's; room for both sides. */
static bool list_vdirs(struct txn *t, const struct guid *server,
		       const char *which, struct guid out[2], size_t *count)
{
	char *text = sqlite3_mprintf("SELECT guid FROM vdir WHERE server = ? "
				     "AND %s ORDER BY back_end", which);
	sqlite3_stmt *q = NULL;
	bool ok = sql_query(t->dir->db, &q, t->err, text, "g", server);
	size_t n = 0;

	sqlite3_free(text);
	while (ok && n < 2 && sql_next(q, &ok, t->err))
		out[n++] = sql_guid(q, 0);
	sqlite3_finalize(q);
	if (ok)
		*count = n;
	return ok;
}

static bool move_url(struct txn *t, const struct dir_server *was,
		     const struct dir_server *now, bool back_end)
{
	const char *from = default_url(t->arena, was->fqdn, was->make,
				       back_end);
	const char *to = default_url(t->arena, now->fqdn, now->make, back_end);
	struct audit_row before;
	struct guid guid[2];
	size_t n;

	if (strcmp(from, to) == 0)
		return true;
	if (!list_vdirs(t, &now->guid, back_end ? "back_end" : "NOT back_end",
			guid, &n))
		return false;
	return n == 0 ||
		(audit_read(t, &audit_vdir, &guid[0], &before) &&
		 sql_do(t->dir->db, t->err, "UPDATE vdir SET internal_url = ?,"
			" when_changed = ? WHERE guid = ? AND "
			"internal_url = ?", "sigs", to,
			(int64_t)filetime_now(), &guid[0], from) &&
		 audit_record(t, &audit_vdir, &guid[0], &before));
}

bool vdir_follow_server(struct txn *t, const struct dir_server *was,
			const struct dir_server *now)
{
	bool had = was->roles & DIR_ROLE_MAILBOX;
	bool has = now->roles & DIR_ROLE_MAILBOX;
	struct guid guid[2];
	size_t n = 0;

	if (!move_url(t, was, now, false) || !move_url(t, was, now, true))
		return false;
	if (had == has)
		return true;
	if (!list_vdirs(t, &now->guid, "back_end", guid, &n))
		return false;
	if (has)
		return n > 0 || add_default(t, now, true);
	return n == 0 || remove_vdir(t, &guid[0]);
}

bool vdir_remove_all(struct txn *t, const struct guid *server)
{
	struct guid guid[2];
	size_t n;

	if (!list_vdirs(t, server, "1", guid, &n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!remove_vdir(t, &guid[i]))
			return false;
	return true;
}

/* On their own --------------------------------------------------------- */

/* Service principal names: a class and a host, "HTTP/mail.example.test". */
static bool check_spns(const struct dir_vdir *v, struct err *err)
{
	for (size_t i = 0; i < v->ep_spn_count; i++) {
		const char *spn = v->ep_spns[i];
		const char *slash = strchr(spn, '/');

		if (slash == NULL || slash == spn || slash[1] == '\0' ||
		    strlen(spn) > 255 || !dir_clean(spn, " ,\"\\"))
			return err_set(err, EC_INVALID_PARAM, "\"%s\" is not "
				       "a service principal name; write one "
				       "such as HTTP/mail.example.test", spn);
		for (size_t k = 0; k < i; k++)
			if (dir_same(spn, v->ep_spns[k]))
				return err_set(err, EC_DUPLICATE_NAME, "the "
					       "service principal name %s was "
					       "given twice", spn);
	}
	return true;
}

static bool check_vdir(const struct dir_vdir *v, struct err *err)
{
	if (v->methods & ~(unsigned)DIR_METHODS_ALL ||
	    v->ep_flags & ~(unsigned)DIR_EP_FLAGS_ALL ||
	    (unsigned)v->ep_checking > DIR_EP_REQUIRE)
		return err_set(err, EC_INVALID_PARAM, "an authentication "
			       "method or a value of Extended Protection is "
			       "unknown");
	if (v->back_end && v->internal_url[0] == '\0')
		return err_set(err, EC_INVALID_PARAM, "the back-end virtual "
			       "directory needs an internal URL: front ends "
			       "reach the server there");
	return (v->internal_url[0] == '\0' ||
		dir_check_url("InternalUrl", v->internal_url, err)) &&
		(v->external_url[0] == '\0' ||
		 dir_check_url("ExternalUrl", v->external_url, err)) &&
		check_spns(v, err);
}

static const char *or_empty(const char *s)
{
	return s != NULL ? s : "";
}

/* Without the slash at its end: paths are appended to it. */
static const char *trim_url(struct arena *arena, const char *url)
{
	size_t len = strlen(url);

	while (len > 0 && url[len - 1] == '/')
		len--;
	return arena_strndup(arena, url, len);
}

/* Fill in what a new one was not given, from its server. */
static void complete(struct arena *arena, const struct dir_server *server,
		     struct dir_vdir *v)
{
	if (guid_is_null(&v->guid))
		v->guid = guid_new();
	if (or_empty(v->website)[0] == '\0')
		v->website = default_site(v->back_end);
	if (v->internal_url == NULL)
		v->internal_url = default_url(arena, server->fqdn,
					      server->make, v->back_end);
	v->internal_url = trim_url(arena, v->internal_url);
	v->external_url = trim_url(arena, or_empty(v->external_url));
	v->methods_inherited = v->back_end && v->methods == 0;
	if (v->methods == 0)
		v->methods = dir_version_methods(server->version);
}

static bool new_vdir(struct txn *t, const struct dir_vdir *v,
		     const struct dir_server *server)
{
	int64_t n;

	if (!sql_number(t->dir->db, 0, &n, t->err, "SELECT count(*) FROM vdir "
			"WHERE server = ? AND back_end = ?", "gi", &v->server,
			(int64_t)v->back_end))
		return false;
	if (n > 0)
		return err_set(t->err, EC_DUPLICATE_NAME, "The virtual "
			       "directory 'mapi' already exists under '%s/%s'.",
			       server->name, default_site(v->back_end));
	return insert_vdir(t, v);
}

bool directory_new_vdir(struct directory *dir, struct dir_vdir *vdir,
			struct err *err)
{
	struct arena *arena = arena_new(0);
	struct dir_vdir v = *vdir;
	struct dir_server server;
	struct txn t;
	bool ok;

	ok = directory_server(dir, &v.server, arena, &server) ||
		err_set(err, EC_NOT_FOUND, "there is no such server");
	if (ok && v.back_end && !(server.roles & DIR_ROLE_MAILBOX))
		ok = err_set(err, EC_INVALID_PARAM, "%s has no mailbox role, "
			     "so it has no back end", server.name);
	if (ok) {
		complete(arena, &server, &v);
		ok = dir_check_name("the web site", v.website, err) &&
			check_vdir(&v, err) && txn_begin(&t, dir, err) &&
			txn_end(&t, new_vdir(&t, &v, &server));
	}
	arena_free(arena);
	if (ok)
		vdir->guid = v.guid;
	return ok;
}

static bool set_vdirs(struct txn *t, const struct dir_vdir *vdirs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct dir_vdir v = vdirs[i];

		v.internal_url = trim_url(t->arena, v.internal_url);
		v.external_url = trim_url(t->arena, v.external_url);
		if (!update_vdir(t, &v))
			return err_prefix(t->err, "%s", v.identity);
	}
	return true;
}

bool directory_set_vdirs(struct directory *dir, const struct dir_vdir *vdirs,
			 size_t n, struct err *err)
{
	struct txn t;

	for (size_t i = 0; i < n; i++)
		if (!check_vdir(&vdirs[i], err))
			return err_prefix(err, "%s", vdirs[i].identity);
	return txn_begin(&t, dir, err) &&
		txn_end(&t, set_vdirs(&t, vdirs, n));
}

static bool remove_vdirs(struct txn *t, const struct guid *guids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!remove_vdir(t, &guids[i]))
			return false;
	return true;
}

bool directory_remove_vdirs(struct directory *dir, const struct guid *guids,
			    size_t n, struct err *err)
{
	struct txn t;

	return txn_begin(&t, dir, err) &&
		txn_end(&t, remove_vdirs(&t, guids, n));
}
