/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store costs: CPU and wall time an operation, and syncs.  Not part
 * of the tests.  bench_store [messages] [directory]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/folder.h"
#include "store/message.h"
#include "store/pool.h"

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void check(enum ec ec, const char *what)
{
	if (ec == EC_SUCCESS)
		return;
	fprintf(stderr, "%s: %s\n", what, ec_name(ec));
	exit(1);
}

struct meter {
	double cpu, wall;
	struct store_pool_stats stats;
};

static struct meter start(struct store_pool *pool)
{
	struct meter m = { .cpu = cpu(), .wall = (double)clock_ns() / 1e3 };

	store_pool_stats(pool, &m.stats);
	return m;
}

static void stop(struct store_pool *pool, struct meter m, const char *what,
		 double n)
{
	struct store_pool_stats now;

	store_pool_stats(pool, &now);
	printf("%-28s %8.1f us CPU %8.1f us wall  %5.2f syncs %6.1f KB "
	       "written %6.2f reads\n", what, (cpu() - m.cpu) / n,
	       ((double)clock_ns() / 1e3 - m.wall) / n,
	       (double)(now.syncs - m.stats.syncs) / n,
	       (double)(now.written_bytes - m.stats.written_bytes) / n / 1e3,
	       (double)(now.reads - m.stats.reads) / n);
}

static char body[2049];

static uint64_t make(struct store *store, uint64_t folder, unsigned i)
{
	char subject[64];
	const struct prop_value values[] = {
		{ .tag = PID_TAG_MESSAGE_CLASS, .str = "IPM.Note" },
		{ .tag = PID_TAG_SUBJECT, .str = subject },
		{ .tag = PID_TAG_SENDER_NAME, .str = "Alice Example" },
		{ .tag = PID_TAG_SENDER_EMAIL_ADDRESS,
		  .str = "alice@example.test" },
		{ .tag = PID_TAG_SENT_REPRESENTING_NAME,
		  .str = "Alice Example" },
		{ .tag = PID_TAG_MESSAGE_DELIVERY_TIME,
		  .time = filetime_now() },
		{ .tag = PID_TAG_CLIENT_SUBMIT_TIME,
		  .time = filetime_now() },
		{ .tag = PID_TAG_IMPORTANCE, .i32 = 1 },
		{ .tag = PID_TAG_BODY, .str = body },
	};
	struct message *m;
	uint64_t id;

	snprintf(subject, sizeof subject, "RE: message number %u", i);
	check(message_create(store, folder, false, 0, 0, &m), "create");
	for (size_t k = 0; k < sizeof values / sizeof values[0]; k++)
		check(message_set_prop(m, &values[k]), "set");
	check(message_save(m, 0), "save");
	id = message_id(m);
	message_close(m);
	return id;
}

static void open_one(struct store *store, uint64_t folder, uint64_t id,
		     struct arena *a)
{
	static const uint32_t tags[] = {
		PID_TAG_SUBJECT, PID_TAG_SENDER_NAME, PID_TAG_MESSAGE_FLAGS,
		PID_TAG_MESSAGE_DELIVERY_TIME, PID_TAG_MESSAGE_SIZE,
		PID_TAG_BODY,
	};
	struct prop_value v;
	struct message *m;

	check(message_open(store, folder, id, MESSAGE_READ_ONLY, false, &m),
	      "open");
	for (size_t k = 0; k < sizeof tags / sizeof tags[0]; k++)
		check(message_get_prop(m, tags[k], a, &v), "get");
	message_close(m);
	arena_reset(a);
}

int main(int argc, char **argv)
{
	unsigned n = argc > 1 ? (unsigned)atoi(argv[1]) : 5000;
	char dir[256], path[300], class[MESSAGE_CLASS_SIZE];
	struct store_pool_config config = { .staging_dir = dir };
	struct store_create_params params = { .mailbox_guid = guid_new() };
	uint64_t *ids = calloc(n, sizeof *ids), inbox, id;
	struct arena *a = arena_new(0);
	struct store_pool *pool;
	struct store *store;
	struct meter m;
	struct err err;
	bool partial;
	uint32_t changed;

	snprintf(dir, sizeof dir, "%s/bench-store-XXXXXX",
		 argc > 2 ? argv[2] : "/tmp");
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof path, "%s/mailbox.db", dir);
	memset(body, 'x', sizeof body - 1);
	pool = store_pool_new(&config, &err);
	if (pool == NULL || !store_create(pool, path, &params, &err) ||
	    store_get(pool, path, &store, &err) != EC_SUCCESS) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	store_lock(store);
	inbox = store_special(store, SPECIAL_INBOX);

	m = start(pool);
	for (unsigned i = 0; i < n; i++)
		ids[i] = make(store, inbox, i);
	stop(pool, m, "create message", n);
	m = start(pool);
	for (unsigned i = 0; i < n; i++)
		open_one(store, inbox, ids[i], a);
	stop(pool, m, "open + 6 props, in order", n);
	m = start(pool);
	for (unsigned i = 0; i < n; i++)
		open_one(store, inbox, ids[i * 7919u % n], a);
	stop(pool, m, "open + 6 props, at random", n);
	m = start(pool);
	for (unsigned i = 0; i < n; i++)
		check(store_get_receive_folder(store, "IPM.Note", &id,
					       class), "receive");
	stop(pool, m, "receive folder", n);
	m = start(pool);
	check(messages_set_read(store, inbox, NULL, 0, READ_FLAG_CLEAR,
				&partial, &changed), "unread");
	stop(pool, m, "set unread, all", n);
	m = start(pool);
	check(messages_copy(store, inbox, ids, n,
			    store_special(store, SPECIAL_DRAFTS), &partial),
	      "copy");
	stop(pool, m, "copy, all", n);
	m = start(pool);
	check(messages_move(store, inbox, ids, n,
			    store_special(store, SPECIAL_OUTBOX), &partial),
	      "move");
	stop(pool, m, "move, all", n);
	m = start(pool);
	check(messages_delete(store, store_special(store, SPECIAL_OUTBOX),
			      ids, n, false, &partial), "delete");
	stop(pool, m, "delete softly, all", n);
	store_unlock(store);
	store_put(store);
	store_pool_free(pool);
	arena_free(a);
	free(ids);
	snprintf(path, sizeof path, "rm -r '%s'", dir);
	return system(path) != 0;
}
