/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "mime/internal.h"

/* Add what was gathered on the way to the properties of the message. */
static void finish(struct parse *p)
{
	struct prop_list *props = &p->props;

	prop_add_str(props, PID_TAG_MESSAGE_CLASS, p->class);
	if (p->has_text)
		prop_add_str(props, PID_TAG_BODY,
			     arena_strdup(p->arena, buf_str(&p->text)));
	if (p->has_html)
		prop_add_bin(props, PID_TAG_HTML,
			     arena_memdup(p->arena, p->html.data,
					  p->html.len), p->html.len);
	if (p->has_text || p->has_html)
		prop_add_i32(props, PID_TAG_NATIVE_BODY, p->has_html ? 3 : 1);
	prop_add_i32(props, PID_TAG_INTERNET_CODEPAGE,
		     p->codepage != 0 ? p->codepage : 65001);
	p->message->props = prop_list_values(props);
	buf_free(&p->text);
	buf_free(&p->html);
}

struct mime_message *parse_message(struct arena *arena, GMimeMessage *message,
				   struct span entity, int depth)
{
	struct parse p = {
		.arena = arena,
		.message = arena_zalloc(arena, sizeof *p.message),
		.props.arena = arena,
		.class = "IPM.Note",
		.depth = depth,
	};
	GMimeObject *root = g_mime_message_get_mime_part(message);
	struct span headers, body;

	entity_split(entity, &headers, &body);
	parse_headers(&p, message, headers);
	if (root != NULL)
		parse_content(&p, root, entity);
	finish(&p);
	return p.message;
}

/* A line "From …" of mbox before the header is no part of it. */
static struct span without_from_line(struct span entity)
{
	const uint8_t *lf;

	if (entity.len < 5 || memcmp(entity.at, "From ", 5) != 0)
		return entity;
	lf = memchr(entity.at, '\n', entity.len);
	if (lf == NULL)
		return entity;
	entity.len -= (size_t)(lf + 1 - entity.at);
	entity.at = lf + 1;
	return entity;
}

struct mime_message *mime_parse(struct arena *arena, const uint8_t *data,
				size_t len)
{
	struct span entity = without_from_line((struct span){ data, len });
	struct mime_message *out;
	GMimeStream *stream;
	GMimeParser *parser;
	GMimeMessage *message;

	mime_init();
	stream = g_mime_stream_mem_new_with_buffer((const char *)entity.at,
						   entity.len);
	parser = g_mime_parser_new_with_stream(stream);
	g_mime_parser_set_persist_stream(parser, TRUE);
	message = g_mime_parser_construct_message(parser, NULL);
	if (message == NULL)
		message = g_mime_message_new(FALSE);
	out = parse_message(arena, message, entity, 0);
	g_object_unref(message);
	g_object_unref(parser);
	g_object_unref(stream);
	return out;
}
