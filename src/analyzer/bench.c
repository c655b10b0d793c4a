/* SPDX-License-Identifier: Apache-2.0 */
/* The modes, and the threads that run them. */
#include "analyzer/bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/bench_impl.h"
#include "analyzer/nspi_client.h"
#include "base/clock.h"

enum { SECONDS_DEFAULT = 5, WARM_UP_MS = 200, CONCURRENCY_MAX = 1024 };

static const struct bench_mode modes[] = {
	{ "ping", "PING, without a session", "operation", WARM_UP,
	  prepare_connection, operate_ping, NULL },
	{ "release", "Execute with a RopRelease alone", "operation", WARM_UP,
	  prepare_release, operate_execute, NULL },
	{ "receive-folder", "Execute with RopGetReceiveFolder", "operation",
	  WARM_UP, prepare_receive_folder, operate_execute, NULL },
	{ "properties", "Execute with three properties of the logon",
	  "operation", WARM_UP, prepare_properties, operate_execute, NULL },
	{ "cycle", "Connect, RopLogon and Disconnect", "operation", WARM_UP,
	  prepare_cycle, operate_cycle, NULL },
	{ "fill", "make messages: 9 properties, a body of 2,048 characters",
	  "operation", 0, prepare_folder, operate_fill, NULL },
	{ "sweep", "the contents table of the folder, 10 columns, whole",
	  "row", WARM_UP, prepare_folder, operate_sweep, NULL },
	{ "page", "the first 50 rows of that table", "operation", WARM_UP,
	  prepare_folder, operate_page, NULL },
	{ "open", "open a message and read 6 properties, the body among them",
	  "operation", WARM_UP, prepare_open, operate_open, NULL },
	{ "hold", "make sessions, leave each in a NotificationWait",
	  "session", 0, NULL, NULL, run_hold },
	{ "nspi-bind", "Bind and Unbind", "operation", WARM_UP | ADDRESS_BOOK,
	  prepare_connection, operate_bind, NULL },
	{ "nspi-resolve", "ResolveNames of one name or address, 10 columns",
	  "operation", WARM_UP | ADDRESS_BOOK, prepare_resolve,
	  operate_resolve, NULL },
	{ "nspi-page", "QueryRows of 50 rows somewhere in the address book, "
	  "10 columns", "operation", WARM_UP | ADDRESS_BOOK, prepare_book,
	  operate_book_page, NULL },
};

const struct bench_mode *bench_mode_at(size_t i)
{
	return i < sizeof modes / sizeof *modes ? &modes[i] : NULL;
}

const struct bench_mode *bench_mode_find(const char *name)
{
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	return NULL;
}

const char *bench_mode_name(const struct bench_mode *mode)
{
	return mode->name;
}

const char *bench_mode_summary(const struct bench_mode *mode)
{
	return mode->summary;
}

/* ---- threads ---- */

/* What the threads of a run share. */
struct run {
	const struct bench_options *o;
	pthread_barrier_t prepared, begun, ended;
	atomic_bool stop;
	atomic_ullong begun_count;        /* operations, when they count */
	uint64_t deadline;                /* clock_ns */
};

struct thread {
	pthread_t id;
	struct run *run;
	struct bench_worker worker;
	struct bench_times times;
	uint64_t units;
	bool ok;
	struct err err;
};

static bool operate(struct thread *t, uint64_t *units)
{
	struct bench_worker *w = &t->worker;
	bool ok;

	arena_reset(w->scratch);
	w->turn++;
	ok = w->mode->operate(w, units, &t->err);
	if (!ok) {
		t->ok = false;
		atomic_store(&t->run->stop, true);
	}
	return ok;
}

/*
 * So that what is made on first use is there.  Who asks for one operation
 * wants to see the first.
 */
static void warm_up(struct thread *t)
{
	uint64_t end = clock_ms() + WARM_UP_MS, units = 0;

	if ((t->worker.mode->flags & WARM_UP) == 0 || t->run->o->count == 1)
		return;
	while (operate(t, &units) && clock_ms() < end)
		;
}

static bool is_due(struct run *run, uint64_t now)
{
	if (atomic_load_explicit(&run->stop, memory_order_relaxed) ||
	    (run->deadline != 0 && now >= run->deadline))
		return false;
	return run->o->count == 0 ||
		atomic_fetch_add(&run->begun_count, 1) < run->o->count;
}

static void *work(void *ctx)
{
	struct thread *t = ctx;
	struct run *run = t->run;
	uint64_t began, ended;

	t->ok = t->worker.mode->prepare(&t->worker, &t->err);
	if (t->ok)
		warm_up(t);
	else
		atomic_store(&run->stop, true);
	pthread_barrier_wait(&run->prepared);
	pthread_barrier_wait(&run->begun);
	began = clock_ns();
	while (is_due(run, began) && operate(t, &t->units)) {
		ended = clock_ns();
		bench_times_add(&t->times, ended - began);
		began = ended;
	}
	pthread_barrier_wait(&run->ended);
	return NULL;
}

static void begin_threads(struct run *run, struct thread *threads, unsigned n,
			  const struct bench_mode *mode,
			  const struct bench_target *target)
{
	pthread_barrier_init(&run->prepared, NULL, n + 1);
	pthread_barrier_init(&run->begun, NULL, n + 1);
	pthread_barrier_init(&run->ended, NULL, n + 1);
	for (unsigned i = 0; i < n; i++) {
		threads[i].run = run;
		threads[i].worker = (struct bench_worker){ .o = run->o,
			.mode = mode, .target = target, .index = i,
			.arena = arena_new(0), .scratch = arena_new(65536) };
		if (pthread_create(&threads[i].id, NULL, work,
				   &threads[i]) != 0)
			abort();  /* out of memory */
	}
}

/* Join them; what they did is added up.  False if one failed. */
static bool end_threads(struct run *run, struct thread *threads, unsigned n,
			struct bench_times *times, struct bench_result *out,
			struct err *err)
{
	struct err ignored;
	bool ok = true;

	for (unsigned i = 0; i < n; i++) {
		struct thread *t = &threads[i];

		pthread_join(t->id, NULL);
		if (!t->ok && ok) {
			ok = false;
			*err = t->err;
		}
		out->units += t->units;
		bench_times_merge(times, &t->times);
		bench_times_free(&t->times);
		if (t->ok && t->worker.logon_rsp.logon_flags != 0)
			bench_session_disconnect(t->worker.session,
						 &ignored);
		bench_session_free(t->worker.session);
		arena_free(t->worker.arena);
		arena_free(t->worker.scratch);
	}
	pthread_barrier_destroy(&run->prepared);
	pthread_barrier_destroy(&run->begun);
	pthread_barrier_destroy(&run->ended);
	return ok;
}

/* ---- a run ---- */

static void take_usage(const struct server_usage *before,
		       const struct server_usage *after,
		       struct bench_result *out)
{
	double cpu = (double)(after->cpu - before->cpu);

	out->has_usage = true;
	if (out->units > 0)
		out->cpu = cpu / 1e3 / (double)out->units;
	if (out->seconds > 0)
		out->busy = cpu / 1e9 / out->seconds;
	out->pss_before = before->pss_named + before->pss_children;
	out->pss_after = after->pss_named + after->pss_children;
	out->pss_children = after->pss_children;
}

static bool run_threads(const struct bench_mode *mode,
			const struct bench_options *o,
			const struct bench_target *target,
			const struct server_processes *server,
			struct bench_result *out, struct err *err)
{
	unsigned n = out->concurrency;
	struct thread *threads = xcalloc(n, sizeof *threads);
	struct run run = { .o = o };
	struct bench_times times = { 0 };
	struct server_usage before, after;
	bool has_usage, ok;
	uint64_t began, ended;

	begin_threads(&run, threads, n, mode, target);
	pthread_barrier_wait(&run.prepared);
	has_usage = server->n_named > 0 && server_usage_read(server, &before);
	began = clock_ns();
	if (o->seconds > 0 || o->count == 0)
		run.deadline = began + UINT64_C(1000000000) *
			(o->seconds > 0 ? o->seconds : SECONDS_DEFAULT);
	pthread_barrier_wait(&run.begun);
	pthread_barrier_wait(&run.ended);
	ended = clock_ns();
	has_usage = has_usage && server_usage_read(server, &after);
	ok = end_threads(&run, threads, n, &times, out, err);
	out->seconds = (double)(ended - began) / 1e9;
	out->operations = times.n;
	out->p50 = (double)bench_times_percentile(&times, 50) / 1e3;
	out->p99 = (double)bench_times_percentile(&times, 99) / 1e3;
	if (has_usage)
		take_usage(&before, &after, out);
	bench_times_free(&times);
	free(threads);
	return ok;
}

static bool find_server(const struct bench_options *o,
			struct server_processes *server, struct err *err)
{
	struct server_usage usage;

	server->proc = "/proc";
	for (size_t i = 0; i < o->n_pids && i < SERVER_PROCESSES_MAX; i++)
		server->pid[server->n_named++] = o->pids[i];
	server_processes_find(server);
	return server_usage_read(server, &usage) ||
		err_set(err, EC_NOT_FOUND, "there is no such process as one "
			"of --pid");
}

static struct bench_target *new_target(const struct bench_mode *mode,
				       const struct bench_options *o,
				       struct err *err)
{
	struct bench_target_config config = o->target;
	struct arena *arena = arena_new(0);
	struct bench_target *target;

	if ((mode->flags & ADDRESS_BOOK) != 0)
		config.url = nspi_client_url(config.url, arena);
	target = bench_target_new(&config, err);
	arena_free(arena);
	return target;
}

bool bench_run(const struct bench_mode *mode, const struct bench_options *o,
	       struct bench_result *out, struct err *err)
{
	struct bench_target *target = new_target(mode, o, err);
	struct server_processes server = { 0 };
	struct bench_result r = { .mode = mode->name, .unit = mode->unit,
		.concurrency = o->concurrency > 0 ? o->concurrency : 1 };
	bool ok;

	if (target == NULL)
		return false;
	r.tls = bench_target_is_tls(target);
	if (r.concurrency > CONCURRENCY_MAX)
		r.concurrency = CONCURRENCY_MAX;
	ok = find_server(o, &server, err);
	if (ok && mode->run != NULL) {
		r.has_usage = server.n_named > 0;
		ok = mode->run(o, target, &server, &r, err);
	} else if (ok) {
		ok = run_threads(mode, o, target, &server, &r, err);
	}
	bench_target_free(target);
	if (ok)
		*out = r;
	return ok || err_prefix(err, "%s", mode->name);
}

/* ---- results ---- */

static void set(json_t *object, const char *key, double value)
{
	json_object_set_new(object, key, json_real(value));
}

static void set_count(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

static void add_hold(json_t *o, const struct bench_result *r)
{
	set_count(o, "sessions", r->sessions);
	set_count(o, "ended_early", r->ended_early);
	if (!r->has_usage)
		return;
	set_count(o, "pss_before", r->pss_before);
	set_count(o, "pss_first_session", r->pss_first);
	set_count(o, "pss_sessions", r->pss_sessions);
	set_count(o, "pss_waits", r->pss_waits);
}

json_t *bench_result_json(const struct bench_result *r)
{
	json_t *o = json_pack("{s:s, s:s, s:b}", "mode", r->mode,
			      "unit", r->unit, "tls", r->tls);

	if (r->sessions > 0) {
		add_hold(o, r);
		return o;
	}
	set_count(o, "concurrency", r->concurrency);
	set_count(o, "operations", r->operations);
	set_count(o, "units", r->units);
	set(o, "seconds", r->seconds);
	set(o, "operations_per_second", (double)r->operations / r->seconds);
	set(o, "units_per_second", (double)r->units / r->seconds);
	set(o, "p50_us", r->p50);
	set(o, "p99_us", r->p99);
	if (r->has_usage) {
		set(o, "cpu_us", r->cpu);
		set(o, "processors_busy", r->busy);
		set_count(o, "pss_before", r->pss_before);
		set_count(o, "pss_after", r->pss_after);
		set_count(o, "pss_children", r->pss_children);
	}
	return o;
}
