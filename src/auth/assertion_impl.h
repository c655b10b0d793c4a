/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of assertion.h share: the layout and the cryptography. */
#ifndef AUTH_ASSERTION_IMPL_H
#define AUTH_ASSERTION_IMPL_H

#include <openssl/evp.h>

#include "auth/assertion.h"

enum {
	ASSERTION_VERSION_1 = 1,
	POINT_SIZE = 32, SIGNATURE_SIZE = 64, TAG_SIZE = 32,
	/* Offsets in the grant, and its length. */
	AT_ISSUER = 1, AT_AUDIENCE = 17, AT_ISSUED = 33, AT_POINT = 41,
	AT_SIGNATURE = 73, GRANT_SIZE = 137,
	/* Of the assertion behind it, from its own beginning. */
	AT_EXPIRY = 0, AT_NUMBER = 8, AT_USER = 16, AT_SID_LEN = 32,
	AT_SID = 33,
	TOKEN_MIN = GRANT_SIZE + AT_SID + TAG_SIZE,
	TOKEN_MAX = TOKEN_MIN + ASSERTION_SID_MAX,
};

static inline void put_be64(uint8_t *at, uint64_t n)
{
	for (int i = 0; i < 8; i++)
		at[i] = (uint8_t)(n >> (56 - 8 * i));
}

static inline uint64_t get_be64(const uint8_t *at)
{
	uint64_t n = 0;

	for (int i = 0; i < 8; i++)
		n = n << 8 | at[i];
	return n;
}

/* Sign all of grant but the signature, which is put there. */
bool assertion_sign(const struct assertion_key *key,
		    uint8_t grant[static GRANT_SIZE]);
bool assertion_signed(const uint8_t grant[static GRANT_SIZE],
		      const uint8_t public[static ASSERTION_KEY_SIZE]);

/*
 * The key of tags under grant, as an HMAC ready to take data: of the front
 * end by the point's private key and the back end's public key; of the back
 * end by its own key and the point.  NULL: no key can be agreed.
 */
EVP_MAC_CTX *assertion_tag_key_of_point(const uint8_t *grant, EVP_PKEY *point,
					const uint8_t *back_end_key);
EVP_MAC_CTX *assertion_tag_key(const uint8_t *grant,
			       const struct assertion_key *key);

/*
 * The tag of the first len bytes of token and the request.  key is only
 * copied, so that threads can share it.
 */
bool assertion_tag(const EVP_MAC_CTX *key, const uint8_t *token, size_t len,
		   const struct assertion_request *request,
		   uint8_t out[static TAG_SIZE]);

#endif
