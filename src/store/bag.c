/* SPDX-License-Identifier: Apache-2.0 */
#include "store/bag.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf.h"
#include "store/impl.h"
#include "store/message.h"

void bag_init(struct bag *bag, struct store *store, struct packed *base)
{
	*bag = (struct bag){ .store = store };
	bag->base = base != NULL ? packed_ref(base) : NULL;
}

static void drop_items(struct bag *bag)
{
	for (size_t i = 0; i < bag->n; i++)
		big_unref(bag->items[i].big);
	bag->n = 0;
	bag->garbage = 0;
	buf_clear(&bag->data);
}

void bag_free(struct bag *bag)
{
	drop_items(bag);
	free(bag->items);
	buf_free(&bag->data);
	packed_unref(bag->base);
	*bag = (struct bag){ 0 };
}

void bag_reset(struct bag *bag, struct packed *base)
{
	packed_ref(base);
	packed_unref(bag->base);
	bag->base = base;
	drop_items(bag);
}

/* ---- Looking ---- */

/* Where the item of an ID is, or would be. */
static bool find_item(const struct bag *bag, uint32_t tag, size_t *at)
{
	size_t low = 0, high = bag->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (bag->items[mid].tag >> 16 < tag >> 16)
			low = mid + 1;
		else
			high = mid;
	}
	*at = low;
	return low < bag->n && bag->items[low].tag >> 16 == tag >> 16;
}

static void item_entry(const struct bag *bag, const struct bag_item *item,
		       struct bag_entry *out)
{
	*out = (struct bag_entry){
		.e = { .tag = item->tag, .external = item->big != NULL },
		.big = item->big,
	};
	if (item->big != NULL) {
		out->e.size = big_size(item->big);
	} else {
		out->e.data = bag->data.data + item->offset;
		out->e.len = out->e.size = item->len;
	}
}

static void base_entry(const struct packed *base, struct bag_entry *out)
{
	out->packed = base;
	out->big = NULL;
	if (out->e.external && (out->e.stream & PACKED_BIG))
		out->big = base->bigs[out->e.stream & ~PACKED_BIG];
}

bool bag_find(const struct bag *bag, uint32_t tag, struct bag_entry *out)
{
	size_t at;

	if (bag->n > 0 && find_item(bag, tag, &at)) {
		if (bag->items[at].deleted)
			return false;
		item_entry(bag, &bag->items[at], out);
		return true;
	}
	if (bag->base == NULL || !blob_find(&bag->base->blob, tag, &out->e))
		return false;
	base_entry(bag->base, out);
	return true;
}

enum ec bag_get_big(struct bag *bag, const struct bag_entry *entry,
		    struct big **out)
{
	struct big *big;
	size_t len;
	uint8_t *utf16;
	enum ec ec;

	if (entry->big != NULL) {
		*out = big_ref(entry->big);
		return EC_SUCCESS;
	}
	if (entry->e.external) {
		*out = big_stored(bag->store, entry->e.stream, entry->e.size);
		return EC_SUCCESS;
	}
	big = big_new(bag->store);
	if ((entry->e.tag & 0xffff) == PTYP_STRING && entry->e.len > 0) {
		len = utf8_to_utf16_size((const char *)entry->e.data,
					 entry->e.len - 1);
		utf16 = xmalloc(len + 1);
		utf8_to_utf16((const char *)entry->e.data, entry->e.len - 1,
			      utf16);
		ec = big_write(&big, 0, utf16, len);
		free(utf16);
	} else {
		ec = big_write(&big, 0, entry->e.data, entry->e.len);
	}
	if (ec != EC_SUCCESS)
		big_unref(big);
	else
		*out = big;
	return ec;
}

/* A large value, read into the arena; strings from their UTF-16. */
static enum ec load_external(struct bag *bag, const struct bag_entry *entry,
			     struct arena *a, struct prop_value *out)
{
	uint64_t size = entry->e.size;
	struct big *big;
	uint8_t *data;
	size_t len;
	char *text;
	enum ec ec;

	if (size > PROP_GET_MAX)
		return EC_NOT_ENOUGH_MEMORY;
	ec = bag_get_big(bag, entry, &big);
	if (ec != EC_SUCCESS)
		return ec;
	ec = big_load(big, a, &data);
	big_unref(big);
	if (ec != EC_SUCCESS)
		return ec;
	out->tag = entry->e.tag;
	if ((entry->e.tag & 0xffff) != PTYP_STRING) {
		out->bin = (struct bin){ data, (size_t)size };
		return EC_SUCCESS;
	}
	len = utf16_to_utf8_size(data, (size_t)size);
	text = arena_alloc(a, len + 1);
	utf16_to_utf8(data, (size_t)size, text);
	text[len] = '\0';
	out->str = text;
	return EC_SUCCESS;
}

enum ec bag_entry_value(struct bag *bag, const struct bag_entry *entry,
			struct arena *a, struct prop_value *out)
{
	if (entry->e.external)
		return load_external(bag, entry, a, out);
	return blob_value(&entry->e, a, out);
}

static bool is_bytes(uint32_t tag)
{
	return prop_tag_type(tag) == PTYP_BINARY ||
		prop_tag_type(tag) == PTYP_OBJECT;
}

bool bag_type_fits(uint32_t want, uint32_t have)
{
	return want == have || prop_tag_type(want) == PTYP_UNSPECIFIED ||
		(is_bytes(want) && is_bytes(have));
}

enum ec bag_get(struct bag *bag, uint32_t tag, struct arena *a,
		struct prop_value *out)
{
	struct bag_entry entry;
	enum ec ec;

	if (!bag_find(bag, tag, &entry) ||
	    !bag_type_fits(tag, entry.e.tag))
		return EC_NOT_FOUND;
	ec = bag_entry_value(bag, &entry, a, out);
	if (ec == EC_SUCCESS && prop_tag_type(tag) != PTYP_UNSPECIFIED)
		out->tag = tag;
	return ec;
}

/* ---- Changing ---- */

/* Values that were replaced leave holes; close them when they are many. */
static void compact(struct bag *bag)
{
	struct buf data = BUF_INIT;

	if (bag->garbage < 4096 || bag->garbage < bag->data.len / 2)
		return;
	for (size_t i = 0; i < bag->n; i++) {
		struct bag_item *item = &bag->items[i];
		size_t offset = data.len;

		if (item->deleted || item->big != NULL)
			continue;
		buf_add(&data, bag->data.data + item->offset, item->len);
		item->offset = offset;
	}
	buf_free(&bag->data);
	bag->data = data;
	bag->garbage = 0;
}

/* The item of the tag, emptied, made if need be. */
static struct bag_item *take_item(struct bag *bag, uint32_t tag)
{
	struct bag_item *item;
	size_t at;

	if (!find_item(bag, tag, &at)) {
		if (bag->n == bag->cap) {
			bag->cap = bag->cap == 0 ? 16 : bag->cap * 2;
			bag->items = xrealloc(bag->items,
				bag->cap * sizeof *bag->items);
		}
		memmove(&bag->items[at + 1], &bag->items[at],
			(bag->n - at) * sizeof *bag->items);
		bag->n++;
		bag->items[at] = (struct bag_item){ .tag = tag };
		return &bag->items[at];
	}
	item = &bag->items[at];
	bag->garbage += item->len;
	big_unref(item->big);
	*item = (struct bag_item){ .tag = tag };
	return item;
}

static bool streamable(uint32_t tag)
{
	unsigned type = tag & 0xffff;

	return type == PTYP_STRING || type == PTYP_BINARY ||
		type == PTYP_OBJECT;
}

static enum ec set_large(struct bag *bag, const struct prop_value *value)
{
	struct big *big = big_new(bag->store);
	enum ec ec;

	if ((value->tag & 0xffff) == PTYP_STRING) {
		size_t chars = strlen(value->str);
		size_t len = utf8_to_utf16_size(value->str, chars);
		uint8_t *utf16 = xmalloc(len + 1);

		utf8_to_utf16(value->str, chars, utf16);
		ec = big_write(&big, 0, utf16, len);
		free(utf16);
	} else {
		ec = big_write(&big, 0, value->bin.data, value->bin.len);
	}
	if (ec == EC_SUCCESS)
		bag_set_big(bag, value->tag, big);
	else
		big_unref(big);
	return ec;
}

enum ec bag_set(struct bag *bag, const struct prop_value *value)
{
	size_t len = blob_value_size(value);
	struct bag_item *item;
	struct wire_w w;

	if (len > BLOB_INLINE_MAX && streamable(value->tag))
		return set_large(bag, value);
	/* value may lie in data, which can move */
	w = wire_w(xmalloc(len + 1), len);
	blob_value_write(&w, value);
	item = take_item(bag, value->tag);
	item->offset = bag->data.len;
	item->len = len;
	buf_add(&bag->data, w.base, len);
	free(w.base);
	compact(bag);
	return EC_SUCCESS;
}

void bag_set_big(struct bag *bag, uint32_t tag, struct big *big)
{
	take_item(bag, tag)->big = big;
}

bool bag_delete(struct bag *bag, uint32_t tag)
{
	struct bag_entry entry;

	if (!bag_find(bag, tag, &entry))
		return false;
	take_item(bag, tag)->deleted = true;
	return true;
}

/* ---- All of it ---- */

size_t bag_count(const struct bag *bag)
{
	return bag->n + (bag->base != NULL ? bag->base->blob.n : 0);
}

/* A merge of two ordered lists: items (at *i) win over the base (at *k). */
bool bag_next(const struct bag *bag, size_t *i, size_t *k,
	      struct bag_entry *out)
{
	size_t n = bag->base != NULL ? bag->base->blob.n : 0;

	for (;;) {
		const struct bag_item *item = *i < bag->n ?
			&bag->items[*i] : NULL;

		if (*k < n) {
			blob_at(&bag->base->blob, *k, &out->e);
			if (item == NULL ||
			    out->e.tag >> 16 < item->tag >> 16) {
				base_entry(bag->base, out);
				++*k;
				return true;
			}
			if (out->e.tag >> 16 == item->tag >> 16)
				++*k;
		}
		if (item == NULL)
			return false;
		++*i;
		if (item->deleted)
			continue;
		item_entry(bag, item, out);
		return true;
	}
}
