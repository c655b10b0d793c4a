/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside src/mapi alone: the codecs of the field kinds of rop_fields.h, which
 * rop.c and rop_print.c string together.
 *
 *   rop_get_<kind>   decodes into *out; malformed bytes make the reader bad
 *   rop_put_<kind>   encodes *v
 *   rop_show_<kind>  prints *v
 *   ROP_MIN_<kind>, ROP_MAX_<kind>   bytes on the wire
 */
#ifndef MAPI_ROP_CODEC_H
#define MAPI_ROP_CODEC_H

#include "mapi/rop.h"

/* More than any buffer: a size that is not known before. */
#define ROP_UNBOUNDED 0x01000000

/* ROP_KIND(kind, min, max) */
#define ROP_KINDS \
	ROP_KIND(u8, 1, 1) \
	ROP_KIND(u16, 2, 2) \
	ROP_KIND(u32, 4, 4) \
	ROP_KIND(u31, 4, 4) \
	ROP_KIND(u64, 8, 8) \
	ROP_KIND(i32, 4, 4) \
	ROP_KIND(i64, 8, 8) \
	ROP_KIND(bool8, 1, 1) \
	ROP_KIND(id, 8, 8) \
	ROP_KIND(tag, 4, 4) \
	ROP_KIND(guid, 16, 16) \
	ROP_KIND(bytes6, 6, 6) \
	ROP_KIND(bytes24, 24, 24) \
	ROP_KIND(str8z, 1, ROP_UNBOUNDED) \
	ROP_KIND(str8_bin8, 1, 256) \
	ROP_KIND(str8_bin16, 2, ROP_UNBOUNDED) \
	ROP_KIND(typed_string, 1, ROP_UNBOUNDED) \
	ROP_KIND(bin8, 1, 256) \
	ROP_KIND(bin16, 2, ROP_UNBOUNDED) \
	ROP_KIND(bin32, 4, ROP_UNBOUNDED) \
	ROP_KIND(rest, 0, ROP_UNBOUNDED) \
	ROP_KIND(tags16, 2, ROP_UNBOUNDED) \
	ROP_KIND(prop_ids16, 2, ROP_UNBOUNDED) \
	ROP_KIND(ids16, 2, ROP_UNBOUNDED) \
	ROP_KIND(values16, 2, ROP_UNBOUNDED) \
	ROP_KIND(sized_values, 4, ROP_UNBOUNDED) \
	ROP_KIND(names16, 2, ROP_UNBOUNDED) \
	ROP_KIND(problems16, 2, ROP_UNBOUNDED) \
	ROP_KIND(long_term_ids16, 2, ROP_UNBOUNDED) \
	ROP_KIND(u32s32, 4, ROP_UNBOUNDED) \
	ROP_KIND(restriction16, 2, ROP_UNBOUNDED) \
	ROP_KIND(long_term_id, 24, 24) \
	ROP_KIND(folder_ids13, 104, 104) \
	ROP_KIND(logon_time, 8, 8) \
	ROP_KIND(servers, 4, ROP_UNBOUNDED) \
	ROP_KIND(sort_orders, 6, ROP_UNBOUNDED) \
	ROP_KIND(open_recipients, 1, ROP_UNBOUNDED) \
	ROP_KIND(modify_recipients, 2, ROP_UNBOUNDED) \
	ROP_KIND(read_recipients, 1, ROP_UNBOUNDED) \
	ROP_KIND(address_types, 4, ROP_UNBOUNDED) \
	ROP_KIND(name_pairs, 2, ROP_UNBOUNDED) \
	ROP_KIND(data_rows16, 2, ROP_UNBOUNDED) \
	ROP_KIND(read_states, 2, ROP_UNBOUNDED) \
	ROP_KIND(id_ranges, 6, ROP_UNBOUNDED) \
	ROP_KIND(changed_tags, 2, ROP_UNBOUNDED) \
	ROP_KIND(backoffs, 1, ROP_UNBOUNDED)

#define ROP_KIND(kind, min, max) \
	void rop_get_##kind(struct rop_codec *c, struct wire_r *r, \
			    ROP_T_##kind *out); \
	void rop_put_##kind(const struct rop_codec *c, struct wire_w *w, \
			    ROP_T_##kind const *v); \
	void rop_show_##kind(struct buf *b, ROP_T_##kind const *v); \
	enum { ROP_MIN_##kind = (min), ROP_MAX_##kind = (max) };
ROP_KINDS
#undef ROP_KIND

/* A NUL-terminated string of either width; NULL is written as "". */
const char *rop_get_string(struct rop_codec *c, struct wire_r *r,
			   bool unicode);
void rop_put_string(const struct rop_codec *c, struct wire_w *w, bool unicode,
		    const char *s);
void rop_show_string(struct buf *b, const char *s);

/*
 * n encoded rows with these columns; the end of the reader is their end if
 * columns is NULL.
 */
struct bin rop_get_rows(struct rop_codec *c, struct wire_r *r, size_t n,
			const struct prop_tags *columns);
void rop_show_rows(struct buf *b, const struct rop_codec *c, size_t n,
		   const struct prop_tags *columns, const struct bin *rows);

/* Bytes that may be in their place already: see rop_bulk_writer. */
void rop_put_bulk(struct wire_w *w, const struct bin *v);

#endif
