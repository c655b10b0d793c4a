/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <string.h>

#include "mime/internal.h"

void write_line(struct writer *w, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	buf_vprintf(w->out, format, ap);
	va_end(ap);
	buf_puts(w->out, w->newline);
}

bool write_message(struct writer *w, const struct mime_message *message)
{
	if (w->depth > MIME_DEPTH_MAX)
		return err_set(w->err, EC_TOO_COMPLEX,
			       "cannot export: messages are nested deeper "
			       "than %d", MIME_DEPTH_MAX);
	write_headers(w, message);
	write_line(w, "MIME-Version: 1.0");
	return write_content(w, message);
}

/* What was kept sets the line ends of all that is written around it. */
static const char *newline_of(const struct mime_message *message)
{
	for (uint32_t i = 0; i < message->n_attachments; i++) {
		const struct mime_attachment *a = &message->attachments[i];
		struct bin data;
		const uint8_t *lf;

		if (mime_kept(&a->props) == 0)
			continue;
		data = prop_bin(&a->props, PID_TAG_ATTACH_DATA_BINARY);
		lf = data.len > 0 ? memchr(data.data, '\n', data.len) : NULL;
		if (lf != NULL && (lf == data.data || lf[-1] != '\r'))
			return "\n";
	}
	return "\r\n";
}

bool mime_write(const struct mime_message *message, struct buf *out,
		struct err *err)
{
	struct writer w = { .out = out, .newline = newline_of(message),
			    .err = err };
	size_t mark = out->len;

	mime_init();
	if (write_message(&w, message))
		return true;
	out->len = mark;
	return false;
}
