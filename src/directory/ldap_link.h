/* SPDX-License-Identifier: Apache-2.0 */
/* A connection to one of the LDAP servers; for ldap_sync.c. */
#ifndef DIRECTORY_LDAP_LINK_H
#define DIRECTORY_LDAP_LINK_H

#include <ldap.h>

#include "directory/ldap_sync.h"

/*
 * Connect to the first server that answers, and bind.  *url is which.  Wrong
 * credentials are EC_ACCESS_DENIED, without asking another server.
 */
bool ldap_link_open(const struct ldap_config *config, LDAP **out,
		    const char **url, struct arena *arena, struct err *err);

/*
 * Search below base, page by page; each is called for every entry and ends
 * the search by returning false.  attributes NULL: all.  deleted: also what
 * has been removed from an Active Directory.
 */
bool ldap_link_search(LDAP *ld, const struct ldap_config *config,
		      const char *base, int scope, const char *filter,
		      char **attributes, bool deleted,
		      bool (*each)(void *ctx, LDAP *ld, LDAPMessage *entry),
		      void *ctx, struct err *err);

/* The first value of an attribute of one entry, "" if there is none. */
const char *ldap_link_value(LDAP *ld, const struct ldap_config *config,
			    const char *dn, const char *attribute,
			    struct arena *arena);

/* An entry as ldap_map.h has it; all copied to the arena. */
void ldap_link_entry(LDAP *ld, LDAPMessage *message, struct arena *arena,
		     struct ldap_entry *out);

#endif
