/* SPDX-License-Identifier: Apache-2.0 */
#include "mapi/rop_payload.h"

enum { HANDLE_SIZE = 4, ROP_SIZE_SIZE = 2 };

bool rop_payload_decode(const struct bin *payload, struct arena *a,
			struct rop_payload *out, uint32_t **handles_out)
{
	struct wire_r r = wire_r(payload->data, payload->len);
	size_t size = wire_u16(&r);       /* RopSize counts itself */
	struct rop_payload p;
	uint32_t *handles;

	if (!wire_ok(&r) || size < ROP_SIZE_SIZE)
		return false;
	p.rops.len = size - ROP_SIZE_SIZE;
	p.rops.data = wire_bytes(&r, p.rops.len);
	if (!wire_ok(&r) || wire_left(&r) % HANDLE_SIZE != 0)
		return false;
	p.handle_count = (uint32_t)(wire_left(&r) / HANDLE_SIZE);
	handles = arena_array(a, p.handle_count, sizeof *handles);
	for (uint32_t i = 0; i < p.handle_count; i++)
		handles[i] = wire_u32(&r);
	p.handles = handles;
	*out = p;
	if (handles_out != NULL)
		*handles_out = handles;
	return true;
}

size_t rop_payload_begin(struct wire_w *w)
{
	size_t begin = w->len;

	wire_claim(w, ROP_SIZE_SIZE);
	return begin;
}

void rop_payload_end(struct wire_w *w, size_t begin, const uint32_t *handles,
		     size_t n)
{
	size_t size = w->len - begin;

	if (w->full || size > UINT16_MAX) {
		w->full = true;
		return;
	}
	wire_patch_u16(w, begin, (uint16_t)size);
	for (size_t i = 0; i < n; i++)
		wire_put_u32(w, handles[i]);
}
