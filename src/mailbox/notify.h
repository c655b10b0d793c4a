/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notifications ([MS-OXCNOTIF]): what sessions have asked to be told of, and
 * the queue of what has happened, until an Execute carries it to the client.
 */
#ifndef MAILBOX_NOTIFY_H
#define MAILBOX_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "mailbox/object.h"
#include "mailbox/session.h"

struct rop_codec;                 /* mapi/rop.h */
struct rop_notify_rsp;
struct wire_w;

/*
 * Queue a notification for an object: a subscription or a table.
 * NotificationHandle and LogonId are filled in here; the other fields are the
 * caller's, who holds the store's lock (it comes from an event).  All is
 * copied.
 *
 * A TableChanged takes the place of all that waits for the table.  When the
 * queue is too long, a table's waiting notifications become one TableChanged;
 * of others the oldest are dropped.
 */
void notify_post(struct object *object, const struct rop_notify_rsp *fields);

/*
 * Write as many of the waiting notifications as have room, then RopPending
 * if some are left ([MS-OXCNOTIF] 3.1.5.5).
 */
void notify_flush(struct session *session, struct wire_w *out,
		  const struct rop_codec *codec);

/* Forget what waits for an object that is released. */
void notify_forget(struct session *session, uint32_t handle);

void notify_queue_init(struct notify_queue *queue);
void notify_queue_free(struct notify_queue *queue);

#endif
