/* SPDX-License-Identifier: Apache-2.0 */
/* What sessions and waits cost in memory: many are made, and left alone. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "analyzer/bench_impl.h"

enum { SESSIONS_DEFAULT = 1000, PER_SOURCE = 20000, SETTLE_MS = 1500 };

struct hold {
	const struct bench_options *o;
	const struct bench_target *target;
	const struct server_processes *server;
	struct bench_session **sessions;
	size_t n;
	struct arena *arena;
};

bool bench_register(struct bench_session *s, struct arena *arena,
		    uint32_t logon, struct err *err)
{
	/* Created, deleted, modified, moved, copied, new mail. */
	union rop_req req = { .register_notification = {
		.notification_types = 0x007e, .want_whole_store = true } };
	uint32_t handle;

	return bench_session_rop(s, arena, ROP_ID_register_notification,
				 logon, &req, &handle, NULL, err);
}

/* A file a connection, and some more. */
static bool raise_files(size_t n, struct err *err)
{
	struct rlimit limit;
	rlim_t wanted = n + 100;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur >= wanted)
		return true;
	limit.rlim_cur = wanted;
	if (limit.rlim_max < wanted)
		limit.rlim_max = wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return true;
	return err_set(err, EC_ERROR, "%zu connections need as many open "
		       "files: %s; raise the limit with ulimit -n", n,
		       strerror(errno));
}

static uint64_t pss_now(const struct hold *h)
{
	struct server_usage u;

	if (h->server->n_named == 0)
		return 0;
	usleep(SETTLE_MS * 1000);
	return server_usage_read(h->server, &u) ?
		u.pss_named + u.pss_children : 0;
}

/* All are made over one connection, which each hands on to the next. */
static bool make_session(struct hold *h, struct err *err)
{
	struct rop_logon_rsp rsp;
	uint32_t logon;
	struct bench_session *s = h->n > 0 ?
		bench_session_after(h->sessions[h->n - 1]) :
		bench_session_new(h->target, 0, err);

	if (s == NULL)
		return false;
	h->sessions[h->n++] = s;
	arena_reset(h->arena);
	if (!bench_session_connect(s, h->o->user_dn, h->arena, err) ||
	    !bench_session_logon(s, h->o->user_dn, h->arena, &logon, &rsp,
				 err) ||
	    !bench_register(s, h->arena, logon, err))
		return err_prefix(err, "session %zu", h->n);
	bench_session_shrink(s);
	return true;
}

static bool begin_wait(struct hold *h, size_t i, struct err *err)
{
	static const uint8_t body[8];     /* Flags, AuxiliaryBufferSize */
	static const struct bin request = { body, sizeof body };
	struct bench_session *s = h->sessions[i];
	unsigned source = h->n > PER_SOURCE ?
		1 + (unsigned)(i / PER_SOURCE) : 0;

	/* The last one has the connection still. */
	if ((i + 1 < h->n && !bench_session_dial(s, source, err)) ||
	    !bench_session_send(s, "NotificationWait", &request, err))
		return err_prefix(err, "wait %zu", i + 1);
	bench_session_shrink(s);
	return true;
}

static bool hold(struct hold *h, size_t n, struct bench_result *out,
		 struct err *err)
{
	out->pss_before = pss_now(h);
	if (!make_session(h, err))
		return false;
	out->pss_first = pss_now(h);
	while (h->n < n)
		if (!make_session(h, err))
			return false;
	out->pss_sessions = pss_now(h);
	for (size_t i = 0; i < h->n; i++)
		if (!begin_wait(h, i, err))
			return false;
	if (h->o->seconds > 0)
		sleep(h->o->seconds);
	out->pss_waits = out->pss_after = pss_now(h);
	for (size_t i = 0; i < h->n; i++)
		out->ended_early += bench_session_ended(h->sessions[i]);
	out->sessions = h->n;
	return true;
}

bool run_hold(const struct bench_options *o,
	      const struct bench_target *target,
	      const struct server_processes *server,
	      struct bench_result *out, struct err *err)
{
	size_t n = o->count > 0 ? (size_t)o->count : SESSIONS_DEFAULT;
	struct hold h = { .o = o, .target = target, .server = server };
	bool ok;

	if (!raise_files(n, err))
		return false;
	h.sessions = xcalloc(n, sizeof *h.sessions);
	h.arena = arena_new(0);
	ok = hold(&h, n, out, err);
	for (size_t i = 0; i < h.n; i++)
		bench_session_free(h.sessions[i]);
	free(h.sessions);
	arena_free(h.arena);
	return ok;
}
