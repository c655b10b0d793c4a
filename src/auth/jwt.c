/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/jwt.h"

#include <math.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/base64url.h"
#include "auth/json_limit.h"
#include "base/arena.h"

enum { SIGNATURE_MAX = 1024, ES256_SIZE = 64 };

struct jwt {
	const char *text;         /* what was signed: header.payload */
	size_t signed_len;
	enum jwk_type type;       /* that alg asks for */
	json_t *header, *claims;
	uint8_t signature[SIGNATURE_MAX];
	size_t signature_len;
};

const char *jwt_result_name(enum jwt_result result)
{
	static const char *const names[] = {
		[JWT_OK] = "ok",
		[JWT_MALFORMED] = "malformed token",
		[JWT_TOO_LARGE] = "token too large",
		[JWT_ALGORITHM] = "algorithm not accepted",
		[JWT_TYPE] = "not an access token by its typ",
		[JWT_CRITICAL] = "critical extension not known",
		[JWT_UNKNOWN_KEY] = "signing key not known",
		[JWT_BAD_SIGNATURE] = "wrong signature",
		[JWT_ISSUER] = "wrong issuer",
		[JWT_AUDIENCE] = "wrong audience",
		[JWT_NO_EXPIRY] = "no expiry",
		[JWT_BAD_TIME] = "malformed time",
		[JWT_EXPIRED] = "expired",
		[JWT_NOT_YET_VALID] = "not yet valid",
	};

	return (size_t)result < sizeof names / sizeof names[0] ?
		names[result] : "unknown";
}

/* --- Form ------------------------------------------------------------- */

static json_t *decode_part(const char *text, size_t len)
{
	uint8_t *bytes = xmalloc(len + 1);
	json_t *json = NULL;
	size_t n;

	if (base64url_decode(text, len, bytes, len, &n))
		json = json_object_from((const char *)bytes, n);
	free(bytes);
	return json;
}

static enum jwt_result check_algorithm(struct jwt *jwt)
{
	const char *alg = json_string_value(json_object_get(jwt->header,
							    "alg"));

	if (alg == NULL)
		return JWT_ALGORITHM;
	if (strcmp(alg, "RS256") == 0)
		jwt->type = JWK_RSA;
	else if (strcmp(alg, "ES256") == 0)
		jwt->type = JWK_EC;
	else
		return JWT_ALGORITHM;
	return JWT_OK;
}

/* RFC 8725 3.11, RFC 9068 2.1 */
static bool type_is_accepted(const json_t *typ)
{
	static const char *const types[] = { "JWT", "at+jwt",
					     "application/at+jwt" };

	if (typ == NULL)
		return true;
	for (size_t i = 0; json_is_string(typ) && i < 3; i++)
		if (strcasecmp(json_string_value(typ), types[i]) == 0)
			return true;
	return false;
}

static enum jwt_result check_header(struct jwt *jwt)
{
	const json_t *kid = json_object_get(jwt->header, "kid");
	enum jwt_result result = check_algorithm(jwt);

	if (result != JWT_OK)
		return result;
	if (!type_is_accepted(json_object_get(jwt->header, "typ")))
		return JWT_TYPE;
	if (json_object_get(jwt->header, "crit") != NULL)
		return JWT_CRITICAL;
	return kid == NULL || json_is_string(kid) ? JWT_OK : JWT_MALFORMED;
}

static enum jwt_result take_apart(struct jwt *jwt, const char *text,
				  size_t len)
{
	const char *first = memchr(text, '.', len), *second;

	if (first == NULL)
		return JWT_MALFORMED;
	second = memchr(first + 1, '.', len - (size_t)(first + 1 - text));
	if (second == NULL)
		return JWT_MALFORMED;
	jwt->text = text;
	jwt->signed_len = (size_t)(second - text);
	jwt->header = decode_part(text, (size_t)(first - text));
	if (jwt->header == NULL)
		return JWT_MALFORMED;
	jwt->claims = decode_part(first + 1, (size_t)(second - first) - 1);
	/* A further dot is no letter of base64url. */
	if (jwt->claims == NULL ||
	    !base64url_decode(second + 1, len - jwt->signed_len - 1,
			      jwt->signature, sizeof jwt->signature,
			      &jwt->signature_len))
		return JWT_MALFORMED;
	return check_header(jwt);
}

enum jwt_result jwt_parse(const char *text, size_t len, struct jwt **out)
{
	enum jwt_result result;
	struct jwt *jwt;

	if (len > JWT_TEXT_MAX)
		return JWT_TOO_LARGE;
	jwt = xcalloc(1, sizeof *jwt);
	result = take_apart(jwt, text, len);
	if (result == JWT_OK)
		*out = jwt;
	else
		jwt_free(jwt);
	return result;
}

void jwt_free(struct jwt *jwt)
{
	if (jwt == NULL)
		return;
	json_decref(jwt->header);
	json_decref(jwt->claims);
	free(jwt);
}

const char *jwt_kid(const struct jwt *jwt)
{
	return json_string_value(json_object_get(jwt->header, "kid"));
}

/* --- Signatures ------------------------------------------------------- */

/* RFC 7518 3.4: r and s, where OpenSSL wants DER.  0: no memory. */
static int es256_der(const uint8_t raw[static ES256_SIZE], uint8_t **out)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, ES256_SIZE / 2, NULL);
	BIGNUM *s = BN_bin2bn(raw + ES256_SIZE / 2, ES256_SIZE / 2, NULL);
	int len = 0;

	if (sig != NULL && r != NULL && s != NULL &&
	    ECDSA_SIG_set0(sig, r, s) == 1) {
		r = s = NULL;             /* the signature's now */
		len = i2d_ECDSA_SIG(sig, out);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	return len > 0 ? len : 0;
}

/* RS256 is RSASSA-PKCS1-v1_5 with SHA-256, what OpenSSL does by default. */
static bool is_signed(const struct jwt *jwt, EVP_PKEY *key,
		      const uint8_t *signature, size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL &&
		EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
		EVP_DigestVerify(ctx, signature, len,
				 (const uint8_t *)jwt->text,
				 jwt->signed_len) == 1;

	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}

static bool is_signed_es256(const struct jwt *jwt, EVP_PKEY *key)
{
	uint8_t *der = NULL;
	int len;
	bool ok;

	if (jwt->signature_len != ES256_SIZE)
		return false;
	len = es256_der(jwt->signature, &der);
	ok = len > 0 && is_signed(jwt, key, der, (size_t)len);
	OPENSSL_free(der);
	return ok;
}

enum jwt_result jwt_verify(const struct jwt *jwt, const struct jwks *keys)
{
	const struct jwk *key = jwks_find(keys, jwt_kid(jwt));
	bool ok;

	if (key == NULL)
		return JWT_UNKNOWN_KEY;
	if (key->type != jwt->type)
		return JWT_ALGORITHM;
	ok = key->type == JWK_EC ? is_signed_es256(jwt, key->key) :
		is_signed(jwt, key->key, jwt->signature, jwt->signature_len);
	return ok ? JWT_OK : JWT_BAD_SIGNATURE;
}

/* --- Claims ----------------------------------------------------------- */

static bool is_one_of(const json_t *value, const char *const *list, size_t n)
{
	for (size_t i = 0; json_is_string(value) && i < n; i++)
		if (strcmp(json_string_value(value), list[i]) == 0)
			return true;
	return false;
}

/* RFC 7519 4.1.3: text, or a list of it. */
static bool has_audience(const json_t *aud, const struct jwt_policy *policy)
{
	const json_t *one;
	size_t i;

	json_array_foreach(aud, i, one)
		if (is_one_of(one, policy->audiences, policy->n_audiences))
			return true;
	return is_one_of(aud, policy->audiences, policy->n_audiences);
}

/* NumericDate (RFC 7519 2): false, *found told, when it is no number up to
 * the year 9999. */
static bool get_time(const struct jwt *jwt, const char *name, bool *found,
		     double *out)
{
	const json_t *value = json_object_get(jwt->claims, name);
	double number = json_number_value(value);

	*found = value != NULL;
	if (value == NULL)
		return true;
	if (!json_is_number(value) || !isfinite(number) || number < 0 ||
	    number > 253402300800.0)
		return false;
	*out = number;
	return true;
}

static enum jwt_result check_times(const struct jwt *jwt, unsigned skew,
				   int64_t now, int64_t *expires)
{
	double exp = 0, nbf = 0, iat = 0, at = (double)now;
	bool has_exp, has_nbf, has_iat;

	if (!get_time(jwt, "exp", &has_exp, &exp) ||
	    !get_time(jwt, "nbf", &has_nbf, &nbf) ||
	    !get_time(jwt, "iat", &has_iat, &iat))
		return JWT_BAD_TIME;
	if (!has_exp)
		return JWT_NO_EXPIRY;
	if (at >= exp + skew)
		return JWT_EXPIRED;
	if ((has_nbf && nbf > at + skew) || (has_iat && iat > at + skew))
		return JWT_NOT_YET_VALID;
	*expires = (int64_t)exp + skew;
	return JWT_OK;
}

enum jwt_result jwt_check(const struct jwt *jwt,
			  const struct jwt_policy *policy, int64_t now,
			  int64_t *expires)
{
	if (!is_one_of(json_object_get(jwt->claims, "iss"), policy->issuers,
		       policy->n_issuers))
		return JWT_ISSUER;
	if (!has_audience(json_object_get(jwt->claims, "aud"), policy))
		return JWT_AUDIENCE;
	return check_times(jwt, policy->skew, now, expires);
}

const char *jwt_claim(const struct jwt *jwt, const char *name)
{
	return json_string_value(json_object_get(jwt->claims, name));
}

bool jwt_claim_is_false(const struct jwt *jwt, const char *name)
{
	return json_is_false(json_object_get(jwt->claims, name));
}
