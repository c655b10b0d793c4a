/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passes from an LDAP server into the mirror (mirror.h): Active Directory,
 * Samba AD and OpenLDAP, through libldap.  Blocks: it is for a process of its
 * own (posthouse-ldap) and for commands.  A library of its own (ldap_dep), so
 * that nobody else loads libldap.
 *
 * What changed is found by uSNChanged (Active Directory; on one domain
 * controller, told by its dsServiceName: on another one everything is read
 * anew) or entryCSN (OpenLDAP).  What was removed is found in the deleted
 * objects where they may be read, by a contextCSN that no entry has, and by
 * full passes, which come by age.
 */
#ifndef DIRECTORY_LDAP_SYNC_H
#define DIRECTORY_LDAP_SYNC_H

#include "base/arena.h"
#include "base/err.h"
#include "directory/ldap_map.h"
#include "directory/mirror.h"

struct ldap_config {
	const char *urls;         /* "ldaps://dc1 ldaps://dc2": in turn until
				   * one answers */
	const char *base;
	const char *filter;       /* NULL: ldap_map_filter */
	/* Simple bind; NULL: SASL GSSAPI with keytab. */
	const char *bind_dn;
	const char *password;
	const char *keytab;       /* NULL: the environment's credentials */
	const char *ca_file;      /* NULL: the system's */
	unsigned timeout_ms;      /* of connecting and each answer; 0: 10 s */
	unsigned page;            /* entries of a page; 0: 500 */
	unsigned full_s;          /* a full pass when the last is as old; 0:
				   * 3600 */
	struct ldap_map map;
};

struct ldap_sync;

/* Nothing is connected yet.  config must outlive it. */
struct ldap_sync *ldap_sync_new(const struct ldap_config *config);
void ldap_sync_free(struct ldap_sync *sync);      /* NULL is allowed */

struct ldap_result {
	const char *server;       /* that answered; valid until the next */
	bool full;
	struct mirror_counts counts;
};

/*
 * One pass; connects, or connects again, where it must.  full asks for a full
 * one; only then it is believed that there is nobody any more.  A failure is
 * recorded in the mirror's state, which stays as it was else, and told in err:
 * which server, what failed, what to do.
 */
bool ldap_sync_pass(struct ldap_sync *sync, struct directory *dir, bool full,
		    void (*skipped)(void *ctx, const char *text), void *ctx,
		    struct ldap_result *out, struct err *err);

/*
 * Read up to max objects and hand each to seen, mapped, without writing: for
 * looking at whether the settings are right.
 */
bool ldap_sync_look(struct ldap_sync *sync, unsigned max,
		    void (*seen)(void *ctx, const struct mirror_object *object,
				 const char *why), void *ctx,
		    struct err *err);

#endif
