/* SPDX-License-Identifier: Apache-2.0 */
/* Bearer tokens: from the header to the user, and where keys come from. */
#include "tokens.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "auth/bearer.h"
#include "base/clock.h"
#include "directory/directory.h"
#include "http/server.h"

#define ISS "\"iss\":\"https://idp.example.test/\","
#define AUD "\"aud\":\"https://mail.example.test/\","

struct world {
	char folder[64], dir_path[96], jwks[96];
	struct directory *dir;
	struct arena *arena;
	struct guid alice, bob;
	EVP_PKEY *first, *second;
	struct bearer *bearer;
	struct bearer_options options;
	/* The provider, when its keys are to be had by a URL. */
	struct http_server *provider;
	char url[96];
	pthread_mutex_t lock;     /* guards the document */
	struct buf document;
	int status;
	atomic_uint served, complaints;
};

/* --- The world -------------------------------------------------------- */

static void check_ok(bool ok, const struct err *err)
{
	if (!ok)
		fail_msg("%s", err->text);
}

static void add_user(struct world *w, const char *name, struct guid *guid)
{
	struct dir_user user = { .account = name, .display_name = name,
		.password = "" };
	struct err err;

	check_ok(directory_new_user(w->dir, &user, &err), &err);
	*guid = user.guid;
}

static void make_directory(struct world *w)
{
	const char *domains[] = { "example.test" };
	struct dir_org org = { .name = "First Organization",
		.domain = "example.test", .domains = domains,
		.domain_count = 1 };
	struct err err;

	check_ok(directory_create(w->dir_path, &org, &err), &err);
	check_ok(directory_open(w->dir_path, NULL, &w->dir, &err), &err);
	add_user(w, "alice", &w->alice);
	add_user(w, "bob", &w->bob);
}

/* The set of keys that the provider has; NULL second: one. */
static void put_keys(struct buf *out, EVP_PKEY *first, const char *kid,
		     EVP_PKEY *second, const char *second_kid)
{
	buf_puts(out, "{\"keys\":[");
	put_jwk(out, first, kid, "");
	if (second != NULL) {
		buf_puts(out, ",");
		put_jwk(out, second, second_kid, "");
	}
	buf_puts(out, "]}");
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void write_keys(struct world *w, EVP_PKEY *first, const char *kid,
		       EVP_PKEY *second, const char *second_kid)
{
	struct buf b = BUF_INIT;

	put_keys(&b, first, kid, second, second_kid);
	write_file(w->jwks, buf_str(&b));
	buf_free(&b);
}

static const char *const issuer[] = { "https://idp.example.test/" };
static const char *const audience[] = { "https://mail.example.test/" };

static void complain(void *ctx, const char *text)
{
	struct world *w = ctx;

	assert_true(strlen(text) > 10);
	atomic_fetch_add(&w->complaints, 1);
}

static void begin(struct world *w)
{
	memset(w, 0, sizeof *w);
	strcpy(w->folder, "/tmp/posthouse-bearer-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	snprintf(w->dir_path, sizeof w->dir_path, "%s/org.db", w->folder);
	snprintf(w->jwks, sizeof w->jwks, "%s/jwks.json", w->folder);
	w->arena = arena_new(0);
	make_directory(w);
	w->first = EVP_EC_gen("P-256");
	w->second = EVP_EC_gen("P-256");
	pthread_mutex_init(&w->lock, NULL);
	w->status = 200;
	write_keys(w, w->first, "one", NULL, NULL);
	w->options = (struct bearer_options){ .jwks_file = w->jwks,
		.issuers = issuer, .n_issuers = 1, .audiences = audience,
		.n_audiences = 1, .skew = 10, .refetch = 3600000,
		.failed = complain, .ctx = w };
}

static void start(struct world *w)
{
	struct err err;

	check_ok(bearer_new(w->dir, &w->options, &w->bearer, &err), &err);
}

static void end(struct world *w)
{
	char command[128];

	bearer_free(w->bearer);
	if (w->provider != NULL)
		http_server_free(w->provider);
	directory_close(w->dir);
	arena_free(w->arena);
	EVP_PKEY_free(w->first);
	EVP_PKEY_free(w->second);
	buf_free(&w->document);
	pthread_mutex_destroy(&w->lock);
	snprintf(command, sizeof command, "rm -r %s", w->folder);
	assert_int_equal(system(command), 0);
}

/* --- Asking ----------------------------------------------------------- */

struct answer {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool done, empty, at_once;
	enum auth_result result;
	struct guid user;
	char cause[128];
};

static void on_done(void *ctx, const struct bearer_result *result)
{
	struct answer *a = ctx;

	pthread_mutex_lock(&a->lock);
	a->done = true;
	a->result = result->result;
	a->empty = result->empty;
	assert_true((result->id != NULL) == (result->result == AUTH_OK));
	assert_true((result->cause == NULL) == (result->result == AUTH_OK));
	if (result->id != NULL)
		a->user = result->id->user;
	snprintf(a->cause, sizeof a->cause, "%s",
		 result->cause != NULL ? result->cause : "");
	pthread_cond_signal(&a->wake);
	pthread_mutex_unlock(&a->lock);
}

static struct answer ask_header(struct world *w, const char *header)
{
	struct answer a = { .lock = PTHREAD_MUTEX_INITIALIZER,
			    .wake = PTHREAD_COND_INITIALIZER };

	a.at_once = bearer_check(w->bearer, header, on_done, &a);
	pthread_mutex_lock(&a.lock);
	if (a.at_once)
		assert_true(a.done);
	while (!a.done)
		pthread_cond_wait(&a.wake, &a.lock);
	pthread_mutex_unlock(&a.lock);
	return a;
}

static struct answer ask(struct world *w, EVP_PKEY *key, const char *kid,
			 const char *claims)
{
	char header[64];
	struct answer a;
	struct buf b = BUF_INIT;
	char *token;

	snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"kid\":\"%s\"}",
		 kid);
	token = sign_token(key, header, claims);
	buf_printf(&b, "Bearer %s", token);
	a = ask_header(w, buf_str(&b));
	buf_free(&b);
	free(token);
	return a;
}

/* Claims that are good now, and what is added to them. */
static const char *claims_with(const char *more)
{
	static char text[1024];
	long now = (long)time(NULL);

	snprintf(text, sizeof text, "{" ISS AUD "\"exp\":%ld,\"nbf\":%ld%s%s}",
		 now + 600, now - 5, *more != '\0' ? "," : "", more);
	return text;
}

#define assert_auth(got, want) do { \
	struct answer a_ = (got); \
	if (a_.result != (want)) \
		fail_msg("%s (%s)", auth_result_name(a_.result), a_.cause); \
} while (0)

#define assert_cause(got, want) do { \
	struct answer a_ = (got); \
	assert_int_not_equal(a_.result, AUTH_OK); \
	assert_string_equal(a_.cause, want); \
} while (0)

#define ALICE "\"upn\":\"alice@example.test\""

/* --- Users ------------------------------------------------------------ */

static void set_object_id(struct world *w, const struct guid *guid,
			  const char *id)
{
	struct dir_user user;
	struct err err;

	assert_true(directory_user(w->dir, guid, w->arena, &user));
	user.object_id = id;
	check_ok(directory_set_user(w->dir, &user, &err), &err);
	/* Nobody else can have it. */
	assert_true(directory_user(w->dir, &w->alice, w->arena, &user));
	user.object_id = id;
	assert_false(directory_set_user(w->dir, &user, &err));
	assert_non_null(strstr(err.text, "object id is another user's"));
}

static void maps_claims_to_a_user(void **state)
{
	char oid[GUID_TEXT_SIZE], claims[256];
	struct answer a;
	struct world w;

	begin(&w);
	start(&w);
	a = ask(&w, w.first, "one", claims_with(ALICE));
	assert_auth(a, AUTH_OK);
	assert_true(guid_equal(&a.user, &w.alice));
	assert_true(a.at_once);
	guid_format(&w.bob, oid);
	snprintf(claims, sizeof claims, "\"oid\":\"%s\"", oid);
	a = ask(&w, w.first, "one", claims_with(claims));
	assert_auth(a, AUTH_OK);
	assert_true(guid_equal(&a.user, &w.bob));
	/* What the provider knows bob by, if that is something else. */
	set_object_id(&w, &w.bob, "Opaque-7");
	a = ask(&w, w.first, "one", claims_with("\"oid\":\"opaque-7\""));
	assert_auth(a, AUTH_OK);
	assert_true(guid_equal(&a.user, &w.bob));
	/* Two claims, two users. */
	snprintf(claims, sizeof claims, ALICE ",\"oid\":\"%s\"", oid);
	assert_cause(ask(&w, w.first, "one", claims_with(claims)),
		     "its claims name different users");
	/* One that means nothing here does not count. */
	assert_auth(ask(&w, w.first, "one", claims_with(ALICE
		    ",\"oid\":\"6ed8da90-450b-101b-98da-00aa003f1305\"")),
		    AUTH_OK);
	assert_cause(ask(&w, w.first, "one", claims_with("")),
		     "its claims name no user here");
	assert_cause(ask(&w, w.first, "one",
			 claims_with("\"upn\":\"carol@example.test\"")),
		     "its claims name no user here");
	/* A name that could be of any domain, and claims not asked for. */
	assert_cause(ask(&w, w.first, "one", claims_with("\"upn\":\"alice\"")),
		     "its claims name no user here");
	assert_cause(ask(&w, w.first, "one", claims_with(
			 "\"email\":\"alice@example.test\"")),
		     "its claims name no user here");
	end(&w);
}

static void other_claims(void **state)
{
	static const char *const claims[] = { "unique_name", "email", "sub" };
	char sub[GUID_TEXT_SIZE], text[128];
	struct world w;

	begin(&w);
	w.options.claims = claims;
	w.options.n_claims = 3;
	start(&w);
	assert_auth(ask(&w, w.first, "one", claims_with(
		    "\"unique_name\":\"EXAMPLE\\\\alice\"")), AUTH_OK);
	assert_auth(ask(&w, w.first, "one", claims_with(
		    "\"email\":\"alice@example.test\"")), AUTH_OK);
	assert_auth(ask(&w, w.first, "one", claims_with(
		    "\"email\":\"alice@example.test\","
		    "\"email_verified\":true")), AUTH_OK);
	assert_auth(ask(&w, w.first, "one", claims_with(
		    "\"email\":\"alice@example.test\","
		    "\"email_verified\":false")), AUTH_DENIED);
	guid_format(&w.alice, sub);
	snprintf(text, sizeof text, "\"sub\":\"%s\"", sub);
	assert_auth(ask(&w, w.first, "one", claims_with(text)), AUTH_OK);
	assert_auth(ask(&w, w.first, "one", claims_with(ALICE)), AUTH_DENIED);
	end(&w);
}

static void disabled_user(void **state)
{
	struct dir_user user;
	struct bearer_stats stats;
	struct answer a;
	struct world w;
	struct err err;
	char *claims;

	begin(&w);
	start(&w);
	claims = strdup(claims_with(ALICE));
	assert_auth(ask(&w, w.first, "one", claims), AUTH_OK);
	assert_true(directory_user(w.dir, &w.alice, w.arena, &user));
	user.disabled = true;
	check_ok(directory_set_user(w.dir, &user, &err), &err);
	/* Also the very token that was good before. */
	assert_cause(ask(&w, w.first, "one", claims), "the user is disabled");
	user.disabled = false;
	check_ok(directory_set_user(w.dir, &user, &err), &err);
	a = ask(&w, w.first, "one", claims);
	assert_auth(a, AUTH_OK);
	bearer_stats(w.bearer, &stats);
	assert_int_equal(stats.checks, 3);
	assert_int_equal(stats.ok, 2);
	assert_int_equal(stats.denied, 1);
	free(claims);
	end(&w);
}

/* --- Headers ---------------------------------------------------------- */

static void headers(void **state)
{
	char header[20100], *token;
	struct answer a;
	struct world w;

	begin(&w);
	start(&w);
	a = ask_header(&w, "Bearer");
	assert_auth(a, AUTH_DENIED);
	assert_true(a.empty);
	a = ask_header(&w, "bearer  ");
	assert_true(a.empty);
	assert_auth(ask_header(&w, "Basic YTpi"), AUTH_MALFORMED);
	assert_auth(ask_header(&w, "Bearerx a.b.c"), AUTH_MALFORMED);
	assert_auth(ask_header(&w, ""), AUTH_MALFORMED);
	assert_auth(ask_header(&w, "Bearer a.b.c"), AUTH_MALFORMED);
	assert_false(ask_header(&w, "Bearer a.b.c").empty);
	memset(header, 'A', sizeof header);
	memcpy(header, "Bearer ", 7);
	header[sizeof header - 1] = '\0';
	assert_cause(ask_header(&w, header), "token too large");
	/* The scheme's case and a second space do not matter. */
	token = sign_token(w.first, "{\"alg\":\"ES256\",\"kid\":\"one\"}",
			   claims_with(ALICE));
	snprintf(header, sizeof header, "bEARER  %s", token);
	assert_auth(ask_header(&w, header), AUTH_OK);
	snprintf(header, sizeof header, "Bearer %s junk", token);
	assert_auth(ask_header(&w, header), AUTH_MALFORMED);
	free(token);
	end(&w);
}

static void remembers(void **state)
{
	struct bearer_stats stats;
	struct answer a;
	struct world w;
	char *claims;

	begin(&w);
	w.options.refetch = 1;
	start(&w);
	claims = strdup(claims_with(ALICE));
	{
		/* The same token, not one signed anew. */
		char *token = sign_token(w.first, "{\"alg\":\"ES256\","
					 "\"kid\":\"one\"}", claims);
		char header[1024];

		snprintf(header, sizeof header, "Bearer %s", token);
		assert_auth(ask_header(&w, header), AUTH_OK);
		a = ask_header(&w, header);
		assert_auth(a, AUTH_OK);
		assert_true(guid_equal(&a.user, &w.alice));
		bearer_stats(w.bearer, &stats);
		assert_int_equal(stats.remembered, 1);
		/* Its key is withdrawn: it is forgotten. */
		write_keys(&w, w.second, "two", NULL, NULL);
		bearer_reload(w.bearer);
		do
			bearer_stats(w.bearer, &stats);
		while (stats.fetches < 2);
		assert_cause(ask_header(&w, header), "signing key not known");
		free(token);
	}
	free(claims);
	end(&w);
}

static void challenges(void **state)
{
	struct world w;

	begin(&w);
	start(&w);
	assert_string_equal(bearer_challenge(w.bearer),
		"client_id=\"00000002-0000-0ff1-ce00-000000000000\", "
		"token_types=\"app_asserted_user_v1 "
		"service_asserted_app_v1\"");
	bearer_free(w.bearer);
	w.options.trusted_issuers = "00000001-0000-0000-c000-000000000000@t";
	w.options.authorization_uri =
		"https://idp.example.test/\"authorize\"";
	w.options.client_id = "7";
	start(&w);
	assert_string_equal(bearer_challenge(w.bearer), "client_id=\"7\", "
		"trusted_issuers=\"00000001-0000-0000-c000-000000000000@t\", "
		"token_types=\"app_asserted_user_v1 service_asserted_app_v1\","
		" authorization_uri=\"https://idp.example.test/authorize\"");
	assert_string_equal(bearer_challenge(NULL), "");
	end(&w);
}

static void refused_options(void **state)
{
	struct bearer *bearer;
	struct world w;
	struct err err;

	begin(&w);
	w.options.n_issuers = 0;
	assert_false(bearer_new(w.dir, &w.options, &bearer, &err));
	w.options.n_issuers = 1;
	w.options.jwks_url = "https://x.test/";
	assert_false(bearer_new(w.dir, &w.options, &bearer, &err));
	w.options.jwks_url = NULL;
	w.options.jwks_file = "/nowhere/jwks.json";
	assert_false(bearer_new(w.dir, &w.options, &bearer, &err));
	assert_non_null(strstr(err.text, "cannot open the key set"));
	write_file(w.jwks, "{\"keys\":[]}");
	w.options.jwks_file = w.jwks;
	assert_false(bearer_new(w.dir, &w.options, &bearer, &err));
	assert_non_null(strstr(err.text, "jwks.json"));
	end(&w);
}

/* --- Rotation --------------------------------------------------------- */

static void rotation_in_a_file(void **state)
{
	struct bearer_stats stats;
	struct answer a;
	struct world w;

	begin(&w);
	w.options.refetch = 1;
	start(&w);
	/* Unknown here and there. */
	usleep(5000);
	a = ask(&w, w.second, "two", claims_with(ALICE));
	assert_cause(a, "signing key not known");
	write_keys(&w, w.first, "one", w.second, "two");
	usleep(5000);
	a = ask(&w, w.second, "two", claims_with(ALICE));
	assert_auth(a, AUTH_OK);
	assert_false(a.at_once);
	assert_true(ask(&w, w.second, "two", claims_with(ALICE)).at_once);
	bearer_stats(w.bearer, &stats);
	assert_int_equal(stats.keys, 2);
	/* A file that is broken changes nothing. */
	write_file(w.jwks, "{\"keys\":");
	bearer_reload(w.bearer);
	do
		bearer_stats(w.bearer, &stats);
	while (stats.fetch_failures == 0);
	assert_auth(ask(&w, w.second, "two", claims_with(ALICE)), AUTH_OK);
	assert_int_equal(atomic_load(&w.complaints), 1);
	end(&w);
}

/* Forged tokens do not make us read all the time, and neither do those that
 * would not be good in any case. */
static void rate_limit(void **state)
{
	struct bearer_stats stats;
	struct world w;

	begin(&w);
	start(&w);
	for (int i = 0; i < 20; i++)
		assert_cause(ask(&w, w.second, "two", claims_with(ALICE)),
			     "signing key not known");
	bearer_stats(w.bearer, &stats);
	assert_int_equal(stats.fetches, 1);
	bearer_free(w.bearer);
	w.options.refetch = 1;
	start(&w);
	usleep(5000);
	for (int i = 0; i < 20; i++)
		assert_cause(ask(&w, w.second, "two", "{" ISS AUD
				 "\"exp\":1000}"), "signing key not known");
	bearer_stats(w.bearer, &stats);
	assert_int_equal(stats.fetches, 1);
	end(&w);
}

/* --- By URL ----------------------------------------------------------- */

static void serve_keys(void *ctx, struct http_request *req)
{
	struct world *w = ctx;

	atomic_fetch_add(&w->served, 1);
	pthread_mutex_lock(&w->lock);
	http_header(req, "Content-Type", "application/json");
	http_respond(req, w->status, buf_str(&w->document), w->document.len);
	pthread_mutex_unlock(&w->lock);
}

static void provide(struct world *w, bool tls)
{
	struct http_server_config config = { .threads = 1 };
	char command[512], cert[96], key[96];
	struct err err;
	int port;

	snprintf(cert, sizeof cert, "%s/cert.pem", w->folder);
	snprintf(key, sizeof key, "%s/key.pem", w->folder);
	snprintf(command, sizeof command, "openssl req -x509 -newkey ec "
		 "-pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout %s "
		 "-out %s -days 2 -subj /CN=localhost -addext "
		 "subjectAltName=IP:127.0.0.1 >/dev/null 2>&1", key, cert);
	assert_int_equal(tls ? system(command) : 0, 0);
	put_keys(&w->document, w->first, "one", NULL, NULL);
	w->provider = http_server_new(&config, &err);
	assert_non_null(w->provider);
	http_server_mount(w->provider, &(struct http_mount){ .prefix = "/",
			  .body_max = 1000, .handle = serve_keys, .ctx = w });
	port = http_server_listen(w->provider, "127.0.0.1:0",
				  tls ? cert : NULL, tls ? key : NULL, &err);
	assert_true(port > 0 && http_server_start(w->provider, &err));
	snprintf(w->url, sizeof w->url, "http%s://127.0.0.1:%d/keys",
		 tls ? "s" : "", port);
	w->options.jwks_file = NULL;
	w->options.jwks_url = w->url;
	w->options.ca_file = tls ? arena_strdup(w->arena, cert) : NULL;
	w->options.fetch = getenv("POSTHOUSE_FETCH");
	assert_non_null(w->options.fetch);
}

static void change_document(struct world *w, int status, const char *text)
{
	pthread_mutex_lock(&w->lock);
	w->status = status;
	buf_clear(&w->document);
	if (text != NULL)
		buf_puts(&w->document, text);
	else
		put_keys(&w->document, w->second, "two", NULL, NULL);
	pthread_mutex_unlock(&w->lock);
}

static void rotation_by_url(struct world *w)
{
	struct bearer_stats stats;

	w->options.refetch = 1;
	start(w);
	/* The first token waits for the first keys. */
	assert_auth(ask(w, w->first, "one", claims_with(ALICE)), AUTH_OK);
	assert_int_equal(atomic_load(&w->served), 1);
	change_document(w, 200, NULL);
	usleep(5000);
	assert_auth(ask(w, w->second, "two", claims_with(ALICE)), AUTH_OK);
	assert_int_equal(atomic_load(&w->served), 2);
	/* The old key is gone with that. */
	usleep(5000);
	assert_cause(ask(w, w->first, "one", claims_with(ALICE)),
		     "signing key not known");
	/* The provider is down: what is known stays good. */
	change_document(w, 503, "down");
	bearer_reload(w->bearer);
	do
		bearer_stats(w->bearer, &stats);
	while (stats.fetch_failures == 0);
	assert_auth(ask(w, w->second, "two", claims_with(ALICE)), AUTH_OK);
	assert_true(atomic_load(&w->complaints) > 0);
}

static void by_https(void **state)
{
	struct world w;

	begin(&w);
	provide(&w, true);
	rotation_by_url(&w);
	end(&w);
}

static void by_http_on_loopback(void **state)
{
	struct world w;

	begin(&w);
	provide(&w, false);
	rotation_by_url(&w);
	end(&w);
}

/* What nobody vouches for is not used, and the client hears 503. */
static void untrusted_certificate(void **state)
{
	struct world w;

	begin(&w);
	provide(&w, true);
	w.options.ca_file = NULL;
	start(&w);
	assert_auth(ask(&w, w.first, "one", claims_with(ALICE)),
		    AUTH_UNAVAILABLE);
	assert_int_equal(atomic_load(&w.served), 0);
	assert_true(atomic_load(&w.complaints) > 0);
	end(&w);
}

static void provider_sends_rubbish(void **state)
{
	static const char *const rubbish[] = { "", "<html>", "{\"keys\":[]}",
					       "[]" };
	struct world w;

	begin(&w);
	provide(&w, false);
	for (size_t i = 0; i < 4; i++) {
		change_document(&w, 200, rubbish[i]);
		start(&w);
		assert_auth(ask(&w, w.first, "one", claims_with(ALICE)),
			    AUTH_UNAVAILABLE);
		bearer_free(w.bearer);
		w.bearer = NULL;
	}
	assert_int_equal(atomic_load(&w.complaints), 4);
	w.options.fetch = "/nowhere/posthouse-fetch";
	start(&w);
	assert_auth(ask(&w, w.first, "one", claims_with(ALICE)),
		    AUTH_UNAVAILABLE);
	end(&w);
}

/* Nobody waits for ever when it ends. */
static void stopped_while_waiting(void **state)
{
	struct answer a = { .lock = PTHREAD_MUTEX_INITIALIZER,
			    .wake = PTHREAD_COND_INITIALIZER };
	char header[1024], *token;
	struct world w;

	begin(&w);
	provide(&w, false);
	start(&w);
	token = sign_token(w.first, "{\"alg\":\"ES256\",\"kid\":\"one\"}",
			   claims_with(ALICE));
	snprintf(header, sizeof header, "Bearer %s", token);
	bearer_check(w.bearer, header, on_done, &a);
	bearer_free(w.bearer);
	w.bearer = NULL;
	assert_true(a.done);
	free(token);
	end(&w);
}

/* A provider that takes the connection and says nothing does not hold up the
 * end of the daemon: the process that asks it is ended. */
static void stopped_while_fetching(void **state)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof addr;
	int fd = socket(AF_INET, SOCK_STREAM, 0), taken;
	struct world w;

	begin(&w);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(listen(fd, 5), 0);
	getsockname(fd, (struct sockaddr *)&addr, &len);
	snprintf(w.url, sizeof w.url, "http://127.0.0.1:%d/",
		 ntohs(addr.sin_port));
	w.options.jwks_file = NULL;
	w.options.jwks_url = w.url;
	w.options.fetch = getenv("POSTHOUSE_FETCH");
	start(&w);
	taken = accept(fd, NULL, NULL);           /* it asks now */
	assert_true(taken >= 0);
	bearer_free(w.bearer);
	w.bearer = NULL;
	/* Nobody holds the connection's other end any more. */
	while (recv(taken, (char[256]){ 0 }, 256, 0) > 0)
		;
	assert_int_equal(atomic_load(&w.complaints), 0);
	close(taken);
	close(fd);
	end(&w);
}

static void cost(void **state)
{
	enum { N = 1000 };
	char header[1024], *token;
	uint64_t start_ns, first, then;
	struct answer a = { .lock = PTHREAD_MUTEX_INITIALIZER,
			    .wake = PTHREAD_COND_INITIALIZER };
	struct world w;
	EVP_PKEY *rsa = EVP_RSA_gen(2048);

	begin(&w);
	write_keys(&w, rsa, "one", NULL, NULL);
	start(&w);
	token = sign_token(rsa, "{\"alg\":\"RS256\",\"kid\":\"one\"}",
			   claims_with(ALICE));
	snprintf(header, sizeof header, "Bearer %s", token);
	start_ns = clock_ns();
	bearer_check(w.bearer, header, on_done, &a);
	first = clock_ns();
	for (int i = 0; i < N; i++)
		bearer_check(w.bearer, header, on_done, &a);
	then = clock_ns();
	print_message("RS256: first %.1f us, again %.1f us\n",
		      (double)(first - start_ns) / 1000,
		      (double)(then - first) / N / 1000);
	free(token);
	EVP_PKEY_free(rsa);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_claims_to_a_user),
		cmocka_unit_test(other_claims),
		cmocka_unit_test(disabled_user),
		cmocka_unit_test(headers),
		cmocka_unit_test(remembers),
		cmocka_unit_test(challenges),
		cmocka_unit_test(refused_options),
		cmocka_unit_test(rotation_in_a_file),
		cmocka_unit_test(rate_limit),
		cmocka_unit_test(by_https),
		cmocka_unit_test(by_http_on_loopback),
		cmocka_unit_test(untrusted_certificate),
		cmocka_unit_test(provider_sends_rubbish),
		cmocka_unit_test(stopped_while_waiting),
		cmocka_unit_test(stopped_while_fetching),
		cmocka_unit_test(cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
