/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "auth/bearer_impl.h"
#include "base/arena.h"
#include "base/guid.h"

/* Claims that hold an identifier and no name. */
static bool is_object_id(const char *claim)
{
	return strcmp(claim, "oid") == 0 || strcmp(claim, "sub") == 0;
}

/* A name without a domain could be anybody's of some other domain. */
static bool is_qualified(const char *name)
{
	return strchr(name, '@') != NULL || strchr(name, '\\') != NULL;
}

/* The user that one claim means; false: nobody here. */
static bool find_by_claim(struct directory *dir, const struct jwt *jwt,
			  const char *claim, struct arena *arena,
			  struct dir_user *out)
{
	const char *value = jwt_claim(jwt, claim);

	if (value == NULL)
		return false;
	if (is_object_id(claim))
		return directory_user_by_object_id(dir, value, arena, out);
	/* An address that the provider has not checked is only a claim. */
	if (strcmp(claim, "email") == 0)
		return !jwt_claim_is_false(jwt, "email_verified") &&
			directory_user_by_address(dir, value, arena, out);
	return is_qualified(value) &&
		directory_user_by_name(dir, value, arena, out);
}

enum bearer_user bearer_find_user(struct directory *dir, const struct jwt *jwt,
				  const char *const *claims, size_t n,
				  const struct identity **id)
{
	struct arena *arena = arena_new(0);
	enum bearer_user result = BEARER_NOBODY;
	struct dir_user user = { 0 }, other;

	for (size_t i = 0; i < n && result != BEARER_AMBIGUOUS; i++) {
		if (!find_by_claim(dir, jwt, claims[i], arena, &other))
			continue;
		if (result == BEARER_USER &&
		    !guid_equal(&user.guid, &other.guid))
			result = BEARER_AMBIGUOUS;
		else
			result = BEARER_USER;
		user = other;
	}
	if (result == BEARER_USER && user.disabled)
		result = BEARER_DISABLED;
	if (result == BEARER_USER)
		*id = identity_new(&user);
	arena_free(arena);
	return result;
}

const char *bearer_claimed(const struct jwt *jwt, const char *const *claims,
			   size_t n)
{
	const char *value = NULL;

	for (size_t i = 0; i < n && value == NULL; i++)
		value = jwt_claim(jwt, claims[i]);
	return value;
}
