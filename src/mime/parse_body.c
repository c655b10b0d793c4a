/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a message: bodies, attachments, what is kept as it is. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "mime/internal.h"

/* Where in the tree a part stands. */
struct place {
	struct span entity;       /* its bytes; at NULL: not found */
	bool alternative, related, quiet; /* quiet: look for a body only */
	int depth;
};

static void walk(struct parse *p, GMimeObject *object, struct place place);

/* ---- attachments ---- */

struct mime_attachment *parse_attachment(struct parse *p,
					 struct prop_list *props)
{
	struct mime_message *m = p->message;
	struct mime_attachment *at;

	if (m->n_attachments == p->cap_attachments) {
		uint32_t cap = p->cap_attachments > 0 ?
			2 * p->cap_attachments : 4;

		at = arena_array(p->arena, cap, sizeof *at);
		if (m->n_attachments > 0)
			memcpy(at, m->attachments,
			       m->n_attachments * sizeof *at);
		m->attachments = at;
		p->cap_attachments = cap;
	}
	at = &m->attachments[m->n_attachments++];
	at->props = prop_list_values(props);
	return at;
}

/* "Preisliste für 2026.xlsx" -> "PREISLIS.XLS": the name of old clients. */
static const char *short_name(struct arena *arena, const char *name)
{
	const char *dot = strrchr(name, '.');
	char *out = arena_zalloc(arena, 13), *to = out;

	for (const char *c = name; *c != '\0' && c != dot; c++)
		if (isalnum((unsigned char)*c) && to < out + 8)
			*to++ = (char)toupper((unsigned char)*c);
	if (to == out)
		*to++ = '_';
	if (dot == NULL || dot[1] == '\0')
		return out;
	*to++ = '.';
	for (size_t n = 0; n < 3 && isalnum((unsigned char)dot[n + 1]); n++)
		*to++ = (char)toupper((unsigned char)dot[n + 1]);
	return out;
}

static void add_names(struct parse *p, struct prop_list *props,
		      const char *name, const char *extension)
{
	const char *dot;

	if (name == NULL || *name == '\0')
		name = arena_printf(p->arena, "ATT%05u%s",
				    p->message->n_attachments + 1, extension);
	else
		name = arena_strdup(p->arena, name);
	dot = strrchr(name, '.');
	prop_add_str(props, PID_TAG_ATTACH_LONG_FILENAME, name);
	prop_add_str(props, PID_TAG_ATTACH_FILENAME,
		     short_name(p->arena, name));
	prop_add_str(props, PID_TAG_DISPLAY_NAME, name);
	prop_add_str(props, PID_TAG_ATTACH_EXTENSION, dot != NULL ? dot : "");
}

static void add_content_ids(struct parse *p, struct prop_list *props,
			    GMimeObject *object, bool related)
{
	const char *id = g_mime_object_get_content_id(object);
	const char *at = g_mime_object_get_header(object, "Content-Location");

	if (id != NULL)
		prop_add_str(props, PID_TAG_ATTACH_CONTENT_ID,
			     arena_strdup(p->arena, id));
	if (at != NULL)
		prop_add_str(props, PID_TAG_ATTACH_CONTENT_LOCATION,
			     arena_strdup(p->arena, at));
	/* Shown inside the HTML body: 4, attRenderedInBody. */
	if (related && (id != NULL || at != NULL)) {
		prop_add_i32(props, PID_TAG_ATTACH_FLAGS, 4);
		prop_add_bool(props, PID_TAG_ATTACHMENT_HIDDEN, true);
	}
	prop_add_i32(props, PID_TAG_RENDERING_POSITION, -1);
}

static void add_mime_tag(struct parse *p, struct prop_list *props,
			 GMimeObject *object)
{
	GMimeContentType *type = g_mime_object_get_content_type(object);
	char *text = g_mime_content_type_get_mime_type(type);

	prop_add_str(props, PID_TAG_ATTACH_MIME_TAG,
		     arena_strdup(p->arena, text));
	g_free(text);
}

/* The decoded content of a part, in the arena. */
static struct span part_content(struct arena *arena, GMimePart *part)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	struct span out = { (const uint8_t *)"", 0 };
	GMimeStream *mem;
	GByteArray *bytes;

	if (content == NULL)
		return out;
	mem = g_mime_stream_mem_new();
	g_mime_data_wrapper_write_to_stream(content, mem);
	bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(mem));
	out.at = arena_memdup(arena, bytes->data, bytes->len);
	out.len = bytes->len;
	g_object_unref(mem);
	return out;
}

static void attach_part(struct parse *p, GMimePart *part, bool related)
{
	GMimeObject *object = GMIME_OBJECT(part);
	GMimeContentType *type = g_mime_object_get_content_type(object);
	struct prop_list props = { .arena = p->arena };
	struct span data = part_content(p->arena, part);

	prop_add_i32(&props, PID_TAG_ATTACH_METHOD, MIME_ATTACH_BY_VALUE);
	add_names(p, &props, g_mime_part_get_filename(part),
		  g_mime_content_type_is_type(type, "text", "plain") ?
		  ".txt" : g_mime_content_type_is_type(type, "text", "html") ?
		  ".htm" : ".dat");
	add_mime_tag(p, &props, object);
	add_content_ids(p, &props, object, related);
	prop_add_bin(&props, PID_TAG_ATTACH_DATA_BINARY, data.at, data.len);
	parse_attachment(p, &props);
}

static void attach_message(struct parse *p, GMimeMessagePart *part,
			   struct span entity)
{
	GMimeMessage *message = g_mime_message_part_get_message(part);
	struct prop_list props = { .arena = p->arena };
	struct span headers, body = { NULL, 0 };
	struct mime_attachment *at;
	const char *subject;

	if (message == NULL)
		return;
	if (entity.at != NULL)
		entity_split(entity, &headers, &body);
	subject = g_mime_message_get_subject(message);
	prop_add_i32(&props, PID_TAG_ATTACH_METHOD, MIME_ATTACH_EMBEDDED);
	prop_add_str(&props, PID_TAG_DISPLAY_NAME, arena_strdup(p->arena,
		     subject != NULL ? subject : ""));
	prop_add_i32(&props, PID_TAG_RENDERING_POSITION, -1);
	prop_add_str(&props, PID_TAG_ATTACH_MIME_TAG, "message/rfc822");
	at = parse_attachment(p, &props);
	at->embedded = parse_message(p->arena, message, body, p->depth + 1);
	/* parse_message has added to arrays of its own only. */
}

/* ---- what is kept ---- */

/* The bytes of an entity that was not found: as GMime would write it. */
static struct span rewritten(struct arena *arena, GMimeObject *object)
{
	char *text = g_mime_object_to_string(object, NULL);
	size_t len = text != NULL ? strlen(text) : 0;
	struct span out = { arena_memdup(arena, text, len), len };

	g_free(text);
	return out;
}

static void keep(struct parse *p, GMimeObject *object, struct span bytes,
		 int32_t what, const char *name)
{
	struct prop_list props = { .arena = p->arena };

	if (bytes.at == NULL)
		bytes = rewritten(p->arena, object);
	prop_add_i32(&props, PID_TAG_ATTACH_METHOD, MIME_ATTACH_BY_VALUE);
	add_names(p, &props, name, ".eml");
	add_mime_tag(p, &props, object);
	prop_add_bin(&props, PID_TAG_ATTACH_TAG, mime_attach_tag,
		     sizeof mime_attach_tag);
	prop_add_i32(&props, PID_TAG_ATTACH_MIME_SEQUENCE, what);
	prop_add_i32(&props, PID_TAG_RENDERING_POSITION, -1);
	if (what != MIME_KEPT_PART)
		prop_add_bool(&props, PID_TAG_ATTACHMENT_HIDDEN, true);
	prop_add_bin(&props, PID_TAG_ATTACH_DATA_BINARY, bytes.at, bytes.len);
	parse_attachment(p, &props);
}

/* A whole message's content: its Content- fields, an empty line, its body. */
static struct span root_bytes(struct arena *arena, struct span entity)
{
	struct span headers, body, content, out;
	const char *newline;
	uint8_t *to;

	entity_split(entity, &headers, &body);
	content = entity_content_headers(arena, headers);
	newline = memmem(headers.at, headers.len, "\r\n", 2) ? "\r\n" : "\n";
	out.len = content.len + strlen(newline) + body.len;
	out.at = to = arena_alloc(arena, out.len);
	memcpy(to, content.at, content.len);
	to += content.len;
	memcpy(to, newline, strlen(newline));
	if (body.len > 0)
		memcpy(to + strlen(newline), body.at, body.len);
	return out;
}

static bool is_type(GMimeObject *object, const char *type, const char *sub)
{
	return g_mime_content_type_is_type(
		g_mime_object_get_content_type(object), type, sub);
}

static bool is_encrypted(GMimeObject *object)
{
	return is_type(object, "multipart", "encrypted") ||
		is_type(object, "application", "pkcs7-mime") ||
		is_type(object, "application", "x-pkcs7-mime");
}

/* [MS-OXCMAIL] 2.2.3.4.1.2: the class of a report, NULL if it is none. */
static const char *report_class(GMimeObject *object)
{
	const char *type;

	if (!is_type(object, "multipart", "report"))
		return NULL;
	type = g_mime_object_get_content_type_parameter(object,
							"report-type");
	if (type == NULL)
		return "IPM.Note";
	if (strcasecmp(type, "delivery-status") == 0)
		return "REPORT.IPM.Note.NDR";
	if (strcasecmp(type, "disposition-notification") == 0)
		return "REPORT.IPM.Note.IPNRN";
	return "IPM.Note";
}

/* ---- bodies ---- */

/* RFC 3676: join the lines that end with a space. */
static void unflow(struct buf *out, const char *text, bool delsp)
{
	while (*text != '\0') {
		const char *end = strchrnul(text, '\n');
		size_t len = (size_t)(end - text);

		if (len > 0 && text[len - 1] == '\r')
			len--;
		if (len > 0 && text[0] == ' ')  /* space-stuffed */
			text++, len--;
		if (len > 0 && text[len - 1] == ' ' && *end != '\0' &&
		    !(len == 3 && memcmp(text, "-- ", 3) == 0) &&
		    text[0] != '>')
			buf_add(out, text, delsp ? len - 1 : len);
		else {
			buf_add(out, text, len);
			buf_puts(out, "\r\n");
		}
		text = *end != '\0' ? end + 1 : end;
	}
}

/* Line ends of a body are CRLF ([MS-OXCMSG] PidTagBody). */
static void add_lines(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n' && (out->len == 0 ||
				      out->data[out->len - 1] != '\r'))
			buf_add(out, "\r", 1);
		buf_add(out, text, 1);
	}
}

static bool parameter_is(GMimePart *part, const char *name, const char *value)
{
	const char *is = g_mime_object_get_content_type_parameter(
		GMIME_OBJECT(part), name);

	return is != NULL && strcasecmp(is, value) == 0;
}

static const char *charset_of(GMimePart *part)
{
	return g_mime_object_get_content_type_parameter(GMIME_OBJECT(part),
							"charset");
}

static void take_text(struct parse *p, GMimePart *part)
{
	struct span data = part_content(p->arena, part);
	const char *charset = charset_of(part);
	char *text = charset_to_utf8(p->arena, data.at, data.len, charset);

	if (parameter_is(part, "format", "flowed"))
		unflow(&p->text, text, parameter_is(part, "delsp", "yes"));
	else
		add_lines(&p->text, text);
	p->has_text = true;
	if (!p->has_html)
		p->codepage = charset_codepage(charset);
}

/* The bytes stay in their charset when that has a code page. */
static void take_html(struct parse *p, GMimePart *part)
{
	struct span data = part_content(p->arena, part);
	const char *charset = charset_of(part);
	int32_t page = charset_codepage(charset);

	if (page != 0) {
		buf_add(&p->html, data.at, data.len);
	} else {
		buf_puts(&p->html, charset_to_utf8(p->arena, data.at,
						   data.len, charset));
		page = 65001;
	}
	p->has_html = true;
	p->codepage = page;
}

static bool is_attachment(GMimePart *part)
{
	const char *how = g_mime_object_get_disposition(GMIME_OBJECT(part));

	return (how != NULL && strcasecmp(how, "attachment") == 0) ||
		g_mime_part_get_filename(part) != NULL;
}

static void walk_part(struct parse *p, GMimePart *part, struct place place)
{
	GMimeObject *object = GMIME_OBJECT(part);
	bool plain = is_type(object, "text", "plain");
	bool html = is_type(object, "text", "html");

	if (plain && !p->has_text && !is_attachment(part))
		take_text(p, part);
	else if (html && !p->has_html && !is_attachment(part))
		take_html(p, part);
	else if (place.quiet)
		return;
	else if (is_type(object, "text", "calendar") || is_encrypted(object))
		keep(p, object, place.entity, place.alternative ?
		     MIME_KEPT_ALTERNATIVE : MIME_KEPT_PART,
		     g_mime_part_get_filename(part));
	else
		attach_part(p, part, place.related);
}

static void walk_multipart(struct parse *p, GMimeMultipart *multipart,
			   struct place place)
{
	const char *boundary = g_mime_multipart_get_boundary(multipart);
	GMimeObject *object = GMIME_OBJECT(multipart);
	struct span headers, body = { NULL, 0 };
	int n = g_mime_multipart_get_count(multipart);

	if (place.entity.at != NULL)
		entity_split(place.entity, &headers, &body);
	for (int i = 0; i < n; i++) {
		struct place child = {
			.alternative = is_type(object, "multipart",
					       "alternative"),
			.related = is_type(object, "multipart", "related"),
			.quiet = place.quiet,
			.depth = place.depth + 1,
		};

		if (body.at == NULL || boundary == NULL ||
		    !entity_part(body, boundary, i, &child.entity))
			child.entity = (struct span){ NULL, 0 };
		walk(p, g_mime_multipart_get_part(multipart, i), child);
	}
}

static void walk(struct parse *p, GMimeObject *object, struct place place)
{
	if (object == NULL)
		return;
	if (place.depth > MIME_DEPTH_MAX || p->depth > MIME_DEPTH_MAX) {
		if (!place.quiet)
			keep(p, object, place.entity, MIME_KEPT_PART, NULL);
	} else if (GMIME_IS_MULTIPART(object)) {
		bool kept = is_type(object, "multipart", "signed") ||
			is_encrypted(object);

		if (kept && !place.quiet)
			keep(p, object, place.entity, MIME_KEPT_PART,
			     "smime.p7m");
		place.quiet = place.quiet || kept;
		walk_multipart(p, GMIME_MULTIPART(object), place);
	} else if (GMIME_IS_MESSAGE_PART(object)) {
		if (!place.quiet)
			attach_message(p, GMIME_MESSAGE_PART(object),
				       place.entity);
	} else if (GMIME_IS_PART(object)) {
		walk_part(p, GMIME_PART(object), place);
	}
}

/* [MS-OXOSMIME] 2.1.3.1, 2.1.3.2: the classes of protected messages. */
void parse_content(struct parse *p, GMimeObject *root, struct span entity)
{
	const char *report = report_class(root);
	const char *name = NULL;
	struct place place = { .entity = entity };

	if (is_type(root, "multipart", "signed")) {
		p->class = "IPM.Note.SMIME.MultipartSigned";
		name = "smime.p7m";
	} else if (is_encrypted(root)) {
		p->class = "IPM.Note.SMIME";
		name = "smime.p7m";
	} else if (report != NULL) {
		p->class = report;
		name = "report.eml";
	} else if (is_type(root, "text", "calendar")) {
		name = "invitation.ics";
	}
	place.quiet = name != NULL;
	if (name != NULL)
		keep(p, root, entity.at != NULL ?
		     root_bytes(p->arena, entity) : entity, MIME_KEPT_ROOT,
		     name);
	walk(p, root, place);
}
