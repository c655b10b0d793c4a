/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/ldap_settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { PASSWORD_MAX = 1024 };

static bool read_password(const char *path, struct arena *arena,
			  const char **out, struct err *err)
{
	char line[PASSWORD_MAX];
	FILE *f;

	if (path == NULL)
		return err_set(err, EC_INVALID_PARAM, "[ldap] has bind_dn but "
			       "no password_file");
	f = fopen(path, "re");
	if (f == NULL)
		return err_set(err, EC_ERROR, "[ldap] password_file %s: %s",
			       path, strerror(errno));
	if (fgets(line, sizeof line, f) == NULL)
		line[0] = '\0';
	fclose(f);
	line[strcspn(line, "\r\n")] = '\0';
	if (line[0] == '\0')
		return err_set(err, EC_INVALID_PARAM, "[ldap] password_file "
			       "%s has no password in its first line", path);
	*out = arena_strdup(arena, line);
	explicit_bzero(line, sizeof line);
	return true;
}

static bool check(const struct config_ldap *c, struct err *err)
{
	if (c->url == NULL)
		return err_set(err, EC_INVALID_PARAM, "the configuration has "
			       "no url in [ldap]: recipients are those of the "
			       "organisation's own directory");
	if (c->base == NULL)
		return err_set(err, EC_INVALID_PARAM, "[ldap] needs base, "
			       "such as DC=example,DC=test");
	return true;
}

bool ldap_settings(const struct config *config, struct arena *arena,
		   struct ldap_config *out, struct err *err)
{
	const struct config_ldap *c = &config->ldap;
	struct ldap_config ldap = { .urls = c->url, .base = c->base,
		.filter = c->filter, .bind_dn = c->bind_dn,
		.keytab = c->keytab, .ca_file = c->ca_file,
		.timeout_ms = c->timeout, .page = c->page,
		.full_s = c->full / 1000 };
	enum ldap_schema schema;

	if (!check(c, err))
		return false;
	if (!ldap_schema_parse(c->schema, &schema))
		return err_set(err, EC_INVALID_PARAM, "[ldap] schema \"%s\" "
			       "is none of ad, ad-exchange, openldap",
			       c->schema);
	if (!ldap_map_make(schema, c->attributes, c->databases, arena,
			   &ldap.map, err))
		return err_prefix(err, "[ldap]");
	ldap.map.password_prefix = "$ldap$";
	if (c->admins != NULL)
		ldap.map.admins = c->admins;
	if (c->bind_dn != NULL &&
	    !read_password(c->password_file, arena, &ldap.password, err))
		return false;
	*out = ldap;
	return true;
}
