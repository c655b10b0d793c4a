/* SPDX-License-Identifier: Apache-2.0 */
/* A change of the directory: one transaction, and its record. */
#ifndef DIRECTORY_TRANSACTION_H
#define DIRECTORY_TRANSACTION_H

#include "directory/impl.h"
#include "directory/sql.h"

struct txn {
	struct directory *dir;
	struct err *err;
	struct arena *arena;      /* until txn_end */
	int64_t change;           /* the number that its rows get */
};

/*
 * Begin; false: nothing was begun.  Every begun one is ended, which commits
 * if ok, else rolls back, and returns whether it is written.
 */
bool txn_begin(struct txn *t, struct directory *dir, struct err *err);
bool txn_end(struct txn *t, bool ok);

/* After an UPDATE or DELETE that must have hit its row. */
bool txn_hit(struct txn *t, const char *what);

/* Refuse to change what is mirrored from another directory (mirror.h): the
 * next pass would undo it. */
bool txn_ours(struct txn *t, const struct guid *guid);

/*
 * Refuse to remove what something refers to; count has one ? for the GUID,
 * why one %d for how many.
 */
bool txn_unused(struct txn *t, const char *count, const struct guid *guid,
		const char *why);

struct recipient_change;          /* recipients.h */

/* Attributes of an entry, unrecorded; in change_recipient.c. */
bool txn_write_attributes(struct txn *t, const struct guid *guid,
			  const struct recipient_change *changes,
			  size_t count);

/* Recording ------------------------------------------------------------ */

/*
 * What of an entry is recorded: a SELECT with one ? for its GUID.  The first
 * column is the entry's name, the others are its properties under the names
 * that they have for people; that of a secret begins with '*'.
 */
struct audit_class {
	const char *name;
	const char *select;
};

extern const struct audit_class audit_org, audit_server, audit_database,
				audit_vdir, audit_user, audit_mailbox;

enum { AUDIT_COLUMNS = 24 };      /* that a class has at most */

/* An entry's properties at one moment. */
struct audit_row {
	bool present;             /* false: there is no such entry */
	const char *object;
	const char *names[AUDIT_COLUMNS];
	const char *values[AUDIT_COLUMNS];        /* NULL: none */
	size_t count;
};

/* Read an entry as it is now; strings in the transaction's arena. */
bool audit_read(struct txn *t, const struct audit_class *class,
		const struct guid *guid, struct audit_row *out);

/*
 * Record what became of an entry that was before (NULL: it wasn't there).
 * Nothing is recorded when nothing changed.
 */
bool audit_record(struct txn *t, const struct audit_class *class,
		  const struct guid *guid, const struct audit_row *before);

/* The SQL functions that the classes' SELECTs use. */
bool audit_functions(sqlite3 *db, struct err *err);

/* The name of the user that the process runs as; to be freed. */
char *audit_process_user(void);

#endif
