/* SPDX-License-Identifier: Apache-2.0 */
/* Packed blobs in memory, and their way to and from chunk rows. */
#include <stdlib.h>
#include <string.h>

#include "base/utf.h"
#include "store/bag.h"
#include "store/impl.h"

enum { HEAD = 4, ENTRY = 8, EXTERNAL_LEN = 16 };
#define EXTERNAL 0x80000000u

struct packed *packed_new(const void *data, size_t len)
{
	struct packed *p = xcalloc(1, sizeof *p);

	p->refs = 1;
	p->data = xmalloc(len + 1);
	if (len > 0)
		memcpy(p->data, data, len);
	if (!blob_open(p->data, len, &p->blob)) {
		packed_unref(p);
		return NULL;
	}
	return p;
}

struct packed *packed_ref(struct packed *p)
{
	p->refs++;
	return p;
}

void packed_unref(struct packed *p)
{
	if (p == NULL || --p->refs > 0)
		return;
	for (size_t i = 0; i < p->n_bigs; i++)
		big_unref(p->bigs[i]);
	free(p->bigs);
	free(p->data);
	free(p);
}

struct big *packed_big(struct store *store, const struct packed *p,
		       const struct blob_entry *e)
{
	if (e->stream & PACKED_BIG)
		return big_ref(p->bigs[e->stream & ~PACKED_BIG]);
	return big_stored(store, e->stream, e->size);
}

/* ---- Building ---- */

struct builder {
	struct buf data;          /* values */
	struct buf dir;           /* entries; offsets from the values' start */
	struct packed *p;
	size_t n;
};

static void add_entry(struct builder *b, uint32_t tag, bool external)
{
	uint8_t entry[ENTRY];
	struct wire_w w = wire_w(entry, sizeof entry);

	wire_put_u32(&w, tag);
	wire_put_u32(&w, (uint32_t)b->data.len | (external ? EXTERNAL : 0));
	buf_add(&b->dir, entry, sizeof entry);
	b->n++;
}

static void add_external(struct builder *b, uint32_t tag, uint64_t stream,
			 uint64_t size)
{
	uint8_t value[EXTERNAL_LEN];
	struct wire_w w = wire_w(value, sizeof value);

	wire_put_u64(&w, stream);
	wire_put_u64(&w, size);
	buf_add(&b->data, value, sizeof value);
	add_entry(b, tag, true);
}

/* A reference goes to the packed blob. */
static void add_big(struct builder *b, uint32_t tag, struct big *big)
{
	struct packed *p = b->p;

	p->bigs = xrealloc(p->bigs, (p->n_bigs + 1) * sizeof *p->bigs);
	p->bigs[p->n_bigs] = big;
	add_external(b, tag, PACKED_BIG | p->n_bigs, big_size(big));
	p->n_bigs++;
}

static void add_inline(struct builder *b, uint32_t tag, const void *data,
		       size_t len)
{
	buf_add(&b->data, data, len);
	add_entry(b, tag, false);
}

/* A value that was written as a stream, but is small. */
static enum ec add_small(struct builder *b, uint32_t tag, struct big *big)
{
	struct arena *a = arena_new(0);
	size_t len = (size_t)big_size(big), text_len;
	uint8_t *data;
	char *text;
	enum ec ec = big_load(big, a, &data);

	if (ec == EC_SUCCESS && (tag & 0xffff) == PTYP_STRING) {
		text_len = utf16_to_utf8_size(data, len);
		text = arena_alloc(a, text_len + 1);
		utf16_to_utf8(data, len, text);
		text[text_len] = '\0';
		/* a NUL inside would end it for every reader */
		add_inline(b, tag, text, strlen(text) + 1);
	} else if (ec == EC_SUCCESS) {
		add_inline(b, tag, data, len);
	}
	arena_free(a);
	return ec;
}

static void builder_init(struct builder *b)
{
	*b = (struct builder){ .data = BUF_INIT, .dir = BUF_INIT };
	b->p = xcalloc(1, sizeof *b->p);
	b->p->refs = 1;
}

/* Put it together, or throw it away when ec is a failure. */
static enum ec builder_end(struct builder *b, enum ec ec,
			   struct packed **out)
{
	size_t start = HEAD + b->n * ENTRY, len = start + b->data.len;
	struct wire_w w;

	if (ec == EC_SUCCESS && (b->n > 0xffff || len >= EXTERNAL))
		ec = EC_TOO_BIG;
	if (ec == EC_SUCCESS) {
		b->p->data = xmalloc(len);
		w = wire_w(b->p->data, len);
		wire_put_u16(&w, (uint16_t)b->n);
		wire_put_u16(&w, 0);
		for (size_t i = 0; i < b->n; i++) {
			struct wire_r r = wire_r(b->dir.data + i * ENTRY,
						 ENTRY);
			uint32_t tag = wire_u32(&r), end = wire_u32(&r);

			wire_put_u32(&w, tag);
			wire_put_u32(&w, end + (uint32_t)start);
		}
		wire_put(&w, b->data.data, b->data.len);
		blob_open(b->p->data, len, &b->p->blob);
		*out = b->p;
	} else {
		packed_unref(b->p);
	}
	buf_free(&b->data);
	buf_free(&b->dir);
	return ec;
}

enum ec bag_pack(struct bag *bag, struct packed **out, uint64_t *size)
{
	struct bag_entry entry;
	struct builder b;
	size_t i = 0, k = 0;
	uint64_t total = 0;
	enum ec ec = EC_SUCCESS;

	builder_init(&b);
	while (ec == EC_SUCCESS && bag_next(bag, &i, &k, &entry)) {
		uint32_t tag = entry.e.tag;

		total += entry.e.size + 4;
		if (!entry.e.external)
			add_inline(&b, tag, entry.e.data, entry.e.len);
		else if (entry.big != NULL &&
			 big_size(entry.big) <= BLOB_INLINE_MAX)
			ec = add_small(&b, tag, entry.big);
		else if (entry.big != NULL && big_stream(entry.big) == 0)
			add_big(&b, tag, big_ref(entry.big));
		else
			add_external(&b, tag, entry.big != NULL ?
				     big_stream(entry.big) : entry.e.stream,
				     entry.e.size);
	}
	if (ec == EC_SUCCESS && size != NULL)
		*size = total;
	return builder_end(&b, ec, out);
}

enum ec packed_save(struct store *store, const struct packed *p,
		    struct packed **out)
{
	struct blob_entry e;
	struct builder b;
	uint64_t stream;
	enum ec ec = EC_SUCCESS;

	builder_init(&b);
	for (size_t i = 0; i < p->blob.n && ec == EC_SUCCESS; i++) {
		blob_at(&p->blob, i, &e);
		if (!e.external) {
			add_inline(&b, e.tag, e.data, e.len);
			continue;
		}
		stream = e.stream;
		if (stream & PACKED_BIG)
			ec = big_save(p->bigs[stream & ~PACKED_BIG], &stream);
		add_external(&b, e.tag, stream, e.size);
	}
	return builder_end(&b, ec, out);
}

/* ---- Copying ---- */

struct copied {
	uint32_t tag;
	struct blob_entry e;
};

static int copied_order(const void *x, const void *y)
{
	const struct copied *a = x, *b = y;

	return a->tag < b->tag ? -1 : a->tag > b->tag;
}

static enum ec map_tags(const struct packed *p, packed_map_fn map, void *ctx,
			struct copied *list, size_t *n)
{
	enum ec ec = EC_SUCCESS;
	uint16_t id;

	*n = 0;
	for (size_t i = 0; i < p->blob.n && ec == EC_SUCCESS; i++) {
		struct copied *c = &list[*n];

		blob_at(&p->blob, i, &c->e);
		id = prop_tag_id(c->e.tag);
		if (map != NULL)
			ec = map(ctx, id, &id);
		if (ec != EC_SUCCESS || id == 0)
			continue;
		c->tag = prop_tag_make(id, prop_tag_type(c->e.tag));
		++*n;
	}
	qsort(list, *n, sizeof *list, copied_order);
	return ec;
}

static enum ec copy_external(struct store *src, const struct packed *p,
			     struct store *dst, const struct copied *c,
			     struct builder *b)
{
	struct big *big = packed_big(src, p, &c->e), *copy;
	enum ec ec = big_copy(big, dst, &copy);

	big_unref(big);
	if (ec == EC_SUCCESS)
		add_big(b, c->tag, copy);
	return ec;
}

enum ec packed_copy(struct store *src, const struct packed *p,
		    struct store *dst, packed_map_fn map, void *ctx,
		    struct packed **out)
{
	struct copied *list = xcalloc(p->blob.n + 1, sizeof *list);
	struct builder b;
	size_t n;
	enum ec ec;

	builder_init(&b);
	ec = map_tags(p, map, ctx, list, &n);
	for (size_t i = 0; i < n && ec == EC_SUCCESS; i++) {
		const struct copied *c = &list[i];

		if (i > 0 && c->tag >> 16 == list[i - 1].tag >> 16)
			continue;
		if (c->e.external)
			ec = copy_external(src, p, dst, c, &b);
		else
			add_inline(&b, c->tag, c->e.data, c->e.len);
	}
	free(list);
	return builder_end(&b, ec, out);
}

/* ---- Streams that are no longer used ---- */

static bool has_stream(const struct blob *b, uint64_t stream)
{
	struct blob_entry e;

	for (size_t i = 0; i < b->n; i++) {
		blob_at(b, i, &e);
		if (e.external && e.stream == stream)
			return true;
	}
	return false;
}

enum ec packed_drop_streams(struct store *store, const void *old, size_t len,
			    const struct packed *keep)
{
	struct blob_entry e;
	struct blob b;
	enum ec ec = EC_SUCCESS;

	if (!blob_open(old, len, &b))
		return db_damaged(store, "a row of bytes", (int64_t)len);
	for (size_t i = 0; i < b.n && ec == EC_SUCCESS; i++) {
		blob_at(&b, i, &e);
		if (e.external &&
		    (keep == NULL || !has_stream(&keep->blob, e.stream)))
			ec = big_delete(store, e.stream);
	}
	return ec;
}

bool packed_within(const struct packed *p, const void *row, size_t len)
{
	struct blob_entry e;
	struct blob b;

	if (!blob_open(row, len, &b))
		return false;
	for (size_t i = 0; i < p->blob.n; i++) {
		blob_at(&p->blob, i, &e);
		if (e.external && !(e.stream & PACKED_BIG) &&
		    !has_stream(&b, e.stream))
			return false;
	}
	return true;
}
