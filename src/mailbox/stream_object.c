/* SPDX-License-Identifier: Apache-2.0 */
#include "mailbox/stream_object.h"

#include <stdlib.h>

#include "base/clock.h"
#include "mailbox/message_object.h"
#include "mailbox/props.h"
#include "mailbox/service.h"
#include "mailbox/stream_lock.h"
#include "mailbox/text_stream.h"
#include "store/stream.h"

struct stream_object {
	struct stream *stream;    /* or */
	struct text_stream *text;
	uint64_t text_at;
	struct stream_key key;
	bool dirty;
};

static struct stream_locks *locks_of(const struct object *object)
{
	return service_stream_locks(object->logon->session->svc);
}

static struct stream_owner owner_of(const struct object *object)
{
	return (struct stream_owner){ object->logon->session,
				      object->stream };
}

/* What was written under a lock that has expired doesn't count. */
static void drop_expired(struct object *object)
{
	(void)stream_object_check(object, 0, UINT64_MAX, false);
}

static void close_stream(struct object *object)
{
	struct stream_object *s = object->stream;

	drop_expired(object);
	stream_locks_close(locks_of(object), s);
	if (s->text != NULL)
		text_stream_unref(s->text);
	else
		stream_close(s->stream);
	free(s);
}

/* Takes over what s holds. */
static enum ec put_object(struct rop_call *call, struct object *owner,
			  const struct stream_object *s)
{
	struct stream_object *kept;
	struct object *object;
	enum ec ec = rop_call_new(call, OBJECT_STREAM, owner, &object);

	if (ec != EC_SUCCESS) {
		if (s->text != NULL)
			text_stream_unref(s->text);
		else
			stream_close(s->stream);
		return ec;
	}
	kept = xmalloc(sizeof *kept);
	*kept = *s;
	object->stream = kept;
	object->close = close_stream;
	object->close_locked = true;
	object->code_page = owner->code_page;
	return EC_SUCCESS;
}

static enum ec open_on(struct rop_call *call, struct object *owner,
		       uint32_t tag, enum stream_mode mode,
		       struct stream **out)
{
	switch (owner->kind) {
	case OBJECT_MESSAGE:
		return message_open_stream(owner->message, tag, mode, out);
	case OBJECT_ATTACHMENT:
		return attachment_open_stream(owner->attachment, tag, mode,
					      out);
	case OBJECT_FOLDER:
		return folder_open_stream(rop_call_store(call),
					  owner->folder_id, tag, mode, out);
	default:
		return EC_NOT_SUPPORTED;
	}
}

static enum ec open_mode(struct rop_call *call, struct object *owner,
			 uint32_t tag, unsigned mode, struct stream **out)
{
	bool locked = (owner->flags & OBJECT_READ_ONLY) != 0;
	enum ec ec;

	if (locked && (mode == OPEN_STREAM_READ_WRITE ||
		       mode == OPEN_STREAM_CREATE))
		return EC_ACCESS_DENIED;
	switch (mode) {
	case OPEN_STREAM_READ_ONLY:
		return open_on(call, owner, tag, STREAM_READ_ONLY, out);
	case OPEN_STREAM_READ_WRITE:
		return open_on(call, owner, tag, STREAM_READ_WRITE, out);
	case OPEN_STREAM_CREATE:
		return open_on(call, owner, tag, STREAM_CREATE, out);
	case OPEN_STREAM_BEST_ACCESS:
		ec = locked ? EC_ACCESS_DENIED :
			open_on(call, owner, tag, STREAM_READ_WRITE, out);
		if (ec == EC_ACCESS_DENIED)
			ec = open_on(call, owner, tag, STREAM_READ_ONLY, out);
		return ec;
	default:
		return EC_INVALID_PARAM;
	}
}

/*
 * What others know the property by.  A message that was never saved is known
 * to nobody else.
 */
static struct stream_key key_of(const struct object *owner, uint32_t tag)
{
	struct stream_key key = { .store = owner->logon->store, .tag = tag };

	for (; owner != NULL; owner = owner->owner) {
		if (owner->kind == OBJECT_FOLDER)
			key.object = owner->folder_id;
		else if (owner->kind == OBJECT_MESSAGE)
			key.object = message_is_new(owner->message) ?
				(uintptr_t)owner :
				message_id(owner->message);
		else if (owner->kind == OBJECT_ATTACHMENT)
			key.path = (key.path + 1) * 0x9e3779b97f4a7c15 +
				attachment_number(owner->attachment);
	}
	return key;
}

/* [MS-OXCPRPT] 2.2.14: which types, on which objects */
static bool type_is_streamable(const struct object *owner, unsigned type)
{
	if (owner->kind == OBJECT_FOLDER)
		return type == PTYP_BINARY;
	return type == PTYP_BINARY || type == PTYP_OBJECT ||
		type == PTYP_STRING || type == PTYP_STRING8;
}

enum ec stream_object_open(struct rop_call *call, struct object *owner,
			   uint32_t tag, unsigned mode, uint64_t *size)
{
	uint32_t unicode = props_tag_unicode(tag);
	struct stream_object s = { .key = key_of(owner, unicode) };
	enum ec ec;

	if (!type_is_streamable(owner, prop_tag_type(tag)))
		return EC_NOT_SUPPORTED;
	ec = stream_objects_flush(owner);
	if (ec == EC_SUCCESS)
		ec = open_mode(call, owner, unicode, mode, &s.stream);
	if (ec == EC_SUCCESS && unicode != tag)
		ec = text_stream_new(s.stream, call->codec->prop.code_page,
				     &s.text);
	if (ec != EC_SUCCESS)
		return ec;
	*size = stream_object_size(&s);
	return put_object(call, owner, &s);
}

enum ec stream_object_clone(struct rop_call *call, struct object *object)
{
	struct stream_object s = *object->stream;
	enum ec ec = EC_SUCCESS;

	if (s.text != NULL)
		text_stream_ref(s.text);
	else
		ec = stream_clone(s.stream, &s.stream);
	return ec == EC_SUCCESS ? put_object(call, object->owner, &s) : ec;
}

uint64_t stream_object_size(const struct stream_object *s)
{
	return s->text != NULL ? text_stream_size(s->text) :
		stream_size(s->stream);
}

uint64_t stream_object_position(const struct stream_object *s)
{
	return s->text != NULL ? s->text_at : stream_position(s->stream);
}

bool stream_object_writable(const struct stream_object *s)
{
	return s->text != NULL ? text_stream_writable(s->text) :
		stream_writable(s->stream);
}

enum ec stream_object_read(struct stream_object *s, void *data, size_t len,
			   size_t *got)
{
	if (s->text == NULL)
		return stream_read(s->stream, data, len, got);
	*got = text_stream_read(s->text, s->text_at, data, len);
	s->text_at += *got;
	return EC_SUCCESS;
}

enum ec stream_object_write(struct stream_object *s, const void *data,
			    size_t len, size_t *put)
{
	enum ec ec;

	*put = 0;
	s->dirty = true;
	if (s->text == NULL)
		return stream_write(s->stream, data, len, put);
	ec = text_stream_write(s->text, s->text_at, data, len);
	if (ec == EC_SUCCESS) {
		s->text_at += len;
		*put = len;
	}
	return ec;
}

enum ec stream_object_seek(struct stream_object *s, uint64_t position)
{
	if (s->text == NULL)
		return stream_seek(s->stream, STREAM_START, (int64_t)position,
				   &position);
	s->text_at = position;
	return EC_SUCCESS;
}

enum ec stream_object_set_size(struct stream_object *s, uint64_t size)
{
	if (!stream_object_writable(s))
		return EC_STREAM_ACCESS_DENIED;
	s->dirty = true;
	return s->text != NULL ? text_stream_set_size(s->text, size) :
		stream_set_size(s->stream, size);
}

enum ec stream_object_commit(struct stream_object *s)
{
	enum ec ec = s->text != NULL ? text_stream_commit(s->text) :
		stream_commit(s->stream);

	if (ec == EC_SUCCESS)
		s->dirty = false;
	return ec;
}

void stream_object_revert(struct stream_object *s)
{
	if (s->text != NULL)
		text_stream_revert(s->text);
	else
		stream_revert(s->stream);
	s->dirty = false;
}

enum ec stream_object_check(struct object *object, uint64_t offset,
			    uint64_t len, bool write)
{
	struct stream_owner owner = owner_of(object);
	enum ec ec = stream_locks_check(locks_of(object), &object->stream->key,
					&owner, offset, len, write);

	if (ec == EC_RPC_FAILED)
		stream_object_revert(object->stream);
	return ec;
}

enum ec stream_object_lock(struct object *object, uint64_t offset,
			   uint64_t len, bool exclusive)
{
	struct stream_owner owner = owner_of(object);

	return stream_locks_add(locks_of(object), &object->stream->key, &owner,
				offset, len, exclusive, clock_ms());
}

void stream_object_unlock(struct object *object, uint64_t offset,
			  uint64_t len)
{
	struct stream_owner owner = owner_of(object);

	stream_locks_remove(locks_of(object), &object->stream->key, &owner,
			    offset, len);
}

enum ec stream_objects_flush(struct object *owner)
{
	enum ec ec;

	if (owner->kind != OBJECT_MESSAGE && owner->kind != OBJECT_ATTACHMENT)
		return EC_SUCCESS;
	for (struct object *o = owner->children; o != NULL; o = o->next) {
		if (o->kind != OBJECT_STREAM || !o->stream->dirty)
			continue;
		drop_expired(o);
		ec = stream_object_commit(o->stream);
		if (ec != EC_SUCCESS)
			return ec;
	}
	return EC_SUCCESS;
}
