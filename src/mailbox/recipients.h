/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recipients between their properties, as the store keeps them, and rows
 * ([MS-OXCDATA] 2.8.3), as ROPs carry them.
 */
#ifndef MAILBOX_RECIPIENTS_H
#define MAILBOX_RECIPIENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ec.h"
#include "base/wire.h"
#include "mapi/prop_codec.h"
#include "mapi/rop_kind.h"
#include "store/message.h"

/*
 * The columns of the rows of a message: every property that one of its
 * recipients has, but those that rows have fields for.  In the arena, no more
 * than RECIPIENT_COLUMNS_MAX.
 */
enum { RECIPIENT_COLUMNS_MAX = 256 };
enum ec recipient_columns(struct message *message, struct arena *a,
			  struct prop_tags *out);

/* Bytes before the RecipientRow in each kind of row of [MS-OXCROPS]. */
enum {
	OPEN_RECIPIENT_ROW_SIZE = 7,      /* 2.2.6.1.2.1 */
	READ_RECIPIENT_ROW_SIZE = 11,     /* 2.2.6.6.2.1 */
};

/* RowCount has eight bits, and 0xFF is not one of its values. */
enum { RECIPIENT_ROWS_MAX = 254 };

/* Rows that are gathered, until there is no room for the next. */
struct recipient_writer {
	struct arena *arena;
	const struct prop_tags *columns;
	struct prop_ctx ctx;
	struct wire_w w;
	size_t overhead;
	struct rop_recipient *rows;
	uint32_t n;
};

/*
 * room: bytes that the rows may take; overhead: those of each row beside its
 * RecipientRow.  Strings go out in Unicode; code_page is told with them.
 */
void recipient_writer_init(struct recipient_writer *rw, struct arena *a,
			   const struct prop_tags *columns,
			   uint32_t code_page, size_t overhead, size_t room);

/* Add the i-th recipient; EC_BUFFER_TOO_SMALL if it has no room. */
enum ec recipient_writer_add(struct recipient_writer *rw,
			     struct message *message, size_t i);

struct rop_recipients recipient_writer_rows(const struct recipient_writer *rw);

/*
 * A ModifyRecipientRow as the store wants it, in the arena.  EC_RPC_FORMAT if
 * its bytes are no RecipientRow with these columns.
 */
enum ec recipient_from_row(const struct rop_recipient *row,
			   const struct prop_tags *columns,
			   uint32_t code_page, struct arena *a,
			   struct recipient *out);

#endif
