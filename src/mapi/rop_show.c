/* SPDX-License-Identifier: Apache-2.0 */
/* How the kinds of fields of rop_fields.h look in a trace. */
#include <inttypes.h>

#include "base/utf.h"
#include "mapi/rop_codec.h"

enum { SHOW_MAX = 64 };           /* bytes of a string or a binary value */

static void show_uint(struct buf *b, uint64_t v)
{
	if (v < 10)
		buf_printf(b, "%" PRIu64, v);
	else
		buf_printf(b, "%" PRIu64 "(0x%" PRIx64 ")", v, v);
}

#define UINT(kind) \
	void rop_show_##kind(struct buf *b, ROP_T_##kind const *v) \
	{ \
		show_uint(b, *v); \
	}

UINT(u8)
UINT(u16)
UINT(u32)
UINT(u31)
UINT(u64)

void rop_show_i32(struct buf *b, const int32_t *v)
{
	buf_printf(b, "%" PRId32, *v);
}

void rop_show_i64(struct buf *b, const int64_t *v)
{
	buf_printf(b, "%" PRId64, *v);
}

void rop_show_bool8(struct buf *b, const bool *v)
{
	buf_puts(b, *v ? "true" : "false");
}

/* As the specifications write them: 0001-00000e915212. */
void rop_show_id(struct buf *b, const uint64_t *v)
{
	buf_printf(b, "%04x-%012" PRIx64, (unsigned)id_replid(*v),
		   id_counter(*v));
}

void rop_show_tag(struct buf *b, const uint32_t *v)
{
	prop_tag_print(b, *v);
}

void rop_show_guid(struct buf *b, const struct guid *v)
{
	char text[GUID_TEXT_SIZE];

	guid_format(v, text);
	buf_puts(b, text);
}

static void show_bytes(struct buf *b, const uint8_t *p, size_t len)
{
	size_t shown = len < SHOW_MAX ? len : SHOW_MAX;

	buf_printf(b, "[%zu]", len);
	for (size_t i = 0; i < shown; i++)
		buf_printf(b, "%02x", p[i]);
	if (shown < len)
		buf_puts(b, "...");
}

void rop_show_bytes6(struct buf *b, const struct rop_bytes6 *v)
{
	show_bytes(b, v->b, sizeof v->b);
}

void rop_show_bytes24(struct buf *b, const struct rop_bytes24 *v)
{
	show_bytes(b, v->b, sizeof v->b);
}

void rop_show_bin8(struct buf *b, const struct bin *v)
{
	show_bytes(b, v->data, v->len);
}

void rop_show_bin16(struct buf *b, const struct bin *v)
{
	show_bytes(b, v->data, v->len);
}

void rop_show_bin32(struct buf *b, const struct bin *v)
{
	show_bytes(b, v->data, v->len);
}

void rop_show_rest(struct buf *b, const struct bin *v)
{
	show_bytes(b, v->data, v->len);
}

void rop_show_long_term_id(struct buf *b, const struct long_term_id *v)
{
	rop_show_guid(b, &v->database_guid);
	buf_printf(b, "-%012" PRIx64, v->counter);
}

/* ---- strings ---- */

/* Control characters, quotes and backslashes so that a line stays one. */
void rop_show_string(struct buf *b, const char *s)
{
	const char *end;

	if (s == NULL) {
		buf_puts(b, "none");
		return;
	}
	end = s + strlen(s);
	buf_puts(b, "\"");
	for (const char *at = s, *next; at < end; at = next) {
		if (at - s >= SHOW_MAX) {
			buf_puts(b, "\"...");
			return;
		}
		next = at;
		utf8_next(&next, end);
		if ((uint8_t)*at < 0x20 || *at == 0x7f)
			buf_printf(b, "\\x%02x", (uint8_t)*at);
		else if (*at == '"' || *at == '\\')
			buf_printf(b, "\\%c", *at);
		else
			buf_add(b, at, (size_t)(next - at));
	}
	buf_puts(b, "\"");
}

#define STRING(kind) \
	void rop_show_##kind(struct buf *b, const char *const *v) \
	{ \
		rop_show_string(b, *v); \
	}

STRING(str8z)
STRING(str8_bin8)
STRING(str8_bin16)
STRING(typed_string)

/* ---- arrays: "[2]{a b}" ---- */

static void show_open(struct buf *b, size_t n)
{
	buf_printf(b, "[%zu]{", n);
}

static void show_next(struct buf *b, size_t i)
{
	if (i > 0)
		buf_puts(b, " ");
}

/* An array of n and v, whose elements are printed by show(b, &element). */
#define LIST(kind, show) \
	void rop_show_##kind(struct buf *b, ROP_T_##kind const *v) \
	{ \
		show_open(b, v->n); \
		for (uint32_t i = 0; i < v->n; i++) { \
			show_next(b, i); \
			show(b, &v->v[i]); \
		} \
		buf_puts(b, "}"); \
	}

static void show_value(struct buf *b, const struct prop_value *v)
{
	prop_value_print(b, v, SHOW_MAX);
}

static void show_name(struct buf *b, const struct prop_name *v)
{
	rop_show_guid(b, &v->guid);
	if (v->kind == PROP_NAME_LID)
		buf_printf(b, ":0x%04" PRIx32, v->lid);
	else if (v->kind == PROP_NAME_STRING) {
		buf_puts(b, ":");
		rop_show_string(b, v->name);
	}
}

static void show_prop_id(struct buf *b, const uint16_t *v)
{
	buf_printf(b, "0x%04x", *v);
}

static void show_problem(struct buf *b, const struct prop_problem *v)
{
	buf_printf(b, "%u:", v->index);
	prop_tag_print(b, v->tag);
	buf_printf(b, ":%s", ec_name(v->error));
}

static void show_sort_order(struct buf *b, const struct sort_order *v)
{
	prop_tag_print(b, v->tag);
	buf_puts(b, v->order == SORT_ASCENDING ? " ascending" :
		 v->order == SORT_DESCENDING ? " descending" : " maximum");
}

static void show_recipient(struct buf *b, const struct rop_recipient *v)
{
	buf_printf(b, "row=%" PRIu32 " type=%u ", v->row_id,
		   v->recipient_type);
	show_bytes(b, v->row.data, v->row.len);
}

static void show_data_row(struct buf *b, const struct rop_data_row *v)
{
	buf_printf(b, "flags=%u ", v->flags);
	rop_show_values16(b, &v->property_values);
}

static void show_read_state(struct buf *b, const struct rop_read_state *v)
{
	show_bytes(b, v->message_id.data, v->message_id.len);
	buf_puts(b, v->mark_as_read ? ":read" : ":unread");
}

static void show_id_range(struct buf *b, const struct rop_id_range *v)
{
	rop_show_long_term_id(b, &v->min_long_term_id);
	buf_puts(b, "..");
	rop_show_long_term_id(b, &v->max_long_term_id);
}

static void show_ascii(struct buf *b, const char *const *v)
{
	rop_show_string(b, *v);
}

static void show_backoff(struct buf *b, const struct rop_backoff_entry *v)
{
	buf_printf(b, "%s:%" PRIu32 "ms", rop_name(v->rop_id_backoff),
		   v->duration);
}

LIST(tags16, rop_show_tag)
LIST(prop_ids16, show_prop_id)
LIST(ids16, rop_show_id)
LIST(u32s32, rop_show_u32)
LIST(values16, show_value)
LIST(sized_values, show_value)
LIST(names16, show_name)
LIST(problems16, show_problem)
LIST(long_term_ids16, rop_show_long_term_id)
LIST(open_recipients, show_recipient)
LIST(modify_recipients, show_recipient)
LIST(read_recipients, show_recipient)
LIST(address_types, show_ascii)
LIST(data_rows16, show_data_row)
LIST(read_states, show_read_state)
LIST(id_ranges, show_id_range)
LIST(backoffs, show_backoff)

void rop_show_servers(struct buf *b, const struct rop_servers *v)
{
	buf_printf(b, "cheap=%u ", v->cheap_count);
	rop_show_address_types(b, &(struct rop_strings){ v->count, v->v });
}

void rop_show_sort_orders(struct buf *b, const struct sort_order_set *v)
{
	buf_printf(b, "categories=%u expanded=%u ", v->category_count,
		   v->expanded_count);
	show_open(b, v->n);
	for (size_t i = 0; i < v->n; i++) {
		show_next(b, i);
		show_sort_order(b, &v->v[i]);
	}
	buf_puts(b, "}");
}

void rop_show_name_pairs(struct buf *b, const struct rop_name_pairs *v)
{
	show_open(b, v->n);
	for (uint32_t i = 0; i < v->n; i++) {
		show_next(b, i);
		show_prop_id(b, &v->ids[i]);
		buf_puts(b, "=");
		show_name(b, &v->names[i]);
	}
	buf_puts(b, "}");
}

void rop_show_changed_tags(struct buf *b, const struct rop_changed_tags *v)
{
	if (v->tag_count == UINT16_MAX)
		buf_puts(b, "many");
	else
		rop_show_tags16(b, &(struct prop_tags){ v->tag_count, v->v });
}

void rop_show_folder_ids13(struct buf *b, const struct rop_folder_ids *v)
{
	rop_show_ids16(b, &(struct rop_ids){ 13, v->v });
}

void rop_show_logon_time(struct buf *b, const struct rop_logon_time *v)
{
	buf_printf(b, "%04u-%02u-%02uT%02u:%02u:%02u", v->year, v->month,
		   v->day, v->hour, v->minutes, v->seconds);
}

void rop_show_restriction16(struct buf *b,
			    const struct restriction *const *v)
{
	restriction_print(b, *v);
}

void rop_show_rows(struct buf *b, const struct rop_codec *c, size_t n,
		   const struct prop_tags *columns, const struct bin *data)
{
	const struct prop_values *v;

	if (columns == NULL || c->prop.arena == NULL ||
	    !rop_rows_decode(c, columns, data, n, &v)) {
		show_bytes(b, data->data, data->len);
		return;
	}
	show_open(b, n);
	for (size_t i = 0; i < n; i++) {
		show_next(b, i);
		rop_show_values16(b, &v[i]);
	}
	buf_puts(b, "}");
}
