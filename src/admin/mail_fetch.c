/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/mail.h"

#include "base/utf.h"
#include "store/message.h"
#include "store/stream.h"

/* A value is read whole: what is longer cannot be exported. */
enum { VALUE_MAX = 1 << 30 };

/* What gets the values of an object, and streams for the long ones. */
struct source {
	struct message *message;  /* either this */
	struct attachment *attachment;    /* or this */
	struct arena *arena;
};

static enum ec list_of(const struct source *s, struct prop_tags *out)
{
	return s->message != NULL ?
		message_list_props(s->message, s->arena, out) :
		attachment_list_props(s->attachment, s->arena, out);
}

static enum ec get_of(const struct source *s, uint32_t tag,
		      struct prop_value *out)
{
	return s->message != NULL ?
		message_get_prop(s->message, tag, s->arena, out) :
		attachment_get_prop(s->attachment, tag, s->arena, out);
}

static enum ec stream_of(const struct source *s, uint32_t tag,
			 struct stream **out)
{
	return s->message != NULL ?
		message_open_stream(s->message, tag, STREAM_READ_ONLY, out) :
		attachment_open_stream(s->attachment, tag, STREAM_READ_ONLY,
				       out);
}

/* A long string comes as UTF-16LE. */
static void set_long(struct arena *arena, uint8_t *data, size_t len,
		     struct prop_value *out)
{
	char *text;
	size_t n;

	if (prop_tag_type(out->tag) != PTYP_STRING) {
		out->bin = (struct bin){ data, len };
		return;
	}
	n = utf16_to_utf8_size(data, len);
	text = arena_alloc(arena, n + 1);
	utf16_to_utf8(data, len, text);
	text[n] = '\0';
	out->str = text;
}

static enum ec get_long(const struct source *s, uint32_t tag,
			struct prop_value *out)
{
	struct stream *stream;
	enum ec ec = stream_of(s, tag, &stream);
	size_t len, got = 0;
	uint8_t *data;

	if (ec != EC_SUCCESS)
		return ec;
	if (stream_size(stream) > VALUE_MAX) {
		stream_close(stream);
		return EC_TOO_BIG;
	}
	len = (size_t)stream_size(stream);
	data = arena_alloc(s->arena, len);
	ec = stream_read(stream, data, len, &got);
	stream_close(stream);
	if (ec != EC_SUCCESS)
		return ec;
	out->tag = tag;
	set_long(s->arena, data, got, out);
	return EC_SUCCESS;
}

static enum ec fetch_props(const struct source *s, struct prop_values *out)
{
	struct prop_tags tags;
	struct prop_value *v;
	uint32_t n = 0;
	enum ec ec = list_of(s, &tags);

	if (ec != EC_SUCCESS)
		return ec;
	v = arena_array(s->arena, tags.n, sizeof *v);
	for (uint32_t i = 0; i < tags.n; i++) {
		/* PtypObject values are opened, not read. */
		if (prop_tag_type(tags.v[i]) == PTYP_OBJECT)
			continue;
		ec = get_of(s, tags.v[i], &v[n]);
		if (ec == EC_NOT_ENOUGH_MEMORY)
			ec = get_long(s, tags.v[i], &v[n]);
		if (ec == EC_DISK_ERROR || ec == EC_CORRUPT_STORE ||
		    ec == EC_TOO_BIG)
			return ec;
		n += ec == EC_SUCCESS;
	}
	*out = (struct prop_values){ n, v };
	return EC_SUCCESS;
}

/* Values are only valid while the object is open: make them the arena's. */
static void own(struct arena *arena, struct prop_values *values)
{
	struct prop_value *v = arena_array(arena, values->n, sizeof *v);

	for (uint32_t i = 0; i < values->n; i++)
		v[i] = prop_value_copy(arena, &values->v[i]);
	values->v = v;
}

static enum ec fetch_message(struct message *m, struct arena *arena,
			     struct mime_message **out);

static enum ec fetch_attachment(struct message *m, uint32_t number,
				struct arena *arena,
				struct mime_attachment *out)
{
	struct source s = { .arena = arena };
	struct message *inner;
	enum ec ec = attachment_open(m, number, MESSAGE_READ_ONLY,
				     &s.attachment);

	if (ec != EC_SUCCESS)
		return ec;
	ec = fetch_props(&s, &out->props);
	if (ec == EC_SUCCESS)
		own(arena, &out->props);
	if (ec == EC_SUCCESS && attachment_has_embedded(s.attachment)) {
		ec = attachment_open_embedded(s.attachment,
					      EMBEDDED_READ_ONLY, 0, &inner);
		if (ec == EC_SUCCESS) {
			ec = fetch_message(inner, arena, &out->embedded);
			message_close(inner);
		}
	}
	attachment_close(s.attachment);
	return ec;
}

static enum ec fetch_recipients(struct message *m, struct arena *arena,
				struct mime_message *out)
{
	size_t n = message_recipient_count(m);
	struct recipient r;
	enum ec ec = EC_SUCCESS;

	out->recipients = arena_array(arena, n, sizeof *out->recipients);
	for (size_t i = 0; i < n && ec == EC_SUCCESS; i++) {
		struct prop_value *v;

		ec = message_recipient(m, i, arena, &r);
		if (ec != EC_SUCCESS)
			break;
		v = arena_array(arena, r.props.n + 1, sizeof *v);
		v[0].tag = PID_TAG_RECIPIENT_TYPE;
		v[0].i32 = r.type;
		for (uint32_t k = 0; k < r.props.n; k++)
			v[k + 1] = prop_value_copy(arena, &r.props.v[k]);
		out->recipients[i] = (struct prop_values){ r.props.n + 1, v };
		out->n_recipients++;
	}
	return ec;
}

static enum ec fetch_message(struct message *m, struct arena *arena,
			     struct mime_message **out)
{
	struct source s = { .message = m, .arena = arena };
	struct mime_message *to = arena_zalloc(arena, sizeof *to);
	const uint32_t *numbers;
	size_t n;
	enum ec ec = fetch_props(&s, &to->props);

	if (ec != EC_SUCCESS)
		return ec;
	own(arena, &to->props);
	ec = fetch_recipients(m, arena, to);
	n = message_attachments(m, arena, &numbers);
	to->attachments = arena_array(arena, n, sizeof *to->attachments);
	for (size_t i = 0; i < n && ec == EC_SUCCESS; i++) {
		ec = fetch_attachment(m, numbers[i], arena,
				      &to->attachments[i]);
		to->n_attachments++;
	}
	if (ec == EC_SUCCESS)
		*out = to;
	return ec;
}

bool mail_fetch(struct store *store, uint64_t message_id, struct arena *arena,
		struct mime_message **out, struct err *err)
{
	struct message *m = NULL;
	struct err fault;
	enum ec ec = store_lock(store);

	if (ec != EC_SUCCESS)
		return err_set(err, ec, "the mailbox is busy: try again");
	ec = message_open(store, 0, message_id, MESSAGE_READ_ONLY, false, &m);
	if (ec == EC_SUCCESS)
		ec = fetch_message(m, arena, out);
	message_close(m);
	store_unlock(store);
	if (ec == EC_SUCCESS)
		return true;
	if (store_fault(store, &fault))
		return err_set(err, ec, "cannot read a message: %s",
			       fault.text);
	return err_set(err, ec, "cannot read a message: %s", ec_text(ec));
}
