/* SPDX-License-Identifier: Apache-2.0 */
#include "store/search.h"

#include <stdlib.h>
#include <string.h>

#include "mapi/restriction.h"
#include "store/folder.h"
#include "store/folder_row.h"
#include "store/match.h"
#include "store/table_source.h"

/* A search folder with criteria, ready to be compared with messages. */
struct search {
	struct search *next;
	uint64_t folder;                  /* counter */
	struct arena *arena;
	struct search_criteria criteria;
	struct collator *collator;
	struct match *match;
};

/* The dynamic searches of a mailbox. */
struct searches {
	struct store *store;
	struct search *first;
};

static void search_free(struct search *s)
{
	if (s == NULL)
		return;
	match_free(s->match);
	collator_free(s->collator);
	arena_free(s->arena);
	free(s);
}

/* ---- criteria ---- */

static enum ec read_restriction(struct search *s)
{
	struct prop_ctx ctx = prop_ctx_rop(s->arena, 0);
	struct wire_r r = wire_r(s->criteria.restriction.data,
				 s->criteria.restriction.len);
	struct restriction decoded, *all = NULL;

	if (s->criteria.restriction.len > 0) {
		if (!restriction_decode(&r, &ctx, &decoded) || !wire_done(&r))
			return EC_CORRUPT_DATA;
		all = &decoded;
	}
	return match_new(all, s->collator, &s->match);
}

enum ec search_check(struct store *store, const struct bin *restriction)
{
	struct search s = { .criteria.restriction = *restriction };
	enum ec ec = EC_ERROR;

	s.arena = arena_new(0);
	s.collator = collator_new(store_lcid(store), NULL);
	if (s.collator != NULL)
		ec = read_restriction(&s);
	match_free(s.match);
	collator_free(s.collator);
	arena_free(s.arena);
	return ec;
}

static enum ec search_load(struct store *store, uint64_t folder_id,
			   struct search **out)
{
	struct search *s = xcalloc(1, sizeof *s);
	enum ec ec;

	s->folder = db_counter(folder_id);
	s->arena = arena_new(1024);
	s->collator = collator_new(store_lcid(store), NULL);
	ec = s->collator == NULL ? EC_ERROR :
		folder_get_search(store, folder_id, s->arena, &s->criteria);
	if (ec == EC_SUCCESS)
		ec = read_restriction(s);
	if (ec != EC_SUCCESS)
		search_free(s);
	else
		*out = s;
	return ec;
}

static bool is_dynamic(const struct search *s)
{
	return !(s->criteria.flags & SEARCH_STATIC_REQUEST);
}

static bool is_recursive(const struct search *s)
{
	return (s->criteria.flags & SEARCH_RECURSIVE_REQUEST) != 0;
}

static bool in_scope(struct store *store, const struct search *s,
		     uint64_t folder)
{
	uint64_t root;
	bool below = false;

	for (size_t i = 0; i < s->criteria.n_folders; i++) {
		root = db_counter(s->criteria.folders[i]);
		if (folder == root)
			return true;
		if (is_recursive(s) && folder_is_below(store, folder, root,
				&below) == EC_SUCCESS && below)
			return true;
	}
	return false;
}

/* ---- links ---- */

static enum ec run3(struct store *store, struct sqlite3_stmt *stmt,
		    uint64_t folder, uint64_t id, uint64_t home)
{
	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)folder);
	if (id != 0)
		sqlite3_bind_int64(stmt, 2, (int64_t)id);
	if (home != 0)
		sqlite3_bind_int64(stmt, 3, (int64_t)home);
	return db_run(store, stmt);
}

static enum ec link_put(struct store *store, const struct search *s,
			uint64_t id, uint64_t home)
{
	return run3(store, db_stmt(store, "INSERT OR REPLACE INTO "
		"found(folder, kind, id, home) VALUES(?1, 0, ?2, ?3)"),
		s->folder, id, home);
}

static enum ec link_remove(struct store *store, const struct search *s,
			   uint64_t id)
{
	return run3(store, db_stmt(store, "DELETE FROM found WHERE folder=?1 "
		"AND kind=0 AND id=?2"), s->folder, id, 0);
}

/* The folder that a link says the message is in; 0: there is no link. */
static uint64_t link_home(struct store *store, const struct search *s,
			  uint64_t id)
{
	struct sqlite3_stmt *stmt = db_stmt(store, "SELECT home FROM found "
		"WHERE folder=?1 AND kind=0 AND id=?2");
	uint64_t home = 0;
	bool row;

	if (stmt == NULL)
		return 0;
	sqlite3_bind_int64(stmt, 1, (int64_t)s->folder);
	sqlite3_bind_int64(stmt, 2, (int64_t)id);
	if (db_step(store, stmt, &row) == EC_SUCCESS && row)
		home = (uint64_t)sqlite3_column_int64(stmt, 0);
	db_done(stmt);
	return home;
}

static enum ec set_state(struct store *store, const struct search *s)
{
	uint32_t state = SEARCH_COMPLETE | TWIR_TOTALLY |
		(is_recursive(s) ? SEARCH_RECURSIVE : 0) |
		(is_dynamic(s) ? 0 : SEARCH_STATIC);

	return run3(store, db_stmt(store, "UPDATE searches SET state=?2 "
				   "WHERE folder=?1"), s->folder, state, 0);
}

/* ---- running ---- */

struct tally {
	int64_t total, unread;
};

static enum ec search_messages(struct store *store, const struct search *s,
			       uint64_t folder, struct tally *n)
{
	struct row_source *src = row_source_contents(store, db_id(folder),
						     CONTENT_NORMAL, false);
	enum ec ec = src->ops->walk(src, 0, true, true, 0);
	uint64_t id;

	while (ec == EC_SUCCESS) {
		ec = src->ops->next(src, &id);
		if (ec != EC_SUCCESS || !match_row(s->match, &src->row))
			continue;
		n->total++;
		n->unread += src->ops->unread(src);
		ec = link_put(store, s, db_counter(id), folder);
	}
	src->ops->done(src);
	row_source_free(src);
	return ec == EC_NOT_FOUND ? EC_SUCCESS : ec;
}

/*
 * A folder of the scope, and those below it.  What search folders show is
 * found where it lies.
 */
static enum ec search_folder(struct store *store, const struct search *s,
			     uint64_t folder, unsigned depth, struct tally *n)
{
	struct folder_row row;
	struct arena *a;
	uint64_t *ids = NULL;
	size_t n_ids = 0;
	enum ec ec = folder_row_get(store, folder, NULL, &row);

	if (ec == EC_NOT_FOUND || (ec == EC_SUCCESS && (row.deleted != 0 ||
			row.type == FOLDER_SEARCH)))
		return EC_SUCCESS;
	if (ec == EC_SUCCESS)
		ec = search_messages(store, s, folder, n);
	if (ec != EC_SUCCESS || !is_recursive(s) || depth > 1000)
		return ec;
	a = arena_new(0);
	ec = folder_children(store, folder, false, a, &n_ids, &ids);
	for (size_t i = 0; i < n_ids && ec == EC_SUCCESS; i++)
		if (ids[i] != folder)     /* the root is its own parent */
			ec = search_folder(store, s, ids[i], depth + 1, n);
	arena_free(a);
	return ec;
}

/* A message found twice, by folders one below the other, is one link. */
static enum ec count_links(struct store *store, const struct search *s,
			   struct tally *n)
{
	struct sqlite3_stmt *stmt = db_stmt(store, "SELECT count(*), "
		"sum(c.read=0) FROM found f CROSS JOIN contents c ON "
		"c.folder=f.home AND c.kind=f.kind AND c.id=f.id "
		"WHERE f.folder=?1");
	bool row;
	enum ec ec;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)s->folder);
	ec = db_step(store, stmt, &row);
	if (ec == EC_SUCCESS) {
		n->total = sqlite3_column_int64(stmt, 0);
		n->unread = sqlite3_column_int64(stmt, 1);
	}
	db_done(stmt);
	return ec;
}

static enum ec add_counts(struct store *store, const struct search *s,
			  int64_t total, int64_t unread)
{
	struct folder_delta delta = { .total = total, .unread = unread };

	if (total == 0 && unread == 0)
		return EC_SUCCESS;
	return folder_count(store, s->folder, &delta);
}

static enum ec populate(struct store *store, const struct search *s)
{
	struct store_event done = { .type = EVENT_SEARCH_COMPLETE,
				    .folder_id = db_id(s->folder) };
	struct tally n = { 0, 0 };
	struct folder_row row;
	enum ec ec = run3(store, db_stmt(store,
		"DELETE FROM found WHERE folder=?1 /* anew */"), s->folder,
		0, 0);

	for (size_t i = 0; i < s->criteria.n_folders && ec == EC_SUCCESS; i++)
		ec = search_folder(store, s,
				   db_counter(s->criteria.folders[i]), 0, &n);
	if (ec == EC_SUCCESS && s->criteria.n_folders > 1)
		ec = count_links(store, s, &n);
	if (ec == EC_SUCCESS)
		ec = folder_row_get(store, s->folder, NULL, &row);
	if (ec == EC_SUCCESS)
		ec = add_counts(store, s, n.total - (int64_t)row.total,
				n.unread - (int64_t)row.unread);
	if (ec == EC_SUCCESS)
		ec = set_state(store, s);
	if (ec == EC_SUCCESS)
		db_emit(store, &done);
	return ec;
}

static enum ec run(struct store *store, const struct search *s)
{
	enum ec ec = db_begin(store);

	return ec != EC_SUCCESS ? ec : db_end(store, populate(store, s));
}

/* ---- following events ---- */

static struct searches *searches_of(struct store *store)
{
	return event_hub_data(store_events(store), EVENT_HUB_SEARCHES);
}

static void forget(struct searches *all, uint64_t folder)
{
	struct search **at = &all->first, *s;

	while ((s = *at) != NULL) {
		if (s->folder == folder) {
			*at = s->next;
			search_free(s);
		} else {
			at = &s->next;
		}
	}
}

static void remember(struct searches *all, struct search *s)
{
	forget(all, s->folder);
	s->next = all->first;
	all->first = s;
}

/* Whether the message is to be found, as it is now; *unread likewise. */
static bool matches(struct store *store, const struct search *s,
		    uint64_t folder, uint64_t message_id, bool *unread)
{
	struct row_source *src;
	bool found = false;

	if (!in_scope(store, s, folder))
		return false;
	src = row_source_contents(store, db_id(folder), CONTENT_NORMAL, false);
	if (src->ops->load(src, message_id) == EC_SUCCESS) {
		found = match_row(s->match, &src->row);
		*unread = src->ops->unread(src);
	}
	src->ops->done(src);
	row_source_free(src);
	return found;
}

static void emit(struct store *store, const struct search *s, unsigned type,
		 uint64_t home, const struct store_event *why)
{
	struct store_event ev = *why;

	ev.type = (uint16_t)type;
	ev.search_folder = true;
	ev.folder_id = db_id(home);
	ev.parent_id = db_id(s->folder);
	ev.old_folder_id = ev.old_message_id = ev.old_parent_id = 0;
	db_emit(store, &ev);
}

/* What a message that changed was and is to a search, as counts. */
static enum ec change_link(struct store *store, const struct search *s,
			   const struct store_event *ev, uint64_t old_home,
			   uint64_t home, bool unread)
{
	uint64_t id = db_counter(ev->message_id);
	int64_t was = old_home != 0 && ev->unread_known && ev->was_unread;
	int64_t is = home != 0 && unread;
	enum ec ec = EC_SUCCESS;

	if (!ev->unread_known && old_home != 0 && home != 0)
		was = is;
	if (home == 0)
		ec = link_remove(store, s, id);
	else if (home != old_home)
		ec = link_put(store, s, id, home);
	if (ec == EC_SUCCESS)
		ec = add_counts(store, s, (home != 0) - (old_home != 0),
				is - was);
	if (ec != EC_SUCCESS)
		return ec;
	emit(store, s, home == 0 ? EVENT_OBJECT_DELETED : old_home == 0 ?
	     EVENT_OBJECT_CREATED : EVENT_OBJECT_MODIFIED,
	     home != 0 ? home : old_home, ev);
	return EC_SUCCESS;
}

static void follow(struct store *store, const struct search *s,
		   const struct store_event *ev)
{
	uint64_t id = db_counter(ev->message_id);
	uint64_t old_home = link_home(store, s, id), home = 0;
	bool unread = false;

	if (ev->type != EVENT_OBJECT_DELETED)
		home = db_counter(ev->folder_id);
	if (home != 0 && !matches(store, s, home, ev->message_id, &unread))
		home = 0;
	if (home == 0 && old_home == 0)
		return;
	/* Failures are the store's faults, and known as such. */
	if (db_begin(store) == EC_SUCCESS)
		db_end(store, change_link(store, s, ev, old_home, home,
					  unread));
}

static bool names_folder(const struct search *s, uint64_t folder_id)
{
	for (size_t i = 0; i < s->criteria.n_folders; i++)
		if (s->criteria.folders[i] == folder_id)
			return true;
	return false;
}

/* Folders came into the scope, or left it, with what is in them. */
static void follow_folder(struct searches *all, const struct store_event *ev)
{
	uint64_t folder = db_counter(ev->folder_id);

	if (ev->type == EVENT_OBJECT_DELETED)
		forget(all, folder);
	for (struct search *s = all->first; s != NULL; s = s->next)
		if (s->folder != folder &&
		    (is_recursive(s) || names_folder(s, ev->folder_id)))
			run(all->store, s);
}

static void on_event(void *ctx, const struct store_event *ev)
{
	struct searches *all = ctx;

	if (all->first == NULL || ev->search_folder)
		return;
	if (ev->message_id == 0) {
		if (ev->type & (EVENT_OBJECT_DELETED | EVENT_OBJECT_MOVED |
				EVENT_OBJECT_COPIED))
			follow_folder(all, ev);
		return;
	}
	if (ev->associated)
		return;
	for (struct search *s = all->first; s != NULL; s = s->next)
		follow(all->store, s, ev);
}

static void searches_free(void *data)
{
	struct searches *all = data;

	while (all->first != NULL)
		forget(all, all->first->folder);
	free(all);
}

static uint64_t next_dynamic(struct store *store, uint64_t after)
{
	struct sqlite3_stmt *stmt = db_stmt(store, "SELECT folder FROM "
		"searches WHERE folder>?1 AND (flags & 0x40000)=0 "
		"ORDER BY folder LIMIT 1");
	uint64_t folder = 0;
	bool row;

	if (stmt == NULL)
		return 0;
	sqlite3_bind_int64(stmt, 1, (int64_t)after);
	if (db_step(store, stmt, &row) == EC_SUCCESS && row)
		folder = (uint64_t)sqlite3_column_int64(stmt, 0);
	db_done(stmt);
	return folder;
}

void search_attach(struct store *store)
{
	struct searches *all = xcalloc(1, sizeof *all);
	struct search *s;
	uint64_t folder = 0;

	all->store = store;
	event_hub_set_data(store_events(store), EVENT_HUB_SEARCHES, all,
			   searches_free);
	while ((folder = next_dynamic(store, folder)) != 0)
		if (search_load(store, db_id(folder), &s) == EC_SUCCESS)
			remember(all, s);
	event_subscribe_first(store_events(store), EVENT_OBJECT_CREATED |
			      EVENT_OBJECT_DELETED | EVENT_OBJECT_MODIFIED |
			      EVENT_OBJECT_MOVED | EVENT_OBJECT_COPIED,
			      on_event, all);
}

enum ec search_start(struct store *store, uint64_t folder_id)
{
	struct searches *all = searches_of(store);
	struct search *s;
	enum ec ec = search_load(store, folder_id, &s);

	if (ec != EC_SUCCESS)
		return ec;
	/* Runs are over when they return: there is nothing to stop. */
	if (!(s->criteria.flags & SEARCH_STOP))
		ec = run(store, s);
	if (ec == EC_SUCCESS && is_dynamic(s) && all != NULL) {
		remember(all, s);
	} else {
		if (all != NULL && ec == EC_SUCCESS)
			forget(all, s->folder);
		search_free(s);
	}
	return ec;
}
