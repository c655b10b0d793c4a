/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The content of a message: mixed (alternative (text, related (HTML, inline
 * images)), attachments), with each level only where it is needed.
 */
#include <string.h>

#include "base/guid.h"
#include "mime/internal.h"

/* What an attachment is in the tree that is written. */
enum role { ROLE_KEPT_ROOT, ROLE_ALTERNATIVE, ROLE_INLINE, ROLE_PLAIN,
	    ROLES };

struct content {
	const struct mime_message *message;
	const char *text;
	struct bin html;
	uint32_t count[ROLES];
};

static enum role role_of(const struct content *c,
			 const struct mime_attachment *a)
{
	int kept = mime_kept(&a->props);
	bool rendered = (prop_i32(&a->props, PID_TAG_ATTACH_FLAGS, 0) & 4) ||
		prop_bool(&a->props, PID_TAG_ATTACHMENT_HIDDEN);

	if (kept == MIME_KEPT_ROOT)
		return ROLE_KEPT_ROOT;
	if (kept == MIME_KEPT_ALTERNATIVE)
		return ROLE_ALTERNATIVE;
	if (kept == 0 && c->html.data != NULL && rendered &&
	    a->embedded == NULL &&
	    (prop_str(&a->props, PID_TAG_ATTACH_CONTENT_ID) != NULL ||
	     prop_str(&a->props, PID_TAG_ATTACH_CONTENT_LOCATION) != NULL))
		return ROLE_INLINE;
	return ROLE_PLAIN;
}

static const char *boundary_new(char text[static GUID_TEXT_SIZE])
{
	struct guid g = guid_new();

	guid_format(&g, text);
	return text;
}

static void open_multipart(struct writer *w, const char *kind,
			   const char *boundary)
{
	write_line(w, "Content-Type: multipart/%s; boundary=\"%s\"", kind,
		   boundary);
	write_line(w, "%s", "");
}

/* The line end before a delimiter is its own: entities end where they end. */
static void delimiter(struct writer *w, const char *boundary)
{
	write_line(w, "%s--%s", w->newline, boundary);
}

static void close_multipart(struct writer *w, const char *boundary)
{
	write_line(w, "%s--%s--", w->newline, boundary);
}

/* ---- encodings ---- */

static bool is_seven_bit(const uint8_t *data, size_t len)
{
	size_t line = 0;

	for (size_t i = 0; i < len; i++) {
		if (data[i] >= 0x80 || data[i] == 0 ||
		    (data[i] == '\r' && (i + 1 == len || data[i + 1] != '\n')))
			return false;
		line = data[i] == '\n' ? 0 : line + 1;
		if (line > 998)
			return false;
	}
	return true;
}

/* Lines that end with LF or CRLF, written with ours. */
static void put_text(struct writer *w, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; ) {
		const uint8_t *lf = memchr(data + i, '\n', len - i);
		size_t n = lf != NULL ? (size_t)(lf - data) - i : len - i;
		size_t bare = n > 0 && lf != NULL && data[i + n - 1] == '\r' ?
			n - 1 : n;

		buf_add(w->out, data + i, bare);
		if (lf != NULL)
			buf_puts(w->out, w->newline);
		i += n + (lf != NULL);
	}
}

static void put_encoded(struct writer *w, GMimeContentEncoding how,
			const uint8_t *data, size_t len)
{
	GMimeEncoding state;
	size_t size;
	char *out;

	g_mime_encoding_init_encode(&state, how);
	size = g_mime_encoding_outlen(&state, len) + 8;
	out = xmalloc(size);
	size = g_mime_encoding_flush(&state, (const char *)data, len, out);
	if (how == GMIME_CONTENT_ENCODING_BASE64 && size > 0 &&
	    out[size - 1] == '\n')
		size--;
	put_text(w, (const uint8_t *)out, size);
	free(out);
}

/* Quoted-printable wants lines, so CRLF is made LF before it. */
static void put_quoted(struct writer *w, const uint8_t *data, size_t len)
{
	uint8_t *lf = xmalloc(len);
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		if (data[i] != '\r' || i + 1 == len || data[i + 1] != '\n')
			lf[n++] = data[i];
	put_encoded(w, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, lf, n);
	free(lf);
}

/* The encoding that text needs, by what is in it (RFC 2045 6). */
static GMimeContentEncoding text_encoding(const uint8_t *data, size_t len)
{
	size_t high = 0;

	if (is_seven_bit(data, len))
		return GMIME_CONTENT_ENCODING_7BIT;
	for (size_t i = 0; i < len; i++)
		high += data[i] >= 0x80;
	return high > len / 4 ? GMIME_CONTENT_ENCODING_BASE64 :
		GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
}

static void write_text(struct writer *w, const char *sub, const char *charset,
		       const uint8_t *data, size_t len)
{
	GMimeContentEncoding how = text_encoding(data, len);

	write_line(w, "Content-Type: text/%s; charset=%s", sub, charset);
	write_line(w, "Content-Transfer-Encoding: %s",
		   g_mime_content_encoding_to_string(how));
	write_line(w, "%s", "");
	if (how == GMIME_CONTENT_ENCODING_7BIT)
		put_text(w, data, len);
	else if (how == GMIME_CONTENT_ENCODING_BASE64)
		put_encoded(w, how, data, len);
	else
		put_quoted(w, data, len);
}

static void write_plain(struct writer *w, const struct content *c)
{
	const char *text = c->text != NULL ? c->text : "";

	write_text(w, "plain", "utf-8", (const uint8_t *)text, strlen(text));
}

static void write_html(struct writer *w, const struct content *c)
{
	const char *charset = charset_of_codepage(prop_i32(&c->message->props,
		PID_TAG_INTERNET_CODEPAGE, 65001));

	write_text(w, "html", charset != NULL ? charset : "utf-8",
		   c->html.data, c->html.len);
}

/* ---- attachments ---- */

/* A type is taken over only if it is a plain "type/subtype" of a leaf. */
static GMimePart *part_of_type(const char *tag)
{
	GMimePart *part = g_mime_part_new_with_type("application",
						    "octet-stream");
	GMimeContentType *type;

	if (tag == NULL || strchr(tag, '/') == NULL)
		return part;
	type = g_mime_content_type_parse(NULL, tag);
	if (type != NULL && !g_mime_content_type_is_type(type, "multipart",
							 "*") &&
	    !g_mime_content_type_is_type(type, "message", "*"))
		g_mime_object_set_content_type(GMIME_OBJECT(part), type);
	if (type != NULL)
		g_object_unref(type);
	return part;
}

static void put_part_header(struct writer *w, GMimePart *part)
{
	char *text = g_mime_header_list_to_string(
		g_mime_object_get_header_list(GMIME_OBJECT(part)), NULL);

	put_text(w, (const uint8_t *)text, strlen(text));
	g_free(text);
}

static const char *file_name(const struct prop_values *v)
{
	const char *name = prop_str(v, PID_TAG_ATTACH_LONG_FILENAME);

	if (name == NULL || *name == '\0')
		name = prop_str(v, PID_TAG_ATTACH_FILENAME);
	if (name == NULL || *name == '\0')
		name = prop_str(v, PID_TAG_DISPLAY_NAME);
	return name;
}

static void write_file(struct writer *w, const struct prop_values *v,
		       const char *disposition)
{
	struct bin data = prop_bin(v, PID_TAG_ATTACH_DATA_BINARY);
	const char *id = prop_str(v, PID_TAG_ATTACH_CONTENT_ID);
	const char *at = prop_str(v, PID_TAG_ATTACH_CONTENT_LOCATION);
	const char *name = file_name(v);
	GMimePart *part = part_of_type(prop_str(v, PID_TAG_ATTACH_MIME_TAG));

	g_mime_object_set_disposition(GMIME_OBJECT(part), disposition);
	if (name != NULL && *name != '\0')
		g_mime_part_set_filename(part, name);
	if (id != NULL && *id != '\0')
		g_mime_object_set_content_id(GMIME_OBJECT(part), id);
	if (at != NULL && *at != '\0')
		g_mime_part_set_content_location(part, at);
	g_mime_part_set_content_encoding(part,
					 GMIME_CONTENT_ENCODING_BASE64);
	put_part_header(w, part);
	g_object_unref(part);
	write_line(w, "%s", "");
	put_encoded(w, GMIME_CONTENT_ENCODING_BASE64, data.data, data.len);
}

static bool write_attachment(struct writer *w,
			     const struct mime_attachment *a,
			     const char *disposition)
{
	struct bin data;
	bool ok;

	if (a->embedded != NULL) {
		write_line(w, "Content-Type: message/rfc822");
		write_line(w, "%s", "");
		w->depth++;
		ok = write_message(w, a->embedded);
		w->depth--;
		return ok;
	}
	if (mime_kept(&a->props) != 0) {
		data = prop_bin(&a->props, PID_TAG_ATTACH_DATA_BINARY);
		buf_add(w->out, data.data, data.len);
	} else {
		write_file(w, &a->props, disposition);
	}
	return true;
}

static bool write_role(struct writer *w, const struct content *c,
		       enum role role, const char *boundary)
{
	const struct mime_message *m = c->message;

	for (uint32_t i = 0; i < m->n_attachments; i++) {
		if (role_of(c, &m->attachments[i]) != role)
			continue;
		delimiter(w, boundary);
		if (!write_attachment(w, &m->attachments[i],
				      role == ROLE_INLINE ? "inline" :
				      "attachment"))
			return false;
	}
	return true;
}

/* ---- the tree ---- */

static bool write_related(struct writer *w, const struct content *c)
{
	char boundary[GUID_TEXT_SIZE];

	if (c->count[ROLE_INLINE] == 0) {
		write_html(w, c);
		return true;
	}
	open_multipart(w, "related", boundary_new(boundary));
	delimiter(w, boundary);
	write_html(w, c);
	if (!write_role(w, c, ROLE_INLINE, boundary))
		return false;
	close_multipart(w, boundary);
	return true;
}

static bool write_bodies(struct writer *w, const struct content *c)
{
	char boundary[GUID_TEXT_SIZE];
	bool html = c->html.data != NULL;

	if (c->count[ROLE_ALTERNATIVE] == 0 && !(html && c->text != NULL)) {
		if (html)
			return write_related(w, c);
		write_plain(w, c);
		return true;
	}
	open_multipart(w, "alternative", boundary_new(boundary));
	if (c->text != NULL) {
		delimiter(w, boundary);
		write_plain(w, c);
	}
	if (html) {
		delimiter(w, boundary);
		if (!write_related(w, c))
			return false;
	}
	if (!write_role(w, c, ROLE_ALTERNATIVE, boundary))
		return false;
	close_multipart(w, boundary);
	return true;
}

static bool write_kept_root(struct writer *w, const struct content *c)
{
	const struct mime_message *m = c->message;

	for (uint32_t i = 0; i < m->n_attachments; i++) {
		struct bin data = prop_bin(&m->attachments[i].props,
					   PID_TAG_ATTACH_DATA_BINARY);

		if (role_of(c, &m->attachments[i]) == ROLE_KEPT_ROOT) {
			buf_add(w->out, data.data, data.len);
			return true;
		}
	}
	return false;
}

bool write_content(struct writer *w, const struct mime_message *message)
{
	struct content c = {
		.message = message,
		.text = prop_str(&message->props, PID_TAG_BODY),
		.html = prop_bin(&message->props, PID_TAG_HTML),
	};
	char boundary[GUID_TEXT_SIZE];

	for (uint32_t i = 0; i < message->n_attachments; i++)
		c.count[role_of(&c, &message->attachments[i])]++;
	if (c.count[ROLE_KEPT_ROOT] > 0)
		return write_kept_root(w, &c);
	if (c.count[ROLE_PLAIN] == 0)
		return write_bodies(w, &c);
	open_multipart(w, "mixed", boundary_new(boundary));
	delimiter(w, boundary);
	if (!write_bodies(w, &c) ||
	    !write_role(w, &c, ROLE_PLAIN, boundary))
		return false;
	close_multipart(w, boundary);
	return true;
}
