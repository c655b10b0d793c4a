/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table objects: a table of the store behind a handle, and what becomes of
 * its changes ([MS-OXCTABL], [MS-OXCNOTIF] 3.1.4.3).
 */
#ifndef MAILBOX_TABLE_OBJECT_H
#define MAILBOX_TABLE_OBJECT_H

#include <stdbool.h>

#include "base/ec.h"
#include "base/wire.h"
#include "mailbox/session.h"
#include "mapi/prop_codec.h"

struct table;                     /* store/table.h */

struct table_object {
	struct table *table;      /* owned */
	struct object *object;    /* whose handle clients know it by */
	/* As the client set them: the table has strings in Unicode only. */
	struct prop_tags columns;
};

/*
 * Put a table that was just opened behind the output handle of the running
 * ROP, and have its changes queued as notifications unless it was opened with
 * NoNotifications.  It takes the table over, and frees it when it fails
 * (EC_MAX_OBJS_EXCEEDED).  owner: the object that the table must not outlive
 * (the message of an attachment table), NULL for hierarchy and contents
 * tables.
 */
enum ec table_object_open(struct rop_call *call, struct table *table,
			  struct object *owner);

/* The columns to come, by copy; n 0 for none. */
void table_object_set_columns(struct table_object *t,
			      const struct prop_tags *columns);

/*
 * Append one row with the columns of the table.  False, with w as it was, if
 * it has no room ([MS-OXCDATA] 2.8.1).
 */
bool table_object_put_row(const struct table_object *t,
			  const struct prop_ctx *ctx, struct wire_w *w,
			  const struct prop_value *row);

#endif
