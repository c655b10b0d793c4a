/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between two mailboxes: copy, commit, then delete.  One lock at a time: what
 * is on its way lies in memory and the staging file.
 */
#include <string.h>

#include "store/folder_impl.h"
#include "store/messages_impl.h"
#include "store/named_map.h"

enum { BATCH = 50, FOLDER_DEPTH_MAX = 1000 };

/* One message on its way. */
struct parcel {
	struct message_state *state;
	struct named_map map;
	enum content_kind kind;
	struct content_state c;
};

/* ---- Messages ---- */

/* The source is locked. */
static enum ec pick_up(struct store *src, uint64_t folder_id, uint64_t id,
		       struct store *dst, struct parcel *p)
{
	struct message_state *s;
	uint64_t folder = db_counter(folder_id);
	enum ec ec = content_find(src, &folder, db_counter(id), false,
				  &p->kind, &p->c);

	if (ec == EC_SUCCESS)
		ec = state_load(src, (int64_t)db_counter(id), &s);
	if (ec != EC_SUCCESS)
		return ec;
	p->map = (struct named_map){ .src = src, .dst = dst,
				     .a = arena_new(0) };
	ec = state_copy(src, s, dst, named_map_note, &p->map, 0, &p->state);
	state_unref(s);
	if (ec != EC_SUCCESS)
		arena_free(p->map.a);
	return ec;
}

static void fill_message(struct message *m, struct message_state *s,
			 const struct parcel *p)
{
	bag_reset(&m->bag, s->props);
	recipients_copy(&m->recipients, &s->recipients);
	attach_list_free(&m->attachments);
	attach_list_copy(&m->attachments, &s->attachments);
	m->attachments_dirty = true;
	m->modified_set = true;
	m->c.read = p->c.read;
	m->c.flags = p->c.flags;
	m->c.status = p->c.status;
}

/* The destination is locked. */
static enum ec put_down(struct store *dst, uint64_t folder_id,
			struct parcel *p)
{
	struct message_state *mapped = NULL;
	struct message *m = NULL;
	enum ec ec = named_map_resolve(&p->map);

	if (ec == EC_SUCCESS)
		ec = state_copy(dst, p->state, dst, named_map_noted, &p->map,
				0, &mapped);
	if (ec == EC_SUCCESS)
		ec = message_create(dst, folder_id,
				    p->kind & CONTENT_ASSOCIATED, 0, 0, &m);
	if (ec == EC_SUCCESS) {
		fill_message(m, mapped, p);
		ec = message_save(m, 0);
	}
	message_close(m);
	state_unref(mapped);
	return ec;
}

static enum ec carry(struct store *src, uint64_t folder_id, uint64_t id,
		     struct store *dst, uint64_t dst_folder_id)
{
	struct parcel p = { .state = NULL };
	enum ec ec = store_lock(src);

	if (ec != EC_SUCCESS)
		return ec;
	ec = pick_up(src, folder_id, id, dst, &p);
	store_unlock(src);
	if (ec != EC_SUCCESS)
		return ec;
	ec = store_lock(dst);
	if (ec == EC_SUCCESS) {
		ec = put_down(dst, dst_folder_id, &p);
		store_unlock(dst);
	}
	state_unref(p.state);
	arena_free(p.map.a);
	return ec;
}

static enum ec within(struct store *store, uint64_t folder_id,
		      const uint64_t *ids, size_t n, uint64_t dst_folder_id,
		      bool move, bool *partial)
{
	enum ec ec = store_lock(store);

	if (ec != EC_SUCCESS)
		return ec;
	ec = move ? messages_move(store, folder_id, ids, n, dst_folder_id,
				  partial) :
		messages_copy(store, folder_id, ids, n, dst_folder_id,
			      partial);
	store_unlock(store);
	return ec;
}

static enum ec delete_source(struct store *src, uint64_t folder_id,
			     uint64_t id, bool *partial)
{
	bool some = false;
	enum ec ec = store_lock(src);

	if (ec != EC_SUCCESS)
		return ec;
	ec = messages_delete(src, folder_id, &id, 1, false, &some);
	store_unlock(src);
	*partial = *partial || some;
	return ec;
}

enum ec messages_transfer(struct store *src, uint64_t folder_id,
			  const uint64_t *ids, size_t n,
			  struct store *dst, uint64_t dst_folder_id,
			  bool move, bool *partial)
{
	enum ec ec = EC_SUCCESS;

	*partial = false;
	if (src == dst)
		return within(src, folder_id, ids, n, dst_folder_id, move,
			      partial);
	for (size_t i = 0; i < n && ec == EC_SUCCESS; i++) {
		ec = carry(src, folder_id, ids[i], dst, dst_folder_id);
		if (ec == EC_NOT_FOUND) {
			*partial = true;
			ec = EC_SUCCESS;
		} else if (ec == EC_SUCCESS && move) {
			ec = delete_source(src, folder_id, ids[i], partial);
		}
	}
	return ec;
}

/* ---- Folders ---- */

struct folder_parcel {
	struct arena *a;
	struct folder_row row;
	struct packed *props;
	struct named_map map;
	uint64_t *children;
	size_t n_children;
};

static enum ec pick_up_folder(struct store *src, uint64_t folder_id,
			      struct store *dst, struct folder_parcel *p)
{
	struct packed *props;
	enum ec ec = folder_row_get(src, db_counter(folder_id), p->a,
				    &p->row);

	if (ec == EC_SUCCESS && p->row.deleted != 0)
		ec = EC_NOT_FOUND;
	if (ec == EC_SUCCESS)
		ec = folder_children(src, p->row.id, false, p->a,
				     &p->n_children, &p->children);
	if (ec != EC_SUCCESS)
		return ec;
	p->map = (struct named_map){ .src = src, .dst = dst, .a = p->a };
	props = packed_new(p->row.props.data, p->row.props.len);
	if (props == NULL)
		return EC_CORRUPT_STORE;
	ec = packed_copy(src, props, dst, named_map_note, &p->map,
			 &p->props);
	packed_unref(props);
	return ec;
}

static enum ec set_folder_props(struct store *dst, uint64_t folder_id,
				struct folder_parcel *p)
{
	struct packed *mapped;
	struct folder_row row;
	struct bag bag;
	enum ec ec = named_map_resolve(&p->map);

	if (ec == EC_SUCCESS)
		ec = packed_copy(dst, p->props, dst, named_map_noted,
				 &p->map, &mapped);
	if (ec != EC_SUCCESS)
		return ec;
	ec = folder_row_get(dst, db_counter(folder_id), p->a, &row);
	if (ec == EC_SUCCESS) {
		bag_init(&bag, dst, mapped);
		ec = folder_save_bag(dst, &row, &bag,
				     &(struct prop_tags){ 0, NULL });
		bag_free(&bag);
	}
	packed_unref(mapped);
	return ec;
}

static enum ec put_down_folder(struct store *dst, uint64_t parent_id,
			       const char *name, struct folder_parcel *p,
			       uint64_t *id)
{
	const struct folder_create params = {
		.name = name != NULL ? name : p->row.name,
		.type = FOLDER_GENERIC,
	};
	bool existed;
	enum ec ec = store_lock(dst);

	if (ec != EC_SUCCESS)
		return ec;
	ec = folder_create(dst, parent_id, &params, id, &existed);
	if (ec == EC_SUCCESS)
		ec = set_folder_props(dst, *id, p);
	store_unlock(dst);
	return ec;
}

/* Kinds one after the other; moved ones are gone from the list. */
static enum ec carry_messages(struct store *src, uint64_t folder_id,
			      struct store *dst, uint64_t dst_id,
			      bool associated, bool *partial)
{
	uint64_t ids[BATCH], after = 0;
	enum ec ec = EC_SUCCESS;
	bool some;
	size_t n = BATCH;

	while (n == BATCH && ec == EC_SUCCESS) {
		ec = store_lock(src);
		if (ec != EC_SUCCESS)
			break;
		n = messages_list(src, folder_id, associated, false, after,
				  ids, BATCH);
		store_unlock(src);
		if (n == 0)
			break;
		after = ids[n - 1];
		ec = messages_transfer(src, folder_id, ids, n, dst, dst_id,
				       false, &some);
		*partial = *partial || some;
	}
	return ec;
}

static enum ec carry_folder(struct store *src, uint64_t folder_id,
			    struct store *dst, uint64_t parent_id,
			    const char *name, bool recursive, unsigned depth,
			    uint64_t *id, bool *partial)
{
	struct folder_parcel p = { .a = arena_new(0) };
	uint64_t ignored;
	enum ec ec = depth > FOLDER_DEPTH_MAX ? EC_TOO_COMPLEX :
		store_lock(src);

	if (ec == EC_SUCCESS) {
		ec = pick_up_folder(src, folder_id, dst, &p);
		store_unlock(src);
	}
	if (ec == EC_SUCCESS)
		ec = put_down_folder(dst, parent_id, name, &p, id);
	if (ec == EC_SUCCESS && p.row.type != FOLDER_SEARCH)
		ec = carry_messages(src, folder_id, dst, *id, false,
				    partial);
	if (ec == EC_SUCCESS && p.row.type != FOLDER_SEARCH)
		ec = carry_messages(src, folder_id, dst, *id, true, partial);
	for (size_t i = 0; recursive && i < p.n_children &&
	     ec == EC_SUCCESS; i++)
		ec = carry_folder(src, db_id(p.children[i]), dst, *id, NULL,
				  true, depth + 1, &ignored, partial);
	packed_unref(p.props);
	arena_free(p.a);
	return ec;
}

static enum ec folder_within(struct store *store, uint64_t folder_id,
			     uint64_t parent_id, const char *name,
			     bool recursive, bool move, uint64_t *id,
			     bool *partial)
{
	enum ec ec = store_lock(store);

	if (ec != EC_SUCCESS)
		return ec;
	*id = folder_id;
	if (move)
		ec = folder_move(store, folder_id, parent_id, name);
	else
		ec = folder_copy(store, folder_id, parent_id, name,
				 recursive, id, partial);
	store_unlock(store);
	return ec;
}

static enum ec delete_moved(struct store *src, uint64_t folder_id,
			    bool *partial)
{
	bool some = false;
	enum ec ec = store_lock(src);

	if (ec != EC_SUCCESS)
		return ec;
	ec = folder_delete(src, 0, folder_id, DEL_MESSAGES | DEL_FOLDERS,
			   &some);
	store_unlock(src);
	*partial = *partial || some;
	return ec;
}

enum ec folder_transfer(struct store *src, uint64_t folder_id,
			struct store *dst, uint64_t new_parent_id,
			const char *new_name, bool recursive, bool move,
			uint64_t *id, bool *partial)
{
	enum ec ec;

	*partial = false;
	if (src == dst)
		return folder_within(src, folder_id, new_parent_id, new_name,
				     recursive, move, id, partial);
	if (move && store_special_of(src, folder_id) != SPECIAL_COUNT)
		return EC_ACCESS_DENIED;
	ec = carry_folder(src, folder_id, dst, new_parent_id, new_name,
			  recursive || move, 0, id, partial);
	/* what did not arrive is not deleted */
	if (ec == EC_SUCCESS && move && !*partial)
		ec = delete_moved(src, folder_id, partial);
	return ec;
}
