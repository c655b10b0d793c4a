/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory: the organisation, its servers, mailbox databases, users and
 * mailboxes.
 *
 * It is one SQLite database in the data folder, which the daemon and commands
 * open at the same time.  Each process holds all of it in memory; lookups
 * take a read lock, copy what they found into the caller's arena and do no
 * I/O.  Every transaction raises a change counter; a process that called
 * directory_follow sees other processes' changes within half a second.
 *
 * Thread-safe throughout.  Names and addresses are compared without regard to
 * case (ASCII letters; other letters as they are).
 */
#ifndef DIRECTORY_DIRECTORY_H
#define DIRECTORY_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/guid.h"
#include "directory/vdir.h"

struct directory;

/* Strings are never NULL here ("" when there is none), except as said. */

struct dir_org {
	struct guid guid;
	const char *name;         /* "First Organization" */
	const char *domain;       /* the default accepted domain */
	const char *const *domains;       /* all, the default first */
	size_t domain_count;
};

enum dir_role {
	DIR_ROLE_MAILBOX = 1,     /* mailbox databases can be active there */
	DIR_ROLE_FRONTEND = 2,    /* clients can be sent there */
	DIR_ROLES_ALL = 3,
};

enum { DIR_ASSERTION_KEY_SIZE = 32 };

struct dir_server {
	struct guid guid;
	const char *name;         /* short: "MX1" */
	const char *fqdn;
	const char *version;      /* AdminDisplayVersion, as vdir.h has it:
				   * "Version 15.1 (Build 2507.6)" */
	const char *make;         /* "Posthouse", "Exchange" or "gromox" */
	const char *site;         /* "Default-First-Site-Name" */
	unsigned roles;           /* enum dir_role */
	/* The public Ed25519 key with which the server's signed tokens are
	 * checked; NULL: it has none. */
	const uint8_t *assertion_key;
	/* The NT hash of the server's own account, as auth/ encrypts it; for
	 * NTLM between servers outside a domain.  NULL: none. */
	const uint8_t *account_hash;
	size_t account_hash_size;
};

struct dir_database {
	struct guid guid;
	const char *name;
	struct guid server;       /* where it is active */
	const char *path;         /* absolute folder of its mailbox files */
};

struct dir_user {
	struct guid guid;
	const char *account;      /* without a domain: "alice" */
	const char *upn;          /* user principal name: alice@example.test */
	const char *display_name;
	const char *legacy_dn;    /* legacyExchangeDN */
	const char *const *addresses;     /* SMTP, the primary one first */
	size_t address_count;
	const char *password;     /* PHC string of auth/password.h; "": none */
	/* The NT hash of the password, as auth/nt_hash.h encrypts it; kept
	 * only while NTLM is served from the directory.  NULL: none. */
	const uint8_t *nt_hash;
	size_t nt_hash_size;
	/* What the identity provider of bearer tokens knows the user by (the
	 * claims oid and sub); "": nothing but the GUID. */
	const char *object_id;
	bool is_admin;            /* organisation administrator */
	bool disabled;
	struct guid mailbox;      /* null GUID: has none */
	uint64_t changed;         /* change counter of its last change, which
				   * includes those of its mailbox */
};

struct dir_quota {                /* KiB; 0: unlimited */
	uint64_t warn, no_send, no_receive;
};

struct dir_mailbox {
	struct guid guid;
	struct guid user;         /* the owner */
	struct guid database;
	struct guid server;       /* where the database is active */
	const char *path;         /* absolute: <database path>/<guid>.db */
	const char *legacy_dn;    /* of the owner, as are these two */
	const char *display_name;
	const char *address;      /* the owner's primary SMTP address */
	const char *database_name;
	const char *server_fqdn;
	uint32_t lcid;            /* the language of its default folders */
	bool disabled;
	bool local;               /* server is the one that directory_open
				   * was told is this one */
	struct dir_quota quota;
	uint64_t changed;
};

/* Opening -------------------------------------------------------------- */

/*
 * Make a new organisation's database at path, which mustn't exist; org->guid
 * null: a new one.  domains: at least one.
 */
bool directory_create(const char *path, const struct dir_org *org,
		      struct err *err);

/*
 * Open it.  server_name is this server's name or FQDN (NULL: none, no mailbox
 * is local); it need not be in the directory yet.  *out is the caller's.
 * Older schemas are brought up to date; newer ones are refused.
 */
bool directory_open(const char *path, const char *server_name,
		    struct directory **out, struct err *err);

/* Ends the following thread as well.  NULL is allowed. */
void directory_close(struct directory *dir);

/*
 * Start a thread that looks for other processes' changes, every 250 ms.
 * failed (NULL is allowed) is called from it, once per new error text, when
 * the database can't be read; what was known before stays in use.
 */
bool directory_follow(struct directory *dir,
		      void (*failed)(void *ctx, const char *text), void *ctx,
		      struct err *err);

/* Look now.  *changed (NULL is allowed): whether there was anything new. */
bool directory_poll(struct directory *dir, bool *changed, struct err *err);

/* The change counter as far as this process has seen it.  Lock-free. */
uint64_t directory_change(const struct directory *dir);

/* Look-ups ------------------------------------------------------------- */
/*
 * Each returns false, *out untouched, when there is no such entry (also for a
 * null GUID).  Strings of *out are in the arena.
 */

void directory_org(struct directory *dir, struct arena *arena,
		   struct dir_org *out);

/* By name or FQDN; the one with that name or FQDN that the process is. */
bool directory_server(struct directory *dir, const struct guid *guid,
		      struct arena *arena, struct dir_server *out);
bool directory_server_named(struct directory *dir, const char *name,
			    struct arena *arena, struct dir_server *out);
bool directory_this_server(struct directory *dir, struct arena *arena,
			   struct dir_server *out);

bool directory_database(struct directory *dir, const struct guid *guid,
			struct arena *arena, struct dir_database *out);
bool directory_database_named(struct directory *dir, const char *name,
			      struct arena *arena, struct dir_database *out);

bool directory_user(struct directory *dir, const struct guid *guid,
		    struct arena *arena, struct dir_user *out);

/*
 * By what a person types to log on: an account, a UPN or e-mail address, or
 * DOMAIN\account, where DOMAIN is the first label of an accepted domain or
 * the whole of it.
 */
bool directory_user_by_name(struct directory *dir, const char *name,
			    struct arena *arena, struct dir_user *out);
bool directory_user_by_address(struct directory *dir, const char *smtp,
			       struct arena *arena, struct dir_user *out);
bool directory_user_by_dn(struct directory *dir, const char *legacy_dn,
			  struct arena *arena, struct dir_user *out);
/* By the object id, else by the GUID written out. */
bool directory_user_by_object_id(struct directory *dir, const char *object_id,
				 struct arena *arena, struct dir_user *out);

/*
 * A user's change counter: 0 when it is gone.  For caches: what was made from
 * a user stays valid as long as this is the same.
 */
uint64_t directory_user_changed(struct directory *dir,
				const struct guid *guid);

bool directory_mailbox(struct directory *dir, const struct guid *guid,
		       struct arena *arena, struct dir_mailbox *out);
bool directory_mailbox_by_dn(struct directory *dir, const char *legacy_dn,
			     struct arena *arena, struct dir_mailbox *out);
bool directory_mailbox_by_address(struct directory *dir, const char *smtp,
				  struct arena *arena,
				  struct dir_mailbox *out);

/*
 * What Connect's and Autodiscover's MailboxId says: "<guid>@<domain>" or
 * "<guid>"; the domain is not looked at.
 */
bool directory_mailbox_by_id(struct directory *dir, const char *mailbox_id,
			     struct arena *arena, struct dir_mailbox *out);

/* Lists, ordered by name, in the arena; the count is returned. */
size_t directory_servers(struct directory *dir, struct arena *arena,
			 struct dir_server **out);
size_t directory_databases(struct directory *dir, struct arena *arena,
			   struct dir_database **out);
size_t directory_users(struct directory *dir, struct arena *arena,
		       struct dir_user **out);
size_t directory_mailboxes(struct directory *dir, struct arena *arena,
			   struct dir_mailbox **out);

/* Changes -------------------------------------------------------------- */
/*
 * Each is one durable transaction, after which this process sees it, and is
 * recorded in it with who made it (audit.h).  new_…
 * fill in *guid when it is null; set_… write all fields of the entry with
 * that GUID (read it, change it, write it back).  Failures say what is
 * already taken, missing or still in use.
 */

bool directory_set_org(struct directory *dir, const struct dir_org *org,
		       struct err *err);

/*
 * version NULL or "": that of this program for Posthouse, else unknown; site
 * NULL or "": Default-First-Site-Name; roles 0: all.  The server gets its
 * virtual directories with the defaults of its version (vdir.h).
 */
bool directory_new_server(struct directory *dir, struct dir_server *server,
			  struct err *err);
/*
 * The virtual directories follow: their URLs, where they are the defaults of
 * the old FQDN; a back-end one comes and goes with the mailbox role, which
 * can't be taken while a database is active there.
 */
bool directory_set_server(struct directory *dir,
			  const struct dir_server *server, struct err *err);
/* Refused while a database is active there. */
bool directory_remove_server(struct directory *dir, const struct guid *guid,
			     struct err *err);

/* path may be relative to the folder of the directory's own file. */
bool directory_new_database(struct directory *dir, struct dir_database *db,
			    struct err *err);
bool directory_set_database(struct directory *dir,
			    const struct dir_database *db, struct err *err);
/* Refused while it holds mailboxes. */
bool directory_remove_database(struct directory *dir, const struct guid *guid,
			       struct err *err);

/*
 * user->legacy_dn "" or NULL: one is made; upn "" or NULL: account@default
 * domain; no addresses: the UPN.  mailbox and changed are not looked at.
 */
bool directory_new_user(struct directory *dir, struct dir_user *user,
			struct err *err);
bool directory_set_user(struct directory *dir, const struct dir_user *user,
			struct err *err);
/* Refused while it has a mailbox. */
bool directory_remove_user(struct directory *dir, const struct guid *guid,
			   struct err *err);

/* Looks at guid, user, database, lcid (0: 0x0409), disabled and quota. */
bool directory_new_mailbox(struct directory *dir, struct dir_mailbox *mailbox,
			   struct err *err);
bool directory_set_mailbox(struct directory *dir,
			   const struct dir_mailbox *mailbox,
			   struct err *err);
/* The file stays where it is. */
bool directory_remove_mailbox(struct directory *dir, const struct guid *guid,
			      struct err *err);

/* Names in Exchange's form --------------------------------------------- */

/*
 * "/o=ORG/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/
 * cn=<32 hexadecimal digits>-name", and a server's: "…/cn=Configuration/
 * cn=Servers/cn=NAME".  What a distinguished name can't hold becomes '_'.
 */
char *directory_user_dn(struct arena *arena, const char *org,
			const struct guid *guid, const char *name);
char *directory_server_dn(struct arena *arena, const char *org,
			  const char *server);

#endif
