/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams on properties ([MS-OXCPRPT] 2.2.14 to 2.2.23, 3.2.5.11 …).
 *
 * A stream reads and writes the bytes of a PtypBinary, PtypString or
 * PtypObject value: binary as it is, strings as UTF-16LE without a
 * terminating zero.  A large value is read and written in pieces.  What is
 * written goes into the object at stream_commit, or when the stream is
 * closed; of a folder's property that is also when it is stored.
 *
 * All functions need the lock of the mailbox.  Close a stream before the
 * object that it was opened on.
 */
#ifndef STORE_STREAM_H
#define STORE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ec.h"
#include "store/message.h"

struct stream;

/* [MS-OXCPRPT] 2.2.14.1, OpenModeFlags */
enum stream_mode { STREAM_READ_ONLY = 0, STREAM_READ_WRITE = 1,
		   STREAM_CREATE = 2 };   /* CREATE: emptied, or made */

/*
 * EC_NOT_FOUND: no such property, and not CREATE.  EC_NOT_SUPPORTED: not of a
 * streamable type.  EC_ACCESS_DENIED: object or property is read-only.
 */
enum ec message_open_stream(struct message *m, uint32_t tag,
			    enum stream_mode mode, struct stream **out);
enum ec attachment_open_stream(struct attachment *at, uint32_t tag,
			       enum stream_mode mode, struct stream **out);
enum ec folder_open_stream(struct store *store, uint64_t folder_id,
			   uint32_t tag, enum stream_mode mode,
			   struct stream **out);

/*
 * Commits what was written, and frees.  NULL is allowed.  The code is that
 * of the commit.
 */
enum ec stream_close(struct stream *s);

/* Give what was written so far to the object. */
enum ec stream_commit(struct stream *s);

/* Drop what was written since the last commit. */
void stream_revert(struct stream *s);

uint64_t stream_size(const struct stream *s);
uint64_t stream_position(const struct stream *s);
bool stream_writable(const struct stream *s);
uint32_t stream_tag(const struct stream *s);

/* Read at the position and move it; *got < len only at the end. */
enum ec stream_read(struct stream *s, void *data, size_t len, size_t *got);

/*
 * Write at the position and move it.  EC_STREAM_ACCESS_DENIED (read-only),
 * EC_TOO_BIG above 2^40 bytes, with *put bytes written.
 */
enum ec stream_write(struct stream *s, const void *data, size_t len,
		     size_t *put);

/* Past the end is allowed up to the limit of sizes; before 0 is not. */
enum stream_origin { STREAM_START, STREAM_CURRENT, STREAM_END };
enum ec stream_seek(struct stream *s, enum stream_origin origin,
		    int64_t offset, uint64_t *position);

enum ec stream_set_size(struct stream *s, uint64_t size);

/*
 * Copy up to len bytes from position to position ([MS-OXCPRPT] 3.2.5.17);
 * may be one and the same stream.  The streams' stores are both locked.
 */
enum ec stream_copy(struct stream *src, struct stream *dst, uint64_t len,
		    uint64_t *read, uint64_t *written);

/*
 * A second stream on the same bytes, with a position of its own that starts
 * at the present one ([MS-OXCPRPT] 3.2.5.18); written bytes are shared.
 */
enum ec stream_clone(struct stream *s, struct stream **out);

#endif
