/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/posthoused/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/ops.h"
#include "base/arena.h"
#include "cmd/posthoused/address_book.h"
#include "cmd/posthoused/audit.h"
#include "cmd/posthoused/callers.h"
#include "cmd/posthoused/fronting.h"
#include "cmd/posthoused/listen.h"
#include "cmd/posthoused/mirroring.h"
#include "cmd/posthoused/numbers.h"
#include "cmd/posthoused/system.h"
#include "cmd/posthoused/tokens.h"
#include "directory/directory.h"
#include "endpoint/autodiscover.h"
#include "endpoint/endpoint.h"
#include "http/server.h"
#include "mailbox/mailbox.h"
#include "store/pool.h"

struct daemon {
	const struct config *config;
	struct log *log;
	struct arena *arena;
	struct http_server *http;
	struct directory *directory;
	struct store_pool *pool;
	struct mailbox_service *mailboxes;
	struct address_book book;
	struct callers callers;
	struct tokens tokens;
	struct audit *audit;
	struct metrics *metrics;
	struct numbers numbers;
	char *helper;
	struct endpoint_service *endpoint;        /* NULL: no mailbox role */
	struct frontend *frontend;                /* NULL: no front-end role */
	struct autodiscover_service *autodiscover;
	struct mirroring *mirroring;              /* NULL: no LDAP */
	struct admin_daemon admin;
	struct admin_server *admin_server;
};

/* What is logged ------------------------------------------------------- */

static void on_refused(void *ctx, const char *peer, int status,
		       const char *reason)
{
	const struct daemon *d = ctx;
	char text[128];

	log_event(d->log, LOG_LEVEL_INFO, "refused",
		  "peer=%s status=%d reason=%s", peer, status,
		  log_quote(reason, text, sizeof text));
}

static void on_directory_failed(void *ctx, const char *why)
{
	const struct daemon *d = ctx;
	char text[512];

	log_event(d->log, LOG_LEVEL_ERROR, "directory", "error=%s",
		  log_quote(why, text, sizeof text));
}

static void on_mailbox_event(void *ctx, const struct mailbox_event *event)
{
	static const struct {
		const char *name;
		enum log_level level;
	} kinds[] = {
		[MAILBOX_FAULT] = { "fault", LOG_LEVEL_ERROR },
		[MAILBOX_ADMIN_LOGON] = { "admin_logon", LOG_LEVEL_WARNING },
		[MAILBOX_LOGON_REFUSED] = { "logon_refused",
					    LOG_LEVEL_INFO },
		[MAILBOX_SESSION_LIMIT] = { "session_limit",
					    LOG_LEVEL_WARNING },
	};
	const struct daemon *d = ctx;
	char user[256], mailbox[256], text[512];

	if ((size_t)event->type >= sizeof kinds / sizeof kinds[0])
		return;
	if (event->type == MAILBOX_ADMIN_LOGON)
		audit_admin_logon(d->audit, event->user, event->mailbox,
				  event->err->text);
	log_event(d->log, kinds[event->type].level, kinds[event->type].name,
		  "user=%s mailbox=%s ec=%s text=%s",
		  log_quote(event->user, user, sizeof user),
		  log_quote(event->mailbox, mailbox, sizeof mailbox),
		  ec_name(event->err->ec),
		  log_quote(event->err->text, text, sizeof text));
}

/* HTTP ----------------------------------------------------------------- */

static bool start_http(struct daemon *d, struct err *err)
{
	const struct config_limits *limits = &d->config->limits;
	struct http_server_config http = { .refused = on_refused, .ctx = d };

	http.threads = system_io_threads(d->config->io_threads);
	http_limits_default(&http.limits);
	http.limits.head_max = limits->header_size;
	if (http.limits.line_max > limits->header_size)
		http.limits.line_max = limits->header_size;
	http.limits.connections_max = limits->connections;
	http.limits.header_ms = limits->header_timeout;
	http.limits.body_ms = limits->body_timeout;
	http.limits.idle_ms = limits->idle_timeout;
	d->http = http_server_new(&http, err);
	if (d->http == NULL)
		return false;
	return listen_all(d->http, d->config, d->log, err);
}

/* Privileges ----------------------------------------------------------- */

static bool drop(struct daemon *d, struct err *err)
{
	const struct config *c = d->config;
	const char *files[4] = { NULL };
	size_t n = 0;

	if (!system_pid_write(c->pid_file, err) ||
	    !audit_open(c->audit_file, &d->audit, err))
		return false;
	if (c->pid_file != NULL)
		files[n++] = c->pid_file;
	if (c->log_file != NULL)
		files[n++] = c->log_file;
	if (c->audit_file != NULL)
		files[n++] = c->audit_file;
	if (!system_drop(c->user, files, err))
		return false;
	if (geteuid() == 0)
		log_event(d->log, LOG_LEVEL_WARNING, "root", "text=\"the "
			  "daemon keeps running as root; set user under "
			  "[server]\"");
	if (c->key != NULL && access(c->key, R_OK) < 0)
		log_event(d->log, LOG_LEVEL_WARNING, "key", "text=\"after "
			  "dropping privileges the key can't be read: renewing "
			  "it needs a restart, not SIGHUP\"");
	return true;
}

/* Mailboxes ------------------------------------------------------------ */

static bool open_directory(struct daemon *d, struct err *err)
{
	char *path = config_directory_path(d->config);
	struct dir_server self;
	bool ok;

	ok = directory_open(path, d->config->server_name, &d->directory, err);
	free(path);
	if (!ok)
		return false;
	if (!directory_this_server(d->directory, d->arena, &self))
		return err_set(err, EC_NOT_FOUND, "%s: the directory has no "
			       "server %s; add it with \"posthouse server "
			       "new\", or change name under [server]",
			       d->config->path, d->config->server_name);
	return directory_follow(d->directory, on_directory_failed, d, err);
}

static bool open_store(struct daemon *d, struct err *err)
{
	const char *staging = arena_printf(d->arena, "%s/staging",
					   d->config->data);

	if (mkdir(staging, 0700) < 0 && errno != EEXIST)
		return err_set(err, EC_DISK_ERROR, "cannot make the folder %s:"
			       " %s", staging, strerror(errno));
	d->pool = store_pool_new(&(struct store_pool_config){
			.staging_dir = staging,
			.max_open = d->config->limits.open_mailboxes,
			.max_waiters = d->config->limits.lock_waiters }, err);
	return d->pool != NULL;
}

static void start_mailboxes(struct daemon *d)
{
	const struct config_limits *l = &d->config->limits;

	d->mailboxes = mailbox_service_new(&(struct mailbox_options){
		.directory = d->directory, .pool = d->pool,
		.limits = { .sessions_user = l->sessions_user,
			    .sessions_other = l->sessions_other,
			    .sessions_admin = l->sessions_admin,
			    .contexts_user = l->contexts_user,
			    .foreign_logons = l->foreign_logons,
			    .lock_waiters = l->lock_waiters,
			    .folders = l->folders, .messages = l->messages,
			    .streams = l->streams,
			    .attachments = l->attachments,
			    .tables = l->tables,
			    .subscriptions = l->notifications },
		.server = d->config->server_name,
		.event = on_mailbox_event, .event_ctx = d });
}

/* X-ServerApplication's form of the AdminDisplayVersion: 15.01.2507.006;
 * NULL when there is none. */
static const char *application_version(struct daemon *d,
				       const struct dir_server *self)
{
	unsigned major, minor, build, revision;

	if (!dir_version_parse(self->version, &major, &minor, &build,
			       &revision))
		return NULL;
	return arena_printf(d->arena, "%02u.%02u.%04u.%03u", major, minor,
			    build, revision);
}

static bool start_endpoint(struct daemon *d, struct err *err)
{
	const struct config_limits *l = &d->config->limits;
	struct dir_server self;

	if (d->mailboxes == NULL)
		return true;
	if (!directory_this_server(d->directory, d->arena, &self))
		return err_set(err, EC_NOT_FOUND, "this server was removed "
			       "from the directory");
	if (!address_book_start(d->directory, d->log, &d->book, err))
		return false;
	d->endpoint = endpoint_new(&(struct endpoint_config){
		.mailboxes = d->mailboxes, .nspi = d->book.nspi,
		.log = d->log,
		.policy = d->callers.front_end,
		.back_end_policy = d->callers.back_end, .hop = d->tokens.hop,
		.host = self.fqdn,
		.version = application_version(d, &self),
		.workers = system_workers(d->config->workers),
		.pending_ms = l->pending_period,
		.expiration_ms = l->expiration,
		.wait_ms = l->notification_wait,
		.body_max = l->body_size }, err);
	if (d->endpoint == NULL)
		return false;
	endpoint_attach(d->endpoint, d->http);
	return true;
}

static bool has_role(const struct daemon *d, enum dir_role role)
{
	return (d->config->roles & role) != 0;
}

static bool start_frontend(struct daemon *d, struct err *err)
{
	return !has_role(d, DIR_ROLE_FRONTEND) ||
		fronting_start(&(struct fronting){ .config = d->config,
			.http = d->http, .directory = d->directory,
			.callers = &d->callers, .tokens = &d->tokens,
			.endpoint = d->endpoint, .log = d->log },
			&d->frontend, err);
}

/* Whatever the roles: it needs the directory alone. */
static bool start_autodiscover(struct daemon *d, struct err *err)
{
	struct autodiscover_config config = { .dir = d->directory,
		.policy = d->callers.front_end, .log = d->log };
	struct autodiscover_redirect *redirects;
	struct dir_server self;

	if (!directory_this_server(d->directory, d->arena, &self))
		return err_set(err, EC_NOT_FOUND, "this server was removed "
			       "from the directory");
	if (!autodiscover_parse_redirects(d->config->autodiscover_redirect,
					  d->arena, &redirects,
					  &config.redirect_count, err))
		return err_prefix(err, "[autodiscover] redirect");
	config.redirects = redirects;
	config.host = self.fqdn;
	config.version = application_version(d, &self);
	d->autodiscover = autodiscover_new(&config);
	autodiscover_attach(d->autodiscover, d->http);
	return true;
}

/* All is attached that will be: let requests in. */
static bool start_serving(struct daemon *d, struct err *err)
{
	d->metrics = metrics_new();
	d->numbers = (struct numbers){ .http = d->http,
		.auth = d->callers.auth, .gate = d->callers.gate,
		.tokens = &d->tokens, .endpoint = d->endpoint,
		.autodiscover = d->autodiscover,
		.mailboxes = d->mailboxes, .pool = d->pool,
		.version = POSTHOUSE_VERSION };
	numbers_attach(&d->numbers, d->metrics);
	if (d->frontend != NULL)
		fronting_metrics(d->frontend, d->metrics);
	return http_server_start(d->http, err);
}

/* Who callers are, and what they show. */
static bool start_callers(struct daemon *d, struct err *err)
{
	if (has_role(d, DIR_ROLE_MAILBOX))
		start_mailboxes(d);
	d->helper = system_helper_path(d->config->auth_helper);
	return tokens_start(&d->tokens, d->config, d->directory, d->helper,
			    d->log, err) &&
		callers_start(&d->callers, d->config, d->directory, d->helper,
			      d->tokens.bearer, d->log, err) &&
		audit_follow(d->audit, d->directory, d->config->data, d->log,
			     err);
}

/* Administration ------------------------------------------------------- */

/* What "posthouse daemon status" shows besides the mailboxes. */
static void tell_status(void *ctx, json_t *into)
{
	struct daemon *d = ctx;
	struct http_counters http;
	struct endpoint_counters ep = { 0 };
	struct auth_stats auth;

	http_server_counters(d->http, &http);
	if (d->endpoint != NULL)
		endpoint_counters(d->endpoint, &ep);
	auth_stats(d->callers.auth, &auth);
	json_object_set_new(into, "pid", json_integer(getpid()));
	json_object_set_new(into, "sessions", json_integer(
		d->mailboxes == NULL ? 0 :
		(json_int_t)mailbox_service_sessions(d->mailboxes)));
	if (d->frontend != NULL)
		fronting_status(d->frontend, into);
	json_object_set_new(into, "http", json_pack("{s:I,s:I,s:I,s:I}",
		"open", (json_int_t)http.open, "accepted",
		(json_int_t)http.accepted, "requests",
		(json_int_t)http.requests, "refused",
		(json_int_t)http.refused));
	json_object_set_new(into, "mapi", json_pack("{s:I,s:I,s:I,s:I,s:I}",
		"contexts", (json_int_t)ep.contexts, "waiting",
		(json_int_t)ep.waiting, "execute", (json_int_t)ep.execute,
		"inline", (json_int_t)ep.execute_inline, "connect",
		(json_int_t)ep.connect));
	json_object_set_new(into, "auth", json_pack("{s:I,s:I,s:I,s:I,s:I}",
		"checks", (json_int_t)auth.checks, "remembered",
		(json_int_t)auth.remembered, "denied",
		(json_int_t)auth.denied, "throttled",
		(json_int_t)auth.throttled, "helpers_lost",
		(json_int_t)auth.helpers_lost));
}

static bool start_admin(struct daemon *d, struct err *err)
{
	char *path = config_socket_path(d->config);
	bool ok;

	d->admin = (struct admin_daemon){ .directory = d->directory,
		.pool = d->pool, .status = tell_status, .status_ctx = d };
	ok = admin_serve(path, admin_tables, &d->admin, d->log,
			 &d->admin_server, err);
	free(path);
	return ok;
}

/* The whole ------------------------------------------------------------ */

bool daemon_start(const struct config *config, struct log *log,
		  struct daemon **out, struct err *err)
{
	struct daemon *d = xcalloc(1, sizeof *d);

	d->config = config;
	d->log = log;
	d->arena = arena_new(0);
	system_raise_files();
	if (start_http(d, err) && drop(d, err) && open_directory(d, err) &&
	    open_store(d, err) && start_callers(d, err) &&
	    start_endpoint(d, err) && start_frontend(d, err) &&
	    start_autodiscover(d, err) && start_serving(d, err) &&
	    start_admin(d, err) &&
	    mirroring_start(config, d->helper, log, &d->mirroring, err)) {
		*out = d;
		return true;
	}
	daemon_stop(d);
	return false;
}

void daemon_reload(struct daemon *d)
{
	char text[512];
	struct err err;

	if (!log_reopen(d->log, &err) || !audit_reopen(d->audit, &err))
		log_event(d->log, LOG_LEVEL_ERROR, "reload", "error=%s",
			  log_quote(err.text, text, sizeof text));
	tokens_reload(&d->tokens);
	if (!http_server_reload_tls(d->http, &err) ||
	    (d->frontend != NULL && !frontend_reload(d->frontend, &err)))
		log_event(d->log, LOG_LEVEL_ERROR, "reload", "error=%s",
			  log_quote(err.text, text, sizeof text));
	else
		log_event(d->log, LOG_LEVEL_INFO, "reload", "result=ok");
}

void daemon_drain(struct daemon *d)
{
	if (d->endpoint != NULL)
		endpoint_drain(d->endpoint);
	if (d->frontend != NULL)
		frontend_drain(d->frontend);
	http_server_drain(d->http);
}

bool daemon_wait(struct daemon *d, unsigned ms)
{
	return http_server_wait(d->http, ms);
}

void daemon_stop(struct daemon *d)
{
	if (d == NULL)
		return;
	mirroring_stop(d->mirroring);
	admin_stop(d->admin_server);
	http_server_free(d->http);
	autodiscover_free(d->autodiscover);
	frontend_free(d->frontend);
	endpoint_free(d->endpoint);
	tokens_stop(&d->tokens);
	callers_stop(&d->callers);
	if (d->mailboxes != NULL)
		mailbox_service_free(d->mailboxes);
	address_book_stop(&d->book);
	store_pool_free(d->pool);
	audit_close(d->audit);
	metrics_free(d->metrics);
	directory_close(d->directory);
	system_pid_remove(d->config->pid_file);
	free(d->helper);
	arena_free(d->arena);
	free(d);
}
