/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/wire.h"
#include "mailbox/globset.h"

enum {                                    /* [MS-OXCFXICS] 2.2.2.6 */
	GLOBSET_END = 0x00,
	GLOBSET_PUSH_MAX = 0x06,
	GLOBSET_BITMASK = 0x42,
	GLOBSET_POP = 0x50,
	GLOBSET_RANGE = 0x52,
	GLOBCNT_BYTES = 6,
};

/* The common byte stack: how many bytes each Push has put there. */
struct stack {
	unsigned sizes[GLOBCNT_BYTES], n, bytes;
};

static bool push(struct stack *s, unsigned len, struct wire_r *r)
{
	if (s->bytes + len > GLOBCNT_BYTES)
		return false;
	(void)wire_bytes(r, len);
	/* A whole GLOBCNT is a range of one, and is not kept (3.1.5.4.3.2.1) */
	if (s->bytes + len == GLOBCNT_BYTES)
		return true;
	s->sizes[s->n++] = len;
	s->bytes += len;
	return true;
}

static bool pop(struct stack *s)
{
	if (s->n == 0)
		return false;
	s->bytes -= s->sizes[--s->n];
	return true;
}

/* 2.2.2.6.4: LowValue must not exceed HighValue. */
static bool range(const struct stack *s, struct wire_r *r)
{
	size_t len = GLOBCNT_BYTES - s->bytes;
	const uint8_t *low = wire_bytes(r, len), *high = wire_bytes(r, len);

	return wire_ok(r) && memcmp(low, high, len) <= 0;
}

static bool globset_valid(struct wire_r *r)
{
	struct stack s = { .n = 0 };

	while (wire_left(r) > 0) {
		unsigned command = wire_u8(r);
		bool ok;

		switch (command) {
		case GLOBSET_END:
			return true;
		case GLOBSET_BITMASK:     /* StartingValue, Bitmask */
			ok = s.bytes == GLOBCNT_BYTES - 1 &&
				wire_bytes(r, 2) != NULL;
			break;
		case GLOBSET_POP:
			ok = pop(&s);
			break;
		case GLOBSET_RANGE:
			ok = range(&s, r);
			break;
		default:
			ok = command <= GLOBSET_PUSH_MAX &&
				push(&s, command, r);
		}
		if (!ok || !wire_ok(r))
			return false;
	}
	return false;
}

bool idset_valid(const struct bin *data)
{
	struct wire_r r = wire_r(data->data, data->len);
	struct guid last = { { 0 } }, guid;
	bool first = true;

	while (wire_left(&r) > 0) {
		guid = wire_guid(&r);
		if (!wire_ok(&r) ||
		    (!first && guid_compare(&last, &guid) >= 0) ||
		    !globset_valid(&r))
			return false;
		last = guid;
		first = false;
	}
	return true;
}
