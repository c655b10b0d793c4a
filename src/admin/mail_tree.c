/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/mail_tree.h"

#include <string.h>

#include "base/wire.h"
#include "mapi/prop_codec.h"

enum { PROPERTY_MIN = 8, LIST_MIN = 4, ATTACHMENT_MIN = 5 };

/* ---- encoding ---- */

static void put_u32(struct buf *out, uint32_t n)
{
	struct wire_w w = wire_w(buf_room(out, 4), 4);

	wire_put_u32(&w, n);
	out->len += 4;
}

static bool put_bytes(struct buf *out, const void *data, size_t len,
		      struct err *err)
{
	if (len > UINT32_MAX)
		return err_set(err, EC_TOO_BIG, "a property is larger than 4 "
			       "GiB");
	put_u32(out, (uint32_t)len);
	buf_add(out, data, len);
	return true;
}

/* Any type: the codec says when it needs more room than was guessed. */
static bool put_encoded(struct buf *out, const struct prop_value *v,
			struct err *err)
{
	const struct prop_ctx ctx = prop_ctx_wide(NULL, 0);
	size_t room = 64 + 2 * prop_value_size(v);

	for (; room <= UINT32_MAX; room *= 2) {
		uint8_t *at = buf_room(out, 4 + room);
		struct wire_w w = wire_w(at + 4, room);
		struct wire_w head = wire_w(at, 4);

		prop_value_encode(&w, &ctx, v);
		if (w.full)
			continue;
		wire_put_u32(&head, (uint32_t)w.len);
		out->len += 4 + w.len;
		return true;
	}
	return err_set(err, EC_TOO_BIG, "a property is larger than 4 GiB");
}

static bool put_value(struct buf *out, const struct prop_value *v,
		      struct err *err)
{
	put_u32(out, v->tag);
	switch (prop_tag_type(v->tag)) {
	case PTYP_STRING:
		return put_bytes(out, v->str, strlen(v->str) + 1, err);
	case PTYP_BINARY:
		return put_bytes(out, v->bin.data, v->bin.len, err);
	default:
		return put_encoded(out, v, err);
	}
}

static bool put_list(struct buf *out, const struct prop_values *values,
		     struct err *err)
{
	put_u32(out, values->n);
	for (uint32_t i = 0; i < values->n; i++)
		if (!put_value(out, &values->v[i], err))
			return false;
	return true;
}

static bool put_message(struct buf *out, const struct mime_message *m,
			unsigned depth, struct err *err);

static bool put_attachment(struct buf *out, const struct mime_attachment *at,
			   unsigned depth, struct err *err)
{
	const uint8_t embedded = at->embedded != NULL;

	if (!put_list(out, &at->props, err))
		return false;
	buf_add(out, &embedded, 1);
	return !embedded || put_message(out, at->embedded, depth + 1, err);
}

static bool put_message(struct buf *out, const struct mime_message *m,
			unsigned depth, struct err *err)
{
	if (depth > MAIL_TREE_DEPTH_MAX)
		return err_set(err, EC_TOO_COMPLEX, "messages are nested "
			       "deeper than %d", MAIL_TREE_DEPTH_MAX);
	if (!put_list(out, &m->props, err))
		return false;
	put_u32(out, m->n_recipients);
	for (uint32_t i = 0; i < m->n_recipients; i++)
		if (!put_list(out, &m->recipients[i], err))
			return false;
	put_u32(out, m->n_attachments);
	for (uint32_t i = 0; i < m->n_attachments; i++)
		if (!put_attachment(out, &m->attachments[i], depth, err))
			return false;
	return true;
}

bool mail_tree_encode(const struct mime_message *message, struct buf *out,
		      struct err *err)
{
	size_t mark = out->len;

	if (put_message(out, message, 0, err))
		return true;
	out->len = mark;
	return false;
}

/* ---- decoding ---- */

static bool get_string(struct wire_r *r, struct prop_value *out)
{
	const char *s = (const char *)r->p;
	size_t len = wire_left(r);

	if (len == 0 || memchr(s, '\0', len) != s + len - 1)
		return false;
	out->str = s;
	return true;
}

static bool get_value(struct wire_r *r, struct arena *arena,
		      struct prop_value *out)
{
	struct prop_ctx ctx = prop_ctx_wide(arena, 0);
	uint32_t tag = wire_u32(r);
	struct wire_r value = wire_sub(r, wire_u32(r));

	if (!wire_ok(&value))
		return false;
	out->tag = tag;
	switch (prop_tag_type(tag)) {
	case PTYP_STRING:
		return get_string(&value, out);
	case PTYP_BINARY:
		out->bin = (struct bin){ value.p, wire_left(&value) };
		return true;
	default:
		return prop_value_decode(&value, &ctx, tag, out) &&
			wire_done(&value);
	}
}

static bool get_list(struct wire_r *r, struct arena *arena,
		     struct prop_values *out)
{
	size_t n = wire_count32(r, PROPERTY_MIN);
	struct prop_value *v = arena_array(arena, n, sizeof *v);

	for (size_t i = 0; i < n; i++)
		if (!get_value(r, arena, &v[i]))
			return false;
	*out = (struct prop_values){ (uint32_t)n, v };
	return wire_ok(r);
}

static bool get_message(struct wire_r *r, struct arena *arena, unsigned depth,
			struct mime_message **out);

static bool get_attachment(struct wire_r *r, struct arena *arena,
			   unsigned depth, struct mime_attachment *out)
{
	uint8_t embedded;

	if (!get_list(r, arena, &out->props))
		return false;
	embedded = wire_u8(r);
	if (!wire_ok(r) || embedded > 1)
		return false;
	return !embedded || get_message(r, arena, depth + 1, &out->embedded);
}

static bool get_message(struct wire_r *r, struct arena *arena, unsigned depth,
			struct mime_message **out)
{
	struct mime_message *m = arena_zalloc(arena, sizeof *m);

	if (depth > MAIL_TREE_DEPTH_MAX || !get_list(r, arena, &m->props))
		return false;
	m->n_recipients = (uint32_t)wire_count32(r, LIST_MIN);
	m->recipients = arena_array(arena, m->n_recipients,
				    sizeof *m->recipients);
	for (uint32_t i = 0; i < m->n_recipients; i++)
		if (!get_list(r, arena, &m->recipients[i]))
			return false;
	m->n_attachments = (uint32_t)wire_count32(r, ATTACHMENT_MIN);
	m->attachments = arena_array(arena, m->n_attachments,
				     sizeof *m->attachments);
	for (uint32_t i = 0; i < m->n_attachments; i++)
		if (!get_attachment(r, arena, depth, &m->attachments[i]))
			return false;
	*out = m;
	return wire_ok(r);
}

bool mail_tree_decode(const void *data, size_t len, struct arena *arena,
		      struct mime_message **out, struct err *err)
{
	struct wire_r r = wire_r(data, len);
	struct mime_message *m;

	if (!get_message(&r, arena, 0, &m) || !wire_done(&r))
		return err_set(err, EC_FORMAT_ERROR, "an item is no message; "
			       "the command and the daemon may be of two "
			       "versions: restart the daemon");
	*out = m;
	return true;
}
