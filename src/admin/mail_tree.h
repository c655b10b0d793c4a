/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message as an item of the administration socket: its properties,
 * recipients and attachments, embedded messages included, as one run of bytes.
 * The command reads and writes MIME, and the daemon never sees it: so what
 * parses mail from anywhere runs apart from the mailboxes, and its libraries
 * aren't in the daemon's memory.
 *
 * message:    list of properties; uint32 count, that many recipients (lists);
 *             uint32 count, that many attachments
 * attachment: list; uint8 0, or 1 and the embedded message
 * list:       uint32 count, that many properties
 * property:   uint32 tag, uint32 length, that many bytes: PtypString as UTF-8
 *             and a NUL, PtypBinary as it is, other types as [MS-OXCDATA]
 *             2.11.2.1 has them with 32-bit counts
 */
#ifndef ADMIN_MAIL_TREE_H
#define ADMIN_MAIL_TREE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "mime/message.h"

/* How deep messages may lie in each other: more than a mailbox or MIME has. */
enum { MAIL_TREE_DEPTH_MAX = 64 };

/*
 * Append a message.  False and err if it is nested too deep or a value is
 * longer than 4 GiB; out is then cut back to where it was.
 */
bool mail_tree_encode(const struct mime_message *message, struct buf *out,
		      struct err *err);

/*
 * Read one.  It lies in arena and borrows from data, which must live as long.
 * False and err if the bytes are no such message, or bytes are left over.
 */
bool mail_tree_decode(const void *data, size_t len, struct arena *arena,
		      struct mime_message **out, struct err *err);

#endif
