/* SPDX-License-Identifier: Apache-2.0 */
/* RecipientRow ([MS-OXCDATA] 2.8.3): one recipient of a message. */
#ifndef MAPI_RECIPIENT_ROW_H
#define MAPI_RECIPIENT_ROW_H

#include "mapi/prop_codec.h"

/* RecipientFlags, 2.8.3.1, as the 16-bit number read little-endian. */
enum {
	RECIPIENT_TYPE_MASK = 0x0007,     /* enum recipient_address_type */
	RECIPIENT_E = 0x0008,             /* EmailAddress is there */
	RECIPIENT_D = 0x0010,             /* DisplayName is there */
	RECIPIENT_T = 0x0020,             /* TransmittableDisplayName is */
	RECIPIENT_S = 0x0040,             /* … is the same as DisplayName */
	RECIPIENT_R = 0x0080,             /* another transport delivers */
	RECIPIENT_N = 0x0100,             /* no rich text for this one */
	RECIPIENT_U = 0x0200,             /* strings are Unicode */
	RECIPIENT_I = 0x0400,             /* SimpleDisplayName is there */
	RECIPIENT_O = 0x8000,             /* AddressType is there */
};

enum recipient_address_type {
	RECIPIENT_NO_TYPE = 0,            /* or the one that AddressType says */
	RECIPIENT_X500_DN = 1,
	RECIPIENT_MS_MAIL = 2,
	RECIPIENT_SMTP = 3,
	RECIPIENT_FAX = 4,
	RECIPIENT_PROFESSIONAL_OFFICE_SYSTEM = 5,
	RECIPIENT_PERSONAL_DISTRIBUTION_LIST_1 = 6,
	RECIPIENT_PERSONAL_DISTRIBUTION_LIST_2 = 7,
};

/*
 * The fields as the wire has them.  Which strings are there follows from the
 * flags; those that are not are NULL.  Strings are UTF-8, those of 8 bits
 * converted from the code page of the context (the recipient's CodePageId).
 */
struct recipient_row {
	uint16_t recipient_flags;
	uint8_t address_prefix_used;      /* RECIPIENT_X500_DN */
	uint8_t display_type;             /* RECIPIENT_X500_DN */
	const char *x500_dn;              /* RECIPIENT_X500_DN */
	struct bin entry_id, search_key;  /* the distribution lists */
	const char *address_type;         /* RECIPIENT_NO_TYPE with O */
	const char *email_address;        /* E */
	const char *display_name;         /* D */
	const char *simple_display_name;  /* I */
	const char *transmittable_display_name; /* T, if not S */
	struct prop_values properties;    /* of the first columns */
};

static inline enum recipient_address_type recipient_row_type(
	const struct recipient_row *row)
{
	return (enum recipient_address_type)(row->recipient_flags &
					     RECIPIENT_TYPE_MASK);
}

/* "EX", "SMTP", "FAX" …, or the AddressType; "" if it has none. */
const char *recipient_row_address_type(const struct recipient_row *row);

/* The address: the X.500 DN, or the e-mail address; NULL if none. */
const char *recipient_row_address(const struct recipient_row *row);

/*
 * A RecipientRow that fills all of data, for the columns that go with it:
 * the row has values for the first RecipientColumnCount of them.  Strings and
 * values lie in the arena of c, binaries are borrowed.
 */
bool recipient_row_decode(const struct bin *data, struct prop_ctx *c,
			  const struct prop_tags *columns,
			  struct recipient_row *out);

/*
 * The row, with row->properties.n values for the first of columns.  The flags
 * are row->recipient_flags; fields that they call for and that are NULL go
 * out as "".
 */
void recipient_row_encode(struct wire_w *w, const struct prop_ctx *c,
			  const struct prop_tags *columns,
			  const struct recipient_row *row);

/*
 * The flags for the strings that the row has: D, E, I, S or T, O, and U.
 * For address type "EX" the type is X500DN and x500_dn has to be the address;
 * for "SMTP" it is SMTP; for others NoType, with O and row->address_type.
 */
uint16_t recipient_row_flags(const struct recipient_row *row,
			     const char *address_type);

struct buf;
void recipient_row_print(struct buf *b, const struct recipient_row *row);

#endif
