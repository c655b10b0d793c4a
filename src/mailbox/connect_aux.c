/* SPDX-License-Identifier: Apache-2.0 */
#include "mailbox/connect_aux.h"
#include "mapi/ext_buffer.h"

enum {                                    /* [MS-OXCRPC] 2.2.2.2 */
	AUX_VERSION_1 = 0x01,
	AUX_TYPE_EXORGINFO = 0x17,
	AUX_EXORGINFO_SIZE = 8,           /* a header and OrgFlags */
};

struct bin connect_aux(struct arena *arena)
{
	enum { SIZE = EXT_HEADER_SIZE + AUX_EXORGINFO_SIZE };
	uint8_t payload[AUX_EXORGINFO_SIZE];
	struct wire_w w = wire_w(payload, sizeof payload);
	struct wire_w out = wire_w(arena_alloc(arena, SIZE), SIZE);

	/* No public folders: without the block a client looks for them. */
	wire_put_u16(&w, AUX_EXORGINFO_SIZE);
	wire_put_u8(&w, AUX_VERSION_1);
	wire_put_u8(&w, AUX_TYPE_EXORGINFO);
	wire_put_u32(&w, 0);
	ext_buffer_put(&out, payload, w.len, EXT_LAST, arena);
	return (struct bin){ .data = out.base, .len = out.len };
}
