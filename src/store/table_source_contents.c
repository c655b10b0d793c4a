/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of a folder as a source of a table: normal, FAI, soft-deleted
 * ones, the links of a search folder, or all of the mailbox.
 */
#include <stdlib.h>
#include <string.h>

#include "store/table_contents.h"

/* The columns are COL_… of table_contents.h. */
#define COLUMNS "SELECT c.id, c.folder, c.read, c.flags, c.status, c.cn, " \
	"c.size, c.delivered, c.modified, c.deleted, c.row "

#define OF_FOLDER "FROM contents c WHERE c.folder=?1 AND c.kind=?2 AND c.id"
#define OF_SEARCH "FROM found f CROSS JOIN contents c ON c.folder=f.home " \
	"AND c.kind=f.kind AND c.id=f.id " \
	"WHERE f.folder=?1 AND f.kind=?2 AND f.id"
#define OF_ALL "FROM messages m CROSS JOIN contents c ON " \
	"c.folder=m.folder AND c.kind=?2 AND c.id=m.id " \
	"WHERE ?1=?1 AND m.id"

/* Room for the rows of some 15,000 messages. */
enum { RANDOM_CACHE_KIB = 6144 };

/* ?3: the ID to begin at, not included; ?4: how many to skip */
struct contents_sql {
	const char *forward, *backward, *load, *count, *least, *greatest;
};

static const struct contents_sql of_folder = {
	COLUMNS OF_FOLDER ">?3 ORDER BY c.id LIMIT -1 OFFSET ?4",
	COLUMNS OF_FOLDER "<?3 ORDER BY c.id DESC LIMIT -1 OFFSET ?4",
	COLUMNS OF_FOLDER "=?3",
	"SELECT total, associated, n_deleted, n_deleted_associated "
	"FROM folders WHERE id=?1",
	"SELECT id FROM contents WHERE folder=?1 AND kind=?2 AND id>=?3 "
	"ORDER BY id LIMIT 1",
	"SELECT id FROM contents WHERE folder=?1 AND kind=?2 AND id<=?3 "
	"ORDER BY id DESC LIMIT 1",
};

static const struct contents_sql of_search = {
	COLUMNS OF_SEARCH ">?3 ORDER BY f.id LIMIT -1 OFFSET ?4",
	COLUMNS OF_SEARCH "<?3 ORDER BY f.id DESC LIMIT -1 OFFSET ?4",
	COLUMNS OF_SEARCH "=?3",
	"SELECT total, associated, 0, 0 FROM folders WHERE id=?1",
	"SELECT id FROM found WHERE folder=?1 AND kind=?2 AND id>=?3 "
	"ORDER BY id LIMIT 1",
	"SELECT id FROM found WHERE folder=?1 AND kind=?2 AND id<=?3 "
	"ORDER BY id DESC LIMIT 1",
};

static const struct contents_sql of_all = {
	COLUMNS OF_ALL ">max(?3, 0) ORDER BY m.id LIMIT -1 OFFSET ?4",
	COLUMNS OF_ALL "<?3 AND m.id>0 ORDER BY m.id DESC LIMIT -1 OFFSET ?4",
	COLUMNS OF_ALL "=?3",
	"SELECT sum(total), sum(associated), sum(n_deleted), "
	"sum(n_deleted_associated) FROM folders WHERE type<>2 AND ?1=?1",
	"SELECT id FROM messages WHERE ?1=?1 AND ?2=?2 AND id>=max(?3, 1) "
	"ORDER BY id LIMIT 1",
	"SELECT id FROM messages WHERE ?1=?1 AND ?2=?2 AND id<=?3 "
	"ORDER BY id DESC LIMIT 1",
};

static struct contents_source *contents(struct row_source *s)
{
	return (struct contents_source *)s;
}

static void contents_done(struct row_source *s)
{
	struct contents_source *c = contents(s);

	contents_forget(c);
	db_done(c->stmt);
	c->stmt = NULL;
	c->loading = false;
	db_done(c->hold);
	c->hold = NULL;
}

/* The statement with the folder and kind bound. */
static struct sqlite3_stmt *start(struct contents_source *c, const char *sql)
{
	struct sqlite3_stmt *stmt = db_stmt(c->store, sql);

	if (stmt == NULL)
		return NULL;
	sqlite3_bind_int64(stmt, 1, (int64_t)c->folder);
	if (sqlite3_bind_parameter_count(stmt) >= 2)
		sqlite3_bind_int(stmt, 2, c->kind);
	return stmt;
}

static enum ec contents_count(struct row_source *s, uint32_t *n)
{
	struct contents_source *c = contents(s);
	struct sqlite3_stmt *stmt = start(c, c->sql->count);
	bool row = false;
	enum ec ec = db_step(c->store, stmt, &row);

	if (ec == EC_SUCCESS)
		*n = row ? (uint32_t)sqlite3_column_int64(stmt, c->kind) : 0;
	db_done(stmt);
	return ec;
}

static enum ec contents_walk(struct row_source *s, uint64_t from, bool include,
			     bool forward, uint32_t skip)
{
	struct contents_source *c = contents(s);
	int64_t edge = (int64_t)id_counter(from);

	contents_done(s);
	if (from == 0)
		edge = forward ? -1 : INT64_MAX;
	else if (include)
		edge += forward ? -1 : 1;
	c->stmt = start(c, forward ? c->sql->forward : c->sql->backward);
	if (c->stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(c->stmt, 3, edge);
	sqlite3_bind_int64(c->stmt, 4, skip);
	return EC_SUCCESS;
}

/*
 * A statement that has run to its end is given back at once: it might be
 * dropped from the memory of statements before it is reset.
 */
static enum ec step(struct contents_source *c)
{
	bool row;
	enum ec ec;

	contents_forget(c);
	if (c->stmt == NULL)
		return EC_NOT_FOUND;
	ec = db_step(c->store, c->stmt, &row);
	if (ec == EC_SUCCESS && !row)
		ec = EC_NOT_FOUND;
	if (ec != EC_SUCCESS) {
		db_done(c->stmt);
		c->stmt = NULL;
		c->loading = false;
		return ec;
	}
	c->id = (uint64_t)sqlite3_column_int64(c->stmt, COL_ID);
	c->home = (uint64_t)sqlite3_column_int64(c->stmt, COL_FOLDER);
	return EC_SUCCESS;
}

static enum ec contents_next(struct row_source *s, uint64_t *id)
{
	enum ec ec = step(contents(s));

	if (ec == EC_SUCCESS)
		*id = db_id(contents(s)->id);
	return ec;
}

/*
 * Without it each load begins and ends a transaction of its own, which takes
 * as long as finding the row.
 */
static void hold(struct contents_source *c)
{
	bool row;

	if (c->hold != NULL)
		return;
	c->hold = db_stmt(c->store, "SELECT id FROM folders LIMIT 1");
	if (c->hold != NULL)
		db_step(c->store, c->hold, &row);
}

static enum ec contents_load(struct row_source *s, uint64_t id)
{
	struct contents_source *c = contents(s);
	uint64_t counter = db_counter(id);

	if (counter == 0)
		return EC_NOT_FOUND;
	if (c->loading) {                 /* as the last one was */
		contents_forget(c);
		sqlite3_reset(c->stmt);
	} else {
		contents_forget(c);
		db_done(c->stmt);
		hold(c);
		c->stmt = start(c, c->sql->load);
		c->loading = true;
	}
	if (c->stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(c->stmt, 3, (int64_t)counter);
	return step(c);
}

static void contents_set_columns(struct row_source *s,
				 struct prop_tags columns)
{
	struct contents_source *c = contents(s);

	c->columns = columns;
	free(c->getters);
	c->getters = xcalloc(columns.n + 1, 1);
	for (uint32_t i = 0; i < columns.n; i++)
		c->getters[i] = (uint8_t)contents_getter(columns.v[i]);
}

static void contents_cells(struct row_source *s, struct prop_value *out)
{
	struct contents_source *c = contents(s);
	uint32_t tag;
	enum ec ec;

	for (uint32_t i = 0; i < c->columns.n; i++) {
		tag = c->columns.v[i];
		ec = contents_value(c, (enum getter)c->getters[i], tag, false,
				    &out[i]);
		if (ec == EC_SUCCESS && out[i].tag != tag)
			ec = EC_NOT_FOUND;
		if (ec != EC_SUCCESS)
			out[i] = prop_error(tag, ec);
	}
}

static bool contents_unread(struct row_source *s)
{
	return sqlite3_column_int64(contents(s)->stmt, COL_READ) == 0;
}

static uint64_t contents_folder_id(struct row_source *s)
{
	return db_id(contents(s)->home);
}

static enum ec contents_columns_all(struct row_source *s, struct arena *a,
				    struct prop_tags *out)
{
	static const uint32_t others[] = {
		PID_TAG_MESSAGE_FLAGS, PID_TAG_READ, PID_TAG_MESSAGE_STATUS,
		PID_TAG_MESSAGE_SIZE, PID_TAG_HAS_ATTACHMENTS,
		PID_TAG_NORMALIZED_SUBJECT, PID_TAG_ENTRY_ID,
		PID_TAG_PARENT_ENTRY_ID, PID_TAG_INSTANCE_KEY,
		PID_TAG_RECORD_KEY, PID_TAG_SEARCH_KEY, PID_TAG_OBJECT_TYPE,
		PID_TAG_ACCESS, PID_TAG_ACCESS_LEVEL,
		PID_TAG_MAPPING_SIGNATURE, PID_TAG_STORE_RECORD_KEY,
		PID_TAG_SOURCE_KEY, PID_TAG_PARENT_SOURCE_KEY,
		PID_TAG_CHANGE_KEY, PID_TAG_PREDECESSOR_CHANGE_LIST,
		PID_TAG_FOLDER_ID, PID_TAG_PARENT_FOLDER_ID, PID_TAG_MID,
		PID_TAG_CHANGE_NUMBER, PID_TAG_ASSOCIATED,
		PID_TAG_HAS_NAMED_PROPERTIES, PID_TAG_BODY, PID_TAG_INST_ID,
		PID_TAG_INSTANCE_NUM, PID_TAG_ROW_TYPE, PID_TAG_DEPTH,
		PID_TAG_CONTENT_COUNT, PID_TAG_CONTENT_UNREAD_COUNT,
	};
	size_t n = sizeof others / sizeof others[0];
	uint32_t *tags = arena_array(a, n + content_row_tags_n, sizeof *tags);

	memcpy(tags, others, sizeof others);
	memcpy(tags + n, content_row_tags,
	       content_row_tags_n * sizeof *tags);
	*out = (struct prop_tags){ (uint32_t)(n + content_row_tags_n), tags };
	return EC_SUCCESS;
}

/* ---- events ---- */

static enum row_change folder_change(struct contents_source *c,
				     const struct store_event *ev,
				     uint64_t *id)
{
	uint64_t folder = db_id(c->folder);
	bool here = ev->folder_id == folder && !ev->search_folder;

	*id = ev->message_id;
	switch (ev->type) {
	case EVENT_OBJECT_CREATED:
	case EVENT_OBJECT_COPIED:
		return here ? ROW_ADDED : ROW_NO_CHANGE;
	case EVENT_OBJECT_DELETED:
		return here ? ROW_GONE : ROW_NO_CHANGE;
	case EVENT_OBJECT_MODIFIED:
		return here ? ROW_CHANGED : ROW_NO_CHANGE;
	case EVENT_OBJECT_MOVED:
		if (here)
			return ROW_ADDED;
		if (ev->old_folder_id != folder)
			return ROW_NO_CHANGE;
		*id = ev->old_message_id;
		return ROW_GONE;
	default:
		return ROW_NO_CHANGE;
	}
}

/*
 * Nothing tells that a soft-deleted message is deleted for good: to clients
 * it was gone before.  That something happened in the folder must do.
 */
static enum row_change deleted_change(const struct contents_source *c,
				      const struct store_event *ev)
{
	return ev->type == EVENT_OBJECT_MODIFIED && ev->message_id == 0 &&
		ev->folder_id == db_id(c->folder) ? ROW_ALL_CHANGED :
		ROW_NO_CHANGE;
}

static enum row_change search_change(struct contents_source *c,
				     const struct store_event *ev,
				     uint64_t *id)
{
	if (ev->type == EVENT_SEARCH_COMPLETE)
		return ev->folder_id == db_id(c->folder) ? ROW_ALL_CHANGED :
			ROW_NO_CHANGE;
	if (!ev->search_folder || ev->parent_id != db_id(c->folder))
		return ROW_NO_CHANGE;
	*id = ev->message_id;
	switch (ev->type) {
	case EVENT_OBJECT_CREATED: return ROW_ADDED;
	case EVENT_OBJECT_DELETED: return ROW_GONE;
	case EVENT_OBJECT_MODIFIED: return ROW_CHANGED;
	default: return ROW_NO_CHANGE;
	}
}

static enum row_change all_change(const struct store_event *ev, uint64_t *id)
{
	if (ev->search_folder)
		return ROW_NO_CHANGE;
	*id = ev->message_id;
	switch (ev->type) {
	case EVENT_OBJECT_CREATED:
	case EVENT_OBJECT_COPIED: return ROW_ADDED;
	case EVENT_OBJECT_DELETED: return ROW_GONE;
	case EVENT_OBJECT_MODIFIED:
	case EVENT_OBJECT_MOVED: return ROW_CHANGED;
	default: return ROW_NO_CHANGE;
	}
}

static enum row_change contents_change(struct row_source *s,
				       const struct store_event *ev,
				       uint64_t *id)
{
	struct contents_source *c = contents(s);

	if (c->sql == &of_search)
		return search_change(c, ev, id);
	if (c->kind & CONTENT_DELETED)
		return deleted_change(c, ev);
	if (ev->message_id == 0 ||
	    ev->associated != ((c->kind & CONTENT_ASSOCIATED) != 0))
		return ROW_NO_CHANGE;
	return c->sql == &of_all ? all_change(ev, id) :
		folder_change(c, ev, id);
}

/* ---- positions ---- */

static enum ec edge(struct contents_source *c, const char *sql, int64_t bound,
		    int64_t *id)
{
	struct sqlite3_stmt *stmt = start(c, sql);
	bool row = false;
	enum ec ec;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 3, bound);
	ec = db_step(c->store, stmt, &row);
	if (ec == EC_SUCCESS && !row)
		ec = EC_NOT_FOUND;
	if (ec == EC_SUCCESS)
		*id = sqlite3_column_int64(stmt, 0);
	db_done(stmt);
	return ec;
}

/* IDs are given out in order, so that a share of them is about that share
 * of the rows. */
static enum ec contents_guess(struct row_source *s, double fraction,
			      uint64_t *id)
{
	struct contents_source *c = contents(s);
	int64_t first, last, at;
	enum ec ec = edge(c, c->sql->least, 0, &first);

	if (ec == EC_SUCCESS)
		ec = edge(c, c->sql->greatest, INT64_MAX, &last);
	if (ec != EC_SUCCESS)
		return ec;
	at = first + (int64_t)(fraction * (double)(last - first));
	ec = edge(c, c->sql->least, at, &at);
	if (ec == EC_SUCCESS)
		*id = db_id((uint64_t)at);
	return ec;
}

/*
 * A mailbox has a page cache for reading in order: a page or two.  In another
 * order each row is on another page, which is then wanted again.
 */
static void contents_random_access(struct row_source *s, bool begin)
{
	struct contents_source *c = contents(s);

	db_cache(c->store, begin ? RANDOM_CACHE_KIB : 0);
}

/* ---- life ---- */

static void contents_free(struct row_source *s)
{
	struct contents_source *c = contents(s);

	contents_done(s);
	arena_free(c->arena);
	free(c->getters);
	free(c);
}

static struct row_source *contents_new(struct store *store, uint64_t folder,
				       int kind,
				       const struct contents_sql *sql);

static struct row_source *contents_clone(struct row_source *s)
{
	struct contents_source *c = contents(s);

	return contents_new(c->store, c->folder, c->kind, c->sql);
}

static struct row_source *contents_new(struct store *store, uint64_t folder,
				       int kind,
				       const struct contents_sql *sql)
{
	static const struct row_source_ops ops = {
		.count = contents_count, .walk = contents_walk,
		.next = contents_next, .load = contents_load,
		.done = contents_done, .set_columns = contents_set_columns,
		.cells = contents_cells, .unread = contents_unread,
		.folder_id = contents_folder_id,
		.columns_all = contents_columns_all,
		.change = contents_change, .guess = contents_guess,
		.random_access = contents_random_access,
		.clone = contents_clone, .free = contents_free,
	};
	struct contents_source *c = xcalloc(1, sizeof *c);

	c->base.ops = &ops;
	c->base.row.get = contents_get;
	c->base.row.each = contents_each;
	c->base.hub = store_events(store);
	c->store = store;
	c->folder = folder;
	c->kind = kind;
	c->sql = sql;
	c->arena = arena_new(512);
	return &c->base;
}

struct row_source *row_source_contents(struct store *store,
				       uint64_t folder_id, int kind,
				       bool is_search)
{
	return contents_new(store, db_counter(folder_id), kind,
			    is_search ? &of_search : &of_folder);
}

struct row_source *row_source_conversation(struct store *store)
{
	return contents_new(store, 0, CONTENT_NORMAL, &of_all);
}
