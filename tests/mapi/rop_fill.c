/* SPDX-License-Identifier: Apache-2.0 */
#include "mapi/rop_fill.h"

#include <string.h>

#include "mapi/rop_codec.h"

static const uint32_t column_tags[] = {
	PID_TAG_FOLDER_ID, PID_TAG_SUBJECT, PID_TAG_LAST_MODIFICATION_TIME,
};

const struct prop_tags rop_fill_columns = { 3, column_tags };

/* xorshift64*, so that a seed makes the same everywhere. */
static uint64_t next(struct rop_fill *f)
{
	f->state ^= f->state >> 12;
	f->state ^= f->state << 25;
	f->state ^= f->state >> 27;
	return f->state * UINT64_C(2685821657736338717);
}

static uint32_t below(struct rop_fill *f, uint32_t n)
{
	return (uint32_t)(next(f) >> 33) % n;
}

/* Numbers that conditions in rop_fields.h ask for. */
static const uint16_t telling[] = {
	0, 1, 3, 4, 5, 0xbabe, 0x0002, 0x8002, 0x0004, 0x8004, 0xc004, 0x0008,
	0x0010, 0x3010, 0x9010, 0x0020, 0x8020, 0xc040, 0x0080, 0x0100,
	0x8100, 0x0400, 0xffff,
};

static uint64_t number(struct rop_fill *f)
{
	if (strcmp(f->field, "row_count") == 0)
		return below(f, 4);
	if (strcmp(f->field, "dest_handle_index") == 0)
		return ROP_FILL_DEST;
	if (below(f, 2) == 0)
		return next(f);
	return telling[below(f, sizeof telling / sizeof *telling)];
}

#define NUMBER(kind) \
	static void fill_##kind(struct rop_fill *f, ROP_T_##kind *out) \
	{ \
		*out = (ROP_T_##kind)number(f); \
	}

NUMBER(u8)
NUMBER(u16)
NUMBER(u32)
NUMBER(u64)
NUMBER(i32)
NUMBER(i64)
NUMBER(id)
NUMBER(tag)

static void fill_u31(struct rop_fill *f, uint32_t *out)
{
	*out = (uint32_t)number(f) & INT32_MAX;
}

static void fill_bool8(struct rop_fill *f, bool *out)
{
	*out = below(f, 2) == 0;
}

static void fill_raw(struct rop_fill *f, void *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = (uint8_t)next(f);
}

static void fill_guid(struct rop_fill *f, struct guid *out)
{
	fill_raw(f, out->b, sizeof out->b);
}

static void fill_bytes6(struct rop_fill *f, struct rop_bytes6 *out)
{
	fill_raw(f, out->b, sizeof out->b);
}

static void fill_bytes24(struct rop_fill *f, struct rop_bytes24 *out)
{
	fill_raw(f, out->b, sizeof out->b);
}

static void fill_long_term_id(struct rop_fill *f, struct long_term_id *out)
{
	fill_guid(f, &out->database_guid);
	out->counter = next(f) & GLOBCNT_MAX;
}

static const char *ascii(struct rop_fill *f)
{
	static const char *const words[] = { "", "IPM.Note", "SMTP", "a" };

	return words[below(f, 4)];
}

static const char *text(struct rop_fill *f)
{
	static const char *const words[] = {
		"Folder1", "", "\xc3\xa9t\xc3\xa9", "a \"b\" \\ c",
	};

	return words[below(f, 4)];
}

static const char *wide_text(struct rop_fill *f)
{
	return below(f, 4) == 0 ? "\xe6\x97\xa5\xe6\x9c\xac" : text(f);
}

static void fill_str8z(struct rop_fill *f, const char **out)
{
	*out = text(f);
}

static void fill_str8_bin8(struct rop_fill *f, const char **out)
{
	*out = below(f, 4) == 0 ? NULL : ascii(f);
}

static void fill_str8_bin16(struct rop_fill *f, const char **out)
{
	fill_str8_bin8(f, out);
}

static void fill_typed_string(struct rop_fill *f, const char **out)
{
	*out = below(f, 4) == 0 ? NULL : wide_text(f);
}

static void fill_bin8(struct rop_fill *f, struct bin *out)
{
	size_t len = below(f, 4) == 0 ? 0 : below(f, 200);
	uint8_t *data = arena_alloc(f->arena, len);

	fill_raw(f, data, len);
	*out = (struct bin){ data, len };
}

static void fill_bin16(struct rop_fill *f, struct bin *out)
{
	fill_bin8(f, out);
}

static void fill_bin32(struct rop_fill *f, struct bin *out)
{
	fill_bin8(f, out);
}

static void fill_rest(struct rop_fill *f, struct bin *out)
{
	fill_bin8(f, out);
}

/* An array of up to 3 elements, each made by fill(f, &element). */
#define LIST(kind, type, fill) \
	static void fill_##kind(struct rop_fill *f, ROP_T_##kind *out) \
	{ \
		uint32_t n = below(f, 4); \
		type *v = arena_array(f->arena, n, sizeof *v); \
	\
		for (uint32_t i = 0; i < n; i++) \
			fill(f, &v[i]); \
		out->n = (__typeof__(out->n))n; \
		out->v = v; \
	}

static void fill_value(struct rop_fill *f, struct prop_value *out)
{
	static const int32_t numbers[] = { 1, -2, 3 };
	static const char *const strings[] = { "x", "", "yz" };

	switch (below(f, 8)) {
	case 0:
		*out = (struct prop_value){ .tag = PID_TAG_SUBJECT,
					    .str = wide_text(f) };
		break;
	case 1:
		*out = (struct prop_value){ .tag = PID_TAG_IMPORTANCE,
					    .i32 = (int32_t)next(f) };
		break;
	case 2:
		out->tag = PID_TAG_CHANGE_KEY;
		fill_bin8(f, &out->bin);
		break;
	case 3:
		*out = (struct prop_value){ .tag = PID_TAG_CREATION_TIME,
					    .time = next(f) };
		break;
	case 4:
		*out = (struct prop_value){ .tag = 0x80011003, .n = 3,
					    .mv_i32 = numbers };
		break;
	case 5:
		*out = (struct prop_value){ .tag = 0x8002101f, .n = 3,
					    .mv_str = strings };
		break;
	case 6:
		*out = prop_error(PID_TAG_BODY, EC_NOT_FOUND);
		break;
	default:
		*out = (struct prop_value){ .tag = PID_TAG_HAS_ATTACHMENTS,
					    .b = below(f, 2) != 0 };
	}
}

static void fill_number16(struct rop_fill *f, uint16_t *out)
{
	*out = (uint16_t)next(f);
}

static void fill_name(struct rop_fill *f, struct prop_name *out)
{
	fill_guid(f, &out->guid);
	switch (below(f, 3)) {
	case 0:
		out->kind = PROP_NAME_LID;
		out->lid = (uint32_t)next(f);
		break;
	case 1:
		out->kind = PROP_NAME_STRING;
		out->name = wide_text(f);
		break;
	default:
		out->kind = PROP_NAME_NONE;
	}
}

static void fill_problem(struct rop_fill *f, struct prop_problem *out)
{
	out->index = (uint16_t)next(f);
	out->tag = PID_TAG_SUBJECT;
	out->error = EC_ACCESS_DENIED;
}

static void fill_sort_order(struct rop_fill *f, struct sort_order *out)
{
	out->tag = PID_TAG_SUBJECT;
	out->order = (uint8_t)below(f, 2);
}

static void fill_data_row(struct rop_fill *f, struct rop_data_row *out);

static void fill_read_state(struct rop_fill *f, struct rop_read_state *out)
{
	fill_bin8(f, &out->message_id);
	fill_bool8(f, &out->mark_as_read);
}

static void fill_id_range(struct rop_fill *f, struct rop_id_range *out)
{
	fill_long_term_id(f, &out->min_long_term_id);
	fill_long_term_id(f, &out->max_long_term_id);
}

static void fill_backoff(struct rop_fill *f, struct rop_backoff_entry *out)
{
	out->rop_id_backoff = (uint8_t)next(f);
	out->duration = (uint32_t)next(f);
}

static void fill_open_recipient(struct rop_fill *f, struct rop_recipient *out)
{
	out->recipient_type = (uint8_t)(1 + below(f, 3));
	out->code_page_id = 1252;
	fill_bin8(f, &out->row);
}

static void fill_modify_recipient(struct rop_fill *f,
				  struct rop_recipient *out)
{
	out->row_id = (uint32_t)next(f);
	out->recipient_type = (uint8_t)(1 + below(f, 3));
	fill_bin8(f, &out->row);
}

static void fill_read_recipient(struct rop_fill *f, struct rop_recipient *out)
{
	fill_open_recipient(f, out);
	out->row_id = (uint32_t)next(f);
}

static void fill_ascii(struct rop_fill *f, const char **out)
{
	*out = ascii(f);
}

LIST(tags16, uint32_t, fill_tag)
LIST(prop_ids16, uint16_t, fill_number16)
LIST(ids16, uint64_t, fill_id)
LIST(values16, struct prop_value, fill_value)
LIST(sized_values, struct prop_value, fill_value)
LIST(names16, struct prop_name, fill_name)
LIST(problems16, struct prop_problem, fill_problem)
LIST(long_term_ids16, struct long_term_id, fill_long_term_id)
LIST(u32s32, uint32_t, fill_u32)
LIST(open_recipients, struct rop_recipient, fill_open_recipient)
LIST(modify_recipients, struct rop_recipient, fill_modify_recipient)
LIST(read_recipients, struct rop_recipient, fill_read_recipient)
LIST(address_types, const char *, fill_ascii)
LIST(data_rows16, struct rop_data_row, fill_data_row)
LIST(read_states, struct rop_read_state, fill_read_state)
LIST(id_ranges, struct rop_id_range, fill_id_range)
LIST(backoffs, struct rop_backoff_entry, fill_backoff)
/* Without its other counts; fill_sort_orders has them. */
#define ROP_T_orders struct sort_order_set
LIST(orders, struct sort_order, fill_sort_order)

static void fill_data_row(struct rop_fill *f, struct rop_data_row *out)
{
	out->flags = (uint8_t)next(f);
	fill_values16(f, &out->property_values);
}

static void fill_sort_orders(struct rop_fill *f, struct sort_order_set *out)
{
	fill_orders(f, out);
	out->category_count = (uint16_t)below(f, out->n + 1u);
	out->expanded_count = (uint16_t)below(f, out->category_count + 1u);
}

static void fill_servers(struct rop_fill *f, struct rop_servers *out)
{
	struct rop_strings names;

	fill_address_types(f, &names);
	out->count = (uint16_t)names.n;
	out->cheap_count = (uint16_t)(names.n / 2);
	out->v = names.v;
}

static void fill_name_pairs(struct rop_fill *f, struct rop_name_pairs *out)
{
	struct rop_names names;
	uint16_t *ids;

	fill_names16(f, &names);
	ids = arena_array(f->arena, names.n, sizeof *ids);
	for (uint32_t i = 0; i < names.n; i++)
		ids[i] = (uint16_t)next(f);
	*out = (struct rop_name_pairs){ names.n, ids, names.v };
}

static void fill_changed_tags(struct rop_fill *f,
			      struct rop_changed_tags *out)
{
	struct prop_tags tags;

	fill_tags16(f, &tags);
	out->tag_count = tags.n == 3 ? UINT16_MAX : (uint16_t)tags.n;
	out->v = tags.v;
}

static void fill_folder_ids13(struct rop_fill *f, struct rop_folder_ids *out)
{
	for (size_t i = 0; i < 13; i++)
		out->v[i] = next(f);
}

static void fill_logon_time(struct rop_fill *f, struct rop_logon_time *out)
{
	fill_raw(f, out, sizeof *out);
}

static void fill_restriction16(struct rop_fill *f,
			       const struct restriction **out)
{
	static const struct restriction exist = {
		.type = RES_EXIST, .exist = { PID_TAG_SUBJECT },
	};
	static const struct restriction content = {
		.type = RES_CONTENT,
		.content = { FL_PREFIX, FL_IGNORE_CASE, PID_TAG_SUBJECT,
			     { .tag = PID_TAG_SUBJECT, .str = "re:" } },
	};
	struct restriction *list = arena_array(f->arena, 2, sizeof *list);
	struct restriction *and = arena_zalloc(f->arena, sizeof *and);

	list[0] = content;
	list[1] = (struct restriction){ .type = RES_NOT, .not = &exist };
	and->type = RES_AND;
	and->list.n = 2;
	and->list.v = list;
	*out = (const struct restriction *[]){ NULL, &exist, and }[
		below(f, 3)];
}

/* n rows of rop_fill_columns, some with an error in them. */
static struct bin fill_rows(struct rop_fill *f, size_t n,
			    const struct prop_tags *columns)
{
	uint8_t *data = arena_alloc(f->arena, 4096);
	struct wire_w w = wire_w(data, 4096);

	for (size_t i = 0; i < n; i++) {
		struct prop_value v[3] = {
			{ .tag = columns->v[0], .i64 = (int64_t)next(f) },
			{ .tag = columns->v[1], .str = text(f) },
			{ .tag = columns->v[2], .time = next(f) },
		};

		if (below(f, 3) == 0)
			v[2] = prop_error(v[2].tag, EC_NOT_FOUND);
		prop_row_encode(&w, &f->codec->prop, columns, v);
	}
	return (struct bin){ data, w.len };
}

#define FILL_F(kind, field_) \
	f->field = #field_; \
	fill_##kind(f, &v->field_);
#define FILL_C(present, kind, field_) \
	if (present) { \
		FILL_F(kind, field_) \
	}
#define FILL_S(present, unicode, field_) \
	if (present) \
		v->field_ = (unicode) ? wide_text(f) : text(f);
#define FILL_R(present, n, columns, field_) \
	if (present) \
		v->field_ = fill_rows(f, n, columns);

#define ROP(id, n, spec, layout, objects, flags, section, handler) \
static void fill_req_##n(struct rop_fill *f, struct rop_codec *c, \
			 union rop_req *out) \
{ \
	struct rop_##n##_req *v = &out->n; \
	\
	(void)v; \
	REQ_##n(FILL_F, FILL_C, FILL_S, FILL_R) \
} \
static void fill_rsp_##n(struct rop_fill *f, struct rop_codec *c, \
			 enum ec ec, union rop_rsp *out) \
{ \
	struct rop_##n##_rsp *v = &out->n; \
	\
	(void)v; \
	RSP_##n(FILL_F, FILL_C, FILL_S, FILL_R) \
}
#include "mapi/rops.def"
#undef ROP

void rop_fill_request(struct rop_fill *f, uint8_t rop_id, union rop_req *out)
{
	memset(out, 0, sizeof *out);
	switch (rop_id) {
#define ROP(id, n, spec, layout, objects, flags, section, handler) \
	case id: \
		fill_req_##n(f, f->codec, out); \
		break;
#include "mapi/rops.def"
#undef ROP
	default:
		break;
	}
}

void rop_fill_response(struct rop_fill *f, uint8_t rop_id, enum ec ec,
		       union rop_rsp *out)
{
	memset(out, 0, sizeof *out);
	switch (rop_id) {
#define ROP(id, n, spec, layout, objects, flags, section, handler) \
	case id: \
		fill_rsp_##n(f, f->codec, ec, out); \
		break;
#include "mapi/rops.def"
#undef ROP
	default:
		break;
	}
}
