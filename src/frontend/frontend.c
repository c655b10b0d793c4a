/* SPDX-License-Identifier: Apache-2.0 */
#include "frontend/frontend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/passage.h"

enum { CONNECT_MS = 5000, ANSWER_MS = 60000, PROBE_MS = 10000,
       BODY_MAX = 1 << 20 };

static const struct frontend_mount mounts[FRONTEND_SERVICES] = {
	[FRONTEND_EMSMDB] = { NULL, FRONTEND_EMSMDB, "/mapi/emsmdb/",
			      "/emsmdb/" },
	[FRONTEND_NSPI] = { NULL, FRONTEND_NSPI, "/mapi/nspi/", "/nspi/" },
};

static void set_config(struct frontend *f,
		       const struct frontend_config *config)
{
	struct frontend_config *c = &f->config;

	*c = *config;
	c->host = xstrdup(config->host);
	c->version = xstrdup(config->version);
	if (c->connect_ms == 0)
		c->connect_ms = CONNECT_MS;
	if (c->answer_ms == 0)
		c->answer_ms = ANSWER_MS;
	if (c->probe_ms == 0)
		c->probe_ms = PROBE_MS;
	if (c->body_max == 0)
		c->body_max = BODY_MAX;
	f->host_short = xstrdup(config->host);
	f->host_short[strcspn(f->host_short, ".")] = '\0';
}

struct frontend *frontend_new(const struct frontend_config *config,
			      struct err *err)
{
	struct frontend *f = xcalloc(1, sizeof *f);
	struct http_upstreams_config ups = { .ca_file = config->ca_file };
	struct arena *arena = arena_new(0);
	struct dir_server self;

	set_config(f, config);
	if (directory_this_server(config->directory, arena, &self))
		f->self = self.guid;
	arena_free(arena);
	f->id_base = guid_new();
	f->backends = backends_new(f->config.probe_ms);
	ups.connect_ms = ups.handshake_ms = f->config.connect_ms;
	ups.head_ms = f->config.answer_ms;
	f->ups = http_upstreams_new(config->server, &ups, err);
	if (f->ups == NULL) {
		err_prefix(err, "[frontend] ca_file");
		frontend_free(f);
		return NULL;
	}
	return f;
}

void frontend_free(struct frontend *f)
{
	if (f == NULL)
		return;
	http_upstreams_free(f->ups);
	prober_free(f->prober);
	backends_free(f->backends);
	free((char *)f->config.host);
	free((char *)f->config.version);
	free(f->host_short);
	free(f);
}

/* --- The health page -------------------------------------------------- */

static void health(void *ctx, struct http_request *req)
{
	struct frontend *f = ctx;
	const char *method = http_method(req);
	char text[300];

	http_header(req, "Cache-Control", "no-store");
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		http_header(req, "Allow", "GET, HEAD");
		http_respond(req, 405, "", 0);
		return;
	}
	if (atomic_load(&f->draining)) {
		http_respond(req, 503, "", 0);
		return;
	}
	http_header(req, "Content-Type", "text/html");
	snprintf(text, sizeof text, "200 OK<br/>%s", f->config.host);
	http_respond(req, 200, text, strlen(text));
}

void frontend_attach(struct frontend *f)
{
	struct http_server *server = f->config.server;
	const unsigned clients = 1U << HTTP_LISTENER_CLIENT;

	for (size_t i = 0; i < FRONTEND_SERVICES; i++) {
		f->mounts[i] = mounts[i];
		f->mounts[i].frontend = f;
		http_server_mount_on(server, &(struct http_mount){
			.prefix = mounts[i].prefix,
			.body_max = f->config.body_max,
			.handle = passage_handle, .ctx = &f->mounts[i],
			.at_head = true }, clients);
	}
	if (f->config.local[FRONTEND_EMSMDB] == NULL)
		http_server_mount_on(server, &(struct http_mount){
			.prefix = "/mapi/healthcheck.htm",
			.handle = health, .ctx = f }, clients);
	f->prober = prober_new(f);
}

void frontend_drain(struct frontend *f)
{
	atomic_store(&f->draining, true);
}

bool frontend_reload(struct frontend *f, struct err *err)
{
	return http_upstreams_reload(f->ups, err);
}

/* --- Metrics and status ----------------------------------------------- */

static uint64_t get(const atomic_uint_least64_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

void frontend_counters(struct frontend *f, struct frontend_counters *out)
{
	const struct frontend_stats *n = &f->n;
	struct http_upstream_counters up;

	http_upstreams_counters(f->ups, &up);
	*out = (struct frontend_counters){
		.requests = get(&n->requests), .local = get(&n->local),
		.proxied = get(&n->proxied),
		.passed_through = get(&n->passed_through),
		.unauthorized = get(&n->unauthorized),
		.pending = get(&n->pending),
		.late_failures = get(&n->late_failures),
		.cut_off = get(&n->cut_off), .bytes_up = get(&n->bytes_up),
		.bytes_down = get(&n->bytes_down),
		.handshakes = get(&n->handshakes),
		.upstream_opened = up.opened, .upstream_failed = up.failed,
		.upstream_taken = up.taken, .upstream_idle = up.idle };
	for (size_t i = 0; i < FRONTEND_FAILURES; i++)
		out->failures[i] = get(&n->failures[i]);
}

static const char *needed_of(const struct frontend *f,
			     const struct dir_server *server)
{
	const struct frontend_config *c = &f->config;

	if (c->hop_auth == FRONTEND_AUTH_NTLM ||
	    (c->hop_auth == FRONTEND_AUTH_VERSION &&
	     !route_same_version(c->version, server->version)))
		return "Ntlm";
	return "Negotiate";
}

static void describe(struct frontend *f, const struct dir_server *server,
		     const struct dir_vdir *vdir, struct arena *arena,
		     struct frontend_backend *out)
{
	enum frontend_hop hop = route_hop(&f->config, server);
	struct backend_state state;

	backends_get(f->backends, &server->guid, &state);
	*out = (struct frontend_backend){
		.fqdn = server->fqdn, .version = server->version,
		.make = server->make, .url = vdir->internal_url,
		.up = state.up, .since_ms = state.since,
		.requests = state.requests, .failures = state.failures,
		.probes = state.probes,
		.probe_failures = state.probe_failures,
		.last_failure = state.last_failure,
		.last_text = arena_strdup(arena, state.last_text),
		.hop = route_hop_name(hop),
		.needed = hop == FRONTEND_PASS_THROUGH ? "any" :
			hop == FRONTEND_DELEGATION ? "Negotiate" :
			needed_of(f, server),
		.offered = dir_methods_text(arena, vdir->methods) };
}

size_t frontend_backends(struct frontend *f, struct arena *arena,
			 struct frontend_backend **out)
{
	struct dir_server *servers;
	size_t n = directory_servers(f->config.directory, arena, &servers);
	struct frontend_backend *all = arena_array(arena, n + 1, sizeof *all);
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		struct dir_vdir vdir;

		if (directory_vdir(f->config.directory, &servers[i].guid, true,
				   arena, &vdir))
			describe(f, &servers[i], &vdir, arena, &all[found++]);
	}
	*out = all;
	return found;
}
