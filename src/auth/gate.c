/* SPDX-License-Identifier: Apache-2.0 */
/* One request's way through the gate, and what its connection keeps. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/authorization.h"
#include "auth/base64.h"
#include "auth/bearer.h"
#include "auth/gate_impl.h"
#include "auth/ntlm.h"
#include "base/arena.h"

#define BINDING_PREFIX "tls-server-end-point:"

enum { PREFIX_LEN = sizeof BINDING_PREFIX - 1, ADDRESS_SIZE = 64 };

/* --- What a connection keeps: the I/O thread's ------------------------ */

struct gate_conn {
	/* A handshake under way. */
	struct accept *accept;
	enum gate_method scheme;
	/* What is to be said next behind the scheme's name; NULL: nothing. */
	char *token;
	/* Who it is authenticated as: one of the two, or nobody. */
	const struct identity *who;
	struct dir_server *server;        /* one block with its strings */
	enum gate_method method;
	const char *how;
	bool bound;
	char *target;
	uint64_t change;          /* of the directory, last looked at */
};

static void free_conn(void *data)
{
	struct gate_conn *c = data;

	accept_unref(c->accept);
	free(c->token);
	identity_unref(c->who);
	free(c->server);
	free(c->target);
	free(c);
}

static struct gate_conn *conn_of(const struct http_request *req)
{
	return http_conn_get(req, HTTP_CONN_AUTH);
}

static void forget_conn(struct http_request *req)
{
	if (conn_of(req) != NULL)
		http_conn_set(req, HTTP_CONN_AUTH, NULL, NULL);
}

/* With what is looked at of a server. */
static struct dir_server *keep_server(const struct dir_server *from)
{
	size_t name = strlen(from->name) + 1, fqdn = strlen(from->fqdn) + 1;
	struct dir_server *s = xcalloc(1, sizeof *s + name + fqdn +
				       DIR_ASSERTION_KEY_SIZE);
	uint8_t *at = (uint8_t *)(s + 1);

	s->guid = from->guid;
	s->roles = from->roles;
	if (from->assertion_key != NULL)
		s->assertion_key = memcpy(at, from->assertion_key,
					  DIR_ASSERTION_KEY_SIZE);
	at += DIR_ASSERTION_KEY_SIZE;
	s->name = memcpy(at, from->name, name);
	s->fqdn = memcpy(at + name, from->fqdn, fqdn);
	s->version = s->site = s->make = "";
	return s;
}

const struct identity *gate_connection_user(const struct http_request *req)
{
	const struct gate_conn *c = conn_of(req);

	return c != NULL ? c->who : NULL;
}

/* --- A check ---------------------------------------------------------- */

/* In the request's arena, until done was called. */
struct step {
	struct gate_policy *policy;
	struct gate_rules *rules;
	struct http_request *req;
	gate_done *done;
	void *ctx;
	pthread_t thread;
	uint64_t change;          /* of the directory, when it began */
	enum gate_method method;
	char address[ADDRESS_SIZE];

	/* How it came out; filled on another thread. */
	enum auth_result auth;
	enum accept_status accept;
	const struct identity *who;       /* a reference */
	struct dir_server *server;        /* owned */
	enum handshake_mech mech;
	bool bound, throttled;
	char *token, *target, *user, *cause;      /* owned */
};

static void count_method(struct gate *g, enum gate_method method,
			 const char *how)
{
	atomic_fetch_add(method == GATE_BASIC ? &g->n.basic :
			 method == GATE_OAUTH ? &g->n.bearer :
			 method == GATE_NTLM ? &g->n.ntlm :
			 strcmp(how, "Negotiate/NTLM") == 0 ?
			 &g->n.negotiate_ntlm : &g->n.negotiate_kerberos, 1);
}

/* Tell the caller; the step is over. */
static void finish(struct step *s, const struct gate_result *result)
{
	struct gate *g = s->policy->gate;

	if (result->status == GATE_OK) {
		atomic_fetch_add(&g->n.ok, 1);
		count_method(g, result->method, result->how);
	} else if (result->status == GATE_UNAVAILABLE) {
		atomic_fetch_add(&g->n.unavailable, 1);
	} else {
		atomic_fetch_add(result->cause == NULL ? &g->n.asked :
				 s->throttled ? &g->n.throttled :
				 &g->n.denied, 1);
	}
	gate_rules_unref(s->rules);
	s->done(s->ctx, s->req, result);
	/* s may be gone with the request's arena. */
}

static void log_failure(const struct step *s, enum auth_result result,
			const char *user, const char *cause)
{
	const struct gate_config *config = &s->policy->gate->config;
	struct gate_failure f = { .peer = http_peer(s->req), .user = user,
		.cause = cause, .method = s->method, .result = result };

	if (config->failed != NULL)
		config->failed(config->ctx, &f);
}

/* Refused: what was kept of the connection is forgotten. */
static void refuse(struct step *s, enum auth_result result, const char *user,
		   const char *cause)
{
	struct gate_result r = { .status = result == AUTH_UNAVAILABLE ?
		GATE_UNAVAILABLE : GATE_UNAUTHORIZED, .method = s->method,
		.how = "", .cause = cause };

	s->throttled = s->throttled || result == AUTH_THROTTLED;
	forget_conn(s->req);
	if (cause != NULL)
		log_failure(s, result, user, cause);
	finish(s, &r);
}

/* The peer without its port, for the throttle. */
static void peer_address(const char *peer, char *out, size_t size)
{
	const char *colon = strrchr(peer, ':');
	size_t len = colon != NULL ? (size_t)(colon - peer) : strlen(peer);

	if (len >= 2 && peer[0] == '[') {
		peer++;
		len -= 2;
	}
	if (len >= size)
		len = size - 1;
	memcpy(out, peer, len);
	out[len] = '\0';
}

/* --- NTLM and Negotiate ----------------------------------------------- */

/* The connection is now the caller's.  *token is taken over, or left. */
static void keep(struct step *s, const char *how, char **token)
{
	struct gate_conn *c = conn_of(s->req);

	if (c == NULL)
		return;         /* the client has left */
	accept_unref(c->accept);
	c->accept = NULL;
	free(c->token);    /* the challenge before it */
	c->token = *token;
	*token = NULL;
	c->who = s->who != NULL ? identity_ref(s->who) : NULL;
	c->server = s->server != NULL ? keep_server(s->server) : NULL;
	c->method = s->method;
	c->how = how;
	c->bound = s->bound;
	c->target = xstrdup(s->target);
	/* Not of now: the caller may have changed since it was looked up. */
	c->change = s->change;
}

/* Who is right may still be wrong here; NULL: welcome. */
static const char *check_welcome(const struct step *s)
{
	struct gate_channel channel = { .tls = http_is_tls(s->req),
		.bound = s->bound, .target = s->target };
	const char *cause = gate_rules_protect(s->rules, &channel);

	if (cause != NULL || s->server == NULL)
		return cause;
	if (s->policy->listener != GATE_BACK_END)
		return "a server's account, on a listener for clients";
	if (s->mech == MECH_NTLM && channel.tls && !channel.bound)
		return "NTLM between servers without channel binding";
	return NULL;
}

static const char *how_of(const struct step *s)
{
	return s->method == GATE_NTLM ? "NTLM" : s->mech == MECH_NTLM ?
		"Negotiate/NTLM" : "Negotiate/Kerberos";
}

static void accepted(struct step *s, char **token)
{
	struct gate_result r = { .status = GATE_OK, .who = s->who,
		.server = s->server, .method = s->method, .how = how_of(s),
		.persistent = true };
	const char *cause = check_welcome(s);

	if (cause != NULL) {
		refuse(s, AUTH_DENIED, s->user, cause);
		return;
	}
	keep(s, r.how, token);
	finish(s, &r);
}

static void go_on(struct step *s, char **token)
{
	struct gate_result r = { .status = GATE_UNAUTHORIZED,
		.method = s->method, .how = "" };
	struct gate_conn *c = conn_of(s->req);

	if (c != NULL) {
		free(c->token);
		c->token = *token;
		*token = NULL;
	}
	finish(s, &r);
}

/* On the I/O thread again. */
static void accept_ended(void *ctx, struct http_request *req)
{
	struct step *s = ctx;
	const struct identity *who = s->who;
	char *const texts[] = { s->target, s->user, s->cause };
	struct dir_server *server = s->server;
	char *token = s->token;

	(void)req;
	switch (s->accept) {
	case ACCEPT_OK:
		accepted(s, &token);
		break;
	case ACCEPT_CONTINUE:
		go_on(s, &token);
		break;
	case ACCEPT_DENIED:
		refuse(s, s->throttled ? AUTH_THROTTLED : AUTH_DENIED,
		       s->user, s->cause);
		break;
	case ACCEPT_LOST:
		atomic_fetch_add(&s->policy->gate->n.handshakes_lost, 1);
		/* The client is asked again. */
		refuse(s, AUTH_DENIED, s->user, s->cause);
		break;
	default:
		refuse(s, AUTH_UNAVAILABLE, s->user, s->cause);
		break;
	}
	/* s is gone by now. */
	for (size_t i = 0; i < 3; i++)
		free(texts[i]);
	free(token);
	free(server);
	identity_unref(who);
}

static char *token_text(const struct bytes *token)
{
	size_t len = base64_size(token->len);
	char *text;

	if (token->len == 0)
		return NULL;
	text = xmalloc(len + 4);
	base64_encode(token->data, token->len, text);
	for (; len % 4 != 0; len++)
		text[len] = '=';
	text[len] = '\0';
	return text;
}

/* On the helpers' thread, or inside accept_step. */
static void accept_answered(void *ctx, const struct accept_result *r)
{
	struct step *s = ctx;

	s->accept = r->status;
	s->who = r->who != NULL ? identity_ref(r->who) : NULL;
	s->server = r->server != NULL ? keep_server(r->server) : NULL;
	s->mech = r->mech;
	s->bound = r->bound;
	s->throttled = r->throttled;
	s->token = token_text(&r->token);
	s->target = xstrdup(r->target);
	s->user = r->user[0] != '\0' ? xstrdup(r->user) : NULL;
	s->cause = r->cause != NULL ? xstrdup(r->cause) : NULL;
	http_post(s->req, accept_ended, s);
}

/*
 * Whether a token begins a handshake: NTLM's type 1, or the framing of an
 * initial token (RFC 2743 3.1).
 */
static bool is_first(const struct bytes *token)
{
	enum ntlm_type type = ntlm_message_type(token->data, token->len);

	return type != NTLM_NONE ? type == NTLM_TYPE_NEGOTIATE :
		token->len > 0 && token->data[0] == 0x60;
}

/* The handshake that the token belongs to; NULL: to none. */
static struct accept *handshake_for(struct step *s,
				    const struct bytes *token)
{
	struct gate *g = s->policy->gate;
	struct gate_conn *c = conn_of(s->req);

	if (!is_first(token))
		return c != NULL && c->accept != NULL &&
			c->scheme == s->method ? c->accept : NULL;
	c = xcalloc(1, sizeof *c);
	c->scheme = s->method;
	c->accept = accept_new(g->config.auth, s->method == GATE_NTLM ?
			       SCHEME_NTLM : SCHEME_NEGOTIATE, s->address);
	http_conn_set(s->req, HTTP_CONN_AUTH, c, free_conn);
	atomic_fetch_add(&g->n.handshakes, 1);
	/* If the client has left meanwhile, c is gone already. */
	c = conn_of(s->req);
	return c != NULL ? c->accept : NULL;
}

static void shake_hands(struct step *s, const struct authorization *a)
{
	uint8_t binding[PREFIX_LEN + HTTP_BINDING_MAX];
	uint8_t *data = arena_alloc(http_arena(s->req), a->len);
	struct bytes token = { data, 0 }, bound = { binding, 0 };
	struct accept *accept;

	if (!base64_decode(a->token, a->len, data, a->len, &token.len)) {
		refuse(s, AUTH_MALFORMED, NULL, "the token is not base64");
		return;
	}
	accept = handshake_for(s, &token);
	if (accept == NULL) {
		refuse(s, AUTH_DENIED, NULL, "a token of a handshake that "
		       "this connection has not begun: a proxy in between "
		       "uses several connections");
		return;
	}
	if (gate_rules_bind(s->rules) ||
	    s->policy->listener == GATE_BACK_END) {
		size_t n = http_tls_endpoint_binding(s->req, binding +
						     PREFIX_LEN);

		memcpy(binding, BINDING_PREFIX, PREFIX_LEN);
		bound.len = n > 0 ? PREFIX_LEN + n : 0;
	}
	accept_step(accept, &token, &bound, accept_answered, s);
}

/* --- Basic and bearer tokens ------------------------------------------ */

/* The name in the header, for the log; it was well-formed. */
static char *basic_user(struct step *s, const struct authorization *a)
{
	struct arena *arena = http_arena(s->req);
	uint8_t *text = arena_alloc(arena, a->len + 1);
	size_t len, name;

	if (!base64_decode(a->token, a->len, text, a->len, &len))
		return NULL;
	for (name = 0; name < len && text[name] != ':'; name++)
		;
	OPENSSL_cleanse(text + name, len - name);
	return name < len ? arena_strndup(arena, (char *)text, name) : NULL;
}

/* The client is told none of this. */
static const char *basic_cause(struct step *s, const char *user)
{
	struct arena *arena = http_arena(s->req);
	struct dir_user found;

	if (s->auth == AUTH_THROTTLED)
		return "too many failures of late";
	if (s->auth == AUTH_MALFORMED || user == NULL)
		return "the header is not one of RFC 7617";
	if (s->auth == AUTH_UNAVAILABLE)
		return "no helper process checked the password in time";
	if (!directory_user_by_name(s->policy->gate->config.dir, user, arena,
				    &found))
		return "Basic: unknown user";
	return found.disabled ? "Basic: the user is disabled" :
		found.password[0] == '\0' ? "Basic: the user has no password" :
		"Basic: wrong password";
}

static void basic_ended(void *ctx, struct http_request *req)
{
	struct step *s = ctx;
	const struct identity *who = s->who;
	struct gate_result r = { .status = GATE_OK, .who = who,
		.method = GATE_BASIC, .how = "Basic" };
	struct authorization a;
	char *user = NULL;

	if (s->auth == AUTH_OK) {
		finish(s, &r);
	} else {
		if (authorization_parse(http_field(req, "Authorization"), &a))
			user = basic_user(s, &a);
		refuse(s, s->auth, user, basic_cause(s, user));
	}
	identity_unref(who);
}

/* At once on the I/O thread, or on another. */
static void basic_answered(void *ctx, enum auth_result result,
			   const struct identity *id)
{
	struct step *s = ctx;

	s->auth = result;
	s->who = id != NULL ? identity_ref(id) : NULL;
	if (pthread_equal(pthread_self(), s->thread))
		basic_ended(s, s->req);
	else
		http_post(s->req, basic_ended, s);
}

static void bearer_ended(void *ctx, struct http_request *req)
{
	struct step *s = ctx;
	const struct identity *who = s->who;
	char *user = s->user, *cause = s->cause;
	struct gate_result r = { .status = GATE_OK, .who = who,
		.method = GATE_OAUTH, .how = "Bearer" };

	(void)req;
	if (s->auth == AUTH_OK)
		finish(s, &r);
	else
		refuse(s, s->auth, user, cause);
	identity_unref(who);
	free(user);
	free(cause);
}

static void bearer_answered(void *ctx, const struct bearer_result *b)
{
	struct step *s = ctx;

	s->auth = b->result;
	s->who = b->id != NULL ? identity_ref(b->id) : NULL;
	s->user = b->user != NULL ? xstrdup(b->user) : NULL;
	/* Without a token it is only a question: nobody failed. */
	s->cause = b->cause != NULL && !b->empty ? xstrdup(b->cause) : NULL;
	if (pthread_equal(pthread_self(), s->thread))
		bearer_ended(s, s->req);
	else
		http_post(s->req, bearer_ended, s);
}

/* --- Which way -------------------------------------------------------- */

/* With another key it speaks for users in another way. */
static bool same_server(const struct dir_server *a, const struct dir_server *b)
{
	return strcmp(a->fqdn, b->fqdn) == 0 &&
		(a->assertion_key == NULL) == (b->assertion_key == NULL) &&
		(a->assertion_key == NULL ||
		 memcmp(a->assertion_key, b->assertion_key,
			DIR_ASSERTION_KEY_SIZE) == 0);
}

/* Whether the directory still has the caller as it was. */
static bool is_current(struct gate_conn *c, struct directory *dir)
{
	uint64_t change = directory_change(dir);
	struct arena *arena;
	struct dir_server server;
	bool ok;

	if (c->change == change)
		return true;
	if (c->who != NULL) {
		ok = directory_user_changed(dir, &c->who->user) ==
			c->who->changed;
	} else {
		arena = arena_new(0);
		ok = directory_server(dir, &c->server->guid, arena, &server) &&
			same_server(&server, c->server);
		arena_free(arena);
	}
	c->change = change;
	return ok;
}

/* A request without credentials: its connection may have some. */
static bool is_known(struct step *s)
{
	struct gate_conn *c = conn_of(s->req);
	struct gate_channel channel = { .tls = http_is_tls(s->req) };

	if (c == NULL || (c->who == NULL && c->server == NULL))
		return false;
	channel.bound = c->bound;
	channel.target = c->target;
	return (s->rules->methods & c->method) != 0 &&
		gate_rules_protect(s->rules, &channel) == NULL &&
		is_current(c, s->policy->gate->config.dir);
}

static void check_connection(struct step *s)
{
	struct gate_conn *c = conn_of(s->req);
	struct gate_result r = { .status = GATE_OK, .persistent = true };

	if (!is_known(s)) {
		refuse(s, AUTH_DENIED, NULL, NULL);
		return;
	}
	r.who = c->who;
	r.server = c->server;
	r.method = c->method;
	r.how = c->how;
	atomic_fetch_add(&s->policy->gate->n.persistent, 1);
	finish(s, &r);
}

static void check_header(struct step *s, const char *header)
{
	static const enum gate_method methods[] = {
		[AUTHORIZATION_BASIC] = GATE_BASIC,
		[AUTHORIZATION_NTLM] = GATE_NTLM,
		[AUTHORIZATION_NEGOTIATE] = GATE_NEGOTIATE,
		[AUTHORIZATION_BEARER] = GATE_OAUTH,
	};
	const struct gate_config *config = &s->policy->gate->config;
	struct authorization a;

	if (!authorization_parse(header, &a)) {
		refuse(s, AUTH_MALFORMED, NULL, "the Authorization header is "
		       "malformed or of an unknown scheme");
		return;
	}
	s->method = methods[a.scheme];
	if ((s->rules->methods & s->method) == 0) {
		/* An empty Bearer asks which methods there are. */
		refuse(s, AUTH_DENIED, NULL, a.len == 0 ? NULL : "the virtual "
		       "directory does not accept this method "
		       "(IISAuthenticationMethods)");
		return;
	}
	if (s->method == GATE_NTLM || s->method == GATE_NEGOTIATE) {
		shake_hands(s, &a);
		return;
	}
	forget_conn(s->req);
	if (s->method == GATE_BASIC)
		auth_check_basic(config->auth, header, s->address,
				 basic_answered, s);
	else if (config->bearer != NULL)
		bearer_check(config->bearer, header, bearer_answered, s);
	else
		refuse(s, AUTH_DENIED, NULL, a.len == 0 ? NULL : "bearer "
		       "tokens are not configured: see [oauth] in "
		       "posthouse.conf(5)");
}

void gate_check(struct gate_policy *policy, struct http_request *req,
		gate_done *done, void *ctx)
{
	struct step *s = arena_zalloc(http_arena(req), sizeof *s);
	const char *header = http_field(req, "Authorization");

	atomic_fetch_add(&policy->gate->n.checks, 1);
	s->policy = policy;
	s->rules = gate_rules_now(policy);
	s->req = req;
	s->done = done;
	s->ctx = ctx;
	s->thread = pthread_self();
	s->change = directory_change(policy->gate->config.dir);
	peer_address(http_peer(req), s->address, sizeof s->address);
	if (header == NULL)
		check_connection(s);
	else if (http_field_count(req, "Authorization") > 1)
		refuse(s, AUTH_MALFORMED, NULL, "there are several "
		       "Authorization headers");
	else
		check_header(s, header);
}

/* --- Answering -------------------------------------------------------- */

static void put_success(struct gate_conn *c, struct http_request *req)
{
	if (c == NULL || (c->who == NULL && c->server == NULL))
		return;
	if (c->token != NULL) {
		http_headerf(req, "WWW-Authenticate", "%s %s",
			     gate_method_name(c->scheme), c->token);
		free(c->token);
		c->token = NULL;
	}
	http_header(req, "Persistent-Auth", "true");
}

void gate_put_headers(struct gate_policy *policy, struct http_request *req,
		      enum gate_status status)
{
	struct gate_conn *c = conn_of(req);
	struct gate_rules *rules;

	if (status == GATE_OK)
		put_success(c, req);
	if (status != GATE_UNAUTHORIZED)
		return;
	if (c != NULL && c->accept != NULL && c->token != NULL) {
		http_headerf(req, "WWW-Authenticate", "%s %s",
			     gate_method_name(c->scheme), c->token);
		return;
	}
	rules = gate_rules_now(policy);
	for (size_t i = 0; rules->challenges[i] != NULL; i++)
		http_header(req, "WWW-Authenticate", rules->challenges[i]);
	gate_rules_unref(rules);
}

/* --- The service ------------------------------------------------------ */

struct gate *gate_new(const struct gate_config *config)
{
	struct gate *gate = xcalloc(1, sizeof *gate);

	gate->config = *config;
	return gate;
}

void gate_free(struct gate *gate)
{
	free(gate);
}

void gate_stats(struct gate *gate, struct gate_stats *out)
{
	*out = (struct gate_stats){
		.checks = atomic_load(&gate->n.checks),
		.ok = atomic_load(&gate->n.ok),
		.asked = atomic_load(&gate->n.asked),
		.denied = atomic_load(&gate->n.denied),
		.throttled = atomic_load(&gate->n.throttled),
		.unavailable = atomic_load(&gate->n.unavailable),
		.handshakes = atomic_load(&gate->n.handshakes),
		.handshakes_lost = atomic_load(&gate->n.handshakes_lost),
		.persistent = atomic_load(&gate->n.persistent),
		.basic = atomic_load(&gate->n.basic),
		.ntlm = atomic_load(&gate->n.ntlm),
		.negotiate_kerberos =
			atomic_load(&gate->n.negotiate_kerberos),
		.negotiate_ntlm = atomic_load(&gate->n.negotiate_ntlm),
		.bearer = atomic_load(&gate->n.bearer),
	};
}
