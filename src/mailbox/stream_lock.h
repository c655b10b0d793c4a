/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locked regions of streams, over all sessions of the service
 * ([MS-OXCPRPT] 3.2.5.21, 3.2.5.22).  All functions may be called from any
 * thread.
 */
#ifndef MAILBOX_STREAM_LOCK_H
#define MAILBOX_STREAM_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ec.h"

struct stream_locks;

struct stream_locks *stream_locks_new(void);
void stream_locks_free(struct stream_locks *locks);   /* NULL is allowed */

/* Which property of which object, for all who have it open. */
struct stream_key {
	const void *store;
	uint64_t object;          /* the folder or message */
	uint64_t path;            /* of an attachment: its numbers, hashed */
	uint32_t tag;
};

/* Who asks: a session, through a stream of its own. */
struct stream_owner {
	const void *session, *stream;
};

/* A lock is let go when its session was idle for so long. */
enum { STREAM_LOCK_IDLE_MS = 30000 };

/* Whether nothing at all is locked: the usual case, told without waiting. */
bool stream_locks_none(const struct stream_locks *locks);

/* The session has done something (clock_ms). */
void stream_locks_touch(struct stream_locks *locks, const void *session,
			uint64_t now_ms);

/*
 * Lock size bytes from offset on; exclusive: nobody else may read them
 * either.  EC_ACCESS_DENIED if another session has some of them locked, and
 * was not idle; else that lock expires.
 */
enum ec stream_locks_add(struct stream_locks *locks,
			 const struct stream_key *key,
			 const struct stream_owner *owner, uint64_t offset,
			 uint64_t size, bool exclusive, uint64_t now_ms);

/* Remove the session's locks that have something of the region. */
void stream_locks_remove(struct stream_locks *locks,
			 const struct stream_key *key,
			 const struct stream_owner *owner, uint64_t offset,
			 uint64_t size);

/* Remove all that was locked through a stream, which is closed. */
void stream_locks_close(struct stream_locks *locks, const void *stream);

/*
 * Whether the region may be read or written: EC_ACCESS_DENIED if another
 * session's lock forbids it; EC_RPC_FAILED if a lock of this session has
 * expired: what it wrote is to be dropped, and the lock is forgotten.
 */
enum ec stream_locks_check(struct stream_locks *locks,
			   const struct stream_key *key,
			   const struct stream_owner *owner, uint64_t offset,
			   uint64_t size, bool write);

#endif
