/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "mailbox/object.h"
#include "mailbox/notify.h"
#include "mailbox/service.h"
#include "mailbox/session.h"

enum {
	/* The last n: (255 << 24 | 0xffffff) is never a handle. */
	SLOTS_MAX = 0xffffff,
	SLOTS_FIRST = 16,
	SLOT_NONE = 0xffffff,
	/* Numbers come into use again when this many are free. */
	REUSE_AFTER = 64,
	OBJECTS_CHUNK = 4,
};

/* A slot holds an object's address, or the next free slot and a low bit. */
static bool slot_is_free(uintptr_t slot)
{
	return slot & 1;
}

static uintptr_t slot_free(uint32_t next)
{
	return (uintptr_t)next << 1 | 1;
}

static unsigned kind_index(enum object_kind kind)
{
	return (unsigned)__builtin_ctz((unsigned)kind);
}

static uint32_t kind_limit(const struct mailbox_limits *limits,
			   enum object_kind kind)
{
	switch (kind) {
	case OBJECT_FOLDER:
		return limits->folders;
	case OBJECT_MESSAGE:
		return limits->messages;
	case OBJECT_ATTACHMENT:
		return limits->attachments;
	case OBJECT_STREAM:
		return limits->streams;
	case OBJECT_TABLE:
		return limits->tables;
	case OBJECT_SUBSCRIPTION:
		return limits->subscriptions;
	case OBJECT_LOGON:
		break;
	}
	return 256;                     /* LogonIds */
}

uint32_t object_limit(const struct session *session, enum object_kind kind)
{
	return kind_limit(service_limits(session->svc), kind);
}

/* Where objects of a kind are counted. */
static uint32_t *counter(struct session *session, enum object_kind kind,
			 enum object_view view)
{
	return kind == OBJECT_TABLE ? &session->n_views[view] :
		&session->n_objects[kind_index(kind)];
}

uint32_t object_count(const struct session *session, enum object_kind kind,
		      enum object_view view)
{
	return *counter((struct session *)session, kind, view);
}

/* The number of a new object; false if all 2^24 are in use. */
static bool slot_take(struct logon *logon, uint32_t *out)
{
	uint32_t n;

	if (logon->n_free > REUSE_AFTER || logon->n_slots == SLOTS_MAX) {
		if (logon->n_free == 0)
			return false;
		n = logon->free_first;
		logon->free_first = (uint32_t)(logon->slots[n] >> 1);
		logon->n_free--;
		*out = n;
		return true;
	}
	if (logon->n_slots == logon->cap_slots) {
		logon->cap_slots = logon->cap_slots == 0 ? SLOTS_FIRST :
			logon->cap_slots * 2;
		logon->slots = xrealloc(logon->slots, logon->cap_slots *
					sizeof logon->slots[0]);
	}
	*out = logon->n_slots++;
	return true;
}

static void slot_give(struct logon *logon, uint32_t n)
{
	if (logon->n_free == 0)
		logon->free_first = n;
	else
		logon->slots[logon->free_last] = slot_free(n);
	logon->slots[n] = slot_free(SLOT_NONE);
	logon->free_last = n;
	logon->n_free++;
}

/* Objects are never given back to the arena, but used again. */
static struct object *object_alloc(struct session *session)
{
	struct object *chunk, *o = session->free_objects;

	if (o == NULL) {
		chunk = arena_array(session->arena, OBJECTS_CHUNK,
				    sizeof *chunk);
		for (int i = 0; i < OBJECTS_CHUNK; i++) {
			chunk[i].next = o;
			o = &chunk[i];
		}
	}
	session->free_objects = o->next;
	memset(o, 0, sizeof *o);
	return o;
}

static void own(struct object *owner, struct object *o)
{
	o->owner = owner;
	if (owner == NULL)
		return;
	o->next = owner->children;
	if (o->next != NULL)
		o->next->prev = o;
	owner->children = o;
}

static void disown(struct object *o)
{
	if (o->next != NULL)
		o->next->prev = o->prev;
	if (o->prev != NULL)
		o->prev->next = o->next;
	else if (o->owner != NULL)
		o->owner->children = o->next;
	o->next = o->prev = NULL;
}

static enum ec new_counted(struct logon *logon, enum object_kind kind,
			   enum object_view view, struct object *owner,
			   struct object **out)
{
	struct session *session = logon->session;
	uint32_t *count = counter(session, kind, view);
	struct object *o;
	uint32_t n;

	if (*count >= object_limit(session, kind) || !slot_take(logon, &n)) {
		session->refused = kind;
		session->refused_view = view;
		return EC_MAX_OBJS_EXCEEDED;
	}
	o = object_alloc(session);
	o->kind = kind;
	o->view = view;
	o->logon = logon;
	o->handle = (uint32_t)logon->logon_id << 24 | n;
	own(owner != NULL ? owner : logon->object, o);
	logon->slots[n] = (uintptr_t)o;
	(*count)++;
	*out = o;
	return EC_SUCCESS;
}

enum ec object_new(struct logon *logon, enum object_kind kind,
		   struct object *owner, struct object **out)
{
	return new_counted(logon, kind, VIEW_OTHER, owner, out);
}

enum ec object_new_table(struct logon *logon, enum object_view view,
			 struct object *owner, struct object **out)
{
	return new_counted(logon, OBJECT_TABLE, view, owner, out);
}

void object_release(struct object *o)
{
	struct logon *logon = o->logon;
	struct session *session = logon->session;

	while (o->children != NULL)
		object_release(o->children);
	if (o->kind == OBJECT_TABLE || o->kind == OBJECT_SUBSCRIPTION)
		notify_forget(session, o->handle);
	if (o->close != NULL)
		o->close(o);
	disown(o);
	slot_give(logon, o->handle & 0xffffff);
	(*counter(session, o->kind, o->view))--;
	o->next = session->free_objects;
	session->free_objects = o;
}

bool object_needs_lock(const struct object *o)
{
	if (o->close != NULL && o->close_locked)
		return true;
	for (const struct object *c = o->children; c != NULL; c = c->next)
		if (object_needs_lock(c))
			return true;
	return false;
}

enum ec object_find(const struct session *session, uint8_t logon_id,
		    uint32_t handle, struct object **out)
{
	const struct logon *logon = session_logon(session,
						  (uint8_t)(handle >> 24));
	uint32_t n = handle & 0xffffff;

	/* [MS-OXCROPS] 3.2.5.4 */
	if (logon == NULL || n >= logon->n_slots)
		return EC_NULL_OBJECT;
	if (slot_is_free(logon->slots[n]))
		return EC_INVALID_OBJECT;
	if (logon->logon_id != logon_id)
		return EC_ACCESS_DENIED;
	*out = (struct object *)logon->slots[n];
	return EC_SUCCESS;
}
