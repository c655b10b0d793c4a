/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input as what a damaged disk may give back: a packed property blob, and
 * the stored form of recipients.  What can be read of it is made anew and must
 * be the same.
 */
#include <stdlib.h>
#include <string.h>

#include "store/message_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void look(const struct blob *b, struct arena *a)
{
	struct prop_value *values = arena_array(a, b->n, sizeof *values);
	struct blob_entry e;
	struct blob again;
	struct bin built;
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		blob_at(b, i, &e);
		if (blob_value(&e, a, &values[n]) == EC_SUCCESS)
			n++;
	}
	built = blob_build(a, values, n);
	if (!blob_open(built.data, built.len, &again) || again.n != n)
		abort();
	for (size_t i = 0; i < n; i++) {
		struct prop_value v;

		if (blob_get(&again, values[i].tag, a, &v) != EC_SUCCESS)
			abort();
		if (blob_value_size(&v) != blob_value_size(&values[i]))
			abort();
	}
}

static void look_recipients(const uint8_t *data, size_t len, struct arena *a)
{
	struct recipients r, again;
	struct buf stored = BUF_INIT;

	if (!recipients_load(&r, data, len))
		return;
	recipients_display(&r, 1, a);
	recipients_store(&r, &stored);
	if (!recipients_load(&again, stored.data, stored.len) ||
	    again.n != r.n)
		abort();
	message_recipients_free(&again);
	message_recipients_free(&r);
	buf_free(&stored);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *a = arena_new(0);
	uint8_t *copy = xmalloc(len + 1);
	struct blob b;

	/* just as long as it is, so that a byte more is noticed */
	copy = xrealloc(copy, len > 0 ? len : 1);
	if (len > 0)
		memcpy(copy, data, len);
	if (blob_open(copy, len, &b))
		look(&b, a);
	look_recipients(copy, len, a);
	free(copy);
	arena_free(a);
	return 0;
}
