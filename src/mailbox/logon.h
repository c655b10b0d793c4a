/* SPDX-License-Identifier: Apache-2.0 */
/* Logons: opening a mailbox in a session ([MS-OXCSTOR] 3.2.5.1). */
#ifndef MAILBOX_LOGON_H
#define MAILBOX_LOGON_H

#include "mailbox/session.h"

/*
 * Release the logon with all that it has open, and the reference to its
 * store.  The caller holds no lock: this takes the store's when something
 * open needs it, waiting however long.
 */
void logon_release(struct logon *logon);

/* Forget a RopWritePerUserInformation that was not finished. */
void per_user_write_free(struct logon *logon);

#endif
