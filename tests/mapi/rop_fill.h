/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes requests and responses of any ROP, from rops.def as the codec itself,
 * for the round trips of test_rop_all.c.
 */
#ifndef TESTS_MAPI_ROP_FILL_H
#define TESTS_MAPI_ROP_FILL_H

#include "mapi/rop.h"

enum { ROP_FILL_DEST = 3 };       /* the DestHandleIndex of failures */

struct rop_fill {
	struct arena *arena;
	struct rop_codec *codec;  /* columns of rows, kind of logon */
	uint64_t state;           /* of the generator: the same, the same */
	const char *field;        /* the one that is being made */
};

/* Fields for rop_id, of which conditional ones are there at random. */
void rop_fill_request(struct rop_fill *f, uint8_t rop_id, union rop_req *out);
void rop_fill_response(struct rop_fill *f, uint8_t rop_id, enum ec ec,
		       union rop_rsp *out);

/* The columns that the rows of rop_fill_response have. */
extern const struct prop_tags rop_fill_columns;

#endif
