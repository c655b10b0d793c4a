/* SPDX-License-Identifier: Apache-2.0 */
/* An identity provider for tests: keys, key sets, and tokens right and
 * wrong. */
#ifndef TESTS_AUTH_TOKENS_H
#define TESTS_AUTH_TOKENS_H

#include "test.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "auth/base64.h"
#include "auth/base64url.h"
#include "base/buf.h"

static inline void put_base64url(struct buf *out, const void *data, size_t len)
{
	char *text = malloc(base64_size(len) + 1);

	base64url_encode(data, len, text);
	buf_puts(out, text);
	free(text);
}

static inline void put_number(struct buf *out, EVP_PKEY *key,
			      const char *param, int size)
{
	BIGNUM *n = NULL;
	uint8_t bytes[1024];

	assert_int_equal(EVP_PKEY_get_bn_param(key, param, &n), 1);
	if (size == 0)
		size = BN_num_bytes(n);
	assert_int_equal(BN_bn2binpad(n, bytes, size), size);
	put_base64url(out, bytes, (size_t)size);
	BN_free(n);
}

/* {"kty":…} of a key; extra is put into it, such as ",\"use\":\"sig\"". */
static inline void put_jwk(struct buf *out, EVP_PKEY *key, const char *kid,
			   const char *extra)
{
	if (EVP_PKEY_is_a(key, "RSA")) {
		buf_puts(out, "{\"kty\":\"RSA\",\"n\":\"");
		put_number(out, key, OSSL_PKEY_PARAM_RSA_N, 0);
		buf_puts(out, "\",\"e\":\"");
		put_number(out, key, OSSL_PKEY_PARAM_RSA_E, 0);
	} else {
		buf_puts(out, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"");
		put_number(out, key, OSSL_PKEY_PARAM_EC_PUB_X, 32);
		buf_puts(out, "\",\"y\":\"");
		put_number(out, key, OSSL_PKEY_PARAM_EC_PUB_Y, 32);
	}
	buf_puts(out, "\"");
	if (kid != NULL)
		buf_printf(out, ",\"kid\":\"%s\"", kid);
	buf_printf(out, "%s}", extra);
}

/* header and claims, signed by key as alg says: a token, to be freed. */
static inline char *sign_token(EVP_PKEY *key, const char *header,
			       const char *claims)
{
	struct buf out = BUF_INIT;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t sig[1024], raw[64];
	size_t len = sizeof sig;

	put_base64url(&out, header, strlen(header));
	buf_puts(&out, ".");
	put_base64url(&out, claims, strlen(claims));
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL,
					    key), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &len, out.data, out.len), 1);
	EVP_MD_CTX_free(ctx);
	buf_puts(&out, ".");
	if (EVP_PKEY_is_a(key, "EC")) {
		const uint8_t *at = sig;
		ECDSA_SIG *both = d2i_ECDSA_SIG(NULL, &at, (long)len);

		BN_bn2binpad(ECDSA_SIG_get0_r(both), raw, 32);
		BN_bn2binpad(ECDSA_SIG_get0_s(both), raw + 32, 32);
		ECDSA_SIG_free(both);
		put_base64url(&out, raw, sizeof raw);
	} else {
		put_base64url(&out, sig, len);
	}
	return (char *)out.data;
}

/* The confusion: HMAC with the public key, as PEM, for its secret. */
static inline char *hmac_token(EVP_PKEY *key, const char *header,
			       const char *claims)
{
	struct buf out = BUF_INIT;
	BIO *bio = BIO_new(BIO_s_mem());
	uint8_t mac[32];
	unsigned mac_len = sizeof mac;
	char *pem;
	long len;

	assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
	len = BIO_get_mem_data(bio, &pem);
	put_base64url(&out, header, strlen(header));
	buf_puts(&out, ".");
	put_base64url(&out, claims, strlen(claims));
	HMAC(EVP_sha256(), pem, (int)len, out.data, out.len, mac, &mac_len);
	buf_puts(&out, ".");
	put_base64url(&out, mac, mac_len);
	BIO_free(bio);
	return (char *)out.data;
}

#endif
