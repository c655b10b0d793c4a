/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an LDAP entry to what the mirror takes.  Which attribute has what is a
 * setting, with defaults for Active Directory, with and without the Exchange
 * schema, and for OpenLDAP.  Knows no libldap.
 */
#ifndef DIRECTORY_LDAP_MAP_H
#define DIRECTORY_LDAP_MAP_H

#include "base/arena.h"
#include "base/err.h"
#include "directory/mirror.h"

enum ldap_schema { LDAP_SCHEMA_AD, LDAP_SCHEMA_AD_EXCHANGE,
		   LDAP_SCHEMA_OPENLDAP };

/* Which attribute plays a part beside those of recipient_attrs. */
enum ldap_part {
	LDAP_GUID,                /* objectGUID (binary), entryUUID (text) */
	LDAP_ACCOUNT,             /* what one logs on with */
	LDAP_UPN,
	LDAP_ALIAS,
	LDAP_MAIL,
	LDAP_PROXY_ADDRESSES,     /* "SMTP:", "smtp:", "X500:" … */
	LDAP_OTHER_MAIL,          /* further SMTP addresses without a type */
	LDAP_LEGACY_DN,
	LDAP_MAILBOX_GUID,
	LDAP_HOME_MDB,
	LDAP_HIDDEN,
	LDAP_ACCOUNT_CONTROL,     /* bit 2: disabled */
	LDAP_CHANGED,             /* uSNChanged, entryCSN */
	LDAP_DISPLAY_TYPE,        /* msExchRecipientDisplayType */
	LDAP_MEMBER_OF,
	LDAP_OBJECT_CLASS,
	LDAP_PARTS
};

/* A database rule: who belongs to the group, else everybody. */
struct ldap_database_rule {
	const char *group;        /* its DN; "": everybody */
	const char *database;
};

struct ldap_map {
	enum ldap_schema schema;
	const char *parts[LDAP_PARTS];    /* attribute names; "": none */
	/* Renamed attributes of recipients: pairs of recipient_attr.ldap and
	 * the name there, ended by NULL. */
	const char *const *renamed;
	const char *admins;       /* DN of the administrators' group, or "" */
	const struct ldap_database_rule *rules;
	size_t rule_count;
	/* What mirror_object.password gets: this, with the DN behind it; NULL:
	 * "" (Basic by other means). */
	const char *password_prefix;
};

/*
 * A map of this schema.  attributes renames ("account=uid, title=jobTitle":
 * the part's or attribute's name here, and there), databases has the rules
 * ("CN=Sales,DC=example,DC=test: DB2; DB1").  NULL or "": none.  All in the
 * arena.  False and err when they can't be read.
 */
bool ldap_map_make(enum ldap_schema schema, const char *attributes,
		   const char *databases, struct arena *arena,
		   struct ldap_map *out, struct err *err);

/* "ad", "ad-exchange", "openldap". */
bool ldap_schema_parse(const char *name, enum ldap_schema *out);

/* The filter that finds users, groups and contacts. */
const char *ldap_map_filter(const struct ldap_map *map);

/* The names of all attributes to ask for, ended by NULL, in the arena. */
char **ldap_map_attributes(const struct ldap_map *map, struct arena *arena);

/* An entry as it came. */
struct ldap_values {
	const char *name;         /* without options such as ";binary" */
	const struct bin *values;
	size_t count;
};

struct ldap_entry {
	const char *dn;
	const struct ldap_values *attributes;
	size_t count;
};

/*
 * Map an entry; all in the arena, or borrowed from it.  False when it is none
 * that belongs into the directory (no GUID, no account, a computer, a group
 * without an address), with *why set to a few words, NULL when it is nothing
 * to tell of.
 */
bool ldap_map_entry(const struct ldap_map *map, const struct ldap_entry *entry,
		    struct arena *arena, struct mirror_object *out,
		    const char **why);

#endif
