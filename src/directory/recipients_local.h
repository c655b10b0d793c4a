/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recipients in the organisation's own database: the users with a mailbox,
 * and groups, contacts, rooms, public folders and address lists that are
 * recipients only.
 */
#ifndef DIRECTORY_RECIPIENTS_LOCAL_H
#define DIRECTORY_RECIPIENTS_LOCAL_H

#include "directory/directory.h"
#include "directory/recipients.h"

/* The back end; dir must outlive it. */
bool recipients_local(struct directory *dir, struct recipients_backend *out,
		      struct err *err);

/* --- Changes, for commands -------------------------------------------- */
/* Each is one durable transaction, as those of directory.h are. */

/* A recipient that is no user of directory.h. */
struct dir_recipient {
	struct guid guid;
	enum recipient_kind kind; /* not RECIPIENT_MAILBOX */
	const char *alias;        /* mail nickname, unique */
	const char *display_name;
	const char *legacy_dn;    /* NULL or "": one is made */
	const char *const *addresses;     /* SMTP, the primary one first */
	size_t address_count;
	bool hidden;
	const char *filter;       /* of a dynamic group; "" otherwise */
};

/* Fills in *guid when it is null.  Addresses of contacts may be outside the
 * organisation's domains. */
bool directory_new_recipient(struct directory *dir, struct dir_recipient *r,
			     struct err *err);
bool directory_set_recipient(struct directory *dir,
			     const struct dir_recipient *r, struct err *err);
bool directory_remove_recipient(struct directory *dir,
				const struct guid *guid, struct err *err);

/*
 * Write attributes of a user or another recipient: all but those that the
 * structs above have.
 */
bool directory_set_attributes(struct directory *dir, const struct guid *guid,
			      const struct recipient_change *changes,
			      size_t count, struct err *err);

/* The same, recorded as the change of a user of the address book. */
bool directory_set_attributes_as(struct directory *dir,
				 const struct guid *guid,
				 const struct recipient_change *changes,
				 size_t count, const char *who,
				 struct err *err);

/* Hide a user from the address book, or show it again. */
bool directory_set_hidden(struct directory *dir, const struct guid *guid,
			  bool hidden, struct err *err);

/* Address lists; the filter is checked. */
bool directory_new_list(struct directory *dir, struct recipient_list *list,
			struct err *err);
bool directory_set_list(struct directory *dir,
			const struct recipient_list *list, struct err *err);
bool directory_remove_list(struct directory *dir, const struct guid *guid,
			   struct err *err);

/*
 * Attributes that users may change about themselves through the address book,
 * by LDAP name; the administrator's choice, kept in the organisation's
 * database.  In the arena.
 */
size_t directory_self_attributes(struct directory *dir, struct arena *arena,
				 const char *const **out, struct err *err);
bool directory_set_self_attributes(struct directory *dir,
				   const char *const *names, size_t count,
				   struct err *err);

#endif
