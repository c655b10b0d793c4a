/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new connection to a back end is authenticated before the first request
 * goes on it, by requests without a body: NTLM takes two of them, Kerberos
 * one.  Then it is warm, and goes to the pool between requests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/hop.h"
#include "frontend/fields.h"
#include "frontend/passage.h"

static void begin_method(struct passage *p);
static void send_step(struct passage *p);

void hop_auth_free(struct passage *p)
{
	struct hop_auth *hop = p->hop;

	if (hop == NULL)
		return;
	p->hop = NULL;
	initiate_free(hop->handshake);
	free(hop->token);
	free(hop->cause);
	free(hop);
}

/* --- Which method ----------------------------------------------------- */

static const char *scheme_of(enum initiate_method method)
{
	return method == INITIATE_NTLM ? "NTLM" : "Negotiate";
}

/* As IISAuthenticationMethods has it. */
static const char *setting_of(enum initiate_method method)
{
	return method == INITIATE_NTLM ? "Ntlm" : "Negotiate";
}

static void choose_methods(const struct passage *p, struct hop_auth *hop)
{
	const struct frontend_config *c = &p->frontend->config;
	bool same = route_same_version(c->version, p->target.server.version);

	hop->n_methods = 1;
	if (p->target.hop == FRONTEND_DELEGATION) {
		hop->methods[0] = INITIATE_KERBEROS;
	} else if (c->hop_auth == FRONTEND_AUTH_NEGOTIATE) {
		hop->methods[0] = INITIATE_NEGOTIATE;
	} else if (c->hop_auth == FRONTEND_AUTH_NTLM || !same) {
		hop->methods[0] = INITIATE_NTLM;
	} else {
		hop->methods[0] = INITIATE_NEGOTIATE;
		hop->methods[1] = INITIATE_NTLM;
		hop->n_methods = 2;
	}
}

/* --- When it fails ---------------------------------------------------- */

/* What a back end offers, in the words of IISAuthenticationMethods. */
static void as_settings(const char *offered, char *out, size_t size)
{
	size_t at = 0;

	out[0] = '\0';
	while (*offered != '\0') {
		size_t len = strcspn(offered, ", ");
		const char *name = len == 4 && memcmp(offered, "NTLM", 4) == 0
			? "Ntlm" : len == 6 &&
			memcmp(offered, "Bearer", 6) == 0 ? "OAuth" : NULL;

		if (at + len + 3 < size)
			at += (size_t)snprintf(out + at, size - at, "%s%.*s",
				at > 0 ? ", " : "", name != NULL ? 5 :
				(int)len, name != NULL ? name : offered);
		offered += len;
		offered += strspn(offered, ", ");
	}
}

static void short_version(const char *text, char out[static 24])
{
	unsigned major = 0, minor = 0, build, revision;

	dir_version_parse(text, &major, &minor, &build, &revision);
	snprintf(out, 24, "%u.%u", major, minor);
}

/* For X-FailureContext, as frontend.h says. */
static char *describe(struct passage *p)
{
	const struct target *t = &p->target;
	char from[24], to[24];

	short_version(p->frontend->config.version, from);
	short_version(t->server.version, to);
	return arena_printf(http_arena(p->req), "hop=%s(%s)->%s(%s);needed=%s;"
			    "offered=%s", p->frontend->config.host, from,
			    t->server.fqdn, to,
			    scheme_of(p->hop->methods[0]), p->hop->offered);
}

static void fail(struct passage *p, enum frontend_failure failure,
		 const char *text)
{
	char offered[64];

	as_settings(p->hop->offered, offered, sizeof offered);
	backends_offered(p->frontend->backends, &p->target.server.guid,
			 offered);
	passage_fail(p, failure, text, describe(p));
}

/* The story: the method that is needed is not among those offered. */
static void fail_method(struct passage *p)
{
	const struct target *t = &p->target;
	char offered[64];

	as_settings(p->hop->offered, offered, sizeof offered);
	fail(p, FRONTEND_HOP_METHOD,
	     arena_printf(http_arena(p->req), "%s (%s) offers %s, but %s (%s) "
			  "needs %s; cure: Get-MapiVirtualDirectory -Server "
			  "%s | Set-MapiVirtualDirectory "
			  "-IISAuthenticationMethods Ntlm, OAuth, Negotiate",
			  t->server.fqdn, t->server.version,
			  *offered != '\0' ? offered : "no method",
			  p->frontend->config.host,
			  p->frontend->config.version,
			  setting_of(p->hop->methods[0]), t->server.name));
}

/* On to the next method that the rule allows, on a new connection. */
static bool try_next(struct passage *p)
{
	struct hop_auth *hop = p->hop;

	if (hop->at + 1 >= hop->n_methods)
		return false;
	hop->at++;
	begin_method(p);
	return true;
}

static void initiate_failed(struct passage *p)
{
	struct hop_auth *hop = p->hop;
	enum frontend_failure failure = FRONTEND_HOP_ACCOUNT;

	if (hop->reason == INITIATE_LOST ||
	    hop->reason == INITIATE_TIMED_OUT)
		failure = FRONTEND_UNAVAILABLE;
	else if (hop->reason == INITIATE_REFUSED)
		failure = FRONTEND_HOP_REFUSED;
	else if (try_next(p))
		return;
	fail(p, failure, arena_printf(http_arena(p->req), "%s with %s: %s",
				      scheme_of(hop->methods[hop->at]),
				      p->target.server.fqdn,
				      hop->cause != NULL ? hop->cause : ""));
}

/* --- What the back end says ------------------------------------------- */

static void on_head(void *ctx, struct http_upstream *u,
		    const struct http_answer *answer)
{
	struct passage *p = ctx;
	struct hop_auth *hop = p->hop;
	const char *challenge = fields_challenge(answer,
		scheme_of(hop->methods[hop->at]));

	hop->answer = answer->status;
	hop->stale = http_answer_field(answer, HOP_ASSERTION_HEADER) != NULL;
	hop->has_challenge = challenge != NULL;
	hop->other_offered = hop->at + 1 < hop->n_methods &&
		fields_challenge(answer,
				 scheme_of(hop->methods[hop->at + 1])) != NULL;
	snprintf(hop->challenge, sizeof hop->challenge, "%s",
		 challenge != NULL ? challenge : "");
	if (answer->status == 401)
		fields_offered(answer, hop->offered, sizeof hop->offered);
}

static void on_body(void *ctx, struct http_upstream *u, const void *data,
		    size_t len)
{
}

static void stepped(void *ctx, const struct initiate_result *result);

static void authenticated(struct passage *p)
{
	if (!http_upstream_reusable(p->u)) {
		fail(p, FRONTEND_HOP_REFUSED,
		     arena_printf(http_arena(p->req), "%s closes the "
				  "connection on which the front end has "
				  "authenticated", p->target.server.fqdn));
		return;
	}
	bump(&p->frontend->n.handshakes, 1);
	hop_auth_free(p);
	proxy_send(p);
}

static void not_accepted(struct passage *p)
{
	fail(p, FRONTEND_HOP_REFUSED,
	     arena_printf(http_arena(p->req), "%s refused %s of this front "
			  "end (%s)", p->target.server.fqdn,
			  scheme_of(p->hop->methods[p->hop->at]),
			  p->frontend->config.host));
}

/*
 * 403: the connection is known by now, but not the user; of a back end that
 * was started anew: since the assertion's grant is from before.
 */
static void not_believed(struct passage *p)
{
	struct hop_auth *hop = p->hop;

	if (hop->stale && !hop->renewed &&
	    p->frontend->config.signer != NULL) {
		hop->renewed = true;
		assertion_renew(p->frontend->config.signer,
				&p->target.server.guid);
		free(hop->token);
		hop->token = NULL;
		send_step(p);
		return;
	}
	fail(p, FRONTEND_HOP_REFUSED,
	     arena_printf(http_arena(p->req), "%s does not believe what this "
			  "front end (%s) asserts; its log says why",
			  p->target.server.fqdn, p->frontend->config.host));
}

static void was_asked(struct passage *p)
{
	struct hop_auth *hop = p->hop;

	if (!hop->has_challenge) {
		if (!hop->other_offered || !try_next(p))
			fail_method(p);
	} else if (*hop->challenge == '\0' || hop->status == INITIATE_OK ||
		   !http_upstream_reusable(p->u)) {
		not_accepted(p);
	} else {
		p->waiting = true;
		initiate_step(hop->handshake, hop->challenge, stepped, p);
	}
}

static void on_done(void *ctx, struct http_upstream *u)
{
	struct passage *p = ctx;

	if (p->hop->answer == 401)
		was_asked(p);
	else if (p->hop->answer == 403 && p->target.hop == FRONTEND_SERVER)
		not_believed(p);
	else if (p->hop->answer == 503)
		fail(p, FRONTEND_UNAVAILABLE, "the back end's authentication "
		     "is not available");
	else
		authenticated(p);
}

static void on_failed(void *ctx, struct http_upstream *u,
		      enum http_upstream_failure failure, const char *text)
{
	struct passage *p = ctx;

	if (p->waiting) {
		p->u = NULL;      /* told when the helper has answered */
		return;
	}
	passage_fail(p, failure_of(failure), text, NULL);
}

static const struct http_upstream_events events = {
	.head = on_head, .body = on_body, .done = on_done,
	.failed = on_failed };

/* --- What we say ------------------------------------------------------ */

static const char probe_method[] = "POST";

static void send_step(struct passage *p)
{
	struct hop_auth *hop = p->hop;
	struct buf fields = BUF_INIT;
	struct arena *arena = http_arena(p->req);
	char *path = arena_printf(arena, "%s/emsmdb/", p->target.origin.path);

	if (hop->token != NULL)
		buf_printf(&fields, "Authorization: %s %s\r\n",
			   scheme_of(hop->methods[hop->at]), hop->token);
	hop_put_fields(p, probe_method, path, "", &fields);
	http_upstream_request(p->u, probe_method, path, fields.data,
			      fields.len, 0);
	http_upstream_finish(p->u);
	buf_free(&fields);
}

/* Back on the I/O thread with what the helper made. */
static void continued(void *ctx, struct http_request *req)
{
	struct passage *p = ctx;

	p->waiting = false;
	if (p->gone) {
		passage_ended(p);
		http_abort(req);
	} else if (p->hop->status == INITIATE_FAILED) {
		initiate_failed(p);
	} else if (p->u == NULL) {
		passage_fail(p, FRONTEND_BROKEN, "the back end closed the "
			     "connection within the handshake", NULL);
	} else {
		send_step(p);
	}
}

/* On a thread of auth, or on ours before the step's call returns. */
static void stepped(void *ctx, const struct initiate_result *result)
{
	struct passage *p = ctx;
	struct hop_auth *hop = p->hop;

	free(hop->token);
	free(hop->cause);
	hop->status = result->status;
	hop->reason = result->reason;
	hop->token = result->token != NULL ? xstrdup(result->token) : NULL;
	hop->cause = xstrdup(result->cause != NULL ? result->cause : "");
	http_post(p->req, continued, p);
}

static void ready(void *ctx, struct http_upstream *u)
{
	struct passage *p = ctx;
	struct hop_auth *hop = p->hop;
	uint8_t binding[HTTP_BINDING_MAX];
	struct initiate_options options = {
		.method = hop->methods[hop->at],
		.host = p->target.server.fqdn,
		.user = p->target.hop == FRONTEND_DELEGATION ? p->who->upn :
			NULL,
		.binding = binding };

	options.binding_len = http_upstream_binding(u, binding);
	p->waiting = true;
	hop->handshake = initiate_begin(p->frontend->config.auth, &options,
					stepped, p);
}

static void begin_method(struct passage *p)
{
	struct frontend *f = p->frontend;

	if (p->u != NULL)
		http_upstream_close(p->u);
	initiate_free(p->hop->handshake);
	p->hop->handshake = NULL;
	p->u = http_upstream_open(f->ups, p->req, &p->target.origin, &events,
				  p);
	http_upstream_when_ready(p->u, ready);
}

void hop_auth_begin(struct passage *p)
{
	p->hop = xcalloc(1, sizeof *p->hop);
	choose_methods(p, p->hop);
	begin_method(p);
}

/* --- What servers tell each other ------------------------------------- */

/* The peer's address without its port. */
static int address_length(const char *peer)
{
	const char *colon = strrchr(peer, ':');

	return colon != NULL ? (int)(colon - peer) : (int)strlen(peer);
}

static void put_user(struct passage *p, const char *method, const char *path,
		     const char *query, struct buf *out)
{
	const struct frontend_config *c = &p->frontend->config;
	struct assertion_request request = { .method = method, .path = path,
		.query = query, .request_id = p->id };
	struct assertion_user user = { .guid = p->who->user };
	struct assertion_peer to = { .guid = p->target.server.guid };
	char text[ASSERTION_TEXT_SIZE];

	if (c->signer == NULL || p->target.server.assertion_key == NULL)
		return;
	memcpy(to.key, p->target.server.assertion_key, sizeof to.key);
	if (assertion_make(c->signer, &to, &user, &request, text, NULL))
		buf_printf(out, "%s: %s\r\n", ASSERTION_HEADER, text);
}

void hop_put_fields(struct passage *p, const char *method, const char *path,
		    const char *query, struct buf *out)
{
	const char *peer = http_peer(p->req);

	buf_printf(out, "request-id: %s\r\nX-Forwarded-For: %.*s\r\n%s: %u"
		   "\r\n", p->id, address_length(peer), peer,
		   HOP_COUNT_HEADER, p->hops + 1);
	if (p->target.hop == FRONTEND_SERVER && p->who != NULL)
		put_user(p, method, path, query, out);
}
