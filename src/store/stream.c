/* SPDX-License-Identifier: Apache-2.0 */
#include "store/stream.h"

#include <stdlib.h>
#include <string.h>

#include "store/body.h"
#include "store/folder_impl.h"
#include "store/message_impl.h"

/* What a stream and its clones share. */
struct stream_data {
	unsigned refs;
	struct store *store;
	struct message *message;          /* one of the three … */
	struct attachment *attachment;
	uint64_t folder_id;
	uint32_t tag;
	bool writable, dirty;
	struct big *big, *committed;
};

struct stream {
	struct stream_data *d;
	uint64_t position;
};

static struct stream *stream_new(struct store *store, uint32_t tag,
				 enum stream_mode mode)
{
	struct stream *s = xcalloc(1, sizeof *s);

	s->d = xcalloc(1, sizeof *s->d);
	s->d->refs = 1;
	s->d->store = store;
	s->d->tag = tag;
	s->d->writable = mode != STREAM_READ_ONLY;
	return s;
}

static void stream_free(struct stream *s)
{
	struct stream_data *d = s->d;

	if (--d->refs == 0) {
		big_unref(d->big);
		big_unref(d->committed);
		free(d);
	}
	free(s);
}

static bool streamable(unsigned type)
{
	return type == PTYP_STRING || type == PTYP_BINARY ||
		type == PTYP_OBJECT;
}

/*
 * The bytes as they are, or none for CREATE.  derived gives what isn't stored
 * but follows from what is (NULL: nothing does).
 */
static enum ec fill(struct stream *s, struct bag *bag, enum stream_mode mode)
{
	struct stream_data *d = s->d;
	struct bag_entry entry;
	enum ec ec;

	if (!streamable(prop_tag_type(d->tag)))
		return EC_NOT_SUPPORTED;
	if (mode == STREAM_CREATE) {
		d->big = big_new(d->store);
		d->dirty = true;
		ec = EC_SUCCESS;
	} else if (!bag_find(bag, d->tag, &entry) ||
		   !bag_type_fits(d->tag, entry.e.tag)) {
		ec = d->message != NULL ?
			body_stream(d->message, d->tag, &d->big) :
			EC_NOT_FOUND;
	} else {
		ec = bag_get_big(bag, &entry, &d->big);
	}
	if (ec == EC_SUCCESS)
		d->committed = big_ref(d->big);
	return ec;
}

enum ec message_open_stream(struct message *m, uint32_t tag,
			    enum stream_mode mode, struct stream **out)
{
	struct stream *s;
	enum ec ec;

	if (mode != STREAM_READ_ONLY &&
	    (m->mode == MESSAGE_READ_ONLY || message_tag_read_only(tag)))
		return EC_ACCESS_DENIED;
	s = stream_new(m->store, tag, mode);
	s->d->message = m;
	ec = fill(s, &m->bag, mode);
	if (ec == EC_SUCCESS)
		*out = s;
	else
		stream_free(s);
	return ec;
}

enum ec attachment_open_stream(struct attachment *at, uint32_t tag,
			       enum stream_mode mode, struct stream **out)
{
	struct stream *s;
	enum ec ec;

	if (mode != STREAM_READ_ONLY && at->mode == MESSAGE_READ_ONLY)
		return EC_ACCESS_DENIED;
	s = stream_new(at->message->store, tag, mode);
	s->d->attachment = at;
	ec = fill(s, &at->bag, mode);
	if (ec == EC_SUCCESS)
		*out = s;
	else
		stream_free(s);
	return ec;
}

/* The folder's properties, in a bag to be freed. */
static enum ec folder_bag(struct store *store, uint64_t folder_id,
			  struct arena *a, struct folder_row *row,
			  struct bag *bag)
{
	struct packed *p;
	enum ec ec = folder_row_get(store, db_counter(folder_id), a, row);

	if (ec == EC_SUCCESS && row->deleted != 0)
		ec = EC_NOT_FOUND;
	if (ec != EC_SUCCESS)
		return ec;
	p = packed_new(row->props.data, row->props.len);
	if (p == NULL)
		return db_damaged(store, "folder", (int64_t)row->id);
	bag_init(bag, store, p);
	packed_unref(p);
	return EC_SUCCESS;
}

enum ec folder_open_stream(struct store *store, uint64_t folder_id,
			   uint32_t tag, enum stream_mode mode,
			   struct stream **out)
{
	struct arena *a;
	struct folder_row row;
	struct bag bag = { 0 };
	struct stream *s;
	enum ec ec;

	if (mode != STREAM_READ_ONLY && folder_tag_computed(tag))
		return EC_ACCESS_DENIED;
	a = arena_new(0);
	s = stream_new(store, tag, mode);
	s->d->folder_id = folder_id;
	ec = folder_bag(store, folder_id, a, &row, &bag);
	if (ec == EC_SUCCESS)
		ec = fill(s, &bag, mode);
	bag_free(&bag);
	arena_free(a);
	if (ec == EC_SUCCESS)
		*out = s;
	else
		stream_free(s);
	return ec;
}

/* ---- Committing ---- */

static enum ec commit_folder(struct stream_data *d)
{
	struct arena *a = arena_new(0);
	struct folder_row row;
	struct bag bag = { 0 };
	enum ec ec = folder_bag(d->store, d->folder_id, a, &row, &bag);

	if (ec == EC_SUCCESS) {
		bag_set_big(&bag, d->tag, big_ref(d->big));
		ec = folder_save_bag(d->store, &row, &bag,
				     &(struct prop_tags){ 1, &d->tag });
	}
	bag_free(&bag);
	arena_free(a);
	return ec;
}

enum ec stream_commit(struct stream *s)
{
	struct stream_data *d = s->d;
	enum ec ec = EC_SUCCESS;

	if (!d->dirty)
		return EC_SUCCESS;
	if (d->message != NULL) {
		bag_set_big(&d->message->bag, d->tag, big_ref(d->big));
		d->message->dirty = true;
	} else if (d->attachment != NULL) {
		bag_set_big(&d->attachment->bag, d->tag, big_ref(d->big));
		d->attachment->dirty = true;
	} else {
		ec = commit_folder(d);
	}
	if (ec != EC_SUCCESS)
		return ec;
	big_unref(d->committed);
	d->committed = big_ref(d->big);
	d->dirty = false;
	return EC_SUCCESS;
}

void stream_revert(struct stream *s)
{
	struct stream_data *d = s->d;

	big_unref(d->big);
	d->big = big_ref(d->committed);
	d->dirty = false;
}

enum ec stream_close(struct stream *s)
{
	enum ec ec;

	if (s == NULL)
		return EC_SUCCESS;
	ec = s->d->refs == 1 ? stream_commit(s) : EC_SUCCESS;
	stream_free(s);
	return ec;
}

/* ---- Position and size ---- */

uint64_t stream_size(const struct stream *s)
{
	return big_size(s->d->big);
}

uint64_t stream_position(const struct stream *s)
{
	return s->position;
}

bool stream_writable(const struct stream *s)
{
	return s->d->writable;
}

uint32_t stream_tag(const struct stream *s)
{
	return s->d->tag;
}

/* [MS-OXCPRPT] 3.2.5.13: outside of 0 … 2^31 or so is an error */
enum ec stream_seek(struct stream *s, enum stream_origin origin,
		    int64_t offset, uint64_t *position)
{
	uint64_t base = origin == STREAM_START ? 0 :
		origin == STREAM_CURRENT ? s->position : stream_size(s);
	uint64_t target;

	if (offset < 0 && (uint64_t)0 - (uint64_t)offset > base)
		return EC_STREAM_SEEK_ERROR;
	target = base + (uint64_t)offset;
	if (offset > 0 && (target < base || target > BIG_MAX))
		return EC_STREAM_SEEK_ERROR;
	s->position = target;
	if (position != NULL)
		*position = target;
	return EC_SUCCESS;
}

enum ec stream_set_size(struct stream *s, uint64_t size)
{
	enum ec ec;

	if (!s->d->writable)
		return EC_STREAM_ACCESS_DENIED;
	if (size > BIG_MAX)
		return EC_STREAM_SIZE_ERROR;
	ec = big_resize(&s->d->big, size);
	if (ec == EC_SUCCESS)
		s->d->dirty = true;
	return ec;
}

/* ---- Bytes ---- */

enum ec stream_read(struct stream *s, void *data, size_t len, size_t *got)
{
	enum ec ec = big_read(s->d->big, s->position, data, len, got);

	if (ec == EC_SUCCESS)
		s->position += *got;
	return ec;
}

enum ec stream_write(struct stream *s, const void *data, size_t len,
		     size_t *put)
{
	enum ec ec;

	*put = 0;
	if (!s->d->writable)
		return EC_STREAM_ACCESS_DENIED;
	if (len > BIG_MAX || s->position > BIG_MAX - len)
		return EC_TOO_BIG;
	ec = big_write(&s->d->big, s->position, data, len);
	if (ec != EC_SUCCESS)
		return ec;
	s->position += len;
	s->d->dirty = true;
	*put = len;
	return EC_SUCCESS;
}

enum ec stream_copy(struct stream *src, struct stream *dst, uint64_t len,
		    uint64_t *read, uint64_t *written)
{
	uint8_t *buffer;
	size_t got = 1, put;
	enum ec ec = EC_SUCCESS;

	*read = *written = 0;
	if (!dst->d->writable)
		return EC_STREAM_ACCESS_DENIED;
	buffer = xmalloc(CHUNK_SIZE);
	while (len > 0 && got > 0 && ec == EC_SUCCESS) {
		size_t want = len < CHUNK_SIZE ? (size_t)len : CHUNK_SIZE;

		ec = stream_read(src, buffer, want, &got);
		if (ec != EC_SUCCESS)
			break;
		*read += got;
		ec = stream_write(dst, buffer, got, &put);
		*written += put;
		len -= got;
	}
	free(buffer);
	return ec;
}

enum ec stream_clone(struct stream *s, struct stream **out)
{
	struct stream *copy = xcalloc(1, sizeof *copy);

	copy->d = s->d;
	copy->d->refs++;
	copy->position = s->position;
	*out = copy;
	return EC_SUCCESS;
}
