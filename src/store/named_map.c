/* SPDX-License-Identifier: Apache-2.0 */
#include "store/named_map.h"

#include <string.h>

#include "store/named.h"

static struct named_pair *find(struct named_map *map, uint16_t from)
{
	for (size_t i = 0; i < map->n; i++)
		if (map->pairs[i].from == from)
			return &map->pairs[i];
	return NULL;
}

static struct named_pair *add(struct named_map *map, uint16_t from)
{
	struct named_pair *more;

	if (map->n == map->cap) {
		map->cap = map->cap == 0 ? 16 : map->cap * 2;
		more = arena_array(map->a, map->cap, sizeof *more);
		if (map->n > 0)
			memcpy(more, map->pairs, map->n * sizeof *more);
		map->pairs = more;
	}
	map->pairs[map->n] = (struct named_pair){ .from = from };
	return &map->pairs[map->n++];
}

enum ec named_map_note(void *ctx, uint16_t id, uint16_t *out)
{
	struct named_map *map = ctx;
	struct prop_name name;
	enum ec ec;

	*out = id;
	if (!prop_id_is_named(id) || find(map, id) != NULL)
		return EC_SUCCESS;
	ec = named_name(map->src, id, map->a, &name);
	if (ec == EC_SUCCESS)
		add(map, id)->name = name;
	/* an ID without a name means nothing elsewhere */
	if (ec == EC_NOT_FOUND) {
		*out = 0;
		ec = EC_SUCCESS;
	}
	return ec;
}

enum ec named_map_resolve(struct named_map *map)
{
	enum ec ec = EC_SUCCESS;

	for (size_t i = 0; i < map->n && ec == EC_SUCCESS; i++)
		if (map->pairs[i].to == 0)
			ec = named_id(map->dst, &map->pairs[i].name, true,
				      &map->pairs[i].to);
	return ec;
}

enum ec named_map_noted(void *ctx, uint16_t id, uint16_t *out)
{
	struct named_map *map = ctx;
	const struct named_pair *pair;

	*out = id;
	if (!prop_id_is_named(id))
		return EC_SUCCESS;
	pair = find(map, id);
	*out = pair != NULL ? pair->to : 0;
	return EC_SUCCESS;
}

enum ec named_map_both(void *ctx, uint16_t id, uint16_t *out)
{
	struct named_map *map = ctx;
	enum ec ec;

	*out = id;
	if (!prop_id_is_named(id) || map->src == map->dst)
		return EC_SUCCESS;
	ec = named_map_note(map, id, out);
	if (ec == EC_SUCCESS && *out != 0)
		ec = named_map_resolve(map);
	return ec == EC_SUCCESS ? named_map_noted(map, id, out) : ec;
}
