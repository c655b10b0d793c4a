/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/ldap_sync.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "directory/ldap_link.h"

enum { DEFAULT_FULL_S = 3600 };

struct ldap_sync {
	const struct ldap_config *config;
	LDAP *ld;                 /* NULL: not connected */
	struct arena *arena;      /* as long as the connection */
	const char *url;
	const char *source;       /* what cookies are good for */
	bool want_full;           /* a group that the rules name changed */
};

struct ldap_sync *ldap_sync_new(const struct ldap_config *config)
{
	struct ldap_sync *s = xcalloc(1, sizeof *s);

	s->config = config;
	s->arena = arena_new(0);
	return s;
}

static void disconnect(struct ldap_sync *s)
{
	if (s->ld != NULL)
		ldap_unbind_ext_s(s->ld, NULL, NULL);
	s->ld = NULL;
	arena_reset(s->arena);
}

void ldap_sync_free(struct ldap_sync *sync)
{
	if (sync == NULL)
		return;
	disconnect(sync);
	arena_free(sync->arena);
	free(sync);
}

static bool is_ad(const struct ldap_config *config)
{
	return config->map.schema != LDAP_SCHEMA_OPENLDAP;
}

static bool connect_link(struct ldap_sync *s, struct err *err)
{
	if (s->ld != NULL)
		return true;
	if (!ldap_link_open(s->config, &s->ld, &s->url, s->arena, err))
		return false;
	/* Counters of domain controllers are their own; CSNs are not. */
	s->source = is_ad(s->config) ?
		arena_printf(s->arena, "%s", ldap_link_value(s->ld, s->config,
				"", "dsServiceName", s->arena)) :
		arena_printf(s->arena, "openldap:%s", s->config->base);
	return true;
}

/* Where the other side is now: the cookie of the next pass. */
static const char *position(struct ldap_sync *s, struct arena *arena)
{
	return is_ad(s->config) ?
		ldap_link_value(s->ld, s->config, "", "highestCommittedUSN",
				arena) :
		ldap_link_value(s->ld, s->config, s->config->base,
				"contextCSN", arena);
}

/* Reading -------------------------------------------------------------- */

struct reading {
	struct ldap_sync *sync;
	struct arena *arena;      /* of everything that was read */
	struct mirror_object *objects;
	size_t count, max;
	struct guid *gone;
	size_t gone_count, gone_max;
	char **why;               /* of what can't be mapped */
	size_t why_count, why_max;
	const char *since;        /* changes up to here are known; "": none */
	const char *until;        /* the position that was asked for */
	bool until_seen;          /* an entry has just that change */
	bool only_ids;
};

static void *grow(void *v, size_t n, size_t *max, size_t size)
{
	if (n < *max)
		return v;
	*max = *max * 2 + 256;
	return xrealloc(v, *max * size);
}

static bool entry_guid(const struct ldap_map *map, const struct ldap_entry *e,
		       struct guid *out)
{
	for (size_t i = 0; i < e->count; i++) {
		const struct ldap_values *v = &e->attributes[i];

		if (strcasecmp(v->name, map->parts[LDAP_GUID]) != 0 ||
		    v->count == 0)
			continue;
		if (v->values[0].len == sizeof *out) {
			memcpy(out, v->values[0].data, sizeof *out);
			return true;
		}
		if (v->values[0].len < GUID_TEXT_SIZE) {
			char text[GUID_TEXT_SIZE] = "";

			memcpy(text, v->values[0].data, v->values[0].len);
			return guid_parse(text, out);
		}
	}
	return false;
}

/* Whether the entry is at the position that the server told. */
static bool is_at(const struct ldap_map *map, const struct ldap_entry *e,
		  const char *position)
{
	size_t len = strlen(position);

	for (size_t i = 0; i < e->count; i++)
		if (strcasecmp(e->attributes[i].name,
			       map->parts[LDAP_CHANGED]) == 0 &&
		    e->attributes[i].count > 0 &&
		    e->attributes[i].values[0].len == len &&
		    memcmp(e->attributes[i].values[0].data, position,
			   len) == 0)
			return true;
	return false;
}

static void note_gone(struct reading *r, const struct guid *guid)
{
	r->gone = grow(r->gone, r->gone_count, &r->gone_max, sizeof *r->gone);
	r->gone[r->gone_count++] = *guid;
}

static void note_why(struct reading *r, const char *dn, const char *why)
{
	r->why = grow(r->why, r->why_count, &r->why_max, sizeof *r->why);
	r->why[r->why_count++] = arena_printf(r->arena, "%.250s: %s", dn, why);
}

/* Who is in such a group learns of it by a full pass alone. */
static bool is_rule_group(const struct ldap_map *map, const char *dn)
{
	if (*map->admins != '\0' && strcasecmp(map->admins, dn) == 0)
		return true;
	for (size_t i = 0; i < map->rule_count; i++)
		if (strcasecmp(map->rules[i].group, dn) == 0)
			return true;
	return false;
}

static bool read_object(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct reading *r = ctx;
	const struct ldap_map *map = &r->sync->config->map;
	struct ldap_entry entry;
	struct guid guid;
	const char *why;

	ldap_link_entry(ld, message, r->arena, &entry);
	if (*r->since != '\0' && is_at(map, &entry, r->since))
		return true;
	r->until_seen = r->until_seen || is_at(map, &entry, r->until);
	if (is_rule_group(map, entry.dn))
		r->sync->want_full = true;
	r->objects = grow(r->objects, r->count, &r->max, sizeof *r->objects);
	if (ldap_map_entry(map, &entry, r->arena, &r->objects[r->count],
			   &why)) {
		r->count++;
		return true;
	}
	if (why != NULL)
		note_why(r, entry.dn, why);
	if (entry_guid(map, &entry, &guid))
		note_gone(r, &guid);
	return true;
}

static bool read_gone(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct reading *r = ctx;
	struct ldap_entry entry;
	struct guid guid;

	ldap_link_entry(ld, message, r->arena, &entry);
	if (entry_guid(&r->sync->config->map, &entry, &guid))
		note_gone(r, &guid);
	return true;
}

static bool search(struct reading *r, const char *filter, bool deleted,
		   bool (*each)(void *ctx, LDAP *ld, LDAPMessage *entry),
		   struct err *err)
{
	const struct ldap_config *c = r->sync->config;

	return ldap_link_search(r->sync->ld, c, c->base, LDAP_SCOPE_SUBTREE,
				filter, ldap_map_attributes(&c->map,
				r->arena), deleted, each, r, err);
}

static const char *filter_of(const struct ldap_config *c)
{
	return c->filter != NULL ? c->filter : ldap_map_filter(&c->map);
}

/* What has changed since cookie, whatever it is now: a group that lost its
 * address must go. */
static bool read_changes(struct reading *r, const char *cookie,
			 struct err *err)
{
	const struct ldap_config *c = r->sync->config;
	const char *changed = c->map.parts[LDAP_CHANGED];
	unsigned long long usn = strtoull(cookie, NULL, 10) + 1;
	struct err ignored;

	if (!is_ad(c))
		return search(r, arena_printf(r->arena, "(&(|(objectClass="
			"inetOrgPerson)(objectClass=groupOfNames)(objectClass="
			"groupOfUniqueNames))(%s>=%s))", changed, cookie),
			      false, read_object, err);
	if (!search(r, arena_printf(r->arena, "(&(|(objectClass=user)"
		    "(objectClass=group)(objectClass=contact))(%s>=%llu))",
		    changed, usn), false, read_object, err))
		return false;
	/* Not everyone may see what was deleted: then age shows it. */
	search(r, arena_printf(r->arena, "(&(isDeleted=TRUE)(%s>=%llu))",
			       changed, usn), true, read_gone, &ignored);
	return true;
}

/* Writing -------------------------------------------------------------- */

static bool write_all(struct reading *r, struct mirror *m, struct err *err)
{
	for (size_t i = 0; i < r->gone_count; i++)
		if (!mirror_remove(m, &r->gone[i], err))
			return false;
	for (size_t i = 0; i < r->count; i++)
		if (!mirror_put(m, &r->objects[i], err))
			return false;
	return true;
}

static bool write_pass(struct reading *r, struct directory *dir, bool full,
		       void (*skipped)(void *ctx, const char *text), void *ctx,
		       struct mirror_counts *counts, struct err *err)
{
	struct mirror *m;

	if (!mirror_begin(dir, full, skipped, ctx, &m, err))
		return false;
	if (write_all(r, m, err))
		return mirror_end(m, r->sync->source, r->until, counts, err);
	mirror_abort(m);
	return false;
}

/* Passes --------------------------------------------------------------- */

static bool is_due(const struct ldap_sync *s, const struct mirror_state *known)
{
	unsigned full_s = s->config->full_s != 0 ? s->config->full_s :
		DEFAULT_FULL_S;

	return s->want_full || *known->cookie == '\0' ||
		strcmp(known->source, s->source) != 0 ||
		(int64_t)time(NULL) - known->full >= (int64_t)full_s;
}

/*
 * Nobody at all, where there were people: a wrong base or filter, or rights
 * that were taken away, looks just so.  Everybody would be put out.
 */
static bool is_believed(const struct reading *r,
			const struct mirror_state *known, struct err *err)
{
	const struct ldap_config *c = r->sync->config;

	if (r->count > 0 || known->objects == 0)
		return true;
	return err_set(err, EC_NOT_FOUND, "%s has nobody below %s, where %llu "
		       "were: check base, filter and what this server's "
		       "account may read; if all were removed, say \"posthouse "
		       "ldap sync --full\"", r->sync->url, c->base,
		       (unsigned long long)known->objects);
}

static bool read_pass(struct reading *r, const struct mirror_state *known,
		      bool *full, struct err *err)
{
	struct ldap_sync *s = r->sync;

	r->until = position(s, r->arena);
	r->since = *full ? "" : known->cookie;
	if (!*full && strcmp(r->until, known->cookie) == 0)
		return true;
	if (!*full && !read_changes(r, known->cookie, err))
		return false;
	/* A change that no entry has was a removal. */
	if (!*full && !is_ad(s->config) && !r->until_seen)
		*full = true;
	if (s->want_full)
		*full = true;
	if (!*full)
		return true;
	r->count = r->gone_count = 0;
	r->since = "";
	if (!search(r, filter_of(s->config), false, read_object, err))
		return false;
	r->gone_count = 0;        /* it says what is there */
	s->want_full = false;
	return true;
}

static void reading_free(struct reading *r)
{
	free(r->objects);
	free(r->gone);
	free(r->why);
	arena_free(r->arena);
}

static bool try_pass(struct ldap_sync *s, struct directory *dir, bool full,
		     void (*skipped)(void *ctx, const char *text), void *ctx,
		     struct ldap_result *out, struct err *err)
{
	struct reading r = { .sync = s, .arena = arena_new(64 * 1024) };
	struct mirror_state known;
	bool ok, asked = full;

	ok = connect_link(s, err) && mirror_state(dir, r.arena, &known, err);
	full = full || (ok && is_due(s, &known));
	ok = ok && read_pass(&r, &known, &full, err) &&
		(!full || asked || is_believed(&r, &known, err)) &&
		write_pass(&r, dir, full, skipped, ctx, &out->counts, err);
	if (ok && skipped != NULL)
		for (size_t i = 0; i < r.why_count; i++)
			skipped(ctx, r.why[i]);
	if (ok) {
		out->server = s->url;
		out->full = full;
	}
	reading_free(&r);
	return ok;
}

bool ldap_sync_pass(struct ldap_sync *sync, struct directory *dir, bool full,
		    void (*skipped)(void *ctx, const char *text), void *ctx,
		    struct ldap_result *out, struct err *err)
{
	bool connected = sync->ld != NULL;
	struct err ignored;

	if (try_pass(sync, dir, full, skipped, ctx, out, err))
		return true;
	disconnect(sync);
	/* An idle connection is closed without a word. */
	if (connected && try_pass(sync, dir, full, skipped, ctx, out, err))
		return true;
	disconnect(sync);
	mirror_failed(dir, err->text, &ignored);
	return false;
}

/* Looking -------------------------------------------------------------- */

struct look {
	struct ldap_sync *sync;
	unsigned left;
	void (*seen)(void *ctx, const struct mirror_object *object,
		     const char *why);
	void *ctx;
};

static bool look_at(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct look *l = ctx;
	struct arena *arena = arena_new(0);
	struct mirror_object object;
	struct ldap_entry entry;
	const char *why;

	ldap_link_entry(ld, message, arena, &entry);
	if (ldap_map_entry(&l->sync->config->map, &entry, arena, &object,
			   &why)) {
		l->seen(l->ctx, &object, NULL);
		l->left--;
	} else if (why != NULL) {
		object = (struct mirror_object){ .name = entry.dn };
		l->seen(l->ctx, &object, why);
		l->left--;
	}
	arena_free(arena);
	return l->left > 0;
}

bool ldap_sync_look(struct ldap_sync *sync, unsigned max,
		    void (*seen)(void *ctx, const struct mirror_object *object,
				 const char *why), void *ctx,
		    struct err *err)
{
	const struct ldap_config *c = sync->config;
	struct look l = { sync, max, seen, ctx };

	return connect_link(sync, err) &&
		ldap_link_search(sync->ld, c, c->base, LDAP_SCOPE_SUBTREE,
				 filter_of(c),
				 ldap_map_attributes(&c->map, sync->arena),
				 false, look_at, &l, err);
}
