/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of named properties ([MS-OXCDATA] 2.6) on the wire, the well-known
 * property sets ([MS-OXPROPS] 1.3.2), and the well-known names in them.
 */
#ifndef MAPI_NAMED_H
#define MAPI_NAMED_H

#include "mapi/prop_codec.h"

/* PS_MAPI, PSETID_COMMON and the others, in their wire form. */
#define NAMED_SET(constant, name, ...) extern const struct guid constant;
#define NAMED_PROP(constant, set, lid, type, name)
#include "mapi/named_props.def"
#undef NAMED_SET
#undef NAMED_PROP

/* PID_LID_SIDE_EFFECTS and the others: LIDs, each within its set. */
enum pid_lid {
#define NAMED_SET(constant, name, ...)
#define NAMED_PROP(constant, set, lid, type, name) constant = (lid),
#include "mapi/named_props.def"
#undef NAMED_SET
#undef NAMED_PROP
};

struct named_prop {
	const struct guid *set;
	uint32_t lid;
	uint16_t type;                    /* enum prop_type */
	const char *name;                 /* "PidLidSideEffects" */
};

/* The well-known property of a set and LID, or of a name; NULL if none. */
const struct named_prop *named_prop_find(const struct guid *set, uint32_t lid);
const struct named_prop *named_prop_by_name(const char *name);

/* "PSETID_Common"; NULL for a set that is not well known. */
const char *named_set_name(const struct guid *set);

/* PropertyName, 2.6.1.  Strings lie in the arena of c. */
enum { PROP_NAME_SIZE_MIN = 17 };

bool prop_name_decode(struct wire_r *r, struct prop_ctx *c,
		      struct prop_name *out);
void prop_name_encode(struct wire_w *w, const struct prop_name *name);

/* Same set, same kind, and the same LID or string (its case counts). */
bool prop_name_equal(const struct prop_name *a, const struct prop_name *b);
struct prop_name prop_name_copy(struct arena *a, const struct prop_name *name);

struct buf;
void prop_name_print(struct buf *b, const struct prop_name *name);

#endif
