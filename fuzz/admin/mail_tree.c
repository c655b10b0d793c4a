/* SPDX-License-Identifier: Apache-2.0 */
/* What is read as a message is written, and read again, the same. */
#include <stdlib.h>
#include <string.h>

#include "admin/mail_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new(0);
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct mime_message *m;
	struct err err;

	if (mail_tree_decode(data, len, arena, &m, &err)) {
		if (!mail_tree_encode(m, &first, &err) ||
		    !mail_tree_decode(first.data, first.len, arena, &m,
				      &err) ||
		    !mail_tree_encode(m, &second, &err) ||
		    first.len != second.len ||
		    memcmp(first.data, second.data, first.len) != 0)
			abort();
	}
	buf_free(&first);
	buf_free(&second);
	arena_free(arena);
	return 0;
}
