/* SPDX-License-Identifier: Apache-2.0 */
/* What struct recipients is made of; internal to src/directory. */
#ifndef DIRECTORY_RECIPIENTS_IMPL_H
#define DIRECTORY_RECIPIENTS_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "directory/recipients.h"

struct match;                     /* store/match.h */
struct locale_order;              /* recipients_view.c */

/* Open addressing over slots; an entry is the slot plus one.  What is gone is
 * left in and recognised by its contents. */
struct slot_index {
	uint32_t *v;
	uint32_t mask, used;
};

/* A text that ANR finds a recipient by: folded, at off in its anr_text. */
struct anr_entry {
	uint64_t prefix;          /* its first 8 bytes, big-endian */
	uint32_t slot, off;
};

/* That a recipient links to another. */
struct back_link {
	uint64_t target;          /* the first 8 bytes of its GUID */
	uint32_t slot;            /* who links */
	uint16_t tag_id;
};

struct address_list {
	struct recipient_list list;       /* strings in lists_arena */
	struct match *match;
	uint8_t *members;         /* a bit a slot */
};

struct recipients_snapshot {
	const struct recipient **slots;   /* NULL: gone */
	char **anr_text;          /* of each slot: strings behind one another,
				   * ended by an empty one; NULL: none */
	uint32_t n_slots, cap_slots, count;
	uint64_t change;
	struct slot_index by_guid, by_dn, by_proxy;
	struct anr_entry *anr;
	uint32_t n_anr;
	struct back_link *links;
	uint32_t n_links;
	struct address_list *lists;
	struct arena *lists_arena;
	uint32_t n_lists;
	uint32_t hierarchy;       /* version */
	struct locale_order *orders;
};

struct recipients {
	struct recipients_backend backend;
	pthread_mutex_t refresh_lock;     /* who changes snap holds it */
	pthread_rwlock_t lock;    /* snap: readers; to change it, writer */
	struct recipients_snapshot snap;
	atomic_uint_least64_t change;     /* of snap, once something is read */
	atomic_bool loaded;
	atomic_uint_least32_t generation; /* of the orders that are there */
};

/* The slots that a refresh changes: a bit each, and as a list. */
struct changed_slots {
	uint8_t *bits;
	uint32_t *v;
	uint32_t n;
};

static inline bool bit_get(const uint8_t *bits, uint32_t i)
{
	return (bits[i / 8] >> (i % 8) & 1) != 0;
}

static inline void bit_put(uint8_t *bits, uint32_t i, bool on)
{
	if (on)
		bits[i / 8] |= (uint8_t)(1 << i % 8);
	else
		bits[i / 8] &= (uint8_t)~(1 << i % 8);
}

/* --- recipients_anr.c ------------------------------------------------- */

/* Text as it is looked for: no case, no accents.  To be freed. */
char *anr_fold(const char *text);

/* All texts of a recipient, as anr_text has them; NULL: none.  To be freed. */
char *anr_texts(const struct recipient *r);

/*
 * The index with what changed: texts[i] are those of changed->v[i].  The
 * result is to be freed; what s has is left alone.
 */
struct anr_entry *anr_merge(const struct recipients_snapshot *s,
			    const struct changed_slots *changed,
			    char *const *texts, uint32_t *n);

/* --- recipients_link.c ------------------------------------------------ */

struct back_link *links_merge(const struct recipients_snapshot *s,
			      const struct changed_slots *changed,
			      struct recipient *const *records, uint32_t *n);

/* --- recipients_view.c ------------------------------------------------ */

/* A text's sort key in an order. */
struct order_key {
	uint8_t *v;
	size_t len;
};

/* The order of a locale; NULL if there is none yet. */
struct locale_order *order_find(const struct recipients_snapshot *s,
				uint32_t lcid);
/* One for lcid: another that is the same, or a new one over all slots of s,
 * not yet in it.  *is_new tells. */
struct locale_order *order_make(const struct recipients_snapshot *s,
				uint32_t lcid, bool *is_new);
/* Let an order serve lcid, too. */
void order_add_lcid(struct locale_order *order, uint32_t lcid);
/* Put a new order in; the oldest leaves if there are too many, returned to
 * be freed, else NULL. */
struct locale_order *order_insert(struct recipients_snapshot *s,
				  struct locale_order *order);
struct locale_order *order_next(const struct locale_order *order);
void order_free(struct locale_order *order);
size_t order_memory(const struct locale_order *order);

/*
 * Prepare every order of s for changed slots whose records will be as given
 * (NULL: gone), n_slots being how many there will be; then, under the lock
 * and once s has the records, order_commit.
 */
void order_prepare(struct recipients_snapshot *s,
		   const struct changed_slots *changed,
		   struct recipient *const *records, uint32_t n_slots);
void order_commit(struct recipients_snapshot *s);
/* Make the arrays of the containers anew, from that of the whole. */
void order_containers(const struct recipients_snapshot *s,
		      struct locale_order *order);

/* --- recipients_filter.c ---------------------------------------------- */

/* Tags that only filters use. */
enum {
	RECIPIENT_TAG_KIND = 0x7ffe0003,  /* enum recipient_kind */
	RECIPIENT_TAG_FILTER = 0x7ffd001f,/* of a dynamic group */
	RECIPIENT_TAG_OTHER = 0x7ffc001f, /* no recipient has it */
};

/* Whether a recipient is among those that the match describes. */
bool recipient_matches(const struct match *m, const struct recipient *r);

/* A filter ready for use; NULL for one that can't be read (err). */
struct match *recipient_filter_match(const char *filter, struct err *err);

/* Whether a recipient of this kind is in a well-known container. */
bool container_has_kind(uint32_t container, unsigned kind);

#endif
