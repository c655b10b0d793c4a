/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the names of NTLM and Kerberos mean. */
#include <string.h>
#include <strings.h>

#include "auth/auth_impl.h"
#include "base/arena.h"

/* A computer's account: its name and '$'. */
static bool is_computer(const char *name)
{
	size_t len = strlen(name);

	return len > 1 && name[len - 1] == '$' && strchr(name, '@') == NULL;
}

static void computer(struct auth *auth, const char *name,
		     struct arena *arena, struct auth_party *out)
{
	const char *server = arena_strndup(arena, name, strlen(name) - 1);

	out->is_server = directory_server_named(auth->dir, server, arena,
						&out->server);
}

static void user_named(struct auth *auth, const char *name,
		       struct arena *arena, struct auth_party *out)
{
	out->is_user = directory_user_by_name(auth->dir, name, arena,
					      &out->user);
}

/*
 * Where somebody else has authenticated the name, "user@domain" is a UPN.
 * That it is the address of a user here says nothing: the account of that
 * name may be another's.
 */
static void take_no_address(const char *name, struct auth_party *party)
{
	if (party->is_user && strchr(name, '@') != NULL &&
	    strcasecmp(party->user.upn, name) != 0)
		party->is_user = false;
}

/* "", the NetBIOS name, the realm, or this computer: all of it is here. */
static bool is_our_domain(const struct auth *auth, const char *domain)
{
	return *domain == '\0' || strcasecmp(domain, auth->domain) == 0 ||
		strcasecmp(domain, auth->realm) == 0 ||
		strcasecmp(domain, auth->computer) == 0;
}

void auth_ntlm_party(struct auth *auth, const char *domain, const char *user,
		     struct arena *arena, struct auth_party *out)
{
	memset(out, 0, sizeof *out);
	if (*user == '\0' || strchr(user, '\\') != NULL)
		return;
	if (is_computer(user)) {
		if (is_our_domain(auth, domain))
			computer(auth, user, arena, out);
	} else if (is_our_domain(auth, domain) || strchr(user, '@') != NULL) {
		user_named(auth, user, arena, out);
	} else {
		user_named(auth, arena_printf(arena, "%s\\%s", domain, user),
			   arena, out);
	}
}

void auth_ntlm_name_party(struct auth *auth, const char *name,
			  struct arena *arena, struct auth_party *out)
{
	const char *backslash = strchr(name, '\\');

	if (backslash == NULL)
		auth_ntlm_party(auth, "", name, arena, out);
	else
		auth_ntlm_party(auth, arena_strndup(arena, name, (size_t)
				(backslash - name)), backslash + 1, arena,
				out);
	name = backslash != NULL ? backslash + 1 : name;
	take_no_address(name, out);
}

/* The name without its realm, unescaped (RFC 1964 2.1.1); NULL: a foreign
 * realm, none, or a name that no user has. */
static char *without_realm(const struct auth *auth, const char *principal,
			   struct arena *arena)
{
	char *out = arena_alloc(arena, strlen(principal) + 1);
	size_t n = 0;

	for (; *principal != '\0' && *principal != '@'; principal++) {
		/* "\@" is of a UPN; other escapes are no user's. */
		if (*principal == '\\' && *++principal != '@')
			return NULL;
		out[n++] = *principal;
	}
	out[n] = '\0';
	return *principal == '@' && n > 0 && auth->realm[0] != '\0' &&
		strcasecmp(principal + 1, auth->realm) == 0 ? out : NULL;
}

void auth_kerberos_party(struct auth *auth, const char *principal,
			 struct arena *arena, struct auth_party *out)
{
	const char *name = without_realm(auth, principal, arena), *slash;

	memset(out, 0, sizeof *out);
	if (name == NULL)
		return;
	slash = strchr(name, '/');
	if (slash != NULL) {
		if (strncasecmp(name, "HTTP/", 5) == 0 ||
		    strncasecmp(name, "HOST/", 5) == 0)
			out->is_server = directory_server_named(auth->dir,
				slash + 1, arena, &out->server);
	} else if (is_computer(name)) {
		computer(auth, name, arena, out);
	} else {
		user_named(auth, name, arena, out);
		take_no_address(name, out);
		if (!out->is_user) {
			name = arena_printf(arena, "%s@%s", name, auth->realm);
			user_named(auth, name, arena, out);
			take_no_address(name, out);
		}
	}
}

/* A KDC knows a UPN, too, but repeats it to the service as an escaped name
 * that few map to a user (doc/delegation.md). */
char *auth_user_principal(struct auth *auth, const char *name)
{
	struct arena *arena = arena_new(0);
	struct dir_user user;
	char *out;

	if (auth->realm[0] != '\0' &&
	    directory_user_by_name(auth->dir, name, arena, &user))
		out = xstrdup(arena_printf(arena, "%s@%s", user.account,
					   auth->realm));
	else
		out = xstrdup(name);
	arena_free(arena);
	return out;
}
