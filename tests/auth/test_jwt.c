/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Web Tokens and key sets: RFC 7515, 7517, 7518, 7519, 8725. */
#include "tokens.h"

#include "auth/jwt.h"

#define RS "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"rsa\"}"
#define ES "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"ec\"}"
#define ISS "\"iss\":\"https://idp.example.test/\","
#define AUD "\"aud\":\"https://mail.example.test/\","
#define GOOD "{" ISS AUD "\"exp\":2000,\"nbf\":1000,\"iat\":1000," \
	"\"upn\":\"alice@example.test\"}"
enum { NOW = 1500, SKEW = 100 };

static EVP_PKEY *rsa, *ec, *other;
static struct jwks *keys;

static const char *const issuers[] = { "https://sts.example.test/",
				       "https://idp.example.test/" };
static const char *const audiences[] = { "https://mail.example.test/",
					 "https://autodiscover.example.test/" };
static const struct jwt_policy policy = { issuers, 2, audiences, 2, SKEW };

static struct jwks *parse_set(const char *text)
{
	struct jwks *set;
	struct err err;

	if (!jwks_parse(text, strlen(text), &set, &err))
		fail_msg("%s", err.text);
	return set;
}

static int make_keys(void **state)
{
	struct buf text = BUF_INIT;

	rsa = EVP_RSA_gen(2048);
	other = EVP_RSA_gen(2048);
	ec = EVP_EC_gen("P-256");
	buf_puts(&text, "{\"keys\":[");
	put_jwk(&text, rsa, "rsa", ",\"use\":\"sig\",\"alg\":\"RS256\"");
	buf_puts(&text, ",");
	put_jwk(&text, ec, "ec", "");
	buf_puts(&text, "]}");
	keys = parse_set(buf_str(&text));
	buf_free(&text);
	return 0;
}

static int free_keys(void **state)
{
	jwks_unref(keys);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(other);
	EVP_PKEY_free(ec);
	return 0;
}

/* All three steps, as bearer.c does them. */
static enum jwt_result check_text(const char *text, int64_t now)
{
	struct jwt *jwt;
	int64_t expires;
	enum jwt_result result = jwt_parse(text, strlen(text), &jwt);

	if (result != JWT_OK)
		return result;
	result = jwt_verify(jwt, keys);
	if (result == JWT_OK)
		result = jwt_check(jwt, &policy, now, &expires);
	jwt_free(jwt);
	return result;
}

static enum jwt_result check(EVP_PKEY *key, const char *header,
			     const char *claims)
{
	char *text = sign_token(key, header, claims);
	enum jwt_result result = check_text(text, NOW);

	free(text);
	return result;
}

#define assert_jwt(got, want) \
	assert_string_equal(jwt_result_name(got), jwt_result_name(want))

static void good(void **state)
{
	struct jwt *jwt;
	int64_t expires = 0;
	char *text;

	assert_jwt(check(rsa, RS, GOOD), JWT_OK);
	assert_jwt(check(ec, ES, GOOD), JWT_OK);
	text = sign_token(rsa, RS, GOOD);
	assert_jwt(jwt_parse(text, strlen(text), &jwt), JWT_OK);
	assert_string_equal(jwt_kid(jwt), "rsa");
	assert_string_equal(jwt_claim(jwt, "upn"), "alice@example.test");
	assert_null(jwt_claim(jwt, "oid"));
	assert_null(jwt_claim(jwt, "exp"));
	assert_jwt(jwt_check(jwt, &policy, NOW, &expires), JWT_OK);
	assert_int_equal(expires, 2000 + SKEW);
	jwt_free(jwt);
	free(text);
}

/* RFC 8725 2.1, 3.1 */
static void algorithms(void **state)
{
	static const char *const forged[] = {
		"{\"alg\":\"none\",\"kid\":\"rsa\"}",
		"{\"alg\":\"None\",\"kid\":\"rsa\"}",
		"{\"alg\":\"\",\"kid\":\"rsa\"}",
		"{\"alg\":\"RS384\",\"kid\":\"rsa\"}",
		"{\"alg\":\"PS256\",\"kid\":\"rsa\"}",
		"{\"alg\":\"EdDSA\",\"kid\":\"rsa\"}",
		"{\"alg\":\"rs256\",\"kid\":\"rsa\"}",
		"{\"alg\":[\"RS256\"],\"kid\":\"rsa\"}",
		"{\"alg\":null,\"kid\":\"rsa\"}",
		"{\"kid\":\"rsa\"}",
	};
	struct buf b = BUF_INIT;
	char *text, *dot;

	for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++)
		assert_jwt(check(rsa, forged[i], GOOD), JWT_ALGORITHM);
	/* With the signature left out, as "none" has it. */
	text = sign_token(rsa, forged[0], GOOD);
	dot = strrchr(text, '.');
	dot[1] = '\0';
	assert_jwt(check_text(text, NOW), JWT_ALGORITHM);
	free(text);
	/* HS256 with the public key as its secret. */
	text = hmac_token(rsa, "{\"alg\":\"HS256\",\"kid\":\"rsa\"}", GOOD);
	assert_jwt(check_text(text, NOW), JWT_ALGORITHM);
	free(text);
	/* The same under the name of an algorithm that is accepted. */
	text = hmac_token(rsa, RS, GOOD);
	assert_jwt(check_text(text, NOW), JWT_BAD_SIGNATURE);
	free(text);
	/* The key decides: ES256 with an RSA key's kid, and the reverse. */
	assert_jwt(check(ec, "{\"alg\":\"ES256\",\"kid\":\"rsa\"}", GOOD),
		   JWT_ALGORITHM);
	assert_jwt(check(rsa, "{\"alg\":\"RS256\",\"kid\":\"ec\"}", GOOD),
		   JWT_ALGORITHM);
	buf_free(&b);
}

static void keys_named(void **state)
{
	struct buf b = BUF_INIT;

	assert_jwt(check(other, RS, GOOD), JWT_BAD_SIGNATURE);
	assert_jwt(check(rsa, "{\"alg\":\"RS256\",\"kid\":\"RSA\"}", GOOD),
		   JWT_UNKNOWN_KEY);
	/* There are two keys: which, the token must say. */
	assert_jwt(check(rsa, "{\"alg\":\"RS256\"}", GOOD), JWT_UNKNOWN_KEY);
	assert_jwt(check(rsa, "{\"alg\":\"RS256\",\"kid\":7}", GOOD),
		   JWT_MALFORMED);
	/* A key that the token brings along is not looked at. */
	buf_puts(&b, "{\"alg\":\"RS256\",\"kid\":\"mine\",\"jwk\":");
	put_jwk(&b, other, "mine", "");
	buf_puts(&b, ",\"jku\":\"http://127.0.0.1/jwks\","
		 "\"x5u\":\"http://127.0.0.1/x5u\"}");
	assert_jwt(check(other, buf_str(&b), GOOD), JWT_UNKNOWN_KEY);
	buf_clear(&b);
	buf_puts(&b, "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"jwk\":");
	put_jwk(&b, other, "rsa", "");
	buf_puts(&b, "}");
	assert_jwt(check(other, buf_str(&b), GOOD), JWT_BAD_SIGNATURE);
	assert_jwt(check(rsa, buf_str(&b), GOOD), JWT_OK);
	buf_free(&b);
}

static void headers(void **state)
{
	assert_jwt(check(rsa, "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", GOOD),
		   JWT_OK);
	assert_jwt(check(rsa, "{\"alg\":\"RS256\",\"kid\":\"rsa\","
			 "\"typ\":\"at+jwt\"}", GOOD), JWT_OK);
	assert_jwt(check(rsa, "{\"alg\":\"RS256\",\"kid\":\"rsa\","
			 "\"typ\":\"dpop+jwt\"}", GOOD), JWT_TYPE);
	assert_jwt(check(rsa, "{\"alg\":\"RS256\",\"kid\":\"rsa\","
			 "\"typ\":1}", GOOD), JWT_TYPE);
	/* RFC 7515 4.1.11 */
	assert_jwt(check(rsa, "{\"alg\":\"RS256\",\"kid\":\"rsa\","
			 "\"crit\":[\"b64\"],\"b64\":false}", GOOD),
		   JWT_CRITICAL);
	assert_jwt(check(rsa, "{\"alg\":\"RS256\",\"kid\":\"rsa\","
			 "\"crit\":[]}", GOOD), JWT_CRITICAL);
	assert_jwt(check(rsa, "{\"alg\":\"none\",\"alg\":\"RS256\","
			 "\"kid\":\"rsa\"}", GOOD), JWT_MALFORMED);
}

static void issuers_and_audiences(void **state)
{
	static const struct {
		const char *claims;
		enum jwt_result result;
	} cases[] = {
		{ "{" AUD "\"exp\":2000}", JWT_ISSUER },
		{ "{\"iss\":\"https://idp.example.test\"," AUD "\"exp\":2000}",
		  JWT_ISSUER },
		{ "{\"iss\":[\"https://idp.example.test/\"]," AUD
		  "\"exp\":2000}", JWT_ISSUER },
		{ "{\"iss\":\"https://sts.example.test/\"," AUD
		  "\"exp\":2000}", JWT_OK },
		{ "{" ISS "\"exp\":2000}", JWT_AUDIENCE },
		{ "{" ISS "\"aud\":\"https://other.example.test/\","
		  "\"exp\":2000}", JWT_AUDIENCE },
		{ "{" ISS "\"aud\":[],\"exp\":2000}", JWT_AUDIENCE },
		{ "{" ISS "\"aud\":[7,[\"https://mail.example.test/\"]],"
		  "\"exp\":2000}", JWT_AUDIENCE },
		{ "{" ISS "\"aud\":{\"https://mail.example.test/\":1},"
		  "\"exp\":2000}", JWT_AUDIENCE },
		{ "{" ISS "\"aud\":[\"x\","
		  "\"https://autodiscover.example.test/\"],\"exp\":2000}",
		  JWT_OK },
		{ "{" ISS AUD "\"iss\":\"https://sts.example.test/\","
		  "\"exp\":2000}", JWT_MALFORMED },
		{ "{" ISS AUD "\"exp\":1000,\"exp\":2000}", JWT_MALFORMED },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_jwt(check(rsa, RS, cases[i].claims), cases[i].result);
}

static void times(void **state)
{
	static const struct {
		const char *times;
		enum jwt_result result;
	} cases[] = {
		{ "\"nbf\":1000", JWT_NO_EXPIRY },
		{ "\"exp\":\"2000\"", JWT_BAD_TIME },
		{ "\"exp\":null", JWT_BAD_TIME },
		{ "\"exp\":-1", JWT_BAD_TIME },
		{ "\"exp\":1e300", JWT_BAD_TIME },
		{ "\"exp\":2000,\"nbf\":true", JWT_BAD_TIME },
		{ "\"exp\":1401", JWT_OK },       /* within the skew */
		{ "\"exp\":1400.5", JWT_OK },
		{ "\"exp\":1400", JWT_EXPIRED },
		{ "\"exp\":0", JWT_EXPIRED },
		{ "\"exp\":2000,\"nbf\":1600", JWT_OK },
		{ "\"exp\":2000,\"nbf\":1601", JWT_NOT_YET_VALID },
		{ "\"exp\":2000,\"iat\":1601", JWT_NOT_YET_VALID },
		{ "\"exp\":2000,\"iat\":1600", JWT_OK },
	};
	char claims[256];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		snprintf(claims, sizeof claims, "{" ISS AUD "%s}",
			 cases[i].times);
		assert_jwt(check(rsa, RS, claims), cases[i].result);
	}
}

static void truncated(void **state)
{
	char *text = sign_token(ec, ES, GOOD);
	size_t len = strlen(text);
	struct jwt *jwt;
	char *cut;

	/* Copies, so that the sanitizer sees a look beyond. */
	for (size_t n = 0; n < len; n++) {
		cut = malloc(n + 1);
		memcpy(cut, text, n);
		cut[n] = '\0';
		assert_int_not_equal(check_text(cut, NOW), JWT_OK);
		free(cut);
	}
	cut = malloc(len + 3);
	strcpy(cut, text);
	strcat(cut, ".e");
	assert_jwt(jwt_parse(cut, strlen(cut), &jwt), JWT_MALFORMED);
	strcpy(cut, text);
	strcat(cut, "=");
	assert_jwt(jwt_parse(cut, strlen(cut), &jwt), JWT_MALFORMED);
	free(cut);
	free(text);
}

/* One bit of the signed part or of the signature. */
static void tampered(void **state)
{
	char *text = sign_token(ec, ES, GOOD), was;

	for (size_t i = 0; text[i] != '\0'; i++) {
		was = text[i];
		if (was == '.')
			continue;
		text[i] = was == 'A' ? 'B' : 'A';
		assert_int_not_equal(check_text(text, NOW), JWT_OK);
		text[i] = was;
	}
	assert_jwt(check_text(text, NOW), JWT_OK);
	free(text);
}

static void huge(void **state)
{
	struct buf b = BUF_INIT;
	struct jwt *jwt;

	for (int i = 0; i < 20000; i++)
		buf_puts(&b, "a");
	assert_jwt(jwt_parse(buf_str(&b), b.len, &jwt), JWT_TOO_LARGE);
	buf_clear(&b);
	buf_puts(&b, "{" ISS AUD "\"exp\":2000,\"x\":");
	for (int i = 0; i < 5000; i++)
		buf_puts(&b, "[");
	for (int i = 0; i < 5000; i++)
		buf_puts(&b, "]");
	buf_puts(&b, "}");
	assert_jwt(check(rsa, RS, buf_str(&b)), JWT_MALFORMED);
	/* Brackets within text are none. */
	buf_clear(&b);
	buf_puts(&b, "{" ISS AUD "\"exp\":2000,\"x\":\"\\\"[[[[[[[[[[[[\"}");
	assert_jwt(check(rsa, RS, buf_str(&b)), JWT_OK);
	assert_jwt(check(rsa, "[]", GOOD), JWT_MALFORMED);
	assert_jwt(check(rsa, RS, "\"text\""), JWT_MALFORMED);
	assert_jwt(check(rsa, RS, "{\"upn\":\"a\\u0000b\"}"), JWT_MALFORMED);
	buf_free(&b);
}

/* RFC 7518 3.4: r and s may not be zero or beyond the order. */
static void es256_signatures(void **state)
{
	struct buf b = BUF_INIT;
	uint8_t sig[65] = { 0 };

	for (int i = 0; i < 4; i++) {
		buf_clear(&b);
		put_base64url(&b, ES, strlen(ES));
		buf_puts(&b, ".");
		put_base64url(&b, GOOD, strlen(GOOD));
		buf_puts(&b, ".");
		memset(sig, i == 1 ? 0xff : 0, sizeof sig);
		put_base64url(&b, sig, i == 2 ? 65 : i == 3 ? 0 : 64);
		assert_jwt(check_text(buf_str(&b), NOW), JWT_BAD_SIGNATURE);
	}
	buf_free(&b);
}

/* --- Key sets --------------------------------------------------------- */

static void refuse_set(const char *text, const char *why)
{
	struct jwks *set;
	struct err err;

	assert_false(jwks_parse(text, strlen(text), &set, &err));
	if (strstr(err.text, why) == NULL)
		fail_msg("\"%s\" without \"%s\"", err.text, why);
}

static void key_sets(void **state)
{
	struct buf b = BUF_INIT;
	struct jwks *set;

	refuse_set("", "not a JSON Web Key Set");
	refuse_set("[]", "not a JSON Web Key Set");
	refuse_set("{\"keys\":{}}", "not a JSON Web Key Set");
	refuse_set("{\"keys\":[]}", "there is no RSA key");
	refuse_set("{\"keys\":[1,null,{}]}", "there is no RSA key");
	refuse_set("{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\","
		   "\"kid\":\"rsa\"}]}", "there is no RSA key");
	/* Not on the curve. */
	refuse_set("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
		   "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"y\":"
		   "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]}",
		   "there is no RSA key");
	/* For encryption, for another algorithm, for signing only. */
	buf_puts(&b, "{\"keys\":[");
	put_jwk(&b, rsa, "a", ",\"use\":\"enc\"");
	buf_puts(&b, ",");
	put_jwk(&b, rsa, "b", ",\"alg\":\"HS256\"");
	buf_puts(&b, ",");
	put_jwk(&b, rsa, "c", ",\"key_ops\":[\"sign\"]");
	buf_puts(&b, ",");
	put_jwk(&b, rsa, "d", ",\"use\":7");
	buf_puts(&b, "]}");
	refuse_set(buf_str(&b), "there is no RSA key");
	buf_clear(&b);
	buf_puts(&b, "{\"keys\":[");
	put_jwk(&b, rsa, "a", "");
	buf_puts(&b, ",");
	put_jwk(&b, ec, "a", "");
	buf_puts(&b, "]}");
	refuse_set(buf_str(&b), "two keys have the kid");
	/* The only key needs no name. */
	buf_clear(&b);
	buf_puts(&b, "{\"keys\":[");
	put_jwk(&b, rsa, NULL, ",\"key_ops\":[\"verify\"],\"x5c\":[\"MII\"]");
	buf_puts(&b, "]}");
	set = parse_set(buf_str(&b));
	assert_int_equal(jwks_count(set), 1);
	assert_non_null(jwks_find(set, NULL));
	assert_null(jwks_find(set, "a"));
	jwks_unref(set);
	buf_free(&b);
}

static void small_keys(void **state)
{
	EVP_PKEY *small = EVP_RSA_gen(1024);
	struct buf b = BUF_INIT;

	buf_puts(&b, "{\"keys\":[");
	put_jwk(&b, small, "a", "");
	buf_puts(&b, "]}");
	refuse_set(buf_str(&b), "there is no RSA key of 2048 bits");
	EVP_PKEY_free(small);
	buf_free(&b);
}

/* --- base64url -------------------------------------------------------- */

static void base64url(void **state)
{
	static const char *const bad[] = { "A", "AB+/", "AA==", "AAA=", "A A",
					   "AB", "AAB", "AAAAA", "\xff\xff" };
	uint8_t data[300], back[300];
	char text[512];
	size_t len;

	for (size_t n = 0; n < sizeof data; n++) {
		data[n] = (uint8_t)(n * 37);
		base64url_encode(data, n, text);
		assert_int_equal(strlen(text), base64_size(n));
		assert_true(base64url_decode(text, strlen(text), back, n,
					     &len));
		assert_int_equal(len, n);
		assert_memory_equal(data, back, n);
		if (n > 0)
			assert_false(base64url_decode(text, strlen(text),
						      back, n - 1, &len));
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(base64url_decode(bad[i], strlen(bad[i]), back,
					      sizeof back, &len));
	/* RFC 7515 appendix C */
	base64url_encode((const uint8_t[]){ 3, 236, 255, 224, 193 }, 5, text);
	assert_string_equal(text, "A-z_4ME");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(algorithms),
		cmocka_unit_test(keys_named),
		cmocka_unit_test(headers),
		cmocka_unit_test(issuers_and_audiences),
		cmocka_unit_test(times),
		cmocka_unit_test(truncated),
		cmocka_unit_test(tampered),
		cmocka_unit_test(huge),
		cmocka_unit_test(es256_signatures),
		cmocka_unit_test(key_sets),
		cmocka_unit_test(small_keys),
		cmocka_unit_test(base64url),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
