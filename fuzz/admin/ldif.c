/* SPDX-License-Identifier: Apache-2.0 */
/* Files of recipients; what was read of an LDIF is written and read again. */
#include <stdlib.h>
#include <string.h>

#include "admin/ldif.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void put(struct buf *b, const struct ldif_record *record)
{
	for (size_t i = 0; i < record->n; i++)
		ldif_put(b, record->v[i].name, record->v[i].value.data,
			 record->v[i].value.len);
	buf_puts(b, "\n");
}

/* Whether all of it could be read. */
static bool read_all(struct ldif_reader *r, struct buf *out)
{
	struct ldif_record record;
	struct err err;

	while (ldif_next(r, &record, &err))
		put(out, &record);
	return err.ec == EC_NOT_FOUND;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new(0);
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct ldif_reader r;
	struct err err;

	ldif_begin(&r, data, len, arena);
	if (read_all(&r, &first)) {
		ldif_begin(&r, first.data, first.len, arena);
		if (!read_all(&r, &second) || first.len != second.len ||
		    (first.len > 0 &&
		     memcmp(first.data, second.data, first.len) != 0))
			abort();
	}
	buf_clear(&first);
	if (csv_begin(&r, data, len, arena, &err))
		read_all(&r, &first);
	buf_free(&first);
	buf_free(&second);
	arena_free(arena);
	return 0;
}
