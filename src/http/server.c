/* SPDX-License-Identifier: Apache-2.0 */
/* The server: its loops, mounts, counters, start and end. */
#include "http/server.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "http/chars.h"
#include "http/conn.h"
#include "http/listen.h"

enum { THREADS_DEFAULT = 2, THREADS_MAX = 64, UNMOUNTED_BODY = 64 * 1024 };

struct stop_hook {
	struct stop_hook *next;
	void (*fn)(void *ctx);
	void *ctx;
};

struct http_server {
	struct stop_hook *hooks;
	struct http_server_config config;
	struct loop **loops;
	unsigned n_loops;
	struct http_mount *mounts, none;
	unsigned *mounted_on;             /* as in http_server_mount_on */
	unsigned n_mounts;
	struct listener *listeners;
	atomic_uint_least64_t next_id;
	pthread_mutex_t lock;             /* guards open */
	pthread_cond_t closed;
	unsigned open;                    /* connections, from accept on */
};

void http_limits_default(struct http_limits *limits)
{
	*limits = (struct http_limits){
		.head_max = 32 * 1024, .line_max = 16 * 1024,
		.fields_max = 100, .connections_max = 20000,
		.handshake_ms = 10000, .header_ms = 30000, .body_ms = 10000,
		.body_min = 1024, .idle_ms = 120000, .write_ms = 60000,
		.linger_ms = 2000,
	};
}

/* --- For the other files ---------------------------------------------- */

const struct http_limits *server_limits(const struct http_server *server)
{
	return &server->config.limits;
}

void server_refused(struct http_server *server, const char *peer, int status,
		    const char *reason)
{
	if (server->config.refused != NULL)
		server->config.refused(server->config.ctx, peer, status,
				       reason);
}

uint64_t server_conn_id(struct http_server *server)
{
	return atomic_fetch_add(&server->next_id, 1) + 1;
}

void server_closed(struct http_server *server)
{
	pthread_mutex_lock(&server->lock);
	server->open--;
	pthread_cond_broadcast(&server->closed);
	pthread_mutex_unlock(&server->lock);
}

bool server_opened(struct http_server *server)
{
	bool room;

	pthread_mutex_lock(&server->lock);
	room = server->open < server->config.limits.connections_max;
	server->open += room;
	pthread_mutex_unlock(&server->lock);
	return room;
}

void server_on_stop(struct http_server *server, void (*fn)(void *ctx),
		    void *ctx)
{
	struct stop_hook *hook = xmalloc(sizeof *hook);

	*hook = (struct stop_hook){ server->hooks, fn, ctx };
	server->hooks = hook;
}

static void run_hooks(struct http_server *server)
{
	while (server->hooks != NULL) {
		struct stop_hook *hook = server->hooks;

		server->hooks = hook->next;
		hook->fn(hook->ctx);
		free(hook);
	}
}

struct loop *server_first_loop(struct http_server *server)
{
	return server->loops[0];
}

struct loop *server_quiet_loop(struct http_server *server)
{
	struct loop *best = server->loops[0];
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < server->n_loops; i++) {
		uint64_t n = atomic_load_explicit(&server->loops[i]->given,
						  memory_order_relaxed) -
			atomic_load_explicit(&server->loops[i]->n.closed,
					     memory_order_relaxed);

		if (n < least) {
			least = n;
			best = server->loops[i];
		}
	}
	count(&best->given, 1);
	return best;
}

/* --- Mounts ----------------------------------------------------------- */

static bool mount_matches(const struct http_mount *mount, const char *path,
			  size_t path_len)
{
	size_t len = strlen(mount->prefix);

	if (path_len >= len)
		return http_equal(path, mount->prefix, len);
	return path_len + 1 == len && mount->prefix[path_len] == '/' &&
		http_equal(path, mount->prefix, path_len);
}

const struct http_mount *server_mount(const struct http_server *server,
				      enum http_listener_kind kind,
				      const char *path)
{
	const struct http_mount *best = &server->none;
	size_t len = strlen(path), best_len = 0;

	for (unsigned i = 0; i < server->n_mounts; i++) {
		const struct http_mount *mount = &server->mounts[i];

		if ((server->mounted_on[i] >> kind & 1) != 0 &&
		    strlen(mount->prefix) >= best_len &&
		    mount_matches(mount, path, len)) {
			best = mount;
			best_len = strlen(mount->prefix);
		}
	}
	return best;
}

static void not_found(void *ctx, struct http_request *req)
{
	http_header(req, "Content-Type", "text/plain");
	http_respond(req, 404, "not found\n", 10);
}

void http_server_mount(struct http_server *server,
		       const struct http_mount *mount)
{
	http_server_mount_on(server, mount, 1U << HTTP_LISTENER_CLIENT |
			     1U << HTTP_LISTENER_BACKEND);
}

void http_server_mount_on(struct http_server *server,
			  const struct http_mount *mount, unsigned listeners)
{
	struct http_mount *copy;

	server->mounted_on = xrealloc(server->mounted_on,
				      (server->n_mounts + 1) *
				      sizeof *server->mounted_on);
	server->mounted_on[server->n_mounts] = listeners;
	server->mounts = xrealloc(server->mounts, (server->n_mounts + 1) *
				  sizeof *server->mounts);
	copy = &server->mounts[server->n_mounts++];
	*copy = *mount;
	copy->prefix = xstrdup(mount->prefix);
}

/* --- Life ------------------------------------------------------------- */

static void set_defaults(struct http_server_config *config)
{
	if (config->threads == 0)
		config->threads = THREADS_DEFAULT;
	if (config->threads > THREADS_MAX)
		config->threads = THREADS_MAX;
	if (config->limits.head_max == 0)
		http_limits_default(&config->limits);
}

struct http_server *http_server_new(const struct http_server_config *config,
				    struct err *err)
{
	struct http_server *server = xcalloc(1, sizeof *server);
	pthread_condattr_t attr;

	signal(SIGPIPE, SIG_IGN);
	server->config = *config;
	set_defaults(&server->config);
	server->none = (struct http_mount){ .prefix = "",
		.body_max = UNMOUNTED_BODY, .handle = not_found };
	pthread_mutex_init(&server->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&server->closed, &attr);
	pthread_condattr_destroy(&attr);
	server->loops = xcalloc(server->config.threads,
				sizeof *server->loops);
	while (server->n_loops < server->config.threads) {
		struct loop *loop = loop_new(server, err);

		if (loop == NULL) {
			http_server_free(server);
			return NULL;
		}
		server->loops[server->n_loops++] = loop;
	}
	return server;
}

int http_server_listen(struct http_server *server, const char *address,
		       const char *certificate, const char *key,
		       struct err *err)
{
	return http_server_listen_as(server, address,
				     &(struct http_listen_options){
		.certificate = certificate, .key = key }, err);
}

int http_server_listen_as(struct http_server *server, const char *address,
			  const struct http_listen_options *options,
			  struct err *err)
{
	int port = 0;
	struct listener *listener = listener_new(server, address, options,
						 &port, err);

	if (listener == NULL)
		return 0;
	listener->next = server->listeners;
	server->listeners = listener;
	return port;
}

bool http_server_reload_tls(struct http_server *server, struct err *err)
{
	for (struct listener *l = server->listeners; l != NULL; l = l->next)
		if (l->tls != NULL && !tls_reload(l->tls, err))
			return false;
	return true;
}

bool http_server_start(struct http_server *server, struct err *err)
{
	for (struct listener *l = server->listeners; l != NULL; l = l->next)
		listener_start(l, server->loops[0]);
	for (unsigned i = 0; i < server->n_loops; i++)
		if (!loop_start(server->loops[i], err))
			return false;
	return true;
}

static void run_drain(struct loop *loop, struct post *post)
{
	struct http_server *server = post->ctx;

	if (loop == server->loops[0])
		for (struct listener *l = server->listeners; l; l = l->next)
			listener_stop(l);
	loop_drain(loop);
}

void http_server_drain(struct http_server *server)
{
	for (unsigned i = 0; i < server->n_loops; i++) {
		struct post *post = post_new(0);

		post->run = run_drain;
		post->ctx = server;
		loop_post(server->loops[i], post);
	}
}

bool http_server_wait(struct http_server *server, unsigned ms)
{
	struct timespec until;
	bool done;
	int error = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&server->lock);
	while (server->open > 0 && error == 0)
		error = pthread_cond_timedwait(&server->closed, &server->lock,
					       &until);
	done = server->open == 0;
	pthread_mutex_unlock(&server->lock);
	return done;
}

/*
 * The first loop accepts, and gives connections to the others: it ends first,
 * and what it has given away is closed by them.
 */
void http_server_free(struct http_server *server)
{
	if (server == NULL)
		return;
	http_server_drain(server);
	run_hooks(server);
	for (unsigned i = 0; i < server->n_loops; i++)
		loop_free(server->loops[i]);
	while (server->listeners != NULL) {
		struct listener *listener = server->listeners;

		server->listeners = listener->next;
		listener_free(listener);
	}
	for (unsigned i = 0; i < server->n_mounts; i++)
		free((char *)server->mounts[i].prefix);
	free(server->mounts);
	free(server->mounted_on);
	free(server->loops);
	pthread_cond_destroy(&server->closed);
	pthread_mutex_destroy(&server->lock);
	free(server);
}

static uint64_t get(const atomic_uint_least64_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

void http_server_counters(const struct http_server *server,
			  struct http_counters *out)
{
	struct http_counters sum = { 0 };

	for (unsigned i = 0; i < server->n_loops; i++) {
		const struct loop_counters *n = &server->loops[i]->n;

		sum.accepted += get(&n->accepted);
		sum.open += get(&n->accepted) - get(&n->closed);
		sum.requests += get(&n->requests);
		sum.in_hand += get(&n->in_hand);
		sum.refused += get(&n->refused);
		sum.timed_out += get(&n->timed_out);
		sum.tls_failed += get(&n->tls_failed);
		sum.bytes_in += get(&n->bytes_in);
		sum.bytes_out += get(&n->bytes_out);
	}
	*out = sum;
}
