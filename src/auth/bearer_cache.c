/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "auth/bearer_impl.h"
#include "base/arena.h"

/* A token has one place; whoever comes later takes it over. */
enum { PLACES = 4096 };

struct place {
	struct mac mac;
	uint64_t until;           /* clock_ms() */
	const struct identity *id;        /* NULL: empty */
};

struct bearer_cache {
	struct place places[PLACES];
};

struct bearer_cache *bearer_cache_new(void)
{
	return xcalloc(1, sizeof(struct bearer_cache));
}

static void clear(struct place *place)
{
	identity_unref(place->id);
	place->id = NULL;
}

void bearer_cache_free(struct bearer_cache *cache)
{
	if (cache == NULL)
		return;
	for (size_t i = 0; i < PLACES; i++)
		clear(&cache->places[i]);
	free(cache);
}

static struct place *place_of(struct bearer_cache *cache,
			      const struct mac *mac)
{
	uint32_t n;

	memcpy(&n, mac->b + MAC_SIZE - sizeof n, sizeof n);
	return &cache->places[n % PLACES];
}

const struct identity *bearer_cache_find(struct bearer_cache *cache,
					 const struct mac *mac, uint64_t now,
					 struct directory *dir)
{
	struct place *place = place_of(cache, mac);

	if (place->id == NULL ||
	    CRYPTO_memcmp(place->mac.b, mac->b, MAC_SIZE) != 0)
		return NULL;
	if (now < place->until && place->id->changed ==
	    directory_user_changed(dir, &place->id->user))
		return place->id;
	clear(place);
	return NULL;
}

void bearer_cache_add(struct bearer_cache *cache, const struct mac *mac,
		      uint64_t until, const struct identity *id)
{
	struct place *place = place_of(cache, mac);

	clear(place);
	place->mac = *mac;
	place->until = until;
	place->id = identity_ref(id);
}
