/* SPDX-License-Identifier: Apache-2.0 */
#include "mailbox/table_object.h"

#include <stdlib.h>
#include <string.h>

#include "mailbox/notify.h"
#include "mapi/rop.h"
#include "store/event.h"
#include "store/pool.h"
#include "store/table.h"

/* Notifications hold a row of at most this size; a larger one is left out,
 * and the client told that the table has changed. */
enum { NOTIFY_ROW_MAX = 0x2000 };

/* NotificationFlags: [MS-OXCNOTIF] 2.2.1.4.1.2 */
enum { NOTIFY_MESSAGE = 0x8000 };

static void close_table(struct object *object)
{
	struct table_object *t = object->table;

	table_free(t->table);
	free((void *)t->columns.v);
	free(t);
}

void table_object_set_columns(struct table_object *t,
			      const struct prop_tags *columns)
{
	size_t size = columns->n * sizeof columns->v[0];
	uint32_t *v = xmalloc(size + 1);

	if (size > 0)
		memcpy(v, columns->v, size);
	free((void *)t->columns.v);
	t->columns = (struct prop_tags){ columns->n, v };
}

bool table_object_put_row(const struct table_object *t,
			  const struct prop_ctx *ctx, struct wire_w *w,
			  const struct prop_value *row)
{
	size_t mark = w->len;

	if (w->full)
		return false;
	prop_row_encode(w, ctx, &t->columns, row);
	if (!w->full)
		return true;
	wire_rewind(w, mark);
	return false;
}

/* [MS-OXCFOLD] 2.2.1.13.1, SuppressesNotifications */
static bool is_suppressed(const struct table_object *t,
			  const struct table *table)
{
	const struct logon *logon = t->object->logon;

	return (table_flags(table) & TABLE_SUPPRESSES_NOTIFICATIONS) != 0 &&
		store_actor(logon->store) == logon->session;
}

/*
 * [MS-OXCNOTIF] 2.2.1.4.1.2.  It comes from a change that may be another
 * session's, with the lock of the store held.
 */
static bool on_event(void *ctx, struct table *table,
		     const struct table_event *ev)
{
	struct table_object *t = ctx;
	const struct prop_ctx prop =
		prop_ctx_rop(NULL, t->object->logon->session->code_page);
	uint8_t bytes[NOTIFY_ROW_MAX];
	struct wire_w w = wire_w(bytes, sizeof bytes);
	struct rop_notify_rsp n = {
		.notification_flags = EVENT_TABLE_MODIFIED,
		.table_event_type = (uint16_t)ev->type,
		.table_row_folder_id = ev->row_folder_id,
		.table_row_message_id = ev->row_message_id,
		.table_row_instance = ev->row_instance,
		.insert_after_table_row_folder_id = ev->after_folder_id,
		.insert_after_table_row_id = ev->after_message_id,
		.insert_after_table_row_instance = ev->after_instance,
	};

	if (!ev->message && is_suppressed(t, table))
		return false;
	if (ev->message)
		n.notification_flags |= NOTIFY_MESSAGE;
	if (ev->row != NULL) {
		if (!table_object_put_row(t, &prop, &w, ev->row))
			n = (struct rop_notify_rsp){
				.notification_flags = EVENT_TABLE_MODIFIED,
				.table_event_type = TABLE_CHANGED,
			};
		n.table_row_data = (struct bin){ bytes, w.len };
	}
	notify_post(t->object, &n);
	return true;
}

enum ec table_object_open(struct rop_call *call, struct table *table,
			  struct object *owner)
{
	struct table_object *t;
	struct object *object;
	enum ec ec = rop_call_new(call, OBJECT_TABLE, owner, &object);

	if (ec != EC_SUCCESS) {
		table_free(table);
		return ec;
	}
	t = xcalloc(1, sizeof *t);
	t->table = table;
	t->object = object;
	object->table = t;
	object->close = close_table;
	object->close_locked = true;
	if ((table_flags(table) & TABLE_NO_NOTIFICATIONS) == 0)
		table_on_event(table, on_event, t);
	return EC_SUCCESS;
}
