/* SPDX-License-Identifier: Apache-2.0 */
/* Restrictions ([MS-OXCDATA] 2.12): which rows a table or a search has. */
#ifndef MAPI_RESTRICTION_H
#define MAPI_RESTRICTION_H

#include "mapi/prop_codec.h"

/* [MS-OXCDATA] 2.12.1.1 */
enum restriction_type {
	RES_AND           = 0x00,
	RES_OR            = 0x01,
	RES_NOT           = 0x02,
	RES_CONTENT       = 0x03,
	RES_PROPERTY      = 0x04,
	RES_COMPARE_PROPS = 0x05,
	RES_BIT_MASK      = 0x06,
	RES_SIZE          = 0x07,
	RES_EXIST         = 0x08,
	RES_SUB_OBJECT    = 0x09,
	RES_COMMENT       = 0x0a,
	RES_COUNT         = 0x0b,
};

/* [MS-OXCDATA] 2.12.5.1 */
enum rel_op {
	REL_OP_LT = 0x00, REL_OP_LE = 0x01, REL_OP_GT = 0x02, REL_OP_GE = 0x03,
	REL_OP_EQ = 0x04, REL_OP_NE = 0x05, REL_OP_RE = 0x06,
	REL_OP_MEMBER_OF_DL = 0x64,
};

/* [MS-OXCDATA] 2.12.4.1: how much of the property has to match, and how. */
enum fuzzy_level_low {
	FL_FULL_STRING = 0x0000, FL_SUBSTRING = 0x0001, FL_PREFIX = 0x0002,
};

enum fuzzy_level_high {           /* flags */
	FL_IGNORE_CASE = 0x0001, FL_IGNORE_NON_SPACE = 0x0002,
	FL_LOOSE = 0x0004,
};

/* [MS-OXCDATA] 2.12.7.1 */
enum bit_mask_op { BMR_EQZ = 0x00, BMR_NEZ = 0x01 };

/*
 * One restriction.  type says which member of the union counts; what it
 * points to lies in the same arena or is borrowed from the input, as the
 * values are.
 */
struct restriction {
	uint8_t type;                     /* enum restriction_type */
	union {
		struct {                  /* RES_AND, RES_OR */
			uint32_t n;
			const struct restriction *v;
		} list;
		const struct restriction *not;
		struct {
			uint16_t fuzzy_level_low, fuzzy_level_high;
			uint32_t tag;
			struct prop_value value;  /* its tag may differ */
		} content;
		struct {
			uint8_t rel_op;
			uint32_t tag;
			struct prop_value value;  /* its tag may differ */
		} property;
		struct {
			uint8_t rel_op;
			uint32_t tag1, tag2;
		} compare_props;
		struct {
			uint8_t bit_map_rel_op;   /* enum bit_mask_op */
			uint32_t tag, mask;
		} bit_mask;
		struct {
			uint8_t rel_op;
			uint32_t tag, size;
		} size;
		struct {
			uint32_t tag;
		} exist;
		struct {
			uint32_t subobject;       /* PidTagMessageRecipients
						     or …Attachments */
			const struct restriction *restriction;
		} sub_object;
		struct {
			struct prop_values values;
			const struct restriction *restriction; /* or NULL */
		} comment;
		struct {
			uint32_t count;           /* rows at most */
			const struct restriction *restriction;
		} count;
	};
};

/*
 * Decode one restriction, nested at most PROP_DEPTH_MAX deep, into the arena
 * of c.  False, the reader bad and *out untouched, when it is malformed.
 */
bool restriction_decode(struct wire_r *r, struct prop_ctx *c,
			struct restriction *out);
void restriction_encode(struct wire_w *w, const struct prop_ctx *c,
			const struct restriction *res);

/* A copy in the arena, everything that it points to included. */
const struct restriction *restriction_copy(struct arena *a,
					   const struct restriction *res);

bool restriction_equal(const struct restriction *a,
		       const struct restriction *b);

/*
 * As an expression: (PidTagSubject contains "x" and not exists(…)).  NULL
 * prints as "all".
 */
struct buf;
void restriction_print(struct buf *b, const struct restriction *res);

#endif
