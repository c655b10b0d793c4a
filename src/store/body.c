/* SPDX-License-Identifier: Apache-2.0 */
#include "store/body.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf.h"
#include "mapi/code_page.h"

/* Bodies beyond this are not converted. */
enum { BODY_MAX = 4 << 20 };

/* ---- HTML to text ---- */

/* Elements that begin a new line. */
static bool breaks_line(const char *name, size_t len)
{
	static const char *const names[] = {
		"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "h5",
		"h6", "table", "ul", "ol", "blockquote", "pre", "hr",
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strlen(names[i]) == len &&
		    strncasecmp(names[i], name, len) == 0)
			return true;
	return false;
}

static const struct { const char *name; const char *text; } entities[] = {
	{ "amp;", "&" }, { "lt;", "<" }, { "gt;", ">" }, { "quot;", "\"" },
	{ "apos;", "'" }, { "nbsp;", "\u00a0" },
};

static void add_code_point(struct buf *out, unsigned long c)
{
	uint8_t utf16[4];
	size_t len = 2;
	char text[8];

	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (c >= 0x10000) {
		unsigned long high = 0xd800 + ((c - 0x10000) >> 10);
		unsigned long low = 0xdc00 + ((c - 0x10000) & 0x3ff);

		utf16[0] = (uint8_t)high;
		utf16[1] = (uint8_t)(high >> 8);
		utf16[2] = (uint8_t)low;
		utf16[3] = (uint8_t)(low >> 8);
		len = 4;
	} else {
		utf16[0] = (uint8_t)c;
		utf16[1] = (uint8_t)(c >> 8);
	}
	utf16_to_utf8(utf16, len, text);
	buf_add(out, text, utf16_to_utf8_size(utf16, len));
}

/* At '&': its text is added; where it ends is returned. */
static const char *entity(const char *at, const char *end, struct buf *out)
{
	unsigned long c = 0;
	char *stop;

	for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
		size_t len = strlen(entities[i].name);

		if ((size_t)(end - at - 1) >= len &&
		    strncmp(at + 1, entities[i].name, len) == 0) {
			buf_puts(out, entities[i].text);
			return at + 1 + len;
		}
	}
	if (end - at > 3 && at[1] == '#') {
		bool hex = at[2] == 'x' || at[2] == 'X';

		c = strtoul(at + 2 + hex, &stop, hex ? 16 : 10);
		if (stop > at + 2 + hex && stop < end && *stop == ';') {
			add_code_point(out, c);
			return stop + 1;
		}
	}
	buf_add(out, "&", 1);
	return at + 1;
}

/* Past the end of an element whose text is not shown. */
static const char *skip_element(const char *at, const char *end,
				const char *name)
{
	size_t len = strlen(name);

	for (; at + len + 2 <= end; at++)
		if (at[0] == '<' && at[1] == '/' &&
		    strncasecmp(at + 2, name, len) == 0)
			return at;
	return end;
}

static bool is_name(const char *name, size_t len, const char *want)
{
	return strlen(want) == len && strncasecmp(name, want, len) == 0;
}

/* At '<': what it means for the text; where it ends is returned. */
static const char *tag(const char *at, const char *end, struct buf *out)
{
	const char *name = at + 1, *close;
	bool ends = name < end && *name == '/';
	size_t len = 0;

	if (end - at >= 4 && strncmp(at, "<!--", 4) == 0) {
		close = strstr(at + 4, "-->");
		return close != NULL && close < end ? close + 3 : end;
	}
	name += ends;
	while (name + len < end && isalnum((unsigned char)name[len]))
		len++;
	close = memchr(at, '>', (size_t)(end - at));
	if (close == NULL)
		return end;
	if (!ends && (is_name(name, len, "script") ||
		      is_name(name, len, "style") ||
		      is_name(name, len, "head")))
		return skip_element(close, end, is_name(name, len, "head") ?
			"head" : is_name(name, len, "style") ? "style" :
			"script");
	if (breaks_line(name, len) && out->len > 0 &&
	    (is_name(name, len, "br") || out->data[out->len - 1] != '\n'))
		buf_puts(out, "\r\n");
	return close + 1;
}

char *body_html_to_text(const char *html, size_t len, struct arena *a)
{
	struct buf out = BUF_INIT;
	const char *at = html, *end = html + len;
	char *text;

	while (at < end) {
		if (*at == '<') {
			at = tag(at, end, &out);
		} else if (*at == '&') {
			at = entity(at, end, &out);
		} else if (strchr(" \t\r\n", *at) != NULL) {
			if (out.len > 0 &&
			    strchr(" \n", out.data[out.len - 1]) == NULL)
				buf_add(&out, " ", 1);
			at++;
		} else {
			buf_add(&out, at++, 1);
		}
	}
	text = arena_strdup(a, buf_str(&out));
	buf_free(&out);
	return text;
}

/* ---- Text to HTML ---- */

char *body_text_to_html(const char *text, size_t len, struct arena *a)
{
	struct buf out = BUF_INIT;
	char *html;

	buf_puts(&out, "<html><head><meta http-equiv=\"Content-Type\" "
		 "content=\"text/html; charset=utf-8\"></head>\r\n"
		 "<body>\r\n<div>");
	for (size_t i = 0; i < len; i++) {
		switch (text[i]) {
		case '&':
			buf_puts(&out, "&amp;");
			break;
		case '<':
			buf_puts(&out, "&lt;");
			break;
		case '>':
			buf_puts(&out, "&gt;");
			break;
		case '\r':
			break;
		case '\n':
			buf_puts(&out, "<br>\r\n");
			break;
		default:
			buf_add(&out, &text[i], 1);
		}
	}
	buf_puts(&out, "</div>\r\n</body></html>\r\n");
	html = arena_strdup(a, buf_str(&out));
	buf_free(&out);
	return html;
}

/* ---- Of a message ---- */

/* The whole value of a property, UTF-8 for strings. */
static enum ec load(struct message *m, uint32_t tag, struct arena *a,
		    const char **data, size_t *len)
{
	struct bag_entry entry;
	struct big *big;
	uint8_t *bytes;
	char *text;
	enum ec ec;

	if (!bag_find(&m->bag, tag, &entry) || entry.e.tag != tag)
		return EC_NOT_FOUND;
	if (entry.e.size > BODY_MAX)
		return EC_NOT_FOUND;
	ec = bag_get_big(&m->bag, &entry, &big);
	if (ec != EC_SUCCESS)
		return ec;
	*len = (size_t)big_size(big);
	ec = big_load(big, a, &bytes);
	big_unref(big);
	if (ec != EC_SUCCESS)
		return ec;
	*data = (const char *)bytes;
	if (prop_tag_type(tag) != PTYP_STRING)
		return EC_SUCCESS;
	text = arena_alloc(a, utf16_to_utf8_size(bytes, *len) + 1);
	utf16_to_utf8(bytes, *len, text);
	*len = utf16_to_utf8_size(bytes, *len);
	text[*len] = '\0';
	*data = text;
	return EC_SUCCESS;
}

static enum ec text_of(struct message *m, struct arena *a, char **out)
{
	struct prop_value code_page = { .i32 = 65001 };
	const char *html;
	size_t len;
	enum ec ec = load(m, PID_TAG_HTML, a, &html, &len);

	if (ec == EC_NOT_FOUND) {
		ec = load(m, PID_TAG_BODY_HTML, a, &html, &len);
	} else if (ec == EC_SUCCESS) {
		bag_get(&m->bag, PID_TAG_INTERNET_CODEPAGE, NULL,
			&code_page);
		html = code_page_to_utf8(a, (uint32_t)code_page.i32, html,
					 len);
		len = strlen(html);
	}
	if (ec == EC_SUCCESS)
		*out = body_html_to_text(html, len, a);
	return ec;
}

static enum ec html_of(struct message *m, struct arena *a, char **out)
{
	const char *text;
	size_t len;
	enum ec ec = load(m, PID_TAG_BODY, a, &text, &len);

	if (ec == EC_SUCCESS)
		*out = body_text_to_html(text, len, a);
	return ec;
}

static enum ec convert(struct message *m, uint32_t *tag, struct arena *a,
		       char **out)
{
	bool text = prop_tag_id(*tag) == prop_tag_id(PID_TAG_BODY);
	enum ec ec;

	if (prop_tag_type(*tag) == PTYP_UNSPECIFIED)
		*tag = text ? PID_TAG_BODY : PID_TAG_HTML;
	if (*tag == PID_TAG_BODY)
		return text_of(m, a, out);
	if (*tag == PID_TAG_BODY_HTML) {
		const char *html;
		size_t len;

		ec = load(m, PID_TAG_HTML, a, &html, &len);
		if (ec == EC_SUCCESS)
			*out = arena_strndup(a, html, len);
		if (ec != EC_NOT_FOUND)
			return ec;
	}
	if (*tag == PID_TAG_BODY_HTML || *tag == PID_TAG_HTML)
		return html_of(m, a, out);
	return EC_NOT_FOUND;
}

enum ec body_convert(struct message *m, uint32_t tag, struct arena *a,
		     struct prop_value *out)
{
	struct prop_value v;
	char *text;
	enum ec ec = convert(m, &tag, a, &text);

	if (ec != EC_SUCCESS)
		return ec;
	v = (struct prop_value){ .tag = tag };
	if (tag == PID_TAG_HTML)
		v.bin = (struct bin){ (const uint8_t *)text, strlen(text) };
	else
		v.str = text;
	if (strlen(text) > PROP_GET_MAX)
		return EC_NOT_ENOUGH_MEMORY;
	*out = v;
	return EC_SUCCESS;
}

enum ec body_stream(struct message *m, uint32_t tag, struct big **out)
{
	struct arena *a = arena_new(0);
	struct big *big = NULL;
	uint8_t *utf16;
	char *text;
	size_t len;
	enum ec ec = convert(m, &tag, a, &text);

	if (ec == EC_SUCCESS) {
		big = big_new(m->store);
		len = strlen(text);
		if (prop_tag_type(tag) == PTYP_STRING) {
			utf16 = arena_alloc(a, utf8_to_utf16_size(text, len));
			utf8_to_utf16(text, len, utf16);
			ec = big_write(&big, 0, utf16,
				       utf8_to_utf16_size(text, len));
		} else {
			ec = big_write(&big, 0, text, len);
		}
	}
	arena_free(a);
	if (ec == EC_SUCCESS)
		*out = big;
	else
		big_unref(big);
	return ec;
}
