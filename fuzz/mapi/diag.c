/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text with a diagnostic context in it, and X-FailureContext.  What was read
 * is printed; that must read as the same lines, and print as the same text.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mapi/diag.h"
#include "mapi/failure_context.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_diag(const char *text, size_t len, struct arena *arena)
{
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct diag_context c, back;

	if (diag_parse(text, len, arena, &c)) {
		diag_print(&first, &c);
		if (!diag_parse(buf_str(&first), first.len, arena, &back) ||
		    back.n != c.n)
			abort();
		diag_print(&second, &back);
		if (first.len != second.len ||
		    memcmp(first.data, second.data, first.len) != 0)
			abort();
	}
	buf_free(&first);
	buf_free(&second);
}

static void check_failure(const char *text, struct arena *arena)
{
	struct failure_context c;

	if (!failure_context_parse(text, arena, &c))
		return;
	(void)failure_context_get(&c, "hop", arena);
	if (c.status < 100 || c.status > 999 || c.code >= FAILURE_CODES ||
	    strchr(c.point, '\n') != NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new(0);
	char *text = arena_strndup(arena, (const char *)data, len);

	check_diag(text, len, arena);
	check_failure(text, arena);
	arena_free(arena);
	return 0;
}
