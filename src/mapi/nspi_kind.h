/* SPDX-License-Identifier: Apache-2.0 */
/* Inside src/mapi alone: the codecs of the field kinds of nspi_fields.h. */
#ifndef MAPI_NSPI_KIND_H
#define MAPI_NSPI_KIND_H

#include "mapi/nspi.h"

struct buf;

#define NSPI_KINDS \
	NSPI_KIND(u32) NSPI_KIND(i32) NSPI_KIND(bool8) NSPI_KIND(guid) \
	NSPI_KIND(code_page) NSPI_KIND(stat) NSPI_KIND(tags) NSPI_KIND(mids) \
	NSPI_KIND(value) NSPI_KIND(values) NSPI_KIND(value_rows) \
	NSPI_KIND(rows) NSPI_KIND(restriction) NSPI_KIND(property_name) \
	NSPI_KIND(entry_ids) NSPI_KIND(dns) NSPI_KIND(names) \
	NSPI_KIND(str8z) NSPI_KIND(str16z)

/*
 * nspi_get_<kind> decodes into *out, nspi_put_<kind> encodes *v,
 * nspi_show_<kind> prints it.
 */
#define NSPI_KIND(kind) \
	void nspi_get_##kind(struct nspi_codec *c, struct wire_r *r, \
			     NSPI_T_##kind *out); \
	void nspi_put_##kind(struct nspi_codec *c, struct wire_w *w, \
			     NSPI_T_##kind const *v); \
	void nspi_show_##kind(struct buf *b, NSPI_T_##kind const *v);
NSPI_KINDS
#undef NSPI_KIND

#endif
