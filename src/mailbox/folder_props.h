/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Properties of logons and folders, for the property ROPs.  Each function
 * takes the running ROP and an object of kind OBJECT_LOGON or OBJECT_FOLDER
 * (other kinds: EC_NOT_SUPPORTED).  Folders need the store's lock, logons
 * don't: what they answer is kept in memory.
 */
#ifndef MAILBOX_FOLDER_PROPS_H
#define MAILBOX_FOLDER_PROPS_H

#include "base/ec.h"
#include "mailbox/session.h"
#include "mapi/prop.h"

/*
 * The values of the n tags into out[0 … n-1], in their order; one that cannot
 * be had is prop_error(tag, code) there.  A tag of type PTYP_UNSPECIFIED gets
 * the property's own type.  Text is a PTYP_STRING whichever string type was
 * asked for: rows convert it to their column's.  Values live in call->arena
 * ([MS-OXCPRPT] 3.2.5.1, [MS-OXCSTOR] 2.2.2.1, [MS-OXCFOLD] 2.2.2).
 */
enum ec container_props_get(struct rop_call *call, const struct object *object,
			    const uint32_t *tags, size_t n,
			    struct prop_value *out);

/* All tags the object has, named ones included; *out in call->arena. */
enum ec container_props_list(struct rop_call *call,
			     const struct object *object,
			     struct prop_tags *out);

/*
 * Set n values; errors[i] is why values[i] was refused (EC_SUCCESS,
 * EC_COMPUTED, EC_ACCESS_DENIED, EC_INVALID_PARAM …).  Returns a code of its
 * own only when nothing could be done ([MS-OXCPRPT] 3.2.5.4).  On folders the
 * changes are saved at once ([MS-OXCFOLD] 3.2.5).
 */
enum ec container_props_set(struct rop_call *call, struct object *object,
			    const struct prop_value *values, size_t n,
			    enum ec *errors);

/* Delete n properties; errors as above ([MS-OXCPRPT] 3.2.5.5). */
enum ec container_props_delete(struct rop_call *call, struct object *object,
			       const uint32_t *tags, size_t n,
			       enum ec *errors);

#endif
