/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recipients of an open message ([MS-OXCMSG] 3.2.5.4 to 3.2.5.6).  Stored:
 * uint32 count, then for each uint32 row ID, uint8 type, uint32 length and a
 * blob of its properties, ordered by row ID.
 */
#include <stdlib.h>
#include <string.h>

#include "store/message_impl.h"

void message_recipients_free(struct recipients *r)
{
	free(r->v);
	buf_free(&r->data);
	*r = (struct recipients){ 0 };
}

static struct recipient_row *insert(struct recipients *r, size_t at)
{
	if (r->n == r->cap) {
		r->cap = r->cap == 0 ? 8 : r->cap * 2;
		r->v = xrealloc(r->v, r->cap * sizeof *r->v);
	}
	memmove(&r->v[at + 1], &r->v[at], (r->n - at) * sizeof *r->v);
	r->n++;
	return &r->v[at];
}

/* One row; they are ordered by ID. */
static bool load_row(struct recipients *r, struct wire_r *in)
{
	struct recipient_row row;
	const uint8_t *at;
	struct blob blob;

	row.row_id = wire_u32(in);
	row.type = wire_u8(in);
	row.len = wire_u32(in);
	at = wire_bytes(in, row.len);
	if (at == NULL || !blob_open(at, row.len, &blob))
		return false;
	if (r->n > 0 && row.row_id <= r->v[r->n - 1].row_id)
		return false;
	row.offset = (size_t)(at - r->data.data);
	*insert(r, r->n) = row;
	return true;
}

bool recipients_load(struct recipients *r, const void *data, size_t len)
{
	struct wire_r in;
	bool ok = true;
	size_t n;

	*r = (struct recipients){ 0 };
	if (len == 0)
		return true;
	buf_add(&r->data, data, len);
	in = wire_r(r->data.data, len);
	n = wire_count32(&in, 9);
	while (ok && r->n < n)
		ok = load_row(r, &in);
	if (ok && wire_done(&in))
		return true;
	message_recipients_free(r);
	return false;
}

void recipients_store(const struct recipients *r, struct buf *out)
{
	uint8_t head[9];
	struct wire_w w = wire_w(head, sizeof head);

	wire_put_u32(&w, (uint32_t)r->n);
	buf_add(out, head, w.len);
	for (size_t i = 0; i < r->n; i++) {
		const struct recipient_row *row = &r->v[i];

		w = wire_w(head, sizeof head);
		wire_put_u32(&w, row->row_id);
		wire_put_u8(&w, row->type);
		wire_put_u32(&w, (uint32_t)row->len);
		buf_add(out, head, w.len);
		buf_add(out, r->data.data + row->offset, row->len);
	}
}

void recipients_copy(struct recipients *dst, const struct recipients *src)
{
	*dst = (struct recipients){ 0 };
	if (src->n == 0)
		return;
	buf_add(&dst->data, src->data.data, src->data.len);
	dst->v = xmalloc(src->n * sizeof *src->v);
	memcpy(dst->v, src->v, src->n * sizeof *src->v);
	dst->n = dst->cap = src->n;
}

uint64_t recipients_size(const struct recipients *r)
{
	uint64_t size = 0;

	for (size_t i = 0; i < r->n; i++)
		size += r->v[i].len;
	return size;
}

static bool row_blob(const struct recipients *r, size_t i, struct blob *out)
{
	return blob_open(r->data.data + r->v[i].offset, r->v[i].len, out);
}

/* [MS-OXCMSG] 2.2.1.x: names joined with "; " */
char *recipients_display(const struct recipients *r, unsigned type,
			 struct arena *a)
{
	struct buf text = BUF_INIT;
	struct prop_value name;
	struct blob blob;
	char *out;

	for (size_t i = 0; i < r->n; i++) {
		if ((r->v[i].type & 0x0fu) != type || !row_blob(r, i, &blob))
			continue;
		if (blob_get(&blob, PID_TAG_DISPLAY_NAME, NULL, &name) !=
		    EC_SUCCESS &&
		    blob_get(&blob, PID_TAG_EMAIL_ADDRESS, NULL, &name) !=
		    EC_SUCCESS)
			continue;
		if (text.len > 0)
			buf_puts(&text, "; ");
		buf_puts(&text, name.str);
	}
	out = arena_strdup(a, buf_str(&text));
	buf_free(&text);
	return out;
}

/* ---- The functions of message.h ---- */

size_t message_recipient_count(const struct message *m)
{
	return m->recipients.n;
}

enum ec message_recipient(struct message *m, size_t i, struct arena *a,
			  struct recipient *out)
{
	struct prop_value *values;
	struct blob_entry e;
	struct blob blob;
	enum ec ec;

	if (i >= m->recipients.n)
		return EC_NOT_FOUND;
	if (!row_blob(&m->recipients, i, &blob))
		return EC_CORRUPT_STORE;
	values = arena_array(a, blob.n, sizeof *values);
	for (size_t k = 0; k < blob.n; k++) {
		blob_at(&blob, k, &e);
		ec = blob_value(&e, a, &values[k]);
		if (ec != EC_SUCCESS)
			return ec;
	}
	out->row_id = m->recipients.v[i].row_id;
	out->type = m->recipients.v[i].type;
	out->props = (struct prop_values){ (uint32_t)blob.n, values };
	return EC_SUCCESS;
}

static bool find(const struct recipients *r, uint32_t row_id, size_t *at)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (r->v[mid].row_id < row_id)
			low = mid + 1;
		else
			high = mid;
	}
	*at = low;
	return low < r->n && r->v[low].row_id == row_id;
}

static void changed(struct message *m)
{
	m->dirty = m->recipients_dirty = true;
}

enum ec message_set_recipient(struct message *m, const struct recipient *r)
{
	struct recipients *all = &m->recipients;
	struct recipient_row *row;
	struct arena *a;
	struct bin blob;
	size_t at;

	for (uint32_t i = 0; i < r->props.n; i++)
		if (prop_storable(&r->props.v[i]) != EC_SUCCESS)
			return EC_INVALID_TYPE;
	if (!find(all, r->row_id, &at)) {
		if (all->n >= RECIPIENTS_MAX)
			return EC_TOO_COMPLEX;
		insert(all, at);
	}
	a = arena_new(0);
	blob = blob_build(a, r->props.v, r->props.n);
	row = &all->v[at];
	row->row_id = r->row_id;
	row->type = r->type;
	row->offset = all->data.len;
	row->len = blob.len;
	buf_add(&all->data, blob.data, blob.len);
	arena_free(a);
	changed(m);
	return EC_SUCCESS;
}

enum ec message_remove_recipient(struct message *m, uint32_t row_id)
{
	struct recipients *all = &m->recipients;
	size_t at;

	if (!find(all, row_id, &at))
		return EC_NOT_FOUND;
	memmove(&all->v[at], &all->v[at + 1],
		(all->n - at - 1) * sizeof *all->v);
	all->n--;
	changed(m);
	return EC_SUCCESS;
}

enum ec message_remove_recipients(struct message *m)
{
	message_recipients_free(&m->recipients);
	changed(m);
	return EC_SUCCESS;
}
