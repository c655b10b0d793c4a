/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoint over HTTP, with a mailbox service that is made up: what its
 * tests share. */
#ifndef TESTS_ENDPOINT_WORLD_H
#define TESTS_ENDPOINT_WORLD_H

#include "http/raw_client.h"

#include <fcntl.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/wire.h"
#include "endpoint/endpoint.h"
#include "fake.h"
#include "http/server.h"
#include "mapi/http_body.h"

#define GUID "2EF33C39-49C8-421C-B876-CDF7F2AC3AA0"
#define COMMON "Host: h\r\nAuthorization: Basic alice\r\n" \
	"Content-Type: application/mapi-http\r\n" \
	"X-RequestId: {" GUID "}:7\r\nX-ClientInfo: {" GUID "}:1\r\n" \
	"X-ClientApplication: Outlook/15.0.4815.1002\r\n"

struct world {
	struct http_server *server;
	struct endpoint_service *service;
	int port;
	struct client c;
};

static inline void world_open(struct world *w,
			      const struct endpoint_config *config)
{
	struct endpoint_config with = { 0 };
	struct http_server_config http = { .threads = 2 };
	struct err err = { 0 };

	memset(&fake, 0, sizeof fake);
	if (config != NULL)
		with = *config;
	with.host = "mail.example.test";
	w->service = endpoint_new(&with, &err);
	w->server = http_server_new(&http, &err);
	assert_non_null(w->service);
	assert_non_null(w->server);
	endpoint_attach(w->service, w->server);
	w->port = http_server_listen(w->server, "127.0.0.1:0", NULL, NULL,
				     &err);
	assert_true(w->port > 0);
	assert_true(http_server_start(w->server, &err));
	w->c = client_open(w->port);
}

/* Every session that was made is ended, and none was in two calls at once. */
static inline void world_close(struct world *w)
{
	client_close(&w->c);
	http_server_free(w->server);
	endpoint_free(w->service);
	assert_int_equal(fake.connected, fake.disconnected);
	assert_false(fake.overlapped);
}

static inline struct endpoint_counters counters(struct world *w)
{
	struct endpoint_counters n;

	endpoint_counters(w->service, &n);
	return n;
}

static inline void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* --- Requests --------------------------------------------------------- */

struct session_cookies {
	char context[128], sequence[64];
};

static inline void send_request(struct client *c, const char *type,
			 const struct session_cookies *k, const void *body,
			 size_t len)
{
	char head[2048], cookie[256] = "";

	if (k != NULL)
		snprintf(cookie, sizeof cookie, "Cookie: MapiContext=%s; "
			 "MapiSequence=%s\r\n", k->context, k->sequence);
	snprintf(head, sizeof head, "POST /mapi/emsmdb/?MailboxId=" GUID
		 "@example.test HTTP/1.1\r\n" COMMON "X-RequestType: %s\r\n%s"
		 "Content-Length: %zu\r\n\r\n", type, cookie, len);
	client_puts(c, head);
	client_send(c, body, len);
}

static inline const char *header(const struct answer *a, const char *name,
			  char out[256])
{
	char find[64];
	const char *at;

	snprintf(find, sizeof find, "\r\n%s: ", name);
	at = strstr(a->head, find);
	if (at == NULL)
		return NULL;
	at += strlen(find);
	snprintf(out, 256, "%.*s", (int)strcspn(at, "\r"), at);
	return out;
}

static inline void take_cookie(const struct answer *a, const char *name,
			       char *out, size_t size)
{
	char find[64];
	const char *at;

	snprintf(find, sizeof find, "\r\nSet-Cookie: %s=", name);
	at = strstr(a->head, find);
	if (at != NULL) {
		at += strlen(find);
		snprintf(out, size, "%.*s", (int)strcspn(at, ";"), at);
	}
}

static inline void take_cookies(const struct answer *a,
				struct session_cookies *k)
{
	take_cookie(a, "MapiContext", k->context, sizeof k->context);
	take_cookie(a, "MapiSequence", k->sequence, sizeof k->sequence);
}

static inline int code_of(const struct answer *a)
{
	char text[256];

	return header(a, "X-ResponseCode", text) != NULL ? atoi(text) : -1;
}

static inline void read_answer(struct client *c, struct answer *a)
{
	if (!client_read(c, a, false))
		fail_msg("no whole answer: %s", a->head);
}

/* Send one request; its X-ResponseCode, the answer's cookies taken. */
static inline int request(struct client *c, const char *type,
		   struct session_cookies *k, const void *body, size_t len)
{
	struct answer a;
	int code;

	send_request(c, type, k, body, len);
	read_answer(c, &a);
	assert_int_equal(a.status, 200);
	code = code_of(&a);
	if (k != NULL)
		take_cookies(&a, k);
	answer_free(&a);
	return code;
}

static inline size_t connect_body(const char *dn, uint8_t out[256])
{
	struct connect_req req = { .user_dn = dn, .default_code_page = 1252,
		.lcid_sort = 1033, .lcid_string = 1033 };
	struct wire_w w = wire_w(out, 256);

	connect_req_encode(&w, &req);
	assert_false(w.full);
	return w.len;
}

static inline int connect_with(struct client *c, struct session_cookies *had,
			struct session_cookies *got)
{
	uint8_t body[256];
	size_t len = connect_body("/o=x/cn=alice", body);
	struct answer a;
	int code;

	send_request(c, "Connect", had, body, len);
	read_answer(c, &a);
	code = code_of(&a);
	take_cookies(&a, got);
	answer_free(&a);
	return code;
}

static inline struct session_cookies connected(struct world *w)
{
	struct session_cookies k = { "", "" };

	assert_int_equal(connect_with(&w->c, NULL, &k), 0);
	assert_true(k.context[0] != '\0' && k.sequence[0] != '\0');
	return k;
}

static inline size_t execute_body(const char *what, uint8_t out[512])
{
	struct execute_req req = {
		.rop_buffer = { (const uint8_t *)what, strlen(what) },
		.max_rop_out = 32768 };
	struct wire_w w = wire_w(out, 512);

	execute_req_encode(&w, &req);
	return w.len;
}

static inline void send_execute(struct client *c,
				const struct session_cookies *k,
				const char *what)
{
	uint8_t body[512];

	send_request(c, "Execute", k, body, execute_body(what, body));
}

static inline int execute(struct client *c, struct session_cookies *k,
		   const char *what)
{
	uint8_t body[512];

	return request(c, "Execute", k, body, execute_body(what, body));
}

static inline int disconnect(struct client *c, struct session_cookies *k)
{
	return request(c, "Disconnect", k, "\0\0\0\0", 4);
}

static inline int wait_now(struct client *c, struct session_cookies *k)
{
	return request(c, "NotificationWait", k, "\0\0\0\0\0\0\0\0", 8);
}

static inline void send_wait(struct client *c, const struct session_cookies *k)
{
	send_request(c, "NotificationWait", k, "\0\0\0\0\0\0\0\0", 8);
}

static inline const char *body_of(const struct answer *a, size_t *len)
{
	const char *at = strstr(a->body, "\r\n\r\n");

	assert_non_null(at);
	at += 4;
	*len = a->len - (size_t)(at - a->body);
	return at;
}

static inline int status_for(struct world *w, const char *text,
			     struct answer *a)
{
	struct client c = client_open(w->port);

	client_puts(&c, text);
	assert_true(client_read(&c, a, strncmp(text, "HEAD", 4) == 0));
	client_close(&c);
	return a->status;
}

#endif
