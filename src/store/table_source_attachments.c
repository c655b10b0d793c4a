/* SPDX-License-Identifier: Apache-2.0 */
/* The attachments of an open message as a source of a table. */
#include <stdlib.h>
#include <string.h>

#include "mapi/id.h"
#include "store/message.h"
#include "store/table_source.h"

/* A row's ID is its number and one, as the counter of an ID. */
struct attachments_source {
	struct row_source base;
	struct message *message;
	struct prop_tags columns;
	uint32_t *numbers;                /* the walk */
	size_t n;
	int64_t at, current;              /* current: a number; -1: none */
	bool forward;
	struct arena *arena;              /* values */
	struct prop_value value;
};

static struct attachments_source *attachments(struct row_source *s)
{
	return (struct attachments_source *)s;
}

static uint64_t row_id(uint32_t number)
{
	return id_make(1, (uint64_t)number + 1);
}

static void attachments_done(struct row_source *s)
{
	attachments(s)->current = -1;
	arena_reset(attachments(s)->arena);
}

/* The numbers of now, ascending. */
static void list(struct attachments_source *s)
{
	struct arena *a = arena_new(0);
	const uint32_t *numbers;

	s->n = message_attachments(s->message, a, &numbers);
	free(s->numbers);
	s->numbers = xcalloc(s->n + 1, sizeof *s->numbers);
	if (s->n > 0)
		memcpy(s->numbers, numbers, s->n * sizeof *numbers);
	arena_free(a);
}

static enum ec attachments_count(struct row_source *s, uint32_t *n)
{
	list(attachments(s));
	*n = (uint32_t)attachments(s)->n;
	return EC_SUCCESS;
}

/* Tables of attachments always have an index: only whole walks are asked. */
static enum ec attachments_walk(struct row_source *s, uint64_t from,
				bool include, bool forward, uint32_t skip)
{
	struct attachments_source *at = attachments(s);

	if (from != 0)
		return EC_NOT_SUPPORTED;
	attachments_done(s);
	list(at);
	at->forward = forward;
	at->at = forward ? (int64_t)skip :
		(int64_t)at->n - 1 - (int64_t)skip;
	return EC_SUCCESS;
}

static enum ec attachments_next(struct row_source *s, uint64_t *id)
{
	struct attachments_source *at = attachments(s);

	if (at->at < 0 || at->at >= (int64_t)at->n)
		return EC_NOT_FOUND;
	arena_reset(at->arena);
	at->current = at->numbers[at->at];
	at->at += at->forward ? 1 : -1;
	*id = row_id((uint32_t)at->current);
	return EC_SUCCESS;
}

static enum ec attachments_load(struct row_source *s, uint64_t id)
{
	struct attachments_source *at = attachments(s);
	uint64_t number = id_counter(id) - 1;

	attachments_done(s);
	list(at);
	for (size_t i = 0; i < at->n; i++)
		if (at->numbers[i] == number)
			at->current = (int64_t)number;
	return at->current >= 0 ? EC_SUCCESS : EC_NOT_FOUND;
}

static void attachments_set_columns(struct row_source *s,
				    struct prop_tags columns)
{
	attachments(s)->columns = columns;
}

static enum ec value(struct attachments_source *at, uint32_t tag,
		     struct prop_value *out)
{
	return message_attachment_prop(at->message, (uint32_t)at->current,
				       tag, at->arena, out);
}

static const struct prop_value *attachments_get(const struct match_row *row,
						uint32_t tag)
{
	struct attachments_source *at = (struct attachments_source *)
		((char *)row - offsetof(struct row_source, row));

	return value(at, tag, &at->value) == EC_SUCCESS ? &at->value : NULL;
}

static void attachments_cells(struct row_source *s, struct prop_value *out)
{
	struct attachments_source *at = attachments(s);
	uint32_t tag;
	enum ec ec;

	for (uint32_t i = 0; i < at->columns.n; i++) {
		tag = at->columns.v[i];
		ec = value(at, tag, &out[i]);
		if (ec == EC_SUCCESS && out[i].tag != tag)
			ec = EC_NOT_FOUND;
		if (ec != EC_SUCCESS)
			out[i] = prop_error(tag, ec);
	}
}

static bool attachments_unread(struct row_source *s)
{
	return false;
}

static uint64_t attachments_folder_id(struct row_source *s)
{
	return 0;
}

static enum ec attachments_columns_all(struct row_source *s, struct arena *a,
				       struct prop_tags *out)
{
	static const uint32_t tags[] = {
		PID_TAG_ATTACH_NUMBER, PID_TAG_ATTACH_SIZE,
		PID_TAG_ATTACH_METHOD, PID_TAG_ATTACH_FILENAME,
		PID_TAG_ATTACH_LONG_FILENAME, PID_TAG_ATTACH_EXTENSION,
		PID_TAG_ATTACH_MIME_TAG, PID_TAG_ATTACH_CONTENT_ID,
		PID_TAG_ATTACH_CONTENT_LOCATION, PID_TAG_ATTACH_FLAGS,
		PID_TAG_ATTACH_ENCODING, PID_TAG_ATTACH_RENDERING,
		PID_TAG_ATTACH_PATHNAME, PID_TAG_ATTACH_LONG_PATHNAME,
		PID_TAG_ATTACH_TAG, PID_TAG_ATTACHMENT_FLAGS,
		PID_TAG_ATTACHMENT_HIDDEN, PID_TAG_ATTACHMENT_LINK_ID,
		PID_TAG_RENDERING_POSITION, PID_TAG_DISPLAY_NAME,
		PID_TAG_CREATION_TIME, PID_TAG_LAST_MODIFICATION_TIME,
		PID_TAG_RECORD_KEY, PID_TAG_OBJECT_TYPE, PID_TAG_ACCESS_LEVEL,
	};
	uint32_t n = sizeof tags / sizeof tags[0];

	out->v = arena_memdup(a, tags, sizeof tags);
	out->n = n;
	return EC_SUCCESS;
}

static void attachments_free(struct row_source *s)
{
	struct attachments_source *at = attachments(s);

	free(at->numbers);
	arena_free(at->arena);
	free(at);
}

static struct row_source *attachments_clone(struct row_source *s)
{
	return row_source_attachments(attachments(s)->message);
}

struct row_source *row_source_attachments(struct message *message)
{
	static const struct row_source_ops ops = {
		.count = attachments_count, .walk = attachments_walk,
		.next = attachments_next, .load = attachments_load,
		.done = attachments_done,
		.set_columns = attachments_set_columns,
		.cells = attachments_cells, .unread = attachments_unread,
		.folder_id = attachments_folder_id,
		.columns_all = attachments_columns_all,
		.clone = attachments_clone, .free = attachments_free,
	};
	struct attachments_source *at = xcalloc(1, sizeof *at);

	at->base.ops = &ops;
	at->base.row.get = attachments_get;
	at->base.small = true;
	at->message = message;
	at->current = -1;
	at->arena = arena_new(1024);
	return &at->base;
}
