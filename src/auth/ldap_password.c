/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/ldap_password.h"

#include <stdlib.h>
#include <string.h>

#include "directory/ldap_link.h"

bool ldap_password_verify(const char *password, const char *dn, bool *match)
{
	const char *timeout = getenv(LDAP_PASSWORD_TIMEOUT);
	struct ldap_config config = { .urls = getenv(LDAP_PASSWORD_URL),
		.bind_dn = dn, .password = password,
		.ca_file = getenv(LDAP_PASSWORD_CA) };
	struct arena *arena;
	const char *url;
	struct err err;
	LDAP *ld;
	bool known = true;

	if (*password == '\0' || *dn == '\0') {
		*match = false;
		return true;
	}
	if (config.urls == NULL)
		return false;
	if (timeout != NULL)
		config.timeout_ms = (unsigned)strtoul(timeout, NULL, 10);
	arena = arena_new(0);
	if (ldap_link_open(&config, &ld, &url, arena, &err)) {
		ldap_unbind_ext_s(ld, NULL, NULL);
		*match = true;
	} else if (err.ec == EC_ACCESS_DENIED) {
		*match = false;
	} else {
		known = false;
	}
	arena_free(arena);
	return known;
}
