/* SPDX-License-Identifier: Apache-2.0 */
/* Saving ([MS-OXCMSG] 3.2.5.3): one short transaction, then the events. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/conversation.h"
#include "store/message_impl.h"

/* What one save needs between its steps. */
struct save {
	struct message *m;
	struct arena *a;
	struct packed *packed, *stored;
	struct attach_list attachments;   /* as they are on disk then */
	struct content_state c;
	uint64_t id, cn;
	struct bin pcl;
	uint32_t *tags;
	uint32_t n_tags;
	unsigned flags;
};

/* ---- What the server itself sets ---- */

static const struct {
	uint32_t tag;
	unsigned type;            /* [MS-OXCMSG] 2.2.3.1.2, RecipientType */
} displays[] = {
	{ PID_TAG_DISPLAY_TO, 1 },
	{ PID_TAG_DISPLAY_CC, 2 },
	{ PID_TAG_DISPLAY_BCC, 3 },
};

static enum ec set_displays(struct message *m, struct arena *a)
{
	enum ec ec = EC_SUCCESS;

	if (!m->recipients_dirty)
		return EC_SUCCESS;
	for (size_t i = 0; i < 3 && ec == EC_SUCCESS; i++) {
		struct prop_value v = {
			.tag = displays[i].tag,
			.str = recipients_display(&m->recipients,
						  displays[i].type, a),
		};

		ec = bag_set(&m->bag, &v);
	}
	return ec;
}

static enum ec set_times(struct message *m, uint64_t now)
{
	struct prop_value v = { .tag = PID_TAG_LAST_MODIFICATION_TIME,
				.time = now };
	enum ec ec = EC_SUCCESS;

	if (!m->modified_set)
		ec = bag_set(&m->bag, &v);
	v.tag = PID_TAG_LOCAL_COMMIT_TIME;
	return ec == EC_SUCCESS ? bag_set(&m->bag, &v) : ec;
}

/* The tags that changed, for the event: what was set, and computed ones. */
static void note_tags(struct save *s)
{
	struct bag *bag = &s->m->bag;

	s->tags = arena_array(s->a, bag->n + 2, sizeof *s->tags);
	for (size_t i = 0; i < bag->n; i++)
		s->tags[s->n_tags++] = bag->items[i].tag;
	if (s->m->attachments_dirty)
		s->tags[s->n_tags++] = PID_TAG_MESSAGE_ATTACHMENTS;
	if (s->m->recipients_dirty)
		s->tags[s->n_tags++] = PID_TAG_MESSAGE_RECIPIENTS;
}

static uint64_t time_prop(struct message *m, uint32_t tag)
{
	struct prop_value v;

	return bag_get(&m->bag, tag, NULL, &v) == EC_SUCCESS ? v.time : 0;
}

static enum ec prepare(struct save *s)
{
	struct message *m = s->m;
	uint64_t size = 0;
	enum ec ec = set_displays(m, s->a);

	if (ec == EC_SUCCESS)
		ec = conversation_set_id(&m->bag, s->a);
	if (ec == EC_SUCCESS)
		ec = set_times(m, filetime_now());
	if (ec != EC_SUCCESS)
		return ec;
	note_tags(s);
	ec = bag_pack(&m->bag, &s->packed, &size);
	s->c = m->c;
	s->c.modified = time_prop(m, PID_TAG_LAST_MODIFICATION_TIME);
	s->c.delivered = time_prop(m, PID_TAG_MESSAGE_DELIVERY_TIME);
	s->c.size = size + recipients_size(&m->recipients);
	if (m->attachments_dirty)
		s->c.flags = (s->c.flags & ~(uint32_t)MF_HAS_ATTACH) |
			(m->attachments.n > 0 ? MF_HAS_ATTACH : 0);
	if (!m->is_new)
		s->c.flags &= ~(uint32_t)MF_UNMODIFIED;
	if (s->c.flags & MF_HAS_ATTACH) {
		if (ec == EC_SUCCESS)
			ec = message_need_attachments(m);
		s->c.size += attach_list_size(&m->attachments);
	}
	return ec;
}

/* ---- In the transaction ---- */

/* What others did since the message was opened. */
static enum ec check_conflict(struct save *s)
{
	struct message *m = s->m;
	struct content_state now;
	enum content_kind kind;
	uint64_t folder = m->folder;
	enum ec ec;

	if (m->is_new)
		return folder_takes_messages(m->store, db_id(m->folder));
	ec = content_find(m->store, &folder, m->id,
			  m->kind >= CONTENT_DELETED, &kind, &now);
	if (ec != EC_SUCCESS)
		return ec == EC_NOT_FOUND ? EC_OBJECT_DELETED : ec;
	if (now.cn != m->c.cn && !(s->flags & MESSAGE_SAVE_FORCE))
		return EC_OBJECT_MODIFIED;
	m->folder = folder;
	m->kind = kind;
	/* states that are not the message's content keep what others set */
	s->c.read = now.read;
	s->c.flags = (s->c.flags & ~(uint32_t)MF_EVER_READ) |
		(now.flags & MF_EVER_READ);
	s->c.read_cn = now.read_cn;
	s->c.status = now.status;
	s->c.deleted = now.deleted;
	m->c.size = now.size;
	m->c.read = now.read;
	return EC_SUCCESS;
}

static enum ec write_content(struct save *s)
{
	struct message *m = s->m;
	struct bin row = content_row_build(&m->bag, s->a);
	struct folder_delta delta = { .cn = s->cn };
	enum ec ec = content_write(m->store, m->folder, m->kind, s->id,
				   m->is_new, &s->c, row);

	if (ec != EC_SUCCESS)
		return ec;
	if (!m->is_new)
		content_delta(&delta, m->kind, &m->c, -1);
	content_delta(&delta, m->kind, &s->c, 1);
	return folder_count(m->store, m->folder, &delta);
}

static void emit(struct save *s)
{
	struct message *m = s->m;
	struct prop_value class = { .str = "" };
	struct store_event ev = {
		.type = m->is_new ? EVENT_OBJECT_CREATED :
			EVENT_OBJECT_MODIFIED,
		.associated = m->kind & CONTENT_ASSOCIATED,
		.unread_known = true,
		.was_unread = !m->is_new && !m->c.read,
		.is_unread = !s->c.read,
		.folder_id = db_id(m->folder),
		.message_id = db_id(s->id),
		.parent_id = db_id(m->folder),
		.tags = { s->n_tags, s->tags },
	};

	db_emit(m->store, &ev);
	if (!(s->flags & MESSAGE_SAVE_DELIVER))
		return;
	bag_get(&m->bag, PID_TAG_MESSAGE_CLASS, s->a, &class);
	ev.type = EVENT_NEW_MAIL;
	ev.tags.n = 0;
	ev.message_flags = s->c.flags | (s->c.read ? MF_READ : 0);
	ev.message_class = class.str;
	db_emit(m->store, &ev);
}

static enum ec write_message(struct save *s)
{
	struct message *m = s->m;
	struct store *store = m->store;
	enum ec ec = packed_save(store, s->packed, &s->stored);

	if (ec == EC_SUCCESS && !m->is_new)
		ec = message_row_streams(store, (int64_t)s->id, s->packed,
					 s->stored);
	if (ec == EC_SUCCESS)
		ec = message_row_write(store, (int64_t)s->id, m->is_new,
				       m->folder, s->pcl, s->stored,
				       &m->recipients);
	if (ec == EC_SUCCESS && m->attachments_dirty)
		ec = attach_list_save(store, (int64_t)s->id, m->is_new,
				      &m->attachments, &s->attachments);
	return ec;
}

static enum ec transact(struct save *s)
{
	struct message *m = s->m;
	enum ec ec = check_conflict(s);

	s->id = m->is_new ? m->wanted_id : m->id;
	if (ec == EC_SUCCESS && s->id == 0)
		ec = db_new_counter(m->store, &s->id);
	if (ec == EC_SUCCESS)
		ec = db_new_counter(m->store, &s->cn);
	if (ec != EC_SUCCESS)
		return ec;
	s->c.cn = s->cn;
	s->pcl = pcl_next(m->store, (struct bin){ m->pcl, m->pcl_len },
			  s->cn, s->a);
	ec = write_message(s);
	if (ec == EC_SUCCESS)
		ec = write_content(s);
	if (ec == EC_SUCCESS)
		emit(s);
	return ec;
}

/* The object becomes what is on disk. */
static void adopt(struct save *s)
{
	struct message *m = s->m;

	m->id = s->id;
	m->c = s->c;
	m->is_new = m->dirty = m->recipients_dirty = false;
	m->modified_set = false;
	m->pcl_len = s->pcl.len;
	m->pcl = xrealloc(m->pcl, s->pcl.len + 1);
	if (s->pcl.len > 0)
		memcpy(m->pcl, s->pcl.data, s->pcl.len);
	bag_reset(&m->bag, s->stored);
	if (m->attachments_dirty) {
		uint32_t next = m->attachments.next_number;

		attach_list_free(&m->attachments);
		m->attachments = s->attachments;
		m->attachments.next_number = next;
		s->attachments = (struct attach_list){ 0 };
		m->attachments_dirty = false;
	}
}

static enum ec save_top(struct message *m, unsigned flags)
{
	struct save s = { .m = m, .flags = flags };
	enum ec ec;

	if (m->is_new && store_quota_state(m->store) == QUOTA_NO_RECEIVE)
		return EC_QUOTA_EXCEEDED;
	s.a = arena_new(0);
	ec = prepare(&s);
	if (ec == EC_SUCCESS)
		ec = db_begin(m->store);
	if (ec == EC_SUCCESS) {
		ec = transact(&s);
		ec = db_end(m->store, ec);
	}
	if (ec == EC_SUCCESS)
		adopt(&s);
	attach_list_free(&s.attachments);
	packed_unref(s.packed);
	packed_unref(s.stored);
	arena_free(s.a);
	return ec;
}

/* ---- Embedded: into the attachment, in memory ---- */

/* Flags have no row in contents; they are kept with the properties. */
static enum ec set_flags_prop(struct message *m)
{
	struct prop_value v = {
		.tag = PID_TAG_MESSAGE_FLAGS,
		.i32 = (int32_t)(m->c.flags | (m->c.read ? MF_READ : 0)),
	};

	m->c.flags = (m->c.flags & ~(uint32_t)MF_HAS_ATTACH) |
		(m->attachments.n > 0 ? MF_HAS_ATTACH : 0);
	v.i32 = (int32_t)((uint32_t)v.i32 & ~(uint32_t)MF_HAS_ATTACH) |
		(m->attachments.n > 0 ? MF_HAS_ATTACH : 0);
	return bag_set(&m->bag, &v);
}

static enum ec save_embedded(struct message *m)
{
	struct message_state *s;
	struct arena *a = arena_new(0);
	uint64_t size = 0;
	enum ec ec = set_displays(m, a);

	if (ec == EC_SUCCESS)
		ec = conversation_set_id(&m->bag, a);
	arena_free(a);
	if (ec == EC_SUCCESS)
		ec = set_times(m, filetime_now());
	if (ec == EC_SUCCESS)
		ec = set_flags_prop(m);
	if (ec != EC_SUCCESS)
		return ec;
	s = xcalloc(1, sizeof *s);
	s->refs = 1;
	ec = bag_pack(&m->bag, &s->props, &size);
	if (ec != EC_SUCCESS) {
		state_unref(s);
		return ec;
	}
	recipients_copy(&s->recipients, &m->recipients);
	attach_list_copy(&s->attachments, &m->attachments);
	s->size = size + recipients_size(&m->recipients) +
		attach_list_size(&m->attachments);
	m->c.size = s->size;
	m->is_new = m->dirty = m->recipients_dirty = false;
	m->attachments_dirty = false;
	state_unref(m->parent->embedded);
	m->parent->embedded = s;
	m->parent->dirty = true;
	return EC_SUCCESS;
}

/* [MS-OXCMSG] 3.2.5.3: another handle's save ends this one's transaction,
 * whatever this one has to save. */
static enum ec check_unchanged(struct message *m, unsigned flags)
{
	uint64_t folder = m->folder;
	struct content_state now;
	enum content_kind kind;
	enum ec ec;

	if (flags & MESSAGE_SAVE_FORCE)
		return EC_SUCCESS;
	ec = content_find(m->store, &folder, m->id,
			  m->kind >= CONTENT_DELETED, &kind, &now);
	if (ec == EC_NOT_FOUND)
		return EC_OBJECT_DELETED;
	return ec == EC_SUCCESS && now.cn != m->c.cn ? EC_OBJECT_MODIFIED :
		ec;
}

enum ec message_save(struct message *m, unsigned flags)
{
	if (m->mode == MESSAGE_READ_ONLY)
		return EC_ACCESS_DENIED;
	if (m->parent != NULL)
		return save_embedded(m);
	if (!m->dirty && !m->is_new)
		return check_unchanged(m, flags);
	return save_top(m, flags);
}

/* ---- The read flag ---- */

enum ec message_set_read(struct message *m, unsigned flags, bool *changed)
{
	uint64_t id = db_id(m->id);
	bool read = !(flags & READ_FLAG_CLEAR), partial;
	uint32_t n = 0;
	enum ec ec = EC_SUCCESS;

	if (!m->is_new && m->parent == NULL)
		ec = messages_set_read(m->store, db_id(m->folder), &id, 1,
				       flags, &partial, &n);
	else if (!(flags & READ_FLAG_GENERATE_RECEIPT_ONLY))
		n = m->c.read != read;
	if (ec != EC_SUCCESS)
		return ec;
	if (n > 0) {
		m->c.read = read;
		m->c.flags = (m->c.flags & ~(uint32_t)MF_EVER_READ) |
			(read ? MF_EVER_READ : 0);
	}
	*changed = n > 0;
	return EC_SUCCESS;
}
