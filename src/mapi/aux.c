/* SPDX-License-Identifier: Apache-2.0 */
#include "mapi/aux.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "mapi/ext_buffer.h"
#include "mapi/prop_codec.h"

enum { HEADER_SIZE = 4, PRINT_MAX = 64 };

enum kind { KIND_end, KIND_pad, KIND_u8, KIND_u16, KIND_u32, KIND_guid,
	    KIND_str, KIND_bin, KIND_text };

/* Bytes in the fixed part. */
enum { SIZE_u8 = 1, SIZE_u16 = 2, SIZE_u32 = 4, SIZE_guid = 16, SIZE_str = 2,
       SIZE_bin = 4, SIZE_text = 0 };

struct field {
	uint8_t kind;             /* enum kind */
	uint8_t size;             /* in the fixed part */
	uint16_t at;              /* in the block's struct */
	const char *name;
};

/* For each block a function that gives its fields, ended by KIND_end. */
#define FIELD(kind, name) \
	{ KIND_##kind, SIZE_##kind, offsetof(struct this, name), #name },
#define RESERVED(n) { KIND_pad, n, 0, NULL },
#define MEMBER(kind, name) AUX_T_##kind name;
#define NO_MEMBER(n)
#define AUX_BLOCK(block) \
	static const struct field *fields_##block(void) \
	{ \
		struct this { AUX_FIELDS_##block(MEMBER, NO_MEMBER) }; \
		static const struct field fields[] = { \
			AUX_FIELDS_##block(FIELD, RESERVED) \
			{ KIND_end, 0, 0, NULL } \
		}; \
		\
		return fields; \
	}
AUX_BLOCKS(AUX_BLOCK)
#undef AUX_BLOCK
#undef FIELD
#undef RESERVED
#undef MEMBER
#undef NO_MEMBER

static const struct type {
	enum aux_type type;
	const char *name;
	const struct field *(*fields)(void);
} types[] = {
#define AUX_TYPE(version, type, constant, block) \
	{ constant, #constant, fields_##block },
	AUX_TYPES(AUX_TYPE)
#undef AUX_TYPE
};

static const struct type *type_find(enum aux_type type)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (types[i].type == type)
			return &types[i];
	return NULL;
}

const char *aux_type_name(enum aux_type type)
{
	const struct type *t = type_find(type);

	return t != NULL ? t->name : NULL;
}

/* Where a field is in a block: all structs begin where raw does. */
static void *member(struct aux_block *block, const struct field *field)
{
	return (char *)&block->raw + field->at;
}

static const void *member_of(const struct aux_block *block,
			     const struct field *field)
{
	return (const char *)&block->raw + field->at;
}

/* ---- decoding ---- */

/*
 * A reader of what lies at an offset from the header.  fixed is where the
 * fixed part begins: nothing variable can lie before that.
 */
static struct wire_r at_offset(const struct wire_r *fixed, size_t offset)
{
	struct wire_r r = *fixed;

	if (offset < HEADER_SIZE || offset - HEADER_SIZE > wire_left(&r))
		r.bad = true;
	else
		r.p += offset - HEADER_SIZE;
	return r;
}

static const char *str_decode(struct wire_r *r, const struct wire_r *fixed,
			      struct arena *a)
{
	size_t offset = wire_u16(r);
	struct wire_r at;
	const char *s;

	if (offset == 0)
		return NULL;
	at = at_offset(fixed, offset);
	s = wire_utf16z(&at, a);
	if (!wire_ok(&at))
		r->bad = true;
	return s;
}

static struct bin bin_decode(struct wire_r *r, const struct wire_r *fixed)
{
	size_t len = wire_u16(r), offset = wire_u16(r);
	struct wire_r at;
	struct bin bin = { NULL, 0 };

	if (offset == 0 || len == 0)
		return bin;
	at = at_offset(fixed, offset);
	bin.data = wire_bytes(&at, len);
	bin.len = len;
	if (!wire_ok(&at))
		r->bad = true;
	return bin;
}

/* 8-bit text up to a NUL or the end, read as windows-1252. */
static const char *text_decode(struct wire_r *r, struct arena *a)
{
	struct prop_ctx c = prop_ctx_rop(a, 1252);
	size_t len = strnlen((const char *)r->p, wire_left(r));
	char *copy = arena_strndup(a, (const char *)r->p, len);
	struct wire_r text = wire_r(copy, len + 1);

	wire_bytes(r, wire_left(r));
	return wire_string8z(&text, &c);
}

static void field_decode(struct wire_r *r, const struct wire_r *fixed,
			 const struct field *field, struct arena *a, void *to)
{
	switch (field->kind) {
	case KIND_u8:
		*(uint8_t *)to = wire_u8(r);
		break;
	case KIND_u16:
		*(uint16_t *)to = wire_u16(r);
		break;
	case KIND_u32:
		*(uint32_t *)to = wire_u32(r);
		break;
	case KIND_guid:
		*(struct guid *)to = wire_guid(r);
		break;
	case KIND_str:
		*(const char **)to = str_decode(r, fixed, a);
		break;
	case KIND_bin:
		*(struct bin *)to = bin_decode(r, fixed);
		break;
	case KIND_text:
		*(const char **)to = text_decode(r, a);
		break;
	default:
		wire_bytes(r, field->size);
	}
}

/* The fields of a block that is known; false if they are not in it. */
static bool fields_decode(struct wire_r r, const struct type *type,
			  struct arena *a, struct aux_block *block)
{
	const struct wire_r fixed = r;

	for (const struct field *f = type->fields(); f->kind != KIND_end; f++)
		field_decode(&r, &fixed, f, a, member(block, f));
	return wire_ok(&r);
}

/* AUX_HEADER, [MS-OXCRPC] 2.2.2.2 */
static bool block_decode(struct wire_r *r, struct arena *a,
			 struct aux_block *out)
{
	size_t size = wire_u16(r);
	struct aux_block block = { .version = wire_u8(r),
				   .type = wire_u8(r) };
	const struct type *type = type_find(aux_block_type(&block));
	struct wire_r in;

	if (size < HEADER_SIZE) {
		r->bad = true;
		return false;
	}
	in = wire_sub(r, size - HEADER_SIZE);
	if (!wire_ok(r))
		return false;
	if (type == NULL || !fields_decode(in, type, a, &block)) {
		block.is_raw = true;
		block.raw = (struct bin){ in.p, wire_left(&in) };
	}
	*out = block;
	return true;
}

bool aux_blocks_decode(const struct bin *payload, struct arena *a,
		       struct aux_blocks *out)
{
	struct wire_r r = wire_r(payload->data, payload->len);
	struct aux_block *v = arena_array(a, payload->len / HEADER_SIZE,
					  sizeof *v);
	uint32_t n = 0;

	while (wire_left(&r) >= HEADER_SIZE)
		if (!block_decode(&r, a, &v[n++]))
			return false;
	if (!wire_done(&r))
		return false;
	*out = (struct aux_blocks){ n, v };
	return true;
}

bool aux_buffer_decode(const struct bin *buffer, struct arena *a,
		       struct aux_blocks *out)
{
	struct ext_payloads payloads;

	if (buffer->len == 0) {
		*out = (struct aux_blocks){ 0, NULL };
		return true;
	}
	return buffer->len <= AUX_BUFFER_MAX &&
		ext_buffer_decode(buffer, a, 1, &payloads) &&
		aux_blocks_decode(&payloads.v[0].data, a, out);
}

/* ---- encoding ---- */

static void put_zeros(struct wire_w *w, size_t n)
{
	uint8_t *at = wire_claim(w, n);

	if (at != NULL)
		memset(at, 0, n);
}

/* The fixed part, with zeros for offsets that are not known yet. */
static void field_encode(struct wire_w *w, const struct field *field,
			 const void *from)
{
	const struct prop_ctx c = prop_ctx_rop(NULL, 1252);

	switch (field->kind) {
	case KIND_u8:
		wire_put_u8(w, *(const uint8_t *)from);
		break;
	case KIND_u16:
		wire_put_u16(w, *(const uint16_t *)from);
		break;
	case KIND_u32:
		wire_put_u32(w, *(const uint32_t *)from);
		break;
	case KIND_guid:
		wire_put_guid(w, from);
		break;
	case KIND_text:
		wire_put_string8z(w, &c, *(const char *const *)from);
		break;
	default:
		put_zeros(w, field->size);
	}
}

/*
 * What lies behind the fixed part.  at is where the field is, in the writer;
 * begin where the header is.
 */
static void variable_encode(struct wire_w *w, const struct field *field,
			    const void *from, size_t at, size_t begin)
{
	const struct bin *bin = from;
	const char *const *s = from;
	size_t offset = w->len - begin;

	if (offset > UINT16_MAX) {
		w->full = true;
	} else if (field->kind == KIND_str && *s != NULL) {
		wire_patch_u16(w, at, (uint16_t)offset);
		wire_put_utf16z(w, *s);
	} else if (field->kind == KIND_bin && bin->len > 0) {
		wire_patch_u16(w, at, (uint16_t)bin->len);
		wire_patch_u16(w, at + 2, (uint16_t)offset);
		wire_put(w, bin->data, bin->len);
	}
}

static void fields_encode(struct wire_w *w, const struct aux_block *block,
			  const struct type *type, size_t begin)
{
	const struct field *fields = type->fields();
	size_t at = begin + HEADER_SIZE;

	for (const struct field *f = fields; f->kind != KIND_end; f++)
		field_encode(w, f, member_of(block, f));
	for (const struct field *f = fields; f->kind != KIND_end; f++) {
		variable_encode(w, f, member_of(block, f), at, begin);
		at += f->size;
	}
}

void aux_block_encode(struct wire_w *w, const struct aux_block *block)
{
	const struct type *type = type_find(aux_block_type(block));
	size_t begin = w->len;

	wire_put_u16(w, 0);
	wire_put_u8(w, block->version);
	wire_put_u8(w, block->type);
	if (block->is_raw)
		wire_put(w, block->raw.data, block->raw.len);
	else if (type != NULL)
		fields_encode(w, block, type, begin);
	if (w->full || w->len - begin > UINT16_MAX) {
		w->full = true;
		return;
	}
	wire_patch_u16(w, begin, (uint16_t)(w->len - begin));
}

void aux_buffer_encode(struct wire_w *w, const struct aux_blocks *blocks,
		       unsigned flags, struct arena *scratch)
{
	size_t begin;

	if (blocks->n == 0)
		return;
	begin = ext_buffer_begin(w);
	for (uint32_t i = 0; i < blocks->n; i++)
		aux_block_encode(w, &blocks->v[i]);
	ext_buffer_end(w, begin, flags | EXT_LAST, scratch);
}

const struct aux_block *aux_find(const struct aux_blocks *blocks,
				 enum aux_type type)
{
	for (uint32_t i = 0; i < blocks->n; i++)
		if (aux_block_type(&blocks->v[i]) == type &&
		    !blocks->v[i].is_raw)
			return &blocks->v[i];
	return NULL;
}

/* ---- printing ---- */

static void print_bytes(struct buf *b, const struct bin *bin)
{
	size_t n = bin->len < PRINT_MAX ? bin->len : PRINT_MAX;

	buf_printf(b, "[%zu] ", bin->len);
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%02x", bin->data[i]);
	if (n < bin->len)
		buf_puts(b, "…");
}

static void print_guid(struct buf *b, const struct guid *guid)
{
	char text[GUID_TEXT_SIZE];

	guid_format(guid, text);
	buf_puts(b, text);
}

static void print_field(struct buf *b, const struct field *field,
			const void *from)
{
	const char *const *s = from;

	buf_printf(b, " %s=", field->name);
	switch (field->kind) {
	case KIND_u8:
		buf_printf(b, "%u", *(const uint8_t *)from);
		break;
	case KIND_u16:
		buf_printf(b, "%u", *(const uint16_t *)from);
		break;
	case KIND_u32:
		buf_printf(b, "0x%" PRIx32, *(const uint32_t *)from);
		break;
	case KIND_guid:
		print_guid(b, from);
		break;
	case KIND_bin:
		print_bytes(b, from);
		break;
	default:
		buf_printf(b, "\"%s\"", *s != NULL ? *s : "");
	}
}

void aux_block_print(struct buf *b, const struct aux_block *block)
{
	const struct type *type = type_find(aux_block_type(block));

	if (type != NULL)
		buf_puts(b, type->name);
	else
		buf_printf(b, "version %u type 0x%02x", block->version,
			   block->type);
	if (block->is_raw || type == NULL) {
		buf_puts(b, " ");
		print_bytes(b, &block->raw);
		return;
	}
	for (const struct field *f = type->fields(); f->kind != KIND_end; f++)
		if (f->kind != KIND_pad)
			print_field(b, f, member_of(block, f));
}
