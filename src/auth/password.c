/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/password.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "auth/base64.h"
#include "base/utf.h"

enum { SALT_SIZE = 16, KEY_SIZE = 32, MAX_LN = 20, MAX_R = 32, MAX_P = 16 };

/*
 * What is usual for interactive logons.  More would cost an attacker more,
 * but also us when all clients come back at once after a restart: each of
 * them is checked anew.
 */
static const struct password_cost standard = { .ln = 15, .r = 8, .p = 1 };

static bool derive(const char *password, const struct password_cost *cost,
		   const uint8_t *salt, size_t salt_len, uint8_t *key,
		   size_t key_len, struct err *err)
{
	uint64_t n = 1ULL << cost->ln;
	uint64_t memory = 128ULL * cost->r * (n + cost->p + 2) + 4096;

	if (EVP_PBE_scrypt(password, strlen(password), salt, salt_len, n,
			   cost->r, cost->p, memory, key, key_len) == 1)
		return true;
	ERR_clear_error();
	return err_set(err, EC_SERVER_OOM, "scrypt failed; it needs %u MiB of "
		       "memory", (unsigned)(memory >> 20));
}

bool password_hash(const char *password, const struct password_cost *cost,
		   char out[static PASSWORD_HASH_SIZE], struct err *err)
{
	size_t len = strlen(password);
	uint8_t salt[SALT_SIZE], key[KEY_SIZE];
	char salt64[32], key64[48];

	if (cost == NULL)
		cost = &standard;
	if (len == 0)
		return err_set(err, EC_INVALID_PARAM, "the password is empty");
	if (len >= PASSWORD_MAX_SIZE)
		return err_set(err, EC_INVALID_PARAM, "the password is longer "
			       "than %d bytes", PASSWORD_MAX_SIZE - 1);
	if (!utf8_valid(password, len))
		return err_set(err, EC_INVALID_PARAM, "the password is not "
			       "UTF-8");
	if (getrandom(salt, sizeof salt, 0) != (ssize_t)sizeof salt)
		return err_set(err, EC_ERROR, "no random numbers");
	if (!derive(password, cost, salt, sizeof salt, key, sizeof key, err))
		return false;
	base64_encode(salt, sizeof salt, salt64);
	base64_encode(key, sizeof key, key64);
	snprintf(out, PASSWORD_HASH_SIZE, "$scrypt$ln=%u,r=%u,p=%u$%s$%s",
		 cost->ln, cost->r, cost->p, salt64, key64);
	OPENSSL_cleanse(key, sizeof key);
	return true;
}

struct parsed {
	struct password_cost cost;
	uint8_t salt[64], key[64];
	size_t salt_len, key_len;
};

static bool parse(const char *hash, struct parsed *out)
{
	const char *salt, *key;
	int end = 0;

	if (sscanf(hash, "$scrypt$ln=%2u,r=%2u,p=%2u$%n", &out->cost.ln,
		   &out->cost.r, &out->cost.p, &end) != 3 || end == 0)
		return false;
	salt = hash + end;
	key = strchr(salt, '$');
	if (key == NULL || out->cost.ln < 1 || out->cost.ln > MAX_LN ||
	    out->cost.r < 1 || out->cost.r > MAX_R || out->cost.p < 1 ||
	    out->cost.p > MAX_P)
		return false;
	return base64_decode(salt, (size_t)(key - salt), out->salt,
			     sizeof out->salt, &out->salt_len) &&
		base64_decode(key + 1, strlen(key + 1), out->key,
			      sizeof out->key, &out->key_len) &&
		out->salt_len >= 8 && out->key_len >= 16;
}

bool password_verify(const char *password, const char *hash, bool *match,
		     struct err *err)
{
	struct parsed p = { .salt_len = 0 };
	uint8_t key[sizeof p.key];

	if (!parse(hash, &p))
		return err_set(err, EC_INVALID_PARAM, "the password's hash is "
			       "not a $scrypt$ string; set the password again");
	if (!derive(password, &p.cost, p.salt, p.salt_len, key, p.key_len,
		    err))
		return false;
	*match = CRYPTO_memcmp(key, p.key, p.key_len) == 0;
	OPENSSL_cleanse(key, sizeof key);
	return true;
}

const char *password_dummy(void)
{
	return "$scrypt$ln=15,r=8,p=1$q3Jm0b1cXo8VtYwLZs5f2g$"
		"Zb0mA4w1hT9xkQyVd3uJrN6eSf7oLiKpXcG2tB8vHqM";
}
