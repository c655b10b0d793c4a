/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/throttle.h"

#include <stdlib.h>

#include "base/arena.h"

enum { SETS = 1024, WAYS = 4 };

struct slot {
	uint64_t key;             /* 0: free; keys are hashes */
	uint64_t until;           /* clock_ms() when it is forgotten */
	unsigned failures;
};

struct throttle {
	unsigned limit, window;
	struct slot (*slots)[WAYS];       /* SETS; NULL before the first */
};

struct throttle *throttle_new(unsigned limit, unsigned window)
{
	struct throttle *t = xcalloc(1, sizeof *t);

	t->limit = limit;
	t->window = window;
	return t;
}

void throttle_free(struct throttle *t)
{
	if (t == NULL)
		return;
	free(t->slots);
	free(t);
}

static struct slot *find(struct throttle *t, uint64_t key)
{
	struct slot *set;

	if (t->slots == NULL)
		return NULL;
	set = t->slots[key % SETS];
	for (int i = 0; i < WAYS; i++)
		if (set[i].key == key)
			return &set[i];
	return NULL;
}

bool throttle_is_full(struct throttle *t, uint64_t key, uint64_t now)
{
	const struct slot *s = find(t, key);

	return s != NULL && s->until > now && s->failures >= t->limit;
}

/* A slot that is free, over, or the least of its set. */
static struct slot *make_room(struct throttle *t, uint64_t key, uint64_t now)
{
	struct slot *set = t->slots[key % SETS], *least = &set[0];

	for (int i = 0; i < WAYS; i++) {
		if (set[i].key == 0 || set[i].until <= now)
			return &set[i];
		if (set[i].failures < least->failures)
			least = &set[i];
	}
	return least;
}

void throttle_add(struct throttle *t, uint64_t key, uint64_t now)
{
	struct slot *s = find(t, key);

	if (t->slots == NULL)
		t->slots = xcalloc(SETS, sizeof *t->slots);
	if (s == NULL || s->until <= now) {
		if (s == NULL)
			s = make_room(t, key, now);
		*s = (struct slot){ .key = key, .until = now + t->window };
	}
	s->failures++;
}

void throttle_clear(struct throttle *t, uint64_t key)
{
	struct slot *s = find(t, key);

	if (s != NULL)
		*s = (struct slot){ .key = 0 };
}
