/* SPDX-License-Identifier: Apache-2.0 */
/* Links between recipients, looked at from their target: reports, lists that
 * one is in, what one owns. */
#include <stdlib.h>
#include <string.h>

#include "directory/recipients_impl.h"

static uint64_t target_of(const struct guid *guid)
{
	uint64_t target;

	memcpy(&target, guid->b, sizeof target);
	return target;
}

static int compare_links(const void *a, const void *b)
{
	const struct back_link *x = a, *y = b;

	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	if (x->tag_id != y->tag_id)
		return x->tag_id < y->tag_id ? -1 : 1;
	return x->slot < y->slot ? -1 : x->slot > y->slot;
}

/* The next link of a record. */
static bool next_link(const struct recipient *r, size_t *at,
		      struct back_link *out)
{
	uint32_t tag;
	struct bin v;

	while (recipient_each(r, at, &tag, &v)) {
		const struct recipient_attr *attr = recipient_attr(tag);
		struct guid guid;

		if (attr == NULL || (attr->flags & ATTR_LINK) == 0 ||
		    v.len != sizeof guid)
			continue;
		memcpy(&guid, v.data, sizeof guid);
		*out = (struct back_link){ target_of(&guid), 0,
					   prop_tag_id(tag) };
		return true;
	}
	return false;
}

/* Links of what changed, in order; to be freed. */
static struct back_link *sort_new(const struct changed_slots *changed,
				  struct recipient *const *records, size_t *n)
{
	struct back_link *v = NULL, link;
	size_t cap = 0;

	*n = 0;
	for (uint32_t i = 0; i < changed->n; i++) {
		size_t at = 0;

		while (records[i] != NULL && next_link(records[i], &at,
						       &link)) {
			if (*n == cap) {
				cap = cap > 0 ? cap * 2 : 64;
				v = xrealloc(v, cap * sizeof *v);
			}
			link.slot = changed->v[i];
			v[(*n)++] = link;
		}
	}
	if (*n > 1)
		qsort(v, *n, sizeof *v, compare_links);
	return v;
}

struct back_link *links_merge(const struct recipients_snapshot *s,
			      const struct changed_slots *changed,
			      struct recipient *const *records, uint32_t *n)
{
	size_t count, at = 0, total = 0;
	struct back_link *add = sort_new(changed, records, &count);
	struct back_link *v = xcalloc(s->n_links + count + 1, sizeof *v);

	for (uint32_t i = 0; i < s->n_links; i++) {
		if (bit_get(changed->bits, s->links[i].slot))
			continue;
		while (at < count &&
		       compare_links(&add[at], &s->links[i]) < 0)
			v[total++] = add[at++];
		v[total++] = s->links[i];
	}
	while (at < count)
		v[total++] = add[at++];
	free(add);
	*n = (uint32_t)total;
	return v;
}

static uint32_t lower_bound(const struct recipients_snapshot *s,
			    const struct back_link *key)
{
	uint32_t lo = 0, hi = s->n_links;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (compare_links(&s->links[mid], key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool links_to(const struct recipient *r, uint32_t tag,
		     const struct guid *guid)
{
	struct bin v;

	for (size_t at = 0; recipient_next(r, tag, &at, &v);)
		if (v.len == sizeof guid->b &&
		    memcmp(v.data, guid->b, v.len) == 0)
			return true;
	return false;
}

size_t recipients_backlinks(const struct recipients_snapshot *s,
			    const struct guid *guid, uint32_t tag,
			    struct arena *arena,
			    const struct recipient ***out)
{
	struct back_link key = { target_of(guid), 0, prop_tag_id(tag) };
	uint32_t first = lower_bound(s, &key), end = first;
	const struct recipient **v;
	size_t n = 0;

	while (end < s->n_links && s->links[end].target == key.target &&
	       s->links[end].tag_id == key.tag_id)
		end++;
	v = arena_array(arena, end - first, sizeof *v);
	for (uint32_t i = first; i < end; i++) {
		const struct recipient *r = s->slots[s->links[i].slot];

		if (r != NULL && links_to(r, tag, guid) &&
		    (n == 0 || v[n - 1] != r))
			v[n++] = r;
	}
	*out = v;
	return n;
}
