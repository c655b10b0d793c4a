/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All recipients: what a refresh reads is prepared beside what is there, then
 * put in its place under the lock, which readers hold for one request each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "directory/recipients_impl.h"
#include "directory/snapshot.h"
#include "store/match.h"

enum { HASH_FIRST = 64 };

struct recipients *recipients_new(const struct recipients_backend *backend)
{
	struct recipients *all = xcalloc(1, sizeof *all);
	pthread_rwlockattr_t attr;

	all->backend = *backend;
	pthread_mutex_init(&all->refresh_lock, NULL);
	/* A stream of readers must not keep a change out. */
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr,
		PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&all->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	return all;
}

static void lists_free(struct address_list *lists, uint32_t n,
		       struct arena *arena)
{
	for (uint32_t i = 0; i < n; i++) {
		match_free(lists[i].match);
		free(lists[i].members);
	}
	free(lists);
	arena_free(arena);
}

void recipients_free(struct recipients *all)
{
	struct recipients_snapshot *s;

	if (all == NULL)
		return;
	s = &all->snap;
	for (uint32_t i = 0; i < s->n_slots; i++) {
		free((void *)s->slots[i]);
		free(s->anr_text[i]);
	}
	while (s->orders != NULL) {
		struct locale_order *first = s->orders;

		s->orders = order_next(first);
		order_free(first);
	}
	free(s->slots);
	free(s->anr_text);
	free(s->by_guid.v);
	free(s->by_dn.v);
	free(s->by_proxy.v);
	free(s->anr);
	free(s->links);
	lists_free(s->lists, s->n_lists, s->lists_arena);
	pthread_rwlock_destroy(&all->lock);
	pthread_mutex_destroy(&all->refresh_lock);
	if (all->backend.free != NULL)
		all->backend.free(all->backend.ctx);
	free(all);
}

const struct recipients_snapshot *recipients_hold(struct recipients *all)
{
	pthread_rwlock_rdlock(&all->lock);
	return &all->snap;
}

void recipients_release(struct recipients *all)
{
	pthread_rwlock_unlock(&all->lock);
}

/* --- Indexes ---------------------------------------------------------- */

static uint32_t hash_guid(const struct guid *g)
{
	uint32_t h;

	memcpy(&h, g->b, sizeof h);
	return h ^ h >> 15;
}

static uint32_t hash_text(const char *s)
{
	uint32_t h = 2166136261U;

	for (; *s != '\0'; s++) {
		uint8_t c = (uint8_t)*s;

		h = (h ^ (c >= 'A' && c <= 'Z' ? c + 32U : c)) * 16777619U;
	}
	return h ^ h >> 15;
}

static void index_put(struct slot_index *ix, uint32_t hash, uint32_t slot)
{
	uint32_t at = hash & ix->mask;

	while (ix->v[at] != 0)
		at = (at + 1) & ix->mask;
	ix->v[at] = slot + 1;
	ix->used++;
}

/* Put what a record is looked up by into the three indexes. */
static void index_record(struct recipients_snapshot *s, uint32_t slot)
{
	const struct recipient *r = s->slots[slot];
	struct bin v;

	index_put(&s->by_guid, hash_guid(&r->guid), slot);
	index_put(&s->by_dn, hash_text(recipient_text(r,
		  PID_TAG_EMAIL_ADDRESS)), slot);
	for (size_t at = 0; recipient_next(r,
	     PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES, &at, &v);)
		index_put(&s->by_proxy, hash_text((const char *)v.data),
			  slot);
}

static void index_reset(struct slot_index *ix, size_t n)
{
	uint32_t size = HASH_FIRST;

	while (size < n * 2)
		size *= 2;
	free(ix->v);
	*ix = (struct slot_index){ xcalloc(size, sizeof *ix->v), size - 1, 0 };
}

static size_t count_proxies(const struct recipients_snapshot *s)
{
	size_t n = 0;
	struct bin v;

	for (uint32_t i = 0; i < s->n_slots; i++)
		for (size_t at = 0; s->slots[i] != NULL &&
		     recipient_next(s->slots[i],
				    PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES,
				    &at, &v);)
			n++;
	return n;
}

static void index_all(struct recipients_snapshot *s)
{
	index_reset(&s->by_guid, s->count + s->count / 4);
	index_reset(&s->by_dn, s->count + s->count / 4);
	index_reset(&s->by_proxy, count_proxies(s) + s->count / 4);
	for (uint32_t i = 0; i < s->n_slots; i++)
		if (s->slots[i] != NULL)
			index_record(s, i);
}

static bool index_full(const struct slot_index *ix, size_t more)
{
	return ix->v == NULL || (ix->used + more) * 4 > (ix->mask + 1ul) * 3;
}

static bool same_guid(const struct recipient *r, const void *key)
{
	return guid_equal(&r->guid, key);
}

static bool same_dn(const struct recipient *r, const void *key)
{
	return dir_same(recipient_text(r, PID_TAG_EMAIL_ADDRESS), key);
}

static bool same_proxy(const struct recipient *r, const void *key)
{
	struct bin v;

	for (size_t at = 0; recipient_next(r,
	     PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES, &at, &v);)
		if (dir_same((const char *)v.data, key))
			return true;
	return false;
}

static const struct recipient *find(const struct recipients_snapshot *s,
				    const struct slot_index *ix,
				    uint32_t hash, const void *key,
				    bool (*same)(const struct recipient *r,
						 const void *key))
{
	if (ix->v == NULL)
		return NULL;
	for (uint32_t at = hash & ix->mask; ix->v[at] != 0;
	     at = (at + 1) & ix->mask) {
		const struct recipient *r = s->slots[ix->v[at] - 1];

		if (r != NULL && same(r, key))
			return r;
	}
	return NULL;
}

const struct recipient *recipients_guid(const struct recipients_snapshot *s,
					const struct guid *guid)
{
	return find(s, &s->by_guid, hash_guid(guid), guid, same_guid);
}

const struct recipient *recipients_proxy(const struct recipients_snapshot *s,
					 const char *address)
{
	char text[1200];

	if (strlen(address) > 1100)
		return NULL;
	snprintf(text, sizeof text, "%s%s",
		 strchr(address, ':') != NULL ? "" : "SMTP:", address);
	return find(s, &s->by_proxy, hash_text(text), text, same_proxy);
}

const struct recipient *recipients_dn(const struct recipients_snapshot *s,
				      const char *dn)
{
	const struct recipient *r = find(s, &s->by_dn, hash_text(dn), dn,
					 same_dn);
	char text[1200];

	if (r != NULL || strlen(dn) > 1100)
		return r;
	snprintf(text, sizeof text, "X500:%s", dn);
	return find(s, &s->by_proxy, hash_text(text), text, same_proxy);
}

uint64_t recipients_change(const struct recipients_snapshot *s)
{
	return s->change;
}

size_t recipients_count(const struct recipients_snapshot *s)
{
	return s->count;
}

uint32_t recipients_slots(const struct recipients_snapshot *s)
{
	return s->n_slots;
}

const struct recipient *recipients_slot(const struct recipients_snapshot *s,
					uint32_t slot)
{
	return slot < s->n_slots ? s->slots[slot] : NULL;
}

/* --- Containers ------------------------------------------------------- */

size_t recipients_containers(const struct recipients_snapshot *s)
{
	return CONTAINER_LISTS + s->n_lists;
}

uint32_t recipients_hierarchy_version(const struct recipients_snapshot *s)
{
	return s->hierarchy;
}

bool recipients_container(const struct recipients_snapshot *s,
			  uint32_t container, struct recipient_list *out)
{
	static const char *const names[CONTAINER_LISTS] = {
		"Global Address List", "All Users", "All Groups",
		"All Contacts", "All Rooms", "Public Folders" };
	/* Ours, but for the last byte: the number of the container. */
	static const struct guid known = { { 0x50, 0x6f, 0x73, 0x74, 0x68,
		0x6f, 0x75, 0x40, 0x81, 0x65, 0x61, 0x6c, 0x69, 0x73, 0x74,
		0x00 } };

	if (container >= CONTAINER_LISTS + s->n_lists)
		return false;
	if (container >= CONTAINER_LISTS) {
		*out = s->lists[container - CONTAINER_LISTS].list;
		return true;
	}
	*out = (struct recipient_list){ .guid = known, .filter = "",
					.name = names[container] };
	out->guid.b[15] = (uint8_t)container;
	return true;
}

/* --- Reading ---------------------------------------------------------- */

/* What a back end told. */
struct incoming {
	struct recipient **put;
	struct guid *removed;
	uint32_t n_put, cap_put, n_removed, cap_removed;
	bool has_lists;
	struct arena *lists_arena;
	struct address_list *lists;
	uint32_t n_lists;
};

static void on_put(void *ctx, struct recipient *record)
{
	struct incoming *in = ctx;

	if (in->n_put == in->cap_put) {
		in->cap_put = in->cap_put > 0 ? in->cap_put * 2 : 64;
		in->put = xrealloc(in->put, in->cap_put * sizeof *in->put);
	}
	in->put[in->n_put++] = record;
}

static void on_remove(void *ctx, const struct guid *guid)
{
	struct incoming *in = ctx;

	if (in->n_removed == in->cap_removed) {
		in->cap_removed = in->cap_removed > 0 ?
			in->cap_removed * 2 : 64;
		in->removed = xrealloc(in->removed, in->cap_removed *
				       sizeof *in->removed);
	}
	in->removed[in->n_removed++] = *guid;
}

/* A filter that can't be read any more has no members. */
static void on_lists(void *ctx, const struct recipient_list *lists,
		     size_t count)
{
	struct incoming *in = ctx;

	lists_free(in->lists, in->n_lists, in->lists_arena);
	in->lists_arena = arena_new(0);
	in->lists = xcalloc(count + 1, sizeof *in->lists);
	in->n_lists = (uint32_t)count;
	in->has_lists = true;
	for (size_t i = 0; i < count; i++) {
		struct address_list *l = &in->lists[i];

		l->list = lists[i];
		l->list.name = arena_strdup(in->lists_arena, lists[i].name);
		l->list.filter = arena_strdup(in->lists_arena,
					      lists[i].filter);
		l->match = recipient_filter_match(l->list.filter, NULL);
	}
}

/* --- Putting it in ---------------------------------------------------- */

/* A refresh under way. */
struct change {
	struct recipients *all;
	struct incoming in;
	struct changed_slots slots;
	struct recipient **records;       /* of slots.v: NULL: gone */
	char **texts;             /* for ANR */
	uint32_t n_slots;         /* then */
	struct anr_entry *anr;
	struct back_link *links;
	uint32_t n_anr, n_links;
};

static void add_slot(struct change *c, uint32_t slot,
		     struct recipient *record)
{
	uint32_t i = c->slots.n;

	/* Told twice: the last one counts. */
	if (bit_get(c->slots.bits, slot)) {
		for (i = 0; c->slots.v[i] != slot; i++)
			;
		free(c->records[i]);
	} else {
		bit_put(c->slots.bits, slot, true);
		c->slots.v[c->slots.n++] = slot;
	}
	if (record != NULL)
		record->slot = slot;
	c->records[i] = record;
}

/* Slots of new recipients follow those that are there; their number never
 * becomes that of another (Minimal Entry IDs are made of it). */
static void assign_slots(struct change *c)
{
	struct recipients_snapshot *s = &c->all->snap;
	size_t most = (size_t)c->in.n_put + c->in.n_removed;
	const struct recipient *r;

	c->slots.bits = xcalloc((s->n_slots + most) / 8 + 1, 1);
	c->slots.v = xcalloc(most + 1, sizeof *c->slots.v);
	c->records = xcalloc(most + 1, sizeof *c->records);
	c->n_slots = s->n_slots;
	for (uint32_t i = 0; i < c->in.n_removed; i++)
		if ((r = recipients_guid(s, &c->in.removed[i])) != NULL)
			add_slot(c, r->slot, NULL);
	for (uint32_t i = 0; i < c->in.n_put; i++) {
		r = recipients_guid(s, &c->in.put[i]->guid);
		add_slot(c, r != NULL ? r->slot : c->n_slots++,
			 c->in.put[i]);
	}
}

static void prepare(struct change *c)
{
	struct recipients_snapshot *s = &c->all->snap;

	c->texts = xcalloc(c->slots.n + 1, sizeof *c->texts);
	for (uint32_t i = 0; i < c->slots.n; i++)
		c->texts[i] = anr_texts(c->records[i]);
	c->anr = anr_merge(s, &c->slots, c->texts, &c->n_anr);
	c->links = links_merge(s, &c->slots, c->records, &c->n_links);
	order_prepare(s, &c->slots, c->records, c->n_slots);
}

static void grow_slots(struct recipients_snapshot *s, uint32_t n)
{
	uint32_t cap = s->cap_slots > 0 ? s->cap_slots : 64;

	while (cap < n)
		cap += cap / 4 + 64;
	if (cap > s->cap_slots) {
		s->slots = xrealloc(s->slots, cap * sizeof *s->slots);
		s->anr_text = xrealloc(s->anr_text,
				       cap * sizeof *s->anr_text);
		s->cap_slots = cap;
	}
	for (; s->n_slots < n; s->n_slots++) {
		s->slots[s->n_slots] = NULL;
		s->anr_text[s->n_slots] = NULL;
	}
}

static void put_records(struct change *c, struct recipients_snapshot *s)
{
	size_t more = (size_t)c->slots.n * 8;
	bool full;

	for (uint32_t i = 0; i < c->slots.n; i++) {
		uint32_t slot = c->slots.v[i];

		s->count -= s->slots[slot] != NULL;
		s->count += c->records[i] != NULL;
		free((void *)s->slots[slot]);
		free(s->anr_text[slot]);
		s->slots[slot] = c->records[i];
		s->anr_text[slot] = c->texts[i];
	}
	full = index_full(&s->by_guid, more) || index_full(&s->by_dn, more) ||
		index_full(&s->by_proxy, more);
	if (full)
		index_all(s);
	for (uint32_t i = 0; !full && i < c->slots.n; i++)
		if (c->records[i] != NULL)
			index_record(s, c->slots.v[i]);
}

static void list_member(const struct recipients_snapshot *s,
			struct address_list *l, uint32_t slot)
{
	const struct recipient *r = s->slots[slot];

	bit_put(l->members, slot, r != NULL && l->match != NULL &&
		recipient_matches(l->match, r));
}

static void update_lists(struct change *c, struct recipients_snapshot *s,
			 uint32_t had)
{
	for (uint32_t i = 0; i < s->n_lists; i++) {
		struct address_list *l = &s->lists[i];

		if (l->members == NULL) {
			l->members = xcalloc(s->cap_slots / 8 + 1, 1);
			for (uint32_t j = 0; j < s->n_slots; j++)
				list_member(s, l, j);
			continue;
		}
		if (s->cap_slots > had) {
			l->members = xrealloc(l->members,
					      s->cap_slots / 8 + 1);
			memset(l->members + had / 8 + 1, 0,
			       s->cap_slots / 8 - had / 8);
		}
		for (uint32_t j = 0; j < c->slots.n; j++)
			list_member(s, l, c->slots.v[j]);
	}
}

/* New lists in the place of the old, which are left in c to be freed. */
static void swap_lists(struct change *c, struct recipients_snapshot *s)
{
	struct incoming *in = &c->in, old = *in;

	if (!in->has_lists)
		return;
	in->lists = s->lists;
	in->n_lists = s->n_lists;
	in->lists_arena = s->lists_arena;
	s->lists = old.lists;
	s->n_lists = old.n_lists;
	s->lists_arena = old.lists_arena;
	s->hierarchy++;
}

static void commit(struct change *c, uint64_t now)
{
	struct recipients_snapshot *s = &c->all->snap;
	struct back_link *links = s->links;
	struct anr_entry *anr = s->anr;
	uint32_t had = s->cap_slots;

	pthread_rwlock_wrlock(&c->all->lock);
	if (s->hierarchy == 0)
		s->hierarchy = 1;
	grow_slots(s, c->n_slots);
	s->anr = c->anr;
	s->n_anr = c->n_anr;
	s->links = c->links;
	s->n_links = c->n_links;
	put_records(c, s);
	swap_lists(c, s);
	update_lists(c, s, had);
	order_commit(s);
	s->change = now;
	atomic_store(&c->all->change, now);
	atomic_store(&c->all->loaded, true);
	pthread_rwlock_unlock(&c->all->lock);
	free(anr);
	free(links);
}

static void change_free(struct change *c)
{
	free(c->in.put);
	free(c->in.removed);
	lists_free(c->in.lists, c->in.n_lists, c->in.lists_arena);
	free(c->slots.bits);
	free(c->slots.v);
	free(c->records);
	free(c->texts);
}

/* With refresh_lock. */
static bool read_changes(struct recipients *all, struct err *err)
{
	struct change c = { .all = all };
	struct recipients_sink sink = { on_put, on_remove, on_lists, &c.in };
	uint64_t now, since = atomic_load(&all->loaded) ? all->snap.change : 0;
	bool ok = all->backend.read(all->backend.ctx, since, &sink, &now, err);

	if (ok) {
		assign_slots(&c);
		prepare(&c);
		commit(&c, now);
	} else {
		for (uint32_t i = 0; i < c.in.n_put; i++)
			free(c.in.put[i]);
	}
	change_free(&c);
	return ok;
}

/* With refresh_lock. */
static void make_order(struct recipients *all, uint32_t lcid)
{
	struct locale_order *old = NULL, *order;
	bool is_new;

	if (order_find(&all->snap, lcid) != NULL)
		return;
	order = order_make(&all->snap, lcid, &is_new);
	pthread_rwlock_wrlock(&all->lock);
	order_add_lcid(order, lcid);
	if (is_new)
		old = order_insert(&all->snap, order);
	pthread_rwlock_unlock(&all->lock);
	order_free(old);
}

bool recipients_stale(const struct recipients *all, uint32_t lcid)
{
	struct recipients *mutable = (struct recipients *)all;
	bool has;

	if (!atomic_load(&all->loaded) ||
	    all->backend.changed(all->backend.ctx) !=
	    atomic_load(&all->change))
		return true;
	if (lcid == 0)
		return false;
	has = recipients_has_view(recipients_hold(mutable), lcid);
	recipients_release(mutable);
	return !has;
}

bool recipients_refresh(struct recipients *all, uint32_t lcid,
			struct err *err)
{
	bool ok = true;

	pthread_mutex_lock(&all->refresh_lock);
	if (!atomic_load(&all->loaded) ||
	    all->backend.changed(all->backend.ctx) !=
	    atomic_load(&all->change))
		ok = read_changes(all, err);
	if (lcid != 0 && atomic_load(&all->loaded))
		make_order(all, lcid);
	pthread_mutex_unlock(&all->refresh_lock);
	return ok;
}

/* --- The back end ----------------------------------------------------- */

bool recipients_fetch(struct recipients *all, const struct guid *guid,
		      uint32_t tag, struct arena *arena, uint32_t *n,
		      const struct bin **out, struct err *err)
{
	return all->backend.fetch(all->backend.ctx, guid, tag, arena, n, out,
				  err);
}

bool recipients_writable(const struct recipients *all)
{
	return all->backend.modify != NULL;
}

bool recipients_modify(struct recipients *all, const struct guid *guid,
		       const struct recipient_change *changes, size_t count,
		       const char *who, struct err *err)
{
	if (all->backend.modify == NULL)
		return err_set(err, EC_ACCESS_DENIED, "the directory can only "
			       "be read here; change it where it is kept");
	return all->backend.modify(all->backend.ctx, guid, changes, count,
				   who, err);
}

size_t recipients_memory(struct recipients *all)
{
	const struct recipients_snapshot *s = recipients_hold(all);
	size_t bytes = sizeof *all;

	bytes += s->cap_slots * (sizeof *s->slots + sizeof *s->anr_text);
	bytes += s->n_anr * sizeof *s->anr + s->n_links * sizeof *s->links;
	if (s->by_guid.v != NULL)
		bytes += sizeof(uint32_t) * ((size_t)s->by_guid.mask +
			s->by_dn.mask + s->by_proxy.mask + 3);
	for (uint32_t i = 0; i < s->n_slots; i++) {
		const char *t = s->anr_text[i];

		if (s->slots[i] != NULL)
			bytes += sizeof *s->slots[i] + s->slots[i]->len + 16;
		for (; t != NULL && *t != '\0'; t += strlen(t) + 1)
			bytes += strlen(t) + 1;
		bytes += t != NULL ? 17 : 0;
	}
	for (uint32_t i = 0; i < s->n_lists; i++)
		bytes += s->cap_slots / 8 + sizeof *s->lists;
	for (struct locale_order *o = s->orders; o != NULL; o = order_next(o))
		bytes += order_memory(o);
	recipients_release(all);
	return bytes;
}
