/* SPDX-License-Identifier: Apache-2.0 */
#include "mailbox/props.h"

#include <string.h>

#include "mailbox/folder_props.h"
#include "mailbox/message_object.h"
#include "mailbox/service.h"
#include "mailbox/stream_object.h"
#include "mapi/code_page.h"
#include "mapi/entry_id.h"
#include "store/message.h"

uint32_t props_tag_unicode(uint32_t tag)
{
	switch (prop_tag_type(tag) & ~(unsigned)PTYP_INSTANCE) {
	case PTYP_STRING8:
	case PTYP_MULTIPLE_STRING8:
		return tag ^ PTYP_STRING8 ^ PTYP_STRING;
	}
	return tag;
}

struct prop_value props_to_string8(struct arena *a, uint32_t code_page,
				   const struct prop_value *value)
{
	struct prop_value v = *value;
	const char **strings;
	size_t len;

	switch (prop_tag_type(v.tag)) {
	case PTYP_STRING:
		v.str = code_page_from_utf8(a, code_page, v.str, &len);
		break;
	case PTYP_MULTIPLE_STRING:
		strings = arena_array(a, v.n, sizeof *strings);
		for (uint32_t i = 0; i < v.n; i++)
			strings[i] = code_page_from_utf8(a, code_page,
							 v.mv_str[i], &len);
		v.mv_str = strings;
		break;
	default:
		return v;
	}
	v.tag ^= PTYP_STRING ^ PTYP_STRING8;
	return v;
}

/* Text of a client that was decoded without a code page. */
static struct prop_value to_unicode(struct arena *a,
				    const struct prop_value *value)
{
	struct prop_value v = *value;
	const char **strings;

	v.tag = props_tag_unicode(v.tag);
	if (v.tag == value->tag)
		return v;
	if ((v.tag & PTYP_MULTIPLE) == 0) {
		v.str = code_page_to_utf8(a, CODE_PAGE_WINDOWS_1252, v.str,
					  strlen(v.str));
		return v;
	}
	strings = arena_array(a, v.n, sizeof *strings);
	for (uint32_t i = 0; i < v.n; i++)
		strings[i] = code_page_to_utf8(a, CODE_PAGE_WINDOWS_1252,
					       v.mv_str[i],
					       strlen(v.mv_str[i]));
	v.mv_str = strings;
	return v;
}

static enum ec get_one(struct object *o, uint32_t tag, struct arena *a,
		       struct prop_value *out)
{
	return o->kind == OBJECT_MESSAGE ?
		message_get_prop(o->message, tag, a, out) :
		attachment_get_prop(o->attachment, tag, a, out);
}

/*
 * PidTagStoreEntryId ([MS-OXCMSG] 2.2.1.44) takes the names of the server and
 * of the mailbox, which the store does not know.
 */
static void add_store_entry_id(struct rop_call *call, const struct object *o,
			       struct prop_value *out)
{
	const struct store_entry_id id = {
		.server_short_name = service_server(call->session->svc),
		.mailbox_dn = o->logon->mailbox.legacy_dn,
	};

	*out = (struct prop_value){ .tag = PID_TAG_STORE_ENTRY_ID,
		.bin = store_entry_id_format(call->arena, &id) };
}

enum ec props_get(struct rop_call *call, struct object *o,
		  const uint32_t *tags, size_t n, struct prop_value *out)
{
	uint32_t *unicode = arena_array(call->arena, n, sizeof *unicode);
	enum ec ec = stream_objects_flush(o);

	if (ec != EC_SUCCESS)
		return ec;
	for (size_t i = 0; i < n; i++)
		unicode[i] = props_tag_unicode(tags[i]);
	if (o->kind == OBJECT_LOGON || o->kind == OBJECT_FOLDER)
		return container_props_get(call, o, unicode, n, out);
	for (size_t i = 0; i < n; i++) {
		ec = get_one(o, unicode[i], call->arena, &out[i]);
		if (ec != EC_SUCCESS)
			out[i] = prop_error(unicode[i], ec);
		if (ec == EC_NOT_FOUND && o->kind == OBJECT_MESSAGE &&
		    unicode[i] == PID_TAG_STORE_ENTRY_ID)
			add_store_entry_id(call, o, &out[i]);
	}
	return EC_SUCCESS;
}

enum ec props_list(struct rop_call *call, struct object *o,
		   struct prop_tags *out)
{
	enum ec ec = stream_objects_flush(o);

	if (ec != EC_SUCCESS)
		return ec;
	switch (o->kind) {
	case OBJECT_MESSAGE:
		return message_list_props(o->message, call->arena, out);
	case OBJECT_ATTACHMENT:
		return attachment_list_props(o->attachment, call->arena, out);
	default:
		return container_props_list(call, o, out);
	}
}

/* What the server alone sets ([MS-OXCPRPT] 2.2.1). */
static bool is_read_only(const struct object *o, uint32_t tag)
{
	return o->kind == OBJECT_MESSAGE && message_prop_client_read_only(tag);
}

/*
 * [MS-OXCMSG] 2.2.1.6: mfRead, mfUnsent and mfResend are the client's until
 * the first save, which the store knows of; the others never are.
 */
static enum ec set_message_flags(struct object *o,
				 const struct prop_value *value)
{
	struct prop_value flags = *value;

	flags.i32 &= 0x0089;
	return message_set_prop(o->message, &flags);
}

/* [MS-OXCMSG] 2.2.1.3 */
static bool is_message_class(const char *s)
{
	size_t len = strnlen(s, 256);

	for (size_t i = 0; i < len; i++)
		if (s[i] < 0x20 || s[i] > 0x7e)
			return false;
	return len > 0 && len < 256 && s[len - 1] != '.';
}

static enum ec set_one(struct object *o, const struct prop_value *value)
{
	switch (prop_tag_type(value->tag)) {
	case PTYP_UNSPECIFIED:
	case PTYP_NULL:
	case PTYP_ERROR_CODE:
	case PTYP_OBJECT:
		return EC_INVALID_TYPE;
	}
	if ((o->flags & OBJECT_READ_ONLY) != 0)
		return EC_ACCESS_DENIED;
	if (o->kind == OBJECT_MESSAGE && value->tag == PID_TAG_MESSAGE_FLAGS)
		return set_message_flags(o, value);
	if (o->kind == OBJECT_MESSAGE && value->tag == PID_TAG_MESSAGE_CLASS &&
	    !is_message_class(value->str))
		return EC_INVALID_PARAM;
	if (is_read_only(o, value->tag))
		return EC_COMPUTED;
	return o->kind == OBJECT_MESSAGE ?
		message_set_prop(o->message, value) :
		attachment_set_prop(o->attachment, value);
}

enum ec props_set(struct rop_call *call, struct object *o,
		  const struct prop_value *values, size_t n, enum ec *errors)
{
	struct prop_value *v = arena_array(call->arena, n, sizeof *v);

	for (size_t i = 0; i < n; i++)
		v[i] = to_unicode(call->arena, &values[i]);
	if (o->kind == OBJECT_LOGON || o->kind == OBJECT_FOLDER)
		return container_props_set(call, o, v, n, errors);
	for (size_t i = 0; i < n; i++)
		errors[i] = set_one(o, &v[i]);
	return EC_SUCCESS;
}

static enum ec delete_one(struct object *o, uint32_t tag)
{
	if ((o->flags & OBJECT_READ_ONLY) != 0)
		return EC_ACCESS_DENIED;
	if (is_read_only(o, tag))
		return EC_COMPUTED;
	return o->kind == OBJECT_MESSAGE ?
		message_delete_prop(o->message, tag) :
		attachment_delete_prop(o->attachment, tag);
}

enum ec props_delete(struct rop_call *call, struct object *o,
		     const uint32_t *tags, size_t n, enum ec *errors)
{
	uint32_t *v = arena_array(call->arena, n, sizeof *v);
	enum ec ec = EC_SUCCESS;

	for (size_t i = 0; i < n; i++)
		v[i] = props_tag_unicode(tags[i]);
	if (o->kind == OBJECT_LOGON || o->kind == OBJECT_FOLDER)
		ec = container_props_delete(call, o, v, n, errors);
	else
		for (size_t i = 0; i < n; i++)
			errors[i] = delete_one(o, v[i]);
	for (size_t i = 0; ec == EC_SUCCESS && i < n; i++)
		if (errors[i] == EC_NOT_FOUND)
			errors[i] = EC_SUCCESS;
	return ec;
}

bool props_has(struct rop_call *call, struct object *o, uint32_t tag)
{
	struct prop_value value;
	uint64_t size;

	tag = props_tag_unicode(tag);
	switch (o->kind) {
	case OBJECT_MESSAGE:
		return message_prop_size(o->message, tag, &size) ==
			EC_SUCCESS;
	case OBJECT_ATTACHMENT:
		return attachment_prop_size(o->attachment, tag, &size) ==
			EC_SUCCESS;
	default:
		return container_props_get(call, o, &tag, 1, &value) ==
			EC_SUCCESS &&
			prop_tag_type(value.tag) != PTYP_ERROR_CODE;
	}
}
