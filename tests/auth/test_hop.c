/* SPDX-License-Identifier: Apache-2.0 */
/* What servers of the organisation may say, on which listener. */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "auth/hop.h"
#include "base/arena.h"

/* --- Names ------------------------------------------------------------ */

static void internal_names(void **state)
{
	static const char *const internal[] = { "X-Posthouse-User",
		"x-posthouse-anything", "X-CALCULATEDBETARGET",
		"X-BackEndCookie", "X-IsFromCafe", "X-CommonAccessToken",
		"X-Forwarded-For", "X-Posthouse-" };
	static const char *const others[] = { "X-RequestId", "X-Posthouse",
		"X-ClientInfo", "X-BackEndCookie2", "X-BackEndCooki",
		"Authorization", "X-AnchorMailbox", "" };

	for (size_t i = 0; i < sizeof internal / sizeof internal[0]; i++)
		if (!hop_is_internal(internal[i], strlen(internal[i])))
			fail_msg("%s", internal[i]);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (hop_is_internal(others[i], strlen(others[i])))
			fail_msg("%s", others[i]);
	/* By its length, not by a NUL. */
	assert_true(hop_is_internal("X-IsFromCafe: 1", 12));
	assert_false(hop_is_internal("X-IsFromCafe: 1", 13));
}

/* --- The world -------------------------------------------------------- */

struct world {
	char folder[64], path[96];
	struct directory *dir;
	struct arena *arena;
	struct assertion_key *front_key, *back_key;
	struct dir_server front, back;
	struct guid alice;
	struct assertion_signer *signer;
	struct hop *hop;
	struct http_server *server;
	int client, backend;      /* ports */
};

static void check_ok(bool ok, const struct err *err)
{
	if (!ok)
		fail_msg("%s", err->text);
}

/*
 * Who the request is, in words: the handler plays the gate, which has found
 * the connection to be the front end's.
 */
static void tell(void *ctx, struct http_request *req)
{
	const struct identity *id = NULL;
	struct world *w = ctx;
	const char *cause = "", *request_id = hop_request_id(req);
	bool stale = false;
	enum auth_result result;
	char text[512];

	result = hop_identity(w->hop, req, &w->front, &id, &cause, &stale);
	snprintf(text, sizeof text, "%s %s%s%s hops %u id %s",
		 auth_result_name(result), result == AUTH_OK ? id != NULL ?
		 id->account : "nobody" : cause, stale ? " stale" : "",
		 hop_field(req, "X-IsFromCafe") != NULL ? " cafe" : "",
		 hop_count(req), request_id != NULL ? request_id : "-");
	identity_unref(id);
	http_respond(req, 200, text, strlen(text));
}

static void add_server(struct world *w, const char *name,
		       const struct assertion_key *key,
		       struct dir_server *out)
{
	uint8_t public[ASSERTION_KEY_SIZE];
	struct err err;

	if (strcmp(name, "BACK") == 0)
		assert_true(directory_server_named(w->dir, name, w->arena,
						   out));
	else
		*out = (struct dir_server){ .name = name,
			.fqdn = arena_printf(w->arena, "%s.example.test",
					     name),
			.version = "Version 15.1 (Build 2507.6)",
			.make = "Posthouse", .site = "Default-First-Site-Name",
			.roles = DIR_ROLE_FRONTEND };
	assertion_key_public(key, public);
	out->assertion_key = public;
	check_ok(strcmp(name, "BACK") == 0 ?
		 directory_set_server(w->dir, out, &err) :
		 directory_new_server(w->dir, out, &err), &err);
	assert_true(directory_server_named(w->dir, name, w->arena, out));
	assert_memory_equal(out->assertion_key, public, sizeof public);
}

static void make_directory(struct world *w)
{
	const char *domains[] = { "example.test" };
	struct dir_org org = { .name = "First Organization",
		.domain = "example.test", .domains = domains,
		.domain_count = 1 };
	struct dir_server back = { .name = "BACK",
		.fqdn = "back.example.test",
		.version = "Version 15.1 (Build 2507.6)", .make = "Posthouse",
		.site = "Default-First-Site-Name",
		.roles = DIR_ROLE_MAILBOX };
	struct dir_user user = { .account = "alice", .display_name = "Alice",
		.password = "" };
	struct err err;

	check_ok(directory_create(w->path, &org, &err), &err);
	check_ok(directory_open(w->path, "BACK", &w->dir, &err), &err);
	check_ok(directory_new_server(w->dir, &back, &err), &err);
	check_ok(directory_new_user(w->dir, &user, &err), &err);
	w->alice = user.guid;
}

static struct assertion_key *make_key(struct world *w, const char *name)
{
	struct assertion_key *key;
	struct err err;

	check_ok(assertion_key_load(arena_printf(w->arena, "%s/%s", w->folder,
						 name), &key, &err), &err);
	return key;
}

static void begin(struct world *w)
{
	struct http_server_config config = { .threads = 1 };
	struct err err;

	memset(w, 0, sizeof *w);
	strcpy(w->folder, "/tmp/posthouse-hop-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	snprintf(w->path, sizeof w->path, "%s/org.db", w->folder);
	w->arena = arena_new(0);
	make_directory(w);
	w->front_key = make_key(w, "front");
	w->back_key = make_key(w, "back");
	add_server(w, "FRONT", w->front_key, &w->front);
	add_server(w, "BACK", w->back_key, &w->back);
	w->signer = assertion_signer_new(w->front_key, &w->front.guid);
	w->hop = hop_new(w->dir, w->back_key);
	assert_non_null(w->hop);
	w->server = http_server_new(&config, &err);
	http_server_mount(w->server, &(struct http_mount){ .prefix = "/",
			  .body_max = 100, .handle = tell, .ctx = w });
	w->client = http_server_listen(w->server, "127.0.0.1:0", NULL, NULL,
				       &err);
	w->backend = http_server_listen_as(w->server, "127.0.0.1:0",
		&(struct http_listen_options){
			.kind = HTTP_LISTENER_BACKEND }, &err);
	assert_true(http_server_start(w->server, &err));
}

static void end(struct world *w)
{
	char command[128];

	http_server_free(w->server);
	hop_free(w->hop);
	assertion_signer_free(w->signer);
	assertion_key_free(w->front_key);
	assertion_key_free(w->back_key);
	directory_close(w->dir);
	arena_free(w->arena);
	snprintf(command, sizeof command, "rm -r %s", w->folder);
	assert_int_equal(system(command), 0);
}

/* The body of the answer to a GET with these header lines. */
static void ask(int port, const char *path, const char *fields,
		const char *want)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char text[4096];
	size_t len = 0;
	ssize_t n;

	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr),
			 0);
	snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: h\r\n"
		 "Connection: close\r\n%s\r\n", path, fields);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	while ((n = read(fd, text + len, sizeof text - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(fd);
	assert_non_null(strstr(text, "\r\n\r\n"));
	assert_string_equal(strstr(text, "\r\n\r\n") + 4, want);
}

/* An assertion for alice, GET / and the request-id "r". */
static char *assert_alice(struct world *w, const char *request_id)
{
	struct assertion_peer to = { .guid = w->back.guid };
	const struct assertion_user user = { .guid = w->alice };
	const struct assertion_request request = { "GET", "/", "q=1",
						   request_id };
	char text[ASSERTION_TEXT_SIZE];
	struct err err;

	memcpy(to.key, w->back.assertion_key, sizeof to.key);
	check_ok(assertion_make(w->signer, &to, &user, &request, text, &err),
		 &err);
	return arena_printf(w->arena, ASSERTION_HEADER ": %s\r\n", text);
}

#define ID "6ed8da90-450b-101b-98da-00aa003f1305"

/* --- Tests ------------------------------------------------------------ */

static void identities(void **state)
{
	struct hop_stats stats;
	struct world w;
	char *said;

	begin(&w);
	ask(w.backend, "/?q=1", "", "ok nobody hops 0 id -");
	said = arena_printf(w.arena, "%srequest-id: " ID "\r\n"
			    HOP_COUNT_HEADER ": 1\r\nX-IsFromCafe: 1\r\n",
			    assert_alice(&w, ID));
	ask(w.backend, "/?q=1", said, "ok alice cafe hops 1 id " ID);
	ask(w.backend, "/?q=1", said,
	    "denied assertion: used before cafe hops 1 id " ID);
	said = assert_alice(&w, "");
	ask(w.backend, "/?q=2", said,
	    "denied assertion: not for this request hops 0 id -");
	ask(w.backend, "/?q=1", said, "ok alice hops 0 id -");
	said = assert_alice(&w, "");
	ask(w.backend, "/?q=1", arena_printf(w.arena, "%s%s", said, said),
	    "denied assertion: there twice hops 0 id -");
	ask(w.backend, "/?q=1", ASSERTION_HEADER ": alice\r\n",
	    "denied assertion: malformed hops 0 id -");
	hop_stats(w.hop, &stats);
	assert_int_equal(stats.accepted, 2);
	assert_int_equal(stats.refused, 4);
	assert_int_equal(stats.stale, 0);
	end(&w);
}

/* On the listener for clients all of it is as if it were not there, even if
 * the gate should ever call a client a server. */
static void on_the_clients_listener(void **state)
{
	struct world w;
	char *said;

	begin(&w);
	said = arena_printf(w.arena, "%srequest-id: " ID "\r\n"
			    HOP_COUNT_HEADER ": 3\r\nX-IsFromCafe: 1\r\n",
			    assert_alice(&w, ID));
	ask(w.client, "/?q=1", said, "denied assertion: on a listener for "
	    "clients hops 0 id -");
	ask(w.client, "/?q=1", "", "denied assertion: on a listener for "
	    "clients hops 0 id -");
	/* It was not used up by that. */
	ask(w.backend, "/?q=1", said, "ok alice cafe hops 3 id " ID);
	end(&w);
}

static void users_and_servers(void **state)
{
	struct dir_user user;
	struct world w;
	struct err err;

	begin(&w);
	/* Disabled, then gone: what counts is the directory now. */
	assert_true(directory_user(w.dir, &w.alice, w.arena, &user));
	user.disabled = true;
	check_ok(directory_set_user(w.dir, &user, &err), &err);
	ask(w.backend, "/?q=1", assert_alice(&w, ""),
	    "denied assertion: the user is disabled hops 0 id -");
	check_ok(directory_remove_user(w.dir, &w.alice, &err), &err);
	ask(w.backend, "/?q=1", assert_alice(&w, ""),
	    "denied assertion: no such user hops 0 id -");
	/* The connection is another server's. */
	w.front = w.back;
	ask(w.backend, "/?q=1", assert_alice(&w, ""), "denied assertion: by "
	    "another server than the one that is connected hops 0 id -");
	w.front.assertion_key = NULL;
	ask(w.backend, "/?q=1", assert_alice(&w, ""), "denied assertion: the "
	    "directory has no key of the server; start its daemon hops 0 id "
	    "-");
	end(&w);
}

static void counts_and_ids(void **state)
{
	struct world w;

	begin(&w);
	ask(w.backend, "/", HOP_COUNT_HEADER ": 4\r\n",
	    "ok nobody hops 4 id -");
	ask(w.backend, "/", HOP_COUNT_HEADER ": 5\r\n",
	    "ok nobody hops 5 id -");
	ask(w.backend, "/", HOP_COUNT_HEADER ": 44\r\n",
	    "ok nobody hops 5 id -");
	ask(w.backend, "/", HOP_COUNT_HEADER ": x\r\n",
	    "ok nobody hops 5 id -");
	ask(w.backend, "/", HOP_COUNT_HEADER ": 1\r\n" HOP_COUNT_HEADER
	    ": 1\r\n", "ok nobody hops 5 id -");
	ask(w.backend, "/", "request-id: x\r\n", "ok nobody hops 0 id -");
	ask(w.backend, "/", "request-id: " ID "0\r\n",
	    "ok nobody hops 0 id -");
	ask(w.backend, "/", "request-id: 6ed8da90-450b-101b-98da-"
	    "00aa003f130g\r\n", "ok nobody hops 0 id -");
	ask(w.backend, "/", "X-IsFromCafe: 1\r\nX-IsFromCafe: 1\r\n",
	    "ok nobody hops 0 id -");
	end(&w);
}

/* The back end was restarted: the front end makes a new grant and goes on. */
static void restarted(void **state)
{
	struct hop_stats stats;
	struct world w;
	time_t made;
	char *said;

	begin(&w);
	said = assert_alice(&w, "");
	made = time(NULL);
	while (time(NULL) == made)
		usleep(20000);
	hop_free(w.hop);
	w.hop = hop_new(w.dir, w.back_key);
	ask(w.backend, "/?q=1", said,
	    "denied assertion: its grant is too old stale hops 0 id -");
	hop_stats(w.hop, &stats);
	assert_int_equal(stats.stale, 1);
	assertion_renew(w.signer, &w.back.guid);
	ask(w.backend, "/?q=1", assert_alice(&w, ""), "ok alice hops 0 id -");
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(internal_names),
		cmocka_unit_test(identities),
		cmocka_unit_test(on_the_clients_listener),
		cmocka_unit_test(users_and_servers),
		cmocka_unit_test(counts_and_ids),
		cmocka_unit_test(restarted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
