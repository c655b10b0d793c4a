/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are a message; what was read can be written and read again. */
#include <stdlib.h>

#include "mime/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new(0);
	struct buf text = BUF_INIT;
	struct mime_message *m = mime_parse(arena, data, len);
	struct err err;

	if (mime_write(m, &text, &err))
		mime_parse(arena, text.data, text.len);
	buf_free(&text);
	arena_free(arena);
	return 0;
}
