/* SPDX-License-Identifier: Apache-2.0 */
/* The [ldap] section of the configuration, for ldap_sync.h. */
#ifndef DIRECTORY_LDAP_SETTINGS_H
#define DIRECTORY_LDAP_SETTINGS_H

#include "directory/config.h"
#include "directory/ldap_sync.h"

/*
 * Read the settings, and the password from its file; all in the arena.  False
 * and err when there is no [ldap] section, or something in it is wrong.
 */
bool ldap_settings(const struct config *config, struct arena *arena,
		   struct ldap_config *out, struct err *err);

#endif
