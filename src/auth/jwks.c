/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/jwks.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "auth/base64url.h"
#include "auth/json_limit.h"
#include "base/arena.h"

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192, NUMBER_MAX = 1024,
       P256_SIZE = 32 };

struct jwks {
	atomic_uint refs;
	unsigned n;
	struct jwk keys[JWKS_KEYS_MAX];
};

/* --- Keys ------------------------------------------------------------- */

/* A member that is base64url of at most NUMBER_MAX bytes; 0: it is none. */
static size_t get_bytes(const json_t *jwk, const char *name,
			uint8_t out[static NUMBER_MAX])
{
	const json_t *value = json_object_get(jwk, name);
	size_t len = 0;

	if (!json_is_string(value) ||
	    !base64url_decode(json_string_value(value),
			      json_string_length(value), out, NUMBER_MAX,
			      &len))
		return 0;
	return len;
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *builder)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY *key = NULL;

	if (ctx != NULL && params != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* RFC 7518 6.3.1 */
static EVP_PKEY *rsa_key(const json_t *jwk)
{
	uint8_t n_bytes[NUMBER_MAX], e_bytes[NUMBER_MAX];
	size_t n_len = get_bytes(jwk, "n", n_bytes);
	size_t e_len = get_bytes(jwk, "e", e_bytes);
	BIGNUM *n = BN_bin2bn(n_bytes, (int)n_len, NULL);
	BIGNUM *e = BN_bin2bn(e_bytes, (int)e_len, NULL);
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;

	if (n != NULL && e != NULL && builder != NULL && e_len <= 4 &&
	    BN_num_bits(n) >= RSA_BITS_MIN && BN_num_bits(n) <= RSA_BITS_MAX &&
	    BN_is_odd(n) && BN_is_odd(e) && !BN_is_one(e) &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		key = from_params("RSA", builder);
	OSSL_PARAM_BLD_free(builder);
	BN_free(n);
	BN_free(e);
	return key;
}

/* A point that is not on the curve is no key. */
static bool is_on_curve(EVP_PKEY *key)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	bool ok = ctx != NULL && EVP_PKEY_public_check(ctx) == 1;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

/* RFC 7518 6.2.1; P-256 alone */
static EVP_PKEY *ec_key(const json_t *jwk)
{
	const char *curve = json_string_value(json_object_get(jwk, "crv"));
	uint8_t x[NUMBER_MAX], y[NUMBER_MAX], point[1 + 2 * P256_SIZE] = { 4 };
	OSSL_PARAM_BLD *builder;
	EVP_PKEY *key = NULL;

	if (curve == NULL || strcmp(curve, "P-256") != 0 ||
	    get_bytes(jwk, "x", x) != P256_SIZE ||
	    get_bytes(jwk, "y", y) != P256_SIZE)
		return NULL;
	memcpy(point + 1, x, P256_SIZE);
	memcpy(point + 1 + P256_SIZE, y, P256_SIZE);
	builder = OSSL_PARAM_BLD_new();
	if (builder != NULL &&
	    OSSL_PARAM_BLD_push_utf8_string(builder,
					    OSSL_PKEY_PARAM_GROUP_NAME,
					    "P-256", 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY,
					     point, sizeof point) == 1)
		key = from_params("EC", builder);
	OSSL_PARAM_BLD_free(builder);
	if (key != NULL && !is_on_curve(key)) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

/* Absent, or that text. */
static bool may_be(const json_t *jwk, const char *name, const char *text)
{
	const json_t *value = json_object_get(jwk, name);

	return value == NULL || (json_is_string(value) &&
				 strcmp(json_string_value(value), text) == 0);
}

/* RFC 7517 4.2 to 4.4: what the key may be used for. */
static bool is_for_signatures(const json_t *jwk, const char *alg)
{
	const json_t *ops = json_object_get(jwk, "key_ops"), *op;
	bool verify = ops == NULL;
	size_t i;

	json_array_foreach(ops, i, op)
		if (json_is_string(op) &&
		    strcmp(json_string_value(op), "verify") == 0)
			verify = true;
	return verify && may_be(jwk, "use", "sig") && may_be(jwk, "alg", alg);
}

/* False: it is not for us. */
static bool take_key(const json_t *jwk, struct jwk *out)
{
	const char *type = json_string_value(json_object_get(jwk, "kty"));
	const json_t *kid = json_object_get(jwk, "kid");
	bool rsa = type != NULL && strcmp(type, "RSA") == 0;
	bool ec = type != NULL && strcmp(type, "EC") == 0;
	EVP_PKEY *key;

	if ((!rsa && !ec) || (kid != NULL && !json_is_string(kid)) ||
	    !is_for_signatures(jwk, rsa ? "RS256" : "ES256"))
		return false;
	key = rsa ? rsa_key(jwk) : ec_key(jwk);
	ERR_clear_error();
	if (key == NULL)
		return false;
	out->type = rsa ? JWK_RSA : JWK_EC;
	out->key = key;
	out->kid = kid != NULL ? xstrdup(json_string_value(kid)) : NULL;
	return true;
}

/* --- Sets ------------------------------------------------------------- */

struct jwks *jwks_ref(struct jwks *keys)
{
	atomic_fetch_add_explicit(&keys->refs, 1, memory_order_relaxed);
	return keys;
}

void jwks_unref(struct jwks *keys)
{
	if (keys == NULL || atomic_fetch_sub(&keys->refs, 1) != 1)
		return;
	for (unsigned i = 0; i < keys->n; i++) {
		free(keys->keys[i].kid);
		EVP_PKEY_free(keys->keys[i].key);
	}
	free(keys);
}

unsigned jwks_count(const struct jwks *keys)
{
	return keys->n;
}

const struct jwk *jwks_find(const struct jwks *keys, const char *kid)
{
	if (kid == NULL)
		return keys->n == 1 ? &keys->keys[0] : NULL;
	for (unsigned i = 0; i < keys->n; i++)
		if (keys->keys[i].kid != NULL &&
		    strcmp(keys->keys[i].kid, kid) == 0)
			return &keys->keys[i];
	return NULL;
}

static bool take_keys(const json_t *list, struct jwks *keys, struct err *err)
{
	const json_t *jwk;
	size_t i;

	json_array_foreach(list, i, jwk) {
		struct jwk key;

		if (keys->n == JWKS_KEYS_MAX)
			return err_set(err, EC_INVALID_PARAM, "there are more "
				       "than %d keys", JWKS_KEYS_MAX);
		if (!take_key(jwk, &key))
			continue;
		if (key.kid != NULL && jwks_find(keys, key.kid) != NULL) {
			err_set(err, EC_INVALID_PARAM, "two keys have the kid "
				"\"%.80s\"", key.kid);
			free(key.kid);
			EVP_PKEY_free(key.key);
			return false;
		}
		keys->keys[keys->n++] = key;
	}
	if (keys->n == 0)
		return err_set(err, EC_INVALID_PARAM, "there is no RSA key of "
			       "%d bits or more and no P-256 key for "
			       "signatures in it", RSA_BITS_MIN);
	return true;
}

bool jwks_parse(const char *text, size_t len, struct jwks **out,
		struct err *err)
{
	json_t *json = len <= JWKS_TEXT_MAX ? json_object_from(text, len) :
		NULL;
	const json_t *list = json_object_get(json, "keys");
	struct jwks *keys;
	bool ok;

	if (!json_is_array(list)) {
		json_decref(json);
		return err_set(err, EC_INVALID_PARAM, "it is not a JSON Web "
			       "Key Set: {\"keys\": […]}");
	}
	keys = xcalloc(1, sizeof *keys);
	atomic_init(&keys->refs, 1);
	ok = take_keys(list, keys, err);
	json_decref(json);
	if (ok)
		*out = keys;
	else
		jwks_unref(keys);
	return ok;
}
