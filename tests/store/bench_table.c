/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long tables take: bench_table [messages].  CPU time of this process,
 * rows encoded as RopQueryRows does.  Nothing is asserted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "mapi/prop_codec.h"
#include "mapi/restriction.h"
#include "mapi/sort.h"
#include "store/db.h"
#include "store/message.h"
#include "store/table.h"

static const uint32_t columns[] = {
	PID_TAG_MID, PID_TAG_INST_ID, PID_TAG_SUBJECT, PID_TAG_SENDER_NAME,
	PID_TAG_MESSAGE_DELIVERY_TIME, PID_TAG_MESSAGE_FLAGS,
	PID_TAG_MESSAGE_SIZE, PID_TAG_IMPORTANCE, PID_TAG_HAS_ATTACHMENTS,
	PID_TAG_MESSAGE_CLASS,
};
static const struct prop_tags all_columns = { 10, columns };

struct bench {
	char dir[64];
	struct store_pool *pool;
	struct store *store;
	uint64_t inbox;
	struct table *table;
	uint8_t out[0x8000];
};

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void must(enum ec ec, const char *what)
{
	if (ec == EC_SUCCESS)
		return;
	fprintf(stderr, "bench_table: %s: %s\n", what, ec_name(ec));
	exit(1);
}

static bool take(void *ctx, const struct prop_value *row, uint32_t n)
{
	struct wire_w *w = ctx;
	struct prop_ctx c = prop_ctx_rop(NULL, 1252);
	size_t mark = w->len;

	prop_row_encode(w, &c, &all_columns, row);
	if (w->full)
		wire_rewind(w, mark);
	return w->len > mark;
}

/* One answer; how many rows it has. */
static uint32_t page(struct bench *b, uint32_t rows, uint8_t *origin)
{
	struct wire_w w = wire_w(b->out, sizeof b->out);
	uint32_t n;

	must(table_query_rows(b->table, 0, true, rows, take, &w, &n, origin),
	     "query rows");
	return n;
}

static void sweep(struct bench *b, const char *what, uint32_t rows)
{
	uint32_t total = 0, n;
	uint8_t origin = BOOKMARK_CURRENT;
	int32_t sought;
	bool less;
	double start;

	must(table_seek_row(b->table, BOOKMARK_BEGINNING, 0, &less, &sought),
	     "seek row");
	start = now_us();
	while (origin != BOOKMARK_END) {
		n = page(b, rows, &origin);
		total += n;
	}
	printf("%-34s %8.2f us a row\n", what, (now_us() - start) / total);
}

static void first_page(struct bench *b, const char *what, double start)
{
	uint8_t origin;

	page(b, 50, &origin);
	printf("%-34s %8.0f us\n", what, now_us() - start);
}

/* ---- messages ---- */

static void set(struct message *m, struct prop_value v)
{
	must(message_set_prop(m, &v), "set property");
}

static void make_message(struct bench *b, int i)
{
	char subject[64];
	struct message *m;

	snprintf(subject, sizeof subject, "%s quarterly report number %d",
		 i % 3 ? "RE:" : "FW:", i * 7919 % 1000);
	must(message_create(b->store, b->inbox, false, 1252, 0, &m),
	     "create message");
	set(m, (struct prop_value){ .tag = PID_TAG_SUBJECT, .str = subject });
	set(m, (struct prop_value){ .tag = PID_TAG_SENDER_NAME,
				    .str = "Alice M\xc3\xbcller" });
	set(m, (struct prop_value){ .tag = PID_TAG_MESSAGE_CLASS,
				    .str = "IPM.Note" });
	set(m, (struct prop_value){ .tag = PID_TAG_MESSAGE_DELIVERY_TIME,
				    .time = filetime_now() });
	must(message_save(m, 0), "save message");
	message_close(m);
}

/* Rows of contents copied until there are so many, in no order of time. */
static void multiply(struct bench *b, uint32_t n)
{
	char sql[1024];
	char *text;

	snprintf(sql, sizeof sql, "BEGIN;"
		"CREATE TEMP TABLE seeds AS SELECT *, row_number() OVER () - 1 "
		"AS nr FROM contents WHERE folder=%1$llu AND kind=0;"
		"WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM k "
		"WHERE i<%2$u) INSERT INTO contents SELECT folder, kind, "
		"1000000+i, i%%2, flags, status, cn, read_cn, size, "
		"delivered+(i*7919%%1000003)*10000000, modified, 0, row "
		"FROM k CROSS JOIN seeds ON nr=i%%20;"
		"UPDATE folders SET total=total+%2$u WHERE id=%1$llu;"
		"COMMIT", (unsigned long long)db_counter(b->inbox), n);
	if (sqlite3_exec(db_handle(b->store), sql, NULL, NULL, &text) !=
	    SQLITE_OK) {
		fprintf(stderr, "bench_table: %s\n", text);
		exit(1);
	}
}

static void setup(struct bench *b, uint32_t n)
{
	struct store_pool_config config = { .staging_dir = b->dir };
	struct store_create_params params = { .mailbox_guid = guid_new(),
					      .lcid = 0x0409 };
	struct err err = { .text = "no directory" };
	char path[128];

	strcpy(b->dir, "/tmp/bench-table-XXXXXX");
	if (mkdtemp(b->dir) != NULL)
		b->pool = store_pool_new(&config, &err);
	snprintf(path, sizeof path, "%s/mailbox", b->dir);
	if (b->pool == NULL || !store_create(b->pool, path, &params, &err)) {
		fprintf(stderr, "bench_table: %s\n", err.text);
		exit(1);
	}
	must(store_get(b->pool, path, &b->store, &err), "open mailbox");
	must(store_lock(b->store), "lock");
	b->inbox = store_special(b->store, SPECIAL_INBOX);
	for (int i = 0; i < 20; i++)
		make_message(b, i);
	if (n > 20)
		multiply(b, n - 20);
}

static void teardown(struct bench *b)
{
	char command[128];

	table_free(b->table);
	store_unlock(b->store);
	store_put(b->store);
	store_pool_free(b->pool);
	snprintf(command, sizeof command, "rm -rf %s", b->dir);
	if (system(command) != 0)
		fprintf(stderr, "bench_table: %s stays\n", b->dir);
}

/* ---- measurements ---- */

static void open_table(struct bench *b, const char *what)
{
	double start = now_us();
	uint32_t rows;

	table_free(b->table);
	must(table_open_contents(b->store, b->inbox, TABLE_USE_UNICODE, 0x409,
				 &b->table, &rows), "open table");
	must(table_set_columns(b->table, all_columns), "set columns");
	first_page(b, what, start);
}

static void sort(struct bench *b, const char *what, struct sort_order first,
		 struct sort_order second, uint32_t n, uint32_t categories)
{
	struct sort_order orders[] = { first, second };
	double start = now_us();

	must(table_sort(b->table, orders, n, categories, categories), what);
	first_page(b, what, start);
}

static void search(struct bench *b)
{
	struct restriction r = {
		.type = RES_CONTENT,
		.content = { FL_SUBSTRING, FL_IGNORE_CASE, PID_TAG_SUBJECT,
			     { .tag = PID_TAG_SUBJECT, .str = "nowhere" } },
	};
	struct wire_w w = wire_w(b->out, sizeof b->out);
	double start;
	bool gone, has;

	must(table_sort(b->table, NULL, 0, 0, 0), "sort");
	start = now_us();
	table_find_row(b->table, false, &r, BOOKMARK_BEGINNING,
		       (struct bin){ NULL, 0 }, take, &w, &gone, &has);
	printf("%-34s %8.0f us\n", "find row that is not there",
	       now_us() - start);
	start = now_us();
	must(table_seek_row_fractional(b->table, 2, 3), "seek");
	first_page(b, "seek to 2/3, first page", start);
}

int main(int argc, char **argv)
{
	static struct bench b;
	const struct sort_order time = { PID_TAG_MESSAGE_DELIVERY_TIME,
					 SORT_DESCENDING };
	const struct sort_order subject = { PID_TAG_SUBJECT, SORT_ASCENDING };
	const struct sort_order newest = { PID_TAG_MESSAGE_DELIVERY_TIME,
					   SORT_MAXIMUM_CATEGORY };
	uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 10000;

	setup(&b, n);
	printf("%u messages, 10 columns\n", n);
	open_table(&b, "first open and page of 50");
	open_table(&b, "open and first page of 50");
	sweep(&b, "default order, 50 an answer", 50);
	sweep(&b, "default order, full answers", 1000);
	sort(&b, "by time: built, first page", time, time, 1, 0);
	sweep(&b, "by time, 50 an answer", 50);
	sort(&b, "by subject: built, first page", subject, time, 2, 0);
	sweep(&b, "by subject, 50 an answer", 50);
	sort(&b, "by time again, first page", time, time, 1, 0);
	sort(&b, "categories: built, first page", subject, newest, 2, 1);
	sweep(&b, "categories, 50 an answer", 50);
	search(&b);
	teardown(&b);
	return 0;
}
