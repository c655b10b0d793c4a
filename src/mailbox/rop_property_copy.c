/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Properties copied from one object to another ([MS-OXCPRPT] 3.2.5.7,
 * 3.2.5.8).  All is done before it is answered, so that RopProgress never
 * has anything to tell.
 */
#include "mailbox/folder_copy.h"
#include "mailbox/props.h"
#include "mailbox/rop_handler.h"
#include "mailbox/stream_object.h"
#include "store/message.h"
#include "store/named.h"
#include "store/pool.h"

/* CopyFlags: [MS-OXCPRPT] 2.2.10.1 */
enum { COPY_MOVE = 0x01, COPY_NO_OVERWRITE = 0x02 };

static enum ec check_flags(unsigned flags)
{
	/* Not to be combined, either (2.2.10.1). */
	return flags > COPY_NO_OVERWRITE ? EC_INVALID_PARAM : EC_SUCCESS;
}

/* The message that an object is, or is part of, at the outermost. */
static const struct object *outermost(const struct object *o)
{
	const struct object *found = o;

	for (; o != NULL; o = o->owner)
		if (o->kind == OBJECT_MESSAGE)
			found = o;
	return found;
}

/*
 * Whether src contains dst: through the handles that dst was opened by, or as
 * the same stored message ([MS-OXCPRPT] 3.2.5.8, MessageCycle).
 */
static bool contains(const struct object *src, const struct object *dst)
{
	const struct object *top;

	for (const struct object *o = dst->owner; o != NULL; o = o->owner)
		if (o == src)
			return true;
	if (src->kind != OBJECT_MESSAGE || message_is_embedded(src->message))
		return false;
	top = outermost(dst);
	return top != dst && top->logon == src->logon &&
		message_id(top->message) != 0 &&
		message_id(top->message) == message_id(src->message);
}

static bool is_writable(const struct object *o)
{
	switch (o->kind) {
	case OBJECT_MESSAGE:
		return message_mode(o->message) == MESSAGE_READ_WRITE;
	case OBJECT_ATTACHMENT:
		return is_writable(o->owner);
	default:
		return true;
	}
}

/*
 * Lock the mailboxes of both objects.  Two are locked in the order of their
 * addresses, and nowhere else is more than one: so nobody waits in a circle.
 * *second (NULL: they are one) is for unlock_second.
 */
static enum ec lock_both(struct rop_call *call, const struct object *dst,
			 struct store **second)
{
	struct store *one = call->in->logon->store;
	struct store *two = dst->logon->store;
	bool swap = (uintptr_t)one > (uintptr_t)two;
	enum ec ec;

	*second = NULL;
	if (one == two)
		return EC_SUCCESS;
	rop_call_unlock(call);
	ec = rop_call_lock(call, swap ? two : one);
	if (ec == EC_SUCCESS)
		ec = store_lock_as(swap ? one : two, call->session);
	if (ec == EC_SUCCESS)
		*second = swap ? one : two;
	return ec;
}

static void unlock_second(struct store *second)
{
	if (second != NULL)
		store_unlock(second);
}

/* The objects of a copy, ready for it. */
static enum ec prepare(struct rop_call *call, unsigned flags,
		       struct object **dst, struct store **second)
{
	struct object *src = call->in;
	enum ec ec = rop_call_dest(call, src->kind, dst);

	*second = NULL;
	if (ec == EC_SUCCESS)
		ec = check_flags(flags);
	if (ec == EC_SUCCESS)
		ec = lock_both(call, *dst, second);
	if (ec != EC_SUCCESS)
		return ec;
	if (contains(src, *dst))
		return EC_MESSAGE_CYCLE;
	if (!is_writable(*dst))
		return EC_ACCESS_DENIED;
	ec = stream_objects_flush(src);
	return ec == EC_SUCCESS ? stream_objects_flush(*dst) : ec;
}

/* What only the store can copy: subobjects, and values too large to hold. */
static enum ec copy_whole(struct object *src, struct object *dst, uint32_t tag,
			  bool no_overwrite)
{
	const struct prop_tags only = { 1, &tag };

	switch (src->kind) {
	case OBJECT_MESSAGE:
		return message_copy_props(src->message, dst->message, &only,
					  NULL, false, no_overwrite);
	case OBJECT_ATTACHMENT:
		return attachment_copy_props(src->attachment, dst->attachment,
					     &only, NULL, false,
					     no_overwrite);
	default:
		return EC_NOT_ENOUGH_MEMORY;
	}
}

/* Whether the ID of a named property means something else at dst. */
static bool is_foreign(const struct object *src, const struct object *dst,
		       uint32_t tag)
{
	return src->logon->store != dst->logon->store &&
		prop_id_is_named(prop_tag_id(tag));
}

/* The tag of the property of the same name in the mailbox of dst. */
static enum ec rename_tag(struct rop_call *call, const struct object *dst,
			  uint32_t *tag)
{
	struct prop_name name;
	uint16_t id;
	enum ec ec = named_name(rop_call_store(call), prop_tag_id(*tag),
				call->arena, &name);

	if (ec == EC_SUCCESS)
		ec = named_id(dst->logon->store, &name, true, &id);
	if (ec == EC_SUCCESS)
		*tag = prop_tag_make(id, prop_tag_type(*tag));
	return ec;
}

static enum ec copy_one(struct rop_call *call, struct object *dst,
			uint32_t tag, bool no_overwrite)
{
	struct object *src = call->in;
	bool foreign = is_foreign(src, dst, tag);
	struct prop_value value;
	enum ec ec, error;

	if (src->kind != OBJECT_FOLDER &&
	    (foreign || prop_tag_type(tag) == PTYP_OBJECT))
		return copy_whole(src, dst, tag, no_overwrite);
	ec = props_get(call, src, &tag, 1, &value);
	if (ec != EC_SUCCESS)
		return ec;
	if (prop_tag_type(value.tag) == PTYP_ERROR_CODE)
		return value.error == EC_NOT_ENOUGH_MEMORY ?
			copy_whole(src, dst, tag, no_overwrite) : value.error;
	if (foreign)
		ec = rename_tag(call, dst, &value.tag);
	if (ec != EC_SUCCESS)
		return ec;
	if (no_overwrite && props_has(call, dst, value.tag))
		return EC_SUCCESS;
	ec = props_set(call, dst, &value, 1, &error);
	return ec == EC_SUCCESS ? error : ec;
}

/* [MS-OXCPRPT] 3.2.5.7.  Move leaves the source as it is, as that allows. */
enum ec rop_copy_properties(struct rop_call *call,
			    const struct rop_copy_properties_req *req,
			    struct rop_copy_properties_rsp *rsp)
{
	bool no_overwrite = (req->copy_flags & COPY_NO_OVERWRITE) != 0;
	const struct prop_tags *tags = &req->property_tags;
	struct prop_problem *v;
	struct store *second;
	struct object *dst;
	uint32_t n = 0;
	enum ec ec = prepare(call, req->copy_flags, &dst, &second);

	rsp->dest_handle_index = call->header->dest_handle_index;
	if (ec == EC_SUCCESS && call->in->kind == OBJECT_FOLDER &&
	    (req->copy_flags & COPY_MOVE) != 0)
		ec = EC_NOT_SUPPORTED;
	if (ec != EC_SUCCESS)
		goto out;
	v = arena_array(call->arena, tags->n, sizeof *v);
	for (uint32_t i = 0; i < tags->n && dst != call->in; i++) {
		ec = copy_one(call, dst, tags->v[i], no_overwrite);
		if (ec != EC_SUCCESS)
			v[n++] = (struct prop_problem){ (uint16_t)i,
							tags->v[i], ec };
	}
	ec = EC_SUCCESS;
	rsp->property_problems = (struct prop_problems){ n, v };
out:
	unlock_second(second);
	return ec;
}

static bool is_excluded(const struct prop_tags *excluded, uint32_t tag)
{
	for (uint32_t i = 0; i < excluded->n; i++)
		if (prop_tag_id(excluded->v[i]) == prop_tag_id(tag))
			return true;
	return false;
}

/* All writable properties of a folder but those that are excluded. */
static enum ec copy_folder_props(struct rop_call *call, struct object *dst,
				 const struct prop_tags *excluded,
				 bool no_overwrite,
				 struct prop_problems *problems)
{
	struct prop_problem *v;
	struct prop_tags tags;
	uint32_t n = 0;
	enum ec ec = props_list(call, call->in, &tags);

	if (ec != EC_SUCCESS)
		return ec;
	v = arena_array(call->arena, tags.n, sizeof *v);
	for (uint32_t i = 0; i < tags.n; i++) {
		if (is_excluded(excluded, tags.v[i]))
			continue;
		ec = copy_one(call, dst, tags.v[i], no_overwrite);
		if (ec != EC_SUCCESS && ec != EC_COMPUTED &&
		    ec != EC_NOT_FOUND)
			v[n++] = (struct prop_problem){ 0, tags.v[i], ec };
	}
	*problems = (struct prop_problems){ n, v };
	return EC_SUCCESS;
}

/* Between two mailboxes the locks are given up meanwhile. */
static enum ec copy_content(struct rop_call *call, struct object *dst,
			    const struct prop_tags *excluded,
			    struct store **second)
{
	struct folder_copy_what what = {
		.subfolders = !is_excluded(excluded,
					   PID_TAG_CONTAINER_HIERARCHY),
		.messages = !is_excluded(excluded, PID_TAG_CONTAINER_CONTENTS),
		.associated = !is_excluded(excluded,
				PID_TAG_FOLDER_ASSOCIATED_CONTENTS),
	};
	enum ec ec;

	if (*second == NULL)
		return folder_copy_contents(call, call->in->folder_id,
					    dst->folder_id, &what);
	unlock_second(*second);
	rop_call_unlock(call);
	*second = NULL;
	ec = folder_copy_across(call, call->in->folder_id, dst->logon->store,
				dst->folder_id, &what);
	return ec == EC_SUCCESS ? lock_both(call, dst, second) : ec;
}

static enum ec copy_folder(struct rop_call *call,
			   const struct rop_copy_to_req *req,
			   struct object *dst, struct store **second,
			   struct rop_copy_to_rsp *rsp)
{
	bool no_overwrite = (req->copy_flags & COPY_NO_OVERWRITE) != 0;
	const struct prop_tags *excluded = &req->excluded_tags;
	enum ec ec = EC_SUCCESS;

	if (req->want_sub_objects)
		ec = copy_content(call, dst, excluded, second);
	return ec == EC_SUCCESS ?
		copy_folder_props(call, dst, excluded, no_overwrite,
				  &rsp->property_problems) : ec;
}

static enum ec copy_all(struct rop_call *call,
			const struct rop_copy_to_req *req, struct object *dst,
			struct store **second, struct rop_copy_to_rsp *rsp)
{
	bool no_overwrite = (req->copy_flags & COPY_NO_OVERWRITE) != 0;
	struct object *src = call->in;

	switch (src->kind) {
	case OBJECT_MESSAGE:
		return message_copy_props(src->message, dst->message, NULL,
					  &req->excluded_tags,
					  req->want_sub_objects, no_overwrite);
	case OBJECT_ATTACHMENT:
		return attachment_copy_props(src->attachment, dst->attachment,
					     NULL, &req->excluded_tags,
					     req->want_sub_objects,
					     no_overwrite);
	default:
		return copy_folder(call, req, dst, second, rsp);
	}
}

/* [MS-OXCPRPT] 3.2.5.8 */
enum ec rop_copy_to(struct rop_call *call, const struct rop_copy_to_req *req,
		    struct rop_copy_to_rsp *rsp)
{
	struct store *second;
	struct object *dst;
	enum ec ec = prepare(call, req->copy_flags, &dst, &second);

	rsp->dest_handle_index = call->header->dest_handle_index;
	if (ec == EC_SUCCESS && dst != call->in)
		ec = copy_all(call, req, dst, &second, rsp);
	unlock_second(second);
	return ec;
}

/* [MS-OXCPRPT] 3.2.5.20: there is no operation under way. */
enum ec rop_progress(struct rop_call *call, const struct rop_progress_req *req,
		     struct rop_progress_rsp *rsp)
{
	return EC_NOT_SUPPORTED;
}
