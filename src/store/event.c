/* SPDX-License-Identifier: Apache-2.0 */
#include "store/event.h"

#include <stdlib.h>

#include "base/arena.h"

/*
 * A doubly linked list.  A subscription that ends while events are emitted is
 * only marked, and taken out when the outermost emission is over, so that the
 * list may be walked meanwhile.
 */
struct event_subscription {
	struct event_subscription *prev, *next;
	struct event_hub *hub;
	event_fn fn;
	void *ctx;
	uint16_t types;           /* 0: ended */
};

struct event_hub {
	struct event_subscription *first, *last;
	unsigned emitting;        /* depth */
	bool ended;               /* some are marked */
	struct {
		void *data;
		void (*free_fn)(void *data);
	} slots[EVENT_HUB_SLOTS];
};

struct event_hub *event_hub_new(void)
{
	return xcalloc(1, sizeof(struct event_hub));
}

static void unlink_subscription(struct event_subscription *sub)
{
	struct event_hub *hub = sub->hub;

	if (sub->prev != NULL)
		sub->prev->next = sub->next;
	else
		hub->first = sub->next;
	if (sub->next != NULL)
		sub->next->prev = sub->prev;
	else
		hub->last = sub->prev;
	free(sub);
}

void event_hub_free(struct event_hub *hub)
{
	if (hub == NULL)
		return;
	for (int i = 0; i < EVENT_HUB_SLOTS; i++)
		if (hub->slots[i].free_fn != NULL)
			hub->slots[i].free_fn(hub->slots[i].data);
	while (hub->first != NULL)
		unlink_subscription(hub->first);
	free(hub);
}

static struct event_subscription *subscription_new(struct event_hub *hub,
						   uint16_t types,
						   event_fn fn, void *ctx)
{
	struct event_subscription *sub = xcalloc(1, sizeof *sub);

	sub->hub = hub;
	sub->types = types;
	sub->fn = fn;
	sub->ctx = ctx;
	return sub;
}

struct event_subscription *event_subscribe(struct event_hub *hub,
					   uint16_t types,
					   event_fn fn, void *ctx)
{
	struct event_subscription *sub = subscription_new(hub, types, fn, ctx);

	sub->prev = hub->last;
	if (hub->last != NULL)
		hub->last->next = sub;
	else
		hub->first = sub;
	hub->last = sub;
	return sub;
}

struct event_subscription *event_subscribe_first(struct event_hub *hub,
						 uint16_t types,
						 event_fn fn, void *ctx)
{
	struct event_subscription *sub = subscription_new(hub, types, fn, ctx);

	sub->next = hub->first;
	if (hub->first != NULL)
		hub->first->prev = sub;
	else
		hub->last = sub;
	hub->first = sub;
	return sub;
}

void event_unsubscribe(struct event_subscription *sub)
{
	if (sub == NULL)
		return;
	if (sub->hub->emitting == 0) {
		unlink_subscription(sub);
		return;
	}
	sub->types = 0;
	sub->hub->ended = true;
}

static void sweep(struct event_hub *hub)
{
	struct event_subscription *sub, *next;

	for (sub = hub->first; sub != NULL; sub = next) {
		next = sub->next;
		if (sub->types == 0)
			unlink_subscription(sub);
	}
	hub->ended = false;
}

void event_emit(struct event_hub *hub, const struct store_event *ev)
{
	struct event_subscription *sub, *last = hub->last;

	hub->emitting++;
	for (sub = hub->first; sub != NULL; sub = sub->next) {
		if (sub->types & ev->type)
			sub->fn(sub->ctx, ev);
		if (sub == last)          /* those added meanwhile: later */
			break;
	}
	if (--hub->emitting == 0 && hub->ended)
		sweep(hub);
}

void event_hub_set_data(struct event_hub *hub, enum event_hub_slot slot,
			void *data, void (*free_fn)(void *data))
{
	hub->slots[slot].data = data;
	hub->slots[slot].free_fn = free_fn;
}

void *event_hub_data(const struct event_hub *hub, enum event_hub_slot slot)
{
	return hub->slots[slot].data;
}
