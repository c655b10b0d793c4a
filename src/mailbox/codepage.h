/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code pages: what PtypString8 holds ([MS-OXCDATA] 2.11.1.2).  Inside,
 * strings are UTF-8; this converts where they enter and leave a session.
 */
#ifndef MAILBOX_CODEPAGE_H
#define MAILBOX_CODEPAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "mapi/prop.h"

enum {
	CODEPAGE_DEFAULT = 0x0fff,     /* [MS-OXCMSG] 2.2.3.1.1: the logon's */
	CODEPAGE_WINDOWS_LATIN = 1252,
	CODEPAGE_UTF8 = 65001,
};

/*
 * The converters that a session has opened, kept since opening one costs
 * more than converting.  It belongs to one thread at a time.
 */
struct codepages;

struct codepages *codepages_new(void);         /* owned by the caller */
void codepages_free(struct codepages *cp);     /* NULL is allowed */

/*
 * Whether strings can be had in this code page.  UTF-16 (1200, 1201) can't:
 * PtypString8 ends with one zero byte.
 */
bool codepage_known(struct codepages *cp, unsigned number);

/*
 * The UTF-8 of len bytes in the code page, in the arena; bytes that mean
 * nothing become U+FFFD.  An unknown code page is read as Windows-1252.
 */
const char *codepage_to_utf8(struct codepages *cp, unsigned number,
			     const char *text, size_t len, struct arena *a);

/*
 * The bytes of a UTF-8 string in the code page, NUL-terminated, in the
 * arena (or text itself when they are the same); what the code page lacks
 * becomes a question mark.  An unknown code page is written as Windows-1252.
 */
const char *codepage_from_utf8(struct codepages *cp, unsigned number,
			       const char *text, struct arena *a);

/*
 * A value as it enters: PtypString8 and PtypMultipleString8 become the
 * Unicode types, in the arena.  Other types come back as they are.
 */
struct prop_value codepage_value_in(struct codepages *cp, unsigned number,
				    const struct prop_value *value,
				    struct arena *a);

/*
 * A value as it leaves: PtypString and PtypMultipleString become the 8-bit
 * types, in the arena.  Other types come back as they are.
 */
struct prop_value codepage_value_out(struct codepages *cp, unsigned number,
				     const struct prop_value *value,
				     struct arena *a);

#endif
