/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The administrator audit log: every change of the directory is recorded in
 * the transaction that makes it, with who made it, when, by which command,
 * and what each property was before and is now.  Secrets (passwords, keys)
 * are recorded as changed, never with their value.
 */
#ifndef DIRECTORY_AUDIT_H
#define DIRECTORY_AUDIT_H

#include "directory/directory.h"

/*
 * Who makes the changes that follow through this handle, and with what: the
 * person's name and the command ("Set-MapiVirtualDirectory", "server set").
 * Copied; NULL leaves what it was.  At first it is the name of the process's
 * user, and no command.
 */
void directory_set_actor(struct directory *dir, const char *who,
			 const char *cmdlet);

struct dir_property_change {
	const char *name;         /* "IISAuthenticationMethods" */
	const char *before;       /* NULL: it is new */
	const char *after;        /* NULL: it is gone */
};

struct dir_change {
	uint64_t id;              /* rising */
	uint64_t when;            /* FILETIME */
	const char *who;
	const char *cmdlet;       /* "" when the program named none */
	const char *operation;    /* "New", "Set" or "Remove" */
	const char *object_class; /* "MapiVirtualDirectory", "Server" … */
	const char *object;       /* its name then */
	struct guid guid;
	const struct dir_property_change *properties;
	size_t property_count;
};

/* What to list; zeroed: everything. */
struct dir_change_filter {
	uint64_t after_id;        /* those behind it */
	uint64_t from, until;     /* FILETIME; until 0: no end */
	const char *who;          /* these as they are or NULL */
	const char *cmdlet;
	const char *object_class;
	const char *object;       /* '*' stands for anything */
	size_t limit;             /* the newest so many; 0: all */
};

/*
 * The recorded changes in order of time, in the arena.  Reads the file: not
 * for I/O threads.
 */
bool directory_changes(struct directory *dir,
		       const struct dir_change_filter *filter,
		       struct arena *arena, struct dir_change **out,
		       size_t *count, struct err *err);

#endif
