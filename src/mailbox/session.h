/* SPDX-License-Identifier: Apache-2.0 */
/* What a session is made of; internal to src/mailbox. */
#ifndef MAILBOX_SESSION_H
#define MAILBOX_SESSION_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/guid.h"
#include "base/wire.h"
#include "mailbox/mailbox.h"
#include "mailbox/object.h"

struct store;                     /* store/store.h */
struct mailbox;                   /* open_mailbox.h */
struct notification;              /* notify.h */

enum { OBJECT_KINDS = 7 };        /* bits of enum object_kind */

/* [MS-OXCROPS] 3.2.1: an entry of the Logon Map and its Server Object Map */
struct logon {
	struct session *session;
	struct mailbox *mailbox;  /* shared by all logons to this mailbox */
	struct store *store;      /* the same as mailbox->store */
	struct object *object;    /* the logon itself */
	struct logon *next;       /* of the session */
	/* slots[n]: an object, or a free slot's link; object.c */
	uintptr_t *slots;
	uint32_t n_slots, cap_slots, n_free, free_first, free_last;
	uint8_t logon_id;
	uint8_t logon_flags;
	uint32_t open_flags;
	bool is_admin;            /* opened by administrator privilege */
	uint32_t lcid;            /* of the mailbox, for folder names */
	/* RopWritePerUserInformation under way ([MS-OXCSTOR] 3.2.5.13.1) */
	struct per_user_write *per_user;
};

/* The queue of a session; under its own lock, taken after a store's. */
struct notify_queue {
	pthread_mutex_t lock;
	struct notification *first, *last;
	uint32_t n;
	bool overflow;            /* some were dropped */
	void (*wake)(void *ctx);
	void *wake_ctx;
};

struct session {
	struct mailbox_service *svc;
	struct session *next, *prev;      /* of the service */
	struct arena *arena;      /* what lives as long as the session */
	/* Who; the strings are in the arena. */
	const char *user_dn;
	const char *display_name;
	struct guid user_guid;    /* GUID of the user in the directory */
	struct guid mailbox_guid; /* the user's own mailbox, may be null */
	struct guid database;     /* database of it, for the limit */
	bool is_admin;            /* holds the organisation's admin role */
	bool admin_connect;       /* connected with administrator privilege */
	uint32_t code_page;       /* of String8 properties */
	uint32_t lcid_string, lcid_sort;
	uint16_t index;           /* session index, of RopPending */
	struct logon *logons;
	struct object *free_objects;      /* ready for use again */
	uint32_t n_objects[OBJECT_KINDS];
	struct notify_queue queue;
};

/* The logon of an ID; NULL if there is none. */
struct logon *session_logon(const struct session *session, uint8_t logon_id);

/*
 * The ROP that is running.  Handlers are
 *
 *	enum ec rop_open_folder(struct rop_call *call,
 *				const struct rop_open_folder_req *req,
 *				struct rop_open_folder_rsp *rsp);
 *
 * and see decoded fields only.  They run with the lock of the logon's store
 * held, unless their row is memory-only.  rsp is zeroed before, and encoded
 * after EC_SUCCESS (and after a failure if the row has fields then); what it
 * points to lives in call->arena, or in anything that lasts until the call
 * ends under the lock.
 */
struct rop_call {
	struct session *session;
	struct logon *logon;      /* of in; NULL in RopLogon */
	struct object *in;        /* of the input handle; NULL in RopLogon */
	struct arena *arena;      /* of the request */
	uint8_t rop_id, logon_id, in_index;
	uint8_t out_index;        /* if the row has an output handle */
	/* The table of handles of this buffer ([MS-OXCROPS] 2.2.1) */
	uint32_t *handles;
	uint32_t n_handles;
	/*
	 * Bytes that the variable part of this answer may have: what is left
	 * of the buffer after the fixed fields.  RopQueryRows and RopReadStream
	 * fill up to it; an answer that is larger is RopBufferTooSmall.
	 */
	size_t room;
};

/*
 * Open an object for the output handle of this ROP: object_new, and its
 * handle stored at out_index once the handler succeeds.
 */
enum ec rop_call_new(struct rop_call *call, enum object_kind kind,
		     struct object *owner, struct object **out);

/*
 * The object of a second handle in the request (destination of a copy …) at
 * index: EC_DST_NULL_OBJECT where object_find would say EC_NULL_OBJECT, or
 * EC_NOT_SUPPORTED if it is none of kinds.  It may be of another logon of the
 * session: then its store is another and is not locked (rop_call_lock_both).
 */
enum ec rop_call_second(const struct rop_call *call, uint8_t index,
			unsigned kinds, struct object **out);

/* The folder ID, logon and store of the object, for short. */
static inline struct store *rop_call_store(const struct rop_call *call)
{
	return call->logon->store;
}

#endif
