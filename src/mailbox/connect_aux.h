/* SPDX-License-Identifier: Apache-2.0 */
/* What a client is told at Connect in auxiliary blocks. */
#ifndef MAILBOX_CONNECT_AUX_H
#define MAILBOX_CONNECT_AUX_H

#include "base/arena.h"
#include "mapi/prop.h"

/* The auxiliary buffer, packed, in the arena ([MS-OXCRPC] 3.1.4.1.2.1). */
struct bin connect_aux(struct arena *arena);

#endif
