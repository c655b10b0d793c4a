/* SPDX-License-Identifier: Apache-2.0 */
/* A request on the hop: its body up, the answer down, as they come. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "auth/hop.h"
#include "base/clock.h"
#include "frontend/be_cookie.h"
#include "frontend/fields.h"
#include "frontend/passage.h"

enum { UP_MAX = 256 * 1024, DOWN_MAX = 256 * 1024, WATCH_MS = 1000,
       COOKIE_RENEW_S = 7 * 86400 };

/* --- The client's own connection (pass-through) ------------------------ */

/* What lies between the requests of one client connection: the connection
 * on which its handshake was made, and to which server. */
struct bound {
	struct http_upstream *u;
	struct guid server;
	uint64_t vdir_changed;
};

static void drop_bound(void *data)
{
	struct bound *bound = data;

	if (bound->u != NULL)
		http_upstream_close(bound->u);
	free(bound);
}

static void bound_failed(void *ctx, struct http_upstream *u,
			 enum http_upstream_failure failure, const char *text)
{
	struct bound *bound = ctx;

	bound->u = NULL;
}

static const struct http_upstream_events bound_events = {
	.failed = bound_failed };

/* The connection goes back to the client's, to be taken by its next request
 * or closed with it. */
static void keep_bound(struct passage *p)
{
	struct bound *bound = xcalloc(1, sizeof *bound);

	/* Read on, where the client was too slow for the answer's end. */
	http_upstream_pause(p->u, false);
	bound->u = p->u;
	bound->server = p->target.server.guid;
	bound->vdir_changed = p->target.vdir.when_changed;
	http_upstream_bind(p->u, NULL, &bound_events, bound);
	http_conn_set(p->req, HTTP_CONN_UPSTREAM, bound, drop_bound);
}

static struct http_upstream *take_bound(struct passage *p)
{
	struct bound *bound = http_conn_get(p->req, HTTP_CONN_UPSTREAM);
	struct http_upstream *u = NULL;

	if (bound == NULL)
		return NULL;
	if (guid_equal(&bound->server, &p->target.server.guid) &&
	    bound->vdir_changed == p->target.vdir.when_changed &&
	    bound->u != NULL && http_upstream_reusable(bound->u)) {
		u = bound->u;
		bound->u = NULL;
	}
	http_conn_set(p->req, HTTP_CONN_UPSTREAM, NULL, NULL);
	return u;
}

void proxy_let_go(struct passage *p, bool well)
{
	struct http_upstream *u = p->u;

	p->u = NULL;
	if (!well || !http_upstream_reusable(u)) {
		http_upstream_close(u);
	} else if (p->key != NULL) {
		http_upstream_give(u, p->key);
	} else {
		p->u = u;
		keep_bound(p);
		p->u = NULL;
	}
}

/* --- The request's body ----------------------------------------------- */

static void on_body(void *ctx, struct http_request *req, const void *data,
		    size_t len, bool last)
{
	struct passage *p = ctx;

	p->up += len;
	if (p->u == NULL)
		return;           /* answered early */
	http_upstream_send(p->u, data, len);
	if (last)
		http_upstream_finish(p->u);
	else if (http_upstream_unsent(p->u) > UP_MAX)
		http_pause_body(req, true);
}

static void on_drained(void *ctx, struct http_upstream *u)
{
	struct passage *p = ctx;

	http_pause_body(p->req, false);
}

/* --- The answer ------------------------------------------------------- */

static bool is_wanted(struct passage *p)
{
	const char *text = http_cookie(p->req, BE_COOKIE_NAME);
	struct be_cookie cookie;

	return text == NULL ||
		!be_cookie_parse(http_arena(p->req), text, &cookie) ||
		!guid_equal(&cookie.mailbox, &p->target.mailbox.guid) ||
		!guid_equal(&cookie.database, &p->target.mailbox.database) ||
		cookie.expiry < (int64_t)time(NULL) + COOKIE_RENEW_S;
}

/* The hint where the mailbox is, unless the client has one that is right. */
static void put_cookie(struct passage *p)
{
	struct be_cookie cookie = { .mailbox = p->target.mailbox.guid,
		.database = p->target.mailbox.database, .domain = "",
		.expiry = (int64_t)time(NULL) + BE_COOKIE_DAYS * 86400 };
	const char *at = p->mailbox_id != NULL ? strchr(p->mailbox_id, '@') :
		NULL;
	struct arena *arena = http_arena(p->req);
	char expires[HTTP_DATE_SIZE];

	if (!is_wanted(p))
		return;
	if (at != NULL && strpbrk(at, "~;") == NULL)
		cookie.domain = at + 1;
	http_date_format((time_t)cookie.expiry, expires);
	http_header(p->req, "Set-Cookie",
		    arena_printf(arena, "%s=%s; expires=%s; path=/mapi%s; "
				 "HttpOnly", BE_COOKIE_NAME,
				 be_cookie_format(arena, &cookie), expires,
				 http_is_tls(p->req) ? "; secure" : ""));
}

static void put_head(struct passage *p, const struct http_answer *answer)
{
	http_header(p->req, "request-id", p->id);
	http_header(p->req, "X-CalculatedBETarget", p->target.server.fqdn);
	fields_answer(answer, p->passes, p->req);
	if (http_answer_field(answer, "X-DiagInfo") == NULL)
		http_header(p->req, "X-DiagInfo", p->frontend->host_short);
	if (answer->status == 200)
		put_cookie(p);
	passage_put_last(p);
}

static bool is_mapi(const struct http_answer *answer)
{
	const char *type = http_answer_field(answer, "Content-Type");

	return answer->status == 200 && type != NULL &&
		strncasecmp(type, "application/mapi-http", 21) == 0;
}

/* 401 to a front end, or 403 to what it asserts. */
static bool is_refusal(const struct passage *p,
		       const struct http_answer *answer)
{
	return !p->passes && (answer->status == 401 ||
			      (answer->status == 403 &&
			       p->target.hop == FRONTEND_SERVER));
}

/* Nothing is under way in a wait: it can end at any time. */
static bool is_wait(const struct passage *p)
{
	const char *type = http_field(p->req, "X-RequestType");

	return type != NULL && strcasecmp(type, "NotificationWait") == 0;
}

/*
 * A wait does not stay with a server where the database is active no more:
 * nothing would come.  The client connects again.
 */
static void watch(void *ctx, struct http_request *req)
{
	struct passage *p = ctx;
	struct directory *dir = p->frontend->config.directory;
	uint64_t change = directory_change(dir);
	struct dir_mailbox mailbox;
	struct arena *arena;
	bool moved = false;

	if (change != p->change) {
		arena = arena_new(0);
		moved = !directory_mailbox(dir, &p->target.mailbox.guid,
					   arena, &mailbox) ||
			!guid_equal(&mailbox.server,
				    &p->target.mailbox.server);
		arena_free(arena);
		p->change = change;
	}
	if (moved && meta_is_pending(&p->meta))
		passage_fail(p, FRONTEND_MOVED, "the mailbox's database is "
			     "active on another server now", NULL);
	else if (atomic_load(&p->frontend->draining) && is_wait(p) &&
		 meta_is_pending(&p->meta))
		passage_fail(p, FRONTEND_STOPPING, "this front end is "
			     "stopping", NULL);
	else if (!p->meta.done)
		http_timer(req, WATCH_MS, watch, p);
}

/*
 * To a front end that was let in before: the user's token is stale, or the
 * methods have changed meanwhile.
 */
static void refused(struct passage *p, const struct http_answer *answer)
{
	const struct frontend_config *c = &p->frontend->config;
	char offered[64];

	if (http_answer_field(answer, HOP_ASSERTION_HEADER) != NULL &&
	    c->signer != NULL) {
		assertion_renew(c->signer, &p->target.server.guid);
		passage_fail(p, FRONTEND_UNAVAILABLE, "the back end did not "
			     "know the assertion's grant", NULL);
		return;
	}
	fields_offered(answer, offered, sizeof offered);
	backends_offered(p->frontend->backends, &p->target.server.guid,
			 offered);
	passage_fail(p, FRONTEND_HOP_REFUSED,
		     arena_printf(http_arena(p->req), "%s refused the request "
				  "of an authenticated front end with status "
				  "%d, and offers %s", p->target.server.fqdn,
				  answer->status, *offered != '\0' ? offered :
				  "nothing"), NULL);
}

static void on_head(void *ctx, struct http_upstream *u,
		    const struct http_answer *answer)
{
	struct passage *p = ctx;

	if (is_refusal(p, answer)) {
		refused(p, answer);
		return;
	}
	put_head(p, answer);
	p->status = answer->status;
	p->started = true;
	p->mapi = is_mapi(answer);
	if (p->mapi) {
		p->change = directory_change(p->frontend->config.directory);
		http_timer(p->req, WATCH_MS, watch, p);
	}
	backends_tell(p->frontend->backends, &p->target.server.guid, false,
		      FRONTEND_OK, "");
	p->sized = answer->no_body || answer->has_length;
	if (p->sized)
		http_start_sized(p->req, answer->status, answer->length);
	else
		http_start(p->req, answer->status);
}

static void client_took_all(void *ctx, struct http_request *req)
{
	struct passage *p = ctx;

	if (p->u != NULL)
		http_upstream_pause(p->u, false);
}

static void on_piece(void *ctx, struct http_upstream *u, const void *data,
		     size_t len)
{
	struct passage *p = ctx;

	p->down += len;
	if (p->mapi)
		meta_scan(&p->meta, data, len);
	http_send(p->req, &(struct iovec){ (void *)data, len }, 1);
	if (http_unsent(p->req) > DOWN_MAX) {
		http_upstream_pause(u, true);
		http_on_drained(p->req, client_took_all, p);
	}
}

static void on_done(void *ctx, struct http_upstream *u)
{
	struct passage *p = ctx;
	struct http_request *req = p->req;

	proxy_let_go(p, true);
	passage_ended(p);
	http_finish(req);
}

static void on_failed(void *ctx, struct http_upstream *u,
		      enum http_upstream_failure failure, const char *text)
{
	struct passage *p = ctx;

	passage_fail(p, failure_of(failure), text, NULL);
}

static const struct http_upstream_events events = {
	.head = on_head, .body = on_piece, .done = on_done,
	.failed = on_failed, .drained = on_drained };

/* --- The request's head ----------------------------------------------- */

/* What follows the mount's prefix in the path. */
static const char *path_rest(const struct passage *p)
{
	const char *path = http_path(p->req);
	size_t len = strlen(p->mount->prefix);

	return strlen(path) > len ? path + len : "";
}

static char *encode_path(struct arena *arena, const char *path)
{
	static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
		"opqrstuvwxyz0123456789-._~/";
	char *out = arena_alloc(arena, 3 * strlen(path) + 1), *at = out;

	for (; *path != '\0'; path++) {
		if (strchr(safe, *path) != NULL)
			*at++ = *path;
		else
			at += sprintf(at, "%%%02X", (unsigned char)*path);
	}
	*at = '\0';
	return out;
}

static void send_head(struct passage *p)
{
	struct http_request *req = p->req;
	struct arena *arena = http_arena(req);
	const char *query = http_query(req), *rest = path_rest(p);
	const char *root = p->target.origin.path, *base = p->mount->back;
	struct buf fields = BUF_INIT;
	char *target;

	target = arena_printf(arena, "%s%s%s%s%s", root, base,
			      encode_path(arena, rest),
			      *query != '\0' ? "?" : "", query);
	fields_request(req, p->passes, &fields);
	hop_put_fields(p, http_method(req),
		       arena_printf(arena, "%s%s%s", root, base, rest),
		       query, &fields);
	http_upstream_request(p->u, http_method(req), target, fields.data,
			      fields.len, http_body_length(req));
	buf_free(&fields);
}

void proxy_send(struct passage *p)
{
	http_upstream_bind(p->u, p->req, &events, p);
	bump(&p->frontend->n.proxied, 1);
	bump(&p->frontend->n.pending, 1);
	p->counted = true;
	send_head(p);
	http_read_body(p->req, on_body, p);
}

/* --- Which connection ------------------------------------------------- */

/*
 * Connections are shared by what authenticated them: this server, or one
 * user; and no longer than the virtual directory stays as it is.
 */
static const char *pool_key(struct passage *p)
{
	char server[GUID_TEXT_SIZE], user[GUID_TEXT_SIZE] = "";
	bool delegated = p->target.hop == FRONTEND_DELEGATION;

	guid_format(&p->target.server.guid, server);
	if (delegated)
		guid_format(&p->who->user, user);
	return arena_printf(http_arena(p->req), "%s/%s/%s/%llx",
			    delegated ? "delegation" : "server", server, user,
			    (unsigned long long)p->target.vdir.when_changed);
}

static void begin_pass_through(struct passage *p)
{
	p->u = take_bound(p);
	if (p->u == NULL)
		p->u = http_upstream_open(p->frontend->ups, p->req,
					  &p->target.origin, &events, p);
	proxy_send(p);
}

void proxy_begin(struct passage *p)
{
	struct frontend *f = p->frontend;
	char why[BACKEND_TEXT] = "";

	if (!backends_allow(f->backends, &p->target.server.guid,
			    p->target.vdir.when_changed, why)) {
		passage_fail(p, FRONTEND_DOWN,
			     arena_printf(http_arena(p->req), "%s is down: "
					  "%s", p->target.server.fqdn, why),
			     NULL);
		return;
	}
	if (p->passes) {
		begin_pass_through(p);
		return;
	}
	p->key = pool_key(p);
	p->u = http_upstream_take(f->ups, p->req, p->key, &events, p);
	if (p->u != NULL)
		proxy_send(p);
	else
		hop_auth_begin(p);
}
