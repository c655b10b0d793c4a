/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/nt_hash.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/utf.h"

enum { KEY_SIZE = 32, NONCE_SIZE = 12, TAG_SIZE = 16, VERSION = 1 };

struct nt_key {
	uint8_t b[KEY_SIZE];
};

static void randomize(uint8_t *out, size_t len)
{
	if (getrandom(out, len, 0) != (ssize_t)len)
		abort();        /* cannot happen for few bytes once booted */
}

/* The file ------------------------------------------------------------- */

/* Whole or not at all: written aside, then linked into place. */
static bool make_key(const char *path, struct err *err)
{
	char *aside = xmalloc(strlen(path) + 32);
	uint8_t key[KEY_SIZE];
	bool ok;
	int fd;

	stpcpy(stpcpy(aside, path), ".XXXXXX");
	fd = mkostemp(aside, O_CLOEXEC);  /* mode 0600 */
	if (fd < 0) {
		err_set(err, EC_ACCESS_DENIED, "cannot make the key file %s: "
			"%s", path, strerror(errno));
		free(aside);
		return false;
	}
	randomize(key, sizeof key);
	ok = write(fd, key, sizeof key) == (ssize_t)sizeof key &&
		fsync(fd) == 0 &&
		/* Another process may have been faster: then that one is it. */
		(link(aside, path) == 0 || errno == EEXIST);
	if (!ok)
		err_set(err, EC_DISK_ERROR, "cannot write the key file %s: %s",
			path, strerror(errno));
	OPENSSL_cleanse(key, sizeof key);
	close(fd);
	unlink(aside);
	free(aside);
	return ok;
}

static bool read_key(int fd, const char *path, struct nt_key *key,
		     struct err *err)
{
	uint8_t data[KEY_SIZE + 1];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == 0 && (st.st_mode & 077) != 0)
		return err_set(err, EC_ACCESS_DENIED, "the key file %s can be "
			       "read by others: chmod 600 it, and set the "
			       "users' passwords anew if it was copied", path);
	n = read(fd, data, sizeof data);
	if (n == KEY_SIZE)
		memcpy(key->b, data, KEY_SIZE);
	OPENSSL_cleanse(data, sizeof data);
	if (n != KEY_SIZE)
		return err_set(err, EC_CORRUPT_DATA, "the key file %s has not "
			       "the 32 bytes of a key: restore it, or remove "
			       "it and set the users' passwords anew", path);
	return true;
}

bool nt_key_load(const char *path, struct nt_key **out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct nt_key key;
	bool ok;

	if (fd < 0 && errno == ENOENT) {
		if (!make_key(path, err))
			return false;
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	}
	if (fd < 0)
		return err_set(err, EC_ACCESS_DENIED, "cannot read the key "
			       "file %s: %s", path, strerror(errno));
	ok = read_key(fd, path, &key, err);
	close(fd);
	if (!ok)
		return false;
	*out = xmalloc(sizeof **out);
	**out = key;
	OPENSSL_cleanse(&key, sizeof key);
	return true;
}

void nt_key_free(struct nt_key *key)
{
	if (key == NULL)
		return;
	OPENSSL_cleanse(key, sizeof *key);
	free(key);
}

/* The hash ------------------------------------------------------------- */

/* OpenSSL 3 keeps MD4 in a provider of its own; the default context of the
 * program is left as it is. */
static bool md4(const uint8_t *data, size_t len, uint8_t out[static 16])
{
	OSSL_LIB_CTX *ctx = OSSL_LIB_CTX_new();
	OSSL_PROVIDER *legacy = OSSL_PROVIDER_load(ctx, "legacy");
	EVP_MD *md = legacy != NULL ? EVP_MD_fetch(ctx, "MD4", NULL) : NULL;
	bool ok = md != NULL &&
		EVP_Digest(data, len, out, NULL, md, NULL) == 1;

	EVP_MD_free(md);
	if (legacy != NULL)
		OSSL_PROVIDER_unload(legacy);
	OSSL_LIB_CTX_free(ctx);
	return ok;
}

bool nt_hash(const char *password, uint8_t out[static NT_HASH_LEN],
	     struct err *err)
{
	size_t len = strlen(password), size;
	uint8_t hash[NT_HASH_LEN], *text;
	bool ok;

	if (!utf8_valid(password, len))
		return err_set(err, EC_INVALID_PARAM, "the password is not "
			       "UTF-8");
	size = utf8_to_utf16_size(password, len);
	text = xmalloc(size + 1);
	utf8_to_utf16(password, len, text);
	ok = md4(text, size, hash);
	OPENSSL_cleanse(text, size);
	free(text);
	if (!ok)
		return err_set(err, EC_ERROR, "OpenSSL has no MD4, which NTLM "
			       "needs: its legacy provider (legacy.so) is "
			       "missing");
	memcpy(out, hash, sizeof hash);
	OPENSSL_cleanse(hash, sizeof hash);
	return true;
}

void nt_hash_random(uint8_t out[static NT_HASH_LEN])
{
	randomize(out, NT_HASH_LEN);
}

/* Encryption ----------------------------------------------------------- */

/* One pass of AES-256-GCM, the owner's GUID authenticated beside it. */
static bool gcm(const struct nt_key *key, const struct guid *owner,
		const uint8_t *nonce, const uint8_t *in, uint8_t *out,
		uint8_t *tag, bool encrypt)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t rest[16];
	int n;
	bool ok = c != NULL &&
		EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, key->b, nonce,
				  encrypt) == 1 &&
		EVP_CipherUpdate(c, NULL, &n, owner->b, sizeof owner->b) ==
		1 && EVP_CipherUpdate(c, out, &n, in, NT_HASH_LEN) == 1;

	if (ok && !encrypt)
		ok = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_SIZE,
					 tag) == 1;
	ok = ok && EVP_CipherFinal_ex(c, rest, &n) == 1;
	if (ok && encrypt)
		ok = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_SIZE,
					 tag) == 1;
	EVP_CIPHER_CTX_free(c);
	return ok;
}

bool nt_hash_seal(const struct nt_key *key, const struct guid *owner,
		  const uint8_t hash[static NT_HASH_LEN],
		  uint8_t out[static NT_HASH_SEALED_SIZE], struct err *err)
{
	uint8_t sealed[NT_HASH_SEALED_SIZE] = { VERSION };
	uint8_t *nonce = sealed + 1, *text = nonce + NONCE_SIZE;

	randomize(nonce, NONCE_SIZE);
	if (!gcm(key, owner, nonce, hash, text, text + NT_HASH_LEN, true))
		return err_set(err, EC_ERROR, "OpenSSL cannot encrypt with "
			       "AES-256-GCM");
	memcpy(out, sealed, sizeof sealed);
	return true;
}

bool nt_hash_open(const struct nt_key *key, const struct guid *owner,
		  const uint8_t *sealed, size_t len,
		  uint8_t out[static NT_HASH_LEN])
{
	uint8_t copy[NT_HASH_SEALED_SIZE], hash[NT_HASH_LEN];
	uint8_t *text = copy + 1 + NONCE_SIZE;

	if (sealed == NULL || len != sizeof copy || sealed[0] != VERSION)
		return false;
	memcpy(copy, sealed, sizeof copy);
	if (!gcm(key, owner, copy + 1, text, hash, text + NT_HASH_LEN, false))
		return false;
	memcpy(out, hash, sizeof hash);
	OPENSSL_cleanse(hash, sizeof hash);
	return true;
}
