/* SPDX-License-Identifier: Apache-2.0 */
/* The health pages of the back ends, looked at from time to time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/passage.h"

enum { TICK_MS = 100 };

/* One look at one back end. */
struct probe {
	struct probe *next, **link;
	struct frontend *f;
	struct http_upstream *u;
	struct guid server;
	char fqdn[256];
	int status;
};

struct prober {
	struct frontend *f;
	struct probe *probes;     /* under way */
};

static void end_probe(struct probe *probe, enum frontend_failure failure,
		      const char *text)
{
	struct frontend *f = probe->f;
	char quoted[300];

	if (backends_tell(f->backends, &probe->server, true, failure, text))
		log_event(f->config.log, failure == FRONTEND_OK ?
			  LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "backend",
			  "backend=%s state=%s text=%s", probe->fqdn,
			  failure == FRONTEND_OK ? "up" : "down",
			  log_quote(text, quoted, sizeof quoted));
	http_upstream_close(probe->u);
	*probe->link = probe->next;
	if (probe->next != NULL)
		probe->next->link = probe->link;
	free(probe);
}

static void on_head(void *ctx, struct http_upstream *u,
		    const struct http_answer *answer)
{
	struct probe *probe = ctx;

	probe->status = answer->status;
}

static void on_body(void *ctx, struct http_upstream *u, const void *data,
		    size_t len)
{
}

/* It answers: whatever it says, it can be reached. */
static void on_done(void *ctx, struct http_upstream *u)
{
	end_probe(ctx, FRONTEND_OK, "");
}

static void on_failed(void *ctx, struct http_upstream *u,
		      enum http_upstream_failure failure, const char *text)
{
	end_probe(ctx, failure_of(failure), text);
}

static const struct http_upstream_events events = {
	.head = on_head, .body = on_body, .done = on_done,
	.failed = on_failed };

static void begin_probe(struct prober *prober, struct http_request *task,
			const struct dir_server *server,
			const struct http_origin *origin)
{
	struct probe *probe = xcalloc(1, sizeof *probe);
	struct frontend *f = prober->f;
	char *path = arena_printf(http_arena(task), "%s/healthcheck.htm",
				  origin->path);

	probe->f = f;
	probe->server = server->guid;
	snprintf(probe->fqdn, sizeof probe->fqdn, "%s", server->fqdn);
	probe->next = prober->probes;
	probe->link = &prober->probes;
	if (probe->next != NULL)
		probe->next->link = &probe->next;
	prober->probes = probe;
	probe->u = http_upstream_open(f->ups, task, origin, &events, probe);
	http_upstream_request(probe->u, "GET", path, "", 0, 0);
	http_upstream_finish(probe->u);
}

static bool is_under_way(const struct prober *prober,
			 const struct guid *server)
{
	for (const struct probe *at = prober->probes; at; at = at->next)
		if (guid_equal(&at->server, server))
			return true;
	return false;
}

static void look(struct prober *prober, struct http_request *task,
		 const struct dir_server *server)
{
	struct frontend *f = prober->f;
	struct arena *arena = http_arena(task);
	struct http_origin origin;
	struct dir_vdir vdir;

	if (guid_equal(&server->guid, &f->self) ||
	    (server->roles & DIR_ROLE_MAILBOX) == 0 ||
	    is_under_way(prober, &server->guid) ||
	    !directory_vdir(f->config.directory, &server->guid, true, arena,
			    &vdir) ||
	    !http_origin_parse(vdir.internal_url, arena, &origin) ||
	    !backends_probe_due(f->backends, &server->guid,
				vdir.when_changed))
		return;
	begin_probe(prober, task, server, &origin);
}

static void tick(void *ctx, struct http_request *task)
{
	struct prober *prober = ctx;
	struct dir_server *servers;
	size_t n = directory_servers(prober->f->config.directory,
				     http_arena(task), &servers);

	for (size_t i = 0; i < n; i++)
		look(prober, task, &servers[i]);
	arena_reset(http_arena(task));
	http_timer(task, TICK_MS, tick, prober);
}

static void stop(void *ctx, struct http_request *task)
{
	struct prober *prober = ctx;

	while (prober->probes != NULL) {
		struct probe *probe = prober->probes;

		prober->probes = probe->next;
		if (probe->next != NULL)
			probe->next->link = &prober->probes;
		http_upstream_close(probe->u);
		free(probe);
	}
	http_abort(task);
}

static void begin(void *ctx, struct http_request *task)
{
	http_on_gone(task, stop, ctx);
	tick(ctx, task);
}

struct prober *prober_new(struct frontend *f)
{
	struct prober *prober = xcalloc(1, sizeof *prober);

	prober->f = f;
	http_server_task(f->config.server, begin, prober);
	return prober;
}

void prober_free(struct prober *prober)
{
	free(prober);
}
