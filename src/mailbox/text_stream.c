/* SPDX-License-Identifier: Apache-2.0 */
#include "mailbox/text_stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/utf.h"
#include "mapi/code_page.h"

struct text_stream {
	struct stream *unicode;
	struct buf text;
	uint32_t code_page;
	unsigned refs;
	bool dirty;
};

static enum ec read_all(struct stream *s, struct buf *out)
{
	uint64_t size = stream_size(s);
	size_t got;
	enum ec ec;

	if (size > 2 * (uint64_t)TEXT_STREAM_MAX)
		return EC_TOO_BIG;
	while (out->len < size) {
		ec = stream_read(s, buf_room(out, (size_t)size - out->len),
				 (size_t)size - out->len, &got);
		if (ec != EC_SUCCESS)
			return ec;
		if (got == 0)
			break;
		out->len += got;
	}
	return EC_SUCCESS;
}

/* The text in the code page, from the Unicode one, into *out. */
static enum ec load(struct stream *unicode, uint32_t code_page,
		    struct buf *out)
{
	struct buf wide = BUF_INIT;
	struct arena *a = arena_new(0);
	const char *text;
	char *utf8;
	size_t size;
	enum ec ec = read_all(unicode, &wide);

	if (ec == EC_SUCCESS) {
		size = utf16_to_utf8_size(wide.data, wide.len);
		utf8 = arena_alloc(a, size + 1);
		utf16_to_utf8(wide.data, wide.len, utf8);
		utf8[size] = '\0';
		text = code_page_from_utf8(a, code_page, utf8, &size);
		buf_add(out, text, size);
	}
	buf_free(&wide);
	arena_free(a);
	return ec;
}

enum ec text_stream_new(struct stream *unicode, uint32_t code_page,
			struct text_stream **out)
{
	struct buf text = BUF_INIT;
	struct text_stream *t;
	enum ec ec = load(unicode, code_page, &text);

	if (ec != EC_SUCCESS) {
		stream_close(unicode);
		return ec;
	}
	t = xcalloc(1, sizeof *t);
	t->unicode = unicode;
	t->code_page = code_page;
	t->text = text;
	t->refs = 1;
	*out = t;
	return EC_SUCCESS;
}

void text_stream_revert(struct text_stream *t)
{
	struct buf text = BUF_INIT;
	uint64_t at;

	t->dirty = false;
	if (stream_seek(t->unicode, STREAM_START, 0, &at) != EC_SUCCESS ||
	    load(t->unicode, t->code_page, &text) != EC_SUCCESS)
		return;
	buf_free(&t->text);
	t->text = text;
}

struct text_stream *text_stream_ref(struct text_stream *t)
{
	t->refs++;
	return t;
}

void text_stream_unref(struct text_stream *t)
{
	if (--t->refs > 0)
		return;
	text_stream_commit(t);
	stream_close(t->unicode);
	buf_free(&t->text);
	free(t);
}

uint64_t text_stream_size(const struct text_stream *t)
{
	return t->text.len;
}

bool text_stream_writable(const struct text_stream *t)
{
	return stream_writable(t->unicode);
}

size_t text_stream_read(const struct text_stream *t, uint64_t at, void *data,
			size_t len)
{
	if (at >= t->text.len)
		return 0;
	if (len > t->text.len - at)
		len = t->text.len - (size_t)at;
	if (len > 0)
		memcpy(data, t->text.data + at, len);
	return len;
}

enum ec text_stream_set_size(struct text_stream *t, uint64_t size)
{
	size_t more;

	if (!text_stream_writable(t))
		return EC_STREAM_ACCESS_DENIED;
	if (size > TEXT_STREAM_MAX)
		return EC_TOO_BIG;
	if (size > t->text.len) {
		more = (size_t)size - t->text.len;
		memset(buf_room(&t->text, more), 0, more);
	}
	t->text.len = (size_t)size;
	t->dirty = true;
	return EC_SUCCESS;
}

enum ec text_stream_write(struct text_stream *t, uint64_t at,
			  const void *data, size_t len)
{
	enum ec ec = EC_SUCCESS;

	if (!text_stream_writable(t))
		return EC_STREAM_ACCESS_DENIED;
	if (at > TEXT_STREAM_MAX || len > TEXT_STREAM_MAX - at)
		return EC_TOO_BIG;
	if (at + len > t->text.len)
		ec = text_stream_set_size(t, at + len);
	if (ec == EC_SUCCESS && len > 0) {
		memcpy(t->text.data + at, data, len);
		t->dirty = true;
	}
	return ec;
}

static enum ec store_text(struct text_stream *t, const uint8_t *wide,
			  size_t len)
{
	uint64_t at;
	size_t put;
	enum ec ec = stream_set_size(t->unicode, 0);

	if (ec == EC_SUCCESS)
		ec = stream_seek(t->unicode, STREAM_START, 0, &at);
	if (ec == EC_SUCCESS)
		ec = stream_write(t->unicode, wide, len, &put);
	if (ec == EC_SUCCESS)
		ec = stream_commit(t->unicode);
	return ec;
}

enum ec text_stream_commit(struct text_stream *t)
{
	struct arena *a;
	const char *utf8;
	uint8_t *wide;
	size_t len;
	enum ec ec;

	if (!t->dirty)
		return EC_SUCCESS;
	a = arena_new(0);
	utf8 = code_page_to_utf8(a, t->code_page, buf_str(&t->text),
				 t->text.len);
	len = utf8_to_utf16_size(utf8, strlen(utf8));
	wide = arena_alloc(a, len);
	utf8_to_utf16(utf8, strlen(utf8), wide);
	ec = store_text(t, wide, len);
	if (ec == EC_SUCCESS)
		t->dirty = false;
	arena_free(a);
	return ec;
}
