/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Restrictions ([MS-OXCDATA] 2.12) applied to rows: tables, FindRow, search
 * folders, rules.
 *
 * A restriction is checked and made ready once (text to look for is folded),
 * then evaluated for each row through an accessor.
 *
 * A comparison with a property that the row does not have is false, whatever
 * the operator: clients combine it with an ExistRestriction where they mean
 * otherwise.  So is one with a value of another type.  A single value matches
 * a multivalued property if it matches one of its values.
 */
#ifndef STORE_MATCH_H
#define STORE_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ec.h"
#include "mapi/prop.h"
#include "store/collate.h"

struct restriction;               /* mapi/restriction.h */

enum {
	MATCH_MAX_DEPTH = 64,     /* nested restrictions */
	MATCH_MAX_NODES = 4096,
};

/*
 * What is evaluated: a message, a folder, a recipient, an attachment, a row
 * of values.  Embedded in a struct of its owner, who gets at it by get's and
 * each's first argument.
 */
struct match_row {
	/*
	 * The value of tag, or NULL if the row has none.  Borrowed, until the
	 * next call.  The type may differ from tag's; PTYP_STRING8 asks for
	 * PTYP_STRING.  Text and binary values come whole, not cut as in a
	 * table's cells.
	 */
	const struct prop_value *(*get)(const struct match_row *row,
					uint32_t tag);
	/*
	 * Call fn(ctx, sub) for each recipient (PID_TAG_MESSAGE_RECIPIENTS) or
	 * attachment (PID_TAG_MESSAGE_ATTACHMENTS) until fn returns true;
	 * true if one did.  NULL: there are no subobjects.
	 */
	bool (*each)(const struct match_row *row, uint32_t tag,
		     bool (*fn)(void *ctx, const struct match_row *sub),
		     void *ctx);
};

struct match;

/*
 * Make r ready.  Everything needed is copied; c is borrowed for the life of
 * the match.  Errors: EC_TOO_COMPLEX (limits above; also types that cannot be
 * compared in this way), EC_INVALID_PARAM (unknown operators, a ContentRestr.
 * on something that is neither text nor binary).  NULL r matches every row.
 */
enum ec match_new(const struct restriction *r, const struct collator *c,
		  struct match **out);
void match_free(struct match *m);                 /* NULL is allowed */

bool match_row(const struct match *m, const struct match_row *row);

/* The tags that the restriction looks at, without doubles; owned by m. */
struct prop_tags match_tags(const struct match *m);

/*
 * At most so many rows shall be shown (an outermost CountRestriction);
 * UINT32_MAX if there is no limit.
 */
uint32_t match_limit(const struct match *m);

/* A row over an array of values; subobjects: none. */
struct match_values {
	struct match_row row;
	struct prop_values values;
};
struct match_values match_values(struct prop_values values);

#endif
