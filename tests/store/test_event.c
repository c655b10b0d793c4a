/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "store/event.h"

struct listener {
	struct event_hub *hub;
	struct event_subscription *sub;
	char *log;
	char name;
	struct listener *other;   /* to end or to begin in the callback */
	int begin;                /* -1: end other, 1: begin it */
};

static void note(void *ctx, const struct store_event *ev)
{
	struct listener *l = ctx;
	size_t len = strlen(l->log);

	l->log[len] = l->name;
	l->log[len + 1] = '\0';
	if (l->begin < 0) {
		event_unsubscribe(l->other->sub);
	} else if (l->begin > 0) {
		l->begin = 0;
		l->other->sub = event_subscribe(l->hub, EVENT_ALL, note,
						l->other);
	}
}

static void emit(struct event_hub *hub, uint16_t type)
{
	struct store_event ev = { .type = type };

	event_emit(hub, &ev);
}

static void test_order_and_types(void **state)
{
	struct event_hub *hub = event_hub_new();
	char log[16] = "";
	struct listener a = { hub, NULL, log, 'a', NULL, 0 };
	struct listener b = { hub, NULL, log, 'b', NULL, 0 };
	struct listener c = { hub, NULL, log, 'c', NULL, 0 };

	emit(hub, EVENT_NEW_MAIL);        /* nobody listens */
	a.sub = event_subscribe(hub, EVENT_ALL, note, &a);
	b.sub = event_subscribe(hub, EVENT_NEW_MAIL, note, &b);
	c.sub = event_subscribe_first(hub, EVENT_ALL, note, &c);
	emit(hub, EVENT_NEW_MAIL);
	assert_string_equal(log, "cab");
	emit(hub, EVENT_OBJECT_DELETED);
	assert_string_equal(log, "cabca");
	event_unsubscribe(a.sub);
	emit(hub, EVENT_NEW_MAIL);
	assert_string_equal(log, "cabcacb");
	event_unsubscribe(NULL);
	event_hub_free(hub);              /* the others end with it */
}

static void test_unsubscribe_within(void **state)
{
	struct event_hub *hub = event_hub_new();
	char log[16] = "";
	struct listener a = { hub, NULL, log, 'a', NULL, 0 };
	struct listener b = { hub, NULL, log, 'b', NULL, 0 };
	struct listener c = { hub, NULL, log, 'c', NULL, 0 };

	a.sub = event_subscribe(hub, EVENT_ALL, note, &a);
	b.sub = event_subscribe(hub, EVENT_ALL, note, &b);
	c.sub = event_subscribe(hub, EVENT_ALL, note, &c);
	a.begin = -1;                     /* a later one */
	a.other = &b;
	emit(hub, EVENT_NEW_MAIL);
	assert_string_equal(log, "ac");
	a.begin = 0;
	c.begin = -1;                     /* itself */
	c.other = &c;
	emit(hub, EVENT_NEW_MAIL);
	emit(hub, EVENT_NEW_MAIL);
	assert_string_equal(log, "acaca");
	event_hub_free(hub);
}

/* Who begins during an event hears the next one first. */
static void test_subscribe_within(void **state)
{
	struct event_hub *hub = event_hub_new();
	char log[16] = "";
	struct listener a = { hub, NULL, log, 'a', NULL, 0 };
	struct listener b = { hub, NULL, log, 'b', NULL, 0 };

	a.begin = 1;
	a.other = &b;
	a.sub = event_subscribe(hub, EVENT_ALL, note, &a);
	emit(hub, EVENT_NEW_MAIL);
	assert_string_equal(log, "a");
	emit(hub, EVENT_NEW_MAIL);
	assert_string_equal(log, "aab");
	event_hub_free(hub);
}

static void count(void *data)
{
	++*(int *)data;
}

static void test_data(void **state)
{
	struct event_hub *hub = event_hub_new();
	int freed = 0;

	assert_null(event_hub_data(hub, EVENT_HUB_VIEWS));
	event_hub_set_data(hub, EVENT_HUB_VIEWS, &freed, count);
	assert_ptr_equal(event_hub_data(hub, EVENT_HUB_VIEWS), &freed);
	assert_null(event_hub_data(hub, EVENT_HUB_SEARCHES));
	event_hub_free(hub);
	assert_int_equal(freed, 1);
	event_hub_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_types),
		cmocka_unit_test(test_unsubscribe_within),
		cmocka_unit_test(test_subscribe_within),
		cmocka_unit_test(test_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
