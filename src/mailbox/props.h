/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The properties of whatever has some: logons and folders (folder_props.h),
 * messages and attachments (store/message.h), behind one interface.
 *
 * Text is PTYP_STRING here, whatever width a client asks for or gives: codecs
 * convert it (mapi/prop_codec.h), but for values without a column, which
 * props_to_string8 is for.
 */
#ifndef MAILBOX_PROPS_H
#define MAILBOX_PROPS_H

#include "base/ec.h"
#include "mailbox/session.h"
#include "mapi/prop.h"

/* The tag with the Unicode type of a string for the 8-bit one; other types
 * stay as they are. */
uint32_t props_tag_unicode(uint32_t tag);

/*
 * The value with its text, if it is some, in a code page: of type PTYP_STRING8
 * or PTYP_MULTIPLE_STRING8.  In the arena.
 */
struct prop_value props_to_string8(struct arena *a, uint32_t code_page,
				   const struct prop_value *value);

/*
 * The values of the n tags into out, in their order; one that cannot be had
 * is prop_error(tag, code).  PTYP_UNSPECIFIED gets the type that there is.
 * Values live in the call's arena or the object, up to its next change.
 */
enum ec props_get(struct rop_call *call, struct object *object,
		  const uint32_t *tags, size_t n, struct prop_value *out);

/* All tags the object has, in the call's arena. */
enum ec props_list(struct rop_call *call, struct object *object,
		   struct prop_tags *out);

/*
 * Set or delete; errors[i] says why one failed.  Deleting what is not there
 * is no failure ([MS-OXCPRPT] 3.2.5.4, 3.2.5.5).
 */
enum ec props_set(struct rop_call *call, struct object *object,
		  const struct prop_value *values, size_t n, enum ec *errors);
enum ec props_delete(struct rop_call *call, struct object *object,
		     const uint32_t *tags, size_t n, enum ec *errors);

/* Whether the object has the property, of whatever type and size. */
bool props_has(struct rop_call *call, struct object *object,
	       uint32_t tag);

#endif
