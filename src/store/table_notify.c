/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeping up with the store, and telling of it ([MS-OXCNOTIF] 2.2.1.1.1,
 * 3.1.4.3).
 *
 * A view tells its tables of each row that changed; a keyed table listens to
 * the store itself.  Either way the places of the table are put right first.
 */
#include <stdlib.h>
#include <string.h>

#include "mapi/id.h"
#include "store/table_impl.h"

/* ---- telling ---- */

static bool wanted(const struct table *t)
{
	return t->on_event != NULL && t->pending <= TABLE_MAX_PENDING;
}

static void tell(struct table *t, struct table_event *ev)
{
	if (!wanted(t))
		return;
	/* Too many to say one by one: that it changed, then no more. */
	if (++t->pending > TABLE_MAX_PENDING)
		*ev = (struct table_event){ .type = TABLE_CHANGED };
	ev->message = t->kind == TABLE_CONTENTS;
	if (!t->on_event(t->on_event_ctx, t, ev))
		t->pending--;
}

static void tell_changed(struct table *t)
{
	struct table_event ev = { .type = TABLE_CHANGED };

	tell(t, &ev);
}

/* The IDs of a row: of a hierarchy table those of the folder. */
static void row_ids(struct table *t, const struct table_row *row,
		    uint64_t *folder_id, uint64_t *message_id)
{
	if (t->kind != TABLE_CONTENTS) {
		*folder_id = row->id;
		*message_id = 0;
		return;
	}
	*folder_id = row->header != NULL ? t->folder_id :
		t->source->ops->folder_id(t->source);
	*message_id = row->id;
}

/* The row before this one, if any, as the fields of the event. */
static enum ec set_after(struct table *t, const struct table_row *row,
			 struct table_event *ev)
{
	struct place p = { .key = BUF_INIT };
	struct table_row before;
	enum ec ec;

	place_set(t, &p, row, PLACE_AT);
	ec = list_walk(t, &p, false);
	if (ec == EC_SUCCESS)
		ec = list_next(t, &before);
	if (ec == EC_SUCCESS) {
		row_ids(t, &before, &ev->after_folder_id,
			&ev->after_message_id);
		ev->after_instance = before.instance;
	}
	list_done(t);
	place_free(&p);
	return ec == EC_NOT_FOUND ? EC_SUCCESS : ec;
}

/* An added or modified row, with its data. */
static void tell_row(struct table *t, enum table_event_type type,
		     const struct table_row *row)
{
	struct table_event ev = { .type = type,
				  .row_instance = row->instance };
	enum ec ec;

	if (!wanted(t))
		return;
	ec = set_after(t, row, &ev);
	if (ec == EC_SUCCESS)
		ec = table_load(t, row);
	if (ec == EC_SUCCESS)
		row_ids(t, row, &ev.row_folder_id, &ev.row_message_id);
	if (ec == EC_SUCCESS && t->n_columns > 0) {
		ec = table_cells(t, row, &ev.row);
		ev.n = t->n_columns;
	}
	if (ec == EC_SUCCESS)
		tell(t, &ev);
	list_done(t);
}

static void tell_gone(struct table *t, uint64_t id, uint32_t instance)
{
	struct table_event ev = { .type = TABLE_ROW_DELETED };

	ev.row_folder_id = t->kind == TABLE_CONTENTS ? t->folder_id : id;
	ev.row_message_id = t->kind == TABLE_CONTENTS ? id : 0;
	ev.row_instance = instance;
	tell(t, &ev);
}

/* ---- categories ---- */

/* The headers over a key: their counts changed. */
static void tell_headers(struct table *t, const struct row_entry *e)
{
	struct group *g = group_of_key(t->groups, e);

	for (; g != NULL && g->level > 0; g = g->parent) {
		struct table_row row = { .header = g, .id = g->id };

		if (group_visible(g))
			tell_row(t, TABLE_ROW_MODIFIED, &row);
	}
}

static void tell_new_headers(struct table *t, struct group *made)
{
	while (made != NULL && made->level > 0) {
		struct table_row row = { .header = made, .id = made->id };

		if (group_visible(made))
			tell_row(t, TABLE_ROW_ADDED, &row);
		made = made->n_sub > 0 ? made->sub[0] : NULL;
	}
}

static bool leaf_visible(struct table *t, const struct row_entry *e)
{
	struct group *g = group_of_key(t->groups, e);

	return g != NULL && g->expanded && group_visible(g);
}

/* What a row was and is to who looks at the table. */
static void tell_leaf(struct table *t, const struct row_entry *e,
		      bool was_visible, bool is_visible)
{
	struct table_row row = { .entry = e, .id = e->id,
				 .instance = e->instance };

	if (is_visible)
		tell_row(t, was_visible ? TABLE_ROW_MODIFIED :
			 TABLE_ROW_ADDED, &row);
	else if (was_visible)
		tell_gone(t, e->id, e->instance);
}

/*
 * A row came (old NULL), went (now NULL), or moved.  The categories are put
 * right before anyone is told.  When a header vanished or moved, which rows
 * follow which is best asked anew.
 */
static void leaf_moved(struct table *t, const struct row_entry *old,
		       const struct row_entry *now)
{
	bool was = old != NULL && leaf_visible(t, old), moved = false;
	struct group *made = NULL;

	if (now != NULL)          /* first, lest its category be made anew */
		made = group_add(t->groups, now, &moved);
	if (old != NULL)
		moved = group_remove(t->groups, old, &moved) || moved;
	if (moved) {
		tell_changed(t);
		return;
	}
	tell_new_headers(t, made);
	tell_leaf(t, now != NULL ? now : old, was,
		  now != NULL && leaf_visible(t, now));
	if (old != NULL)
		tell_headers(t, old);
	if (now != NULL && made == NULL)
		tell_headers(t, now);
}

static void grouped_changed(struct table *t, const struct view_change *c)
{
	bool visible;

	if (c->old != NULL || c->type == VIEW_ROW_ADDED) {
		leaf_moved(t, c->old, c->now);
		return;
	}
	visible = leaf_visible(t, c->now);
	if (c->was_unread != c->now->unread) {
		group_set_unread(t->groups, c->now, c->was_unread);
		tell_headers(t, c->now);
	}
	tell_leaf(t, c->now, visible, visible);
}

/* ---- views ---- */

/* Keep which categories are open over the loss of the index. */
static void reloaded(struct table *t)
{
	if (t->groups != NULL) {
		buf_clear(&t->expanded);
		categories_changed(t, &t->expanded);
		group_tree_free(t->groups);
		t->groups = NULL;
	}
	t->index = NULL;
	tell_changed(t);
}

void notify_view_changed(struct view_listener *l,
			 const struct view_change *change)
{
	struct table *t = (struct table *)
		((char *)l - offsetof(struct table, listener));
	struct table_row row = { .entry = change->now };

	if (change->type == VIEW_RELOADED) {
		reloaded(t);
		return;
	}
	if (t->index == NULL || (t->mode == MODE_GROUPED && t->groups == NULL))
		return;                   /* nothing was read yet */
	if (t->mode == MODE_GROUPED) {
		grouped_changed(t, change);
		return;
	}
	if (change->type == VIEW_ROW_REMOVED) {
		tell_gone(t, change->old->id, change->old->instance);
		return;
	}
	row.id = change->now->id;
	row.instance = change->now->instance;
	tell_row(t, change->type == VIEW_ROW_ADDED ? TABLE_ROW_ADDED :
		 TABLE_ROW_MODIFIED, &row);
}

/* ---- keyed tables ---- */

/* A row came (by 1) or went (by -1): positions behind it shift. */
static void shift(struct place *p, uint64_t id, int by)
{
	uint64_t at = id_counter(p->id), row = id_counter(id);

	if ((p->where != PLACE_AT && p->where != PLACE_AFTER) ||
	    p->ordinal < 0)
		return;
	if (row < at || (row == at && p->where == PLACE_AFTER))
		p->ordinal += by;
	if (p->ordinal < 0)
		p->ordinal = 0;
}

static void shift_all(struct table *t, uint64_t id, int by)
{
	shift(&t->cursor, id, by);
	for (struct bookmark *b = t->bookmarks; b != NULL; b = b->next)
		shift(&b->place, id, by);
}

static void lose_track(struct table *t)
{
	t->cursor.ordinal = -1;
	for (struct bookmark *b = t->bookmarks; b != NULL; b = b->next)
		b->place.ordinal = -1;
}

static void on_store_event(void *ctx, const struct store_event *ev)
{
	struct table *t = ctx;
	struct table_row row = { .id = 0 };

	switch (t->source->ops->change(t->source, ev, &row.id)) {
	case ROW_ADDED:
		shift_all(t, row.id, 1);
		tell_row(t, TABLE_ROW_ADDED, &row);
		break;
	case ROW_CHANGED:
		tell_row(t, TABLE_ROW_MODIFIED, &row);
		break;
	case ROW_GONE:
		shift_all(t, row.id, -1);
		tell_gone(t, row.id, 0);
		break;
	case ROW_ALL_CHANGED:
		lose_track(t);
		tell_changed(t);
		break;
	default:
		break;
	}
}

void notify_listen(struct table *t)
{
	if (t->mode == MODE_KEYED && t->sub == NULL &&
	    t->source->hub != NULL && t->source->ops->change != NULL)
		t->sub = event_subscribe_first(t->source->hub, EVENT_ALL,
					       on_store_event, t);
}

void notify_stop(struct table *t)
{
	event_unsubscribe(t->sub);
	t->sub = NULL;
}

void table_on_event(struct table *t, table_event_fn fn, void *ctx)
{
	t->on_event = fn;
	t->on_event_ctx = ctx;
}
