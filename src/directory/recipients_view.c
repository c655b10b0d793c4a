/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Views: the recipients of each container in the order of a locale
 * ([MS-OXNSPI] 3.1.4.3.5.1, 3.1.4.3.6).  An order has the sort key of every
 * slot; equal ones go by their GUIDs, so that a position means the same in
 * every session.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/ucol.h>
#include <unicode/uloc.h>
#include <unicode/ustring.h>

#include "base/buf.h"
#include "directory/recipients_impl.h"

enum { DEFAULT_LOCALE = 0x0409, LCIDS_MAX = 32, ORDERS_MAX = 8 };

/* One of the two sort types. */
struct sorted {
	char **keys;              /* of each slot; NULL: not in any view */
	uint32_t *all;            /* slots in order */
	uint32_t n_all;
	uint32_t **containers;    /* as all, CONTAINER_GAL being all itself */
	uint32_t *counts;
	/* Prepared by a refresh. */
	uint32_t *next_all, n_next;
	char **next_keys;         /* of the changed slots */
};

struct locale_order {
	struct locale_order *next;
	char name[ULOC_FULLNAME_CAPACITY];        /* ICU's, where rules are */
	bool symbols;             /* they count: NSPI_DEFAULT_LOCALE */
	uint32_t lcids[LCIDS_MAX], n_lcids;
	UCollator *icu;
	bool phonetic;            /* somebody has a phonetic name */
	struct sorted by[2];      /* enum recipients_sort */
	uint32_t cap_slots, n_containers;
	const struct changed_slots *changed;
};

/* --- Keys ------------------------------------------------------------- */

/*
 * Primary strength: neither case nor accents nor width nor kana count, which
 * are NSPI_DEFAULT_LOCALE_COMPARE_FLAGS (2.2.1.6); in other locales symbols
 * don't either.
 */
static UCollator *open_icu(uint32_t lcid)
{
	char locale[ULOC_FULLNAME_CAPACITY];
	UErrorCode status = U_ZERO_ERROR;
	UCollator *icu;

	if (uloc_getLocaleForLCID(lcid, locale, sizeof locale, &status) <= 0 ||
	    U_FAILURE(status))
		strcpy(locale, "en_US");
	status = U_ZERO_ERROR;
	icu = ucol_open(locale, &status);
	if (U_FAILURE(status)) {
		status = U_ZERO_ERROR;
		icu = ucol_open("", &status);
	}
	if (U_FAILURE(status))
		abort();          /* ICU without its data */
	ucol_setStrength(icu, UCOL_PRIMARY);
	ucol_setAttribute(icu, UCOL_NORMALIZATION_MODE, UCOL_ON, &status);
	if (lcid != DEFAULT_LOCALE) {
		ucol_setAttribute(icu, UCOL_ALTERNATE_HANDLING, UCOL_SHIFTED,
				  &status);
		ucol_setMaxVariable(icu, UCOL_REORDER_CODE_SYMBOL, &status);
	}
	return icu;
}

/* A key as text: ICU's have no zeros within.  To be freed. */
static char *make_key(const UCollator *icu, const char *text)
{
	UChar small[256], *u = small;
	uint8_t key[512];
	UErrorCode status = U_ZERO_ERROR;
	int32_t units, need;
	char *out;

	u_strFromUTF8WithSub(small, 256, &units, text, -1, 0xfffd, NULL,
			     &status);
	if (status == U_BUFFER_OVERFLOW_ERROR) {
		status = U_ZERO_ERROR;
		u = xmalloc((size_t)units * sizeof *u);
		u_strFromUTF8WithSub(u, units, &units, text, -1, 0xfffd, NULL,
				     &status);
	}
	if (U_FAILURE(status))
		units = 0;
	need = ucol_getSortKey(icu, u, units, key, sizeof key);
	out = xmalloc((size_t)need + 1);
	if ((size_t)need <= sizeof key)
		memcpy(out, key, (size_t)need);
	else
		ucol_getSortKey(icu, u, units, (uint8_t *)out, need);
	out[need] = '\0';
	if (u != small)
		free(u);
	return out;
}

static const char *sort_text(const struct recipient *r,
			     enum recipients_sort sort)
{
	const char *phonetic = sort == SORT_PHONETIC ? recipient_text(r,
		PID_TAG_ADDRESS_BOOK_PHONETIC_DISPLAY_NAME) : "";

	return *phonetic != '\0' ? phonetic :
		recipient_text(r, PID_TAG_DISPLAY_NAME);
}

static bool is_listed(const struct recipient *r)
{
	return r != NULL && !r->hidden;
}

/* --- Sorting ---------------------------------------------------------- */

struct sort_item {
	const char *key;
	const struct recipient *r;
	uint32_t slot;
};

static int compare_items(const void *a, const void *b)
{
	const struct sort_item *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	return order != 0 ? order : guid_compare(&x->r->guid, &y->r->guid);
}

/* The slots of items in their order. */
static struct sort_item *sort_items(struct sort_item *items, size_t n)
{
	qsort(items, n, sizeof *items, compare_items);
	return items;
}

/* --- Orders ----------------------------------------------------------- */

static bool has_lcid(const struct locale_order *o, uint32_t lcid)
{
	for (uint32_t i = 0; i < o->n_lcids; i++)
		if (o->lcids[i] == lcid)
			return true;
	return false;
}

struct locale_order *order_find(const struct recipients_snapshot *s,
				uint32_t lcid)
{
	for (struct locale_order *o = s->orders; o != NULL; o = o->next)
		if (has_lcid(o, lcid))
			return o;
	return NULL;
}

void order_add_lcid(struct locale_order *o, uint32_t lcid)
{
	if (has_lcid(o, lcid))
		return;
	if (o->n_lcids == LCIDS_MAX)      /* the oldest gives way */
		memmove(o->lcids, o->lcids + 1,
			--o->n_lcids * sizeof *o->lcids);
	o->lcids[o->n_lcids++] = lcid;
}

static void sorted_free(struct sorted *by, uint32_t slots, uint32_t containers)
{
	for (uint32_t i = 0; by->keys != NULL && i < slots; i++)
		free(by->keys[i]);
	for (uint32_t i = 1; by->containers != NULL && i < containers; i++)
		free(by->containers[i]);
	free(by->keys);
	free(by->all);
	free(by->containers);
	free(by->counts);
	free(by->next_all);
	free(by->next_keys);
}

struct locale_order *order_next(const struct locale_order *o)
{
	return o->next;
}

void order_free(struct locale_order *o)
{
	if (o == NULL)
		return;
	for (int i = 0; i < 2; i++)
		sorted_free(&o->by[i], o->cap_slots, o->n_containers);
	ucol_close(o->icu);
	free(o);
}

size_t order_memory(const struct locale_order *o)
{
	size_t bytes = sizeof *o;

	for (int k = 0; k < 2; k++) {
		const struct sorted *by = &o->by[k];

		bytes += by->n_all * sizeof *by->all;
		for (uint32_t i = 1; by->counts != NULL &&
		     i < o->n_containers; i++)
			bytes += by->counts[i] * sizeof *by->all;
		for (uint32_t i = 0; by->keys != NULL && i < o->cap_slots; i++)
			bytes += sizeof *by->keys + (by->keys[i] != NULL ?
				strlen(by->keys[i]) + 1 + 16 : 0);
	}
	return bytes;
}

static struct locale_order *same_order(const struct recipients_snapshot *s,
				       const char *name, bool symbols)
{
	for (struct locale_order *o = s->orders; o != NULL; o = o->next)
		if (o->symbols == symbols && strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

static void build(const struct recipients_snapshot *s, struct locale_order *o,
		  enum recipients_sort sort)
{
	struct sorted *by = &o->by[sort];
	struct sort_item *items = xcalloc(s->count + 1, sizeof *items);
	uint32_t n = 0;

	by->keys = xcalloc(o->cap_slots + 1, sizeof *by->keys);
	for (uint32_t i = 0; i < s->n_slots; i++) {
		const struct recipient *r = s->slots[i];

		if (!is_listed(r))
			continue;
		by->keys[i] = make_key(o->icu, sort_text(r, sort));
		items[n++] = (struct sort_item){ by->keys[i], r, i };
	}
	sort_items(items, n);
	by->all = xcalloc(n + 1, sizeof *by->all);
	by->n_all = n;
	for (uint32_t i = 0; i < n; i++)
		by->all[i] = items[i].slot;
	free(items);
}

static bool any_phonetic(const struct recipients_snapshot *s)
{
	for (uint32_t i = 0; i < s->n_slots; i++)
		if (s->slots[i] != NULL && recipient_has(s->slots[i],
		    PID_TAG_ADDRESS_BOOK_PHONETIC_DISPLAY_NAME))
			return true;
	return false;
}

struct locale_order *order_make(const struct recipients_snapshot *s,
				uint32_t lcid, bool *is_new)
{
	UErrorCode status = U_ZERO_ERROR;
	UCollator *icu = open_icu(lcid);
	const char *name = ucol_getLocaleByType(icu, ULOC_ACTUAL_LOCALE,
						&status);
	struct locale_order *o;

	if (name == NULL || U_FAILURE(status))
		name = "";
	o = same_order(s, name, lcid == DEFAULT_LOCALE);
	*is_new = o == NULL;
	if (o != NULL) {
		ucol_close(icu);
		return o;
	}
	o = xcalloc(1, sizeof *o);
	snprintf(o->name, sizeof o->name, "%s", name);
	o->symbols = lcid == DEFAULT_LOCALE;
	o->icu = icu;
	o->cap_slots = s->cap_slots;
	order_add_lcid(o, lcid);
	build(s, o, SORT_DISPLAY_NAME);
	o->phonetic = any_phonetic(s);
	if (o->phonetic)
		build(s, o, SORT_PHONETIC);
	order_containers(s, o);
	return o;
}

struct locale_order *order_insert(struct recipients_snapshot *s,
				  struct locale_order *order)
{
	struct locale_order **at = &s->orders, *out = NULL;
	int n = 0;

	order->next = s->orders;
	s->orders = order;
	while (*at != NULL && ++n <= ORDERS_MAX)
		at = &(*at)->next;
	if (*at != NULL) {
		out = *at;
		*at = out->next;
		out->next = NULL;
	}
	return out;
}

/* --- Containers ------------------------------------------------------- */

static bool in_container(const struct recipients_snapshot *s,
			 uint32_t container, uint32_t slot)
{
	if (container < CONTAINER_LISTS)
		return container_has_kind(container, s->slots[slot]->kind);
	return bit_get(s->lists[container - CONTAINER_LISTS].members, slot);
}

static void fill_container(const struct recipients_snapshot *s,
			   struct sorted *by, uint32_t container)
{
	uint32_t n = 0, *v;

	for (uint32_t i = 0; i < by->n_all; i++)
		n += in_container(s, container, by->all[i]);
	v = xmalloc((n + 1) * sizeof *v);
	by->counts[container] = n;
	n = 0;
	for (uint32_t i = 0; i < by->n_all; i++)
		if (in_container(s, container, by->all[i]))
			v[n++] = by->all[i];
	by->containers[container] = v;
}

void order_containers(const struct recipients_snapshot *s,
		      struct locale_order *o)
{
	uint32_t n = CONTAINER_LISTS + s->n_lists;

	for (int k = 0; k < (o->phonetic ? 2 : 1); k++) {
		struct sorted *by = &o->by[k];

		for (uint32_t i = 1; by->containers != NULL &&
		     i < o->n_containers; i++)
			free(by->containers[i]);
		by->containers = xrealloc(by->containers,
					  n * sizeof *by->containers);
		by->counts = xrealloc(by->counts, n * sizeof *by->counts);
		for (uint32_t i = 1; i < n; i++)
			fill_container(s, by, i);
	}
	o->n_containers = n;
}

/* --- Changes ---------------------------------------------------------- */

static void prepare(const struct recipients_snapshot *s,
		    struct locale_order *o, enum recipients_sort sort,
		    const struct changed_slots *changed,
		    struct recipient *const *records)
{
	struct sorted *by = &o->by[sort];
	struct sort_item *add = xcalloc(changed->n + 1, sizeof *add);
	uint32_t n = 0, at = 0, total = 0;

	by->next_keys = xcalloc(changed->n + 1, sizeof *by->next_keys);
	for (uint32_t i = 0; i < changed->n; i++) {
		if (!is_listed(records[i]))
			continue;
		by->next_keys[i] = make_key(o->icu,
					    sort_text(records[i], sort));
		add[n++] = (struct sort_item){ by->next_keys[i], records[i],
					       changed->v[i] };
	}
	sort_items(add, n);
	by->next_all = xcalloc(by->n_all + n + 1, sizeof *by->next_all);
	for (uint32_t i = 0; i < by->n_all; i++) {
		uint32_t slot = by->all[i];
		struct sort_item old = { by->keys[slot], s->slots[slot],
					 slot };

		if (bit_get(changed->bits, slot))
			continue;
		while (at < n && compare_items(&add[at], &old) < 0)
			by->next_all[total++] = add[at++].slot;
		by->next_all[total++] = slot;
	}
	while (at < n)
		by->next_all[total++] = add[at++].slot;
	by->n_next = total;
	free(add);
}

static bool gets_phonetic(const struct changed_slots *changed,
			  struct recipient *const *records)
{
	for (uint32_t i = 0; i < changed->n; i++)
		if (records[i] != NULL && recipient_has(records[i],
		    PID_TAG_ADDRESS_BOOK_PHONETIC_DISPLAY_NAME))
			return true;
	return false;
}

/* The first phonetic name: until now the order was that of display names. */
static void copy_sorted(struct locale_order *o)
{
	const struct sorted *from = &o->by[SORT_DISPLAY_NAME];
	struct sorted *to = &o->by[SORT_PHONETIC];

	to->keys = xcalloc(o->cap_slots + 1, sizeof *to->keys);
	for (uint32_t i = 0; i < o->cap_slots; i++)
		if (from->keys[i] != NULL)
			to->keys[i] = xstrdup(from->keys[i]);
	to->all = xcalloc(from->n_all + 1, sizeof *to->all);
	memcpy(to->all, from->all, from->n_all * sizeof *to->all);
	to->n_all = from->n_all;
	to->containers = xcalloc(o->n_containers, sizeof *to->containers);
	to->counts = xcalloc(o->n_containers, sizeof *to->counts);
}

void order_prepare(struct recipients_snapshot *s,
		   const struct changed_slots *changed,
		   struct recipient *const *records, uint32_t n_slots)
{
	for (struct locale_order *o = s->orders; o != NULL; o = o->next) {
		o->changed = changed;
		prepare(s, o, SORT_DISPLAY_NAME, changed, records);
		if (o->phonetic)
			prepare(s, o, SORT_PHONETIC, changed, records);
	}
}

static void grow_keys(struct sorted *by, uint32_t from, uint32_t to)
{
	by->keys = xrealloc(by->keys, (to + 1) * sizeof *by->keys);
	memset(by->keys + from, 0, (to + 1 - from) * sizeof *by->keys);
}

static void commit(struct locale_order *o, struct sorted *by, uint32_t cap)
{
	if (cap > o->cap_slots)
		grow_keys(by, o->cap_slots, cap);
	for (uint32_t i = 0; i < o->changed->n; i++) {
		free(by->keys[o->changed->v[i]]);
		by->keys[o->changed->v[i]] = by->next_keys[i];
	}
	free(by->next_keys);
	free(by->all);
	by->all = by->next_all;
	by->n_all = by->n_next;
	by->next_all = NULL;
	by->next_keys = NULL;
}

static void first_phonetic(struct recipients_snapshot *s,
			   struct locale_order *o)
{
	struct recipient **records = xcalloc(o->changed->n + 1,
					     sizeof *records);

	for (uint32_t i = 0; i < o->changed->n; i++)
		records[i] = (struct recipient *)
			s->slots[o->changed->v[i]];
	if (gets_phonetic(o->changed, records)) {
		copy_sorted(o);
		o->phonetic = true;
		prepare(s, o, SORT_PHONETIC, o->changed, records);
		commit(o, &o->by[SORT_PHONETIC], o->cap_slots);
	}
	free(records);
}

void order_commit(struct recipients_snapshot *s)
{
	for (struct locale_order *o = s->orders; o != NULL; o = o->next) {
		bool phonetic = o->phonetic;

		commit(o, &o->by[SORT_DISPLAY_NAME], s->cap_slots);
		if (phonetic)
			commit(o, &o->by[SORT_PHONETIC], s->cap_slots);
		o->cap_slots = s->cap_slots;
		if (!phonetic)
			first_phonetic(s, o);
		o->changed = NULL;
		order_containers(s, o);
	}
}

/* --- Look-ups --------------------------------------------------------- */

static struct locale_order *any_order(const struct recipients_snapshot *s,
				      uint32_t lcid)
{
	struct locale_order *o = order_find(s, lcid);

	if (o == NULL)
		o = order_find(s, DEFAULT_LOCALE);
	return o != NULL ? o : s->orders;
}

static const struct sorted *sorted_of(const struct locale_order *o,
				      enum recipients_sort sort)
{
	return &o->by[sort == SORT_PHONETIC && o->phonetic ? 1 : 0];
}

bool recipients_has_view(const struct recipients_snapshot *s, uint32_t lcid)
{
	return order_find(s, lcid) != NULL;
}

struct recipients_view recipients_view(const struct recipients_snapshot *s,
				       uint32_t container, uint32_t lcid,
				       enum recipients_sort sort)
{
	const struct locale_order *o = any_order(s, lcid);
	struct recipients_view none = { NULL, 0 };
	const struct sorted *by;

	if (o == NULL || container >= o->n_containers)
		return none;
	by = sorted_of(o, sort);
	if (container == CONTAINER_GAL)
		return (struct recipients_view){ by->all, by->n_all };
	return (struct recipients_view){ by->containers[container],
					 by->counts[container] };
}

uint32_t recipients_position(const struct recipients_snapshot *s,
			     const struct recipients_view *view,
			     uint32_t lcid, enum recipients_sort sort,
			     const struct recipient *r)
{
	const struct locale_order *o = any_order(s, lcid);
	uint32_t lo = 0, hi = view->count;
	const struct sorted *by;
	struct sort_item key;

	if (o == NULL || r == NULL)
		return view->count;
	by = sorted_of(o, sort);
	key = (struct sort_item){ by->keys[r->slot], r, r->slot };
	if (key.key == NULL)
		return view->count;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2, slot = view->slots[mid];
		struct sort_item item = { by->keys[slot], s->slots[slot],
					  slot };

		if (compare_items(&item, &key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < view->count && view->slots[lo] == r->slot ? lo :
		view->count;
}

uint32_t recipients_seek(const struct recipients_snapshot *s,
			 const struct recipients_view *view, uint32_t lcid,
			 enum recipients_sort sort, const char *text)
{
	const struct locale_order *o = any_order(s, lcid);
	uint32_t lo = 0, hi = view->count;
	const struct sorted *by;
	char *key;

	if (o == NULL)
		return view->count;
	by = sorted_of(o, sort);
	key = make_key(o->icu, text);
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (strcmp(by->keys[view->slots[mid]], key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	free(key);
	return lo;
}

int recipients_compare(const struct recipients_snapshot *s, uint32_t lcid,
		       const char *a, const char *b)
{
	const struct locale_order *o = any_order(s, lcid);
	UErrorCode status = U_ZERO_ERROR;

	if (o == NULL)
		return strcmp(a, b);
	return (int)ucol_strcollUTF8(o->icu, a, -1, b, -1, &status);
}
