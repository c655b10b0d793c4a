/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mirror: people, groups and contacts of another directory (LDAP), kept
 * as users and recipients of the organisation's own database.  So everything
 * that reads the directory works while the other one is away, and is as fast
 * as with recipients of our own.
 *
 * One pass brings what changed, or everything there is; it is one transaction,
 * after which daemons see it.  What a mirrored entry has from there is not to
 * be changed here (mirror_owns); what is ours alone, such as a mailbox's
 * database and quota, is.
 */
#ifndef DIRECTORY_MIRROR_H
#define DIRECTORY_MIRROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/guid.h"
#include "directory/directory.h"
#include "directory/recipients.h"

/* A link to another object, by its name there. */
struct mirror_link {
	uint32_t tag;             /* of an ATTR_LINK attribute */
	const char *target;       /* its distinguished name */
};

/* An object as it is there now. */
struct mirror_object {
	struct guid guid;         /* objectGUID or entryUUID: never changes */
	const char *name;         /* its distinguished name */
	bool is_user;             /* can log on; else a recipient alone */
	enum recipient_kind kind; /* of a recipient alone */
	const char *account;      /* of users, or the alias */
	const char *upn;          /* "": account@default domain */
	const char *display_name;
	const char *legacy_dn;    /* "": derived from the GUID, and so
				   * always the same */
	const char *const *addresses;     /* SMTP, the primary one first */
	size_t address_count;
	const char *password;     /* of users: what auth/ checks Basic by */
	bool disabled, hidden, is_admin;
	/* A mailbox is made when it has none; it keeps the database that it
	 * is in.  GUID null: that of the object. */
	bool has_mailbox;
	struct guid mailbox;
	const char *database;     /* name; "": the first one */
	/* All attributes but links, ATTR_FIXED ones and those above. */
	const struct recipient_change *attributes;
	size_t attribute_count;
	const struct mirror_link *links;
	size_t link_count;
};

struct mirror;                    /* a pass */

/*
 * Begin.  full: what is not put in this pass has gone.  skipped is called for
 * each object that cannot be taken, with the reason in words; the others go
 * on.  *out is ended by mirror_end or mirror_abort.
 */
bool mirror_begin(struct directory *dir, bool full,
		  void (*skipped)(void *ctx, const char *text), void *ctx,
		  struct mirror **out, struct err *err);

/* False only when the database fails. */
bool mirror_put(struct mirror *m, const struct mirror_object *object,
		struct err *err);

/*
 * It is gone.  A user with a mailbox stays, disabled and hidden, so that the
 * mail is not lost; an administrator removes it.
 */
bool mirror_remove(struct mirror *m, const struct guid *guid,
		   struct err *err);

struct mirror_counts {
	uint64_t seen, written, removed, skipped;
};

/* Resolve the links, write and free the pass.  source says where it came from
 * and cookie how to go on from here, both as mirror_state returns them. */
bool mirror_end(struct mirror *m, const char *source, const char *cookie,
		struct mirror_counts *counts, struct err *err);
void mirror_abort(struct mirror *m);

/* What is known of the last passes; times are Unix seconds, 0: never. */
struct mirror_state {
	const char *source, *cookie;      /* "": none yet */
	int64_t synchronised;     /* the last pass that went well */
	int64_t full;             /* the last full one of them */
	int64_t tried;            /* the last try */
	const char *error;        /* of that, "" when it went well */
	uint64_t objects;         /* mirrored now */
};

bool mirror_state(struct directory *dir, struct arena *arena,
		  struct mirror_state *out, struct err *err);

/* A try failed; text "" forgets. */
bool mirror_failed(struct directory *dir, const char *text, struct err *err);

/* Whether the entry is mirrored; *name (NULL allowed) its name there. */
bool mirror_owns(struct directory *dir, const struct guid *guid,
		 struct arena *arena, const char **name, struct err *err);

#endif
