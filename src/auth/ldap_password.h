/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords of users who come from an LDAP directory: it is asked, by a bind
 * as the user.  For helper processes: it blocks.
 *
 * The user's password in the directory is LDAP_PASSWORD_PREFIX with the
 * distinguished name behind it; where the servers are is in the environment
 * (LDAP_PASSWORD_URL, …_CA, …_TIMEOUT in ms), which the daemon sets.
 */
#ifndef AUTH_LDAP_PASSWORD_H
#define AUTH_LDAP_PASSWORD_H

#include <stdbool.h>

#define LDAP_PASSWORD_PREFIX "$ldap$"
#define LDAP_PASSWORD_URL "POSTHOUSE_LDAP_URL"
#define LDAP_PASSWORD_CA "POSTHOUSE_LDAP_CA"
#define LDAP_PASSWORD_TIMEOUT "POSTHOUSE_LDAP_TIMEOUT"

/*
 * Whether it is the password of dn.  False, *match untouched, when no server
 * could be asked.  The empty password, by which LDAP lets everybody in as
 * nobody (RFC 4513 5.1.2), never matches.
 */
bool ldap_password_verify(const char *password, const char *dn, bool *match);

#endif
