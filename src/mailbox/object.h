/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server objects and their handles ([MS-OXCROPS] 3.2.1, 3.2.5.1).
 *
 * A handle is (LogonId << 24) | n.  n counts from 0 in the order of opening;
 * the numbers of released objects come into use again only when many are
 * free, oldest first, so that a stale handle is told apart from a live one.
 */
#ifndef MAILBOX_OBJECT_H
#define MAILBOX_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ec.h"

struct session;
struct logon;
struct message;                   /* store/message.h */
struct attachment;                /* store/message.h */
struct stream;                    /* store/stream.h */
struct table_object;              /* content half: a table and its columns */
struct stream_object;             /* content half: a stream and its owner */
struct subscription;              /* notify.h */

/* Bits, so that the dispatch table can say which kinds a ROP takes. */
enum object_kind {
	OBJECT_LOGON        = 0x01,
	OBJECT_FOLDER       = 0x02,
	OBJECT_MESSAGE      = 0x04,       /* embedded ones too */
	OBJECT_ATTACHMENT   = 0x08,
	OBJECT_STREAM       = 0x10,
	OBJECT_TABLE        = 0x20,
	OBJECT_SUBSCRIPTION = 0x40,
};

/* Tables are counted by what they show, as Exchange counts its views. */
enum object_view { VIEW_FOLDERS, VIEW_MESSAGES, VIEW_ATTACHMENTS, VIEW_OTHER,
		   OBJECT_VIEWS };

struct object {
	enum object_kind kind;
	enum object_view view;    /* OBJECT_TABLE */
	uint32_t handle;
	struct logon *logon;
	/* Owners release what they own; lists kept by object.c alone. */
	struct object *owner, *children, *next, *prev;
	/*
	 * Frees what the union refers to, with the lock of the logon's store
	 * held if close_locked; called once, after all children are gone.
	 * NULL: nothing to free.
	 */
	void (*close)(struct object *object);
	bool close_locked;
	union {
		uint64_t folder_id;               /* OBJECT_FOLDER */
		struct message *message;          /* OBJECT_MESSAGE */
		struct attachment *attachment;    /* OBJECT_ATTACHMENT */
		struct stream_object *stream;     /* OBJECT_STREAM */
		struct table_object *table;       /* OBJECT_TABLE */
		struct subscription *subscription;
		void *data;
	};
	/* Free for the kind: flags of the open, the message's folder … */
	uint64_t folder;          /* OBJECT_MESSAGE: the folder it is in */
	uint32_t code_page;       /* of its String8: 0, the session's */
	uint32_t *columns;        /* OBJECT_MESSAGE: of its recipients' rows, */
	uint32_t n_columns;       /* as the client was told: recipients.h */
	uint32_t flags;
};

/*
 * A new object of the logon; data, close and the rest are for the caller to
 * fill in.  owner is the object with which it is to be released: the message
 * of an attachment, the attachment of an embedded message, the object of a
 * stream; NULL for what only the logon owns (folders, messages, contents and
 * hierarchy tables: a client releases a folder while it reads its table).
 *
 * EC_MAX_OBJS_EXCEEDED when the session has too many of the kind, which
 * session->refused then is (and refused_view).  *out is
 * the session's, freed by object_release.
 */
enum ec object_new(struct logon *logon, enum object_kind kind,
		   struct object *owner, struct object **out);

/* The same for a table, which is one of its view. */
enum ec object_new_table(struct logon *logon, enum object_view view,
			 struct object *owner, struct object **out);

/* How many objects of a kind a session may have open, and how many it has;
 * view is that of tables. */
uint32_t object_limit(const struct session *session, enum object_kind kind);
uint32_t object_count(const struct session *session, enum object_kind kind,
		      enum object_view view);

/*
 * Release an object and all that it owns, last opened first.  The lock of
 * its store must be held if object_needs_lock.
 */
void object_release(struct object *object);

/* Whether closing it, or anything that it owns, needs the store's lock. */
bool object_needs_lock(const struct object *object);

/*
 * The object of a handle ([MS-OXCROPS] 3.2.5.4): EC_NULL_OBJECT for a value
 * that was never given out, EC_INVALID_OBJECT for a released one,
 * EC_ACCESS_DENIED for one of another logon.
 */
enum ec object_find(const struct session *session, uint8_t logon_id,
		    uint32_t handle, struct object **out);

#endif
