/* SPDX-License-Identifier: Apache-2.0 */
/* The queue of notifications of a session ([MS-OXCNOTIF] 3.1.5.5, 3.1.5.7). */
#include <stdlib.h>
#include <string.h>

#include "base/wire.h"
#include "mailbox/notify.h"
#include "mailbox/service.h"
#include "mapi/rop.h"
#include "store/event.h"
#include "store/table.h"

/* A waiting RopNotify, as it will be sent. */
struct notification {
	struct notification *next;
	uint32_t handle;
	uint32_t len;
	bool table_changed;       /* TableModified, TableChanged */
	uint8_t bytes[];
};

/* What the fields of RopNotify take at most, less what is counted apart. */
enum { NOTIFY_FIXED = 128, TYPE_MASK = 0x0fff, TAGS_NONE = 0xffff };

void notify_queue_init(struct notify_queue *queue)
{
	*queue = (struct notify_queue){ .first = NULL };
	pthread_mutex_init(&queue->lock, NULL);
}

void notify_queue_free(struct notify_queue *queue)
{
	struct notification *n;

	while ((n = queue->first) != NULL) {
		queue->first = n->next;
		free(n);
	}
	pthread_mutex_destroy(&queue->lock);
}

static void set_count(struct notify_queue *queue, uint32_t n)
{
	__atomic_store_n(&queue->n, n, __ATOMIC_RELAXED);
}

static void unlink_after(struct notify_queue *queue,
			 struct notification *prev, struct notification *n)
{
	if (prev != NULL)
		prev->next = n->next;
	else
		queue->first = n->next;
	if (queue->last == n)
		queue->last = prev;
	set_count(queue, queue->n - 1);
	free(n);
}

/* All that waits for the handle. */
static void forget(struct notify_queue *queue, uint32_t handle)
{
	struct notification *prev = NULL, *n = queue->first, *next;

	for (; n != NULL; n = next) {
		next = n->next;
		if (n->handle == handle)
			unlink_after(queue, prev, n);
		else
			prev = n;
	}
}

void notify_forget(struct session *session, uint32_t handle)
{
	struct notify_queue *queue = &session->queue;

	if (__atomic_load_n(&queue->n, __ATOMIC_RELAXED) == 0)
		return;
	pthread_mutex_lock(&queue->lock);
	forget(queue, handle);
	pthread_mutex_unlock(&queue->lock);
}

static bool is_table_changed(const struct rop_notify_rsp *fields)
{
	return (fields->notification_flags & TYPE_MASK) ==
		EVENT_TABLE_MODIFIED &&
		fields->table_event_type == TABLE_CHANGED;
}

static size_t size_bound(const struct rop_notify_rsp *f)
{
	size_t tags = f->tags.tag_count == TAGS_NONE ? 0 : f->tags.tag_count;
	size_t text = f->message_class == NULL ? 0 : strlen(f->message_class);

	return NOTIFY_FIXED + f->table_row_data.len + tags * 4 + text * 2;
}

static struct notification *notification_new(const struct object *object,
					     const struct rop_notify_rsp *f)
{
	const struct rop_header header = { .rop_id = ROP_ID_notify };
	const struct rop_codec codec = { .prop = prop_ctx_rop(NULL, 0) };
	size_t cap = size_bound(f);
	struct notification *n = xmalloc(sizeof *n + cap);
	union rop_rsp rsp = { .notify = *f };
	struct wire_w w = wire_w(n->bytes, cap);

	rsp.notify.notification_handle = object->handle;
	rsp.notify.logon_id = object->logon->logon_id;
	rop_response_encode(&codec, &w, &header, EC_SUCCESS, &rsp);
	n->next = NULL;
	n->handle = object->handle;
	n->len = (uint32_t)w.len;
	n->table_changed = is_table_changed(f);
	return n;
}

static void append(struct notify_queue *queue, struct notification *n)
{
	if (queue->last != NULL)
		queue->last->next = n;
	else
		queue->first = n;
	queue->last = n;
	set_count(queue, queue->n + 1);
}

static bool changed_waits(const struct notify_queue *queue, uint32_t handle)
{
	for (const struct notification *n = queue->first; n; n = n->next)
		if (n->handle == handle && n->table_changed)
			return true;
	return false;
}

/* The queue is too long: make room, at the cost of detail. */
static struct notification *overflow(struct notify_queue *queue,
				     struct object *object,
				     struct notification *n)
{
	const struct rop_notify_rsp changed = {
		.notification_flags = EVENT_TABLE_MODIFIED,
		.table_event_type = TABLE_CHANGED,
	};

	if (object->kind == OBJECT_TABLE) {
		free(n);
		if (changed_waits(queue, object->handle))
			return NULL;
		forget(queue, object->handle);
		n = notification_new(object, &changed);
	}
	while (queue->n > 0 && queue->n >=
	       service_limits(object->logon->session->svc)->queued)
		unlink_after(queue, NULL, queue->first);
	return n;
}

void notify_post(struct object *object, const struct rop_notify_rsp *fields)
{
	struct session *session = object->logon->session;
	struct notify_queue *queue = &session->queue;
	struct notification *n = notification_new(object, fields);

	pthread_mutex_lock(&queue->lock);
	if (queue->n >= service_limits(session->svc)->queued)
		n = overflow(queue, object, n);
	else if (n->table_changed)
		forget(queue, object->handle);
	if (n != NULL)
		append(queue, n);
	if (queue->wake != NULL && queue->n > 0) {
		queue->wake(queue->wake_ctx);
		queue->wake = NULL;
	}
	pthread_mutex_unlock(&queue->lock);
}

void notify_flush(struct session *session, struct wire_w *out,
		  const struct rop_codec *codec)
{
	const struct rop_header header = { .rop_id = ROP_ID_pending };
	const union rop_rsp rsp = {
		.pending = { .session_index = session->index },
	};
	struct notify_queue *queue = &session->queue;
	size_t mark;

	if (__atomic_load_n(&queue->n, __ATOMIC_RELAXED) == 0)
		return;
	pthread_mutex_lock(&queue->lock);
	/* RopPending must have room after all but the last. */
	while (queue->first != NULL && wire_room(out) >= queue->first->len +
	       (queue->n > 1 ? rop_desc(ROP_ID_pending)->rsp_min : 0)) {
		wire_put(out, queue->first->bytes, queue->first->len);
		unlink_after(queue, NULL, queue->first);
	}
	mark = out->len;
	if (queue->first != NULL)
		rop_response_encode(codec, out, &header, EC_SUCCESS, &rsp);
	if (out->full)
		wire_rewind(out, mark);
	pthread_mutex_unlock(&queue->lock);
}

bool mailbox_notify_set(struct session *session, void (*wake)(void *ctx),
			void *ctx)
{
	struct notify_queue *queue = &session->queue;
	bool waiting;

	pthread_mutex_lock(&queue->lock);
	waiting = queue->n > 0;
	queue->wake = waiting ? NULL : wake;
	queue->wake_ctx = ctx;
	pthread_mutex_unlock(&queue->lock);
	return waiting;
}

bool mailbox_notify_pending(struct session *session)
{
	return __atomic_load_n(&session->queue.n, __ATOMIC_RELAXED) > 0;
}
