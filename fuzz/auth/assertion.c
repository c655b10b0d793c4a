/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An assertion as text, or (the first byte says which) as the bytes that its
 * text stands for, with the names and times that are looked at first put in
 * place.  None may be accepted: nobody here can sign.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/assertion_impl.h"
#include "auth/base64url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { NOW = 1000000 };

static struct assertion_key *make_key(void)
{
	char path[] = "/tmp/posthouse-fuzz-XXXXXX";
	struct assertion_key *key = NULL;
	int fd = mkstemp(path);

	if (fd >= 0) {
		close(fd);
		unlink(path);
		if (!assertion_key_load(path, &key, NULL))
			key = NULL;
		unlink(path);
	}
	return key;
}

/* What is checked before the signature is right. */
static char *as_token(const uint8_t *data, size_t len)
{
	uint8_t token[TOKEN_MAX] = { 0 };
	char *text = malloc(ASSERTION_TEXT_SIZE);

	if (len > sizeof token)
		len = sizeof token;
	memcpy(token, data, len);
	if (len >= TOKEN_MIN) {
		token[0] = ASSERTION_VERSION_1;
		memset(token + AT_ISSUER, 0, 32);
		put_be64(token + AT_ISSUED, NOW);
		put_be64(token + GRANT_SIZE + AT_EXPIRY, NOW + 5);
		token[GRANT_SIZE + AT_SID_LEN] = (uint8_t)(len - TOKEN_MIN);
	}
	base64url_encode(token, len, text);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct assertion_request request = { "POST", "/", "",
							  "" };
	static struct assertion_verifier *verifier;
	static struct assertion_peer peer;
	struct assertion_user user;
	char *text;

	if (verifier == NULL) {
		struct assertion_key *key = make_key();

		if (key == NULL)
			return 0;
		assertion_key_public(key, peer.key);
		verifier = assertion_verifier_new(key, &peer.guid, NOW);
	}
	if (len == 0)
		return 0;
	if ((data[0] & 1) != 0) {
		text = as_token(data + 1, len - 1);
	} else {
		text = malloc(len);
		memcpy(text, data + 1, len - 1);
		text[len - 1] = '\0';
	}
	if (assertion_verify(verifier, text, &peer, &request, NOW, &user) ==
	    ASSERTION_OK)
		abort();
	free(text);
	return 0;
}
