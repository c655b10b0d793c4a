/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of values: text by Unicode collation (ICU) in a locale, without
 * regard to case; everything else by its type ([MS-OXCDATA] 2.12, 2.13).
 *
 * Two forms that agree with each other: a comparison of two values, and a
 * sort key, bytes whose memcmp order is the order of the values.  A property
 * that is absent or an error comes before every value.
 */
#ifndef STORE_COLLATE_H
#define STORE_COLLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "mapi/prop.h"

struct collator;

/*
 * A collator for a Windows locale (LCID, as in RopLogon or Connect); a LCID
 * that ICU does not know gives the root order.  Owned by the caller.  After
 * that it does not change: several threads may use it at once.  NULL and err
 * if ICU's data cannot be had.
 */
struct collator *collator_new(uint32_t lcid, struct err *err);
void collator_free(struct collator *c);           /* NULL is allowed */

uint32_t collator_lcid(const struct collator *c);

/*
 * A number that changes when the sort keys that collate_text_key makes may
 * have changed (ICU's data or the form of our keys): to be kept beside stored
 * keys, which are made anew when it differs.
 */
uint32_t collator_version(const struct collator *c);

/* <0, 0 or >0; case does not count, accents do. */
int collate_text(const struct collator *c, const char *a, const char *b);

/*
 * Append the sort key of len bytes of UTF-8: without zero bytes, so that keys
 * can be told apart when one follows another after a zero.
 */
void collate_text_key(const struct collator *c, const char *text, size_t len,
		      struct buf *key);

/*
 * Compare two values of the same type (PTYP_STRING8 counts as PTYP_STRING,
 * its bytes taken as UTF-8).  False when they cannot be compared: the types
 * differ or have no order.  Multivalued: element by element.
 */
bool collate_values(const struct collator *c, const struct prop_value *a,
		    const struct prop_value *b, int *order);

/* Element i (< n) of a multivalued value, as a value of the single type. */
struct prop_value prop_element(const struct prop_value *mv, uint32_t i);

/* Whether values of this type can be sorted and compared. */
bool collate_type_ordered(unsigned type);

/*
 * Append the sort key of value (NULL: absent), complemented if descending.
 * Keys end by themselves: those of several columns are put one after another.
 */
void collate_value_key(const struct collator *c,
		       const struct prop_value *value, bool descending,
		       struct buf *key);

#endif
