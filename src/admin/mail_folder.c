/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "admin/mail.h"
#include "store/folder.h"
#include "store/table.h"

/* The subfolders of one folder, in arena. */
struct children {
	struct arena *arena;
	size_t n, cap;
	struct child {
		uint64_t id;
		const char *name;
	} *v;
};

static bool take_child(void *ctx, const struct prop_value *row, uint32_t n)
{
	struct children *c = ctx;

	if (prop_tag_type(row[0].tag) != PTYP_INTEGER64 ||
	    prop_tag_type(row[1].tag) != PTYP_STRING)
		return true;
	if (c->n == c->cap) {
		size_t cap = c->cap > 0 ? 2 * c->cap : 16;
		struct child *v = arena_array(c->arena, cap, sizeof *v);

		if (c->n > 0)
			memcpy(v, c->v, c->n * sizeof *v);
		c->v = v;
		c->cap = cap;
	}
	c->v[c->n].id = (uint64_t)row[0].i64;
	c->v[c->n++].name = arena_strdup(c->arena, row[1].str);
	return true;
}

/* A slash divides folders in a path, so one in a name is shown as "_". */
static const char *path_part(struct arena *arena, const char *name)
{
	char *part = arena_strdup(arena, name);

	for (char *c = part; *c != '\0'; c++)
		if (*c == '/')
			*c = '_';
	return part;
}

static enum ec list_children(struct store *store, uint64_t folder_id,
			     struct children *out)
{
	static const uint32_t tags[] = { PID_TAG_FOLDER_ID,
					 PID_TAG_DISPLAY_NAME };
	struct prop_tags columns = { 2, tags };
	struct table *t;
	uint32_t rows, n = 1;
	uint8_t origin;
	enum ec ec = table_open_hierarchy(store, folder_id, 0,
					  store_lcid(store), &t, &rows);

	if (ec != EC_SUCCESS)
		return ec;
	ec = table_set_columns(t, columns);
	while (ec == EC_SUCCESS && n > 0)
		ec = table_query_rows(t, 0, true, 1000, take_child, out, &n,
				      &origin);
	table_free(t);
	return ec;
}

/* The special folder directly below the top with this English name. */
static bool special_named(struct store *store, uint64_t parent,
			  const char *name, uint64_t *id)
{
	if (parent != store_special(store, SPECIAL_IPM_SUBTREE))
		return false;
	for (int i = SPECIAL_INBOX; i < SPECIAL_COUNT; i++) {
		const char *english = special_folder_name(
			(enum special_folder)i, 0x0409);
		struct folder_info info;
		uint64_t special = store_special(store,
						 (enum special_folder)i);

		if (strcasecmp(english, name) == 0 &&
		    folder_stat(store, special, false, &info) == EC_SUCCESS &&
		    info.parent_id == parent) {
			*id = special;
			return true;
		}
	}
	return false;
}

static enum ec find_child(struct store *store, uint64_t parent,
			  const char *name, struct arena *arena, uint64_t *id)
{
	struct children c = { .arena = arena };
	enum ec ec = list_children(store, parent, &c);

	if (ec != EC_SUCCESS)
		return ec;
	for (size_t i = 0; i < c.n; i++)
		if (strcasecmp(c.v[i].name, name) == 0 ||
		    strcasecmp(path_part(arena, c.v[i].name), name) == 0) {
			*id = c.v[i].id;
			return EC_SUCCESS;
		}
	return special_named(store, parent, name, id) ? EC_SUCCESS :
		EC_NOT_FOUND;
}

static enum ec step_into(struct store *store, uint64_t parent,
			 const char *name, bool create, struct arena *arena,
			 uint64_t *id)
{
	struct folder_create params = { .name = name, .type = FOLDER_GENERIC,
					.open_existing = true };
	enum ec ec = find_child(store, parent, name, arena, id);
	bool existed;

	if (ec == EC_NOT_FOUND && create)
		ec = folder_create(store, parent, &params, id, &existed);
	return ec;
}

bool mail_folder(struct store *store, const char *path, bool create,
		 uint64_t *id, struct err *err)
{
	struct arena *arena = arena_new(0);
	uint64_t at = store_special(store, SPECIAL_IPM_SUBTREE);
	const char *rest = path;
	enum ec ec = store_lock(store);
	bool locked = ec == EC_SUCCESS, ok = locked;

	while (ok && *rest != '\0') {
		const char *end = strchrnul(rest, '/');
		char *name = arena_strndup(arena, rest, (size_t)(end - rest));

		if (*name != '\0')
			ec = step_into(store, at, name, create, arena, &at);
		ok = ec == EC_SUCCESS;
		rest = *end != '\0' ? end + 1 : end;
	}
	if (locked)
		store_unlock(store);
	arena_free(arena);
	if (!ok)
		return err_set(err, ec, ec == EC_NOT_FOUND ?
			       "there is no folder %s in the mailbox" :
			       "cannot open the folder %s", path);
	*id = at;
	return true;
}

struct walk {
	struct store *store;
	struct arena *arena;
	struct mail_folder *v;
	size_t n, cap;
};

static struct mail_folder *walk_add(struct walk *w, uint64_t id,
				    const char *path)
{
	if (w->n == w->cap) {
		size_t cap = w->cap > 0 ? 2 * w->cap : 32;
		struct mail_folder *v = arena_array(w->arena, cap, sizeof *v);

		if (w->n > 0)
			memcpy(v, w->v, w->n * sizeof *v);
		w->v = v;
		w->cap = cap;
	}
	w->v[w->n] = (struct mail_folder){ id, path };
	return &w->v[w->n++];
}

/* Breadth first: w->v is both the answer and the queue. */
static enum ec walk_below(struct walk *w, size_t from)
{
	for (size_t i = from; i < w->n; i++) {
		struct children c = { .arena = w->arena };
		const char *path = w->v[i].path;
		enum ec ec = list_children(w->store, w->v[i].id, &c);

		if (ec != EC_SUCCESS)
			return ec;
		for (size_t k = 0; k < c.n; k++)
			walk_add(w, c.v[k].id, arena_printf(w->arena,
				"%s%s%s", path, *path != '\0' ? "/" : "",
				path_part(w->arena, c.v[k].name)));
	}
	return EC_SUCCESS;
}

bool mail_folders(struct store *store, uint64_t id, const char *path,
		  bool deep, struct arena *arena, struct mail_folder **out,
		  size_t *n, struct err *err)
{
	struct walk w = { .store = store, .arena = arena };
	enum ec ec = store_lock(store);

	if (ec != EC_SUCCESS)
		return err_set(err, ec, "the mailbox is busy: try again");
	walk_add(&w, id, arena_strdup(arena, path));
	if (deep)
		ec = walk_below(&w, 0);
	store_unlock(store);
	if (ec != EC_SUCCESS)
		return err_set(err, ec, "cannot list the folders below %s: %s",
			       path, ec_text(ec));
	*out = w.v;
	*n = w.n;
	return true;
}
