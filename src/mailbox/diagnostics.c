/* SPDX-License-Identifier: Apache-2.0 */
#include "mailbox/diagnostics.h"
#include "mapi/aux.h"

static struct bin encode(const struct aux_block *block, struct arena *arena)
{
	const struct aux_blocks blocks = { .n = 1, .v = block };
	uint8_t *out = arena_alloc(arena, AUX_BUFFER_MAX);
	struct wire_w w = wire_w(out, AUX_BUFFER_MAX);

	aux_buffer_encode(&w, &blocks, 0, arena);
	return w.full ? (struct bin){ NULL, 0 } : (struct bin){ out, w.len };
}

struct bin aux_at_connect(struct arena *arena)
{
	struct aux_block block = aux_block(AUX_TYPE_EXORGINFO);

	/* No public folders: without the block a client looks for them. */
	block.exorginfo.org_flags = 0;
	return encode(&block, arena);
}

struct bin aux_trace(struct arena *arena, uint32_t rop_index,
		     const char *what, enum ec ec)
{
	struct aux_block block = aux_block(AUX_TYPE_EXCEPTION_TRACE);

	block.exception_trace.rop_index = rop_index;
	block.exception_trace.trace = arena_printf(arena,
		"Diagnostic context:\r\n"
		"    Lid: %u   dwParam: 0x%X Msg: %s\r\n"
		"    Lid: %u   StoreEc: 0x%X\r\n"
		"    Lid: %u   dwParam: 0x%X Msg: %s: %s\r\n",
		LID_WHAT, rop_index, what, LID_CODE, (uint32_t)ec, LID_MEANING,
		(uint32_t)ec, ec_name(ec), ec_text(ec));
	return encode(&block, arena);
}
