/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of fields whose layout is regular: numbers, strings, arrays. */
#include "mapi/rop_codec.h"

/* ---- fixed sizes ---- */

#define FIXED(kind, wire) \
	void rop_get_##kind(struct rop_codec *c, struct wire_r *r, \
			    ROP_T_##kind *out) \
	{ \
		*out = (ROP_T_##kind)wire_##wire(r); \
	} \
	void rop_put_##kind(const struct rop_codec *c, struct wire_w *w, \
			    ROP_T_##kind const *v) \
	{ \
		wire_put_##wire(w, (uint_##wire)*v); \
	}

typedef uint8_t uint_u8;
typedef uint16_t uint_u16;
typedef uint32_t uint_u32;
typedef uint64_t uint_u64;

FIXED(u8, u8)
FIXED(u16, u16)
FIXED(u32, u32)
FIXED(u64, u64)
FIXED(i32, u32)
FIXED(i64, u64)
FIXED(id, u64)
FIXED(tag, u32)

/* [MS-OXCROPS] 2.2.9.2.1: a larger MaximumByteCount fails the whole call. */
void rop_get_u31(struct rop_codec *c, struct wire_r *r, uint32_t *out)
{
	*out = wire_u32(r);
	if (*out > UINT32_C(0x80000000))
		r->bad = true;
}

void rop_put_u31(const struct rop_codec *c, struct wire_w *w,
		 const uint32_t *v)
{
	wire_put_u32(w, *v);
}

void rop_get_bool8(struct rop_codec *c, struct wire_r *r, bool *out)
{
	*out = wire_u8(r) != 0;
}

void rop_put_bool8(const struct rop_codec *c, struct wire_w *w, const bool *v)
{
	wire_put_u8(w, *v);
}

void rop_get_guid(struct rop_codec *c, struct wire_r *r, struct guid *out)
{
	*out = wire_guid(r);
}

void rop_put_guid(const struct rop_codec *c, struct wire_w *w,
		  const struct guid *v)
{
	wire_put_guid(w, v);
}

static void get_fixed(struct wire_r *r, void *out, size_t len)
{
	const uint8_t *at = wire_bytes(r, len);

	if (at != NULL)
		memcpy(out, at, len);
}

void rop_get_bytes6(struct rop_codec *c, struct wire_r *r,
		    struct rop_bytes6 *out)
{
	get_fixed(r, out->b, sizeof out->b);
}

void rop_put_bytes6(const struct rop_codec *c, struct wire_w *w,
		    const struct rop_bytes6 *v)
{
	wire_put(w, v->b, sizeof v->b);
}

void rop_get_bytes24(struct rop_codec *c, struct wire_r *r,
		     struct rop_bytes24 *out)
{
	get_fixed(r, out->b, sizeof out->b);
}

void rop_put_bytes24(const struct rop_codec *c, struct wire_w *w,
		     const struct rop_bytes24 *v)
{
	wire_put(w, v->b, sizeof v->b);
}

void rop_get_long_term_id(struct rop_codec *c, struct wire_r *r,
			  struct long_term_id *out)
{
	long_term_id_decode(r, out);
}

void rop_put_long_term_id(const struct rop_codec *c, struct wire_w *w,
			  const struct long_term_id *v)
{
	long_term_id_encode(w, v);
}

/* ---- strings ---- */

const char *rop_get_string(struct rop_codec *c, struct wire_r *r, bool unicode)
{
	return unicode ? wire_utf16z(r, c->prop.arena) :
		wire_string8z(r, &c->prop);
}

void rop_put_string(const struct rop_codec *c, struct wire_w *w, bool unicode,
		    const char *s)
{
	if (unicode)
		wire_put_utf16z(w, s);
	else
		wire_put_string8z(w, &c->prop, s);
}

void rop_get_str8z(struct rop_codec *c, struct wire_r *r, const char **out)
{
	*out = wire_string8z(r, &c->prop);
}

void rop_put_str8z(const struct rop_codec *c, struct wire_w *w,
		   const char *const *v)
{
	wire_put_string8z(w, &c->prop, *v);
}

/* A string that fills size bytes with its NUL; NULL if size is 0. */
static const char *get_sized_string(struct rop_codec *c, struct wire_r *r,
				    size_t size)
{
	struct wire_r in = wire_sub(r, size);
	const char *s = NULL;

	if (size > 0)
		s = wire_string8z(&in, &c->prop);
	if (!wire_done(&in))
		r->bad = true;
	return s;
}

/*
 * Claim a size of width bytes, write the string, and patch the size.  More
 * than the width can say is as if there were no room.
 */
static void put_sized_string(const struct rop_codec *c, struct wire_w *w,
			     const char *s, unsigned width)
{
	size_t at = w->len, size;

	wire_put(w, (const uint8_t[2]){ 0 }, width);
	if (s != NULL)
		wire_put_string8z(w, &c->prop, s);
	if (w->full)
		return;
	size = w->len - at - width;
	if (size >= (size_t)1 << (8 * width)) {
		w->full = true;
		return;
	}
	w->base[at] = (uint8_t)size;
	if (width > 1)
		w->base[at + 1] = (uint8_t)(size >> 8);
}

void rop_get_str8_bin8(struct rop_codec *c, struct wire_r *r,
		       const char **out)
{
	*out = get_sized_string(c, r, wire_u8(r));
}

void rop_put_str8_bin8(const struct rop_codec *c, struct wire_w *w,
		       const char *const *v)
{
	put_sized_string(c, w, *v, 1);
}

void rop_get_str8_bin16(struct rop_codec *c, struct wire_r *r,
			const char **out)
{
	*out = get_sized_string(c, r, wire_u16(r));
}

void rop_put_str8_bin16(const struct rop_codec *c, struct wire_w *w,
			const char *const *v)
{
	put_sized_string(c, w, *v, 2);
}

void rop_get_typed_string(struct rop_codec *c, struct wire_r *r,
			  const char **out)
{
	*out = NULL;
	typed_string_decode(r, &c->prop, out);
}

void rop_put_typed_string(const struct rop_codec *c, struct wire_w *w,
			  const char *const *v)
{
	typed_string_encode(w, *v);
}

/* ---- bytes ---- */

static void get_bin(struct wire_r *r, size_t len, struct bin *out)
{
	const uint8_t *at = wire_bytes(r, len);

	*out = at != NULL ? (struct bin){ at, len } : (struct bin){ NULL, 0 };
}

void rop_put_bulk(struct wire_w *w, const struct bin *v)
{
	bool in_place = w->base != NULL && v->data == w->base + w->len;
	uint8_t *at = wire_claim(w, v->len);

	if (at != NULL && v->len > 0 && !in_place)
		memmove(at, v->data, v->len);
}

/* Whether len can be said in so many bits; the writer is full if not. */
static bool count_fits(struct wire_w *w, size_t len, unsigned bits)
{
	if (len >> bits != 0)
		w->full = true;
	return len >> bits == 0;
}

void rop_get_bin8(struct rop_codec *c, struct wire_r *r, struct bin *out)
{
	get_bin(r, wire_u8(r), out);
}

void rop_put_bin8(const struct rop_codec *c, struct wire_w *w,
		  const struct bin *v)
{
	if (!count_fits(w, v->len, 8))
		return;
	wire_put_u8(w, (uint8_t)v->len);
	rop_put_bulk(w, v);
}

void rop_get_bin16(struct rop_codec *c, struct wire_r *r, struct bin *out)
{
	get_bin(r, wire_u16(r), out);
}

void rop_put_bin16(const struct rop_codec *c, struct wire_w *w,
		   const struct bin *v)
{
	if (!count_fits(w, v->len, 16))
		return;
	wire_put_u16(w, (uint16_t)v->len);
	rop_put_bulk(w, v);
}

void rop_get_bin32(struct rop_codec *c, struct wire_r *r, struct bin *out)
{
	get_bin(r, wire_u32(r), out);
}

void rop_put_bin32(const struct rop_codec *c, struct wire_w *w,
		   const struct bin *v)
{
	if (!count_fits(w, v->len, 32))
		return;
	wire_put_u32(w, (uint32_t)v->len);
	rop_put_bulk(w, v);
}

void rop_get_rest(struct rop_codec *c, struct wire_r *r, struct bin *out)
{
	get_bin(r, wire_left(r), out);
}

void rop_put_rest(const struct rop_codec *c, struct wire_w *w,
		  const struct bin *v)
{
	rop_put_bulk(w, v);
}

/* ---- arrays of numbers after a count ---- */

/*
 * get and put of an array: struct T { n; const E *v; }, a count of bits bits,
 * elements of size bytes read by wire_<wire>.
 */
#define ARRAY(kind, bits, type, wire, size) \
	void rop_get_##kind(struct rop_codec *c, struct wire_r *r, \
			    ROP_T_##kind *out) \
	{ \
		size_t n = wire_count##bits(r, size); \
		type *v = arena_array(c->prop.arena, n, sizeof *v); \
	\
		for (size_t i = 0; i < n; i++) \
			v[i] = wire_##wire(r); \
		out->n = (uint32_t)n; \
		out->v = v; \
	} \
	void rop_put_##kind(const struct rop_codec *c, struct wire_w *w, \
			    ROP_T_##kind const *v) \
	{ \
		if (!count_fits(w, v->n, bits)) \
			return; \
		wire_put_u##bits(w, (uint##bits##_t)v->n); \
		for (uint32_t i = 0; i < v->n; i++) \
			wire_put_##wire(w, v->v[i]); \
	}

ARRAY(prop_ids16, 16, uint16_t, u16, 2)
ARRAY(ids16, 16, uint64_t, u64, 8)
ARRAY(u32s32, 32, uint32_t, u32, 4)

void rop_get_tags16(struct rop_codec *c, struct wire_r *r,
		    struct prop_tags *out)
{
	prop_tags_decode(r, c->prop.arena, out);
}

void rop_put_tags16(const struct rop_codec *c, struct wire_w *w,
		    const struct prop_tags *v)
{
	if (count_fits(w, v->n, 16))
		prop_tags_encode(w, v);
}

void rop_get_long_term_ids16(struct rop_codec *c, struct wire_r *r,
			     struct rop_long_term_ids *out)
{
	size_t n = wire_count16(r, LONG_TERM_ID_SIZE);
	struct long_term_id *v = arena_array(c->prop.arena, n, sizeof *v);

	for (size_t i = 0; i < n; i++)
		long_term_id_decode(r, &v[i]);
	out->n = (uint32_t)n;
	out->v = v;
}

void rop_put_long_term_ids16(const struct rop_codec *c, struct wire_w *w,
			     const struct rop_long_term_ids *v)
{
	if (!count_fits(w, v->n, 16))
		return;
	wire_put_u16(w, (uint16_t)v->n);
	for (uint32_t i = 0; i < v->n; i++)
		long_term_id_encode(w, &v->v[i]);
}

/* ---- property values, problems, restrictions ---- */

void rop_get_values16(struct rop_codec *c, struct wire_r *r,
		      struct prop_values *out)
{
	size_t n = wire_count16(r, 4);

	prop_tagged_list_decode(r, &c->prop, n, out);
}

void rop_put_values16(const struct rop_codec *c, struct wire_w *w,
		      const struct prop_values *v)
{
	if (!count_fits(w, v->n, 16))
		return;
	wire_put_u16(w, (uint16_t)v->n);
	prop_tagged_list_encode(w, &c->prop, v);
}

/* [MS-OXCROPS] 2.2.8.6.1: the size counts the count, too. */
void rop_get_sized_values(struct rop_codec *c, struct wire_r *r,
			  struct prop_values *out)
{
	struct wire_r in = wire_sub(r, wire_u16(r));

	rop_get_values16(c, &in, out);
	if (!wire_done(&in))
		r->bad = true;
}

/* Patch a 16-bit size at an offset with what was written after it. */
static void patch_size16(struct wire_w *w, size_t at)
{
	if (w->full)
		return;
	if (count_fits(w, w->len - at - 2, 16))
		wire_patch_u16(w, at, (uint16_t)(w->len - at - 2));
}

void rop_put_sized_values(const struct rop_codec *c, struct wire_w *w,
			  const struct prop_values *v)
{
	size_t at = w->len;

	wire_put_u16(w, 0);
	rop_put_values16(c, w, v);
	patch_size16(w, at);
}

void rop_get_problems16(struct rop_codec *c, struct wire_r *r,
			struct prop_problems *out)
{
	prop_problems_decode(r, c->prop.arena, out);
}

void rop_put_problems16(const struct rop_codec *c, struct wire_w *w,
			const struct prop_problems *v)
{
	if (count_fits(w, v->n, 16))
		prop_problems_encode(w, v);
}

void rop_get_restriction16(struct rop_codec *c, struct wire_r *r,
			   const struct restriction **out)
{
	struct wire_r in = wire_sub(r, wire_u16(r));
	struct restriction *res;

	*out = NULL;
	if (in.bad || wire_left(&in) == 0)
		return;
	res = arena_zalloc(c->prop.arena, sizeof *res);
	if (restriction_decode(&in, &c->prop, res) && wire_done(&in))
		*out = res;
	else
		r->bad = true;
}

void rop_put_restriction16(const struct rop_codec *c, struct wire_w *w,
			   const struct restriction *const *v)
{
	size_t at = w->len;

	wire_put_u16(w, 0);
	if (*v != NULL)
		restriction_encode(w, &c->prop, *v);
	patch_size16(w, at);
}

/* ---- rows ---- */

struct bin rop_get_rows(struct rop_codec *c, struct wire_r *r, size_t n,
			const struct prop_tags *columns)
{
	const uint8_t *at = r->p;
	struct prop_values row;

	if (columns == NULL)
		wire_bytes(r, wire_left(r));
	else
		for (size_t i = 0; i < n && !r->bad; i++)
			prop_row_decode(r, &c->prop, columns, &row);
	return r->bad ? (struct bin){ NULL, 0 } :
		(struct bin){ at, (size_t)(r->p - at) };
}
