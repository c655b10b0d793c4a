/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stream objects: a stream of the store behind a handle, or the text of a
 * PtypString8 property in the code page of its object ([MS-OXCPRPT] 2.2.14).
 *
 * Text in 8 bits is kept in memory while it is open, since the store has it
 * in Unicode, where positions are others; clients of today don't ask for it.
 */
#ifndef MAILBOX_STREAM_OBJECT_H
#define MAILBOX_STREAM_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ec.h"
#include "mailbox/session.h"

/* Bytes that clients may write and seek to ([MS-OXCPRPT] 2.2.20.1). */
#define STREAM_SIZE_MAX (UINT64_C(1) << 31)

/* OpenModeFlags: [MS-OXCPRPT] 2.2.14.1 */
enum { OPEN_STREAM_READ_ONLY = 0, OPEN_STREAM_READ_WRITE = 1,
       OPEN_STREAM_CREATE = 2, OPEN_STREAM_BEST_ACCESS = 3 };

struct stream_object;

/*
 * Open a property of owner as the output object of the running ROP.  *size:
 * bytes in it.  EC_NOT_SUPPORTED (object or type), EC_NOT_FOUND,
 * EC_ACCESS_DENIED, EC_TOO_BIG (text in 8 bits), EC_MAX_OBJS_EXCEEDED.
 */
enum ec stream_object_open(struct rop_call *call, struct object *owner,
			   uint32_t tag, unsigned mode, uint64_t *size);

/* A second stream on the same bytes; the output object of the running ROP. */
enum ec stream_object_clone(struct rop_call *call, struct object *object);

/* The operations of store/stream.h, on either kind. */
uint64_t stream_object_size(const struct stream_object *s);
uint64_t stream_object_position(const struct stream_object *s);
bool stream_object_writable(const struct stream_object *s);
enum ec stream_object_read(struct stream_object *s, void *data, size_t len,
			   size_t *got);
enum ec stream_object_write(struct stream_object *s, const void *data,
			    size_t len, size_t *put);
enum ec stream_object_seek(struct stream_object *s, uint64_t position);
enum ec stream_object_set_size(struct stream_object *s, uint64_t size);
enum ec stream_object_commit(struct stream_object *s);

/* Drop what was written since the last commit. */
void stream_object_revert(struct stream_object *s);

/*
 * Whether locks allow to read or write len bytes at offset; EC_ACCESS_DENIED,
 * or EC_RPC_FAILED when a lock of this session has expired, and what was
 * written is dropped ([MS-OXCPRPT] 3.2.5.21).
 */
enum ec stream_object_check(struct object *object, uint64_t offset,
			    uint64_t len, bool write);

/* RopLockRegionStream and RopUnlockRegionStream. */
enum ec stream_object_lock(struct object *object, uint64_t offset,
			   uint64_t len, bool exclusive);
void stream_object_unlock(struct object *object, uint64_t offset,
			  uint64_t len);

/*
 * Give to a message or attachment what was written to its streams, so that
 * other ROPs see it ([MS-OXCPRPT] 3.2.5.13).  Streams of folders wait for
 * their commit or release.
 */
enum ec stream_objects_flush(struct object *owner);

#endif
