/* SPDX-License-Identifier: Apache-2.0 */
/* The properties of messages that are computed ([MS-OXCMSG] 2.2.1). */
#include <string.h>

#include "store/body.h"
#include "store/entry.h"
#include "store/message_impl.h"

enum { OBJECT_TYPE_MESSAGE = 5 }; /* [MS-OXCPRPT] 2.2.1.7 */
enum { ACCESS_MODIFY = 1, ACCESS_READ = 2, ACCESS_DELETE = 4 };

/* Computed from the object alone; those of saved ones need an ID. */
static const struct computed {
	uint32_t tag;
	bool saved;               /* of messages in a folder, once saved */
} computed[] = {
	{ PID_TAG_MESSAGE_FLAGS, false },
	{ PID_TAG_MESSAGE_SIZE, false },
	{ PID_TAG_PARENT_ENTRY_ID, true },
	{ PID_TAG_MESSAGE_STATUS, true },
	{ PID_TAG_HAS_ATTACHMENTS, false },
	{ PID_TAG_READ, false },
	{ PID_TAG_ACCESS, false },
	{ PID_TAG_ACCESS_LEVEL, false },
	{ PID_TAG_MAPPING_SIGNATURE, false },
	{ PID_TAG_RECORD_KEY, true },
	{ PID_TAG_STORE_RECORD_KEY, false },
	{ PID_TAG_OBJECT_TYPE, false },
	{ PID_TAG_ENTRY_ID, true },
	{ PID_TAG_LOCALE_ID, false },
	{ PID_TAG_SOURCE_KEY, true },
	{ PID_TAG_PARENT_SOURCE_KEY, true },
	{ PID_TAG_CHANGE_KEY, true },
	{ PID_TAG_PREDECESSOR_CHANGE_LIST, true },
	{ PID_TAG_HAS_NAMED_PROPERTIES, false },
	{ PID_TAG_DELETED_ON, true },
	{ PID_TAG_FOLDER_ID, true },
	{ PID_TAG_PARENT_FOLDER_ID, true },
	{ PID_TAG_MID, true },
	{ PID_TAG_INST_ID, true },
	{ PID_TAG_INSTANCE_NUM, true },
	{ PID_TAG_CHANGE_NUMBER, true },
	{ PID_TAG_ASSOCIATED, false },
	{ PID_TAG_MESSAGE_SIZE_EXTENDED, false },
};

enum { COMPUTED = sizeof computed / sizeof computed[0] };

/* By property ID; MESSAGE_SIZE_EXTENDED has that of MESSAGE_SIZE. */
static const struct computed *find(uint32_t tag)
{
	for (size_t i = 0; i < COMPUTED; i++)
		if (computed[i].tag >> 16 == tag >> 16)
			return &computed[i];
	return NULL;
}

/* Not settable by clients: R855, R859, R863, R857 of [MS-OXCPRPT] … */
bool message_tag_read_only(uint32_t tag)
{
	switch (tag >> 16) {
	case PID_TAG_DISPLAY_TO >> 16:
	case PID_TAG_DISPLAY_CC >> 16:
	case PID_TAG_DISPLAY_BCC >> 16:
	case PID_TAG_LOCAL_COMMIT_TIME >> 16:
		return true;
	default:
		return find(tag) != NULL;
	}
}

bool message_prop_client_read_only(uint32_t tag)
{
	switch (tag >> 16) {
	case PID_TAG_CREATION_TIME >> 16:
	case PID_TAG_LAST_MODIFICATION_TIME >> 16:
	case PID_TAG_SEARCH_KEY >> 16:
	case PID_TAG_CREATOR_NAME >> 16:
	case PID_TAG_CREATOR_ENTRY_ID >> 16:
	case PID_TAG_LAST_MODIFIER_NAME >> 16:
	case PID_TAG_LAST_MODIFIER_ENTRY_ID >> 16:
		return true;
	default:
		return message_tag_read_only(tag);
	}
}

static struct prop_value binary(uint32_t tag, const void *data, size_t len)
{
	return (struct prop_value){ .tag = tag, .bin = { data, len } };
}

/* ---- Of any message ---- */

static uint32_t message_flags(const struct message *m)
{
	return m->c.flags | (m->c.read ? MF_READ : 0) |
		(m->kind & CONTENT_ASSOCIATED ? MF_FAI : 0);
}

static bool has_attachments(struct message *m)
{
	if (!m->attachments_dirty)
		return m->c.flags & MF_HAS_ATTACH;
	return m->attachments.n > 0;
}

static enum ec compute_any(struct message *m, uint32_t tag,
			   struct prop_value *v)
{
	struct store *s = m->store;

	switch (tag) {
	case PID_TAG_MESSAGE_FLAGS:
		v->i32 = (int32_t)((message_flags(m) &
				    ~(uint32_t)MF_HAS_ATTACH) |
				   (has_attachments(m) ? MF_HAS_ATTACH : 0));
		break;
	case PID_TAG_MESSAGE_SIZE:
		v->i32 = m->c.size > INT32_MAX ? INT32_MAX :
			(int32_t)m->c.size;
		break;
	case PID_TAG_MESSAGE_SIZE_EXTENDED:
		v->i64 = (int64_t)m->c.size;
		break;
	case PID_TAG_HAS_ATTACHMENTS:
		v->b = has_attachments(m);
		break;
	case PID_TAG_READ:
		v->b = m->c.read;
		break;
	case PID_TAG_ACCESS:
		v->i32 = m->is_new ? ACCESS_MODIFY | ACCESS_READ :
			ACCESS_MODIFY | ACCESS_READ | ACCESS_DELETE;
		break;
	case PID_TAG_ACCESS_LEVEL:
		v->i32 = m->mode == MESSAGE_READ_WRITE;
		break;
	case PID_TAG_MAPPING_SIGNATURE:
		*v = binary(tag, s->mapping_signature.b, 16);
		break;
	case PID_TAG_STORE_RECORD_KEY:
		*v = binary(tag, s->mailbox_guid.b, 16);
		break;
	case PID_TAG_OBJECT_TYPE:
		v->i32 = OBJECT_TYPE_MESSAGE;
		break;
	case PID_TAG_HAS_NAMED_PROPERTIES:
		v->b = message_has_named_props(m);
		break;
	case PID_TAG_ASSOCIATED:
		v->b = m->kind & CONTENT_ASSOCIATED;
		break;
	default:
		return EC_NOT_FOUND;
	}
	return EC_SUCCESS;
}

/* [MS-OXCMSG] 3.2.5.2: the same as PidTagMessageLocaleId */
static enum ec compute_locale(struct message *m, struct arena *a,
			      struct prop_value *v)
{
	enum ec ec = bag_get(&m->bag, PID_TAG_MESSAGE_LOCALE_ID, a, v);

	v->tag = PID_TAG_LOCALE_ID;
	return ec;
}

/* ---- Of one that is in a folder ---- */

static enum ec compute_ids(struct message *m, uint32_t tag,
			   struct prop_value *v)
{
	switch (tag) {
	case PID_TAG_MESSAGE_STATUS:
		v->i32 = (int32_t)m->c.status;
		break;
	case PID_TAG_FOLDER_ID:
	case PID_TAG_PARENT_FOLDER_ID:
		v->i64 = (int64_t)db_id(m->folder);
		break;
	case PID_TAG_MID:
	case PID_TAG_INST_ID:
		v->i64 = (int64_t)db_id(m->id);
		break;
	case PID_TAG_INSTANCE_NUM:
		v->i32 = 0;
		break;
	case PID_TAG_CHANGE_NUMBER:
		v->i64 = (int64_t)db_id(m->c.cn);
		break;
	case PID_TAG_DELETED_ON:
		if (m->c.deleted == 0)
			return EC_NOT_FOUND;
		v->time = m->c.deleted;
		break;
	default:
		return EC_NOT_FOUND;
	}
	return EC_SUCCESS;
}

static enum ec compute_keys(struct message *m, uint32_t tag, struct arena *a,
			    struct prop_value *v)
{
	struct store *s = m->store;

	switch (tag) {
	case PID_TAG_ENTRY_ID:
	case PID_TAG_RECORD_KEY:
		v->bin = entry_message_bin(s, m->folder, m->id, a);
		return EC_SUCCESS;
	case PID_TAG_PARENT_ENTRY_ID:
		v->bin = entry_folder_bin(s, m->folder, a);
		return EC_SUCCESS;
	case PID_TAG_SOURCE_KEY:
		v->bin = entry_gid(s, m->id, a);
		return EC_SUCCESS;
	case PID_TAG_PARENT_SOURCE_KEY:
		v->bin = entry_gid(s, m->folder, a);
		return EC_SUCCESS;
	case PID_TAG_CHANGE_KEY:
		v->bin = entry_gid(s, m->c.cn, a);
		return EC_SUCCESS;
	case PID_TAG_PREDECESSOR_CHANGE_LIST:
		v->bin = entry_pcl(s, m->pcl, m->pcl_len, m->c.cn, a);
		return EC_SUCCESS;
	default:
		return compute_ids(m, tag, v);
	}
}

/* EC_NOT_SUPPORTED: not a computed one. */
enum ec message_computed(struct message *m, uint32_t tag, struct arena *a,
			 struct prop_value *out)
{
	const struct computed *c = find(tag);
	enum ec ec;

	if (c == NULL)
		return EC_NOT_SUPPORTED;
	if (prop_tag_type(tag) == PTYP_UNSPECIFIED)
		tag = c->tag;
	*out = (struct prop_value){ .tag = tag };
	if (tag != c->tag && tag != PID_TAG_MESSAGE_SIZE_EXTENDED)
		return EC_NOT_FOUND;
	/* a change key that came with an imported message is stored */
	if (tag == PID_TAG_CHANGE_KEY || tag == PID_TAG_SOURCE_KEY) {
		ec = bag_get(&m->bag, tag, a, out);
		if (ec == EC_SUCCESS)
			return ec;
	}
	if (tag == PID_TAG_LOCALE_ID)
		return compute_locale(m, a, out);
	if (!c->saved)
		return compute_any(m, tag, out);
	if (m->is_new || m->parent != NULL)
		return EC_NOT_FOUND;
	return compute_keys(m, tag, a, out);
}

/* ---- What follows from what is stored ---- */

static enum ec derive_subject(struct message *m, struct arena *a,
			      struct prop_value *out)
{
	struct prop_value subject, prefix;
	size_t len = 0;
	enum ec ec = bag_get(&m->bag, PID_TAG_SUBJECT, a, &subject);

	if (ec != EC_SUCCESS)
		return ec;
	if (bag_get(&m->bag, PID_TAG_SUBJECT_PREFIX, a, &prefix) ==
	    EC_SUCCESS)
		len = strlen(prefix.str);
	if (len > 0 && strncmp(subject.str, prefix.str, len) != 0)
		len = 0;
	*out = (struct prop_value){ .tag = PID_TAG_NORMALIZED_SUBJECT,
				    .str = subject.str + len };
	return EC_SUCCESS;
}

static bool has(const struct message *m, uint32_t tag)
{
	struct bag_entry entry;

	return bag_find(&m->bag, tag, &entry) && entry.e.tag == tag;
}

/* [MS-OXCMSG] 2.2.1.58.2 */
static int32_t native_body(const struct message *m)
{
	if (has(m, PID_TAG_HTML) || has(m, PID_TAG_BODY_HTML))
		return 3;
	if (has(m, PID_TAG_RTF_COMPRESSED))
		return 2;
	return has(m, PID_TAG_BODY) ? 1 : 0;
}

enum ec message_derived(struct message *m, uint32_t tag, struct arena *a,
			struct prop_value *out)
{
	switch (tag >> 16) {
	case PID_TAG_NORMALIZED_SUBJECT >> 16:
		return derive_subject(m, a, out);
	case PID_TAG_NATIVE_BODY >> 16:
		*out = (struct prop_value){ .tag = PID_TAG_NATIVE_BODY,
					    .i32 = native_body(m) };
		return EC_SUCCESS;
	case PID_TAG_RTF_IN_SYNC >> 16:
		*out = (struct prop_value){ .tag = PID_TAG_RTF_IN_SYNC,
			.b = native_body(m) == 2 };
		return EC_SUCCESS;
	case PID_TAG_BODY >> 16:
	case PID_TAG_HTML >> 16:
		return body_convert(m, tag, a, out);
	default:
		return EC_NOT_FOUND;
	}
}

enum ec message_list_props(struct message *m, struct arena *a,
			   struct prop_tags *out)
{
	size_t max = bag_count(&m->bag) + COMPUTED + 4, i = 0, k = 0;
	uint32_t *tags = arena_array(a, max, sizeof *tags), n = 0;
	struct bag_entry entry;
	struct prop_value v;

	while (bag_next(&m->bag, &i, &k, &entry))
		if (find(entry.e.tag) == NULL)
			tags[n++] = entry.e.tag;
	for (i = 0; i < COMPUTED; i++)
		if (message_computed(m, computed[i].tag, a, &v) == EC_SUCCESS)
			tags[n++] = computed[i].tag;
	if (has(m, PID_TAG_SUBJECT) && !has(m, PID_TAG_NORMALIZED_SUBJECT))
		tags[n++] = PID_TAG_NORMALIZED_SUBJECT;
	if (!has(m, PID_TAG_NATIVE_BODY) && native_body(m) != 0)
		tags[n++] = PID_TAG_NATIVE_BODY;
	*out = (struct prop_tags){ n, tags };
	return EC_SUCCESS;
}
