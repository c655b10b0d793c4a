/* SPDX-License-Identifier: Apache-2.0 */
#include "mailbox/recipients.h"

#include <string.h>

#include "mailbox/props.h"
#include "mapi/recipient_row.h"

/* SimpleDisplayName of a row ([MS-OXCDATA] 2.8.3.2) */
enum { TAG_SIMPLE_DISPLAY_NAME =
       PID_TAG_ADDRESS_BOOK_DISPLAY_NAME_PRINTABLE };

/* "standard property values of the RecipientRow" ([MS-OXCMSG] 2.2.3.5.1) */
static bool has_field(uint32_t tag)
{
	switch (prop_tag_id(tag)) {
	case PID_TAG_ENTRY_ID >> 16:
	case PID_TAG_SEARCH_KEY >> 16:
	case PID_TAG_INSTANCE_KEY >> 16:
	case PID_TAG_DISPLAY_NAME >> 16:
	case PID_TAG_ADDRESS_TYPE >> 16:
	case PID_TAG_EMAIL_ADDRESS >> 16:
	case TAG_SIMPLE_DISPLAY_NAME >> 16:
	case PID_TAG_TRANSMITTABLE_DISPLAY_NAME >> 16:
	case PID_TAG_RECIPIENT_TYPE >> 16:
	case PID_TAG_RESPONSIBILITY >> 16:
	case PID_TAG_SEND_RICH_INFO >> 16:
	case PID_TAG_ROWID >> 16:
		return true;
	}
	return false;
}

static void add_column(uint32_t *v, uint32_t *n, uint32_t tag)
{
	if (has_field(tag))
		return;
	for (uint32_t i = 0; i < *n; i++)
		if (v[i] == tag)
			return;
	if (*n < RECIPIENT_COLUMNS_MAX)
		v[(*n)++] = tag;
}

enum ec recipient_columns(struct message *message, struct arena *a,
			  struct prop_tags *out)
{
	size_t count = message_recipient_count(message);
	uint32_t v[RECIPIENT_COLUMNS_MAX], n = 0;
	struct recipient r;
	enum ec ec;

	for (size_t i = 0; i < count; i++) {
		ec = message_recipient(message, i, a, &r);
		if (ec != EC_SUCCESS)
			return ec;
		for (uint32_t k = 0; k < r.props.n; k++)
			add_column(v, &n, r.props.v[k].tag);
	}
	*out = (struct prop_tags){ n, arena_memdup(a, v, n * sizeof v[0]) };
	return EC_SUCCESS;
}

void recipient_writer_init(struct recipient_writer *rw, struct arena *a,
			   const struct prop_tags *columns,
			   uint32_t code_page, size_t overhead, size_t room)
{
	*rw = (struct recipient_writer){
		.arena = a, .columns = columns,
		.ctx = prop_ctx_rop(a, code_page),
		.w = wire_w(arena_alloc(a, room), room),
		.overhead = overhead,
	};
}

static const char *text(const struct prop_values *props, uint32_t tag)
{
	const struct prop_value *v = prop_find(props, tag);

	return v != NULL && v->tag == tag ? v->str : NULL;
}

static bool flag(const struct prop_values *props, uint32_t tag, bool otherwise)
{
	const struct prop_value *v = prop_find(props, tag);

	return v != NULL && v->tag == tag ? v->b : otherwise;
}

static struct bin bytes(const struct prop_values *props, uint32_t tag)
{
	const struct prop_value *v = prop_find(props, tag);

	return v != NULL && v->tag == tag ? v->bin : (struct bin){ NULL, 0 };
}

/*
 * A personal distribution list is named by its entry ID; for other types
 * clients make entry IDs of the address.
 */
static void name_list(struct recipient_row *row,
		      const struct prop_values *props)
{
	row->entry_id = bytes(props, PID_TAG_ENTRY_ID);
	row->search_key = bytes(props, PID_TAG_SEARCH_KEY);
	if (row->entry_id.len == 0)
		return;
	row->recipient_flags &= (uint16_t)~(RECIPIENT_TYPE_MASK | RECIPIENT_O);
	row->recipient_flags |= RECIPIENT_PERSONAL_DISTRIBUTION_LIST_1;
}

/* The fields of the row but for its properties. */
static struct recipient_row to_row(const struct prop_values *props)
{
	const struct prop_value *type = prop_find(props, PID_TAG_DISPLAY_TYPE);
	const char *address_type = text(props, PID_TAG_ADDRESS_TYPE);
	struct recipient_row row = {
		.address_type = address_type,
		.email_address = text(props, PID_TAG_EMAIL_ADDRESS),
		.display_name = text(props, PID_TAG_DISPLAY_NAME),
		.simple_display_name = text(props, TAG_SIMPLE_DISPLAY_NAME),
		.transmittable_display_name =
			text(props, PID_TAG_TRANSMITTABLE_DISPLAY_NAME),
	};

	if (address_type != NULL && strcmp(address_type, "EX") == 0) {
		row.x500_dn = row.email_address != NULL ? row.email_address :
			"";
		row.email_address = NULL;
		if (type != NULL && type->tag == PID_TAG_DISPLAY_TYPE)
			row.display_type = (uint8_t)type->i32;
	}
	row.recipient_flags = recipient_row_flags(&row, address_type != NULL ?
						  address_type : "");
	if (address_type != NULL && strcmp(address_type, "MAPIPDL") == 0)
		name_list(&row, props);
	if (flag(props, PID_TAG_RESPONSIBILITY, false))
		row.recipient_flags |= RECIPIENT_R;
	if (!flag(props, PID_TAG_SEND_RICH_INFO, true))
		row.recipient_flags |= RECIPIENT_N;
	return row;
}

/* A value a column; those that the recipient lacks are errors. */
static struct prop_values column_values(const struct recipient_writer *rw,
					const struct prop_values *props)
{
	uint32_t n = rw->columns->n;
	struct prop_value *v = arena_array(rw->arena, n, sizeof *v);
	const struct prop_value *found;

	for (uint32_t i = 0; i < n; i++) {
		found = prop_find(props, rw->columns->v[i]);
		v[i] = found != NULL && found->tag == rw->columns->v[i] ?
			*found : prop_error(rw->columns->v[i], EC_NOT_FOUND);
	}
	return (struct prop_values){ n, v };
}

enum ec recipient_writer_add(struct recipient_writer *rw,
			     struct message *message, size_t i)
{
	size_t mark = rw->w.len;
	struct recipient_row row;
	struct recipient r;
	enum ec ec;

	if (rw->n == RECIPIENT_ROWS_MAX)
		return EC_BUFFER_TOO_SMALL;
	ec = message_recipient(message, i, rw->arena, &r);
	if (ec != EC_SUCCESS)
		return ec;
	row = to_row(&r.props);
	row.properties = column_values(rw, &r.props);
	/* Room for what comes before the row, which is written elsewhere. */
	wire_claim(&rw->w, rw->overhead);
	recipient_row_encode(&rw->w, &rw->ctx, rw->columns, &row);
	if (rw->w.full || rw->w.len - mark - rw->overhead > UINT16_MAX) {
		wire_rewind(&rw->w, mark);
		return EC_BUFFER_TOO_SMALL;
	}
	if (rw->rows == NULL)
		rw->rows = arena_array(rw->arena, RECIPIENT_ROWS_MAX,
				       sizeof *rw->rows);
	rw->rows[rw->n++] = (struct rop_recipient){
		.row_id = r.row_id, .recipient_type = r.type,
		.code_page_id = (uint16_t)rw->ctx.code_page,
		.row = { rw->w.base + mark + rw->overhead,
			 rw->w.len - mark - rw->overhead },
	};
	return EC_SUCCESS;
}

struct rop_recipients recipient_writer_rows(const struct recipient_writer *rw)
{
	return (struct rop_recipients){ rw->n, rw->rows };
}

/* The properties of a recipient as they are gathered from its row. */
struct gather {
	struct prop_value *v;
	uint32_t n;
};

static void put_text(struct gather *g, uint32_t tag, const char *s)
{
	if (s != NULL)
		g->v[g->n++] = (struct prop_value){ .tag = tag, .str = s };
}

static void put_bin(struct gather *g, uint32_t tag, struct bin bin)
{
	if (bin.len > 0)
		g->v[g->n++] = (struct prop_value){ .tag = tag, .bin = bin };
}

static void put_fields(struct gather *g, const struct recipient_row *row)
{
	const char *type = recipient_row_address_type(row);
	unsigned flags = row->recipient_flags;

	put_text(g, PID_TAG_DISPLAY_NAME, row->display_name);
	put_text(g, PID_TAG_ADDRESS_TYPE, type[0] != '\0' ? type : NULL);
	put_text(g, PID_TAG_EMAIL_ADDRESS, recipient_row_address(row));
	put_text(g, TAG_SIMPLE_DISPLAY_NAME, row->simple_display_name);
	put_text(g, PID_TAG_TRANSMITTABLE_DISPLAY_NAME,
		 (flags & RECIPIENT_S) != 0 ? row->display_name :
		 row->transmittable_display_name);
	put_bin(g, PID_TAG_ENTRY_ID, row->entry_id);
	put_bin(g, PID_TAG_SEARCH_KEY, row->search_key);
	g->v[g->n++] = (struct prop_value){
		.tag = PID_TAG_RESPONSIBILITY,
		.b = (flags & RECIPIENT_R) != 0 };
	g->v[g->n++] = (struct prop_value){
		.tag = PID_TAG_SEND_RICH_INFO,
		.b = (flags & RECIPIENT_N) == 0 };
	if (recipient_row_type(row) == RECIPIENT_X500_DN)
		g->v[g->n++] = (struct prop_value){
			.tag = PID_TAG_DISPLAY_TYPE,
			.i32 = row->display_type };
}
enum { FIELDS_MAX = 10 };

/* A property of the columns takes the place of the same of a field. */
static void put_column(struct gather *g, const struct prop_value *value)
{
	if (prop_tag_type(value->tag) == PTYP_ERROR_CODE ||
	    prop_tag_type(value->tag) == PTYP_NULL ||
	    prop_tag_id(value->tag) == PID_TAG_ROWID >> 16 ||
	    prop_tag_id(value->tag) == PID_TAG_RECIPIENT_TYPE >> 16)
		return;
	for (uint32_t i = 0; i < g->n; i++)
		if (prop_tag_id(g->v[i].tag) == prop_tag_id(value->tag)) {
			g->v[i] = *value;
			return;
		}
	g->v[g->n++] = *value;
}

enum ec recipient_from_row(const struct rop_recipient *row,
			   const struct prop_tags *columns,
			   uint32_t code_page, struct arena *a,
			   struct recipient *out)
{
	struct prop_ctx ctx = prop_ctx_rop(a, code_page);
	struct recipient_row r;
	struct gather g;

	if (!recipient_row_decode(&row->row, &ctx, columns, &r))
		return EC_RPC_FORMAT;
	g = (struct gather){
		arena_array(a, FIELDS_MAX + r.properties.n, sizeof *g.v), 0 };
	put_fields(&g, &r);
	for (uint32_t i = 0; i < r.properties.n; i++)
		put_column(&g, &r.properties.v[i]);
	*out = (struct recipient){
		.row_id = row->row_id, .type = row->recipient_type,
		.props = { g.n, g.v },
	};
	return EC_SUCCESS;
}
