/* SPDX-License-Identifier: Apache-2.0 */
/* Open attachments ([MS-OXCMSG] 3.2.5.12 to 3.2.5.16). */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/message_impl.h"

enum { ATTACH_EMBEDDED = 5 };     /* PidTagAttachMethod: afEmbeddedMessage */
enum { OBJECT_TYPE_ATTACHMENT = 7 };
enum { ATTACH_SIZE_EMPTY = 0x40 };        /* R449 */

static const uint32_t computed_tags[] = {
	PID_TAG_ATTACH_NUMBER, PID_TAG_ATTACH_SIZE, PID_TAG_ACCESS_LEVEL,
	PID_TAG_OBJECT_TYPE, PID_TAG_RECORD_KEY, PID_TAG_MAPPING_SIGNATURE,
};

enum { COMPUTED = sizeof computed_tags / sizeof computed_tags[0] };

static bool is_computed(uint32_t tag)
{
	for (size_t i = 0; i < COMPUTED; i++)
		if (computed_tags[i] >> 16 == tag >> 16)
			return true;
	return false;
}

/* ---- Opening and making ---- */

size_t message_attachments(struct message *m, struct arena *a,
			   const uint32_t **numbers)
{
	uint32_t *list;

	if (message_need_attachments(m) != EC_SUCCESS)
		return 0;
	list = arena_array(a, m->attachments.n, sizeof *list);
	for (size_t i = 0; i < m->attachments.n; i++)
		list[i] = m->attachments.v[i].number;
	*numbers = list;
	return m->attachments.n;
}

static struct attachment *attachment_new(struct message *m, uint32_t number,
					 enum message_mode mode)
{
	struct attachment *at = xcalloc(1, sizeof *at);

	at->message = m;
	at->number = number;
	at->mode = mode;
	at->bag.store = m->store;
	return at;
}

/* R447 to R453; the number and size are computed. */
static enum ec set_defaults(struct attachment *at)
{
	uint64_t now = filetime_now();
	const struct prop_value values[] = {
		{ .tag = PID_TAG_RENDERING_POSITION, .i32 = -1 },
		{ .tag = PID_TAG_CREATION_TIME, .time = now },
		{ .tag = PID_TAG_LAST_MODIFICATION_TIME, .time = now },
	};
	enum ec ec = EC_SUCCESS;

	for (size_t i = 0; i < 3 && ec == EC_SUCCESS; i++)
		ec = bag_set(&at->bag, &values[i]);
	return ec;
}

enum ec attachment_create(struct message *m, struct attachment **out)
{
	struct attachment *at;
	enum ec ec = message_need_attachments(m);

	if (ec != EC_SUCCESS)
		return ec;
	if (m->mode == MESSAGE_READ_ONLY)
		return EC_ACCESS_DENIED;
	if (m->attachments.n >= ATTACHMENTS_MAX)
		return EC_MAX_ATTACHMENT;
	at = attachment_new(m, m->attachments.next_number++,
			    MESSAGE_READ_WRITE);
	at->is_new = at->dirty = true;
	ec = set_defaults(at);
	*out = at;
	return ec;
}

enum ec attachment_open(struct message *m, uint32_t number,
			enum message_mode mode, struct attachment **out)
{
	struct attach_node *node;
	struct attachment *at;
	enum ec ec = message_need_attachments(m);

	if (ec != EC_SUCCESS)
		return ec;
	node = attach_list_find(&m->attachments, number);
	if (node == NULL)
		return EC_NOT_FOUND;
	if (m->mode == MESSAGE_READ_ONLY && mode == MESSAGE_READ_WRITE)
		return EC_ACCESS_DENIED;
	at = attachment_new(m, number, mode);
	bag_init(&at->bag, m->store, node->props);
	at->embedded_id = node->embedded_id;
	if (node->embedded != NULL)
		at->embedded = state_ref(node->embedded);
	*out = at;
	return EC_SUCCESS;
}

void attachment_close(struct attachment *at)
{
	if (at == NULL)
		return;
	bag_free(&at->bag);
	state_unref(at->embedded);
	free(at);
}

/* ---- Saving: into the message ---- */

static enum ec fill_node(struct attachment *at, struct attach_node *node)
{
	struct packed *props;
	uint64_t size = 0;
	enum ec ec = bag_pack(&at->bag, &props, &size);

	if (ec != EC_SUCCESS)
		return ec;
	attach_node_clear(node);
	node->props = props;
	node->embedded_id = at->embedded_id;
	if (at->embedded != NULL) {
		node->embedded = state_ref(at->embedded);
		size += at->embedded->size;
	}
	node->size = size + ATTACH_SIZE_EMPTY;
	node->dirty = true;
	return EC_SUCCESS;
}

enum ec attachment_save(struct attachment *at)
{
	struct prop_value modified = { .tag = PID_TAG_LAST_MODIFICATION_TIME,
				       .time = filetime_now() };
	struct message *m = at->message;
	struct attach_node *node;
	enum ec ec;

	if (at->mode == MESSAGE_READ_ONLY)
		return EC_ACCESS_DENIED;
	if (!at->dirty)
		return EC_SUCCESS;
	node = attach_list_find(&m->attachments, at->number);
	if (node == NULL && !at->is_new)
		return EC_OBJECT_DELETED;
	if (!at->is_new)
		bag_set(&at->bag, &modified);
	if (node == NULL)
		node = attach_list_add(&m->attachments, at->number);
	ec = fill_node(at, node);
	if (ec != EC_SUCCESS) {
		if (at->is_new)
			attach_list_remove(&m->attachments, at->number);
		return ec;
	}
	bag_reset(&at->bag, node->props);
	at->is_new = at->dirty = false;
	m->dirty = m->attachments_dirty = true;
	return EC_SUCCESS;
}

enum ec message_delete_attachment(struct message *m, uint32_t number)
{
	enum ec ec = message_need_attachments(m);

	if (ec != EC_SUCCESS)
		return ec;
	if (m->mode == MESSAGE_READ_ONLY)
		return EC_ACCESS_DENIED;
	if (attach_list_find(&m->attachments, number) == NULL)
		return EC_NOT_FOUND;
	attach_list_remove(&m->attachments, number);
	m->dirty = m->attachments_dirty = true;
	return EC_SUCCESS;
}

uint32_t attachment_number(const struct attachment *at)
{
	return at->number;
}

struct message *attachment_message(const struct attachment *at)
{
	return at->message;
}

/* ---- Properties ---- */

static uint64_t node_size(const struct attachment *at)
{
	const struct attach_node *node =
		attach_list_find(&at->message->attachments, at->number);

	return node != NULL ? node->size : ATTACH_SIZE_EMPTY;
}

static enum ec compute(struct attachment *at, uint32_t tag, struct arena *a,
		       struct prop_value *v)
{
	struct store *s = at->message->store;
	uint64_t size;
	uint8_t *key;

	*v = (struct prop_value){ .tag = tag };
	switch (tag) {
	case PID_TAG_ATTACH_NUMBER:
		v->i32 = (int32_t)at->number;
		break;
	case PID_TAG_ATTACH_SIZE:
		size = node_size(at);
		v->i32 = size > INT32_MAX ? INT32_MAX : (int32_t)size;
		break;
	case PID_TAG_ACCESS_LEVEL:
		v->i32 = at->mode == MESSAGE_READ_WRITE;
		break;
	case PID_TAG_OBJECT_TYPE:
		v->i32 = OBJECT_TYPE_ATTACHMENT;
		break;
	case PID_TAG_RECORD_KEY:
		key = arena_zalloc(a, 4);
		memcpy(key, &at->number, 4);
		v->bin = (struct bin){ key, 4 };
		break;
	case PID_TAG_MAPPING_SIGNATURE:
		v->bin = (struct bin){ s->mapping_signature.b, 16 };
		break;
	default:
		return EC_NOT_FOUND;
	}
	return EC_SUCCESS;
}

static uint32_t full_tag(uint32_t tag)
{
	for (size_t i = 0; i < COMPUTED; i++)
		if (prop_tag_type(tag) == PTYP_UNSPECIFIED &&
		    computed_tags[i] >> 16 == tag >> 16)
			return computed_tags[i];
	return tag;
}

enum ec attachment_get_prop(struct attachment *at, uint32_t tag,
			    struct arena *a, struct prop_value *out)
{
	struct prop_value v;
	enum ec ec = is_computed(tag) ? compute(at, full_tag(tag), a, &v) :
		bag_get(&at->bag, tag, a, &v);

	if (ec == EC_SUCCESS)
		*out = v;
	return ec;
}

enum ec attachment_list_props(struct attachment *at, struct arena *a,
			      struct prop_tags *out)
{
	uint32_t *tags = arena_array(a, bag_count(&at->bag) + COMPUTED,
				     sizeof *tags), n = 0;
	struct bag_entry entry;
	size_t i = 0, k = 0;

	while (bag_next(&at->bag, &i, &k, &entry))
		tags[n++] = entry.e.tag;
	for (i = 0; i < COMPUTED; i++)
		tags[n++] = computed_tags[i];
	*out = (struct prop_tags){ n, tags };
	return EC_SUCCESS;
}

enum ec attachment_prop_size(struct attachment *at, uint32_t tag,
			     uint64_t *out)
{
	struct bag_entry entry;

	if (!bag_find(&at->bag, tag, &entry) ||
	    !bag_type_fits(tag, entry.e.tag))
		return EC_NOT_FOUND;
	*out = entry.e.size;
	return EC_SUCCESS;
}

enum ec attachment_set_prop(struct attachment *at,
			    const struct prop_value *value)
{
	enum ec ec = prop_storable(value);

	if (ec != EC_SUCCESS)
		return ec;
	if (at->mode == MESSAGE_READ_ONLY)
		return EC_ACCESS_DENIED;
	if (is_computed(value->tag))
		return EC_COMPUTED;
	ec = bag_set(&at->bag, value);
	at->dirty = at->dirty || ec == EC_SUCCESS;
	return ec;
}

enum ec attachment_delete_prop(struct attachment *at, uint32_t tag)
{
	if (at->mode == MESSAGE_READ_ONLY)
		return EC_ACCESS_DENIED;
	if (is_computed(tag))
		return EC_COMPUTED;
	if (!bag_delete(&at->bag, tag))
		return EC_NOT_FOUND;
	at->dirty = true;
	return EC_SUCCESS;
}

enum ec message_attachment_prop(struct message *m, uint32_t number,
				uint32_t tag, struct arena *a,
				struct prop_value *out)
{
	struct attachment *at;
	enum ec ec = attachment_open(m, number, MESSAGE_READ_ONLY, &at);

	if (ec != EC_SUCCESS)
		return ec;
	/* values point into the message's own copy, which stays */
	ec = attachment_get_prop(at, tag, a, out);
	attachment_close(at);
	return ec;
}

/* ---- The message in it ([MS-OXCMSG] 3.2.5.16) ---- */

bool attachment_has_embedded(const struct attachment *at)
{
	return at->embedded != NULL || at->embedded_id != 0;
}

static struct message *embedded_new(struct attachment *at,
				    enum embedded_mode mode)
{
	struct message *m = xcalloc(1, sizeof *m);

	m->store = store_ref(at->message->store);
	m->bag.store = m->store;
	m->parent = at;
	m->depth = at->message->depth + 1;
	m->mode = mode == EMBEDDED_READ_ONLY ? MESSAGE_READ_ONLY :
		MESSAGE_READ_WRITE;
	m->attachments_loaded = true;
	return m;
}

/* The flags come from the properties, where the save has put them. */
static enum ec embedded_load(struct message *m, struct attachment *at)
{
	struct prop_value flags = { .i32 = MF_READ };
	enum ec ec = EC_SUCCESS;

	if (at->embedded == NULL)
		ec = state_load(m->store, at->embedded_id, &at->embedded);
	if (ec != EC_SUCCESS)
		return ec;
	bag_reset(&m->bag, at->embedded->props);
	recipients_copy(&m->recipients, &at->embedded->recipients);
	attach_list_copy(&m->attachments, &at->embedded->attachments);
	bag_get(&m->bag, PID_TAG_MESSAGE_FLAGS, NULL, &flags);
	m->c.read = flags.i32 & MF_READ;
	m->c.flags = (uint32_t)flags.i32 & ~(uint32_t)MF_READ;
	m->c.flags = (m->c.flags & ~(uint32_t)MF_HAS_ATTACH) |
		(m->attachments.n > 0 ? MF_HAS_ATTACH : 0);
	m->c.size = at->embedded->size;
	return EC_SUCCESS;
}

static enum ec embedded_create(struct message *m, struct attachment *at,
			       uint32_t code_page)
{
	struct prop_value method = { .tag = PID_TAG_ATTACH_METHOD,
				     .i32 = ATTACH_EMBEDDED };

	m->is_new = m->dirty = true;
	at->dirty = true;
	bag_set(&at->bag, &method);
	return message_defaults(m, code_page);
}

enum ec attachment_open_embedded(struct attachment *at,
				 enum embedded_mode mode,
				 uint32_t code_page, struct message **out)
{
	bool there = attachment_has_embedded(at);
	struct message *m;
	enum ec ec;

	if (at->message->depth >= MESSAGE_DEPTH_MAX)
		return EC_TOO_COMPLEX;
	if (mode != EMBEDDED_READ_ONLY && at->mode == MESSAGE_READ_ONLY)
		return EC_ACCESS_DENIED;
	if (!there && mode != EMBEDDED_CREATE)
		return EC_NOT_FOUND;
	m = embedded_new(at, mode);
	ec = there ? embedded_load(m, at) :
		embedded_create(m, at, code_page);
	if (ec == EC_SUCCESS)
		*out = m;
	else
		message_close(m);
	return ec;
}
