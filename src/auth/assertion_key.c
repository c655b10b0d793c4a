/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of assertions: files, signatures, agreement, tags. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/assertion_impl.h"
#include "base/arena.h"

struct assertion_key {
	EVP_PKEY *sign;           /* Ed25519 */
	EVP_PKEY *agree;          /* X25519, of the same secret */
	uint8_t public[ASSERTION_KEY_SIZE];
};

/* --- Ed25519 to X25519 (RFC 7748 4.1, RFC 8032 5.1.5) ------------------ */

/* The scalar of an Ed25519 key is the first half of its seed's hash. */
static EVP_PKEY *agreement_key(EVP_PKEY *sign)
{
	uint8_t seed[32], hash[SHA512_DIGEST_LENGTH];
	size_t len = sizeof seed;
	EVP_PKEY *agree = NULL;

	if (EVP_PKEY_get_raw_private_key(sign, seed, &len) == 1 &&
	    SHA512(seed, len, hash) != NULL)
		agree = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL,
						     hash, 32);
	OPENSSL_cleanse(seed, sizeof seed);
	OPENSSL_cleanse(hash, sizeof hash);
	return agree;
}

/* u = (1 + y) / (1 - y) modulo p = 2^255 - 19; false: y is no coordinate. */
static bool to_montgomery(const uint8_t ed[32], uint8_t out[32])
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *p = BN_new(), *y = BN_new(), *up = BN_new(), *down = BN_new();
	uint8_t bytes[32];
	bool ok;

	memcpy(bytes, ed, sizeof bytes);
	bytes[31] &= 0x7f;                /* the sign of x */
	ok = ctx != NULL && p != NULL && y != NULL && up != NULL &&
		down != NULL && BN_set_bit(p, 255) == 1 &&
		BN_sub_word(p, 19) == 1 &&
		BN_lebin2bn(bytes, sizeof bytes, y) != NULL &&
		BN_cmp(y, p) < 0 &&
		BN_mod_add(up, BN_value_one(), y, p, ctx) == 1 &&
		BN_mod_sub(down, BN_value_one(), y, p, ctx) == 1 &&
		!BN_is_zero(down) &&
		BN_mod_inverse(down, down, p, ctx) != NULL &&
		BN_mod_mul(up, up, down, p, ctx) == 1 &&
		BN_bn2lebinpad(up, out, 32) == 32;
	BN_free(p);
	BN_free(y);
	BN_free(up);
	BN_free(down);
	BN_CTX_free(ctx);
	return ok;
}

/* --- Files ------------------------------------------------------------ */

static bool fail(struct err *err, const char *what, const char *path)
{
	ERR_clear_error();
	return err_set(err, EC_ERROR, "cannot %s the assertion key %s: %s",
		       what, path, strerror(errno));
}

static bool write_key(EVP_PKEY *key, int fd)
{
	FILE *file = fdopen(fd, "w");
	bool ok;

	if (file == NULL) {
		close(fd);
		return false;
	}
	ok = PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1;
	ok = fflush(file) == 0 && ok;
	ok = fsync(fd) == 0 && ok;
	return fclose(file) == 0 && ok;
}

/* Whole or not at all, and never over another process's. */
static bool make_file(const char *path, struct err *err)
{
	char temporary[PATH_MAX];
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	int fd = -1;
	bool ok;

	snprintf(temporary, sizeof temporary, "%s.%d", path, (int)getpid());
	unlink(temporary);
	if (key != NULL)
		fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			  0600);
	ok = fd >= 0 && write_key(key, fd) &&
		(link(temporary, path) == 0 || errno == EEXIST);
	if (!ok)
		fail(err, "make", path);
	if (fd >= 0)
		unlink(temporary);
	EVP_PKEY_free(key);
	return ok;
}

static EVP_PKEY *read_file(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
	EVP_PKEY *key = NULL;
	struct stat st;

	if (file == NULL) {
		fail(err, "open", path);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	if (fstat(fd, &st) == 0 && (st.st_mode & 077) != 0) {
		err_set(err, EC_ACCESS_DENIED, "the assertion key %s can be "
			"read by others than its owner: whoever has it can "
			"speak for every user; chmod 600 it, or remove it so "
			"that a new one is made", path);
	} else {
		key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
		if (key == NULL || !EVP_PKEY_is_a(key, "ED25519")) {
			err_set(err, EC_ERROR, "%s is not an Ed25519 key in "
				"PEM; remove it so that a new one is made",
				path);
			EVP_PKEY_free(key);
			key = NULL;
		}
	}
	fclose(file);
	ERR_clear_error();
	return key;
}

bool assertion_key_load(const char *path, struct assertion_key **out,
			struct err *err)
{
	struct assertion_key *key;
	EVP_PKEY *sign;
	size_t len = ASSERTION_KEY_SIZE;

	if (access(path, F_OK) != 0 && errno == ENOENT &&
	    !make_file(path, err))
		return false;
	sign = read_file(path, err);
	if (sign == NULL)
		return false;
	key = xcalloc(1, sizeof *key);
	key->sign = sign;
	key->agree = agreement_key(sign);
	if (key->agree == NULL ||
	    EVP_PKEY_get_raw_public_key(sign, key->public, &len) != 1) {
		assertion_key_free(key);
		return err_set(err, EC_ERROR, "cannot use the assertion key "
			       "%s: OpenSSL has no X25519", path);
	}
	*out = key;
	return true;
}

void assertion_key_free(struct assertion_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->sign);
	EVP_PKEY_free(key->agree);
	free(key);
}

void assertion_key_public(const struct assertion_key *key,
			  uint8_t out[static ASSERTION_KEY_SIZE])
{
	memcpy(out, key->public, ASSERTION_KEY_SIZE);
}

/* --- Signatures ------------------------------------------------------- */

static const char grant_label[] = "posthouse grant";

/* What is signed: the label with its NUL, and the grant up to the
 * signature. */
enum { SIGNED_SIZE = sizeof grant_label + AT_SIGNATURE };

static void put_signed(const uint8_t *grant, uint8_t out[static SIGNED_SIZE])
{
	memcpy(out, grant_label, sizeof grant_label);
	memcpy(out + sizeof grant_label, grant, AT_SIGNATURE);
}

bool assertion_sign(const struct assertion_key *key,
		    uint8_t grant[static GRANT_SIZE])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t text[SIGNED_SIZE];
	size_t len = SIGNATURE_SIZE;
	bool ok;

	put_signed(grant, text);
	ok = ctx != NULL &&
		EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->sign) == 1 &&
		EVP_DigestSign(ctx, grant + AT_SIGNATURE, &len, text,
			       sizeof text) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

bool assertion_signed(const uint8_t grant[static GRANT_SIZE],
		      const uint8_t public[static ASSERTION_KEY_SIZE])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
						    public,
						    ASSERTION_KEY_SIZE);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t text[SIGNED_SIZE];
	bool ok;

	put_signed(grant, text);
	ok = key != NULL && ctx != NULL &&
		EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
		EVP_DigestVerify(ctx, grant + AT_SIGNATURE, SIGNATURE_SIZE,
				 text, sizeof text) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return ok;
}

/* --- Agreement -------------------------------------------------------- */

/* False also for points of low order, with which anyone would agree. */
static bool agree(EVP_PKEY *own, const uint8_t *their,
		  uint8_t out[static POINT_SIZE])
{
	EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL,
						     their, POINT_SIZE);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
	size_t len = POINT_SIZE;
	bool ok = peer != NULL && ctx != NULL &&
		EVP_PKEY_derive_init(ctx) == 1 &&
		EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
		EVP_PKEY_derive(ctx, out, &len) == 1 && len == POINT_SIZE;

	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(peer);
	ERR_clear_error();
	return ok;
}

/* HKDF (RFC 5869) with SHA-256, without a salt; info is the grant. */
static bool derive(const uint8_t *grant, uint8_t secret[static POINT_SIZE],
		   uint8_t out[static TAG_SIZE])
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	char digest[] = "SHA256";
	uint8_t info[GRANT_SIZE];
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
						 digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret,
						  POINT_SIZE),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info,
						  sizeof info),
		OSSL_PARAM_construct_end(),
	};
	bool ok;

	memcpy(info, grant, sizeof info);
	ok = ctx != NULL && EVP_KDF_derive(ctx, out, TAG_SIZE, params) == 1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok;
}

static EVP_MAC_CTX *hmac_of(const uint8_t key[static TAG_SIZE])
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
						 digest, 0),
		OSSL_PARAM_construct_end(),
	};

	EVP_MAC_free(mac);
	if (ctx != NULL && EVP_MAC_init(ctx, key, TAG_SIZE, params) != 1) {
		EVP_MAC_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

static EVP_MAC_CTX *tag_key(const uint8_t *grant, EVP_PKEY *own,
			    const uint8_t *their)
{
	uint8_t secret[POINT_SIZE], key[TAG_SIZE];
	EVP_MAC_CTX *ctx = NULL;

	if (agree(own, their, secret) && derive(grant, secret, key))
		ctx = hmac_of(key);
	OPENSSL_cleanse(secret, sizeof secret);
	OPENSSL_cleanse(key, sizeof key);
	return ctx;
}

EVP_MAC_CTX *assertion_tag_key_of_point(const uint8_t *grant, EVP_PKEY *point,
					const uint8_t *back_end_key)
{
	uint8_t their[POINT_SIZE];

	return to_montgomery(back_end_key, their) ?
		tag_key(grant, point, their) : NULL;
}

EVP_MAC_CTX *assertion_tag_key(const uint8_t *grant,
			       const struct assertion_key *key)
{
	return tag_key(grant, key->agree, grant + AT_POINT);
}

/* --- Tags ------------------------------------------------------------- */

static bool add_text(EVP_MAC_CTX *ctx, const char *text)
{
	return EVP_MAC_update(ctx, (const uint8_t *)text,
			      strlen(text) + 1) == 1;
}

bool assertion_tag(const EVP_MAC_CTX *key, const uint8_t *token, size_t len,
		   const struct assertion_request *request,
		   uint8_t out[static TAG_SIZE])
{
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_dup(key);
	size_t out_len = 0;
	bool ok = ctx != NULL && add_text(ctx, "posthouse assertion") &&
		EVP_MAC_update(ctx, token, len) == 1 &&
		add_text(ctx, request->method) &&
		add_text(ctx, request->path) &&
		add_text(ctx, request->query) &&
		add_text(ctx, request->request_id) &&
		EVP_MAC_final(ctx, out, &out_len, TAG_SIZE) == 1 &&
		out_len == TAG_SIZE;

	EVP_MAC_CTX_free(ctx);
	return ok;
}
