/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One form of a message's body from another ([MS-OXCMSG] 3.2.4.1): plain text
 * from HTML and HTML from plain text, as far as readers need it.
 */
#ifndef STORE_BODY_H
#define STORE_BODY_H

#include "store/message_impl.h"

/*
 * PidTagBody or PidTagHtml (PidTagBodyHtml) of a message that has only the
 * other.  EC_NOT_FOUND; EC_NOT_ENOUGH_MEMORY above PROP_GET_MAX, where a
 * stream is wanted: see body_stream.
 */
enum ec body_convert(struct message *m, uint32_t tag, struct arena *a,
		     struct prop_value *out);

/* The same for a stream: its bytes as a large value, of any size. */
enum ec body_stream(struct message *m, uint32_t tag, struct big **out);

/* The text of HTML, UTF-8; and the reverse.  In a. */
char *body_html_to_text(const char *html, size_t len, struct arena *a);
char *body_text_to_html(const char *text, size_t len, struct arena *a);

#endif
