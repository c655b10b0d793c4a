/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share. */
#ifndef MIME_INTERNAL_H
#define MIME_INTERNAL_H

#include <gmime/gmime.h>

#include "mime/message.h"

/* A growing list of property values in an arena. */
struct prop_list {
	struct arena *arena;
	uint32_t n, cap;
	struct prop_value *v;
};

struct prop_value *prop_add(struct prop_list *list, uint32_t tag);
void prop_add_str(struct prop_list *list, uint32_t tag, const char *value);
void prop_add_i32(struct prop_list *list, uint32_t tag, int32_t value);
void prop_add_bool(struct prop_list *list, uint32_t tag, bool value);
void prop_add_time(struct prop_list *list, uint32_t tag, uint64_t value);
void prop_add_bin(struct prop_list *list, uint32_t tag, const void *data,
		  size_t len);
struct prop_values prop_list_values(const struct prop_list *list);

/* The string, number or binary of a property; NULL or the default if none. */
const char *prop_str(const struct prop_values *values, uint32_t tag);
int32_t prop_i32(const struct prop_values *values, uint32_t tag,
		 int32_t otherwise);
bool prop_bool(const struct prop_values *values, uint32_t tag);
struct bin prop_bin(const struct prop_values *values, uint32_t tag);

/* Prepare GMime, once a process. */
void mime_init(void);

/* charset.c */

/*
 * Text in a MIME charset as UTF-8 in arena.  Never fails: an unknown charset
 * is read as UTF-8 if it is that, else as windows-1252, and bytes that have no
 * meaning become U+FFFD.  NULs are dropped.
 */
char *charset_to_utf8(struct arena *arena, const uint8_t *data, size_t len,
		      const char *charset);

/* The Windows code page of a charset, 0 if it has none; and back, or NULL. */
int32_t charset_codepage(const char *charset);
const char *charset_of_codepage(int32_t codepage);

/* entity.c: the bytes behind a parsed part. */

struct span {
	const uint8_t *at;
	size_t len;
};

/* An entity divided at its first empty line; no such line: all is headers. */
void entity_split(struct span entity, struct span *headers,
		  struct span *body);

/*
 * The nth part (from 0) of a multipart's body with this boundary, as GMime
 * numbers its children; false if there is none.
 */
bool entity_part(struct span body, const char *boundary, int n,
		 struct span *part);

/* The header fields whose names begin with "Content-", as they are. */
struct span entity_content_headers(struct arena *arena, struct span headers);

/* parse_header.c, parse_body.c */

struct parse {
	struct arena *arena;
	struct mime_message *message;
	uint32_t cap_attachments, cap_recipients;
	struct prop_list props;
	struct buf text, html;    /* UTF-8; the first HTML in its charset */
	bool has_text, has_html;
	int32_t codepage;         /* of the HTML, else of the text */
	const char *class;        /* PidTagMessageClass */
	int depth;
};

void parse_headers(struct parse *p, GMimeMessage *message,
		   struct span headers);
void parse_content(struct parse *p, GMimeObject *root, struct span entity);
struct mime_message *parse_message(struct arena *arena, GMimeMessage *message,
				   struct span entity, int depth);
struct mime_attachment *parse_attachment(struct parse *p,
					 struct prop_list *props);

/* write_header.c, write_body.c */

struct writer {
	struct buf *out;
	const char *newline;
	struct err *err;
	int depth;
};

void write_line(struct writer *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void write_headers(struct writer *w, const struct mime_message *message);
bool write_content(struct writer *w, const struct mime_message *message);
bool write_message(struct writer *w, const struct mime_message *message);

#endif
