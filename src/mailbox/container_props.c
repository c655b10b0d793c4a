/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "auth/auth.h"
#include "mailbox/folder_props.h"
#include "mapi/entry_id.h"
#include "mapi/rop.h"
#include "store/folder.h"
#include "store/store.h"

enum {
	UNLIMITED = -1,                   /* [MS-OXCSTOR] 2.2.2.1.1.2 */
	EXTENDED_RULE_MAX = 0x8000,       /* bytes: what a ROP can carry */
	STORE_HAS_SEARCHES = 0x01000000,  /* [MS-OXCSTOR] 2.2.2.1.1.5 */
	REPLID_PAIR = 18,                 /* 2.2.2.1.1.13 */
};

/* What depends on who is logged on, or on the directory: not the store's. */
static const uint32_t logon_tags[] = {
	PID_TAG_EXTENDED_RULE_SIZE_LIMIT,
	PID_TAG_MAXIMUM_SUBMIT_MESSAGE_SIZE,
	PID_TAG_STORE_STATE,
	PID_TAG_MAILBOX_OWNER_ENTRY_ID,
	PID_TAG_MAILBOX_OWNER_NAME,
	PID_TAG_USER_ENTRY_ID,
	PID_TAG_CODE_PAGE_ID,
	PID_TAG_SERIALIZED_REPLID_GUID_MAP,
	PR_HIERARCHY_SERVER,
};
enum { LOGON_TAGS = sizeof logon_tags / sizeof logon_tags[0] };

static struct bin user_entry_id(struct arena *a, const char *legacy_dn)
{
	const struct address_book_entry_id id = {
		.type = ADDRESS_BOOK_LOCAL_MAIL_USER, .x500_dn = legacy_dn,
	};

	return address_book_entry_id_format(a, &id);
}

/* The mailbox's own pair is all of the mapping that is of use to seed. */
static struct bin replid_map(struct arena *a, const struct store *store)
{
	struct wire_w w = wire_w(arena_alloc(a, REPLID_PAIR), REPLID_PAIR);
	struct guid guid = store_replica_guid(store);

	wire_put_u16(&w, STORE_REPLID);
	wire_put_guid(&w, &guid);
	return (struct bin){ .data = w.base, .len = w.len };
}

/* [MS-OXCSTOR] 2.2.2.1.1; false for a tag that isn't in logon_tags. */
static bool logon_value(const struct rop_call *call, uint32_t tag,
			struct prop_value *out)
{
	const struct logon *logon = call->logon;
	struct arena *a = call->arena;

	*out = (struct prop_value){ .tag = tag };
	switch (tag) {
	case PID_TAG_EXTENDED_RULE_SIZE_LIMIT:
		out->i32 = EXTENDED_RULE_MAX;
		return true;
	case PID_TAG_MAXIMUM_SUBMIT_MESSAGE_SIZE:
		out->i32 = UNLIMITED;
		return true;
	case PID_TAG_STORE_STATE:
		out->i32 = store_has_searches(logon->store) ?
			STORE_HAS_SEARCHES : 0;
		return true;
	case PID_TAG_MAILBOX_OWNER_ENTRY_ID:
		out->bin = user_entry_id(a, logon->mailbox.legacy_dn);
		return true;
	case PID_TAG_MAILBOX_OWNER_NAME:
		out->str = logon->mailbox.display_name;
		return true;
	case PID_TAG_USER_ENTRY_ID:
		out->bin = user_entry_id(a, call->session->who->legacy_dn);
		return true;
	case PID_TAG_CODE_PAGE_ID:
		out->i32 = (int32_t)call->session->code_page;
		return true;
	case PID_TAG_SERIALIZED_REPLID_GUID_MAP:
		out->bin = replid_map(a, logon->store);
		return true;
	case PR_HIERARCHY_SERVER:
		out->str = logon->mailbox.server_fqdn;
		return true;
	}
	return false;
}

/* The tag of logon_tags for which the client asks; 0 if it is none. */
static uint32_t logon_tag(uint32_t tag)
{
	unsigned type = prop_tag_type(tag);

	for (size_t i = 0; i < LOGON_TAGS; i++) {
		if (prop_tag_id(logon_tags[i]) != prop_tag_id(tag))
			continue;
		if (type == prop_tag_type(logon_tags[i]) ||
		    type == PTYP_UNSPECIFIED ||
		    (type == PTYP_STRING8 &&
		     prop_tag_type(logon_tags[i]) == PTYP_STRING))
			return logon_tags[i];
	}
	return 0;
}

/* Text is kept as Unicode: ask for that. */
static uint32_t unicode_tag(uint32_t tag)
{
	switch (prop_tag_type(tag)) {
	case PTYP_STRING8:
		return prop_tag_make(prop_tag_id(tag), PTYP_STRING);
	case PTYP_MULTIPLE_STRING8:
		return prop_tag_make(prop_tag_id(tag), PTYP_MULTIPLE_STRING);
	}
	return tag;
}

/*
 * What the store has, and what stands in for it: the mailbox's name is the
 * owner's, and its language the client's, until somebody sets them.
 */
static enum ec stored_value(const struct rop_call *call, uint32_t tag,
			    struct prop_value *out)
{
	const struct logon *logon = call->logon;
	enum ec ec = store_get_prop(logon->store, tag, call->arena, out);

	if (ec != EC_NOT_FOUND)
		return ec;
	switch (prop_tag_id(tag)) {
	case PID_TAG_DISPLAY_NAME >> 16:
		*out = (struct prop_value){ .tag = PID_TAG_DISPLAY_NAME,
			.str = logon->mailbox.display_name };
		return EC_SUCCESS;
	case PID_TAG_LOCALE_ID >> 16:
		*out = (struct prop_value){ .tag = PID_TAG_LOCALE_ID,
			.i32 = (int32_t)call->session->lcid_string };
		return EC_SUCCESS;
	}
	return EC_NOT_FOUND;
}

static enum ec logon_get(struct rop_call *call, const uint32_t *tags, size_t n,
			 struct prop_value *out)
{
	uint32_t tag;
	enum ec ec;

	for (size_t i = 0; i < n; i++) {
		tag = logon_tag(tags[i]);
		if (tag != 0 && logon_value(call, tag, &out[i]))
			continue;
		ec = stored_value(call, unicode_tag(tags[i]), &out[i]);
		if (ec != EC_SUCCESS)
			out[i] = prop_error(tags[i], ec);
	}
	return EC_SUCCESS;
}

static enum ec folder_get(struct rop_call *call, const struct object *object,
			  const uint32_t *tags, size_t n,
			  struct prop_value *out)
{
	uint32_t *asked = arena_array(call->arena, n, sizeof *asked);

	for (size_t i = 0; i < n; i++)
		asked[i] = unicode_tag(tags[i]);
	return folder_get_props(object->logon->store, object->folder_id,
				asked, n, call->arena, out);
}

enum ec container_props_get(struct rop_call *call, const struct object *object,
			    const uint32_t *tags, size_t n,
			    struct prop_value *out)
{
	switch (object->kind) {
	case OBJECT_LOGON:
		return logon_get(call, tags, n, out);
	case OBJECT_FOLDER:
		return folder_get(call, object, tags, n, out);
	default:
		return EC_NOT_SUPPORTED;
	}
}

static enum ec logon_list(struct rop_call *call, struct prop_tags *out)
{
	struct prop_tags stored;
	uint32_t *tags;
	enum ec ec = store_list_props(rop_call_store(call), call->arena,
				      &stored);

	if (ec != EC_SUCCESS)
		return ec;
	tags = arena_array(call->arena, stored.n + LOGON_TAGS, sizeof *tags);
	memcpy(tags, logon_tags, sizeof logon_tags);
	out->n = LOGON_TAGS;
	for (uint32_t i = 0; i < stored.n; i++)
		if (logon_tag(stored.v[i]) == 0)
			tags[out->n++] = stored.v[i];
	out->v = tags;
	return EC_SUCCESS;
}

enum ec container_props_list(struct rop_call *call,
			     const struct object *object,
			     struct prop_tags *out)
{
	switch (object->kind) {
	case OBJECT_LOGON:
		return logon_list(call, out);
	case OBJECT_FOLDER:
		return folder_list_props(object->logon->store,
					 object->folder_id, call->arena, out);
	default:
		return EC_NOT_SUPPORTED;
	}
}

/* Those that are read-only here, and the rest for the store. */
static enum ec logon_set(struct rop_call *call,
			 const struct prop_value *values, size_t n,
			 enum ec *errors)
{
	struct prop_value *rest = arena_array(call->arena, n, sizeof *rest);
	enum ec *rest_errors = arena_array(call->arena, n, sizeof *errors);
	size_t *index = arena_array(call->arena, n, sizeof *index);
	size_t n_rest = 0;
	enum ec ec;

	for (size_t i = 0; i < n; i++) {
		errors[i] = EC_COMPUTED;
		if (logon_tag(prop_tag_make(prop_tag_id(values[i].tag),
					    PTYP_UNSPECIFIED)) != 0)
			continue;
		rest[n_rest] = values[i];
		index[n_rest++] = i;
	}
	if (n_rest == 0)
		return EC_SUCCESS;
	ec = store_set_props(rop_call_store(call), rest, n_rest, rest_errors);
	for (size_t i = 0; i < n_rest; i++)
		errors[index[i]] = rest_errors[i];
	return ec;
}

enum ec container_props_set(struct rop_call *call, struct object *object,
			    const struct prop_value *values, size_t n,
			    enum ec *errors)
{
	switch (object->kind) {
	case OBJECT_LOGON:
		return logon_set(call, values, n, errors);
	case OBJECT_FOLDER:
		return folder_set_props(object->logon->store,
					object->folder_id, values, n, errors);
	default:
		return EC_NOT_SUPPORTED;
	}
}

static enum ec logon_delete(struct rop_call *call, const uint32_t *tags,
			    size_t n, enum ec *errors)
{
	enum ec ec = store_delete_props(rop_call_store(call), tags, n, errors);

	for (size_t i = 0; i < n; i++)
		if (logon_tag(prop_tag_make(prop_tag_id(tags[i]),
					    PTYP_UNSPECIFIED)) != 0)
			errors[i] = EC_COMPUTED;
	return ec;
}

enum ec container_props_delete(struct rop_call *call, struct object *object,
			       const uint32_t *tags, size_t n,
			       enum ec *errors)
{
	switch (object->kind) {
	case OBJECT_LOGON:
		return logon_delete(call, tags, n, errors);
	case OBJECT_FOLDER:
		return folder_delete_props(object->logon->store,
					   object->folder_id, tags, n, errors);
	default:
		return EC_NOT_SUPPORTED;
	}
}
