/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bearer token, or a key set (the first byte says which): nothing that
 * comes from outside may be accepted, since the one key's private half is not
 * here; and nothing may be read beyond its end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char key_set[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
	"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\","
	"\"kid\":\"k\"}]}";       /* RFC 7515 A.3 */

static void try_token(const char *text, size_t len, const struct jwks *keys)
{
	static const char *const names[] = { "x" };
	const struct jwt_policy policy = { names, 1, names, 1, 300 };
	struct jwt *jwt;
	int64_t expires;

	if (jwt_parse(text, len, &jwt) != JWT_OK)
		return;
	if (jwt_kid(jwt) != NULL && strlen(jwt_kid(jwt)) > len)
		abort();
	jwt_verify(jwt, keys);
	jwt_check(jwt, &policy, 1500, &expires);
	if (jwt_claim(jwt, "upn") != NULL && strlen(jwt_claim(jwt, "upn")) >
	    len)
		abort();
	jwt_free(jwt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct jwks *keys, *other;
	char *text;

	if (len == 0 || !jwks_parse(key_set, sizeof key_set - 1, &keys, NULL))
		return 0;
	text = malloc(len);               /* exactly, for the sanitizer */
	memcpy(text, data + 1, len - 1);
	if ((data[0] & 1) != 0)
		try_token(text, len - 1, keys);
	else if (jwks_parse(text, len - 1, &other, NULL))
		jwks_unref(other);
	free(text);
	jwks_unref(keys);
	return 0;
}
