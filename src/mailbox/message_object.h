/* SPDX-License-Identifier: Apache-2.0 */
/* Message objects: what the handlers of message ROPs have in common. */
#ifndef MAILBOX_MESSAGE_OBJECT_H
#define MAILBOX_MESSAGE_OBJECT_H

#include "base/ec.h"
#include "mailbox/session.h"
#include "mapi/rop.h"

struct message;                   /* store/message.h */

/* A flag of struct object: an attachment saved with KeepOpenReadOnly. */
enum { OBJECT_READ_ONLY = 0x01 };

/*
 * The code page of a CodePageId field ([MS-OXCMSG] 2.2.3.1.1): 0 for that of
 * the session.  EC_UNKNOWN_CODE_PAGE.
 */
enum ec message_code_page(uint16_t code_page_id, uint32_t *out);

/*
 * Put an open message behind the output handle of the running ROP.  It takes
 * the message over, and closes it when it fails.  owner: the attachment of an
 * embedded message, else NULL.
 */
enum ec message_object_open(struct rop_call *call, struct message *message,
			    struct object *owner, uint32_t code_page);

/*
 * The columns that the client expects recipients' rows to have: those it was
 * last told, or the present ones.  In the call's arena, or the object's.
 */
enum ec message_object_columns(struct rop_call *call,
			       const struct object *object,
			       struct prop_tags *out);

/* Keep the columns that the client is being told. */
void message_object_set_columns(struct object *object,
				const struct prop_tags *columns);

/*
 * Put down who changes a message, and with created who made it and in which
 * language ([MS-OXCMSG] 3.2.5.2).
 */
enum ec message_stamp(struct rop_call *call, struct message *message,
		      bool created);

/* What opening a message and RopReloadCachedInformation answer. */
struct message_summary {
	bool has_named_properties;
	const char *subject_prefix, *normalized_subject;  /* NULL: none */
	uint16_t recipient_count;
	struct prop_tags recipient_columns;
	struct rop_recipients recipient_rows;
};

/*
 * Of the message as it is in the session, with as many recipients as fit into
 * the answer ([MS-OXCMSG] 3.2.5.1).  code_page 0: the session's.  All in the
 * call's arena.
 */
enum ec message_summary(struct rop_call *call, struct message *message,
			uint32_t code_page, struct message_summary *out);

#endif
