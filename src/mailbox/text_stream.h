/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a PtypString8 property as a stream: a copy in memory, in a code
 * page, of what the store has in Unicode.  Clones share the copy.
 */
#ifndef MAILBOX_TEXT_STREAM_H
#define MAILBOX_TEXT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ec.h"
#include "store/stream.h"

/* Longer text is EC_TOO_BIG. */
enum { TEXT_STREAM_MAX = 64 << 20 };

struct text_stream;

/*
 * Takes over the stream of the Unicode property, positioned at its start, and
 * closes it when it fails: EC_TOO_BIG and what reading it says.
 */
enum ec text_stream_new(struct stream *unicode, uint32_t code_page,
			struct text_stream **out);
struct text_stream *text_stream_ref(struct text_stream *t);

/* The last reference gives what was written to the property, and frees. */
void text_stream_unref(struct text_stream *t);

uint64_t text_stream_size(const struct text_stream *t);
bool text_stream_writable(const struct text_stream *t);
size_t text_stream_read(const struct text_stream *t, uint64_t at, void *data,
			size_t len);
enum ec text_stream_write(struct text_stream *t, uint64_t at,
			  const void *data, size_t len);
enum ec text_stream_set_size(struct text_stream *t, uint64_t size);
enum ec text_stream_commit(struct text_stream *t);

/* Drop what was written since the last commit. */
void text_stream_revert(struct text_stream *t);

#endif
