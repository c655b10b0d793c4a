/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 5322 messages as MAPI properties, and back ([MS-OXCMAIL]).
 *
 * Converted are headers, plain and HTML bodies, attachments, inline images
 * and nested messages.  What has no full mapping yet (multipart/signed and
 * encrypted, reports, calendar parts) is kept: its bytes, headers included,
 * are an attachment whose PidTagAttachTag says MIME, and mime_write gives them
 * back as they were.
 */
#ifndef MIME_MESSAGE_H
#define MIME_MESSAGE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "mapi/prop.h"

/* How deep messages and multiparts may be nested; what is deeper is text. */
enum { MIME_DEPTH_MAX = 32 };

/* PidTagAttachMethod ([MS-OXCMSG] 2.2.2.9) */
enum { MIME_ATTACH_BY_VALUE = 1, MIME_ATTACH_EMBEDDED = 5 };

/* PidTagRecipientType ([MS-OXOMSG] 2.2.3.1) */
enum { MIME_RECIPIENT_TO = 1, MIME_RECIPIENT_CC = 2, MIME_RECIPIENT_BCC = 3 };

/* PidTagAttachMimeSequence of a kept entity: what it is in the message. */
enum { MIME_KEPT_ROOT = 1,        /* all of the content */
       MIME_KEPT_ALTERNATIVE = 2, /* one more form of the body */
       MIME_KEPT_PART = 3 };      /* a part among the attachments */

struct mime_message;

struct mime_attachment {
	struct prop_values props; /* data in PidTagAttachDataBinary */
	struct mime_message *embedded;    /* else NULL */
};

struct mime_message {
	struct prop_values props;
	uint32_t n_recipients;
	struct prop_values *recipients;
	uint32_t n_attachments;
	struct mime_attachment *attachments;
};

/*
 * Read a message.  Whatever data is, a message comes out: broken MIME is
 * read as far as it goes.  Everything in it is allocated in arena or borrows
 * from data, so data must live as long.
 */
struct mime_message *mime_parse(struct arena *arena, const uint8_t *data,
				size_t len);

/*
 * Append the message in RFC 5322 form.  Lines end with CRLF, or as they do in
 * a part that was kept.  False and err if a property has a type that cannot
 * be written; out is then cut back to where it was.
 */
bool mime_write(const struct mime_message *message, struct buf *out,
		struct err *err);

/* Whether an attachment is a kept entity, and which (MIME_KEPT_*); else 0. */
int mime_kept(const struct prop_values *attachment);

/* [MS-OXCMSG] 2.2.2.15: the OID in PidTagAttachTag that says "MIME". */
extern const uint8_t mime_attach_tag[9];

#endif
