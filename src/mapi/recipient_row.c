/* SPDX-License-Identifier: Apache-2.0 */
#include "mapi/recipient_row.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"

const char *recipient_row_address_type(const struct recipient_row *row)
{
	static const char *const names[] = {
		"", "EX", "MS", "SMTP", "FAX", "PROFS", "MAPIPDL", "MAPIPDL",
	};

	if (recipient_row_type(row) == RECIPIENT_NO_TYPE &&
	    row->address_type != NULL)
		return row->address_type;
	return names[recipient_row_type(row)];
}

const char *recipient_row_address(const struct recipient_row *row)
{
	return row->x500_dn != NULL ? row->x500_dn : row->email_address;
}

static struct bin bin16(struct wire_r *r)
{
	size_t len = wire_count16(r, 1);

	return (struct bin){ wire_bytes(r, len), len };
}

static const char *string_decode(struct wire_r *r, struct prop_ctx *c,
				 unsigned flags, unsigned flag)
{
	if ((flags & flag) == 0)
		return NULL;
	return (flags & RECIPIENT_U) != 0 ? wire_utf16z(r, c->arena) :
		wire_string8z(r, c);
}

/* What comes before the strings, and depends on the type of address. */
static void address_decode(struct wire_r *r, struct prop_ctx *c,
			   struct recipient_row *row)
{
	switch (recipient_row_type(row)) {
	case RECIPIENT_X500_DN:
		row->address_prefix_used = wire_u8(r);
		row->display_type = wire_u8(r);
		row->x500_dn = wire_string8z(r, c);
		break;
	case RECIPIENT_PERSONAL_DISTRIBUTION_LIST_1:
	case RECIPIENT_PERSONAL_DISTRIBUTION_LIST_2:
		row->entry_id = bin16(r);
		row->search_key = bin16(r);
		break;
	case RECIPIENT_NO_TYPE:
		if ((row->recipient_flags & RECIPIENT_O) != 0)
			row->address_type = wire_string8z(r, c);
		break;
	default:
		break;
	}
}

/* The values of the first columns; more than there are is malformed. */
static void properties_decode(struct wire_r *r, struct prop_ctx *c,
			      const struct prop_tags *columns,
			      struct recipient_row *row)
{
	struct prop_tags first = { .n = wire_u16(r), .v = columns->v };

	if (first.n > columns->n)
		r->bad = true;
	else
		prop_row_decode(r, c, &first, &row->properties);
}

/*
 * T and S together would say that the transmittable name is there and is that
 * of the display name: the wire has it then, as T says.
 */
bool recipient_row_decode(const struct bin *data, struct prop_ctx *c,
			  const struct prop_tags *columns,
			  struct recipient_row *out)
{
	struct wire_r r = wire_r(data->data, data->len);
	struct recipient_row row = { .recipient_flags = wire_u16(&r) };
	unsigned flags = row.recipient_flags;

	address_decode(&r, c, &row);
	row.email_address = string_decode(&r, c, flags, RECIPIENT_E);
	row.display_name = string_decode(&r, c, flags, RECIPIENT_D);
	row.simple_display_name = string_decode(&r, c, flags, RECIPIENT_I);
	row.transmittable_display_name =
		string_decode(&r, c, flags, RECIPIENT_T);
	if (wire_ok(&r))
		properties_decode(&r, c, columns, &row);
	if (!wire_done(&r))
		return false;
	*out = row;
	return true;
}

static void bin16_encode(struct wire_w *w, const struct bin *bin)
{
	if (bin->len > UINT16_MAX) {
		w->full = true;
		return;
	}
	wire_put_u16(w, (uint16_t)bin->len);
	wire_put(w, bin->data, bin->len);
}

static void string_encode(struct wire_w *w, const struct prop_ctx *c,
			  unsigned flags, unsigned flag, const char *s)
{
	if ((flags & flag) == 0)
		return;
	if ((flags & RECIPIENT_U) != 0)
		wire_put_utf16z(w, s);
	else
		wire_put_string8z(w, c, s);
}

static void address_encode(struct wire_w *w, const struct prop_ctx *c,
			   const struct recipient_row *row)
{
	switch (recipient_row_type(row)) {
	case RECIPIENT_X500_DN:
		wire_put_u8(w, row->address_prefix_used);
		wire_put_u8(w, row->display_type);
		wire_put_string8z(w, c, row->x500_dn);
		break;
	case RECIPIENT_PERSONAL_DISTRIBUTION_LIST_1:
	case RECIPIENT_PERSONAL_DISTRIBUTION_LIST_2:
		bin16_encode(w, &row->entry_id);
		bin16_encode(w, &row->search_key);
		break;
	case RECIPIENT_NO_TYPE:
		if ((row->recipient_flags & RECIPIENT_O) != 0)
			wire_put_string8z(w, c, row->address_type);
		break;
	default:
		break;
	}
}

void recipient_row_encode(struct wire_w *w, const struct prop_ctx *c,
			  const struct prop_tags *columns,
			  const struct recipient_row *row)
{
	struct prop_tags first = { row->properties.n, columns->v };
	unsigned flags = row->recipient_flags;

	if (first.n > columns->n || first.n > UINT16_MAX) {
		w->full = true;
		return;
	}
	wire_put_u16(w, row->recipient_flags);
	address_encode(w, c, row);
	string_encode(w, c, flags, RECIPIENT_E, row->email_address);
	string_encode(w, c, flags, RECIPIENT_D, row->display_name);
	string_encode(w, c, flags, RECIPIENT_I, row->simple_display_name);
	string_encode(w, c, flags, RECIPIENT_T,
		      row->transmittable_display_name);
	wire_put_u16(w, (uint16_t)first.n);
	prop_row_encode(w, c, &first, row->properties.v);
}

static unsigned type_flags(const char *address_type)
{
	if (address_type == NULL || *address_type == '\0')
		return RECIPIENT_NO_TYPE;
	if (strcasecmp(address_type, "EX") == 0)
		return RECIPIENT_X500_DN;
	if (strcasecmp(address_type, "SMTP") == 0)
		return RECIPIENT_SMTP;
	if (strcasecmp(address_type, "FAX") == 0)
		return RECIPIENT_FAX;
	return RECIPIENT_NO_TYPE | RECIPIENT_O;
}

uint16_t recipient_row_flags(const struct recipient_row *row,
			     const char *address_type)
{
	const char *name = row->display_name;
	const char *transmittable = row->transmittable_display_name;
	unsigned flags = RECIPIENT_U | type_flags(address_type);

	if (row->email_address != NULL)
		flags |= RECIPIENT_E;
	if (name != NULL)
		flags |= RECIPIENT_D;
	if (row->simple_display_name != NULL)
		flags |= RECIPIENT_I;
	if (name != NULL && transmittable != NULL &&
	    strcmp(name, transmittable) == 0)
		flags |= RECIPIENT_S;
	else if (transmittable != NULL)
		flags |= RECIPIENT_T;
	return (uint16_t)flags;
}

void recipient_row_print(struct buf *b, const struct recipient_row *row)
{
	const char *address = recipient_row_address(row);

	buf_printf(b, "flags 0x%04x %s \"%s\" <%s>", row->recipient_flags,
		   recipient_row_address_type(row),
		   row->display_name != NULL ? row->display_name : "",
		   address != NULL ? address : "");
	for (uint32_t i = 0; i < row->properties.n; i++) {
		buf_puts(b, i == 0 ? " with " : ", ");
		prop_value_print(b, &row->properties.v[i], 64);
	}
}
