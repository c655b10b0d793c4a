/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recipient's attributes, packed: of each value the tag (4 bytes), its
 * length (2 bytes), its bytes, and a zero.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "directory/recipients_impl.h"

enum { VALUE_HEAD = 6, VALUE_MAX = 60000 };

static const char smtp[] = "SMTP:";

bool recipient_each(const struct recipient *r, size_t *at, uint32_t *tag,
		    struct bin *out)
{
	const uint8_t *p = r->data + *at;
	uint16_t len;

	if (*at >= r->len)
		return false;
	memcpy(tag, p, sizeof *tag);
	memcpy(&len, p + 4, sizeof len);
	*out = (struct bin){ p + VALUE_HEAD, len };
	*at += VALUE_HEAD + (size_t)len + 1;
	return true;
}

bool recipient_next(const struct recipient *r, uint32_t tag, size_t *at,
		    struct bin *out)
{
	uint32_t other;

	while (recipient_each(r, at, &other, out))
		if (prop_tag_id(other) == prop_tag_id(tag))
			return true;
	return false;
}

/* The primary one is the one whose prefix is in capitals. */
const char *recipient_address(const struct recipient *r)
{
	struct bin v;

	for (size_t at = 0; recipient_next(r,
	     PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES, &at, &v);)
		if (strncmp((const char *)v.data, smtp, 5) == 0)
			return (const char *)v.data + 5;
	return "";
}

const char *recipient_text(const struct recipient *r, uint32_t tag)
{
	struct bin v;
	size_t at = 0;

	if (prop_tag_id(tag) == prop_tag_id(PID_TAG_SMTP_ADDRESS))
		return recipient_address(r);
	return recipient_next(r, tag, &at, &v) ? (const char *)v.data : "";
}

const char *recipient_filter(const struct recipient *r)
{
	return recipient_text(r, RECIPIENT_TAG_FILTER);
}

bool recipient_has(const struct recipient *r, uint32_t tag)
{
	struct bin v;
	size_t at = 0;

	if (prop_tag_id(tag) == prop_tag_id(PID_TAG_SMTP_ADDRESS))
		return *recipient_address(r) != '\0';
	return recipient_next(r, tag, &at, &v);
}

int64_t recipient_number(const struct recipient *r, uint32_t tag,
			 int64_t absent)
{
	int64_t number;
	struct bin v;
	size_t at = 0;

	if (!recipient_next(r, tag, &at, &v) || v.len != sizeof number)
		return absent;
	memcpy(&number, v.data, sizeof number);
	return number;
}

/* --- Making one ------------------------------------------------------- */

struct recipient_builder {
	struct buf data;
	struct recipient head;    /* last: it ends in an array */
};

struct recipient_builder *recipient_builder_new(void)
{
	return xcalloc(1, sizeof(struct recipient_builder));
}

void recipient_builder_free(struct recipient_builder *b)
{
	if (b == NULL)
		return;
	buf_free(&b->data);
	free(b);
}

void recipient_begin(struct recipient_builder *b, const struct guid *guid,
		     enum recipient_kind kind, bool hidden, uint64_t changed)
{
	b->head = (struct recipient){ .guid = *guid, .kind = (uint8_t)kind,
				      .hidden = hidden, .changed = changed };
	buf_clear(&b->data);
}

void recipient_add(struct recipient_builder *b, uint32_t tag,
		   const void *value, size_t len)
{
	uint16_t len16 = (uint16_t)len;

	if (len > VALUE_MAX)
		return;
	buf_add(&b->data, &tag, sizeof tag);
	buf_add(&b->data, &len16, sizeof len16);
	buf_add(&b->data, value, len);
	buf_add(&b->data, "", 1);
}

void recipient_add_text(struct recipient_builder *b, uint32_t tag,
			const char *text)
{
	if (text != NULL && *text != '\0')
		recipient_add(b, tag, text, strlen(text));
}

void recipient_add_number(struct recipient_builder *b, uint32_t tag,
			  int64_t number)
{
	recipient_add(b, tag, &number, sizeof number);
}

struct recipient *recipient_end(struct recipient_builder *b)
{
	struct recipient *r = xmalloc(sizeof *r + b->data.len);

	*r = b->head;
	r->len = (uint32_t)b->data.len;
	if (b->data.len > 0)
		memcpy(r->data, b->data.data, b->data.len);
	return r;
}
