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

/*
 * Queue a table notification for the table object, by copy
 * ([MS-OXCNOTIF] 2.2.1.1.1).  Called with the store's lock held, from the
 * callback that the store calls when rows of an open table change.
 *
 * body is the NotificationData after the NotificationFlags field, as encoded
 * for RopNotify ([MS-OXCROPS] 2.2.14.2, [MS-OXCNOTIF] 2.2.1.4.1.2).  With
 * flags 0x0100 (TableModified) a waiting TableChanged of the same table
 * swallows it, and a queue that is too long turns into one TableChanged.
 */
void notify_table(struct object *table, uint16_t flags, const void *body,
		  size_t len);

/* Forget what waits for an object that is released. */
void notify_forget(struct session *session, uint32_t handle);

#endif
