/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of address book bodies ([MS-OXCMAPIHTTP] 2.2.1, 2.2.5). */
#include "mapi/nspi_kind.h"

#include "mapi/code_page.h"

void nspi_get_u32(struct nspi_codec *c, struct wire_r *r, uint32_t *out)
{
	*out = wire_u32(r);
}

void nspi_put_u32(struct nspi_codec *c, struct wire_w *w, const uint32_t *v)
{
	wire_put_u32(w, *v);
}

void nspi_get_i32(struct nspi_codec *c, struct wire_r *r, int32_t *out)
{
	*out = (int32_t)wire_u32(r);
}

void nspi_put_i32(struct nspi_codec *c, struct wire_w *w, const int32_t *v)
{
	wire_put_u32(w, (uint32_t)*v);
}

void nspi_get_bool8(struct nspi_codec *c, struct wire_r *r, bool *out)
{
	*out = wire_u8(r) != 0;
}

void nspi_put_bool8(struct nspi_codec *c, struct wire_w *w, const bool *v)
{
	wire_put_u8(w, *v);
}

void nspi_get_guid(struct nspi_codec *c, struct wire_r *r, struct guid *out)
{
	*out = wire_guid(r);
}

void nspi_put_guid(struct nspi_codec *c, struct wire_w *w,
		   const struct guid *v)
{
	wire_put_guid(w, v);
}

/* --- Code pages ------------------------------------------------------- */

/* From here on strings of 8 bits are in this one ([MS-OXNSPI] 3.1.4.3.4). */
static void use_code_page(struct nspi_codec *c, uint32_t code_page)
{
	if (code_page_known(code_page))
		c->prop.code_page = code_page;
}

void nspi_get_code_page(struct nspi_codec *c, struct wire_r *r, uint32_t *out)
{
	*out = wire_u32(r);
	use_code_page(c, *out);
}

void nspi_put_code_page(struct nspi_codec *c, struct wire_w *w,
			const uint32_t *v)
{
	wire_put_u32(w, *v);
	use_code_page(c, *v);
}

/* [MS-OXNSPI] 2.2.8 */
void nspi_get_stat(struct nspi_codec *c, struct wire_r *r,
		   struct nspi_stat *out)
{
	out->sort_type = wire_u32(r);
	out->container_id = wire_u32(r);
	out->current_rec = wire_u32(r);
	out->delta = (int32_t)wire_u32(r);
	out->num_pos = wire_u32(r);
	out->total_recs = wire_u32(r);
	out->code_page = wire_u32(r);
	out->template_locale = wire_u32(r);
	out->sort_locale = wire_u32(r);
	use_code_page(c, out->code_page);
}

void nspi_put_stat(struct nspi_codec *c, struct wire_w *w,
		   const struct nspi_stat *v)
{
	wire_put_u32(w, v->sort_type);
	wire_put_u32(w, v->container_id);
	wire_put_u32(w, v->current_rec);
	wire_put_u32(w, (uint32_t)v->delta);
	wire_put_u32(w, v->num_pos);
	wire_put_u32(w, v->total_recs);
	wire_put_u32(w, v->code_page);
	wire_put_u32(w, v->template_locale);
	wire_put_u32(w, v->sort_locale);
	use_code_page(c, v->code_page);
}

/* --- Arrays ----------------------------------------------------------- */

/* [MS-OXCMAPIHTTP] 2.2.1.8: "limited to 100,000". */
static size_t get_count(struct wire_r *r, size_t min)
{
	size_t n = wire_count32(r, min);

	if (n > NSPI_COUNT_MAX) {
		r->bad = true;
		return 0;
	}
	return n;
}

static const uint32_t *get_u32s(struct nspi_codec *c, struct wire_r *r,
				uint32_t *n)
{
	size_t count = get_count(r, 4);
	uint32_t *v = arena_array(c->prop.arena, count, sizeof *v);

	for (size_t i = 0; i < count; i++)
		v[i] = wire_u32(r);
	*n = (uint32_t)count;
	return v;
}

static void put_u32s(struct wire_w *w, uint32_t n, const uint32_t *v)
{
	wire_put_u32(w, n);
	for (uint32_t i = 0; i < n && !w->full; i++)
		wire_put_u32(w, v[i]);
}

void nspi_get_tags(struct nspi_codec *c, struct wire_r *r,
		   struct prop_tags *out)
{
	out->v = get_u32s(c, r, &out->n);
}

void nspi_put_tags(struct nspi_codec *c, struct wire_w *w,
		   const struct prop_tags *v)
{
	put_u32s(w, v->n, v->v);
}

void nspi_get_mids(struct nspi_codec *c, struct wire_r *r,
		   struct nspi_mids *out)
{
	out->v = get_u32s(c, r, &out->n);
}

void nspi_put_mids(struct nspi_codec *c, struct wire_w *w,
		   const struct nspi_mids *v)
{
	put_u32s(w, v->n, v->v);
}

void nspi_get_value(struct nspi_codec *c, struct wire_r *r,
		    struct prop_value *out)
{
	prop_tagged_decode(r, &c->prop, out);
}

void nspi_put_value(struct nspi_codec *c, struct wire_w *w,
		    const struct prop_value *v)
{
	prop_tagged_encode(w, &c->prop, v);
}

void nspi_get_values(struct nspi_codec *c, struct wire_r *r,
		     struct prop_values *out)
{
	prop_tagged_list_decode(r, &c->prop, get_count(r, 4), out);
}

void nspi_put_values(struct nspi_codec *c, struct wire_w *w,
		     const struct prop_values *v)
{
	wire_put_u32(w, v->n);
	prop_tagged_list_encode(w, &c->prop, v);
}

void nspi_get_value_rows(struct nspi_codec *c, struct wire_r *r,
			 struct nspi_value_rows *out)
{
	size_t n = get_count(r, 4);
	struct prop_values *v = arena_array(c->prop.arena, n, sizeof *v);

	for (size_t i = 0; i < n && wire_ok(r); i++)
		nspi_get_values(c, r, &v[i]);
	*out = (struct nspi_value_rows){ (uint32_t)n, v };
}

void nspi_put_value_rows(struct nspi_codec *c, struct wire_w *w,
			 const struct nspi_value_rows *v)
{
	wire_put_u32(w, v->n);
	for (uint32_t i = 0; i < v->n && !w->full; i++)
		nspi_put_values(c, w, &v->v[i]);
}

/* 2.2.1.7; the least a row has is its flag. */
void nspi_get_rows(struct nspi_codec *c, struct wire_r *r,
		   struct nspi_rows *out)
{
	struct prop_values *v;
	size_t n;

	nspi_get_tags(c, r, &out->columns);
	n = get_count(r, 1 + out->columns.n);
	v = arena_array(c->prop.arena, n, sizeof *v);
	for (size_t i = 0; i < n && wire_ok(r); i++)
		prop_row_decode(r, &c->prop, &out->columns, &v[i]);
	out->n = (uint32_t)n;
	out->v = v;
}

void nspi_put_rows(struct nspi_codec *c, struct wire_w *w,
		   const struct nspi_rows *v)
{
	nspi_put_tags(c, w, &v->columns);
	wire_put_u32(w, v->n);
	for (uint32_t i = 0; i < v->n && !w->full; i++)
		prop_row_encode(w, &c->prop, &v->columns, v->v[i].v);
}

void nspi_get_restriction(struct nspi_codec *c, struct wire_r *r,
			  const struct restriction **out)
{
	struct restriction *res = arena_zalloc(c->prop.arena, sizeof *res);

	restriction_decode(r, &c->prop, res);
	*out = res;
}

void nspi_put_restriction(struct nspi_codec *c, struct wire_w *w,
			  const struct restriction *const *v)
{
	restriction_encode(w, &c->prop, *v);
}

/* --- Names ------------------------------------------------------------ */

void nspi_get_property_name(struct nspi_codec *c, struct wire_r *r,
			    struct nspi_property_name *out)
{
	out->guid = wire_guid(r);
	out->id = wire_u32(r);
}

void nspi_put_property_name(struct nspi_codec *c, struct wire_w *w,
			    const struct nspi_property_name *v)
{
	wire_put_guid(w, &v->guid);
	wire_put_u32(w, v->id);
}

void nspi_get_entry_ids(struct nspi_codec *c, struct wire_r *r,
			struct nspi_entry_ids *out)
{
	size_t n = get_count(r, 4);
	struct bin *v = arena_array(c->prop.arena, n, sizeof *v);

	for (size_t i = 0; i < n; i++) {
		v[i].len = wire_count32(r, 1);
		v[i].data = wire_bytes(r, v[i].len);
	}
	*out = (struct nspi_entry_ids){ (uint32_t)n, v };
}

void nspi_put_entry_ids(struct nspi_codec *c, struct wire_w *w,
			const struct nspi_entry_ids *v)
{
	wire_put_u32(w, v->n);
	for (uint32_t i = 0; i < v->n && !w->full; i++) {
		wire_put_u32(w, (uint32_t)v->v[i].len);
		wire_put(w, v->v[i].data, v->v[i].len);
	}
}

/* DNs, whose characters are those of [MS-OXOABK] 2.2.1.1, or a client's
 * mistake, which then is no object's. */
void nspi_get_dns(struct nspi_codec *c, struct wire_r *r,
		  struct nspi_strings *out)
{
	struct prop_ctx raw = { .arena = c->prop.arena };
	size_t n = get_count(r, 1);
	const char **v = arena_array(c->prop.arena, n, sizeof *v);

	for (size_t i = 0; i < n; i++)
		v[i] = wire_string8z(r, &raw);
	*out = (struct nspi_strings){ (uint32_t)n, v };
}

void nspi_put_dns(struct nspi_codec *c, struct wire_w *w,
		  const struct nspi_strings *v)
{
	wire_put_u32(w, v->n);
	for (uint32_t i = 0; i < v->n && !w->full; i++)
		wire_put_asciiz(w, v->v[i]);
}

void nspi_get_names(struct nspi_codec *c, struct wire_r *r,
		    struct nspi_strings *out)
{
	size_t n = get_count(r, 2);
	const char **v = arena_array(c->prop.arena, n, sizeof *v);

	for (size_t i = 0; i < n; i++)
		v[i] = wire_utf16z(r, c->prop.arena);
	*out = (struct nspi_strings){ (uint32_t)n, v };
}

void nspi_put_names(struct nspi_codec *c, struct wire_w *w,
		    const struct nspi_strings *v)
{
	wire_put_u32(w, v->n);
	for (uint32_t i = 0; i < v->n && !w->full; i++)
		wire_put_utf16z(w, v->v[i]);
}

void nspi_get_str8z(struct nspi_codec *c, struct wire_r *r, const char **out)
{
	struct prop_ctx raw = { .arena = c->prop.arena };

	*out = wire_string8z(r, &raw);
}

void nspi_put_str8z(struct nspi_codec *c, struct wire_w *w,
		    const char *const *v)
{
	wire_put_asciiz(w, *v);
}

void nspi_get_str16z(struct nspi_codec *c, struct wire_r *r, const char **out)
{
	*out = wire_utf16z(r, c->prop.arena);
}

void nspi_put_str16z(struct nspi_codec *c, struct wire_w *w,
		     const char *const *v)
{
	wire_put_utf16z(w, *v);
}
