/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened in a mailbox ([MS-OXCNOTIF] 2.2.1.1), told to whoever listens.
 *
 * Each open store has one hub.  The store emits an event after the change is
 * committed, while the mailbox's lock is still held, on the thread that made
 * the change; nothing is emitted for a transaction that failed.  Open tables
 * listen to keep themselves up to date, the mailbox layer to queue
 * notifications: tables first, so that who asks a table in its callback sees
 * the new state.
 *
 * Everything here is called with the mailbox's lock held.
 */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "mapi/prop.h"

/* [MS-OXCNOTIF] 2.2.1.4.1.2, NotificationType; as bits also in a request */
enum event_type {
	EVENT_NEW_MAIL        = 0x0002,
	EVENT_OBJECT_CREATED  = 0x0004,
	EVENT_OBJECT_DELETED  = 0x0008,
	EVENT_OBJECT_MODIFIED = 0x0010,
	EVENT_OBJECT_MOVED    = 0x0020,
	EVENT_OBJECT_COPIED   = 0x0040,
	EVENT_SEARCH_COMPLETE = 0x0080,
	EVENT_TABLE_MODIFIED  = 0x0100,   /* of tables only: store/table.h */
	EVENT_ALL             = 0x01fe,
};

/*
 * One event.  IDs are in wire form (mapi/id.h); those that don't apply are 0.
 *
 * Of a message (message_id != 0):
 *   created, deleted, modified, new mail: folder_id is the folder it is in.
 *   moved, copied: folder_id and message_id are the new ones, old_folder_id
 *   and old_message_id the former (of a copy: the source, which stays).
 *   A move within one folder does not happen.
 * Of a folder (message_id == 0):
 *   folder_id is the folder, parent_id its parent; moved, copied:
 *   old_folder_id and old_parent_id too.  (A move keeps the ID.)
 * When the messages in a folder or their counts change, the store also emits
 * EVENT_OBJECT_MODIFIED of the folder, with total and unread where they
 * changed.
 * Of a message in a search folder (search_folder): folder_id is the folder
 * that the message is in, parent_id the search folder.
 */
struct store_event {
	uint16_t type;            /* one of enum event_type */
	bool search_folder;       /* flag S: message of a search folder */
	bool associated;          /* the message is an FAI message */
	bool soft;                /* deleted: soft, it may be brought back;
				   * created: it is one brought back */
	bool unread_known;        /* was_unread, is_unread are filled in */
	bool was_unread, is_unread;
	uint64_t folder_id, message_id, parent_id;
	uint64_t old_folder_id, old_message_id, old_parent_id;

	/* flags T and U: EVENT_OBJECT_MODIFIED of a folder */
	bool has_total, has_unread;
	uint32_t total, unread;

	/* EVENT_NEW_MAIL */
	uint32_t message_flags;
	const char *message_class;

	/*
	 * Tags of the properties that changed, for created and modified;
	 * n 0: not known, anything may have changed.
	 */
	struct prop_tags tags;
};

struct event_hub;
struct event_subscription;

/*
 * The store makes one hub when it opens a mailbox, and frees it, with all
 * that hangs on it, when it closes it (struct event_hub *store_events(struct
 * store *) in store.h hands it out).
 */
struct event_hub *event_hub_new(void);
void event_hub_free(struct event_hub *hub);       /* NULL is allowed */

/* ev is borrowed and valid only during the call. */
typedef void (*event_fn)(void *ctx, const struct store_event *ev);

/*
 * Call fn(ctx, ev) for each event whose type is in types.  fn must not write
 * to the store (search folders alone do); it may subscribe and unsubscribe,
 * itself included.  A subscription must be ended before its hub is freed;
 * those that are not end with it.
 */
struct event_subscription *event_subscribe(struct event_hub *hub,
					   uint16_t types,
					   event_fn fn, void *ctx);
void event_unsubscribe(struct event_subscription *sub);   /* NULL allowed */

/* As event_subscribe, but called before those: for what others look at. */
struct event_subscription *event_subscribe_first(struct event_hub *hub,
						 uint16_t types,
						 event_fn fn, void *ctx);

/* Tell the subscribers, in the order of their subscriptions. */
void event_emit(struct event_hub *hub, const struct store_event *ev);

/*
 * Data that lives as long as the hub: what tables share, and the search
 * folders.  free_fn(data) is called by event_hub_free.
 */
enum event_hub_slot { EVENT_HUB_VIEWS, EVENT_HUB_SEARCHES, EVENT_HUB_SLOTS };

void event_hub_set_data(struct event_hub *hub, enum event_hub_slot slot,
			void *data, void (*free_fn)(void *data));
void *event_hub_data(const struct event_hub *hub, enum event_hub_slot slot);

#endif
