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
#include "directory/directory.h"
#include "mailbox/mailbox.h"
#include "mailbox/object.h"
#include "mailbox/seats.h"
#include "mapi/diag.h"

struct store;                     /* store/store.h */
struct rop_header;                /* mapi/rop.h */
struct rop_codec;
struct service_user;              /* service.c */
struct notification;              /* notify.h */

enum { OBJECT_KINDS = 7 };        /* bits of enum object_kind */

/*
 * [MS-OXCROPS] 3.2.1: an entry of the Logon Map and its Server Object Map.
 * It lies in its own arena.
 */
struct logon {
	struct session *session;
	struct arena *arena;
	struct store *store;      /* a reference */
	struct object *object;    /* the logon itself */
	struct logon *next;       /* of the session */
	/* slots[n]: an object, or a free slot's link; object.c */
	uintptr_t *slots;
	uint32_t n_slots, cap_slots, n_free, free_first, free_last;
	uint8_t logon_id;
	uint8_t logon_flags;
	uint32_t open_flags;
	bool is_owner;            /* the caller's own mailbox */
	struct dir_mailbox mailbox;       /* as of the logon */
	struct per_user_write *per_user;  /* RopWritePerUserInformation */
};

/* The queue of a session; under its own lock, taken after a store's. */
struct notify_queue {
	pthread_mutex_t lock;
	struct notification *first, *last;
	uint32_t n;               /* read without the lock, too */
	void (*wake)(void *ctx);
	void *wake_ctx;
};

struct session {
	struct mailbox_service *svc;
	struct session *next, *prev;      /* of the service */
	struct arena *arena;      /* what lives as long as the session */
	const struct identity *who;       /* the caller; a reference */
	struct service_user *user;        /* counted there */
	enum client_type client_type;
	bool admin_connect;       /* connected with administrator privilege */
	bool cached_mode;         /* the client says that it keeps a copy */
	uint32_t code_page;       /* of String8 properties */
	uint32_t lcid_string, lcid_sort;
	uint16_t index;           /* session index, of RopPending */
	struct logon *logons;
	struct object *free_objects;      /* ready for use again */
	uint32_t n_objects[OBJECT_KINDS];         /* tables: n_views */
	uint32_t n_views[OBJECT_VIEWS];
	enum object_kind refused; /* what there were too many of, last; 0 */
	enum object_view refused_view;
	struct notify_queue queue;
};

/* The logon of an ID; NULL if there is none. */
struct logon *session_logon(const struct session *session, uint8_t logon_id);

/*
 * The ROP that is running.  Handlers are declared in rop_handler.h:
 *
 *	enum ec rop_open_folder(struct rop_call *call,
 *				const struct rop_open_folder_req *req,
 *				struct rop_open_folder_rsp *rsp);
 *
 * They see decoded fields only.  They run with the lock of the logon's store
 * held, unless their row is memory-only.  rsp is zeroed before, and encoded
 * after EC_SUCCESS (and after a failure if the row has fields then); what it
 * points to lives in call->arena, or in anything that lasts until the call
 * ends under the lock.
 *
 * Strings of 8 bits were converted from the code page of the object (else the
 * session's) by the codec, and will be on the way out: handlers see UTF-8.
 */
struct rop_call {
	struct session *session;
	struct logon *logon;      /* of in; NULL in RopLogon */
	struct object *in;        /* of the input handle; NULL in RopLogon */
	struct arena *arena;      /* of the request */
	uint8_t logon_id;
	const struct rop_header *header;  /* mapi/rop.h: indexes */
	struct rop_codec *codec;  /* code page of in; for rows */
	/* The table of handles of this buffer ([MS-OXCROPS] 2.2.1) */
	uint32_t *handles;
	uint32_t n_handles;
	/*
	 * Where the rows or data that end the answer go, up to what fits
	 * (rop_bulk_writer).  RopQueryRows and RopReadStream fill it; then
	 * base and len of it are the field of the answer.
	 */
	struct wire_w bulk;
	/* The store whose lock is held now, if any; execute.c. */
	struct store *locked;
	struct object *made;      /* what rop_call_new made */
	/*
	 * Why it fails, in LIDs (mapi/lids.def): a handler adds what it knows
	 * before it returns an error, and the client is told it beside the
	 * answer (diagnostics.h).  Empty when a handler is called.
	 */
	struct diag diag;
};

/*
 * Give the lock up, for what takes locks itself (a transfer between two
 * mailboxes).  The next ROP that needs one takes it again.
 */
void rop_call_unlock(struct rop_call *call);

/* Take the lock of store instead of what is held; EC_SERVER_BUSY. */
enum ec rop_call_lock(struct rop_call *call, struct store *store);

/*
 * Open an object for the output handle of this ROP: object_new, and its
 * handle stored at OutputHandleIndex once the handler succeeds.  When the
 * handler fails after this, the object is released.
 */
enum ec rop_call_new(struct rop_call *call, enum object_kind kind,
		     struct object *owner, struct object **out);

/*
 * The object at the DestHandleIndex of a ROP that has one.
 * EC_DST_NULL_OBJECT if there is none, EC_NOT_SUPPORTED if it is none of
 * kinds.  It may be of another logon of the session: its store is then
 * another, and not locked.
 */
enum ec rop_call_dest(const struct rop_call *call, unsigned kinds,
		      struct object **out);

static inline struct store *rop_call_store(const struct rop_call *call)
{
	return call->logon->store;
}

#endif
