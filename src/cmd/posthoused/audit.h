/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log, [log] audit: administrators who open mailboxes, and every
 * change of the directory with who made it, before and after.  Lines are only
 * appended.
 *
 * Changes are written by a thread of its own, from the record that the
 * directory keeps; the number of the last one is kept in the data folder, so
 * that none is left out or written twice over a restart.
 */
#ifndef CMD_POSTHOUSED_AUDIT_H
#define CMD_POSTHOUSED_AUDIT_H

#include "base/log.h"
#include "directory/directory.h"

struct audit;

/*
 * Open the file; NULL path: *out is NULL, which all functions take.  Before
 * privileges are dropped, since its folder may be root's.
 */
bool audit_open(const char *path, struct audit **out, struct err *err);

/*
 * Begin to write changes; data is the data folder, log where its own failures
 * go.  dir must outlive it.
 */
bool audit_follow(struct audit *audit, struct directory *dir,
		  const char *data, struct log *log, struct err *err);

bool audit_reopen(struct audit *audit, struct err *err);
void audit_close(struct audit *audit);

/* An administrator has opened somebody's mailbox (legacy DNs); text says it
 * in words, with addresses. */
void audit_admin_logon(struct audit *audit, const char *user,
		       const char *mailbox, const char *text);

#endif
