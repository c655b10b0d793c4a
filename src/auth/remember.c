/* SPDX-License-Identifier: Apache-2.0 */
/* The SHA256_ functions are the only ones in OpenSSL 3 without an allocation
 * and a look-up for each use; this runs once a request on an I/O thread. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "auth/remember.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/arena.h"

/* HMAC (RFC 2104) ------------------------------------------------------ */

struct mac_key {
	SHA256_CTX inner, outer;
};

static void pad_key(SHA256_CTX *state, const uint8_t *key, uint8_t pad)
{
	uint8_t block[SHA256_CBLOCK];

	memset(block, pad, sizeof block);
	for (size_t i = 0; i < MAC_SIZE; i++)
		block[i] ^= key[i];
	SHA256_Init(state);
	SHA256_Update(state, block, sizeof block);
	OPENSSL_cleanse(block, sizeof block);
}

struct mac_key *mac_key_new(void)
{
	struct mac_key *key = xmalloc(sizeof *key);
	uint8_t secret[MAC_SIZE];

	if (getrandom(secret, sizeof secret, 0) != (ssize_t)sizeof secret)
		abort();        /* cannot happen for 32 bytes once booted */
	pad_key(&key->inner, secret, 0x36);
	pad_key(&key->outer, secret, 0x5c);
	OPENSSL_cleanse(secret, sizeof secret);
	return key;
}

void mac_key_free(struct mac_key *key)
{
	if (key == NULL)
		return;
	OPENSSL_cleanse(key, sizeof *key);
	free(key);
}

void mac_compute(const struct mac_key *key, const void *data, size_t len,
		 struct mac *out)
{
	SHA256_CTX state = key->inner;
	struct mac inner;

	SHA256_Update(&state, data, len);
	SHA256_Final(inner.b, &state);
	state = key->outer;
	SHA256_Update(&state, inner.b, sizeof inner.b);
	SHA256_Final(out->b, &state);
}

/* Entries -------------------------------------------------------------- */

enum { BUCKETS = 4096 };

struct entry {
	struct entry *next;               /* of the bucket */
	struct entry *older, *newer;      /* all live equally long */
	const struct identity *id;
	uint64_t until;                   /* clock_ms() */
	uint64_t change;                  /* of the directory, last looked at */
	struct mac mac;
};

struct remember {
	struct entry *buckets[BUCKETS];
	struct entry *oldest, *newest;
	size_t count, max;
	unsigned ttl;
};

struct remember *remember_new(size_t max, unsigned ttl)
{
	struct remember *r = xcalloc(1, sizeof *r);

	r->max = max;
	r->ttl = ttl;
	return r;
}

/* Where the entry of mac hangs, or would. */
static struct entry **place(struct remember *r, const struct mac *mac)
{
	uint32_t hash;
	struct entry **at;

	memcpy(&hash, mac->b, sizeof hash);
	for (at = &r->buckets[hash % BUCKETS]; *at != NULL; at = &(*at)->next)
		if (memcmp((*at)->mac.b, mac->b, MAC_SIZE) == 0)
			break;
	return at;
}

static void drop(struct remember *r, struct entry *e)
{
	*place(r, &e->mac) = e->next;
	if (e->older != NULL)
		e->older->newer = e->newer;
	else
		r->oldest = e->newer;
	if (e->newer != NULL)
		e->newer->older = e->older;
	else
		r->newest = e->older;
	r->count--;
	identity_unref(e->id);
	free(e);
}

void remember_free(struct remember *r)
{
	if (r == NULL)
		return;
	while (r->oldest != NULL)
		drop(r, r->oldest);
	free(r);
}

/*
 * Whether the user is as it was when the password was checked.  As long as
 * the directory hasn't changed at all, one comparison tells.
 */
static bool is_current(struct entry *e, struct directory *dir)
{
	uint64_t change = directory_change(dir);

	if (e->change == change)
		return true;
	if (directory_user_changed(dir, &e->id->user) != e->id->changed)
		return false;
	e->change = change;
	return true;
}

const struct identity *remember_find(struct remember *r, const struct mac *mac,
				     uint64_t now, struct directory *dir)
{
	struct entry *e = *place(r, mac);

	if (e == NULL)
		return NULL;
	if (e->until > now && is_current(e, dir))
		return e->id;
	drop(r, e);
	return NULL;
}

void remember_add(struct remember *r, const struct mac *mac, uint64_t now,
		  const struct identity *id, uint64_t change)
{
	struct entry *e = *place(r, mac), **at;

	if (e != NULL)
		drop(r, e);
	while (r->oldest != NULL &&
	       (r->oldest->until <= now || r->count >= r->max))
		drop(r, r->oldest);
	e = xcalloc(1, sizeof *e);
	e->id = identity_ref(id);
	e->until = now + r->ttl;
	e->change = change;
	e->mac = *mac;
	at = place(r, mac);
	*at = e;
	e->older = r->newest;
	if (r->newest != NULL)
		r->newest->newer = e;
	else
		r->oldest = e;
	r->newest = e;
	r->count++;
}
