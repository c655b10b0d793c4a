/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate over real HTTP connections, with made-up helpers: which challenge,
 * whose handshake, and how long a connection stays someone's.
 *
 * The tokens of these handshakes are text behind the signature of an NTLM
 * message: type 1 "NTLMSSP\0\1\0\0\0", type 3 "NTLMSSP\0\3\0\0\0" and a word:
 * a user, "server MX2", "wrong", "lost", "down", "later USER", "unbound USER".
 */
#include "http/raw_client.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

#include "auth/accept.h"
#include "auth/base64.h"
#include "auth/bearer.h"
#include "auth/gate.h"
#include "base/arena.h"
#include "directory/directory.h"
#include "http/server.h"

/* --- The fakes -------------------------------------------------------- */

static struct {
	struct directory *dir;
	atomic_int steps, live;   /* handshakes that exist */
	atomic_int bound;         /* steps that were given a binding */
	atomic_bool disables;     /* whom it has accepted */
} fake;

struct accept {
	int steps;
	enum handshake_scheme scheme;
};

struct accept *accept_new(struct auth *auth, enum handshake_scheme scheme,
			  const char *address)
{
	struct accept *a = calloc(1, sizeof *a);

	assert_string_equal(address, "127.0.0.1");
	a->scheme = scheme;
	atomic_fetch_add(&fake.live, 1);
	return a;
}

void accept_unref(struct accept *a)
{
	if (a == NULL)
		return;
	atomic_fetch_sub(&fake.live, 1);
	free(a);
}

static void answer_as(const char *word, accept_done *done, void *ctx)
{
	struct accept_result r = { .status = ACCEPT_OK, .target = "",
		.user = word, .mech = MECH_NTLM, .bound = true };
	struct arena *arena = arena_new(0);
	struct dir_server server;
	struct dir_user user;

	if (strncmp(word, "unbound ", 8) == 0) {
		r.bound = false;
		word += 8;
	}
	if (strcmp(word, "wrong") == 0) {
		r.status = ACCEPT_DENIED;
		r.cause = "wrong password";
	} else if (strcmp(word, "lost") == 0) {
		r.status = ACCEPT_LOST;
		r.cause = "lost";
	} else if (strcmp(word, "down") == 0) {
		r.status = ACCEPT_UNAVAILABLE;
		r.cause = "down";
	} else if (strncmp(word, "server ", 7) == 0) {
		assert_true(directory_server_named(fake.dir, word + 7, arena,
						   &server));
		r.server = &server;
	} else {
		assert_true(directory_user_by_name(fake.dir, word, arena,
						   &user));
		r.who = identity_new(&user);
		if (fake.disables) {
			user.disabled = true;
			assert_true(directory_set_user(fake.dir, &user, NULL));
		}
		r.token = (struct bytes){ (const uint8_t *)"end", 3 };
	}
	done(ctx, &r);
	identity_unref(r.who);
	arena_free(arena);
}

struct later {
	char word[64];
	accept_done *done;
	void *ctx;
};

static void *answer_later(void *arg)
{
	struct later *l = arg;

	nanosleep(&(struct timespec){ 0, 30000000 }, NULL);
	answer_as(l->word, l->done, l->ctx);
	free(l);
	return NULL;
}

void accept_step(struct accept *a, const struct bytes *token,
		 const struct bytes *binding, accept_done *done, void *ctx)
{
	struct accept_result more = { .status = ACCEPT_CONTINUE,
		.token = { (const uint8_t *)"more", 4 }, .target = "",
		.user = "" };
	char word[64] = "";
	pthread_t thread;
	struct later *l;

	atomic_fetch_add(&fake.steps, 1);
	if (binding->len > 0)
		atomic_fetch_add(&fake.bound, 1);
	if (a->steps++ == 0) {
		done(ctx, &more);
		return;
	}
	memcpy(word, token->data + 12, token->len - 12);
	if (strncmp(word, "later ", 6) != 0) {
		answer_as(word, done, ctx);
		return;
	}
	l = calloc(1, sizeof *l);
	strcpy(l->word, word + 6);
	l->done = done;
	l->ctx = ctx;
	pthread_create(&thread, NULL, answer_later, l);
	pthread_detach(thread);
}

bool auth_check_basic(struct auth *auth, const char *header,
		      const char *address, auth_done *done, void *ctx)
{
	struct arena *arena = arena_new(0);
	const struct identity *id = NULL;
	struct dir_user user;

	/* "alice:x" and "bob:x" */
	if (directory_user_by_name(fake.dir, strstr(header, "YWxpY2U6") != NULL
				   ? "alice" : "bob", arena, &user))
		id = identity_new(&user);
	done(ctx, strstr(header, "eA==") != NULL ? AUTH_OK : AUTH_DENIED,
	     strstr(header, "eA==") != NULL ? id : NULL);
	identity_unref(id);
	arena_free(arena);
	return true;
}

const char *bearer_challenge(const struct bearer *bearer)
{
	return "client_id=\"x\"";
}

bool bearer_check(struct bearer *bearer, const char *header,
		  bearer_done *done, void *ctx)
{
	struct bearer_result r = { .result = AUTH_MALFORMED, .cause = "bad",
		.empty = strcmp(header, "Bearer") == 0 };

	done(ctx, &r);
	return true;
}

/* --- The world -------------------------------------------------------- */

struct world {
	char folder[64];
	struct directory *dir;
	struct arena *arena;
	struct guid server;
	struct gate *gate;
	struct gate_policy *policy, *back_end;
	struct http_server *http;
	SSL_CTX *tls;
	int port, back_port, tls_port;
	char failure[256];        /* the last one logged */
	sem_t answered;
};

static void on_failed(void *ctx, const struct gate_failure *f)
{
	struct world *w = ctx;

	snprintf(w->failure, sizeof w->failure, "%s|%s|%s|%d",
		 f->user != NULL ? f->user : "-", f->cause,
		 f->method != 0 ? gate_method_name(f->method) : "-",
		 f->result);
}

/* 200 and the name, or what the gate says. */
static void on_gate(void *ctx, struct http_request *req,
		    const struct gate_result *r)
{
	struct world *w = ctx;
	char text[256];

	snprintf(text, sizeof text, "%s", r->who != NULL ? r->who->account :
		 r->server != NULL ? r->server->name : "");
	if (r->status == GATE_OK) {
		http_header(req, "X-How", r->how);
		http_header(req, "X-Persistent", r->persistent ? "1" : "0");
	}
	gate_put_headers(http_listener_kind(req) == HTTP_LISTENER_BACKEND ?
			 w->back_end : w->policy, req, r->status);
	http_respond(req, r->status == GATE_OK ? 200 : r->status ==
		     GATE_UNAVAILABLE ? 503 : 401, text, strlen(text));
	sem_post(&w->answered);
}

static void handle(void *ctx, struct http_request *req)
{
	struct world *w = ctx;

	gate_check(http_listener_kind(req) == HTTP_LISTENER_BACKEND ?
		   w->back_end : w->policy, req, on_gate, w);
}

static void set_vdir(struct world *w, unsigned methods, enum dir_ep ep,
		     unsigned flags, const char *spn)
{
	const char *spns[] = { spn };
	struct dir_vdir v;

	assert_true(directory_vdir(w->dir, &w->server, false, w->arena, &v));
	v.methods = methods;
	v.ep_checking = ep;
	v.ep_flags = flags;
	v.ep_spns = spns;
	v.ep_spn_count = spn != NULL;
	assert_true(directory_set_vdirs(w->dir, &v, 1, NULL));
}

static void open_directory(struct world *w)
{
	static const char *const domains[] = { "example.test" };
	const struct dir_org org = { .name = "Org", .domains = domains,
				     .domain_count = 1 };
	struct dir_server s = { .name = "MX1", .fqdn = "mx1.example.test",
				.make = "Posthouse" };
	char path[96];

	strcpy(w->folder, "/tmp/phauth-gate.XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	snprintf(path, sizeof path, "%s/o.db", w->folder);
	assert_true(directory_create(path, &org, NULL));
	assert_true(directory_open(path, "MX1", &w->dir, NULL));
	assert_true(directory_new_server(w->dir, &s, NULL));
	w->server = s.guid;
	s = (struct dir_server){ .name = "MX2", .fqdn = "mx2.example.test",
				 .make = "Posthouse" };
	assert_true(directory_new_server(w->dir, &s, NULL));
	for (int i = 0; i < 2; i++)
		assert_true(directory_new_user(w->dir, &(struct dir_user){
			.account = i == 0 ? "alice" : "bob" }, NULL));
	fake.dir = w->dir;
}

static void open_http(struct world *w)
{
	struct http_server_config config = { .threads = 2 };
	char cert[96], key[96];
	struct err err;

	make_certificate(w->folder, "localhost");
	snprintf(cert, sizeof cert, "%s/cert.pem", w->folder);
	snprintf(key, sizeof key, "%s/key.pem", w->folder);
	w->http = http_server_new(&config, &err);
	w->port = http_server_listen(w->http, "127.0.0.1:0", NULL, NULL,
				     &err);
	w->tls_port = http_server_listen(w->http, "127.0.0.1:0", cert, key,
					 &err);
	w->back_port = http_server_listen_as(w->http, "127.0.0.1:0",
		&(struct http_listen_options){ .certificate = cert, .key = key,
			.kind = HTTP_LISTENER_BACKEND }, &err);
	assert_true(w->port > 0 && w->tls_port > 0 && w->back_port > 0);
	http_server_mount(w->http, &(struct http_mount){ .prefix = "/",
		.body_max = 1024, .handle = handle, .ctx = w });
	assert_true(http_server_start(w->http, &err));
	w->tls = SSL_CTX_new(TLS_client_method());
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	w->arena = arena_new(0);
	sem_init(&w->answered, 0, 0);
	open_directory(w);
	w->gate = gate_new(&(struct gate_config){ .dir = w->dir,
		.bearer = (struct bearer *)w, .failed = on_failed, .ctx = w });
	w->policy = gate_policy_new(w->gate, &(struct gate_policy_config){
		.listener = GATE_FRONT_END, .realm = "mx1.example.test" });
	w->back_end = gate_policy_new(w->gate, &(struct gate_policy_config){
		.listener = GATE_BACK_END, .realm = "mx1.example.test" });
	open_http(w);
	atomic_store(&fake.steps, 0);
	atomic_store(&fake.bound, 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	char command[128];

	http_server_free(w->http);
	gate_policy_free(w->policy);
	gate_policy_free(w->back_end);
	gate_free(w->gate);
	directory_close(w->dir);
	arena_free(w->arena);
	SSL_CTX_free(w->tls);
	sem_destroy(&w->answered);
	snprintf(command, sizeof command, "rm -rf %s", w->folder);
	assert_int_equal(system(command), 0);
	free(w);
	/* No handshake outlives its connection. */
	assert_int_equal(fake.live, 0);
	return 0;
}

/* --- Requests --------------------------------------------------------- */

static void send_plain(struct client *c, const char *fields)
{
	char text[2048];

	snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n",
		 fields);
	client_puts(c, text);
}

static int ask(struct client *c, const char *fields, struct answer *a)
{
	send_plain(c, fields);
	if (!client_read(c, a, false))
		fail_msg("no answer");
	return a->status;
}

/* Type 1, or type 3 with a word. */
static void send_token(struct client *c, const char *scheme, const char *word)
{
	uint8_t token[128] = "NTLMSSP\0\1\0\0\0";
	char text[256], fields[400];
	size_t len = 32;

	if (word != NULL) {
		token[8] = 3;
		len = 12 + strlen(word);
		memcpy(token + 12, word, len - 12);
	}
	base64_encode(token, len, text);
	while (strlen(text) % 4 != 0)
		strcat(text, "=");
	snprintf(fields, sizeof fields, "Authorization: %s %s\r\n", scheme,
		 text);
	send_plain(c, fields);
}

static int step(struct client *c, const char *scheme, const char *word,
		struct answer *a)
{
	send_token(c, scheme, word);
	if (!client_read(c, a, false))
		fail_msg("no answer");
	return a->status;
}

static bool has(const struct answer *a, const char *line)
{
	char text[256];

	snprintf(text, sizeof text, "\r\n%s\r\n", line);
	return strstr(a->head, text) != NULL;
}

/* How many challenges there are. */
static int challenges(const struct answer *a)
{
	const char *at = a->head;
	int n = 0;

	while ((at = strstr(at, "\r\nWWW-Authenticate: ")) != NULL) {
		at += 2;
		n++;
	}
	return n;
}

/* One whole handshake; the last status. */
static int shake(struct client *c, const char *scheme, const char *word)
{
	struct answer a;
	int status;

	assert_int_equal(step(c, scheme, NULL, &a), 401);
	assert_int_equal(challenges(&a), 1);
	answer_free(&a);
	status = step(c, scheme, word, &a);
	answer_free(&a);
	return status;
}

static void expect_user(struct client *c, const char *fields,
			const char *user)
{
	struct answer a;

	assert_int_equal(ask(c, fields, &a), 200);
	assert_string_equal(a.body, user);
	answer_free(&a);
}

static void expect_asked(struct client *c, const char *fields)
{
	struct answer a;

	assert_int_equal(ask(c, fields, &a), 401);
	answer_free(&a);
}

/* --- Challenges ------------------------------------------------------- */

static void challenge_lists_methods(void **state)
{
	static const struct {
		unsigned method;
		const char *line;
	} methods[] = {
		{ DIR_METHOD_NEGOTIATE, "WWW-Authenticate: Negotiate" },
		{ DIR_METHOD_NTLM, "WWW-Authenticate: NTLM" },
		{ DIR_METHOD_BASIC, "WWW-Authenticate: Basic "
		  "realm=\"mx1.example.test\"" },
		{ DIR_METHOD_OAUTH, "WWW-Authenticate: Bearer "
		  "client_id=\"x\"" },
	};
	struct world *w = *state;
	struct client c = client_open(w->port);
	const char *at;
	struct answer a;

	for (unsigned set = 0; set <= DIR_METHODS_ALL; set++) {
		int n = 0;

		set_vdir(w, set, DIR_EP_NONE, 0, NULL);
		assert_int_equal(gate_policy_methods(w->policy), set);
		assert_int_equal(ask(&c, "", &a), 401);
		at = a.head;
		for (size_t i = 0; i < 4; i++) {
			bool there = (set & methods[i].method) != 0;

			assert_int_equal(has(&a, methods[i].line), there);
			/* In this order. */
			if (there) {
				assert_non_null(strstr(at, methods[i].line));
				at = strstr(at, methods[i].line);
			}
			n += there;
		}
		assert_int_equal(challenges(&a), n);
		assert_string_equal(a.body, "");
		answer_free(&a);
	}
	/* Nobody failed: there is nothing to log. */
	assert_string_equal(w->failure, "");
	client_close(&c);
}

static void only_configured_methods(void **state)
{
	static const char *const headers[] = {
		"Authorization: Basic YWxpY2U6eA==\r\n",
		"Authorization: NTLM TlRMTVNTUAABAAAA\r\n",
		"Authorization: Negotiate TlRMTVNTUAABAAAA\r\n",
		"Authorization: Bearer a.b.c\r\n",
	};
	static const unsigned sets[] = { 14, 13, 11, 7 };
	struct world *w = *state;
	struct client c = client_open(w->port);

	for (size_t i = 0; i < 4; i++) {
		set_vdir(w, sets[i], DIR_EP_NONE, 0, NULL);
		expect_asked(&c, headers[i]);
		assert_non_null(strstr(w->failure, "does not accept this "
				       "method"));
	}
	assert_int_equal(fake.steps, 0);
	client_close(&c);
}

#define TWICE(line) line line

static void malformed_headers(void **state)
{
	static const char *const headers[] = {
		"Authorization: NTLM\r\n", "Authorization: NTLM !!!!\r\n",
		"Authorization: NTLM A\r\n", "Authorization: Digest a=b\r\n",
		"Authorization: Negotiate\r\n", "Authorization: \r\n",
		TWICE("Authorization: NTLM TlRMTVNTUAABAAAA\r\n"),
		"Authorization: NTLM TlRMTVNTUAACAAAA\r\n",   /* type 2 */
		"Authorization: Negotiate oQYxMjM0NTY=\r\n",  /* not first */
	};
	struct world *w = *state;
	struct client c = client_open(w->port);

	set_vdir(w, DIR_METHODS_ALL, DIR_EP_NONE, 0, NULL);
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
		struct answer a;

		w->failure[0] = '\0';
		assert_int_equal(ask(&c, headers[i], &a), 401);
		assert_int_equal(challenges(&a), 4);
		assert_true(w->failure[0] != '\0');
		answer_free(&a);
	}
	assert_int_equal(fake.steps, 0);
	client_close(&c);
}

/* --- Handshakes ------------------------------------------------------- */

static void handshake(void **state)
{
	struct world *w = *state;
	struct client c = client_open(w->port);
	struct answer a;

	set_vdir(w, DIR_METHOD_NTLM | DIR_METHOD_BASIC, DIR_EP_NONE, 0, NULL);
	assert_int_equal(step(&c, "NTLM", NULL, &a), 401);
	assert_true(has(&a, "WWW-Authenticate: NTLM bW9yZQ=="));
	assert_int_equal(challenges(&a), 1);
	answer_free(&a);
	assert_int_equal(step(&c, "ntlm", "alice", &a), 200);
	assert_string_equal(a.body, "alice");
	assert_true(has(&a, "Persistent-Auth: true"));
	assert_true(has(&a, "X-How: NTLM"));
	assert_true(has(&a, "WWW-Authenticate: NTLM ZW5k"));
	answer_free(&a);
	/* Later requests need nothing, and get the last token no more. */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask(&c, "", &a), 200);
		assert_string_equal(a.body, "alice");
		assert_true(has(&a, "Persistent-Auth: true"));
		assert_true(has(&a, "X-Persistent: 1"));
		assert_int_equal(challenges(&a), 0);
		answer_free(&a);
	}
	assert_int_equal(fake.steps, 2);
	client_close(&c);
}

/* Two connections in turns: each gets who it asked for. */
static void interleaved(void **state)
{
	struct world *w = *state;
	struct client a = client_open(w->port), b = client_open(w->port);
	struct answer x;

	set_vdir(w, DIR_METHOD_NTLM | DIR_METHOD_NEGOTIATE, DIR_EP_NONE, 0,
		 NULL);
	assert_int_equal(step(&a, "NTLM", NULL, &x), 401);
	answer_free(&x);
	assert_int_equal(step(&b, "Negotiate", NULL, &x), 401);
	answer_free(&x);
	send_token(&a, "NTLM", "later alice");
	send_token(&b, "Negotiate", "later bob");
	client_expect(&b, 200, "bob");
	client_expect(&a, 200, "alice");
	for (int i = 0; i < 5; i++) {
		expect_user(&a, "", "alice");
		expect_user(&b, "", "bob");
	}
	client_close(&a);
	client_close(&b);
}

/* A token is good on its own connection alone, once, and by its scheme. */
static void not_carried_over(void **state)
{
	struct world *w = *state;
	struct client a = client_open(w->port), b = client_open(w->port);
	struct answer x;

	set_vdir(w, DIR_METHOD_NTLM | DIR_METHOD_NEGOTIATE, DIR_EP_NONE, 0,
		 NULL);
	assert_int_equal(step(&a, "NTLM", NULL, &x), 401);
	answer_free(&x);
	assert_int_equal(step(&b, "NTLM", "alice", &x), 401);
	assert_int_equal(challenges(&x), 2);
	answer_free(&x);
	assert_non_null(strstr(w->failure, "not begun"));
	expect_asked(&b, "");
	/* The other scheme: no. */
	assert_int_equal(step(&a, "Negotiate", "alice", &x), 401);
	answer_free(&x);
	/* That ended it. */
	assert_int_equal(step(&a, "NTLM", "alice", &x), 401);
	answer_free(&x);
	assert_int_equal(shake(&a, "NTLM", "alice"), 200);
	/* Again the same token: it begins nothing, and ends what was. */
	assert_int_equal(step(&a, "NTLM", "alice", &x), 401);
	answer_free(&x);
	expect_asked(&a, "");
	client_close(&a);
	client_close(&b);
}

static void new_authorization_begins_anew(void **state)
{
	struct world *w = *state;
	struct client c = client_open(w->port);
	struct answer a;

	set_vdir(w, DIR_METHODS_ALL, DIR_EP_NONE, 0, NULL);
	assert_int_equal(shake(&c, "NTLM", "alice"), 200);
	assert_int_equal(step(&c, "Negotiate", NULL, &a), 401);
	answer_free(&a);
	/* In the middle of it nobody is known. */
	expect_asked(&c, "");
	assert_int_equal(shake(&c, "Negotiate", "bob"), 200);
	expect_user(&c, "", "bob");
	assert_int_equal(shake(&c, "NTLM", "wrong"), 401);
	assert_string_equal(w->failure, "wrong|wrong password|NTLM|1");
	expect_asked(&c, "");
	assert_int_equal(shake(&c, "NTLM", "alice"), 200);
	/* Basic is for one request. */
	expect_user(&c, "Authorization: Basic Ym9iOnheA==\r\n", "bob");
	expect_asked(&c, "");
	client_close(&c);
}

static void lost_and_down(void **state)
{
	struct world *w = *state;
	struct client c = client_open(w->port);
	struct gate_stats stats;
	struct answer a;

	set_vdir(w, DIR_METHOD_NTLM | DIR_METHOD_BASIC, DIR_EP_NONE, 0, NULL);
	assert_int_equal(step(&c, "NTLM", NULL, &a), 401);
	answer_free(&a);
	/* The helper died: asked again, from the beginning. */
	assert_int_equal(step(&c, "NTLM", "lost", &a), 401);
	assert_int_equal(challenges(&a), 2);
	assert_true(has(&a, "WWW-Authenticate: NTLM"));
	answer_free(&a);
	assert_int_equal(shake(&c, "NTLM", "down"), 503);
	assert_int_equal(shake(&c, "NTLM", "alice"), 200);
	gate_stats(w->gate, &stats);
	assert_int_equal(stats.handshakes, 3);
	assert_int_equal(stats.handshakes_lost, 1);
	assert_int_equal(stats.unavailable, 1);
	assert_int_equal(stats.ntlm, 1);
	client_close(&c);
}

/* The client leaves while a helper works for it. */
static void client_leaves(void **state)
{
	struct world *w = *state;
	struct client c = client_open(w->port);
	struct answer a;

	set_vdir(w, DIR_METHOD_NTLM, DIR_EP_NONE, 0, NULL);
	assert_int_equal(step(&c, "NTLM", NULL, &a), 401);
	answer_free(&a);
	sem_wait(&w->answered);
	send_token(&c, "NTLM", "later alice");
	while (fake.steps < 2)
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	client_close(&c);
	sem_wait(&w->answered);   /* answered all the same, to nobody */
	c = client_open(w->port);
	assert_int_equal(shake(&c, "NTLM", "bob"), 200);
	client_close(&c);
}

/* --- The directory ---------------------------------------------------- */

static void follows_methods(void **state)
{
	struct world *w = *state;
	struct client c = client_open(w->port);

	set_vdir(w, DIR_METHOD_NTLM, DIR_EP_NONE, 0, NULL);
	assert_int_equal(shake(&c, "NTLM", "alice"), 200);
	expect_user(&c, "", "alice");
	set_vdir(w, DIR_METHOD_NEGOTIATE, DIR_EP_NONE, 0, NULL);
	expect_asked(&c, "");
	set_vdir(w, DIR_METHOD_NTLM, DIR_EP_NONE, 0, NULL);
	expect_asked(&c, "");     /* it was forgotten */
	client_close(&c);
}

static void follows_user(void **state)
{
	struct world *w = *state;
	struct client c = client_open(w->port);
	struct dir_user u;

	set_vdir(w, DIR_METHOD_NTLM, DIR_EP_NONE, 0, NULL);
	assert_int_equal(shake(&c, "NTLM", "alice"), 200);
	assert_true(directory_user_by_name(w->dir, "bob", w->arena, &u));
	u.display_name = "Bob";
	assert_true(directory_set_user(w->dir, &u, NULL));
	expect_user(&c, "", "alice");     /* another's change */
	assert_true(directory_user_by_name(w->dir, "alice", w->arena, &u));
	u.disabled = true;
	assert_true(directory_set_user(w->dir, &u, NULL));
	expect_asked(&c, "");
	client_close(&c);
}

/* A change between the look at the user and the end of the handshake. */
static void user_changes_meanwhile(void **state)
{
	struct world *w = *state;
	struct client c = client_open(w->port);

	set_vdir(w, DIR_METHOD_NTLM, DIR_EP_NONE, 0, NULL);
	fake.disables = true;
	shake(&c, "NTLM", "alice");
	fake.disables = false;
	expect_asked(&c, "");
	client_close(&c);
}

static void without_directory(void **state)
{
	struct world *w = *state;
	struct client c = client_open(w->port);
	struct dir_vdir v;
	struct answer a;

	assert_true(directory_vdir(w->dir, &w->server, false, w->arena, &v));
	assert_true(directory_remove_vdirs(w->dir, &v.guid, 1, NULL));
	assert_int_equal(ask(&c, "", &a), 401);
	assert_int_equal(challenges(&a), 1);
	assert_true(has(&a, "WWW-Authenticate: Basic "
			"realm=\"mx1.example.test\""));
	answer_free(&a);
	client_close(&c);
}

/* --- Servers ---------------------------------------------------------- */

static void servers(void **state)
{
	static const uint8_t key[DIR_ASSERTION_KEY_SIZE] = { 1, 2, 3 };
	struct world *w = *state;
	struct dir_server server;
	struct client c = client_open(w->port);
	struct answer a;

	set_vdir(w, DIR_METHOD_NTLM, DIR_EP_NONE, 0, NULL);
	assert_int_equal(shake(&c, "NTLM", "server MX2"), 401);
	assert_non_null(strstr(w->failure, "for clients"));
	client_close(&c);
	c = client_open(w->back_port);
	assert_true(client_tls(&c, w->tls));
	/* Back-end methods are inherited, the channel is always named. */
	assert_int_equal(step(&c, "NTLM", NULL, &a), 401);
	answer_free(&a);
	assert_int_equal(fake.bound, 1);
	assert_int_equal(step(&c, "NTLM", "server MX2", &a), 200);
	assert_string_equal(a.body, "MX2");
	answer_free(&a);
	expect_user(&c, "", "MX2");
	/* A server with another key has to say again that it is the one. */
	assert_true(directory_server_named(w->dir, "MX2", w->arena, &server));
	server.assertion_key = key;
	assert_true(directory_set_server(w->dir, &server, NULL));
	expect_asked(&c, "");
	assert_int_equal(shake(&c, "NTLM", "server MX2"), 200);
	expect_user(&c, "", "MX2");
	assert_int_equal(shake(&c, "NTLM", "unbound server MX2"), 401);
	assert_non_null(strstr(w->failure, "without channel binding"));
	/* Users may come there, too. */
	assert_int_equal(shake(&c, "NTLM", "unbound bob"), 200);
	client_close(&c);
}

/* --- Extended Protection ---------------------------------------------- */

static int tls_shake(struct world *w, const char *word)
{
	struct client c = client_open(w->tls_port);
	int status;

	assert_true(client_tls(&c, w->tls));
	status = shake(&c, "NTLM", word);
	client_close(&c);
	return status;
}

static void extended_protection(void **state)
{
	struct world *w = *state;
	struct client c = client_open(w->tls_port);

	assert_true(client_tls(&c, w->tls));
	set_vdir(w, DIR_METHOD_NTLM, DIR_EP_NONE, 0, NULL);
	assert_int_equal(shake(&c, "NTLM", "unbound alice"), 200);
	assert_int_equal(fake.bound, 0);
	set_vdir(w, DIR_METHOD_NTLM, DIR_EP_ALLOW, 0, NULL);
	assert_int_equal(tls_shake(w, "unbound alice"), 200);
	assert_int_equal(tls_shake(w, "alice"), 200);
	assert_int_equal(fake.bound, 4);
	expect_user(&c, "", "alice");
	set_vdir(w, DIR_METHOD_NTLM, DIR_EP_REQUIRE, 0, NULL);
	assert_int_equal(tls_shake(w, "unbound alice"), 401);
	assert_non_null(strstr(w->failure, "no channel binding"));
	assert_int_equal(tls_shake(w, "alice"), 200);
	/* The connection from before the change is asked again. */
	expect_asked(&c, "");
	client_close(&c);
	/* A proxy ends TLS: the channel is not ours, the service counts. */
	fake.bound = 0;
	set_vdir(w, DIR_METHOD_NTLM, DIR_EP_REQUIRE, DIR_EP_PROXY, NULL);
	assert_int_equal(tls_shake(w, "unbound alice"), 401);
	assert_non_null(strstr(w->failure, "which service"));
	assert_int_equal(fake.bound, 0);
	set_vdir(w, DIR_METHOD_NTLM, DIR_EP_REQUIRE, DIR_EP_PROXY |
		 DIR_EP_NO_SERVICE_NAME_CHECK, NULL);
	assert_int_equal(tls_shake(w, "unbound alice"), 200);
}

/* The certificate's binding is that of RFC 5929: SHA-256 of its DER. */
static void binding(void **state)
{
	struct world *w = *state;
	struct client c = client_open(w->tls_port);
	struct answer a;

	set_vdir(w, DIR_METHOD_NTLM, DIR_EP_ALLOW, 0, NULL);
	assert_true(client_tls(&c, w->tls));
	assert_int_equal(step(&c, "NTLM", NULL, &a), 401);
	answer_free(&a);
	assert_int_equal(fake.bound, 1);
	client_close(&c);
	/* Without TLS there is none. */
	c = client_open(w->port);
	assert_int_equal(step(&c, "NTLM", NULL, &a), 401);
	answer_free(&a);
	assert_int_equal(fake.bound, 1);
	client_close(&c);
}

static void bearer(void **state)
{
	struct world *w = *state;
	struct client c = client_open(w->port);

	set_vdir(w, DIR_METHOD_OAUTH, DIR_EP_NONE, 0, NULL);
	w->failure[0] = '\0';
	expect_asked(&c, "Authorization: Bearer\r\n");
	assert_string_equal(w->failure, "");      /* a question, no failure */
	expect_asked(&c, "Authorization: Bearer a.b.c\r\n");
	assert_string_equal(w->failure, "-|bad|Bearer|2");
	client_close(&c);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(challenge_lists_methods),
		TEST(only_configured_methods),
		TEST(malformed_headers),
		TEST(handshake),
		TEST(interleaved),
		TEST(not_carried_over),
		TEST(new_authorization_begins_anew),
		TEST(lost_and_down),
		TEST(client_leaves),
		TEST(follows_methods),
		TEST(follows_user),
		TEST(user_changes_meanwhile),
		TEST(without_directory),
		TEST(servers),
		TEST(extended_protection),
		TEST(binding),
		TEST(bearer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
