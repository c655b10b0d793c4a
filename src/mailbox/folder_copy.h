/* SPDX-License-Identifier: Apache-2.0 */
/* What RopCopyTo does with the content of folders ([MS-OXCPRPT] 3.2.5.8). */
#ifndef MAILBOX_FOLDER_COPY_H
#define MAILBOX_FOLDER_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ec.h"
#include "mailbox/session.h"

struct folder_copy_what {
	bool subfolders, messages, associated;
};

/*
 * Copy what is in the folder src into dst, of the mailbox whose lock is held.
 * EC_FOLDER_CYCLE (dst is src or below it), EC_DUPLICATE_NAME (a subfolder of
 * that name is there), EC_PARTIAL_COMPLETION, what the store says.
 */
enum ec folder_copy_contents(struct rop_call *call, uint64_t src, uint64_t dst,
			     const struct folder_copy_what *what);

/*
 * The same into the folder dst of another mailbox.  No lock may be held; those
 * of both are taken one at a time, and none is held in the end.
 */
enum ec folder_copy_across(struct rop_call *call, uint64_t src,
			   struct store *to, uint64_t dst,
			   const struct folder_copy_what *what);

#endif
