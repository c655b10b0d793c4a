/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of fields that occur in one or two ROPs, each by hand. */
#include "mapi/rop_codec.h"

/* Say in the writer that a count or size is more than its field can hold. */
static bool fits(struct wire_w *w, size_t n, size_t max)
{
	if (n > max)
		w->full = true;
	return n <= max;
}

static void patch16(struct wire_w *w, size_t at, size_t from)
{
	if (!w->full && fits(w, w->len - from, UINT16_MAX))
		wire_patch_u16(w, at, (uint16_t)(w->len - from));
}

/* ---- 2.2.3.1 RopLogon ---- */

void rop_get_folder_ids13(struct rop_codec *c, struct wire_r *r,
			  struct rop_folder_ids *out)
{
	for (size_t i = 0; i < sizeof out->v / sizeof *out->v; i++)
		out->v[i] = wire_u64(r);
}

void rop_put_folder_ids13(const struct rop_codec *c, struct wire_w *w,
			  const struct rop_folder_ids *v)
{
	for (size_t i = 0; i < sizeof v->v / sizeof *v->v; i++)
		wire_put_u64(w, v->v[i]);
}

void rop_get_logon_time(struct rop_codec *c, struct wire_r *r,
			struct rop_logon_time *out)
{
	out->seconds = wire_u8(r);
	out->minutes = wire_u8(r);
	out->hour = wire_u8(r);
	out->day_of_week = wire_u8(r);
	out->day = wire_u8(r);
	out->month = wire_u8(r);
	out->year = wire_u16(r);
}

void rop_put_logon_time(const struct rop_codec *c, struct wire_w *w,
			const struct rop_logon_time *v)
{
	wire_put_u8(w, v->seconds);
	wire_put_u8(w, v->minutes);
	wire_put_u8(w, v->hour);
	wire_put_u8(w, v->day_of_week);
	wire_put_u8(w, v->day);
	wire_put_u8(w, v->month);
	wire_put_u16(w, v->year);
}

/* ---- lists of ASCII strings ---- */

static const char *const *get_strings(struct rop_codec *c, struct wire_r *r,
				      size_t n)
{
	const char **v = arena_array(c->prop.arena, n, sizeof *v);

	for (size_t i = 0; i < n; i++)
		v[i] = wire_asciiz(r);
	return v;
}

/* 2.2.4.1.2 */
void rop_get_servers(struct rop_codec *c, struct wire_r *r,
		     struct rop_servers *out)
{
	uint16_t n = wire_u16(r);

	out->cheap_count = wire_u16(r);
	out->count = (uint16_t)wire_count(r, n, 1);
	out->v = get_strings(c, r, out->count);
}

void rop_put_servers(const struct rop_codec *c, struct wire_w *w,
		     const struct rop_servers *v)
{
	wire_put_u16(w, v->count);
	wire_put_u16(w, v->cheap_count);
	for (size_t i = 0; i < v->count; i++)
		wire_put_asciiz(w, v->v[i]);
}

/* 2.2.7.3.2: the strings take exactly the size that is given. */
void rop_get_address_types(struct rop_codec *c, struct wire_r *r,
			   struct rop_strings *out)
{
	uint16_t n = wire_u16(r);
	struct wire_r in = wire_sub(r, wire_u16(r));

	out->n = (uint32_t)wire_count(&in, n, 1);
	out->v = get_strings(c, &in, out->n);
	if (!wire_done(&in))
		r->bad = true;
}

void rop_put_address_types(const struct rop_codec *c, struct wire_w *w,
			   const struct rop_strings *v)
{
	size_t at;

	if (!fits(w, v->n, UINT16_MAX))
		return;
	wire_put_u16(w, (uint16_t)v->n);
	at = w->len;
	wire_put_u16(w, 0);
	for (uint32_t i = 0; i < v->n; i++)
		wire_put_asciiz(w, v->v[i]);
	patch16(w, at, at + 2);
}

/* ---- 2.2.5.2 RopSortTable ---- */

void rop_get_sort_orders(struct rop_codec *c, struct wire_r *r,
			 struct sort_order_set *out)
{
	uint16_t n = wire_u16(r);

	out->category_count = wire_u16(r);
	out->expanded_count = wire_u16(r);
	out->n = (uint16_t)wire_count(r, n, 5);
	if (!sort_orders_decode(r, c->prop.arena, out->n, &out->v))
		r->bad = true;
}

void rop_put_sort_orders(const struct rop_codec *c, struct wire_w *w,
			 const struct sort_order_set *v)
{
	wire_put_u16(w, v->n);
	wire_put_u16(w, v->category_count);
	wire_put_u16(w, v->expanded_count);
	sort_orders_encode(w, v->v, v->n);
}

/* ---- recipients ---- */

enum recipient_row { OPEN_ROW, MODIFY_ROW, READ_ROW };

/* Bytes of a recipient without its row. */
static const size_t recipient_min[] = {
	[OPEN_ROW] = 1 + 2 + 2 + 2,       /* 2.2.6.1.2.1 */
	[MODIFY_ROW] = 4 + 1 + 2,         /* 2.2.6.5.1.1 */
	[READ_ROW] = 4 + 1 + 2 + 2 + 2,   /* 2.2.6.6.2.1 */
};

static void get_recipient(struct rop_codec *c, struct wire_r *r,
			  enum recipient_row kind, struct rop_recipient *out)
{
	if (kind != OPEN_ROW)
		out->row_id = wire_u32(r);
	out->recipient_type = wire_u8(r);
	if (kind != MODIFY_ROW) {
		out->code_page_id = wire_u16(r);
		out->reserved = wire_u16(r);
	}
	rop_get_bin16(c, r, &out->row);
}

static void get_recipients(struct rop_codec *c, struct wire_r *r, size_t n,
			   enum recipient_row kind, struct rop_recipients *out)
{
	struct rop_recipient *v;

	n = wire_count(r, n, recipient_min[kind]);
	v = arena_array(c->prop.arena, n, sizeof *v);
	for (size_t i = 0; i < n; i++)
		get_recipient(c, r, kind, &v[i]);
	out->n = (uint32_t)n;
	out->v = v;
}

static void put_recipient(const struct rop_codec *c, struct wire_w *w,
			  enum recipient_row kind,
			  const struct rop_recipient *v)
{
	if (kind != OPEN_ROW)
		wire_put_u32(w, v->row_id);
	wire_put_u8(w, v->recipient_type);
	if (kind != MODIFY_ROW) {
		wire_put_u16(w, v->code_page_id);
		wire_put_u16(w, v->reserved);
	}
	rop_put_bin16(c, w, &v->row);
}

static void put_recipients(const struct rop_codec *c, struct wire_w *w,
			   enum recipient_row kind,
			   const struct rop_recipients *v)
{
	for (uint32_t i = 0; i < v->n; i++)
		put_recipient(c, w, kind, &v->v[i]);
}

void rop_get_open_recipients(struct rop_codec *c, struct wire_r *r,
			     struct rop_recipients *out)
{
	get_recipients(c, r, wire_u8(r), OPEN_ROW, out);
}

void rop_put_open_recipients(const struct rop_codec *c, struct wire_w *w,
			     const struct rop_recipients *v)
{
	if (!fits(w, v->n, UINT8_MAX))
		return;
	wire_put_u8(w, (uint8_t)v->n);
	put_recipients(c, w, OPEN_ROW, v);
}

void rop_get_modify_recipients(struct rop_codec *c, struct wire_r *r,
			       struct rop_recipients *out)
{
	get_recipients(c, r, wire_u16(r), MODIFY_ROW, out);
}

void rop_put_modify_recipients(const struct rop_codec *c, struct wire_w *w,
			       const struct rop_recipients *v)
{
	if (!fits(w, v->n, UINT16_MAX))
		return;
	wire_put_u16(w, (uint16_t)v->n);
	put_recipients(c, w, MODIFY_ROW, v);
}

void rop_get_read_recipients(struct rop_codec *c, struct wire_r *r,
			     struct rop_recipients *out)
{
	get_recipients(c, r, wire_u8(r), READ_ROW, out);
}

void rop_put_read_recipients(const struct rop_codec *c, struct wire_w *w,
			     const struct rop_recipients *v)
{
	if (!fits(w, v->n, UINT8_MAX))
		return;
	wire_put_u8(w, (uint8_t)v->n);
	put_recipients(c, w, READ_ROW, v);
}

/* ---- property names, [MS-OXCDATA] 2.6.1 ---- */

enum { PROP_NAME_MIN = 17 };

/* NameSize counts the bytes of the name, its NUL included. */
static const char *get_name_string(struct rop_codec *c, struct wire_r *r)
{
	struct wire_r in = wire_sub(r, wire_u8(r));
	const char *name = wire_utf16z(&in, c->prop.arena);

	if (!wire_done(&in))
		r->bad = true;
	return name;
}

static void get_name(struct rop_codec *c, struct wire_r *r,
		     struct prop_name *out)
{
	out->kind = wire_u8(r);
	out->guid = wire_guid(r);
	switch (out->kind) {
	case PROP_NAME_LID:
		out->lid = wire_u32(r);
		break;
	case PROP_NAME_STRING:
		out->name = get_name_string(c, r);
		break;
	case PROP_NAME_NONE:
		break;
	default:
		r->bad = true;
	}
}

static void put_name(struct wire_w *w, const struct prop_name *v)
{
	size_t at;

	wire_put_u8(w, v->kind);
	wire_put_guid(w, &v->guid);
	if (v->kind == PROP_NAME_LID)
		wire_put_u32(w, v->lid);
	if (v->kind != PROP_NAME_STRING)
		return;
	at = w->len;
	wire_put_u8(w, 0);
	wire_put_utf16z(w, v->name);
	if (!w->full && fits(w, w->len - at - 1, UINT8_MAX))
		w->base[at] = (uint8_t)(w->len - at - 1);
}

static const struct prop_name *get_names(struct rop_codec *c, struct wire_r *r,
					 size_t n)
{
	struct prop_name *v = arena_array(c->prop.arena, n, sizeof *v);

	for (size_t i = 0; i < n; i++)
		get_name(c, r, &v[i]);
	return v;
}

void rop_get_names16(struct rop_codec *c, struct wire_r *r,
		     struct rop_names *out)
{
	out->n = (uint32_t)wire_count16(r, PROP_NAME_MIN);
	out->v = get_names(c, r, out->n);
}

void rop_put_names16(const struct rop_codec *c, struct wire_w *w,
		     const struct rop_names *v)
{
	if (!fits(w, v->n, UINT16_MAX))
		return;
	wire_put_u16(w, (uint16_t)v->n);
	for (uint32_t i = 0; i < v->n; i++)
		put_name(w, &v->v[i]);
}

/* 2.2.8.10.2: one count, then all IDs, then all names. */
void rop_get_name_pairs(struct rop_codec *c, struct wire_r *r,
			struct rop_name_pairs *out)
{
	size_t n = wire_count16(r, 2 + PROP_NAME_MIN);
	uint16_t *ids = arena_array(c->prop.arena, n, sizeof *ids);

	for (size_t i = 0; i < n; i++)
		ids[i] = wire_u16(r);
	out->n = (uint32_t)n;
	out->ids = ids;
	out->names = get_names(c, r, n);
}

void rop_put_name_pairs(const struct rop_codec *c, struct wire_w *w,
			const struct rop_name_pairs *v)
{
	if (!fits(w, v->n, UINT16_MAX))
		return;
	wire_put_u16(w, (uint16_t)v->n);
	for (uint32_t i = 0; i < v->n; i++)
		wire_put_u16(w, v->ids[i]);
	for (uint32_t i = 0; i < v->n; i++)
		put_name(w, &v->names[i]);
}

/* ---- 2.2.10.1.1.1 PermissionData, 2.2.11.1.1.1 RuleData ---- */

void rop_get_data_rows16(struct rop_codec *c, struct wire_r *r,
			 struct rop_data_rows *out)
{
	size_t n = wire_count16(r, 1 + 2);
	struct rop_data_row *v = arena_array(c->prop.arena, n, sizeof *v);

	for (size_t i = 0; i < n && !r->bad; i++) {
		v[i].flags = wire_u8(r);
		rop_get_values16(c, r, &v[i].property_values);
	}
	out->n = (uint32_t)n;
	out->v = v;
}

void rop_put_data_rows16(const struct rop_codec *c, struct wire_w *w,
			 const struct rop_data_rows *v)
{
	if (!fits(w, v->n, UINT16_MAX))
		return;
	wire_put_u16(w, (uint16_t)v->n);
	for (uint32_t i = 0; i < v->n; i++) {
		wire_put_u8(w, v->v[i].flags);
		rop_put_values16(c, w, &v->v[i].property_values);
	}
}

/* ---- synchronisation ---- */

enum { READ_STATE_MIN = 2 + 1 };

/* 2.2.13.3.1: a size in bytes, and as many MessageReadStates as fit. */
void rop_get_read_states(struct rop_codec *c, struct wire_r *r,
			 struct rop_read_states *out)
{
	struct wire_r in = wire_sub(r, wire_u16(r));
	struct rop_read_state *v = arena_array(c->prop.arena,
		wire_left(&in) / READ_STATE_MIN, sizeof *v);
	uint32_t n = 0;

	while (!in.bad && wire_left(&in) >= READ_STATE_MIN) {
		rop_get_bin16(c, &in, &v[n].message_id);
		v[n++].mark_as_read = wire_u8(&in) != 0;
	}
	if (!wire_done(&in))
		r->bad = true;
	out->n = n;
	out->v = v;
}

void rop_put_read_states(const struct rop_codec *c, struct wire_w *w,
			 const struct rop_read_states *v)
{
	size_t at = w->len;

	wire_put_u16(w, 0);
	for (uint32_t i = 0; i < v->n; i++) {
		rop_put_bin16(c, w, &v->v[i].message_id);
		wire_put_u8(w, v->v[i].mark_as_read);
	}
	patch16(w, at, at + 2);
}

/* 2.2.13.12.1: DataSize counts the count and the ranges. */
void rop_get_id_ranges(struct rop_codec *c, struct wire_r *r,
		       struct rop_id_ranges *out)
{
	struct wire_r in = wire_sub(r, wire_u16(r));
	size_t n = wire_count32(&in, 2 * LONG_TERM_ID_SIZE);
	struct rop_id_range *v = arena_array(c->prop.arena, n, sizeof *v);

	for (size_t i = 0; i < n; i++) {
		long_term_id_decode(&in, &v[i].min_long_term_id);
		long_term_id_decode(&in, &v[i].max_long_term_id);
	}
	if (!wire_done(&in))
		r->bad = true;
	out->n = (uint32_t)n;
	out->v = v;
}

void rop_put_id_ranges(const struct rop_codec *c, struct wire_w *w,
		       const struct rop_id_ranges *v)
{
	size_t at = w->len;

	wire_put_u16(w, 0);
	wire_put_u32(w, v->n);
	for (uint32_t i = 0; i < v->n; i++) {
		long_term_id_encode(w, &v->v[i].min_long_term_id);
		long_term_id_encode(w, &v->v[i].max_long_term_id);
	}
	patch16(w, at, at + 2);
}

/* ---- [MS-OXCNOTIF] 2.2.1.4.1.2: TagCount and Tags ---- */

void rop_get_changed_tags(struct rop_codec *c, struct wire_r *r,
			  struct rop_changed_tags *out)
{
	uint16_t tag_count = wire_u16(r);
	size_t n = tag_count == UINT16_MAX ? 0 : wire_count(r, tag_count, 4);
	uint32_t *v = arena_array(c->prop.arena, n, sizeof *v);

	for (size_t i = 0; i < n; i++)
		v[i] = wire_u32(r);
	out->tag_count = tag_count;
	out->v = v;
}

void rop_put_changed_tags(const struct rop_codec *c, struct wire_w *w,
			  const struct rop_changed_tags *v)
{
	wire_put_u16(w, v->tag_count);
	for (size_t i = 0; v->tag_count != UINT16_MAX && i < v->tag_count; i++)
		wire_put_u32(w, v->v[i]);
}

/* ---- 2.2.15.2 RopBackoff ---- */

void rop_get_backoffs(struct rop_codec *c, struct wire_r *r,
		      struct rop_backoffs *out)
{
	size_t n = wire_count(r, wire_u8(r), 1 + 4);
	struct rop_backoff_entry *v = arena_array(c->prop.arena, n, sizeof *v);

	for (size_t i = 0; i < n; i++) {
		v[i].rop_id_backoff = wire_u8(r);
		v[i].duration = wire_u32(r);
	}
	out->n = (uint32_t)n;
	out->v = v;
}

void rop_put_backoffs(const struct rop_codec *c, struct wire_w *w,
		      const struct rop_backoffs *v)
{
	if (!fits(w, v->n, UINT8_MAX))
		return;
	wire_put_u8(w, (uint8_t)v->n);
	for (uint32_t i = 0; i < v->n; i++) {
		wire_put_u8(w, v->v[i].rop_id_backoff);
		wire_put_u32(w, v->v[i].duration);
	}
}
