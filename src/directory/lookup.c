/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups: from the snapshot into the caller's arena. */
#include <stdlib.h>
#include <string.h>

#include "directory/impl.h"

/* Copies --------------------------------------------------------------- */

static const char *const *copy_list(struct arena *a, const char *const *list,
				    size_t n)
{
	const char **out = arena_array(a, n, sizeof *out);

	for (size_t i = 0; i < n; i++)
		out[i] = arena_strdup(a, list[i]);
	return out;
}

static void copy_server(struct arena *a, const struct dir_server *from,
			struct dir_server *out)
{
	*out = *from;
	out->name = arena_strdup(a, from->name);
	out->fqdn = arena_strdup(a, from->fqdn);
	out->version = arena_strdup(a, from->version);
	out->make = arena_strdup(a, from->make);
	out->site = arena_strdup(a, from->site);
	if (from->assertion_key != NULL)
		out->assertion_key = arena_memdup(a, from->assertion_key,
						  DIR_ASSERTION_KEY_SIZE);
	if (from->account_hash != NULL)
		out->account_hash = arena_memdup(a, from->account_hash,
						 from->account_hash_size);
}

static void copy_vdir(struct arena *a, const struct dir_vdir *from,
		      struct dir_vdir *out)
{
	*out = *from;
	out->name = arena_strdup(a, from->name);
	out->website = arena_strdup(a, from->website);
	out->identity = arena_strdup(a, from->identity);
	out->server_name = arena_strdup(a, from->server_name);
	out->server_version = arena_strdup(a, from->server_version);
	out->internal_url = arena_strdup(a, from->internal_url);
	out->external_url = arena_strdup(a, from->external_url);
	out->ep_spns = copy_list(a, from->ep_spns, from->ep_spn_count);
}

static void copy_database(struct arena *a, const struct dir_database *from,
			  struct dir_database *out)
{
	*out = *from;
	out->name = arena_strdup(a, from->name);
	out->path = arena_strdup(a, from->path);
}

static void copy_user(struct arena *a, const struct dir_user *from,
		      struct dir_user *out)
{
	*out = *from;
	out->account = arena_strdup(a, from->account);
	out->upn = arena_strdup(a, from->upn);
	out->display_name = arena_strdup(a, from->display_name);
	out->legacy_dn = arena_strdup(a, from->legacy_dn);
	out->password = arena_strdup(a, from->password);
	out->object_id = arena_strdup(a, from->object_id);
	if (from->nt_hash != NULL)
		out->nt_hash = arena_memdup(a, from->nt_hash,
					    from->nt_hash_size);
	out->addresses = copy_list(a, from->addresses, from->address_count);
}

static void copy_mailbox(struct arena *a, const struct dir_mailbox *from,
			 struct dir_mailbox *out)
{
	*out = *from;
	out->path = arena_strdup(a, from->path);
	out->legacy_dn = arena_strdup(a, from->legacy_dn);
	out->display_name = arena_strdup(a, from->display_name);
	out->address = arena_strdup(a, from->address);
	out->database_name = arena_strdup(a, from->database_name);
	out->server_fqdn = arena_strdup(a, from->server_fqdn);
}

/* The organisation, servers and databases ------------------------------ */

void directory_org(struct directory *dir, struct arena *arena,
		   struct dir_org *out)
{
	const struct snapshot *s = snapshot_enter(dir);

	*out = s->org;
	out->name = arena_strdup(arena, s->org.name);
	out->domains = copy_list(arena, s->org.domains, s->org.domain_count);
	out->domain = out->domain_count > 0 ? out->domains[0] : "";
	snapshot_leave(dir);
}

/* Give what was found and let go of the snapshot. */
static bool give_server(struct directory *dir, const struct dir_server *found,
			struct arena *arena, struct dir_server *out)
{
	if (found != NULL)
		copy_server(arena, found, out);
	snapshot_leave(dir);
	return found != NULL;
}

bool directory_server(struct directory *dir, const struct guid *guid,
		      struct arena *arena, struct dir_server *out)
{
	const struct snapshot *s = snapshot_enter(dir);

	return give_server(dir, snapshot_server(s, guid), arena, out);
}

bool directory_server_named(struct directory *dir, const char *name,
			    struct arena *arena, struct dir_server *out)
{
	const struct snapshot *s = snapshot_enter(dir);
	const struct dir_server *found = NULL;

	for (uint32_t i = 0; i < s->server_count && found == NULL; i++)
		if (dir_same(s->servers[i].name, name) ||
		    dir_same(s->servers[i].fqdn, name))
			found = &s->servers[i];
	return give_server(dir, found, arena, out);
}

bool directory_this_server(struct directory *dir, struct arena *arena,
			   struct dir_server *out)
{
	const struct snapshot *s = snapshot_enter(dir);

	return give_server(dir, s->this_server == 0 ? NULL :
			   &s->servers[s->this_server - 1], arena, out);
}

bool directory_vdir(struct directory *dir, const struct guid *server,
		    bool back_end, struct arena *arena, struct dir_vdir *out)
{
	const struct snapshot *s = snapshot_enter(dir);
	const struct dir_vdir *found = snapshot_vdir(s, server, back_end);

	if (found != NULL)
		copy_vdir(arena, found, out);
	snapshot_leave(dir);
	return found != NULL;
}

static bool give_database(struct directory *dir,
			  const struct dir_database *found,
			  struct arena *arena, struct dir_database *out)
{
	if (found != NULL)
		copy_database(arena, found, out);
	snapshot_leave(dir);
	return found != NULL;
}

bool directory_database(struct directory *dir, const struct guid *guid,
			struct arena *arena, struct dir_database *out)
{
	const struct snapshot *s = snapshot_enter(dir);

	return give_database(dir, snapshot_database(s, guid), arena, out);
}

bool directory_database_named(struct directory *dir, const char *name,
			      struct arena *arena, struct dir_database *out)
{
	const struct snapshot *s = snapshot_enter(dir);
	const struct dir_database *found = NULL;

	for (uint32_t i = 0; i < s->database_count && found == NULL; i++)
		if (dir_same(s->databases[i].name, name))
			found = &s->databases[i];
	return give_database(dir, found, arena, out);
}

/* Users ---------------------------------------------------------------- */

static bool give_user(struct directory *dir, const struct dir_user *found,
		      struct arena *arena, struct dir_user *out)
{
	if (found != NULL)
		copy_user(arena, found, out);
	snapshot_leave(dir);
	return found != NULL;
}

bool directory_user(struct directory *dir, const struct guid *guid,
		    struct arena *arena, struct dir_user *out)
{
	const struct snapshot *s = snapshot_enter(dir);

	return give_user(dir, snapshot_user(s, guid), arena, out);
}

/* Whether name (of len bytes) is an accepted domain or its first label. */
static bool is_domain(const struct dir_org *org, const char *name, size_t len)
{
	char text[256];

	if (len == 0 || len >= sizeof text)
		return false;
	memcpy(text, name, len);
	text[len] = '\0';
	for (size_t i = 0; i < org->domain_count; i++) {
		const char *domain = org->domains[i];
		size_t label = strcspn(domain, ".");
		char first[256];

		if (dir_same(domain, text))
			return true;
		if (label != len || label >= sizeof first)
			continue;
		memcpy(first, domain, label);
		first[label] = '\0';
		if (dir_same(first, text))
			return true;
	}
	return false;
}

static const struct dir_user *find_name(const struct snapshot *s,
					const char *name)
{
	const char *slash = strchr(name, '\\');
	const struct dir_user *user;

	if (slash != NULL)
		return is_domain(&s->org, name, (size_t)(slash - name)) ?
			snapshot_account(s, slash + 1) : NULL;
	if (strchr(name, '@') == NULL)
		return snapshot_account(s, name);
	user = snapshot_upn(s, name);
	return user != NULL ? user : snapshot_address(s, name);
}

bool directory_user_by_name(struct directory *dir, const char *name,
			    struct arena *arena, struct dir_user *out)
{
	const struct snapshot *s = snapshot_enter(dir);

	return give_user(dir, find_name(s, name), arena, out);
}

bool directory_user_by_address(struct directory *dir, const char *smtp,
			       struct arena *arena, struct dir_user *out)
{
	const struct snapshot *s = snapshot_enter(dir);

	return give_user(dir, snapshot_address(s, smtp), arena, out);
}

bool directory_user_by_object_id(struct directory *dir, const char *object_id,
				 struct arena *arena, struct dir_user *out)
{
	const struct snapshot *s = snapshot_enter(dir);
	const struct dir_user *user = snapshot_object_id(s, object_id);
	struct guid guid;

	if (user == NULL && guid_parse(object_id, &guid))
		user = snapshot_user(s, &guid);
	return give_user(dir, user, arena, out);
}

bool directory_user_by_dn(struct directory *dir, const char *legacy_dn,
			  struct arena *arena, struct dir_user *out)
{
	const struct snapshot *s = snapshot_enter(dir);

	return give_user(dir, snapshot_dn(s, legacy_dn), arena, out);
}

uint64_t directory_user_changed(struct directory *dir,
				const struct guid *guid)
{
	const struct snapshot *s = snapshot_enter(dir);
	const struct dir_user *user = snapshot_user(s, guid);
	uint64_t changed = user != NULL ? user->changed : 0;

	snapshot_leave(dir);
	return changed;
}

/* Mailboxes ------------------------------------------------------------ */

static bool give_mailbox(struct directory *dir,
			 const struct dir_mailbox *found,
			 struct arena *arena, struct dir_mailbox *out)
{
	if (found != NULL)
		copy_mailbox(arena, found, out);
	snapshot_leave(dir);
	return found != NULL;
}

static const struct dir_mailbox *mailbox_of(const struct snapshot *s,
					    const struct dir_user *user)
{
	return user == NULL ? NULL : snapshot_mailbox(s, &user->mailbox);
}

bool directory_mailbox(struct directory *dir, const struct guid *guid,
		       struct arena *arena, struct dir_mailbox *out)
{
	const struct snapshot *s = snapshot_enter(dir);

	return give_mailbox(dir, snapshot_mailbox(s, guid), arena, out);
}

bool directory_mailbox_by_dn(struct directory *dir, const char *legacy_dn,
			     struct arena *arena, struct dir_mailbox *out)
{
	const struct snapshot *s = snapshot_enter(dir);

	return give_mailbox(dir, mailbox_of(s, snapshot_dn(s, legacy_dn)),
			    arena, out);
}

bool directory_mailbox_by_address(struct directory *dir, const char *smtp,
				  struct arena *arena,
				  struct dir_mailbox *out)
{
	const struct snapshot *s = snapshot_enter(dir);

	return give_mailbox(dir, mailbox_of(s, snapshot_address(s, smtp)),
			    arena, out);
}

bool directory_mailbox_by_id(struct directory *dir, const char *mailbox_id,
			     struct arena *arena, struct dir_mailbox *out)
{
	size_t len = strcspn(mailbox_id, "@");
	char text[GUID_TEXT_SIZE + 2];    /* braces are allowed */
	struct guid guid;

	if (len >= sizeof text)
		return false;
	memcpy(text, mailbox_id, len);
	text[len] = '\0';
	return guid_parse(text, &guid) &&
		directory_mailbox(dir, &guid, arena, out);
}

/* Lists ---------------------------------------------------------------- */

size_t directory_servers(struct directory *dir, struct arena *arena,
			 struct dir_server **out)
{
	const struct snapshot *s = snapshot_enter(dir);
	size_t n = s->server_count;
	struct dir_server *list = arena_array(arena, n, sizeof *list);

	for (size_t i = 0; i < n; i++)
		copy_server(arena, &s->servers[i], &list[i]);
	snapshot_leave(dir);
	*out = list;
	return n;
}

size_t directory_vdirs(struct directory *dir, struct arena *arena,
		       struct dir_vdir **out)
{
	const struct snapshot *s = snapshot_enter(dir);
	size_t n = s->vdir_count;
	struct dir_vdir *list = arena_array(arena, n, sizeof *list);

	for (size_t i = 0; i < n; i++)
		copy_vdir(arena, &s->vdirs[i], &list[i]);
	snapshot_leave(dir);
	*out = list;
	return n;
}

static int by_name(const void *a, const void *b)
{
	const struct dir_database *da = a, *db = b;

	return strcmp(da->name, db->name);
}

size_t directory_databases(struct directory *dir, struct arena *arena,
			   struct dir_database **out)
{
	const struct snapshot *s = snapshot_enter(dir);
	size_t n = s->database_count;
	struct dir_database *list = arena_array(arena, n, sizeof *list);

	for (size_t i = 0; i < n; i++)
		copy_database(arena, &s->databases[i], &list[i]);
	snapshot_leave(dir);
	if (n > 0)
		qsort(list, n, sizeof *list, by_name);
	*out = list;
	return n;
}

size_t directory_users(struct directory *dir, struct arena *arena,
		       struct dir_user **out)
{
	const struct snapshot *s = snapshot_enter(dir);
	size_t n = s->user_count;
	struct dir_user *list = arena_array(arena, n, sizeof *list);

	for (size_t i = 0; i < n; i++)
		copy_user(arena, &s->users[i], &list[i]);
	snapshot_leave(dir);
	*out = list;
	return n;
}

size_t directory_mailboxes(struct directory *dir, struct arena *arena,
			   struct dir_mailbox **out)
{
	const struct snapshot *s = snapshot_enter(dir);
	size_t n = s->mailbox_count;
	struct dir_mailbox *list = arena_array(arena, n, sizeof *list);

	for (size_t i = 0; i < n; i++)
		copy_mailbox(arena, &s->mailboxes[i], &list[i]);
	snapshot_leave(dir);
	*out = list;
	return n;
}
