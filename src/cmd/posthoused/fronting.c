/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/posthoused/fronting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "endpoint/endpoint.h"

/* --- Mailboxes of this very process ----------------------------------- */

static void hand_over(struct endpoint_service *service,
		      enum endpoint_directory directory,
		      struct http_request *req,
		      const struct frontend_caller *caller)
{
	endpoint_handle(service, directory, req, &(struct endpoint_caller){
		.who = caller->who, .id = caller->id,
		.policy = caller->policy });
}

static void local_emsmdb(void *ctx, struct http_request *req,
			 const struct frontend_caller *caller)
{
	hand_over(ctx, ENDPOINT_EMSMDB, req, caller);
}

static void local_nspi(void *ctx, struct http_request *req,
		       const struct frontend_caller *caller)
{
	hand_over(ctx, ENDPOINT_NSPI, req, caller);
}

/* --- The start -------------------------------------------------------- */

static void set_hops(const struct config_frontend *f,
		     struct frontend_config *out)
{
	out->hop_posthouse = (enum frontend_hop)f->hop_posthouse;
	out->hop_exchange = (enum frontend_hop)f->hop_exchange;
	out->hop_gromox = (enum frontend_hop)f->hop_gromox;
	out->hop_auth = (enum frontend_hop_auth)f->hop_auth;
}

static unsigned check_ca_file(const char *path,
			      void (*problem)(void *ctx, const char *text),
			      void *ctx)
{
	struct err err;

	if (path == NULL || access(path, R_OK) == 0)
		return 0;
	err_set(&err, EC_NOT_FOUND, "cannot read %s: %s; it is ca_file under "
		"[frontend], the certificates (PEM) of those who sign for "
		"back ends", path, strerror(errno));
	problem(ctx, err.text);
	return 1;
}

unsigned fronting_check(const struct config *config,
			void (*problem)(void *ctx, const char *text),
			void *ctx)
{
	struct frontend_config front = { .directory = NULL };
	char *path = config_directory_path(config);
	struct directory *dir = NULL;
	struct err err;
	unsigned n = 0;

	if ((config->roles & DIR_ROLE_FRONTEND) != 0)
		n = check_ca_file(config->frontend.ca_file, problem, ctx);
	if ((config->roles & DIR_ROLE_FRONTEND) != 0 &&
	    access(path, R_OK) == 0 &&
	    directory_open(path, config->server_name, &dir, &err)) {
		front.directory = dir;
		set_hops(&config->frontend, &front);
		n += frontend_check(&front, problem, ctx);
	}
	directory_close(dir);
	free(path);
	return n;
}

/* What can't work is said, and the rest served. */
static void warn(void *ctx, const char *text)
{
	char quoted[512];

	log_event(ctx, LOG_LEVEL_WARNING, "configuration", "text=%s",
		  log_quote(text, quoted, sizeof quoted));
}

bool fronting_start(const struct fronting *with, struct frontend **out,
		    struct err *err)
{
	const struct config_frontend *f = &with->config->frontend;
	struct arena *arena = arena_new(0);
	struct frontend_config config = {
		.server = with->http, .directory = with->directory,
		.auth = with->callers->auth,
		.policy = with->callers->front_end,
		.signer = with->tokens->signer, .log = with->log,
		.ca_file = f->ca_file,
		.connect_ms = f->connect_timeout,
		.answer_ms = f->answer_timeout, .probe_ms = f->probe,
		.body_max = 2 * (size_t)with->config->limits.body_size };
	struct dir_server self;
	bool ok = directory_this_server(with->directory, arena, &self);

	if (!ok)
		err_set(err, EC_NOT_FOUND, "this server was removed from the "
			"directory");
	set_hops(f, &config);
	frontend_check(&config, warn, with->log);
	config.host = ok ? self.fqdn : NULL;
	config.version = ok ? self.version : NULL;
	if (with->endpoint != NULL) {
		config.local[FRONTEND_EMSMDB] = local_emsmdb;
		config.local[FRONTEND_NSPI] = local_nspi;
		config.local_ctx[FRONTEND_EMSMDB] =
			config.local_ctx[FRONTEND_NSPI] = with->endpoint;
	}
	if (ok) {
		*out = frontend_new(&config, err);
		ok = *out != NULL;
	}
	if (ok)
		frontend_attach(*out);
	arena_free(arena);
	return ok;
}

/* --- Status ----------------------------------------------------------- */

static json_t *backend_json(const struct frontend_backend *b)
{
	const char *failure = frontend_failure_name(b->last_failure);

	return json_pack("{s:s,s:s,s:s,s:s,s:b,s:I,s:I,s:I,s:s,s:s,s:s,s:s,"
			 "s:s}", "server", b->fqdn, "version", b->version,
			 "make", b->make, "url", b->url, "up", (int)b->up,
			 "seconds", (json_int_t)((clock_ms() - b->since_ms) /
						 1000),
			 "requests", (json_int_t)b->requests, "failures",
			 (json_int_t)(b->failures + b->probe_failures),
			 "last_failure", failure, "last_error", b->last_text,
			 "hop", b->hop, "needed", b->needed, "offered",
			 b->offered);
}

void fronting_status(struct frontend *frontend, json_t *into)
{
	struct arena *arena = arena_new(0);
	struct frontend_backend *all;
	size_t n = frontend_backends(frontend, arena, &all);
	struct frontend_counters c;
	json_t *list = json_array();

	frontend_counters(frontend, &c);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, backend_json(&all[i]));
	json_object_set_new(into, "frontend", json_pack(
		"{s:I,s:I,s:I,s:I,s:I,s:I}", "requests",
		(json_int_t)c.requests, "local", (json_int_t)c.local,
		"proxied", (json_int_t)c.proxied, "pending",
		(json_int_t)c.pending, "handshakes",
		(json_int_t)c.handshakes, "idle",
		(json_int_t)c.upstream_idle));
	json_object_set_new(into, "backends", list);
	arena_free(arena);
}

/* --- Metrics ---------------------------------------------------------- */

static void counter(struct metrics_text *t, const char *name,
		    const char *help, uint64_t value)
{
	metric(t, METRIC_COUNTER, name, help, (double)value);
}

static void collect_backends(struct frontend *frontend,
			     struct metrics_text *t)
{
	struct arena *arena = arena_new(0);
	struct frontend_backend *all;
	size_t n = frontend_backends(frontend, arena, &all);

	metric_family(t, METRIC_GAUGE, "posthouse_backend_up",
		      "Whether a back end can be reached.");
	for (size_t i = 0; i < n; i++)
		metric_sample1(t, "backend", all[i].fqdn, all[i].up);
	metric_family(t, METRIC_COUNTER, "posthouse_backend_requests_total",
		      "Requests that were to go to a back end.");
	for (size_t i = 0; i < n; i++)
		metric_sample1(t, "backend", all[i].fqdn,
			       (double)all[i].requests);
	metric_family(t, METRIC_COUNTER, "posthouse_backend_failures_total",
		      "Requests and probes that failed.");
	for (size_t i = 0; i < n; i++)
		metric_sample1(t, "backend", all[i].fqdn,
			       (double)(all[i].failures +
					all[i].probe_failures));
	arena_free(arena);
}

static void collect(void *ctx, struct metrics_text *t)
{
	struct frontend *frontend = ctx;
	struct frontend_counters c;

	frontend_counters(frontend, &c);
	counter(t, "posthouse_frontend_requests_total",
		"Requests to the front end.", c.requests);
	counter(t, "posthouse_frontend_local_total",
		"Of these, for a mailbox of this server.", c.local);
	counter(t, "posthouse_frontend_proxied_total",
		"Of these, sent to a back end.", c.proxied);
	counter(t, "posthouse_frontend_passed_through_total",
		"Of these, with the client's own credentials.",
		c.passed_through);
	counter(t, "posthouse_frontend_unauthorized_total",
		"Requests answered with 401.", c.unauthorized);
	metric(t, METRIC_GAUGE, "posthouse_frontend_pending",
	       "Requests at back ends now.", (double)c.pending);
	metric_family(t, METRIC_COUNTER, "posthouse_frontend_failures_total",
		      "Requests that failed, by why.");
	for (unsigned i = FRONTEND_OK + 1; i < FRONTEND_FAILURES; i++)
		metric_sample1(t, "reason", frontend_failure_name(i),
			       (double)c.failures[i]);
	counter(t, "posthouse_frontend_late_failures_total",
		"Answers ended by a late X-ResponseCode.", c.late_failures);
	counter(t, "posthouse_frontend_cut_off_total",
		"Answers cut off.", c.cut_off);
	counter(t, "posthouse_frontend_sent_bytes_total",
		"Bytes of bodies sent to back ends.", c.bytes_up);
	counter(t, "posthouse_frontend_received_bytes_total",
		"Bytes of bodies received from back ends.", c.bytes_down);
	counter(t, "posthouse_frontend_handshakes_total",
		"Connections to back ends authenticated.", c.handshakes);
	counter(t, "posthouse_frontend_connections_opened_total",
		"Connections to back ends opened.", c.upstream_opened);
	counter(t, "posthouse_frontend_connections_reused_total",
		"Times that a warm one was used again.", c.upstream_taken);
	metric(t, METRIC_GAUGE, "posthouse_frontend_connections_idle",
	       "Warm connections.", (double)c.upstream_idle);
	collect_backends(frontend, t);
}

void fronting_metrics(struct frontend *frontend, struct metrics *m)
{
	metrics_add(m, collect, frontend);
}
