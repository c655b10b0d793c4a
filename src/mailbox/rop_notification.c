/* SPDX-License-Identifier: Apache-2.0 */
/* Subscriptions: which events a client is told of ([MS-OXCNOTIF] 3.1.5.1). */
#include <stdlib.h>

#include "mailbox/notify.h"
#include "mailbox/rop_handler.h"
#include "store/event.h"
#include "store/store.h"

enum {                            /* [MS-OXCNOTIF] 2.2.1.4.1.2 */
	FLAG_TOTAL = 0x1000,
	FLAG_UNREAD = 0x2000,
	FLAG_SEARCH = 0x4000,
	FLAG_MESSAGE = 0x8000,
};

struct subscription {
	struct object *object;
	struct event_subscription *event;
	bool whole_store;
	uint64_t folder_id, message_id;
};

/* The message, where it is or was. */
static bool matches_message(const struct subscription *s,
			    const struct store_event *ev)
{
	return ev->message_id == s->message_id ||
		(ev->old_message_id != 0 &&
		 ev->old_message_id == s->message_id);
}

/* The folder itself, its messages, and what comes to and goes from it. */
static bool matches_folder(const struct subscription *s,
			   const struct store_event *ev)
{
	uint64_t id = s->folder_id;

	if (ev->folder_id == id || ev->old_folder_id == id)
		return true;
	if (ev->message_id != 0)
		return ev->search_folder && ev->parent_id == id;
	/* Of a subfolder: that it is there or no more */
	return ev->type != EVENT_OBJECT_MODIFIED &&
		(ev->parent_id == id || ev->old_parent_id == id);
}

static bool matches(const struct subscription *s, const struct store_event *ev)
{
	if (s->whole_store)
		return true;
	if (s->message_id != 0)
		return ev->message_id != 0 && matches_message(s, ev);
	return matches_folder(s, ev);
}

/* NotificationFlags: the type and what there is of the other fields. */
static uint16_t flags_of(const struct store_event *ev)
{
	unsigned flags = ev->type;

	if (ev->message_id != 0)
		flags |= FLAG_MESSAGE;
	if (ev->message_id != 0 && ev->search_folder)
		flags |= FLAG_SEARCH;
	if (ev->type == EVENT_OBJECT_MODIFIED && ev->has_total)
		flags |= FLAG_TOTAL;
	if (ev->type == EVENT_OBJECT_MODIFIED && ev->has_unread)
		flags |= FLAG_UNREAD;
	return (uint16_t)flags;
}

static void on_event(void *ctx, const struct store_event *ev)
{
	const struct subscription *s = ctx;
	/*
	 * TagCount stays 0: for ObjectModified it SHOULD be (R197), and a new
	 * object has them all.
	 */
	const struct rop_notify_rsp fields = {
		.notification_flags = flags_of(ev),
		.folder_id = ev->folder_id,
		.message_id = ev->message_id,
		.parent_folder_id = ev->parent_id,
		.old_folder_id = ev->old_folder_id,
		.old_message_id = ev->old_message_id,
		.old_parent_folder_id = ev->old_parent_id,
		.total_message_count = ev->total,
		.unread_message_count = ev->unread,
		.message_flags = ev->message_flags,
		/* R220: in ASCII for a client in cached mode */
		.unicode_flag = !s->object->logon->session->cached_mode,
		.message_class = ev->message_class != NULL ?
			ev->message_class : "",
	};

	if (matches(s, ev))
		notify_post(s->object, &fields);
}

static void subscription_close(struct object *object)
{
	event_unsubscribe(object->subscription->event);
	free(object->subscription);
}

/*
 * [MS-OXCNOTIF] 3.1.5.1.  TableModified is told by tables of their own
 * accord (3.1.4.3), so that on a table nothing is left to do here.
 */
enum ec rop_register_notification(struct rop_call *call,
		const struct rop_register_notification_req *req,
		struct rop_register_notification_rsp *rsp)
{
	uint16_t types = req->notification_types & EVENT_ALL &
		(uint16_t)~EVENT_TABLE_MODIFIED;
	struct subscription *s;
	struct object *object;
	enum ec ec;

	ec = rop_call_new(call, OBJECT_SUBSCRIPTION, NULL, &object);
	if (ec != EC_SUCCESS)
		return ec;
	s = xcalloc(1, sizeof *s);
	s->object = object;
	s->whole_store = req->want_whole_store;
	s->folder_id = req->folder_id;
	s->message_id = req->message_id;
	s->event = event_subscribe(store_events(rop_call_store(call)), types,
				   on_event, s);
	object->subscription = s;
	object->close = subscription_close;
	object->close_locked = true;
	return EC_SUCCESS;
}
