/* SPDX-License-Identifier: Apache-2.0 */
/* Serialised sets of IDs ([MS-OXCFXICS] 2.2.2.4.2, 2.2.2.6). */
#ifndef MAILBOX_GLOBSET_H
#define MAILBOX_GLOBSET_H

#include <stdbool.h>

#include "mapi/prop.h"

/*
 * Whether data is a serialised IDSET with REPLGUIDs: pairs of a REPLGUID, in
 * ascending order of their bytes, and a GLOBSET, and nothing after them.
 * An empty one is a set of nothing.
 */
bool idset_valid(const struct bin *data);

#endif
